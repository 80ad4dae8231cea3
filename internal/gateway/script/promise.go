package script

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/groovy"
)

// outcome is how a promise ends: with a value, or with an error that is checked (what
// thenCatch sees), a runtime exception, or the end of the script itself.
type outcome struct {
	value groovy.Value
	err   error
	kind  outcomeKind
}

type outcomeKind uint8

const (
	result outcomeKind = iota
	exception
	runtimeException
	fatal // a limit: no callback sees it
)

// promise is org.forgerock.util.promise.Promise. Callbacks run on the goroutine that
// settles it, which is the script's: a call in flight only fills source.
type promise struct {
	mu      sync.Mutex
	done    bool
	out     outcome
	source  *flight  // the call in flight that this is the outcome of
	after   *promise // what this one waits for
	waiting []waiter
}

// waiter is told the outcome of a promise. It gives the promise that ends with that, if
// any, and its outcome.
type waiter func(invoker, outcome) (*promise, outcome)

// flight is a call on a goroutine of its own; out is there once landed is closed.
type flight struct {
	landed chan struct{}
	out    outcome
}

// invoker calls a function of the script, within a running method or from outside.
type invoker func(fn groovy.Value, args ...groovy.Value) (groovy.Value, error)

// outside calls functions of a script that is not running at the moment.
func outside(ctx context.Context) invoker {
	return func(fn groovy.Value, args ...groovy.Value) (groovy.Value, error) {
		return groovy.Invoke(ctx, fn, args...)
	}
}

func resolved(v groovy.Value) *promise { return &promise{done: true, out: outcome{value: v}} }

func failed(err error) *promise { return &promise{done: true, out: failure(err)} }

// failure is the outcome of an error.
func failure(err error) outcome {
	var limit *groovy.LimitError
	var thrown *groovy.Thrown
	switch {
	case errors.As(err, &limit):
		return outcome{err: err, kind: fatal}
	case errors.As(err, &thrown) && checked(thrown):
		return outcome{err: err, kind: exception}
	}
	return outcome{err: err, kind: runtimeException}
}

// answered is the outcome of a handler. Limits of other scripts are failures of the
// chain like any other.
func answered(r *chain.Response, err error) outcome {
	switch {
	case err != nil:
		return outcome{err: err, kind: runtimeException}
	case r == nil:
		return outcome{err: groovy.Throw(nullPointer, "the handler gave no response"), kind: runtimeException}
	}
	return outcome{value: response{r}}
}

// checked says whether an exception is one that Java makes callers declare: no
// RuntimeException and no Error.
func checked(t *groovy.Thrown) bool {
	if o, ok := t.Value.(*groovy.Object); ok {
		for c := o.Class(); c != nil; c = c.Super {
			if c.Super == nil || unchecked(c.Name) {
				return !unchecked(c.Name) && !unchecked(c.Extends)
			}
		}
	}
	if e, ok := exceptions[t.Class]; ok {
		return e
	}
	return !unchecked(t.Class)
}

// unchecked knows the exceptions of the JDK by name.
func unchecked(name string) bool {
	switch name {
	case "java.lang.Exception", "java.lang.InterruptedException", "java.lang.CloneNotSupportedException",
		"java.lang.Throwable", "java.text.ParseException":
		return false
	case "java.io.UncheckedIOException":
		return true
	case responseException:
		return false
	}
	for _, p := range []string{"java.io.", "java.net.", "java.security.", "javax.crypto.", "java.lang.Reflective", "java.lang.ClassNotFound",
		"java.lang.NoSuch", "java.lang.Instantiation", "javax.naming.", "java.util.concurrent.Timeout", "java.util.concurrent.Execution"} {
		if strings.HasPrefix(name, p) {
			return false
		}
	}
	return !exceptions[name]
}

func (p *promise) isDone() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done
}

// settledNow is the outcome of a promise that has ended.
func (p *promise) settledNow() (outcome, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out, p.done
}

