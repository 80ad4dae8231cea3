package groovy

import "strings"

// dynamic values read and write every property themselves, even "class".
type dynamic interface {
	prop(th *thread, name string) (v Value, ok bool)
	setProp(th *thread, name string, v Value)
}

// gpath is what XmlSlurper finds: elements, or the values of an attribute. It is never
// changed.
type gpath struct {
	nodes  []*xmlNode
	values []string // of an attribute, one for each of nodes
	attr   bool
	one    bool // a single element, not what a step found
	name   string
	hints  map[string]string
}

func (g *gpath) javaName() string {
	switch {
	case g.attr:
		return "groovy.xml.slurpersupport.Attributes"
	case g.one:
		return "groovy.xml.slurpersupport.NodeChild"
	}
	return "groovy.xml.slurpersupport.NodeChildren"
}

func (g *gpath) truth() bool { return len(g.nodes) > 0 }

func (g *gpath) elements(th *thread) []Value {
	out := make([]Value, len(g.nodes))
	th.alloc(64 * int64(len(out)))
	for i := range g.nodes {
		out[i] = g.at(i)
	}
	return out
}

// at is one of what was found.
func (g *gpath) at(i int) *gpath {
	if i < 0 || i >= len(g.nodes) {
		return &gpath{name: g.name, hints: g.hints}
	}
	out := &gpath{nodes: g.nodes[i : i+1], attr: g.attr, one: true, name: g.nodes[i].name.local, hints: g.hints}
	if g.attr {
		out.values, out.name = g.values[i:i+1], g.name
	}
	return out
}

func (g *gpath) text(th *thread) string {
	var b strings.Builder
	for _, v := range g.values {
		b.WriteString(v)
	}
	if !g.attr {
		for _, n := range g.nodes {
			n.allText(th, &b)
		}
	}
	return b.String()
}

// called is the name of what was found, or of the step that found nothing.
func (g *gpath) called() string {
	if len(g.nodes) > 0 && !g.attr {
		return g.nodes[0].name.local
	}
	return g.name
}

func (g *gpath) of(nodes []*xmlNode, name string) *gpath {
	return &gpath{nodes: nodes, name: name, hints: g.hints}
}

func (g *gpath) prop(th *thread, name string) (Value, bool) { return g.step(th, name), true }

// step goes on from what was found: to a child's name, "@attribute", "*" for children,
// "**" for all below, ".." for parents.
func (g *gpath) step(th *thread, name string) Value {
	th.alloc(64)
	if attr, ok := strings.CutPrefix(name, "@"); ok {
		out := &gpath{attr: true, name: attr, hints: g.hints}
		for _, n := range g.nodes {
			th.step()
			for _, a := range n.attributes() {
				if a.name.fits(attr, g.hints) {
					out.nodes, out.values = append(out.nodes, n), append(out.values, a.value)
				}
			}
		}
		return out
	}
	out := g.of(nil, name)
	for _, n := range g.nodes {
		th.step()
		switch name {
		case "**":
			out.nodes = append(out.nodes, n.below(th)...)
		case "..":
			if n.parent != nil {
				out.nodes = append(out.nodes, n.parent)
			}
		default:
			for _, k := range n.elementsOf() {
				th.step()
				if k.name.fits(name, g.hints) {
					out.nodes = append(out.nodes, k)
				}
			}
		}
	}
	th.alloc(8 * int64(len(out.nodes)))
	return out
}

func (g *gpath) setProp(th *thread, _ string, _ Value) {
	th.throw(excUnsupported, "what XmlSlurper finds cannot be changed; the nodes of XmlParser can")
}

