package secrets

import (
	"context"
	"crypto/tls"

	"gatehouse/internal/gateway/heap"
)

// secretsKeyManager shows the certificate of a key from a secret store.
type secretsKeyManager struct {
	SigningSecretID ID       `conf:"signingSecretId,required"`
	SecretsProvider Provider `conf:"secretsProvider"`

	pairs keyPairs
}

var secretsKeyManagerType = heap.Define("SecretsKeyManager", func(c *secretsKeyManager, env *heap.Env) (KeyManager, error) {
	c.SecretsProvider.OrEnvironment(env)
	c.pairs.log = env.Log
	return c, nil
})

func (c *secretsKeyManager) Certificate(ctx context.Context) (*tls.Certificate, error) {
	return c.pairs.certificate(ctx, c.SecretsProvider, c.SigningSecretID)
}
