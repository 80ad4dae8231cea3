package script

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"

	"gatehouse/internal/groovy"
)

// Error says where and why a script failed. It is for logs and administrators: its
// message may come from the script itself.
type Error struct {
	Script       string // name of the script
	Line, Column int    // from 1; 0: the place is not known
	Message      string
	// Limit is the limit that ended the script: "time", "depth", "memory", "cancelled",
	// "steps" or "regexp"; empty when it failed by itself.
	Limit string
	// Frames are the script's active calls, innermost first.
	Frames []Frame
	cause  error
}

// Frame is one line of a script's stack trace.
type Frame struct {
	Function     string
	Line, Column int
}

// Error is "script "name":line:column: message".
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "script %q", e.Script)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
		if e.Column > 0 {
			fmt.Fprintf(&b, ":%d", e.Column)
		}
	}
	return b.String() + ": " + e.Message
}

// Unwrap gives the error of the server that the script met, if it was one.
func (e *Error) Unwrap() error { return e.cause }

// InvalidScope is what a scope validation script throws to refuse a request. Its text
// is public.
type InvalidScope struct{ Description string }

// Error gives the text that the client is told.
func (e *InvalidScope) Error() string { return "invalid_scope: " + e.Description }

// Problem is a mistake in a script's text, as the editor shows it.
type Problem struct {
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
}

const maxMessage = 2048

func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

// failure brings the errors of both engines into one form.
func failure(script string, err error) error {
	if err == nil {
		return nil
	}
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	e := &Error{Script: script, cause: err}
	var thrown *groovy.Thrown
	var limit *groovy.LimitError
	var internal *groovy.InternalError
	var exception *goja.Exception
	var interrupted *goja.InterruptedError
	var overflow *goja.StackOverflowError
	switch {
	case errors.As(err, &interrupted):
		reason, _ := interrupted.Value().(*exceeded)
		if reason != nil {
			e.Message, e.Limit, e.cause = reason.Error(), reason.limit, reason.cause
		}
		e.jsFrames(interrupted.Stack())
	case errors.As(err, &overflow):
		e.Message, e.Limit, e.cause = "the script's calls are nested too deeply", "depth", nil
		e.jsFrames(overflow.Stack())
	case errors.As(err, &exception):
		var in error
		if e.Message, in = thrownText(exception.Value()); in != nil {
			return failure(script, in)
		}
		e.cause = nil // its text may come at the cost of running code
		if t := thrownBy(exception.Value()); t != nil {
			e.cause = t
		}
		e.jsFrames(exception.Stack())
	case errors.As(err, &limit):
		e.Message, e.Limit, e.cause, e.Line = (&groovy.LimitError{Limit: limit.Limit}).Error(), limit.Limit, limit.Cause, limit.Line
		e.groovyFrames(limit.Frames)
	case errors.As(err, &thrown):
		e.Message, e.cause = thrown.Class+": "+thrown.Message, thrown
		e.groovyFrames(thrown.Frames)
	case errors.As(err, &internal):
		e.Message = "internal error of the interpreter"
	default:
		e.Message = err.Error()
	}
	e.Message = clip(e.Message, maxMessage)
	return e
}

func (e *Error) groovyFrames(frames []groovy.StackFrame) {
	for _, f := range frames {
		e.Frames = append(e.Frames, Frame{f.Func, f.Line, f.Col})
	}
	e.place()
}

func (e *Error) jsFrames(stack []goja.StackFrame) {
	for _, f := range stack {
		p := f.Position()
		if p.Line == 0 || f.SrcName() == guardName {
			continue
		}
		if len(e.Frames) == 0 && f.SrcName() != "" {
			e.Script = f.SrcName() // that of a library, perhaps
		}
		if e.Frames = append(e.Frames, Frame{f.FuncName(), p.Line, p.Column}); len(e.Frames) == 32 {
			break
		}
	}
	e.place()
}

func (e *Error) place() {
	if len(e.Frames) > 0 {
		e.Line, e.Column = e.Frames[0].Line, e.Frames[0].Column
	}
}

// problems brings the compile errors of both languages into one form.
func problems(err error) []Problem {
	var list parser.ErrorList
	var syntax *goja.CompilerSyntaxError
	var reference *goja.CompilerReferenceError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &list):
		var out []Problem
		for _, e := range list {
			out = append(out, Problem{e.Position.Line, e.Position.Column, e.Message})
			if len(out) == 20 {
				break
			}
		}
		return out
	case errors.As(err, &syntax):
		return []Problem{compilerProblem(&syntax.CompilerError)}
	case errors.As(err, &reference):
		return []Problem{compilerProblem(&reference.CompilerError)}
	}
	if out := groovyProblems(err); len(out) > 0 {
		return out
	}
	return []Problem{{Message: err.Error()}}
}

func compilerProblem(e *goja.CompilerError) Problem {
	p := Problem{Message: e.Message}
	if e.File != nil {
		at := e.File.Position(e.Offset)
		p.Line, p.Column = at.Line, at.Column
	}
	return p
}

func groovyProblems(err error) []Problem {
	var one *groovy.Error
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var out []Problem
		for _, e := range many.Unwrap() {
			out = append(out, groovyProblems(e)...)
		}
		return out
	}
	if errors.As(err, &one) {
		return []Problem{{one.Line, one.Col, one.Msg}}
	}
	return nil
}
