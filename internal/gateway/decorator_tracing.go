package gateway

import (
	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/heap"
)

type tracingConfig struct{}

// tracing is accepted so that configurations load: spans are recorded only where
// admin.json enables OpenTelemetry, which this version refuses there.
var tracing = heap.Define("TracingDecorator", func(*tracingConfig, *heap.Env) (heap.Decorator, error) {
	return tracingDecorator{}, nil
})

type tracingDecorator struct{}

func (tracingDecorator) Decorate(target any, value *conf.Node, env *heap.Env) (any, error) {
	env.Errs.Warn(value, "tracing has no effect: it is not enabled")
	return target, nil
}
