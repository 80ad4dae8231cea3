package secrets

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/jose"
)

func TestPasswords(t *testing.T) {
	tests := []struct {
		name, store, id string
		env             map[string]string
		want, err       string
	}{
		{"variable, base64 by default", `{"type":"SystemAndEnvSecretStore"}`, "agent.secret.id",
			map[string]string{"AGENT_SECRET_ID": "cGFzc3dvcmQ="}, "password", ""},
		{"variable without padding", `{"type":"SystemAndEnvSecretStore"}`, "agent.secret.id",
			map[string]string{"AGENT_SECRET_ID": "cGFzc3dvcmQ"}, "password", ""},
		{"property", `{"type":"SystemAndEnvSecretStore"}`, "agent.secret.id",
			map[string]string{"agent.secret.id": "cGFzc3dvcmQ="}, "password", ""},
		{"variable before property", `{"type":"SystemAndEnvSecretStore"}`, "a.b",
			map[string]string{"a.b": "cHJvcA==", "A_B": "dmFy"}, "var", ""},
		{"plain", `{"type":"SystemAndEnvSecretStore","config":{"format":"plain"}}`, "a.b",
			map[string]string{"A_B": "cGFzc3dvcmQ="}, "cGFzc3dvcmQ=", ""},
		{"format of one id", `{"type":"SystemAndEnvSecretStore","config":{"mappings":[{"secretId":"a.b","format":"PLAIN"}]}}`, "a.b",
			map[string]string{"A_B": "x y"}, "x y", ""},
		{"not base64", `{"type":"SystemAndEnvSecretStore"}`, "a.b", map[string]string{"A_B": "s3cret!"}, "",
			`secret "a.b" in {SystemAndEnvSecretStore}/heap/0/config/stores/0: A_B: the value is not base64; encode it, or set the format PLAIN`},
		{"absent", `{"type":"SystemAndEnvSecretStore"}`, "a.b", nil, "",
			`there is no secret "a.b" in {SystemAndEnvSecretStore}/heap/0/config/stores/0 (set the environment variable A_B)`},
		{"inline", `{"type":"Base64EncodedSecretStore","config":{"secrets":{"client.secret.id":"cGFzc3dvcmQ="}}}`, "client.secret.id",
			nil, "password", ""},
		{"a key is no password", `{"type":"SystemAndEnvSecretStore","config":{"format":{"type":"SecretKeyPropertyFormat","config":{"algorithm":"AES"}}}}`,
			"k", map[string]string{"K": "AAAAAAAAAAAAAAAAAAAAAA=="}, "",
			`the secret "k" in {SystemAndEnvSecretStore}/heap/0/config/stores/0 is a key; a password is needed`},
		{"key of the wrong size", `{"type":"SystemAndEnvSecretStore","config":{"format":{"type":"SecretKeyPropertyFormat","config":{"algorithm":"AES"}}}}`,
			"k", map[string]string{"K": "AAAA"}, "",
			`secret "k" in {SystemAndEnvSecretStore}/heap/0/config/stores/0: K: an AES key has 16, 24 or 32 bytes, not 3`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, tt.env).load(t, `[{"name":"p","type":"SecretsProvider","config":{"stores":[`+tt.store+`]}}]`).ok(t)
			p := object[SecretStore](t, f, "p").(Provider)
			got, err := p.Password(t.Context(), ID(tt.id))
			if got != tt.want {
				t.Errorf("Password(%s) = %q, want %q", tt.id, got, tt.want)
			}
			if text := fmt.Sprint(err); tt.err != "" && text != tt.err || tt.err == "" && err != nil {
				t.Errorf("Password(%s)\n got error %v\nwant       %s", tt.id, err, tt.err)
			}
		})
	}
}

