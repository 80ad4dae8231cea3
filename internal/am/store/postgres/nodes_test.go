package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/am/store"
	"gatehouse/internal/am/store/postgres"
	"gatehouse/internal/am/store/postgres/pgtest"
)

func key(id string) store.Key { return store.Key{Realm: "/alpha", Kind: "thing", ID: id} }

func put(t *testing.T, e store.Engine, ops ...store.Op) {
	t.Helper()
	if err := e.Batch(t.Context(), ops...); err != nil {
		t.Fatal(err)
	}
}

// Several nodes on one database: what one wins, no other one has.
func TestNodes(t *testing.T) {
	server := pgtest.Start(t, "fsync=off")
	url := space(t, server)
	nodes := startNodes(t, url, 3)

	t.Run("counters", func(t *testing.T) {
		const rounds = 25
		put(t, nodes[0], store.Op{Record: store.Record{Key: key("a"), Body: []byte{0}}}, store.Op{Record: store.Record{Key: key("b"), Body: []byte{0}}})
		var done sync.WaitGroup
		for w := range 6 {
			e := nodes[w%3]
			done.Go(func() {
				for range rounds {
					for !increment(t, e, w%2 == 0) {
					}
				}
			})
		}
		done.Wait()
		for _, id := range []string{"a", "b"} {
			if rec, err := nodes[1].Get(t.Context(), key(id)); err != nil || rec.Body[0] != 6*rounds || rec.Rev != 1+6*rounds {
				t.Errorf("counter %s = %v at revision %d, error %v, want %d", id, rec.Body, rec.Rev, err, 6*rounds)
			}
		}
	})

	t.Run("create once", func(t *testing.T) {
		for round := range 20 {
			var wins, forced atomic.Int32
			var done sync.WaitGroup
			for w := range 9 {
				op := store.Op{Record: store.Record{Key: key(fmt.Sprint("once", round))}, Fresh: w%3 == 0, Force: w == 8}
				done.Go(func() {
					switch err := nodes[w%3].Batch(t.Context(), op); {
					case err == nil && op.Force:
						forced.Add(1)
					case err == nil:
						wins.Add(1)
					case !errors.Is(err, store.ErrConflict):
						t.Error(err)
					}
				})
			}
			done.Wait()
			if wins.Load() > 1 || forced.Load() != 1 {
				t.Errorf("round %d: %d nodes created the record and %d forced it, want at most 1 and 1", round, wins.Load(), forced.Load())
			}
		}
	})

	t.Run("rotation", func(t *testing.T) {
		stores := []store.Tokens{{Engine: nodes[0]}, {Engine: nodes[1]}, {Engine: nodes[2]}}
		now := time.Now()
		refresh := store.NewToken{Raw: store.NewRaw(), Token: store.Token{
			Kind: "refresh", Realm: "/alpha", ClientID: "c", GrantID: store.NewRaw(), IssuedAt: now, Expires: now.Add(time.Hour),
		}}
		if err := stores[0].Issue(t.Context(), refresh); err != nil {
			t.Fatal(err)
		}
		code := store.Code{ClientID: "c", Realm: "/alpha", Expires: now.Add(time.Minute), GrantID: store.NewRaw()}
		raw := store.NewRaw()
		if err := (store.Codes{Engine: nodes[0]}).Save(t.Context(), "/alpha", raw, code); err != nil {
			t.Fatal(err)
		}
		var bought atomic.Int32
		var done sync.WaitGroup
		for w := range 12 {
			done.Go(func() {
				_, err := (store.Codes{Engine: nodes[w%3]}).Redeem(t.Context(), "/alpha", raw)
				if err == nil {
					bought.Add(1)
				} else if !errors.Is(err, store.ErrUsed) && !errors.Is(err, store.ErrNotFound) {
					t.Error(err)
				}
			})
		}
		done.Wait()
		if bought.Load() != 1 {
			t.Errorf("the code bought %d times, want once", bought.Load())
		}
	})
}

func increment(t *testing.T, e store.Engine, forwards bool) bool {
	a, errA := e.Get(t.Context(), key("a"))
	b, errB := e.Get(t.Context(), key("b"))
	if errA != nil || errB != nil {
		t.Error(errA, errB)
		return true
	}
	a.Body[0]++
	b.Body[0]++
	ops := []store.Op{{Record: a}, {Record: b}}
	if !forwards {
		ops[0], ops[1] = ops[1], ops[0]
	}
	err := e.Batch(t.Context(), ops...)
	if err != nil && !errors.Is(err, store.ErrConflict) {
		t.Error(err)
		return true
	}
	return err == nil
}

func startNodes(t *testing.T, url string, n int) []*postgres.Engine {
	nodes := make([]*postgres.Engine, n)
	var done sync.WaitGroup
	for i := range nodes { // at once: they agree on who makes the tables
		done.Go(func() {
			e, err := postgres.Open(t.Context(), url, postgres.Options{Poll: 20 * time.Millisecond})
			if err != nil {
				t.Error(err)
				return
			}
			nodes[i] = e
		})
	}
	done.Wait()
	if t.Failed() {
		t.FailNow()
	}
	t.Cleanup(func() {
		for _, e := range nodes {
			e.Close()
		}
	})
	return nodes
}

