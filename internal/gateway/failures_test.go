package gateway

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gatehouse/internal/gateway/chain"
)

// closedPort is an address that refuses connections.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// routeOf is a routes file of one handler.
func routeOf(handler string) string { return "\n-- routes/x.json --\n{\"handler\": " + handler + "}" }

func limited(fields string) string {
	return "\n-- admin.json --\n{" + bothConnectors + ", " + fields + "}"
}

func chained(filter, handler string) string {
	return `{"type": "Chain", "config": {"filters": [` + filter + `], "handler": ` + handler + `}}`
}

const (
	ok      = `{"type": "StaticResponseHandler", "config": {"status": 200, "entity": "ok"}}`
	caught  = `{"type": "StaticResponseHandler", "config": {"status": 299, "entity": "caught"}}`
	throws  = `{"type": "ScriptableHandler", "config": {"type": "application/x-groovy", "source": "throw new IllegalStateException('a secret of the inside')"}}`
	nowhere = `{"type": "ClientHandler", "baseURI": "http://CLOSED"}`
)

// amOf is an AmService on a server.
func amOf(url string) string {
	return `{"name": "env", "type": "Base64EncodedSecretStore", "config": {"secrets": {"agent.secret": "cGFzc3dvcmQ="}}},
	  {"name": "am", "type": "AmService", "config": {"url": "` + url + `/am", "agent": {"username": "a", "passwordSecretId": "agent.secret"}, "secretsProvider": "env", "notifications": {"enabled": false}}}`
}

// answerAsAM signs the agent in and denies all that policies are asked about.
func answerAsAM(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case strings.HasSuffix(r.URL.Path, "/authenticate"):
		_, _ = w.Write([]byte(`{"tokenId": "agent"}`))
	case strings.HasSuffix(r.URL.Path, "/policies"):
		_, _ = w.Write([]byte(`[{"resource": "http://app.example.com/", "actions": {"GET": false}, "attributes": {}, "advices": {}, "ttl": 0}]`))
	default:
		_, _ = w.Write([]byte(`{"cookieName": "sso"}`))
	}
}

