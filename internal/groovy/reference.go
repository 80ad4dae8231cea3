package groovy

import (
	"slices"
	"strings"
)

// DefaultLimits are the limits of an engine that sets none.
func DefaultLimits() Limits { return Limits{}.withDefaults() }

// ClassNames lists the classes that scripts of this engine can name, sorted.
func (e *Engine) ClassNames() []string {
	var out []string
	for _, n := range e.known {
		if !strings.ContainsAny(n, "$[") && strings.Contains(n, ".") {
			out = append(out, n)
		}
	}
	return out
}

// IsException tells whether a class is one that scripts throw.
func (e *Engine) IsException(class string) bool {
	c := e.byName[class]
	return c != nil && e.meta(c).thrown
}

// Members lists what a class has itself, not what it inherits: properties without a
// method, methods (with "()") and statics (with "static "), in that order. What is
// there only to say that it is refused is left out.
func (e *Engine) Members(class string) []string {
	c := e.byName[class]
	if c == nil {
		return nil
	}
	props, calls, statics := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for n := range c.Get {
		props[n] = true
	}
	for n := range c.Set {
		props[n] = true
	}
	for n := range c.Methods {
		if slices.Contains(refused, n) || n == "isCase" { // switch asks every class
			continue
		}
		calls[n+"()"] = true
	}
	for n := range c.StaticFields {
		statics["static "+n] = true
	}
	for n := range c.Static {
		if slices.Contains(refused, class+"."+n) {
			continue
		}
		statics["static "+n+"()"] = true
	}
	var out []string
	for _, set := range []map[string]bool{props, calls, statics} {
		var names []string
		for n := range set {
			names = append(names, n)
		}
		slices.Sort(names)
		out = append(out, names...)
	}
	return out
}

// refused are methods that only explain why they are not there.
var refused = []string{"execute", "use", "getMetaClass", "setMetaClass", "trampoline", "notify", "notifyAll", "wait",
	"java.lang.System.exit", "java.lang.System.load", "java.lang.System.setProperty", "java.lang.Thread.currentThread"}

// Bound is a fixed bound, for the reference.
type Bound struct {
	What string
	Most int
}

// Bounds lists the bounds that no setting moves.
func Bounds() []Bound {
	return []Bound{
		{"bytes of one file of script text", maxSource},
		{"nesting of a script's expressions and statements", maxNesting},
		{"operators or accesses in a row", maxChain},
		{"files that one script is made of", maxUnits},
		{"bytes of a text for `evaluate`, `GroovyShell` and `Eval`", maxShellText},
		{"elements of a range that is made a list", maxRange},
		{"bits of an integer", maxBits},
		{"digits of a number in a text", maxDigits},
		{"digits behind the point of a `BigDecimal`", maxScale},
		{"characters of a regular expression", maxPatternText},
		{"levels of JSON for `JsonSlurper`", maxJSONDepth},
		{"levels of XML", maxXMLDepth},
		{"bytes of the text of a value that a header or a log entry takes", maxLooseText},
	}
}
