package e2e

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const limitsRoute = `{
  "heap": [
    {"name": "keys", "type": "Base64EncodedSecretStore", "config": {"secrets": {"k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0", "gate": "c2VjcmV0"}}},
    {"name": "op", "type": "Issuer", "config": {"authorizeEndpoint": "UPSTREAM/authorize", "tokenEndpoint": "UPSTREAM/token"}},
    {"name": "app", "type": "ClientRegistration", "config": {"clientId": "app", "clientSecretId": "gate", "secretsProvider": "keys", "issuer": "op", "scopes": ["a"], "tokenEndpointAuthMethod": "client_secret_basic"}},
    {"name": "ok", "type": "StaticResponseHandler", "config": {"status": 200}}
  ],
  "session": {"type": "InMemorySessionManager"},
  "handler": {"type": "DispatchHandler", "config": {"bindings": [
    {"condition": "${request.uri.path == '/form'}", "handler": {"type": "StaticResponseHandler", "config": {"status": 200, "headers": {"X-Fields": ["${length(request.entity.form)}"]}}}},
    {"condition": "${request.uri.path == '/read'}", "handler": {"type": "Chain", "config": {"handler": "ok", "filters": [
      {"type": "EntityExtractFilter", "config": {"messageType": "REQUEST", "target": "${attributes.x}", "bindings": [{"key": "a", "pattern": "x"}]}}]}}},
    {"condition": "${request.uri.path == '/deep'}", "handler": {"type": "Chain", "config": {"handler": "ok", "filters": [
      {"type": "JwtBuilderFilter", "config": {"template": {"v": "${request.entity.json}"}, "secretsProvider": "keys",
        "signature": {"secretId": "k", "algorithm": "HS256"}}}]}}},
    {"condition": "${request.uri.path == '/double'}", "handler": {"type": "StaticResponseHandler", "config": {"status": 200, "headers": {"X-Text": ["${request.entity.string.concat(request.entity.string)}"]}}}},
    {"condition": "${request.uri.path == '/pieces'}", "handler": {"type": "StaticResponseHandler", "config": {"status": 200, "headers": {"X-Text": ["${split(request.entity.string, ',')[0]}"]}}}},
    {"condition": "${request.uri.path == '/match'}", "handler": {"type": "StaticResponseHandler", "config": {"status": 200, "headers": {"X-Text": ["${matches(request.entity.string, '^(a|aa)+(?=b)b$')}"]}}}},
    {"condition": "${request.uri.path == '/lists'}", "handler": {"type": "Chain", "config": {
      "filters": [{"type": "AssignmentFilter", "config": {"onRequest": [{"target": "${attributes.y}", "value": "${attributes}"}]}}],
      "handler": {"type": "StaticResponseHandler", "config": {"status": 200, "headers": {"X-Text": ["${toString(attributes)}"]}}}}}},
    {"condition": "${request.uri.path == '/introspect'}", "handler": {"type": "Chain", "config": {"handler": "ok", "filters": [
      {"type": "OAuth2ResourceServerFilter", "config": {"requireHttps": false, "scopes": ["a"], "accessTokenResolver": {
        "type": "TokenIntrospectionAccessTokenResolver", "config": {"endpoint": "UPSTREAM/large", "providerHandler": "ForgeRockClientHandler"}}}}]}}},
    {"condition": "${request.uri.path == '/steps'}", "handler": {"type": "ScriptableHandler", "config": {"type": "application/x-groovy", "source": "while (true) {}"}}},
    {"condition": "${request.uri.path == '/nested'}", "handler": {"type": "ScriptableHandler", "config": {"type": "application/x-groovy", "source": "def f; f = { f() }; f()"}}},
    {"condition": "${request.uri.path == '/memory'}", "handler": {"type": "ScriptableHandler", "config": {"type": "application/x-groovy", "source": "def s = 'x'; while (true) { s = s + s }"}}},
    {"condition": "${request.uri.path == '/calls'}", "handler": {"type": "ScriptableHandler", "config": {"type": "application/x-groovy",
      "source": "def l = []; 35.times { def r = new Request(); r.method = 'GET'; r.uri = 'UPSTREAM/wait'; l << http.send(r); l << http.send(r) }; return l[0]"}}},
    {"condition": "${request.uri.path == '/cookies' or request.uri.path == '/header'}", "handler": {"type": "Chain", "config": {
      "filters": [{"type": "CookieFilter", "config": {"defaultAction": "MANAGE"}}], "handler": {"type": "ReverseProxyHandler", "baseURI": "UPSTREAM"}}}},
    {"condition": "${request.uri.path == '/throttled'}", "handler": {"type": "Chain", "config": {"handler": "ok", "filters": [
      {"type": "ThrottlingFilter", "config": {"rate": {"numberOfRequests": 1, "duration": "1 h"}}}]}}},
    {"handler": {"type": "Chain", "config": {"handler": "ok", "filters": [
      {"type": "AuthorizationCodeOAuth2ClientFilter", "config": {"clientEndpoint": "/login", "requireHttps": false, "registrations": ["app"], "failureHandler": "ok"}}]}}}
  ]}}
}`

