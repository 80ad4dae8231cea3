package filters

import (
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type chainOfFiltersConfig struct {
	// Filters are passed in this order.
	Filters []heap.Ref[chain.Filter] `conf:"filters,required"`
}

// chainOfFilters lets several filters stand where one is expected.
var chainOfFilters = heap.Define("ChainOfFilters", func(c *chainOfFiltersConfig, _ *heap.Env) (chain.Filter, error) {
	f := make(filterChain, len(c.Filters))
	for i, r := range c.Filters {
		f[i] = r.Get()
	}
	return f, nil
})

type filterChain []chain.Filter

// Filter joins the filters with next, which is known only now.
func (f filterChain) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	links := make([]chainLink, len(f))
	for i := len(f) - 1; i >= 0; i-- {
		links[i] = chainLink{f[i], next}
		next = &links[i]
	}
	return next.Handle(x)
}

type chainLink struct {
	filter chain.Filter
	next   chain.Handler
}

func (l *chainLink) Handle(x *chain.Exchange) (*chain.Response, error) {
	return l.filter.Filter(x, l.next)
}
