package e2e

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const crossDomainRoute = `{
  "name": "cdsso",
  "condition": "${find(request.uri.path, '^/home')}",
  "heap": [
    {"name": "env", "type": "SystemAndEnvSecretStore"},
    {"name": "am", "type": "AmService", "config": {
      "url": "http://am.example.com:8088/openam/", "realm": "/alpha",
      "agent": {"username": "ig_agent", "passwordSecretId": "agent.secret.id"}, "secretsProvider": "env"}}
  ],
  "handler": {"type": "Chain", "config": {
    "filters": [{"type": "CrossDomainSingleSignOnFilter", "config": {
      "amService": "am", "redirectEndpoint": "/home/cdsso/redirect", "authenticationService": "Login",
      "authCookie": {"path": "/home", "name": "ig-token-cookie"},
      "logoutExpression": "${request.uri.path == '/home/logout'}", "defaultLogoutLandingPage": "http://ig.example.org:8080/bye",
      "failureHandler": {"type": "StaticResponseHandler", "config": {"status": 500, "headers": {"Content-Type": ["text/plain"]},
        "entity": "${contexts.cdssoFailure.error}: ${contexts.cdssoFailure.description}"}}}}],
    "handler": {"type": "StaticResponseHandler", "config": {"status": 200, "headers": {"Content-Type": ["text/plain"]},
      "entity": "${contexts.ssoToken.info.uid} ${contexts.ssoToken.value} ${contexts.cdsso.sessionUid} ${contexts.cdsso.claimsSet.getClaim('agent_realm')} ${contexts.cdsso.claimsSet.audience}"}}
  }}
}`

var formField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

