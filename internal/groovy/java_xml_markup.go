package groovy

import "strings"

// markup writes XML: MarkupBuilder with one element a line, StreamingMarkupBuilder
// without white space.
type markup struct {
	class   string
	to      *writer // of MarkupBuilder; nil: System.out
	text    *strings.Builder
	lines   bool
	quote   byte
	expand  bool // empty elements have two tags
	noNull  bool // attributes without value are left out
	noEmpty bool
	depth   int
	open    bool // the innermost element's start tag lacks its end
	inline  bool // text was written in the innermost element
	begun   bool
	spaces  []xmlAttr // declared for the next element
	bound   map[string]bool
}

func (m *markup) javaName() string { return m.class }

func (m *markup) write(c *Call, s string) error {
	c.th.alloc(int64(len(s)))
	switch {
	case m.text != nil:
		m.text.WriteString(s)
	case m.to != nil:
		return m.to.write(c, s)
	default:
		c.th.print(s)
	}
	return nil
}

// escapeXML makes text of characters; a quote is escaped where it ends the value.
func escapeXML(s string, quote byte) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '\'' && quote == '\'':
			b.WriteString("&apos;")
		case r == '"' && quote == '"':
			b.WriteString("&quot;")
		case quote != 0 && (r == '\n' || r == '\r' || r == '\t'):
			b.WriteString(map[rune]string{'\n': "&#10;", '\r': "&#13;", '\t': "&#09;"}[r])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// validXMLName refuses names that would break out of their tag.
func validXMLName(s string) bool {
	return s != "" && !strings.ContainsAny(s, " \t\r\n<>&'\"/=") && strings.IndexByte("-.0123456789", s[0]) < 0
}

// element writes one element: attributes from maps, text, content by a closure.
func (m *markup) element(c *Call, name string, args []Value) error {
	if !validXMLName(name) {
		return Throw(excIllegalArg, "%q is not a name of XML", name)
	}
	var b strings.Builder
	if m.open {
		b.WriteByte('>')
	}
	if m.lines && (m.begun || m.depth > 0) {
		b.WriteString("\n" + strings.Repeat("  ", m.depth))
	}
	m.begun, m.open, m.inline = true, false, false
	b.WriteString("<" + name)
	for _, s := range m.spaces {
		b.WriteString(" " + s.name.written() + "=" + string(m.quote) + escapeXML(s.value, m.quote) + string(m.quote))
	}
	m.spaces = nil
	var body *Closure
	text, hasText := "", false
	for _, a := range args {
		switch x := a.(type) {
		case *Map:
			for _, e := range x.entries() {
				v := ""
				if e.val != nil {
					v = c.Text(e.val)
				}
				if e.val == nil && m.noNull || v == "" && m.noEmpty {
					continue
				}
				k := c.Text(e.key)
				if !validXMLName(k) {
					return Throw(excIllegalArg, "%q is not a name of XML", k)
				}
				b.WriteString(" " + k + "=" + string(m.quote) + escapeXML(v, m.quote) + string(m.quote))
			}
		case *Closure:
			body = x
		case nil:
		default:
			text, hasText = c.Text(x), true
		}
	}
	if err := m.write(c, b.String()); err != nil {
		return err
	}
	m.open = true
	m.depth++
	if m.depth > maxXMLDepth {
		return Throw(excIllegalArg, "the elements are nested too deeply")
	}
	if hasText {
		if err := m.content(c, escapeXML(text, 0)); err != nil {
			return err
		}
	}
	if body != nil {
		f := body.clone()
		f.setDelegate(m, -1)
		if m.class != "groovy.xml.MarkupBuilder" {
			f.setDelegate(m, delegateFirst)
		}
		c.th.callClosure(f, fitArgs(f, m))
	}
	m.depth--
	end := "</" + name + ">"
	switch {
	case m.open && (m.expand || hasText):
		end = "></" + name + ">"
	case m.open && m.lines:
		end = " />"
	case m.open:
		end = "/>"
	case m.lines && !m.inline:
		end = "\n" + strings.Repeat("  ", m.depth) + end
	}
	m.open, m.inline = false, false
	return m.write(c, end)
}

