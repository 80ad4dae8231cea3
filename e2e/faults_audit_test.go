//go:build linux

package e2e

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// smallDisk is a folder with little room; it needs the right to mount.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("mount: ", err)
		}
		t.Skip("this user cannot mount: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fillDisk takes all room, and returns what gives it back.
func fillDisk(t *testing.T, dir string) (free func()) {
	t.Helper()
	path := filepath.Join(dir, "filler")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for size := 64 << 10; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	_ = f.Close()
	return func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}

// The disk of the audit files is full: requests are answered, the log says it once, a metric counts what waits, and
// with room again every event is in the file, in order and whole.
func TestFaultAuditDiskFull(t *testing.T) {
	t.Parallel()
	const handler = `{"class": "JsonAuditEventHandler", "config": {"name": "files", "logDirectory": "DIR", "topics": ["access"],
		"buffering": {"writeInterval": "20 ms"}}}`
	get := func(t *testing.T, url string) (int, string) {
		t.Helper()
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	for name, begin := range map[string]func(t *testing.T, dir string) (p *process, url, metrics string){
		"gateway": func(t *testing.T, dir string) (*process, string, string) {
			g, _ := gatewayWith(t, nil, "", map[string]string{"x.json": `{
				"heap": [{"name": "audits", "type": "AuditService", "config": {"eventHandlers": [` + strings.ReplaceAll(handler, "DIR", dir) + `]}}],
				"auditService": "audits", "handler": {"type": "StaticResponseHandler", "config": {"status": 200}}}`})
			return g, "http://" + g.addr(0) + "/x", "http://" + g.addr(1) + "/metrics/prometheus/0.0.4"
		},
		"authorization server": func(t *testing.T, dir string) (*process, string, string) {
			config := filepath.Join(t.TempDir(), "audit.json")
			write(t, config, `{"eventHandlers": [`+strings.ReplaceAll(handler, "DIR", dir)+`]}`)
			a := startAM(t, t.TempDir(), "--audit", config, "--listen-metrics", "127.0.0.1:0")
			m := regexp.MustCompile(`url=(\S+/metrics)`).FindStringSubmatch(a.output())
			if m == nil {
				t.Fatal("the log tells no address of metrics")
			}
			return a.process, a.base + "/json/serverinfo/*", m[1]
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := smallDisk(t)
			p, url, metrics := begin(t, dir)
			waiting := regexp.MustCompile(`(?m)^\w+_audit_events_waiting(?:\{.*\})? [1-9]`)
			asked := url[strings.Index(url, "://")+3:] // the administrator's sign-in is an event, too
			asked = asked[strings.Index(asked, "/"):]
			events := func() (n int) {
				text, err := os.ReadFile(filepath.Join(dir, "access.audit.json"))
				if err != nil {
					return 0
				}
				for line := range strings.Lines(string(text)) {
					switch {
					case !strings.HasSuffix(line, "}\n") || !strings.HasPrefix(line, "{"):
						t.Errorf("a part of an event: %.80q", line)
					case strings.Contains(line, asked+`"`):
						n++
					}
				}
				return n
			}
			ask := func(n int) {
				t.Helper()
				for range n {
					if status, _ := get(t, url); status != 200 {
						t.Errorf("a request: %d", status)
					}
				}
			}
			ask(3)
			eventually(t, "events are written", func() bool { return events() == 3 })
			free := fillDisk(t, dir)
			from := len(p.output())
			ask(20)
			p.wantLine(t, from, "ERROR", "audit events cannot be written", "no space left on device")
			eventually(t, "the metric counts events that wait", func() bool { _, text := get(t, metrics); return waiting.MatchString(text) })
			ask(20)
			if n := strings.Count(p.output()[from:], "audit events cannot be written"); n != 1 {
				t.Errorf("the failure was logged %d times, want once", n)
			}
			free()
			p.wantLine(t, from, "audit events are written again")
			eventually(t, "all events are in the file", func() bool { return events() == 3+40 })
			if _, text := get(t, metrics); waiting.MatchString(text) {
				t.Error("the metric says that events wait still")
			}
		})
	}
}
