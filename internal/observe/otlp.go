package observe

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/slim/otlp/resource/v1"
	pb "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// exporter sends spans over OTLP/HTTP in protobuf. It is called by one goroutine of the SDK.
type exporter struct {
	client  *http.Client
	url     string
	name    string // the address without a password, for logs
	header  http.Header
	gzip    bool
	timeout time.Duration
	retry   Retry
	log     *slog.Logger

	exported, failed atomic.Uint64
	broken           bool
}

func newExporter(o TracingOptions) (*exporter, error) {
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("the address of the collector: expected a URL such as http://localhost:4318/v1/traces, found %q", o.Endpoint)
	}
	h := o.Header.Clone()
	if h == nil {
		h = http.Header{}
	}
	h.Set("Content-Type", "application/x-protobuf")
	if o.Gzip {
		h.Set("Content-Encoding", "gzip")
	}
	connect := cmp.Or(o.ConnectTimeout, 10*time.Second)
	t := &http.Transport{
		DialContext: (&net.Dialer{Timeout: connect}).DialContext, TLSHandshakeTimeout: connect, TLSClientConfig: o.TLS,
		Proxy: o.Proxy, MaxIdleConns: 2, IdleConnTimeout: 2 * time.Minute, ForceAttemptHTTP2: true,
	}
	if t.Proxy == nil {
		t.Proxy = http.ProxyFromEnvironment
	}
	e := &exporter{
		client: &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		url:    u.String(), name: u.Redacted(), header: h, gzip: o.Gzip, timeout: cmp.Or(o.Timeout, 10*time.Second), retry: o.Retry.withDefaults(), log: o.Log,
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	return e, nil
}

// ExportSpans sends spans, again while the collector may take them later (OTLP specification, "Failures").
func (e *exporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	body, err := e.encode(spans)
	if err == nil {
		err = e.send(ctx, body)
	}
	switch n := uint64(len(spans)); {
	case err == nil:
		e.exported.Add(n)
		if e.broken {
			e.log.Info("spans reach the collector again", "collector", e.name)
		}
	default:
		e.failed.Add(n)
		if !e.broken {
			e.log.Warn("spans do not reach the collector and are lost", "collector", e.name, "error", err)
		}
	}
	e.broken = err != nil
	return nil // told already: the SDK would tell the standard error
}

// Shutdown ends connections.
func (e *exporter) Shutdown(context.Context) error {
	e.client.CloseIdleConnections()
	return nil
}

func (e *exporter) send(ctx context.Context, body []byte) error {
	pause := e.retry.Initial
	for n := 1; ; n++ {
		after, again, err := e.post(ctx, body)
		if err == nil || !again || n >= e.retry.Attempts {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(max(pause, after)):
		}
		pause = min(time.Duration(float64(pause)*e.retry.Factor), e.retry.Max)
	}
}

// maxRetryAfter bounds what a collector may ask for.
const maxRetryAfter = time.Minute

func (e *exporter) post(ctx context.Context, body []byte) (after time.Duration, again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(body))
	if err != nil {
		return 0, false, err
	}
	req.Header = e.header
	resp, err := e.client.Do(req)
	if err != nil {
		return 0, true, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection is used again
	switch resp.StatusCode {
	case 200, 202, 204:
		return 0, false, nil
	case 429, 502, 503, 504:
		if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && n > 0 {
			after = min(time.Duration(n)*time.Second, maxRetryAfter)
		}
		again = true
	}
	return after, again, fmt.Errorf("status %d", resp.StatusCode)
}

// encode writes an ExportTraceServiceRequest, which has the fields of TracesData.
func (e *exporter) encode(spans []sdktrace.ReadOnlySpan) ([]byte, error) {
	out := &pb.ScopeSpans{Scope: &common.InstrumentationScope{Name: "gatehouse"}}
	all := &pb.ResourceSpans{ScopeSpans: []*pb.ScopeSpans{out}}
	for _, s := range spans {
		if all.Resource == nil {
			all.Resource = &resourcepb.Resource{Attributes: pairs(s.Resource().Attributes())}
		}
		out.Spans = append(out.Spans, message(s))
	}
	body, err := proto.Marshal(&pb.TracesData{ResourceSpans: []*pb.ResourceSpans{all}})
	if err != nil || !e.gzip {
		return body, err
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(body); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func message(s sdktrace.ReadOnlySpan) *pb.Span {
	id, trace, parent := s.SpanContext().SpanID(), s.SpanContext().TraceID(), s.Parent().SpanID()
	m := &pb.Span{
		TraceId: trace[:], SpanId: id[:], TraceState: s.SpanContext().TraceState().String(), Flags: uint32(s.SpanContext().TraceFlags()),
		Name: s.Name(), Kind: kinds[s.SpanKind()],
		StartTimeUnixNano: uint64(s.StartTime().UnixNano()), EndTimeUnixNano: uint64(s.EndTime().UnixNano()),
		Attributes: pairs(s.Attributes()), DroppedAttributesCount: uint32(s.DroppedAttributes()),
	}
	if s.Parent().HasSpanID() {
		m.ParentSpanId = parent[:]
	}
	switch s.Status().Code {
	case codes.Error:
		m.Status = &pb.Status{Code: pb.Status_STATUS_CODE_ERROR, Message: s.Status().Description}
	case codes.Ok:
		m.Status = &pb.Status{Code: pb.Status_STATUS_CODE_OK}
	}
	return m
}

var kinds = map[trace.SpanKind]pb.Span_SpanKind{
	trace.SpanKindInternal: pb.Span_SPAN_KIND_INTERNAL, trace.SpanKindServer: pb.Span_SPAN_KIND_SERVER, trace.SpanKindClient: pb.Span_SPAN_KIND_CLIENT,
}

func pairs(attrs []attribute.KeyValue) []*common.KeyValue {
	out := make([]*common.KeyValue, 0, len(attrs))
	for _, a := range attrs {
		v := &common.AnyValue{}
		switch a.Value.Type() {
		case attribute.INT64:
			v.Value = &common.AnyValue_IntValue{IntValue: a.Value.AsInt64()}
		case attribute.BOOL:
			v.Value = &common.AnyValue_BoolValue{BoolValue: a.Value.AsBool()}
		default:
			v.Value = &common.AnyValue_StringValue{StringValue: a.Value.String()}
		}
		out = append(out, &common.KeyValue{Key: string(a.Key), Value: v})
	}
	return out
}
