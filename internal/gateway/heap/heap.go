package heap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
	"gatehouse/internal/observe"
)

// Services is what every object of a process can use.
type Services struct {
	Logger *slog.Logger
	// Dirs are the folders of the instance.
	Dirs Dirs
	// Getenv and System look up environment variables and system properties.
	Getenv func(string) (string, bool)
	System func(string) (string, bool)
	// Now is the time; nil: the system's. Objects always find a function here.
	Now func() time.Time
	// Hosts maps outgoing "host:port" or "host" to the address to connect to, or to several
	// with commas between.
	Hosts map[string]string
	// Limits counts what limits held back, by their names; nil: nobody does.
	Limits *observe.Limits
	// Streaming says that bodies are not buffered.
	Streaming bool
	// Kinds names what objects are, for messages.
	Kinds []Kind
	// Recorder watches exchanges; nil for none.
	Recorder Recorder
}

// Kind tells objects of one kind from others.
type Kind struct {
	Name string
	Is   func(v any) bool
}

// KindFor is the Kind of all T.
func KindFor[T any](name string) Kind {
	return Kind{name, func(v any) bool { _, ok := v.(T); return ok }}
}

// Dirs are the folders of an instance.
type Dirs struct {
	Instance, Config, Scripts, Temp, Logs string
}

// Starter is an object that needs to run: it is started after the whole document was
// built and before it serves. Starting must not wait for the network.
type Starter interface {
	Start(ctx context.Context) error
}

// Stopper is an object that holds something. Stop is called once, after the last
// request left the object; also for one that never started.
type Stopper interface{ Stop() }

// Decorator wraps objects. The result has the kind of the target; a target that the
// decorator does not serve is returned as it is.
type Decorator interface {
	Decorate(target any, value *conf.Node, env *Env) (any, error)
}

// Heap holds the objects of one document. Lookups go on to the parent. Heaps of one
// tree are built by one goroutine at a time, since a child may make its parent build
// a default object; the objects themselves are used concurrently.
type Heap struct {
	// Name is the route's id, "gateway" or "admin" for the roots.
	Name     string
	parent   *Heap
	catalog  *Catalog
	services *Services
	bindings *Bindings
	errs     *conf.Errors

	decls     map[string]*declaration
	declared  []*conf.Node // names of the document's own, in its order
	inherited map[string]any
	path      []string // names being built, to show rings
	lifecycle []any
	measured  measured
	started   int
	running   bool
	globals   []conf.Field // globalDecorators of this document
	globalsAt *conf.Node
	scoped    map[any]any
}

type declaration struct {
	node  *conf.Node
	state int // unbuilt, building, built, failed
	value any
	errs  *conf.Errors // where the failure was reported
}

const (
	unbuilt = iota
	building
	built
	failed
)

// Options are what a Heap is made from.
type Options struct {
	Name     string
	Parent   *Heap    // nil for a root
	Catalog  *Catalog // nil: the parent's
	Services *Services
	Bindings *Bindings
	// Errs takes all problems.
	Errs *conf.Errors
	// Declared is the document's list of declarations; nil for none.
	Declared *conf.Node
	// Defaults are declarations that apply where the document has none of that name.
	Defaults *conf.Node
	// GlobalDecorators is the document's map of them; nil for none.
	GlobalDecorators *conf.Node
}

// New registers declarations and builds nothing.
func New(o Options) *Heap {
	h := &Heap{Name: o.Name, parent: o.Parent, catalog: o.Catalog, services: o.Services, bindings: o.Bindings,
		errs: o.Errs, decls: map[string]*declaration{}, inherited: map[string]any{}}
	if h.parent != nil {
		if h.catalog == nil {
			h.catalog = h.parent.catalog
		}
		if h.services == nil {
			h.services = h.parent.services
		}
	}
	if s := h.services; s != nil && s.Now == nil {
		with := *s
		with.Now = time.Now
		h.services = &with
	}
	h.declare(o.Declared, false)
	h.declare(o.Defaults, true)
	if g := o.GlobalDecorators; g != nil {
		if g.Kind != conf.Object {
			h.errs.Add(g, "expected an object, found %s", g.Kind)
		}
		h.globals, h.globalsAt = g.Fields, g
	}
	return h
}

func (h *Heap) declare(list *conf.Node, defaults bool) {
	if list == nil {
		return
	}
	d := h.Decoder()
	if objects := list.Get("objects"); objects != nil {
		h.errs.Warn(list, "an object with \"objects\" is the older way: write the list alone")
		list = objects
	}
	if list = d.Whole(list); list.Kind != conf.List {
		h.errs.Add(list, "expected a list of objects, found %s", list.Kind)
		return
	}
	for _, n := range list.List {
		if n = d.Whole(n); n.Kind != conf.Object {
			h.errs.Add(n, "expected an object with name and type, found %s", n.Kind)
			continue
		}
		name := n.Get("name")
		switch {
		case name == nil:
			h.errs.Add(n, "the required field \"name\" is missing")
		case name.Kind != conf.String || name.Text == "":
			h.errs.Add(name, "expected a name, found %s", name.Kind)
		case h.decls[name.Text] != nil:
			if !defaults {
				h.errs.Add(name, "the name %q is declared twice in this heap", name.Text)
			}
		default:
			h.decls[name.Text] = &declaration{node: n}
			if !defaults {
				h.declared = append(h.declared, name)
			}
		}
	}
}

