package e2e

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// demoSite runs the demo's routes against an authorization server of its own.
type demoSite struct {
	am      *am
	gateway *process
	dir     string
	routes  string
}

// newDemoSite starts both; limits is added to admin.json.
func newDemoSite(t *testing.T, limits string) *demoSite {
	t.Helper()
	d := &demoSite{dir: t.TempDir()}
	d.routes = filepath.Join(d.dir, "config", "routes")
	d.am = startAM(t, t.TempDir())
	setUpDemo(t, d.am)
	files, err := filepath.Glob("../examples/demo/config/routes/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("the demo has no routes")
	}
	for _, f := range append(files, "../examples/demo/config/config.json") {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		rel, _ := filepath.Rel("../examples/demo", f)
		write(t, filepath.Join(d.dir, rel), strings.ReplaceAll(string(b), "5 seconds", "1 second"))
	}
	port := freePort(t)
	write(t, filepath.Join(d.dir, "config", "admin.json"),
		`{"connectors": [{"port": `+port+`, "host": "127.0.0.1"}], "adminConnector": {"port": 0, "host": "127.0.0.1"}`+limits+`}`)
	d.gateway = start(t, []string{"AGENT_SECRET_ID=cGFzc3dvcmQ=", "CLIENT_SECRET_ID=cGFzc3dvcmQ="}, "gateway",
		"--resolve", "am.example.com:8088:"+d.am.addr(0), "--resolve", "ig.example.com:8080:127.0.0.1:"+port, d.dir)
	return d
}

// setUpDemo makes the realm that the demo's routes need.
func setUpDemo(t *testing.T, a *am) {
	t.Helper()
	root := "/realms/root/realm-config"
	a.rest("POST", root+"/services/oauth-oidc?_action=create", map[string]any{})
	a.rest("PUT", root+"/agents/IdentityGatewayAgent/ig_agent", map[string]any{"userpassword": "password", "igTokenIntrospection": "Realm"})
	for id, grants := range map[string][]string{
		"client-service": {"client_credentials"}, "client-application": {"password"},
		"serviceConfidentialClient": {"urn:ietf:params:oauth:grant-type:token-exchange"},
	} {
		a.rest("PUT", root+"/agents/OAuth2Client/"+id, map[string]any{
			"coreOAuth2ClientConfig": map[string]any{"userpassword": "password",
				"scopes": []string{"client-scope", "other", "mail", "employeenumber"}},
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": grants},
		})
	}
	a.rest("POST", "/realms/root/users?_action=create", map[string]any{"username": "demo", "userpassword": "Ch4ng31t"})
}

// issue gets an access token by client credentials.
func (a *am) issue(scope string) string {
	a.t.Helper()
	status, body, _ := a.token("/oauth2/access_token", "client-service", "password",
		url.Values{"grant_type": {"client_credentials"}, "scope": {scope}})
	token, _ := body["access_token"].(string)
	if status != 200 || token == "" {
		a.t.Fatalf("token request: %d %v", status, body)
	}
	return token
}

func (d *demoSite) get(t *testing.T, path string, header http.Header) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest("GET", "http://"+d.gateway.addr(0)+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	return do(t, req)
}

