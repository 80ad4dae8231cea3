package gateway

import (
	"context"
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
	if w, err := newWatcher(); err == nil {
		defer func() { _ = w.Close() }()
		failures = w.Errors
		if w.Add(r.dir) == nil {
			events = w.Events
		}
	}
	quiet := time.NewTimer(settle)
	quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-events:
			if !ok {
				events = nil
				continue
			}
			quiet.Reset(settle)
			continue
		case <-failures:
			quiet.Reset(settle)
			continue
		case <-quiet.C:
		case <-tick.C:
		}
		r.instance.building.Lock()
		err := r.scan()
		r.instance.building.Unlock()
		if err != nil {
			r.heap.Services().Logger.Error("rescan failed", "router", r.name, "error", err)
		}
	}
}
