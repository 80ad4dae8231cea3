package jose

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	mathrand "math/rand/v2"
	"strings"
	"testing"
)

// TestRSAVerifierAgrees asks the standard library too: about good signatures of all digests and sizes of keys, and about
// changed ones.
func TestRSAVerifierAgrees(t *testing.T) {
	r := mathrand.New(mathrand.NewPCG(1, 2))
	for _, bits := range []int{2048, 2056, 3072} {
		priv, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		v := newRSAVerifier(&priv.PublicKey)
		if v == nil {
			t.Fatal("no verifier")
		}
		accepted := 0
		for _, h := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
			sum := make([]byte, h.Size())
			for n := range 40 {
				_, _ = rand.Read(sum)
				sig, err := rsa.SignPKCS1v15(nil, priv, h, sum)
				if err != nil {
					t.Fatal(err)
				}
				switch n % 4 {
				case 1:
					sig[r.IntN(len(sig))] ^= 1 << r.IntN(8)
				case 2:
					sum[r.IntN(len(sum))] ^= 1 << r.IntN(8)
				case 3: // the same number modulo n, which is another signature
					sig = new(big.Int).Add(new(big.Int).SetBytes(sig), priv.N).Bytes()
				}
				want := rsa.VerifyPKCS1v15(&priv.PublicKey, h, sum, sig) == nil
				if got := v.verify(h, sum, sig); got != want {
					t.Fatalf("%d bits, %v, kind %d: %v, the standard library says %v", bits, h, n%4, got, want)
				}
				if want {
					accepted++
				}
			}
		}
		if accepted != 30 {
			t.Errorf("%d bits: %d accepted", bits, accepted)
		}
	}
}

// FuzzRSAVerifier compares with the standard library on any signature.
func FuzzRSAVerifier(f *testing.F) {
	priv := key(f, KindRSA2048).private.(*rsa.PrivateKey)
	v := newRSAVerifier(&priv.PublicKey)
	sum := make([]byte, 32)
	good, err := rsa.SignPKCS1v15(nil, priv, crypto.SHA256, sum)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[1:])
	f.Add(priv.N.Bytes())
	f.Fuzz(func(t *testing.T, sig []byte) {
		if got, want := v.verify(crypto.SHA256, sum, sig), rsa.VerifyPKCS1v15(&priv.PublicKey, crypto.SHA256, sum, sig) == nil; got != want {
			t.Errorf("%v, the standard library says %v", got, want)
		}
	})
}

// TestHeadersAreKept: only headers of tokens with a good signature stay, no more than there is room for, and what they
// say is checked each time.
func TestHeadersAreKept(t *testing.T) {
	k, evil := key(t, KindP256), fresh(t, KindP256)
	o := VerifyOptions{Keys: NewKeySet(k), Algorithms: []Algorithm{ES256}, Headers: &Headers{}}
	kept := func() int {
		if all := o.Headers.known.Load(); all != nil {
			return len(*all)
		}
		return 0
	}
	ctx := context.Background()
	_, err := Verify(ctx, forge(t, evil, ES256, `{"alg":"ES256"}`, `{}`), o)
	wantErr(t, err, ErrSignature)
	if kept() != 0 {
		t.Error("the header of a forged token is kept")
	}
	first, err := Verify(ctx, forge(t, k, ES256, `{"alg":"ES256"}`, `{"n":1}`), o)
	wantErr(t, err, nil)
	second, err := Verify(ctx, forge(t, k, ES256, `{"alg":"ES256"}`, `{"n":2}`), o)
	wantErr(t, err, nil)
	if first.Header != second.Header || string(second.Payload) != `{"n":2}` {
		t.Errorf("header %p, then %p with %s", first.Header, second.Header, second.Payload)
	}
	strict := o
	strict.Types = []string{"at+jwt"}
	_, err = Verify(ctx, forge(t, k, ES256, `{"alg":"ES256"}`, `{}`), strict)
	wantErr(t, err, ErrType)
	strict = o
	strict.Algorithms = []Algorithm{RS256}
	_, err = Verify(ctx, forge(t, k, ES256, `{"alg":"ES256"}`, `{}`), strict)
	wantErr(t, err, ErrAlgorithm)
	for n := range 3 * maxHeaders {
		_, err := Verify(ctx, forge(t, k, ES256, `{"alg":"ES256","x":"`+strings.Repeat("a", n)+`"}`, `{}`), o)
		wantErr(t, err, nil)
		if kept() > maxHeaders {
			t.Fatalf("%d headers are kept", kept())
		}
	}
}
