// Package chain is the contract between everything that a request passes: an
// Exchange goes through filters to a handler, and a Response comes back the way it
// came. It holds no behaviour of its own.
package chain

import (
	"context"
	"errors"
)

// Handler answers an exchange. It returns a response or an error, never both nil.
// An error is a failure of the chain, not an answer: filters above may see it, and
// what reaches the edge becomes an empty 500. Handlers are called concurrently.
type Handler interface {
	Handle(x *Exchange) (*Response, error)
}

// Filter stands before a Handler. It may change the request, answer by itself, or
// change the response that next returned. Filters are called concurrently.
type Filter interface {
	Filter(x *Exchange, next Handler) (*Response, error)
}

// HandlerFunc lets a function be a Handler.
type HandlerFunc func(x *Exchange) (*Response, error)

// Handle calls f.
func (f HandlerFunc) Handle(x *Exchange) (*Response, error) { return f(x) }

// FilterFunc lets a function be a Filter.
type FilterFunc func(x *Exchange, next Handler) (*Response, error)

// Filter calls f.
func (f FilterFunc) Filter(x *Exchange, next Handler) (*Response, error) { return f(x, next) }

// Exchange is one request on its way: the request, shared and changeable, and the
// innermost context of what is known about it. An exchange belongs to one goroutine
// at a time; Push and With make cheap copies for what lies further down.
type Exchange struct {
	ctx     context.Context
	Request *Request
	// Context is the innermost context.
	Context Context
}

// New returns an exchange. ctx ends when the client is gone or the answer is written.
func New(ctx context.Context, req *Request, leaf Context) *Exchange {
	return &Exchange{ctx: ctx, Request: req, Context: leaf}
}

// Ctx carries cancellation and deadlines.
func (x *Exchange) Ctx() context.Context { return x.ctx }

// Push returns an exchange whose innermost context is c, on top of the present
// ones. c must be new: a context is pushed once.
func (x *Exchange) Push(c Context) *Exchange {
	c.attach(x.Context)
	return &Exchange{ctx: x.ctx, Request: x.Request, Context: c}
}

// With returns an exchange with another request and the same contexts.
func (x *Exchange) With(req *Request) *Exchange {
	return &Exchange{ctx: x.ctx, Request: req, Context: x.Context}
}

// At returns an exchange with the same request below another context.
func (x *Exchange) At(c Context) *Exchange {
	return &Exchange{ctx: x.ctx, Request: x.Request, Context: c}
}

// WithCtx returns an exchange with another cancellation.
func (x *Exchange) WithCtx(ctx context.Context) *Exchange {
	return &Exchange{ctx: ctx, Request: x.Request, Context: x.Context}
}

// Lookup gives expressions their implicit roots: request, context, contexts,
// attributes, session. It makes an Exchange the scope of a runtime expression
// where there is no response.
func (x *Exchange) Lookup(name string) (any, bool) {
	switch name {
	case "request":
		return x.Request, true
	case "contexts":
		return Contexts{x.Context}, true
	case "context":
		return x.Context, true
	case "attributes":
		if a := Find[*AttributesContext](x.Context); a != nil {
			return a.Map(), true
		}
		return nil, true
	case "session":
		if s := Find[*SessionContext](x.Context); s != nil {
			return s.Session, true
		}
		return nil, true
	case "response":
		return nil, true
	}
	return nil, false
}

// ResponseScope is the scope of an expression that also sees the response.
type ResponseScope struct {
	*Exchange
	Response *Response
}

// Lookup adds response to the names of the exchange.
func (s ResponseScope) Lookup(name string) (any, bool) {
	if name == "response" {
		return s.Response, true
	}
	return s.Exchange.Lookup(name)
}

// ErrTooLarge says that a body is longer than its storage allows.
var ErrTooLarge = errors.New("the body is larger than the temporary storage allows")

// UpstreamError is what a client handler fails with when no response could be had.
type UpstreamError struct {
	// Op says what failed: "connect", "write request", "read response", …
	Op  string
	URL string // without user info and query
	Err error
}

func (e *UpstreamError) Error() string {
	return e.Op + " " + e.URL + ": " + e.Err.Error()
}

func (e *UpstreamError) Unwrap() error { return e.Err }
