package e2e

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	pb "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collector takes spans as an OpenTelemetry collector does.
type collector struct {
	*httptest.Server
	mu    sync.Mutex
	spans []span
	raw   bytes.Buffer // all bodies
}

type span struct {
	*pb.Span
	service string
}

func newCollector(t *testing.T) *collector {
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var data pb.TracesData
		if err == nil {
			err = proto.Unmarshal(body, &data)
		}
		if err != nil || r.Method != "POST" || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("the collector got %s %s of %s: %v", r.Method, r.URL, r.Header.Get("Content-Type"), err)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.raw.Write(body)
		for _, rs := range data.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				for _, s := range ss.Spans {
					c.spans = append(c.spans, span{s, attributes(rs.Resource.Attributes)["service.name"]})
				}
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// trace are the spans of a trace.
func (c *collector) trace(id string) []span {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []span
	for _, s := range c.spans {
		if hex.EncodeToString(s.TraceId) == id {
			list = append(list, s)
		}
	}
	return list
}

func attributes(list []*common.KeyValue) map[string]string {
	m := map[string]string{}
	for _, a := range list {
		if v, ok := a.Value.Value.(*common.AnyValue_IntValue); ok {
			b, _ := json.Marshal(v.IntValue)
			m[a.Key] = string(b)
			continue
		}
		m[a.Key] = a.Value.GetStringValue()
	}
	return m
}

// asGate is the handler of the client that makeGate makes.
const asGate = `
    {"name": "secrets", "type": "Base64EncodedSecretStore", "config": {"secrets": {"gate.password": "c2VjcmV0"}}},
    {"name": "asGate", "type": "Chain", "config": {
      "filters": [{"type": "HttpBasicAuthenticationClientFilter", "config": {"username": "gate", "passwordSecretId": "gate.password", "secretsProvider": "secrets"}}],
      "handler": "ForgeRockClientHandler"}}`

// guardedRoute introspects tokens at the server and logs from a script.
const guardedRoute = `{
  "name": "guarded",
  "heap": [` + asGate + `],
  "auditService": {"type": "AuditService", "config": {"eventHandlers": [
    {"class": "org.forgerock.audit.handlers.json.JsonAuditEventHandler", "config": {"name": "json", "logDirectory": "LOGS", "topics": ["access"]}}]}},
  "handler": {"type": "Chain", "config": {
    "filters": [
      {"type": "ScriptableFilter", "config": {"type": "application/x-groovy", "source": "println 'printed'; logger.info('from the script'); next.handle(context, request)"}},
      {"type": "HeaderFilter", "config": {"messageType": "REQUEST", "add": {"X-Odd": ["a${request.odd}${toJson('{')}b"]}}},
      {"type": "OAuth2ResourceServerFilter", "config": {"requireHttps": false, "scopes": ["read"], "accessTokenResolver": {
        "type": "TokenIntrospectionAccessTokenResolver", "config": {"endpoint": "INTROSPECT", "providerHandler": "asGate"}}}}
    ],
    "handler": {"type": "ReverseProxyHandler", "baseURI": "UPSTREAM"}}}
}`

// makeGate makes the client that the gateway introspects tokens as.
func makeGate(a *am) {
	a.rest("PUT", "/realms/root/realm-config/agents/OAuth2Client/gate", map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": "secret", "scopes": []string{"am-introspect-all-tokens"}},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials"}, "tokenEndpointAuthMethod": "client_secret_basic"},
	})
}

// upstreamSeeing is an upstream that notes the header of its last request.
func upstreamSeeing(t *testing.T) (url string, seen func() http.Header) {
	var mu sync.Mutex
	var last http.Header
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		last = r.Header
	}))
	t.Cleanup(s.Close)
	return s.URL, func() http.Header {
		mu.Lock()
		defer mu.Unlock()
		return last
	}
}

func askGuarded(t *testing.T, gate *process, token string, header ...string) {
	t.Helper()
	if status := statusOf(t, "GET", "http://"+gate.addr(0)+"/loans?secret=query-text", "", append(header, "Authorization", "Bearer "+token)...); status != 200 {
		t.Fatalf("status %d", status)
	}
}

