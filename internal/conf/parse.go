package conf

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits of a document.
const (
	maxDocument = 16 << 20
	maxDepth    = 200
)

// Parse reads one document. Besides JSON it takes what deployed files contain: //
// and /* */ comments, single-quoted strings, and raw line breaks and tabs within
// strings. Trailing commas and unquoted keys are errors, and so is a key written
// twice, since one of the two would silently be lost.
//
// The returned error is an *Error; the Node is nil then.
func Parse(file string, text []byte) (*Node, error) {
	p := &parser{src: newSource(file, string(text)), errs: &Errors{}}
	if len(text) > maxDocument {
		p.fail(0, "the document is larger than %d MiB", maxDocument>>20)
		return nil, p.errs.Err()
	}
	if !utf8.Valid(text) {
		p.fail(invalidAt(text), "the document is not valid UTF-8")
		return nil, p.errs.Err()
	}
	p.s = strings.TrimPrefix(p.src.text, "\ufeff")
	p.base = len(p.src.text) - len(p.s)
	n := p.value(nil, "", 0)
	if !p.failed {
		p.space()
		if p.i < len(p.s) {
			p.fail(p.i, "expected the end of the document, found %s", p.found())
		}
	}
	if err := p.errs.Err(); err != nil {
		return nil, err
	}
	return n, nil
}

func invalidAt(b []byte) int {
	off := 0
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			return off
		}
		b, off = b[n:], off+n
	}
	return off
}

// parser stops at the first syntax error (what follows would be guesswork) but
// reports every duplicate key.
type parser struct {
	src    *Source
	s      string
	base   int // bytes before s: a byte order mark
	i      int
	errs   *Errors
	failed bool
}

func (p *parser) fail(off int, format string, args ...any) {
	if p.failed {
		return
	}
	p.failed = true
	p.errs.add(&Node{src: p.src, off: off + p.base}, false, fmt.Sprintf(format, args...))
}

// found describes what stands at the present place.
func (p *parser) found() string {
	if p.i >= len(p.s) {
		return "the end of the document"
	}
	r, _ := utf8.DecodeRuneInString(p.s[p.i:])
	return fmt.Sprintf("%q", r)
}

func (p *parser) space() {
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			p.i++
		case c == '/' && strings.HasPrefix(p.s[p.i:], "//"):
			end := strings.IndexByte(p.s[p.i:], '\n')
			if end < 0 {
				p.i = len(p.s)
				return
			}
			p.i += end
		case c == '/' && strings.HasPrefix(p.s[p.i:], "/*"):
			end := strings.Index(p.s[p.i+2:], "*/")
			if end < 0 {
				p.fail(p.i, "the comment has no end")
				p.i = len(p.s)
				return
			}
			p.i += end + 4
		default:
			return
		}
	}
}

func (p *parser) value(parent *Node, key string, depth int) *Node {
	p.space()
	n := &Node{src: p.src, off: p.i + p.base, parent: parent, key: key}
	if parent != nil {
		n.index = len(parent.List)
	}
	if depth > maxDepth {
		p.fail(p.i, "the document is nested deeper than %d levels", maxDepth)
		return n
	}
	if p.i >= len(p.s) {
		p.fail(p.i, "expected a value, found the end of the document")
		return n
	}
	switch c := p.s[p.i]; {
	case c == '{':
		p.object(n, depth)
	case c == '[':
		p.list(n, depth)
	case c == '"' || c == '\'':
		n.Kind, n.Text = String, p.str()
	case c == '-' || '0' <= c && c <= '9':
		n.Kind, n.Text = Number, p.number()
	case strings.HasPrefix(p.s[p.i:], "true"):
		n.Kind, n.Bool = Bool, true
		p.i += 4
	case strings.HasPrefix(p.s[p.i:], "false"):
		n.Kind = Bool
		p.i += 5
	case strings.HasPrefix(p.s[p.i:], "null"):
		p.i += 4
	default:
		p.fail(p.i, "expected a value, found %s", p.found())
	}
	return n
}

func (p *parser) object(n *Node, depth int) {
	n.Kind = Object
	open := p.i
	p.i++
	seen := map[string]int{}
	for first := true; !p.failed; first = false {
		p.space()
		if p.i >= len(p.s) {
			p.fail(open, "the object that begins here has no end")
			return
		}
		if p.s[p.i] == '}' && first {
			p.i++
			return
		}
		if c := p.s[p.i]; c != '"' && c != '\'' {
			p.noKey()
			return
		}
		at := p.i
		key := p.str()
		p.space()
		if !p.expect(':') {
			return
		}
		v := p.value(n, key, depth+1)
		if was, twice := seen[key]; twice {
			line, _ := p.src.position(was + p.base)
			p.errs.add(&Node{src: p.src, off: at + p.base, parent: n, key: key}, false,
				fmt.Sprintf("the key %q is written twice; the first is in line %d", key, line))
		} else {
			seen[key] = at
			n.Fields = append(n.Fields, Field{Name: key, Value: v, off: at + p.base})
		}
		p.space()
		if p.i < len(p.s) && p.s[p.i] == '}' {
			p.i++
			return
		}
		if !p.comma(open, '}') {
			return
		}
	}
}

