package script

import (
	"net/url"
	"strings"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/groovy"
)

// form is org.forgerock.http.protocol.Form: an ordered map from names to lists of
// values.
type form struct{ m *groovy.Map }

func newForm() *form { return &form{groovy.NewMap()} }

func (*form) GroovyClass() *groovy.Class { return formClass }
func (f *form) String() string           { return f.encode() }

// parseForm is chain.ParseForm with the fields in their order.
func parseForm(s string) *form {
	f := newForm()
	if !chain.EachField(s, func(name, value string) { f.add(name, value) }) {
		return newForm()
	}
	return f
}

func (f *form) add(name string, v groovy.Value) {
	if l, ok := f.at(name); ok {
		if list, ok := l.(*groovy.List); ok {
			list.Add(v)
			return
		}
	}
	f.m.Put(name, groovy.NewList(v))
}

func (f *form) addAll(o *form) {
	o.m.Each(func(k, v groovy.Value) bool {
		items, _ := elements(v)
		for _, x := range items {
			f.add(text(k), x)
		}
		return true
	})
}

func (f *form) at(name string) (groovy.Value, bool) { return f.m.Get(name) }

func (f *form) put(name string, v groovy.Value) error {
	if v == nil {
		f.m.Remove(name)
		return nil
	}
	if _, many := elements(v); !many {
		v = groovy.NewList(v)
	}
	f.m.Put(name, v)
	return nil
}

func (f *form) remove(name string) error {
	f.m.Remove(name)
	return nil
}

func (f *form) keys() []string {
	keys := f.m.Keys()
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = text(k)
	}
	return names
}

// encode is the form as a query or body spells it.
func (f *form) encode() string {
	var b strings.Builder
	f.m.Each(func(k, v groovy.Value) bool {
		items, many := elements(v)
		if !many {
			items = []groovy.Value{v}
		}
		for _, x := range items {
			if b.Len() > 0 {
				b.WriteByte('&')
			}
			b.WriteString(url.QueryEscape(text(k)) + "=" + url.QueryEscape(text(x)))
		}
		return true
	})
	return b.String()
}

var formClass = tableClass(&groovy.Class{
	Name:   "org.forgerock.http.protocol.Form",
	String: func(this groovy.Value) string { return this.(*form).encode() },
	New: func(c *groovy.Call) (groovy.Value, error) {
		f := newForm()
		switch from := c.Arg(0).(type) {
		case nil:
		case *form:
			f.addAll(from)
		case *groovy.Map:
			from.Each(func(k, v groovy.Value) bool { return f.put(text(k), v) == nil })
		default:
			return nil, c.NoSuchMethod()
		}
		return f, nil
	},
	Static: methods{
		"fromFormString":  func(c *groovy.Call) (groovy.Value, error) { return parseForm(c.Str(0)), nil },
		"fromQueryString": func(c *groovy.Call) (groovy.Value, error) { return parseForm(c.Str(0)), nil },
	},
	Methods: methods{
		"getFirst": method(func(f *form, c *groovy.Call) (groovy.Value, error) {
			v, _ := f.at(c.Str(0))
			if items, _ := elements(v); len(items) > 0 {
				return items[0], nil
			}
			return nil, nil
		}),
		"add": method(func(f *form, c *groovy.Call) (groovy.Value, error) {
			f.add(c.Str(0), formValue(c.Arg(1)))
			return nil, c.Want(2, 2)
		}),
		"addAll": method(func(f *form, c *groovy.Call) (groovy.Value, error) {
			switch from := c.Arg(0).(type) {
			case *form:
				f.addAll(from)
				return nil, nil
			case *groovy.Map:
				o := newForm()
				from.Each(func(k, v groovy.Value) bool { return o.put(text(k), v) == nil })
				f.addAll(o)
				return nil, nil
			}
			items, _ := elements(c.Arg(1))
			for _, v := range items {
				f.add(c.Str(0), formValue(v))
			}
			return nil, nil
		}),
		"putSingle": method(func(f *form, c *groovy.Call) (groovy.Value, error) {
			if err := c.Want(2, 2); err != nil {
				return nil, err
			}
			return nil, f.put(c.Str(0), groovy.NewList(formValue(c.Arg(1))))
		}),
		"fromString":      formFrom(func(f *form, c *groovy.Call) (*form, error) { return parseForm(c.Str(0)), nil }),
		"fromFormString":  formFrom(func(f *form, c *groovy.Call) (*form, error) { return parseForm(c.Str(0)), nil }),
		"fromQueryString": formFrom(func(f *form, c *groovy.Call) (*form, error) { return parseForm(c.Str(0)), nil }),
		"fromRequestQuery": formFrom(func(f *form, c *groovy.Call) (*form, error) {
			m, ok := c.Arg(0).(request)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			return parseForm(m.r.URI.RawQuery), nil
		}),
		"fromRequestEntity": formFrom(func(f *form, c *groovy.Call) (*form, error) {
			m, ok := c.Arg(0).(request)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			return bodyForm(c, entity{&m.r.Entity, &m.r.Header})
		}),
		"toFormString":  formEncode,
		"toQueryString": formEncode,
		"toString":      formEncode,
		"toRequestQuery": formTo(func(f *form, r *chain.Request) {
			r.URI.RawQuery, r.URI.HasQuery = f.encode(), true
		}),
		"appendRequestQuery": formTo(func(f *form, r *chain.Request) {
			if r.URI.RawQuery != "" {
				r.URI.RawQuery += "&"
			}
			r.URI.RawQuery, r.URI.HasQuery = r.URI.RawQuery+f.encode(), true
		}),
		"toRequestEntity": formTo(func(f *form, r *chain.Request) {
			r.Method = "POST"
			(entity{&r.Entity, &r.Header}).setForm(f)
		}),
	},
})

// formValue makes a value the text that it will be sent as; null stays.
func formValue(v groovy.Value) groovy.Value {
	if v == nil {
		return nil
	}
	return text(v)
}

var formEncode = method(func(f *form, _ *groovy.Call) (groovy.Value, error) { return f.encode(), nil })

func formFrom(read func(*form, *groovy.Call) (*form, error)) groovy.Method {
	return method(func(f *form, c *groovy.Call) (groovy.Value, error) {
		o, err := read(f, c)
		if err != nil {
			return nil, err
		}
		f.addAll(o)
		return f, nil
	})
}

func formTo(write func(*form, *chain.Request)) groovy.Method {
	return method(func(f *form, c *groovy.Call) (groovy.Value, error) {
		m, ok := c.Arg(0).(request)
		if !ok {
			return nil, c.NoSuchMethod()
		}
		write(f, m.r)
		return nil, nil
	})
}
