package script

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // scripts ask services that know passwords by it, for one
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"strconv"
	"strings"

	"github.com/dop251/goja"
	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"

	"gatehouse/internal/groovy"
)

// utils is the binding of that name, in the newer dialect.
type utils struct{}

// GroovyClass is ScriptUtils.
func (utils) GroovyClass() *groovy.Class { return utilsClass }

const utilities = "org.forgerock.openam.scripting.utils."

var utilsClass = &groovy.Class{
	Name: utilities + "ScriptUtils",
	Methods: map[string]groovy.Method{
		"getBase64":    gives(&coding{base64.StdEncoding}),
		"getBase64url": gives(&coding{base64.RawURLEncoding}),
		"getCrypto":    gives(cryptography{}),
		"getTypes":     gives(conversions{}),
	},
}

func gives(v groovy.Value) groovy.Method {
	return func(*groovy.Call) (groovy.Value, error) { return v, nil }
}

// coding is base64 in one of its alphabets.
type coding struct{ *base64.Encoding }

// GroovyClass is Base64.
func (*coding) GroovyClass() *groovy.Class { return codingClass }

var codingClass = &groovy.Class{
	Name: utilities + "Base64",
	Methods: map[string]groovy.Method{
		"encode": encodeBase64, "decode": decodeBase64,
		"btoa": encodeBase64, "atob": decodeBase64,
		"decodeToBytes": withArgs(1, func(c *groovy.Call) (groovy.Value, error) { return c.This.(*coding).decode(c) }),
	},
}

var encodeBase64 = withArgs(1, func(c *groovy.Call) (groovy.Value, error) {
	v := c.Arg(0)
	if _, ok := number(v); ok {
		v = text(v)
	}
	b, err := bytesOf(v)
	return c.This.(*coding).EncodeToString(b), err
})

// decodeBase64 gives null for what is none, in the alphabet of URLs.
var decodeBase64 = withArgs(1, func(c *groovy.Call) (groovy.Value, error) {
	e := c.This.(*coding)
	b, err := e.decode(c)
	if err != nil && e.Encoding == base64.RawURLEncoding {
		return nil, nil
	}
	return string(b), err
})

// decode takes text with padding and without.
func (e *coding) decode(c *groovy.Call) ([]byte, error) {
	given := strings.TrimRight(text(c.Arg(0)), "=")
	b, err := e.WithPadding(base64.NoPadding).DecodeString(given)
	if at, ok := err.(base64.CorruptInputError); ok && int(at) < len(given) {
		return nil, illegal("Illegal base64 character %x", given[at])
	}
	if err != nil {
		return nil, illegal("%s: not base64", c.Name)
	}
	return b, nil
}

func withArgs(n int, do groovy.Method) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		if len(c.Args) != n {
			return nil, wrong(c)
		}
		return do(c)
	}
}

// conversions are utils.types.
type conversions struct{}

// GroovyClass is Types.
func (conversions) GroovyClass() *groovy.Class { return conversionsClass }

var conversionsClass = &groovy.Class{
	Name: utilities + "Types",
	Methods: map[string]groovy.Method{
		"bytesToString": withArgs(1, func(c *groovy.Call) (groovy.Value, error) {
			b, err := bytesOf(c.Arg(0))
			return string(b), err
		}),
		"stringToBytes": withArgs(1, func(c *groovy.Call) (groovy.Value, error) { return []byte(revealed(c.Arg(0))), nil }),
	},
}

// cryptography is utils.crypto.
type cryptography struct{}

// GroovyClass is Crypto.
func (cryptography) GroovyClass() *groovy.Class { return cryptographyClass }

var cryptographyClass = &groovy.Class{
	Name: utilities + "Crypto",
	Methods: map[string]groovy.Method{
		"randomUUID": withArgs(0, func(*groovy.Call) (groovy.Value, error) { return uuid.NewString(), nil }),
		"getSubtle":  gives(subtle{}),
		"checkBcrypt": withArgs(2, func(c *groovy.Call) (groovy.Value, error) {
			hash := []byte(revealed(c.Arg(0)))
			cost, err := bcrypt.Cost(hash)
			if err != nil || cost > maxBcryptCost {
				return nil, illegal("checkBcrypt: expected a hash of bcrypt of a cost of at most %d", maxBcryptCost)
			}
			return bcrypt.CompareHashAndPassword(hash, []byte(revealed(c.Arg(1)))) == nil, nil
		}),
	},
}

