package secrets

import (
	"context"

	"gatehouse/internal/gateway/heap"
)

// base64Encoded holds passwords in the configuration itself, base64-encoded. It suits
// examples and tests: whoever reads the configuration has the passwords.
type base64Encoded struct {
	Secrets map[string]string `conf:"secrets,required"`
}

var base64EncodedType = heap.Define("Base64EncodedSecretStore", func(c *base64Encoded, env *heap.Env) (SecretStore, error) {
	s := inline{}
	for name, text := range c.Secrets {
		at := env.Config.Get("secrets").Get(name)
		if at == nil {
			at = env.Config.Get("secrets")
		}
		if why := badID(name); why != "" {
			env.Errs.Add(at, "%q is no secret id: %s", name, why)
			continue
		}
		b, err := decodeBase64(text)
		if err != nil {
			env.Errs.Add(at, "the value is not base64; this gives it: printf %%s VALUE | base64")
			continue
		}
		s[ID(name)] = []Secret{{StableID: name, Bytes: b}}
	}
	return s, nil
})

// inline never expires.
type inline map[ID][]Secret

func (s inline) Valid(_ context.Context, id ID) ([]Secret, error) { return s[id], nil }

func (s inline) Active(_ context.Context, id ID) (Secret, bool, error) { return first(s[id], nil) }

func (s inline) Named(_ context.Context, id ID, stable string) (Secret, bool, error) {
	return named(s[id], nil, stable)
}
