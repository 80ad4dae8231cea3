package storetest

import (
	"testing"
	"time"

	"gatehouse/internal/am/store"
)

func testFollowups(t *testing.T, b *bench) {
	s, ctx := store.Followups{Engine: b}, t.Context()
	until := b.now().Add(time.Hour)
	for _, f := range []store.Followup{
		{SessionID: "s1", Realm: "/", ClientID: "web"}, {SessionID: "s1", Realm: "/", ClientID: "web", GrantID: "g"},
		{SessionID: "s2", Realm: "/alpha", ClientID: "web"}, {SessionID: "s1", Realm: "/", ClientID: "web", Tried: 9},
	} {
		must(t, "note", s.Note(ctx, f, until))
	}
	of := func(id string, want int) []store.Followup {
		t.Helper()
		var list []store.Followup
		err := s.Each(ctx, id, func(f store.Followup) error {
			list = append(list, f)
			return nil
		})
		if err != nil || len(list) != want {
			t.Fatalf("follow-ups of %q = %+v, %v, want %d", id, list, err, want)
		}
		return list
	}
	of("", 3)
	of("s3", 0)
	first := of("s1", 2)[0]
	if first.Tried != 0 {
		t.Error("a second note changed the first")
	}
	stale := first
	first.Tried = 1
	first, err := s.Update(ctx, first)
	must(t, "update", err)
	_, err = s.Update(ctx, stale)
	wantErr(t, "update of a stale one", err, store.ErrUsed)
	first.Tried = 2
	first, err = s.Update(ctx, first)
	must(t, "update again", err)
	must(t, "done", s.Done(ctx, first))
	_, err = s.Update(ctx, first)
	wantErr(t, "update of what is done", err, store.ErrUsed)
	of("s1", 1)
	b.pass(2 * time.Hour)
	of("", 0)
}