func gpathClasses() []*Class {
	self := func(c *Call) *gpath { return c.This.(*gpath) }
	filter := func(c *Call, all bool) Value {
		out := self(c).of(nil, self(c).name)
		test := c.test(0)
		for i, n := range self(c).nodes {
			if !test(self(c).at(i)) {
				continue
			}
			if !all {
				return self(c).at(i)
			}
			out.nodes = append(out.nodes, n)
			if self(c).attr {
				out.attr, out.values = true, append(out.values, self(c).values[i])
			}
		}
		return out
	}
	step := func(name string) Method { return give(func(c *Call) Value { return self(c).step(c.th, name) }) }
	number := func(co coercion) Method {
		return give(func(c *Call) Value { return c.th.parseNumber(strings.TrimSpace(self(c).text(c.th)), co) })
	}
	attributes := func(c *Call) Value {
		m := NewMap()
		if len(self(c).nodes) > 0 {
			for _, a := range self(c).nodes[0].attributes() {
				c.th.put(m, a.name.String(), a.value)
			}
		}
		return m
	}
	fixed := func(c *Call) (Value, error) { self(c).setProp(c.th, "", nil); return nil, nil }
	methods := merge(collectionMethods(), table{
		"text": give(func(c *Call) Value { return self(c).text(c.th) }), "toString": give(func(c *Call) Value { return self(c).text(c.th) }),
		"size": give(func(c *Call) Value { return int32(len(self(c).nodes)) }), "length": give(func(c *Call) Value { return int32(len(self(c).nodes)) }),
		"isEmpty":  give(func(c *Call) Value { return len(self(c).nodes) == 0 }),
		"name":     give(func(c *Call) Value { return self(c).called() }),
		"children": step("*"), "parent": step(".."), "depthFirst": step("**"),
		"breadthFirst": give(func(c *Call) Value {
			out := self(c).of(nil, "**")
			for level := self(c).nodes; len(level) > 0; {
				var next []*xmlNode
				for _, n := range level {
					c.th.step()
					out.nodes = append(out.nodes, n)
					next = append(next, n.elementsOf()...)
				}
				c.th.alloc(16 * int64(len(level)))
				level = next
			}
			return out
		}),
		"list":       give(func(c *Call) Value { return NewList(self(c).elements(c.th)...) }),
		"attributes": give(attributes),
		"namespaceURI": give(func(c *Call) Value {
			if len(self(c).nodes) == 0 {
				return ""
			}
			return self(c).nodes[0].name.space
		}),
		"localText": give(func(c *Call) Value {
			out := NewList()
			for _, n := range self(c).nodes {
				for _, k := range n.children() {
					if s, ok := k.(string); ok {
						out.Add(s)
					}
				}
			}
			return out
		}),
		"find":    give(func(c *Call) Value { return filter(c, false) }),
		"findAll": give(func(c *Call) Value { return filter(c, true) }),
		"getAt": func(c *Call) (Value, error) {
			if n, ok := c.Int(0); ok && level(c.Arg(0)) > 0 {
				if n < 0 {
					n += int64(len(self(c).nodes))
				}
				return self(c).at(int(n)), nil
			}
			if s, ok := c.th.text(c.Arg(0)); ok {
				return self(c).step(c.th, s), nil
			}
			if r, ok := c.Arg(0).(*Range); ok {
				return c.th.sliceAt(self(c).elements(c.th), r, NewList()), nil
			}
			return nil, c.NoSuchMethod()
		},
		"getProperty": give(func(c *Call) Value { return self(c).step(c.th, c.Str(0)) }),
		"declareNamespace": func(c *Call) (Value, error) {
			m, ok := c.Arg(0).(*Map)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			out := *self(c)
			out.hints = map[string]string{}
			m.Each(func(k, v Value) bool { out.hints[c.Text(k)] = c.Text(v); return true })
			return &out, nil
		},
		"toInteger": number(coInt), "toLong": number(coLong), "toBigDecimal": number(coDecimal), "toBigInteger": number(coBigInt),
		"toDouble": number(coDouble), "toFloat": number(coFloat),
		"toBoolean":  give(func(c *Call) Value { return strings.EqualFold(strings.TrimSpace(self(c).text(c.th)), "true") }),
		"appendNode": fixed, "replaceNode": fixed, "replaceBody": fixed, "leftShift": fixed, "plus": fixed,
	})
	base := &Class{Name: "groovy.xml.slurpersupport.GPathResult", Implements: []string{"java.lang.Iterable"}, Methods: methods}
	out := []*Class{base, {Name: "groovy.util.slurpersupport.GPathResult", Super: base}}
	for _, name := range []string{"NodeChild", "NodeChildren", "Attributes", "NoChildren"} {
		out = append(out, &Class{Name: "groovy.xml.slurpersupport." + name, Super: base})
	}
	return out
}
