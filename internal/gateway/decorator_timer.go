package gateway

import (
	"log/slog"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/oauth2"
)

type timerConfig struct {
	// TimeUnit is the unit that times are logged in.
	TimeUnit string `conf:"timeUnit,default=ms"`
}

func (i *instance) newTimer(c *timerConfig, env *heap.Env) (heap.Decorator, error) {
	one, err := conf.ParseDuration("1 " + c.TimeUnit)
	if err != nil {
		env.Fail("timeUnit", "expected a unit of time such as \"ms\", found %q", c.TimeUnit)
		return nil, nil
	}
	return &timerDecorator{decorator: env.Name, name: c.TimeUnit, unit: one.D(), instance: i}, nil
}

// timerDecorator logs how long the decorated object takes, and for filters how much
// of that is spent further down. Metrics tell the same.
type timerDecorator struct {
	decorator string
	name      string
	unit      time.Duration
	instance  *instance
}

// metrics returns where the times of the decorated object are counted.
func (t *timerDecorator) metrics(env *heap.Env, filter bool) *timerMetrics {
	l := timerLabels{filter: filter, object: env.Name, heap: env.Heap.Name, decorator: t.decorator, router: t.instance.place}
	if l.router != "" {
		l.route = env.Heap.Name
	}
	return t.instance.timers.get(l)
}

func (t *timerDecorator) Decorate(target any, value *conf.Node, env *heap.Env) (any, error) {
	on := false
	d := env.Heap.Decoder()
	d.Errs = env.Errs
	if !d.Decode(value, &on) || !on {
		return target, nil
	}
	switch o := target.(type) {
	case chain.Handler:
		m := t.metrics(env, false)
		return chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
			start := time.Now()
			resp, err := o.Handle(x)
			total := time.Since(start)
			m.elapsed.observe(total)
			env.Log.InfoContext(x.Ctx(), "elapsed time", t.attr("total", total))
			return resp, err
		}), nil
	case chain.Filter:
		m := t.metrics(env, true)
		return chain.FilterFunc(func(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
			var below time.Duration
			start := time.Now()
			resp, err := o.Filter(x, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
				begin := time.Now()
				defer func() { below += time.Since(begin) }()
				return next.Handle(x)
			}))
			total := time.Since(start)
			m.elapsed.observe(total)
			m.internal.observe(total - below)
			m.downstream.observe(below)
			env.Log.InfoContext(x.Ctx(), "elapsed time", t.attr("total", total), t.attr("internal", total-below), t.attr("downstream", below))
			return resp, err
		}), nil
	case oauth2.AccessTokenResolver:
		m := t.metrics(env, false)
		return resolverFunc(func(x *chain.Exchange, text string) (*oauth2.AccessToken, error) {
			start := time.Now()
			found, err := o.Resolve(x, text)
			total := time.Since(start)
			m.elapsed.observe(total)
			env.Log.InfoContext(x.Ctx(), "elapsed time", t.attr("total", total))
			return found, err
		}), nil
	}
	return target, nil
}

// resolverFunc is a function as an access token resolver.
type resolverFunc func(x *chain.Exchange, text string) (*oauth2.AccessToken, error)

func (f resolverFunc) Resolve(x *chain.Exchange, text string) (*oauth2.AccessToken, error) {
	return f(x, text)
}

func (t *timerDecorator) attr(key string, d time.Duration) slog.Attr {
	return slog.Int64(key+"_"+t.name, int64(d/t.unit))
}
