package e2e

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strings"
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

func newOIDCSite(t *testing.T, sessionType string) *oidcSite {
	t.Helper()
	w := &oidcSite{am: startAM(t, t.TempDir())}
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
	w.gateway = start(t, []string{"OIDC_SECRET_ID=cGFzc3dvcmQ="}, "gateway",
		"--resolve", "am.example.com:8088:"+w.am.addr(0), dir)
	w.hosts = map[string]string{"am.example.com:8088": w.am.addr(0), "ig.example.com:8080": w.gateway.addr(0)}
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
