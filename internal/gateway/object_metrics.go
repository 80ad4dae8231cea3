package gateway

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"gatehouse/internal/gateway/heap"
)

// objectHelp is said of the metrics of objects.
var objectHelp = map[string]string{
	"gatehouse_script_limit_total":      "Runs of scripts that a limit ended.",
	"gatehouse_throttled_total":         "Requests that a ThrottlingFilter refused.",
	"gatehouse_audit_events_lost_total": "Audit events that were given up because their place did not take them.",
	"gatehouse_audit_events_waiting":    "Audit events that are kept in memory because their place does not take them.",
	"gatehouse_sessions":                "Sessions in memory.",
	"ig_cache_gets_total":               "Look-ups in the cache.",
	"ig_cache_loads_seconds":            "Time it took to fetch what the cache did not have.",
	"ig_cache_evictions":                "Entries that made room or whose time was over.",
	"ig_http_client_active_connections": "Open HTTP/1.1 connections to others.",
	"ig_pool_queue_pending":             "Requests that wait for a connection to others.",
	"ig_pool_queue_time_seconds":        "Time that requests waited for a connection to others.",
}

// objects sends the samples of all objects in service.
func (c *gatewayCollector) objects(out chan<- prometheus.Metric) {
	sums := map[string]*heap.Sample{}
	var order []string
	add := func(h *heap.Heap, place, route, router string) {
		for _, m := range h.Measured() {
			for _, s := range m.Samples() {
				if s.PerObject {
					s.Labels = append(s.Labels, "fully_qualified_name", place+"."+m.Name, "heap", h.Name, "name", m.Name, "route", route, "router", router)
				}
				key := s.Metric + "\x00" + strings.Join(s.Labels, "\x00")
				if sum := sums[key]; sum != nil {
					sum.Value += s.Value
					sum.Count += s.Count
					continue
				}
				sums[key] = &s
				order = append(order, key)
			}
		}
	}
	if c.instance.rootHeap != nil {
		add(c.instance.rootHeap, c.instance.rootHeap.Name, "", "")
	}
	for _, r := range c.instance.inService() {
		for _, e := range r.table.Load().routes {
			add(e.heap, r.label+".route."+e.heap.Name, e.id, r.label)
		}
	}
	for _, key := range order {
		out <- metricOf(sums[key])
	}
}

func metricOf(s *heap.Sample) prometheus.Metric {
	var names, values []string
	for i := 0; i+1 < len(s.Labels); i += 2 {
		names, values = append(names, s.Labels[i]), append(values, s.Labels[i+1])
	}
	d := prometheus.NewDesc(s.Metric, objectHelp[s.Metric], names, nil)
	switch s.Kind {
	case heap.Counter:
		return prometheus.MustNewConstMetric(d, prometheus.CounterValue, s.Value, values...)
	case heap.Summary:
		return prometheus.MustNewConstSummary(d, s.Count, s.Value, nil, values...)
	}
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, s.Value, values...)
}
