package groovy

func (c *Call) amap() *Map { return c.This.(*Map) }

func newMapOf(kind mapKind) Method {
	return func(c *Call) (Value, error) {
		m := &Map{kind: kind}
		if kind == mapTree {
			m.less = c.th.naturalLess()
		}
		switch x := c.Arg(0).(type) {
		case *Map:
			c.th.putAll(m, x)
		case *Closure:
			if kind == mapTree {
				m.less = c.th.lessBy(x)
			}
		case nil:
			if c.Named != nil { // new HashMap(a: 1)
				c.th.putAll(m, c.Named)
				c.Named = nil
			}
		default:
			switch {
			case isNumber(x):
			case kind == mapTree && c.th.instanceOf(x, "java.util.Comparator"):
				m.less = c.th.lessBy(x)
			default:
				for _, e := range c.th.items(x) {
					if err := c.th.addEntry(m, e); err != nil {
						return nil, err
					}
				}
			}
		}
		return m, nil
	}
}

func (th *thread) newTreeMap(from *Map, cmp Value) *Map {
	m := &Map{kind: mapTree, less: th.naturalLess()}
	if cmp != nil {
		m.less = th.lessBy(cmp)
	}
	if from != nil {
		th.putAll(m, from)
	}
	return m
}

func newEntry(c *Call) (Value, error) { return &Entry{key: c.Arg(0), val: c.Arg(1)}, nil }

func entryMethods() map[string]Method {
	self := func(c *Call) *Entry { return c.This.(*Entry) }
	return map[string]Method{
		"getKey": func(c *Call) (Value, error) { return self(c).key, nil },
		"getValue": func(c *Call) (Value, error) {
			e := self(c)
			if e.m != nil {
				if v, ok := e.m.Get(e.key); ok {
					return v, nil
				}
			}
			return e.val, nil
		},
		"setValue": func(c *Call) (Value, error) {
			e := self(c)
			if e.m == nil {
				return nil, Throw(excUnsupported, "the entry belongs to no map")
			}
			return c.th.put(e.m, e.key, c.Arg(0)), nil
		},
	}
}

func mapStatics() map[string]Method {
	return map[string]Method{
		"of": func(c *Call) (Value, error) {
			if len(c.Args)%2 != 0 {
				return nil, c.NoSuchMethod()
			}
			m := NewMap()
			for i := 0; i < len(c.Args); i += 2 {
				m.Put(c.Args[i], c.Args[i+1])
			}
			m.kind = mapImmutable
			return m, nil
		},
		"entry": func(c *Call) (Value, error) { return &Entry{key: c.Arg(0), val: c.Arg(1)}, nil },
		"ofEntries": func(c *Call) (Value, error) {
			m := NewMap()
			for _, a := range c.Args {
				if err := c.th.addEntry(m, a); err != nil {
					return nil, err
				}
			}
			m.kind = mapImmutable
			return m, nil
		},
		"copyOf": func(c *Call) (Value, error) {
			src, ok := c.Arg(0).(*Map)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			m := c.th.copyMap(src)
			m.kind = mapImmutable
			return m, nil
		},
	}
}

