package script

import (
	"testing"

	"github.com/dop251/goja/parser"
)

func TestWithoutForEach(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{"for each (var v in list) { a(v); }", "for (var v of __valuesOf( list)) { a(v); }"},
		{"for each (v in f({a: 1}, [')'])) a(v)", "for (v of __valuesOf( f({a: 1}, [')']))) a(v)"},
		{"for\neach (v in x) a(v)", "for (v of __valuesOf( x)\n) a(v)"},
		{"// for each (a in b)\nfor each (c in d) e", "// for each (a in b)\nfor (c of __valuesOf( d)) e"},
		{"for each (v on x) a", ""}, {"for each (v in x", ""}, {"forEach(v in x)", ""}, {"var a = 'for each (v in x)'", ""}, {"for (v in x) a", ""},
	} {
		got, ok := withoutForEach(c.source)
		if ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%q gives %q, %v", c.source, got, ok)
		}
		if ok {
			if _, err := parser.ParseFile(nil, "", got, 0); err != nil {
				t.Errorf("%q: %v", got, err)
			}
		}
	}
}

func FuzzWithoutForEach(f *testing.F) {
	f.Add("for each (var v in list) { a(v); }")
	f.Add("for each (in")
	f.Add("for each (x/*in*/ in \"in\")`${")
	f.Fuzz(func(_ *testing.T, source string) { withoutForEach(source) })
}
