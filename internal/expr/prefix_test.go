package expr

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestPrefixes(t *testing.T) {
	tests := []struct {
		src, property string
		want          []string
	}{
		{`${find(request.uri.path, '^(/a|/b)/c')}`, "path", []string{"/a/c", "/b/c"}},
		{`${find(request.uri.path, '^/(a|b|)x')}`, "path", []string{"/ax", "/bx", "/x"}},
		{`${find(request.uri.path, '^/(?:a|b.*)x')}`, "path", []string{"/a", "/b"}},
		{`${find(request.uri.path, '^/ab?c')}`, "path", []string{"/abc", "/ac"}},
		{`${find(request.uri.path, '^/a+c')}`, "path", []string{"/a"}},
		{`${find(request.uri.path, '^/a*c')}`, "path", []string{"/"}},
		{`${find(request.uri.path, '^/v[12]/')}`, "path", []string{"/v1/", "/v2/"}},
		{`${find(request.uri.path, '^/v[0-9]/')}`, "path", []string{"/v"}},
		{`${find(request.uri.path, '^/(?i)ab')}`, "path", []string{"/"}},
		{`${find(request.uri.path, '^/a') or find(request.uri.path, '^/b')}`, "path", []string{"/a", "/b"}},
		{`${find(request.uri.path, '^/a') or find(request.uri.path, '/b')}`, "path", nil},
		{`${find(request.uri.path, '^/a') and request.uri.host == 'h'}`, "host", []string{"h"}},
		{`${find(request.uri.path, '^(/a|/b)') and find(request.uri.path, '^/a/b')}`, "path", []string{"/a/b"}},
		{`${find(request.uri.host, '^app[.]')}`, "host", []string{"app."}},
		{`${find(request.uri.host, '^app[.]')}`, "path", nil},
		{`${find(request.uri.path, '^/a|/b')}`, "path", nil},
		{`${find(request.uri.path, '(^/a|x)')}`, "path", nil},
		{`${find(request.uri.path, '^(/a|)')}`, "path", nil},
		{`${find(request.uri.path, '^(?=/a)/ab')}`, "path", nil},
		{`${matchesWithRegex(request.uri.path, '(/a|/b)(/.*)?')}`, "path", []string{"/a/", "/a", "/b/", "/b"}},
		{`${find(request.uri.path, '^/([a-f]|[a-f])([a-f]|[a-f])')}`, "path", []string{"/a", "/b", "/c", "/d", "/e", "/f"}},
	}
	for _, tt := range tests {
		if got := compileTest(t, tt.src).Prefixes(tt.property); !slices.Equal(inOrder(got), inOrder(tt.want)) {
			t.Errorf("Prefixes(%s) of %s = %q, want %q", tt.property, tt.src, got, tt.want)
		}
	}
}

func TestRequired(t *testing.T) {
	tests := []struct {
		src  string
		want []string
	}{
		{`${find(request.uri.path, '/app-0001')}`, []string{"/app-0001"}},
		{`${find(request.uri.path, '^/a/.*/orders$')}`, []string{"/orders"}},
		{`${find(request.uri.path, '/(orders|invoices)/0001')}`, []string{"/orders/0001", "/invoices/0001"}},
		{`${find(request.uri.path, '/v[0-9]+/orders')}`, []string{"/orders"}},
		{`${find(request.uri.path, '(?i)app-0001')}`, []string{"-0001"}},
		{`${find(request.uri.path, '(/orders)?')}`, nil},
		{`${find(request.uri.path, '(ab|)c*')}`, nil},
		{`${find(request.uri.path, '(ab){2,}')}`, []string{"ab"}},
		{`${find(request.uri.path, 'ab\\b|cd$')}`, []string{"ab", "cd"}},
		{`${find(request.uri.path, '(?<=x)ab')}`, nil},
		{`${find(request.uri.path, 'ab(?=x)')}`, []string{"ab"}},
		{`${contains(request.uri.path, '/x/')}`, []string{"/x/"}},
		{`${request.uri.path.endsWith('.ico') or request.uri.path.contains('/img/')}`, []string{".ico", "/img/"}},
		{`${request.uri.path == '/a'}`, []string{"/a"}},
		{`${find(request.uri.path, 'ab') and find(request.uri.path, 'abc')}`, []string{"abc"}},
		{`${find(request.uri.path, 'ab') or request.method == 'GET'}`, nil},
		{`${not find(request.uri.path, 'ab')}`, nil},
	}
	for _, tt := range tests {
		if got := compileTest(t, tt.src).Required("path"); !slices.Equal(inOrder(got), inOrder(tt.want)) {
			t.Errorf("Required of %s = %q, want %q", tt.src, got, tt.want)
		}
	}
}

