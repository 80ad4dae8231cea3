package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Refusals of the token endpoint, with their exact texts.
func TestTokenRefusals(t *testing.T) {
	w := newWorld(t)
	w.provider("/", `{"advancedOAuth2Config":{"grantTypes":["client_credentials","password","refresh_token","authorization_code"]}}`)
	w.client("/", "app", "secret", core("read write", "client_credentials password refresh_token authorization_code"))
	w.client("/", "narrow", "secret", core("read", "authorization_code"))
	w.client("/", "noscope", "secret", core("", "client_credentials"))
	w.client("/", "asleep", "secret", `{"coreOAuth2ClientConfig":{"status":"Inactive","scopes":["read"]},"advancedOAuth2ClientConfig":{"grantTypes":["client_credentials"]}}`)
	w.client("/", "public", "", `{"coreOAuth2ClientConfig":{"clientType":"Public","scopes":["read"]},"advancedOAuth2ClientConfig":{"grantTypes":["client_credentials","password"]}}`)
	ok := basic("app", "secret")
	const grantText = "The provided access grant is invalid, expired, or revoked."
	tests := []struct {
		name                    string
		form                    []string
		options                 []option
		status                  int
		code, description, auth string
	}{
		{"no grant type", form("scope", "read"), []option{ok}, 400, "invalid_request", "Grant type is not set", ""},
		{"unknown grant type", form("grant_type", "magic"), []option{ok}, 400, "unsupported_grant_type", "Grant type is not supported", ""},
		{"grant not enabled on the provider", form("grant_type", grantExchange), []option{ok}, 400, "unsupported_grant_type", "Grant type is not supported", ""},
		{"grant not in the profile", form("grant_type", "client_credentials"), []option{basic("narrow", "secret")}, 400, "unauthorized_client", "The authenticated client is not authorized to use this authorization grant type.", ""},
		{"public client credentials", form("grant_type", "client_credentials", "client_id", "public", "scope", "read"), nil, 400, "unauthorized_client", "Public clients can't use client credentials grant.", ""},
		{"no client", form("grant_type", "client_credentials"), nil, 400, "invalid_client", "Client authentication failed", ""},
		{"wrong secret, form", form("grant_type", "client_credentials", "client_id", "app", "client_secret", "x"), nil, 400, "invalid_client", "Client authentication failed", ""},
		{"wrong secret, basic", form("grant_type", "client_credentials"), []option{basic("app", "x")}, 401, "invalid_client", "Client authentication failed", `Basic realm="/"`},
		{"unknown client, basic", form("grant_type", "client_credentials"), []option{basic("nobody", "x")}, 401, "invalid_client", "Client authentication failed", `Basic realm="/"`},
		{"unknown client, form", form("grant_type", "client_credentials", "client_id", "nobody", "client_secret", "x"), nil, 400, "invalid_client", "Client authentication failed", ""},
		{"confidential client without a secret", form("grant_type", "client_credentials", "client_id", "app"), nil, 400, "invalid_client", "Client authentication failed", ""},
		{"empty secret", form("grant_type", "client_credentials", "client_id", "app", "client_secret", ""), nil, 400, "invalid_client", "Client authentication failed", ""},
		{"inactive client", form("grant_type", "client_credentials"), []option{basic("asleep", "secret")}, 401, "invalid_client", "Client authentication failed", `Basic realm="/"`},
		{"bearer instead of basic", form("grant_type", "client_credentials"), []option{header("Authorization", "Bearer x")}, 401, "invalid_client", "Client authentication failed", `Basic realm="/"`},
		{"basic and form secret", form("grant_type", "client_credentials", "client_id", "app", "client_secret", "secret"), []option{ok}, 400, "invalid_request", "Client authentication failed", ""},
		{"basic and another client_id", form("grant_type", "client_credentials", "client_id", "narrow"), []option{ok}, 400, "invalid_request", "Client authentication failed", ""},
		{"unknown scopes", form("grant_type", "client_credentials", "scope", "b read a"), []option{ok}, 400, "invalid_scope", "Unknown/invalid scope(s): [b, a]", ""},
		{"no scope and no default", form("grant_type", "client_credentials"), []option{basic("noscope", "secret")}, 400, "invalid_scope", "No scope requested and no default scope configured", ""},
		{"repeated parameter", form("grant_type", "client_credentials", "scope", "read", "scope", "write"), []option{ok}, 400, "invalid_request", "The request has a duplicate request parameter.", ""},
		{"JSON body", form("grant_type", "client_credentials"), []option{ok, header("Content-Type", "application/json")}, 400, "invalid_request", "Invalid Content Type", ""},
		{"no media type", form(), []option{ok, header("Content-Type", "")}, 400, "invalid_request", "Invalid Content Type", ""},
		{"password without username", form("grant_type", "password", "scope", "read", "password", "x"), []option{ok}, 400, "invalid_request", "Missing parameter, 'username'", ""},
		{"password without password", form("grant_type", "password", "scope", "read", "username", "demo"), []option{ok}, 400, "invalid_request", "Missing parameter, 'password'", ""},
		{"wrong password", form("grant_type", "password", "scope", "read", "username", "demo", "password", "x"), []option{ok}, 400, "invalid_grant", grantText, ""},
		{"unknown user", form("grant_type", "password", "scope", "read", "username", "nobody", "password", "x"), []option{ok}, 400, "invalid_grant", grantText, ""},
		{"refresh without token", form("grant_type", "refresh_token"), []option{ok}, 400, "invalid_request", "Missing parameter, 'refresh_token'", ""},
		{"unknown refresh token", form("grant_type", "refresh_token", "refresh_token", "x"), []option{ok}, 400, "invalid_grant", "grant is invalid", ""},
		{"code missing", form("grant_type", "authorization_code"), []option{ok}, 400, "invalid_request", "Missing parameter, 'code'", ""},
		{"unknown code", form("grant_type", "authorization_code", "code", "x"), []option{ok}, 400, "invalid_request", "Authorization code doesn't exist.", ""},
		{"secret in the query", form("grant_type", "client_credentials", "scope", "read"), []option{func(r *http.Request) { r.URL.RawQuery = "client_id=app&client_secret=secret" }}, 400, "invalid_request", "Client credentials must not be sent in the query.", ""},
		{"control character in a scope", form("grant_type", "client_credentials", "scope", "re\nad"), []option{ok}, 400, "invalid_scope", "Unknown/invalid scope(s)", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.t = t
			a := w.post("/", "access_token", tt.form, tt.options...)
			wantError(t, a, tt.status, tt.code, tt.description)
			if got := a.header.Get("WWW-Authenticate"); got != tt.auth {
				t.Errorf("WWW-Authenticate is %q, want %q", got, tt.auth)
			}
		})
	}
}

