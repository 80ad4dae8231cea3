package oauth2

import (
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// failureType answers with what went wrong.
var failureType = heap.Define("TestFailure", func(*struct{}, *heap.Env) (chain.Handler, error) {
	return chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		c := chain.Named(x.Context, "oauth2Failure")
		code, _ := c.Get("error")
		description, _ := c.Get("description")
		r := text200(fmt.Sprintf("%v: %v", code, description))
		r.Status = chain.StatusOf(500)
		return r, nil
	}), nil
})

// selectionType is a page to choose a provider from.
var selectionType = heap.Define("TestSelection", func(*struct{}, *heap.Env) (chain.Handler, error) {
	return chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		uri, _ := chain.Named(x.Context, "idpSelectionLogin").Get("originalUri")
		return text200(fmt.Sprint("choose for ", uri)), nil
	}), nil
})

const failureHandler = `"failureHandler":{"type":"TestFailure"},`

func plainSite(t *testing.T, heap ...string) *site {
	t.Helper()
	return newSite(t, failureHandler+`"registrations":[`+appRegistration("")+`]`, heap...)
}

func eval(t *testing.T, x *chain.Exchange, source string) string {
	t.Helper()
	e, err := expr.Compile(source, &expr.Env{})
	if err != nil {
		t.Fatal(err)
	}
	s, _ := e.Text(x)
	return s
}

func TestLogin(t *testing.T) {
	for name, manager := range map[string]string{"session in memory": inMemory, "session in a cookie": inCookie} {
		t.Run(name, func(t *testing.T) {
			s := plainSite(t, manager)
			b := s.browser()
			to := b.location(page)
			q := mustQuery(t, to)
			for name, want := range map[string]string{
				"response_type": "code", "client_id": "app", "redirect_uri": "https://gw.example.com/home/login/callback",
				"scope": "openid profile", "code_challenge_method": "S256", "realm": "a",
			} {
				if got := q.Get(name); got != want {
					t.Errorf("%s = %q, want %q", name, got, want)
				}
			}
			state, target, _ := strings.Cut(q.Get("state"), ":")
			if len(state) < 28 || target != page || len(q.Get("nonce")) < 22 || len(q.Get("code_challenge")) != 43 || q.Has("prompt") {
				t.Errorf("the authorization request is %s", to)
			}
			if got := b.location(s.op.consent(to)); got != page {
				t.Errorf("the login leads to %q", got)
			}
			exchange := s.requestsTo("/token")
			if len(exchange) != 1 || formOf(t, exchange[0]).Get("code_verifier") == "" || formOf(t, exchange[0]).Has("client_id") {
				t.Errorf("token requests %v", exchange)
			}
			b.want(page, 200, "granted")
			s.browser().location(page)
		})
	}
}

