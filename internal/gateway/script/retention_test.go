package script

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/gateway/chain"
)

// A script that calls on and on does not keep all that it was answered.
func TestAnsweredCallsAreForgotten(t *testing.T) {
	for name, src := range map[string]string{
		"one after the other": "for (int i = 0; i < 400; i++) { http.send(request) }",
		"beside the script":   "for (int i = 0; i < 400; i++) { def p = http.send(request); p.get() }\nif (false) { http.send(request) }",
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			var asked, freed atomic.Int64
			g.client = chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) {
				r := chain.NewResponse(200)
				r.Entity.SetBytes(make([]byte, 1000))
				runtime.AddCleanup(r, func(int) { freed.Add(1) }, 0)
				if asked.Add(1) == 400 {
					for end := time.Now().Add(20 * time.Second); freed.Load() < 100 && time.Now().Before(end); time.Sleep(time.Millisecond) {
						runtime.GC()
					}
				}
				return r, nil
			})
			_, _ = g.source(src).Handle(newExchange("/"))
			if asked.Load() != 400 || freed.Load() < 100 {
				t.Errorf("%d calls, of whose answers %d were freed, want 100 at least", asked.Load(), freed.Load())
			}
		})
	}
}
