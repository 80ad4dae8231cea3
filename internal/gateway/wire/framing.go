package wire

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
)

// framing follows the requests of one connection: where a header ends, how long the
// body is, where its chunks begin (RFC 9112 §6, §7.1). It accepts only what has one
// reading.
type framing struct {
	limits limits
	state  frameState
	left   int64 // bytes to go in a body or chunk
	digits int   // of the present chunk size
	seen   int   // bytes of the present chunk line or of the trailer section
	line   int   // bytes of the present trailer line
	after  byte  // the last byte was this one, where CR matters
}

type frameState uint8

const (
	inHead frameState = iota
	inBody
	inChunkSize
	inChunkExtension
	inChunkSizeEnd // LF after the chunk size's CR
	inChunkData
	inChunkDataEnd // CRLF after the chunk's data
	inTrailer
)

func (f *framing) atHead() bool { return f.state == inHead }

// maxChunkLine bounds a chunk's size line with its extensions.
const maxChunkLine = 256

var (
	errBareLF    = badRequest("a line ends with LF alone")
	errChunk     = badRequest("the chunked body is malformed")
	errTrailer   = badRequest("the trailer section is malformed or too large")
	errHeadLarge = refuse(http.StatusRequestHeaderFieldsTooLarge, "the header fields are too large")
	errLineLong  = refuse(http.StatusRequestURITooLong, "the request line is too long")
)

// next takes bytes from the front of b, all of one state, and returns how many; 0
// when a header is not complete yet.
func (f *framing) next(b []byte) (int, error) {
	switch f.state {
	case inHead:
		return f.head(b)
	case inBody, inChunkData:
		n := min(int64(len(b)), f.left)
		if f.left -= n; f.left == 0 {
			if f.state == inBody {
				f.state = inHead
			} else {
				f.state, f.after = inChunkDataEnd, 0
			}
		}
		return int(n), nil
	}
	for i, c := range b {
		if err := f.step(c); err != nil {
			return 0, err
		}
		if f.state == inHead || f.state == inChunkData {
			return i + 1, nil
		}
	}
	return len(b), nil
}

// step takes one byte of a chunked body's framing.
func (f *framing) step(c byte) error {
	switch f.state {
	case inChunkSize:
		return f.chunkSize(c)
	case inChunkExtension:
		if f.seen++; f.seen > maxChunkLine || c != '\r' && !valueByte[c] {
			return errChunk
		}
		if c == '\r' {
			f.state = inChunkSizeEnd
		}
	case inChunkSizeEnd:
		if c != '\n' {
			return errChunk
		}
		f.state = inChunkData
		if f.left == 0 {
			f.state, f.seen, f.line, f.after = inTrailer, 0, 0, 0
		}
	case inChunkDataEnd:
		if f.after == 0 && c == '\r' {
			f.after = c
			return nil
		}
		if f.after != '\r' || c != '\n' {
			return errChunk
		}
		f.startChunk()
	case inTrailer:
		return f.trailer(c)
	}
	return nil
}

func (f *framing) startChunk() {
	f.state, f.left, f.digits, f.seen = inChunkSize, 0, 0, 0
}

func (f *framing) chunkSize(c byte) error {
	if d, ok := hexDigit(c); ok {
		if f.digits++; f.digits > 15 {
			return errChunk
		}
		f.left = f.left<<4 | int64(d)
		return nil
	}
	if f.digits == 0 {
		return errChunk
	}
	switch c {
	case '\r':
		f.state = inChunkSizeEnd
	case ';':
		f.state, f.seen = inChunkExtension, 0
	default:
		return errChunk
	}
	return nil
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

func (f *framing) trailer(c byte) error {
	f.seen++
	if f.limits.header > 0 && f.seen > f.limits.header+2 {
		return errTrailer
	}
	switch {
	case f.after == '\r':
		if c != '\n' {
			return errTrailer
		}
		if f.line == 0 {
			f.state = inHead
			return nil
		}
		f.line, f.after = 0, 0
	case c == '\r':
		f.after = c
	case !valueByte[c] || f.line == 0 && (c == ' ' || c == '\t'):
		return errTrailer
	default:
		f.line++
	}
	return nil
}

// head reads a complete header from the front of b and settles the body's framing.
func (f *framing) head(b []byte) (int, error) {
	if len(b) >= 2 && b[0] == '\r' && b[1] == '\n' {
		return 0, badRequest("an empty line where a request line belongs")
	}
	line, n, err := cutLine(b)
	if err != nil {
		return 0, err
	}
	if limit := f.limits.line; limit > 0 && (n == 0 && len(b) > limit+2 || len(line) > limit) {
		return 0, errLineLong
	}
	if n == 0 {
		return 0, nil
	}
	h := header{}
	if err := h.requestLine(line); err != nil {
		return 0, err
	}
	pos := n
	for {
		line, n, err = cutLine(b[pos:])
		if err != nil {
			return 0, err
		}
		size := pos + n - len(h.line) - 2
		if n == 0 {
			size = len(b) - len(h.line) - 2
		}
		if limit := f.limits.header; limit > 0 && size > limit+2 {
			return 0, errHeadLarge
		}
		if n == 0 {
			return 0, nil
		}
		pos += n
		if len(line) == 0 {
			break
		}
		if err := h.field(line); err != nil {
			return 0, err
		}
	}
	return pos, h.settle(f)
}

// cutLine returns the first line of b without its CRLF, and how many bytes it takes
// with it; 0 when its end has not come.
func cutLine(b []byte) ([]byte, int, error) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return nil, 0, nil
	}
	if i == 0 || b[i-1] != '\r' {
		return nil, 0, errBareLF
	}
	return b[:i-1], i + 1, nil
}

