package oauth_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

func TestDeviceFlow(t *testing.T) {
	w, l := withLogin(t)
	w.client("/", "tv", "", webClient(`,"clientType":"Public"`, "", ""))
	w.client("/", "web", "s", webClient("", "", ""))
	start := func() answer {
		a := w.post("/", "device/code", form("client_id", "tv", "scope", "read"))
		if a.status != 200 || len(a.text("user_code")) != 8 || a.json["interval"] != 5.0 || a.json["expires_in"] != 300.0 ||
			a.text("verification_uri") != base+"/oauth2/device/user" || !strings.HasSuffix(a.text("verification_uri_complete"), "?user_code="+a.text("user_code")) {
			t.Fatalf("answer is %d %s", a.status, a.body)
		}
		return a
	}
	poll := func(a answer) answer {
		return w.post("/", "access_token", form("grant_type", grantDevice, "device_code", a.text("device_code"), "client_id", "tv"))
	}
	token := l.signIn("/", "demo", "")
	decide := func(a answer, decision string) answer {
		return w.post("/", "device/user", form("user_code", a.text("user_code"), "decision", decision, "csrf", token), cookie(token))
	}

	yes := start()
	wantError(t, poll(yes), 400, "authorization_pending", "The user has not yet completed authorization")
	wantError(t, poll(yes), 400, "slow_down", "The polling interval has not elapsed since the last request")
	w.pass(6 * time.Second)
	wantError(t, poll(yes), 400, "authorization_pending", "The user has not yet completed authorization")
	wantError(t, w.post("/", "access_token", form("grant_type", grantDevice, "device_code", yes.text("device_code")), basic("web", "s")), 403, "authorization_declined", "The user has declined authorization")

	if to, _ := location(t, w.get("/", "device/user", form("user_code", yes.text("user_code")))); !strings.Contains(to, url.QueryEscape("/device/user?user_code="+yes.text("user_code"))) {
		t.Errorf("without a session sent to %s", to)
	}
	w.put("", store.KindGlobal, realm.ServiceOAuth2, `{"allowUnauthorisedAccessToUserCodeForm":true}`)
	if a := w.get("/", "device/user", nil); a.status != 200 || !strings.Contains(a.body, `name="user_code"`) {
		t.Errorf("the form before signing in, in all realms: %d %s", a.status, a.body)
	}
	w.put("", store.KindGlobal, realm.ServiceOAuth2, `{}`)
	w.provider("/", `{"deviceCodeConfig":{"realmAllowUnauthorisedAccessToUserCodeForm":true}}`)
	if a := w.get("/", "device/user", nil); a.status != 200 || !strings.Contains(a.body, `name="user_code"`) {
		t.Errorf("the form before signing in: %d %s", a.status, a.body)
	}
	if to, _ := location(t, w.get("/", "device/user", form("user_code", yes.text("user_code")))); !strings.Contains(to, "UI/Login") {
		t.Errorf("with a code and without a session sent to %s", to)
	}
	w.provider("/", `{}`)
	if to, _ := location(t, w.get("/", "device/user", nil)); !strings.Contains(to, "UI/Login") {
		t.Errorf("without a session sent to %s", to)
	}
	if a := w.get("/", "device/user", nil, cookie(token)); !strings.Contains(a.body, `name="user_code"`) {
		t.Errorf("no form: %s", a.body)
	}
	if a := w.get("/", "device/user", form("user_code", "AAAAAAAA"), cookie(token)); !strings.Contains(a.body, "not known") {
		t.Errorf("an unknown code: %s", a.body)
	}
	if a := w.get("/", "device/user", form("user_code", yes.text("user_code")), cookie(token)); !strings.Contains(a.body, "Read your things") || !strings.Contains(a.body, yes.text("user_code")) {
		t.Errorf("no question: %s", a.body)
	}
	if a := w.post("/", "device/user", form("user_code", yes.text("user_code"), "decision", "allow", "csrf", "x"), cookie(token)); a.status != 400 {
		t.Errorf("a forged decision: %d %s", a.status, a.body)
	}
	if a := decide(yes, "allow"); a.status != 200 || !strings.Contains(a.body, "Done") {
		t.Errorf("allowed: %d %s", a.status, a.body)
	}
	bought := poll(yes)
	if bought.status != 200 || bought.text("scope") != "read" || bought.text("refresh_token") == "" {
		t.Errorf("after allowing: %d %s", bought.status, bought.body)
	}
	if !w.active(bought.text("access_token")) {
		t.Error("the token is not active")
	}
	wantError(t, poll(yes), 403, "authorization_declined", "The user has declined authorization")

	no := start()
	decide(no, "deny")
	wantError(t, poll(no), 403, "authorization_declined", "The user has declined authorization")
	old := start()
	w.pass(301 * time.Second)
	wantError(t, poll(old), 401, "expired_token", "The request contains a token no longer valid.")
	if a := decide(old, "allow"); !strings.Contains(a.body, "not known") {
		t.Errorf("an expired code is decided on: %s", a.body)
	}
	w.pass(11 * time.Minute)
	wantError(t, poll(old), 403, "authorization_declined", "The user has declined authorization")
	wantError(t, w.post("/", "device/code", form("client_id", "tv", "scope", "magic")), 400, "invalid_scope", "Unknown/invalid scope(s): [magic]")
}