func do(t *testing.T, req *http.Request) (*http.Response, string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

func bearer(tokens ...string) http.Header {
	h := http.Header{}
	for _, t := range tokens {
		h.Add("Authorization", "Bearer "+t)
	}
	return h
}

const (
	invalidToken = `Bearer realm="demo", error="invalid_token", error_description="The access token provided is expired, revoked, malformed, or invalid for other reasons."`
	insufficient = `Bearer realm="demo", scope="client-scope", error="insufficient_scope", error_description="The request requires higher privileges than provided by the access token."`
)

func TestResourceServer(t *testing.T) {
	d := newDemoSite(t, "")
	good := d.am.issue("client-scope")
	revoked := d.am.issue("client-scope")
	if resp, _ := d.get(t, "/oauth2-protected-resource", bearer(revoked)); resp.StatusCode != 200 {
		t.Fatalf("before the revocation: %d", resp.StatusCode)
	}
	if status, body, _ := d.am.token("/oauth2/token/revoke", "client-service", "password", url.Values{"token": {revoked}}); status != 200 {
		t.Fatalf("revoke: %d %v", status, body)
	}
	d.am.rest("PUT", "/realms/root/realm-config/agents/OAuth2Client/brief", map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": "password", "scopes": []string{"client-scope"}, "accessTokenLifetime": 1},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials"}},
	})
	_, body, _ := d.am.token("/oauth2/access_token", "brief", "password", url.Values{"grant_type": {"client_credentials"}, "scope": {"client-scope"}})
	brief, _ := body["access_token"].(string)
	if brief == "" {
		t.Fatalf("no brief token: %v", body)
	}
	eventually(t, "the brief token has expired", func() bool {
		_, body, _ := d.am.token("/oauth2/introspect", "brief", "password", url.Values{"token": {brief}})
		return body["active"] == false
	})
	tests := []struct {
		name      string
		header    http.Header
		status    int
		challenge string
	}{
		{"good token", bearer(good), 200, ""},
		{"no token", nil, 401, `Bearer realm="demo"`},
		{"other scheme", http.Header{"Authorization": {"Basic eDp5"}}, 401, `Bearer realm="demo"`},
		{"unknown token", bearer("nobody-issued-this"), 401, invalidToken},
		{"revoked token", bearer(revoked), 401, invalidToken},
		{"expired token", bearer(brief), 401, invalidToken},
		{"scope missing", bearer(d.am.issue("other")), 403, insufficient},
		{"two Authorization fields", bearer(good, good), 400,
			`Bearer realm="demo", error="invalid_request", error_description="The request is missing a required parameter, includes an unsupported parameter or parameter value, repeats the same parameter, uses more than one method for including an access token, or is otherwise malformed."`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, body := d.get(t, "/oauth2-protected-resource", tt.header)
			if resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
			}
			if got := resp.Header.Get("WWW-Authenticate"); got != tt.challenge {
				t.Errorf("WWW-Authenticate\n got %s\nwant %s", got, tt.challenge)
			}
			if tt.status != 200 && body != "" {
				t.Errorf("body %q, want none", body)
			}
		})
	}
	t.Run("log has no token", func(t *testing.T) {
		resp, page := d.get(t, "/client-credentials", nil)
		if resp.StatusCode != 200 || !strings.Contains(page, "Access granted") {
			t.Errorf("client credentials: %d %s", resp.StatusCode, page)
		}
		d.gateway.waitLog(`\(response\)`)
		for _, secret := range []string{good, revoked, "cGFzc3dvcmQ=", "Y2xpZW50LXNlcnZpY2U6cGFzc3dvcmQ="} {
			if strings.Contains(d.gateway.output(), secret) || strings.Contains(d.am.output(), secret) {
				t.Errorf("a log holds the secret %s…", secret[:6])
			}
		}
	})
	t.Run("authorization server down", func(t *testing.T) {
		d.am.stop()
		resp, _ := d.get(t, "/oauth2-protected-resource", bearer(d.fresh()))
		if resp.StatusCode != 401 {
			t.Errorf("introspection impossible: %d, want 401 as for every token that cannot be resolved", resp.StatusCode)
		}
		req, _ := http.NewRequest("POST", "http://"+d.gateway.addr(0)+"/token-exchange", strings.NewReader("subject_token=x"))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if resp, body := do(t, req); resp.StatusCode != 400 || body == "" {
			t.Errorf("token exchange: %d %q, want the failure handler's 400", resp.StatusCode, body)
		}
		if resp, _ := d.get(t, "/app", nil); resp.StatusCode != 502 {
			t.Errorf("an application that is not there: %d, want 502", resp.StatusCode)
		}
	})
}

// fresh is a token that nobody has seen.
func (d *demoSite) fresh() string { return "never-seen" }

func TestTokenErrors(t *testing.T) {
	a := startAM(t, t.TempDir())
	setUpDemo(t, a)
	cc := func(scope string) url.Values {
		return url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}
	}
	subject := func() string {
		_, body, _ := a.token("/oauth2/access_token", "client-application", "password",
			url.Values{"grant_type": {"password"}, "username": {"demo"}, "password": {"Ch4ng31t"}, "scope": {"mail"}})
		s, _ := body["access_token"].(string)
		return s
	}()
	tests := []struct {
		name, path, user, password string
		form                       url.Values
		status                     int
		want                       map[string]any
	}{
		{"wrong secret", "/oauth2/access_token", "client-service", "wrong", cc("other"), 401,
			map[string]any{"error": "invalid_client", "error_description": "Client authentication failed"}},
		{"unknown client", "/oauth2/access_token", "nobody", "password", cc("other"), 401,
			map[string]any{"error": "invalid_client", "error_description": "Client authentication failed"}},
		{"unknown scope", "/oauth2/access_token", "client-service", "password", cc("nope"), 400,
			map[string]any{"error": "invalid_scope", "error_description": "Unknown/invalid scope(s): [nope]"}},
		{"grant not allowed", "/oauth2/access_token", "client-application", "password", cc("mail"), 400,
			map[string]any{"error": "unauthorized_client", "error_description": "The authenticated client is not authorized to use this authorization grant type."}},
		{"no grant", "/oauth2/access_token", "client-service", "password", url.Values{"scope": {"other"}}, 400,
			map[string]any{"error": "invalid_request", "error_description": "Grant type is not set"}},
		{"parameter twice", "/oauth2/access_token", "client-service", "password",
			url.Values{"grant_type": {"client_credentials", "client_credentials"}}, 400,
			map[string]any{"error": "invalid_request", "error_description": "The request has a duplicate request parameter."}},
		{"client that may not act", "/oauth2/access_token", "serviceConfidentialClient", "password",
			url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "subject_token": {subject},
				"subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"}, "scope": {"mail"}}, 400,
			map[string]any{"error": "invalid_request", "error_description": "Invalid token exchange."}},
		{"introspection of rubbish", "/oauth2/introspect", "client-service", "password", url.Values{"token": {"rubbish"}}, 200,
			map[string]any{"active": false}},
		{"introspection by another client", "/oauth2/introspect", "client-service", "password", url.Values{"token": {subject}}, 200,
			map[string]any{"active": false}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, body, h := a.token(tt.path, tt.user, tt.password, tt.form)
			if status != tt.status {
				t.Errorf("status %d, want %d", status, tt.status)
			}
			if diff := cmp.Diff(tt.want, body); diff != "" {
				t.Error(diff)
			}
			if got := h.Get("WWW-Authenticate"); (got == `Basic realm="/"`) != (tt.status == 401) {
				t.Errorf("WWW-Authenticate is %q", got)
			}
			if h.Get("Cache-Control") != "no-store" {
				t.Errorf("Cache-Control is %q, want no-store", h.Get("Cache-Control"))
			}
		})
	}
}

