package secrets

import (
	"fmt"

	"gatehouse/internal/jose"
	"gatehouse/internal/keystore"
)

// fromEntry makes a secret of what a key store holds. A certificate whose key tokens
// cannot use is still good to trust; a private key that cannot be used is an error.
func fromEntry(e *keystore.Entry, stable string) (Secret, error) {
	s := Secret{StableID: stable, Chain: e.Chain}
	var material any
	switch {
	case e.PrivateKey != nil:
		material = e.PrivateKey
	case e.Secret != nil:
		material, s.Bytes = e.Secret, e.Secret
	case e.PublicKey != nil:
		material = e.PublicKey
	case len(e.Chain) > 0:
		material = e.Chain[0].PublicKey
	}
	k, err := jose.NewKey(material)
	if err != nil {
		if e.PrivateKey == nil && (len(e.Chain) > 0 || e.Secret != nil) {
			return s, nil
		}
		return Secret{}, fmt.Errorf("the key %q cannot be used: %w", stable, err)
	}
	k.ID, k.Chain = stable, e.Chain
	s.Key = k
	return s, nil
}
