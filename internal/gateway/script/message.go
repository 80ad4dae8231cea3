package script

import (
	"net/http"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/groovy"
)

// message is a request or a response.
type message interface {
	fields() *http.Header
	after() *http.Header // the trailers
	body() *chain.Entity
}

// request is org.forgerock.http.protocol.Request.
type request struct{ r *chain.Request }

func (request) GroovyClass() *groovy.Class { return requestClass }
func (m request) fields() *http.Header     { return &m.r.Header }
func (m request) after() *http.Header      { return &m.r.Trailer }
func (m request) body() *chain.Entity      { return &m.r.Entity }
func (m request) String() string           { return m.r.Method + " " + m.r.URI.String() }

// response is org.forgerock.http.protocol.Response.
type response struct{ r *chain.Response }

func (response) GroovyClass() *groovy.Class { return responseClass }
func (m response) fields() *http.Header     { return &m.r.Header }
func (m response) after() *http.Header      { return &m.r.Trailer }
func (m response) body() *chain.Entity      { return &m.r.Entity }
func (m response) String() string           { return m.r.Status.String() }

// messageClass has what requests and responses share.
var messageClass = &groovy.Class{
	Name:      "org.forgerock.http.protocol.Message",
	Interface: true,
	Get: getters{
		"headers":  getter(func(m message) groovy.Value { return headers{m.fields()} }),
		"trailers": getter(func(m message) groovy.Value { return headers{m.after()} }),
		"entity":   getter(func(m message) groovy.Value { return entity{m.body(), m.fields()} }),
	},
	Methods: methods{
		"setEntity": method(func(m message, c *groovy.Call) (groovy.Value, error) {
			if err := c.Want(1, 1); err != nil {
				return nil, err
			}
			return c.This, setEntity(c, m.body(), c.Arg(0))
		}),
		"addHeaders": method(func(m message, c *groovy.Call) (groovy.Value, error) {
			return c.This, eachHeader(c, headers{m.fields()}.add)
		}),
		"putHeaders": method(func(m message, c *groovy.Call) (groovy.Value, error) {
			return c.This, eachHeader(c, headers{m.fields()}.put)
		}),
		"close": method(func(m message, _ *groovy.Call) (groovy.Value, error) {
			m.body().Close()
			return nil, nil
		}),
		"withCloseable": withCloseable,
	},
}

// withCloseable runs a closure and closes the message after it.
func withCloseable(c *groovy.Call) (groovy.Value, error) {
	v, err := c.Invoke(c.Arg(0), c.This)
	if _, closing := c.InvokeMethod(c.This, "close"); err == nil {
		err = closing
	}
	return v, err
}

var requestClass = &groovy.Class{
	Name:       "org.forgerock.http.protocol.Request",
	Interfaces: []*groovy.Class{messageClass},
	New: func(c *groovy.Call) (groovy.Value, error) {
		if c.Len() == 1 {
			from, ok := c.Arg(0).(request)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			var r *chain.Request
			var err error
			c.Wait(func() { r, err = from.r.Clone() })
			return request{r}, err
		}
		return request{chain.NewRequest()}, c.Want(0, 0)
	},
	Get: getters{
		"method":      getter(func(m request) groovy.Value { return orNull(m.r.Method) }),
		"uri":         getter(func(m request) groovy.Value { return uri{m.r.URI} }),
		"version":     getter(func(m request) groovy.Value { return m.r.Proto }),
		"cookies":     getter(func(m request) groovy.Value { return requestCookies{&m.r.Header} }),
		"queryParams": getter(func(m request) groovy.Value { return parseForm(m.r.URI.RawQuery) }),
	},
	Methods: methods{
		"getForm": method(func(m request, c *groovy.Call) (groovy.Value, error) {
			f := parseForm(m.r.URI.RawQuery)
			if m.r.Method != "POST" {
				return f, nil
			}
			body, err := bodyForm(c, entity{&m.r.Entity, &m.r.Header})
			if err != nil {
				return nil, err
			}
			f.addAll(body)
			return f, nil
		}),
		"setMethod": method(func(m request, c *groovy.Call) (groovy.Value, error) {
			if err := m.r.Set("method", c.Str(0)); err != nil {
				return nil, badArgument("%s", err)
			}
			return c.This, nil
		}),
		"setUri": method(func(m request, c *groovy.Call) (groovy.Value, error) {
			u, err := uriOf(c.Arg(0))
			if err != nil {
				return nil, err
			}
			m.r.URI = u
			return c.This, nil
		}),
		"setVersion": method(func(m request, c *groovy.Call) (groovy.Value, error) {
			m.r.Proto = c.Str(0)
			return c.This, nil
		}),
	},
}

var responseClass = &groovy.Class{
	Name:       "org.forgerock.http.protocol.Response",
	Interfaces: []*groovy.Class{messageClass},
	New: func(c *groovy.Call) (groovy.Value, error) {
		switch s := c.Arg(0).(type) {
		case nil:
			// Without a status a response of the original has none; 200 spares its users a
			// failure at the edge.
			return response{chain.NewResponse(200)}, c.Want(0, 0)
		case response:
			return copyResponse(s.r)
		default:
			st, err := asStatus(s)
			if err != nil || c.Len() != 1 {
				return nil, c.NoSuchMethod()
			}
			r := chain.NewResponse(st.Code)
			r.Status = st
			return response{r}, nil
		}
	},
	Static: methods{"newResponsePromise": func(c *groovy.Call) (groovy.Value, error) {
		if err := c.Want(1, 1); err != nil {
			return nil, err
		}
		return resolved(c.Arg(0)), nil
	}},
	Get: getters{
		"status":  getter(func(m response) groovy.Value { return status{m.r.Status} }),
		"version": getter(func(m response) groovy.Value { return m.r.Proto }),
		"cause": getter(func(m response) groovy.Value {
			if m.r.Cause == nil {
				return nil
			}
			return exceptionOf(m.r.Cause)
		}),
	},
	Methods: methods{
		"setStatus": method(func(m response, c *groovy.Call) (groovy.Value, error) {
			s, err := asStatus(c.Arg(0))
			if err != nil {
				return nil, err
			}
			m.r.Status = s
			return c.This, nil
		}),
		"setVersion": method(func(m response, c *groovy.Call) (groovy.Value, error) {
			m.r.Proto = c.Str(0)
			return c.This, nil
		}),
		"setCause": method(func(m response, c *groovy.Call) (groovy.Value, error) {
			m.r.Cause = asError(c.Arg(0))
			return c.This, nil
		}),
	},
}

func copyResponse(from *chain.Response) (groovy.Value, error) {
	r := chain.NewResponse(from.Status.Code)
	r.Status, r.Proto, r.Cause = from.Status, from.Proto, from.Cause
	b, err := from.Entity.Bytes()
	if err != nil {
		return nil, err
	}
	r.Entity.SetBytes(b)
	for name, values := range from.Header {
		r.Header[name] = append([]string(nil), values...)
	}
	r.Trailer = from.Trailer.Clone()
	return response{r}, nil
}

// eachHeader hands on the Header objects that are the arguments, or in the list that is.
func eachHeader(c *groovy.Call, to func(name string, v groovy.Value) error) error {
	items, many := elements(c.Arg(0))
	if !many {
		items = c.Args
	}
	for _, v := range items {
		name, value, err := nameAndValue(&groovy.Call{Args: []groovy.Value{v}})
		if err != nil {
			return badArgument("%s takes Header objects", c.Name)
		}
		if err := to(name, value); err != nil {
			return err
		}
	}
	return nil
}
