package script

import (
	"context"
	"errors"
	"strings"

	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/groovy"
	"gatehouse/internal/jose"
)

// signingHandler is org.forgerock.json.jose.jws.handlers.SigningHandler: keys that sign
// or verify.
type signingHandler struct {
	keys []*jose.Key
	algs []jose.Algorithm // nil: all that fit the keys
}

func (*signingHandler) GroovyClass() *groovy.Class { return signingHandlerClass }
func (*signingHandler) String() string             { return "a signing handler" }

var signingHandlerClass = &groovy.Class{Name: "org.forgerock.json.jose.jws.handlers.SigningHandler", Interface: true}

// algorithms are those to accept: of the kind of the keys, never both kinds.
func (h *signingHandler) algorithms() []jose.Algorithm {
	if h.algs != nil {
		return h.algs
	}
	for _, k := range h.keys {
		if k.IsSymmetric() {
			return jose.MACAlgorithms()
		}
	}
	return jose.SignatureAlgorithms()
}

func (h *signingHandler) verify(c *groovy.Call, t *jwt) (groovy.Value, error) {
	_, err := jose.Verify(c.Ctx, t.raw, jose.VerifyOptions{Keys: jose.NewKeySet(h.keys...), Algorithms: h.algorithms()})
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, jose.ErrSignature), errors.Is(err, jose.ErrKey), errors.Is(err, jose.ErrAlgorithm):
		return false, nil
	}
	return nil, groovy.Throw(jwsVerifying, "the token cannot be verified: %s", err)
}

// signingManager is org.forgerock.json.jose.jws.SigningManager.
type signingManager struct{ store secrets.SecretStore }

func (*signingManager) GroovyClass() *groovy.Class { return signingManagerClass }

var signingManagerClass = &groovy.Class{
	Name: "org.forgerock.json.jose.jws.SigningManager",
	New: func(c *groovy.Call) (groovy.Value, error) {
		switch p := c.Arg(0).(type) {
		case nil:
			return &signingManager{}, c.Want(0, 0)
		case provider:
			return &signingManager{p.store}, c.Want(1, 1)
		}
		return nil, c.NoSuchMethod()
	},
	Methods: methods{
		"newSigningHandler":           newSigning,
		"newVerificationHandler":      newSigning,
		"newHmacSigningHandler":       handlerOfKey,
		"newRsaSigningHandler":        handlerOfKey,
		"newEcdsaSigningHandler":      handlerOfKey,
		"newEcdsaVerificationHandler": handlerOfKey,
		"newEdDsaSigningHandler":      handlerOfKey,
		"newNopSigningHandler": func(*groovy.Call) (groovy.Value, error) {
			return nil, groovy.Throw(unsupported, "unsigned tokens are not supported")
		},
	},
}

// newSigning makes a handler of a key at once, or the promise of one for a purpose.
var newSigning = method(func(m *signingManager, c *groovy.Call) (groovy.Value, error) {
	switch k := c.Arg(0).(type) {
	case *secret:
		return handlerOf(k.algs, k.s.Key)
	case *purpose:
		if m.store == nil {
			return nil, groovy.Throw(illegalState, "the SigningManager has no secrets provider")
		}
		sign := c.Name == "newSigningHandler"
		return provider{m.store}.ask(c, 1, func(ctx context.Context, k *purpose) (groovy.Value, error) {
			if sign {
				s, ok, err := m.store.Active(ctx, k.id)
				if _, err := k.found(s, ok, err); err != nil {
					return nil, err
				}
				return handlerOf(k.algs, s.Key)
			}
			list, err := m.store.Valid(ctx, k.id)
			if err != nil {
				return nil, groovy.Throw(noSuchSecret, "the secret %s cannot be had: %s", k.id, err)
			}
			keys := make([]*jose.Key, 0, len(list))
			for _, s := range list {
				if s.Key != nil {
					keys = append(keys, s.Key)
				}
			}
			return handlerOf(k.algs, keys...)
		})
	}
	return handlerOfKey(c)
})

