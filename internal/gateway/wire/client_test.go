package wire_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sort"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/wire"
)

// echo answers with the bytes of the request, fields sorted, so that a test can say
// what it wants to have been sent.
func echo(c *raw) {
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return
		}
		var fields []string
		length := 0
		chunked := false
		for {
			f, err := c.r.ReadString('\n')
			if err != nil || f == "\r\n" {
				break
			}
			fields = append(fields, f)
			_, _ = fmt.Sscanf(f, "Content-Length: %d", &length)
			chunked = chunked || strings.HasPrefix(f, "Transfer-Encoding")
		}
		host := fields[0]
		sort.Strings(fields[1:])
		body := make([]byte, length)
		_, _ = io.ReadFull(c.r, body)
		for chunked && !(strings.HasSuffix(string(body), "\r\n\r\n") && strings.Contains(string(body), "\r\n0\r\n")) {
			b, err := c.r.ReadByte()
			if err != nil {
				return
			}
			body = append(body, b)
		}
		all := strings.ReplaceAll(line+host+strings.Join(fields[1:], "")+"\r\n"+string(body), "\r\n", "|")
		_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(all), all)
	}
}

func TestWhatIsSent(t *testing.T) {
	s := play(t, echo)
	tests := []struct {
		name   string
		change func(x *chain.Request)
		want   string // "HOST" stands for the address
	}{
		{"plain", func(*chain.Request) {}, "GET /x?y HTTP/1.1|Host: HOST||"},
		{"own Host", func(r *chain.Request) { r.Header["Host"] = []string{"shop:81"} }, "GET /x?y HTTP/1.1|Host: shop:81||"},
		{"raw target", func(r *chain.Request) { r.URI.RawPath, r.URI.RawQuery = "/a/../%2F//\"|", "a=b|c" }, "GET /a/../%2F//\"|?a=b|c HTTP/1.1|Host: HOST||"},
		{"empty path", func(r *chain.Request) { r.URI.RawPath, r.URI.HasQuery = "", false }, "GET / HTTP/1.1|Host: HOST||"},
		{"path without slash", func(r *chain.Request) { r.URI.RawPath = "x" }, "GET /x?y HTTP/1.1|Host: HOST||"},
		{"user info stays here", func(r *chain.Request) { r.URI.UserInfo = "u:p" }, "GET /x?y HTTP/1.1|Host: HOST||"},
		{"hop by hop", func(r *chain.Request) {
			for _, n := range []string{"Connection", "Keep-Alive", "Proxy-Authorization", "Te", "Trailer", "Trailers", "Upgrade", "transfer-encoding", "Proxy-Connection", "proxy-authenticate", "CONNECTION"} {
				r.Header[n] = []string{"X-A"}
			}
			r.Header["X-A"], r.Header["X-B"] = []string{"1"}, []string{"2", "3"}
		}, "GET /x?y HTTP/1.1|Host: HOST|X-B: 2|X-B: 3||"},
		{"Host named by Connection", func(r *chain.Request) { r.Header["Connection"] = []string{"Host, Content-Length"} }, "GET /x?y HTTP/1.1|Host: HOST||"},
		{"stray length", func(r *chain.Request) {
			r.Header["Content-Length"], r.Header["content-length"] = []string{"5"}, []string{"6"}
		}, "GET /x?y HTTP/1.1|Host: HOST||"},
		{"bodiless POST", func(r *chain.Request) { r.Method = "POST" }, "POST /x?y HTTP/1.1|Host: HOST|Content-Length: 0||"},
		{"bodiless PUT", func(r *chain.Request) { r.Method = "PUT" }, "PUT /x?y HTTP/1.1|Host: HOST|Content-Length: 0||"},
		{"bodiless PROPFIND", func(r *chain.Request) { r.Method = "PROPFIND" }, "PROPFIND /x?y HTTP/1.1|Host: HOST|Content-Length: 0||"},
		{"bodiless DELETE", func(r *chain.Request) { r.Method = "DELETE" }, "DELETE /x?y HTTP/1.1|Host: HOST||"},
		{"body", func(r *chain.Request) { r.Method = "POST"; r.Entity.SetBytes([]byte("hello")) }, "POST /x?y HTTP/1.1|Host: HOST|Content-Length: 5||hello"},
		{"stream", func(r *chain.Request) {
			r.Entity.SetStream(io.NopCloser(strings.NewReader("hello")), 5)
		}, "GET /x?y HTTP/1.1|Host: HOST|Content-Length: 5||hello"},
		{"stream of unknown length", func(r *chain.Request) {
			r.Entity.SetStream(io.NopCloser(strings.NewReader("hello")), -1)
		}, "GET /x?y HTTP/1.1|Host: HOST|Transfer-Encoding: chunked||5|hello|0||"},
		{"trailers", func(r *chain.Request) {
			r.Entity.SetStream(io.NopCloser(strings.NewReader("hello")), -1)
			r.Trailer = http.Header{"X-Sum": {"7"}, "Content-Length": {"9"}}
		}, "GET /x?y HTTP/1.1|Host: HOST|Transfer-Encoding: chunked||5|hello|0|X-Sum: 7||"},
		{"buffered body expects nothing", func(r *chain.Request) {
			r.Header["Expect"] = []string{"100-continue"}
			r.Entity.SetBytes([]byte("hello"))
		}, "GET /x?y HTTP/1.1|Host: HOST|Content-Length: 5||hello"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newClient(t, wire.ClientOptions{})
			x := exchange(t, "GET", "http://"+s.address+"/x?y")
			test.change(x.Request)
			r, err := c.Do(x)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := bodyOf(t, r), strings.ReplaceAll(test.want, "HOST", s.address); got != want {
				t.Errorf("sent %q,\nwant %q", got, want)
			}
		})
	}
}

