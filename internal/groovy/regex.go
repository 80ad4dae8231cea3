package groovy

import (
	"container/list"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

// Pattern is java.util.regex.Pattern.
type Pattern struct {
	text  string
	flags int
	re    *regexp2.Regexp
	full  *regexp2.Regexp // anchored at both ends
	names []string
}

func (p *Pattern) javaName() string { return "java.util.regex.Pattern" }
func (p *Pattern) String() string   { return p.text }

// Java's flag values.
const (
	flagUnixLines  = 1
	flagNoCase     = 2
	flagComments   = 4
	flagMultiline  = 8
	flagLiteral    = 16
	flagDotAll     = 32
	flagUnicode    = 64
	maxPatternText = 20_000
)

// patternCache keeps compiled patterns of an engine, the most recent ones.
type patternCache struct {
	mu    sync.Mutex
	m     map[patternKey]*list.Element
	order *list.List
}

type patternKey struct {
	text  string
	flags int
}

func newPatternCache() *patternCache {
	return &patternCache{m: map[patternKey]*list.Element{}, order: list.New()}
}

const cachedPatterns = 500

func (c *patternCache) get(k patternKey) *Pattern {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.m[k]; e != nil {
		c.order.MoveToFront(e)
		return e.Value.(*Pattern)
	}
	return nil
}

func (c *patternCache) put(k patternKey, p *Pattern) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m[k] = c.order.PushFront(p)
	if c.order.Len() > cachedPatterns {
		old := c.order.Back()
		op := old.Value.(*Pattern)
		delete(c.m, patternKey{op.text, op.flags})
		c.order.Remove(old)
	}
}

// pattern compiles a regular expression written for Java.
func (th *thread) pattern(text string) *Pattern { return th.patternFlags(text, 0) }

func (th *thread) patternFlags(text string, flags int) *Pattern {
	p, err := th.eng.pattern(text, flags)
	if err != nil {
		th.throw("java.util.regex.PatternSyntaxException", "%s near index 0\n%s", err.Error(), clip(text))
	}
	return p
}

func (e *Engine) pattern(text string, flags int) (*Pattern, error) {
	k := patternKey{text, flags}
	if p := e.res.get(k); p != nil {
		return p, nil
	}
	if len(text) > maxPatternText {
		return nil, fmt.Errorf("the pattern is too long")
	}
	src := text
	if flags&flagLiteral != 0 {
		src = regexp2.Escape(text)
	} else {
		var err error
		if src, err = translate(text); err != nil {
			return nil, err
		}
	}
	opts := regexp2.None
	if flags&flagNoCase != 0 {
		opts |= regexp2.IgnoreCase
	}
	if flags&flagMultiline != 0 {
		opts |= regexp2.Multiline
	}
	if flags&flagDotAll != 0 {
		opts |= regexp2.Singleline
	}
	if flags&flagComments != 0 {
		opts |= regexp2.IgnorePatternWhitespace
	}
	re, err := regexp2.Compile(src, opts)
	if err != nil {
		return nil, err
	}
	full, err := regexp2.Compile(`\A(?:`+src+`)\z`, opts)
	if err != nil {
		return nil, err
	}
	re.MatchTimeout, full.MatchTimeout = e.env.Limits.Regexp, e.env.Limits.Regexp
	p := &Pattern{text: text, flags: flags, re: re, full: full}
	for _, n := range re.GetGroupNames() {
		if n != "" && (n[0] < '0' || n[0] > '9') {
			p.names = append(p.names, n)
		}
	}
	e.res.put(k, p)
	return p, nil
}

