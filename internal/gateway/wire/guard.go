package wire

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"gatehouse/internal/observe"
)

// guard stands between a client's connection and net/http. It lets through only
// requests whose framing has one reading: net/http's parser joins folded lines, ends
// lines at a bare LF and, given both Content-Length and Transfer-Encoding, drops one,
// any of which another server on the way may see differently (RFC 9112 §11.2). It
// keeps the limits, too, whose answers net/http does not tell apart.
//
// A header is held until its last line has come. A refused request is replaced by
// one that cannot fail, so that net/http keeps the order of answers; the edge then
// writes the refusal in place of calling the chain.
//
// Read is called by one goroutine at a time, Write by another.
type guard struct {
	net.Conn
	limits limits
	frame  framing
	hold   []byte // header bytes that wait for the rest
	ready  []byte // checked bytes that wait for a reader
	err    error  // what Read answers once ready is empty

	raw      bool         // nothing is checked: HTTP/2, or after an upgrade
	first    bool         // no byte has come yet
	passed   atomic.Int64 // requests let through
	refused  atomic.Int64 // number of the refused request, 0: none, -1: one in its body
	refusal  int          // its status
	served   atomic.Int64 // requests that the edge has seen
	aborted  atomic.Bool  // nothing is read any more
	readEnd  time.Time    // the deadline that net/http set
	short    bool         // a shorter one is in force
	idle     atomic.Int32 // of idleness
	writeEnd time.Time
	reason   string // replaces the reason phrase of the next status line
	stuck    bool   // an answer was not taken in time
}

// limits are what a guard enforces.
type limits struct {
	line, header  int           // bytes, 0: none
	head, data    time.Duration // 0: none
	h2c           bool
	lingerOnClose time.Duration
	stopping      <-chan struct{} // closed: do not linger
	park          func(net.Conn, time.Time)
	held          *observe.Limits
}

// total is what a header can take together.
func (l limits) total() int {
	if l.line == 0 || l.header == 0 {
		return 1 << 20
	}
	return l.line + l.header
}

func newGuard(c net.Conn, l limits) *guard {
	return &guard{Conn: c, limits: l, first: true, frame: framing{limits: l}}
}

// secureGuard is a guard on a TLS connection. net/http takes Request.TLS from it.
type secureGuard struct {
	*guard
	tls *tls.Conn
}

// ConnectionState tells net/http about the TLS connection below.
func (g *secureGuard) ConnectionState() tls.ConnectionState { return g.tls.ConnectionState() }

// standIn is what net/http reads instead of a refused request.
const standIn = "GET / HTTP/1.1\r\nHost: refused\r\nConnection: close\r\n\r\n"

// preface begins an HTTP/2 connection (RFC 9113 §3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

func (g *guard) Read(p []byte) (int, error) {
	for {
		if len(g.ready) > 0 {
			n := copy(p, g.ready)
			g.ready = g.ready[n:]
			return n, nil
		}
		if g.err != nil {
			return 0, g.err
		}
		if g.aborted.Load() {
			return 0, os.ErrDeadlineExceeded
		}
		if g.raw {
			return g.Conn.Read(p)
		}
		if len(g.hold) == 0 && (len(p) >= 512 || !g.frame.atHead()) {
			n, err := g.readInto(p)
			if n > 0 || err != nil {
				return n, err
			}
			continue
		}
		if err := g.readHeld(); err != nil {
			return 0, err
		}
	}
}

// readInto reads straight into the caller's buffer: the usual way, without a copy.
func (g *guard) readInto(p []byte) (int, error) {
	if !g.frame.atHead() && g.limits.data > 0 {
		if err := g.Conn.SetReadDeadline(time.Now().Add(g.limits.data)); err != nil {
			return 0, err
		}
	}
	if g.aborted.Load() { // looked at after the deadline was set: abort may have come before
		return 0, os.ErrDeadlineExceeded
	}
	n, err := g.Conn.Read(p)
	if n == 0 {
		if g.short && isTimeout(err) {
			g.idle.Store(idleLong)
		} else {
			g.late(err)
		}
		return 0, err
	}
	pass := g.check(p[:n])
	if pass < n && !g.raw && g.err == nil {
		g.hold = append(g.hold, p[pass:n]...)
	}
	return pass, nil
}

