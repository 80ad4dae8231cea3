package script

import (
	"mime"
	"net/http"
	"strings"

	"gatehouse/internal/groovy"
)

// typedHeader is a header class of package org.forgerock.http.header.
type typedHeader interface {
	groovy.Host
	field() string
	texts() []string
}

// typedNames are the fields of the header classes.
var typedNames = map[string]string{
	"ContentTypeHeader": "Content-Type", "LocationHeader": "Location", "SetCookieHeader": "Set-Cookie",
	"ContentLengthHeader": "Content-Length", "CookieHeader": "Cookie", "AuthorizationHeader": "Authorization",
	"TransactionIdHeader": "X-Forgerock-Transactionid", "ContentEncodingHeader": "Content-Encoding",
	"AcceptLanguageHeader": "Accept-Language", "ConnectionHeader": "Connection", "WarningHeader": "Warning",
}

// plainHeader is any typed header but the two with parts of their own.
type plainHeader struct {
	class  *groovy.Class
	values []string
}

func (h *plainHeader) GroovyClass() *groovy.Class { return h.class }
func (h *plainHeader) field() string              { return typedNames[h.class.SimpleName()] }
func (h *plainHeader) texts() []string            { return h.values }
func (h *plainHeader) String() string             { return strings.Join(h.values, ", ") }

// setCookies is SetCookieHeader.
type setCookies struct{ list []*cookie }

func (*setCookies) GroovyClass() *groovy.Class { return typedClasses["SetCookieHeader"] }
func (*setCookies) field() string              { return "Set-Cookie" }
func (h *setCookies) String() string           { return strings.Join(h.texts(), ", ") }
func (h *setCookies) texts() []string {
	out := make([]string, len(h.list))
	for i, c := range h.list {
		out[i] = c.line()
	}
	return out
}

// typedClasses are the header classes by simple name.
var typedClasses = makeTypedClasses()

func makeTypedClasses() map[string]*groovy.Class {
	all := map[string]*groovy.Class{}
	for simple, field := range typedNames {
		all[simple] = typedClass(simple, field)
	}
	set := all["SetCookieHeader"]
	set.New = func(c *groovy.Call) (groovy.Value, error) {
		items, many := elements(c.Arg(0))
		if !many {
			items = c.Args
		}
		h := &setCookies{}
		for _, v := range items {
			k, err := asCookie(v)
			if err != nil {
				return nil, err
			}
			h.list = append(h.list, k)
		}
		return h, nil
	}
	set.Get["cookies"] = getter(func(h *setCookies) groovy.Value {
		items := make([]groovy.Value, len(h.list))
		for i, k := range h.list {
			items[i] = k
		}
		return groovy.NewList(items...)
	})
	set.Static["valueOf"] = func(c *groovy.Call) (groovy.Value, error) {
		return &setCookies{parseSetCookie([]string{c.Str(0)})}, nil
	}
	return all
}

func typedClass(simple, field string) *groovy.Class {
	values := func(h typedHeader) groovy.Value { return listOf(h.texts()) }
	class := &groovy.Class{
		Name:         "org.forgerock.http.header." + simple,
		Super:        headerClass,
		StaticFields: map[string]func() groovy.Value{"NAME": constant(field)},
		Get: getters{
			"name":   getter(func(typedHeader) groovy.Value { return field }),
			"values": getter(values),
			"firstValue": getter(func(h typedHeader) groovy.Value {
				if l := h.texts(); len(l) > 0 {
					return l[0]
				}
				return nil
			}),
		},
		Methods: methods{"size": method(func(h typedHeader, _ *groovy.Call) (groovy.Value, error) { return len(h.texts()), nil })},
		Index: func(this, key groovy.Value) (groovy.Value, error) {
			n, ok := whole(key)
			if l := this.(typedHeader).texts(); ok && n >= 0 && n < int64(len(l)) {
				return l[n], nil
			}
			return nil, nil
		},
		Iterate: func(this groovy.Value, yield func(groovy.Value) bool) {
			for _, s := range this.(typedHeader).texts() {
				if !yield(s) {
					return
				}
			}
		},
		Equals: func(this, other groovy.Value) bool {
			return groovy.ToString(this) == groovy.ToString(other)
		},
	}
	class.New = func(c *groovy.Call) (groovy.Value, error) {
		h := &plainHeader{class: class}
		for i := range c.Args {
			h.values = append(h.values, c.Str(i))
		}
		return h, nil
	}
	class.Static = methods{"valueOf": func(c *groovy.Call) (groovy.Value, error) {
		if m, ok := c.Arg(0).(message); ok {
			return typedFrom(class, headers{m.fields()})
		}
		return &plainHeader{class, []string{c.Str(0)}}, nil
	}}
	switch simple {
	case "ContentTypeHeader":
		class.Get["type"] = getter(func(h *plainHeader) groovy.Value {
			kind, _, _ := mime.ParseMediaType(h.String())
			return orNull(kind)
		})
		class.Get["charset"] = getter(func(h *plainHeader) groovy.Value {
			_, params, _ := mime.ParseMediaType(h.String())
			return orNull(params["charset"])
		})
	case "LocationHeader":
		class.Get["locationUri"] = getter(func(h *plainHeader) groovy.Value { return orNull(h.String()) })
	}
	return class
}

func orNull(s string) groovy.Value {
	if s == "" {
		return nil
	}
	return s
}

// typedFrom answers headers.get(SomeHeader).
func typedFrom(class *groovy.Class, h headers) (groovy.Value, error) {
	field, ok := typedNames[class.SimpleName()]
	if !ok {
		return nil, badArgument("%s is no class of header fields", class.Name)
	}
	values := (*h.fields)[http.CanonicalHeaderKey(field)]
	if len(values) == 0 {
		return nil, nil
	}
	if field == "Set-Cookie" {
		return &setCookies{parseSetCookie(values)}, nil
	}
	return &plainHeader{class, append([]string(nil), values...)}, nil
}
