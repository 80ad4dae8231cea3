package oauth_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am/oauth"
	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

// A modification script adds, changes and removes what a token says; what identifies the token stays.
func TestModificationScript(t *testing.T) {
	for _, kind := range []string{"server-side", "client-side"} {
		t.Run(kind, func(t *testing.T) {
			scripts := &fakeScripts{}
			w := newWorld(t, scripts.into)
			w.provider("/", `{"coreOAuth2Config":{"statelessTokensEnabled":`+map[string]string{"server-side": "false", "client-side": "true"}[kind]+`},
				"advancedOAuth2Config":{"persistentClaims":["kept"]}}`)
			w.editScript("/", modificationScript)
			w.client("/", "app", "s", core("read", "password refresh_token"))
			var in *oauth.ScriptInput
			scripts.modify = func(i *oauth.ScriptInput, tok *store.Token) map[string]json.RawMessage {
				in = i
				raw := func(s string) json.RawMessage { return json.RawMessage(s) }
				if tok.Extra == nil {
					tok.Extra = map[string]json.RawMessage{}
				}
				if tok.GrantType == "password" {
					tok.Extra["kept"] = raw(`"yes"`)
				}
				tok.Extra["answer"] = raw(`{"is":42}`)
				tok.Extra["subname"] = raw(`"someone else"`)
				tok.Extra["active"], tok.Extra["client_id"], tok.Extra["jti"] = raw(`false`), raw(`"evil"`), raw(`"evil"`)
				tok.Removed = []string{"auditTrackingId", "realm"}
				tok.Expires = tok.IssuedAt.Add(10 * time.Second)
				return map[string]json.RawMessage{"more": raw(`true`), "access_token": raw(`"evil"`)}
			}
			a := w.token("/", append(passwordGrant("read"), "custom", "c"), basic("app", "s"))
			if a.json["more"] != true || a.text("access_token") == "evil" || a.json["expires_in"] != 9.0 {
				t.Errorf("answer is %s", a.body)
			}
			if in.Client.ID != "app" || in.User == nil || in.User.Name != "demo" || in.Params["custom"][0] != "c" || in.Params["password"] != nil || in.Scopes[0] != "read" {
				t.Errorf("the script saw %+v", in)
			}
			seen := w.post("/", "introspect", form("token", a.text("access_token")), basic("app", "s"))
			answer, _ := seen.json["answer"].(map[string]any)
			if seen.json["active"] != true || answer["is"] != 42.0 || seen.text("subname") != "someone else" || seen.text("client_id") != "app" || seen.text("kept") != "yes" {
				t.Errorf("introspection says %s", seen.body)
			}
			if strings.Count(seen.body, `"subname"`) != 1 {
				t.Errorf("a member twice: %s", seen.body)
			}
			if kind == "server-side" && seen.json["auditTrackingId"] != nil || seen.text("realm") != "/" {
				t.Errorf("removed members: %s", seen.body)
			}
			again := w.token("/", refreshWith(a.text("refresh_token")), basic("app", "s"))
			seen = w.post("/", "introspect", form("token", again.text("access_token")), basic("app", "s"))
			if seen.text("kept") != "yes" {
				t.Errorf("a persistent claim was lost: %s", seen.body)
			}
			w.pass(11 * time.Second)
			if w.active(again.text("access_token")) {
				t.Error("the script's end of life does not count")
			}
		})
	}
}

func TestScriptFailures(t *testing.T) {
	scripts := &fakeScripts{err: errors.New("line 3: no such property: secretDetail")}
	w := newWorld(t, scripts.into)
	w.editScript("/", modificationScript)
	w.client("/", "app", "s", core("read", "client_credentials"))
	a := w.post("/", "access_token", form("grant_type", "client_credentials", "scope", "read"), basic("app", "s"))
	if a.status != 500 || a.text("error") != "server_error" || strings.Contains(a.body, "secretDetail") {
		t.Errorf("a failing script: %d %s", a.status, a.body)
	}
	none := newWorld(t) // no scripts at all
	none.editScript("/", modificationScript)
	none.client("/", "app", "s", core("read", "client_credentials"))
	if a := none.post("/", "access_token", form("grant_type", "client_credentials", "scope", "read"), basic("app", "s")); a.status != 500 {
		t.Errorf("a script that cannot run: %d %s", a.status, a.body)
	}
}

