package audit

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"gatehouse/internal/audit"
	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
)

// BenchmarkAccess is what an access event costs the request.
func BenchmarkAccess(b *testing.B) {
	var errs conf.Errors
	node, err := conf.Parse("audit", []byte(`{"eventHandlers": [{"class": "JsonAuditEventHandler", "config": {"name": "json", "topics": ["access"], "logDirectory": "`+b.TempDir()+`"}}]}`))
	if err != nil {
		b.Fatal(err)
	}
	d := &conf.Decoder{Errs: &errs}
	var c audit.Config
	d.Decode(node, &c)
	log := slog.New(slog.DiscardHandler)
	inner := audit.New(&c, &audit.Env{Node: node, Errs: &errs, Decoder: func() *conf.Decoder { return &conf.Decoder{} }, Topics: topics(), Log: log, Now: time.Now})
	if err := errs.Err(); err != nil {
		b.Fatal(err)
	}
	if err := inner.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	defer inner.Stop()
	s := &service{Service: inner, accessWriter: newAccess(inner, inner.Topic(accessTopic), log)}
	h := Within(s, "10-a", "a", chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) {
		return chain.NewResponse(http.StatusOK), nil
	}))
	req := chain.NewRequest()
	req.URI, _ = chain.ParseURI("http://ig.example.com:8080/home?a=b")
	req.Header = http.Header{"Host": {"ig.example.com:8080"}, "User-Agent": {"curl/8"}, "Accept": {"*/*"}, "Cookie": {"a=b"}}
	x := chain.New(b.Context(), req, &chain.RootContext{ID: "r-1"})
	x = x.Push(&chain.TransactionContext{Value: "r-1"}).Push(&chain.AuditContext{Received: time.Now()}).
		Push(&chain.ClientContext{RemoteAddr: "127.0.0.1:5000", LocalAddr: "127.0.0.1:8080"}).Push(&chain.RouterContext{OriginalURI: req.URI})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Handle(x); err != nil {
			b.Fatal(err)
		}
	}
}