// maxBcryptCost bounds the work of a check, which nothing interrupts.
const maxBcryptCost = 12

// maxRandom bounds the random numbers that are made at a time.
const maxRandom = 1 << 12

// member is getRandomValues, which fills the script's own array.
func (cryptography) member(j *js, key string) goja.Value {
	if key != "getRandomValues" {
		return nil
	}
	return j.vm.ToValue(func(call goja.FunctionCall) goja.Value {
		list, ok := call.Argument(0).(*goja.Object)
		if !ok || list.ClassName() != "Array" {
			panic(j.typeError("getRandomValues: expected an array"))
		}
		n := list.Get("length").ToInteger()
		if n > maxRandom {
			panic(j.typeError("getRandomValues: more than %d numbers at a time", maxRandom))
		}
		for i := range n {
			var b [4]byte
			_, _ = rand.Read(b[:])                                                              // never fails
			_ = list.Set(strconv.FormatInt(i, 10), int64(int32(binary.BigEndian.Uint32(b[:])))) //nolint:gosec // of either sign
		}
		return list
	})
}

// subtle is utils.crypto.subtle. Keys are as Java writes them: bytes, PKCS #8, X.509.
type subtle struct{}

// GroovyClass is Subtle.
func (subtle) GroovyClass() *groovy.Class { return subtleClass }

var subtleClass = &groovy.Class{
	Name: utilities + "Subtle",
	Methods: map[string]groovy.Method{
		"digest": withArgs(2, func(c *groovy.Call) (groovy.Value, error) {
			h, _, err := hashOf(text(c.Arg(0)))
			if err != nil {
				return nil, err
			}
			return digest(h, c.Arg(1))
		}),
		"generateKey": withArgs(1, func(c *groovy.Call) (groovy.Value, error) { return generateKey(algorithmOf(c.Arg(0))) }),
		"deriveKey":   withArgs(3, deriveKey),
		"sign": withArgs(3, func(c *groovy.Call) (groovy.Value, error) {
			key, err := bytesOf(c.Arg(1))
			if err != nil {
				return nil, err
			}
			return sign(algorithmOf(c.Arg(0)), key, c.Arg(2))
		}),
		"verify": withArgs(4, func(c *groovy.Call) (groovy.Value, error) {
			key, err := bytesOf(c.Arg(1))
			if err != nil {
				return nil, err
			}
			signature, err := bytesOf(c.Arg(3))
			if err != nil {
				return nil, err
			}
			return verify(algorithmOf(c.Arg(0)), key, c.Arg(2), signature)
		}),
		"encrypt": ciphered(encrypt), "decrypt": ciphered(decrypt),
	},
}

// algorithm is a name, or an object with a name and what goes with it.
type algorithm struct {
	name    string
	options *groovy.Map
}

func algorithmOf(v groovy.Value) algorithm {
	if m, ok := v.(*groovy.Map); ok {
		name, _ := m.Get("name")
		return algorithm{text(name), m}
	}
	return algorithm{text(v), groovy.NewMap()}
}

func (a algorithm) text(name, otherwise string) string {
	if v, _ := a.options.Get(name); v != nil {
		return text(v)
	}
	return otherwise
}

func (a algorithm) number(name string, otherwise int) int {
	v, _ := a.options.Get(name)
	n, ok := integer(v)
	if !ok {
		return otherwise
	}
	return int(min(n, 1<<30))
}

func (a algorithm) unknown() error {
	return illegal("utils.crypto.subtle: no algorithm %q here", clip(a.name, 40))
}

func hashOf(name string) (func() hash.Hash, crypto.Hash, error) {
	switch name {
	case "SHA-1":
		return sha1.New, crypto.SHA1, nil
	case "SHA-256":
		return sha256.New, crypto.SHA256, nil
	case "SHA-384":
		return sha512.New384, crypto.SHA384, nil
	case "SHA-512":
		return sha512.New, crypto.SHA512, nil
	}
	return nil, 0, illegal("utils.crypto.subtle: no hash %q: expected SHA-1, SHA-256, SHA-384 or SHA-512", clip(name, 40))
}

func digest(h func() hash.Hash, data groovy.Value) ([]byte, error) {
	b, err := bytesOf(data)
	if err != nil {
		return nil, err
	}
	sum := h()
	sum.Write(b)
	return sum.Sum(nil), nil
}

