package groovy

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"hash"
	"math/big"
	"strings"
	"time"
)

// javaKey is a public or private key.
type javaKey struct {
	key     any // crypto.PublicKey or crypto.PrivateKey
	private bool
}

func (k *javaKey) javaName() string {
	switch k.key.(type) {
	case *rsa.PublicKey:
		return "java.security.interfaces.RSAPublicKey"
	case *ecdsa.PublicKey:
		return "java.security.interfaces.ECPublicKey"
	case *rsa.PrivateKey:
		return "java.security.interfaces.RSAPrivateKey"
	case *ecdsa.PrivateKey:
		return "java.security.interfaces.ECPrivateKey"
	}
	if k.private {
		return "java.security.PrivateKey"
	}
	return "java.security.PublicKey"
}

// NewKey gives a Go key to scripts as java.security.PublicKey or PrivateKey.
func NewKey(key any) Value {
	_, private := key.(crypto.Signer)
	return &javaKey{key, private}
}

// KeyOf gives the Go key behind a script's key.
func KeyOf(v Value) (any, bool) {
	switch k := v.(type) {
	case *javaKey:
		return k.key, true
	case *secretKey:
		return k.b, true
	}
	return nil, false
}

func (k *javaKey) algorithm() string {
	switch k.key.(type) {
	case *rsa.PublicKey, *rsa.PrivateKey:
		return "RSA"
	case *ecdsa.PublicKey, *ecdsa.PrivateKey:
		return "EC"
	}
	return "Ed25519"
}

// keySpec is X509EncodedKeySpec, PKCS8EncodedKeySpec or RSAPublicKeySpec.
type keySpec struct {
	name string
	der  []byte
	n, e *big.Int
}

func (s *keySpec) javaName() string { return s.name }

// certificate is java.security.cert.X509Certificate.
type certificate struct{ c *x509.Certificate }

func (*certificate) javaName() string { return "java.security.cert.X509Certificate" }
func (c *certificate) mapKey() any    { return structKey{"x509" + string(c.c.Raw)} }
func (c *certificate) String() string { return "X509Certificate[" + c.c.Subject.String() + "]" }

// NewCertificate gives a certificate to scripts; CertificateOf takes it back.
func NewCertificate(c *x509.Certificate) Value { return &certificate{c} }

// CertificateOf gives the Go certificate behind a script's.
func CertificateOf(v Value) (*x509.Certificate, bool) {
	c, ok := v.(*certificate)
	if !ok {
		return nil, false
	}
	return c.c, true
}

// signature is java.security.Signature.
type signature struct {
	hash crypto.Hash
	kind string // RSA, PSS, EC, P1363, ED
	h    hash.Hash
	data []byte
	key  any
}

func (*signature) javaName() string { return "java.security.Signature" }

func newSignature(c *Call) (Value, error) {
	alg := strings.ToUpper(c.Str(0))
	s := &signature{}
	for n, h := range map[string]crypto.Hash{"SHA1": crypto.SHA1, "SHA256": crypto.SHA256, "SHA384": crypto.SHA384, "SHA512": crypto.SHA512} {
		if strings.HasPrefix(alg, n+"WITH") {
			s.hash, s.h = h, hashNamed(n)()
		}
	}
	_, with, _ := strings.Cut(alg, "WITH")
	switch with {
	case "RSA":
		s.kind = "RSA"
	case "RSAANDMGF1":
		s.kind = "PSS"
	case "ECDSA":
		s.kind = "EC"
	case "ECDSAINP1363FORMAT":
		s.kind = "P1363"
	default:
		if alg != "ED25519" && alg != "EDDSA" {
			return nil, Throw("java.security.NoSuchAlgorithmException", "%s Signature not available", clip(c.Str(0)))
		}
		s.kind = "ED"
	}
	if s.h == nil && s.kind != "ED" {
		return nil, Throw("java.security.NoSuchAlgorithmException", "%s Signature not available", clip(c.Str(0)))
	}
	return s, nil
}