func TestEndpointRefusals(t *testing.T) {
	w := newWorld(t)
	wantError(t, w.get("/", "access_token", nil), 405, "method_not_allowed", "Required Method: POST found: GET")
	wantError(t, w.get("/", "introspect", nil), 405, "method_not_allowed", "Required Method: POST found: GET")
	wantError(t, w.get("/", "no/such", nil), 404, "not_found", "Invalid URL")
	if err := w.realms.Docs().Delete(t.Context(), "/alpha", "service", "oauth-oidc", 0); err != nil {
		t.Fatal(err)
	}
	wantError(t, w.get("/alpha", "tokeninfo", nil), 404, "not_found", "No OpenID Connect provider for realm /alpha")

	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("grant_type="+strings.Repeat("x", 1<<20)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if a := w.do(r, "/", "access_token"); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a huge body: %d %s", a.status, a.body)
	}
	r = httptest.NewRequest(http.MethodPost, "/", strings.NewReader("grant_type=%zz"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	if a := w.do(r, "/", "access_token"); a.status != 400 || a.text("error") != "invalid_request" {
		t.Errorf("a broken escape: %d %s", a.status, a.body)
	}
}

func TestCredentialsInQuery(t *testing.T) {
	w := newWorld(t)
	w.provider("/", `{"advancedOAuth2Config":{"allowClientCredentialsInTokenRequestQueryParameters":true}}`)
	w.client("/", "app", "secret", core("read", "client_credentials"))
	w.token("/", form("grant_type", "client_credentials", "scope", "read"), func(r *http.Request) { r.URL.RawQuery = "client_id=app&client_secret=secret" })
}

// The configured method binds clients that may ask for an ID token, at the token endpoint alone.
func TestAuthMethodBinds(t *testing.T) {
	w := newWorld(t)
	const grants = "client_credentials"
	w.client("/", "plain", "s", core("read", grants))
	w.client("/", "oidc", "s", core("read openid", grants))
	w.client("/", "oidcpost", "s", `{"coreOAuth2ClientConfig":{"scopes":["read","openid"]},"advancedOAuth2ClientConfig":{"grantTypes":["client_credentials"],"tokenEndpointAuthMethod":"client_secret_post"}}`)
	w.client("/", "spa", "", `{"coreOAuth2ClientConfig":{"clientType":"Public","scopes":["read","openid"]},"advancedOAuth2ClientConfig":{"grantTypes":["password"]}}`)
	request := form("grant_type", grants, "scope", "read")
	byForm := func(id string) []string { return append([]string{"client_id", id, "client_secret", "s"}, request...) }
	const text = "Invalid authentication method for accessing this endpoint."

	w.token("/", byForm("plain"))
	w.token("/", request, basic("plain", "s"))
	w.token("/", request, basic("oidc", "s"))
	w.token("/", byForm("oidcpost"))
	wantError(t, w.post("/", "access_token", byForm("oidc")), 400, "invalid_client", text)
	wantError(t, w.post("/", "access_token", request, basic("oidcpost", "s")), 401, "invalid_client", text)
	if a := w.post("/", "introspect", form("token", "x", "client_id", "oidc", "client_secret", "s")); a.status != 200 {
		t.Errorf("introspection binds the method: %s", a.body)
	}
	w.token("/", form("grant_type", "password", "client_id", "spa", "username", "demo", "password", "Ch4ng31t", "scope", "read"))
}

// A password grant has a refresh token only when both provider and client want one.
func TestRefreshTokenIsIssued(t *testing.T) {
	w := newWorld(t)
	w.client("/", "with", "s", core("read", "password refresh_token"))
	w.client("/", "without", "s", core("read", "password"))
	request := form("grant_type", "password", "username", "demo", "password", "Ch4ng31t", "scope", "read")
	if a := w.token("/", request, basic("with", "s")); a.text("refresh_token") == "" {
		t.Errorf("no refresh token: %s", a.body)
	}
	if a := w.token("/", request, basic("without", "s")); a.text("refresh_token") != "" {
		t.Errorf("a refresh token: %s", a.body)
	}
	w.provider("/", `{"coreOAuth2Config":{"issueRefreshToken":false}}`)
	if a := w.token("/", request, basic("with", "s")); a.text("refresh_token") != "" {
		t.Errorf("a refresh token though the provider issues none: %s", a.body)
	}
}

func TestDefaultScopes(t *testing.T) {
	w := newWorld(t)
	w.client("/", "app", "s", `{"coreOAuth2ClientConfig":{"scopes":["read|Read things","write"],"defaultScopes":["read","extra"]},"advancedOAuth2ClientConfig":{"grantTypes":["client_credentials"]}}`)
	if a := w.token("/", form("grant_type", "client_credentials"), basic("app", "s")); a.text("scope") != "read extra" {
		t.Errorf("scope is %q", a.text("scope"))
	}
	if a := w.token("/", form("grant_type", "client_credentials", "scope", " read  read write "), basic("app", "s")); a.text("scope") != "read write" {
		t.Errorf("scope is %q", a.text("scope"))
	}
}

func TestTokensExpire(t *testing.T) {
	for _, kind := range []string{"server-side", "client-side"} {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t)
			w.provider("/", settings(kind == "client-side", `"accessTokenLifetime":60`))
			w.client("/", "app", "s", core("read", "client_credentials"))
			issued := w.token("/", form("grant_type", "client_credentials", "scope", "read"), basic("app", "s"))
			if issued.json["expires_in"] != 59.0 {
				t.Errorf("expires_in is %v", issued.json["expires_in"])
			}
			look := func() answer {
				return w.post("/", "introspect", form("token", issued.text("access_token")), basic("app", "s"))
			}
			w.pass(50 * time.Second)
			if a := look(); a.json["active"] != true || a.json["expires_in"].(float64) > 10 {
				t.Errorf("after 50 s: %s", a.body)
			}
			w.pass(10 * time.Second)
			if a := look(); a.body != `{"active":false}` {
				t.Errorf("after 60 s: %s", a.body)
			}
		})
	}
}

