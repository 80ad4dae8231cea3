// Package heap makes objects from their declarations: it knows types by name,
// resolves references from route to route, applies decorators, and starts and stops
// what it made.
package heap

import (
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
)

// Type is a type of objects that declarations can name.
type Type struct {
	Name string
	// Older are further names: earlier spellings and full class names.
	Older []string
	// Kind is what the objects are: "filter", "handler", "secret store", …
	Kind string
	// Config is the struct type of the configuration; nil for refused types.
	Config reflect.Type
	// Why says, for refused types, why they cannot be used.
	Why   string
	build func(h *Heap, decl *conf.Node, env *Env) (any, bool)
}

// Define makes a type whose objects are built from config struct C. build opens
// nothing: no file but those of the configuration, no socket, no goroutine; what
// must run implements Starter. An error that build returns is reported at the
// object; use env.Fail for one of its fields.
func Define[C, T any](name string, build func(c *C, env *Env) (T, error), older ...string) *Type {
	return &Type{
		Name: name, Older: older, Kind: kindOf(reflect.TypeFor[T]()), Config: reflect.TypeFor[C](),
		build: func(h *Heap, decl *conf.Node, env *Env) (any, bool) {
			c := new(C)
			if !h.decode(env, c) {
				misplaced(decl, reflect.TypeFor[C](), env.Errs)
				return nil, false
			}
			before := env.Errs.Count()
			v, err := build(c, env)
			if err != nil {
				env.Errs.AddErr(decl, err)
			}
			if env.Errs.Count() > before {
				return nil, false
			}
			return v, true
		},
	}
}

// Refuse makes a type that the product has and this gateway does not: a declaration
// of it is an error that says why.
func Refuse(name, why string, older ...string) *Type {
	return &Type{Name: name, Older: older, Why: why}
}

// Env is what an object is built with.
type Env struct {
	// Name is the object's name, or its type and place when it has none.
	Name string
	// Type is the name of the object's type.
	Type string
	// Config is the object's configuration; never nil.
	Config *conf.Node
	// Decl is the whole declaration.
	Decl *conf.Node
	Heap *Heap
	Errs *conf.Errors
	Log  *slog.Logger
	// Expr compiles the object's expressions.
	Expr *expr.Env
	*Services
}

// Fail reports a problem with a field of the configuration ("a.b" for nested ones, "a.0"
// for elements of lists); with the object when the field is absent, and with what holds
// the field when that is an expression.
func (e *Env) Fail(field, format string, args ...any) {
	e.Errs.Add(e.at(field), format, args...)
}

// Warn reports something doubtful about a field.
func (e *Env) Warn(field, format string, args ...any) {
	e.Errs.Warn(e.at(field), format, args...)
}

func (e *Env) at(field string) *conf.Node {
	n := e.Config
	for part := range strings.SplitSeq(field, ".") {
		next := n.Get(part)
		if i, err := strconv.Atoi(part); err == nil && 0 <= i && i < len(n.List) {
			next = n.List[i]
		}
		if next == nil {
			break
		}
		n = next
	}
	if n == e.Config {
		return e.Decl
	}
	return n
}

// kindOf turns a Go type's name into words: AccessTokenResolver, "access token resolver".
func kindOf(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var b strings.Builder
	for i, r := range t.Name() {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func article(kind string) string {
	if kind != "" && strings.ContainsRune("aeiou", rune(kind[0])) {
		return "an " + kind
	}
	return "a " + kind
}

// Catalog is the set of types that declarations may name.
type Catalog struct {
	types map[string]*Type
	names []string
	list  []*Type
}

// NewCatalog joins lists of types. It panics when a name is listed twice, which is a
// mistake in the program.
func NewCatalog(lists ...[]*Type) *Catalog {
	c := &Catalog{types: map[string]*Type{}}
	for _, list := range lists {
		for _, t := range list {
			c.list = append(c.list, t)
			for i, n := range append([]string{t.Name}, t.Older...) {
				if c.types[n] != nil {
					panic("heap: type " + n + " is listed twice")
				}
				c.types[n] = t
				if i == 0 {
					c.names = append(c.names, n)
				}
			}
		}
	}
	return c
}

// Types returns all types in the order of the lists.
func (c *Catalog) Types() []*Type { return c.list }

// find returns the type, or says what is wrong with the name.
func (c *Catalog) find(name string) (*Type, error) {
	t := c.types[name]
	if t == nil && strings.Contains(name, ".") {
		t = c.types[name[strings.LastIndexByte(name, '.')+1:]]
	}
	switch {
	case t == nil:
		return nil, fmt.Errorf("unknown type %q%s", name, conf.DidYouMean(name, c.names))
	case t.Why != "":
		return nil, fmt.Errorf("the type %s cannot be used: %s", name, t.Why)
	}
	return t, nil
}

// misplaced tells about fields that stand beside "type" instead of in "config", where
// they would be taken for decorations.
func misplaced(decl *conf.Node, config reflect.Type, errs *conf.Errors) {
	if config.Kind() != reflect.Struct {
		return
	}
	known, _ := conf.FieldsOf(config)
	for _, f := range decl.Fields {
		isField := slices.ContainsFunc(known, func(k conf.FieldInfo) bool { return k.Name == f.Name })
		if isField && f.Name != "name" && f.Name != "type" && f.Name != "config" && !decorations[f.Name] {
			errs.Warn(f.NameNode(decl), "%q has no effect here: it belongs into \"config\"", f.Name)
		}
	}
}
