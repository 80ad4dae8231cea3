package groovy

import (
	"math/rand"
	"strings"
	"sync"
	"unicode"

	"gatehouse/internal/javaregexp"
)

func randomFloat() float64 { return rand.Float64() }

// StringBuilder is java.lang.StringBuilder and StringBuffer.
type StringBuilder struct {
	class string
	mu    sync.Mutex
	b     []byte
}

func (s *StringBuilder) javaName() string { return s.class }
func (s *StringBuilder) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.b)
}

func (s *StringBuilder) set(t string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b = []byte(t)
}

func (s *StringBuilder) truth() bool { return s.String() != "" }
func (s *StringBuilder) compareTo(o Value) (int, bool) {
	x, ok := o.(*StringBuilder)
	if !ok {
		return 0, false
	}
	return strings.Compare(s.String(), x.String()), true
}

func (s *StringBuilder) append(th *thread, t string) {
	th.alloc(int64(len(t)))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b = append(s.b, t...)
}

func newBuilder(class string) Method {
	return func(c *Call) (Value, error) {
		s := &StringBuilder{class: class}
		if a := c.Arg(0); a != nil && !isNumber(a) {
			s.append(c.th, c.Str(0))
		}
		return s, nil
	}
}

func builderMethods() map[string]Method {
	self := func(c *Call) *StringBuilder { return c.This.(*StringBuilder) }
	splice := func(from, to int, text string, s *StringBuilder) error {
		old := s.String()
		n := jlen(old)
		to = min(to, n)
		if from < 0 || from > to {
			return Throw(excStrIndex, "start %d, end %d, length %d", from, to, n)
		}
		s.set(jsub(old, 0, from) + text + jsub(old, to, n))
		return nil
	}
	m := stringMethods()
	own := map[string]Method{
		"append": func(c *Call) (Value, error) {
			s := self(c)
			if len(c.Args) == 3 { // append(text, from, to)
				a, _ := c.Int(1)
				b, _ := c.Int(2)
				t := c.Str(0)
				if a < 0 || b > int64(jlen(t)) || a > b {
					return nil, Throw(excIndex, "start %d, end %d", a, b)
				}
				s.append(c.th, jsub(t, int(a), int(b)))
				return s, nil
			}
			s.append(c.th, c.th.str(c.Arg(0)))
			return s, nil
		},
		"leftShift": func(c *Call) (Value, error) { s := self(c); s.append(c.th, c.th.str(c.Arg(0))); return s, nil },
		"insert": func(c *Call) (Value, error) {
			i, _ := c.Int(0)
			t := c.th.str(c.Arg(1))
			c.th.alloc(int64(len(t)))
			return c.This, splice(int(i), int(i), t, self(c))
		},
		"delete": func(c *Call) (Value, error) {
			a, _ := c.Int(0)
			b, _ := c.Int(1)
			return c.This, splice(int(a), int(b), "", self(c))
		},
		"deleteCharAt": func(c *Call) (Value, error) {
			i, _ := c.Int(0)
			return c.This, splice(int(i), int(i)+1, "", self(c))
		},
		"replace": func(c *Call) (Value, error) {
			if len(c.Args) != 3 {
				return nil, c.NoSuchMethod()
			}
			a, _ := c.Int(0)
			b, _ := c.Int(1)
			c.th.alloc(int64(len(c.Str(2))))
			return c.This, splice(int(a), int(b), c.Str(2), self(c))
		},
		"reverse": func(c *Call) (Value, error) { s := self(c); s.set(reverseString(s.String())); return s, nil },
		"setLength": func(c *Call) (Value, error) {
			n, _ := c.Int(0)
			s := self(c)
			if t := s.String(); n < int64(jlen(t)) {
				s.set(jsub(t, 0, int(max(n, 0))))
			}
			return nil, nil
		},
		"setCharAt": func(c *Call) (Value, error) {
			i, _ := c.Int(0)
			return nil, splice(int(i), int(i)+1, c.Str(1), self(c))
		},
		"capacity": func(c *Call) (Value, error) { return int32(jlen(self(c).String())), nil },
		"toString": func(c *Call) (Value, error) { return self(c).String(), nil },
		"putAt": func(c *Call) (Value, error) {
			r, ok := c.Arg(0).(*Range)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			a, b, _ := r.span(jlen(self(c).String()))
			return nil, splice(a, b+1, c.Str(1), self(c))
		},
	}
	return merge(m, own)
}

