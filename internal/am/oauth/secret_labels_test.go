package oauth_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

// secretStores gives the root realm a folder of secrets, and a key store with the mappings. client-secrets.p12 has the
// secrets "new" and "old" and a key with a certificate; its password is "of-the-test".
func (w *world) secretStores(dir string, mappings map[string][]string) {
	w.t.Helper()
	file, err := filepath.Abs("testdata/client-secrets.p12")
	if err != nil {
		w.t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	write("password", "of-the-test\n")
	for id, s := range map[string]realm.SecretStore{
		"folder": {Type: realm.TypeSecretFiles, Directory: dir, Format: "PLAIN"},
		"keys":   {Type: realm.TypeKeyStore, File: file, StoreType: "PKCS12", StorePassword: "password", Mappings: mappings},
	} {
		body, _ := json.Marshal(s)
		w.put("/", store.KindSecretStore, id, string(body))
	}
}

// Secrets of clients and agents may be in the realm's secret stores, all values of a label valid at a time; that of the
// profile does not count then.
func TestSecretsByLabel(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	labelled := func(label string) string {
		return `{"coreOAuth2ClientConfig":{"scopes":["read"],"secretLabelIdentifier":"` + label + `"},"advancedOAuth2ClientConfig":{"grantTypes":["client_credentials"]}}`
	}
	w.client("/", "rotating", "of the profile", labelled("one"))
	w.client("/", "filed", "of the profile", labelled("two"))
	w.client("/", "unmapped", "of the profile", labelled("three"))
	w.put("/", store.KindAgent, "ig_agent", `{"_type":"IdentityGatewayAgent","userpassword":"`+w.realms.SealSecret("of the profile")+`","secretLabelIdentifier":"gateway","igTokenIntrospection":"Realm"}`)
	works := func(id, secret string) bool {
		return w.post("/", "access_token", form("grant_type", "client_credentials", "scope", "read"), basic(id, secret)).status == 200
	}
	if !works("rotating", "of the profile") {
		t.Fatal("without a store the secret of the profile does not count")
	}
	if err := os.WriteFile(filepath.Join(dir, "am.applications.oauth2.client.two.secret"), []byte("filed secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.secretStores(dir, map[string][]string{
		"am.applications.oauth2.client.one.secret": {"new", "old"}, "am.applications.agents.gateway.secret": {"new"},
	})
	for _, tt := range []struct {
		id, secret string
		want       bool
	}{
		{"rotating", "secret-new", true}, {"rotating", "secret-old", true}, {"rotating", "of the profile", false}, {"rotating", "", false},
		{"filed", "filed secret", true}, {"filed", "of the profile", false},
		{"unmapped", "of the profile", true}, {"unmapped", "secret-new", false},
	} {
		if got := works(tt.id, tt.secret); got != tt.want {
			t.Errorf("%s with %q: %v, want %v", tt.id, tt.secret, got, tt.want)
		}
	}
	if a := w.post("/", "introspect", form("token", "x"), basic("ig_agent", "secret-new")); a.status != 200 {
		t.Errorf("the agent: %d %s", a.status, a.body)
	}
	if a := w.post("/", "introspect", form("token", "x"), basic("ig_agent", "of the profile")); a.status != 401 {
		t.Errorf("the agent with the former password: %d", a.status)
	}
	// What lies in a folder is read again after a while.
	if err := os.WriteFile(filepath.Join(dir, "am.applications.oauth2.client.two.secret"), []byte("changed secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.pass(6 * time.Minute)
	if works("filed", "filed secret") || !works("filed", "changed secret") {
		t.Error("a changed secret is not in force")
	}
}

// Keys and certificates of clients may be there too.
func TestKeysByLabel(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	own := newParty(w, jose.ES256, jose.KindP256)
	ca := newAuthority(t)
	for name, cert := range map[string]*x509.Certificate{
		"jwt.public.key": ca.certify(t, "app", own.key.PublicKey(), nil), "mtls.trusted.cert": certificate(t, "pinned"),
	} {
		if err := os.WriteFile(filepath.Join(dir, "am.applications.oauth2.client.app."+name), []byte(pemOf(cert)), 0o600); err != nil {
			t.Fatal(err)
		}
		if name == "mtls.trusted.cert" {
			defer func() {
				if a := w.post("/", "access_token", form("grant_type", "client_credentials", "client_id", "tls", "scope", "read"), shows(cert, false)); a.status != 200 {
					t.Errorf("the certificate: %d %s", a.status, a.body)
				}
			}()
		}
	}
	w.secretStores(dir, nil)
	w.client("/", "app", "", `{"coreOAuth2ClientConfig":{"scopes":["read"],"secretLabelIdentifier":"app"},"advancedOAuth2ClientConfig":{"grantTypes":["client_credentials"]},
		"signEncOAuth2ClientConfig":{"tokenEndpointAuthSigningAlgorithm":"ES256"}}`)
	w.client("/", "tls", "", `{"coreOAuth2ClientConfig":{"scopes":["read"],"secretLabelIdentifier":"app"},"advancedOAuth2ClientConfig":{"grantTypes":["client_credentials"],"tokenEndpointAuthMethod":"self_signed_tls_client_auth"}}`)
	ask := func(p *party) answer {
		return w.post("/", "access_token", form("grant_type", "client_credentials", "scope", "read", "client_assertion_type", assertionType, "client_assertion", p.sign("app", "app", nil)))
	}
	if a := ask(own); a.status != 200 {
		t.Errorf("the key: %d %s", a.status, a.body)
	}
	wantError(t, ask(newParty(w, jose.ES256, jose.KindP256)), 400, "invalid_client", "Client authentication failed")
}

// Keys of a key store are published with their certificates, under the names that the settings give them, and once for
// each algorithm where the settings want that.
func TestPublishedKeys(t *testing.T) {
	w := newWorld(t)
	w.secretStores(t.TempDir(), map[string][]string{realm.LabelES256: {"certificate"}})
	w.provider("/", `{"advancedOIDCConfig":{"jwtSigningKidHeaderMappings":{"certificate":"my-key"},"includeAllKtyAlgCombinationsInJwksUri":true}}`)
	keys, _ := w.get("/", "connect/jwk_uri", nil).json["keys"].([]any)
	seen := map[string]int{}
	for _, k := range keys {
		key, _ := k.(map[string]any)
		alg, _ := key["alg"].(string)
		if alg == "" {
			t.Errorf("a key without an algorithm: %v", key)
		}
		seen[alg]++
		if key["kid"] == "my-key" {
			if chain, _ := key["x5c"].([]any); alg != "ES256" || key["x5t"] == nil || len(chain) != 1 {
				t.Errorf("the named key is %v", key)
			}
		}
	}
	for _, alg := range []string{"RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "ES512", "EdDSA", "RSA-OAEP", "RSA-OAEP-256"} {
		if seen[alg] == 0 {
			t.Errorf("no key for %s", alg)
		}
	}
	w.client("/", "app", "s", `{"coreOAuth2ClientConfig":{"scopes":["openid"]},"advancedOAuth2ClientConfig":{"grantTypes":["password"]},"signEncOAuth2ClientConfig":{"idTokenSignedResponseAlg":"ES256"}}`)
	head, err := jose.Unverified(w.token("/", passwordGrant("openid"), basic("app", "s")).text("id_token"))
	if err != nil || head.Header.KeyID != "my-key" {
		t.Errorf("the token is signed with %q, %v", head.Header.KeyID, err)
	}
}

// What no store of the realm has may be in the environment, in base64 unless the settings say otherwise.
func TestSecretsInTheEnvironment(t *testing.T) {
	t.Setenv("AM_APPLICATIONS_OAUTH2_CLIENT_SHOP_1_SECRET", base64.StdEncoding.EncodeToString([]byte("of the variable")))
	w := newWorld(t)
	w.client("/", "shop", "of the profile", `{"coreOAuth2ClientConfig":{"scopes":["read"],"secretLabelIdentifier":"shop-1"},"advancedOAuth2ClientConfig":{"grantTypes":["client_credentials"]}}`)
	works := func(secret string) bool {
		return w.post("/", "access_token", form("grant_type", "client_credentials", "scope", "read"), basic("shop", secret)).status == 200
	}
	if !works("of the variable") || works("of the profile") {
		t.Error("the variable does not count")
	}
	t.Setenv("AM_APPLICATIONS_OAUTH2_CLIENT_SHOP_1_SECRET", "plain text")
	w.put("", store.KindSecretStore, realm.TypeSecretEnv, `{"format":"PLAIN"}`)
	if !works("plain text") || works("of the variable") {
		t.Error("the format does not count")
	}
	w.put("", store.KindSecretStore, realm.TypeSecretEnv, `{"format":"BASE64"}`)
	if works("plain text") || works("of the profile") {
		t.Error("a variable that is not base64 counts")
	}
}
