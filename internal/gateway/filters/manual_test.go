package filters

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gatehouse/internal/conf"
)

// Each type has a page, named for it, whose example loads without a word of complaint
// and whose table names every field of the configuration.
func TestManual(t *testing.T) {
	for _, typ := range All {
		if typ.Why != "" {
			continue
		}
		page := snake(typ.Name) + ".md"
		b, err := os.ReadFile(page)
		if err != nil {
			t.Errorf("the type %s has no manual page: %v", typ.Name, err)
			continue
		}
		manual := string(b)
		if !strings.HasPrefix(manual, "# "+typ.Name+"\n") {
			t.Errorf("%s does not begin with the name of its type", page)
		}
		_, rest, _ := strings.Cut(manual, "```json\n")
		example, _, ok := strings.Cut(rest, "```")
		if !ok || !strings.Contains(example, `"`+typ.Name+`"`) {
			t.Errorf("%s has no example of the type", page)
			continue
		}
		n, err := conf.Parse(page, []byte(example))
		if err != nil {
			t.Error(err)
			continue
		}
		f := newFixture()
		f.document(t, n)
		object := n
		if h := n.Get("handler"); h != nil {
			object = h
		}
		f.Resolve(f.Decoder(), object, "an object")
		for _, p := range append(problems(f.errs), f.errs.Warnings()...) {
			if !strings.Contains(p.Msg, "there is no file") {
				t.Errorf("%s: %s", page, p)
			}
		}
	}
	pages, _ := filepath.Glob("*.md")
	for _, page := range pages {
		if b, _ := os.ReadFile(page); !strings.Contains(strings.Join(names(), " "), strings.TrimPrefix(firstLine(string(b)), "# ")) {
			t.Errorf("%s is about no type of this package", page)
		}
	}
}

func problems(e *conf.Errors) []conf.Problem {
	if err, ok := e.Err().(*conf.Error); ok {
		return err.Problems
	}
	return nil
}

func names() (list []string) {
	for _, t := range All {
		list = append(list, t.Name)
	}
	return list
}

func firstLine(s string) string { line, _, _ := strings.Cut(s, "\n"); return line }

var camel = regexp.MustCompile(`([a-z0-9])([A-Z])`)

func snake(name string) string {
	return strings.ToLower(camel.ReplaceAllString(name, "${1}_${2}"))
}
