package expr

import (
	"fmt"
	"strings"
)

// HasExpression tells whether src contains ${ or #{ that is not escaped by a
// backslash.
func HasExpression(src string) bool { return nextOpen(src, 0) >= 0 }

// nextOpen is the offset of the next ${ or #{ that is not escaped, or -1.
func nextOpen(src string, from int) int {
	for i := from; i+1 < len(src); i++ {
		if src[i+1] == '{' && (src[i] == '$' || src[i] == '#') && (i == 0 || src[i-1] != '\\') {
			return i
		}
	}
	return -1
}

// parse cuts src into parts. A text without expressions is one part.
func parse(src string) ([]part, error) {
	if len(src) > MaxSource {
		return nil, &SyntaxError{Src: src, Offset: MaxSource, Msg: fmt.Sprintf("the text is longer than %d bytes", MaxSource)}
	}
	var parts []part
	kind := byte(0)
	for pos := 0; pos < len(src); {
		open := nextOpen(src, pos)
		if open < 0 {
			parts = append(parts, part{text: unescape(src[pos:])})
			break
		}
		if open > pos {
			parts = append(parts, part{text: unescape(src[pos:open])})
		}
		if kind != 0 && kind != src[open] {
			return nil, &SyntaxError{Src: src, Offset: open, Msg: "${...} and #{...} cannot be mixed in one text"}
		}
		kind = src[open]
		p := parser{lexer: lexer{src: src, pos: open + 2}, open: open}
		n, err := p.expression()
		if err != nil {
			return nil, err
		}
		parts = append(parts, part{expr: n})
		pos = p.lexer.pos
	}
	return parts, nil
}

// unescape drops the backslash of \${ and \#{; all others stay.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return strings.NewReplacer(`\${`, `${`, `\#{`, `#{`).Replace(s)
}

// parser is a recursive descent over the grammar of JSR 245 §1.19, one method
// a level of precedence.
type parser struct {
	lexer lexer
	open  int // where the ${ is
	tok   token
	depth int
}

func (p *parser) fail(pos int, format string, args ...any) error {
	return p.lexer.fail(pos, format, args...)
}

func (p *parser) advance() error {
	if p.lexer.pos-p.open > MaxExpression {
		return p.fail(p.open, "the expression is longer than %d bytes", MaxExpression)
	}
	var err error
	p.tok, err = p.lexer.next()
	return err
}

// expression parses up to and including the closing brace.
func (p *parser) expression() (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == tokEnd {
		return nil, p.fail(p.open, "the expression is empty")
	}
	n, err := p.choice()
	if err != nil {
		return nil, err
	}
	switch p.tok.kind {
	case tokEnd:
		if p.lexer.pos-p.open > MaxExpression {
			return nil, p.fail(p.open, "the expression is longer than %d bytes", MaxExpression)
		}
		return n, nil
	case tokEOF:
		return nil, p.fail(p.open, `the expression has no closing "}"`)
	}
	return nil, p.unexpected(`an operator or "}"`)
}

func (p *parser) unexpected(want string) error {
	if p.tok.kind == tokWord && p.tok.text == "instanceof" {
		return p.fail(p.tok.pos, `"instanceof" is a reserved word without a meaning`)
	}
	return p.fail(p.tok.pos, "expected %s, found %s", want, p.tok)
}

func (p *parser) enter(pos int) error {
	if p.depth++; p.depth > MaxNesting {
		return p.fail(pos, "the expression is nested more than %d levels deep", MaxNesting)
	}
	return nil
}

func (p *parser) isOp(op string) bool { return p.tok.kind == tokOp && p.tok.text == op }

func (p *parser) expect(op, after string) error {
	if !p.isOp(op) {
		return p.unexpected(fmt.Sprintf("%q %s", op, after))
	}
	return p.advance()
}

func (p *parser) choice() (node, error) {
	if err := p.enter(p.tok.pos); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	test, err := p.binary(0)
	if err != nil || !p.isOp("?") {
		return test, err
	}
	n := &choice{pos: p.tok.pos, test: test}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if n.yes, err = p.choice(); err != nil {
		return nil, err
	}
	if err := p.expect(":", `and the other case of "?"`); err != nil {
		return nil, err
	}
	n.alt, err = p.choice()
	return n, err
}

