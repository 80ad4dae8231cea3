package groovy

import (
	"math/rand"

	"strings"
)

// fn calls a closure argument with as many of the values as it takes.
func (c *Call) fn(i int) func(args ...Value) Value {
	switch f := c.Arg(i).(type) {
	case *Closure:
		n := f.Params()
		return func(args ...Value) Value {
			c.th.step()
			if n >= 0 && n < len(args) {
				args = args[:n]
			}
			return c.th.callClosure(f, args)
		}
	case nil:
		c.th.raise(c.NoSuchMethod())
	default:
		return func(args ...Value) Value { return c.th.call(f, args...) }
	}
	return nil
}

// fresh are the receiver's elements for a collection that is made of them.
func (c *Call) fresh() []Value {
	xs := c.th.items(c.This)
	c.th.alloc(int64(len(xs)) * 16)
	return xs
}

// one passes an element; for a map's entry a closure of two parameters gets
// key and value.
func (c *Call) one(i int) func(v Value) Value {
	f := c.fn(i)
	cl, _ := c.Arg(i).(*Closure)
	return func(v Value) Value {
		if e, ok := v.(*Entry); ok && cl != nil && cl.Params() == 2 {
			return f(e.key, e.val)
		}
		return f(v)
	}
}

func (c *Call) test(i int) func(v Value) bool {
	f := c.one(i)
	return func(v Value) bool { return c.th.truth(f(v)) }
}

// like builds a collection of the receiver's kind: a set of a set, a map of
// a map, otherwise a list.
func (c *Call) like(items []Value) Value {
	c.th.alloc(int64(len(items)) * 16)
	switch x := c.This.(type) {
	case *Set:
		s := &Set{}
		s.m.kind, s.m.less = x.m.kind, x.m.less
		for _, v := range items {
			s.Add(v)
		}
		return s
	case *Map:
		m := NewMap()
		m.kind, m.less = x.kind, x.less
		if m.kind == mapImmutable || m.kind == mapConcurrent {
			m.kind = mapLinked
		}
		for _, v := range items {
			e := v.(*Entry)
			m.Put(e.key, e.val)
		}
		return m
	case string, *GString:
		return NewList(items...)
	case *List:
		if x.kind == listArray {
			return newArray(x.elem, items)
		}
	}
	return NewList(items...)
}

