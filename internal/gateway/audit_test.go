package gateway

import (
	"crypto/tls"
	"encoding/csv"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const audited = `
-- config.json --
{"heap": [{"name": "AuditService", "type": "AuditService", "config": {"eventHandlers": [HANDLERS] EXTRA}}],
 "handler": {"type": "Router", "name": "_router"}}
-- routes/10-shop.json --
{"name": "shop", "condition": "${find(request.uri.path, '^/shop')}", "handler": {"type": "Chain", "config": {
  "filters": [{"type": "HeaderFilter", "config": {"messageType": "REQUEST", "remove": ["X-Request-Id"], "add": {"Accept": ["changed"]}}}],
  "handler": {"type": "StaticResponseHandler", "config": {"status": 403, "headers": {"X-Answer": ["a"], "Set-Cookie": ["s=secret"]}}}}}}
-- routes/20-quiet.json --
{"condition": "${find(request.uri.path, '^/quiet')}", "auditService": {"type": "NoOpAuditService"},
 "handler": {"type": "StaticResponseHandler", "config": {"status": 200}}}
`

const jsonHandler = `{"class": "org.forgerock.audit.handlers.json.JsonAuditEventHandler",
  "config": {"name": "json", "topics": ["access"], "logDirectory": "DIR/audit" MORE}}`

func auditing(handlers, extra string) string {
	return strings.NewReplacer("HANDLERS", strings.ReplaceAll(handlers, " MORE", ""), " EXTRA", extra).Replace(audited)
}

// stopped ends the gateway and returns what a file below its folder holds then.
func (r *running) stopped(path string) string {
	r.t.Helper()
	if err := r.Stop(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(r.dir, path))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(b)
}

func (r *running) shop() answer {
	return r.send("GET", r.client+"/shop/a%20b?token=secret", "", "Host: shop.example.com:81", "X-Request-Id: r-1",
		"Accept: text/html", "Authorization: Bearer secret", "Cookie: k=secret; l=m", "User-Agent: test\"\u2028")
}

// unvaried replaces what differs from run to run.
func unvaried(v any) any {
	text, _ := json.Marshal(v)
	s := string(text)
	for _, p := range []struct{ re, by string }{
		{`"[0-9a-f]{8}-[0-9a-f-]{27}-\d+"`, `"ID"`}, {`"\d{4}-\d\d-\d\dT[0-9:]{8}\.\d{3}Z"`, `"TIME"`},
		{`"port":\d+`, `"port":1`}, {`"elapsedTime":\d+`, `"elapsedTime":0`},
	} {
		s = regexp.MustCompile(p.re).ReplaceAllString(s, p.by)
	}
	var out any
	_ = json.Unmarshal([]byte(s), &out)
	return out
}

func parsed(t *testing.T, line string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(line), &m); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	return m
}

func TestAccessEvent(t *testing.T) {
	g := run(t, auditing(jsonHandler, ""))
	g.shop()
	g.get("/quiet")
	g.get("/nowhere")
	lines := strings.Split(strings.TrimSuffix(g.stopped("audit/access.audit.json"), "\n"), "\n")
	if len(lines) != 1 {
		t.Fatalf("%d events, want the one of the audited route: %s", len(lines), lines)
	}
	want := parsed(t, `{"_id":"ID","timestamp":"TIME","eventName":"OPENIG-HTTP-ACCESS","transactionId":"ID",
	  "client":{"ip":"127.0.0.1","port":1},"server":{"ip":"127.0.0.1","port":1},
	  "http":{"request":{"secure":false,"method":"GET","path":"http://shop.example.com:81/shop/a%20b",
	    "headers":{"accept":["text/html"],"host":["shop.example.com:81"],"user-agent":["test\"\u2028"],"x-request-id":["r-1"]}}},
	  "response":{"status":"FAILED","statusCode":"403","elapsedTime":0,"elapsedTimeUnits":"MILLISECONDS"},
	  "ig":{"exchangeId":"ID","routeId":"10-shop","routeName":"shop","ext":{}}}`)
	if diff := cmp.Diff(any(want), unvaried(parsed(t, lines[0]))); diff != "" {
		t.Errorf("(-want +got)\n%s\n%s", diff, lines[0])
	}
	if strings.Contains(lines[0], "secret") {
		t.Error("the event has a secret")
	}
}

