package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// node is an authorization server, a gateway and an application behind it, or nothing when others run them.
type node struct {
	dir            string
	procs          []*exec.Cmd
	amPID, gwPID   int // 0: not ours
	amAddr, gwAddr string
	app            *http.Server
	own            bool
	embedded       bool
	binary         string
}

const adminPassword = "Sim-admin-12345"

// startNode runs the binary as an authorization server and as a gateway in front of an application of this process.
func startNode(ctx context.Context, binary, store string) (*node, error) {
	if _, err := os.Stat(binary); err != nil {
		return nil, fmt.Errorf("%w: make build makes it", err)
	}
	dir, err := os.MkdirTemp("", "gatehouse-sim-")
	if err != nil {
		return nil, err
	}
	n := &node{dir: dir, own: true, embedded: store == "", binary: binary}
	if err := n.start(ctx, store); err != nil {
		n.stop()
		return nil, err
	}
	return n, nil
}

func (n *node) start(ctx context.Context, store string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	n.app = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "from the application\n")
	})}
	go func() { _ = n.app.Serve(l) }()
	args := []string{"am", "--data", filepath.Join(n.dir, "am"), "--listen", "127.0.0.1:0"}
	if store != "" {
		args = append(args, "--store", store)
	}
	if n.amPID, n.amAddr, err = n.run(ctx, "GATEHOUSE_ADMIN_PASSWORD="+adminPassword, args...); err != nil {
		return err
	}
	config := filepath.Join(n.dir, "gateway", "config")
	for name, text := range map[string]string{"admin.json": adminJSON, "routes/call.json": callRoute} {
		text = strings.NewReplacer("APP", l.Addr().String(), "AM", n.amAddr).Replace(text)
		if err := os.MkdirAll(filepath.Dir(filepath.Join(config, name)), 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(config, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	n.gwPID, n.gwAddr, err = n.run(ctx, "SIM_AGENT=c2ltLXNlY3JldA==", "gateway", filepath.Join(n.dir, "gateway"))
	return err
}

const adminJSON = `{"connectors": [{"port": 0, "host": "127.0.0.1"}], "adminConnector": {"port": 0, "host": "127.0.0.1"}}`

const callRoute = `{"name": "call", "baseURI": "http://APP", "condition": "${find(request.uri.path, '^/call')}",
  "heap": [
    {"name": "secrets", "type": "SystemAndEnvSecretStore"},
    {"name": "am", "type": "AmService", "config": {"url": "http://AM/openam", "secretsProvider": "secrets",
      "agent": {"username": "sim-agent", "passwordSecretId": "sim.agent"}, "notifications": {"enabled": false}}}],
  "handler": {"type": "Chain", "config": {
    "filters": [{"type": "OAuth2ResourceServerFilter", "config": {"requireHttps": false, "scopes": ["sim-call"],
      "accessTokenResolver": {"type": "CacheAccessTokenResolver", "config": {"delegate": {
        "type": "TokenIntrospectionAccessTokenResolver", "config": {"amService": "am", "providerHandler": {
          "type": "Chain", "config": {
            "filters": [{"type": "HttpBasicAuthenticationClientFilter", "config": {
              "username": "sim-agent", "passwordSecretId": "sim.agent", "secretsProvider": "secrets"}}],
            "handler": "ForgeRockClientHandler"}}}}}}}}],
    "handler": "ReverseProxyHandler"}}}`

var listening = regexp.MustCompile(`listening address=(\S+)`)

// run starts the binary and waits until it is ready.
func (n *node) run(ctx context.Context, env string, args ...string) (int, string, error) {
	cmd := exec.CommandContext(ctx, n.binary, args...)
	cmd.Env = append(os.Environ(), env)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.StderrPipe()
	if err != nil {
		return 0, "", err
	}
	if err := cmd.Start(); err != nil {
		return 0, "", err
	}
	n.procs = append(n.procs, cmd)
	var log strings.Builder
	addr := ""
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		log.WriteString(lines.Text() + "\n")
		if m := listening.FindStringSubmatch(lines.Text()); m != nil && addr == "" {
			addr = m[1]
		}
		if strings.Contains(lines.Text(), "is ready") {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return cmd.Process.Pid, addr, nil
		}
	}
	return 0, "", fmt.Errorf("gatehouse %s ended:\n%s", args[0], log.String())
}

func (n *node) stop() {
	for _, p := range n.procs {
		_ = p.Process.Signal(syscall.SIGTERM)
		_ = p.Wait()
	}
	if n.app != nil {
		_ = n.app.Close()
	}
	if n.dir != "" {
		_ = os.RemoveAll(n.dir)
	}
}

// usage is what processes have used so far. Of servers that are not ours only the load generator's own is known.
type usage struct {
	at                 time.Time
	am, gateway, self  time.Duration // of the processors
	all                time.Duration // all processes of the machine
	amMemory, gwMemory int64
	disk               int64 // size of the store's folder
	written            int64 // bytes that the authorization server wrote to files
}

func (n *node) usage() usage {
	u := usage{at: time.Now(), self: cpuTime(os.Getpid()), all: machineTime()}
	if n.own {
		u.am, u.gateway = cpuTime(n.amPID), cpuTime(n.gwPID)
		u.amMemory, u.gwMemory = resident(n.amPID), resident(n.gwPID)
		u.disk, u.written = size(filepath.Join(n.dir, "am")), writtenBytes(n.amPID)
	}
	return u
}

// tick is the unit of proc(5).
const tick = 10 * time.Millisecond

// cpuTime is what a process has used; 0 where the system does not say.
func cpuTime(pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	return ticks(f[11]) + ticks(f[12])
}

func ticks(text string) time.Duration {
	v, _ := strconv.ParseInt(text, 10, 64)
	return time.Duration(v) * tick
}

// machineTime is what all processes have used, and what other virtual machines took meanwhile: user, nice, system and
// steal of /proc/stat.
func machineTime() time.Duration {
	b, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(b), "\n")
	f := strings.Fields(line)
	if len(f) < 9 {
		return 0
	}
	return ticks(f[1]) + ticks(f[2]) + ticks(f[3]) + ticks(f[8])
}

func resident(pid int) int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	pages, _ := strconv.ParseInt(strings.Fields(string(b))[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

func writtenBytes(pid int) int64 {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "write_bytes:"); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
			return n
		}
	}
	return 0
}

func size(dir string) (sum int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				sum += info.Size()
			}
		}
		return nil
	})
	return sum
}