// content writes something that is XML already.
func (m *markup) content(c *Call, s string) error {
	if m.open && m.depth > 0 && s != "" {
		m.open = false
		s = ">" + s
	}
	m.inline = m.inline || s != ""
	return m.write(c, s)
}

// prop serves mkp, and in StreamingMarkupBuilder the prefixes of declared namespaces.
func (m *markup) prop(_ *thread, name string) (Value, bool) {
	switch {
	case name == "mkp":
		return &markupHelper{m}, true
	case name == "out" && m.text != nil:
		return &markupHelper{m}, true
	case m.bound[name]:
		return &markupPrefix{m, name}, true
	}
	return nil, false
}

func (m *markup) setProp(th *thread, name string, v Value) {
	on := th.truth(v)
	switch name {
	case "doubleQuotes", "useDoubleQuotes":
		m.quote = '\''
		if on {
			m.quote = '"'
		}
	case "expandEmptyElements":
		m.expand = on
	case "omitNullAttributes":
		m.noNull = on
	case "omitEmptyAttributes":
		m.noEmpty = on
	case "escapeAttributes", "encoding":
	default:
		th.throw(excNoProperty, "No such property: %s for class: %s", name, m.class)
	}
}

// markupHelper is mkp.
type markupHelper struct{ m *markup }

func (*markupHelper) javaName() string { return "groovy.xml.MarkupBuilderHelper" }

// markupPrefix is a namespace's prefix: its methods are elements.
type markupPrefix struct {
	m      *markup
	prefix string
}

func (*markupPrefix) javaName() string { return "groovy.xml.MarkupBuilderPrefix" }

// xmlText is what StreamingMarkupBuilder.bind gives: a Writable.
type xmlText string

func (xmlText) javaName() string { return "groovy.lang.Writable" }
func (t xmlText) String() string { return string(t) }

func helperMethods() table {
	self := func(c *Call) *markup { return c.This.(*markupHelper).m }
	raw := func(c *Call) (Value, error) {
		switch x := c.Arg(0).(type) {
		case *Closure:
			f := x.clone()
			f.setDelegate(self(c), delegateFirst)
			c.th.callClosure(f, fitArgs(f, self(c)))
			return c.This, nil
		case *xmlNode, *gpath:
			var b strings.Builder
			if err := writeXML(c, &b, x, -1); err != nil {
				return nil, err
			}
			return c.This, self(c).content(c, b.String())
		}
		return c.This, self(c).content(c, c.Str(0))
	}
	yield := func(c *Call) (Value, error) {
		switch c.Arg(0).(type) {
		case *Closure, *xmlNode, *gpath:
			return raw(c)
		}
		return c.This, self(c).content(c, escapeXML(c.Str(0), 0))
	}
	return table{
		"yield": yield, "leftShift": yield, "yieldUnescaped": raw,
		"comment": func(c *Call) (Value, error) {
			if strings.Contains(c.Str(0), "--") {
				return nil, Throw(excIllegalArg, "a comment cannot contain --")
			}
			return c.This, self(c).content(c, "<!-- "+c.Str(0)+" -->")
		},
		"xmlDeclaration": func(c *Call) (Value, error) {
			m := self(c)
			attrs, _ := c.Arg(0).(*Map)
			var b strings.Builder
			b.WriteString("<?xml")
			for _, k := range []string{"version", "encoding", "standalone"} {
				v, ok := Value(nil), false
				if attrs != nil {
					v, ok = attrs.Get(k)
				}
				if !ok && k == "version" {
					v, ok = "1.0", true
				}
				if ok {
					b.WriteString(" " + k + "=" + string(m.quote) + escapeXML(c.Text(v), m.quote) + string(m.quote))
				}
			}
			b.WriteString("?>")
			if m.lines {
				b.WriteString("\n")
			}
			return c.This, m.write(c, b.String())
		},
		"declareNamespace": func(c *Call) (Value, error) {
			attrs, ok := c.Arg(0).(*Map)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			m := self(c)
			for _, e := range attrs.entries() {
				p := c.Text(e.key)
				if p != "" && !validXMLName(p) {
					return nil, Throw(excIllegalArg, "%q is not a name of XML", p)
				}
				name := xmlName{local: "xmlns"}
				if p != "" {
					name = xmlName{prefix: "xmlns", local: p}
					m.bound[p] = true
				}
				m.spaces = append(m.spaces, xmlAttr{name, c.Text(e.val)})
			}
			return c.This, nil
		},
	}
}