func mustQuery(t *testing.T, uri string) url.Values {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

func TestLoginPublishes(t *testing.T) {
	s := plainSite(t)
	s.op.claims = func(c map[string]any) { c["groups"] = []string{"a", "b"} }
	b := s.browser()
	b.logIn()
	s.pass(100 * time.Second)
	s.resource = func(x *chain.Exchange) (*chain.Response, error) {
		if s.op.info != 0 {
			t.Error("user info is asked before somebody looks")
		}
		for source, want := range map[string]string{
			"${contexts.oauth2Info.accessToken}":                           "access-1",
			"${contexts.oauth2Info.scopes[0]}":                             "openid",
			"${contexts.oauth2Info.accessTokenExpiresIn}":                  "200",
			"${contexts.oauth2Info.idTokenClaims.sub}":                     "demo",
			"${contexts.oauth2Info.idTokenClaims.groups[1]}":               "b",
			"${contexts.oauth2Info.refreshToken}":                          "refresh-1",
			"${contexts.oauth2Info.clientRegistrationId}":                  "app",
			"${contexts.oauth2Info.clientEndpoint}":                        "https://gw.example.com/home/login",
			"${contexts.oauth2Info.accessTokenResponse.token_type}":        "Bearer",
			"${attributes.openid.access_token}":                            "access-1",
			"${attributes.openid.scope[1]}":                                "profile",
			"${attributes.openid.token_type}":                              "Bearer",
			"${attributes.openid.expires_in}":                              "200",
			"${attributes.openid.id_token_claims.sub}":                     "demo",
			"${attributes.openid.client_registration}":                     "app",
			"${attributes.openid.client_endpoint}":                         "https://gw.example.com/home/login",
			"${attributes.openid.id_token == contexts.oauth2Info.idToken}": "true",
			"${empty attributes.openid.nothing}":                           "true",
		} {
			if got := eval(t, x, source); got != want {
				t.Errorf("%s = %q, want %q", source, got, want)
			}
		}
		for source, want := range map[string]string{
			"${attributes.openid.user_info.name}": "Demo User", "${contexts.oauth2Info.userInfo.sub}": "demo",
		} {
			if got := eval(t, x, source); got != want {
				t.Errorf("%s = %q, want %q", source, got, want)
			}
		}
		return text200("seen"), nil
	}
	b.want(page, 200, "seen")
	if s.op.info != 1 {
		t.Errorf("user info was asked %d times, want once", s.op.info)
	}
	s.resource = func(x *chain.Exchange) (*chain.Response, error) {
		return text200(eval(t, x, "${contexts.oauth2Info.userInfo.name}")), nil
	}
	b.want(page, 200, "Demo User")
	if s.op.info != 1 {
		t.Error("user info is asked again while it is kept")
	}
	s.pass(11 * time.Minute)
	b.want(page, 200, "Demo User")
	if s.op.info != 2 {
		t.Error("user info is kept for longer than configured")
	}
}

func TestLoginUserInfo(t *testing.T) {
	t.Run("of another user", func(t *testing.T) {
		s := plainSite(t)
		b := s.browser()
		b.logIn()
		s.op.subject = "mallory"
		s.resource = func(x *chain.Exchange) (*chain.Response, error) {
			return text200("[" + eval(t, x, "${contexts.oauth2Info.userInfo.name}") + "]"), nil
		}
		b.want(page, 200, "[]")
	})
	t.Run("with a token that is refused", func(t *testing.T) {
		s := plainSite(t)
		b := s.browser()
		b.logIn()
		s.op.refuse["access-1"] = true
		s.resource = func(x *chain.Exchange) (*chain.Response, error) {
			return text200(eval(t, x, "${contexts.oauth2Info.userInfo.name} ${contexts.oauth2Info.accessToken}")), nil
		}
		b.want(page, 200, "Demo User access-2")
		b.want(page, 200, "Demo User access-2")
		if s.op.issued != 2 {
			t.Errorf("%d tokens were issued, want 2", s.op.issued)
		}
	})
}

func TestLoginRefreshAndReplay(t *testing.T) {
	challenge := func(value string) *chain.Response {
		r := chain.NewResponse(401)
		if value != "" {
			r.Header.Set("WWW-Authenticate", value)
		}
		return r
	}
	const invalidToken = `Bearer realm="x", error="invalid_token", error_description="expired"`
	tests := []struct {
		name, first, second string
		noRefresh           bool
		refreshFails        string
		status              int
		body                string
		calls               int
	}{
		{"accepted", "ok", "", false, "", 200, "ok access-1 body", 1},
		{"another scheme", `Basic realm="x"`, "", false, "", 401, "", 1},
		{"no challenge", "", "", false, "", 401, "", 1},
		{"invalid token", invalidToken, "ok", false, "", 200, "ok access-2 body", 2},
		{"invalid token behind another challenge", `Basic realm="a, b", ` + invalidToken, "ok", false, "", 200, "ok access-2 body", 2},
		{"invalid token twice", invalidToken, invalidToken, false, "", 500, "invalid_token: expired", 2},
		{"without refresh token", invalidToken, "", true, "", 500, "invalid_token: expired", 1},
		{"another error", `Bearer error="insufficient_scope", error_description="more"`, "", false, "", 500, "insufficient_scope: more", 1},
		{"bare", "Bearer", "", false, "", 500, "invalid_token: The resource wants another access token.", 1},
		{"refresh fails", invalidToken, "", false, "invalid_grant", 500, "invalid_grant: ", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := plainSite(t)
			if tt.noRefresh {
				s.op.answer = func(_ url.Values, m map[string]any) { delete(m, "refresh_token") }
			}
			b := s.browser()
			b.logIn()
			calls := 0
			s.resource = func(x *chain.Exchange) (*chain.Response, error) {
				calls++
				body, _ := x.Request.Entity.Text()
				x.Request.Entity.SetBytes(nil)
				x.Request.Header.Set("X-Seen", "1")
				answer := tt.first
				if calls == 2 {
					answer = tt.second
				}
				if answer == "ok" {
					return text200("ok " + eval(t, x, "${attributes.openid.access_token}") + " " + body), nil
				}
				return challenge(answer), nil
			}
			s.op.failing = tt.refreshFails
			x := exchangeFor(t, page)
			x.Request.Method = "POST"
			x.Request.Entity.SetBytes([]byte("body"))
			resp := b.send(x)
			if got := resp.Entity.String(); resp.Status.Code != tt.status || got != tt.body || calls != tt.calls {
				t.Errorf("%d %q after %d calls, want %d %q after %d", resp.Status.Code, got, calls, tt.status, tt.body, tt.calls)
			}
		})
	}
}

