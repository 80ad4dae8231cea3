package gateway

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// random makes conditions and requests from few letters, so that some hold.
type random struct{ *rand.Rand }

func (r random) of(list ...string) string { return list[r.IntN(len(list))] }

// letters are up to most of a few.
func (r random) letters(most int) string {
	b := make([]byte, r.IntN(most+1))
	for i := range b {
		b[i] = "abc"[r.IntN(3)]
	}
	return string(b)
}

func (r random) pattern() string {
	text := r.of("", "", "^")
	for range 1 + r.IntN(4) {
		text += r.of("/", r.letters(10), "(/"+r.letters(1)+"|"+r.letters(2)+"c)", "[abc]*", ".*", "[ab]", "(?=a)", "(?i)A", "b{1,2}", "(?:a|"+r.letters(3)+")+")
	}
	return text + r.of("", "", "$")
}

func (r random) condition(depth int) string {
	of := "request.uri." + r.of("path", "path", "path", "host")
	text := r.of("", "/") + r.letters(9)
	switch r.IntN(10) {
	case 0:
		return fmt.Sprintf("matchesWithRegex(%s, '%s')", of, r.pattern())
	case 1:
		return fmt.Sprintf("contains(%s, '%s')", of, text)
	case 2:
		return fmt.Sprintf("%s.%s('%s')", of, r.of("startsWith", "endsWith", "equals", "matches"), text)
	case 3:
		return fmt.Sprintf("%s == '%s'", of, text)
	case 4:
		return "request.method == 'GET'"
	case 5, 6:
		if depth > 0 {
			return "(" + r.condition(depth-1) + r.of(" and ", " or ") + r.condition(depth-1) + ")"
		}
	case 7:
		return "not find(" + of + ", '" + r.pattern() + "')"
	}
	return fmt.Sprintf("find(%s, '%s')", of, r.pattern())
}

// compiled makes routes of conditions, without the rest of a route.
func compiled(tb testing.TB, h *heap.Heap, conditions []string) []*route {
	tb.Helper()
	var list []*route
	for n, c := range conditions {
		r := &route{name: fmt.Sprintf("%05d", n)}
		if c != "" && !h.Decoder().Decode(&conf.Node{Kind: conf.String, Text: "${" + c + "}"}, &r.condition) {
			tb.Fatalf("the condition %s: %v", c, h.Errs().Err())
		}
		r.hints = hintsOf(&r.condition)
		list = append(list, r)
	}
	return list
}

func emptyHeap(tb testing.TB) *heap.Heap {
	tb.Helper()
	g, err := Load(Options{Dir: tb.TempDir(), Getenv: func(string) (string, bool) { return "", false }})
	if err != nil {
		tb.Fatal(err)
	}
	return g.heap
}

func asking(tb testing.TB, host, path string) *chain.Exchange {
	req := chain.NewRequest()
	req.Method = "GET"
	req.URI.Scheme, req.URI.Host, req.URI.RawPath = "http", host, path
	return chain.New(tb.Context(), req, nil)
}

// The table finds what asking one route after the other finds.
func TestPickIsTheFirstThatHolds(t *testing.T) {
	h := emptyHeap(t)
	found := 0
	for seed := range uint64(300) {
		r := random{rand.New(rand.NewPCG(seed, 0))}
		var conditions []string
		for range r.IntN(80) {
			conditions = append(conditions, r.condition(2))
		}
		routes := compiled(t, h, conditions)
		table := newTable(routes)
		for range 20 {
			x := asking(t, r.letters(9)+"a", "/"+r.letters(4)+r.of("", "/", "A")+r.letters(8)+r.of("", "", "%0A", "%FF", "%41")+r.letters(3))
			var want *route
			for _, one := range routes {
				if one.condition.Holds(x) {
					want = one
					break
				}
			}
			if want != nil && want != routes[0] {
				found++
			}
			if got := table.pick(x); got != want {
				t.Fatalf("seed %d, for %s: picked %s, want %s", seed, x.Request.URI, nameOf(got), nameOf(want))
			}
		}
	}
	if found < 1000 {
		t.Errorf("only %d requests had a route but the first", found)
	}
}

func nameOf(r *route) string {
	if r == nil {
		return "none"
	}
	return r.name + " " + r.condition.Source()
}

// More routes than one piece has, some for all requests.
func TestPickAmongManyPieces(t *testing.T) {
	var conditions []string
	for n := range 2*pieceSize + 100 {
		conditions = append(conditions, fmt.Sprintf("find(request.uri.path, '/app-%d/')", n))
	}
	conditions = append(conditions, "")
	routes := compiled(t, emptyHeap(t), conditions)
	table := newTable(routes)
	for range 300 {
		n := rand.IntN(len(conditions) - 1)
		if got := table.pick(asking(t, "h", fmt.Sprintf("/x/app-%d/y", n))); got != routes[n] {
			t.Fatalf("picked %s for app-%d", nameOf(got), n)
		}
	}
	if got := table.pick(asking(t, "h", "/"+strings.Repeat("app-", 50))); got != routes[len(routes)-1] {
		t.Errorf("picked %s, want the last", nameOf(got))
	}
}

// Conditions on a path are not asked one by one.
func TestPickAsksFew(t *testing.T) {
	var conditions []string
	for n := range 1000 {
		conditions = append(conditions, fmt.Sprintf("find(request.uri.path, '/services/v[0-9]+/application-%04d(/|$)')", n))
	}
	routes := compiled(t, emptyHeap(t), conditions)
	p := newTable(routes).pieces[0]
	possible := p.always
	p.path.mark("/services/v2/application-0500/x", &possible)
	few := 0
	for _, w := range possible {
		for ; w != 0; w &= w - 1 {
			few++
		}
	}
	if few != 1 {
		t.Errorf("%d of 1,000 conditions would be evaluated, want 1", few)
	}
}
