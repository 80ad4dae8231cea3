package expr

import (
	"errors"
	"strings"
)

// retired are functions of old releases that need a hint more than a name.
var retired = map[string]string{
	"_token": "use the token &{name|default} instead", "_t": "use the token &{name|default} instead",
}

func (c *compiler) call(n *call) compiled {
	f := functionTable[n.name]
	if f == nil {
		if hint := retired[n.name]; hint != "" {
			return c.fail(n.pos, "the function %q is no longer there; %s", n.name, hint)
		}
		return c.fail(n.pos, "there is no function %q%s", n.name, didYouMean(n.name, functionTable))
	}
	if len(n.args) < f.minArgs || len(n.args) > f.maxArgs {
		return c.fail(n.pos, "%s%s takes %s, found %d", f.Name, f.Sig, f.wantArgs(0), len(n.args))
	}
	here := &place{env: c.env, name: f.Name}
	args, allConst := c.args(n.args)
	c.runtime = c.runtime || f.Volatile
	c.warnRegexp(n, f, args)
	if allConst && !f.Volatile {
		if v, ok := foldCall(f, args); ok {
			return constant(v)
		}
	}
	if code := c.regexTest(n, args); code != nil {
		return compiled{eval: code}
	}
	code, pos, room := codes(args), n.pos, f.room(len(args))
	return compiled{eval: func(s Scope) (Value, error) {
		values := make([]Value, len(code), room)
		for i, arg := range code {
			v, err := arg(s)
			if err != nil {
				return nil, err
			}
			values[i] = v
		}
		v, err := f.invoke(Site{here, s}, values)
		if err != nil {
			return nil, at(err, pos)
		}
		return v, nil
	}}
}

// room is how many arguments a call of f needs space for.
func (f *Function) room(given int) int {
	if f.maxArgs > given && f.maxArgs < 16 {
		return f.maxArgs
	}
	return given
}

func (c *compiler) args(nodes []node) (args []compiled, allConst bool) {
	allConst = true
	for _, n := range nodes {
		arg := c.expr(n)
		allConst = allConst && arg.isConst()
		args = append(args, arg)
	}
	return args, allConst
}

func codes(args []compiled) []evaluator {
	list := make([]evaluator, len(args))
	for i, arg := range args {
		list[i] = arg.code()
	}
	return list
}

// foldCall computes a call of constants. A call that fails or warns is left to
// evaluation, when someone listens. Large results are too, for they would stay
// in memory as long as the configuration; so are lists and maps, which whoever
// gets them may change.
func foldCall(f *Function, args []compiled) (Value, bool) {
	quiet := true
	site := Site{place: &place{env: &Env{Warn: func(Scope, string, error) { quiet = false }}, name: f.Name}}
	values := make([]Value, 0, f.room(len(args)))
	for _, arg := range args {
		values = append(values, arg.value)
	}
	v, err := f.invoke(site, values)
	switch v := v.(type) {
	case string:
		return v, err == nil && quiet && len(v) <= MaxExpression
	case nil, bool, int64, float64:
		return v, err == nil && quiet
	}
	return nil, false
}

// textTests are methods of strings that conditions are made of; they run
// without a list of arguments.
var textTests = map[string]func(s, arg string) bool{
	"contains":         strings.Contains,
	"endsWith":         strings.HasSuffix,
	"equals":           func(s, arg string) bool { return s == arg },
	"equalsIgnoreCase": strings.EqualFold,
	"startsWith":       strings.HasPrefix,
}

func (c *compiler) method(n *method) compiled {
	base, name := c.expr(n.base), c.expr(n.name)
	args, _ := c.args(n.args)
	if text, ok := name.value.(string); ok && name.isConst() {
		c.mention(text)
		if test := textTests[text]; test != nil && len(args) == 1 {
			return c.textTest(n, text, test, base.probes(), args[0].probes())
		}
	}
	c.warnMethodRegexp(n, name, args)
	here := &place{env: c.env, name: "method"}
	from, which, code, pos := base.code(), name.code(), codes(args), n.pos
	return compiled{eval: func(s Scope) (Value, error) {
		b, err := from(s)
		if err != nil {
			return nil, err
		}
		key, err := which(s)
		if err != nil {
			return nil, err
		}
		values := make([]Value, len(code))
		for i, arg := range code {
			if values[i], err = arg(s); err != nil {
				return nil, err
			}
		}
		method, err := Text(key)
		if err != nil {
			return nil, at(err, pos)
		}
		v, err := invokeMethod(Site{here, s}, b, method, values)
		if err != nil {
			return nil, at(err, pos)
		}
		return v, nil
	}}
}

func (c *compiler) textTest(n *method, name string, test func(s, arg string) bool, base, arg probe) compiled {
	here, pos := &place{env: c.env, name: name}, n.pos
	return compiled{eval: func(s Scope) (Value, error) {
		x, isText, b, err := base(s)
		if err != nil {
			return nil, err
		}
		y, argIsText, a, err := arg(s)
		if err != nil {
			return nil, err
		}
		if isText && argIsText {
			return test(x, y), nil
		}
		if isText {
			b = x
		}
		if argIsText {
			a = y
		}
		v, err := invokeMethod(Site{here, s}, b, name, []Value{a})
		if err != nil {
			return nil, at(err, pos)
		}
		return v, nil
	}}
}

// invokeMethod calls a method by its Java name: what the host offers, then the
// tables for texts, lists and maps, then what every object has, then getters.
func invokeMethod(site Site, base Value, method string, args []Value) (Value, error) {
	if base == nil {
		return nil, failf("cannot call the method %q of null", method)
	}
	if host, ok := base.(Caller); ok {
		v, err := host.Call(method, args)
		if !errors.Is(err, ErrNoMethod) {
			return limited(v, hostError(err))
		}
	}
	f := methodTable(base)[method]
	if f == nil {
		f = objectMethodTable[method]
	}
	if f != nil {
		if n := len(args) + 1; n < f.minArgs || n > f.maxArgs {
			return nil, failf("the method %q takes %s, found %d", method, f.wantArgs(1), len(args))
		}
		values := make([]Value, 1, f.room(len(args)+1))
		values[0] = base
		return f.invoke(site, append(values, args...))
	}
	if v, ok := getter(base, method, args); ok {
		return v, nil
	}
	return nil, failf("%w: %s has no method %q", ErrNoMethod, kind(base), method)
}

func limited(v Value, err error) (Value, error) {
	if text, ok := v.(string); ok && len(text) > MaxText {
		return nil, tooLong()
	}
	return v, err
}

func methodTable(base Value) map[string]*Function {
	if _, ok := base.(string); ok {
		return textMethodTable
	}
	if _, ok := listOf(base); ok {
		return listMethodTable
	}
	if _, ok := mapOf(base); ok {
		return mapMethodTable
	}
	return nil
}

// getter reads getName() and isName() as the property name, the way beans
// have them. Maps have keys, not properties.
func getter(base Value, method string, args []Value) (Value, bool) {
	if _, isMap := mapOf(base); isMap || len(args) > 0 {
		return nil, false
	}
	rest, ok := strings.CutPrefix(method, "get")
	if !ok {
		rest, ok = strings.CutPrefix(method, "is")
	}
	if !ok || rest == "" || rest[0] < 'A' || rest[0] > 'Z' {
		return nil, false
	}
	property := strings.ToLower(rest[:1]) + rest[1:]
	switch b := base.(type) {
	case Object:
		return b.Get(property)
	default:
		return extraProperty(b, property)
	}
}
