package embedded

import (
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// SetFormat makes the store look as if another version had made it.
func SetFormat(e *Engine, version byte) error {
	return e.db.Set([]byte{versionKey}, []byte{version}, pebble.Sync)
}

// OnDisk makes o use another disk.
func OnDisk(o Options, fs vfs.FS) Options {
	o.fs = fs
	return o
}

// Looked makes a full disk look as if it had been looked at then; the zero time is long ago.
func Looked(e *Engine, at time.Time) { e.room.looked.Store(max(at.UnixNano(), 0)) }
