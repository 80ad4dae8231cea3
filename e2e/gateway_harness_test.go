package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// gatewayOn runs a gateway whose routes, by file name, have UPSTREAM in the place of an
// address. fields are added to admin.json, args to the command.
func gatewayOn(t *testing.T, upstream, fields string, routes map[string]string, args ...string) (*process, string) {
	t.Helper()
	for name, text := range routes {
		routes[name] = strings.ReplaceAll(text, "UPSTREAM", upstream)
	}
	return gatewayWith(t, nil, fields, routes, args...)
}

func gatewayWith(t *testing.T, env []string, fields string, routes map[string]string, args ...string) (*process, string) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "config", "admin.json"),
		`{"connectors": [{"port": 0, "host": "127.0.0.1"}], "adminConnector": {"port": 0, "host": "127.0.0.1"}`+fields+`}`)
	write(t, filepath.Join(dir, "config", "config.json"),
		`{"handler": {"type": "Router", "config": {"directory": "${openig.configDirectory}/routes", "scanInterval": "100 ms"}}}`)
	for name, text := range routes {
		write(t, filepath.Join(dir, "config", "routes", name), text)
	}
	return start(t, env, append([]string{"gateway", dir}, args...)...), dir
}

// proxyTo is a route to the upstream with more configuration of its handler.
func proxyTo(config string) string {
	return `{"handler": {"type": "ReverseProxyHandler", "baseURI": "UPSTREAM", "config": {` + config + `}}}`
}

var memoryLine = regexp.MustCompile(`(?m)^(\w+):\s+(\d+) kB$`)

// memory is a line of the process's memory in /proc, in bytes: VmRSS is what it holds,
// VmHWM the most it ever held.
func (p *process) memory(line string) int {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		if os.Getenv("CI") == "true" {
			p.t.Fatal(err)
		}
		p.t.Skip("the system does not tell what a process holds:", err)
	}
	for _, m := range memoryLine.FindAllStringSubmatch(string(text), -1) {
		if m[1] == line {
			n, _ := strconv.Atoi(m[2])
			return n << 10
		}
	}
	p.t.Fatal("the system has no line ", line)
	return 0
}