func collectionMethods() map[string]Method {
	items := func(c *Call) []Value { return c.th.items(c.This) }
	first := func(c *Call) (Value, error) {
		if l, ok := c.This.(*List); ok && l.Len() > 0 {
			return l.At(0), nil
		}
		if xs := items(c); len(xs) > 0 {
			return xs[0], nil
		}
		return nil, Throw(excNoElement, "Cannot access first() element from an empty List")
	}
	last := func(c *Call) (Value, error) {
		if l, ok := c.This.(*List); ok && l.Len() > 0 {
			return l.At(l.Len() - 1), nil
		}
		if xs := items(c); len(xs) > 0 {
			return xs[len(xs)-1], nil
		}
		return nil, Throw(excNoElement, "Cannot access last() element from an empty List")
	}
	return map[string]Method{
		"each": func(c *Call) (Value, error) {
			f := c.one(0)
			for _, v := range items(c) {
				f(v)
			}
			return c.This, nil
		},
		"forEach": func(c *Call) (Value, error) {
			f := c.one(0)
			for _, v := range items(c) {
				f(v)
			}
			return nil, nil
		},
		"eachWithIndex": func(c *Call) (Value, error) {
			f := c.fn(0)
			cl, _ := c.Arg(0).(*Closure)
			for i, v := range items(c) {
				if e, ok := v.(*Entry); ok && cl != nil && cl.Params() == 3 {
					f(e.key, e.val, int32(i))
					continue
				}
				f(v, int32(i))
			}
			return c.This, nil
		},
		"reverseEach": func(c *Call) (Value, error) {
			f, xs := c.one(0), items(c)
			for i := len(xs) - 1; i >= 0; i-- {
				f(xs[i])
			}
			return c.This, nil
		},
		"collect": func(c *Call) (Value, error) {
			if len(c.Args) == 0 {
				return NewList(c.fresh()...), nil
			}
			xs := items(c)
			at := len(c.Args) - 1
			f := c.one(at)
			out := make([]Value, 0, len(xs))
			for _, v := range xs {
				out = append(out, f(v))
			}
			c.th.alloc(int64(len(out)) * 16)
			if at == 1 {
				return c.th.addInto(c.Arg(0), out), nil
			}
			return NewList(out...), nil
		},
		"collectMany": func(c *Call) (Value, error) {
			f := c.one(0)
			var out []Value
			for _, v := range items(c) {
				items := c.th.items(f(v))
				c.th.alloc(int64(len(items)) * 16)
				out = append(out, items...)
			}
			return NewList(out...), nil
		},
		"collectNested": func(c *Call) (Value, error) { return c.th.collectNested(items(c), c.fn(0)), nil },
		"collectEntries": func(c *Call) (Value, error) {
			m := NewMap()
			at := len(c.Args) - 1
			var f func(Value) Value
			if at >= 0 {
				if into, ok := c.Arg(0).(*Map); ok {
					m = into
				}
				if _, ok := c.Arg(at).(*Map); !ok {
					f = c.one(at)
				}
			}
			for _, v := range items(c) {
				if f != nil {
					v = f(v)
				}
				if err := c.th.addEntry(m, v); err != nil {
					return nil, err
				}
			}
			return m, nil
		},
		"find": func(c *Call) (Value, error) {
			t := func(v Value) bool { return c.th.truth(v) }
			if len(c.Args) > 0 {
				t = c.test(0)
			}
			for _, v := range items(c) {
				if t(v) {
					return v, nil
				}
			}
			return nil, nil
		},
		"findAll": func(c *Call) (Value, error) {
			t := func(v Value) bool { return c.th.truth(v) }
			if len(c.Args) > 0 {
				t = c.test(0)
			}
			var out []Value
			for _, v := range items(c) {
				if t(v) {
					out = append(out, v)
				}
			}
			return c.like(out), nil
		},
		"findResult": func(c *Call) (Value, error) {
			f := c.one(len(c.Args) - 1)
			for _, v := range items(c) {
				if r := f(v); r != nil {
					return r, nil
				}
			}
			if len(c.Args) == 2 {
				return c.Arg(0), nil
			}
			return nil, nil
		},
		"findResults": func(c *Call) (Value, error) {
			f := c.one(0)
			var out []Value
			for _, v := range items(c) {
				if r := f(v); r != nil {
					out = append(out, r)
				}
			}
			return NewList(out...), nil
		},
		"findIndexOf": func(c *Call) (Value, error) {
			t := c.test(len(c.Args) - 1)
			for i, v := range items(c) {
				if t(v) {
					return int32(i), nil
				}
			}
			return int32(-1), nil
		},
		"findLastIndexOf": func(c *Call) (Value, error) {
			t, xs := c.test(0), items(c)
			for i := len(xs) - 1; i >= 0; i-- {
				if t(xs[i]) {
					return int32(i), nil
				}
			}
			return int32(-1), nil
		},
		"findIndexValues": func(c *Call) (Value, error) {
			t := c.test(0)
			var out []Value
			for i, v := range items(c) {
				if t(v) {
					out = append(out, int64(i))
				}
			}
			return NewList(out...), nil
		},
		"any": func(c *Call) (Value, error) {
			t := func(v Value) bool { return c.th.truth(v) }
			if len(c.Args) > 0 {
				t = c.test(0)
			}
			for _, v := range items(c) {
				if t(v) {
					return true, nil
				}
			}
			return false, nil
		},
		"every": func(c *Call) (Value, error) {
			t := func(v Value) bool { return c.th.truth(v) }
			if len(c.Args) > 0 {
				t = c.test(0)
			}
			for _, v := range items(c) {
				if !t(v) {
					return false, nil
				}
			}
			return true, nil
		},
		"inject": func(c *Call) (Value, error) {
			xs := items(c)
			f := c.fn(len(c.Args) - 1)
			cl, _ := c.Arg(len(c.Args) - 1).(*Closure)
			var acc Value
			if len(c.Args) == 2 {
				acc = c.Arg(0)
			} else {
				if len(xs) == 0 {
					return nil, Throw(excNoElement, "Cannot call inject() on an empty iterable without passing an initial value.")
				}
				acc, xs = xs[0], xs[1:]
			}
			for _, v := range xs {
				if e, ok := v.(*Entry); ok && cl != nil && cl.Params() == 3 {
					acc = f(acc, e.key, e.val)
					continue
				}
				acc = f(acc, v)
			}
			return acc, nil
		},
		"grep": func(c *Call) (Value, error) {
			var out []Value
			for _, v := range items(c) {
				if len(c.Args) == 0 && c.th.truth(v) || len(c.Args) > 0 && c.th.isCase(c.Arg(0), v) {
					out = append(out, v)
				}
			}
			return c.like(out), nil
		},
		"split": func(c *Call) (Value, error) {
			t := c.test(0)
			var yes, no []Value
			for _, v := range items(c) {
				if t(v) {
					yes = append(yes, v)
				} else {
					no = append(no, v)
				}
			}
			return NewList(c.like(yes), c.like(no)), nil
		},
		"groupBy":   groupBy,
		"countBy":   countBy,
		"indexed":   func(c *Call) (Value, error) { return indexed(c, items(c)), nil },
		"withIndex": withIndex,
		"count": func(c *Call) (Value, error) {
			n := int32(0)
			var t func(v Value) bool
			if _, ok := c.Arg(0).(*Closure); ok {
				t = c.test(0)
			} else {
				t = func(v Value) bool { return c.th.equal(v, c.Arg(0)) }
			}
			for _, v := range items(c) {
				if t(v) {
					n++
				}
			}
			return n, nil
		},
		"sum": func(c *Call) (Value, error) { return c.sum(items(c)) },
		"average": func(c *Call) (Value, error) {
			xs := items(c)
			if len(xs) == 0 {
				return nil, Throw(excUnsupported, "no elements")
			}
			s, err := c.sum(xs)
			if err != nil {
				return nil, err
			}
			return c.th.arith('/', s, int32(len(xs))), nil
		},
		"min":     func(c *Call) (Value, error) { return c.extreme(items(c), -1) },
		"max":     func(c *Call) (Value, error) { return c.extreme(items(c), 1) },
		"join":    func(c *Call) (Value, error) { return c.th.join(items(c), c.Str(0)), nil },
		"size":    func(c *Call) (Value, error) { return int32(c.th.size(c.This)), nil },
		"isEmpty": func(c *Call) (Value, error) { return c.th.size(c.This) == 0, nil },
		"contains": func(c *Call) (Value, error) {
			if r, ok := c.This.(*Range); ok {
				return r.contains(c.th, c.Arg(0)), nil
			}
			if s, ok := c.This.(*Set); ok && s.Has(c.Arg(0)) {
				return true, nil
			}
			return c.th.indexOf(items(c), c.Arg(0)) >= 0, nil
		},
		"containsAll": func(c *Call) (Value, error) {
			xs := items(c)
			for _, v := range c.th.items(c.Arg(0)) {
				if c.th.indexOf(xs, v) < 0 {
					return false, nil
				}
			}
			return true, nil
		},
		"disjoint": func(c *Call) (Value, error) {
			xs := items(c)
			for _, v := range c.th.items(c.Arg(0)) {
				if c.th.indexOf(xs, v) >= 0 {
					return false, nil
				}
			}
			return true, nil
		},
		"intersect": func(c *Call) (Value, error) {
			other := c.th.items(c.Arg(0))
			var out []Value
			for _, v := range items(c) {
				if c.th.indexOf(other, v) >= 0 && c.th.indexOf(out, v) < 0 {
					out = append(out, v)
				}
			}
			return c.like(out), nil
		},
		"first": first, "head": first, "getFirst": first, "last": last, "getLast": last,
		"toList":   func(c *Call) (Value, error) { return NewList(c.fresh()...), nil },
		"toSet":    func(c *Call) (Value, error) { return c.th.newSet("java.util.LinkedHashSet", items(c)), nil },
		"toArray":  func(c *Call) (Value, error) { return newArray("java.lang.Object", c.fresh()), nil },
		"asList":   func(c *Call) (Value, error) { return NewList(c.fresh()...), nil },
		"stream":   func(c *Call) (Value, error) { return &stream{items: c.fresh()}, nil },
		"iterator": collectionIterator,
		"sort":     sortMethod,
		"toSorted": func(c *Call) (Value, error) { return c.sorted(items(c), 0) },
		"unique":   func(c *Call) (Value, error) { return c.unique(true) },
		"toUnique": func(c *Call) (Value, error) { return c.unique(false) },
		"shuffled": func(c *Call) (Value, error) {
			xs := c.fresh()
			rand.Shuffle(len(xs), func(i, j int) { xs[i], xs[j] = xs[j], xs[i] })
			return NewList(xs...), nil
		},
		"flatten": func(c *Call) (Value, error) {
			var out []Value
			c.th.flatten(items(c), &out, 0)
			return c.like(out), nil
		},
		"plus":           func(c *Call) (Value, error) { return c.th.plus(c.operand(), c.Arg(0)), nil },
		"minus":          func(c *Call) (Value, error) { return c.th.minus(c.operand(), c.Arg(0)), nil },
		"multiply":       func(c *Call) (Value, error) { return c.th.times(c.operand(), c.Arg(0)), nil },
		"leftShift":      func(c *Call) (Value, error) { return c.th.leftShift(c.operand(), c.Arg(0)), nil },
		"add":            collectionAdd,
		"addAll":         collectionAddAll,
		"remove":         collectionRemove,
		"removeAll":      func(c *Call) (Value, error) { return c.retain(false) },
		"removeIf":       func(c *Call) (Value, error) { return c.retain(false) },
		"retainAll":      func(c *Call) (Value, error) { return c.retain(true) },
		"clear":          collectionClear,
		"asImmutable":    asImmutable,
		"asUnmodifiable": asImmutable,
		"asSynchronized": func(c *Call) (Value, error) { return c.This, nil },
		"combinations":   combinations,
		"permutations":   permutations,
		"subsequences":   subsequences,
		"toListString":   func(c *Call) (Value, error) { return c.th.str(c.This), nil },
	}
}

