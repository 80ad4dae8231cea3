package filters

import (
	"fmt"
	"net/url"
	"strings"

	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// requestTemplate makes requests; nothing of the incoming one is kept.
type requestTemplate struct {
	// Method is the method.
	Method string `conf:"method,required"`
	// URI is the absolute URI.
	URI *expr.Template `conf:"uri,required"`
	// Version is the protocol version that expressions see.
	Version string `conf:"version,default=HTTP/1.1"`
	// Headers map names to lists of values; a value that is null is left out.
	Headers heap.HeaderFields `conf:"headers"`
	// Form is the body of a POST, with any other method the end of the query.
	Form heap.Multimap `conf:"form"`
	// Entity is the body; the lines of a list are joined with line breaks.
	Entity *heap.Text `conf:"entity"`
}

// staticRequest sends another request in place of the one that came.
var staticRequest = heap.Define("StaticRequestFilter", func(c *requestTemplate, env *heap.Env) (chain.Filter, error) {
	c.check(env, "")
	return &requestReplacer{c}, nil
})

// check reports mistakes; prefix is where in the configuration the template stands.
func (t *requestTemplate) check(env *heap.Env, prefix string) {
	if chain.CheckHeader(t.Method, "") != nil {
		env.Fail(prefix+"method", "expected a method such as \"GET\", found %q", t.Method)
	}
	if t.Method == "POST" && len(t.Form) > 0 && t.Entity.IsSet() {
		env.Fail(prefix+"entity", "a POST has either form or entity, not both")
	}
}

type requestReplacer struct{ template *requestTemplate }

func (f *requestReplacer) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	req, err := f.template.build(x)
	if err != nil {
		return nil, err
	}
	return next.Handle(x.With(req))
}

// build makes the request.
func (t *requestTemplate) build(s expr.Scope) (*chain.Request, error) {
	req := chain.NewRequest()
	req.Method, req.Proto = t.Method, t.Version
	text, ok := t.URI.Text(s)
	if !ok {
		return nil, fmt.Errorf("uri %s yields null", t.URI.Source())
	}
	var err error
	if req.URI, err = chain.ParseURI(text); err != nil {
		return nil, err
	}
	if req.URI.Scheme == "" || req.URI.Host == "" {
		return nil, fmt.Errorf("uri %s yields no absolute URI", t.URI.Source())
	}
	for _, item := range t.Headers.Multimap {
		values, err := checked(s, item)
		if err != nil {
			return nil, err
		}
		if len(values) > 0 {
			req.Header[item.Name] = append(req.Header[item.Name], values...)
		}
	}
	if t.Entity.IsSet() {
		if err := req.Entity.SetText(t.Entity.Eval(s)); err != nil {
			return nil, err
		}
	}
	if len(t.Form) > 0 {
		t.setForm(req, s)
	}
	return req, nil
}

func (t *requestTemplate) setForm(req *chain.Request, s expr.Scope) {
	var b strings.Builder
	for _, item := range t.Form {
		for _, v := range item.Eval(s) {
			if b.Len() > 0 {
				b.WriteByte('&')
			}
			b.WriteString(url.QueryEscape(item.Name))
			b.WriteByte('=')
			b.WriteString(url.QueryEscape(v))
		}
	}
	if t.Method == "POST" {
		req.Header["Content-Type"] = []string{"application/x-www-form-urlencoded"}
		req.Entity.SetBytes([]byte(b.String()))
		return
	}
	if b.Len() == 0 {
		return
	}
	if req.URI.RawQuery != "" {
		req.URI.RawQuery += "&" + b.String()
	} else {
		req.URI.RawQuery = b.String()
	}
	req.URI.HasQuery = true
}
