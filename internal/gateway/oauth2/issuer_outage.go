package oauth2

import (
	"sync"
	"time"
)

// outage is a time in which an issuer's document cannot be read. The zero value says
// that it can.
type outage struct {
	mu      sync.Mutex
	wait    time.Duration // between the last attempt and the next; 0: there is no outage
	next    time.Time
	running bool
}

// Attempts are this far apart at first, then twice as far each time.
const (
	firstWait = 5 * time.Second
	mostWait  = 5 * time.Minute
)

func (o *outage) lasts() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.wait > 0
}

// claim tells whether the caller may make the next attempt. It has to end in failed or over.
func (o *outage) claim(now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.running || now.Before(o.next) {
		return false
	}
	o.running = true
	return true
}

// failed returns how long it is until the next attempt.
func (o *outage) failed(now time.Time) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wait = min(max(2*o.wait, firstWait), mostWait)
	o.next, o.running = now.Add(o.wait), false
	return o.wait
}

func (o *outage) over() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wait, o.running = 0, false
}