func generateKey(a algorithm) (groovy.Value, error) {
	random := func(n int) (groovy.Value, error) {
		b := make([]byte, n)
		_, _ = rand.Read(b) // never fails
		return b, nil
	}
	switch a.name {
	case "AES":
		bits := a.number("length", 256)
		if bits != 128 && bits != 192 && bits != 256 {
			return nil, illegal("generateKey: an AES key has 128, 192 or 256 bits")
		}
		return random(bits / 8)
	case "HMAC":
		h, _, err := hashOf(a.text("hash", "SHA-256"))
		if err != nil {
			return nil, err
		}
		return random(h().Size())
	case "RSA":
		bits := a.number("modulusLength", 2048)
		if bits < 2048 || bits > 4096 {
			return nil, illegal("generateKey: expected a modulusLength of 2048 to 4096")
		}
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			return nil, err
		}
		return keyPair(key, &key.PublicKey)
	case "ECDSA":
		curve, ok := map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}[a.text("namedCurve", "P-256")]
		if !ok {
			return nil, illegal("generateKey: expected P-256, P-384 or P-521")
		}
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			return nil, err
		}
		return keyPair(key, &key.PublicKey)
	}
	return nil, a.unknown()
}

func keyPair(private, public any) (groovy.Value, error) {
	p, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	q, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	out := groovy.NewMap()
	out.Put("publicKey", q)
	out.Put("privateKey", p)
	return out, nil
}

// maxIterations bounds the work of deriving a key, which nothing interrupts.
const maxIterations = 1_000_000

// deriveKey is PBKDF2; the length is in bits.
func deriveKey(c *groovy.Call) (groovy.Value, error) {
	a := algorithmOf(c.Arg(0))
	if a.name != "PBKDF2" {
		return nil, a.unknown()
	}
	h, _, err := hashOf(a.text("hash", "SHA-256"))
	if err != nil {
		return nil, err
	}
	salt, _ := a.options.Get("salt")
	s, err := bytesOf(salt)
	if err != nil {
		return nil, err
	}
	base, err := bytesOf(c.Arg(1))
	if err != nil {
		return nil, err
	}
	bits, ok := integer(c.Arg(2))
	if !ok || bits < 8 || bits > 4096 || bits%8 != 0 {
		return nil, illegal("deriveKey: expected a length of 8 to 4096 bits")
	}
	blocks := (int(bits)/8 + h().Size() - 1) / h().Size()
	iterations := a.number("iterations", 0)
	if iterations < 1 || iterations*blocks > maxIterations {
		return nil, illegal("deriveKey: expected 1 to %d iterations", maxIterations/blocks)
	}
	return pbkdf2.Key(h, string(base), s, iterations, int(bits/8))
}

func sign(a algorithm, key []byte, data groovy.Value) (groovy.Value, error) {
	h, id, err := hashOf(a.text("hash", "SHA-256"))
	if err != nil {
		return nil, err
	}
	if a.name == "HMAC" {
		return digest(func() hash.Hash { return hmac.New(h, key) }, data)
	}
	sum, err := digest(h, data)
	if err != nil {
		return nil, err
	}
	private, err := x509.ParsePKCS8PrivateKey(key)
	if err != nil {
		return nil, illegal("sign: the key is no private key in PKCS #8")
	}
	switch k := private.(type) {
	case *rsa.PrivateKey:
		if a.name == "RSA" {
			return rsa.SignPKCS1v15(nil, k, id, sum)
		}
	case *ecdsa.PrivateKey:
		if a.name == "ECDSA" {
			return signECDSA(k, id, sum)
		}
	}
	return nil, a.unknown()
}

func verify(a algorithm, key []byte, data groovy.Value, signature []byte) (groovy.Value, error) {
	h, id, err := hashOf(a.text("hash", "SHA-256"))
	if err != nil {
		return nil, err
	}
	if a.name == "HMAC" {
		sum, err := digest(func() hash.Hash { return hmac.New(h, key) }, data)
		return hmac.Equal(sum, signature), err
	}
	sum, err := digest(h, data)
	if err != nil {
		return nil, err
	}
	public, err := x509.ParsePKIXPublicKey(key)
	if err != nil {
		return nil, illegal("verify: the key is no public key in X.509")
	}
	switch k := public.(type) {
	case *rsa.PublicKey:
		if a.name == "RSA" {
			return rsa.VerifyPKCS1v15(k, id, sum, signature) == nil, nil
		}
	case *ecdsa.PublicKey:
		if a.name == "ECDSA" {
			return verifyECDSA(k, id, sum, signature)
		}
	}
	return nil, a.unknown()
}
