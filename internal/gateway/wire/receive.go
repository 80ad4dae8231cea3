package wire

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"strings"
	"time"

	"gatehouse/internal/gateway/chain"
)

// answer is a response with the reader of its body, in one piece of memory.
type answer struct {
	response chain.Response
	body     responseBody
}

var (
	errResponse      = errors.New("the response is malformed")
	errResponseFrame = errors.New("the response frames its body in more than one way")
)

// maxInterim bounds the 1xx responses before the final one.
const maxInterim = 16

// receive reads the header of the final response and prepares its body.
func (c *upstreamConn) receive(method string, limit int, upgrade bool) (*answer, error) {
	for range maxInterim {
		head, err := c.readHead(limit)
		if err != nil {
			return nil, err
		}
		a := &answer{}
		minor, err := a.parse(head)
		if err != nil {
			return nil, err
		}
		switch code := a.response.Status.Code; {
		case code == http.StatusSwitchingProtocols:
			return a, c.switchProtocol(a, upgrade)
		case code < 200:
			continue // 100, 102, 103: for this hop, or advice (RFC 9110 §15.2)
		}
		return a, c.frame(a, method, minor)
	}
	return nil, fmt.Errorf("%w: too many interim responses", errResponse)
}

// receiveEarly reads a response that came while the request was still being written;
// nil when there is none. The connection will not be used again.
func (c *upstreamConn) receiveEarly(method string, limit int) *answer {
	c.timeout, c.readEnd, c.spoiled = time.Second, time.Time{}, true
	a, err := c.receive(method, limit, false)
	if err != nil {
		return nil
	}
	return a
}

// readHead returns a response's header without the empty line at its end.
func (c *upstreamConn) readHead(limit int) (string, error) {
	line := c.r // where the line begins whose end is looked for
	for from := c.r; ; {
		i := bytes.IndexByte(c.in[from:c.w], '\n')
		if i >= 0 {
			end := from + i
			if end == line || c.in[end-1] != '\r' {
				return "", errResponseLine
			}
			if end == line+1 {
				if end-c.r > limit {
					return "", errTooLong
				}
				head := string(c.in[c.r : end-1])
				c.r = end + 1
				return head, nil
			}
			line, from = end+1, end+1
			continue
		}
		from = c.w
		shift := c.r
		if c.w == len(c.in) {
			if err := c.makeRoom(max(limit, readBuffer)); err != nil {
				return "", err
			}
			if c.r != shift {
				line, from = line-shift, from-shift
			}
		}
		if err := c.fill(); err != nil {
			return "", unexpected(err)
		}
	}
}

// peekStatus reads no further than the status code of what has come; 0 when that is
// not there yet.
func (c *upstreamConn) peekStatus() (int, error) {
	b := c.in[c.r:c.w]
	if len(b) < len("HTTP/1.1 100") {
		return 0, nil
	}
	code, err := parseStatus(string(b[9:12]))
	return code, err
}

func parseStatus(s string) (int, error) {
	if len(s) != 3 || s[0] < '1' || s[0] > '9' || s[1] < '0' || s[1] > '9' || s[2] < '0' || s[2] > '9' {
		return 0, fmt.Errorf("%w: status %q", errResponse, s)
	}
	return int(s[0]-'0')*100 + int(s[1]-'0')*10 + int(s[2]-'0'), nil
}

// parse reads status line and fields. It keeps no more than it must of the leniency
// that RFC 9112 allows: no folded lines, no blank before a colon, no control
// characters. The values are parts of head; nothing is copied.
func (a *answer) parse(head string) (minor byte, err error) {
	line, rest, _ := strings.Cut(head, "\r\n")
	if len(line) < len("HTTP/1.1 200") || line[:7] != "HTTP/1." || line[8] != ' ' || line[7] != '0' && line[7] != '1' {
		return 0, fmt.Errorf("%w: status line", errResponse)
	}
	code, err := parseStatus(line[9:12])
	if err != nil {
		return 0, err
	}
	reason := ""
	if len(line) > 12 {
		if line[12] != ' ' || !validValue(line[13:]) {
			return 0, fmt.Errorf("%w: status line", errResponse)
		}
		reason = line[13:]
	}
	n := strings.Count(rest, "\r\n")
	h := make(http.Header, n+1)
	if err := parseFields(h, rest, make([]string, n)); err != nil {
		return 0, err
	}
	r := &a.response
	r.Status, r.Proto, r.Header = chain.Status{Code: code, Reason: reason}, "HTTP/1.1", h
	r.Entity.Bind(h)
	return line[7], nil
}