func TestLimitsOfGateway(t *testing.T) {
	t.Parallel()
	wait := make(chan struct{})
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/large":
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"active": true, "x": %q}`, strings.Repeat("x", 2<<20))
		case "/header":
			w.Header().Set("X", strings.Repeat("x", 70<<10))
		case "/cookies":
			for i := range 201 {
				w.Header().Add("Set-Cookie", fmt.Sprintf("c%d=v", i))
			}
		case "/wait":
			select {
			case <-wait:
			case <-r.Context().Done():
			}
		}
	}))
	defer upstream.Close()
	dir := t.TempDir()
	conf := filepath.Join(dir, "config")
	write(t, filepath.Join(conf, "admin.json"), `{"mode": "DEVELOPMENT", "connectors": [{"port": 0, "host": "127.0.0.1"}], "adminConnector": {"port": 0, "host": "127.0.0.1"},
		"heap": [{"name": "small", "type": "TemporaryStorage", "config": {"memoryLimit": 65536, "fileLimit": 16777216}}], "temporaryStorage": "small"}`)
	write(t, filepath.Join(conf, "routes", "limits.json"), strings.ReplaceAll(limitsRoute, "UPSTREAM", upstream.URL))
	write(t, filepath.Join(conf, "config.json"), `{"handler": {"type": "Router", "config": {"directory": "${openig.configDirectory}/routes", "scanInterval": "100 ms"}}}`)
	gate := start(t, nil, "gateway", "-D", "script.maxSteps=100000", "-D", "script.maxMemoryBytes=1000000", "-D", "script.maxDepth=50", dir)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(n int, method, path string, body []byte, header ...string) *http.Response {
		t.Helper()
		req, err := http.NewRequest(method, "http://"+gate.addr(n)+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		resp, err := browser.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp
	}
	post := func(path string, body []byte, header ...string) func() string {
		return func() string { return strconv.Itoa(ask(0, "POST", path, body, header...).StatusCode) }
	}
	get := func(path string, header ...string) func() string {
		return func() string { return strconv.Itoa(ask(0, "GET", path, nil, header...).StatusCode) }
	}
	text := func(path, body string) func() string {
		return func() string {
			resp := ask(0, "POST", path, []byte(body))
			return fmt.Sprint(resp.StatusCode, " ", resp.Header.Get("X-Text"))
		}
	}
	file := func(name, document, complaint string) func() string {
		return func() string {
			write(t, filepath.Join(conf, "routes", name+".json"), document)
			gate.waitLog("routes/" + name + "\\.json.*" + complaint)
			return strconv.Itoa(ask(1, "GET", "/new", nil).StatusCode)
		}
	}
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	for range 65 {
		_, _ = z.Write(make([]byte, 1<<20))
	}
	_ = z.Close()
	noise := make([]byte, 9<<20)
	for i := range noise {
		noise[i] = byte('a' + rand.IntN(26))
	}
	xs := strings.Repeat("x", 100<<10)
	goOver(t, "Gateway", "http://"+gate.addr(1)+"/metrics/prometheus/0.0.4", map[string]limitTry{
		"header of a request":       {"431", get("/", "X", xs[:9000])},
		"request line":              {"414", get("/" + xs[:5000])},
		"body, buffered: in memory": {"200", post("/read", []byte(xs))},
		"body, buffered: at most":   {"413", post("/read", make([]byte, 17<<20))},
		"fields of a form": {"0", func() string {
			body := []byte(strings.Repeat("a=b&c=d&", 5001))
			return ask(0, "POST", "/form", body, "Content-Type", "application/x-www-form-urlencoded").Header.Get("X-Fields")
		}},
		"form in a body": {"0", func() string {
			return ask(0, "POST", "/form", []byte("a="+strings.Repeat("x", 9<<20)), "Content-Type", "application/x-www-form-urlencoded").Header.Get("X-Fields")
		}},
		"trailers": {"400", func() string {
			c, err := net.Dial("tcp", gate.addr(0))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			fmt.Fprintf(c, "POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX: %s\r\n\r\n", xs[:20<<10])
			head := make([]byte, 12)
			if _, err := io.ReadFull(c, head); err != nil {
				t.Fatal(err)
			}
			return string(head[9:])
		}},
		"decompressed body that a filter reads":         {"500", post("/read", bomb.Bytes(), "Content-Encoding", "gzip")},
		"depth of JSON that filters read":               {"500", post("/deep", []byte(strings.Repeat("[", 70)+strings.Repeat("]", 70)), "Content-Type", "application/json")},
		"depth of a configuration document":             {"404", file("a", `{"condition": "${request.uri.path == '/new'}", "handler": `+strings.Repeat(`[`, 201)+strings.Repeat(`]`, 201)+`}`, "nested")},
		"expression: text that it makes":                {"200 ", text("/double", string(noise))},
		"expression: one `${…}`":                        {"404", file("b", `{"condition": "${request.uri.path == '/new' or request.uri.path == '`+xs[:17<<10]+`'}", "handler": "ok"}`, "longer than")},
		"expression: brackets within one another":       {"404", file("c", `{"condition": "${`+strings.Repeat("(", 101)+"true"+strings.Repeat(")", 101)+`}", "handler": "ok"}`, "nested")},
		"expression: lists and maps within one another": {"200 ", text("/lists", "")},
		"expression: pieces of a text":                  {"200 ", text("/pieces", strings.Repeat("a,", 1<<20+1))},
		"expression: one match of a regular expression": {"200 ", text("/match", strings.Repeat("a", 60))},
		"header of an upstream's answer":                {"502", get("/header")},
		"answer of an authorization server":             {"401", get("/introspect", "Authorization", "Bearer x")},
		"script: steps":                                 {"500", get("/steps")},
		"script: nested calls":                          {"500", get("/nested")},
		"script: memory":                                {"500", get("/memory")},
		"script: calls of others at a time": {"500", func() string {
			got := make(chan string)
			go func() { got <- get("/calls")() }()
			eventually(t, "the script has too many calls", func() bool {
				_, text := scrape(t, "http://"+gate.addr(1)+"/metrics/prometheus/0.0.4")
				return strings.Contains(text, `gatehouse_limit_total{limit="script_calls"} 1`)
			})
			close(wait)
			return <-got
		}},
		"cookies that a `CookieFilter` keeps for one session": {"200", get("/cookies")},
		"logins of one browser under way": {"302", func() string {
			for range 5 {
				get("/private")()
			}
			return get("/private")()
		}},
		"document of a route over REST": {"413", func() string {
			return strconv.Itoa(ask(1, "PUT", "/api/system/objects/router-handler/routes/big", append([]byte(`{"name": "`), make([]byte, 5<<20)...), "Content-Type", "application/json").StatusCode)
		}},
		"requests of a group": {"429", func() string { get("/throttled")(); return get("/throttled")() }},
	})
}

