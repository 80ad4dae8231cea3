package expr

import (
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

func inOrder(list []string) []string { return slices.Sorted(slices.Values(list)) }

// What a pattern is found in starts with one of its prefixes.
func FuzzPrefixes(f *testing.F) {
	for _, s := range []string{`^(/a|/b.*)?/c`, `^a|^b`, `^[ab]c+`, `^(?i)a[b-d]`, `^(a|b)(c|d)$`, `(^a|b)`, `^^a`, `^a{2,3}b`} {
		f.Add(s, "/a/c")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 60 || len(text) > 60 {
			return
		}
		re, err := CompileRegexp(pattern)
		if err != nil {
			return
		}
		found, err := re.Find(text)
		matched, err2 := re.Match(text)
		if err != nil || err2 != nil {
			return
		}
		starts := func(p string) bool { return strings.HasPrefix(text, p) }
		if list := re.prefixes(false); list != nil && found && !slices.ContainsFunc(list, starts) {
			t.Errorf("%q is found in %q, which starts with none of %q", pattern, text, list)
		}
		if list := re.prefixes(true); list != nil && matched && !slices.ContainsFunc(list, starts) {
			t.Errorf("%q matches %q, which starts with none of %q", pattern, text, list)
		}
	})
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

// What a pattern is found in contains one of the texts that it requires.
func FuzzRequired(f *testing.F) {
	for _, s := range []string{`(/a|/b.*)?/c`, `a|b`, `[ab]c+d`, `(?i)a-[b-d]1`, `(a|b)(c|d)$`, `x(^a|b)`, `a{2,3}b`, `a(?=b)`, `(?<!a)b+?c`, `\ba\Bb`, `a.*(b|cd)*ef`, "a\ufffdb"} {
		f.Add(s, "/a/cdef")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 60 || len(text) > 60 {
			return
		}
		re, err := CompileRegexp(pattern)
		if err != nil {
			return
		}
		found, err := re.Find(text)
		if err != nil || !found {
			return
		}
		list := re.required()
		if list != nil && !slices.ContainsFunc(list, func(s string) bool { return strings.Contains(text, s) }) {
			t.Errorf("%q is found in %q, which contains none of %q", pattern, text, list)
		}
	})
}
