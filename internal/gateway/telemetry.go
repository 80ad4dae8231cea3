package gateway

import (
	"context"
	"net/http"
	"net/url"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/handlers"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/observe"
)

// openTelemetryConfig is openTelemetry of admin.json.
type openTelemetryConfig struct {
	Tracing tracingSettings `conf:"tracing"`
	Logging struct {
		Enabled bool         `conf:"enabled"`
		Rest    []conf.Field `conf:"*"`
	} `conf:"logging"`
}

type tracingSettings struct {
	// Enabled makes spans; without the field, the OTEL_* variables of the environment decide.
	Enabled *bool `conf:"enabled"`
	// ResourceAttributes tell what the spans come from.
	ResourceAttributes map[string]string  `conf:"resourceAttributes"`
	Exporter           exporterSettings   `conf:"exporter"`
	Sampler            samplerSettings    `conf:"sampler"`
	SpanLimits         spanLimitsSettings `conf:"spanLimits"`
}

type exporterSettings struct {
	// Type is the one there is.
	Type   string       `conf:"type,default=otlp,oneof=otlp"`
	Config otlpSettings `conf:"config"`
}

type otlpSettings struct {
	// Endpoint is the whole address that spans are posted to.
	Endpoint string `conf:"endpoint,default=http://localhost:4318/v1/traces"`
	// ConnectionTimeout bounds connecting, Timeout one attempt to send.
	ConnectionTimeout conf.Duration `conf:"connectionTimeout,default=10 seconds"`
	Timeout           conf.Duration `conf:"timeout,default=10 seconds"`
	// Headers are sent along, for instance credentials.
	Headers map[string]string `conf:"headers"`
	// ProxyOptions says which proxy to go through, TLS how to connect to https.
	ProxyOptions heap.Ref[*handlers.ProxyOptions]   `conf:"proxyOptions"`
	TLS          heap.Ref[secrets.ClientTlsOptions] `conf:"tls"`
	Retries      otlpRetries                        `conf:"retries"`
	Batch        otlpBatch                          `conf:"batch"`
}

type otlpRetries struct {
	Enabled           bool          `conf:"enabled,default=true"`
	MaxAttempts       int           `conf:"maxAttempts,min=1,default=5"`
	InitialBackoff    conf.Duration `conf:"initialBackoff,default=1 second"`
	MaxBackoff        conf.Duration `conf:"maxBackoff,default=5 seconds"`
	BackoffMultiplier float64       `conf:"backoffMultiplier,default=1.5"`
}

type otlpBatch struct {
	// Enabled collects spans and sends many at a time.
	Enabled           bool   `conf:"enabled,default=true"`
	CompressionMethod string `conf:"compressionMethod,default=none,oneof=none|gzip"`
	// ScheduleDelay is how long spans wait for others.
	ScheduleDelay conf.Duration `conf:"scheduleDelay,default=50 seconds"`
	// MaxQueueSize bounds the spans that wait; more are dropped.
	MaxQueueSize int `conf:"maxQueueSize,min=1,default=1024"`
	// MaxExportBatchSize bounds the spans that are sent at a time.
	MaxExportBatchSize int `conf:"maxExportBatchSize,min=1,default=256"`
	// ExporterTimeout bounds the sending of a batch, attempts and pauses together.
	ExporterTimeout      conf.Duration `conf:"exporterTimeout,default=30 seconds"`
	ExportUnsampledSpans any           `conf:"exportUnsampledSpans,unused=what is not sampled is not noted"`
}

type samplerSettings struct {
	Type string `conf:"type,default=parentBasedAlwaysOn,oneof=alwaysOn|alwaysOff|traceIdRatio|parentBasedAlwaysOn|parentBasedAlwaysOff|parentBasedTraceIdRatio"`
	// Ratio is the share of traces in percent, for the samplers that have one.
	Ratio float64 `conf:"ratio,default=50"`
}

type spanLimitsSettings struct {
	MaxNumberOfAttributes         int `conf:"maxNumberOfAttributes,min=1,default=256"`
	MaxNumberOfAttributesPerEvent int `conf:"maxNumberOfAttributesPerEvent,min=1,default=256"`
	MaxNumberOfAttributesPerLink  int `conf:"maxNumberOfAttributesPerLink,min=1,default=256"`
	MaxNumberOfEvents             int `conf:"maxNumberOfEvents,min=1,default=256"`
	MaxNumberOfLinks              int `conf:"maxNumberOfLinks,min=1,default=256"`
	MaxAttributeValueLength       int `conf:"maxAttributeValueLength,min=1,default=256"`
}