// BuildAll builds every object that the document declares, whether used or not, so
// that each mistake shows. Default objects are built when first referred to.
func (h *Heap) BuildAll() {
	for _, name := range h.declared {
		h.local(name.Text, h.decls[name.Text], name, h.errs)
	}
}

// Bindings returns the properties in force.
func (h *Heap) Bindings() *Bindings { return h.bindings }

// SetScoped keeps a value that holds for this heap and those below it. Keys are types
// of the package that the value belongs to.
func (h *Heap) SetScoped(key, v any) {
	if h.scoped == nil {
		h.scoped = map[any]any{}
	}
	h.scoped[key] = v
}

// Scoped returns the values of key from this heap outwards; root says whether the
// outermost heap has one.
func (h *Heap) Scoped(key any) (list []any, root bool) {
	for ; h != nil; h = h.parent {
		v, ok := h.scoped[key]
		if ok {
			list = append(list, v)
		}
		root = ok
	}
	return list, root
}

// Services returns what the process offers.
func (h *Heap) Services() *Services { return h.services }

// Errs takes problems of this document.
func (h *Heap) Errs() *conf.Errors { return h.errs }

// Decoder returns a decoder for configuration of this heap, for instance a document.
func (h *Heap) Decoder() *conf.Decoder { return h.decoder(h.ExprEnv(h.services.Logger), h.errs) }

func (h *Heap) decoder(env *expr.Env, errs *conf.Errors) *conf.Decoder {
	return &conf.Decoder{
		Errs: errs,
		Eval: func(n *conf.Node) (any, bool, error) {
			if !strings.Contains(n.Text, "${") && !strings.Contains(n.Text, "#{") {
				return nil, false, nil
			}
			t, err := expr.Compile(n.Text, env)
			if err != nil {
				return nil, false, err
			}
			return t.Eval(nil), true, nil
		},
		Values: map[any]any{heapKey{}: h, expr.EnvKey{}: env},
	}
}

// ExprEnv returns the environment for expressions of this heap; warnings go to log.
func (h *Heap) ExprEnv(log *slog.Logger) *expr.Env {
	return &expr.Env{
		Vars: h.bindings.Lookup,
		Warn: func(s expr.Scope, msg string, cause error) {
			ctx := context.Background()
			if x, ok := s.(interface{ Ctx() context.Context }); ok { // else it is evaluated at load
				ctx = x.Ctx()
			}
			if errors.Is(cause, expr.ErrLimit) || errors.Is(cause, expr.ErrTimeout) {
				h.services.Limits.Add("expression")
			}
			log.WarnContext(ctx, msg)
		},
		Now: h.services.Now,
	}
}

func (h *Heap) decode(env *Env, c any) bool {
	return h.decoder(env.Expr, env.Errs).Decode(env.Config, c)
}

// env prepares the building of the declaration n.
func (h *Heap) env(n *conf.Node, errs *conf.Errors) (*Env, bool) {
	typ := n.Get("type")
	switch {
	case typ == nil:
		errs.Add(n, "the required field \"type\" is missing")
		return nil, false
	case typ.Kind != conf.String:
		errs.Add(typ, "expected the name of a type, found %s", typ.Kind)
		return nil, false
	}
	name := "{" + typ.Text + "}" + n.Pointer()
	if given := n.Get("name"); given != nil && given.Kind == conf.String {
		name = given.Text
	}
	config := n.Get("config")
	if config == nil {
		config, _ = n.At(map[string]any{})
	}
	if config = h.Decoder().Whole(config); config.Kind != conf.Object {
		errs.Add(config, "expected an object, found %s", config.Kind)
		return nil, false
	}
	log := h.services.Logger.With("object", name, "type", typ.Text)
	return &Env{Name: name, Type: typ.Text, Config: config, Decl: n, Heap: h, Errs: errs, Log: log,
		Expr: h.ExprEnv(log), Services: h.services}, true
}

// build makes the object that n declares and decorates it.
func (h *Heap) build(n *conf.Node, env *Env) (any, bool) {
	t, err := h.catalog.find(env.Type)
	if err != nil {
		env.Errs.Add(n.Get("type"), "%s", err)
		return nil, false
	}
	if t.Name != env.Type && !strings.Contains(env.Type, ".") {
		env.Errs.Warn(n.Get("type"), "%s is an older name of %s", env.Type, t.Name)
	}
	v, ok := t.build(h, n, env)
	if !ok {
		return nil, false
	}
	h.lifecycle = append(h.lifecycle, v)
	if r := h.services.Recorder; r != nil {
		v = r.Object(v, env)
	}
	return h.decorate(v, n, env)
}

