package gateway

import (
	"fmt"
	"slices"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/handlers"
	"gatehouse/internal/gateway/heap"
)

type baseURIConfig struct{}

var baseURI = heap.Define("BaseUriDecorator", func(*baseURIConfig, *heap.Env) (heap.Decorator, error) {
	return baseURIDecorator{}, nil
})

// baseURIDecorator replaces scheme, host and port of the request before the
// decorated object runs. The Host header stays as it is.
type baseURIDecorator struct{}

func (baseURIDecorator) Decorate(target any, value *conf.Node, env *heap.Env) (any, error) {
	var base *expr.Template
	d := env.Heap.Decoder()
	d.Errs = env.Errs
	if !d.Decode(value, &base) {
		return target, nil
	}
	if text, ok := base.Const(); ok {
		s, isText := text.(string)
		if !isText {
			return nil, fmt.Errorf("expected a URL, found %s", value.Kind)
		}
		u, err := chain.ParseURI(s)
		if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https", "ws", "wss"}, u.Scheme) {
			return nil, fmt.Errorf("expected a URL with scheme and host such as \"https://app.example.com:8443\", found %q", s)
		}
		return rebased(target, func(x *chain.Exchange) error {
			x.Request.URI.Rebase(u)
			return nil
		}), nil
	}
	return rebased(target, func(x *chain.Exchange) error { return handlers.Rebase(x, base) }), nil
}

func rebased(target any, rebase func(*chain.Exchange) error) any {
	switch t := target.(type) {
	case chain.Handler:
		return chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
			if err := rebase(x); err != nil {
				return nil, err
			}
			return t.Handle(x)
		})
	case chain.Filter:
		return chain.FilterFunc(func(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
			if err := rebase(x); err != nil {
				return nil, err
			}
			return t.Filter(x, next)
		})
	}
	return target
}
