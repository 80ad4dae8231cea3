package groovy

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

func parseJavaDouble(s string) (float64, bool) {
	t := strings.TrimRight(s, "dDfF")
	if len(s)-len(t) > 1 || strings.ContainsAny(t, "_xXpP") || strings.HasSuffix(strings.ToLower(t), "in") {
		return 0, false
	}
	switch strings.TrimLeft(t, "+-") {
	case "NaN", "Infinity":
	default:
		if strings.ContainsAny(t, "nN") {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(t, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

func numberMethods() map[string]Method {
	to := func(co coercion) Method {
		return func(c *Call) (Value, error) { return c.th.toType(num(c.This), co), nil }
	}
	op := func(o string) Method {
		return func(c *Call) (Value, error) {
			if level(c.Arg(0)) == 0 && o != "+" {
				return nil, c.NoSuchMethod()
			}
			return c.th.binop(o, num(c.This), c.Arg(0)), nil
		}
	}
	m := map[string]Method{
		"intValue": to(coInt), "longValue": to(coLong), "doubleValue": to(coDouble), "floatValue": to(coFloat),
		"shortValue": to(coShort), "byteValue": to(coByte), "intValueExact": to(coInt), "longValueExact": to(coLong),
		"toInteger": to(coInt), "toLong": to(coLong), "toDouble": to(coDouble), "toFloat": to(coFloat),
		"toBigInteger": to(coBigInt), "toBigDecimal": to(coDecimal), "toShort": to(coShort),
		"plus": op("+"), "minus": op("-"), "multiply": op("*"), "div": op("/"), "mod": op("%"), "remainder": op("%"), "power": op("**"),
		"add": op("+"), "subtract": op("-"), "and": op("&"), "or": op("|"), "xor": op("^"), "leftShift": op("<<"), "rightShift": op(">>"), "rightShiftUnsigned": op(">>>"),
		"shiftLeft": op("<<"), "shiftRight": op(">>"),
		"intdiv":     intdiv,
		"negative":   func(c *Call) (Value, error) { return c.th.negate(num(c.This)), nil },
		"negate":     func(c *Call) (Value, error) { return c.th.negate(num(c.This)), nil },
		"unaryMinus": func(c *Call) (Value, error) { return c.th.negate(num(c.This)), nil },
		"abs": func(c *Call) (Value, error) {
			if c.th.numCompare(c.This, int32(0)) < 0 {
				return c.th.negate(num(c.This)), nil
			}
			return c.This, nil
		},
		"signum":   func(c *Call) (Value, error) { return int32(c.th.numCompare(c.This, int32(0))), nil },
		"next":     func(c *Call) (Value, error) { return c.th.step1("+", count(c.This)), nil },
		"previous": func(c *Call) (Value, error) { return c.th.step1("-", count(c.This)), nil },
		"times": func(c *Call) (Value, error) {
			n, _ := toInt64(c.This)
			f := c.fn(0)
			for i := int64(0); i < n; i++ {
				f(int32(i))
			}
			return nil, nil
		},
		"upto":   func(c *Call) (Value, error) { return upTo(c, int32(1)) },
		"downto": func(c *Call) (Value, error) { return upTo(c, int32(-1)) },
		"step": func(c *Call) (Value, error) {
			f := c.fn(2)
			up := c.th.compare(c.Arg(1), int32(0)) > 0
			if c.th.compare(c.Arg(1), int32(0)) == 0 {
				return nil, Throw(excIllegalArg, "the step must not be zero")
			}
			for x := c.This; up && c.th.compare(x, c.Arg(0)) < 0 || !up && c.th.compare(x, c.Arg(0)) > 0; x = c.th.plus(x, c.Arg(1)) {
				f(x)
			}
			return nil, nil
		},
		"round":              numRound,
		"trunc":              numTrunc,
		"setScale":           setScale,
		"scale":              func(c *Call) (Value, error) { return int32(c.th.toDecimal(c.This).scale), nil },
		"precision":          func(c *Call) (Value, error) { return int32(c.th.toDecimal(c.This).precision()), nil },
		"stripTrailingZeros": func(c *Call) (Value, error) { return c.th.toDecimal(c.This).strip(), nil },
		"toPlainString":      func(c *Call) (Value, error) { return c.th.toDecimal(c.This).Plain(), nil },
		"divide":             divide,
		"pow":                op("**"),
		"sqrt":               func(c *Call) (Value, error) { return math.Sqrt(toFloat(c.This)), nil },
		"max": func(c *Call) (Value, error) {
			if c.th.numCompare(c.This, c.Arg(0)) >= 0 {
				return c.This, nil
			}
			return c.Arg(0), nil
		},
		"min": func(c *Call) (Value, error) {
			if c.th.numCompare(c.This, c.Arg(0)) <= 0 {
				return c.This, nil
			}
			return c.Arg(0), nil
		},
		"compareTo":  func(c *Call) (Value, error) { return int32(c.th.compare(c.This, c.Arg(0))), nil },
		"isNaN":      func(c *Call) (Value, error) { return isNaN(c.This), nil },
		"isInfinite": func(c *Call) (Value, error) { return math.IsInf(toFloat(c.This), 0), nil },
		"toString": func(c *Call) (Value, error) {
			if r, ok := c.Int(0); ok {
				return radix(toBig(c.This), r)
			}
			return c.th.str(c.This), nil
		},
		"bitCount":  func(c *Call) (Value, error) { n, _ := toInt64(c.This); return bitCount(c.This, n), nil },
		"bitLength": func(c *Call) (Value, error) { return int32(toBig(c.This).BitLen()), nil },
		"testBit": func(c *Call) (Value, error) {
			n, _ := c.Int(0)
			return toBig(c.This).Bit(int(clampInt(n, 0, maxBits))) == 1, nil
		},
		"toByteArray": func(c *Call) (Value, error) { return signedBytes(toBig(c.This)), nil },
		"modPow": func(c *Call) (Value, error) {
			e, n := toBig(c.Arg(0)), toBig(c.Arg(1))
			if n.Sign() <= 0 || n.BitLen() > 16384 || e.BitLen() > 16384 {
				return nil, Throw(excArithmetic, "the modulus is not positive or too large")
			}
			return new(big.Int).Exp(toBig(c.This), e, n), nil
		},
		"gcd": func(c *Call) (Value, error) {
			return new(big.Int).GCD(nil, nil, new(big.Int).Abs(toBig(c.This)), new(big.Int).Abs(toBig(c.Arg(0)))), nil
		},
		"isNumber":    func(c *Call) (Value, error) { return true, nil },
		"charValue":   func(c *Call) (Value, error) { return c.This, nil },
		"toCharacter": func(c *Call) (Value, error) { n, _ := toInt64(num(c.This)); return Char(n), nil },
	}
	return m
}

// num makes a character, and what an atomic holds, a number.
func num(v Value) Value {
	if c, ok := v.(Char); ok {
		return int32(c)
	}
	return count(v)
}

// count gives what an atomic holds.
func count(v Value) Value {
	if a, ok := v.(*atomicNum); ok {
		return a.wrap(a.n.Load())
	}
	return v
}

func bitCount(v Value, n int64) Value {
	if _, ok := v.(int64); ok {
		return int32(popcount(uint64(n)))
	}
	return int32(popcount(uint64(uint32(n))))
}

func popcount(x uint64) int {
	n := 0
	for ; x != 0; x &= x - 1 {
		n++
	}
	return n
}

// signedBytes is BigInteger.toByteArray: two's complement, most significant first.
func signedBytes(n *big.Int) []byte {
	if n.Sign() >= 0 {
		b := n.Bytes()
		if len(b) == 0 || b[0]&0x80 != 0 {
			b = append([]byte{0}, b...)
		}
		return b
	}
	size := n.BitLen()/8 + 1
	mod := new(big.Int).Lsh(big.NewInt(1), uint(size*8))
	b := new(big.Int).Add(mod, n).Bytes()
	if len(b) > 1 && b[0] == 0xff && b[1]&0x80 != 0 {
		b = b[1:]
	}
	return b
}

func radix(n *big.Int, r int64) (Value, error) {
	if r < 2 || r > 36 {
		r = 10
	}
	return n.Text(int(r)), nil
}

func intdiv(c *Call) (Value, error) {
	a, b := num(c.This), num(c.Arg(0))
	lv := max(level(a), level(b))
	if lv > 3 || level(b) == 0 {
		return nil, Throw(excUnsupported, "Cannot use intdiv() on this number type: %s", c.th.className(a))
	}
	if toBig(b).Sign() == 0 {
		return nil, Throw(excArithmetic, "Division by zero")
	}
	q := new(big.Int).Quo(toBig(a), toBig(b))
	switch lv {
	case 1:
		return int32(bigToInt(q)), nil
	case 2:
		return bigToInt(q), nil
	}
	return q, nil
}

func upTo(c *Call, d int32) (Value, error) {
	f := c.fn(1)
	for x := c.This; c.th.compare(x, c.Arg(0))*int(d) <= 0; x = c.th.plus(x, d) {
		f(x)
	}
	return nil, nil
}

func numRound(c *Call) (Value, error) {
	digits, has := c.Int(0)
	switch x := c.This.(type) {
	case float64, float32:
		f := toFloat(x)
		if !has {
			if _, is32 := x.(float32); is32 {
				return int32(floatToInt(math.Floor(f + 0.5))), nil
			}
			return floatToInt(math.Floor(f + 0.5)), nil
		}
		p := math.Pow(10, float64(digits))
		return math.Floor(f*p+0.5) / p, nil
	case *Decimal:
		if mc, ok := c.Arg(0).(native); ok && mc.javaName() == "java.math.MathContext" {
			return x.toPrecision(mc.(*mathContext).prec), nil
		}
		if digits > maxScale || digits < -maxScale {
			return nil, Throw(excArithmetic, "scale out of range")
		}
		return x.setScale(int(digits), roundHalfUp), nil
	}
	return c.This, nil
}

func numTrunc(c *Call) (Value, error) {
	digits, _ := c.Int(0)
	switch x := c.This.(type) {
	case float64, float32:
		p := math.Pow(10, float64(digits))
		return math.Trunc(toFloat(x)*p) / p, nil
	case *Decimal:
		if digits > maxScale || digits < -maxScale {
			return nil, Throw(excArithmetic, "scale out of range")
		}
		return x.setScale(int(digits), roundDown), nil
	}
	return c.This, nil
}

type mathContext struct{ prec int }

func (*mathContext) javaName() string { return "java.math.MathContext" }

func (c *Call) rounding(i int, dflt rounding) rounding {
	switch x := c.Arg(i).(type) {
	case *enumValue:
		return rounding(x.ordinal)
	case int32:
		return rounding(x)
	}
	return dflt
}

func setScale(c *Call) (Value, error) {
	n, ok := c.Int(0)
	if !ok {
		return nil, c.NoSuchMethod()
	}
	if n > maxScale || n < -maxScale {
		return nil, Throw(excArithmetic, "scale out of range")
	}
	d := c.th.toDecimal(c.This).setScale(int(n), c.rounding(1, roundUnnecessary))
	if d == nil {
		return nil, Throw(excArithmetic, "Rounding necessary")
	}
	return d, nil
}

func divide(c *Call) (Value, error) {
	if a, ok := c.This.(*big.Int); ok && len(c.Args) == 1 {
		b := toBig(c.Arg(0))
		if b.Sign() == 0 {
			return nil, Throw(excArithmetic, "BigInteger divide by zero")
		}
		return new(big.Int).Quo(a, b), nil
	}
	a, b := c.th.toDecimal(c.This), c.th.toDecimal(c.Arg(0))
	if b.n.Sign() == 0 {
		return nil, Throw(excArithmetic, "Division by zero")
	}
	switch len(c.Args) {
	case 1:
		q := a.exactQuo(b)
		if q == nil {
			return nil, Throw(excArithmetic, "Non-terminating decimal expansion; no exact representable decimal result.")
		}
		return q, nil
	case 2:
		if mc, ok := c.Arg(1).(*mathContext); ok {
			return a.round(b, mc.prec), nil
		}
		return quoScale(a, b, a.scale, c.rounding(1, roundHalfUp))
	}
	n, _ := c.Int(1)
	if n > maxScale || n < -maxScale {
		return nil, Throw(excArithmetic, "scale out of range")
	}
	return quoScale(a, b, int(n), c.rounding(2, roundHalfUp))
}

// quoScale divides and rounds once, to a fixed scale.
func quoScale(a, b *Decimal, scale int, mode rounding) (Value, error) {
	k := scale + b.scale - a.scale
	num, den := new(big.Int).Set(a.n), new(big.Int).Set(b.n)
	if k >= 0 {
		num.Mul(num, pow10(k))
	} else {
		den.Mul(den, pow10(-k))
	}
	q, r := new(big.Int).QuoRem(num, den, new(big.Int))
	if r.Sign() != 0 {
		// one more digit that only tells how the remainder compares with half
		half := new(big.Int).Mul(new(big.Int).Abs(r), big.NewInt(2)).CmpAbs(den)
		digit := int64(5 + half*4)
		sign := int64(num.Sign() * den.Sign())
		d := &Decimal{new(big.Int).Add(new(big.Int).Mul(q, big.NewInt(10)), big.NewInt(sign*digit)), scale + 1}
		if d = d.setScale(scale, mode); d == nil {
			return nil, Throw(excArithmetic, "Rounding necessary")
		}
		return d, nil
	}
	return &Decimal{q, scale}, nil
}

// enumValue is a constant of a stand-in's enum.
type enumValue struct {
	class   string
	name    string
	ordinal int
}

func (e *enumValue) javaName() string { return e.class }
func (e *enumValue) String() string   { return e.name }
func (e *enumValue) mapKey() any      { return *e }
func (e *enumValue) compareTo(o Value) (int, bool) {
	x, ok := o.(*enumValue)
	if !ok {
		return 0, false
	}
	return e.ordinal - x.ordinal, true
}

// enumClass makes the class of such an enum.
func enumClass(class string, names ...string) *Class {
	k := &Class{Name: class, StaticFields: map[string]func() Value{}, Implements: []string{"java.lang.Comparable"}}
	vals := make([]Value, len(names))
	for i, n := range names {
		v := &enumValue{class, n, i}
		vals[i] = v
		k.StaticFields[n] = func() Value { return v }
	}
	k.Static = map[string]Method{
		"values": func(*Call) (Value, error) { return newArray(class, append([]Value(nil), vals...)), nil },
		"valueOf": func(c *Call) (Value, error) {
			if f := k.StaticFields[c.Str(0)]; f != nil {
				return f(), nil
			}
			return nil, Throw(excIllegalArg, "No enum constant %s.%s", class, c.Str(0))
		},
	}
	k.Methods = map[string]Method{
		"name":    func(c *Call) (Value, error) { return c.This.(*enumValue).name, nil },
		"ordinal": func(c *Call) (Value, error) { return int32(c.This.(*enumValue).ordinal), nil },
	}
	return k
}

func numberClasses() []*Class {
	parse := func(co coercion) Method {
		return func(c *Call) (Value, error) {
			s := c.Arg(0)
			if s == nil {
				return nil, Throw(excNumber, "Cannot parse null string: null")
			}
			if r, ok := c.Int(1); ok && r >= 2 && r <= 36 {
				n, good := integerOf(c.Str(0), int(r))
				if !good || !n.IsInt64() || co == coInt && int64(int32(n.Int64())) != n.Int64() {
					return nil, Throw(excNumber, "For input string: \"%s\"", clip(c.Str(0)))
				}
				return c.th.toType(n.Int64(), co), nil
			}
			if isNumber(s) {
				return c.th.toType(s, co), nil
			}
			return c.th.parseNumber(c.Str(0), co), nil
		}
	}
	valueOf := parse
	con := func(v Value) func() Value { return func() Value { return v } }
	text := func(base int64) Method {
		return func(c *Call) (Value, error) {
			n, _ := c.Int(0)
			if r, ok := c.Int(1); ok && base == 10 {
				return radix(big.NewInt(n), r)
			}
			if base != 10 {
				if _, long := c.Arg(0).(int64); !long {
					return strconv.FormatUint(uint64(uint32(n)), int(base)), nil
				}
				return strconv.FormatUint(uint64(n), int(base)), nil
			}
			return strconv.FormatInt(n, 10), nil
		}
	}
	integral := func(name string, co coercion, lo, hi Value) *Class {
		short := simpleName(name)
		if short == "Integer" {
			short = "Int"
		}
		return &Class{Name: name, Extends: "java.lang.Number", Implements: []string{"java.lang.Comparable"}, New: parse(co),
			StaticFields: map[string]func() Value{"MAX_VALUE": con(lo), "MIN_VALUE": con(hi)},
			Static: map[string]Method{
				"parse" + short: parse(co), "valueOf": valueOf(co), "decode": decodeNumber(co),
				"toString": text(10), "toHexString": text(16), "toBinaryString": text(2), "toOctalString": text(8),
				"compare": func(c *Call) (Value, error) { return int32(c.th.compare(c.Arg(0), c.Arg(1))), nil },
				"max":     mathMax, "min": mathMin, "sum": func(c *Call) (Value, error) { return c.th.plus(c.Arg(0), c.Arg(1)), nil },
				"signum":   func(c *Call) (Value, error) { return int32(c.th.numCompare(c.Arg(0), int32(0))), nil },
				"bitCount": func(c *Call) (Value, error) { n, _ := c.Int(0); return bitCount(c.Arg(0), n), nil },
				"hashCode": func(c *Call) (Value, error) { return c.th.hashCode(c.Arg(0)), nil },
			}}
	}
	floating := func(name string, co coercion, hi Value) *Class {
		return &Class{Name: name, Extends: "java.lang.Number", Implements: []string{"java.lang.Comparable"}, New: parse(co),
			StaticFields: map[string]func() Value{"MAX_VALUE": con(hi), "NaN": con(math.NaN()),
				"POSITIVE_INFINITY": con(math.Inf(1)), "NEGATIVE_INFINITY": con(math.Inf(-1)), "MIN_VALUE": con(math.SmallestNonzeroFloat64)},
			Static: map[string]Method{
				"parse" + simpleName(name): parse(co), "valueOf": valueOf(co),
				"toString":   func(c *Call) (Value, error) { return c.th.str(c.Arg(0)), nil },
				"compare":    func(c *Call) (Value, error) { return int32(c.th.compare(c.Arg(0), c.Arg(1))), nil },
				"isNaN":      func(c *Call) (Value, error) { return isNaN(c.Arg(0)), nil },
				"isInfinite": func(c *Call) (Value, error) { return math.IsInf(toFloat(c.Arg(0)), 0), nil },
				"max":        mathMax, "min": mathMin,
			}}
	}
	return []*Class{
		integral("java.lang.Integer", coInt, int32(math.MaxInt32), int32(math.MinInt32)),
		integral("java.lang.Long", coLong, int64(math.MaxInt64), int64(math.MinInt64)),
		integral("java.lang.Short", coShort, int16(math.MaxInt16), int16(math.MinInt16)),
		integral("java.lang.Byte", coByte, int8(math.MaxInt8), int8(math.MinInt8)),
		floating("java.lang.Double", coDouble, math.MaxFloat64),
		floating("java.lang.Float", coFloat, float32(math.MaxFloat32)),
		{Name: "java.math.BigInteger", Extends: "java.lang.Number", Implements: []string{"java.lang.Comparable"}, New: newBigInteger,
			StaticFields: map[string]func() Value{"ZERO": con(big.NewInt(0)), "ONE": con(big.NewInt(1)), "TWO": con(big.NewInt(2)), "TEN": con(big.NewInt(10))},
			Static:       map[string]Method{"valueOf": func(c *Call) (Value, error) { return toBig(c.Arg(0)), nil }}},
		{Name: "java.math.BigDecimal", Extends: "java.lang.Number", Implements: []string{"java.lang.Comparable"}, New: newBigDecimal,
			StaticFields: map[string]func() Value{"ZERO": con(decFromInt(0)), "ONE": con(decFromInt(1)), "TEN": con(decFromInt(10)),
				"ROUND_UP": con(int32(roundUp)), "ROUND_DOWN": con(int32(roundDown)), "ROUND_CEILING": con(int32(roundCeiling)), "ROUND_FLOOR": con(int32(roundFloor)),
				"ROUND_HALF_UP": con(int32(roundHalfUp)), "ROUND_HALF_DOWN": con(int32(roundHalfDown)), "ROUND_HALF_EVEN": con(int32(roundHalfEven))},
			Static: map[string]Method{"valueOf": func(c *Call) (Value, error) {
				d := c.th.toDecimal(c.Arg(0))
				if s, ok := c.Int(1); ok {
					d = &Decimal{d.n, int(clampInt(s, -maxScale, maxScale))}
				}
				return d, nil
			}}},
		enumClass("java.math.RoundingMode", "UP", "DOWN", "CEILING", "FLOOR", "HALF_UP", "HALF_DOWN", "HALF_EVEN", "UNNECESSARY"),
		{Name: "java.math.MathContext", New: func(c *Call) (Value, error) {
			n, _ := c.Int(0)
			return &mathContext{int(clampInt(n, 1, maxScale))}, nil
		}, StaticFields: map[string]func() Value{"DECIMAL32": con(&mathContext{7}), "DECIMAL64": con(&mathContext{16}), "DECIMAL128": con(&mathContext{34})}},
		booleanClass(), characterClass(), mathClass(),
	}
}

func decodeNumber(co coercion) Method {
	return func(c *Call) (Value, error) {
		n, ok := integerOf(c.Str(0), 0)
		if !ok || !n.IsInt64() {
			return nil, Throw(excNumber, "For input string: \"%s\"", clip(c.Str(0)))
		}
		return c.th.toType(n.Int64(), co), nil
	}
}

// maxDigits bounds numbers in texts: reading and writing large ones takes more than
// linear time, which no limit of a run sees.
const maxDigits = 20_000

// integerOf reads an integer; base 0 means one with a prefix.
func integerOf(s string, base int) (*big.Int, bool) {
	if len(s) > maxDigits || strings.Contains(s, "_") {
		return nil, false
	}
	return new(big.Int).SetString(s, base)
}

func newBigInteger(c *Call) (Value, error) {
	for _, a := range c.Args {
		if b, ok := a.([]byte); ok && len(b) > maxDigits {
			return nil, Throw(excArithmetic, "BigInteger would overflow supported range")
		}
	}
	if b, ok := c.Arg(0).([]byte); ok && len(c.Args) == 1 {
		n := new(big.Int).SetBytes(b)
		if len(b) > 0 && b[0]&0x80 != 0 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(b)*8)))
		}
		return n, nil
	}
	if b, ok := c.Arg(1).([]byte); ok {
		sign, _ := c.Int(0)
		n := new(big.Int).SetBytes(b)
		if sign < 0 {
			n.Neg(n)
		}
		return n, nil
	}
	base := int64(10)
	if r, ok := c.Int(1); ok && r >= 2 && r <= 36 {
		base = r
	}
	s := c.Str(0)
	n, ok := integerOf(s, int(base))
	if !ok {
		return nil, Throw(excNumber, "For input string: \"%s\"", clip(s))
	}
	return n, nil
}

