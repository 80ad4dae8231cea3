package secrets

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
)

// WithoutHostnames changes config so that the names in a server's certificate are not
// checked, as the older field hostnameVerifier asks; its chain still is, unless config
// brings checks of its own.
func WithoutHostnames(config *tls.Config) *tls.Config {
	if config.InsecureSkipVerify {
		return config
	}
	roots := config.RootCAs
	config.InsecureSkipVerify = true //nolint:gosec // VerifyConnection checks instead
	config.VerifyConnection = func(s tls.ConnectionState) error {
		if len(s.PeerCertificates) == 0 {
			return errors.New("the server showed no certificate")
		}
		_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: pool(s.PeerCertificates[1:])})
		return err
	}
	return config
}