// options turns the settings into what makes spans; nil where none are asked for.
func (c *openTelemetryConfig) options(i *instance, h *heap.Heap, n *conf.Node, errs *conf.Errors) *observe.TracingOptions {
	c.defaults(h, n)
	if c.Logging.Enabled {
		errs.Add(n.Get("logging"), "logs are not sent to a collector: have one read them from the standard error, which --log-format json makes easy")
	}
	t := &c.Tracing
	switch {
	case t.Enabled == nil:
		o, err := observe.TracingFromEnvironment(i.services.Getenv, "gatehouse-gateway", i.services.Logger)
		if err != nil {
			errs.AddErr(n, err)
		}
		return o
	case !*t.Enabled:
		return nil
	}
	e := &t.Exporter.Config
	o := &observe.TracingOptions{
		Service: "gatehouse-gateway", Resource: t.ResourceAttributes, Sampler: t.Sampler.sampler(n, errs), Limits: t.SpanLimits.limits(),
		Endpoint: e.Endpoint, Header: http.Header{}, Gzip: e.Batch.CompressionMethod == "gzip", Unbatched: !e.Batch.Enabled,
		Timeout: e.Timeout.D(), ConnectTimeout: e.ConnectionTimeout.D(), Log: i.services.Logger,
		Batch: []sdktrace.BatchSpanProcessorOption{
			sdktrace.WithMaxQueueSize(e.Batch.MaxQueueSize), sdktrace.WithMaxExportBatchSize(min(e.Batch.MaxExportBatchSize, e.Batch.MaxQueueSize)),
			sdktrace.WithBatchTimeout(e.Batch.ScheduleDelay.D()), sdktrace.WithExportTimeout(e.Batch.ExporterTimeout.D()),
		},
		Retry: observe.Retry{Attempts: e.Retries.MaxAttempts, Initial: e.Retries.InitialBackoff.D(), Max: e.Retries.MaxBackoff.D(), Factor: e.Retries.BackoffMultiplier},
	}
	if !e.Retries.Enabled {
		o.Retry.Attempts = 1
	}
	for name, value := range e.Headers {
		o.Header.Set(name, value)
	}
	if e.ProxyOptions.IsSet() {
		p := e.ProxyOptions.Get()
		o.Proxy = func(r *http.Request) (*url.URL, error) { return p.ProxyFor(r.URL) }
	}
	if e.TLS.IsSet() {
		config, err := e.TLS.Get().ClientConfig()
		if err != nil {
			errs.AddErr(n, err)
			return nil
		}
		o.TLS = config
	}
	return o
}

// defaults fills the objects that are absent.
func (c *openTelemetryConfig) defaults(h *heap.Heap, n *conf.Node) {
	tracing := n.Get("tracing")
	e := &c.Tracing.Exporter
	config := tracing.Get("exporter").Get("config")
	for _, o := range []struct {
		given  *conf.Node
		target any
	}{
		{tracing.Get("exporter"), e}, {config, &e.Config}, {config.Get("retries"), &e.Config.Retries}, {config.Get("batch"), &e.Config.Batch},
		{tracing.Get("sampler"), &c.Tracing.Sampler}, {tracing.Get("spanLimits"), &c.Tracing.SpanLimits},
	} {
		if o.given == nil {
			h.Decoder().Decode(builtIn("{}"), o.target)
		}
	}
}

func (s *samplerSettings) sampler(n *conf.Node, errs *conf.Errors) sdktrace.Sampler {
	if s.Ratio < 0 || s.Ratio > 100 {
		errs.Add(n, "sampler: ratio: expected a percentage from 0 to 100, found %g", s.Ratio)
	}
	ratio := sdktrace.TraceIDRatioBased(s.Ratio / 100)
	switch s.Type {
	case "alwaysOn":
		return sdktrace.AlwaysSample()
	case "alwaysOff":
		return sdktrace.NeverSample()
	case "traceIdRatio":
		return ratio
	case "parentBasedAlwaysOff":
		return sdktrace.ParentBased(sdktrace.NeverSample())
	case "parentBasedTraceIdRatio":
		return sdktrace.ParentBased(ratio)
	}
	return sdktrace.ParentBased(sdktrace.AlwaysSample())
}

func (l *spanLimitsSettings) limits() *sdktrace.SpanLimits {
	return &sdktrace.SpanLimits{
		AttributeCountLimit: l.MaxNumberOfAttributes, AttributePerEventCountLimit: l.MaxNumberOfAttributesPerEvent,
		AttributePerLinkCountLimit: l.MaxNumberOfAttributesPerLink, EventCountLimit: l.MaxNumberOfEvents, LinkCountLimit: l.MaxNumberOfLinks,
		AttributeValueLengthLimit: l.MaxAttributeValueLength,
	}
}

// closeTracing sends the spans that wait, for a short time.
func (g *Gateway) closeTracing(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_ = g.tracing.Close(ctx) // a collector that cannot be reached was told of
}
