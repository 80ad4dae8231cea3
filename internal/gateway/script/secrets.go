package script

import (
	"context"
	"sync"

	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/groovy"
	"gatehouse/internal/jose"
)

// provider is org.forgerock.secrets.SecretsProvider, and any secret store of the heap.
type provider struct{ store secrets.SecretStore }

func (provider) GroovyClass() *groovy.Class { return providerClass }
func (provider) String() string             { return "a secrets provider" }

const noSuchSecret = "org.forgerock.secrets.NoSuchSecretException"

var providerClass = &groovy.Class{
	Name: "org.forgerock.secrets.SecretsProvider",
	New: func(c *groovy.Call) (groovy.Value, error) { // the argument is a clock
		return provider{&ownStores{}}, c.Want(0, 1)
	},
	Methods: methods{
		"getActiveSecret": method(func(p provider, c *groovy.Call) (groovy.Value, error) {
			return p.ask(c, 1, func(ctx context.Context, k *purpose) (groovy.Value, error) {
				s, ok, err := p.store.Active(ctx, k.id)
				return k.found(s, ok, err)
			})
		}),
		"getNamedSecret": method(func(p provider, c *groovy.Call) (groovy.Value, error) {
			name := c.Str(1)
			return p.ask(c, 2, func(ctx context.Context, k *purpose) (groovy.Value, error) {
				s, ok, err := p.store.Named(ctx, k.id, name)
				return k.found(s, ok, err)
			})
		}),
		"getNamedOrValidSecrets": method(func(p provider, c *groovy.Call) (groovy.Value, error) {
			name := c.Arg(1)
			return p.ask(c, 2, func(ctx context.Context, k *purpose) (groovy.Value, error) {
				if name != nil {
					s, ok, err := p.store.Named(ctx, k.id, text(name))
					if err != nil || ok {
						v, err := k.found(s, ok, err)
						return groovy.NewList(v), err
					}
				}
				return k.all(p.store.Valid(ctx, k.id))
			})
		}),
		"getValidSecrets": method(func(p provider, c *groovy.Call) (groovy.Value, error) {
			return p.ask(c, 1, func(ctx context.Context, k *purpose) (groovy.Value, error) {
				return k.all(p.store.Valid(ctx, k.id))
			})
		}),
		"setDefaultStores": addStores,
		"useDefaultStores": addStores,
	},
}

// ask looks up secrets off the script's clock; failing is the promise's.
func (p provider) ask(c *groovy.Call, args int, f func(context.Context, *purpose) (groovy.Value, error)) (groovy.Value, error) {
	k, ok := c.Arg(0).(*purpose)
	if !ok || c.Len() != args {
		return nil, c.NoSuchMethod()
	}
	var v groovy.Value
	var err error
	c.Wait(func() { v, err = f(c.Ctx, k) })
	if err != nil {
		return &promise{done: true, out: outcome{err: err, kind: exception}}, nil
	}
	return resolved(v), nil
}

var addStores = method(func(p provider, c *groovy.Call) (groovy.Value, error) {
	own, ok := p.store.(*ownStores)
	if !ok {
		return nil, readOnly("a secrets provider of the heap")
	}
	for _, a := range c.Args {
		s, ok := a.(provider)
		if !ok {
			return nil, c.NoSuchMethod()
		}
		own.add(s.store)
	}
	return p, nil
})

// ownStores are the stores of a provider that a script made.
type ownStores struct {
	mu   sync.Mutex
	list []secrets.SecretStore
}

func (o *ownStores) add(s secrets.SecretStore) {
	o.mu.Lock()
	o.list = append(o.list, s)
	o.mu.Unlock()
}

func (o *ownStores) provider() secrets.Provider {
	o.mu.Lock()
	defer o.mu.Unlock()
	return secrets.ProviderOf(o.list...)
}

func (o *ownStores) Active(ctx context.Context, id secrets.ID) (secrets.Secret, bool, error) {
	return o.provider().Active(ctx, id)
}

