package expr

import (
	"maps"
	"strconv"
)

// lvalue is code for a place: base.key or base[key].
type lvalue struct {
	pos    int
	root   string // the name it starts with, which a Scope must know
	base   evaluator
	key    evaluator
	dotted bool
	parent *lvalue // the place of base, where a changed copy of a map or list goes; nil: base is the root
}

// lvalue gives nil when n does not denote a place.
func (c *compiler) lvalue(n node) *lvalue {
	root := rootOf(n)
	if root == "" {
		return nil
	}
	switch n := n.(type) {
	case *member:
		return &lvalue{
			pos: n.pos, root: root, dotted: true, base: c.expr(n.base).code(),
			key: constant(n.name).code(), parent: c.lvalue(n.base),
		}
	case *index:
		return &lvalue{
			pos: n.pos, root: root, base: c.expr(n.base).code(),
			key: c.expr(n.key).code(), parent: c.lvalue(n.base),
		}
	}
	return nil
}

// rootOf is the name that a chain of properties starts with, or "".
func rootOf(n node) string {
	for {
		switch x := n.(type) {
		case *member:
			n = x.base
		case *index:
			n = x.base
		case *name:
			return x.name
		default:
			return ""
		}
	}
}

func (l *lvalue) assign(s Scope, v Value) error {
	if _, ok := lookup(s, l.root); !ok {
		// A variable of the configuration is shared by all requests.
		return at(failf("%w: %s is not part of the exchange", ErrReadOnly, strconv.Quote(l.root)), l.pos)
	}
	base, err := l.base(s)
	if err != nil {
		return err
	}
	key, err := l.key(s)
	if err != nil {
		return err
	}
	if err := l.set(s, base, key, v); err != nil {
		return at(err, l.pos)
	}
	return nil
}

func (l *lvalue) set(s Scope, base, key, v Value) error {
	switch b := base.(type) {
	case nil:
		if l.inLists(s) {
			return l.setItem(s, []any{}, key, v)
		}
		return failf("cannot set anything in null")
	case []any, []string:
		return l.setItem(s, base, key, v)
	case IndexSetter:
		if _, ok := base.(Setter); !ok || !l.dotted {
			return hostError(b.SetIndex(key, v))
		}
	}
	name, err := Text(key)
	if err != nil {
		return err
	}
	switch b := base.(type) {
	case map[string]any:
		if b == nil {
			return failf("cannot set anything in null")
		}
		if l.parent != nil {
			b = maps.Clone(b)
		}
		b[name] = v
		return l.putBack(s, b)
	case map[string]string:
		text, err := Text(v)
		if err != nil {
			return err
		}
		if b == nil {
			return failf("cannot set anything in null")
		}
		if l.parent != nil {
			b = maps.Clone(b)
		}
		b[name] = text
		return l.putBack(s, b)
	case Setter:
		return hostError(b.Set(name, v))
	}
	return failf("%w: %s in %s", ErrReadOnly, strconv.Quote(name), kind(base))
}

// inLists tells whether null, in the place of a list, stands for an empty one.
func (l *lvalue) inLists(s Scope) bool {
	if l.dotted || l.parent == nil {
		return false
	}
	holder, err := l.parent.base(s)
	_, is := holder.(Lists)
	return is && err == nil
}

// hostError keeps what a host says as the message and the cause.
func hostError(err error) error {
	if err == nil {
		return nil
	}
	return failf("%w", err)
}

// setItem sets an element; the index one past the end appends.
func (l *lvalue) setItem(s Scope, list, key, v Value) error {
	if key == nil {
		return failf("null is not an index")
	}
	i, err := position32(key)
	if err != nil {
		return err
	}
	items, _ := listOf(list)
	size := items.Len()
	if i < 0 || i > size {
		return failf("the index is outside of the list, which has %d elements", size)
	}
	switch list := list.(type) {
	case []any:
		list = append(list[:size:size], v) // a copy
		list[i] = v
		return l.putBack(s, list[:max(size, i+1)])
	case []string:
		text, err := Text(v)
		if err != nil {
			return err
		}
		list = append(list[:size:size], text)
		list[i] = text
		return l.putBack(s, list[:max(size, i+1)])
	}
	return failf("%w: %s", ErrReadOnly, kind(list))
}

// putBack stores the changed copy of a map or list where the old one came from. They are
// not changed in place, because other requests may be reading them: those of a session are
// shared by all of its requests.
func (l *lvalue) putBack(s Scope, changed Value) error {
	if l.parent == nil {
		if _, isMap := changed.(map[string]any); isMap {
			return nil // that of the root, which was changed itself
		}
		if _, isMap := changed.(map[string]string); isMap {
			return nil
		}
		return failf("%w: the list cannot be changed", ErrReadOnly)
	}
	return l.parent.assign(s, changed)
}
