package transfer

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// expressions puts the environment's values in place of configuration expressions (PingAM, Amster: property value
// substitution): "&{am.server.port|8443}" is the variable AM_SERVER_PORT, else 8443. {"$int": "&{…}"} and its like say
// which type the value has.
type expressions struct {
	lookup func(string) (string, bool)
	// missing has a line for each expression without a value. What it was in is left out.
	missing []string
}

// maxDepth bounds defaults within defaults.
const maxDepth = 16

// object resolves the expressions of an object in place. Scripts stay as they are.
func (x *expressions) object(o Object, at string) {
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if name == "script" {
			continue
		}
		if v, ok := x.value(o[name], join2(at, name)); ok {
			o[name] = v
		} else {
			delete(o, name)
		}
	}
}

func join2(at, name string) string {
	if at == "" {
		return name
	}
	return at + "/" + name
}

// value returns v with its expressions resolved; ok is false for one without a value.
func (x *expressions) value(v any, at string) (any, bool) {
	switch v := v.(type) {
	case string:
		return x.text(v, at)
	case []any:
		out := make([]any, 0, len(v))
		for i, item := range v {
			if item, ok := x.value(item, fmt.Sprintf("%s[%d]", at, i)); ok {
				out = append(out, item)
			}
		}
		return out, true
	case Object:
		if len(v) == 1 {
			for name, inner := range v {
				if s, ok := inner.(string); ok && slices.Contains(typed, name) {
					return x.typed(name, s, at)
				}
			}
		}
		x.object(v, at)
		return v, true
	}
	return v, true
}

// typed are the members that say which type a value has.
var typed = []string{"$string", "$int", "$number", "$bool", "$array", "$object", "$list"}

// typed is the value of {"$int": "…"}.
func (x *expressions) typed(kind, s, at string) (any, bool) {
	s, ok := x.text(s, at)
	if !ok {
		return nil, false
	}
	switch kind {
	case "$string":
		return s, true
	case "$list":
		list := []any{}
		for item := range strings.SplitSeq(s, ",") {
			list = append(list, strings.TrimSpace(item))
		}
		return list, true
	}
	if v, err := decode([]byte(s)); err == nil {
		return v, true
	}
	x.missing = append(x.missing, fmt.Sprintf("%s: {%q: …} cannot be read, and was left out", at, kind))
	return nil, false
}

func (x *expressions) text(s, at string) (string, bool) {
	if !strings.Contains(s, "&{") {
		return s, true
	}
	out, unknown := x.resolve(s, 0)
	if unknown != "" {
		x.missing = append(x.missing, fmt.Sprintf("%s: &{%s} is not in the environment (%s), and was left out", at, unknown, variable(unknown)))
		return "", false
	}
	return out, true
}

// variable is the name of an expression in the environment.
func variable(name string) string {
	return strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(name))
}

// resolve returns s with its expressions resolved, or the name of the first that has no value.
func (x *expressions) resolve(s string, depth int) (out, unknown string) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "&{")
		b.WriteString(before)
		if !found {
			return b.String(), ""
		}
		end := closing(rest)
		if end < 0 || depth == maxDepth {
			b.WriteString("&{" + rest) // no expression
			return b.String(), ""
		}
		name, fallback, has := strings.Cut(rest[:end], "|")
		value, ok := x.lookup(variable(name))
		if !ok {
			if !has {
				return "", name
			}
			value = fallback
		}
		if value, unknown = x.resolve(value, depth+1); unknown != "" {
			return "", unknown
		}
		b.WriteString(value)
		s = rest[end+1:]
	}
}

// closing is where the expression that s is the inside of ends, -1 for nowhere.
func closing(s string) int {
	depth := 1
	for i := range len(s) {
		switch {
		case strings.HasPrefix(s[i:], "&{"):
			depth++
		case s[i] == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// ownCopy is a copy of an object that shares nothing with it.
func ownCopy(o Object) Object {
	raw, err := json.Marshal(o)
	if err != nil {
		return o
	}
	v, err := decode(raw)
	c, ok := v.(Object)
	if err != nil || !ok {
		return o
	}
	return c
}
