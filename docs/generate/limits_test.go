package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/printer"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var limitRow = regexp.MustCompile("^\\| (.+?) \\| (.+?) \\| (.+?) \\| (.+?) \\| (?:`(\\w+)(\\{[^`]+\\})?`|–) \\| (?:`([\\w/.]+\\.go)#(\\w+)`|–) \\|$")

// Each default of the page of limits is the one in the source, and each limit has a metric of the page of metrics.
func TestLimits(t *testing.T) {
	metrics, err := os.ReadFile("metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("limits.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.SplitSeq(string(page), "\n") {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| what") {
			continue
		}
		m := limitRow.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("no row of limits: %s", line)
			continue
		}
		rows++
		if metric := m[5]; !strings.Contains(string(metrics), "| `"+metric+"` |") {
			t.Errorf("%s: there is no metric %s", m[1], metric)
		}
		if m[7] == "" {
			continue
		}
		want, err := written(m[2])
		if err != nil {
			t.Errorf("%s: %v", m[1], err)
			continue
		}
		got, err := inSource(filepath.Join(root, filepath.FromSlash(m[7])), m[8])
		if err != nil || got != want {
			t.Errorf("%s: the page says %s, %s#%s says %d, %v", m[1], m[2], m[7], m[8], got, err)
		}
	}
	if rows < 85 {
		t.Errorf("only %d rows of limits", rows)
	}
}

var units = map[string]int64{"": 1, "bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "ms": 1e6, "s": 1e9, "min": 60e9, "h": 3600e9}

// written reads a number with its unit, in bytes or nanoseconds.
func written(s string) (int64, error) {
	number, unit, _ := strings.Cut(s, " ")
	n, err := strconv.ParseInt(strings.ReplaceAll(number, ",", ""), 10, 64)
	factor, ok := units[unit]
	if err != nil || !ok {
		return 0, fmt.Errorf("expected a number with a unit, found %q", s)
	}
	return n * factor, nil
}

var tagged = regexp.MustCompile(`\bdefault=(\d+)`)

// inSource finds what a file says that a name is: a constant, a default of a field's tag, a value that is assigned to
// the field where it is zero, or one of a composite literal.
func inSource(path, name string) (int64, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, path, nil, 0)
	if err != nil {
		return 0, err
	}
	var found []int64
	take := func(e ast.Expr) {
		if call, ok := e.(*ast.CallExpr); ok && len(call.Args) > 0 {
			if last := call.Args[len(call.Args)-1]; len(call.Args) == 2 {
				if inner, ok := call.Args[0].(*ast.CallExpr); ok { // max(orDefault(x, 64), 1)
					last = inner.Args[len(inner.Args)-1]
				}
				e = last
			}
		}
		if n, ok := evaluate(fset, e); ok && n != 0 {
			found = append(found, n)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			for i, id := range n.Names {
				if id.Name == name && i < len(n.Values) {
					take(n.Values[i])
				}
			}
		case *ast.Field:
			for _, id := range n.Names {
				if m := tagged.FindStringSubmatch(tagOf(n)); id.Name == name && m != nil {
					v, _ := strconv.ParseInt(m[1], 10, 64)
					found = append(found, v)
				}
			}
		case *ast.AssignStmt:
			for i, l := range n.Lhs {
				if s, ok := l.(*ast.SelectorExpr); ok && s.Sel.Name == name && i < len(n.Rhs) {
					take(n.Rhs[i])
				}
			}
		case *ast.KeyValueExpr:
			if id, ok := n.Key.(*ast.Ident); ok && id.Name == name {
				take(n.Value)
			}
		}
		return true
	})
	if len(found) == 0 {
		return 0, fmt.Errorf("nothing of that name has a number")
	}
	return found[0], nil
}

func tagOf(f *ast.Field) string {
	if f.Tag == nil {
		return ""
	}
	return f.Tag.Value
}

var durations = strings.NewReplacer("time.Millisecond", "1000000", "time.Second", "1000000000", "time.Minute", "60000000000", "time.Hour", "3600000000000")

func evaluate(fset *token.FileSet, e ast.Expr) (int64, bool) {
	var b strings.Builder
	if printer.Fprint(&b, fset, e) != nil {
		return 0, false
	}
	v, err := types.Eval(token.NewFileSet(), nil, token.NoPos, durations.Replace(b.String()))
	if err != nil || v.Value == nil || v.Value.Kind() != constant.Int {
		return 0, false
	}
	return constant.Int64Val(v.Value)
}
