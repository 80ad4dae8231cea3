package oauth_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/jose"
)

// A realm with the FAPI 2.0 profile takes the whole flow, and nothing weaker.
func TestFAPI2(t *testing.T) {
	w, l := withLogin(t)
	w.provider("/", own(`"fapi2":true`))
	p := newParty(w, jose.ES256, jose.KindP256)
	keys := `"signEncOAuth2ClientConfig":{"publicKeyLocation":"jwks","jwkSet":` + p.jwks() + `,"tokenEndpointAuthSigningAlgorithm":"ES256"}`
	profile := func(method, redirect string) string {
		return `{"coreOAuth2ClientConfig":{"scopes":["openid","read"],"redirectionUris":["` + redirect + `"],"loopbackInterfaceRedirection":true},
			"advancedOAuth2ClientConfig":{"grantTypes":["authorization_code","refresh_token","client_credentials","password","implicit"],"tokenEndpointAuthMethod":"` + method + `"},` + keys + `}`
	}
	w.client("/", "web", "", profile("private_key_jwt", callback))
	w.client("/", "basic", "s", profile("client_secret_basic", callback))
	w.client("/", "plainhttp", "", profile("private_key_jwt", "http://app.example.com/cb"))
	token := l.signIn("/", "demo", "")
	h := newHolder(w, jose.ES256, jose.KindP256, nil)
	as := func(id string, pairs ...string) []string {
		assertion := p.sign(id, id, map[string]any{"aud": base + "/oauth2"})
		return append(form("client_assertion_type", assertionType, "client_assertion", assertion), pairs...)
	}
	request := func(more ...string) []string {
		return append(form("response_type", "code", "redirect_uri", callback, "scope", "openid read", "code_challenge", challengeOf(verifier), "code_challenge_method", "S256"), more...)
	}
	pushed := w.post("/", "par", as("web", request()...))
	if pushed.status != 201 {
		t.Fatalf("push: %d %s", pushed.status, pushed.body)
	}
	code := func(pushed answer) string {
		t.Helper()
		_, q := location(t, w.post("/", "authorize", form("client_id", "web", "request_uri", pushed.text("request_uri"), "decision", "allow", "csrf", token), cookie(token)))
		if q.Get("code") == "" || q.Get("iss") != base+"/oauth2" {
			t.Fatalf("answer: %v", q)
		}
		return q.Get("code")
	}
	redeem := func(code string, o ...option) answer {
		return w.post("/", "access_token", as("web", "grant_type", "authorization_code", "code", code, "redirect_uri", callback, "code_verifier", verifier), o...)
	}
	bought := redeem(code(pushed), proves(h.proof("access_token", nil)))
	if bought.status != 200 || bought.text("token_type") != "DPoP" {
		t.Fatalf("code: %d %s", bought.status, bought.body)
	}
	renewed := w.post("/", "access_token", as("web", "grant_type", "refresh_token", "refresh_token", bought.text("refresh_token")), proves(h.proof("access_token", nil)))
	if renewed.status != 200 || renewed.text("refresh_token") != "" {
		t.Errorf("the refresh token was rotated: %d %s", renewed.status, renewed.body)
	}
	late := code(w.post("/", "par", as("web", request()...)))
	w.pass(61 * time.Second)
	if a := redeem(late, proves(h.proof("access_token", nil))); a.status != 400 {
		t.Errorf("a code of 61 seconds: %d %s", a.status, a.body)
	}
	again := code(w.post("/", "par", as("web", request()...)))
	if a := redeem(again); a.text("error") != "invalid_request" {
		t.Errorf("a token for everybody: %d %s", a.status, a.body)
	}
	if a := redeem(again, proves(h.proof("access_token", nil))); a.status != 200 {
		t.Errorf("the request without a proof cost the code: %d %s", a.status, a.body)
	}

	if _, q := location(t, w.get("/", "authorize", append(request(), "client_id", "web"), cookie(token))); q.Get("error") != "invalid_request" {
		t.Errorf("not pushed: %v", q)
	}
	tests := []struct {
		name string
		form []string
		more []option
	}{
		{"another way to authenticate", request(), []option{basic("basic", "s")}},
		{"no challenge", as("web", "response_type", "code", "redirect_uri", callback, "scope", "read"), nil},
		{"a plain challenge", as("web", "response_type", "code", "redirect_uri", callback, "scope", "read", "code_challenge", verifier), nil},
		{"tokens to the browser", as("web", "response_type", "id_token", "redirect_uri", callback, "scope", "openid", "nonce", "n"), nil},
		{"no redirect_uri", as("web", "response_type", "code", "scope", "read", "code_challenge", challengeOf(verifier), "code_challenge_method", "S256"), nil},
		{"a redirect without TLS", as("plainhttp", "response_type", "code", "redirect_uri", "http://app.example.com/cb", "scope", "read", "code_challenge", challengeOf(verifier), "code_challenge_method", "S256"), nil},
		{"an assertion for the endpoint", append(request(), "client_assertion_type", assertionType, "client_assertion", p.sign("web", "web", nil)), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if a := w.post("/", "par", tt.form, tt.more...); a.status != 400 && a.status != 401 {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	if a := w.post("/", "access_token", as("web", "grant_type", "password", "username", "demo", "password", "Ch4ng31t", "scope", "read"), proves(h.proof("access_token", nil))); a.text("error") != "unsupported_grant_type" {
		t.Errorf("password grant: %s", a.body)
	}
	d := w.get("/", ".well-known/openid-configuration", nil)
	if d.json["require_pushed_authorization_requests"] != true || len(d.json["code_challenge_methods_supported"].([]any)) != 1 || len(d.json["response_types_supported"].([]any)) != 1 {
		t.Errorf("discovery says %s", d.body)
	}
}

// A realm with the best current practice refuses what RFC 9700 advises against, and takes everything else.
func TestBestPractice(t *testing.T) {
	w, l := withLogin(t)
	w.provider("/", `{"gatehouseConfig":{"rfc9700":true},"coreOAuth2Config":{"issueRefreshTokenOnRefreshedToken":false},"advancedOAuth2Config":{"allowClientCredentialsInTokenRequestQueryParameters":true}}`)
	w.client("/", "web", "s", webClient("", "", ""))
	w.client("/", "spa", "", webClient(`,"clientType":"Public"`, "", ""))
	w.client("/", "plainhttp", "s", `{"coreOAuth2ClientConfig":{"scopes":["read"],"redirectionUris":["http://app.example.com/cb"]},"advancedOAuth2ClientConfig":{"grantTypes":["authorization_code"]}}`)
	w.client("/", "native", "", `{"coreOAuth2ClientConfig":{"clientType":"Public","scopes":["read"],"redirectionUris":["com.example.app:/cb"]},"advancedOAuth2ClientConfig":{"grantTypes":["authorization_code"]}}`)
	token := l.signIn("/", "demo", "")
	ask := func(id, redirect string, more ...string) (string, url.Values) {
		return location(t, w.post("/", "authorize", append(form("client_id", id, "redirect_uri", redirect, "decision", "allow", "csrf", token), more...), cookie(token)))
	}
	const s256 = "S256"
	challenge := challengeOf(verifier)
	for name, tt := range map[string]struct {
		id, redirect string
		more         []string
		code         string
	}{
		"no challenge (§2.1.1)":           {"web", callback, form("response_type", "code", "scope", "read"), "invalid_request"},
		"a plain challenge (§2.1.1)":      {"web", callback, form("response_type", "code", "scope", "read", "code_challenge", verifier), "invalid_request"},
		"a token to the browser (§2.1.2)": {"web", callback, form("response_type", "token", "scope", "read"), "unsupported_response_type"},
		"a token among others (§2.1.2)":   {"web", callback, form("response_type", "code token id_token", "scope", "openid", "nonce", "n", "code_challenge", challenge, "code_challenge_method", s256), "unsupported_response_type"},
		"a redirect without TLS (§2.6)":   {"plainhttp", "http://app.example.com/cb", form("response_type", "code", "scope", "read", "code_challenge", challenge, "code_challenge_method", s256), "invalid_request"},
	} {
		if _, q := ask(tt.id, tt.redirect, tt.more...); q.Get("error") != tt.code {
			t.Errorf("%s: %v", name, q)
		}
	}
	if to, q := ask("native", "com.example.app:/cb", "response_type", "code", "scope", "read", "code_challenge", challenge, "code_challenge_method", s256); q.Get("code") == "" {
		t.Errorf("a native app: %s", to)
	}
	wantError(t, w.post("/", "access_token", append(passwordGrant("read"), "client_id", "web", "client_secret", "s")), 400, "unsupported_grant_type", "Grant type is not supported")
	buy := func(id string, o ...option) answer {
		_, q := ask(id, callback, "response_type", "code", "scope", "read", "code_challenge", challenge, "code_challenge_method", s256)
		f := form("grant_type", "authorization_code", "code", q.Get("code"), "redirect_uri", callback, "code_verifier", verifier)
		if len(o) == 0 {
			f = append(f, "client_id", id)
		}
		return w.token("/", f, o...)
	}
	public := buy("spa")
	renewed := w.token("/", append(refreshWith(public.text("refresh_token")), "client_id", "spa"))
	if renewed.text("refresh_token") == "" {
		t.Error("the refresh token of a public client is not rotated (§2.2.2)")
	}
	confidential := buy("web", basic("web", "s"))
	if a := w.get("/", "tokeninfo", form("access_token", confidential.text("access_token"))); a.status != 400 {
		t.Errorf("a token in the address (§4.3.2): %d %s", a.status, a.body)
	}
	if a := w.get("/", "tokeninfo", nil, bearer(confidential.text("access_token"))); a.status != 200 {
		t.Errorf("a token in the header: %d %s", a.status, a.body)
	}
	// Whoever uses a used refresh token ends the grant, also of a confidential client (§4.14.2).
	w.provider("/", own(`"rfc9700":true`))
	old := confidential.text("refresh_token")
	next := w.token("/", refreshWith(old), basic("web", "s"))
	if a := w.post("/", "access_token", refreshWith(old), basic("web", "s")); a.text("error") != "invalid_grant" {
		t.Errorf("a used refresh token: %s", a.body)
	}
	if w.active(next.text("access_token")) {
		t.Error("the grant lives on")
	}
	d := w.get("/", ".well-known/openid-configuration", nil)
	if strings.Contains(d.body, `"plain"`) || strings.Contains(d.body, `"token id_token"`) || strings.Contains(d.body, `"password"`) || d.json["require_pushed_authorization_requests"] != false {
		t.Errorf("discovery says %s", d.body)
	}
}
