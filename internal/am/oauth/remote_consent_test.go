package oauth_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"html"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gojose "github.com/go-jose/go-jose/v4"

	"gatehouse/internal/am/oauth"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// consentService is a remote consent service as somebody else would write it: with another library, and knowing nothing
// of the server but its key set.
type consentService struct {
	w   *world
	sig *ecdsa.PrivateKey
	enc *rsa.PrivateKey
}

var consentKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

const consentURL = "https://rcs.example.com/consent"

// newConsentService also registers the service as the agent "rcs"; more members go to its profile.
func newConsentService(w *world, more string) *consentService {
	w.t.Helper()
	sig, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	s := &consentService{w, sig, consentKey()}
	set, err := json.Marshal(gojose.JSONWebKeySet{Keys: []gojose.JSONWebKey{
		{Key: s.sig.Public(), KeyID: "s", Use: "sig"}, {Key: s.enc.Public(), KeyID: "e", Use: "enc"},
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	text, _ := json.Marshal(string(set))
	w.put("/", store.KindAgent, "rcs", `{"_type":"`+realm.TypeRemoteConsent+`","remoteConsentRedirectUrl":"`+consentURL+`","publicKeyLocation":"jwks",
		"jwkSet":`+string(text)+`,"userpassword":"`+w.realms.SealSecret("shared with the service of consent")+`","remoteConsentResponseSigningAlg":"ES256"`+more+`}`)
	return s
}

// published are the server's keys.
func (s *consentService) published() *gojose.JSONWebKeySet {
	var set gojose.JSONWebKeySet
	if err := json.Unmarshal([]byte(s.w.get("/", "connect/jwk_uri", nil).body), &set); err != nil {
		s.w.t.Fatal(err)
	}
	return &set
}

// asked reads the consent request that a browser brings.
func (s *consentService) asked(to string) map[string]any {
	s.w.t.Helper()
	u, err := url.Parse(to)
	if err != nil || !strings.HasPrefix(to, consentURL) {
		s.w.t.Fatalf("sent to %s", to)
	}
	raw := u.Query().Get("consent_request")
	if strings.Count(raw, ".") == 4 {
		jwe, err := gojose.ParseEncryptedCompact(raw, []gojose.KeyAlgorithm{gojose.RSA_OAEP_256}, []gojose.ContentEncryption{gojose.A128GCM})
		if err != nil {
			s.w.t.Fatal(err)
		}
		plain, err := jwe.Decrypt(s.enc)
		if err != nil {
			s.w.t.Fatal(err)
		}
		raw = string(plain)
	}
	jws, err := gojose.ParseSignedCompact(raw, []gojose.SignatureAlgorithm{gojose.RS256, gojose.HS256})
	if err != nil {
		s.w.t.Fatal(err)
	}
	var payload []byte
	if jws.Signatures[0].Header.Algorithm == "HS256" {
		payload, err = jws.Verify([]byte("shared with the service of consent"))
	} else {
		payload, err = jws.Verify(s.published())
	}
	if err != nil {
		s.w.t.Fatal(err)
	}
	claims := map[string]any{}
	if err := json.Unmarshal(payload, &claims); err != nil {
		s.w.t.Fatal(err)
	}
	return claims
}

// says makes an answer to a request; nil removes a claim.
func (s *consentService) says(request, change map[string]any) string {
	s.w.t.Helper()
	scopes := []string{}
	for name := range request["scopes"].(map[string]any) {
		scopes = append(scopes, name)
	}
	slices.Sort(scopes)
	claims := map[string]any{
		"iss": "rcs", "aud": request["iss"], "clientId": request["clientId"], "csrf": request["csrf"], "username": request["username"],
		"consentApprovalRedirectUri": request["consentApprovalRedirectUri"], "save_consent_enabled": request["save_consent_enabled"],
		"scopes": scopes, "decision": true, "iat": s.w.now().Unix(), "exp": s.w.now().Add(3 * time.Minute).Unix(),
	}
	for name, v := range change {
		claims[name] = v
		if v == nil {
			delete(claims, name)
		}
	}
	return s.sign(s.sig, gojose.ES256, claims)
}

func (s *consentService) sign(key any, alg gojose.SignatureAlgorithm, claims map[string]any) string {
	s.w.t.Helper()
	body, _ := json.Marshal(claims)
	signer, err := gojose.NewSigner(gojose.SigningKey{Algorithm: alg, Key: key}, nil)
	if err != nil {
		s.w.t.Fatal(err)
	}
	jws, err := signer.Sign(body)
	if err != nil {
		s.w.t.Fatal(err)
	}
	raw, err := jws.CompactSerialize()
	if err != nil {
		s.w.t.Fatal(err)
	}
	return raw
}

// sealed encrypts an answer to the server.
func (s *consentService) sealed(raw string, enc gojose.ContentEncryption) string {
	s.w.t.Helper()
	keys := s.published().Keys
	i := slices.IndexFunc(keys, func(k gojose.JSONWebKey) bool { return k.Use == "enc" })
	e, err := gojose.NewEncrypter(enc, gojose.Recipient{Algorithm: gojose.RSA_OAEP_256, Key: keys[i].Key, KeyID: keys[i].KeyID}, nil)
	if err != nil {
		s.w.t.Fatal(err)
	}
	jwe, err := e.Encrypt([]byte(raw))
	if err != nil {
		s.w.t.Fatal(err)
	}
	out, err := jwe.CompactSerialize()
	if err != nil {
		s.w.t.Fatal(err)
	}
	return out
}

// bring posts an answer to where the request wants it, as a browser does whose cookies come along.
func (s *consentService) bring(request map[string]any, raw string, options ...option) answer {
	s.w.t.Helper()
	back, err := url.Parse(request["consentApprovalRedirectUri"].(string))
	if err != nil {
		s.w.t.Fatal(err)
	}
	return s.w.postTo(back, form("consent_response", raw), options...)
}

// postTo posts to an address of this server with a query.
func (w *world) postTo(to *url.URL, pairs []string, options ...option) answer {
	w.t.Helper()
	withQuery := func(r *http.Request) { r.URL.RawQuery = to.RawQuery }
	return w.post("/", strings.TrimPrefix(to.Path, "/openam/oauth2/"), pairs, append(options, withQuery)...)
}

const remotely = `{"consent":{"enableRemoteConsent":true,"remoteConsentServiceId":"rcs","savedConsentAttribute":"consents"},
	"advancedOIDCConfig":{"claimsParameterSupported":true},
	"advancedOAuth2Config":{"enableRichAuthorizationRequests":true,"richAuthorizationRequestsTypes":["account","payment"]}}`

func remoteWorld(t *testing.T, more string) (w *world, s *consentService, token string, ask func(pairs ...string) map[string]any) {
	w, l := withLogin(t)
	w.provider("/", remotely)
	w.client("/", "web", "s", webClient(`,"clientName":["The app"]`, `,"descriptions":["It does things"]`, ""))
	s = newConsentService(w, more)
	token = l.signIn("/", "demo", "")
	ask = func(pairs ...string) map[string]any {
		t.Helper()
		f := append([]string{"client_id", "web", "response_type", "code", "redirect_uri", callback, "state", "abc"}, pairs...)
		to, _ := location(t, w.get("/", "authorize", f, cookie(token)))
		return s.asked(to)
	}
	return w, s, token, ask
}

func TestRemoteConsent(t *testing.T) {
	w, s, token, ask := remoteWorld(t, "")
	request := ask("scope", "openid read write", "claims", `{"id_token":{"acr":{"essential":false}}}`)
	back := request["consentApprovalRedirectUri"].(string)
	if !strings.HasPrefix(back, base+"/oauth2/authorize?client_id=web&response_type=code&") {
		t.Errorf("the answer is to come to %s", back)
	}
	delete(request, "consentApprovalRedirectUri")
	csrf := request["csrf"]
	delete(request, "csrf")
	want := map[string]any{
		"clientId": "web", "iss": base + "/oauth2", "aud": "rcs", "client_name": "The app", "client_description": "It does things",
		"save_consent_enabled": true, "claims": map[string]any{"id_token": map[string]any{"acr": map[string]any{"essential": false}}},
		"scopes": map[string]any{"openid": nil, "read": "Read your things", "write": nil}, "username": "demo",
		"iat": float64(w.now().Unix()), "exp": float64(w.now().Add(3 * time.Minute).Unix()),
	}
	if !reflect.DeepEqual(request, want) {
		t.Errorf("the request is\n%v, want\n%v", request, want)
	}
	request["consentApprovalRedirectUri"], request["csrf"] = back, csrf

	// allowed, but not all of it
	raw := s.says(request, map[string]any{"scopes": []string{"openid", "read"}})
	to, q := location(t, s.bring(request, raw, cookie(token)))
	if !strings.HasPrefix(to, callback+"?code=") || q.Get("state") != "abc" {
		t.Fatalf("sent to %s", to)
	}
	a := w.token("/", form("grant_type", "authorization_code", "code", q.Get("code"), "redirect_uri", callback), basic("web", "s"))
	if a.text("scope") != "openid read" || a.text("id_token") == "" {
		t.Errorf("after consent: %s", a.body)
	}

	// used up
	if a := s.bring(request, raw, cookie(token)); a.status != 400 || a.text("error") != "bad_request" || a.text("error_description") != "The consent response is not valid." {
		t.Errorf("a second time: %d %s", a.status, a.body)
	}
	// also when the service signs it again
	if a := s.bring(request, s.says(request, nil), cookie(token)); a.status != 400 {
		t.Errorf("signed again: %d %s", a.status, a.body)
	}
	// and refused
	request = ask("scope", "read")
	if _, q := location(t, s.bring(request, s.says(request, map[string]any{"decision": false}), cookie(token))); q.Get("error") != "access_denied" {
		t.Errorf("refused: %v", q)
	}
	// texts that services write for values
	request = ask("scope", "read write")
	if _, q := location(t, s.bring(request, s.says(request, map[string]any{"decision": "true", "scopes": "write"}), cookie(token))); q.Get("code") == "" {
		t.Errorf("as texts: %v", q)
	}
	// nobody decides in the place of the service
	f := form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "read", "decision", "allow", "csrf", token)
	if to, _ := location(t, w.post("/", "authorize", f, cookie(token))); !strings.HasPrefix(to, consentURL+"?") {
		t.Errorf("a decision of somebody else leads to %s", to)
	}
	f = form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "read", "prompt", "none")
	if _, q := location(t, w.get("/", "authorize", f, cookie(token))); q.Get("error") != "consent_required" {
		t.Errorf("prompt=none: %v", q)
	}
}

// Whatever is wrong with an answer, the user is told and the client gets nothing.
func TestRemoteConsentForged(t *testing.T) {
	w, s, token, ask := remoteWorld(t, "")
	other := newConsentService(newWorld(t), "")
	w.client("/", "other", "s", webClient("", "", ""))
	mallory := (&fakeLogin{w}).signIn("/", "demo", "")
	for what, forge := range map[string]func(request map[string]any) string{
		"tampered": func(r map[string]any) string {
			parts := strings.Split(s.says(r, map[string]any{"scopes": []string{"read"}}), ".")
			parts[1] = strings.Split(s.says(r, nil), ".")[1]
			return strings.Join(parts, ".")
		},
		"of another key": func(r map[string]any) string { return (&consentService{w, other.sig, nil}).says(r, nil) },
		"by the shared secret": func(r map[string]any) string {
			return s.sign([]byte("shared with the service of consent"), gojose.HS256, map[string]any{
				"iss": "rcs", "aud": r["iss"], "csrf": r["csrf"], "scopes": []string{"read"}, "decision": true, "exp": w.now().Add(time.Minute).Unix(),
			})
		},
		"expired": func(r map[string]any) string {
			return s.says(r, map[string]any{"exp": w.now().Add(-time.Minute).Unix()})
		},
		"without end": func(r map[string]any) string { return s.says(r, map[string]any{"exp": nil}) },
		"for ever": func(r map[string]any) string {
			return s.says(r, map[string]any{"exp": w.now().Add(48 * time.Hour).Unix()})
		},
		"wrong audience": func(r map[string]any) string { return s.says(r, map[string]any{"aud": "https://else.example/oauth2"}) },
		"no audience":    func(r map[string]any) string { return s.says(r, map[string]any{"aud": nil}) },
		"wrong issuer":   func(r map[string]any) string { return s.says(r, map[string]any{"iss": "rcs2"}) },
		"another client": func(r map[string]any) string { return s.says(r, map[string]any{"clientId": "other"}) },
		"another user":   func(r map[string]any) string { return s.says(r, map[string]any{"username": "root"}) },
		"more scopes":    func(r map[string]any) string { return s.says(r, map[string]any{"scopes": []string{"read", "profile"}}) },
		"no scopes":      func(r map[string]any) string { return s.says(r, map[string]any{"scopes": nil}) },
		"no decision":    func(r map[string]any) string { return s.says(r, map[string]any{"decision": nil}) },
		"no csrf":        func(r map[string]any) string { return s.says(r, map[string]any{"csrf": nil}) },
		"csrf of another request": func(r map[string]any) string {
			return s.says(r, map[string]any{"csrf": ask("scope", "write")["csrf"]})
		},
		"csrf of another session": func(r map[string]any) string {
			to, _ := location(t, w.get("/", "authorize", form("client_id", "web", "response_type", "code", "redirect_uri", callback, "state", "abc", "scope", "read write"), cookie(mallory)))
			return s.says(r, map[string]any{"csrf": s.asked(to)["csrf"]})
		},
		"with another method of encryption": func(r map[string]any) string { return s.sealed(s.says(r, nil), gojose.A256GCM) },
		"nothing":                           func(map[string]any) string { return "" },
		"no token":                          func(map[string]any) string { return "a.b.c" },
	} {
		t.Run(what, func(t *testing.T) {
			request := ask("scope", "read write")
			a := s.bring(request, forge(request), cookie(token))
			if a.status != 400 || a.text("error") != "bad_request" || a.header.Get("Location") != "" {
				t.Errorf("%d %s %s", a.status, a.header.Get("Location"), a.body)
			}
		})
	}
}

func TestRemoteConsentEncrypted(t *testing.T) {
	w, s, token, ask := remoteWorld(t, "")
	to, _ := location(t, w.get("/", "authorize", form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "read"), cookie(token)))
	if strings.Count(to[strings.Index(to, "consent_request="):], ".") != 4 {
		t.Errorf("the request is not encrypted: %s", to)
	}
	request := ask("scope", "read")
	if _, q := location(t, s.bring(request, s.sealed(s.says(request, nil), gojose.A128GCM), cookie(token))); q.Get("code") == "" {
		t.Errorf("an encrypted answer: %v", q)
	}
	// signed with the secret, in the clear
	s = newConsentService(w, `,"remoteConsentRequestEncryptionEnabled":false,"remoteConsentRequestSigningAlgorithm":"HS256","remoteConsentResponseSigningAlg":"HS256"`)
	to, _ = location(t, w.get("/", "authorize", form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "read"), cookie(token)))
	request = s.asked(to)
	raw := s.sign([]byte("shared with the service of consent"), gojose.HS256, map[string]any{
		"iss": "rcs", "aud": request["iss"], "csrf": request["csrf"], "scopes": []string{"read"}, "decision": true, "exp": w.now().Add(time.Minute).Unix(),
	})
	if _, q := location(t, s.bring(request, raw, cookie(token))); q.Get("code") == "" {
		t.Errorf("signed with the secret: %v", q)
	}
	if a := s.bring(request, s.says(request, nil), cookie(token)); a.status != 400 {
		t.Errorf("signed with a key where the profile has the secret: %d %s", a.status, a.body)
	}
	// algorithms that the realm does not list
	w.provider("/", `{"consent":{"enableRemoteConsent":true,"remoteConsentServiceId":"rcs","supportedRcsRequestSigningAlgorithms":["RS256"]}}`)
	_, q := location(t, w.get("/", "authorize", form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "read"), cookie(token)))
	if q.Get("error") != "server_error" {
		t.Errorf("an algorithm that is not listed: %v", q)
	}
}

