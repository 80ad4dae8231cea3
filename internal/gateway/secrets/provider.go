package secrets

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/jose"
)

// Provider is the value of a field such as secretsProvider: a store by name or in
// place, or a list of them that are asked in order. The zero Provider knows nothing.
type Provider struct {
	stores []source
}

type source struct {
	name  string
	store Store
}

// ProviderOf returns a provider over stores, for configuration made in code.
func ProviderOf(stores ...Store) Provider {
	p := Provider{}
	for _, s := range stores {
		p.stores = append(p.stores, source{fmt.Sprintf("%T", s), s})
	}
	return p
}

// UnmarshalConf reads the field.
func (p *Provider) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	n = d.Whole(n)
	nodes := []*conf.Node{n}
	if n.Kind == conf.List {
		if nodes = n.List; len(nodes) == 0 {
			d.Errs.Add(n, "expected at least one secret store, found an empty list")
		}
	}
	for _, e := range nodes {
		var ref heap.Ref[SecretStore]
		ref.UnmarshalConf(d, e)
		if ref.IsSet() {
			p.stores = append(p.stores, source{ref.Name, ref.Get()})
		}
	}
}

// DescribeConf names the kind of value.
func (*Provider) DescribeConf() string { return "a secret store" }

// IsSet says whether the field was given.
func (p *Provider) IsSet() bool { return len(p.stores) > 0 }

// scopeKey finds the stores of a document's "secrets" in its heap.
type scopeKey struct{}

// SetScope makes p the stores for whatever in the heap and below has none of its own,
// as documents before 2024.3 had it.
func SetScope(h *heap.Heap, p Provider) { h.SetScoped(scopeKey{}, p) }

// OrEnvironment makes an absent field stand for the stores of the documents around the
// object, or, as releases before 2024.3 did, with a warning, for the environment. Call
// it where the object needs a secret.
func (p *Provider) OrEnvironment(env *heap.Env) {
	if p.IsSet() {
		return
	}
	if list, root := env.Heap.Scoped(scopeKey{}); len(list) > 0 {
		for _, outer := range list {
			p.stores = append(p.stores, outer.(Provider).stores...)
		}
		if !root {
			p.stores = append(p.stores, source{"the environment", newEnvironment(env.Services)})
		}
		return
	}
	env.Warn("secretsProvider", "the field \"secretsProvider\" is missing; secrets are read from environment variables, base64-encoded. Declare a SystemAndEnvSecretStore and name it here")
	p.stores = []source{{"the environment", newEnvironment(env.Services)}}
}

// Active returns the active secret of the first store that has one.
func (p Provider) Active(ctx context.Context, id ID) (Secret, bool, error) {
	for _, s := range p.stores {
		found, ok, err := s.store.Active(ctx, id)
		if err != nil || ok {
			return found, ok, s.explain(id, err)
		}
	}
	return Secret{}, false, nil
}

// Valid returns the valid secrets of all stores, in their order.
func (p Provider) Valid(ctx context.Context, id ID) ([]Secret, error) {
	if len(p.stores) == 1 {
		list, err := p.stores[0].store.Valid(ctx, id)
		return list, p.stores[0].explain(id, err)
	}
	var all []Secret
	for _, s := range p.stores {
		list, err := s.store.Valid(ctx, id)
		if err != nil {
			return nil, s.explain(id, err)
		}
		all = append(all, list...)
	}
	return all, nil
}

// Named returns the secret with the stable id from the first store that has it.
func (p Provider) Named(ctx context.Context, id ID, stable string) (Secret, bool, error) {
	for _, s := range p.stores {
		found, ok, err := s.store.Named(ctx, id, stable)
		if err != nil || ok {
			return found, ok, s.explain(id, err)
		}
	}
	return Secret{}, false, nil
}

func (s source) explain(id ID, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("secret %q in %s: %w", id, s.name, err)
}

