package oauth_test

import (
	"strings"
	"testing"

	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

// Who may know about which token.
func TestIntrospectionPermission(t *testing.T) {
	for _, kind := range []string{"server-side", "client-side"} {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t)
			for _, rl := range []string{"/", "/alpha"} {
				w.provider(rl, settings(kind == "client-side"))
				w.client(rl, "owner", "s", core("read", "client_credentials"))
				w.client(rl, "stranger", "s", core("read", ""))
				w.client(rl, "realmwide", "s", core("am-introspect-all-tokens", ""))
				w.client(rl, "everywhere", "s", core("am-introspect-all-tokens-any-realm", ""))
				w.agent(rl, "none", "s", "None")
				w.agent(rl, "realmonly", "s", "Realm")
				w.agent(rl, "subs", "s", "Realm_Subs")
			}
			tokens := map[string]string{}
			for _, rl := range []string{"/", "/alpha"} {
				tokens[rl] = w.token(rl, form("grant_type", "client_credentials", "scope", "read"), basic("owner", "s")).text("access_token")
			}
			tests := []struct {
				caller, at, of string
				want           bool
			}{
				{"owner", "/", "/", true}, {"owner", "/", "/alpha", false}, {"owner", "/alpha", "/", false},
				{"stranger", "/", "/", false},
				{"realmwide", "/", "/", true}, {"realmwide", "/", "/alpha", false}, {"realmwide", "/alpha", "/alpha", true},
				{"everywhere", "/", "/", true}, {"everywhere", "/", "/alpha", true}, {"everywhere", "/alpha", "/", false}, {"everywhere", "/alpha", "/alpha", false},
				{"none", "/", "/", false},
				{"realmonly", "/", "/", true}, {"realmonly", "/", "/alpha", false},
				{"subs", "/", "/", true}, {"subs", "/", "/alpha", true}, {"subs", "/alpha", "/", false},
			}
			for _, tt := range tests {
				t.Run(tt.caller+" of "+tt.at+", token of "+tt.of, func(t *testing.T) {
					a := w.post(tt.at, "introspect", form("token", tokens[tt.of]), basic(tt.caller, "s"))
					if got := a.json["active"] == true; got != tt.want || a.status != 200 {
						t.Errorf("active is %v, want %v: %s", got, tt.want, a.body)
					}
					if !tt.want && a.body != `{"active":false}` {
						t.Errorf("an inactive answer tells more: %s", a.body)
					}
				})
			}
		})
	}
}

func TestIntrospectionRefusals(t *testing.T) {
	w := newWorld(t)
	w.client("/", "app", "s", core("read", "client_credentials"))
	wantError(t, w.post("/", "introspect", form("token", "x"), basic("app", "wrong")), 401, "invalid_client", "Client authentication failed")
	wantError(t, w.post("/", "introspect", form("token", "x")), 400, "invalid_client", "Client authentication failed")
	for name, f := range map[string][]string{"no token": nil, "empty": form("token", ""), "unknown": form("token", "x")} {
		if a := w.post("/", "introspect", f, basic("app", "s")); a.status != 200 || a.body != `{"active":false}` {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

func TestIntrospectionJWT(t *testing.T) {
	w := newWorld(t)
	w.client("/", "app", "s", core("read", "client_credentials"))
	token := w.token("/", form("grant_type", "client_credentials", "scope", "read"), basic("app", "s")).text("access_token")
	a := w.post("/", "introspect", form("token", token), basic("app", "s"), header("Accept", "application/token-introspection+jwt"))
	if got := a.header.Get("Content-Type"); got != "application/token-introspection+jwt" {
		t.Fatalf("Content-Type is %q: %s", got, a.body)
	}
	claims := w.verified(a.body)
	inner, _ := claims["token_introspection"].(map[string]any)
	if claims["iss"] != base+"/oauth2" || claims["aud"] != "app" || inner["active"] != true || inner["scope"] != "read" {
		t.Errorf("claims are %v", claims)
	}
	flat := w.verified(w.post("/", "introspect", form("token", token), basic("app", "s"), header("Accept", "application/jwt")).body)
	if flat["active"] != true {
		t.Errorf("flat claims are %v", flat)
	}
	w.client("/", "app", "s", `{"coreOAuth2ClientConfig":{"scopes":["read"]},"advancedOAuth2ClientConfig":{"grantTypes":["client_credentials"]},"signEncOAuth2ClientConfig":{"tokenIntrospectionResponseFormat":"SIGNED_JWT"}}`)
	if a := w.post("/", "introspect", form("token", token), basic("app", "s")); a.status != 400 || a.text("error") != "invalid_request" {
		t.Errorf("JSON for a client of JWTs: %d %s", a.status, a.body)
	}
}

func TestRevocation(t *testing.T) {
	for _, kind := range []string{"server-side", "client-side"} {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t)
			w.provider("/", settings(kind == "client-side"))
			w.client("/", "app", "s", core("read", "password refresh_token"))
			w.client("/", "other", "s", core("read", ""))
			w.client("/", "spa", "", `{"coreOAuth2ClientConfig":{"clientType":"Public","scopes":["read"]},"advancedOAuth2ClientConfig":{"grantTypes":["password"]}}`)
			auth := basic("app", "s")
			first, second := w.token("/", passwordGrant("read"), auth), w.token("/", passwordGrant("read"), auth)

			wantError(t, w.post("/", "token/revoke", form(), auth), 400, "invalid_request", "Missing parameter: token")
			if a := w.post("/", "token/revoke", form("token", first.text("access_token")), basic("other", "s")); a.status != 400 || a.text("error") != "invalid_grant" || strings.Contains(a.body, first.text("access_token")) {
				t.Errorf("another client's token: %d %s", a.status, a.body)
			}
			for _, token := range []string{"unknown", first.text("access_token"), first.text("access_token")} {
				if a := w.post("/", "token/revoke", form("token", token, "client_id", "app"), auth); a.status != 200 || a.body != "{}" {
					t.Errorf("revoke: %d %s", a.status, a.body)
				}
			}
			if w.active(first.text("access_token")) || !w.active(first.text("refresh_token")) || !w.active(second.text("access_token")) {
				t.Error("an access token alone should be revoked")
			}
			w.post("/", "token/revoke", form("token", second.text("refresh_token"), "token_type_hint", "access_token"), auth)
			if w.active(second.text("access_token")) || w.active(second.text("refresh_token")) || !w.active(first.text("refresh_token")) {
				t.Error("a refresh token should take its grant, and no other, with it")
			}
			public := w.token("/", append(passwordGrant("read"), "client_id", "spa")).text("access_token")
			w.post("/", "token/revoke", form("token", public, "client_id", "spa"))
			if w.active(public) {
				t.Error("a public client's token was not revoked")
			}
		})
	}
}

