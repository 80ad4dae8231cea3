package gateway

import (
	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/oauth2"
	"gatehouse/internal/observe"
)

type tracingConfig struct{}

func (i *instance) newTracing(*tracingConfig, *heap.Env) (heap.Decorator, error) {
	return tracingDecorator{i}, nil
}

// tracingDecorator makes a span of what the decorated object does. Where no spans are made it leaves objects as they are.
type tracingDecorator struct{ instance *instance }

func (t tracingDecorator) Decorate(target any, value *conf.Node, env *heap.Env) (any, error) {
	on := false
	d := env.Heap.Decoder()
	d.Errs = env.Errs
	if !d.Decode(value, &on) || !on {
		return target, nil
	}
	name := env.Name
	switch o := target.(type) {
	case chain.Handler:
		if !t.instance.traced {
			return target, nil
		}
		return chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
			x, span := within(x, name)
			resp, err := o.Handle(x)
			span.End(err)
			return resp, err
		}), nil
	case chain.Filter:
		if !t.instance.traced {
			return target, nil
		}
		return chain.FilterFunc(func(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
			x, span := within(x, name)
			resp, err := o.Filter(x, next)
			span.End(err)
			return resp, err
		}), nil
	case oauth2.AccessTokenResolver:
		if !t.instance.traced {
			return target, nil
		}
		return resolverFunc(func(x *chain.Exchange, text string) (*oauth2.AccessToken, error) {
			x, span := within(x, name)
			found, err := o.Resolve(x, text)
			span.End(err)
			return found, err
		}), nil
	}
	env.Errs.Warn(value, "tracing has no effect on objects of this type: what they ask others is a span anyway")
	return target, nil
}

// within begins a span and gives the exchange that belongs to it.
func within(x *chain.Exchange, name string) (*chain.Exchange, observe.Span) {
	ctx, span := observe.Start(x.Ctx(), name)
	if ctx != x.Ctx() {
		x = x.WithCtx(ctx)
	}
	return x, span
}
