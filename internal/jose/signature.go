package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// maxSignature is the size of the longest signature, that of the largest RSA key.
const maxSignature = maxRSABits / 8

// digest hashes into buf, so that the result needs no allocation of its own.
func digest(h crypto.Hash, input []byte, buf *[64]byte) []byte {
	switch h {
	case crypto.SHA256:
		sum := sha256.Sum256(input)
		return append(buf[:0], sum[:]...)
	case crypto.SHA384:
		sum := sha512.Sum384(input)
		return append(buf[:0], sum[:]...)
	default:
		sum := sha512.Sum512(input)
		return append(buf[:0], sum[:]...)
	}
}

// appendSignature signs input with k, which must fit a, and appends the signature in its JWS form to dst.
func appendSignature(dst []byte, a *alg, k *Key, input []byte) ([]byte, error) {
	if a.scheme == hmacTag {
		return mac(dst, a, k, input), nil
	}
	var buf [64]byte
	var sig []byte
	var err error
	switch priv := k.private.(type) {
	case *rsa.PrivateKey:
		if a.scheme == pss { // RFC 7518 §3.5: the salt is as long as the hash
			opts := rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: a.hash}
			sig, err = rsa.SignPSS(rand.Reader, priv, a.hash, digest(a.hash, input, &buf), &opts)
		} else {
			sig, err = rsa.SignPKCS1v15(nil, priv, a.hash, digest(a.hash, input, &buf))
		}
	case *ecdsa.PrivateKey:
		sig, err = ecdsa.SignASN1(rand.Reader, priv, digest(a.hash, input, &buf))
		if err == nil {
			return appendFixed(dst, sig, coordinateBytes(k))
		}
	case ed25519.PrivateKey:
		sig = ed25519.Sign(priv, input)
	default:
		return nil, fmt.Errorf("%w: a private key is needed", ErrKey)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: signing failed", ErrKey)
	}
	return append(dst, sig...), nil
}

func mac(dst []byte, a *alg, k *Key, input []byte) []byte {
	h := hmac.New(a.hash.New, k.secret)
	h.Write(input)
	return h.Sum(dst)
}

func coordinateBytes(k *Key) int { return (k.bits + 7) / 8 }

// appendFixed turns the DER form SEQUENCE{r, s} into r||s with fixed sizes (RFC 7518 §3.4).
func appendFixed(dst, der []byte, size int) ([]byte, error) {
	var r, s []byte
	input := cryptobyte.String(der)
	var seq cryptobyte.String
	if !input.ReadASN1(&seq, asn1.SEQUENCE) || !input.Empty() ||
		!seq.ReadASN1Integer(&r) || !seq.ReadASN1Integer(&s) || !seq.Empty() || len(r) > size || len(s) > size {
		return nil, fmt.Errorf("%w: signing failed", ErrKey)
	}
	var zeros [66]byte
	dst = append(append(dst, zeros[:size-len(r)]...), r...)
	return append(append(dst, zeros[:size-len(s)]...), s...), nil
}

// appendDER is the way back, for the verifier of the standard library. fixed has an even length of at most 132.
func appendDER(dst, fixed []byte) []byte {
	half := len(fixed) / 2
	var body [2 * (66 + 3)]byte
	b := appendInteger(appendInteger(body[:0], fixed[:half]), fixed[half:])
	dst = append(dst, 0x30)
	if len(b) > 0x7f { // P-521 only
		dst = append(dst, 0x81)
	}
	return append(append(dst, byte(len(b))), b...)
}

func appendInteger(dst, n []byte) []byte {
	for len(n) > 1 && n[0] == 0 {
		n = n[1:]
	}
	pad := n[0] >> 7 // a set top bit would make the number negative
	dst = append(dst, 0x02, byte(len(n))+pad)
	if pad == 1 {
		dst = append(dst, 0)
	}
	return append(dst, n...)
}

// verifySignature reports whether sig is the signature of input under k, which must fit a.
func verifySignature(a *alg, k *Key, input, sig []byte) bool {
	var buf [64]byte
	switch a.scheme {
	case hmacTag:
		return hmac.Equal(mac(buf[:0], a, k, input), sig)
	case pkcs1:
		if k.rsa != nil {
			return k.rsa.verify(a.hash, digest(a.hash, input, &buf), sig)
		}
		return rsa.VerifyPKCS1v15(k.public.(*rsa.PublicKey), a.hash, digest(a.hash, input, &buf), sig) == nil
	case pss:
		opts := rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: a.hash}
		return rsa.VerifyPSS(k.public.(*rsa.PublicKey), a.hash, digest(a.hash, input, &buf), sig, &opts) == nil
	case ecdsaFixed:
		if len(sig) != 2*coordinateBytes(k) {
			return false
		}
		sum := digest(a.hash, input, &buf)
		if k.p256 != nil {
			if t := k.p256.ready(); t != nil {
				return t.verify(sum, sig)
			}
		}
		var der [144]byte
		return ecdsa.VerifyASN1(k.public.(*ecdsa.PublicKey), sum, appendDER(der[:0], sig))
	case ed25519Pure:
		return len(sig) == ed25519.SignatureSize && ed25519.Verify(k.public.(ed25519.PublicKey), input, sig)
	}
	return false
}
