package script

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/groovy"
	"gatehouse/internal/observe"
)

// run is one execution of a script.
type run struct {
	script *Script
	unit   *unit
	x      *chain.Exchange
	http   client

	mu    sync.Mutex // a closure kept in globals may call from another run
	ended bool
	calls []*promise // calls beside the script
	open  int        // those of them that have not settled
	first *chain.Response
	more  []*chain.Response // responses that the script got, after the first
	held  []io.Closer       // what the script opened
}

// over is the failure of a call that comes after the end of its script: the exchange
// belongs to others by then.
func (r *run) over() error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return groovy.Throw(illegalState, "the script that this object belongs to has ended")
	}
	return nil
}

// uses says which of the variables that are made for each run a script mentions.
type uses struct{ request, context, contexts, attributes, session, http, next bool }

// pick chooses the variables that the text mentions.
func (u *unit) pick(s *Script) {
	w := u.words
	u.uses = uses{w.has("request"), w.has("context"), w.has("contexts"), w.has("attributes"), w.has("session"),
		w.has("http"), w.has("next")}
	u.vars = nil
	for _, v := range s.vars {
		if u.words.has(v.Name) {
			u.vars = append(u.vars, v)
		}
	}
}

// Run executes the script for an exchange and waits for its result: promises are
// resolved. Vars come on top of the common variables.
func (s *Script) Run(x *chain.Exchange, vars ...Var) (groovy.Value, error) {
	o := s.run(x, nil, vars, nil)
	return o.value, o.err
}

// Handle makes a script a chain.Handler.
func (s *Script) Handle(x *chain.Exchange) (*chain.Response, error) { return s.respond(x, nil) }

// Filter makes a script a chain.Filter.
func (s *Script) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	return s.respond(x, next)
}

func (s *Script) respond(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	var resp *chain.Response
	o := s.run(x, next, nil, func(o outcome) *chain.Response {
		r, err := asResponse(o)
		if err == nil {
			resp = r
		}
		return r
	})
	if o.kind == result && resp == nil {
		_, err := asResponse(o)
		return nil, s.failed(err)
	}
	if o.kind != result {
		return nil, o.err
	}
	return resp, nil
}

// run executes the script. keep says which response leaves with the result; the
// streams of all others are closed.
func (s *Script) run(x *chain.Exchange, next chain.Handler, vars []Var, keep func(outcome) *chain.Response) outcome {
	u, err := s.current()
	if err == nil {
		err = s.clash
	}
	if err != nil {
		return outcome{err: s.failed(err), kind: runtimeException}
	}
	ctx, span := observe.Start(x.Ctx(), "script")
	if span.On() {
		span.Set(attribute.String("code.file.path", s.name))
	}
	if ctx != x.Ctx() {
		x = x.WithCtx(ctx)
	}
	r := &run{script: s, unit: u, x: x}
	if u.reaches {
		r.within()
		defer r.closeHeld()
	}
	v, err := u.script.Run(r.x.Ctx(), r.bind(next, vars))
	o := outcome{value: v}
	defer func() {
		s.engine.note(o.err)
		span.End(o.err)
	}()
	if err != nil {
		o = failure(err)
	} else if p, ok := v.(*promise); ok {
		if o, ok = p.settledNow(); !ok {
			o = p.await(outside(r.x.Ctx()), atOnce)
		}
	}
	var kept *chain.Response
	if keep != nil {
		kept = keep(o)
	}
	r.end(kept)
	if o.kind != result {
		o.err = s.failed(o.err)
	}
	return o
}

