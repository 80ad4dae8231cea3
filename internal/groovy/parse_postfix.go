package groovy

func (p *parser) postfix() expr { return p.postfixOf(p.primary()) }

// postfixOf reads accesses, calls, subscripts and closures after a primary.
func (p *parser) postfixOf(e expr) expr {
	for n := 0; ; n++ {
		if n > maxChain {
			p.fail(p.tok().pos, "the expression is too long")
		}
		nt, i := p.peekPastNL()
		if nt.kind != tOp {
			return e
		}
		switch nt.text {
		case ".", "?.", "*.", "??.", ".@", "?.@", "*.@":
			p.i = i + 1
			e = p.access(e, nt)
			continue
		case ".&", "::":
			p.i = i + 1
			e = p.methodPtr(e, nt.pos)
			continue
		}
		if i != p.i {
			if nt.text != "{" || !named(e) {
				return e
			}
			p.i = i // Groovy appends a closure that begins on the next line
		}
		switch nt.text {
		case "(":
			e = p.callOn(e, nt.pos)
		case "[", "?[":
			if nt.space && p.commandStarts(e) {
				return e
			}
			e = p.index(e, nt)
		case "{":
			if !callable(e) || p.noLambda && !nt.space {
				return e
			}
			e = p.trailing(e)
		case "++", "--":
			p.next()
			e = &incExpr{pos: nt.pos, op: nt.text[:1], x: e}
		default:
			return e
		}
	}
}

// callable tells whether a { after the expression is a closure argument.
func callable(e expr) bool {
	switch x := e.(type) {
	case *varExpr, *callExpr, *gstrExpr:
		return true
	case *litExpr: // a name in quotes
		_, text := x.v.(string)
		return text
	case *propExpr:
		return !x.field
	}
	return false
}

// named tells whether the expression is a name or a call of one.
func named(e expr) bool {
	switch x := e.(type) {
	case *varExpr, *callExpr:
		return true
	case *propExpr:
		return !x.field
	}
	return false
}

func (p *parser) access(e expr, op *token) expr {
	p.skipNL()
	x := &propExpr{pos: p.tok().pos, obj: e}
	switch op.text {
	case "?.", "??.":
		x.safe = true
	case "*.":
		x.spread = true
	case ".@":
		x.field = true
	case "?.@":
		x.field, x.safe = true, true
	case "*.@":
		x.field, x.spread = true, true
	}
	if p.isOp("<") {
		if j := p.skipGenerics(p.i); j > 0 {
			p.i = j
		}
	}
	if p.acceptOp("@") {
		x.field = true
	}
	t := p.tok()
	switch {
	case t.kind == tIdent, t.kind == tString:
		p.next()
		x.name = t.text
	case t.kind == tGString:
		p.next()
		x.dyn = p.gstring(t)
	case t.op("("):
		p.next()
		x.dyn = p.expression()
		p.expectOp(")")
	default:
		p.fail(t.pos, "expected a property or method name after '%s', found %s", op.text, t.describe())
	}
	return x
}

func (p *parser) methodPtr(e expr, at pos) expr {
	x := &methodPtrExpr{pos: at, obj: e}
	t := p.next()
	switch t.kind {
	case tIdent, tString:
		x.name = t.text
	case tGString:
		x.dyn = p.gstring(t)
	default:
		p.fail(t.pos, "expected a method name, found %s", t.describe())
	}
	return x
}

// callOn turns "e(…)" into a call.
func (p *parser) callOn(e expr, at pos) expr {
	args := p.arguments()
	switch x := e.(type) {
	case *varExpr:
		return &callExpr{pos: x.pos, name: x.name, args: args}
	case *propExpr:
		if !x.field {
			return &callExpr{pos: x.pos, recv: x.obj, name: x.name, dyn: x.dyn, args: args, safe: x.safe, spread: x.spread}
		}
	case *thisExpr:
		return &callExpr{pos: x.pos, name: "this", args: args}
	case *superExpr:
		return &callExpr{pos: x.pos, name: "super", args: args}
	}
	if c := quotedCall(e); c != nil {
		c.args = args
		return c
	}
	return &callExpr{pos: at, fn: e, args: args}
}

// quotedCall is the call of a method whose name is a string.
func quotedCall(e expr) *callExpr {
	switch x := e.(type) {
	case *litExpr:
		if name, ok := x.v.(string); ok {
			return &callExpr{pos: x.pos, name: name}
		}
	case *gstrExpr:
		return &callExpr{pos: x.pos, dyn: x}
	}
	return nil
}

// trailing adds a closure argument to a call, or makes one of a name.
func (p *parser) trailing(e expr) expr {
	at := p.tok().pos
	c := argument{value: p.closure()}
	switch x := e.(type) {
	case *varExpr:
		return &callExpr{pos: x.pos, name: x.name, args: []argument{c}}
	case *propExpr:
		return &callExpr{pos: x.pos, recv: x.obj, name: x.name, dyn: x.dyn, args: []argument{c}, safe: x.safe, spread: x.spread}
	case *callExpr:
		x.args = append(x.args, c)
		return x
	}
	if q := quotedCall(e); q != nil {
		q.args = []argument{c}
		return q
	}
	return &callExpr{pos: at, fn: e, args: []argument{c}}
}

func (p *parser) arguments() []argument {
	p.expectOp("(")
	save := p.noLambda
	p.noLambda = false
	var args []argument
	for {
		p.skipNL()
		if p.isOp(")") {
			break
		}
		args = append(args, p.argument())
		p.skipNL()
		if !p.acceptOp(",") {
			break
		}
	}
	p.noLambda = save
	p.skipNL()
	p.expectOp(")")
	return args
}

// named tells whether "name:" stands here.
func (p *parser) named() bool {
	t, n := p.tok(), p.peek(1)
	switch t.kind {
	case tIdent, tString, tGString, tNumber:
		return n.op(":")
	case tOp:
		if t.text == "(" && t.match > 0 {
			return p.toks[min(t.match+1, len(p.toks)-1)].op(":")
		}
	}
	return false
}

func (p *parser) argument() argument {
	t := p.tok()
	if t.op("*") {
		p.next()
		if p.acceptOp(":") {
			return argument{value: &spreadExpr{pos: t.pos, x: p.expression(), dbl: true}}
		}
		return argument{value: &spreadExpr{pos: t.pos, x: p.expression()}}
	}
	if !p.named() {
		return argument{value: p.expression()}
	}
	key := p.mapKey()
	p.expectOp(":")
	p.skipNL()
	return argument{name: key, value: p.expression()}
}

// mapKey reads the part before the colon; a bare name stands for its text.
func (p *parser) mapKey() expr {
	t := p.tok()
	switch t.kind {
	case tIdent:
		p.next()
		return &litExpr{t.pos, t.text}
	case tOp:
		p.next()
		x := p.expression()
		p.expectOp(")")
		return x
	}
	return p.primary()
}

func (p *parser) index(e expr, open *token) expr {
	p.next()
	x := &indexExpr{pos: open.pos, obj: e, safe: open.text == "?["}
	for !p.isOp("]") {
		if p.isOp("*") {
			at := p.next().pos
			x.args = append(x.args, &spreadExpr{pos: at, x: p.expression()})
		} else {
			x.args = append(x.args, p.expression())
		}
		if !p.acceptOp(",") {
			break
		}
	}
	if len(x.args) == 0 {
		p.fail(open.pos, "an index is missing between [ and ]")
	}
	p.expectOp("]")
	return x
}
