package handlers

import (
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type chainConfig struct {
	// Filters are passed in this order.
	Filters []heap.Ref[chain.Filter] `conf:"filters,required"`
	// Handler answers after the last filter.
	Handler heap.Ref[chain.Handler] `conf:"handler,required"`
}

var chainHandler = heap.Define("Chain", func(c *chainConfig, _ *heap.Env) (chain.Handler, error) {
	h := c.Handler.Get()
	for i := len(c.Filters) - 1; i >= 0; i-- {
		h = &filtered{filter: c.Filters[i].Get(), next: h}
	}
	return h, nil
})

// filtered is a handler behind a filter; a chain is a list of them, joined when the
// configuration loads.
type filtered struct {
	filter chain.Filter
	next   chain.Handler
}

func (f *filtered) Handle(x *chain.Exchange) (*chain.Response, error) {
	return f.filter.Filter(x, f.next)
}