// A user who wants it saved is not asked again; the service is not asked where consent is implied.
func TestRemoteConsentSaved(t *testing.T) {
	w, s, token, ask := remoteWorld(t, "")
	request := ask("scope", "read write")
	location(t, s.bring(request, s.says(request, map[string]any{"scopes": []string{"read"}, "save_consent": true}), cookie(token)))
	f := form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "read")
	if _, q := location(t, w.get("/", "authorize", f, cookie(token))); q.Get("code") == "" {
		t.Errorf("saved: %v", q)
	}
	ask("scope", "read write")
	ask("scope", "read", "prompt", "consent")
}

func TestRemoteConsentDetails(t *testing.T) {
	w, s, token, ask := remoteWorld(t, "")
	const asked = `[{"type":"account","actions":["list"]}]`
	request := ask("scope", "read", "authorization_details", asked)
	if text, _ := json.Marshal(request["authorization_details"]); string(text) != `[{"actions":["list"],"type":"account"}]` {
		t.Errorf("the service is told %s", text)
	}
	chosen := []any{map[string]any{"type": "account", "actions": []any{"list"}, "accounts": []any{"DE12"}}}
	_, q := location(t, s.bring(request, s.says(request, map[string]any{"authorization_details": chosen}), cookie(token)))
	a := w.token("/", form("grant_type", "authorization_code", "code", q.Get("code"), "redirect_uri", callback), basic("web", "s"))
	if !reflect.DeepEqual(a.json["authorization_details"], chosen) {
		t.Errorf("granted: %s", a.body)
	}
	request = ask("scope", "read", "authorization_details", asked)
	pays := []any{map[string]any{"type": "payment"}}
	if a := s.bring(request, s.says(request, map[string]any{"authorization_details": pays}), cookie(token)); a.status != 400 {
		t.Errorf("details of another type: %d %s", a.status, a.body)
	}
}

