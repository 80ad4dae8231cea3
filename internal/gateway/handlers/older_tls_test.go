package handlers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// Handlers of older configurations name their key and trust managers themselves.
func TestOlderTLSFields(t *testing.T) {
	app := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName)
	}))
	app.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	app.StartTLS()
	defer app.Close()
	dir := t.TempDir()
	save := func(name string, b []byte, err error) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err == nil {
			err = os.WriteFile(path, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	cert, key := aCertificate(t, "the gateway")
	keys, err := pkcs12.Modern.Encode(key, cert, nil, "changeit")
	keyFile := save("keys.p12", keys, err)
	trust := func(name string, c *x509.Certificate) string {
		b, err := pkcs12.Modern.EncodeTrustStore([]*x509.Certificate{c}, "changeit")
		return fmt.Sprintf(`{"type": "TrustManager", "config": {"keystore": {"type": "KeyStore", "config": {"url": "file://%s", "password": "changeit"}}}}`, save(name, b, err))
	}
	right, wrong := trust("right.p12", app.Certificate()), trust("wrong.p12", cert)
	mine := fmt.Sprintf(`"keyManager": {"type": "KeyManager", "config": {"keystore": {"type": "KeyStore", "config": {"url": "file://%s", "password": "changeit"}}, "password": "changeit"}}`, keyFile)
	named := app.URL // the certificate has this name
	other := strings.Replace(app.URL, "127.0.0.1", "localhost", 1)
	tests := []struct{ name, fields, uri, want string }{
		{"trusted", mine + `, "trustManager": ` + right, named, "the gateway"},
		{"a list of managers", mine + `, "trustManager": [` + wrong + `, ` + right + `]`, named, "the gateway"},
		{"not trusted", mine + `, "trustManager": ` + wrong, named, "certificate"},
		{"another name", mine + `, "trustManager": ` + right, other, "certificate"},
		{"another name, allowed", mine + `, "hostnameVerifier": "ALLOW_ALL", "trustManager": ` + right, other, "the gateway"},
		{"another name, allowed, not trusted", mine + `, "hostnameVerifier": "ALLOW_ALL", "trustManager": ` + wrong, other, "certificate"},
		{"the name allowed beside tls", `"hostnameVerifier": "ALLOW_ALL", "tls": {"type": "ClientTlsOptions", "config": {` + mine + `, "trustManager": ` + right + `}}`, other, "the gateway"},
		{"not trusted beside tls", `"hostnameVerifier": "ALLOW_ALL", "tls": {"type": "ClientTlsOptions", "config": {` + mine + `, "trustManager": ` + wrong + `}}`, other, "certificate"},
		{"the system's trust", `"hostnameVerifier": "ALLOW_ALL"`, other, "certificate"},
		{"versions", mine + `, "sslEnabledProtocols": ["TLSv1.2"], "sslCipherSuites": ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"], "trustManager": ` + right, named, "the gateway"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := mustLoad(t, `{"handler": {"type": "ClientHandler", "config": {`+tt.fields+`}}}`)
			if _, text := get(t, h, tt.uri); !strings.Contains(text, tt.want) {
				t.Errorf("answered %q, want %q", text, tt.want)
			}
		})
	}
}

func aCertificate(t *testing.T, cn string) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: cn},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}
