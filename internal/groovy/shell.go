package groovy

// maxShellText bounds, in bytes, a text that a script compiles.
const maxShellText = 64 << 10

const excCompilation = "org.codehaus.groovy.control.MultipleCompilationErrorsException"

// evaluation is a text that a script compiles and runs with variables of its own
// choice: groovy.lang.GroovyShell, and what its parse gives. The text runs within the
// run of the script, on its limits and its classes, but without its class path.
type evaluation struct {
	binding *Binding
	script  *Script // nil for the shell itself
}

func (e *evaluation) javaName() string {
	if e.script == nil {
		return "groovy.lang.GroovyShell"
	}
	return "groovy.lang.Script"
}

func (e *evaluation) String() string { return e.javaName() + "@1" }

// compileText compiles text at the price of a step for each 16 bytes.
func (th *thread) compileText(text string) *Script {
	if len(text) > maxShellText {
		th.throw(excIllegalArg, "a text to evaluate has at most %d bytes", maxShellText)
	}
	th.alloc(int64(len(text)) * 100)
	for range len(text)/16 + 1 {
		th.step()
	}
	c := &compiler{eng: th.eng, loaded: map[string]*Class{}, closed: true}
	s, err := c.script("Script1.groovy", text)
	if err != nil {
		th.throw(excCompilation, "startup failed: %s", clip(err.Error()))
	}
	return s
}

// runText runs what compileText made.
func (th *thread) runText(s *Script, b *Binding) Value {
	o := th.newScriptObject(s.class)
	o.binding = b
	return th.runScript(o)
}

func shellClasses() []*Class {
	return []*Class{
		{
			Name: "groovy.lang.GroovyShell", New: newShell, Methods: shellMethods(),
			PropertyMissing: func(this Value, name string) (Value, bool) { return this.(*evaluation).binding.Get(name) },
			SetMissing: func(this Value, name string, v Value) (bool, error) {
				this.(*evaluation).binding.vars.Put(name, v)
				return true, nil
			},
		},
		{Name: "groovy.util.Eval", Static: map[string]Method{
			"me": func(c *Call) (Value, error) {
				if c.Len() == 1 {
					return evalWith(c, 0)
				}
				return evalWith(c, 2, c.Str(0))
			},
			"x":   func(c *Call) (Value, error) { return evalWith(c, 1, "x") },
			"xy":  func(c *Call) (Value, error) { return evalWith(c, 2, "x", "y") },
			"xyz": func(c *Call) (Value, error) { return evalWith(c, 3, "x", "y", "z") },
		}},
	}
}

// evalWith runs the text at an index with variables of the given names, whose values
// come right before it.
func evalWith(c *Call, text int, names ...string) (Value, error) {
	if c.Len() != text+1 {
		return nil, c.NoSuchMethod()
	}
	b := NewBinding(nil)
	for i, n := range names {
		b.vars.Put(n, c.Arg(text-len(names)+i))
	}
	return c.th.runText(c.th.compileText(c.Str(text)), b), nil
}

// newShell takes an optional binding; other arguments have no use here.
func newShell(c *Call) (Value, error) {
	e := &evaluation{binding: NewBinding(nil)}
	switch b := c.Arg(0).(type) {
	case *Binding:
		e.binding = b
	default:
		if c.Len() > 0 {
			return nil, c.NoSuchMethod()
		}
	}
	return e, c.Want(0, 1)
}

func shellMethods() map[string]Method {
	self := func(c *Call) *evaluation { return c.This.(*evaluation) }
	variable := func(c *Call) (Value, error) { v, _ := self(c).binding.Get(c.Str(0)); return v, c.Want(1, 1) }
	set := func(c *Call) (Value, error) {
		c.th.alloc(64)
		self(c).binding.vars.Put(c.Str(0), c.Arg(1))
		return nil, c.Want(2, 2)
	}
	return map[string]Method{
		"evaluate": func(c *Call) (Value, error) {
			if err := c.Want(1, 2); err != nil {
				return nil, err
			}
			return c.th.runText(c.th.compileText(c.Str(0)), self(c).binding), nil
		},
		"parse": func(c *Call) (Value, error) {
			if err := c.Want(1, 2); err != nil {
				return nil, err
			}
			return &evaluation{self(c).binding, c.th.compileText(c.Str(0))}, nil
		},
		"getContext":  func(c *Call) (Value, error) { return self(c).binding, c.Want(0, 0) },
		"getVariable": variable, "getProperty": variable,
		"setVariable": set, "setProperty": set,
	}
}

// parsedMethods are those of groovy.lang.Script that parsed texts have.
func parsedMethods() map[string]Method {
	self := func(c *Call) (*evaluation, error) {
		e, ok := c.This.(*evaluation)
		if !ok || e.script == nil {
			return nil, c.NoSuchMethod()
		}
		return e, nil
	}
	return map[string]Method{
		"run": func(c *Call) (Value, error) {
			e, err := self(c)
			if err != nil {
				return nil, err
			}
			return c.th.runText(e.script, e.binding), c.Want(0, 0)
		},
		"getBinding": func(c *Call) (Value, error) {
			e, err := self(c)
			if err != nil {
				return nil, err
			}
			return e.binding, nil
		},
		"setBinding": func(c *Call) (Value, error) {
			e, err := self(c)
			if err != nil {
				return nil, err
			}
			b, ok := c.Arg(0).(*Binding)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			e.binding = b
			return nil, nil
		},
	}
}

// evaluateHere is the method evaluate of a script: the text sees the script's binding.
func evaluateHere(c *Call) (Value, error) {
	o, ok := c.This.(*Object)
	if !ok || !o.sc.script {
		return nil, c.NoSuchMethod()
	}
	if err := c.Want(1, 1); err != nil {
		return nil, err
	}
	return c.th.runText(c.th.compileText(c.Str(0)), o.binding), nil
}
