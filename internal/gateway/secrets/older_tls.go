package secrets

import (
	"crypto/tls"

	"gatehouse/internal/gateway/heap"
)

// OlderTLS is the TLS fields that handlers had themselves before ClientTlsOptions.
type OlderTLS struct {
	KeyManager          refs[KeyManager]   `conf:"keyManager"`
	TrustManager        refs[TrustManager] `conf:"trustManager"`
	SslCipherSuites     []string           `conf:"sslCipherSuites"`
	SslContextAlgorithm string             `conf:"sslContextAlgorithm,oneof=TLS|TLSv1.2|TLSv1.3|SSL|Default"`
	SslEnabledProtocols []string           `conf:"sslEnabledProtocols"`
	HostnameVerifier    string             `conf:"hostnameVerifier,oneof=STRICT|ALLOW_ALL"`
}

// Config returns settings for tls.Client made from options, which may be nil, and the
// older fields: those apply where there are no options, but for ALLOW_ALL, which always
// does. nil stands for the usual settings.
func (c *OlderTLS) Config(options ClientTlsOptions, env *heap.Env) (*tls.Config, error) {
	given := map[string]bool{
		"keyManager": len(c.KeyManager) > 0, "trustManager": len(c.TrustManager) > 0, "sslCipherSuites": len(c.SslCipherSuites) > 0,
		"sslContextAlgorithm": c.SslContextAlgorithm != "", "sslEnabledProtocols": len(c.SslEnabledProtocols) > 0,
	}
	older := false
	for field, is := range given {
		switch {
		case !is:
		case options != nil:
			env.Warn(field, "the field has no effect beside \"tls\"")
		default:
			older = true
			env.Warn(field, "the field is older: write it into \"tls\", a ClientTlsOptions")
		}
	}
	allowAll := c.HostnameVerifier == "ALLOW_ALL"
	if allowAll {
		env.Warn("hostnameVerifier", "the names in certificates are not checked; the field is older: write it into \"tls\", a ClientTlsOptions")
	}
	if options == nil && (older || allowAll) {
		made := &clientTLS{tlsFields: tlsFields{
			KeyManager: c.KeyManager, TrustManager: c.TrustManager, SslCipherSuites: c.SslCipherSuites,
			SslContextAlgorithm: c.SslContextAlgorithm, SslEnabledProtocols: c.SslEnabledProtocols,
		}}
		made.prepare(env)
		options = made
	}
	switch o := options.(type) {
	case nil:
		return nil, nil
	case interface{ withoutNames() *tls.Config }:
		if allowAll {
			return o.withoutNames(), nil
		}
	}
	return options.ClientConfig()
}
