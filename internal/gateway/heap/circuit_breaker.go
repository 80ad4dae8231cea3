package heap

import (
	"errors"
	"sync"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
)

// CircuitBreaker is the configuration of a breaker: all of a CircuitBreakerFilter, and
// a block of handlers that send requests on.
type CircuitBreaker struct {
	// Enabled switches the breaker on.
	Enabled bool `conf:"enabled,default=true"`
	// MaxFailures among the last calls open the circuit.
	MaxFailures int `conf:"maxFailures,required,min=1"`
	// OpenDuration is how long the circuit stays open, at most a day.
	OpenDuration conf.Duration `conf:"openDuration,required"`
	// SlidingCounter says how many of the last calls are counted.
	SlidingCounter struct {
		// Size is more than MaxFailures.
		Size int `conf:"size,required,min=1,max=1000000"`
	} `conf:"slidingCounter,required"`
	// OpenHandler answers while the circuit is open; without it calls fail.
	OpenHandler Ref[chain.Handler] `conf:"openHandler"`
	// Executor is accepted from existing configurations.
	Executor any `conf:"executor,unused=the circuit needs no thread pool"`
}

// ErrCircuitOpen is what calls fail with while the circuit is open.
var ErrCircuitOpen = errors.New("circuit-breaker open")

// Build makes the breaker. Problems are reported to env; field is where in the
// configuration the block stands, with a dot at the end, "" for all of it.
func (c *CircuitBreaker) Build(env *Env, field string) *Breaker {
	if c.SlidingCounter.Size <= c.MaxFailures {
		env.Fail(field+"slidingCounter.size", "expected a size above maxFailures (%d), found %d", c.MaxFailures, c.SlidingCounter.Size)
	}
	if c.OpenDuration <= 0 || c.OpenDuration.D() > 24*time.Hour {
		env.Fail(field+"openDuration", "expected a duration above zero and of at most a day, found %s", c.OpenDuration)
	}
	b := &Breaker{now: env.Now, failed: make([]bool, c.SlidingCounter.Size), max: c.MaxFailures, wait: c.OpenDuration.D(), open: c.OpenHandler.Get()}
	return b
}

// Breaker counts the failures among the last calls; answers are no failures, whatever
// their status. When there are too many, the circuit opens: for a while no call is
// made. Then it is closed and counts anew.
type Breaker struct {
	now  func() time.Time
	max  int
	wait time.Duration
	open chain.Handler // nil: calls fail

	mu       sync.Mutex
	failed   []bool // ring of the last calls
	next     int
	failures int
	until    time.Time // zero: closed
	opened   int       // how often
}

// Handle calls next unless the circuit is open.
func (b *Breaker) Handle(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	opened, open := b.isOpen()
	if open {
		if b.open == nil {
			return nil, ErrCircuitOpen
		}
		return b.open.Handle(x)
	}
	resp, err := next.Handle(x)
	// A client that went away says nothing about what is behind.
	if err == nil || x.Ctx().Err() == nil {
		b.count(err != nil, opened)
	}
	return resp, err
}

// isOpen also tells how often the circuit has been opened.
func (b *Breaker) isOpen() (opened int, open bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until.IsZero() {
		return b.opened, false
	}
	if b.now().Before(b.until) {
		return b.opened, true
	}
	clear(b.failed)
	b.next, b.failures, b.until = 0, 0, time.Time{}
	return b.opened, false
}

func (b *Breaker) count(failed bool, opened int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	// Calls that began before the circuit opened come too late to count.
	if b.opened != opened {
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
	if b.failures >= b.max {
		b.until = b.now().Add(b.wait)
		b.opened++
	}
}
