package gateway

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// Each file of testdata/bad is a configuration folder and, in "want", all that loading
// it reports.
func TestBadConfigurations(t *testing.T) {
	files, _ := filepath.Glob("testdata/bad/*.txtar")
	if len(files) == 0 {
		t.Fatal("no bad configurations")
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(f)
			if err != nil {
				t.Fatal(err)
			}
			dir, want := t.TempDir(), ""
			if err := os.MkdirAll(filepath.Join(dir, "config", "routes"), 0o755); err != nil {
				t.Fatal(err)
			}
			for _, file := range a.Files {
				if file.Name == "want" {
					want = string(file.Data)
					continue
				}
				path := filepath.Join(dir, "config", file.Name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, file.Data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got := report(Options{Dir: dir, Getenv: func(string) (string, bool) { return "", false }})
			got = strings.ReplaceAll(got, dir, "DIR")
			if *update {
				rewrite(t, f, a, got)
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

var update = flag.Bool("update", false, "rewrite expected results")

func rewrite(t *testing.T, path string, a *txtar.Archive, want string) {
	t.Helper()
	for i := range a.Files {
		if a.Files[i].Name == "want" {
			a.Files[i].Data = []byte(want)
		}
	}
	if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
		t.Fatal(err)
	}
}

// report lists all problems and warnings, as validate prints them.
func report(o Options) string {
	g, err := Load(o)
	var b strings.Builder
	if err != nil {
		b.WriteString(err.Error() + "\n")
	}
	if g == nil {
		return b.String()
	}
	for _, p := range g.Problems() {
		b.WriteString(p.Error() + "\n")
	}
	for _, w := range append(g.Warnings, g.RouteWarnings()...) {
		b.WriteString("warning: " + w.String() + "\n")
	}
	return b.String()
}
