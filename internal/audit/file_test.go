package audit

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func newFile(t *testing.T, dir string) (*file, *strings.Builder) {
	log := &strings.Builder{}
	return &file{path: filepath.Join(dir, "x.audit.json"), interval: 100 * time.Millisecond, maxEvents: 1000, check: 5 * time.Second,
		retention: retention{-1, -1, -1}, now: time.Now, log: slog.New(slog.NewTextHandler(log, nil))}, log
}

func begin(t *testing.T, s sink) {
	t.Helper()
	if err := s.start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFileWritesSoonAndAtTheEnd(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f, _ := newFile(t, dir)
		begin(t, f)
		f.write([]byte(`{"n":1}`))
		if got := content(t, f.path); got != "" {
			t.Errorf("written at once: %q", got)
		}
		time.Sleep(150 * time.Millisecond)
		synctest.Wait()
		if got := content(t, f.path); got != "{\"n\":1}\n" {
			t.Errorf("after the interval: %q", got)
		}
		f.write([]byte(`{"n":2}`))
		f.stop()
		if got := content(t, f.path); got != "{\"n\":1}\n{\"n\":2}\n" {
			t.Errorf("after stop: %q", got)
		}
		f.stop() // a second time does nothing
	})
}

// However many write, and whatever rotates meanwhile, each event is there once.
func TestFileLosesNothing(t *testing.T) {
	dir := t.TempDir()
	f, log := newFile(t, dir)
	f.interval, f.maxEvents = time.Millisecond, 7
	f.rotation = rotation{enabled: true, maxSize: 500}
	f.rotation.suffix, _ = parseDatePattern("-yyyy")
	begin(t, f)
	const writers, each = 8, 200
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := range each {
				f.write(fmt.Appendf(nil, `{"w":%d,"n":%d}`, w, n))
			}
		})
	}
	wg.Wait()
	f.stop()
	seen := map[string]int{}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, path := range files {
		for line := range strings.Lines(content(t, path)) {
			seen[line]++
		}
	}
	if len(seen) != writers*each || len(files) < 3 {
		t.Errorf("%d events in %d files, want %d in several\n%s", len(seen), len(files), writers*each, log)
	}
	for line, n := range seen {
		if n != 1 || !strings.HasSuffix(line, "}\n") {
			t.Errorf("%d times %q", n, line)
		}
	}
}

func TestFileKeepsWhatTheDiskRefuses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	f, log := newFile(t, dir)
	f.interval = 0
	begin(t, f)
	// A folder in the file's place stops also who may write everywhere.
	if err := os.Rename(f.path, f.path+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(f.path, 0o755); err != nil {
		t.Fatal(err)
	}
	f.write([]byte(`{"n":1}`))
	f.write([]byte(`{"n":2}`))
	if n := strings.Count(log.String(), "cannot be written"); n != 1 {
		t.Errorf("the failure was logged %d times, want once", n)
	}
	if err := os.Remove(f.path); err != nil {
		t.Fatal(err)
	}
	f.write([]byte(`{"n":3}`))
	f.stop()
	if got := content(t, f.path); got != "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n" {
		t.Errorf("= %q", got)
	}
}

func TestFileRotatesByTime(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) { // begins at midnight UTC
		f, _ := newFile(t, dir)
		f.rotation = rotation{enabled: true, times: []time.Duration{6 * time.Hour}}
		f.rotation.suffix, _ = parseDatePattern("-yyyy.MM.dd-HH.mm")
		f.header = []byte("head\n")
		begin(t, f)
		f.write([]byte("one"))
		time.Sleep(5 * time.Hour)
		f.write([]byte("two"))
		time.Sleep(90 * time.Minute)
		f.write([]byte("three"))
		f.stop()
		if got := content(t, f.path); got != "head\nthree\n" {
			t.Errorf("current file: %q", got)
		}
		if got := content(t, f.path+"-2000.01.01-06.00"); got != "head\none\ntwo\n" {
			t.Errorf("rotated file: %q", got)
		}
	})
}

func TestRetention(t *testing.T) {
	tests := []struct {
		name  string
		r     retention
		sizes []int
		want  string
	}{
		{"no bound", retention{-1, -1, -1}, []int{1, 1, 1}, "012"},
		{"number", retention{2, -1, -1}, []int{1, 1, 1}, "12"},
		{"no history", retention{0, -1, -1}, []int{1, 1}, ""},
		{"space", retention{-1, 25, -1}, []int{10, 10, 10}, "12"},
		{"impossible free space", retention{-1, -1, 1 << 62}, []int{1, 1}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "a.csv")
			for _, name := range []string{path, filepath.Join(dir, "other.csv-1")} {
				if err := os.WriteFile(name, nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for i, size := range tt.sizes {
				name := fmt.Sprintf("%s-%d", path, i)
				if err := os.WriteFile(name, make([]byte, size), 0o600); err != nil {
					t.Fatal(err)
				}
				at := time.Unix(int64(1000+i), 0)
				if err := os.Chtimes(name, at, at); err != nil {
					t.Fatal(err)
				}
			}
			tt.r.enforce(path, "", slog.New(slog.DiscardHandler))
			left := ""
			for _, f := range rotated(path, "") {
				left += strings.TrimPrefix(filepath.Base(f.path), "a.csv-")
			}
			if _, err := os.Stat(path); err != nil || left != tt.want {
				t.Errorf("left %q, want %q (%v)", left, tt.want, err)
			}
		})
	}
}

func TestDatePattern(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 78e6, time.UTC)
	for pattern, want := range map[string]string{
		"-yyyy.MM.dd-HH.mm.ss": "-2026.02.03-04.05.06", "_yyyy-MM-dd": "_2026-02-03", "'at'HHmmssSSS''": "at040506078'", "-yy": "-26", "": "",
	} {
		p, err := parseDatePattern(pattern)
		if err != nil || p.format(at) != want {
			t.Errorf("%q = %q, %v; want %q", pattern, p.format(at), err, want)
		}
	}
	for _, bad := range []string{"Q", "'a", "yyyy/MM", "'a/b'", "\n"} {
		if _, err := parseDatePattern(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func FuzzDatePattern(f *testing.F) {
	for _, s := range []string{"-yyyy.MM.dd-HH.mm.ss", "''", "yyyyyyyyyyyy", "'a'b"} {
		f.Add(s)
	}
	at := time.Date(2026, 2, 3, 4, 5, 6, 78e6, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parseDatePattern(s)
		if err == nil && strings.ContainsAny(p.format(at), "/\\") {
			t.Errorf("%q names another folder", s)
		}
	})
}
