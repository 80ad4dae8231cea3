package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"slices"
)

// Use is the "use" member of a JWK; "" allows both.
type Use string

// Intended uses (RFC 7517 §4.2).
const (
	ForSignature  Use = "sig"
	ForEncryption Use = "enc"
)

// Key is one private, public or symmetric key with what a JWK says about it. Keys are shared between goroutines: set
// the exported fields before the first use, never after; With makes a changed copy.
type Key struct {
	ID        string              // "kid", may be empty
	Algorithm Algorithm           // "alg": when set the key serves this algorithm alone
	Use       Use                 // "use": when set the key serves this use alone
	Ops       []string            // "key_ops": when set, one of them must be the operation at hand
	Chain     []*x509.Certificate // certificate of the key first, then its issuers; may be nil

	kty     KeyType
	curve   string
	bits    int
	private crypto.Signer // nil in public and symmetric keys
	public  crypto.PublicKey
	secret  []byte
	rsa     *rsaVerifier  // of RSA keys; nil where the standard library checks signatures
	p256    *p256Verifier // of keys on P-256, likewise
	weak    bool          // an HMAC secret that was chosen by people, see NewClientSecret
}

// NewKey wraps *rsa.PrivateKey, *rsa.PublicKey, *ecdsa.PrivateKey, *ecdsa.PublicKey, ed25519.PrivateKey,
// ed25519.PublicKey or []byte (a symmetric key). RSA keys outside 2048 to 8192 bits and curves other than P-256, P-384
// and P-521 are refused with ErrKey. The bytes of a symmetric key are copied.
func NewKey(material any) (*Key, error) {
	switch m := material.(type) {
	case *rsa.PrivateKey:
		return newRSA(m)
	case *rsa.PublicKey:
		return newRSAPublic(m)
	case *ecdsa.PrivateKey:
		return newEC(m, &m.PublicKey)
	case *ecdsa.PublicKey:
		return newEC(nil, m)
	case ed25519.PrivateKey:
		if len(m) != ed25519.PrivateKeySize {
			return nil, fmt.Errorf("%w: wrong Ed25519 key size", ErrKey)
		}
		return &Key{kty: OKP, curve: "Ed25519", bits: 256, private: m, public: m.Public()}, nil
	case *ed25519.PrivateKey:
		return NewKey(*m)
	case ed25519.PublicKey:
		if len(m) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("%w: wrong Ed25519 key size", ErrKey)
		}
		return &Key{kty: OKP, curve: "Ed25519", bits: 256, public: m}, nil
	case []byte:
		if len(m) == 0 || len(m) > maxSecretBytes {
			return nil, fmt.Errorf("%w: symmetric key is empty or over %d bytes", ErrKey, maxSecretBytes)
		}
		return &Key{kty: Oct, bits: 8 * len(m), secret: slices.Clone(m)}, nil
	}
	return nil, fmt.Errorf("%w: unsupported kind of key", ErrKey)
}

const maxSecretBytes = 4096

// NewClientSecret wraps an OAuth client secret as an HMAC key of any length.
//
// Deviation: RFC 7518 §3.2 demands a key as long as the hash, and OIDC Core §16.19 passes that on to client secrets;
// PingAM clients have short ones. Only these keys are exempt; those of NewKey are not.
func NewClientSecret(secret string) (*Key, error) {
	k, err := NewKey([]byte(secret))
	if err != nil {
		return nil, err
	}
	k.weak, k.Use = true, ForSignature
	return k, nil
}

// NewClientSecretEncryption derives the symmetric key that encrypts to a client which has only a secret: the leftmost
// bits of the hash of the secret, as many as alg (or enc when alg is "dir") needs; SHA-256, SHA-384 or SHA-512, the
// shortest that suffices (OIDC Core §10.2).
func NewClientSecretEncryption(secret string, a Algorithm, e Encryption) (*Key, error) {
	row, err := lookup(a)
	if err != nil || row.kty != Oct || row.scheme != keyWrap {
		return nil, fmt.Errorf("%w: not a symmetric encryption algorithm", ErrAlgorithm)
	}
	if secret == "" {
		return nil, fmt.Errorf("%w: empty secret", ErrKey)
	}
	bits := row.exact
	if a == Dir {
		bits = e.KeyBits()
	}
	if bits == 0 {
		return nil, fmt.Errorf("%w: unknown encryption", ErrAlgorithm)
	}
	hash := crypto.SHA256
	if bits > 384 {
		hash = crypto.SHA512
	} else if bits > 256 {
		hash = crypto.SHA384
	}
	h := hash.New()
	h.Write([]byte(secret))
	k, err := NewKey(h.Sum(nil)[:bits/8])
	if err != nil {
		return nil, err
	}
	k.Use = ForEncryption
	return k, nil
}

