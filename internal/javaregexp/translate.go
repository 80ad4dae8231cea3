package javaregexp

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// javaPattern is a pattern of java.util.regex rewritten for both engines.
type javaPattern struct {
	quick      string // for regexp; right for texts without line breaks, if lines is set
	slow       string // for regexp2
	onlySlow   bool   // uses what regexp cannot do
	lines      bool   // means something else in texts with line breaks
	contextual bool   // looks at what precedes the place where a search starts
	groups     int
	names      map[string]int
	items      []item // of the top level
}

// maxGroupDepth bounds groups and classes within each other.
const maxGroupDepth = 100

// flags are the match flags that a pattern can set.
type flags struct {
	fold, wideFold, lines, dotAll, comments, unixLines, wide bool
}

// group is an open parenthesis.
type group struct {
	quickAt, slowAt int // where it starts in the output
	flags           flags
}

// translator rewrites src from left to right. Everything whose meaning differs
// between Java and an engine is spelled out: classes as ranges, flags by what
// they change, possessive quantifiers as atomic groups.
type translator struct {
	javaPattern
	src         []rune
	pos         int
	flags       flags
	open        []group
	alternative bool
	out, slowB  strings.Builder
	// The last element, that a quantifier would repeat.
	quickAt, slowAt int
}

// SyntaxError is a pattern that Java would refuse too. Pos counts characters from 0.
type SyntaxError struct {
	Msg string
	Pos int
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid regular expression: %s at position %d", e.Msg, e.Pos)
}

func (t *translator) fail(format string, args ...any) error {
	return &SyntaxError{Msg: fmt.Sprintf(format, args...), Pos: t.pos}
}

// Flags are those of Pattern.compile, with the numbers that Java gives them.
type Flags int

// The flags. CanonicalEquivalence is not among them.
const (
	UnixLines       Flags = 1
	CaseInsensitive Flags = 2
	Comments        Flags = 4
	Multiline       Flags = 8
	Literal         Flags = 16
	DotAll          Flags = 32
	UnicodeCase     Flags = 64
	UnicodeClasses  Flags = 256
)

// Translation is a pattern for the backtracking engine (regexp2, without options).
// Its groups have numbers only, from left to right.
type Translation struct {
	Pattern string
	Groups  int
	Names   map[string]int
}

// Translate rewrites a pattern for those who run it themselves. Errors are *SyntaxError.
func Translate(src string, f Flags) (Translation, error) {
	if f&Literal != 0 {
		src = Quote(src)
	}
	java, err := translate(src, f)
	return Translation{java.slow, java.groups, java.names}, err
}

// Quote is Pattern.quote: a pattern for the text itself.
func Quote(s string) string {
	return `\Q` + strings.ReplaceAll(s, `\E`, `\E\\E\Q`) + `\E`
}

func (f Flags) set() flags {
	on := func(flag Flags) bool { return f&flag != 0 }
	return flags{
		fold: on(CaseInsensitive), wideFold: on(UnicodeCase | UnicodeClasses), lines: on(Multiline), dotAll: on(DotAll),
		comments: on(Comments) && !on(Literal), unixLines: on(UnixLines), wide: on(UnicodeClasses),
	}
}

func translate(src string, f Flags) (javaPattern, error) {
	t := &translator{src: []rune(src), flags: f.set()}
	t.names = map[string]int{}
	for t.pos < len(t.src) {
		if err := t.element(); err != nil {
			return javaPattern{}, err
		}
	}
	if len(t.open) > 0 {
		return javaPattern{}, t.fail("a group is not closed")
	}
	t.quick, t.slow = t.out.String(), t.slowB.String()
	if t.alternative {
		t.items = []item{{kind: itemOther}}
	}
	return t.javaPattern, nil
}

func (t *translator) emit(quick, slow string) {
	t.out.WriteString(quick)
	t.slowB.WriteString(slow)
}

// note records an element of the top level for shapeOf.
func (t *translator) note(it item) {
	if len(t.open) == 0 {
		t.items = append(t.items, it)
	}
}

func (t *translator) more() bool { return t.pos < len(t.src) }

// has skips text if it comes next.
func (t *translator) has(text string) bool {
	i := t.pos
	for _, r := range text {
		if i >= len(t.src) || t.src[i] != r {
			return false
		}
		i++
	}
	t.pos = i
	return true
}

