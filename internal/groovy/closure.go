package groovy

import (
	"context"
	"sync"
)

// cell holds a variable that closures share with their maker.
type cell struct {
	mu sync.Mutex
	v  Value
}

func (c *cell) get() Value {
	c.mu.Lock()
	v := c.v
	c.mu.Unlock()
	return v
}

func (c *cell) set(v Value) {
	c.mu.Lock()
	c.v = v
	c.mu.Unlock()
}

const (
	ownerFirst = iota
	delegateFirst
	ownerOnly
	delegateOnly
	toSelf
)

// Closure is a closure, lambda or method reference.
type Closure struct {
	fn       *compiled // nil for native ones
	native   func(th *thread, args []Value) Value
	name     string // of a method reference
	nargs    int    // of a native one; -1: any
	caps     []*cell
	run      *run
	this     Value
	owner    Value
	mu       sync.Mutex
	delegate Value
	strategy int
	left     []Value // curried arguments
	right    []Value
	iface    *Class // set by "as Function"
	pass     bool   // calls hand all arguments to native, e.g. composition
}

// Call runs the closure from Go, outside of any Method: for callbacks that come
// later. Limits are those of the run that made it, with a new wall time.
func (c *Closure) Call(ctx context.Context, args ...Value) (v Value, err error) {
	if c.run == nil {
		return nil, Throw(excIllegalState, "the closure belongs to no run")
	}
	th, err := c.run.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer c.run.leave(th)
	defer th.recoverErr(&err, th.mark())
	return th.callClosure(c, trimArgs(c, fromHosts(args))), nil
}

// Interface is the class the closure was coerced to with "as", or nil.
func (c *Closure) Interface() *Class { return c.iface }

// Params is the number of parameters a call should pass at most; an implicit
// "it" counts as one, -1 means any number.
func (c *Closure) Params() int {
	if c.fn == nil && c.nargs < 0 {
		return -1
	}
	return c.arity()
}

// Invoke calls any callable value from Go: a *Closure or an *Object of a
// functional interface.
func Invoke(ctx context.Context, fn Value, args ...Value) (v Value, err error) {
	if c, ok := fn.(*Closure); ok {
		return c.Call(ctx, args...)
	}
	o, ok := fn.(*Object)
	if !ok {
		return nil, Throw(excNoMethod, "a value of %T cannot be called", fn)
	}
	th, err := o.run.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer o.run.leave(th)
	defer th.recoverErr(&err, th.mark())
	return th.call(o, fromHosts(args)...), nil
}

// InvokeMethod calls a method of a script object from Go.
func (o *Object) InvokeMethod(ctx context.Context, name string, args ...Value) (v Value, err error) {
	th, err := o.run.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer o.run.leave(th)
	defer th.recoverErr(&err, th.mark())
	return th.callMethod(o, name, fromHosts(args)), nil
}

func (c *Closure) implicit() bool { return c.fn != nil && c.fn.implicit }

func (c *Closure) arity() int {
	n := max(c.nargs, 0)
	if c.fn != nil {
		n = len(c.fn.params)
		if c.fn.implicit {
			n = 1
		}
	}
	return max(n-len(c.left)-len(c.right), 0)
}

func (c *Closure) clone() *Closure {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &Closure{fn: c.fn, native: c.native, name: c.name, nargs: c.nargs, caps: c.caps, run: c.run, this: c.this, owner: c.owner,
		delegate: c.delegate, strategy: c.strategy, left: c.left, right: c.right, iface: c.iface, pass: c.pass}
}

func (c *Closure) deleg() (Value, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.delegate, c.strategy
}

func (c *Closure) setDelegate(v Value, strategy int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.delegate = v
	if strategy >= 0 {
		c.strategy = strategy
	}
}

// nativeClosure wraps a Go function as a closure of n parameters.
func (th *thread) nativeClosure(name string, n int, f func(th *thread, args []Value) Value) *Closure {
	return &Closure{native: f, name: name, nargs: n, run: th.run}
}

// callClosure runs a closure with the arguments adapted to its parameters.
func (th *thread) callClosure(c *Closure, args []Value) Value {
	if c.left != nil || c.right != nil {
		all := make([]Value, 0, len(c.left)+len(args)+len(c.right))
		args = append(append(append(all, c.left...), args...), c.right...)
	}
	if c.native != nil {
		th.step()
		return th.deeper(func() Value { return c.native(th, args) })
	}
	return c.fn.invoke(th, c, c.this, c.caps, args)
}

// deeper counts the depth of what runs without a frame of its own.
func (th *thread) deeper(f func() Value) Value {
	th.depth++
	if th.depth > th.eng.env.Limits.Depth {
		th.limit("depth", nil)
	}
	v := f()
	th.depth--
	return v
}

// call runs any callable value.
func (th *thread) call(fn Value, args ...Value) Value {
	switch x := fn.(type) {
	case *Closure:
		return th.callClosure(x, args)
	case nil:
		th.throw(excNull, "Cannot invoke method call() on null object")
	case *Object:
		if name := x.samName(th); name != "" {
			return th.deeper(func() Value { return th.callMethod(x, name, args) })
		}
	case Host:
		m := th.eng.metaOf(x)
		if m.h.SAM != "" && m.methods["call"] == nil {
			return th.callMethod(x, m.h.SAM, args)
		}
	}
	return th.deeper(func() Value { return th.callMethod(fn, "call", args) })
}

// trimArgs spares callbacks of hosts arguments they do not declare.
func trimArgs(fn Value, args []Value) []Value {
	if c, ok := fn.(*Closure); ok {
		return fitArgs(c, args...)
	}
	return args
}
