package oauth_test

import (
	"net/url"
	"strings"
	"testing"
	"time"
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

func TestPushedRequest(t *testing.T) {
	w, l := withLogin(t)
	w.client("/", "web", "s", webClient("", `,"require_pushed_authorization_requests":true`, ""))
	w.client("/", "other", "s", webClient("", "", ""))
	token := l.signIn("/", "demo", "")
	plain := form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "read", "state", "st")
	if _, q := location(t, w.get("/", "authorize", plain, cookie(token))); q.Get("error") != "invalid_request" {
		t.Errorf("not pushed: %v", q)
	}
	pushed := w.post("/", "par", plain, basic("web", "s"))
	if pushed.status != 201 || pushed.json["expires_in"] != 90.0 || !strings.HasPrefix(pushed.text("request_uri"), "urn:ietf:params:oauth:request_uri:") {
		t.Fatalf("push: %d %s", pushed.status, pushed.body)
	}
	use := func(id string, more ...string) answer {
		f := append(form("client_id", id, "request_uri", pushed.text("request_uri")), more...)
		return w.post("/", "authorize", f, cookie(token))
	}
	if a := use("other", "decision", "allow", "csrf", token); a.text("error") != "invalid_request" {
		t.Errorf("by another client: %d %s", a.status, a.body)
	}
	page := use("web", "scope", "write")
	if !strings.Contains(page.body, "Read your things") || !strings.Contains(page.body, `name="request_uri"`) {
		t.Errorf("page: %d %s", page.status, page.body)
	}
	if _, q := location(t, use("web", "decision", "allow", "csrf", token)); q.Get("code") == "" || q.Get("state") != "st" {
		t.Errorf("answer: %v", q)
	}
	if a := use("web", "decision", "allow", "csrf", token); a.text("error") != "invalid_request" {
		t.Errorf("used twice: %d %s", a.status, a.body)
	}
	for name, f := range map[string][]string{
		"request_uri":      append(plain, "request_uri", "x"),
		"foreign redirect": form("client_id", "web", "response_type", "code", "redirect_uri", "https://evil.example/", "scope", "read"),
		"unknown scope":    form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "magic"),
		"no response type": form("client_id", "web", "redirect_uri", callback, "scope", "read"),
	} {
		if a := w.post("/", "par", f, basic("web", "s")); a.status != 400 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if a := w.post("/", "par", plain); a.text("error") != "invalid_client" {
		t.Errorf("not authenticated: %s", a.body)
	}
}

func TestEndSession(t *testing.T) {
	w, l := withLogin(t)
	w.client("/", "web", "s", webClient("", "", ""))
	alive := func(token string) bool {
		_, err := l.sessions().Find(w.ctx, token)
		return err == nil
	}
	signedIn := func() (token, id string) {
		token = l.signIn("/", "demo", "")
		code := w.code(token, "scope", "openid")
		return token, w.token("/", form("grant_type", "authorization_code", "code", code, "redirect_uri", callback), basic("web", "s")).text("id_token")
	}
	wantError(t, w.get("/", "connect/endSession", nil), 400, "bad_request", "The endSession endpoint requires an id_token_hint parameter")
	token, id := signedIn()
	wantError(t, w.get("/", "connect/endSession", form("id_token_hint", id, "post_logout_redirect_uri", "https://evil.example/")), 400, "redirect_uri_mismatch",
		"The redirection URI provided does not match a pre-registered value.")
	if !alive(token) {
		t.Error("a refused logout ended the session")
	}
	if a := w.get("/", "connect/endSession", form("id_token_hint", id[:len(id)-6]+"AAAAAA")); a.status != 400 || !alive(token) {
		t.Errorf("a forged hint: %d %s", a.status, a.body)
	}
	if a := w.get("/", "connect/endSession", form("id_token_hint", id)); a.status != 204 || alive(token) {
		t.Errorf("logout: %d, session alive %v", a.status, alive(token))
	}
	token, id = signedIn()
	w.pass(90 * time.Minute) // the hint has expired, the session has not
	to, _ := location(t, w.get("/", "connect/endSession", form("id_token_hint", id, "post_logout_redirect_uri", "https://app.example.com/bye", "state", "s t")))
	if to != "https://app.example.com/bye?state=s+t" || alive(token) {
		t.Errorf("sent to %s, session alive %v", to, alive(token))
	}
	if a := w.get("/", "connect/checkSession", nil); a.status != 200 || !strings.Contains(a.body, "postMessage") || a.header.Get("X-Frame-Options") != "" {
		t.Errorf("checkSession: %d %v", a.status, a.header)
	}
}
