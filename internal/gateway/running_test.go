package gateway

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// running is a gateway that serves, with a connector for clients and one for
// administration.
type running struct {
	*Gateway
	t      *testing.T
	dir    string
	log    *logged
	client string // base address
	admin  string
}

type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// folder writes files, given as a txtar archive with paths below config/, to a new
// instance folder.
func folder(t *testing.T, files string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "config", "routes"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, f := range txtar.Parse([]byte(files)).Files {
		path := filepath.Join(dir, "config", f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, bytes.ReplaceAll(f.Data, []byte("DIR"), []byte(dir)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const bothConnectors = `"connectors": [{"port": 0, "host": "127.0.0.1"}], "adminConnector": {"port": 0, "host": "127.0.0.1"}`

// run starts a gateway on the files; without an admin.json it is one in development mode.
func run(t *testing.T, files string) *running {
	t.Helper()
	if !strings.Contains(files, "-- admin.json --") {
		files += "\n-- admin.json --\n{\"mode\": \"development\", " + bothConnectors + "}\n"
	}
	r := &running{t: t, dir: folder(t, files), log: &logged{}}
	g, err := Load(Options{Dir: r.dir, Getenv: func(string) (string, bool) { return "", false },
		Log: slog.New(slog.NewTextHandler(r.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Stop(t.Context()) })
	r.Gateway, r.client = g, "http://"+g.Addrs()[0].String()
	r.admin = "http://" + g.Addrs()[len(g.Addrs())-1].String()
	return r
}

type answer struct {
	status int
	header http.Header
	body   string
}

// send sends a request; headers are lines of "Name: value".
func (r *running) send(method, url, body string, headers ...string) answer {
	r.t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Add(name, value)
		if name == "Host" {
			req.Host = value
		}
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(b)}
}

func (r *running) get(path string) answer { r.t.Helper(); return r.send("GET", r.client+path, "") }

// static is a route document that answers text.
func static(condition, text string) string {
	return fmt.Sprintf(`{"condition": "${%s}", "handler": {"type": "StaticResponseHandler", "config": {"status": 200, "entity": %q}}}`, condition, text)
}