// levels are the binary operators, loosest first; all group to the left.
var levels = [][]string{
	{"||"}, {"&&"}, {"==", "!="}, {"<", ">", "<=", ">="}, {"+", "-"}, {"*", "/", "%"},
}

func (p *parser) binary(level int) (node, error) {
	if level == len(levels) {
		return p.unary()
	}
	x, err := p.binary(level + 1)
	if err != nil {
		return nil, err
	}
	for {
		op := p.operator(levels[level])
		if op == "" {
			return x, nil
		}
		n := &binary{pos: p.tok.pos, op: op, x: x}
		if err := p.advance(); err != nil {
			return nil, err
		}
		if n.y, err = p.binary(level + 1); err != nil {
			return nil, err
		}
		x = n
	}
}

// operator is the current token as one of ops, words resolved, or "".
func (p *parser) operator(ops []string) string {
	text := p.tok.text
	switch p.tok.kind {
	case tokWord:
		text = aliases[text]
	case tokOp:
	default:
		return ""
	}
	for _, op := range ops {
		if op == text {
			return op
		}
	}
	return ""
}

func (p *parser) unary() (node, error) {
	op := p.operator([]string{"!", "-"})
	if p.tok.kind == tokWord && p.tok.text == "empty" {
		op = "empty"
	}
	if op == "" {
		return p.value()
	}
	n := &unary{pos: p.tok.pos, op: op}
	if err := p.enter(n.pos); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if err := p.advance(); err != nil {
		return nil, err
	}
	var err error
	n.x, err = p.unary()
	return n, err
}

// value parses a primary and the chain of properties, brackets and calls after it.
func (p *parser) value() (node, error) {
	n, err := p.primary()
	for err == nil {
		switch {
		case p.isOp("."):
			n, err = p.dot(n)
		case p.isOp("["):
			n, err = p.bracket(n)
		default:
			return n, nil
		}
	}
	return nil, err
}

// dot parses .name and .name(args). Reserved words are accepted as names here:
// nothing else could be meant.
func (p *parser) dot(base node) (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	pos, text := p.tok.pos, p.tok.text
	if nameLen(text) != len(text) || text == "" {
		return nil, p.unexpected(`a name after "."`)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if !p.isOp("(") {
		return &member{pos: pos, base: base, name: text}, nil
	}
	args, err := p.arguments(text)
	return &method{pos: pos, base: base, name: &literal{pos, text}, args: args}, err
}

func (p *parser) bracket(base node) (node, error) {
	pos := p.tok.pos
	if err := p.advance(); err != nil {
		return nil, err
	}
	key, err := p.choice()
	if err != nil {
		return nil, err
	}
	if err := p.expect("]", "after the key"); err != nil {
		return nil, err
	}
	if !p.isOp("(") {
		return &index{pos: pos, base: base, key: key}, nil
	}
	args, err := p.arguments("the method")
	return &method{pos: pos, base: base, name: key, args: args}, err
}

func (p *parser) primary() (node, error) {
	t := p.tok
	switch {
	case t.kind == tokValue:
		return &literal{t.pos, t.value}, p.advance()
	case t.kind == tokName:
		if err := p.advance(); err != nil {
			return nil, err
		}
		if !p.isOp("(") {
			return &name{t.pos, t.text}, nil
		}
		args, err := p.arguments(t.text)
		return &call{pos: t.pos, name: t.text, args: args}, err
	case p.isOp("("):
		if err := p.advance(); err != nil {
			return nil, err
		}
		n, err := p.choice()
		if err != nil {
			return nil, err
		}
		return n, p.expect(")", "after the expression in parentheses")
	case p.isOp("["):
		return nil, p.fail(t.pos, "lists cannot be written in expressions; use array(...)")
	}
	return nil, p.unexpected("a value")
}

// arguments parses from "(" to ")".
func (p *parser) arguments(of string) ([]node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	var args []node
	for !p.isOp(")") {
		if len(args) > 0 {
			if !p.isOp(",") {
				return nil, p.unexpected(fmt.Sprintf(`"," or ")" in the arguments of %s`, of))
			}
			if err := p.advance(); err != nil {
				return nil, err
			}
		}
		n, err := p.choice()
		if err != nil {
			return nil, err
		}
		args = append(args, n)
	}
	return args, p.advance()
}
