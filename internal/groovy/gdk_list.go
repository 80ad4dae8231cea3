package groovy

import (
	"math/rand"
)

func (c *Call) list() *List {
	switch x := c.This.(type) {
	case *List:
		return x
	case *Set:
		return NewList(x.Items()...)
	}
	c.th.throw(excUnsupported, "%s cannot be changed", c.th.className(c.This))
	return nil
}

// mutable is the receiver as a list that may grow.
func (c *Call) mutable() *List {
	l := c.list()
	c.th.wantMutable(l)
	return l
}

func collectionAdd(c *Call) (Value, error) {
	if err := c.Want(1, 2); err != nil {
		return nil, err
	}
	c.th.alloc(32)
	if s, ok := c.This.(*Set); ok {
		if s.m.kind == mapImmutable {
			return nil, Throw(excUnsupported, "the set cannot be changed")
		}
		return s.Add(c.Arg(0)), nil
	}
	l := c.mutable()
	if len(c.Args) == 2 {
		i, ok := c.Int(0)
		c.th.moved(l.Len())
		if !ok || !l.insert(int(i), c.Arg(1)) {
			return nil, Throw(excIndex, "Index: %d, Size: %d", i, l.Len())
		}
		return nil, nil
	}
	l.Add(c.Arg(0))
	return true, nil
}

func collectionAddAll(c *Call) (Value, error) {
	if err := c.Want(1, 2); err != nil {
		return nil, err
	}
	items := c.th.items(c.Arg(len(c.Args) - 1))
	c.th.alloc(int64(len(items)) * 32)
	if s, ok := c.This.(*Set); ok {
		if s.m.kind == mapImmutable {
			return nil, Throw(excUnsupported, "the set cannot be changed")
		}
		changed := false
		for _, v := range items {
			changed = s.Add(v) || changed
		}
		return changed, nil
	}
	l := c.mutable()
	if len(c.Args) == 2 {
		i, _ := c.Int(0)
		if !l.insert(int(i), items...) {
			return nil, Throw(excIndex, "Index: %d, Size: %d", i, l.Len())
		}
		return true, nil
	}
	l.Add(items...)
	return len(items) > 0, nil
}

// collectionRemove is remove(int) on lists, remove(Object) elsewhere.
func collectionRemove(c *Call) (Value, error) {
	if s, ok := c.This.(*Set); ok {
		if s.m.kind == mapImmutable {
			return nil, Throw(excUnsupported, "the set cannot be changed")
		}
		n := s.Len()
		s.remove(c.Arg(0))
		return s.Len() < n, nil
	}
	l := c.mutable()
	if len(c.Args) == 0 { // of a queue
		return pollFirst(c, true)
	}
	if i, ok := c.Arg(0).(int32); ok && l.of == nil {
		c.th.moved(l.Len())
		v, ok := l.removeAt(int(i))
		if !ok {
			return nil, Throw(excIndex, "Index %d out of bounds for length %d", i, l.Len())
		}
		return v, nil
	}
	return removeElement(c, l)
}

func removeElement(c *Call, l *List) (Value, error) {
	i := c.th.indexOf(l.Items(), c.Arg(0))
	if i < 0 {
		return false, nil
	}
	l.removeAt(i)
	l.gone(i)
	return true, nil
}

// retain keeps, or drops, the elements which a collection contains or a
// closure accepts.
func (c *Call) retain(keep bool) (Value, error) {
	var match func(Value) bool
	if cl := c.closure(0); cl != nil {
		match = c.test(0)
	} else {
		other := c.th.items(c.Arg(0))
		match = func(v Value) bool { return c.th.indexOf(other, v) >= 0 }
	}
	items := c.th.items(c.This)
	var out, gone []Value
	l, _ := c.This.(*List)
	for _, v := range items {
		if match(v) == keep {
			out = append(out, v)
			continue
		}
		gone = append(gone, v)
		if l != nil {
			l.gone(len(out))
		}
	}
	if s, ok := c.This.(*Set); ok {
		if s.m.kind == mapImmutable {
			return nil, Throw(excUnsupported, "the set cannot be changed")
		}
		for _, v := range gone {
			s.remove(v)
		}
	} else {
		c.mutable().replace(out)
	}
	return len(gone) > 0, nil
}

func collectionClear(c *Call) (Value, error) {
	if s, ok := c.This.(*Set); ok {
		if s.m.kind == mapImmutable {
			return nil, Throw(excUnsupported, "the set cannot be changed")
		}
		s.clear()
		return nil, nil
	}
	l := c.mutable()
	l.replace(nil)
	if l.of != nil {
		l.of.Clear()
	}
	return nil, nil
}

