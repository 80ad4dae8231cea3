package groovy

import (
	"errors"
	"fmt"
	"strings"
)

const (
	excRuntime       = "groovy.lang.GroovyRuntimeException"
	excNull          = "java.lang.NullPointerException"
	excIllegalArg    = "java.lang.IllegalArgumentException"
	excIllegalState  = "java.lang.IllegalStateException"
	excUnsupported   = "java.lang.UnsupportedOperationException"
	excIndex         = "java.lang.IndexOutOfBoundsException"
	excStrIndex      = "java.lang.StringIndexOutOfBoundsException"
	excNumber        = "java.lang.NumberFormatException"
	excArithmetic    = "java.lang.ArithmeticException"
	excCast          = "org.codehaus.groovy.runtime.typehandling.GroovyCastException"
	excNoElement     = "java.util.NoSuchElementException"
	excStackOverflow = "java.lang.StackOverflowError"
	excNoProperty    = "groovy.lang.MissingPropertyException"
	excNoMethod      = "groovy.lang.MissingMethodException"
	excReadOnly      = "groovy.lang.ReadOnlyPropertyException"
	excJavaRuntime   = "java.lang.RuntimeException"
)

// StackFrame is one line of a script's stack trace.
type StackFrame struct {
	Func string
	File string
	Line int
	Col  int
}

// Thrown is an exception: as error it leaves a script, and as value it is what
// a script catches. A Host method returns one to throw a class of its choice.
type Thrown struct {
	Class   string // full name
	Message string
	NoMsg   bool // getMessage() is null
	// Value is the exception object when it is more than this: an *Object of a
	// script class, or a Host.
	Value      Value
	Frames     []StackFrame
	Cause      error
	Suppressed []Value
	Source     string // the line that threw, for Detail
}

// Error is the class and message as Java prints them, with the place.
func (t *Thrown) Error() string {
	var b strings.Builder
	if len(t.Frames) > 0 {
		fmt.Fprintf(&b, "%s:%d:%d: ", t.Frames[0].File, t.Frames[0].Line, t.Frames[0].Col)
	}
	b.WriteString(t.text())
	return b.String()
}

func (t *Thrown) text() string {
	if t.NoMsg {
		return t.Class
	}
	return t.Class + ": " + t.Message
}

// maxCauses is how many causes of an exception are told.
const maxCauses = 8

// Detail is Error with the source line, a caret, the script's frames and causes.
func (t *Thrown) Detail() string {
	var b strings.Builder
	b.WriteString(t.Error())
	if t.Source != "" && len(t.Frames) > 0 {
		b.WriteString("\n" + excerpt(t.Source, t.Frames[0].Col))
	}
	for _, f := range t.Frames {
		fmt.Fprintf(&b, "\n\tat %s(%s:%d)", f.Func, f.File, f.Line)
	}
	for n, cause := 0, t.Cause; cause != nil && n < maxCauses; n, cause = n+1, errors.Unwrap(cause) {
		var c *Thrown
		if !errors.As(cause, &c) {
			b.WriteString("\ncaused by: " + cause.Error())
			break
		}
		b.WriteString("\ncaused by: " + c.Error())
		cause = c
	}
	return b.String()
}

func (t *Thrown) Unwrap() error { return t.Cause }

// AsThrown gives t. A Host that is an exception with more than a message embeds
// a *Thrown, which makes getMessage, getCause and the stack trace work; its
// class extends java.lang.Throwable or one of its subclasses.
func (t *Thrown) AsThrown() *Thrown { return t }

// Exception gives what a script sees of an error.
func (t *Thrown) Exception() Value {
	if t.Value != nil {
		return t.Value
	}
	return t
}

// frames lists the script's active calls, innermost first.
func (th *thread) frames() []StackFrame {
	var out []StackFrame
	for f := th.top; f != nil && len(out) < 32; f = f.up {
		out = append(out, StackFrame{Func: f.fn.label, File: f.fn.src.file, Line: f.pos.line(), Col: f.pos.col()})
	}
	return out
}

func (th *thread) stamp(t *Thrown) *Thrown {
	if t.Frames == nil && th.top != nil {
		t.Frames = th.frames()
		t.Source = th.top.fn.src.lineText(th.top.pos.line())
		th.alloc(512)
	}
	return t
}

// throw raises a Java exception.
func (th *thread) throw(class, format string, args ...any) {
	panic(th.stamp(&Thrown{Class: class, Message: fmt.Sprintf(format, args...)}))
}

// raise passes on an error of a Go method.
func (th *thread) raise(err error) {
	panic(th.wrap(err))
}

// wrap makes an error something to panic with.
func (th *thread) wrap(err error) any {
	var lim *LimitError
	if errors.As(err, &lim) {
		return lim
	}
	if t, ok := err.(*Thrown); ok {
		return th.stamp(t)
	}
	var in *InternalError
	if errors.As(err, &in) {
		return in
	}
	var t *Thrown
	if errors.As(err, &t) {
		return th.stamp(t)
	}
	return th.stamp(&Thrown{Class: excJavaRuntime, Message: err.Error(), Cause: err})
}

// Throw makes an error which raises the named exception class.
func Throw(class, format string, args ...any) error {
	return &Thrown{Class: class, Message: fmt.Sprintf(format, args...)}
}

// asThrown gives the Thrown behind an exception value.
func (th *thread) asThrown(v Value) *Thrown {
	switch x := v.(type) {
	case *Thrown:
		return th.stamp(x)
	case *Object:
		if t, ok := x.base.(*Thrown); ok {
			t.Value = x
			return th.stamp(t)
		}
	case Host:
		if h, ok := x.(interface{ AsThrown() *Thrown }); ok {
			t := h.AsThrown()
			t.Value = x
			return th.stamp(t)
		}
		if m := th.eng.metaOf(x); m.thrown {
			t := &Thrown{Class: m.class.Name, Value: x}
			if e, ok := x.(error); ok {
				t.Message, t.Cause = e.Error(), e
			} else {
				t.NoMsg = true
			}
			return th.stamp(t)
		}
	}
	th.throw(excCast, "Cannot cast object '%s' with class '%s' to class 'java.lang.Throwable'", th.str(v), th.className(v))
	return nil
}

func missingMethod(th *thread, class, name string, args []Value) *Thrown {
	return &Thrown{Class: excNoMethod, Message: fmt.Sprintf(
		"No signature of method: %s.%s() is applicable for argument types: (%s) values: %s",
		class, name, th.typeNames(args), th.shortValues(args))}
}

func (th *thread) typeNames(args []Value) string {
	names := make([]string, len(args))
	for i, a := range args {
		names[i] = simpleName(th.className(a))
		if a == nil {
			names[i] = "null"
		}
	}
	return strings.Join(names, ", ")
}

func (th *thread) shortValues(args []Value) string {
	out := make([]string, len(args))
	for i, a := range args {
		s := th.safeStr(a)
		if len(s) > 60 {
			s = s[:57] + "..."
		}
		out[i] = s
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// safeStr is str without script code, for messages.
func (th *thread) safeStr(v Value) string {
	switch x := v.(type) {
	case *Object, *Closure:
		return th.className(x)
	}
	return th.str(v)
}
