package gateway

import (
	"context"
	"fmt"
	"sync"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// Trace is the way of one exchange through the objects of a gateway that was loaded
// with Options.Record. Secrets in it are masked.
type Trace struct {
	// Steps are the outermost objects, in order.
	Steps []*Step `json:"steps"`

	mu      sync.Mutex
	began   time.Time
	current *Step
}

// Step is one object on the way, or one condition that was asked.
type Step struct {
	// Kind is route, filter, handler or condition.
	Kind string `json:"kind"`
	// Name is the object's name, or its type and place when it has none.
	Name string `json:"name"`
	Type string `json:"type,omitempty"`
	// Place is where it is declared: file:line:column.
	Place string `json:"place,omitempty"`
	// Condition is the text of a condition, Held its result.
	Condition string `json:"condition,omitempty"`
	Held      *bool  `json:"held,omitempty"`
	// Aside marks what a filter does besides the request, for instance asking another
	// server for a token.
	Aside bool `json:"aside,omitempty"`
	// At is when the step began, counted from the beginning of the trace; Took is the
	// time until it was left, Own the part of it that was not spent further down.
	At   time.Duration `json:"atNanos"`
	Took time.Duration `json:"tookNanos"`
	Own  time.Duration `json:"ownNanos"`
	// Request is what the object changed in the request before it passed it on.
	Request []Change `json:"request,omitempty"`
	// Contexts are those that the object added.
	Contexts []AddedContext `json:"contexts,omitempty"`
	// Answered says that the object made the response itself.
	Answered bool `json:"answered,omitempty"`
	// Response is what the object changed in the response, all of it when it answered.
	Response []Change `json:"response,omitempty"`
	// Error is why the object failed.
	Error string  `json:"error,omitempty"`
	Steps []*Step `json:"steps,omitempty"`

	parent *Step
	seen   messageSeen   // the request as the object knows it
	leaf   chain.Context // its innermost context
	below  *messageSeen  // the response that came from further down
	inner  time.Duration // time spent there
	inNext bool          // a filter passed the request on
}

// Change is a part of a message before and after an object.
type Change struct {
	// What is method, uri, header, entity or status.
	What string `json:"what"`
	// Name is the name of a header field.
	Name   string `json:"name,omitempty"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// AddedContext is a context with what captures show of it.
type AddedContext struct {
	Name   string         `json:"name"`
	Values map[string]any `json:"values,omitempty"`
}

type traceKey struct{}

// traceOf returns the trace that an exchange is recorded in, or nil.
func traceOf(ctx context.Context) *Trace {
	t, _ := ctx.Value(traceKey{}).(*Trace)
	return t
}

// NewTrace returns a context whose exchanges leave their steps in the trace. Read the
// trace when they have ended.
func NewTrace(ctx context.Context) (context.Context, *Trace) {
	t := &Trace{began: time.Now()}
	return context.WithValue(ctx, traceKey{}, t), t
}

// recorder wraps objects so that exchanges which carry a Trace leave their steps in it.
type recorder struct{}

func place(n *conf.Node) string {
	line, col := n.Pos()
	if line == 0 {
		return n.File()
	}
	return fmt.Sprintf("%s:%d:%d", n.File(), line, col)
}

// Object wraps filters and handlers.
func (recorder) Object(v any, env *heap.Env) any {
	s := Step{Name: env.Name, Type: env.Type, Place: place(env.Decl)}
	f, isFilter := v.(chain.Filter)
	h, isHandler := v.(chain.Handler)
	switch {
	case isFilter && isHandler:
		return v
	case isFilter:
		s.Kind = "filter"
		return recordedFilter(s, f)
	case isHandler:
		s.Kind = "handler"
		return recordedHandler(s, h)
	}
	return v
}

// Condition returns what notes the result of the condition at n.
func (recorder) Condition(n *conf.Node, h *heap.Heap) func(expr.Scope, bool) {
	made := Step{Kind: "condition", Name: n.Path(), Place: place(n), Condition: n.Text}
	if n.Pointer() == "/condition" {
		made.Name = "route " + h.Name
	}
	switch n.Kind {
	case conf.Object:
		if e := n.Get("expression"); e != nil {
			made.Condition = e.Text
		}
	case conf.Bool:
		made.Condition = fmt.Sprint(n.Bool)
	}
	return func(s expr.Scope, held bool) {
		x, ok := s.(interface{ Ctx() context.Context })
		if !ok {
			return
		}
		if t := traceOf(x.Ctx()); t != nil {
			c := made
			c.Held = &held
			t.mu.Lock()
			defer t.mu.Unlock()
			c.At = time.Since(t.began)
			t.add(&c)
		}
	}
}

// recordRoute makes the route itself a step.
func (i *instance) recordRoute(r *route) {
	if i.services.Recorder != nil {
		r.handler = recordedHandler(Step{Kind: "route", Name: r.name, Place: i.relative(r.file)}, r.handler)
	}
}

func (t *Trace) add(s *Step) {
	s.parent = t.current
	if s.parent == nil {
		t.Steps = append(t.Steps, s)
	} else {
		s.parent.Steps = append(s.parent.Steps, s)
	}
}

// enter begins a step. What its parent, a handler, changed in the request shows now.
func (t *Trace) enter(made Step, x *chain.Exchange) *Step {
	s := &made
	s.seen, s.leaf = requestSeen(x.Request), x.Context
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.current; p != nil {
		s.Aside = p.Kind == "filter" && !p.inNext
		if p.Kind != "filter" {
			p.passOn(s.seen, x)
		}
	}
	t.add(s)
	s.At, t.current = time.Since(t.began), s
	return s
}

// passOn notes what was changed in the request before it went further down.
func (s *Step) passOn(now messageSeen, x *chain.Exchange) {
	if root(s.leaf) != root(x.Context) {
		return // a request of its own
	}
	s.Request = append(s.Request, changes(s.seen, now)...)
	s.seen = now
	s.Contexts = append(s.Contexts, addedContexts(s.leaf, x.Context)...)
	s.leaf = x.Context
}

func root(c chain.Context) *chain.RootContext { return chain.Find[*chain.RootContext](c) }

// leave ends a step.
func (t *Trace) leave(s *Step, resp *chain.Response, err error) {
	took := time.Since(t.began) - s.At
	after := responseSeen(resp)
	t.mu.Lock()
	defer t.mu.Unlock()
	s.Took, s.Own = took, max(took-s.inner, 0)
	switch {
	case err != nil:
		s.Error = maskText(err.Error())
	case s.below == nil:
		s.Answered = true
		s.Response = changes(messageSeen{}, after)
	default:
		s.Response = changes(*s.below, after)
	}
	if resp != nil && resp.Cause != nil && s.Answered {
		s.Error = maskText(resp.Cause.Error())
	}
	if t.current == s {
		t.current = s.parent
	}
	if p := s.parent; p != nil && p.Kind != "filter" && root(p.leaf) == root(s.leaf) {
		p.inner += took
		if err == nil {
			p.below = &after
		}
	}
}

func recordedHandler(made Step, h chain.Handler) chain.Handler {
	return chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		t := traceOf(x.Ctx())
		if t == nil {
			return h.Handle(x)
		}
		s := t.enter(made, x)
		resp, err := h.Handle(x)
		t.leave(s, resp, err)
		return resp, err
	})
}

func recordedFilter(made Step, f chain.Filter) chain.Filter {
	return chain.FilterFunc(func(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
		t := traceOf(x.Ctx())
		if t == nil {
			return f.Filter(x, next)
		}
		s := t.enter(made, x)
		resp, err := f.Filter(x, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
			now := requestSeen(x.Request)
			t.mu.Lock()
			s.passOn(now, x)
			s.inNext = true
			begin := time.Since(t.began)
			t.mu.Unlock()
			resp, err := next.Handle(x)
			after := responseSeen(resp)
			t.mu.Lock()
			defer t.mu.Unlock()
			s.inner += time.Since(t.began) - begin
			s.inNext = false
			if err == nil {
				s.below = &after
			}
			return resp, err
		}))
		t.leave(s, resp, err)
		return resp, err
	})
}

// DescribeRequest is method and URI with secrets masked.
func DescribeRequest(r *chain.Request) string { return r.Method + " " + maskText(maskQuery(r.URI)) }

// DescribeResponse is a response as a change from nothing, with secrets masked.
func DescribeResponse(r *chain.Response) []Change { return changes(messageSeen{}, responseSeen(r)) }

// Open starts the objects and listens nowhere, for tools that send exchanges
// themselves. shut stops the objects.
func (g *Gateway) Open(ctx context.Context) (shut func(), err error) {
	g.building.Lock()
	defer g.building.Unlock()
	if err := g.admin.heap.Start(ctx); err != nil {
		return nil, err
	}
	if err := g.heap.Start(ctx); err != nil {
		g.admin.heap.Stop()
		return nil, err
	}
	return func() {
		g.heap.Stop()
		g.admin.heap.Stop()
	}, nil
}

// Try sends a request through the root handler as if a client on this machine had
// sent it. The gateway must have been loaded with Options.Record and opened.
func (g *Gateway) Try(ctx context.Context, req *chain.Request) (*Trace, *chain.Response, error) {
	ctx, t := NewTrace(ctx)
	id := "try-" + t.began.UTC().Format("20060102T150405.000000000")
	original := req.URI.Clone()
	x := chain.New(ctx, req, &chain.RootContext{ID: id})
	for _, c := range []chain.Context{
		&chain.TransactionContext{Value: id}, &chain.AuditContext{Received: t.began},
		&chain.ClientContext{RemoteAddr: "127.0.0.1:0", LocalAddr: "127.0.0.1:0", Secure: req.URI.Scheme == "https", UserAgent: req.Header.Get("User-Agent")},
		&chain.RouterContext{OriginalURI: original}, &chain.AttributesContext{},
	} {
		x = x.Push(c)
	}
	resp, err := g.root.Handle(x)
	if err == nil && resp == nil {
		err = errNoResponse
	}
	return t, resp, err
}
