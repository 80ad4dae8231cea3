package wire_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/wire"
)

func TestContexts(t *testing.T) {
	address := start(t, wire.Options{TrustTransactionHeader: true}, func(x *chain.Exchange) (*chain.Response, error) {
		if got := fmt.Sprint(chain.Contexts{Leaf: x.Context}.Keys()); got != "[attributes router client requestAudit transactionId root]" {
			t.Errorf("contexts = %s", got)
		}
		client := chain.Find[*chain.ClientContext](x.Context)
		if client.UserAgent != "test" || client.Secure || !strings.HasPrefix(client.RemoteAddr, "127.0.0.1:") || !strings.HasPrefix(client.LocalAddr, "127.0.0.1:") {
			t.Errorf("client = %+v", client)
		}
		x.Request.URI.Host = "elsewhere"
		if got := chain.Find[*chain.RouterContext](x.Context).OriginalURI.String(); got != "http://a:81/x?y" {
			t.Errorf("original URI = %s", got)
		}
		id := chain.Find[*chain.TransactionContext](x.Context).Value
		if root := chain.Find[*chain.RootContext](x.Context).ID; len(root) < 38 || (id != "given" && id != root) {
			t.Errorf("ids = %q, %q", root, id)
		}
		return text(200, id), nil
	})
	c := dial(t, address)
	c.send("GET /x?y HTTP/1.1\r\nHost: a:81\r\nUser-Agent: test\r\nX-ForgeRock-TransactionId: given\r\n\r\n")
	if _, id := c.receive("GET"); id != "given" {
		t.Errorf("transaction = %q, want the trusted one", id)
	}
	var ids []string
	for range 2 {
		c.send("GET /x?y HTTP/1.1\r\nHost: a:81\r\nUser-Agent: test\r\n\r\n")
		_, id := c.receive("GET")
		ids = append(ids, id)
	}
	if ids[0] == ids[1] {
		t.Errorf("two requests have the id %q", ids[0])
	}
}

func TestTransactionHeaderIsIgnoredByDefault(t *testing.T) {
	address := start(t, wire.Options{}, func(x *chain.Exchange) (*chain.Response, error) {
		return text(200, chain.Find[*chain.TransactionContext](x.Context).Value), nil
	})
	c := dial(t, address)
	c.send("GET / HTTP/1.1\r\nHost: a\r\nX-ForgeRock-TransactionId: given\r\n\r\n")
	if _, id := c.receive("GET"); id == "given" {
		t.Errorf("transaction = %q, want a new one", id)
	}
}

func TestFailuresBecomeEmpty500(t *testing.T) {
	tests := []struct {
		name string
		h    chain.HandlerFunc
		log  string
	}{
		{"error", func(*chain.Exchange) (*chain.Response, error) { return nil, errors.New("no luck") }, "no luck"},
		{"panic", func(*chain.Exchange) (*chain.Response, error) { panic("no luck") }, "no luck"},
		{"nothing", func(*chain.Exchange) (*chain.Response, error) { return nil, nil }, "neither"},
		{"header injection", func(*chain.Exchange) (*chain.Response, error) {
			r := text(200, "body")
			r.Header["X-A"] = []string{"b\r\nSet-Cookie: c=d"}
			return r, nil
		}, "X-A"},
		{"header name injection", func(*chain.Exchange) (*chain.Response, error) {
			r := text(200, "body")
			r.Header["X-A: b\r\nSet-Cookie"] = []string{"c=d"}
			return r, nil
		}, "name"},
		{"status", func(*chain.Exchange) (*chain.Response, error) { return text(42, "body"), nil }, "42"},
		{"101 out of nothing", func(*chain.Exchange) (*chain.Response, error) { return text(101, ""), nil }, "101"},
		{"unreadable body", func(*chain.Exchange) (*chain.Response, error) {
			r := chain.NewResponse(200)
			r.Entity.SetStream(io.NopCloser(brokenReader{}), -1)
			return r, nil
		}, "broken pipe dream"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var log lines
			address := start(t, wire.Options{Log: log.logger()}, test.h)
			c := dial(t, address)
			for range 2 { // the connection stays usable
				c.send("GET /path?secret=1 HTTP/1.1\r\nHost: a\r\n\r\n")
				res, body := c.receive("GET")
				if res.StatusCode != 500 || body != "" || res.Header.Get("X-A") != "" || res.Header.Get("Set-Cookie") != "" {
					t.Errorf("answer = %d %q %v, want an empty 500", res.StatusCode, body, res.Header)
				}
			}
			got := log.String()
			if strings.Count(got, "transactionId=") != 2 || !strings.Contains(got, test.log) || !strings.Contains(got, "uri=http://a/path ") || strings.Contains(got, "secret") {
				t.Errorf("log = %s", got)
			}
		})
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("broken pipe dream") }

