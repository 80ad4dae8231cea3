package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const byAlias = "a"

// Tickets keeps values that are shown again a short time later: device codes, pushed
// authorization requests, back-channel requests, login steps. They are stored under
// the digest of what is shown.
type Tickets[T any] struct {
	Engine Engine
	// Kind names the kind of record, "device" or "par" for instance; kinds of this
	// package's other stores are taken.
	Kind string
}

// Ticket is a stored value.
type Ticket[T any] struct {
	Value   T
	Expires time.Time

	rec Record
}

// ID names the ticket to others than its bearer: who knows it cannot show the ticket.
func (t Ticket[T]) ID() string { return t.rec.ID }

// Save stores v until until under raw, and under aliases: a user code beside a device
// code. What exists under raw is ErrConflict; aliases are not checked.
func (s Tickets[T]) Save(ctx context.Context, realm, raw string, v T, until time.Time, aliases ...string) error {
	if until.IsZero() {
		return fmt.Errorf("save %s: it must expire", s.Kind)
	}
	body, err := encode(v)
	if err != nil {
		return fmt.Errorf("save %s: %w", s.Kind, err)
	}
	rec := Record{Key: s.key(realm, raw), Expires: until, Body: body}
	for _, a := range aliases {
		rec.Index = append(rec.Index, IndexValue{byAlias, DigestOf(a)})
	}
	if err := s.Engine.Batch(ctx, Op{Record: rec}); err != nil {
		return fmt.Errorf("save %s: %w", s.Kind, err)
	}
	return nil
}

// Find returns the ticket, or ErrNotFound.
func (s Tickets[T]) Find(ctx context.Context, realm, raw string) (Ticket[T], error) {
	rec, err := s.Engine.Get(ctx, s.key(realm, raw))
	if err != nil {
		return Ticket[T]{}, fmt.Errorf("find %s: %w", s.Kind, err)
	}
	return s.of(rec)
}

// FindByAlias returns the ticket that was saved with the alias, or ErrNotFound.
func (s Tickets[T]) FindByAlias(ctx context.Context, realm, alias string) (Ticket[T], error) {
	q := Query{Realm: realm, Kind: s.Kind, Index: byAlias, Value: DigestOf(alias), Limit: 1}
	recs, err := s.Engine.List(ctx, q)
	if err == nil && len(recs) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Ticket[T]{}, fmt.Errorf("find %s: %w", s.Kind, err)
	}
	return s.of(recs[0])
}

// ListByAlias returns the tickets that were saved with the alias, at most MaxListed, in
// no order that means anything.
func (s Tickets[T]) ListByAlias(ctx context.Context, realm, alias string) ([]Ticket[T], error) {
	recs, err := s.Engine.List(ctx, Query{Realm: realm, Kind: s.Kind, Index: byAlias, Value: DigestOf(alias), Limit: MaxListed})
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", s.Kind, err)
	}
	list := make([]Ticket[T], 0, len(recs))
	for _, rec := range recs {
		t, err := s.of(rec)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// MaxListed bounds what one alias gives: more is nothing that a person looks through.
const MaxListed = 200

// FindByID returns the ticket with that ID, or ErrNotFound.
func (s Tickets[T]) FindByID(ctx context.Context, realm, id string) (Ticket[T], error) {
	rec, err := s.Engine.Get(ctx, Key{realm, s.Kind, id})
	if err != nil {
		return Ticket[T]{}, fmt.Errorf("find %s: %w", s.Kind, err)
	}
	return s.of(rec)
}

// Update stores t.Value, t.Expires over the ticket that Find returned. When somebody
// changed or took it since, the error is ErrConflict.
func (s Tickets[T]) Update(ctx context.Context, t Ticket[T]) error {
	body, err := encode(t.Value)
	if err != nil {
		return fmt.Errorf("update %s: %w", s.Kind, err)
	}
	t.rec.Body, t.rec.Expires = body, t.Expires
	if err := s.Engine.Batch(ctx, Op{Record: t.rec}); err != nil {
		return fmt.Errorf("update %s: %w", s.Kind, err)
	}
	return nil
}

// Take removes the ticket that Find returned. Of any number of concurrent calls one
// succeeds and the others get ErrUsed; so do all when it was changed since.
func (s Tickets[T]) Take(ctx context.Context, t Ticket[T]) error {
	err := s.Engine.Batch(ctx, Op{Record: Record{Key: t.rec.Key, Rev: t.rec.Rev}, Delete: true})
	if errors.Is(err, ErrConflict) {
		err = ErrUsed
	}
	if err != nil {
		return fmt.Errorf("take %s: %w", s.Kind, err)
	}
	return nil
}

func (s Tickets[T]) key(realm, raw string) Key { return Key{realm, s.Kind, IDOf(raw)} }

func (s Tickets[T]) of(rec Record) (Ticket[T], error) {
	v, err := decode[T](rec)
	return Ticket[T]{Value: v, Expires: rec.Expires, rec: rec}, err
}