func (t *translator) element() error {
	c := t.src[t.pos]
	if t.flags.comments && t.skipComment() {
		return nil
	}
	t.quickAt, t.slowAt = t.out.Len(), t.slowB.Len()
	t.pos++
	switch c {
	case '|':
		t.emit("|", "|")
		t.alternative = t.alternative || len(t.open) == 0
		return nil
	case '(':
		return t.openGroup()
	case ')':
		if err := t.closeGroup(); err != nil {
			return err
		}
	case '[':
		set, err := t.class(0)
		if err != nil {
			return err
		}
		t.set(set)
	case '.':
		t.dot()
	case '^':
		t.start()
	case '$':
		t.end()
	case '\\':
		quantifiable, err := t.escape()
		if err != nil || !quantifiable {
			return err
		}
	case '*', '+', '?':
		return t.fail("nothing to repeat before %q", c)
	case '{':
		return t.fail("illegal repetition")
	default:
		t.literal(c)
	}
	return t.quantifier()
}

// skipComment skips white space and comments under the flag x.
func (t *translator) skipComment() bool {
	c := t.src[t.pos]
	if c == '#' {
		for t.more() && t.src[t.pos] != '\n' {
			t.pos++
		}
		return true
	}
	if c == ' ' || '\t' <= c && c <= '\r' {
		t.pos++
		return true
	}
	return false
}

func (t *translator) literal(r rune) {
	set := single(r)
	if t.flags.fold {
		set = set.fold(t.flags.wideFold)
	}
	if len(set) > 1 || r >= 0xD800 && r <= 0xDFFF {
		t.set(set)
		return
	}
	it := item{kind: itemLiteral, r: r}
	if r == unicode.ReplacementChar { // also stands for bytes that are not UTF-8
		it.kind = itemOther
	}
	t.note(it)
	t.emit(quoteRune(r), quoteRune(r))
}

func (t *translator) set(s runeSet) {
	t.note(item{})
	t.emit(s.class())
}

func (t *translator) dot() {
	t.note(item{kind: itemAny})
	switch {
	case t.flags.dotAll:
		t.emit(`(?s:.)`, `[\s\S]`)
	case t.flags.unixLines:
		t.lines = true
		t.emit(`(?s:.)`, `[^\n]`)
	default:
		t.lines = true
		_, class := linesSet.negate().class()
		t.emit(`(?s:.)`, class)
	}
}

// start is ^. In MULTILINE mode it is also behind a line break, and never at
// the end of the text, not even of an empty one.
func (t *translator) start() {
	t.contextual = true
	if !t.flags.lines {
		t.note(item{kind: itemStart})
		t.emit(`\A`, `\A`)
		return
	}
	t.onlySlow = true
	t.note(item{})
	if t.flags.unixLines {
		t.emit("", `(?:(?:\A|(?<=\n))(?!\z))`)
		return
	}
	t.emit("", "(?:(?:\\A|(?<=[\\n\u0085\u2028\u2029])|(?<=\\r)(?!\\n))(?!\\z))")
}

// end is $: the end, or before the line break that ends the text; in MULTILINE
// mode before every line break.
func (t *translator) end() {
	t.lines = true
	t.note(item{kind: itemEnd})
	atEnd := `\z`
	if t.flags.lines {
		atEnd = ""
	}
	if t.flags.unixLines {
		t.emit(`\z`, `(?:(?=\n`+atEnd+`)|\z)`)
		return
	}
	t.emit(`\z`, `(?:(?=\r\n`+atEnd+`)|(?<!\r)(?=\n`+atEnd+`)|(?=[\r`+"\u0085\u2028\u2029]"+atEnd+`)|\z)`)
}

func (t *translator) openGroup() error {
	if len(t.open) >= maxGroupDepth {
		return t.fail("groups are nested more than %d levels deep", maxGroupDepth)
	}
	t.note(item{})
	g := group{t.quickAt, t.slowAt, t.flags}
	start := ""
	switch {
	case !t.has("?"):
		t.groups++
		start = "("
	case t.has(":"):
		start = "(?:"
	case t.has("="), t.has("!"), t.has(">"), t.has("<="), t.has("<!"):
		t.onlySlow = true
		from := t.pos - 1
		if t.src[from-1] == '<' {
			from--
		}
		start = "(?" + string(t.src[from:t.pos])
	case t.has("<"):
		t.groups++
		if err := t.groupName(); err != nil {
			return err
		}
		start = "("
	default:
		opens, err := t.setFlags()
		if err != nil || !opens {
			if len(t.open) == 0 && err == nil {
				t.items = t.items[:len(t.items)-1] // flags alone are no element
			}
			return err
		}
		start = "(?:"
	}
	t.open = append(t.open, g)
	t.emit(start, start)
	return nil
}

