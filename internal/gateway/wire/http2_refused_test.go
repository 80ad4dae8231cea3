package wire_test

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/gateway/wire"
)

// Frame types and flags of RFC 9113 §6.
const (
	frameData, frameHeaders, framePriority, frameReset, frameSettings = 0, 1, 2, 3, 4
	framePush, framePing, frameGoAway, frameWindow, frameContinuation = 5, 6, 7, 8, 9
	endStream, endHeaders, padded                                     = 1, 4, 8
)

func frame(kind, flags byte, stream uint32, payload string) string {
	b := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags}
	return string(binary.BigEndian.AppendUint32(b, stream)) + payload
}

// fields encodes a field section without compression (RFC 7541 §6.2.2): names and
// values by turns.
func fields(list ...string) string {
	var b strings.Builder
	for i := 0; i < len(list); i += 2 {
		b.WriteByte(0)
		for _, s := range list[i : i+2] {
			if len(s) > 126 {
				panic("too long for one byte")
			}
			b.WriteByte(byte(len(s)))
			b.WriteString(s)
		}
	}
	return b.String()
}

// ask is a GET with more fields.
func ask(more ...string) string {
	return frame(frameHeaders, endStream|endHeaders, 1, fields(append([]string{":method", "GET", ":scheme", "https", ":authority", "a", ":path", "/"}, more...)...))
}

func only(list ...string) string {
	return frame(frameHeaders, endStream|endHeaders, 1, fields(list...))
}

func post(more ...string) string {
	return frame(frameHeaders, endHeaders, 1, fields(append([]string{":method", "POST", ":scheme", "https", ":authority", "a", ":path", "/"}, more...)...))
}