// header is what framing must know of one request header.
type header struct {
	line      []byte
	authority []byte // of a target in absolute form
	host      []byte
	hosts     int
	length    []byte
	lengths   int
	coding    []byte
	codings   int
}

// requestLine checks "METHOD SP target SP HTTP/1.1" (RFC 9112 §3).
func (h *header) requestLine(line []byte) error {
	h.line = line
	first, last := bytes.IndexByte(line, ' '), bytes.LastIndexByte(line, ' ')
	if first <= 0 || first == last {
		return badRequest("the request line is malformed")
	}
	method, target, version := line[:first], line[first+1:last], line[last+1:]
	for _, c := range method {
		if !tokenByte[c] {
			return badRequest("the method is malformed")
		}
	}
	if string(version) != "HTTP/1.1" {
		if bytes.HasPrefix(version, []byte("HTTP/")) && len(version) == len("HTTP/1.1") {
			return refuse(http.StatusHTTPVersionNotSupported, "the HTTP version is not supported")
		}
		return badRequest("the HTTP version is malformed")
	}
	if string(method) == "CONNECT" {
		return refuse(http.StatusNotImplemented, "CONNECT is not offered")
	}
	return h.target(string(method), target)
}

func (h *header) target(method string, target []byte) error {
	for _, c := range target {
		if c <= ' ' || c == 0x7f || c == '#' {
			return badRequest("the request target has a character that it cannot have")
		}
	}
	path, _, _ := bytes.Cut(target, []byte("?"))
	switch {
	case len(target) == 0:
		return badRequest("the request target is empty")
	case !validEscapes(path):
		return badRequest("the path has a malformed escape")
	case target[0] == '/':
		return nil
	case method == "OPTIONS" && string(target) == "*":
		return nil
	}
	scheme, rest, ok := bytes.Cut(target, []byte("://"))
	if !ok || !strings.EqualFold(string(scheme), "http") && !strings.EqualFold(string(scheme), "https") {
		return badRequest("the request target is malformed")
	}
	if i := bytes.IndexAny(rest, "/?"); i >= 0 {
		rest = rest[:i]
	}
	if len(rest) == 0 || bytes.IndexByte(rest, '@') >= 0 {
		return badRequest("the request target has no usable host")
	}
	h.authority = rest
	return nil
}

// validEscapes says whether each percent sign begins an escape (RFC 3986 §2.1).
func validEscapes(path []byte) bool {
	for i := bytes.IndexByte(path, '%'); i >= 0; {
		if _, ok := escaped(path, i); !ok {
			return false
		}
		next := bytes.IndexByte(path[i+3:], '%')
		if next < 0 {
			break
		}
		i += 3 + next
	}
	return true
}

// field checks one line and keeps what framing depends on.
func (h *header) field(line []byte) error {
	if line[0] == ' ' || line[0] == '\t' {
		return badRequest("a header line is folded")
	}
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return badRequest("a header line has no name")
	}
	name := line[:colon]
	if c := name[colon-1]; c == ' ' || c == '\t' {
		return badRequest("a blank before the colon of a header line")
	}
	switch {
	case colon == 4 && equalFold(name, "host"):
		h.hosts++
		h.host = bytes.Trim(line[colon+1:], " \t")
	case colon == 14 && equalFold(name, "content-length"):
		h.lengths++
		h.length = bytes.Trim(line[colon+1:], " \t")
	case colon == 17 && equalFold(name, "transfer-encoding"):
		h.codings++
		h.coding = bytes.Trim(line[colon+1:], " \t")
	}
	return nil
}

// equalFold compares with a word of lower-case letters and hyphens. (A hyphen has
// the bit that makes letters lower, so it only equals itself.)
func equalFold(b []byte, lower string) bool {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// settle decides how the body is delimited (RFC 9112 §6.3).
func (h *header) settle(f *framing) error {
	if h.hosts != 1 || len(h.host) == 0 || !validHost(string(h.host)) {
		return badRequest("exactly one valid Host field is needed")
	}
	if h.authority != nil && !bytes.EqualFold(h.authority, h.host) {
		return badRequest("the request target and Host name different hosts")
	}
	switch {
	case h.codings > 1 || h.lengths > 1:
		return badRequest("a framing field is repeated")
	case h.codings == 1 && h.lengths == 1:
		return badRequest("both Content-Length and Transfer-Encoding are given")
	case h.codings == 1:
		if !bytes.EqualFold(h.coding, []byte("chunked")) {
			return refuse(http.StatusNotImplemented, "the transfer coding is not supported")
		}
		f.startChunk()
	case h.lengths == 1:
		n, err := parseLength(string(h.length))
		if err != nil {
			return badRequest("Content-Length is malformed")
		}
		if n > 0 {
			f.state, f.left = inBody, n
		}
	}
	return nil
}

// parseLength reads a Content-Length: digits alone.
func parseLength(s string) (int64, error) {
	if s == "" || len(s) > 18 {
		return 0, strconv.ErrRange
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, strconv.ErrSyntax
		}
	}
	return strconv.ParseInt(s, 10, 64)
}

// validHost checks the characters of a host with an optional port (RFC 3986 §3.2.2).
func validHost(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && strings.IndexByte("-.:[]_~%!$&'()*+,;=", c) < 0 {
			return false
		}
	}
	return true
}
