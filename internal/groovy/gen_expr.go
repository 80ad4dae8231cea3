package groovy

import "math/big"

func (g *gen) expr(e expr) code {
	c := g.plain(e)
	if g.record && recordable(e) {
		return g.recorded(e, c)
	}
	return c
}

func (g *gen) plain(e expr) code {
	switch x := e.(type) {
	case *litExpr:
		v := x.v
		return func(*frame) Value { return v }
	case *varExpr:
		return g.variable(x)
	case *gstrExpr:
		return g.gstring(x)
	case *thisExpr:
		return func(f *frame) Value { return f.this }
	case *superExpr:
		return func(f *frame) Value { return f.this }
	case *listExpr:
		return g.list(x)
	case *mapExpr:
		return g.mapLit(x)
	case *rangeExpr:
		from, to, p := g.expr(x.from), g.expr(x.to), x.pos
		return func(f *frame) Value {
			a, b := from(f), to(f)
			f.pos = p
			return f.th.newRange(a, b, x.exFrom, x.exUpTo)
		}
	case *closureExpr:
		return g.closure(x)
	case *propExpr:
		return g.prop(x)
	case *indexExpr:
		return g.index(x)
	case *callExpr:
		return g.call(x)
	case *methodPtrExpr:
		return g.methodPtr(x)
	case *newExpr:
		return g.newExpr(x)
	case *unaryExpr:
		return g.unary(x)
	case *incExpr:
		return g.inc(x)
	case *binaryExpr:
		return g.binary(x)
	case *assignExpr:
		return g.assign(x)
	case *ternaryExpr:
		return g.ternary(x)
	case *castExpr:
		return g.cast(x)
	case *instanceExpr:
		return g.instance(x)
	case *switchExpr:
		return g.switchExpr(x)
	case *spreadExpr:
		return g.expr(x.x)
	}
	g.u.errs = append(g.u.errs, g.u.src.errorf(e.at(), "this expression is not supported here"))
	return func(*frame) Value { return nil }
}

// capIndex is where the function finds a variable of an enclosing one.
func (g *gen) capIndex(l *local) int {
	if !g.fn.closure && g.fn.class != nil {
		for i, c := range g.fn.class.caps {
			if c == l {
				return i
			}
		}
	}
	return g.fn.capIdx[l]
}

func (g *gen) variable(x *varExpr) code {
	if l := x.local; l != nil {
		slot := l.slot
		switch {
		case l.fn != g.fn:
			i := g.capIndex(l)
			return func(f *frame) Value { return f.caps[i].get() }
		case l.captured:
			return func(f *frame) Value {
				if c, ok := f.vars[slot].(*cell); ok {
					return c.get()
				}
				return nil
			}
		}
		return func(f *frame) Value { return f.vars[slot] }
	}
	if x.class != nil {
		c := x.class
		return func(*frame) Value { return c }
	}
	name, p := x.name, x.pos
	if im := x.imp; im != nil {
		return func(f *frame) Value {
			f.pos = p
			if v, ok := f.lookup(name); ok {
				return v
			}
			return f.th.getProp(im.class, im.member)
		}
	}
	if fi := g.ownField(name); fi != nil {
		i := fi.index
		return func(f *frame) Value {
			if o, ok := f.this.(*Object); ok {
				return o.get(i)
			}
			f.pos = p
			return f.name(name)
		}
	}
	return func(f *frame) Value {
		f.pos = p
		return f.name(name)
	}
}

// ownField is the instance field a bare name means in a method of its class.
func (g *gen) ownField(name string) *fieldInfo {
	if g.fn.closure || g.static || g.sc == nil {
		return nil
	}
	return g.sc.fieldIdx[name]
}

func (g *gen) gstring(x *gstrExpr) code {
	vals := make([]code, len(x.vals))
	for i, v := range x.vals {
		vals[i] = g.expr(v)
	}
	texts := x.texts
	return func(f *frame) Value {
		vs := make([]Value, len(vals))
		for i, c := range vals {
			vs[i] = c(f)
		}
		return &GString{texts: texts, vals: vs, run: f.th.run}
	}
}

func (g *gen) list(x *listExpr) code {
	items, spread := g.items(x.items)
	return func(f *frame) Value {
		f.th.alloc(int64(len(items))*16 + 48)
		return NewList(f.eval(items, spread)...)
	}
}

