package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Mistakes on the command line are answered with what should be there.
func TestMistakesOnTheCommandLine(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := t.TempDir()
	config := filepath.Join(dir, "config")
	if err := os.MkdirAll(config, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(config, "config.json")
	if err := os.WriteFile(file, []byte(`{"handler": {"type": "Router"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"validate"}, "expected gatehouse validate DIR, found 0 arguments; gatehouse validate --help has examples"},
		{[]string{"try", dir, "GET"}, "expected gatehouse try DIR METHOD URL, found 2 arguments"},
		{[]string{"gateway", filepath.Join(dir, "none")}, "does not exist"},
		{[]string{"gateway", file}, "config.json is a file: expected the folder that holds config"},
		{[]string{"gateway", config}, "expected the folder that holds config, perhaps " + dir},
		{[]string{"sample", "--listen", taken.Addr().String()}, "listens there; stop it first, or choose another port"},
		{[]string{"sample", "--listen", "nope"}, "expected HOST:PORT, such as 127.0.0.1:8088"},
		{[]string{"am", "--data", data, "--listen", "127.0.0.1:0", "--listen-tls", "127.0.0.1:0"}, "--listen-tls needs --tls-cert and --tls-key"},
		{[]string{"import", "--data", filepath.Join(dir, "new"), filepath.Join(dir, "none.json")}, "no such file"},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args[:1], " "), func(t *testing.T) {
			var out strings.Builder
			c := command()
			c.SetArgs(tt.args)
			c.SetOut(&out)
			c.SetErr(&out)
			if err := c.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v: error %v, want %q", tt.args, err, tt.want)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "new")); err == nil {
		t.Error("an import of nothing made a server's data")
	}
}

// What is only doubtful is told even where the start fails: it may be the reason.
func TestWarningsOfAFailedStart(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "config"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config", "admin.json"), []byte(`{"connectors": [{"prt": 8080}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	c := command()
	c.SetArgs([]string{"gateway", dir})
	c.SetOut(&out)
	c.SetErr(&out)
	if err := c.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), `"port" is missing`) {
		t.Errorf("error %v", err)
	}
	if !strings.Contains(out.String(), `did you mean \"port\"?`) && !strings.Contains(out.String(), `did you mean "port"?`) {
		t.Errorf("output %q", out.String())
	}
}

// A flag that there is not leads to the list of those that there are.
func TestUnknownFlag(t *testing.T) {
	root := command()
	root.SetArgs([]string{"am", "--port", "80"})
	if err := root.Execute(); err == nil || !strings.Contains(err.Error(), "unknown flag: --port; gatehouse am --help lists what there is") {
		t.Errorf("err = %v", err)
	}
}
