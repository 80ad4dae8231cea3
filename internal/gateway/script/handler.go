package script

import (
	"context"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/groovy"
	"gatehouse/internal/observe"
)

// handler is org.forgerock.http.Handler: next, and handlers of the heap. in is the run
// that answers for the responses, nil when there is none.
type handler struct {
	h  chain.Handler
	in *run
}

func (handler) GroovyClass() *groovy.Class { return handlerClass }

var handlerClass = &groovy.Class{
	Name: "org.forgerock.http.Handler", Interface: true, SAM: "handle",
	Methods: methods{"handle": method(func(h handler, c *groovy.Call) (groovy.Value, error) {
		x, err := exchange(c)
		if err != nil {
			return nil, err
		}
		return handle(c, h.in, h.h, x)
	})},
}

// handle calls a handler on the script's goroutine.
func handle(c *groovy.Call, in *run, h chain.Handler, x *chain.Exchange) (groovy.Value, error) {
	if err := in.over(); err != nil {
		return nil, err
	}
	var out outcome
	c.Wait(func() { out = answered(h.Handle(x)) })
	if in != nil {
		in.got(out)
	}
	return &promise{done: true, out: out}, nil
}

// exchange takes a context and a request.
func exchange(c *groovy.Call) (*chain.Exchange, error) {
	k, ok := c.Arg(0).(contextHost)
	m, is := c.Arg(1).(request)
	if !ok || !is {
		return nil, c.NoSuchMethod()
	}
	return chain.New(c.Ctx, m.r, k.c), nil
}

// filter is org.forgerock.http.Filter: filters of the heap.
type filter struct{ f chain.Filter }

func (filter) GroovyClass() *groovy.Class { return filterClass }

var filterClass = &groovy.Class{
	Name: "org.forgerock.http.Filter", Interface: true, SAM: "filter",
	Methods: methods{"filter": method(func(f filter, c *groovy.Call) (groovy.Value, error) {
		if err := c.Want(3, 3); err != nil {
			return nil, err
		}
		x, err := exchange(c)
		if err != nil {
			return nil, err
		}
		next, err := asHandler(c.Arg(2))
		if err != nil {
			return nil, err
		}
		var out outcome
		c.Wait(func() { out = answered(f.f.Filter(x, next)) })
		return &promise{done: true, out: out}, nil
	})},
}

// asHandler lets a script's closure or object stand where Go code wants a handler.
func asHandler(v groovy.Value) (chain.Handler, error) {
	switch v := v.(type) {
	case handler:
		return v.h, nil
	case *client:
		return v.h, nil
	case *groovy.Closure, *groovy.Object:
		return chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
			r, err := invoke(outside(x.Ctx()), v, contextHost{x.Context}, request{x.Request})
			if err != nil {
				return nil, err
			}
			return asResponse(asPromise(r).await(outside(x.Ctx()), atOnce))
		}), nil
	}
	return nil, badArgument("%s is no handler", groovy.ToString(v))
}

// asFilter is asHandler for filters.
func asFilter(v groovy.Value) (chain.Filter, error) {
	switch v := v.(type) {
	case filter:
		return v.f, nil
	case *groovy.Closure, *groovy.Object:
		return chain.FilterFunc(func(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
			r, err := invoke(outside(x.Ctx()), v, contextHost{x.Context}, request{x.Request}, handler{h: next})
			if err != nil {
				return nil, err
			}
			return asResponse(asPromise(r).await(outside(x.Ctx()), atOnce))
		}), nil
	}
	return nil, badArgument("%s is no filter", groovy.ToString(v))
}

// asResponse is the end of a handler.
func asResponse(o outcome) (*chain.Response, error) {
	if o.kind != result {
		return nil, o.err
	}
	if r, ok := o.value.(response); ok {
		return r.r, nil
	}
	if o.value == nil {
		return nil, groovy.Throw(nullPointer, "the script gave null where a Response is expected")
	}
	return nil, groovy.Throw("java.lang.ClassCastException", "the script gave %s where a Response is expected", kindOf(o.value))
}

// kindOf names a value for messages without showing it.
func kindOf(v groovy.Value) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case groovy.Host:
		return "an object of class " + v.GroovyClass().Name
	case *groovy.Object:
		return "an object of class " + v.ClassName()
	case string, *groovy.GString:
		return "a string"
	case bool:
		return "a boolean"
	case *groovy.Map:
		return "a map"
	case *groovy.List, *groovy.Set, *groovy.Range:
		return "a collection"
	case *groovy.Closure:
		return "a closure"
	}
	return "a value of another class"
}

// client is org.forgerock.http.Client: the binding http.
type client struct {
	h  chain.Handler
	in *run
}

func (*client) GroovyClass() *groovy.Class { return clientClass }

