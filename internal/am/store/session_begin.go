package store

import (
	"context"
	"errors"
	"fmt"
)

// Kinds of records beside those of sessions.
const (
	// kindSuccessor says which session took the place of another. The record is named after the one that is gone, and
	// stays as long as the other one can live.
	kindSuccessor = "successor"
	// kindCounted is written with each session of a subject whose sessions are counted, so that of two that begin at
	// the same time, on whichever nodes, the later one sees the other.
	kindCounted = "counted"
)

// maxUpgrades bounds how many sessions in turn took the place of one another.
const maxUpgrades = 64

// Begin stores a session whose bearer shows raw, which must be from NewRaw. It takes the place of the one with the ID
// over, "" for none: replaced tells whether that was still there. room, nil for none, is shown the other sessions of
// the subject that have not ended, and may end some; its error ends the attempt. It is called again when another session
// of the subject began meanwhile.
func (s Sessions) Begin(ctx context.Context, raw string, sess Session, over string, room func([]Session) error) (replaced bool, err error) {
	rec, err := sessionRecord(Record{Key: sessionKey(IDOf(raw))}, sess)
	if err != nil {
		return false, fmt.Errorf("begin session: %w", err)
	}
	for {
		ops := []Op{{Record: rec, Fresh: true}}
		if over != "" {
			_, was, err := s.find(ctx, over)
			if errors.Is(err, ErrNotFound) {
				over = ""
			} else if err != nil {
				return false, err
			} else {
				ops = append(ops, Op{Record: Record{Key: was.Key, Rev: was.Rev}, Delete: true}, Op{Record: successorRecord(over, rec, sess), Force: true})
			}
		}
		if room != nil {
			counted, err := s.counted(ctx, sess, over, room)
			if err != nil {
				return false, err
			}
			ops = append(ops, Op{Record: counted})
		}
		err := s.Engine.Batch(ctx, ops...)
		if errors.Is(err, ErrConflict) {
			continue // what was read has changed
		}
		if err != nil {
			return false, fmt.Errorf("begin session: %w", err)
		}
		return over != "", nil
	}
}

func successorRecord(over string, rec Record, sess Session) Record {
	successor := Record{Key: Key{Kind: kindSuccessor, ID: over}, Body: []byte(rec.ID)}
	if sess.MaxLife > 0 {
		successor.Expires = sess.Created.Add(sess.MaxLife)
	}
	return successor
}

// counted shows room the sessions of the subject, and returns the record that the new one has to be written with.
func (s Sessions) counted(ctx context.Context, sess Session, over string, room func([]Session) error) (Record, error) {
	rec := Record{Key: Key{Kind: kindCounted, ID: DigestOf(subjectIndex(sess.Realm, sess.Subject))}}
	was, err := s.Engine.Get(ctx, rec.Key) // before the sessions, so that none that begins meanwhile is missed
	if err == nil {
		rec.Rev = was.Rev
	} else if !errors.Is(err, ErrNotFound) {
		return rec, fmt.Errorf("count sessions: %w", err)
	}
	if sess.MaxLife > 0 {
		rec.Expires = sess.Created.Add(sess.MaxLife)
	}
	list, err := s.ListOf(ctx, sess.Realm, sess.Subject)
	if err != nil {
		return rec, err
	}
	now, live := s.now(), list[:0]
	for _, other := range list {
		if now.Before(other.Ends()) && other.id != over {
			live = append(live, other)
		}
	}
	return rec, room(live)
}

// Successor is the ID of the session that is now in place of one that was replaced, whether or not it has ended by now;
// ErrNotFound for one that was not.
func (s Sessions) Successor(ctx context.Context, id string) (string, error) {
	found := ""
	for range maxUpgrades {
		rec, err := s.Engine.Get(ctx, Key{Kind: kindSuccessor, ID: id})
		if errors.Is(err, ErrNotFound) && found != "" {
			return found, nil
		}
		if err != nil {
			return "", fmt.Errorf("find successor of session: %w", err)
		}
		id = string(rec.Body)
		found = id
	}
	return found, nil
}
