package handlers

import (
	"fmt"

	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type dispatchConfig struct {
	// Bindings are tried in this order; the first whose condition holds answers.
	Bindings []dispatchBinding `conf:"bindings,required"`
}

type dispatchBinding struct {
	// Condition decides; without it the binding always answers.
	Condition heap.Condition `conf:"condition"`
	// Handler answers.
	Handler heap.Ref[chain.Handler] `conf:"handler,required"`
	// BaseURI replaces scheme, host and port of the request before it is dispatched.
	BaseURI *expr.Template `conf:"baseURI"`
}

var dispatch = heap.Define("DispatchHandler", func(c *dispatchConfig, env *heap.Env) (chain.Handler, error) {
	return &dispatcher{c.Bindings, env}, nil
})

type dispatcher struct {
	bindings []dispatchBinding
	env      *heap.Env
}

func (d *dispatcher) Handle(x *chain.Exchange) (*chain.Response, error) {
	for i := range d.bindings {
		b := &d.bindings[i]
		if !b.Condition.Holds(x) {
			continue
		}
		if b.BaseURI != nil {
			if err := Rebase(x, b.BaseURI); err != nil {
				return nil, err
			}
		}
		return b.Handler.Get().Handle(x)
	}
	d.env.Log.ErrorContext(x.Ctx(), "no handler to dispatch to", "uri", x.Request.URI.Path())
	return chain.NewResponse(404), nil
}

// Rebase replaces scheme, host and port of the request by those of base.
func Rebase(x *chain.Exchange, base *expr.Template) error {
	text, ok := base.Text(x)
	if !ok {
		return fmt.Errorf("baseURI %s yields null", base.Source())
	}
	u, err := chain.ParseURI(text)
	if err != nil {
		return fmt.Errorf("baseURI: %w", err)
	}
	if u.Scheme == "" || u.Host == "" {
		return fmt.Errorf("baseURI %q has no scheme or no host", text)
	}
	x.Request.URI.Rebase(u)
	return nil
}