func mapMethods() map[string]Method {
	remap := func(keys bool) Method {
		return func(c *Call) (Value, error) {
			out, f := NewMap(), c.one(0)
			for _, e := range c.amap().entries() {
				if keys {
					c.th.put(out, f(e), e.val)
				} else {
					c.th.put(out, e.key, f(e))
				}
			}
			return out, nil
		}
	}
	m := map[string]Method{
		"get": func(c *Call) (Value, error) {
			m := c.amap()
			if len(c.Args) == 2 { // GDK: the default is stored
				v, ok := m.Get(c.Arg(0))
				if !ok {
					v = c.Arg(1)
					c.th.put(m, c.Arg(0), v)
				}
				return v, nil
			}
			return c.th.mapGet(m, c.Arg(0)), nil
		},
		"getAt":       func(c *Call) (Value, error) { return c.th.mapGet(c.amap(), c.Arg(0)), nil },
		"getProperty": func(c *Call) (Value, error) { return c.th.mapGet(c.amap(), c.Arg(0)), nil },
		"getOrDefault": func(c *Call) (Value, error) {
			if v, ok := c.amap().Get(c.Arg(0)); ok {
				return v, nil
			}
			if c.amap().def != nil {
				return c.th.mapGet(c.amap(), c.Arg(0)), nil
			}
			return c.Arg(1), nil
		},
		"put":   func(c *Call) (Value, error) { return c.th.put(c.amap(), c.Arg(0), c.Arg(1)), c.Want(2, 2) },
		"putAt": func(c *Call) (Value, error) { c.th.put(c.amap(), c.Arg(0), c.Arg(1)); return c.Arg(1), nil },
		"putAll": func(c *Call) (Value, error) {
			switch x := c.Arg(0).(type) {
			case *Map:
				c.th.putAll(c.amap(), x)
			default:
				for _, e := range c.th.items(x) {
					if err := c.th.addEntry(c.amap(), e); err != nil {
						return nil, err
					}
				}
			}
			return nil, nil
		},
		"putIfAbsent": func(c *Call) (Value, error) {
			if v, ok := c.amap().Get(c.Arg(0)); ok && v != nil {
				return v, nil
			}
			c.th.put(c.amap(), c.Arg(0), c.Arg(1))
			return nil, nil
		},
		"computeIfAbsent": func(c *Call) (Value, error) {
			if v, ok := c.amap().Get(c.Arg(0)); ok && v != nil {
				return v, nil
			}
			v := c.fn(1)(c.Arg(0))
			if v != nil {
				c.th.put(c.amap(), c.Arg(0), v)
			}
			return v, nil
		},
		"computeIfPresent": func(c *Call) (Value, error) {
			old, ok := c.amap().Get(c.Arg(0))
			if !ok || old == nil {
				return nil, nil
			}
			return c.store(c.fn(1)(c.Arg(0), old))
		},
		"compute": func(c *Call) (Value, error) {
			old, _ := c.amap().Get(c.Arg(0))
			return c.store(c.fn(1)(c.Arg(0), old))
		},
		"merge": func(c *Call) (Value, error) {
			old, ok := c.amap().Get(c.Arg(0))
			if !ok || old == nil {
				return c.store(c.Arg(1))
			}
			return c.store(c.fn(2)(old, c.Arg(1)))
		},
		"replace": func(c *Call) (Value, error) {
			if _, ok := c.amap().Get(c.Arg(0)); !ok {
				return nil, nil
			}
			return c.th.put(c.amap(), c.Arg(0), c.Arg(1)), nil
		},
		"replaceAll": func(c *Call) (Value, error) {
			f := c.fn(0)
			for _, e := range c.amap().entries() {
				c.th.put(c.amap(), e.key, f(e.key, e.val))
			}
			return nil, nil
		},
		"remove": func(c *Call) (Value, error) {
			if c.amap().kind == mapImmutable {
				return nil, Throw(excUnsupported, "the map cannot be changed")
			}
			if len(c.Args) == 2 {
				v, ok := c.amap().Get(c.Arg(0))
				if !ok || !c.th.equal(v, c.Arg(1)) {
					return false, nil
				}
				c.amap().Remove(c.Arg(0))
				return true, nil
			}
			v, _ := c.amap().Remove(c.Arg(0))
			return v, nil
		},
		"clear": func(c *Call) (Value, error) {
			if c.amap().kind == mapImmutable {
				return nil, Throw(excUnsupported, "the map cannot be changed")
			}
			c.amap().Clear()
			return nil, nil
		},
		"containsKey": func(c *Call) (Value, error) { _, ok := c.amap().Get(c.Arg(0)); return ok, nil },
		"containsValue": func(c *Call) (Value, error) {
			return c.th.indexOf(c.amap().Values(), c.Arg(0)) >= 0, nil
		},
		"keySet":          func(c *Call) (Value, error) { return c.keyView(), nil },
		"navigableKeySet": func(c *Call) (Value, error) { return c.keyView(), nil },
		"keys":            func(c *Call) (Value, error) { return &iterator{items: c.amap().Keys()}, nil },
		"values":          func(c *Call) (Value, error) { return c.valueView(), nil },
		"entrySet": func(c *Call) (Value, error) {
			c.th.alloc(int64(c.amap().Len()) * 256)
			return c.view(NewSet(c.th.items(c.This)...)), nil
		},
		"subMap": func(c *Call) (Value, error) {
			out := NewMap()
			for _, k := range c.th.items(c.Arg(0)) {
				if v, ok := c.amap().Get(k); ok {
					c.th.put(out, k, v)
				} else if len(c.Args) > 1 {
					c.th.put(out, k, c.Arg(1))
				}
			}
			return out, nil
		},
		"plus":      func(c *Call) (Value, error) { return c.th.plus(c.This, c.Arg(0)), nil },
		"minus":     func(c *Call) (Value, error) { return c.th.minus(c.This, c.Arg(0)), nil },
		"leftShift": func(c *Call) (Value, error) { return c.th.leftShift(c.This, c.Arg(0)), nil },
		"intersect": func(c *Call) (Value, error) {
			o, ok := c.Arg(0).(*Map)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			out := NewMap()
			for _, e := range c.amap().entries() {
				if v, has := o.Get(e.key); has && c.th.equal(v, e.val) {
					c.th.put(out, e.key, e.val)
				}
			}
			return out, nil
		},
		"withDefault": func(c *Call) (Value, error) {
			base, at := c.amap(), len(c.Args)-1
			f := c.closure(at)
			if f == nil {
				return nil, c.NoSuchMethod()
			}
			if at > 1 && c.th.truth(c.Arg(1)) {
				return nil, Throw(excUnsupported, "maps that drop their defaults are not supported")
			}
			return &Map{kind: base.kind, less: base.less, base: base, def: f, loan: at > 0 && !c.th.truth(c.Arg(0))}, nil
		},
		"groupEntriesBy": groupBy,
		"collectKeys":    remap(true), "collectValues": remap(false),
		"equals":      func(c *Call) (Value, error) { return c.th.equal(c.This, c.Arg(0)), nil },
		"asImmutable": asImmutable, "asUnmodifiable": asImmutable,
		"asSynchronized": func(c *Call) (Value, error) { return c.This, nil },
		"clone":          func(c *Call) (Value, error) { return c.th.copyMap(c.amap()), nil },
		"toMapString":    func(c *Call) (Value, error) { return c.th.str(c.This), nil },
		"removeAll":      func(c *Call) (Value, error) { return c.filterMap(false), nil },
		"retainAll":      func(c *Call) (Value, error) { return c.filterMap(true), nil },
		"reverse":        func(c *Call) (Value, error) { xs := c.th.items(c.This); reverse(xs); return c.like(xs), nil },
	}
	col := collectionMethods()
	for _, n := range []string{"each", "forEach", "eachWithIndex", "reverseEach", "collect", "collectMany", "collectEntries", "find", "findAll",
		"findResult", "findResults", "any", "every", "inject", "grep", "groupBy", "countBy", "count", "sum", "min", "max", "size", "isEmpty",
		"sort", "toSorted", "iterator", "stream", "average"} {
		m[n] = col[n]
	}
	list := listMethods()
	for _, n := range []string{"take", "drop", "takeWhile", "dropWhile"} {
		m[n] = list[n]
	}
	m["setProperty"] = m["putAt"]
	m["getOrPut"] = m["get"]
	return m
}

