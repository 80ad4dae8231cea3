package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/jose"
)

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

// A pushed request has to be brought in time; then its user has time to sign in and decide, once.
func TestPushedRequestLife(t *testing.T) {
	w, l := withLogin(t)
	w.client("/", "web", "s", webClient("", "", ""))
	push := func() []string {
		a := w.post("/", "par", form("response_type", "code", "redirect_uri", callback, "scope", "read"), basic("web", "s"))
		return form("client_id", "web", "request_uri", a.text("request_uri"))
	}
	gone := func(a answer) {
		t.Helper()
		wantError(t, a, 400, "invalid_request", "The request_uri is unknown or has expired.")
	}
	late, brought := push(), push()
	w.pass(89 * time.Second)
	if a := w.get("/", "authorize", brought); a.status != 302 {
		t.Fatalf("brought in time: %d %s", a.status, a.body)
	}
	w.pass(2 * time.Second)
	gone(w.get("/", "authorize", late))
	w.pass(9 * time.Minute)
	token := l.signIn("/", "demo", "")
	if a := w.get("/", "authorize", brought, cookie(token)); a.status != 200 {
		t.Fatalf("after a long sign-in: %d %s", a.status, a.body)
	}
	w.pass(time.Minute)
	gone(w.post("/", "authorize", append(brought, "decision", "allow", "csrf", token), cookie(token)))
	// One that the user decides on at once is gone at once.
	used := append(push(), "decision", "allow", "csrf", token)
	w.get("/", "authorize", used[:4], cookie(token))
	if _, q := location(t, w.post("/", "authorize", used, cookie(token))); q.Get("code") == "" {
		t.Errorf("answer: %v", q)
	}
	gone(w.post("/", "authorize", used, cookie(token)))
}

// What is beside a pushed request object would count without being signed.
func TestPushedObjectAlone(t *testing.T) {
	w, _ := withLogin(t)
	p := newParty(w, jose.ES256, jose.KindP256)
	w.client("/", "web", "s", strings.TrimSuffix(webClient("", "", ""), "}")+`,"signEncOAuth2ClientConfig":{"publicKeyLocation":"jwks","jwkSet":`+p.jwks()+`}}`)
	object := p.sign("web", "", map[string]any{
		"sub": nil, "aud": base + "/oauth2", "response_type": "code", "redirect_uri": callback, "scope": "read",
	})
	if a := w.post("/", "par", form("request", object, "client_id", "web", "client_secret", "s")); a.status != 201 {
		t.Errorf("alone: %d %s", a.status, a.body)
	}
	wantError(t, w.post("/", "par", form("request", object, "nonce", "n"), basic("web", "s")), 400, "invalid_request",
		"Parameters beside the request object must not be pushed.")
	wantError(t, w.post("/", "par", form("request", object+"x"), basic("web", "s")), 400, "invalid_request_object", "Invalid request object")
}

// A client cannot push what only pages of this server and users say.
func TestPushedDecision(t *testing.T) {
	w, l := withLogin(t)
	w.provider("/", `{"consent":{"savedConsentAttribute":"consents"}}`)
	w.client("/", "web", "s", webClient("", "", ""))
	token := l.signIn("/", "demo", "")
	push := w.post("/", "par", form("response_type", "code", "redirect_uri", callback, "scope", "read", "save_consent", "on", "decision", "allow"), basic("web", "s"))
	f := form("client_id", "web", "request_uri", push.text("request_uri"), "decision", "allow", "csrf", token)
	if _, q := location(t, w.post("/", "authorize", f, cookie(token))); q.Get("code") == "" {
		t.Fatalf("answer: %v", q)
	}
	if u := w.userOf("/", "demo"); len(u.Attribute("consents")) != 0 {
		t.Errorf("the client had the consent saved: %v", u.Attribute("consents"))
	}
}

// What is around a request object counts, and is still there after the sign-in: state, nonce and the challenge of PKCE.
func TestAroundRequestObject(t *testing.T) {
	w, l := withLogin(t)
	p := newParty(w, jose.ES256, jose.KindP256)
	w.client("/", "web", "s", strings.TrimSuffix(webClient("", "", ""), "}")+`,"signEncOAuth2ClientConfig":{"publicKeyLocation":"jwks","jwkSet":`+p.jwks()+`}}`)
	object := p.sign("web", "", map[string]any{"sub": nil, "aud": base + "/oauth2", "redirect_uri": callback})
	f := form("client_id", "web", "response_type", "code", "scope", "openid", "request", object, "state", "st", "nonce", "no", "code_challenge", challengeOf(verifier), "code_challenge_method", "S256")
	_, q := location(t, w.get("/", "authorize", f))
	back, err := url.Parse(q.Get("goto"))
	if err != nil {
		t.Fatal(err)
	}
	token := l.signIn("/", "demo", "")
	page := w.get("/", "authorize", nil, cookie(token), func(r *http.Request) { r.URL.RawQuery = back.RawQuery })
	for _, want := range []string{`name="state" value="st"`, `name="nonce" value="no"`, `name="code_challenge_method" value="S256"`} {
		if !strings.Contains(page.body, want) {
			t.Errorf("after the sign-in the page lacks %s", want)
		}
	}
	decided := back.Query()
	decided.Set("decision", "allow")
	decided.Set("csrf", token)
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(decided.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	cookie(token)(r)
	_, q = location(t, w.do(r, "/", "authorize"))
	if q.Get("code") == "" || q.Get("state") != "st" {
		t.Fatalf("answer: %v", q)
	}
	redeem := form("grant_type", "authorization_code", "code", q.Get("code"), "redirect_uri", callback)
	wantError(t, w.post("/", "access_token", redeem, basic("web", "s")), 400, "invalid_request", "code_verifier parameter required")
	w.token("/", append(redeem, "code_verifier", verifier), basic("web", "s"))
}
