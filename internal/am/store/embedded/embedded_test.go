package embedded_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am/store"
	"gatehouse/internal/am/store/embedded"
	"gatehouse/internal/am/store/storetest"
)

func TestEngine(t *testing.T) {
	storetest.Run(t, func(t *testing.T, now func() time.Time) (store.Engine, func() (store.Engine, error)) {
		dir := t.TempDir()
		open := func() (store.Engine, error) { return embedded.Open(dir, embedded.Options{Now: now}) }
		e, err := open()
		if err != nil {
			t.Fatal(err)
		}
		return e, open
	})
}

func open(t *testing.T, dir string) *embedded.Engine {
	t.Helper()
	e, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func wantText(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error = %v, want one that says %q", err, want)
	}
}

func TestOpenTwice(t *testing.T) {
	dir := t.TempDir()
	e := open(t, dir)
	_, err := embedded.Open(dir, embedded.Options{})
	wantText(t, err, "open in this process already")
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
}

// TestOpenElsewhere starts this test again as another process.
func TestOpenElsewhere(t *testing.T) {
	const variable = "STORE_OF_ANOTHER_PROCESS"
	if dir := os.Getenv(variable); dir != "" {
		_, err := embedded.Open(dir, embedded.Options{})
		wantText(t, err, "another process uses it")
		return
	}
	dir := t.TempDir()
	open(t, dir)
	other := exec.Command(os.Args[0], "-test.run=^TestOpenElsewhere$")
	other.Env = append(os.Environ(), variable+"="+dir)
	if out, err := other.CombinedOutput(); err != nil {
		t.Errorf("the other process: %v\n%s", err, out)
	}
}

func TestOpenDamaged(t *testing.T) {
	for _, tt := range []struct {
		name, files string
		damage      func(path string) error
	}{
		{"manifest is garbage", "MANIFEST-*", func(p string) error { return os.WriteFile(p, []byte("garbage garbage garbage garbage"), 0o600) }},
		{"manifest is gone", "MANIFEST-*", os.Remove},
		{"table is cut", "*.sst", func(p string) error { return os.Truncate(p, 10) }},
		{"table is gone", "*.sst", os.Remove},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			key := store.Key{Kind: "thing", ID: "a"}
			for range 2 { // the second opening writes the first one's log into a table
				e := open(t, dir)
				op := store.Op{Record: store.Record{Key: key, Body: []byte("body")}, Force: true}
				if err := e.Batch(t.Context(), op); err != nil {
					t.Fatal(err)
				}
				if err := e.Close(); err != nil {
					t.Fatal(err)
				}
			}
			paths, err := filepath.Glob(filepath.Join(dir, tt.files))
			if err != nil || len(paths) == 0 {
				t.Fatalf("no %s to damage: %v", tt.files, err)
			}
			for _, p := range paths {
				if err := tt.damage(p); err != nil {
					t.Fatal(err)
				}
			}
			e, err := embedded.Open(dir, embedded.Options{})
			if err == nil {
				_, err = e.Get(t.Context(), key)
				e.Close()
			}
			wantText(t, err, "damaged")
		})
	}
}

// What was acknowledged is there after the process ends without closing anything: the
// files as they are at that moment are opened from a copy.
func TestCrash(t *testing.T) {
	dir, copied := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	e := open(t, dir)
	for _, id := range []string{"a", "b", "c"} {
		if err := e.Batch(t.Context(), store.Op{Record: store.Record{Key: store.Key{Kind: "thing", ID: id}}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	again := open(t, copied)
	if recs, err := again.List(t.Context(), store.Query{Kind: "thing"}); err != nil || len(recs) != 3 {
		t.Errorf("after a crash: %d records, %v, want 3", len(recs), err)
	}
}

func TestOpenNewerFormat(t *testing.T) {
	dir := t.TempDir()
	e := open(t, dir)
	if err := embedded.SetFormat(e, 99); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := embedded.Open(dir, embedded.Options{})
	wantText(t, err, "newer version")
}