// One request is one trace: the caller's span, the gateway's, its call of the authorization server, that server's and
// its store's, and the call of the upstream, which is told.
func TestTrace(t *testing.T) {
	c := newCollector(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
	a := startAM(t, t.TempDir())
	a.rest("POST", "/realms/root/realm-config/services/oauth-oidc?_action=create", map[string]any{})
	makeClient(a, "app")
	makeGate(a)
	_, token := clientToken(a, "app")
	upstream, seen := upstreamSeeing(t)
	gate, _ := gatewayOn(t, upstream, `, "openTelemetry": {"tracing": {"enabled": true, "resourceAttributes": {"deployment.environment.name": "test"},
		"exporter": {"type": "otlp", "config": {"endpoint": "`+c.URL+`/v1/traces", "batch": {"scheduleDelay": "50 ms"}}}}}`,
		map[string]string{"guarded.json": strings.NewReplacer("INTROSPECT", a.base+introspectPath, "LOGS", filepath.ToSlash(t.TempDir())).Replace(guardedRoute)})

	const id, caller = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	askGuarded(t, gate, token, "Traceparent", "00-"+id+"-"+caller+"-01", "Tracestate", "vendor=x")

	kinds := map[string]span{}
	defer func() {
		if t.Failed() {
			for _, s := range c.trace(id) {
				t.Log(s.service, s.Name, s.Kind, attributes(s.Attributes))
			}
		}
	}()
	eventually(t, "both wings have sent their spans", func() bool {
		for _, s := range c.trace(id) {
			name := s.service + " " + s.Name
			if s.Kind == pb.Span_SPAN_KIND_CLIENT && strings.HasPrefix(attributes(s.Attributes)["url.full"], upstream) {
				name = "upstream"
			}
			kinds[name] = s
		}
		return kinds["gatehouse-gateway GET guarded"].Span != nil && kinds["gatehouse-am POST oauth2/introspect"].Span != nil && kinds["upstream"].Span != nil
	})
	below := func(child, parent string) {
		t.Helper()
		c, p := kinds[child], kinds[parent]
		if c.Span == nil || p.Span == nil || !bytes.Equal(c.ParentSpanId, p.SpanId) {
			t.Errorf("%q is not below %q: %v, %v", child, parent, c.Span, p.Span)
		}
	}
	if p := hex.EncodeToString(kinds["gatehouse-gateway GET guarded"].ParentSpanId); p != caller {
		t.Errorf("the gateway's span is below %s, want the caller's", p)
	}
	below("gatehouse-gateway script", "gatehouse-gateway GET guarded")
	below("gatehouse-gateway introspect", "gatehouse-gateway script")
	below("gatehouse-gateway POST", "gatehouse-gateway introspect")
	below("gatehouse-am POST oauth2/introspect", "gatehouse-gateway POST")
	below("gatehouse-am store get", "gatehouse-am POST oauth2/introspect")
	below("upstream", "gatehouse-gateway script")
	if want := "00-" + id + "-" + hex.EncodeToString(kinds["upstream"].SpanId) + "-01"; seen().Get("Traceparent") != want || seen().Get("Tracestate") != "vendor=x" {
		t.Errorf("the upstream was told %q, %q, want %q", seen().Get("Traceparent"), seen().Get("Tracestate"), want)
	}
	got := attributes(kinds["gatehouse-gateway GET guarded"].Attributes)
	for name, want := range map[string]string{
		"http.request.method": "GET", "url.path": "/loans", "http.response.status_code": "200", "ig.route.id": "guarded", "network.protocol.version": "1.1",
	} {
		if got[name] != want {
			t.Errorf("attribute %s of the gateway's span is %q, want %q", name, got[name], want)
		}
	}
	if got["transaction.id"] == "" {
		t.Error("the gateway's span has no transaction id")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, secret := range []string{token, "query-text", "secret=", adminPassword} {
		if bytes.Contains(c.raw.Bytes(), []byte(secret)) {
			t.Errorf("spans hold %q", secret)
		}
	}
}

// Requests do not wait for a collector that is not there or does not answer, and an unsampled trace stays unsampled.
func TestTraceCollectorDown(t *testing.T) {
	stuck := make(chan struct{})
	c := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stuck }))
	t.Cleanup(c.Close)
	t.Cleanup(func() { close(stuck) })
	upstream, seen := upstreamSeeing(t)
	gate, _ := gatewayOn(t, upstream, `, "openTelemetry": {"tracing": {"enabled": true, "exporter": {"config": {"endpoint": "`+c.URL+`/v1/traces", "timeout": "200 ms",
		"retries": {"enabled": false}, "batch": {"scheduleDelay": "10 ms", "maxQueueSize": 4, "maxExportBatchSize": 2}}}}}`,
		map[string]string{"r.json": proxyTo("")})
	for range 200 {
		if resp, err := http.Get("http://" + gate.addr(0) + "/"); err != nil || resp.StatusCode != 200 {
			t.Fatal(resp, err)
		}
	}
	gate.waitLog("spans do not reach the collector")
	req, _ := http.NewRequest("GET", "http://"+gate.addr(0)+"/", nil)
	req.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
	if resp, err := http.DefaultClient.Do(req); err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	if got := seen().Get("Traceparent"); !strings.HasPrefix(got, "00-0af7651916cd43dd8448eb211c80319c-") || !strings.HasSuffix(got, "-00") {
		t.Errorf("the upstream was told %q of an unsampled trace", got)
	}
}

