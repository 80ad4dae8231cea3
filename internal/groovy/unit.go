package groovy

import (
	"sort"
	"strings"
)

// compiler turns a script, and the classes it loads, into code.
type compiler struct {
	eng    *Engine
	units  []*unit
	loaded map[string]*Class // by full name; nil: known to be missing
	closed bool              // classes are those of the engine alone, nothing is loaded
	warn   []string
}

// unit is one file being compiled.
type unit struct {
	c       *compiler
	src     *source
	prog    *program
	classes map[string]*Class // of this file, by simple or Outer.Inner name
	single  map[string]*importNode
	stars   []*importNode
	statics []*importNode
	all     []*scriptClass
	errs    []*Error
	anon    int
}

const maxUnits = 200

func (c *compiler) script(file, src string) (*Script, error) {
	u, err := c.parse(file, src)
	if err != nil {
		return nil, err
	}
	name := scriptName(file)
	main := &classNode{pos: u.prog.script.pos, name: name, kind: "class"}
	main.methods = append(main.methods, u.prog.methods...)
	u.prog.main = main
	sc := u.declare(main, nil, name)
	sc.script = true
	delete(u.classes, name)
	for _, n := range u.prog.classes {
		if n.name == name && len(u.prog.script.body.list) > 0 {
			u.errs = append(u.errs, u.src.errorf(n.pos, "class %s has the name of the script itself", n.name))
		}
	}
	scriptFields(u.prog, main)
	if err := c.finish(); err != nil {
		return nil, err
	}
	s := &Script{eng: c.eng, name: name, class: sc, warnings: c.warn}
	if len(u.prog.script.body.list) == 0 && len(u.prog.classes) > 0 && len(u.prog.methods) == 0 {
		sc.mainClass = u.prog.classes[0].class.script
	}
	return s, nil
}

// scriptFields makes @Field declarations fields of the script's class.
func scriptFields(p *program, main *classNode) {
	var rest []stmt
	for _, s := range p.script.body.list {
		d, ok := s.(*declStmt)
		if !ok || len(d.vars) == 0 || !d.vars[0].field {
			rest = append(rest, s)
			continue
		}
		for _, v := range d.vars {
			main.fields = append(main.fields, &fieldNode{pos: v.pos, name: v.name, typ: v.typ, init: v.init})
		}
	}
	p.script.body.list = rest
}

func (c *compiler) parse(file, text string) (*unit, error) {
	src := newSource(file, text)
	prog, err := parse(src)
	if err != nil {
		return nil, err
	}
	u := &unit{c: c, src: src, prog: prog, classes: map[string]*Class{}, single: map[string]*importNode{}}
	c.units = append(c.units, u)
	for _, n := range prog.classes {
		if u.classes[n.name] != nil {
			u.errs = append(u.errs, src.errorf(n.pos, "class %s is already declared", n.name))
			continue
		}
		full := n.name
		if prog.pkg != "" {
			full = prog.pkg + "." + n.name
		}
		u.declare(n, nil, full)
		c.loaded[full] = n.class
	}
	u.imports()
	return u, nil
}

// declare makes the Class of a class node, so that names can be resolved
// before anything is compiled.
func (u *unit) declare(n *classNode, outer *classNode, full string) *scriptClass {
	sc := &scriptClass{eng: u.c.eng, node: n, unit: u, all: map[string][]*method{}, methods: map[string][]*method{},
		fieldIdx: map[string]*fieldInfo{}, staticIdx: map[string]*fieldInfo{}}
	sc.class = &Class{Name: full, script: sc, Interface: n.kind == "interface" || n.kind == "trait"}
	n.class = sc.class
	n.outer = outer
	u.all = append(u.all, sc)
	if outer == nil {
		u.classes[n.name] = sc.class
	} else {
		sc.outer = outer.class.script
	}
	for _, in := range n.inner {
		u.declare(in, n, full+"$"+in.name)
	}
	for i, k := range n.consts {
		if k.body != nil {
			k.body.super = &typeRef{pos: k.pos, name: n.name, class: n.class}
			u.declare(k.body, n, full+"$"+itoa(i+1))
		}
	}
	return sc
}

func (u *unit) declareAnonymous(n *classNode, base *typeRef, outer *classNode) {
	u.anon++
	name := scriptName(u.src.file)
	if outer != nil {
		name = outer.class.Name
	}
	n.outer = outer
	if base.class != nil && base.class.Interface {
		n.ifaces = []*typeRef{base}
	} else {
		n.super = base
	}
	u.declare(n, outer, name+"$"+itoa(u.anon))
}

func itoa(n int) string { return string(appendInt(nil, n)) }

func appendInt(b []byte, n int) []byte {
	if n >= 10 {
		b = appendInt(b, n/10)
	}
	return append(b, byte('0'+n%10))
}

func (u *unit) imports() {
	for _, im := range u.prog.imports {
		switch {
		case im.static:
			u.statics = append(u.statics, im)
		case im.star:
			u.stars = append(u.stars, im)
		default:
			name := im.alias
			if name == "" {
				name = im.name[strings.LastIndexByte(im.name, '.')+1:]
			}
			u.single[name] = im
		}
	}
}

