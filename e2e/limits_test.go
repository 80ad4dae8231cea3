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
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// limitTry goes over a limit of the page, and tells what the client got.
type limitTry struct {
	want string
	do   func() string
}

var limitRow = regexp.MustCompile("(?m)^\\| (.+?) \\| .+? \\| .+? \\| .+? \\| `(\\w+)(?:\\{(.+?)\\})?` \\| .+ \\|$")

// goOver goes over limits of one half of the page of limits, and looks whether the metrics of the page tell of it.
func goOver(t *testing.T, half, metrics string, tries map[string]limitTry) {
	t.Helper()
	page, err := os.ReadFile("../docs/reference/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "\n## "+half+"\n")
	text, _, _ = strings.Cut(text, "\n## ")
	value := func(name, label string) (sum float64) {
		_, all := scrape(t, metrics)
		for _, m := range regexp.MustCompile(`(?m)^`+name+`(?:\{(.*)\})? (\S+)$`).FindAllStringSubmatch(all, -1) {
			if strings.Contains(m[1], label) {
				n, _ := strconv.ParseFloat(m[2], 64)
				sum += n
			}
		}
		return sum
	}
	tried := map[string]bool{}
	for _, row := range limitRow.FindAllStringSubmatch(text, -1) {
		what, metric, label := row[1], row[2], row[3]
		try, ok := tries[what]
		if !ok {
			continue
		}
		tried[what] = true
		before := value(metric, label)
		if got := try.do(); got != try.want {
			t.Errorf("%s: the client got %s, want %s", what, got, try.want)
		}
		eventually(t, "a metric tells of the limit: "+what, func() bool { return value(metric, label) > before })
	}
	for what := range tries {
		if !tried[what] {
			t.Errorf("the page has no limit %q", what)
		}
	}
}

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
		"decompressed body that a filter reads": {"500", post("/read", bomb.Bytes(), "Content-Encoding", "gzip")},
		"depth of JSON that filters read":       {"500", post("/deep", []byte(strings.Repeat("[", 70)+strings.Repeat("]", 70)), "Content-Type", "application/json")},
		"depth of a configuration document": {"404", func() string {
			write(t, filepath.Join(conf, "routes", "a.json"), `{"condition": "${request.uri.path == '/new'}", "handler": `+strings.Repeat(`[`, 201)+strings.Repeat(`]`, 201)+`}`)
			gate.waitLog("nested")
			return strconv.Itoa(ask(1, "GET", "/new", nil).StatusCode)
		}},
		"expression: text that it makes": {"200 ", func() string {
			resp := ask(0, "POST", "/double", noise)
			return fmt.Sprint(resp.StatusCode, " ", resp.Header.Get("X-Text"))
		}},
		"header of an upstream's answer":    {"502", get("/header")},
		"answer of an authorization server": {"401", get("/introspect", "Authorization", "Bearer x")},
		"script: steps":                     {"500", get("/steps")},
		"script: nested calls":              {"500", get("/nested")},
		"script: memory":                    {"500", get("/memory")},
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

func TestLimitsOfAM(t *testing.T) {
	a := startAM(t, t.TempDir(), "--listen-metrics", "127.0.0.1:0")
	realm := "/realms/root"
	a.rest("POST", realm+"/realm-config/services/oauth-oidc?_action=create", map[string]any{
		"advancedOAuth2Config": map[string]any{"grantTypes": []string{"client_credentials", "authorization_code", "urn:ietf:params:oauth:grant-type:device_code"}},
	})
	makeClient(a, "app")
	xs := strings.Repeat("x", 3<<20)
	oauth := func(pairs ...string) func() string {
		return func() string {
			status, body, _ := a.token(tokenPath, "", "", form(pairs...))
			return fmt.Sprint(status, " ", body["error"])
		}
	}
	rest := func(method, path string, body any) func() string {
		return func() string { status, _ := a.try(method, path, body); return strconv.Itoa(status) }
	}
	call := func(method, path, body string, header ...string) func() string {
		return func() string { return strconv.Itoa(statusOf(t, method, a.base+path, body, header...)) }
	}
	many := form("grant_type", "client_credentials", "client_id", "app", "client_secret", "secret")
	for i := range 100 {
		many.Set(fmt.Sprint("p", i), "v")
	}
	var deep any = "x"
	for range 102 {
		deep = map[string]any{"x": deep}
	}
	nodes := map[string]any{}
	for i := range 1001 {
		nodes[fmt.Sprintf("00000000-0000-4000-8000-%012d", i)] = map[string]any{"nodeType": "MessageNode", "displayName": "m", "connections": map[string]any{}}
	}
	questions := make([]string, 257)
	for i := range questions {
		questions[i] = "https://a.example.com/" + strconv.Itoa(i)
	}
	json := []string{"Content-Type", "application/json", "iPlanetDirectoryPro", a.sso}
	if got := call("GET", "/json/serverinfo/*", "", "X", xs[:100<<10])(); got != "431" {
		t.Errorf("a large header: %s", got)
	}
	goOver(t, "Authorization server", metricsURL.FindStringSubmatch(a.output())[1], map[string]limitTry{
		"body of any request": {"413", call("POST", tokenPath, xs+xs, "Content-Type", "application/x-www-form-urlencoded")},
		"body: OAuth 2.0":     {"413 request_too_large", oauth("grant_type", "client_credentials", "x", xs[:1<<20])},
		"parameters of an OAuth 2.0 request": {"400 invalid_request", func() string {
			status, body, _ := a.token(tokenPath, "", "", many)
			return fmt.Sprint(status, " ", body["error"])
		}},
		"body: authenticate":                      {"413", call("POST", "/json"+realm+"/authenticate", xs[:70<<10], "Content-Type", "application/json")},
		"body: administration interface":          {"413", rest("POST", realm+"/users?_action=create", map[string]any{"x": xs})},
		"depth of JSON: administration interface": {"400", rest("POST", realm+"/users?_action=create", map[string]any{"username": "deep", "x": deep})},
		"wrong passwords of a name before it has to wait": {"401", func() string {
			sign := call("POST", "/json"+realm+"/authenticate", "{}", "Content-Type", "application/json", "X-OpenAM-Username", "bob", "X-OpenAM-Password", "wrong")
			for range 6 {
				sign()
			}
			return sign()
		}},
		"wrong secrets of a client from one address": {"429 invalid_client", func() string {
			wrong := oauth("grant_type", "client_credentials", "client_id", "nobody", "client_secret", "wrong")
			for range 21 {
				wrong()
			}
			return wrong()
		}},
		"sessions of one user": {"401", func() string {
			a.rest("PUT", "/global-config/services/session", map[string]any{
				"quotas": map[string]any{
					"iplanet-am-session-enable-session-constraint": "ON",
					"behaviourWhenQuotaExhausted":                  "org.forgerock.openam.session.service.DenyAccessAction",
				},
				"defaults": map[string]any{"dynamic": map[string]any{"quotaLimit": 1}},
			})
			a.rest("POST", realm+"/users?_action=create", map[string]any{"username": "once", "userpassword": "Ch4ng31t"})
			sign := call("POST", "/json"+realm+"/authenticate", "{}", "Content-Type", "application/json", "X-OpenAM-Username", "once", "X-OpenAM-Password", "Ch4ng31t")
			sign()
			return sign()
		}},
		"source of a script": {"413", rest("POST", realm+"/scripts?_action=create", map[string]any{
			"name": "long", "language": "JAVASCRIPT", "context": "OAUTH2_ACCESS_TOKEN_MODIFICATION", "script": xs[:200<<10],
		})},
		"nodes of a tree":                {"400", rest("PUT", realm+"/realm-config/authentication/authenticationtrees/trees/large", map[string]any{"entryNodeId": "x", "nodes": nodes})},
		"query filter: length":           {"400", rest("GET", realm+"/users?_queryFilter="+url.QueryEscape(`userName eq "`+xs[:9<<10]+`"`), nil)},
		"query filter: depth":            {"400", rest("GET", realm+"/users?_queryFilter="+url.QueryEscape(strings.Repeat("(", 70)+"true"+strings.Repeat(")", 70)), nil)},
		"page of a query":                {"200", rest("GET", realm+"/users?_queryFilter=true&_pageSize=10001", nil)},
		"resources of a policy question": {"400", rest("POST", realm+"/policies?_action=evaluate", map[string]any{"resources": questions, "application": "iPlanetAMWebAgentService"})},
		"realms, nested": {"400", func() string {
			for i := range 16 {
				parent := "/" + strings.Join(strings.Split("abcdefghijklmnop"[:i], ""), "/")
				if got := call("POST", "/json/global-config/realms?_action=create", fmt.Sprintf(`{"name": %q, "parentPath": %q, "active": true}`, "abcdefghijklmnop"[i:i+1], parent), json...)(); got != "201" {
					t.Errorf("realm %d: %s", i+1, got)
				}
			}
			return call("POST", "/json/global-config/realms?_action=create", `{"name": "q", "parentPath": "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p", "active": true}`, json...)()
		}},
	})
}
