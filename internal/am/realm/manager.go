// Package realm gives each realm its settings: the provider, clients, agents, users,
// scripts and keys that the documents of the store describe, decoded and cached.
package realm

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/am/store"
	"gatehouse/internal/observe"
)

// Options are what a Manager needs.
type Options struct {
	Engine    store.Engine
	MasterKey [32]byte     // see LoadInstanceKey
	Log       *slog.Logger // nil: nothing is logged
	Now       func() time.Time
	// Limits counts what limits held back; nil: nobody does.
	Limits *observe.Limits
	// Kinds are kinds of realm documents, beside those of package store, that end
	// with their realm.
	Kinds []string
}

// Manager holds all realms. What it hands out is decoded once and replaced when a
// document changes: at once for writes through Engine and Docs, promptly for those of
// other nodes. All methods may be called concurrently.
type Manager struct {
	engine store.Engine
	docs   store.Docs
	log    *slog.Logger
	limits *observe.Limits
	now    func() time.Time
	kinds  []string
	// identities are users that are kept elsewhere; nil for none.
	identities Identities
	secrets    sealer
	keys       sealer
	gate       *gate

	changing sync.Mutex // held by Create, Update and Delete

	writing sync.Mutex // held while tree is read from the store and replaced
	tree    atomic.Pointer[tree]
	global  atomic.Pointer[Global]
}

// tree is all realms at one moment.
type tree struct {
	byPath  map[string]*Realm // by path and by lower-cased path
	byAlias map[string]*Realm // by lower-cased alias
	list    []*Realm          // in the order of their paths
}

// realmDoc is the document of a realm, kind store.KindRealm under the realm "" with
// the lower-cased path as its ID.
type realmDoc struct {
	Name    string   `json:"name"`
	Parent  string   `json:"parentPath"`
	Active  bool     `json:"active"`
	Aliases []string `json:"aliases"`
}

// NewManager reads the realms, making the root realm at the first start, and follows
// changes until ctx ends.
func NewManager(ctx context.Context, o Options) (*Manager, error) {
	m := &Manager{
		log: cmp.Or(o.Log, slog.New(slog.DiscardHandler)), limits: o.Limits, now: o.Now,
		kinds:   slices.Concat([]string{store.KindAgent, store.KindAgentGroup, store.KindService, store.KindUser, store.KindScript, store.KindKey, store.KindSecretStore}, o.Kinds),
		secrets: newSealer(o.MasterKey, "client secrets"),
		keys:    newSealer(o.MasterKey, "realm keys"),
		gate:    newGate(o.Limits),
	}
	if m.now == nil {
		m.now = time.Now
	}
	m.engine = refreshing{o.Engine, m}
	m.docs = store.Docs{Engine: m.engine}
	m.tree.Store(&tree{})
	m.global.Store(DefaultGlobal())
	if err := checkInstanceKey(ctx, m.docs, o.MasterKey); err != nil {
		return nil, err
	}
	if err := m.makeRoot(ctx); err != nil {
		return nil, err
	}
	// Watched before it is read, so that nothing is missed in between.
	events, err := o.Engine.Watch(ctx, watchedKinds()...)
	if err != nil {
		return nil, fmt.Errorf("watch realms: %w", err)
	}
	if err := m.reload(ctx); err != nil {
		return nil, err
	}
	if err := m.loadGlobal(ctx); err != nil {
		m.log.Error("global settings cannot be used", "error", err)
	}
	go func() {
		for e := range events {
			m.changed(ctx, e.Key)
		}
	}()
	return m, nil
}

// Engine returns the engine to write with: a document written through it is in force
// when the write returns.
func (m *Manager) Engine() store.Engine { return m.engine }

// Docs returns the configuration documents on Engine.
func (m *Manager) Docs() store.Docs { return m.docs }

// Find returns the realm with that path: "/", "/alpha/beta"; "" is the root. Case and
// a trailing slash do not matter.
func (m *Manager) Find(path string) (*Realm, bool) {
	t := m.tree.Load()
	if r, ok := t.byPath[path]; ok {
		return r, true
	}
	r, ok := t.byPath[lowerPath(path)]
	return r, ok
}

// ByAlias returns the realm that has the alias, a DNS name without port or a word.
// Case does not matter.
func (m *Manager) ByAlias(name string) (*Realm, bool) {
	r, ok := m.tree.Load().byAlias[strings.ToLower(name)]
	return r, ok
}

// List returns all realms in the order of their paths: parents first.
func (m *Manager) List() []*Realm { return slices.Clone(m.tree.Load().list) }

