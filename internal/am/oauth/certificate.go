package oauth

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"gatehouse/internal/am/realm"
)

// maxCertHeader bounds a certificate that a proxy hands on in a header.
const maxCertHeader = 16 << 10

// ClientCertificate is the certificate that the sender proved to have: in TLS, or to the proxy in front where the
// settings name the header in which it hands the certificate on (PingAM: tlsClientCertificateTrustedHeader). verified
// tells that its chain was checked: in TLS, by the proxy, or here where the settings have that
// (tlsClientCertificateChainValidationEnabled). Without a certificate it is nil.
func (p *Provider) ClientCertificate(r *http.Request) (cert *x509.Certificate, verified bool, err error) {
	validates := p.Settings.Advanced.TLSClientCertChainValidation
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		cert, verified = r.TLS.PeerCertificates[0], len(r.TLS.VerifiedChains) > 0
		if !verified && validates {
			verified, err = p.isTrusted(r.Context(), cert, r.TLS.PeerCertificates[1:])
		}
		return cert, verified, err
	}
	name := p.Settings.Advanced.TLSClientCertHeader
	if name == "" || r.Header.Get(name) == "" {
		return nil, false, nil
	}
	if len(r.Header.Values(name)) > 1 {
		return nil, false, errors.New("the certificate header is there twice")
	}
	cert, err = ParseCertificate(r.Header.Get(name))
	if err != nil || !validates {
		return cert, true, err
	}
	verified, err = p.isTrusted(r.Context(), cert, nil)
	return cert, verified, err
}

// isTrusted tells whether the certificate leads to one of those that the realm's secret stores have for this.
func (p *Provider) isTrusted(ctx context.Context, cert *x509.Certificate, between []*x509.Certificate) (bool, error) {
	anchors, err := p.Realm.Keys().Certificates(ctx, realm.LabelTLSTrust)
	if err != nil {
		return false, err
	}
	roots, middle := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range anchors {
		roots.AddCert(c)
	}
	for _, c := range between {
		middle.AddCert(c)
	}
	_, err = cert.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: middle, CurrentTime: p.Now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return err == nil, nil
}

// issuerOf finds the certificate that vouches for the sender's: in the chain that TLS verified, or among those that the
// realm trusts.
func (p *Provider) issuerOf(r *http.Request, cert *x509.Certificate) (*x509.Certificate, error) {
	if r.TLS != nil {
		for _, chain := range r.TLS.VerifiedChains {
			if len(chain) > 1 && chain[0].Equal(cert) {
				return chain[1], nil
			}
		}
	}
	anchors, err := p.Realm.Keys().Certificates(r.Context(), realm.LabelTLSTrust)
	if err != nil {
		return nil, err
	}
	for _, c := range anchors {
		if cert.CheckSignatureFrom(c) == nil {
			return c, nil
		}
	}
	return nil, errors.New("the issuer of the certificate is not known; map its certificate to " + realm.LabelTLSTrust)
}

// ParseCertificate reads a certificate as PEM, as URL-encoded PEM, or as the base64 within it.
func ParseCertificate(text string) (*x509.Certificate, error) {
	if len(text) > maxCertHeader {
		return nil, errors.New("the certificate is too large")
	}
	if strings.Contains(text, "%") {
		plain, err := url.PathUnescape(text)
		if err != nil {
			return nil, errors.New("the certificate is not URL-encoded")
		}
		text = plain
	}
	if block, _ := pem.Decode([]byte(text)); block != nil {
		return x509.ParseCertificate(block.Bytes)
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, errors.New("the certificate is not base64")
	}
	return x509.ParseCertificate(der)
}