// Get returns a named object of this heap or its parents.
func (h *Heap) Get(name string) (any, bool) {
	n := &conf.Node{Kind: conf.String, Text: name}
	return h.named(&conf.Decoder{Errs: h.errs}, n)
}

// Place is where an object is declared, for messages about it; nil when it is not.
func (h *Heap) Place(name string) *conf.Node {
	if d := h.declaration(name); d != nil {
		return d.node.Get("name")
	}
	return nil
}

// Below says whether the heap is other or one of its descendants.
func (h *Heap) Below(other *Heap) bool {
	for ; h != nil; h = h.parent {
		if h == other {
			return true
		}
	}
	return false
}

func (h *Heap) declaration(name string) *declaration {
	for ; h != nil; h = h.parent {
		if d := h.decls[name]; d != nil {
			return d
		}
	}
	return nil
}

func (h *Heap) named(d *conf.Decoder, n *conf.Node) (any, bool) {
	if decl := h.decls[n.Text]; decl != nil {
		return h.local(n.Text, decl, n, d.Errs)
	}
	if h.parent == nil || h.parent.declaration(n.Text) == nil {
		hint := conf.DidYouMean(n.Text, h.names())
		switch {
		case h.catalog.types[n.Text] != nil:
			hint = fmt.Sprintf("; that is a type: declare an object of it in a heap, or in place as {\"type\": %q}", n.Text)
		case strings.Contains(n.Text, "://"):
			hint = "; a field for an object takes its name, or declares it in place"
		}
		d.Errs.Add(n, "there is no object %q%s", n.Text, hint)
		return nil, false
	}
	v, ok := h.inherited[n.Text]
	if ok {
		return v, true
	}
	v, ok = h.parent.fromChild(d, n)
	if !ok {
		return nil, false
	}
	v, ok = h.global(v, &Env{Name: n.Text, Decl: n, Config: n, Heap: h, Errs: d.Errs, Log: h.services.Logger,
		Expr: h.ExprEnv(h.services.Logger), Services: h.services})
	if ok {
		h.inherited[n.Text] = v
	}
	return v, ok
}

// fromChild builds what a child asks for. A default object of a heap that runs
// already is started at once.
func (h *Heap) fromChild(d *conf.Decoder, n *conf.Node) (any, bool) {
	v, ok := h.named(d, n)
	if ok && h.running {
		if err := h.startNew(context.Background()); err != nil {
			d.Errs.Add(n, "%s", err)
			if decl := h.decls[n.Text]; decl != nil {
				decl.state = unbuilt // whoever asks next tries again
			}
			return nil, false
		}
	}
	return v, ok
}

func (h *Heap) local(name string, d *declaration, ref *conf.Node, errs *conf.Errors) (any, bool) {
	switch d.state {
	case built:
		return d.value, true
	case failed:
		if errs != d.errs {
			errs.Add(ref, "the object %q could not be built", name)
		}
		return nil, false
	case building:
		errs.Add(ref, "the objects refer to each other in a ring: %s", strings.Join(append(ring(h.path, name), name), " -> "))
		return nil, false
	}
	d.state, d.errs = building, errs
	h.path = append(h.path, name)
	defer func() { h.path = h.path[:len(h.path)-1] }()
	env, ok := h.env(d.node, errs)
	if ok {
		d.value, ok = h.build(d.node, env)
	}
	d.state = failed
	if ok {
		d.state = built
	}
	return d.value, ok
}

func ring(path []string, name string) []string {
	return slices.Clone(path[slices.Index(path, name):])
}

func (h *Heap) names() []string {
	all := map[string]bool{}
	for ; h != nil; h = h.parent {
		for n := range h.decls {
			all[n] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Start starts what the heap built, in the order of building. On failure what was
// started is stopped again.
func (h *Heap) Start(ctx context.Context) error {
	h.running = true
	err := h.startNew(ctx)
	h.running = err == nil
	return err
}

// startNew starts what was built since the last time. On failure these are stopped, and
// those of before run on.
func (h *Heap) startNew(ctx context.Context) error {
	before := h.started
	for h.started < len(h.lifecycle) {
		if s, ok := h.lifecycle[h.started].(Starter); ok {
			if err := s.Start(ctx); err != nil {
				h.stopFrom(before)
				return fmt.Errorf("start %T: %w", s, err)
			}
		}
		h.started++
	}
	return nil
}

// Stop stops what was built, in reverse: also what was never started, for some objects hold something from the
// beginning.
func (h *Heap) Stop() {
	h.running = false
	h.stopFrom(0)
}

func (h *Heap) stopFrom(first int) {
	for i := len(h.lifecycle) - 1; i >= first; i-- {
		switch s := h.lifecycle[i].(type) {
		case Stopper:
			s.Stop()
		case io.Closer:
			if err := s.Close(); err != nil && !errors.Is(err, context.Canceled) {
				h.services.Logger.Warn("close object", "error", err)
			}
		}
	}
	clear(h.lifecycle[first:])
	h.lifecycle, h.started = h.lifecycle[:first], min(h.started, first)
}
