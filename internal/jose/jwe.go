package jose

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"fmt"
	"slices"

	gojose "github.com/go-jose/go-jose/v4"
)

// Encrypter makes compact JWE for one key. It is safe for concurrent use.
type Encrypter struct {
	inner gojose.Encrypter
}

// EncrypterOptions shape the header of a JWE.
type EncrypterOptions struct {
	Type        string // "typ"; empty leaves it out
	ContentType string // "cty"; "JWT" when the content is a token (RFC 7519 §5.2)
	OmitKeyID   bool
	Compress    bool // "zip":"DEF"; the length then tells something about the content, so leave it off where an attacker can choose part of it
}

// NewEncrypter prepares encryption to k with a and e. It fails with ErrKey when the key does not fit: with "dir" its
// size must be exactly that of e.
func NewEncrypter(k *Key, a Algorithm, e Encryption, o EncrypterOptions) (*Encrypter, error) {
	row, err := encryptionRow(a, e)
	if err != nil {
		return nil, err
	}
	if k == nil {
		return nil, fmt.Errorf("%w: no key", ErrKey)
	}
	if err := k.fitsContent(row, e, opEncrypt); err != nil {
		return nil, err
	}
	opts := &gojose.EncrypterOptions{}
	if o.Type != "" {
		opts = opts.WithType(gojose.ContentType(o.Type))
	}
	if o.ContentType != "" {
		opts = opts.WithContentType(gojose.ContentType(o.ContentType))
	}
	if o.Compress {
		opts.Compression = gojose.DEFLATE
	}
	rcpt := gojose.Recipient{Algorithm: gojose.KeyAlgorithm(a), Key: k.encryptionMaterial()}
	if !o.OmitKeyID {
		rcpt.KeyID = k.ID
	}
	inner, err := gojose.NewEncrypter(gojose.ContentEncryption(e), rcpt, opts)
	if err != nil {
		return nil, fmt.Errorf("%w: %s with %s", ErrKey, a, e)
	}
	return &Encrypter{inner: inner}, nil
}

func encryptionRow(a Algorithm, e Encryption) (*alg, error) {
	row, err := lookup(a)
	if err != nil {
		return nil, err
	}
	if row.scheme != keyWrap {
		return nil, fmt.Errorf("%w: %s does not encrypt", ErrAlgorithm, a)
	}
	if e.KeyBits() == 0 {
		return nil, fmt.Errorf("%w: unknown or unsupported content encryption", ErrAlgorithm)
	}
	return row, nil
}

// fitsContent adds to fits what depends on the content encryption.
func (k *Key) fitsContent(a *alg, e Encryption, op operation) error {
	if err := k.fits(a, op); err != nil {
		return err
	}
	if a.name == Dir && k.bits != e.KeyBits() {
		return fmt.Errorf("%w: dir with %s needs exactly %d bits, the key has %d", ErrKey, e, e.KeyBits(), k.bits)
	}
	return nil
}

func (k *Key) encryptionMaterial() any {
	if k.kty == Oct {
		return k.secret
	}
	return k.public
}

func (k *Key) decryptionMaterial() any {
	switch priv := k.private.(type) {
	case *rsa.PrivateKey:
		return priv
	case *ecdsa.PrivateKey:
		return priv
	}
	return k.secret
}

// Encrypt gives the compact JWE of plaintext.
func (e *Encrypter) Encrypt(plaintext []byte) (string, error) {
	obj, err := e.inner.Encrypt(plaintext)
	if err != nil {
		return "", fmt.Errorf("%w: encryption failed", ErrKey)
	}
	out, err := obj.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("%w: encryption failed", ErrKey)
	}
	return out, nil
}

// DecryptOptions say what is accepted. Keys and both lists are needed.
type DecryptOptions struct {
	Keys        Finder
	Algorithms  []Algorithm
	Encryptions []Encryption
	Critical    []string
	MaxBytes    int  // limit of the token and of its decompressed content; 0 means DefaultMaxToken
	Inflate     bool // accept "zip":"DEF"
}

// Decrypt opens a compact JWE; the kid rule is that of Verify. A symmetric key proves by it who wrote the token, a
// public one does not: everybody can encrypt to it.
func Decrypt(ctx context.Context, token string, o DecryptOptions) (*Token, error) {
	parts, err := split(token, 5, o.MaxBytes)
	if err != nil {
		return nil, err
	}
	h, err := parseHeader(parts[0])
	if err != nil {
		return nil, err
	}
	a, err := o.check(h, parts)
	if err != nil {
		return nil, err
	}
	obj, err := gojose.ParseEncryptedCompact(token,
		[]gojose.KeyAlgorithm{gojose.KeyAlgorithm(h.Algorithm)}, []gojose.ContentEncryption{gojose.ContentEncryption(h.Encryption)})
	if err != nil {
		return nil, fmt.Errorf("%w: not an encrypted token", ErrMalformed)
	}
	keys, err := candidates(ctx, o.Keys, h.KeyID, a, opDecrypt)
	if err != nil {
		return nil, err
	}
	failure := fmt.Errorf("%w: no key fits the token", ErrKey)
	for _, k := range keys {
		if err := k.fitsContent(a, h.Encryption, opDecrypt); err != nil {
			continue
		}
		failure = ErrDecrypt
		plain, err := obj.Decrypt(k.decryptionMaterial())
		if err != nil {
			continue
		}
		if max := limitOf(o.MaxBytes); len(plain) > max {
			return nil, &tooLarge{"jwt", fmt.Sprintf("decrypted content over %d bytes", max)}
		}
		return &Token{Header: h, Payload: plain, Key: k}, nil
	}
	return nil, failure
}

// check applies all that can be said about a token before a key is touched.
func (o DecryptOptions) check(h *Header, parts [5][]byte) (*alg, error) {
	a, err := allowed(o.Algorithms, h.Algorithm)
	if err != nil {
		return nil, err
	}
	if _, err := encryptionRow(h.Algorithm, h.Encryption); err != nil {
		return nil, err
	}
	if !slices.Contains(o.Encryptions, h.Encryption) {
		return nil, fmt.Errorf("%w: content encryption is not in the list of accepted ones", ErrAlgorithm)
	}
	if err := h.checkCritical(o.Critical); err != nil {
		return nil, err
	}
	switch h.Compression {
	case "":
	case "DEF":
		if !o.Inflate {
			return nil, fmt.Errorf("%w: compressed content is not accepted", ErrMalformed)
		}
	default:
		return nil, fmt.Errorf("%w: unknown compression", ErrMalformed)
	}
	// Direct use and direct agreement carry no wrapped key (RFC 7516 §5.2 step 10); all others do.
	direct := h.Algorithm == Dir || h.Algorithm == ECDHES
	if direct != (len(parts[1]) == 0) {
		return nil, fmt.Errorf("%w: wrapped key is not what the algorithm calls for", ErrMalformed)
	}
	for _, p := range parts[1:] {
		if _, err := decodeSegment(p); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func limitOf(n int) int {
	if n <= 0 {
		return DefaultMaxToken
	}
	return n
}
