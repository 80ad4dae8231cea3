package groovy

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
)

const maxJSONDepth = 200

// jsonParser reads JSON as JsonSlurper does: objects keep their order, numbers
// become Integer, Long, BigInteger or BigDecimal.
type jsonParser struct {
	th    *thread
	s     string
	i     int
	depth int
}

func (p *jsonParser) fail(format string, args ...any) {
	p.th.throw("groovy.json.JsonException", "%s at position %d", fmt.Sprintf(format, args...), p.i)
}

func (th *thread) parseJSON(s string) Value {
	th.alloc(int64(len(s)))
	p := &jsonParser{th: th, s: s}
	p.space()
	if p.i >= len(s) {
		th.throw(excIllegalArg, "Text must not be null or empty")
	}
	v := p.value()
	p.space()
	if p.i < len(s) {
		p.fail("unexpected %q", s[p.i:p.i+1])
	}
	return v
}

func (p *jsonParser) space() {
	for p.i < len(p.s) && strings.IndexByte(" \t\r\n", p.s[p.i]) >= 0 {
		p.i++
	}
}

func (p *jsonParser) value() Value {
	p.space()
	if p.i >= len(p.s) {
		p.fail("unexpected end")
	}
	p.th.step()
	p.th.alloc(24)
	switch c := p.s[p.i]; {
	case c == '{':
		return p.object()
	case c == '[':
		return p.array()
	case c == '"':
		return p.str()
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	for word, v := range map[string]Value{"true": true, "false": false, "null": nil} {
		if strings.HasPrefix(p.s[p.i:], word) {
			p.i += len(word)
			return v
		}
	}
	p.fail("unexpected %q", p.s[p.i:p.i+1])
	return nil
}

func (p *jsonParser) enter() {
	p.i++
	if p.depth++; p.depth > maxJSONDepth {
		p.fail("the JSON is nested too deeply")
	}
	p.space()
}

// next consumes a comma, or the closing bracket and reports the end.
func (p *jsonParser) next(end byte) bool {
	p.space()
	if p.i >= len(p.s) {
		p.fail("unexpected end")
	}
	c := p.s[p.i]
	if c != ',' && c != end {
		p.fail("expected ',' or '%c'", end)
	}
	p.i++
	if c == end {
		p.depth--
		return true
	}
	p.space()
	return false
}

func (p *jsonParser) object() Value {
	m := NewMap()
	p.enter()
	if p.i < len(p.s) && p.s[p.i] == '}' {
		p.i++
		p.depth--
		return m
	}
	for {
		if p.i >= len(p.s) || p.s[p.i] != '"' {
			p.fail("expected a name in quotes")
		}
		k := p.str()
		p.space()
		if p.i >= len(p.s) || p.s[p.i] != ':' {
			p.fail("expected ':'")
		}
		p.i++
		p.th.alloc(64)
		m.Put(k, p.value())
		if p.next('}') {
			return m
		}
	}
}

func (p *jsonParser) array() Value {
	l := NewList()
	p.enter()
	if p.i < len(p.s) && p.s[p.i] == ']' {
		p.i++
		p.depth--
		return l
	}
	for {
		l.Add(p.value())
		if p.next(']') {
			return l
		}
	}
}

func (p *jsonParser) number() Value {
	start := p.i
	for p.i < len(p.s) && strings.IndexByte("+-0123456789.eE", p.s[p.i]) >= 0 {
		p.i++
	}
	t := p.s[start:p.i]
	if d := strings.TrimPrefix(t, "-"); len(d) > 1 && d[0] == '0' && d[1] >= '0' && d[1] <= '9' {
		p.fail("a number with a leading zero")
	}
	if strings.ContainsAny(t, ".eE") {
		if d, ok := parseDecimal(t); ok && !strings.HasSuffix(t, ".") {
			return d
		}
	} else if v, ok := literal("", t, 0, false); ok && len(t) < 1000 {
		return v
	}
	p.fail("bad number")
	return nil
}

func (p *jsonParser) str() string {
	p.i++
	var b strings.Builder
	for p.i < len(p.s) {
		c := p.s[p.i]
		switch {
		case c == '"':
			p.i++
			return b.String()
		case c == '\\':
			p.escape(&b)
		case c < ' ':
			p.fail("a control character in a string")
		default:
			b.WriteByte(c)
			p.i++
		}
	}
	p.fail("a string is never closed")
	return ""
}

func (p *jsonParser) escape(b *strings.Builder) {
	p.i++
	if p.i >= len(p.s) {
		p.fail("unexpected end")
	}
	c := p.s[p.i]
	p.i++
	switch c {
	case '"', '\\', '/':
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
		r := p.hex()
		if utf16.IsSurrogate(r) && strings.HasPrefix(p.s[p.i:], `\u`) {
			p.i += 2
			r = utf16.DecodeRune(r, p.hex())
		}
		b.WriteRune(r)
	default:
		p.fail("bad escape \\%c", c)
	}
}

func (p *jsonParser) hex() rune {
	if p.i+4 > len(p.s) {
		p.fail("\\u needs four digits")
	}
	n, err := strconv.ParseUint(p.s[p.i:p.i+4], 16, 32)
	if err != nil {
		p.fail("\\u needs four digits")
	}
	p.i += 4
	return rune(n)
}

// toJSON is JsonOutput.toJson: text beyond ASCII is escaped.
func (th *thread) toJSON(b *strings.Builder, v Value) {
	th.nest()
	defer func() { th.nested-- }()
	th.step()
	if b.Len() > 1<<12 {
		th.alloc(64)
	}
	switch x := v.(type) {
	case nil:
		b.WriteString("null")
	case bool, int32, int64, int16, int8:
		b.WriteString(th.str(x))
	case string, *GString, Char, *StringBuilder:
		th.jsonString(b, th.str(x))
	case float64, float32:
		f := toFloat(x)
		if f-f != 0 {
			th.throw("groovy.json.JsonException", "Number %s can't be serialized as JSON: infinite or NaN are not allowed in JSON.", th.str(x))
		}
		b.WriteString(th.str(x))
	case *Map:
		th.jsonMap(b, x)
	case *List, *Set, *Range, []byte, *stream, *iterator:
		b.WriteByte('[')
		for i, y := range th.items(x) {
			if i > 0 {
				b.WriteByte(',')
			}
			th.toJSON(b, y)
		}
		b.WriteByte(']')
	case *Entry:
		m := NewMap()
		m.Put("key", x.key)
		m.Put("value", x.val)
		th.jsonMap(b, m)
	case *Closure:
		th.jsonMap(b, th.jsonDelegate(x))
	case *Object:
		if x.sc.enum {
			th.jsonString(b, x.name)
			return
		}
		th.jsonMap(b, th.propertyMap(x))
	case *jsonBuilder:
		th.toJSON(b, x.content)
	case rawJSON:
		b.WriteString(string(x))
	default:
		th.jsonOther(b, v)
	}
	th.alloc(8)
}

func (th *thread) jsonOther(b *strings.Builder, v Value) {
	if isNumber(v) {
		b.WriteString(th.str(v))
		return
	}
	if t, ok := timeOf(v); ok && th.className(v) == "java.util.Date" {
		th.jsonString(b, t.UTC().Format("2006-01-02T15:04:05+0000"))
		return
	}
	if h, ok := v.(Host); ok {
		m := th.eng.metaOf(h)
		if m.methods["toJson"] != nil {
			b.WriteString(th.str(th.callMethod(h, "toJson", nil)))
			return
		}
		if f := m.methods["getObject"]; f != nil {
			th.toJSON(b, th.callMethod(h, "getObject", nil))
			return
		}
		if m.h.Iterate != nil {
			th.toJSON(b, NewList(th.items(h)...))
			return
		}
	}
	th.jsonString(b, th.str(v))
}

func (th *thread) jsonMap(b *strings.Builder, m *Map) {
	b.WriteByte('{')
	for i, e := range m.entries() {
		if i > 0 {
			b.WriteByte(',')
		}
		if e.key == nil {
			th.throw(excIllegalArg, "Maps with null keys can't be converted to JSON")
		}
		th.jsonString(b, th.str(e.key))
		b.WriteByte(':')
		th.toJSON(b, e.val)
	}
	b.WriteByte('}')
}

func (th *thread) jsonString(b *strings.Builder, s string) {
	th.alloc(int64(len(s)) + 8)
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\f':
			b.WriteString(`\f`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r > 126:
			for _, u := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(b, `\u%04x`, u)
			}
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}

// jsonDelegate runs a builder closure: names called in it become entries.
func (th *thread) jsonDelegate(c *Closure) *Map {
	m := NewMap()
	f := c.clone()
	f.setDelegate(&jsonCollector{m}, delegateFirst)
	th.callClosure(f, nil)
	return m
}

// jsonCollector is the delegate of builder closures.
type jsonCollector struct{ m *Map }

func (*jsonCollector) javaName() string { return "groovy.json.JsonDelegate" }

// jsonBuilder is groovy.json.JsonBuilder.
type jsonBuilder struct{ content Value }

func (*jsonBuilder) javaName() string { return "groovy.json.JsonBuilder" }

// rawJSON is text that is JSON already.
type rawJSON string

func (rawJSON) javaName() string { return "groovy.json.JsonOutput.JsonUnescaped" }
func (r rawJSON) String() string { return string(r) }

func (c *Call) json(v Value) string {
	var b strings.Builder
	c.th.toJSON(&b, v)
	return b.String()
}

// pretty is JsonOutput.prettyPrint. What is deep becomes much longer than it was.
func (c *Call) pretty(s string) string {
	var b strings.Builder
	depth, inStr := 0, false
	nl := func() {
		if depth < 0 {
			c.th.throw("groovy.json.JsonException", "The JSON text closes more than it opens")
		}
		c.th.alloc(int64(4*depth) + 1)
		b.WriteByte('\n')
		b.WriteString(strings.Repeat("    ", depth))
	}
	c.th.alloc(int64(len(s)))
	for i := 0; i < len(s); i++ {
		ch := s[i]
		if inStr {
			b.WriteByte(ch)
			if ch == '\\' && i+1 < len(s) {
				i++
				b.WriteByte(s[i])
			} else if ch == '"' {
				inStr = false
			}
			continue
		}
		switch ch {
		case '"':
			inStr = true
			b.WriteByte(ch)
		case '{', '[':
			b.WriteByte(ch)
			if i+1 < len(s) && (s[i+1] == '}' || s[i+1] == ']') {
				depth++
				nl()
				depth--
				nl()
				i++
				b.WriteByte(s[i])
				continue
			}
			depth++
			nl()
		case '}', ']':
			depth--
			nl()
			b.WriteByte(ch)
		case ',':
			b.WriteByte(ch)
			nl()
		case ':':
			b.WriteString(": ")
		case ' ', '\n', '\t', '\r':
		default:
			b.WriteByte(ch)
		}
	}
	return b.String()
}

func jsonClasses() []*Class { return append(jsonTools(), lazyMapClasses()...) }

func lazyMapClasses() []*Class {
	var out []*Class
	for name := range lazyMaps {
		out = append(out, &Class{Name: name, Extends: "java.util.LinkedHashMap"})
	}
	return out
}

func jsonTools() []*Class {
	parse := func(c *Call) (Value, error) {
		switch x := c.Arg(0).(type) {
		case nil:
			return nil, Throw(excIllegalArg, "Text must not be null or empty")
		case []byte:
			return c.th.parseJSON(string(x)), nil
		case string:
			return c.th.parseJSON(x), nil
		case Host, native:
			if t, ok := c.th.tryProp(x, "text"); ok {
				return c.th.parseJSON(c.th.str(t)), nil
			}
		}
		if l, ok := c.Arg(0).(*List); ok && l.elem == "char" {
			return c.th.parseJSON(c.th.join(l.Items(), "")), nil
		}
		return nil, c.NoSuchMethod()
	}
	slurper := func(name string) *Class {
		return &Class{Name: name, New: give(func(*Call) Value { return slurp(name) }),
			Methods: table{"parseText": parse, "parse": parse, "setType": give(func(c *Call) Value { return c.This }), "setLazyChop": give(func(c *Call) Value { return c.This })}}
	}
	set := func(c *Call, v Value) (Value, error) { c.This.(*jsonBuilder).content = v; return v, nil }
	call := func(c *Call) (Value, error) {
		switch x := c.Arg(0).(type) {
		case *Closure:
			return set(c, c.th.jsonDelegate(x))
		case *Map, *List:
			if len(c.Args) == 1 {
				return set(c, x)
			}
			if c.closure(1) == nil {
				return nil, c.NoSuchMethod()
			}
			return set(c, jsonEach(c, x, c.closure(1)))
		}
		return set(c, NewList(c.Args...))
	}
	return []*Class{
		slurper("groovy.json.JsonSlurper"), slurper("groovy.json.JsonSlurperClassic"),
		{Name: "groovy.json.JsonOutput", Static: table{
			"toJson":      give(func(c *Call) Value { return c.json(c.Arg(0)) }),
			"prettyPrint": give(func(c *Call) Value { return c.pretty(c.Str(0)) }),
			"unescaped":   give(func(c *Call) Value { return rawJSON(c.Str(0)) }),
		}},
		{Name: "groovy.json.JsonDelegate", MethodMissing: collectJSON, PropertyMissing: func(this Value, name string) (Value, bool) {
			return this.(*jsonCollector).m.Get(name)
		}},
		{Name: "groovy.json.JsonBuilder", New: give(func(c *Call) Value { return &jsonBuilder{c.Arg(0)} }),
			Methods: table{
				"call":           call,
				"toString":       give(func(c *Call) Value { return c.json(c.This) }),
				"toPrettyString": give(func(c *Call) Value { return c.pretty(c.json(c.This)) }),
				"getContent":     give(func(c *Call) Value { return c.This.(*jsonBuilder).content }),
			},
			MethodMissing: func(c *Call) (Value, error) {
				m := NewMap()
				inner := &jsonCollector{m}
				if _, err := collectJSON(&Call{Ctx: c.Ctx, This: inner, Name: c.Name, Args: c.Args, th: c.th}); err != nil {
					return nil, err
				}
				return set(c, m)
			}},
	}
}

func jsonEach(c *Call, items Value, f *Closure) Value {
	out := NewList()
	for _, v := range c.th.items(items) {
		m := NewMap()
		g := f.clone()
		g.setDelegate(&jsonCollector{m}, delegateFirst)
		c.th.callClosure(g, fitArgs(g, v))
		out.Add(m)
	}
	return out
}

// collectJSON records a name called in a builder closure.
func collectJSON(c *Call) (Value, error) {
	m := c.This.(*jsonCollector).m
	var v Value
	switch n := len(c.Args); {
	case n == 0:
		v = NewMap()
	case n == 1:
		v = c.Arg(0)
		if f, ok := v.(*Closure); ok {
			v = c.th.jsonDelegate(f)
		}
	case n == 2 && c.closure(1) != nil:
		if arg, ok := c.Arg(0).(*Map); ok {
			inner := c.th.jsonDelegate(c.closure(1))
			v = c.th.plus(arg, inner)
		} else {
			v = jsonEach(c, c.Arg(0), c.closure(1))
		}
	default:
		v = NewList(c.Args...)
	}
	c.th.put(m, c.Name, v)
	return v, nil
}

// slurp is a JsonSlurper; it has no state.
type slurp string

func (s slurp) javaName() string { return string(s) }
