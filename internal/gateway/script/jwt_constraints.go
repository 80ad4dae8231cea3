package script

import (
	"time"

	"gatehouse/internal/groovy"
	"gatehouse/internal/javaregexp"
	"gatehouse/internal/jose"
)

// constraint is a constraint of ours. holds answers "" or what is wrong, to follow
// "the claim x" where the constraint is about a claim.
type constraint struct {
	holds func(in *constraintContext, call invoker) string
}

func (*constraint) GroovyClass() *groovy.Class { return ownConstraintClass }

var ownConstraintClass = &groovy.Class{Name: validationPackage + ".Constraint"}

func about(why string, holds func(in *constraintContext) bool) *constraint {
	return &constraint{func(in *constraintContext, _ invoker) string {
		if holds(in) {
			return ""
		}
		return why
	}}
}

// constraintsClass has the constraints that scripts call by their bare names.
var constraintsClass = &groovy.Class{
	Name: validationPackage + ".Constraints",
	Static: methods{
		"isEqualTo": func(c *groovy.Call) (groovy.Value, error) {
			want := unwrap(c.Arg(0))
			return about("has another value than expected", func(in *constraintContext) bool { return equalData(in.value, want) }), c.Want(1, 1)
		},
		"isNotEqualTo": func(c *groovy.Call) (groovy.Value, error) {
			bad := unwrap(c.Arg(0))
			return about("has a value that is not allowed", func(in *constraintContext) bool { return !equalData(in.value, bad) }), c.Want(1, 1)
		},
		"isNotNull": func(c *groovy.Call) (groovy.Value, error) {
			return about("is missing", func(in *constraintContext) bool { return unwrap(in.value) != nil }), c.Want(0, 0)
		},
		"isTrue": func(c *groovy.Call) (groovy.Value, error) {
			return about("is not true", func(in *constraintContext) bool { return unwrap(in.value) == true }), c.Want(0, 0)
		},
		"isFalse": func(c *groovy.Call) (groovy.Value, error) {
			return about("is not false", func(in *constraintContext) bool { return unwrap(in.value) == false }), c.Want(0, 0)
		},
		"isInThePast": func(c *groovy.Call) (groovy.Value, error) {
			return about("does not lie in the past", func(in *constraintContext) bool {
				t, ok := moment(in.value)
				return ok && t.Add(-in.of.skew).Before(in.of.now())
			}), c.Want(0, 0)
		},
		"isInTheFuture": func(c *groovy.Call) (groovy.Value, error) {
			return about("does not lie in the future", func(in *constraintContext) bool {
				t, ok := moment(in.value)
				return ok && t.Add(in.of.skew).After(in.of.now())
			}), c.Want(0, 0)
		},
		"isGreaterThan":          compares(func(d float64) bool { return d > 0 }),
		"isGreaterThanOrEqualTo": compares(func(d float64) bool { return d >= 0 }),
		"isLessThan":             compares(func(d float64) bool { return d < 0 }),
		"isLessThanOrEqualTo":    compares(func(d float64) bool { return d <= 0 }),
		"isIn":                   isIn,
		"isOneOf":                isIn,
		"contains": func(c *groovy.Call) (groovy.Value, error) {
			want := unwrap(c.Arg(0))
			return about("does not contain what is expected", func(in *constraintContext) bool {
				items, many := elements(unwrap(in.value))
				if !many {
					return equalData(in.value, want)
				}
				for _, x := range items {
					if equalData(x, want) {
						return true
					}
				}
				return false
			}), c.Want(1, 1)
		},
		"matches": func(c *groovy.Call) (groovy.Value, error) {
			re, err := javaregexp.Compile(c.Str(0))
			if err != nil {
				return nil, badArgument("%s", err)
			}
			return about("does not match what is expected", func(in *constraintContext) bool {
				v := unwrap(in.value)
				if !isText(v) {
					return false
				}
				matches, err := re.Match(text(v))
				return matches && err == nil
			}), c.Want(1, 1)
		},
		"hasValidSignature": func(c *groovy.Call) (groovy.Value, error) {
			h, ok := c.Arg(0).(*signingHandler)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			ctx := c.Ctx
			return about("The signature of the token is not valid.", func(in *constraintContext) bool {
				_, err := jose.Verify(ctx, in.jwt.raw, jose.VerifyOptions{Keys: jose.NewKeySet(h.keys...), Algorithms: h.algorithms()})
				return err == nil
			}), nil
		},
	},
}

func isIn(c *groovy.Call) (groovy.Value, error) {
	items, many := elements(c.Arg(0))
	if !many {
		items = c.Args
	}
	return about("has another value than expected", func(in *constraintContext) bool {
		for _, x := range items {
			if equalData(in.value, x) {
				return true
			}
		}
		return false
	}), nil
}

// compares makes a constraint on the difference of a number or time from another.
func compares(ok func(float64) bool) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		bound, is := number(unwrap(c.Arg(0)))
		if !is || c.Len() != 1 {
			return nil, c.NoSuchMethod()
		}
		return about("lies outside what is allowed", func(in *constraintContext) bool {
			n, is := number(unwrap(in.value))
			return is && ok(n-bound)
		}), nil
	}
}

func number(v groovy.Value) (float64, bool) {
	if t, ok := groovy.InstantOf(v); ok {
		return float64(t.Unix()), true
	}
	switch n := groovy.ToGo(v).(type) {
	case int64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

// moment reads a NumericDate or a time.
func moment(v groovy.Value) (time.Time, bool) {
	v = unwrap(v)
	if t, ok := groovy.InstantOf(v); ok {
		return t, true
	}
	if n, ok := whole(v); ok && !isText(v) {
		return time.Unix(n, 0), true
	}
	return time.Time{}, false
}

// equalData compares data by content; numbers of different types may be equal, a
// missing value is equal to none.
func equalData(a, b groovy.Value) bool {
	a, b = unwrap(a), unwrap(b)
	if a == nil || b == nil {
		return false
	}
	if x, ok := groovy.ToGo(a).(int64); ok {
		if y, ok := groovy.ToGo(b).(int64); ok {
			return x == y
		}
	}
	if x, ok := number(a); ok {
		y, is := number(b)
		return is && x == y
	}
	if isText(a) != isText(b) {
		return false
	}
	x, err := marshalJSON(a)
	if err != nil {
		return false
	}
	y, err := marshalJSON(b)
	return err == nil && string(x) == string(y)
}
