package groovy

// precedence of the binary operators; higher binds tighter.
var precedence = map[string]int{
	"||": 1, "&&": 2, "|": 3, "^": 4, "&": 5,
	"=~": 6, "==~": 6,
	"==": 7, "!=": 7, "<=>": 7, "===": 7, "!==": 7,
	"<": 8, "<=": 8, ">": 8, ">=": 8, "in": 8, "!in": 8, "instanceof": 8, "!instanceof": 8, "as": 8,
	"<<": 9, ">>": 9, ">>>": 9, "..": 9, "..<": 9, "<..": 9, "<..<": 9,
	"+": 10, "-": 10,
	"*": 11, "/": 11, "%": 11,
	"**": 13,
}

var assignOps = map[string]string{
	"=": "", "+=": "+", "-=": "-", "*=": "*", "/=": "/", "%=": "%", "**=": "**", "<<=": "<<", ">>=": ">>", ">>>=": ">>>",
	"&=": "&", "|=": "|", "^=": "^", "?=": "?:",
}

// expression reads everything but command expressions (println x).
func (p *parser) expression() expr {
	t := p.tok()
	p.enter(t.pos)
	defer func() { p.depth-- }()
	if t.op("(") && t.match > 0 && p.declTuple(p.i) && p.tupleInside(p.i) {
		return p.tupleAssign()
	}
	left := p.ternary()
	nt, i := p.peekPastNL()
	if nt.kind != tOp {
		return left
	}
	op, ok := assignOps[nt.text]
	if !ok {
		return left
	}
	switch x := left.(type) {
	case *varExpr, *propExpr, *indexExpr:
	case *thisExpr, *litExpr:
		p.fail(nt.pos, "this cannot be assigned to")
	default:
		_ = x
		p.fail(nt.pos, "the left side of '%s' is not a variable, property or element", nt.text)
	}
	p.i = i + 1
	p.skipNL()
	return &assignExpr{pos: nt.pos, op: op, lhs: left, rhs: p.commandExpr()}
}

func (p *parser) tupleInside(i int) bool {
	for k := i + 1; k < p.toks[i].match; k++ {
		if p.toks[k].op(",") {
			return true
		}
		if p.toks[k].match > k {
			k = p.toks[k].match
		}
	}
	return false
}

func (p *parser) tupleAssign() expr {
	at := p.next().pos
	a := &assignExpr{pos: at}
	for !p.isOp(")") {
		a.list = append(a.list, p.postfix())
		if !p.acceptOp(",") {
			break
		}
	}
	p.expectOp(")")
	p.expectOp("=")
	p.skipNL()
	a.rhs = p.commandExpr()
	return a
}

func (p *parser) ternary() expr {
	cond := p.binary(1)
	nt, i := p.peekPastNL()
	switch {
	case nt.op("?:"):
		p.i = i + 1
		p.skipNL()
		return &ternaryExpr{pos: nt.pos, cond: cond, no: p.branch(), elvis: true}
	case nt.op("?"):
		p.i = i + 1
		p.skipNL()
		save := p.noLambda
		p.noLambda = false
		yes := p.branch()
		p.noLambda = save
		p.skipNL()
		p.expectOp(":")
		p.skipNL()
		return &ternaryExpr{pos: nt.pos, cond: cond, yes: yes, no: p.branch()}
	}
	return cond
}

// branch is an arm of a ternary; it may be an assignment in parentheses only.
func (p *parser) branch() expr {
	p.enter(p.tok().pos)
	defer func() { p.depth-- }()
	return p.ternary()
}

// binaryOp gives the operator at the parser's place, looking past newlines
// except before + and -, which start a new statement there.
func (p *parser) binaryOp() (string, int, int) {
	t, i := p.peekPastNL()
	n := i + 1
	op := ""
	switch t.kind {
	case tOp:
		op = t.text
		if op == "!" && i+1 < len(p.toks) && (p.toks[i+1].word("in") || p.toks[i+1].word("instanceof")) && !p.toks[i+1].space {
			op, n = "!"+p.toks[i+1].text, i+2
		}
		// a >> b arrives as one token, but > > does too when written apart: no
	case tIdent:
		if t.text == "in" || t.text == "instanceof" || t.text == "as" {
			op = t.text
		}
	}
	prec := precedence[op]
	if prec == 0 || i > p.i && (op == "+" || op == "-" || t.kind == tIdent && op == "in") {
		return "", 0, 0
	}
	return op, prec, n
}

func (p *parser) binary(minPrec int) expr {
	left := p.unary()
	for n := 0; ; n++ {
		op, prec, next := p.binaryOp()
		if prec < minPrec || prec == 0 {
			return left
		}
		at := p.toks[next-1].pos
		p.i = next
		p.skipNL()
		if n > maxChain {
			p.fail(at, "the expression is too long")
		}
		switch op {
		case "as":
			left = &castExpr{pos: at, typ: p.typeRef(), x: left, as: true}
		case "instanceof", "!instanceof":
			left = &instanceExpr{pos: at, x: left, typ: p.typeRef(), neg: op[0] == '!'}
		case "..", "..<", "<..", "<..<":
			r := &rangeExpr{pos: at, from: left, exFrom: op[0] == '<', exUpTo: op[len(op)-1] == '<'}
			r.to = p.operand(prec + 1)
			left = r
		default:
			left = &binaryExpr{pos: at, op: op, x: left, y: p.operand(prec + 1)}
		}
	}
}