func TestAnswers(t *testing.T) {
	stream := func(r *chain.Response, s string, n int64) *chain.Response {
		r.Entity.SetStream(io.NopCloser(strings.NewReader(s)), n)
		return r
	}
	with := func(r *chain.Response, name string, values ...string) *chain.Response {
		r.Header[name] = values
		return r
	}
	tests := []struct {
		name, method string
		response     func() *chain.Response
		want         string // status line and fields, sorted as net/http writes them, "|" for CRLF
	}{
		{"memory", "GET", func() *chain.Response { return with(text(200, "hello"), "Date", "x") },
			"HTTP/1.1 200 OK|Content-Length: 5|Date: x||hello"},
		{"empty", "GET", func() *chain.Response { return with(text(200, ""), "Date", "x") },
			"HTTP/1.1 200 OK|Content-Length: 0|Date: x||"},
		{"wrong length", "GET", func() *chain.Response { return with(with(text(200, "hello"), "Content-Length", "3"), "Date", "x") },
			"HTTP/1.1 200 OK|Content-Length: 5|Date: x||hello"},
		{"length in another case", "GET", func() *chain.Response { return with(with(text(200, "hello"), "content-length", "3"), "Date", "x") },
			"HTTP/1.1 200 OK|Content-Length: 5|Date: x||hello"},
		{"reason", "GET", func() *chain.Response {
			r := with(text(404, ""), "Date", "x")
			r.Status.Reason = "Nobody Here"
			return r
		}, "HTTP/1.1 404 Nobody Here|Content-Length: 0|Date: x||"},
		{"HEAD keeps the length", "HEAD", func() *chain.Response {
			return with(with(chain.NewResponse(200), "Content-Length", "7"), "Date", "x")
		}, "HTTP/1.1 200 OK|Content-Length: 7|Date: x||"},
		{"HEAD with a body", "HEAD", func() *chain.Response { return with(text(200, "hello"), "Date", "x") },
			"HTTP/1.1 200 OK|Content-Length: 5|Date: x||"},
		{"204", "GET", func() *chain.Response { return with(text(204, "hello"), "Date", "x") },
			"HTTP/1.1 204 No Content|Date: x||"},
		{"304", "GET", func() *chain.Response {
			return with(with(chain.NewResponse(304), "Content-Length", "7"), "Date", "x")
		}, "HTTP/1.1 304 Not Modified|Date: x||"},
		{"hop by hop", "GET", func() *chain.Response {
			r := with(with(with(text(200, ""), "Connection", "X-A"), "X-A", "b"), "Date", "x")
			return with(with(with(r, "Keep-Alive", "1"), "transfer-encoding", "chunked"), "Upgrade", "h2c")
		}, "HTTP/1.1 200 OK|Content-Length: 0|Date: x||"},
		{"two values", "GET", func() *chain.Response { return with(with(text(200, ""), "Set-Cookie", "a=b", "c=d"), "Date", "x") },
			"HTTP/1.1 200 OK|Content-Length: 0|Date: x|Set-Cookie: a=b|Set-Cookie: c=d||"},
		{"stream", "GET", func() *chain.Response { return with(stream(chain.NewResponse(200), "hello", 5), "Date", "x") },
			"HTTP/1.1 200 OK|Content-Length: 5|Date: x||hello"},
	}
	for _, streaming := range []bool{false, true} {
		for _, test := range tests {
			t.Run(fmt.Sprint(test.name, " streaming ", streaming), func(t *testing.T) {
				address := start(t, wire.Options{Streaming: streaming}, func(*chain.Exchange) (*chain.Response, error) { return test.response(), nil })
				c := dial(t, address)
				c.send(test.method + " / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
				b, err := io.ReadAll(c.r)
				if err != nil {
					t.Fatal(err)
				}
				got := strings.Replace(strings.ReplaceAll(string(b), "\r\n", "|"), "Connection: close|", "", 1)
				if got != test.want {
					t.Errorf("answer = %q,\nwant %q", got, test.want)
				}
			})
		}
	}
}

func TestBodyLimits(t *testing.T) {
	storage := &chain.Storage{MemoryLimit: 10, FileLimit: 100, Dir: t.TempDir()}
	chunked := func(n int) string {
		return fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", n, strings.Repeat("b", n))
	}
	counted := func(n int) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", n, strings.Repeat("b", n)) }
	tests := []struct {
		name    string
		options wire.Options
		body    string
		status  int
	}{
		{"in memory", wire.Options{Storage: storage}, counted(10), 200},
		{"in a file", wire.Options{Storage: storage}, counted(100), 200},
		{"chunked in a file", wire.Options{Storage: storage}, chunked(100), 200},
		{"over storage", wire.Options{Storage: storage}, counted(101), 413},
		{"chunked over storage", wire.Options{Storage: storage}, chunked(101), 413},
		{"at the limit", wire.Options{MaxBody: 20}, counted(20), 200},
		{"over the limit", wire.Options{MaxBody: 20}, counted(21), 413},
		{"chunked at the limit", wire.Options{MaxBody: 20}, chunked(20), 200},
		{"chunked over the limit", wire.Options{MaxBody: 20}, chunked(21), 413},
		{"streaming over the limit", wire.Options{MaxBody: 20, Streaming: true}, counted(21), 413},
		{"streaming chunked over the limit", wire.Options{MaxBody: 20, Streaming: true}, chunked(21), 413},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := &record{}
			c := dial(t, start(t, test.options, h.handle))
			c.send("POST / HTTP/1.1\r\nHost: a\r\n" + test.body)
			res, body := c.receive("POST")
			if res.StatusCode != test.status || test.status == 200 && !strings.Contains(test.body, body) || test.status != 200 && h.count() > 0 {
				t.Errorf("answer = %d %q after %d requests, want %d", res.StatusCode, body, h.count(), test.status)
			}
		})
	}
}

