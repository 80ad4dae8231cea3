package am

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"gatehouse/internal/observe"
)

var (
	requestsTotal   = prometheus.NewDesc("am_http_requests_total", "Requests that were answered, by endpoint and family of the status.", []string{"endpoint", "family"}, nil)
	requestDuration = prometheus.NewDesc("am_http_request_duration_seconds", "Time from the head of a request to the end of its answer.", []string{"endpoint"}, nil)
	storeReachable  = prometheus.NewDesc("am_store_up", "1 when the store answers.", nil, nil)
	isDraining      = prometheus.NewDesc("am_draining", "1 when the server sends clients away before a stop.", nil, nil)
	auditLost       = prometheus.NewDesc("am_audit_events_lost_total", "Audit events that were given up because their place did not take them.", nil, nil)
	auditWaiting    = prometheus.NewDesc("am_audit_events_waiting", "Audit events that are kept in memory because their place does not take them.", nil, nil)
)

// Metrics answers the Prometheus text format with the figures of this server. It asks for no credentials: serve it
// where only monitoring systems come.
func (s *Server) Metrics() http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(serverCollector{s}, workCollector{s}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

type serverCollector struct{ *Server }

// Describe tells what Collect sends.
func (serverCollector) Describe(out chan<- *prometheus.Desc) {
	out <- requestsTotal
	out <- requestDuration
	out <- storeReachable
	out <- isDraining
	out <- auditLost
	out <- auditWaiting
}

// Collect sends the current values.
func (c serverCollector) Collect(out chan<- prometheus.Metric) {
	for _, t := range c.meter.Totals() {
		count := uint64(0)
		for i, n := range t.ByFamily {
			count += n
			out <- prometheus.MustNewConstMetric(requestsTotal, prometheus.CounterValue, float64(n), t.Name, strconv.Itoa(i+1)+"xx")
		}
		buckets := map[float64]uint64{}
		for i, n := range t.Below {
			buckets[observe.MeterBounds[i].Seconds()] = n
		}
		out <- prometheus.MustNewConstHistogram(requestDuration, count, t.Took.Seconds(), buckets, t.Name)
	}
	up := 1.0
	if c.storeAnswers() != nil {
		up = 0
	}
	draining := 0.0
	if c.draining.Load() {
		draining = 1
	}
	out <- prometheus.MustNewConstMetric(storeReachable, prometheus.GaugeValue, up)
	out <- prometheus.MustNewConstMetric(isDraining, prometheus.GaugeValue, draining)
	if a := c.options.Audit; a != nil {
		out <- prometheus.MustNewConstMetric(auditLost, prometheus.CounterValue, float64(a.Lost()))
		out <- prometheus.MustNewConstMetric(auditWaiting, prometheus.GaugeValue, float64(a.Waiting()))
	}
}