// What was acknowledged is there after the process was killed.
func TestKilled(t *testing.T) {
	data := t.TempDir()
	a := startAM(t, data)
	setUpDemo(t, a)
	token, revoked := a.issue("other"), a.issue("other")
	if status, _, _ := a.token("/oauth2/token/revoke", "client-service", "password", url.Values{"token": {revoked}}); status != 200 {
		t.Fatalf("revoke: %d", status)
	}
	a.kill()
	a = startAM(t, data)
	for tok, want := range map[string]bool{token: true, revoked: false} {
		_, body, _ := a.token("/oauth2/introspect", "ig_agent", "password", url.Values{"token": {tok}})
		if body["active"] != want {
			t.Errorf("active is %v, want %v", body["active"], want)
		}
	}
}

func TestReload(t *testing.T) {
	d := newDemoSite(t, "")
	static := func(entity string) string {
		return `{"name": "note", "condition": "${request.uri.path == '/note'}", "handler": {"type": "StaticResponseHandler",
  "config": {"status": 200, "headers": {"Content-Type": ["text/plain"]}, "entity": "` + entity + `"}}}`
	}
	path := filepath.Join(d.routes, "note.json")
	body := func() string { _, b := d.get(t, "/note", nil); return b }

	write(t, path, static("one"))
	eventually(t, "a new route serves", func() bool { return body() == "one" })

	write(t, path, "{\"name\": \"note\",\n \"handler\": {\"type\": \"Chain\", \"config\": {\"filters\": \"none\", \"handler\": \"ReverseProxyHandlr\"}}}")
	d.gateway.waitLog(`routes/note\.json:2:53: handler\.config\.filters: expected a list of filters, found a string`)
	d.gateway.waitLog(`routes/note\.json:2:72: handler\.config\.handler: there is no object "ReverseProxyHandlr" \(did you mean "ReverseProxyHandler"\?\)`)
	if got := body(); got != "one" {
		t.Errorf("while the file is broken: %q, want the version before", got)
	}
	if resp, _ := d.get(t, "/oauth2-protected-resource", nil); resp.StatusCode != 401 {
		t.Errorf("another route: %d, want 401", resp.StatusCode)
	}

	write(t, path, static("two"))
	eventually(t, "the repaired route serves", func() bool { return body() == "two" })

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the removed route is gone", func() bool {
		resp, _ := d.get(t, "/note", nil)
		return resp.StatusCode == 404
	})
}

func TestLimits(t *testing.T) {
	d := newDemoSite(t, `, "maxBodyLength": 1000`)
	addr := d.gateway.addr(0)
	big := func(head string, n int, unit string) string {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		go func() {
			_, _ = io.WriteString(c, head)
			for range n {
				if _, err := io.WriteString(c, unit); err != nil {
					return
				}
			}
		}()
		line := make([]byte, 32)
		k, err := io.ReadAtLeast(c, line, 12)
		if err != nil {
			return err.Error()
		}
		return string(line[:k])[9:12]
	}
	if got := big("GET / HTTP/1.1\r\nHost: a\r\nX: ", 10<<20/1000, strings.Repeat("x", 1000)); got != "431" {
		t.Errorf("a header of 10 MB: %s, want 431", got)
	}
	if got := big("GET /", 10, strings.Repeat("x", 1000)); got != "414" {
		t.Errorf("a request line of 10 kB: %s, want 414", got)
	}
	req, _ := http.NewRequest("POST", "http://"+addr+"/token-exchange", strings.NewReader("subject_token="+strings.Repeat("x", 2000)))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if resp, _ := do(t, req); resp.StatusCode != 413 {
		t.Errorf("a body over the limit: %d, want 413", resp.StatusCode)
	}
	if resp, _ := d.get(t, "/oauth2-protected-resource", nil); resp.StatusCode != 401 {
		t.Errorf("afterwards: %d, want 401", resp.StatusCode)
	}
}
