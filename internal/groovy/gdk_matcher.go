package groovy

import "github.com/dlclark/regexp2/v2"

func matcherMethods() map[string]Method {
	self := func(c *Call) *Matcher { return c.This.(*Matcher) }
	count := func(c *Call) (Value, error) { return int32(self(c).count(c.th)), nil }
	out := map[string]Method{
		"find": func(c *Call) (Value, error) {
			m := self(c)
			if len(c.Args) == 0 {
				return m.find(c.th), nil
			}
			at := m.index(c.th, c.Arg(0))
			m.reset()
			return m.search(c.th, at), c.Want(1, 1)
		},
		"matches":    func(c *Call) (Value, error) { return self(c).matches(c.th), nil },
		"lookingAt":  func(c *Call) (Value, error) { return self(c).lookingAt(c.th), nil },
		"group":      func(c *Call) (Value, error) { return groupValue(c.th.group(self(c), groupKey(c))), c.Want(0, 1) },
		"groupCount": func(c *Call) (Value, error) { return int32(self(c).p.groups), nil },
		"hasGroup":   func(c *Call) (Value, error) { return self(c).p.groups > 0, nil },
		"start":      matcherEdge(false), "end": matcherEdge(true),
		"replaceAll": matcherReplace(true), "replaceFirst": matcherReplace(false),
		"reset": func(c *Call) (Value, error) {
			m := self(c)
			if c.Arg(0) != nil {
				m.read(c.th, c.Str(0))
			}
			m.reset()
			return m, c.Want(0, 1)
		},
		"region": func(c *Call) (Value, error) {
			if err := c.Want(2, 2); err != nil {
				return nil, err
			}
			m := self(c)
			from, to := m.index(c.th, c.Arg(0)), m.index(c.th, c.Arg(1))
			if from > to {
				return nil, Throw(excIndex, "start")
			}
			m.region(from, to)
			return m, nil
		},
		"regionStart": func(c *Call) (Value, error) { m := self(c); return int32(m.units(m.from)), nil },
		"regionEnd":   func(c *Call) (Value, error) { m := self(c); return int32(m.units(m.to)), nil },
		"usePattern": func(c *Call) (Value, error) {
			m := self(c)
			m.p, m.cur = c.th.asPattern(c.Arg(0)), nil
			return m, c.Want(1, 1)
		},
		"pattern":       func(c *Call) (Value, error) { return self(c).p, nil },
		"toMatchResult": func(c *Call) (Value, error) { n := *self(c); return &n, nil },
		"results":       func(c *Call) (Value, error) { return matchResults(c, self(c)), nil },
		"size":          func(c *Call) (Value, error) { return int64(self(c).count(c.th)), nil }, "getCount": count,
		"getAt": func(c *Call) (Value, error) {
			m := self(c)
			if i, ok := c.Int(0); ok && len(c.Args) == 1 {
				return m.at(c.th, i), nil
			}
			return c.th.getIndex(NewList(m.elements(c.th)...), c.Args), nil
		},
		"asBoolean": func(c *Call) (Value, error) { return self(c).find(c.th), nil },
		"appendReplacement": func(c *Call) (Value, error) {
			m := self(c)
			b, ok := c.Arg(0).(*StringBuilder)
			if !ok || len(c.Args) != 2 {
				return nil, c.NoSuchMethod()
			}
			cur := c.th.current(m)
			start := m.from + cur.RuneIndex
			b.append(c.th, string(m.runes[min(m.app, start):start]))
			b.append(c.th, c.th.expand(m.p, cur, c.Str(1)))
			m.app = start + cur.RuneLength
			return m, nil
		},
		"appendTail": func(c *Call) (Value, error) {
			m := self(c)
			b, ok := c.Arg(0).(*StringBuilder)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			b.append(c.th, string(m.runes[m.app:]))
			return b, nil
		},
		"each": func(c *Call) (Value, error) {
			f := matchCall(c)
			self(c).each(c.th, func(v Value) bool { f(v); return true })
			return c.This, nil
		},
		"collect": func(c *Call) (Value, error) {
			if c.closure(0) == nil {
				return NewList(self(c).elements(c.th)...), nil
			}
			res, f := NewList(), matchCall(c)
			self(c).each(c.th, func(v Value) bool { res.Add(f(v)); return true })
			return res, nil
		},
	}
	col := collectionMethods()
	for _, n := range []string{"eachWithIndex", "findAll", "any", "every", "inject", "iterator", "toList", "collectEntries", "findResults", "withIndex"} {
		out[n] = col[n]
	}
	return out
}

// groupKey is the number or name of a group; 0, the whole match, if none is given.
func groupKey(c *Call) Value {
	if len(c.Args) == 0 {
		return int32(0)
	}
	return c.Arg(0)
}

func matcherEdge(end bool) Method {
	return func(c *Call) (Value, error) {
		m := c.This.(*Matcher)
		g := c.th.group(m, groupKey(c))
		if len(g.Captures) == 0 {
			return int32(-1), nil
		}
		at := m.from + g.RuneIndex
		if end {
			at += g.RuneLength
		}
		return int32(m.units(at)), nil
	}
}

func matcherReplace(all bool) Method {
	return func(c *Call) (Value, error) {
		m := c.This.(*Matcher)
		m.reset()
		text := func(r *regexp2.Match) string { return c.th.expand(m.p, r, c.Str(0)) }
		if c.closure(0) != nil {
			f := c.matchFn(0)
			text = func(r *regexp2.Match) string { return c.th.str(f(r)) }
		}
		return c.th.replace(string(m.runes), m.p, all, text), c.Want(1, 1)
	}
}

// matchCall calls the closure with a match: its groups one by one if it takes several
// parameters.
func matchCall(c *Call) func(v Value) Value {
	cl, f := c.closure(0), c.fn(0)
	if cl == nil || cl.Params() < 2 {
		return func(v Value) Value { return f(v) }
	}
	return func(v Value) Value {
		if l, ok := v.(*List); ok {
			return c.th.callClosure(cl, fitArgs(cl, l.Items()...))
		}
		return f(v)
	}
}

func matchResults(c *Call, m *Matcher) Value {
	var out []Value
	m.each(c.th, func(Value) bool {
		c.th.alloc(128)
		n := *m
		out = append(out, &n)
		return true
	})
	return &stream{items: out}
}
