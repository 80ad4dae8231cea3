package groovy

// argList evaluates a call's arguments; named ones become a leading map.
type argList struct {
	codes  []code
	spread []bool
	keys   []code // of named arguments
	vals   []code // a nil key: spread map
}

func (g *gen) args(list []argument) *argList {
	a := &argList{}
	var plain []expr
	for _, x := range list {
		if s, ok := x.value.(*spreadExpr); ok && s.dbl {
			a.keys = append(a.keys, nil)
			a.vals = append(a.vals, g.expr(s.x))
			continue
		}
		if x.name != nil {
			a.keys = append(a.keys, g.expr(x.name))
			a.vals = append(a.vals, g.expr(x.value))
			continue
		}
		plain = append(plain, x.value)
	}
	a.codes, a.spread = g.items(plain)
	return a
}

func (a *argList) named(f *frame) *Map {
	if a.vals == nil {
		return nil
	}
	m := NewMap()
	for i, v := range a.vals {
		if a.keys[i] == nil {
			if o, ok := v(f).(*Map); ok {
				f.th.putAll(m, o)
			}
			continue
		}
		k := a.keys[i](f)
		m.Put(k, v(f))
	}
	return m
}

func (a *argList) eval(f *frame) ([]Value, bool) {
	if a.vals == nil {
		return f.eval(a.codes, a.spread), false
	}
	m := a.named(f)
	return append([]Value{m}, f.eval(a.codes, a.spread)...), true
}

func (g *gen) call(x *callExpr) code {
	args := g.args(x.args)
	p, name := x.pos, x.name
	if x.fn != nil {
		fn := g.expr(x.fn)
		return func(f *frame) Value {
			v := fn(f)
			as, _ := args.eval(f)
			f.pos = p
			return f.th.call(v, as...)
		}
	}
	if x.recv == nil && x.dyn != nil {
		dyn := g.expr(x.dyn)
		return func(f *frame) Value {
			as, named := args.eval(f)
			n := f.th.str(dyn(f))
			f.pos = p
			return f.callName(n, as, named)
		}
	}
	if x.recv == nil {
		return g.bareCall(x, args)
	}
	if _, ok := x.recv.(*superExpr); ok {
		return func(f *frame) Value {
			as, _ := args.eval(f)
			f.pos = p
			return f.superCall(g.sc, name, as)
		}
	}
	recv := g.expr(x.recv)
	if x.dyn != nil {
		dyn := g.expr(x.dyn)
		return func(f *frame) Value {
			o := recv(f)
			if o == nil && x.safe {
				return nil
			}
			as, named := args.eval(f)
			n := f.th.str(dyn(f))
			f.pos = p
			if x.spread {
				return f.th.spreadCall(o, n, as, named)
			}
			return f.th.callNamed(o, n, as, named)
		}
	}
	if x.spread {
		return func(f *frame) Value {
			o := recv(f)
			as, named := args.eval(f)
			f.pos = p
			return f.th.spreadCall(o, name, as, named)
		}
	}
	if _, ok := x.recv.(*thisExpr); ok {
		return func(f *frame) Value {
			as, named := args.eval(f)
			f.pos = p
			return f.callThis(name, as, named)
		}
	}
	safe, object := x.safe, name == "remove" && len(x.args) == 1 && isObjectCast(x.args[0].value)
	return func(f *frame) Value {
		o := recv(f)
		if o == nil && safe {
			return nil
		}
		as, named := args.eval(f)
		f.pos = p
		if l, ok := o.(*List); ok && object {
			return f.th.callNamed(l, "removeElement", as, named)
		}
		return f.th.callNamed(o, name, as, named)
	}
}

// isObjectCast tells (Object) x, which makes a number an element for List.remove, and not an index.
func isObjectCast(e expr) bool {
	c, ok := e.(*castExpr)
	return ok && c.x != nil && c.typ.dims == 0 && c.typ.class != nil && c.typ.class.Name == "java.lang.Object"
}

func (th *thread) spreadCall(v Value, name string, args []Value, named bool) Value {
	if v == nil {
		return nil
	}
	var out []Value
	for _, x := range th.items(v) {
		th.step()
		if x == nil {
			out = append(out, nil)
			continue
		}
		out = append(out, th.callNamed(x, name, args, named))
	}
	return NewList(out...)
}

func (g *gen) bareCall(x *callExpr, args *argList) code {
	p, name := x.pos, x.name
	switch {
	case x.local != nil:
		fn := g.variable(&varExpr{pos: p, name: name, local: x.local})
		return func(f *frame) Value {
			v := fn(f)
			as, _ := args.eval(f)
			f.pos = p
			if c, ok := v.(*Closure); ok {
				return f.th.callClosure(c, as)
			}
			return f.callLocal(v, name, as)
		}
	case name == "this" || name == "super":
		sc := g.sc
		return func(f *frame) Value {
			as, named := args.eval(f)
			f.pos = p
			var m *Map
			if named {
				m, as = as[0].(*Map), as[1:]
			}
			f.th.chain(f, sc, name == "super", as, m)
			return nil
		}
	case x.imp != nil:
		im := x.imp
		return func(f *frame) Value {
			as, named := args.eval(f)
			f.pos = p
			if im.implied {
				if v, ok := f.th.run.binding.Get(im.member); ok && v != nil {
					return f.th.call(v, as...)
				}
			}
			return f.th.callNamed(im.class, im.member, as, named)
		}
	}
	return func(f *frame) Value {
		as, named := args.eval(f)
		f.pos = p
		return f.callName(name, as, named)
	}
}

