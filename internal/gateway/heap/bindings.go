package heap

import (
	"fmt"
	"strings"
)

// Bindings are the properties of a document on top of those of its parents. They are
// filled while the document loads and not changed afterwards.
type Bindings struct {
	parent *Bindings
	vars   map[string]any
	// fallback answers names that no document binds: env, system, openig.
	fallback func(name string) (any, bool)
}

// NewBindings returns empty bindings below parent. fallback may be nil.
func NewBindings(parent *Bindings, fallback func(string) (any, bool)) *Bindings {
	return &Bindings{parent: parent, vars: map[string]any{}, fallback: fallback}
}

// Set binds a name.
func (b *Bindings) Set(name string, v any) { b.vars[name] = v }

// Lookup returns the value of a name.
func (b *Bindings) Lookup(name string) (any, bool) {
	for ; b != nil; b = b.parent {
		if v, ok := b.vars[name]; ok {
			return v, true
		}
		if b.fallback != nil {
			if v, ok := b.fallback(name); ok {
				return v, true
			}
		}
	}
	return nil, false
}

// Names calls f with every property, parents' first.
func (b *Bindings) Names(f func(name string, v any)) {
	if b == nil {
		return
	}
	b.parent.Names(f)
	for n, v := range b.vars {
		f(n, v)
	}
}

// Token returns the value of a dotted token name as text: urls.app is the member app
// of the property urls.
func (b *Bindings) Token(name string) (string, bool) {
	if v, ok := b.own(name); ok {
		return tokenText(v)
	}
	return "", false
}

func (b *Bindings) own(name string) (any, bool) {
	for ; b != nil; b = b.parent {
		if v, ok := dotted(b.vars, name); ok {
			return v, true
		}
	}
	return nil, false
}

// dotted finds a.b.c as the longest keys that exist.
func dotted(m map[string]any, name string) (any, bool) {
	if v, ok := m[name]; ok {
		return v, true
	}
	for i := strings.IndexByte(name, '.'); i >= 0; {
		if sub, ok := m[name[:i]].(map[string]any); ok {
			if v, ok := dotted(sub, name[i+1:]); ok {
				return v, true
			}
		}
		next := strings.IndexByte(name[i+1:], '.')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return nil, false
}

func tokenText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case nil:
		return "", false
	case map[string]any, []any:
		return "", false
	}
	return fmt.Sprint(v), true
}
