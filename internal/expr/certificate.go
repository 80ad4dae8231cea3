package expr

import (
	"crypto/x509"
	"time"
)

// certificateProperty has what java.security.cert.X509Certificate has as a
// bean, as far as texts and numbers go.
func certificateProperty(c *x509.Certificate, name string) (Value, bool) {
	if c == nil {
		return nil, true
	}
	switch name {
	case "encoded":
		return c.Raw, true
	case "issuerDN", "issuerX500Principal":
		return c.Issuer.String(), true
	case "notAfter":
		return Instant{c.NotAfter.Truncate(time.Second)}, true
	case "notBefore":
		return Instant{c.NotBefore.Truncate(time.Second)}, true
	case "serialNumber":
		return c.SerialNumber.String(), true // beyond 64 bits, hence a text
	case "subjectDN", "subjectX500Principal":
		return c.Subject.String(), true
	case "sigAlgName":
		return c.SignatureAlgorithm.String(), true
	case "type":
		return "X.509", true
	case "version":
		return int64(c.Version), true
	}
	return nil, false
}

// extraProperty is a property of a value that is not an Object.
func extraProperty(base Value, name string) (Value, bool) {
	if c, ok := base.(*x509.Certificate); ok {
		return certificateProperty(c, name)
	}
	return nil, false
}
