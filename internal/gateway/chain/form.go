package chain

import (
	"net/url"
	"sort"
	"strings"
)

// Form maps parameter names to their values.
type Form map[string][]string

// Get returns the values of a parameter.
func (f Form) Get(name string) (any, bool) {
	v, ok := f[name]
	if !ok {
		return nil, false
	}
	return v, true
}

// Keys lists the names in order.
func (f Form) Keys() []string {
	names := make([]string, 0, len(f))
	for n := range f {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// Call offers getFirst.
func (f Form) Call(method string, args []any) (any, error) {
	if method == "getFirst" && len(args) == 1 {
		name, _ := args[0].(string)
		if vs := f[name]; len(vs) > 0 {
			return vs[0], nil
		}
		return nil, nil
	}
	return nil, ErrReadOnly
}

func (f Form) String() string { return url.Values(f).Encode() }

// Bounds of what one form may hold.
const (
	maxFormFields = 10_000
	maxFormBytes  = 8 << 20
)

// ParseForm reads name=value pairs separated by & (WHATWG URL §5.1). What cannot be
// decoded is kept as it was sent. A form with more than 10,000 pairs counts as empty: a part
// of it would look like a form that somebody else reads otherwise.
func ParseForm(s string) Form {
	f, _ := parseForm(s)
	return f
}

func parseForm(s string) (f Form, ok bool) {
	f = Form{}
	if !EachField(s, func(name, value string) { f[name] = append(f[name], value) }) {
		return Form{}, false
	}
	return f, true
}

// EachField gives the pairs of a form in their order. When it tells false there were too
// many, and the form counts as empty.
func EachField(s string, field func(name, value string)) bool {
	n := 0
	for pair := range strings.SplitSeq(s, "&") {
		if pair == "" {
			continue
		}
		if n++; n > maxFormFields {
			return false
		}
		name, value, _ := strings.Cut(pair, "=")
		field(unescapeForm(name), unescapeForm(value))
	}
	return true
}

func unescapeForm(s string) string {
	if d, err := url.QueryUnescape(s); err == nil {
		return d
	}
	return s
}

// QueryForm reads the query of a URI.
func QueryForm(u *URI) Form { return ParseForm(u.RawQuery) }

// RequestForm merges the query with the form body of a POST.
func RequestForm(r *Request) Form {
	f := QueryForm(r.URI)
	if r.Method != "POST" {
		return f
	}
	for name, values := range r.Entity.Form() {
		f[name] = append(f[name], values...)
	}
	return f
}
