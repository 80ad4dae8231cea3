package expr

import (
	"strings"

	"gatehouse/internal/javaregexp"
)

// Prefixes tells for which requests a condition can hold at all: unless the list is
// nil, Bool is false when request.uri.<property> starts with none of it. A router can
// index its conditions by it. nil says that nothing is certain, so a condition that
// cannot be read this way is merely slower.
func (t *Template) Prefixes(property string) []string {
	if t == nil || t.tree == nil {
		return nil
	}
	return prefixReader{property: property}.of(t.tree)
}

// Required tells the same more weakly of more conditions: unless the list is nil, Bool
// is false when request.uri.<property> contains none of it.
func (t *Template) Required(property string) []string {
	if t == nil || t.tree == nil {
		return nil
	}
	return prefixReader{property, true}.of(t.tree)
}

// PathPrefix is what all paths start with for which a condition can hold.
func (t *Template) PathPrefix() (prefix string, ok bool) {
	for i, p := range t.Prefixes("path") {
		if i == 0 {
			prefix = p
		}
		prefix = common(prefix, p)
	}
	return prefix, prefix != ""
}

// prefixReader reads what conditions say about one property of request.uri.
type prefixReader struct {
	property string
	anywhere bool // the texts need not stand at the beginning
}

// of is nil when n says nothing about the property.
func (r prefixReader) of(n node) []string {
	switch n := n.(type) {
	case *binary:
		return r.binary(n)
	case *call:
		if len(n.args) == 2 && r.isProperty(n.args[0]) {
			switch n.name {
			case "find", "matches":
				return r.regexp(n.args[1], false)
			case "matchesWithRegex":
				return r.regexp(n.args[1], true)
			case "contains":
				return r.inside(n.args[1])
			}
		}
	case *method:
		if len(n.args) == 1 && r.isProperty(n.base) {
			switch text(n.name) {
			case "startsWith", "equals":
				return javaregexp.One(text(n.args[0]))
			case "contains", "endsWith":
				return r.inside(n.args[0])
			case "matches":
				return r.regexp(n.args[0], true)
			}
		}
	}
	return nil
}

func (r prefixReader) binary(n *binary) []string {
	switch n.op {
	case "&&": // both hold, so the one that excludes more says it all
		x, y := r.of(n.x), r.of(n.y)
		if x == nil || y != nil && javaregexp.Shortest(y) > javaregexp.Shortest(x) {
			return y
		}
		return x
	case "||":
		x, y := r.of(n.x), r.of(n.y)
		if x == nil || y == nil {
			return nil
		}
		return javaregexp.Bounded(append(x[:len(x):len(x)], y...))
	case "==":
		if r.isProperty(n.x) {
			return javaregexp.One(text(n.y))
		}
		if r.isProperty(n.y) {
			return javaregexp.One(text(n.x))
		}
	}
	return nil
}

// common is what both texts start with, in whole characters.
func common(x, y string) string {
	i := 0
	for i < len(x) && i < len(y) && x[i] == y[i] {
		i++
	}
	return strings.ToValidUTF8(x[:i], "")
}

// text is a string literal, or "".
func text(n node) string {
	if l, ok := n.(*literal); ok {
		s, _ := l.value.(string)
		return s
	}
	return ""
}

// isProperty tells whether n is request.uri.<property>, however it is written.
func (r prefixReader) isProperty(n node) bool {
	for _, want := range []string{r.property, "uri"} {
		switch m := n.(type) {
		case *member:
			if m.name != want {
				return false
			}
			n = m.base
		case *index:
			if text(m.key) != want {
				return false
			}
			n = m.base
		default:
			return false
		}
	}
	root, ok := n.(*name)
	return ok && root.name == "request"
}

// inside is a text that may stand anywhere.
func (r prefixReader) inside(n node) []string {
	if !r.anywhere {
		return nil
	}
	return javaregexp.One(text(n))
}

// regexp reads a pattern that the property is searched for (whole: matches).
func (r prefixReader) regexp(n node, whole bool) []string {
	src := text(n)
	if src == "" {
		return nil
	}
	re, err := javaregexp.Compile(src)
	if err != nil {
		return nil
	}
	if r.anywhere {
		return re.Required()
	}
	return re.Prefixes(whole)
}
