package observe

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// Request is the context of a request: what its log lines, spans and audit events have in common. It is made once a
// request and embedded in what the request has anyway, so that it costs no memory of its own.
type Request struct {
	context.Context
	// TransactionID is the id of the transaction; "": Owner makes it when somebody asks.
	TransactionID string
	Owner         interface{ Transaction() string }
	// Tracing makes spans; nil: none are made.
	Tracing *Tracing
	// Limits counts refusals for limits, see CountLimit; nil: nobody does.
	Limits *Limits
}

type requestKey struct{}

// Transaction is the id of the transaction that the request belongs to.
func (r *Request) Transaction() string {
	if r.TransactionID == "" && r.Owner != nil {
		return r.Owner.Transaction()
	}
	return r.TransactionID
}

// Value finds the request itself, and what is outside.
func (r *Request) Value(key any) any {
	if key == (requestKey{}) {
		return r
	}
	return r.Context.Value(key)
}

// RequestOf returns the request that a context belongs to; nil for work of the program's own.
func RequestOf(ctx context.Context) *Request {
	r, _ := ctx.Value(requestKey{}).(*Request)
	return r
}

// Correlate returns a logger whose lines have transactionId, and traceId and spanId where spans are made, when they are
// written with the context of a request.
func Correlate(log *slog.Logger) *slog.Logger {
	if _, is := log.Handler().(correlated); is {
		return log
	}
	return slog.New(correlated{log.Handler()})
}

// correlated is the handler of Correlate.
type correlated struct{ slog.Handler }

const transactionKey = "transactionId"

func (c correlated) Handle(ctx context.Context, line slog.Record) error {
	r := RequestOf(ctx)
	if r == nil {
		return c.Handler.Handle(ctx, line)
	}
	line = line.Clone()
	line.AddAttrs(slog.String(transactionKey, r.Transaction()))
	if r.Tracing != nil {
		if s := trace.SpanContextFromContext(ctx); s.IsValid() {
			line.AddAttrs(slog.String("traceId", s.TraceID().String()), slog.String("spanId", s.SpanID().String()))
		}
	}
	return c.Handler.Handle(ctx, line)
}

func (c correlated) WithAttrs(attrs []slog.Attr) slog.Handler {
	return correlated{c.Handler.WithAttrs(attrs)}
}

func (c correlated) WithGroup(name string) slog.Handler { return correlated{c.Handler.WithGroup(name)} }
