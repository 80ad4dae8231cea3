package gateway

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf16"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

var errNoResponse = errors.New("the handler returned neither a response nor an error")

type routerConfig struct {
	// Directory holds the route files.
	Directory string `conf:"directory"`
	// ScanInterval is how often the directory is looked through for changes;
	// "disabled" loads the routes once.
	ScanInterval scanInterval `conf:"scanInterval,default=10 seconds"`
	// DefaultHandler answers requests that no route takes; without it they get an
	// empty 404.
	DefaultHandler heap.Ref[chain.Handler] `conf:"defaultHandler"`
	// DelayRouteMetrics shows the metrics of a route from its first request on.
	DelayRouteMetrics bool `conf:"delayRouteMetrics"`
	// FailOnRouteError makes one route that cannot be loaded an error of the router.
	FailOnRouteError bool `conf:"failOnRouteError"`
}

// types are the object types that need the instance itself.
func (i *instance) types() []*heap.Type {
	return []*heap.Type{heap.Define("Router", i.newRouter, "RouterHandler"), heap.Define("TimerDecorator", i.newTimer),
		heap.Define("TracingDecorator", i.newTracing)}
}

// router sends a request to the first route, in the order of their names, whose
// condition holds.
type router struct {
	name     string
	label    string // name with all it stands in: gateway._router
	nested   bool   // it stands in a route
	unrouted routeMetrics
	dir      string
	folder   os.FileInfo // of dir
	every    conf.Duration
	fallback chain.Handler
	delayed  bool // metrics of routes
	instance *instance
	heap     *heap.Heap
	table    atomic.Pointer[table]

	mu       sync.Mutex // of what follows: one scan at a time
	routes   map[string]*route
	problems map[string]broken // by file
	started  bool
	stop     context.CancelFunc
	done     chan struct{}
}

// broken is a version of a file that could not be loaded.
type broken struct {
	version  stamp
	err      error
	warnings []conf.Problem
}

func (i *instance) newRouter(c *routerConfig, env *heap.Env) (chain.Handler, error) {
	r := &router{name: env.Name, dir: c.Directory, every: c.ScanInterval.Duration, delayed: c.DelayRouteMetrics, instance: i, heap: env.Heap,
		routes: map[string]*route{}, problems: map[string]broken{}}
	if strings.HasPrefix(r.name, "{") {
		r.name = "router-handler"
	}
	if i.place != "" {
		r.label, r.nested = i.place+".route."+env.Heap.Name+"."+r.name, true
	} else {
		r.label = env.Heap.Name + "." + r.name
	}
	if r.dir == "" {
		r.dir = filepath.Join(env.Dirs.Config, "routes")
	}
	if !filepath.IsAbs(r.dir) {
		r.dir = filepath.Join(env.Dirs.Instance, r.dir)
	}
	r.dir = filepath.Clean(r.dir)
	if c.DefaultHandler.IsSet() {
		r.fallback = c.DefaultHandler.Get()
	}
	if r.every.Unlimited() {
		env.Warn("scanInterval", "routes are loaded once: write \"disabled\" for that")
		r.every = 0
	}
	var err error
	if r.folder, err = os.Stat(r.dir); err != nil || !r.folder.IsDir() {
		return nil, fmt.Errorf("the routes folder %s does not exist or is no folder", r.dir)
	}
	// Sharing a folder is fine, but for a route that would load itself without end.
	if slices.ContainsFunc(i.within, func(f os.FileInfo) bool { return os.SameFile(f, r.folder) }) {
		env.Fail("directory", "the folder %s has the route that this router is in; give it a folder of its own", i.relative(r.dir))
		return nil, nil
	}
	r.table.Store(&table{})
	if err := r.scan(); err != nil {
		return nil, err
	}
	if n := len(r.problems); c.FailOnRouteError && n > 0 {
		for _, p := range r.problems {
			env.Errs.AddErr(env.Decl, p.err)
		}
		env.Fail("failOnRouteError", "%d of the router's routes cannot be loaded", n)
	}
	i.routers.add(r)
	return r, nil
}

// Handle passes the exchange to its route.
func (r *router) Handle(x *chain.Exchange) (*chain.Response, error) {
	if e := r.table.Load().pick(x); e != nil {
		if !e.enter() {
			return r.Handle(x) // the table was replaced between the two lines
		}
		defer e.leave()
		return e.handle(x), nil
	}
	if r.fallback != nil {
		p := r.unrouted.begin()
		defer p.end()
		resp, err := r.fallback.Handle(x)
		p.answered(resp, err)
		return resp, err
	}
	r.heap.Services().Logger.ErrorContext(x.Ctx(), "no handler to dispatch to", "router", r.name, "path", x.Request.URI.RawPath)
	return chain.NewResponse(404), nil
}

