package jose

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // "x5t" is defined as SHA-1 (RFC 7517 §4.8); it names a certificate, nothing trusts it
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"

	jsonv2 "github.com/go-json-experiment/json"
)

// jwk is the JSON of a key (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2) in the order in which it is written.
type jwk struct {
	Kty     KeyType   `json:"kty"`
	Kid     string    `json:"kid,omitempty"`
	Use     Use       `json:"use,omitempty"`
	Ops     []string  `json:"key_ops,omitempty"`
	Alg     Algorithm `json:"alg,omitempty"`
	Crv     string    `json:"crv,omitempty"`
	X       string    `json:"x,omitempty"`
	Y       string    `json:"y,omitempty"`
	N       string    `json:"n,omitempty"`
	E       string    `json:"e,omitempty"`
	D       string    `json:"d,omitempty"`
	P       string    `json:"p,omitempty"`
	Q       string    `json:"q,omitempty"`
	Dp      string    `json:"dp,omitempty"`
	Dq      string    `json:"dq,omitempty"`
	Qi      string    `json:"qi,omitempty"`
	K       string    `json:"k,omitempty"`
	X5t     string    `json:"x5t,omitempty"`
	X5tS256 string    `json:"x5t#S256,omitempty"`
	X5c     []string  `json:"x5c,omitempty"`
}

// maxKeyBytes bounds the JSON of one key: an 8192-bit private RSA key with a chain of several certificates fits.
const maxKeyBytes = 64 << 10

// maxChain bounds the certificates of one key.
const maxChain = 10

// b64 is base64url without padding and without stray bits in the last character (RFC 7515 §2).
var b64 = base64.RawURLEncoding.Strict()

// ParseKey reads one JWK, private, public or symmetric. Unknown members are ignored, repeated ones are malformed.
// Certificates in x5c must be of this very key (RFC 7517 §4.7); a chain that cannot be parsed is dropped.
// Errors wrap ErrMalformed or ErrKey.
func ParseKey(data []byte) (*Key, error) {
	if len(data) > maxKeyBytes {
		return nil, fmt.Errorf("%w: key over %d bytes", ErrMalformed, maxKeyBytes)
	}
	var j jwk
	if err := jsonv2.Unmarshal(data, &j); err != nil {
		return nil, fmt.Errorf("%w: key is not a JSON object of the expected shape", ErrMalformed)
	}
	k, err := j.key()
	if err != nil {
		return nil, err
	}
	k.ID, k.Use, k.Ops, k.Algorithm = j.Kid, j.Use, j.Ops, j.Alg
	k.Chain = parseChain(j.X5c)
	if len(k.Chain) > 0 && !k.ownsCertificate(k.Chain[0]) {
		return nil, fmt.Errorf("%w: x5c is the certificate of another key", ErrKey)
	}
	return k, nil
}

func (j *jwk) key() (*Key, error) {
	switch j.Kty {
	case RSA:
		return j.rsa()
	case EC:
		return j.ec()
	case OKP:
		return j.okp()
	case Oct:
		secret, err := member("k", j.K, 0)
		if err != nil {
			return nil, err
		}
		return NewKey(secret)
	}
	return nil, fmt.Errorf("%w: unknown key type", ErrKey)
}

// member decodes one base64url member; size 0 takes any length.
func member(name, text string, size int) ([]byte, error) {
	if len(text) > 2*maxSecretBytes {
		return nil, fmt.Errorf("%w: member %q is too long", ErrMalformed, name)
	}
	b, err := decodeSegment([]byte(text))
	if err != nil || len(b) == 0 {
		return nil, fmt.Errorf("%w: member %q is missing or not base64url", ErrMalformed, name)
	}
	if size != 0 && len(b) != size {
		return nil, fmt.Errorf("%w: member %q has %d bytes, want %d", ErrKey, name, len(b), size)
	}
	return b, nil
}

