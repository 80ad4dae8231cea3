package groovy

// scope is a block's variables; a function's outermost scope holds its parameters.
type scope struct {
	up   *scope
	fn   *funcNode
	cls  *classNode // set on the scope around a class body
	vars map[string]*local
}

// resolver gives variables their slots, finds which are captured, and finds
// the classes names stand for.
type resolver struct {
	c     *compiler
	u     *unit
	sc    *scope
	class *classNode
	fn    *funcNode
	errs  []*Error
}

func (r *resolver) errorf(p pos, format string, args ...any) {
	if len(r.errs) < 20 {
		r.errs = append(r.errs, r.u.src.errorf(p, format, args...))
	}
}

func (r *resolver) push() { r.sc = &scope{up: r.sc, fn: r.fn} }
func (r *resolver) pop()  { r.sc = r.sc.up }

func (r *resolver) declare(name string, p pos, typ *typeRef) *local {
	for s := r.sc; s != nil && s.cls == nil; s = s.up {
		if old := s.vars[name]; old != nil && name != "" && name != "it" && name != "_" {
			r.errorf(p, "the variable %s is already declared in line %d", name, old.p.line())
			break
		}
	}
	l := &local{name: name, slot: r.fn.slots, fn: r.fn, typ: typ, p: p}
	r.fn.slots++
	if r.sc.vars == nil {
		r.sc.vars = map[string]*local{}
	}
	r.sc.vars[name] = l
	return l
}

// find looks a variable up and records captures on the way out.
func (r *resolver) find(name string) *local {
	var l *local
	for s := r.sc; s != nil; s = s.up {
		if l = s.vars[name]; l != nil {
			break
		}
		if s.cls != nil && s.cls.enclosing == nil {
			return nil // named classes see no locals
		}
	}
	if l == nil || l.fn == r.fn {
		return l
	}
	l.captured = true
	seen := map[*funcNode]bool{}
	for s := r.sc; s != nil && s.fn != l.fn; s = s.up {
		if s.cls != nil {
			s.cls.capture(l)
			continue
		}
		if s.fn != nil && !seen[s.fn] {
			seen[s.fn] = true
			s.fn.capture(l)
		}
	}
	return l
}

func (f *funcNode) capture(l *local) {
	if f.capIdx == nil {
		f.capIdx = map[*local]int{}
	}
	if _, ok := f.capIdx[l]; !ok {
		f.capIdx[l] = len(f.caps)
		f.caps = append(f.caps, l)
	}
}

func (c *classNode) capture(l *local) {
	for _, x := range c.caps {
		if x == l {
			return
		}
	}
	c.caps = append(c.caps, l)
}

// function resolves parameters and body.
func (r *resolver) function(f *funcNode) {
	outer := r.fn
	f.outer = outer
	f.class = r.class
	r.fn = f
	r.push()
	if f.implicit {
		f.itLocal = r.declare("it", f.pos, nil)
	}
	for _, q := range f.params {
		r.typ(q.typ)
		if q.def != nil {
			r.expr(q.def)
		}
		q.local = r.declare(q.name, q.pos, q.typ)
		q.local.final = q.final
		if q.name == "_" {
			r.sc.vars["_"] = nil
			delete(r.sc.vars, "_")
		}
	}
	r.typ(f.ret)
	if f.body != nil {
		for _, s := range f.body.list {
			r.stmt(s)
		}
	}
	r.pop()
	r.fn = outer
}

// classBody resolves a class. Named classes see no variables around them;
// anonymous ones capture those of the function they stand in.
func (r *resolver) classBody(c *classNode) {
	outer, fn, sc := r.class, r.fn, r.sc
	r.class = c
	r.sc = &scope{up: r.sc, cls: c}
	r.typ(c.super)
	for _, t := range c.ifaces {
		r.typ(t)
	}
	for _, f := range c.fields {
		r.typ(f.typ)
		if f.init != nil {
			f.thunk = &funcNode{pos: f.pos, name: f.name, static: f.static, file: r.u.src,
				body: &blockStmt{pos: f.pos, list: []stmt{&returnStmt{f.init.at(), f.init}}}}
			r.function(f.thunk)
		}
	}
	for _, list := range [][]*funcNode{c.ctors, c.methods, c.inits, c.statics} {
		for _, f := range list {
			r.function(f)
		}
	}
	for _, k := range c.consts {
		k.thunk = &funcNode{pos: k.pos, name: k.name, static: true, file: r.u.src,
			body: &blockStmt{list: []stmt{&returnStmt{k.pos, &listExpr{pos: k.pos, items: argValues(k.args)}}}}}
		r.function(k.thunk)
		if k.body != nil {
			r.classBody(k.body)
		}
	}
	for _, in := range c.inner {
		r.classBody(in)
	}
	r.class, r.fn, r.sc = outer, fn, sc
}

