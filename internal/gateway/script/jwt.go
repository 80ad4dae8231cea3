package script

import (
	"time"

	"gatehouse/internal/groovy"
	"gatehouse/internal/jose"
)

const (
	invalidJWT     = "org.forgerock.json.jose.exceptions.InvalidJwtException"
	reconstruction = "org.forgerock.json.jose.exceptions.JwtReconstructionException"
	jwsSigning     = "org.forgerock.json.jose.exceptions.JwsSigningException"
	jwsVerifying   = "org.forgerock.json.jose.exceptions.JwsVerifyingException"
)

// jwt is org.forgerock.json.jose.jws.SignedJwt: a token that somebody signed, or claims
// on their way to becoming one.
type jwt struct {
	raw    string
	header *groovy.Map
	claims *claims
}

func (*jwt) GroovyClass() *groovy.Class { return signedJWTClass }

var (
	jwtClass = &groovy.Class{Name: "org.forgerock.json.jose.jwt.Jwt", Interface: true}

	signedJWTClass = &groovy.Class{
		Name: "org.forgerock.json.jose.jws.SignedJwt", Interfaces: []*groovy.Class{jwtClass},
		Get: getters{
			"claimsSet": getter(func(t *jwt) groovy.Value { return t.claims }),
			"header":    getter(func(t *jwt) groovy.Value { return &jwsHeader{t.header} }),
			"payload":   getter(func(t *jwt) groovy.Value { return t.claims.String() }),
		},
		Methods: methods{
			"build":    method(func(t *jwt, _ *groovy.Call) (groovy.Value, error) { return t.raw, nil }),
			"toString": method(func(t *jwt, _ *groovy.Call) (groovy.Value, error) { return t.raw, nil }),
			"verify": method(func(t *jwt, c *groovy.Call) (groovy.Value, error) {
				h, ok := c.Arg(0).(*signingHandler)
				if !ok {
					return nil, c.NoSuchMethod()
				}
				return h.verify(c, t)
			}),
		},
	}

	reconstructionClass = &groovy.Class{
		Name: "org.forgerock.json.jose.common.JwtReconstruction",
		New:  func(c *groovy.Call) (groovy.Value, error) { return reconstructor{}, c.Want(0, 0) },
		Methods: methods{
			"reconstructJwt": func(c *groovy.Call) (groovy.Value, error) {
				if err := c.Want(1, 2); err != nil {
					return nil, err
				}
				return readJWT(c.Str(0))
			},
			"recognizedHeaders": func(c *groovy.Call) (groovy.Value, error) { return c.This, nil },
		},
	}
)

type reconstructor struct{}

func (reconstructor) GroovyClass() *groovy.Class { return reconstructionClass }

// readJWT takes a compact token apart without looking at its signature.
func readJWT(raw string) (*jwt, error) {
	t, err := jose.Unverified(raw)
	if err != nil {
		return nil, groovy.Throw(invalidJWT, "not a signed JWT: %s", err)
	}
	payload, err := parseJSON(t.Payload)
	m, ok := payload.(*groovy.Map)
	if err != nil || !ok {
		return nil, groovy.Throw(reconstruction, "the claims are no JSON object")
	}
	header, err := parseJSON(t.Header.Raw)
	h, ok := header.(*groovy.Map)
	if err != nil || !ok {
		return nil, groovy.Throw(reconstruction, "the header is no JSON object")
	}
	return &jwt{raw, h, &claims{m}}, nil
}

// jwsHeader is JwsHeader.
type jwsHeader struct{ m *groovy.Map }

func (*jwsHeader) GroovyClass() *groovy.Class { return jwsHeaderClass }

func (h *jwsHeader) get(name string) groovy.Value {
	v, _ := h.m.Get(name)
	return v
}

var jwsHeaderClass = &groovy.Class{
	Name: "org.forgerock.json.jose.jws.JwsHeader",
	Get: getters{
		"algorithm":    getter(func(h *jwsHeader) groovy.Value { return algorithmOf(h.get("alg")) }),
		"keyId":        getter(func(h *jwsHeader) groovy.Value { return h.get("kid") }),
		"type":         getter(func(h *jwsHeader) groovy.Value { return h.get("typ") }),
		"contentType":  getter(func(h *jwsHeader) groovy.Value { return h.get("cty") }),
		"parameters":   getter(func(h *jwsHeader) groovy.Value { return h.m }),
		"jwsAlgorithm": getter(func(h *jwsHeader) groovy.Value { return algorithmOf(h.get("alg")) }),
	},
	Methods: methods{
		"getParameter": method(func(h *jwsHeader, c *groovy.Call) (groovy.Value, error) { return h.get(c.Str(0)), nil }),
		"isDefined": method(func(h *jwsHeader, c *groovy.Call) (groovy.Value, error) {
			_, ok := h.m.Get(c.Str(0))
			return ok, nil
		}),
		"get":      method(func(h *jwsHeader, c *groovy.Call) (groovy.Value, error) { return &jsonValue{v: h.get(c.Str(0))}, nil }),
		"toString": method(func(h *jwsHeader, _ *groovy.Call) (groovy.Value, error) { return (&jsonValue{v: h.m}).String(), nil }),
	},
}

// algorithm is the enum JwsAlgorithm.
type algorithm jose.Algorithm

func (algorithm) GroovyClass() *groovy.Class { return jwsAlgorithms }
func (a algorithm) String() string           { return string(a) }

func algorithmOf(v groovy.Value) groovy.Value {
	if v == nil {
		return nil
	}
	return algorithm(text(v))
}

