package am_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// A service set up over REST, with its keys at an address of its own, asks a user who is signed in; the answer goes from
// its page to the server as a browser brings it: first without the cookie, then from the server's own page.
func TestRemoteConsentOverHTTP(t *testing.T) {
	s := newSite(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "rcs", Use: "sig"}}}
		if err := json.NewEncoder(w).Encode(set); err != nil {
			t.Error(err)
		}
	}))
	defer service.Close()
	admin := s.admin()
	const realm = "/json/realms/root/realm-config"
	admin("PUT", realm+"/agents/RemoteConsentAgent/rcs", map[string]any{
		"remoteConsentRedirectUrl": "https://rcs.example.com/ask?theme=dark", "jwksUri": service.URL,
		"remoteConsentRequestEncryptionEnabled": false, "remoteConsentResponseSigningAlg": "ES256",
	}).want(t, 201)
	admin("POST", realm+"/services/oauth-oidc?_action=create", map[string]any{
		"consent": map[string]any{"enableRemoteConsent": true, "remoteConsentServiceId": "rcs"},
	}).want(t, 201)
	admin("PUT", realm+"/agents/OAuth2Client/web", map[string]any{
		"coreOAuth2ClientConfig": map[string]any{"userpassword": "secret", "scopes": []string{"read", "write"}, "redirectionUris": []string{"https://app.example.com/cb"}},
	}).want(t, 201)
	admin("POST", "/json/realms/root/users?_action=create", map[string]any{"username": "alice", "userpassword": "Ch4ng31t!"}).want(t, 201)
	session := "iPlanetDirectoryPro=" + s.login("/json/realms/root/authenticate", "alice", "Ch4ng31t!")

	q := url.Values{"client_id": {"web"}, "response_type": {"code"}, "redirect_uri": {"https://app.example.com/cb"}, "scope": {"read write"}, "state": {"xyz"}}
	sent := s.send("GET", "/oauth2/authorize?"+q.Encode(), nil, "Cookie", session)
	to, err := url.Parse(sent.Header.Get("Location"))
	if err != nil || !strings.HasPrefix(to.String(), "https://rcs.example.com/ask?theme=dark&consent_request=") {
		t.Fatalf("sent to %s, %v", to, err)
	}
	var published jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(s.send("GET", "/oauth2/connect/jwk_uri", nil).raw), &published); err != nil {
		t.Fatal(err)
	}
	request, err := jose.ParseSignedCompact(to.Query().Get("consent_request"), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := request.Verify(&published)
	if err != nil {
		t.Fatal(err)
	}
	var asked map[string]any
	if err := json.Unmarshal(payload, &asked); err != nil {
		t.Fatal(err)
	}
	if asked["username"] != "alice" || asked["aud"] != "rcs" || asked["clientId"] != "web" {
		t.Errorf("the service is asked %v", asked)
	}

	answer, _ := json.Marshal(map[string]any{
		"iss": "rcs", "aud": asked["iss"], "csrf": asked["csrf"], "clientId": "web", "decision": true, "scopes": []string{"read"},
		"exp": s.clock.Now().Unix() + 60,
	})
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "rcs"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(answer)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	back, _ := asked["consentApprovalRedirectUri"].(string)
	form := url.Values{"consent_response": {raw}}
	if page := s.send("POST", back, form); page.StatusCode != 200 || !strings.Contains(page.raw, `name="consent_again"`) {
		t.Errorf("from another site: %d %s", page.StatusCode, page.raw)
	}
	form.Set("consent_again", "1")
	done, err := url.Parse(s.send("POST", back, form, "Cookie", session).Header.Get("Location"))
	if err != nil || done.Query().Get("code") == "" || done.Query().Get("state") != "xyz" {
		t.Fatalf("the client gets %s, %v", done, err)
	}
	got := s.send("POST", "/oauth2/access_token", url.Values{
		"grant_type": {"authorization_code"}, "code": {done.Query().Get("code")}, "redirect_uri": {"https://app.example.com/cb"}, "client_id": {"web"}, "client_secret": {"secret"},
	}).want(t, 200)
	if got["scope"] != "read" {
		t.Errorf("granted: %v", got)
	}
	form.Del("consent_again")
	if again := s.send("POST", back, form, "Cookie", session); again.StatusCode != 400 {
		t.Errorf("the answer a second time: %d %s", again.StatusCode, again.raw)
	}
}
