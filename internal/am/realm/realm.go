package realm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

// Realm is a realm at one moment: its values never change, a later Manager.Find may
// return another Realm. The methods answer from the present settings.
type Realm struct {
	Path    string // "/", "/alpha", "/alpha/beta"
	Name    string // last part of the path; "/" for the root
	Parent  string // path of the parent; "" for the root
	Active  bool
	Aliases []string // DNS names and words that stand for the realm
	Rev     uint64   // revision of the realm's document

	set *settings
}

// settings are what a realm holds, cached. They outlive a Realm value.
type settings struct {
	path     string
	m        *Manager
	provider atomic.Pointer[Provider]
	loading  sync.Mutex // held while provider is read and replaced
	clients  cache[*Client]
	agents   cache[*Agent]
	remotes  cache[*RemoteConsentAgent]
	scripts  cache[*Script]
	secrets  cache[scriptSecret]
	library  cache[*Script] // library scripts by name
	keys     *Keys

	issuers    cache[[]*TrustedIssuer] // one entry each
	publishers cache[[]*SoftwarePublisher]
}

// Provider returns the settings as an OAuth 2.0 provider; false when the service was
// not added to the realm. They must not be changed.
func (r *Realm) Provider() (*Provider, bool) {
	p := r.set.provider.Load()
	return p, p != nil
}

// Client returns the OAuth 2.0 client, or store.ErrNotFound. It must not be changed. AI agents are clients while the
// settings of the provider have them.
func (r *Realm) Client(ctx context.Context, id string) (*Client, error) {
	c, err := r.client(ctx, id)
	if err == nil && over(c.until, r.set.m.now()) {
		r.set.clients.drop(id)
		c, err = r.client(ctx, id)
	}
	if err == nil && c.AIAgent {
		if p, ok := r.Provider(); !ok || !p.AIAgents.Enabled {
			return nil, fmt.Errorf("AI agents are not enabled: %w", store.ErrNotFound)
		}
	}
	return c, err
}

func (r *Realm) client(ctx context.Context, id string) (*Client, error) {
	return r.set.clients.get(id, func() (*Client, error) {
		d, err := r.set.agent(ctx, id, TypeClient, TypeAIAgent)
		if err != nil {
			return nil, err
		}
		c, err := ParseClient(id, d.Body)
		if err == nil {
			c.secret, err = r.set.m.openSecret(c.Core.Password)
		}
		if err == nil {
			err = r.set.labelSecrets(ctx, c)
		}
		if err != nil {
			return nil, fmt.Errorf("client %q: %w", id, err)
		}
		return c, nil
	})
}

// Agent returns the Identity Gateway agent, or store.ErrNotFound. It must not be
// changed.
func (r *Realm) Agent(ctx context.Context, id string) (*Agent, error) {
	a, err := r.agent(ctx, id)
	if err == nil && over(a.until, r.set.m.now()) {
		r.set.agents.drop(id)
		a, err = r.agent(ctx, id)
	}
	return a, err
}

func (r *Realm) agent(ctx context.Context, id string) (*Agent, error) {
	return r.set.agents.get(id, func() (*Agent, error) {
		d, err := r.set.agent(ctx, id, TypeGatewayAgent)
		if err != nil {
			return nil, err
		}
		a, err := ParseAgent(id, d.Body)
		if err == nil {
			a.secret, a.until, err = r.set.agentSecret(ctx, a.Password, a.SecretLabel)
		}
		if err != nil {
			return nil, fmt.Errorf("agent %q: %w", id, err)
		}
		return a, nil
	})
}

// TrustedIssuer returns the trusted issuer whose JWTs name iss as their issuer, or
// store.ErrNotFound. It must not be changed.
func (r *Realm) TrustedIssuer(ctx context.Context, iss string) (*TrustedIssuer, error) {
	return byIssuer(ctx, r, &r.set.issuers, TypeTrustedJWTIssuer, ParseTrustedIssuer, func(t *TrustedIssuer) bool { return t.Issuer == iss && iss != "" })
}

// SoftwarePublisher returns the publisher whose software statements name iss as their
// issuer, or store.ErrNotFound. It must not be changed.
func (r *Realm) SoftwarePublisher(ctx context.Context, iss string) (*SoftwarePublisher, error) {
	parse := func(id string, body json.RawMessage) (*SoftwarePublisher, error) {
		p, err := ParseSoftwarePublisher(id, body)
		if err == nil && jose.Algorithm(p.SigningAlgorithm).Symmetric() {
			p.secret, err = r.set.m.openSecret(p.Password)
		}
		return p, err
	}
	return byIssuer(ctx, r, &r.set.publishers, TypePublisher, parse, func(p *SoftwarePublisher) bool { return p.Issuer == iss && iss != "" })
}

// byIssuer finds an agent of a type among all, which are few and kept decoded.
func byIssuer[T any](
	ctx context.Context, r *Realm, kept *cache[[]*T], kind string, parse func(string, json.RawMessage) (*T, error), is func(*T) bool,
) (*T, error) {
	list, err := kept.get("", func() ([]*T, error) {
		docs, err := r.set.m.docs.List(ctx, r.Path, store.KindAgent)
		var list []*T
		for _, d := range docs {
			if agentType(d.Body) != kind {
				continue
			}
			d, err := r.set.grown(ctx, d)
			if err != nil && !errors.Is(err, errNoGroup) {
				return nil, err
			}
			var t *T
			if err == nil {
				t, err = parse(d.ID, d.Body)
			}
			if err != nil {
				r.set.m.log.Error("an agent cannot be used", "realm", r.Path, "type", kind, "id", d.ID, "error", err)
				continue
			}
			list = append(list, t)
		}
		return list, err
	})
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, is)
	if i < 0 {
		return nil, fmt.Errorf("%s: %w", kind, store.ErrNotFound)
	}
	return list[i], nil
}

