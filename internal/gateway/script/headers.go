package script

import (
	"net/http"
	"net/textproto"
	"sort"
	"strings"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/groovy"
)

// headers is org.forgerock.http.protocol.Headers: a map from names, in any case, to
// Header objects. It stays true when the message gets another set of fields.
type headers struct{ fields *http.Header }

func (headers) GroovyClass() *groovy.Class { return headersClass }

func (h headers) at(name string) (groovy.Value, bool) {
	name = textproto.CanonicalMIMEHeaderKey(name)
	if len((*h.fields)[name]) == 0 {
		return nil, false
	}
	return &header{name: name, in: h.fields}, true
}

// put replaces all values of a field; null removes it.
func (h headers) put(name string, v groovy.Value) error {
	values, err := headerValues(v)
	if err != nil {
		return err
	}
	return h.set(name, values)
}

func (h headers) set(name string, values []string) error {
	name = textproto.CanonicalMIMEHeaderKey(name)
	for _, s := range values {
		if err := chain.CheckHeader(name, s); err != nil {
			return badArgument("%s", err)
		}
	}
	if len(values) == 0 {
		delete(*h.fields, name)
		return nil
	}
	if *h.fields == nil {
		*h.fields = http.Header{}
	}
	(*h.fields)[name] = values
	return nil
}

func (h headers) add(name string, v groovy.Value) error {
	more, err := headerValues(v)
	if err != nil {
		return err
	}
	old := (*h.fields)[textproto.CanonicalMIMEHeaderKey(name)]
	return h.set(name, append(old[:len(old):len(old)], more...))
}

func (h headers) remove(name string) error {
	delete(*h.fields, textproto.CanonicalMIMEHeaderKey(name))
	return nil
}

func (h headers) keys() []string {
	names := make([]string, 0, len(*h.fields))
	for n, values := range *h.fields {
		if len(values) > 0 {
			names = append(names, n)
		}
	}
	sort.Strings(names)
	return names
}

