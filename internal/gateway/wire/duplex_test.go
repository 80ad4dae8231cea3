package wire_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/wire"
)

// echoing sends back what it gets, piece by piece, without taking all of it first.
func echoing(c *raw) {
	req, err := http.ReadRequest(c.r)
	if err != nil {
		return
	}
	c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
	buf := make([]byte, 16<<10)
	for {
		n, err := req.Body.Read(buf)
		if n > 0 {
			if _, err := fmt.Fprintf(c, "%x\r\n%s\r\n", n, buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			break
		}
	}
	c.send("0\r\n\r\n")
}

const echoed = 24 << 20 // more than two pairs of socket buffers hold

// An upstream answers while it still reads: request and response flow at once.
func TestBothDirectionsFlow(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789abcdef"), echoed/16)
	for _, streaming := range []bool{false, true} {
		for _, framing := range []string{fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body)), "Transfer-Encoding: chunked\r\n\r\n"} {
			t.Run(fmt.Sprint("streaming ", streaming, framing[:8]), func(t *testing.T) {
				up := play(t, echoing)
				storage := &chain.Storage{MemoryLimit: 1 << 20, FileLimit: 1 << 30, Dir: t.TempDir()}
				client := newClient(t, wire.ClientOptions{Streaming: streaming, SoTimeout: 5 * time.Second, Storage: storage})
				address := start(t, wire.Options{Streaming: streaming, Storage: storage}, to(client, up.address))
				c := dial(t, address)
				go func() {
					_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\n"+framing)
					for rest := body; len(rest) > 0; {
						n := min(len(rest), 100_000)
						if framing[0] == 'T' {
							_, _ = fmt.Fprintf(c, "%x\r\n%s\r\n", n, rest[:n])
						} else {
							_, _ = c.Write(rest[:n])
						}
						rest = rest[n:]
					}
					if framing[0] == 'T' {
						_, _ = io.WriteString(c, "0\r\n\r\n")
					}
				}()
				res, got := c.receive("POST")
				if res.StatusCode != 200 || got != string(body) {
					t.Errorf("answered %d with %d bytes, want what was sent", res.StatusCode, len(got))
				}
			})
		}
	}
}

// A large body in memory goes the same way.
func TestLargeMemoryBodyIsEchoed(t *testing.T) {
	up := play(t, echoing)
	client := newClient(t, wire.ClientOptions{SoTimeout: 5 * time.Second})
	x := exchange(t, "POST", "http://"+up.address+"/")
	x.Request.Entity.SetBytes(bytes.Repeat([]byte("x"), echoed))
	r, err := client.Do(x)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(bodyOf(t, r)); n != echoed {
		t.Errorf("%d bytes came back", n)
	}
}

// A client that sends its body slowly gets the answer that does not wait for it.
func TestAnswerBeforeTheEndOfTheRequest(t *testing.T) {
	up := play(t, func(c *raw) {
		if _, err := http.ReadRequest(c.r); err != nil {
			return
		}
		c.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlarge")
		_, _ = io.Copy(io.Discard, c.r)
	})
	client := newClient(t, wire.ClientOptions{Streaming: true})
	address := start(t, wire.Options{Streaming: true}, to(client, up.address))
	c := dial(t, address)
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + strings.Repeat("x", 100))
	if res, body := c.receive("POST"); res.StatusCode != 413 || body != "large" {
		t.Errorf("answered %d %q", res.StatusCode, body)
	}
	c.ended()
}

// A request may take longer than the upstream may be silent.
func TestSlowUpload(t *testing.T) {
	const silent = 200 * time.Millisecond
	got := make(chan int, 1)
	up := play(t, func(c *raw) {
		req, err := http.ReadRequest(c.r)
		if err != nil {
			return
		}
		b, _ := io.ReadAll(req.Body)
		got <- len(b)
		c.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	})
	client := newClient(t, wire.ClientOptions{Streaming: true, SoTimeout: silent})
	address := start(t, wire.Options{Streaming: true}, to(client, up.address))
	c := dial(t, address)
	c.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
	for range 3 {
		c.send("1\r\nx\r\n")
		<-time.After(silent)
	}
	c.send("0\r\n\r\n")
	if res, body := c.receive("POST"); res.StatusCode != 200 || body != "ok" || <-got != 3 {
		t.Errorf("answered %d %q", res.StatusCode, body)
	}
}

// A client that breaks off is told apart from an upstream that does.
func TestClientBreaksOff(t *testing.T) {
	ended := make(chan error, 1)
	up := play(t, func(c *raw) {
		req, err := http.ReadRequest(c.r)
		if err == nil {
			_, err = io.Copy(io.Discard, req.Body)
		}
		ended <- err
	})
	client := newClient(t, wire.ClientOptions{Streaming: true})
	address := start(t, wire.Options{Streaming: true}, to(client, up.address))
	c := dial(t, address)
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + strings.Repeat("x", 70_000))
	_ = c.Close()
	if err := <-ended; err == nil {
		t.Error("the upstream took a part for the whole")
	}
}

// to sends every request to an address.
func to(c *wire.Client, address string) chain.HandlerFunc {
	return func(x *chain.Exchange) (*chain.Response, error) {
		if err := x.Request.URI.SetHostPort(address); err != nil {
			return nil, err
		}
		return c.Do(x)
	}
}