// Each case is a request and what the client sees of what went wrong.
func TestFailures(t *testing.T) {
	closed := closedPort(t)
	big := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, 1<<20))
	}))
	t.Cleanup(big.Close)
	am := httptest.NewServer(http.HandlerFunc(answerAsAM))
	t.Cleanup(am.Close)
	noDefault := `
-- config.json --
{"handler": {"type": "Router", "name": "_router", "config": {"directory": "DIR/config/routes"}}}`
	long := strings.Repeat("x", 9000)
	tests := []struct {
		name, files, method, path, body string
		header                          string
		want                            int
		wantBody, wantLog               string
	}{
		{name: "no route, no config.json", path: "/x", want: 404},
		{name: "no route, no default handler", files: noDefault, path: "/x", want: 404, wantLog: `level=ERROR msg="no handler to dispatch to"`},
		{name: "method of the welcome page", method: "POST", path: "/", want: 405},
		{name: "no binding of a DispatchHandler", files: routeOf(`{"type": "DispatchHandler", "config": {"bindings": [{"condition": false, "handler": ` + ok + `}]}}`),
			path: "/x", want: 404},
		{name: "a script throws", files: routeOf(throws), path: "/secret?token=abc", want: 500, wantLog: "level=WARN msg=\"the request failed\" route=x status=500 method=GET path=/secret cause="},
		{name: "a decoration fails", files: routeOf(`{"type": "ReverseProxyHandler", "baseURI": "${attributes.none}"}`), path: "/x", want: 500, wantLog: "level=WARN"},
		{name: "upstream of a ReverseProxyHandler", files: routeOf(strings.Replace(nowhere, "ClientHandler", "ReverseProxyHandler", 1)), path: "/x", want: 502, wantLog: "status=502"},
		{name: "upstream of a ClientHandler", files: routeOf(nowhere), path: "/x", want: 500, wantLog: "status=500"},
		{name: "upstream of config.json", files: "\n-- config.json --\n{\"handler\": " + strings.Replace(nowhere, "ClientHandler", "ReverseProxyHandler", 1) + "}", path: "/x",
			want: 502, wantLog: "msg=\"the request failed\" status=502 method=GET path=/x"},
		{name: "SwitchFilter sees no failure", files: routeOf(chained(`{"type": "SwitchFilter", "config": {"onResponse": [{"handler": `+caught+`}]}}`, throws)), path: "/x", want: 500},
		{name: "SwitchFilter sees a 502", files: routeOf(chained(`{"type": "SwitchFilter", "config": {"onResponse": [{"condition": "${response.status.code == 502}", "handler": `+caught+`}]}}`,
			strings.Replace(nowhere, "ClientHandler", "ReverseProxyHandler", 1))), path: "/x", want: 299, wantBody: "caught"},
		{name: "failureHandler sees no failure of what follows", files: routeOf(chained(`{"type": "ConditionEnforcementFilter", "config": {"condition": true, "failureHandler": `+caught+`}}`, throws)), path: "/x", want: 500},
		{name: "a condition is not met", files: routeOf(chained(`{"type": "ConditionEnforcementFilter", "config": {"condition": false}}`, ok)), path: "/x", want: 403},
		{name: "AllowOnlyFilter", files: routeOf(chained(`{"type": "AllowOnlyFilter", "config": {"rules": [{"from": [{"ip": {"list": ["192.0.2.0/24"]}}]}]}}`, ok)), path: "/x", want: 401},
		{name: "CORS refusal", files: routeOf(chained(`{"type": "CorsFilter", "config": {"policies": [{"acceptedOrigins": ["https://a.example.com"], "acceptedMethods": ["GET"]}]}}`, ok)),
			path: "/", header: "Origin: https://evil.example.com", want: 403},
		{name: "CSRF failure", files: routeOf(chained(`{"type": "CsrfFilter", "config": {"cookieName": "sid"}}`, ok)),
			method: "POST", path: "/", header: "Cookie: sid=abc", want: 403},
		{name: "policy without a subject", files: "\n-- routes/x.json --\n" + `{"heap": [{"name": "env", "type": "Base64EncodedSecretStore", "config": {"secrets": {"agent.secret": "cGFzc3dvcmQ="}}},
		  {"name": "am", "type": "AmService", "config": {"url": "http://CLOSED/am", "agent": {"username": "a", "passwordSecretId": "agent.secret"}, "secretsProvider": "env", "notifications": {"enabled": false}}}],
		  "handler": ` + chained(`{"type": "PolicyEnforcementFilter", "config": {"amService": "am", "application": "p", "ssoTokenSubject": "${contexts.ssoToken.value}"}}`, ok) + "}",
			path: "/", want: 401},
		{name: "a policy denies", files: "\n-- routes/x.json --\n" + `{"heap": [` + amOf(am.URL) + `], "handler": ` + chained(`{"type": "PolicyEnforcementFilter", "config": {"amService": "am", "application": "p",
		  "ssoTokenSubject": "${request.headers['x-session'][0]}"}}`, ok) + "}", path: "/", header: "X-Session: good", want: 403},
		{name: "sign-on comes back without a cookie", files: "\n-- routes/x.json --\n" + `{"heap": [` + amOf(am.URL) + `], "handler": ` +
			chained(`{"type": "SingleSignOnFilter", "config": {"amService": "am"}}`, ok) + "}", path: "/?_ig=true", want: 403, wantLog: "level="},
		{name: "an invalid JWT", files: routeOf(chained(`{"type": "JwtValidationFilter", "config": {"jwt": "${request.headers['x-jwt'][0]}", "verificationSecretId": "verify",
		  "secretsProvider": {"type": "Base64EncodedSecretStore", "config": {"secrets": {"verify": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}}}}}`, ok)),
			path: "/", header: "X-Jwt: not.a.jwt", want: 403},
		{name: "an expression fails at run time", files: routeOf(`{"type": "StaticResponseHandler", "config": {"status": 200, "headers": {"Content-Type": ["text/plain"]}, "entity": "${1 / request.cookies['none']}"}}`),
			path: "/", want: 200, wantLog: "level=WARN"},
		{name: "a long request line", files: routeOf(ok), path: "/" + long, want: 414},
		{name: "large headers", files: routeOf(ok), path: "/", header: "X-Large: " + long, want: 431},
		{name: "a body over maxBodyLength", files: routeOf(ok) + limited(`"maxBodyLength": 10`), method: "POST", path: "/", body: "eleven bytes", want: 413},
		{name: "a body over the temporary storage", files: routeOf(ok) + limited(`"heap": [{"name": "TemporaryStorage", "type": "TemporaryStorage", "config": {"memoryLimit": 4, "fileLimit": 10}}]`),
			method: "POST", path: "/", body: "eleven bytes", want: 413},
		{name: "a body over the temporary storage of config.json", files: limited(`"mode": "production"`) + `
-- config.json --
{"temporaryStorage": {"type": "TemporaryStorage", "config": {"memoryLimit": 4, "fileLimit": 10}}, "handler": ` + ok + `}`,
			method: "POST", path: "/", body: "eleven bytes", want: 413},
		{name: "a response over the temporary storage", files: routeOf(`{"type": "ReverseProxyHandler", "baseURI": "` + big.URL + `", "config": {
		  "temporaryStorage": {"type": "TemporaryStorage", "config": {"memoryLimit": 1000, "fileLimit": 1000}}}}`), path: "/", want: 502},
		{name: "an illegal query, kept", files: routeOf(ok) + limited(`"preserveOriginalQueryString": true`), path: "/?a=\"", want: 400},
		{name: "an illegal query, encoded anew", files: routeOf(`{"type": "StaticResponseHandler", "config": {"status": 200, "headers": {"Content-Type": ["text/plain"]}, "entity": "${request.uri.rawQuery}"}}`),
			path: "/?a=\"%27", want: 200, wantBody: "a=%22'"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := run(t, strings.ReplaceAll(tt.files, "CLOSED", closed))
			status, body := r.raw(tt.method, tt.path, tt.header, tt.body)
			if status != tt.want || tt.want != 200 && tt.want != 404 && tt.want != 405 && body != tt.wantBody || tt.wantBody != "" && body != tt.wantBody {
				t.Errorf("status %d, body %.80q; want %d, %q; problems %v", status, body, tt.want, tt.wantBody, r.Problems())
			}
			log := r.log.String()
			if !strings.Contains(log, tt.wantLog) {
				t.Errorf("the log has no %q:\n%s", tt.wantLog, log)
			}
			if strings.Contains(log, "token=abc") || strings.Contains(body, "secret") {
				t.Errorf("something secret got out: body %q, log\n%s", body, log)
			}
		})
	}
}

