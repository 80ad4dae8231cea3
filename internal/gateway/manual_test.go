package gateway

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every type has a page. Those of this package and of the packages without a test of their
// own have examples that load without a word of complaint, but for types that have no
// effect, and go into service.
func TestManual(t *testing.T) {
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"session", "audit", "script"} {
		more, err := filepath.Glob(folder + "/*.md")
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, more...)
	}
	for _, page := range pages {
		t.Run(page, func(t *testing.T) {
			b, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			title, rest, _ := strings.Cut(strings.TrimPrefix(string(b), "# "), "\n")
			_, rest, _ = strings.Cut(rest, "```json\n")
			example, _, ok := strings.Cut(rest, "```")
			if !ok || !strings.Contains(example, `"`+title+`"`) {
				t.Fatalf("%s has no example of %s", page, title)
			}
			file := "routes/x.json"
			if title == "Router" {
				file = "config.json"
			}
			g := run(t, "-- "+file+" --\n"+example)
			if problems := g.Problems(); len(problems) > 0 {
				t.Error(problems)
			}
			for _, w := range append(g.Warnings, g.RouteWarnings()...) {
				if !withoutEffect[title] || !strings.Contains(w.Msg, "has no effect") {
					t.Error(w)
				}
			}
			if title != "Router" && g.Routes() != 1 {
				t.Errorf("%d routes are in service", g.Routes())
			}
		})
	}
	all, err := filepath.Glob("*/*.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, page := range append(all, pages...) {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		title, _, _ := strings.Cut(strings.TrimPrefix(string(b), "# "), "\n")
		documented[title] = true
	}
	types, err := Types()
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range types {
		if typ.Why == "" && !documented[typ.Name] {
			t.Errorf("the type %s has no manual page", typ.Name)
		}
	}
}

// withoutEffect are types that are taken with a warning.
var withoutEffect = map[string]bool{"TracingDecorator": true, "ConsoleLogSink": true, "FileLogSink": true, "NullLogSink": true}