func TestScopeScript(t *testing.T) {
	scripts := &fakeScripts{drop: []string{"write"}}
	w := newWorld(t, scripts.into)
	w.editScript("/", validateScopeScript)
	w.provider("/", `{"pluginsConfig":{"validateScopePluginType":"SCRIPTED","validateScopeScript":"`+validateScopeScript+`"}}`)
	w.client("/", "app", "s", core("read write", "client_credentials"))
	if a := w.token("/", form("grant_type", "client_credentials", "scope", "read write"), basic("app", "s")); a.text("scope") != "read" {
		t.Errorf("scope is %q", a.text("scope"))
	}
	wantError(t, w.post("/", "access_token", form("grant_type", "client_credentials", "scope", "write"), basic("app", "s")), 400, "invalid_scope",
		"No scope requested and no default scope configured")
	scripts.err = oauth.Refuse("invalid_scope", "Unknown/invalid scope(s)")
	wantError(t, w.post("/", "access_token", form("grant_type", "client_credentials", "scope", "read"), basic("app", "s")), 400, "invalid_scope", "Unknown/invalid scope(s)")
}

func TestClaimsScript(t *testing.T) {
	scripts := &fakeScripts{claims: map[string]any{"nickname": "D", "sub": "evil", "iss": "evil"}}
	w := newWorld(t, scripts.into)
	w.editScript("/", claimsScript)
	w.provider("/", `{"advancedOIDCConfig":{"alwaysAddClaimsToToken":true}}`)
	w.client("/", "app", "s", core("openid", "password"))
	a := w.token("/", passwordGrant("openid"), basic("app", "s"))
	info := w.get("/", "userinfo", nil, header("Authorization", "Bearer "+a.text("access_token")))
	if info.text("nickname") != "D" || info.text("sub") != "(usr!demo)" {
		t.Errorf("userinfo says %s", info.body)
	}
	if id := w.verified(a.text("id_token")); id["nickname"] != "D" || id["sub"] != "(usr!demo)" || id["iss"] != base+"/oauth2" {
		t.Errorf("ID token is %v", id)
	}
}

func TestClaimsParameter(t *testing.T) {
	w, l := withLogin(t)
	w.provider("/", `{"advancedOIDCConfig":{"claimsParameterSupported":true}}`)
	w.client("/", "web", "s", webClient("", "", ""))
	code := w.code(l.signIn("/", "demo", ""), "scope", "openid", "claims", `{"userinfo":{"email":null},"id_token":{"given_name":{"essential":true},"email":{"value":"x"}}}`)
	a := w.token("/", form("grant_type", "authorization_code", "code", code, "redirect_uri", callback), basic("web", "s"))
	if id := w.verified(a.text("id_token")); id["given_name"] != "Demo" || id["email"] != nil || id["family_name"] != nil {
		t.Errorf("ID token is %v", id)
	}
	info := w.get("/", "userinfo", nil, header("Authorization", "Bearer "+a.text("access_token")))
	if info.text("email") != "demo@example.com" || info.json["given_name"] != nil {
		t.Errorf("userinfo says %s", info.body)
	}
}

