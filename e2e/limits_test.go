package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// limitTry goes over a limit of the page, and tells what the client got.
type limitTry struct {
	want string
	do   func() string
}

// limitRows are the rows of one half of the page of limits: what is limited, the metric that tells of it, and its label.
func limitRows(t *testing.T, half string) [][]string {
	t.Helper()
	page, err := os.ReadFile("../docs/reference/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "\n## "+half+"\n")
	text, _, _ = strings.Cut(text, "\n## ")
	var rows [][]string
	for _, m := range limitRow.FindAllStringSubmatch(text, -1) {
		rows = append(rows, m[1:])
	}
	if len(rows) < 30 {
		t.Fatalf("only %d limits of %s", len(rows), half)
	}
	return rows
}

var limitRow = regexp.MustCompile("(?m)^\\| (.+?) \\| .+? \\| .+? \\| .+? \\| `(\\w+)(?:\\{(.+?)\\})?` \\| .+ \\|$")

// goOver goes over limits of one half of the page of limits, and looks whether the metrics of the page tell of it.
func goOver(t *testing.T, half, metrics string, tries map[string]limitTry) {
	t.Helper()
	value := func(name, label string) (sum float64) {
		_, all := scrape(t, metrics)
		for _, m := range regexp.MustCompile(`(?m)^`+name+`(?:\{(.*)\})? (\S+)$`).FindAllStringSubmatch(all, -1) {
			if strings.Contains(m[1], label) {
				n, _ := strconv.ParseFloat(m[2], 64)
				sum += n
			}
		}
		return sum
	}
	for _, row := range limitRows(t, half) {
		what, metric, label := row[0], row[1], row[2]
		try, ok := tries[what]
		if !ok {
			continue
		}
		before := value(metric, label)
		if got := try.do(); got != try.want {
			t.Errorf("%s: the client got %s, want %s", what, got, try.want)
		}
		for end := time.Now().Add(15 * time.Second); value(metric, label) <= before; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Errorf("%s: %s{%s} does not tell of it", what, metric, label)
				break
			}
		}
	}
}

// Each limit of the page has a test that goes over it, and no test names another: the names are in the calls of goOver.
func TestLimitsAreTried(t *testing.T) {
	t.Parallel()
	tried := map[string][]string{}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 4 {
				return true
			}
			if id, ok := call.Fun.(*ast.Ident); !ok || id.Name != "goOver" {
				return true
			}
			half, ok := call.Args[1].(*ast.BasicLit)
			tries, ok2 := call.Args[3].(*ast.CompositeLit)
			if !ok || !ok2 {
				t.Errorf("%s: goOver wants literals", name)
				return true
			}
			h, _ := strconv.Unquote(half.Value)
			for _, e := range tries.Elts {
				key, _ := strconv.Unquote(e.(*ast.KeyValueExpr).Key.(*ast.BasicLit).Value)
				tried[h] = append(tried[h], key)
			}
			return true
		})
	}
	for _, half := range []string{"Gateway", "Authorization server"} {
		listed := map[string]bool{}
		for _, row := range limitRows(t, half) {
			listed[row[0]] = true
			if !slices.Contains(tried[half], row[0]) {
				t.Errorf("%s: no test goes over the limit %q", half, row[0])
			}
		}
		for _, what := range tried[half] {
			if !listed[what] {
				t.Errorf("%s: the page has no limit %q", half, what)
			}
		}
	}
}

// untilClosed reads from a connection what the other side sends until it closes.
func untilClosed(t *testing.T, c net.Conn) string {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(30 * time.Second))
	b, err := io.ReadAll(c)
	if n, ok := err.(net.Error); ok && n.Timeout() {
		t.Error("the connection stays open")
	}
	return string(b)
}

// lateTries go over the limits of connections and of times of a server at addr, which may have places for connections, and
// knows a path to get whose answer is large, and one to post to. full tells whether no place is left.
func lateTries(t *testing.T, addr string, places int, get, post string, full func() bool) map[string]limitTry {
	dial := func(say string) net.Conn {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if _, err := io.WriteString(c, say); err != nil {
			t.Fatal(err)
		}
		return c
	}
	request := "GET " + get + " HTTP/1.1\r\nHost: a\r\n"
	return map[string]limitTry{
		"connections": {"200", func() string {
			var all []net.Conn
			for range places {
				all = append(all, dial(request))
			}
			last := dial(request + "Connection: close\r\n\r\n")
			eventually(t, "all places are taken", full)
			_ = last.SetReadDeadline(time.Now().Add(30 * time.Second))
			for _, c := range all {
				_ = c.Close()
			}
			resp, err := http.ReadResponse(bufio.NewReader(last), nil)
			if err != nil {
				return err.Error()
			}
			return strconv.Itoa(resp.StatusCode)
		}},
		"header": {"", func() string { return untilClosed(t, dial(request)) }},
		"body": {"408", func() string {
			answer := untilClosed(t, dial("POST "+post+" HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\na=b"))
			status, _, _ := strings.Cut(strings.TrimPrefix(answer, "HTTP/1.1 "), " ")
			return status
		}},
		"idle": {"200, closed", func() string {
			c := dial(request + "\r\n")
			status, _, _ := strings.Cut(strings.TrimPrefix(untilClosed(t, c), "HTTP/1.1 "), " ")
			return status + ", closed"
		}},
		"answer": {"closed", func() string {
			c := dial("")
			if tcp, ok := c.(*net.TCPConn); ok {
				_ = tcp.SetReadBuffer(4 << 10)
			}
			// It asks more and more, and takes nothing, until the server has had enough of it.
			for {
				_ = c.SetWriteDeadline(time.Now().Add(20 * time.Second))
				if _, err := io.WriteString(c, strings.Repeat(request+"\r\n", 100)); err != nil {
					if n, ok := err.(net.Error); ok && n.Timeout() {
						return fmt.Sprint("still open: ", err)
					}
					return "closed"
				}
			}
		}},
	}
}

func jsonOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}
