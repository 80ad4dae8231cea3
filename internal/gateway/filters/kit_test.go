package filters

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/amservice"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
)

// fixture builds filters from declarations and sends exchanges through them.
type fixture struct {
	*heap.Heap
	errs   *conf.Errors
	passed atomic.Int64 // since start; caches look at the time on their own
	env    map[string]string
	log    bytes.Buffer
	server chain.HandlerFunc // behind the client handlers
	sent   []string          // what the server got: "POST URL BODY"
	types  []*heap.Type
}

func (f *fixture) now() time.Time {
	return time.Unix(1_800_000_000, 0).UTC().Add(time.Duration(f.passed.Load()))
}

// wait lets time go by.
func (f *fixture) wait(d time.Duration) { f.passed.Add(int64(d)) }

func newFixture() *fixture {
	f := &fixture{env: map[string]string{"AGENT_SECRET_ID": "cGFzc3dvcmQ="}}
	f.server = func(x *chain.Exchange) (*chain.Response, error) { return chain.NewResponse(200), nil }
	return f
}

type testHandler struct {
	Status  int               `conf:"status"`
	Headers heap.HeaderFields `conf:"headers"`
	Entity  *heap.Text        `conf:"entity"`
	Rest    []conf.Field      `conf:"*"`
}

type testChain struct {
	Filters []heap.Ref[chain.Filter] `conf:"filters"`
	Handler heap.Ref[chain.Handler]  `conf:"handler,required"`
}

// testTypes stand for types of other packages.
func (f *fixture) testTypes() []*heap.Type {
	answering := func(name string) *heap.Type {
		return heap.Define(name, func(c *testHandler, _ *heap.Env) (chain.Handler, error) {
			if name != "StaticResponseHandler" {
				return chain.HandlerFunc(f.serve), nil
			}
			return chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
				resp := chain.NewResponse(c.Status)
				for _, h := range c.Headers.Multimap {
					resp.Header[h.Name] = h.Eval(x)
				}
				if c.Entity.IsSet() {
					return resp, resp.Entity.SetText(c.Entity.Eval(x))
				}
				return resp, nil
			}), nil
		})
	}
	return []*heap.Type{
		answering("StaticResponseHandler"), answering("ReverseProxyHandler"), answering("ClientHandler"),
		heap.Define("BaseUriDecorator", func(*struct{}, *heap.Env) (heap.Decorator, error) { return testDecorator{}, nil }),
		heap.Define("Chain", func(c *testChain, _ *heap.Env) (chain.Handler, error) {
			h := c.Handler.Get()
			for i := len(c.Filters) - 1; i >= 0; i-- {
				h = &chainLink{c.Filters[i].Get(), h}
			}
			return h, nil
		}),
	}
}

type testDecorator struct{}

func (testDecorator) Decorate(target any, _ *conf.Node, _ *heap.Env) (any, error) { return target, nil }

func (f *fixture) serve(x *chain.Exchange) (*chain.Response, error) {
	body, err := x.Request.Entity.Text()
	if err != nil {
		return nil, err
	}
	f.sent = append(f.sent, strings.TrimSpace(x.Request.String()+" "+body))
	return f.server(x)
}

// load prepares a heap of the declarations in list.
func (f *fixture) load(t *testing.T, list string) {
	t.Helper()
	n, err := conf.Parse("route.json", []byte(`{"heap":`+list+`}`))
	if err != nil {
		t.Fatal(err)
	}
	f.document(t, n)
}

func (f *fixture) document(t *testing.T, n *conf.Node) {
	t.Helper()
	defaults, err := conf.Parse("defaults", []byte(`[{"name":"baseURI","type":"BaseUriDecorator"},{"name":"ForgeRockClientHandler","type":"ClientHandler"},{"name":"ClientHandler","type":"ClientHandler"},
		{"name":"ReverseProxyHandler","type":"ReverseProxyHandler"},{"name":"env","type":"SystemAndEnvSecretStore"},
		{"name":"am","type":"AmService","config":{"url":"https://am.example.com/am/","secretsProvider":"env","ssoTokenHeader":"sso",
		 "agent":{"username":"ig_agent","passwordSecretId":"agent.secret.id"}}}]`))
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
			Getenv: func(k string) (string, bool) { v, ok := f.env[k]; return v, ok },
			System: func(string) (string, bool) { return "", false },
			Now:    f.now,
			Kinds:  []heap.Kind{heap.KindFor[chain.Filter]("filter"), heap.KindFor[chain.Handler]("handler")},
		},
		Bindings: bindings, Errs: f.errs, Declared: n.Get("heap"), Defaults: defaults,
	})
	f.BuildAll()
}

