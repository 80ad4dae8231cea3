package oauth2

import (
	"bytes"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/amservice"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
)

// fixture builds objects from declarations, with a fake server behind the client
// handler.
type fixture struct {
	*heap.Heap
	errs   *conf.Errors
	start  time.Time
	passed atomic.Int64
	env    map[string]string
	server chain.HandlerFunc
	log    bytes.Buffer
	types  []*heap.Type // further ones

	mu       sync.Mutex
	requests []string // what the server got: "POST URL BODY"
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	return &fixture{
		start: time.Unix(1_800_000_000, 0), env: map[string]string{"AGENT_SECRET_ID": "cGFzc3dvcmQ=", "CLIENT_SECRET_ID": "cCZzcw=="},
		server: func(x *chain.Exchange) (*chain.Response, error) {
			t.Errorf("unexpected request %s", x.Request)
			return chain.NewResponse(500), nil
		},
	}
}

type testChain struct {
	Filters []heap.Ref[chain.Filter] `conf:"filters"`
	Handler heap.Ref[chain.Handler]  `conf:"handler,required"`
}

// testTypes stand for types of other packages.
func (f *fixture) testTypes() []*heap.Type {
	return []*heap.Type{
		heap.Define("Chain", func(c *testChain, _ *heap.Env) (chain.Handler, error) {
			h := c.Handler.Get()
			for i := len(c.Filters) - 1; i >= 0; i-- {
				filter, next := c.Filters[i].Get(), h
				h = chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) { return filter.Filter(x, next) })
			}
			return h, nil
		}),
		heap.Define("TestClient", func(*struct{}, *heap.Env) (chain.Handler, error) {
			return chain.HandlerFunc(f.serve), nil
		}),
	}
}

func (f *fixture) serve(x *chain.Exchange) (*chain.Response, error) {
	body, err := x.Request.Entity.Text()
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.requests = append(f.requests, strings.TrimSpace(x.Request.Method+" "+x.Request.URI.String()+" "+body))
	f.mu.Unlock()
	return f.server(x)
}

// pass lets time go by.
func (f *fixture) pass(d time.Duration) { f.passed.Add(int64(d)) }

func (f *fixture) now() time.Time { return f.start.Add(time.Duration(f.passed.Load())) }

func (f *fixture) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.requests)
}

// load builds everything that the list of declarations has.
func (f *fixture) load(t *testing.T, list string) *fixture {
	t.Helper()
	n, err := conf.Parse("route.json", []byte(`{"heap":`+list+`}`))
	if err != nil {
		t.Fatal(err)
	}
	f.document(t, n)
	return f
}

// document builds a route: its heap, its handler, and the TLS options of connectors.
func (f *fixture) document(t *testing.T, n *conf.Node) {
	t.Helper()
	lookup := func(k string) (string, bool) { v, ok := f.env[k]; return v, ok }
	defaults, err := conf.Parse("defaults", []byte(`[{"name":"ForgeRockClientHandler","type":"TestClient"},{"name":"ClientHandler","type":"TestClient"},
		{"name":"env","type":"SystemAndEnvSecretStore"}]`))
	if err != nil {
		t.Fatal(err)
	}
	bindings := heap.NewBindings(nil, nil)
	bindings.Set("openig", map[string]any{"instanceDirectory": "/nowhere"})
	f.errs = &conf.Errors{}
	f.Heap = heap.New(heap.Options{
		Name: "route", Catalog: heap.NewCatalog(All, secrets.All, amservice.All, f.testTypes(), f.types),
		Services: &heap.Services{
			Logger: slog.New(slog.NewTextHandler(&f.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			Getenv: lookup, Now: f.now,
		},
		Bindings: bindings, Errs: f.errs, Declared: n.Get("heap"), Defaults: defaults,
	})
	f.BuildAll()
	objects := []*conf.Node{n.Get("handler")}
	if c := n.Get("connectors"); c != nil {
		objects = append(objects, c.List[0].Get("tls"))
	}
	for _, o := range objects {
		if o != nil {
			f.Resolve(f.Decoder(), o, "an object")
		}
	}
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

// exchangeFor is a request as the edge makes it.
func exchangeFor(t *testing.T, uri string, header ...string) *chain.Exchange {
	t.Helper()
	u, err := chain.ParseURI(uri)
	if err != nil {
		t.Fatal(err)
	}
	req := chain.NewRequest()
	req.URI = u
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	x := chain.New(t.Context(), req, &chain.RootContext{ID: "1"})
	return x.Push(&chain.AuditContext{}).Push(&chain.RouterContext{OriginalURI: u.Clone()})
}

// reply is a JSON answer of the fake server.
func reply(status int, body string) (*chain.Response, error) {
	r := chain.NewResponse(status)
	r.Header["Content-Type"] = []string{"application/json"}
	r.Entity.SetBytes([]byte(body))
	return r, nil
}

// form parses the body of a recorded request.
func formOf(t *testing.T, recorded string) url.Values {
	t.Helper()
	v, err := url.ParseQuery(recorded[strings.LastIndexByte(recorded, ' ')+1:])
	if err != nil {
		t.Fatal(err)
	}
	return v
}