// translate rewrites what Java spells differently from regexp2: ASCII classes,
// possessive quantifiers, \Q…\E, POSIX classes, \h, \R, \Z.
func translate(s string) (string, error) {
	var b strings.Builder
	inClass := 0
	atom := 0 // where the last atom starts, for possessive quantifiers
	var groups []int
	for i := 0; i < len(s); {
		c := s[i]
		if inClass > 0 {
			n, err := classItem(&b, s[i:], &inClass)
			if err != nil {
				return "", err
			}
			i += n
			continue
		}
		start := b.Len()
		switch c {
		case '\\':
			n, err := escapeItem(&b, s[i:], false)
			if err != nil {
				return "", err
			}
			i += n
			atom = start
		case '[':
			inClass = 1
			atom = start
			b.WriteByte('[')
			i++
			if i < len(s) && s[i] == '^' {
				b.WriteByte('^')
				i++
			}
			if i < len(s) && s[i] == ']' {
				b.WriteString(`\]`)
				i++
			}
		case '(':
			groups = append(groups, start)
			b.WriteByte(c)
			i++
		case ')':
			if n := len(groups); n > 0 {
				atom = groups[n-1]
				groups = groups[:n-1]
			}
			b.WriteByte(c)
			i++
		case '*', '+', '?':
			b.WriteByte(c)
			i++
			i += possessive(&b, s[i:], atom)
		case '{':
			if end := strings.IndexByte(s[i:], '}'); end > 0 && strings.Trim(s[i+1:i+end], "0123456789,") == "" {
				b.WriteString(s[i : i+end+1])
				i += end + 1
				i += possessive(&b, s[i:], atom)
			} else {
				return "", fmt.Errorf("illegal repetition")
			}
		default:
			_, n := utf8.DecodeRuneInString(s[i:])
			b.WriteString(s[i : i+n])
			i += n
			atom = start
		}
	}
	if inClass > 0 {
		return "", fmt.Errorf("unclosed character class")
	}
	return b.String(), nil
}

// possessive turns the x*+ of Java into (?>x*).
func possessive(b *strings.Builder, rest string, atom int) int {
	if rest == "" || rest[0] != '+' {
		if rest != "" && rest[0] == '?' {
			b.WriteByte('?')
			return 1
		}
		return 0
	}
	s := b.String()
	b.Reset()
	b.WriteString(s[:atom] + "(?>" + s[atom:] + ")")
	return 1
}

func classItem(b *strings.Builder, s string, depth *int) (int, error) {
	switch {
	case s[0] == '\\':
		return escapeItem(b, s, true)
	case s[0] == ']':
		*depth--
		b.WriteByte(']')
		return 1, nil
	case strings.HasPrefix(s, "&&"):
		return 0, fmt.Errorf("the intersection && of character classes is not supported")
	case s[0] == '[':
		if strings.HasPrefix(s, "[^") {
			return 0, fmt.Errorf("a negated character class inside another is not supported")
		}
		// a union: [a[bc]] is [abc]
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return 0, fmt.Errorf("unclosed character class")
		}
		inner := 1
		for i := 1; i < end; {
			n, err := classItem(b, s[i:], &inner)
			if err != nil {
				return 0, err
			}
			i += n
		}
		return end + 1, nil
	}
	_, n := utf8.DecodeRuneInString(s)
	b.WriteString(s[:n])
	return n, nil
}

var posix = map[string]string{
	"Lower": "a-z", "Upper": "A-Z", "ASCII": `\x00-\x7f`, "Alpha": "a-zA-Z", "Digit": "0-9", "Alnum": "a-zA-Z0-9",
	"Punct": `!-/:-@\[-` + "`" + `{-~`, "Graph": `!-~`, "Print": ` -~`, "Blank": ` \t`, "Cntrl": `\x00-\x1f\x7f`,
	"XDigit": "0-9a-fA-F", "Space": ` \t\n\x0b\f\r`,
	"javaLowerCase": `\p{Ll}`, "javaUpperCase": `\p{Lu}`, "javaWhitespace": `\s`, "IsAlphabetic": `\p{L}`, "IsDigit": `\p{Nd}`,
	"IsLetter": `\p{L}`, "IsUppercase": `\p{Lu}`, "IsLowercase": `\p{Ll}`, "IsPunctuation": `\p{P}`, "IsWhite_Space": `\s`,
	"IsLatin": `A-Za-zªºÀ-ÖØ-öø-ʸ`, "InGreek": `Ͱ-Ͽ`, "IsGreek": `Ͱ-Ͽ`, "IsCyrillic": `Ѐ-ӿ`,
}