// settings are a provider's, with client-side tokens or not, and more of its core group.
// An unknown client costs as much work as a wrong secret: nobody learns who is registered from how long answers take.
func TestUnknownClientCostsTheSame(t *testing.T) {
	w := newWorld(t)
	w.client("/", "app", "secret", core("read", "client_credentials"))
	w.agent("/", "ig_agent", "secret", "Realm")
	lookups := func(endpoint, id string) int64 {
		ask := func() int64 {
			before := w.gets.Load()
			a := w.post("/", endpoint, form("grant_type", "client_credentials", "scope", "read", "token", "x"), basic(id, "wrong"))
			wantError(t, a, 401, "invalid_client", "Client authentication failed")
			return w.gets.Load() - before
		}
		// Profiles are read the first time, and once more where the watch of the store tells of the world's own writes.
		least := ask()
		for range 5 {
			least = min(least, ask())
		}
		return least
	}
	for endpoint, ids := range map[string][]string{"access_token": {"app"}, "token/revoke": {"app"}, "introspect": {"app", "ig_agent"}} {
		unknown := lookups(endpoint, "nobody")
		if unknown == 0 {
			t.Errorf("%s: an unknown client is not looked for", endpoint)
		}
		for _, id := range ids {
			if known := lookups(endpoint, id); known != unknown {
				t.Errorf("%s: %d lookups for %s with a wrong secret, %d for an unknown client", endpoint, known, id, unknown)
			}
		}
	}
}

