package e2e

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const mebibyte = 1 << 20

// pattern yields n bytes that do not repeat in short cycles, and their hash.
type pattern struct {
	left int
	at   uint32
	sum  hash.Hash
}

func newPattern(n int) *pattern { return &pattern{left: n, sum: sha256.New()} }

func (p *pattern) Read(b []byte) (int, error) {
	if p.left == 0 {
		return 0, io.EOF
	}
	b = b[:min(len(b), p.left)]
	for i := range b {
		p.at = p.at*1664525 + 1013904223
		b[i] = byte(p.at >> 24)
	}
	p.left -= len(b)
	p.sum.Write(b)
	return len(b), nil
}

// store takes a body and answers its hash; asked with GET it sends one of that size.
func store(size int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			w.Header().Set("Content-Type", "application/octet-stream")
			_, _ = io.Copy(w, newPattern(size))
			return
		}
		sum := sha256.New()
		n, _ := io.Copy(sum, r.Body)
		_, _ = fmt.Fprintf(w, "%d %x", n, sum.Sum(nil))
	}
}

// A large body never lies in memory as a whole.
func TestGatewayStreamsLargeBodies(t *testing.T) {
	tests := []struct {
		name, fields string
		size, most   int // most: how much more memory it may take
	}{
		{"streaming", `, "streamingEnabled": true`, 1024 * mebibyte, 32 * mebibyte},
		// What is buffered lies in files.
		{"buffering", `, "streamingEnabled": false`, 64 * mebibyte, 32 * mebibyte},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			upstream := httptest.NewServer(store(tt.size))
			t.Cleanup(upstream.Close)
			g, _ := gatewayOn(t, upstream.URL, tt.fields, map[string]string{"all.json": proxyTo(`"soTimeout": "1 minute"`)})
			before := g.memory("VmRSS")
			body := newPattern(tt.size)
			req, err := http.NewRequest(http.MethodPost, "http://"+g.addr(0)+"/", body)
			if err != nil {
				t.Fatal(err)
			}
			_, got := do(t, req)
			want := fmt.Sprintf("%d %x", tt.size, body.sum.Sum(nil))
			if got != want {
				t.Errorf("the upstream got %s, want %s", got, want)
			}
			resp, err := http.Get("http://" + g.addr(0) + "/")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			back := sha256.New()
			n, err := io.Copy(back, resp.Body)
			if got := fmt.Sprintf("%d %x", n, back.Sum(nil)); err != nil || got != want {
				t.Errorf("the client got %s, %v, want %s", got, err, want)
			}
			took := g.memory("VmHWM") - before
			t.Logf("twice %d MiB took %d KiB more than the %d KiB at the start", tt.size/mebibyte, took>>10, before>>10)
			if took > tt.most {
				t.Errorf("it took %d MiB of memory", took/mebibyte)
			}
		})
	}
}

// With streaming, an event reaches the client before the next is even made. Without, a
// response is complete when it is sent.
func TestGatewayEvents(t *testing.T) {
	seen := make(chan struct{})
	const events = 5
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for n := range events {
			_, _ = fmt.Fprintf(w, "data: %d\n\n", n)
			w.(http.Flusher).Flush()
			if r.URL.Path == "/one-by-one" {
				select {
				case <-seen:
				case <-r.Context().Done():
					return
				}
			}
		}
	}))
	t.Cleanup(upstream.Close)

	t.Run("streaming", func(t *testing.T) {
		g, _ := gatewayOn(t, upstream.URL, `, "streamingEnabled": true`, map[string]string{"all.json": proxyTo("")})
		resp, err := http.Get("http://" + g.addr(0) + "/one-by-one")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		r := bufio.NewReader(resp.Body)
		for n := range events {
			line, err := r.ReadString('\n')
			if want := fmt.Sprintf("data: %d\n", n); err != nil || line != want {
				t.Fatalf("event %q, %v, want %q", line, err, want)
			}
			if line, err = r.ReadString('\n'); line != "\n" {
				t.Fatalf("after the event %q, %v", line, err)
			}
			seen <- struct{}{}
		}
		if rest, err := io.ReadAll(r); len(rest) > 0 || err != nil {
			t.Errorf("after the last event %q, %v", rest, err)
		}
		if resp.ContentLength != -1 {
			t.Errorf("Content-Length %d of a stream", resp.ContentLength)
		}
	})
	t.Run("buffering", func(t *testing.T) {
		g, _ := gatewayOn(t, upstream.URL, "", map[string]string{"all.json": proxyTo("")})
		resp, err := http.Get("http://" + g.addr(0) + "/at-once")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil || strings.Count(string(b), "data: ") != events || resp.ContentLength != int64(len(b)) {
			t.Errorf("%d events, Content-Length %d of %d bytes, %v", strings.Count(string(b), "data: "), resp.ContentLength, len(b), err)
		}
	})
}