// A pushed request, and one that had to sign in again, come back as they were.
func TestRemoteConsentPushed(t *testing.T) {
	w, s, token, _ := remoteWorld(t, "")
	name := w.post("/", "par", form("response_type", "code", "redirect_uri", callback, "scope", "read"), basic("web", "s")).text("request_uri")
	to, _ := location(t, w.get("/", "authorize", form("client_id", "web", "request_uri", name), cookie(token)))
	request := s.asked(to)
	raw := s.says(request, nil)
	if _, q := location(t, s.bring(request, raw, cookie(token))); q.Get("code") == "" {
		t.Errorf("pushed: %v", q)
	}
	f := form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "read", "prompt", "login")
	_, q := location(t, w.get("/", "authorize", f, cookie(token)))
	w.pass(time.Second)
	token = (&fakeLogin{w}).signIn("/", "demo", "")
	back, err := url.Parse(q.Get("goto"))
	if err != nil {
		t.Fatal(err)
	}
	withQuery := func(r *http.Request) { r.URL.RawQuery = back.RawQuery }
	to, _ = location(t, w.get("/", "authorize", nil, cookie(token), withQuery))
	request = s.asked(to)
	if _, q := location(t, s.bring(request, s.says(request, nil), cookie(token))); q.Get("code") == "" {
		t.Errorf("signed in again: %v", q)
	}
}

