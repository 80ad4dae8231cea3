package filters

import (
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/script"
)

// ResourceUriProvider says which resource a request is about when policies are asked.
type ResourceUriProvider interface {
	// ResourceURI returns an absolute URL. Providers are called concurrently.
	ResourceURI(x *chain.Exchange) (string, error)
}

type requestResourceURIConfig struct {
	// UseOriginalURI takes the URI as the client sent it, and not as it is now.
	UseOriginalURI bool `conf:"useOriginalUri"`
	// IncludeQueryParams keeps the query.
	IncludeQueryParams bool `conf:"includeQueryParams,default=true"`
}

// requestResourceURI is the URI of the request.
var requestResourceURI = heap.Define("RequestResourceUriProvider", func(c *requestResourceURIConfig, _ *heap.Env) (ResourceUriProvider, error) {
	return requestResource{c.UseOriginalURI, c.IncludeQueryParams}, nil
})

type requestResource struct{ original, query bool }

func (p requestResource) ResourceURI(x *chain.Exchange) (string, error) {
	u := x.Request.URI
	if p.original {
		u = chain.OriginalURI(x)
	}
	if !p.query || u.Fragment != "" || u.UserInfo != "" {
		u = u.Clone()
		u.Fragment, u.UserInfo = "", ""
		if !p.query {
			u.RawQuery, u.HasQuery = "", false
		}
	}
	return u.String(), nil
}

// scriptableResourceURI asks a script.
var scriptableResourceURI = heap.Define("ScriptableResourceUriProvider", func(c *script.Config, env *heap.Env) (ResourceUriProvider, error) {
	s, err := script.Compile(env, c)
	if s == nil {
		return nil, err
	}
	return scriptedResource{s}, err
})

type scriptedResource struct{ script *script.Script }

func (p scriptedResource) ResourceURI(x *chain.Exchange) (string, error) { return p.script.String(x) }