func TestWhatIsNotSent(t *testing.T) {
	s := play(t, echo)
	tests := []struct {
		name   string
		change func(r *chain.Request)
	}{
		{"CR LF in a value", func(r *chain.Request) { r.Header["X-A"] = []string{"b\r\nX-C: d"} }},
		{"LF in a value", func(r *chain.Request) { r.Header["X-A"] = []string{"b\nX-C: d"} }},
		{"NUL in a value", func(r *chain.Request) { r.Header["X-A"] = []string{"b\x00"} }},
		{"CR LF in a name", func(r *chain.Request) { r.Header["X-A: b\r\nX-C"] = []string{"d"} }},
		{"empty name", func(r *chain.Request) { r.Header[""] = []string{"d"} }},
		{"CR LF in Host", func(r *chain.Request) { r.Header["Host"] = []string{"a\r\nX-C: d"} }},
		{"two Hosts", func(r *chain.Request) { r.Header["Host"] = []string{"a", "b"} }},
		{"method", func(r *chain.Request) { r.Method = "GET /x HTTP/1.1\r\nX-A: b\r\n\r\nGET" }},
		{"empty method", func(r *chain.Request) { r.Method = "" }},
		{"CONNECT", func(r *chain.Request) { r.Method = "CONNECT" }},
		{"path", func(r *chain.Request) { r.URI.RawPath = "/ HTTP/1.1\r\nX-A: b" }},
		{"question mark in the path", func(r *chain.Request) { r.URI.RawPath = "/a?b" }},
		{"query", func(r *chain.Request) { r.URI.RawQuery = "a b" }},
		{"two content types", func(r *chain.Request) { r.Header["Content-Type"] = []string{"a/b", "c/d"} }},
		{"two content codings", func(r *chain.Request) { r.Header["content-encoding"] = []string{"gzip", "br"} }},
		{"trailer", func(r *chain.Request) {
			r.Entity.SetStream(io.NopCloser(strings.NewReader("hello")), -1)
			r.Trailer = http.Header{"X-Sum": {"7\r\n\r\nGET / HTTP/1.1"}}
		}},
		{"scheme", func(r *chain.Request) { r.URI.Scheme = "ftp" }},
		{"no host", func(r *chain.Request) { r.URI.Host = "" }},
		{"body shorter than announced", func(r *chain.Request) {
			r.Entity.SetStream(io.NopCloser(strings.NewReader("hello")), 6)
		}},
		{"broken body", func(r *chain.Request) { r.Entity.SetStream(io.NopCloser(brokenReader{}), -1) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newClient(t, wire.ClientOptions{})
			x := exchange(t, "GET", "http://u:p@"+s.address+"/x?secret")
			test.change(x.Request)
			_, err := c.Do(x)
			var upstream *chain.UpstreamError
			if !errors.As(err, &upstream) {
				t.Fatalf("Do() = %v, want an UpstreamError", err)
			}
			if strings.Contains(upstream.URL, "secret") || strings.Contains(upstream.URL, "u:p") {
				t.Errorf("URL = %q, want neither query nor user info", upstream.URL)
			}
		})
	}
}