// Limits of time, and of connections, of a gateway whose limits are low.
func TestLimitsOfTimeGateway(t *testing.T) {
	t.Parallel()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 100<<10)) }))
	defer upstream.Close()
	gate, _ := gatewayOn(t, upstream.URL, "", map[string]string{"x.json": proxyTo("")}, "--limit", "connections=6", "--limit", "header_time=3s", "--limit", "data_time=2s", "--limit", "idle_time=1s")
	metrics := "http://" + gate.addr(1) + "/metrics/prometheus/0.0.4"
	tries := lateTries(t, gate.addr(0), 6, "/", "/", func() bool {
		_, text := scrape(t, metrics)
		return strings.Contains(text, `gatehouse_limit_total{limit="connections"} 1`)
	})
	goOver(t, "Gateway", metrics, map[string]limitTry{
		"connections of clients":                      tries["connections"],
		"time for a header, and for a TLS handshake":  tries["header"],
		"wait for more of a body":                     tries["body"],
		"wait for a client to take more of an answer": tries["answer"],
		"idle connection":                             tries["idle"],
	})
}

const cachesRoute = `{
  "heap": [
    {"name": "ok", "type": "StaticResponseHandler", "config": {"status": 200}}
  ],
  "session": {"type": "InMemorySessionManager"},
  "handler": {"type": "DispatchHandler", "config": {"bindings": [
    {"condition": "${request.uri.path == '/throttled'}", "handler": {"type": "Chain", "config": {"handler": "ok", "filters": [
      {"type": "ThrottlingFilter", "config": {"requestGroupingPolicy": "${request.headers['X-Group'][0]}", "rate": {"numberOfRequests": 1, "duration": "1 h"}}}]}}},
    {"condition": "${request.uri.path == '/session'}", "handler": {"type": "Chain", "config": {"handler": "ok", "filters": [
      {"type": "AssignmentFilter", "config": {"onRequest": [{"target": "${session.x}", "value": "y"}]}}]}}},
    {"condition": "${request.uri.path == '/jwt'}", "handler": {"type": "Chain", "config": {"handler": "ok", "filters": [
      {"type": "JwtValidationFilter", "config": {"jwt": "${request.entity.string}", "verificationSecretId": "k", "secretsProvider": {"type": "JwkSetSecretStore", "config": {"jwkUrl": "UPSTREAM/set"}},
        "failureHandler": {"type": "StaticResponseHandler", "config": {"status": 403, "headers": {"X-Failure": ["${contexts.jwtValidationError.violations[0].code}"]}}}}}]}}},
    {"condition": "${request.uri.path == '/set'}", "handler": {"type": "Chain", "config": {"handler": "ok", "filters": [
      {"type": "JwtValidationFilter", "config": {"jwt": "${request.entity.string}", "verificationSecretId": "k", "secretsProvider": {"type": "JwkSetSecretStore", "config": {"jwkUrl": "UPSTREAM/keys"}}}}]}}},
    {"condition": "${request.uri.path == '/dpop'}", "handler": {"type": "Chain", "config": {"handler": "ok", "filters": [
      {"type": "DpopFilter", "config": {"resourceServerFilter": {"type": "OAuth2ResourceServerFilter", "config": {"requireHttps": false, "scopes": ["a"], "accessTokenResolver": {
        "type": "TokenIntrospectionAccessTokenResolver", "config": {"endpoint": "UPSTREAM/introspect", "providerHandler": "ForgeRockClientHandler"}}}}}}]}}},
    {"condition": "${request.uri.path == '/busy'}", "handler": {"type": "ReverseProxyHandler", "baseURI": "UPSTREAM", "config": {"connections": 1}}},
    {"condition": "${request.uri.path == '/endless'}", "handler": {"type": "ScriptableHandler", "config": {"type": "application/x-groovy", "source": "while (true) {}"}}},
    {"condition": "${request.uri.path == '/match'}", "handler": {"type": "ScriptableHandler", "config": {"type": "application/x-groovy", "source": "('a' * 40) ==~ /(a|aa)+(?=b)b/"}}},
    {"condition": "${request.uri.path == '/ask'}", "handler": {"type": "ScriptableHandler", "config": {"type": "application/x-groovy",
      "source": "3.times { def r = new Request(); r.method = 'GET'; r.uri = 'UPSTREAM/slow'; http.send(r).get() }; return new Response(Status.OK)"}}},
    {"handler": {"type": "Chain", "config": {"handler": "ok", "filters": [
      {"type": "AuthorizationCodeOAuth2ClientFilter", "config": {"clientEndpoint": "/login", "requireHttps": false, "loginHandler": "ok",
        "failureHandler": {"type": "StaticResponseHandler", "config": {"status": 400, "headers": {"X-Failure": ["${contexts.oauth2Failure.error} ${contexts.oauth2Failure.description}"]}}},
        "metadata": {"client_name": "gate", "redirect_uris": ["http://gate.example.com/login/callback"], "scopes": ["openid"]}, "discoveryHandler": "ClientHandler"}}]}}}
  ]}}
}`

