package groovy

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

func utf16Of(s string) []uint16 { return utf16.Encode([]rune(s)) }

// javaSpace is what String.trim removes.
func javaTrim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
}

func str(f func(c *Call, s string) (Value, error)) Method {
	return func(c *Call) (Value, error) { return f(c, c.th.str(c.This)) }
}

// simple is a method without arguments that cannot fail.
func simple(f func(s string) Value) Method {
	return func(c *Call) (Value, error) {
		if err := c.Want(0, 1); err != nil {
			return nil, err
		}
		v := f(c.th.str(c.This))
		switch x := v.(type) {
		case string:
			c.th.alloc(int64(len(x)))
		case *List:
			c.th.alloc(int64(x.Len()) * 16)
		case *Set:
			c.th.alloc(int64(x.Len()) * 48)
		case *stream:
			c.th.alloc(int64(len(x.items)) * 16)
		}
		return v, nil
	}
}

func stringMethods() map[string]Method {
	m := map[string]Method{
		"length":          simple(func(s string) Value { return int32(jlen(s)) }),
		"size":            simple(func(s string) Value { return int32(jlen(s)) }),
		"isEmpty":         simple(func(s string) Value { return s == "" }),
		"isBlank":         simple(func(s string) Value { return strings.TrimSpace(s) == "" }),
		"isAllWhitespace": simple(func(s string) Value { return strings.TrimSpace(s) == "" }),
		"trim":            simple(func(s string) Value { return javaTrim(s) }),
		"strip":           simple(func(s string) Value { return strings.TrimFunc(s, unicode.IsSpace) }),
		"stripLeading":    simple(func(s string) Value { return strings.TrimLeftFunc(s, unicode.IsSpace) }),
		"stripTrailing":   simple(func(s string) Value { return strings.TrimRightFunc(s, unicode.IsSpace) }),
		"toLowerCase":     simple(func(s string) Value { return lowerCase(s) }),
		"toUpperCase":     simple(func(s string) Value { return upperCase(s) }),
		"capitalize":      simple(func(s string) Value { return mapFirst(s, unicode.ToUpper) }),
		"uncapitalize":    simple(func(s string) Value { return mapFirst(s, unicode.ToLower) }),
		"reverse":         simple(func(s string) Value { return reverseString(s) }),
		"toList":          simple(func(s string) Value { return NewList(chars(s)...) }),
		"toSet":           simple(func(s string) Value { return NewSet(chars(s)...) }),
		"intern":          simple(func(s string) Value { return s }),
		"toURI":           str(func(c *Call, s string) (Value, error) { return c.make("java.net.URI", s) }),
		"toURL":           str(func(c *Call, s string) (Value, error) { return c.make("java.net.URL", s) }),
		"hashCode":        simple(func(s string) Value { return hashString(s) }),
		"getBytes":        str(getBytes),
		"getChars":        simple(charArray),
		"toCharArray":     simple(charArray),
		"chars":           simple(func(s string) Value { return charStream(s) }),
		"lines":           simple(func(s string) Value { return &stream{items: lineValues(s)} }),
		"readLines":       simple(func(s string) Value { return NewList(lineValues(s)...) }),
		"splitEachLine":   str(splitEachLine),
		"eachLine":        str(eachLine),
		"encodeBase64":    simple(func(s string) Value { return base64Text([]byte(s), false) }),
		"decodeBase64":    str(decodeBase64),
		"decodeBase64Url": str(decodeBase64),
		"decodeHex":       str(decodeHex),
		"encodeHex":       simple(func(s string) Value { return hexText([]byte(s)) }),
		"bytes":           str(getBytes),
		"digest":          str(func(c *Call, s string) (Value, error) { return digestHex(c, []byte(s), c.Str(0)) }),
		"md5":             str(func(c *Call, s string) (Value, error) { return digestHex(c, []byte(s), "MD5") }),
		"sha256":          str(func(c *Call, s string) (Value, error) { return digestHex(c, []byte(s), "SHA-256") }),
		"contains":        str(strContains),
		"containsIgnoreCase": str(func(c *Call, s string) (Value, error) {
			return strings.Contains(strings.ToLower(s), strings.ToLower(c.Str(0))), nil
		}),
		"startsWith": str(strStartsWith),
		"endsWith":   str(func(c *Call, s string) (Value, error) { return strings.HasSuffix(s, c.Str(0)), c.wantText() }),
		"startsWithIgnoreCase": str(func(c *Call, s string) (Value, error) {
			return strings.HasPrefix(strings.ToLower(s), strings.ToLower(c.Str(0))), nil
		}),
		"endsWithIgnoreCase": str(func(c *Call, s string) (Value, error) {
			return strings.HasSuffix(strings.ToLower(s), strings.ToLower(c.Str(0))), nil
		}),
		"equalsIgnoreCase": str(func(c *Call, s string) (Value, error) { return c.Arg(0) != nil && strings.EqualFold(s, c.Str(0)), nil }),
		"contentEquals":    str(func(c *Call, s string) (Value, error) { return s == c.Str(0), nil }),
		"compareTo":        str(func(c *Call, s string) (Value, error) { return int32(jcompare(s, c.Str(0))), c.wantText() }),
		"compareToIgnoreCase": str(func(c *Call, s string) (Value, error) {
			return int32(jcompare(strings.ToLower(s), strings.ToLower(c.Str(0)))), c.wantText()
		}),
		"indexOf":     str(strIndexOf),
		"lastIndexOf": str(strLastIndexOf),
		"charAt":      str(charAt),
		"codePointAt": str(func(c *Call, s string) (Value, error) {
			v, err := charAt(c, s)
			n, _ := toInt64(v)
			return int32(n), err
		}),
		"substring":    str(substring),
		"subSequence":  str(substring),
		"replace":      str(strReplace),
		"replaceAll":   str(strReplaceAll),
		"replaceFirst": str(strReplaceFirst),
		"matches":      str(func(c *Call, s string) (Value, error) { return c.th.matchAll(c.th.asPattern(c.Arg(0)), s), nil }),
		"split":        str(strSplit),
		"tokenize":     str(tokenize),
		"concat":       str(func(c *Call, s string) (Value, error) { return c.th.concat(s, c.Arg(0)), c.wantText() }),
		"plus":         str(func(c *Call, s string) (Value, error) { return c.th.plus(s, c.Arg(0)), nil }),
		"minus":        str(func(c *Call, s string) (Value, error) { return c.th.strMinus(s, c.Arg(0)), nil }),
		"multiply":     str(func(c *Call, s string) (Value, error) { return c.th.repeat(s, c.Arg(0)), nil }),
		"repeat":       str(func(c *Call, s string) (Value, error) { return c.th.repeat(s, c.Arg(0)), nil }),
		"next":         simple(func(s string) Value { return bump(s, 1) }),
		"previous":     simple(func(s string) Value { return bump(s, -1) }),
		"padLeft":      str(func(c *Call, s string) (Value, error) { return pad(c, s, 1, 0) }),
		"padRight":     str(func(c *Call, s string) (Value, error) { return pad(c, s, 0, 1) }),
		"center":       str(func(c *Call, s string) (Value, error) { return pad(c, s, 1, 1) }),
		"getAt":        str(func(c *Call, s string) (Value, error) { return c.th.strAt(s, c.Arg(0)), nil }),
		"count":        str(func(c *Call, s string) (Value, error) { return countText(s, c.Str(0)), nil }),
		"find":         str(strFind),
		"findAll":      str(strFindAll),
		"eachMatch":    str(eachMatchMethod),
		"take": str(func(c *Call, s string) (Value, error) {
			n, _ := c.Int(0)
			return jsub(s, 0, int(clampInt(n, 0, int64(jlen(s))))), nil
		}),
		"drop": str(func(c *Call, s string) (Value, error) {
			n, _ := c.Int(0)
			l := jlen(s)
			return jsub(s, int(clampInt(n, 0, int64(l))), l), nil
		}),
		"takeRight": str(func(c *Call, s string) (Value, error) {
			n, _ := c.Int(0)
			l := jlen(s)
			return jsub(s, l-int(clampInt(n, 0, int64(l))), l), nil
		}),
		"dropRight": str(func(c *Call, s string) (Value, error) {
			n, _ := c.Int(0)
			l := jlen(s)
			return jsub(s, 0, l-int(clampInt(n, 0, int64(l)))), nil
		}),
		"takeWhile":        str(func(c *Call, s string) (Value, error) { a, _ := c.span(s); return a, nil }),
		"dropWhile":        str(func(c *Call, s string) (Value, error) { _, b := c.span(s); return b, nil }),
		"takeBefore":       str(func(c *Call, s string) (Value, error) { return s[:max(strings.Index(s, c.Str(0)), 0)], nil }),
		"takeAfter":        str(func(c *Call, s string) (Value, error) { _, b, _ := strings.Cut(s, c.Str(0)); return b, nil }),
		"takeBetween":      str(takeBetween),
		"stripIndent":      simple(func(s string) Value { return stripIndent(s) }),
		"stripMargin":      str(stripMargin),
		"normalize":        simple(func(s string) Value { return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n") }),
		"denormalize":      simple(func(s string) Value { return s }),
		"expand":           str(expandTabs),
		"translateEscapes": simple(func(s string) Value { return s }),
		"tr":               str(strTr),
		"isNumber":         simple(func(s string) Value { _, ok := parseDecimal(javaTrim(s)); return ok }),
		"format":           str(func(c *Call, s string) (Value, error) { return c.th.format(s, formatArgs(c.Args)), nil }),
		"formatted":        str(func(c *Call, s string) (Value, error) { return c.th.format(s, formatArgs(c.Args)), nil }),
		"each":             nil,
		"toCharacter":      str(func(c *Call, s string) (Value, error) { return c.th.toChar(s, &typeRef{name: "char"}), nil }),
		"asBoolean":        simple(func(s string) Value { return s != "" }),
		"bitwiseNegate":    str(func(c *Call, s string) (Value, error) { return c.th.pattern(s), nil }),
		"isCase":           str(func(c *Call, s string) (Value, error) { return c.Arg(0) != nil && s == c.Str(0), nil }),
		"execute": func(c *Call) (Value, error) {
			return nil, Throw(excUnsupported, "processes are not available to scripts")
		},
		"collectReplacements": str(collectReplacements),
	}
	delete(m, "each")
	for name, co := range map[string]coercion{"Integer": coInt, "Long": coLong, "BigInteger": coBigInt, "BigDecimal": coDecimal,
		"Double": coDouble, "Float": coFloat, "Short": coShort} {
		m["to"+name] = str(func(c *Call, s string) (Value, error) { return c.th.parseNumber(javaTrim(s), co), nil })
		m["is"+name] = str(func(c *Call, s string) (v Value, err error) {
			_, err = c.th.catch(func() Value { return c.th.parseNumber(javaTrim(s), co) })
			return err == nil, nil
		})
	}
	m["toBoolean"] = simple(func(s string) Value {
		s = strings.ToLower(javaTrim(s))
		return s == "true" || s == "y" || s == "1"
	})
	col := collectionMethods()
	for _, n := range []string{"each", "eachWithIndex", "reverseEach", "collect", "collectEntries", "any", "every", "inject", "findIndexOf",
		"groupBy", "countBy", "sum", "min", "max", "join", "iterator", "withIndex", "indexed", "collectMany", "findResult", "findResults", "grep", "unique"} {
		m[n] = col[n]
	}
	return m
}

// catch runs f and gives a script exception as error.
func (th *thread) catch(f func() Value) (v Value, err error) {
	at := th.mark()
	defer func() {
		if r := recover(); r != nil {
			t, ok := r.(*Thrown)
			if !ok {
				panic(r)
			}
			th.back(at)
			err = t
		}
	}()
	return f(), nil
}

// make constructs an object of a class by name.
func (c *Call) make(class string, args ...Value) (Value, error) {
	k := c.ClassNamed(class)
	if k == nil {
		return nil, Throw(excUnsupported, "class %s is not available", class)
	}
	return c.th.construct(k, args, nil, nil), nil
}

func (c *Call) wantText() error {
	if c.Arg(0) == nil {
		return Throw(excNull, "Cannot invoke method %s() with a null argument", c.Name)
	}
	return nil
}

func mapFirst(s string, f func(rune) rune) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(f(r)) + s[n:]
}

func charArray(s string) Value {
	var out []Value
	for _, u := range utf16Of(s) {
		out = append(out, Char(u))
	}
	return newArray("char", out)
}

func charStream(s string) Value {
	var out []Value
	for _, u := range utf16Of(s) {
		out = append(out, int32(u))
	}
	return &stream{items: out}
}

func lineValues(s string) []Value {
	if s == "" {
		return nil
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	parts := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	out := make([]Value, len(parts))
	for i, p := range parts {
		out[i] = p
	}
	return out
}

func eachLine(c *Call, s string) (Value, error) {
	f := c.fn(len(c.Args) - 1)
	first := int64(0) // the number of the first line
	if len(c.Args) > 1 {
		first, _ = c.Int(0)
	}
	var last Value
	for i, l := range lineValues(s) {
		last = f(l, int32(first+int64(i)))
	}
	return last, nil
}

func splitEachLine(c *Call, s string) (Value, error) {
	f, p := c.fn(1), c.th.asPattern(c.Arg(0))
	var last Value
	for _, l := range lineValues(s) {
		last = f(strValues(c.th.split(l.(string), p, 0)))
	}
	return last, nil
}

func strValues(parts []string) *List {
	l := NewList()
	for _, p := range parts {
		l.Add(p)
	}
	return l
}

func strArray(parts []string) Value {
	out := make([]Value, len(parts))
	for i, p := range parts {
		out[i] = p
	}
	return newArray("java.lang.String", out)
}

func strContains(c *Call, s string) (Value, error) {
	return strings.Contains(s, c.Str(0)), c.wantText()
}

func strStartsWith(c *Call, s string) (Value, error) {
	if from, ok := c.Int(1); ok {
		if from < 0 || from > int64(jlen(s)) {
			return false, nil
		}
		s = jsub(s, int(from), jlen(s))
	}
	return strings.HasPrefix(s, c.Str(0)), c.wantText()
}

// needle is what indexOf looks for: text, or a character's code.
func (c *Call) needle() string {
	if n, ok := c.Arg(0).(int32); ok {
		return string(rune(n))
	}
	return c.Str(0)
}

func strIndexOf(c *Call, s string) (Value, error) {
	from, _ := c.Int(1)
	return int32(jindexOf(s, c.needle(), int(clampInt(from, 0, 1<<31)))), c.wantText()
}

func strLastIndexOf(c *Call, s string) (Value, error) {
	sub := c.needle()
	if from, ok := c.Int(1); ok {
		if from < 0 {
			return int32(-1), nil
		}
		end := min(int(from)+jlen(sub), jlen(s))
		s = jsub(s, 0, end)
	}
	return int32(jindex(s, strings.LastIndex(s, sub))), c.wantText()
}

func charAt(c *Call, s string) (Value, error) {
	i, ok := c.Int(0)
	if !ok {
		return nil, c.NoSuchMethod()
	}
	if i < 0 || i >= int64(jlen(s)) {
		return nil, Throw(excStrIndex, "Index %d out of bounds for length %d", i, jlen(s))
	}
	return jat(s, int(i)), nil
}

func substring(c *Call, s string) (Value, error) {
	n := int64(jlen(s))
	from, ok := c.Int(0)
	to := n
	if len(c.Args) == 2 {
		to, _ = c.Int(1)
	}
	if !ok {
		return nil, c.NoSuchMethod()
	}
	if from < 0 || to > n || from > to {
		return nil, Throw(excStrIndex, "begin %d, end %d, length %d", from, to, n)
	}
	return jsub(s, int(from), int(to)), nil
}

func strReplace(c *Call, s string) (Value, error) {
	if m, ok := c.Arg(0).(*Map); ok && len(c.Args) == 1 {
		for _, e := range m.entries() {
			s = strings.ReplaceAll(s, c.th.str(e.key), c.th.str(e.val))
			c.th.alloc(int64(len(s)))
		}
		return s, nil
	}
	if err := c.Want(2, 2); err != nil {
		return nil, err
	}
	if c.Arg(0) == nil || c.Arg(1) == nil {
		return nil, Throw(excNull, "replace needs text, not null")
	}
	old, repl := c.Str(0), c.Str(1)
	if n := strings.Count(s, old); len(repl) > len(old) {
		c.th.alloc(mulSize(int64(n), int64(len(repl)-len(old))))
	}
	return strings.ReplaceAll(s, old, repl), nil
}

func strReplaceAll(c *Call, s string) (Value, error) {
	p := c.th.asPattern(c.Arg(0))
	if _, ok := c.Arg(1).(*Closure); ok {
		f := c.matchFn(1)
		return c.th.replace(s, p, true, func(m *regexp2.Match) string { return c.th.str(f(m)) }), nil
	}
	if err := c.Want(2, 2); err != nil {
		return nil, err
	}
	return c.th.replaceAll(s, p, c.Str(1)), nil
}

func strReplaceFirst(c *Call, s string) (Value, error) {
	p := c.th.asPattern(c.Arg(0))
	if _, ok := c.Arg(1).(*Closure); ok {
		f := c.matchFn(1)
		return c.th.replace(s, p, false, func(m *regexp2.Match) string { return c.th.str(f(m)) }), nil
	}
	return c.th.replaceFirst(s, p, c.Str(1)), c.Want(2, 2)
}

// matchFn calls a closure with a match: its groups one by one if it takes
// several parameters, else the text or the list of groups.
func (c *Call) matchFn(i int) func(m *regexp2.Match) Value {
	cl := c.closure(i)
	if cl == nil {
		c.th.raise(c.NoSuchMethod())
	}
	return func(m *regexp2.Match) Value {
		v := matchValue(m)
		if l, ok := v.(*List); ok && cl.Params() > 1 {
			return c.th.callClosure(cl, fitArgs(cl, l.Items()...))
		}
		return c.th.callClosure(cl, fitArgs(cl, v))
	}
}

func strFind(c *Call, s string) (Value, error) {
	if c.closure(0) != nil && len(c.Args) == 1 {
		return collectionMethods()["find"](c)
	}
	p := c.th.asPattern(c.Arg(0))
	var out Value
	c.th.eachMatch(p, []rune(s), func(m *regexp2.Match) bool {
		out = m.String()
		if c.closure(1) != nil {
			out = c.matchFn(1)(m)
		}
		return false
	})
	return out, nil
}

func strFindAll(c *Call, s string) (Value, error) {
	if c.closure(0) != nil && len(c.Args) == 1 {
		return collectionMethods()["findAll"](c)
	}
	p := c.th.asPattern(c.Arg(0))
	out := NewList()
	c.th.eachMatch(p, []rune(s), func(m *regexp2.Match) bool {
		c.th.alloc(32)
		if c.closure(1) != nil {
			out.Add(c.matchFn(1)(m))
		} else {
			out.Add(m.String())
		}
		return true
	})
	return out, nil
}

func eachMatchMethod(c *Call, s string) (Value, error) {
	p, f := c.th.asPattern(c.Arg(0)), c.matchFn(1)
	c.th.eachMatch(p, []rune(s), func(m *regexp2.Match) bool { f(m); return true })
	return s, nil
}

func strSplit(c *Call, s string) (Value, error) {
	if len(c.Args) == 0 {
		return strArray(strings.Fields(s)), nil
	}
	if c.closure(0) != nil {
		t := c.test(0)
		yes, no := NewList(), NewList()
		for _, ch := range chars(s) {
			if t(ch) {
				yes.Add(ch)
			} else {
				no.Add(ch)
			}
		}
		return NewList(yes, no), nil
	}
	limit, _ := c.Int(1)
	return strArray(c.th.split(s, c.th.asPattern(c.Arg(0)), int(limit))), c.wantText()
}

func tokenize(c *Call, s string) (Value, error) {
	seps := " \t\n\r\f"
	if len(c.Args) > 0 {
		seps = c.Str(0)
	}
	out := NewList()
	for _, p := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(seps, r) }) {
		c.th.alloc(32)
		out.Add(p)
	}
	return out, nil
}

