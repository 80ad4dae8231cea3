package handlers

import (
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type sequenceConfig struct {
	// Bindings are run one after the other with the same request.
	Bindings []sequenceBinding `conf:"bindings,required,min=1"`
}

type sequenceBinding struct {
	// Handler answers.
	Handler heap.Ref[chain.Handler] `conf:"handler,required"`
	// Postcondition sees the response; the sequence ends where it does not hold.
	Postcondition heap.Condition `conf:"postcondition"`
}

var sequence = heap.Define("SequenceHandler", func(c *sequenceConfig, _ *heap.Env) (chain.Handler, error) {
	return sequencer(c.Bindings), nil
})

type sequencer []sequenceBinding

func (s sequencer) Handle(x *chain.Exchange) (*chain.Response, error) {
	// Every handler but the last must find the body again.
	if len(s) > 1 {
		if err := x.Request.Entity.Buffer(); err != nil {
			return nil, err
		}
	}
	for i := range s {
		resp, err := s[i].Handler.Get().Handle(x)
		if err != nil || i == len(s)-1 || !s[i].Postcondition.Holds(chain.ResponseScope{Exchange: x, Response: resp}) {
			return resp, err
		}
		resp.Entity.Close()
	}
	return nil, nil
}
