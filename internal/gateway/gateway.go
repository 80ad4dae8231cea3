package gateway

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/handlers"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/session"
	"gatehouse/internal/gateway/wire"
	"gatehouse/internal/observe"
)

// Gateway is a loaded configuration folder.
type Gateway struct {
	*instance
	root    chain.Handler
	heap    *heap.Heap
	admin   *admin
	servers []*wire.Server
	addrs   []net.Addr
	// ownAdmin serves the administration where that has a connector of its own; nil elsewhere.
	ownAdmin *wire.Server
	ready    atomic.Bool
	draining atomic.Bool
	tracing  *observe.Tracing // nil: no spans are made
	// Warnings is what was doubtful while loading.
	Warnings []conf.Problem
	stopOnce sync.Once
}

// Load reads admin.json, config.json and the routes, and builds everything without
// opening anything. The error joins all problems of admin.json and config.json;
// routes that cannot be loaded are reported by Problems and leave the others alone.
func Load(o Options) (*Gateway, error) {
	i, err := newInstance(o)
	if err != nil {
		return nil, err
	}
	i.building.Lock()
	defer i.building.Unlock()
	if err := i.folders(); err != nil {
		return nil, err
	}
	g := &Gateway{instance: i}
	var problems []error
	errs := &conf.Errors{}
	g.admin = i.loadAdmin(errs)
	problems = append(problems, errs.Err())
	g.Warnings = errs.Warnings()
	var older heap.Ref[session.SessionManager]
	if g.admin != nil {
		i.services.Streaming = g.admin.StreamingEnabled
		i.traced = g.admin.telemetry != nil
		older = g.admin.Session.gateway
	}
	errs = &conf.Errors{}
	g.root, g.heap = i.loadConfig(older, errs)
	problems = append(problems, errs.Err())
	g.Warnings = append(g.Warnings, errs.Warnings()...)
	return g, errors.Join(problems...)
}

// folders makes the folders that the instance writes to, and the default one for
// routes where there is no configuration at all.
func (i *instance) folders() error {
	dir := i.services.Dirs.Instance
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the configuration folder %s does not exist", dir)
	case err != nil:
		return fmt.Errorf("the configuration folder cannot be read: %w", err)
	case !info.IsDir():
		return fmt.Errorf("%s is a file: expected the folder that holds config", dir)
	}
	if !exists(i.services.Dirs.Config) && (exists(filepath.Join(dir, "config.json")) || exists(filepath.Join(dir, "routes"))) {
		return fmt.Errorf("the folder %s has no config/config.json, but config.json or routes itself: expected the folder that holds config, perhaps %s",
			dir, filepath.Dir(dir))
	}
	need := []string{i.services.Dirs.Temp}
	if !exists(i.configFile()) {
		need = append(need, filepath.Join(i.services.Dirs.Config, "routes"))
	}
	for _, d := range need {
		if err := os.MkdirAll(d, 0o750); err != nil {
			return err
		}
	}
	return nil
}

func (i *instance) configFile() string { return filepath.Join(i.services.Dirs.Config, "config.json") }

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// loadConfig builds the root handler.
func (i *instance) loadConfig(older heap.Ref[session.SessionManager], errs *conf.Errors) (chain.Handler, *heap.Heap) {
	var d *document
	if path := i.configFile(); exists(path) {
		d = i.load(path, i.root(), errs)
	} else {
		d = i.parse("(built-in config.json)", []byte(defaultConfig), i.root(), errs)
	}
	if d == nil {
		return nil, nil
	}
	i.configText = d.text
	declared := d.node.Get("heap")
	h := heap.New(heap.Options{
		Name: "gateway", Catalog: i.catalog, Services: i.services, Bindings: d.bindings, Errs: errs,
		Declared: declared, Defaults: builtIn(defaultObjects), GlobalDecorators: d.node.Get("globalDecorators"),
	})
	i.rootHeap = h
	i.scopeSecrets(d, h)
	h.BuildAll()
	var c struct {
		Handler heap.Ref[chain.Handler]          `conf:"handler,required"`
		Session heap.Ref[session.SessionManager] `conf:"session"`
		// TemporaryStorage keeps the bodies of requests; the default is that of admin.json.
		TemporaryStorage heap.Ref[*handlers.TemporaryStorage] `conf:"temporaryStorage"`
		Rest             []conf.Field                         `conf:"*"`
	}
	h.Decoder().Decode(d.node, &c)
	if c.TemporaryStorage.IsSet() {
		i.storage = c.TemporaryStorage.Get()
	}
	if n := d.node.Get("auditService"); n != nil {
		errs.Warn(n, "the field has no effect here: an object with the name AuditService in the heap audits every route")
	}
	i.refuseDocumentFields(d, errs)
	if errs.Err() != nil {
		return nil, nil
	}
	v, ok := h.Decorate(c.Handler.Get(), i.decorations(d, h), h.DocumentEnv("top-level-handler", d.node))
	if !ok || errs.Err() != nil {
		return nil, nil
	}
	return session.Within(i.sessions(c.Session, older, h), telling{v.(chain.Handler), i.services.Logger}), h
}

