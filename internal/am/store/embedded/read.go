package embedded

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"gatehouse/internal/am/store"
)

// keyBytes is the room for a key that most keys fit in.
const keyBytes = 160

// Get is store.Engine's.
func (e *Engine) Get(ctx context.Context, k store.Key) (store.Record, error) {
	if err := ctx.Err(); err != nil {
		return store.Record{}, err
	}
	if err := e.use(); err != nil {
		return store.Record{}, err
	}
	defer e.using.RUnlock()
	var buf [keyBytes]byte
	rec, h, err := e.get(appendRecordKey(buf[:0], k), k)
	if err != nil {
		return store.Record{}, err
	}
	if h.expired(e.now()) {
		return store.Record{}, store.ErrNotFound
	}
	return rec, nil
}

// get returns a record from memory, else from the files.
func (e *Engine) get(key []byte, k store.Key) (store.Record, header, error) {
	hot := e.hot.of(key)
	value, writes := hot.get(key)
	if value != nil {
		return recordOf(k, value)
	}
	value, closer, err := e.db.Get(bytes.Clone(key)) // so that the one of who is found in memory needs no heap
	if errors.Is(err, pebble.ErrNotFound) {
		return store.Record{}, header{}, store.ErrNotFound
	}
	if err != nil {
		return store.Record{}, header{}, readError(err)
	}
	defer closer.Close()
	hot.put(key, value, writes)
	return recordOf(k, bytes.Clone(value))
}

func get(r pebble.Reader, key []byte, k store.Key) (store.Record, header, error) {
	value, closer, err := r.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return store.Record{}, header{}, store.ErrNotFound
	}
	if err != nil {
		return store.Record{}, header{}, readError(err)
	}
	defer closer.Close()
	return recordOf(k, bytes.Clone(value))
}

// List is store.Engine's. The page is of one moment.
func (e *Engine) List(ctx context.Context, q store.Query) ([]store.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := e.use(); err != nil {
		return nil, err
	}
	defer e.using.RUnlock()
	snap := e.db.NewSnapshot()
	defer snap.Close()
	if q.Index == "" {
		return e.list(ctx, snap, q, appendRecordKey(nil, store.Key{Realm: q.Realm, Kind: q.Kind}), recordHere)
	}
	prefix := appendIndexKey(nil, q.Realm, q.Kind, store.IndexValue{Name: q.Index, Value: q.Value})
	return e.list(ctx, snap, q, prefix, recordThere)
}

// found returns the record k that the iterator stands on.
type found func(snap *pebble.Snapshot, it *pebble.Iterator, k store.Key) (store.Record, header, error)

// recordHere reads a record from its own key, recordThere from that of an index.
func recordHere(_ *pebble.Snapshot, it *pebble.Iterator, k store.Key) (store.Record, header, error) {
	value, err := it.ValueAndErr()
	if err != nil {
		return store.Record{}, header{}, readError(err)
	}
	return recordOf(k, bytes.Clone(value))
}

func recordThere(snap *pebble.Snapshot, _ *pebble.Iterator, k store.Key) (store.Record, header, error) {
	var buf [keyBytes]byte
	rec, h, err := get(snap, appendRecordKey(buf[:0], k), k)
	if errors.Is(err, store.ErrNotFound) {
		err = errDamaged // an index entry goes with its record
	}
	return rec, h, err
}

// list reads a page of the keys with that prefix, behind which the ID stands.
func (e *Engine) list(ctx context.Context, snap *pebble.Snapshot, q store.Query, prefix []byte, read found) ([]store.Record, error) {
	lower := prefix
	if q.After != "" {
		lower = append(append(bytes.Clone(prefix), q.After...), 0) // the next ID in order
	}
	it, err := snap.NewIterWithContext(ctx, &pebble.IterOptions{LowerBound: lower, UpperBound: after(prefix)})
	if err != nil {
		return nil, readError(err)
	}
	defer it.Close()
	limit, now := cmp.Or(q.Limit, store.DefaultPage), e.now()
	var page []store.Record
	for ok := it.First(); ok && len(page) < limit; ok = it.Next() {
		k := store.Key{Realm: q.Realm, Kind: q.Kind, ID: string(it.Key()[len(prefix):])}
		rec, h, err := read(snap, it, k)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", q.Kind, err)
		}
		if !h.expired(now) {
			page = append(page, rec)
		}
	}
	if err := it.Error(); err != nil {
		return nil, readError(err)
	}
	return page, nil
}

func readError(err error) error {
	if pebble.IsCorruptionError(err) {
		return fmt.Errorf("files of the store are damaged; restore a backup: %w", err)
	}
	return fmt.Errorf("read store: %w", err)
}