// bind makes the variables of a run, but for those that the script does not mention.
func (r *run) bind(next chain.Handler, vars []Var) *groovy.Binding {
	b, w := groovy.NewBinding(nil), &r.unit.uses
	if w.request {
		b.Set("request", request{r.x.Request})
	}
	if w.context {
		b.Set("context", contextHost{r.x.Context})
	}
	if w.http {
		r.http = client{r.script.client, r}
		b.Set("http", &r.http)
	}
	if next != nil && w.next {
		b.Set("next", handler{next, r})
	}
	if w.contexts {
		b.Set("contexts", contexts{r.x.Context})
	}
	if w.attributes {
		if a := chain.Find[*chain.AttributesContext](r.x.Context); a != nil {
			b.Set("attributes", attributes{a})
		}
	}
	if w.session {
		if c := chain.Find[*chain.SessionContext](r.x.Context); c != nil {
			b.Set("session", &session{c.Session})
		}
	}
	for _, v := range r.unit.vars {
		if h, ok := v.Value.(handler); ok {
			b.Set(v.Name, handler{h.h, r})
			continue
		}
		b.Set(v.Name, v.Value)
	}
	for _, v := range vars {
		if r.unit.words.has(v.Name) {
			b.Set(v.Name, toScript(v.Value))
		}
	}
	return b
}

// got notes a response that the script received: unless it leaves with the result,
// nobody else would close its stream. One without a stream may be forgotten.
func (r *run) got(o outcome) {
	resp, ok := o.value.(response)
	if !ok || resp.r.Entity.Buffered() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.first == nil:
		r.first = resp.r
	default:
		r.more = append(r.more, resp.r)
	}
}

// launch runs a call beside the script. A panic in it is a failure of the call.
func (r *run) launch(call func(context.Context) outcome) *promise {
	f := &flight{landed: make(chan struct{})}
	go func() {
		defer close(f.landed)
		defer func() {
			if p := recover(); p != nil {
				f.out = outcome{err: fmt.Errorf("panic in a call of a script: %v\n%s", p, debug.Stack()), kind: runtimeException}
			}
		}()
		f.out = call(r.x.Ctx())
	}()
	p := &promise{source: f}
	p.later(func(_ invoker, o outcome) (*promise, outcome) {
		r.mu.Lock()
		r.open--
		r.mu.Unlock()
		r.got(o)
		return nil, outcome{}
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open++
	if len(r.calls) >= 2*maxCalls { // a script may call for as long as it likes
		r.calls = slices.DeleteFunc(r.calls, (*promise).isDone)
	}
	r.calls = append(r.calls, p)
	return p
}

// end waits for calls that nobody waited for and closes what the script left behind.
func (r *run) end(kept *chain.Response) {
	for p := r.next(nil); p != nil; p = r.next(p) { // callbacks may launch more
		p.await(outside(r.x.Ctx()), atOnce)
	}
	drop := func(resp *chain.Response) {
		if resp != nil && resp != kept && !resp.Entity.Buffered() {
			resp.Entity.Close()
		}
	}
	drop(r.first)
	for _, resp := range r.more {
		drop(resp)
	}
}

// next drops a call that was waited for and gives another. When there is none the run has ended.
func (r *run) next(after *promise) *promise {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = slices.DeleteFunc(r.calls, func(p *promise) bool { return p == after })
	if len(r.calls) > 0 {
		return r.calls[0]
	}
	r.ended = true
	return nil
}

// Error is the failure of a script with the place in it.
type Error struct {
	Script string
	Err    error
}

func (e *Error) Error() string {
	text := e.Err.Error()
	if strings.HasPrefix(text, e.Script+":") { // exceptions name their place themselves
		return "script " + text
	}
	return "script " + e.Script + ": " + text
}

// Unwrap returns the exception.
func (e *Error) Unwrap() error { return e.Err }

// failed adds the script's name, once, to errors that do not say where they come from.
func (s *Script) failed(err error) error {
	var own *Error
	if err == nil || errors.As(err, &own) {
		return err
	}
	return &Error{s.shown(), err}
}

func (s *Script) shown() string {
	if s.file != nil {
		return s.file.shown
	}
	return s.name
}

// detail is an error with the script's frames.
func detail(err error) string {
	var t *groovy.Thrown
	if errors.As(err, &t) {
		return t.Detail()
	}
	return err.Error()
}
