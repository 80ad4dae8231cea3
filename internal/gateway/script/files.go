package script

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"gatehouse/internal/gateway/heap"
)

// file is a script that stands in a file, compiled again when it or a class that it
// uses has changed.
type file struct {
	path, shown string
	checked     atomic.Int64 // when, in nanoseconds
}

// stamp tells versions of a file apart.
type stamp struct {
	path string
	time time.Time
	size int64
}

// checkEvery is how often files are looked at.
const checkEvery = time.Second

// maxFile bounds a script file.
const maxFile = 4 << 20

// ofFile compiles a script file; errors are told at "file".
func (s *Script) ofFile(env *heap.Env, name string) (*Script, error) {
	path, err := scriptPath(env.Dirs.Scripts, name)
	if err != nil {
		env.Fail("file", "%s", err)
		return nil, nil
	}
	s.file = &file{path: path, shown: shownPath(env.Dirs.Scripts, path)}
	s.file.checked.Store(s.now().UnixNano())
	u := s.build()
	if u.err != nil {
		for _, e := range problems(u.err) {
			if e.Line == 0 {
				env.Fail("file", "%s", e.Msg)
				continue
			}
			env.Fail("file", "%s", e)
		}
		return nil, nil
	}
	for _, w := range u.script.Warnings() {
		env.Warn("file", "%s", w)
	}
	return s, nil
}

// scriptPath resolves the field file: absolute, or below the folder of scripts.
func scriptPath(dir, name string) (string, error) {
	switch {
	case strings.Contains(name, "://"), strings.HasPrefix(name, "file:"):
		return "", fmt.Errorf("expected a path, found the URL %q", name)
	case filepath.IsAbs(name):
		return filepath.Clean(name), nil
	case !filepath.IsLocal(filepath.FromSlash(name)):
		return "", fmt.Errorf("the path %q leads out of the folder of scripts", name)
	}
	return filepath.Join(dir, filepath.FromSlash(name)), nil
}

// shownPath is how messages name a file: below the folder of scripts where it is there.
func shownPath(dir, path string) string {
	if rel, err := filepath.Rel(dir, path); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return path
}

// build reads and compiles the file and makes the outcome, good or bad, the current one.
func (s *Script) build() *unit {
	text, st, err := readScript(s.file.path)
	u := &unit{err: err}
	if err == nil {
		u, _ = s.engine.compile(s.file.shown, text, s.now())
		u.pick(s)
	}
	u.files = append(u.files, st)
	s.unit.Store(u)
	return u
}

// fresh compiles the file again when something has changed. A file that got broken
// fails the runs until it is mended.
func (s *Script) fresh() (*unit, error) {
	u := s.unit.Load()
	now, last := s.now().UnixNano(), s.file.checked.Load()
	if (now-last >= int64(checkEvery) || now < last) && s.file.checked.CompareAndSwap(last, now) && u.stale() {
		s.compile.Lock()
		u = s.build()
		s.compile.Unlock()
		if u.err == nil {
			s.log.Info("script loaded again", "file", s.file.shown)
		}
	}
	return u, u.err
}

func (u *unit) stale() bool {
	for _, f := range u.files {
		if stampOf(f.path) != f {
			return true
		}
	}
	return false
}

// stampOf describes a file; one that is not there has neither time nor size.
func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{path: path}
	}
	return stamp{path, info.ModTime(), info.Size()}
}

func readScript(path string) (string, stamp, error) {
	st := stampOf(path)
	if st.size > maxFile {
		return "", st, fmt.Errorf("the script %s is larger than %d bytes", path, maxFile)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		if pe, ok := err.(*fs.PathError); ok {
			err = fmt.Errorf("the script cannot be read: %s: %w", pe.Path, pe.Err)
		}
		return "", st, err
	}
	return strings.TrimPrefix(string(b), "\ufeff"), st, nil
}

// load finds the source of a class below the folder of scripts. It is called while the
// engine compiles.
func (e *Engine) load(class string) (name, text string, ok bool) {
	rel := filepath.FromSlash(strings.ReplaceAll(class, ".", "/") + ".groovy")
	if e.dir == "" || !filepath.IsLocal(rel) {
		return "", "", false
	}
	path := filepath.Join(e.dir, rel)
	text, st, err := readScript(path)
	if err != nil {
		return "", "", false
	}
	e.loaded = append(e.loaded, st)
	return filepath.ToSlash(rel), text, true
}
