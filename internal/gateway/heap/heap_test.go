package heap

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/observe"
)

// A say filter writes its word into the trail; a mark decorator writes its value
// before and after what it wraps.
type trail struct{ words []string }

func (tr *trail) add(w string) { tr.words = append(tr.words, w) }

type lively struct {
	tr   *trail
	name string
	fail bool
}

func (l *lively) Start(context.Context) error {
	if l.fail {
		return errors.New("no luck")
	}
	l.tr.add("start " + l.name)
	return nil
}
func (l *lively) Stop() { l.tr.add("stop " + l.name) }
func (l *lively) Handle(*chain.Exchange) (*chain.Response, error) {
	l.tr.add(l.name)
	return chain.NewResponse(200), nil
}

type markDecorator struct{ tr *trail }

func (m markDecorator) Decorate(target any, value *conf.Node, _ *Env) (any, error) {
	h, ok := target.(chain.Handler)
	if !ok {
		return target, nil
	}
	return chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		m.tr.add("<" + value.Text)
		defer m.tr.add(value.Text + ">")
		return h.Handle(x)
	}), nil
}

func catalog(tr *trail) *Catalog {
	type sayConfig struct {
		Next *Ref[chain.Handler] `conf:"next"`
		Fail bool                `conf:"fail"`
	}
	say := Define("Say", func(c *sayConfig, env *Env) (chain.Handler, error) {
		tr.add("build " + env.Name)
		l := &lively{tr, env.Name, c.Fail}
		if c.Next == nil {
			return l, nil
		}
		return &both{l, c.Next.Get()}, nil
	}, "OldSay")
	mark := Define("Mark", func(*struct{}, *Env) (Decorator, error) { return markDecorator{tr}, nil })
	return NewCatalog([]*Type{say, mark, Refuse("Gone", "it is not supported")})
}

type both struct {
	*lively
	next chain.Handler
}

func (b *both) Handle(x *chain.Exchange) (*chain.Response, error) {
	_, _ = b.lively.Handle(x)
	return b.next.Handle(x)
}

func services(t *testing.T) *Services {
	none := func(string) (string, bool) { return "", false }
	return &Services{Logger: observe.NewLogger(logWriter{t}, "text", ""), Now: time.Now, Getenv: none, System: none}
}

type logWriter struct{ t *testing.T }

func (w logWriter) Write(b []byte) (int, error) { w.t.Logf("%s", b); return len(b), nil }

