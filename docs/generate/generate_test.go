package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

// The pages in the tree are those that the source makes now.
func TestFresh(t *testing.T) {
	files, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(root, folder, name))
		if err != nil || string(got) != want {
			t.Errorf("%s/%s is not what the source says: run make docs", folder, name)
		}
	}
	there, _ := filepath.Glob(filepath.Join(root, folder, "*"))
	for _, path := range there {
		if files[filepath.Base(path)] == "" {
			t.Errorf("%s is of no type any more: run make docs", path)
		}
	}
}

func TestPages(t *testing.T) {
	files, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	for page, parts := range map[string][]string{
		"headerfilter.md":     {"Type: filter.", "| `messageType` | `REQUEST`, `RESPONSE` | required |"},
		"router.md":           {"Older names: `RouterHandler`", "| `scanInterval` | a duration |", "How often the directory is looked through"},
		"capturedecorator.md": {"`config.masks`", "| `mask` |"},
		"auditservice.md":     {"`config.eventHandlers[]`", "| `class` | a string | required |"},
		"functions.md":        {"## contains", "| Expression | Value |"},
		"groovy.md":           {"| `script.maxSteps` |", "- `org.forgerock.http.protocol.Request`: ", "- `java.lang.String`: "},
		"README.md":           {"[HeaderFilter](headerfilter.md)", "## Not supported"},
	} {
		for _, part := range parts {
			if !strings.Contains(files[page], part) {
				t.Errorf("%s lacks %q", page, part)
			}
		}
	}
}

// The schema is JSON, and its references point somewhere.
func TestSchema(t *testing.T) {
	files, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal([]byte(files["route.schema.json"]), &schema); err != nil {
		t.Fatal(err)
	}
	defs := schema["$defs"].(map[string]any)
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok && defs[strings.TrimPrefix(ref, "#/$defs/")] == nil {
				t.Errorf("%s points nowhere", ref)
			}
			for _, e := range v {
				walk(e)
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(schema)
	header := defs["config.HeaderFilter"].(map[string]any)
	if required := header["required"].([]any); len(required) != 1 || required[0] != "messageType" {
		t.Errorf("HeaderFilter requires %v", required)
	}
}
