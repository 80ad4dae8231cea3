package groovy

func closureFields() map[string]func() Value {
	con := func(n int32) func() Value { return func() Value { return n } }
	return map[string]func() Value{
		"OWNER_FIRST": con(ownerFirst), "DELEGATE_FIRST": con(delegateFirst), "OWNER_ONLY": con(ownerOnly),
		"DELEGATE_ONLY": con(delegateOnly), "TO_SELF": con(toSelf),
		"IDENTITY": func() Value {
			return &Closure{nargs: 1, native: func(_ *thread, args []Value) Value {
				if len(args) == 0 {
					return nil
				}
				return args[0]
			}}
		},
	}
}

// callOnClosure calls a method of a closure: call and doCall, the method of an
// interface it was coerced to, or one of the class Closure.
func (th *thread) callOnClosure(c *Closure, name string, args []Value) (Value, bool) {
	switch name {
	case "call", "doCall":
		return th.callClosure(c, args), true
	}
	if c.iface != nil {
		m := th.eng.meta(c.iface)
		if f := m.methods[name]; f != nil && th.eng.object.Methods[name] == nil && name != m.h.SAM {
			return th.invokeMethod(f, c, name, args, false), true
		}
		if name == m.h.SAM || c.iface.script != nil && len(c.iface.script.all[name]) > 0 || th.eng.cores.closure.methods[name] == nil {
			if sc := c.iface.script; sc != nil {
				if ms := sc.all[name]; len(ms) > 0 && !ms[0].abstract {
					return ms[0].call(th, c, args), true
				}
			}
			return th.callClosure(c, fitArgs(c, args...)), true
		}
		return nil, false
	}
	if th.eng.cores.closure.methods[name] == nil && functional[name] {
		// a closure passed where Java code expects a functional interface
		return th.callClosure(c, fitArgs(c, args...)), true
	}
	return nil, false
}

// functional are the methods of java.util.function interfaces.
var functional = map[string]bool{
	"apply": true, "accept": true, "test": true, "get": true, "run": true, "applyAsInt": true, "applyAsLong": true, "applyAsDouble": true, "compare": true,
}

func closureMethods() map[string]Method {
	self := func(c *Call) *Closure { return c.This.(*Closure) }
	curry := func(f func(c *Closure, args []Value)) Method {
		return func(c *Call) (Value, error) {
			n := self(c).clone()
			f(n, c.Args)
			return n, nil
		}
	}
	compose := func(first func(c *Call) (Value, Value)) Method {
		return func(c *Call) (Value, error) {
			a, b := first(c)
			return c.th.nativeClosure("composed", -1, func(th *thread, args []Value) Value {
				return th.call(b, th.call(a, args...))
			}), nil
		}
	}
	right := compose(func(c *Call) (Value, Value) { return c.This, c.Arg(0) })
	left := compose(func(c *Call) (Value, Value) { return c.Arg(0), c.This })
	return map[string]Method{
		"curry":                        curry(func(c *Closure, args []Value) { c.left = append(append([]Value(nil), c.left...), args...) }),
		"rcurry":                       curry(func(c *Closure, args []Value) { c.right = append(append([]Value(nil), args...), c.right...) }),
		"ncurry":                       ncurry,
		"rightShift":                   right,
		"andThen":                      right,
		"leftShift":                    left,
		"compose":                      left,
		"memoize":                      memoize,
		"memoizeAtMost":                memoize,
		"memoizeAtLeast":               memoize,
		"memoizeBetween":               memoize,
		"trampoline":                   func(c *Call) (Value, error) { return nil, Throw(excUnsupported, "trampoline is not supported") },
		"getMaximumNumberOfParameters": func(c *Call) (Value, error) { return int32(max(self(c).Params(), 0)), nil },
		"getParameterTypes": func(c *Call) (Value, error) {
			out := make([]Value, max(self(c).Params(), 0))
			for i := range out {
				out[i] = c.th.eng.object
			}
			return newArray("java.lang.Class", out), nil
		},
		"setDelegate":        func(c *Call) (Value, error) { self(c).setDelegate(c.Arg(0), -1); return nil, nil },
		"getDelegate":        func(c *Call) (Value, error) { d, _ := self(c).deleg(); return d, nil },
		"getOwner":           func(c *Call) (Value, error) { return self(c).owner, nil },
		"getThisObject":      func(c *Call) (Value, error) { return self(c).this, nil },
		"getResolveStrategy": func(c *Call) (Value, error) { _, s := self(c).deleg(); return int32(s), nil },
		"setResolveStrategy": func(c *Call) (Value, error) {
			n, _ := c.Int(0)
			d, _ := self(c).deleg()
			self(c).setDelegate(d, int(n))
			return nil, nil
		},
		"rehydrate": func(c *Call) (Value, error) {
			n := self(c).clone()
			n.delegate, n.owner, n.this = c.Arg(0), c.Arg(1), c.Arg(2)
			return n, nil
		},
		"dehydrate": func(c *Call) (Value, error) { return self(c).clone(), nil },
		"clone":     func(c *Call) (Value, error) { return self(c).clone(), nil },
		"isCase":    func(c *Call) (Value, error) { return c.th.truth(c.th.call(c.This, c.Args...)), nil },
		"run":       func(c *Call) (Value, error) { return c.th.callClosure(self(c), nil), nil },
		"negate": func(c *Call) (Value, error) {
			f := self(c)
			return c.th.nativeClosure("negate", f.Params(), func(th *thread, args []Value) Value { return !th.truth(th.callClosure(f, args)) }), nil
		},
		"reversed":      func(c *Call) (Value, error) { return reversedOrder(c.th, c.This), nil },
		"thenComparing": thenComparing,
	}
}

