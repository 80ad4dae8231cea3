package gateway

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"gatehouse/internal/gateway/chain"
)

const manyRoutes = 1000

// many writes a folder of routes as they are deployed: an application each, behind a
// few filters. condition makes the condition of the n-th.
func many(tb testing.TB, condition func(n int) string) string {
	tb.Helper()
	dir := tb.TempDir()
	routes := filepath.Join(dir, "config", "routes")
	if err := os.MkdirAll(routes, 0o755); err != nil {
		tb.Fatal(err)
	}
	for n := range manyRoutes {
		text := fmt.Sprintf(`{"name": "app-%04d", "baseURI": "http://app-%04d.example.com:8081", "condition": %q,
  "properties": {"app": "%04d"},
  "heap": [{"name": "headers", "type": "HeaderFilter", "config": {"messageType": "REQUEST", "remove": ["X-User"], "add": {"X-App": ["${app}"]}}}],
  "handler": {"type": "Chain", "config": {"filters": ["headers", {"type": "UriPathRewriteFilter", "config": {"mappings": {"/app-%04d": "/"}}},
    {"type": "ConditionEnforcementFilter", "config": {"condition": "${not empty request.headers['Cookie']}"}}], "handler": "ReverseProxyHandler"}}}`,
			n, n, condition(n), n, n)
		if err := os.WriteFile(filepath.Join(routes, fmt.Sprintf("%04d.json", n)), []byte(text), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

func anchored(n int) string { return fmt.Sprintf("${find(request.uri.path, '^/app-%04d')}", n) }

func loadMany(tb testing.TB, dir string) *Gateway {
	tb.Helper()
	g, err := Load(Options{Dir: dir, Getenv: func(string) (string, bool) { return "", false }})
	if err != nil {
		tb.Fatal(err)
	}
	if n := g.Routes(); n != manyRoutes {
		tb.Fatalf("%d routes are loaded: %v", n, g.Problems())
	}
	return g
}

// What 1,000 routes take: time to load, and memory that stays.
func BenchmarkLoad(b *testing.B) {
	dir := many(b, anchored)
	for b.Loop() {
		var before, after runtime.MemStats
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&before)
		b.StartTimer()
		g := loadMany(b, dir)
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapInuse-before.HeapInuse)/(1<<20), "MiB-kept")
		b.ReportMetric(float64(after.Sys)/(1<<20), "MiB-of-system")
		runtime.KeepAlive(g)
		b.StartTimer()
	}
}

// A laptop has room for 1,000 routes.
func TestManyRoutesAreSmall(t *testing.T) {
	dir := many(t, anchored)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	g := loadMany(t, dir)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if kept := (int64(after.HeapInuse) - int64(before.HeapInuse)) >> 20; kept > 60 {
		t.Errorf("1,000 routes keep %d MiB", kept)
	}
	if taken := (int64(after.Sys) - int64(before.Sys)) >> 20; taken > 150 {
		t.Errorf("loading 1,000 routes took %d MiB of the system", taken)
	}
	runtime.KeepAlive(g)
}

// What it takes to find the last of 1,000 routes, or that there is none.
func BenchmarkPick(b *testing.B) {
	conditions := []struct {
		name string
		of   func(n int) string
	}{
		{"find", anchored},
		{"matches", func(n int) string { return fmt.Sprintf("${matches(request.uri.path, '^/app-%04d/.*')}", n) }},
		{"matchesWithRegex", func(n int) string {
			return fmt.Sprintf("${matchesWithRegex(request.uri.path, '/app-%04d(/.*)?')}", n)
		}},
		{"startsWith", func(n int) string { return fmt.Sprintf("${request.uri.path.startsWith('/app-%04d/')}", n) }},
		{"and", func(n int) string {
			return fmt.Sprintf("${request.method == 'GET' and find(request.uri.path, '^/app-%04d')}", n)
		}},
		{"nested groups", func(n int) string { return fmt.Sprintf("${find(request.uri.path, '^(/app-%04d|/old-%04d)')}", n, n) }},
		{"unanchored", func(n int) string { return fmt.Sprintf("${find(request.uri.path, '/app-%04d')}", n) }},
		{"behind a class", func(n int) string {
			return fmt.Sprintf("${find(request.uri.path, '^/[a-z]+-%04d/')}", n)
		}},
		{"in the middle", func(n int) string { return fmt.Sprintf("${matches(request.uri.path, '.*/(old|app-%04d)/.*')}", n) }},
		{"host", func(n int) string { return fmt.Sprintf("${find(request.uri.host, '^app-%04d\\\\.')}", n) }},
		{"header", func(n int) string { return fmt.Sprintf("${request.headers['Host'][0] == 'app-%04d.example.com'}", n) }},
	}
	for _, c := range conditions {
		b.Run(c.name, func(b *testing.B) {
			g := loadMany(b, many(b, c.of))
			table := g.routers.all()[0].table.Load()
			last := fmt.Sprintf("app-%04d", manyRoutes-1)
			req := chain.NewRequest()
			req.URI.Scheme, req.URI.Host, req.URI.RawPath = "http", last+".example.com", "/"+last+"/x/y"
			req.Header["Host"] = []string{last + ".example.com"}
			x := chain.New(b.Context(), req, nil)
			if e := table.pick(x); e == nil || e.name != last {
				b.Fatalf("picked %v", e)
			}
			b.ReportAllocs()
			for b.Loop() {
				if table.pick(x) == nil {
					b.Fatal("nothing picked")
				}
			}
		})
	}
}