func bump(s string, d rune) string {
	if s == "" {
		return "\x00"
	}
	r, n := utf8.DecodeLastRuneInString(s)
	return s[:len(s)-n] + string(r+d)
}

func pad(c *Call, s string, left, right int) (Value, error) {
	n, ok := c.Int(0)
	if !ok {
		return nil, c.NoSuchMethod()
	}
	fill := " "
	if len(c.Args) > 1 {
		fill = c.Str(1)
	}
	gap := n - int64(jlen(s))
	if gap <= 0 || fill == "" {
		return s, nil
	}
	c.th.alloc(mulSize(gap, int64(len(fill))))
	l := gap
	switch {
	case left == 1 && right == 1:
		l = gap / 2
	case right == 1:
		l = 0
	}
	text := func(n int64) string {
		return jsub(strings.Repeat(fill, int(n)/jlen(fill)+1), 0, int(n))
	}
	return text(l) + s + text(gap-l), nil
}

func countText(s, sub string) Value {
	if sub == "" {
		return int32(jlen(s) + 1)
	}
	n, at := 0, 0
	for { // overlapping, as Groovy counts
		i := strings.Index(s[at:], sub)
		if i < 0 {
			return int32(n)
		}
		n++
		at += i + 1
	}
}

func (c *Call) span(s string) (string, string) {
	t := c.test(0)
	for i, r := range s {
		if !t(string(r)) {
			return s[:i], s[i:]
		}
	}
	return s, ""
}

