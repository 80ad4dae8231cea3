package gateway

import (
	"context"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long the folder must be quiet before a change is read: editors write
// a file in several steps.
const settle = 150 * time.Millisecond

// newWatcher makes what reports changes of files. It waits until somebody takes what it
// failed at, an overflow mostly, behind which there may be changes.
var newWatcher = fsnotify.NewWatcher

// watch rescans the folder every interval and, where the system reports changes of
// files, soon after a change.
func (r *router) watch(ctx context.Context) {
	defer close(r.done)
	tick := time.NewTicker(r.every.D())
	defer tick.Stop()
	var events chan fsnotify.Event
	var failures chan error
	watchFolder := func() {}
	if w, err := newWatcher(); err == nil {
		defer func() { _ = w.Close() }()
		events, failures = w.Events, w.Errors
		_ = w.Add(filepath.Dir(r.dir)) // tells when the folder is replaced; what cannot be watched is for the ticker
		watchFolder = func() { _ = w.Add(r.dir) }
	}
	watchFolder()
	quiet := time.NewTimer(settle) // something may have changed since the routes were loaded
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-events:
			if !ok {
				events = nil
				continue
			}
			if e.Name == r.dir || filepath.Dir(e.Name) == r.dir {
				quiet.Reset(settle)
			}
			continue
		case <-failures:
			quiet.Reset(settle)
			continue
		case <-quiet.C:
		case <-tick.C:
		}
		// Who builds at the moment may be about to stop this router, and waits for it.
		if !r.instance.building.LockUnless(ctx) {
			return
		}
		watchFolder() // it may be another one than before
		err := r.scan()
		r.instance.building.Unlock()
		if err != nil {
			r.heap.Services().Logger.Error("rescan failed", "router", r.name, "error", err)
		}
	}
}