// chat upgrades and answers lines, as a WebSocket server does with frames.
func chat(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		w.WriteHeader(http.StatusUpgradeRequired)
		return
	}
	c, rw, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer c.Close()
	_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nhello\n")
	for {
		if err := rw.Flush(); err != nil {
			return
		}
		line, err := rw.ReadString('\n')
		if err != nil {
			return
		}
		_, _ = rw.WriteString("echo " + line)
	}
}

func TestGatewayWebSocket(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(chat))
	t.Cleanup(upstream.Close)
	filtered := `{"condition": "${request.uri.path == '/filtered'}", "handler": {"type": "Chain", "config": {"filters": [
	  {"type": "HeaderFilter", "config": {"messageType": "REQUEST", "add": {"X-By": ["gateway"]}}}],
	  "handler": {"type": "ReverseProxyHandler", "baseURI": "UPSTREAM", "config": {"websocket": {"enabled": true}}}}}}`
	routes := map[string]string{
		"filtered.json": filtered,
		"off.json":      `{"condition": "${request.uri.path == '/off'}", ` + proxyTo("")[1:],
		"on.json":       `{"condition": "${request.uri.path == '/on'}", ` + proxyTo(`"websocket": {"enabled": true}`)[1:],
		"refused.json": `{"condition": "${request.uri.path == '/refused'}", "handler": {"type": "Chain", "config": {"filters": [
		  {"type": "ConditionEnforcementFilter", "config": {"condition": false}}], "handler": {"type": "ReverseProxyHandler", "baseURI": "UPSTREAM",
		  "config": {"websocket": {"enabled": true}}}}}}`,
	}
	for _, streaming := range []string{"true", "false"} {
		g, _ := gatewayOn(t, upstream.URL, `, "streamingEnabled": `+streaming, routes)
		tests := []struct {
			path string
			want int
		}{{"/on", 101}, {"/filtered", 101}, {"/off", http.StatusUpgradeRequired}, {"/refused", http.StatusForbidden}}
		for _, tt := range tests {
			t.Run("streaming "+streaming+tt.path, func(t *testing.T) {
				c, err := net.Dial("tcp", g.addr(0))
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				_, err = fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
					"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", tt.path)
				if err != nil {
					t.Fatal(err)
				}
				r := bufio.NewReader(c)
				resp, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Fatal(err)
				}
				if resp.StatusCode != tt.want {
					t.Fatalf("status %d, want %d", resp.StatusCode, tt.want)
				}
				if tt.want != 101 {
					return
				}
				if line, err := r.ReadString('\n'); line != "hello\n" {
					t.Fatalf("first line %q, %v", line, err)
				}
				for n := range 100 {
					if _, err := fmt.Fprintf(c, "line %d\n", n); err != nil {
						t.Fatal(err)
					}
					if line, err := r.ReadString('\n'); line != fmt.Sprintf("echo line %d\n", n) {
						t.Fatalf("answer %q, %v", line, err)
					}
				}
			})
		}
	}
}
