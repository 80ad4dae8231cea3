package groovy

import "sort"

// stream is java.util.stream.Stream over a slice, worked through eagerly.
type stream struct{ items []Value }

func (*stream) javaName() string           { return "java.util.stream.Stream" }
func (*stream) String() string             { return "java.util.stream.ReferencePipeline@1" }
func (s *stream) elements(*thread) []Value { return s.items }

// collector is java.util.stream.Collector: a function over all elements.
type collector struct {
	f func(th *thread, items []Value) Value
}

func (*collector) javaName() string { return "java.util.stream.Collector" }

func streamMethods() table {
	self := func(c *Call) []Value { return c.This.(*stream).items }
	out := func(items []Value) (Value, error) { return &stream{items: items}, nil }
	same := give(func(c *Call) Value { return c.This })
	mapped := func(c *Call) (Value, error) {
		f := c.fn(0)
		var res []Value
		for _, v := range self(c) {
			res = append(res, f(v))
		}
		c.th.alloc(int64(len(res)) * 16)
		return out(res)
	}
	match := func(want, all bool) Method {
		return give(func(c *Call) Value {
			t := c.test(0)
			for _, v := range self(c) {
				if t(v) == want {
					return !all
				}
			}
			return all
		})
	}
	each := give(func(c *Call) Value {
		f := c.fn(0)
		for _, v := range self(c) {
			f(v)
		}
		return nil
	})
	first := give(func(c *Call) Value {
		if xs := self(c); len(xs) > 0 {
			return NewOptional(xs[0])
		}
		return optional{}
	})
	extreme := func(sign int) Method {
		return func(c *Call) (Value, error) {
			v, err := c.extreme(self(c), sign)
			return NewOptional(v), err
		}
	}
	cut := func(f func(xs []Value, n int) []Value) Method {
		return func(c *Call) (Value, error) {
			n, _ := c.Int(0)
			xs := self(c)
			return out(f(xs, int(clampInt(n, 0, int64(len(xs))))))
		}
	}
	list := give(func(c *Call) Value { return NewList(append([]Value(nil), self(c)...)...) })
	return table{
		"map": mapped, "mapToInt": mapped, "mapToLong": mapped, "mapToDouble": mapped, "mapToObj": mapped,
		"filter": func(c *Call) (Value, error) {
			t := c.test(0)
			var res []Value
			for _, v := range self(c) {
				if t(v) {
					res = append(res, v)
				}
			}
			return out(res)
		},
		"flatMap": func(c *Call) (Value, error) {
			f := c.fn(0)
			var res []Value
			for _, v := range self(c) {
				items := c.th.items(f(v))
				c.th.alloc(int64(len(items)) * 16)
				res = append(res, items...)
			}
			return out(res)
		},
		"distinct": func(c *Call) (Value, error) { return out(NewSet(self(c)...).Items()) },
		"sorted": func(c *Call) (Value, error) {
			xs := append([]Value(nil), self(c)...)
			cmp := c.comparison(0)
			sort.SliceStable(xs, func(i, j int) bool { c.th.step(); return cmp(xs[i], xs[j]) < 0 })
			return out(xs)
		},
		"limit": cut(func(xs []Value, n int) []Value { return xs[:n] }), "skip": cut(func(xs []Value, n int) []Value { return xs[n:] }),
		"peek":  func(c *Call) (Value, error) { _, err := each(c); return c.This, err },
		"boxed": same, "parallel": same, "sequential": same, "unordered": same, "onClose": same, "asLongStream": same,
		"close":   give(func(*Call) Value { return nil }),
		"forEach": each, "forEachOrdered": each,
		"collect": func(c *Call) (Value, error) {
			k, ok := c.Arg(0).(*collector)
			if !ok {
				c.This = NewList(self(c)...)
				return collectionMethods()["collect"](c)
			}
			return k.f(c.th, self(c)), nil
		},
		"toList":  list,
		"toArray": give(func(c *Call) Value { return newArray("java.lang.Object", append([]Value(nil), self(c)...)) }),
		"count":   give(func(c *Call) Value { return int64(len(self(c))) }),
		"sum": give(func(c *Call) Value {
			var acc Value = int32(0)
			for _, v := range self(c) {
				acc = c.th.plus(acc, v)
			}
			return acc
		}),
		"average": give(func(c *Call) Value {
			xs := self(c)
			if len(xs) == 0 {
				return optional{}
			}
			t := 0.0
			for _, v := range xs {
				t += toFloat(v)
			}
			return NewOptional(t / float64(len(xs)))
		}),
		"anyMatch": match(true, false), "allMatch": match(false, true), "noneMatch": match(true, true),
		"findFirst": first, "findAny": first, "min": extreme(-1), "max": extreme(1),
		"reduce": func(c *Call) (Value, error) {
			xs := self(c)
			if len(c.Args) >= 2 {
				acc, f := c.Arg(0), c.fn(1)
				for _, v := range xs {
					acc = f(acc, v)
				}
				return acc, nil
			}
			if len(xs) == 0 {
				return optional{}, nil
			}
			acc, f := xs[0], c.fn(0)
			for _, v := range xs[1:] {
				acc = f(acc, v)
			}
			return NewOptional(acc), nil
		},
		"iterator": give(func(c *Call) Value { return &iterator{items: self(c)} }),
		"toSet":    give(func(c *Call) Value { return NewSet(self(c)...) }),
		"each":     each,
		"takeWhile": func(c *Call) (Value, error) {
			t, xs := c.test(0), self(c)
			i := 0
			for i < len(xs) && t(xs[i]) {
				i++
			}
			return out(xs[:i])
		},
	}
}