func newRSAPublic(pub *rsa.PublicKey) (*Key, error) {
	if pub == nil || pub.N == nil {
		return nil, fmt.Errorf("%w: empty RSA key", ErrKey)
	}
	bits := pub.N.BitLen()
	if bits < minRSABits || bits > maxRSABits {
		return nil, fmt.Errorf("%w: RSA key of %d bits, accepted are %d to %d", ErrKey, bits, minRSABits, maxRSABits)
	}
	if pub.N.Bit(0) == 0 || pub.E < 3 || pub.E&1 == 0 || int64(pub.E) > 1<<31-1 {
		return nil, fmt.Errorf("%w: impossible RSA modulus or exponent", ErrKey)
	}
	return &Key{kty: RSA, bits: bits, public: pub, rsa: newRSAVerifier(pub)}, nil
}

func newRSA(priv *rsa.PrivateKey) (*Key, error) {
	if priv == nil {
		return nil, fmt.Errorf("%w: empty RSA key", ErrKey)
	}
	k, err := newRSAPublic(&priv.PublicKey)
	if err != nil {
		return nil, err
	}
	if err := priv.Validate(); err != nil {
		return nil, fmt.Errorf("%w: inconsistent RSA private key", ErrKey)
	}
	priv.Precompute()
	k.private = priv
	return k, nil
}

func newEC(priv *ecdsa.PrivateKey, pub *ecdsa.PublicKey) (*Key, error) {
	if pub == nil || pub.Curve == nil {
		return nil, fmt.Errorf("%w: empty EC key", ErrKey)
	}
	switch pub.Curve {
	case elliptic.P256(), elliptic.P384(), elliptic.P521():
	default:
		return nil, fmt.Errorf("%w: unsupported curve", ErrKey)
	}
	if _, err := pub.Bytes(); err != nil {
		return nil, fmt.Errorf("%w: point is not on the curve", ErrKey)
	}
	p := pub.Curve.Params()
	k := &Key{kty: EC, curve: p.Name, bits: p.BitSize, public: pub, p256: newP256Verifier(pub)}
	if priv != nil {
		k.private = priv
	}
	return k, nil
}

// Type gives the "kty".
func (k *Key) Type() KeyType { return k.kty }

// Curve gives the "crv", "" for RSA and symmetric keys.
func (k *Key) Curve() string { return k.curve }

// Bits gives the size of the modulus, curve or secret.
func (k *Key) Bits() int { return k.bits }

// IsPrivate reports whether k can sign or decrypt with a private key. Symmetric keys answer false.
func (k *Key) IsPrivate() bool { return k.private != nil }

// IsSymmetric reports whether k is a shared secret.
func (k *Key) IsSymmetric() bool { return k.kty == Oct }

// PrivateKey gives the private key in the form the standard library uses, nil when there is none.
func (k *Key) PrivateKey() crypto.Signer { return k.private }

// PublicKey gives the public key in the form the standard library uses, nil for symmetric keys.
func (k *Key) PublicKey() crypto.PublicKey { return k.public }

// Secret gives a copy of a symmetric key's bytes, nil for others.
func (k *Key) Secret() []byte { return slices.Clone(k.secret) }

// Public gives k without its private part, nil when k is symmetric: there is no public half to publish.
func (k *Key) Public() *Key {
	if k.kty == Oct {
		return nil
	}
	c := *k
	c.private = nil
	c.Ops = publicOps(k.Ops)
	return &c
}

// publicOps turns what a private key does into what its public half does (RFC 7517 §4.3).
func publicOps(ops []string) []string {
	var out []string
	for _, op := range ops {
		switch op {
		case "sign":
			op = "verify"
		case "decrypt":
			op = "encrypt"
		case "unwrapKey":
			op = "wrapKey"
		}
		if !slices.Contains(out, op) {
			out = append(out, op)
		}
	}
	return out
}

// With returns a copy that carries the given kid, algorithm and use. The key material is shared.
func (k *Key) With(id string, a Algorithm, u Use) *Key {
	c := *k
	c.ID, c.Algorithm, c.Use = id, a, u
	return &c
}

