package am_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am"
	"gatehouse/internal/am/login"
	"gatehouse/internal/am/store"
)

// A panic ends one request, with an answer, and is logged.
func TestPanic(t *testing.T) {
	var log, access bytes.Buffer
	s := newSite(t, func(o *am.Options) {
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
		o.AccessLog = slog.New(slog.NewTextHandler(&access, nil))
		o.Console = func(http.ResponseWriter, *http.Request, login.Place, string) { panic("boom") }
	})
	r := httptest.NewRequest("GET", "/openam/console", nil)
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, r)
	if w.Code != 500 || !strings.Contains(w.Body.String(), `"code":500`) || strings.Contains(w.Body.String(), "boom") {
		t.Errorf("answer = %d %s", w.Code, w.Body)
	}
	if !strings.Contains(log.String(), "boom") {
		t.Errorf("log = %s", log.String())
	}
	if !strings.Contains(access.String(), "status=500") {
		t.Errorf("access log = %s", access.String())
	}
}

// The access log has a line for each request and nothing that opens a door.
func TestAccessLog(t *testing.T) {
	var access bytes.Buffer
	s := newSite(t, func(o *am.Options) { o.AccessLog = slog.New(slog.NewTextHandler(&access, nil)) })
	send := func(method, path string, headers ...string) {
		r := httptest.NewRequest(method, path, nil)
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		s.server.ServeHTTP(httptest.NewRecorder(), r)
	}
	send("POST", "/openam/json/sessions/secret-token?_action=validate", "X-ForgeRock-TransactionId", "tx-7")
	send("GET", "/openam/oauth2/tokeninfo?access_token=secret-token")
	send("GET", "/openam/json/serverinfo/*", "iPlanetDirectoryPro", "secret-token")
	got := access.String()
	if strings.Count(got, "\n") != 3 || strings.Contains(got, "secret") || !strings.Contains(got, "transactionId=tx-7") || !strings.Contains(got, "status=200") {
		t.Errorf("access log = %s", got)
	}
}

// An access token of an administration client opens the administration interface; others do not.
func TestBearerOfTheRoot(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	admin("POST", "/json/global-config/realms", map[string]any{"name": "alpha"}).want(t, 201)
	for _, realm := range []string{"", "/realms/alpha"} {
		path := "/json/realms/root" + realm + "/realm-config"
		admin("POST", path+"/services/oauth-oidc?_action=create", "{}").want(t, 201)
		admin("PUT", path+"/agents/OAuth2Client/tool", map[string]any{
			"coreOAuth2ClientConfig":     map[string]any{"userpassword": "password", "scopes": []string{"fr:am:*", "other"}},
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials", "password"}},
		}).want(t, 201)
	}
	admin("POST", "/json/users?_action=create", map[string]any{"username": "demo", "userpassword": "Ch4ng31t"}).want(t, 201)
	token := func(realm string, form url.Values) string {
		t.Helper()
		form.Set("client_id", "tool")
		form.Set("client_secret", "password")
		return s.send("POST", "/oauth2/realms/root"+realm+"/access_token", form).want(t, 200)["access_token"].(string)
	}
	client := func(scope string) url.Values {
		return url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}
	}
	user := func(name, password string) url.Values {
		return url.Values{"grant_type": {"password"}, "username": {name}, "password": {password}, "scope": {"fr:am:*"}}
	}
	tests := []struct {
		name   string
		token  string
		status int
	}{
		{"client", token("", client("fr:am:*")), 200},
		{"another scope", token("", client("other")), 401},
		{"client of a realm below", token("/realms/alpha", client("fr:am:*")), 403},
		{"administrator", token("", user("amadmin", adminPassword)), 200},
		{"user", token("", user("demo", "Ch4ng31t")), 403},
		{"no token", "x", 401},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.send("GET", "/json/global-config/realms?_queryFilter=true", nil, "Authorization", "Bearer "+tt.token).want(t, tt.status)
		})
	}
}

