package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const (
	oidcGateway = "http://ig.example.com:8080"
	oidcAM      = "http://am.example.com:8088/openam"
)

// oidcSite is an authorization server and a gateway whose page only those see who logged
// in there.
type oidcSite struct {
	am      *am
	gateway *process
	hosts   map[string]string
}

const oidcRoute = `{
  "name": "oidc",
  "condition": "${find(request.uri.path, '^/home')}",
  "session": {"type": "SESSIONTYPE"},
  "heap": [
    {"name": "env", "type": "SystemAndEnvSecretStore"},
    {"name": "client", "type": "Chain", "config": {
      "filters": [{"type": "ClientSecretBasicAuthenticationFilter", "config": {
        "clientId": "oidc_client", "clientSecretId": "oidc.secret.id", "secretsProvider": "env"}}],
      "handler": "ForgeRockClientHandler"}}
  ],
  "handler": {"type": "Chain", "config": {
    "filters": [{"type": "AuthorizationCodeOAuth2ClientFilter", "config": {
      "clientEndpoint": "/home/oidc",
      "requireHttps": false,
      "revokeOauth2TokenOnLogout": true,
      "openIdEndSessionOnLogout": true,
      "failureHandler": {"type": "StaticResponseHandler", "config": {"status": 500, "headers": {"Content-Type": ["text/plain"]},
        "entity": "${contexts.oauth2Failure.error}: ${contexts.oauth2Failure.description}"}},
      "registrations": [{"name": "oidc-user-info-client", "type": "ClientRegistration", "config": {
        "clientId": "oidc_client", "scopes": ["openid", "profile", "email"], "authenticatedRegistrationHandler": "client",
        "issuer": {"name": "am", "type": "Issuer", "config": {
          "wellKnownEndpoint": "http://am.example.com:8088/openam/oauth2/.well-known/openid-configuration"}}}}]
    }}],
    "handler": {"type": "StaticResponseHandler", "config": {"status": 200, "headers": {"Content-Type": ["application/json"]},
      "entity": "{\"sub\": \"${contexts.oauth2Info.idTokenClaims.sub}\", \"iss\": \"${contexts.oauth2Info.idTokenClaims.iss}\", \"name\": \"${contexts.oauth2Info.userInfo.name}\", \"old\": \"${attributes.openid.user_info.sub}\", \"token\": \"${contexts.oauth2Info.accessToken}\"}"}}
  }}
}`

// newOIDCSite starts both servers; the gateway has the route above and others.
func newOIDCSite(t *testing.T, sessionType string, others ...string) *oidcSite {
	t.Helper()
	a := startAM(t, t.TempDir())
	return newOIDCSiteAt(t, a, a.addr(0), sessionType, others...)
}

// newOIDCSiteAt is the same for an authorization server that runs, which the gateway and browsers reach at an address.
func newOIDCSiteAt(t *testing.T, a *am, address, sessionType string, others ...string) *oidcSite {
	t.Helper()
	w := &oidcSite{am: a}
	root := "/realms/root/realm-config"
	w.am.rest("POST", root+"/services/oauth-oidc?_action=create", map[string]any{
		"consent": map[string]any{"clientsCanSkipConsent": true},
	})
	w.am.rest("PUT", root+"/agents/OAuth2Client/oidc_client", map[string]any{
		"coreOAuth2ClientConfig": map[string]any{"userpassword": "password", "scopes": []string{"openid", "profile", "email"},
			"redirectionUris": []string{oidcGateway + "/home/oidc/callback"}},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"authorization_code", "refresh_token"}, "isConsentImplied": true},
		"coreOpenIDClientConfig":     map[string]any{"postLogoutRedirectUri": []string{oidcGateway + "/home/bye"}},
	})
	w.am.rest("POST", "/realms/root/users?_action=create", map[string]any{
		"username": "demo", "userpassword": "Ch4ng31t", "givenName": "Demo", "sn": "User", "cn": "Demo User", "mail": "demo@example.com",
	})
	dir, port := t.TempDir(), freePort(t)
	write(t, filepath.Join(dir, "config", "admin.json"),
		`{"connectors": [{"port": `+port+`, "host": "127.0.0.1"}], "adminConnector": {"port": 0, "host": "127.0.0.1"}}`)
	write(t, filepath.Join(dir, "config", "routes", "oidc.json"), strings.Replace(oidcRoute, "SESSIONTYPE", sessionType, 1))
	for i, other := range others {
		write(t, filepath.Join(dir, "config", "routes", fmt.Sprintf("other-%d.json", i)), other)
	}
	w.gateway = start(t, []string{"OIDC_SECRET_ID=cGFzc3dvcmQ="}, "gateway",
		"--resolve", "am.example.com:8088:"+address, dir)
	w.hosts = map[string]string{"am.example.com:8088": address, "ig.example.com:8080": w.gateway.addr(0)}
	return w
}

