package oauth_test

import (
	"strings"
	"testing"
	"time"
)

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

// A hint that is encrypted under the client's secret is opened where the request says whose it is.
func TestEndSessionEncryptedHint(t *testing.T) {
	w, l := withLogin(t)
	keys := func(alg string) string {
		return strings.TrimSuffix(webClient("", "", ""), "}") + `,"signEncOAuth2ClientConfig":{"idTokenEncryptionEnabled":true,"idTokenEncryptionAlgorithm":"` + alg + `","idTokenEncryptionMethod":"A256GCM"}}`
	}
	for _, alg := range []string{"A128KW", "A256KW", "dir"} {
		w.client("/", "web", "secret", keys(alg))
		w.client("/", "other", "secret too", keys(alg))
		token := l.signIn("/", "demo", "")
		code := w.code(token, "scope", "openid")
		id := w.token("/", form("grant_type", "authorization_code", "code", code, "redirect_uri", callback), basic("web", "secret")).text("id_token")
		if strings.Count(id, ".") != 4 {
			t.Fatalf("%s: the ID token is not encrypted", alg)
		}
		for _, client := range []string{"", "other", "nobody"} {
			if a := w.get("/", "connect/endSession", form("id_token_hint", id, "client_id", client)); a.status != 400 {
				t.Errorf("%s, client %q: %d %s", alg, client, a.status, a.body)
			}
		}
		if a := w.get("/", "connect/endSession", form("id_token_hint", id, "client_id", "web")); a.status != 204 {
			t.Errorf("%s: %d %s", alg, a.status, a.body)
		}
		if _, err := l.sessions().Find(w.ctx, token); err == nil {
			t.Errorf("%s: the session is alive", alg)
		}
	}
}