func newBigDecimal(c *Call) (Value, error) {
	if f, ok := c.Arg(0).(float64); ok { // exact, unlike valueOf
		s := new(big.Float).SetFloat64(f).Text('f', 1100)
		if d, ok := parseDecimal(s); ok {
			return d.strip(), nil
		}
		return nil, Throw(excNumber, "Infinite or NaN")
	}
	if level(c.Arg(0)) > 0 {
		return c.th.toDecimal(c.Arg(0)), nil
	}
	d, ok := parseDecimal(c.Str(0))
	if !ok {
		return nil, Throw(excNumber, "Character array is missing \"exponent\" mark 'e' or 'E'.")
	}
	return d, nil
}

func booleanClass() *Class {
	parse := func(c *Call) (Value, error) {
		if b, ok := c.Arg(0).(bool); ok {
			return b, nil
		}
		return strings.EqualFold(c.Str(0), "true"), nil
	}
	op := func(f func(a, b bool) bool) Method {
		return func(c *Call) (Value, error) { return f(c.This.(bool), c.th.truth(c.Arg(0))), nil }
	}
	return &Class{Name: "java.lang.Boolean", Implements: []string{"java.lang.Comparable"}, New: parse,
		StaticFields: map[string]func() Value{"TRUE": func() Value { return true }, "FALSE": func() Value { return false }},
		Static: map[string]Method{"parseBoolean": parse, "valueOf": parse,
			"toString":   func(c *Call) (Value, error) { return c.th.str(c.Arg(0)), nil },
			"logicalAnd": func(c *Call) (Value, error) { return c.th.truth(c.Arg(0)) && c.th.truth(c.Arg(1)), nil },
			"logicalOr":  func(c *Call) (Value, error) { return c.th.truth(c.Arg(0)) || c.th.truth(c.Arg(1)), nil }},
		Methods: map[string]Method{
			"booleanValue": func(c *Call) (Value, error) { return c.This, nil },
			"and":          op(func(a, b bool) bool { return a && b }), "or": op(func(a, b bool) bool { return a || b }),
			"xor": op(func(a, b bool) bool { return a != b }), "implies": op(func(a, b bool) bool { return !a || b }),
			"compareTo": func(c *Call) (Value, error) { return int32(c.th.compare(c.This, c.Arg(0))), nil },
			"toBoolean": func(c *Call) (Value, error) { return c.This, nil },
		}}
}

