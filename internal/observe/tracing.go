package observe

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Tracing makes spans and sends them to a collector (OpenTelemetry). Requests never wait for it: spans wait in a
// bounded queue, and are dropped where there is no room.
type Tracing struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	exporter *exporter
	ended    atomic.Uint64
}

// propagator reads and writes traceparent and tracestate (W3C Trace Context).
var propagator = propagation.TraceContext{}

// NewTracing starts tracing; Close ends it.
func NewTracing(o TracingOptions) (*Tracing, error) {
	e, err := newExporter(o)
	if err != nil {
		return nil, err
	}
	t := &Tracing{exporter: e}
	options := []sdktrace.TracerProviderOption{sdktrace.WithResource(o.resource()), sdktrace.WithSpanProcessor(counting{t})}
	if o.Sampler != nil {
		options = append(options, sdktrace.WithSampler(o.Sampler))
	}
	if o.Limits != nil {
		options = append(options, sdktrace.WithRawSpanLimits(*o.Limits))
	}
	if o.Unbatched {
		options = append(options, sdktrace.WithSpanProcessor(sdktrace.NewBatchSpanProcessor(e, sdktrace.WithMaxExportBatchSize(1))))
	} else {
		options = append(options, sdktrace.WithSpanProcessor(sdktrace.NewBatchSpanProcessor(e, o.Batch...)))
	}
	t.provider = sdktrace.NewTracerProvider(options...)
	t.tracer = t.provider.Tracer("gatehouse")
	return t, nil
}

// Close sends what waits, as long as ctx allows. It may be called on nil.
func (t *Tracing) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Spans says how many sampled spans ended, how many of them a collector took, and how many were lost in sending. What
// is missing waits, or was dropped because too many waited. It may be called on nil.
func (t *Tracing) Spans() (ended, exported, failed uint64) {
	if t == nil {
		return 0, 0, 0
	}
	return t.ended.Load(), t.exporter.exported.Load(), t.exporter.failed.Load()
}

// counting counts spans that are to be sent.
type counting struct{ t *Tracing }

func (counting) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (c counting) OnEnd(s sdktrace.ReadOnlySpan) {
	if s.SpanContext().IsSampled() {
		c.t.ended.Add(1)
	}
}
func (counting) Shutdown(context.Context) error   { return nil }
func (counting) ForceFlush(context.Context) error { return nil }

// Span is a piece of work of a request; the zero Span is one that nobody notes. Attributes cost memory even then: make
// them only where On says so.
type Span struct{ s trace.Span }

// On says whether the span is noted.
func (s Span) On() bool { return s.s != nil && s.s.IsRecording() }

// Set adds attributes.
func (s Span) Set(attrs ...attribute.KeyValue) {
	if s.s != nil {
		s.s.SetAttributes(attrs...)
	}
}

// Rename gives the span another name.
func (s Span) Rename(name string) {
	if s.s != nil {
		s.s.SetName(name)
	}
}

// End ends the span; an error marks it as failed. The error's text is not noted: it may hold what is nobody's business.
func (s Span) End(err error) {
	if s.s == nil {
		return
	}
	if err != nil {
		s.s.SetStatus(codes.Error, "")
	}
	s.s.End()
}

// SpanOf is the span that work of ctx belongs to, the zero Span where no spans are made.
func SpanOf(ctx context.Context) Span {
	if r := RequestOf(ctx); r == nil || r.Tracing == nil {
		return Span{}
	}
	return Span{trace.SpanFromContext(ctx)}
}

// Start begins a span for a part of a request's work. Where no spans are made it returns ctx and the zero Span, and
// costs the search for the request.
func Start(ctx context.Context, name string) (context.Context, Span) {
	return start(ctx, name, trace.SpanKindInternal)
}

func start(ctx context.Context, name string, kind trace.SpanKind) (context.Context, Span) {
	r := RequestOf(ctx)
	if r == nil || r.Tracing == nil {
		return ctx, Span{}
	}
	ctx, s := r.Tracing.tracer.Start(ctx, name, trace.WithSpanKind(kind))
	return ctx, Span{s}
}

// Incoming is what a server's span tells of a request. There is no query, as it may hold secrets.
type Incoming struct {
	Method, Scheme, Host, Path, Proto string
	Client                            string // host:port of the peer
	UserAgent                         string
	Header                            http.Header
}

