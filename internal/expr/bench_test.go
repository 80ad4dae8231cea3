package expr

import "testing"

// path is the least a scope can cost: no allocation at all.
type benchURI struct{ path string }

func (u *benchURI) Get(name string) (Value, bool) {
	if name == "path" {
		return u.path, true
	}
	return nil, false
}

func (u *benchURI) GetText(name string) (string, bool) { return u.path, name == "path" }

type benchRequest struct{ uri *benchURI }

func (r *benchRequest) Get(name string) (Value, bool) {
	switch name {
	case "uri":
		return r.uri, true
	case "method":
		return "GET", true
	}
	return nil, false
}

type benchScope struct{ request *benchRequest }

func (s *benchScope) Lookup(name string) (Value, bool) {
	if name == "request" {
		return s.request, true
	}
	return nil, false
}

var benchConditions = []struct {
	name, src string
	want      Value
	allocs    float64
}{
	{"prefix", `${find(request.uri.path, '^/client-credentials')}`, true, 0},
	{"miss", `${find(request.uri.path, '^/other')}`, false, 0},
	{"regexp", `${find(request.uri.path, '^/client-[a-z]+/[0-9]+$')}`, true, 0},
	{"lookahead", `${find(request.uri.path, '^/(?!other)')}`, true, 2},
	{"and", `${request.method == 'GET' and find(request.uri.path, '^/client')}`, true, 0},
	{"startsWith", `${request.uri.path.startsWith('/client')}`, true, 0},
	{"folded", `${find('abc', 'b') && 1 + 1 == 2}`, true, 0},
}

func newBenchScope() Scope {
	return &benchScope{&benchRequest{&benchURI{"/client-credentials/42"}}}
}

func TestAllocations(t *testing.T) {
	s := newBenchScope()
	for _, bb := range benchConditions {
		tmpl := compileTest(t, bb.src)
		if v := tmpl.Eval(s); v != bb.want {
			t.Fatalf("%s = %v", bb.src, v)
		}
		if n := testing.AllocsPerRun(100, func() { tmpl.Bool(s) }); n > bb.allocs {
			t.Errorf("%s allocates %v times, want %v", bb.src, n, bb.allocs)
		}
	}
}

func BenchmarkCondition(b *testing.B) {
	s := newBenchScope()
	for _, bb := range benchConditions {
		b.Run(bb.name, func(b *testing.B) {
			tmpl := compileTest(b, bb.src)
			b.ReportAllocs()
			for b.Loop() {
				tmpl.Bool(s)
			}
		})
	}
}

func BenchmarkText(b *testing.B) {
	tmpl, s := compileTest(b, `https://app.example${request.uri.path}?x=${urlEncode(request.method)}`), newBenchScope()
	b.ReportAllocs()
	for b.Loop() {
		tmpl.String(s)
	}
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile(`${find(request.uri.path, '^/client-credentials') and request.method == 'GET'}`, nil); err != nil {
			b.Fatal(err)
		}
	}
}