// raw sends a request that clients of the standard library refuse to send.
func (r *running) raw(method, path, header, body string) (status int, text string) {
	r.t.Helper()
	if method == "" {
		method = "GET"
	}
	if header != "" {
		header += "\r\n"
	}
	c, err := net.Dial("tcp", strings.TrimPrefix(r.client, "http://"))
	if err != nil {
		r.t.Fatal(err)
	}
	defer c.Close()
	// The gateway may refuse the request before it has read all of it.
	_, _ = fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: app.example.com\r\nConnection: close\r\nContent-Length: %d\r\n%s\r\n%s", method, path, len(body), header, body)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	b := new(strings.Builder)
	if _, err := bufio.NewReader(resp.Body).WriteTo(b); err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, b.String()
}

func TestThrottled(t *testing.T) {
	r := run(t, routeOf(chained(`{"type": "ThrottlingFilter", "config": {"requestGroupingPolicy": "${'all'}", "rate": {"numberOfRequests": 1, "duration": "1 hour"}}}`, ok)))
	if a := r.get("/"); a.status != 200 {
		t.Fatalf("the first: %d; problems %v", a.status, r.Problems())
	}
	if a := r.get("/"); a.status != 429 || a.header.Get("Retry-After") == "" {
		t.Errorf("the second: %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
	}
}

// A circuit breaker counts failures that are no responses yet.
func TestCircuitBreakerSeesFailures(t *testing.T) {
	r := run(t, routeOf(chained(`{"type": "CircuitBreakerFilter", "config": {"maxFailures": 1, "openDuration": "1 hour",
	  "slidingCounter": {"size": 2}, "openHandler": `+caught+`}}`, throws)))
	if a := r.get("/"); a.status != 500 {
		t.Errorf("the first: %d; problems %v", a.status, r.Problems())
	}
	r.get("/")
	if a := r.get("/"); a.status != 299 || a.body != "caught" {
		t.Errorf("after two failures: %d %q", a.status, a.body)
	}
}

// A failure is told once, by the innermost route, and what surrounds a route sees it
// as a response: the session is kept.
func TestFailureInNestedRoutes(t *testing.T) {
	r := run(t, `
-- routes/outer.json --
{"session": {"type": "InMemorySessionManager", "config": {"cookie": {"name": "route-session"}}},
 "handler": {"type": "Router", "config": {"directory": "DIR/config/inner"}}}
-- inner/inner.json --
{"handler": `+chained(`{"type": "AssignmentFilter", "config": {"onRequest": [{"target": "${session.x}", "value": "1"}]}}`, throws)+`}`)
	a := r.get("/")
	if a.status != 500 || a.body != "" || !strings.HasPrefix(a.header.Get("Set-Cookie"), "route-session=") {
		t.Errorf("status %d, body %q, Set-Cookie %q", a.status, a.body, a.header.Get("Set-Cookie"))
	}
	if log := r.log.String(); strings.Count(log, "the request failed") != 1 || !strings.Contains(log, "route=inner") {
		t.Errorf("log:\n%s", log)
	}
}

// Who may use the administration, by run mode and place.
func TestWhoMayUseTheAPI(t *testing.T) {
	tests := []struct {
		mode, remote, path string
		want               int
	}{
		{"production", "127.0.0.1:1", "/api/info", 200},
		{"production", "[::1]:1", "/api/info", 200},
		{"production", "192.0.2.1:1", "/api/info", 403},
		{"production", "192.0.2.1:1", "/health/live", 200},
		{"production", "192.0.2.1:1", "/metrics/prometheus/0.0.4", 200},
		{"production", "127.0.0.1:1", "/api/system/objects/_router/routes?_queryFilter=true", 404},
		{"production", "192.0.2.1:1", "/api/system/objects/_router/routes?_queryFilter=true", 403},
		{"DEVELOPMENT", "192.0.2.1:1", "/api/info", 200},
		{"Evaluation", "192.0.2.1:1", "/api/system/objects/_router/routes?_queryFilter=true", 200},
	}
	for _, tt := range tests {
		t.Run(tt.mode+" "+tt.remote+" "+tt.path, func(t *testing.T) {
			r := run(t, "-- admin.json --\n{"+bothConnectors+`, "mode": "`+tt.mode+`"}`)
			req := chain.NewRequest()
			u, err := chain.ParseURI("http://gateway" + tt.path)
			if err != nil {
				t.Fatal(err)
			}
			req.URI = u
			x := chain.New(t.Context(), req, nil).Push(&chain.ClientContext{RemoteAddr: tt.remote})
			none := chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) { return chain.NewResponse(404), nil })
			if resp, err := r.endpoints("", none).Handle(x); err != nil || resp.Status.Code != tt.want {
				t.Errorf("answered %v, %v, want %d", resp, err, tt.want)
			}
		})
	}
}

