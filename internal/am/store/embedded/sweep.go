package embedded

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"gatehouse/internal/am/store"
)

// Sweep is store.Engine's. It does not wait for syncs: what a crash brings back is
// expired still.
func (e *Engine) Sweep(ctx context.Context, now time.Time, limit int) (int, error) {
	if err := e.use(); err != nil {
		return 0, err
	}
	defer e.using.RUnlock()
	// One run at a time: the place that it has come to is its own.
	e.sweeping.Lock()
	defer e.sweeping.Unlock()
	from := e.sweptTo
	e.sweptTo = nil
	keys, err := e.expiredKeys(ctx, from, now, limit)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, key := range keys {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		removed, err := e.sweep(key, now)
		if err != nil {
			return n, fmt.Errorf("sweep store: %w", err)
		}
		if removed {
			n++
		}
	}
	if len(keys) == limit && limit > 0 {
		e.sweptTo = keys[limit-1]
	}
	return n, nil
}

// expiredKeys returns the expiry keys, behind the one that is given, of up to limit records that expired.
func (e *Engine) expiredKeys(ctx context.Context, from []byte, now time.Time, limit int) ([][]byte, error) {
	lower := []byte{expiryKeys}
	if from != nil {
		lower = append(bytes.Clone(from), 0)
	}
	it, err := e.db.NewIterWithContext(ctx, &pebble.IterOptions{
		LowerBound: lower,
		UpperBound: appendExpiryTime(nil, now.UnixMicro()+1),
	})
	if err != nil {
		return nil, readError(err)
	}
	defer it.Close()
	var keys [][]byte
	for ok := it.First(); ok && len(keys) < limit; ok = it.Next() {
		keys = append(keys, bytes.Clone(it.Key()))
	}
	if err := it.Error(); err != nil {
		return nil, readError(err)
	}
	return keys, nil
}

// sweep removes the record that an expiry key names, unless it was written anew since,
// and the key.
func (e *Engine) sweep(key []byte, now time.Time) (removed bool, err error) {
	_, k, ok := cutExpiryKey(key)
	if !ok {
		return false, errDamaged
	}
	defer e.hold([]store.Op{{Record: store.Record{Key: k}}})()
	var w writer
	h, err := w.read(e.db, k)
	if err != nil {
		return false, err
	}
	b := e.db.NewBatch()
	defer b.Close()
	if removed = h.exists() && h.expired(now); removed {
		err = w.remove(b, k, &h)
	}
	if err == nil {
		err = b.Delete(key, nil)
	}
	if err != nil {
		return false, err
	}
	err = e.db.Apply(b, pebble.NoSync)
	e.hot.of(appendRecordKey(nil, k)).forget()
	return removed, err
}
