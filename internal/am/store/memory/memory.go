// Package memory keeps records in memory, for tests and for trying things out.
package memory

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"gatehouse/internal/am/store"
)

// Engine is a store.Engine whose records end with the process.
type Engine struct {
	watchers store.Watchers
	now      func() time.Time

	mu     sync.RWMutex
	closed bool
	sets   map[set]map[string]store.Record // by ID
	index  map[entry]map[string]struct{}   // IDs
}

type set struct{ realm, kind string }

type entry struct{ realm, kind, name, value string }

// New returns an empty engine.
func New() *Engine { return NewAt(time.Now) }

// NewAt returns an empty engine that reads the time, by which records expire, from now.
func NewAt(now func() time.Time) *Engine {
	return &Engine{now: now, sets: map[set]map[string]store.Record{}, index: map[entry]map[string]struct{}{}}
}

var errClosed = errors.New("the store is closed")

// Get is store.Engine's.
func (e *Engine) Get(ctx context.Context, k store.Key) (store.Record, error) {
	if err := ctx.Err(); err != nil {
		return store.Record{}, err
	}
	now := e.now()
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.closed {
		return store.Record{}, errClosed
	}
	rec, ok := e.sets[set{k.Realm, k.Kind}][k.ID]
	if !ok || expired(rec, now) {
		return store.Record{}, store.ErrNotFound
	}
	return clone(rec), nil
}

// Batch is store.Engine's.
func (e *Engine) Batch(ctx context.Context, ops ...store.Op) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := store.CheckBatch(ops); err != nil {
		return err
	}
	if err := e.apply(ops); err != nil {
		return err
	}
	e.watchers.Notify(ops)
	return nil
}

func (e *Engine) apply(ops []store.Op) error {
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return errClosed
	}
	for i := range ops {
		if !fits(&ops[i], e.revision(ops[i].Key, now)) {
			return store.ErrConflict
		}
	}
	for i := range ops {
		rev := e.revision(ops[i].Key, now)
		e.remove(ops[i].Key)
		if !ops[i].Delete {
			rec := clone(ops[i].Record)
			rec.Rev, rec.Expires = rev+1, rec.Expires.Truncate(time.Microsecond)
			e.add(rec)
		}
	}
	return nil
}

// fits tells whether op may be applied to a record that has revision rev, 0 if it
// does not exist.
func fits(op *store.Op, rev uint64) bool {
	if op.Force || op.Delete && op.Rev == 0 {
		return true
	}
	return op.Rev == rev
}

func (e *Engine) revision(k store.Key, now time.Time) uint64 {
	rec, ok := e.sets[set{k.Realm, k.Kind}][k.ID]
	if !ok || expired(rec, now) {
		return 0
	}
	return rec.Rev
}

func (e *Engine) add(rec store.Record) {
	s := set{rec.Realm, rec.Kind}
	if e.sets[s] == nil {
		e.sets[s] = map[string]store.Record{}
	}
	e.sets[s][rec.ID] = rec
	for _, v := range rec.Index {
		n := entry{rec.Realm, rec.Kind, v.Name, v.Value}
		if e.index[n] == nil {
			e.index[n] = map[string]struct{}{}
		}
		e.index[n][rec.ID] = struct{}{}
	}
}

func (e *Engine) remove(k store.Key) {
	s := set{k.Realm, k.Kind}
	rec, ok := e.sets[s][k.ID]
	if !ok {
		return
	}
	delete(e.sets[s], k.ID)
	for _, v := range rec.Index {
		n := entry{k.Realm, k.Kind, v.Name, v.Value}
		delete(e.index[n], k.ID)
		if len(e.index[n]) == 0 {
			delete(e.index, n)
		}
	}
}

// List is store.Engine's.
func (e *Engine) List(ctx context.Context, q store.Query) ([]store.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	now := e.now()
	limit := cmp.Or(q.Limit, store.DefaultPage)
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.closed {
		return nil, errClosed
	}
	var found []store.Record
	for _, id := range e.ids(q) {
		if len(found) == limit {
			break
		}
		if rec := e.sets[set{q.Realm, q.Kind}][id]; !expired(rec, now) {
			found = append(found, clone(rec))
		}
	}
	return found, nil
}

// ids returns the IDs that q selects, in order.
func (e *Engine) ids(q store.Query) []string {
	var ids []string
	if q.Index != "" {
		for id := range e.index[entry{q.Realm, q.Kind, q.Index, q.Value}] {
			if id > q.After {
				ids = append(ids, id)
			}
		}
	} else {
		for id := range e.sets[set{q.Realm, q.Kind}] {
			if id > q.After {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	return ids
}

// Sweep is store.Engine's.
func (e *Engine) Sweep(ctx context.Context, now time.Time, limit int) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return 0, errClosed
	}
	n := 0
	for _, recs := range e.sets {
		for _, rec := range recs {
			if n == limit {
				return n, nil
			}
			if expired(rec, now) {
				e.remove(rec.Key)
				n++
			}
		}
	}
	return n, nil
}

// Watch is store.Engine's.
func (e *Engine) Watch(ctx context.Context, kinds ...string) (<-chan store.Event, error) {
	return e.watchers.Watch(ctx, kinds...)
}

// Caps is store.Engine's.
func (e *Engine) Caps() store.Caps { return store.Caps{} }

// Close forgets everything.
func (e *Engine) Close() error {
	e.watchers.Close()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed, e.sets, e.index = true, nil, nil
	return nil
}

func expired(rec store.Record, now time.Time) bool {
	return !rec.Expires.IsZero() && !rec.Expires.After(now)
}

func clone(rec store.Record) store.Record {
	rec.Index, rec.Body = slices.Clone(rec.Index), slices.Clone(rec.Body)
	return rec
}
