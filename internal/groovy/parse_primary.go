package groovy

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

func (p *parser) primary() expr {
	t := p.tok()
	switch t.kind {
	case tNumber:
		return p.number("")
	case tString:
		p.next()
		return &litExpr{t.pos, t.text}
	case tGString:
		p.next()
		return p.gstring(t)
	case tIdent:
		return p.word(t)
	case tOp:
		switch t.text {
		case "(":
			return p.paren(t)
		case "[":
			return p.listOrMap()
		case "{":
			return p.closure()
		}
	}
	p.fail(t.pos, "unexpected %s", t.describe())
	return nil
}

func (p *parser) word(t *token) expr {
	if p.peek(1).op("->") && !p.noLambda && !keywords[t.text] {
		return p.lambda()
	}
	switch t.text {
	case "true", "false":
		p.next()
		return &litExpr{t.pos, t.text == "true"}
	case "null":
		p.next()
		return &litExpr{t.pos, nil}
	case "this":
		p.next()
		return &thisExpr{t.pos}
	case "super":
		p.next()
		return &superExpr{t.pos}
	case "new":
		return p.newExpr()
	case "switch":
		sw := p.switchBody()
		sw.value = true
		return &switchExpr{t.pos, sw}
	}
	if primitives[t.text] || p.peek(1).op("[") && !p.peek(1).space && p.peek(2).op("]") {
		p.next()
		ref := &typeRef{pos: t.pos, name: t.text}
		for p.isOp("[") && p.peek(1).op("]") {
			p.next()
			p.next()
			ref.dims++
		}
		return &castExpr{pos: t.pos, typ: ref} // a class literal: cast without operand
	}
	if keywords[t.text] {
		p.fail(t.pos, "unexpected '%s'", t.text)
	}
	p.next()
	return &varExpr{pos: t.pos, name: t.text}
}

func (p *parser) paren(t *token) expr {
	if t.match > 0 && p.toks[min(t.match+1, len(p.toks)-1)].op("->") && !p.noLambda {
		return p.lambda()
	}
	p.next()
	save := p.noLambda
	p.noLambda = false
	p.skipNL()
	x := p.expression()
	p.skipNL()
	p.noLambda = save
	p.expectOp(")")
	if v, ok := x.(*varExpr); ok { // (f)(x) and (x).y keep working; (x) y is no command
		return v
	}
	return x
}

// lambda reads "x -> …" or "(a, b) -> …".
func (p *parser) lambda() expr {
	at := p.tok().pos
	fn := &funcNode{pos: at, name: "closure", closure: true, file: p.src}
	if p.isOp("(") {
		fn.params = p.params()
	} else {
		q := &param{pos: at, name: p.next().text}
		fn.params = []*param{q}
	}
	p.expectOp("->")
	p.skipNL()
	if p.isOp("{") {
		fn.body = p.block()
	} else {
		x := p.expression()
		fn.body = &blockStmt{pos: at, list: []stmt{&exprStmt{x.at(), x}}}
	}
	return &closureExpr{pos: at, fn: fn, lambda: true}
}

// closureArrow tells whether the brace at i opens a closure with parameters:
// an arrow follows names, types and commas only.
func (p *parser) closureArrow(i int) bool {
	end := p.toks[i].match
	for k := i + 1; k < end; k++ {
		t := &p.toks[k]
		switch t.kind {
		case tIdent:
			switch t.text {
			case "new":
				if !p.toks[k-1].op("=") { // else it makes a parameter's default
					return false
				}
			case "return", "case", "if", "for", "while", "switch", "throw", "try", "assert", "in", "default":
				return false
			}
		case tNL:
			prev := &p.toks[k-1]
			next := &p.toks[k+1]
			if k != i+1 && !prev.op(",") && !next.op("->") && !next.op(",") {
				return false
			}
		case tOp:
			switch t.text {
			case "->":
				return true
			case "{":
				if !p.toks[k-1].op("=") || t.match < 0 {
					return false
				}
				k = t.match
			case ";", "}":
				return false
			case "(", "[":
				if t.match < 0 {
					return false
				}
				k = t.match
			}
		}
	}
	return false
}