// Password returns the active secret as text.
func (p Provider) Password(ctx context.Context, id ID) (string, error) {
	b, err := p.Bytes(ctx, id)
	return string(b), err
}

// Bytes returns the active secret as bytes; the caller must not change them.
func (p Provider) Bytes(ctx context.Context, id ID) ([]byte, error) {
	s, ok, err := p.Active(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, p.missing(id)
	case s.Bytes == nil:
		return nil, fmt.Errorf("the secret %q in %s is a key; a password is needed", id, p.names())
	}
	return s.Bytes, nil
}

// Key returns the active secret as a key.
func (p Provider) Key(ctx context.Context, id ID) (*jose.Key, error) {
	s, ok, err := p.Active(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, p.missing(id)
	case s.Key == nil:
		return nil, p.noKey(id)
	}
	return s.Key, nil
}

func (p Provider) noKey(id ID) error {
	return fmt.Errorf("the secret %q in %s is no key; give it a format such as PemPropertyFormat or SecretKeyPropertyFormat", id, p.names())
}

// Missing is an error that says which secret was asked for and where.
type Missing struct {
	ID     ID
	Stores string
	hints  string
}

func (e *Missing) Error() string {
	return fmt.Sprintf("there is no secret %q in %s%s", e.ID, e.Stores, e.hints)
}

// hinter is a store that can say where it looked.
type hinter interface{ hint(id ID) string }

func (p Provider) missing(id ID) error {
	e := &Missing{ID: id, Stores: p.names()}
	for _, s := range p.stores {
		if h, ok := s.store.(hinter); ok {
			e.hints += " (" + h.hint(id) + ")"
		}
	}
	return e
}

func (p Provider) names() string {
	list := make([]string, len(p.stores))
	for i, s := range p.stores {
		list[i] = s.name
	}
	if len(list) == 0 {
		return "no store"
	}
	return strings.Join(list, ", ")
}

// Keys returns the keys behind a label for verifying and decrypting tokens: those
// named by a kid decide alone, else all valid ones are tried.
func (p Provider) Keys(id ID) jose.Finder { return finder{p, id} }

type finder struct {
	p  Provider
	id ID
}

func (f finder) Named(ctx context.Context, kid string) ([]*jose.Key, error) {
	for _, s := range f.p.stores {
		keys, err := namedKeys(ctx, s.store, f.id, kid)
		switch {
		case errors.Is(err, jose.ErrFetch):
			return nil, s.explain(f.id, err)
		case err != nil:
			return nil, jose.Unfetched(s.explain(f.id, err))
		case len(keys) > 0:
			return keys, nil
		}
	}
	return nil, nil
}

// namedKeys asks one store. Only key sets have several keys with one name.
func namedKeys(ctx context.Context, store Store, id ID, kid string) ([]*jose.Key, error) {
	switch st := store.(type) {
	case *keySet:
		return st.remote.Named(ctx, kid)
	case Provider:
		return finder{st, id}.Named(ctx, kid)
	}
	s, ok, err := store.Named(ctx, id, kid)
	if err != nil || !ok || s.Key == nil {
		return nil, err
	}
	return []*jose.Key{s.Key}, nil
}

// All gives at least one key: that there is none is a mistake of the configuration, and
// not one of the token.
func (f finder) All(ctx context.Context) ([]*jose.Key, error) {
	list, err := f.p.Valid(ctx, f.id)
	switch {
	case errors.Is(err, jose.ErrFetch):
		return nil, err
	case err != nil:
		return nil, jose.Unfetched(err)
	case len(list) == 0:
		return nil, jose.Unfetched(f.p.missing(f.id))
	}
	keys := make([]*jose.Key, 0, len(list))
	for _, s := range list {
		if s.Key != nil {
			keys = append(keys, s.Key)
		}
	}
	if len(keys) == 0 {
		return nil, jose.Unfetched(f.p.noKey(f.id))
	}
	return keys, nil
}
