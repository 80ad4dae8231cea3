package groovy

// gen compiles one function.
type gen struct {
	u      *unit
	sc     *scriptClass
	fn     *funcNode
	static bool
	record bool // inside an assert: note the values of parts
}

// compileFn turns a resolved function into code.
func (u *unit) compileFn(sc *scriptClass, fn *funcNode) *compiled {
	g := &gen{u: u, sc: sc, fn: fn, static: fn.static}
	return g.function()
}

func (g *gen) function() *compiled {
	fn := g.fn
	c := &compiled{name: fn.name, src: fn.file, pos: fn.pos, implicit: fn.implicit, slots: fn.slots, static: fn.static, closure: fn.closure}
	c.label = fn.name
	if g.sc != nil && !g.sc.script {
		c.label = g.sc.class.Name + "." + fn.name
	}
	if fn.closure {
		c.label = "closure"
		if fn.outer != nil && !fn.outer.closure {
			c.label = fn.outer.name + ".closure"
		}
	}
	if fn.itLocal != nil {
		c.itSlot, c.itCell = fn.itLocal.slot, fn.itLocal.captured
	}
	for i, q := range fn.params {
		p := cparam{name: q.name, slot: q.local.slot, captured: q.local.captured}
		if q.typ != nil && !q.typ.untyped() {
			p.typ = q.typ
		}
		if i == len(fn.params)-1 && (q.varargs || q.typ != nil && q.typ.dims > 0 && !(q.typ.name == "byte" && q.typ.dims == 1)) {
			c.varargs = true
			if q.varargs {
				t := *q.typ
				t.dims++
				t.settle(t.name)
				p.typ = &t
			}
		}
		if q.def != nil {
			p.def = g.expr(q.def)
		} else {
			c.required++
		}
		c.params = append(c.params, p)
	}
	if c.varargs && c.required > 0 {
		c.required--
	}
	if fn.ret != nil && !fn.ret.untyped() {
		c.ret = fn.ret
	}
	if fn.body != nil {
		list := fn.body.list
		if !fn.ctor && !(fn.ret != nil && fn.ret.name == "void") {
			list = tail(list)
		}
		c.body = g.block(list)
		c.chains = fn.ctor && chains(list)
	}
	return c
}

func chains(list []stmt) bool {
	if len(list) == 0 {
		return false
	}
	s, ok := list[0].(*exprStmt)
	if !ok {
		return false
	}
	c, ok := s.x.(*callExpr)
	return ok && c.recv == nil && c.fn == nil && (c.name == "super" || c.name == "this")
}

// tail makes the last statement's value the function's result.
func tail(list []stmt) []stmt {
	if len(list) == 0 {
		return list
	}
	out := append([]stmt(nil), list...)
	last := len(out) - 1
	out[last] = tailStmt(out[last])
	return out
}

func tailStmt(s stmt) stmt {
	switch x := s.(type) {
	case *exprStmt:
		return &returnStmt{x.pos, x.x}
	case *blockStmt:
		return &blockStmt{x.pos, tail(x.list)}
	case *ifStmt:
		c := *x
		c.then = tailStmt(x.then)
		if x.els != nil {
			c.els = tailStmt(x.els)
		}
		return &c
	case *tryStmt:
		c := *x
		c.body = &blockStmt{x.body.pos, tail(x.body.list)}
		c.catches = nil
		for _, k := range x.catches {
			kc := *k
			kc.body = &blockStmt{k.body.pos, tail(k.body.list)}
			c.catches = append(c.catches, &kc)
		}
		return &c
	case *switchStmt:
		c := *x
		c.cases = nil
		for i, k := range x.cases {
			kc := *k
			kc.body = tailCase(k.body, i == len(x.cases)-1 || k.arrow)
			c.cases = append(c.cases, &kc)
		}
		return &c
	case *declStmt:
		if len(x.vars) == 1 && x.multi == nil && x.vars[0].local != nil {
			v := x.vars[0]
			return &blockStmt{x.pos, []stmt{x, &returnStmt{x.pos, &varExpr{pos: x.pos, name: v.name, local: v.local}}}}
		}
	}
	return s
}

// tailCase returns the value before a break, or of the last case.
func tailCase(list []stmt, last bool) []stmt {
	n := len(list)
	if n == 0 {
		return list
	}
	if b, ok := list[n-1].(*breakStmt); ok && b.label == "" {
		return append(tail(list[:n-1]), b)
	}
	if last {
		return tail(list)
	}
	return list
}

