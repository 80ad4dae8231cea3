package secrets

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// pair is a self-signed certificate with its key.
type pair struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
}

func selfSigned(t *testing.T, cn string, names ...string) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: cn}, DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	return pair{cert, key, string(text)}
}

func (p pair) certPEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.cert.Raw}))
}

// shake runs a handshake and one byte each way; it returns the server's view.
func shake(t *testing.T, server, client *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	s := tls.Server(a, server)
	done := make(chan error, 1)
	go func() {
		_, err := s.Write([]byte("x"))
		if err != nil {
			a.Close()
		}
		done <- err
	}()
	c := tls.Client(b, client)
	_, err := c.Read(make([]byte, 1))
	if err != nil {
		b.Close()
	}
	if serverErr := <-done; err == nil || serverErr != nil && strings.Contains(err.Error(), "remote error") {
		err = serverErr
	}
	return s.ConnectionState(), err
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	server, other, client := selfSigned(t, "am.example.com"), selfSigned(t, "x", "other.example.com"), selfSigned(t, "test")
	write(t, dir, "server.key.pem", server.pem)
	write(t, dir, "server.cert.pem", server.certPEM())
	write(t, dir, "other.key.pem", other.pem)
	write(t, dir, "other.cert.pem", other.certPEM())
	write(t, dir, "client.key.pem", client.pem)
	write(t, dir, "client.cert.pem", client.certPEM())
	heap := `[
	{"name":"files","type":"FileSystemSecretStore","config":{"directory":` + quote(dir) + `,"suffix":".pem","format":{"type":"PemPropertyFormat"}}},
	{"name":"serverKey","type":"SecretsKeyManager","config":{"signingSecretId":"server.key","secretsProvider":"files"}},
	{"name":"clientKey","type":"SecretsKeyManager","config":{"signingSecretId":"client.key","secretsProvider":"files"}},
	{"name":"otherKey","type":"SecretsKeyManager","config":{"signingSecretId":"other.key","secretsProvider":"files"}},
	{"name":"trustServer","type":"SecretsTrustManager","config":{"verificationSecretId":"server.cert","secretsProvider":"files","checkRevocation":false}},
	{"name":"trustOther","type":"SecretsTrustManager","config":{"certificateVerificationSecretId":"other.cert","secretsProvider":"files","checkRevocation":false}},
	{"name":"trustClient","type":"SecretsTrustManager","config":{"verificationSecretId":"client.cert","secretsProvider":"files","checkRevocation":false}},
	{"name":"plain","type":"ServerTlsOptions","config":{"keyManager":"serverKey"}},
	{"name":"request","type":"ServerTlsOptions","config":{"keyManager":"serverKey","trustManager":"trustClient","clientAuth":"REQUEST"}},
	{"name":"require","type":"ServerTlsOptions","config":{"keyManager":["serverKey"],"trustManager":["trustClient"],"clientAuth":"REQUIRED"}},
	{"name":"anyone","type":"ServerTlsOptions","config":{"keyManager":"serverKey","trustManager":[{"type":"TrustAllManager"}],"clientAuth":"REQUIRED"}},
	{"name":"sni","type":"ServerTlsOptions","config":{"sni":{"serverNames":{"am.example.com":"server.key","*.example.com":"other.key"},"secretsProvider":"files"}}},
	{"name":"old","type":"TlsOptions","config":{"keyManager":"serverKey","sslEnabledProtocols":["TLSv1.2"],"sslCipherSuites":["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],"trustManager":"trustServer"}},
	{"name":"trusting","type":"ClientTlsOptions","config":{"trustManager":"trustServer"}},
	{"name":"system","type":"ClientTlsOptions","config":{}},
	{"name":"any","type":"ClientTlsOptions","config":{"trustManager":{"type":"TrustAllManager"},"hostnameVerifier":"ALLOW_ALL"}},
	{"name":"anyName","type":"ClientTlsOptions","config":{"trustManager":"trustServer","hostnameVerifier":"allow_all"}},
	{"name":"both","type":"ClientTlsOptions","config":{"trustManager":["trustOther","trustServer"]}},
	{"name":"known","type":"ClientTlsOptions","config":{"trustManager":"trustServer","keyManager":"clientKey"}},
	{"name":"unknown","type":"ClientTlsOptions","config":{"trustManager":"trustServer","keyManager":"otherKey"}}
	]`
	f := newFixture(t, nil).load(t, heap).ok(t)
	tests := []struct{ name, server, client, host, err string }{
		{"common name", "plain", "trusting", "am.example.com", ""},
		{"wrong name", "plain", "trusting", "ig.example.com", `the certificate is for "am.example.com", not for "ig.example.com"`},
		{"name not looked at", "plain", "anyName", "ig.example.com", ""},
		{"not trusted", "plain", "system", "am.example.com", "tls: failed to verify certificate"},
		{"everything trusted", "plain", "any", "x", ""},
		{"one of two managers", "plain", "both", "am.example.com", ""},
		{"client certificate wanted, none", "request", "trusting", "am.example.com", ""},
		{"client certificate wanted and known", "request", "known", "am.example.com", ""},
		{"client certificate wanted and unknown", "request", "unknown", "am.example.com", "certificate signed by unknown authority"},
		{"client certificate needed, none", "require", "trusting", "am.example.com", "tls: client didn't provide a certificate"},
		{"client certificate needed and known", "require", "known", "am.example.com", ""},
		{"any client certificate", "anyone", "unknown", "am.example.com", ""},
		{"by name", "sni", "both", "am.example.com", ""},
		{"by domain", "sni", "both", "other.example.com", ""},
		{"no name fits", "sni", "both", "deep.other.example.com", `there is no certificate for "deep.other.example.com"`},
		{"old options", "old", "old", "am.example.com", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := object[ServerTlsOptions](t, f, tt.server).ServerConfig()
			if err != nil {
				t.Fatal(err)
			}
			c, err := object[ClientTlsOptions](t, f, tt.client).ClientConfig()
			if err != nil {
				t.Fatal(err)
			}
			c.ServerName = tt.host
			st, err := shake(t, s, c)
			if got := fmt.Sprint(err); tt.err == "" && err != nil || !strings.Contains(got, tt.err) {
				t.Fatalf("handshake: %v, want %q", err, tt.err)
			}
			if tt.err == "" && tt.client == "known" && (len(st.PeerCertificates) != 1 || len(st.VerifiedChains) != 1) {
				t.Error("the server does not see the client's certificate")
			}
			if tt.server == "old" && st.Version != tls.VersionTLS12 {
				t.Errorf("version %x, want TLS 1.2", st.Version)
			}
		})
	}
}

