package jose

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"gatehouse/internal/keystore"
)

// ParsePEM reads a bundle of PEM blocks: private keys (PKCS#8, PKCS#1, SEC 1; encrypted ones with the password), public
// keys, certificates and the secret blocks that package keystore describes. A private key carries the chain that
// belongs to it; a lone certificate becomes a public key with itself as chain. Keys have no ID.
func ParsePEM(data []byte, password string) ([]*Key, error) {
	entries, err := keystore.Read(data, keystore.PEM, keystore.Passwords{Store: password})
	if err != nil {
		return nil, err
	}
	keys := make([]*Key, 0, len(entries))
	for _, e := range entries {
		k, err := FromEntry(e)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// FromEntry makes a key of a store's entry; its alias becomes the ID, as stable ids of key stores are aliases. Kinds
// and sizes that NewKey refuses are ErrKey; what the store could not decode is that error of keystore.
func FromEntry(e keystore.Entry) (*Key, error) {
	var material any
	switch {
	case e.Err != nil:
		return nil, fmt.Errorf("entry %q: %w", e.Alias, e.Err)
	case e.PrivateKey != nil:
		material = e.PrivateKey
	case e.Secret != nil:
		material = e.Secret
	case e.PublicKey != nil:
		material = e.PublicKey
	case len(e.Chain) > 0:
		material = e.Chain[0].PublicKey
	}
	k, err := NewKey(material)
	if err != nil {
		return nil, err
	}
	k.ID, k.Chain = e.Alias, e.Chain
	return k, nil
}

// MarshalPEM writes the private key as PKCS#8 and its chain after it; a public key as PKIX, a lone certificate is left
// to its holder. Symmetric keys are ErrKey.
func (k *Key) MarshalPEM() ([]byte, error) {
	var block *pem.Block
	switch {
	case k.private != nil:
		der, err := x509.MarshalPKCS8PrivateKey(k.private)
		if err != nil {
			return nil, fmt.Errorf("%w: no PKCS#8 form", ErrKey)
		}
		block = &pem.Block{Type: "PRIVATE KEY", Bytes: der}
	case k.public != nil:
		der, err := x509.MarshalPKIXPublicKey(k.public)
		if err != nil {
			return nil, fmt.Errorf("%w: no PKIX form", ErrKey)
		}
		block = &pem.Block{Type: "PUBLIC KEY", Bytes: der}
	default:
		return nil, fmt.Errorf("%w: symmetric keys have no PEM form here", ErrKey)
	}
	out := pem.EncodeToMemory(block)
	for _, c := range k.Chain {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out, nil
}