// Script returns the realm's script, else the shipped one with that UUID, else
// store.ErrNotFound. It must not be changed; while it is the same pointer, it is the
// same script.
func (r *Realm) Script(ctx context.Context, id string) (*Script, error) {
	return r.set.scripts.get(id, func() (*Script, error) {
		d, err := r.set.m.docs.Get(ctx, r.Path, store.KindScript, id)
		if err == nil {
			return ParseScript(id, d.Body)
		}
		if s, ok := ShippedScript(id); ok && isNotFound(err) {
			return s, nil
		}
		if isNotFound(err) {
			d, err = r.set.m.docs.Get(ctx, "", store.KindScript, id)
		}
		if err == nil {
			return ParseScript(id, d.Body)
		}
		return nil, fmt.Errorf("script %q: %w", id, err)
	})
}

// Scripts returns all scripts of the realm, shipped ones included, in the order of
// their UUIDs.
func (r *Realm) Scripts(ctx context.Context) ([]*Script, error) {
	docs, err := r.set.m.docs.List(ctx, r.Path, store.KindScript)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(docs)+8)
	for _, d := range docs {
		ids = append(ids, d.ID)
	}
	for _, s := range shippedScripts() {
		ids = append(ids, s.id.ID())
	}
	slices.Sort(ids)
	var list []*Script
	for _, id := range slices.Compact(ids) {
		s, err := r.Script(ctx, id)
		if isNotFound(err) {
			continue // removed since it was listed
		}
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// GlobalScripts returns the library scripts that are for all realms, in the order of their UUIDs.
func (m *Manager) GlobalScripts(ctx context.Context) ([]*Script, error) {
	docs, err := m.docs.List(ctx, "", store.KindScript)
	if err != nil {
		return nil, err
	}
	list := make([]*Script, len(docs))
	for i, d := range docs {
		if list[i], err = ParseScript(d.ID, d.Body); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Library returns the library script of that name, the realm's before that of all realms, or store.ErrNotFound. It must
// not be changed.
func (r *Realm) Library(ctx context.Context, name string) (*Script, error) {
	return r.set.library.get(name, func() (*Script, error) {
		list, err := r.Scripts(ctx)
		if err != nil {
			return nil, err
		}
		global, err := r.set.m.GlobalScripts(ctx)
		if err != nil {
			return nil, err
		}
		for _, s := range append(list, global...) {
			if s.Context == ContextLibrary && s.Name == name {
				return s, nil
			}
		}
		return nil, fmt.Errorf("library script %q: %w", name, store.ErrNotFound)
	})
}

// Keys returns the realm's keys.
func (r *Realm) Keys() *Keys { return r.set.keys }

// Service returns the document of one of the realm's services, or store.ErrNotFound.
func (r *Realm) Service(ctx context.Context, id string) (store.Doc, error) {
	return r.set.m.docs.Get(ctx, r.Path, store.KindService, id)
}

// agent returns an agent's document, with what it has from its group, if it is of one of those types.
func (s *settings) agent(ctx context.Context, id string, kinds ...string) (store.Doc, error) {
	d, err := s.m.docs.Get(ctx, s.path, store.KindAgent, id)
	if err == nil && !slices.Contains(kinds, agentType(d.Body)) {
		err = store.ErrNotFound
	}
	if err != nil {
		return d, err
	}
	return s.grown(ctx, d)
}

// loadProvider reads the provider settings again. Settings that cannot be read leave
// the former ones in force.
func (s *settings) loadProvider(ctx context.Context) error {
	s.loading.Lock()
	defer s.loading.Unlock()
	d, err := s.m.docs.Get(ctx, s.path, store.KindService, ServiceOAuth2)
	if isNotFound(err) {
		s.provider.Store(nil)
		return nil
	}
	if err != nil {
		return err
	}
	p, err := ParseProvider(d.Body)
	if err != nil {
		return fmt.Errorf("service %s of realm %s: %w", ServiceOAuth2, s.path, err)
	}
	s.provider.Store(p)
	return nil
}

// changed forgets what the changed document was decoded to.
func (s *settings) changed(ctx context.Context, k store.Key) error {
	switch k.Kind {
	case store.KindService:
		if k.ID == ServiceOAuth2 {
			err := s.loadProvider(ctx)
			s.keys.forget() // the settings name some of them
			return err
		}
	case store.KindAgent:
		s.clients.drop(k.ID)
		s.agents.drop(k.ID)
		s.remotes.drop(k.ID)
		s.issuers.clear()
		s.publishers.clear()
	case store.KindAgentGroup:
		s.clients.clear()
		s.agents.clear()
		s.remotes.clear()
		s.issuers.clear()
		s.publishers.clear()
	case store.KindScript:
		s.scripts.drop(k.ID)
		s.library.clear()
	case store.KindKey:
		s.keys.forget()
	case store.KindSecretStore: // clients and agents may have their secrets there
		s.keys.forget()
		s.secrets.clear()
		s.clients.clear()
		s.agents.clear()
		s.remotes.clear()
	}
	return nil
}
