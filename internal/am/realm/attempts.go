package realm

import (
	"container/list"
	"sync"
	"time"

	"gatehouse/internal/observe"
)

// Limits of attempts. The wait doubles with each failure, up to LongestWait: guessing is slow, and whoever guesses cannot
// keep the owner out for long.
const (
	LongestWait = time.Minute
	ForgetAfter = 15 * time.Minute
	MaxAttempts = 16384
)

// Attempts slows down those who guess: after a number of failures in a row a key has to wait. It counts keys whether or
// not anybody has them, so that it tells nothing about that, and remembers a bounded number: the least recent are
// forgotten. It is safe for concurrent use.
type Attempts struct {
	free   int
	limits *observe.Limits
	now    func() time.Time

	mu    sync.Mutex
	byKey map[string]*list.Element // of *attempts
	order *list.List               // most recent first

	refused uint64
}

type attempts struct {
	key    string
	failed int
	last   time.Time
	until  time.Time
}

// NewAttempts counts from free failures in a row on. limits counts the keys that were forgotten; it may be nil.
func NewAttempts(free int, limits *observe.Limits, now func() time.Time) *Attempts {
	return &Attempts{free: free, limits: limits, now: now, byKey: map[string]*list.Element{}, order: list.New()}
}

// Len is how many keys are remembered. While it is 0 no key need be made.
func (a *Attempts) Len() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.order.Len()
}

// Refused is how often a key had to wait.
func (a *Attempts) Refused() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.refused
}

// Wait is how long the key has to wait before the next attempt; 0 when it may try now.
func (a *Attempts) Wait(key string) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	e, ok := a.byKey[key]
	if !ok {
		return 0
	}
	wait := max(0, e.Value.(*attempts).until.Sub(a.now()))
	if wait > 0 {
		a.refused++
	}
	return wait
}

// Settle counts how an attempt ended, and tells whether whoever made it may learn that. He may not when the key has to wait by
// now: of many attempts at once, which all began before one of them had failed, no more count than of one after the other.
func (a *Attempts) Settle(key string, right bool) (told bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	e, ok := a.byKey[key]
	told = !ok || !e.Value.(*attempts).until.After(a.now())
	switch {
	case !told:
		a.refused++
		if !right {
			a.failed(key)
		}
	case !right:
		a.failed(key)
	case ok:
		a.drop(e)
	}
	return told
}

// Failed counts a failure.
func (a *Attempts) Failed(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failed(key)
}

func (a *Attempts) failed(key string) {
	now := a.now()
	e, ok := a.byKey[key]
	if !ok {
		e = a.order.PushFront(&attempts{key: key})
		a.byKey[key] = e
		if a.order.Len() > a.limits.Number("remembered_failures", MaxAttempts) {
			a.drop(a.order.Back())
			a.limits.Add("remembered_failures")
		}
	}
	a.order.MoveToFront(e)
	one := e.Value.(*attempts)
	if now.Sub(one.last) > ForgetAfter {
		one.failed = 0
	}
	one.failed, one.last = one.failed+1, now
	if over := one.failed - a.free; over >= 0 {
		one.until = now.Add(min(LongestWait, time.Second<<min(over, 10)))
	}
}

// Succeeded forgives what failed before.
func (a *Attempts) Succeeded(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if e, ok := a.byKey[key]; ok {
		a.drop(e)
	}
}

func (a *Attempts) drop(e *list.Element) {
	delete(a.byKey, e.Value.(*attempts).key)
	a.order.Remove(e)
}
