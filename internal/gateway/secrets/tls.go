package secrets

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"

	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/jose"
)

// ClientTlsOptions is what connections to others use.
type ClientTlsOptions interface {
	// ClientConfig returns settings for tls.Client; the server's name is still to be
	// set by the caller, for each connection. Keys are fetched at each handshake.
	ClientConfig() (*tls.Config, error)
}

// ServerTlsOptions is what listeners use.
type ServerTlsOptions interface {
	// ServerConfig returns settings for tls.Server.
	ServerConfig() (*tls.Config, error)
}

// KeyManager has the certificate and key that one side of a connection shows.
type KeyManager interface {
	Certificate(ctx context.Context) (*tls.Certificate, error)
}

// TrustManager decides whether the certificates of the peer are trusted.
type TrustManager interface {
	// Verify checks a chain, leaf first. Names are not its matter.
	Verify(ctx context.Context, chain []*x509.Certificate, usage x509.ExtKeyUsage) error
	// Authorities are the trusted issuers, for the list that a server sends to clients.
	Authorities(ctx context.Context) ([]*x509.Certificate, error)
}

// keyPairs turns secrets into certificates and keeps the last one, so that handshakes
// do not pay for it, and go on while what replaces it cannot be used: a file that is
// being written, or one without its key.
type keyPairs struct {
	log    *slog.Logger // nil: nobody is told
	last   atomic.Pointer[keyPair]
	failed atomic.Bool
}

type keyPair struct {
	key  *jose.Key
	cert *tls.Certificate
}

func (p *keyPairs) of(s Secret) (*tls.Certificate, error) {
	if s.Key == nil || s.Key.PrivateKey() == nil {
		return nil, errors.New("it has no private key")
	}
	if len(s.Chain) == 0 {
		return nil, errors.New("it has no certificate")
	}
	if kept := p.last.Load(); kept != nil && kept.key == s.Key {
		return kept.cert, nil
	}
	cert := &tls.Certificate{PrivateKey: s.Key.PrivateKey(), Leaf: s.Chain[0]}
	for _, c := range s.Chain {
		cert.Certificate = append(cert.Certificate, c.Raw)
	}
	p.last.Store(&keyPair{s.Key, cert})
	return cert, nil
}

// certificate is the active key pair behind a label, or the last that there was.
func (p *keyPairs) certificate(ctx context.Context, from Provider, id ID) (*tls.Certificate, error) {
	cert, err := p.present(ctx, from, id)
	kept := p.last.Load()
	switch {
	case err == nil:
		if p.failed.Swap(false) && p.log != nil {
			p.log.Info("the certificate can be read again", "secret", string(id))
		}
		return cert, nil
	case kept == nil:
		return nil, err
	}
	if !p.failed.Swap(true) && p.log != nil {
		p.log.Error("the certificate cannot be read; the last one is used further", "secret", string(id), "error", err)
	}
	return kept.cert, nil
}

func (p *keyPairs) present(ctx context.Context, from Provider, id ID) (*tls.Certificate, error) {
	s, ok, err := from.Active(ctx, id)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, from.missing(id)
	}
	cert, err := p.of(s)
	if err != nil {
		return nil, fmt.Errorf("the secret %q in %s cannot serve TLS: %w", id, from.names(), err)
	}
	return cert, nil
}

// tlsFields are the fields that both kinds of TLS options have.
type tlsFields struct {
	KeyManager          refs[KeyManager]   `conf:"keyManager"`
	TrustManager        refs[TrustManager] `conf:"trustManager"`
	SslCipherSuites     []string           `conf:"sslCipherSuites"`
	SslContextAlgorithm string             `conf:"sslContextAlgorithm,default=TLS,oneof=TLS|TLSv1.2|TLSv1.3|SSL|Default"`
	SslEnabledProtocols []string           `conf:"sslEnabledProtocols"`
	Alpn                alpn               `conf:"alpn"`
}

type alpn struct {
	Enabled *bool `conf:"enabled"`
}

// base returns what both sides share.
func (c *tlsFields) base(env *heap.Env) *tls.Config {
	out := &tls.Config{MinVersion: tls.VersionTLS12}
	c.versions(env, out)
	c.suites(env, out)
	if c.Alpn.Enabled == nil || *c.Alpn.Enabled {
		out.NextProtos = []string{"h2", "http/1.1"}
	} else {
		out.NextProtos = nil
	}
	return out
}

var protocolVersions = map[string]uint16{
	"TLSV1": tls.VersionTLS10, "TLSV1.0": tls.VersionTLS10, "TLSV1.1": tls.VersionTLS11,
	"TLSV1.2": tls.VersionTLS12, "TLSV1.3": tls.VersionTLS13,
}

// versions reads the list of protocols, which must have no gap: TLS negotiates by
// the highest version that both sides have.
func (c *tlsFields) versions(env *heap.Env, out *tls.Config) {
	if c.SslContextAlgorithm == "TLSv1.2" && len(c.SslEnabledProtocols) == 0 {
		out.MaxVersion = tls.VersionTLS12
	}
	var on [5]bool
	some := false
	for _, name := range c.SslEnabledProtocols {
		v, ok := protocolVersions[strings.ToUpper(name)]
		switch {
		case strings.EqualFold(name, "SSLv2Hello"):
			continue
		case !ok:
			env.Fail("sslEnabledProtocols", "expected TLSv1.3, TLSv1.2, TLSv1.1 or TLSv1, found %q", name)
			return
		case v < tls.VersionTLS12:
			env.Warn("sslEnabledProtocols", "%s is no longer secure (RFC 8996)", name)
		}
		on[v-tls.VersionTLS10], some = true, true
	}
	if !some {
		return
	}
	low, high := -1, -1
	for i, is := range on {
		if !is {
			continue
		}
		if high >= 0 && high != i-1 {
			env.Fail("sslEnabledProtocols", "the versions must follow each other without a gap")
			return
		}
		if low < 0 {
			low = i
		}
		high = i
	}
	out.MinVersion, out.MaxVersion = tls.VersionTLS10+uint16(low), tls.VersionTLS10+uint16(high)
}

// suites maps Java's names, which are the registered ones. Those of TLS 1.3 are always
// on and cannot be chosen.
func (c *tlsFields) suites(env *heap.Env, out *tls.Config) {
	known := map[string]*tls.CipherSuite{}
	for _, s := range tls.CipherSuites() {
		known[s.Name] = s
	}
	for _, s := range tls.InsecureCipherSuites() {
		known[s.Name] = s
	}
	for _, name := range c.SslCipherSuites {
		s := known[strings.ToUpper(name)]
		switch {
		case s == nil:
			env.Fail("sslCipherSuites", "there is no cipher suite %q here", name)
			continue
		case s.Insecure:
			env.Warn("sslCipherSuites", "the cipher suite %s is weak", s.Name)
		}
		if s.SupportedVersions[0] < tls.VersionTLS13 {
			out.CipherSuites = append(out.CipherSuites, s.ID)
		}
	}
}

// trust checks a chain with several managers, of which one must agree.
func trust(ctx context.Context, managers []TrustManager, chain []*x509.Certificate, usage x509.ExtKeyUsage) error {
	var first error
	for _, m := range managers {
		err := m.Verify(ctx, chain, usage)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}