// String names the key without its material, so that a key in a log line gives nothing away.
func (k *Key) String() string {
	return fmt.Sprintf("%s key %q (%d bits)", k.kty, k.ID, k.bits)
}

// GoString hides the material from %#v as String does from %v.
func (k *Key) GoString() string { return k.String() }

// Equal reports whether both hold the same key material. Secrets are compared in constant time.
func (k *Key) Equal(o *Key) bool {
	if o == nil || k.kty != o.kty {
		return false
	}
	if k.kty == Oct {
		return subtle.ConstantTimeCompare(k.secret, o.secret) == 1
	}
	pub, ok := k.public.(interface{ Equal(crypto.PublicKey) bool })
	return ok && pub.Equal(o.public)
}

// Thumbprint gives the SHA-256 thumbprint, base64url without padding (RFC 7638). For symmetric keys it is a hash of
// the secret and must not be shown to anyone.
func (k *Key) Thumbprint() string {
	sum := sha256.Sum256(k.canonical())
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// operation is what is about to be done with a key.
type operation uint8

const (
	opSign operation = iota
	opVerify
	opEncrypt
	opDecrypt
)

// fits tells whether k may be used for op under a, and why not.
func (k *Key) fits(a *alg, op operation) error {
	switch {
	case k.kty != a.kty:
		return fmt.Errorf("%w: %s needs a key of type %s, not %s", ErrKey, a.name, a.kty, k.kty)
	case a.curve != "" && k.curve != a.curve:
		return fmt.Errorf("%w: %s needs the curve %s, not %s", ErrKey, a.name, a.curve, k.curve)
	case k.bits < a.minBits && !(k.weak && a.scheme == hmacTag):
		return fmt.Errorf("%w: %s needs at least %d bits, the key has %d", ErrKey, a.name, a.minBits, k.bits)
	case a.exact != 0 && k.bits != a.exact:
		return fmt.Errorf("%w: %s needs exactly %d bits, the key has %d", ErrKey, a.name, a.exact, k.bits)
	case k.Algorithm != "" && k.Algorithm != a.name && !k.servesContentAlgorithm(a):
		return fmt.Errorf("%w: the key is for another algorithm than %s", ErrKey, a.name)
	case k.Use != "" && k.Use != a.use():
		return fmt.Errorf("%w: the key is not for use %q", ErrKey, a.use())
	case (op == opSign || op == opDecrypt) && k.kty != Oct && k.private == nil:
		return fmt.Errorf("%w: a private key is needed", ErrKey)
	case !k.allowsOp(op):
		return fmt.Errorf("%w: key_ops does not list the operation", ErrKey)
	}
	return nil
}

// servesContentAlgorithm covers keys for "dir" whose alg names the content encryption, as RFC 7517 §4.4 leaves open
// and several programs write.
func (k *Key) servesContentAlgorithm(a *alg) bool {
	return a.name == Dir && Encryption(k.Algorithm).KeyBits() != 0
}

func (a *alg) use() Use {
	if a.scheme == keyWrap {
		return ForEncryption
	}
	return ForSignature
}

// allowsOp reads key_ops. A private key's set may list only its private operation; the public one is implied, because
// whoever can sign can verify.
func (k *Key) allowsOp(op operation) bool {
	if len(k.Ops) == 0 {
		return true
	}
	var names []string
	switch op {
	case opSign:
		names = []string{"sign"}
	case opVerify:
		names = []string{"verify", "sign"}
	case opEncrypt:
		names = []string{"encrypt", "wrapKey", "deriveKey", "deriveBits", "decrypt", "unwrapKey"}
	case opDecrypt:
		names = []string{"decrypt", "unwrapKey", "deriveKey", "deriveBits"}
	}
	return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(k.Ops, n) })
}

// Fits reports as an error wrapping ErrKey or ErrAlgorithm why k cannot create tokens with a; nil means it can.
func (k *Key) Fits(a Algorithm) error {
	row, err := lookup(a)
	if err != nil {
		return err
	}
	if row.scheme == keyWrap {
		return k.fits(row, opEncrypt)
	}
	return k.fits(row, opSign)
}

// Verifies reports as an error wrapping ErrKey or ErrAlgorithm why k cannot check signatures of a; nil means it can.
func (k *Key) Verifies(a Algorithm) error {
	row, err := lookup(a)
	if err != nil {
		return err
	}
	if row.scheme == keyWrap {
		return fmt.Errorf("%w: %s makes no signatures", ErrAlgorithm, a)
	}
	return k.fits(row, opVerify)
}
