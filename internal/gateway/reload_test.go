package gateway

import (
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// What watches files stops until its failures are taken.
func TestFailuresOfWatchersAreTaken(t *testing.T) {
	made := make(chan *fsnotify.Watcher, 9)
	before := newWatcher
	t.Cleanup(func() { newWatcher = before })
	newWatcher = func() (*fsnotify.Watcher, error) {
		w, err := before()
		if err == nil {
			made <- w
		}
		return w, err
	}
	run(t, `
-- config.json --
{"properties": {"$location:all": "DIR/config/all.json"}, "handler": {"type": "Router", "name": "_router"}}
-- all.json --
{"a": "b"}
-- routes/x.json --
{"handler": `+echo("x")+`}`)
	for range 2 {
		w := <-made
		for range 2 {
			select {
			case w.Errors <- fsnotify.ErrEventOverflow:
			case <-time.After(5 * time.Second):
				t.Fatal("nobody takes the failure")
			}
		}
	}
}
