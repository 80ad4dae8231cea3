package groovy

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokKind uint8

const (
	tEOF tokKind = iota
	tNL
	tIdent
	tNumber
	tString  // text is the value
	tGString // parts
	tOp
)

type token struct {
	kind   tokKind
	space  bool // white space or a newline stands before it
	match  int  // index of the matching bracket, -1 without
	pos    pos
	text   string
	parts  []gpart
	slashy bool
}

// gpart is a piece of a GString: literal text or the tokens of an expression.
type gpart struct {
	text string
	code []token // nil for text
}

const (
	maxSource  = 1 << 20
	maxStrNest = 24
)

type lexer struct {
	src   *source
	text  string
	off   int
	line  int
	bol   int // offset of the line's first byte
	toks  []token
	stack []int // open brackets: indexes into toks
	nest  int
}

// lex cuts the text into tokens. Newlines inside round and square brackets are
// dropped, as Groovy ignores them there.
func lex(src *source) (toks []token, err *Error) {
	if len(src.text) > maxSource {
		return nil, src.errorf(makePos(1, 1), "the script is longer than %d bytes", maxSource)
	}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			toks, err = nil, e
		}
	}()
	l := &lexer{src: src, text: src.text, line: 1, toks: make([]token, 0, len(src.text)/4+16)}
	if strings.HasPrefix(l.text, "\ufeff") {
		l.off = 3
		l.bol = 3
	}
	if strings.HasPrefix(l.text[l.off:], "#!") {
		l.skipLine()
	}
	l.run(false)
	l.closeBrackets()
	return l.toks, nil
}

func (l *lexer) fail(p pos, format string, args ...any) { panic(l.src.errorf(p, format, args...)) }

func (l *lexer) here() pos {
	col := maxColumn
	if seg := l.text[l.bol:min(l.off, len(l.text))]; len(seg) < maxColumn {
		col = utf8.RuneCountInString(seg) + 1
	}
	return makePos(l.line, col)
}

func (l *lexer) newline() {
	l.line++
	l.bol = l.off
}

func (l *lexer) skipLine() {
	for l.off < len(l.text) && l.text[l.off] != '\n' {
		l.off++
	}
}

func (l *lexer) add(t token) {
	t.match = -1
	l.toks = append(l.toks, t)
}

// closeBrackets complains about the bracket that was opened last, before that about a
// parenthesis: "if (x {" lacks one, and the block is not to blame.
func (l *lexer) closeBrackets() {
	if len(l.stack) == 0 {
		return
	}
	t := l.toks[l.stack[len(l.stack)-1]]
	for _, i := range slices.Backward(l.stack) {
		if l.toks[i].text != "{" {
			t = l.toks[i]
			break
		}
	}
	l.fail(t.pos, "'%s' is never closed", t.text)
}

// run reads tokens up to the end of the text or, in a GString, to the brace
// which closes the expression.
func (l *lexer) run(embedded bool) {
	base := len(l.stack)
	for {
		space := l.blank()
		p := l.here()
		if l.off >= len(l.text) {
			if embedded {
				l.fail(p, "the string's ${ is never closed")
			}
			l.add(token{kind: tEOF, pos: p, space: true})
			return
		}
		c := l.text[l.off]
		if c == '\n' {
			l.off++
			l.newline()
			l.addNL(p)
			continue
		}
		if embedded && c == '}' && len(l.stack) == base {
			l.off++
			l.add(token{kind: tEOF, pos: p})
			return
		}
		l.one(c, p)
		if n := len(l.toks); n > 0 {
			l.toks[n-1].space = space
		}
	}
}

func (l *lexer) addNL(p pos) {
	if n := len(l.stack); n > 0 && l.toks[l.stack[n-1]].text != "{" {
		return
	}
	if n := len(l.toks); n > 0 && l.toks[n-1].kind == tNL {
		return
	}
	l.add(token{kind: tNL, pos: p})
}

// blank skips spaces and comments. A newline in a block comment counts as space.
func (l *lexer) blank() bool {
	start := l.off
	for l.off < len(l.text) {
		rest := l.text[l.off:]
		switch {
		case rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r' || rest[0] == '\f':
			l.off++
		case strings.HasPrefix(rest, "//"):
			l.skipLine()
		case strings.HasPrefix(rest, "/*"):
			l.blockComment()
		case strings.HasPrefix(rest, "\\\n"), strings.HasPrefix(rest, "\\\r\n"):
			l.off += strings.IndexByte(rest, '\n') + 1
			l.newline()
		case strings.HasPrefix(rest, "\u00a0"), strings.HasPrefix(rest, "\ufeff"):
			_, n := utf8.DecodeRuneInString(rest)
			l.off += n
		default:
			return l.off > start || l.off == 0 || l.text[l.off-1] == '\n'
		}
	}
	return true
}

func (l *lexer) blockComment() {
	p := l.here()
	end := strings.Index(l.text[l.off+2:], "*/")
	if end < 0 {
		l.fail(p, "the comment is never closed")
	}
	stop := l.off + 2 + end + 2
	for ; l.off < stop; l.off++ {
		if l.text[l.off] == '\n' {
			l.line++
			l.bol = l.off + 1
		}
	}
}

func (l *lexer) one(c byte, p pos) {
	rest := l.text[l.off:]
	switch {
	case c >= '0' && c <= '9':
		l.number(p)
	case c == '.' && len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9' && !l.afterValue():
		l.number(p)
	case c == '\'' || c == '"':
		l.quoted(c, p)
	case c == '/' && !l.afterValue():
		l.slashy(p)
	case strings.HasPrefix(rest, "$/") && !l.afterValue():
		l.dollarSlashy(p)
	case isIdentStart(rest):
		l.ident(p)
	default:
		l.operator(rest, p)
	}
}

