package groovy

import (
	"fmt"
	"strings"

	"github.com/dlclark/regexp2/v2"
)

// Matcher is java.util.regex.Matcher over one text. Positions count characters.
type Matcher struct {
	p        *Pattern
	runes    []rune
	from, to int            // the region, outside of which nothing is seen
	cur      *regexp2.Match // the match found last; nil: none. Its positions count from the region's start
	last     int            // where the search goes on
	app      int            // up to which appendReplacement copied
}

func (m *Matcher) javaName() string { return "java.util.regex.Matcher" }

func (m *Matcher) String() string {
	last := ""
	if m.cur != nil {
		last = m.cur.String()
	}
	return fmt.Sprintf("java.util.regex.Matcher[pattern=%s region=%d,%d lastmatch=%s]", m.p.text, m.units(m.from), m.units(m.to), last)
}

func (th *thread) newMatcher(s, p Value) Value {
	return th.matcher(th.asPattern(p), th.str(s)) // of null the text is "null"
}

func (th *thread) matcher(p *Pattern, s string) *Matcher {
	m := &Matcher{p: p}
	m.read(th, s)
	return m
}

// read makes s the text.
func (m *Matcher) read(th *thread, s string) {
	th.alloc(int64(len(s)) * 4)
	m.runes = []rune(s)
	m.reset()
}

func (m *Matcher) reset() { m.region(0, len(m.runes)) }

func (m *Matcher) region(from, to int) {
	m.from, m.to, m.cur, m.last, m.app = from, to, nil, 0, 0
}

// find goes on behind the match before, one character further if that was empty.
func (m *Matcher) find(th *thread) bool {
	at := max(m.last, m.from)
	if m.cur != nil && m.cur.RuneLength == 0 {
		at++
	}
	if at > m.to {
		m.cur = nil
		return false
	}
	return m.search(th, at)
}

func (m *Matcher) search(th *thread, at int) bool {
	r, err := m.p.re.FindRunesMatchStartingAt(m.runes[m.from:m.to], at-m.from)
	return m.found(th.rematch(r, err))
}

func (m *Matcher) found(r *regexp2.Match) bool {
	m.cur = r
	if r != nil {
		m.last = m.from + r.RuneIndex + r.RuneLength
	}
	return r != nil
}

func (m *Matcher) matches(th *thread) bool {
	r, err := m.p.full.FindRunesMatch(m.runes[m.from:m.to])
	return m.found(th.rematch(r, err))
}

func (m *Matcher) lookingAt(th *thread) bool {
	r, err := m.p.re.FindRunesMatch(m.runes[m.from:m.to])
	if r = th.rematch(r, err); r != nil && r.RuneIndex != 0 {
		r = nil
	}
	return m.found(r)
}

// units is a position in UTF-16 units, as Java has it; position is the inverse.
func (m *Matcher) units(at int) int {
	n := at
	for _, r := range m.runes[:at] {
		if r > 0xffff {
			n++
		}
	}
	return n
}

func (m *Matcher) position(units int) int {
	for i, r := range m.runes {
		if units <= 0 {
			return i
		}
		if units--; r > 0xffff {
			units--
		}
	}
	return len(m.runes)
}

// index is an argument that counts UTF-16 units of the text.
func (m *Matcher) index(th *thread, v Value) int {
	n, _ := toInt64(v)
	if n < 0 || n > int64(m.units(len(m.runes))) {
		th.throw(excIndex, "Illegal start index")
	}
	return m.position(int(n))
}

func (th *thread) current(m *Matcher) *regexp2.Match {
	if m.cur == nil {
		th.throw(excIllegalState, "No match found")
	}
	return m.cur
}

func groupValue(g *regexp2.Group) Value {
	if g == nil || len(g.Captures) == 0 {
		return nil
	}
	return g.String()
}

// group gives a group of the current match by number or name.
func (th *thread) group(m *Matcher, key Value) *regexp2.Group {
	cur := th.current(m)
	n, _ := toInt64(key)
	if name, ok := th.text(key); ok {
		number := m.p.names[name]
		if number == 0 {
			th.throw(excIllegalArg, "No group with name <%s>", name)
		}
		n = int64(number)
	}
	if n < 0 || n > int64(m.p.groups) {
		th.throw(excIndex, "No group %d", n)
	}
	return cur.GroupByNumber(int(n))
}

// each visits all matches from the start, each when it is the current one.
func (m *Matcher) each(th *thread, yield func(v Value) bool) {
	m.reset()
	for m.find(th) && yield(matchValue(m.cur)) {
		th.alloc(64)
	}
}

func (m *Matcher) elements(th *thread) []Value {
	var out []Value
	m.each(th, func(v Value) bool { out = append(out, v); return true })
	return out
}

// count is the number of matches.
func (m *Matcher) count(th *thread) int {
	n := 0
	for m.reset(); m.find(th); n++ {
	}
	return n
}