// items compiles expressions, some of which may be spread.
func (g *gen) items(list []expr) ([]code, []bool) {
	codes := make([]code, len(list))
	var spread []bool
	for i, e := range list {
		codes[i] = g.expr(e)
		if s, ok := e.(*spreadExpr); ok && !s.dbl {
			if spread == nil {
				spread = make([]bool, len(list))
			}
			spread[i] = true
		}
	}
	return codes, spread
}

func (f *frame) eval(codes []code, spread []bool) []Value {
	if spread == nil {
		if len(codes) == 0 {
			return nil
		}
		out := make([]Value, len(codes))
		for i, c := range codes {
			out[i] = c(f)
		}
		return out
	}
	var out []Value
	for i, c := range codes {
		v := c(f)
		if spread[i] {
			items := f.th.items(v)
			f.th.alloc(int64(len(items)) * 16)
			out = append(out, items...)
		} else {
			out = append(out, v)
		}
	}
	return out
}

func (g *gen) mapLit(x *mapExpr) code {
	keys := make([]code, len(x.keys))
	vals := make([]code, len(x.vals))
	for i := range x.vals {
		if x.keys[i] != nil {
			keys[i] = g.expr(x.keys[i])
		}
		vals[i] = g.expr(x.vals[i])
	}
	p := x.pos
	return func(f *frame) Value {
		m := NewMap()
		f.th.alloc(int64(len(vals))*64 + 64)
		for i, v := range vals {
			if keys[i] == nil {
				other := v(f)
				f.pos = p
				o, ok := other.(*Map)
				if !ok {
					if other == nil {
						continue
					}
					f.th.throw(excCast, "only a map can be spread into a map, not %s", f.th.className(other))
				}
				f.th.putAll(m, o)
				continue
			}
			k := keys[i](f)
			if s, ok := k.(*GString); ok {
				k = s.text(f.th)
			}
			m.Put(k, v(f))
		}
		return m
	}
}

func (g *gen) closure(x *closureExpr) code {
	sub := &gen{u: g.u, sc: g.sc, fn: x.fn, static: g.static}
	fn := sub.function()
	caps := x.fn.caps
	type source struct {
		own  bool
		slot int
	}
	srcs := make([]source, len(caps))
	for i, l := range caps {
		if l.fn == g.fn {
			srcs[i] = source{true, l.slot}
		} else {
			srcs[i] = source{false, g.capIndex(l)}
		}
	}
	return func(f *frame) Value {
		c := &Closure{fn: fn, run: f.th.run, this: f.this}
		if f.clo != nil {
			c.owner = f.clo
		} else {
			c.owner = f.this
		}
		c.delegate = c.owner
		f.th.alloc(160)
		if len(srcs) > 0 {
			c.caps = make([]*cell, len(srcs))
			for i, s := range srcs {
				c.caps[i] = f.cellAt(s.own, s.slot)
			}
		}
		return c
	}
}

// cellAt gives a captured variable's cell, making it when its declaration has
// not run yet.
func (f *frame) cellAt(own bool, slot int) *cell {
	if !own {
		return f.caps[slot]
	}
	c, ok := f.vars[slot].(*cell)
	if !ok {
		c = &cell{v: f.vars[slot]}
		f.vars[slot] = c
	}
	return c
}

func (g *gen) prop(x *propExpr) code {
	if x.class != nil {
		c := x.class
		return func(*frame) Value { return c }
	}
	name, p := x.name, x.pos
	if _, ok := x.obj.(*superExpr); ok {
		return func(f *frame) Value {
			f.pos = p
			return f.superProp(g.sc, name)
		}
	}
	obj := g.expr(x.obj)
	if x.dyn != nil {
		dyn := g.expr(x.dyn)
		safe, spread := x.safe, x.spread
		return func(f *frame) Value {
			o := obj(f)
			if o == nil && safe {
				return nil
			}
			n := f.th.str(dyn(f))
			f.pos = p
			if spread {
				return f.th.spreadGet(o, n, false)
			}
			return f.th.getProp(o, n)
		}
	}
	switch {
	case x.spread:
		field := x.field
		return func(f *frame) Value {
			o := obj(f)
			f.pos = p
			return f.th.spreadGet(o, name, field)
		}
	case x.field:
		safe := x.safe
		return func(f *frame) Value {
			o := obj(f)
			if o == nil && safe {
				return nil
			}
			f.pos = p
			return f.th.fieldGet(o, name)
		}
	case x.safe:
		return func(f *frame) Value {
			o := obj(f)
			if o == nil {
				return nil
			}
			f.pos = p
			return f.th.getProp(o, name)
		}
	}
	if _, ok := x.obj.(*thisExpr); ok {
		if fi := g.ownField(name); fi != nil {
			i := fi.index
			return func(f *frame) Value {
				if o, ok := f.this.(*Object); ok {
					return o.get(i)
				}
				f.pos = p
				return f.th.getProp(f.this, name)
			}
		}
	}
	return func(f *frame) Value {
		o := obj(f)
		f.pos = p
		return f.th.getProp(o, name)
	}
}

