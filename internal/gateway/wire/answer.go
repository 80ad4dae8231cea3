package wire

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"sync"

	"gatehouse/internal/gateway/chain"
)

// outbound writes the answer of one exchange: the only place that does.
type outbound struct {
	server *Server
	w      http.ResponseWriter
	r      *http.Request
	c      *connection
	in     *inbound
	begun  bool // a status line may have been written
	status int  // of the answer, 0 while there is none
	// patience bounds each write where there is no guard.
	patience *overdue
}

// write sends response. What it cannot send, because a field or the status is not
// allowed or the body cannot be had, becomes an empty 500 while that is possible.
func (o *outbound) write(response *chain.Response) {
	defer response.Entity.Close()
	if response.Upgrade != nil {
		o.upgrade(response)
		return
	}
	code := response.Status.Code
	if code < 200 || code > 999 {
		o.fail(fmt.Errorf("the status %d cannot be sent", code))
		return
	}
	body := bodyAllowed(o.r.Method, code)
	if !o.server.options.Streaming && body {
		if err := response.Entity.Buffer(); err != nil {
			o.fail(fmt.Errorf("buffer response: %w", err))
			return
		}
	}
	if err := o.copyHeader(response.Header); err != nil {
		o.fail(err)
		return
	}
	o.setLength(response, body)
	o.setReason(response.Status)
	o.begun, o.status = true, code
	o.duplex()
	o.w.WriteHeader(code)
	if !body {
		return
	}
	if len(response.Trailer) > 0 {
		o.flush() // keeps net/http from choosing Content-Length, which excludes trailers
	}
	if err := o.writeBody(response); err != nil {
		o.broken(err)
	}
	o.writeTrailers(response.Trailer)
}

// broken ends a connection whose answer cannot be completed, so that the client does
// not take a part for the whole.
func (o *outbound) broken(err error) {
	level := slog.LevelWarn
	if o.r.Context().Err() != nil {
		level = slog.LevelDebug
	}
	o.log(level, "answer broken off", err)
	panic(http.ErrAbortHandler)
}

func bodyAllowed(method string, code int) bool {
	return method != http.MethodHead && code != http.StatusNoContent && code != http.StatusNotModified
}

// copyHeader gives the fields to net/http: end-to-end ones, checked again, since
// filters and scripts wrote them.
func (o *outbound) copyHeader(h http.Header) error {
	dst := o.w.Header()
	var named []string
	if _, ok := h["Connection"]; ok {
		named = connectionOptions(h)
	}
	for name, values := range h {
		if hopByHop(name) || isContentLength(name) || named != nil && containsFold(named, name) {
			continue
		}
		for _, v := range values {
			if err := checkField(name, v); err != nil {
				clear(dst)
				return err
			}
		}
		if strings.HasPrefix(name, http.TrailerPrefix) {
			continue
		}
		dst[textproto.CanonicalMIMEHeaderKey(name)] = values
	}
	if _, ok := dst["Content-Type"]; !ok {
		dst["Content-Type"] = nil // keeps net/http from guessing one
	}
	return nil
}

// setLength sets Content-Length from the body, or for an answer that has none keeps
// what the answer to a GET would have had (RFC 9110 §8.6).
func (o *outbound) setLength(response *chain.Response, body bool) {
	dst := o.w.Header()
	code := response.Status.Code
	length := int64(-1)
	if b, ok := response.Entity.InMemory(); ok {
		length = int64(len(b))
	} else if _, n := response.Entity.Open(); n >= 0 {
		length = n
	}
	switch {
	case code == http.StatusNoContent:
		return
	case !body && length <= 0:
		if given := response.Header["Content-Length"]; len(given) == 1 {
			if _, err := parseLength(given[0]); err == nil {
				dst["Content-Length"] = given
			}
		}
		return
	case body && len(response.Trailer) > 0, length < 0:
		return // chunked
	}
	if given := response.Header["Content-Length"]; len(given) == 1 {
		if n, err := parseLength(given[0]); err == nil && n == length {
			dst["Content-Length"] = given
			return
		}
	}
	dst["Content-Length"] = []string{strconv.FormatInt(length, 10)}
}

// setReason keeps a reason phrase that is not the usual one; HTTP/2 has none.
func (o *outbound) setReason(s chain.Status) {
	if o.c.guard == nil || s.Reason == "" || s.Reason == http.StatusText(s.Code) || !validValue(s.Reason) {
		return
	}
	o.c.guard.reason = s.Reason
}

func (o *outbound) empty(code int) {
	h := o.w.Header()
	clear(h)
	h["Content-Length"] = []string{"0"}
	o.begun = true
	o.status = code
	o.w.WriteHeader(code)
}

// buffers are for copying streams.
var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

func (o *outbound) writeBody(response *chain.Response) error {
	if b, ok := response.Entity.InMemory(); ok {
		if len(b) == 0 {
			return nil
		}
		for piece := range slices.Chunk(b, pieceSize) {
			if err := o.send(piece); err != nil {
				return err
			}
		}
		return nil
	}
	body, length := response.Entity.Open()
	if body == nil {
		return nil
	}
	buf := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buf)
	return o.stream(body, buf[:], length < 0 || eventStream(response.Header))
}

// pieceSize is how much of a body in memory is written at a time: each piece has the time
// for which a client may take nothing.
const pieceSize = 256 << 10

func (o *outbound) send(b []byte) error {
	o.patience.begin()
	_, err := o.w.Write(b)
	o.patience.end()
	return err
}

// stream copies a body as it comes. A body whose length nobody told may be a feed of
// events that somebody waits for: each piece is sent at once.
func (o *outbound) stream(body io.Reader, buf []byte, flush bool) error {
	if flush {
		o.flush() // the header, before the first event
	}
	for {
		n, err := body.Read(buf)
		if n > 0 {
			if err := o.send(buf[:n]); err != nil {
				return err
			}
			if flush {
				o.flush()
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (o *outbound) flush() {
	if f, ok := o.w.(http.Flusher); ok {
		o.patience.begin()
		f.Flush()
		o.patience.end()
	}
}

func eventStream(h http.Header) bool {
	ct := h["Content-Type"]
	return len(ct) > 0 && len(ct[0]) >= 17 && strings.EqualFold(ct[0][:17], "text/event-stream")
}

func (o *outbound) writeTrailers(t http.Header) {
	if len(t) == 0 {
		return
	}
	dst := o.w.Header()
	for name, values := range t {
		if !trailerAllowed(name) {
			continue
		}
		for _, v := range values {
			if checkField(name, v) == nil {
				dst[http.TrailerPrefix+textproto.CanonicalMIMEHeaderKey(name)] = append(dst[http.TrailerPrefix+textproto.CanonicalMIMEHeaderKey(name)], v)
			}
		}
	}
}

// trailerAllowed refuses fields that would be read as framing, routing or
// authentication (RFC 9110 §6.5.1).
func trailerAllowed(name string) bool {
	if hopByHop(name) || isContentLength(name) {
		return false
	}
	switch textproto.CanonicalMIMEHeaderKey(name) {
	case "Host", "Authorization", "Content-Type", "Content-Encoding", "Content-Range", "Cookie", "Set-Cookie",
		"Cache-Control", "Expect", "Max-Forwards", "Pragma", "Range", "Age", "Date", "Expires", "Location",
		"Retry-After", "Vary", "Www-Authenticate":
		return false
	}
	return true
}
