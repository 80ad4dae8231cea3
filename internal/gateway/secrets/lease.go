package secrets

import (
	"sync"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/heap"
)

// defaultLease is how long a secret is reused before its store is read again.
const defaultLease = conf.Duration(5 * time.Minute)

// leaseOf checks a leaseExpiry: without an end a rotated secret would never be seen,
// and at zero every request would read the store.
func leaseOf(env *heap.Env, field string, d conf.Duration) time.Duration {
	if d <= 0 || d.Unlimited() {
		env.Warn(field, "the duration must be neither zero nor unlimited; %s is used", defaultLease)
		return defaultLease.D()
	}
	return d.D()
}

// leases keeps what was read for a label until the lease ends. Labels come from
// configurations, so there are few.
type leases struct {
	ttl time.Duration
	now func() time.Time

	mu    sync.RWMutex
	m     map[ID]lease
	times uint64 // that all was cleared
}

type lease struct {
	list  []Secret
	until time.Time
}

func newLeases(ttl time.Duration, now func() time.Time) *leases {
	return &leases{ttl: ttl, now: now, m: map[ID]lease{}}
}

// get returns what load gave, not older than the lease. Failures and absence are not
// kept, so that a secret which appears is seen at once.
func (l *leases) get(id ID, load func() ([]Secret, error)) ([]Secret, error) {
	now := l.now()
	l.mu.RLock()
	kept, ok := l.m[id]
	times := l.times
	l.mu.RUnlock()
	if ok && now.Before(kept.until) {
		return kept.list, nil
	}
	list, err := load()
	if err != nil || len(list) == 0 {
		return nil, err
	}
	l.mu.Lock()
	if l.times == times { // else what was read may be from before the change
		l.m[id] = lease{list, now.Add(l.ttl)}
	}
	l.mu.Unlock()
	return list, nil
}

func (l *leases) clear() {
	l.mu.Lock()
	clear(l.m)
	l.times++
	l.mu.Unlock()
}