// at is the match at an index, which counts from the end below 0. It is the current one then.
func (m *Matcher) at(th *thread, i int64) Value {
	n := int64(m.count(th))
	if i < -n || i >= n {
		th.throw(excIndex, "index is out of range %d..%d (index = %d)", -n, n-1, i)
	}
	if i < 0 {
		i += n
	}
	m.reset()
	for range i + 1 {
		m.find(th)
	}
	return matchValue(m.cur)
}

// eachMatch visits all matches from the start.
func (th *thread) eachMatch(p *Pattern, runes []rune, yield func(m *regexp2.Match) bool) {
	r, err := p.re.FindRunesMatch(runes)
	for m := th.rematch(r, err); m != nil; {
		if !yield(m) {
			return
		}
		r, err = p.re.FindNextMatch(m)
		m = th.rematch(r, err)
	}
}

// matchValue is what Groovy makes of a match: the text, or with groups a list.
func matchValue(m *regexp2.Match) Value {
	if m.GroupCount() == 1 {
		return m.String()
	}
	var out []Value
	for i := 0; i < m.GroupCount(); i++ {
		out = append(out, groupValue(m.GroupByNumber(i)))
	}
	return NewList(out...)
}

// replace substitutes every match; f gives the text for one.
func (th *thread) replace(s string, p *Pattern, all bool, f func(m *regexp2.Match) string) string {
	runes := []rune(s)
	th.alloc(int64(len(s)) * 5)
	var b strings.Builder
	at := 0
	th.eachMatch(p, runes, func(m *regexp2.Match) bool {
		b.WriteString(string(runes[at:m.RuneIndex]))
		t := f(m)
		th.alloc(int64(len(t)))
		b.WriteString(t)
		at = m.RuneIndex + m.RuneLength
		return all
	})
	b.WriteString(string(runes[at:]))
	return b.String()
}

func (th *thread) replaceAll(s string, p *Pattern, repl string) string {
	return th.replace(s, p, true, func(m *regexp2.Match) string { return th.expand(p, m, repl) })
}

func (th *thread) replaceFirst(s string, p *Pattern, repl string) string {
	return th.replace(s, p, false, func(m *regexp2.Match) string { return th.expand(p, m, repl) })
}

// expand fills $1, ${name} and \x of a Java replacement.
func (th *thread) expand(p *Pattern, m *regexp2.Match, repl string) string {
	if !strings.ContainsAny(repl, `\$`) {
		return repl
	}
	var b strings.Builder
	for i := 0; i < len(repl); i++ {
		c := repl[i]
		switch {
		case c == '\\' && i+1 < len(repl):
			i++
			b.WriteByte(repl[i])
		case c == '\\':
			th.throw(excIllegalArg, "character to be escaped is missing")
		case c == '$' && i+1 < len(repl) && repl[i+1] == '{':
			end := strings.IndexByte(repl[i:], '}')
			if end < 0 {
				th.throw(excIllegalArg, "named capturing group is missing trailing '}'")
			}
			n := p.names[repl[i+2:i+end]]
			if n == 0 {
				th.throw(excIllegalArg, "No group with name {%s}", repl[i+2:i+end])
			}
			b.WriteString(m.GroupByNumber(n).String())
			i += end
		case c == '$':
			n, digits := p.groupNumber(repl[i+1:])
			if digits == 0 {
				th.throw(excIllegalArg, "Illegal group reference")
			}
			if n > p.groups {
				th.throw(excIndex, "No group %d", n)
			}
			b.WriteString(m.GroupByNumber(n).String())
			i += digits
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// groupNumber reads as many digits as there are groups for, one at least.
func (p *Pattern) groupNumber(s string) (n, digits int) {
	for digits < len(s) && '0' <= s[digits] && s[digits] <= '9' {
		longer := n*10 + int(s[digits]-'0')
		if digits > 0 && longer > p.groups {
			break
		}
		n = longer
		digits++
	}
	return n, digits
}

// split is String.split: trailing empty pieces go, unless limit says otherwise.
func (th *thread) split(s string, p *Pattern, limit int) []string {
	if s == "" {
		return []string{""}
	}
	runes := []rune(s)
	var out []string
	at := 0
	th.eachMatch(p, runes, func(m *regexp2.Match) bool {
		if limit > 0 && len(out) == limit-1 {
			return false
		}
		if m.RuneIndex+m.RuneLength == 0 { // an empty match at the start yields nothing
			return true
		}
		if m.RuneLength == 0 && m.RuneIndex == len(runes) {
			return true
		}
		th.alloc(32)
		out = append(out, string(runes[at:m.RuneIndex]))
		at = m.RuneIndex + m.RuneLength
		return true
	})
	out = append(out, string(runes[at:]))
	if limit == 0 {
		for len(out) > 1 && out[len(out)-1] == "" {
			out = out[:len(out)-1]
		}
		if len(out) == 1 && out[0] == "" && at > 0 {
			return nil
		}
	}
	return out
}
