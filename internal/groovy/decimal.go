package groovy

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Decimal is java.math.BigDecimal: unscaled × 10^-scale. It is immutable.
type Decimal struct {
	n     *big.Int
	scale int
}

const maxScale = 10_000

func parseDecimal(s string) (*Decimal, bool) {
	exp := 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e, err := strconv.Atoi(s[i+1:])
		if err != nil || e > maxScale || e < -maxScale {
			return nil, false
		}
		exp, s = e, s[:i]
	}
	scale := 0
	if i := strings.IndexByte(s, '.'); i >= 0 {
		scale = len(s) - i - 1
		s = s[:i] + s[i+1:]
	}
	if len(s) > maxScale || s == "" || strings.ContainsAny(s, "_ ") {
		return nil, false
	}
	n, ok := new(big.Int).SetString(s, 10)
	if !ok {
		return nil, false
	}
	return &Decimal{n, scale - exp}, true
}

// NewDecimal makes a BigDecimal from its text, e.g. "12.50"; ok is false for anything else.
func NewDecimal(text string) (d *Decimal, ok bool) { return parseDecimal(text) }

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

func decFromInt(n int64) *Decimal { return &Decimal{big.NewInt(n), 0} }

// decFromFloat is BigDecimal.valueOf(double), and Groovy's conversion.
func decFromFloat(f float64) (*Decimal, bool) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, false
	}
	return parseDecimal(javaDouble(f))
}

// String is BigDecimal.toString: scientific when the exponent is far off.
func (d *Decimal) String() string {
	digits := new(big.Int).Abs(d.n).String()
	sign := ""
	if d.n.Sign() < 0 {
		sign = "-"
	}
	if d.scale == 0 {
		return sign + digits
	}
	adj := len(digits) - 1 - d.scale
	if d.scale > 0 && adj >= -6 {
		if d.scale >= len(digits) {
			digits = strings.Repeat("0", d.scale-len(digits)+1) + digits
		}
		i := len(digits) - d.scale
		return sign + digits[:i] + "." + digits[i:]
	}
	s := sign + digits[:1]
	if len(digits) > 1 {
		s += "." + digits[1:]
	}
	if adj == 0 {
		return s
	}
	if adj > 0 {
		return s + "E+" + strconv.Itoa(adj)
	}
	return s + "E" + strconv.Itoa(adj)
}

// Plain is BigDecimal.toPlainString.
func (d *Decimal) Plain() string {
	if d.scale <= 0 {
		return new(big.Int).Mul(d.n, pow10(-d.scale)).String()
	}
	digits := new(big.Int).Abs(d.n).String()
	if len(digits) <= d.scale {
		digits = strings.Repeat("0", d.scale-len(digits)+1) + digits
	}
	i := len(digits) - d.scale
	s := digits[:i] + "." + digits[i:]
	if d.n.Sign() < 0 {
		s = "-" + s
	}
	return s
}

func (d *Decimal) float() float64 {
	f, _ := strconv.ParseFloat(d.String(), 64)
	return f
}

// int is the integer part.
func (d *Decimal) int() *big.Int {
	if d.scale <= 0 {
		return new(big.Int).Mul(d.n, pow10(-d.scale))
	}
	return new(big.Int).Quo(d.n, pow10(d.scale))
}

func align(a, b *Decimal) (x, y *big.Int, scale int) {
	switch {
	case a.scale == b.scale:
		return a.n, b.n, a.scale
	case a.scale < b.scale:
		return new(big.Int).Mul(a.n, pow10(b.scale-a.scale)), b.n, b.scale
	}
	return a.n, new(big.Int).Mul(b.n, pow10(a.scale-b.scale)), a.scale
}

func (d *Decimal) add(o *Decimal) *Decimal {
	x, y, s := align(d, o)
	return &Decimal{new(big.Int).Add(x, y), s}
}

func (d *Decimal) sub(o *Decimal) *Decimal {
	x, y, s := align(d, o)
	return &Decimal{new(big.Int).Sub(x, y), s}
}

func (d *Decimal) mul(o *Decimal) *Decimal {
	return &Decimal{new(big.Int).Mul(d.n, o.n), d.scale + o.scale}
}

func (d *Decimal) cmp(o *Decimal) int {
	x, y, _ := align(d, o)
	return x.Cmp(y)
}

func (d *Decimal) precision() int { return len(new(big.Int).Abs(d.n).String()) }

// quo divides as Groovy does: exactly when that is possible, otherwise to ten
// digits more than the operands' precision.
func (d *Decimal) quo(o *Decimal) *Decimal {
	if e := d.exactQuo(o); e != nil {
		return e
	}
	prec := max(d.precision(), o.precision()) + 10
	scale := max(d.scale, o.scale, 10)
	q := d.round(o, prec)
	if q.scale > scale {
		q = q.setScale(scale, roundHalfUp)
	}
	return q
}

