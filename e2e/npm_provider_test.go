package e2e

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	foreignGateway = "http://ig.example.com:8080"
	foreignSecret  = "a-secret-at-the-other-server"
)

// foreignSite is a gateway in front of an application, and an authorization server that others wrote: node-oidc-provider.
type foreignSite struct {
	*oidcSite
	issuer string // of the server
	gate   string // address of the gateway
}

const foreignClient = `{"type": "Chain", "config": {
  "filters": [{"type": "AUTHENTICATION", "config": {"clientId": "CLIENT", "clientSecretId": "client.secret", "secretsProvider": "env"}}],
  "handler": "ForgeRockClientHandler"}}`

func foreignRoutes() map[string]string {
	as := func(client, authentication string) string {
		return strings.NewReplacer("CLIENT", client, "AUTHENTICATION", authentication).Replace(foreignClient)
	}
	protected := func(name, scope, resolver string) string {
		return `{"name": "` + name + `", "condition": "${find(request.uri.path, '^/` + name + `')}", "baseURI": "http://APP",
		  "heap": [{"name": "env", "type": "SystemAndEnvSecretStore"}],
		  "handler": {"type": "Chain", "config": {"filters": [
		    {"type": "OAuth2ResourceServerFilter", "config": {"requireHttps": false, "scopes": ["` + scope + `"], "accessTokenResolver": ` + resolver + `}},
		    {"type": "HeaderFilter", "config": {"messageType": "REQUEST", "add": {"X-Client": ["${contexts.oauth2.accessToken.info.client_id}"]}}}],
		    "handler": "ReverseProxyHandler"}}}`
	}
	caller := func(name, to, client string) string {
		return `{"name": "` + name + `", "condition": "${find(request.uri.path, '^/` + name + `')}", "baseURI": "http://ig.example.com:8080",
		  "heap": [{"name": "env", "type": "SystemAndEnvSecretStore"}],
		  "handler": {"type": "Chain", "config": {"filters": [
		    {"type": "UriPathRewriteFilter", "config": {"mappings": {"/` + name + `": "/` + to + `"}}},
		    {"type": "ClientCredentialsOAuth2ClientFilter", "config": {"tokenEndpoint": "ISSUER/token", "scopes": ["read"], "endpointHandler": ` + client + `}}],
		    "handler": "ReverseProxyHandler"}}}`
	}
	introspection := `{"type": "TokenIntrospectionAccessTokenResolver", "config": {"endpoint": "ISSUER/token/introspection",
	  "providerHandler": ` + as("resource-server", "ClientSecretBasicAuthenticationFilter") + `}}`
	return map[string]string{
		"introspected.json": protected("introspected", "read", introspection),
		"mine.json":         protected("mine", "openid", introspection),
		"stateless.json": protected("stateless", "read", `{"type": "StatelessAccessTokenResolver", "config": {"issuer": "ISSUER", "verificationSecretId": "any",
		  "secretsProvider": {"type": "JwkSetSecretStore", "config": {"jwkUrl": "ISSUER/jwks", "cacheMissCacheTime": "10 s"}}}}`),
		"opaque-job.json": caller("opaque-job", "introspected", as("job", "ClientSecretBasicAuthenticationFilter")),
		"jwt-job.json":    caller("jwt-job", "stateless", as("job-jwt", "ClientSecretBasicAuthenticationFilter")),
		// The page behind the login comes from a resource server that is shown the user's token.
		"home.json": `{"name": "home", "condition": "${find(request.uri.path, '^/home')}", "baseURI": "http://ig.example.com:8080",
		  "heap": [{"name": "env", "type": "SystemAndEnvSecretStore"}],
		  "handler": {"type": "Chain", "config": {
		    "filters": [
		      {"type": "AuthorizationCodeOAuth2ClientFilter", "config": {
		        "clientEndpoint": "/home/oidc", "requireHttps": false, "openIdEndSessionOnLogout": true, "revokeOauth2TokenOnLogout": true,
		        "failureHandler": {"type": "StaticResponseHandler", "config": {"status": 500, "headers": {"Content-Type": ["text/plain"]},
		          "entity": "${contexts.oauth2Failure.error}: ${contexts.oauth2Failure.description}"}},
		        "registrations": [{"type": "ClientRegistration", "config": {
		          "clientId": "gateway", "scopes": ["openid", "profile", "email"], "pkceMethod": "S256",
		          "authenticatedRegistrationHandler": ` + as("gateway", "ClientSecretBasicAuthenticationFilter") + `,
		          "issuer": {"type": "Issuer", "config": {"wellKnownEndpoint": "ISSUER/.well-known/openid-configuration"}}}}]}},
		      {"type": "UriPathRewriteFilter", "config": {"mappings": {"/home": "/mine"}}},
		      {"type": "HeaderFilter", "config": {"messageType": "REQUEST", "replace": {
		        "Authorization": ["Bearer ${contexts.oauth2Info.accessToken}"], "X-Sub": ["${contexts.oauth2Info.idTokenClaims.sub}"],
		        "X-Iss": ["${contexts.oauth2Info.idTokenClaims.iss}"], "X-Email": ["${contexts.oauth2Info.userInfo.email}"]}}}],
		    "handler": "ReverseProxyHandler"}}}`,
	}
}