// operand reads the right side of a binary operator, bounding the recursion.
func (p *parser) operand(prec int) expr {
	p.enter(p.tok().pos)
	defer func() { p.depth-- }()
	return p.binary(prec)
}

func (p *parser) unary() expr {
	t := p.tok()
	p.enter(t.pos)
	defer func() { p.depth-- }()
	if t.kind != tOp {
		return p.postfix()
	}
	switch t.text {
	case "!", "~":
		p.next()
		return &unaryExpr{t.pos, t.text, p.unary()}
	case "-", "+":
		p.next()
		if n := p.tok(); t.text == "-" && n.kind == tNumber && !n.space && !p.peek(1).op("**") && !p.peek(1).op(".") {
			lit := p.number("-")
			return p.postfixOf(lit)
		}
		return &unaryExpr{t.pos, t.text, p.powerOperand()}
	case "++", "--":
		p.next()
		return &incExpr{pos: t.pos, op: t.text[:1], prefix: true, x: p.unary()}
	case "(":
		if ref := p.cast(); ref != nil {
			return &castExpr{pos: t.pos, typ: ref, x: p.unary()}
		}
	}
	return p.postfix()
}

// powerOperand makes -a**b mean -(a**b).
func (p *parser) powerOperand() expr {
	return p.binary(13)
}

// cast reads "(Type)" when an operand follows, or moves nothing.
func (p *parser) cast() *typeRef {
	i := p.i
	m := p.toks[i].match
	j := p.skipType(i + 1)
	if m < 0 || j != m || !p.typeLike(i+1, j) {
		return nil
	}
	n := &p.toks[m+1]
	prim := primitives[p.toks[i+1].text]
	switch n.kind {
	case tString, tGString, tNumber:
	case tIdent:
		if n.text == "in" || n.text == "as" || n.text == "instanceof" || n.text == "else" {
			return nil
		}
	case tOp:
		switch n.text {
		case "(", "[", "{", "!", "~":
		case "-", "+", "++", "--":
			if !prim {
				return nil
			}
		default:
			return nil
		}
	default:
		return nil
	}
	if n.op("[") && p.toks[m+1].match == m+2 && !n.space { // (Foo)[] is odd; leave it to the index rule
		return nil
	}
	p.i = i + 1
	ref := p.typeRef()
	p.expectOp(")")
	return ref
}

// commandExpr reads an expression which may be a command: println x, y.
func (p *parser) commandExpr() expr {
	e := p.expression()
	for n := 0; p.commandStarts(e); n++ {
		if n > maxChain {
			p.fail(p.tok().pos, "the command is too long")
		}
		if _, ok := e.(*callExpr); ok && p.tok().kind == tIdent {
			e = p.commandChain(e)
			continue
		}
		at := e.at()
		args := p.commandArgs()
		switch x := e.(type) {
		case *varExpr:
			e = &callExpr{pos: at, name: x.name, args: args}
		case *propExpr:
			e = &callExpr{pos: at, recv: x.obj, name: x.name, dyn: x.dyn, safe: x.safe, spread: x.spread, args: args}
		}
		if p.tok().kind == tIdent && !keywords[p.tok().text] {
			e = p.commandChain(e)
		}
	}
	return e
}

// commandChain reads the "c d" of "a b c d", which means a(b).c(d).
func (p *parser) commandChain(recv expr) expr {
	t := p.next()
	prop := &propExpr{pos: t.pos, obj: recv, name: t.text}
	if p.commandStarts(prop) {
		return &callExpr{pos: t.pos, recv: recv, name: t.text, args: p.commandArgs()}
	}
	return p.postfixOf(prop)
}

func (p *parser) commandStarts(e expr) bool {
	t := p.tok()
	if _, call := e.(*callExpr); !t.space && !(call && t.kind == tIdent) { // "f(x)each { }" needs no space
		return false
	}
	name := ""
	switch x := e.(type) {
	case *varExpr:
		name = x.name
	case *propExpr:
	case *callExpr:
		return t.kind == tIdent && !keywords[t.text] && !p.peek(1).op("->")
	default:
		return false
	}
	switch t.kind {
	case tString, tGString, tNumber:
		return true
	case tIdent:
		switch t.text {
		case "new", "this", "super", "true", "false", "null":
			return true
		}
		return !keywords[t.text] || primitives[t.text]
	case tOp:
		switch t.text {
		case "[":
			return name == "println" || name == "print"
		case "!", "~":
			return name != "" && !p.peek(1).space
		}
	}
	return false
}

func (p *parser) commandArgs() []argument {
	var args []argument
	for {
		args = append(args, p.argument())
		if !p.acceptOp(",") {
			return args
		}
		p.skipNL()
	}
}
