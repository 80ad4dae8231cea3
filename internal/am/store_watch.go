package am

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"gatehouse/internal/am/store"
	"gatehouse/internal/observe"
)

// watched is an engine whose calls are counted and, where spans are made, spans.
type watched struct {
	store.Engine
	meter *observe.Meter
	now   func() time.Time
}

// storeCalls are the names of the calls that are counted, by their numbers.
var storeCalls = []string{"get", "batch", "list", "sweep"}

const (
	callGet = iota
	callBatch
	callList
	callSweep
)

func newWatched(e store.Engine, now func() time.Time) watched {
	return watched{e, observe.NewMeter(now, storeCalls...), now}
}

// begin starts the span of a call.
func begin(ctx context.Context, call int, kind string) (context.Context, observe.Span) {
	ctx, span := observe.Start(ctx, "store")
	if span.On() {
		span.Rename("store " + storeCalls[call])
		span.Set(attribute.String("db.operation.name", storeCalls[call]), attribute.String("db.collection.name", kind))
	}
	return ctx, span
}

// over counts a call by the family of the status that its outcome would have in HTTP.
func (w watched) over(call int, start time.Time, span observe.Span, err error) {
	status := http.StatusOK
	switch {
	case err == nil:
	case errors.Is(err, store.ErrNotFound):
		status, err = http.StatusNotFound, nil
	case errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrUsed), errors.Is(err, context.Canceled):
		status = http.StatusConflict
	default:
		status = http.StatusInternalServerError
	}
	now := w.now()
	w.meter.CountAt(now, call, status, now.Sub(start))
	span.End(err)
}

func (w watched) Get(ctx context.Context, k store.Key) (store.Record, error) {
	start := w.now()
	ctx, span := begin(ctx, callGet, k.Kind)
	r, err := w.Engine.Get(ctx, k)
	w.over(callGet, start, span, err)
	return r, err
}

func (w watched) Batch(ctx context.Context, ops ...store.Op) error {
	start := w.now()
	kind := ""
	if len(ops) > 0 {
		kind = ops[0].Kind
	}
	ctx, span := begin(ctx, callBatch, kind)
	err := w.Engine.Batch(ctx, ops...)
	w.over(callBatch, start, span, err)
	return err
}

func (w watched) List(ctx context.Context, q store.Query) ([]store.Record, error) {
	start := w.now()
	ctx, span := begin(ctx, callList, q.Kind)
	list, err := w.Engine.List(ctx, q)
	w.over(callList, start, span, err)
	return list, err
}

func (w watched) Sweep(ctx context.Context, now time.Time, limit int) (int, error) {
	start := w.now()
	n, err := w.Engine.Sweep(ctx, now, limit)
	w.over(callSweep, start, observe.Span{}, err)
	return n, err
}