// buildNodes runs a closure of a builder and gives the elements it describes.
func buildNodes(c *Call, f *Closure) ([]*xmlNode, error) {
	m := &markup{class: "groovy.xml.StreamingMarkupBuilder", text: &strings.Builder{}, quote: '\'', bound: map[string]bool{}}
	if err := m.element(c, "r", []Value{f}); err != nil {
		return nil, err
	}
	r := (&xmlReader{}).read(c.th, strings.NewReader(m.text.String()))
	out := r.elementsOf()
	for _, e := range out {
		e.parent = nil
	}
	return out, nil
}

// writeXML writes what was read; indent -1 adds no white space.
func writeXML(c *Call, b *strings.Builder, v Value, indent int) error {
	switch x := v.(type) {
	case *xmlNode:
		writeNode(c.th, b, x, indent)
	case *gpath:
		for i, n := range x.nodes {
			if x.attr {
				b.WriteString(escapeXML(x.values[i], 0))
			} else {
				writeNode(c.th, b, n, indent)
			}
		}
	default:
		return c.NoSuchMethod()
	}
	return nil
}

func writeNode(th *thread, b *strings.Builder, n *xmlNode, indent int) {
	th.nest()
	b.WriteString("<" + n.name.written())
	for _, list := range [][]xmlAttr{n.spaces, n.attributes()} {
		for _, a := range list {
			b.WriteString(" " + a.name.written() + `="` + escapeXML(a.value, '"') + `"`)
		}
	}
	kids := n.children()
	if len(kids) == 0 {
		b.WriteString("/>")
		th.nested--
		return
	}
	b.WriteByte('>')
	inner, text := indent, false
	for _, k := range kids {
		if s, ok := k.(string); ok && strings.TrimSpace(s) != "" {
			text = true
		}
	}
	if text {
		inner = -1
	} else if inner >= 0 {
		inner++
	}
	for _, k := range kids {
		th.step()
		switch k := k.(type) {
		case string:
			if text || indent < 0 {
				b.WriteString(escapeXML(k, 0))
			}
		case *xmlNode:
			if inner >= 0 {
				b.WriteString("\n" + strings.Repeat("  ", inner))
			}
			writeNode(th, b, k, inner)
		}
	}
	if inner >= 0 {
		b.WriteString("\n" + strings.Repeat("  ", indent))
	}
	b.WriteString("</" + n.name.written() + ">")
	th.charge(b.Len())
	th.nested--
}

