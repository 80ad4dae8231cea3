package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/am/store"
)

func (b *bench) session(handle string) store.Session {
	return store.Session{
		Realm: "/alpha", Subject: demo, Created: b.now(), LastAccess: b.now(), MaxIdle: 30 * time.Minute, MaxLife: 2 * time.Hour, Handle: handle,
	}
}

func testSessionReplaced(t *testing.T, b *bench) {
	s, ctx := b.sessions(), t.Context()
	raw := b.login(t, "/alpha", "first")
	first := store.IDOf(raw)
	_, err := s.Successor(ctx, first)
	wantErr(t, "successor of one that is still there", err, store.ErrNotFound)
	var ids []string
	for i, handle := range []string{"second", "third"} {
		next := store.NewRaw()
		replaced, err := s.Begin(ctx, next, b.session(handle), store.IDOf(raw), nil)
		if err != nil || !replaced {
			t.Fatalf("begin %s = %v, %v", handle, replaced, err)
		}
		_, err = s.Find(ctx, raw)
		wantErr(t, fmt.Sprint("session ", i, " after it was replaced"), err, store.ErrNotFound)
		raw = next
		ids = append(ids, store.IDOf(raw))
		if got, err := s.Successor(ctx, first); err != nil || got != store.IDOf(raw) {
			t.Errorf("successor = %q, %v", got, err)
		}
	}
	if got, err := s.Successor(ctx, ids[0]); err != nil || got != ids[1] {
		t.Errorf("successor of the second = %q, %v", got, err)
	}
	// One that has ended has no place to take; the new one is there all the same.
	next := store.NewRaw()
	if replaced, err := s.Begin(ctx, next, b.session("late"), first, nil); err != nil || replaced {
		t.Errorf("in place of one that is gone = %v, %v", replaced, err)
	}
	_, err = s.Find(ctx, next)
	wantErr(t, "find it", err, nil)

	// Of several at once one takes the place.
	const callers = 4
	racing := store.Sessions{Engine: newLockstep(b.Engine, "session", callers), Now: b.now}
	var mu sync.Mutex
	taken := 0
	race(t, callers, func(error) bool { return false }, func(i int) error {
		replaced, err := racing.Begin(ctx, store.NewRaw(), b.session(fmt.Sprint("racer", i)), store.IDOf(raw), nil)
		mu.Lock()
		defer mu.Unlock()
		if replaced {
			taken++
		}
		return err
	})
	if taken != 1 {
		t.Errorf("%d took the place of one session", taken)
	}
}

// Of sessions that begin at the same time, on any nodes, no more begin than there is room for.
func testSessionsCounted(t *testing.T, b *bench) {
	ctx := t.Context()
	errFull := errors.New("full")
	const callers, limit = 6, 2
	room := func(list []store.Session) error {
		if len(list) >= limit {
			return errFull
		}
		return nil
	}
	for round := range 2 { // without, and with the record that counting leaves
		racing := store.Sessions{Engine: newLockstep(b.Engine, "counted", callers), Now: b.now}
		won := race(t, callers, func(err error) bool { return errors.Is(err, errFull) }, func(i int) error {
			_, err := racing.Begin(ctx, store.NewRaw(), b.session(fmt.Sprint("h", round, i)), "", room)
			return err
		})
		list, err := b.sessions().ListOf(ctx, "/alpha", demo)
		if won != limit || err != nil || len(list) != limit {
			t.Errorf("round %d: %d began, %d are there, %v; want %d", round, won, len(list), err, limit)
		}
		for _, sess := range list {
			must(t, "end", b.sessions().EndByID(ctx, sess.ID()))
		}
	}
	// In place of one's own there is room; those that have ended need none.
	s, raws := b.sessions(), []string{}
	for range limit {
		raw := store.NewRaw()
		_, err := s.Begin(ctx, raw, b.session(""), "", room)
		must(t, "begin", err)
		raws = append(raws, raw)
	}
	replaced, err := s.Begin(ctx, store.NewRaw(), b.session(""), store.IDOf(raws[0]), room)
	if err != nil || !replaced {
		t.Errorf("over one's own: %v, %v", replaced, err)
	}
	_, err = s.Begin(ctx, store.NewRaw(), b.session(""), "", room)
	wantErr(t, "one too many", err, errFull)
	b.pass(31 * time.Minute)
	_, err = s.Begin(ctx, store.NewRaw(), b.session(""), "", room)
	wantErr(t, "after the others have ended", err, nil)
}
