package handlers

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/observe"
)

// flaky is a handler type for tests: it fails, or answers 503, as often as told.
type flakyConfig struct {
	Failures int  `conf:"failures"`
	Answer   bool `conf:"answer"`
}

type flakyHandler struct {
	*flakyConfig
	calls int
}

func (f *flakyHandler) Handle(x *chain.Exchange) (*chain.Response, error) {
	f.calls++
	if f.calls > f.Failures {
		resp := chain.NewResponse(200)
		b, _ := x.Request.Entity.Bytes()
		resp.Entity.SetBytes(b)
		return resp, nil
	}
	if f.Answer {
		return chain.NewResponse(503), nil
	}
	return nil, errors.New("flaky")
}

var flaky = heap.Define("Flaky", func(c *flakyConfig, _ *heap.Env) (chain.Handler, error) { return &flakyHandler{flakyConfig: c}, nil })

type retryConfig struct {
	Retries retriesConfig           `conf:"retries"`
	Next    heap.Ref[chain.Handler] `conf:"next"`
}

var retry = heap.Define("Retrier", func(c *retryConfig, _ *heap.Env) (chain.Handler, error) {
	return &retrier{c.Retries, c.Next.Get()}, nil
})

type logTo struct{ t testing.TB }

func (l logTo) Write(b []byte) (int, error) { l.t.Logf("%s", b); return len(b), nil }

// load builds the handler of {"handler": …} with the usual default objects.
func load(t testing.TB, text string) (chain.Handler, error) {
	t.Helper()
	return loadInto(t, text, &conf.Errors{})
}

// loadWarned is mustLoad that also returns what is doubtful.
func loadWarned(t *testing.T, text string) (chain.Handler, []string) {
	t.Helper()
	errs := &conf.Errors{}
	h, err := loadInto(t, text, errs)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, w := range errs.Warnings() {
		list = append(list, w.Msg)
	}
	return h, list
}

