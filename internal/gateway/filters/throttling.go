package filters

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type throttlingConfig struct {
	// RequestGroupingPolicy yields the name of the group that a request belongs to; the
	// default puts all into one.
	RequestGroupingPolicy *expr.Template `conf:"requestGroupingPolicy,default="`
	// Rate is the same rate for every group.
	Rate *rateConfig `conf:"rate"`
	// ThrottlingRatePolicy finds the rate of a request.
	ThrottlingRatePolicy heap.Ref[ThrottlingRatePolicy] `conf:"throttlingRatePolicy"`
	// CleaningInterval is how often groups are dropped that nobody uses.
	CleaningInterval conf.Duration `conf:"cleaningInterval,default=5 seconds"`
	// Executor is accepted from existing configurations.
	Executor any `conf:"executor,unused=the filter needs no thread pool"`
}

// throttling bounds how many requests pass in a time.
var throttling = heap.Define("ThrottlingFilter", func(c *throttlingConfig, env *heap.Env) (chain.Filter, error) {
	switch {
	case c.Rate == nil && !c.ThrottlingRatePolicy.IsSet():
		env.Fail("rate", "one of the fields \"rate\" and \"throttlingRatePolicy\" is required")
	case c.Rate != nil && c.ThrottlingRatePolicy.IsSet():
		env.Fail("rate", "expected one of \"rate\" and \"throttlingRatePolicy\", found both")
	}
	if c.CleaningInterval <= 0 || c.CleaningInterval.D() > 24*time.Hour {
		env.Fail("cleaningInterval", "expected a duration above zero and of at most a day, found %s", c.CleaningInterval)
	}
	f := &throttle{
		group: c.RequestGroupingPolicy, policy: c.ThrottlingRatePolicy.Get(),
		every: c.CleaningInterval.D(), buckets: newBuckets(env.Limits), now: env.Now, log: env.Log,
	}
	if c.Rate != nil {
		f.policy = fixedRate{c.Rate.rate()}
	}
	env.Measure(f.samples)
	return f, nil
})

type throttle struct {
	group   *expr.Template
	policy  ThrottlingRatePolicy
	every   time.Duration
	buckets *buckets
	now     func() time.Time
	log     *slog.Logger
	stop    context.CancelFunc
	refused atomic.Uint64
}

func (f *throttle) samples() []heap.Sample {
	return []heap.Sample{{Metric: "gatehouse_throttled_total", Kind: heap.Counter, PerObject: true, Value: float64(f.refused.Load())}}
}

var (
	errNoGroup   = errors.New("requestGroupingPolicy yields null")
	errThrottled = errors.New("there are too many requests")
)

func (f *throttle) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	group, ok := f.group.Text(x)
	if !ok {
		f.log.ErrorContext(x.Ctx(), "request cannot be throttled", "error", errNoGroup)
		return nil, errNoGroup
	}
	rate, err := f.policy.Rate(x)
	if err != nil {
		return nil, err
	}
	if rate == nil {
		return next.Handle(x)
	}
	wait := f.buckets.take(group, *rate, f.now())
	if wait <= 0 {
		return next.Handle(x)
	}
	f.refused.Add(1)
	resp := chain.Fail(429, errThrottled)
	seconds := (wait + time.Second - 1) / time.Second
	resp.Header["Retry-After"] = []string{strconv.FormatInt(int64(seconds), 10)}
	return resp, nil
}

// Start lets groups that nobody uses be dropped from time to time.
func (f *throttle) Start(context.Context) error {
	// The filter outlives the call that starts it.
	ctx, cancel := context.WithCancel(context.Background())
	f.stop = cancel
	go func() {
		t := time.NewTicker(f.every)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
				f.buckets.sweep(f.now())
			}
		}
	}()
	return nil
}

// Stop ends what Start began.
func (f *throttle) Stop() {
	if f.stop != nil {
		f.stop()
	}
}
