package handlers

import (
	"fmt"

	"gatehouse/internal/conf"
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
	if c.Delegate.value == nil {
		return nil, fmt.Errorf("the delegate could not be built")
	}
	return c.Delegate.value, nil
})
