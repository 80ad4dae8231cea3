package groovy

// isDecl tells whether "Type name" stands at i and starts a declaration.
func (p *parser) isDecl(i int) bool {
	j := p.skipType(i)
	if j < 0 || !p.typeLike(i, j) {
		return false
	}
	n := &p.toks[j]
	if n.kind != tIdent || keywords[n.text] {
		return false
	}
	a := &p.toks[min(j+1, len(p.toks)-1)]
	switch a.kind {
	case tNL, tEOF:
		return true
	case tOp:
		return a.text == "=" || a.text == ";" || a.text == "}" || a.text == "," || a.text == "[" || a.text == ")"
	}
	return false
}

// declaration reads variables, or a class or method inside a block.
func (p *parser) declaration(annots []string) stmt {
	at := p.tok().pos
	if p.atClass() {
		p.fail(at, "a class cannot be declared inside a block")
	}
	mods := p.modifiers()
	field := hasMod(annots, "Field")
	if p.isOp("(") && hasMod(mods, "def") || p.isOp("(") && (hasMod(mods, "var") || hasMod(mods, "final")) {
		return p.multiDecl(at, hasMod(mods, "final"))
	}
	d := &declStmt{pos: at}
	var typ *typeRef
	if j := p.skipType(p.i); j > 0 && p.toks[j].kind == tIdent && !keywords[p.toks[j].text] {
		typ = p.typeRef()
	} else if len(mods) == 0 {
		p.fail(at, "expected a declaration, found %s", p.tok().describe())
	}
	if p.tok().kind == tIdent && p.peek(1).op("(") && p.isMethodName(p.i) {
		p.fail(at, "method %s cannot be declared here: only scripts and classes have methods", p.tok().text)
	}
	for {
		v := &varDecl{pos: p.tok().pos, typ: typ, field: field, final: hasMod(mods, "final")}
		if p.tok().kind == tIdent && keywords[p.tok().text] {
			p.fail(p.tok().pos, "'%s' cannot name a variable", p.tok().text)
		}
		v.name = p.ident("a variable name")
		for p.isOp("[") && p.peek(1).op("]") {
			p.next()
			p.next()
			if typ != nil {
				c := *typ
				c.dims++
				v.typ = &c
			}
		}
		if p.acceptOp("=") {
			p.skipNL()
			v.init = p.commandExpr()
		}
		d.vars = append(d.vars, v)
		if !p.acceptOp(",") {
			return d
		}
		p.skipNL()
	}
}

func (p *parser) multiDecl(at pos, final bool) stmt {
	d := &declStmt{pos: at}
	p.expectOp("(")
	for !p.isOp(")") {
		v := &varDecl{pos: p.tok().pos, final: final}
		if j := p.skipType(p.i); j > 0 && p.toks[j].kind == tIdent {
			v.typ = p.typeRef()
		}
		v.name = p.ident("a variable name")
		d.vars = append(d.vars, v)
		if !p.acceptOp(",") {
			break
		}
	}
	p.expectOp(")")
	p.expectOp("=")
	p.skipNL()
	d.multi = p.commandExpr()
	return d
}

// atClass tells whether, after modifiers, a class-like declaration begins.
func (p *parser) atClass() bool {
	i := p.i
	for p.toks[i].kind == tIdent && modifiers[p.toks[i].text] && !p.toks[i].word("def") {
		i++
		for p.toks[i].kind == tNL {
			i++
		}
	}
	t := &p.toks[i]
	if t.op("@") && p.toks[i+1].word("interface") {
		return true
	}
	if t.kind != tIdent || p.toks[min(i+1, len(p.toks)-1)].kind != tIdent {
		return false
	}
	after := p.toks[min(i+2, len(p.toks)-1)]
	switch t.text {
	case "class", "interface", "enum":
		return true
	case "trait":
		return after.op("{") || after.op("<") || after.kind == tIdent || after.kind == tNL
	case "record":
		return after.op("(") || after.op("<")
	}
	return false
}

func (p *parser) classDecl(annots []string) *classNode {
	mods := p.modifiers()
	annot := p.acceptOp("@")
	c := &classNode{pos: p.tok().pos, kind: p.next().text, annot: annot, annots: annots, static: hasMod(mods, "static"), abstr: hasMod(mods, "abstract")}
	c.outer = p.inClass
	c.pos = p.tok().pos
	c.name = p.ident("a class name")
	p.enter(c.pos)
	if p.isOp("<") {
		if j := p.skipGenerics(p.i); j > 0 {
			p.i = j
		}
	}
	if c.kind == "record" {
		c.rec = p.params()
		p.recordMembers(c)
	}
	p.heritage(c)
	p.skipNL()
	p.classBody(c)
	p.depth--
	return c
}

func (p *parser) recordMembers(c *classNode) {
	ctor := &funcNode{pos: c.pos, name: c.name, ctor: true, body: &blockStmt{pos: c.pos}, file: p.src}
	for _, q := range c.rec {
		c.fields = append(c.fields, &fieldNode{pos: q.pos, name: q.name, typ: q.typ, final: true, prop: true})
		ctor.params = append(ctor.params, &param{pos: q.pos, name: q.name, typ: q.typ, def: q.def, field: q.name})
	}
	c.ctors = append(c.ctors, ctor)
}

