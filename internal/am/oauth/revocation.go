package oauth

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/crypto/ocsp"

	"gatehouse/internal/am/outgoing"
)

// Limits of answers about certificates, and how far clocks may differ.
const (
	maxOCSP  = 64 << 10
	maxCRL   = 8 << 20
	ocspSkew = 5 * time.Minute
)

var errRevoked = errors.New("the certificate was revoked")

// CheckRevocation asks whether a certificate that a client authenticates with was revoked, where the settings say so
// (PingAM: tlsCertificateRevocationCheckingEnabled): its OCSP responder, or that of the settings (RFC 6960), else its
// revocation lists (RFC 5280 §6.3). What nobody vouches for is refused.
func (p *Provider) CheckRevocation(c *Credentials) error {
	s := &p.Settings.Advanced
	if !s.TLSCertRevocationChecking {
		return nil
	}
	issuer, err := p.issuerOf(c.request, c.Certificate)
	if err != nil {
		return err
	}
	ctx := c.request.Context()
	responder := s.TLSOCSPResponderURI
	if responder == "" && len(c.Certificate.OCSPServer) > 0 {
		responder = c.Certificate.OCSPServer[0]
	}
	if responder != "" {
		return p.askResponder(ctx, responder, c.Certificate, issuer)
	}
	if len(c.Certificate.CRLDistributionPoints) == 0 {
		return errors.New("the certificate names neither a responder nor a revocation list")
	}
	err = nil
	for _, address := range c.Certificate.CRLDistributionPoints {
		if err = p.searchList(ctx, address, c.Certificate, issuer); err == nil || errors.Is(err, errRevoked) {
			return err
		}
	}
	return err
}

func (p *Provider) askResponder(ctx context.Context, address string, cert, issuer *x509.Certificate) error {
	asked, err := ocsp.CreateRequest(cert, issuer, nil)
	if err != nil {
		return fmt.Errorf("ask for the state of a certificate: %w", err)
	}
	body, err := callAuthority(ctx, http.MethodPost, address, asked, maxOCSP)
	if err != nil {
		return fmt.Errorf("ask for the state of a certificate: %w", err)
	}
	signer := issuer
	if text := p.Settings.Advanced.TLSOCSPResponderCert; text != "" {
		if signer, err = ParseCertificate(text); err != nil {
			return fmt.Errorf("tlsOcspResponderCert: %w", err)
		}
	}
	answer, err := ocsp.ParseResponseForCert(body, cert, signer)
	if err != nil {
		return fmt.Errorf("the responder's answer: %w", err)
	}
	now := p.Now()
	switch {
	case answer.Status == ocsp.Revoked:
		return errRevoked
	case answer.Status != ocsp.Good:
		return errors.New("the responder does not know the certificate")
	case answer.ThisUpdate.After(now.Add(ocspSkew)), !answer.NextUpdate.IsZero() && answer.NextUpdate.Add(ocspSkew).Before(now):
		return errors.New("the responder's answer is out of date")
	case answer.NextUpdate.IsZero() && answer.ProducedAt.Add(24*time.Hour).Before(now):
		return errors.New("the responder's answer is out of date")
	}
	return nil
}

func (p *Provider) searchList(ctx context.Context, address string, cert, issuer *x509.Certificate) error {
	body, err := callAuthority(ctx, http.MethodGet, address, nil, maxCRL)
	if err != nil {
		return fmt.Errorf("get a revocation list: %w", err)
	}
	list, err := x509.ParseRevocationList(body)
	if err == nil {
		err = list.CheckSignatureFrom(issuer)
	}
	if err != nil {
		return fmt.Errorf("the revocation list of %s: %w", address, err)
	}
	if !list.NextUpdate.IsZero() && list.NextUpdate.Add(ocspSkew).Before(p.Now()) {
		return fmt.Errorf("the revocation list of %s is out of date", address)
	}
	for _, entry := range list.RevokedCertificateEntries {
		if entry.SerialNumber.Cmp(cert.SerialNumber) == 0 {
			return errRevoked
		}
	}
	return nil
}

// callAuthority calls an address that a certificate names whose issuer is trusted, or an administrator.
func callAuthority(ctx context.Context, method, address string, asked []byte, limit int64) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("not an http or https address")
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(asked))
	if err != nil {
		return nil, err
	}
	if asked != nil {
		req.Header.Set("Content-Type", "application/ocsp-request")
	}
	client := outgoing.Client(false)
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = errors.New("too large")
	}
	return body, err
}
