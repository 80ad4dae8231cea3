package handlers

import (
	"fmt"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type delegateConfig struct {
	// Delegate is a handler, a filter or an access token resolver; the object behaves
	// as that one and carries decorations of its own.
	Delegate anyRef `conf:"delegate,required"`
}

// anyRef is a reference to an object of any kind.
type anyRef struct{ value any }

func (r *anyRef) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	r.value, _, _ = heap.From(d).Resolve(d, n, "an object")
}

var delegate = heap.Define("Delegate", func(c *delegateConfig, _ *heap.Env) (any, error) {
	// An object of its own, so that the delegate is not started and stopped twice.
	switch v := c.Delegate.value.(type) {
	case nil:
		return nil, fmt.Errorf("the delegate could not be built")
	case chain.Handler:
		return &handlerDelegate{v}, nil
	case chain.Filter:
		return &filterDelegate{v}, nil
	default:
		return v, nil
	}
})

type handlerDelegate struct{ handler chain.Handler }

func (d *handlerDelegate) Handle(x *chain.Exchange) (*chain.Response, error) {
	return d.handler.Handle(x)
}

type filterDelegate struct{ filter chain.Filter }

func (d *filterDelegate) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	return d.filter.Filter(x, next)
}
