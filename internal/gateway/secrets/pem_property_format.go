package secrets

import (
	"context"
	"errors"

	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/keystore"
)

// pemFormat reads PEM: keys, certificates and secrets. A private key and its
// certificate chain in one text form one secret.
type pemFormat struct {
	DecryptionSecretID ID       `conf:"decryptionSecretId"`
	SecretsProvider    Provider `conf:"secretsProvider"`
}

var pemFormatType = heap.Define("PemPropertyFormat", func(c *pemFormat, env *heap.Env) (PropertyFormat, error) {
	if c.DecryptionSecretID != "" {
		c.SecretsProvider.OrEnvironment(env)
	}
	return c, nil
})

func (c *pemFormat) Read(ctx context.Context, name string, raw []byte) ([]Secret, error) {
	var p keystore.Passwords
	if c.DecryptionSecretID != "" {
		var err error
		if p.Store, err = c.SecretsProvider.Password(ctx, c.DecryptionSecretID); err != nil {
			return nil, err
		}
	}
	entries, err := keystore.Read(raw, keystore.PEM, p)
	if errors.Is(err, keystore.ErrPassword) && c.DecryptionSecretID == "" {
		return nil, errors.New("the key is encrypted; name its password in decryptionSecretId")
	}
	if err != nil {
		return nil, err
	}
	list := make([]Secret, 0, len(entries))
	for i := range entries {
		s, err := fromEntry(&entries[i], name)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}
