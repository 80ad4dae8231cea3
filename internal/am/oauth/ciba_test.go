package oauth_test

import (
	"strings"
	"testing"
	"time"

	"gatehouse/internal/jose"
)

const grantBackchannel = "urn:openid:params:grant-type:ciba"

// bank is a client that asks on the back channel.
func bank(w *world) *party {
	w.t.Helper()
	p := newParty(w, jose.ES256, jose.KindP256)
	for _, id := range []string{"bank", "other"} {
		w.client("/", id, "s", `{"coreOAuth2ClientConfig":{"scopes":["openid","pay|Pay from your account"],"clientName":["My Bank"]},
			"advancedOAuth2ClientConfig":{"grantTypes":["`+grantBackchannel+`","refresh_token"]},
			"signEncOAuth2ClientConfig":{"publicKeyLocation":"jwks","jwkSet":`+p.jwks()+`}}`)
	}
	return p
}

// sought is a signed request in order; changes as party.sign has them.
func (p *party) sought(change map[string]any) string {
	claims := map[string]any{"sub": nil, "aud": base + "/oauth2", "scope": "openid pay", "login_hint": "demo", "binding_message": "4711"}
	for name, v := range change {
		claims[name] = v
	}
	return p.sign("bank", "", claims)
}

func TestBackchannel(t *testing.T) {
	w, l := withLogin(t)
	p := bank(w)
	w.user("/", "eve", "x")
	token, eve := l.signIn("/", "demo", ""), l.signIn("/", "eve", "")
	ask := func(change map[string]any) answer {
		return w.post("/", "bc-authorize", form("request", p.sought(change)), basic("bank", "s"))
	}
	started := func() answer {
		t.Helper()
		a := ask(nil)
		if a.status != 200 || a.text("auth_req_id") == "" || a.json["expires_in"] != 600.0 || a.json["interval"] != 2.0 {
			t.Fatalf("answer is %d %s", a.status, a.body)
		}
		return a
	}
	poll := func(a answer, id string) answer {
		return w.post("/", "access_token", form("grant_type", grantBackchannel, "auth_req_id", a.text("auth_req_id")), basic(id, "s"))
	}
	list := func(token string) []any {
		t.Helper()
		a := w.get("/", "bc-authorize/user", nil, cookie(token), header("Accept", "application/json"))
		items, _ := a.json["requests"].([]any)
		return items
	}
	decide := func(token, decision, csrf string) answer {
		id, _ := list(l.signIn("/", "demo", ""))[0].(map[string]any)["id"].(string)
		return w.post("/", "bc-authorize/user", form("id", id, "decision", decision, "csrf", csrf), cookie(token))
	}

	yes := started()
	wantError(t, poll(yes, "bank"), 400, "authorization_pending", "The user has not yet completed authorization")
	wantError(t, poll(yes, "bank"), 400, "slow_down", "The polling interval has not elapsed since the last request")
	wantError(t, poll(yes, "other"), 400, "invalid_grant", "The auth_req_id is not known, or it was used.")
	if items := list(eve); len(items) != 0 {
		t.Errorf("another user sees %v", items)
	}
	page := w.get("/", "bc-authorize/user", nil, cookie(token), header("Accept", "text/html"))
	for _, want := range []string{"My Bank", "4711", "Pay from your account", `name="csrf"`, `value="allow"`} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page lacks %q:\n%s", want, page.body)
		}
	}
	if strings.Contains(page.body, token) || strings.Contains(page.body, yes.text("auth_req_id")) {
		t.Error("the page holds a secret")
	}
	if a := decide(token, "allow", "forged"); a.status != 400 {
		t.Errorf("a forged decision: %d %s", a.status, a.body)
	}
	if a := decide(eve, "allow", eve); a.status != 404 {
		t.Errorf("another user's decision: %d %s", a.status, a.body)
	}
	if a := decide(token, "allow", token); a.status != 200 || !strings.Contains(a.body, "Allowed") {
		t.Errorf("allowed: %d %s", a.status, a.body)
	}
	bought := poll(yes, "bank")
	if bought.status != 200 || bought.text("scope") != "openid pay" || bought.text("refresh_token") == "" {
		t.Fatalf("after allowing: %d %s", bought.status, bought.body)
	}
	if id := w.verified(bought.text("id_token")); id["sub"] != "(usr!demo)" || id["aud"] != "bank" {
		t.Errorf("ID token is %v", id)
	}
	wantError(t, poll(yes, "bank"), 400, "invalid_grant", "The auth_req_id is not known, or it was used.")

	no := started()
	decide(token, "deny", token)
	wantError(t, poll(no, "bank"), 400, "access_denied", "Resource Owner did not authorize the request")
	old := started()
	w.pass(601 * time.Second)
	wantError(t, poll(old, "bank"), 400, "expired_token", "The request contains a token no longer valid.")
	if items := list(l.signIn("/", "demo", "")); len(items) != 0 {
		t.Errorf("an expired request is listed: %v", items)
	}
	if to, _ := location(t, w.get("/", "bc-authorize/user", nil)); !strings.HasPrefix(to, base+"/UI/Login?") {
		t.Errorf("without a session sent to %s", to)
	}
	if a := w.get("/", "bc-authorize/user", nil, header("Accept", "application/json")); a.status != 401 {
		t.Errorf("without a session: %d %s", a.status, a.body)
	}
	if d := w.get("/", ".well-known/openid-configuration", nil); d.text("backchannel_authentication_endpoint") != base+"/oauth2/bc-authorize" {
		t.Errorf("discovery says %s", d.body)
	}
}

