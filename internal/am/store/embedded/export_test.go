package embedded

import (
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

// LookAgain makes the next write look at a full disk.
func LookAgain(e *Engine) { e.room.looked.Store(0) }
