package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/am/store"
)

func testRevisions(t *testing.T, b *bench) {
	put := func(rev uint64, force bool) error {
		return b.Batch(t.Context(), store.Op{Record: store.Record{Key: key("a"), Rev: rev}, Force: force})
	}
	remove := func(rev uint64) error {
		return b.Batch(t.Context(), store.Op{Record: store.Record{Key: key("a"), Rev: rev}, Delete: true})
	}
	steps := []struct {
		name string
		do   func() error
		want error
		rev  uint64 // afterwards; 0: does not exist
	}{
		{"update what is not there", func() error { return put(3, false) }, store.ErrConflict, 0},
		{"delete a revision of what is not there", func() error { return remove(1) }, store.ErrConflict, 0},
		{"delete what is not there", func() error { return remove(0) }, nil, 0},
		{"create", func() error { return put(0, false) }, nil, 1},
		{"create again", func() error { return put(0, false) }, store.ErrConflict, 1},
		{"update", func() error { return put(1, false) }, nil, 2},
		{"update a stale revision", func() error { return put(1, false) }, store.ErrConflict, 2},
		{"update a future revision", func() error { return put(3, false) }, store.ErrConflict, 2},
		{"force", func() error { return put(0, true) }, nil, 3},
		{"delete a stale revision", func() error { return remove(2) }, store.ErrConflict, 3},
		{"delete", func() error { return remove(3) }, nil, 0},
		{"force what is not there", func() error { return put(0, true) }, nil, 1},
		{"delete any revision", func() error { return remove(0) }, nil, 0},
	}
	for _, s := range steps {
		wantErr(t, s.name, s.do(), s.want)
		rec, err := b.Get(t.Context(), key("a"))
		if s.rev == 0 {
			wantErr(t, s.name+", then get", err, store.ErrNotFound)
		} else if err != nil || rec.Rev != s.rev {
			t.Errorf("%s, then get: revision %d, error %v, want revision %d", s.name, rec.Rev, err, s.rev)
		}
	}
}

func testNotShared(t *testing.T, b *bench) {
	in := store.Record{Key: key("a"), Index: []store.IndexValue{{Name: "color", Value: "red"}}, Body: []byte("body")}
	b.mustPut(t, in)
	in.Body[0], in.Index[0].Value = 'X', "blue"
	for range 2 {
		got := b.mustGet(t, key("a"))
		if string(got.Body) != "body" || got.Index[0].Value != "red" {
			t.Errorf("get = %q, %v: the store shares memory with its callers", got.Body, got.Index)
		}
		got.Body[0], got.Index[0].Value = 'Y', "green"
	}
}

func testBatchAtomic(t *testing.T, b *bench) {
	b.mustPut(t, store.Record{Key: key("there")})
	err := b.Batch(t.Context(),
		store.Op{Record: store.Record{Key: key("new"), Index: []store.IndexValue{{Name: "color", Value: "red"}}}},
		store.Op{Record: store.Record{Key: key("there")}, Delete: true},
		store.Op{Record: store.Record{Key: key("stale"), Rev: 9}},
	)
	wantErr(t, "batch with a stale step", err, store.ErrConflict)
	if _, err := b.Get(t.Context(), key("new")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a record of a refused batch: %v, want ErrNotFound", err)
	}
	if found, _ := b.List(t.Context(), store.Query{Realm: "/alpha", Kind: "thing", Index: "color", Value: "red"}); len(found) > 0 {
		t.Error("an index entry of a refused batch is there")
	}
	b.mustGet(t, key("there"))
}

func testBatchNonsense(t *testing.T, b *bench) {
	twice := store.Op{Record: store.Record{Key: key("a")}}
	for name, ops := range map[string][]store.Op{
		"no steps":            nil,
		"a record twice":      {twice, twice},
		"a record without id": {{Record: store.Record{Key: store.Key{Kind: "thing"}}}},
		"a fresh update":      {{Record: store.Record{Key: key("a"), Rev: 1}, Fresh: true}},
		"a fresh deletion":    {{Record: store.Record{Key: key("a")}, Delete: true, Fresh: true}},
		"no kind":             {{Record: store.Record{Key: store.Key{ID: "a"}}}},
	} {
		if err := b.Batch(t.Context(), ops...); err == nil {
			t.Errorf("batch with %s: no error", name)
		}
	}
}