func signatureMethods() table {
	self := func(c *Call) *signature { return c.This.(*signature) }
	initWith := func(private bool) Method {
		return func(c *Call) (Value, error) {
			s := self(c)
			var k any
			switch x := c.Arg(0).(type) {
			case *javaKey:
				if x.private == private {
					k = x.key
				}
			case *certificate:
				if !private {
					k = x.c.PublicKey
				}
			}
			ok := k != nil
			switch k.(type) {
			case *rsa.PublicKey, *rsa.PrivateKey:
				ok = s.kind == "RSA" || s.kind == "PSS"
			case *ecdsa.PublicKey, *ecdsa.PrivateKey:
				ok = s.kind == "EC" || s.kind == "P1363"
			case ed25519.PublicKey, ed25519.PrivateKey:
				ok = s.kind == "ED"
			}
			if !ok {
				return nil, Throw("java.security.InvalidKeyException", "the key does not fit the signature algorithm")
			}
			s.key, s.data = k, nil
			if s.h != nil {
				s.h.Reset()
			}
			return nil, nil
		}
	}
	return table{
		"initVerify": initWith(false), "initSign": initWith(true),
		"update": func(c *Call) (Value, error) {
			b, err := bytesArg(c, 0)
			if err != nil {
				return nil, err
			}
			s := self(c)
			if s.h != nil {
				s.h.Write(b)
			} else {
				c.th.alloc(int64(len(b)))
				s.data = append(s.data, b...)
			}
			return nil, nil
		},
		"verify": func(c *Call) (Value, error) {
			sig, err := bytesArg(c, 0)
			if err != nil {
				return nil, err
			}
			return self(c).verify(sig)
		},
		"sign":         func(c *Call) (Value, error) { return self(c).sign() },
		"setParameter": give(func(*Call) Value { return nil }),
	}
}

func (s *signature) sum() []byte {
	if s.h == nil {
		d := s.data
		s.data = nil
		return d
	}
	b := s.h.Sum(nil)
	s.h.Reset()
	return b
}

func (s *signature) verify(sig []byte) (Value, error) {
	sum := s.sum()
	switch k := s.key.(type) {
	case *rsa.PublicKey:
		if s.kind == "PSS" {
			return rsa.VerifyPSS(k, s.hash, sum, sig, nil) == nil, nil
		}
		return rsa.VerifyPKCS1v15(k, s.hash, sum, sig) == nil, nil
	case *ecdsa.PublicKey:
		if s.kind == "P1363" {
			n := (k.Params().BitSize + 7) / 8
			if len(sig) != 2*n {
				return false, nil
			}
			return ecdsa.Verify(k, sum, new(big.Int).SetBytes(sig[:n]), new(big.Int).SetBytes(sig[n:])), nil
		}
		return ecdsa.VerifyASN1(k, sum, sig), nil
	case ed25519.PublicKey:
		return ed25519.Verify(k, sum, sig), nil
	}
	return nil, Throw("java.security.SignatureException", "object not initialized for verification")
}

