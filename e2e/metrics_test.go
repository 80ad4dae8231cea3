package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gatehouse/internal/am/store/postgres/pgtest"
)

// scrape reads metrics and returns the names of their families, and the text.
func scrape(t *testing.T, url string) (names map[string]bool, text string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%s: %d, %v", url, resp.StatusCode, err)
	}
	names = map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\w+)`).FindAllStringSubmatch(string(b), -1) {
		names[m[1]] = true
	}
	return names, string(b)
}

// metricRoute has every object that tells metrics.
const metricRoute = `{
  "name": "guarded",
  "heap": [` + asGate + `],
  "auditService": {"type": "AuditService", "config": {"eventHandlers": [
    {"class": "JsonAuditEventHandler", "config": {"name": "json", "logDirectory": "LOGS", "topics": ["access"]}}]}},
  "handler": {"type": "Chain", "timer": true, "config": {
    "filters": [
      {"type": "ThrottlingFilter", "timer": true, "config": {"requestGroupingPolicy": "${request.headers['X-Group'][0]}", "rate": {"numberOfRequests": 1000, "duration": "1 h"}}},
      {"type": "ConditionalFilter", "config": {"condition": "${request.uri.path == '/endless'}",
        "delegate": {"type": "ScriptableFilter", "config": {"type": "application/x-groovy", "source": "while (true) {}"}}}},
      {"type": "OAuth2ResourceServerFilter", "config": {"requireHttps": false, "scopes": ["read"], "accessTokenResolver": {
        "type": "CacheAccessTokenResolver", "config": {"delegate": {
          "type": "TokenIntrospectionAccessTokenResolver", "config": {"endpoint": "INTROSPECT", "providerHandler": "asGate"}}}}}}
    ],
    "handler": {"type": "ReverseProxyHandler", "baseURI": "UPSTREAM"}}}
}`

// The page of metrics names what both halves tell and nothing else, and the dashboard asks for nothing else.
func TestMetrics(t *testing.T) {
	logs := t.TempDir()
	write(t, filepath.Join(logs, "audit.json"), `{"eventHandlers": [{"class": "JsonAuditEventHandler", "config": {"name": "files", "logDirectory": "`+filepath.ToSlash(logs)+`", "topics": ["access"]}}]}`)
	a := startAM(t, t.TempDir(), "--listen-metrics", "127.0.0.1:0", "--audit", filepath.Join(logs, "audit.json"))
	a.rest("POST", "/realms/root/realm-config/services/oauth-oidc?_action=create", map[string]any{})
	makeClient(a, "app")
	makeGate(a)
	_, token := clientToken(a, "app")
	upstream, _ := upstreamSeeing(t)
	dir := t.TempDir()
	conf := filepath.Join(dir, "config")
	write(t, filepath.Join(conf, "admin.json"), `{"connectors": [{"port": 0, "host": "127.0.0.1"}], "adminConnector": {"port": 0, "host": "127.0.0.1"}}`)
	write(t, filepath.Join(conf, "routes", "guarded.json"), strings.NewReplacer("UPSTREAM", upstream, "INTROSPECT", a.base+introspectPath, "LOGS", filepath.ToSlash(t.TempDir())).Replace(metricRoute))
	gate := start(t, nil, "gateway", "-D", "script.maxSteps=100000", dir)
	for _, group := range []string{"a", "b"} {
		askGuarded(t, gate, token, "X-Group", group)
	}
	status := func(path string, header ...string) int {
		return statusOf(t, "GET", "http://"+gate.addr(0)+path, "", header...)
	}
	if got := status("/endless", "X-Group", "a"); got != 500 {
		t.Errorf("an endless script: %d", got)
	}
	if got := status("/"+strings.Repeat("x", 5000), "X-Group", "a"); got != 414 {
		t.Errorf("a long request line: %d", got)
	}
	if got := status("/", "X-Group", "a", "X-Long", strings.Repeat("x", 9000)); got != 431 {
		t.Errorf("a long header: %d", got)
	}
	big := form("grant_type", "client_credentials", "x", strings.Repeat("x", 5<<20))
	if got, _, _ := a.token(tokenPath, "", "", big); got != 413 {
		t.Errorf("a large body: %d", got)
	}

	gateNames, gateText := scrape(t, "http://"+gate.addr(1)+"/metrics/prometheus/0.0.4")
	amNames, amText := scrape(t, metricsURL.FindStringSubmatch(a.output())[1])
	for text, lines := range map[string][]string{
		gateText: {
			`gatehouse_gateway_refused_total{status="414"} 1`, `gatehouse_gateway_refused_total{status="431"} 1`, `gatehouse_script_limit_total{limit="steps"} 1`,
			`gatehouse_gateway_ready 1`, `gatehouse_gateway_route_problems 0`,
		},
		amText: {
			`am_tokens_issued_total{grant="client_credentials"} 1`, `am_introspections_total{result="active"} 1`, `am_logins_total{result="success"} 1`,
			`am_sessions_total{event="created"} 1`, `am_http_refused_total{status="413"} 1`, `am_audit_events_lost_total 0`,
		},
	} {
		for _, line := range lines {
			if !strings.Contains(text, line+"\n") {
				t.Errorf("no metric says %s", line)
			}
		}
	}
	if !regexp.MustCompile(`am_store_requests_total\{operation="batch",outcome="ok"\} [1-9]`).MatchString(amText) {
		t.Error("no writes of the store were counted")
	}

	pool, err := os.ReadFile("../internal/am/store/postgres/figures.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`Name: "(pool_\w+)"`).FindAllStringSubmatch(string(pool), -1) {
		amNames["am_store_"+m[1]] = true // TestMetricsOfPostgreSQL sees them
	}
	page, err := os.ReadFile("../docs/reference/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|").FindAllStringSubmatch(string(page), -1) {
		told[m[1]] = true
		if !gateNames[m[1]] && !amNames[m[1]] && m[1] != "ig_cache_evictions" {
			t.Errorf("the page tells of %s, which nobody has", m[1])
		}
	}
	for _, names := range []map[string]bool{gateNames, amNames} {
		for name := range names {
			if !told[name] && !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") {
				t.Errorf("the page does not tell of %s", name)
			}
		}
	}

	for _, name := range dashboardMetrics(t) {
		family := regexp.MustCompile(`_(sum|count|bucket)$`).ReplaceAllString(name, "")
		if !gateNames[name] && !amNames[name] && !gateNames[family] && !amNames[family] {
			t.Errorf("the dashboard asks for %s, which nobody has", name)
		}
	}
}

// dashboardMetrics are the names in the expressions of the dashboard.
func dashboardMetrics(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../deploy/grafana/gatehouse.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		UID, Title    string
		SchemaVersion int
		Panels        []struct {
			ID          int
			Type, Title string
			GridPos     struct{ H, W, X, Y int }
			Targets     []struct{ Expr, RefID string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	var names []string
	ids := map[int]bool{}
	for _, p := range board.Panels {
		if ids[p.ID] || p.ID == 0 || p.Title == "" || p.GridPos.X+p.GridPos.W > 24 || p.GridPos.H < 1 || p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("a panel is not well made: %+v", p)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			found := regexp.MustCompile(`\b(?:ig|gatehouse|am|go|process)_\w+`).FindAllString(target.Expr, -1)
			if len(found) == 0 || target.RefID == "" {
				t.Errorf("%s: %q asks for no metric", p.Title, target.Expr)
			}
			names = append(names, found...)
		}
	}
	slices.Sort(names)
	if names = slices.Compact(names); board.UID == "" || board.SchemaVersion < 30 || len(names) < 30 {
		t.Errorf("the dashboard %q has %d metrics", board.Title, len(names))
	}
	return names
}

// A node tells that it is not ready while its database is away and while it drains, and goes on living.
func TestHealth(t *testing.T) {
	db := pgtest.Start(t)
	a := &am{process: launchNode(t, db, "127.0.0.1:0", "--listen-metrics", "127.0.0.1:0", "--drain", "3s"), t: t}
	<-a.ready
	base := "http://" + a.addr(0) + "/am"
	status := func(path string) int {
		resp, err := http.Get(base + path)
		if err != nil {
			return 0
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	check := func(when string, want map[string]int) {
		t.Helper()
		for path, code := range want {
			eventually(t, fmt.Sprintf("%s answers %d %s", path, code, when), func() bool { return status(path) == code })
		}
	}
	check("at first", map[string]int{"/json/health/ready": 200, "/json/health/live": 200, "/isAlive.jsp": 200})
	names, _ := scrape(t, metricsURL.FindStringSubmatch(a.output())[1])
	for _, name := range []string{"am_store_pool_connections", "am_store_pool_busy", "am_store_pool_limit", "am_store_pool_waits_total", "am_store_pool_wait_seconds_total", "am_store_pool_canceled_total"} {
		if !names[name] {
			t.Errorf("with PostgreSQL there is no %s", name)
		}
	}
	db.Stop()
	check("without a database", map[string]int{"/json/health/ready": 503, "/json/health/live": 200, "/isAlive.jsp": 200})
	if _, text := scrape(t, metricsURL.FindStringSubmatch(a.output())[1]); !strings.Contains(text, "am_store_up 0\n") {
		t.Error("the metrics do not tell that the store is away")
	}
	if err := db.Run(); err != nil {
		t.Fatal(err)
	}
	check("with the database again", map[string]int{"/json/health/ready": 200})
	if err := a.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	check("while draining", map[string]int{"/json/health/ready": 503, "/json/health/live": 200, "/isAlive.jsp": 200})
}

// A gateway that stops tells so for as long as --drain says and until its last request has ended, which it answers.
func TestGatewayDrains(t *testing.T) {
	entered, leave := make(chan struct{}, 1), make(chan struct{})
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			entered <- struct{}{}
			<-leave
		}
	}))
	defer upstream.Close()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "config", "admin.json"),
		`{"connectors": [{"port": 0, "host": "127.0.0.1", "gracePeriod": "1 minute"}], "adminConnector": {"port": 0, "host": "127.0.0.1"}}`)
	write(t, filepath.Join(dir, "config", "routes", "r.json"), strings.ReplaceAll(proxyTo(""), "UPSTREAM", upstream.URL))
	gate := start(t, nil, "gateway", "--drain", "2s", dir)
	get := func(n int, path string) (int, string) {
		c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		resp, err := c.Get("http://" + gate.addr(n) + path)
		if err != nil {
			return 0, ""
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body)
	}
	if got, _ := get(1, "/health/ready"); got != 200 {
		t.Errorf("at first: %d", got)
	}
	slow := make(chan int)
	go func() {
		status, _ := get(0, "/slow")
		slow <- status
	}()
	<-entered
	if err := gate.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is not ready any more", func() bool { status, body := get(1, "/health/ready"); return status == 503 && body == "draining\n" })
	if got, _ := get(0, "/"); got != 200 {
		t.Errorf("a request while it drains: %d", got)
	}
	eventually(t, "it takes no more requests", func() bool { status, _ := get(0, "/"); return status == 0 })
	for path, want := range map[string]int{"/health/ready": 503, "/health/startup": 503, "/health/live": 200} {
		if got, _ := get(1, path); got != want {
			t.Errorf("%s with a request that has not ended: %d", path, got)
		}
	}
	close(leave)
	if got := <-slow; got != 200 {
		t.Errorf("the request that was begun before: %d", got)
	}
	<-gate.done
}

// The gateway's probes, beside the administration and below the prefix.
func TestGatewayHealth(t *testing.T) {
	upstream, _ := upstreamSeeing(t)
	gate, _ := gatewayOn(t, upstream, "", map[string]string{"r.json": proxyTo("")})
	for path, want := range map[string]int{"/ping": 200, "/health/live": 200, "/health/ready": 200, "/health/startup": 200, "/health/other": 404} {
		resp, err := http.Get("http://" + gate.addr(1) + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s answers %d, want %d", path, resp.StatusCode, want)
		}
	}
}
