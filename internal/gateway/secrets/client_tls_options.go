package secrets

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"

	"gatehouse/internal/gateway/heap"
)

// clientTLS says how to connect to servers.
type clientTLS struct {
	tlsFields
	HostnameVerifier string `conf:"hostnameVerifier,default=STRICT,oneof=STRICT|ALLOW_ALL"`
	OffloadHandshake bool   `conf:"offloadHandshake,unused=each handshake has a thread of its own"`

	ready *tls.Config
}

var clientTLSType = heap.Define("ClientTlsOptions", func(c *clientTLS, env *heap.Env) (ClientTlsOptions, error) {
	c.prepare(env)
	return c, nil
})

func (c *clientTLS) prepare(env *heap.Env) {
	out := c.base(env)
	if len(c.KeyManager) > 0 {
		// As in Java, the first manager's key is shown; it cannot be chosen.
		first := c.KeyManager[0]
		out.GetClientCertificate = func(r *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return first.Certificate(r.Context())
		}
	}
	if len(c.TrustManager) > 0 || c.HostnameVerifier == "ALLOW_ALL" {
		// The library's own check is replaced as a whole, because trusted certificates
		// are secrets that may change and because names may be left unchecked.
		out.InsecureSkipVerify = true
		out.VerifyConnection = c.verify
	}
	c.ready = out
}

func (c *clientTLS) ClientConfig() (*tls.Config, error) { return c.ready.Clone(), nil }

// withoutNames returns settings that check all but the name of the server.
func (c *clientTLS) withoutNames() *tls.Config {
	other := *c
	other.HostnameVerifier = "ALLOW_ALL"
	out := c.ready.Clone()
	out.InsecureSkipVerify = true
	out.VerifyConnection = other.verify
	return out
}

func (c *clientTLS) verify(s tls.ConnectionState) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("the server showed no certificate")
	}
	if err := c.trusted(s.PeerCertificates); err != nil {
		return err
	}
	if c.HostnameVerifier == "ALLOW_ALL" {
		return nil
	}
	return verifyName(s.PeerCertificates[0], s.ServerName)
}

func (c *clientTLS) trusted(chain []*x509.Certificate) error {
	if len(c.TrustManager) > 0 {
		return trust(context.Background(), c.TrustManager, chain, x509.ExtKeyUsageServerAuth)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Intermediates: pool(chain[1:])})
	return err
}

// verifyName is the check of RFC 9525 §6. Certificates without any subject alternative
// name fall back to their common name (RFC 2818 §3.1): the key pairs that the tools of
// the Java world make have no other name, and the product accepts them.
func verifyName(leaf *x509.Certificate, name string) error {
	if name == "" {
		return errors.New("the name of the server is not known, so its certificate cannot be checked")
	}
	if len(leaf.DNSNames)+len(leaf.IPAddresses)+len(leaf.URIs)+len(leaf.EmailAddresses) > 0 {
		return leaf.VerifyHostname(name)
	}
	host := strings.TrimSuffix(strings.ToLower(name), ".")
	cn := strings.ToLower(leaf.Subject.CommonName)
	if net.ParseIP(host) == nil {
		if rest, ok := strings.CutPrefix(cn, "*."); ok {
			if _, parent, ok := strings.Cut(host, "."); ok && parent == rest && strings.Contains(rest, ".") {
				return nil
			}
		}
	}
	if cn != "" && cn == host {
		return nil
	}
	return fmt.Errorf("the certificate is for %q, not for %q", leaf.Subject.CommonName, name)
}

func pool(certs []*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range certs {
		p.AddCert(c)
	}
	return p
}
