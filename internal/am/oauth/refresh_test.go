package oauth_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/am/oauth"
	"gatehouse/internal/am/store"
)

func (w *world) active(token string) bool {
	w.t.Helper()
	w.agent("/", "looker", "pw", "Realm_Subs")
	return w.post("/", "introspect", form("token", token), basic("looker", "pw")).json["active"] == true
}

func passwordGrant(scope string) []string {
	return form("grant_type", "password", "username", "demo", "password", "Ch4ng31t", "scope", scope)
}

func refreshWith(token string, more ...string) []string {
	return append(form("grant_type", "refresh_token", "refresh_token", token), more...)
}

func TestRefresh(t *testing.T) {
	for _, kind := range []string{"server-side", "client-side"} {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t)
			w.provider("/", settings(kind == "client-side"))
			w.client("/", "app", "s", core("read write", "password refresh_token"))
			w.client("/", "other", "s", core("read write", "refresh_token"))
			auth := basic("app", "s")
			first := w.token("/", passwordGrant("read write"), auth)

			wantError(t, w.post("/", "access_token", refreshWith(first.text("refresh_token")), basic("other", "s")), 400, "invalid_request", "Token was issued to a different client")
			wantError(t, w.post("/", "access_token", refreshWith(first.text("refresh_token"), "scope", "admin"), auth), 400, "invalid_scope", "Unknown/invalid scope(s): [admin]")
			wantError(t, w.post("/", "access_token", refreshWith(first.text("access_token")), auth), 400, "invalid_grant", "grant is invalid")

			narrow := w.token("/", refreshWith(first.text("refresh_token"), "scope", "read"), auth)
			if narrow.text("scope") != "read" {
				t.Errorf("scope is %q", narrow.text("scope"))
			}
			wide := w.token("/", refreshWith(narrow.text("refresh_token")), auth)
			if wide.text("scope") != "read write" {
				t.Errorf("narrowing reached the refresh token: %q", wide.text("scope"))
			}
			wantError(t, w.post("/", "access_token", refreshWith(first.text("refresh_token")), auth), 400, "invalid_grant", "grant is invalid")
			if !w.active(wide.text("refresh_token")) {
				t.Error("the reuse of a refresh token by a confidential client ended its grant")
			}
			if a := w.post("/", "introspect", form("token", first.text("refresh_token")), auth); a.body != `{"active":false}` {
				t.Errorf("a used refresh token: %s", a.body)
			}
		})
	}
}

func TestRefreshKeepsGrant(t *testing.T) {
	w := newWorld(t)
	w.client("/", "app", "s", core("read", "password refresh_token"))
	first := w.token("/", passwordGrant("read"), basic("app", "s"))
	second := w.token("/", refreshWith(first.text("refresh_token")), basic("app", "s"))
	look := func(a answer) answer {
		return w.post("/", "introspect", form("token", a.text("access_token")), basic("app", "s"))
	}
	if a, b := look(first), look(second); a.text("authGrantId") == "" || a.text("authGrantId") != b.text("authGrantId") {
		t.Errorf("authGrantId is %q, then %q", a.text("authGrantId"), b.text("authGrantId"))
	}
}

// A public client's refresh token that is used again ends the grant (RFC 9700 §4.14.2).
func TestRefreshReuseOfPublicClient(t *testing.T) {
	w := newWorld(t)
	w.client("/", "spa", "", `{"coreOAuth2ClientConfig":{"clientType":"Public","scopes":["read"]},"advancedOAuth2ClientConfig":{"grantTypes":["password","refresh_token"]}}`)
	id := []string{"client_id", "spa"}
	first := w.token("/", append(passwordGrant("read"), id...))
	second := w.token("/", append(refreshWith(first.text("refresh_token")), id...))
	wantError(t, w.post("/", "access_token", append(refreshWith(first.text("refresh_token")), id...)), 400, "invalid_grant", "grant is invalid")
	if w.active(second.text("access_token")) || w.active(second.text("refresh_token")) {
		t.Error("the grant lives on")
	}
}

