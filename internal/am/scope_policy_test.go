package am_test

import (
	"net/url"
	"strings"
	"testing"
)

// Policies of the set oauth2Scopes decide on scopes where the provider says so.
func TestScopePolicies(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	admin("PUT", "/json/users/demo", map[string]any{"userpassword": "Ch4ng31t"}).want(t, 201)
	admin("POST", "/json/realm-config/services/oauth-oidc?_action=create", map[string]any{"coreOAuth2Config": map[string]any{"usePolicyEngineForScope": true}}).want(t, 201)
	admin("PUT", "/json/realm-config/agents/OAuth2Client/app", map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": "secret", "scopes": []string{"read", "write", "admin", "ask"}, "redirectionUris": []string{"https://app.example.com/cb"}},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"authorization_code", "client_credentials", "password"}},
	}).want(t, 201)
	policy := func(name, scope string, subject map[string]any, grant bool) {
		t.Helper()
		admin("PUT", "/json/policies/"+name, map[string]any{"name": name, "active": true, "applicationName": "oauth2Scopes", "resources": []string{scope},
			"actionValues": map[string]any{"GRANT": grant}, "subject": subject}).want(t, 201)
	}
	everybody := map[string]any{"type": "NOT", "subject": map[string]any{"type": "NONE"}}
	policy("read", "read", everybody, true)
	policy("write", "write", map[string]any{"type": "AuthenticatedUsers"}, true)
	policy("admin", "admin", everybody, false)

	token := func(form url.Values) reply {
		form.Set("client_id", "app")
		form.Set("client_secret", "secret")
		return s.send("POST", "/oauth2/access_token", form)
	}
	if got := token(url.Values{"grant_type": {"client_credentials"}, "scope": {"read write admin ask"}}).want(t, 200); got["scope"] != "read" {
		t.Errorf("client credentials: %v", got)
	}
	if got := token(url.Values{"grant_type": {"client_credentials"}, "scope": {"admin"}}); got.StatusCode != 400 || got.body["error"] != "invalid_scope" {
		t.Errorf("nothing granted: %d %s", got.StatusCode, got.raw)
	}
	if got := token(url.Values{"grant_type": {"password"}, "username": {"demo"}, "password": {"Ch4ng31t"}, "scope": {"admin"}}).want(t, 200); got["scope"] != "admin" {
		t.Errorf("password: %v", got)
	}

	demo := s.login("/json/authenticate", "demo", "Ch4ng31t")
	authorize := func(scope string) reply {
		q := url.Values{"response_type": {"code"}, "client_id": {"app"}, "scope": {scope}, "redirect_uri": {"https://app.example.com/cb"}, "prompt": {"none"}}
		return s.send("GET", "/oauth2/authorize?"+q.Encode(), nil, "Cookie", "iPlanetDirectoryPro="+demo)
	}
	got := authorize("read write admin")
	where, err := url.Parse(got.Header.Get("Location"))
	if err != nil || where.Query().Get("code") == "" {
		t.Fatalf("granted without consent: %d %v", got.StatusCode, where)
	}
	bought := token(url.Values{"grant_type": {"authorization_code"}, "code": {where.Query().Get("code")}, "redirect_uri": {"https://app.example.com/cb"}}).want(t, 200)
	if bought["scope"] != "read write" {
		t.Errorf("code: %v", bought)
	}
	if got := authorize("read ask").Header.Get("Location"); !strings.Contains(got, "error=") || strings.Contains(got, "code=") {
		t.Errorf("what no policy speaks of needs consent: %s", got)
	}
	if got := authorize("admin").Header.Get("Location"); !strings.Contains(got, "error=access_denied") {
		t.Errorf("denied: %s", got)
	}
}
