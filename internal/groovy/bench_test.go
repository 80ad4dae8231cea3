package groovy

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

func BenchmarkParse500Lines(b *testing.B) {
	var s strings.Builder
	for i := range 100 {
		fmt.Fprintf(&s, "def f%d(a, b = 2) {\n  def list = [1, 2, a].findAll { it > b }\n  if (list && a != null) { return \"r ${list.size()} of %d\" }\n  a?.foo(list, key: 'v') ?: [x: a, 'y z': b]\n}\n", i, i)
	}
	src := newSource("b.groovy", s.String())
	b.ResetTimer()
	for range b.N {
		if _, err := parse(src); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompile500Lines(b *testing.B) {
	var s strings.Builder
	for i := range 100 {
		fmt.Fprintf(&s, "def f%d(a, b = 2) {\n  def list = [1, 2, a].findAll { it > b }\n  if (list && a != null) { return \"r ${list.size()} of %d\" }\n  a?.foo(list, key: 'v') ?: [x: a, 'y z': b]\n}\n", i, i)
	}
	e := New(Env{})
	for range b.N {
		if _, err := e.Compile("b.groovy", s.String()); err != nil {
			b.Fatal(err)
		}
	}
}

func benchRun(b *testing.B, src string, vars func() *Binding) {
	s, err := New(Env{}).Compile("b.groovy", src)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if _, err := s.Run(context.Background(), vars()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkClosureCalls100k(b *testing.B) {
	benchRun(b, "def add = { a, b -> a + b }\nint n = 0\nfor (int i = 0; i < 100000; i++) { n = add(n, i) }\nn", func() *Binding { return nil })
}

func BenchmarkSeedHandler(b *testing.B) {
	vars := seedBinding()
	benchRun(b, "request.uri.path = '/oauth2-protected-resource'\nreturn http.send(context, request);", func() *Binding { return vars })
}

func BenchmarkNewEngine(b *testing.B) {
	for range b.N {
		New(Env{Classes: JDK()})
	}
}

func BenchmarkRegexps(b *testing.B) {
	benchRun(b, `def m = "Bearer eyJhbGciOi.eyJzdWIi.c2ln" =~ /^Bearer ([^.]+)\.(\S+)$/
if (m.matches()) { m.group(1) + "scope=a b c".replaceAll(/\s+/, ',') + ("/api/v1/users" ==~ "/api/v\\d+/.*") }`, func() *Binding { return nil })
}