func newForeignSite(t *testing.T) *foreignSite {
	t.Helper()
	settings, err := json.Marshal(map[string]any{"host": "op.example.com", "secret": foreignSecret,
		"redirects": []string{foreignGateway + "/home/oidc/callback"}, "logouts": []string{foreignGateway + "/home/bye"}})
	if err != nil {
		t.Fatal(err)
	}
	port := startProvider(t, string(settings))
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := map[string]string{"page": r.URL.Path, "token": strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")}
		for _, name := range []string{"client", "sub", "iss", "email"} {
			seen[name] = r.Header.Get("X-" + name)
		}
		_ = json.NewEncoder(w).Encode(seen)
	}))
	t.Cleanup(app.Close)
	dir, gate := t.TempDir(), freePort(t)
	w := &foreignSite{oidcSite: &oidcSite{}, issuer: "http://op.example.com:" + port, gate: "127.0.0.1:" + gate}
	write(t, filepath.Join(dir, "config", "admin.json"),
		`{"connectors": [{"port": `+gate+`, "host": "127.0.0.1"}], "adminConnector": {"port": 0, "host": "127.0.0.1"}}`)
	for name, text := range foreignRoutes() {
		write(t, filepath.Join(dir, "config", "routes", name), strings.NewReplacer("ISSUER", w.issuer, "APP", app.Listener.Addr().String()).Replace(text))
	}
	w.gateway = start(t, []string{"CLIENT_SECRET=" + encode64(foreignSecret)}, "gateway",
		"--resolve", "op.example.com:"+port+":127.0.0.1:"+port, "--resolve", "ig.example.com:8080:127.0.0.1:"+gate, dir)
	w.hosts = map[string]string{"op.example.com:" + port: "127.0.0.1:" + port, "ig.example.com:8080": w.gate}
	return w
}

