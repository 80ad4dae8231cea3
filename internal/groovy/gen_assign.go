package groovy

// setter stores into a target; the target's parts were evaluated by prepare.
type target struct {
	prepare func(f *frame) (obj Value, keys []Value)
	get     func(f *frame, obj Value, keys []Value) Value
	set     func(f *frame, obj Value, keys []Value, v Value) Value
}

func (g *gen) assign(x *assignExpr) code {
	if x.list != nil {
		return g.multiAssign(x)
	}
	if x.op == "" {
		if v, ok := x.lhs.(*varExpr); ok && v.local != nil && v.local.fn == g.fn && !v.local.captured && v.local.typ.untyped() {
			slot, e := v.local.slot, g.expr(x.rhs)
			return func(f *frame) Value {
				r := e(f)
				f.vars[slot] = r
				return r
			}
		}
	}
	t := g.target(x.lhs)
	rhs, p, op := g.expr(x.rhs), x.pos, x.op
	switch op {
	case "":
		return func(f *frame) Value {
			o, k := t.prepare(f)
			v := rhs(f)
			f.pos = p
			return t.set(f, o, k, v)
		}
	case "?:":
		return func(f *frame) Value {
			o, k := t.prepare(f)
			f.pos = p
			if v := t.get(f, o, k); f.th.truth(v) {
				return v
			}
			v := rhs(f)
			f.pos = p
			return t.set(f, o, k, v)
		}
	}
	return func(f *frame) Value {
		o, k := t.prepare(f)
		f.pos = p
		old := t.get(f, o, k)
		v := rhs(f)
		f.pos = p
		return t.set(f, o, k, f.th.binop(op, old, v))
	}
}

func (g *gen) multiAssign(x *assignExpr) code {
	rhs, p := g.expr(x.rhs), x.pos
	var ts []target
	for _, e := range x.list {
		ts = append(ts, g.target(e))
	}
	return func(f *frame) Value {
		v := rhs(f)
		f.pos = p
		for i, t := range ts {
			o, k := t.prepare(f)
			t.set(f, o, k, f.th.component(v, i))
		}
		return v
	}
}

func (g *gen) inc(x *incExpr) code {
	op, p, prefix := x.op, x.pos, x.prefix
	switch x.x.(type) {
	case *varExpr, *propExpr, *indexExpr:
	default:
		e := g.expr(x.x)
		return func(f *frame) Value {
			v := e(f)
			f.pos = p
			if n := f.th.step1(op, v); prefix {
				return n
			}
			return v
		}
	}
	t := g.target(x.x)
	return func(f *frame) Value {
		o, k := t.prepare(f)
		f.pos = p
		old := t.get(f, o, k)
		v := t.set(f, o, k, f.th.step1(op, old))
		if prefix {
			return v
		}
		return old
	}
}

func none(*frame) (Value, []Value) { return nil, nil }

func (g *gen) target(e expr) target {
	switch x := e.(type) {
	case *varExpr:
		return g.varTarget(x)
	case *propExpr:
		return g.propTarget(x)
	case *indexExpr:
		obj := g.expr(x.obj)
		args, spread := g.items(x.args)
		return target{
			prepare: func(f *frame) (Value, []Value) { o := obj(f); return o, f.eval(args, spread) },
			get:     func(f *frame, o Value, k []Value) Value { return f.th.getIndex(o, k) },
			set: func(f *frame, o Value, k []Value, v Value) Value {
				f.th.setIndex(o, k, v)
				return v
			},
		}
	}
	g.u.errs = append(g.u.errs, g.u.src.errorf(e.at(), "this cannot be assigned to"))
	return target{none, nil, nil}
}

func (g *gen) varTarget(x *varExpr) target {
	read := g.variable(x)
	t := target{prepare: none, get: func(f *frame, _ Value, _ []Value) Value { return read(f) }}
	name := x.name
	if l := x.local; l != nil {
		typ := l.typ
		if typ.untyped() {
			typ = nil
		}
		slot, own := l.slot, l.fn == g.fn
		if !own {
			slot = g.capIndex(l)
		}
		captured := l.captured
		t.set = func(f *frame, _ Value, _ []Value, v Value) Value {
			if typ != nil {
				v = f.th.assign(v, typ)
			}
			if captured {
				f.cellAt(own, slot).set(v)
			} else {
				f.vars[slot] = v
			}
			return v
		}
		return t
	}
	if fi := g.ownField(name); fi != nil {
		t.set = func(f *frame, _ Value, _ []Value, v Value) Value {
			if o, ok := f.this.(*Object); ok {
				return f.th.storeField(o, fi, v)
			}
			f.setName(name, v)
			return v
		}
		return t
	}
	if x.class != nil {
		g.u.errs = append(g.u.errs, g.u.src.errorf(x.pos, "class %s cannot be assigned to", name))
	}
	t.set = func(f *frame, _ Value, _ []Value, v Value) Value {
		f.setName(name, v)
		return v
	}
	return t
}

func (g *gen) propTarget(x *propExpr) target {
	name := x.name
	var obj code
	if x.obj != nil {
		obj = g.expr(x.obj)
	}
	var dyn code
	if x.dyn != nil {
		dyn = g.expr(x.dyn)
	}
	safe, spread, field := x.safe, x.spread, x.field
	_, this := x.obj.(*thisExpr)
	fi := (*fieldInfo)(nil)
	if this {
		fi = g.ownField(name)
	}
	at := func(f *frame, k []Value) string {
		if dyn != nil {
			return f.th.str(k[0])
		}
		return name
	}
	return target{
		prepare: func(f *frame) (Value, []Value) {
			o := obj(f)
			if dyn != nil {
				return o, []Value{dyn(f)}
			}
			return o, nil
		},
		get: func(f *frame, o Value, k []Value) Value {
			if o == nil && safe {
				return nil
			}
			return f.th.getProp(o, at(f, k))
		},
		set: func(f *frame, o Value, k []Value, v Value) Value {
			switch {
			case o == nil && safe:
				return v
			case spread:
				for _, y := range f.th.items(o) {
					f.th.setProp(y, at(f, k), v)
				}
				return v
			}
			if x, ok := o.(*Object); ok && (fi != nil || field) {
				if own := x.sc.fieldIdx[at(f, k)]; own != nil {
					return f.th.storeField(x, own, v)
				}
			}
			name := at(f, k)
			if _, ok := o.(dynamic); ok && field {
				name = "@" + name
			}
			f.th.setProp(o, name, v)
			return v
		},
	}
}
