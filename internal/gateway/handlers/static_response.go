package handlers

import (
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type staticResponseConfig struct {
	// Status is the status code.
	Status int `conf:"status,required,min=100,max=999"`
	// Reason is the phrase of a code that has no standard one.
	Reason string `conf:"reason"`
	// Headers map names to lists of values; a value that is null is left out.
	Headers heap.Multimap `conf:"headers"`
	// Trailers are sent after the entity, like Headers.
	Trailers heap.Multimap `conf:"trailers"`
	// Entity is the body; the lines of a list are joined with line breaks.
	Entity *heap.Text `conf:"entity"`
	// Version is accepted from older configurations.
	Version string `conf:"version,unused=the version of the answer follows the request"`
}

var staticResponse = heap.Define("StaticResponseHandler", func(c *staticResponseConfig, env *heap.Env) (chain.Handler, error) {
	s := &staticResponder{headers: c.Headers.Canonical(), trailers: c.Trailers.Canonical(), entity: c.Entity}
	s.status = chain.StatusOf(c.Status)
	if c.Reason != "" {
		s.status.Reason = c.Reason
	}
	if c.Entity.IsSet() && !names(s.headers, "Content-Type") {
		env.Warn("entity", "the entity has no Content-Type header: browsers must guess")
	}
	s.nosniff = !names(s.headers, "X-Content-Type-Options")
	return s, nil
})

func names(m heap.Multimap, name string) bool {
	for _, item := range m {
		if item.Name == name {
			return true
		}
	}
	return false
}

type staticResponder struct {
	status            chain.Status
	headers, trailers heap.Multimap
	entity            *heap.Text
	nosniff           bool
}

func (s *staticResponder) Handle(x *chain.Exchange) (*chain.Response, error) {
	resp := chain.NewResponse(s.status.Code)
	resp.Status = s.status
	for _, item := range s.headers {
		for _, v := range item.Eval(x) {
			if err := chain.CheckHeader(item.Name, v); err != nil {
				return nil, err
			}
			resp.Header[item.Name] = append(resp.Header[item.Name], v)
		}
	}
	if s.nosniff {
		resp.Header["X-Content-Type-Options"] = []string{"nosniff"}
	}
	if len(s.trailers) > 0 {
		resp.Trailer = map[string][]string{}
		for _, item := range s.trailers {
			for _, v := range item.Eval(x) {
				if err := chain.CheckHeader(item.Name, v); err != nil {
					return nil, err
				}
				resp.Trailer[item.Name] = append(resp.Trailer[item.Name], v)
			}
		}
	}
	if s.entity.IsSet() {
		if err := resp.Entity.SetText(s.entity.Eval(x)); err != nil {
			return nil, err
		}
	}
	return resp, nil
}