func TestResponses(t *testing.T) {
	tests := []struct {
		name, method, answer string
		status               string // code, reason
		header               string // as fmt prints the map
		body                 string
		connections          int // for two requests
	}{
		{"plain", "GET", ok, "200 OK", "map[Content-Length:[2]]", "ok", 1},
		{"reason", "GET", "HTTP/1.1 404 Nobody Here\r\nContent-Length: 0\r\n\r\n", "404 Nobody Here", "map[Content-Length:[0]]", "", 1},
		{"no reason", "GET", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "200 ", "map[Content-Length:[0]]", "", 1},
		{"chunked", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nok\r\n1\r\n!\r\n0\r\n\r\n", "200 OK", "map[]", "ok!", 1},
		{"to the end", "GET", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok", "200 OK", "map[]", "ok", 2},
		{"HTTP/1.0", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "200 OK", "map[Content-Length:[2]]", "ok", 2},
		{"close", "GET", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", "200 OK", "map[Content-Length:[2]]", "ok", 2},
		{"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "200 OK", "map[Content-Length:[2]]", "", 1},
		{"204", "GET", "HTTP/1.1 204 No Content\r\n\r\n", "204 No Content", "map[]", "", 1},
		{"304", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "304 Not Modified", "map[Content-Length:[9]]", "", 1},
		{"interim", "GET", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok, "200 OK", "map[Content-Length:[2]]", "ok", 1},
		{"hop by hop", "GET", "HTTP/1.1 200 OK\r\nConnection: keep-alive, X-A\r\nX-A: b\r\nKeep-Alive: 5\r\nProxy-Authenticate: x\r\nUpgrade: h2c\r\nTrailer: x\r\nContent-Length: 2\r\n\r\nok", "200 OK", "map[Content-Length:[2]]", "ok", 1},
		{"several values", "GET", "HTTP/1.1 200 OK\r\nset-cookie: a=b\r\nContent-Length: 2\r\nSet-Cookie: c=d\r\nSET-COOKIE: \r\n\r\nok", "200 OK", "map[Content-Length:[2] Set-Cookie:[a=b c=d ]]", "ok", 1},
		{"equal lengths", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", "200 OK", "map[Content-Length:[2]]", "ok", 1},
		{"redirect", "GET", "HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n", "302 Found", "map[Content-Length:[0] Location:[/y]]", "", 1},
		{"unasked text behind", "GET", ok + "HTTP/1.1 200 OK\r\n\r\n", "200 OK", "map[Content-Length:[2]]", "ok", 2},
	}
	for _, streaming := range []bool{false, true} {
		for _, test := range tests {
			t.Run(fmt.Sprint(test.name, " streaming ", streaming), func(t *testing.T) {
				s := play(t, func(c *raw) {
					for c.request() != nil {
						c.send(test.answer)
						if test.connections > 1 {
							return
						}
					}
				})
				c := newClient(t, wire.ClientOptions{Streaming: streaming})
				for range 2 {
					r, err := c.Do(exchange(t, test.method, "http://"+s.address+"/"))
					if err != nil {
						t.Fatal(err)
					}
					body := bodyOf(t, r)
					if got := fmt.Sprint(r.Status.Code, " ", r.Status.Reason); got != test.status || body != test.body || fmt.Sprint(map[string][]string(r.Header)) != test.header {
						t.Errorf("response = %s %v %q,\nwant %s %s %q", got, r.Header, body, test.status, test.header, test.body)
					}
				}
				if got := s.connections(); got != test.connections {
					t.Errorf("connections = %d, want %d", got, test.connections)
				}
			})
		}
	}
}

func TestRefusedResponses(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\n"
	tests := []struct{ name, answer string }{
		{"nothing", ""},
		{"no HTTP", "hello\r\n\r\n"},
		{"HTTP/2", "HTTP/2.0 200 OK\r\n\r\n"},
		{"status with letters", "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n"},
		{"status too long", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"},
		{"status too small", "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n"},
		{"control character in the reason", "HTTP/1.1 200 O\x01K\r\nContent-Length: 0\r\n\r\n"},
		{"bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"},
		{"bare LF in a field", head + "X-A: b\nContent-Length: 0\r\n\r\n"},
		{"folded", head + "X-A: b\r\n c\r\nContent-Length: 0\r\n\r\n"},
		{"blank before colon", head + "Content-Length : 0\r\n\r\n"},
		{"no colon", head + "nonsense\r\nContent-Length: 0\r\n\r\n"},
		{"NUL", head + "X-A: \x00\r\nContent-Length: 0\r\n\r\n"},
		{"bare CR", head + "X-A: a\rb\r\nContent-Length: 0\r\n\r\n"},
		{"length and chunked", head + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{"lengths that differ", head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!"},
		{"list of lengths", head + "Content-Length: 2, 2\r\n\r\nok"},
		{"signed length", head + "Content-Length: +2\r\n\r\nok"},
		{"coding", head + "Transfer-Encoding: gzip\r\n\r\n"},
		{"two codings", head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{"chunked HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{"101 unasked", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"},
		{"too many interim", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 20) + ok},
		{"huge header", head + "X-A: " + strings.Repeat("a", 70000) + "\r\n\r\n"},
		{"many fields", head + strings.Repeat("X-A: b\r\n", 10000) + "\r\n"},
		{"breaks off in the header", head + "Content-Le"},
		{"breaks off in the body", head + "Content-Length: 3\r\n\r\nok"},
		{"breaks off in a chunk", head + "Transfer-Encoding: chunked\r\n\r\n3\r\nok"},
		{"breaks off between chunks", head + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"},
		{"breaks off before the last line", head + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"},
		{"chunk without digits", head + "Transfer-Encoding: chunked\r\n\r\n\r\nok\r\n0\r\n\r\n"},
		{"chunk longer than its size", head + "Transfer-Encoding: chunked\r\n\r\n1\r\nok\r\n0\r\n\r\n"},
		{"chunk size with sign", head + "Transfer-Encoding: chunked\r\n\r\n+2\r\nok\r\n0\r\n\r\n"},
		{"chunk size with bare LF", head + "Transfer-Encoding: chunked\r\n\r\n2\nok\r\n0\r\n\r\n"},
		{"huge chunk size", head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nok\r\n0\r\n\r\n"},
		{"huge trailers", head + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("X-A: b\r\n", 3000) + "\r\n"},
		{"bad trailer", head + "Transfer-Encoding: chunked\r\n\r\n0\r\nX A: b\r\n\r\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := play(t, func(c *raw) {
				c.request()
				_, _ = io.WriteString(c, test.answer)
			})
			c := newClient(t, wire.ClientOptions{})
			r, err := c.Do(exchange(t, "GET", "http://"+s.address+"/"))
			var upstream *chain.UpstreamError
			if !errors.As(err, &upstream) {
				t.Errorf("Do() = %+v, %v, want an UpstreamError", r, err)
			}
			if got := s.connections(); got != 1 {
				t.Errorf("connections = %d, want 1: nothing is repeated on a fresh connection", got)
			}
		})
	}
}

func TestLargeHeaderFromUpstream(t *testing.T) {
	big := strings.Repeat("a", 60000)
	s := play(t, reply("HTTP/1.1 200 OK\r\nX-A: "+big+"\r\nContent-Length: 2\r\n\r\nok"))
	c := newClient(t, wire.ClientOptions{})
	for range 2 {
		r, err := c.Do(exchange(t, "GET", "http://"+s.address+"/"))
		if err != nil || r.Header["X-A"][0] != big || bodyOf(t, r) != "ok" {
			t.Fatalf("Do() = %v", err)
		}
	}
	if s.connections() != 1 {
		t.Errorf("connections = %d, want 1", s.connections())
	}
}

func TestTrailersFromUpstream(t *testing.T) {
	s := play(t, reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\nx-sum: 8\r\n\r\n"))
	for _, streaming := range []bool{false, true} {
		c := newClient(t, wire.ClientOptions{Streaming: streaming})
		r, err := c.Do(exchange(t, "GET", "http://"+s.address+"/"))
		if err != nil {
			t.Fatal(err)
		}
		if body := bodyOf(t, r); body != "ok" || fmt.Sprint(r.Trailer["X-Sum"]) != "[7 8]" {
			t.Errorf("body = %q, trailers = %v", body, r.Trailer)
		}
	}
}

func TestResetInTheMiddle(t *testing.T) {
	s := play(t, func(c *raw) {
		c.request()
		c.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart")
		_ = c.Conn.(*net.TCPConn).SetLinger(0)
	})
	c := newClient(t, wire.ClientOptions{Streaming: true})
	r, err := c.Do(exchange(t, "GET", "http://"+s.address+"/"))
	if err != nil {
		return // the reset may outrun the header
	}
	if b, err := r.Entity.Bytes(); err == nil {
		t.Errorf("body = %q without an error", b)
	}
	r.Entity.Close()
}

func TestStreamedBodyArrivesInPieces(t *testing.T) {
	next := make(chan bool)
	s := play(t, func(c *raw) {
		c.request()
		c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		for range 3 {
			<-next
			c.send("3\r\nabc\r\n")
		}
		c.send("0\r\n\r\n")
		reply(ok)(c)
	})
	c := newClient(t, wire.ClientOptions{Streaming: true})
	r, err := c.Do(exchange(t, "GET", "http://"+s.address+"/"))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := r.Entity.Open()
	b := make([]byte, 100)
	for range 3 {
		next <- true
		if n, err := body.Read(b); n != 3 || err != nil {
			t.Fatalf("Read() = %d, %v, want one piece", n, err)
		}
	}
	if n, err := body.Read(b); n != 0 || err != io.EOF {
		t.Fatalf("Read() = %d, %v, want the end", n, err)
	}
	if _, err := c.Do(exchange(t, "GET", "http://"+s.address+"/")); err != nil || s.connections() != 1 {
		t.Errorf("Do() = %v on %d connections, want the connection reused at the end of the body", err, s.connections())
	}
}

func TestClosedStreamFreesItsPlace(t *testing.T) {
	s := play(t, func(c *raw) {
		c.request()
		c.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart")
		c.request()
	})
	c := newClient(t, wire.ClientOptions{Streaming: true, Connections: 1})
	for range 2 {
		r, err := c.Do(exchange(t, "GET", "http://"+s.address+"/"))
		if err != nil {
			t.Fatal(err)
		}
		r.Entity.Close()
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := c.Do(exchange(t, "GET", "http://"+s.address+"/").WithCtx(ctx)); err != nil {
		t.Fatal(err)
	}
	cancel() // and nobody closes the entity
	if _, err := c.Do(exchange(t, "GET", "http://"+s.address+"/")); err != nil {
		t.Errorf("Do() after the context of a dropped response ended = %v", err)
	}
}

func TestTimeouts(t *testing.T) {
	silent := play(t, func(c *raw) { c.request(); c.request() })
	part := play(t, func(c *raw) {
		c.request()
		c.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart")
		c.request()
	})
	for _, s := range []*script{silent, part} {
		c := newClient(t, wire.ClientOptions{SoTimeout: 20 * time.Millisecond})
		_, err := c.Do(exchange(t, "GET", "http://"+s.address+"/"))
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("Do() = %v, want a timeout", err)
		}
	}
}

func TestCancellation(t *testing.T) {
	arrived := make(chan bool)
	s := play(t, func(c *raw) {
		c.request()
		arrived <- true
		c.request()
	})
	c := newClient(t, wire.ClientOptions{SoTimeout: -1})
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("no longer wanted")
	done := make(chan error)
	go func() {
		_, err := c.Do(exchange(t, "GET", "http://"+s.address+"/").WithCtx(ctx))
		done <- err
	}()
	<-arrived
	cancel(reason)
	if err := <-done; !errors.Is(err, reason) {
		t.Errorf("Do() = %v, want the reason", err)
	}
}

func TestConnectFails(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	c := newClient(t, wire.ClientOptions{Connections: 1, WaitQueueSize: -1})
	for range 2 { // the place in the pool is given back
		_, err = c.Do(exchange(t, "GET", "http://"+l.Addr().String()+"/"))
		var upstream *chain.UpstreamError
		if !errors.As(err, &upstream) || upstream.Op != "connect" || strings.Contains(err.Error(), "too many") {
			t.Errorf("Do() = %v, want a failure to connect", err)
		}
	}
}

func TestResolve(t *testing.T) {
	s := play(t, echo)
	_, port, _ := net.SplitHostPort(s.address)
	c := newClient(t, wire.ClientOptions{Resolve: map[string]string{
		"one.example.com:80": s.address, "two.example.com": "127.0.0.1", "Three.example.com": s.address,
	}})
	for _, host := range []string{"one.example.com", "two.example.com:" + port, "three.example.com", "three.example.com:99"} {
		r, err := c.Do(exchange(t, "GET", "http://"+host+"/"))
		if err != nil {
			t.Errorf("Do(%s) = %v", host, err)
			continue
		}
		if got := bodyOf(t, r); !strings.Contains(got, "|Host: "+host+"|") {
			t.Errorf("sent %q, want the name kept as Host", got)
		}
	}
}

// Of several addresses, those that refuse are passed over, and all others get their share.
func TestResolveSeveral(t *testing.T) {
	a, b := play(t, echo), play(t, echo)
	c := newClient(t, wire.ClientOptions{DisableReuse: true, Resolve: map[string]string{
		"several.example.com": a.address + ", 127.0.0.1:1," + b.address, "none.example.com": "127.0.0.1:1,127.0.0.1:2",
	}})
	for range 50 {
		x := exchange(t, "POST", "http://several.example.com/")
		if r, err := c.Do(x); err != nil || bodyOf(t, r) == "" {
			t.Fatalf("Do() = %v", err)
		}
	}
	if a.connections() == 0 || b.connections() == 0 {
		t.Errorf("connections: %d and %d, want some of 50 to each", a.connections(), b.connections())
	}
	if _, err := c.Do(exchange(t, "GET", "http://none.example.com/")); err == nil {
		t.Error("all addresses refuse: no error")
	}
}

func TestEarlyAnswer(t *testing.T) {
	s := play(t, func(c *raw) {
		_, _ = c.r.ReadString('\n')
		c.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		_ = c.Conn.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, c.r) // closing with data unread would reset the connection
	})
	c := newClient(t, wire.ClientOptions{})
	x := exchange(t, "POST", "http://"+s.address+"/")
	x.Request.Entity.SetStream(io.NopCloser(io.LimitReader(zeros{}, 64<<20)), 64<<20)
	r, err := c.Do(x)
	if err != nil {
		t.Fatal(err)
	}
	if r.Status.Code != 413 {
		t.Errorf("status = %d, want 413", r.Status.Code)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestExpectContinue(t *testing.T) {
	body := func(x *chain.Exchange) *chain.Exchange {
		x.Request.Header["Expect"] = []string{"100-continue"}
		x.Request.Entity.SetStream(io.NopCloser(strings.NewReader("hello")), 5)
		return x
	}
	head := func(c *raw) (expects bool) {
		for {
			line, err := c.r.ReadString('\n')
			if err != nil || line == "\r\n" {
				return expects
			}
			expects = expects || line == "Expect: 100-continue\r\n"
		}
	}
	t.Run("wanted", func(t *testing.T) {
		s := play(t, func(c *raw) {
			if !head(c) {
				t.Error("no Expect was sent")
			}
			if c.r.Buffered() > 0 {
				t.Error("the body came unasked")
			}
			c.send("HTTP/1.1 100 Continue\r\n\r\n")
			b := make([]byte, 5)
			_, _ = io.ReadFull(c.r, b)
			c.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + string(b))
		})
		r, err := newClient(t, wire.ClientOptions{}).Do(body(exchange(t, "POST", "http://"+s.address+"/")))
		if err != nil || bodyOf(t, r) != "hello" {
			t.Errorf("Do() = %v", err)
		}
	})
	t.Run("refused", func(t *testing.T) {
		s := play(t, func(c *raw) {
			head(c)
			c.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
			if rest, _ := io.ReadAll(c.r); len(rest) > 0 {
				t.Errorf("the body came unwanted: %q", rest)
			}
		})
		c := newClient(t, wire.ClientOptions{})
		for range 2 { // a connection that a body is due on is not used again
			r, err := c.Do(body(exchange(t, "POST", "http://"+s.address+"/")))
			if err != nil || r.Status.Code != 401 {
				t.Fatalf("Do() = %v", err)
			}
		}
		if s.connections() != 2 {
			t.Errorf("connections = %d, want 2", s.connections())
		}
	})
}

func TestBodiesPastMemory(t *testing.T) {
	big := strings.Repeat("0123456789", 100)
	s := play(t, reply("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"+big))
	storage := &chain.Storage{MemoryLimit: 10, FileLimit: 1000, Dir: t.TempDir()}
	c := newClient(t, wire.ClientOptions{Storage: storage})
	r, err := c.Do(exchange(t, "GET", "http://"+s.address+"/"))
	if err != nil || bodyOf(t, r) != big {
		t.Errorf("Do() = %v, want the body from the file", err)
	}
	small := &chain.Storage{MemoryLimit: 10, FileLimit: 999, Dir: t.TempDir()}
	if _, err = newClient(t, wire.ClientOptions{Storage: small}).Do(exchange(t, "GET", "http://"+s.address+"/")); !errors.Is(err, chain.ErrTooLarge) {
		t.Errorf("Do() = %v, want ErrTooLarge", err)
	}
}