// What happens to routes whose files are wrong.
func TestBrokenRoutes(t *testing.T) {
	r := run(t, `
-- config.json --
{"handler": {"type": "Router", "name": "_router", "config": {"directory": "DIR/config/routes", "scanInterval": "100 ms"}}}
-- routes/a.json --
`+static("request.uri.path == '/a'", "first")+`
-- routes/b.json --
{"handler": "nobody"}
-- routes/c.txt --
`+static("request.uri.path == '/c'", "c"))
	want := func(path string, status int, body string) {
		t.Helper()
		r.until(func() bool { a := r.get(path); return a.status == status && a.body == body }, path+" answers "+body)
	}
	want("/a", 200, "first")
	want("/b", 404, "")
	want("/c", 404, "")
	if p := fmt.Sprint(r.Problems()); !strings.Contains(p, "routes/b.json") {
		t.Errorf("problems %s", p)
	}
	// The version before stays while the new one is wrong.
	r.write("routes/a.json", `{"handler": {"type": "Nothing"}}`)
	r.until(func() bool { return strings.Contains(r.log.String(), "the version before stays in service") }, "the log tells of a.json")
	want("/a", 200, "first")
	r.write("routes/a.json", static("request.uri.path == '/a'", "second"))
	want("/a", 200, "second")
	// A route that never was comes when its file is right.
	r.write("routes/b.json", static("request.uri.path == '/b'", "b"))
	want("/b", 200, "b")
	if len(r.Problems()) != 0 {
		t.Errorf("problems %v", r.Problems())
	}
}
