package chain

import (
	"fmt"
	"net/http"
	"strings"
)

// Request is what goes towards the handler. Filters change it in place.
type Request struct {
	Method  string
	URI     *URI
	Proto   string // "HTTP/1.1" or "HTTP/2"
	Header  http.Header
	Trailer http.Header
	Entity  Entity
}

// NewRequest returns a GET request without target.
func NewRequest() *Request {
	r := &Request{Method: "GET", URI: &URI{Port: -1}, Proto: "HTTP/1.1", Header: http.Header{}}
	r.Entity.Bind(r.Header)
	return r
}

// Clone returns a deep copy whose entity can be read independently; the entity is
// buffered for that.
func (r *Request) Clone() (*Request, error) {
	if err := r.Entity.Buffer(); err != nil {
		return nil, err
	}
	c := &Request{Method: r.Method, URI: r.URI.Clone(), Proto: r.Proto, Header: r.Header.Clone(), Trailer: r.Trailer.Clone()}
	if c.Header == nil {
		c.Header = http.Header{}
	}
	c.Entity.Bind(c.Header)
	c.Entity.copyOf(&r.Entity)
	return c, nil
}

// Get returns a property as expressions see it.
func (r *Request) Get(name string) (any, bool) {
	switch name {
	case "method":
		return r.Method, true
	case "uri":
		return r.URI, true
	case "version":
		return r.Proto, true
	case "headers":
		return Headers(r.Header), true
	case "trailers":
		return Headers(r.Trailer), true
	case "cookies":
		return Cookies(r.Header), true
	case "queryParams":
		return QueryForm(r.URI), true
	case "form":
		return RequestForm(r), true
	case "entity":
		return &r.Entity, true
	}
	return nil, false
}

// Set assigns a property.
func (r *Request) Set(name string, v any) error {
	switch name {
	case "method":
		m, ok := v.(string)
		if !ok || !validToken(m) {
			return fmt.Errorf("request.method: %v is no method", v)
		}
		r.Method = m
	case "uri":
		if u, ok := v.(*URI); ok {
			r.URI = u.Clone()
			return nil
		}
		u, err := ParseURI(fmt.Sprint(v))
		if err != nil {
			return err
		}
		r.URI = u
	case "version":
		r.Proto = fmt.Sprint(v)
	case "entity":
		return r.Entity.SetValue(v)
	default:
		return ErrReadOnly
	}
	return nil
}

func (r *Request) String() string { return r.Method + " " + r.URI.String() }

// Response is what comes back.
type Response struct {
	Status  Status
	Proto   string
	Header  http.Header
	Trailer http.Header
	Entity  Entity
	// Cause is why the gateway itself made this answer; nil for answers of others.
	Cause error
	// Upgrade is the raw connection to the upstream after a 101, else nil.
	Upgrade Upgrade
}

// Upgrade joins the client's raw connection with the upstream's.
type Upgrade interface {
	// Tunnel copies both ways until one side ends. It closes both.
	Tunnel(client Conn)
}

// Conn is the client side of an upgraded connection.
type Conn interface {
	Read(p []byte) (int, error)
	Write(p []byte) (int, error)
	Close() error
}

// NewResponse returns an empty response.
func NewResponse(code int) *Response {
	r := &Response{Status: StatusOf(code), Header: http.Header{}}
	r.Entity.Bind(r.Header)
	return r
}

// Fail returns an empty response that remembers why.
func Fail(code int, cause error) *Response {
	r := NewResponse(code)
	r.Cause = cause
	return r
}

// Get returns a property as expressions see it.
func (r *Response) Get(name string) (any, bool) {
	switch name {
	case "status":
		return r.Status, true
	case "version":
		return r.Proto, true
	case "headers":
		return Headers(r.Header), true
	case "trailers":
		return Headers(r.Trailer), true
	case "entity":
		return &r.Entity, true
	case "cause":
		if r.Cause == nil {
			return nil, true
		}
		return r.Cause.Error(), true
	}
	return nil, false
}

// Set assigns a property.
func (r *Response) Set(name string, v any) error {
	switch name {
	case "status":
		switch s := v.(type) {
		case Status:
			r.Status = s
		case int64:
			r.Status = StatusOf(int(s))
		case int:
			r.Status = StatusOf(s)
		default:
			return fmt.Errorf("response.status: %v is no status", v)
		}
	case "entity":
		return r.Entity.SetValue(v)
	default:
		return ErrReadOnly
	}
	return nil
}

// Status is a status code with its phrase.
type Status struct {
	Code   int
	Reason string
}

// StatusOf returns the status with the standard phrase.
func StatusOf(code int) Status { return Status{code, http.StatusText(code)} }

// Family is INFORMATIONAL, SUCCESSFUL, REDIRECTION, CLIENT_ERROR, SERVER_ERROR or UNKNOWN.
func (s Status) Family() string {
	switch s.Code / 100 {
	case 1:
		return "INFORMATIONAL"
	case 2:
		return "SUCCESSFUL"
	case 3:
		return "REDIRECTION"
	case 4:
		return "CLIENT_ERROR"
	case 5:
		return "SERVER_ERROR"
	}
	return "UNKNOWN"
}

func (s Status) String() string { return fmt.Sprintf("[Status: %d %s]", s.Code, s.Reason) }

// Get returns a property as expressions see it.
func (s Status) Get(name string) (any, bool) {
	switch name {
	case "code":
		return int64(s.Code), true
	case "reasonPhrase":
		return s.Reason, true
	case "family":
		return s.Family(), true
	}
	if want, ok := families[strings.ToLower(strings.TrimPrefix(name, "is"))]; ok {
		return s.Family() == want, true
	}
	return nil, false
}

// Call offers isSuccessful() and its like.
func (s Status) Call(method string, _ []any) (any, error) {
	if v, ok := s.Get(method); ok && strings.HasPrefix(method, "is") {
		return v, nil
	}
	return nil, fmt.Errorf("status has no method %s", method)
}

var families = map[string]string{
	"informational": "INFORMATIONAL", "successful": "SUCCESSFUL", "redirection": "REDIRECTION",
	"clienterror": "CLIENT_ERROR", "servererror": "SERVER_ERROR",
}

func validToken(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte("()<>@,;:\\\"/[]?={}", c) >= 0 {
			return false
		}
	}
	return true
}

// GetText is Get for the properties that are texts; it spares expressions an allocation.
func (r *Request) GetText(name string) (string, bool) {
	switch name {
	case "method":
		return r.Method, true
	case "version":
		return r.Proto, true
	}
	return "", false
}