func (p *parser) list(n *Node, depth int) {
	n.Kind = List
	open := p.i
	p.i++
	for !p.failed {
		p.space()
		if p.i >= len(p.s) {
			p.fail(open, "the list that begins here has no end")
			return
		}
		if p.s[p.i] == ']' && len(n.List) == 0 {
			p.i++
			return
		}
		v := p.value(n, "", depth+1)
		n.List = append(n.List, v)
		p.space()
		if p.i < len(p.s) && p.s[p.i] == ']' {
			p.i++
			return
		}
		if !p.comma(open, ']') {
			return
		}
	}
}

// comma reads what separates the elements of the object or list that begins at open.
func (p *parser) comma(open int, end byte) bool {
	if p.failed {
		return false
	}
	if p.i < len(p.s) && p.s[p.i] == ',' {
		at := p.i
		p.i++
		p.space()
		if p.i < len(p.s) && p.s[p.i] == end {
			p.fail(at, "there is nothing after this comma")
			return false
		}
		return true
	}
	switch {
	case p.i >= len(p.s) && end == '}':
		p.fail(open, "the object that begins here has no end")
	case p.i >= len(p.s):
		p.fail(open, "the list that begins here has no end")
	case strings.IndexByte("\"'{[", p.s[p.i]) >= 0:
		p.fail(p.i, "expected ',' or '%c', found %s (is a comma missing before it?)", end, p.found())
	default:
		p.fail(p.i, "expected ',' or '%c', found %s", end, p.found())
	}
	return false
}

// noKey says what stands where a key in quotes should.
func (p *parser) noKey() {
	switch r, _ := utf8.DecodeRuneInString(p.s[p.i:]); r {
	case '#':
		p.fail(p.i, "expected a key in quotes, found '#'; comments are // to the end of the line, or /* */")
	case '“', '”', '„', '‘', '’', '«', '»':
		p.fail(p.i, "expected a key in quotes, found the typographic quote '%c'; write \"", r)
	default:
		p.fail(p.i, "expected a key in quotes, found %s", p.found())
	}
}

func (p *parser) expect(c byte) bool {
	if p.failed {
		return false
	}
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	p.fail(p.i, "expected '%c', found %s", c, p.found())
	return false
}

func (p *parser) number() string {
	start := p.i
	for p.i < len(p.s) && strings.IndexByte("+-0123456789.eE", p.s[p.i]) >= 0 {
		p.i++
	}
	text := p.s[start:p.i]
	digits := strings.TrimPrefix(text, "-")
	if plainNumber(text) == nil || digits == "" || digits[0] == '.' || len(digits) > 1 && digits[0] == '0' && '0' <= digits[1] && digits[1] <= '9' {
		p.fail(start, "%q is no number", text)
	}
	return text
}

func (p *parser) str() string {
	quote, open := p.s[p.i], p.i
	p.i++
	start := p.i
	var b strings.Builder
	for p.i < len(p.s) {
		switch c := p.s[p.i]; c {
		case quote:
			b.WriteString(p.s[start:p.i])
			p.i++
			return b.String()
		case '\\':
			b.WriteString(p.s[start:p.i])
			p.escape(&b)
			if p.failed {
				return ""
			}
			start = p.i
		default:
			p.i++
		}
	}
	p.fail(open, "the string that begins here has no end")
	return ""
}

func (p *parser) escape(b *strings.Builder) {
	at := p.i
	p.i++
	if p.i >= len(p.s) {
		p.fail(at, "the string has no end")
		return
	}
	c := p.s[p.i]
	p.i++
	switch c {
	case '"', '\'', '\\', '/':
		b.WriteByte(c)
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case 'u':
		r, ok := p.hex4()
		if ok && utf16.IsSurrogate(r) && strings.HasPrefix(p.s[p.i:], "\\u") {
			p.i += 2
			var low rune
			if low, ok = p.hex4(); ok {
				r = utf16.DecodeRune(r, low)
			}
		}
		if !ok {
			p.fail(at, "\\u needs four hexadecimal digits")
			return
		}
		b.WriteRune(r)
	default:
		p.fail(at, "\\%c is no escape sequence; a backslash in a string is written \\\\", c)
	}
}

func (p *parser) hex4() (rune, bool) {
	if p.i+4 > len(p.s) {
		return 0, false
	}
	var r rune
	for _, c := range []byte(p.s[p.i : p.i+4]) {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	p.i += 4
	return r, true
}