// Without tracing, what the caller says of its trace goes to the upstream as it is.
func TestTraceOff(t *testing.T) {
	upstream, seen := upstreamSeeing(t)
	gate, _ := gatewayOn(t, upstream, "", map[string]string{"r.json": proxyTo("")})
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	req, _ := http.NewRequest("GET", "http://"+gate.addr(0)+"/", nil)
	req.Header.Set("Traceparent", parent)
	if resp, err := http.DefaultClient.Do(req); err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	if got := seen().Get("Traceparent"); got != parent {
		t.Errorf("the upstream was told %q, want %q", got, parent)
	}
}

// The lines and audit events of a request have its transaction id in both wings.
func TestTransactionID(t *testing.T) {
	dir := t.TempDir()
	amLogs, gateLogs := filepath.Join(dir, "am"), filepath.Join(dir, "gate")
	write(t, filepath.Join(dir, "audit.json"), `{"eventHandlers": [{"class": "JsonAuditEventHandler",
		"config": {"name": "files", "logDirectory": "`+filepath.ToSlash(amLogs)+`", "topics": ["access"]}}]}`)
	for _, d := range []string{amLogs, gateLogs} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	a := startAM(t, t.TempDir(), "--log-level", "debug", "--access-log", "--trust-transaction-header", "--audit", filepath.Join(dir, "audit.json"))
	a.rest("POST", "/realms/root/realm-config/services/oauth-oidc?_action=create", map[string]any{})
	makeClient(a, "app")
	makeGate(a)
	_, token := clientToken(a, "app")
	upstream, _ := upstreamSeeing(t)
	conf := filepath.Join(dir, "gateway", "config")
	write(t, filepath.Join(conf, "admin.json"), `{"connectors": [{"port": 0, "host": "127.0.0.1"}], "adminConnector": {"port": 0, "host": "127.0.0.1"}}`)
	write(t, filepath.Join(conf, "routes", "guarded.json"),
		strings.NewReplacer("UPSTREAM", upstream, "INTROSPECT", a.base+introspectPath, "LOGS", filepath.ToSlash(gateLogs)).Replace(guardedRoute))
	gate := start(t, nil, "gateway", "--log-format", "json", "--log-level", "debug", "-D", "org.forgerock.http.TrustTransactionHeader=true", filepath.Dir(conf))
	gate.addrs = nil
	for _, line := range logLines(t, gate.output()) {
		if line["msg"] == "listening" {
			gate.addrs = append(gate.addrs, line["address"].(string))
		}
	}
	askGuarded(t, gate, token, "X-ForgeRock-TransactionId", "order-66")

	said := map[string]bool{}
	for _, line := range logLines(t, gate.output()) {
		if line["transactionId"] == "order-66" {
			said[line["msg"].(string)] = true
		}
	}
	if !said["from the script"] || !said["printed"] || !said[`an object has no property "odd"`] || !said["toJson: the text is not JSON"] {
		t.Errorf("lines of the request in the gateway's log: %v", said)
	}
	a.waitLog(`path=/openam/oauth2/realms/root/introspect .*transactionId=order-66/0`)
	gate.stop()
	a.stop()
	for file, want := range map[string]string{
		filepath.Join(gateLogs, "access.audit.json"): "order-66", filepath.Join(amLogs, "access.audit.json"): "order-66/0",
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, e := range logLines(t, string(text)) {
			found = found || e["transactionId"] == want
		}
		if !found {
			t.Errorf("%s has no event of transaction %s", file, want)
		}
	}
}

// logLines reads a JSON object a line.
func logLines(t *testing.T, text string) []map[string]any {
	t.Helper()
	var list []map[string]any
	s := bufio.NewScanner(strings.NewReader(text))
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var m map[string]any
		if err := json.Unmarshal(s.Bytes(), &m); err != nil {
			t.Fatalf("a line is no JSON object: %s", s.Text())
		}
		list = append(list, m)
	}
	return list
}
