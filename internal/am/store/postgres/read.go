package postgres

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/am/store"
)

const columns = "rev, expires, names, vals, body"

// Get is store.Engine's.
func (e *Engine) Get(ctx context.Context, k store.Key) (rec store.Record, err error) {
	err = e.reading(ctx, func(ctx context.Context, c *pgx.Conn) error {
		row := c.QueryRow(ctx, "SELECT "+columns+` FROM records
			WHERE realm = $1 AND kind = $2 AND id = $3 AND (expires IS NULL OR expires > $4)`,
			[]byte(k.Realm), []byte(k.Kind), []byte(k.ID), e.now().UnixMicro())
		rec, err = scan(row, k)
		return err
	})
	return rec, err
}

// List is store.Engine's. The page is of one moment.
func (e *Engine) List(ctx context.Context, q store.Query) (page []store.Record, err error) {
	query := "SELECT id, " + columns + ` FROM records
		WHERE realm = $1 AND kind = $2 AND id > $3 AND (expires IS NULL OR expires > $4)
		ORDER BY id LIMIT $5`
	args := []any{[]byte(q.Realm), []byte(q.Kind), []byte(q.After), e.now().UnixMicro(), cmp.Or(q.Limit, store.DefaultPage)}
	if q.Index != "" {
		query = "SELECT id, " + columns + ` FROM entries JOIN records USING (realm, kind, id)
			WHERE realm = $1 AND kind = $2 AND id > $3 AND (expires IS NULL OR expires > $4) AND name = $6 AND val = $7
			ORDER BY id LIMIT $5`
		args = append(args, []byte(q.Index), []byte(q.Value))
	}
	err = e.reading(ctx, func(ctx context.Context, c *pgx.Conn) error {
		page = nil
		rows, err := c.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id []byte
			rec, err := scan(rows, store.Key{Realm: q.Realm, Kind: q.Kind}, &id)
			if err != nil {
				return err
			}
			rec.ID = string(id)
			page = append(page, rec)
		}
		return rows.Err()
	})
	return page, err
}

// scan reads the columns of a record, behind others, or says store.ErrNotFound.
func scan(row pgx.Row, k store.Key, others ...any) (store.Record, error) {
	rec := store.Record{Key: k}
	var expires *int64
	var names, values [][]byte
	err := row.Scan(append(others, &rec.Rev, &expires, &names, &values, &rec.Body)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return rec, store.ErrNotFound
	}
	if err != nil {
		return rec, err
	}
	if expires != nil {
		rec.Expires = time.UnixMicro(*expires).UTC()
	}
	for i := range min(len(names), len(values)) {
		rec.Index = append(rec.Index, store.IndexValue{Name: string(names[i]), Value: string(values[i])})
	}
	return rec, nil
}
