package script

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"strings"

	"gatehouse/internal/groovy"
	"gatehouse/internal/jose"
)

const jwkFailure = "org.forgerock.json.jose.exceptions.FailedToLoadJWKException"

// jwk is org.forgerock.json.jose.jwk.JWK: the object as it was written.
type jwk struct{ m *groovy.Map }

func (k *jwk) GroovyClass() *groovy.Class {
	if kind := jwkKinds[text(k.at("kty"))]; kind != nil {
		return kind
	}
	return jwkClass
}
func (k *jwk) String() string { b, _ := marshalJSON(k.m); return string(b) }

func (k *jwk) at(name string) groovy.Value { v, _ := k.m.Get(name); return v }

func (k *jwk) key() (*jose.Key, error) {
	key, err := jose.ParseKey([]byte(k.String()))
	if err != nil {
		return nil, groovy.Throw(jwkFailure, "the key cannot be used: %s", err)
	}
	return key, nil
}

// jwkOf takes a key from a text, a map or a JsonValue.
func jwkOf(v groovy.Value) (*jwk, error) {
	if isText(v) {
		parsed, err := parseJSON([]byte(text(v)))
		if err != nil {
			return nil, groovy.Throw(jwkFailure, "the key is no JSON: %s", err)
		}
		v = parsed
	}
	if j, ok := v.(*jsonValue); ok {
		v = j.v
	}
	m, ok := v.(*groovy.Map)
	if !ok {
		return nil, groovy.Throw(jwkFailure, "a key is a JSON object")
	}
	return &jwk{m}, nil
}

func parseJWK(c *groovy.Call) (groovy.Value, error) {
	if err := c.Want(1, 1); err != nil {
		return nil, err
	}
	k, err := jwkOf(c.Arg(0))
	if err != nil {
		return nil, err
	}
	return k, nil
}

// jwkKinds are the classes of keys by kty (RFC 7518 §6.1).
var jwkKinds = map[string]*groovy.Class{
	"RSA": jwkKind("org.forgerock.json.jose.jwk.RsaJWK"), "EC": jwkKind("org.forgerock.json.jose.jwk.EcJWK"),
	"oct": jwkKind("org.forgerock.json.jose.jwk.OctJWK"),
}

// jwkKind is a class of keys of one type; the objects are all the same.
func jwkKind(name string) *groovy.Class {
	c := &groovy.Class{Name: name, Super: jwkClass, Static: methods{"parse": parseJWK}}
	if name != "org.forgerock.json.jose.jwk.OctJWK" {
		c.Static["builder"] = newJWKBuilder
	}
	return c
}

func publicOf(k *jwk, _ *groovy.Call) (groovy.Value, error) {
	key, err := k.key()
	if err != nil {
		return nil, err
	}
	if key.PublicKey() == nil {
		return nil, groovy.Throw(jwkFailure, "the key has no public part")
	}
	return groovy.NewKey(key.PublicKey()), nil
}

func privateOf(k *jwk, _ *groovy.Call) (groovy.Value, error) {
	key, err := k.key()
	if err != nil {
		return nil, err
	}
	if key.PrivateKey() == nil {
		return nil, groovy.Throw(jwkFailure, "the key has no private part")
	}
	return groovy.NewKey(key.PrivateKey()), nil
}

// chain are the certificates of x5c.
func (k *jwk) chain() (*groovy.List, error) {
	out := groovy.NewList()
	items, _ := elements(k.at("x5c"))
	for _, v := range items {
		der, err := base64.StdEncoding.DecodeString(text(v))
		if err != nil {
			return nil, groovy.Throw(jwkFailure, "x5c is no base64")
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, groovy.Throw(jwkFailure, "x5c holds no certificate")
		}
		out.Add(groovy.NewCertificate(cert))
	}
	return out, nil
}

func textMember(names ...string) func(groovy.Value) (groovy.Value, error) {
	return getter(func(k *jwk) groovy.Value {
		for _, n := range names {
			if v := k.at(n); v != nil {
				return text(v)
			}
		}
		return nil
	})
}

var jwkClass = makeJWKClass()

