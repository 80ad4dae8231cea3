package keystore

import (
	"bytes"
	"crypto"
	"crypto/x509"
)

// maxChain bounds a chain; real ones have three or four certificates.
const maxChain = 16

// publicOf gives the public half of a private key, nil for kinds that have none.
func publicOf(priv crypto.PrivateKey) crypto.PublicKey {
	if p, ok := priv.(interface{ Public() crypto.PublicKey }); ok {
		return p.Public()
	}
	return nil
}

func samePublic(a, b crypto.PublicKey) bool {
	e, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && e.Equal(b)
}

// issuerChain follows issuers from leaf through pool, up to a self-signed certificate or a gap.
func issuerChain(leaf *x509.Certificate, pool []*x509.Certificate) []*x509.Certificate {
	chain := []*x509.Certificate{leaf}
	for len(chain) < maxChain {
		last := chain[len(chain)-1]
		if bytes.Equal(last.RawIssuer, last.RawSubject) {
			return chain
		}
		next := issuerOf(last, pool)
		if next == nil {
			return chain
		}
		chain = append(chain, next)
	}
	return chain
}

// issuerOf prefers the certificate that the authority key id names, because a renewed issuer has the same subject.
func issuerOf(cert *x509.Certificate, pool []*x509.Certificate) *x509.Certificate {
	var byName *x509.Certificate
	for _, c := range pool {
		if !bytes.Equal(c.RawSubject, cert.RawIssuer) || c.Equal(cert) {
			continue
		}
		if len(cert.AuthorityKeyId) > 0 && bytes.Equal(c.SubjectKeyId, cert.AuthorityKeyId) {
			return c
		}
		if byName == nil {
			byName = c
		}
	}
	return byName
}
