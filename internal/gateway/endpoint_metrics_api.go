package gateway

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/gateway/chain"
)

// metricsList answers the Common REST form of the metrics of routes and routers, which
// newer dashboards have given up for Prometheus.
func (g *Gateway) metricsList(x *chain.Exchange) *chain.Response {
	if x.Request.Method != "GET" {
		return restError(501, "Not Implemented", "the operation is not supported")
	}
	a := &routesAPI{Gateway: g, x: x, query: chain.QueryForm(x.Request.URI)}
	wanted, ok := idFilter(a.first("_queryFilter"))
	if !ok {
		return restError(400, "Bad Request", "expected _queryFilter=true, or one such as _id sw \"gateway._router\" (operators eq, sw, co)")
	}
	list := []map[string]any{}
	for _, m := range g.metricResources(time.Now()) {
		if wanted(m["_id"].(string)) {
			list = append(list, m)
		}
	}
	less := func(a, b map[string]any) int { return strings.Compare(a["_id"].(string), b["_id"].(string)) }
	switch strings.TrimPrefix(a.first("_sortKeys"), "+") {
	case "_id":
		slices.SortStableFunc(list, less)
	case "-_id":
		slices.SortStableFunc(list, func(a, b map[string]any) int { return less(b, a) })
	case "":
	default:
		return restError(400, "Bad Request", "metrics are sorted by _id alone")
	}
	return a.answer(200, map[string]any{
		"result": list, "resultCount": len(list), "pagedResultsCookie": nil,
		"totalPagedResultsPolicy": "EXACT", "totalPagedResults": len(list), "remainingPagedResults": -1,
	})
}

var idClause = regexp.MustCompile(`^/?_id (eq|sw|co) (?:"([^"\\]*)"|'([^'\\]*)')$`)

// idFilter reads the filters that are known: true, and comparisons of the id, any of
// which has to hold ("or").
func idFilter(text string) (func(id string) bool, bool) {
	if text = strings.TrimSpace(text); text == "true" {
		return func(string) bool { return true }, true
	}
	var any []func(string) bool
	for part := range strings.SplitSeq(text, " or ") {
		m := idClause.FindStringSubmatch(strings.TrimSpace(part))
		if m == nil {
			return nil, false
		}
		value := m[2] + m[3]
		any = append(any, func(id string) bool {
			switch m[1] {
			case "eq":
				return id == value
			case "sw":
				return strings.HasPrefix(id, value)
			}
			return strings.Contains(id, value)
		})
	}
	return func(id string) bool {
		return slices.ContainsFunc(any, func(holds func(string) bool) bool { return holds(id) })
	}, true
}

func (g *Gateway) metricResources(now time.Time) []map[string]any {
	var list []map[string]any
	for _, r := range g.inService() {
		table := r.table.Load().routes
		list = append(list, map[string]any{"_id": r.label + ".deployed-routes", "_type": "gauge", "value": len(table)})
		for _, e := range table {
			if !e.delayed || e.metrics.requests.Load() > 0 {
				list = append(list, e.metrics.resources(r.label+".route."+e.id, now)...)
			}
		}
		if r.fallback != nil {
			list = append(list, r.unrouted.resources(r.label+".route.default", now)...)
		}
	}
	return list
}

// resources are the metrics of a route in the form of the product's former library.
func (m *routeMetrics) resources(id string, now time.Time) []map[string]any {
	counter := func(name string, n uint64) map[string]any {
		return map[string]any{"_id": id + "." + name, "_type": "counter", "count": n}
	}
	list := []map[string]any{
		counter("request", m.requests.Load()),
		{"_id": id + ".request.active", "_type": "gauge", "value": m.active.Load()},
		counter("response.error", m.failures.Load()),
		counter("response.null", m.none.Load()),
	}
	for i, name := range familyNames {
		list = append(list, counter("response.status."+strings.ToLower(name), m.families[i].Load()))
	}
	return append(list, m.time.timer(id+".response.time", now))
}

// timer is the summary of durations in milliseconds. Rates are those of the last minutes
// that metrics were asked for in.
func (l *latency) timer(id string, now time.Time) map[string]any {
	count, sum, quantiles := l.summary(now)
	t := map[string]any{"_id": id, "_type": "timer", "count": count, "total": sum * 1000, "duration_units": "milliseconds", "rate_units": "calls/second"}
	mean := 0.0
	if count > 0 {
		mean = sum / float64(count) * 1000
	}
	t["mean"] = mean
	for i, q := range latencyQuantiles {
		t[quantileNames[i]] = finite(quantiles[q] * 1000)
	}
	t["max"], t["min"], t["stddev"] = 0.0, 0.0, 0.0
	low, high, deviation := l.spread(mean)
	if count > 0 {
		t["min"], t["max"], t["stddev"] = low, high, deviation
	}
	rate := l.rate(now)
	t["mean_rate"], t["m1_rate"], t["m5_rate"], t["m15_rate"] = rate, rate, rate, rate
	return t
}

// quantileNames go with latencyQuantiles.
var quantileNames = []string{"p50", "p75", "p95", "p98", "p99", "p999"}

func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

// spread returns the shortest and the longest duration and their standard deviation, in
// milliseconds, as exactly as buckets know them.
func (l *latency) spread(mean float64) (low, high, deviation float64) {
	low = -1
	var n, squares float64
	for i := range l.buckets {
		c := float64(l.buckets[i].Load())
		if c == 0 {
			continue
		}
		from, to := lowerEdge(i).Seconds()*1000, lowerEdge(i+1).Seconds()*1000
		if low < 0 {
			low = from
		}
		high = to
		n += c
		squares += c * ((from+to)/2 - mean) * ((from+to)/2 - mean)
	}
	if n > 0 {
		deviation = math.Sqrt(squares / n)
	}
	return max(low, 0), high, deviation
}

// rate is how many durations a second there were since the oldest mark of the window.
func (l *latency) rate(now time.Time) float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.marks) == 0 {
		return 0
	}
	oldest := l.marks[0]
	passed := now.Sub(oldest.at).Seconds()
	if passed <= 0 {
		return 0
	}
	n := 0.0
	for i := range l.buckets {
		n += float64(l.buckets[i].Load() - oldest.counts[i])
	}
	return n / passed
}