func makeJWKClass() *groovy.Class {
	chain := method(func(k *jwk, _ *groovy.Call) (groovy.Value, error) { return k.chain() })
	return &groovy.Class{
		Name:   "org.forgerock.json.jose.jwk.JWK",
		Static: methods{"parse": parseJWK},
		Get: getters{
			"keyId": textMember("kid"), "use": textMember("use"), "keyType": textMember("kty"), "jwaAlgorithm": textMember("alg"),
			"algorithm": textMember("alg"), "curve": textMember("crv"), "modulus": textMember("n"), "publicExponent": textMember("e"),
			"x509Thumbprint": textMember("x5t"), "x509ThumbprintS256": textMember("x5t#S256"), "x509URL": textMember("x5u"),
			"x509Chain": getter(func(k *jwk) groovy.Value {
				items, _ := elements(k.at("x5c"))
				return groovy.NewList(items...)
			}),
		},
		Methods: methods{
			"toJsonValue":     method(func(k *jwk, _ *groovy.Call) (groovy.Value, error) { return wrapJSON(k.m), nil }),
			"toJsonString":    method(func(k *jwk, _ *groovy.Call) (groovy.Value, error) { return k.String(), nil }),
			"toString":        method(func(k *jwk, _ *groovy.Call) (groovy.Value, error) { return k.String(), nil }),
			"toRSAPublicKey":  method(publicOf),
			"toECPublicKey":   method(publicOf),
			"toPublicKey":     method(publicOf),
			"toRSAPrivateKey": method(privateOf), "toECPrivateKey": method(privateOf), "toPrivateKey": method(privateOf),
			"getParsedX509Chain": chain, "getParsedX509CertChain": chain,
		},
	}
}

// jwkSet is org.forgerock.json.jose.jwk.JWKSet.
type jwkSet struct{ keys []*jwk }

func (*jwkSet) GroovyClass() *groovy.Class { return jwkSetClass }

func (s *jwkSet) list() *groovy.List {
	out := groovy.NewList()
	for _, k := range s.keys {
		out.Add(k)
	}
	return out
}

// maxKeys bounds a set of keys, which often comes from somewhere else.
const maxKeys = 1000

func parseJWKSet(c *groovy.Call) (groovy.Value, error) {
	if err := c.Want(1, 1); err != nil {
		return nil, err
	}
	v := c.Arg(0)
	if isText(v) {
		if !json.Valid([]byte(strings.TrimSpace(c.Str(0)))) {
			return nil, groovy.Throw(jwkFailure, "the set of keys is no JSON")
		}
		v, _ = parseJSON([]byte(c.Str(0)))
	}
	if j, ok := v.(*jsonValue); ok {
		v = j.v
	}
	if m, ok := v.(*groovy.Map); ok {
		v, _ = m.Get("keys")
	}
	items, many := elements(v)
	if !many || len(items) > maxKeys {
		return nil, groovy.Throw(jwkFailure, "a set of keys is an object with a list named keys")
	}
	s := &jwkSet{}
	for _, item := range items {
		k, is := item.(*jwk)
		if !is {
			var err error
			if k, err = jwkOf(item); err != nil {
				return nil, err
			}
		}
		s.keys = append(s.keys, k)
	}
	return s, nil
}

var jwkSetClass = &groovy.Class{
	Name: "org.forgerock.json.jose.jwk.JWKSet", New: parseJWKSet,
	Static: methods{"parse": parseJWKSet},
	Methods: methods{
		"getJWKsAsList": method(func(s *jwkSet, _ *groovy.Call) (groovy.Value, error) { return s.list(), nil }),
		"getKeys":       method(func(s *jwkSet, _ *groovy.Call) (groovy.Value, error) { return s.list(), nil }),
		"findJwk": method(func(s *jwkSet, c *groovy.Call) (groovy.Value, error) {
			for _, k := range s.keys { // by key id, or by algorithm and use
				if c.Len() == 1 && text(k.at("kid")) == c.Str(0) && k.at("kid") != nil ||
					c.Len() == 2 && text(k.at("alg")) == c.Str(0) && text(k.at("use")) == c.Str(1) {
					return k, nil
				}
			}
			return nil, nil
		}),
		"toJsonValue": method(func(s *jwkSet, _ *groovy.Call) (groovy.Value, error) {
			list := groovy.NewList()
			for _, k := range s.keys {
				list.Add(k.m)
			}
			m := groovy.NewMap()
			m.Put("keys", list)
			return wrapJSON(m), nil
		}),
	},
	Iterate: func(this groovy.Value, yield func(groovy.Value) bool) {
		for _, k := range this.(*jwkSet).keys {
			if !yield(k) {
				return
			}
		}
	},
}
