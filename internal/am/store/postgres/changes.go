package postgres

import (
	"bytes"
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/am/store"
)

// unsettled is how long a change may take to appear behind later ones: numbers are
// given when a transaction writes, and transactions end in another order. It is far
// more than the time of a call.
const unsettled = time.Minute

// follower reads which records other nodes changed and tells the watchers. Records that
// expire are left out: there are many, and nobody keeps them in memory.
type follower struct {
	engine *Engine
	floor  int64          // nothing new comes up to here
	seen   map[int64]bool // what was read above
	failed bool
}

// start notes the changes that there are.
func (f *follower) start(ctx context.Context) error {
	_, err := f.read(ctx)
	return err
}

func (f *follower) run(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		ops, err := f.read(ctx)
		if ctx.Err() != nil {
			return
		}
		if failed := err != nil; failed != f.failed {
			f.failed = failed
			if failed {
				f.engine.log.Error("store: the database cannot be read", "error", err)
			} else {
				f.engine.log.Info("store: the database can be read again")
			}
		}
		f.engine.watchers.Notify(ops)
	}
}

// read returns what other nodes did since the last call.
func (f *follower) read(ctx context.Context) (ops []store.Op, err error) {
	err = f.engine.reading(ctx, func(ctx context.Context, c *pgx.Conn) error {
		ops = nil
		rows, err := c.Query(ctx, "SELECT seq, at < now() - $2::interval, node, realm, kind, id, deleted FROM changes WHERE seq > $1 ORDER BY seq",
			f.floor, unsettled)
		if err != nil {
			return err
		}
		defer rows.Close()
		floor := f.floor
		var fresh []int64
		for rows.Next() {
			var seq int64
			var settled bool
			var node, realm, kind, id []byte
			var op store.Op
			if err := rows.Scan(&seq, &settled, &node, &realm, &kind, &id, &op.Delete); err != nil {
				return err
			}
			if settled {
				floor = seq
			}
			if f.seen[seq] {
				continue
			}
			fresh = append(fresh, seq)
			if !bytes.Equal(node, f.engine.node) {
				op.Key = store.Key{Realm: string(realm), Kind: string(kind), ID: string(id)}
				ops = append(ops, op)
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		for _, seq := range fresh {
			f.seen[seq] = true
		}
		f.floor = floor
		for seq := range f.seen {
			if seq <= floor {
				delete(f.seen, seq)
			}
		}
		return nil
	})
	return ops, err
}

// Watch is store.Engine's.
func (e *Engine) Watch(ctx context.Context, kinds ...string) (<-chan store.Event, error) {
	return e.watchers.Watch(ctx, kinds...)
}