var shorthand = map[byte]string{
	'd': "0-9", 'w': "a-zA-Z_0-9", 's': ` \t\n\x0b\f\r`, 'h': ` \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000`, 'v': `\n\x0b\f\r\x85\u2028\u2029`,
}

func escapeItem(b *strings.Builder, s string, class bool) (int, error) {
	if len(s) < 2 {
		return 0, fmt.Errorf("the pattern ends with a backslash")
	}
	c := s[1]
	lower := c | 0x20
	if set, ok := shorthand[lower]; ok && c != 'V' {
		switch {
		case c == lower && class:
			b.WriteString(set)
		case c == lower:
			b.WriteString("[" + set + "]")
		case class:
			b.WriteString(`\` + string(c))
		default:
			b.WriteString("[^" + set + "]")
		}
		return 2, nil
	}
	switch c {
	case 'Q':
		end := strings.Index(s, `\E`)
		lit, n := s[2:], len(s)
		if end >= 0 {
			lit, n = s[2:end], end+2
		}
		q := regexp2.Escape(lit)
		if class {
			q = strings.NewReplacer("]", `\]`, "-", `\-`).Replace(q)
		}
		if !class && utf8.RuneCountInString(lit) > 1 {
			q = "(?:" + q + ")"
		}
		b.WriteString(q)
		return n, nil
	case 'E':
		return 2, nil
	case 'R':
		b.WriteString(`(?:\r\n|[\n\x0b\f\r\x85\u2028\u2029])`)
		return 2, nil
	case 'Z', 'z', 'A', 'b', 'B', 'G':
		b.WriteString(s[:2])
		return 2, nil
	case 'k':
		end := strings.IndexByte(s, '>')
		if end < 0 {
			return 0, fmt.Errorf("\\k needs a group name")
		}
		b.WriteString(s[:end+1])
		return end + 1, nil
	case 'p', 'P':
		return property(b, s, class)
	case 'x':
		if strings.HasPrefix(s, `\x{`) {
			end := strings.IndexByte(s, '}')
			if end < 0 {
				return 0, fmt.Errorf("unclosed hexadecimal code")
			}
			b.WriteString(s[:end+1])
			return end + 1, nil
		}
	}
	_, n := utf8.DecodeRuneInString(s[1:])
	b.WriteString(s[:1+n])
	return 1 + n, nil
}

func property(b *strings.Builder, s string, class bool) (int, error) {
	name, n := "", 3
	if len(s) < 3 {
		return 0, fmt.Errorf("\\p needs a name")
	}
	if s[2] == '{' {
		end := strings.IndexByte(s, '}')
		if end < 0 {
			return 0, fmt.Errorf("unclosed character property")
		}
		name, n = s[3:end], end+1
	} else {
		name = s[2:3]
	}
	neg := s[1] == 'P'
	set, ok := posix[name]
	if !ok {
		set = `\p{` + strings.TrimPrefix(name, "Is") + "}"
		if neg {
			b.WriteString(`\P{` + strings.TrimPrefix(name, "Is") + "}")
			return n, nil
		}
	}
	switch {
	case class && neg:
		return 0, fmt.Errorf("\\P{%s} inside a character class is not supported", name)
	case class:
		b.WriteString(set)
	case neg:
		b.WriteString("[^" + set + "]")
	default:
		b.WriteString("[" + set + "]")
	}
	return n, nil
}

func (th *thread) asPattern(v Value) *Pattern {
	switch x := v.(type) {
	case *Pattern:
		return x
	case nil:
		th.throw(excNull, "the pattern is null")
	}
	return th.pattern(th.str(v))
}

// rematch handles the result of a match call.
func (th *thread) rematch(m *regexp2.Match, err error) *regexp2.Match {
	th.step()
	if err != nil {
		th.limit("regexp", err)
	}
	return m
}

// matchAll is the full match ==~.
func (th *thread) matchAll(p *Pattern, s string) bool {
	m, err := p.full.FindStringMatch(s)
	return th.rematch(m, err) != nil
}