func (g *gen) block(list []stmt) exec {
	execs := make([]exec, 0, len(list))
	for _, s := range list {
		if e := g.stmt(s); e != nil {
			execs = append(execs, e)
		}
	}
	switch len(execs) {
	case 0:
		return func(*frame) ctl { return ctlNext }
	case 1:
		return execs[0]
	case 2:
		a, b := execs[0], execs[1]
		return func(f *frame) ctl {
			if c := a(f); c != ctlNext {
				return c
			}
			return b(f)
		}
	}
	return func(f *frame) ctl {
		for _, e := range execs {
			if c := e(f); c != ctlNext {
				return c
			}
		}
		return ctlNext
	}
}

func (g *gen) stmt(s stmt) exec {
	switch x := s.(type) {
	case *exprStmt:
		e := g.expr(x.x)
		return func(f *frame) ctl { e(f); return ctlNext }
	case *declStmt:
		return g.decl(x)
	case *blockStmt:
		return g.block(x.list)
	case *ifStmt:
		return g.ifStmt(x)
	case *whileStmt:
		return g.whileStmt(x)
	case *forInStmt:
		return g.forIn(x)
	case *forStmt:
		return g.forC(x)
	case *switchStmt:
		return g.switchStmt(x)
	case *tryStmt:
		return g.tryStmt(x)
	case *throwStmt:
		e, p := g.expr(x.x), x.pos
		return func(f *frame) ctl {
			v := e(f)
			f.pos = p
			if v == nil {
				f.th.throw(excNull, "Cannot throw exception null")
			}
			t := f.th.asThrown(v)
			panic(t)
		}
	case *returnStmt:
		if x.x == nil {
			return func(f *frame) ctl { f.ret = nil; return ctlReturn }
		}
		e := g.expr(x.x)
		return func(f *frame) ctl { f.ret = e(f); return ctlReturn }
	case *yieldStmt:
		e := g.expr(x.x)
		return func(f *frame) ctl { f.ret = e(f); return ctlYield }
	case *breakStmt:
		l := x.label
		return func(f *frame) ctl { f.label = l; return ctlBreak }
	case *continueStmt:
		l := x.label
		return func(f *frame) ctl { f.label = l; return ctlContinue }
	case *assertStmt:
		return g.assert(x)
	}
	return nil
}

func (g *gen) decl(d *declStmt) exec {
	if d.multi != nil {
		e, p := g.expr(d.multi), d.pos
		vars := d.vars
		return func(f *frame) ctl {
			v := e(f)
			f.pos = p
			for i, d := range vars {
				x := f.th.component(v, i)
				if !d.typ.untyped() {
					x = f.th.assign(x, d.typ)
				}
				f.declare(d.local, x)
			}
			return ctlNext
		}
	}
	var list []exec
	for _, v := range d.vars {
		list = append(list, g.varDecl(v))
	}
	if len(list) == 1 {
		return list[0]
	}
	return func(f *frame) ctl {
		for _, e := range list {
			e(f)
		}
		return ctlNext
	}
}

// component gives element i of what a multiple assignment takes apart.
func (th *thread) component(v Value, i int) Value {
	switch x := v.(type) {
	case *List:
		return x.At(i)
	case nil:
		th.throw(excNull, "Cannot invoke method getAt() on null object")
	case *Map, *Closure:
		return th.getIndex(v, []Value{int32(i)})
	case *Object:
		return th.callMethod(v, "getAt", []Value{int32(i)})
	}
	if items := th.items(v); i < len(items) {
		return items[i]
	}
	return nil
}

func (f *frame) declare(l *local, v Value) {
	if l.captured {
		f.vars[l.slot] = &cell{v: v}
	} else {
		f.vars[l.slot] = v
	}
}

func zeroOf(t *typeRef) Value {
	if t == nil || t.dims > 0 || !primitives[t.name] {
		return nil
	}
	switch t.coerc {
	case coInt:
		return int32(0)
	case coLong:
		return int64(0)
	case coBool:
		return false
	case coDouble:
		return float64(0)
	case coFloat:
		return float32(0)
	case coShort:
		return int16(0)
	case coByte:
		return int8(0)
	case coChar:
		return Char(0)
	}
	return nil
}

func (g *gen) varDecl(v *varDecl) exec {
	l := v.local
	if l == nil {
		return func(*frame) ctl { return ctlNext }
	}
	if v.init == nil {
		zero := zeroOf(v.typ)
		return func(f *frame) ctl { f.declare(l, zero); return ctlNext }
	}
	_, self := v.init.(*closureExpr)
	e := g.expr(v.init)
	typ, p := v.typ, v.pos
	if typ.untyped() || typ.coerc == coObject || typ.coerc == coNone {
		typ = nil
	}
	slot := l.slot
	if !l.captured {
		if typ == nil {
			return func(f *frame) ctl { f.vars[slot] = e(f); return ctlNext }
		}
		return func(f *frame) ctl {
			x := e(f)
			f.pos = p
			f.vars[slot] = f.th.assign(x, typ)
			return ctlNext
		}
	}
	return func(f *frame) ctl {
		if self { // the cell must exist before the closure captures it
			c := &cell{}
			f.vars[slot] = c
			x := e(f)
			if typ != nil {
				f.pos = p
				x = f.th.assign(x, typ)
			}
			c.set(x)
			return ctlNext
		}
		x := e(f)
		if typ != nil {
			f.pos = p
			x = f.th.assign(x, typ)
		}
		f.vars[slot] = &cell{v: x}
		return ctlNext
	}
}

