package groovy

import "strings"

func (p *parser) block() *blockStmt {
	t := p.expectOp("{")
	b := &blockStmt{pos: t.pos}
	p.enter(t.pos)
	b.list = p.statements()
	p.depth--
	p.expectOp("}")
	return b
}

// statements reads up to the closing brace.
func (p *parser) statements() []stmt {
	save := p.noLambda
	p.noLambda = false
	var out []stmt
	for {
		p.skipSep()
		if p.isOp("}") || p.tok().kind == tEOF {
			p.noLambda = save
			return out
		}
		out = append(out, p.statement())
		p.endOfStatement()
	}
}

// body is a statement in the place of a loop's or branch's body.
func (p *parser) body() stmt {
	p.skipNL()
	if p.isOp(";") {
		return &emptyStmt{p.tok().pos}
	}
	if p.isOp("{") {
		return p.block()
	}
	return p.statement()
}

func (p *parser) statement() stmt {
	t := p.tok()
	p.enter(t.pos)
	defer func() { p.depth-- }()
	if t.op("@") {
		annots := p.annotations()
		return p.declaration(annots)
	}
	if t.op("{") && !p.closureArrow(p.i) {
		return p.block()
	}
	if t.kind != tIdent {
		return p.exprStatement()
	}
	if p.peek(1).op(":") && !keywords[t.text] && !p.peek(2).op(":") {
		return p.labelled()
	}
	switch t.text {
	case "if":
		return p.ifStmt()
	case "while":
		return p.whileStmt("")
	case "do":
		return p.doStmt("")
	case "for":
		return p.forStmt("")
	case "switch":
		return p.switchStatement("")
	case "try":
		return p.tryStmt()
	case "throw":
		p.next()
		return &throwStmt{t.pos, p.expression()}
	case "return":
		p.next()
		r := &returnStmt{pos: t.pos}
		if !p.atEnd() {
			r.x = p.commandExpr()
		}
		return r
	case "break", "continue":
		return p.jump()
	case "assert":
		return p.assertStmt()
	case "synchronized":
		if p.peek(1).op("(") {
			p.next()
			p.next()
			lock := p.expression()
			p.expectOp(")")
			p.skipNL()
			b := p.block()
			b.list = append([]stmt{&exprStmt{t.pos, lock}}, b.list...)
			return b
		}
	case "yield":
		n := p.peek(1)
		if n.kind != tNL && n.kind != tEOF && !(n.kind == tOp && n.text != "(" && n.text != "[" && n.text != "{" && n.text != "-" && n.text != "!") {
			p.next()
			return &yieldStmt{t.pos, p.expression()}
		}
	case "else", "case", "default", "catch", "finally", "import", "package":
		p.fail(t.pos, "unexpected '%s'", t.text)
	}
	if modifiers[t.text] || p.atClass() || p.isDecl(p.i) {
		if t.text != "var" || p.peek(1).kind == tIdent || p.peek(1).op("(") && p.declTuple(p.i+1) {
			return p.declaration(nil)
		}
	}
	return p.exprStatement()
}

func (p *parser) atEnd() bool {
	t := p.tok()
	return t.kind == tNL || t.kind == tEOF || t.op(";") || t.op("}")
}

func (p *parser) exprStatement() stmt {
	at := p.tok().pos
	return &exprStmt{at, p.commandExpr()}
}

func (p *parser) labelled() stmt {
	name := p.next().text
	p.next()
	p.skipNL()
	switch p.tok().text {
	case "while":
		return p.whileStmt(name)
	case "do":
		return p.doStmt(name)
	case "for":
		return p.forStmt(name)
	case "switch":
		return p.switchStatement(name)
	}
	return p.statement()
}

func (p *parser) cond() expr {
	p.expectOp("(")
	x := p.expression()
	p.expectOp(")")
	return x
}

func (p *parser) ifStmt() stmt {
	t := p.next()
	s := &ifStmt{pos: t.pos, cond: p.cond()}
	s.then = p.body()
	i := p.i
	p.skipSep()
	if !p.acceptWord("else") {
		p.i = i
		return s
	}
	s.els = p.body()
	return s
}

func (p *parser) whileStmt(label string) stmt {
	t := p.next()
	s := &whileStmt{pos: t.pos, label: label}
	s.cond = p.cond()
	s.body = p.body()
	return s
}

func (p *parser) doStmt(label string) stmt {
	t := p.next()
	s := &whileStmt{pos: t.pos, label: label, do: true, body: p.body()}
	p.skipSep()
	if !p.acceptWord("while") {
		p.fail(p.tok().pos, "expected 'while' after the body of 'do'")
	}
	s.cond = p.cond()
	return s
}

func (p *parser) forStmt(label string) stmt {
	t := p.next()
	p.expectOp("(")
	if v := p.forVar(); v != nil {
		s := &forInStmt{pos: t.pos, label: label, v: v, in: p.expression()}
		p.expectOp(")")
		s.body = p.body()
		return s
	}
	s := &forStmt{pos: t.pos, label: label}
	if !p.isOp(";") {
		s.init = p.forInit()
	}
	p.expectOp(";")
	if !p.isOp(";") {
		s.cond = p.expression()
	}
	p.expectOp(";")
	for !p.isOp(")") {
		s.step = append(s.step, p.expression())
		if !p.acceptOp(",") {
			break
		}
	}
	p.expectOp(")")
	s.body = p.body()
	return s
}

