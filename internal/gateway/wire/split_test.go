package wire

import (
	"io"
	"net"
	"testing"
	"time"
)

// A response means the same however the network cuts it into pieces.
func TestResponseByteByByte(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\n"
	for _, test := range []struct{ name, answer, body string }{
		{"counted", head + "Content-Length: 2\r\n\r\nok", "ok"},
		{"chunked", head + "Transfer-Encoding: chunked\r\n\r\n2;x\r\nok\r\n1\r\n!\r\n0\r\nX-A: b\r\n\r\n", "ok!"},
		{"interim", "HTTP/1.1 100 Continue\r\n\r\n" + head + "Content-Length: 2\r\n\r\nok", "ok"},
	} {
		t.Run(test.name, func(t *testing.T) {
			near, far := net.Pipe()
			defer near.Close()
			go func() {
				defer far.Close()
				for i := range len(test.answer) { // a write ends when it was read
					if _, err := io.WriteString(far, test.answer[i:i+1]); err != nil {
						return
					}
				}
			}()
			c := newUpstreamConn(near, 20*time.Second)
			a, err := c.receive("GET", 1000, false)
			if err != nil {
				t.Fatal(err)
			}
			if b, err := a.response.Entity.Bytes(); err != nil || string(b) != test.body {
				t.Errorf("body = %q, %v, want %q", b, err, test.body)
			}
		})
	}
}
