package groovy

import (
	"math/big"
	"strings"
)

// Range is an IntRange or, with other ends, an ObjectRange. An empty range
// (0..<0) has both excl set and equal ends.
type Range struct {
	from, to Value // as written, exclusion already applied for numbers
	lo, hi   int64 // for integers and characters
	isInt    bool
	isStr    bool // of one-character strings
	rev      bool
	empty    bool
	long     bool

	// As an index, where ends below 0 count from the back.
	rawFrom, rawTo int64
	exFrom, exTo   bool
}

func (th *thread) newRange(from, to Value, exFrom, exTo bool) Value {
	if isIntegral(from) && isIntegral(to) {
		a, _ := toInt64(from)
		b, _ := toInt64(to)
		_, l1 := from.(int64)
		_, l2 := to.(int64)
		return intRange(a, b, exFrom, exTo, l1 || l2)
	}
	a, b := th.asText(from), th.asText(to)
	if a != nil && b != nil && jlen(*a) == 1 && jlen(*b) == 1 {
		r := intRange(int64(jat(*a, 0)), int64(jat(*b, 0)), exFrom, exTo, false)
		r.isStr = true
		return r
	}
	if isNumber(from) && isNumber(to) {
		r := &Range{from: from, to: to, rev: th.compare(from, to) > 0}
		if exTo && !r.rev && th.compare(from, to) < 0 {
			// steps of one from the start, the end itself left out
			n := from
			for th.compare(th.plus(n, int32(1)), to) < 0 {
				th.step()
				n = th.plus(n, int32(1))
			}
			r.to = n
		}
		return r
	}
	th.throw(excIllegalArg, "Incompatible Argument Types for ObjectRange: %s, %s", th.className(from), th.className(to))
	return nil
}

func intRange(a, b int64, exFrom, exTo, long bool) *Range {
	r := &Range{isInt: true, long: long, rev: a > b, rawFrom: a, rawTo: b, exFrom: exFrom, exTo: exTo}
	step := int64(1)
	if r.rev {
		step = -1
	}
	if a == b && (exFrom || exTo) {
		r.empty = true
	}
	if exFrom && !r.empty {
		a += step
	}
	if exTo && !r.empty {
		if a == b {
			r.empty = true
		} else {
			b -= step
		}
	}
	r.lo, r.hi = min(a, b), max(a, b)
	return r
}

func (r *Range) wrapInt(n int64) Value {
	switch {
	case r.isStr:
		return string(rune(n))
	case r.long:
		return n
	}
	return int32(n)
}

func (r *Range) size(th *thread) int64 {
	switch {
	case r.empty:
		return 0
	case r.isInt:
		return r.hi - r.lo + 1
	}
	return int64(len(r.items(th)))
}

// at gives element i of an integer range.
func (r *Range) at(i int64) Value {
	if r.rev {
		return r.wrapInt(r.hi - i)
	}
	return r.wrapInt(r.lo + i)
}

const maxRange = 10_000_000

// items lists the elements; th, when given, is charged for them.
func (r *Range) items(th *thread) []Value {
	if r.empty {
		return nil
	}
	if !r.isInt {
		return r.numbers(th)
	}
	n := r.hi - r.lo + 1
	if th != nil {
		th.alloc(n * 24)
	}
	if n > maxRange || n < 0 {
		n = maxRange
	}
	out := make([]Value, n)
	for i := range out {
		out[i] = r.at(int64(i))
	}
	return out
}

func (r *Range) numbers(th *thread) []Value {
	var out []Value
	if th == nil {
		return out
	}
	x, step, end := r.from, Value(int32(1)), r.to
	cmp := func() bool { return th.compare(x, end) <= 0 }
	if r.rev {
		step = int32(-1)
		cmp = func() bool { return th.compare(x, end) >= 0 }
	}
	for cmp() {
		th.step()
		th.alloc(48)
		out = append(out, x)
		x = th.plus(x, step)
	}
	return out
}

func (r *Range) first() Value {
	switch {
	case !r.isInt:
		return r.from
	case r.rev:
		return r.wrapInt(r.hi)
	}
	return r.wrapInt(r.lo)
}

func (r *Range) last() Value {
	switch {
	case !r.isInt:
		return r.to
	case r.rev:
		return r.wrapInt(r.lo)
	}
	return r.wrapInt(r.hi)
}

// contains is the range's isCase and "in": for integers membership by value.
func (r *Range) contains(th *thread, v Value) bool {
	if r.empty {
		return false
	}
	if !r.isInt {
		if !isNumber(v) {
			return false
		}
		lo, hi := r.from, r.to
		if r.rev {
			lo, hi = hi, lo
		}
		return th.compare(v, lo) >= 0 && th.compare(v, hi) <= 0
	}
	if r.isStr {
		s := th.asText(v)
		return s != nil && jlen(*s) == 1 && int64(jat(*s, 0)) >= r.lo && int64(jat(*s, 0)) <= r.hi
	}
	switch x := v.(type) {
	case *Decimal, float64, float32:
		f := toFloat(x)
		return f >= float64(r.lo) && f <= float64(r.hi) && f == float64(int64(f))
	case *big.Int:
		return x.IsInt64() && x.Int64() >= r.lo && x.Int64() <= r.hi
	}
	n, ok := toInt64(v)
	return ok && isNumber(v) && n >= r.lo && n <= r.hi
}

// GString is a string with expressions in it; the values are fixed when it is
// made, their text is taken at each use.
type GString struct {
	texts []string
	vals  []Value
	run   *run
}

// String gives the text, with toString of script objects applied.
func (g *GString) String() string { return ToString(g) }

func (g *GString) text(th *thread) string {
	if len(g.vals) == 0 {
		return g.texts[0]
	}
	var b strings.Builder
	for i, t := range g.texts {
		b.WriteString(t)
		if i < len(g.vals) {
			v := g.vals[i]
			if c, ok := v.(*Closure); ok && th != nil {
				switch {
				case c.implicit():
				case c.arity() == 0:
					v = th.call(c)
				case c.arity() == 1: // it writes
					w := &StringBuilder{class: "java.lang.StringBuffer"}
					th.call(c, w)
					v = w
				}
			}
			b.WriteString(th.str(v))
		}
	}
	if th != nil {
		th.alloc(int64(b.Len()))
	}
	return b.String()
}