// The browser brings no cookie when another site posts: a page of this server posts the answer once more.
func TestRemoteConsentFromAnotherSite(t *testing.T) {
	w, s, token, ask := remoteWorld(t, "")
	request := ask("scope", "read")
	raw := s.says(request, nil)
	a := s.bring(request, raw)
	if a.status != 200 || !strings.Contains(a.body, "data-submit") {
		t.Fatalf("without a cookie: %d %s", a.status, a.body)
	}
	action := html.UnescapeString(regexp.MustCompile(`action="([^"]*)"`).FindStringSubmatch(a.body)[1])
	if action != request["consentApprovalRedirectUri"] {
		t.Errorf("the page posts to %s, not to %s", action, request["consentApprovalRedirectUri"])
	}
	if !strings.Contains(a.header.Get("Content-Security-Policy"), "form-action 'self' https://app.example.com:443") {
		t.Errorf("policy: %s", a.header.Get("Content-Security-Policy"))
	}
	back, err := url.Parse(action)
	if err != nil {
		t.Fatal(err)
	}
	again := func(options ...option) answer {
		return w.postTo(back, form("consent_response", raw, "consent_again", "1"), options...)
	}
	if to, _ := location(t, again()); !strings.Contains(to, "/UI/Login") || strings.Contains(to, "consent_") {
		t.Errorf("still without a session: %s", to)
	}
	if _, q := location(t, again(cookie(token))); q.Get("code") == "" {
		t.Errorf("posted again: %v", q)
	}
}

