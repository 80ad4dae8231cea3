package filters

import (
	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type switchConfig struct {
	// OnRequest are the cases tried before the request goes on; the first that holds
	// answers in place of everything behind the filter.
	OnRequest []switchCase `conf:"onRequest"`
	// OnResponse are the cases tried when the response comes back; the first that holds
	// answers in its place.
	OnResponse []switchCase `conf:"onResponse"`
}

type switchCase struct {
	// Condition decides; without it the case always holds.
	Condition heap.Condition `conf:"condition"`
	// Handler answers.
	Handler heap.Ref[chain.Handler] `conf:"handler,required"`
}

// switching diverts requests, or replaces responses.
var switching = heap.Define("SwitchFilter", func(c *switchConfig, env *heap.Env) (chain.Filter, error) {
	if len(c.OnRequest)+len(c.OnResponse) == 0 {
		env.Warn("onRequest", "the filter has no cases and does nothing")
	}
	return &switchFilter{c.OnRequest, c.OnResponse}, nil
})

type switchFilter struct{ onRequest, onResponse []switchCase }

func (f *switchFilter) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	if h := pick(f.onRequest, x); h != nil {
		return h.Handle(x)
	}
	if len(f.onResponse) == 0 {
		return next.Handle(x)
	}
	// The handler of a case gets the same request, and must find its body again.
	if err := x.Request.Entity.Buffer(); err != nil {
		return nil, err
	}
	resp, err := next.Handle(x)
	if err != nil {
		return nil, err
	}
	h := pick(f.onResponse, chain.ResponseScope{Exchange: x, Response: resp})
	if h == nil {
		return resp, nil
	}
	resp.Entity.Close()
	return h.Handle(x)
}

// pick returns the handler of the first case that holds, else nil.
func pick(cases []switchCase, s expr.Scope) chain.Handler {
	for i := range cases {
		if cases[i].Condition.Holds(s) {
			return cases[i].Handler.Get()
		}
	}
	return nil
}
