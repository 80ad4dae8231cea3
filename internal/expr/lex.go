package expr

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokEOF   tokenKind = iota // end of the text, inside an expression
	tokEnd                    // the } that ends an expression
	tokName                   // identifier
	tokWord                   // reserved word, text says which
	tokOp                     // operator or punctuation, text says which
	tokValue                  // literal, value holds it
)

type token struct {
	kind  tokenKind
	text  string // as written
	value Value
	pos   int
}

// String is how messages name the token.
func (t token) String() string {
	switch t.kind {
	case tokEOF:
		return "the end of the text"
	case tokEnd:
		return "the end of the expression"
	case tokValue:
		if _, ok := t.value.(string); ok {
			return "a string"
		}
	}
	return strconv.Quote(t.text)
}

// aliases are the words for operators, by JSR 245 §1.15.
var aliases = map[string]string{
	"and": "&&", "or": "||", "not": "!", "eq": "==", "ne": "!=", "lt": "<", "gt": ">",
	"le": "<=", "ge": ">=", "div": "/", "mod": "%",
}

// operators, longest first.
var operators = []string{
	"==", "!=", "<=", ">=", "&&", "||",
	"(", ")", "[", "]", ".", ",", "?", ":", "<", ">", "+", "-", "*", "/", "%", "!",
}

// lexer cuts the inside of one expression into tokens; src is the whole text.
type lexer struct {
	src string
	pos int
}

func (l *lexer) fail(pos int, format string, args ...any) error {
	return &SyntaxError{Src: l.src, Offset: pos, Msg: fmt.Sprintf(format, args...)}
}

func (l *lexer) next() (token, error) {
	for l.pos < len(l.src) && strings.IndexByte(" \t\r\n", l.src[l.pos]) >= 0 {
		l.pos++
	}
	if l.pos >= len(l.src) {
		return token{kind: tokEOF, pos: len(l.src)}, nil
	}
	start, rest := l.pos, l.src[l.pos:]
	c := rest[0]
	switch {
	case c == '}':
		l.pos++
		return token{kind: tokEnd, text: "}", pos: start}, nil
	case c == '\'' || c == '"':
		return l.text()
	case isDigit(c), c == '.' && len(rest) > 1 && isDigit(rest[1]):
		return l.number()
	case strings.HasPrefix(rest, "${"), strings.HasPrefix(rest, "#{"):
		return token{}, l.fail(start, "an expression cannot contain another one; leave out the inner %s}", rest[:2])
	}
	if n := nameLen(rest); n > 0 {
		l.pos += n
		return word(rest[:n], start), nil
	}
	for _, op := range operators {
		if strings.HasPrefix(rest, op) {
			l.pos += len(op)
			return token{kind: tokOp, text: op, pos: start}, nil
		}
	}
	return token{}, l.strange(start, rest)
}

// strange explains characters that are operators elsewhere.
func (l *lexer) strange(pos int, rest string) error {
	switch rest[0] {
	case '=':
		return l.fail(pos, `"=" is not an operator; compare with "=="`)
	case '&':
		return l.fail(pos, `"&" is not an operator; use "&&" or "and"`)
	case '|':
		return l.fail(pos, `"|" is not an operator; use "||" or "or"`)
	case '{':
		return l.fail(pos, `maps cannot be written in expressions`)
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return l.fail(pos, "unexpected character %q", r)
}

func word(text string, pos int) token {
	t := token{kind: tokName, text: text, pos: pos}
	switch text {
	case "true", "false":
		t.kind, t.value = tokValue, text == "true"
	case "null":
		t.kind = tokValue
	case "empty", "instanceof":
		t.kind = tokWord
	default:
		if _, ok := aliases[text]; ok {
			t.kind = tokWord
		}
	}
	return t
}

// text reads a string literal. A backslash quotes itself and both quotes, and
// is an ordinary character before all others.
func (l *lexer) text() (token, error) {
	start, quote := l.pos, l.src[l.pos]
	var b strings.Builder
	for i := start + 1; i < len(l.src); i++ {
		c := l.src[i]
		if c == quote {
			l.pos = i + 1
			return token{kind: tokValue, text: l.src[start:l.pos], value: b.String(), pos: start}, nil
		}
		if c == '\\' && i+1 < len(l.src) && strings.IndexByte(`\'"`, l.src[i+1]) >= 0 {
			i++
			c = l.src[i]
		}
		b.WriteByte(c)
	}
	return token{}, l.fail(start, "the string has no closing %c", quote)
}

func (l *lexer) number() (token, error) {
	start, i := l.pos, l.pos
	digits := func() {
		for i < len(l.src) && isDigit(l.src[i]) {
			i++
		}
	}
	digits()
	decimal := false
	if i < len(l.src) && l.src[i] == '.' {
		decimal = true
		i++
		digits()
	}
	if i < len(l.src) && (l.src[i] == 'e' || l.src[i] == 'E') {
		mark := i
		i++
		if i < len(l.src) && (l.src[i] == '+' || l.src[i] == '-') {
			i++
		}
		if i < len(l.src) && isDigit(l.src[i]) {
			decimal = true
			digits()
		} else {
			i = mark
		}
	}
	l.pos = i
	t := token{kind: tokValue, text: l.src[start:i], pos: start}
	if n := nameLen(l.src[i:]); n > 0 {
		return t, l.fail(start, "%q is neither a number nor a name", l.src[start:i+n])
	}
	if decimal {
		f, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			return t, l.fail(start, "the number %s is out of range", t.text)
		}
		t.value = f
		return t, nil
	}
	n, err := strconv.ParseInt(t.text, 10, 64)
	if err != nil {
		return t, l.fail(start, "the number %s is out of range", t.text)
	}
	t.value = n
	return t, nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// nameLen is the length of the Java identifier that s starts with, 0 if none.
func nameLen(s string) int {
	for i, r := range s {
		start := r == '_' || r == '$' || unicode.IsLetter(r)
		if !start && (i == 0 || !unicode.IsDigit(r)) {
			return i
		}
	}
	return len(s)
}
