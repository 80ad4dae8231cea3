package jose

import (
	"context"
	"errors"
	"sync"
	"testing"
)

// made keeps one key of each kind for all tests: making RSA keys is slow, and keys do not change.
var made sync.Map

func key(t testing.TB, kind Kind) *Key {
	t.Helper()
	if k, ok := made.Load(kind); ok {
		return k.(*Key)
	}
	k, err := Generate(kind)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := made.LoadOrStore(kind, k)
	return got.(*Key)
}

func fresh(t testing.TB, kind Kind) *Key {
	t.Helper()
	k, err := Generate(kind)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// kindFor gives the kind of key that an algorithm of the table signs with.
func kindFor(a Algorithm) Kind {
	switch a {
	case ES256:
		return KindP256
	case ES384:
		return KindP384
	case ES512:
		return KindP521
	case EdDSA:
		return KindEd25519
	case HS256:
		return KindOct256
	case HS384:
		return KindOct384
	case HS512:
		return KindOct512
	}
	return KindRSA2048
}

func sign(t testing.TB, k *Key, a Algorithm, payload string) string {
	t.Helper()
	s, err := NewSigner(k, a, SignerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	token, err := s.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func verify(token string, algs []Algorithm, keys ...*Key) (*Token, error) {
	return Verify(context.Background(), token, VerifyOptions{Keys: NewKeySet(keys...), Algorithms: algs})
}

func wantErr(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("error = %v, want %v", got, want)
	}
}

func segment(json string) string { return b64.EncodeToString([]byte(json)) }

func allSignatures() []Algorithm { return append(SignatureAlgorithms(), MACAlgorithms()...) }