func (p *parser) heritage(c *classNode) {
	for {
		t, i := p.peekPastNL()
		if !t.word("extends") && !t.word("implements") && !t.word("permits") {
			return
		}
		p.i = i + 1
		for {
			p.skipNL()
			ref := p.typeRef()
			switch {
			case t.word("extends") && c.kind != "interface":
				c.super = ref
			case t.word("permits"):
			default:
				c.ifaces = append(c.ifaces, ref)
			}
			if !p.acceptOp(",") {
				break
			}
		}
	}
}

func (p *parser) classBody(c *classNode) {
	p.expectOp("{")
	outer, lam := p.inClass, p.noLambda
	p.inClass, p.noLambda = c, false
	if c.kind == "enum" {
		p.enumConsts(c)
	}
	for {
		p.skipSep()
		if p.isOp("}") {
			break
		}
		if p.tok().kind == tEOF {
			p.fail(p.tok().pos, "class %s is never closed", c.name)
		}
		p.member(c)
	}
	p.inClass, p.noLambda = outer, lam
	p.expectOp("}")
}

func (p *parser) enumConsts(c *classNode) {
	for {
		p.skipNL()
		p.annotations()
		t := p.tok()
		n := p.peek(1)
		if t.kind != tIdent || keywords[t.text] || n.kind == tIdent || n.op("=") || n.op("<") {
			break
		}
		k := &enumConst{pos: t.pos, name: p.next().text}
		if p.isOp("(") {
			k.args = p.arguments()
		}
		if p.isOp("{") {
			k.body = &classNode{pos: t.pos, name: c.name, kind: "class", outer: c}
			p.classBody(k.body)
		}
		c.consts = append(c.consts, k)
		p.skipNL()
		if !p.acceptOp(",") {
			break
		}
	}
	p.acceptOp(";")
}

func (p *parser) member(c *classNode) {
	p.enter(p.tok().pos)
	defer func() { p.depth-- }()
	annots := p.annotations()
	if p.atClass() {
		c.inner = append(c.inner, p.classDecl(annots))
		return
	}
	if p.isWord("static") && p.peek(1).op("{") {
		p.next()
		c.statics = append(c.statics, p.initializer())
		return
	}
	if p.isOp("{") {
		c.inits = append(c.inits, p.initializer())
		return
	}
	if p.isWord("default") {
		p.next()
	}
	mods := p.modifiers()
	// constructor
	if p.isWord(simpleName(c.name)) && (p.peek(1).op("(") || c.kind == "record" && p.peek(1).op("{")) {
		c.ctors = append(c.ctors, p.constructor(c))
		return
	}
	if typ, ok := p.methodHead(len(mods) > 0); ok {
		m := p.methodRest(mods, typ)
		if c.annot && m.body == nil {
			p.annotationDefault()
		}
		if c.kind == "interface" && !hasMod(mods, "static") && m.body != nil {
			m.abstract = false
		}
		c.methods = append(c.methods, m)
		p.endOfStatement()
		return
	}
	p.fields(c, mods)
	p.endOfStatement()
}

// annotationDefault reads the default of a member of an annotation. It has no effect:
// nothing can ask for it.
func (p *parser) annotationDefault() {
	if !p.isWord("default") {
		return
	}
	p.next()
	p.skipNL()
	if p.isOp("@") {
		p.annotations()
		return
	}
	p.commandExpr()
}

func simpleName(s string) string {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '.' || s[i] == '$' {
			return s[i+1:]
		}
	}
	return s
}

func (p *parser) initializer() *funcNode {
	at := p.tok().pos
	return &funcNode{pos: at, name: "<init>", body: p.block(), file: p.src}
}

func (p *parser) constructor(c *classNode) *funcNode {
	t := p.next()
	fn := &funcNode{pos: t.pos, name: c.name, ctor: true, file: p.src}
	if c.kind == "record" && p.isOp("{") { // compact form runs before the fields are set
		base := c.ctors[0]
		c.ctors = nil
		fn.params = base.params
		fn.body = p.block()
		return fn
	}
	fn.params = p.params()
	p.throwsClause()
	p.skipNL()
	fn.body = p.block()
	return fn
}

func (p *parser) fields(c *classNode, mods []string) {
	var typ *typeRef
	if j := p.skipType(p.i); j > 0 && p.toks[j].kind == tIdent && !keywords[p.toks[j].text] {
		typ = p.typeRef()
	} else if len(mods) == 0 {
		p.fail(p.tok().pos, "expected a field or a method, found %s", p.tok().describe())
	}
	visible := hasMod(mods, "private") || hasMod(mods, "public") || hasMod(mods, "protected")
	for {
		f := &fieldNode{pos: p.tok().pos, typ: typ, static: hasMod(mods, "static") || c.kind == "interface", final: hasMod(mods, "final"), prop: !visible}
		f.name = p.ident("a field name")
		for p.isOp("[") && p.peek(1).op("]") {
			p.next()
			p.next()
		}
		if p.acceptOp("=") {
			p.skipNL()
			f.init = p.commandExpr()
		}
		c.fields = append(c.fields, f)
		if !p.acceptOp(",") {
			return
		}
		p.skipNL()
	}
}
