package groovy

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

// maxXMLDepth bounds elements in elements.
const maxXMLDepth = 150

// xmlName is the name of an element or attribute, groovy.namespace.QName.
type xmlName struct{ space, prefix, local string }

func (xmlName) javaName() string { return "groovy.namespace.QName" }
func (n xmlName) mapKey() any    { return structKey{"qname" + n.String()} }
func (n xmlName) String() string {
	if n.space == "" {
		return n.local
	}
	return "{" + n.space + "}" + n.local
}

// written is the name as it stands in a document.
func (n xmlName) written() string {
	if n.prefix == "" {
		return n.local
	}
	return n.prefix + ":" + n.local
}

// value is what scripts see: text, or a QName where there is a namespace.
func (n xmlName) value() Value {
	if n.space == "" {
		return n.written()
	}
	return n
}

// fits compares with what a script wrote: a local name of any namespace, "p:name",
// "{uri}name" or "*". Prefixes may be bound by hints.
func (n xmlName) fits(name string, hints map[string]string) bool {
	if name == "*" || name == n.local || name == n.written() || name == n.String() {
		return true
	}
	prefix, local, ok := strings.Cut(name, ":")
	if !ok || local != n.local && local != "*" {
		return false
	}
	if uri, bound := hints[prefix]; bound {
		return uri == n.space
	}
	return prefix == n.prefix || prefix == "*"
}

type xmlAttr struct {
	name  xmlName
	value string
}

// xmlNode is an element. XmlParser gives it to scripts as groovy.util.Node.
type xmlNode struct {
	mu     sync.Mutex
	name   xmlName
	attrs  []xmlAttr
	spaces []xmlAttr // xmlns declarations
	kids   []Value   // *xmlNode and string
	parent *xmlNode
}

func (n *xmlNode) children() []Value {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.kids)
}

func (n *xmlNode) attributes() []xmlAttr {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.attrs)
}

func (n *xmlNode) elementsOf() []*xmlNode {
	var out []*xmlNode
	for _, k := range n.children() {
		if e, ok := k.(*xmlNode); ok {
			out = append(out, e)
		}
	}
	return out
}

func (n *xmlNode) attr(name string) (string, bool) {
	for _, a := range n.attributes() {
		if a.name.fits(name, nil) {
			return a.value, true
		}
	}
	return "", false
}

// allText is the text of the element and of those in it.
func (n *xmlNode) allText(th *thread, b *strings.Builder) {
	th.nest()
	for _, k := range n.children() {
		th.step()
		switch k := k.(type) {
		case string:
			th.alloc(int64(len(k)))
			b.WriteString(k)
		case *xmlNode:
			k.allText(th, b)
		}
	}
	th.nested--
}

// below lists the elements within n, n first.
func (n *xmlNode) below(th *thread) []*xmlNode {
	th.nest()
	out := []*xmlNode{n}
	for _, k := range n.elementsOf() {
		th.step()
		th.alloc(16)
		out = append(out, k.below(th)...)
	}
	th.nested--
	return out
}

// xmlReader is an XmlSlurper or XmlParser.
type xmlReader struct {
	class      string
	plain      bool // names keep their prefixes and have no namespaces
	doctype    bool // a document type may stand there; nothing of it is read
	whitespace bool // between elements is kept
	trim       bool
}

func (r *xmlReader) javaName() string { return r.class }

const excSAX = "org.xml.sax.SAXParseException"

