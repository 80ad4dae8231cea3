package groovy

import (
	"strings"
)

// method is a method of a script class.
type method struct {
	name     string
	fn       *compiled // nil: abstract
	static   bool
	abstract bool
	class    *scriptClass
}

// fieldInfo is a field or property.
type fieldInfo struct {
	name  string
	index int
	typ   *typeRef
	final bool
	prop  bool
	init  *compiled
	from  *fieldInfo // of a trait's field copied into a class
	class *scriptClass
}

// scriptClass is a class defined in a script, or the script itself.
type scriptClass struct {
	eng       *Engine
	node      *classNode
	unit      *unit
	class     *Class
	meta      *meta
	super     *scriptClass
	ifaces    []*scriptClass
	outer     *scriptClass
	fields    []*fieldInfo // inherited ones first
	fieldIdx  map[string]*fieldInfo
	statics   []*fieldInfo
	staticIdx map[string]*fieldInfo
	methods   map[string][]*method // its own
	all       map[string][]*method // with inherited ones, its own first
	ctors     []*method
	inits     []*compiled
	clinit    []*compiled
	linked    bool
	script    bool
	body      *compiled    // of the script
	mainClass *scriptClass // of a file which only defines classes
	// effects of annotations
	structural, toStr, tuple, immutable bool
	enum, rec                           bool
	consts                              []*enumConst
	constArgs                           []*compiled
}

func (sc *scriptClass) inherits(o *scriptClass) bool {
	for k := sc; k != nil; k = k.super {
		if k == o {
			return true
		}
		for _, i := range k.ifaces {
			if i.inherits(o) {
				return true
			}
		}
	}
	return false
}

// link builds what only depends on declarations: hierarchy, fields, meta.
func (sc *scriptClass) link() {
	if sc.linked {
		return
	}
	sc.linked = true
	n, u := sc.node, sc.unit
	fail := func(p pos, format string, args ...any) { u.errs = append(u.errs, u.src.errorf(p, format, args...)) }
	if why := sc.endless(); why != "" {
		fail(n.pos, "class %s %s", n.name, why)
		sc.meta = sc.eng.derive(sc.class, 0)
		sc.layout()
		return
	}
	if n.super != nil && n.super.class != nil {
		s := n.super.class
		if s.Interface {
			fail(n.super.pos, "class %s cannot extend the interface %s", n.name, s.Name)
		}
		sc.class.Super = s
		if s.script != nil {
			s.script.link()
			sc.super = s.script
		}
	}
	for _, t := range n.ifaces {
		if t.class == nil {
			continue
		}
		sc.class.Interfaces = append(sc.class.Interfaces, t.class)
		if k := t.class.script; k != nil {
			k.link()
			sc.ifaces = append(sc.ifaces, k)
		}
	}
	sc.enum = n.kind == "enum" || sc.super != nil && sc.super.enum
	sc.rec = n.kind == "record"
	if n.kind == "enum" {
		sc.class.Extends = "java.lang.Enum"
	}
	sc.annotate()
	sc.meta = sc.eng.derive(sc.class, 0)
	sc.layout()
}

// maxAncestors bounds the classes above one; hierarchies are walked by recursion.
const maxAncestors = 200

// endless says what is wrong with the classes above sc: a ring, or too many.
func (sc *scriptClass) endless() string {
	seen := map[*scriptClass]bool{}
	for next := sc.parents(); len(next) > 0; {
		k := next[0]
		next = next[1:]
		if k == sc {
			return "extends itself"
		}
		if !seen[k] {
			seen[k] = true
			next = append(next, k.parents()...)
		}
		if len(seen) > maxAncestors {
			return "has too many classes above it"
		}
	}
	return ""
}

// parents are the script classes that the declaration names.
func (sc *scriptClass) parents() []*scriptClass {
	var out []*scriptClass
	for _, t := range append([]*typeRef{sc.node.super}, sc.node.ifaces...) {
		if t != nil && t.class != nil && t.class.script != nil {
			out = append(out, t.class.script)
		}
	}
	return out
}

func (sc *scriptClass) annotate() {
	for _, a := range sc.node.annots {
		switch a {
		case "Canonical":
			sc.structural, sc.toStr, sc.tuple = true, true, true
		case "Immutable", "ImmutableBase", "KnownImmutable":
			sc.structural, sc.toStr, sc.tuple, sc.immutable = true, true, true, true
		case "EqualsAndHashCode":
			sc.structural = true
		case "ToString":
			sc.toStr = true
		case "TupleConstructor":
			sc.tuple = true
		}
	}
	if sc.rec {
		sc.structural, sc.immutable = true, true
	}
}