func TestWatchAcrossNodes(t *testing.T) {
	server := pgtest.Start(t, "fsync=off")
	url := space(t, server)
	nodes := startNodes(t, url, 2)
	put(t, nodes[0], store.Op{Record: store.Record{Key: key("before")}})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // only an engine that fails waits so long
	defer cancel()
	events, err := nodes[1].Watch(ctx, "thing")
	if err != nil {
		t.Fatal(err)
	}
	put(t, nodes[0], store.Op{Record: store.Record{Key: key("expires"), Expires: time.Now().Add(time.Hour)}})
	put(t, nodes[0], store.Op{Record: store.Record{Key: key("a")}})
	wantEvent(t, events, store.Event{Key: key("a")})
	put(t, nodes[0], store.Op{Record: store.Record{Key: key("a")}, Delete: true})
	wantEvent(t, events, store.Event{Key: key("a"), Deleted: true})

	// A change that is numbered before another one and appears after it is not missed.
	slow, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close(ctx)
	tx, err := slow.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, "INSERT INTO changes (node, realm, kind, id, deleted) VALUES ('other', '/alpha', 'thing', 'slow', false)"); err != nil {
		t.Fatal(err)
	}
	put(t, nodes[0], store.Op{Record: store.Record{Key: key("quick")}})
	wantEvent(t, events, store.Event{Key: key("quick")})
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	wantEvent(t, events, store.Event{Key: key("slow")})
}

// wantEvent waits for an event; one for a record written before the watch began may precede it.
func wantEvent(t *testing.T, events <-chan store.Event, want store.Event) {
	t.Helper()
	for e := range events {
		if e.ID == "expires" {
			t.Errorf("event of a record that expires: %v", e)
		}
		if e == want {
			return
		}
	}
	t.Fatalf("no event %v", want)
}

func TestDatabaseGone(t *testing.T) {
	server := pgtest.Start(t, "fsync=off")
	e := open(t, space(t, server), postgres.Options{Timeout: 2 * time.Second, Poll: 20 * time.Millisecond})
	put(t, e, store.Op{Record: store.Record{Key: key("a"), Body: []byte("body")}})
	for name, end := range map[string]func(){"stopped": server.Stop, "crashed": server.Kill} {
		end()
		if _, err := e.Get(t.Context(), key("a")); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("get while the database is %s: %v, want store.ErrUnavailable", name, err)
		}
		err := e.Batch(t.Context(), store.Op{Record: store.Record{Key: key("b")}, Force: true})
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("batch while the database is %s: %v, want store.ErrUnavailable", name, err)
		}
		if _, err := e.List(t.Context(), store.Query{Realm: "/alpha", Kind: "thing"}); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("list while the database is %s: %v, want store.ErrUnavailable", name, err)
		}
		if err := server.Run(); err != nil {
			t.Fatal(err)
		}
		// Connections that the pool still has are broken: nobody sees that.
		if rec, err := e.Get(t.Context(), key("a")); err != nil || string(rec.Body) != "body" {
			t.Errorf("get after the database was %s: %q, %v", name, rec.Body, err)
		}
		put(t, e, store.Op{Record: store.Record{Key: key("b")}, Force: true})
	}
}

// A restart between two calls is not noticed: the broken connections are replaced.
func TestDatabaseRestarted(t *testing.T) {
	server := pgtest.Start(t, "fsync=off")
	e := open(t, space(t, server), postgres.Options{})
	for i := range 3 {
		put(t, e, store.Op{Record: store.Record{Key: key(fmt.Sprint(i))}})
		server.Stop()
		if err := server.Run(); err != nil {
			t.Fatal(err)
		}
	}
	if recs, err := e.List(t.Context(), store.Query{Realm: "/alpha", Kind: "thing"}); err != nil || len(recs) != 3 {
		t.Errorf("list = %d records, %v, want 3", len(recs), err)
	}
}

func TestDatabaseHangs(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := postgres.Open(ctx, "postgres://gatehouse:geheim@"+l.Addr().String()+"/x?sslmode=disable", postgres.Options{}); err == nil || strings.Contains(err.Error(), "geheim") {
		t.Errorf("open = %v, want an error without the password", err)
	}
}

func TestOpenRefused(t *testing.T) {
	for name, url := range map[string]string{
		"no URL":        "postgres://gate house:geheim@localhost/x",
		"no such param": "postgres://gatehouse:geheim@localhost/x?sslmode=maybe",
	} {
		if _, err := postgres.Open(t.Context(), url, postgres.Options{}); err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: open = %v, want an error without the password", name, err)
		}
	}
}

func TestNewerSchema(t *testing.T) {
	server := pgtest.Start(t, "fsync=off")
	url := space(t, server)
	open(t, url, postgres.Options{}).Close()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	if _, err := c.Exec(t.Context(), "UPDATE gatehouse_schema_version SET version = 99"); err != nil {
		t.Fatal(err)
	}
	if _, err := postgres.Open(t.Context(), url, postgres.Options{}); err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("open = %v, want an error that names a newer version", err)
	}
}
