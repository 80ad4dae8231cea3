package filters

import (
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// circuitBreaker stops asking what is behind it when that fails too often.
var circuitBreaker = heap.Define("CircuitBreakerFilter", func(c *heap.CircuitBreaker, env *heap.Env) (chain.Filter, error) {
	f := breakerFilter{c.Build(env, "")}
	if !c.Enabled {
		f.breaker = nil
	}
	return f, nil
})

type breakerFilter struct{ breaker *heap.Breaker } // nil: switched off

func (f breakerFilter) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	if f.breaker == nil {
		return next.Handle(x)
	}
	return f.breaker.Handle(x, next)
}