func (sc *scriptClass) layout() {
	if sc.super != nil {
		sc.fields = append(sc.fields, sc.super.fields...)
	}
	for _, i := range sc.ifaces { // a trait's fields
		if i.node.kind == "trait" {
			for _, f := range i.fields {
				c := *f
				c.index = len(sc.fields)
				c.from = f
				sc.fields = append(sc.fields, &c)
			}
		}
	}
	for _, f := range sc.node.fields {
		fi := &fieldInfo{name: f.name, typ: f.typ, final: f.final, prop: f.prop, class: sc}
		if f.typ.untyped() {
			fi.typ = nil
		}
		if f.static && sc.node.kind != "trait" {
			fi.index = len(sc.statics)
			sc.statics = append(sc.statics, fi)
			sc.staticIdx[f.name] = fi
			continue
		}
		fi.index = len(sc.fields)
		sc.fields = append(sc.fields, fi)
	}
	for _, f := range sc.fields {
		sc.fieldIdx[f.name] = f
	}
	for _, k := range sc.node.consts {
		fi := &fieldInfo{name: k.name, index: len(sc.statics), final: true, prop: true, class: sc}
		sc.statics = append(sc.statics, fi)
		sc.staticIdx[k.name] = fi
	}
	sc.consts = sc.node.consts
}

// generate compiles all functions of all units.
func (c *compiler) generate() {
	for _, u := range c.units {
		for _, sc := range u.all {
			sc.compileMembers()
		}
	}
	for _, u := range c.units {
		for _, sc := range u.all {
			sc.inheritMethods(map[*scriptClass]bool{})
		}
		if m := u.prog.main; m != nil && m.class != nil {
			m.class.script.body = u.compileFn(m.class.script, u.prog.script)
		}
	}
}

func (sc *scriptClass) compileMembers() {
	n, u := sc.node, sc.unit
	for _, f := range n.fields {
		if f.thunk == nil {
			continue
		}
		fi := sc.fieldIdx[f.name]
		if f.static && n.kind != "trait" {
			fi = sc.staticIdx[f.name]
		}
		fi.init = u.compileFn(sc, f.thunk)
	}
	for _, m := range n.methods {
		k := &method{name: m.name, static: m.static, abstract: m.body == nil, class: sc}
		if m.body != nil {
			k.fn = u.compileFn(sc, m)
		} else {
			k.fn = &compiled{name: m.name, label: m.name, src: u.src, pos: m.pos}
			for _, q := range m.params {
				k.fn.params = append(k.fn.params, cparam{name: q.name, typ: q.typ})
				k.fn.required++
			}
		}
		for _, o := range sc.methods[m.name] {
			if sameParams(o.fn, k.fn) {
				u.errs = append(u.errs, u.src.errorf(m.pos, "the method %s with the same parameters is already defined in line %d", m.name, o.fn.pos.line()))
			}
		}
		sc.methods[m.name] = append(sc.methods[m.name], k)
	}
	for _, m := range n.ctors {
		fn := u.compileFn(sc, m)
		for i, q := range m.params {
			if q.field != "" {
				fn.params[i].field = sc.fieldIdx[q.field]
			}
		}
		sc.ctors = append(sc.ctors, &method{name: "<init>", fn: fn, class: sc})
	}
	for _, m := range n.inits {
		sc.inits = append(sc.inits, u.compileFn(sc, m))
	}
	for _, m := range n.statics {
		m.static = true
		sc.clinit = append(sc.clinit, u.compileFn(sc, m))
	}
	for _, k := range n.consts {
		sc.constArgs = append(sc.constArgs, u.compileFn(sc, k.thunk))
	}
	if n.kind == "class" && !n.abstr && sc.super == nil {
		sc.checkAbstract()
	}
}

// checkAbstract reports methods of script interfaces a class leaves out.
func (sc *scriptClass) checkAbstract() {
	for _, i := range sc.ifaces {
		for _, m := range i.node.methods {
			if m.body != nil || m.static {
				continue
			}
			found := false
			for _, own := range sc.node.methods {
				found = found || own.name == m.name
			}
			for _, f := range sc.node.fields {
				found = found || "get"+capitalize(f.name) == m.name || "is"+capitalize(f.name) == m.name || "set"+capitalize(f.name) == m.name
			}
			for _, j := range sc.ifaces {
				for _, o := range j.node.methods {
					found = found || o.name == m.name && o.body != nil
				}
			}
			if !found && sc.node.name != "" {
				sc.unit.errs = append(sc.unit.errs, sc.unit.src.errorf(sc.node.pos,
					"class %s must implement the method %s of %s", sc.node.name, m.name, i.node.name))
			}
		}
	}
}

