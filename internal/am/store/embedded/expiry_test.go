package embedded_test

import (
	"io/fs"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/am/store"
	"gatehouse/internal/am/store/embedded"
)

// Tokens come and end: ten times as many as live at once. The folder does not grow with those that were.
func TestExpiryBoundsTheDisk(t *testing.T) {
	const (
		minutes, perMinute = 10, 10_000
		batch              = 100
	)
	dir := t.TempDir()
	var micros atomic.Int64
	micros.Store(time.Date(2031, 5, 17, 9, 0, 0, 0, time.UTC).UnixMicro())
	now := func() time.Time { return time.UnixMicro(micros.Load()).UTC() }
	e, err := embedded.Open(dir, embedded.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	toks := store.Tokens{Engine: e, Now: now}
	var first []string // a token of each batch
	var most [2]int64  // bytes, in each half of the time
	removed := 0
	for minute := range minutes {
		for range perMinute / batch {
			list := make([]store.NewToken, batch)
			for i := range list {
				list[i] = token()
				list[i].IssuedAt, list[i].Expires = now(), now().Add(time.Minute)
			}
			if err := toks.Issue(t.Context(), list...); err != nil {
				t.Fatal(err)
			}
			first = append(first, list[0].Raw)
			micros.Add(time.Minute.Microseconds() / (perMinute / batch))
			n, err := e.Sweep(t.Context(), now(), batch)
			if err != nil || n > batch {
				t.Fatalf("sweep: %d records, %v", n, err)
			}
			removed += n
		}
		half := minute * 2 / minutes
		most[half] = max(most[half], size(t, dir))
	}
	t.Logf("at most %d KiB in the first half, %d KiB in the second", most[0]>>10, most[1]>>10)
	if float64(most[1]) > 1.5*float64(most[0]) {
		t.Errorf("the folder grew from %d to %d bytes with no more tokens alive", most[0], most[1])
	}
	if want := (minutes - 1) * perMinute; removed < want {
		t.Errorf("%d tokens were removed, want at least the %d that ended", removed, want)
	}
	for i, raw := range first {
		_, err := toks.Find(t.Context(), "/alpha", raw)
		if live := i >= len(first)-perMinute/batch+1; live != (err == nil) {
			t.Fatalf("token %d of %d: %v, want it found: %v", i, len(first), err, live)
		}
	}
}

// While a sweep removes many records, others are written and read in between: it holds
// one record at a time.
func TestExpirySweepLetsOthersThrough(t *testing.T) {
	const records = 20_000
	e := open(t, t.TempDir())
	past := time.Now().Add(time.Hour)
	var ops []store.Op
	for range records {
		ops = append(ops, store.Op{Fresh: true, Record: store.Record{Key: store.Key{Kind: "thing", ID: store.NewRaw()}, Expires: past}})
	}
	for i := 0; i < records; i += 1000 {
		if err := e.Batch(t.Context(), ops[i:i+1000]...); err != nil {
			t.Fatal(err)
		}
	}
	stop := make(chan struct{})
	var others sync.WaitGroup
	var between atomic.Int64
	began := make(chan struct{})
	for range 4 {
		others.Go(func() {
			for first := true; ; first = false {
				select {
				case <-stop:
					return
				default:
				}
				k := store.Key{Kind: "other", ID: store.NewRaw()}
				if err := e.Batch(t.Context(), store.Op{Record: store.Record{Key: k}}); err != nil {
					t.Error(err)
					return
				}
				if _, err := e.Get(t.Context(), k); err != nil {
					t.Error(err)
					return
				}
				between.Add(1)
				if first {
					began <- struct{}{}
				}
			}
		})
	}
	for range 4 {
		<-began
	}
	before := between.Load()
	n, err := e.Sweep(t.Context(), past.Add(time.Second), records) // the whole in one call, as no server asks for it
	during := between.Load() - before
	close(stop)
	others.Wait()
	if err != nil || n != records {
		t.Errorf("sweep: %d records, %v, want all %d", n, err, records)
	}
	t.Logf("%d writes and reads while one sweep removed %d records", during, records)
	if during <= 8 { // those that were under way
		t.Errorf("%d writes while %d records were removed: they wait for the sweep", during, records)
	}
}

func size(t *testing.T, dir string) (n int64) {
	t.Helper()
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil { // else it went meanwhile
				n += info.Size()
			}
		}
		return nil
	})
	return n
}