func parse(t *testing.T, text string) *conf.Node {
	t.Helper()
	n, err := conf.Parse("x.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// newHeap makes a heap from {"heap": […], "globalDecorators": {…}}.
func newHeap(t *testing.T, name string, parent *Heap, c *Catalog, text string) *Heap {
	t.Helper()
	n := parse(t, text)
	var above *Bindings
	if parent != nil {
		above = parent.Bindings()
	}
	h := New(Options{Name: name, Parent: parent, Catalog: c, Services: services(t), Bindings: NewBindings(above, nil),
		Errs: &conf.Errors{}, Declared: n.Get("heap"), Defaults: n.Get("defaults"), GlobalDecorators: n.Get("globalDecorators")})
	h.BuildAll()
	return h
}

func handle(t *testing.T, h *Heap, name string) {
	t.Helper()
	v, ok := h.Get(name)
	if !ok {
		t.Fatalf("no object %s: %v", name, h.Errs().Err())
	}
	if _, err := v.(chain.Handler).Handle(chain.New(t.Context(), chain.NewRequest(), nil)); err != nil {
		t.Fatal(err)
	}
}

func (tr *trail) want(t *testing.T, want string) {
	t.Helper()
	if diff := cmp.Diff(want, strings.Join(tr.words, " ")); diff != "" {
		t.Errorf("trail (-want +got)\n%s", diff)
	}
	tr.words = nil
}

func TestDecorationOrder(t *testing.T) {
	tr := &trail{}
	root := newHeap(t, "root", nil, catalog(tr), `{
		"heap": [{"name": "m", "type": "Mark"}, {"name": "n", "type": "Mark"},
			{"name": "shared", "type": "Say", "m": "own"}],
		"globalDecorators": {"n": "root"}}`)
	child := newHeap(t, "child", root, nil, `{
		"heap": [{"name": "a", "type": "Say", "n": "1", "m": "2", "nobody": 3, "_m": "off"}],
		"globalDecorators": {"m": "child"}}`)
	tr.want(t, "build shared build a")
	handle(t, child, "a")
	tr.want(t, "<child <root <2 <1 a 1> 2> root> child>")
	handle(t, child, "shared")
	tr.want(t, "<child <root <own shared own> root> child>")
	handle(t, root, "shared")
	tr.want(t, "<root <own shared own> root>")
}

func TestChildOverridesParent(t *testing.T) {
	tr := &trail{}
	root := newHeap(t, "root", nil, catalog(tr), `{"heap": [
		{"name": "x", "type": "Say"}, {"name": "user", "type": "Say", "config": {"next": "x"}}]}`)
	child := newHeap(t, "child", root, nil, `{"heap": [{"name": "x", "type": "OldSay"}]}`)
	tr.want(t, "build x build user build x")
	handle(t, child, "user")
	tr.want(t, "user x")
	if a, _ := root.Get("x"); a == func() any { b, _ := child.Get("x"); return b }() {
		t.Error("the child's object is the parent's")
	}
	if w := child.Errs().Warnings(); len(w) != 1 || w[0].Msg != "OldSay is an older name of Say" {
		t.Errorf("warnings %v", w)
	}
}

func TestLifecycle(t *testing.T) {
	tr := &trail{}
	c := catalog(tr)
	root := newHeap(t, "root", nil, c, `{"heap": [{"name": "b", "type": "Say", "config": {"next": "a"}}, {"name": "a", "type": "Say"}],
		"defaults": [{"name": "lazy", "type": "Say"}, {"name": "a", "type": "Say"}]}`)
	tr.want(t, "build a build b")
	if err := root.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	tr.want(t, "start a start b")
	child := newHeap(t, "child", root, nil, `{"heap": [{"name": "u", "type": "Say", "config": {"next": "lazy"}}]}`)
	if err := child.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	tr.want(t, "build lazy start lazy build u start u")
	child.Stop()
	root.Stop()
	tr.want(t, "stop u stop lazy stop b stop a")

	broken := newHeap(t, "broken", nil, c, `{"heap": [{"name": "p", "type": "Say"}, {"name": "q", "type": "Say", "config": {"fail": true}}]}`)
	if err := broken.Start(t.Context()); err == nil || err.Error() != "start *heap.lively: no luck" {
		t.Errorf("Start: %v", err)
	}
	broken.Stop()
	tr.want(t, "build p build q start p stop q stop p")

	unused := newHeap(t, "unused", nil, c, `{"heap": [{"name": "p", "type": "Say"}, {"name": "q", "type": "Say"}]}`)
	unused.Stop()
	tr.want(t, "build p build q stop q stop p")
}

func TestFailures(t *testing.T) {
	c := catalog(&trail{})
	root := newHeap(t, "root", nil, c, `{"defaults": [{"name": "bad", "type": "Gone"}]}`)
	for range 2 {
		child := newHeap(t, "child", root, nil, `{"heap": [{"name": "u", "type": "Say", "config": {"next": "bad"}}]}`)
		if err := child.Errs().Err(); err == nil {
			t.Fatal("a reference to an object that cannot be built is no error")
		}
	}
	child := newHeap(t, "child", root, nil, `{"heap": [{"name": "u", "type": "Say", "config": {"next": "bad"}}, {"name": "v", "config": {}}]}`)
	want := "x.json:1:59: heap[0].config.next: the object \"bad\" could not be built\n" +
		"x.json:1:68: heap[1]: the required field \"type\" is missing"
	if got := child.Errs().Err(); got == nil || got.Error() != want {
		t.Errorf("got %v\nwant %s", got, want)
	}
}

// A default object that a child asks for and that cannot start takes nothing down with it.
func TestDefaultObjectThatCannotStart(t *testing.T) {
	tr := &trail{}
	c := catalog(tr)
	root := newHeap(t, "root", nil, c, `{"heap": [{"name": "a", "type": "Say"}], "defaults": [{"name": "d", "type": "Say", "config": {"fail": true}}]}`)
	root.BuildAll()
	if err := root.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		child := newHeap(t, "child", root, nil, `{}`)
		if _, ok := child.Get("d"); ok || !strings.Contains(child.Errs().Err().Error(), "no luck") {
			t.Errorf("Get(d) = %v, %v, want a failure", ok, child.Errs().Err())
		}
	}
	root.Stop()
	want := []string{"build a", "start a", "build d", "stop d", "build d", "stop d", "stop a"}
	if diff := cmp.Diff(want, tr.words); diff != "" {
		t.Error(diff)
	}
}
