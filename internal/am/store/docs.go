package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
)

// Docs keeps configuration documents. Their kinds are the Kind constants. The caller
// writes IDs in the form that is looked up later: user names lower-cased, for one.
type Docs struct {
	Engine Engine
}

// Get returns the document, or ErrNotFound.
func (s Docs) Get(ctx context.Context, realm, kind, id string) (Doc, error) {
	rec, err := s.Engine.Get(ctx, Key{realm, kind, id})
	if err != nil {
		return Doc{}, fmt.Errorf("read %s: %w", kind, err)
	}
	return docOf(rec), nil
}

// Create stores a document that does not exist yet; else it is ErrConflict. The
// returned document has the revision.
func (s Docs) Create(ctx context.Context, realm, kind string, d Doc) (Doc, error) {
	d.Rev = 0
	if err := s.Engine.Batch(ctx, Op{Record: docRecord(realm, kind, d)}); err != nil {
		return Doc{}, fmt.Errorf("create %s: %w", kind, err)
	}
	d.Rev = 1
	return d, nil
}

// Put stores d: over revision d.Rev, else ErrConflict; or, when d.Rev is 0, over
// whatever is there. The returned document has the new revision; 1 tells that the
// document was created.
func (s Docs) Put(ctx context.Context, realm, kind string, d Doc) (Doc, error) {
	conditional := d.Rev != 0
	for {
		if !conditional {
			old, err := s.Engine.Get(ctx, Key{realm, kind, d.ID})
			if err != nil && !errors.Is(err, ErrNotFound) {
				return Doc{}, fmt.Errorf("store %s: %w", kind, err)
			}
			d.Rev = old.Rev
		}
		err := s.Engine.Batch(ctx, Op{Record: docRecord(realm, kind, d)})
		if errors.Is(err, ErrConflict) && !conditional {
			continue // somebody else wrote meanwhile; the last one wins
		}
		if err != nil {
			return Doc{}, fmt.Errorf("store %s: %w", kind, err)
		}
		d.Rev++
		return d, nil
	}
}

// Delete removes the document. What does not exist is ErrNotFound; what has another
// revision than rev is ErrConflict, where rev 0 stands for any.
func (s Docs) Delete(ctx context.Context, realm, kind, id string, rev uint64) error {
	for {
		old, err := s.Engine.Get(ctx, Key{realm, kind, id})
		if err != nil {
			return fmt.Errorf("delete %s: %w", kind, err)
		}
		if rev != 0 && old.Rev != rev {
			return fmt.Errorf("delete %s: %w", kind, ErrConflict)
		}
		err = s.Engine.Batch(ctx, Op{Record: Record{Key: old.Key, Rev: old.Rev}, Delete: true})
		if errors.Is(err, ErrConflict) {
			continue // changed since: look again
		}
		if err != nil {
			return fmt.Errorf("delete %s: %w", kind, err)
		}
		return nil
	}
}

// Write stores and removes documents of a kind together: all or none. A document is stored over its revision, which is 0 for
// one that must not exist, and removed at its revision; else it is ErrConflict.
func (s Docs) Write(ctx context.Context, realm, kind string, store, remove []Doc) error {
	var ops []Op
	for _, d := range store {
		ops = append(ops, Op{Record: docRecord(realm, kind, d)})
	}
	for _, d := range remove {
		ops = append(ops, Op{Record: Record{Key: Key{realm, kind, d.ID}, Rev: d.Rev}, Delete: true})
	}
	if err := s.Engine.Batch(ctx, ops...); err != nil {
		return fmt.Errorf("store %s: %w", kind, err)
	}
	return nil
}

// List returns all documents of a kind, in ID order.
func (s Docs) List(ctx context.Context, realm, kind string) ([]Doc, error) {
	var docs []Doc
	err := all(ctx, s.Engine, Query{Realm: realm, Kind: kind}, func(rec Record) error {
		docs = append(docs, docOf(rec))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", kind, err)
	}
	return docs, nil
}

// Span selects documents of a kind by their IDs. The zero value is all of them.
type Span struct {
	// ID is the only one; "" is any.
	ID string
	// Prefix is how the IDs begin.
	Prefix string
	// After is the last ID before them.
	After string
	// Page is how many are read at a time; 0 is DefaultPage.
	Page int
}

// Walk calls f for the documents of a span, in ID order, until it says that it wants no more.
func (s Docs) Walk(ctx context.Context, realm, kind string, span Span, f func(Doc) (more bool, err error)) error {
	fail := func(err error) error { return fmt.Errorf("walk %s: %w", kind, err) }
	if first := cmp.Or(span.ID, span.Prefix); first > span.After { // List begins behind an ID
		rec, err := s.Engine.Get(ctx, Key{realm, kind, first})
		if err != nil && !errors.Is(err, ErrNotFound) {
			return fail(err)
		}
		if err == nil {
			if more, err := f(docOf(rec)); err != nil || !more {
				return err
			}
		}
	}
	if span.ID != "" {
		return nil
	}
	q := Query{Realm: realm, Kind: kind, After: max(span.After, span.Prefix), Limit: cmp.Or(span.Page, DefaultPage)}
	for {
		page, err := s.Engine.List(ctx, q)
		if err != nil {
			return fail(err)
		}
		for _, rec := range page {
			if !strings.HasPrefix(rec.ID, span.Prefix) {
				return nil
			}
			if more, err := f(docOf(rec)); err != nil || !more {
				return err
			}
		}
		if len(page) < q.Limit {
			return nil
		}
		q.After = page[len(page)-1].ID
	}
}

// all calls f for every record that q selects, page by page.
func all(ctx context.Context, e Engine, q Query, f func(Record) error) error {
	q.Limit = DefaultPage
	for {
		page, err := e.List(ctx, q)
		if err != nil {
			return err
		}
		for _, rec := range page {
			if err := f(rec); err != nil {
				return err
			}
		}
		if len(page) < q.Limit {
			return nil
		}
		q.After = page[len(page)-1].ID
	}
}

func docOf(rec Record) Doc { return Doc{ID: rec.ID, Rev: rec.Rev, Body: rec.Body} }

func docRecord(realm, kind string, d Doc) Record {
	return Record{Key: Key{realm, kind, d.ID}, Rev: d.Rev, Body: d.Body}
}