// A client that is still sending can read why it should stop.
func TestRefusalOfALargeBodyArrives(t *testing.T) {
	h := &record{}
	c := dial(t, start(t, wire.Options{MaxBody: 10}, h.handle))
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n")
	go func() { _, _ = io.Copy(c, io.LimitReader(zeros{}, 9000000)) }()
	if res, _ := c.receive("POST"); res.StatusCode != 413 || h.count() != 0 {
		t.Errorf("status = %d, want 413", res.StatusCode)
	}
	_ = c.Close()
}

func TestContinue(t *testing.T) {
	h := &record{}
	c := dial(t, start(t, wire.Options{}, h.handle))
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
	if line, err := c.r.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("first line = %q, %v", line, err)
	}
	_, _ = c.r.ReadString('\n')
	c.send("hello")
	if res, body := c.receive("POST"); res.StatusCode != 200 || body != "hello" {
		t.Errorf("answer = %d %q", res.StatusCode, body)
	}
}

func TestRequestTrailers(t *testing.T) {
	for _, streaming := range []bool{false, true} {
		var got http.Header
		address := start(t, wire.Options{Streaming: streaming}, func(x *chain.Exchange) (*chain.Response, error) {
			_, _ = x.Request.Entity.Bytes()
			got = x.Request.Trailer
			return text(200, ""), nil
		})
		for _, announce := range []string{"", "Trailer: X-Sum\r\n"} {
			c := dial(t, address)
			c.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" + announce + "\r\n2\r\nhi\r\n0\r\nX-Sum: 7\r\n\r\n")
			c.receive("POST")
			if got.Get("X-Sum") != "7" {
				t.Errorf("streaming %v, %q: trailers = %v", streaming, announce, got)
			}
		}
	}
}

func TestResponseTrailers(t *testing.T) {
	address := start(t, wire.Options{}, func(*chain.Exchange) (*chain.Response, error) {
		r := text(200, "hello")
		r.Trailer = http.Header{"X-Sum": {"7"}, "Content-Length": {"1"}, "X-Bad": {"a\r\nb"}}
		return r, nil
	})
	c := dial(t, address)
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	res, body := c.receive("GET")
	if body != "hello" || len(res.Trailer) != 1 || res.Trailer.Get("X-Sum") != "7" || res.ContentLength != -1 {
		t.Errorf("answer = %q with trailers %v, want hello with X-Sum alone", body, res.Trailer)
	}
}

// Events leave at once: the reader gets the first while the second is not there yet.
func TestEventsFlow(t *testing.T) {
	events, feed := io.Pipe()
	address := start(t, wire.Options{Streaming: true}, func(*chain.Exchange) (*chain.Response, error) {
		r := chain.NewResponse(200)
		r.Header["Content-Type"] = []string{"text/event-stream"}
		r.Entity.SetStream(events, -1)
		return r, nil
	})
	c := dial(t, address)
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(res.Body)
	for i := range 3 {
		_, _ = fmt.Fprintf(feed, "data: %d\n", i)
		if got, err := lines.ReadString('\n'); err != nil || got != fmt.Sprintf("data: %d\n", i) {
			t.Fatalf("event %d = %q, %v", i, got, err)
		}
	}
	_ = feed.Close()
	if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
		t.Errorf("after the end: %q, %v", rest, err)
	}
}

