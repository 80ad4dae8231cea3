package oauth2

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"gatehouse/internal/gateway/amservice"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/oauth2/token"
)

// issued is an access token that the gateway got for itself.
type issued struct {
	header  string // "Bearer …" or "DPoP …"
	refresh string
	until   time.Time // when a new one is to be got; zero: now
	// replaced is when the token took the place of one that was refused, else zero.
	replaced time.Time
	rejected bool // it only holds the place of a token that was refused
}

const (
	// aheadOfExpiry is how long before its end a token is replaced, so that it does not
	// end on its way.
	aheadOfExpiry = 10 * time.Second
	// betweenRejects is how long a token that replaced a refused one is kept, refused or
	// not: a resource that refuses everything must not become load on the token endpoint.
	betweenRejects = 5 * time.Second
	// withoutExpiry is how long a token without expires_in is used, if nobody refuses it.
	withoutExpiry = time.Hour
)

// source keeps the token that a filter sends and gets a new one when it ends.
type source struct {
	// fetch gets a token; last is the one before, nil at first.
	fetch  func(x *chain.Exchange, last *issued) (*issued, error)
	now    func() time.Time
	last   atomic.Pointer[issued]
	flight amservice.Flight[*issued]
}

func (s *source) get(x *chain.Exchange) (*issued, error) {
	if t := s.last.Load(); t != nil && s.now().Before(t.until) {
		return t, nil
	}
	return s.flight.Do(x, "", func() (*issued, error) {
		last := s.last.Load()
		if last != nil && s.now().Before(last.until) {
			return last, nil
		}
		t, err := s.fetch(x, last)
		if err == nil {
			if last != nil && last.rejected {
				t.replaced = s.now()
			}
			s.last.Store(t)
		}
		return t, err
	})
}

// reject ends a token that was refused and says whether to try with another: one that
// took its place meanwhile, or a new one.
func (s *source) reject(t *issued) bool {
	if !t.replaced.IsZero() && s.now().Sub(t.replaced) < betweenRejects {
		return s.last.Load() != t
	}
	s.last.CompareAndSwap(t, &issued{refresh: t.refresh, rejected: true})
	return true
}

// newIssued reads a token response (RFC 6749 §5.1). A token that is bound to a key goes out
// with its own scheme (RFC 9449 §7.1); a DpopProofFilter behind adds the proof.
func newIssued(info *token.Info, now time.Time) (*issued, error) {
	scheme := "Bearer"
	switch kind, ok := info.Text("token_type"); {
	case strings.EqualFold(kind, "DPoP"):
		scheme = "DPoP"
	case ok && !strings.EqualFold(kind, scheme):
		return nil, fmt.Errorf("the authorization server issued a token of type %q, which cannot be sent", kind)
	}
	text, _ := info.Text("access_token")
	t := &issued{header: scheme + " " + text, until: now.Add(withoutExpiry)}
	t.refresh, _ = info.Text("refresh_token")
	if seconds, ok := info.Int("expires_in"); ok {
		life := time.Duration(min(max(seconds, 0), 1<<31)) * time.Second
		t.until = now.Add(life - min(aheadOfExpiry, life/2))
	}
	return t, nil
}

// bearerFilter sends a token of its source with every request, and once more with a
// new one when it is refused.
type bearerFilter struct {
	source source
	// streaming says that bodies pass through unbuffered; those cannot be sent again.
	streaming bool
}

func (f *bearerFilter) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	t, err := f.source.get(x)
	if err != nil {
		return nil, err
	}
	again, err := copyOf(x.Request, f.streaming)
	if err != nil {
		return nil, err
	}
	x.Request.Header["Authorization"] = []string{t.header}
	resp, err := next.Handle(x)
	if err != nil || again == nil || !refused(resp) || !f.source.reject(t) {
		letGo(again)
		return resp, err
	}
	resp.Entity.Close()
	if t, err = f.source.get(x); err != nil {
		letGo(again)
		return nil, err
	}
	again.Header["Authorization"] = []string{t.header}
	return next.Handle(x.With(again))
}

// copyOf returns what a second attempt starts from, since those below may change the
// request; nil when its body passes through unbuffered: such requests are sent once. Who
// does not use it lets it go.
func copyOf(req *chain.Request, streaming bool) (*chain.Request, error) {
	if streaming && !req.Entity.Buffered() {
		return nil, nil
	}
	return req.Clone()
}

// letGo gives back what the copy of a request holds; nil is none.
func letGo(copied *chain.Request) {
	if copied != nil {
		copied.Entity.Close()
	}
}

// refused says that the resource wants another token. A challenge of another scheme,
// or one with another error, is not cured by one (RFC 6750 §3.1).
func refused(resp *chain.Response) bool {
	if resp.Status.Code != 401 {
		return false
	}
	challenges := resp.Header["Www-Authenticate"]
	for _, scheme := range [...]string{"Bearer", "DPoP"} {
		if p, ok := challengeOf(challenges, scheme); ok && (p["error"] == "" || p["error"] == "invalid_token") {
			return true
		}
	}
	return len(challenges) == 0
}
