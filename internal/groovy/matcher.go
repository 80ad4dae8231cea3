package groovy

import (
	"strconv"
	"strings"

	"github.com/dlclark/regexp2/v2"
)

// Matcher is java.util.regex.Matcher over one text.
type Matcher struct {
	p     *Pattern
	s     string
	runes []rune
	cur   *regexp2.Match
	full  bool // the current match came from matches()
	done  bool
	app   int // rune position up to which appendReplacement copied
	from  int
}

func (m *Matcher) javaName() string { return "java.util.regex.Matcher" }

func (m *Matcher) String() string {
	return "java.util.regex.Matcher[pattern=" + m.p.text + "]"
}

func (th *thread) newMatcher(s, p Value) Value {
	if s == nil {
		th.throw(excNull, "the text to match is null")
	}
	return th.matcher(th.asPattern(p), th.str(s))
}

func (th *thread) matcher(p *Pattern, s string) *Matcher {
	th.alloc(int64(len(s)) * 4)
	return &Matcher{p: p, s: s, runes: []rune(s)}
}

func (m *Matcher) find(th *thread) bool {
	if m.done {
		return false
	}
	var r *regexp2.Match
	var err error
	if m.cur == nil || m.full {
		r, err = m.p.re.FindRunesMatchStartingAt(m.runes, m.from)
	} else {
		r, err = m.p.re.FindNextMatch(m.cur)
	}
	m.full = false
	m.cur = th.rematch(r, err)
	m.done = m.cur == nil
	return m.cur != nil
}

func (m *Matcher) reset() { m.cur, m.done, m.app, m.full, m.from = nil, false, 0, false, 0 }

func (m *Matcher) matches(th *thread) bool {
	m.reset()
	r, err := m.p.full.FindRunesMatch(m.runes)
	m.cur = th.rematch(r, err)
	m.full = true
	return m.cur != nil
}

func (m *Matcher) lookingAt(th *thread) bool {
	m.reset()
	r, err := m.p.re.FindRunesMatch(m.runes)
	m.cur = th.rematch(r, err)
	if m.cur != nil && m.cur.RuneIndex != 0 {
		m.cur = nil
	}
	return m.cur != nil
}

// truth is whether the pattern is found anywhere.
func (m *Matcher) truth(th *thread) bool {
	r, err := m.p.re.FindRunesMatch(m.runes)
	return th.rematch(r, err) != nil
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
func (th *thread) group(m *Matcher, key Value) Value {
	cur := th.current(m)
	if name, ok := th.text(key); ok {
		g := cur.GroupByName(name)
		if g == nil {
			th.throw(excIllegalArg, "No group with name <%s>", name)
		}
		return groupValue(g)
	}
	n, _ := toInt64(key)
	if n < 0 || n >= int64(cur.GroupCount()) {
		th.throw(excIndex, "No group %d", n)
	}
	return groupValue(cur.GroupByNumber(int(n)))
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

func (m *Matcher) elements(th *thread) []Value {
	var out []Value
	th.eachMatch(m.p, m.runes, func(r *regexp2.Match) bool {
		th.alloc(64)
		out = append(out, matchValue(r))
		return true
	})
	return out
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
	return th.replace(s, p, true, func(m *regexp2.Match) string { return th.expand(m, repl) })
}

func (th *thread) replaceFirst(s string, p *Pattern, repl string) string {
	return th.replace(s, p, false, func(m *regexp2.Match) string { return th.expand(m, repl) })
}

// expand fills $1, ${name} and \x of a Java replacement.
func (th *thread) expand(m *regexp2.Match, repl string) string {
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
			g := m.GroupByName(repl[i+2 : i+end])
			if g == nil {
				th.throw(excIllegalArg, "No group with name {%s}", repl[i+2:i+end])
			}
			b.WriteString(g.String())
			i += end
		case c == '$':
			j := i + 1
			for j < len(repl) && repl[j] >= '0' && repl[j] <= '9' && (j == i+1 || groupExists(m, repl[i+1:j+1])) {
				j++
			}
			if j == i+1 {
				th.throw(excIllegalArg, "Illegal group reference")
			}
			n, _ := strconv.Atoi(repl[i+1 : j])
			if n >= m.GroupCount() {
				th.throw(excIndex, "No group %d", n)
			}
			b.WriteString(m.GroupByNumber(n).String())
			i = j - 1
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func groupExists(m *regexp2.Match, digits string) bool {
	n, _ := strconv.Atoi(digits)
	return n < m.GroupCount()
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
