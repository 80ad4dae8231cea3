package storetest

import (
	"testing"
	"time"

	"gatehouse/internal/am/store"
)

type parcel struct{ State string }

func testTicket(t *testing.T, b *bench) {
	s, ctx := store.Tickets[parcel]{Engine: b, Kind: "device"}, t.Context()
	end := b.now().Add(time.Minute)
	must(t, "save", s.Save(ctx, "/alpha", "raw", parcel{"pending"}, end, "ABCD"))
	wantErr(t, "save again", s.Save(ctx, "/alpha", "raw", parcel{}, end), store.ErrConflict)
	first, err := s.FindByAlias(ctx, "/alpha", "ABCD")
	if err != nil || first.Value.State != "pending" || !first.Expires.Equal(end) {
		t.Fatalf("find by alias = %+v, %v", first, err)
	}
	_, err = s.Find(ctx, "/alpha", "ABCD")
	wantErr(t, "find by the alias as if it were the ticket", err, store.ErrNotFound)
	_, err = s.Find(ctx, "/beta", "raw")
	wantErr(t, "find in another realm", err, store.ErrNotFound)
	stale := first
	first.Value.State = "allowed"
	must(t, "update", s.Update(ctx, first))
	wantErr(t, "update of a stale one", s.Update(ctx, stale), store.ErrConflict)
	wantErr(t, "take of a stale one", s.Take(ctx, stale), store.ErrUsed)
	second, err := s.FindByAlias(ctx, "/alpha", "ABCD")
	if err != nil || second.Value.State != "allowed" {
		t.Errorf("find after an update = %+v, %v", second, err)
	}
	must(t, "save another", s.Save(ctx, "/alpha", "raw2", parcel{"other"}, end, "ABCD"))
	must(t, "save one with another alias", s.Save(ctx, "/alpha", "raw3", parcel{}, end, "EFGH"))
	list, err := s.ListByAlias(ctx, "/alpha", "ABCD")
	if err != nil || len(list) != 2 || list[0].ID() == list[1].ID() {
		t.Errorf("list by alias = %+v, %v", list, err)
	}
	if list, err := s.ListByAlias(ctx, "/beta", "ABCD"); err != nil || len(list) != 0 {
		t.Errorf("list by alias in another realm = %+v, %v", list, err)
	}
	if byID, err := s.FindByID(ctx, "/alpha", second.ID()); err != nil || byID.Value.State != "allowed" {
		t.Errorf("find by ID = %+v, %v", byID, err)
	}
	_, err = s.Find(ctx, "/alpha", second.ID())
	wantErr(t, "find with the ID as if it were the ticket", err, store.ErrNotFound)
	b.pass(time.Minute)
	_, err = s.Find(ctx, "/alpha", "raw")
	wantErr(t, "find after its end", err, store.ErrNotFound)
}

func testTakeOnce(t *testing.T, b *bench) {
	const callers = 16
	s := store.Tickets[parcel]{Engine: newLockstep(b, "device", callers), Kind: "device"}
	must(t, "save", s.Save(t.Context(), "/alpha", "raw", parcel{}, b.now().Add(time.Minute)))
	wins := race(t, callers, isUsed, func(int) error {
		ticket, err := s.Find(t.Context(), "/alpha", "raw")
		if err != nil {
			return err
		}
		return s.Take(t.Context(), ticket)
	})
	if wins != 1 {
		t.Errorf("%d of %d callers took the ticket, want 1", wins, callers)
	}
}