func handlerOf(algs []jose.Algorithm, keys ...*jose.Key) (groovy.Value, error) {
	for _, k := range keys {
		if k == nil {
			return nil, badArgument("the secret is no key for signatures")
		}
	}
	if len(keys) == 0 {
		return nil, groovy.Throw(noSuchSecret, "there is no key")
	}
	return &signingHandler{keys, algs}, nil
}

// handlerOfKey takes a java.security key, or bytes or text for an HMAC.
func handlerOfKey(c *groovy.Call) (groovy.Value, error) {
	v := c.Arg(0)
	var material any
	if k, ok := groovy.KeyOf(v); ok {
		material = k
	} else if isText(v) {
		material = []byte(text(v))
	} else if b, ok := v.([]byte); ok {
		material = b
	} else if s, ok := v.(*secret); ok {
		if s.s.Key != nil {
			return handlerOf(s.algs, s.s.Key)
		}
		material = s.s.Bytes
	} else {
		return nil, c.NoSuchMethod()
	}
	k, err := jose.NewKey(material)
	if err != nil {
		return nil, badArgument("the key cannot be used: %s", err)
	}
	return handlerOf(nil, k)
}

// jwtBuilder is what JwtBuilderFactory makes: claims, or a token in the making.
type jwtBuilder struct {
	kind    builderKind
	handler *signingHandler
	header  *groovy.Map
	claims  *claims
}

type builderKind uint8

const (
	claimsBuilder builderKind = iota
	tokenBuilder
)

func (*jwtBuilder) GroovyClass() *groovy.Class { return jwtBuilderClass }

type builderFactory struct{}

func (builderFactory) GroovyClass() *groovy.Class { return builderFactoryClass }

var builderFactoryClass = &groovy.Class{
	Name: "org.forgerock.json.jose.builders.JwtBuilderFactory",
	New:  func(c *groovy.Call) (groovy.Value, error) { return builderFactory{}, c.Want(0, 0) },
	Methods: methods{
		"claims": func(*groovy.Call) (groovy.Value, error) {
			return &jwtBuilder{kind: claimsBuilder, claims: &claims{groovy.NewMap()}}, nil
		},
		"jws": func(c *groovy.Call) (groovy.Value, error) {
			h, ok := c.Arg(0).(*signingHandler)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			return &jwtBuilder{kind: tokenBuilder, handler: h, header: groovy.NewMap(), claims: &claims{groovy.NewMap()}}, nil
		},
		"jwe": func(*groovy.Call) (groovy.Value, error) {
			return nil, groovy.Throw(unsupported, "scripts cannot encrypt tokens: use a JwtBuilderFilter")
		},
		"jwt": func(*groovy.Call) (groovy.Value, error) {
			return nil, groovy.Throw(unsupported, "unsigned tokens are not supported")
		},
		"reconstruct": func(c *groovy.Call) (groovy.Value, error) { return readJWT(c.Str(0)) },
	},
}

// jwtBuilderClass serves the builders of claims, of headers and of tokens: their
// methods do not overlap but for build and claims.
var jwtBuilderClass = makeBuilderClass()