// Large bodies are sent again from where they are buffered. Those that pass through unbuffered are sent once; the next
// request has a new token.
func TestLoginWithLargeBodies(t *testing.T) {
	for _, streaming := range []bool{false, true} {
		t.Run(fmt.Sprintf("streaming %t", streaming), func(t *testing.T) { largeBodies(t, streaming) })
	}
}

func largeBodies(t *testing.T, streaming bool) {
	s := plainSite(t)
	s.filter.(*loginFilter).streaming = streaming
	b := s.browser()
	b.logIn()
	var got []string
	s.resource = func(x *chain.Exchange) (*chain.Response, error) {
		if _, inMemory := x.Request.Entity.InMemory(); inMemory {
			t.Error("the body was read into memory")
		}
		body, _ := x.Request.Entity.Text()
		x.Request.Entity.SetBytes(nil) // those below change it
		got = append(got, eval(t, x, "${contexts.oauth2Info.accessToken}")+" "+body)
		if len(got) > 1 {
			return text200("ok"), nil
		}
		r := chain.NewResponse(401)
		r.Header.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		return r, nil
	}
	status := []int{200}
	if streaming {
		status = []int{500, 200}
	}
	for i, want := range status {
		x := exchangeFor(t, page)
		x.Request.Method = "POST"
		x.Request.Entity.SetStorage(&chain.Storage{MemoryLimit: 4, FileLimit: 100, Dir: t.TempDir()})
		x.Request.Entity.SetStream(io.NopCloser(strings.NewReader("a large body")), -1)
		if resp := b.send(x); resp.Status.Code != want {
			t.Errorf("request %d: %d %s, want %d", i+1, resp.Status.Code, resp.Entity.String(), want)
		}
		x.Request.Entity.Close()
	}
	if want := "access-1 a large body, access-2 a large body"; strings.Join(got, ", ") != want {
		t.Errorf("the resource got %q, want %q", got, want)
	}
}

// Requests that come at once with the same old refresh token use it once.
func TestLoginRefreshesOnce(t *testing.T) {
	s := plainSite(t, inCookie)
	b := s.browser()
	b.logIn()
	old := map[string]string{}
	for k, v := range b.cookies {
		old[k] = v
	}
	s.resource = func(x *chain.Exchange) (*chain.Response, error) {
		access := eval(t, x, "${contexts.oauth2Info.accessToken}")
		if access == "access-1" {
			r := chain.NewResponse(401)
			r.Header.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			return r, nil
		}
		return text200(access), nil
	}
	b.want(page, 200, "access-2")
	late := &browser{s, old}
	late.want(page, 200, "access-2")
	late.want(page, 200, "access-2")
	if s.op.issued != 2 {
		t.Errorf("the refresh token was used %d times, want once", s.op.issued-1)
	}
}

