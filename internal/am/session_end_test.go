package am_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// A gateway's ID token stands for the session of its user, at the same endpoints; when the session ends, it stands for
// nothing, and the clients of the session are told.
func TestSignInAcrossDomains(t *testing.T) {
	told := make(chan string, 1)
	ear := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told <- r.PostFormValue("logout_token") }))
	defer ear.Close()
	s := newSite(t)
	admin := s.admin()
	const path, redirect = "/json/realms/root/realm-config", "https://ig.example.com:8443/home/cdsso/redirect"
	admin("POST", path+"/services/oauth-oidc?_action=create", map[string]any{"consent": map[string]any{"clientsCanSkipConsent": true}}).want(t, 201)
	admin("PUT", path+"/agents/IdentityGatewayAgent/ig_agent", map[string]any{"userpassword": "password", "igCdssoRedirectUrls": []string{redirect}}).want(t, 201)
	admin("PUT", path+"/agents/OAuth2Client/web", map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": "password", "scopes": []string{"openid"}, "redirectionUris": []string{"https://web.example.com/cb"}},
		"advancedOAuth2ClientConfig": map[string]any{"isConsentImplied": true},
		"coreOpenIDClientConfig":     map[string]any{"backchannel_logout_uri": ear.URL + "/out"},
	}).want(t, 201)
	admin("POST", "/json/users?_action=create", map[string]any{"username": "demo", "userpassword": "Ch4ng31t"}).want(t, 201)
	token := s.login("/json/authenticate", "demo", "Ch4ng31t")
	cookie := []string{"Cookie", "iPlanetDirectoryPro=" + token}

	q := url.Values{
		"client_id": {"ig_agent"}, "response_type": {"id_token"}, "response_mode": {"form_post"}, "scope": {"openid"}, "agent_provider": {"true"},
		"agent_realm": {"/"}, "nonce": {"n"}, "state": {"s"}, "redirect_uri": {redirect},
	}
	page := s.send("GET", "/oauth2/authorize?"+q.Encode(), nil, cookie...)
	_, id, ok := strings.Cut(page.raw, `name="id_token" value="`)
	id, _, _ = strings.Cut(id, `"`)
	if page.StatusCode != 200 || !ok {
		t.Fatalf("authorize: %d %s", page.StatusCode, page.raw)
	}
	info := func() reply { return s.as(id)("POST", "/json/sessions?_action=getSessionInfo", "{}") }
	if got := info().want(t, 200); got["username"] != "demo" || got["realm"] != "/" {
		t.Errorf("session of the ID token: %v", got)
	}
	if got := s.as(id)("POST", "/json/users?_action=idFromSession", "{}").want(t, 200); got["id"] != "demo" {
		t.Errorf("user of the ID token: %v", got)
	}

	s.tokensOf(token)

	s.as(token)("POST", "/json/sessions?_action=logout", "{}").want(t, 200)
	if got := <-told; strings.Count(got, ".") != 2 {
		t.Errorf("told %q", got)
	}
	if got := info(); got.StatusCode != 401 {
		t.Errorf("the ID token after the logout: %d %s", got.StatusCode, got.raw)
	}
}

// tokensOf are tokens of the client "web" for the user of a session.
func (s *site) tokensOf(session string) map[string]any {
	s.t.Helper()
	stop := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	q := url.Values{"client_id": {"web"}, "response_type": {"code"}, "scope": {"openid"}, "redirect_uri": {"https://web.example.com/cb"}}
	r, err := http.NewRequest("GET", s.base+"/oauth2/authorize?"+q.Encode(), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Cookie", "iPlanetDirectoryPro="+session)
	resp, err := stop.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		s.t.Fatal(err)
	}
	return s.send("POST", "/oauth2/access_token", url.Values{
		"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {"https://web.example.com/cb"},
	}, "Authorization", "Basic d2ViOnBhc3N3b3Jk").want(s.t, 200)
}

// Sessions that a user ends on the account page are in the audit log as those that anybody else ends.
func TestAccountEndsSessions(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	admin("POST", "/json/users?_action=create", map[string]any{"username": "demo", "userpassword": "Ch4ng31t"}).want(t, 201)
	token, other := s.login("/json/authenticate", "demo", "Ch4ng31t"), s.login("/json/authenticate", "demo", "Ch4ng31t")
	cookie := []string{"Cookie", "iPlanetDirectoryPro=" + token}
	_, csrf, ok := strings.Cut(s.send("GET", "/account?realm=/", nil, cookie...).raw, `name="csrf" value="`)
	if csrf, _, _ = strings.Cut(csrf, `"`); !ok {
		t.Fatal("the page has no form")
	}
	s.send("POST", "/account?realm=/", url.Values{"csrf": {csrf}, "do": {"end-others"}}, cookie...).want(t, 200)
	if got := s.as(other)("POST", "/json/sessions?_action=getSessionInfo", "{}"); got.StatusCode != 401 {
		t.Errorf("the other session: %d %s", got.StatusCode, got.raw)
	}
	if got := admin("GET", "/json/global-config/gatehouse/audit?_queryFilter="+url.QueryEscape(`eventName eq "AM-SESSION-DESTROYED"`), nil).want(t, 200); got["resultCount"] != 1.0 {
		t.Errorf("events: %v", got)
	}
}
