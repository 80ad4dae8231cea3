package secrets

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/keystore"
)

// The objects of this file were replaced by secret stores and the managers over them
// (2023.2) and removed from the product (2026.3); older configurations still have them.

// oldKeyStore is a key store file. It is read when first needed.
type oldKeyStore struct {
	URL              string   `conf:"url,required"`
	Type             string   `conf:"type"`
	PasswordSecretID ID       `conf:"passwordSecretId"`
	Password         *string  `conf:"password"`
	SecretsProvider  Provider `conf:"secretsProvider"`

	file   string
	format keystore.Format
}

// KeyStore is the object of that type.
type KeyStore interface {
	read(ctx context.Context, entryPassword string) ([]keystore.Entry, error)
}

var oldKeyStoreType = heap.Define("KeyStore", func(c *oldKeyStore, env *heap.Env) (KeyStore, error) {
	env.Errs.Warn(env.Decl.Get("type"), "KeyStore was replaced by KeyStoreSecretStore")
	switch {
	case strings.HasPrefix(c.URL, "file:"):
		c.file = filepath.FromSlash("/" + strings.TrimLeft(strings.TrimPrefix(c.URL, "file:"), "/"))
	case strings.Contains(c.URL, "://"):
		env.Fail("url", "expected a file: URL or a path, found %q", c.URL)
	default:
		c.file = c.URL
	}
	c.format = formatOf(env, "type", c.Type, c.file)
	if c.PasswordSecretID != "" {
		c.SecretsProvider.OrEnvironment(env)
	}
	return c, nil
})

func (c *oldKeyStore) read(ctx context.Context, entryPassword string) ([]keystore.Entry, error) {
	p := keystore.Passwords{Entry: entryPassword}
	if c.PasswordSecretID != "" {
		var err error
		if p.Store, err = c.SecretsProvider.Password(ctx, c.PasswordSecretID); err != nil {
			return nil, err
		}
	} else if c.Password != nil {
		p.Store = *c.Password
	}
	return readKeyStore(c.file, c.format, p)
}

// oldKeyManager shows the first key of a key store.
type oldKeyManager struct {
	KeyStore         heap.Ref[KeyStore] `conf:"keystore,required"`
	PasswordSecretID ID                 `conf:"passwordSecretId"`
	Password         *string            `conf:"password"`
	Alg              string             `conf:"alg,unused=there is one algorithm only"`
	SecretsProvider  Provider           `conf:"secretsProvider"`

	mu   sync.Mutex
	cert *tls.Certificate
}

var oldKeyManagerType = heap.Define("KeyManager", func(c *oldKeyManager, env *heap.Env) (KeyManager, error) {
	env.Errs.Warn(env.Decl.Get("type"), "KeyManager was replaced by SecretsKeyManager")
	if c.PasswordSecretID != "" {
		c.SecretsProvider.OrEnvironment(env)
	}
	return c, nil
})

func (c *oldKeyManager) Certificate(ctx context.Context) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cert != nil {
		return c.cert, nil
	}
	password := ""
	if c.Password != nil {
		password = *c.Password
	}
	if c.PasswordSecretID != "" {
		var err error
		if password, err = c.SecretsProvider.Password(ctx, c.PasswordSecretID); err != nil {
			return nil, err
		}
	}
	entries, err := c.KeyStore.Get().read(ctx, password)
	if err != nil {
		return nil, err
	}
	for i := range entries {
		if entries[i].PrivateKey == nil {
			continue
		}
		s, err := fromEntry(&entries[i], entries[i].Alias)
		if err != nil {
			return nil, err
		}
		if c.cert, err = new(keyPairs).of(s); err != nil {
			return nil, fmt.Errorf("the key %q cannot serve TLS: %w", entries[i].Alias, err)
		}
		return c.cert, nil
	}
	return nil, errors.New("the key store has no private key")
}

// oldTrustManager trusts the certificates of a key store.
type oldTrustManager struct {
	KeyStore heap.Ref[KeyStore] `conf:"keystore,required"`
	Alg      string             `conf:"alg,unused=there is one algorithm only"`

	mu    sync.Mutex
	certs []*x509.Certificate
}

var oldTrustManagerType = heap.Define("TrustManager", func(c *oldTrustManager, env *heap.Env) (TrustManager, error) {
	env.Errs.Warn(env.Decl.Get("type"), "TrustManager was replaced by SecretsTrustManager")
	return c, nil
})

func (c *oldTrustManager) Authorities(ctx context.Context) ([]*x509.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.certs != nil {
		return c.certs, nil
	}
	entries, err := c.KeyStore.Get().read(ctx, "")
	if err != nil {
		return nil, err
	}
	for i := range entries {
		if cert := entries[i].Certificate(); cert != nil {
			c.certs = append(c.certs, cert)
		}
	}
	return c.certs, nil
}

func (c *oldTrustManager) Verify(ctx context.Context, chain []*x509.Certificate, usage x509.ExtKeyUsage) error {
	roots, err := c.Authorities(ctx)
	if err != nil {
		return err
	}
	_, err = verifyChain(chain, roots, usage)
	return err
}
