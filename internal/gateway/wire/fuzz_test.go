package wire

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/gateway/chain"
)

// tape is a connection that brings bytes in pieces of some size.
type tape struct {
	net.Conn
	data  []byte
	piece int
}

func (t *tape) Read(p []byte) (int, error) {
	if len(t.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), t.piece)], t.data)
	t.data = t.data[n:]
	return n, nil
}

func (t *tape) SetReadDeadline(time.Time) error  { return nil }
func (t *tape) SetWriteDeadline(time.Time) error { return nil }
func (t *tape) Close() error                     { return nil }

var framings = []string{
	"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 3\r\n\r\nabc",
	"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n",
	"GET / HTTP/1.1\nHost: a\n\n",
	"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
	"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
}

// What the guard lets through, the parser of net/http must delimit in the same way,
// in whatever pieces it comes.
func FuzzFraming(f *testing.F) {
	for _, s := range framings {
		f.Add([]byte(s), 1)
		f.Add([]byte(s), 4096)
	}
	f.Fuzz(func(t *testing.T, data []byte, piece int) {
		if piece < 1 || len(data) > 1<<16 {
			return
		}
		l := limits{line: 200, header: 400}
		g := newGuard(&tape{data: data, piece: piece}, l)
		passed, _ := io.ReadAll(bufio.NewReaderSize(g, 4096))
		if g.refused.Load() > 0 {
			if !bytes.HasSuffix(passed, []byte(standIn)) {
				t.Fatalf("refused, but %q", passed)
			}
			passed = passed[:len(passed)-len(standIn)]
		}
		if !bytes.HasPrefix(data, passed) {
			t.Fatalf("let through %q, which is not how %q begins", passed, data)
		}
		whole := newGuard(&tape{data: data, piece: len(data) + 1}, l)
		at := 0
		for at < len(passed) { // delimit once more, in one piece
			n, err := whole.frame.next(passed[at:])
			if err != nil {
				return // inside a body: the reader of the body meets the error
			}
			if n == 0 {
				break
			}
			at += n
		}
		checkAgainstStandard(t, passed[:at])
	})
}

// checkAgainstStandard reads all requests of b with net/http, which may refuse one
// but not see another number of bytes in it.
func checkAgainstStandard(t *testing.T, b []byte) {
	r := bufio.NewReader(bytes.NewReader(b))
	f := framing{limits: limits{line: 200, header: 400}}
	for at := 0; at < len(b); {
		request, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		if strings.Contains(string(b[at:]), "\r\nTrailer") {
			return // announced trailers: net/http checks them on its own
		}
		want, err := io.ReadAll(request.Body)
		if err != nil {
			return
		}
		start := at
		n, err := f.next(b[at:])
		if err != nil || n == 0 {
			t.Fatalf("head %q: %d, %v", b[at:], n, err)
		}
		at += n
		var got []byte
		for f.state != inHead {
			state := f.state
			n, err := f.next(b[at:])
			if err != nil || n == 0 {
				t.Fatalf("body at %d of %q: %d, %v; net/http reads %q", at, b, n, err, want)
			}
			if state == inBody || state == inChunkData {
				got = append(got, b[at:at+n]...)
			}
			at += n
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("request at %d of %q: body %q, net/http reads %q", start, b, got, want)
		}
		if rest := len(b) - at; r.Buffered() < 4096-1 && len(b) < 4096 && r.Buffered() != rest {
			t.Fatalf("after request at %d of %q: %d bytes left, net/http has %d", start, b, rest, r.Buffered())
		}
	}
}

// FuzzResponse compares with net/http: what is accepted here has the same meaning there.
func FuzzResponse(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nok\r\n0\r\nX: y\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
		"HTTP/1.0 200\r\n\r\nto the end",
		"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
	} {
		f.Add([]byte(s), 1)
		f.Add([]byte(s), 4096)
	}
	f.Fuzz(func(t *testing.T, data []byte, piece int) {
		if piece < 1 || len(data) > 1<<16 {
			return
		}
		c := newUpstreamConn(&tape{data: data, piece: piece}, time.Minute)
		a, err := c.receive("GET", 1<<10, false)
		if err != nil {
			return
		}
		a.response.Entity.SetStorage(&chain.Storage{MemoryLimit: 1 << 17, FileLimit: 1 << 17})
		body, err := a.response.Entity.Bytes()
		r := bufio.NewReaderSize(bytes.NewReader(data), 1<<17)
		var standard *http.Response
		for {
			var serr error
			if standard, serr = http.ReadResponse(r, nil); serr != nil {
				t.Fatalf("accepted %q, which net/http refuses: %v", data, serr)
			}
			if standard.StatusCode >= 200 {
				break
			}
		}
		want, serr := io.ReadAll(standard.Body)
		if standard.StatusCode != a.response.Status.Code {
			t.Fatalf("status of %q = %d, net/http has %d", data, a.response.Status.Code, standard.StatusCode)
		}
		if err == nil && (serr != nil || !bytes.Equal(body, want)) {
			t.Fatalf("body of %q = %q, net/http has %q, %v", data, body, want, serr)
		}
		for name, values := range a.response.Header {
			if hopByHop(name) {
				t.Fatalf("%s was left in the header", name)
			}
			for _, v := range values {
				if err := checkField(name, v); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// FuzzQuery: the result is legal, means the same, and stays as it is the next time.
func FuzzQuery(f *testing.F) {
	for _, s := range []string{"", "a=b", "a=%27&b=%22", "%", "%2", "%zz", "a+b%20c", "%26%3d%2B%3B", "\"|", "é", "%c3%A9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, q string) {
		n := normalQuery(q)
		if !legalQuery(n) {
			t.Fatalf("normalQuery(%q) = %q, which is not legal", q, n)
		}
		if again := normalQuery(n); again != n {
			t.Fatalf("normalQuery(%q) = %q, then %q", q, n, again)
		}
		for _, c := range "&=+;" {
			if strings.Count(q, string(c)) != strings.Count(n, string(c)) {
				t.Fatalf("normalQuery(%q) = %q has another number of %c", q, n, c)
			}
		}
		if legalQuery(q) && chain.ParseForm(q).String() != chain.ParseForm(n).String() {
			t.Fatalf("normalQuery(%q) = %q, which has other parameters", q, n)
		}
	})
}