// headerValues takes a text, a list, a Header or anything with a text form; elements
// that are null are left out.
func headerValues(v groovy.Value) ([]string, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case *header:
		return append([]string(nil), v.list()...), nil
	case typedHeader:
		return v.texts(), nil
	case *groovy.Map:
		return nil, badArgument("a map cannot be the value of a header field")
	}
	items, many := elements(v)
	if !many {
		items = []groovy.Value{v}
	}
	out := make([]string, 0, len(items))
	for _, x := range items {
		if x == nil {
			continue
		}
		s, err := groovy.Text(x)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

var headersClass = tableClass(&groovy.Class{
	Name: "org.forgerock.http.protocol.Headers",
	New: func(*groovy.Call) (groovy.Value, error) {
		fields := http.Header{}
		return headers{&fields}, nil
	},
	Methods: methods{
		"get": method(func(h headers, c *groovy.Call) (groovy.Value, error) {
			if err := c.Want(1, 1); err != nil {
				return nil, err
			}
			if class, ok := c.Arg(0).(*groovy.Class); ok {
				return typedFrom(class, h)
			}
			v, _ := h.at(c.Str(0))
			return v, nil
		}),
		"getFirst": method(func(h headers, c *groovy.Call) (groovy.Value, error) {
			if err := c.Want(1, 1); err != nil {
				return nil, err
			}
			name := c.Str(0)
			if class, ok := c.Arg(0).(*groovy.Class); ok {
				name = typedNames[class.SimpleName()]
			}
			if values := (*h.fields)[textproto.CanonicalMIMEHeaderKey(name)]; len(values) > 0 {
				return values[0], nil
			}
			return nil, nil
		}),
		"add": method(func(h headers, c *groovy.Call) (groovy.Value, error) {
			name, v, err := nameAndValue(c)
			if err != nil {
				return nil, err
			}
			return nil, h.add(name, v)
		}),
		"put": method(func(h headers, c *groovy.Call) (groovy.Value, error) {
			name, v, err := nameAndValue(c)
			if err != nil {
				return nil, err
			}
			old, _ := h.at(name)
			return old, h.put(name, v)
		}),
		"addAll": method(func(h headers, c *groovy.Call) (groovy.Value, error) {
			var err error
			add := func(k, v groovy.Value) bool {
				err = h.add(text(k), v)
				return err == nil
			}
			switch from := c.Arg(0).(type) {
			case *groovy.Map:
				from.Each(add)
			case table:
				for _, k := range from.keys() {
					if v, _ := from.at(k); !add(k, v) {
						break
					}
				}
			default:
				return nil, c.NoSuchMethod()
			}
			return nil, err
		}),
		"asMapOfHeaders": method(func(h headers, _ *groovy.Call) (groovy.Value, error) { return copyOf(h), nil }),
		"copyAsMultiMapOfStrings": method(func(h headers, _ *groovy.Call) (groovy.Value, error) {
			m := groovy.NewMap()
			for _, k := range h.keys() {
				m.Put(k, listOf((*h.fields)[k]))
			}
			return m, nil
		}),
		"getAll": method(func(h headers, c *groovy.Call) (groovy.Value, error) {
			return listOf((*h.fields)[textproto.CanonicalMIMEHeaderKey(c.Str(0))]), nil
		}),
	},
})

// nameAndValue are the arguments of add and put: a name and a value, or a Header.
func nameAndValue(c *groovy.Call) (string, groovy.Value, error) {
	if c.Len() == 1 {
		switch v := c.Arg(0).(type) {
		case *header:
			return v.name, v, nil
		case typedHeader:
			return v.field(), v, nil
		}
	}
	if err := c.Want(2, 2); err != nil {
		return "", nil, err
	}
	return c.Str(0), c.Arg(1), nil
}

// header is org.forgerock.http.protocol.Header: one field of a message, or, without
// in, one that a script made.
type header struct {
	name string
	in   *http.Header
	own  []string
}

func (h *header) list() []string {
	if h.in != nil {
		return (*h.in)[h.name]
	}
	return h.own
}

func (*header) GroovyClass() *groovy.Class { return headerClass }

func (h *header) String() string { return strings.Join(h.list(), ", ") }

func (h *header) first() groovy.Value {
	if l := h.list(); len(l) > 0 {
		return l[0]
	}
	return nil
}

var headerClass = &groovy.Class{
	Name: "org.forgerock.http.protocol.Header",
	Get: getters{
		"name":       getter(func(h *header) groovy.Value { return h.name }),
		"values":     getter(func(h *header) groovy.Value { return listOf(h.list()) }),
		"firstValue": getter(func(h *header) groovy.Value { return h.first() }),
	},
	Methods: methods{
		"getClientIpAddress": method(clientIPAddress),
		"size":               method(func(h *header, _ *groovy.Call) (groovy.Value, error) { return len(h.list()), nil }),
		"contains":           method(func(h *header, c *groovy.Call) (groovy.Value, error) { return has(h.list(), c.Str(0)), nil }),
	},
	Index: func(this, key groovy.Value) (groovy.Value, error) {
		list := this.(*header).list()
		n, ok := whole(key)
		if !ok {
			return nil, badArgument("the values of a header field are counted from 0")
		}
		if n < 0 {
			n += int64(len(list))
		}
		if n < 0 || n >= int64(len(list)) {
			return nil, nil
		}
		return list[n], nil
	},
	Iterate: func(this groovy.Value, yield func(groovy.Value) bool) {
		for _, s := range this.(*header).list() {
			if !yield(s) {
				return
			}
		}
	},
	Equals: func(this, other groovy.Value) bool {
		h := this.(*header)
		if isText(other) {
			return h.String() == text(other)
		}
		o, ok := other.(*header)
		return ok && o.name == h.name && strings.Join(o.list(), "\n") == strings.Join(h.list(), "\n")
	},
}

func has(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
