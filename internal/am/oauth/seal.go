package oauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

// longestAccess is how long a revoked grant is remembered at least: a script may let a client-side access token
// live longer than the settings say.
const longestAccess = 24 * time.Hour

// sealAccess makes a client-side token of its claims: signed, or encrypted where the settings say so, which replaces
// the signature (PingAM: Encrypt Client-Side Tokens).
//
// Deviation: tokenCompressionEnabled compresses encrypted tokens only; signed ones stay readable.
func (p *Provider) sealAccess(ctx context.Context, set *realm.Effective, kind string, payload []byte) (string, error) {
	if set.TokenEncryption {
		key, err := p.Realm.Keys().Active(ctx, realm.LabelTokenEncryption)
		if err != nil {
			return "", err
		}
		e, err := jose.NewEncrypter(key, jose.Dir, jose.A128CBCHS256, jose.EncrypterOptions{
			Type: "JWT", OmitKeyID: true, Compress: p.Settings.Advanced.TokenCompression,
		})
		if err != nil {
			return "", fmt.Errorf("encrypt token: %w", err)
		}
		return e.Encrypt(payload)
	}
	alg, typ := p.Settings.Advanced.TokenSigningAlgorithm, ""
	if p.Settings.Own.AccessTokenProfile && kind == kindAccess {
		typ = "at+jwt"
		if jose.Algorithm(alg).Symmetric() { // nobody but this server could verify it; RFC 9068 §2.1 has RS256 for all
			alg = string(jose.RS256)
		}
	}
	s, err := p.Realm.Keys().TokenSigner(ctx, alg, typ)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return s.Sign(payload)
}

// verifyOwn gives the payload of a JWT that rl signed. What it did not is store.ErrNotFound.
func verifyOwn(ctx context.Context, rl *realm.Realm, raw string) ([]byte, error) {
	head, err := jose.Unverified(raw)
	if err != nil {
		return nil, store.ErrNotFound
	}
	// The header only chooses between two sources that share no key and no algorithm (RFC 8725 §3.1).
	o := jose.VerifyOptions{}
	var keys *jose.KeySet
	if head.Header.Algorithm.Symmetric() {
		o.Algorithms = jose.MACAlgorithms()
		keys, err = rl.Keys().Valid(ctx, realm.LabelHMAC)
	} else {
		o.Algorithms = jose.SignatureAlgorithms()
		keys, err = rl.Keys().Public(ctx)
	}
	if err != nil {
		return nil, err
	}
	o.Keys = keys
	tok, err := jose.Verify(ctx, raw, o)
	if err != nil {
		return nil, refusedToken(err)
	}
	return tok.Payload, nil
}

// decryptAccess opens an encrypted client-side token. The key is the realm's own secret, so what opens is ours.
func (p *Provider) decryptAccess(ctx context.Context, raw string) ([]byte, error) {
	keys, err := p.Realm.Keys().Valid(ctx, realm.LabelTokenEncryption)
	if err != nil {
		return nil, err
	}
	tok, err := jose.Decrypt(ctx, raw, jose.DecryptOptions{
		Keys: keys, Algorithms: []jose.Algorithm{jose.Dir}, Encryptions: []jose.Encryption{jose.A128CBCHS256}, Inflate: true,
	})
	if err != nil {
		return nil, refusedToken(err)
	}
	return tok.Payload, nil
}

// refusedToken makes a token that is not ours a token that does not exist; other errors stay.
func refusedToken(err error) error {
	for _, kind := range [...]error{
		jose.ErrMalformed, jose.ErrAlgorithm, jose.ErrKey, jose.ErrSignature, jose.ErrDecrypt, jose.ErrCritical, jose.ErrType,
	} {
		if errors.Is(err, kind) {
			return fmt.Errorf("%w: %w", store.ErrNotFound, err)
		}
	}
	return err
}
