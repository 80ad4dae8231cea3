package gateway

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"gatehouse/internal/gateway/chain"
)

// routeMetrics counts what passes one route, or a router's default handler. A request
// touches nothing but its route's own counters: no lock, no look-up.
type routeMetrics struct {
	active                   atomic.Int64
	requests, failures, none atomic.Uint64
	// families are responses by the first digit of their status; 0 is all others.
	families [6]atomic.Uint64
	time     latency
}

var familyNames = [6]string{"UNKNOWN", "INFORMATIONAL", "SUCCESSFUL", "REDIRECTION", "CLIENT_ERROR", "SERVER_ERROR"}

// passage is one request inside a route. What is not answered by the time it ends
// ended in a panic.
type passage struct {
	metrics *routeMetrics
	began   time.Time
	done    bool
}

func (m *routeMetrics) begin() passage {
	m.requests.Add(1)
	m.active.Add(1)
	return passage{metrics: m, began: time.Now()}
}

// answered counts the outcome.
func (p *passage) answered(resp *chain.Response, err error) {
	m := p.metrics
	p.done = true
	if resp != nil && errors.Is(resp.Cause, errNoResponse) {
		err = errNoResponse
	}
	switch {
	case errors.Is(err, errNoResponse) || err == nil && resp == nil:
		m.none.Add(1)
		m.families[5].Add(1)
		return
	case err != nil || resp.Cause != nil:
		m.failures.Add(1)
	}
	family := 5
	if err == nil {
		family = resp.Status.Code / 100
		if family < 1 || family > 5 {
			family = 0
		}
	}
	m.families[family].Add(1)
}

func (p *passage) end() {
	m := p.metrics
	if !p.done {
		m.failures.Add(1)
		m.families[5].Add(1)
	}
	m.time.observe(time.Since(p.began))
	m.active.Add(-1)
}

// timerMetrics are the times of one decorated object; filters have all three.
type timerMetrics struct {
	timerLabels
	elapsed, internal, downstream latency
}

// timerLabels tell what is timed: the object, its heap, the decorator, and where.
type timerLabels struct {
	filter                                 bool
	object, heap, decorator, route, router string
}

// timers finds the times of decorated objects by label, so that they go on when their
// route is loaded again. It does not keep alive what no object uses any more.
type timers struct {
	mu sync.Mutex
	m  map[timerLabels]weak.Pointer[timerMetrics]
}

func (t *timers) get(l timerLabels) *timerMetrics {
	t.mu.Lock()
	defer t.mu.Unlock()
	if m := t.m[l].Value(); m != nil {
		return m
	}
	m := &timerMetrics{timerLabels: l}
	if t.m == nil {
		t.m = map[timerLabels]weak.Pointer[timerMetrics]{}
	}
	t.m[l] = weak.Make(m)
	return m
}

// all returns the times of objects that are in use.
func (t *timers) all() []*timerMetrics {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]*timerMetrics, 0, len(t.m))
	for l, p := range t.m {
		if m := p.Value(); m != nil {
			list = append(list, m)
		} else {
			delete(t.m, l)
		}
	}
	return list
}