// A pattern that backtracks forever ends in an error, never in an answer.
func TestCatastrophicPattern(t *testing.T) {
	s := scope{"x": strings.Repeat("a", 40) + "!"}
	for _, src := range []string{
		`${find(x, '^(a+)+(?=$)$')}`, `${matchesWithRegex(x, '(a|aa)+(?!b)')}`, `${x.replaceAll('(a|aa)+(?<!b)$', '')}`,
	} {
		v, err := compileTest(t, src).EvalErr(s)
		if err == nil || !errors.Is(err, ErrTimeout) && !errors.Is(err, ErrLimit) {
			t.Errorf("%s = %v, %v; want a timeout", src, v, err)
		}
	}
}

func TestPathPrefix(t *testing.T) {
	tests := []struct{ src, want string }{
		{`${find(request.uri.path, '^/client-credentials')}`, "/client-credentials"},
		{`${find(request.uri.path, '^/a/b$')}`, "/a/b"},
		{`${find(request.uri.path, '^/a/.*')}`, "/a/"},
		{`${find(request.uri.path, '^/a(/|$)')}`, "/a"},
		{`${find(request.uri.path, '^/ab?')}`, "/a"},
		{`${find(request.uri.path, '^/ab+')}`, "/ab"},
		{`${find(request.uri.path, '\\A/a')}`, "/a"},
		{`${find(request.uri.path, '^\\Q/a.b\\E')}`, "/a.b"},
		{`${find(request.uri.path, '^/a\\.b')}`, "/a.b"},
		{`${find(request.uri.path, '^/ü')}`, "/ü"},
		{`${matches(request.uri.path, '^/old')}`, "/old"},
		{`${matchesWithRegex(request.uri.path, '/a/.*')}`, "/a/"},
		{`${request.uri.path.startsWith('/a')}`, "/a"},
		{`${request.uri.path.matches('/a/[0-9]+')}`, "/a/"},
		{`${request['uri']['path'].startsWith('/a')}`, "/a"},
		{`${request.uri.path == '/a'}`, "/a"},
		{`${'/a' eq request.uri.path}`, "/a"},
		{`${request.method == 'GET' && find(request.uri.path, '^/a')}`, "/a"},
		{`${find(request.uri.path, '^/a') and request.uri.path.startsWith('/a/b')}`, "/a/b"},
		{`${(find(request.uri.path, '^/a/b') || find(request.uri.path, '^/a/c'))}`, "/a/"},
		{`#{find(request.uri.path, '^/a')}`, "/a"},

		{`${find(request.uri.path, '/a')}`, ""},
		{`${find(request.uri.path, '^/a|^/b')}`, "/"},
		{`${find(request.uri.path, '^/a|b')}`, ""},
		{`${find(request.uri.path, '(?m)^/a')}`, ""},
		{`${find(request.uri.path, '(?i)^/a')}`, "/"},
		{`${find(request.uri.path, '^(/a|/b)')}`, "/"},
		{`${find(request.uri.path, '^?/a')}`, ""},
		{`${find(request.uri.path, '[')}`, ""},
		{`${find(request.uri.path, attributes.x)}`, ""},
		{`${find(request.uri.rawPath, '^/a')}`, ""},
		{`${find(request.uri, '^/a')}`, ""},
		{`${find(other.uri.path, '^/a')}`, ""},
		{`${find(request.uri.path, '^/a') || request.method == 'GET'}`, ""},
		{`${!find(request.uri.path, '^/a')}`, ""},
		{`${not request.uri.path.startsWith('/a')}`, ""},
		{`${find(request.uri.path, '^/a') ? true : true}`, ""},
		{`${find(request.uri.path, '^/a') == false}`, ""},
		{`${request.uri.path != '/a'}`, ""},
		{`${request.uri.path.endsWith('/a')}`, ""},
		{`${request.uri.path.startsWith('/a', 2)}`, ""},
		{`${true}`, ""},
		{`x${find(request.uri.path, '^/a')}`, ""},
		{`^/a`, ""},
	}
	for _, tt := range tests {
		got, ok := compileTest(t, tt.src).PathPrefix()
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("PathPrefix(%s) = %q, %v, want %q", tt.src, got, ok, tt.want)
		}
	}
}

func inOrder(list []string) []string { return slices.Sorted(slices.Values(list)) }
