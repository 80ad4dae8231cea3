package filters

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type assignmentConfig struct {
	// OnRequest are made before the request goes on.
	OnRequest []assignment `conf:"onRequest"`
	// OnResponse are made when the response comes back.
	OnResponse []assignment `conf:"onResponse"`
}

type assignment struct {
	// Condition decides whether the assignment is made; without it, it always is.
	Condition heap.Condition `conf:"condition"`
	// Target is the place that is set, such as ${attributes.user}.
	Target *expr.Template `conf:"target,required"`
	// Value is of any type; without it the target is set to null, which removes fields.
	Value value `conf:"value"`
}

// assigning sets attributes, session entries and parts of messages.
var assigning = heap.Define("AssignmentFilter", func(c *assignmentConfig, env *heap.Env) (chain.Filter, error) {
	checkTargets(env, "onRequest", c.OnRequest)
	checkTargets(env, "onResponse", c.OnResponse)
	return &assigner{c.OnRequest, c.OnResponse, env.Log}, nil
})

func checkTargets(env *heap.Env, field string, list []assignment) {
	for i := range list {
		if t := list[i].Target; t != nil && !t.IsLValue() {
			env.Fail(fmt.Sprintf("%s.%d.target", field, i), "%s", notAPlace(t))
		}
	}
}

// notAPlace is what to say about a target that nothing can be assigned to.
func notAPlace(t *expr.Template) string {
	return fmt.Sprintf("expected a place to assign to, such as \"${attributes.name}\", found %q", t.Source())
}

type assigner struct {
	onRequest, onResponse []assignment
	log                   *slog.Logger
}

func (f *assigner) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	if err := f.assign(x.Ctx(), f.onRequest, x); err != nil {
		return nil, err
	}
	resp, err := next.Handle(x)
	if err != nil || len(f.onResponse) == 0 {
		return resp, err
	}
	if err := f.assign(x.Ctx(), f.onResponse, chain.ResponseScope{Exchange: x, Response: resp}); err != nil {
		resp.Entity.Close()
		return nil, err
	}
	return resp, nil
}

func (f *assigner) assign(ctx context.Context, list []assignment, s expr.Scope) error {
	for i := range list {
		a := &list[i]
		if !a.Condition.Holds(s) {
			continue
		}
		err := a.Target.Assign(s, a.Value.eval(s))
		if errors.Is(err, chain.ErrReadOnly) {
			f.log.WarnContext(ctx, "assignment is ignored", "target", a.Target.Source(), "error", err)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}
