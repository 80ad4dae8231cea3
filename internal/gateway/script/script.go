package script

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/groovy"
)

// mediaType is the one type of scripts that there is.
const mediaType = "application/x-groovy"

// Script is a script of the configuration, compiled. It is safe for concurrent use.
type Script struct {
	vars    []Var // properties and args, the same in every run
	clash   error // an arg that hides a binding: every run fails with it
	client  chain.Handler
	log     *slog.Logger
	globals *globals
	now     func() time.Time

	name    string // of an inline script, in messages
	source  string
	file    *file // nil for inline scripts
	engine  *Engine
	unit    atomic.Pointer[unit]
	compile sync.Mutex
}

// Var is a variable that a scriptable type adds to the common ones.
type Var struct {
	Name  string
	Value any // a Go value of the chain, or plain data
}

// bindings are the names that every script has.
var bindings = []string{"request", "context", "contexts", "attributes", "session", "http", "logger", "globals", "openig"}

// Compile checks the configuration and compiles the script. All problems are reported
// to env; a Script comes back only where there were none. extra names the variables
// that the type adds.
func Compile(env *heap.Env, c *Config, extra ...string) (*Script, error) {
	if c.Type != mediaType {
		env.Fail("type", "expected %q, found %q", mediaType, c.Type)
		return nil, nil
	}
	s := &Script{client: c.ClientHandler.Get(), log: env.Log, globals: newGlobals(), now: env.Now}
	s.bind(env, c, extra)
	var err error
	if s.engine, err = engineFor(env); err != nil {
		return nil, err
	}
	switch {
	case c.Source.set && c.File != "":
		env.Fail("file", "a script is either \"file\" or \"source\", not both")
		return nil, nil
	case c.File != "":
		return s.ofFile(env, c.File)
	case c.Source.set:
		return s.inline(env, c)
	}
	env.Fail("source", "the script is missing: write \"source\" or \"file\"")
	return nil, nil
}

// inline compiles the text of the configuration; errors are told at its lines.
func (s *Script) inline(env *heap.Env, c *Config) (*Script, error) {
	s.name, s.source = inlineName(env), c.Source.text
	u, err := s.engine.compile(s.name, s.source, s.now())
	for _, e := range problems(err) {
		if e.File != s.name {
			env.Fail("source", "%s", e)
			continue
		}
		env.Errs.Add(c.Source.at(e.Line), "line %d of the script, column %d: %s%s", e.Line, e.Col, e.Msg, excerpt(e))
	}
	if err != nil {
		return nil, nil
	}
	for _, w := range u.script.Warnings() {
		env.Warn("source", "%s", w)
	}
	u.pick(s)
	s.unit.Store(u)
	return s, nil
}

// inlineName names a script by its object and document.
func inlineName(env *heap.Env) string {
	file := env.Config.File()
	if file == "" {
		return env.Name
	}
	return file + "#" + env.Name
}

// problems splits what the compiler found.
func problems(err error) []*groovy.Error {
	switch e := err.(type) {
	case nil:
		return nil
	case *groovy.Error:
		return []*groovy.Error{e}
	case interface{ Unwrap() []error }:
		var all []*groovy.Error
		for _, x := range e.Unwrap() {
			all = append(all, problems(x)...)
		}
		return all
	}
	return []*groovy.Error{{Msg: err.Error()}}
}

// bind collects the variables that are the same in every run: properties of the
// document, then args.
func (s *Script) bind(env *heap.Env, c *Config, extra []string) {
	taken := map[string]bool{}
	for _, n := range append(append([]string{}, bindings...), extra...) {
		taken[n] = true
	}
	at := map[string]int{}
	set := func(name string, v groovy.Value) {
		if i, ok := at[name]; ok {
			s.vars[i].Value = v
			return
		}
		at[name] = len(s.vars)
		s.vars = append(s.vars, Var{name, v})
	}
	env.Heap.Bindings().Names(func(name string, v any) {
		if !taken[name] {
			set(name, toScript(v))
		}
	})
	args := groovy.NewMap()
	for i, name := range c.Args.names {
		if taken[name] {
			s.clash = errors.New("the arg " + name + " has the name of a variable that scripts have already")
			env.Warn("args."+name, "%s is a variable of every script: each run will fail", name)
		}
		set(name, c.Args.values[i])
		args.Put(name, c.Args.values[i])
	}
	if _, ok := at["args"]; !ok {
		set("args", args)
	}
	if v, ok := env.Heap.Bindings().Lookup("openig"); ok {
		set("openig", toScript(v))
	}
	set("logger", logger{s.log, loggerName(env.Type, env.Name)})
	set("globals", s.globals)
}

// current is the compiled script, for files the one of today.
func (s *Script) current() (*unit, error) {
	if s.file == nil {
		return s.unit.Load(), nil
	}
	return s.fresh()
}
