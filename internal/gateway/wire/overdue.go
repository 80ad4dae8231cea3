package wire

import (
	"sync"
	"time"
)

// overdue ends a wait on a stream of HTTP/2, whose connection has no deadlines of its own:
// it waits for many streams at a time. A nil one waits for ever.
type overdue struct {
	limit time.Duration
	timer *time.Timer

	mu   sync.Mutex
	over bool // the stream is not to be touched any more
}

// newOverdue returns one that calls end when a wait takes longer than limit, once; nil
// without a limit.
func newOverdue(limit time.Duration, end func()) *overdue {
	if limit <= 0 {
		return nil
	}
	o := &overdue{limit: limit}
	o.timer = time.AfterFunc(limit, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if !o.over {
			o.over = true
			end()
		}
	})
	o.timer.Stop()
	return o
}

// begin begins a wait.
func (o *overdue) begin() {
	if o != nil {
		o.timer.Reset(o.limit)
	}
}

// end ends a wait.
func (o *overdue) end() {
	if o != nil {
		o.timer.Stop()
	}
}

// finish ends all of it: nothing is called once it has returned.
func (o *overdue) finish() {
	if o == nil {
		return
	}
	o.timer.Stop()
	o.mu.Lock()
	o.over = true
	o.mu.Unlock()
}
