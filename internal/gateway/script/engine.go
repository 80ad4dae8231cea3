package script

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/groovy"
	"gatehouse/internal/observe"
)

// Engine compiles scripts that see the gateway's classes and the files of the folder
// of scripts.
type Engine struct {
	limited  *observe.Tally // runs that a limit ended
	groovy   *groovy.Engine
	dir      string
	instance string // folder below which scripts may read files

	mu     sync.Mutex // held while compiling, for loaded
	loaded []stamp
}

// unit is a script after one compilation.
type unit struct {
	script *groovy.Script
	err    error   // of a file that got broken
	files  []stamp // files that it was made of
	words  words
	uses   uses
	// parallel says that calls of http run beside the script. A script with one place
	// that sends gains nothing from it.
	parallel bool
	reaches  bool  // its runs may open files or connections
	vars     []Var // those of the script that its text mentions
}

// starImports and imports are what scripts see without an import.
var (
	starImports = []string{"org.forgerock.http.protocol", "org.forgerock.http.header", validationPackage}
	imports     = []string{
		"org.forgerock.http.Client", "org.forgerock.http.Filter", "org.forgerock.http.Handler",
		"org.forgerock.http.filter.throttling.ThrottlingRate", "org.forgerock.http.util.Uris",
		"org.forgerock.util.AsyncFunction", "org.forgerock.util.Function", "org.forgerock.util.promise.NeverThrowsException",
		"org.forgerock.util.promise.Promise", "org.forgerock.services.context.Context", "org.forgerock.json.JsonValue",
	}
	statics = []string{
		validationPackage + ".Constraints", "org.forgerock.json.JsonValue", "org.forgerock.util.promise.Promises",
		"org.forgerock.secrets.Purpose",
	}
)

// engineType is the object that the scripts of one gateway share: its tables of classes
// are large and always the same.
var engineType = heap.Define("ScriptEngine", func(_ *struct{}, env *heap.Env) (*Engine, error) { return newEngine(env) })

// EngineName is the name under which a heap may declare the engine for all scripts.
// Where there is none each script makes its own.
const EngineName = "ScriptEngine"

func engineFor(env *heap.Env) (*Engine, error) {
	if env.Heap.Declared(EngineName) {
		if v, ok := env.Heap.Get(EngineName); ok {
			if e, is := v.(*Engine); is {
				return e, nil
			}
		}
	}
	return newEngine(env)
}

// newEngine reads the limits and makes an engine.
func newEngine(env *heap.Env) (*Engine, error) {
	limits, err := limitsOf(env)
	if err != nil {
		return nil, err
	}
	e := &Engine{limited: observe.NewTally(observe.ScriptLimits...), dir: env.Dirs.Scripts, instance: env.Dirs.Instance}
	log := env.Logger
	e.groovy = groovy.New(groovy.Env{
		Classes: classes(log), StarImports: starImports, Imports: imports, Statics: statics, Load: e.load, Limits: limits,
		Out: func(ctx context.Context, text string) {
			if line := strings.TrimRight(text, "\r\n"); line != "" {
				log.Log(ctx, slog.LevelInfo, line)
			}
		},
		Now: env.Now, Getenv: env.Getenv, Property: env.System, Open: openURL, LenientImports: true,
	})
	env.Measure(e.samples)
	return e, nil
}

// samples are the metrics of the scripts of this engine.
func (e *Engine) samples() (list []heap.Sample) {
	e.limited.Each(func(limit string, n uint64) {
		list = append(list, heap.Sample{Metric: "gatehouse_script_limit_total", Kind: heap.Counter, Labels: []string{"limit", limit}, Value: float64(n)})
	})
	return list
}

// note counts a run that a limit ended.
func (e *Engine) note(err error) {
	var limit *groovy.LimitError
	if err != nil && errors.As(err, &limit) {
		e.limited.Add(limit.Limit)
	}
}

// limitsOf reads the limits of scripts from system properties; those that are not set
// are the language's own.
func limitsOf(env *heap.Env) (groovy.Limits, error) {
	var l groovy.Limits
	if env.System == nil {
		return l, nil
	}
	for name, set := range map[string]func(n int64){
		"script.maxSteps":        func(n int64) { l.Steps = n },
		"script.maxDepth":        func(n int64) { l.Depth = int(n) },
		"script.maxMemoryBytes":  func(n int64) { l.Bytes = n },
		"script.maxMillis":       func(n int64) { l.Wall = time.Duration(n) * time.Millisecond },
		"script.maxRegexpMillis": func(n int64) { l.Regexp = time.Duration(n) * time.Millisecond },
		"script.maxWaitMillis":   func(n int64) { l.Wait = time.Duration(n) * time.Millisecond },
	} {
		v, ok := env.System(name)
		if !ok || v == "" {
			continue
		}
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n <= 0 {
			return l, fmt.Errorf("the system property %s: expected a positive number, found %q", name, v)
		}
		set(n)
	}
	return l, nil
}

// compile makes a unit. now is when its files count as checked.
func (e *Engine) compile(name, source string, now time.Time) (*unit, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.loaded = nil
	s, err := e.groovy.Compile(name, source)
	u := &unit{script: s, err: err, files: e.loaded}
	if err != nil {
		return u, err
	}
	u.words = wordsOf(source)
	u.reaches = len(e.loaded) > 0 || u.words.reaches() // what other classes do is not looked at
	u.parallel = strings.Count(source, ".send(") > 1 || strings.Contains(source, "when(")
	return u, nil
}

// words are the identifiers of a script: variables that it cannot mean need not be
// bound.
type words map[string]bool

// dynamic are words of scripts that can reach variables by computed names.
var dynamic = []string{"binding", "getBinding", "this", "owner", "delegate", "thisObject", "getProperty", "hasProperty",
	"getVariable", "hasVariable", "getVariables", "variables", "evaluate", "properties", "getProperties", "GroovyShell", "Eval"}

// wordsOf finds the words of a source; nil means that any variable may be meant.
func wordsOf(source string) words {
	w := words{}
	start := -1
	for i := 0; i <= len(source); i++ {
		if i < len(source) && wordByte(source[i]) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			w[source[start:i]] = true
			start = -1
		}
	}
	for _, d := range dynamic {
		if w[d] {
			return nil
		}
	}
	if strings.Contains(source, `\u`) { // an identifier may be spelled with escapes
		return nil
	}
	return w
}

func wordByte(c byte) bool {
	return c == '_' || c >= 0x80 || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func (w words) has(name string) bool { return w == nil || w[name] }

// excerpt is the line of a mistake with a caret.
func excerpt(e *groovy.Error) string {
	if e.Source == "" {
		return ""
	}
	_, rest, ok := strings.Cut(e.Error(), "\n")
	if !ok {
		return ""
	}
	return "\n" + rest
}