func (p *parser) closure() expr {
	arrow := p.closureArrow(p.i)
	t := p.expectOp("{")
	p.enter(t.pos)
	fn := &funcNode{pos: t.pos, name: "closure", closure: true, file: p.src}
	if arrow {
		save := p.noLambda
		p.noLambda = true // in { a, b = a -> … } the arrow ends the parameters
		p.skipNL()
		for !p.isOp("->") {
			fn.params = append(fn.params, p.param())
			p.skipNL()
			if !p.acceptOp(",") {
				break
			}
		}
		p.noLambda = save
		p.skipNL()
		p.expectOp("->")
	} else {
		fn.implicit = true
	}
	fn.body = &blockStmt{pos: t.pos, list: p.statements()}
	p.depth--
	p.expectOp("}")
	return &closureExpr{pos: t.pos, fn: fn}
}

func (p *parser) listOrMap() expr {
	t := p.next()
	save := p.noLambda
	p.noLambda = false
	defer func() { p.noLambda = save }()
	if p.isOp(":") && p.peek(1).op("]") {
		p.next()
		p.next()
		return &mapExpr{pos: t.pos}
	}
	p.skipNL()
	if p.named() || p.isOp("*") && p.peek(1).op(":") {
		return p.mapRest(t.pos, nil)
	}
	l := &listExpr{pos: t.pos}
	for !p.isOp("]") {
		a := p.argument()
		if a.name != nil {
			p.fail(a.name.at(), "a map entry inside a list")
		}
		if len(l.items) == 0 && p.isOp(":") { // an expression as key, e.g. [[1, 2]: 3]
			return p.mapRest(t.pos, a.value)
		}
		l.items = append(l.items, a.value)
		p.skipNL()
		if !p.acceptOp(",") {
			break
		}
		p.skipNL()
	}
	p.expectOp("]")
	return l
}

func (p *parser) mapRest(at pos, first expr) expr {
	m := &mapExpr{pos: at}
	for !p.isOp("]") {
		var key expr
		switch {
		case first != nil:
			key, first = first, nil
		case p.isOp("*") && p.peek(1).op(":"):
			p.next()
			p.next()
			m.keys = append(m.keys, nil)
			m.vals = append(m.vals, p.expression())
			p.skipNL()
			if !p.acceptOp(",") {
				p.expectOp("]")
				return m
			}
			p.skipNL()
			continue
		case p.named():
			key = p.mapKey()
		default:
			key = p.expression()
		}
		p.skipNL()
		p.expectOp(":")
		p.skipNL()
		m.keys = append(m.keys, key)
		m.vals = append(m.vals, p.expression())
		p.skipNL()
		if !p.acceptOp(",") {
			break
		}
		p.skipNL()
	}
	p.expectOp("]")
	return m
}

func (p *parser) newExpr() expr {
	t := p.next()
	p.annotations()
	x := &newExpr{pos: t.pos, typ: p.typeRef()}
	if x.typ.dims > 0 {
		if p.isOp("{") {
			x.items = p.braceList()
		}
		return x
	}
	for p.isOp("[") {
		p.next()
		if p.acceptOp("]") {
			x.typ.dims++
			continue
		}
		x.dims = append(x.dims, p.expression())
		p.expectOp("]")
	}
	if x.dims != nil {
		return x
	}
	if !p.isOp("(") {
		p.fail(p.tok().pos, "expected '(' after new %s, found %s", x.typ.name, p.tok().describe())
	}
	x.args = p.arguments()
	if p.isOp("{") {
		c := &classNode{pos: t.pos, name: "", kind: "class", outer: p.inClass}
		p.classBody(c)
		x.body = c
	}
	return x
}

// braceList reads the {1, 2} of new int[]{1, 2}.
func (p *parser) braceList() *listExpr {
	t := p.expectOp("{")
	l := &listExpr{pos: t.pos}
	p.skipNL()
	for !p.isOp("}") {
		if p.isOp("{") {
			l.items = append(l.items, p.braceList())
		} else {
			l.items = append(l.items, p.expression())
		}
		p.skipNL()
		if !p.acceptOp(",") {
			break
		}
		p.skipNL()
	}
	p.expectOp("}")
	return l
}

