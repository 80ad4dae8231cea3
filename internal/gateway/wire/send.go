package wire

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/gateway/chain"
)

// inlineBody is up to which length a body is copied behind the header, to leave in
// one write; a longer one is written from where it is.
const inlineBody = 8 << 10

// send writes a request, or all of it but a large body, which the returned sender then
// writes while the response is read. The returned word says what failed.
func (c *upstreamConn) send(r *chain.Request, upgrade bool) (*sender, string, error) {
	memory, inMemory := r.Entity.InMemory()
	var body io.Reader
	length := int64(len(memory))
	if !inMemory {
		if body, length = r.Entity.Open(); length == 0 {
			body = nil
		}
	}
	wait := body != nil && !r.Entity.Buffered() && expectsContinue(r)
	head, err := appendHead(c.out[:0], r, framed{length: length, upgrade: upgrade, wait: wait})
	c.out = head
	if err != nil {
		return nil, opPrepare, err
	}
	large := length < 0 || length > alongside
	if body == nil && !large {
		return nil, opSend, c.sendMemory(memory)
	}
	if err := c.write(c.out); err != nil {
		return nil, opSend, err
	}
	if wait {
		if final, err := c.awaitContinue(); err != nil || final {
			return nil, opSend, err
		}
	}
	if large {
		return &sender{conn: c, request: r, memory: memory, body: body, length: length, done: make(chan struct{})}, opSend, nil
	}
	buf := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buf)
	op, err := c.sendCounted(body, length, buf[:])
	return nil, op, err
}

// sendMemory writes the header and a body that is in memory.
func (c *upstreamConn) sendMemory(body []byte) error {
	if len(body) <= inlineBody {
		c.out = append(c.out, body...)
		return c.write(c.out)
	}
	if err := c.armWrite(); err != nil {
		return err
	}
	both := net.Buffers{c.out, body}
	_, err := both.WriteTo(c.nc)
	return err
}

// writeAll writes a body piece by piece: each has the timeout anew.
func (c *upstreamConn) writeAll(body []byte) error {
	const piece = 256 << 10
	for len(body) > 0 {
		n := min(len(body), piece)
		if err := c.write(body[:n]); err != nil {
			return err
		}
		body = body[n:]
	}
	return nil
}

// sendCounted writes exactly length bytes, or fails.
func (c *upstreamConn) sendCounted(body io.Reader, length int64, buf []byte) (string, error) {
	for length > 0 {
		n, err := body.Read(buf[:min(int64(len(buf)), length)])
		if n > 0 {
			length -= int64(n)
			if err := c.write(buf[:n]); err != nil {
				return opSend, err
			}
		}
		if err != nil && length > 0 {
			return opSource, unexpected(err)
		}
	}
	return opSend, nil
}

