package script

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatehouse/internal/groovy"
)

// message is a request or a response as the older dialect has them.
type message struct {
	status *status // nil: a request
	method string
	url    *url.URL
	header http.Header
	body   []byte
}

func newMessage(r *response) *message {
	return &message{status: &status{r.status}, header: r.header, body: r.body}
}

// GroovyClass is Request or Response.
func (m *message) GroovyClass() *groovy.Class {
	if m.status == nil {
		return requestClass
	}
	return responseClass
}

const protocol = "org.forgerock.http.protocol."

var messageClass = &groovy.Class{
	Name: protocol + "Message",
	Methods: map[string]groovy.Method{
		"getHeaders": onMessage(0, func(m *message, _ *groovy.Call) (groovy.Value, error) { return &headers{m.header}, nil }),
		"getEntity":  onMessage(0, func(m *message, _ *groovy.Call) (groovy.Value, error) { return &entity{m}, nil }),
		"setEntity": onMessage(1, func(m *message, c *groovy.Call) (groovy.Value, error) {
			return m, setBody(&m.body, m.header, unwrapped(c.Arg(0)))
		}),
		"close": onMessage(0, func(*message, *groovy.Call) (groovy.Value, error) { return nil, nil }),
	},
}

var requestClass = &groovy.Class{
	Name: protocol + "Request", Super: messageClass,
	New: func(c *groovy.Call) (groovy.Value, error) {
		switch from := c.Arg(0).(type) {
		case nil:
			return &message{method: http.MethodGet, header: http.Header{}}, nil
		case *message:
			if from.status == nil {
				copied := *from
				copied.header = from.header.Clone()
				return &copied, nil
			}
		}
		return nil, wrong(c)
	},
	Methods: map[string]groovy.Method{
		"getMethod": onMessage(0, func(m *message, _ *groovy.Call) (groovy.Value, error) { return m.method, nil }),
		"setMethod": onMessage(1, func(m *message, c *groovy.Call) (groovy.Value, error) { m.method = text(c.Arg(0)); return m, nil }),
		"getUri": onMessage(0, func(m *message, _ *groovy.Call) (groovy.Value, error) {
			if m.url == nil {
				return nil, nil
			}
			return m.url.String(), nil
		}),
		"setUri": onMessage(1, func(m *message, c *groovy.Call) (_ groovy.Value, err error) {
			m.url, err = addressOf(text(c.Arg(0)))
			return m, err
		}),
	},
}

var responseClass = &groovy.Class{
	Name: protocol + "Response", Super: messageClass,
	Methods: map[string]groovy.Method{
		"getStatus": onMessage(0, func(m *message, _ *groovy.Call) (groovy.Value, error) { return m.status, nil }),
		// What the guides say a response has besides.
		"getStatusCode":   onMessage(0, func(m *message, _ *groovy.Call) (groovy.Value, error) { return int64(m.status.code), nil }),
		"getReasonPhrase": onMessage(0, func(m *message, _ *groovy.Call) (groovy.Value, error) { return http.StatusText(m.status.code), nil }),
		"hasHeaders":      onMessage(0, func(m *message, _ *groovy.Call) (groovy.Value, error) { return len(m.header) > 0, nil }),
		"hasCookies":      onMessage(0, func(m *message, _ *groovy.Call) (groovy.Value, error) { return len(m.cookies()) > 0, nil }),
		"getCookies": onMessage(0, func(m *message, _ *groovy.Call) (groovy.Value, error) {
			out := groovy.NewMap()
			for _, c := range m.cookies() {
				out.Put(c.Name, c.Value)
			}
			return out, nil
		}),
	},
}

func (m *message) cookies() []*http.Cookie { return (&http.Response{Header: m.header}).Cookies() }

func onMessage(n int, do func(*message, *groovy.Call) (groovy.Value, error)) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		if len(c.Args) != n {
			return nil, wrong(c)
		}
		return do(c.This.(*message), c)
	}
}

// status is what a response says of itself.
type status struct{ code int }

// GroovyClass is Status.
func (*status) GroovyClass() *groovy.Class { return statusClass }

var statusClass = &groovy.Class{
	Name: protocol + "Status",
	Methods: map[string]groovy.Method{
		"getCode":         ofStatus(func(s *status) groovy.Value { return int64(s.code) }),
		"getReasonPhrase": ofStatus(func(s *status) groovy.Value { return http.StatusText(s.code) }),
		"isInformational": ofStatus(func(s *status) groovy.Value { return s.code/100 == 1 }),
		"isSuccessful":    ofStatus(func(s *status) groovy.Value { return s.code/100 == 2 }),
		"isRedirection":   ofStatus(func(s *status) groovy.Value { return s.code/100 == 3 }),
		"isClientError":   ofStatus(func(s *status) groovy.Value { return s.code/100 == 4 }),
		"isServerError":   ofStatus(func(s *status) groovy.Value { return s.code/100 == 5 }),
	},
	StaticFields: statuses(),
	Static: map[string]groovy.Method{
		"valueOf": func(c *groovy.Call) (groovy.Value, error) {
			n, ok := integer(c.Arg(0))
			if !ok || n < 100 || n > 599 {
				return nil, wrong(c)
			}
			return &status{int(n)}, nil
		},
	},
	Equals: func(a, b groovy.Value) bool {
		x, _ := a.(*status)
		y, _ := b.(*status)
		return x != nil && y != nil && x.code == y.code
	},
	String: func(this groovy.Value) string {
		s := this.(*status)
		return "[Status: " + text(int64(s.code)) + " " + http.StatusText(s.code) + "]"
	},
}

