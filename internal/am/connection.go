package am

import (
	"bytes"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"sync/atomic"
)

// conn is a client's connection. It gives its place back, and counts what ran out of time on it.
type conn struct {
	net.Conn
	front *Front
	// state is net/http's: a request is read from New or Idle on, and Active once its header is there.
	state   atomic.Int32
	begun   atomic.Bool // bytes have come since the state changed
	slow    atomic.Bool // an answer was not taken in time; all writes behind it fail too
	left    atomic.Bool
	counted atomic.Bool // among the open ones
}

// state is the server's ConnState.
func (f *Front) state(rw net.Conn, state http.ConnState) {
	c, ok := rw.(*conn)
	switch s := rw.(type) {
	case *secureConn:
		c, ok = s.raw, true
	case *tls.Conn:
		c, ok = s.NetConn().(*conn)
	}
	if !ok {
		return
	}
	switch state {
	case http.StateNew:
		if c.counted.CompareAndSwap(false, true) {
			f.server.connections.open.Add(1)
		}
	case http.StateClosed, http.StateHijacked:
		if c.counted.CompareAndSwap(true, false) {
			f.server.connections.open.Add(-1)
		}
	}
	c.begun.Store(false)
	c.state.Store(int32(state))
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && !c.begun.Load() {
		c.begun.Store(true)
	}
	if err != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		switch state := http.ConnState(c.state.Load()); {
		case state == http.StateIdle && !c.begun.Load():
			c.front.server.limits.Add("idle_time")
		case state == http.StateIdle, state == http.StateNew:
			c.front.server.limits.Add("header_time")
		}
	}
	return n, err
}

func (c *conn) Write(p []byte) (int, error) {
	c.front.sees(p)
	n, err := c.Conn.Write(p)
	if err != nil && errors.Is(err, os.ErrDeadlineExceeded) && c.slow.CompareAndSwap(false, true) {
		c.front.server.limits.Add("answer_time")
	}
	return n, err
}

// CloseWrite tells the client that no more comes; net/http does so before it leaves what the client sends unread.
func (c *conn) CloseWrite() error {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		return tcp.CloseWrite()
	}
	return errors.ErrUnsupported
}

func (c *conn) Close() error {
	err := c.Conn.Close()
	if c.left.CompareAndSwap(false, true) {
		<-c.front.places
	}
	return err
}

// secureConn is a connection with TLS that speaks HTTP/1.1.
type secureConn struct {
	*tls.Conn
	raw *conn
}

func (c *secureConn) Write(p []byte) (int, error) {
	c.raw.front.sees(p)
	return c.Conn.Write(p)
}

// headerTooLarge is how net/http itself answers HTTP/1.1 when a header is over its limit. No handler sees the request.
var headerTooLarge = []byte("HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")

// sees looks at what is written to a client.
func (f *Front) sees(p []byte) {
	if bytes.HasPrefix(p, headerTooLarge) {
		f.server.limits.Add("headers")
		f.server.refusedWith(http.StatusRequestHeaderFieldsTooLarge)
	}
}

// largeHeader tells whether the header of a request is over the limit.
func largeHeader(r *http.Request) bool {
	size := len(r.RequestURI) + len(r.Host)
	for name, values := range r.Header {
		for _, v := range values {
			size += len(name) + len(v) + len(": \r\n")
		}
	}
	return size > maxHeader
}