func ncurry(c *Call) (Value, error) {
	n, ok := c.Int(0)
	if !ok || n < 0 {
		return nil, c.NoSuchMethod()
	}
	f, fixed := c.This.(*Closure), c.Args[1:]
	return c.th.nativeClosure("ncurry", max(f.Params()-len(fixed), -1), func(th *thread, args []Value) Value {
		at := min(int(n), len(args))
		all := append(append(append([]Value(nil), args[:at]...), fixed...), args[at:]...)
		return th.callClosure(f, all)
	}), nil
}

func memoize(c *Call) (Value, error) {
	f, seen := c.This.(*Closure), NewMap()
	return c.th.nativeClosure("memoized", f.Params(), func(th *thread, args []Value) Value {
		k := NewList(args...)
		if v, ok := seen.Get(k); ok {
			return v
		}
		v := th.callClosure(f, args)
		th.alloc(128)
		seen.Put(k, v)
		return v
	}), nil
}

func reversedOrder(th *thread, f Value) Value {
	return comparator(th, func(th *thread, a, b Value) int {
		if f == nil {
			return th.compare(b, a)
		}
		return th.ordered(f, b, a)
	})
}

// comparator makes a closure of two parameters that is a Comparator.
func comparator(th *thread, cmp func(th *thread, a, b Value) int) Value {
	c := th.nativeClosure("compare", 2, func(th *thread, args []Value) Value {
		if len(args) != 2 {
			th.throw(excIllegalArg, "a comparator compares two values")
		}
		return int32(cmp(th, args[0], args[1]))
	})
	c.iface = th.eng.byName["java.util.Comparator"]
	return c
}

func thenComparing(c *Call) (Value, error) {
	first, next := c.This, c.Arg(0)
	by := keyOrder(next)
	return comparator(c.th, func(th *thread, a, b Value) int {
		if n := th.ordered(first, a, b); n != 0 {
			return n
		}
		return by(th, a, b)
	}), nil
}

// keyOrder compares by a key closure, or by a comparator.
func keyOrder(f Value) func(th *thread, a, b Value) int {
	if c, ok := f.(*Closure); ok && c.Params() != 2 {
		return func(th *thread, a, b Value) int { return th.compare(th.call(c, a), th.call(c, b)) }
	}
	return func(th *thread, a, b Value) int { return th.ordered(f, a, b) }
}

func comparatorStatics() map[string]Method {
	comparing := func(c *Call) (Value, error) {
		by := keyOrder(c.Arg(0))
		if len(c.Args) == 2 {
			key, order := c.Arg(0), c.Arg(1)
			by = func(th *thread, a, b Value) int { return th.ordered(order, th.call(key, a), th.call(key, b)) }
		}
		return comparator(c.th, by), nil
	}
	natural := func(c *Call) (Value, error) {
		return comparator(c.th, func(th *thread, a, b Value) int { return th.compare(a, b) }), nil
	}
	return map[string]Method{
		"comparing": comparing, "comparingInt": comparing, "comparingLong": comparing, "comparingDouble": comparing,
		"naturalOrder": natural, "reverseOrder": func(c *Call) (Value, error) { return reversedOrder(c.th, nil), nil },
		"nullsFirst": func(c *Call) (Value, error) { return nulls(c, 1), nil },
		"nullsLast":  func(c *Call) (Value, error) { return nulls(c, -1), nil },
	}
}

func nulls(c *Call, sign int) Value {
	f := c.Arg(0)
	return comparator(c.th, func(th *thread, a, b Value) int {
		switch {
		case a == nil && b == nil:
			return 0
		case a == nil:
			return -sign
		case b == nil:
			return sign
		}
		return th.ordered(f, a, b)
	})
}
