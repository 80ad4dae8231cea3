package gateway

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The pages of this package and of sessions have examples that load without a word of
// complaint and go into service. The other packages test theirs themselves.
func TestManual(t *testing.T) {
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("session/*.md")
	if err != nil {
		t.Fatal(err)
	}
	pages = append(pages, more...)
	documented := map[string]bool{}
	for _, page := range pages {
		t.Run(page, func(t *testing.T) {
			b, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			title, rest, _ := strings.Cut(strings.TrimPrefix(string(b), "# "), "\n")
			documented[title] = true
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
			if w := append(g.Warnings, g.RouteWarnings()...); len(w) > 0 {
				t.Error(fmt.Sprint(w))
			}
			if title != "Router" && g.Routes() != 1 {
				t.Errorf("%d routes are in service", g.Routes())
			}
		})
	}
	for _, name := range []string{"Router", "CaptureDecorator", "TimerDecorator", "BaseUriDecorator", "InMemorySessionManager", "JwtSessionManager"} {
		if !documented[name] {
			t.Errorf("the type %s has no manual page", name)
		}
	}
}
