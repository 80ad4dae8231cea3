// Package conf reads configuration documents: JSON with positions, in the lenient
// dialect that gateway configurations are written in, decoded into structs by tag.
// It owns every configuration error, so that all of them name the place alike and a
// load reports all problems at once.
package conf

import (
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Kind is the JSON kind of a Node.
type Kind uint8

// The kinds of JSON values.
const (
	Null Kind = iota
	Bool
	Number
	String
	List
	Object
)

func (k Kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

// Source is one document.
type Source struct {
	// File is how errors name the document, relative to the configuration folder.
	File  string
	text  string
	lines []int // offset of each line's first byte
}

// Node is one value of a document and knows where it stands.
type Node struct {
	Kind Kind
	// Bool is the value of a boolean, Text of a string, or the literal of a number.
	Bool bool
	Text string
	// List holds the elements of a list, Fields the members of an object in the
	// order of the text, which matters for decorations and properties.
	List   []*Node
	Fields []Field

	src    *Source
	off    int
	parent *Node
	key    string // in an object
	index  int    // in a list
}

// Field is one member of an object.
type Field struct {
	Name  string
	Value *Node
	off   int
}

// NewSource prepares a document for positions.
func newSource(file, text string) *Source {
	s := &Source{File: file, text: text, lines: []int{0}}
	for i := range len(text) {
		if text[i] == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

// position returns line and column, both from 1; columns count characters.
func (s *Source) position(off int) (line, col int) {
	line = sort.SearchInts(s.lines, off+1)
	start := s.lines[line-1]
	return line, utf8.RuneCountInString(s.text[start:min(off, len(s.text))]) + 1
}

// Get returns the member of that name, nil when absent, JSON null, or when n is no object.
func (n *Node) Get(name string) *Node {
	if n == nil {
		return nil
	}
	for i := range n.Fields {
		if n.Fields[i].Name == name {
			if v := n.Fields[i].Value; v.Kind != Null {
				return v
			}
			return nil
		}
	}
	return nil
}

// Path is the way to the value as a person would type it: handler.config.filters[0].
func (n *Node) Path() string {
	var parts []string
	for ; n != nil && n.parent != nil; n = n.parent {
		if n.parent.Kind == List {
			parts = append(parts, "["+strconv.Itoa(n.index)+"]")
			continue
		}
		key := n.key
		if !plainKey(key) {
			key = "[" + strconv.Quote(key) + "]"
		} else if n.parent.parent != nil {
			key = "." + key
		}
		parts = append(parts, key)
	}
	for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
		parts[i], parts[j] = parts[j], parts[i]
	}
	return strings.Join(parts, "")
}

// Pointer is the JSON pointer of the value (RFC 6901), "" for the document.
func (n *Node) Pointer() string {
	if n == nil || n.parent == nil {
		return ""
	}
	if n.parent.Kind == List {
		return n.parent.Pointer() + "/" + strconv.Itoa(n.index)
	}
	esc := strings.NewReplacer("~", "~0", "/", "~1").Replace(n.key)
	return n.parent.Pointer() + "/" + esc
}

// File names the document that the value stands in.
func (n *Node) File() string {
	if n == nil || n.src == nil {
		return ""
	}
	return n.src.File
}

// Pos returns line and column of the value.
func (n *Node) Pos() (line, col int) {
	if n == nil || n.src == nil {
		return 0, 0
	}
	return n.src.position(n.off)
}

func plainKey(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', c == '$', c == '-':
		case '0' <= c && c <= '9' && i > 0:
		default:
			return false
		}
	}
	return true
}

// Plain returns the value as nil, bool, int64, float64, string, []any or map[string]any.
func (n *Node) Plain() any {
	if n == nil {
		return nil
	}
	switch n.Kind {
	case Bool:
		return n.Bool
	case Number:
		return plainNumber(n.Text)
	case String:
		return n.Text
	case List:
		list := make([]any, len(n.List))
		for i, e := range n.List {
			list[i] = e.Plain()
		}
		return list
	case Object:
		m := make(map[string]any, len(n.Fields))
		for _, f := range n.Fields {
			m[f.Name] = f.Value.Plain()
		}
		return m
	}
	return nil
}

func plainNumber(text string) any {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil
	}
	return f
}

// At returns a node of the given plain value (as Plain returns) that stands where n
// stands: the result of an expression or a transformation.
func (n *Node) At(v any) (*Node, bool) {
	out := &Node{src: n.src, off: n.off, parent: n.parent, key: n.key, index: n.index}
	return out, out.fill(v)
}

func (n *Node) fill(v any) bool {
	switch v := v.(type) {
	case nil:
		n.Kind = Null
	case bool:
		n.Kind, n.Bool = Bool, v
	case int:
		n.Kind, n.Text = Number, strconv.Itoa(v)
	case int32:
		n.Kind, n.Text = Number, strconv.FormatInt(int64(v), 10)
	case int64:
		n.Kind, n.Text = Number, strconv.FormatInt(v, 10)
	case float64:
		n.Kind, n.Text = Number, strconv.FormatFloat(v, 'g', -1, 64)
	case string:
		n.Kind, n.Text = String, v
	case interface{ String() string }:
		n.Kind, n.Text = String, v.String()
	case []string:
		n.Kind = List
		for _, s := range v {
			n.addElement(s)
		}
	case []any:
		n.Kind = List
		for _, e := range v {
			if !n.addElement(e) {
				return false
			}
		}
	case map[string]any:
		n.Kind = Object
		names := make([]string, 0, len(v))
		for k := range v {
			names = append(names, k)
		}
		sort.Strings(names)
		for _, k := range names {
			e := &Node{src: n.src, off: n.off, parent: n, key: k}
			if !e.fill(v[k]) {
				return false
			}
			n.Fields = append(n.Fields, Field{Name: k, Value: e, off: n.off})
		}
	default:
		return false
	}
	return true
}

func (n *Node) addElement(v any) bool {
	e := &Node{src: n.src, off: n.off, parent: n, index: len(n.List)}
	n.List = append(n.List, e)
	return e.fill(v)
}

// replace makes n hold what by holds and stay where it is.
func (n *Node) replace(by *Node) {
	n.Kind, n.Bool, n.Text, n.List, n.Fields = by.Kind, by.Bool, by.Text, by.List, by.Fields
	for _, e := range n.List {
		e.parent = n
	}
	for _, f := range n.Fields {
		f.Value.parent = n
	}
}

// Named makes n the string s and returns it: for synthesised references.
func (n *Node) Named(s string) *Node {
	n.Kind, n.Text = String, s
	return n
}
