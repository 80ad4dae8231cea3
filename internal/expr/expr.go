// Package expr is the expression language of gateway configurations: Unified
// Expression Language (JSR 245, EL 2.2 with method calls) in text, as in
// "https://${request.headers['Host'][0]}/x", with the functions in funcs_*.go.
//
// A text goes through stages, one direction, one file each: lex.go, parse.go
// (a tree with positions), compile.go (closures over a Scope). Reading is
// lenient, as configurations expect: what does not exist is null, and an error
// makes the whole expression null and a warning.
//
// All work is bounded: length and nesting of the source, size of texts, time
// of regular expressions (limits.go). The language has no loops.
package expr

import (
	"errors"
	"time"

	"gatehouse/internal/javaregexp"
)

// Value is one of: nil, bool, int64 (any Go integer is accepted), float64,
// string, []byte, []any, []string, map[string]any, Instant, File,
// *x509.Certificate, or a host value with some of the interfaces below.
// Expressions never change a Value, except through Template.Assign.
type Value = any

// Object has properties: a.name. ok is false when there is no such property,
// which reads as null and, unless the object is Keyed, gives a warning.
type Object interface {
	Get(name string) (v Value, ok bool)
}

// Texter may be implemented by an Object whose properties are often texts. It
// lets conditions read them without wrapping each in an interface. ok is false
// when the property is not a text; Get is asked then.
type Texter interface {
	GetText(name string) (text string, ok bool)
}

// Setter can be written: a.name = v. ErrReadOnly becomes a warning.
type Setter interface {
	Set(name string, v Value) error
}

// Lists is an Object whose members are lists. One that is not there is an empty list, so
// that its first element can be assigned.
type Lists interface {
	HoldsLists()
}

// Indexer has elements: a[key]. Objects without it are asked Get with the text
// of key.
type Indexer interface {
	Index(key Value) (v Value, ok bool)
}

// IndexSetter can be written with brackets: a[key] = v. Objects without it are
// asked Set with the text of key.
type IndexSetter interface {
	SetIndex(key, v Value) error
}

// Caller has methods: a.method(args). An unknown method is ErrNoMethod.
type Caller interface {
	Call(method string, args []Value) (Value, error)
}

// Sequence is a list that is not a Go slice.
type Sequence interface {
	Len() int
	At(i int) Value
}

// Keyed is what makes an Object a map: for keyMatch, length, empty, text form
// and the methods of maps. Keys are in the map's order.
type Keyed interface {
	Keys() []string
}

// Scope knows the values of one evaluation: request, response, contexts and so
// on. A nil Scope is empty.
type Scope interface {
	Lookup(name string) (v Value, ok bool)
}

// Env is what a template is compiled against. It must not change afterwards.
// The zero Env and a nil *Env are usable.
type Env struct {
	// Vars has the names of the configuration: properties, openig, heap, and
	// env or system to replace the process's own. It is asked once a name, at
	// compilation. A Scope that knows the name wins.
	Vars func(name string) (v Value, ok bool)
	// Warn takes what went wrong in lenient evaluations in a scope, nil at
	// compilation; a nil Warn drops it. cause is the error, where there was one. Texts
	// never hold values, only names and types.
	Warn func(s Scope, msg string, cause error)
	// Now is the clock of the name now; nil is time.Now.
	Now func() time.Time
	// ReadDir is where relative paths given to functions start; "" is the
	// working directory.
	ReadDir string
}

func (e *Env) warn(s Scope, msg string, cause error) {
	if e != nil && e.Warn != nil {
		e.Warn(s, msg, cause)
	}
}

func (e *Env) now() time.Time {
	if e != nil && e.Now != nil {
		return e.Now()
	}
	return time.Now()
}

func (e *Env) variable(name string) (Value, bool) {
	if e == nil || e.Vars == nil {
		return nil, false
	}
	return e.Vars(name)
}

// Errors that hosts return, or that a caller may want to tell apart with
// errors.Is. Every error of an evaluation is also an *EvalError.
var (
	ErrReadOnly = errors.New("the property is read-only")
	ErrNoMethod = errors.New("no such method")
	ErrLimit    = javaregexp.ErrLimit
	ErrTimeout  = javaregexp.ErrTimeout
)
