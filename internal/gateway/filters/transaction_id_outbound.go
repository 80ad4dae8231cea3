package filters

import (
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type transactionIDOutboundConfig struct{}

// transactionIDOutbound sends the transaction id, with a number for each call, along
// with outgoing requests.
var transactionIDOutbound = heap.Define("TransactionIdOutboundFilter", func(*transactionIDOutboundConfig, *heap.Env) (chain.Filter, error) {
	return chain.FilterFunc(func(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
		if t := chain.Find[*chain.TransactionContext](x.Context); t != nil {
			x.Request.Header["X-Forgerock-Transactionid"] = []string{t.Next()}
		}
		return next.Handle(x)
	}), nil
})
