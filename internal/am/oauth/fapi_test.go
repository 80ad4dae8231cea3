package oauth_test

import (
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
	if a := redeem(code(w.post("/", "par", as("web", request()...)))); a.text("error") != "invalid_request" {
		t.Errorf("a token for everybody: %d %s", a.status, a.body)
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
