package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"gatehouse/internal/am/store"
)

// Batch is store.Engine's. Revisions are checked under locks of the records, which are
// free again once the batch is applied and before it is synced: whoever builds on it is
// behind it in the log, and so is not durable without it.
func (e *Engine) Batch(ctx context.Context, ops ...store.Op) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := store.CheckBatch(ops); err != nil {
		return err
	}
	if err := e.use(); err != nil {
		return err
	}
	defer e.using.RUnlock()
	if err := e.room.check(); err != nil {
		return err
	}
	b := e.db.NewBatch()
	if err := e.apply(b, ops); err != nil {
		return errors.Join(err, b.Close())
	}
	if err := errors.Join(b.SyncWait(), b.Close()); err != nil {
		return fmt.Errorf("write store: %w", err)
	}
	e.watchers.Notify(ops)
	return nil
}

// apply makes ops visible, all or none, and starts the sync.
func (e *Engine) apply(b *pebble.Batch, ops []store.Op) error {
	defer e.hold(ops)()
	now := e.now()
	var w writer
	for i := range ops {
		if err := w.add(e.db, b, &ops[i], now); err != nil {
			return err
		}
	}
	if b.Empty() {
		// Deletions of what does not exist. Still the caller is promised that what it
		// saw is durable, so it waits for the writes before it.
		if err := b.LogData(nil, nil); err != nil {
			return err
		}
	}
	if err := e.db.ApplyNoSyncWait(b, pebble.Sync); err != nil {
		return fmt.Errorf("write store: %w", err)
	}
	for i := range ops {
		if !ops[i].Fresh { // of which nothing can have been read
			w.key = appendRecordKey(w.key[:0], ops[i].Key)
			e.hot.of(w.key).forget()
		}
	}
	return nil
}

// hold locks the records of ops, in an order that is the same for all callers, and
// returns what unlocks them. Fresh ones have no rival.
func (e *Engine) hold(ops []store.Op) (release func()) {
	var held []int
	for i := range ops {
		if !ops[i].Fresh {
			held = append(held, e.stripe(ops[i].Key))
		}
	}
	slices.Sort(held)
	held = slices.Compact(held)
	for _, n := range held {
		e.locks[n].Lock()
	}
	return func() {
		for _, n := range held {
			e.locks[n].Unlock()
		}
	}
}

func (e *Engine) stripe(k store.Key) int { return int(maphash.Comparable(e.seed, k) % stripes) }

// writer turns ops into steps of a Pebble batch, with buffers that serve all of them:
// the batch copies what it is given.
type writer struct {
	key, value []byte
}

func (w *writer) add(r pebble.Reader, b *pebble.Batch, op *store.Op, now time.Time) error {
	var old header
	if !op.Fresh {
		var err error
		if old, err = w.read(r, op.Key); err != nil {
			return err
		}
	}
	rev := old.rev
	if old.expired(now) {
		rev = 0
	}
	if !op.Force && !(op.Delete && op.Rev == 0) && op.Rev != rev {
		return store.ErrConflict
	}
	if op.Delete {
		return w.remove(b, op.Key, &old)
	}
	fresh := header{rev: rev + 1, micros: micros(op.Expires), index: op.Index}
	return w.put(b, op, &old, &fresh)
}

// read returns the header of the stored record; one with revision 0 when there is none.
func (w *writer) read(r pebble.Reader, k store.Key) (header, error) {
	w.key = appendRecordKey(w.key[:0], k)
	value, closer, err := r.Get(w.key)
	if errors.Is(err, pebble.ErrNotFound) {
		return header{}, nil
	}
	if err != nil {
		return header{}, readError(err)
	}
	defer closer.Close()
	h, _, err := parseHeader(bytes.Clone(value)) // which is the files' own
	return h, err
}

func (w *writer) put(b *pebble.Batch, op *store.Op, old, fresh *header) error {
	for _, v := range old.index {
		if !slices.Contains(fresh.index, v) {
			if err := b.Delete(w.indexKey(op.Key, v), nil); err != nil {
				return err
			}
		}
	}
	for _, v := range fresh.index {
		if !slices.Contains(old.index, v) {
			if err := b.Set(w.indexKey(op.Key, v), nil, nil); err != nil {
				return err
			}
		}
	}
	if old.micros != fresh.micros {
		if err := w.removeExpiry(b, op.Key, old); err != nil {
			return err
		}
		if fresh.micros != 0 {
			w.key = appendExpiryKey(w.key[:0], fresh.micros, op.Key)
			if err := b.Set(w.key, nil, nil); err != nil {
				return err
			}
		}
	}
	w.value = append(appendHeader(w.value[:0], fresh), op.Body...)
	w.key = appendRecordKey(w.key[:0], op.Key)
	return b.Set(w.key, w.value, nil)
}

// remove deletes a record with its entries, if it exists.
func (w *writer) remove(b *pebble.Batch, k store.Key, old *header) error {
	if !old.exists() {
		return nil
	}
	for _, v := range old.index {
		if err := b.Delete(w.indexKey(k, v), nil); err != nil {
			return err
		}
	}
	if err := w.removeExpiry(b, k, old); err != nil {
		return err
	}
	w.key = appendRecordKey(w.key[:0], k)
	return b.Delete(w.key, nil)
}

func (w *writer) removeExpiry(b *pebble.Batch, k store.Key, old *header) error {
	if old.micros == 0 {
		return nil
	}
	w.key = appendExpiryKey(w.key[:0], old.micros, k)
	return b.Delete(w.key, nil)
}

func (w *writer) indexKey(k store.Key, v store.IndexValue) []byte {
	w.key = append(appendIndexKey(w.key[:0], k.Realm, k.Kind, v), k.ID...)
	return w.key
}

// Watch is store.Engine's. One process uses the store, so all changes are its own.
func (e *Engine) Watch(ctx context.Context, kinds ...string) (<-chan store.Event, error) {
	return e.watchers.Watch(ctx, kinds...)
}
