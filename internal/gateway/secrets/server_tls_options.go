package secrets

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gatehouse/internal/gateway/heap"
)

// serverTLS says how a listener speaks TLS.
type serverTLS struct {
	tlsFields
	serverFields
	OffloadHandshake bool `conf:"offloadHandshake,unused=each handshake has a thread of its own"`

	ready *tls.Config
}

type serverFields struct {
	ClientAuth string `conf:"clientAuth,default=NONE,oneof=NONE|REQUEST|REQUIRED"`
	SNI        *sni   `conf:"sni"`
}

// sni chooses a certificate by the name that the client asks for.
type sni struct {
	ServerNames     map[string]ID `conf:"serverNames,required"`
	DefaultSecretID ID            `conf:"defaultSecretId"`
	SecretsProvider Provider      `conf:"secretsProvider"`

	pairs map[ID]*keyPairs
}

var serverTLSType = heap.Define("ServerTlsOptions", func(c *serverTLS, env *heap.Env) (ServerTlsOptions, error) {
	ready, err := serverConfig(env, &c.tlsFields, &c.serverFields)
	c.ready = ready
	return c, err
})

func (c *serverTLS) ServerConfig() (*tls.Config, error) { return c.ready.Clone(), nil }

// bothTLS is the old type that served either side.
type bothTLS struct {
	clientTLS
	serverFields

	server *tls.Config
}

var bothTLSType = heap.Define("TlsOptions", func(c *bothTLS, env *heap.Env) (ClientTlsOptions, error) {
	env.Errs.Warn(env.Decl.Get("type"), "TlsOptions was replaced by ClientTlsOptions and ServerTlsOptions")
	c.prepare(env)
	if len(c.KeyManager) > 0 || c.SNI != nil {
		var err error
		c.server, err = serverConfig(env, &c.tlsFields, &c.serverFields)
		return c, err
	}
	return c, nil
})

func (c *bothTLS) ServerConfig() (*tls.Config, error) {
	if c.server == nil {
		return nil, errNoServerKey
	}
	return c.server.Clone(), nil
}

var errNoServerKey = errors.New("a listener needs \"keyManager\" or \"sni\"")

func serverConfig(env *heap.Env, c *tlsFields, s *serverFields) (*tls.Config, error) {
	out := c.base(env)
	switch {
	case s.SNI != nil:
		if len(c.KeyManager) > 0 {
			env.Warn("keyManager", "\"sni\" is given too and decides alone")
		}
		s.SNI.prepare(env)
		out.GetCertificate = s.SNI.certificate
	case len(c.KeyManager) > 0:
		first := c.KeyManager[0]
		out.GetCertificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) { return first.Certificate(h.Context()) }
	default:
		return nil, errNoServerKey
	}
	managers := c.TrustManager
	if s.ClientAuth == "NONE" {
		return out, nil
	}
	if len(managers) == 0 {
		env.Fail("clientAuth", "client certificates cannot be checked without \"trustManager\"")
		return out, nil
	}
	out.ClientAuth = clientAuth(s.ClientAuth, managers)
	// Resumed sessions pass VerifyConnection too, so a withdrawn trust counts at once.
	out.VerifyConnection = func(st tls.ConnectionState) error {
		if len(st.PeerCertificates) == 0 {
			return nil
		}
		return trust(context.Background(), managers, st.PeerCertificates, x509.ExtKeyUsageClientAuth)
	}
	// The list of issuers helps clients to choose a certificate; without it they guess.
	out.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		cas := x509.NewCertPool()
		for _, m := range managers {
			list, err := m.Authorities(h.Context())
			if err != nil {
				return nil, err
			}
			for _, cert := range list {
				cas.AddCert(cert)
			}
		}
		own := out.Clone()
		own.GetConfigForClient, own.ClientCAs = nil, cas
		return own, nil
	}
	return out, nil
}

// clientAuth lets the library verify chains too, so that they count as verified to
// those who ask the connection. It knows no way to trust everybody.
func clientAuth(mode string, managers []TrustManager) tls.ClientAuthType {
	everybody := slices.ContainsFunc(managers, func(m TrustManager) bool { _, is := m.(*trustAll); return is })
	switch {
	case mode == "REQUEST" && everybody:
		return tls.RequestClientCert
	case mode == "REQUEST":
		return tls.VerifyClientCertIfGiven
	case everybody:
		return tls.RequireAnyClientCert
	}
	return tls.RequireAndVerifyClientCert
}

func (s *sni) prepare(env *heap.Env) {
	s.SecretsProvider.OrEnvironment(env)
	s.pairs = map[ID]*keyPairs{}
	names := map[string]ID{}
	for name, id := range s.ServerNames {
		if name == "" || strings.Contains(strings.TrimPrefix(name, "*."), "*") {
			env.Fail("sni.serverNames", "expected a host name or *. and a domain, found %q", name)
		}
		names[strings.ToLower(name)] = id
		s.pairs[id] = &keyPairs{log: env.Log}
	}
	s.ServerNames = names
	if s.DefaultSecretID != "" {
		s.pairs[s.DefaultSecretID] = &keyPairs{log: env.Log}
	}
}

func (s *sni) certificate(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := strings.TrimSuffix(strings.ToLower(h.ServerName), ".")
	id, ok := s.ServerNames[name]
	if !ok {
		if _, domain, cut := strings.Cut(name, "."); cut {
			id, ok = s.ServerNames["*."+domain]
		}
	}
	if !ok {
		id = s.DefaultSecretID
	}
	if id == "" {
		return nil, fmt.Errorf("there is no certificate for %q", h.ServerName)
	}
	return s.pairs[id].certificate(h.Context(), s.SecretsProvider, id)
}