// startProvider runs node-oidc-provider and returns its port.
func startProvider(t *testing.T, settings string) string {
	t.Helper()
	cmd := node(t, []string{"PROVIDER=" + settings}, "provider.mjs")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// signInThere fills in the other server's two pages: who one is, and whether one agrees.
func (w *foreignSite) signInThere(b *browser, page string) (*url.URL, int, string) {
	b.t.Helper()
	at, status, body := b.visit("GET", page, nil)
	for _, form := range []url.Values{{"prompt": {"login"}, "login": {"demo"}, "password": {"any"}}, {"prompt": {"consent"}}} {
		if status != 200 || !strings.Contains(at.Path, "/interaction/") {
			b.t.Fatalf("led to %s: %d %s", at, status, body)
		}
		at, status, body = b.visit("POST", at.String(), form)
	}
	return at, status, body
}

// The gateway is a client of a server that others wrote: OpenID Connect login with PKCE, renewal of tokens, logout.
func TestForeignProviderLogin(t *testing.T) {
	w := newForeignSite(t)
	b := w.browser(t)
	const page = foreignGateway + "/home/page?a=b"
	at, status, body := w.signInThere(b, page)
	if at.String() != page || status != 200 {
		t.Fatalf("the login ends at %s: %d %s", at, status, body)
	}
	first := seen(t, body)
	if first["client"] != "gateway" || first["sub"] != "demo" || first["iss"] != w.issuer || first["email"] != "demo@example.com" || first["token"] == "" {
		t.Errorf("the page shows %v", first)
	}
	eventually(t, "the access token, good for three seconds, is refused by the resource server and renewed by the gateway", func() bool {
		at, status, body := b.visit("GET", page, nil)
		if at.String() != page || status != 200 {
			t.Fatalf("at %s: %d %s", at, status, body)
		}
		return seen(t, body)["token"] != first["token"]
	})

	b.CheckRedirect = func(req *http.Request, _ []*http.Request) error {
		if req.URL.Path == "/home/bye" {
			return http.ErrUseLastResponse
		}
		return nil
	}
	at, status, body = b.visit("GET", foreignGateway+"/home/oidc/logout?goto=/home/bye", nil)
	xsrf := regexp.MustCompile(`name="xsrf" value="([^"]+)"`).FindStringSubmatch(body)
	if status != 200 || at.Path != "/session/end" || xsrf == nil {
		t.Fatalf("the logout leads to %s: %d %s", at, status, body)
	}
	if at, status, body = b.visit("POST", w.issuer+"/session/end/confirm", url.Values{"xsrf": {xsrf[1]}, "logout": {"yes"}}); status != 303 && status != 302 {
		t.Errorf("the logout ends at %s: %d %s", at, status, body)
	}
	b.CheckRedirect = nil
	if at, _, _ := b.visit("GET", page, nil); !strings.Contains(at.Path, "/interaction/") {
		t.Errorf("after the logout the page leads to %s", at)
	}
}

// The gateway gets tokens for itself there, and lets that server's tokens in by asking it.
func TestForeignProviderIntrospection(t *testing.T) {
	w := newForeignSite(t)
	b := w.browser(t)
	if _, status, body := b.visit("GET", foreignGateway+"/introspected/x", nil); status != 401 {
		t.Errorf("without a token: %d %s", status, body)
	}
	if _, status, body := b.visit("GET", foreignGateway+"/opaque-job/x", nil); status != 200 || seen(t, body)["client"] != "job" {
		t.Errorf("with one: %d %s", status, body)
	}
	for _, token := range []string{"nonsense", w.token(t, b, "job", "")} {
		if status := w.call(t, b, "introspected", token); status != 401 && status != 403 {
			t.Errorf("token %s: %d", token, status)
		}
	}
}

// The gateway checks that server's JWTs by its keys, and finds the new ones when it changes them.
func TestForeignProviderKeyRotation(t *testing.T) {
	w := newForeignSite(t)
	b := w.browser(t)
	if _, status, body := b.visit("GET", foreignGateway+"/jwt-job/x", nil); status != 200 || seen(t, body)["client"] != "job-jwt" {
		t.Errorf("client credentials: %d %s", status, body)
	}
	old := w.token(t, b, "job-jwt", "read")
	if status := w.call(t, b, "stateless", old); status != 200 {
		t.Errorf("the first key: %d", status)
	}
	if status := w.call(t, b, "stateless", old[:len(old)-8]+"AAAAAAAA"); status != 401 {
		t.Errorf("a false signature: %d", status)
	}
	if _, status, body := b.visit("POST", w.issuer+"/rotate", nil); status != 200 {
		t.Fatalf("rotate: %d %s", status, body)
	}
	fresh := w.token(t, b, "job-jwt", "read")
	eventually(t, "the new key is known", func() bool { return w.call(t, b, "stateless", fresh) == 200 })
	if status := w.call(t, b, "stateless", old); status != 401 {
		t.Errorf("the key that was withdrawn: %d", status)
	}
}

// seen is what the application saw.
func seen(t *testing.T, body string) map[string]string {
	t.Helper()
	m := map[string]string{}
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return m
}

// token asks the other server for a token.
func (w *foreignSite) token(t *testing.T, b *browser, client, scope string) string {
	t.Helper()
	req, err := http.NewRequest("POST", w.issuer+"/token", strings.NewReader(url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(client, foreignSecret)
	resp, err := b.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	m := decode(t, resp)
	token, _ := m["access_token"].(string)
	if token == "" {
		t.Fatalf("no token for %s: %d %v", client, resp.StatusCode, m)
	}
	return token
}

// call shows a token at a route.
func (w *foreignSite) call(t *testing.T, b *browser, route, token string) int {
	t.Helper()
	req, err := http.NewRequest("GET", foreignGateway+"/"+route+"/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := b.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}
