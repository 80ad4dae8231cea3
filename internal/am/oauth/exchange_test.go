package oauth_test

import (
	"encoding/json"
	"gatehouse/internal/am/oauth"
	"strings"
	"testing"
	"time"
)

// exchangeWorld has the client "first" that gets tokens for demo, and "acting" that may exchange them.
func exchangeWorld(t *testing.T, mayAct, provider string) (*world, *fakeScripts) {
	t.Helper()
	scripts := &fakeScripts{mayAct: mayAct}
	w := newWorld(t, scripts.into)
	w.editScript("/", mayActScript)
	w.provider("/", `{"coreOAuth2Config":{"accessTokenMayActScript":"`+mayActScript+`","oidcMayActScript":"`+mayActScript+`"`+provider+`}}`)
	w.client("/", "first", "s", core("openid mail read", "password client_credentials"))
	w.client("/", "acting", "s", `{"coreOAuth2ClientConfig":{"scopes":["mail","write"],"defaultScopes":["write"],"accessTokenLifetime":60},
		"advancedOAuth2ClientConfig":{"grantTypes":["`+grantExchange+`","client_credentials"],"tokenExchangeAuthLevel":7,"allowedResourceServerAudienceValues":["https://a.example","https://b.example"]}}`)
	return w, scripts
}

func exchange(subject, kind string, more ...string) []string {
	return append(form("grant_type", grantExchange, "subject_token", subject, "subject_token_type", kind), more...)
}

const errExchange = "Invalid token exchange."

func TestExchangeRefusals(t *testing.T) {
	w, scripts := exchangeWorld(t, `{"client_id":["someone","acting"],"sub":"(age!acting)"}`, "")
	auth := basic("acting", "s")
	subject := w.token("/", passwordGrant("openid mail"), basic("first", "s"))
	at, id := subject.text("access_token"), subject.text("id_token")
	actor := w.token("/", form("grant_type", "client_credentials", "scope", "write"), auth).text("access_token")
	stranger := w.token("/", form("grant_type", "client_credentials", "scope", "read"), basic("first", "s")).text("access_token")
	scripts.mayAct = `{"client_id":"other"}`
	foreign := w.token("/", passwordGrant("mail"), basic("first", "s")).text("access_token")
	scripts.mayAct = ""
	without := w.token("/", passwordGrant("mail"), basic("first", "s")).text("access_token")
	scripts.mayAct = `"acting"`
	odd := w.token("/", passwordGrant("mail"), basic("first", "s")).text("access_token")

	tests := map[string][]string{
		"no subject token":       form("grant_type", grantExchange, "subject_token_type", typeAccessToken),
		"no subject type":        form("grant_type", grantExchange, "subject_token", at),
		"unknown subject token":  exchange("x", typeAccessToken),
		"wrong subject type":     exchange(at, typeIDToken),
		"ID token as access":     exchange(id, typeAccessToken),
		"unknown requested type": exchange(at, typeAccessToken, "requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"),
		"no may_act":             exchange(without, typeAccessToken),
		"may_act of another":     exchange(foreign, typeAccessToken),
		"may_act is no object":   exchange(odd, typeAccessToken),
		"forged ID token":        exchange(id[:len(id)-6]+"AAAAAA", typeIDToken),
		"actor without its type": exchange(at, typeAccessToken, "actor_token", actor),
		"actor type without one": exchange(at, typeAccessToken, "actor_token_type", typeAccessToken),
		"unknown actor":          exchange(at, typeAccessToken, "actor_token", "x", "actor_token_type", typeAccessToken),
		"actor that may not act": exchange(at, typeAccessToken, "actor_token", stranger, "actor_token_type", typeAccessToken),
		"actor of an unfit type": exchange(at, typeAccessToken, "actor_token", actor, "actor_token_type", typeIDToken),
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			wantError(t, w.post("/", "access_token", f, auth), 400, "invalid_request", errExchange)
		})
	}
	wantError(t, w.post("/", "access_token", exchange(at, typeAccessToken, "scope", "read"), auth), 400, "invalid_scope", "Unknown/invalid scope(s): [read]")
	w.post("/", "token/revoke", form("token", at), basic("first", "s"))
	wantError(t, w.post("/", "access_token", exchange(at, typeAccessToken), auth), 400, "invalid_request", errExchange)
	w.pass(2 * time.Hour)
	wantError(t, w.post("/", "access_token", exchange(id, typeIDToken), auth), 400, "invalid_request", errExchange)
}