func TestRemoteConsentForDevice(t *testing.T) {
	w, s, token, _ := remoteWorld(t, "")
	w.client("/", "tv", "", webClient(`,"clientType":"Public"`, "", ""))
	code := w.post("/", "device/code", form("client_id", "tv", "scope", "read write"))
	poll := form("grant_type", grantDevice, "device_code", code.text("device_code"), "client_id", "tv")
	page := w.get("/", "device/user", form("user_code", code.text("user_code")), cookie(token))
	link := regexp.MustCompile(`href="(` + regexp.QuoteMeta(consentURL) + `[^"]*)"`).FindStringSubmatch(page.body)
	if link == nil || !strings.Contains(page.body, code.text("user_code")) || strings.Contains(page.body, `name="decision"`) {
		t.Fatalf("the page is %s", page.body)
	}
	if a := w.post("/", "device/user", form("user_code", code.text("user_code"), "decision", "allow", "csrf", token), cookie(token)); !strings.Contains(a.body, consentURL) {
		t.Errorf("a decision of somebody else: %d %s", a.status, a.body)
	}
	request := s.asked(html.UnescapeString(link[1]))
	if request["clientId"] != "tv" || request["consentApprovalRedirectUri"] != base+"/oauth2/device/user?user_code="+code.text("user_code") {
		t.Errorf("the request is %v", request)
	}
	if a := s.bring(request, s.says(request, map[string]any{"aud": "else"}), cookie(token)); a.status != 400 {
		t.Errorf("a forged answer: %d %s", a.status, a.body)
	}
	wantError(t, w.post("/", "access_token", poll), 400, "authorization_pending", "The user has not yet completed authorization")
	if a := s.bring(request, s.says(request, map[string]any{"scopes": []string{"read"}}), cookie(token)); a.status != 200 || !strings.Contains(a.body, "Done") {
		t.Errorf("allowed: %d %s", a.status, a.body)
	}
	w.pass(6 * time.Second)
	if a := w.token("/", poll); a.text("scope") != "read" {
		t.Errorf("the device gets %s", a.body)
	}
}

