package oauth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// certificate makes a self-signed certificate.
func certificate(t *testing.T, name string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		Subject: pkix.Name{CommonName: name, Organization: []string{"Example"}, Country: []string{"DE"}},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func shows(cert *x509.Certificate, verified bool) option {
	return func(r *http.Request) {
		r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{cert}}
		if verified {
			r.TLS.VerifiedChains = [][]*x509.Certificate{{cert}}
		}
	}
}

func pemOf(cert *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
}

func TestMutualTLS(t *testing.T) {
	w := newWorld(t)
	own, other := certificate(t, "client-application"), certificate(t, "other")
	text, _ := json.Marshal(pemOf(own))
	mtls := func(method, keys string) string {
		return `{"coreOAuth2ClientConfig":{"scopes":["test","openid"]},"advancedOAuth2ClientConfig":{"grantTypes":["client_credentials","password"],"tokenEndpointAuthMethod":"` + method + `"},
			"signEncOAuth2ClientConfig":{` + keys + `}}`
	}
	w.client("/", "pinned", "s", mtls("self_signed_tls_client_auth", `"mTLSTrustedCert":`+string(text)))
	w.client("/", "pki", "s", mtls("tls_client_auth", `"mTLSSubjectDN":"CN=client-application, O=Example, c=DE"`))
	w.client("/", "reverse", "s", mtls("tls_client_auth", `"mTLSSubjectDN":"C=DE,O=Example,CN=client-application"`))
	w.client("/", "nodn", "s", mtls("tls_client_auth", ``))
	w.client("/", "secret", "s", mtls("client_secret_post", ``))
	ask := func(id string, o ...option) answer {
		return w.post("/", "access_token", form("grant_type", "client_credentials", "client_id", id, "scope", "test"), o...)
	}
	tests := []struct {
		name, client string
		show         option
		want         bool
	}{
		{"the pinned certificate", "pinned", shows(own, false), true},
		{"another certificate", "pinned", shows(other, true), false},
		{"subject, verified", "pki", shows(own, true), true},
		{"subject in the other order", "reverse", shows(own, true), true},
		{"subject, not verified", "pki", shows(own, false), false},
		{"another subject", "pki", shows(other, true), false},
		{"no subject in the profile", "nodn", shows(own, true), false},
		{"a client of another method", "secret", shows(own, true), false},
		{"no certificate", "pinned", func(*http.Request) {}, false},
		{"a header that nobody trusts", "pinned", header("X-Client-Cert", url.PathEscape(pemOf(own))), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := ask(tt.client, tt.show)
			if (a.status == 200) != tt.want {
				t.Fatalf("%d %s", a.status, a.body)
			}
			if !tt.want {
				wantError(t, a, 400, "invalid_client", "Client authentication failed")
			}
		})
	}
	sum := sha256.Sum256(own.Raw)
	hash := base64.RawURLEncoding.EncodeToString(sum[:])
	w.agent("/", "ig_agent", "pw", "Realm")
	seen := w.post("/", "introspect", form("token", ask("pinned", shows(own, false)).text("access_token")), basic("ig_agent", "pw"))
	cnf, _ := seen.json["cnf"].(map[string]any)
	if cnf["x5t#S256"] != hash || seen.text("sub") != "(age!pinned)" {
		t.Errorf("introspection says %s", seen.body)
	}
	bound := w.post("/", "access_token", append(passwordGrant("openid"), "client_id", "pinned"), shows(own, false)).text("access_token")
	if a := w.get("/", "userinfo", nil, bearer(bound)); a.status != 401 {
		t.Errorf("a bound token without its certificate: %d", a.status)
	}
	if a := w.get("/", "userinfo", nil, bearer(bound), shows(own, false)); a.status != 200 {
		t.Errorf("a bound token with its certificate: %d %s", a.status, a.body)
	}

	w.provider("/", `{"advancedOAuth2Config":{"tlsClientCertificateTrustedHeader":"X-Client-Cert"}}`)
	for name, value := range map[string]string{"URL-encoded PEM": url.PathEscape(pemOf(own)), "base64": base64.StdEncoding.EncodeToString(own.Raw)} {
		if a := ask("pki", header("X-Client-Cert", value)); a.status != 200 {
			t.Errorf("header as %s: %d %s", name, a.status, a.body)
		}
	}
	if a := ask("pki", header("X-Client-Cert", "junk")); a.status != 400 {
		t.Errorf("junk in the header: %d", a.status)
	}
}

func TestConfirmationKey(t *testing.T) {
	w := newWorld(t)
	w.client("/", "app", "s", core("read", "client_credentials"))
	key := `{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}`
	ask := func(value string) answer {
		return w.post("/", "access_token", form("grant_type", "client_credentials", "scope", "read", "cnf_key", value), basic("app", "s"))
	}
	a := ask(base64.StdEncoding.EncodeToString([]byte(key)))
	seen := w.post("/", "introspect", form("token", a.text("access_token")), basic("app", "s"))
	cnf, _ := seen.json["cnf"].(map[string]any)
	jwk, _ := cnf["jwk"].(map[string]any)
	if jwk["crv"] != "P-256" {
		t.Errorf("introspection says %s", seen.body)
	}
	wantError(t, ask("junk"), 400, "invalid_request", "Invalid cnf_key parameter")
	wantError(t, ask(base64.StdEncoding.EncodeToString([]byte(`{"kty":"oct","k":"c2VjcmV0c2VjcmV0c2VjcmV0"}`))), 400, "invalid_request", "Invalid cnf_key parameter")
}