// statuses are the constants, named after their reasons.
func statuses() map[string]func() groovy.Value {
	out := map[string]func() groovy.Value{}
	for code := 100; code < 600; code++ {
		if reason := http.StatusText(code); reason != "" {
			out[strings.ToUpper(strings.NewReplacer(" ", "_", "-", "_", "'", "").Replace(reason))] = always(&status{code})
		}
	}
	return out
}

func ofStatus(what func(*status) groovy.Value) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) { return what(c.This.(*status)), nil }
}

// headers are those of a message.
type headers struct{ http.Header }

// GroovyClass is Headers.
func (*headers) GroovyClass() *groovy.Class { return headersClass }

var headersClass = &groovy.Class{
	Name: protocol + "Headers",
	Methods: map[string]groovy.Method{
		"add": onHeaders(2, func(h *headers, c *groovy.Call) (groovy.Value, error) {
			addHeader(h.Header, text(c.Arg(0)), c.Arg(1))
			return nil, nil
		}),
		"put": onHeaders(2, func(h *headers, c *groovy.Call) (groovy.Value, error) { h.put(c.Arg(0), c.Arg(1)); return nil, nil }),
		"get": onHeaders(1, func(h *headers, c *groovy.Call) (groovy.Value, error) { return h.named(text(c.Arg(0))), nil }),
		"getFirst": onHeaders(1, func(h *headers, c *groovy.Call) (groovy.Value, error) {
			if h.Values(text(c.Arg(0))) == nil {
				return nil, nil
			}
			return h.Get(text(c.Arg(0))), nil
		}),
		"remove": onHeaders(1, func(h *headers, c *groovy.Call) (groovy.Value, error) { h.Del(text(c.Arg(0))); return nil, nil }),
		"containsKey": onHeaders(1, func(h *headers, c *groovy.Call) (groovy.Value, error) {
			return h.Values(text(c.Arg(0))) != nil, nil
		}),
		"keySet": onHeaders(0, func(h *headers, _ *groovy.Call) (groovy.Value, error) {
			return setOf(slices.Sorted(maps.Keys(h.Header))), nil
		}),
		"copyAsMultiMapOfStrings": onHeaders(0, func(h *headers, _ *groovy.Call) (groovy.Value, error) { return lists(h.Header), nil }),
	},
	Index: func(this, key groovy.Value) (groovy.Value, error) { return this.(*headers).named(text(key)), nil },
	SetIndex: func(this, key, v groovy.Value) error {
		this.(*headers).put(key, v)
		return nil
	},
	PropertyMissing: func(this groovy.Value, name string) (groovy.Value, bool) { return this.(*headers).named(name), true },
	SetMissing: func(this groovy.Value, name string, v groovy.Value) (bool, error) {
		this.(*headers).put(name, v)
		return true, nil
	},
	String: func(this groovy.Value) string { return text(lists(this.(*headers).Header)) },
}

func onHeaders(n int, do func(*headers, *groovy.Call) (groovy.Value, error)) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		if len(c.Args) != n {
			return nil, wrong(c)
		}
		return do(c.This.(*headers), c)
	}
}

// put replaces a header; null takes it away.
func (h *headers) put(name, v groovy.Value) {
	h.Del(text(name))
	if v != nil {
		addHeader(h.Header, text(name), v)
	}
}

func (h *headers) named(name string) groovy.Value {
	values := h.Values(name)
	if values == nil {
		return nil
	}
	return &headerValue{http.CanonicalHeaderKey(name), values}
}

// headerValue is one header.
type headerValue struct {
	name   string
	values []string
}

// GroovyClass is Header.
func (*headerValue) GroovyClass() *groovy.Class { return headerClass }

var headerClass = &groovy.Class{
	Name: protocol + "Header",
	Methods: map[string]groovy.Method{
		"getName":       func(c *groovy.Call) (groovy.Value, error) { return c.This.(*headerValue).name, nil },
		"getValues":     func(c *groovy.Call) (groovy.Value, error) { return listOf(c.This.(*headerValue).values), nil },
		"getFirstValue": func(c *groovy.Call) (groovy.Value, error) { return c.This.(*headerValue).values[0], nil },
	},
	Index: func(this, key groovy.Value) (groovy.Value, error) {
		values := this.(*headerValue).values
		i, ok := integer(key)
		if !ok || i < 0 || i >= int64(len(values)) {
			return nil, outside(key, len(values))
		}
		return values[i], nil
	},
	String: func(this groovy.Value) string { return strings.Join(this.(*headerValue).values, ",") },
}