func TestKeyStore(t *testing.T) {
	p := selfSigned(t, "test")
	dir := t.TempDir()
	file := filepath.Join(dir, "keys.p12")
	data, err := pkcs12.Modern.Encode(p.key, p.cert, nil, "changeit")
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "keys.p12", string(data))
	env := map[string]string{"KEYSTORE_SECRET_ID": "Y2hhbmdlaXQ=", "WRONG": "d3Jvbmc="}
	store := func(extra string) string {
		return `[{"name":"env","type":"SystemAndEnvSecretStore"},{"name":"s","type":"KeyStoreSecretStore","config":{"file":` + quote(file) +
			`,"secretsProvider":"env",` + extra + `}}]`
	}
	f := newFixture(t, env).load(t, store(`"storePasswordSecretId":"keystore.secret.id","mappings":[{"secretId":"sign.key","aliasesMatching":[".*"]},{"secretId":"gone","aliases":["nobody"]}]`)).ok(t)
	if err := f.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	k, err := ProviderOf(object[SecretStore](t, f, "s")).Key(t.Context(), "sign.key")
	if err != nil {
		t.Fatal(err)
	}
	if !k.IsPrivate() || len(k.Chain) != 1 {
		t.Errorf("key %v with %d certificates", k, len(k.Chain))
	}
	_, err = ProviderOf(object[SecretStore](t, f, "s")).Key(t.Context(), "gone")
	if want := "map gone to an alias of " + file; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Key(gone): %v, want %q", err, want)
	}

	f = newFixture(t, env).load(t, store(`"storePassword":"wrong","mappings":[]`)).ok(t)
	if err := f.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "password does not open the key store") {
		t.Errorf("Start with a wrong password: %v", err)
	}
	if !strings.Contains(f.warnings(), `"storePassword" is an older spelling of "storePasswordSecretId"`) {
		t.Errorf("warnings: %s", f.warnings())
	}

	newFixture(t, env).load(t, store(`"storePasswordSecretId":"keystore.secret.id","mappings":"${toJson('[{\"secretId\":\"a\",\"aliases\":[\"b\"]}]')}"`)).ok(t)
	f = newFixture(t, env).load(t, store(`"storeType":"BCFKS","mappings":[{"secretId":"a"},{"secretId":"a","aliasesMatching":["("]}]`))
	for _, want := range []string{"key stores of type BCFKS cannot be read", `expected either "aliases" or "aliasesMatching"`,
		`the secret id "a" is mapped twice`, `"(": invalid regular expression: a group is not closed`} {
		if got := fmt.Sprint(f.errs.Err()); !strings.Contains(got, want) {
			t.Errorf("problems %s\nlack %q", got, want)
		}
	}
}

func TestOldObjects(t *testing.T) {
	p := selfSigned(t, "am.example.com")
	dir := t.TempDir()
	data, err := pkcs12.Modern.Encode(p.key, p.cert, nil, "changeit")
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "keys.p12", string(data))
	f := newFixture(t, map[string]string{"PW": "Y2hhbmdlaXQ="}).load(t, `[
	{"name":"ks","type":"KeyStore","config":{"url":"file://`+dir+`/keys.p12","passwordSecretId":"pw"}},
	{"name":"km","type":"KeyManager","config":{"keystore":"ks","passwordSecretId":"pw"}},
	{"name":"tm","type":"TrustManager","config":{"keystore":"ks"}},
	{"name":"s","type":"ServerTlsOptions","config":{"keyManager":"km"}},
	{"name":"c","type":"ClientTlsOptions","config":{"trustManager":"tm"}}]`).ok(t)
	s, err := object[ServerTlsOptions](t, f, "s").ServerConfig()
	if err != nil {
		t.Fatal(err)
	}
	c, err := object[ClientTlsOptions](t, f, "c").ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	c.ServerName = "am.example.com"
	if _, err := shake(t, s, c); err != nil {
		t.Error(err)
	}
}