// browser follows redirects and keeps cookies.
type browser struct {
	t *testing.T
	*http.Client
}

func (w *oidcSite) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		if to, ok := w.hosts[addr]; ok {
			addr = to
		}
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}
	transport := &http.Transport{DialContext: dial}
	t.Cleanup(transport.CloseIdleConnections)
	return &browser{t, &http.Client{Jar: jar, Transport: transport}}
}

// visit sends a request and returns where it ended, with which status and page.
func (b *browser) visit(method, uri string, form url.Values) (*url.URL, int, string) {
	b.t.Helper()
	req, err := http.NewRequest(method, uri, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.Request.URL, resp.StatusCode, string(body)
}

// signIn fills in the form that the browser was led to.
func (b *browser) signIn(page, password string) (*url.URL, int, string) {
	b.t.Helper()
	at, status, body := b.visit("GET", page, nil)
	if status != 200 || at.Host != "am.example.com:8088" || !strings.Contains(body, `name="IDToken1"`) || !strings.Contains(body, `name="IDToken2"`) {
		b.t.Fatalf("%s leads to %s: %d %s", page, at, status, body)
	}
	return b.visit("POST", at.String(), url.Values{"IDToken1": {"demo"}, "IDToken2": {password}})
}

// A browser logs in at our authorization server to see a page of our gateway.
func TestOIDCLogin(t *testing.T) {
	for _, sessionType := range []string{"InMemorySessionManager", "JwtSessionManager"} {
		t.Run(sessionType, func(t *testing.T) {
			w := newOIDCSite(t, sessionType)
			const page = oidcGateway + "/home/page?a=b%20c"
			b := w.browser(t)
			at, status, body := b.signIn(page, "Ch4ng31t")
			if at.String() != page || status != 200 {
				t.Fatalf("the login ends at %s: %d %s", at, status, body)
			}
			var claims map[string]string
			if err := json.Unmarshal([]byte(body), &claims); err != nil {
				t.Fatalf("%v: %s", err, body)
			}
			if claims["sub"] == "" || claims["iss"] != oidcAM+"/oauth2" || claims["name"] != "Demo User" || claims["old"] != claims["sub"] {
				t.Errorf("the page shows %s", body)
			}
			// The session goes on without the authorization server.
			if at, _, again := b.visit("GET", page, nil); at.String() != page || again != body {
				t.Errorf("the page, again, at %s: %s", at, again)
			}
			// Another browser is not logged in, and a wrong password does not change that.
			other := w.browser(t)
			if at, _, wrong := other.signIn(page, "wrong"); at.Host != "am.example.com:8088" || strings.Contains(wrong, claims["token"]) {
				t.Errorf("a wrong password leads to %s", at)
			}
			w.logOut(t, b, page, claims["token"])
		})
	}
}

// logOut ends the login at both servers, and the tokens with it.
func (w *oidcSite) logOut(t *testing.T, b *browser, page, token string) {
	t.Helper()
	introspect := func() any {
		_, m, _ := w.am.token("/oauth2/introspect", "oidc_client", "password", url.Values{"token": {token}})
		return m["active"]
	}
	if introspect() != true {
		t.Error("the token is not active before the logout")
	}
	b.CheckRedirect = func(req *http.Request, _ []*http.Request) error {
		if req.URL.Path == "/home/bye" {
			return http.ErrUseLastResponse
		}
		return nil
	}
	at, status, body := b.visit("GET", oidcGateway+"/home/oidc/logout?goto=/home/bye", nil)
	if status != 302 || at.Host != "am.example.com:8088" {
		t.Errorf("the logout ends at %s: %d %s", at, status, body)
	}
	b.CheckRedirect = nil
	if introspect() != false {
		t.Error("the token is active after the logout")
	}
	b.signIn(page, "Ch4ng31t") // the password is asked for again
}

// shopRoute lets people choose where to sign in, and sends their access token to an application.
const shopRoute = `{
  "name": "shop",
  "baseURI": "http://APP",
  "condition": "${find(request.uri.path, '^/shop')}",
  "session": {"type": "JwtSessionManager", "config": {"cookie": {"name": "shop"}}},
  "heap": [
    {"name": "env", "type": "SystemAndEnvSecretStore"},
    {"name": "am", "type": "Issuer", "config": {
      "wellKnownEndpoint": "http://am.example.com:8088/openam/oauth2/.well-known/openid-configuration"}}
  ],
  "handler": {"type": "Chain", "config": {
    "filters": [
      {"type": "AuthorizationCodeOAuth2ClientFilter", "config": {
        "clientEndpoint": "/shop/sign-in", "requireHttps": false,
        "loginHandler": {"type": "StaticResponseHandler", "config": {"status": 200, "entity": "customers or staff?"}},
        "failureHandler": {"type": "StaticResponseHandler", "config": {"status": 500, "headers": {"Content-Type": ["text/plain"]},
          "entity": "${contexts.oauth2Failure.error}: ${contexts.oauth2Failure.description}"}},
        "registrations": [
          {"name": "customers", "type": "ClientRegistration", "config": {"clientId": "customers", "scopes": ["openid"], "issuer": "am",
            "authenticatedRegistrationHandler": {"type": "Chain", "config": {"handler": "ForgeRockClientHandler", "filters": [
              {"type": "ClientSecretBasicAuthenticationFilter", "config": {"clientId": "customers", "clientSecretId": "oidc.secret.id", "secretsProvider": "env"}}]}}}},
          {"name": "staff", "type": "ClientRegistration", "config": {"clientId": "staff", "scopes": ["openid", "profile"], "issuer": "am",
            "authenticatedRegistrationHandler": {"type": "Chain", "config": {"handler": "ForgeRockClientHandler", "filters": [
              {"type": "ClientSecretBasicAuthenticationFilter", "config": {"clientId": "staff", "clientSecretId": "oidc.secret.id", "secretsProvider": "env"}}]}}}}
        ]}},
      {"type": "HeaderFilter", "config": {"messageType": "REQUEST", "remove": ["Authorization"],
        "add": {"Authorization": ["Bearer ${contexts.oauth2Info.accessToken}"]}}}
    ],
    "handler": "ReverseProxyHandler"
  }}
}`

// People choose a registration, sign in in two tabs at once, and stay signed in when the application refuses a token.
func TestOIDCLoginTabsAndReplay(t *testing.T) {
	var refused sync.Map // access tokens that the application no longer takes
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		body, _ := io.ReadAll(r.Body)
		if _, is := refused.Load(token); is || token == "" {
			w.Header().Set("WWW-Authenticate", `Bearer realm="shop", error="invalid_token", error_description="ended"`)
			w.WriteHeader(401)
			return
		}
		fmt.Fprintf(w, "%s %s %s", r.URL.Path, token, body)
	}))
	t.Cleanup(app.Close)
	w := newOIDCSite(t, "InMemorySessionManager", strings.Replace(shopRoute, "APP", app.Listener.Addr().String(), 1))
	for _, client := range []string{"customers", "staff"} {
		w.am.rest("PUT", "/realms/root/realm-config/agents/OAuth2Client/"+client, map[string]any{
			"coreOAuth2ClientConfig": map[string]any{"userpassword": "password", "scopes": []string{"openid", "profile"},
				"redirectionUris": []string{oidcGateway + "/shop/sign-in/callback"}},
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"authorization_code", "refresh_token"}, "isConsentImplied": true},
		})
	}
	b := w.browser(t)
	if _, status, body := b.visit("GET", oidcGateway+"/shop/a", nil); status != 200 || body != "customers or staff?" {
		t.Fatalf("without a login: %d %s", status, body)
	}
	tab := func(page string) *url.URL {
		t.Helper()
		at, status, body := b.visit("GET", oidcGateway+"/shop/sign-in/login?registration=staff&issuer=am&goto="+url.QueryEscape(oidcGateway+page), nil)
		if at.Host != "am.example.com:8088" || status != 200 {
			t.Fatalf("the login leads to %s: %d %s", at, status, body)
		}
		return at
	}
	first, second := tab("/shop/a"), tab("/shop/b")
	token := ""
	for _, end := range []struct {
		tab  *url.URL
		page string
	}{{second, "/shop/b"}, {first, "/shop/a"}} {
		at, status, body := b.visit("POST", end.tab.String(), url.Values{"IDToken1": {"demo"}, "IDToken2": {"Ch4ng31t"}})
		fields := strings.Fields(body)
		if at.String() != oidcGateway+end.page || status != 200 || len(fields) != 2 || fields[0] != end.page {
			t.Fatalf("the tab of %s ends at %s: %d %s", end.page, at, status, body)
		}
		token = fields[1]
	}
	if _, m, _ := w.am.token("/oauth2/introspect", "staff", "password", url.Values{"token": {token}}); m["active"] != true || m["client_id"] != "staff" {
		t.Errorf("the token of the chosen registration: %v", m)
	}
	// The application refuses the token: a refreshed one is sent, with the body, and the browser notices nothing.
	refused.Store(token, true)
	at, status, body := b.visit("POST", oidcGateway+"/shop/order", url.Values{"book": {"1"}})
	fields := strings.Fields(body)
	if at.Path != "/shop/order" || status != 200 || len(fields) != 3 || fields[1] == token || fields[2] != "book=1" {
		t.Fatalf("the order: %s %d %s", at, status, body)
	}
	if _, status, again := b.visit("GET", oidcGateway+"/shop/c", nil); status != 200 || again != "/shop/c "+fields[1]+" " {
		t.Errorf("afterwards: %d %q, want the refreshed token", status, again)
	}
}