// A journey of the client is run for each device, whatever session there is.
func TestDeviceJourney(t *testing.T) {
	w, l := withLogin(t)
	w.client("/", "tv", "", webClient(`,"clientType":"Public"`, `,"treeName":"StrongTree"`, ""))
	show := func(code, token string) answer {
		return w.get("/", "device/user", form("user_code", code), cookie(token))
	}
	sentToSignIn := func(a answer, code string) bool {
		return a.status == 302 && strings.Contains(a.header.Get("Location"), "tree=StrongTree") && strings.Contains(a.header.Get("Location"), code)
	}
	earlier := l.signIn("/", "demo", "StrongTree")
	w.pass(time.Second)
	code := w.post("/", "device/code", form("client_id", "tv", "scope", "read")).text("user_code")
	w.pass(time.Second)
	if a := show(code, earlier); !sentToSignIn(a, code) {
		t.Errorf("an earlier session: %d %s", a.status, a.header.Get("Location"))
	}
	if a := show(code, l.signIn("/", "demo", "Login")); !sentToSignIn(a, code) {
		t.Errorf("another journey: %d %s", a.status, a.header.Get("Location"))
	}
	if a := show(code, l.signIn("/", "demo", "StrongTree")); a.status != 200 || !strings.Contains(a.body, code) {
		t.Errorf("the journey of the client: %d %s", a.status, a.body)
	}
}

// The page may be at an address of the settings that has a query; RFC 9700 asks for PKCE where codes go through a browser,
// which those of devices do not, and what a device sends is checked all the same.
func TestDeviceSettings(t *testing.T) {
	w := newWorld(t)
	w.client("/", "tv", "", webClient(`,"clientType":"Public"`, "", ""))
	w.provider("/", `{"deviceCodeConfig":{"verificationUrl":"https://tv.example/go?lang=de"},"gatehouseConfig":{"rfc9700":true}}`)
	a := w.post("/", "device/code", form("client_id", "tv", "scope", "read"))
	if a.text("verification_uri") != "https://tv.example/go?lang=de" ||
		a.text("verification_uri_complete") != "https://tv.example/go?lang=de&user_code="+a.text("user_code") {
		t.Errorf("answer is %d %s", a.status, a.body)
	}
	challenged := w.post("/", "device/code", form("client_id", "tv", "scope", "read", "code_challenge", challengeOf(verifier), "code_challenge_method", "S256"))
	poll := form("grant_type", grantDevice, "device_code", challenged.text("device_code"), "client_id", "tv")
	wantError(t, w.post("/", "access_token", poll), 400, "invalid_request", "code_verifier parameter required")
	wantError(t, w.post("/", "access_token", append(poll, "code_verifier", verifier)), 400, "authorization_pending", "The user has not yet completed authorization")
	w.provider("/", `{"advancedOAuth2Config":{"codeVerifierEnforced":"public"}}`)
	wantError(t, w.post("/", "device/code", form("client_id", "tv", "scope", "read")), 400, "invalid_request", "Missing parameter, 'code_challenge'")
}

// One session cannot try user codes without end.
func TestDeviceGuessing(t *testing.T) {
	w, l := withLogin(t)
	token := l.signIn("/", "demo", "")
	limited := 0
	for range 15 {
		if a := w.get("/", "device/user", form("user_code", "AAAAAAAA"), cookie(token)); a.status == 429 {
			limited++
		}
	}
	if limited != 5 {
		t.Errorf("%d of 15 guesses were refused, want 5", limited)
	}
}

// Two devices never wait with one code, however few there are.
func TestDeviceCodesDiffer(t *testing.T) {
	w := newWorld(t)
	w.client("/", "tv", "", webClient(`,"clientType":"Public"`, "", ""))
	w.provider("/", `{"deviceCodeConfig":{"deviceUserCodeLength":6,"deviceUserCodeCharacterSet":"0000000001"}}`)
	seen := map[string]bool{}
	for range 12 {
		a := w.post("/", "device/code", form("client_id", "tv", "scope", "read"))
		if a.status == 503 {
			continue // no free one was found
		}
		if a.status != 200 || seen[a.text("user_code")] {
			t.Errorf("answer is %d %s", a.status, a.body)
		}
		seen[a.text("user_code")] = true
	}
}
