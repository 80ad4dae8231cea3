package filters

import (
	"net/http"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type dateHeaderConfig struct{}

// dateHeader gives responses a date where the upstream gave none.
var dateHeader = heap.Define("DateHeaderFilter", func(_ *dateHeaderConfig, env *heap.Env) (chain.Filter, error) {
	now := env.Now
	return chain.FilterFunc(func(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
		resp, err := next.Handle(x)
		if err == nil && len(resp.Header["Date"]) == 0 {
			resp.Header["Date"] = []string{now().UTC().Format(http.TimeFormat)}
		}
		return resp, err
	}), nil
})