// What must not reach the chain over HTTP/2, and what becomes of it: the stream is reset,
// the connection ends, or a status is answered.
var refusedHTTP2 = []struct{ name, frames, want string }{
	{"upper-case name", ask("X-A", "b"), "reset"},
	{"blank in a name", ask("x a", "b"), "reset"},
	{"colon in a name", ask("x:a", "b"), "reset"},
	{"empty name", ask("", "b"), "reset"},
	{"control character in a name", ask("x\x01", "b"), "reset"},
	{"CR LF in a value", ask("x-a", "b\r\nx-b: c"), "reset"},
	{"LF in a value", ask("x-a", "b\nc"), "reset"},
	{"NUL in a value", ask("x-a", "b\x00"), "reset"},
	{"Connection", ask("connection", "close"), "400"},
	{"Keep-Alive", ask("keep-alive", "5"), "400"},
	{"Proxy-Connection", ask("proxy-connection", "keep-alive"), "400"},
	{"Transfer-Encoding", ask("transfer-encoding", "chunked"), "400"},
	{"Upgrade", ask("upgrade", "websocket"), "400"},
	{"TE other than trailers", ask("te", "gzip"), "400"},
	{"no method", only(":scheme", "https", ":authority", "a", ":path", "/"), "reset"},
	{"no scheme", only(":method", "GET", ":authority", "a", ":path", "/"), "reset"},
	{"no path", only(":method", "GET", ":scheme", "https", ":authority", "a"), "reset"},
	{"no authority and no Host", only(":method", "GET", ":scheme", "https", ":path", "/"), "400"},
	{"empty path", only(":method", "GET", ":scheme", "https", ":authority", "a", ":path", ""), "reset"},
	{"two methods", ask(":method", "POST"), "reset"},
	{"two paths", only(":method", "GET", ":scheme", "https", ":authority", "a", ":path", "/", ":path", "/b"), "reset"},
	{"two authorities", only(":method", "GET", ":scheme", "https", ":authority", "a", ":authority", "b", ":path", "/"), "reset"},
	{"status in a request", only(":status", "200", ":method", "GET", ":scheme", "https", ":authority", "a", ":path", "/"), "reset"},
	{"unknown pseudo-field", only(":method", "GET", ":scheme", "https", ":authority", "a", ":path", "/", ":x", "y"), "reset"},
	{"pseudo-field behind a field", only(":method", "GET", "x-a", "b", ":scheme", "https", ":authority", "a", ":path", "/"), "reset"},
	{"another scheme", only(":method", "GET", ":scheme", "ftp", ":authority", "a", ":path", "/"), "reset"},
	{"path without slash", only(":method", "GET", ":scheme", "https", ":authority", "a", ":path", "b"), "reset"},
	{"absolute path", only(":method", "GET", ":scheme", "https", ":authority", "a", ":path", "https://b/"), "400"},
	{"path with a blank", only(":method", "GET", ":scheme", "https", ":authority", "a", ":path", "/a b"), "400"},
	{"path with CR LF", only(":method", "GET", ":scheme", "https", ":authority", "a", ":path", "/a\r\nb"), "reset"},
	{"path with a fragment", only(":method", "GET", ":scheme", "https", ":authority", "a", ":path", "/a#b"), "400"},
	{"authority with user info", only(":method", "GET", ":scheme", "https", ":authority", "u@a", ":path", "/"), "reset"},
	{"authority with a path", only(":method", "GET", ":scheme", "https", ":authority", "a/b", ":path", "/"), "400"},
	{"authority and Host differ", ask("host", "b"), "400"},
	{"two Hosts", only(":method", "GET", ":scheme", "https", ":path", "/", "host", "a", "host", "b"), "400"},
	{"CONNECT", only(":method", "CONNECT", ":authority", "a:443"), "501"},
	{"CONNECT with a path", only(":method", "CONNECT", ":scheme", "https", ":authority", "a:443", ":path", "/"), "reset"},
	{"method with a blank", only(":method", "GE T", ":scheme", "https", ":authority", "a", ":path", "/"), "400"},
	{"more data than announced", post("content-length", "2") + frame(frameData, endStream, 1, "hello"), "reset"},
	{"less data than announced", post("content-length", "9") + frame(frameData, endStream, 1, "hello"), "400"},
	{"two lengths", post("content-length", "5", "content-length", "6") + frame(frameData, endStream, 1, "hello"), "400"},
	{"signed length", ask("content-length", "+5"), "400"},
	{"pseudo-field in trailers", post() + frame(frameData, 0, 1, "hello") + frame(frameHeaders, endStream|endHeaders, 1, fields(":path", "/b")), "reset"},
	{"trailers that do not end the stream", post() + frame(frameData, 0, 1, "hello") + frame(frameHeaders, endHeaders, 1, fields("x-a", "b")), "reset"},
	{"even stream", frame(frameHeaders, endStream|endHeaders, 2, fields(":method", "GET", ":scheme", "https", ":authority", "a", ":path", "/")), "end"},
	{"stream 0", frame(frameHeaders, endStream|endHeaders, 0, fields(":method", "GET")), "end"},
	{"data on stream 0", frame(frameData, endStream, 0, "hello"), "end"},
	{"data before the header", frame(frameData, endStream, 1, "hello"), "end"},
	{"data in the middle of a header", frame(frameHeaders, 0, 1, fields(":method", "GET")) + frame(frameData, endStream, 1, "x"), "end"},
	{"continuation of nothing", frame(frameContinuation, endHeaders, 1, fields("x-a", "b")), "end"},
	{"continuation of another stream", frame(frameHeaders, 0, 1, fields(":method", "GET")) + frame(frameContinuation, endHeaders, 3, fields("x-a", "b")), "end"},
	{"padding longer than the frame", frame(frameHeaders, endStream|endHeaders|padded, 1, "\xff"+fields(":method", "GET")), "reset"},
	{"frame larger than allowed", frame(frameData, endStream, 1, strings.Repeat("x", 1<<20+1)), "end"},
	{"broken compression", frame(frameHeaders, endStream|endHeaders, 1, "\xff\xff\xff\xff\xff\xff"), "end"},
	{"push from a client", frame(framePush, endHeaders, 1, "\x00\x00\x00\x02"), "end"},
	{"settings of odd length", frame(frameSettings, 0, 0, "abcd"), "end"},
	{"ping of odd length", frame(framePing, 0, 0, "abcd"), "end"},
	{"window update of nothing", frame(frameWindow, 0, 0, "\x00\x00\x00\x00"), "end"},
	{"reset of an idle stream", frame(frameReset, 0, 1, "\x00\x00\x00\x08"), "end"},
}

