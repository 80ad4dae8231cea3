package secrets

import (
	"context"
	"crypto/x509"
	"fmt"

	"gatehouse/internal/gateway/heap"
)

// secretsTrustManager trusts the certificates behind a label: themselves, and what
// they issued.
type secretsTrustManager struct {
	VerificationSecretID            ID       `conf:"verificationSecretId"`
	CertificateVerificationSecretID ID       `conf:"certificateVerificationSecretId"`
	SecretsProvider                 Provider `conf:"secretsProvider"`
	CheckRevocation                 *bool    `conf:"checkRevocation"`

	id ID
}

var secretsTrustManagerType = heap.Define("SecretsTrustManager", func(c *secretsTrustManager, env *heap.Env) (TrustManager, error) {
	switch {
	case c.VerificationSecretID == "" && c.CertificateVerificationSecretID == "":
		env.Fail("certificateVerificationSecretId", "the required field \"certificateVerificationSecretId\" is missing")
	case c.VerificationSecretID != "" && c.CertificateVerificationSecretID != "":
		env.Fail("verificationSecretId", "expected either \"verificationSecretId\" or \"certificateVerificationSecretId\"")
	}
	c.id = c.VerificationSecretID + c.CertificateVerificationSecretID
	// Deviation: the product asks OCSP responders and revocation lists unless told not
	// to. An explicit wish for that cannot be ignored; a mere default can.
	switch {
	case c.CheckRevocation == nil:
		env.Warn("checkRevocation", "whether certificates were revoked is not checked; set \"checkRevocation\" to false to confirm that")
	case *c.CheckRevocation:
		env.Fail("checkRevocation", "whether certificates were revoked cannot be checked; set \"checkRevocation\" to false to go without")
	}
	c.SecretsProvider.OrEnvironment(env)
	return c, nil
})

func (c *secretsTrustManager) Authorities(ctx context.Context) ([]*x509.Certificate, error) {
	list, err := c.SecretsProvider.Valid(ctx, c.id)
	if err != nil {
		return nil, err
	}
	var certs []*x509.Certificate
	for _, s := range list {
		if len(s.Chain) > 0 {
			certs = append(certs, s.Chain[0])
		}
	}
	if len(certs) == 0 {
		return nil, fmt.Errorf("there is no certificate to trust: %w", c.SecretsProvider.missing(c.id))
	}
	return certs, nil
}

func (c *secretsTrustManager) Verify(ctx context.Context, chain []*x509.Certificate, usage x509.ExtKeyUsage) error {
	roots, err := c.Authorities(ctx)
	if err != nil {
		return err
	}
	return verifyChain(chain, roots, usage)
}

func verifyChain(chain, roots []*x509.Certificate, usage x509.ExtKeyUsage) error {
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: pool(roots), Intermediates: pool(chain[1:]), KeyUsages: []x509.ExtKeyUsage{usage},
	})
	return err
}
