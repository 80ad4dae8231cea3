package postgres

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/am/store"
)

// begin names the level at which a locked record is read as it is after the wait for
// its lock; databases that know only a stricter one take that.
const begin = "BEGIN ISOLATION LEVEL READ COMMITTED"

// Batch is store.Engine's. When the connection breaks while the database commits,
// the error is store.ErrUnavailable and the batch may or may not have been applied.
func (e *Engine) Batch(ctx context.Context, ops ...store.Op) error {
	if err := store.CheckBatch(ops); err != nil {
		return err
	}
	// Records are locked in one order everywhere, so that batches do not block one another.
	sorted := slices.SortedFunc(slices.Values(ops), func(a, b store.Op) int {
		return cmp.Or(cmp.Compare(a.Realm, b.Realm), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
	err := e.writing(ctx, func(ctx context.Context, c *pgx.Conn) error { return e.apply(ctx, c, sorted) })
	if err == nil {
		e.watchers.Notify(ops)
	}
	return err
}

// apply runs the transaction. It takes two exchanges with the database, and one where
// all records are fresh.
func (e *Engine) apply(ctx context.Context, c *pgx.Conn, ops []store.Op) error {
	there, begun, err := e.lock(ctx, c, ops)
	if err == nil {
		err = e.write(ctx, c, ops, there, begun)
	}
	if err == nil {
		return nil
	}
	if c.PgConn().TxStatus() != 'I' && !c.IsClosed() {
		if _, end := c.Exec(ctx, "ROLLBACK"); end != nil {
			return errors.Join(err, c.Close(ctx))
		}
	}
	if state(err) == uniqueViolation {
		if slices.ContainsFunc(ops, func(op store.Op) bool { return op.Force }) {
			return errRaced // what is forced finds the record at the next attempt
		}
		return store.ErrConflict
	}
	return err
}

// lock begins the transaction and reads the records that ops meet, which nobody else
// can change then. A fresh record is not looked for; begun is false when all are.
func (e *Engine) lock(ctx context.Context, c *pgx.Conn, ops []store.Op) (there []*store.Record, begun bool, err error) {
	there = make([]*store.Record, len(ops))
	b := &pgx.Batch{}
	b.Queue(begin)
	for i := range ops {
		if k := ops[i].Key; !ops[i].Fresh {
			b.Queue("SELECT "+columns+" FROM records WHERE realm = $1 AND kind = $2 AND id = $3 FOR UPDATE",
				[]byte(k.Realm), []byte(k.Kind), []byte(k.ID)).QueryRow(func(row pgx.Row) error {
				rec, err := scan(row, k)
				if err == nil {
					there[i] = &rec
				} else if !errors.Is(err, store.ErrNotFound) {
					return err
				}
				return nil
			})
		}
	}
	if b.Len() == 1 {
		return there, false, nil
	}
	if err := c.SendBatch(ctx, b).Close(); err != nil {
		return nil, false, err
	}
	now := e.now()
	for i := range ops {
		op, rev := &ops[i], uint64(0)
		if rec := there[i]; rec != nil && (rec.Expires.IsZero() || rec.Expires.After(now)) {
			rev = rec.Rev
		}
		if !op.Fresh && !op.Force && (!op.Delete || op.Rev != 0) && op.Rev != rev {
			return nil, true, store.ErrConflict
		}
		if there[i] != nil {
			there[i].Rev = rev // 0 for what has expired: it counts as new
		}
	}
	return there, true, nil
}

// write applies ops to the records that are there, and commits.
func (e *Engine) write(ctx context.Context, c *pgx.Conn, ops []store.Op, there []*store.Record, begun bool) error {
	b := &pgx.Batch{}
	if !begun {
		b.Queue(begin)
	}
	for i := range ops {
		op, old := &ops[i], there[i]
		key := []any{[]byte(op.Realm), []byte(op.Kind), []byte(op.ID)}
		if op.Delete && old == nil {
			continue
		}
		lasting := op.Expires.IsZero()
		if op.Delete {
			lasting = old.Expires.IsZero()
			b.Queue("DELETE FROM records WHERE realm = $1 AND kind = $2 AND id = $3", key...)
			queueEntries(b, removeEntry, key, old.Index, nil)
		} else {
			names, values := columnsOf(op.Index)
			body := op.Body
			if body == nil {
				body = []byte{}
			}
			rest := []any{expiry(op.Expires), names, values, body}
			if old == nil {
				b.Queue("INSERT INTO records (realm, kind, id, rev, expires, names, vals, body) VALUES ($1, $2, $3, 1, $4, $5, $6, $7)",
					append(key, rest...)...)
				queueEntries(b, addEntry, key, op.Index, nil)
			} else {
				b.Queue("UPDATE records SET expires = $4, names = $5, vals = $6, body = $7, rev = $8 WHERE realm = $1 AND kind = $2 AND id = $3",
					append(append(slices.Clone(key), rest...), old.Rev+1)...)
				queueEntries(b, removeEntry, key, old.Index, op.Index)
				queueEntries(b, addEntry, key, op.Index, old.Index)
			}
		}
		if lasting {
			b.Queue("INSERT INTO changes (node, realm, kind, id, deleted) VALUES ($1, $2, $3, $4, $5)",
				append(append([]any{e.node}, key[:3]...), op.Delete)...)
		}
	}
	b.Queue("COMMIT")
	return c.SendBatch(ctx, b).Close()
}

const (
	addEntry    = "INSERT INTO entries (realm, kind, id, name, val) VALUES ($1, $2, $3, $4, $5)"
	removeEntry = "DELETE FROM entries WHERE realm = $1 AND kind = $2 AND id = $3 AND name = $4 AND val = $5"
)

// queueEntries queues the statement for each value that is not among the others.
func queueEntries(b *pgx.Batch, statement string, key []any, values, others []store.IndexValue) {
	for _, v := range values {
		if !slices.Contains(others, v) {
			b.Queue(statement, key[0], key[1], key[2], []byte(v.Name), []byte(v.Value))
		}
	}
}

func columnsOf(index []store.IndexValue) (names, values [][]byte) {
	names, values = make([][]byte, len(index)), make([][]byte, len(index))
	for i, v := range index {
		names[i], values[i] = []byte(v.Name), []byte(v.Value)
	}
	return names, values
}

// expiry is how a time is stored; nil is never.
func expiry(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}