func TestBackchannelRefusals(t *testing.T) {
	w, _ := withLogin(t)
	p := bank(w)
	stranger := newParty(w, jose.ES256, jose.KindP256)
	rsa := newParty(w, jose.RS256, jose.KindRSA2048)
	w.client("/", "plain", "s", core("openid", "client_credentials"))
	const needed = "Request must have a 'request' parameter the value of which must be a signed jwt"
	once := p.sought(map[string]any{"jti": "same"})
	if a := w.post("/", "bc-authorize", form("request", once), basic("bank", "s")); a.status != 200 {
		t.Fatalf("first use: %s", a.body)
	}
	with := func(pairs ...any) string {
		change := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			change[pairs[i].(string)] = pairs[i+1]
		}
		return p.sought(change)
	}
	tests := []struct{ name, request, client, code, description string }{
		{"no request", "", "bank", "invalid_request", needed},
		{"unsigned", "eyJhbGciOiJub25lIn0.e30.", "bank", "invalid_request", needed},
		{"another's key", stranger.sought(nil), "bank", "invalid_request", needed},
		{"algorithm not in the settings", rsa.sought(nil), "bank", "invalid_request", needed},
		{"another issuer", with("iss", "x"), "bank", "invalid_request", "JWT is not valid"},
		{"expired", with("exp", w.now().Add(-time.Minute).Unix()), "bank", "invalid_request", "JWT has expired"},
		{"lives too long", with("exp", w.now().Add(31*time.Minute).Unix()), "bank", "invalid_request", "JWT expiration time is unreasonable"},
		{"another server", with("aud", "https://x.example"), "bank", "invalid_request", "Audience validation failed"},
		{"shown twice", once, "bank", "invalid_request", "JWT is not valid"},
		{"no openid", with("scope", "pay"), "bank", "invalid_scope", "Missing expected scope=openid from request"},
		{"unknown scope", with("scope", "openid magic"), "bank", "invalid_scope", "Unknown/invalid scope(s): [magic]"},
		{"long message", with("binding_message", strings.Repeat("x", 101)), "bank", "invalid_binding_message", "The binding_message is too long or holds control characters."},
		{"message that is shown in another order", with("binding_message", "\u202etxet"), "bank", "invalid_binding_message", "The binding_message is too long or holds control characters."},
		{"no hint", with("login_hint", nil), "bank", "invalid_request", "Exactly one of login_hint and id_token_hint is needed."},
		{"two hints", with("id_token_hint", "x"), "bank", "invalid_request", "Exactly one of login_hint and id_token_hint is needed."},
		{"hint token", with("login_hint", nil, "login_hint_token", "x"), "bank", "invalid_request", "login_hint_token is not supported by this server."},
		{"unknown user", with("login_hint", "nobody"), "bank", "unknown_user_id", "The hint does not name a user."},
		{"bad hint", with("login_hint", nil, "id_token_hint", "x.y.z"), "bank", "invalid_request", "Invalid id_token_hint parameter"},
		{"bad expiry", with("requested_expiry", "soon"), "bank", "invalid_request", "Invalid requested_expiry parameter"},
		{"client without the grant", with(), "plain", "unauthorized_client", "The authenticated client is not authorized to use this authorization grant type."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantError(t, w.post("/", "bc-authorize", form("request", tt.request), basic(tt.client, "s")), 400, tt.code, tt.description)
		})
	}
	if a := w.post("/", "bc-authorize", form("request", with("requested_expiry", 30)), basic("bank", "s")); a.json["expires_in"] != 30.0 {
		t.Errorf("requested_expiry: %s", a.body)
	}
	wantError(t, w.post("/", "bc-authorize", form("request", with())), 400, "invalid_client", "Client authentication failed")
}

