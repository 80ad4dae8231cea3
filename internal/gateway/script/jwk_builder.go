package script

import (
	"encoding/base64"

	"gatehouse/internal/groovy"
	"gatehouse/internal/jose"
)

// jwkBuilder is RsaJWK.Builder and EcJWK.Builder: a key on its way to becoming a JWK.
type jwkBuilder struct{ m *groovy.Map }

func (*jwkBuilder) GroovyClass() *groovy.Class { return jwkBuilderClass }

// newJWKBuilder takes a key of java.security.
func newJWKBuilder(c *groovy.Call) (groovy.Value, error) {
	if err := c.Want(1, 1); err != nil {
		return nil, err
	}
	material, ok := groovy.KeyOf(c.Arg(0))
	if !ok {
		return nil, c.NoSuchMethod()
	}
	key, err := jose.NewKey(material)
	if err != nil {
		return nil, groovy.Throw(jwkFailure, "the key cannot be used: %s", err)
	}
	text, err := key.MarshalPublic()
	if err != nil {
		return nil, groovy.Throw(jwkFailure, "the key cannot be used: %s", err)
	}
	members, err := parseJSON(text)
	m, ok := members.(*groovy.Map)
	if err != nil || !ok {
		return nil, groovy.Throw(jwkFailure, "the key cannot be used")
	}
	m.Remove("kid") // only what the script names
	return &jwkBuilder{m}, nil
}

// member makes a method that sets a member of the JWK (RFC 7517 §4).
func member(name string) groovy.Method {
	return method(func(b *jwkBuilder, c *groovy.Call) (groovy.Value, error) {
		if v := c.Arg(0); v == nil {
			b.m.Remove(name)
		} else {
			b.m.Put(name, text(v))
		}
		return b, c.Want(1, 1)
	})
}

var jwkBuilderClass = &groovy.Class{
	Name: "org.forgerock.json.jose.jwk.JWK.Builder",
	Methods: methods{
		"keyId": member("kid"), "keyUse": member("use"), "use": member("use"), "algorithm": member("alg"),
		"x509Url": member("x5u"), "x509Thumbprint": member("x5t"), "x509ThumbprintS256": member("x5t#S256"),
		"x509Chain": method(func(b *jwkBuilder, c *groovy.Call) (groovy.Value, error) {
			items, many := elements(c.Arg(0))
			if !many {
				return nil, c.NoSuchMethod()
			}
			chain := groovy.NewList()
			for _, v := range items {
				switch cert, is := groovy.CertificateOf(v); {
				case is:
					chain.Add(base64.StdEncoding.EncodeToString(cert.Raw))
				default:
					chain.Add(text(v))
				}
			}
			b.m.Put("x5c", chain)
			return b, nil
		}),
		"build": method(func(b *jwkBuilder, c *groovy.Call) (groovy.Value, error) {
			m := groovy.NewMap()
			b.m.Each(func(k, v groovy.Value) bool { m.Put(k, v); return true })
			return &jwk{m}, c.Want(0, 0)
		}),
	},
}

// keyUses is org.forgerock.json.jose.jwk.KeyUseConstants.
var keyUses = &groovy.Class{
	Name:         "org.forgerock.json.jose.jwk.KeyUseConstants",
	StaticFields: map[string]func() groovy.Value{"SIG": constant("sig"), "ENC": constant("enc")},
}