func stringClasses() []*Class {
	m := stringMethods()
	join := func(c *Call) (Value, error) {
		items := c.Args[min(1, len(c.Args)):]
		if len(items) == 1 {
			switch items[0].(type) {
			case string, *GString:
			default:
				items = c.th.items(items[0])
			}
		}
		return c.th.join(items, c.Str(0)), nil
	}
	gstr := merge(m, map[string]Method{
		"getValues":     func(c *Call) (Value, error) { return newArray("java.lang.Object", c.This.(*GString).vals), nil },
		"getValueCount": func(c *Call) (Value, error) { return int32(len(c.This.(*GString).vals)), nil },
		"getStrings":    func(c *Call) (Value, error) { return strArray(c.This.(*GString).texts), nil },
		"equals": func(c *Call) (Value, error) {
			g, ok := c.Arg(0).(*GString)
			return ok && g.text(c.th) == c.th.str(c.This), nil
		},
	})
	return []*Class{
		{Name: "java.lang.String", Implements: []string{"java.lang.CharSequence", "java.lang.Comparable"}, Methods: m, New: newString,
			StaticFields: map[string]func() Value{"CASE_INSENSITIVE_ORDER": func() Value {
				return &Closure{nargs: 2, native: func(th *thread, a []Value) Value {
					return int32(jcompare(strings.ToLower(th.str(a[0])), strings.ToLower(th.str(a[1]))))
				}}
			}},
			Static: map[string]Method{
				"valueOf": stringValueOf, "copyValueOf": stringValueOf, "join": join,
				"format": func(c *Call) (Value, error) {
					args := c.Args
					if len(args) > 0 {
						if n, ok := args[0].(native); ok && n.javaName() == "java.util.Locale" {
							args = args[1:]
						}
					}
					if len(args) == 0 {
						return nil, c.NoSuchMethod()
					}
					return c.th.format(c.th.str(args[0]), formatArgs(args[1:])), nil
				},
			}},
		{Name: "groovy.lang.GString", Implements: []string{"java.lang.CharSequence", "java.lang.Comparable"}, Methods: gstr},
		{Name: "org.codehaus.groovy.runtime.GStringImpl", Extends: "groovy.lang.GString"},
		{Name: "java.lang.StringBuilder", Implements: []string{"java.lang.CharSequence"}, Methods: builderMethods(), New: newBuilder("java.lang.StringBuilder")},
		{Name: "java.lang.StringBuffer", Implements: []string{"java.lang.CharSequence"}, Methods: builderMethods(), New: newBuilder("java.lang.StringBuffer")},
	}
}

func stringValueOf(c *Call) (Value, error) {
	if l, ok := c.Arg(0).(*List); ok && l.elem == "char" {
		return c.th.join(l.Items(), ""), nil
	}
	return c.th.str(c.Arg(0)), nil
}

func newString(c *Call) (Value, error) {
	switch x := c.Arg(0).(type) {
	case nil:
		return "", nil
	case []byte:
		at, n := int64(0), int64(len(x))
		cs := 1
		if from, ok := c.Int(1); ok {
			l, _ := c.Int(2)
			if from < 0 || l < 0 || from+l > n {
				return nil, Throw(excStrIndex, "offset %d, count %d, length %d", from, l, n)
			}
			at, n, cs = from, from+l, 3
		}
		c.th.alloc(n - at)
		return decodeText(x[at:n], c.charset(cs))
	case *List:
		return c.th.join(x.Items(), ""), nil
	}
	return c.Str(0), nil
}

