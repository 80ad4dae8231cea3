package jose

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"math/big"
	"testing"
)

// vector is a signature that is made for a case, and whether it has to be accepted.
type vector struct {
	name  string
	sig   []byte
	valid bool
}

// TestSignatureVectors holds each algorithm to cases that verifiers got wrong elsewhere: values out of range, other
// encodings of a good signature, padding that is not checked to its end.
func TestSignatureVectors(t *testing.T) {
	for _, a := range append(SignatureAlgorithms(), MACAlgorithms()...) {
		t.Run(string(a), func(t *testing.T) {
			row, err := lookup(a)
			if err != nil {
				t.Fatal(err)
			}
			k := key(t, kindFor(a))
			head := segment(fmt.Sprintf(`{"alg":%q}`, a)) + "." + segment(`{"a":1}`)
			good, err := appendSignature(nil, row, k, []byte(head))
			if err != nil {
				t.Fatal(err)
			}
			list := vectorsFor(t, row, k, head, good)
			accepted := 0
			for _, v := range list {
				token := head + "." + b64.EncodeToString(v.sig)
				_, err := Verify(context.Background(), token, VerifyOptions{Keys: NewKeySet(k), Algorithms: []Algorithm{a}})
				if (err == nil) != v.valid {
					t.Errorf("%s: %v, valid is %v", v.name, err, v.valid)
				}
				if err == nil {
					accepted++
				}
			}
			if accepted == 0 {
				t.Error("nothing is accepted")
			}
		})
	}
}

func vectorsFor(t *testing.T, row *alg, k *Key, head string, good []byte) []vector {
	list := []vector{
		{"good", good, true},
		{"empty", nil, false},
		{"zeros", make([]byte, len(good)), false},
		{"ones", bytes.Repeat([]byte{0xff}, len(good)), false},
		{"one byte more", append(bytes.Clone(good), 0), false},
		{"one byte more in front", append([]byte{0}, good...), false},
		{"one byte less", good[:len(good)-1], false},
		{"half", good[:len(good)/2], false},
		{"twice", append(bytes.Clone(good), good...), false},
	}
	for _, bit := range []int{0, 7, len(good) * 4, len(good)*8 - 1} {
		changed := bytes.Clone(good)
		changed[bit/8] ^= 1 << (7 - bit%8)
		list = append(list, vector{fmt.Sprintf("bit %d changed", bit), changed, false})
	}
	switch row.scheme {
	case ecdsaFixed:
		list = append(list, ecdsaVectors(k, good)...)
	case pkcs1:
		list = append(list, pkcs1Vectors(row, k, head)...)
	case pss:
		list = append(list, pssVectors(t, row, k, head)...)
	case ed25519Pure:
		list = append(list, ed25519Vectors(good)...)
	}
	return list
}

func ecdsaVectors(k *Key, good []byte) []vector {
	curve := k.public.(*ecdsa.PublicKey).Curve
	n, size := curve.Params().N, len(good)/2
	r, s := new(big.Int).SetBytes(good[:size]), new(big.Int).SetBytes(good[size:])
	fixed := func(r, s *big.Int) []byte {
		out := make([]byte, 2*size)
		if r.BitLen() > 8*size || s.BitLen() > 8*size {
			return nil
		}
		r.FillBytes(out[:size])
		s.FillBytes(out[size:])
		return out
	}
	zero, one := big.NewInt(0), big.NewInt(1)
	list := []vector{
		{"DER instead of r||s", appendDER(nil, good), false},
		{"s and r exchanged", fixed(s, r), false},
		// (r, n-s) is as good as (r, s): JWS does not ask for the lower one (RFC 7518 §3.4).
		{"the other s", fixed(r, new(big.Int).Sub(n, s)), true},
	}
	for name, pair := range map[string][2]*big.Int{
		"r 0": {zero, s}, "s 0": {r, zero}, "both 0": {zero, zero}, "both 1": {one, one}, "r n": {n, s}, "s n": {r, n}, "both n": {n, n},
		"r n-1": {new(big.Int).Sub(n, one), s}, "s n-1": {r, new(big.Int).Sub(n, one)}, "r p": {curve.Params().P, s},
	} {
		list = append(list, vector{name, fixed(pair[0], pair[1]), false})
	}
	if curve == elliptic.P521() { // others have no room for it
		list = append(list, vector{"r+n", fixed(new(big.Int).Add(r, n), s), false}, vector{"s+n", fixed(r, new(big.Int).Add(s, n)), false})
	}
	return list
}