func argValues(args []argument) []expr {
	var out []expr
	m := &mapExpr{}
	for _, a := range args {
		if a.name != nil {
			m.keys, m.vals = append(m.keys, a.name), append(m.vals, a.value)
			m.pos = a.name.at()
			continue
		}
		out = append(out, a.value)
	}
	if m.keys != nil {
		out = append([]expr{m}, out...)
	}
	return out
}

func (r *resolver) block(list []stmt) {
	r.push()
	for _, s := range list {
		r.stmt(s)
	}
	r.pop()
}

func (r *resolver) scoped(s stmt) {
	if s == nil {
		return
	}
	if b, ok := s.(*blockStmt); ok {
		r.block(b.list)
		return
	}
	r.push()
	r.stmt(s)
	r.pop()
}

func (r *resolver) varDecl(v *varDecl) {
	r.typ(v.typ)
	if v.field {
		if v.init != nil {
			r.expr(v.init)
		}
		return
	}
	_, isClosure := v.init.(*closureExpr)
	if !isClosure && v.init != nil {
		r.expr(v.init)
	}
	v.local = r.declare(v.name, v.pos, v.typ)
	v.local.final = v.final && v.init != nil
	if isClosure { // lets a closure call itself by the variable's name
		r.expr(v.init)
	}
}

func (r *resolver) stmt(s stmt) {
	switch x := s.(type) {
	case nil:
	case *exprStmt:
		r.expr(x.x)
	case *declStmt:
		if x.multi != nil {
			r.expr(x.multi)
		}
		for _, v := range x.vars {
			r.varDecl(v)
			if x.multi != nil && v.local != nil {
				v.local.final = v.final
			}
		}
	case *blockStmt:
		r.block(x.list)
	case *ifStmt:
		r.expr(x.cond)
		r.scoped(x.then)
		r.scoped(x.els)
	case *whileStmt:
		r.expr(x.cond)
		r.scoped(x.body)
	case *forInStmt:
		r.expr(x.in)
		r.push()
		r.typ(x.v.typ)
		x.v.local = r.declare(x.v.name, x.v.pos, x.v.typ)
		r.scoped(x.body)
		r.pop()
	case *forStmt:
		r.push()
		for _, i := range x.init {
			r.stmt(i)
		}
		if x.cond != nil {
			r.expr(x.cond)
		}
		for _, e := range x.step {
			r.expr(e)
		}
		r.scoped(x.body)
		r.pop()
	case *switchStmt:
		r.switchStmt(x)
	case *tryStmt:
		r.tryStmt(x)
	case *throwStmt:
		r.expr(x.x)
	case *returnStmt:
		if x.x != nil {
			r.expr(x.x)
		}
	case *yieldStmt:
		r.expr(x.x)
	case *assertStmt:
		r.expr(x.x)
		if x.msg != nil {
			r.expr(x.msg)
		}
	}
}

func (r *resolver) switchStmt(x *switchStmt) {
	r.expr(x.x)
	r.push()
	for _, c := range x.cases {
		for _, m := range c.match {
			r.expr(m)
		}
		r.push()
		for _, s := range c.body {
			r.stmt(s)
		}
		r.pop()
	}
	r.pop()
}

func (r *resolver) tryStmt(x *tryStmt) {
	r.push()
	for _, v := range x.res {
		r.varDecl(v)
	}
	r.block(x.body.list)
	r.pop()
	for _, c := range x.catches {
		r.push()
		for _, t := range c.types {
			r.typ(t)
		}
		c.v.local = r.declare(c.v.name, c.v.pos, nil)
		r.block(c.body.list)
		r.pop()
	}
	if x.finally != nil {
		r.block(x.finally.list)
	}
}

func (r *resolver) args(args []argument) {
	for _, a := range args {
		if a.name != nil {
			r.expr(a.name)
		}
		r.expr(a.value)
	}
}

func (r *resolver) exprs(list []expr) {
	for _, x := range list {
		r.expr(x)
	}
}

func (r *resolver) expr(e expr) {
	switch x := e.(type) {
	case nil, *litExpr, *thisExpr, *superExpr:
	case *gstrExpr:
		r.exprs(x.vals)
	case *varExpr:
		r.variable(x)
	case *listExpr:
		r.exprs(x.items)
	case *mapExpr:
		for i := range x.vals {
			if x.keys[i] != nil {
				r.expr(x.keys[i])
			}
			r.expr(x.vals[i])
		}
	case *rangeExpr:
		r.expr(x.from)
		r.expr(x.to)
	case *closureExpr:
		r.function(x.fn)
	case *propExpr:
		r.property(x)
	case *indexExpr:
		r.expr(x.obj)
		r.exprs(x.args)
	case *callExpr:
		r.call(x)
	case *methodPtrExpr:
		if c := r.qualified(x.obj); c != nil {
			x.class = c
		} else {
			r.expr(x.obj)
		}
		if x.dyn != nil {
			r.expr(x.dyn)
		}
	case *newExpr:
		r.newExpr(x)
	case *unaryExpr:
		r.expr(x.x)
	case *incExpr:
		r.expr(x.x)
		r.changes(x.x)
	case *binaryExpr:
		r.expr(x.x)
		r.expr(x.y)
	case *assignExpr:
		r.exprs(x.list)
		for _, e := range x.list {
			r.changes(e)
		}
		if x.lhs != nil {
			r.expr(x.lhs)
			r.changes(x.lhs)
		}
		r.expr(x.rhs)
	case *ternaryExpr:
		r.expr(x.cond)
		if x.yes != nil {
			r.expr(x.yes)
		}
		r.expr(x.no)
	case *castExpr:
		r.typ(x.typ)
		if x.x != nil {
			r.expr(x.x)
		}
	case *instanceExpr:
		r.expr(x.x)
		r.typ(x.typ)
	case *spreadExpr:
		r.expr(x.x)
	case *switchExpr:
		r.switchStmt(x.sw)
	}
}

