package wire_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/wire"
)

// refused are requests that must not reach the chain, each followed by one that must
// not be taken for a request of its own.
var refused = []struct {
	name, request string
	status        int
}{
	{"length and chunked", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
	{"chunked and length", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400},
	{"two lengths that differ", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", 400},
	{"two equal lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400},
	{"list of lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello", 400},
	{"signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello", 400},
	{"negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400},
	{"hexadecimal length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello", 400},
	{"empty length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400},
	{"huge length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
	{"length with a blank inside", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1 0\r\n\r\n", 400},
	{"two codings", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 400},
	{"coding identity", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 501},
	{"coding list", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
	{"chunked twice", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 501},
	{"coding with a prefix", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
	{"coding with a control character", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", 501},
	{"blank before colon of coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400},
	{"tab before colon of length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length\t: 5\r\n\r\nhello", 400},
	{"folded field", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n", 400},
	{"folded by tab", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n\tc\r\n\r\n", 400},
	{"folded first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
	{"folded coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400},
	{"bare LF after request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
	{"bare LF after a field", "GET / HTTP/1.1\r\nHost: a\nX-A: b\r\n\r\n", 400},
	{"bare LF at the end", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
	{"bare LF throughout", "GET / HTTP/1.1\nHost: a\n\n", 400},
	{"bare CR in a value", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\rX-B: c\r\n\r\n", 400},
	{"NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\x00\r\n\r\n", 400},
	{"control character in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\x01A: b\r\n\r\n", 400},
	{"no name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400},
	{"no colon", "GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n", 400},
	{"bracket in a name", "GET / HTTP/1.1\r\nHost: a\r\nX[A]: b\r\n\r\n", 400},
	{"no Host", "GET / HTTP/1.1\r\nX-A: b\r\n\r\n", 400},
	{"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
	{"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
	{"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
	{"Host with user info", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
	{"Host with a blank", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
	{"Host with a bad port", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400},
	{"Host with two ports", "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n", 400},
	{"Host with a huge port", "GET / HTTP/1.1\r\nHost: a:70000\r\n\r\n", 400},
	{"target and Host differ", "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", 400},
	{"target with another scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
	{"target with user info", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
	{"target without slash", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
	{"target with fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
	{"target with blank", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
	{"target with tab", "GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n", 400},
	{"target with DEL", "GET /a\x7f HTTP/1.1\r\nHost: a\r\n\r\n", 400},
	{"no target", "GET  HTTP/1.1\r\nHost: a\r\n\r\n", 400},
	{"star for GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
	{"CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 501},
	{"method with a control character", "G\x01T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
	{"method with a bracket", "GET( / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
	{"no method", " / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
	{"HTTP/0.9", "GET /\r\n", 400},
	{"HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\n\r\n", 505},
	{"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
	{"HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
	{"lower-case version", "GET / http/1.1\r\nHost: a\r\n\r\n", 400},
	{"version with more digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400},
	{"TLS on a plain port", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n", 400},
	{"leading blank line", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
	{"long request line", "GET /" + strings.Repeat("a", 4096) + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
	{"endless request line", strings.Repeat("a", 14000), 414},
	{"large header", "GET / HTTP/1.1\r\nHost: a\r\nX-A: " + strings.Repeat("a", 8192) + "\r\n\r\n", 431},
	{"many fields", "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X-A: b\r\n", 1100) + "\r\n", 431},
	{"endless field", "GET / HTTP/1.1\r\nHost: a\r\nX-A: " + strings.Repeat("a", 14000), 431},
	{"unknown expectation", "GET / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n", 417},
	{"malformed escape in the path", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
}

const after = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

func TestRefusedRequests(t *testing.T) {
	h := &record{}
	address := start(t, wire.Options{}, h.handle)
	for _, test := range refused {
		for _, piecewise := range []bool{false, true} {
			t.Run(fmt.Sprint(test.name, " piecewise ", piecewise), func(t *testing.T) {
				c := dial(t, address)
				before := h.count()
				send(c, test.request+after, piecewise)
				res, _ := c.receive("GET")
				if res.StatusCode != test.status {
					t.Errorf("status = %d, want %d", res.StatusCode, test.status)
				}
				c.ended()
				if h.count() != before {
					t.Errorf("the chain was called: %q", h.requests[before:])
				}
			})
		}
	}
}

// send writes in pieces of one byte while that is affordable; errors are expected,
// since the server may close meanwhile.
func send(c *raw, s string, piecewise bool) {
	if !piecewise || len(s) > 1000 {
		_, _ = io.WriteString(c, s)
		return
	}
	for i := range len(s) {
		if _, err := io.WriteString(c, s[i:i+1]); err != nil {
			return
		}
	}
}

// A refused request must not disturb the answer to the one before it.
func TestRefusalKeepsItsPlace(t *testing.T) {
	h := &record{}
	address := start(t, wire.Options{}, h.handle)
	c := dial(t, address)
	c.send("POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none" +
		"POST /two HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n" +
		"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n" + after)
	for _, want := range []string{"one", "two"} {
		if res, body := c.receive("POST"); res.StatusCode != 200 || body != want {
			t.Errorf("answer = %d %q, want 200 %q", res.StatusCode, body, want)
		}
	}
	if res, _ := c.receive("GET"); res.StatusCode != 400 {
		t.Errorf("status = %d, want 400", res.StatusCode)
	}
	c.ended()
}

func TestRefusedBodies(t *testing.T) {
	const head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	tests := []struct{ name, body string }{
		{"no digits", "\r\nhello\r\n0\r\n\r\n"},
		{"not hexadecimal", "g\r\nhello\r\n0\r\n\r\n"},
		{"prefix", "0x5\r\nhello\r\n0\r\n\r\n"},
		{"sign", "-5\r\nhello\r\n0\r\n\r\n"},
		{"too many digits", "0000000000000005\r\nhello\r\n0\r\n\r\n"},
		{"blank before size", " 5\r\nhello\r\n0\r\n\r\n"},
		{"blank after size", "5 \r\nhello\r\n0\r\n\r\n"},
		{"bare LF after size", "5\nhello\r\n0\r\n\r\n"},
		{"bare LF in extension", "5;a\nhello\r\n0\r\n\r\n"},
		{"bare CR in extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"},
		{"endless extension", "5;" + strings.Repeat("a", 300) + "\r\nhello\r\n0\r\n\r\n"},
		{"data longer than size", "4\r\nhello\r\n0\r\n\r\n"},
		{"bare LF after data", "5\r\nhello\n0\r\n\r\n"},
		{"bare LF in trailers", "0\r\nX-A: b\n\r\n"},
		{"folded trailer", "0\r\nX-A: b\r\n c\r\n\r\n"},
		{"huge trailers", "0\r\nX-A: " + strings.Repeat("a", 9000) + "\r\n\r\n"},
	}
	for _, streaming := range []bool{false, true} {
		h := &record{}
		address := start(t, wire.Options{Streaming: streaming}, h.handle)
		for _, test := range tests {
			t.Run(fmt.Sprint(test.name, " streaming ", streaming), func(t *testing.T) {
				c := dial(t, address)
				before := h.count()
				send(c, head+test.body+after, false)
				if res, _ := c.receive("POST"); res.StatusCode != 400 {
					t.Errorf("status = %d, want 400", res.StatusCode)
				}
				c.ended()
				if h.count() != before {
					t.Errorf("the chain took a request: %q", h.requests[before:])
				}
			})
		}
	}
}

func TestAcceptedRequests(t *testing.T) {
	tests := []struct{ name, request, uri, body string }{
		{"chunk extension", "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n", "http://a/x", "hello"},
		{"coding in capitals", "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n5\r\nhello\r\n00\r\n\r\n", "http://a/x", "hello"},
		{"trailers", "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", "http://a/x", "hello"},
		{"absolute target", "GET http://a:81/x?y HTTP/1.1\r\nHost: a:81\r\n\r\n", "http://a:81/x?y", ""},
		{"absolute target without path", "GET http://a?y HTTP/1.1\r\nHost: a\r\n\r\n", "http://a/?y", ""},
		{"dots and slashes", "GET /a/../b//c/%2e%2e/%2F HTTP/1.1\r\nHost: a\r\n\r\n", "http://a/a/../b//c/%2e%2e/%2F", ""},
		{"double slash first", "GET //b/c HTTP/1.1\r\nHost: a\r\n\r\n", "http://a//b/c", ""},
		{"IPv6", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "http://[::1]:80/", ""},
		{"query is normalised", "GET /?a=%27%22%26%2B+%zz\"|%e2%82%ac HTTP/1.1\r\nHost: a\r\n\r\n", "http://a/?a='%22%26%2B+%25zz%22%7C%E2%82%AC", ""},
		{"empty query", "GET /? HTTP/1.1\r\nHost: a\r\n\r\n", "http://a/?", ""},
		{"longest header", "GET / HTTP/1.1\r\nHost: a\r\nX-A: " + strings.Repeat("a", 8192-16) + "\r\n\r\n", "http://a/", ""},
		{"longest line", "GET /" + strings.Repeat("a", 4096-14) + " HTTP/1.1\r\nHost: a\r\n\r\n", "http://a/" + strings.Repeat("a", 4096-14), ""},
	}
	h := &record{}
	address := start(t, wire.Options{}, h.handle)
	for _, test := range tests {
		for _, piecewise := range []bool{false, true} {
			t.Run(fmt.Sprint(test.name, " piecewise ", piecewise), func(t *testing.T) {
				c := dial(t, address)
				for range 2 { // the second proves that the first was delimited rightly
					send(c, test.request, piecewise)
					res, body := c.receive("GET")
					if res.StatusCode != http.StatusOK || body != test.body {
						t.Fatalf("answer = %d %q, want 200 %q", res.StatusCode, body, test.body)
					}
					if got := h.requests[h.count()-1]; !strings.HasSuffix(got, " "+test.uri) {
						t.Errorf("uri = %q, want %q", got, test.uri)
					}
				}
			})
		}
	}
}

func TestPreserveQuery(t *testing.T) {
	h := &record{}
	address := start(t, wire.Options{PreserveQuery: true}, h.handle)
	tests := []struct {
		query  string
		status int
	}{
		{"a=%27&b=%e2%82%ac", 200},
		{"a=\"", 400},
		{"a=|", 400},
		{"a=%2", 400},
		{"a=%zz", 400},
		{"a=\xe2\x82\xac", 400},
	}
	for _, test := range tests {
		c := dial(t, address)
		c.send("GET /?" + test.query + " HTTP/1.1\r\nHost: a\r\n\r\n")
		if res, _ := c.receive("GET"); res.StatusCode != test.status {
			t.Errorf("status for %q = %d, want %d", test.query, res.StatusCode, test.status)
		}
	}
	if got := h.requests; len(got) != 1 || got[0] != "GET http://a/?a=%27&b=%e2%82%ac" {
		t.Errorf("requests = %q, want the query untouched", got)
	}
}

// Fields that Connection names are gone before the chain sees the request, so that a
// client cannot have a field removed which a filter adds.
func TestConnectionNamesFields(t *testing.T) {
	var header http.Header
	address := start(t, wire.Options{}, func(x *chain.Exchange) (*chain.Response, error) {
		header = x.Request.Header.Clone()
		return text(200, ""), nil
	})
	c := dial(t, address)
	c.send("GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nX-B: 2\r\nConnection: keep-alive, x-a\r\n\r\n")
	c.receive("GET")
	if header.Get("X-A") != "" || header.Get("X-B") != "2" || header.Get("Connection") != "" {
		t.Errorf("header = %v, want neither X-A nor its mention", header)
	}
	if header.Get("Host") != "a" {
		t.Errorf("Host = %q, want a", header.Get("Host"))
	}
}