// callLocal calls what a local variable holds; when that is nothing callable
// a method of the same name is meant.
func (f *frame) callLocal(v Value, name string, args []Value) Value {
	th := f.th
	switch v.(type) {
	case *Object, Host:
		return th.call(v, args...)
	}
	if r, ok := th.tryCall(v, "call", args, false); ok && v != nil {
		return r
	}
	if r, ok := f.tryThis(name, args, false); ok {
		return r
	}
	return th.call(v, args...)
}

func (g *gen) methodPtr(x *methodPtrExpr) code {
	p, name := x.pos, x.name
	var dyn code
	if x.dyn != nil {
		dyn = g.expr(x.dyn)
	}
	var obj code
	if x.class != nil {
		c := x.class
		obj = func(*frame) Value { return c }
	} else {
		obj = g.expr(x.obj)
	}
	return func(f *frame) Value {
		o := obj(f)
		n := name
		if dyn != nil {
			n = f.th.str(dyn(f))
		}
		f.pos = p
		return f.th.methodRef(o, n)
	}
}

// methodRef makes obj.&name or C::name a closure.
func (th *thread) methodRef(o Value, name string) Value {
	if o == nil {
		th.throw(excNull, "Cannot invoke method %s() on null object", name)
	}
	c, isClass := o.(*Class)
	if !isClass {
		return th.nativeClosure(name, th.refArity(o, name), func(th *thread, args []Value) Value {
			return th.callMethod(o, name, args)
		})
	}
	if name == "new" {
		return th.nativeClosure(name, -1, func(th *thread, args []Value) Value {
			return th.construct(c, args, nil, nil)
		})
	}
	return th.nativeClosure(name, -1, func(th *thread, args []Value) Value {
		if v, ok := th.callStatic(c, name, args, false); ok {
			return v
		}
		if len(args) > 0 && args[0] != nil { // C::method of the first argument
			return th.callMethod(args[0], name, args[1:])
		}
		return th.callMethod(c, name, args)
	})
}

// refArity is the parameter count of a script method, -1 where it is unknown.
func (th *thread) refArity(o Value, name string) int {
	if x, ok := o.(*Object); ok {
		if ms := x.sc.all[name]; len(ms) == 1 && ms[0].fn != nil && !ms[0].fn.varargs {
			return len(ms[0].fn.params)
		}
	}
	return -1
}

func (g *gen) newExpr(x *newExpr) code {
	p, t := x.pos, x.typ
	if x.dims != nil {
		return g.newArray(x)
	}
	if x.items != nil {
		items, spread := g.items(x.items.items)
		return func(f *frame) Value {
			l := NewList(f.eval(items, spread)...)
			f.pos = p
			return f.th.convert(l, t, false)
		}
	}
	args := g.args(x.args)
	if x.body != nil {
		return g.anonymous(x, args)
	}
	class := t.class
	if class == nil {
		class = g.u.c.eng.object
	}
	return func(f *frame) Value {
		named := args.named(f)
		as := f.eval(args.codes, args.spread)
		f.pos = p
		return f.th.construct(class, as, named, f.this)
	}
}

func (g *gen) anonymous(x *newExpr, args *argList) code {
	sc := x.body.class.script
	p := x.pos
	var own []bool
	var slots []int
	for _, l := range x.body.caps {
		own = append(own, l.fn == g.fn)
		if l.fn == g.fn {
			slots = append(slots, l.slot)
		} else {
			slots = append(slots, g.capIndex(l))
		}
	}
	return func(f *frame) Value {
		as := f.eval(args.codes, args.spread)
		caps := make([]*cell, len(slots))
		for i := range slots {
			caps[i] = f.cellAt(own[i], slots[i])
		}
		f.pos = p
		return f.th.newObject(sc, as, nil, f.this, caps)
	}
}

func (g *gen) newArray(x *newExpr) code {
	dims := make([]code, len(x.dims))
	for i, d := range x.dims {
		dims[i] = g.expr(d)
	}
	p, t := x.pos, x.typ
	return func(f *frame) Value {
		sizes := make([]int64, len(dims))
		for i, d := range dims {
			n, ok := toInt64(d(f))
			f.pos = p
			if !ok {
				f.th.throw(excCast, "an array's size must be a number")
			}
			if n < 0 {
				f.th.throw("java.lang.NegativeArraySizeException", "%d", n)
			}
			sizes[i] = n
		}
		return f.th.makeArray(t, sizes)
	}
}

func (th *thread) makeArray(t *typeRef, sizes []int64) Value {
	n := sizes[0]
	elem := *t
	elem.dims = 0
	elem.settle(t.elemName())
	if len(sizes) == 1 && t.dims == 0 {
		if elem.coerc == coByte && t.name == "byte" {
			th.alloc(n)
			return make([]byte, n)
		}
		th.alloc(mulSize(n, 16))
		items := make([]Value, n)
		if z := zeroOf(&elem); z != nil {
			for i := range items {
				items[i] = z
			}
		}
		return newArray(t.elemName(), items)
	}
	th.alloc(mulSize(n, 16))
	items := make([]Value, n)
	if len(sizes) > 1 {
		for i := range items {
			items[i] = th.makeArray(t, sizes[1:])
		}
	}
	return newArray(t.elemName()+"[]", items)
}