func streamClasses() []*Class {
	collect := func(f func(c *Call) func(th *thread, items []Value) Value) Method {
		return give(func(c *Call) Value { return &collector{f(c)} })
	}
	list := collect(func(*Call) func(*thread, []Value) Value {
		return func(_ *thread, xs []Value) Value { return NewList(append([]Value(nil), xs...)...) }
	})
	set := collect(func(*Call) func(*thread, []Value) Value {
		return func(_ *thread, xs []Value) Value { return NewSet(xs...) }
	})
	group := func(split bool) Method {
		return collect(func(c *Call) func(*thread, []Value) Value {
			key, args := c.Arg(0), c.Args
			return func(th *thread, xs []Value) Value {
				m := NewMap()
				if split {
					m.Put(false, NewList())
					m.Put(true, NewList())
				}
				for _, v := range xs {
					k := th.call(key, v)
					g, ok := m.Get(k)
					if !ok {
						g = NewList()
						th.put(m, k, g)
					}
					g.(*List).Add(v)
				}
				if down, ok := args[len(args)-1].(*collector); ok {
					for _, e := range m.entries() {
						m.Put(e.key, down.f(th, e.val.(*List).Items()))
					}
				}
				return m
			}
		})
	}
	return []*Class{
		{Name: "java.util.stream.Stream", Methods: streamMethods(), Static: table{
			"of":      give(func(c *Call) Value { return &stream{items: spreadArray(c.Args)} }),
			"empty":   give(func(*Call) Value { return &stream{} }),
			"concat":  give(func(c *Call) Value { return &stream{items: append(c.th.items(c.Arg(0)), c.th.items(c.Arg(1))...)} }),
			"iterate": refuse("endless streams are not supported"), "generate": refuse("endless streams are not supported"),
		}},
		{Name: "java.util.stream.IntStream", Static: table{
			"range":       give(func(c *Call) Value { return intStream(c, true) }),
			"rangeClosed": give(func(c *Call) Value { return intStream(c, false) }),
			"of":          give(func(c *Call) Value { return &stream{items: spreadArray(c.Args)} }),
		}},
		{Name: "java.util.stream.Collector"},
		{Name: "java.util.stream.Collectors", Static: table{
			"toList": list, "toUnmodifiableList": list, "toSet": set, "toUnmodifiableSet": set,
			"toCollection": collect(func(c *Call) func(*thread, []Value) Value {
				f := c.Arg(0)
				return func(th *thread, xs []Value) Value { return th.addInto(th.call(f), xs) }
			}),
			"joining": collect(func(c *Call) func(*thread, []Value) Value {
				sep, pre, post := c.Str(0), c.Str(1), c.Str(2)
				return func(th *thread, xs []Value) Value { return pre + th.join(xs, sep) + post }
			}),
			"toMap": collect(func(c *Call) func(*thread, []Value) Value {
				k, v, merge := c.Arg(0), c.Arg(1), c.Arg(2)
				return func(th *thread, xs []Value) Value {
					m := NewMap()
					for _, x := range xs {
						key, val := th.call(k, x), th.call(v, x)
						if old, ok := m.Get(key); ok {
							if merge == nil {
								th.throw(excIllegalState, "Duplicate key %s", th.str(key))
							}
							val = th.call(merge, old, val)
						}
						th.put(m, key, val)
					}
					return m
				}
			}),
			"groupingBy": group(false), "partitioningBy": group(true),
			"counting": collect(func(*Call) func(*thread, []Value) Value {
				return func(_ *thread, xs []Value) Value { return int64(len(xs)) }
			}),
			"mapping": collect(func(c *Call) func(*thread, []Value) Value {
				f := c.Arg(0)
				down, _ := c.Arg(1).(*collector)
				return func(th *thread, xs []Value) Value {
					out := make([]Value, len(xs))
					for i, x := range xs {
						out[i] = th.call(f, x)
					}
					if down == nil {
						return NewList(out...)
					}
					return down.f(th, out)
				}
			}),
		}},
	}
}

func spreadArray(args []Value) []Value {
	if len(args) == 1 {
		if l, ok := args[0].(*List); ok && l.kind == listArray {
			return l.Items()
		}
	}
	return args
}

func intStream(c *Call, open bool) Value {
	a, _ := c.Int(0)
	b, _ := c.Int(1)
	if open {
		b--
	}
	if b < a {
		return &stream{}
	}
	return &stream{items: intRange(a, b, false, false, false).items(c.th)}
}
