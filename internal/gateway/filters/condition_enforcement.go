package filters

import (
	"errors"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type conditionEnforcementConfig struct {
	// Condition must hold for the request to pass.
	Condition heap.Condition `conf:"condition,required"`
	// FailureHandler answers otherwise; without it the answer is 403.
	FailureHandler heap.Ref[chain.Handler] `conf:"failureHandler"`
}

var errCondition = errors.New("the condition of the filter does not hold")

// conditionEnforcement lets requests pass only where a condition holds.
var conditionEnforcement = heap.Define("ConditionEnforcementFilter", func(c *conditionEnforcementConfig, _ *heap.Env) (chain.Filter, error) {
	return &conditionEnforcer{c.Condition, refusalOf(c.FailureHandler, 403)}, nil
})

type conditionEnforcer struct {
	condition heap.Condition
	refusal   refusal
}

func (f *conditionEnforcer) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	if f.condition.Holds(x) {
		return next.Handle(x)
	}
	return f.refusal.answer(x, errCondition)
}
