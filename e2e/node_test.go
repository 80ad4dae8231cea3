package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// node is a command that runs a script of the folder node with what npm installed there.
func node(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	for _, missing := range []bool{!installed("node"), !exists(filepath.Join("node", "node_modules", "openid-client"))} {
		switch {
		case missing && os.Getenv("CI") == "true":
			t.Fatal("Node.js or its packages are missing: make node")
		case missing:
			t.Skip("needs Node.js and its packages: make node")
		}
	}
	cmd := exec.Command("node", append([]string{"--no-warnings", "--import", "./webcrypto.mjs"}, args...)...)
	cmd.Dir = "node"
	cmd.Env = append(os.Environ(), env...)
	return cmd
}

func installed(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

var tapLine = regexp.MustCompile(`(?m)^(not )?ok \d+ - (.*)$`)

// nodeTests runs a file of node:test and reports each of its tests as one of ours. Its
// environment variable SITE is site, as JSON.
func nodeTests(t *testing.T, file string, site any) {
	t.Helper()
	text, err := json.Marshal(site)
	if err != nil {
		t.Fatal(err)
	}
	cmd := node(t, []string{"SITE=" + string(text)}, "--test-reporter=tap", file)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	failed := cmd.Run()
	results := tapLine.FindAllStringSubmatchIndex(out.String(), -1)
	for i, m := range results {
		name, ok := out.String()[m[4]:m[5]], m[2] < 0
		end := out.Len()
		if i+1 < len(results) {
			end = results[i+1][0]
		}
		detail := out.String()[m[1]:end]
		t.Run(strings.ReplaceAll(name, "/", "-"), func(t *testing.T) {
			if !ok {
				t.Error(detail)
			}
		})
	}
	if len(results) == 0 || failed != nil && !t.Failed() {
		t.Errorf("%s: %v\n%s", file, failed, out.String())
	}
}