func (c *Call) store(v Value) (Value, error) {
	if v == nil {
		c.amap().Remove(c.Arg(0))
		return nil, nil
	}
	c.th.put(c.amap(), c.Arg(0), v)
	return v, nil
}

// keyView gives the keys. Deviation: they are those of now, but what is removed from
// them is removed from the map.
func (c *Call) keyView() Value {
	s := &Set{}
	c.th.alloc(int64(c.amap().Len()) * 64)
	if c.amap().kind == mapTree {
		s.m.kind, s.m.less = mapTree, c.amap().less
	}
	for _, k := range c.amap().Keys() {
		s.Add(k)
	}
	return c.view(s)
}

func (c *Call) view(s *Set) Value {
	s.of = c.amap()
	if s.of.base != nil {
		s.of = s.of.base
	}
	if s.of.kind == mapImmutable {
		s.m.kind = mapImmutable
	}
	return s
}

// valueView gives the values in the same way.
func (c *Call) valueView() Value {
	m := c.amap()
	if m.kind == mapImmutable {
		return &List{items: m.Values(), kind: listImmutable}
	}
	c.th.alloc(int64(m.Len()) * 64)
	l := &List{of: m}
	for _, e := range m.entries() {
		l.items, l.keys = append(l.items, e.val), append(l.keys, e.key)
	}
	return l
}

func (c *Call) filterMap(keep bool) Value {
	t := c.test(0)
	n := 0
	for _, e := range c.amap().entries() {
		if t(e) != keep {
			c.amap().Remove(e.key)
			n++
		}
	}
	return n > 0
}

func treeMethods() map[string]Method {
	end := func(last, entry bool) Method {
		return func(c *Call) (Value, error) {
			es := c.amap().entries()
			if len(es) == 0 {
				if entry {
					return nil, nil
				}
				return nil, Throw(excNoElement, "the map is empty")
			}
			e := es[0]
			if last {
				e = es[len(es)-1]
			}
			if entry {
				return e, nil
			}
			return e.key, nil
		}
	}
	near := func(lower, eq, entry bool) Method {
		return func(c *Call) (Value, error) {
			var best *Entry
			for _, e := range c.amap().entries() {
				n := c.th.compare(e.key, c.Arg(0))
				if lower && (n < 0 || n == 0 && eq) {
					best = e
				}
				if !lower && best == nil && (n > 0 || n == 0 && eq) {
					best = e
				}
			}
			switch {
			case best == nil:
				return nil, nil
			case entry:
				return best, nil
			}
			return best.key, nil
		}
	}
	part := func(keep func(n int) bool) Method {
		return func(c *Call) (Value, error) {
			out := &Map{kind: mapTree, less: c.amap().less}
			for _, e := range c.amap().entries() {
				if keep(c.th.compare(e.key, c.Arg(0))) {
					out.Put(e.key, e.val)
				}
			}
			return out, nil
		}
	}
	return map[string]Method{
		"firstKey": end(false, false), "lastKey": end(true, false), "firstEntry": end(false, true), "lastEntry": end(true, true),
		"floorKey": near(true, true, false), "lowerKey": near(true, false, false), "ceilingKey": near(false, true, false), "higherKey": near(false, false, false),
		"floorEntry": near(true, true, true), "lowerEntry": near(true, false, true), "ceilingEntry": near(false, true, true), "higherEntry": near(false, false, true),
		"headMap": part(func(n int) bool { return n < 0 }), "tailMap": part(func(n int) bool { return n >= 0 }),
		"descendingMap": func(c *Call) (Value, error) {
			out := NewMap()
			es := c.amap().entries()
			for i := len(es) - 1; i >= 0; i-- {
				out.Put(es[i].key, es[i].val)
			}
			return out, nil
		},
	}
}