// readHeld reads more of a header that has begun.
func (g *guard) readHeld() error {
	if g.short { // a request has begun
		g.short = false
		g.readEnd = g.headEnd(g.readEnd)
		if err := g.Conn.SetReadDeadline(g.readEnd); err != nil {
			return err
		}
	}
	if cap(g.hold)-len(g.hold) < 256 {
		g.hold = append(make([]byte, 0, 4*cap(g.hold)+512), g.hold...)
	}
	n, err := g.Conn.Read(g.hold[len(g.hold):cap(g.hold)])
	if n == 0 {
		if err == io.EOF && len(g.hold) > 0 {
			err = io.ErrUnexpectedEOF
		}
		g.late(err)
		return err
	}
	fresh := g.hold[len(g.hold) : len(g.hold)+n]
	g.hold = g.hold[:len(g.hold)+n]
	data := g.hold
	line := g.limits.line + 2
	crossed := len(data)-n <= line && len(data) > line // it may be a request line without end
	if bytes.IndexByte(fresh, '\n') < 0 && len(data) < g.limits.total() && !crossed {
		return nil // nothing new to see; a header that drips in must not be read over and over
	}
	pass := g.check(data)
	if g.raw {
		pass = len(data)
	}
	if pass == 0 {
		if g.err != nil {
			g.hold = nil
		}
		return nil
	}
	if g.err == nil {
		g.ready, g.hold = data[:pass], data[:0] // not written to before ready is used up
		if pass < len(data) {
			g.hold = append([]byte(nil), data[pass:]...)
		}
		return nil
	}
	g.hold = nil
	g.ready = append(data[:pass:pass], g.ready...)
	return nil
}

// headEnd is when a header that has begun must be complete. net/http, which sees it only
// then, waits for as long as a connection may be idle.
func (g *guard) headEnd(idleEnd time.Time) time.Time {
	if g.limits.head == 0 {
		return idleEnd
	}
	if end := time.Now().Add(g.limits.head); idleEnd.IsZero() || end.Before(idleEnd) {
		return end
	}
	return idleEnd
}

// late counts a header that did not come in time. net/http ends reads in other ways, too: by a deadline in the past.
func (g *guard) late(err error) {
	if g.frame.atHead() && isTimeout(err) && !g.readEnd.IsZero() && !time.Now().Before(g.readEnd) {
		g.limits.held.Add("header_time")
	}
}

// check runs the framing over b and returns how much of it net/http may have. The
// rest is a header that is not complete yet, or refused.
func (g *guard) check(b []byte) int {
	if g.first && g.limits.h2c {
		if n := min(len(b), len(preface)); string(b[:n]) == preface[:n] {
			if n < len(preface) {
				return 0
			}
			g.raw, g.first = true, false
			return len(b)
		}
	}
	g.first = false
	pass := 0
	for pass < len(b) {
		atHead := g.frame.atHead()
		n, err := g.frame.next(b[pass:])
		if err != nil {
			g.refuse(err, atHead)
			return pass
		}
		if n == 0 {
			break
		}
		if atHead {
			g.passed.Add(1)
		}
		pass += n
	}
	return pass
}

// refuse ends the connection: after a refused header with an answer, inside a body
// by an error that the reader of the body meets.
func (g *guard) refuse(err error, atHead bool) {
	var r *refusalError
	if !atHead || !errors.As(err, &r) {
		g.err = err
		g.refused.Store(-1)
		return
	}
	g.refusal = r.status
	g.refused.Store(g.passed.Load() + 1)
	g.ready = append(g.ready, standIn...)
	g.err = io.EOF
}

// refusalOf says whether the request that the edge is about to serve is a stand-in,
// and with which status to refuse it. The edge calls it once a request.
func (g *guard) refusalOf() (status int, refused bool) {
	n := g.served.Add(1)
	if at := g.refused.Load(); at == n {
		return g.refusal, true
	}
	return 0, false
}

