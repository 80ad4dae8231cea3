package storetest

import (
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am/store"
)

func testReplay(t *testing.T, b *bench) {
	r, ctx := store.Replays{Engine: b}, t.Context()
	end := b.now().Add(time.Minute)
	once := func(what, realm, kind, id string, want error) {
		t.Helper()
		wantErr(t, what, r.Once(ctx, realm, kind, id, end), want)
	}
	once("first", "/alpha", "assertion", "jti", nil)
	once("second", "/alpha", "assertion", "jti", store.ErrUsed)
	once("another id", "/alpha", "assertion", "jti2", nil)
	once("another kind", "/alpha", "dpop", "jti", nil)
	once("another realm", "/beta", "assertion", "jti", nil)
	long := strings.Repeat("x", 100_000)
	once("a long id", "/alpha", "assertion", long, nil)
	once("a long id again", "/alpha", "assertion", long, store.ErrUsed)
	once("an empty id", "/alpha", "assertion", "", nil)
	b.pass(time.Minute)
	end = b.now().Add(time.Minute)
	once("after its end", "/alpha", "assertion", "jti", nil)
	if err := r.Once(ctx, "/alpha", "assertion", "forever", time.Time{}); err == nil {
		t.Error("an id remembered forever: no error")
	}
}

func testReplayRace(t *testing.T, b *bench) {
	const callers = 16
	r := store.Replays{Engine: b}
	wins := race(t, callers, isUsed, func(int) error {
		return r.Once(t.Context(), "/alpha", "assertion", "jti", b.now().Add(time.Minute))
	})
	if wins != 1 {
		t.Errorf("%d of %d callers were first, want 1", wins, callers)
	}
}
