package wire_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/wire"
)

// rest is longer than a connection stays inside net/http.
const rest = 600 * time.Millisecond

// A connection that rested goes on as if it had not.
func TestRestedConnections(t *testing.T) {
	n := 0
	h := func(x *chain.Exchange) (*chain.Response, error) {
		n++
		b, err := x.Request.Entity.Text()
		return text(200, strconv.Itoa(n)+" "+x.Request.Method+b), err
	}
	for _, secure := range []bool{false, true} {
		t.Run(map[bool]string{false: "plain", true: "TLS"}[secure], func(t *testing.T) {
			n = 0
			var c *raw
			if secure {
				a := newAuthority(t)
				address := startTLS(t, wire.Options{DisableHTTP2: true}, &tls.Config{Certificates: []tls.Certificate{a.issue(t, "server")}}, h)
				c = dial(t, address)
				c.Conn = tls.Client(c.Conn, &tls.Config{RootCAs: a.pool, ServerName: "server"})
				c.r = bufio.NewReader(c.Conn)
			} else {
				c = dial(t, start(t, wire.Options{}, h))
			}
			ask := func(request, want string) {
				t.Helper()
				c.send(request)
				if res, body := c.receive("POST"); res.StatusCode != 200 || body != want {
					t.Errorf("answered %d %q, want %q", res.StatusCode, body, want)
				}
			}
			ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "1 GET")
			for range 2 {
				<-time.After(rest)
				n = 1
				ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "2 POSThello")
				ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "3 GET")
			}
			// A request in two pieces, with a rest between them.
			<-time.After(rest)
			c.send("G")
			<-time.After(rest)
			ask("ET / HTTP/1.1\r\nHost: a\r\n\r\n", "4 GET")
			<-time.After(rest)
			c.send("GET / HTTP/1.1\nHost: a\r\n\r\n")
			if res, _ := c.receive("GET"); res.StatusCode != 400 {
				t.Errorf("a malformed request after a rest: %d", res.StatusCode)
			}
			c.ended()
		})
	}
}

// Connections at rest are closed after the idle time, and when the server stops.
func TestRestedConnectionsEnd(t *testing.T) {
	h := func(*chain.Exchange) (*chain.Response, error) { return text(200, "ok"), nil }
	c := dial(t, start(t, wire.Options{IdleTimeout: rest}, h))
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	c.receive("GET")
	c.ended()

	address, s := startServer(t, wire.Options{}, h)
	c = dial(t, address)
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if _, body := c.receive("GET"); !strings.HasPrefix(body, "ok") {
		t.Errorf("body %q", body)
	}
	<-time.After(rest)
	if err := s.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	c.ended()
}
