package groovy

import (
	"math"
	"math/bits"
	"strings"
	"time"
)

// Durations are those of Go: up to 292 years, where Java's reach further. Beyond that
// computing fails as Java's does at its own end.

func durationOverflow() error { return Throw(excArithmetic, "long overflow") }

// scaledDuration is n times u.
func scaledDuration(n int64, u time.Duration) (Value, error) {
	hi, lo := bits.Mul64(magnitude(n), magnitude(int64(u)))
	if hi != 0 || lo > math.MaxInt64 {
		return nil, durationOverflow()
	}
	return duration(time.Duration(n) * u), nil
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

func addDurations(a, b time.Duration) (Value, error) {
	sum := a + b
	if (sum > a) != (b > 0) && b != 0 {
		return nil, durationOverflow()
	}
	return duration(sum), nil
}

// shiftedBy makes a method that adds as many units as its argument says, or takes them
// away.
func shiftedBy(sign int64, u time.Duration) Method {
	return func(c *Call) (Value, error) {
		n, ok := c.Int(0)
		if !ok {
			return nil, c.NoSuchMethod()
		}
		by, err := scaledDuration(n, time.Duration(sign)*u)
		if err != nil {
			return nil, err
		}
		return addDurations(time.Duration(c.This.(duration)), time.Duration(by.(duration)))
	}
}

func durationMethods() table {
	d := func(c *Call) time.Duration { return time.Duration(c.This.(duration)) }
	to := func(u time.Duration) Method { return give(func(c *Call) Value { return int64(d(c) / u) }) }
	part := func(u, mod time.Duration) Method { return give(func(c *Call) Value { return int32(d(c) / u % mod) }) }
	add := func(sign int64) Method {
		return func(c *Call) (Value, error) {
			if o, ok := c.Arg(0).(duration); ok {
				return shiftedBy(sign, 1)(&Call{th: c.th, This: c.This, Name: c.Name, Args: []Value{int64(o)}})
			}
			u := time.Second
			if len(c.Args) > 1 {
				name, err := unitName(c, 1)
				if err != nil {
					return nil, err
				}
				u = units[name]
			}
			return shiftedBy(sign, u)(c)
		}
	}
	times := func(c *Call) (Value, error) {
		n, ok := c.Int(0)
		if !ok {
			return nil, c.NoSuchMethod()
		}
		return scaledDuration(n, d(c))
	}
	negated := func(c *Call) (Value, error) { return scaledDuration(-1, d(c)) }
	m := table{
		"toNanos": to(1), "toMillis": to(time.Millisecond), "toSeconds": to(time.Second), "getSeconds": to(time.Second),
		"toMinutes": to(time.Minute), "toHours": to(time.Hour), "toDays": to(24 * time.Hour),
		"toSecondsPart": part(time.Second, 60), "toMinutesPart": part(time.Minute, 60), "toHoursPart": part(time.Hour, 24),
		"toMillisPart": part(time.Millisecond, 1000), "getNano": part(1, time.Second),
		"plus": add(1), "minus": add(-1), "multipliedBy": times, "multiply": times,
		"dividedBy": func(c *Call) (Value, error) {
			n, _ := c.Int(0)
			if n == 0 {
				return nil, Throw(excArithmetic, "Cannot divide by zero")
			}
			if n == -1 {
				return negated(c)
			}
			return duration(d(c) / time.Duration(n)), nil
		},
		"negated": negated, "negative": negated,
		"abs": func(c *Call) (Value, error) {
			if d(c) < 0 {
				return negated(c)
			}
			return c.This, nil
		},
		"isZero":     give(func(c *Call) Value { return d(c) == 0 }),
		"isNegative": give(func(c *Call) Value { return d(c) < 0 }),
		"compareTo":  give(func(c *Call) Value { return int32(c.th.compare(c.This, c.Arg(0))) }),
	}
	for unit, u := range units {
		name := unit[:1] + strings.ToLower(unit[1:])
		m["plus"+name] = shiftedBy(1, u)
		m["minus"+name] = shiftedBy(-1, u)
	}
	return m
}
