package gateway

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"gatehouse/internal/gateway/chain"
)

// protected is a route behind a resource server whose tokens an introspection endpoint
// knows, and the endpoint.
func protected(t *testing.T) string {
	t.Helper()
	am := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.FormValue("token") != "good" {
			_, _ = io.WriteString(w, `{"active": false}`)
			return
		}
		_, _ = io.WriteString(w, `{"active": true, "scope": "mail read", "sub": "demo", "secretive": "hidden", "exp": 4102444800}`)
	}))
	t.Cleanup(am.Close)
	return `
-- routes/10-api.json --
{"heap": [
  {"name": "capture", "type": "CaptureDecorator", "config": {"masks": {"attributes": ["secret.*+"]}}},
  {"name": "Tokens", "type": "TokenIntrospectionAccessTokenResolver", "capture": "all", "timer": true, "config": {"endpoint": "` + am.URL + `", "providerHandler": "ClientHandler"}},
  {"name": "Cached", "type": "CacheAccessTokenResolver", "config": {"delegate": "Tokens"}}],
 "handler": {"type": "Chain", "config": {"filters": [
  {"type": "OAuth2ResourceServerFilter", "config": {"requireHttps": false, "scopes": ["mail"], "accessTokenResolver": "Cached"}}],
  "handler": {"type": "StaticResponseHandler", "config": {"status": 204}}}}}`
}

// Decorators serve access token resolvers too.
func TestDecoratedResolver(t *testing.T) {
	g := run(t, protected(t))
	for range 3 {
		if a := g.send("GET", g.client+"/x", "", "Authorization: Bearer good"); a.status != 204 {
			t.Fatalf("status %d; problems %v", a.status, g.Problems())
		}
	}
	g.send("GET", g.client+"/x", "", "Authorization: Bearer bad")
	log := g.log.String()
	for _, want := range []string{"--- (request)", "<--- (response)", "scopes: mail read", "demo", "failed: ", "total_ms="} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q", want)
		}
	}
	for _, secret := range []string{"hidden", "Bearer good"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log tells %q:\n%s", secret, log)
		}
	}
	text := g.send("GET", g.admin+"/metrics/prometheus/0.0.4", "").body
	object := `fully_qualified_name="gateway._router.route.10-api.Cached",heap="10-api",name="Cached"`
	in := `,route="10-api",router="gateway._router"}`
	for name, want := range map[string]string{
		`ig_timerdecorator_handler_elapsed_seconds_count{decorated_object="Tokens",heap="10-api",name="timer",route="10-api",router="gateway._router"}`: "2",
		`ig_cache_gets_total{content="access_token",` + object + `,result="hit"` + in:                                                                   "2",
		`ig_cache_gets_total{content="access_token",` + object + `,result="miss"` + in:                                                                  "2",
		`ig_cache_loads_seconds_count{content="access_token",` + object + `,result="success"` + in:                                                      "1",
		`ig_cache_loads_seconds_count{content="access_token",` + object + `,result="failure"` + in:                                                      "1",
		`ig_pool_queue_pending{pool_type="http"}`:                                                                                                       "0",
	} {
		if v := series(t, text, name); v != want {
			t.Errorf("%s = %s, want %s", name, v, want)
		}
	}
	if !strings.Contains(text, `ig_http_client_active_connections{local="?",remote="127.0.0.1:`) {
		t.Error("no connections are counted")
	}
}

// Captures print bodies decoded, trailers, and neither of them where masks say so.
func TestCaptureBodies(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Trailer", "X-Sum, X-Key")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, "written plainly")
		_ = z.Close()
		w.Header().Set("X-Sum", "seven")
		w.Header().Set("X-Key", "eight")
	}))
	defer app.Close()
	g := run(t, `
-- routes/x.json --
{"heap": [{"name": "capture", "type": "CaptureDecorator", "config": {"captureEntity": true, "masks": {"trailers": ["x-k\\w+"], "mask": "#"}}}],
 "capture": ["response"], "baseURI": "`+app.URL+`", "handler": "ReverseProxyHandler"}`)
	if a := g.send("GET", g.client+"/", "", "Accept-Encoding: gzip"); a.status != 200 || a.header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("answered %d %v; problems %v", a.status, a.header, g.Problems())
	}
	log := g.log.String()
	for _, want := range []string{"written plainly", "X-Sum: seven", "X-Key: #"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q:\n%s", want, log)
		}
	}
}

