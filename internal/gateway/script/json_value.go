package script

import (
	"strconv"
	"strings"

	"gatehouse/internal/groovy"
)

// jsonValue is org.forgerock.json.JsonValue: a value with the way to it, for messages.
// The value itself is shared, so that put reaches what it was made of.
type jsonValue struct {
	v    groovy.Value
	path string // JSON pointer
	in   *jsonValue
	key  groovy.Value // of in
}

func (*jsonValue) GroovyClass() *groovy.Class { return jsonValueClass }

func (j *jsonValue) String() string {
	b, err := marshalJSON(j.v)
	if err == nil {
		return string(b)
	}
	switch j.v.(type) {
	case *groovy.Closure, *promise:
		return groovy.ToString(j.v)
	}
	return "JsonValue[" + err.Error() + "]" // whose parts may hold this value
}

const jsonException = "org.forgerock.json.JsonValueException"

func (j *jsonValue) fail(format string, args ...any) error {
	p := j.path
	if p == "" {
		p = "/"
	}
	return groovy.Throw(jsonException, p+": "+format, args...)
}

// unwrap takes the value out of a JsonValue.
func unwrap(v groovy.Value) groovy.Value {
	if j, ok := v.(*jsonValue); ok {
		return j.v
	}
	return v
}

// wrapJSON is new JsonValue(x).
func wrapJSON(v groovy.Value) *jsonValue { return &jsonValue{v: dataOf(unwrap(v))} }

// child is the value below a key, never nil.
func (j *jsonValue) child(key groovy.Value) *jsonValue {
	c := &jsonValue{in: j, key: key, path: j.path + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(text(key))}
	switch v := j.v.(type) {
	case *groovy.Map:
		c.v, _ = v.Get(text(key))
	case table:
		c.v, _ = v.at(text(key))
	default:
		items, many := elements(v)
		if n, ok := index(key); many && ok && n >= 0 && n < len(items) {
			c.v = items[n]
		}
	}
	c.v = dataOf(unwrap(c.v))
	return c
}

func index(key groovy.Value) (int, bool) {
	if n, ok := whole(key); ok {
		return int(n), true
	}
	n, err := strconv.Atoi(text(key))
	return n, err == nil && isText(key)
}

// at follows a key, or a pointer as a JsonPointer has it.
func (j *jsonValue) at(key groovy.Value) *jsonValue {
	p, ok := key.(jsonPointer)
	if !ok {
		return j.child(key)
	}
	for _, k := range p {
		j = j.child(k)
	}
	return j
}

// put stores below a key.
func (j *jsonValue) put(key, v groovy.Value) error {
	v = unwrap(v)
	if p, ok := key.(jsonPointer); ok && len(p) > 0 {
		for _, k := range p[:len(p)-1] {
			next := j.child(k)
			if next.v == nil {
				next.v = groovy.NewMap()
				if err := j.put(k, next.v); err != nil {
					return err
				}
			}
			j = next
		}
		key = p[len(p)-1]
	}
	switch m := j.v.(type) {
	case *groovy.Map:
		m.Put(text(key), v)
		return nil
	case *groovy.List:
		n, ok := index(key)
		if !ok || n < 0 || n > m.Len() {
			return j.fail("no element %s", text(key))
		}
		if n == m.Len() {
			m.Add(v)
			return nil
		}
		items := m.Items()
		items[n] = v
		return j.replace(groovy.NewList(items...))
	case nil:
		m2 := groovy.NewMap()
		m2.Put(text(key), v)
		return j.replace(m2)
	}
	return j.fail("expecting a map or a list")
}

// replace gives the value another content, also in what it is part of.
func (j *jsonValue) replace(v groovy.Value) error {
	j.v = v
	if j.in != nil {
		return j.in.put(j.key, v)
	}
	return nil
}

func (j *jsonValue) removeKey(key groovy.Value) error {
	if p, ok := key.(jsonPointer); ok && len(p) > 0 {
		return j.at(p[:len(p)-1]).removeKey(p[len(p)-1])
	}
	switch m := j.v.(type) {
	case *groovy.Map:
		m.Remove(text(key))
	case *groovy.List:
		if n, ok := index(key); ok && n >= 0 && n < m.Len() {
			items := m.Items()
			return j.replace(groovy.NewList(append(items[:n:n], items[n+1:]...)...))
		}
	}
	return nil
}

func (j *jsonValue) names() []groovy.Value {
	switch v := j.v.(type) {
	case *groovy.Map:
		return v.Keys()
	case table:
		var out []groovy.Value
		for _, k := range v.keys() {
			out = append(out, k)
		}
		return out
	}
	items, _ := elements(j.v)
	out := make([]groovy.Value, len(items))
	for i := range items {
		out[i] = strconv.Itoa(i)
	}
	return out
}

// jsonPointer is org.forgerock.json.JsonPointer.
type jsonPointer []string

func (jsonPointer) GroovyClass() *groovy.Class { return jsonPointerClass }
func (p jsonPointer) String() string {
	if len(p) == 0 {
		return "/"
	}
	return "/" + strings.Join(p, "/")
}

func pointerTo(s string) jsonPointer {
	s = strings.Trim(s, "/")
	if s == "" {
		return jsonPointer{}
	}
	parts := strings.Split(s, "/")
	for i, p := range parts {
		parts[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(p)
	}
	return parts
}

func newPointer(c *groovy.Call) (groovy.Value, error) {
	if items, many := elements(c.Arg(0)); many {
		p := jsonPointer{}
		for _, x := range items {
			p = append(p, text(x))
		}
		return p, nil
	}
	if c.Len() > 1 {
		p := jsonPointer{}
		for i := range c.Args {
			p = append(p, c.Str(i))
		}
		return p, nil
	}
	return pointerTo(c.Str(0)), nil
}

var jsonPointerClass = &groovy.Class{
	Name: "org.forgerock.json.JsonPointer", New: newPointer, Static: methods{"ptr": newPointer},
	Get: getters{
		"leaf": getter(func(p jsonPointer) groovy.Value {
			if len(p) == 0 {
				return nil
			}
			return p[len(p)-1]
		}),
	},
	Methods: methods{"child": method(func(p jsonPointer, c *groovy.Call) (groovy.Value, error) {
		return append(p[:len(p):len(p)], c.Str(0)), nil
	})},
	Equals:  func(this, other groovy.Value) bool { return groovy.ToString(this) == groovy.ToString(other) },
	HashKey: func(this groovy.Value) any { return this.(jsonPointer).String() },
}
