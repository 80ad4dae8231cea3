package oauth_test

import (
	"crypto"
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
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"gatehouse/internal/am/realm"
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

// authority issues certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{key: key}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte{1},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err == nil {
		a.cert, err = x509.ParseCertificate(der)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// certify issues a certificate for the key, a new one when it is nil.
func (a *authority) certify(t *testing.T, name string, key crypto.PublicKey, change func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	if key == nil {
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		key = private.Public()
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key, a.key)
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

// Where the settings have that, this server checks the chain of a certificate that a proxy hands on, and whether it was
// revoked.
func TestCertificateChains(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	ca, stranger := newAuthority(t), newAuthority(t)
	if err := os.WriteFile(filepath.Join(dir, realm.LabelTLSTrust), []byte(pemOf(ca.cert)), 0o600); err != nil {
		t.Fatal(err)
	}
	w.secretStores(dir, nil)
	w.client("/", "pki", "s", `{"coreOAuth2ClientConfig":{"scopes":["test"]},"advancedOAuth2ClientConfig":{"grantTypes":["client_credentials"],"tokenEndpointAuthMethod":"tls_client_auth"},
		"signEncOAuth2ClientConfig":{"mTLSSubjectDN":"CN=app"}}`)
	settings := func(more string) {
		w.provider("/", `{"advancedOAuth2Config":{"tlsClientCertificateTrustedHeader":"X-Client-Cert","tlsClientCertificateChainValidationEnabled":true`+more+`}}`)
	}
	ask := func(o option) answer {
		return w.post("/", "access_token", form("grant_type", "client_credentials", "client_id", "pki", "scope", "test"), o)
	}
	handed := func(cert *x509.Certificate) option { return header("X-Client-Cert", url.PathEscape(pemOf(cert))) }
	good := ca.certify(t, "app", nil, nil)
	settings("")
	for name, tt := range map[string]struct {
		show option
		want bool
	}{
		"a trusted authority's":              {handed(good), true},
		"in TLS":                             {shows(good, false), true},
		"a stranger's":                       {handed(stranger.certify(t, "app", nil, nil)), false},
		"a stranger's in TLS":                {shows(stranger.certify(t, "app", nil, nil), false), false},
		"self-signed":                        {handed(certificate(t, "app")), false},
		"expired":                            {handed(ca.certify(t, "app", nil, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })), false},
		"for servers":                        {handed(ca.certify(t, "app", nil, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })), false},
		"trusted, of another subject's name": {handed(ca.certify(t, "other", nil, nil)), false},
	} {
		if a := ask(tt.show); (a.status == 200) != tt.want {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}

	status, lists := ocsp.Good, 0
	var revoked []x509.RevocationListEntry
	until := time.Now().Add(time.Hour)
	site := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var out []byte
		var err error
		if r.URL.Path == "/crl" {
			lists++
			out, err = x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: until.Add(-time.Hour), NextUpdate: until, RevokedCertificateEntries: revoked}, ca.cert, ca.key)
		} else {
			body, _ := io.ReadAll(r.Body)
			asked, perr := ocsp.ParseRequest(body)
			if perr != nil {
				t.Error(perr)
				return
			}
			out, err = ocsp.CreateResponse(ca.cert, ca.cert, ocsp.Response{Status: status, SerialNumber: asked.SerialNumber, ThisUpdate: time.Now(), NextUpdate: until}, ca.key)
		}
		if err != nil {
			t.Error(err)
		}
		_, _ = rw.Write(out)
	}))
	defer site.Close()
	settings(`,"tlsCertificateRevocationCheckingEnabled":true`)
	if a := ask(handed(good)); a.status != 400 {
		t.Errorf("a certificate of which nobody tells the state: %d %s", a.status, a.body)
	}
	byOCSP := ca.certify(t, "app", nil, func(c *x509.Certificate) { c.OCSPServer = []string{site.URL} })
	byList := ca.certify(t, "app", nil, func(c *x509.Certificate) { c.CRLDistributionPoints = []string{site.URL + "/crl"} })
	both := func(want int, when string) {
		t.Helper()
		for name, cert := range map[string]*x509.Certificate{"responder": byOCSP, "list": byList} {
			if a := ask(handed(cert)); a.status != want {
				t.Errorf("%s, %s: %d %s", when, name, a.status, a.body)
			}
		}
	}
	both(200, "good")
	status, revoked = ocsp.Revoked, []x509.RevocationListEntry{{SerialNumber: big.NewInt(2), RevocationTime: time.Now()}}
	both(400, "revoked")
	status, revoked, until = ocsp.Good, nil, time.Now().Add(-time.Hour)
	both(400, "out of date")
	until = time.Now().Add(time.Hour)
	settings(`,"tlsCertificateRevocationCheckingEnabled":true,"tlsOcspResponderUri":"` + site.URL + `"`)
	if a := ask(handed(good)); a.status != 200 {
		t.Errorf("the responder of the settings: %d %s", a.status, a.body)
	}
	answers, err := json.Marshal(pemOf(stranger.cert))
	if err != nil {
		t.Fatal(err)
	}
	settings(`,"tlsCertificateRevocationCheckingEnabled":true,"tlsOcspResponderUri":"` + site.URL + `","tlsOcspResponderCert":` + string(answers))
	if a := ask(handed(good)); a.status != 400 {
		t.Errorf("an answer of another than the responder of the settings: %d", a.status)
	}
	if lists == 0 {
		t.Error("no list was read")
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

// A cnf_key that cannot be used does not cost the code.
func TestConfirmationKeyBeforeCode(t *testing.T) {
	w, l := withLogin(t)
	w.client("/", "web", "s", webClient("", "", ""))
	redeem := form("grant_type", "authorization_code", "code", w.code(l.signIn("/", "demo", ""), "scope", "read"), "redirect_uri", callback)
	wantError(t, w.post("/", "access_token", append(redeem, "cnf_key", "junk"), basic("web", "s")), 400, "invalid_request", "Invalid cnf_key parameter")
	w.token("/", redeem, basic("web", "s"))
}