func TestRefreshGrace(t *testing.T) {
	w := newWorld(t)
	w.provider("/", `{"advancedOAuth2Config":{"refreshTokenGracePeriod":30}}`)
	w.client("/", "app", "s", core("read", "password refresh_token"))
	first := w.token("/", passwordGrant("read"), basic("app", "s"))
	w.token("/", refreshWith(first.text("refresh_token")), basic("app", "s"))
	w.pass(20 * time.Second)
	w.token("/", refreshWith(first.text("refresh_token")), basic("app", "s"))
	w.pass(11 * time.Second)
	wantError(t, w.post("/", "access_token", refreshWith(first.text("refresh_token")), basic("app", "s")), 400, "invalid_grant", "grant is invalid")
}

func TestRefreshTokenIsKept(t *testing.T) {
	w := newWorld(t)
	w.provider("/", `{"coreOAuth2Config":{"issueRefreshTokenOnRefreshedToken":false}}`)
	w.client("/", "app", "s", core("read", "password refresh_token"))
	first := w.token("/", passwordGrant("read"), basic("app", "s"))
	for range 2 {
		if a := w.token("/", refreshWith(first.text("refresh_token")), basic("app", "s")); a.text("refresh_token") != "" {
			t.Errorf("a new refresh token: %s", a.body)
		}
	}
}

func TestRefreshEndsWithUser(t *testing.T) {
	w := newWorld(t)
	w.client("/", "app", "s", core("read", "password refresh_token"))
	first := w.token("/", passwordGrant("read"), basic("app", "s"))
	if err := w.realms.Docs().Delete(w.ctx, "/", store.KindUser, "demo", 0); err != nil {
		t.Fatal(err)
	}
	wantError(t, w.post("/", "access_token", refreshWith(first.text("refresh_token")), basic("app", "s")), 400, "invalid_grant", "grant is invalid")
}

func TestRefreshOfAnotherRealm(t *testing.T) {
	w := newWorld(t)
	for _, rl := range []string{"/", "/alpha"} {
		w.client(rl, "app", "s", core("read", "password refresh_token"))
	}
	first := w.token("/alpha", passwordGrant("read"), basic("app", "s"))
	wantError(t, w.post("/", "access_token", refreshWith(first.text("refresh_token")), basic("app", "s")), 400, "invalid_grant", "Grant is not valid for the requested realm")
}

// Of many uses of one refresh token at the same moment one succeeds.
func TestRefreshRace(t *testing.T) {
	step := &lockstep{}
	w := newWorld(t, func(o *oauth.Options) {
		step.Engine = o.Engine
		o.Engine = step
	})
	w.client("/", "app", "s", core("read", "password refresh_token"))
	first := w.token("/", passwordGrant("read"), basic("app", "s"))
	const callers = 8
	step.arm("token", callers)
	answers := make(chan answer, callers)
	var done sync.WaitGroup
	for range callers {
		done.Go(func() {
			answers <- w.post("/", "access_token", refreshWith(first.text("refresh_token")), basic("app", "s"))
		})
	}
	done.Wait()
	close(answers)
	bought := 0
	for a := range answers {
		if a.status == 200 {
			bought++
		} else if a.text("error") != "invalid_grant" {
			t.Errorf("a loser got %s", a.body)
		}
	}
	if bought != 1 {
		t.Errorf("the refresh token bought %d times, want 1", bought)
	}
}

func TestPasswordGrantByTree(t *testing.T) {
	w, _ := withLogin(t)
	w.client("/", "app", "s", core("read", "password"))
	bad := form("grant_type", "password", "username", "demo", "password", "x", "scope", "read")
	wantError(t, w.post("/", "access_token", bad, basic("app", "s")), 400, "invalid_grant", "The provided access grant is invalid, expired, or revoked.")
	w.provider("/", `{"advancedOAuth2Config":{"moduleMessageEnabledInPasswordGrant":true,"passwordGrantAuthService":"PasswordGrant"}}`)
	wantError(t, w.post("/", "access_token", bad, basic("app", "s")), 400, "invalid_grant", "no, said PasswordGrant")
	wantError(t, w.post("/", "access_token", append(bad, "auth_chain", "Other"), basic("app", "s")), 400, "invalid_grant", "no, said Other")
	good := w.token("/", passwordGrant("read"), basic("app", "s"))
	if a := w.post("/", "introspect", form("token", good.text("access_token")), basic("app", "s")); a.json["auth_level"] != 3.0 {
		t.Errorf("auth_level is %v", a.json["auth_level"])
	}
}

