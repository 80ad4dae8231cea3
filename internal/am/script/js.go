package script

import (
	_ "embed"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/dop251/goja"

	"gatehouse/internal/groovy"
)

// jsProgram is a compiled JavaScript program.
type jsProgram struct {
	prog    *goja.Program
	names   names
	nextGen bool
	guard   guard
	joins   bool // the program, or a library of its, joins texts
	each    bool // the program has loops over values
}

// js is one run of a JavaScript program in a virtual machine of its own.
type js struct {
	vm      *goja.Runtime
	run     *run
	names   *names
	nextGen bool
	classes map[*groovy.Class]*goja.Object
	known   map[*goja.Object]*groovy.Class // the reverse
	missing map[*goja.Object]string        // stands for a class that there is not
	walk    *goja.Object                   // prototype of collections
	maps    *goja.Object                   // prototypes of maps and lists in the newer dialect
	lists   *goja.Object
	modules map[string]*goja.Object // that the script required
}

const guardName = "guard.js"

//go:embed guard.js
var guardSource string

var (
	guardProgram = goja.MustCompile(guardName, guardSource, true)
	eachProgram  = goja.MustCompile(eachName, eachSource, true)
)

func (p *jsProgram) run(r *run, vars []binding, function string) (v groovy.Value, err error) {
	j := &js{vm: goja.New(), run: r, names: &p.names, nextGen: p.nextGen}
	limits := r.eng.options.Limits
	j.vm.SetMaxCallStackSize(limits.Depth)
	w := startWatch(r.ctx, j.vm, limits)
	defer w.stop()
	r.pause = w.pause
	defer func() { // before the watch stops: the text of what was thrown may be script code
		if x := recover(); x != nil {
			err = j.recovered(x)
		}
		if err != nil {
			v, err = nil, failure(r.script.Name, err)
		}
	}()
	j.globals(vars)
	if p.joins {
		if err := j.putJoin(); err != nil {
			return nil, err
		}
	}
	if p.each || p.nextGen && p.names.words["require"] {
		v, err := j.vm.RunProgram(eachProgram)
		if err != nil {
			return nil, err
		}
		j.set(eachName, v)
	}
	if p.guard != guardNone {
		if err := j.putGuards(p.guard == guardAll); err != nil {
			return nil, err
		}
	}
	out, err := j.vm.RunProgram(p.prog)
	if err == nil && function != "" {
		out, err = j.callNamed(function)
	}
	if err != nil {
		return nil, err
	}
	v = j.from(out)
	for name := range r.out {
		r.out[name] = j.from(j.vm.Get(name))
	}
	return v, r.finish()
}

// putGuards bounds the built-in functions that the script names, or all.
func (j *js) putGuards(all bool) error {
	v, err := j.vm.RunProgram(guardProgram)
	if err != nil {
		return err
	}
	put, _ := goja.AssertFunction(v)
	_, err = put(goja.Undefined(), j.vm.ToValue(all), j.vm.ToValue(func(call goja.FunctionCall) goja.Value {
		return j.vm.ToValue(all || j.names.has(call.Argument(0).String()))
	}))
	return err
}

func (j *js) callNamed(function string) (goja.Value, error) {
	fn, ok := goja.AssertFunction(j.vm.Get(function))
	if !ok {
		return nil, illegal("the script has no function %s", function)
	}
	args := make([]goja.Value, len(j.run.args))
	for i, a := range j.run.args {
		args[i] = j.to(a)
	}
	return fn(goja.Undefined(), args...)
}

// recovered turns what the virtual machine panicked with into an error: exceptions of
// conversions outside of it, and its own mistakes, which are logged.
func (j *js) recovered(x any) error {
	switch e := x.(type) {
	case *goja.Exception:
		return e
	case *goja.InterruptedError:
		return e
	case *goja.StackOverflowError:
		return e
	case goja.Value:
		return j.vm.Try(func() { panic(e) })
	}
	j.run.eng.options.Log.ErrorContext(j.run.ctx, "script: the interpreter failed", "script", j.run.script.Name, "panic", x, "stack", string(debug.Stack()))
	return &Error{Script: j.run.script.Name, Message: "internal error of the interpreter"}
}

// globals sets the variables that the script names.
func (j *js) globals(vars []binding) {
	for _, b := range vars {
		if j.names.has(b.name) {
			j.set(b.name, j.to(b.value(j.run)))
		}
	}
	if j.nextGen {
		if j.names.has("require") {
			j.set("require", j.vm.ToValue(j.require))
		}
	}
	j.javaGlobals()
	j.javaStrings()
}

