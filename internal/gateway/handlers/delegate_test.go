package handlers

import (
	"context"
	"log/slog"
	"testing"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// counted is a filter that counts how often it is started and stopped.
type counted struct{ started, stopped int }

func (c *counted) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	return next.Handle(x)
}
func (c *counted) Start(context.Context) error { c.started++; return nil }
func (c *counted) Stop()                       { c.stopped++ }

func TestDelegateStartsNothingTwice(t *testing.T) {
	c := &counted{}
	n, err := conf.Parse("x.json", []byte(`[{"name":"shared","type":"Counted"},{"name":"a","type":"Delegate","config":{"delegate":"shared"}},
		{"name":"b","type":"Delegate","config":{"delegate":"shared"}}]`))
	if err != nil {
		t.Fatal(err)
	}
	errs := &conf.Errors{}
	h := heap.New(heap.Options{Name: "route", Errs: errs, Bindings: heap.NewBindings(nil, nil), Declared: n, Services: &heap.Services{Logger: slog.New(slog.DiscardHandler)},
		Catalog: heap.NewCatalog(All, []*heap.Type{heap.Define("Counted", func(*struct{}, *heap.Env) (chain.Filter, error) { return c, nil })})})
	h.BuildAll()
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.Stop()
	if c.started != 1 || c.stopped != 1 {
		t.Errorf("the filter is started %d times and stopped %d times, want once each", c.started, c.stopped)
	}
	f, _ := h.Get("a")
	resp, err := f.(chain.Filter).Filter(nil, chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) { return chain.NewResponse(204), nil }))
	if err != nil || resp.Status.Code != 204 {
		t.Errorf("Filter() = %v, %v", resp, err)
	}
}