func TestBadConfiguration(t *testing.T) {
	tests := []struct{ name, config, want string }{
		{"id with a dot at the end", `{"type":"SecretsKeyManager","config":{"signingSecretId":"a.","secretsProvider":"env"}}`,
			`route.json:2:68: heap[1].config.signingSecretId: "a." is no secret id: it must not begin or end with a dot`},
		{"id with two dots", `{"type":"SecretsKeyManager","config":{"signingSecretId":"a..b","secretsProvider":"env"}}`,
			`route.json:2:68: heap[1].config.signingSecretId: "a..b" is no secret id: it must not have two dots in a row`},
		{"id with a slash", `{"type":"SecretsKeyManager","config":{"signingSecretId":"../b","secretsProvider":"env"}}`,
			`route.json:2:68: heap[1].config.signingSecretId: "../b" is no secret id: it must not begin or end with a dot`},
		{"inline value", `{"type":"Base64EncodedSecretStore","config":{"secrets":{"a.b":"p@ss"}}}`,
			`route.json:2:74: heap[1].config.secrets["a.b"]: the value is not base64; this gives it: printf %s VALUE | base64`},
		{"unknown store", `{"type":"SecretsProvider","config":{"stores":["SystemAndEnv"]}}`,
			`route.json:2:58: heap[1].config.stores[0]: there is no object "SystemAndEnv"`},
		{"wrong kind", `{"type":"SecretsProvider","config":{"stores":[{"type":"TrustAllManager"}]}}`,
			`route.json:2:58: heap[1].config.stores[0]: expected a secret store, found an object (TrustAllManager)`},
		{"hsm", `{"type":"HsmSecretStore","config":{}}`,
			`route.json:2:20: heap[1].type: the type HsmSecretStore cannot be used: hardware security modules are reached through Java's PKCS#11 provider; keep the keys in a KeyStoreSecretStore or a FileSystemSecretStore`},
		{"jwk url", `{"type":"JwkSetSecretStore","config":{"jwkUrl":"ftp://host/x"}}`,
			`route.json:2:59: heap[1].config.jwkUrl: expected a URL that begins with https:, http: or file:, found "ftp://host/x"`},
		{"listener without key", `{"type":"ServerTlsOptions","config":{}}`,
			`route.json:2:1: heap[1]: a listener needs "keyManager" or "sni"`},
		{"suite", `{"type":"ClientTlsOptions","config":{"sslCipherSuites":["TLS_FAST"]}}`,
			`route.json:2:67: heap[1].config.sslCipherSuites: there is no cipher suite "TLS_FAST" here`},
		{"protocol", `{"type":"ClientTlsOptions","config":{"sslEnabledProtocols":["TLSv9"]}}`,
			`route.json:2:71: heap[1].config.sslEnabledProtocols: expected TLSv1.3, TLSv1.2, TLSv1.1 or TLSv1, found "TLSv9"`},
		{"client certificates unchecked", `{"type":"ServerTlsOptions","config":{"clientAuth":"REQUEST","keyManager":{"type":"SecretsKeyManager","config":{"signingSecretId":"a","secretsProvider":"env"}}}}`,
			`route.json:2:62: heap[1].config.clientAuth: client certificates cannot be checked without "trustManager"`},
		{"trust what", `{"type":"SecretsTrustManager","config":{"secretsProvider":"env","checkRevocation":false}}`,
			`route.json:2:1: heap[1]: the required field "certificateVerificationSecretId" is missing`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			decl := strings.Replace(tt.config, "{", `{"name":"x",`, 1)
			f := newFixture(t, nil).load(t, "[{\"name\":\"env\",\"type\":\"SystemAndEnvSecretStore\"},\n"+decl+`]`)
			if got := fmt.Sprint(f.errs.Err()); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestAbsentProviderIsTheEnvironment(t *testing.T) {
	f := newFixture(t, nil).load(t, `[{"name":"k","type":"SecretsKeyManager","config":{"signingSecretId":"a"}}]`).ok(t)
	if !strings.Contains(f.warnings(), `the field "secretsProvider" is missing`) {
		t.Errorf("warnings %q do not mention the provider", f.warnings())
	}
}

func TestMissingFilesAreWarnings(t *testing.T) {
	f := newFixture(t, nil).load(t, `[{"name":"a","type":"FileSystemSecretStore","config":{"directory":"/nowhere/at/all"}},
		{"name":"b","type":"KeyStoreSecretStore","config":{"file":"/nowhere.p12","mappings":[]}}]`).ok(t)
	want := "route.json:1:75: heap[0].config.directory: there is no folder \"/nowhere/at/all\"\n" +
		"route.json:2:61: heap[1].config.file: there is no file \"/nowhere.p12\""
	if got := f.warnings(); got != want {
		t.Errorf("warnings\n%s\nwant\n%s", got, want)
	}
	if err := f.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "/nowhere.p12") {
		t.Errorf("Start without the key store: %v", err)
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	s := Secret{StableID: "a", Bytes: []byte("hunter2")}
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %x", s, s, s, s, s), string(b)} {
		if strings.Contains(text, "hunter2") || strings.Contains(text, "68756e74") {
			t.Errorf("printed: %s", text)
		}
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.b.txt", "one\n")
	f := newFixture(t, nil).load(t, `[{"name":"s","type":"FileSystemSecretStore","config":{"directory":`+quote(dir)+`,"format":"PLAIN","suffix":".txt"}}]`).ok(t)
	s := object[SecretStore](t, f, "s")
	get := func() string {
		t.Helper()
		got, _, err := s.Active(t.Context(), "a.b")
		if err != nil {
			t.Fatal(err)
		}
		return string(got.Bytes)
	}
	if got := get(); got != "one\n" {
		t.Errorf("Active = %q, want the bytes of the file", got)
	}
	write(t, dir, "a.b.txt", "second\n")
	if got := get(); got != "one\n" {
		t.Errorf("Active = %q, want the leased value within a second", got)
	}
	f.now = f.now.Add(2 * time.Second)
	if got := get(); got != "second\n" {
		t.Errorf("Active = %q, want the changed file", got)
	}
	if _, ok, err := s.Named(t.Context(), "a.b", "a.b"); !ok || err != nil {
		t.Errorf("Named = %v, %v, want the file without its suffix as stable id", ok, err)
	}
	// Scripts ask for any label.
	write(t, filepath.Dir(dir), "outside.txt", "x")
	if _, ok, err := s.Active(t.Context(), "../outside"); ok || err == nil {
		t.Errorf("Active(../outside) = %v, %v, want an error", ok, err)
	}
	if _, ok, err := s.Active(t.Context(), "none"); ok || err != nil {
		t.Errorf("Active(none) = %v, %v, want neither", ok, err)
	}
}

func TestFileVersions(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []string{"k.v1", "k.v2", "k.v10", "k.vx", "other.v11"} {
		write(t, dir, n, n)
	}
	f := newFixture(t, nil).load(t, `[{"name":"s","type":"FileSystemSecretStore","config":{"directory":`+quote(dir)+`,"format":"PLAIN","versionSuffix":".v"}}]`).ok(t)
	list, err := object[SecretStore](t, f, "s").Valid(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range list {
		got = append(got, string(s.Bytes))
	}
	if want := "k.v10 k.v2 k.v1"; strings.Join(got, " ") != want {
		t.Errorf("Valid = %v, want %s", got, want)
	}
}

func TestPEM(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, "sign.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	write(t, dir, "bad.pem", "-----BEGIN NOTHING-----")
	f := newFixture(t, nil).load(t, `[{"name":"s","type":"FileSystemSecretStore","config":{"directory":`+quote(dir)+`,"suffix":".pem","format":{"type":"PemPropertyFormat"}}}]`).ok(t)
	p := ProviderOf(object[SecretStore](t, f, "s"))
	k, err := p.Key(t.Context(), "sign")
	if err != nil {
		t.Fatal(err)
	}
	if !k.IsPrivate() || k.ID != "sign" {
		t.Errorf("Key = %v, want a private key named sign", k)
	}
	if _, err := p.Key(t.Context(), "bad"); err == nil || strings.Contains(err.Error(), "NOTHING-") {
		t.Errorf("Key(bad): %v", err)
	}
}

func TestJwkSet(t *testing.T) {
	a, b := newKey(t, "a"), newKey(t, "b")
	calls := 0
	f := newFixture(t, nil)
	set := jose.NewKeySet(a, b)
	f.http = func(x *chain.Exchange) (*chain.Response, error) {
		calls++
		if got := x.Request.URI.String(); got != "http://am.example.com:8088/keys" {
			t.Errorf("request to %s", got)
		}
		r := chain.NewResponse(200)
		return r, r.Entity.SetJSON(set)
	}
	f.load(t, `[{"name":"s","type":"JwkSetSecretStore","config":{"jwkUrl":"http://am.example.com:8088/keys"}}]`).ok(t)
	if calls != 0 {
		t.Error("building fetched the key set")
	}
	p := ProviderOf(object[SecretStore](t, f, "s"))
	keys, err := p.Keys("any.id").Named(t.Context(), "b")
	if err != nil || len(keys) != 1 || !keys[0].Equal(b) {
		t.Fatalf("Named(b) = %v, %v", keys, err)
	}
	all, err := p.Keys("any.id").All(t.Context())
	if err != nil || len(all) != 2 {
		t.Fatalf("All = %v, %v, want two keys", all, err)
	}
	if keys, err = p.Keys("any.id").Named(t.Context(), "new"); err != nil || len(keys) != 0 || calls != 2 {
		t.Errorf("Named(new) = %v, %v after %d requests; want none after one reload", keys, err, calls)
	}
	if _, err = p.Keys("any.id").Named(t.Context(), "new2"); err != nil || calls != 2 {
		t.Errorf("a second unknown kid: %v, %d requests; want no further one", err, calls)
	}
}

func TestJwkFormat(t *testing.T) {
	k := newKey(t, "kid-1")
	text, err := k.MarshalPrivate()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, "my.key", string(text))
	f := newFixture(t, nil).load(t, `[{"name":"s","type":"FileSystemSecretStore","config":{"directory":`+quote(dir)+`,"format":{"type":"JwkPropertyFormat"}}}]`).ok(t)
	s, ok, err := object[SecretStore](t, f, "s").Named(t.Context(), "my.key", "kid-1")
	if err != nil || !ok || !s.Key.Equal(k) {
		t.Errorf("Named = %v, %v, %v", s, ok, err)
	}
}

func newKey(t *testing.T, id string) *jose.Key {
	t.Helper()
	priv, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k, err := jose.NewKey(priv)
	if err != nil {
		t.Fatal(err)
	}
	return k.With(id, jose.ES256, jose.ForSignature)
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}
