package filters

import (
	"net/http"
	"net/textproto"

	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type headerConfig struct {
	// MessageType says which message is changed.
	MessageType string `conf:"messageType,required,oneof=REQUEST|RESPONSE"`
	// Remove names fields to remove, in any case.
	Remove []string `conf:"remove"`
	// Add maps names to lists of values that are added to those present.
	Add heap.HeaderFields `conf:"add"`
	// Replace maps names to lists of values that take the place of those present.
	Replace heap.HeaderFields `conf:"replace"`
}

// header removes, then adds, then replaces fields of the request or of the response.
var header = heap.Define("HeaderFilter", func(c *headerConfig, _ *heap.Env) (chain.Filter, error) {
	f := &headerFilter{request: c.MessageType == "REQUEST", add: c.Add.Multimap, replace: c.Replace.Multimap}
	for _, n := range c.Remove {
		f.remove = append(f.remove, textproto.CanonicalMIMEHeaderKey(n))
	}
	return f, nil
})

type headerFilter struct {
	request      bool
	remove       []string
	add, replace heap.Multimap
}

func (f *headerFilter) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	if f.request {
		if err := f.edit(x, x.Request.Header); err != nil {
			return nil, err
		}
		return next.Handle(x)
	}
	resp, err := next.Handle(x)
	if err != nil {
		return nil, err
	}
	if err := f.edit(chain.ResponseScope{Exchange: x, Response: resp}, resp.Header); err != nil {
		resp.Entity.Close()
		return nil, err
	}
	return resp, nil
}

func (f *headerFilter) edit(s expr.Scope, h http.Header) error {
	for _, n := range f.remove {
		delete(h, n)
	}
	for _, item := range f.add {
		values, err := checked(s, item)
		if err != nil {
			return err
		}
		if len(values) > 0 {
			h[item.Name] = append(h[item.Name][:len(h[item.Name]):len(h[item.Name])], values...)
		}
	}
	for _, item := range f.replace {
		values, err := checked(s, item)
		if err != nil {
			return err
		}
		delete(h, item.Name)
		if len(values) > 0 {
			h[item.Name] = values
		}
	}
	return nil
}

// checked evaluates the values of a field and refuses those that would break the message.
func checked(s expr.Scope, item heap.NamedTemplates) ([]string, error) {
	values := item.Eval(s)
	for _, v := range values {
		if err := chain.CheckHeader(item.Name, v); err != nil {
			return nil, err
		}
	}
	return values, nil
}