// read makes the tree of a document. Entities other than XML's own five do not exist.
func (r *xmlReader) read(th *thread, in io.Reader) *xmlNode {
	d := xml.NewDecoder(in)
	d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		if b, err := io.ReadAll(in); err == nil {
			if s, err := decodeText(b, charset); err == nil {
				if s, ok := s.(string); ok {
					return strings.NewReader(s), nil
				}
			}
		}
		return nil, errors.New("unknown encoding " + charset)
	}
	fail := func(format string, args ...any) {
		line, col := d.InputPos()
		th.throw(excSAX, "%s at line %d, column %d", fmt.Sprintf(format, args...), line, col)
	}
	var root, at *xmlNode
	bound := []map[string]string{{"http://www.w3.org/XML/1998/namespace": "xml"}}
	depth := 0
	for {
		t, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			var syntax *xml.SyntaxError
			if errors.As(err, &syntax) {
				fail("%s", syntax.Msg)
			}
			fail("%s", err)
		}
		th.step()
		switch t := t.(type) {
		case xml.StartElement:
			if depth++; depth > maxXMLDepth {
				fail("the elements are nested too deeply")
			}
			if at == nil && root != nil {
				fail("the markup in the document following the root element must be well-formed")
			}
			n, prefixes := r.element(th, t, bound[len(bound)-1])
			bound = append(bound, prefixes)
			if n.parent = at; at != nil {
				at.kids = append(at.kids, n)
			} else {
				root = n
			}
			at = n
		case xml.EndElement:
			r.tidy(at)
			at = at.parent
			depth--
			bound = bound[:len(bound)-1]
		case xml.CharData:
			if at == nil {
				if strings.TrimSpace(string(t)) != "" {
					fail("content is not allowed outside of the root element")
				}
				continue
			}
			th.alloc(int64(len(t)) + 16)
			if i := len(at.kids); i > 0 {
				if s, ok := at.kids[i-1].(string); ok { // around CDATA and comments
					at.kids[i-1] = s + string(t)
					continue
				}
			}
			at.kids = append(at.kids, string(t))
		case xml.Directive:
			if !r.doctype {
				fail("DOCTYPE is disallowed")
			}
		}
	}
	if root == nil {
		fail("Premature end of file.")
	}
	return root
}

// element makes an element without its content. prefixes holds the prefix of each
// namespace that is bound around it.
func (r *xmlReader) element(th *thread, t xml.StartElement, outer map[string]string) (*xmlNode, map[string]string) {
	n := &xmlNode{}
	th.alloc(160 + 64*int64(len(t.Attr)))
	prefixes := outer
	for _, a := range t.Attr {
		prefix, ok := "", a.Name.Space == "" && a.Name.Local == "xmlns"
		if a.Name.Space == "xmlns" {
			prefix, ok = a.Name.Local, true
		}
		if !ok {
			continue
		}
		if len(n.spaces) == 0 {
			prefixes = make(map[string]string, len(outer)+1)
			for k, v := range outer {
				prefixes[k] = v
			}
		}
		prefixes[a.Value] = prefix
		name := xmlName{local: "xmlns"}
		if prefix != "" {
			name = xmlName{prefix: "xmlns", local: prefix}
		}
		n.spaces = append(n.spaces, xmlAttr{name, a.Value})
	}
	name := func(x xml.Name) xmlName {
		prefix, ok := prefixes[x.Space]
		if !ok && x.Space != "" { // a prefix that nothing binds
			return xmlName{local: x.Space + ":" + x.Local}
		}
		out := xmlName{x.Space, prefix, x.Local}
		if r.plain {
			out = xmlName{local: out.written()}
		}
		return out
	}
	n.name = name(t.Name)
	for _, a := range t.Attr {
		if a.Name.Space != "xmlns" && (a.Name.Space != "" || a.Name.Local != "xmlns") {
			n.attrs = append(n.attrs, xmlAttr{name(a.Name), a.Value})
		}
	}
	if r.plain {
		n.attrs = append(n.attrs, n.spaces...)
		n.spaces = nil
	}
	return n, prefixes
}

// tidy drops the white space between elements, as the settings say.
func (r *xmlReader) tidy(n *xmlNode) {
	kept := n.kids[:0]
	for _, k := range n.kids {
		if s, ok := k.(string); ok {
			if strings.TrimSpace(s) == "" && !r.whitespace {
				continue
			}
			if r.trim {
				k = strings.TrimSpace(s)
			}
		}
		kept = append(kept, k)
	}
	n.kids = kept
}

