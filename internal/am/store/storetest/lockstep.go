package storetest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"gatehouse/internal/am/store"
)

// lockstep holds the first Get of every caller back until all callers have read the
// record, so that a race is certain on every engine and not a matter of luck.
type lockstep struct {
	store.Engine
	kind    string // what is raced for
	callers int32
	reads   atomic.Int32
	ready   sync.WaitGroup
}

func newLockstep(e store.Engine, kind string, callers int) *lockstep {
	l := &lockstep{Engine: e, kind: kind, callers: int32(callers)}
	l.ready.Add(callers)
	return l
}

func (l *lockstep) Get(ctx context.Context, k store.Key) (store.Record, error) {
	rec, err := l.Engine.Get(ctx, k)
	if k.Kind == l.kind && l.reads.Add(1) <= l.callers {
		l.ready.Done()
		l.ready.Wait()
	}
	return rec, err
}

// race runs f callers times at once and returns how often it had no error; other
// errors than lost are reported.
func race(t *testing.T, callers int, lost func(error) bool, f func(i int) error) int {
	t.Helper()
	var done sync.WaitGroup
	var wins atomic.Int32
	for i := range callers {
		done.Go(func() {
			switch err := f(i); {
			case err == nil:
				wins.Add(1)
			case !lost(err):
				t.Errorf("a losing caller: %v", err)
			}
		})
	}
	done.Wait()
	return int(wins.Load())
}

// interrupted calls before once, ahead of the first write that matches.
type interrupted struct {
	store.Engine
	matches func([]store.Op) bool
	before  func()
	once    sync.Once
}

func (e *interrupted) Batch(ctx context.Context, ops ...store.Op) error {
	if e.matches(ops) {
		e.once.Do(e.before)
	}
	return e.Engine.Batch(ctx, ops...)
}

// listed calls after once, when the first List is done.
type listed struct {
	store.Engine
	after func()
	once  sync.Once
}

func (e *listed) List(ctx context.Context, q store.Query) ([]store.Record, error) {
	recs, err := e.Engine.List(ctx, q)
	e.once.Do(e.after)
	return recs, err
}

// created tells whether ops create a record of that kind.
func created(kind string) func([]store.Op) bool {
	return func(ops []store.Op) bool {
		for _, op := range ops {
			if op.Kind == kind && op.Rev == 0 && !op.Delete {
				return true
			}
		}
		return false
	}
}