func (o *ownStores) Valid(ctx context.Context, id secrets.ID) ([]secrets.Secret, error) {
	return o.provider().Valid(ctx, id)
}

func (o *ownStores) Named(ctx context.Context, id secrets.ID, stable string) (secrets.Secret, bool, error) {
	return o.provider().Named(ctx, id, stable)
}

// purpose is org.forgerock.secrets.Purpose: a label and the kind of secret wanted.
type purpose struct {
	id   secrets.ID
	kind *groovy.Class
	algs []jose.Algorithm
}

func (*purpose) GroovyClass() *groovy.Class { return purposeClass }
func (k *purpose) String() string           { return string(k.id) }

func (k *purpose) found(s secrets.Secret, ok bool, err error) (groovy.Value, error) {
	if err != nil {
		return nil, groovy.Throw(noSuchSecret, "the secret %s cannot be had: %s", k.id, err)
	}
	if !ok {
		return nil, groovy.Throw(noSuchSecret, "there is no secret %s", k.id)
	}
	return k.check(s)
}

func (k *purpose) all(list []secrets.Secret, err error) (groovy.Value, error) {
	if err != nil {
		return nil, groovy.Throw(noSuchSecret, "the secret %s cannot be had: %s", k.id, err)
	}
	out := groovy.NewList()
	for _, s := range list {
		if v, err := k.check(s); err == nil {
			out.Add(v)
		}
	}
	return out, nil
}

// check refuses a secret of another kind than the purpose wants.
func (k *purpose) check(s secrets.Secret) (groovy.Value, error) {
	if generic := k.kind.SimpleName() == "GenericSecret"; generic && s.Bytes == nil || !generic && s.Key == nil && len(s.Chain) == 0 {
		return nil, groovy.Throw(noSuchSecret, "the secret %s is no %s", k.id, k.kind.SimpleName())
	}
	return &secret{s, k.kind, k.algs}, nil
}

func newPurpose(id string, kind groovy.Value) (groovy.Value, error) {
	class, ok := kind.(*groovy.Class)
	if !ok || !isSecretClass(class) {
		return nil, badArgument("%s is no class of secrets", groovy.ToString(kind))
	}
	return &purpose{id: secrets.ID(id), kind: class}, nil
}

var purposeClass = &groovy.Class{
	Name: "org.forgerock.secrets.Purpose",
	Static: methods{
		"purpose": func(c *groovy.Call) (groovy.Value, error) {
			if err := c.Want(2, 2); err != nil {
				return nil, err
			}
			return newPurpose(c.Str(0), c.Arg(1))
		},
		"purposeOf": purposeOf,
	},
	StaticFields: map[string]func() groovy.Value{
		"PASSWORD": func() groovy.Value { return &purpose{id: "password", kind: genericSecret} },
	},
	Get: getters{
		"label":      getter(func(k *purpose) groovy.Value { return string(k.id) }),
		"secretType": getter(func(k *purpose) groovy.Value { return k.kind }),
	},
	Methods: methods{
		"withConstraints": method(func(k *purpose, c *groovy.Call) (groovy.Value, error) {
			out := *k
			for _, a := range c.Args {
				if alg, ok := a.(allowedAlgorithm); ok {
					out.algs = append(out.algs[:len(out.algs):len(out.algs)], jose.Algorithm(alg))
				}
			}
			return &out, nil
		}),
		"withLabel": method(func(k *purpose, c *groovy.Call) (groovy.Value, error) {
			out := *k
			out.id = secrets.ID(c.Str(0))
			return &out, c.Want(1, 1)
		}),
	},
	Equals: func(this, other groovy.Value) bool {
		o, ok := other.(*purpose)
		k := this.(*purpose)
		return ok && o.id == k.id && o.kind == k.kind
	},
}

// allowedAlgorithm is the constraint of JwsConstraints.allowedAlgorithm.
type allowedAlgorithm jose.Algorithm

func (allowedAlgorithm) GroovyClass() *groovy.Class { return constraintClass }