// scan brings the routes up to date with the folder: removed files first, then new
// ones, then changed ones. What cannot be loaded is remembered and reported, and the
// version in service stays.
func (r *router) scan() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	files, err := r.files()
	if err != nil {
		return err
	}
	var gone []*route
	for path, old := range r.routes {
		if _, ok := files[path]; !ok {
			gone = append(gone, old)
			delete(r.routes, path)
			r.log("route removed", old)
		}
	}
	for path := range r.problems {
		if _, ok := files[path]; !ok {
			delete(r.problems, path)
		}
	}
	r.bring(files, gone)
	return nil
}

// bring loads those of the files that are new or changed, and retires what they take
// the place of together with gone.
func (r *router) bring(files map[string]stamp, gone []*route) {
	changed := len(gone) > 0
	for again := true; again; { // one route may give up the id or the name that another waits for
		again = false
		for _, path := range r.order(files) {
			old := r.routes[path]
			fresh := r.reload(path, files[path], old)
			if fresh == nil {
				continue
			}
			r.routes[path] = fresh
			changed, again = true, true
			if old != nil {
				gone = append(gone, old)
			}
		}
	}
	if changed {
		r.publish()
	}
	for _, old := range gone {
		old.retire()
	}
}

// refresh loads again the routes that depend on files of properties, and tries those
// that could not be loaded. It does so even where the folder is not watched.
func (r *router) refresh(changed []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	files := map[string]stamp{}
	for path, rt := range r.routes {
		if dependsOn(rt.files, changed) {
			rt.version = stamp{}
			files[path] = stampOf(path)
		}
	}
	for path := range r.problems {
		files[path] = stampOf(path)
	}
	clear(r.problems)
	for path, version := range files {
		if version == (stamp{}) {
			delete(files, path)
		}
	}
	r.bring(files, nil)
}

func (r *router) log(msg string, rt *route) {
	r.heap.Services().Logger.Info(msg, "router", r.name, "route", rt.id, "file", r.instance.relative(rt.file))
}

// order lists new files before known ones, each in the order of their names.
func (r *router) order(files map[string]stamp) []string {
	var fresh, known []string
	for path := range files {
		if r.routes[path] == nil {
			fresh = append(fresh, path)
		} else {
			known = append(known, path)
		}
	}
	slices.Sort(fresh)
	slices.Sort(known)
	return append(fresh, known...)
}

// files returns the versions of the route files. A file that is there and cannot be looked
// at, such as a link that leads nowhere, has the zero version.
func (r *router) files() (map[string]stamp, error) {
	entries, err := os.ReadDir(r.dir)
	if err != nil {
		return nil, fmt.Errorf("read the routes folder: %w", err)
	}
	files := map[string]stamp{}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		path := filepath.Join(r.dir, e.Name())
		info, err := os.Stat(path)
		switch {
		case err == nil && info.Mode().IsRegular():
			files[path] = stamp{info.ModTime(), info.Size()}
		case err != nil && (!errors.Is(err, fs.ErrNotExist) || e.Type()&fs.ModeSymlink != 0):
			files[path] = stamp{}
		}
	}
	return files, nil
}

// reload builds the route of a file that is new or changed; nil when it is not, or
// when it cannot be built.
func (r *router) reload(path string, version stamp, old *route) *route {
	if old != nil && old.version == version {
		delete(r.problems, path) // the file is again what it was
		return nil
	}
	if p, ok := r.problems[path]; ok && p.version == version && r.stillTaken(path, p.err) {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return r.refuse(path, broken{version: version, err: fmt.Errorf("%s: %w", r.instance.relative(path), plainError(err))}, old)
	}
	errs := &conf.Errors{}
	fresh, err := r.build(path, text, errs)
	if err != nil {
		return r.refuse(path, broken{version, err, errs.Warnings()}, old)
	}
	fresh.version = version
	if r.started {
		if err := fresh.start(context.Background()); err != nil {
			return r.refuse(path, broken{version: version, err: fmt.Errorf("%s: %w", r.instance.relative(path), err)}, old)
		}
	}
	delete(r.problems, path)
	for _, w := range fresh.warnings {
		r.heap.Services().Logger.Warn(w.String())
	}
	if old != nil {
		r.log("route updated", fresh)
	} else {
		r.log("route loaded", fresh)
	}
	return fresh
}

