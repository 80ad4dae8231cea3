package expr

import (
	"errors"
	"fmt"
	"strings"
)

// Template is a compiled text. It never changes and serves any number of
// goroutines. A nil Template and the zero one evaluate to null.
type Template struct {
	src    string
	env    *Env
	parts  []compiled // of a mixed text; texts are constants
	single evaluator  // of a text that is exactly one expression
	tree   node       // the same expression, for Assign and PathPrefix
	lvalue *lvalue
	fixed  bool // neither request data nor the time matters
	entity bool
	roots  map[string]bool
	older  bool // says exchange
}

// Compile reads a text. Errors are *SyntaxError. What cannot be wrong before
// evaluation is not: unknown names are null, and a malformed regular
// expression is a warning (now) and no match (later).
func Compile(src string, env *Env) (*Template, error) {
	t, doubts, err := compileText(src, env)
	for _, d := range doubts {
		env.warn(nil, d.msg, d.cause)
	}
	return t, err
}

func compileText(src string, env *Env) (*Template, []doubt, error) {
	parts, err := parse(src)
	if err != nil {
		return nil, nil, err
	}
	t := &Template{src: src, env: env}
	c := &compiler{src: src, env: env, roots: map[string]bool{}}
	for i, p := range parts {
		if p.expr == nil {
			t.parts = append(t.parts, constant(p.text))
			continue
		}
		if strings.Contains(src, oldRoot) {
			p.expr = c.renew(p.expr)
			parts[i].expr = p.expr
		}
		code := c.compile(p.expr)
		if c.err != nil {
			return nil, c.doubts, c.err
		}
		t.parts = append(t.parts, code)
	}
	t.fixed, t.entity, t.roots, t.older = !c.runtime, c.entity, c.roots, c.older
	if len(parts) == 0 {
		t.parts = []compiled{constant("")}
	}
	if len(parts) == 1 && parts[0].expr != nil {
		t.single, t.tree = t.parts[0].eval, parts[0].expr
		before := len(c.doubts)
		t.lvalue = c.lvalue(t.tree)
		c.doubts = c.doubts[:before] // of what was compiled a second time
	}
	return t, c.doubts, nil
}

// Source is the text that was compiled.
func (t *Template) Source() string {
	if t == nil {
		return ""
	}
	return t.src
}

// Eval is the value in scope s, null when anything fails (with a warning). A
// text that is exactly one expression gives a value of any type, all others
// give strings in which null is empty.
func (t *Template) Eval(s Scope) Value {
	v, err := t.EvalErr(s)
	if err != nil {
		t.env.warn(s, fmt.Sprintf("%s is null: %s", abbreviate(t.src), err), err)
		return nil
	}
	return v
}

// EvalErr is Eval that tells the error, an *EvalError.
func (t *Template) EvalErr(s Scope) (Value, error) {
	if t == nil {
		return nil, nil
	}
	if t.single != nil {
		v, err := t.single(s)
		return v, t.place(err)
	}
	switch len(t.parts) {
	case 0: // the zero Template
		return nil, nil
	case 1:
		return t.parts[0].value, nil
	}
	text, err := t.concat(s)
	if err != nil {
		return nil, t.place(err)
	}
	return text, nil
}

// place completes an error with the source it comes from.
func (t *Template) place(err error) error {
	if err == nil {
		return nil
	}
	e := at(err, 0).(*EvalError)
	e.Src = t.src
	return e
}

func (t *Template) concat(s Scope) (string, error) {
	var b textBuilder
	for i := range t.parts {
		p := &t.parts[i]
		v := p.value
		if p.eval != nil {
			var err error
			if v, err = p.eval(s); err != nil {
				return "", err
			}
		}
		if err := b.value(v); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// String is the value where a string is expected. A single expression is not
// converted: one that gives another type counts as null, ok = false.
func (t *Template) String(s Scope) (text string, ok bool) {
	text, ok = t.Eval(s).(string)
	return text, ok
}

// Text is String that also accepts booleans and numbers, as their text.
func (t *Template) Text(s Scope) (text string, ok bool) {
	v := t.Eval(s)
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		text, _ = Text(v)
		return text, true
	}
	if _, isNumber := numberOf(v); isNumber {
		text, _ = Text(v)
		return text, true
	}
	return "", false
}

// Bool is the value of a condition. Only the boolean true is true; the text
// "true" is not.
func (t *Template) Bool(s Scope) bool {
	b, _ := t.Eval(s).(bool)
	return b
}

// Int is the value where an integer is expected: an integer, or a text that
// spells one, as configurations may write numbers in either way.
func (t *Template) Int(s Scope) (int64, bool) {
	v := t.Eval(s)
	if text, ok := v.(string); ok {
		n, err := parseInteger(text, 10, 64)
		return n, err == nil
	}
	n, ok := numberOf(v)
	return n.i, ok && !n.decimal
}

// Const is the value when it depends neither on a Scope nor on the moment,
// such as a text without expressions, or one over configuration names only.
func (t *Template) Const() (Value, bool) {
	if t == nil || len(t.parts) == 0 {
		return nil, true
	}
	if !t.fixed {
		return nil, false
	}
	return t.Eval(nil), true
}

// IsLiteral tells whether the text has no expressions.
func (t *Template) IsLiteral() bool {
	return t == nil || t.single == nil && len(t.parts) <= 1
}

// UsesEntity tells whether the text may read the body of a message: it mentions
// entity or form anywhere.
func (t *Template) UsesEntity() bool { return t != nil && t.entity }

// Uses tells whether the text mentions the root name, such as response.
func (t *Template) Uses(root string) bool { return t != nil && t.roots[root] }

// IsLValue tells whether Assign has a place to write to.
func (t *Template) IsLValue() bool { return t != nil && t.lvalue != nil }

var errNoLValue = errors.New("the expression does not name a place that can be set")

// Assign sets the place that the text names to v. Writing what is read-only is
// a warning, not an error. Maps and objects on the way are not made.
func (t *Template) Assign(s Scope, v Value) error {
	if !t.IsLValue() {
		return &EvalError{Src: t.Source(), Msg: errNoLValue.Error(), Err: errNoLValue}
	}
	err := t.lvalue.assign(s, v)
	if errors.Is(err, ErrReadOnly) {
		t.env.warn(s, fmt.Sprintf("%s is not set: %s", abbreviate(t.src), err), err)
		return nil
	}
	return t.place(err)
}

// abbreviate keeps warnings about whole pages short.
func abbreviate(src string) string {
	const most = 120
	if len(src) <= most {
		return src
	}
	return strings.ToValidUTF8(src[:most], "") + "..."
}
