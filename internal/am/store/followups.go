package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

const kindFollowup = "followup"

// bySession is the index of follow-ups.
const bySession = "s"

// Followup is what has to be done when a session ends: a client is told (OIDC Back-Channel
// Logout), or a grant ends with it. It is stored before it can fall due, so that neither
// a crash nor an expiry that nobody notices loses it.
type Followup struct {
	SessionID string    `json:"s"`
	Realm     string    `json:"r"`
	ClientID  string    `json:"c"`
	GrantID   string    `json:"g,omitempty"` // the grant to end; "" to tell the client
	Issuer    string    `json:"i,omitempty"`
	Subject   Subject   `json:"u"`
	Tried     int       `json:"n,omitempty"`
	Next      time.Time `json:"x,omitzero"` // not before then
	Lives     time.Time `json:"l,omitzero"` // the session does until then, if nobody ends it
	// First is the session that the client knows, where another one took its place since; "" for SessionID.
	First string `json:"f,omitempty"`

	rec Record
}

// Followups keeps follow-ups of sessions of all realms.
type Followups struct {
	Engine Engine
}

// Note remembers f until until. The same follow-up again changes nothing.
func (s Followups) Note(ctx context.Context, f Followup, until time.Time) error {
	if until.IsZero() {
		return errors.New("note follow-up: it must end some time")
	}
	body, err := encode(f)
	if err != nil {
		return fmt.Errorf("note follow-up: %w", err)
	}
	if err := s.Engine.Batch(ctx, Op{Record: followupRecord(f, body, until)}); err != nil && !errors.Is(err, ErrConflict) {
		return fmt.Errorf("note follow-up: %w", err)
	}
	return nil
}

func followupRecord(f Followup, body []byte, until time.Time) Record {
	id := f.SessionID + "\x00" + f.ClientID + "\x00" + f.GrantID
	if f.First != "" {
		id += "\x00" + f.First
	}
	return Record{Key: Key{Kind: kindFollowup, ID: DigestOf(id)}, Expires: until, Index: []IndexValue{{bySession, f.SessionID}}, Body: body}
}

// Move makes f, as it was found, a follow-up of the session that took the place of its own, until until. ErrUsed:
// another node does.
func (s Followups) Move(ctx context.Context, f Followup, sessionID string, until time.Time) error {
	was := f.rec
	f.First = cmp.Or(f.First, f.SessionID)
	f.SessionID = sessionID
	body, err := encode(f)
	if err != nil {
		return fmt.Errorf("move follow-up: %w", err)
	}
	err = s.Engine.Batch(ctx, Op{Record: followupRecord(f, body, until)}, Op{Record: Record{Key: was.Key, Rev: was.Rev}, Delete: true})
	if errors.Is(err, ErrConflict) {
		err = ErrUsed
	}
	if err != nil {
		return fmt.Errorf("move follow-up: %w", err)
	}
	return nil
}

// Each calls visit with each follow-up of a session, or with "" with those of all sessions, until that gives an error.
// Only a page of them is in memory at a time.
func (s Followups) Each(ctx context.Context, sessionID string, visit func(Followup) error) error {
	q := Query{Kind: kindFollowup}
	if sessionID != "" {
		q.Index, q.Value = bySession, sessionID
	}
	err := all(ctx, s.Engine, q, func(rec Record) error {
		f, err := decode[Followup](rec)
		if err != nil {
			return err
		}
		f.rec = rec
		return visit(f)
	})
	if err != nil {
		return fmt.Errorf("list follow-ups: %w", err)
	}
	return nil
}

// Update stores what was changed of f, as it was found. ErrUsed: another node has it in
// hand, or it is done.
func (s Followups) Update(ctx context.Context, f Followup) (Followup, error) {
	body, err := encode(f)
	if err != nil {
		return f, fmt.Errorf("update follow-up: %w", err)
	}
	f.rec.Body = body
	err = s.Engine.Batch(ctx, Op{Record: f.rec})
	if errors.Is(err, ErrConflict) {
		err = ErrUsed
	}
	if err != nil {
		return f, fmt.Errorf("update follow-up: %w", err)
	}
	f.rec.Rev++
	return f, nil
}

// Done removes f.
func (s Followups) Done(ctx context.Context, f Followup) error {
	if err := s.Engine.Batch(ctx, Op{Record: Record{Key: f.rec.Key}, Delete: true}); err != nil {
		return fmt.Errorf("remove follow-up: %w", err)
	}
	return nil
}
