package postgres_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/am/store"
	"gatehouse/internal/am/store/postgres/pgtest"
)

// Nodes that remove what has expired at once share the work, in transactions of no more records than they are told,
// and wait neither for one another nor for who has locked a record.
func TestExpiryAcrossNodes(t *testing.T) {
	const records, batch = 1200, 50
	server := pgtest.Start(t, "fsync=off")
	url := space(t, server)
	nodes := startNodes(t, url, 3)
	past := time.Now().Add(-time.Hour)
	for i := 0; i < records; i += 100 {
		var ops []store.Op
		for n := range 100 {
			ops = append(ops, store.Op{Record: store.Record{Key: key(fmt.Sprint(i + n)), Expires: past,
				Index: []store.IndexValue{{Name: "color", Value: "red"}, {Name: "size", Value: fmt.Sprint(n)}}}})
		}
		put(t, nodes[0], ops...)
	}
	put(t, nodes[0], store.Op{Record: store.Record{Key: key("lasting"), Index: []store.IndexValue{{Name: "color", Value: "red"}}}})

	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	tx, err := c.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT FROM records WHERE kind = 'thing' AND id = '7' FOR UPDATE"); err != nil {
		t.Fatal(err)
	}

	var total, rounds atomic.Int32
	var done sync.WaitGroup
	for _, e := range nodes {
		done.Go(func() {
			for {
				n, err := e.Sweep(t.Context(), time.Now(), batch)
				if err != nil || n > batch {
					t.Errorf("sweep: %d records, %v, want at most %d", n, err, batch)
					return
				}
				total.Add(int32(n))
				rounds.Add(1)
				if n < batch {
					return
				}
			}
		})
	}
	done.Wait() // although one record is locked all the time
	// Who meets records that another one is removing ends early: one more run takes what they left.
	for {
		n, err := nodes[0].Sweep(t.Context(), time.Now(), batch)
		if err != nil {
			t.Fatal(err)
		}
		if total.Add(int32(n)); n == 0 {
			break
		}
	}
	if total.Load() != records-1 {
		t.Errorf("%d records were removed, want all %d but the one that is locked", total.Load(), records)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := nodes[2].Sweep(t.Context(), time.Now(), batch); n != 1 || err != nil {
		t.Errorf("sweep once the lock is gone: %d, %v, want the one", n, err)
	}
	for table, want := range map[string]int{"records": 1, "entries": 1} {
		var n int
		if err := c.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil || n != want {
			t.Errorf("table %s has %d rows, %v, want those of the lasting record, %d", table, n, err, want)
		}
	}
}

// The tables take no more room for the tokens that were: what is removed is used again once it has been vacuumed, which
// autovacuum does by itself and this test by hand.
func TestExpiryBoundsTheDisk(t *testing.T) {
	const rounds, tokens = 6, 2000
	server := pgtest.Start(t, "fsync=off", "autovacuum=off")
	url := space(t, server)
	e := startNodes(t, url, 1)[0]
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	toks := store.Tokens{Engine: e}
	var sizes []int64
	for range rounds {
		for range tokens / 100 {
			list := make([]store.NewToken, 100)
			for i := range list {
				now := time.Now()
				list[i] = store.NewToken{Raw: store.NewRaw(), Token: store.Token{Kind: "access", Realm: "/alpha", ClientID: "client",
					Subject: store.Subject{Type: "usr", Name: "demo"}, GrantID: store.NewRaw(), IssuedAt: now, Expires: now.Add(time.Minute)}}
			}
			if err := toks.Issue(t.Context(), list...); err != nil {
				t.Fatal(err)
			}
		}
		for {
			n, err := e.Sweep(t.Context(), time.Now().Add(time.Hour), 500)
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				break
			}
		}
		if _, err := c.Exec(t.Context(), "VACUUM records, entries"); err != nil {
			t.Fatal(err)
		}
		var size int64
		if err := c.QueryRow(t.Context(), "SELECT pg_total_relation_size('records') + pg_total_relation_size('entries')").Scan(&size); err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, size)
	}
	t.Logf("sizes after each round of %d tokens: %d", tokens, sizes)
	if first, last := sizes[1], sizes[rounds-1]; float64(last) > 1.5*float64(first) {
		t.Errorf("the tables grew from %d to %d bytes while nothing was alive", first, last)
	}
}
