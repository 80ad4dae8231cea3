package oauth_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

// labelKeys maps labels to aliases of label-keys.p12, which has two keys of each kind, made by keytool.
func (w *world) labelKeys(dir string, mappings map[string][]string) {
	w.t.Helper()
	file, err := filepath.Abs("testdata/label-keys.p12")
	if err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "password"), []byte("of-the-test"), 0o600); err != nil {
		w.t.Fatal(err)
	}
	for id, s := range map[string]realm.SecretStore{
		"folder": {Type: realm.TypeSecretFiles, Directory: dir, Format: "PLAIN"},
		"keys":   {Type: realm.TypeKeyStore, File: file, StoreType: "PKCS12", StorePassword: "password", EntryPassword: "password", Mappings: mappings},
	} {
		body, _ := json.Marshal(s)
		w.put("/", store.KindSecretStore, id, string(body))
	}
}

func (w *world) kids() []string {
	w.t.Helper()
	keys, err := jose.ParseKeySet([]byte(w.get("/", "connect/jwk_uri", nil).body))
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, k := range keys.Keys() {
		out = append(out, k.ID)
	}
	return out
}

func kidOf(raw string) string {
	head, err := jose.Unverified(raw)
	if err != nil {
		return "" // encrypted
	}
	return head.Header.KeyID
}

// Of a label's aliases the first signs, and all verify and are published; one that is taken out does neither.
func TestAliasesOfLabels(t *testing.T) {
	for alg, of := range map[string]struct {
		label    string
		aliases  [2]string
		provider string
	}{
		"RS256": {"am.services.oauth2.stateless.signing.RSA", [2]string{"rsa2", "rsa1"}, ""},
		"PS256": {"am.services.oauth2.stateless.signing.RSA", [2]string{"rsa2", "rsa1"}, ""},
		"ES256": {"am.services.oauth2.stateless.signing.ES256", [2]string{"es2", "es1"}, ""},
		"EdDSA": {"am.services.oauth2.stateless.signing.EDDSA", [2]string{"ed2", "ed1"}, ""},
		"HS256": {"am.services.oauth2.stateless.signing.HMAC", [2]string{"mac2", "mac1"}, ""},
		"dir":   {"am.services.oauth2.stateless.token.encryption", [2]string{"aes2", "aes1"}, `,"tokenEncryptionEnabled":true`},
	} {
		t.Run(alg, func(t *testing.T) {
			w, dir := newWorld(t), t.TempDir()
			signs := alg
			if alg == "dir" {
				signs = "HS256"
			}
			w.provider("/", `{"coreOAuth2Config":{"statelessTokensEnabled":true},"advancedOAuth2Config":{"tokenSigningAlgorithm":"`+signs+`"`+of.provider+`}}`)
			w.client("/", "app", "s", `{"coreOAuth2ClientConfig":{"scopes":["read"]},"advancedOAuth2ClientConfig":{"grantTypes":["client_credentials"]}}`)
			token := func() string {
				return w.token("/", form("grant_type", "client_credentials", "scope", "read"), basic("app", "s")).text("access_token")
			}
			active := func(raw string) bool {
				return w.post("/", "introspect", form("token", raw), basic("app", "s")).json["active"] == true
			}
			published := alg != "HS256" && alg != "dir"
			w.labelKeys(dir, map[string][]string{of.label: {of.aliases[1]}})
			first := token()
			w.labelKeys(dir, map[string][]string{of.label: of.aliases[:]})
			second := token()
			if !active(first) || !active(second) {
				t.Error("a token of a mapped key is not active")
			}
			if published && (kidOf(first) == kidOf(second) || !slices.Contains(w.kids(), kidOf(first)) || !slices.Contains(w.kids(), kidOf(second))) {
				t.Errorf("keys %s and %s, published are %v", kidOf(first), kidOf(second), w.kids())
			}
			w.labelKeys(dir, map[string][]string{of.label: {of.aliases[0]}})
			w.pass(time.Minute) // what was verified a moment ago counts for so long
			if active(first) || !active(second) {
				t.Errorf("after the first key was taken out: %v, %v", active(first), active(second))
			}
			if published && (slices.Contains(w.kids(), kidOf(first)) || !slices.Contains(w.kids(), kidOf(second))) {
				t.Errorf("published are %v", w.kids())
			}
		})
	}
}