func TestTokenInfo(t *testing.T) {
	w := newWorld(t)
	w.client("/", "app", "s", core("mail employeenumber nothing", "password"))
	token := w.token("/", passwordGrant("mail employeenumber nothing"), basic("app", "s")).text("access_token")
	for name, a := range map[string]answer{
		"query":        w.get("/", "tokeninfo", form("access_token", token, "realm", "/")),
		"header":       w.get("/", "tokeninfo", nil, header("Authorization", "Bearer "+token)),
		"other realm":  w.get("/alpha", "tokeninfo", form("access_token", token)),
		"scheme lower": w.get("/", "tokeninfo", nil, header("Authorization", "bearer "+token)),
	} {
		if a.text("mail") != "demo@example.com" || a.text("employeenumber") != "4711" || a.json["nothing"] != "" || a.text("grant_type") != "password" ||
			a.text("realm") != "/" || a.text("client_id") != "app" || a.text("access_token") != token || a.text("token_type") != "Bearer" {
			t.Errorf("%s: %s", name, a.body)
		}
		if list, ok := a.json["scope"].([]any); !ok || len(list) != 3 {
			t.Errorf("%s: scope is %v", name, a.json["scope"])
		}
	}
	both := w.get("/", "tokeninfo", form("access_token", token), header("Authorization", "Bearer "+token))
	wantError(t, both, 400, "invalid_request", "Access Token cannot be provided in both query and header")
	bad := w.get("/", "tokeninfo", form("access_token", "x"))
	wantError(t, bad, 401, "invalid_token", "The access token provided is expired, revoked, malformed, or invalid for other reasons.")
	if !strings.HasPrefix(bad.header.Get("WWW-Authenticate"), `Bearer realm="/", error="invalid_token"`) {
		t.Errorf("WWW-Authenticate is %q", bad.header.Get("WWW-Authenticate"))
	}
}

