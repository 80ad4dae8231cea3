package groovy

import (
	"math/big"
	"strings"
)

// opMethods are the methods Groovy's operators stand for.
var opMethods = map[string]string{
	"+": "plus", "-": "minus", "*": "multiply", "/": "div", "%": "mod", "**": "power",
	"<<": "leftShift", ">>": "rightShift", ">>>": "rightShiftUnsigned", "&": "and", "|": "or", "^": "xor",
}

// binop applies an operator which is neither logical nor a comparison.
func (th *thread) binop(op string, a, b Value) Value {
	switch op {
	case "+":
		return th.plus(a, b)
	case "-":
		return th.minus(a, b)
	case "*":
		return th.times(a, b)
	case "<<":
		return th.leftShift(a, b)
	}
	if x, ok := a.(Char); ok && level(b) > 0 {
		a = int32(x)
	}
	if level(a) > 0 && level(b) > 0 {
		switch op {
		case "/", "%":
			return th.arith(op[0], a, b)
		case "**":
			return th.power(a, b)
		}
		return th.bits(op, a, b)
	}
	switch x := a.(type) {
	case bool:
		if y, ok := b.(bool); ok || op == "&" || op == "|" || op == "^" {
			if !ok {
				y = th.truth(b)
			}
			switch op {
			case "&":
				return x && y
			case "|":
				return x || y
			case "^":
				return x != y
			}
		}
	case *Set, *List, *Range:
		switch op {
		case "&":
			return th.callMethod(a, "intersect", []Value{b})
		case "|":
			return th.plus(NewSet(th.items(x)...), b)
		}
	case nil:
		th.throw(excNull, "Cannot invoke method %s() on null object", opMethods[op])
	}
	return th.callMethod(a, opMethods[op], []Value{b})
}

func (th *thread) plus(a, b Value) Value {
	switch x := a.(type) {
	case string:
		return th.concat(x, b)
	case *GString:
		return th.concat(x.text(th), b)
	case *List, *Range:
		return th.listPlus(a, b)
	case *Set:
		out := &Set{}
		out.m.kind, out.m.less = x.m.kind, x.m.less
		for _, v := range x.Items() {
			out.Add(v)
		}
		for _, v := range th.addends(b) {
			out.Add(v)
		}
		th.alloc(int64(out.Len()) * 48)
		return out
	case *Map:
		if y, ok := b.(*Map); ok {
			out := th.copyMap(x)
			y.Each(func(k, v Value) bool { out.Put(k, v); return true })
			return out
		}
	case Char:
		if _, ok := th.text(b); ok {
			return th.concat(string(rune(x)), b)
		}
		if level(b) > 0 {
			return th.arith('+', int32(x), b)
		}
	case []byte:
		return th.listPlus(NewList(th.items(x)...), b)
	case nil:
		if s, ok := th.text(b); ok {
			return "null" + s
		}
		th.throw(excNull, "Cannot invoke method plus() on null object")
	}
	if level(a) > 0 {
		if level(b) > 0 {
			return th.arith('+', a, b)
		}
		if s, ok := th.text(b); ok {
			return th.str(a) + s
		}
	} else if s, ok := th.text(b); ok {
		switch a.(type) {
		case *Object, Host, native:
			if r, done := th.tryCall(a, "plus", []Value{b}, false); done {
				return r
			}
		case *Map:
			return th.operator(a, "plus", b)
		}
		return th.str(a) + s
	}
	return th.operator(a, "plus", b)
}

func (th *thread) concat(s string, b Value) Value {
	t, ok := b.(string)
	if !ok {
		t = th.str(b)
	}
	th.alloc(int64(len(s) + len(t)))
	return s + t
}

func (th *thread) listPlus(a, b Value) Value {
	x, y := th.items(a), th.addends(b)
	th.alloc(int64(len(x)+len(y)) * 16)
	return NewList(append(append(make([]Value, 0, len(x)+len(y)), x...), y...)...)
}

// addends are the elements of a collection operand, or the operand itself.
func (th *thread) addends(b Value) []Value {
	switch b.(type) {
	case *List, *Set, *Range:
		return th.items(b)
	}
	return []Value{b}
}

func (th *thread) minus(a, b Value) Value {
	if x, ok := a.(Char); ok && level(b) > 0 {
		a = int32(x)
	}
	if level(a) > 0 && level(b) > 0 {
		return th.arith('-', a, b)
	}
	switch x := a.(type) {
	case *List, *Range:
		return NewList(th.without(th.items(x), th.addends(b))...)
	case *Set:
		out := &Set{}
		out.m.kind, out.m.less = x.m.kind, x.m.less
		for _, v := range th.without(x.Items(), th.addends(b)) {
			out.Add(v)
		}
		return out
	case *Map:
		if y, ok := b.(*Map); ok {
			out := NewMap()
			th.alloc(int64(x.Len()) * 64)
			x.Each(func(k, v Value) bool {
				if w, has := y.Get(k); !has || !th.equal(v, w) {
					out.Put(k, v)
				}
				return true
			})
			return out
		}
	case string:
		return th.strMinus(x, b)
	case *GString:
		return th.strMinus(x.text(th), b)
	case nil:
		th.throw(excNull, "Cannot invoke method minus() on null object")
	}
	return th.operator(a, "minus", b)
}

