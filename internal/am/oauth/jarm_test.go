package oauth_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"gatehouse/internal/jose"
)

// Signed answers (JARM), success and failure alike.
func TestSignedAnswers(t *testing.T) {
	w, l := withLogin(t)
	w.client("/", "web", "s", webClient("", "", ""))
	token := l.signIn("/", "demo", "")
	ask := func(kind, mode string, more ...string) answer {
		f := form("client_id", "web", "response_type", kind, "response_mode", mode, "scope", "openid", "redirect_uri", callback, "state", "st", "nonce", "n", "csrf", token)
		return w.post("/", "authorize", append(f, more...), cookie(token))
	}
	tests := []struct{ kind, mode, start string }{
		{"code", "jwt", callback + "?response="}, {"code", "query.jwt", callback + "?response="},
		{"code", "fragment.jwt", callback + "#response="}, {"code id_token", "jwt", callback + "#response="},
	}
	for _, tt := range tests {
		t.Run(tt.kind+" "+tt.mode, func(t *testing.T) {
			to, q := location(t, ask(tt.kind, tt.mode, "decision", "allow"))
			if !strings.HasPrefix(to, tt.start) || len(q) != 1 {
				t.Fatalf("sent to %s", to)
			}
			claims := w.verified(q.Get("response"))
			if claims["iss"] != base+"/oauth2" || claims["aud"] != "web" || claims["state"] != "st" || claims["code"] == nil || claims["exp"] == nil {
				t.Errorf("answer is %v", claims)
			}
		})
	}
	_, q := location(t, ask("code", "jwt", "decision", "no"))
	if claims := w.verified(q.Get("response")); claims["error"] != "access_denied" || claims["state"] != "st" {
		t.Errorf("refused: %v", claims)
	}
	if a := ask("code", "form_post.jwt", "decision", "allow"); a.status != 200 || !strings.Contains(a.body, `name="response"`) || strings.Contains(a.body, `name="code"`) {
		t.Errorf("form_post.jwt: %d %s", a.status, a.body)
	}
	if _, q := location(t, ask("code id_token", "query.jwt", "decision", "allow")); !strings.Contains(w.verified(q.Get("response"))["error_description"].(string), "not allowed for tokens") {
		t.Errorf("tokens in a readable query: %v", q)
	}

	own := newParty(w, jose.RS256, jose.KindRSA2048)
	group := `"signEncOAuth2ClientConfig":{"publicKeyLocation":"jwks","jwkSet":` + own.jwks() + `,"authorizationResponseSigningAlgorithm":"ES256","authorizationResponseEncryptionAlgorithm":"RSA-OAEP-256"}`
	w.client("/", "web", "s", strings.TrimSuffix(webClient("", "", ""), "}")+","+group+"}")
	_, q = location(t, ask("code", "jwt", "decision", "allow"))
	opened, err := jose.Decrypt(t.Context(), q.Get("response"), jose.DecryptOptions{
		Keys: jose.NewKeySet(own.key), Algorithms: []jose.Algorithm{jose.RSAOAEP256}, Encryptions: []jose.Encryption{jose.A128CBCHS256},
	})
	if err != nil {
		t.Fatal(err)
	}
	if claims := w.verified(string(opened.Payload)); claims["code"] == nil {
		t.Errorf("the encrypted answer is %v", claims)
	}
}

// Request objects that the client keeps at an address of its own.
func TestRequestURI(t *testing.T) {
	w, l := withLogin(t)
	own := newParty(w, jose.ES256, jose.KindP256)
	served, asked := "", 0
	site := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Path == "/elsewhere" {
			http.Redirect(rw, r, "/request.jwt", http.StatusFound)
			return
		}
		_, _ = rw.Write([]byte(served))
	}))
	defer site.Close()
	served = own.sign("web", "", map[string]any{"sub": nil, "aud": base + "/oauth2", "scope": "read", "state": "of the object"})
	sum := sha256.Sum256([]byte(served))
	digest := base64.RawURLEncoding.EncodeToString(sum[:])
	address := site.URL + "/request.jwt"
	uris, _ := json.Marshal([]string{address, address + "#" + digest, address + "#AAAA", site.URL + "/elsewhere"})
	group := `"signEncOAuth2ClientConfig":{"publicKeyLocation":"jwks","jwkSet":` + own.jwks() + `}`
	w.client("/", "web", "s", strings.TrimSuffix(webClient("", `,"requestUris":`+string(uris), ""), "}")+","+group+"}")
	token := l.signIn("/", "demo", "")
	ask := func(uri string, o ...option) answer {
		return w.post("/", "authorize", form("client_id", "web", "response_type", "code", "redirect_uri", callback, "request_uri", uri, "decision", "allow", "csrf", token), append(o, cookie(token))...)
	}
	if a := ask(address); a.text("error") != "invalid_request_uri" || asked != 0 {
		t.Errorf("an internal address that nobody allowed: %d %s, called %d times", a.status, a.body, asked)
	}
	host, err := url.Parse(site.URL)
	if err != nil {
		t.Fatal(err)
	}
	w.provider("/", `{"gatehouseConfig":{"allowedFetchHosts":["`+host.Host+`"]}}`)
	for _, uri := range []string{address, address + "#" + digest} {
		if _, q := location(t, ask(uri)); q.Get("code") == "" || q.Get("state") != "of the object" {
			t.Errorf("%s: %v", uri, q)
		}
	}
	for name, uri := range map[string]string{"not registered": address + "?x", "another digest": address + "#AAAA", "a redirect": site.URL + "/elsewhere"} {
		if a := ask(uri); a.text("error") != "invalid_request_uri" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	// The sign-in comes back to the address, not to a copy.
	to, q := location(t, w.get("/", "authorize", form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "read", "request_uri", address)))
	if !strings.Contains(q.Get("goto"), url.QueryEscape(address)) {
		t.Errorf("sent to %s", to)
	}
	rl, _ := w.realms.Find("/")
	keys, err := rl.Keys().Public(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys.Keys() {
		if k.Fits(jose.RSAOAEP256) != nil {
			continue
		}
		e, err := jose.NewEncrypter(k, jose.RSAOAEP256, jose.A256GCM, jose.EncrypterOptions{ContentType: "JWT"})
		if err != nil {
			continue
		}
		if served, err = e.Encrypt([]byte(served)); err != nil {
			t.Fatal(err)
		}
		break
	}
	if _, q := location(t, ask(address)); q.Get("code") == "" {
		t.Errorf("an encrypted object: %v", q)
	}
	served = strings.Repeat("x", 70<<10)
	if a := ask(address); a.text("error") != "invalid_request_uri" {
		t.Errorf("a huge object: %d %s", a.status, a.body)
	}
}
