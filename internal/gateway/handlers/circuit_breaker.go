package handlers

import (
	"errors"
	"sync"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type circuitBreakerConfig struct {
	// Enabled switches the breaker on.
	Enabled bool `conf:"enabled,default=true"`
	// MaxFailures among the last calls is where the circuit opens.
	MaxFailures int `conf:"maxFailures,required,min=1"`
	// OpenDuration is how long the circuit stays open, at most a day.
	OpenDuration conf.Duration `conf:"openDuration,required"`
	// SlidingCounter.Size is how many of the last calls are counted; more than
	// MaxFailures.
	SlidingCounter struct {
		Size int `conf:"size,required,min=1"`
	} `conf:"slidingCounter,required"`
	// OpenHandler answers while the circuit is open; without it calls fail.
	OpenHandler heap.Ref[chain.Handler] `conf:"openHandler"`
	// Executor is accepted; the circuit needs no thread pool.
	Executor heap.Ref[*ScheduledExecutorService] `conf:"executor"`
}

// errOpen is what calls fail with while the circuit is open.
var errOpen = errors.New("the circuit breaker is open")

// Breaker counts the failures among the last calls. When there are too many it opens:
// calls are not made for a while, then one is let through to see.
type Breaker struct {
	mu       sync.Mutex
	now      func() time.Time
	failed   []bool // ring of the last calls
	next     int
	failures int
	max      int
	wait     time.Duration
	openTill time.Time
	probing  bool
}

func newBreaker(c *circuitBreakerConfig, env *heap.Env, next chain.Handler) chain.Handler {
	if c.SlidingCounter.Size <= c.MaxFailures {
		env.Fail("circuitBreaker.slidingCounter", "expected a size above maxFailures (%d), found %d", c.MaxFailures, c.SlidingCounter.Size)
	}
	if c.OpenDuration <= 0 || c.OpenDuration.D() > 24*time.Hour {
		env.Fail("circuitBreaker.openDuration", "expected a duration of at most a day, found %s", c.OpenDuration)
	}
	b := NewBreaker(c.MaxFailures, c.SlidingCounter.Size, c.OpenDuration.D(), env.Now)
	open := chain.Handler(chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) { return nil, errOpen }))
	if c.OpenHandler.IsSet() {
		open = c.OpenHandler.Get()
	}
	return chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		if !b.Enter() {
			return open.Handle(x)
		}
		resp, err := next.Handle(x)
		b.Leave(err != nil)
		return resp, err
	})
}

// NewBreaker returns a closed breaker that opens for wait when more than max of the
// last size calls failed.
func NewBreaker(max, size int, wait time.Duration, now func() time.Time) *Breaker {
	return &Breaker{now: now, failed: make([]bool, size), max: max, wait: wait}
}

// Enter says whether a call may be made; who enters must Leave.
func (b *Breaker) Enter() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.openTill.IsZero():
		return true
	case b.probing || b.now().Before(b.openTill):
		return false
	}
	b.probing = true
	return true
}

// Leave says how the call went.
func (b *Breaker) Leave(failed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.probing {
		b.probing = false
		if failed {
			b.openTill = b.now().Add(b.wait)
			return
		}
		clear(b.failed)
		b.failures, b.openTill = 0, time.Time{}
		return
	}
	if b.failed[b.next] {
		b.failures--
	}
	b.failed[b.next] = failed
	b.next = (b.next + 1) % len(b.failed)
	if failed {
		b.failures++
	}
	if b.failures > b.max && b.openTill.IsZero() {
		b.openTill = b.now().Add(b.wait)
	}
}
