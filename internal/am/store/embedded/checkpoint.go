package embedded

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Checkpoint writes what the store holds at this moment into dir, a new folder on the
// same disk, as a store of its own. It costs little: files that do not change any more
// are linked. Traffic goes on.
func (e *Engine) Checkpoint(dir string) error {
	if err := e.use(); err != nil {
		return err
	}
	defer e.using.RUnlock()
	if err := e.db.Checkpoint(dir, pebble.WithFlushedWAL()); err != nil {
		return fmt.Errorf("copy store: %w", err)
	}
	return nil
}

// Verify reads every file of the store and returns the first damage.
func (e *Engine) Verify() error {
	if err := e.use(); err != nil {
		return err
	}
	defer e.using.RUnlock()
	if err := e.db.CheckLevels(nil); err != nil {
		return readError(err)
	}
	it, err := e.db.NewIter(nil)
	if err != nil {
		return readError(err)
	}
	defer it.Close()
	for ok := it.First(); ok; ok = it.Next() {
		if it.Key()[0] != recordKeys {
			continue
		}
		value, err := it.ValueAndErr()
		if err != nil {
			return readError(err)
		}
		if _, _, err := parseHeader(value); err != nil {
			return err
		}
	}
	if err := it.Error(); err != nil {
		return readError(err)
	}
	return nil
}