func markupClasses() []*Class {
	build := func(c *Call) (Value, error) {
		if c.Name == "call" && len(c.Args) == 1 {
			if f := c.closure(0); f != nil {
				g := f.clone()
				g.setDelegate(c.This, -1)
				return c.th.callClosure(g, fitArgs(g, c.This)), nil
			}
		}
		m := c.This.(*markup)
		return nil, m.element(c, c.Name, c.Args)
	}
	setter := func(name string) Method {
		return give(func(c *Call) Value { c.This.(*markup).setProp(c.th, name, c.Arg(0)); return nil })
	}
	setters := table{}
	for _, p := range []string{"doubleQuotes", "expandEmptyElements", "omitNullAttributes", "omitEmptyAttributes", "escapeAttributes", "useDoubleQuotes", "encoding"} {
		setters["set"+capitalize(p)] = setter(p)
	}
	serialize := func(c *Call) (Value, error) {
		var v Value = c.Arg(0)
		switch x := v.(type) {
		case string, *GString, xmlText:
			v = (&xmlReader{doctype: false}).read(c.th, strings.NewReader(declared(c.Text(x))))
		}
		var b strings.Builder
		b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>`)
		if err := writeXML(c, &b, v, 0); err != nil {
			return nil, err
		}
		b.WriteByte('\n')
		if w, ok := c.Arg(1).(*writer); ok {
			return nil, w.write(c, b.String())
		}
		return b.String(), nil
	}
	return []*Class{
		{Name: "groovy.xml.MarkupBuilder", New: func(c *Call) (Value, error) {
			m := &markup{class: "groovy.xml.MarkupBuilder", lines: true, quote: '\'', bound: map[string]bool{}}
			switch w := c.Arg(0).(type) {
			case *writer:
				m.to = w
			case nil, outStream:
			default:
				return nil, c.NoSuchMethod()
			}
			return m, c.Want(0, 1)
		}, Methods: merge(setters, table{"getMkp": give(func(c *Call) Value { return &markupHelper{c.This.(*markup)} })}), MethodMissing: build},
		{Name: "groovy.xml.StreamingMarkupBuilder", New: func(c *Call) (Value, error) {
			return &markup{class: "groovy.xml.StreamingMarkupBuilder", quote: '\'', bound: map[string]bool{}}, c.Want(0, 0)
		}, Methods: merge(setters, table{
			"bind": func(c *Call) (Value, error) {
				f := c.closure(0)
				if f == nil {
					return nil, c.NoSuchMethod()
				}
				m := *c.This.(*markup)
				m.text, m.bound = &strings.Builder{}, map[string]bool{}
				g := f.clone()
				g.setDelegate(&m, delegateFirst)
				c.th.callClosure(g, fitArgs(g, &m))
				return xmlText(m.text.String()), nil
			},
		}), MethodMissing: build},
		{Name: "groovy.xml.MarkupBuilderHelper", Methods: helperMethods()},
		{Name: "groovy.xml.MarkupBuilderPrefix", MethodMissing: func(c *Call) (Value, error) {
			p := c.This.(*markupPrefix)
			return nil, p.m.element(c, p.prefix+":"+c.Name, c.Args)
		}},
		{Name: "groovy.lang.Writable", Methods: table{
			"toString": give(func(c *Call) Value { return c.This.(xmlText).String() }),
			"writeTo": func(c *Call) (Value, error) {
				w, ok := c.Arg(0).(*writer)
				if !ok {
					return nil, c.NoSuchMethod()
				}
				return w, w.write(c, c.This.(xmlText).String())
			},
		}},
		{Name: "groovy.xml.XmlUtil", Static: table{
			"serialize": serialize,
			"escapeXml": give(func(c *Call) Value {
				return strings.ReplaceAll(escapeXML(c.Str(0), '\''), `"`, "&quot;")
			}),
		}},
		{Name: "groovy.xml.XmlNodePrinter", New: func(c *Call) (Value, error) {
			w, _ := c.Arg(0).(*writer)
			return &xmlPrinter{to: w}, c.Want(0, 3)
		}, Methods: table{
			"setPreserveWhitespace": give(func(*Call) Value { return nil }),
			"print": func(c *Call) (Value, error) {
				var b strings.Builder
				if err := writeXML(c, &b, c.Arg(0), 0); err != nil {
					return nil, err
				}
				b.WriteByte('\n')
				if w := c.This.(*xmlPrinter).to; w != nil {
					return nil, w.write(c, b.String())
				}
				c.th.print(b.String())
				return nil, nil
			},
		}},
	}
}

// xmlPrinter is XmlNodePrinter. Text stays on its element's line.
type xmlPrinter struct{ to *writer }

func (*xmlPrinter) javaName() string { return "groovy.xml.XmlNodePrinter" }
