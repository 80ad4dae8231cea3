package groovy

import "sort"

func groupBy(c *Call) (Value, error) {
	return c.groupInto(c.th.items(c.This), 0), nil
}

// groupInto groups by the closure at i, and its groups by the next ones.
func (c *Call) groupInto(items []Value, i int) Value {
	m := NewMap()
	f := c.one(i)
	for _, v := range items {
		k := f(v)
		g, ok := m.Get(k)
		if !ok {
			g = NewList()
			if _, isMap := c.This.(*Map); isMap {
				g = NewMap()
			}
			c.th.put(m, k, g)
		}
		c.th.alloc(32)
		switch x := g.(type) {
		case *List:
			x.Add(v)
		case *Map:
			e := v.(*Entry)
			x.Put(e.key, e.val)
		}
	}
	if i+1 < len(c.Args) {
		for _, e := range m.entries() {
			m.Put(e.key, c.groupInto(c.th.items(e.val), i+1))
		}
	}
	return m
}

func countBy(c *Call) (Value, error) {
	m, f := NewMap(), c.one(0)
	for _, v := range c.th.items(c.This) {
		k := f(v)
		n, _ := m.Get(k)
		i, _ := n.(int32)
		c.th.put(m, k, i+1)
	}
	return m, nil
}

func indexed(c *Call, items []Value) Value {
	m := NewMap()
	off, _ := c.Int(0)
	c.th.moved(len(items) << 6)
	for i, v := range items {
		c.th.put(m, int32(int64(i)+off), v)
	}
	return m
}

func withIndex(c *Call) (Value, error) {
	off, _ := c.Int(0)
	var out []Value
	for i, v := range c.th.items(c.This) {
		c.th.alloc(80)
		out = append(out, NewList(v, int32(int64(i)+off)))
	}
	return NewList(out...), nil
}

func (c *Call) sum(items []Value) (Value, error) {
	var acc Value
	started := false
	f := func(v Value) Value { return v }
	for i := range c.Args {
		if _, ok := c.Arg(i).(*Closure); ok {
			f = c.one(i)
		} else {
			acc, started = c.Arg(i), true
		}
	}
	for _, v := range items {
		c.th.step()
		v = f(v)
		if !started {
			acc, started = v, true
			continue
		}
		acc = c.th.plus(acc, v)
	}
	return acc, nil
}

// comparison makes an order of a comparator or of a one-parameter closure.
func (c *Call) comparison(i int) func(a, b Value) int {
	th := c.th
	switch f := c.Arg(i).(type) {
	case nil:
		return th.compareAny
	case *Closure:
		if f.Params() == 2 {
			return func(a, b Value) int {
				n, _ := toInt64(c.th.callClosure(f, []Value{a, b}))
				return cmpInt(n, 0)
			}
		}
		one := c.one(i)
		return func(a, b Value) int { return th.compare(one(a), one(b)) }
	default:
		return func(a, b Value) int { return th.ordered(f, a, b) }
	}
}

// ordered asks a comparator.
func (th *thread) ordered(f Value, a, b Value) int {
	n, _ := toInt64(th.call(f, a, b))
	return cmpInt(n, 0)
}

func (c *Call) extreme(items []Value, sign int) (Value, error) {
	cmp := c.comparison(0)
	var best Value
	started := false
	for _, v := range items {
		c.th.step()
		if v == nil && len(c.Args) == 0 {
			continue
		}
		if !started || cmp(v, best)*sign > 0 {
			best, started = v, true
		}
	}
	return best, nil
}

// sortMethod is sort(): in place, or a copy for sort(false) and non-lists.
func sortMethod(c *Call) (Value, error) {
	at, mutate := 0, true
	if b, ok := c.Arg(0).(bool); ok {
		at, mutate = 1, b
	}
	v, err := c.sorted(c.th.items(c.This), at)
	if l, ok := c.This.(*List); ok && err == nil && mutate {
		if l.kind == listImmutable {
			return nil, Throw(excUnsupported, "the list cannot be changed")
		}
		l.replace(v.(*List).Items())
		return l, nil
	}
	return v, err
}

func (c *Call) sorted(items []Value, at int) (Value, error) {
	cmp := c.comparison(at)
	c.th.alloc(int64(len(items)) * 16)
	if _, ok := c.This.(*Map); ok && c.Arg(at) == nil {
		cmp = func(a, b Value) int { return c.th.compare(a.(*Entry).key, b.(*Entry).key) }
	}
	sort.SliceStable(items, func(i, j int) bool {
		c.th.step()
		return cmp(items[i], items[j]) < 0
	})
	if _, ok := c.This.(*Map); ok {
		return c.like(items), nil
	}
	return NewList(items...), nil
}

func (c *Call) unique(mutate bool) (Value, error) {
	at := 0
	if b, ok := c.Arg(0).(bool); ok {
		at, mutate = 1, b
	}
	items := c.th.items(c.This)
	var out []Value
	if c.Arg(at) == nil {
		seen := NewSet()
		for _, v := range items {
			c.th.step()
			if level(v) > 0 {
				v2 := v
				if level(v) <= 2 {
					n, _ := toInt64(v)
					v2 = n
				}
				if seen.Add(v2) {
					out = append(out, v)
				}
				continue
			}
			if seen.Add(v) {
				out = append(out, v)
			}
		}
	} else {
		cmp := c.comparison(at)
		for _, v := range items {
			dup := false
			for _, w := range out {
				c.th.step()
				if cmp(v, w) == 0 {
					dup = true
					break
				}
			}
			if !dup {
				out = append(out, v)
			}
		}
	}
	if l, ok := c.This.(*List); ok && mutate {
		c.th.wantMutable(l)
		l.replace(out)
		return l, nil
	}
	return c.like(out), nil
}