func (t *translator) groupName() error {
	name, err := t.until('>', "the name of a group")
	if err != nil {
		return err
	}
	for i, r := range name {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return t.fail("a group name has letters and digits only")
		}
	}
	if name == "" || t.names[name] != 0 {
		return t.fail("a group name is missing or used twice")
	}
	t.names[name] = t.groups
	return nil
}

// until reads up to end and skips it.
func (t *translator) until(end rune, what string) (string, error) {
	for i := t.pos; i < len(t.src); i++ {
		if t.src[i] == end {
			text := string(t.src[t.pos:i])
			t.pos = i + 1
			return text, nil
		}
	}
	return "", t.fail("%s is not closed", what)
}

// setFlags reads (?flags) or (?flags: and tells whether the latter.
func (t *translator) setFlags() (opens bool, err error) {
	f, on := t.flags, true
	for t.more() {
		c := t.src[t.pos]
		t.pos++
		switch c {
		case 'i':
			f.fold = on
		case 'u':
			f.wideFold = on
		case 'm':
			f.lines = on
		case 's':
			f.dotAll = on
		case 'x':
			f.comments = on
		case 'd':
			f.unixLines = on
		case 'U':
			f.wide, f.wideFold = on, on
		case '-':
			if !on {
				return false, t.fail("unknown flag %q", c)
			}
			on = false
		case ')', ':':
			t.flags = f
			return c == ':', nil
		default:
			return false, t.fail("unknown kind of group or flag %q", c)
		}
	}
	return false, t.fail("a group is not closed")
}

func (t *translator) closeGroup() error {
	n := len(t.open) - 1
	if n < 0 {
		return t.fail("a group is closed that is not open")
	}
	t.quickAt, t.slowAt, t.flags = t.open[n].quickAt, t.open[n].slowAt, t.open[n].flags
	t.open = t.open[:n]
	t.emit(")", ")")
	return nil
}

// quantifier reads what may follow an element: * + ? {n,m}, then ? or +.
func (t *translator) quantifier() error {
	for t.flags.comments && t.more() && t.skipComment() {
	}
	if !t.more() {
		return nil
	}
	text, least := "", 0
	switch c := t.src[t.pos]; c {
	case '*', '?':
		text = string(c)
		t.pos++
	case '+':
		text, least = "+", 1
		t.pos++
	case '{':
		var err error
		t.pos++
		if text, least, err = t.counts(); err != nil {
			return err
		}
	default:
		return nil
	}
	if n := len(t.items) - 1; len(t.open) == 0 && n >= 0 {
		t.items[n].repeated, t.items[n].atLeast, t.items[n].anyTimes = true, least, text == "*"
	}
	switch {
	case t.has("?"):
		text += "?"
	case t.has("+"):
		t.onlySlow = true
		slow := t.slowB.String()
		t.slowB.Reset()
		t.slowB.WriteString(slow[:t.slowAt] + "(?>" + slow[t.slowAt:])
		t.emit("", text+")")
		return t.notRepeated()
	}
	t.emit(text, text)
	return t.notRepeated()
}

// notRepeated refuses a second quantifier, as Java does.
func (t *translator) notRepeated() error {
	if t.more() && strings.ContainsRune("*+?{", t.src[t.pos]) {
		return t.fail("nothing to repeat before %q", t.src[t.pos])
	}
	return nil
}

// counts reads n}, n,} or n,m}.
func (t *translator) counts() (text string, least int, err error) {
	inside, err := t.until('}', "a repetition")
	if err != nil {
		return "", 0, err
	}
	low, high, isRange := strings.Cut(inside, ",")
	least, err = strconv.Atoi(low)
	most := least
	if err == nil && isRange && high != "" {
		most, err = strconv.Atoi(high)
	}
	const mostEver = 1 << 20
	if err != nil || strings.ContainsAny(inside, "+-") || most < least || most > mostEver {
		return "", 0, t.fail("illegal repetition")
	}
	return "{" + inside + "}", least, nil
}
