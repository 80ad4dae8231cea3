package amservice

import (
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"gatehouse/internal/gateway/heap"
)

// counters are what a cache counts.
type counters struct {
	hits, misses atomic.Uint64
	loads        [2]struct{ count, nanos atomic.Int64 } // that failed, that succeeded
	evictions    [otter.CauseExpiration + 1]atomic.Uint64
}

func (c *counters) loaded(began time.Time, err error) {
	l := &c.loads[1]
	if err != nil {
		l = &c.loads[0]
	}
	l.count.Add(1)
	l.nanos.Add(int64(time.Since(began)))
}

// causes are the product's words for why an entry went without being asked to.
var causes = map[otter.DeletionCause]string{otter.CauseOverflow: "SIZE", otter.CauseExpiration: "EXPIRED"}

// Measure shows the cache among the metrics of an object; content is what it keeps, as
// access_token, policy_decision, session or user_profile.
func (c *Cache[V]) Measure(env *heap.Env, content string) {
	env.Measure(func() []heap.Sample { return c.counters.samples(content) })
}

func (c *counters) samples(content string) []heap.Sample {
	sample := func(metric string, kind heap.SampleKind, name, value string, sum float64, count uint64) heap.Sample {
		return heap.Sample{Metric: metric, Kind: kind, PerObject: true, Value: sum, Count: count, Labels: []string{"content", content, name, value}}
	}
	list := []heap.Sample{
		sample("ig_cache_gets_total", heap.Counter, "result", "hit", float64(c.hits.Load()), 0),
		sample("ig_cache_gets_total", heap.Counter, "result", "miss", float64(c.misses.Load()), 0),
	}
	for i, result := range []string{"failure", "success"} {
		l := &c.loads[i]
		list = append(list, sample("ig_cache_loads_seconds", heap.Summary, "result", result, time.Duration(l.nanos.Load()).Seconds(), uint64(l.count.Load())))
	}
	for cause, name := range causes {
		n := c.evictions[cause].Load()
		list = append(list, sample("ig_cache_evictions", heap.Summary, "cause", name, float64(n), n))
	}
	return list
}
