package postgres_test

import (
	"fmt"
	"net/url"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/am/store"
	"gatehouse/internal/am/store/postgres"
	"gatehouse/internal/am/store/postgres/pgtest"
	"gatehouse/internal/am/store/storetest"
)

var schemas atomic.Int32

// space makes an empty schema and returns the URL that works in it.
func space(t *testing.T, s *pgtest.Server) string {
	t.Helper()
	name := fmt.Sprintf("space%d_%d", os.Getpid(), schemas.Add(1))
	c, err := pgx.Connect(t.Context(), s.URL(nil))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	if _, err := c.Exec(t.Context(), "CREATE SCHEMA "+name); err != nil {
		t.Fatal(err)
	}
	return s.URL(url.Values{"search_path": {name}})
}

func open(t *testing.T, url string, o postgres.Options) *postgres.Engine {
	t.Helper()
	e, err := postgres.Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// TestEngine runs on a server of its own, or on the database that GATEHOUSE_TEST_POSTGRES names.
func TestEngine(t *testing.T) {
	server := &pgtest.Server{Base: os.Getenv("GATEHOUSE_TEST_POSTGRES")}
	if server.Base == "" {
		server = pgtest.Start(t, "fsync=off")
	}
	storetest.Run(t, func(t *testing.T, now func() time.Time) (store.Engine, func() (store.Engine, error)) {
		url := space(t, server)
		reopen := func() (store.Engine, error) { return postgres.Open(t.Context(), url, postgres.Options{Now: now}) }
		e, err := reopen()
		if err != nil {
			t.Fatal(err)
		}
		return e, reopen
	})
}
