package gateway

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
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
	if err = g.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "address already in use") {
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
