package wire

import (
	"crypto/tls"
	"net"
	"runtime/debug"
	"time"
)

// parkAfter is how long a connection may wait for its next request inside net/http,
// whose buffers and stack take three times what waiting outside takes.
const parkAfter = 250 * time.Millisecond

// What a guard has seen of its connection's idleness.
const (
	_          int32 = iota
	idleLong         // to be parked when net/http closes it
	idleParked       // no longer the guard's
)

// SetReadDeadline is called by net/http. When it waits for the next request, the guard
// ends that sooner and has the connection parked.
func (g *guard) SetReadDeadline(t time.Time) error {
	if !t.IsZero() && time.Until(t) <= parkAfter {
		return g.Conn.SetReadDeadline(t) // it ends what another goroutine reads
	}
	g.readEnd, g.short = t, false
	if t.IsZero() {
		return g.Conn.SetReadDeadline(t)
	}
	if g.limits.park != nil && g.served.Load() > 0 && !g.raw && g.frame.atHead() && len(g.ready) == 0 {
		if len(g.hold) > 0 { // the next request has begun
			g.readEnd = g.headEnd(t)
			return g.Conn.SetReadDeadline(g.readEnd)
		}
		g.short = true
		t = time.Now().Add(parkAfter)
	}
	return g.Conn.SetReadDeadline(t)
}

// park takes a connection that is idle; nothing of it is kept but the connection itself.
func (s *Server) park(c net.Conn, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		_ = c.Close()
		return
	}
	s.parked[c] = struct{}{}
	s.accepting.Go(func() { s.attend(c, until) })
	if n := len(s.parked); n >= s.tidied+tidyAfter {
		s.tidied = n
		time.AfterFunc(time.Second, debug.FreeOSMemory) // others of the same burst are parked by then
	}
}

// tidyAfter is how many more connections have to be idle than ever before for the memory
// that they have left behind to be given back to the system. Without requests, the
// garbage collector would take minutes to see it.
const tidyAfter = 1000

// attend waits for the first byte of the next request.
func (s *Server) attend(c net.Conn, until time.Time) {
	first := make([]byte, 1)
	err := c.SetReadDeadline(until)
	if err == nil {
		_, err = c.Read(first)
	}
	s.mu.Lock()
	delete(s.parked, c)
	s.mu.Unlock()
	if err != nil {
		if isTimeout(err) {
			s.options.Limits.Add("idle_time")
		}
		_ = c.Close()
		return
	}
	l := s.limits()
	l.h2c = false
	g := newGuard(c, l)
	g.hold, g.first = first, false
	if secure, ok := c.(*tls.Conn); ok {
		s.hand(&secureGuard{g, secure})
		return
	}
	s.hand(g)
}
