package script

import (
	"errors"
	"strings"
	"sync"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"

	"gatehouse/internal/am/realm"
)

// MaxSource bounds a script's text, in bytes; the parsers take long, and deep stacks, for what is
// nested all the way through a larger one.
const MaxSource = 128 << 10

var errTooLong = errors.New("the script is too long")

// maxPrograms bounds the compiled scripts that are kept: more than a server of many
// realms uses at a time.
const maxPrograms = 256

// programs keeps compiled scripts by what they were compiled from.
type programs struct {
	mu    sync.Mutex
	kept  map[programKey]*keptProgram
	clock uint64
}

type programKey struct {
	name, language, source string
	nextGen, library       bool
}

type keptProgram struct {
	program  program
	err      error
	lastUsed uint64
}

func newPrograms() *programs { return &programs{kept: map[programKey]*keptProgram{}} }

func (c *programs) find(e *Engine, s *realm.Script) (program, error) {
	key := programKey{s.Name, s.Language, s.Source, nextGen(s), s.Context == realm.ContextLibrary}
	c.mu.Lock()
	c.clock++
	if k, ok := c.kept[key]; ok {
		k.lastUsed = c.clock
		c.mu.Unlock()
		return k.program, k.err
	}
	c.mu.Unlock()
	var p program
	var err error
	if key.library {
		p, err = compileLibrary(s.Name, s.Source)
	} else {
		p, err = e.compile(s.Name, s.Language, s.Source, key.nextGen)
	}
	if err != nil {
		err = compileError(s.Name, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.kept) >= e.options.Held.Number("compiled_scripts", maxPrograms) {
		c.dropOldest()
		e.options.Held.Add("compiled_scripts")
	}
	c.kept[key] = &keptProgram{p, err, c.clock}
	return p, err
}

func (c *programs) dropOldest() {
	var oldest programKey
	used := c.clock + 1
	for key, k := range c.kept {
		if k.lastUsed < used {
			oldest, used = key, k.lastUsed
		}
	}
	delete(c.kept, oldest)
}

func compileError(name string, err error) error {
	p := problems(err)[0]
	return &Error{Script: name, Line: p.Line, Column: p.Column, Message: clip(p.Message, maxMessage)}
}

// nextGen tells the dialect. The context decides, whatever evaluator version the script
// claims (PingAM: a version 2.0 on an older context is stored as 1.0).
func nextGen(s *realm.Script) bool {
	switch s.Context {
	case realm.ContextTreeDecision:
		return s.Evaluator == "2.0"
	case realm.ContextLibrary, realm.ContextScriptedDecision, realm.ContextCacheLoader:
		return true
	}
	return strings.HasSuffix(s.Context, "_NEXT_GEN")
}

const languageGroovy = "GROOVY"

// compile reads a script in its declared language, and in the other one if it does not
// parse: administrators paste a script in one language over a shipped one in the other.
// The newer dialect is JavaScript only. The error is that of the declared language.
func (e *Engine) compile(name, language, source string, next bool) (program, error) {
	if len(source) > MaxSource {
		return nil, errTooLong
	}
	if next {
		return compileJS(name, source, true)
	}
	if language != languageGroovy {
		p, err := compileJS(name, source, false)
		if err == nil {
			return p, nil
		}
		if functionKeyword(source) {
			return nil, err
		}
		if g, other := e.compileGroovy(name, source); other == nil {
			return g, nil
		}
		return nil, err
	}
	g, err := e.compileGroovy(name, source)
	if err == nil && !onlyJavaScript(source, g) {
		return g, nil
	}
	if p, other := compileJS(name, source, false); other == nil {
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	return g, nil
}

// onlyJavaScript tells JavaScript which Groovy takes for calls of a method "function"
// with a closure.
func onlyJavaScript(source string, g *groovyProgram) bool {
	return g.names.words["function"] && !g.script.HasMethod("function") && functionKeyword(source)
}

// Validate looks for mistakes in a script's text without running it; no problems mean
// that it can run. language is "JAVASCRIPT" or "GROOVY", evaluator "1.0", "2.0" or "".
func (e *Engine) Validate(language, evaluator, source string) []Problem {
	if evaluator == "2.0" && language == languageGroovy {
		return []Problem{{Message: "scripts of version 2.0 are JavaScript"}}
	}
	_, err := e.compile("script", language, source, evaluator == "2.0")
	return problems(err)
}

func compileJS(name, source string, next bool) (*jsProgram, error) {
	ast, err := parser.ParseFile(nil, name, source, 0, parser.WithDisableSourceMaps)
	each := false
	if err != nil {
		if plain, ok := withoutForEach(source); ok {
			if again, other := parser.ParseFile(nil, name, plain, 0, parser.WithDisableSourceMaps); other == nil {
				ast, err, source, each = again, nil, plain, true
			}
		}
	}
	if err != nil {
		return nil, err
	}
	joins, err := checkShape(ast)
	if err != nil {
		return nil, err
	}
	prog, err := goja.CompileAST(ast, false)
	if err != nil {
		return nil, err
	}
	n := namesIn(source)
	n.all = n.all || next && n.words["require"] // a library names what it likes
	return &jsProgram{prog: prog, names: n, nextGen: next, guard: guardFor(source, n), joins: joins || next && n.words["require"], each: each}, nil
}
