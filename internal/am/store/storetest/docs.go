package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"gatehouse/internal/am/store"
)

func testDocs(t *testing.T, b *bench) {
	docs := store.Docs{Engine: b}
	ctx := t.Context()
	_, err := docs.Get(ctx, "/alpha", store.KindAgent, "web")
	wantErr(t, "get before", err, store.ErrNotFound)
	wantErr(t, "delete before", docs.Delete(ctx, "/alpha", store.KindAgent, "web", 0), store.ErrNotFound)

	d, err := docs.Create(ctx, "/alpha", store.KindAgent, store.Doc{ID: "web", Rev: 7, Body: json.RawMessage(`{"n":1}`)})
	if err != nil || d.Rev != 1 {
		t.Fatalf("create = revision %d, %v, want 1", d.Rev, err)
	}
	_, err = docs.Create(ctx, "/alpha", store.KindAgent, store.Doc{ID: "web"})
	wantErr(t, "create again", err, store.ErrConflict)

	d, err = docs.Put(ctx, "/alpha", store.KindAgent, store.Doc{ID: "web", Rev: 1, Body: json.RawMessage(`{"n":2}`)})
	if err != nil || d.Rev != 2 {
		t.Errorf("put over revision 1 = revision %d, %v, want 2", d.Rev, err)
	}
	_, err = docs.Put(ctx, "/alpha", store.KindAgent, store.Doc{ID: "web", Rev: 1})
	wantErr(t, "put over a stale revision", err, store.ErrConflict)
	d, err = docs.Put(ctx, "/alpha", store.KindAgent, store.Doc{ID: "web", Body: json.RawMessage(`{"n":3}`)})
	if err != nil || d.Rev != 3 {
		t.Errorf("put over anything = revision %d, %v, want 3", d.Rev, err)
	}
	if got, err := docs.Get(ctx, "/alpha", store.KindAgent, "web"); err != nil || string(got.Body) != `{"n":3}` || got.Rev != 3 {
		t.Errorf("get = %s, revision %d, %v", got.Body, got.Rev, err)
	}
	if d, err = docs.Put(ctx, "/alpha", store.KindAgent, store.Doc{ID: "app"}); err != nil || d.Rev != 1 {
		t.Errorf("put of what is new = revision %d, %v, want 1", d.Rev, err)
	}
	if list, err := docs.List(ctx, "/alpha", store.KindAgent); err != nil || len(list) != 2 || list[0].ID != "app" {
		t.Errorf("list = %v, %v, want app and web", list, err)
	}
	wantErr(t, "delete a stale revision", docs.Delete(ctx, "/alpha", store.KindAgent, "web", 2), store.ErrConflict)
	wantErr(t, "delete", docs.Delete(ctx, "/alpha", store.KindAgent, "web", 3), nil)
	_, err = docs.Get(ctx, "/alpha", store.KindAgent, "web")
	wantErr(t, "get after", err, store.ErrNotFound)

	for i := range store.DefaultPage + 5 {
		b.mustPut(t, store.Record{Key: store.Key{Realm: "/many", Kind: store.KindUser, ID: fmt.Sprintf("u%05d", i)}})
	}
	if list, err := docs.List(ctx, "/many", store.KindUser); err != nil || len(list) != store.DefaultPage+5 {
		t.Errorf("list of more than a page = %d, %v", len(list), err)
	}
}

// Unconditional writes all succeed; of conditional ones on the same revision, one.
func testDocsRace(t *testing.T, b *bench) {
	const callers = 8
	docs := store.Docs{Engine: newLockstep(b, store.KindAgent, callers)}
	none := func(error) bool { return false }
	wins := race(t, callers, none, func(int) error {
		_, err := docs.Put(t.Context(), "/alpha", store.KindAgent, store.Doc{ID: "web"})
		return err
	})
	d, err := docs.Get(t.Context(), "/alpha", store.KindAgent, "web")
	if err != nil || wins != callers || d.Rev != callers {
		t.Errorf("%d of %d wrote, revision %d, %v", wins, callers, d.Rev, err)
	}
	lost := func(err error) bool { return errors.Is(err, store.ErrConflict) }
	wins = race(t, callers, lost, func(int) error {
		_, err := docs.Put(t.Context(), "/alpha", store.KindAgent, store.Doc{ID: "web", Rev: d.Rev})
		return err
	})
	if wins != 1 {
		t.Errorf("%d of %d wrote over one revision, want 1", wins, callers)
	}
}
