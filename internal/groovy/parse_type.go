package groovy

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// skipType gives the index after a type which begins at i, or -1.
func (p *parser) skipType(i int) int {
	t := &p.toks[i]
	if t.kind != tIdent || keywords[t.text] && !primitives[t.text] {
		return -1
	}
	i++
	for p.toks[i].op(".") && p.toks[i+1].kind == tIdent {
		i += 2
	}
	if p.toks[i].op("<") {
		if i = p.skipGenerics(i); i < 0 {
			return -1
		}
		for p.toks[i].op(".") && p.toks[i+1].kind == tIdent {
			i += 2
		}
	}
	for p.toks[i].op("[") && p.toks[i+1].op("]") {
		i += 2
	}
	return i
}

// skipGenerics gives the index after <…>, or -1 when this is no type argument list.
func (p *parser) skipGenerics(i int) int {
	depth := 0
	for n := 0; n < 200 && i < len(p.toks); n++ {
		t := &p.toks[i]
		switch {
		case t.op("<"):
			depth++
		case t.op(">"):
			depth--
		case t.op(">>"):
			depth -= 2
		case t.op(">>>"):
			depth -= 3
		case t.kind == tIdent, t.op("."), t.op(","), t.op("?"), t.op("&"), t.op("["), t.op("]"), t.kind == tNL:
		default:
			return -1
		}
		i++
		if depth == 0 {
			return i
		}
		if depth < 0 {
			return -1
		}
	}
	return -1
}

// typeLike tells whether tokens i..j, already known to have the shape of a
// type, may be one at the start of a declaration. As in Groovy, a lower-case
// name there starts a command expression instead.
func (p *parser) typeLike(i, j int) bool {
	if primitives[p.toks[i].text] || p.toks[j-1].op("]") || p.toks[j-1].op(">") {
		return true
	}
	last := p.toks[i].text
	for k := i; k < j; k++ {
		if p.toks[k].kind == tIdent {
			last = p.toks[k].text
		}
	}
	return upperStart(last)
}

func upperStart(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return !unicode.IsLower(r) && r != '_' && r != '$'
}

// typeRef reads a type; type arguments are dropped, as erasure would.
func (p *parser) typeRef() *typeRef {
	t := p.tok()
	if t.kind != tIdent || keywords[t.text] && !primitives[t.text] {
		p.fail(t.pos, "expected a type, found %s", t.describe())
	}
	ref := &typeRef{pos: t.pos}
	parts := []string{t.text}
	p.next()
	dot := func() {
		for p.isOp(".") && p.peek(1).kind == tIdent {
			p.next()
			parts = append(parts, p.next().text)
		}
	}
	dot()
	if p.isOp("<") {
		j := p.skipGenerics(p.i)
		if j < 0 {
			if p.peek(1).op(">") {
				j = p.i + 2
			} else {
				p.fail(p.tok().pos, "the type arguments are not closed")
			}
		}
		p.i = j
		dot()
	}
	for p.isOp("[") && p.peek(1).op("]") {
		p.next()
		p.next()
		ref.dims++
	}
	ref.name = strings.Join(parts, ".")
	if ref.name == "def" || ref.name == "var" {
		ref.name = ""
	}
	return ref
}
