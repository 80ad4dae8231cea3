package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// changesKept is how long the changes of configuration are kept for nodes that cannot
// reach the database.
const changesKept = 7 * 24 * time.Hour

// Sweep is store.Engine's. Nodes that sweep at once take different records.
func (e *Engine) Sweep(ctx context.Context, now time.Time, limit int) (n int, err error) {
	err = e.writing(ctx, func(ctx context.Context, c *pgx.Conn) error {
		tx, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback(ctx) }() // does nothing after the commit
		if n, err = sweep(ctx, tx, now, limit); err != nil {
			return err
		}
		if n < limit { // the last round of a run
			if _, err := tx.Exec(ctx, "DELETE FROM changes WHERE at < now() - $1::interval", changesKept); err != nil {
				return err
			}
		}
		return tx.Commit(ctx)
	})
	return n, err
}

func sweep(ctx context.Context, tx pgx.Tx, now time.Time, limit int) (int, error) {
	rows, err := tx.Query(ctx, `DELETE FROM records WHERE (realm, kind, id) IN (
			SELECT realm, kind, id FROM records WHERE expires <= $1 ORDER BY expires LIMIT $2 FOR UPDATE SKIP LOCKED)
		RETURNING realm, kind, id, names, vals`, now.UnixMicro(), limit)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	n := 0
	var columns [5][][]byte // of the entries that go too
	for rows.Next() {
		var realm, kind, id []byte
		var names, values [][]byte
		if err := rows.Scan(&realm, &kind, &id, &names, &values); err != nil {
			return 0, err
		}
		n++
		for i := range names {
			for at, part := range [][]byte{realm, kind, names[i], values[i], id} {
				columns[at] = append(columns[at], part)
			}
		}
	}
	if err := rows.Err(); err != nil || len(columns[0]) == 0 {
		return n, err
	}
	_, err = tx.Exec(ctx, `DELETE FROM entries WHERE (realm, kind, name, val, id) IN (
		SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[]))`,
		columns[0], columns[1], columns[2], columns[3], columns[4])
	return n, err
}