// exactQuo is BigDecimal.divide without a context, nil when the quotient does
// not end.
func (d *Decimal) exactQuo(o *Decimal) *Decimal {
	pref := d.scale - o.scale
	if d.n.Sign() == 0 {
		return &Decimal{new(big.Int), max(pref, 0)}
	}
	// remove factors two and five from the reduced divisor: what remains must be 1
	g := new(big.Int).GCD(nil, nil, new(big.Int).Abs(d.n), new(big.Int).Abs(o.n))
	div := new(big.Int).Quo(new(big.Int).Abs(o.n), g)
	two, five := 0, 0
	r := new(big.Int)
	for _, f := range []struct {
		n *big.Int
		c *int
	}{{big.NewInt(2), &two}, {big.NewInt(5), &five}} {
		for {
			q, m := new(big.Int).QuoRem(div, f.n, r)
			if m.Sign() != 0 {
				break
			}
			div = q
			*f.c++
		}
	}
	if div.CmpAbs(big.NewInt(1)) != 0 {
		return nil
	}
	k := max(two, five)
	n := new(big.Int).Quo(new(big.Int).Mul(d.n, pow10(k)), o.n)
	q := &Decimal{n, pref + k}
	// the preferred scale is the difference of the scales
	for q.scale > pref {
		t, m := new(big.Int).QuoRem(q.n, big.NewInt(10), r)
		if m.Sign() != 0 {
			break
		}
		q = &Decimal{t, q.scale - 1}
	}
	if q.scale < pref {
		q = q.setScale(pref, roundHalfUp)
	}
	return q
}

// round is division to prec significant digits, half up, trailing zeros stripped
// towards the preferred scale.
func (d *Decimal) round(o *Decimal, prec int) *Decimal {
	pref := d.scale - o.scale
	k := prec + o.precision() - d.precision() + 3
	if k < 0 {
		k = 0
	}
	n := new(big.Int).Quo(new(big.Int).Mul(d.n, pow10(k)), o.n)
	q := &Decimal{n, pref + k}
	q = q.toPrecision(prec)
	r := new(big.Int)
	for q.scale > pref {
		t, m := new(big.Int).QuoRem(q.n, big.NewInt(10), r)
		if m.Sign() != 0 {
			break
		}
		q = &Decimal{t, q.scale - 1}
	}
	return q
}

func (d *Decimal) toPrecision(prec int) *Decimal {
	if over := d.precision() - prec; over > 0 {
		return d.setScale(d.scale-over, roundHalfUp)
	}
	return d
}

type rounding int

const (
	roundUp rounding = iota
	roundDown
	roundCeiling
	roundFloor
	roundHalfUp
	roundHalfDown
	roundHalfEven
	roundUnnecessary
)

// setScale rounds or pads to the given number of fraction digits.
func (d *Decimal) setScale(scale int, mode rounding) *Decimal {
	if scale >= d.scale {
		return &Decimal{new(big.Int).Mul(d.n, pow10(scale-d.scale)), scale}
	}
	div := pow10(d.scale - scale)
	q, r := new(big.Int).QuoRem(d.n, div, new(big.Int))
	if r.Sign() == 0 {
		return &Decimal{q, scale}
	}
	half := new(big.Int).Mul(new(big.Int).Abs(r), big.NewInt(2)).Cmp(div)
	sign := int64(d.n.Sign())
	up := false
	switch mode {
	case roundUp:
		up = true
	case roundCeiling:
		up = sign > 0
	case roundFloor:
		up = sign < 0
	case roundHalfUp:
		up = half >= 0
	case roundHalfDown:
		up = half > 0
	case roundHalfEven:
		up = half > 0 || half == 0 && q.Bit(0) == 1
	case roundUnnecessary:
		return nil
	}
	if up {
		q.Add(q, big.NewInt(sign))
	}
	return &Decimal{q, scale}
}

// strip removes trailing zeros.
func (d *Decimal) strip() *Decimal {
	if d.n.Sign() == 0 {
		return &Decimal{new(big.Int), 0}
	}
	ten, r := big.NewInt(10), new(big.Int)
	for {
		q, m := new(big.Int).QuoRem(d.n, ten, r)
		if m.Sign() != 0 {
			return d
		}
		d = &Decimal{q, d.scale - 1}
	}
}

// javaDouble is Double.toString.
func javaDouble(f float64) string { return javaFloat(f, 64) }

func javaFloat(f float64, bits int) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case f == 0:
		if math.Signbit(f) {
			return "-0.0"
		}
		return "0.0"
	}
	if a := math.Abs(f); a >= 1e-3 && a < 1e7 {
		s := strconv.FormatFloat(f, 'f', -1, bits)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	s := strconv.FormatFloat(f, 'E', -1, bits)
	mant, exp, _ := strings.Cut(s, "E")
	if !strings.Contains(mant, ".") {
		mant += ".0"
	}
	n, _ := strconv.Atoi(exp)
	return mant + "E" + strconv.Itoa(n)
}
