package secrets

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// secretsTrustManager trusts the certificates behind a label: themselves, and what
// they issued.
type secretsTrustManager struct {
	VerificationSecretID            ID       `conf:"verificationSecretId"`
	CertificateVerificationSecretID ID       `conf:"certificateVerificationSecretId"`
	SecretsProvider                 Provider `conf:"secretsProvider"`
	CheckRevocation                 bool     `conf:"checkRevocation,default=true"`

	id      ID
	heap    *heap.Heap
	revoked *revocation // nil: not looked at
}

var secretsTrustManagerType = heap.Define("SecretsTrustManager", func(c *secretsTrustManager, env *heap.Env) (TrustManager, error) {
	switch {
	case c.VerificationSecretID == "" && c.CertificateVerificationSecretID == "":
		env.Fail("certificateVerificationSecretId", "the required field \"certificateVerificationSecretId\" is missing")
	case c.VerificationSecretID != "" && c.CertificateVerificationSecretID != "":
		env.Fail("verificationSecretId", "expected either \"verificationSecretId\" or \"certificateVerificationSecretId\"")
	}
	c.id = c.VerificationSecretID + c.CertificateVerificationSecretID
	if c.CheckRevocation {
		c.revoked, c.heap = &revocation{now: env.Now}, env.Heap
	}
	c.SecretsProvider.OrEnvironment(env)
	return c, nil
})

// Start finds the handler that asks about revocation. It is not a reference, which
// would be a ring where that handler trusts by this very object.
func (c *secretsTrustManager) Start(context.Context) error {
	if c.revoked == nil {
		return nil
	}
	v, _ := c.heap.Get("ClientHandler")
	h, ok := v.(chain.Handler)
	if !ok {
		return errors.New("checkRevocation needs a ClientHandler")
	}
	c.revoked.handler = h
	return nil
}

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

func (c *secretsTrustManager) Verify(ctx context.Context, peer []*x509.Certificate, usage x509.ExtKeyUsage) error {
	roots, err := c.Authorities(ctx)
	if err != nil {
		return err
	}
	paths, err := verifyChain(peer, roots, usage)
	if err != nil || c.revoked == nil {
		return err
	}
	for _, path := range paths {
		if err = c.revoked.check(ctx, path); err == nil {
			return nil
		}
	}
	return err
}

// verifyChain returns the ways from the peer's certificate to a trusted one.
func verifyChain(peer, roots []*x509.Certificate, usage x509.ExtKeyUsage) ([][]*x509.Certificate, error) {
	return peer[0].Verify(x509.VerifyOptions{
		Roots: pool(roots), Intermediates: pool(peer[1:]), KeyUsages: []x509.ExtKeyUsage{usage},
	})
}