// build makes the route of a file, unless its id or name is taken.
func (r *router) build(path string, text []byte, errs *conf.Errors) (*route, error) {
	fresh := r.newRoute(path, text, errs)
	if err := errs.Err(); err != nil {
		return nil, err
	}
	if err := r.taken(path, fresh.id, fresh.name); err != nil {
		fresh.retire()
		return nil, err
	}
	r.instance.recordRoute(fresh)
	fresh.metrics, fresh.delayed = &routeMetrics{}, r.delayed
	if old := r.routes[path]; old != nil && old.id == fresh.id && old.name == fresh.name {
		fresh.metrics = old.metrics
	}
	return fresh, nil
}

// newRoute builds the route, whose objects learn that they stand below this router.
func (r *router) newRoute(path string, text []byte, errs *conf.Errors) *route {
	outside, folders := r.instance.place, r.instance.within
	defer func() { r.instance.place, r.instance.within = outside, folders }()
	r.instance.place, r.instance.within = r.label, append(slices.Clip(folders), r.folder)
	return r.instance.newRoute(path, text, r.heap, errs)
}

func (r *router) refuse(path string, b broken, old *route) *route {
	r.problems[path] = b
	what := "the route is not in service"
	if old != nil {
		what = "the version before stays in service"
	}
	for line := range strings.SplitSeq(b.err.Error(), "\n") {
		r.heap.Services().Logger.Error(line, "router", r.name, "result", what)
	}
	for _, w := range b.warnings {
		r.heap.Services().Logger.Warn(w.String())
	}
	return nil
}

// publish sorts the routes by name, in the order of code units, and makes them current.
func (r *router) publish() {
	list := slices.Collect(maps.Values(r.routes))
	slices.SortFunc(list, func(a, b *route) int { return compareUnits(a.name, b.name) })
	r.table.Store(newTable(list))
}

// compareUnits compares as Java does: by code units of UTF-16, where characters beyond
// the basic plane come before its last ones.
func compareUnits(a, b string) int {
	x, y := utf16.Encode([]rune(a)), utf16.Encode([]rune(b))
	return slices.Compare(x, y)
}

// Start starts the routes and begins to watch the folder.
func (r *router) Start(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.started = true
	for path, rt := range r.routes {
		if err := rt.start(ctx); err != nil {
			r.refuse(path, broken{version: rt.version, err: fmt.Errorf("%s: %w", r.instance.relative(path), err)}, nil)
			delete(r.routes, path)
		}
	}
	r.publish()
	if r.every <= 0 {
		return nil
	}
	watch, cancel := context.WithCancel(context.Background())
	r.stop, r.done = cancel, make(chan struct{})
	go r.watch(watch)
	return nil
}

// Stop ends the watching and retires all routes.
func (r *router) Stop() {
	if r.stop != nil {
		r.stop()
		<-r.done
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.table.Store(&table{})
	for _, rt := range r.routes {
		rt.retire()
	}
	r.started = false
	r.instance.routers.remove(r)
}

// routerList is all routers of an instance, for administration.
type routerList struct {
	mu   sync.Mutex
	list []*router
}

func (l *routerList) add(r *router) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, r)
}

// discard removes the routers of a heap that comes to nothing, and of those below it.
func (l *routerList) discard(h *heap.Heap) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = slices.DeleteFunc(l.list, func(o *router) bool { return o.heap.Below(h) })
}

func (l *routerList) remove(r *router) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = slices.DeleteFunc(l.list, func(o *router) bool { return o == r })
}

// inService returns the routers of config.json and those of routes in service, which
// are not all there are: routes are built before they serve, and run on until their
// last request has left. No two have the same label.
func (i *instance) inService() []*router {
	all := i.routers.all()
	var list []*router
	seen := map[string]bool{}
	add := func(r *router) {
		if !seen[r.label] {
			seen[r.label] = true
			list = append(list, r)
		}
	}
	for _, r := range all {
		if !r.nested {
			add(r)
		}
	}
	for n := 0; n < len(list); n++ {
		for _, e := range list[n].table.Load().routes {
			for _, r := range all {
				if r.nested && r.heap == e.heap {
					add(r)
				}
			}
		}
	}
	return list
}

func (l *routerList) all() []*router {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.list)
}
