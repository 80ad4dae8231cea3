package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The demo prints commands to try; they work as printed, and again after a restart.
func TestDemo(t *testing.T) {
	data := t.TempDir()
	for _, run := range []string{"first start", "second start"} {
		t.Run(run, func(t *testing.T) {
			p := start(t, nil, "demo", "--data", data)
			eventually(t, "the demo has printed its commands", func() bool {
				return strings.Contains(p.printed(), "grant_type") && strings.HasSuffix(p.printed(), "\n\n")
			})
			out := p.printed()
			_, commands, ok := strings.Cut(out, "in another terminal:")
			if !ok {
				t.Fatalf("the demo prints no commands:\n%s", out)
			}
			got := shell(t, t.TempDir(), nil, "set -e\n"+strings.ReplaceAll(commands, "curl ", "curl -sS "))
			for _, want := range []string{`"scope":"write"`, "Access granted", `"client_id":"serviceConfidentialClient"`, `"scope":"mail"`} {
				if !strings.Contains(got, want) {
					t.Errorf("the commands print no %s:\n%s", want, got)
				}
			}
			if strings.Count(got, `"scope":"write"`) != 2 {
				t.Errorf("want two tokens of realm alpha:\n%s", got)
			}
			p.stop()
		})
	}
}

// Key stores and folders of keys are made by the commands of the guides, so that their absence is the one warning that
// an example may cause.
func TestExamplesAreSound(t *testing.T) {
	dirs, _ := filepath.Glob("../examples/*/config")
	if len(dirs) == 0 {
		t.Fatal("there are no examples")
	}
	for _, d := range dirs {
		dir := filepath.Dir(d)
		out, err := exec.Command(binary, "validate", dir).CombinedOutput()
		if err != nil {
			t.Errorf("validate %s: %v\n%s", dir, err, out)
		}
		for _, line := range strings.Split(string(out), "\n") {
			if strings.HasPrefix(line, "warning: ") && !strings.Contains(line, "there is no file") {
				t.Errorf("validate %s: %s", dir, line)
			}
		}
	}
}
