package wire_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/wire"
)

func TestSlowClients(t *testing.T) {
	h := &record{}
	address := start(t, wire.Options{HeaderTimeout: 20 * time.Millisecond, DataTimeout: 20 * time.Millisecond, IdleTimeout: 20 * time.Millisecond}, h.handle)
	t.Run("header", func(t *testing.T) {
		c := dial(t, address)
		c.send("GET / HTTP/1.1\r\nHost: a\r\n")
		c.ended()
	})
	t.Run("next header", func(t *testing.T) {
		c := dial(t, address)
		c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		c.receive("GET")
		c.send("GET / HT")
		c.ended()
	})
	t.Run("next header on a connection that may be idle for long", func(t *testing.T) {
		address := start(t, wire.Options{HeaderTimeout: 500 * time.Millisecond, IdleTimeout: time.Hour}, h.handle)
		const whole, part = "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HT"
		for name, sent := range map[string][2]string{"behind": {whole, part}, "in one piece": {whole + part, ""}} {
			c := dial(t, address)
			c.send(sent[0])
			c.receive("GET")
			c.send(sent[1])
			if _, err := io.ReadAll(c.r); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("nothing", func(t *testing.T) { dial(t, address).ended() })
	t.Run("body", func(t *testing.T) {
		c := dial(t, address)
		c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel")
		if res, _ := c.receive("POST"); res.StatusCode != 408 {
			t.Errorf("status = %d, want 408", res.StatusCode)
		}
	})
	t.Run("streamed body", func(t *testing.T) {
		address := start(t, wire.Options{DataTimeout: 20 * time.Millisecond, Streaming: true}, func(x *chain.Exchange) (*chain.Response, error) {
			_, err := x.Request.Entity.Bytes()
			return chain.Fail(502, fmt.Errorf("send: %w", err)), nil // as a ReverseProxyHandler does
		})
		c := dial(t, address)
		c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel")
		if res, _ := c.receive("POST"); res.StatusCode != 408 {
			t.Errorf("status = %d, want 408", res.StatusCode)
		}
	})
	// The context of the request ends before the body's reader hears of it.
	t.Run("streamed body, answered for the context", func(t *testing.T) {
		var readers sync.WaitGroup
		defer readers.Wait()
		address := start(t, wire.Options{DataTimeout: 20 * time.Millisecond, Streaming: true}, func(x *chain.Exchange) (*chain.Response, error) {
			readers.Go(func() {
				body, _ := x.Request.Entity.Open()
				_, _ = io.ReadAll(body)
			})
			<-x.Ctx().Done()
			return chain.Fail(502, fmt.Errorf("send: %w", x.Ctx().Err())), nil
		})
		for range 50 {
			c := dial(t, address)
			c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nhel")
			if res, _ := c.receive("POST"); res.StatusCode != 408 {
				t.Fatalf("status = %d, want 408", res.StatusCode)
			}
		}
	})
	t.Run("handshake", func(t *testing.T) {
		a := newAuthority(t)
		config := &tls.Config{Certificates: []tls.Certificate{a.issue(t, "server")}}
		dial(t, startTLS(t, wire.Options{HeaderTimeout: 20 * time.Millisecond}, config, h.handle)).ended()
	})
}

// Connections beyond the limit wait until others end.
func TestConnectionsWait(t *testing.T) {
	h := &record{}
	address := start(t, wire.Options{MaxConnections: 2}, h.handle)
	first, second, third := dial(t, address), dial(t, address), dial(t, address)
	for _, c := range []*raw{first, second} {
		c.send("GET /early HTTP/1.1\r\nHost: a\r\n\r\n")
		c.receive("GET")
	}
	third.send("GET /late HTTP/1.1\r\nHost: a\r\n\r\n")
	for range 50 { // time enough for a connection that does not wait
		first.send("GET /early HTTP/1.1\r\nHost: a\r\n\r\n")
		first.receive("GET")
	}
	if n := h.count(); n != 52 {
		t.Errorf("%d requests were taken, those of the third connection among them", n)
	}
	_ = first.Close()
	if res, _ := third.receive("GET"); res.StatusCode != 200 {
		t.Errorf("after one has ended: %d", res.StatusCode)
	}
}

// A client that takes nothing does not hold its request for ever.
func TestClientThatDoesNotRead(t *testing.T) {
	done := make(chan bool)
	address := start(t, wire.Options{Streaming: true, DataTimeout: 50 * time.Millisecond}, func(x *chain.Exchange) (*chain.Response, error) {
		r := chain.NewResponse(200)
		r.Entity.SetStream(closer{zeros{}, done}, -1)
		return r, nil
	})
	dial(t, address).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	<-done
}

// Nor one that takes nothing and asks more and more, over a connection that was in order before.
func TestClientThatAsksAndDoesNotRead(t *testing.T) {
	address := start(t, wire.Options{DataTimeout: 200 * time.Millisecond}, func(*chain.Exchange) (*chain.Response, error) {
		r := chain.NewResponse(200)
		r.Entity.SetBytes(make([]byte, 100<<10))
		return r, nil
	})
	c := dial(t, address)
	for {
		if err := c.SetWriteDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, strings.Repeat("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 100)); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the connection stays open")
			}
			return
		}
	}
}

// One that takes a large answer slowly gets all of it: the limit is for each piece.
func TestClientThatReadsSlowly(t *testing.T) {
	const size = 8 << 20
	address := start(t, wire.Options{DataTimeout: 3 * time.Second}, func(*chain.Exchange) (*chain.Response, error) {
		r := chain.NewResponse(200)
		r.Entity.SetBytes(make([]byte, size))
		return r, nil
	})
	c := dial(t, address)
	_ = c.Conn.(*net.TCPConn).SetReadBuffer(64 << 10) // most of the answer has to wait at the server
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	for read := int64(0); read < size; {
		n, err := io.CopyN(io.Discard, c.r, 512<<10)
		if read += n; err != nil && read < size {
			t.Fatalf("the answer ends after %d bytes: %v", read, err)
		}
		time.Sleep(250 * time.Millisecond)
	}
}

type closer struct {
	io.Reader
	closed chan bool
}

func (c closer) Close() error { close(c.closed); return nil }

// connectProxy is a proxy that knows CONNECT alone.
func connectProxy(t *testing.T, asked chan<- string) *script {
	return play(t, func(c *raw) {
		r := c.request()
		if r == nil {
			return
		}
		asked <- r.Method + " " + r.RequestURI + " " + r.Header.Get("Proxy-Authorization")
		up, err := net.Dial("tcp", r.RequestURI)
		if err != nil {
			return
		}
		defer up.Close()
		c.send("HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(up, c.r); _ = up.Close() }()
		_, _ = io.Copy(c, up)
	})
}

func TestProxyToTLS(t *testing.T) {
	a := newAuthority(t)
	address := startTLS(t, wire.Options{}, &tls.Config{Certificates: []tls.Certificate{a.issue(t, "server")}}, describe)
	asked := make(chan string, 1)
	at := &url.URL{Scheme: "http", Host: connectProxy(t, asked).address, User: url.UserPassword("u", "p")}
	c := newClient(t, wire.ClientOptions{
		TLS: &tls.Config{RootCAs: a.pool}, Protocol: wire.HTTP1,
		Proxy: func(*url.URL) (*url.URL, error) { return at, nil },
	})
	r, err := c.Do(exchange(t, "GET", "https://"+address+"/x"))
	if err != nil {
		t.Fatal(err)
	}
	if got := bodyOf(t, r); got != "HTTP/1.1 true [] https /x true " {
		t.Errorf("answer = %q", got)
	}
	if got := <-asked; got != "CONNECT "+address+" Basic dTpw" {
		t.Errorf("the proxy was asked %q", got)
	}
}

func TestProxyFails(t *testing.T) {
	c := newClient(t, wire.ClientOptions{Proxy: func(*url.URL) (*url.URL, error) { return nil, errors.New("no proxy today") }})
	if _, err := c.Do(exchange(t, "GET", "http://a/")); err == nil || !strings.Contains(err.Error(), "no proxy today") {
		t.Errorf("Do() = %v", err)
	}
}

func TestFileBodyIsSent(t *testing.T) {
	s := play(t, echo)
	x := exchange(t, "POST", "http://"+s.address+"/")
	x.Request.Entity.SetStorage(&chain.Storage{MemoryLimit: 2, FileLimit: 100, Dir: t.TempDir()})
	x.Request.Entity.SetStream(io.NopCloser(strings.NewReader("hello")), -1)
	if err := x.Request.Entity.Buffer(); err != nil {
		t.Fatal(err)
	}
	defer x.Request.Entity.Close()
	r, err := newClient(t, wire.ClientOptions{}).Do(x)
	if err != nil {
		t.Fatal(err)
	}
	if got := bodyOf(t, r); !strings.HasSuffix(got, "|Content-Length: 5||hello") {
		t.Errorf("sent %q", got)
	}
}