func TestUserInfo(t *testing.T) {
	w := newWorld(t)
	w.client("/", "app", "s", core("openid profile email phone read", "password"))
	token := func(scope string) option {
		return header("Authorization", "Bearer "+w.token("/", passwordGrant(scope), basic("app", "s")).text("access_token"))
	}
	a := w.get("/", "userinfo", nil, token("openid profile email phone"))
	want := map[string]any{"sub": "(usr!demo)", "subname": "demo", "name": "Demo User", "given_name": "Demo", "family_name": "User", "email": "demo@example.com"}
	if len(a.json) != len(want) {
		t.Errorf("claims are %s", a.body)
	}
	for name, value := range want {
		if a.json[name] != value {
			t.Errorf("%s is %v, want %v", name, a.json[name], value)
		}
	}
	if a := w.get("/", "userinfo", nil, token("openid")); len(a.json) != 2 {
		t.Errorf("claims of openid alone are %s", a.body)
	}
	wantError(t, w.get("/", "userinfo", nil, token("read")), 403, "insufficient_scope", "The resource requested requires scope: openid")
	if a := w.get("/", "userinfo", nil); a.status != 401 || a.header.Get("WWW-Authenticate") != `Bearer realm="/"` {
		t.Errorf("without a token: %d %s", a.status, a.header)
	}
	if a := w.get("/alpha", "userinfo", nil, token("openid")); a.status != 401 {
		t.Errorf("in another realm: %d", a.status)
	}
	raw := w.token("/", passwordGrant("openid"), basic("app", "s")).text("access_token")
	if a := w.post("/", "userinfo", form("access_token", raw)); a.status != 200 {
		t.Errorf("by form: %d %s", a.status, a.body)
	}
	w.client("/", "app", "s", `{"coreOAuth2ClientConfig":{"scopes":["openid"]},"advancedOAuth2ClientConfig":{"grantTypes":["password"]},"signEncOAuth2ClientConfig":{"userinfoResponseFormat":"SIGNED_JWT"}}`)
	signed := w.verified(w.get("/", "userinfo", nil, header("Authorization", "Bearer "+raw)).body)
	if signed["iss"] != base+"/oauth2" || signed["aud"] != "app" || signed["sub"] != "(usr!demo)" {
		t.Errorf("signed claims are %v", signed)
	}
}

func TestDiscovery(t *testing.T) {
	w := newWorld(t)
	w.provider("/alpha", `{"advancedOAuth2Config":{"supportedScopes":["mail|Your address"]},"coreOIDCConfig":{"supportedClaims":["name|Full name"]}}`)
	for rl, issuer := range map[string]string{"/": base + "/oauth2", "/alpha": base + "/oauth2/realms/root/realms/alpha"} {
		a := w.get(rl, ".well-known/openid-configuration", nil)
		for name, want := range map[string]string{
			"issuer": issuer, "authorization_endpoint": issuer + "/authorize", "token_endpoint": issuer + "/access_token",
			"introspection_endpoint": issuer + "/introspect", "revocation_endpoint": issuer + "/token/revoke", "version": "3.0",
			"jwks_uri": issuer + "/connect/jwk_uri", "userinfo_endpoint": issuer + "/userinfo", "end_session_endpoint": issuer + "/connect/endSession",
		} {
			if a.text(name) != want {
				t.Errorf("%s of %s is %q, want %q", name, rl, a.text(name), want)
			}
		}
		if strings.Contains(a.body, "null") || strings.Contains(a.body, "token-exchange") {
			t.Errorf("%s: %s", rl, a.body)
		}
		if b := w.get(rl, ".well-known/oauth-authorization-server", nil); b.body != a.body {
			t.Error("the two spellings differ")
		}
	}
	a := w.get("/alpha", ".well-known/openid-configuration", nil)
	if !strings.Contains(a.body, `"scopes_supported":["mail"]`) || !strings.Contains(a.body, `"claims_supported":["name"]`) {
		t.Errorf("descriptions are not cut: %s", a.body)
	}
	keys, err := jose.ParseKeySet([]byte(w.get("/alpha", "connect/jwk_uri", nil).body))
	if err != nil || keys.Len() == 0 {
		t.Fatalf("key set: %v", err)
	}
	for _, k := range keys.Keys() {
		if k.IsPrivate() || k.IsSymmetric() {
			t.Errorf("a secret key is published: %v", k)
		}
	}
}

func TestIDTokenInfo(t *testing.T) {
	w := newWorld(t)
	w.client("/alpha", "app", "s", core("openid", "password"))
	w.client("/", "mac", "secret-of-some-length", `{"coreOAuth2ClientConfig":{"scopes":["openid"]},"advancedOAuth2ClientConfig":{"grantTypes":["password"]},"signEncOAuth2ClientConfig":{"idTokenSignedResponseAlg":"HS256"}}`)
	raw := w.token("/alpha", passwordGrant("openid"), basic("app", "s")).text("id_token")
	if a := w.post("/", "idtokeninfo", form("id_token", raw)); a.text("aud") != "app" || a.text("realm") != "/alpha" {
		t.Errorf("on the root: %s", a.body)
	}
	if a := w.post("/", "idtokeninfo", form("id_token", raw, "claims", "sub, magic")); a.body != `{"sub":"(usr!demo)"}` {
		t.Errorf("some claims: %s", a.body)
	}
	wantError(t, w.post("/", "idtokeninfo", form()), 400, "bad_request", "no id_token in request")
	if a := w.post("/", "idtokeninfo", form("id_token", raw[:len(raw)-6]+"AAAAAA")); a.status != 400 || !strings.HasPrefix(a.text("error_description"), "invalid id_token: ") {
		t.Errorf("forged: %s", a.body)
	}
	mac := w.token("/", passwordGrant("openid"), basic("mac", "secret-of-some-length")).text("id_token")
	if a := w.post("/", "idtokeninfo", form("id_token", mac)); a.text("error") != "invalid_client" {
		t.Errorf("HMAC without authentication: %s", a.body)
	}
	if a := w.post("/", "idtokeninfo", form("id_token", mac), basic("mac", "secret-of-some-length")); a.text("aud") != "mac" {
		t.Errorf("HMAC: %s", a.body)
	}
}

