package filters

import (
	"errors"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/script"
)

// scriptableThrottling asks a script for the rate of a request.
var scriptableThrottling = heap.Define("ScriptableThrottlingPolicy", func(c *script.Config, env *heap.Env) (ThrottlingRatePolicy, error) {
	s, err := script.Compile(env, c)
	if s == nil {
		return nil, err
	}
	return scriptedRate{s}, err
})

type scriptedRate struct{ script *script.Script }

var errScriptRate = errors.New("the script gave a rate that is out of range")

func (p scriptedRate) Rate(x *chain.Exchange) (*ThrottlingRate, error) {
	r, err := p.script.ThrottlingRate(x)
	if err != nil || r == nil {
		return nil, err
	}
	if r.Requests > 1<<31-1 {
		return nil, errScriptRate
	}
	return NewThrottlingRate(int(r.Requests), conf.Duration(r.Per))
}

// scriptableCustomizer adds the constraints of a script to a token's validation.
var scriptableCustomizer = heap.Define("ScriptableJwtValidatorCustomizer", func(c *script.Config, env *heap.Env) (JwtValidatorCustomizer, error) {
	s, err := script.Compile(env, c, "builder")
	if s == nil {
		return nil, err
	}
	now := env.Now
	return &scriptedChecks{s, now}, err
})

type scriptedChecks struct {
	script *script.Script
	now    func() time.Time
}

func (c *scriptedChecks) Violations(x *chain.Exchange, token string, payload []byte) ([]script.Violation, error) {
	v := script.NewValidator(c.now, 0)
	if err := c.script.Customize(x, v); err != nil {
		return nil, err
	}
	return v.Violations(x.Ctx(), token, payload)
}