func collectionIterator(c *Call) (Value, error) {
	it := &iterator{items: c.fresh()}
	switch x := c.This.(type) {
	case *List:
		gone := 0
		it.remove = func(v Value) {
			c.th.wantMutable(x)
			i := it.i - 1 - gone
			if !identical(x.At(i), v) { // the list changed meanwhile
				i = c.th.indexOf(x.Items(), v)
			}
			if _, ok := x.removeAt(i); ok {
				x.gone(i)
				gone++
			}
		}
	case *Set:
		if x.m.kind != mapImmutable {
			it.remove = x.remove
		}
	}
	return it, nil
}

func asImmutable(c *Call) (Value, error) {
	switch x := c.This.(type) {
	case *List:
		return &List{items: c.fresh(), kind: listImmutable}, nil
	case *Set:
		c.th.alloc(int64(x.Len()) * 48)
		s := NewSet(x.Items()...)
		s.m.kind = mapImmutable
		return s, nil
	case *Map:
		m := c.th.copyMap(x)
		m.kind = mapImmutable
		return m, nil
	}
	return c.This, nil
}

func pollFirst(c *Call, must bool) (Value, error) {
	v, ok := c.mutable().removeAt(0)
	if !ok && must {
		return nil, Throw(excNoElement, "the list is empty")
	}
	return v, nil
}

func pollLast(c *Call, must bool) (Value, error) {
	l := c.mutable()
	v, ok := l.removeAt(l.Len() - 1)
	if !ok && must {
		return nil, Throw(excNoElement, "the list is empty")
	}
	return v, nil
}

// bounds turns a from/to pair into a checked slice of items.
func (c *Call) cut(items []Value, from, to int64) (Value, error) {
	n := int64(len(items))
	if from < 0 || to > n || from > to {
		return nil, Throw(excIndex, "fromIndex: %d, toIndex: %d, size: %d", from, to, n)
	}
	return c.like(append([]Value(nil), items[from:to]...)), nil
}

func clampInt(n, low, high int64) int64 { return min(max(n, low), high) }

