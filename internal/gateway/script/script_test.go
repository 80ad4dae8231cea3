package script

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// bench is a heap with one scriptable object, and what it can reach.
type rig struct {
	t        testing.TB
	dir      string
	instance string
	log      strings.Builder
	now      time.Time
	client   chain.Handler // of http
	vars     map[string]any
	system   map[string]string
	env      map[string]string
	heap     map[string]any // objects for args
}

func newRig(t testing.TB) *rig {
	return &rig{t: t, dir: t.TempDir(), now: time.Unix(1_700_000_000, 0), vars: map[string]any{}, heap: map[string]any{},
		client: chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
			r := chain.NewResponse(200)
			r.Header.Set("X-Path", x.Request.URI.Path())
			r.Entity.SetBytes([]byte("from " + x.Request.URI.Path()))
			return r, nil
		})}
}

type anyConfig struct{}

// load builds an object and returns the problems of doing so.
func (g *rig) load(config string, extra ...string) (*Script, *conf.Errors) {
	g.t.Helper()
	var errs conf.Errors
	n, err := conf.Parse("routes/test.json", []byte(`{"name": "script", "type": "Tested", "config": `+config+`}`))
	if err != nil {
		g.t.Fatal(err)
	}
	var made *Script
	tested := heap.Define("Tested", func(c *Config, env *heap.Env) (*Script, error) {
		s, err := Compile(env, c, extra...)
		made = s
		return s, err
	})
	types := []*heap.Type{tested, heap.Define("ClientHandler", func(*anyConfig, *heap.Env) (chain.Handler, error) { return g.client, nil })}
	defaults := `[{"name": "ClientHandler", "type": "ClientHandler"}`
	for name, v := range g.heap {
		types = append(types, heap.Define(name+"Type", func(*anyConfig, *heap.Env) (any, error) { return v, nil }))
		defaults += `, {"name": "` + name + `", "type": "` + name + `Type"}`
	}
	defaultNode, err := conf.Parse("defaults", []byte(defaults+"]"))
	if err != nil {
		g.t.Fatal(err)
	}
	b := heap.NewBindings(nil, nil)
	for k, v := range g.vars {
		b.Set(k, v)
	}
	h := heap.New(heap.Options{Name: "test", Catalog: heap.NewCatalog(types), Bindings: b, Errs: &errs, Defaults: defaultNode,
		Services: &heap.Services{
			Logger: slog.New(slog.NewTextHandler(&g.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			Dirs:   heap.Dirs{Scripts: g.dir, Instance: g.instance}, Now: func() time.Time { return g.now },
			Getenv: func(name string) (string, bool) { v, ok := g.env[name]; return v, ok },
			System: func(name string) (string, bool) { v, ok := g.system[name]; return v, ok },
		}})
	h.Resolve(h.Decoder(), n, "a script")
	return made, &errs
}

// source is load for an inline script that must be right.
func (g *rig) source(src string, extra ...string) *Script {
	g.t.Helper()
	text, _ := json.Marshal(src)
	s, errs := g.load(`{"type": "application/x-groovy", "source": `+string(text)+`}`, extra...)
	if err := errs.Err(); err != nil {
		g.t.Fatalf("load: %v", err)
	}
	return s
}

func (g *rig) write(name, src string) {
	g.t.Helper()
	path := filepath.Join(g.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		g.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(src), 0o644); err != nil {
		g.t.Fatal(err)
	}
}

// fakeSession is a session in memory.
type fakeSession map[string]any

func (s fakeSession) Get(key string) (any, bool) { v, ok := s[key]; return v, ok }
func (s fakeSession) Set(key string, v any) error {
	if v == nil {
		delete(s, key)
		return nil
	}
	s[key] = v
	return nil
}
func (s fakeSession) Keys() []string { return sortedKeys(s) }
func (s fakeSession) Clear()         { clear(s) }

// exchange is a request as it comes in, with all its contexts.
func newExchange(target string) *chain.Exchange {
	r := chain.NewRequest()
	r.URI, _ = chain.ParseURI("http://ig.example.com:8080" + target)
	x := chain.New(context.Background(), r, nil)
	return x.Push(&chain.RootContext{ID: "r1"}).Push(&chain.ClientContext{RemoteAddr: "192.0.2.7:4711"}).
		Push(&chain.AttributesContext{}).Push(&chain.SessionContext{Session: fakeSession{}})
}

// body runs a script as a handler and returns status and text.
func respond(t testing.TB, s *Script, x *chain.Exchange) (int, string) {
	t.Helper()
	r, err := s.Handle(x)
	if err != nil {
		t.Fatalf("run: %s", detail(err))
	}
	return r.Status.Code, r.Entity.String()
}

func TestSeedHandler(t *testing.T) {
	g := newRig(t)
	s, errs := g.load(`{"type": "application/x-groovy",
		"source": ["request.uri.path = '/oauth2-protected-resource'", "return http.send(context, request);"]}`)
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	if code, body := respond(t, s, newExchange("/client-credentials")); code != 200 || body != "from /oauth2-protected-resource" {
		t.Errorf("answer = %d %q", code, body)
	}
}

func BenchmarkSeedHandler(b *testing.B) {
	g := newRig(b)
	resp := chain.NewResponse(200)
	g.client = chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) { return resp, nil })
	s := g.source("request.uri.path = '/oauth2-protected-resource'\nreturn http.send(context, request);")
	x := newExchange("/client-credentials")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Handle(x); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEngine(b *testing.B) {
	g := newRig(b)
	b.ReportAllocs()
	for b.Loop() {
		g.source("return null")
	}
}
