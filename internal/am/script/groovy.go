package script

import (
	"errors"
	"time"

	"gatehouse/internal/groovy"
)

// groovyProgram is a compiled Groovy script.
type groovyProgram struct {
	script *groovy.Script
	names  names
}

func newGroovy(l Limits) *groovy.Engine {
	return groovy.New(groovy.Env{
		Classes: append(groovy.JDK(), hostClasses()...),
		// Scripts that were written for other servers import classes which they never use.
		LenientImports: true,
		Limits:         groovy.Limits{Wall: l.Wall, Depth: l.Depth, Bytes: l.Bytes, Regexp: min(l.Wall, time.Second)},
	})
}

func (e *Engine) compileGroovy(name, source string) (*groovyProgram, error) {
	s, err := e.groovy.Compile(name, source)
	if err != nil {
		return nil, err
	}
	return &groovyProgram{s, namesIn(source)}, nil
}

func (p *groovyProgram) run(r *run, vars []binding, function string) (groovy.Value, error) {
	b := groovy.NewBinding(nil)
	for _, v := range vars {
		if p.names.has(v.name) {
			value := v.value(r)
			if _, none := value.(undefined); none {
				value = nil
			}
			b.Set(v.name, value)
		}
	}
	var out groovy.Value
	var err error
	switch {
	case function == "":
		out, err = p.script.Run(r.ctx, b)
	case p.script.HasMethod(function):
		out, err = p.script.Call(r.ctx, b, function)
	default:
		err = illegal("the script has no function %s", function)
	}
	if err == nil {
		for name := range r.out {
			r.out[name], _ = b.Get(name)
		}
		err = r.finish()
	}
	if err != nil {
		if in, ok := errors.AsType[*groovy.InternalError](err); ok {
			r.eng.options.Log.ErrorContext(r.ctx, "script: the interpreter failed", "script", r.script.Name, "panic", in.Cause, "stack", in.Stack)
		}
		return nil, failure(r.script.Name, err)
	}
	return out, nil
}