func (j *js) set(name string, v goja.Value) {
	if err := j.vm.Set(name, v); err != nil {
		panic(err) // the names are this package's own
	}
}

// callable is a function of a script.
type callable interface {
	call(args ...groovy.Value) (groovy.Value, error)
}

// jsFunction is a JavaScript function.
type jsFunction struct {
	j  *js
	fn goja.Callable
	v  goja.Value
}

func (f jsFunction) call(args ...groovy.Value) (groovy.Value, error) {
	in := make([]goja.Value, len(args))
	for i, a := range args {
		in[i] = f.j.to(a)
	}
	out, err := f.fn(goja.Undefined(), in...)
	if err != nil {
		return nil, err
	}
	return f.j.from(out), nil
}

// function makes a method of a host, or a static one, callable.
func (j *js) function(name string, class *groovy.Class, this groovy.Value, m groovy.Method) goja.Value {
	return j.vm.ToValue(func(call goja.FunctionCall) goja.Value {
		v := j.invoke(&groovy.Call{Class: class, Name: name, This: this, Args: j.args(call.Arguments)}, m)
		if h, ok := v.(groovy.Host); ok && this != nil && h == this { // a call that gives the object itself, to go on with
			return call.This
		}
		return j.to(v)
	})
}

func (j *js) invoke(c *groovy.Call, m groovy.Method) groovy.Value {
	c.Ctx = j.run.ctx
	v, err := m(c)
	if err != nil {
		panic(j.throwable(err))
	}
	return v
}

func (j *js) args(in []goja.Value) []groovy.Value {
	out := make([]groovy.Value, len(in))
	for i, a := range in {
		out[i] = j.from(a)
	}
	return out
}

// throwable makes what a script catches of a host's error: an Error whose javaException
// is the exception. An exception of script code goes on as it is.
func (j *js) throwable(err error) any {
	var exception *goja.Exception
	if errors.As(err, &exception) {
		return exception.Value()
	}
	var interrupted *goja.InterruptedError
	if errors.As(err, &interrupted) {
		return interrupted
	}
	var overflow *goja.StackOverflowError
	if errors.As(err, &overflow) {
		return overflow
	}
	var t *groovy.Thrown
	if !errors.As(err, &t) {
		t = &groovy.Thrown{Class: "java.lang.RuntimeException", Message: err.Error(), Cause: err}
	}
	e, fault := j.vm.New(j.vm.Get("Error"), j.vm.ToValue(t.Class+": "+t.Message))
	if fault != nil {
		return j.vm.NewGoError(err)
	}
	_ = e.Set("name", "JavaException") // a fresh object takes every member
	_ = e.Set("javaException", j.wrap(t))
	return e
}

func (j *js) rangeError(text string) goja.Value {
	e, err := j.vm.New(j.vm.Get("RangeError"), j.vm.ToValue(text))
	if err != nil {
		return j.vm.NewTypeError(text)
	}
	return e
}

func (j *js) typeError(format string, args ...any) *goja.Object {
	return j.vm.NewTypeError(fmt.Sprintf(format, args...))
}

// thrownBy finds the Java exception behind what a script threw.
func thrownBy(v goja.Value) *groovy.Thrown {
	o, ok := v.(*goja.Object)
	if !ok {
		return nil
	}
	if h, ok := o.Export().(*jsObject); ok {
		t, _ := h.v.(*groovy.Thrown)
		return t
	}
	if o.ClassName() != "Error" {
		return nil
	}
	inner, ok := o.Get("javaException").(*goja.Object)
	if !ok {
		return nil
	}
	h, ok := inner.Export().(*jsObject)
	if !ok {
		return nil
	}
	t, _ := h.v.(*groovy.Thrown)
	return t
}

// thrownText is the text of what a script threw. Its toString may be script code, which
// fails in turn, or passes a limit: the error.
func thrownText(v goja.Value) (s string, err error) {
	defer func() {
		switch x := recover().(type) {
		case nil:
		case *goja.InterruptedError:
			err = x
		case *goja.StackOverflowError:
			err = x
		default:
			s = "the script threw what has no text"
		}
	}()
	if v == nil {
		return "the script threw nothing", nil
	}
	if t := thrownBy(v); t != nil {
		return text(t), nil
	}
	return v.String(), nil
}
