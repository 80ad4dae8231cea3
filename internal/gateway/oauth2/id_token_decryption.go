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
	case header.Algorithm.Symmetric() && r.ClientSecretID != "":
		if o.Keys, err = r.secretDecryptionKeys(x, header); err != nil {
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

// secretDecryptionKeys are made of the client's secrets (OIDC Core §10.2).
func (r *ClientRegistration) secretDecryptionKeys(x *chain.Exchange, h *jose.Header) (jose.Finder, error) {
	list, err := r.SecretsProvider.Valid(x.Ctx(), r.ClientSecretID)
	if err != nil {
		return nil, err
	}
	var keys []*jose.Key
	for _, s := range list {
		if s.Bytes == nil {
			continue
		}
		k, err := jose.NewClientSecretEncryption(string(s.Bytes), h.Algorithm, h.Encryption)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return jose.NewKeySet(keys...), nil
}
