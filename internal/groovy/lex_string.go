package groovy

import (
	"strconv"
	"strings"
	"unicode/utf16"
)

// strBuilder collects a string literal's pieces.
type strBuilder struct {
	cur   strings.Builder
	parts []gpart
}

func (b *strBuilder) flush() {
	b.parts = append(b.parts, gpart{text: b.cur.String()})
	b.cur.Reset()
}

func (l *lexer) emit(b *strBuilder, p pos, slashy bool) {
	if len(b.parts) == 0 {
		l.add(token{kind: tString, pos: p, text: b.cur.String(), slashy: slashy})
		return
	}
	b.flush()
	l.add(token{kind: tGString, pos: p, parts: b.parts, slashy: slashy})
}

// quoted reads '…', "…", and both in triple form.
func (l *lexer) quoted(q byte, p pos) {
	triple := strings.HasPrefix(l.text[l.off:], strings.Repeat(string(q), 3))
	end := string(q)
	if triple {
		end = strings.Repeat(end, 3)
	}
	l.off += len(end)
	var b strBuilder
	for {
		if l.off >= len(l.text) {
			l.fail(p, "the string is never closed")
		}
		c := l.text[l.off]
		switch {
		case strings.HasPrefix(l.text[l.off:], end):
			l.off += len(end)
			// """a"""" ends with a quote of its own
			for triple && l.off < len(l.text) && l.text[l.off] == q {
				b.cur.WriteByte(q)
				l.off++
			}
			l.emit(&b, p, false)
			return
		case c == '\n' && !triple:
			l.fail(p, "the string does not end on its line")
		case c == '\\':
			l.escape(&b)
		case c == '$' && q == '"' && l.interpolate(&b):
		default:
			l.strByte(&b, c)
		}
	}
}

// strByte takes one byte over; line ends in a script are always \n.
func (l *lexer) strByte(b *strBuilder, c byte) {
	l.off++
	if c == '\r' && l.off < len(l.text) && l.text[l.off] == '\n' {
		return
	}
	b.cur.WriteByte(c)
	if c == '\n' {
		l.newline()
	}
}

func (l *lexer) escape(b *strBuilder) {
	p := l.here()
	l.off++
	if l.off >= len(l.text) {
		l.fail(p, "the string is never closed")
	}
	c := l.text[l.off]
	l.off++
	switch c {
	case 'n':
		b.cur.WriteByte('\n')
	case 't':
		b.cur.WriteByte('\t')
	case 'r':
		b.cur.WriteByte('\r')
	case 'b':
		b.cur.WriteByte('\b')
	case 'f':
		b.cur.WriteByte('\f')
	case 's':
		b.cur.WriteByte(' ')
	case '\\', '\'', '"', '$':
		b.cur.WriteByte(c)
	case '\r', '\n':
		if c == '\r' && l.off < len(l.text) && l.text[l.off] == '\n' {
			l.off++
		}
		l.newline()
	case 'u':
		l.unicode(b, p)
	case '0', '1', '2', '3', '4', '5', '6', '7':
		n := 1
		for n < 3 && l.off < len(l.text) && l.text[l.off] >= '0' && l.text[l.off] <= '7' && (n < 2 || c <= '3') {
			l.off++
			n++
		}
		v, _ := strconv.ParseUint(l.text[l.off-n:l.off], 8, 16)
		b.cur.WriteRune(rune(v))
	default:
		l.fail(p, "unknown escape '\\%c' in a string", c)
	}
}

func (l *lexer) unicode(b *strBuilder, p pos) {
	for l.off < len(l.text) && l.text[l.off] == 'u' {
		l.off++
	}
	r, ok := l.hex4()
	if !ok {
		l.fail(p, "\\u needs four hexadecimal digits")
	}
	if utf16.IsSurrogate(r) && strings.HasPrefix(l.text[l.off:], "\\u") {
		save := l.off
		l.off += 2
		if low, ok := l.hex4(); ok {
			if full := utf16.DecodeRune(r, low); full != '\ufffd' {
				b.cur.WriteRune(full)
				return
			}
		}
		l.off = save
	}
	b.cur.WriteRune(r)
}

func (l *lexer) hex4() (rune, bool) {
	if l.off+4 > len(l.text) {
		return 0, false
	}
	v, err := strconv.ParseUint(l.text[l.off:l.off+4], 16, 32)
	if err != nil {
		return 0, false
	}
	l.off += 4
	return rune(v), true
}

// interpolate reads $name.name or ${…}; false leaves the dollar as text.
func (l *lexer) interpolate(b *strBuilder) bool {
	rest := l.text[l.off+1:]
	if strings.HasPrefix(rest, "{") {
		l.off += 2
		b.flush()
		b.parts = append(b.parts, gpart{code: l.embedded()})
		return true
	}
	if rest == "" || !isIdentStart(rest) || rest[0] == '$' {
		return false
	}
	b.flush()
	l.off++
	var code []token
	for {
		n := dollarIdentLen(l.text[l.off:])
		code = append(code, token{kind: tIdent, pos: l.here(), text: l.text[l.off : l.off+n], match: -1})
		l.off += n
		rest := l.text[l.off:]
		if len(rest) < 2 || rest[0] != '.' || !isIdentStart(rest[1:]) || rest[1] == '$' {
			break
		}
		code = append(code, token{kind: tOp, pos: l.here(), text: ".", match: -1})
		l.off++
	}
	b.parts = append(b.parts, gpart{code: append(code, token{kind: tEOF, pos: l.here(), match: -1})})
	return true
}

// dollarIdentLen is identLen without '$': in "$a$b" the second dollar starts anew.
func dollarIdentLen(s string) int {
	n := identLen(s)
	if i := strings.IndexByte(s[:n], '$'); i > 0 {
		return i
	}
	return n
}

func (l *lexer) embedded() []token {
	if l.nest >= maxStrNest {
		l.fail(l.here(), "strings are nested too deeply")
	}
	sub := &lexer{src: l.src, text: l.text, off: l.off, line: l.line, bol: l.bol, nest: l.nest + 1}
	sub.run(true)
	l.off, l.line, l.bol = sub.off, sub.line, sub.bol
	return sub.toks
}

// slashy reads /…/, where only \/ is an escape and a dollar without a name is text.
func (l *lexer) slashy(p pos) {
	l.off++
	var b strBuilder
	for {
		if l.off >= len(l.text) {
			l.fail(p, "the /string/ is never closed")
		}
		c := l.text[l.off]
		switch {
		case c == '/':
			l.off++
			l.emit(&b, p, true)
			return
		case c == '\\' && strings.HasPrefix(l.text[l.off+1:], "/"):
			b.cur.WriteByte('/')
			l.off += 2
		case c == '$' && l.interpolate(&b):
		default:
			l.strByte(&b, c)
		}
	}
}

// dollarSlashy reads $/…/$ with the escapes $$ and $/.
func (l *lexer) dollarSlashy(p pos) {
	l.off += 2
	var b strBuilder
	for {
		if l.off >= len(l.text) {
			l.fail(p, "the $/string/$ is never closed")
		}
		rest := l.text[l.off:]
		switch {
		case strings.HasPrefix(rest, "/$"):
			l.off += 2
			l.emit(&b, p, true)
			return
		case strings.HasPrefix(rest, "$$"), strings.HasPrefix(rest, "$/"):
			b.cur.WriteByte(rest[1])
			l.off += 2
		case rest[0] == '$' && l.interpolate(&b):
		default:
			l.strByte(&b, rest[0])
		}
	}
}
