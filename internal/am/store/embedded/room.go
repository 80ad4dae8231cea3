package embedded

import (
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"gatehouse/internal/am/store"
)

// ballastFile takes up room that is given back when the disk is full, so that what is
// being written can end: a log that cannot be written would end the process.
const ballastFile = "BALLAST"

// lookAgain is how often a full disk is looked at.
const lookAgain = time.Second

// room watches over the space of the disk. While there is none, writes are refused
// before they begin; reading and removing what has expired go on.
type room struct {
	fs    vfs.FS // the disk's own
	dir   string
	bytes int64 // of the ballast
	log   *slog.Logger

	full   atomic.Bool
	looked atomic.Int64 // when, in nanoseconds
}

// onFull is called when a write found no room; the write is then tried once more.
func (r *room) onFull() {
	r.full.Store(true)
	r.looked.Store(time.Now().UnixNano())
	err := r.fs.Remove(r.path())
	r.log.Error("store: the disk is full; nothing is written until there is room", "folder", r.dir, "ballast given back", err == nil)
}

func (r *room) path() string { return r.fs.PathJoin(r.dir, ballastFile) }

// take makes the ballast, unless it is there.
func (r *room) take() error {
	if r.bytes == 0 {
		return nil
	}
	if _, err := r.fs.Stat(r.path()); err == nil {
		return nil
	}
	f, err := r.fs.Create(r.path(), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Preallocate(0, r.bytes), f.Close()); err != nil {
		return errors.Join(err, r.fs.Remove(r.path()))
	}
	return nil
}

// check refuses writes while the disk is full, and finds out whether it still is.
func (r *room) check() error {
	if !r.full.Load() {
		return nil
	}
	looked, now := r.looked.Load(), time.Now().UnixNano()
	if (now-looked > int64(lookAgain) || now < looked) && r.looked.CompareAndSwap(looked, now) && r.found() {
		return nil
	}
	return fmt.Errorf("%w: the disk is full", store.ErrUnavailable)
}

// found tells whether there is room again: for the ballast, and for something beside it.
func (r *room) found() bool {
	usage, err := r.fs.GetDiskUsage(r.dir)
	if err != nil || usage.AvailBytes < 2*uint64(r.bytes) || r.take() != nil {
		return false
	}
	r.full.Store(false)
	r.log.Info("store: there is room on the disk again", "folder", r.dir)
	return true
}