func settings(clientSide bool, more ...string) string {
	group := `"statelessTokensEnabled":false`
	if clientSide {
		group = `"statelessTokensEnabled":true`
	}
	return `{"coreOAuth2Config":{` + strings.Join(append(more, group), ",") + `}}`
}

// What a grant lacks is told before what the scopes lack.
func TestRefusalsWithoutScopes(t *testing.T) {
	w := newWorld(t)
	w.client("/", "app", "s", core("read", "client_credentials password "+grantExchange+" "+grantBearer))
	const noScope = "No scope requested and no default scope configured"
	for _, tt := range []struct {
		form              []string
		code, description string
	}{
		{form("grant_type", "password"), "invalid_request", "Missing parameter, 'username'"},
		{form("grant_type", "password", "username", "demo"), "invalid_request", "Missing parameter, 'password'"},
		{form("grant_type", grantBearer), "invalid_request", "Missing parameter, 'assertion'"},
		{form("grant_type", grantExchange), "invalid_request", "Invalid token exchange."},
		{form("grant_type", "client_credentials"), "invalid_scope", noScope},
		{form("grant_type", "password", "username", "demo", "password", "Ch4ng31t"), "invalid_scope", noScope},
	} {
		wantError(t, w.post("/", "access_token", tt.form, basic("app", "s")), 400, tt.code, tt.description)
	}
}