// Requests that are over stay for a while, to say so: they must not hide those that are open, nor come without end.
func TestBackchannelFlood(t *testing.T) {
	w, l := withLogin(t)
	p := bank(w)
	token := l.signIn("/", "demo", "")
	asked := 0
	for range 10 {
		for range 50 {
			a := w.post("/", "bc-authorize", form("request", p.sought(map[string]any{"requested_expiry": 1})), basic("bank", "s"))
			if a.status == 200 {
				asked++
			} else {
				wantError(t, a, 503, "temporarily_unavailable", "Too many requests wait for this user.")
			}
		}
		w.pass(2 * time.Second)
	}
	if asked != 200 {
		t.Errorf("%d requests were taken, want 200", asked)
	}
	w.pass(11 * time.Minute)
	if a := w.post("/", "bc-authorize", form("request", p.sought(nil)), basic("bank", "s")); a.status != 200 {
		t.Fatalf("after a while: %d %s", a.status, a.body)
	}
	a := w.get("/", "bc-authorize/user", nil, cookie(token), header("Accept", "application/json"))
	if items, _ := a.json["requests"].([]any); len(items) != 1 {
		t.Errorf("the user sees %s", a.body)
	}
}

// An ID token of another realm says nothing of the users of this one, whatever their names are.
func TestHintOfAnotherRealm(t *testing.T) {
	w, l := withLogin(t)
	p := bank(w)
	w.client("/alpha", "bank", "s", core("openid", "password"))
	foreign := w.token("/alpha", passwordGrant("openid"), basic("bank", "s")).text("id_token")
	a := w.post("/", "bc-authorize", form("request", p.sought(map[string]any{"login_hint": nil, "id_token_hint": foreign})), basic("bank", "s"))
	wantError(t, a, 400, "invalid_request", "Invalid id_token_hint parameter")
	w.client("/", "web", "s", webClient("", "", ""))
	w.client("/alpha", "web", "s", core("openid", "password"))
	foreign = w.token("/alpha", passwordGrant("openid"), basic("web", "s")).text("id_token")
	f := form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "openid", "id_token_hint", foreign)
	if _, q := location(t, w.get("/", "authorize", f, cookie(l.signIn("/", "demo", "")))); q.Get("error") != "invalid_request" {
		t.Errorf("authorize: %v", q)
	}
}
