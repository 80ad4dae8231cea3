package gateway

import (
	"math"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const measured = `
-- config.json --
{"handler": {"type": "Router", "name": "_router", "config": {
  "defaultHandler": {"type": "StaticResponseHandler", "config": {"status": 404}}}}}
-- routes/10-static.json --
{"name": "shown", "condition": "${find(request.uri.path, '^/static')}", "handler": {
  "type": "Chain", "timer": true, "name": "main", "config": {
    "filters": [{"type": "HeaderFilter", "name": "Adds", "timer": true, "config": {"messageType": "REQUEST", "add": {"X": ["y"]}}}],
    "handler": {"type": "StaticResponseHandler", "config": {"status": 302, "headers": {"Location": ["/"]}}}}}}
-- routes/20-down.json --
{"condition": "${find(request.uri.path, '^/down')}", "baseURI": "http://127.0.0.1:1", "handler": "ClientHandler"}
-- routes/30-odd.json --
{"condition": "${find(request.uri.path, '^/odd')}", "handler": {"type": "StaticResponseHandler", "config": {"status": 700}}}
`

// series returns the value of a metric by its name with labels, as printed.
func series(t *testing.T, text, name string) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindStringSubmatch(text)
	if m == nil {
		t.Errorf("no series %s", name)
		return ""
	}
	return m[1]
}

func TestRouteMetrics(t *testing.T) {
	g := run(t, measured)
	for _, path := range []string{"/static/a", "/static/b", "/down", "/odd", "/none"} {
		g.get(path)
	}
	got := g.send("GET", g.admin+"/metrics/prometheus/0.0.4", "")
	if got.status != 200 || !strings.HasPrefix(got.header.Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Fatalf("metrics: %d %s", got.status, got.header)
	}
	static := `{name="shown",route="10-static",router="gateway._router"}`
	down := `{name="20-down",route="20-down",router="gateway._router"}`
	status := func(family, labels string) string {
		return `ig_route_response_status_total{family="` + family + `",` + labels[1:]
	}
	for name, want := range map[string]string{
		"ig_route_request_total" + static:                                                                 "2",
		"ig_route_request_active" + static:                                                                "0",
		"ig_route_response_error_total" + static:                                                          "0",
		"ig_route_response_null_total" + static:                                                           "0",
		status("REDIRECTION", static):                                                                     "2",
		status("SUCCESSFUL", static):                                                                      "0",
		"ig_route_response_time_seconds_count" + static:                                                   "2",
		"ig_route_request_total" + down:                                                                   "1",
		"ig_route_response_error_total" + down:                                                            "1",
		status("SERVER_ERROR", down):                                                                      "1",
		status("UNKNOWN", strings.ReplaceAll(down, "20-down", "30-odd")):                                  "1",
		status("CLIENT_ERROR", `{name="default",route="default",router="gateway._router"}`):               "1",
		`ig_router_deployed_routes{fully_qualified_name="gateway._router",heap="gateway",name="_router"}`: "3",
		`ig_timerdecorator_handler_elapsed_seconds_count{decorated_object="main",heap="10-static",name="timer",route="10-static",router="gateway._router"}`:   "2",
		`ig_timerdecorator_filter_elapsed_seconds_count{decorated_object="Adds",heap="10-static",name="timer",route="10-static",router="gateway._router"}`:    "2",
		`ig_timerdecorator_filter_internal_seconds_count{decorated_object="Adds",heap="10-static",name="timer",route="10-static",router="gateway._router"}`:   "2",
		`ig_timerdecorator_filter_downstream_seconds_count{decorated_object="Adds",heap="10-static",name="timer",route="10-static",router="gateway._router"}`: "2",
	} {
		if v := series(t, got.body, name); v != want {
			t.Errorf("%s = %s, want %s", name, v, want)
		}
	}
	if q := series(t, got.body, `ig_route_response_time_seconds{name="shown",route="10-static",router="gateway._router",quantile="0.99"}`); q == "NaN" {
		t.Error("no quantile of the first requests")
	}
	if !strings.Contains(got.body, "\ngo_goroutines ") {
		t.Error("no metrics of the Go runtime")
	}
	if strings.Contains(got.body, "ig_route_response_time_seconds_total") {
		t.Error("a deprecated name is shown")
	}
}