// A body that breaks off must not look complete.
func TestBrokenStreamBreaksTheConnection(t *testing.T) {
	var log lines
	address := start(t, wire.Options{Streaming: true, Log: log.logger()}, func(*chain.Exchange) (*chain.Response, error) {
		r := chain.NewResponse(200)
		r.Entity.SetStream(io.NopCloser(io.MultiReader(strings.NewReader("part"), brokenReader{})), -1)
		return r, nil
	})
	c := dial(t, address)
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("body = %q without an error, want an error", b)
	}
	if got := log.String(); strings.Count(got, "broken pipe dream") != 1 {
		t.Errorf("log = %s, want the cause once", got)
	}
}

// The exchange's context ends when the client goes away.
func TestClientGoesAway(t *testing.T) {
	arrived, gone := make(chan bool), make(chan bool)
	address := start(t, wire.Options{}, func(x *chain.Exchange) (*chain.Response, error) {
		close(arrived)
		<-x.Ctx().Done()
		close(gone)
		return nil, x.Ctx().Err()
	})
	c := dial(t, address)
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	<-arrived
	_ = c.Close()
	<-gone
}

func TestListenTellsThatThePortIsTaken(t *testing.T) {
	address := start(t, wire.Options{}, nil)
	s := wire.NewServer(wire.Options{}, nil)
	if _, err := s.Listen(address, nil); err == nil {
		t.Error("Listen() on a port in use = nil, want an error")
	}
}

func TestSeveralListeners(t *testing.T) {
	h := &record{}
	s := wire.NewServer(wire.Options{}, chain.HandlerFunc(h.handle))
	var addresses []string
	for range 3 {
		a, err := s.Listen("127.0.0.1:0", nil)
		if err != nil {
			t.Fatal(err)
		}
		addresses = append(addresses, a.String())
	}
	serve(t, s)
	for _, a := range addresses {
		c := dial(t, a)
		c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if res, _ := c.receive("GET"); res.StatusCode != 200 {
			t.Errorf("status at %s = %d", a, res.StatusCode)
		}
	}
}

func TestGracefulShutdown(t *testing.T) {
	arrived, release := make(chan bool), make(chan bool)
	s := wire.NewServer(wire.Options{GracePeriod: patience}, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		if x.Request.URI.RawPath == "/quick" {
			return text(200, ""), nil
		}
		close(arrived)
		<-release
		return text(200, "done"), nil
	}))
	addr, err := s.Listen("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	idle := dial(t, addr.String())
	idle.send("GET /quick HTTP/1.1\r\nHost: a\r\n\r\n")
	idle.receive("GET")
	c := dial(t, addr.String())
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	<-arrived
	stopped := make(chan error, 1)
	go func() { stopped <- s.Shutdown(context.Background()) }()
	if err := <-served; err != nil { // it has stopped accepting
		t.Errorf("Serve() = %v", err)
	}
	if late, err := net.Dial("tcp", addr.String()); err == nil {
		_ = late.Close()
		t.Error("a connection was accepted after Shutdown")
	}
	close(release)
	if res, body := c.receive("GET"); res.StatusCode != 200 || body != "done" {
		t.Errorf("answer = %d %q, want the running request finished", res.StatusCode, body)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Shutdown() = %v", err)
	}
	idle.ended()
}

func TestShutdownWithoutGrace(t *testing.T) {
	arrived := make(chan bool)
	address, s := startServer(t, wire.Options{}, func(x *chain.Exchange) (*chain.Response, error) {
		close(arrived)
		<-x.Ctx().Done()
		return nil, x.Ctx().Err()
	})
	c := dial(t, address)
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	<-arrived
	if err := s.Shutdown(context.Background()); err != nil {
		t.Errorf("Shutdown() = %v", err)
	}
	c.ended()
}

func TestOptionsStar(t *testing.T) {
	h := &record{}
	c := dial(t, start(t, wire.Options{}, h.handle))
	c.send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
	if res, body := c.receive("OPTIONS"); res.StatusCode != 200 || body != "" || h.count() != 0 {
		t.Errorf("answer = %d %q after %d requests", res.StatusCode, body, h.count())
	}
}

// Requests that are cut off have a moment to end, before what they use does.
func TestShutdownAwaitsWhatItCutsOff(t *testing.T) {
	begun := make(chan bool)
	var ended atomic.Bool
	address, s := startServer(t, wire.Options{}, func(x *chain.Exchange) (*chain.Response, error) {
		close(begun)
		<-x.Ctx().Done()
		time.Sleep(50 * time.Millisecond)
		ended.Store(true)
		return nil, x.Ctx().Err()
	})
	dial(t, address).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	<-begun
	_ = s.Shutdown(t.Context())
	if !ended.Load() {
		t.Error("the server stopped before its last request")
	}
}
