package gateway

import (
	"github.com/prometheus/client_golang/prometheus"

	"gatehouse/internal/observe"
)

var (
	gatewayConnections = prometheus.NewDesc("gatehouse_gateway_connections", "Open connections of clients.", nil, nil)
	gatewayHandshakes  = prometheus.NewDesc("gatehouse_gateway_tls_handshake_errors_total", "TLS handshakes of clients that failed.", nil, nil)
	gatewayRefused     = prometheus.NewDesc("gatehouse_gateway_refused_total", "Requests that were answered before any route: malformed ones, and those over a limit.", []string{"status"}, nil)
	gatewayLimits      = prometheus.NewDesc("gatehouse_limit_total", "How often a limit refused something or let something go, by the limit.", []string{"limit"}, nil)
	gatewayProblems    = prometheus.NewDesc("gatehouse_gateway_route_problems", "Files of routes that could not be loaded.", nil, nil)
	gatewayReady       = prometheus.NewDesc("gatehouse_gateway_ready", "1 when requests are served.", nil, nil)
	traceSpans         = prometheus.NewDesc("gatehouse_trace_spans_total", "Spans: those that ended, those that a collector took, those lost in sending.", []string{"result"}, nil)
)

// limitNames are the limits of gatehouse_limit_total.
var limitNames = []string{
	"answer", "answer_time", "body_memory", "connections", "cookies", "decoded", "dpop_proof", "expression", "form_bytes", "form_fields", "header_time", "idle_time", "issuers",
	"json_depth", "jwt", "jwt_depth", "key_set", "logins", "route_document", "script_calls", "sessions", "throttling_groups",
}

// settable are the limits that can be set, and whether they are times.
var settable = map[string]bool{
	"audit_memory": false, "connections": false, "data_time": true, "header_time": true, "idle_time": true, "issuers": false, "sessions": false, "throttling_groups": false,
}

// ParseLimits reads values for Options.Limits: pairs such as "connections=5000" and "idle_time=5m".
func ParseLimits(pairs []string) (map[string]int64, error) {
	return observe.ParseLimits(pairs, settable)
}

// serverCollector tells of the gateway as a server.
type serverCollector struct{ *Gateway }

// Describe says nothing, as for routes.
func (serverCollector) Describe(chan<- *prometheus.Desc) {}

// Collect sends the current values.
func (c serverCollector) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64) { out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v) }
	counter := func(d *prometheus.Desc, v uint64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	var open int64
	var broken uint64
	refused := map[string]uint64{}
	for _, s := range c.servers {
		stats := s.Stats()
		open += stats.Open
		broken += stats.Handshakes
		stats.Refused(func(status string, n uint64) { refused[status] += n })
	}
	gauge(gatewayConnections, float64(open))
	counter(gatewayHandshakes, broken)
	for status, n := range refused {
		counter(gatewayRefused, n, status)
	}
	c.services.Limits.Each(func(limit string, n uint64) { counter(gatewayLimits, n, limit) })
	gauge(gatewayProblems, float64(len(c.Problems())))
	ready := 0.0
	if c.ready.Load() {
		ready = 1
	}
	gauge(gatewayReady, ready)
	ended, exported, failed := c.tracing.Spans()
	counter(traceSpans, ended, "ended")
	counter(traceSpans, exported, "exported")
	counter(traceSpans, failed, "failed")
}
