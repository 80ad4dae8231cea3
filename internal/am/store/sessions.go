package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

const kindSession = "session"

// SessionOf tells whether op ends a session, and which.
func SessionOf(op Op) (id string, ends bool) {
	return op.ID, op.Kind == kindSession && op.Delete
}

// Indexes of sessions.
const (
	byHandle = "h"
	byRealm  = "r"
)

// touchEvery is how exactly the last access to a session is kept: writing each one
// would cost a durable write for every request of every user.
const touchEvery = time.Minute

// Sessions keeps login sessions, under the digest of their token.
type Sessions struct {
	Engine Engine
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Create stores a session whose bearer shows raw, which must be from NewRaw. It lives
// until Session.Ends.
func (s Sessions) Create(ctx context.Context, raw string, sess Session) error {
	_, err := s.Begin(ctx, raw, sess, "", nil)
	return err
}

// Find returns the session. One that is unknown, idle too long or ended is
// ErrNotFound.
func (s Sessions) Find(ctx context.Context, raw string) (Session, error) {
	return s.FindByID(ctx, IDOf(raw))
}

// FindByID finds a session by its ID, which opens nothing.
func (s Sessions) FindByID(ctx context.Context, id string) (Session, error) {
	sess, _, err := s.find(ctx, id)
	return sess, err
}

// FindByHandle finds a session by its public handle, which opens nothing.
func (s Sessions) FindByHandle(ctx context.Context, handle string) (Session, error) {
	recs, err := s.Engine.List(ctx, Query{Kind: kindSession, Index: byHandle, Value: handle, Limit: 1})
	if err == nil && (handle == "" || len(recs) == 0) {
		err = ErrNotFound
	}
	if err != nil {
		return Session{}, fmt.Errorf("find session: %w", err)
	}
	return sessionOf(recs[0])
}

// Touch finds the session and notes that it is in use now. The note is written when
// the last one is a minute old, or a tenth of a shorter idle time.
func (s Sessions) Touch(ctx context.Context, raw string) (Session, error) {
	return s.TouchByID(ctx, IDOf(raw))
}

// TouchByID is Touch for a session whose ID is known.
func (s Sessions) TouchByID(ctx context.Context, id string) (Session, error) {
	sess, _, err := s.find(ctx, id)
	if err != nil {
		return Session{}, err
	}
	every := touchEvery
	if sess.MaxIdle > 0 {
		every = min(every, sess.MaxIdle/10)
	}
	now := s.now()
	if now.Sub(sess.LastAccess) < every {
		return sess, nil
	}
	return s.Update(ctx, sess.id, func(sess *Session) error {
		if now.After(sess.LastAccess) {
			sess.LastAccess = now
		}
		return nil
	})
}

// Update changes the session with that ID by change, which is called again when
// somebody else changed the session meanwhile. An error of change ends the update.
func (s Sessions) Update(ctx context.Context, id string, change func(*Session) error) (Session, error) {
	for {
		sess, rec, err := s.find(ctx, id)
		if err != nil {
			return Session{}, err
		}
		if err := change(&sess); err != nil {
			return Session{}, err
		}
		if rec, err = sessionRecord(rec, sess); err != nil {
			return Session{}, fmt.Errorf("update session: %w", err)
		}
		err = s.Engine.Batch(ctx, Op{Record: rec})
		if errors.Is(err, ErrConflict) {
			continue
		}
		if err != nil {
			return Session{}, fmt.Errorf("update session: %w", err)
		}
		return sess, nil
	}
}

// End ends the session. One that has ended is no error.
func (s Sessions) End(ctx context.Context, raw string) error {
	return s.EndByID(ctx, IDOf(raw))
}

// EndByID ends the session with that ID. One that has ended is no error.
func (s Sessions) EndByID(ctx context.Context, id string) error {
	if err := s.Engine.Batch(ctx, Op{Record: Record{Key: sessionKey(id)}, Delete: true}); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// List returns all sessions of a realm.
func (s Sessions) List(ctx context.Context, realm string) ([]Session, error) {
	var found []Session
	err := s.Walk(ctx, realm, func(sess Session) bool {
		found = append(found, sess)
		return true
	})
	return found, err
}

// Walk shows the sessions of a realm, also those that have ended and were not removed yet, until visit wants no more.
func (s Sessions) Walk(ctx context.Context, realm string, visit func(Session) bool) error {
	err := all(ctx, s.Engine, Query{Kind: kindSession, Index: byRealm, Value: realm}, func(rec Record) error {
		sess, err := sessionOf(rec)
		if err == nil && !visit(sess) {
			return errEnough
		}
		return err
	})
	if err != nil && !errors.Is(err, errEnough) {
		return fmt.Errorf("list sessions: %w", err)
	}
	return nil
}

// ListOf returns the sessions of a subject of a realm, whose name may be in any case. Ended ones that were not removed
// yet are among them.
func (s Sessions) ListOf(ctx context.Context, realm string, sub Subject) ([]Session, error) {
	var found []Session
	err := all(ctx, s.Engine, Query{Kind: kindSession, Index: bySubject, Value: subjectIndex(realm, sub)}, func(rec Record) error {
		sess, err := sessionOf(rec)
		found = append(found, sess)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return found, nil
}

func subjectIndex(realm string, sub Subject) string {
	return subjectValue(realm, Subject{sub.Type, strings.ToLower(sub.Name)})
}

var errEnough = errors.New("enough was seen")

// Count counts the sessions of a realm that have not ended, as far as most: it reads that many and those that have
// ended and were not removed yet.
func (s Sessions) Count(ctx context.Context, realm string, most int) (int, error) {
	n, now := 0, s.now()
	if most <= 0 {
		return 0, nil
	}
	err := s.Walk(ctx, realm, func(sess Session) bool {
		if now.Before(sess.Ends()) {
			n++
		}
		return n < most
	})
	return n, err
}

func (s Sessions) find(ctx context.Context, id string) (Session, Record, error) {
	rec, err := s.Engine.Get(ctx, sessionKey(id))
	if err != nil {
		return Session{}, rec, fmt.Errorf("find session: %w", err)
	}
	sess, err := sessionOf(rec)
	if err != nil {
		return Session{}, rec, fmt.Errorf("find session: %w", err)
	}
	return sess, rec, nil
}

func (s Sessions) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

func sessionKey(id string) Key { return Key{Kind: kindSession, ID: id} }

func sessionOf(rec Record) (Session, error) {
	sess, err := decode[Session](rec)
	sess.id = rec.ID
	return sess, err
}

func sessionRecord(rec Record, sess Session) (Record, error) {
	body, err := encode(sess)
	rec.Body, rec.Expires = body, sess.Ends()
	rec.Index = []IndexValue{{byRealm, sess.Realm}, {bySubject, subjectIndex(sess.Realm, sess.Subject)}}
	if sess.Handle != "" {
		rec.Index = append(rec.Index, IndexValue{byHandle, sess.Handle})
	}
	return rec, err
}
