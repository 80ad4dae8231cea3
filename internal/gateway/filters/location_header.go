package filters

import (
	"fmt"
	"strings"

	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type locationHeaderConfig struct {
	// BaseURI gives scheme, host and port; the default is the URI as the client sent it.
	BaseURI *expr.Template `conf:"baseURI"`
}

// locationHeader makes redirects of an upstream lead back through the gateway.
var locationHeader = heap.Define("LocationHeaderFilter", func(c *locationHeaderConfig, _ *heap.Env) (chain.Filter, error) {
	return &locationRebaser{c.BaseURI}, nil
})

type locationRebaser struct{ base *expr.Template }

func (f *locationRebaser) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	resp, err := next.Handle(x)
	if err != nil || len(resp.Header["Location"]) == 0 {
		return resp, err
	}
	location, err := chain.ParseURI(resp.Header["Location"][0])
	if err != nil {
		// What no client can follow stays as it is.
		return resp, nil
	}
	base, err := f.baseURI(x, resp)
	if err != nil {
		resp.Entity.Close()
		return nil, err
	}
	if location.Host == "" && !strings.HasPrefix(location.RawPath, "/") {
		if location.Scheme != "" { // mailto: and the like
			return resp, nil
		}
		location.RawPath = beside(x.Request.URI.RawPath, location.RawPath)
	}
	location.Rebase(base)
	resp.Header["Location"] = []string{location.String()}
	return resp, nil
}

func (f *locationRebaser) baseURI(x *chain.Exchange, resp *chain.Response) (*chain.URI, error) {
	if f.base == nil {
		return chain.OriginalURI(x), nil
	}
	text, ok := f.base.Text(chain.ResponseScope{Exchange: x, Response: resp})
	if !ok {
		return nil, fmt.Errorf("baseURI %s yields null", f.base.Source())
	}
	u, err := chain.ParseURI(text)
	if err != nil {
		return nil, fmt.Errorf("baseURI: %w", err)
	}
	if u.Scheme == "" || u.Host == "" {
		return nil, fmt.Errorf("baseURI %q has no scheme or no host", text)
	}
	return u, nil
}

// beside is a path relative to that of the request (RFC 3986 §5.2.3).
func beside(path, relative string) string {
	if relative == "" {
		return path
	}
	return path[:strings.LastIndexByte(path, '/')+1] + relative
}
