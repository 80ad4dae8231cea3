package secrets

import (
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// fixture builds objects from declarations as a route does.
type fixture struct {
	*heap.Heap
	errs *conf.Errors
	now  time.Time
	env  map[string]string
	http chain.HandlerFunc
}

func newFixture(t *testing.T, env map[string]string) *fixture {
	t.Helper()
	return &fixture{env: env, now: time.Unix(1_800_000_000, 0), http: func(*chain.Exchange) (*chain.Response, error) {
		t.Error("unexpected request")
		return chain.NewResponse(500), nil
	}}
}

// load builds everything that the list of declarations has.
func (f *fixture) load(t *testing.T, list string) *fixture {
	t.Helper()
	n, err := conf.Parse("route.json", []byte(`{"heap":`+list+`}`))
	if err != nil {
		t.Fatal(err)
	}
	lookup := func(k string) (string, bool) { v, ok := f.env[k]; return v, ok }
	services := &heap.Services{
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Getenv: lookup, System: lookup,
		Now: func() time.Time { return f.now },
	}
	client := heap.Define("TestClient", func(*struct{}, *heap.Env) (chain.Handler, error) {
		return chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) { return f.http(x) }), nil
	})
	defaults, err := conf.Parse("defaults", []byte(`[{"name":"ClientHandler","type":"TestClient"}]`))
	if err != nil {
		t.Fatal(err)
	}
	f.errs = &conf.Errors{}
	f.Heap = heap.New(heap.Options{
		Name: "route", Catalog: heap.NewCatalog(All, []*heap.Type{client}), Services: services,
		Bindings: heap.NewBindings(nil, nil), Errs: f.errs, Declared: n.Get("heap"), Defaults: defaults,
	})
	f.BuildAll()
	return f
}

func (f *fixture) ok(t *testing.T) *fixture {
	t.Helper()
	if err := f.errs.Err(); err != nil {
		t.Fatal(err)
	}
	return f
}

func object[T any](t *testing.T, f *fixture, name string) T {
	t.Helper()
	v, ok := f.Get(name)
	if !ok {
		t.Fatalf("no object %q: %v", name, f.errs.Err())
	}
	return v.(T)
}

func (f *fixture) warnings() string {
	var lines []string
	for _, w := range f.errs.Warnings() {
		lines = append(lines, w.String())
	}
	return strings.Join(lines, "\n")
}
