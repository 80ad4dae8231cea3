package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Problems come in the order of the file, each with its excerpt below it.
func TestValidatePrintsProblemsInOrder(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"config/config.json": `{"handler": {"type": "Router"}}`,
		"config/routes/a.json": `{
  "condition": "${find(request.uri.path, '^/(')}",
  "handler": {"type": "StaticResponseHandler",
    "config": {"status": 200, "entity": "${upper(request.method)}"},
    "capture": "al", "status": 200},







  "baseURI": "htp://app.example.com"
}`,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	c := validateCommand()
	c.SetArgs([]string{dir})
	c.SetOut(&out)
	c.SetErr(&out)
	c.SilenceUsage = true
	err := c.Execute()
	if err == nil || !strings.HasSuffix(err.Error(), ": 2 problems") {
		t.Errorf("error %v", err)
	}
	got := strings.ReplaceAll(out.String(), filepath.Join(dir, "config")+"/", "")
	for _, want := range []string{
		`warning: routes/a.json:2:16: condition: ${find(request.uri.path, '^/(')}: find: invalid regular expression: a group is not closed`,
		"routes/a.json:4:41: handler.config.entity: there is no function \"upper\"",
		" (1:3)\n    ${upper(request.method)}\n      ^\n",
		"routes/a.json:13:14: baseURI: expected a URL with scheme and host",
	} {
		i := strings.Index(got, want)
		if i < 0 {
			t.Fatalf("no %q in this order in\n%s", want, out.String())
		}
		got = got[i:]
	}
}