func TestMetricsEndpoints(t *testing.T) {
	g := run(t, measured+"\n-- admin.json --\n"+`{"prefix": "ops", "serveDeprecatedPrometheusEndpoint": true,
		"connectors": [{"port": 0, "host": "127.0.0.1"}]}`)
	for path, want := range map[string]int{
		"/ops/metrics/prometheus/0.0.4": 200, "/ops/metrics/prometheus": 200, "/ops/metrics": 204, "/ops/metrics/x": 404,
		"/metrics/prometheus/0.0.4": 404,
	} {
		if got := g.get(path); got.status != want {
			t.Errorf("GET %s = %d, want %d", path, got.status, want)
		}
	}
	if got := g.get("/ops/metrics/prometheus"); !strings.Contains(got.body, "ig_route_response_time_seconds_total{") {
		t.Error("the deprecated endpoint lacks the former names")
	}
	if got := g.send("POST", g.client+"/ops/metrics/prometheus/0.0.4", ""); got.status != 405 {
		t.Errorf("POST = %d, want 405", got.status)
	}
}

func TestMetricsProtection(t *testing.T) {
	g := run(t, measured+"\n-- admin.json --\n"+`{`+bothConnectors+`,
	  "metricsProtectionFilter": {"type": "HeaderFilter", "config": {"messageType": "RESPONSE", "add": {"X-Guarded": ["yes"]}}}}`)
	if got := g.send("GET", g.admin+"/metrics/prometheus/0.0.4", ""); got.header.Get("X-Guarded") != "yes" {
		t.Error("the filter was passed by")
	}
}

// Counters of a route go on when it is loaded again, those of a timer too.
func TestMetricsSurviveReload(t *testing.T) {
	g := run(t, measured)
	g.get("/static/a")
	path := "/api/system/objects/_router/routes/10-static"
	doc := `{"name": "shown", "condition": "${find(request.uri.path, '^/static')}", "handler": {"type": "StaticResponseHandler", "timer": true, "name": "main", "config": {"status": 200}}}`
	if got := g.send("PUT", g.admin+path, doc, "Content-Type: application/json"); got.status != 200 {
		t.Fatalf("PUT = %d %s", got.status, got.body)
	}
	g.get("/static/a")
	text := g.send("GET", g.admin+"/metrics/prometheus/0.0.4", "").body
	if v := series(t, text, `ig_route_request_total{name="shown",route="10-static",router="gateway._router"}`); v != "2" {
		t.Errorf("requests after a reload: %s, want 2", v)
	}
	if v := series(t, text, `ig_timerdecorator_handler_elapsed_seconds_count{decorated_object="main",heap="10-static",name="timer",route="10-static",router="gateway._router"}`); v != "2" {
		t.Errorf("times after a reload: %s, want 2", v)
	}
}

func TestTimersForgetWhatIsGone(t *testing.T) {
	var ts timers
	l := timerLabels{object: "a"}
	m := ts.get(l)
	if ts.get(l) != m {
		t.Error("the same labels have two counters")
	}
	runtime.KeepAlive(m)
	m = nil //nolint:ineffassign // so that it can be collected
	runtime.GC()
	runtime.GC()
	if n := len(ts.all()); n != 0 {
		t.Errorf("%d timers are kept, want 0", n)
	}
}

func TestLatencyQuantiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l latency
		for i := 1; i <= 1000; i++ {
			l.observe(time.Duration(i) * time.Millisecond)
		}
		count, sum, q := l.summary(time.Now())
		if count != 1000 || math.Abs(sum-500.5) > 0.001 {
			t.Errorf("count %d sum %v, want 1000 and 500.5", count, sum)
		}
		for share, want := range map[float64]float64{0.5: 0.5, 0.95: 0.95, 0.99: 0.99} {
			if math.Abs(q[share]-want)/want > 0.07 {
				t.Errorf("quantile %v = %v, want about %v", share, q[share], want)
			}
		}
		for range 30 {
			time.Sleep(time.Minute)
			l.observe(time.Second)
			l.summary(time.Now())
		}
		if count, _, q = l.summary(time.Now()); count != 1030 || q[0.5] < 0.9 {
			t.Errorf("after half an hour: count %d, median %v, want 1030 and about 1", count, q[0.5])
		}
		time.Sleep(time.Hour)
		l.summary(time.Now())
		time.Sleep(time.Minute)
		if _, _, q = l.summary(time.Now()); !math.IsNaN(q[0.5]) {
			t.Errorf("median without requests = %v, want none", q[0.5])
		}
	})
}

func TestLatencyBuckets(t *testing.T) {
	for d := time.Microsecond; d < time.Hour; d += d/7 + 1 {
		b := bucketOf(d)
		if b < latencyBuckets-1 && (lowerEdge(b) > d || lowerEdge(b+1) <= d) {
			t.Fatalf("%v is in bucket %d, from %v to %v", d, b, lowerEdge(b), lowerEdge(b+1))
		}
	}
	if bucketOf(-1) != 0 && bucketOf(math.MaxInt64) != latencyBuckets-1 {
		t.Error("extremes leave the table")
	}
}

func BenchmarkRouteMetrics(b *testing.B) {
	m := &routeMetrics{}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			func() {
				p := m.begin()
				defer p.end()
				p.answered(nil, nil)
			}()
		}
	})
}