func (j *jwk) rsa() (*Key, error) {
	n, err := member("n", j.N, 0)
	if err != nil {
		return nil, err
	}
	e, err := member("e", j.E, 0)
	if err != nil {
		return nil, err
	}
	exponent := new(big.Int).SetBytes(e)
	if exponent.BitLen() > 31 {
		return nil, fmt.Errorf("%w: RSA exponent is too large", ErrKey)
	}
	pub := rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent.Int64())}
	if j.D == "" {
		return NewKey(&pub)
	}
	if _, err := NewKey(&pub); err != nil { // sizes first: checking a private key costs more the longer it is
		return nil, err
	}
	parts := make([]*big.Int, 3)
	for i, m := range [...]struct{ name, text string }{{"d", j.D}, {"p", j.P}, {"q", j.Q}} {
		b, err := member(m.name, m.text, 0)
		if err != nil {
			return nil, err
		}
		if len(b) > maxRSABits/8 {
			return nil, fmt.Errorf("%w: member %q is too long", ErrKey, m.name)
		}
		parts[i] = new(big.Int).SetBytes(b)
	}
	// dp, dq and qi are computed anew: taking them on trust would let a broken file leak the key by faulty signatures.
	return NewKey(&rsa.PrivateKey{PublicKey: pub, D: parts[0], Primes: parts[1:]})
}

func curveByName(name string) (elliptic.Curve, error) {
	switch name {
	case "P-256":
		return elliptic.P256(), nil
	case "P-384":
		return elliptic.P384(), nil
	case "P-521":
		return elliptic.P521(), nil
	}
	return nil, fmt.Errorf("%w: unsupported curve", ErrKey)
}

func (j *jwk) ec() (*Key, error) {
	curve, err := curveByName(j.Crv)
	if err != nil {
		return nil, err
	}
	size := (curve.Params().BitSize + 7) / 8
	x, err := member("x", j.X, size)
	if err != nil {
		return nil, err
	}
	y, err := member("y", j.Y, size)
	if err != nil {
		return nil, err
	}
	point := append(append([]byte{4}, x...), y...)
	pub, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		return nil, fmt.Errorf("%w: point is not on the curve", ErrKey)
	}
	if j.D == "" {
		return NewKey(pub)
	}
	d, err := member("d", j.D, size)
	if err != nil {
		return nil, err
	}
	priv, err := ecdsa.ParseRawPrivateKey(curve, d)
	if err != nil || !priv.PublicKey.Equal(pub) {
		return nil, fmt.Errorf("%w: private and public part do not belong together", ErrKey)
	}
	return NewKey(priv)
}

func (j *jwk) okp() (*Key, error) {
	if j.Crv != "Ed25519" {
		return nil, fmt.Errorf("%w: unsupported curve", ErrKey)
	}
	x, err := member("x", j.X, ed25519.PublicKeySize)
	if err != nil {
		return nil, err
	}
	if j.D == "" {
		return NewKey(ed25519.PublicKey(x))
	}
	d, err := member("d", j.D, ed25519.SeedSize)
	if err != nil {
		return nil, err
	}
	priv := ed25519.NewKeyFromSeed(d)
	if !ed25519.PublicKey(x).Equal(priv.Public()) {
		return nil, fmt.Errorf("%w: private and public part do not belong together", ErrKey)
	}
	return NewKey(priv)
}

// parseChain reads x5c: standard base64 of DER, the key's own certificate first. One bad certificate drops the chain,
// for the key itself is still good: it is trusted for where it came from, not for its certificate.
func parseChain(x5c []string) []*x509.Certificate {
	if len(x5c) > maxChain {
		return nil
	}
	var chain []*x509.Certificate
	for _, text := range x5c {
		der, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil
		}
		chain = append(chain, cert)
	}
	return chain
}

// ownsCertificate reports whether cert carries the public key of k.
func (k *Key) ownsCertificate(cert *x509.Certificate) bool {
	other, err := NewKey(cert.PublicKey)
	return err == nil && k.Equal(other)
}

// MarshalPrivate gives the JWK with everything secret in it.
func (k *Key) MarshalPrivate() ([]byte, error) { return k.marshal(true) }

// MarshalPublic gives the JWK of the public half. A symmetric key has none: ErrKey.
func (k *Key) MarshalPublic() ([]byte, error) { return k.marshal(false) }

