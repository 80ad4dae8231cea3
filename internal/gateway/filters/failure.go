package filters

import (
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// refusal answers what a filter does not let pass: with the configured handler, else
// with an empty response that remembers why.
type refusal struct {
	handler chain.Handler // nil: none is configured
	status  int
}

func refusalOf(r heap.Ref[chain.Handler], status int) refusal {
	return refusal{handler: r.Get(), status: status}
}

func (r refusal) answer(x *chain.Exchange, why error) (*chain.Response, error) {
	if r.handler != nil {
		return r.handler.Handle(x)
	}
	return chain.Fail(r.status, why), nil
}