func (g *gen) cond(e expr) func(f *frame) bool {
	if b, ok := e.(*binaryExpr); ok && !g.record {
		if c := g.compareCond(b); c != nil {
			return c
		}
	}
	if u, ok := e.(*unaryExpr); ok && u.op == "!" && !g.record {
		c := g.cond(u.x)
		return func(f *frame) bool { return !c(f) }
	}
	x := g.expr(e)
	p := e.at()
	return func(f *frame) bool {
		v := x(f)
		if b, ok := v.(bool); ok {
			return b
		}
		f.pos = p
		return f.th.truth(v)
	}
}

func (g *gen) ifStmt(x *ifStmt) exec {
	cond := g.cond(x.cond)
	then := g.orEmpty(x.then)
	if x.els == nil {
		return func(f *frame) ctl {
			if cond(f) {
				return then(f)
			}
			return ctlNext
		}
	}
	els := g.orEmpty(x.els)
	return func(f *frame) ctl {
		if cond(f) {
			return then(f)
		}
		return els(f)
	}
}

func (g *gen) orEmpty(s stmt) exec {
	if s != nil {
		if e := g.stmt(s); e != nil {
			return e
		}
	}
	return func(*frame) ctl { return ctlNext }
}

// after tells a loop what its body's end means: stop, and with which result.
func (f *frame) after(c ctl, label string) (stop bool, out ctl) {
	switch c {
	case ctlBreak:
		if f.label == "" || f.label == label {
			f.label = ""
			return true, ctlNext
		}
		return true, c
	case ctlContinue:
		if f.label == "" || f.label == label {
			f.label = ""
			return false, ctlNext
		}
		return true, c
	}
	return true, c
}

func (g *gen) whileStmt(x *whileStmt) exec {
	cond, body, label, do := g.cond(x.cond), g.orEmpty(x.body), x.label, x.do
	return func(f *frame) ctl {
		for do || cond(f) {
			f.th.step()
			if c := body(f); c != ctlNext {
				if stop, out := f.after(c, label); stop {
					return out
				}
			}
			if do && !cond(f) {
				break
			}
		}
		return ctlNext
	}
}

func (g *gen) forC(x *forStmt) exec {
	init := g.block(x.init)
	cond := func(*frame) bool { return true }
	if x.cond != nil {
		cond = g.cond(x.cond)
	}
	var steps []code
	for _, s := range x.step {
		steps = append(steps, g.expr(s))
	}
	body, label := g.orEmpty(x.body), x.label
	// each round has its own copy of captured loop variables
	var fresh []int
	for _, s := range x.init {
		if d, ok := s.(*declStmt); ok {
			for _, v := range d.vars {
				if v.local != nil && v.local.captured {
					fresh = append(fresh, v.local.slot)
				}
			}
		}
	}
	return func(f *frame) ctl {
		init(f)
		for cond(f) {
			f.th.step()
			if c := body(f); c != ctlNext {
				if stop, out := f.after(c, label); stop {
					return out
				}
			}
			for _, s := range fresh {
				if c, ok := f.vars[s].(*cell); ok {
					f.vars[s] = &cell{v: c.get()}
				}
			}
			for _, s := range steps {
				s(f)
			}
		}
		return ctlNext
	}
}

func (g *gen) forIn(x *forInStmt) exec {
	in, body, label, l, p := g.expr(x.in), g.orEmpty(x.body), x.label, x.v.local, x.in.at()
	typ := x.v.typ
	if typ.untyped() {
		typ = nil
	}
	return func(f *frame) ctl {
		th := f.th
		v := in(f)
		f.pos = p
		round := func(v Value) (bool, ctl) {
			th.step()
			if typ != nil {
				v = th.assign(v, typ)
			}
			f.declare(l, v)
			if c := body(f); c != ctlNext {
				return f.after(c, label)
			}
			return false, ctlNext
		}
		if r, ok := v.(*Range); ok && r.isInt {
			for i, n := int64(0), r.size(th); i < n; i++ {
				if stop, out := round(r.at(i)); stop {
					return out
				}
			}
			return ctlNext
		}
		for _, v := range th.items(v) {
			if stop, out := round(v); stop {
				return out
			}
		}
		return ctlNext
	}
}