// Keys for ID tokens of clients and of gateways, and for request objects by their algorithm, have labels of their own.
func TestLabelsOfOpenIDConnect(t *testing.T) {
	w, l := withLogin(t)
	const redirect = "https://ig.example.com:8443/home/cdsso/redirect"
	body, _ := json.Marshal(map[string]any{
		"_type": realm.TypeGatewayAgent, "status": "Active", "userpassword": w.realms.SealSecret("pw"), "igCdssoRedirectUrls": []string{redirect},
	})
	w.put("/", store.KindAgent, "ig_agent", string(body))
	own := newParty(w, jose.ES256, jose.KindP256)
	w.client("/", "web", "s", strings.TrimSuffix(webClient("", "", ""), "}")+`,"signEncOAuth2ClientConfig":{"publicKeyLocation":"jwks","jwkSet":`+own.jwks()+`,"requestParameterSignedAlg":"ES256"}}`)
	before := w.kids()
	w.labelKeys(t.TempDir(), map[string][]string{
		realm.LabelRSA: {"rsa1"}, realm.LabelAgentIDToken: {"agent"}, "am.services.oauth2.oidc.decryption.RSA.OAEP": {"oaep"},
	})
	token := l.signIn("/", "demo", "")
	code := w.code(token, "scope", "openid")
	id := w.token("/", form("grant_type", "authorization_code", "code", code, "redirect_uri", callback), basic("web", "s")).text("id_token")
	page := w.get("/", "authorize", form("client_id", "ig_agent", "response_type", "id_token", "response_mode", "form_post", "scope", "openid",
		"agent_provider", "true", "agent_realm", "/", "nonce", "n", "state", "st", "redirect_uri", redirect), cookie(token))
	_, rest, _ := strings.Cut(page.body, `name="id_token" value="`)
	gateway, _, _ := strings.Cut(rest, `"`)
	if w.verified(id)["aud"] != "web" || w.verified(gateway)["aud"] != "ig_agent" {
		t.Fatal("an ID token is somebody else's")
	}
	if kidOf(id) == kidOf(gateway) || slices.Contains(before, kidOf(id)) || slices.Contains(before, kidOf(gateway)) {
		t.Errorf("signed with %s and %s, the realm's own keys are %v", kidOf(id), kidOf(gateway), before)
	}
	// A client takes any key that is published for encryption, with any algorithm that it can.
	keys, err := jose.ParseKeySet([]byte(w.get("/", "connect/jwk_uri", nil).body))
	if err != nil {
		t.Fatal(err)
	}
	signed := own.sign("web", "web", map[string]any{"aud": base + "/oauth2", "client_id": "web", "scope": "write", "redirect_uri": callback, "response_type": "code"})
	seen := 0
	for _, k := range keys.Keys() {
		if k.Use != jose.ForEncryption {
			continue
		}
		seen++
		for _, alg := range []jose.Algorithm{jose.RSAOAEP, jose.RSAOAEP256} {
			e, err := jose.NewEncrypter(k.With(k.ID, alg, k.Use), alg, jose.A128CBCHS256, jose.EncrypterOptions{ContentType: "JWT"})
			if err != nil {
				t.Fatal(err)
			}
			raw, err := e.Encrypt([]byte(signed))
			if err != nil {
				t.Fatal(err)
			}
			a := w.post("/", "authorize", form("client_id", "web", "response_type", "code", "scope", "read", "redirect_uri", callback, "request", raw, "decision", "allow", "csrf", token), cookie(token))
			if _, q := location(t, a); q.Get("code") == "" {
				t.Errorf("%s with the key %s: %d %v %s", alg, k.ID, a.status, q, a.body)
			}
		}
	}
	if seen < 2 {
		t.Errorf("%d keys are published to encrypt with", seen)
	}
}