// xmlSource is the document that an argument holds.
func xmlSource(c *Call) (io.Reader, error) {
	switch x := c.Arg(0).(type) {
	case []byte:
		return strings.NewReader(string(x)), nil
	case *inStream:
		b, err := x.rest(c)
		return strings.NewReader(string(b)), err
	case *reader:
		s, err := x.text(c)
		return strings.NewReader(s), err
	case Host:
		if b, ok := c.th.tryProp(x, "bytes"); ok {
			if b, ok := b.([]byte); ok {
				return strings.NewReader(string(b)), nil
			}
		}
	case string:
		return nil, Throw("java.lang.SecurityException", "parse(String) would open the document at that address; parseText reads a document")
	}
	return nil, c.NoSuchMethod()
}

// declared removes the encoding that a text's declaration speaks of: it is decoded.
func declared(s string) string {
	s = strings.TrimPrefix(s, "\ufeff")
	if strings.HasPrefix(s, "<?xml") {
		if i := strings.Index(s, "?>"); i > 0 {
			return s[i+2:]
		}
	}
	return s
}

// xmlReaderClass is XmlSlurper or XmlParser; made wraps the root element.
func xmlReaderClass(name string, made func(*xmlNode) Value) *Class {
	self := func(c *Call) *xmlReader { return c.This.(*xmlReader) }
	flag := func(set func(r *xmlReader, on bool)) Method {
		return func(c *Call) (Value, error) {
			set(self(c), c.Truth(c.Arg(len(c.Args)-1)))
			return nil, nil
		}
	}
	return &Class{Name: name, New: func(c *Call) (Value, error) {
		r := &xmlReader{class: name}
		if err := c.Want(0, 3); err != nil {
			return nil, err
		}
		if len(c.Args) > 0 && c.Truth(c.Arg(0)) {
			return nil, Throw(excUnsupported, "documents are not validated")
		}
		if len(c.Args) > 1 {
			r.plain = !c.Truth(c.Arg(1))
		}
		r.doctype = c.Truth(c.Arg(2))
		return r, nil
	}, Methods: table{
		"parseText": func(c *Call) (Value, error) {
			if c.Arg(0) == nil || len(c.Args) != 1 {
				return nil, c.NoSuchMethod()
			}
			return made(self(c).read(c.th, strings.NewReader(declared(c.Str(0))))), nil
		},
		"parse": func(c *Call) (Value, error) {
			in, err := xmlSource(c)
			if err != nil {
				return nil, err
			}
			return made(self(c).read(c.th, in)), nil
		},
		"setFeature": func(c *Call) (Value, error) {
			if strings.HasSuffix(c.Str(0), "/disallow-doctype-decl") {
				self(c).doctype = !c.Truth(c.Arg(1))
			}
			return nil, c.Want(2, 2)
		},
		"setKeepIgnorableWhitespace": flag(func(r *xmlReader, on bool) { r.whitespace = on }),
		"setTrimWhitespace":          flag(func(r *xmlReader, on bool) { r.trim = on }),
		"setNamespaceAware":          flag(func(r *xmlReader, on bool) { r.plain = !on }),
	}}
}

func xmlClasses() []*Class {
	var out []*Class
	for _, pkg := range []string{"groovy.xml.", "groovy.util."} { // Groovy 4's and Groovy 3's
		out = append(out,
			xmlReaderClass(pkg+"XmlSlurper", func(n *xmlNode) Value { return &gpath{nodes: []*xmlNode{n}, name: n.name.local, one: true} }),
			xmlReaderClass(pkg+"XmlParser", func(n *xmlNode) Value { return n }))
	}
	out = append(out, gpathClasses()...)
	out = append(out, xmlNodeClasses()...)
	return append(out, markupClasses()...)
}