func TestClientSideToken(t *testing.T) {
	w := newWorld(t)
	w.provider("/", `{"coreOAuth2Config":{"statelessTokensEnabled":true},"advancedOAuth2Config":{"tokenSigningAlgorithm":"RS256"}}`)
	w.client("/", "app", "s", core("read write", "password client_credentials"))
	issued := w.token("/", passwordGrant("read write"), basic("app", "s"))
	claims := w.verified(issued.text("access_token"))
	for name, want := range map[string]any{
		"sub": "(usr!demo)", "cts": "OAUTH2_STATELESS_GRANT", "auth_level": int64(0), "subname": "demo", "iss": base + "/oauth2",
		"tokenName": "access_token", "token_type": "Bearer", "client_id": "app", "aud": "app", "grant_type": "password", "realm": "/",
		"expires_in": int64(3600),
	} {
		if claims[name] != want {
			t.Errorf("%s is %v, want %v", name, claims[name], want)
		}
	}
	for _, name := range []string{"auditTrackingId", "authGrantId", "nbf", "auth_time", "exp", "iat", "jti"} {
		if claims[name] == nil {
			t.Errorf("%s is missing", name)
		}
	}
	if list, ok := claims["scope"].([]any); !ok || len(list) != 2 {
		t.Errorf("scope is %v", claims["scope"])
	}
	if claims["exp"].(int64)-claims["iat"].(int64) != 3600 {
		t.Errorf("lives %d s", claims["exp"].(int64)-claims["iat"].(int64))
	}
	seen := w.post("/", "introspect", form("token", issued.text("access_token")), basic("app", "s"))
	wantIntrospection(t, seen, map[string]any{
		"active": true, "scope": "read write", "realm": "/", "client_id": "app", "user_id": "demo", "username": "demo",
		"token_type": "Bearer", "sub": "(usr!demo)", "subname": "demo", "iss": base + "/oauth2", "auth_level": 0.0, "cts": "OAUTH2_STATELESS_GRANT",
	})
	own := w.verified(w.token("/", form("grant_type", "client_credentials", "scope", "read"), basic("app", "s")).text("access_token"))
	if own["sub"] != "(age!app)" || own["auth_level"] != nil || own["grant_type"] != "client_credentials" {
		t.Errorf("client credentials: %v", own)
	}

	forged := issued.text("access_token")
	forged = forged[:strings.LastIndexByte(forged, '.')+1] + "AAAA"
	for name, raw := range map[string]string{"forged": forged, "junk": "a.b.c", "one dot": "a.b", "empty parts": ".."} {
		if a := w.post("/", "introspect", form("token", raw), basic("app", "s")); a.body != `{"active":false}` {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	for _, alg := range []string{"HS256", "ES256", "PS384", "EdDSA"} {
		w.provider("/", `{"coreOAuth2Config":{"statelessTokensEnabled":true},"advancedOAuth2Config":{"tokenSigningAlgorithm":"`+alg+`"}}`)
		if !w.active(w.token("/", passwordGrant("read"), basic("app", "s")).text("access_token")) {
			t.Errorf("%s: not active", alg)
		}
	}
	w.provider("/", `{"coreOAuth2Config":{"statelessTokensEnabled":true},"advancedOAuth2Config":{"tokenEncryptionEnabled":true,"tokenCompressionEnabled":true}}`)
	sealed := w.token("/", passwordGrant("read"), basic("app", "s")).text("access_token")
	if strings.Count(sealed, ".") != 4 || !w.active(sealed) {
		t.Errorf("encrypted token %q", sealed)
	}
	if w.active(sealed[:len(sealed)-4] + "AAAA") {
		t.Error("a changed encrypted token is active")
	}
}
