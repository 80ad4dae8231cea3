package oauth

import (
	"container/list"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"gatehouse/internal/am/store"
)

// Limits of guessing credentials. After freeTrials failures in a row one address has to wait before it may try the same
// client again, twice as long each time, up to longestTrial. It is counted by address and client, so that nobody can
// shut a client out from elsewhere.
const (
	freeTrials   = 20
	longestTrial = time.Minute
	forgetTrials = 15 * time.Minute
	maxTrials    = 16384
)

// trials counts failed authentications of clients, a bounded number of them: the least recent are forgotten.
type trials struct {
	now   func() time.Time
	mu    sync.Mutex
	byKey map[string]*list.Element // of *trial
	order *list.List               // most recent first
}

type trial struct {
	key    string
	failed int
	last   time.Time
	until  time.Time
}

func newTrials(now func() time.Time) *trials {
	return &trials{now: now, byKey: map[string]*list.Element{}, order: list.New()}
}

// trialKey is what is counted: a digest, for what is claimed may have any length.
func (p *Provider) trialKey(r *http.Request, c *Credentials) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	id := c.Get("client_id")
	if name, _, ok := r.BasicAuth(); id == "" && ok {
		id = name
	}
	if raw := c.Get("client_assertion"); id == "" && raw != "" {
		_, id, _ = AssertionIssuer(raw) // who is meant; nothing is believed
	}
	return store.IDOf(p.Realm.Path + "\x00" + host + "\x00" + id)
}

// any tells whether there is anything to look up; mostly there is not, and then no key need be made.
func (t *trials) any() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.order.Len() > 0
}

// wait is how long the key has to wait before the next trial.
func (t *trials) wait(key string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	e, ok := t.byKey[key]
	if !ok {
		return 0
	}
	return max(0, e.Value.(*trial).until.Sub(t.now()))
}

// failed counts a refused authentication; other errors are no trials.
func (t *trials) failed(key string, err error) {
	if e, ok := errors.AsType[*Error](err); !ok || e.Code != "invalid_client" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	e, ok := t.byKey[key]
	if !ok {
		e = t.order.PushFront(&trial{key: key})
		t.byKey[key] = e
		if t.order.Len() > maxTrials {
			t.drop(t.order.Back())
		}
	}
	t.order.MoveToFront(e)
	one := e.Value.(*trial)
	if now.Sub(one.last) > forgetTrials {
		one.failed = 0
	}
	one.failed, one.last = one.failed+1, now
	if over := one.failed - freeTrials; over >= 0 {
		one.until = now.Add(min(longestTrial, time.Second<<min(over, 10)))
	}
}

func (t *trials) succeeded(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e, ok := t.byKey[key]; ok {
		t.drop(e)
	}
}

func (t *trials) drop(e *list.Element) {
	delete(t.byKey, e.Value.(*trial).key)
	t.order.Remove(e)
}

func tooManyTrials(wait time.Duration) error {
	return &Error{
		Status: http.StatusTooManyRequests, Code: "invalid_client", Description: "Too many failed attempts.",
		RetryAfter: int((wait + time.Second - 1) / time.Second),
	}
}