var constraintClass = &groovy.Class{Name: "org.forgerock.secrets.SecretConstraint", Interface: true}

// secret is GenericSecret, SigningKey and the other kinds. Nothing of it is printed.
type secret struct {
	s    secrets.Secret
	kind *groovy.Class
	algs []jose.Algorithm
}

func (s *secret) GroovyClass() *groovy.Class { return s.kind }
func (*secret) String() string               { return "***" }

var secretClass = &groovy.Class{
	Name: "org.forgerock.secrets.Secret",
	Get: getters{
		"stableId":  getter(func(s *secret) groovy.Value { return orNull(s.s.StableID) }),
		"algorithm": getter(func(s *secret) groovy.Value { return s.algorithm() }),
	},
	Methods: methods{
		"reveal": method(func(s *secret, c *groovy.Call) (groovy.Value, error) {
			v, err := s.material()
			if err != nil {
				return nil, err
			}
			return c.Invoke(c.Arg(0), v)
		}),
		// The original hands over characters; a string takes their place everywhere.
		"revealAsUtf8": method(func(s *secret, c *groovy.Call) (groovy.Value, error) {
			if s.s.Bytes == nil {
				return nil, groovy.Throw(unsupported, "the secret is a key, not a text")
			}
			chars, err := c.InvokeMethod(string(s.s.Bytes), "toCharArray")
			if err != nil {
				return nil, err
			}
			return c.Invoke(c.Arg(0), chars)
		}),
		"getCertificate": method(func(s *secret, _ *groovy.Call) (groovy.Value, error) {
			if len(s.s.Chain) == 0 {
				return groovy.NewOptional(nil), nil
			}
			return groovy.NewOptional(groovy.NewCertificate(s.s.Chain[0])), nil
		}),
	},
}

func (s *secret) algorithm() groovy.Value {
	if s.s.Key == nil {
		return nil
	}
	return string(s.s.Key.Type())
}

func (s *secret) material() (groovy.Value, error) {
	switch k := s.s.Key; {
	case s.kind.SimpleName() == "GenericSecret" && s.s.Bytes != nil:
		return append([]byte{}, s.s.Bytes...), nil
	case k == nil:
	case k.IsSymmetric():
		return k.Secret(), nil
	case k.IsPrivate() && s.kind.SimpleName() != "VerificationKey":
		return groovy.NewKey(k.PrivateKey()), nil
	default:
		return groovy.NewKey(k.PublicKey()), nil
	}
	return nil, groovy.Throw(unsupported, "the secret has no key that scripts can use")
}

// secretClasses are the kinds of secrets.
var secretClasses = append([]*groovy.Class{secretClass, constraintClass, jwsConstraints}, secretKinds()...)

var genericSecret = &groovy.Class{
	Name: "org.forgerock.secrets.GenericSecret", Super: secretClass, Static: methods{
		"password": func(c *groovy.Call) (groovy.Value, error) {
			return &secret{secrets.Secret{Bytes: []byte(c.Str(0))}, c.Class, nil}, c.Want(1, 1)
		},
	},
}

func secretKinds() []*groovy.Class {
	out := []*groovy.Class{genericSecret}
	for _, n := range []string{"CryptoKey", "SigningKey", "VerificationKey", "DataEncryptionKey", "DataDecryptionKey",
		"KeyEncryptionKey", "KeyDecryptionKey", "KeyAgreementKey"} {
		out = append(out, &groovy.Class{Name: "org.forgerock.secrets.keys." + n, Super: secretClass})
	}
	return out
}

func isSecretClass(c *groovy.Class) bool { return c.Super == secretClass }

// jwsConstraints has what narrows the keys of a purpose.
var jwsConstraints = &groovy.Class{
	Name: "org.forgerock.json.jose.jws.JwsAlgorithmConstraints",
	Static: methods{"allowedAlgorithm": func(c *groovy.Call) (groovy.Value, error) {
		return allowedAlgorithm(c.Str(0)), c.Want(1, 1)
	}},
}