func (s *signature) sign() (Value, error) {
	sum := s.sum()
	var out []byte
	var err error
	switch k := s.key.(type) {
	case *rsa.PrivateKey:
		if s.kind == "PSS" {
			out, err = rsa.SignPSS(rand.Reader, k, s.hash, sum, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		} else {
			out, err = rsa.SignPKCS1v15(rand.Reader, k, s.hash, sum)
		}
	case *ecdsa.PrivateKey:
		if s.kind == "P1363" {
			a, b, e := ecdsa.Sign(rand.Reader, k, sum)
			if err = e; err == nil {
				n := (k.Params().BitSize + 7) / 8
				out = append(a.FillBytes(make([]byte, n)), b.FillBytes(make([]byte, n))...)
			}
		} else {
			out, err = ecdsa.SignASN1(rand.Reader, k, sum)
		}
	case ed25519.PrivateKey:
		out = ed25519.Sign(k, sum)
	default:
		return nil, Throw("java.security.SignatureException", "object not initialized for signing")
	}
	if err != nil {
		return nil, Throw("java.security.SignatureException", "the key cannot sign this")
	}
	return out, nil
}

func parseKey(spec *keySpec, private bool) (Value, error) {
	bad := Throw("java.security.spec.InvalidKeySpecException", "the key cannot be decoded")
	if spec.n != nil {
		if private || !spec.e.IsInt64() || spec.n.BitLen() > 16384 {
			return nil, bad
		}
		return &javaKey{key: &rsa.PublicKey{N: spec.n, E: int(spec.e.Int64())}}, nil
	}
	if private {
		k, err := x509.ParsePKCS8PrivateKey(spec.der)
		if err != nil {
			return nil, bad
		}
		return &javaKey{k, true}, nil
	}
	k, err := x509.ParsePKIXPublicKey(spec.der)
	if err != nil {
		return nil, bad
	}
	return &javaKey{key: k}, nil
}

func keyClasses() []*Class {
	spec := func(name string) *Class {
		return &Class{Name: name, Implements: []string{"java.security.spec.KeySpec"}, New: func(c *Call) (Value, error) {
			s := &keySpec{name: name}
			if n, ok := c.Arg(0).(*big.Int); ok {
				e, ok := c.Arg(1).(*big.Int)
				if !ok {
					return nil, c.NoSuchMethod()
				}
				s.n, s.e = n, e
				return s, nil
			}
			b, err := bytesArg(c, 0)
			s.der = b
			return s, err
		}}
	}
	gen := func(private bool) Method {
		return func(c *Call) (Value, error) {
			s, ok := c.Arg(0).(*keySpec)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			return parseKey(s, private)
		}
	}
	key := table{
		"getAlgorithm": give(func(c *Call) Value { return c.This.(*javaKey).algorithm() }),
		"getFormat": give(func(c *Call) Value {
			if c.This.(*javaKey).private {
				return "PKCS#8"
			}
			return "X.509"
		}),
		"getEncoded": func(c *Call) (Value, error) {
			k := c.This.(*javaKey)
			var b []byte
			var err error
			if k.private {
				b, err = x509.MarshalPKCS8PrivateKey(k.key)
			} else {
				b, err = x509.MarshalPKIXPublicKey(k.key)
			}
			if err != nil {
				return nil, Throw("java.security.InvalidKeyException", "the key has no encoded form")
			}
			return b, nil
		},
		"getModulus": give(func(c *Call) Value {
			if k, ok := c.This.(*javaKey).key.(*rsa.PublicKey); ok {
				return k.N
			}
			return nil
		}),
		"getPublicExponent": give(func(c *Call) Value {
			if k, ok := c.This.(*javaKey).key.(*rsa.PublicKey); ok {
				return big.NewInt(int64(k.E))
			}
			return nil
		}),
	}
	return []*Class{
		{Name: "java.security.Key", Interface: true},
		{Name: "java.security.spec.KeySpec", Interface: true},
		{Name: "java.security.PublicKey", Implements: []string{"java.security.Key"}, Methods: key},
		{Name: "java.security.PrivateKey", Implements: []string{"java.security.Key"}, Methods: key},
		{Name: "java.security.interfaces.RSAKey", Interface: true}, {Name: "java.security.interfaces.ECKey", Interface: true},
		{Name: "java.security.interfaces.RSAPublicKey", Extends: "java.security.PublicKey", Implements: []string{"java.security.interfaces.RSAKey"}, Methods: table{
			"getModulus":        give(func(c *Call) Value { return c.This.(*javaKey).key.(*rsa.PublicKey).N }),
			"getPublicExponent": give(func(c *Call) Value { return big.NewInt(int64(c.This.(*javaKey).key.(*rsa.PublicKey).E)) }),
		}},
		{Name: "java.security.interfaces.ECPublicKey", Extends: "java.security.PublicKey", Implements: []string{"java.security.interfaces.ECKey"}},
		{Name: "java.security.interfaces.RSAPrivateKey", Extends: "java.security.PrivateKey", Implements: []string{"java.security.interfaces.RSAKey"}},
		{Name: "java.security.interfaces.ECPrivateKey", Extends: "java.security.PrivateKey", Implements: []string{"java.security.interfaces.ECKey"}},
		spec("java.security.spec.X509EncodedKeySpec"), spec("java.security.spec.PKCS8EncodedKeySpec"), spec("java.security.spec.RSAPublicKeySpec"),
		{Name: "java.security.KeyFactory", Static: table{"getInstance": func(c *Call) (Value, error) {
			switch strings.ToUpper(c.Str(0)) {
			case "RSA", "EC", "ED25519", "EDDSA":
				return keyFactory(c.Str(0)), nil
			}
			return nil, Throw("java.security.NoSuchAlgorithmException", "%s KeyFactory not available", clip(c.Str(0)))
		}}, Methods: table{"generatePublic": gen(false), "generatePrivate": gen(true)}},
		{Name: "java.security.Signature", Static: table{"getInstance": newSignature}, Methods: signatureMethods()},
		{Name: "java.security.Principal", Interface: true},
		{Name: "javax.security.auth.x500.X500Principal", Implements: []string{"java.security.Principal"},
			New:     give(func(c *Call) Value { return principal(c.Str(0)) }),
			Methods: table{"getName": give(func(c *Call) Value { return c.Text(c.This) })}},
		{Name: "java.security.cert.Certificate"},
		{Name: "java.security.cert.X509Certificate", Extends: "java.security.cert.Certificate", Methods: certMethods()},
		{Name: "java.security.cert.CertificateFactory", Static: table{"getInstance": give(func(*Call) Value { return certFactory{} })},
			Methods: table{"generateCertificate": readCertificate}},
	}
}

type keyFactory string

func (keyFactory) javaName() string { return "java.security.KeyFactory" }

type certFactory struct{}

func (certFactory) javaName() string { return "java.security.cert.CertificateFactory" }

func readCertificate(c *Call) (Value, error) {
	s, ok := c.Arg(0).(*inStream)
	if !ok {
		return nil, c.NoSuchMethod()
	}
	b, err := s.rest(c)
	if err != nil {
		return nil, err
	}
	if p, _ := pem.Decode(b); p != nil {
		b = p.Bytes
	}
	cert, err := x509.ParseCertificate(b)
	if err != nil {
		return nil, Throw("java.security.cert.CertificateException", "Could not parse certificate")
	}
	return &certificate{cert}, nil
}

func certMethods() table {
	self := func(c *Call) *x509.Certificate { return c.This.(*certificate).c }
	get := func(f func(x *x509.Certificate) Value) Method {
		return give(func(c *Call) Value { return f(self(c)) })
	}
	return table{
		"getSubjectDN": get(func(x *x509.Certificate) Value { return principal(x.Subject.String()) }), "getIssuerDN": get(func(x *x509.Certificate) Value { return principal(x.Issuer.String()) }),
		"getSubjectX500Principal": get(func(x *x509.Certificate) Value { return principal(x.Subject.String()) }),
		"getIssuerX500Principal":  get(func(x *x509.Certificate) Value { return principal(x.Issuer.String()) }),
		"getSerialNumber":         get(func(x *x509.Certificate) Value { return x.SerialNumber }),
		"getPublicKey":            get(func(x *x509.Certificate) Value { return &javaKey{key: x.PublicKey} }),
		"getEncoded":              get(func(x *x509.Certificate) Value { return append([]byte(nil), x.Raw...) }),
		"getNotBefore":            get(func(x *x509.Certificate) Value { return newDate(x.NotBefore) }), "getNotAfter": get(func(x *x509.Certificate) Value { return newDate(x.NotAfter) }),
		"getVersion":     get(func(x *x509.Certificate) Value { return int32(x.Version) }),
		"getSigAlgName":  get(func(x *x509.Certificate) Value { return x.SignatureAlgorithm.String() }),
		"getFingerprint": get(func(x *x509.Certificate) Value { s := sha256.Sum256(x.Raw); return hexText(s[:]) }),
		"getSubjectAlternativeNames": get(func(x *x509.Certificate) Value {
			out := NewList()
			for _, n := range x.DNSNames {
				out.Add(NewList(int32(2), n))
			}
			for _, n := range x.EmailAddresses {
				out.Add(NewList(int32(1), n))
			}
			for _, n := range x.URIs {
				out.Add(NewList(int32(6), n.String()))
			}
			for _, n := range x.IPAddresses {
				out.Add(NewList(int32(7), n.String()))
			}
			if out.Len() == 0 {
				return nil
			}
			return out
		}),
		"checkValidity": func(c *Call) (Value, error) {
			t := now(c)
			if d, ok := c.Arg(0).(*date); ok {
				t = d.time()
			}
			switch x := self(c); {
			case t.Before(x.NotBefore):
				return nil, Throw("java.security.cert.CertificateNotYetValidException", "NotBefore: %s", x.NotBefore.Format(time.RFC3339))
			case t.After(x.NotAfter):
				return nil, Throw("java.security.cert.CertificateExpiredException", "NotAfter: %s", x.NotAfter.Format(time.RFC3339))
			}
			return nil, nil
		},
	}
}

// principal is X500Principal.
type principal string

func (principal) javaName() string { return "javax.security.auth.x500.X500Principal" }
func (p principal) String() string { return string(p) }
func (p principal) mapKey() any    { return p }
