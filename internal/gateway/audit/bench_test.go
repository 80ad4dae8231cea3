package audit

import (
	"context"
	"net/http"
	"testing"
	"time"

	"gatehouse/internal/gateway/chain"
)

type nowhere struct{ n int }

func (*nowhere) start(context.Context) error { return nil }
func (*nowhere) stop()                       {}
func (w *nowhere) write(event []byte)        { w.n += len(event) }

// BenchmarkAccess is what an access event costs the request, writing apart.
func BenchmarkAccess(b *testing.B) {
	sc, _ := loadSchema(accessTopic, "")
	p := newPolicy()
	for _, f := range sc.safelist {
		p.include("/access" + f)
	}
	p.ignoreCase("/access/http/request/headers")
	s := &service{now: time.Now, prefix: newPrefix()}
	s.accessWriter = newAccess(s, &topic{schema: sc, policy: p.at(accessTopic), sinks: []sink{&nowhere{}}})
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