// operand is the receiver as the operators know it: what has elements without being a
// collection of scripts, such as an array of bytes or a list of nodes, as a list.
func (c *Call) operand() Value {
	switch c.This.(type) {
	case *List, *Set, *Map, *Range:
		return c.This
	}
	return NewList(c.th.items(c.This)...)
}

func (th *thread) size(v Value) int64 {
	switch x := v.(type) {
	case *List:
		return int64(x.Len())
	case *Set:
		return int64(x.Len())
	case *Map:
		return int64(x.Len())
	case *Range:
		return x.size(th)
	case []byte:
		return int64(len(x))
	}
	return int64(len(th.items(v)))
}

func (th *thread) addInto(into Value, items []Value) Value {
	switch x := into.(type) {
	case *List:
		th.wantMutable(x)
		x.Add(items...)
	case *Set:
		for _, v := range items {
			x.Add(v)
		}
	default:
		th.throw(excIllegalArg, "cannot collect into %s", th.className(into))
	}
	return into
}

func (th *thread) addEntry(m *Map, v Value) error {
	switch x := v.(type) {
	case *Entry:
		th.put(m, x.key, x.val)
	case *Map:
		th.putAll(m, x)
	case *List:
		if x.Len() != 2 {
			return Throw(excIllegalArg, "a list of two elements is needed for a map entry, not %d", x.Len())
		}
		th.put(m, x.At(0), x.At(1))
	case nil:
	default:
		return Throw(excCast, "Cannot cast object '%s' with class '%s' to class 'java.util.Map$Entry'", th.safeStr(v), th.className(v))
	}
	return nil
}

func (th *thread) collectNested(items []Value, f func(...Value) Value) Value {
	th.nest()
	defer func() { th.nested-- }()
	var out []Value
	for _, v := range items {
		th.step()
		if l, ok := v.(*List); ok {
			out = append(out, th.collectNested(l.Items(), f))
		} else {
			out = append(out, f(v))
		}
	}
	return NewList(out...)
}

func (th *thread) join(items []Value, sep string) string {
	var b strings.Builder
	told := 0
	for i, v := range items {
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(th.str(v))
		told = th.grown(&b, told)
	}
	th.alloc(int64(b.Len() - told))
	return b.String()
}

func (th *thread) flatten(items []Value, out *[]Value, depth int) {
	th.nest()
	defer func() { th.nested-- }()
	for _, v := range items {
		th.step()
		switch v.(type) {
		case *List, *Set, *Range:
			th.flatten(th.items(v), out, depth+1)
		default:
			th.alloc(16)
			*out = append(*out, v)
		}
	}
}
