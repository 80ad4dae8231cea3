package groovy

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpusEngine prints into out.
func corpusEngine(out *strings.Builder) *Engine {
	return New(Env{Classes: JDK(), Out: func(_ context.Context, s string) { out.WriteString(s) }})
}

// TestCorpus runs the scripts of testdata. A file holds several: "-- name --",
// the script, "---", and the expected output. A last line "!text" means that the
// run, or the compilation, must fail with an error which contains the text.
func TestCorpus(t *testing.T) {
	files, err := filepath.Glob("testdata/*.groovy")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	total := 0
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		base := strings.TrimSuffix(filepath.Base(f), ".groovy")
		for _, c := range corpusCases(string(data)) {
			total++
			t.Run(base+"/"+c.name, func(t *testing.T) { c.run(t) })
		}
	}
	if total < 200 {
		t.Errorf("the corpus has %d scripts, too few", total)
	}
}

type corpusCase struct{ name, script, want, fail string }

func corpusCases(data string) []corpusCase {
	var out []corpusCase
	for _, part := range strings.Split("\n"+data, "\n-- ")[1:] {
		name, rest, _ := strings.Cut(part, " --\n")
		script, want, _ := strings.Cut(rest, "\n---\n")
		c := corpusCase{name: name, script: script}
		for _, l := range strings.Split(strings.TrimRight(want, "\n"), "\n") {
			if strings.HasPrefix(l, "!") {
				c.fail = l[1:]
			} else if l != "" || c.want != "" {
				c.want += l + "\n"
			}
		}
		c.want = strings.TrimRight(c.want, "\n")
		out = append(out, c)
	}
	return out
}

func (c corpusCase) run(t *testing.T) {
	var out strings.Builder
	s, err := corpusEngine(&out).Compile("script.groovy", c.script)
	if err == nil {
		_, err = s.Run(context.Background(), nil)
	}
	got := strings.TrimRight(out.String(), "\n")
	switch {
	case c.fail == "" && err != nil:
		if th, ok := err.(*Thrown); ok {
			t.Fatalf("error: %s\noutput: %s", th.Detail(), got)
		}
		if in, ok := err.(*InternalError); ok {
			t.Fatalf("error: %s\n%s", in, in.Stack)
		}
		t.Fatalf("error: %v", err)
	case c.fail != "" && err == nil:
		t.Fatalf("no error, want %q; output: %s", c.fail, got)
	case c.fail != "" && !strings.Contains(err.Error(), c.fail):
		t.Fatalf("error %q, want one with %q", err, c.fail)
	}
	if got != c.want {
		t.Errorf("output:\n%s\nwant:\n%s", got, c.want)
	}
}