// entity is what a message carries.
type entity struct{ m *message }

// GroovyClass is Entity.
func (*entity) GroovyClass() *groovy.Class { return entityClass }

var entityClass = &groovy.Class{
	Name: protocol + "Entity",
	Methods: map[string]groovy.Method{
		"getString": onEntity(0, func(e *entity, _ *groovy.Call) (groovy.Value, error) { return string(e.m.body), nil }),
		"getBytes":  onEntity(0, func(e *entity, _ *groovy.Call) (groovy.Value, error) { return slices.Clone(e.m.body), nil }),
		"getJson":   onEntity(0, func(e *entity, _ *groovy.Call) (groovy.Value, error) { return (&response{body: e.m.body}).json() }),
		"getForm":   onEntity(0, func(e *entity, _ *groovy.Call) (groovy.Value, error) { return (&response{body: e.m.body}).form() }),
		"setString": onEntity(1, func(e *entity, c *groovy.Call) (groovy.Value, error) {
			e.m.body = []byte(revealed(c.Arg(0)))
			return nil, nil
		}),
		"setBytes": onEntity(1, func(e *entity, c *groovy.Call) (_ groovy.Value, err error) {
			e.m.body, err = bytesOf(c.Arg(0))
			return nil, err
		}),
		"setJson": onEntity(1, func(e *entity, c *groovy.Call) (groovy.Value, error) {
			raw, err := encode(c.Arg(0))
			if err == nil {
				e.m.body = raw
				e.m.header.Set("Content-Type", "application/json; charset=UTF-8")
			}
			return nil, err
		}),
		"setEmpty":              onEntity(0, func(e *entity, _ *groovy.Call) (groovy.Value, error) { e.m.body = nil; return nil, nil }),
		"isRawContentEmpty":     onEntity(0, func(e *entity, _ *groovy.Call) (groovy.Value, error) { return len(e.m.body) == 0, nil }),
		"isDecodedContentEmpty": onEntity(0, func(e *entity, _ *groovy.Call) (groovy.Value, error) { return len(e.m.body) == 0, nil }),
		"close":                 onEntity(0, func(*entity, *groovy.Call) (groovy.Value, error) { return nil, nil }),
	},
	String: func(this groovy.Value) string { return string(this.(*entity).m.body) },
}

func onEntity(n int, do func(*entity, *groovy.Call) (groovy.Value, error)) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		if len(c.Args) != n {
			return nil, wrong(c)
		}
		return do(c.This.(*entity), c)
	}
}

// form is a set of fields that a request carries.
type form struct{ url.Values }

// GroovyClass is Form.
func (*form) GroovyClass() *groovy.Class { return formClass }

var formClass = &groovy.Class{
	Name: protocol + "Form",
	New:  func(*groovy.Call) (groovy.Value, error) { return &form{url.Values{}}, nil },
	Methods: map[string]groovy.Method{
		"add": onForm(2, func(f *form, c *groovy.Call) (groovy.Value, error) {
			f.Add(text(c.Arg(0)), revealed(c.Arg(1)))
			return nil, nil
		}),
		"putSingle": onForm(2, func(f *form, c *groovy.Call) (groovy.Value, error) {
			f.Set(text(c.Arg(0)), revealed(c.Arg(1)))
			return nil, nil
		}),
		"getFirst": onForm(1, func(f *form, c *groovy.Call) (groovy.Value, error) { return orNull(f.Get(text(c.Arg(0)))), nil }),
		"toString": encodedForm, "toFormString": encodedForm, "toQueryString": encodedForm,
		"toRequestEntity": onForm(1, func(f *form, c *groovy.Call) (groovy.Value, error) {
			m, ok := c.Arg(0).(*message)
			if !ok || m.status != nil {
				return nil, wrong(c)
			}
			m.method, m.body = http.MethodPost, []byte(f.Encode())
			m.header.Set("Content-Type", "application/x-www-form-urlencoded")
			return nil, nil
		}),
		"toRequestQuery": onForm(1, func(f *form, c *groovy.Call) (groovy.Value, error) {
			m, ok := c.Arg(0).(*message)
			if !ok || m.url == nil {
				return nil, wrong(c)
			}
			m.url.RawQuery = f.Encode()
			return nil, nil
		}),
	},
	String: func(this groovy.Value) string { return this.(*form).Encode() },
}

var encodedForm = onForm(0, func(f *form, _ *groovy.Call) (groovy.Value, error) { return f.Encode(), nil })

func onForm(n int, do func(*form, *groovy.Call) (groovy.Value, error)) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		if len(c.Args) != n {
			return nil, wrong(c)
		}
		return do(c.This.(*form), c)
	}
}