func (th *thread) spreadGet(v Value, name string, field bool) Value {
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
		if field {
			out = append(out, th.fieldGet(x, name))
			continue
		}
		out = append(out, th.getProp(x, name))
	}
	return NewList(out...)
}

func (th *thread) fieldGet(v Value, name string) Value {
	if o, ok := v.(*Object); ok {
		if fi := o.sc.fieldIdx[name]; fi != nil {
			return o.get(fi.index)
		}
	}
	if _, ok := v.(dynamic); ok {
		name = "@" + name
	}
	return th.getProp(v, name)
}

func (g *gen) index(x *indexExpr) code {
	obj, p, safe := g.expr(x.obj), x.pos, x.safe
	args, spread := g.items(x.args)
	if len(args) == 1 && spread == nil {
		key := args[0]
		return func(f *frame) Value {
			o := obj(f)
			if o == nil && safe {
				return nil
			}
			k := key(f)
			if l, ok := o.(*List); ok {
				if i, ok := k.(int32); ok && i >= 0 && l.kind != listArray {
					return l.At(int(i))
				}
			}
			f.pos = p
			return f.th.getIndex(o, []Value{k})
		}
	}
	return func(f *frame) Value {
		o := obj(f)
		if o == nil && safe {
			return nil
		}
		ks := f.eval(args, spread)
		f.pos = p
		return f.th.getIndex(o, ks)
	}
}

func (g *gen) unary(x *unaryExpr) code {
	if x.op == "!" {
		c := g.cond(x.x)
		return func(f *frame) Value { return !c(f) }
	}
	e, p, op := g.expr(x.x), x.pos, x.op
	return func(f *frame) Value {
		v := e(f)
		f.pos = p
		return f.th.unary(op, v)
	}
}

func (g *gen) ternary(x *ternaryExpr) code {
	no := g.expr(x.no)
	if x.elvis {
		e, p := g.expr(x.cond), x.pos
		return func(f *frame) Value {
			v := e(f)
			f.pos = p
			if f.th.truth(v) {
				return v
			}
			return no(f)
		}
	}
	cond, yes := g.cond(x.cond), g.expr(x.yes)
	return func(f *frame) Value {
		if cond(f) {
			return yes(f)
		}
		return no(f)
	}
}

func (g *gen) cast(x *castExpr) code {
	t := x.typ
	if x.x == nil { // a class literal such as int or String[]
		var v Value = t.class
		if t.dims > 0 {
			v = &Class{Name: arrayName(t.elemName()), Super: g.u.c.eng.object}
			if t.name == "byte" && t.dims == 1 {
				v = g.u.c.eng.byName["[B"]
			}
		}
		return func(*frame) Value { return v }
	}
	e, p := g.expr(x.x), x.pos
	if x.as {
		return func(f *frame) Value {
			v := e(f)
			f.pos = p
			return f.th.as(v, t)
		}
	}
	return func(f *frame) Value {
		v := e(f)
		f.pos = p
		if s, ok := v.(string); ok && level1(t.coerc) && jlen(s) == 1 {
			return f.th.toType(jat(s, 0), t.coerc)
		}
		return f.th.assign(v, t)
	}
}

func level1(c coercion) bool { return c >= coInt && c <= coByte }

func (g *gen) instance(x *instanceExpr) code {
	e, t, neg := g.expr(x.x), x.typ, x.neg
	return func(f *frame) Value { return f.th.isType(e(f), t) != neg }
}

