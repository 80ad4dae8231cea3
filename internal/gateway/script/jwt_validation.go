package script

import (
	"context"
	"errors"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/groovy"
)

// validationPackage is what scripts that validate tokens see without an import.
const validationPackage = "org.forgerock.openig.tools.jwt.validation"

// Violation is a reason not to accept a token.
type Violation struct{ Code, Description string }

// Validator is what a JwtValidatorCustomizer script adds constraints to: the variable
// builder. The constraints belong to the run that made them, so a Validator serves one
// request.
type Validator struct {
	now    func() time.Time
	skew   time.Duration
	checks []check
}

// check is one constraint, of a claim or of the whole token.
type check struct {
	claim      string
	convert    groovy.Value // nil: the claim as it is
	constraint groovy.Value
	whole      bool
}

// NewValidator returns one without constraints.
func NewValidator(now func() time.Time, skew time.Duration) *Validator {
	return &Validator{now: now, skew: skew}
}

// Customize runs a script that adds constraints to v; its result does not matter.
func (s *Script) Customize(x *chain.Exchange, v *Validator) error {
	_, err := s.Run(x, Var{"builder", v})
	return err
}

// Violations applies the constraints to a token, given also as the JSON of its claims,
// since it may have been encrypted. An error means that a constraint could not tell.
func (v *Validator) Violations(ctx context.Context, token string, payload []byte) ([]Violation, error) {
	t, err := readJWT(token)
	if err != nil {
		t = &jwt{raw: token, header: groovy.NewMap()}
	}
	parsed, err := parseJSON(payload)
	m, ok := parsed.(*groovy.Map)
	if err != nil || !ok {
		return nil, errors.New("the claims are no JSON object")
	}
	t.claims = &claims{m}
	return v.check(t, outside(ctx), atOnce)
}

func (v *Validator) check(t *jwt, call invoker, wait func(func())) ([]Violation, error) {
	var out []Violation
	for _, k := range v.checks {
		vs, err := k.apply(v, t, call, wait)
		if err != nil {
			return nil, err
		}
		out = append(out, vs...)
	}
	return out, nil
}

func (k check) apply(v *Validator, t *jwt, call invoker, wait func(func())) ([]Violation, error) {
	in := &constraintContext{of: v, jwt: t, name: k.claim}
	if !k.whole {
		in.value = &jsonValue{v: t.claims.get(k.claim), path: "/" + k.claim}
		if k.convert != nil {
			x, err := invoke(call, k.convert, in.value)
			var thrown *groovy.Thrown
			if errors.As(err, &thrown) {
				return []Violation{{"invalid_claim", "the claim " + k.claim + " is of another type than expected"}}, nil
			}
			if err != nil {
				return nil, err
			}
			in.value = x
		}
	}
	if own, ok := k.constraint.(*constraint); ok {
		if why := own.holds(in, call); why != "" {
			if k.whole {
				return []Violation{{"invalid_jwt", why}}, nil
			}
			return []Violation{{"invalid_claim", "the claim " + k.claim + " " + why}}, nil
		}
		return nil, nil
	}
	r, err := invoke(call, k.constraint, in)
	if err != nil {
		return nil, err
	}
	o := asPromise(r).await(call, wait)
	if o.kind != result {
		return nil, o.err
	}
	switch r := o.value.(type) {
	case *validationResult:
		return r.violations, nil
	case bool:
		if r {
			return nil, nil
		}
		return []Violation{{"invalid_jwt", "a constraint does not hold"}}, nil
	}
	return nil, groovy.Throw("java.lang.ClassCastException", "a constraint gave %s where a Result is expected", kindOf(o.value))
}

// GroovyClass is the class of validators and their builders.
func (*Validator) GroovyClass() *groovy.Class { return validatorClass }

var validatorClass = &groovy.Class{
	Name: validationPackage + ".JwtValidator",
	Static: methods{"builder": func(c *groovy.Call) (groovy.Value, error) {
		now := time.Now
		if clock := c.Arg(0); clock != nil && c.InstanceOf(clock, "java.time.Clock") {
			t, err := c.InvokeMethod(clock, "instant")
			if err != nil {
				return nil, err
			}
			if at, ok := groovy.InstantOf(t); ok {
				now = func() time.Time { return at }
			}
		}
		return NewValidator(now, 0), c.Want(0, 1)
	}},
	Methods: methods{
		"withSkewAllowance": method(func(v *Validator, c *groovy.Call) (groovy.Value, error) {
			d, err := durationOf(c.Arg(0))
			if err != nil {
				return nil, err
			}
			v.skew = d
			return v, nil
		}),
		"jwt": method(func(v *Validator, c *groovy.Call) (groovy.Value, error) {
			v.checks = append(v.checks, check{constraint: c.Arg(0), whole: true})
			return v, c.Want(1, 1)
		}),
		"claim": method(func(v *Validator, c *groovy.Call) (groovy.Value, error) {
			if err := c.Want(2, 3); err != nil {
				return nil, err
			}
			k := check{claim: c.Str(0), constraint: c.Arg(c.Len() - 1)}
			if c.Len() == 3 {
				k.convert = c.Arg(1)
			}
			v.checks = append(v.checks, k)
			return v, nil
		}),
		"build": method(func(v *Validator, _ *groovy.Call) (groovy.Value, error) { return v, nil }),
		"report": method(func(v *Validator, c *groovy.Call) (groovy.Value, error) {
			t, ok := c.Arg(0).(*jwt)
			if !ok {
				var err error
				if t, err = readJWT(c.Str(0)); err != nil {
					return failed(err), nil
				}
			}
			list, err := v.check(t, c.Invoke, c.Wait)
			if err != nil {
				return failed(err), nil
			}
			return resolved(&validationResult{list}), nil
		}),
	},
}

