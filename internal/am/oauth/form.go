package oauth

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unsafe"

	"gatehouse/internal/observe"
)

// Limits of what a request may bring. A token request has a dozen parameters and a JWT or two.
const (
	maxBody   = 1 << 20
	maxParams = 100
	maxName   = 256
)

// Form holds request parameters in the order sent. There are few, so a list is faster than a map.
type Form struct {
	names, values []string
}

var (
	errDuplicate = Refuse("invalid_request", "The request has a duplicate request parameter.")
	errMedia     = Refuse("invalid_request", "Invalid Content Type")
	errMalformed = Refuse("invalid_request", "The request is missing a required parameter, includes an invalid "+
		"parameter value, or is otherwise malformed.")
	errTooLarge = Refuse("request_too_large", "The request body is too large.")
)

// repeatable tells the parameters that may be sent several times (RFC 8693 §2.1, RFC 8707 §2).
func repeatable(name string) bool { return name == "audience" || name == "resource" }

// ParseForm reads application/x-www-form-urlencoded strictly: a broken escape, a NUL or a
// parameter sent twice (RFC 6749 §3.2) is refused.
func ParseForm(text string) (*Form, error) {
	f := &Form{}
	if n := strings.Count(text, "&") + 1; n <= maxParams {
		list := make([]string, 2*n)
		f.names, f.values = list[:0:n], list[n:n]
	}
	for text != "" {
		var pair string
		pair, text, _ = strings.Cut(text, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		var err error
		if name, err = unescape(name); err == nil {
			value, err = unescape(value)
		}
		if err != nil || name == "" || len(name) > maxName {
			return nil, errMalformed.Because(err)
		}
		if err := f.add(name, value); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *Form) add(name, value string) error {
	if f.Has(name) && !repeatable(name) {
		return errDuplicate
	}
	if len(f.names) == maxParams {
		return errMalformed.Because(observe.OverLimit("parameters"))
	}
	f.names, f.values = append(f.names, name), append(f.values, value)
	return nil
}

func unescape(s string) (string, error) {
	if strings.ContainsAny(s, "%+\x00") {
		out, err := url.QueryUnescape(s)
		if err != nil || strings.IndexByte(out, 0) >= 0 {
			return "", errors.New("broken escape or NUL")
		}
		return out, nil
	}
	return s, nil
}

// Get returns the (first) value of a parameter, "" when it was not sent. A parameter sent without a value
// counts as not sent (RFC 6749 §3.2).
func (f *Form) Get(name string) string {
	for i, n := range f.names {
		if n == name {
			return f.values[i]
		}
	}
	return ""
}

// Has tells whether the parameter was sent, with or without a value.
func (f *Form) Has(name string) bool {
	for _, n := range f.names {
		if n == name {
			return true
		}
	}
	return false
}

// All returns every value of a parameter, in the order sent.
func (f *Form) All(name string) []string {
	var out []string
	for i, n := range f.names {
		if n == name {
			out = append(out, f.values[i])
		}
	}
	return out
}

// Each calls visit for every parameter.
func (f *Form) Each(visit func(name, value string)) {
	for i, n := range f.names {
		visit(n, f.values[i])
	}
}

// set replaces or adds a parameter; request objects and pushed requests do that.
func (f *Form) set(name, value string) {
	for i, n := range f.names {
		if n == name {
			f.values[i] = value
			return
		}
	}
	f.names, f.values = append(f.names, name), append(f.values, value)
}

func (f *Form) without(names ...string) *Form {
	out := &Form{}
	for i, n := range f.names {
		keep := true
		for _, d := range names {
			keep = keep && d != n
		}
		if keep {
			out.names, out.values = append(out.names, n), append(out.values, f.values[i])
		}
	}
	return out
}

// sorted is encode in an order that does not depend on how the form was written.
func (f *Form) sorted() string {
	pairs := strings.Split(f.encode(), "&")
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

func (f *Form) encode() string {
	var b strings.Builder
	for i, n := range f.names {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(n) + "=" + url.QueryEscape(f.values[i]))
	}
	return b.String()
}

// readForm reads the body of a POST.
func readForm(r *http.Request) (*Form, error) {
	if !isForm(headerValue(r, "Content-Type")) {
		return nil, errMedia
	}
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	return ParseForm(body)
}

// headerValue is Header.Get for a name in canonical form.
func headerValue(r *http.Request, name string) string {
	if values := r.Header[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

func isForm(contentType string) bool {
	const form = "application/x-www-form-urlencoded"
	if contentType == form {
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == form
}

// presized is how much a request may have set aside on its word alone.
const presized = 16 << 10

func readBody(r *http.Request) (string, error) {
	if r.ContentLength > maxBody {
		return "", errTooLarge
	}
	if n := r.ContentLength; n >= 0 && n <= presized {
		b := make([]byte, n)
		if _, err := io.ReadFull(r.Body, b); err != nil {
			return "", errMalformed.Because(err)
		}
		return unsafe.String(unsafe.SliceData(b), len(b)), nil
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if len(b) > maxBody {
		return "", errTooLarge
	}
	if err != nil {
		return "", errMalformed.Because(err)
	}
	return string(b), nil
}
