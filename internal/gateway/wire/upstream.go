package wire

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// upstreamConn is one connection to an upstream. The goroutine that uses it writes
// the request and reads the response itself; only large bodies are written beside it.
type upstreamConn struct {
	nc      net.Conn
	home    *destination // nil for a connection outside the pool
	timeout time.Duration

	in   []byte // in[r:w] has been read and not used
	r, w int
	out  []byte

	readEnd, writeEnd time.Time // deadlines in force

	used     time.Time // when the last response ended
	born     time.Time
	reused   bool
	answered bool // a byte of the present response has come
	stale    bool // it had been closed before the request came
	keep     bool // the response allows another request
	bodiless bool // the last response had no body by its kind, which broken upstreams send all the same
	spoiled  bool // the request was not sent completely
	stop     func() bool
	sender   *sender // of the present request, nil: written already
	closed   atomic.Bool
}

const readBuffer = 4096

func newUpstreamConn(nc net.Conn, timeout time.Duration) *upstreamConn {
	return &upstreamConn{nc: nc, timeout: timeout, in: make([]byte, readBuffer), born: time.Now()}
}

// begin prepares a pooled connection for its next request.
func (c *upstreamConn) begin() {
	c.reused, c.answered, c.stale, c.keep, c.sender = true, false, false, false, nil
}

// probeAfter is how long a connection may rest before it is looked at: the longer it
// rests, the likelier the upstream has closed it.
const probeAfter = time.Second

// usable says whether an idle connection can take another request.
func (c *upstreamConn) usable(probe bool) bool {
	if c.closed.Load() || c.r != c.w {
		return false
	}
	o := c.home.client.options
	now := time.Now()
	if o.TTL > 0 && now.Sub(c.born) > o.TTL {
		return false
	}
	rest := now.Sub(c.used)
	if o.IdleTimeout > 0 && rest > o.IdleTimeout {
		return false
	}
	if probe || c.bodiless || rest > probeAfter {
		return c.armRead() == nil && quiet(c.nc)
	}
	return true
}

// discard closes the connection, once, and gives its place in the pool back. It may
// be called at any time from any goroutine; a pending read or write then fails.
func (c *upstreamConn) discard() {
	if !c.closed.CompareAndSwap(false, true) {
		return
	}
	_ = c.nc.Close()
	if c.home != nil {
		c.home.leave()
	}
}

// finish ends an exchange whose response has been read completely.
func (c *upstreamConn) finish() {
	undisturbed := c.stop == nil || c.stop()
	c.stop = nil
	if !undisturbed || !c.keep || c.spoiled || c.sender.unfinished() || c.r != c.w || c.home == nil || c.home.client.options.DisableReuse {
		c.discard()
		return
	}
	if cap(c.in) > 4*readBuffer {
		c.in = make([]byte, readBuffer)
	}
	if cap(c.out) > 64<<10 {
		c.out = nil
	}
	c.r, c.w = 0, 0
	c.used = time.Now()
	c.home.put(c)
}

// abandon ends an exchange in the middle.
func (c *upstreamConn) abandon() {
	if c.stop != nil {
		c.stop()
	}
	c.discard()
}

// armRead sets the read deadline anew when a quarter of it has passed. Setting it for
// every read would cost more than reading.
func (c *upstreamConn) armRead() error {
	if c.timeout == 0 {
		return nil
	}
	now := time.Now()
	if c.readEnd.Sub(now) > c.timeout-c.timeout/4 {
		return nil
	}
	c.readEnd = now.Add(c.timeout)
	return c.nc.SetReadDeadline(c.readEnd)
}

func (c *upstreamConn) armWrite() error {
	if c.timeout == 0 {
		return nil
	}
	now := time.Now()
	if c.writeEnd.Sub(now) > c.timeout-c.timeout/4 {
		return nil
	}
	c.writeEnd = now.Add(c.timeout)
	return c.nc.SetWriteDeadline(c.writeEnd)
}

// fill reads once, behind what is there. The buffer must have room.
func (c *upstreamConn) fill() error {
	n, err := c.readSocket(c.in[c.w:])
	if n > 0 {
		c.w += n
		c.answered = true
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// makeRoom lets fill read more, up to limit bytes in all.
func (c *upstreamConn) makeRoom(limit int) error {
	if c.w < len(c.in) {
		return nil
	}
	if c.r > 0 {
		c.w = copy(c.in, c.in[c.r:c.w])
		c.r = 0
		return nil
	}
	if len(c.in) >= limit {
		return errTooLong
	}
	c.in = append(c.in, make([]byte, min(len(c.in), limit-len(c.in)))...)
	return nil
}

var errTooLong = errors.New("the response header or a line of the response is too long")

// readLine returns the next line without its CRLF; it is valid until the next read.
func (c *upstreamConn) readLine(limit int) ([]byte, error) {
	searched := 0
	for {
		if i := bytes.IndexByte(c.in[c.r+searched:c.w], '\n'); i >= 0 {
			end := c.r + searched + i
			if end == c.r || c.in[end-1] != '\r' {
				return nil, errResponseLine
			}
			line := c.in[c.r : end-1]
			c.r = end + 1
			if len(line) > limit {
				return nil, errTooLong
			}
			return line, nil
		}
		if searched = c.w - c.r; searched > limit+len("\r") {
			return nil, errTooLong
		}
		if err := c.makeRoom(max(limit+2, readBuffer)); err != nil {
			return nil, err
		}
		if err := c.fill(); err != nil {
			return nil, unexpected(err)
		}
	}
}

var errResponseLine = errors.New("a line of the response ends with LF alone")

// unexpected says of an end in the middle that it is one.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// read reads body bytes: from the buffer first, then from the connection.
func (c *upstreamConn) read(p []byte) (int, error) {
	if c.r < c.w {
		n := copy(p, c.in[c.r:c.w])
		c.r += n
		return n, nil
	}
	if len(p) < 512 { // keep small reads off the socket
		c.r, c.w = 0, 0
		if err := c.fill(); err != nil {
			return 0, err
		}
		n := copy(p, c.in[:c.w])
		c.r = n
		return n, nil
	}
	return c.readSocket(p)
}

// readSocket reads once. An upstream that still gets the request need not answer yet.
func (c *upstreamConn) readSocket(p []byte) (int, error) {
	for {
		if err := c.armRead(); err != nil {
			return 0, err
		}
		n, err := c.nc.Read(p)
		if n > 0 || err == nil || !isTimeout(err) || !c.sender.excuses(c.timeout) {
			return n, err
		}
		c.readEnd = time.Time{}
	}
}

func (c *upstreamConn) write(p []byte) error {
	if err := c.armWrite(); err != nil {
		return err
	}
	_, err := c.nc.Write(p)
	return err
}