// prefixSHA256 is the DER of a digest's algorithm (RFC 8017 §9.2, note 1).
var prefixSHA256 = []byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}

func pkcs1Vectors(row *alg, k *Key, head string) []vector {
	if row.hash != crypto.SHA256 {
		return nil
	}
	private := k.private.(*rsa.PrivateKey)
	sum := sha256.Sum256([]byte(head))
	size := private.Size()
	// raw signs a whole block, which only the owner of the key can.
	raw := func(block []byte) []byte {
		m := new(big.Int).SetBytes(block)
		return m.Exp(m, private.D, private.N).FillBytes(make([]byte, size))
	}
	block := func(kind byte, padding int, pad byte, tail ...[]byte) []byte {
		out := append([]byte{0, kind}, bytes.Repeat([]byte{pad}, padding)...)
		out = append(out, 0)
		out = append(out, bytes.Join(tail, nil)...)
		return append(out, make([]byte, max(0, size-len(out)))...)[:size]
	}
	full := size - 3 - len(prefixSHA256) - len(sum)
	withoutNull := append([]byte{0x30, 0x2f, 0x30, 0x0b}, append(bytes.Clone(prefixSHA256[4:15]), prefixSHA256[17:]...)...)
	return []vector{
		{"as it should be, made by hand", raw(block(1, full, 0xff, prefixSHA256, sum[:])), true},
		{"short padding, more behind the digest", raw(block(1, 8, 0xff, prefixSHA256, sum[:])), false},
		{"no padding", raw(block(1, 0, 0xff, prefixSHA256, sum[:])), false},
		{"other padding", raw(block(1, full, 0xfe, prefixSHA256, sum[:])), false},
		{"block of encryption", raw(block(2, full, 0xff, prefixSHA256, sum[:])), false},
		{"no algorithm", raw(block(1, size-3-len(sum), 0xff, sum[:])), false},
		{"algorithm without its NULL", raw(block(1, full+2, 0xff, withoutNull, sum[:])), false},
		{"digest of something else", raw(block(1, full, 0xff, prefixSHA256, make([]byte, 32))), false},
		{"the modulus added", new(big.Int).Add(new(big.Int).SetBytes(raw(block(1, full, 0xff, prefixSHA256, sum[:]))), private.N).Bytes(), false},
	}
}

func pssVectors(t *testing.T, row *alg, k *Key, head string) []vector {
	var buf [64]byte
	sum := digest(row.hash, []byte(head), &buf)
	var list []vector
	for _, salt := range []int{rsa.PSSSaltLengthAuto, 8, row.hash.Size() - 1, row.hash.Size()} {
		sig, err := rsa.SignPSS(rand.Reader, k.private.(*rsa.PrivateKey), row.hash, sum, &rsa.PSSOptions{SaltLength: salt})
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("salt of %d bytes", salt)
		if salt == rsa.PSSSaltLengthAuto {
			name = "the longest salt"
		}
		list = append(list, vector{name, sig, salt == row.hash.Size()}) // RFC 7518 §3.5: as long as the hash
	}
	plain, err := rsa.SignPKCS1v15(nil, k.private.(*rsa.PrivateKey), row.hash, sum)
	if err != nil {
		t.Fatal(err)
	}
	return append(list, vector{"the other padding", plain, false})
}

// ed25519Order is that of the base point (RFC 8032 §5.1).
var ed25519Order, _ = new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)

func ed25519Vectors(good []byte) []vector {
	little := func(n *big.Int) []byte {
		out := n.FillBytes(make([]byte, 32))
		for i := range 16 {
			out[i], out[31-i] = out[31-i], out[i]
		}
		return out
	}
	s := new(big.Int).SetBytes(little(new(big.Int).SetBytes(good[32:])))
	more := new(big.Int).Add(s, ed25519Order)
	return []vector{
		{"s plus the order", append(bytes.Clone(good[:32]), little(more)...), false}, // malleability, RFC 8032 §8.4
		{"s 0", append(bytes.Clone(good[:32]), make([]byte, 32)...), false},
		{"neutral point and s 0", append(append([]byte{1}, make([]byte, 31)...), make([]byte, 32)...), false},
	}
}
