package secrets

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"gatehouse/internal/gateway/chain"
)

// authority issues certificates and says which were revoked.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	now  time.Time
}

func (a *authority) issue(cn string, serial int64, change func(*x509.Certificate)) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: cn}, NotBefore: a.now.Add(-time.Hour), NotAfter: a.now.Add(24 * time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if change != nil {
		change(tmpl)
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = tmpl, key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, now: time.Now()}
	a.cert, a.key = a.issue("authority", 1, func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
		c.ExtKeyUsage = nil
	})
	return a
}

func (a *authority) ocsp(status int, serial int64, by *x509.Certificate, key crypto.Signer, made time.Time) []byte {
	a.t.Helper()
	tmpl := ocsp.Response{Status: status, SerialNumber: big.NewInt(serial), ThisUpdate: made, NextUpdate: made.Add(time.Hour), RevokedAt: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	if !by.Equal(a.cert) {
		tmpl.Certificate = by
	}
	b, err := ocsp.CreateResponse(a.cert, by, tmpl, key)
	if err != nil {
		a.t.Fatal(err)
	}
	return b
}

func (a *authority) crl(made time.Time, serials ...int64) []byte {
	a.t.Helper()
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: made, NextUpdate: made.Add(time.Hour)}
	for _, s := range serials {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: big.NewInt(s), RevocationTime: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)})
	}
	b, err := x509.CreateRevocationList(rand.Reader, list, a.cert, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return b
}

func TestRevocation(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	responder, responderKey := a.issue("responder", 9, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning} })
	customer, customerKey := a.issue("customer", 10, nil)
	both := func(c *x509.Certificate) {
		c.OCSPServer, c.CRLDistributionPoints = []string{"http://ca/ocsp"}, []string{"http://ca/crl"}
	}
	tests := []struct {
		name    string
		urls    func(*x509.Certificate)
		answers map[string][]byte // by path; absent: 404
		want    string
	}{
		{"good", both, map[string][]byte{"/ocsp": a.ocsp(ocsp.Good, 7, a.cert, a.key, a.now)}, ""},
		{"revoked", both, map[string][]byte{"/ocsp": a.ocsp(ocsp.Revoked, 7, a.cert, a.key, a.now)}, "it was revoked at 2026-03-01"},
		{"good, by a responder of the authority", both, map[string][]byte{"/ocsp": a.ocsp(ocsp.Good, 7, responder, responderKey, a.now)}, ""},
		{"good, by a customer", both, map[string][]byte{"/ocsp": a.ocsp(ocsp.Good, 7, customer, customerKey, a.now)}, "signed by someone who may not"},
		{"good, by a stranger", both, map[string][]byte{"/ocsp": a.ocsp(ocsp.Good, 7, stranger.cert, stranger.key, a.now)}, "http://ca/ocsp: not a good answer"},
		{"about another certificate", both, map[string][]byte{"/ocsp": a.ocsp(ocsp.Good, 8, a.cert, a.key, a.now)}, "http://ca/ocsp: not a good answer"},
		{"out of date", both, map[string][]byte{"/ocsp": a.ocsp(ocsp.Good, 7, a.cert, a.key, a.now.Add(-3*time.Hour))}, "the answer is out of date"},
		{"unknown, not on the list", both, map[string][]byte{"/ocsp": a.ocsp(ocsp.Unknown, 7, a.cert, a.key, a.now), "/crl": a.crl(a.now, 8)}, ""},
		{"not on the list", both, map[string][]byte{"/crl": a.crl(a.now, 8)}, ""},
		{"on the list", both, map[string][]byte{"/crl": a.crl(a.now, 8, 7)}, "it was revoked at 2026-03-01"},
		{"list of a stranger", both, map[string][]byte{"/crl": stranger.crl(a.now)}, "http://ca/crl: not a good list"},
		{"old list", both, map[string][]byte{"/crl": a.crl(a.now.Add(-3 * time.Hour))}, "the list is out of date"},
		{"nobody answers", both, nil, "http://ca/ocsp: status 404; http://ca/crl: status 404"},
		{"nobody to ask", func(*x509.Certificate) {}, nil, `it names neither a responder nor a list; set "checkRevocation" to false for such certificates`},
		{"a file", func(c *x509.Certificate) { c.CRLDistributionPoints = []string{"file:///etc/passwd"} }, nil, "only http and https are asked"},
	}
	dir := t.TempDir()
	write(t, dir, "ca.pem", pair{cert: a.cert}.certPEM())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, nil)
			f.now = a.now
			asked := 0
			f.http = func(x *chain.Exchange) (*chain.Response, error) {
				asked++
				r := chain.NewResponse(404)
				if b := tt.answers[x.Request.URI.RawPath]; b != nil {
					r = chain.NewResponse(200)
					r.Entity.SetBytes(b)
				}
				return r, nil
			}
			f.load(t, `[{"name":"files","type":"FileSystemSecretStore","config":{"directory":`+quote(dir)+`,"suffix":".pem","format":{"type":"PemPropertyFormat"}}},
				{"name":"tm","type":"SecretsTrustManager","config":{"certificateVerificationSecretId":"ca","secretsProvider":"files"}}]`).ok(t)
			leaf, _ := a.issue("client", 7, tt.urls)
			tm := object[TrustManager](t, f, "tm")
			if err := tm.Verify(t.Context(), []*x509.Certificate{leaf}, x509.ExtKeyUsageClientAuth); len(tt.answers) > 0 && !errors.Is(err, errUndetermined) {
				t.Errorf("before the start: %v", err)
			}
			if err := f.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			f.now = f.now.Add(2 * time.Minute)
			err := tm.Verify(t.Context(), []*x509.Certificate{leaf}, x509.ExtKeyUsageClientAuth)
			if got := fmt.Sprint(err); tt.want == "" && err != nil || !strings.Contains(got, tt.want) {
				t.Errorf("Verify: %v, want %q", err, tt.want)
			}
			before := asked
			if again := tm.Verify(t.Context(), []*x509.Certificate{leaf}, x509.ExtKeyUsageClientAuth); fmt.Sprint(again) != fmt.Sprint(err) || asked != before {
				t.Errorf("second time: %v after %d more questions", again, asked-before)
			}
			if err := tm.Verify(t.Context(), []*x509.Certificate{a.cert}, x509.ExtKeyUsageAny); err != nil {
				t.Errorf("the trusted certificate itself: %v", err)
			}
		})
	}
}
