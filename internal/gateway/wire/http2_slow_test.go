package wire_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"testing"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/wire"
)

// openHTTP2 opens a connection to a server with a and says what its settings are.
func openHTTP2(t *testing.T, a *authority, address, settings string) *tls.Conn {
	t.Helper()
	nc, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(patience))
	c := tls.Client(nc, &tls.Config{RootCAs: a.pool, ServerName: "server", NextProtos: []string{"h2"}})
	if _, err := io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+frame(frameSettings, 0, 0, settings)); err != nil {
		t.Fatal(err)
	}
	return c
}

// The limits of time hold for HTTP/2 as they do for HTTP/1.1.
func TestSlowHTTP2Clients(t *testing.T) {
	a := newAuthority(t)
	config := &tls.Config{Certificates: []tls.Certificate{a.issue(t, "server")}}
	t.Run("body", func(t *testing.T) {
		h := &record{}
		address := startTLS(t, wire.Options{DataTimeout: 20 * time.Millisecond}, config, h.handle)
		if got := outcome(t, openHTTP2(t, a, address, ""), post("content-length", "5")+frame(frameData, 0, 1, "hel")); got != "408" {
			t.Errorf("outcome %s, want 408", got)
		}
	})
	t.Run("streamed body", func(t *testing.T) {
		address := startTLS(t, wire.Options{DataTimeout: 20 * time.Millisecond, Streaming: true}, config, func(x *chain.Exchange) (*chain.Response, error) {
			_, err := x.Request.Entity.Bytes()
			return nil, err
		})
		if got := outcome(t, openHTTP2(t, a, address, ""), post("content-length", "5")+frame(frameData, 0, 1, "hel")); got != "408" {
			t.Errorf("outcome %s, want 408", got)
		}
	})
	t.Run("body whose reader is slow", func(t *testing.T) {
		address := startTLS(t, wire.Options{DataTimeout: 500 * time.Millisecond, Streaming: true}, config, func(x *chain.Exchange) (*chain.Response, error) {
			body, _ := x.Request.Entity.Open()
			if _, err := io.ReadFull(body, make([]byte, 1)); err != nil {
				return nil, err
			}
			time.Sleep(time.Second) // longer than the client may take
			_, err := io.ReadAll(body)
			return chain.NewResponse(200), err
		})
		if got := outcome(t, openHTTP2(t, a, address, ""), post("content-length", "5")+frame(frameData, 0, 1, "he")+frame(frameData, endStream, 1, "llo")); got != "200" {
			t.Errorf("outcome %s, want 200", got)
		}
	})
	const noWindow = "\x00\x04\x00\x00\x00\x00" // SETTINGS_INITIAL_WINDOW_SIZE
	t.Run("answer", func(t *testing.T) {
		address := startTLS(t, wire.Options{DataTimeout: 50 * time.Millisecond}, config, func(*chain.Exchange) (*chain.Response, error) {
			return text(200, "nobody takes this"), nil
		})
		c := openHTTP2(t, a, address, noWindow)
		if _, err := io.WriteString(c, ask()); err != nil {
			t.Fatal(err)
		}
		for r := bufio.NewReader(c); ; {
			kind, _, err := readFrame(r)
			if err != nil {
				t.Fatalf("the stream was not reset: %v", err)
			}
			if kind == frameReset {
				return
			}
		}
	})
	t.Run("streamed answer", func(t *testing.T) {
		done := make(chan bool)
		address := startTLS(t, wire.Options{DataTimeout: 50 * time.Millisecond, Streaming: true}, config, func(*chain.Exchange) (*chain.Response, error) {
			r := chain.NewResponse(200)
			r.Entity.SetStream(closer{zeros{}, done}, -1)
			return r, nil
		})
		if _, err := io.WriteString(openHTTP2(t, a, address, ""), ask()); err != nil {
			t.Fatal(err)
		}
		select {
		case <-done:
		case <-time.After(patience):
			t.Fatal("the request is held for ever")
		}
	})
}

func readFrame(r io.Reader) (kind byte, payload []byte, err error) {
	head := make([]byte, 9)
	if _, err := io.ReadFull(r, head); err != nil {
		return 0, nil, err
	}
	payload = make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
	_, err = io.ReadFull(r, payload)
	return head[3], payload, err
}
