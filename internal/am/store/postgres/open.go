// Package postgres keeps records in a PostgreSQL database, or another one that speaks
// its protocol (CockroachDB, YugabyteDB), for servers of several processes.
//
// Writes are transactions that lock the records they decide on, so that a condition
// on a revision holds across nodes. Changes of configuration reach other nodes by a
// table that each node reads several times a second.
package postgres

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"gatehouse/internal/am/store"
)

// Defaults of Options, and of the URL's pool_max_conns.
const (
	defaultTimeout = 5 * time.Second
	defaultPoll    = 250 * time.Millisecond
	defaultConns   = 20
)

// Options are choices that Open has defaults for.
type Options struct {
	// Log takes errors of background work; nil drops them.
	Log *slog.Logger
	// Now is the clock by which records expire; nil is time.Now.
	Now func() time.Time
	// Timeout bounds each call, waiting for a connection included; 0 is 5 s. A call
	// that takes longer fails with store.ErrUnavailable.
	Timeout time.Duration
	// Poll is how often changes of other nodes are looked for; 0 is 250 ms.
	Poll time.Duration
}

// Engine is a store.Engine on a database.
type Engine struct {
	pool     *pgxpool.Pool
	watchers store.Watchers
	log      *slog.Logger
	now      func() time.Time
	timeout  time.Duration
	node     []byte // tells this process's changes from those of others

	stop context.CancelFunc
	done sync.WaitGroup
}

// Open connects to the database of a URL such as
// postgres://user:password@host:5432/gatehouse?sslmode=verify-full and makes or
// renews its tables. The parameters are libpq's and pgxpool's; several hosts with
// target_session_attrs=read-write follow a failover. An error never holds the password.
func Open(ctx context.Context, url string, o Options) (*Engine, error) {
	e, err := open(ctx, url, o)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	return e, nil
}

func open(ctx context.Context, url string, o Options) (*Engine, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = defaultConns
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = defaultTimeout
	}
	if name := config.ConnConfig.RuntimeParams; name["application_name"] == "" {
		name["application_name"] = "gatehouse"
	}
	e := &Engine{
		log: cmp.Or(o.Log, slog.New(slog.DiscardHandler)), now: o.Now,
		timeout: cmp.Or(o.Timeout, defaultTimeout), node: []byte(rand.Text()),
	}
	if e.now == nil {
		e.now = time.Now
	}
	if e.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, err
	}
	follower, err := e.prepare(ctx)
	if err != nil {
		e.pool.Close()
		return nil, err
	}
	poll, stop := context.WithCancel(context.Background())
	e.stop = stop
	e.done.Go(func() { follower.run(poll, cmp.Or(o.Poll, defaultPoll)) })
	return e, nil
}

// prepare makes the tables and notes which changes there are already.
func (e *Engine) prepare(ctx context.Context) (*follower, error) {
	err := e.pool.AcquireFunc(ctx, func(c *pgxpool.Conn) error { return makeSchema(ctx, c.Conn()) })
	if err != nil {
		return nil, err
	}
	f := &follower{engine: e, seen: map[int64]bool{}}
	return f, f.start(ctx)
}

// Close waits for calls that are under way and closes the connections. Later calls fail.
func (e *Engine) Close() error {
	e.watchers.Close()
	e.stop()
	e.done.Wait()
	e.pool.Close()
	return nil
}

// Caps is store.Engine's.
func (e *Engine) Caps() store.Caps { return store.Caps{Durable: true, Shared: true} }

// reading runs f on a connection, within the time of a call, and again on another one
// while the database fails; writing does so only when f's work had no effect.
func (e *Engine) reading(ctx context.Context, f func(context.Context, *pgx.Conn) error) error {
	return e.call(ctx, func(err error) bool { return again(err) || unavailable(err) }, f)
}

func (e *Engine) writing(ctx context.Context, f func(context.Context, *pgx.Conn) error) error {
	return e.call(ctx, again, f)
}

func (e *Engine) call(ctx context.Context, again func(error) bool, f func(context.Context, *pgx.Conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	call, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	err := e.attempts(call, again, f)
	if err == nil || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrConflict) {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err // the caller gave up
	}
	if unavailable(err) {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return fmt.Errorf("database: %w", err)
}

func (e *Engine) attempts(ctx context.Context, again func(error) bool, f func(context.Context, *pgx.Conn) error) error {
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		err := e.pool.AcquireFunc(ctx, func(c *pgxpool.Conn) error {
			err := f(ctx, c.Conn())
			if err != nil && !usable(err) {
				_ = c.Conn().Close(ctx) // so that it does not go back to the pool
			}
			return err
		})
		if err == nil || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrConflict) || !again(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(jitter(wait)):
		}
	}
}
