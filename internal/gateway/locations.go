package gateway

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/heap"
)

// locations are the files of properties that are watched: those of "$location:id".
type locations struct {
	mu    sync.Mutex
	files map[string]stamp
	added chan struct{} // has an element when there are new ones
	stop  context.CancelFunc
	done  chan struct{}
}

// stamp tells versions of a file apart.
type stamp struct {
	modified time.Time
	size     int64
}

func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stamp{info.ModTime(), info.Size()}
}

// note watches a file from now on. It is called before the file is read, so that no
// change goes unseen.
func (l *locations) note(path string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.files[path]; known {
		return
	}
	l.files[path] = stampOf(path)
	select {
	case l.added <- struct{}{}:
	default:
	}
}

// changed returns the files that changed since they were asked about last.
func (l *locations) changed() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []string
	for path, was := range l.files {
		if now := stampOf(path); now != was {
			l.files[path] = now
			list = append(list, path)
		}
	}
	return list
}

func (l *locations) folders() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []string
	for path := range l.files {
		list = append(list, filepath.Dir(path))
	}
	return list
}

// pollLocations is how often the files are looked at where the system does not report
// changes.
const pollLocations = 10 * time.Second

// watchLocations reloads what depends on a file of properties when that changes.
func (g *Gateway) watchLocations() {
	ctx, cancel := context.WithCancel(context.Background())
	l := &g.locations
	l.stop, l.done = cancel, make(chan struct{})
	go func() {
		defer close(l.done)
		select {
		case <-ctx.Done():
			return
		case <-l.added: // most gateways have none
		}
		g.followLocations(ctx)
	}()
}

func (g *Gateway) followLocations(ctx context.Context) {
	l := &g.locations
	tick := time.NewTicker(pollLocations)
	defer tick.Stop()
	var events chan fsnotify.Event
	var failures chan error
	w, err := newWatcher()
	if err == nil {
		defer func() { _ = w.Close() }()
		events, failures = w.Events, w.Errors
	}
	watch := func() {
		for _, dir := range l.folders() {
			if w != nil {
				_ = w.Add(dir) // the ticker is there for folders that cannot be watched
			}
		}
	}
	watch()
	quiet := time.NewTimer(0)
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.added:
			watch()
			quiet.Reset(0)
			continue
		case _, ok := <-events:
			if !ok {
				events = nil
			}
			quiet.Reset(settle)
			continue
		case <-failures:
			quiet.Reset(settle)
			continue
		case <-quiet.C:
		case <-tick.C:
		}
		if files := l.changed(); len(files) > 0 {
			g.reloadFor(files)
		}
	}
}

// reloadFor binds the properties of config.json again and builds anew the routes that
// depend on the files. What cannot be read or built leaves in service what there is.
func (g *Gateway) reloadFor(files []string) {
	g.building.Lock()
	defer g.building.Unlock()
	for _, f := range files {
		g.services.Logger.Info("properties changed", "file", g.relative(f))
	}
	g.rebind(files)
	for _, r := range g.inService() {
		r.refresh(files)
	}
}

// rebind reads the properties of config.json again.
func (g *Gateway) rebind(files []string) {
	bindings := g.heap.Bindings()
	if !dependsOn(bindings.Uses(), files) {
		return
	}
	errs := &conf.Errors{}
	d := &document{bindings: heap.NewBindings(g.instance.root(), nil)}
	// config.json counts as it was at the start, whatever became of it.
	var err error
	if d.node, err = conf.Parse(g.configFile(), g.configText); err != nil {
		return
	}
	g.bindProperties(d, errs)
	if err := errs.Err(); err != nil {
		g.services.Logger.Error(err.Error(), "result", "the properties of before stay in force")
		return
	}
	bindings.Replace(d.bindings)
}

func dependsOn(uses, files []string) bool {
	return slices.ContainsFunc(files, func(f string) bool { return slices.Contains(uses, f) })
}