func (th *thread) isType(v Value, t *typeRef) bool {
	if v == nil {
		return false
	}
	if t.dims > 0 {
		switch x := v.(type) {
		case []byte:
			return t.name == "byte" && t.dims == 1
		case *List:
			return x.kind == listArray && (t.elemName() == x.elem || t.elemName() == "java.lang.Object")
		}
		return false
	}
	return t.class == nil || th.isInstance(v, t.class)
}

func (g *gen) binary(x *binaryExpr) code {
	op, p := x.op, x.pos
	switch op {
	case "&&":
		a, b := g.cond(x.x), g.cond(x.y)
		return func(f *frame) Value { return a(f) && b(f) }
	case "||":
		a, b := g.cond(x.x), g.cond(x.y)
		return func(f *frame) Value { return a(f) || b(f) }
	}
	if c := g.compareCond(x); c != nil {
		return func(f *frame) Value { return c(f) }
	}
	a, b := g.expr(x.x), g.expr(x.y)
	switch op {
	case "+":
		return func(f *frame) Value {
			u, v := a(f), b(f)
			if i, ok := u.(int32); ok {
				if j, ok := v.(int32); ok {
					return i + j
				}
			}
			f.pos = p
			return f.th.plus(u, v)
		}
	case "-":
		return func(f *frame) Value {
			u, v := a(f), b(f)
			if i, ok := u.(int32); ok {
				if j, ok := v.(int32); ok {
					return i - j
				}
			}
			f.pos = p
			return f.th.minus(u, v)
		}
	case "<=>":
		return func(f *frame) Value {
			u, v := a(f), b(f)
			f.pos = p
			return int32(cmpInt(int64(f.th.compare(u, v)), 0))
		}
	case "=~":
		return func(f *frame) Value {
			u, v := a(f), b(f)
			f.pos = p
			return f.th.newMatcher(u, v)
		}
	}
	return func(f *frame) Value {
		u, v := a(f), b(f)
		f.pos = p
		return f.th.binop(op, u, v)
	}
}

// compareCond compiles the operators whose result is a boolean.
func (g *gen) compareCond(x *binaryExpr) func(f *frame) bool {
	p := x.pos
	switch x.op {
	case "&&":
		a, b := g.cond(x.x), g.cond(x.y)
		return func(f *frame) bool { return a(f) && b(f) }
	case "||":
		a, b := g.cond(x.x), g.cond(x.y)
		return func(f *frame) bool { return a(f) || b(f) }
	case "==", "!=", "===", "!==", "<", "<=", ">", ">=", "in", "!in", "==~":
	default:
		return nil
	}
	a, b := g.expr(x.x), g.expr(x.y)
	neg := x.op[0] == '!'
	switch x.op {
	case "==", "!=":
		return func(f *frame) bool {
			u, v := a(f), b(f)
			f.pos = p
			return f.th.equal(u, v) != neg
		}
	case "===", "!==":
		return func(f *frame) bool { return identical(a(f), b(f)) != neg }
	case "in", "!in":
		return func(f *frame) bool {
			u, v := a(f), b(f)
			f.pos = p
			if v == nil {
				return (u == nil) != neg
			}
			return f.th.isCase(v, u) != neg
		}
	case "==~":
		return func(f *frame) bool {
			u, v := a(f), b(f)
			f.pos = p
			if u == nil {
				return false
			}
			return f.th.matchAll(f.th.asPattern(v), f.th.str(u))
		}
	}
	return ordering(x.op, a, b, p)
}

func ordering(op string, a, b code, p pos) func(f *frame) bool {
	less, eq := op[0] == '<', len(op) == 2
	return func(f *frame) bool {
		u, v := a(f), b(f)
		if i, ok := u.(int32); ok {
			if j, ok := v.(int32); ok {
				return i == j && eq || i < j && less || i > j && !less
			}
		}
		f.pos = p
		if isNaN(u) || isNaN(v) {
			return false
		}
		n := f.th.compare(u, v)
		return n == 0 && eq || n < 0 && less || n > 0 && !less
	}
}

// identical is ===; equal small values are one object in Groovy too.
func identical(a, b Value) bool {
	switch x := a.(type) {
	case []byte:
		y, ok := b.([]byte)
		return ok && len(x) == len(y) && (len(x) == 0 || &x[0] == &y[0])
	case *big.Int:
		return b == Value(x)
	}
	defer func() { _ = recover() }() // hosts of incomparable Go types are never identical
	return a == b
}