// TestAccessTrackingIDs: the event of a request names the audit trail of its access token.
func TestAccessTrackingIDs(t *testing.T) {
	g := run(t, auditing(jsonHandler, "")+`
-- routes/05-api.json --
{"name": "api", "condition": "${find(request.uri.path, '^/api')}", "handler": {"type": "Chain", "config": {
  "filters": [{"type": "OAuth2ResourceServerFilter", "config": {"requireHttps": false, "scopes": [], "accessTokenResolver": {
    "type": "TokenIntrospectionAccessTokenResolver", "config": {"endpoint": "http://am.example.com/introspect", "providerHandler": {
      "type": "StaticResponseHandler", "config": {"status": 200, "headers": {"Content-Type": ["application/json"]},
        "entity": "{\"active\": true, \"auditTrackingId\": \"trail-1\", \"sub\": \"demo\"}"}}}}}}],
  "handler": {"type": "StaticResponseHandler", "config": {"status": 200}}}}}
`)
	if a := g.send("GET", g.client+"/api", "", "Authorization: Bearer some-token"); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	g.get("/api")
	lines := strings.Split(strings.TrimSuffix(g.stopped("audit/access.audit.json"), "\n"), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d events: %s", len(lines), lines)
	}
	with, without := parsed(t, lines[0]), parsed(t, lines[1])
	if diff := cmp.Diff(any([]any{"trail-1"}), with["trackingIds"]); diff != "" || without["trackingIds"] != nil || without["response"].(map[string]any)["statusCode"] != "401" {
		t.Errorf("tracking ids %v and %v", with["trackingIds"], lines[1])
	}
	if strings.Contains(lines[0], "some-token") {
		t.Error("the event has the token")
	}
}

