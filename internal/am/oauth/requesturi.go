package oauth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"gatehouse/internal/jose"
	"gatehouse/internal/observe"
)

// maxObject bounds a request object that is fetched.
const maxObject = 64 << 10

// unpackFetched gets a request object from where the client keeps it (RFC 9101 §5.2, OIDC Core §6.2). Only addresses
// that the profile lists are called, as they stand there (PingAM: requestUris): whoever sends a browser here cannot
// choose what this server calls. A fragment is the digest of the object, which then must fit.
func (a *authorization) unpackFetched(ctx context.Context, address string) error {
	bad := func(err error) error {
		return Refuse("invalid_request_uri", "The request_uri is not registered, or holds no request object.").Because(err)
	}
	if !slices.Contains(a.client.Advanced.RequestURIs, address) {
		return bad(errors.New("not in the client's profile"))
	}
	if a.Settings.Own.FAPI2 { // which wants requests pushed
		return Refuse("invalid_request", "The authorization request must be pushed.")
	}
	body, err := a.Fetch(ctx, address, Reach{Inside: a.Settings.Own.FetchHosts})
	if len(body) > maxObject {
		err = observe.OverLimit("request_object")
	}
	if err != nil {
		return bad(err)
	}
	if _, digest, ok := strings.Cut(address, "#"); ok && digest != "" {
		sum := sha256.Sum256(body)
		if digest != base64.RawURLEncoding.EncodeToString(sum[:]) {
			return bad(errors.New("the digest in the fragment is of another object"))
		}
	}
	return a.unpackObject(ctx, strings.TrimSpace(string(body)))
}

// objectEncryption are the ways in which clients may encrypt request objects: those of the settings for which the realm
// has a key.
func (p *Provider) objectEncryption() []jose.Algorithm {
	var out []jose.Algorithm
	for _, alg := range []jose.Algorithm{jose.RSAOAEP256, jose.RSAOAEP} {
		if slices.Contains(p.Settings.AdvancedOIDC.RequestEncryptionAlgorithms, string(alg)) {
			out = append(out, alg)
		}
	}
	return out
}

// decryptObject opens a request object that is encrypted to the realm; one that is only signed is left as it is. The
// profile may name the one algorithm (PingAM: requestParameterEncryptedAlg).
func (a *authorization) decryptObject(ctx context.Context, raw string) (string, error) {
	if strings.Count(raw, ".") != 4 {
		return raw, nil
	}
	algorithms := a.objectEncryption()
	if only := jose.Algorithm(a.client.Keys.RequestEncryptionAlg); only != "" {
		algorithms = slices.DeleteFunc(algorithms, func(alg jose.Algorithm) bool { return alg != only })
	}
	var encryptions []jose.Encryption
	for _, name := range a.Settings.AdvancedOIDC.RequestEncryptionEnc {
		if a.client.Keys.RequestEncryptionAlg != "" && name != a.client.Keys.RequestEncryptionEnc {
			continue
		}
		encryptions = append(encryptions, jose.Encryption(name))
	}
	keys, err := a.Realm.Keys().Decryption(ctx)
	if err != nil {
		return "", err
	}
	tok, err := jose.Decrypt(ctx, raw, jose.DecryptOptions{Keys: keys, Algorithms: algorithms, Encryptions: encryptions})
	if err != nil {
		return "", err
	}
	return string(tok.Payload), nil
}
