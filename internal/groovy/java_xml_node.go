package groovy

import (
	"slices"
	"strings"
)

func (*xmlNode) javaName() string { return "groovy.util.Node" }

func (n *xmlNode) elements(*thread) []Value { return n.children() }

// String is as groovy.util.Node prints itself.
func (n *xmlNode) describe(th *thread) string {
	th.nest()
	var b strings.Builder
	b.WriteString(n.name.String() + "[attributes={")
	for i, a := range n.attributes() {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(a.name.String() + "=" + a.value)
	}
	b.WriteString("}; value=[")
	for i, k := range n.children() {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(th.str(k))
		th.charge(b.Len())
	}
	th.nested--
	return b.String() + "]]"
}

// own is the element's own text.
func (n *xmlNode) own() string {
	var b strings.Builder
	for _, k := range n.children() {
		if s, ok := k.(string); ok {
			b.WriteString(s)
		}
	}
	return b.String()
}

func (n *xmlNode) prop(th *thread, name string) (Value, bool) { return n.step(th, name), true }

// step goes from a node to an attribute, or to the children of a name.
func (n *xmlNode) step(th *thread, name string) Value {
	if attr, ok := strings.CutPrefix(name, "@"); ok {
		if v, has := n.attr(attr); has {
			return v
		}
		return nil
	}
	out := &nodeList{}
	switch name {
	case "..":
		if n.parent != nil {
			return n.parent
		}
		return nil
	case "**":
		for _, e := range n.below(th) {
			out.items = append(out.items, e)
		}
	case "*":
		out.items = n.children()
	default:
		for _, e := range n.elementsOf() {
			th.step()
			if e.name.fits(name, nil) {
				out.items = append(out.items, e)
			}
		}
	}
	th.alloc(16*int64(len(out.items)) + 64)
	return out
}

// setProp writes an attribute, or with "value" the content.
func (n *xmlNode) setProp(th *thread, name string, v Value) {
	if attr, ok := strings.CutPrefix(name, "@"); ok {
		n.setAttr(th, xmlName{local: attr}, th.str(v))
		return
	}
	if name != "value" {
		th.throw(excNoProperty, "No such property: %s for class: groovy.util.Node", name)
	}
	n.setContent(th, v)
}

func (n *xmlNode) setAttr(th *thread, name xmlName, v string) {
	th.alloc(int64(len(v)) + 64)
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, a := range n.attrs {
		if a.name.fits(name.written(), nil) {
			n.attrs[i].value = v
			return
		}
	}
	n.attrs = append(n.attrs, xmlAttr{name, v})
}

// setContent replaces what is in the element.
func (n *xmlNode) setContent(th *thread, v Value) {
	var kids []Value
	switch x := v.(type) {
	case nil:
	case *List, *nodeList:
		for _, k := range th.items(x) {
			kids = append(kids, th.xmlKid(k))
		}
	default:
		kids = []Value{th.xmlKid(x)}
	}
	n.mu.Lock()
	n.kids = nil
	n.mu.Unlock()
	for _, k := range kids {
		n.add(th, k, -1)
	}
}

// xmlKid is what may stand in an element: another one, or text.
func (th *thread) xmlKid(v Value) Value {
	if e, ok := v.(*xmlNode); ok {
		return e
	}
	s := th.str(v)
	th.alloc(int64(len(s)))
	return s
}

// add puts content at a place, -1 for the end. An element leaves where it was before.
func (n *xmlNode) add(th *thread, kid Value, at int) {
	if e, ok := kid.(*xmlNode); ok {
		depth := 0
		for up := n; up != nil; up = up.parent {
			if depth++; up == e || depth > maxXMLDepth {
				th.throw(excIllegalArg, "an element cannot be in itself, nor in more than %d others", maxXMLDepth)
			}
		}
		if e.parent != nil {
			e.parent.remove(e)
		}
		e.parent = n
	}
	th.alloc(32)
	n.mu.Lock()
	defer n.mu.Unlock()
	if at < 0 || at > len(n.kids) {
		at = len(n.kids)
	}
	n.kids = slices.Insert(slices.Clone(n.kids), at, kid)
}

func (n *xmlNode) remove(kid *xmlNode) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, k := range n.kids {
		if k == Value(kid) {
			n.kids = slices.Delete(slices.Clone(n.kids), i, i+1)
			kid.parent = nil
			return true
		}
	}
	return false
}

// nodeList is groovy.util.NodeList: nodes, or the values of an attribute.
type nodeList struct{ items []Value }

