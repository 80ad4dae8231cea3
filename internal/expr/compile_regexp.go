package expr

import (
	"fmt"

	"gatehouse/internal/javaregexp"
)

// warnRegexp compiles constant patterns now, so that a malformed one is
// noticed when the configuration is loaded.
func (c *compiler) warnRegexp(n *call, f *Function, args []compiled) {
	c.checkRegexps(n.pos, f, args, 0)
}

func (c *compiler) warnMethodRegexp(n *method, name compiled, args []compiled) {
	text, _ := name.value.(string)
	if f := textMethodTable[text]; f != nil && name.isConst() {
		c.checkRegexps(n.pos, f, args, 1)
	}
}

func (c *compiler) checkRegexps(pos int, f *Function, args []compiled, receiver int) {
	for i, arg := range args {
		if i+receiver >= len(f.params) || f.params[i+receiver].kind != paramRegex {
			continue
		}
		src, ok := arg.value.(string)
		if !ok || !arg.isConst() {
			continue
		}
		if _, err := javaregexp.Compile(src); err != nil {
			line, column := position(c.src, pos)
			c.doubts = append(c.doubts, doubt{fmt.Sprintf("%s: %s: %s (%d:%d)", abbreviate(c.src), f.Name, err, line, column), err})
		}
	}
}

// regexTests are the functions that conditions of routes are made of.
var regexTests = map[string]func(*javaregexp.Regexp, string) (bool, error){
	"find":             (*javaregexp.Regexp).Find,
	"matches":          (*javaregexp.Regexp).Find,
	"matchesWithRegex": (*javaregexp.Regexp).Match,
}

// regexTest compiles a test with a constant pattern to code that allocates
// nothing. Otherwise it gives nil.
func (c *compiler) regexTest(n *call, args []compiled) evaluator {
	test := regexTests[n.name]
	if test == nil || !args[1].isConst() {
		return nil
	}
	src, ok := args[1].value.(string)
	if !ok {
		return nil
	}
	re, err := javaregexp.Compile(src)
	if err != nil {
		return nil
	}
	text, pos := args[0].texts(), n.pos
	return func(s Scope) (Value, error) {
		subject, ok, err := text(s)
		if err != nil {
			return nil, err
		}
		if !ok {
			return false, nil
		}
		found, err := test(re, subject)
		if err != nil {
			return nil, at(failf("%s: %w", n.name, err), pos)
		}
		return found, nil
	}
}
