// Package storetest is the suite that every engine passes: what an engine promises,
// and what the typed stores promise on it.
package storetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/am/store"
)

// Opener opens a new, empty engine that reads the time from now. The suite closes it.
// reopen opens the same records again after the engine was closed; nil when the
// engine is not durable.
type Opener func(t *testing.T, now func() time.Time) (e store.Engine, reopen func() (store.Engine, error))

// Run runs the suite, each test on an engine of its own.
func Run(t *testing.T, open Opener) {
	tests := []struct {
		name string
		run  func(*testing.T, *bench)
	}{
		{"revisions", testRevisions},
		{"records are not shared", testNotShared},
		{"batch is atomic", testBatchAtomic},
		{"batch refuses nonsense", testBatchNonsense},
		{"batch under contention", testBatchContention},
		{"list pages in order", testListPages},
		{"list by index", testListIndex},
		{"any text in keys", testAnyText},
		{"expiry", testExpiry},
		{"sweep", testSweep},
		{"watch", testWatch},
		{"watch ends", testWatchEnds},
		{"closed", testClosed},
		{"durability", testDurability},
		{"context", testContext},

		{"docs", testDocs},
		{"docs put races", testDocsRace},
		{"code", testCode},
		{"code is redeemed once", testRedeemOnce},
		{"token", testToken},
		{"token indexes", testTokenIndexes},
		{"tokens stand together", testTokensTogether},
		{"rotation", testRotation},
		{"rotation happens once", testRotateOnce},
		{"rotation in the grace period", testRotateGrace},
		{"rotation against revocation", testRotateRevoked},
		{"revocation against rotation", testRevokeRotated},
		{"issue against revocation", testIssueRevoked},
		{"revocation", testRevocation},
		{"deny-list", testDenyList},
		{"session", testSession},
		{"session changes", testSessionChanges},
		{"session in place of another", testSessionReplaced},
		{"sessions counted", testSessionsCounted},
		{"follow-ups", testFollowups},
		{"replay", testReplay},
		{"replay race", testReplayRace},
		{"ticket", testTicket},
		{"ticket is taken once", testTakeOnce},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, newBench(t, open)) })
	}
}

// bench is an engine with a clock that stands still.
type bench struct {
	store.Engine
	reopen func() (store.Engine, error)
	micros atomic.Int64
}

func newBench(t *testing.T, open Opener) *bench {
	b := &bench{}
	b.micros.Store(time.Date(2031, 5, 17, 9, 0, 0, 0, time.UTC).UnixMicro())
	b.Engine, b.reopen = open(t, b.now)
	t.Cleanup(func() {
		if err := b.Engine.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return b
}

func (b *bench) now() time.Time { return time.UnixMicro(b.micros.Load()).UTC() }

func (b *bench) pass(d time.Duration) { b.micros.Add(d.Microseconds()) }

// mustPut stores a record as a create does, and mustGet reads one.
func (b *bench) mustPut(t *testing.T, recs ...store.Record) {
	t.Helper()
	for _, rec := range recs {
		if err := b.Batch(t.Context(), store.Op{Record: rec}); err != nil {
			t.Fatalf("put %v: %v", rec.Key, err)
		}
	}
}

func (b *bench) mustGet(t *testing.T, k store.Key) store.Record {
	t.Helper()
	rec, err := b.Get(t.Context(), k)
	if err != nil {
		t.Fatalf("get %v: %v", k, err)
	}
	return rec
}

func key(id string) store.Key { return store.Key{Realm: "/alpha", Kind: "thing", ID: id} }

// wantErr checks for a sentinel; nil wants success.
func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if (want == nil && got != nil) || !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want %v", what, got, want)
	}
}

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func ids(recs []store.Record) string {
	s := ""
	for _, rec := range recs {
		s += fmt.Sprintf("%s ", rec.ID)
	}
	return s
}