func listMethods() map[string]Method {
	items := func(c *Call) []Value { return c.th.items(c.This) }
	part := func(f func(c *Call, xs []Value, n int64) []Value) Method {
		return func(c *Call) (Value, error) {
			n, ok := c.Int(0)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			xs := items(c)
			return c.like(append([]Value(nil), f(c, xs, clampInt(n, 0, int64(len(xs))))...)), nil
		}
	}
	add := func(front bool) Method {
		return func(c *Call) (Value, error) {
			c.th.alloc(16)
			l := c.mutable()
			if front {
				c.th.moved(l.Len())
				l.insert(0, c.Arg(0))
			} else {
				l.Add(c.Arg(0))
			}
			return true, nil
		}
	}
	poll := func(first, must bool) Method {
		return func(c *Call) (Value, error) {
			if first {
				return pollFirst(c, must)
			}
			return pollLast(c, must)
		}
	}
	peek := func(first bool) Method {
		return func(c *Call) (Value, error) {
			l := c.list()
			if first {
				return l.At(0), nil
			}
			return l.At(l.Len() - 1), nil
		}
	}
	tail := func(c *Call) (Value, error) {
		xs := items(c)
		if len(xs) == 0 {
			return nil, Throw(excNoElement, "Cannot access tail() for an empty iterable")
		}
		return c.like(xs[1:]), nil
	}
	return map[string]Method{
		"get": func(c *Call) (Value, error) {
			i, ok := c.Int(0)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			if l, ok := c.This.(*List); ok && i >= 0 && i < int64(l.Len()) {
				return l.At(int(i)), nil
			}
			xs := items(c)
			if i < 0 || i >= int64(len(xs)) {
				return nil, Throw(excIndex, "Index %d out of bounds for length %d", i, len(xs))
			}
			return xs[i], nil
		},
		"getAt": func(c *Call) (Value, error) {
			if l, ok := c.Arg(0).(*List); ok && len(c.Args) == 1 {
				return c.th.sliceAt(items(c), l, c.This), nil
			}
			return c.th.getIndex(c.This, c.Args), nil
		},
		"putAt": func(c *Call) (Value, error) {
			if err := c.Want(2, 2); err != nil {
				return nil, err
			}
			if r, ok := c.Arg(0).(*Range); ok {
				return putRange(c, r)
			}
			if name, ok := c.th.text(c.Arg(0)); ok {
				c.th.setProp(c.This, name, c.Arg(1))
				return nil, nil
			}
			if _, ok := c.Arg(0).(*List); !ok && level(c.Arg(0)) == 0 {
				return nil, c.NoSuchMethod()
			}
			c.th.setIndex(c.list(), c.Args[:1], c.Arg(1))
			return nil, nil
		},
		"set": func(c *Call) (Value, error) {
			i, _ := c.Int(0)
			l := c.list()
			if l.kind == listImmutable {
				return nil, Throw(excUnsupported, "the list cannot be changed")
			}
			old := l.At(int(i))
			if !l.setAt(int(i), c.Arg(1)) {
				return nil, Throw(excIndex, "Index %d out of bounds for length %d", i, l.Len())
			}
			return old, nil
		},
		"indexOf": func(c *Call) (Value, error) { return int32(c.th.indexOf(items(c), c.Arg(0))), nil },
		"lastIndexOf": func(c *Call) (Value, error) {
			xs := items(c)
			for i := len(xs) - 1; i >= 0; i-- {
				if c.th.equal(xs[i], c.Arg(0)) {
					return int32(i), nil
				}
			}
			return int32(-1), nil
		},
		"subList": func(c *Call) (Value, error) {
			a, _ := c.Int(0)
			b, _ := c.Int(1)
			return c.cut(items(c), a, b)
		},
		"take":      part(func(_ *Call, xs []Value, n int64) []Value { return xs[:n] }),
		"drop":      part(func(_ *Call, xs []Value, n int64) []Value { return xs[n:] }),
		"takeRight": part(func(_ *Call, xs []Value, n int64) []Value { return xs[int64(len(xs))-n:] }),
		"dropRight": part(func(_ *Call, xs []Value, n int64) []Value { return xs[:int64(len(xs))-n] }),
		"takeWhile": func(c *Call) (Value, error) {
			t, xs := c.test(0), items(c)
			i := 0
			for i < len(xs) && t(xs[i]) {
				i++
			}
			return c.like(xs[:i]), nil
		},
		"dropWhile": func(c *Call) (Value, error) {
			t, xs := c.test(0), items(c)
			i := 0
			for i < len(xs) && t(xs[i]) {
				i++
			}
			return c.like(xs[i:]), nil
		},
		"tail": tail,
		"init": func(c *Call) (Value, error) {
			xs := items(c)
			if len(xs) == 0 {
				return nil, Throw(excNoElement, "Cannot access init() for an empty iterable")
			}
			return c.like(xs[:len(xs)-1]), nil
		},
		"reverse": func(c *Call) (Value, error) {
			xs := append([]Value(nil), items(c)...)
			reverse(xs)
			if l, ok := c.This.(*List); ok && c.th.truth(c.Arg(0)) {
				l.replace(xs)
				return l, nil
			}
			return c.like(xs), nil
		},
		"reversed": func(c *Call) (Value, error) { xs := c.fresh(); reverse(xs); return NewList(xs...), nil },
		"collate":  collate,
		"chop":     chop,
		"swap": func(c *Call) (Value, error) {
			a, _ := c.Int(0)
			b, _ := c.Int(1)
			l := c.list()
			x, y := l.At(int(a)), l.At(int(b))
			if !l.setAt(int(a), y) || !l.setAt(int(b), x) {
				return nil, Throw(excIndex, "index out of bounds")
			}
			return l, nil
		},
		"transpose": transpose,
		"push": func(c *Call) (Value, error) {
			l := c.mutable()
			c.th.moved(l.Len())
			l.insert(0, c.Arg(0))
			return true, nil
		},
		"pop": func(c *Call) (Value, error) {
			if c.th.className(c.This) == "java.util.Stack" {
				return pollLast(c, true)
			}
			return pollFirst(c, true)
		},
		"peek": peek(true), "peekFirst": peek(true), "peekLast": peek(false), "element": peek(true),
		"poll": poll(true, false), "pollFirst": poll(true, false), "pollLast": poll(false, false),
		"removeFirst": poll(true, true), "removeLast": poll(false, true),
		"addFirst": add(true), "offerFirst": add(true), "addLast": add(false), "offer": add(false), "offerLast": add(false),
		"removeAt": func(c *Call) (Value, error) {
			i, _ := c.Int(0)
			v, ok := c.mutable().removeAt(int(i))
			if !ok {
				return nil, Throw(excIndex, "Index %d out of bounds", i)
			}
			return v, nil
		},
		"removeElement": func(c *Call) (Value, error) { return removeElement(c, c.mutable()) },
		"replaceAll": func(c *Call) (Value, error) {
			l, f := c.list(), c.one(0)
			for i, v := range l.Items() {
				l.setAt(i, f(v))
			}
			return nil, nil
		},
		"shuffle": func(c *Call) (Value, error) {
			l := c.list()
			xs := l.Items()
			rand.Shuffle(len(xs), func(i, j int) { xs[i], xs[j] = xs[j], xs[i] })
			l.replace(xs)
			return nil, nil
		},
		"listIterator":   collectionIterator,
		"ensureCapacity": func(c *Call) (Value, error) { return nil, nil },
		"withDefault":    refuse("lists with defaults are not supported"), "withLazyDefault": refuse("lists with defaults are not supported"),
		"withEagerDefault": refuse("lists with defaults are not supported"),
		"getIndices":       func(c *Call) (Value, error) { return intRange(0, int64(len(items(c))), false, true, false), nil },
		"clone":            func(c *Call) (Value, error) { return c.like(items(c)), nil },
		"equals":           func(c *Call) (Value, error) { return c.th.equal(c.This, c.Arg(0)), nil },
		"fill": func(c *Call) (Value, error) {
			l := c.list()
			for i := range l.Len() {
				l.setAt(i, c.Arg(0))
			}
			return l, nil
		},
		"length": func(c *Call) (Value, error) { return int32(c.th.size(c.This)), nil },
	}
}

