package handlers

import (
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
)

type anything struct {
	Rest []conf.Field `conf:"*"`
}

// Each type has a page, named for it, whose example loads without a word of complaint.
func TestManual(t *testing.T) {
	camel := regexp.MustCompile(`([a-z0-9])([A-Z])`)
	filter := heap.Define("HeaderFilter", func(*anything, *heap.Env) (chain.Filter, error) {
		return chain.FilterFunc(func(x *chain.Exchange, next chain.Handler) (*chain.Response, error) { return next.Handle(x) }), nil
	})
	capture := heap.Define("CaptureDecorator", func(*anything, *heap.Env) (heap.Decorator, error) { return undecorated{}, nil })
	defaults, err := conf.Parse("defaults", []byte(`[{"name":"capture","type":"CaptureDecorator"},{"name":"ProxyOptions","type":"ProxyOptions"},
		{"name":"TemporaryStorage","type":"TemporaryStorage"},{"name":"ClientHandler","type":"ClientHandler"},{"name":"ForgeRockClientHandler","type":"ClientHandler"},{"name":"ReverseProxyHandler","type":"ReverseProxyHandler"}]`))
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range All {
		if typ.Why != "" {
			continue
		}
		page := strings.ToLower(camel.ReplaceAllString(typ.Name, "${1}_${2}")) + ".md"
		b, err := os.ReadFile(page)
		if err != nil {
			t.Errorf("the type %s has no manual page: %v", typ.Name, err)
			continue
		}
		_, rest, _ := strings.Cut(string(b), "```json\n")
		example, _, ok := strings.Cut(rest, "```")
		if !ok || !strings.Contains(example, `"`+typ.Name+`"`) || !strings.HasPrefix(string(b), "# "+typ.Name+"\n") {
			t.Errorf("%s has no title or no example of the type", page)
			continue
		}
		n, err := conf.Parse(page, []byte(example))
		if err != nil {
			t.Error(err)
			continue
		}
		none := func(string) (string, bool) { return "", false }
		errs := &conf.Errors{}
		h := heap.New(heap.Options{Name: "route", Errs: errs, Bindings: heap.NewBindings(nil, nil), Declared: n.Get("heap"), Defaults: defaults,
			Catalog:  heap.NewCatalog(All, secrets.All, []*heap.Type{filter, capture}),
			Services: &heap.Services{Logger: slog.New(slog.DiscardHandler), Now: time.Now, Getenv: none, System: none}})
		h.BuildAll()
		object := n
		if handler := n.Get("handler"); handler != nil {
			object = handler
		}
		h.Resolve(h.Decoder(), object, "an object")
		if err := errs.Err(); err != nil {
			t.Errorf("%s: %v", page, err)
		}
		for _, w := range errs.Warnings() {
			if !strings.Contains(w.Msg, "there is no folder") {
				t.Errorf("%s: %s", page, w)
			}
		}
	}
}

type undecorated struct{}

func (undecorated) Decorate(target any, _ *conf.Node, _ *heap.Env) (any, error) { return target, nil }
