package embedded

import "github.com/cockroachdb/pebble/v2"

// SetFormat makes the store look as if another version had made it.
func SetFormat(e *Engine, version byte) error {
	return e.db.Set([]byte{versionKey}, []byte{version}, pebble.Sync)
}