var clientClass = &groovy.Class{
	Name: "org.forgerock.http.Client",
	New: func(c *groovy.Call) (groovy.Value, error) {
		h, err := asHandler(c.Arg(0))
		if err != nil {
			return nil, err
		}
		return &client{h: h}, nil
	},
	Methods: methods{
		"send": method(func(k *client, c *groovy.Call) (groovy.Value, error) {
			switch c.Len() {
			case 1:
				m, ok := c.Arg(0).(request)
				if !ok {
					return nil, c.NoSuchMethod()
				}
				var leaf chain.Context = &chain.RootContext{}
				if k.in != nil {
					leaf = k.in.x.Context
				}
				return k.send(c, chain.New(c.Ctx, m.r, leaf))
			case 2:
				x, err := exchange(c)
				if err != nil {
					return nil, err
				}
				return k.send(c, x)
			}
			return nil, c.NoSuchMethod()
		}),
		"getContext": method(func(k *client, _ *groovy.Call) (groovy.Value, error) {
			if k.in == nil {
				return nil, nil
			}
			return contextHost{k.in.x.Context}, nil
		}),
	},
}

// send calls the handler. Where a script has more than one call it runs beside the
// script, on a copy of the request and with attributes of its own, since neither may
// be used by two goroutines.
func (k *client) send(c *groovy.Call, x *chain.Exchange) (groovy.Value, error) {
	if k.in == nil || !k.in.unit.parallel {
		return handle(c, k.in, k.h, x)
	}
	if err := k.in.over(); err != nil {
		return nil, err
	}
	if k.in.flying() >= maxCalls {
		observe.CountLimit(x.Ctx(), observe.OverLimit("script_calls"))
		return nil, groovy.Throw(illegalState, "the script has more than %d calls at a time", maxCalls)
	}
	var copied *chain.Request
	var err error
	c.Wait(func() { copied, err = x.Request.Clone() })
	if err != nil {
		return nil, err
	}
	own := chain.New(x.Ctx(), copied, x.Context)
	if a := chain.Find[*chain.AttributesContext](x.Context); a != nil {
		fork := &chain.AttributesContext{}
		for name, v := range a.Map() {
			fork.Map()[name] = v
		}
		own = own.Push(fork)
	}
	return k.in.launch(func(context.Context) outcome { return answered(k.h.Handle(own)) }), nil
}

func (r *run) flying() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open
}

// maxCalls bounds the calls in flight of one script.
const maxCalls = 64

// handlersClass has the helpers that join filters and handlers.
var handlersClass = &groovy.Class{
	Name: "org.forgerock.http.handler.Handlers",
	Static: methods{
		"chainOf": func(c *groovy.Call) (groovy.Value, error) {
			h, err := asHandler(c.Arg(0))
			if err != nil {
				return nil, err
			}
			list := c.Args[1:]
			if items, many := elements(c.Arg(1)); many {
				list = items
			}
			for i := len(list) - 1; i >= 0; i-- {
				f, err := asFilter(list[i])
				if err != nil {
					return nil, err
				}
				next := h
				h = chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) { return f.Filter(x, next) })
			}
			return handler{h: h}, nil
		},
	},
}

var responsesClass = &groovy.Class{
	Name: "org.forgerock.http.protocol.Responses",
	Static: methods{
		"newInternalServerError": func(c *groovy.Call) (groovy.Value, error) {
			r := chain.NewResponse(500)
			if c.Len() == 1 && !isText(c.Arg(0)) {
				r.Cause = asError(c.Arg(0))
			} else if c.Len() == 1 {
				r.Cause = groovy.Throw(runtimeError, "%s", c.Str(0))
			}
			return response{r}, c.Want(0, 1)
		},
		"newNotFound":                    func(c *groovy.Call) (groovy.Value, error) { return response{chain.NewResponse(404)}, c.Want(0, 0) },
		"onExceptionInternalServerError": errorFunction,
		"internalServerError":            errorFunction,
		"noopExceptionFunction":          noopFunction,
		"noopExceptionAsyncFunction":     noopFunction,
	},
}

func errorFunction(*groovy.Call) (groovy.Value, error) {
	return &goFunction{func(v groovy.Value) (groovy.Value, error) { return response{chain.Fail(500, asError(v))}, nil }}, nil
}

func noopFunction(*groovy.Call) (groovy.Value, error) {
	return &goFunction{func(v groovy.Value) (groovy.Value, error) { return nil, asError(v) }}, nil
}

// goFunction is a function of ours that scripts pass on as a callback.
type goFunction struct {
	f func(v groovy.Value) (groovy.Value, error)
}

func (*goFunction) GroovyClass() *groovy.Class { return goFunctionClass }

var goFunctionClass = &groovy.Class{
	Name: "org.forgerock.util.Functions.Function", SAM: "apply", Implements: []string{"org.forgerock.util.Function"},
	Methods: methods{"apply": method(func(f *goFunction, c *groovy.Call) (groovy.Value, error) { return f.f(c.Arg(0)) })},
}
