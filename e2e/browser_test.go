package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// browse runs e2e/browser/pages/<name>.mjs in Chromium with args, which the script gets as an object; "resolve" maps
// host names to addresses. What the script finds wrong fails the test. "make test" installs what it needs.
func browse(t *testing.T, name string, args map[string]any) {
	t.Helper()
	for _, need := range []string{"node", "chromium"} {
		if _, err := exec.LookPath(need); err != nil {
			missing(t, need+" is not installed")
		}
	}
	if _, err := os.Stat("node/node_modules/playwright-core"); err != nil {
		missing(t, "e2e/node/node_modules is not there: run npm ci in e2e/node")
	}
	text, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "node", "browser/run.mjs", name, string(text)).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		t.Error(strings.TrimSpace(line))
	}
	if err != nil && len(out) == 0 {
		t.Errorf("node browser/run.mjs %s: %v", name, err)
	}
}

// missing ends a test for which something has to be installed first; where everything is, it fails.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}
