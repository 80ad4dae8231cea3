package script

import (
	"errors"

	"github.com/dop251/goja"

	"gatehouse/internal/groovy"
)

// promise is what sending a request gives. It is there already when the script gets it.
type promise struct {
	run   *run
	value groovy.Value
	err   *groovy.Thrown
}

func kept(r *run, v groovy.Value) *promise { return &promise{run: r, value: v} }

func failed(r *run, err error) *promise {
	p := &promise{run: r}
	if !errors.As(err, &p.err) {
		p.err = &groovy.Thrown{Class: "java.lang.RuntimeException", Message: err.Error()}
	}
	return p
}

// GroovyClass is Promise.
func (*promise) GroovyClass() *groovy.Class { return promiseClass }

var promiseClass = &groovy.Class{
	Name: "org.forgerock.util.promise.Promise",
	Methods: map[string]groovy.Method{
		"get": promised, "getOrThrow": promised, "getOrThrowUninterruptibly": promised,
		"isDone":          onPromise(0, 0, func(*promise, *groovy.Call) (groovy.Value, error) { return true, nil }),
		"then":            onPromise(1, 2, (*promise).then),
		"thenAsync":       onPromise(1, 2, (*promise).then),
		"thenOnResult":    onPromise(1, 1, func(p *promise, c *groovy.Call) (groovy.Value, error) { return p.look(c.Arg(0), nil) }),
		"thenOnException": onPromise(1, 1, func(p *promise, c *groovy.Call) (groovy.Value, error) { return p.look(nil, c.Arg(0)) }),
		"thenCatch":       onPromise(1, 1, func(p *promise, c *groovy.Call) (groovy.Value, error) { return p.with(nil, c.Arg(0)) }),
		"thenCatchAsync":  onPromise(1, 1, func(p *promise, c *groovy.Call) (groovy.Value, error) { return p.with(nil, c.Arg(0)) }),
		"thenAlways":      onPromise(1, 1, (*promise).always),
		"thenFinally":     onPromise(1, 1, (*promise).always),
		"thenOnResultOrException": onPromise(1, 2, func(p *promise, c *groovy.Call) (groovy.Value, error) {
			if len(c.Args) == 1 {
				return p.always(c)
			}
			return p.look(c.Arg(0), c.Arg(1))
		}),
	},
}

func onPromise(low, high int, do func(*promise, *groovy.Call) (groovy.Value, error)) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		if len(c.Args) < low || len(c.Args) > high {
			return nil, wrong(c)
		}
		return do(c.This.(*promise), c)
	}
}

var promised = onPromise(0, 0, func(p *promise, _ *groovy.Call) (groovy.Value, error) {
	if p.err != nil {
		return nil, p.err
	}
	return p.value, nil
})

func (p *promise) then(c *groovy.Call) (groovy.Value, error) { return p.with(c.Arg(0), c.Arg(1)) }

// with is the promise of what one of the functions gives; a promise in turn is that promise.
func (p *promise) with(result, failure groovy.Value) (groovy.Value, error) {
	f, arg := result, p.value
	if p.err != nil {
		f, arg = failure, p.err
	}
	if f == nil {
		return p, nil
	}
	v, thrown, err := p.run.callback(f, arg)
	if thrown != nil {
		return failed(p.run, thrown), nil
	}
	if err != nil {
		return nil, err
	}
	if next, ok := v.(*promise); ok {
		return next, nil
	}
	return kept(p.run, v), nil
}

// look calls one of the functions and stays the promise that it is.
func (p *promise) look(result, failure groovy.Value) (groovy.Value, error) {
	f, arg := result, p.value
	if p.err != nil {
		f, arg = failure, p.err
	}
	if f == nil {
		return p, nil
	}
	_, _, err := p.run.callback(f, arg)
	return p, err
}

func (p *promise) always(c *groovy.Call) (groovy.Value, error) {
	_, _, err := p.run.callback(c.Arg(0))
	return p, err
}

// callback calls a function of the script. What it throws is logged, and does not end the script, which may be long over
// elsewhere when its callbacks run; err is what does end it.
func (r *run) callback(f groovy.Value, args ...groovy.Value) (v groovy.Value, thrown *groovy.Thrown, err error) {
	switch f := f.(type) {
	case callable:
		v, err = f.call(args...)
	case *groovy.Closure:
		v, err = f.Call(r.ctx, args...)
	default:
		return nil, nil, illegal("expected a function, found %s", kindOf(f))
	}
	if exception, ok := errors.AsType[*goja.Exception](err); ok {
		if thrown = thrownBy(exception.Value()); thrown == nil {
			var message string
			if message, err = thrownText(exception.Value()); err != nil {
				return nil, nil, err
			}
			thrown = &groovy.Thrown{Class: "java.lang.RuntimeException", Message: message}
		}
	} else if !errors.As(err, &thrown) {
		return v, nil, err
	}
	r.eng.options.Log.WarnContext(r.ctx, "script: a callback failed", "script", r.script.Name, "realm", r.realmPath(), "error", r.masked(clip(text(thrown), maxMessage)))
	return nil, thrown, nil
}
