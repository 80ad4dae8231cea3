package groovy

func rangeMethods() map[string]Method {
	self := func(c *Call) *Range { return c.This.(*Range) }
	return map[string]Method{
		"getFrom":   func(c *Call) (Value, error) { return c.Get(c.This, "from") },
		"getTo":     func(c *Call) (Value, error) { return c.Get(c.This, "to") },
		"isReverse": func(c *Call) (Value, error) { return self(c).rev, nil },
		"step": func(c *Call) (Value, error) {
			n, ok := c.Int(0)
			if !ok || n == 0 {
				return nil, Throw(excIllegalArg, "the step must not be zero")
			}
			xs := self(c).items(c.th)
			if n < 0 {
				n = -n
				reverse(xs)
			}
			f := func(v Value) Value { return v }
			if c.closure(1) != nil {
				f = c.one(1)
			}
			var out []Value
			for i := int64(0); i < int64(len(xs)); i += n {
				out = append(out, f(xs[i]))
			}
			if c.closure(1) != nil {
				return nil, nil
			}
			return NewList(out...), nil
		},
		"containsWithinBounds": func(c *Call) (Value, error) { return self(c).contains(c.th, c.Arg(0)), nil },
	}
}

func setMethods() map[string]Method {
	return map[string]Method{
		"reverse": func(c *Call) (Value, error) { xs := c.fresh(); reverse(xs); return NewList(xs...), nil },
		"take":    listMethods()["take"],
		"drop":    listMethods()["drop"],
		"clone":   func(c *Call) (Value, error) { return c.like(c.th.items(c.This)), nil },
		"tail":    listMethods()["tail"],
		"equals":  func(c *Call) (Value, error) { return c.th.equal(c.This, c.Arg(0)), nil },
	}
}

func sortedMethods() map[string]Method {
	at := func(pick func(xs []Value, c *Call) Value) Method {
		return func(c *Call) (Value, error) { return pick(c.th.items(c.This), c), nil }
	}
	bound := func(lower, eq bool) Method {
		return at(func(xs []Value, c *Call) Value {
			var best Value
			for _, v := range xs {
				n := c.th.compare(v, c.Arg(0))
				if n == 0 && eq || n < 0 && lower {
					best = v
				}
				if n > 0 && !lower {
					return v
				}
				if n == 0 && eq && !lower {
					return v
				}
			}
			return best
		})
	}
	return map[string]Method{
		"floor": bound(true, true), "lower": bound(true, false), "ceiling": bound(false, true), "higher": bound(false, false),
		"descendingSet": func(c *Call) (Value, error) { xs := c.th.items(c.This); reverse(xs); return NewSet(xs...), nil },
		"headSet": func(c *Call) (Value, error) {
			var out []Value
			for _, v := range c.th.items(c.This) {
				if c.th.compare(v, c.Arg(0)) < 0 {
					out = append(out, v)
				}
			}
			return c.like(out), nil
		},
		"tailSet": func(c *Call) (Value, error) {
			var out []Value
			for _, v := range c.th.items(c.This) {
				if c.th.compare(v, c.Arg(0)) >= 0 {
					out = append(out, v)
				}
			}
			return c.like(out), nil
		},
	}
}

func newListOf(kind listKind) Method {
	return func(c *Call) (Value, error) {
		l := &List{kind: kind}
		if c.Arg(0) != nil && !isNumber(c.Arg(0)) {
			l.items = c.th.items(c.Arg(0))
			c.th.alloc(int64(len(l.items)) * 16)
		}
		return l, nil
	}
}

func newSetOf(name string) Method {
	return func(c *Call) (Value, error) {
		var items []Value
		switch x := c.Arg(0).(type) {
		case nil:
		case *Closure:
			s := c.th.newSet(name, nil)
			s.m.less = c.th.lessBy(x)
			return s, nil
		default:
			if c.th.instanceOf(x, "java.util.Comparator") {
				s := c.th.newSet(name, nil)
				s.m.less = c.th.lessBy(x)
				return s, nil
			}
			if !isNumber(x) {
				items = c.th.items(x)
			}
		}
		return c.th.newSet(name, items), nil
	}
}

// lessBy is a TreeMap's order by a comparator, which may be asked from any
// later call.
func (th *thread) lessBy(f Value) func(a, b Value) bool {
	r := th.run
	return func(a, b Value) bool {
		t := r.aside()
		if c, ok := f.(*Closure); ok && c.Params() == 1 {
			return t.compare(t.call(f, a), t.call(f, b)) < 0
		}
		return t.ordered(f, a, b) < 0
	}
}

func immutableList(c *Call) (Value, error) {
	items := c.Args
	if len(items) == 1 {
		if l, ok := items[0].(*List); ok && l.kind == listArray {
			items = l.Items()
		}
	}
	for _, v := range items {
		if v == nil {
			return nil, Throw(excNull, "null elements are not allowed")
		}
	}
	return &List{items: append([]Value(nil), items...), kind: listImmutable}, nil
}

func listStatics() map[string]Method {
	return map[string]Method{
		"of":     immutableList,
		"copyOf": func(c *Call) (Value, error) { return &List{items: c.th.items(c.Arg(0)), kind: listImmutable}, nil },
	}
}

func setStatics() map[string]Method {
	mk := func(items []Value) Value {
		s := NewSet(items...)
		s.m.kind = mapImmutable
		return s
	}
	return map[string]Method{
		"of":     func(c *Call) (Value, error) { return mk(c.Args), nil },
		"copyOf": func(c *Call) (Value, error) { return mk(c.th.items(c.Arg(0))), nil },
	}
}

func bytesMethods() map[string]Method {
	self := func(c *Call) []byte { // for what grows with it, twice at most
		b := c.This.([]byte)
		c.th.alloc(int64(len(b)) * 2)
		return b
	}
	return map[string]Method{
		"encodeBase64":    func(c *Call) (Value, error) { return base64Text(self(c), false), nil },
		"encodeBase64Url": func(c *Call) (Value, error) { return base64Text(self(c), true), nil },
		"encodeHex":       func(c *Call) (Value, error) { return hexText(self(c)), nil },
		"digest":          func(c *Call) (Value, error) { return digestHex(c, c.This.([]byte), c.Str(0)) },
		"md5":             func(c *Call) (Value, error) { return digestHex(c, c.This.([]byte), "MD5") },
		"sha256":          func(c *Call) (Value, error) { return digestHex(c, c.This.([]byte), "SHA-256") },
		"clone":           func(c *Call) (Value, error) { return append([]byte(nil), self(c)...), nil },
		"size":            func(c *Call) (Value, error) { return int32(len(c.This.([]byte))), nil },
		"getText":         func(c *Call) (Value, error) { return string(self(c)), nil },
	}
}