// sendChunked writes a body of unknown length, each piece as it comes, then the
// trailers (RFC 9112 §7.1).
func (c *upstreamConn) sendChunked(r *chain.Request, body io.Reader, buf []byte) (string, error) {
	const room = 10 // "ffffffff\r\n"
	for {
		n, err := body.Read(buf[room : len(buf)-2])
		if n > 0 {
			size := strconv.AppendInt(buf[len(buf):], int64(n), 16)
			start := room - 2 - len(size)
			copy(buf[start:], size)
			copy(buf[room-2:], "\r\n")
			copy(buf[room+n:], "\r\n")
			if err := c.write(buf[start : room+n+2]); err != nil {
				return opSend, err
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return opSource, err
		}
	}
	end, err := appendTrailers(append(c.out[:0], "0\r\n"...), r)
	c.out = end
	if err != nil {
		return opPrepare, err
	}
	return opSend, c.write(end)
}

func appendTrailers(b []byte, r *chain.Request) ([]byte, error) {
	for name, values := range r.Trailer {
		if !trailerAllowed(name) {
			continue
		}
		for _, v := range values {
			if err := checkField(name, v); err != nil {
				return b, err
			}
			b = appendField(b, name, v)
		}
	}
	return append(b, "\r\n"...), nil
}

func appendField(b []byte, name, value string) []byte {
	return append(append(append(append(b, name...), ": "...), value...), "\r\n"...)
}

// framed is what the header says about the message around it.
type framed struct {
	length  int64 // of the body, -1 unknown
	upgrade bool  // to the protocol that Upgrade names
	wait    bool  // for 100 Continue
}

// appendHead writes request line and header fields: those of r without what belongs
// to one connection, and the framing, which is decided here alone.
func appendHead(b []byte, r *chain.Request, f framed) ([]byte, error) {
	if !validToken(r.Method) || r.Method == "CONNECT" {
		return b, fmt.Errorf("the method %q cannot be sent", r.Method)
	}
	b = append(append(b, r.Method...), ' ')
	b, err := appendTarget(b, r.URI)
	if err != nil {
		return b, err
	}
	b = append(b, " HTTP/1.1\r\nHost: "...)
	if b, err = appendHost(b, r); err != nil {
		return b, err
	}
	if b, err = appendFields(b, r); err != nil {
		return b, err
	}
	switch {
	case f.upgrade:
		b = appendField(append(b, "Connection: Upgrade\r\n"...), "Upgrade", r.Header["Upgrade"][0])
	case f.length > 0, f.length == 0 && sendsZero(r.Method):
		b = append(b, "Content-Length: "...)
		b = append(strconv.AppendInt(b, f.length, 10), "\r\n"...)
	case f.length < 0:
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	}
	if f.wait {
		b = append(b, "Expect: 100-continue\r\n"...)
	}
	return append(b, "\r\n"...), nil
}

// sendsZero names the methods whose missing body is announced (RFC 9110 §8.6).
func sendsZero(method string) bool {
	return method == "POST" || method == "PUT" || method == "PROPFIND"
}

func appendTarget(b []byte, u *chain.URI) ([]byte, error) {
	if u.RawPath != "" && !validTarget(u.RawPath) || u.RawQuery != "" && !validTarget(u.RawQuery) || strings.IndexByte(u.RawPath, '?') >= 0 {
		return b, errors.New("the request target has a character that it cannot have")
	}
	if u.RawPath == "" || u.RawPath[0] != '/' {
		b = append(b, '/')
	}
	b = append(b, u.RawPath...)
	if u.HasQuery {
		b = append(append(b, '?'), u.RawQuery...)
	}
	return b, nil
}

// appendHost writes the Host that the request has, or that of the URI if it has none.
func appendHost(b []byte, r *chain.Request) ([]byte, error) {
	host := r.Header["Host"]
	switch len(host) {
	case 0:
		b = append(b, r.URI.HostPort()...)
	case 1:
		if !validHost(host[0]) {
			return b, fmt.Errorf("%w: Host", errHeader)
		}
		b = append(b, host[0]...)
	default:
		return b, errors.New("more than one value for Host")
	}
	return append(b, "\r\n"...), nil
}

func appendFields(b []byte, r *chain.Request) ([]byte, error) {
	var named []string
	if _, ok := r.Header["Connection"]; ok {
		named = connectionOptions(r.Header)
	}
	for name, values := range r.Header {
		if skipped(name) || named != nil && containsFold(named, name) {
			continue
		}
		if len(values) > 1 && (strings.EqualFold(name, "Content-Type") || strings.EqualFold(name, "Content-Encoding")) {
			return b, errors.New("more than one value for " + name)
		}
		for _, v := range values {
			if err := checkField(name, v); err != nil {
				return b, err
			}
			b = appendField(b, name, v)
		}
	}
	return b, nil
}

// skipped are the fields that are not copied: those of the connection, and those that
// appendHead writes itself.
func skipped(name string) bool {
	switch len(name) {
	case 4:
		return strings.EqualFold(name, "Host")
	case 6:
		return strings.EqualFold(name, "Expect")
	}
	return hopByHop(name) || isContentLength(name)
}

func expectsContinue(r *chain.Request) bool {
	return hasToken(r.Header["Expect"], "100-continue")
}

// continueWait is how long a body is held back for a 100 that may never come, since
// not every server knows it (RFC 9110 §10.1.1).
const continueWait = time.Second

// awaitContinue waits for a first byte of response. final says that the upstream has
// answered without wanting the body; receive then reads the answer.
func (c *upstreamConn) awaitContinue() (final bool, err error) {
	c.readEnd = time.Time{}
	if err := c.nc.SetReadDeadline(time.Now().Add(continueWait)); err != nil {
		return false, err
	}
	n, err := c.nc.Read(c.in[c.w:])
	c.w += n
	if err := c.rearm(); err != nil {
		return false, err
	}
	if n == 0 {
		if isTimeout(err) {
			return false, nil
		}
		return false, err
	}
	c.answered = true
	status, err := c.peekStatus()
	final = status >= 200
	c.spoiled = final // the announced body will not follow
	return final, err
}

func (c *upstreamConn) rearm() error {
	c.readEnd = time.Time{}
	if c.timeout == 0 {
		return c.nc.SetReadDeadline(time.Time{})
	}
	return c.armRead()
}
