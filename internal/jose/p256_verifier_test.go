package jose

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"math/big"
	mathrand "math/rand/v2"
	"testing"

	"filippo.io/nistec"
)

func p256TableOf(t testing.TB, pub *ecdsa.PublicKey) *p256Table {
	t.Helper()
	v := newP256Verifier(pub)
	for range p256Patience - 1 {
		if v.ready() != nil {
			t.Fatal("a table before its time")
		}
	}
	table := v.ready()
	if table == nil || v.ready() != table {
		t.Fatal("no table, or not the same")
	}
	return table
}

// fixedOf is the signature r||s, each modulo 2^256.
func fixedOf(r, s *big.Int) []byte {
	mask := new(big.Int).Lsh(big.NewInt(1), 256)
	sig := make([]byte, 64)
	new(big.Int).Mod(r, mask).FillBytes(sig[:32])
	new(big.Int).Mod(s, mask).FillBytes(sig[32:])
	return sig
}

func standardSays(pub *ecdsa.PublicKey, sum, sig []byte) bool {
	return len(sig) == 64 && ecdsa.Verify(pub, sum, new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:]))
}

// TestP256VerifierAgrees asks the standard library too: about good signatures of many keys, and about changed ones.
func TestP256VerifierAgrees(t *testing.T) {
	rnd := mathrand.New(mathrand.NewPCG(3, 4))
	flip := func(b []byte) { b[rnd.IntN(len(b))] ^= 1 << rnd.IntN(8) }
	for range 4 {
		priv := fresh(t, KindP256).private.(*ecdsa.PrivateKey)
		table, accepted := p256TableOf(t, &priv.PublicKey), 0
		for n := range 200 {
			sum := make([]byte, 32)
			_, _ = rand.Read(sum)
			r, s, err := ecdsa.Sign(rand.Reader, priv, sum)
			if err != nil {
				t.Fatal(err)
			}
			sig := fixedOf(r, s)
			switch n % 5 {
			case 1:
				flip(sig)
			case 2:
				flip(sum)
			case 3: // its twin, as good as itself
				sig = fixedOf(r, new(big.Int).Sub(p256Order, s))
			case 4: // the same numbers modulo n, where there is room
				sig = fixedOf(new(big.Int).Add(r, p256Order), s)
			}
			want := standardSays(&priv.PublicKey, sum, sig)
			if got := table.verify(sum, sig); got != want {
				t.Fatalf("kind %d: %v, the standard library says %v", n%5, got, want)
			}
			if want {
				accepted++
			}
		}
		if accepted != 80 {
			t.Errorf("%d accepted", accepted)
		}
	}
}

// TestP256VerifierAtTheEdges: numbers and points at which such checks were broken.
func TestP256VerifierAtTheEdges(t *testing.T) {
	zero, one := big.NewInt(0), big.NewInt(1)
	n := p256Order
	last := new(big.Int).Sub(n, one)
	p := elliptic.P256().Params().P
	numbers := []*big.Int{zero, one, big.NewInt(2), last, n, new(big.Int).Add(n, one), new(big.Int).Sub(p, n), new(big.Int).Sub(p, one), p,
		new(big.Int).Sub(new(big.Int).Lsh(one, 256), one), new(big.Int).Rsh(n, 1)}
	// With the private keys 1 and n-1, the public key is the base point and its opposite: sums that meet and cancel.
	for _, d := range []*big.Int{one, big.NewInt(2), big.NewInt(15), big.NewInt(16), last, new(big.Int).Sub(n, big.NewInt(16))} {
		priv, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d.FillBytes(make([]byte, 32)))
		if err != nil {
			t.Fatal(err)
		}
		table := p256TableOf(t, &priv.PublicKey)
		for _, h := range numbers {
			sum := fixedOf(h, zero)[:32]
			for _, r := range numbers {
				for _, s := range numbers {
					sig := fixedOf(r, s)
					if got, want := table.verify(sum, sig), standardSays(&priv.PublicKey, sum, sig); got != want {
						t.Errorf("key %v, digest %v, r %v, s %v: %v, the standard library says %v", d, h, r, s, got, want)
					}
				}
			}
			r, s, err := ecdsa.Sign(rand.Reader, priv, sum)
			if err != nil {
				t.Fatal(err)
			}
			if !table.verify(sum, fixedOf(r, s)) {
				t.Errorf("key %v, digest %v: a good signature is refused", d, h)
			}
		}
		for _, size := range []int{0, 1, 31, 33, 63, 65, 128} {
			if table.verify(make([]byte, 32), make([]byte, size)) || size != 32 && table.verify(make([]byte, size), make([]byte, 64)) {
				t.Errorf("%d bytes are accepted", size)
			}
		}
	}
}

// TestP256Multiples compares sums of the table with the library's own multiplication.
func TestP256Multiples(t *testing.T) {
	priv := fresh(t, KindP256).private.(*ecdsa.PrivateKey)
	raw, _ := priv.PublicKey.Bytes()
	q, err := nistec.NewP256Point().SetBytes(raw)
	if err != nil {
		t.Fatal(err)
	}
	table := newP256Table(q)
	var k [32]byte
	for n := range 300 {
		_, _ = rand.Read(k[:])
		for i := range n % 33 { // long rows of zeros, and zero itself
			k[i] = 0
		}
		got := nistec.NewP256Point()
		table.addMultiple(got, &k)
		want, err := nistec.NewP256Point().ScalarMult(q, k[:])
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Fatalf("%x·Q is another point", k)
		}
	}
}

// TestKeyUsedOften: what Verify says stays the same when a key gets its table.
func TestKeyUsedOften(t *testing.T) {
	k, evil := fresh(t, KindP256), fresh(t, KindP256)
	o := VerifyOptions{Keys: NewKeySet(k), Algorithms: []Algorithm{ES256}}
	good, bad := forge(t, k, ES256, `{"alg":"ES256"}`, `{"n":1}`), forge(t, evil, ES256, `{"alg":"ES256"}`, `{"n":1}`)
	for range 2 * p256Patience {
		_, err := Verify(t.Context(), good, o)
		wantErr(t, err, nil)
		_, err = Verify(t.Context(), bad, o)
		wantErr(t, err, ErrSignature)
	}
	if k.p256.table.Load() == nil {
		t.Error("no table was made")
	}
}

// FuzzP256Verifier compares with the standard library on any signature and digest.
func FuzzP256Verifier(f *testing.F) {
	priv := key(f, KindP256).private.(*ecdsa.PrivateKey)
	table := p256TableOf(f, &priv.PublicKey)
	sum := sha256.Sum256(nil)
	r, s, err := ecdsa.Sign(rand.Reader, priv, sum[:])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sum[:], fixedOf(r, s))
	f.Add(sum[:], fixedOf(s, r))
	f.Add(make([]byte, 32), fixedOf(p256Order, s))
	f.Fuzz(func(t *testing.T, sum, sig []byte) {
		if len(sum) != 32 {
			return
		}
		if got, want := table.verify(sum, sig), standardSays(&priv.PublicKey, sum, sig); got != want {
			t.Errorf("%v, the standard library says %v", got, want)
		}
	})
}
