package chain

import (
	"fmt"
	"net/http"
	"net/textproto"
	"sort"
	"strings"
)

// Headers is the map of header fields as expressions see it: names in any case,
// values always a list.
type Headers http.Header

// Get returns the list of values.
func (h Headers) Get(name string) (any, bool) {
	vs, ok := h[textproto.CanonicalMIMEHeaderKey(name)]
	if !ok || len(vs) == 0 {
		return nil, false
	}
	return vs, true
}

// HoldsLists lets expressions assign to the first value of a field that is not there.
func (h Headers) HoldsLists() {}

// Set replaces the values: a string, a list or nil, which removes the field.
func (h Headers) Set(name string, v any) error {
	if h == nil {
		return ErrReadOnly
	}
	key := textproto.CanonicalMIMEHeaderKey(name)
	vs, err := headerValues(v)
	if err != nil {
		return fmt.Errorf("header %s: %w", name, err)
	}
	if vs == nil {
		delete(h, key)
		return nil
	}
	for _, s := range vs {
		if err := CheckHeader(key, s); err != nil {
			return err
		}
	}
	h[key] = vs
	return nil
}

func headerValues(v any) ([]string, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		return []string{v}, nil
	case []string:
		return append([]string(nil), v...), nil
	case []any:
		vs := make([]string, 0, len(v))
		for _, e := range v {
			if e != nil {
				vs = append(vs, fmt.Sprint(e))
			}
		}
		return vs, nil
	case fmt.Stringer, int, int64, bool, float64:
		return []string{fmt.Sprint(v)}, nil
	}
	return nil, fmt.Errorf("%T cannot be a header value", v)
}

// Call offers getFirst.
func (h Headers) Call(method string, args []any) (any, error) {
	if (method == "getFirst" || method == "get") && len(args) == 1 {
		v, ok := h.Get(fmt.Sprint(args[0]))
		if !ok {
			return nil, nil
		}
		if method == "getFirst" {
			return v.([]string)[0], nil
		}
		return v, nil
	}
	return nil, fmt.Errorf("headers have no method %s", method)
}

// Keys lists the names in order.
func (h Headers) Keys() []string {
	names := make([]string, 0, len(h))
	for n := range h {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

func (h Headers) String() string {
	var b strings.Builder
	b.WriteByte('{')
	for i, n := range h.Keys() {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s=[%s]", n, strings.Join(h[n], ", "))
	}
	b.WriteByte('}')
	return b.String()
}

// CheckHeader refuses names and values that would break the message: RFC 9110 §5.5,
// and CR, LF or NUL anywhere.
func CheckHeader(name, value string) error {
	if !validToken(name) {
		return fmt.Errorf("header name %q is not allowed", name)
	}
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return fmt.Errorf("header %s: the value has a control character", name)
		}
	}
	return nil
}

// CookieList maps cookie names to cookies.
type CookieList map[string][]any

// Get returns the cookies of that name.
func (c CookieList) Get(name string) (any, bool) {
	v, ok := c[name]
	return v, ok
}

// Keys lists the names in order.
func (c CookieList) Keys() []string {
	names := make([]string, 0, len(c))
	for n := range c {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// Cookie is one cookie of a request as expressions see it.
type Cookie struct{ Name, Value string }

// Get returns a property.
func (c Cookie) Get(name string) (any, bool) {
	switch name {
	case "name":
		return c.Name, true
	case "value":
		return c.Value, true
	case "domain", "path", "maxAge", "expires", "version":
		return nil, true
	case "secure", "httpOnly":
		return false, true
	}
	return nil, false
}

// Cookies reads the Cookie fields of a request.
func Cookies(h http.Header) CookieList {
	list := CookieList{}
	EachCookie(h, func(_, name, value string) { list[name] = append(list[name], Cookie{name, value}) })
	return list
}

// EachCookie calls yield with the cookies of a request: the pair as it is written, and
// its parts without quotes.
func EachCookie(h http.Header, yield func(pair, name, value string)) {
	for _, line := range h["Cookie"] {
		for pair := range strings.SplitSeq(line, ";") {
			pair = strings.Trim(pair, " \t")
			name, value, ok := strings.Cut(pair, "=")
			if !ok || name == "" {
				continue
			}
			value = strings.TrimLeft(value, " \t")
			if n := len(value); n > 1 && value[0] == '"' && value[n-1] == '"' {
				value = value[1 : n-1]
			}
			yield(pair, strings.TrimRight(name, " \t"), value)
		}
	}
}

// CookieValue is the value of a request's first cookie of a name.
func CookieValue(h http.Header, name string) (value string, found bool) {
	EachCookie(h, func(_, n, v string) {
		if n == name && !found {
			value, found = v, true
		}
	})
	return value, found
}