func makeBuilderClass() *groovy.Class {
	m := methods{
		"headers": method(func(b *jwtBuilder, _ *groovy.Call) (groovy.Value, error) { return b, nil }),
		"done":    method(func(b *jwtBuilder, _ *groovy.Call) (groovy.Value, error) { return b, nil }),
		"claim": method(func(b *jwtBuilder, c *groovy.Call) (groovy.Value, error) {
			b.claims.set(c.Str(0), c.Arg(1))
			return b, c.Want(2, 2)
		}),
		"claims": method(func(b *jwtBuilder, c *groovy.Call) (groovy.Value, error) {
			switch k := unwrap(c.Arg(0)).(type) {
			case *claims:
				b.claims = k
			case *groovy.Map:
				k.Each(func(name, v groovy.Value) bool {
					b.claims.set(text(name), v)
					return true
				})
			default:
				return nil, c.NoSuchMethod()
			}
			return b, nil
		}),
		"header": method(func(b *jwtBuilder, c *groovy.Call) (groovy.Value, error) {
			if b.header == nil {
				return nil, c.NoSuchMethod()
			}
			b.header.Put(c.Str(0), c.Arg(1))
			return b, c.Want(2, 2)
		}),
		"crit": method(func(b *jwtBuilder, c *groovy.Call) (groovy.Value, error) {
			if _, many := elements(c.Arg(0)); b.header == nil || !many {
				return nil, c.NoSuchMethod()
			}
			b.header.Put("crit", c.Arg(0))
			return b, c.Want(1, 1)
		}),
		"build": method(func(b *jwtBuilder, _ *groovy.Call) (groovy.Value, error) {
			if b.kind == claimsBuilder {
				return b.claims, nil
			}
			t, err := b.sign()
			if err != nil {
				return nil, err
			}
			return t.raw, nil
		}),
		"asJwt": method(func(b *jwtBuilder, _ *groovy.Call) (groovy.Value, error) { return b.sign() }),
	}
	for _, name := range []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "typ"} {
		m[name] = method(func(b *jwtBuilder, c *groovy.Call) (groovy.Value, error) {
			if b.kind == tokenBuilder && name == "typ" {
				b.header.Put("typ", c.Str(0))
				return b, nil
			}
			b.claims.set(name, c.Arg(0))
			return b, c.Want(1, 1)
		})
	}
	for _, name := range []string{"alg", "kid", "cty"} {
		m[name] = method(func(b *jwtBuilder, c *groovy.Call) (groovy.Value, error) {
			if b.header == nil {
				return nil, c.NoSuchMethod()
			}
			b.header.Put(name, c.Str(0))
			return b, c.Want(1, 1)
		})
	}
	return &groovy.Class{Name: "org.forgerock.json.jose.builders.JwtBuilder", Methods: m}
}

// sign makes the token. The header's alg chooses; without it the first algorithm that
// fits the key.
func (b *jwtBuilder) sign() (*jwt, error) {
	if b.handler == nil {
		return nil, groovy.Throw(illegalState, "nothing signs these claims")
	}
	key := b.handler.keys[0]
	alg, err := b.algorithm(key)
	if err != nil {
		return nil, err
	}
	o := jose.SignerOptions{Extra: map[string]any{}}
	b.header.Each(func(k, v groovy.Value) bool {
		switch name := text(k); name {
		case "alg":
		case "crit":
			items, _ := elements(v)
			for _, n := range items {
				o.Critical = append(o.Critical, text(n))
			}
		case "typ":
			o.Type = text(v)
		case "cty":
			o.ContentType = text(v)
		case "kid":
			key = key.With(text(v), key.Algorithm, key.Use)
		default:
			o.Extra[name], err = plain(v)
		}
		return err == nil
	})
	if err != nil {
		return nil, badArgument("%s", err)
	}
	s, err := jose.NewSigner(key, alg, o)
	if err != nil {
		return nil, groovy.Throw(jwsSigning, "%s", err)
	}
	payload, err := marshalJSON(b.claims.m)
	if err != nil {
		return nil, err
	}
	raw, err := s.Sign(payload)
	if err != nil {
		return nil, groovy.Throw(jwsSigning, "%s", err)
	}
	return readJWT(raw)
}

func (b *jwtBuilder) algorithm(key *jose.Key) (jose.Algorithm, error) {
	if v, ok := b.header.Get("alg"); ok {
		a := text(v)
		if strings.EqualFold(a, "none") {
			return "", groovy.Throw(jwsSigning, "unsigned tokens are not supported")
		}
		return jose.Algorithm(a), nil
	}
	for _, a := range b.handler.algorithms() {
		if key.Fits(a) == nil {
			return a, nil
		}
	}
	return "", groovy.Throw(jwsSigning, "no algorithm fits the key")
}