func loadInto(t testing.TB, text string, errs *conf.Errors) (chain.Handler, error) {
	t.Helper()
	n, err := conf.Parse("x.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	defaults, _ := conf.Parse("defaults", []byte(`[{"name": "ProxyOptions", "type": "ProxyOptions"}, {"name": "TemporaryStorage", "type": "TemporaryStorage"}]`))
	none := func(string) (string, bool) { return "", false }
	h := heap.New(heap.Options{Name: "test", Catalog: heap.NewCatalog(All, secrets.All, []*heap.Type{flaky, retry}), Errs: errs,
		Bindings: heap.NewBindings(nil, nil), Declared: n.Get("heap"), Defaults: defaults,
		Services: &heap.Services{Logger: observe.NewLogger(logTo{t}, "text", ""), Now: time.Now, Getenv: none, System: none}})
	h.BuildAll()
	var c struct {
		Handler heap.Ref[chain.Handler] `conf:"handler,required"`
		Rest    []conf.Field            `conf:"*"`
	}
	h.Decoder().Decode(n, &c)
	if err := errs.Err(); err != nil {
		return nil, err
	}
	t.Cleanup(h.Stop)
	return c.Handler.Get(), h.Start(t.Context())
}

func mustLoad(t *testing.T, text string) chain.Handler {
	t.Helper()
	h, err := load(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// get sends a request and returns status and body.
func get(t *testing.T, h chain.Handler, uri string) (*chain.Response, string) {
	t.Helper()
	req := chain.NewRequest()
	u, err := chain.ParseURI(uri)
	if err != nil {
		t.Fatal(err)
	}
	req.URI = u
	resp, err := h.Handle(chain.New(t.Context(), req, &chain.RootContext{ID: "1"}))
	if err != nil {
		return nil, err.Error()
	}
	body, err := resp.Entity.Text()
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

func TestStaticResponse(t *testing.T) {
	h := mustLoad(t, `{"handler": {"type": "StaticResponseHandler", "config": {
		"status": "299", "reason": "Odd", "headers": {"content-type": ["text/plain; charset=UTF-8"], "X-Path": ["${request.uri.path}", "${null}"], "X-Gone": "${null}"},
		"entity": ["first ${request.method}", "ä"]}}}`)
	resp, body := get(t, h, "http://h/p")
	if resp.Status != (chain.Status{Code: 299, Reason: "Odd"}) || body != "first GET\nä" {
		t.Errorf("answer %v %q", resp.Status, body)
	}
	want := http.Header{"Content-Type": {"text/plain; charset=UTF-8"}, "X-Path": {"/p"}, "X-Content-Type-Options": {"nosniff"}, "Content-Length": {"12"}}
	if diff := cmp.Diff(want, resp.Header); diff != "" {
		t.Error(diff)
	}
	h = mustLoad(t, `{"handler": {"type": "StaticResponseHandler", "config": {"status": 302, "headers": {"Location": ["${urlDecode(request.uri.rawQuery)}"]}}}}`)
	if resp, text := get(t, h, "http://h/p?a%0d%0aSet-Cookie:x"); resp != nil {
		t.Errorf("a line break in a header value is sent: %v %s", resp.Header, text)
	}
}

// An entity is sent, also where its charset does not have all of its characters.
func TestStaticResponseCharset(t *testing.T) {
	for contentType, want := range map[string]string{
		"":                         "the entity has no Content-Type header: browsers must guess|" + lossyEntity,
		"text/html":                lossyEntity,
		"text/html; charset=UTF-8": "",
		"${request.method}":        "",
	} {
		declaration := `{"name": "it", "type": "StaticResponseHandler", "config": {"status": 200, "entity": ["a", "5 €"], "headers": {}}}`
		if contentType != "" {
			declaration = strings.Replace(declaration, `{}`, `{"content-type": ["`+contentType+`"]}`, 1)
		}
		h, warnings := loadWarned(t, `{"handler": `+declaration+`}`)
		if got := strings.Join(warnings, "|"); got != want {
			t.Errorf("%q is told about with %q, want %q", contentType, got, want)
		}
		want := "a\n5 ?"
		if strings.Contains(contentType, "UTF") {
			want = "a\n5 €"
		}
		if resp, body := get(t, h, "http://h/"); resp == nil || body != want {
			t.Errorf("%q: the answer is %v %q", contentType, resp, body)
		}
	}
}

func TestDispatchAndSequence(t *testing.T) {
	h := mustLoad(t, `{"handler": {"type": "DispatchHandler", "config": {"bindings": [
		{"condition": "${request.uri.path == '/a'}", "baseURI": "https://b:8443/ignored", "handler": {"type": "StaticResponseHandler",
			"config": {"status": 200, "headers": {"Content-Type": ["text/plain"]}, "entity": "${toString(request.uri)}"}}},
		{"condition": {"expression": "${request.uri.path == '/b'}", "label": "second"}, "handler": {"type": "SequenceHandler", "config": {"bindings": [
			{"handler": {"type": "StaticResponseHandler", "config": {"status": 200}}, "postcondition": "${response.status.code == 200}"},
			{"handler": {"type": "StaticResponseHandler", "config": {"status": 201}}, "postcondition": "${response.status.code == 200}"},
			{"handler": {"type": "StaticResponseHandler", "config": {"status": 202}}}]}}}]}}}`)
	if resp, body := get(t, h, "http://h:1/a?q"); resp.Status.Code != 200 || body != "https://b:8443/a?q" {
		t.Errorf("first binding: %v %q", resp.Status, body)
	}
	if resp, _ := get(t, h, "http://h/b"); resp.Status.Code != 201 {
		t.Errorf("sequence: %v, want the second, whose postcondition fails", resp.Status)
	}
	if resp, _ := get(t, h, "http://h/c"); resp.Status.Code != 404 {
		t.Errorf("no binding: %v", resp.Status)
	}
}

func TestClientHandlers(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Host", r.Host)
		_, _ = io.WriteString(w, "app "+r.URL.Path)
	}))
	defer app.Close()
	proxy := mustLoad(t, `{"handler": {"type": "ReverseProxyHandler", "config": {"soTimeout": "5 seconds"}}}`)
	if resp, body := get(t, proxy, app.URL+"/x"); resp.Status.Code != 200 || body != "app /x" {
		t.Errorf("proxied: %v %q", resp.Status, body)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := "http://" + l.Addr().String() + "/"
	_ = l.Close()
	if resp, _ := get(t, proxy, dead); resp.Status.Code != 502 || resp.Cause == nil || !resp.Entity.Empty() {
		t.Errorf("refused connection: %v, cause %v", resp.Status, resp.Cause)
	}
	client := mustLoad(t, `{"handler": {"type": "ClientHandler"}}`)
	if resp, text := get(t, client, dead); resp != nil || !strings.Contains(text, "connect") {
		t.Errorf("ClientHandler answers %v, want a failure: %s", resp, text)
	}
}

func TestRetries(t *testing.T) {
	r := &retrier{next: &flakyHandler{flakyConfig: &flakyConfig{Failures: 2}}}
	r.Count, r.Delay = 2, 0
	if resp, text := get(t, r, "http://h/"); resp == nil || resp.Status.Code != 200 {
		t.Errorf("two failures, two retries: %v %s", resp, text)
	}
	r = &retrier{next: &flakyHandler{flakyConfig: &flakyConfig{Failures: 3}}}
	r.Count, r.Delay = 2, 0
	if resp, text := get(t, r, "http://h/"); resp != nil || text != "flaky" {
		t.Errorf("three failures, two retries: %v %s", resp, text)
	}
	h := mustLoad(t, `{"handler": {"type": "Retrier", "config": {
		"retries": {"condition": "${response.status.code == 503}", "count": 1, "delay": "zero"},
		"next": {"type": "Flaky", "config": {"failures": 1, "answer": true}}}}}`)
	if resp, _ := get(t, h, "http://h/"); resp.Status.Code != 200 {
		t.Errorf("answer that the condition names: %v", resp.Status)
	}
}

func TestBadClientConfigurations(t *testing.T) {
	tests := []struct{ name, config, want string }{
		{"breaker smaller than its limit", `{"circuitBreaker": {"maxFailures": 5, "openDuration": "1 s", "slidingCounter": {"size": 5}}}`,
			`x.json:1:137: handler.config.circuitBreaker.slidingCounter.size: expected a size above maxFailures (5), found 5`},
		{"proxy without password", `{"proxyOptions": {"type": "ProxyOptions", "config": {"uri": "http://p:1", "username": "u"}}}`,
			`a username needs a passwordSecretId`},
		{"unknown protocol", `{"protocolVersion": "HTTP/3"}`, `expected one of HTTP/1.1, HTTP/2, found "HTTP/3" (did you mean "HTTP/2"?)`},
		{"retries that wait forever", `{"retries": {"delay": "unlimited"}}`, `handler.config.retries.delay: the duration must not be unlimited`},
		{"number above the limit", `{"temporaryStorage": {"type": "TemporaryStorage", "config": {"fileLimit": 9999999999}}}`, `expected a number of at most 2147483647, found 9999999999`},
		{"no duration", `{"soTimeout": "5"}`, `expected a duration such as "10 seconds", found "5" (the unit is missing)`},
		{"proxy of another protocol", `{"proxyOptions": {"type": "ProxyOptions", "config": {"uri": "ftp://p:1"}}}`,
			`proxyOptions.config.uri: expected a URL that begins with http, https or socks5, found "ftp://p:1"`},
		{"no connections", `{"connections": 0}`, `expected a number of at least 1, found 0`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, `{"handler": {"type": "ClientHandler", "config": `+tt.config+`}}`)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
		})
	}
}

// BenchmarkStaticResponse is an answer with two fields and a text.
func BenchmarkStaticResponse(b *testing.B) {
	h, err := load(b, `{"handler": {"type": "StaticResponseHandler", "config": {"status": 200,
		"headers": {"Content-Type": ["text/html; charset=UTF-8"], "Cache-Control": ["no-store"]}, "entity": "<p>Hello</p>"}}}`)
	if err != nil {
		b.Fatal(err)
	}
	x := chain.New(b.Context(), chain.NewRequest(), &chain.RootContext{ID: "1"})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Handle(x); err != nil {
			b.Fatal(err)
		}
	}
}
