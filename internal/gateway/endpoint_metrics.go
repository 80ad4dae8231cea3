package gateway

import (
	"bytes"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"

	"gatehouse/internal/gateway/chain"
)

// registry collects the metrics of one gateway; two gateways of a process share none.
// deprecated adds the names of the former endpoint.
func (g *Gateway) registry(deprecated bool) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(&gatewayCollector{g.instance, deprecated}, serverCollector{g}, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// metrics answers the Prometheus text format 0.0.4.
func (g *Gateway) metrics(x *chain.Exchange, deprecated bool) *chain.Response {
	if x.Request.Method != "GET" && x.Request.Method != "HEAD" {
		resp := chain.NewResponse(405)
		resp.Header["Allow"] = []string{"GET, HEAD"}
		return resp
	}
	families, err := g.registry(deprecated).Gather()
	if err != nil {
		g.services.Logger.ErrorContext(x.Ctx(), "some metrics could not be collected", "error", err)
	}
	var b bytes.Buffer
	format := expfmt.NewFormat(expfmt.TypeTextPlain)
	enc := expfmt.NewEncoder(&b, format)
	for _, f := range families {
		if err := enc.Encode(f); err != nil {
			return chain.Fail(500, err)
		}
	}
	resp := chain.NewResponse(200)
	resp.Header["Content-Type"] = []string{string(format)}
	resp.Header["Cache-Control"] = []string{"no-store"}
	resp.Entity.SetBytes(b.Bytes())
	return resp
}

// gatewayCollector reads the counters of routers, routes and timed objects when
// metrics are asked for.
type gatewayCollector struct {
	instance   *instance
	deprecated bool
}

var (
	routeLabels = []string{"name", "route", "router"}
	timedLabels = []string{"decorated_object", "heap", "name", "route", "router"}

	routeActive   = prometheus.NewDesc("ig_route_request_active", "Requests that are inside the route.", routeLabels, nil)
	routeTotal    = prometheus.NewDesc("ig_route_request_total", "Requests that entered the route.", routeLabels, nil)
	routeErrors   = prometheus.NewDesc("ig_route_response_error_total", "Responses that a failure inside the route caused.", routeLabels, nil)
	routeNone     = prometheus.NewDesc("ig_route_response_null_total", "Requests that nothing inside the route answered.", routeLabels, nil)
	routeStatus   = prometheus.NewDesc("ig_route_response_status_total", "Responses by family of their status.", append(routeLabels, "family"), nil)
	routeTime     = prometheus.NewDesc("ig_route_response_time_seconds", "Time that requests spent in the route; quantiles of about ten minutes.", routeLabels, nil)
	routeSum      = prometheus.NewDesc("ig_route_response_time_seconds_total", "Former name of ig_route_response_time_seconds_sum.", routeLabels, nil)
	routeCount    = prometheus.NewDesc("ig_route_response_time_count", "Former name of ig_route_response_time_seconds_count.", routeLabels, nil)
	routerRoutes  = prometheus.NewDesc("ig_router_deployed_routes", "Routes in service.", []string{"fully_qualified_name", "heap", "name"}, nil)
	handlerTime   = prometheus.NewDesc("ig_timerdecorator_handler_elapsed_seconds", "Time spent in the handler and all behind it.", timedLabels, nil)
	filterTime    = prometheus.NewDesc("ig_timerdecorator_filter_elapsed_seconds", "Time spent in the filter and all behind it.", timedLabels, nil)
	filterOwn     = prometheus.NewDesc("ig_timerdecorator_filter_internal_seconds", "Time spent in the filter alone.", timedLabels, nil)
	filterBelow   = prometheus.NewDesc("ig_timerdecorator_filter_downstream_seconds", "Time spent behind the filter.", timedLabels, nil)
	gatewayUptime = prometheus.NewDesc("gatehouse_gateway_uptime_seconds", "Time since the configuration was first loaded.", nil, nil)
)

// Describe says nothing: which series there are depends on the configuration.
func (*gatewayCollector) Describe(chan<- *prometheus.Desc) {}

// Collect sends the current values.
func (c *gatewayCollector) Collect(out chan<- prometheus.Metric) {
	now := time.Now()
	out <- prometheus.MustNewConstMetric(gatewayUptime, prometheus.GaugeValue, now.Sub(c.instance.loaded).Seconds())
	for _, r := range c.instance.inService() {
		table := r.table.Load().routes
		out <- prometheus.MustNewConstMetric(routerRoutes, prometheus.GaugeValue, float64(len(table)), r.label, r.heap.Name, r.name)
		for _, e := range table {
			if e.delayed && e.metrics.requests.Load() == 0 {
				continue
			}
			c.route(out, now, e.metrics, e.name, e.id, r.label)
		}
		if r.fallback != nil {
			c.route(out, now, &r.unrouted, "default", "default", r.label)
		}
	}
	c.objects(out)
	for _, t := range c.instance.timers.all() {
		labels := []string{t.object, t.heap, t.decorator, t.route, t.router}
		if !t.filter {
			summary(out, now, handlerTime, &t.elapsed, labels)
			continue
		}
		summary(out, now, filterTime, &t.elapsed, labels)
		summary(out, now, filterOwn, &t.internal, labels)
		summary(out, now, filterBelow, &t.downstream, labels)
	}
}

func (c *gatewayCollector) route(out chan<- prometheus.Metric, now time.Time, m *routeMetrics, labels ...string) {
	counter := func(d *prometheus.Desc, v uint64) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	out <- prometheus.MustNewConstMetric(routeActive, prometheus.GaugeValue, float64(m.active.Load()), labels...)
	counter(routeTotal, m.requests.Load())
	counter(routeErrors, m.failures.Load())
	counter(routeNone, m.none.Load())
	for i, name := range familyNames {
		out <- prometheus.MustNewConstMetric(routeStatus, prometheus.CounterValue, float64(m.families[i].Load()), append(labels, name)...)
	}
	count, sum := summary(out, now, routeTime, &m.time, labels)
	if c.deprecated {
		out <- prometheus.MustNewConstMetric(routeSum, prometheus.CounterValue, sum, labels...)
		out <- prometheus.MustNewConstMetric(routeCount, prometheus.CounterValue, float64(count), labels...)
	}
}

func summary(out chan<- prometheus.Metric, now time.Time, d *prometheus.Desc, l *latency, labels []string) (uint64, float64) {
	count, sum, quantiles := l.summary(now)
	out <- prometheus.MustNewConstSummary(d, count, sum, quantiles, labels...)
	return count, sum
}
