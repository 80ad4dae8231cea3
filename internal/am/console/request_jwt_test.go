package console_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/jose"
)

// The request helper knows the grants for which somebody else signs: JWT bearer and the back channel.
func TestRequestHelperJWT(t *testing.T) {
	b := admin(t)
	key, err := jose.Generate(jose.KindP256)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(key, jose.ES256, jose.SignerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	set, err := json.Marshal(jose.NewKeySet(key))
	if err != nil {
		t.Fatal(err)
	}
	keys, _ := json.Marshal(string(set))
	b.api("POST", "users?_action=create", `{"username":"demo","userpassword":"Ch4ng31t"}`)
	b.api("POST", "realm-config/services/oauth-oidc?_action=create", `{}`)
	b.api("PUT", "realm-config/agents/TrustedJwtIssuer/partner", `{"issuer":"https://partner.example.com","jwkSet":`+string(keys)+`}`)
	b.api("PUT", "realm-config/agents/OAuth2Client/c", `{"coreOAuth2ClientConfig":{"userpassword":"top-secret","scopes":["openid","pay"]},
		"advancedOAuth2ClientConfig":{"grantTypes":["urn:ietf:params:oauth:grant-type:jwt-bearer","urn:openid:params:grant-type:ciba"]},
		"signEncOAuth2ClientConfig":{"publicKeyLocation":"jwks","jwkSet":`+string(keys)+`}}`)
	sign := func(claims map[string]any) string {
		t.Helper()
		claims["iat"], claims["exp"], claims["jti"] = time.Now().Unix(), time.Now().Add(time.Minute).Unix(), time.Now().String()
		raw, err := signer.SignClaims(claims)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	const at = "applications/c/request"
	send := func(grant, name, value string) string {
		t.Helper()
		page, _ := b.post(at, at, url.Values{"grant": {grant}, "sent": {"1"}, name: {value}, "scope": {"pay"}, "client_secret": {"top-secret"}, "run": {"1"}}, 200)
		return text(page)
	}

	bearer := "urn:ietf:params:oauth:grant-type:jwt-bearer"
	b.has(text(b.open(at+"?grant="+url.QueryEscape(bearer))), "A JWT of an issuer that the realm trusts", "--data-urlencode 'grant_type="+bearer+"'")
	assertion := sign(map[string]any{"iss": "https://partner.example.com", "sub": "demo", "aud": b.base + "oauth2/access_token"})
	b.has(send(bearer, "assertion", assertion), "200 OK", `"token_type": "Bearer"`, "--data-urlencode 'assertion="+assertion+"'")
	b.has(send(bearer, "assertion", assertion[:len(assertion)-8]+"AAAAAAAA"), "400 Bad Request", "invalid_grant")

	// A client of the back channel asks, and polls before the user has answered.
	channel := "urn:openid:params:grant-type:ciba"
	asked := sign(map[string]any{"iss": "c", "aud": b.base + "oauth2", "scope": "openid pay", "login_hint": "demo", "binding_message": "4711"})
	r, err := http.NewRequest("POST", b.base+"oauth2/bc-authorize", strings.NewReader(url.Values{"request": {asked}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("c", "top-secret")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		ID string `json:"auth_req_id"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.ID == "" {
		t.Fatalf("the back channel answers %s, %v", resp.Status, err)
	}
	b.has(send(channel, "auth_req_id", answer.ID), "400 Bad Request", "authorization_pending", "--data-urlencode 'auth_req_id="+answer.ID+"'")
	b.has(send(channel, "auth_req_id", "unknown"), "400 Bad Request", "invalid_grant")
}
