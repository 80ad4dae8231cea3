package expr

import (
	"fmt"
	"slices"
	"strings"
)

// scope is a Scope for tests.
type scope map[string]Value

func (s scope) Lookup(name string) (Value, bool) {
	v, ok := s[name]
	return v, ok
}

// bean is a host object with properties, some of them read-only.
type bean struct {
	props map[string]Value
	fixed []string
	text  string
}

func (b *bean) Get(name string) (Value, bool) {
	v, ok := b.props[name]
	return v, ok
}

func (b *bean) Set(name string, v Value) error {
	if slices.Contains(b.fixed, name) {
		return ErrReadOnly
	}
	if _, ok := b.props[name]; !ok {
		return fmt.Errorf("no property %q", name)
	}
	b.props[name] = v
	return nil
}

func (b *bean) Call(method string, args []Value) (Value, error) {
	if method == "greet" {
		return fmt.Sprintf("hello %v", args[0]), nil
	}
	if method == "fail" {
		return nil, fmt.Errorf("broken")
	}
	return nil, ErrNoMethod
}

func (b *bean) String() string { return b.text }

// headers is a map-like host object with case-insensitive keys.
type headers struct {
	names  []string
	values map[string][]any
}

func (h *headers) Get(name string) (Value, bool)  { return h.Index(name) }
func (h *headers) Set(name string, v Value) error { return h.SetIndex(name, v) }
func (h *headers) Keys() []string                 { return h.names }
func (h *headers) HoldsLists()                    {}

func (h *headers) Index(key Value) (Value, bool) {
	name, _ := key.(string)
	v, ok := h.values[strings.ToLower(name)]
	if !ok {
		return nil, false
	}
	return v, true
}

func (h *headers) SetIndex(key, v Value) error {
	name, _ := key.(string)
	h.names = append(h.names, name)
	switch v := v.(type) {
	case []any:
		h.values[strings.ToLower(name)] = v
	default:
		h.values[strings.ToLower(name)] = []any{v}
	}
	return nil
}

// steps is a host list.
type steps []string

func (s steps) Len() int       { return len(s) }
func (s steps) At(i int) Value { return s[i] }

// exchange is a scope as a gateway has it.
func exchange() scope {
	uri := &bean{text: "https://h:8443/p/a?q=1", props: map[string]Value{
		"scheme": "https", "host": "h", "port": 8443, "path": "/p/a", "query": "q=1",
	}, fixed: []string{"scheme"}}
	request := &bean{text: "GET", props: map[string]Value{
		"method": "GET", "uri": uri,
		"headers": &headers{names: []string{"Host", "X-Multi"}, values: map[string][]any{
			"host": {"h:8443"}, "x-multi": {"a", "b"},
		}},
		"entity": &bean{text: "body", props: map[string]Value{"string": "body", "bytes": []byte("body")}},
	}}
	return scope{
		"request": request,
		"contexts": map[string]any{
			"router": map[string]any{"originalUri": uri},
			"list":   steps{"one", "two"},
		},
		"attributes": map[string]any{"s": "text", "n": int64(5), "f": 2.5, "t": true, "nothing": nil, "list": []any{"x", int64(2)}, "m": map[string]any{}},
		"session":    map[string]any{},
	}
}