// checkImports reports imports of classes nobody knows.
func (u *unit) checkImports() {
	for _, im := range u.prog.imports {
		if im.star && !im.static {
			continue // packages cannot be checked: a star import of an empty one is harmless
		}
		name := im.name
		if im.static && !im.star {
			name = name[:max(strings.LastIndexByte(name, '.'), 0)]
		}
		if u.global(name) != nil {
			continue
		}
		msg := "unable to resolve class " + name + u.c.eng.nearest(name)
		if u.c.eng.env.LenientImports && !im.used {
			u.c.warn = append(u.c.warn, u.src.errorf(im.pos, "%s", msg).Error())
			continue
		}
		u.errs = append(u.errs, u.src.errorf(im.pos, "%s", msg))
	}
}

// global finds a class by its full name: of the engine, or loaded.
func (u *unit) global(name string) *Class {
	if c := u.c.loaded[name]; c != nil {
		return c
	}
	if c := u.c.eng.byName[name]; c != nil {
		return c
	}
	if i := strings.LastIndexByte(name, '.'); i > 0 && upperStart(name[strings.LastIndexByte(name[:i], '.')+1:]) {
		if outer := u.global(name[:i]); outer != nil {
			return nested(outer, name[i+1:])
		}
	}
	return u.c.load(name, u)
}

func nested(c *Class, name string) *Class {
	if in := c.Inner[name]; in != nil {
		return in
	}
	if c.script != nil {
		for _, in := range c.script.node.inner {
			if in.name == name {
				return in.class
			}
		}
	}
	return nil
}

// load compiles a class from the embedder's sources.
func (c *compiler) load(name string, from *unit) *Class {
	if k, tried := c.loaded[name]; tried || c.closed || c.eng.env.Load == nil {
		return k
	}
	c.loaded[name] = nil
	if len(c.units) > maxUnits {
		return nil
	}
	file, text, ok := c.eng.env.Load(name)
	if !ok {
		return nil
	}
	u, err := c.parse(file, text)
	if err != nil {
		from.errs = append(from.errs, flatten(err)...)
		return nil
	}
	u.prog.main = &classNode{name: "-"}
	if k := c.loaded[name]; k != nil {
		return k
	}
	// a file without package line in a folder still serves its folder's name
	k := u.classes[simpleName(name)]
	c.loaded[name] = k
	return k
}

func flatten(err error) []*Error {
	switch x := err.(type) {
	case *Error:
		return []*Error{x}
	case interface{ Unwrap() []error }:
		var out []*Error
		for _, e := range x.Unwrap() {
			out = append(out, flatten(e)...)
		}
		return out
	}
	return nil
}

// classFor finds the class a simple name means, nil if none.
func (u *unit) classFor(name string, in *classNode) *Class {
	for c := in; c != nil; c = c.outer {
		if c.class != nil {
			if k := nested(c.class, name); k != nil {
				return k
			}
		}
		if c.super != nil && c.super.class != nil {
			if k := nested(c.super.class, name); k != nil {
				return k
			}
		}
		if c.name == name && c.class != nil {
			return c.class
		}
	}
	if c := u.classes[name]; c != nil {
		return c
	}
	if im := u.single[name]; im != nil {
		im.used = true
		return u.global(im.name)
	}
	for _, im := range u.statics {
		if im.star || simpleName(im.name) != name && im.alias != name {
			continue
		}
		if c := u.global(im.name); c != nil { // import static of a nested class
			return c
		}
	}
	if !upperStart(name) {
		return nil
	}
	if u.prog.pkg != "" {
		if c := u.global(u.prog.pkg + "." + name); c != nil {
			return c
		}
	}
	for _, im := range u.stars {
		if c := u.global(im.name + "." + name); c != nil {
			return c
		}
	}
	if c := u.c.eng.simple[name]; c != nil {
		return c
	}
	return u.c.load(name, u)
}

// dottedClass finds a.b.C or C.D; nothing but complete class names.
func (u *unit) dottedClass(name string, in *classNode) *Class {
	i := strings.LastIndexByte(name, '.')
	last := name[i+1:]
	if !upperStart(last) {
		return nil
	}
	if c := u.c.eng.byName[name]; c != nil {
		return c
	}
	head := name[:i]
	if upperStart(simpleName(head)) {
		var outer *Class
		if strings.Contains(head, ".") {
			outer = u.dottedClass(head, in)
		} else {
			outer = u.classFor(head, in)
		}
		if outer != nil {
			return nested(outer, last)
		}
		return nil
	}
	return u.c.load(name, u)
}

