package jose

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
)

// Kind names what Generate makes.
type Kind string

// Kinds of keys. HMAC and AES keys are named by their size in bits.
const (
	KindRSA2048 Kind = "RSA-2048"
	KindRSA3072 Kind = "RSA-3072"
	KindP256    Kind = "P-256"
	KindP384    Kind = "P-384"
	KindP521    Kind = "P-521"
	KindEd25519 Kind = "Ed25519"
	KindOct128  Kind = "oct-128"
	KindOct192  Kind = "oct-192"
	KindOct256  Kind = "oct-256"
	KindOct384  Kind = "oct-384"
	KindOct512  Kind = "oct-512"
)

// Generate makes a fresh key. Its kid is the thumbprint (RFC 7638 §3), or random for symmetric keys, because a hash of
// a secret does not belong into a header.
func Generate(kind Kind) (*Key, error) {
	k, err := generate(kind)
	if err != nil {
		return nil, err
	}
	if k.kty == Oct {
		k.ID = rand.Text()
	} else {
		k.ID = k.Thumbprint()
	}
	return k, nil
}

func generate(kind Kind) (*Key, error) {
	switch kind {
	case KindRSA2048:
		return wrap(rsa.GenerateKey(rand.Reader, 2048))
	case KindRSA3072:
		return wrap(rsa.GenerateKey(rand.Reader, 3072))
	case KindP256:
		return wrap(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	case KindP384:
		return wrap(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	case KindP521:
		return wrap(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))
	case KindEd25519:
		_, priv, err := ed25519.GenerateKey(rand.Reader)
		return wrap(priv, err)
	case KindOct128, KindOct192, KindOct256, KindOct384, KindOct512:
		bits := 0
		if _, err := fmt.Sscanf(string(kind), "oct-%d", &bits); err != nil {
			return nil, fmt.Errorf("%w: kind of key", ErrKey)
		}
		secret := make([]byte, bits/8)
		_, _ = rand.Read(secret) // never fails, it ends the process instead
		return NewKey(secret)
	}
	return nil, fmt.Errorf("%w: unknown kind of key %q", ErrKey, kind)
}

func wrap[T any](material T, err error) (*Key, error) {
	if err != nil {
		return nil, fmt.Errorf("generate key: %w", err)
	}
	return NewKey(material)
}
