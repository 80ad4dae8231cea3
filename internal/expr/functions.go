package expr

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"

	"gatehouse/internal/javaregexp"
)

// Function is a function of the language, or a method: its first parameter is
// the receiver then. The tables in funcs_*.go and methods_*.go are the only
// place where one is described; compiler, manual and tests read them.
type Function struct {
	Name     string
	Sig      string // "(text string, from integer?) string"; ? is optional, ... any number
	Doc      string
	Examples []Example
	// Volatile results may differ from call to call (files), so they are never
	// computed at compilation.
	Volatile bool
	// Call gets arguments of the types in Sig, or nil for null. Optional ones
	// that are missing are nil too.
	Call func(site Site, args []Value) (Value, error)

	params  []param
	result  string
	minArgs int
	maxArgs int
}

// Example is printed in the manual and run by a test.
type Example struct {
	Expr string // without ${ }
	Want Value
}

// Site is one call in a template while it is evaluated: what functions may use besides arguments.
type Site struct {
	*place
	scope Scope
}

// place is a call in a template.
type place struct {
	env   *Env
	name  string
	last  atomic.Pointer[javaregexp.Regexp] // the pattern used last, mostly the only one
	cache regexpCache
}

// Warn reports what the caller of a lenient function should know.
func (s Site) Warn(msg string) { s.env.warn(s.scope, s.name+": "+msg, nil) }

func (s Site) warnOf(err error) { s.env.warn(s.scope, s.name+": "+err.Error(), err) }

type paramKind uint8

const (
	paramAny paramKind = iota
	paramText
	paramInteger
	paramList
	paramMap
	paramRegex
)

var paramKinds = map[string]paramKind{
	"any": paramAny, "string": paramText, "integer": paramInteger, "list": paramList, "map": paramMap,
	"regex": paramRegex,
}

type param struct {
	name string
	kind paramKind
}

// signed reads f.Sig. A malformed one is a mistake in our tables.
func signed(f Function) *Function {
	inside, result, ok := strings.Cut(strings.TrimPrefix(f.Sig, "("), ")")
	if !ok {
		panic("expr: signature of " + f.Name)
	}
	f.result = strings.TrimSpace(result)
	for _, p := range strings.Split(inside, ",") {
		if p = strings.TrimSpace(p); p == "" {
			continue
		}
		name, typ, _ := strings.Cut(p, " ")
		base := strings.TrimSuffix(strings.TrimSuffix(typ, "..."), "?")
		k, known := paramKinds[base]
		if !known {
			panic("expr: signature of " + f.Name)
		}
		f.params = append(f.params, param{name, k})
		switch {
		case strings.HasSuffix(typ, "..."):
			f.maxArgs = math.MaxInt
		case strings.HasSuffix(typ, "?"):
			f.maxArgs++
		default:
			f.minArgs++
			f.maxArgs++
		}
	}
	return &f
}

// functionTable has every function by name.
var functionTable = tableOf(textFunctions, regexFunctions, encodingFunctions, urlFunctions,
	listFunctions, numberFunctions, fileFunctions, certificateFunctions, networkFunctions, jsonFunctions)

func tableOf(families ...[]Function) map[string]*Function {
	table := map[string]*Function{}
	for _, f := range slices.Concat(families...) {
		if table[f.Name] != nil {
			panic("expr: two functions are called " + f.Name)
		}
		table[f.Name] = signed(f)
	}
	return table
}

// Functions lists all functions by name, for the manual.
func Functions() []Function { return sorted(functionTable) }

func sorted(table map[string]*Function) []Function {
	list := make([]Function, 0, len(table))
	for _, f := range table {
		list = append(list, *f)
	}
	slices.SortFunc(list, func(a, b Function) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// wantArgs says how many arguments f takes, receivers left out.
func (f *Function) wantArgs(receiver int) string {
	least, most := f.minArgs-receiver, f.maxArgs
	switch {
	case most == math.MaxInt:
		return fmt.Sprintf("at least %s", arguments(least))
	case least == most-receiver:
		return arguments(least)
	}
	return fmt.Sprintf("%d to %s", least, arguments(most-receiver))
}

func arguments(n int) string {
	switch n {
	case 0:
		return "no arguments"
	case 1:
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", n)
}

// invoke coerces args, in place, and calls f.
func (f *Function) invoke(site Site, args []Value) (Value, error) {
	for i := range args {
		p := f.params[min(i, len(f.params)-1)]
		v, err := coerce(args[i], p.kind)
		if err != nil {
			return nil, failf("%s of %s: %w", p.name, f.Name, err)
		}
		args[i] = v
	}
	if f.maxArgs < math.MaxInt {
		for len(args) < f.maxArgs {
			args = append(args, nil)
		}
	}
	v, err := f.Call(site, args)
	if err != nil {
		return nil, failf("%s: %w", f.Name, err)
	}
	if text, ok := v.(string); ok && len(text) > MaxText {
		return nil, tooLong()
	}
	return v, nil
}
