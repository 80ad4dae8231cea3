package filters

import (
	"fmt"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// ThrottlingRatePolicy finds the rate of a request.
type ThrottlingRatePolicy interface {
	// Rate returns the rate, nil for none. Policies are called concurrently.
	Rate(x *chain.Exchange) (*ThrottlingRate, error)
}

// ThrottlingRate is how many requests pass in which time. Both are above zero.
type ThrottlingRate struct {
	Requests int
	Duration time.Duration
}

// NewThrottlingRate checks a rate.
func NewThrottlingRate(requests int, d conf.Duration) (*ThrottlingRate, error) {
	if requests < 1 {
		return nil, fmt.Errorf("a rate needs at least one request, found %d", requests)
	}
	if d <= 0 || d.Unlimited() {
		return nil, fmt.Errorf("a rate needs a duration that is neither zero nor unlimited, found %s", d)
	}
	return &ThrottlingRate{requests, d.D()}, nil
}

// rateConfig is a rate in a configuration.
type rateConfig struct{ value *ThrottlingRate }

// UnmarshalConf reads a rate.
func (r *rateConfig) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	var c struct {
		// NumberOfRequests is how many requests pass.
		NumberOfRequests int `conf:"numberOfRequests,required"`
		// Duration is the time in which they pass.
		Duration conf.Duration `conf:"duration,required"`
	}
	if !d.Decode(n, &c) {
		return
	}
	rate, err := NewThrottlingRate(c.NumberOfRequests, c.Duration)
	if err != nil {
		d.Errs.Add(n, "%s", err)
		return
	}
	r.value = rate
}

// DescribeConf names the kind of value.
func (*rateConfig) DescribeConf() string { return "a rate" }

func (r *rateConfig) rate() *ThrottlingRate {
	if r == nil {
		return nil
	}
	return r.value
}

// fixedRate is the same for all.
type fixedRate struct{ rate *ThrottlingRate }

func (f fixedRate) Rate(*chain.Exchange) (*ThrottlingRate, error) { return f.rate, nil }

type mappedThrottlingConfig struct {
	// ThrottlingRateMapper yields the key.
	ThrottlingRateMapper *expr.Template `conf:"throttlingRateMapper,required"`
	// ThrottlingRatesMapping maps keys to rates.
	ThrottlingRatesMapping rateMap `conf:"throttlingRatesMapping,required"`
	// DefaultRate is for keys that are not mapped; without it they are not throttled.
	DefaultRate *rateConfig `conf:"defaultRate"`
}

// rateMap maps keys, which are configuration expressions, to rates.
type rateMap map[string]*ThrottlingRate

// UnmarshalConf reads the map.
func (m *rateMap) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	if n = d.Whole(n); n.Kind != conf.Object {
		d.Errs.Add(n, "expected an object of rates, found %s", n.Kind)
		return
	}
	*m = rateMap{}
	for _, f := range n.Fields {
		var key *string
		if d.Decode(f.NameNode(n).Named(f.Name), &key) && key == nil {
			d.Errs.Add(f.NameNode(n), "the key is null")
		}
		var r rateConfig
		if d.Decode(f.Value, &r) && key != nil {
			(*m)[*key] = r.value
		}
	}
}

// DescribeConf names the kind of value.
func (*rateMap) DescribeConf() string { return "an object of rates" }

// mappedThrottling looks rates up by a key.
var mappedThrottling = heap.Define("MappedThrottlingPolicy", func(c *mappedThrottlingConfig, _ *heap.Env) (ThrottlingRatePolicy, error) {
	return &mappedPolicy{c.ThrottlingRateMapper, c.ThrottlingRatesMapping, c.DefaultRate.rate()}, nil
})

type mappedPolicy struct {
	key   *expr.Template
	rates rateMap
	other *ThrottlingRate
}

func (p *mappedPolicy) Rate(x *chain.Exchange) (*ThrottlingRate, error) {
	if key, ok := p.key.Text(x); ok {
		if r, ok := p.rates[key]; ok {
			return r, nil
		}
	}
	return p.other, nil
}

type defaultRateThrottlingConfig struct {
	// DelegateThrottlingRatePolicy is asked first.
	DelegateThrottlingRatePolicy heap.Ref[ThrottlingRatePolicy] `conf:"delegateThrottlingRatePolicy,required"`
	// DefaultRate applies where it knows none.
	DefaultRate *rateConfig `conf:"defaultRate,required"`
}

// defaultRateThrottling gives a rate where another policy has none.
var defaultRateThrottling = heap.Define("DefaultRateThrottlingPolicy", func(c *defaultRateThrottlingConfig, _ *heap.Env) (ThrottlingRatePolicy, error) {
	return &defaultedPolicy{c.DelegateThrottlingRatePolicy.Get(), c.DefaultRate.rate()}, nil
})

type defaultedPolicy struct {
	first ThrottlingRatePolicy
	other *ThrottlingRate
}

func (p *defaultedPolicy) Rate(x *chain.Exchange) (*ThrottlingRate, error) {
	r, err := p.first.Rate(x)
	if err == nil && r == nil {
		r = p.other
	}
	return r, err
}