func TestWhatIsMissingSaysSo(t *testing.T) {
	w := newWorld(t)
	for _, endpoint := range []string{"resource_set", "consent"} {
		if a := w.post("/", endpoint, form()); a.status != 501 || !strings.HasSuffix(a.text("error_description"), "is not supported by this server.") {
			t.Errorf("%s: %d %s", endpoint, a.status, a.body)
		}
	}
}

// Settings that this server has nothing for stop the request; they do not pass silently.
func TestUnsupportedSettingsSaySo(t *testing.T) {
	w := newWorld(t)
	w.client("/", "app", "s", core("read", "client_credentials"))
	for what, provider := range map[string]string{
		"The macaroon format of tokens":         `{"coreOAuth2Config":{"macaroonTokensEnabled":true}}`,
		"The policy engine for scope decisions": `{"coreOAuth2Config":{"usePolicyEngineForScope":true}}`,
		"A plug-in written in Java":             `{"pluginsConfig":{"validateScopePluginType":"JAVA","validateScopeClass":"com.example.Mine"}}`,
		"A plug-in written in Java ":            `{"pluginsConfig":{"accessTokenEnricherClass":"com.example.Mine"}}`,
		"A plug-in written in Java  ":           `{"advancedOAuth2Config":{"scopeImplementationClass":"com.example.Mine"}}`,
	} {
		w.provider("/", provider)
		a := w.post("/", "access_token", form("grant_type", "client_credentials", "scope", "read"), basic("app", "s"))
		wantError(t, a, 500, "server_error", strings.TrimRight(what, " ")+" is not supported by this server.")
	}
	w.client("/", "tv", "", `{"coreOAuth2ClientConfig":{"clientType":"Public","scopes":["read"]},"advancedOAuth2ClientConfig":{"grantTypes":["`+grantDevice+`"]}}`)
	w.provider("/", `{"pluginsConfig":{"userCodeGeneratorClass":"com.example.Mine"}}`)
	wantError(t, w.post("/", "device/code", form("client_id", "tv", "scope", "read")), 500, "server_error", "A plug-in written in Java is not supported by this server.")
}

func TestRelyingPartyKeys(t *testing.T) {
	if a := newWorld(t).get("/", "connect/rp/jwk_uri", nil); a.status != 200 || a.body != `{"keys":[]}` {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// updated_at comes from the attributes that the settings name, both or neither.
func TestUpdatedAt(t *testing.T) {
	w := newWorld(t)
	w.client("/", "app", "s", core("openid profile", "password"))
	ask := func() answer {
		token := w.token("/", passwordGrant("openid profile"), basic("app", "s")).text("access_token")
		return w.get("/", "userinfo", nil, bearer(token))
	}
	write := func(attributes string) {
		hash, err := w.realms.HashPassword(t.Context(), "Ch4ng31t")
		if err != nil {
			t.Fatal(err)
		}
		w.put("/", store.KindUser, "demo", `{"username":"demo","userpassword":"`+hash+`"`+attributes+`}`)
	}
	write(`,"changed":["20270115080000Z"],"made":["2026-01-15T08:00:00Z"]`)
	if a := ask(); a.json["updated_at"] != nil {
		t.Errorf("without settings: %s", a.body)
	}
	w.provider("/", `{"advancedOAuth2Config":{"modifiedTimestampAttribute":"changed","createdTimestampAttribute":"made"}}`)
	if a := ask(); a.json["updated_at"] != 1800000000.0 {
		t.Errorf("changed: %s", a.body)
	}
	write(`,"made":["2026-01-15T08:00:00Z"]`)
	if a := ask(); a.json["updated_at"] != 1768464000.0 {
		t.Errorf("never changed: %s", a.body)
	}
	w.provider("/", `{"advancedOAuth2Config":{"modifiedTimestampAttribute":"changed"}}`)
	if a := ask(); a.status != 500 || a.text("error") != "server_error" {
		t.Errorf("one of the two: %d %s", a.status, a.body)
	}
}