// Serve begins the span of a request that came over HTTP, below the caller's when traceparent names one.
func (r *Request) Serve(ctx context.Context, in Incoming) (context.Context, Span) {
	ctx = propagator.Extract(ctx, propagation.HeaderCarrier(in.Header))
	ctx, s := r.Tracing.tracer.Start(ctx, in.Method, trace.WithSpanKind(trace.SpanKindServer))
	if !s.IsRecording() {
		return ctx, Span{s}
	}
	attrs := append(make([]attribute.KeyValue, 0, 10),
		attribute.String("http.request.method", in.Method), attribute.String("url.scheme", in.Scheme), attribute.String("url.path", in.Path),
		attribute.String("network.protocol.version", version(in.Proto)), attribute.String("transaction.id", r.Transaction()))
	attrs = appendAddress(attrs, "server", in.Host)
	if host, _, err := net.SplitHostPort(in.Client); err == nil {
		attrs = append(attrs, attribute.String("client.address", host))
	}
	if in.UserAgent != "" {
		attrs = append(attrs, attribute.String("user_agent.original", in.UserAgent))
	}
	s.SetAttributes(attrs...)
	return ctx, Span{s}
}

// Served ends a server's span. Answers of 500 and more are failures.
func (s Span) Served(status int) { s.answered(status, 500) }

func (s Span) answered(status, failed int) {
	if s.s == nil {
		return
	}
	if status == 0 { // the peer went away
		s.s.SetAttributes(attribute.String("error.type", "aborted"))
		s.s.End()
		return
	}
	s.s.SetAttributes(attribute.Int("http.response.status_code", status))
	if status >= failed {
		s.s.SetAttributes(attribute.String("error.type", strconv.Itoa(status)))
		s.s.SetStatus(codes.Error, "")
	}
	s.s.End()
}

// Call begins the span of a request to a server, and names it to that server in traceparent. address is host:port.
func Call(ctx context.Context, method, address string, h http.Header) (context.Context, Span) {
	ctx, s := start(ctx, method, trace.SpanKindClient)
	if s.s == nil {
		return ctx, s
	}
	propagator.Inject(ctx, propagation.HeaderCarrier(h))
	if s.On() {
		s.Set(appendAddress([]attribute.KeyValue{attribute.String("http.request.method", method)}, "server", address)...)
		if n, _ := ctx.Value(resendKey{}).(int); n > 0 {
			s.Set(attribute.Int("http.request.resend_count", n))
		}
	}
	return ctx, s
}

// URL tells where a call goes: an address without user info and query, which may hold secrets.
func (s Span) URL(address string) { s.Set(attribute.String("url.full", address)) }

// Called ends a client's span: with the status of the answer, or the error that there was instead of one. kind names
// the failure.
func (s Span) Called(status int, kind string) {
	if kind != "" {
		s.Set(attribute.String("error.type", kind))
		if s.s != nil {
			s.s.SetStatus(codes.Error, "")
			s.s.End()
		}
		return
	}
	s.answered(status, 400)
}

type resendKey struct{}

// Resending says that a request is sent for the n-th time again.
func Resending(ctx context.Context, n int) context.Context {
	if n == 0 || !SpanOf(ctx).On() {
		return ctx
	}
	return context.WithValue(ctx, resendKey{}, n)
}

func version(proto string) string {
	if len(proto) > 5 && proto[:5] == "HTTP/" {
		return proto[5:]
	}
	return proto
}

// appendAddress splits host:port into the two attributes that there are for it.
func appendAddress(attrs []attribute.KeyValue, of, address string) []attribute.KeyValue {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return append(attrs, attribute.String(of+".address", address))
	}
	attrs = append(attrs, attribute.String(of+".address", host))
	if n, err := strconv.Atoi(port); err == nil {
		attrs = append(attrs, attribute.Int(of+".port", n))
	}
	return attrs
}

// Transport notes calls over HTTP as spans, and names them to the servers.
type Transport struct{ *http.Transport }

// RoundTrip sends a request.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !SpanOf(r.Context()).traced() {
		return t.Transport.RoundTrip(r)
	}
	header := r.Header.Clone()
	ctx, span := Call(r.Context(), r.Method, r.URL.Host, header)
	span.URL(r.URL.Scheme + "://" + r.URL.Host + r.URL.EscapedPath())
	again := r.WithContext(ctx)
	again.Header = header
	resp, err := t.Transport.RoundTrip(again)
	if err != nil {
		span.Called(0, "send")
		return nil, err
	}
	span.Called(resp.StatusCode, "")
	return resp, nil
}

func (s Span) traced() bool { return s.s != nil }
