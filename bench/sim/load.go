package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// times are how long the requests of one kind took, from when each was due.
type times struct {
	mu     sync.Mutex
	took   []time.Duration
	failed int
	first  error // of those that failed
}

func (t *times) add(d time.Duration, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.took = append(t.took, d)
	if err != nil {
		t.failed++
		if t.first == nil {
			t.first = err
		}
	}
}

// quantile is what the part q stays at or below; 0 when there was nothing.
func (t *times) quantile(q float64) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.took) == 0 {
		return 0
	}
	slices.Sort(t.took)
	return t.took[min(int(q*float64(len(t.took))), len(t.took)-1)]
}

// mostAtOnce bounds the requests that wait for answers. What is due beyond that fails: the servers are far behind.
const mostAtOnce = 5000

// step is a time of load.
type step struct {
	multiple float64
	length   time.Duration
	kinds    [kinds]times
	late     times // how late requests were begun: what the load generator itself adds
	before   usage
	after    usage
}

// offer sends requests of each kind at random times, as many a second as the day's busiest hour has, times multiple. It
// waits for the answers.
func (w *world) offer(ctx context.Context, d day, multiple float64, length time.Duration, seed uint64) *step {
	s := &step{multiple: multiple, length: length, before: w.node.usage()}
	var running atomic.Int64
	var wg, answers sync.WaitGroup
	began := time.Now()
	for _, k := range []kind{authorize, refresh, clientCredentials, exchange, introspection, firstCall, proxied} {
		rate := d.peak(k) * multiple
		if rate <= 0 || (k == proxied || k == firstCall) && w.call == "" {
			continue
		}
		r := rand.New(rand.NewPCG(seed, uint64(k)))
		wg.Go(func() {
			due := began
			for {
				due = due.Add(time.Duration(r.ExpFloat64() / rate * float64(time.Second)))
				if due.Sub(began) > length {
					return
				}
				select {
				case <-time.After(time.Until(due)):
				case <-ctx.Done():
					return
				}
				typed := k == authorize && r.Float64() < d.Passwords
				at := due
				if running.Add(1) > mostAtOnce {
					running.Add(-1)
					s.kinds[k].add(time.Since(at), errBehind)
					continue
				}
				s.late.add(time.Since(at), nil)
				answers.Go(func() {
					defer running.Add(-1)
					w.act(ctx, s, k, at, typed)
				})
			}
		})
	}
	wg.Wait()
	answers.Wait()
	s.length = max(length, time.Since(began))
	s.after = w.node.usage()
	return s
}

// act sends a request, or the requests of a login; those that follow another count from its answer.
func (w *world) act(ctx context.Context, s *step, k kind, due time.Time, typed bool) {
	do := func(k kind, due time.Time, send func() error) bool {
		err := send()
		s.kinds[k].add(time.Since(due), err)
		return err == nil
	}
	switch k {
	case authorize:
		session := w.sessions.any()
		if typed || session == "" {
			if !do(password, due, func() (err error) { session, err = w.signIn(ctx); return err }) {
				return
			}
			due = time.Now()
		}
		var c string
		if do(authorize, due, func() (err error) { c, err = w.authorize(ctx, session); return err }) {
			do(code, time.Now(), func() error { return w.redeem(ctx, c) })
		}
	default:
		do(k, due, func() error {
			err := w.send(ctx, k)
			if errors.Is(err, errNoMore) { // chance had it that more first calls than tokens were due
				err = w.send(ctx, proxied)
			}
			return err
		})
	}
}

// rate is how many requests of a kind were answered in a second.
func (s *step) rate(k kind) float64 { return float64(len(s.kinds[k].took)) / s.length.Seconds() }

// requests counts all, and those that failed.
func (s *step) requests() (all, failed int) {
	for k := range s.kinds {
		all += len(s.kinds[k].took)
		failed += s.kinds[k].failed
	}
	return all, failed
}

// holds says whether the servers kept up.
func (s *step) holds(limit time.Duration) bool {
	all, failed := s.requests()
	if failed*1000 > all {
		return false
	}
	for k := range s.kinds {
		if s.kinds[k].quantile(0.99) > limit {
			return false
		}
	}
	return true
}

// cost is what a kind of request takes of the processors when there is nothing else.
type cost struct{ am, gateway time.Duration }

func (c cost) all() time.Duration { return c.am + c.gateway }

// alone sends requests one after the other from four sides and divides what the servers used by their number.
func (w *world) alone(ctx context.Context, length time.Duration, send func() error) (cost, error) {
	before := w.node.usage()
	end := time.Now().Add(length)
	var n atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() {
			for time.Now().Before(end) && errs[i] == nil && ctx.Err() == nil {
				errs[i] = send()
				n.Add(1)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil && !errors.Is(err, errNoMore) {
			return cost{}, err
		}
	}
	after := w.node.usage()
	each := time.Duration(max(n.Load(), 1))
	return cost{(after.am - before.am) / each, (after.gateway - before.gateway) / each}, ctx.Err()
}
