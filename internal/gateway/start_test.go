package gateway

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What cannot listen everywhere listens nowhere.
func TestPortThatIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := folder(t, fmt.Sprintf("\n-- admin.json --\n"+`{"connectors": [{"port": [0, %d], "host": "127.0.0.1"}]}`, taken.Addr().(*net.TCPAddr).Port))
	g, err := Load(Options{Dir: dir, Getenv: func(string) (string, bool) { return "", false }})
	if err != nil {
		t.Fatal(err)
	}
	if err = g.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "admin.json: connectors[0]: listen tcp") || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("Start() = %v", err)
	}
	if c, err := net.Dial("tcp", g.Addrs()[0].String()); err == nil {
		_ = c.Close()
		t.Error("the first port is open")
	}
}

// A route that is sent slowly keeps nobody else from changing routes.
func TestSlowRouteDocument(t *testing.T) {
	r := run(t, "\n-- admin.json --\n{\"mode\": \"development\", \"streamingEnabled\": true, "+bothConnectors+"}\n")
	c, err := net.Dial("tcp", strings.TrimPrefix(r.admin, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const path = "/api/system/objects/_router/routes/slow"
	if _, err := io.WriteString(c, "PUT "+path+" HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	for range 20 { // one of them comes after the first
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, "DELETE", r.admin+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
}

// A request that is cut off when the gateway stops is written down all the same.
func TestCutOffRequestIsAudited(t *testing.T) {
	upstream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer upstream.Close()
	r := run(t, `
-- admin.json --
{"connectors": [{"port": 0, "host": "127.0.0.1", "gracePeriod": "disabled"}], "adminConnector": {"port": 0, "host": "127.0.0.1"}}
-- config.json --
{"heap": [{"name": "AuditService", "type": "AuditService", "config": {"eventHandlers": [
  {"class": "JsonAuditEventHandler", "config": {"name": "j", "topics": ["access"], "logDirectory": "DIR/logs"}}]}}],
 "handler": {"type": "Router", "name": "_router"}}
-- routes/a.json --
{"handler": "ReverseProxyHandler", "baseURI": "http://`+upstream.Addr().String()+`"}`)
	go func() {
		if resp, err := http.Get(r.client); err == nil {
			_ = resp.Body.Close()
		}
	}()
	c, err := upstream.Accept() // never answers
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := r.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	b, err := os.ReadFile(filepath.Join(r.dir, "logs", "access.audit.json"))
	if err != nil || !strings.Contains(string(b), `"routeId":"a"`) {
		t.Errorf("events = %q, %v", b, err)
	}
}