var jwsAlgorithms = &groovy.Class{
	Name:         "org.forgerock.json.jose.jws.JwsAlgorithm",
	StaticFields: algorithmConstants(),
	Static: methods{
		"valueOf": algorithmNamed, "parseAlgorithm": algorithmNamed,
	},
	Get: getters{"jwaAlgorithmName": getter(func(a algorithm) groovy.Value { return string(a) })},
	Methods: methods{
		"name": method(func(a algorithm, _ *groovy.Call) (groovy.Value, error) { return string(a), nil }),
	},
	Equals: func(this, other groovy.Value) bool { return this == other },
}

func algorithmNames() []jose.Algorithm {
	return append(jose.SignatureAlgorithms(), jose.MACAlgorithms()...)
}

func algorithmConstants() map[string]func() groovy.Value {
	m := map[string]func() groovy.Value{"NONE": constant(algorithm("none"))}
	for _, a := range algorithmNames() {
		m[string(a)] = constant(algorithm(a))
	}
	m["EDDSA"] = constant(algorithm(jose.EdDSA))
	return m
}

func algorithmNamed(c *groovy.Call) (groovy.Value, error) {
	for _, a := range algorithmNames() {
		if string(a) == c.Str(0) {
			return algorithm(a), nil
		}
	}
	return nil, badArgument("%s is no algorithm for signatures", c.Str(0))
}

// claims is org.forgerock.json.jose.jwt.JwtClaimsSet.
type claims struct{ m *groovy.Map }

func (*claims) GroovyClass() *groovy.Class { return claimsClass }
func (k *claims) String() string           { return (&jsonValue{v: k.m}).String() }

func (k *claims) get(name string) groovy.Value {
	v, _ := k.m.Get(name)
	return v
}

// claimNames are the registered claims by the property that holds them.
var claimNames = map[string]string{
	"issuer": "iss", "subject": "sub", "audience": "aud", "jwtId": "jti",
	"expirationTime": "exp", "notBeforeTime": "nbf", "issuedAtTime": "iat", "type": "typ",
}

var claimsClass = makeClaimsClass()

func makeClaimsClass() *groovy.Class {
	c := &groovy.Class{
		Name: "org.forgerock.json.jose.jwt.JwtClaimsSet", TakesMap: true,
		// Groovy reads a property of a class with get(String) through it.
		PropertyMissing: func(this groovy.Value, name string) (groovy.Value, bool) {
			return (&jsonValue{v: this.(*claims).m}).at(name), true
		},
		New: func(c *groovy.Call) (groovy.Value, error) {
			switch from := unwrap(c.Arg(0)).(type) {
			case nil:
				return &claims{groovy.NewMap()}, c.Want(0, 0)
			case *groovy.Map:
				k := &claims{groovy.NewMap()}
				from.Each(func(name, v groovy.Value) bool {
					k.set(text(name), v)
					return true
				})
				return k, nil
			}
			return nil, c.NoSuchMethod()
		},
		Get: getters{}, Set: setters{},
		Methods: methods{
			"getClaim": method(func(k *claims, c *groovy.Call) (groovy.Value, error) {
				return k.get(c.Str(0)), c.Want(1, 2)
			}),
			"get": method(func(k *claims, c *groovy.Call) (groovy.Value, error) {
				return (&jsonValue{v: k.m}).at(c.Arg(0)), c.Want(1, 1)
			}),
			"setClaim": method(func(k *claims, c *groovy.Call) (groovy.Value, error) {
				k.set(c.Str(0), c.Arg(1))
				return k, c.Want(2, 2)
			}),
			"setClaims": method(func(k *claims, c *groovy.Call) (groovy.Value, error) {
				m, ok := unwrap(c.Arg(0)).(*groovy.Map)
				if !ok {
					return nil, c.NoSuchMethod()
				}
				m.Each(func(name, v groovy.Value) bool {
					k.set(text(name), v)
					return true
				})
				return nil, nil
			}),
			"isDefined": method(func(k *claims, c *groovy.Call) (groovy.Value, error) {
				_, ok := k.m.Get(c.Str(0))
				return ok, nil
			}),
			"keys":        method(func(k *claims, _ *groovy.Call) (groovy.Value, error) { return groovy.NewSet(k.m.Keys()...), nil }),
			"toJsonValue": method(func(k *claims, _ *groovy.Call) (groovy.Value, error) { return &jsonValue{v: k.m}, nil }),
			"build":       method(func(k *claims, _ *groovy.Call) (groovy.Value, error) { return k.String(), nil }),
			"addAudience": method(func(k *claims, c *groovy.Call) (groovy.Value, error) {
				have, _ := elements(k.audience())
				k.m.Put("aud", groovy.NewList(append(have, c.Str(0))...))
				return nil, nil
			}),
		},
	}
	for property, name := range claimNames {
		c.Get[property] = getter(func(k *claims) groovy.Value {
			switch name {
			case "aud":
				return k.audience()
			case "exp", "nbf", "iat":
				return dateOf(k.get(name))
			}
			return k.get(name)
		})
		c.Set[property] = setter(func(k *claims, v groovy.Value) error {
			k.set(name, v)
			return nil
		})
	}
	return c
}

// audience is always a list (RFC 7519 §4.1.3).
func (k *claims) audience() groovy.Value {
	switch v := k.get("aud").(type) {
	case nil:
		return nil
	case string:
		return groovy.NewList(v)
	default:
		return v
	}
}

// set stores a claim; dates become numbers of seconds (RFC 7519 §2).
func (k *claims) set(name string, v groovy.Value) {
	v = unwrap(v)
	if t, ok := groovy.InstantOf(v); ok {
		v = t.Unix()
	}
	if isText(v) {
		v = text(v)
	}
	k.m.Put(name, v)
}

func dateOf(v groovy.Value) groovy.Value {
	if n, ok := whole(v); ok {
		return groovy.NewDate(time.Unix(n, 0))
	}
	return nil
}