// changes refuses an assignment to a variable that is final.
func (r *resolver) changes(e expr) {
	if v, ok := e.(*varExpr); ok && v.local != nil && v.local.final {
		r.errorf(v.pos, "the variable %s is final (line %d) and cannot be assigned to again", v.name, v.local.p.line())
	}
}

func (r *resolver) variable(x *varExpr) {
	if x.local = r.find(x.name); x.local != nil {
		return
	}
	if r.member(x.name) {
		return
	}
	if x.class = r.u.classFor(x.name, r.class); x.class == nil {
		x.imp = r.u.staticFor(x.name)
	}
}

// member tells whether a bare name is a field of a class around it.
func (r *resolver) member(name string) bool {
	for c := r.class; c != nil; c = c.outer {
		for _, f := range c.fields {
			if f.name == name {
				return true
			}
		}
		for _, k := range c.consts {
			if k.name == name {
				return true
			}
		}
	}
	return false
}

// property resolves a.b.C to a class where that is what it means.
func (r *resolver) property(x *propExpr) {
	if x.name != "" && !x.safe && !x.spread && !x.field {
		if c := r.qualified(x); c != nil {
			x.class = c
			return
		}
	}
	r.expr(x.obj)
	if x.dyn != nil {
		r.expr(x.dyn)
	}
}

// qualified gives the class an expression names, nil when it names none.
func (r *resolver) qualified(e expr) *Class {
	switch x := e.(type) {
	case *varExpr:
		if r.find(x.name) != nil || r.member(x.name) {
			return nil
		}
		return r.u.classFor(x.name, r.class)
	case *propExpr:
		name := dotted(x)
		if name == "" {
			return nil
		}
		if root := rootVar(x); r.find(root) != nil || r.member(root) {
			return nil
		}
		if c := r.u.dottedClass(name, r.class); c != nil {
			return c
		}
	}
	return nil
}

func dotted(e expr) string {
	switch x := e.(type) {
	case *varExpr:
		return x.name
	case *propExpr:
		if x.safe || x.spread || x.field || x.dyn != nil {
			return ""
		}
		if p := dotted(x.obj); p != "" {
			return p + "." + x.name
		}
	}
	return ""
}

func rootVar(e expr) string {
	for {
		switch x := e.(type) {
		case *varExpr:
			return x.name
		case *propExpr:
			e = x.obj
		default:
			return ""
		}
	}
}

func (r *resolver) call(x *callExpr) {
	switch {
	case x.recv != nil:
		r.expr(x.recv)
	case x.fn != nil:
		r.expr(x.fn)
	case x.name != "this" && x.name != "super":
		x.local = r.find(x.name)
		if x.local == nil && !r.ownMethod(x.name) {
			x.imp = r.u.staticFor(x.name)
		}
	}
	if x.dyn != nil {
		r.expr(x.dyn)
	}
	r.args(x.args)
}

// ownMethod tells whether the script or a class around the call has the method.
func (r *resolver) ownMethod(name string) bool {
	for c := r.class; c != nil; c = c.outer {
		for _, m := range c.methods {
			if m.name == name {
				return true
			}
		}
	}
	for _, m := range r.u.prog.methods {
		if m.name == name && r.class == r.u.prog.main {
			return true
		}
	}
	return false
}

func (r *resolver) newExpr(x *newExpr) {
	r.typ(x.typ)
	r.args(x.args)
	r.exprs(x.dims)
	if x.items != nil {
		r.expr(x.items)
	}
	if x.body != nil {
		r.u.declareAnonymous(x.body, x.typ, r.class)
		r.anonymousBody(x.body)
	}
}

func (r *resolver) anonymousBody(c *classNode) {
	c.enclosing = r.fn
	r.classBody(c)
}

// typ finds the class of a type; type parameters (short upper-case names that
// name no class) count as Object.
func (r *resolver) typ(t *typeRef) {
	if t == nil || t.name == "" || t.class != nil {
		return
	}
	r.u.resolveType(t, r.class, r)
}
