package gateway

import (
	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/heap"
)

// logSink is what objects of OpenIG wrote their log to.
type logSink struct{}

type logSinkConfig struct {
	Rest []conf.Field `conf:"*"`
}

// sink makes a type of log sinks, which are accepted and have no effect.
func sink(name string) *heap.Type {
	return heap.Define(name, func(_ *logSinkConfig, env *heap.Env) (*logSink, error) {
		env.Errs.Warn(env.Decl, "%s has no effect: everything is logged to the standard error output", name)
		return &logSink{}, nil
	})
}

// older lists types of releases before 5.
var older = []*heap.Type{
	sink("ConsoleLogSink"), sink("FileLogSink"), sink("NullLogSink"),
	heap.Refuse("CaptureFilter", "it belongs to releases before 3; write \"capture\": \"all\" beside the object"),
	heap.Refuse("ExceptionFilter", "it belongs to releases before 4; use \"retries\" or a CircuitBreakerFilter"),
	heap.Refuse("HandlerServlet", "it belongs to releases before 3; config.json needs a \"handler\""),
	heap.Refuse("DispatchServlet", "it belongs to releases before 3; use a DispatchHandler"),
	heap.Refuse("HttpServerServlet", "it belongs to releases before 3; listeners are \"connectors\" of admin.json"),
	heap.Refuse("TokenTransformationFilter", "the Security Token Service is not supported; use an OAuth2TokenExchangeFilter"),
	heap.Refuse("HttpClient", "it belongs to releases before 6; its fields belong to the ClientHandler"),
}