// filter builds the filter of a declaration.
func (f *fixture) filter(t *testing.T, declaration string) chain.Filter {
	t.Helper()
	f.load(t, `[{"name":"it",`+strings.TrimPrefix(declaration, "{")+`]`)
	v, ok := f.Get("it")
	if !ok || f.errs.Err() != nil {
		t.Fatal(f.errs.Err())
	}
	return v.(chain.Filter)
}

// build is filter of a fixture that nobody else needs.
func build(t *testing.T, declaration string) chain.Filter {
	t.Helper()
	return newFixture().filter(t, declaration)
}

// refused are declarations and what is said about them, as "PATH: MESSAGE" a line.
type refused map[string]string

func (cases refused) test(t *testing.T) {
	t.Helper()
	for declaration, want := range cases {
		f := newFixture()
		f.load(t, "["+`{"name":"it",`+strings.TrimPrefix(declaration, "{")+"]")
		var got []string
		if err, ok := f.errs.Err().(*conf.Error); ok {
			for _, p := range err.Problems {
				got = append(got, strings.TrimPrefix(strings.TrimPrefix(p.Path, "heap[0]"), ".")+": "+p.Msg)
			}
		}
		if text := strings.Join(got, "\n"); text != want {
			t.Errorf("%s\nis answered with\n  %s\nwant\n  %s", declaration, text, want)
		}
	}
}

// get is an exchange as the edge makes it.
func get(t *testing.T, uri string, header ...string) *chain.Exchange {
	t.Helper()
	u, err := chain.ParseURI(uri)
	if err != nil {
		t.Fatal(err)
	}
	req := chain.NewRequest()
	req.URI = u
	req.Header.Set("Host", u.HostPort())
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	x := chain.New(t.Context(), req, &chain.RootContext{ID: "1"})
	x = x.Push(&chain.AuditContext{}).Push(&chain.ClientContext{RemoteAddr: "192.0.2.1:4711"})
	return x.Push(&chain.RouterContext{OriginalURI: u.Clone()}).Push(&chain.AttributesContext{})
}

// post is an exchange with a form.
func post(t *testing.T, uri, body string) *chain.Exchange {
	t.Helper()
	x := get(t, uri, "Content-Type", "application/x-www-form-urlencoded")
	x.Request.Method = "POST"
	x.Request.Entity.SetBytes([]byte(body))
	return x
}

// answer is a handler that answers with a status, header fields, and the body under "".
func answer(status int, header ...string) chain.HandlerFunc {
	return func(*chain.Exchange) (*chain.Response, error) {
		resp := chain.NewResponse(status)
		for i := 0; i < len(header); i += 2 {
			if header[i] == "" {
				resp.Entity.SetBytes([]byte(header[i+1]))
				continue
			}
			resp.Header.Add(header[i], header[i+1])
		}
		return resp, nil
	}
}

// closing is a body that notes its end.
type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}

// streamed is a handler that answers with a body that is still at the upstream.
func streamed(body io.ReadCloser, header ...string) chain.HandlerFunc {
	return func(x *chain.Exchange) (*chain.Response, error) {
		resp, err := answer(200, header...)(x)
		resp.Entity.SetStream(body, -1)
		return resp, err
	}
}

func attributesOf(x *chain.Exchange) map[string]any {
	return chain.Find[*chain.AttributesContext](x.Context).Map()
}

// pass sends an exchange through a filter, and wants no error.
func pass(t *testing.T, f chain.Filter, x *chain.Exchange, next chain.Handler) *chain.Response {
	t.Helper()
	resp, err := f.Filter(x, next)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// memorySession is a session without a manager.
type memorySession map[string]any

func (s memorySession) Get(key string) (any, bool) { v, ok := s[key]; return v, ok }
func (s memorySession) Set(key string, v any) error {
	if v == nil {
		delete(s, key)
	} else {
		s[key] = v
	}
	return nil
}
func (s memorySession) Keys() (keys []string) {
	for k := range s {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
func (s memorySession) Clear() { clear(s) }

// in puts an exchange into a session.
func (s memorySession) in(x *chain.Exchange) *chain.Exchange {
	return x.Push(&chain.SessionContext{Session: s})
}

// want compares, with a name for what is compared.
func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %#v, want %#v", what, got, want)
	}
}

// cookies are the cookies that a response sets, as name=value.
func cookies(resp *chain.Response) map[string]*http.Cookie {
	out := map[string]*http.Cookie{}
	for _, c := range (&http.Response{Header: resp.Header}).Cookies() {
		out[c.Name] = c
	}
	return out
}

// text is the body of a response.
func text(t *testing.T, resp *chain.Response) string {
	t.Helper()
	s, err := resp.Entity.Text()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// eval is the value of an expression.
func eval(t *testing.T, x *chain.Exchange, expression string) any {
	t.Helper()
	tmpl, err := expr.Compile("${"+expression+"}", nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := tmpl.EvalErr(x)
	if err != nil {
		t.Error(err)
	}
	return v
}