const cookieRoute = `{
  "condition": "${request.uri.path == '/cookie'}",
  "session": {"type": "JwtSessionManager"},
  "handler": {"type": "Chain", "config": {
    "filters": [{"type": "AssignmentFilter", "config": {"onRequest": [{"target": "${session.x}", "value": "${request.entity.string}"}]}}],
    "handler": {"type": "StaticResponseHandler", "config": {"status": 200}}}}
}`

// Caches are kept small: what is over goes, and what was asked is answered all the same. Tokens and scripts have less than
// they want.
func TestLimitsOfCachesGateway(t *testing.T) {
	t.Parallel()
	waiting := make(chan struct{})
	sign, set := newSigner(t)
	var provider func(http.ResponseWriter, *http.Request)
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/keys":
			_, _ = io.WriteString(w, `{"keys": [`+strings.Repeat(" ", 1<<20)+`]}`)
		case "/set":
			_, _ = io.WriteString(w, set)
		case "/slow":
			time.Sleep(300 * time.Millisecond) // longer than a script may wait in all
		case "/busy":
			select {
			case <-waiting:
			case <-r.Context().Done():
			}
		default:
			provider(w, r)
		}
	}))
	defer upstream.Close()
	defer close(waiting)
	provider = func(w http.ResponseWriter, r *http.Request) {
		say := func(v any) { _, _ = io.WriteString(w, jsonOf(v)) }
		w.Header().Set("Content-Type", "application/json")
		switch here := "http://" + r.Host; {
		case r.URL.Path == "/.well-known/webfinger":
			say(map[string]any{"links": []any{map[string]any{"rel": "http://openid.net/specs/connect/1.0/issuer", "href": here}}})
		case r.URL.Path == "/.well-known/openid-configuration":
			say(map[string]any{"issuer": here, "authorization_endpoint": here + "/authorize", "token_endpoint": here + "/token", "jwks_uri": here + "/jwks", "registration_endpoint": here + "/register"})
		case r.URL.Path == "/register":
			w.WriteHeader(http.StatusCreated)
			say(map[string]any{"client_id": "registered", "client_secret": "secret", "redirect_uris": []string{"http://gate.example.com/login/callback"}})
		default:
			say(map[string]any{"active": false})
		}
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "config", "admin.json"), `{"connectors": [{"port": 0, "host": "127.0.0.1", "maxTotalHeadersSize": 20000}], "adminConnector": {"port": 0, "host": "127.0.0.1"}}`)
	write(t, filepath.Join(dir, "config", "config.json"), `{"handler": {"type": "Router", "config": {"directory": "${openig.configDirectory}/routes"}}}`)
	write(t, filepath.Join(dir, "config", "routes", "cookie.json"), cookieRoute)
	write(t, filepath.Join(dir, "config", "routes", "z.json"), strings.ReplaceAll(cachesRoute, "UPSTREAM", upstream.URL))
	gate := start(t, nil, "gateway", dir, "--limit", "sessions=1", "--limit", "issuers=1", "--limit", "throttling_groups=1",
		"-D", "script.maxMillis=300", "-D", "script.maxSteps=1000000000", "-D", "script.maxRegexpMillis=200", "-D", "script.maxWaitMillis=200")
	base, metrics := "http://"+gate.addr(0), "http://"+gate.addr(1)+"/metrics/prometheus/0.0.4"
	browser := &http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	send := func(method, path, body string, header ...string) func() string {
		return func() string {
			req, err := http.NewRequest(method, base+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(header); i += 2 {
				req.Header.Set(header[i], header[i+1])
			}
			req.Host = "gate.example.com"
			resp, err := browser.Do(req)
			if err != nil {
				return err.Error()
			}
			resp.Body.Close()
			return strconv.Itoa(resp.StatusCode) + resp.Header.Get("X-Failure")
		}
	}
	other := strings.Replace(upstream.URL, "127.0.0.1", "localhost", 1)
	goOver(t, "Gateway", metrics, map[string]limitTry{
		"JWT, compressed or not, with what is in it": {"403invalid_jwt", send("POST", "/jwt", sign(`{"x": "`+strings.Repeat("x", 200<<10)+`"}`))},
		"depth of claims": {"403invalid_jwt", send("POST", "/jwt", sign(`{"x": `+strings.Repeat("[", 65)+strings.Repeat("]", 65)+`}`))},
		"set of keys":     {"403", send("POST", "/set", sign(`{}`))},
		"connections to one upstream": {"waits", func() string {
			for range 2 {
				go send("GET", "/busy", "")()
			}
			return "waits"
		}},
		"script: time without waiting":              {"500", send("GET", "/endless", "")},
		"script: one match of a regular expression": {"500", send("GET", "/match", "")},
		"script: waiting for other servers":         {"500", send("GET", "/ask", "")},
		"sessions in memory": {"200 200 200", func() string {
			return send("GET", "/session", "")() + " " + send("GET", "/session", "")() + " " + send("GET", "/session", "")()
		}},
		"cookies of one session in the browser": {"500", send("POST", "/cookie", strings.Repeat("0123456789abcdef", 4<<10))},
		"issuers found by discovery": {"302 302", func() string {
			return send("GET", "/login/login?discovery="+url.QueryEscape(upstream.URL+"/demo")+"&goto=%2F", "")() + " " +
				send("GET", "/login/login?discovery="+url.QueryEscape(other+"/demo")+"&goto=%2F", "")()
		}},
		"DPoP proof": {"401", send("GET", "/dpop", "", "Authorization", "DPoP x", "DPoP", strings.Repeat("x", 8<<10+1))},
		"groups of a `ThrottlingFilter`, in each of 64 parts": {"200", func() string {
			for i := range 65 {
				if got := send("GET", "/throttled", "", "X-Group", strconv.Itoa(i))(); got != "200" {
					return got
				}
			}
			return "200"
		}},
	})
}