func TestAccessFilterPolicies(t *testing.T) {
	g := run(t, auditing(jsonHandler, `, "config": {"filterPolicies": {"field": {
	  "includeIf": ["/access/http/request/queryParameters", "/access/http/request/cookies/l", "/access/http/response/headers/X-ANSWER"],
	  "excludeIf": ["/access/client", "/access/http/request/headers/User-Agent", "/access/response/elapsedTime"]}}}`))
	g.shop()
	e := parsed(t, g.stopped("audit/access.audit.json"))
	h := e["http"].(map[string]any)
	req := h["request"].(map[string]any)
	got := map[string]any{"client": e["client"], "query": req["queryParameters"], "cookies": req["cookies"], "answer": h["response"],
		"agent": req["headers"].(map[string]any)["user-agent"], "elapsed": e["response"].(map[string]any)["elapsedTime"]}
	want := map[string]any{"client": nil, "query": map[string]any{"token": []any{"secret"}}, "cookies": map[string]any{"l": "m"},
		"answer": map[string]any{"headers": map[string]any{"x-answer": []any{"a"}}}, "agent": nil, "elapsed": nil}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAccessCSV(t *testing.T) {
	g := run(t, auditing(`{"class": "org.forgerock.audit.handlers.csv.CsvAuditEventHandler", "config": {
	  "name": "csv", "topics": ["access"], "logDirectory": "audit", "formatting": {"delimiterChar": ";"}, "buffering": {"enabled": true}}}`, ""))
	g.shop()
	g.shop()
	r := csv.NewReader(strings.NewReader(g.stopped("audit/access.csv")))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	got := map[string]string{}
	for i, name := range rows[0] {
		got[name] = rows[1][i]
	}
	for name, want := range map[string]string{
		"eventName": "OPENIG-HTTP-ACCESS", "client.ip": "127.0.0.1", "http.request.method": "GET", "response.statusCode": "403",
		"ig.routeId": "10-shop", "http.request.secure": "false", "userId": "", "ig.ext": "{}",
	} {
		if got[name] != want {
			t.Errorf("%s = %q, want %q", name, got[name], want)
		}
	}
	if h := parsed(t, got["http.request.headers"]); h["x-request-id"] == nil {
		t.Errorf("headers = %v", h)
	}
}

func TestAccessStdout(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	saved := os.Stdout
	os.Stdout = out
	defer func() { os.Stdout = saved }()
	g := run(t, auditing(`{"class": "JsonStdoutAuditEventHandler", "config": {"name": "out", "topics": ["access"], "elasticsearchCompatible": true}}`, ""))
	g.shop()
	_ = g.Stop(t.Context())
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	e := parsed(t, string(text))
	if e["source"] != "audit" || e["topic"] != "access" || e["level"] != "INFO" || e["_eventId"] == nil || e["_id"] != nil {
		t.Errorf("line %s", text)
	}
}

func TestAccessSyslog(t *testing.T) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.LocalAddr().String())
	g := run(t, auditing(`{"class": "SyslogAuditEventHandler", "config": {"name": "s", "topics": ["access"], "protocol": "UDP",
	  "host": "127.0.0.1", "port": `+port+`, "facility": "LOCAL0",
	  "severityFieldMappings": [{"topic": "access", "field": "/response/status", "valueMappings": {"FAILED": "WARNING"}}]}}`, ""))
	g.shop()
	_ = g.Stop(t.Context())
	b := make([]byte, 65536)
	n, _, err := server.ReadFrom(b)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`^<132>1 \S+Z \S+ gatehouse \d+ access - (\{.*\})$`).FindStringSubmatch(string(b[:n]))
	if m == nil {
		t.Fatalf("message %s", b[:n])
	}
	if e := parsed(t, m[1]); e["eventName"] != "OPENIG-HTTP-ACCESS" {
		t.Errorf("event %s", m[1])
	}
}

// Over TLS each message is preceded by its length, and goes to no server that is not trusted.
func TestAccessSyslogTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(nil) // for its certificate
	server.StartTLS()
	defer server.Close()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: server.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	handler := `{"class": "SyslogAuditEventHandler", "config": {"name": "s", "topics": ["access"], "protocol": "TLS",
	  "host": "127.0.0.1", "port": ` + port + `, "facility": "LOCAL0", "tls": {"type": "ClientTlsOptions", "config": {"trustManager": {
	  "type": "SecretsTrustManager", "config": {"verificationSecretId": "syslog", "checkRevocation": false, "secretsProvider": {
	  "type": "FileSystemSecretStore", "config": {"directory": "DIR/config/keys", "format": {"type": "PemPropertyFormat"}}}}}}}}}`
	g := run(t, auditing(handler, "")+"\n-- keys/syslog --\n"+string(cert))
	g.shop()
	got := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			got <- err.Error()
			return
		}
		defer c.Close()
		b, _ := io.ReadAll(c)
		got <- string(b)
	}()
	_ = g.Stop(t.Context())
	m := regexp.MustCompile(`^(\d+) (<134>1 \S+Z \S+ gatehouse \d+ access - \{.*\})$`).FindStringSubmatch(<-got)
	if m == nil || m[1] != fmt.Sprint(len(m[2])) {
		t.Errorf("message %q\n%s", m, g.log)
	}
}

// The transaction id of a request is that of its event and of the calls it makes.
func TestAccessTransaction(t *testing.T) {
	g := run(t, auditing(jsonHandler, ""))
	g.shop()
	g.shop()
	lines := strings.Split(strings.TrimSpace(g.stopped("audit/access.audit.json")), "\n")
	a, b := parsed(t, lines[0]), parsed(t, lines[1])
	if a["transactionId"] == b["transactionId"] || a["_id"] == b["_id"] {
		t.Errorf("two requests share ids: %v", lines)
	}
}