func takeBetween(c *Call, s string) (Value, error) {
	from := c.Str(0)
	to := from
	if len(c.Args) > 1 {
		to = c.Str(1)
	}
	_, rest, ok := strings.Cut(s, from)
	if !ok {
		return "", nil
	}
	in, _, ok := strings.Cut(rest, to)
	if !ok {
		return "", nil
	}
	return in, nil
}

func stripIndent(s string) string {
	lines := strings.Split(s, "\n")
	least := -1
	for _, l := range lines {
		if strings.TrimSpace(l) == "" {
			continue
		}
		n := len(l) - len(strings.TrimLeft(l, " \t"))
		if least < 0 || n < least {
			least = n
		}
	}
	for i, l := range lines {
		if least > 0 {
			lines[i] = l[min(least, len(l)):]
		}
	}
	return strings.Join(lines, "\n")
}

func stripMargin(c *Call, s string) (Value, error) {
	mark := "|"
	if len(c.Args) > 0 {
		mark = c.Str(0)
	}
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if t := strings.TrimLeft(l, " \t"); strings.HasPrefix(t, mark) {
			lines[i] = t[len(mark):]
		}
	}
	return strings.Join(lines, "\n"), nil
}

func strTr(c *Call, s string) (Value, error) {
	from, to := []rune(expandTr(c, c.Str(0))), []rune(expandTr(c, c.Str(1)))
	if len(to) == 0 {
		return s, nil
	}
	becomes := map[rune]rune{}
	for i, f := range from {
		if _, has := becomes[f]; !has {
			becomes[f] = to[min(i, len(to)-1)]
		}
	}
	return strings.Map(func(r rune) rune {
		if t, has := becomes[r]; has {
			return t
		}
		return r
	}, s), nil
}

