package realm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gatehouse/internal/am/store"
	"gatehouse/internal/observe"
)

// Errors of changes to realms, beside those of package store.
var (
	ErrName     = errors.New("the name of the realm is not valid")
	ErrAlias    = errors.New("another realm has the alias")
	ErrChildren = errors.New("the realm has realms below it")
	ErrRoot     = errors.New("the root realm cannot be removed or made inactive")
)

// maxDepth bounds how deep realms are nested, and maxNameBytes the length of a name.
const (
	maxDepth     = 16
	maxNameBytes = 128
)

// Spec is what a realm is made of.
type Spec struct {
	Name    string
	Parent  string // path; "" is the root
	Active  bool
	Aliases []string
}

// Create makes a realm. A bad name is ErrName, an existing path store.ErrConflict, a
// missing parent store.ErrNotFound, an alias of another realm ErrAlias.
func (m *Manager) Create(ctx context.Context, s Spec) (*Realm, error) {
	m.changing.Lock()
	defer m.changing.Unlock()
	parent, ok := m.Find(s.Parent)
	if !ok {
		return nil, fmt.Errorf("create realm: parent %s: %w", s.Parent, store.ErrNotFound)
	}
	path := joinPath(parent.Path, s.Name)
	if strings.Count(path, "/") > maxDepth {
		return nil, fmt.Errorf("create realm %q: %w: %w", s.Name, ErrName, observe.OverLimit("realm_depth"))
	}
	if !validName(s.Name) {
		return nil, fmt.Errorf("create realm %q: %w", s.Name, ErrName)
	}
	if err := m.aliasesFree(path, s.Aliases); err != nil {
		return nil, fmt.Errorf("create realm %s: %w", path, err)
	}
	d, err := realmDocument(path, realmDoc{Name: s.Name, Parent: parent.Path, Active: s.Active, Aliases: s.Aliases})
	if err != nil {
		return nil, err
	}
	if _, err := m.docs.Create(ctx, "", store.KindRealm, d); err != nil {
		return nil, fmt.Errorf("create realm %s: %w", path, err)
	}
	return m.mustFind(path)
}

// Update changes whether a realm is active, and its aliases; name and parent stay. It changes revision rev, else it is
// store.ErrConflict; 0 is any.
func (m *Manager) Update(ctx context.Context, path string, active bool, aliases []string, rev uint64) (*Realm, error) {
	m.changing.Lock()
	defer m.changing.Unlock()
	return m.update(ctx, path, active, aliases, rev)
}

func (m *Manager) update(ctx context.Context, path string, active bool, aliases []string, rev uint64) (*Realm, error) {
	r, ok := m.Find(path)
	if !ok {
		return nil, fmt.Errorf("update realm %s: %w", path, store.ErrNotFound)
	}
	if r.Path == "/" && !active {
		return nil, ErrRoot
	}
	if err := m.aliasesFree(r.Path, aliases); err != nil {
		return nil, fmt.Errorf("update realm %s: %w", r.Path, err)
	}
	d, err := realmDocument(r.Path, realmDoc{Name: r.Name, Parent: r.Parent, Active: active, Aliases: aliases})
	if err != nil {
		return nil, err
	}
	d.Rev = rev
	if _, err := m.docs.Put(ctx, "", store.KindRealm, d); err != nil {
		return nil, fmt.Errorf("update realm %s: %w", r.Path, err)
	}
	return m.mustFind(r.Path)
}

// Delete removes a realm and all that is in it, with the condition of Update. The realm is closed first, so that a
// deletion which is cut short can be repeated and leaves nothing in force meanwhile.
func (m *Manager) Delete(ctx context.Context, path string, rev uint64) error {
	m.changing.Lock()
	defer m.changing.Unlock()
	r, ok := m.Find(path)
	if !ok {
		return fmt.Errorf("delete realm %s: %w", path, store.ErrNotFound)
	}
	if r.Path == "/" {
		return ErrRoot
	}
	for _, other := range m.List() {
		if other.Parent == r.Path {
			return fmt.Errorf("delete realm %s: %w", r.Path, ErrChildren)
		}
	}
	if _, err := m.update(ctx, r.Path, false, nil, rev); err != nil {
		return err
	}
	if err := m.empty(ctx, r.Path); err != nil {
		return fmt.Errorf("delete realm %s: %w", r.Path, err)
	}
	if err := m.docs.Delete(ctx, "", store.KindRealm, lowerPath(r.Path), 0); err != nil {
		return fmt.Errorf("delete realm %s: %w", r.Path, err)
	}
	return nil
}

// empty removes what is in the realm.
func (m *Manager) empty(ctx context.Context, path string) error {
	if err := (store.Tokens{Engine: m.engine}).RevokeRealm(ctx, path); err != nil {
		return err
	}
	sessions := store.Sessions{Engine: m.engine}
	list, err := sessions.List(ctx, path)
	if err != nil {
		return err
	}
	for _, s := range list {
		if err := sessions.EndByID(ctx, s.ID()); err != nil {
			return err
		}
	}
	for _, kind := range m.kinds {
		docs, err := m.docs.List(ctx, path, kind)
		if err != nil {
			return err
		}
		for _, d := range docs {
			if err := m.docs.Delete(ctx, path, kind, d.ID, 0); err != nil && !isNotFound(err) {
				return err
			}
		}
	}
	return nil
}

func (m *Manager) mustFind(path string) (*Realm, error) {
	r, ok := m.Find(path)
	if !ok {
		return nil, fmt.Errorf("realm %s: %w", path, store.ErrNotFound)
	}
	return r, nil
}

func (m *Manager) aliasesFree(path string, aliases []string) error {
	for _, a := range aliases {
		if r, ok := m.ByAlias(a); ok && r.Path != path {
			return fmt.Errorf("%q: %w", a, ErrAlias)
		}
	}
	return nil
}

func realmDocument(path string, body realmDoc) (store.Doc, error) {
	if body.Aliases == nil {
		body.Aliases = []string{}
	}
	raw, err := json.Marshal(body)
	return store.Doc{ID: lowerPath(path), Body: raw}, err
}

// validName keeps names out that could not be written in a URL, or would be taken for
// a part of it (PingAM: realm names).
func validName(name string) bool {
	if name == "" || name == "." || name == ".." || len(name) > maxNameBytes {
		return false
	}
	if strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r == 0x7f || r == 0xfffd || strings.ContainsRune(`$&+,/:;=?@#%"'<>\|`, r)
	}) {
		return false
	}
	return !slices.Contains([]string{
		"authenticate", "users", "groups", "sessions", "serverinfo", "realms", "realm-config",
		"global-config", "scripts", "policies", "applications", "dashboard", "agents", "token",
	}, strings.ToLower(name))
}
