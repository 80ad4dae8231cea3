package expr

import (
	"errors"
	"strings"
	"testing"
)

// Whole texts, as an operator sees them.
func TestSyntaxErrors(t *testing.T) {
	tests := []struct{ name, src, want string }{
		{"not closed", `a${request.uri`, `
the expression has no closing "}" (1:2)
    a${request.uri
     ^`},
		{"empty", `a${ }`, `
the expression is empty (1:2)
    a${ }
     ^`},
		{"unknown function", `${fnid(request.uri.path, '^/x')}`, `
there is no function "fnid" (did you mean "find"?) (1:3)
    ${fnid(request.uri.path, '^/x')}
      ^`},
		{"wrong case", `${tolowercase('A')}`, `
there is no function "tolowercase" (did you mean "toLowerCase"?) (1:3)
    ${tolowercase('A')}
      ^`},
		{"nothing near", `${frobnicateEverything()}`, `
there is no function "frobnicateEverything" (1:3)
    ${frobnicateEverything()}
      ^`},
		{"retired function", `${_token('a','b')}`, `
the function "_token" is no longer there; use the token &{name|default} instead (1:3)
    ${_token('a','b')}
      ^`},
		{"too few arguments", `${find('a')}`, `
find(text string, regex regex) boolean takes 2 arguments, found 1 (1:3)
    ${find('a')}
      ^`},
		{"too many arguments", `${trim('a', 'b', 'c')}`, `
trim(text string) string takes 1 argument, found 3 (1:3)
    ${trim('a', 'b', 'c')}
      ^`},
		{"mixed kinds", `${a} and #{b}`, `
${...} and #{...} cannot be mixed in one text (1:10)
    ${a} and #{b}
             ^`},
		{"nested", `${contains(x, ${y})}`, `
an expression cannot contain another one; leave out the inner ${} (1:15)
    ${contains(x, ${y})}
                  ^`},
		{"assignment", `${a = 1}`, `
"=" is not an operator; compare with "==" (1:5)
    ${a = 1}
        ^`},
		{"single and", `${a & b}`, `
"&" is not an operator; use "&&" or "and" (1:5)
    ${a & b}
        ^`},
		{"single or", `${a | b}`, `
"|" is not an operator; use "||" or "or" (1:5)
    ${a | b}
        ^`},
		{"map literal", `${{'a': 1}}`, `
maps cannot be written in expressions (1:3)
    ${{'a': 1}}
      ^`},
		{"list literal", `${[1, 2]}`, `
lists cannot be written in expressions; use array(...) (1:3)
    ${[1, 2]}
      ^`},
		{"string not closed", `${find(a, 'b)}`, `
the string has no closing ' (1:11)
    ${find(a, 'b)}
              ^`},
		{"missing comma", `${find(a 'b')}`, `
expected "," or ")" in the arguments of find, found a string (1:10)
    ${find(a 'b')}
             ^`},
		{"missing operand", `${a + }`, `
expected a value, found the end of the expression (1:7)
    ${a + }
          ^`},
		{"missing operator", `${a b}`, `
expected an operator or "}", found "b" (1:5)
    ${a b}
        ^`},
		{"missing colon", `${a ? b}`, `
expected ":" and the other case of "?", found the end of the expression (1:8)
    ${a ? b}
           ^`},
		{"missing bracket", `${a['b'}`, `
expected "]" after the key, found the end of the expression (1:8)
    ${a['b'}
           ^`},
		{"missing parenthesis", `${(a}`, `
expected ")" after the expression in parentheses, found the end of the expression (1:5)
    ${(a}
        ^`},
		{"name after dot", `${a.'b'}`, `
expected a name after ".", found a string (1:5)
    ${a.'b'}
        ^`},
		{"reserved word", `${mod}`, `
expected a value, found "mod" (1:3)
    ${mod}
      ^`},
		{"instanceof", `${a instanceof b}`, `
"instanceof" is a reserved word without a meaning (1:5)
    ${a instanceof b}
        ^`},
		{"number and name", `${1abc}`, `
"1abc" is neither a number nor a name (1:3)
    ${1abc}
      ^`},
		{"large number", `${92233720368547758080}`, `
the number 92233720368547758080 is out of range (1:3)
    ${92233720368547758080}
      ^`},
		{"strange character", `${a @ b}`, `
unexpected character '@' (1:5)
    ${a @ b}
        ^`},
		{"second line, after a tab and an umlaut", "<p>\n\tü ${fnd('a','b')}\n</p>", `
there is no function "fnd" (did you mean "find"?) (2:6)
    ` + "\t" + `ü ${fnd('a','b')}
    ` + "\t" + `    ^`},
		{"long line", strings.Repeat("a", 100) + "${x y}" + strings.Repeat("b", 100), `
expected an operator or "}", found "y" (1:105)
    ...` + strings.Repeat("a", 56) + "${x y}" + strings.Repeat("b", 58) + `...
    ` + strings.Repeat(" ", 63) + `^`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Compile(tt.src, nil)
			var e *SyntaxError
			if !errors.As(err, &e) {
				t.Fatalf("Compile(%s): %v, want a SyntaxError", tt.src, err)
			}
			if got := "\n" + err.Error(); got != tt.want {
				t.Errorf("Compile(%s):%s\nwant:%s", tt.src, got, tt.want)
			}
		})
	}
}

func TestSourceLimits(t *testing.T) {
	deep := func(open, close string, n int) string {
		return "${" + strings.Repeat(open, n) + "1" + strings.Repeat(close, n) + "}"
	}
	tests := []struct{ name, src, want string }{
		{"parentheses", deep("(", ")", MaxNesting+1), "nested more than 100 levels deep"},
		{"brackets", deep("a[", "]", MaxNesting+1), "nested more than 100 levels deep"},
		{"arguments", deep("trim(", ")", MaxNesting+1), "nested more than 100 levels deep"},
		{"prefixes", deep("!", "", MaxNesting+1), "nested more than 100 levels deep"},
		{"choices", deep("1?1:", "", MaxNesting+1), "nested more than 100 levels deep"},
		{"expression", "${" + strings.Repeat("1+", MaxExpression/2) + "1}", "the expression is longer than 16384 bytes"},
		{"string", "${'" + strings.Repeat("x", MaxExpression) + "'}", "the expression is longer than 16384 bytes"},
		{"text", strings.Repeat("x", MaxSource+1), "the text is longer than 4194304 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Compile(tt.src, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	for name, src := range map[string]string{
		"parentheses": deep("(", ")", MaxNesting-1),
		"sum":         "${" + strings.Repeat("1+", MaxExpression/2-10) + "1}",
		"chain":       "${a" + strings.Repeat(".b", MaxExpression/2-10) + "}",
		"long text":   strings.Repeat("x", MaxSource-10) + "${1}",
	} {
		tmpl, err := Compile(src, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := tmpl.EvalErr(nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
