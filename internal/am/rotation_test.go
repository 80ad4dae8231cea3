package am_test

import (
	"net/url"
	"testing"
	"time"

	"gatehouse/internal/jose"
)

// A key of the realm is rotated: new tokens have the new one, those before hold, and the former key is published until
// the last of them has expired.
func TestKeyRotation(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	admin("POST", "/json/realm-config/services/oauth-oidc?_action=create", map[string]any{
		"coreOAuth2Config":     map[string]any{"statelessTokensEnabled": true, "refreshTokenLifetime": 3600},
		"advancedOAuth2Config": map[string]any{"tokenSigningAlgorithm": "ES256"},
	}).want(t, 201)
	profile := map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": "secret", "scopes": []string{"read"}, "accessTokenLifetime": 3 * 24 * 3600},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials"}},
	}
	admin("PUT", "/json/realm-config/agents/OAuth2Client/app", profile).want(t, 201)
	token := func() (raw, kid string) {
		t.Helper()
		raw, _ = s.send("POST", "/oauth2/access_token", url.Values{
			"grant_type": {"client_credentials"}, "client_id": {"app"}, "client_secret": {"secret"}, "scope": {"read"},
		}).want(t, 200)["access_token"].(string)
		head, err := jose.Unverified(raw)
		if err != nil { // encrypted
			return raw, ""
		}
		return raw, head.Header.KeyID
	}
	active := func(raw string) bool {
		t.Helper()
		return s.send("POST", "/oauth2/introspect", url.Values{"token": {raw}, "client_id": {"app"}, "client_secret": {"secret"}}).want(t, 200)["active"] == true
	}
	published := func(kid string) bool {
		t.Helper()
		keys, _ := s.send("GET", "/oauth2/connect/jwk_uri", nil).want(t, 200)["keys"].([]any)
		for _, k := range keys {
			if at(k, "kid") == kid {
				return true
			}
		}
		return false
	}
	const mappings = "/json/realm-config/secrets/stores/KeyStoreSecretStore/default-keystore/mappings/"
	// The mappings are called as in a fresh PingAM, so that they can be read back.
	for label, alias := range map[string]string{
		"am.services.oauth2.oidc.signing.RSA": "rsajwtsigningkey", "am.services.oauth2.stateless.signing.ES512": "es512test",
		"am.services.oauth2.stateless.signing.HMAC": "hmacsigningtest", "am.services.oauth2.stateless.token.encryption": "directenctest",
		"am.services.oauth2.oidc.decryption.RSA1.5": "test", "am.global.services.oauth2.oidc.agent.idtoken.signing": "rsajwtsigningkey",
	} {
		o := admin("GET", mappings+label, nil).want(t, 200)
		if list, _ := o["aliases"].([]any); len(list) != 1 || list[0] != alias {
			t.Errorf("%s is mapped to %v", label, list)
		}
		admin("PUT", mappings+label, map[string]any{"secretId": label, "aliases": []string{alias}}).want(t, 200)
	}
	before, old := token()
	s.send("POST", mappings+"am.services.oauth2.oidc.signing.ES256?_action=rotate", "{}").want(t, 401)
	admin("POST", mappings+"no.such.label?_action=rotate", "{}").want(t, 404)
	rotated := admin("POST", mappings+"am.services.oauth2.oidc.signing.ES256?_action=rotate", "{}").want(t, 200)
	after, fresh := token()
	if fresh == old || rotated["kid"] != fresh {
		t.Fatalf("signed with %q after %q, rotation says %v", fresh, old, rotated)
	}
	for _, raw := range []string{before, after} {
		if !active(raw) {
			t.Error("a token is no more active after the rotation")
		}
	}
	s.clock.pass(3*24*time.Hour - time.Minute)
	if !published(old) || !published(fresh) {
		t.Error("a key is not published that tokens need which live")
	}
	if !active(before) {
		t.Error("a token that lives is not active")
	}
	s.clock.pass(2 * time.Minute)
	if published(old) || !published(fresh) {
		t.Error("the former key is published for ever, or the new one is not")
	}
	admin = s.admin() // the session of three days ago has ended
	// Tokens with HMAC and encrypted ones survive a rotation as well.
	admin("PUT", "/json/realm-config/services/oauth-oidc", map[string]any{"coreOAuth2Config": map[string]any{"statelessTokensEnabled": true}}).want(t, 200)
	mac, _ := token()
	admin("POST", mappings+"am.services.oauth2.stateless.signing.HMAC?_action=rotate", "{}").want(t, 200)
	other, _ := token()
	if !active(mac) || !active(other) {
		t.Error("tokens with HMAC do not survive a rotation")
	}
	admin("PUT", "/json/realm-config/services/oauth-oidc", map[string]any{
		"coreOAuth2Config": map[string]any{"statelessTokensEnabled": true}, "advancedOAuth2Config": map[string]any{"tokenEncryptionEnabled": true},
	}).want(t, 200)
	sealed, _ := token()
	admin("POST", mappings+"am.services.oauth2.stateless.token.encryption?_action=rotate", "{}").want(t, 200)
	if again, _ := token(); !active(sealed) || !active(again) {
		t.Error("encrypted tokens do not survive a rotation")
	}
}
