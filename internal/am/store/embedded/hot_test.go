package embedded

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"sync"
	"testing"

	"gatehouse/internal/am/store"
)

// What is found in memory is what was put there last, and nothing that was forgotten.
func TestHot(t *testing.T) {
	h := hot{seed: maphash.MakeSeed()}
	r := rand.New(rand.NewPCG(1, 2))
	stored := map[string][]byte{}
	found, most := 0, 20_000
	for range 400_000 {
		name := fmt.Sprint(r.IntN(most))
		key := []byte(name)
		k := h.of(key)
		value, writes := k.get(key)
		if value != nil {
			found++
			if !bytes.Equal(value, stored[name]) {
				t.Fatalf("%s has %q, want %q", name, value, stored[name])
			}
		}
		switch r.IntN(4) {
		case 0:
			k.forget()
			delete(stored, name)
		case 1: // a write between the look into the files and the note of what was there
			k.forget()
			k.put(key, []byte("of old"), writes)
			delete(stored, name)
		default:
			stored[name] = bytes.Repeat([]byte{byte(r.IntN(256))}, r.IntN(3000))
			k.forget()
			_, writes = k.get(key)
			k.put(key, stored[name], writes)
		}
	}
	if found < 100_000 {
		t.Errorf("only %d of 400000 were found", found)
	}
	for i := range h.shards {
		if s := &h.shards[i]; len(s.ring) != hotBytes/hotShards || len(s.places) == 0 || len(s.places) > most {
			t.Errorf("shard %d has %d bytes and %d places", i, len(s.ring), len(s.places))
		}
	}
}

func TestHotRefusesLongOnes(t *testing.T) {
	h := hot{seed: maphash.MakeSeed()}
	key := []byte("long")
	k := h.of(key)
	_, writes := k.get(key)
	k.put(key, make([]byte, hotMost+1), writes)
	if value, _ := k.get(key); value != nil {
		t.Errorf("%d bytes are kept", len(value))
	}
}

// A record that was written is never read as it was before, however many read it at the same time.
func TestReadsAfterWrites(t *testing.T) {
	e, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	k := store.Key{Kind: "thing", ID: "one"}
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			last := uint64(0)
			for {
				select {
				case <-done:
					return
				default:
				}
				rec, err := e.Get(t.Context(), k)
				if err == nil && rec.Rev < last {
					t.Errorf("revision %d is read after %d", rec.Rev, last)
					return
				}
				last = max(last, rec.Rev)
			}
		})
	}
	for rev := range uint64(300) {
		if err := e.Batch(t.Context(), store.Op{Record: store.Record{Key: k, Rev: rev, Body: []byte(fmt.Sprint(rev))}}); err != nil {
			t.Fatal(err)
		}
		rec, err := e.Get(t.Context(), k)
		if err != nil || rec.Rev != rev+1 || string(rec.Body) != fmt.Sprint(rev) {
			t.Fatalf("after write %d: revision %d, %q, %v", rev, rec.Rev, rec.Body, err)
		}
	}
	if err := e.Batch(t.Context(), store.Op{Record: store.Record{Key: k}, Delete: true}); err != nil {
		t.Fatal(err)
	}
	close(done)
	wg.Wait()
	if _, err := e.Get(t.Context(), k); err == nil {
		t.Error("a deleted record is read")
	}
}
