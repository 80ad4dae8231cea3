package oauth2

import (
	"errors"
	"fmt"
	"strings"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/jose"
)

var (
	errNoDecryption = errors.New("the token is encrypted, and the registration has no key for it")
	errNotSigned    = errors.New("the encrypted token holds no signed one")
)

// opened returns the signed token that an ID token or a user info answer is, or holds when
// it is encrypted (OIDC Core §10.2). It is not verified: everybody can encrypt to a public
// key, so that the signature inside has to be looked at all the same.
//
// Deviation: the reference product refuses encrypted ID tokens.
func (r *ClientRegistration) opened(x *chain.Exchange, raw string) (string, error) {
	if strings.Count(raw, ".") != 4 {
		return raw, nil
	}
	header, err := jose.UnverifiedHeader(raw)
	if err != nil {
		return "", err
	}
	o := jose.DecryptOptions{Algorithms: jose.KeyAlgorithms(), Encryptions: jose.Encryptions()}
	switch {
	case r.IDTokenDecryptionSecretID != "":
		o.Keys = r.SecretsProvider.Keys(r.IDTokenDecryptionSecretID)
	case header.Algorithm.Symmetric() && r.secretVerifies():
		o.Keys, err = r.secretKeys(x, func(secret string) (*jose.Key, error) {
			return jose.NewClientSecretEncryption(secret, header.Algorithm, header.Encryption)
		})
		if err != nil {
			return "", err
		}
	default:
		return "", fmt.Errorf("%w: %w", jose.ErrKey, errNoDecryption)
	}
	t, err := jose.Decrypt(x.Ctx(), raw, o)
	if err != nil {
		return "", err
	}
	inner := string(t.Payload)
	if strings.Count(inner, ".") != 2 {
		return "", fmt.Errorf("%w: %w", jose.ErrMalformed, errNotSigned)
	}
	return inner, nil
}