// constraintContext is what a constraint of a script gets.
type constraintContext struct {
	of    *Validator
	jwt   *jwt
	name  string
	value groovy.Value
}

func (*constraintContext) GroovyClass() *groovy.Class { return constraintContextClass }

var constraintContextClass = &groovy.Class{
	Name: validationPackage + ".JwtValidationContext",
	Get: getters{
		"jwt":           getter(func(k *constraintContext) groovy.Value { return k.jwt }),
		"claims":        getter(func(k *constraintContext) groovy.Value { return k.jwt.claims }),
		"claim":         getter(func(k *constraintContext) groovy.Value { return k.value }),
		"value":         getter(func(k *constraintContext) groovy.Value { return k.value }),
		"name":          getter(func(k *constraintContext) groovy.Value { return orNull(k.name) }),
		"skewAllowance": getter(func(k *constraintContext) groovy.Value { return groovy.NewDuration(k.of.skew) }),
		"now":           getter(func(k *constraintContext) groovy.Value { return groovy.NewInstant(k.of.now()) }),
	},
}

// validationResult is Result: success when there is no violation.
type validationResult struct{ violations []Violation }

func (*validationResult) GroovyClass() *groovy.Class { return validationResultClass }

func (r *validationResult) list() *groovy.List {
	l := groovy.NewList()
	for _, v := range r.violations {
		l.Add(violation(v))
	}
	return l
}

var validationResultClass = &groovy.Class{
	Name: validationPackage + ".Result",
	Static: methods{
		"success": func(c *groovy.Call) (groovy.Value, error) { return &validationResult{}, c.Want(0, 0) },
		"failure": func(c *groovy.Call) (groovy.Value, error) {
			items, many := elements(c.Arg(0))
			if !many {
				items = c.Args
			}
			r := &validationResult{}
			for _, x := range items {
				v, ok := x.(violation)
				if !ok {
					v = violation{"invalid_jwt", text(x)}
				}
				r.violations = append(r.violations, Violation(v))
			}
			return r, c.Want(1, 20)
		},
	},
	Get: getters{
		"violations": getter(func(r *validationResult) groovy.Value { return r.list() }),
		"valid":      getter(func(r *validationResult) groovy.Value { return len(r.violations) == 0 }),
		"success":    getter(func(r *validationResult) groovy.Value { return len(r.violations) == 0 }),
		"failure":    getter(func(r *validationResult) groovy.Value { return len(r.violations) > 0 }),
	},
	Methods: methods{"asPromise": method(func(r *validationResult, _ *groovy.Call) (groovy.Value, error) { return resolved(r), nil })},
}

// violation is Violation as scripts see it.
type violation Violation

func (violation) GroovyClass() *groovy.Class { return violationClass }
func (v violation) String() string           { return v.Description }

var violationClass = &groovy.Class{
	Name: validationPackage + ".Violation",
	New: func(c *groovy.Call) (groovy.Value, error) {
		if c.Len() == 2 {
			return violation{c.Str(0), c.Str(1)}, nil
		}
		return violation{"invalid_jwt", c.Str(0)}, c.Want(1, 1)
	},
	Get: getters{
		"code":        getter(func(v violation) groovy.Value { return v.Code }),
		"description": getter(func(v violation) groovy.Value { return v.Description }),
	},
	Equals: func(this, other groovy.Value) bool { return this == other },
}

// validationClasses are the classes of the package, and the same in the package where
// they were before.
func validationClasses() []*groovy.Class {
	all := []*groovy.Class{validatorClass, constraintContextClass, validationResultClass, violationClass, constraintsClass,
		function(validationPackage+".JwtConstraint", "verify"), function(validationPackage+".ClaimConstraint", "verify")}
	for _, c := range all[:len(all):len(all)] {
		older := *c
		older.Name = "org.forgerock.openig.tools.jwt." + c.SimpleName()
		all = append(all, &older)
	}
	return all
}