func isIdentStart(s string) bool {
	c := s[0]
	if c < utf8.RuneSelf {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$'
	}
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLetter(r)
}

func identLen(s string) int {
	i := 0
	for i < len(s) {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || c >= '0' && c <= '9' {
				i++
				continue
			}
			return i
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return i
		}
		i += n
	}
	return i
}

func (l *lexer) ident(p pos) {
	n := identLen(l.text[l.off:])
	l.add(token{kind: tIdent, pos: p, text: l.text[l.off : l.off+n]})
	l.off += n
}

// afterValue tells whether the previous token ends a value, so that a slash
// divides instead of opening a string.
func (l *lexer) afterValue() bool {
	if len(l.toks) == 0 {
		return false
	}
	t := l.toks[len(l.toks)-1]
	switch t.kind {
	case tNumber, tString, tGString:
		return true
	case tIdent:
		switch t.text {
		case "return", "case", "in", "assert", "throw", "else", "instanceof", "as", "yield":
			return false
		}
		return true
	case tOp:
		return t.text == ")" || t.text == "]" || t.text == "}" || t.text == "++" || t.text == "--"
	}
	return false
}

func (l *lexer) number(p pos) {
	s := l.text[l.off:]
	n := 0
	hex := len(s) > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X' || s[1] == 'b' || s[1] == 'B')
	if hex {
		n = 2
	}
	dot, exp := false, false
	for n < len(s) {
		c := s[n]
		switch {
		case c >= '0' && c <= '9', c == '_',
			hex && (s[1] == 'x' || s[1] == 'X') && (c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'):
			n++
			continue
		case !hex && !dot && !exp && c == '.' && n+1 < len(s) && s[n+1] >= '0' && s[n+1] <= '9':
			dot = true
			n++
			continue
		case !hex && !exp && (c == 'e' || c == 'E') && n+1 < len(s) &&
			(s[n+1] >= '0' && s[n+1] <= '9' || (s[n+1] == '-' || s[n+1] == '+') && n+2 < len(s) && s[n+2] >= '0' && s[n+2] <= '9'):
			exp = true
			n += 2
			continue
		case strings.IndexByte("lLgGiI", c) >= 0, !hex && strings.IndexByte("dDfF", c) >= 0:
			n++
		}
		break
	}
	if n > 2000 {
		l.fail(p, "the number is too long")
	}
	l.add(token{kind: tNumber, pos: p, text: s[:n]})
	l.off += n
	if l.off < len(l.text) && isIdentStart(l.text[l.off:]) {
		l.fail(p, "'%s' is not a number", s[:n+1])
	}
}

// operators from the longest to the shortest: the first that fits wins.
var operators = []string{
	">>>=", "<=>", "===", "!==", "==~", "**=", "<<=", ">>=", ">>>", "..<", "<..", "*.@", "?.@", "...", "??.",
	"?.", "?:", "?=", "?[", "*.", ".&", ".@", "::", "->", "=~", "==", "!=", "<=", ">=", "&&", "||", "++", "--",
	"+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<", ">>", "**", "..",
	"(", ")", "[", "]", "{", "}", ",", ";", ".", "?", ":", "=", "<", ">", "!", "~", "+", "-", "*", "/", "%", "&", "|", "^", "@",
}

// operatorsBy lists the operators by their first byte.
var operatorsBy = func() (out [128][]string) {
	for _, op := range operators {
		out[op[0]] = append(out[op[0]], op)
	}
	return out
}()

func (l *lexer) operator(rest string, p pos) {
	if strings.HasPrefix(rest, "<..<") {
		l.add(token{kind: tOp, pos: p, text: "<..<"})
		l.off += 4
		return
	}
	for _, op := range operatorsBy[rest[0]&127] {
		if !strings.HasPrefix(rest, op) {
			continue
		}
		if op == "?[" && (len(l.toks) > 0 && rest[0] == '?' && l.prevSpace()) {
			op = "?" // `a ?[1] : [2]` is a ternary
		}
		l.off += len(op)
		l.add(token{kind: tOp, pos: p, text: op})
		l.bracket(op, p)
		return
	}
	r, _ := utf8.DecodeRuneInString(rest)
	l.fail(p, "unexpected character '%c'", r)
}

func (l *lexer) prevSpace() bool {
	return l.off > 0 && (l.text[l.off-1] == ' ' || l.text[l.off-1] == '\t' || l.text[l.off-1] == '\n')
}

func (l *lexer) bracket(op string, p pos) {
	switch op {
	case "(", "[", "{", "?[":
		if len(l.stack) > 1000 {
			l.fail(p, "brackets are nested too deeply")
		}
		l.stack = append(l.stack, len(l.toks)-1)
	case ")", "]", "}":
		n := len(l.stack)
		if n == 0 {
			l.fail(p, "'%s' has no opening bracket", op)
		}
		open := l.stack[n-1]
		want := map[string]string{"(": ")", "[": "]", "?[": "]", "{": "}"}[l.toks[open].text]
		if want != op {
			l.fail(p, "expected '%s' to close '%s' of line %d, found '%s'", want, l.toks[open].text, l.toks[open].pos.line(), op)
		}
		l.stack = l.stack[:n-1]
		l.toks[open].match = len(l.toks) - 1
		l.toks[len(l.toks)-1].match = open
	}
}
