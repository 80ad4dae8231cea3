package am

import (
	"github.com/prometheus/client_golang/prometheus"

	"gatehouse/internal/am/store"
	"gatehouse/internal/observe"
)

var (
	storeRequests   = prometheus.NewDesc("am_store_requests_total", "Calls of the store: ok, refused (not there, changed by another), failed.", []string{"operation", "outcome"}, nil)
	storeDuration   = prometheus.NewDesc("am_store_request_duration_seconds", "Time that calls of the store took.", []string{"operation"}, nil)
	tokensIssued    = prometheus.NewDesc("am_tokens_issued_total", "Answers with tokens, by grant.", []string{"grant"}, nil)
	introspections  = prometheus.NewDesc("am_introspections_total", "Tokens that were introspected, by what was said of them.", []string{"result"}, nil)
	loginsTotal     = prometheus.NewDesc("am_logins_total", "Journeys that ended, by result.", []string{"result"}, nil)
	sessionsTotal   = prometheus.NewDesc("am_sessions_total", "Sessions that were created and ended; those that only expire are not seen to end.", []string{"event"}, nil)
	attemptsRefused = prometheus.NewDesc("am_attempts_refused_total", "Attempts that were refused for too many failures before.", []string{"of"}, nil)
	scriptLimits    = prometheus.NewDesc("am_script_limit_total", "Runs of scripts that a limit ended.", []string{"limit"}, nil)
	scriptsFailed   = prometheus.NewDesc("am_scripts_failed_total", "Runs of scripts that ended with an error.", nil, nil)
	limitsHeld      = prometheus.NewDesc("am_limit_total", "How often a limit refused something or let something go, by the limit.", []string{"limit"}, nil)
	httpRefused     = prometheus.NewDesc("am_http_refused_total", "Answers that say of a limit: too large (413), too long (414, 431), too many (429), and not available (503).", []string{"status"}, nil)
	openConnections = prometheus.NewDesc("am_connections", "Open connections of clients.", nil, nil)
	handshakes      = prometheus.NewDesc("am_tls_handshake_errors_total", "TLS handshakes of clients that failed.", nil, nil)
	subscribers     = prometheus.NewDesc("am_notification_sockets", "WebSockets of agents that follow notifications.", nil, nil)
	traceSpans      = prometheus.NewDesc("am_trace_spans_total", "Spans: those that ended, those that a collector took, those lost in sending.", []string{"result"}, nil)
)

// refusedStatuses are the statuses of am_http_refused_total.
var refusedStatuses = []string{"413", "414", "429", "431", "503"}

// limitNames are the limits of am_limit_total. The first refuse requests, the others let go what is kept in memory.
var limitNames = []string{
	"actors", "answer_time", "authorization_details", "backchannel_requests", "body_time", "connections", "dpop_proof", "header_time", "headers", "idle_time", "inner_journeys", "journey_state", "journey_steps", "json_depth", "jwt", "jwt_depth", "key_set", "mails",
	"notification_queue", "notification_sockets", "page", "parameters", "password_checks", "patch_operations", "policy_resources", "query_filter", "realm_depth", "registrations", "request_object", "script_source",
	"session_properties", "tree_nodes", "user_codes", "user_sessions",
	"compiled_scripts", "documents", "ended_sessions", "recent_events", "remembered_failures", "remote_key_sets", "script_caches", "timed_sessions", "user_code_sessions",
	"verified_tokens",
}

// settable are the limits that can be set, and whether they are times.
var settable = map[string]bool{
	"answer_time": true, "audit_memory": false, "body_time": true, "connections": false, "header_time": true, "idle_time": true, "mails": false,
	"notification_queue": false, "notification_sockets": false, "password_checks": false, "registrations": false,
	"compiled_scripts": false, "documents": false, "ended_sessions": false, "recent_events": false, "remembered_failures": false,
	"remote_key_sets": false, "script_caches": false, "timed_sessions": false, "user_code_sessions": false, "verified_tokens": false,
}

// ParseLimits reads values for Options.Limits: pairs such as "connections=5000" and "idle_time=5m".
func ParseLimits(pairs []string) (map[string]int64, error) {
	return observe.ParseLimits(pairs, settable)
}

// workCollector tells of what the server does.
type workCollector struct{ *Server }

// Describe says nothing: the figures of stores depend on the store.
func (workCollector) Describe(chan<- *prometheus.Desc) {}

// Collect sends the current values.
func (c workCollector) Collect(out chan<- prometheus.Metric) {
	counter := func(d *prometheus.Desc, v uint64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	gauge := func(d *prometheus.Desc, v int64) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v))
	}
	tally := func(d *prometheus.Desc, t *observe.Tally) {
		t.Each(func(name string, n uint64) { counter(d, n, name) })
	}
	c.storeCalls(out)
	counts := c.oauth.Counts()
	tally(tokensIssued, counts.Issued)
	tally(introspections, counts.Introspected)
	tally(loginsTotal, c.logins)
	tally(sessionsTotal, c.sessionEvents)
	tally(httpRefused, c.refused)
	tally(limitsHeld, &c.limits.Tally)
	tally(scriptLimits, c.scripts.Limited())
	counter(scriptsFailed, c.scripts.Failed())
	counter(attemptsRefused, c.login.Guard().Refused(), "password")
	counter(attemptsRefused, c.oauth.Trials().Refused(), "client_secret")
	gauge(openConnections, c.connections.open.Load())
	counter(handshakes, c.connections.broken.Load())
	gauge(subscribers, int64(c.hub.Sockets()))
	ended, exported, failed := c.options.Tracing.Spans()
	counter(traceSpans, ended, "ended")
	counter(traceSpans, exported, "exported")
	counter(traceSpans, failed, "failed")
}

// storeCalls sends what is known of the store.
func (c workCollector) storeCalls(out chan<- prometheus.Metric) {
	for _, t := range c.store.meter.Totals() {
		count := uint64(0)
		for i, n := range t.ByFamily {
			count += n
			if outcome := map[int]string{1: "ok", 3: "refused", 4: "failed"}[i]; outcome != "" {
				out <- prometheus.MustNewConstMetric(storeRequests, prometheus.CounterValue, float64(n), t.Name, outcome)
			}
		}
		buckets := map[float64]uint64{}
		for i, n := range t.Below {
			buckets[observe.MeterBounds[i].Seconds()] = n
		}
		out <- prometheus.MustNewConstHistogram(storeDuration, count, t.Took.Seconds(), buckets, t.Name)
	}
	f, ok := c.options.Engine.(store.Figured)
	if !ok {
		return
	}
	for _, f := range f.Figures() {
		kind := prometheus.GaugeValue
		if f.Counter {
			kind = prometheus.CounterValue
		}
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc("am_store_"+f.Name, f.Help, nil, nil), kind, f.Value)
	}
}
