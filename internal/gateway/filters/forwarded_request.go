package filters

import (
	"fmt"

	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type forwardedRequestConfig struct {
	// Scheme is the scheme that the client used.
	Scheme *expr.Template `conf:"scheme"`
	// Host is the host that the client asked.
	Host *expr.Template `conf:"host"`
	// Port is the port that the client asked.
	Port *expr.Template `conf:"port"`
}

// forwardedRequest tells the gateway what the client asked a proxy before it.
var forwardedRequest = heap.Define("ForwardedRequestFilter", func(c *forwardedRequestConfig, env *heap.Env) (chain.Filter, error) {
	if c.Scheme == nil && c.Host == nil && c.Port == nil {
		env.Fail("", "one of the fields \"scheme\", \"host\" and \"port\" is required")
	}
	return &forwardedFilter{*c}, nil
})

type forwardedFilter struct{ config forwardedRequestConfig }

func (f *forwardedFilter) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	original := chain.OriginalURI(x).Clone()
	if err := f.rebase(x, x.Request.URI, original); err != nil {
		return nil, err
	}
	r := &chain.RouterContext{OriginalURI: original}
	if old := chain.Find[*chain.RouterContext](x.Context); old != nil {
		r.MatchedURI, r.Remaining = old.MatchedURI, old.Remaining
	}
	return next.Handle(x.Push(r))
}

// rebase sets what is configured; a part that is null or empty stays as it is.
func (f *forwardedFilter) rebase(x *chain.Exchange, uris ...*chain.URI) error {
	for _, part := range [...]struct {
		name  string
		value *expr.Template
	}{{"scheme", f.config.Scheme}, {"host", f.config.Host}, {"port", f.config.Port}} {
		text, ok := part.value.Text(x)
		if !ok || text == "" {
			continue
		}
		for _, u := range uris {
			if err := u.Set(part.name, text); err != nil {
				return fmt.Errorf("%s %s: %w", part.name, part.value.Source(), err)
			}
		}
	}
	return nil
}
