package script

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/groovy"
	"gatehouse/internal/observe"
)

// Options are what an Engine needs.
type Options struct {
	Log    *slog.Logger // where scripts log; nil: nowhere
	Limits Limits
	// Held counts what limits of the engine, not of a run, held back; nil: nobody does.
	Held *observe.Limits
	// SaveUser stores what a script set on identity; nil: scripts cannot change users.
	SaveUser SaveUser
	// FetchHosts gives the hosts ("host" or "host:port") with internal addresses that scripts of a realm may call; nil:
	// scripts send no requests.
	FetchHosts func(*realm.Realm) []string
	// Secret reads secrets; nil: scripts cannot.
	Secret ReadSecret
	// Mail sends mails; nil: scripts send none.
	Mail SendMail
	// SetProperty stores a property of a session; nil: scripts cannot change sessions.
	SetProperty SetProperty
	// Resources answers openidm and policy; nil: there is nothing to ask.
	Resources Resources
	// Cache finds caches of scripts; nil: there are none.
	Cache FindCache
	// Library finds library scripts; nil: there are none.
	Library FindLibrary
	// Env looks a variable of the environment up; nil: there is none.
	Env func(name string) (string, bool)
	// Cookie is the name of the session cookie.
	Cookie string
	// Now is what scripts' caches and JWTs go by; nil: time.Now.
	Now func() time.Time
}

// Engine compiles and runs scripts. It is safe for concurrent use.
type Engine struct {
	options  Options
	groovy   *groovy.Engine
	java     *javaNames
	programs *programs
	calls    *calls
	caches   *caches
	limited  *observe.Tally // runs that a limit ended
	failed   atomic.Uint64
}

// Limited counts runs that a limit ended, by the limit.
func (e *Engine) Limited() *observe.Tally { return e.limited }

// Failed is how many runs ended with an error, those that a limit ended among them.
func (e *Engine) Failed() uint64 { return e.failed.Load() }

// New makes an engine.
func New(o Options) *Engine {
	o.Limits = o.Limits.withDefaults()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Engine{options: o, groovy: newGroovy(o.Limits), java: newJavaNames(), programs: newPrograms(), calls: newCalls(), caches: &caches{held: o.Held}, limited: observe.NewTally(observe.ScriptLimits...)}
}

// program is a compiled script of either language.
type program interface {
	// run executes the script, and then the function of that name if it is not empty.
	run(r *run, vars []binding, function string) (groovy.Value, error)
}

// run is one execution of a script.
type run struct {
	ctx       context.Context
	eng       *Engine
	script    *realm.Script
	realm     *realm.Realm
	nextGen   bool
	later     []func() error
	sent      int           // requests to servers
	waited    time.Duration // for their answers
	resources int           // requests for resources
	mails     int           // that were sent
	pause     func() (resume func())
	read      []string // secrets
	in        *Input   // of the request that the run is about, nil when it is about none
	about     any      // what the variables of the script's context are made of
	// args are those of the function that is called.
	args []groovy.Value
	// out are global variables to read when the script is over.
	out map[string]groovy.Value
}

// execute runs a program of this run, and notes what came of it.
func (r *run) execute(p program, vars *variables, function string) (groovy.Value, error) {
	outside := r.ctx
	ctx, span := observe.Start(outside, "script")
	if span.On() {
		span.Set(attribute.String("code.function.name", r.script.Name))
	}
	r.ctx = ctx
	v, err := p.run(r, vars.of(r), function)
	r.ctx = outside
	if err != nil {
		r.eng.failed.Add(1)
		var of *Error
		if errors.As(err, &of) {
			of.Message = r.masked(of.Message)
			if of.Limit != "" {
				r.eng.limited.Add(of.Limit)
			}
		}
	}
	span.End(err)
	return v, err
}

func (r *run) realmPath() string {
	if r.realm == nil {
		return "/"
	}
	return r.realm.Path
}

// collection is what scripts of the dialect expect scopes to be: a set, in the newer
// one a list.
func (r *run) collection(xs []groovy.Value) groovy.Value {
	if r.nextGen {
		return groovy.NewList(xs...)
	}
	return groovy.NewSet(xs...)
}

func (r *run) scopes(xs []string) groovy.Value {
	if r.nextGen {
		return listOf(xs)
	}
	return setOf(xs)
}

// supply passes a value on to take: at once, or if it is a function (Java's Supplier),
// what that gives when the script is over.
func (r *run) supply(v groovy.Value, take func(groovy.Value) error) error {
	var call func() (groovy.Value, error)
	switch f := v.(type) {
	case callable:
		call = func() (groovy.Value, error) { return f.call() }
	case *groovy.Closure:
		call = func() (groovy.Value, error) { return f.Call(r.ctx) }
	default:
		return take(v)
	}
	if len(r.later) >= maxFields {
		return illegal("more than %d functions to call later", maxFields)
	}
	r.later = append(r.later, func() error {
		v, err := call()
		if err != nil {
			return err
		}
		return take(v)
	})
	return nil
}

// finish calls the functions that were handed to supply.
func (r *run) finish() error {
	for _, f := range r.later {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// start finds the compiled script and gives the run for it.
func (e *Engine) start(ctx context.Context, s *realm.Script, rl *realm.Realm) (*run, program, error) {
	p, err := e.programs.find(e, s)
	if err != nil {
		return nil, nil, err
	}
	return &run{ctx: ctx, eng: e, script: s, realm: rl, nextGen: nextGen(s)}, p, nil
}