// staticFor finds the class a statically imported method or field belongs to.
func (u *unit) staticFor(name string) *staticImport {
	for _, im := range u.statics {
		member := im.name[strings.LastIndexByte(im.name, '.')+1:]
		alias := im.alias
		if alias == "" {
			alias = member
		}
		switch {
		case !im.star && alias == name:
			if c := u.global(im.name[:max(strings.LastIndexByte(im.name, '.'), 0)]); c != nil {
				return &staticImport{class: c, member: member}
			}
		case im.star:
			if c := u.global(im.name); c != nil && hasStatic(u.c.eng, c, name) {
				return &staticImport{class: c, member: name}
			}
		}
	}
	for _, c := range u.c.eng.statics {
		if hasStatic(u.c.eng, c, name) {
			return &staticImport{class: c, member: name, implied: true}
		}
	}
	return nil
}

type staticImport struct {
	class  *Class
	member string
	// implied ones come from the embedder: a variable of the script goes before them.
	implied bool
}

func hasStatic(e *Engine, c *Class, name string) bool {
	if c.script != nil {
		for _, f := range c.script.node.fields {
			if f.static && f.name == name {
				return true
			}
		}
		for _, m := range c.script.node.methods {
			if m.static && m.name == name {
				return true
			}
		}
		for _, k := range c.script.node.consts {
			if k.name == name {
				return true
			}
		}
	}
	for k := c; k != nil; {
		if k.Static[name] != nil || k.StaticFields[name] != nil || k.Inner[name] != nil {
			return true
		}
		if k.Super == nil {
			k = e.byName[k.Extends]
		} else {
			k = k.Super
		}
	}
	return false
}

func (u *unit) resolveType(t *typeRef, in *classNode, r *resolver) {
	if primitives[t.name] {
		t.class = u.c.eng.byName[t.name]
		t.settle(t.name)
		return
	}
	if strings.Contains(t.name, ".") {
		if t.class = u.dottedClass(t.name, in); t.class == nil {
			t.class = u.global(t.name)
		}
	} else {
		t.class = u.classFor(t.name, in)
	}
	if t.class == nil {
		if typeParameter(t.name) {
			t.coerc = coObject
			if t.dims > 0 {
				t.coerc = coArray
				t.class = u.c.eng.object
			}
			return
		}
		if im := u.single[t.name]; im != nil {
			im.used = true
			if !u.c.eng.env.LenientImports {
				return // the import itself is reported
			}
		}
		r.errorf(t.pos, "unable to resolve class %s%s", t.name, u.c.eng.nearest(t.name))
		return
	}
	t.settle(t.class.Name)
}

// typeParameter guesses that T, K2 or the like is a parameter of a generic.
func typeParameter(s string) bool {
	return len(s) == 1 && s[0] >= 'A' && s[0] <= 'Z' || len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && (s[1] >= '0' && s[1] <= '9' || s[1] >= 'A' && s[1] <= 'Z')
}

// nearest suggests the known class whose name is most like the wanted one.
func (e *Engine) nearest(name string) string {
	want := strings.ToLower(simpleName(name))
	best, bestDist := "", 4
	for _, k := range e.known {
		if strings.Contains(k, "$") || strings.HasPrefix(k, "[") || primitives[k] {
			continue
		}
		d := distance(want, strings.ToLower(simpleName(k)), bestDist+1)
		if d < bestDist || d == bestDist && d < 4 && strings.HasPrefix(k, name[:strings.LastIndexByte(name, '.')+1]) {
			best, bestDist = k, d
		}
	}
	if best == "" || best == name || bestDist > (len(want)+2)/3 {
		return ""
	}
	return " (did you mean \"" + best + "\"?)"
}

// distance is the edit distance, or limit when it is larger.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit || len(a) > 100 {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		prev := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			prev, row[j] = row[j], min(row[j]+1, row[j-1]+1, prev+cost)
		}
	}
	return min(row[len(b)], limit)
}

// finish resolves and compiles all units; loading may add units meanwhile.
func (c *compiler) finish() error {
	resolved := 0
	for resolved < len(c.units) {
		u := c.units[resolved]
		resolved++
		u.resolve()
	}
	var errs []*Error
	for _, u := range c.units {
		u.checkImports()
		errs = append(errs, u.errs...)
	}
	if len(errs) == 0 {
		for _, u := range c.units {
			for _, sc := range u.all {
				sc.link()
			}
		}
		if errs = c.linkErrors(); len(errs) == 0 {
			c.generate()
			errs = c.linkErrors()
		}
	}
	sort.SliceStable(errs, func(i, j int) bool { return errs[i].File == errs[j].File && errs[i].Line < errs[j].Line })
	return joinErrors(errs)
}

func (c *compiler) linkErrors() []*Error {
	var errs []*Error
	for _, u := range c.units {
		errs = append(errs, u.errs...)
	}
	return errs
}

func (u *unit) resolve() {
	r := &resolver{c: u.c, u: u}
	for _, n := range u.prog.classes {
		if n.class != nil {
			r.classBody(n)
		}
	}
	m := u.prog.main
	if m != nil && m.class != nil {
		r.class = m
		for _, f := range m.fields {
			r.typ(f.typ)
		}
		r.classBody(m)
		r.class = m
		r.function(u.prog.script)
	}
	u.errs = append(u.errs, r.errs...)
}
