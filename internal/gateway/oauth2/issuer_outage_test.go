package oauth2

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/internal/gateway/chain"
)

// While the issuer's document cannot be read again, no login waits for an attempt: the
// last document serves, one attempt runs at a time, and not sooner than it should.
func TestDocumentThatCannotBeReadAgain(t *testing.T) {
	s := plainSite(t) // outside: its caches have goroutines that stay
	synctest.Test(t, func(t *testing.T) {
		issuer := func() string { return mustQuery(t, s.browser().location(page)).Get("client_id") }
		if issuer() != "app" {
			t.Fatal("no login")
		}
		var attempts atomic.Int32
		var broken atomic.Bool
		hang := make(chan struct{})
		good := s.fixture.server
		s.fixture.server = func(x *chain.Exchange) (*chain.Response, error) {
			if x.Request.URI.RawPath == "/oidc/.well-known/openid-configuration" {
				if attempts.Add(1) > 1 && broken.Load() {
					<-hang
				}
				if broken.Load() {
					return reply(503, "")
				}
			}
			return good(x)
		}
		broken.Store(true)
		s.pass(documentLife + time.Second)
		for range 5 { // the first waits for its attempt, which fails at once; the others for none
			if issuer() != "app" {
				t.Fatal("a login without the last document")
			}
		}
		s.pass(firstWait)
		for range 5 { // one attempt hangs; nobody waits for it
			if issuer() != "app" {
				t.Fatal("a login that waits")
			}
		}
		synctest.Wait()
		if n := attempts.Load(); n != 2 {
			t.Errorf("%d attempts, want 2", n)
		}
		close(hang)
		synctest.Wait()
		broken.Store(false)
		s.pass(firstWait) // less than twice the first wait
		issuer()
		synctest.Wait()
		if n := attempts.Load(); n != 2 {
			t.Errorf("%d attempts, want still 2", n)
		}
		s.pass(firstWait)
		issuer()
		synctest.Wait()
		issuer()
		if n := attempts.Load(); n != 3 {
			t.Errorf("%d attempts, want 3: one that succeeds, and then none", n)
		}
	})
}
