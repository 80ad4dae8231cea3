// Package embedded keeps records in a folder on disk, for servers of one process. It
// stands on Pebble, whose log is synced before a write is acknowledged; concurrent
// writes share a sync.
package embedded

import (
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"gatehouse/internal/am/store"
)

// Memory that an engine takes: blocks of files that were read, and writes that are not
// in files yet. They suit a small server, and a large one has the page cache too.
const (
	defaultCacheBytes = 8 << 20
	memTableBytes     = 8 << 20
	maxOpenFiles      = 256
	// levelBytes is the size of the first level below the newest files. These hold keys of all kinds, so that each time they
	// are merged into it all of it is written again.
	levelBytes = 16 << 20
)

// formatVersion is the version of keys and values; it is stored under versionKey.
const formatVersion = 1

// stripes is how many locks there are for records that are being written.
const stripes = 256

// Options are choices that Open has defaults for.
type Options struct {
	// Log takes errors of background work; nil drops them.
	Log *slog.Logger
	// Now is the clock by which records expire; nil is time.Now.
	Now func() time.Time
	// CacheBytes bounds the cache of blocks read from files; 0 is 8 MiB.
	CacheBytes int64
	// BallastBytes is the size of a file that gives its room to running writes when
	// the disk is full; writes are then refused with store.ErrUnavailable until there
	// is room again. 0: a full disk ends the process.
	BallastBytes int64

	fs vfs.FS // nil is the disk
}

// Engine is a store.Engine on a folder.
type Engine struct {
	db       *pebble.DB
	lock     *pebble.Lock
	watchers store.Watchers
	now      func() time.Time
	room     room
	hot      hot

	seed  maphash.Seed
	locks [stripes]sync.Mutex

	// sweptTo is the last key that the present run of sweeps has removed; nil before a run. What was removed stays in the
	// files for a while, marked as removed, and a search from the start would go over all of it each time.
	sweeping sync.Mutex
	sweptTo  []byte

	using  sync.RWMutex // read-held while db is in use
	closed bool
}

// Open opens the store in dir, making it when there is none. One process at a time
// can use it.
func Open(dir string, o Options) (*Engine, error) {
	e, err := open(dir, o)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	return e, nil
}

func open(dir string, o Options) (*Engine, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := pebble.LockDirectory(dir, vfs.Default)
	if err != nil {
		return nil, lockError(err)
	}
	e := &Engine{lock: lock, now: o.Now, seed: maphash.MakeSeed()}
	e.hot.seed = e.seed
	if e.now == nil {
		e.now = time.Now
	}
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	e.room = room{fs: o.fs, dir: dir, bytes: o.BallastBytes, log: o.Log}
	if e.room.fs == nil {
		e.room.fs = vfs.Default
	}
	if err := e.room.take(); err != nil {
		e.room.onFull() // what is there can be read
	}
	e.db, err = pebble.Open(dir, pebbleOptions(o, lock, &e.room))
	if err != nil {
		return nil, errors.Join(openError(err), lock.Close())
	}
	if err := e.checkFormat(); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func pebbleOptions(o Options, lock *pebble.Lock, r *room) *pebble.Options {
	p := &pebble.Options{
		CacheSize:          cmp.Or(o.CacheBytes, defaultCacheBytes),
		MemTableSize:       memTableBytes,
		MaxOpenFiles:       maxOpenFiles,
		LBaseMaxBytes:      levelBytes,
		FormatMajorVersion: pebble.FormatNewest,
		Lock:               lock,
		Logger:             logger{o.Log},
		FS:                 r.fs,
	}
	if r.bytes > 0 {
		p.FS = vfs.OnDiskFull(r.fs, r.onFull)
	}
	// Filters tell which of the files hold a key. On the last level, where nearly all is, they would only help to find
	// out that it is nowhere, and fill the cache: the records that are looked for in vain stand side by side.
	for i := range len(p.Levels) - 1 {
		p.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	p.Levels[len(p.Levels)-1].FilterPolicy = pebble.NoFilterPolicy
	return p
}

// lockError says who holds the lock, if it is held.
func lockError(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return err // it could not even be opened
	}
	if strings.Contains(err.Error(), "current process") {
		return errors.New("it is open in this process already")
	}
	return fmt.Errorf("another process uses it: %w", err)
}

// openError tells what the operating system refused from what is wrong with the files:
// Pebble opens whatever a crash leaves behind.
func openError(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return fmt.Errorf("files in it are damaged or missing; restore a backup: %w", err)
}

// checkFormat refuses what another version of this package wrote.
func (e *Engine) checkFormat() error {
	value, closer, err := e.db.Get([]byte{versionKey})
	if errors.Is(err, pebble.ErrNotFound) {
		return e.db.Set([]byte{versionKey}, []byte{formatVersion}, pebble.Sync)
	}
	if err != nil {
		return openError(err)
	}
	defer closer.Close()
	if len(value) != 1 || value[0] != formatVersion {
		return errors.New("it has another format: a newer version of this program made it")
	}
	return nil
}

// Close waits for calls that are under way and closes the files. Later calls fail.
func (e *Engine) Close() error {
	e.watchers.Close()
	e.using.Lock()
	defer e.using.Unlock()
	if e.closed {
		return nil
	}
	e.closed = true
	// What is in files need not be read from the log again: the next start is quick. If that fails nothing is lost.
	_ = e.db.Flush()
	return errors.Join(e.db.Close(), e.lock.Close())
}

// use marks the database as in use until using.RUnlock, or says that it is closed.
func (e *Engine) use() error {
	e.using.RLock()
	if e.closed {
		e.using.RUnlock()
		return errors.New("the store is closed")
	}
	return nil
}

// Caps is store.Engine's.
func (e *Engine) Caps() store.Caps { return store.Caps{Durable: true} }

// Path returns the folder of the store below a server's data folder.
func Path(data string) string { return filepath.Join(data, "store") }

// logger passes on what an operator should see.
type logger struct{ log *slog.Logger }

func (l logger) Infof(string, ...any) {}

func (l logger) Errorf(format string, args ...any) {
	l.log.Error("store: " + fmt.Sprintf(format, args...))
}

// Fatalf is called when the log cannot be written: nothing more can be acknowledged
// and what is in memory cannot be trusted, so the process must end.
func (l logger) Fatalf(format string, args ...any) {
	text := "store: " + fmt.Sprintf(format, args...)
	l.log.Error(text)
	panic(text)
}