func TestLoginAfterGrantEnded(t *testing.T) {
	s := plainSite(t)
	b := s.browser()
	b.logIn()
	s.resource = func(*chain.Exchange) (*chain.Response, error) {
		r := chain.NewResponse(401)
		r.Header.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		return r, nil
	}
	s.op.failing = "invalid_grant"
	b.want(page, 500, "invalid_grant: ")
	b.location(page) // a new login, not the same failure for ever
}

func TestLoginLogout(t *testing.T) {
	const home = "https://gw.example.com/home/login/logout"
	tests := []struct {
		name, fields, uri string
		status            int
		location          string
		revoked           string
	}{
		{"plain", "", home, 200, "", ""},
		{"goto", "", home + "?goto=/bye", 302, "https://gw.example.com/bye", ""},
		{"default", `"defaultLogoutGoto":"/default",`, home, 302, "https://gw.example.com/default", ""},
		{"revoked", `"revokeOauth2TokenOnLogout":true,`, home + "?goto=/bye", 302, "https://gw.example.com/bye", "refresh-1"},
		{"end session", `"openIdEndSessionOnLogout":true,`, home + "?goto=/bye", 302, opIssuer + "/end?id_token_hint=", ""},
		{"end session, default", `"openIdEndSessionOnLogout":true,"defaultLogoutGoto":"/default",`, home, 302, opIssuer + "/end?id_token_hint=", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, failureHandler+tt.fields+`"registrations":[`+appRegistration("")+`]`)
			b := s.browser()
			b.logIn()
			resp := b.get(tt.uri)
			got := resp.Header.Get("Location")
			if resp.Status.Code != tt.status || !strings.HasPrefix(got, tt.location) || tt.location == "" && got != "" {
				t.Errorf("status %d, location %q", resp.Status.Code, got)
			}
			if strings.Contains(got, "id_token_hint") {
				if back := mustQuery(t, got).Get("post_logout_redirect_uri"); back != "https://gw.example.com/bye" && back != "https://gw.example.com/default" {
					t.Errorf("post_logout_redirect_uri %q", back)
				}
			}
			if r := s.requestsTo("/revoke"); (tt.revoked != "") != (len(r) == 1) || len(r) == 1 && formOf(t, r[0]).Get("token") != tt.revoked {
				t.Errorf("revoked %v", r)
			}
			b.location(page)
			s.browser().get(tt.uri)
		})
	}
	t.Run("server is down", func(t *testing.T) {
		s := newSite(t, failureHandler+`"revokeOauth2TokenOnLogout":true,"registrations":[`+appRegistration("")+`]`)
		b := s.browser()
		b.logIn()
		s.op.down = true
		if got := b.location(home + "?goto=/bye"); got != "https://gw.example.com/bye" {
			t.Errorf("the logout leads to %q", got)
		}
	})
}