func TestExchangeConversions(t *testing.T) {
	w, _ := exchangeWorld(t, `{"client_id":"acting"}`, "")
	auth := basic("acting", "s")
	subject := w.token("/", passwordGrant("openid mail"), basic("first", "s"))
	from := map[string]string{typeAccessToken: subject.text("access_token"), typeIDToken: subject.text("id_token")}
	for kind, raw := range from {
		for _, wanted := range []string{typeAccessToken, typeIDToken} {
			t.Run(kind+" to "+wanted, func(t *testing.T) {
				a := w.token("/", exchange(raw, kind, "requested_token_type", wanted), auth)
				if a.text("issued_token_type") != wanted || a.text("scope") != "write" || a.text("refresh_token") != "" {
					t.Errorf("answer is %s", a.body)
				}
				if wanted == typeIDToken {
					id := w.verified(a.text("access_token"))
					if a.text("token_type") != "N_A" || id["sub"] != "(usr!demo)" || id["aud"] != "acting" || id["tokenName"] != "id_token" {
						t.Errorf("ID token %v in %s", id, a.body)
					}
					return
				}
				if a.text("token_type") != "Bearer" || a.json["expires_in"] != 59.0 {
					t.Errorf("answer is %s", a.body)
				}
				seen := w.post("/", "introspect", form("token", a.text("access_token")), auth)
				level := 0.0
				if kind == typeIDToken {
					level = 7
				}
				if seen.text("sub") != "(usr!demo)" || seen.text("client_id") != "acting" || seen.json["act"] != nil || seen.json["auth_level"] != level {
					t.Errorf("introspection says %s", seen.body)
				}
			})
		}
	}
	w.provider("/", `{"advancedOAuth2Config":{"tokenValidatorClasses":["`+typeIDToken+`|x"]}}`)
	wantError(t, w.post("/", "access_token", exchange(from[typeAccessToken], typeAccessToken), auth), 400, "invalid_request", errExchange)
	w.provider("/", `{"advancedOAuth2Config":{"tokenExchangeClasses":["`+typeAccessToken+`=>`+typeAccessToken+`|x"]}}`)
	wantError(t, w.post("/", "access_token", exchange(from[typeIDToken], typeIDToken), auth), 400, "invalid_request", errExchange)
}

// Delegation names the actor, and those before inside.
func TestExchangeDelegation(t *testing.T) {
	w, _ := exchangeWorld(t, `{"client_id":"acting","sub":["(age!acting)","(usr!demo)"]}`, "")
	auth := basic("acting", "s")
	subject := w.token("/", passwordGrant("mail"), basic("first", "s")).text("access_token")
	actor := w.token("/", form("grant_type", "client_credentials", "scope", "write"), auth).text("access_token")
	act := func(raw string) string {
		seen := w.post("/", "introspect", form("token", raw), auth)
		b, _ := json.Marshal(seen.json["act"])
		return string(b)
	}
	first := w.token("/", exchange(subject, typeAccessToken, "actor_token", actor, "actor_token_type", typeAccessToken), auth).text("access_token")
	if got := act(first); got != `{"sub":"(age!acting)"}` {
		t.Errorf("act is %s", got)
	}
	second := w.token("/", exchange(first, typeAccessToken, "actor_token", subject, "actor_token_type", typeAccessToken), auth).text("access_token")
	if got := act(second); got != `{"act":{"sub":"(age!acting)"},"sub":"(usr!demo)"}` {
		t.Errorf("act is %s", got)
	}
	// The subject may be a client, and it may be the actor too.
	own := w.token("/", exchange(actor, typeAccessToken), auth).text("access_token")
	if seen := w.post("/", "introspect", form("token", own), auth); seen.text("sub") != "(age!acting)" {
		t.Errorf("a client's own token: %s", seen.body)
	}
}