func (*nodeList) javaName() string           { return "groovy.util.NodeList" }
func (l *nodeList) elements(*thread) []Value { return l.items }
func (l *nodeList) truth() bool              { return len(l.items) > 0 }
func (l *nodeList) nodes(th *thread) []*xmlNode {
	var out []*xmlNode
	for _, v := range l.items {
		th.step()
		if n, ok := v.(*xmlNode); ok {
			out = append(out, n)
		}
	}
	return out
}

func (l *nodeList) prop(th *thread, name string) (Value, bool) {
	out := &nodeList{}
	for _, n := range l.nodes(th) {
		if v := n.step(th, name); v != nil {
			out.items = append(out.items, th.flat(v)...)
		}
	}
	th.alloc(16*int64(len(out.items)) + 64)
	return out, true
}

func (th *thread) flat(v Value) []Value {
	if l, ok := v.(*nodeList); ok {
		return l.items
	}
	return []Value{v}
}

func (l *nodeList) setProp(th *thread, name string, v Value) {
	for _, n := range l.nodes(th) {
		n.setProp(th, name, v)
	}
}

func xmlNodeClasses() []*Class {
	self := func(c *Call) *xmlNode { return c.This.(*xmlNode) }
	names := func(v Value, th *thread) xmlName {
		if n, ok := v.(xmlName); ok {
			return n
		}
		prefix, local, ok := strings.Cut(th.str(v), ":")
		if !ok {
			return xmlName{local: prefix}
		}
		return xmlName{prefix: prefix, local: local}
	}
	// fill gives an element the attributes and content of further arguments.
	fill := func(c *Call, n *xmlNode, args []Value) {
		for _, a := range args {
			if m, ok := a.(*Map); ok {
				m.Each(func(k, v Value) bool { n.setAttr(c.th, names(k, c.th), c.Text(v)); return true })
			} else if a != nil {
				n.setContent(c.th, a)
			}
		}
	}
	find := func(c *Call) Value {
		if q, ok := c.Arg(0).(xmlName); ok {
			return self(c).step(c.th, q.String())
		}
		return self(c).step(c.th, c.Str(0))
	}
	at := func(c *Call) (Value, error) {
		if n, ok := c.Int(0); ok && level(c.Arg(0)) > 0 {
			return c.th.listAt(NewList(c.th.items(c.This)...), n), nil
		}
		if r, ok := c.Arg(0).(*Range); ok {
			return c.th.sliceAt(c.th.items(c.This), r, NewList()), nil
		}
		name := c.Str(0)
		if q, ok := c.Arg(0).(xmlName); ok {
			name = q.String()
		}
		v, _ := c.This.(dynamic).prop(c.th, name)
		return v, nil
	}
	node := &Class{Name: "groovy.util.Node", Implements: []string{"java.lang.Iterable"}, New: func(c *Call) (Value, error) {
		if err := c.Want(2, 4); err != nil {
			return nil, err
		}
		n := &xmlNode{name: names(c.Arg(1), c.th)}
		fill(c, n, c.Args[2:])
		if p, ok := c.Arg(0).(*xmlNode); ok {
			p.add(c.th, n, -1)
		}
		return n, nil
	}, Methods: table{
		"name": give(func(c *Call) Value { return self(c).name.value() }),
		"text": give(func(c *Call) Value { return self(c).own() }),
		"localText": give(func(c *Call) Value {
			out := NewList()
			for _, k := range self(c).children() {
				if s, ok := k.(string); ok {
					out.Add(s)
				}
			}
			return out
		}),
		"toString": give(func(c *Call) Value { return self(c).describe(c.th) }),
		"value":    give(func(c *Call) Value { return &nodeList{items: self(c).children()} }),
		"children": give(func(c *Call) Value { return &nodeList{items: self(c).children()} }),
		"parent": give(func(c *Call) Value {
			if p := self(c).parent; p != nil {
				return p
			}
			return nil
		}),
		"depthFirst": give(func(c *Call) Value { return self(c).step(c.th, "**") }),
		"breadthFirst": give(func(c *Call) Value {
			out := &nodeList{}
			for level := []*xmlNode{self(c)}; len(level) > 0; {
				var next []*xmlNode
				for _, n := range level {
					c.th.step()
					out.items = append(out.items, n)
					next = append(next, n.elementsOf()...)
				}
				c.th.alloc(16 * int64(len(level)))
				level = next
			}
			return out
		}),
		"attributes": give(func(c *Call) Value { // a copy: attributes are set by node.@name
			m := NewMap()
			for _, a := range self(c).attributes() {
				c.th.put(m, a.name.value(), a.value)
			}
			return m
		}),
		"attribute": give(func(c *Call) Value {
			name := c.Str(0)
			if q, ok := c.Arg(0).(xmlName); ok {
				name = q.String()
			}
			return self(c).step(c.th, "@"+name)
		}),
		"get": give(find), "getAt": at,
		"setValue": give(func(c *Call) Value { self(c).setContent(c.th, c.Arg(0)); return nil }),
		"append":   give(func(c *Call) Value { self(c).add(c.th, c.th.xmlKid(c.Arg(0)), -1); return true }),
		"appendNode": func(c *Call) (Value, error) {
			if err := c.Want(1, 3); err != nil {
				return nil, err
			}
			n := &xmlNode{name: names(c.Arg(0), c.th)}
			fill(c, n, c.Args[1:])
			self(c).add(c.th, n, -1)
			return n, nil
		},
		"remove": func(c *Call) (Value, error) {
			n, ok := c.Arg(0).(*xmlNode)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			return self(c).remove(n), nil
		},
		"replaceNode": func(c *Call) (Value, error) {
			n := self(c)
			p, f := n.parent, c.closure(0)
			if p == nil || f == nil && c.Arg(0) == nil {
				return nil, Throw(excUnsupported, "Replacing the root node is not supported")
			}
			i := slices.Index(p.children(), Value(n))
			if f == nil {
				p.remove(n)
				p.add(c.th, c.th.xmlKid(c.Arg(0)), i)
				return n, nil
			}
			made, err := buildNodes(c, f)
			if err != nil {
				return nil, err
			}
			p.remove(n)
			for k, e := range made {
				p.add(c.th, e, i+k)
			}
			return n, nil
		},
		"plus": func(c *Call) (Value, error) { // siblings after the node
			n := self(c)
			if n.parent == nil || c.closure(0) == nil {
				return nil, c.NoSuchMethod()
			}
			made, err := buildNodes(c, c.closure(0))
			for k, e := range made {
				n.parent.add(c.th, e, slices.Index(n.parent.children(), Value(n))+1+k)
			}
			return n, err
		},
	}}
	list := &Class{Name: "groovy.util.NodeList", Extends: "java.util.AbstractCollection", Methods: table{
		"text": give(func(c *Call) Value {
			var b strings.Builder
			for _, v := range c.This.(*nodeList).items {
				if n, ok := v.(*xmlNode); ok {
					b.WriteString(n.own())
				} else {
					b.WriteString(c.th.str(v))
				}
				c.th.charge(b.Len())
			}
			return b.String()
		}),
		"getAt": at, "get": at,
		"name": give(func(c *Call) Value {
			out := NewList()
			for _, n := range c.This.(*nodeList).nodes(c.th) {
				out.Add(n.name.value())
			}
			return out
		}),
	}}
	qname := &Class{Name: "groovy.namespace.QName", New: func(c *Call) (Value, error) {
		switch len(c.Args) {
		case 1:
			return xmlName{local: c.Str(0)}, nil
		case 2:
			return xmlName{space: c.Str(0), local: c.Str(1)}, nil
		case 3:
			return xmlName{space: c.Str(0), local: c.Str(1), prefix: c.Str(2)}, nil
		}
		return nil, c.NoSuchMethod()
	}, Methods: table{
		"getLocalPart":     give(func(c *Call) Value { return c.This.(xmlName).local }),
		"getNamespaceURI":  give(func(c *Call) Value { return c.This.(xmlName).space }),
		"getPrefix":        give(func(c *Call) Value { return c.This.(xmlName).prefix }),
		"getQualifiedName": give(func(c *Call) Value { return c.This.(xmlName).written() }),
		"matches":          give(func(c *Call) Value { return c.This.(xmlName).fits(c.Str(0), nil) }),
		"toString":         give(func(c *Call) Value { return c.This.(xmlName).String() }),
	}}
	namespace := &Class{Name: "groovy.xml.Namespace", New: func(c *Call) (Value, error) {
		return xmlSpace{c.Str(0), c.Str(1)}, c.Want(1, 2)
	}, Methods: table{"getUri": give(func(c *Call) Value { return c.This.(xmlSpace).uri }), "get": give(func(c *Call) Value { v, _ := c.This.(xmlSpace).prop(c.th, c.Str(0)); return v })}}
	return []*Class{node, list, qname, namespace, {Name: excSAX, Extends: "org.xml.sax.SAXException"}, {Name: "org.xml.sax.SAXException", Extends: "java.lang.Exception"}}
}

// xmlSpace is groovy.xml.Namespace; its properties are names in it.
type xmlSpace struct{ uri, prefix string }

func (xmlSpace) javaName() string { return "groovy.xml.Namespace" }
func (s xmlSpace) prop(_ *thread, name string) (Value, bool) {
	return xmlName{space: s.uri, prefix: s.prefix, local: name}, true
}

func (xmlSpace) setProp(th *thread, name string, _ Value) {
	th.throw(excReadOnly, "Cannot set readonly property: %s for class: groovy.xml.Namespace", name)
}