// telling is the handler of config.json: it logs the failures that no route has told of.
type telling struct {
	next chain.Handler
	log  *slog.Logger
}

func (t telling) Handle(x *chain.Exchange) (*chain.Response, error) {
	resp, err := t.next.Handle(x)
	if err == nil && resp != nil && resp.Cause != nil && resp.Status.Code >= 400 {
		tellFailure(t.log, x, resp)
	}
	return resp, err
}

// sessions is the manager that config.json names, or, as older configurations have
// it, an object of the heap with the name Session or what admin.json says, or the
// default.
func (i *instance) sessions(named, older heap.Ref[session.SessionManager], h *heap.Heap) session.SessionManager {
	switch {
	case named.IsSet():
		return named.Get()
	case h.Declared("Session"):
		at, _ := h.Place("Session").At("Session")
		if h.Decoder().Decode(at, &named) {
			h.Errs().Warn(at, "the name \"Session\" alone is the older way to keep sessions: write \"session\": \"Session\"")
			return named.Get()
		}
	case older.IsSet():
		return older.Get()
	}
	return session.NewDefault(h)
}

// Problems returns why routes could not be loaded, one text a file.
func (g *Gateway) Problems() []error {
	var list []error
	g.eachProblem(func(p broken) { list = append(list, p.err) })
	return list
}

// eachProblem calls f with what could not be loaded, in the order of the files.
func (g *Gateway) eachProblem(f func(broken)) {
	for _, r := range g.routers.all() {
		r.mu.Lock()
		for _, path := range slices.Sorted(maps.Keys(r.problems)) {
			f(r.problems[path])
		}
		r.mu.Unlock()
	}
}

// RouteWarnings returns what is doubtful in the routes, in service or not.
func (g *Gateway) RouteWarnings() []conf.Problem {
	var list []conf.Problem
	for _, r := range g.routers.all() {
		for _, e := range r.table.Load().routes {
			list = append(list, e.warnings...)
		}
	}
	g.eachProblem(func(p broken) { list = append(list, p.warnings...) })
	return list
}

// Handler returns the root handler, for tools that send exchanges themselves.
func (g *Gateway) Handler() chain.Handler { return g.root }

// Start starts the objects, then listens and serves. It returns when all listeners
// are open, or with the first that could not be opened.
func (g *Gateway) Start(ctx context.Context) error {
	switch err := g.admin.pid.write(); {
	case errors.Is(err, errUnwritable):
		g.services.Logger.Warn(err.Error())
	case err != nil:
		return err
	}
	g.building.Lock()
	err := errors.Join(g.admin.heap.Start(ctx), g.heap.Start(ctx))
	g.building.Unlock()
	if err != nil {
		g.admin.pid.remove()
		return err
	}
	if g.admin.telemetry != nil {
		if g.tracing, err = observe.NewTracing(*g.admin.telemetry); err != nil {
			_ = g.Stop(ctx)
			return fmt.Errorf("openTelemetry: %w", err)
		}
	}
	if err := g.listen(); err != nil {
		_ = g.Stop(ctx)
		return err
	}
	g.watchLocations()
	g.ready.Store(true)
	return nil
}

// Drain makes health/ready and health/startup answer 503, so that load balancers ask other
// gateways. Requests are still answered.
func (g *Gateway) Drain() {
	g.draining.Store(true)
	g.ready.Store(false)
}

// Stop stops listening, lets running requests end within the grace period, and stops
// the objects. The listener of the administration stays open until the last request of the
// others ended: it goes on to tell that the gateway is not ready.
func (g *Gateway) Stop(ctx context.Context) error {
	var err error
	g.stopOnce.Do(func() {
		g.Drain()
		var wg sync.WaitGroup
		errs := make([]error, len(g.servers))
		for n, s := range g.servers {
			if s != g.ownAdmin {
				wg.Go(func() { errs[n] = s.Shutdown(ctx) })
			}
		}
		wg.Wait()
		if g.ownAdmin != nil {
			errs = append(errs, g.ownAdmin.Shutdown(ctx))
		}
		err = errors.Join(errs...)
		g.closeTracing(ctx)
		if g.locations.stop != nil {
			g.locations.stop()
			<-g.locations.done
		}
		g.heap.Stop()
		g.admin.heap.Stop()
		g.admin.pid.remove()
	})
	return err
}

// Routes is the number of routes in service.
func (g *Gateway) Routes() int {
	n := 0
	for _, r := range g.routers.all() {
		n += len(r.table.Load().routes)
	}
	return n
}