func TestLoginSettings(t *testing.T) {
	t.Run("anonymous requests pass", func(t *testing.T) {
		s := newSite(t, `"requireLogin":false,"registrations":[`+appRegistration("")+`]`)
		s.resource = func(x *chain.Exchange) (*chain.Response, error) {
			return text200(eval(t, x, "${empty contexts.oauth2Info} ${empty attributes.openid}")), nil
		}
		s.browser().want(page, 200, "true true")
	})
	t.Run("prompt and PKCE", func(t *testing.T) {
		s := newSite(t, `"prompt":"login consent","registrations":`+appRegistration(`"pkceMethod":"none",`))
		q := mustQuery(t, s.browser().location(page))
		if q.Get("prompt") != "login consent" || q.Has("code_challenge") {
			t.Errorf("the authorization request has %v", q)
		}
	})
	t.Run("no failure handler", func(t *testing.T) {
		s := newSite(t, "")
		s.browser().want("https://gw.example.com/home/login/callback?state=x", 500, "")
	})
	t.Run("default target", func(t *testing.T) {
		s := newSite(t, `"defaultLoginGoto":"/start","registrations":[`+appRegistration("")+`]`)
		b := s.browser()
		to := b.location("https://gw.example.com/home/login/login?registration=app")
		if got := b.location(s.op.consent(to)); got != "https://gw.example.com/start" {
			t.Errorf("the login leads to %q", got)
		}
	})
	t.Run("registration by its object's name", func(t *testing.T) {
		s := newSite(t, `"registrations":["old-name"]`, strings.Replace(appRegistration(""), "{", `{"name":"old-name",`, 1))
		if q := mustQuery(t, s.browser().location("https://gw.example.com/home/login/login?registration=old-name")); q.Get("client_id") != "app" {
			t.Errorf("the authorization request has %v", q)
		}
	})
	t.Run("no target", func(t *testing.T) {
		s := newSite(t, "")
		b := s.browser()
		b.want(s.op.consent(b.location("https://gw.example.com/home/login/login/?registration=app&issuer=op")), 200, "")
	})
	t.Run("shared session key", func(t *testing.T) {
		s := newSite(t, `"oAuth2SessionKey":"all","target":"${attributes.who}","registrations":[`+appRegistration("")+`]`)
		b := s.browser()
		b.logIn()
		s.resource = func(x *chain.Exchange) (*chain.Response, error) {
			return text200(eval(t, x, "${session['oauth2:all'].crn} ${session['oauth2:all'].atr.access_token} ${attributes.who.token_type} ${empty attributes.openid}")), nil
		}
		b.want(page, 200, "app access-1 Bearer true")
	})
	t.Run("long target", func(t *testing.T) {
		s := newSite(t, "", inCookie)
		b := s.browser()
		long := page + strings.Repeat("x", 2000)
		to := b.location(long)
		if len(to) > 1000 {
			t.Errorf("the authorization request has %d bytes", len(to))
		}
		if got := b.location(s.op.consent(to)); got != long {
			t.Errorf("the login leads to %q", got)
		}
	})
	t.Run("several tabs", func(t *testing.T) {
		s := plainSite(t)
		b := s.browser()
		first, second := b.location(page), b.location("https://gw.example.com/home/other")
		if got := b.location(s.op.consent(first)); got != page {
			t.Errorf("the first tab ends at %q", got)
		}
		if got := b.location(s.op.consent(second)); got != "https://gw.example.com/home/other" {
			t.Errorf("the second tab ends at %q", got)
		}
	})
	t.Run("an ended server is not needed to load, nor to show who is logged in", func(t *testing.T) {
		s := plainSite(t)
		b := s.browser()
		b.logIn()
		s.op.down = true
		b.want(page, 200, "granted")
		s.pass(2 * time.Hour)
		s.browser().location(page) // the last document serves
	})
}

func TestLoginSeveralRegistrations(t *testing.T) {
	two := appRegistration("") + "," + strings.NewReplacer(`"name":"op"`, `"name":"other"`, opIssuer, "https://dead.example.com").Replace(appRegistration(""))
	s := newSite(t, failureHandler+`"loginHandler":{"type":"TestSelection"},"registrations":[`+two+`]`,
		`{"name":"x","type":"TestSelection"}`, inMemory)
	b := s.browser()
	b.want(page, 200, "choose for "+page)
	const link = "https://gw.example.com/home/login/login?registration=app"
	b.want(link, 500, "invalid_request: The parameter registration names no registration.")
	b.want(link+"&issuer=none", 500, "invalid_request: The parameter registration names no registration.")
	b.want(link+"&issuer=other", 500, "server_error: the authorization server's configuration cannot be read")
	to := b.location(link + "&issuer=op&goto=" + url.QueryEscape(page))
	if got := b.location(s.op.consent(to)); got != page {
		t.Errorf("the login leads to %q", got)
	}
	b.want(page, 200, "granted")
}