// Captures print no credentials: not those in redirects, nor what is left of one that is cut.
func TestCaptureMasks(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Location", "https://app.example.com/cb#access_token=SECRET1&state=shown")
		_, _ = io.WriteString(w, `{"next":"/?code=SECRET2","kept":1,"access_token":"SECRET3SECRET3SECRET3","more":"`+strings.Repeat("x", 40)+`"}`)
	}))
	defer app.Close()
	g := run(t, `
-- routes/x.json --
{"heap": [{"name": "capture", "type": "CaptureDecorator", "config": {"captureEntity": true, "maxEntityLength": 60}}],
 "capture": "all", "baseURI": "`+app.URL+`", "handler": "ReverseProxyHandler"}`)
	if a := g.send("GET", g.client+"/", "", "Referer: https://app.example.com/?code=SECRET4&x=seen"); a.status != 200 {
		t.Fatalf("answered %d; problems %v", a.status, g.Problems())
	}
	log := g.log.String()
	if strings.Contains(log, "SECRET") {
		t.Errorf("the log has a secret:\n%s", log)
	}
	for _, want := range []string{"state=shown", "x=seen", `code=*****\",\"kept\":1`, "[entity truncated]"} {
		if !strings.Contains(log, want) && !strings.Contains(log, strings.ReplaceAll(want, `\`, "")) {
			t.Errorf("the log lacks %q:\n%s", want, log)
		}
	}
}

// Masks within JSON leave it JSON.
func TestMasksKeepJSON(t *testing.T) {
	if got := maskText(`{"uri":"https://a/?code=b","kept":"c","token":"d"}`); got != `{"uri":"https://a/?code=*****","kept":"c","token":"*****"}` {
		t.Errorf("masked: %s", got)
	}
	if got := maskText(`{"subject":{"ssoToken":"a","jwt":"b"},"authId":"c"}`); got != `{"subject":{"ssoToken":"*****","jwt":"*****"},"authId":"*****"}` {
		t.Errorf("masked: %s", got)
	}
}

// A stream of events goes on, and is not read to its end before it is passed on.
func TestCaptureOfEvents(t *testing.T) {
	c := &captureDecorator{captureConfig: captureConfig{CaptureEntity: true, MaxEntityLength: 100}}
	h := http.Header{"Content-Type": {"text/event-stream"}}
	var e chain.Entity
	e.Bind(h)
	e.SetStream(io.NopCloser(iotest.ErrReader(errors.New("read"))), -1)
	var b strings.Builder
	if c.entity(&b, &e, h); b.String() != "[a stream of events]\n" {
		t.Errorf("captured %q", b.String())
	}
}

// The metrics of routes over Common REST.
func TestMetricsAPI(t *testing.T) {
	g := run(t, measured)
	for _, path := range []string{"/static/a", "/static/b", "/none"} {
		g.get(path)
	}
	list := func(query string) (int, map[string]map[string]any, map[string]any) {
		a := g.send("GET", g.admin+"/metrics/api?"+query, "")
		var all struct {
			Result []map[string]any
		}
		var envelope map[string]any
		_ = json.Unmarshal([]byte(a.body), &all)
		_ = json.Unmarshal([]byte(a.body), &envelope)
		byID := map[string]map[string]any{}
		for _, m := range all.Result {
			byID[m["_id"].(string)] = m
		}
		return a.status, byID, envelope
	}
	_, all, envelope := list("_queryFilter=true")
	if envelope["totalPagedResultsPolicy"] != "EXACT" || envelope["totalPagedResults"] != float64(len(all)) {
		t.Errorf("envelope %v", envelope)
	}
	for id, want := range map[string]string{
		"gateway._router.deployed-routes":                             "map[_id:gateway._router.deployed-routes _type:gauge value:3]",
		"gateway._router.route.10-static.request":                     "map[_id:gateway._router.route.10-static.request _type:counter count:2]",
		"gateway._router.route.10-static.request.active":              "map[_id:gateway._router.route.10-static.request.active _type:gauge value:0]",
		"gateway._router.route.10-static.response.status.redirection": "map[_id:gateway._router.route.10-static.response.status.redirection _type:counter count:2]",
		"gateway._router.route.default.response.status.client_error":  "map[_id:gateway._router.route.default.response.status.client_error _type:counter count:1]",
	} {
		if got := fmt.Sprint(all[id]); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	timer := all["gateway._router.route.10-static.response.time"]
	for _, name := range []string{"count", "max", "mean", "min", "p50", "p75", "p95", "p98", "p99", "p999", "stddev", "m1_rate", "m5_rate", "m15_rate", "mean_rate", "total"} {
		if _, ok := timer[name].(float64); !ok {
			t.Errorf("the timer has no %s: %v", name, timer)
		}
	}
	_, some, _ := list("_queryFilter=_id+sw+%22gateway._router.route.10-static%22&_sortKeys=_id&_prettyPrint=true")
	if len(some) == 0 || len(some) >= len(all) {
		t.Errorf("%d of %d metrics begin so", len(some), len(all))
	}
	if status, _, _ := list("_queryFilter=count+gt+1"); status != 400 {
		t.Errorf("an unknown filter: %d", status)
	}
	if a := g.send("POST", g.admin+"/metrics/api?_queryFilter=true", "{}"); a.status != 501 {
		t.Errorf("POST: %d", a.status)
	}
}

func TestDelayedRouteMetrics(t *testing.T) {
	g := run(t, `
-- config.json --
{"handler": {"type": "Router", "name": "_router", "config": {"directory": "DIR/config/routes", "delayRouteMetrics": true}}}
-- routes/a.json --
`+static("request.uri.path == '/a'", "a")+`
-- routes/b.json --
`+static("request.uri.path == '/b'", "b"))
	g.get("/a")
	text := g.send("GET", g.admin+"/metrics/prometheus/0.0.4", "").body
	if !strings.Contains(text, `ig_route_request_total{name="a"`) || strings.Contains(text, `ig_route_request_total{name="b"`) {
		t.Error("only the route that was asked has metrics")
	}
}
