package gateway

import (
	"math"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"
)

// latency counts durations. Counting is two atomic additions without a lock; what
// quantiles need is computed when somebody asks. Buckets are an eighth of a doubling
// wide, which keeps quantiles within a few percent of the truth.
type latency struct {
	buckets [latencyBuckets]atomic.Uint64
	nanos   atomic.Int64

	mu    sync.Mutex
	marks []mark
}

const (
	// latencyUnit is the width of the first buckets: about a microsecond.
	latencyUnit    = 10 // bits of nanoseconds
	eighths        = 8
	latencyBuckets = 30 * eighths // up to some 20 minutes
	latencyWindow  = 10 * time.Minute
	latencyStep    = time.Minute
)

type counts [latencyBuckets]uint64

// mark is what had been counted at a time; quantiles speak of what came after one.
type mark struct {
	at     time.Time
	counts counts
}

func (l *latency) observe(d time.Duration) {
	d = max(d, 0)
	l.nanos.Add(int64(d))
	l.buckets[bucketOf(d)].Add(1)
}

func bucketOf(d time.Duration) int {
	v := uint64(d) >> latencyUnit
	if v < eighths {
		return int(v)
	}
	doubling := bits.Len64(v) - 4 // of the value eight
	return min(doubling*eighths+int(v>>doubling), latencyBuckets-1)
}

// lowerEdge is the shortest duration of a bucket.
func lowerEdge(bucket int) time.Duration {
	if bucket < 2*eighths {
		return time.Duration(bucket) << latencyUnit
	}
	doubling := bucket/eighths - 1
	return time.Duration(eighths+bucket%eighths) << doubling << latencyUnit
}

// latencyQuantiles are those that metrics show.
var latencyQuantiles = []float64{0.5, 0.75, 0.95, 0.98, 0.99, 0.999}

// summary returns how many durations there were, their sum in seconds, and the
// quantiles of about the last ten minutes, which are not numbers when there was none.
func (l *latency) summary(now time.Time) (count uint64, sum float64, quantiles map[float64]float64) {
	l.mu.Lock()
	defer l.mu.Unlock() // from the counting on: a mark must not be newer than what it is subtracted from
	var all counts
	for i := range l.buckets {
		all[i] = l.buckets[i].Load()
		count += all[i]
	}
	recent := l.since(now, &all)
	var n uint64
	for _, c := range recent {
		n += c
	}
	quantiles = make(map[float64]float64, len(latencyQuantiles))
	for _, q := range latencyQuantiles {
		quantiles[q] = recent.quantile(q, n)
	}
	return count, time.Duration(l.nanos.Load()).Seconds(), quantiles
}

// since returns what was counted after the oldest mark of the window, and sets a new
// mark from time to time. The caller holds the lock.
func (l *latency) since(now time.Time, all *counts) *counts {
	for len(l.marks) > 1 && now.Sub(l.marks[0].at) > latencyWindow {
		l.marks = l.marks[1:]
	}
	recent := *all
	if len(l.marks) > 0 {
		for i, before := range l.marks[0].counts {
			recent[i] -= before
		}
	}
	switch {
	case len(l.marks) == 0:
		// Until now nobody asked: the window begins with the first request.
		l.marks = append(l.marks, mark{at: now})
	case now.Sub(l.marks[len(l.marks)-1].at) >= latencyStep:
		l.marks = append(l.marks, mark{now, *all})
	}
	return &recent
}

// quantile returns the duration in seconds that the share q of n durations does not pass.
func (c *counts) quantile(q float64, n uint64) float64 {
	if n == 0 {
		return math.NaN()
	}
	rank := q * float64(n)
	seen := 0.0
	for i, v := range c {
		if v == 0 {
			continue
		}
		if seen+float64(v) >= rank {
			from, to := lowerEdge(i).Seconds(), lowerEdge(i+1).Seconds()
			return from + (to-from)*(rank-seen)/float64(v)
		}
		seen += float64(v)
	}
	return lowerEdge(latencyBuckets).Seconds()
}