// A gateway in another domain than the server, each step of a sign-in as a browser takes it.
func TestCrossDomainSignOn(t *testing.T) {
	a := startAM(t, t.TempDir())
	a.rest("POST", "/global-config/realms?_action=create", map[string]any{"name": "alpha", "parentPath": "/", "active": true})
	const realm = "/realms/root/realms/alpha"
	a.rest("POST", realm+"/realm-config/services/oauth-oidc?_action=create", map[string]any{})
	a.rest("POST", realm+"/realm-config/services/amSessionPropertyWhitelist?_action=create", map[string]any{"sessionPropertyWhitelist": []string{"AMCtxId"}})
	a.rest("PUT", realm+"/realm-config/agents/IdentityGatewayAgent/ig_agent", map[string]any{
		"userpassword": "password", "igCdssoRedirectUrls": []string{"http://ig.example.org:8080/home/cdsso/redirect"},
	})
	a.rest("POST", realm+"/users?_action=create", map[string]any{"username": "demo", "userpassword": "Ch4ng31t"})
	dir, port := t.TempDir(), freePort(t)
	write(t, filepath.Join(dir, "config", "admin.json"),
		`{"connectors": [{"port": `+port+`, "host": "127.0.0.1"}], "adminConnector": {"port": 0, "host": "127.0.0.1"}}`)
	write(t, filepath.Join(dir, "config", "routes", "cdsso.json"), crossDomainRoute)
	gateway := start(t, []string{"AGENT_SECRET_ID=cGFzc3dvcmQ="}, "gateway", "--resolve", "am.example.com:8088:"+a.addr(0), dir)
	w := &oidcSite{am: a, gateway: gateway, hosts: map[string]string{"am.example.com:8088": a.addr(0), "ig.example.org:8080": gateway.addr(0)}}
	b := w.browser(t)
	b.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	ask := func(req *http.Request, err error) (int, string, *url.URL) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		resp, err := b.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		to, err := resp.Location()
		if err != nil {
			to = &url.URL{}
		}
		return resp.StatusCode, string(body), to
	}
	get := func(address string) (int, string, *url.URL) {
		t.Helper()
		return ask(http.NewRequest("GET", address, nil))
	}

	const page = "http://ig.example.org:8080/home?a=1"
	_, _, authorize := get(page)
	q := authorize.Query()
	for name, want := range map[string]string{
		"response_type": "id_token", "response_mode": "form_post", "scope": "openid", "client_id": "ig_agent", "agent_provider": "true", "agent_realm": "/alpha",
		"redirect_uri": "http://ig.example.org:8080/home/cdsso/redirect", "service": "Login",
	} {
		if q.Get(name) != want {
			t.Errorf("the gateway asks with %s=%q, want %q", name, q.Get(name), want)
		}
	}
	if !strings.HasPrefix(authorize.String(), "http://am.example.com:8088/openam/oauth2/realms/root/realms/alpha/authorize?") || q.Get("nonce") == "" || q.Get("state") == "" {
		t.Fatalf("the gateway sends to %s", authorize)
	}
	_, _, signIn := get(authorize.String())
	if q := signIn.Query(); signIn.Host != "am.example.com:8088" || q.Get("realm") != "/alpha" || q.Get("authIndexValue") != "Login" || q.Get("goto") == "" {
		t.Fatalf("without a session sent to %s", signIn)
	}
	req, err := http.NewRequest("POST", "http://am.example.com:8088/openam/json/realms/root/realms/alpha/authenticate?authIndexType=service&authIndexValue=Login", nil)
	if err == nil {
		req.Header.Set("X-OpenAM-Username", "demo")
		req.Header.Set("X-OpenAM-Password", "Ch4ng31t")
	}
	status, _, _ := ask(req, err)
	if status != 200 {
		t.Fatalf("sign in: %d", status)
	}
	status, form, _ := get(signIn.Query().Get("goto"))
	fields, target := url.Values{}, regexp.MustCompile(`<form[^>]* action="([^"]*)"`).FindStringSubmatch(form)
	for _, m := range formField.FindAllStringSubmatch(form, -1) {
		fields.Set(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	if status != 200 || target == nil || html.UnescapeString(target[1]) != q.Get("redirect_uri") || fields.Get("state") != q.Get("state") {
		t.Fatalf("no form for the gateway: %d %s", status, form)
	}
	claims := map[string]any{}
	if parts := strings.Split(fields.Get("id_token"), "."); len(parts) != 3 {
		t.Fatalf("no ID token: %v", fields)
	} else if payload, err := base64.RawURLEncoding.DecodeString(parts[1]); err != nil || json.Unmarshal(payload, &claims) != nil {
		t.Fatalf("the ID token has %s", payload)
	}
	of, _ := claims["forgerock"].(map[string]any)
	token, _ := of["ssotoken"].(string)
	uid, _ := of["suid"].(string)
	for name, want := range map[string]any{
		"aud": "ig_agent", "azp": "ig_agent", "nonce": q.Get("nonce"), "realm": "/alpha", "agent_realm": "/alpha", "tokenName": "id_token", "tokenType": "JWTToken",
		"sub": "(usr!demo)", "subname": "demo", "iss": "http://am.example.com:8088/openam/oauth2/realms/root/realms/alpha",
	} {
		if claims[name] != want {
			t.Errorf("claim %s = %v, want %v", name, claims[name], want)
		}
	}
	_, info := a.try("POST", realm+"/sessions?_action=getSessionInfo", map[string]any{"tokenId": token})
	if properties, _ := info["properties"].(map[string]any); info["username"] != "demo" || properties["AMCtxId"] != uid {
		t.Fatalf("the session of the ID token is %v, its name %q", info, uid)
	}
	send := func(fields url.Values) (int, string, *url.URL) {
		t.Helper()
		req, err := http.NewRequest("POST", target[1], strings.NewReader(fields.Encode()))
		if err == nil {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("Origin", "http://am.example.com:8088")
		}
		return ask(req, err)
	}
	forged := url.Values{"state": fields["state"], "id_token": {fields.Get("id_token") + "x"}}
	if status, body, _ := send(forged); status != 500 || !strings.HasPrefix(body, "invalid_token: ") {
		t.Errorf("a forged token: %d %s", status, body)
	}
	if status, _, back := send(fields); status != 302 || back.String() != page+"&_ig=true" {
		t.Fatalf("the gateway sends back to %d %s", status, back)
	}
	if status, body, _ := get(page + "&_ig=true"); status != 200 || body != "demo "+token+" "+uid+" /alpha [ig_agent]" {
		t.Errorf("the page: %d %s", status, body)
	}
	if status, _, to := get("http://ig.example.org:8080/home/logout"); status != 302 || to.Path != "/bye" {
		t.Errorf("logout: %d %s", status, to)
	}
	if _, info := a.try("POST", realm+"/sessions?_action=validate", map[string]any{"tokenId": token}); info["valid"] != false {
		t.Errorf("after the logout the session is %v", info)
	}
	if status, _, to := get(page); status != 302 || !strings.HasPrefix(to.Path, "/openam/oauth2/") {
		t.Errorf("after the logout: %d %s", status, to)
	}
}
