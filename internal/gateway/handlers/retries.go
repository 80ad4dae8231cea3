package handlers

import (
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/observe"
)

type retriesConfig struct {
	// Enabled switches retries on.
	Enabled bool `conf:"enabled,default=true"`
	// Condition sees the response; where it holds the request is sent again. Without
	// it only failures are retried.
	Condition *heap.Condition `conf:"condition"`
	// RuntimeExceptionCondition sees the failure as exception; the default retries
	// every failure.
	RuntimeExceptionCondition *heap.Condition `conf:"runtimeExceptionCondition"`
	// Count is how often the request is sent again.
	Count int `conf:"count,min=1,default=5"`
	// Delay is the pause before each further attempt.
	Delay    conf.Duration                       `conf:"delay,default=500 ms"`
	Executor heap.Ref[*ScheduledExecutorService] `conf:"executor,unused=pauses need no thread pool"`
}

// retrier sends a request again when it failed, or was answered in a way that the
// condition names.
type retrier struct {
	retriesConfig
	next chain.Handler
}

func (r *retrier) Handle(x *chain.Exchange) (*chain.Response, error) {
	if err := x.Request.Entity.Buffer(); err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		again := x
		if ctx := observe.Resending(x.Ctx(), n); ctx != x.Ctx() {
			again = x.WithCtx(ctx)
		}
		resp, err := r.next.Handle(again)
		if n >= r.Count || !r.again(x, resp, err) {
			return resp, err
		}
		if resp != nil {
			resp.Entity.Close()
		}
		select {
		case <-x.Ctx().Done():
			return nil, x.Ctx().Err()
		case <-time.After(r.Delay.D()):
		}
	}
}

func (r *retrier) again(x *chain.Exchange, resp *chain.Response, err error) bool {
	if err != nil {
		return x.Ctx().Err() == nil && (r.RuntimeExceptionCondition == nil || r.RuntimeExceptionCondition.Holds(failureScope{x, err}))
	}
	return r.Condition != nil && r.Condition.Holds(chain.ResponseScope{Exchange: x, Response: resp})
}

// failureScope is the scope of an expression about a failure.
type failureScope struct {
	*chain.Exchange
	err error
}

// Lookup adds exception, an object with the property message.
func (s failureScope) Lookup(name string) (expr.Value, bool) {
	if name == "exception" {
		return map[string]any{"message": s.err.Error()}, true
	}
	return s.Exchange.Lookup(name)
}