func sameParams(a, b *compiled) bool {
	if len(a.params) != len(b.params) {
		return false
	}
	for i := range a.params {
		if typeText(a.params[i].typ) != typeText(b.params[i].typ) {
			return false
		}
	}
	return true
}

func typeText(t *typeRef) string {
	if t == nil || t.untyped() {
		return "java.lang.Object"
	}
	return t.display()
}

// inheritMethods fills all with the class's methods and those it inherits
// without overriding.
func (sc *scriptClass) inheritMethods(busy map[*scriptClass]bool) {
	if len(sc.all) > 0 || busy[sc] {
		return
	}
	busy[sc] = true
	for name, list := range sc.methods {
		sc.all[name] = append([]*method(nil), list...)
	}
	var parents []*scriptClass
	if sc.super != nil {
		parents = append(parents, sc.super)
	}
	for i := len(sc.ifaces) - 1; i >= 0; i-- { // of traits the last one wins
		parents = append(parents, sc.ifaces[i])
	}
	for _, p := range parents {
		p.inheritMethods(busy)
		for name, list := range p.all {
			for _, m := range list {
				sc.inherit(name, m)
			}
		}
	}
}

func (sc *scriptClass) inherit(name string, m *method) {
	for i, own := range sc.all[name] {
		if sameParams(own.fn, m.fn) {
			if own.abstract && !m.abstract {
				sc.all[name][i] = m
			}
			return
		}
	}
	sc.all[name] = append(sc.all[name], m)
}

// sam is the single abstract method of a script interface the class implements.
func (sc *scriptClass) sam() string {
	for k := sc; k != nil; k = k.super {
		for _, i := range k.ifaces {
			for _, m := range i.node.methods {
				if m.body == nil {
					return m.name
				}
			}
		}
	}
	return ""
}

// pick chooses the method whose parameters fit best.
func (th *thread) pick(list []*method, args []Value) *method {
	if len(list) == 1 && !list[0].abstract {
		m := list[0]
		if len(m.fn.params) == 0 && len(args) == 0 {
			return m
		}
		if s := m.fn.score(th, args); s >= 0 {
			return m
		}
		return m.withNull(args)
	}
	var best *method
	low := 1 << 30
	for _, m := range list {
		if m.abstract {
			continue
		}
		if s := m.fn.score(th, args); s >= 0 && s < low {
			best, low = m, s
		}
	}
	if best == nil {
		for _, m := range list {
			if w := m.withNull(args); w != nil && !m.abstract {
				return w
			}
		}
	}
	return best
}

// withNull is the method if it has one parameter, which a call without arguments leaves null.
func (m *method) withNull(args []Value) *method {
	if len(args) > 0 || len(m.fn.params) != 1 || m.fn.varargs {
		return nil
	}
	if t := m.fn.params[0].typ; t != nil && t.dims == 0 && primitives[t.name] {
		return nil
	}
	return m
}

func (m *method) call(th *thread, this Value, args []Value) Value {
	var caps []*cell
	if o, ok := this.(*Object); ok {
		if m.static {
			this = m.class.class
		} else {
			caps = o.caps
		}
	}
	if m.static {
		th.classReady(m.class)
	}
	return m.fn.invoke(th, nil, this, caps, args)
}

// values are an object's fields in order.
func (sc *scriptClass) values(o *Object) []Value {
	out := make([]Value, len(sc.fields))
	for i, f := range sc.fields {
		out[i] = o.get(f.index)
	}
	return out
}

// fieldText is the toString of @ToString, @Canonical and records.
func (sc *scriptClass) fieldText(th *thread, o *Object) string {
	var parts []string
	open, end := "(", ")"
	for _, f := range sc.fields {
		s := th.str(o.get(f.index))
		if sc.rec {
			s = f.name + "=" + s
		}
		parts = append(parts, s)
	}
	if sc.rec {
		open, end = "[", "]"
	}
	name := sc.class.Name
	if sc.rec {
		name = simpleName(name)
	}
	return name + open + strings.Join(parts, ", ") + end
}
