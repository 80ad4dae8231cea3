package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// dripping sends a request's beginning, then piece after piece, until the other side ends the connection; it returns
// what that said, "" for nothing.
func dripping(t *testing.T, addr, begin, piece string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Error(err)
		return "?"
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(3 * time.Minute))
	if _, err := io.WriteString(c, begin); err != nil {
		t.Error(err)
		return "?"
	}
	ended := make(chan struct{})
	go func() {
		for tick := time.NewTicker(500 * time.Millisecond); ; {
			select {
			case <-ended:
				tick.Stop()
				return
			case <-tick.C:
				_, _ = io.WriteString(c, piece)
			}
		}
	}()
	defer close(ended)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		if n, ok := err.(net.Error); ok && n.Timeout() {
			t.Errorf("%q: the server lets the client go on for minutes", begin)
		}
		return ""
	}
	defer resp.Body.Close()
	return resp.Status
}

// Clients that are slow or stop do not hold connections for ever, on either wing, nor keep others from being served.
func TestFaultSlowClients(t *testing.T) {
	t.Parallel()
	const header, data, body = "header_time=3s", "data_time=4s", "body_time=6s"
	a := startAM(t, t.TempDir(), "--limit", header, "--limit", body)
	a.rest("POST", "/realms/root/realm-config/services/oauth-oidc?_action=create", map[string]any{})
	makeClient(a, "first")
	u := newRawUpstream(t)
	u.on("/x", say(head200+"Content-Length: 4\r\nConnection: close\r\n\r\ngood"))
	buffered, _ := gatewayOn(t, "http://"+u.addr, "", map[string]string{"x.json": proxyTo("")}, "--limit", header, "--limit", data)
	streaming, _ := gatewayOn(t, "http://"+u.addr, `, "streamingEnabled": true`, map[string]string{"x.json": proxyTo("")}, "--limit", header, "--limit", data)

	const post = "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\ngrant_type="
	form, token := fmt.Sprintf(post, "/x"), fmt.Sprintf(post, "/openam"+tokenPath)
	tests := []struct {
		name, addr, begin, piece string
		want                     string // of the status line
	}{
		// The header has one time in all.
		{"gateway, header that stops", buffered.addr(0), "GET /x HTTP/1.1\r\nHost: a\r\n", "", ""},
		{"gateway, header that trickles", buffered.addr(0), "GET /x HTTP/1.1\r\nHost: a\r\nX: ", "x", ""},
		{"authorization server, header that stops", a.addr(0), "GET /openam HTTP/1.1\r\nHost: a\r\n", "", ""},
		{"authorization server, header that trickles", a.addr(0), "GET /openam HTTP/1.1\r\nHost: a\r\nX: ", "x", ""},
		{"gateway, nothing at all", buffered.addr(0), "", "", ""},
		{"authorization server, nothing at all", a.addr(0), "", "", ""},
		// Each piece of a body has its time on the gateway, the whole request has one on the authorization server.
		{"gateway, body that stops", buffered.addr(0), form, "", "408 Request Timeout"},
		{"gateway with streaming, body that stops", streaming.addr(0), form, "", "408 Request Timeout"},
		{"authorization server, body that stops", a.addr(0), token, "", "400 Bad Request"},
		{"authorization server, body that trickles", a.addr(0), token, "a", "400 Bad Request"},
	}
	began := time.Now()
	var done sync.WaitGroup
	for _, tt := range tests {
		done.Go(func() { // all at once: they wait most of the time
			if got := dripping(t, tt.addr, tt.begin, tt.piece); got != tt.want && (tt.want != "" || !strings.HasPrefix(got, "4")) {
				t.Errorf("%s: the answer is %q, want %q", tt.name, got, tt.want)
			}
			t.Logf("%s: ended after %s", tt.name, time.Since(began).Round(time.Second))
		})
	}
	for range 5 {
		wantAnswer(t, buffered, "GET", "/x", 200, "good")
		wantAnswer(t, streaming, "GET", "/x", 200, "good")
		if status, _ := clientToken(a, "first"); status != 200 {
			t.Errorf("a token meanwhile: %d", status)
		}
	}
	done.Wait()
	wantAnswer(t, buffered, "GET", "/x", 200, "good")
	wantAnswer(t, streaming, "GET", "/x", 200, "good")
}

// A client that goes away ends what was asked of the upstream for it.
func TestFaultClientGone(t *testing.T) {
	t.Parallel()
	for _, streaming := range []bool{false, true} {
		for name, request := range map[string]string{
			"before the answer": "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n",
			"within the answer": "GET /endless HTTP/1.1\r\nHost: a\r\n\r\n",
		} {
			t.Run(fmt.Sprintf("%s, streaming %v", name, streaming), func(t *testing.T) {
				t.Parallel()
				u := newRawUpstream(t)
				arrived, cancelled := make(chan struct{}), make(chan struct{})
				u.on("/slow", func(c net.Conn, r *http.Request, n int) bool {
					close(arrived)
					hang(c, r, n)
					close(cancelled)
					return false
				})
				u.on("/endless", func(c net.Conn, _ *http.Request, _ int) bool {
					_, _ = io.WriteString(c, head200+"Transfer-Encoding: chunked\r\n\r\n")
					close(arrived)
					for {
						if _, err := io.WriteString(c, "1\r\nx\r\n"); err != nil {
							close(cancelled)
							return false
						}
						time.Sleep(10 * time.Millisecond)
					}
				})
				u.on("/good", say(head200+"Content-Length: 4\r\nConnection: close\r\n\r\ngood"))
				g, _ := gatewayOn(t, "http://"+u.addr, fmt.Sprintf(`, "streamingEnabled": %v`, streaming),
					map[string]string{"x.json": proxyTo(`"soTimeout": "unlimited", "connections": 1`)})
				c, err := net.Dial("tcp", g.addr(0))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.WriteString(c, request); err != nil {
					t.Fatal(err)
				}
				<-arrived
				_ = c.Close()
				select {
				case <-cancelled:
				case <-time.After(20 * time.Second):
					t.Error("the upstream goes on working for a client that is gone")
				}
				wantAnswer(t, g, "GET", "/good", 200, "good") // by the only connection that there may be
			})
		}
	}
}
