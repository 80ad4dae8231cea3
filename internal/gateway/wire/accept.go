package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"
)

// feed is the listener that net/http sees: it hands over the connections of all real
// listeners, handshakes done and guards in place.
type feed struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newFeed() *feed { return &feed{conns: make(chan net.Conn), done: make(chan struct{})} }

func (f *feed) Accept() (net.Conn, error) {
	select {
	case c := <-f.conns:
		return c, nil
	case <-f.done:
		return nil, net.ErrClosed
	}
}

func (f *feed) Close() error   { f.end(); return nil }
func (f *feed) Addr() net.Addr { return &net.TCPAddr{} }
func (f *feed) end()           { f.once.Do(func() { close(f.done) }) }

// put says whether the connection was taken; else it is closed.
func (f *feed) put(c net.Conn) bool {
	select {
	case f.conns <- c:
		return true
	case <-f.done:
		_ = c.Close()
		return false
	}
}

// tellEvery is how often a failure that lasts is told.
const tellEvery = 10 * time.Second

// accept takes connections of one listener until it is closed.
func (s *Server) accept(l listener) {
	pause := 5 * time.Millisecond
	var told time.Time
	for {
		if !s.room(l) {
			return
		}
		c, err := l.Accept()
		if err == nil {
			pause = 5 * time.Millisecond
			s.take(c, l.tls)
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
		// Out of descriptors, mostly: wait for some to be given back.
		if now := time.Now(); now.Sub(told) >= tellEvery {
			told = now
			s.options.Log.Error("a connection cannot be taken", "address", l.Addr().String(), "error", err)
		}
		select {
		case <-time.After(pause):
		case <-s.feed.done:
			return
		}
		pause = min(2*pause, time.Second)
	}
}

// room waits until another connection may be taken; false: the server has ended.
func (s *Server) room(l listener) bool {
	most := int64(s.options.MaxConnections)
	for told := false; most > 0 && s.Stats().Open+s.shaking.Load() >= most; told = true {
		if !told {
			s.options.Limits.Add("connections")
			s.options.Log.Error("no more connections are taken until others end", "address", l.Addr().String(), "connections", most)
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-s.feed.done:
			return false
		}
	}
	return true
}

func (s *Server) take(c net.Conn, config *tls.Config) {
	if config == nil {
		s.hand(newGuard(c, s.limits()))
		return
	}
	s.shaking.Add(1)
	s.accepting.Go(func() {
		defer s.shaking.Add(-1)
		s.handshake(c, config)
	})
}

// handshake runs before net/http sees the connection, because HTTP/1.1 needs a guard
// above TLS and HTTP/2 needs the TLS connection itself.
func (s *Server) handshake(c net.Conn, config *tls.Config) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if d := s.options.HeaderTimeout; d > 0 {
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	secure := tls.Server(c, config)
	done := make(chan struct{})
	defer close(done)
	s.accepting.Go(func() {
		select {
		case <-s.feed.done:
			cancel()
		case <-done:
		}
	})
	err := secure.HandshakeContext(ctx)
	if err != nil || !stop() {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			s.options.Limits.Add("header_time")
		}
		s.broken.Add(1)
		s.options.Log.Debug("connection", "detail", "TLS handshake", "client", c.RemoteAddr().String(), "error", err)
		_ = c.Close()
		return
	}
	if secure.ConnectionState().NegotiatedProtocol == "h2" {
		s.hand(secure)
		return
	}
	l := s.limits()
	l.h2c = false
	s.hand(&secureGuard{newGuard(secure, l), secure})
}
