package jose

import (
	"crypto"
	"fmt"
	"slices"
)

// Algorithm is a value of the "alg" header: a signature algorithm or a way to agree on a content key.
type Algorithm string

// Encryption is a value of the "enc" header.
type Encryption string

// KeyType is the "kty" member of a JWK.
type KeyType string

// Key types.
const (
	RSA KeyType = "RSA"
	EC  KeyType = "EC"
	OKP KeyType = "OKP"
	Oct KeyType = "oct"
)

// Signature algorithms (RFC 7518 §3.1, RFC 8037 §3.1).
const (
	RS256 Algorithm = "RS256"
	RS384 Algorithm = "RS384"
	RS512 Algorithm = "RS512"
	PS256 Algorithm = "PS256"
	PS384 Algorithm = "PS384"
	PS512 Algorithm = "PS512"
	ES256 Algorithm = "ES256"
	ES384 Algorithm = "ES384"
	ES512 Algorithm = "ES512"
	EdDSA Algorithm = "EdDSA"
	HS256 Algorithm = "HS256"
	HS384 Algorithm = "HS384"
	HS512 Algorithm = "HS512"
)

// Content-key algorithms (RFC 7518 §4.1). RSA1_5 is left out for its padding oracle, PBES2 for the work an attacker
// can ask for with "p2c".
const (
	RSAOAEP      Algorithm = "RSA-OAEP"
	RSAOAEP256   Algorithm = "RSA-OAEP-256"
	Dir          Algorithm = "dir"
	A128KW       Algorithm = "A128KW"
	A192KW       Algorithm = "A192KW"
	A256KW       Algorithm = "A256KW"
	ECDHES       Algorithm = "ECDH-ES"
	ECDHESA128KW Algorithm = "ECDH-ES+A128KW"
	ECDHESA192KW Algorithm = "ECDH-ES+A192KW"
	ECDHESA256KW Algorithm = "ECDH-ES+A256KW"
)

// Content encryptions (RFC 7518 §5.1).
const (
	A128CBCHS256 Encryption = "A128CBC-HS256"
	A192CBCHS384 Encryption = "A192CBC-HS384"
	A256CBCHS512 Encryption = "A256CBC-HS512"
	A128GCM      Encryption = "A128GCM"
	A192GCM      Encryption = "A192GCM"
	A256GCM      Encryption = "A256GCM"
)

type scheme uint8

const (
	pkcs1 scheme = iota + 1
	pss
	ecdsaFixed
	ed25519Pure
	hmacTag
	keyWrap // every content-key algorithm
)

// alg is a row of the table. Sizes are bits; curve and exact are empty or zero when any will do.
type alg struct {
	name    Algorithm
	scheme  scheme
	kty     KeyType
	curve   string
	hash    crypto.Hash
	minBits int
	exact   int
}

// Sizes of RSA keys, in bits. RFC 7518 §3.3 demands 2048; the upper end bounds the work that a stranger's key can cause.
const (
	minRSABits = 2048
	maxRSABits = 8192
)

// algs is the one table of algorithms. "none" is no row, so nothing can allow it.
var algs = [...]alg{
	{RS256, pkcs1, RSA, "", crypto.SHA256, minRSABits, 0},
	{ES256, ecdsaFixed, EC, "P-256", crypto.SHA256, 256, 0},
	{PS256, pss, RSA, "", crypto.SHA256, minRSABits, 0},
	{EdDSA, ed25519Pure, OKP, "Ed25519", 0, 256, 0},
	{HS256, hmacTag, Oct, "", crypto.SHA256, 256, 0},
	{RS384, pkcs1, RSA, "", crypto.SHA384, minRSABits, 0},
	{RS512, pkcs1, RSA, "", crypto.SHA512, minRSABits, 0},
	{PS384, pss, RSA, "", crypto.SHA384, minRSABits, 0},
	{PS512, pss, RSA, "", crypto.SHA512, minRSABits, 0},
	{ES384, ecdsaFixed, EC, "P-384", crypto.SHA384, 384, 0},
	{ES512, ecdsaFixed, EC, "P-521", crypto.SHA512, 521, 0},
	{HS384, hmacTag, Oct, "", crypto.SHA384, 384, 0},
	{HS512, hmacTag, Oct, "", crypto.SHA512, 512, 0},
	{RSAOAEP, keyWrap, RSA, "", 0, minRSABits, 0},
	{RSAOAEP256, keyWrap, RSA, "", 0, minRSABits, 0},
	{Dir, keyWrap, Oct, "", 0, 128, 0},
	{A128KW, keyWrap, Oct, "", 0, 128, 128},
	{A192KW, keyWrap, Oct, "", 0, 192, 192},
	{A256KW, keyWrap, Oct, "", 0, 256, 256},
	{ECDHES, keyWrap, EC, "", 0, 256, 0},
	{ECDHESA128KW, keyWrap, EC, "", 0, 256, 0},
	{ECDHESA192KW, keyWrap, EC, "", 0, 256, 0},
	{ECDHESA256KW, keyWrap, EC, "", 0, 256, 0},
}