// settle ends the promise, once, and runs what waits for it. Chains of promises may be
// longer than Go's stack is deep, so that what waits stands in a list.
func (p *promise) settle(call invoker, o outcome) bool {
	waiting, was := p.end(o)
	if was {
		return false
	}
	type task struct {
		run waiter
		o   outcome
	}
	var todo []task
	push := func(waiting []waiter, o outcome) {
		for _, w := range slices.Backward(waiting) {
			todo = append(todo, task{w, o})
		}
	}
	for push(waiting, o); len(todo) > 0; {
		t := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if next, o := t.run(call, t.o); next != nil {
			waiting, _ := next.end(o)
			push(waiting, o)
		}
	}
	return true
}

// end takes the outcome, and gives what waited for it; was says that there was one.
func (p *promise) end(o outcome) (waiting []waiter, was bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done {
		return nil, true
	}
	waiting = p.waiting
	p.done, p.out, p.source, p.after, p.waiting = true, o, nil, nil, nil
	return waiting, false
}

// later has w run when the promise ends. It does not if the promise has ended.
func (p *promise) later(w waiter) (o outcome, ended bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.done {
		p.waiting = append(p.waiting, w)
	}
	return p.out, p.done
}

// whenDone runs w when the promise ends, at once if it did.
func (p *promise) whenDone(call invoker, w waiter) {
	if o, ended := p.later(w); ended {
		if next, o := w(call, o); next != nil {
			next.settle(call, o)
		}
	}
}

// then makes the promise of what f makes of the outcome: another outcome, or a
// promise to wait for.
func (p *promise) then(call invoker, f func(invoker, outcome) (outcome, *promise)) *promise {
	d := &promise{after: p}
	p.whenDone(call, func(call invoker, o outcome) (*promise, outcome) {
		o, inner := f(call, o)
		if inner == nil {
			return d, o
		}
		d.mu.Lock()
		d.after = inner
		d.mu.Unlock()
		if o, ended := inner.later(func(_ invoker, o outcome) (*promise, outcome) { return d, o }); ended {
			return d, o
		}
		return nil, outcome{}
	})
	return d
}

// await waits for the end of the promise and runs the callbacks that this sets free.
// wait wraps what blocks.
func (p *promise) await(call invoker, wait func(func())) outcome {
	for {
		if o, done := p.settledNow(); done {
			return o
		}
		first, source := p.first()
		if first == nil {
			return outcome{err: groovy.Throw(illegalState, "nothing will ever complete this promise"), kind: runtimeException}
		}
		// The end of ctx ends the call, and with it this.
		wait(func() { <-source.landed })
		first.settle(call, source.out)
	}
}

// first is the promise of a call in flight that this one waits for, over others; nil
// when there is none, as when promises wait for each other.
func (p *promise) first() (*promise, *flight) {
	seen, pause := p, 1 // every so often a promise is kept, to know it again
	for steps := 1; ; steps++ {
		p.mu.Lock()
		source, after := p.source, p.after
		p.mu.Unlock()
		switch {
		case source != nil:
			return p, source
		case after == nil || after == seen:
			return nil, nil
		}
		if p = after; steps == pause {
			seen, pause = p, 2*pause
		}
	}
}

func atOnce(f func()) { f() }

// asPromise takes a promise as it is and anything else as its result.
func asPromise(v groovy.Value) *promise {
	if p, ok := v.(*promise); ok {
		return p
	}
	return resolved(v)
}

// exceptionOf gives scripts an error as an exception.
func exceptionOf(err error) groovy.Value {
	var t *groovy.Thrown
	if errors.As(err, &t) {
		return t.Exception()
	}
	return &groovy.Thrown{Class: runtimeError, Message: err.Error(), Cause: err}
}

// asError is exceptionOf the other way round. An error that passed through a script
// comes out as it went in.
func asError(v groovy.Value) error {
	switch v := v.(type) {
	case nil:
		return nil
	case *groovy.Thrown:
		if v.Class == runtimeError && v.Cause != nil && v.Frames == nil && v.Message == v.Cause.Error() {
			return v.Cause
		}
		return v
	case error:
		return v
	case *groovy.Object:
		return &groovy.Thrown{Class: v.ClassName(), Message: groovy.ToString(v), Value: v}
	}
	return groovy.Throw(runtimeError, "%s", groovy.ToString(v))
}
