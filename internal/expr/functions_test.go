package expr

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every example in the tables, which is also what the manual prints.
func TestExamples(t *testing.T) {
	families := maps.Clone(Methods())
	families["function"] = Functions()
	for family, list := range families {
		for _, f := range list {
			if len(f.Examples) == 0 {
				t.Errorf("%s %s has no example", family, f.Name)
			}
			if f.Doc == "" || !strings.HasSuffix(f.Doc, ".") {
				t.Errorf("%s %s: the description is not a sentence", family, f.Name)
			}
			for _, ex := range f.Examples {
				t.Run(ex.Expr, func(t *testing.T) {
					got, err := compileTest(t, "${"+ex.Expr+"}").EvalErr(nil)
					if err != nil {
						t.Fatalf("%s: %v", ex.Expr, err)
					}
					if diff := cmp.Diff(ex.Want, got); diff != "" {
						t.Errorf("%s: want -, got +\n%s", ex.Expr, diff)
					}
				})
			}
		}
	}
}

// The language has 44 functions and two old names that files still use.
func TestFunctionNames(t *testing.T) {
	want := strings.Fields(`array bool contains decodeBase64 decodeBase64url derCertificate digestSha256
		encodeBase64 encodeBase64url fileToUrl find findGroups formDecodeParameterNameOrValue
		formEncodeParameterNameOrValue indexOf integer integerWithRadix ipMatch join keyMatch lastElement
		length matches matchesWithRegex matchingGroups pathToUrl pemCertificate read readProperties
		readWithCharset split toJson toLowerCase toString toUpperCase trim urlDecode urlDecodeFragment
		urlDecodePathElement urlDecodeQueryParameterNameOrValue urlDecodeUserInfo urlEncode
		urlEncodeFragment urlEncodePathElement urlEncodeQueryParameterNameOrValue urlEncodeUserInfo`)
	if len(want) != 46 {
		t.Fatalf("the test lists %d names", len(want))
	}
	var got []string
	for _, f := range Functions() {
		got = append(got, f.Name)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

// Null given to any function must not panic, and is an error only where Java
// has one.
func TestNullArguments(t *testing.T) {
	for _, f := range Functions() {
		args := make([]string, f.minArgs)
		for i := range args {
			args[i] = "null"
		}
		_, err := compileTest(t, "${"+f.Name+"("+strings.Join(args, ",")+")}").EvalErr(nil)
		if err != nil {
			t.Errorf("%s of nulls: %v", f.Name, err)
		}
	}
}

func compileTest(t testing.TB, src string) *Template {
	t.Helper()
	tmpl, err := Compile(src, &Env{Vars: testVars})
	if err != nil {
		t.Fatalf("Compile(%q): %v", src, err)
	}
	return tmpl
}

func testVars(name string) (Value, bool) {
	switch name {
	case "urls":
		return map[string]any{"app": "https://app.example", "ports": []any{int64(80), int64(443)}}, true
	case "openig":
		return map[string]any{"configDirectory": File("/home/ig/.openig/config")}, true
	case "env":
		return map[string]any{"HOME": "/home/ig"}, true
	}
	return nil, false
}