func (th *thread) strMinus(s string, b Value) Value {
	if p, ok := b.(*Pattern); ok {
		return th.replaceFirst(s, p, "")
	}
	t := th.str(b)
	if !strings.Contains(s, t) {
		return s
	}
	th.alloc(int64(len(s)))
	return strings.Replace(s, t, "", 1)
}

func (th *thread) without(items, drop []Value) []Value {
	gone := NewSet(drop...)
	var out []Value
	for _, v := range items {
		th.step()
		if gone.Has(v) {
			continue
		}
		if level(v) > 0 || !simpleKey(v) {
			if th.indexOf(drop, v) >= 0 {
				continue
			}
		}
		out = append(out, v)
	}
	return out
}

func simpleKey(v Value) bool {
	switch v.(type) {
	case string, bool:
		return true
	}
	return false
}

func (th *thread) indexOf(items []Value, v Value) int {
	for i, x := range items {
		th.step()
		if th.equal(x, v) {
			return i
		}
	}
	return -1
}

func (th *thread) times(a, b Value) Value {
	if level(a) > 0 && level(b) > 0 {
		return th.arith('*', a, b)
	}
	switch x := a.(type) {
	case string:
		return th.repeat(x, b)
	case *GString:
		return th.repeat(x.text(th), b)
	case *List, *Range:
		n, ok := toInt64(b)
		if !ok || n < 0 {
			break
		}
		items := th.items(x)
		if len(items) == 0 {
			return NewList()
		}
		th.alloc(mulSize(n, int64(len(items))*16))
		out := make([]Value, 0, len(items)*int(n))
		for range n {
			out = append(out, items...)
		}
		return NewList(out...)
	case nil:
		th.throw(excNull, "Cannot invoke method multiply() on null object")
	}
	return th.operator(a, "multiply", b)
}

// mulSize multiplies without overflow: a product too large becomes negative,
// which alloc refuses.
func mulSize(a, b int64) int64 {
	if a != 0 && b > (1<<40)/a {
		return -1
	}
	return a * b
}

func (th *thread) repeat(s string, b Value) Value {
	n, ok := toInt64(b)
	if !ok {
		return th.fail(missingMethod(th, "java.lang.String", "multiply", []Value{b}))
	}
	if n < 0 {
		th.throw(excIllegalArg, "multiply() should be called with a number of 0 or greater not: %d", n)
	}
	th.alloc(mulSize(n, int64(len(s))))
	return strings.Repeat(s, int(n))
}

// fail raises an error; the Value only suits return statements.
func (th *thread) fail(err error) Value {
	th.raise(err)
	return nil
}

func (th *thread) leftShift(a, b Value) Value {
	switch x := a.(type) {
	case *List:
		th.wantMutable(x)
		th.alloc(16)
		x.Add(b)
		return x
	case *Set:
		th.alloc(48)
		x.Add(b)
		return x
	case *Map:
		switch y := b.(type) {
		case *Map:
			th.putAll(x, y)
		case *Entry:
			th.put(x, y.key, y.val)
		default:
			return th.fail(missingMethod(th, th.className(a), "leftShift", []Value{b}))
		}
		return x
	case string, *GString:
		sb := &StringBuilder{class: "java.lang.StringBuffer"}
		sb.append(th, th.str(x))
		sb.append(th, th.str(b))
		return sb
	case nil:
		th.throw(excNull, "Cannot invoke method leftShift() on null object")
	}
	if level(a) > 0 && level(b) > 0 {
		return th.bits("<<", a, b)
	}
	return th.operator(a, "leftShift", b)
}

// unary applies - + ~ to a value.
func (th *thread) unary(op string, v Value) Value {
	switch op {
	case "-":
		if v == nil {
			th.throw(excNull, "Cannot invoke method negative() on null object")
		}
		return th.negate(v)
	case "+":
		if isNumber(v) {
			return v
		}
		return th.callMethod(v, "positive", nil)
	}
	switch x := v.(type) {
	case int32:
		return ^x
	case int64:
		return ^x
	case int16:
		return ^int32(x)
	case int8:
		return ^int32(x)
	case *big.Int:
		return new(big.Int).Not(x)
	case string:
		return th.pattern(x)
	case *GString:
		return th.pattern(x.text(th))
	case nil:
		th.throw(excNull, "Cannot invoke method bitwiseNegate() on null object")
	}
	return th.callMethod(v, "bitwiseNegate", nil)
}

// step1 is ++ and --: next() and previous().
func (th *thread) step1(op string, v Value) Value {
	d := int32(1)
	if op == "-" {
		d = -1
	}
	switch x := v.(type) {
	case int32:
		return x + d
	case int64:
		return x + int64(d)
	case Char:
		return Char(int32(x) + d)
	case nil:
		name := "next"
		if d < 0 {
			name = "previous"
		}
		th.throw(excNull, "Cannot invoke method %s() on null object", name)
	}
	if isNumber(v) {
		return th.arith('+', v, d)
	}
	if d > 0 {
		return th.callMethod(v, "next", nil)
	}
	return th.callMethod(v, "previous", nil)
}

// operator calls the method of an operator that has no meaning of its own for a and b.
// Those of numbers, texts and collections would come back here.
func (th *thread) operator(a Value, name string, b Value) Value {
	switch a.(type) {
	case *Object, *Class, *Closure, Host, native:
		return th.callMethod(a, name, []Value{b})
	}
	return th.fail(missingMethod(th, th.className(a), name, []Value{b}))
}