func TestLoginBadConfiguration(t *testing.T) {
	const issuer = `{"type":"Issuer","config":{"authorizeEndpoint":"https://a/b","tokenEndpoint":"https://a/c"}}`
	tests := []struct{ config, want string }{
		{`{"registrations":[` + appRegistration("") + `]}`, `the required field "clientEndpoint" is missing`},
		{`{"clientEndpoint":"/a"}`, `the field "loginHandler" is needed unless there is exactly one registration, found 0`},
		{`{"clientEndpoint":"/a","prompt":"logon","registrations":[` + appRegistration("") + `]}`, `expected words out of none, login, consent, select_account, found "logon"`},
		{`{"clientEndpoint":"/a","prompt":"none login","registrations":[` + appRegistration("") + `]}`, `"none" cannot be combined with others (OIDC Core §3.1.2.1)`},
		{`{"clientEndpoint":"/a","target":"${1+1}","registrations":[` + appRegistration("") + `]}`, `expected an expression that can be assigned to, found "${1+1}"`},
		{`{"clientEndpoint":"/a","loginHandler":"ClientHandler","registrations":[` + appRegistration("") + `,` + appRegistration("") + `]}`, `two registrations have the client id "app" and the issuer "op"`},
		{`{"clientEndpoint":"/a","registrations":["env"]}`, `expected a client registration, found the object "env" (SystemAndEnvSecretStore)`},
		{`{"clientEndpoint":"/a","registrations":[{"type":"ClientRegistration","config":{"clientId":"a","issuer":{"type":"Issuer"}}}]}`, `expected "wellKnownEndpoint", or "authorizeEndpoint" and "tokenEndpoint"`},
		{`{"clientEndpoint":"/a","registrations":[{"type":"ClientRegistration","config":{"clientId":"a","scopes":["openid"],"skipSignatureVerification":true,"issuer":` + issuer + `}}]}`, `ID tokens need an Issuer with "wellKnownEndpoint" or "issuer"`},
		{`{"clientEndpoint":"/a","metadata":{"client_name":"x"},"loginHandler":"ClientHandler"}`, `the metadata of a client needs "redirect_uris"`},
		{`{"clientEndpoint":"/a","tokenEndpointAuthMethod":"private_key_jwt","loginHandler":"ClientHandler"}`, `the method private_key_jwt needs "discoverySecretId"`},
	}
	if f := newFixture(t).load(t, `[{"name":"r","type":"OAuth2ClientFilter","config":{"clientEndpoint":"/a","registrations":["none"]}}]`); strings.Count(fmt.Sprint(f.errs.Err()), "route.json:") != 1 {
		t.Errorf("one mistake gives %v", f.errs.Err())
	}
	for _, tt := range tests {
		f := newFixture(t).load(t, `[{"name":"r","type":"OAuth2ClientFilter","config":`+tt.config+`}]`)
		if got := fmt.Sprint(f.errs.Err()); !strings.Contains(got, ": "+tt.want) {
			t.Errorf("%s\n got %s\nwant …%s", tt.config, got, tt.want)
		}
	}
	// Routes of earlier releases load.
	f := newFixture(t).load(t, `[{"name":"r","type":"OAuth2ClientFilter","config":{"clientEndpoint":"/a","registrations":[{"type":"ClientRegistration",
		"config":{"clientId":"a","clientSecretId":"client.secret.id","tokenEndpointAuthMethod":"client_secret_post","issuer":`+issuer+`}}]}}]`).ok(t)
	var all []string
	for _, w := range f.errs.Warnings() {
		all = append(all, w.Msg)
	}
	if len(all) == 0 {
		t.Error("old fields give no warning")
	}
}
