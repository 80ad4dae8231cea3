package expr

// operation is an operator on values.
type operation func(x, y Value) (Value, error)

var operations = map[string]operation{
	"+": add, "-": subtract, "*": multiply, "/": divide, "%": modulo,
	"==": func(x, y Value) (Value, error) { return equal(x, y) },
	"!=": func(x, y Value) (Value, error) { b, err := equal(x, y); return !b, err },
	"<":  func(x, y Value) (Value, error) { n, ok, err := compare(x, y); return ok && n < 0, err },
	">":  func(x, y Value) (Value, error) { n, ok, err := compare(x, y); return ok && n > 0, err },
	"<=": func(x, y Value) (Value, error) { n, ok, err := compare(x, y); return ok && n <= 0, err },
	">=": func(x, y Value) (Value, error) { n, ok, err := compare(x, y); return ok && n >= 0, err },
}

func (c *compiler) binary(n *binary) compiled {
	x, y := c.expr(n.x), c.expr(n.y)
	if n.op == "&&" || n.op == "||" {
		return logical(n, x, y)
	}
	do, pos := operations[n.op], n.pos
	if x.isConst() && y.isConst() {
		if v, err := do(x.value, y.value); err == nil {
			return constant(v)
		}
	}
	a, b := x.code(), y.code()
	return compiled{eval: func(s Scope) (Value, error) {
		x, err := a(s)
		if err != nil {
			return nil, err
		}
		y, err := b(s)
		if err != nil {
			return nil, err
		}
		v, err := do(x, y)
		if err != nil {
			return nil, at(err, pos)
		}
		return v, nil
	}}
}

// logical compiles && and ||, which evaluate their right side only when the
// left one does not decide.
func logical(n *binary, x, y compiled) compiled {
	decides := n.op == "||"
	if x.isConst() {
		if b, err := boolean(x.value); err == nil && b == decides {
			return constant(decides)
		}
	}
	a, b, pos := x.code(), y.code(), n.pos
	test := func(code evaluator, s Scope) (bool, error) {
		v, err := code(s)
		if err != nil {
			return false, err
		}
		t, err := boolean(v)
		if err != nil {
			return false, at(err, pos)
		}
		return t, nil
	}
	return compiled{eval: func(s Scope) (Value, error) {
		t, err := test(a, s)
		if err == nil && t != decides {
			t, err = test(b, s)
		}
		if err != nil {
			return nil, err
		}
		return t, nil
	}}
}

var prefixes = map[string]func(Value) (Value, error){
	"!":     func(v Value) (Value, error) { b, err := boolean(v); return !b, err },
	"-":     negate,
	"empty": func(v Value) (Value, error) { return isEmpty(v), nil },
}

func (c *compiler) unary(n *unary) compiled {
	x, do, pos := c.expr(n.x), prefixes[n.op], n.pos
	if x.isConst() {
		if v, err := do(x.value); err == nil {
			return constant(v)
		}
	}
	code := x.code()
	return compiled{eval: func(s Scope) (Value, error) {
		v, err := code(s)
		if err != nil {
			return nil, err
		}
		if v, err = do(v); err != nil {
			return nil, at(err, pos)
		}
		return v, nil
	}}
}
