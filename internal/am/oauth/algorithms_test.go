package oauth_test

import (
	"encoding/json"
	"strings"
	"testing"

	"gatehouse/internal/jose"
)

// Every algorithm that discovery offers works, for ID tokens, user information, introspection and authorization answers.
func TestOfferedAlgorithms(t *testing.T) {
	w, l := withLogin(t)
	rsa, ec := newParty(w, jose.RS256, jose.KindRSA2048), newParty(w, jose.ES256, jose.KindP256)
	set, err := json.Marshal(jose.NewKeySet(rsa.key, ec.key).Public())
	if err != nil {
		t.Fatal(err)
	}
	jwks, _ := json.Marshal(string(set))
	const secret = "a client secret that is long enough for every HMAC there is, even for the longest one"
	token := l.signIn("/", "demo", "")
	d := w.get("/", ".well-known/openid-configuration", nil)
	offered := func(name string) []string {
		t.Helper()
		list, _ := d.json[name].([]any)
		if len(list) == 0 {
			t.Fatalf("discovery has no %s", name)
		}
		var out []string
		for _, v := range list {
			out = append(out, v.(string))
		}
		return out
	}
	client := func(keys string) {
		w.client("/", "web", secret, strings.TrimSuffix(webClient("", `,"tokenEndpointAuthMethod":"client_secret_post"`, ""), "}")+
			`,"signEncOAuth2ClientConfig":{"publicKeyLocation":"jwks","jwkSet":`+string(jwks)+keys+`}}`)
	}
	buy := func() answer {
		t.Helper()
		return w.token("/", form("grant_type", "authorization_code", "code", w.code(token, "scope", "openid profile"), "redirect_uri", callback, "client_id", "web", "client_secret", secret))
	}
	// opened decrypts what came, unless enc is "", and checks its signature, unless alg is "".
	opened := func(raw, alg, keyAlg, enc string) map[string]any {
		t.Helper()
		payload := []byte(raw)
		if enc != "" {
			keys := jose.NewKeySet(rsa.key, ec.key)
			if a := jose.Algorithm(keyAlg); a.Symmetric() {
				key, err := jose.NewClientSecretEncryption(secret, a, jose.Encryption(enc))
				if err != nil {
					t.Fatal(err)
				}
				keys = jose.NewKeySet(key)
			}
			tok, err := jose.Decrypt(t.Context(), raw, jose.DecryptOptions{Keys: keys, Algorithms: []jose.Algorithm{jose.Algorithm(keyAlg)}, Encryptions: []jose.Encryption{jose.Encryption(enc)}})
			if err != nil {
				t.Fatalf("%s %s: %v in %.200s", keyAlg, enc, err, raw)
			}
			payload = tok.Payload
		}
		if alg != "" {
			rl, _ := w.realms.Find("/")
			keys, err := rl.Keys().Public(t.Context())
			if jose.Algorithm(alg).Symmetric() {
				var key *jose.Key
				key, err = jose.NewClientSecret(secret)
				keys = jose.NewKeySet(key)
			}
			if err != nil {
				t.Fatal(err)
			}
			tok, err := jose.Verify(t.Context(), string(payload), jose.VerifyOptions{Keys: keys, Algorithms: []jose.Algorithm{jose.Algorithm(alg)}})
			if err != nil {
				t.Fatalf("%s: %v in %.200s", alg, err, payload)
			}
			payload = tok.Payload
		}
		var claims map[string]any
		if err := json.Unmarshal(payload, &claims); err != nil {
			t.Fatal(err)
		}
		return claims
	}
	userinfo := func(a answer) answer { return w.get("/", "userinfo", nil, bearer(a.text("access_token"))) }
	introspect := func(a answer) answer {
		return w.post("/", "introspect", form("token", a.text("access_token"), "client_id", "web", "client_secret", secret), header("Accept", "application/token-introspection+jwt"))
	}

	for _, alg := range offered("id_token_signing_alg_values_supported") {
		client(`,"idTokenSignedResponseAlg":"` + alg + `"`)
		if c := opened(buy().text("id_token"), alg, "", ""); c["aud"] != "web" || c["at_hash"] == nil {
			t.Errorf("ID token with %s: %v", alg, c)
		}
	}
	for _, alg := range offered("userinfo_signing_alg_values_supported") {
		client(`,"userinfoResponseFormat":"SIGNED_JWT","userinfoSignedResponseAlg":"` + alg + `"`)
		if c := opened(userinfo(buy()).body, alg, "", ""); c["aud"] != "web" || c["sub"] != "(usr!demo)" {
			t.Errorf("user information with %s: %v", alg, c)
		}
	}
	for _, alg := range offered("introspection_signing_alg_values_supported") {
		client(`,"tokenIntrospectionSignedResponseAlg":"` + alg + `"`)
		if c := opened(introspect(buy()).body, alg, "", ""); c["aud"] != "web" || c["token_introspection"] == nil {
			t.Errorf("introspection with %s: %v", alg, c)
		}
	}
	for _, alg := range offered("authorization_signing_alg_values_supported") {
		client(`,"authorizationResponseSigningAlgorithm":"` + alg + `"`)
		_, q := location(t, w.post("/", "authorize", form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "read", "response_mode", "jwt", "decision", "allow", "csrf", token), cookie(token)))
		if c := opened(q.Get("response"), alg, "", ""); c["code"] == nil {
			t.Errorf("authorization answer with %s: %v", alg, c)
		}
	}
	for _, keyAlg := range offered("id_token_encryption_alg_values_supported") {
		for _, enc := range offered("id_token_encryption_enc_values_supported") {
			client(`,"idTokenEncryptionEnabled":true,"idTokenEncryptionAlgorithm":"` + keyAlg + `","idTokenEncryptionMethod":"` + enc + `",
				"userinfoResponseFormat":"SIGNED_THEN_ENCRYPTED_JWT","userinfoEncryptedResponseAlg":"` + keyAlg + `","userinfoEncryptedResponseEncryptionAlgorithm":"` + enc + `",
				"tokenIntrospectionResponseFormat":"SIGNED_THEN_ENCRYPTED_JWT","tokenIntrospectionEncryptedResponseAlg":"` + keyAlg + `","tokenIntrospectionEncryptedResponseEncryptionAlgorithm":"` + enc + `",
				"authorizationResponseEncryptionAlgorithm":"` + keyAlg + `","authorizationResponseEncryptionMethod":"` + enc + `"`)
			bought := buy()
			for what, raw := range map[string]string{"ID token": bought.text("id_token"), "user information": userinfo(bought).body, "introspection": introspect(bought).body} {
				if c := opened(raw, "RS256", keyAlg, enc); c["aud"] != "web" {
					t.Errorf("%s with %s, %s: %v", what, keyAlg, enc, c)
				}
			}
			_, q := location(t, w.post("/", "authorize", form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "read", "response_mode", "jwt", "decision", "allow", "csrf", token), cookie(token)))
			if c := opened(q.Get("response"), "RS256", keyAlg, enc); c["code"] == nil {
				t.Errorf("authorization answer with %s, %s: %v", keyAlg, enc, c)
			}
			client(`,"userinfoResponseFormat":"ENCRYPTED_JWT","userinfoEncryptedResponseAlg":"` + keyAlg + `","userinfoEncryptedResponseEncryptionAlgorithm":"` + enc + `"`)
			if c := opened(userinfo(buy()).body, "", keyAlg, enc); c["sub"] != "(usr!demo)" {
				t.Errorf("encrypted user information with %s, %s: %v", keyAlg, enc, c)
			}
		}
	}
}
