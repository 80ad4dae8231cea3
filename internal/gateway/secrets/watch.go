package secrets

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// lookEvery bounds how often a watched file is looked at: a change shows after this
// time at the latest, and requests do not turn into file system calls.
const lookEvery = time.Second

// maxSecretFile bounds a file with one secret.
const maxSecretFile = 1 << 20

// stamp tells two versions of a file or folder apart.
type stamp struct {
	mod  time.Time
	size int64
}

func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stamp{info.ModTime(), info.Size()}
}

// watch notices that files have changed, when asked.
type watch struct {
	now func() time.Time

	mu     sync.Mutex
	looked time.Time
	seen   map[string]stamp
}

func newWatch(now func() time.Time) *watch {
	return &watch{now: now, seen: map[string]stamp{}}
}

// follow notes the present state of a file, so that changed tells later ones from it.
func (w *watch) follow(path string) {
	s := stampOf(path)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[path] = s
}

// changed says whether a followed file differs from what was noted, and forgets all
// files then. It looks at most once in lookEvery. A nil watch sees no change.
func (w *watch) changed() bool {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	if d := now.Sub(w.looked); d >= 0 && d < lookEvery {
		return false
	}
	w.looked = now
	for path, s := range w.seen {
		if stampOf(path) != s {
			clear(w.seen)
			return true
		}
	}
	return false
}

// readFile reads a file of at most limit bytes.
func readFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	return b, err
}

// autoRefresh is the block that switches the watching of files on and off.
type autoRefresh struct {
	Enabled  bool `conf:"enabled,default=true"`
	Executor any  `conf:"executor,unused=files are looked at when a secret is asked for"`
}

func (a *autoRefresh) watch(now func() time.Time) *watch {
	if a != nil && !a.Enabled {
		return nil
	}
	return newWatch(now)
}