// A failure inside the route is an event too.
func TestAccessOfFailure(t *testing.T) {
	g := run(t, auditing(jsonHandler, "")+`
-- routes/30-down.json --
{"condition": "${find(request.uri.path, '^/down')}", "baseURI": "http://127.0.0.1:1", "handler": "ClientHandler"}
`)
	g.get("/down")
	e := parsed(t, g.stopped("audit/access.audit.json"))
	if r := e["response"].(map[string]any); r["status"] != "FAILED" || r["statusCode"] != "500" {
		t.Errorf("response %v, want a failed 500", r)
	}
	if p := e["http"].(map[string]any)["request"].(map[string]any)["path"]; !strings.HasSuffix(p.(string), "/down") || strings.Contains(p.(string), "127.0.0.1:1/") {
		t.Errorf("path %v is not the original one", p)
	}
}

func TestAuditRotation(t *testing.T) {
	handler := strings.Replace(jsonHandler, " MORE", `, "fileRotation": {"rotationEnabled": true, "maxFileSize": 1, "rotationFilePrefix": "old-", "rotationFileSuffix": "_yyyy"},
	  "fileRetention": {"maxNumberOfHistoryFiles": 2}, "buffering": {"maxSize": 1}`, 1)
	g := run(t, auditing(handler, ""))
	for range 5 {
		g.shop()
	}
	if text := g.stopped("audit/access.audit.json"); strings.Count(text, "\n") != 1 {
		t.Errorf("the current file has %d events, want 1", strings.Count(text, "\n"))
	}
	files, _ := filepath.Glob(filepath.Join(g.dir, "audit", "old-access.audit.json_2*"))
	if len(files) != 2 {
		t.Errorf("rotated files: %v, want 2", files)
	}
}

// A file that somebody moves away is begun anew, and no event is lost.
func TestAuditFileMovedAway(t *testing.T) {
	g := run(t, auditing(strings.Replace(jsonHandler, " MORE", `, "buffering": {"maxSize": 1}`, 1), ""))
	path := filepath.Join(g.dir, "audit", "access.audit.json")
	g.shop()
	if err := os.Rename(path, path+".moved"); err != nil {
		t.Fatal(err)
	}
	g.shop()
	if text := g.stopped("audit/access.audit.json"); strings.Count(text, "\n") != 1 {
		t.Errorf("the new file holds %q", text)
	}
	if text, _ := os.ReadFile(path + ".moved"); strings.Count(string(text), "\n") != 1 {
		t.Errorf("the moved file holds %q", text)
	}
}

// The examples of the manual load without a word of complaint.
func TestAuditManual(t *testing.T) {
	pages, _ := filepath.Glob("audit/*.md")
	if len(pages) < 2 {
		t.Fatalf("pages: %v", pages)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		_, block, _ := strings.Cut(string(text), "```json\n")
		block, _, _ = strings.Cut(block, "```")
		dir := folder(t, "-- routes/a.json --\n"+block)
		if got := report(Options{Dir: dir, Getenv: func(string) (string, bool) { return "", false }}); got != "" || block == "" {
			t.Errorf("%s: %s", page, got)
		}
	}
}

// With auditService in admin.json the administration is audited too, health apart.
func TestAdministrationAudited(t *testing.T) {
	g := run(t, oneRoute+`
-- admin.json --
{`+bothConnectors+`, "auditService": {"type": "AuditService", "config": {"eventHandlers": [`+strings.Replace(jsonHandler, " MORE", "", 1)+`]}}}
`)
	for _, path := range []string{"/health/live", "/api/info", "/metrics/prometheus/0.0.4", "/nothing"} {
		g.send("GET", g.admin+path, "")
	}
	text := g.stopped("audit/access.audit.json")
	if strings.Count(text, "\n") != 2 || !strings.Contains(text, "/api/info") || strings.Contains(text, "routeId") {
		t.Errorf("events: %s", text)
	}
}
