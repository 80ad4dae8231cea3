package expr

import "math"

// Arithmetic is JSR 245 §1.7: decimals if a side is one (or a text that spells
// one), else 64-bit integers that wrap around as Java's do.

func arithmetic(x, y Value, ints func(a, b int64) int64, floats func(a, b float64) float64) (Value, error) {
	a, err := toNumber(x)
	if err != nil {
		return nil, err
	}
	b, err := toNumber(y)
	if err != nil {
		return nil, err
	}
	if a.decimal || b.decimal {
		return floats(a.float(), b.float()), nil
	}
	return ints(a.i, b.i), nil
}

func add(x, y Value) (Value, error) {
	return arithmetic(x, y, func(a, b int64) int64 { return a + b }, func(a, b float64) float64 { return a + b })
}

func subtract(x, y Value) (Value, error) {
	return arithmetic(x, y, func(a, b int64) int64 { return a - b }, func(a, b float64) float64 { return a - b })
}

func multiply(x, y Value) (Value, error) {
	return arithmetic(x, y, func(a, b int64) int64 { return a * b }, func(a, b float64) float64 { return a * b })
}

// divide always gives a decimal; by zero, an infinity or not-a-number.
func divide(x, y Value) (Value, error) {
	if x == nil && y == nil {
		return int64(0), nil // JSR 245 §1.7.2: before the conversion to decimals
	}
	a, err := toNumber(x)
	if err != nil {
		return nil, err
	}
	b, err := toNumber(y)
	if err != nil {
		return nil, err
	}
	return a.float() / b.float(), nil
}

func modulo(x, y Value) (Value, error) {
	if n, err := toNumber(y); err == nil && !n.decimal && n.i == 0 {
		if m, err := toNumber(x); err == nil && !m.decimal {
			if x == nil && y == nil {
				return int64(0), nil
			}
			return nil, failf("division by zero")
		}
	}
	return arithmetic(x, y, func(a, b int64) int64 { return a % b }, math.Mod)
}

func negate(v Value) (Value, error) {
	n, err := toNumber(v)
	if err != nil {
		return nil, err
	}
	if n.decimal {
		return -n.f, nil
	}
	return -n.i, nil
}