func characterClass() *Class {
	is := func(f func(rune) bool) Method {
		return func(c *Call) (Value, error) {
			if n, ok := c.Int(0); ok {
				return f(rune(n)), nil
			}
			for _, r := range c.Str(0) {
				return f(r), nil
			}
			return false, nil
		}
	}
	conv := func(f func(rune) rune) Method {
		return func(c *Call) (Value, error) {
			if n, ok := c.Arg(0).(int32); ok {
				return int32(f(rune(n))), nil
			}
			for _, r := range c.Str(0) {
				return Char(f(r)), nil
			}
			return nil, c.NoSuchMethod()
		}
	}
	inst := func(f func(r rune) Value) Method {
		return func(c *Call) (Value, error) { return f(rune(c.This.(Char))), nil }
	}
	space := func(r rune) bool { return unicode.IsSpace(r) && r != 0xa0 }
	return &Class{Name: "java.lang.Character", Extends: "java.lang.Number", Implements: []string{"java.lang.Comparable"},
		Static: map[string]Method{
			"isDigit": is(unicode.IsDigit), "isLetter": is(unicode.IsLetter), "isLetterOrDigit": is(func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }),
			"isAlphabetic": is(unicode.IsLetter), "isUpperCase": is(unicode.IsUpper), "isLowerCase": is(unicode.IsLower), "isWhitespace": is(space),
			"isSpaceChar": is(func(r rune) bool { return r == ' ' || r == 0xa0 }),
			"toUpperCase": conv(unicode.ToUpper), "toLowerCase": conv(unicode.ToLower), "valueOf": conv(func(r rune) rune { return r }),
			"toString": func(c *Call) (Value, error) { return c.Str(0), nil },
			"toChars":  func(c *Call) (Value, error) { n, _ := c.Int(0); return charArray(string(rune(n))), nil },
			"getNumericValue": func(c *Call) (Value, error) {
				for _, r := range c.Str(0) {
					if r >= '0' && r <= '9' {
						return r - '0', nil
					}
					if l := unicode.ToLower(r); l >= 'a' && l <= 'z' {
						return l - 'a' + 10, nil
					}
				}
				return int32(-1), nil
			},
			"digit": func(c *Call) (Value, error) {
				base, _ := c.Int(1)
				for _, r := range strings.ToLower(c.Str(0)) {
					if d := strings.IndexRune("0123456789abcdefghijklmnopqrstuvwxyz", r); d >= 0 && int64(d) < base {
						return int32(d), nil
					}
				}
				return int32(-1), nil
			},
		},
		Methods: map[string]Method{
			"isDigit": inst(func(r rune) Value { return unicode.IsDigit(r) }), "isLetter": inst(func(r rune) Value { return unicode.IsLetter(r) }),
			"isLetterOrDigit": inst(func(r rune) Value { return unicode.IsLetter(r) || unicode.IsDigit(r) }),
			"isUpperCase":     inst(func(r rune) Value { return unicode.IsUpper(r) }), "isLowerCase": inst(func(r rune) Value { return unicode.IsLower(r) }),
			"isWhitespace": inst(func(r rune) Value { return space(r) }), "toUpperCase": inst(func(r rune) Value { return Char(unicode.ToUpper(r)) }),
			"toLowerCase": inst(func(r rune) Value { return Char(unicode.ToLower(r)) }), "charValue": inst(func(r rune) Value { return Char(r) }),
			"toString": inst(func(r rune) Value { return string(r) }),
		}}
}

func regexClasses() []*Class {
	flags := map[string]javaregexp.Flags{"UNIX_LINES": javaregexp.UnixLines, "CASE_INSENSITIVE": javaregexp.CaseInsensitive,
		"COMMENTS": javaregexp.Comments, "MULTILINE": javaregexp.Multiline, "LITERAL": javaregexp.Literal, "DOTALL": javaregexp.DotAll,
		"UNICODE_CASE": javaregexp.UnicodeCase, "UNICODE_CHARACTER_CLASS": javaregexp.UnicodeClasses}
	fields := map[string]func() Value{}
	for n, v := range flags {
		fields[n] = func() Value { return int32(v) }
	}
	pat := func(c *Call) *Pattern { return c.This.(*Pattern) }
	split := func(c *Call) (Value, error) {
		limit, _ := c.Int(1)
		return strArray(c.th.split(c.Str(0), pat(c), int(limit))), nil
	}
	return []*Class{
		{Name: "java.util.regex.Pattern", StaticFields: fields,
			Static: map[string]Method{
				"compile": func(c *Call) (Value, error) {
					n, _ := c.Int(1)
					return c.th.patternFlags(c.Str(0), int(n)), c.wantText()
				},
				"matches": func(c *Call) (Value, error) { return c.th.matchAll(c.th.pattern(c.Str(0)), c.Str(1)), c.Want(2, 2) },
				"quote":   func(c *Call) (Value, error) { return javaregexp.Quote(c.Str(0)), nil },
			},
			Methods: map[string]Method{
				"matcher":       func(c *Call) (Value, error) { return c.th.newMatcher(c.Arg(0), pat(c)), nil },
				"pattern":       func(c *Call) (Value, error) { return pat(c).text, nil },
				"flags":         func(c *Call) (Value, error) { return int32(pat(c).flags), nil },
				"toString":      func(c *Call) (Value, error) { return pat(c).text, nil },
				"split":         split,
				"splitAsStream": func(c *Call) (Value, error) { v, err := split(c); return &stream{items: c.th.items(v)}, err },
				"isCase":        func(c *Call) (Value, error) { return c.th.isCase(c.This, c.Arg(0)), nil },
				"asPredicate": func(c *Call) (Value, error) {
					p := pat(c)
					return c.th.nativeClosure("test", 1, func(th *thread, a []Value) Value { return th.matcher(p, th.str(a[0])).find(th) }), nil
				},
				"asMatchPredicate": func(c *Call) (Value, error) {
					p := pat(c)
					return c.th.nativeClosure("test", 1, func(th *thread, a []Value) Value { return th.matchAll(p, th.str(a[0])) }), nil
				},
			}},
		{Name: "java.util.regex.MatchResult", Interface: true},
		{Name: "java.util.regex.Matcher", Implements: []string{"java.util.regex.MatchResult"}, Methods: matcherMethods(),
			Static: map[string]Method{"quoteReplacement": func(c *Call) (Value, error) {
				return strings.NewReplacer(`\`, `\\`, `$`, `\$`).Replace(c.Str(0)), nil
			}}},
	}
}
