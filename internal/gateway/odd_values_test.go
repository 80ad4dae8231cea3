package gateway

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"gatehouse/internal/conf"
)

// The examples of the manual with one value replaced by another: by an expression that
// yields the same, and by what nobody expects there. Whatever a document says, it must not
// end the program: a gateway that runs reads what people are writing.
func TestOddValues(t *testing.T) {
	pages, err := filepath.Glob("*/*.md")
	if err != nil || len(pages) < 50 {
		t.Fatalf("%d pages: %v", len(pages), err)
	}
	g, err := Load(Options{Dir: folder(t, "-- config.json --\n{\"handler\": {\"type\": \"WelcomeHandler\"}}\n"),
		Getenv: func(string) (string, bool) { return "", false }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(b), "```json\n")
		example, _, _ := strings.Cut(rest, "```")
		var document any
		if json.Unmarshal([]byte(example), &document) != nil {
			continue
		}
		each(document, func(v any) { document = v }, func(whole any, set func(any)) {
			for _, odd := range oddValues(whole) {
				set(odd)
				loadOdd(t, g, page, document)
			}
			set(whole)
		})
	}
}

func oddValues(whole any) []any {
	list := []any{nil, map[string]any{}, "${null}"}
	switch whole.(type) {
	case []any, map[string]any:
		text, err := json.Marshal(whole)
		if err == nil && !strings.Contains(string(text), "${") {
			list = append(list, "${toJson('"+strings.ReplaceAll(strings.ReplaceAll(string(text), `\`, `\\`), `'`, `\'`)+"')}")
		}
	}
	return list
}

// each calls f with every value in a document and what puts another in its place.
func each(value any, set func(any), f func(value any, set func(any))) {
	switch v := value.(type) {
	case []any:
		for i, e := range v {
			each(e, func(now any) { v[i] = now }, f)
		}
	case map[string]any:
		for name, e := range v {
			each(e, func(now any) { v[name] = now }, f)
		}
	}
	f(value, set)
}

func loadOdd(t *testing.T, g *Gateway, page string, document any) {
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	if m, ok := document.(map[string]any); ok && m["handler"] == nil {
		text = fmt.Appendf(nil, `{"heap": [%s], "handler": {"type": "WelcomeHandler"}}`, text)
	}
	defer func() {
		if cause := recover(); cause != nil {
			t.Errorf("%s: %v\n%s\n%s", page, cause, text, debug.Stack())
		}
	}()
	errs := &conf.Errors{}
	r := g.instance.newRoute(filepath.Join(g.instance.services.Dirs.Config, "routes", "x.json"), text, g.heap, errs)
	switch {
	case r != nil:
		r.heap.Stop()
	case errs.Err() == nil:
		t.Errorf("%s: nothing says why this is refused:\n%s", page, text)
	}
}
