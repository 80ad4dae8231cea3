package expr

import "fmt"

// evaluator is compiled code.
type evaluator func(s Scope) (Value, error)

// textEvaluator is code for places that want text; ok is false for null.
type textEvaluator func(s Scope) (text string, ok bool, err error)

// probe is code that gives a text without wrapping it in an interface, or any
// other value in v.
type probe func(s Scope) (text string, isText bool, v Value, err error)

// compiled is code, or a constant when eval is nil.
type compiled struct {
	eval  evaluator
	probe probe // a shorter way to a text; may be nil
	value Value
}

func constant(v Value) compiled { return compiled{value: v} }

func (c compiled) isConst() bool { return c.eval == nil }

// code is c as an evaluator in any case.
func (c compiled) code() evaluator {
	if c.eval != nil {
		return c.eval
	}
	v := c.value
	return func(Scope) (Value, error) { return v, nil }
}

// compiler turns trees into code and notes what they depend on.
type compiler struct {
	src     string
	env     *Env
	err     error
	runtime bool // depends on a Scope, the time or files
	entity  bool
	older   bool // says exchange, which releases before 5 did
	doubts  []doubt
	roots   map[string]bool
}

// doubt is what is compiled, but will not do what it should.
type doubt struct {
	msg   string
	cause error
}

// compile compiles a whole expression.
func (c *compiler) compile(n node) compiled {
	code := c.expr(n)
	if code.isConst() {
		code.eval = code.code() // single expressions and texts are told apart by eval
	}
	return code
}

func (c *compiler) fail(pos int, format string, args ...any) compiled {
	if c.err == nil {
		c.err = &SyntaxError{Src: c.src, Offset: pos, Msg: fmt.Sprintf(format, args...)}
	}
	return constant(nil)
}

func (c *compiler) expr(n node) compiled {
	switch n := n.(type) {
	case *literal:
		return constant(n.value)
	case *name:
		return c.name(n)
	case *member:
		return c.member(n)
	case *index:
		return c.index(n)
	case *call:
		return c.call(n)
	case *method:
		return c.method(n)
	case *unary:
		return c.unary(n)
	case *binary:
		return c.binary(n)
	case *choice:
		return c.choice(n)
	}
	return c.fail(n.offset(), "unknown kind of expression")
}

// runtimeRoots are names that only a Scope gives meaning, whatever the
// configuration calls its variables.
var runtimeRoots = map[string]bool{
	"request": true, "response": true, "context": true, "contexts": true, "attributes": true, "session": true,
}

// name compiles a root. The configuration's value is looked up now, a Scope's
// then; the Scope wins.
func (c *compiler) name(n *name) compiled {
	c.roots[n.name] = true
	c.mention(n.name)
	key := n.name
	if key == "now" {
		c.runtime = true
		env := c.env
		return compiled{eval: func(s Scope) (Value, error) {
			if v, ok := lookup(s, key); ok {
				return v, nil
			}
			return Instant{env.now()}, nil
		}}
	}
	v, known := c.env.variable(key)
	if !known {
		v, known = processRoot(key)
	}
	if !known || runtimeRoots[key] {
		c.runtime = true
	}
	return compiled{eval: func(s Scope) (Value, error) {
		if v, ok := lookup(s, key); ok {
			return v, nil
		}
		return v, nil
	}}
}

func lookup(s Scope, name string) (Value, bool) {
	if s == nil {
		return nil, false
	}
	return s.Lookup(name)
}

// mention notes names that stand for the body of a message.
func (c *compiler) mention(name string) {
	switch name {
	case "entity", "form", "getEntity", "getForm":
		c.entity = true
	}
}

func (c *compiler) member(n *member) compiled {
	c.mention(n.name)
	base := c.expr(n.base).code()
	name, pos, env := n.name, n.pos, c.env
	get := func(s Scope, b Value) (Value, error) {
		v, err := property(env, s, b, name)
		if err != nil {
			return nil, at(err, pos)
		}
		return v, nil
	}
	return compiled{
		eval: func(s Scope) (Value, error) {
			b, err := base(s)
			if err != nil || b == nil {
				return nil, err
			}
			return get(s, b)
		},
		probe: func(s Scope) (string, bool, Value, error) {
			b, err := base(s)
			if err != nil || b == nil {
				return "", false, nil, err
			}
			if object, ok := b.(Texter); ok {
				if text, ok := object.GetText(name); ok {
					return text, true, nil, nil
				}
			}
			v, err := get(s, b)
			text, ok := v.(string)
			return text, ok, v, err
		},
	}
}

// asText is the end of a textEvaluator.
func asText(v Value, err error) (string, bool, error) {
	if err != nil || v == nil {
		return "", false, err
	}
	text, err := Text(v)
	return text, err == nil, err
}

// probes is c as a probe in any case.
func (c compiled) probes() probe {
	if c.probe != nil {
		return c.probe
	}
	code := c.code()
	return func(s Scope) (string, bool, Value, error) {
		v, err := code(s)
		text, ok := v.(string)
		return text, ok, v, err
	}
}

// texts is c as a textEvaluator in any case.
func (c compiled) texts() textEvaluator {
	if probe := c.probe; probe != nil {
		return func(s Scope) (string, bool, error) {
			text, ok, v, err := probe(s)
			if ok {
				return text, true, nil
			}
			return asText(v, err)
		}
	}
	code := c.code()
	return func(s Scope) (string, bool, error) { return asText(code(s)) }
}

func (c *compiler) index(n *index) compiled {
	base, key := c.expr(n.base), c.expr(n.key)
	if name, ok := key.value.(string); ok && key.isConst() {
		c.mention(name)
	} else if _, isRoot := n.base.(*rootName); isRoot && !key.isConst() {
		c.entity = true // request[x]: may be any property
	}
	b, k := base.code(), key.code()
	pos, env := n.pos, c.env
	return compiled{eval: func(s Scope) (Value, error) {
		from, err := b(s)
		if err != nil || from == nil {
			return nil, err
		}
		key, err := k(s)
		if err != nil || key == nil {
			return nil, err
		}
		v, err := element(env, s, from, key)
		if err != nil {
			return nil, at(err, pos)
		}
		return v, nil
	}}
}

// rootName is name, for places where a variable hides that.
type rootName = name

func (c *compiler) choice(n *choice) compiled {
	test, yes, alt := c.expr(n.test), c.expr(n.yes), c.expr(n.alt)
	if test.isConst() {
		if b, err := boolean(test.value); err == nil {
			if b {
				return yes
			}
			return alt
		}
	}
	t, y, a, pos := test.code(), yes.code(), alt.code(), n.pos
	return compiled{eval: func(s Scope) (Value, error) {
		v, err := t(s)
		if err != nil {
			return nil, err
		}
		b, err := boolean(v)
		if err != nil {
			return nil, at(err, pos)
		}
		if b {
			return y(s)
		}
		return a(s)
	}}
}