// encs gives the content-key size of each encryption in bits.
var encs = [...]struct {
	name Encryption
	bits int
}{
	{A128GCM, 128}, {A192GCM, 192}, {A256GCM, 256},
	{A128CBCHS256, 256}, {A192CBCHS384, 384}, {A256CBCHS512, 512},
}

func lookup(name Algorithm) (*alg, error) {
	for i := range algs {
		if algs[i].name == name {
			return &algs[i], nil
		}
	}
	return nil, fmt.Errorf("%w: unknown or unsupported algorithm", ErrAlgorithm)
}

// Signs reports whether a is a signature algorithm of the table.
func (a Algorithm) Signs() bool {
	row, err := lookup(a)
	return err == nil && row.scheme != keyWrap
}

// Encrypts reports whether a is a content-key algorithm of the table.
func (a Algorithm) Encrypts() bool {
	row, err := lookup(a)
	return err == nil && row.scheme == keyWrap
}

// Symmetric reports whether both sides of a share one secret key.
func (a Algorithm) Symmetric() bool {
	row, err := lookup(a)
	return err == nil && row.kty == Oct
}

// KeyType gives the type of key that a works with, "" when a is not in the table.
func (a Algorithm) KeyType() KeyType {
	row, err := lookup(a)
	if err != nil {
		return ""
	}
	return row.kty
}

// KeyBits gives the size of the content key of e, 0 when e is not in the table. With "dir" it is the size of the
// shared key itself.
func (e Encryption) KeyBits() int {
	for _, row := range encs {
		if row.name == e {
			return row.bits
		}
	}
	return 0
}

// SignatureAlgorithms lists the asymmetric signature algorithms: the usual allow-list for tokens of another party.
// Each call returns a fresh slice.
func SignatureAlgorithms() []Algorithm {
	return pick(func(a *alg) bool { return a.scheme != keyWrap && a.kty != Oct })
}

// MACAlgorithms lists the HMAC algorithms. Do not join them with SignatureAlgorithms unless the key source never holds
// both public and secret keys for the same party.
func MACAlgorithms() []Algorithm {
	return pick(func(a *alg) bool { return a.scheme == hmacTag })
}

// KeyAlgorithms lists the content-key algorithms, Encryptions the content encryptions.
func KeyAlgorithms() []Algorithm {
	return pick(func(a *alg) bool { return a.scheme == keyWrap })
}

// Encryptions lists the content encryptions.
func Encryptions() []Encryption {
	var out []Encryption
	for _, row := range encs {
		out = append(out, row.name)
	}
	return out
}

// ParseAlgorithms checks names from a configuration or client record against the table.
func ParseAlgorithms(names []string) ([]Algorithm, error) {
	out := make([]Algorithm, 0, len(names))
	for _, n := range names {
		if _, err := lookup(Algorithm(n)); err != nil {
			return nil, fmt.Errorf("%w: %q", ErrAlgorithm, n)
		}
		out = append(out, Algorithm(n))
	}
	return out, nil
}

func pick(keep func(*alg) bool) []Algorithm {
	var out []Algorithm
	for i := range algs {
		if keep(&algs[i]) {
			out = append(out, algs[i].name)
		}
	}
	return out
}

// allowed finds the row of name when the allow-list has it. An empty list allows nothing.
func allowed(list []Algorithm, name Algorithm) (*alg, error) {
	if !slices.Contains(list, name) {
		return nil, fmt.Errorf("%w: not in the list of accepted algorithms", ErrAlgorithm)
	}
	return lookup(name)
}