// A browser without JavaScript: from the authorize endpoint to the sign-in page, back, over consent to the client.
func TestAuthorizationCode(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	const path = "/json/realms/root/realm-config"
	admin("POST", path+"/services/oauth-oidc?_action=create", "{}").want(t, 201)
	admin("PUT", path+"/agents/OAuth2Client/web", map[string]any{"coreOAuth2ClientConfig": map[string]any{
		"userpassword": "password", "scopes": []string{"openid", "profile"}, "redirectionUris": []string{"https://web.example.com/cb"},
	}}).want(t, 201)
	admin("POST", "/json/users?_action=create", map[string]any{"username": "demo", "userpassword": "Ch4ng31t"}).want(t, 201)

	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	stop := func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host == "web.example.com" {
			return http.ErrUseLastResponse
		}
		return nil
	}
	browser := &http.Client{Jar: jar, CheckRedirect: stop}
	read := func(resp *http.Response, err error) (string, *http.Response) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var b bytes.Buffer
		if _, err := b.ReadFrom(resp.Body); err != nil {
			t.Fatal(err)
		}
		return b.String(), resp
	}
	q := url.Values{"client_id": {"web"}, "response_type": {"code"}, "scope": {"openid profile"}, "redirect_uri": {"https://web.example.com/cb"}, "state": {"s1"}}
	page, resp := read(browser.Get(s.base + "/oauth2/authorize?" + q.Encode()))
	if resp.StatusCode != 200 || !strings.Contains(page, "IDToken1") || resp.Request.URL.Path != "/openam/XUI/" {
		t.Fatalf("sign-in page: %s %d %s", resp.Request.URL, resp.StatusCode, page)
	}
	page, resp = read(browser.PostForm(resp.Request.URL.String(), url.Values{"IDToken1": {"demo"}, "IDToken2": {"Ch4ng31t"}}))
	if resp.StatusCode != 200 || !strings.Contains(page, `name="decision"`) {
		t.Fatalf("consent page: %s %d %s", resp.Request.URL, resp.StatusCode, page)
	}
	if p := resp.Header.Get("Content-Security-Policy"); strings.Contains(p, "sandbox") || !strings.Contains(p, "form-action") {
		t.Errorf("the consent page cannot send its form: %s", p)
	}
	_, csrf, _ := strings.Cut(page, `name="csrf" value="`)
	csrf, _, _ = strings.Cut(csrf, `"`)
	q.Set("csrf", csrf)
	q.Set("decision", "allow")
	_, resp = read(browser.PostForm(s.base+"/oauth2/authorize", q))
	back, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || resp.StatusCode != 302 || back.Query().Get("code") == "" || back.Query().Get("state") != "s1" {
		t.Fatalf("answer: %d %v", resp.StatusCode, resp.Header)
	}
	got := s.send("POST", "/oauth2/access_token", url.Values{
		"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {"https://web.example.com/cb"},
	}, "Authorization", "Basic d2ViOnBhc3N3b3Jk").want(t, 200)
	if got["id_token"] == nil || got["access_token"] == nil {
		t.Errorf("tokens = %v", got)
	}
}

// swept tells how many records each sweep removed.
type swept struct {
	store.Engine
	removed chan int
}

func (e swept) Sweep(ctx context.Context, now time.Time, limit int) (int, error) {
	n, err := e.Engine.Sweep(ctx, now, limit)
	select {
	case e.removed <- n:
	case <-ctx.Done():
	}
	return n, err
}

// What has expired is removed by and by.
func TestSweep(t *testing.T) {
	removed := make(chan int)
	s := newSite(t, func(o *am.Options) { o.Engine, o.SweepEvery = swept{o.Engine, removed}, time.Millisecond })
	s.login("/json/authenticate", "amAdmin", adminPassword)
	if n := <-removed; n != 0 {
		t.Errorf("%d records were removed before they expired", n)
	}
	s.clock.pass(3 * time.Hour)
	total := <-removed // this sweep may have begun before
	if total += <-removed; total != 1 {
		t.Errorf("%d records were removed, want the session", total)
	}
}
