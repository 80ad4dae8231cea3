package jose

import (
	"bytes"
	"crypto"
	"crypto/fips140"
	"crypto/rsa"
	"crypto/subtle"

	"filippo.io/bigmod"
)

// rsaVerifier checks signatures of RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2) with a modulus that is made ready once: the
// standard library does that anew for each signature, which is a quarter of what a check costs. Nothing here is secret.
type rsaVerifier struct {
	n    *bigmod.Modulus
	e    uint
	size int // in bytes
}

// newRSAVerifier gives nil where the standard library has to do it.
func newRSAVerifier(pub *rsa.PublicKey) *rsaVerifier {
	if fips140.Enabled() {
		return nil // a module that was certified has to do the arithmetic then
	}
	n, err := bigmod.NewModulus(pub.N.Bytes())
	if err != nil {
		return nil
	}
	return &rsaVerifier{n: n, e: uint(pub.E), size: n.Size()}
}

// digestInfos are the DER encodings that stand before the digest (RFC 8017 §9.2 note 1).
var digestInfos = map[crypto.Hash][]byte{
	crypto.SHA256: {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20},
	crypto.SHA384: {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30},
	crypto.SHA512: {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40},
}

// verify raises the signature to the exponent and compares with the one encoding that is right for the digest, byte by
// byte. Reading the encoding instead is how such checks were broken (RFC 8017 §8.2.2 note 2).
func (v *rsaVerifier) verify(h crypto.Hash, sum, sig []byte) bool {
	info := digestInfos[h]
	padding := v.size - 3 - len(info) - len(sum)
	if info == nil || padding < 8 || len(sig) != v.size {
		return false
	}
	s, err := bigmod.NewNat().SetBytes(sig, v.n)
	if err != nil { // not below the modulus
		return false
	}
	got := bigmod.NewNat().ExpShortVarTime(s, v.e, v.n).Bytes(v.n)
	var room [maxRSABits / 8]byte
	want := append(room[:0], 0, 1)
	want = append(want, ones[:padding]...)
	want = append(append(append(want, 0), info...), sum...)
	return subtle.ConstantTimeCompare(got, want) == 1
}

var ones = bytes.Repeat([]byte{0xff}, maxRSABits/8)
