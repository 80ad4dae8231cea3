package handlers

import (
	"net/http"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type staticResponseConfig struct {
	// Status is the status code.
	Status int `conf:"status,required,min=200,max=999"`
	// Reason is the phrase of a code that has no standard one.
	Reason string `conf:"reason"`
	// Headers map names to lists of values; a value that is null is left out.
	Headers heap.HeaderFields `conf:"headers"`
	// Trailers are sent after the entity, like Headers.
	Trailers heap.HeaderFields `conf:"trailers"`
	// Entity is the body; the lines of a list are joined with line breaks.
	Entity *heap.Text `conf:"entity"`
	// Version is accepted from older configurations.
	Version string `conf:"version,unused=the version of the answer follows the request"`
}

var staticResponse = heap.Define("StaticResponseHandler", func(c *staticResponseConfig, env *heap.Env) (chain.Handler, error) {
	s := &staticResponder{headers: c.Headers.Multimap, trailers: c.Trailers.Multimap, entity: c.Entity}
	s.status = chain.StatusOf(c.Status)
	if c.Reason != "" {
		s.status.Reason = c.Reason
	}
	if c.Entity.IsSet() && !c.Headers.Has("Content-Type") {
		env.Warn("entity", "the entity has no Content-Type header: browsers must guess")
	}
	if lossy(c) {
		env.Warn("entity", lossyEntity)
	}
	s.nosniff = !c.Headers.Has("X-Content-Type-Options")
	return s, nil
})

const lossyEntity = "the entity has characters that its charset does not have: they become question marks; add \"; charset=UTF-8\" to the Content-Type header"

// lossy says whether an entity that is known now cannot be sent as it is written.
func lossy(c *staticResponseConfig) bool {
	text, fixed := "", false
	if c.Entity.IsSet() {
		text, fixed = c.Entity.Const()
	}
	if !fixed {
		return false
	}
	resp := chain.NewResponse(200)
	for _, item := range c.Headers.Multimap {
		if item.Name == "Content-Type" {
			for _, v := range item.Values {
				value, fixed := v.Const()
				kind, _ := value.(string)
				if !fixed {
					return false
				}
				resp.Header["Content-Type"] = append(resp.Header["Content-Type"], kind)
			}
		}
	}
	return resp.Entity.SetText(text) == nil && resp.Entity.String() != text
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
	if err := fill(resp.Header, s.headers, x); err != nil {
		return nil, err
	}
	if s.nosniff {
		resp.Header["X-Content-Type-Options"] = []string{"nosniff"}
	}
	if len(s.trailers) > 0 {
		resp.Trailer = http.Header{}
		if err := fill(resp.Trailer, s.trailers, x); err != nil {
			return nil, err
		}
	}
	if s.entity.IsSet() {
		if err := resp.Entity.SetText(s.entity.Eval(x)); err != nil {
			return nil, err
		}
	}
	return resp, nil
}

// fill evaluates fields into h.
func fill(h http.Header, fields heap.Multimap, x *chain.Exchange) error {
	for _, item := range fields {
		values := item.Eval(x)
		for _, v := range values {
			if err := chain.CheckHeader(item.Name, v); err != nil {
				return err
			}
		}
		switch {
		case len(values) == 0:
		case h[item.Name] == nil:
			h[item.Name] = values
		default:
			h[item.Name] = append(h[item.Name], values...)
		}
	}
	return nil
}