// parseFields fills h; values has room for one value a line.
func parseFields(h http.Header, rest string, values []string) error {
	for rest != "" {
		var line string
		line, rest, _ = strings.Cut(rest, "\r\n")
		colon := strings.IndexByte(line, ':')
		if colon <= 0 || !validToken(line[:colon]) {
			return fmt.Errorf("%w: header line", errResponse)
		}
		value := strings.Trim(line[colon+1:], " \t")
		if !validValue(value) {
			return fmt.Errorf("%w: value of %s", errResponse, line[:colon])
		}
		name := textproto.CanonicalMIMEHeaderKey(line[:colon])
		if old := h[name]; old != nil {
			h[name] = append(old, value)
			continue
		}
		if len(values) == 0 {
			values = make([]string, 1)
		}
		values[0] = value
		h[name] = values[:1:1]
		values = values[1:]
	}
	return nil
}

// frame finds out how the body is delimited (RFC 9112 §6.3), takes the fields away
// that belong to this connection, and sets the body.
func (c *upstreamConn) frame(a *answer, method string, minor byte) error {
	r := &a.response
	h := r.Header
	length, chunked, err := framingOf(h, minor)
	if err != nil {
		return err
	}
	c.keep = minor == '1' && !hasToken(h["Connection"], "close")
	dropHopByHop(h)
	a.body = responseBody{conn: c, response: r, left: length}
	code := r.Status.Code
	c.bodiless = !bodyAllowed(method, code)
	if code == http.StatusNoContent && (chunked || length > 0) {
		c.keep = false // it must not (RFC 9110 §8.6), so the body is on its way
	}
	switch {
	case c.bodiless, length == 0 && !chunked:
		c.finish()
		return nil
	case chunked:
		a.body.kind, a.body.left = chunkedBody, 0
	case length > 0:
		a.body.kind = countedBody
	default:
		a.body.kind = closedBody
		c.keep = false
	}
	if chunked {
		length = -1
	}
	r.Entity.SetStream(&a.body, length)
	return nil
}

// framingOf reads the framing fields: length is -1 when the body ends otherwise.
func framingOf(h http.Header, minor byte) (length int64, chunked bool, err error) {
	codings, lengths := h["Transfer-Encoding"], h["Content-Length"]
	switch {
	case len(codings) > 0 && (len(lengths) > 0 || minor == '0'):
		return 0, false, errResponseFrame
	case len(codings) > 1 || len(codings) == 1 && !strings.EqualFold(codings[0], "chunked"):
		return 0, false, fmt.Errorf("%w: transfer coding", errResponse)
	case len(codings) == 1:
		return -1, true, nil
	case len(lengths) == 0:
		return -1, false, nil
	}
	for _, l := range lengths[1:] {
		if l != lengths[0] {
			return 0, false, errResponseFrame
		}
	}
	if len(lengths) > 1 {
		h["Content-Length"] = lengths[:1]
	}
	length, err = parseLength(lengths[0])
	if err != nil {
		return 0, false, fmt.Errorf("%w: Content-Length", errResponse)
	}
	return length, false, nil
}

// dropHopByHop removes what concerned the connection to the upstream alone.
func dropHopByHop(h http.Header) {
	if _, ok := h["Connection"]; ok {
		for _, name := range connectionOptions(h) {
			if !isContentLength(name) {
				h.Del(name)
			}
		}
	}
	for name := range h {
		if hopByHop(name) {
			delete(h, name)
		}
	}
}
