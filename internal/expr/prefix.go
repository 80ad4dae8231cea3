package expr

import "strings"

// PathPrefix tells which requests a condition can hold for at all: when ok,
// Bool is false unless request.uri.path starts with prefix. A router can index
// its conditions by it. ok is false when nothing is certain, so a condition
// that cannot be read this way is merely slower.
func (t *Template) PathPrefix() (prefix string, ok bool) {
	if t == nil || t.tree == nil {
		return "", false
	}
	prefix = pathPrefix(t.tree)
	return prefix, prefix != ""
}

// pathPrefix is "" when n says nothing about the path.
func pathPrefix(n node) string {
	switch n := n.(type) {
	case *binary:
		return binaryPrefix(n)
	case *call:
		if len(n.args) == 2 && isPath(n.args[0]) {
			switch n.name {
			case "find", "matches":
				return regexpPrefix(n.args[1], false)
			case "matchesWithRegex":
				return regexpPrefix(n.args[1], true)
			}
		}
	case *method:
		if len(n.args) == 1 && isPath(n.base) {
			switch text(n.name) {
			case "startsWith", "equals":
				return text(n.args[0])
			case "matches":
				return regexpPrefix(n.args[0], true)
			}
		}
	}
	return ""
}

func binaryPrefix(n *binary) string {
	switch n.op {
	case "&&": // both hold, so the longer one says it all
		x, y := pathPrefix(n.x), pathPrefix(n.y)
		if len(y) > len(x) {
			return y
		}
		return x
	case "||":
		return common(pathPrefix(n.x), pathPrefix(n.y))
	case "==":
		if isPath(n.x) {
			return text(n.y)
		}
		if isPath(n.y) {
			return text(n.x)
		}
	}
	return ""
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

// isPath tells whether n is request.uri.path, however it is written.
func isPath(n node) bool {
	for _, want := range []string{"path", "uri"} {
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

// regexpPrefix is what every text starts with that the pattern occurs in
// (whole: matches).
func regexpPrefix(n node, whole bool) string {
	src := text(n)
	if src == "" {
		return ""
	}
	re, err := CompileRegexp(src)
	if err != nil || !whole && !re.shape.anchored {
		return ""
	}
	return re.shape.literal
}