func TestRequestObject(t *testing.T) {
	w, l := withLogin(t)
	own, stranger := newParty(w, jose.ES256, jose.KindP256), newParty(w, jose.ES256, jose.KindP256)
	client := strings.TrimSuffix(webClient("", "", ""), "}") + `,"signEncOAuth2ClientConfig":{"publicKeyLocation":"jwks","jwkSet":` + own.jwks() + `,"requestParameterSignedAlg":"ES256"}}`
	w.client("/", "web", "s", client)
	token := l.signIn("/", "demo", "")
	object := func(p *party, change map[string]any) string {
		claims := map[string]any{"aud": base + "/oauth2", "client_id": "web", "scope": "write", "state": "inner", "redirect_uri": callback, "response_type": "code"}
		for n, v := range change {
			claims[n] = v
		}
		return p.sign("web", "web", claims)
	}
	ask := func(raw string) answer {
		return w.post("/", "authorize", form("client_id", "web", "response_type", "code", "scope", "read", "state", "outer", "redirect_uri", callback, "request", raw, "decision", "allow", "csrf", token), cookie(token))
	}
	_, q := location(t, ask(object(own, nil)))
	if q.Get("code") == "" || q.Get("state") != "inner" {
		t.Fatalf("answer: %v", q)
	}
	a := w.token("/", form("grant_type", "authorization_code", "code", q.Get("code"), "redirect_uri", callback), basic("web", "s"))
	if a.text("scope") != "write" {
		t.Errorf("the object's scope does not win: %s", a.body)
	}
	for name, raw := range map[string]string{
		"another's key":  object(stranger, nil),
		"expired":        object(own, map[string]any{"exp": w.now().Add(-time.Hour).Unix()}),
		"other client":   object(own, map[string]any{"client_id": "other"}),
		"other audience": object(own, map[string]any{"aud": "https://other.example"}),
		"nested":         object(own, map[string]any{"request": "x"}),
		"unsigned":       "eyJhbGciOiJub25lIn0.e30.",
	} {
		if a := ask(raw); a.status != 400 || a.text("error") != "invalid_request_object" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	// The decision does not come from the object.
	forged := object(own, map[string]any{"decision": "allow", "csrf": token})
	if a := w.post("/", "authorize", form("client_id", "web", "request", forged), cookie(token)); a.status != 200 || !strings.Contains(a.body, `value="deny"`) {
		t.Errorf("a decision within the object: %d %s", a.status, a.body)
	}
	page := w.get("/", "authorize", form("client_id", "web", "request", object(own, nil)))
	to, q := location(t, page)
	back, _ := url.Parse(q.Get("goto"))
	if back.Query().Get("request") == "" {
		t.Errorf("the object does not come back from the sign-in: %s", to)
	}
	if a := w.get("/", "authorize", form("client_id", "web", "request_uri", "https://app.example.com/object")); a.text("error") != "invalid_request_uri" {
		t.Errorf("request_uri: %s", a.body)
	}
}

func TestPairwiseSubject(t *testing.T) {
	w := newWorld(t)
	pairwise := func(id, redirect string) {
		w.client("/", id, "s", `{"coreOAuth2ClientConfig":{"scopes":["openid"],"redirectionUris":["`+redirect+`"]},"advancedOAuth2ClientConfig":{"grantTypes":["password"],"subjectType":"Pairwise"}}`)
	}
	pairwise("a1", "https://a.example/1")
	pairwise("a2", "https://a.example/2")
	pairwise("b", "https://b.example/")
	sub := func(client string) string {
		a := w.token("/", passwordGrant("openid"), basic(client, "s"))
		id := w.verified(a.text("id_token"))
		info := w.get("/", "userinfo", nil, header("Authorization", "Bearer "+a.text("access_token")))
		if id["sub"] != info.json["sub"] || id["subname"] != nil || strings.Contains(info.body, "demo") {
			t.Errorf("%s: ID token %v, userinfo %s", client, id["sub"], info.body)
		}
		s, _ := id["sub"].(string)
		return s
	}
	if a1, a2, b := sub("a1"), sub("a2"), sub("b"); a1 != a2 || a1 == b || strings.Contains(a1, "demo") {
		t.Errorf("subjects are %q, %q, %q", a1, a2, b)
	}
}
