package expr

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

var fuzzSeeds = []string{
	``, `plain`, `${`, `${}`, `\${a}`, `${1 + 2 * -3}`, `#{empty request.entity.string}`, `${a.b['c'][0].d(1,'x')}`,
	`${find(request.uri.path, '^/client-credentials')}`, `${findGroups(request.method, '(G)(?=E)')[1]}`,
	`${split(request.headers['X-Multi'][0], ', *')}`, `x${true ? 'a' : "b"}y${null}`, `${now.plusDays(1).rfc1123}`,
	`${toJson('{"a":[1,2.5,null]}').a[1]}`, `${urlDecode('%zz')}`, `${attributes.list.get(0).concat('x')}`,
	`${1 / 0 == 7 % 3 && 'a' < 'b' or not false}`, `${'aaa'.replaceAll('a*?', '$0')}`, `${join(array('a',null,3), '-')}`,
	`${matchesWithRegex('aab', 'a++b[\\w&&[^x]]')}`, `${ipMatch('::1', '::/0')}`, `${keyMatch(request.headers, '(?i)host')}`,
}

// FuzzParse: any text either compiles or is a SyntaxError inside the text.
func FuzzParse(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		tmpl, err := Compile(src, nil)
		if err == nil {
			if tmpl.Source() != src {
				t.Errorf("Source = %q, want %q", tmpl.Source(), src)
			}
			if tmpl.IsLiteral() == HasExpression(src) {
				t.Errorf("IsLiteral and HasExpression are both %v", tmpl.IsLiteral())
			}
			tmpl.PathPrefix()
			return
		}
		var e *SyntaxError
		if !errors.As(err, &e) || e.Msg == "" || e.Offset < 0 || e.Offset > len(src) {
			t.Errorf("Compile(%q): %#v", src, err)
		}
		if utf8.ValidString(src) && !utf8.ValidString(err.Error()) {
			t.Errorf("Compile(%q): the message is not text: %q", src, err)
		}
	})
}

// FuzzEval: evaluation gives a value or an EvalError, and a path prefix never
// excludes a request for which the condition holds.
func FuzzEval(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add(s, "/client-credentials/x")
	}
	f.Fuzz(func(t *testing.T, src, path string) {
		if len(src) > 300 || len(path) > 300 {
			return
		}
		if strings.Contains(src, "read") {
			return // the machine's files are nobody's business
		}
		tmpl, err := Compile(src, &Env{Warn: func(Scope, string, error) {}})
		if err != nil {
			return
		}
		s := exchange()
		uri, _ := s["request"].(*bean).props["uri"].(*bean)
		uri.props["path"] = path
		v, err := tmpl.EvalErr(s)
		var e *EvalError
		if err != nil && (!errors.As(err, &e) || v != nil || e.Offset < 0 || e.Offset > len(src)) {
			t.Errorf("EvalErr(%q) = %v, %#v", src, v, err)
		}
		if text, ok := v.(string); ok && len(text) > MaxText {
			t.Errorf("EvalErr(%q) gives %d bytes", src, len(text))
		}
		if prefix, ok := tmpl.PathPrefix(); ok && v == true && !strings.HasPrefix(path, prefix) {
			t.Errorf("%q holds for %q, which does not start with %q", src, path, prefix)
		}
		if tmpl.IsLValue() {
			_ = tmpl.Assign(s, "v")
		}
	})
}