// forVar reads "[mods] [Type] name in" or "… :", or moves nothing.
func (p *parser) forVar() *varDecl {
	start := p.i
	p.annotations()
	p.modifiers()
	v := &varDecl{pos: p.tok().pos}
	if j := p.skipType(p.i); j > 0 && p.toks[j].kind == tIdent && !p.toks[j].word("in") {
		v.typ = p.typeRef()
	}
	if p.tok().kind == tIdent && !keywords[p.tok().text] {
		v.pos = p.tok().pos
		v.name = p.next().text
		if p.acceptWord("in") || p.acceptOp(":") {
			return v
		}
	}
	p.i = start
	return nil
}

func (p *parser) forInit() []stmt {
	if modifiers[p.tok().text] || p.isDecl(p.i) {
		return []stmt{p.declaration(nil)}
	}
	var out []stmt
	for {
		out = append(out, &exprStmt{p.tok().pos, p.expression()})
		if !p.acceptOp(",") {
			return out
		}
	}
}

func (p *parser) jump() stmt {
	t := p.next()
	label := ""
	if p.tok().kind == tIdent && !keywords[p.tok().text] {
		label = p.next().text
	}
	if t.text == "break" {
		return &breakStmt{t.pos, label}
	}
	return &continueStmt{t.pos, label}
}

func (p *parser) assertStmt() stmt {
	t := p.next()
	s := &assertStmt{pos: t.pos}
	from := p.i
	s.x = p.expression()
	s.text = p.textBetween(from, p.i)
	if p.acceptOp(":") || p.acceptOp(",") {
		p.skipNL()
		s.msg = p.expression()
	}
	return s
}

// textBetween gives the source of tokens from..to-1 when they stand on one line.
func (p *parser) textBetween(from, to int) string {
	a, b := p.toks[from].pos, p.toks[to].pos
	line := p.src.lineText(a.line())
	rs := []rune(line)
	end := len(rs)
	if a.line() == b.line() && b.col()-1 <= len(rs) && p.toks[to].kind != tEOF {
		end = b.col() - 1
	}
	if a.col()-1 > end {
		return ""
	}
	return strings.TrimSpace(string(rs[a.col()-1 : end]))
}

func (p *parser) tryStmt() stmt {
	t := p.next()
	s := &tryStmt{pos: t.pos}
	if p.acceptOp("(") {
		for !p.isOp(")") {
			s.res = append(s.res, p.resource())
			p.skipSep()
		}
		p.expectOp(")")
	}
	p.skipNL()
	s.body = p.block()
	for {
		nt, i := p.peekPastNL()
		if nt.word("catch") {
			p.i = i
			s.catches = append(s.catches, p.catchClause())
			continue
		}
		if nt.word("finally") {
			p.i = i + 1
			p.skipNL()
			s.finally = p.block()
		}
		break
	}
	if s.catches == nil && s.finally == nil && s.res == nil {
		p.fail(t.pos, "'try' without 'catch' or 'finally'")
	}
	return s
}

func (p *parser) resource() *varDecl {
	p.skipNL()
	p.modifiers()
	v := &varDecl{pos: p.tok().pos}
	if j := p.skipType(p.i); j > 0 && p.toks[j].kind == tIdent {
		v.typ = p.typeRef()
	}
	if p.tok().kind == tIdent && p.peek(1).op("=") {
		v.name = p.next().text
		p.next()
	}
	v.init = p.expression()
	return v
}

func (p *parser) catchClause() *catchClause {
	t := p.next()
	c := &catchClause{pos: t.pos, v: &varDecl{}}
	p.expectOp("(")
	p.modifiers()
	if !(p.tok().kind == tIdent && p.peek(1).op(")")) {
		for {
			c.types = append(c.types, p.typeRef())
			if !p.acceptOp("|") {
				break
			}
		}
	}
	c.v.pos = p.tok().pos
	c.v.name = p.ident("a variable name")
	p.expectOp(")")
	p.skipNL()
	c.body = p.block()
	return c
}

func (p *parser) switchStatement(label string) stmt {
	s := p.switchBody()
	s.label = label
	return s
}

func (p *parser) switchBody() *switchStmt {
	t := p.next()
	s := &switchStmt{pos: t.pos, x: p.cond()}
	p.skipNL()
	p.expectOp("{")
	p.enter(t.pos)
	for {
		p.skipSep()
		if p.acceptOp("}") {
			p.depth--
			return s
		}
		s.cases = append(s.cases, p.switchCase())
	}
}

func (p *parser) switchCase() *switchCase {
	c := &switchCase{pos: p.tok().pos}
	switch {
	case p.acceptWord("default"):
	case p.acceptWord("case"):
		p.noLambda = true
		for {
			p.skipNL()
			c.match = append(c.match, p.expression())
			if !p.acceptOp(",") {
				break
			}
		}
		p.noLambda = false
	default:
		p.fail(p.tok().pos, "expected 'case' or 'default', found %s", p.tok().describe())
	}
	if p.acceptOp("->") {
		c.arrow = true
		p.skipNL()
		if p.isOp("{") {
			c.body = []stmt{p.block()}
		} else {
			c.body = []stmt{p.statement()}
		}
		return c
	}
	p.expectOp(":")
	for {
		p.skipSep()
		if p.isOp("}") || p.isWord("case") || p.isWord("default") && (p.peek(1).op(":") || p.peek(1).op("->")) {
			return c
		}
		c.body = append(c.body, p.statement())
		p.endOfStatement()
	}
}