func (p *parser) gstring(t *token) expr {
	g := &gstrExpr{pos: t.pos}
	text := ""
	for _, part := range t.parts {
		if part.code == nil {
			text += part.text
			continue
		}
		g.texts = append(g.texts, text)
		text = ""
		g.vals = append(g.vals, p.embedded(part.code))
	}
	g.texts = append(g.texts, text)
	return g
}

func (p *parser) embedded(code []token) expr {
	p.enter(code[0].pos)
	defer func() { p.depth-- }()
	sub := &parser{src: p.src, toks: code, depth: p.depth, inClass: p.inClass}
	sub.skipNL()
	at := sub.tok().pos
	if sub.tok().kind == tEOF {
		return &litExpr{at, nil}
	}
	if sub.acceptOp("->") { // lazy: evaluated on each use
		fn := &funcNode{pos: at, name: "closure", closure: true, file: p.src}
		fn.body = &blockStmt{pos: at, list: sub.statements()}
		return &closureExpr{pos: at, fn: fn}
	}
	x := sub.commandExpr()
	sub.skipSep()
	if sub.tok().kind != tEOF {
		p.fail(sub.tok().pos, "unexpected %s in a string's ${…}", sub.tok().describe())
	}
	return x
}

// number reads a literal; the smallest of int, long and BigInteger that holds
// it is its type, with a fraction or exponent it is a BigDecimal.
func (p *parser) number(sign string) expr {
	t := p.next()
	s := strings.ReplaceAll(t.text, "_", "")
	hex := strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0X")
	suffix := s[len(s)-1] | 0x20
	if !strings.ContainsRune("lgi", rune(suffix)) && (hex || !strings.ContainsRune("df", rune(suffix))) {
		suffix = 0
	} else {
		s = s[:len(s)-1]
	}
	v, ok := literal(sign, s, suffix, hex)
	if !ok {
		p.fail(t.pos, "'%s' is not a number of its type's range", t.text)
	}
	return &litExpr{t.pos, v}
}

func literal(sign, s string, suffix byte, hex bool) (Value, bool) {
	switch {
	case suffix == 'd' || suffix == 'f':
		f, err := strconv.ParseFloat(sign+s, 64)
		if suffix == 'f' {
			return float32(f), err == nil
		}
		return f, err == nil
	case !hex && strings.ContainsAny(s, ".eE"):
		d, ok := parseDecimal(sign + s)
		if suffix == 'l' || suffix == 'i' {
			return nil, false
		}
		return d, ok
	}
	base := 10
	switch {
	case hex:
		s, base = s[2:], 16
	case strings.HasPrefix(s, "0b"), strings.HasPrefix(s, "0B"):
		s, base = s[2:], 2
	case len(s) > 1 && s[0] == '0':
		s, base = s[1:], 8
	}
	n, ok := integerOf(sign+s, base)
	if !ok {
		return nil, false
	}
	return sized(n, suffix, base)
}

func sized(n *big.Int, suffix byte, base int) (Value, bool) {
	if suffix == 'g' {
		return n, true
	}
	fits32 := n.IsInt64() && n.Int64() >= math.MinInt32 && n.Int64() <= math.MaxInt32
	if base != 10 && suffix != 'l' && n.Sign() >= 0 && n.BitLen() <= 32 {
		return int32(uint32(n.Uint64())), true // 0xffffffff is -1
	}
	switch {
	case suffix == 'i':
		if !fits32 {
			return nil, false
		}
		return int32(n.Int64()), true
	case suffix == 'l':
		if base != 10 && n.Sign() >= 0 && n.BitLen() <= 64 {
			return int64(n.Uint64()), true
		}
		return n.Int64(), n.IsInt64()
	case fits32:
		return int32(n.Int64()), true
	case base != 10 && n.Sign() >= 0 && n.BitLen() <= 64:
		return int64(n.Uint64()), true
	case n.IsInt64():
		return n.Int64(), true
	}
	return n, true
}