func mathMax(c *Call) (Value, error) {
	if c.th.compare(c.Arg(0), c.Arg(1)) >= 0 {
		return c.Arg(0), nil
	}
	return c.Arg(1), nil
}

func mathMin(c *Call) (Value, error) {
	if c.th.compare(c.Arg(0), c.Arg(1)) <= 0 {
		return c.Arg(0), nil
	}
	return c.Arg(1), nil
}

func mathClass() *Class {
	one := func(f func(float64) float64) Method {
		return func(c *Call) (Value, error) {
			if level(c.Arg(0)) == 0 {
				return nil, c.NoSuchMethod()
			}
			return f(toFloat(c.Arg(0))), nil
		}
	}
	exact := func(op byte) Method {
		return func(c *Call) (Value, error) {
			a, b := c.Arg(0), c.Arg(1)
			r := c.th.bigOp(op, toBig(a), toBig(b)).(*big.Int)
			if level(a) == 1 && level(b) == 1 {
				if !r.IsInt64() || int64(int32(r.Int64())) != r.Int64() {
					return nil, Throw(excArithmetic, "integer overflow")
				}
				return int32(r.Int64()), nil
			}
			if !r.IsInt64() {
				return nil, Throw(excArithmetic, "long overflow")
			}
			return r.Int64(), nil
		}
	}
	floor := func(mod bool) Method {
		return func(c *Call) (Value, error) {
			a, b := toBig(c.Arg(0)), toBig(c.Arg(1))
			if b.Sign() == 0 {
				return nil, Throw(excArithmetic, "/ by zero")
			}
			q, m := new(big.Int), new(big.Int)
			q.DivMod(a, b, m)
			if m.Sign() != 0 && b.Sign() < 0 {
				m.Add(m, b)
				q.Sub(q, big.NewInt(1))
			}
			r := q
			if mod {
				r = m
			}
			if level(c.Arg(0)) == 1 && level(c.Arg(1)) == 1 {
				return int32(r.Int64()), nil
			}
			return r.Int64(), nil
		}
	}
	return &Class{Name: "java.lang.Math",
		StaticFields: map[string]func() Value{"PI": func() Value { return math.Pi }, "E": func() Value { return math.E }},
		Static: map[string]Method{
			"abs": func(c *Call) (Value, error) { return c.InvokeMethod(c.Arg(0), "abs") },
			"max": mathMax, "min": mathMin,
			"floor": one(math.Floor), "ceil": one(math.Ceil), "sqrt": one(math.Sqrt), "cbrt": one(math.Cbrt), "exp": one(math.Exp), "log": one(math.Log),
			"log10": one(math.Log10), "sin": one(math.Sin), "cos": one(math.Cos), "tan": one(math.Tan), "asin": one(math.Asin), "acos": one(math.Acos),
			"atan": one(math.Atan), "rint": one(math.RoundToEven), "toRadians": one(func(f float64) float64 { return f * math.Pi / 180 }),
			"toDegrees": one(func(f float64) float64 { return f * 180 / math.Pi }), "signum": one(func(f float64) float64 {
				switch {
				case f > 0:
					return 1
				case f < 0:
					return -1
				}
				return f
			}),
			"pow":   func(c *Call) (Value, error) { return math.Pow(toFloat(c.Arg(0)), toFloat(c.Arg(1))), nil },
			"atan2": func(c *Call) (Value, error) { return math.Atan2(toFloat(c.Arg(0)), toFloat(c.Arg(1))), nil },
			"hypot": func(c *Call) (Value, error) { return math.Hypot(toFloat(c.Arg(0)), toFloat(c.Arg(1))), nil },
			"round": func(c *Call) (Value, error) {
				if f, ok := c.Arg(0).(float32); ok {
					return int32(floatToInt(math.Floor(float64(f) + 0.5))), nil
				}
				return floatToInt(math.Floor(toFloat(c.Arg(0)) + 0.5)), nil
			},
			"random":   func(c *Call) (Value, error) { return randomFloat(), nil },
			"addExact": exact('+'), "subtractExact": exact('-'), "multiplyExact": exact('*'),
			"floorDiv": floor(false), "floorMod": floor(true),
			"toIntExact": func(c *Call) (Value, error) {
				n, _ := c.Int(0)
				if int64(int32(n)) != n {
					return nil, Throw(excArithmetic, "integer overflow")
				}
				return int32(n), nil
			},
		}}
}