// Batches over several records neither lose updates nor wait for one another forever.
func testBatchContention(t *testing.T, b *bench) {
	const writers, rounds = 8, 20
	names := []string{"a", "b", "c", "d"}
	for _, n := range names {
		b.mustPut(t, store.Record{Key: key(n), Body: []byte{0}})
	}
	var done sync.WaitGroup
	for w := range writers {
		done.Go(func() {
			for r := range rounds {
				x, y := names[(w+r)%4], names[(w+r+1+w%3)%4]
				for {
					p, q := b.mustGet(t, key(x)), b.mustGet(t, key(y))
					p.Body[0]++
					q.Body[0]++
					err := b.Batch(t.Context(), store.Op{Record: q}, store.Op{Record: p})
					if err == nil {
						break
					}
					if !errors.Is(err, store.ErrConflict) {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	done.Wait()
	sum := 0
	for _, n := range names {
		sum += int(b.mustGet(t, key(n)).Body[0])
	}
	if want := 2 * writers * rounds % 256; sum%256 != want {
		t.Errorf("sum of counters = %d, want %d: updates were lost", sum%256, want)
	}
}

func testListPages(t *testing.T, b *bench) {
	var want []string
	for i := range 25 {
		want = append(want, fmt.Sprintf("id%02d", i))
	}
	for _, i := range []int{7, 3, 24, 0, 12, 1, 2, 4, 5, 6, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23} {
		b.mustPut(t, store.Record{Key: key(want[i])})
	}
	b.mustPut(t,
		store.Record{Key: store.Key{Realm: "/alpha", Kind: "thin", ID: "gid"}},
		store.Record{Key: store.Key{Realm: "/alpha", Kind: "thing2", ID: "x"}},
		store.Record{Key: store.Key{Realm: "/alph", Kind: "thing", ID: "x"}},
		store.Record{Key: store.Key{Realm: "/alpha/b", Kind: "thing", ID: "x"}},
		store.Record{Key: store.Key{Realm: "", Kind: "thing", ID: "x"}})
	for _, limit := range []int{1, 7, 25, 26, 0} {
		var got []string
		for q := (store.Query{Realm: "/alpha", Kind: "thing", Limit: limit}); ; {
			page, err := b.List(t.Context(), q)
			must(t, "list", err)
			for _, rec := range page {
				got = append(got, rec.ID)
			}
			if limit == 0 || len(page) < limit {
				break
			}
			q.After = page[len(page)-1].ID
		}
		if !slices.Equal(got, want) {
			t.Errorf("list in pages of %d = %v, want %v", limit, got, want)
		}
	}
}

func testListIndex(t *testing.T, b *bench) {
	thing := func(id string, index ...string) store.Record {
		rec := store.Record{Key: key(id), Body: []byte(id)}
		for i := 0; i < len(index); i += 2 {
			rec.Index = append(rec.Index, store.IndexValue{Name: index[i], Value: index[i+1]})
		}
		return rec
	}
	list := func(name, value, after string, limit int) string {
		t.Helper()
		recs, err := b.List(t.Context(), store.Query{Realm: "/alpha", Kind: "thing", Index: name, Value: value, After: after, Limit: limit})
		must(t, "list", err)
		for _, rec := range recs {
			if string(rec.Body) != rec.ID {
				t.Errorf("record %s has the body %q", rec.ID, rec.Body)
			}
		}
		return ids(recs)
	}
	want := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s = %q, want %q", what, got, want)
		}
	}
	b.mustPut(t,
		thing("c", "color", "red"), thing("a", "color", "red", "color", "green"), thing("b", "color", "red", "size", "red"),
		thing("d", "color", "redd"), thing("e", "colo", "rred"), thing("f"), thing("g", "color", ""))
	want("red", list("color", "red", "", 0), "a b c ")
	want("red after a", list("color", "red", "a", 0), "b c ")
	want("two reds", list("color", "red", "", 2), "a b ")
	want("green", list("color", "green", "", 0), "a ")
	want("size red", list("size", "red", "", 0), "b ")
	want("an empty value", list("color", "", "", 0), "g ")
	want("no such value", list("color", "black", "", 0), "")

	changed := thing("a", "color", "blue", "color", "green")
	changed.Rev = 1
	b.mustPut(t, changed)
	want("red after a change", list("color", "red", "", 0), "b c ")
	want("green after a change", list("color", "green", "", 0), "a ")
	want("blue after a change", list("color", "blue", "", 0), "a ")
	must(t, "delete", b.Batch(t.Context(), store.Op{Record: store.Record{Key: key("b")}, Delete: true}))
	want("red after a deletion", list("color", "red", "", 0), "c ")
	want("size after a deletion", list("size", "red", "", 0), "")
}

// IDs and values come from users: whatever bytes they have, records stay apart.
func testAnyText(t *testing.T, b *bench) {
	texts := []string{"\x00", "\x00\x00", "\x00\x01", "\x00\xff", "\x01", "a", "a\x00", "a\x00b", "a\x01", "ä", "\xff", "\xff\xff"}
	for _, x := range texts {
		for _, y := range texts {
			b.mustPut(t, store.Record{Key: store.Key{Realm: x, Kind: "thing", ID: y}, Body: []byte(x + "|" + y),
				Index: []store.IndexValue{{Name: "n" + x, Value: y}}})
		}
	}
	for _, x := range texts {
		recs, err := b.List(t.Context(), store.Query{Realm: x, Kind: "thing"})
		must(t, "list", err)
		var got []string
		for _, rec := range recs {
			got = append(got, rec.ID)
		}
		if !slices.Equal(got, texts) {
			t.Errorf("list of realm %q = %q, want %q", x, got, texts)
		}
		for _, y := range texts {
			recs, err := b.List(t.Context(), store.Query{Realm: x, Kind: "thing", Index: "n" + x, Value: y})
			if err != nil || len(recs) != 1 || !bytes.Equal(recs[0].Body, []byte(x+"|"+y)) {
				t.Errorf("list of realm %q by value %q: %d records, error %v, want the one", x, y, len(recs), err)
			}
		}
	}
}

func testExpiry(t *testing.T, b *bench) {
	end := b.now().Add(time.Minute + 1500*time.Nanosecond)
	index := []store.IndexValue{{Name: "color", Value: "red"}}
	b.mustPut(t, store.Record{Key: key("short"), Expires: end, Index: index}, store.Record{Key: key("long"), Index: index})
	if got := b.mustGet(t, key("short")).Expires; !got.Equal(end.Truncate(time.Microsecond)) {
		t.Errorf("expiry = %v, want %v", got, end.Truncate(time.Microsecond))
	}
	if got := b.mustGet(t, key("long")).Expires; !got.IsZero() {
		t.Errorf("expiry of what never expires = %v", got)
	}
	b.pass(time.Minute)
	b.mustGet(t, key("short"))
	b.pass(time.Microsecond)
	_, err := b.Get(t.Context(), key("short"))
	wantErr(t, "get of an expired record", err, store.ErrNotFound)
	for _, q := range []store.Query{{Realm: "/alpha", Kind: "thing"}, {Realm: "/alpha", Kind: "thing", Index: "color", Value: "red", Limit: 1}} {
		recs, err := b.List(t.Context(), q)
		if err != nil || ids(recs) != "long " {
			t.Errorf("list %v = %q, %v, want the record that has not expired", q, ids(recs), err)
		}
	}
	err = b.Batch(t.Context(), store.Op{Record: store.Record{Key: key("short"), Rev: 1}})
	wantErr(t, "update of an expired record", err, store.ErrConflict)
	b.mustPut(t, store.Record{Key: key("short")}) // a create: nothing stands in its way
	if got := b.mustGet(t, key("short")); got.Rev != 1 || !got.Expires.IsZero() {
		t.Errorf("created over an expired record: revision %d, expiry %v, want 1 and none", got.Rev, got.Expires)
	}
	if recs, _ := b.List(t.Context(), store.Query{Realm: "/alpha", Kind: "thing", Index: "color", Value: "red"}); ids(recs) != "long " {
		t.Errorf("list = %q: an entry of the expired record is still there", ids(recs))
	}
}

func testSweep(t *testing.T, b *bench) {
	for i := range 10 {
		b.mustPut(t, store.Record{Key: key(fmt.Sprint(i)), Expires: b.now().Add(time.Duration(1+i%2) * time.Minute)})
	}
	b.mustPut(t, store.Record{Key: key("never")}, store.Record{Key: key("moved"), Expires: b.now().Add(time.Minute)})
	b.mustPut(t, store.Record{Key: key("moved"), Rev: 1, Expires: b.now().Add(time.Hour)})
	sweep := func(limit, want int) {
		t.Helper()
		if n, err := b.Sweep(t.Context(), b.now(), limit); err != nil || n != want {
			t.Errorf("sweep = %d, %v, want %d", n, err, want)
		}
	}
	sweep(100, 0)
	b.pass(time.Minute)
	sweep(3, 3)
	sweep(100, 2)
	sweep(100, 0)
	recs, err := b.List(t.Context(), store.Query{Realm: "/alpha", Kind: "thing"})
	if want := "1 3 5 7 9 moved never "; err != nil || ids(recs) != want {
		t.Errorf("after the sweep = %q, %v, want %q", ids(recs), err, want)
	}
}

func testWatch(t *testing.T, b *bench) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // only an engine that fails waits so long
	defer cancel()
	things, err := b.Watch(ctx, "thing", "key")
	must(t, "watch", err)
	other := store.Key{Realm: "/alpha", Kind: "other", ID: "a"}
	b.mustPut(t, store.Record{Key: other})
	b.mustPut(t, store.Record{Key: key("a")})
	must(t, "delete", b.Batch(t.Context(), store.Op{Record: store.Record{Key: key("a")}, Delete: true}, store.Op{Record: store.Record{Key: key("b")}}))
	// Events may be merged, but each record's last one comes.
	want := map[store.Key]bool{key("a"): true, key("b"): false}
	last := map[store.Key]bool{}
	for e := range things {
		if e.Key == other {
			t.Fatalf("event of a kind that is not watched: %v", e)
		}
		last[e.Key] = e.Deleted
		if deleted, ok := last[key("b")]; ok && last[key("a")] == want[key("a")] && deleted == want[key("b")] {
			return
		}
	}
	t.Errorf("the last events are %v (true: deleted), want %v", last, want)
}

func testWatchEnds(t *testing.T, b *bench) {
	ctx, cancel := context.WithCancel(t.Context())
	first, err := b.Watch(ctx, "thing")
	must(t, "watch", err)
	second, err := b.Watch(t.Context())
	must(t, "watch", err)
	cancel()
	for range first { // until it closes
	}
	must(t, "close", b.Close())
	for range second {
	}
}

func testClosed(t *testing.T, b *bench) {
	must(t, "close", b.Close())
	must(t, "close again", b.Close())
	if _, err := b.Get(t.Context(), key("a")); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Errorf("get from a closed store: %v, want an error that says so", err)
	}
	if err := b.Batch(t.Context(), store.Op{Record: store.Record{Key: key("a")}}); err == nil {
		t.Error("batch on a closed store: no error")
	}
	if _, err := b.List(t.Context(), store.Query{Realm: "/alpha", Kind: "thing"}); err == nil {
		t.Error("list of a closed store: no error")
	}
	if _, err := b.Sweep(t.Context(), b.now(), 1); err == nil {
		t.Error("sweep of a closed store: no error")
	}
}

func testDurability(t *testing.T, b *bench) {
	if !b.Caps().Durable {
		t.Skip("the engine is not durable")
	}
	want := store.Record{Key: key("a"), Expires: b.now().Add(time.Hour), Index: []store.IndexValue{{Name: "color", Value: "red"}}, Body: []byte("body")}
	b.mustPut(t, want, store.Record{Key: key("gone")})
	must(t, "delete", b.Batch(t.Context(), store.Op{Record: store.Record{Key: key("gone")}, Delete: true}))
	must(t, "close", b.Close())
	again, err := b.reopen()
	must(t, "reopen", err)
	b.Engine = again
	got := b.mustGet(t, key("a"))
	if got.Rev != 1 || !got.Expires.Equal(want.Expires) || !slices.Equal(got.Index, want.Index) || string(got.Body) != "body" {
		t.Errorf("after reopening: %+v, want %+v", got, want)
	}
	_, err = b.Get(t.Context(), key("gone"))
	wantErr(t, "a deleted record after reopening", err, store.ErrNotFound)
	if recs, _ := b.List(t.Context(), store.Query{Realm: "/alpha", Kind: "thing", Index: "color", Value: "red"}); ids(recs) != "a " {
		t.Errorf("index after reopening = %q", ids(recs))
	}
	b.pass(2 * time.Hour)
	if n, err := b.Sweep(t.Context(), b.now(), 10); n != 1 || err != nil {
		t.Errorf("sweep after reopening = %d, %v, want 1", n, err)
	}
}

func testContext(t *testing.T, b *bench) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.Get(ctx, key("a"))
	wantErr(t, "get", err, context.Canceled)
	wantErr(t, "batch", b.Batch(ctx, store.Op{Record: store.Record{Key: key("a")}}), context.Canceled)
	_, err = b.List(ctx, store.Query{Realm: "/alpha", Kind: "thing"})
	wantErr(t, "list", err, context.Canceled)
	_, err = b.Get(t.Context(), key("a"))
	wantErr(t, "get of what a canceled call wrote", err, store.ErrNotFound)
}
