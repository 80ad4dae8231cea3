package script

import (
	"context"
	"net"
	"strconv"
	"time"

	"gatehouse/internal/groovy"
)

// socketAddress is java.net.InetSocketAddress.
type socketAddress struct {
	host string
	port int
}

func (socketAddress) GroovyClass() *groovy.Class { return socketAddressClass }
func (a socketAddress) String() string           { return net.JoinHostPort(a.host, strconv.Itoa(a.port)) }

var socketAddressClass = &groovy.Class{
	Name: "java.net.InetSocketAddress",
	New: func(c *groovy.Call) (groovy.Value, error) {
		if err := c.Want(2, 2); err != nil {
			return nil, err
		}
		return addressOf(c, 0)
	},
	Static: methods{"createUnresolved": func(c *groovy.Call) (groovy.Value, error) { return addressOf(c, 0) }},
	Get: getters{
		"hostName":   getter(func(a socketAddress) groovy.Value { return a.host }),
		"hostString": getter(func(a socketAddress) groovy.Value { return a.host }),
		"port":       getter(func(a socketAddress) groovy.Value { return a.port }),
		"unresolved": getter(func(socketAddress) groovy.Value { return true }),
	},
	Equals: func(this, other groovy.Value) bool { return this == other },
}

// addressOf takes a host and a port from the arguments.
func addressOf(c *groovy.Call, i int) (socketAddress, error) {
	port, ok := c.Int(i + 1)
	if !ok || !isText(c.Arg(i)) {
		return socketAddress{}, c.NoSuchMethod()
	}
	if port < 0 || port > 65535 {
		return socketAddress{}, badArgument("port out of range:%d", port)
	}
	return socketAddress{c.Str(i), int(port)}, nil
}

// socket is java.net.Socket: TCP, for a script that speaks a protocol by itself.
type socket struct {
	in     *run
	to     socketAddress
	conn   net.Conn
	limit  time.Duration // of one read, SO_TIMEOUT
	closed bool
}

func (*socket) GroovyClass() *groovy.Class { return socketClass }

// longest bounds each wait of a socket for which the script sets no limit.
const longest = time.Minute

func (s *socket) connect(c *groovy.Call, to socketAddress, wait time.Duration) error {
	switch {
	case s.closed:
		return groovy.Throw("java.net.SocketException", "Socket is closed")
	case s.conn != nil:
		return groovy.Throw("java.net.SocketException", "already connected")
	}
	if wait <= 0 || wait > longest {
		wait = longest
	}
	var err error
	c.Wait(func() {
		ctx, cancel := context.WithTimeout(c.Ctx, wait)
		defer cancel()
		s.conn, err = s.in.script.engine.dial(ctx, to.String())
	})
	switch e, _ := err.(net.Error); {
	case err == nil:
		s.to = to
		return s.in.holds(s.conn)
	case e != nil && e.Timeout():
		return groovy.Throw("java.net.SocketTimeoutException", "Connect timed out")
	default:
		return groovy.Throw("java.net.ConnectException", "%s", err)
	}
}

func (s *socket) live() error {
	switch {
	case s.closed:
		return groovy.Throw("java.net.SocketException", "Socket is closed")
	case s.conn == nil:
		return groovy.Throw("java.net.SocketException", "Socket is not connected")
	}
	return s.in.over()
}

func (s *socket) close() error {
	s.closed = true
	if s.conn != nil {
		_ = s.conn.Close()
	}
	return nil
}

// Read reads within the limit of the script and of the exchange.
func (s *socket) Read(p []byte) (int, error) {
	if err := s.live(); err != nil {
		return 0, err
	}
	limit := s.limit
	if limit <= 0 || limit > longest {
		limit = longest
	}
	if err := s.conn.SetReadDeadline(s.until(limit)); err != nil {
		return 0, err
	}
	stop := context.AfterFunc(s.in.x.Ctx(), func() { _ = s.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	return s.conn.Read(p)
}

// Write is Read's counterpart.
func (s *socket) Write(p []byte) (int, error) {
	if err := s.live(); err != nil {
		return 0, err
	}
	if err := s.conn.SetWriteDeadline(s.until(longest)); err != nil {
		return 0, err
	}
	stop := context.AfterFunc(s.in.x.Ctx(), func() { _ = s.conn.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	return s.conn.Write(p)
}

// until is a moment from now. Deadlines of the kernel know only the real clock.
func (s *socket) until(d time.Duration) time.Time { return time.Now().Add(d) }

func millisOf(c *groovy.Call, i int) (time.Duration, error) {
	n, ok := c.Int(i)
	if c.Arg(i) != nil && (!ok || n < 0) {
		return 0, badArgument("timeout can't be negative")
	}
	return time.Duration(n) * time.Millisecond, nil
}

var socketClass = makeSocketClass()

func makeSocketClass() *groovy.Class {
	m := methods{
		"connect": method(func(s *socket, c *groovy.Call) (groovy.Value, error) {
			to, ok := c.Arg(0).(socketAddress)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			wait, err := millisOf(c, 1)
			if err != nil {
				return nil, err
			}
			return nil, s.connect(c, to, wait)
		}),
		"setSoTimeout": method(func(s *socket, c *groovy.Call) (groovy.Value, error) {
			d, err := millisOf(c, 0)
			s.limit = d
			return nil, err
		}),
		"getSoTimeout": method(func(s *socket, _ *groovy.Call) (groovy.Value, error) { return int32(s.limit.Milliseconds()), nil }),
		"getInputStream": method(func(s *socket, _ *groovy.Call) (groovy.Value, error) {
			if err := s.live(); err != nil {
				return nil, err
			}
			return groovy.NewInputStream(s, s.close), nil
		}),
		"getOutputStream": method(func(s *socket, _ *groovy.Call) (groovy.Value, error) {
			if err := s.live(); err != nil {
				return nil, err
			}
			return groovy.NewOutputStream(s, s.close), nil
		}),
		"close": method(func(s *socket, _ *groovy.Call) (groovy.Value, error) { return nil, s.close() }),
		"withStreams": method(func(s *socket, c *groovy.Call) (groovy.Value, error) {
			if err := s.live(); err != nil {
				return nil, err
			}
			v, err := c.Invoke(c.Arg(0), groovy.NewInputStream(s, s.close), groovy.NewOutputStream(s, s.close))
			_ = s.close()
			return v, err
		}),
		"withCloseable": withCloseable,
	}
	for _, name := range []string{"setTcpNoDelay", "setKeepAlive", "setReuseAddress", "setSoLinger", "setReceiveBufferSize", "setSendBufferSize"} {
		m[name] = method(func(*socket, *groovy.Call) (groovy.Value, error) { return nil, nil })
	}
	return &groovy.Class{
		Name: "java.net.Socket", Implements: []string{"java.io.Closeable"}, Methods: m,
		New: func(c *groovy.Call) (groovy.Value, error) {
			r, err := runOf(c)
			if err != nil {
				return nil, err
			}
			s := &socket{in: r}
			switch c.Len() {
			case 0:
				return s, nil
			case 2:
				to, err := addressOf(c, 0)
				if err != nil {
					return nil, err
				}
				return s, s.connect(c, to, 0)
			}
			return nil, c.NoSuchMethod()
		},
		Get: getters{
			"connected": getter(func(s *socket) groovy.Value { return s.conn != nil }),
			"closed":    getter(func(s *socket) groovy.Value { return s.closed }),
			"port":      getter(func(s *socket) groovy.Value { return s.to.port }),
		},
	}
}