// MarshalJSON is MarshalPublic, so that no encoder that meets a key by accident writes a private one.
func (k *Key) MarshalJSON() ([]byte, error) { return k.marshal(false) }

func (k *Key) marshal(private bool) ([]byte, error) {
	src := k
	if !private {
		if src = k.Public(); src == nil {
			return nil, fmt.Errorf("%w: a symmetric key has no public form", ErrKey)
		}
	}
	j, err := src.jwk()
	if err != nil {
		return nil, err
	}
	return json.Marshal(j)
}

func (k *Key) jwk() (*jwk, error) {
	j := &jwk{Kty: k.kty, Kid: k.ID, Use: k.Use, Ops: k.Ops, Alg: k.Algorithm, Crv: k.curve}
	for _, c := range k.Chain {
		j.X5c = append(j.X5c, base64.StdEncoding.EncodeToString(c.Raw))
	}
	if len(k.Chain) > 0 {
		one := sha1.Sum(k.Chain[0].Raw) //nolint:gosec // see the import
		two := sha256.Sum256(k.Chain[0].Raw)
		j.X5t, j.X5tS256 = b64.EncodeToString(one[:]), b64.EncodeToString(two[:])
	}
	if err := k.fillPublic(j); err != nil {
		return nil, err
	}
	return j, k.fillPrivate(j)
}

func (k *Key) fillPublic(j *jwk) error {
	switch pub := k.public.(type) {
	case *rsa.PublicKey:
		j.N = b64.EncodeToString(pub.N.Bytes())
		j.E = b64.EncodeToString(big.NewInt(int64(pub.E)).Bytes())
	case *ecdsa.PublicKey:
		point, err := pub.Bytes()
		if err != nil {
			return fmt.Errorf("%w: point is not on the curve", ErrKey)
		}
		half := (len(point) - 1) / 2
		j.X, j.Y = b64.EncodeToString(point[1:1+half]), b64.EncodeToString(point[1+half:])
	case ed25519.PublicKey:
		j.X = b64.EncodeToString(pub)
	}
	return nil
}

func (k *Key) fillPrivate(j *jwk) error {
	if k.kty == Oct {
		j.K = b64.EncodeToString(k.secret)
		return nil
	}
	switch priv := k.private.(type) {
	case *rsa.PrivateKey:
		if len(priv.Primes) != 2 {
			return fmt.Errorf("%w: RSA keys of more than two primes have no JWK here", ErrKey)
		}
		j.D = b64.EncodeToString(priv.D.Bytes())
		j.P, j.Q = b64.EncodeToString(priv.Primes[0].Bytes()), b64.EncodeToString(priv.Primes[1].Bytes())
		j.Dp, j.Dq = b64.EncodeToString(priv.Precomputed.Dp.Bytes()), b64.EncodeToString(priv.Precomputed.Dq.Bytes())
		j.Qi = b64.EncodeToString(priv.Precomputed.Qinv.Bytes())
	case *ecdsa.PrivateKey:
		d, err := priv.Bytes()
		if err != nil {
			return fmt.Errorf("%w: impossible private key", ErrKey)
		}
		j.D = b64.EncodeToString(d)
	case ed25519.PrivateKey:
		j.D = b64.EncodeToString(priv.Seed())
	}
	return nil
}

// canonical is the JSON that a thumbprint hashes: required members, lexical order, no space (RFC 7638 §3.2).
func (k *Key) canonical() []byte {
	j := &jwk{}
	if err := k.fillPublic(j); err != nil {
		return nil // NewKey has already refused such points
	}
	switch k.kty {
	case RSA:
		return []byte(`{"e":"` + j.E + `","kty":"RSA","n":"` + j.N + `"}`)
	case EC:
		return []byte(`{"crv":"` + k.curve + `","kty":"EC","x":"` + j.X + `","y":"` + j.Y + `"}`)
	case OKP:
		return []byte(`{"crv":"` + k.curve + `","kty":"OKP","x":"` + j.X + `"}`)
	}
	return []byte(`{"k":"` + b64.EncodeToString(k.secret) + `","kty":"oct"}`)
}
