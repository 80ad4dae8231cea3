package script

import (
	"gatehouse/internal/groovy"
)

func (*promise) GroovyClass() *groovy.Class { return promiseClass }

var promiseClass = &groovy.Class{
	Name: "org.forgerock.util.promise.Promise",
	New:  func(c *groovy.Call) (groovy.Value, error) { return &promise{}, c.Want(0, 0) },
	Static: methods{
		"create": func(*groovy.Call) (groovy.Value, error) { return &promise{}, nil },
	},
	Methods: methods{
		"then":                           then(on{result: 0, exception: 1, runtimeException: 2}, maps),
		"thenAsync":                      then(on{result: 0, exception: 1, runtimeException: 2}, maps),
		"thenCatch":                      then(on{exception: 0}, maps),
		"thenCatchAsync":                 then(on{exception: 0}, maps),
		"thenCatchRuntimeException":      then(on{runtimeException: 0}, maps),
		"thenCatchRuntimeExceptionAsync": then(on{runtimeException: 0}, maps),
		"thenOnResult":                   then(on{result: 0}, observes),
		"thenOnException":                then(on{exception: 0}, observes),
		"thenOnRuntimeException":         then(on{runtimeException: 0}, observes),
		"thenOnResultOrException":        thenEither,
		"thenAlways":                     then(on{result: 0, exception: 0, runtimeException: 0}, runs),
		"thenFinally":                    then(on{result: 0, exception: 0, runtimeException: 0}, runs),
		"thenDiscardResult": method(func(p *promise, c *groovy.Call) (groovy.Value, error) {
			return p.then(c.Invoke, func(_ invoker, o outcome) (outcome, *promise) {
				if o.kind == result {
					o.value = nil
				}
				return o, nil
			}), nil
		}),
		"get":                       promiseGet,
		"getOrThrow":                promiseGet,
		"getOrThrowUninterruptibly": promiseGet,
		"isDone":                    method(func(p *promise, _ *groovy.Call) (groovy.Value, error) { return p.isDone(), nil }),
		"isCancelled":               method(func(*promise, *groovy.Call) (groovy.Value, error) { return false, nil }),
		"cancel":                    method(func(*promise, *groovy.Call) (groovy.Value, error) { return false, nil }),
		"handleResult": method(func(p *promise, c *groovy.Call) (groovy.Value, error) {
			return nil, settled(p, c, outcome{value: c.Arg(0)})
		}),
		"tryHandleResult": method(func(p *promise, c *groovy.Call) (groovy.Value, error) {
			return p.settle(c.Invoke, outcome{value: c.Arg(0)}), nil
		}),
		"handleException": method(func(p *promise, c *groovy.Call) (groovy.Value, error) {
			return nil, settled(p, c, outcome{err: asError(c.Arg(0)), kind: exception})
		}),
		"handleRuntimeException": method(func(p *promise, c *groovy.Call) (groovy.Value, error) {
			return nil, settled(p, c, outcome{err: asError(c.Arg(0)), kind: runtimeException})
		}),
	},
}

func settled(p *promise, c *groovy.Call, o outcome) error {
	if !p.settle(c.Invoke, o) {
		return groovy.Throw(illegalState, "the promise was completed before")
	}
	return nil
}

// promiseSize is about what a promise with its callback takes.
const promiseSize = 400

// on says which argument of a method handles which outcome.
type on map[outcomeKind]int

type effect uint8

const (
	maps     effect = iota // the callback's value is the new outcome
	observes               // the outcome stays
	runs                   // the outcome stays and is not passed
)

// then makes a method of Promise. A callback that fails is the failure of the new
// promise.
func then(which on, e effect) groovy.Method {
	return method(func(p *promise, c *groovy.Call) (groovy.Value, error) {
		if err := c.Want(1, 3); err != nil {
			return nil, err
		}
		if err := c.Alloc(promiseSize); err != nil {
			return nil, err
		}
		args := c.Args
		next := p.then(c.Invoke, func(call invoker, o outcome) (outcome, *promise) {
			i, ok := which[o.kind]
			if !ok || i >= len(args) || args[i] == nil {
				return o, nil
			}
			arg := o.value
			if o.kind != result {
				arg = exceptionOf(o.err)
			}
			var v groovy.Value
			var err error
			if e == runs {
				v, err = invoke(call, args[i])
			} else {
				v, err = invoke(call, args[i], arg)
			}
			if err != nil {
				return failure(err), nil
			}
			if e != maps {
				return o, nil
			}
			if inner, ok := v.(*promise); ok {
				return outcome{}, inner
			}
			return outcome{value: v}, nil
		})
		return next, nil
	})
}

// thenEither takes a handler for each, or one Runnable for both.
var thenEither = func(c *groovy.Call) (groovy.Value, error) {
	if c.Len() == 1 {
		return then(on{result: 0, exception: 0}, runs)(c)
	}
	return then(on{result: 0, exception: 1}, observes)(c)
}

// invoke calls a function with as many of the arguments as it takes.
func invoke(call invoker, fn groovy.Value, args ...groovy.Value) (groovy.Value, error) {
	if c, ok := fn.(*groovy.Closure); ok {
		if n := c.Params(); n >= 0 && n < len(args) {
			args = args[:n]
		}
	}
	return call(fn, args...)
}

var promiseGet = method(func(p *promise, c *groovy.Call) (groovy.Value, error) {
	o := p.await(c.Invoke, c.Wait)
	return o.value, o.err
})

var promisesClass = &groovy.Class{
	Name: "org.forgerock.util.promise.Promises",
	Static: methods{
		"newResultPromise": func(c *groovy.Call) (groovy.Value, error) { return resolved(c.Arg(0)), c.Want(1, 1) },
		"newExceptionPromise": func(c *groovy.Call) (groovy.Value, error) {
			return &promise{done: true, out: outcome{err: asError(c.Arg(0)), kind: exception}}, c.Want(1, 1)
		},
		"newRuntimeExceptionPromise": func(c *groovy.Call) (groovy.Value, error) {
			return &promise{done: true, out: outcome{err: asError(c.Arg(0)), kind: runtimeException}}, c.Want(1, 1)
		},
		"newPromise": func(c *groovy.Call) (groovy.Value, error) { // the work of a function, done at once
			if err := c.Want(1, 1); err != nil {
				return nil, err
			}
			v, err := c.Invoke(c.Arg(0))
			if err != nil {
				return &promise{done: true, out: failure(err)}, nil
			}
			return resolved(v), nil
		},
		"when": promisesWhen,
		"join": promisesWhen,
	},
}

// promisesWhen is the promise of all results, in the order of the promises; the first
// failure is its own.
func promisesWhen(c *groovy.Call) (groovy.Value, error) {
	items := c.Args
	if c.Len() == 1 {
		if list, many := elements(c.Arg(0)); many {
			items = list
		}
	}
	all := resolved(groovy.NewList())
	for _, v := range items {
		p, ok := v.(*promise)
		if !ok {
			return nil, badArgument("%s is no promise", groovy.ToString(v))
		}
		all = all.then(c.Invoke, func(call invoker, so outcome) (outcome, *promise) {
			if so.kind != result {
				return so, nil
			}
			return outcome{}, p.then(call, func(_ invoker, o outcome) (outcome, *promise) {
				if o.kind == result {
					so.value.(*groovy.List).Add(o.value)
					o.value = so.value
				}
				return o, nil
			})
		})
	}
	return all, nil
}
