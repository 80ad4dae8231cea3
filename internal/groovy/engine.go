package groovy

import (
	"context"
	"path"
	"sort"
	"strings"
	"time"
)

// Env is what an embedder gives its scripts.
type Env struct {
	Classes     []*Class // nested classes are reached through Class.Inner
	StarImports []string // packages whose classes need no import
	Imports     []string // classes that need no import
	Statics     []string // classes whose static methods and fields need no import
	// Load finds the source of a class by its full name, as a class path would.
	Load   func(class string) (file, src string, ok bool)
	Limits Limits
	Out    func(ctx context.Context, text string) // println and print; nil drops the text
	// Getenv and Property answer System.getenv and System.getProperty; nil knows nothing.
	Getenv, Property func(name string) (string, bool)
	// Open is URL.openConnection; nil refuses. The object has getInputStream.
	Open func(c *Call, url string) (Value, error)
	Now  func() time.Time // nil: time.Now
	// LenientImports makes the import of an unknown class a warning
	// (Script.Warnings) as long as the script never uses its name.
	LenientImports bool
}

// Engine compiles scripts for one Env. It is safe for concurrent use.
type Engine struct {
	env     Env
	byName  map[string]*Class
	simple  map[string]*Class // visible without import
	known   []string
	statics []*Class
	metas   metas
	object  *Class
	res     *patternCache
	cores   coreSet
}

// New makes an engine. Later classes of the same name replace earlier ones.
func New(env Env) *Engine {
	env.Limits = env.Limits.withDefaults()
	if env.Now == nil {
		env.Now = time.Now
	}
	e := &Engine{env: env, byName: map[string]*Class{}, simple: map[string]*Class{}, res: newPatternCache()}
	e.metas.m = map[*Class]*meta{}
	for _, c := range coreClasses() {
		e.register(c)
	}
	for _, c := range env.Classes {
		e.register(c)
	}
	e.object = e.byName["java.lang.Object"]
	for name := range e.byName {
		e.known = append(e.known, name)
	}
	sort.Strings(e.known)
	e.defaults()
	e.cores.fill(e)
	for _, n := range env.Statics {
		if c := e.byName[n]; c != nil {
			e.statics = append(e.statics, c)
		}
	}
	return e
}

func (e *Engine) register(c *Class) {
	e.byName[c.Name] = c
	for name, in := range c.Inner {
		e.byName[c.Name+"."+name] = in
		e.byName[c.Name+"$"+name] = in
		if in.Name != c.Name {
			e.register(in)
		}
	}
}

var defaultPackages = []string{"java.lang", "java.util", "java.io", "java.net", "groovy.lang", "groovy.util"}

func (e *Engine) defaults() {
	packs := map[string]bool{}
	for _, p := range append(append([]string{}, e.env.StarImports...), defaultPackages...) {
		packs[strings.TrimSuffix(p, ".*")] = true
	}
	for _, name := range e.known {
		i := strings.LastIndexByte(name, '.')
		if i < 0 {
			e.simple[name] = e.byName[name]
		} else if packs[name[:i]] && !strings.Contains(name, "$") {
			e.simple[name[i+1:]] = e.byName[name]
		}
	}
	for _, name := range append([]string{"java.math.BigInteger", "java.math.BigDecimal"}, e.env.Imports...) {
		if c := e.byName[name]; c != nil {
			e.simple[simpleName(name)] = c
		}
	}
}

// Script is a compiled script. It is immutable and safe for concurrent use.
type Script struct {
	eng      *Engine
	name     string
	class    *scriptClass
	warnings []string
	// Warnings are set by LenientImports.
}

// Warnings lists what the compiler accepted but did not like.
func (s *Script) Warnings() []string { return s.warnings }

// Compile parses and resolves a script. Errors are *Error, several of them
// joined with errors.Join. file only serves messages and the script's class name.
func (e *Engine) Compile(file, src string) (*Script, error) {
	c := &compiler{eng: e, loaded: map[string]*Class{}}
	return c.script(file, src)
}

func scriptName(file string) string {
	name := strings.TrimSuffix(path.Base(strings.ReplaceAll(file, "\\", "/")), ".groovy")
	var b strings.Builder
	for i, r := range name {
		switch {
		case r == '_', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', i > 0 && r >= '0' && r <= '9':
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
	}
	if b.Len() == 0 {
		return "Script1"
	}
	return b.String()
}

// Binding holds a run's variables: those given by the host and those the script
// assigns without declaring them. It is safe for concurrent use.
type Binding struct {
	vars *Map // locks itself
}

// NewBinding makes a binding with the given variables.
func NewBinding(vars map[string]Value) *Binding {
	b := &Binding{vars: NewMap()}
	names := make([]string, 0, len(vars))
	for k := range vars {
		names = append(names, k)
	}
	sort.Strings(names)
	for _, k := range names {
		b.vars.Put(k, FromGo(vars[k]))
	}
	return b
}

// Set gives a variable a value.
func (b *Binding) Set(name string, v Value) { b.vars.Put(name, FromGo(v)) }

// Get reads a variable.
func (b *Binding) Get(name string) (Value, bool) { return b.vars.Get(name) }

// Names lists the variables in the order they appeared.
func (b *Binding) Names() []string {
	var out []string
	for _, k := range b.vars.Keys() {
		out = append(out, ToString(k))
	}
	return out
}

// Run executes the script and gives its result. The error is a *Thrown for an
// exception the script did not catch, or a *LimitError. Values returned, and
// closures handed to hosts, may be used after Run has returned.
func (s *Script) Run(ctx context.Context, vars *Binding) (Value, error) {
	return s.run(ctx, vars, func(th *thread, this *Object) Value { return th.runScript(this) })
}

// Call runs a method the script defines, after the script itself has run once
// with the same binding; AM's validators are written that way.
func (s *Script) Call(ctx context.Context, vars *Binding, method string, args ...Value) (Value, error) {
	return s.run(ctx, vars, func(th *thread, this *Object) Value {
		th.runScript(this)
		return th.callMethod(this, method, fromHosts(args))
	})
}

// run calls do with a new instance of the script.
func (s *Script) run(ctx context.Context, vars *Binding, do func(*thread, *Object) Value) (v Value, err error) {
	if vars == nil {
		vars = NewBinding(nil)
	}
	r := &run{eng: s.eng, script: s, binding: vars}
	th, err := r.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer r.leave(th)
	defer th.recoverErr(&err, th.mark())
	return do(th, th.newScriptObject(s.class)), nil
}

// HasMethod tells whether the script defines a method of that name.
func (s *Script) HasMethod(name string) bool { return len(s.class.methods[name]) > 0 }
