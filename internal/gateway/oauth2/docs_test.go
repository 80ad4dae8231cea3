package oauth2

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/amservice"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
)

// standIn takes the place of handlers of other packages in the examples.
type standIn struct {
	TLS  heap.Ref[secrets.ClientTlsOptions] `conf:"tls"`
	Rest []conf.Field                       `conf:"*"`
}

// TestManual holds the manual pages of this package and of those it builds on to their
// form: each type has a page whose example loads without a word of complaint.
func TestManual(t *testing.T) {
	lists := map[string][]*heap.Type{".": All, "../amservice": amservice.All, "../secrets": secrets.All}
	for folder, types := range lists {
		var titles []string
		pages, err := filepath.Glob(filepath.Join(folder, "*.md"))
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range pages {
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			title, _, _ := strings.Cut(strings.TrimPrefix(string(text), "# "), "\n")
			titles = append(titles, title)
			i := slices.IndexFunc(types, func(d *heap.Type) bool { return d.Name == title })
			if i < 0 {
				t.Errorf("%s is about %q, which is no type of its package", page, title)
				continue
			}
			loadExample(t, page, title, string(text))
		}
		for _, d := range types {
			if d.Why == "" && !slices.Contains(titles, d.Name) {
				t.Errorf("%s: the type %s has no manual page", folder, d.Name)
			}
		}
	}
}

func loadExample(t *testing.T, page, title, text string) {
	t.Helper()
	_, rest, _ := strings.Cut(text, "```json\n")
	example, _, ok := strings.Cut(rest, "```")
	if !ok || !strings.Contains(example, `"type": "`+title+`"`) {
		t.Errorf("%s has no example of %s", page, title)
		return
	}
	n, err := conf.Parse(filepath.Base(page), []byte(example))
	if err != nil {
		t.Error(err)
		return
	}
	f := newFixture(t)
	handler := func(name string) *heap.Type {
		return heap.Define(name, func(*standIn, *heap.Env) (chain.Handler, error) { return chain.HandlerFunc(f.serve), nil })
	}
	f.types = []*heap.Type{handler("StaticResponseHandler"), handler("ReverseProxyHandler")}
	f.document(t, n)
	if err := f.errs.Err(); err != nil {
		t.Errorf("%s: %v", page, err)
	}
	for _, w := range f.errs.Warnings() {
		if !strings.Contains(w.Msg, "there is no folder") && !strings.Contains(w.Msg, "there is no file") &&
			!strings.Contains(w.Msg, "was replaced by") && !strings.Contains(w.Msg, "in tests only") {
			t.Errorf("%s: %s", page, w)
		}
	}
}
