package groovy

import (
	"math"
	"math/big"
)

func isNumber(v Value) bool {
	switch v.(type) {
	case int32, int64, *Decimal, float64, *big.Int, float32, int16, int8:
		return true
	}
	return false
}

// isIntegral is true for Byte, Short, Integer and Long.
func isIntegral(v Value) bool {
	switch v.(type) {
	case int32, int64, int16, int8:
		return true
	}
	return false
}

// toInt64 cuts any number or character to a long.
func toInt64(v Value) (int64, bool) {
	switch x := v.(type) {
	case int32:
		return int64(x), true
	case int64:
		return x, true
	case int16:
		return int64(x), true
	case int8:
		return int64(x), true
	case Char:
		return int64(x), true
	case float64:
		return floatToInt(x), true
	case float32:
		return floatToInt(float64(x)), true
	case *big.Int:
		return bigToInt(x), true
	case *Decimal:
		return bigToInt(x.int()), true
	}
	return 0, false
}

func bigToInt(n *big.Int) int64 {
	if n.IsInt64() {
		return n.Int64()
	}
	low := new(big.Int).And(n, new(big.Int).SetUint64(math.MaxUint64))
	return int64(low.Uint64())
}

// floatToInt saturates, as Java's cast does.
func floatToInt(f float64) int64 {
	switch {
	case math.IsNaN(f):
		return 0
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(f)
}

func toFloat(v Value) float64 {
	switch x := v.(type) {
	case float64:
		return x
	case float32:
		return float64(x)
	case *Decimal:
		return x.float()
	case *big.Int:
		f, _ := new(big.Float).SetInt(x).Float64()
		return f
	}
	n, _ := toInt64(v)
	return float64(n)
}

func toBig(v Value) *big.Int {
	switch x := v.(type) {
	case *big.Int:
		return x
	case *Decimal:
		return x.int()
	case float64, float32:
		n, _ := new(big.Float).SetFloat64(toFloat(x)).Int(nil)
		return n
	}
	n, _ := toInt64(v)
	return big.NewInt(n)
}

func (th *thread) toDecimal(v Value) *Decimal {
	switch x := v.(type) {
	case *Decimal:
		return x
	case *big.Int:
		return &Decimal{x, 0}
	case float64, float32:
		f := toFloat(x)
		if f32, ok := x.(float32); ok {
			if d, ok := parseDecimal(javaFloat(float64(f32), 32)); ok {
				return d
			}
		}
		d, ok := decFromFloat(f)
		if !ok {
			th.throw(excNumber, "Infinite or NaN")
		}
		return d
	}
	n, _ := toInt64(v)
	return decFromInt(n)
}

// level orders the number types by Groovy's promotion: int, long, BigInteger,
// BigDecimal; a float or double makes everything double.
func level(v Value) int {
	switch v.(type) {
	case int32, int16, int8, Char:
		return 1
	case int64:
		return 2
	case *big.Int:
		return 3
	case *Decimal:
		return 4
	case float64, float32:
		return 5
	}
	return 0
}

const maxBits = 1 << 20 // of an integer, bounds ** and multiplication

func (th *thread) bigResult(n *big.Int) Value {
	th.alloc(int64(len(n.Bits())*8 + 32))
	if n.BitLen() > maxBits {
		th.limit("memory", nil)
	}
	return n
}

func (th *thread) decResult(d *Decimal) Value {
	th.alloc(int64(len(d.n.Bits())*8 + 64))
	if d.n.BitLen() > maxBits || d.scale > maxScale || d.scale < -maxScale {
		th.limit("memory", nil)
	}
	return d
}

// arith computes + - * / % on two numbers.
func (th *thread) arith(op byte, a, b Value) Value {
	lv := max(level(a), level(b))
	if op == '/' && lv < 5 {
		d := th.toDecimal(b)
		if d.n.Sign() == 0 {
			th.throw(excArithmetic, "Division by zero")
		}
		return th.decResult(th.toDecimal(a).quo(d))
	}
	switch lv {
	case 1:
		x, _ := toInt64(a)
		y, _ := toInt64(b)
		return th.int32Op(op, int32(x), int32(y))
	case 2:
		x, _ := toInt64(a)
		y, _ := toInt64(b)
		return th.int64Op(op, x, y)
	case 3:
		return th.bigOp(op, toBig(a), toBig(b))
	case 4:
		return th.decOp(op, th.toDecimal(a), th.toDecimal(b))
	}
	return floatOp(op, toFloat(a), toFloat(b))
}

func (th *thread) int32Op(op byte, x, y int32) Value {
	switch op {
	case '+':
		return x + y
	case '-':
		return x - y
	case '*':
		return x * y
	}
	if y == 0 {
		th.throw(excArithmetic, "Division by zero")
	}
	return x % y
}

func (th *thread) int64Op(op byte, x, y int64) Value {
	switch op {
	case '+':
		return x + y
	case '-':
		return x - y
	case '*':
		return x * y
	}
	if y == 0 {
		th.throw(excArithmetic, "Division by zero")
	}
	return x % y
}

func (th *thread) bigOp(op byte, x, y *big.Int) Value {
	z := new(big.Int)
	switch op {
	case '+':
		z.Add(x, y)
	case '-':
		z.Sub(x, y)
	case '*':
		if x.BitLen()+y.BitLen() > maxBits {
			th.limit("memory", nil)
		}
		z.Mul(x, y)
	default:
		if y.Sign() == 0 {
			th.throw(excArithmetic, "Division by zero")
		}
		z.Rem(x, y)
	}
	return th.bigResult(z)
}

func (th *thread) decOp(op byte, x, y *Decimal) Value {
	switch op {
	case '+':
		return th.decResult(x.add(y))
	case '-':
		return th.decResult(x.sub(y))
	case '*':
		if x.n.BitLen()+y.n.BitLen() > maxBits {
			th.limit("memory", nil)
		}
		return th.decResult(x.mul(y))
	}
	if y.n.Sign() == 0 {
		th.throw(excArithmetic, "Division by zero")
	}
	p, q, s := align(x, y)
	return th.decResult(&Decimal{new(big.Int).Rem(p, q), s})
}

func floatOp(op byte, x, y float64) Value {
	switch op {
	case '+':
		return x + y
	case '-':
		return x - y
	case '*':
		return x * y
	case '/':
		return x / y
	}
	return math.Mod(x, y)
}

// power is a ** b: integers stay integers of the smallest type.
func (th *thread) power(a, b Value) Value {
	la, lb := level(a), level(b)
	n, _ := toInt64(b)
	if la <= 4 && lb <= 2 && n >= 0 {
		if la == 4 {
			d := a.(*Decimal)
			if n*int64(d.n.BitLen()) > maxBits || n*int64(d.scale) > maxScale {
				th.limit("memory", nil)
			}
			return th.decResult(&Decimal{new(big.Int).Exp(d.n, big.NewInt(n), nil), d.scale * int(n)})
		}
		x := toBig(a)
		if n > maxBits || n*int64(x.BitLen()) > maxBits {
			th.limit("memory", nil)
		}
		z := new(big.Int).Exp(x, big.NewInt(n), nil)
		return shrink(z, la)
	}
	f := math.Pow(toFloat(a), toFloat(b))
	if la <= 2 && lb <= 2 && f == math.Trunc(f) && math.Abs(f) < 1e15 {
		return shrink(big.NewInt(int64(f)), la)
	}
	return f
}

// shrink gives an integer in its operand's type, or as BigInteger if it is too large.
func shrink(z *big.Int, lv int) Value {
	if z.IsInt64() && lv <= 2 {
		n := z.Int64()
		if lv == 2 {
			return n
		}
		if n >= math.MinInt32 && n <= math.MaxInt32 {
			return int32(n)
		}
	}
	return z
}

func (th *thread) negate(v Value) Value {
	switch x := v.(type) {
	case int32:
		return -x
	case int64:
		return -x
	case float64:
		return -x
	case float32:
		return -x
	case *Decimal:
		return &Decimal{new(big.Int).Neg(x.n), x.scale}
	case *big.Int:
		return new(big.Int).Neg(x)
	case int16:
		return -int32(x)
	case int8:
		return -int32(x)
	case Char:
		return -int32(x)
	case *List, *Range:
		var out []Value
		for _, y := range th.items(x) {
			out = append(out, th.negate(y))
		}
		return NewList(out...)
	}
	return th.callMethod(v, "negative", nil)
}

// shift and bit operations keep int and long.
func (th *thread) bits(op string, a, b Value) Value {
	if x, ok := a.(*big.Int); ok {
		n, _ := toInt64(b)
		z := new(big.Int)
		switch op {
		case "&":
			return z.And(x, toBig(b))
		case "|":
			return z.Or(x, toBig(b))
		case "^":
			return z.Xor(x, toBig(b))
		case "<<":
			if n > maxBits || n < 0 {
				th.limit("memory", nil)
			}
			return th.bigResult(z.Lsh(x, uint(n)))
		case ">>":
			return z.Rsh(x, uint(max(n, 0)))
		}
	}
	if level(a) > 2 || level(b) > 2 {
		if _, ok := b.(*big.Int); !ok || level(a) > 2 {
			th.throw(excUnsupported, "Cannot use %s on these number types: %s and %s", op, th.className(a), th.className(b))
		}
		return th.bits(op, toBig(a), b)
	}
	x, _ := toInt64(a)
	n, _ := toInt64(b)
	_, long := a.(int64)
	if op == "&" || op == "|" || op == "^" {
		if _, l := b.(int64); l {
			long = true
		}
	}
	var z int64
	width := int64(31)
	if long {
		width = 63
	}
	switch op {
	case "&":
		z = x & n
	case "|":
		z = x | n
	case "^":
		z = x ^ n
	case "<<":
		z = x << uint(n&width)
	case ">>":
		z = x >> uint(n&width)
	case ">>>":
		if long {
			z = int64(uint64(x) >> uint(n&width))
		} else {
			z = int64(uint32(x) >> uint(n&width))
		}
	}
	if long {
		return z
	}
	return int32(z)
}