func expandTr(c *Call, s string) string {
	rs := []rune(s)
	var out []rune
	for i := 0; i < len(rs); i++ {
		if i+2 < len(rs) && rs[i+1] == '-' && rs[i] <= rs[i+2] {
			c.th.alloc(8 * int64(rs[i+2]-rs[i]+1))
			for r := rs[i]; r <= rs[i+2]; r++ {
				out = append(out, r)
			}
			i += 2
			continue
		}
		out = append(out, rs[i])
	}
	return string(out)
}

func collectReplacements(c *Call, s string) (Value, error) {
	f := c.fn(0)
	var b strings.Builder
	for _, ch := range chars(s) {
		if r := f(ch); r != nil {
			b.WriteString(c.th.str(r))
		} else {
			b.WriteString(ch.(string))
		}
	}
	return b.String(), nil
}

// expandTabs fills up to the next tab stop.
func expandTabs(c *Call, s string) (Value, error) {
	width := int64(8)
	if n, ok := c.Int(0); ok && n > 0 {
		width = min(n, 1<<10)
	}
	var b strings.Builder
	column := int64(0)
	for _, r := range s {
		switch r {
		case '\t':
			n := width - column%width
			c.th.alloc(n)
			b.WriteString(strings.Repeat(" ", int(n)))
			column += n
			continue
		case '\n':
			column = -1
		}
		b.WriteRune(r)
		column++
	}
	return b.String(), nil
}