func TestExchangeAudience(t *testing.T) {
	w, _ := exchangeWorld(t, `{"client_id":"acting"}`, `,"statelessTokensEnabled":true`)
	subject := w.token("/", passwordGrant("mail"), basic("first", "s")).text("access_token")
	ask := func(audiences ...string) answer {
		f := exchange(subject, typeAccessToken, "resource", "https://ignored.example")
		for _, a := range audiences {
			f = append(f, "audience", a)
		}
		return w.post("/", "access_token", f, basic("acting", "s"))
	}
	if a := ask("https://evil.example"); a.status != 200 {
		t.Errorf("the parameter counts though it is switched off: %s", a.body)
	}
	w.provider("/", `{"coreOAuth2Config":{"accessTokenMayActScript":"`+mayActScript+`","statelessTokensEnabled":true},
		"advancedOAuth2Config":{"acceptAudienceParametersInTokenExchangeRequests":true,"tokenSigningAlgorithm":"ES256"}}`)
	subject = w.token("/", passwordGrant("mail"), basic("first", "s")).text("access_token")
	for _, bad := range []string{"https://evil.example", "https://a.example/", ""} {
		wantError(t, ask(bad), 400, "invalid_request", "Invalid audience requested.")
	}
	aud := func(a answer) string {
		b, _ := json.Marshal(w.verified(a.text("access_token"))["aud"])
		return string(b)
	}
	if got := aud(ask("https://b.example", "https://a.example")); got != `["acting","https://b.example","https://a.example"]` {
		t.Errorf("aud is %s", got)
	}
	if got := aud(ask()); got != `"acting"` {
		t.Errorf("aud is %s", got)
	}
}

// What a client could have written itself is no proof: ID tokens sealed with its secret, and those of strangers.
func TestExchangeOfHMACToken(t *testing.T) {
	w, _ := exchangeWorld(t, `{"client_id":"acting"}`, "")
	w.client("/", "mac", "secret-of-some-length", `{"coreOAuth2ClientConfig":{"scopes":["openid"]},"advancedOAuth2ClientConfig":{"grantTypes":["password"]},"signEncOAuth2ClientConfig":{"idTokenSignedResponseAlg":"HS256"}}`)
	id := w.token("/", passwordGrant("openid"), basic("mac", "secret-of-some-length")).text("id_token")
	wantError(t, w.post("/", "access_token", exchange(id, typeIDToken), basic("acting", "s")), 400, "invalid_request", errExchange)
}

// A client that got an ID token in an exchange is told of the end of the session too.
func TestExchangeIsFollowed(t *testing.T) {
	l := &fakeLogin{}
	scripts := &fakeScripts{mayAct: `{"client_id":"acting"}`}
	w := newWorld(t, scripts.into, func(o *oauth.Options) { o.Login = l })
	l.w = w
	w.editScript("/", mayActScript)
	w.provider("/", `{"coreOAuth2Config":{"accessTokenMayActScript":"`+mayActScript+`"}}`)
	e := newEar(t)
	w.client("/", "web", "s", webClient("", "", ""))
	w.client("/", "acting", "s", strings.Replace(core("openid", grantExchange), "}}", `},"coreOpenIDClientConfig":{"backchannel_logout_uri":"`+e.URL+`"}}`, 1))
	session := l.signIn("/", "demo", "")
	at := w.token("/", form("grant_type", "authorization_code", "code", w.code(session, "scope", "read"), "redirect_uri", callback), basic("web", "s")).text("access_token")
	id := w.verified(w.token("/", exchange(at, typeAccessToken, "requested_token_type", typeIDToken, "scope", "openid"), basic("acting", "s")).text("access_token"))
	if err := l.sessions().End(w.ctx, session); err != nil {
		t.Fatal(err)
	}
	if err := w.server.Follow(w.ctx, ""); err != nil {
		t.Fatal(err)
	}
	heard := e.took()
	if len(heard) != 1 || w.verified(heard[0])["sid"] != id["sid"] || id["sid"] == nil {
		t.Errorf("told %d times of %v", len(heard), id["sid"])
	}
}