// An agent that is missing or cannot be used is the server's fault, told to the client, with the reason in the log.
func TestRemoteConsentServiceMissing(t *testing.T) {
	var log bytes.Buffer
	w, l := withLogin(t, func(o *oauth.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	w.client("/", "web", "s", webClient("", "", `}, "overrideOAuth2ClientConfig":{"providerOverridesEnabled":true,"enableRemoteConsent":true,"remoteConsentServiceId":"rcs"`))
	token := l.signIn("/", "demo", "")
	const to = `"remoteConsentRedirectUrl":"` + consentURL + `"`
	for _, c := range [...]struct{ what, doc string }{
		{"not found", ""},
		{"is not active", `{"_type":"RemoteConsentAgent","status":"Inactive",` + to + `}`},
		{"not an http or https URL", `{"_type":"RemoteConsentAgent","remoteConsentRedirectUrl":"javascript:alert(1)"}`},
		{"no keys are registered", `{"_type":"RemoteConsentAgent",` + to + `}`},
	} {
		if c.doc != "" {
			w.put("/", store.KindAgent, "rcs", c.doc)
		}
		log.Reset()
		f := form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "read")
		if _, q := location(t, w.get("/", "authorize", f, cookie(token))); q.Get("error") != "server_error" || !strings.Contains(log.String(), c.what) {
			t.Errorf("%s: %v, log %s", c.what, q, log.String())
		}
	}
}
