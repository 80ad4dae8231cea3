package heap

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Bindings are the properties of a document on top of those of its parents. They are
// filled while the document loads. Those that come from files which are watched
// remember that, and so does whoever looks them up: see Uses.
type Bindings struct {
	parent *Bindings
	// fallback answers names that no document binds: env, system, openig.
	fallback func(name string) (any, bool)

	mu    sync.Mutex
	vars  map[string]any
	files map[string][]string // of a property: the watched files that it depends on
	used  map[string]bool     // watched files of what was looked up from here
}

// NewBindings returns empty bindings below parent. fallback may be nil.
func NewBindings(parent *Bindings, fallback func(string) (any, bool)) *Bindings {
	return &Bindings{parent: parent, vars: map[string]any{}, files: map[string][]string{}, used: map[string]bool{}, fallback: fallback}
}

// Set binds a name. files are those that the value depends on and that are watched.
func (b *Bindings) Set(name string, v any, files ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.vars[name] = v
	if len(files) > 0 {
		b.files[name] = files
	} else {
		delete(b.files, name)
	}
}

// Replace makes b bind what other binds.
func (b *Bindings) Replace(other *Bindings) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.vars, b.files = other.vars, other.files
}

// Uses returns the watched files that the document depends on: those of its own
// properties, and those of its parents' which were looked up from here.
func (b *Bindings) Uses() []string {
	all := map[string]bool{}
	b.mu.Lock()
	maps.Copy(all, b.used)
	b.mu.Unlock()
	b.eachFile(func(f string) { all[f] = true })
	return slices.Sorted(maps.Keys(all))
}

// Forget returns the watched files that were looked up since the last call.
func (b *Bindings) Forget() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	used := slices.Sorted(maps.Keys(b.used))
	clear(b.used)
	return used
}

func (b *Bindings) use(files []string) {
	if len(files) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range files {
		b.used[f] = true
	}
}

func (b *Bindings) eachFile(do func(file string)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, list := range b.files {
		for _, f := range list {
			do(f)
		}
	}
}

// Lookup returns the value of a name.
func (b *Bindings) Lookup(name string) (any, bool) {
	for at := b; at != nil; at = at.parent {
		at.mu.Lock()
		v, ok := at.vars[name]
		files := at.files[name]
		at.mu.Unlock()
		if ok {
			b.use(files)
			return v, true
		}
		if at.fallback != nil {
			if v, ok := at.fallback(name); ok {
				return v, true
			}
		}
	}
	return nil, false
}

// Names calls f with every property, parents' first.
func (b *Bindings) Names(f func(name string, v any)) {
	var levels []*Bindings
	for at := b; at != nil; at = at.parent {
		levels = append(levels, at)
	}
	for _, at := range slices.Backward(levels) {
		var files []string
		at.eachFile(func(file string) { files = append(files, file) })
		b.use(files)
		at.mu.Lock()
		vars := maps.Clone(at.vars)
		at.mu.Unlock()
		for n, v := range vars {
			f(n, v)
		}
	}
}

// Token returns the value of a dotted token name as text: urls.app is the member app
// of the property urls.
func (b *Bindings) Token(name string) (string, bool) {
	for at := b; at != nil; at = at.parent {
		at.mu.Lock()
		v, ok := dotted(at.vars, name)
		files := at.files[first(at.vars, name)]
		at.mu.Unlock()
		if ok {
			b.use(files)
			return tokenText(v)
		}
	}
	// A watched file may have it one day.
	for at := b; at != nil; at = at.parent {
		var files []string
		at.eachFile(func(f string) { files = append(files, f) })
		b.use(files)
	}
	return "", false
}

// first is the property that the dotted name begins with.
func first(m map[string]any, name string) string {
	for part := name; ; {
		if _, ok := m[part]; ok {
			return part
		}
		dot := strings.LastIndexByte(part, '.')
		if dot < 0 {
			return name
		}
		part = part[:dot]
	}
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