// makeRoot makes the root realm, where it is missing.
func (m *Manager) makeRoot(ctx context.Context) error {
	_, err := m.docs.Get(ctx, "", store.KindRealm, "/")
	if !isNotFound(err) {
		return err
	}
	body, err := json.Marshal(realmDoc{Name: "/", Active: true, Aliases: []string{}})
	if err != nil {
		return err
	}
	_, err = m.docs.Create(ctx, "", store.KindRealm, store.Doc{ID: "/", Body: body})
	if errors.Is(err, store.ErrConflict) {
		return nil // another node was faster
	}
	return err
}

// reload reads the list of realms and replaces the tree. Realms that stay keep their
// caches.
func (m *Manager) reload(ctx context.Context) error {
	m.writing.Lock()
	defer m.writing.Unlock()
	docs, err := m.docs.List(ctx, "", store.KindRealm)
	if err != nil {
		return fmt.Errorf("read realms: %w", err)
	}
	old, t := m.tree.Load(), &tree{byPath: map[string]*Realm{}, byAlias: map[string]*Realm{}}
	for _, d := range docs {
		var body realmDoc
		if err := json.Unmarshal(d.Body, &body); err != nil {
			return fmt.Errorf("read realm %s: %w", d.ID, err)
		}
		r := &Realm{
			Path: joinPath(body.Parent, body.Name), Name: body.Name, Parent: body.Parent,
			Active: body.Active, Aliases: body.Aliases, Rev: d.Rev,
		}
		if was, ok := old.byPath[r.Path]; ok {
			r.set = was.set
		} else if r.set, err = m.newSettings(ctx, r.Path); err != nil {
			return err
		}
		t.add(r)
	}
	slices.SortFunc(t.list, func(a, b *Realm) int { return cmp.Compare(lowerPath(a.Path), lowerPath(b.Path)) })
	m.tree.Store(t)
	return nil
}

func (t *tree) add(r *Realm) {
	t.list = append(t.list, r)
	t.byPath[r.Path], t.byPath[lowerPath(r.Path)] = r, r
	for _, a := range r.Aliases {
		t.byAlias[strings.ToLower(a)] = r
	}
}

func (m *Manager) newSettings(ctx context.Context, path string) (*settings, error) {
	s := &settings{path: path, m: m}
	s.clients.limits, s.agents.limits, s.scripts.limits, s.secrets.limits, s.library.limits = m.limits, m.limits, m.limits, m.limits, m.limits
	s.keys = newKeys(m, path, func(alias string) string {
		if p := s.provider.Load(); p != nil {
			return p.AdvancedOIDC.KidMappings[alias]
		}
		return ""
	})
	if err := s.loadProvider(ctx); err != nil {
		// One realm's broken document must not keep the others from serving.
		m.log.Error("the provider settings cannot be used", "realm", path, "error", err)
	}
	return s, nil
}

// changed brings a change of the store into force.
func (m *Manager) changed(ctx context.Context, k store.Key) {
	var err error
	switch {
	case k.Kind == store.KindRealm:
		err = m.reload(ctx)
	case k.Kind == store.KindGlobal:
		err = m.loadGlobal(ctx)
	case (k.Kind == store.KindScript || k.Kind == store.KindSecretStore) && k.Realm == "":
		for _, r := range m.tree.Load().byPath {
			err = errors.Join(err, r.set.changed(ctx, k))
		}
	default:
		if r, ok := m.tree.Load().byPath[k.Realm]; ok {
			err = r.set.changed(ctx, k)
		}
	}
	if err != nil && ctx.Err() == nil {
		m.log.Error("a changed document is not in force", "realm", k.Realm, "kind", k.Kind, "id", k.ID, "error", err)
	}
}

// refreshing is an engine whose writes are in force when they return.
type refreshing struct {
	store.Engine
	m *Manager
}

func (e refreshing) Batch(ctx context.Context, ops ...store.Op) error {
	if err := e.Engine.Batch(ctx, ops...); err != nil {
		return err
	}
	for i := range ops {
		if isWatched(ops[i].Kind) {
			// The write is done: that the caller goes away must not leave it unseen.
			e.m.changed(context.WithoutCancel(ctx), ops[i].Key)
		}
	}
	return nil
}

// watchedKinds are the kinds of documents that are cached.
func watchedKinds() []string {
	return []string{store.KindRealm, store.KindGlobal, store.KindAgent, store.KindAgentGroup, store.KindService, store.KindScript, store.KindKey, store.KindSecretStore}
}

func isWatched(kind string) bool { return slices.Contains(watchedKinds(), kind) }

func isNotFound(err error) bool { return errors.Is(err, store.ErrNotFound) }

// lowerPath is path as it is compared.
func lowerPath(path string) string {
	path = strings.ToLower(strings.TrimRight(path, "/"))
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return path
}

func joinPath(parent, name string) string {
	switch {
	case name == "/":
		return "/"
	case parent == "/" || parent == "":
		return "/" + name
	}
	return parent + "/" + name
}