func TestRefusedHTTP2(t *testing.T) {
	a := newAuthority(t)
	h := &record{}
	address := startTLS(t, wire.Options{}, &tls.Config{Certificates: []tls.Certificate{a.issue(t, "server")}}, h.handle)
	open := func(*testing.T) *tls.Conn { // until the whole test ends
		nc, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = nc.Close() })
		_ = nc.SetDeadline(time.Now().Add(patience))
		c := tls.Client(nc, &tls.Config{RootCAs: a.pool, ServerName: "server", NextProtos: []string{"h2"}})
		if _, err := io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+frame(frameSettings, 0, 0, "")); err != nil {
			t.Fatal(err)
		}
		return c
	}
	if got := outcome(t, open(t), ask("x-a", "b")); got != "200" || h.count() != 1 {
		t.Fatalf("a right request: %s", got)
	}
	var ending []*tls.Conn
	for _, test := range refusedHTTP2 {
		t.Run(test.name, func(t *testing.T) {
			before, c := h.count(), open(t)
			if got := outcome(t, c, test.frames); got != test.want {
				t.Errorf("outcome %s, want %s", got, test.want)
			}
			if test.want == "end" {
				ending = append(ending, c)
			}
			if h.count() != before {
				t.Errorf("the chain was called with %s", h.requests[before])
			}
		})
	}
	for _, c := range ending {
		if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("a connection that was to end stays open")
		}
	}
}

// outcome sends frames and tells what the server makes of stream 1.
func outcome(t *testing.T, c *tls.Conn, frames string) string {
	t.Helper()
	go func() { _, _ = io.WriteString(c, frames) }()
	r := bufio.NewReader(c)
	for {
		head := make([]byte, 9)
		if _, err := io.ReadFull(r, head); err != nil {
			return "end"
		}
		payload := make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
		if _, err := io.ReadFull(r, payload); err != nil {
			return "end"
		}
		switch head[3] {
		case frameReset:
			return "reset"
		case frameGoAway:
			if binary.BigEndian.Uint32(payload[4:]) != 0 { // else an answer follows
				return "end"
			}
		case frameHeaders:
			return status(payload)
		}
	}
}

// status reads the status that a header begins with (RFC 7541 §6, appendices A and B).
func status(b []byte) string {
	indexed := map[byte]string{0x88: "200", 0x89: "204", 0x8c: "400", 0x8d: "404", 0x8e: "500"}
	if s, ok := indexed[b[0]]; ok {
		return s
	}
	if len(b) > 2 && b[0] >= 0x48 && b[0] <= 0x4e { // a literal with the name :status
		n := int(b[1] & 0x7f)
		if b[1]&0x80 == 0 {
			return string(b[2 : 2+n])
		}
		return digits(b[2 : 2+n])
	}
	return fmt.Sprintf("unknown %x", b)
}

// digits decodes the digits of a Huffman code: five bits for 0 to 2, six for the others.
func digits(b []byte) string {
	var bits string
	for _, c := range b {
		bits += fmt.Sprintf("%08b", c)
	}
	codes := map[string]string{"00000": "0", "00001": "1", "00010": "2", "011001": "3", "011010": "4", "011011": "5", "011100": "6", "011101": "7", "011110": "8", "011111": "9"}
	out := ""
	for len(out) < 3 {
		switch {
		case codes[bits[:5]] != "":
			out, bits = out+codes[bits[:5]], bits[5:]
		case codes[bits[:6]] != "":
			out, bits = out+codes[bits[:6]], bits[6:]
		default:
			return "unknown"
		}
	}
	return out
}
