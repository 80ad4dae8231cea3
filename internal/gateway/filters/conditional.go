package filters

import (
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type conditionalConfig struct {
	// Condition decides whether the request passes the delegate.
	Condition heap.Condition `conf:"condition,required"`
	// Delegate is the filter that is passed or left out.
	Delegate heap.Ref[chain.Filter] `conf:"delegate,required"`
}

// conditional passes a filter only where a condition holds.
var conditional = heap.Define("ConditionalFilter", func(c *conditionalConfig, _ *heap.Env) (chain.Filter, error) {
	return &conditionalFilter{c.Condition, c.Delegate.Get()}, nil
})

type conditionalFilter struct {
	condition heap.Condition
	delegate  chain.Filter
}

func (f *conditionalFilter) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	if f.condition.Holds(x) {
		return f.delegate.Filter(x, next)
	}
	return next.Handle(x)
}