func putRange(c *Call, r *Range) (Value, error) {
	l := c.mutable()
	a, b, _ := r.span(l.Len())
	if a < 0 || b+1 > l.Len() {
		return nil, Throw(excIndex, "toIndex = %d", b+1)
	}
	xs := l.Items()
	mid := c.th.addends(c.Arg(1))
	out := append(append(append([]Value{}, xs[:a]...), mid...), xs[b+1:]...)
	l.replace(out)
	return nil, nil
}

func collate(c *Call) (Value, error) {
	size, ok := c.Int(0)
	if !ok || size <= 0 {
		return nil, Throw(excIllegalArg, "the size must be positive")
	}
	step, keep := size, true
	if n, ok := c.Int(1); ok && n > 0 {
		step = n
	}
	for _, a := range c.Args {
		if b, ok := a.(bool); ok {
			keep = b
		}
	}
	xs := c.th.items(c.This)
	var out []Value
	for i := int64(0); i < int64(len(xs)); i += step {
		end := i + size
		if end > int64(len(xs)) {
			if !keep {
				break
			}
			end = int64(len(xs))
		}
		c.th.alloc((end-i)*16 + 64)
		out = append(out, NewList(append([]Value(nil), xs[i:end]...)...))
	}
	return NewList(out...), nil
}

func chop(c *Call) (Value, error) {
	xs := c.fresh()
	var out []Value
	for _, a := range c.Args {
		n, _ := toInt64(a)
		if n < 0 || n > int64(len(xs)) {
			n = int64(len(xs))
		}
		out = append(out, NewList(append([]Value(nil), xs[:n]...)...))
		xs = xs[n:]
	}
	return NewList(out...), nil
}

func transpose(c *Call) (Value, error) {
	var rows [][]Value
	n := -1
	for _, r := range c.th.items(c.This) {
		xs := c.th.items(r)
		rows = append(rows, xs)
		if n < 0 || len(xs) < n {
			n = len(xs)
		}
	}
	var out []Value
	for i := 0; i < n; i++ {
		row := make([]Value, 0, len(rows))
		for _, r := range rows {
			row = append(row, r[i])
		}
		c.th.alloc(int64(len(row))*16 + 64)
		out = append(out, NewList(row...))
	}
	return NewList(out...), nil
}

func combinations(c *Call) (Value, error) {
	out := [][]Value{{}}
	for _, v := range c.th.items(c.This) {
		var opts []Value
		switch v.(type) {
		case *List, *Set, *Range:
			opts = c.th.items(v)
		default:
			opts = []Value{v}
		}
		var next [][]Value
		for _, o := range opts {
			for _, head := range out {
				c.th.step()
				c.th.alloc(int64(len(head)+1) * 16)
				next = append(next, append(append([]Value{}, head...), o))
			}
		}
		out = next
	}
	return listOfLists(out), nil
}

func listOfLists(rows [][]Value) *List {
	l := NewList()
	for _, r := range rows {
		l.Add(NewList(r...))
	}
	return l
}

func permutations(c *Call) (Value, error) {
	var out [][]Value
	var walk func(done, rest []Value)
	walk = func(done, rest []Value) {
		c.th.step()
		if len(rest) == 0 {
			c.th.alloc(int64(len(done)) * 16)
			out = append(out, append([]Value{}, done...))
			return
		}
		for i := range rest {
			left := append(append([]Value{}, rest[:i]...), rest[i+1:]...)
			walk(append(append([]Value{}, done...), rest[i]), left)
		}
	}
	xs := c.th.items(c.This)
	if len(xs) > 100 {
		c.th.limit("memory", nil)
	}
	walk(nil, xs)
	return NewSet(listOfLists(out).Items()...), nil
}

func subsequences(c *Call) (Value, error) {
	s := NewSet()
	for _, v := range c.th.items(c.This) {
		for _, old := range s.Items() {
			c.th.step()
			l := old.(*List)
			c.th.alloc(int64(l.Len()+1) * 16)
			s.Add(NewList(append(l.Items(), v)...))
		}
		s.Add(NewList(v))
	}
	return s, nil
}