// passThrough ends all checks, for a connection that has left HTTP. The bytes that
// were held are given to the next reader.
func (g *guard) passThrough() {
	g.raw = true
	g.ready = append(g.ready, g.hold...)
	g.hold, g.limits.data = nil, 0
}

// abort ends a Read that is under way and all that come. It may be called at any time.
func (g *guard) abort() {
	g.aborted.Store(true)
	_ = g.Conn.SetReadDeadline(time.Unix(1, 0))
}

// Write sends what net/http wrote. A deadline is renewed when a quarter of it has
// passed, not for each write.
func (g *guard) Write(p []byte) (int, error) {
	n, err := g.write(p)
	if err != nil && isTimeout(err) && !g.stuck {
		g.stuck = true
		g.limits.held.Add("answer_time")
	}
	return n, err
}

// SetWriteDeadline keeps the deadline of the guard, which net/http takes away between requests.
func (g *guard) SetWriteDeadline(t time.Time) error {
	if t.IsZero() && g.limits.data > 0 {
		return nil
	}
	return g.Conn.SetWriteDeadline(t)
}

func (g *guard) write(p []byte) (int, error) {
	if d := g.limits.data; d > 0 {
		now := time.Now()
		if g.writeEnd.Sub(now) < d-d/4 {
			g.writeEnd = now.Add(d)
			if err := g.Conn.SetWriteDeadline(g.writeEnd); err != nil {
				return 0, err
			}
		}
	}
	if g.reason != "" {
		return g.writeReason(p)
	}
	return g.Conn.Write(p)
}

// writeReason puts the reason phrase that the response has in the place of the one
// that net/http knows; "HTTP/1.1 nnn " takes 13 bytes.
func (g *guard) writeReason(p []byte) (int, error) {
	const statusEnd = 13
	reason := g.reason
	g.reason = ""
	end := lineEnd(p)
	if end < statusEnd {
		return g.Conn.Write(p)
	}
	b := make([]byte, 0, len(p)+len(reason))
	b = append(append(append(b, p[:statusEnd]...), reason...), p[end:]...)
	n, err := g.Conn.Write(b)
	if err != nil {
		return max(0, n-len(b)+len(p)), err
	}
	return len(p), nil
}

func lineEnd(p []byte) int {
	for i := 0; i+1 < len(p); i++ {
		if p[i] == '\r' && p[i+1] == '\n' {
			return i
		}
	}
	return -1
}

// Close closes the connection. After a refusal, by the guard or by net/http, or an answer
// that came before the request was read, it first takes what the client still sends, for a moment: closing with unread data resets the
// connection, and the client might never see the answer.
func (g *guard) Close() error {
	switch {
	case g.idle.CompareAndSwap(idleLong, idleParked):
		g.limits.park(g.Conn, g.readEnd)
		return nil
	case g.idle.Load() == idleParked:
		return nil
	}
	if g.refused.Load() != 0 || g.aborted.Load() || g.passed.Load() > g.served.Load() {
		select {
		case <-g.limits.stopping:
		default:
			g.linger()
		}
	}
	return g.Conn.Close()
}

// CloseWrite tells the client that no more comes; net/http uses it before it leaves a
// request body unread.
func (g *guard) CloseWrite() error {
	if cw, ok := g.Conn.(interface{ CloseWrite() error }); ok {
		return cw.CloseWrite()
	}
	return nil
}

func (g *guard) linger() {
	if g.CloseWrite() != nil {
		return
	}
	_ = g.Conn.SetReadDeadline(time.Now().Add(g.limits.lingerOnClose))
	_, _ = io.CopyN(io.Discard, g.Conn, 256<<10)
}

// refusalError is a reason to answer a request without looking further.
type refusalError struct {
	status int
	text   string
}

func (e *refusalError) Error() string { return e.text }

func refuse(status int, text string) error { return &refusalError{status, text} }

func badRequest(text string) error { return refuse(http.StatusBadRequest, text) }
