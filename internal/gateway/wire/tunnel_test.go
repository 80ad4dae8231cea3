package wire_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/wire"
)

const upgradeRequest = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n"

// gateway is a server that hands everything to a client.
func gateway(t *testing.T, o wire.Options, co wire.ClientOptions, upstream string) (string, *wire.Server) {
	t.Helper()
	target, err := chain.ParseURI("http://" + upstream)
	if err != nil {
		t.Fatal(err)
	}
	client := newClient(t, co)
	return startServer(t, o, func(x *chain.Exchange) (*chain.Response, error) {
		x.Request.URI.Rebase(target)
		return client.Do(x)
	})
}

// chat upgrades, greets at once, then answers each line.
func chat(c *raw) {
	r := c.request()
	if r == nil {
		return
	}
	if r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Connection") != "Upgrade" || r.Header.Get("Sec-Websocket-Key") != "x" {
		c.send("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n")
		return
	}
	c.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: y\r\n\r\nwelcome\n")
	for {
		line, err := c.r.ReadString('\n')
		if err != nil || line == "bye\n" {
			return
		}
		c.send("echo " + line)
	}
}

func TestTunnel(t *testing.T) {
	s := play(t, chat)
	address, _ := gateway(t, wire.Options{}, wire.ClientOptions{WebSocket: true}, s.address)
	c := dial(t, address)
	c.send(upgradeRequest)
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 101 || res.Header.Get("Upgrade") != "websocket" || res.Header.Get("Connection") != "Upgrade" || res.Header.Get("Sec-Websocket-Accept") != "y" {
		t.Fatalf("answer = %v", res)
	}
	expect := func(want string) {
		t.Helper()
		if got, err := c.r.ReadString('\n'); err != nil || got != want {
			t.Fatalf("got %q, %v, want %q", got, err, want)
		}
	}
	expect("welcome\n")
	// Nothing of this is HTTP, and the guard must not mind.
	for _, line := range []string{"one\n", "GET / HTTP/9\r\n", "\x00\xff\n", strings.Repeat("x", 100000) + "\n"} {
		c.send(line)
		expect("echo " + line)
	}
	c.send("bye\n")
	c.ended()
}

func TestTunnelEndsWithTheClient(t *testing.T) {
	ended := make(chan bool)
	s := play(t, func(c *raw) { chat(c); close(ended) })
	address, _ := gateway(t, wire.Options{}, wire.ClientOptions{WebSocket: true}, s.address)
	c := dial(t, address)
	c.send(upgradeRequest)
	if _, err := http.ReadResponse(c.r, nil); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	<-ended
}

func TestShutdownEndsTunnels(t *testing.T) {
	s := play(t, chat)
	address, server := gateway(t, wire.Options{GracePeriod: patience}, wire.ClientOptions{WebSocket: true}, s.address)
	c := dial(t, address)
	c.send(upgradeRequest)
	if _, err := http.ReadResponse(c.r, nil); err != nil {
		t.Fatal(err)
	}
	if err := server.Shutdown(context.Background()); err != nil {
		t.Errorf("Shutdown() = %v", err)
	}
	_, _ = c.r.ReadString('\n') // the greeting
	c.ended()
}

func TestUpgradeIsRefused(t *testing.T) {
	s := play(t, chat)
	address, _ := gateway(t, wire.Options{}, wire.ClientOptions{}, s.address)
	c := dial(t, address)
	for range 2 {
		c.send(upgradeRequest)
		if res, _ := c.receive("GET"); res.StatusCode != 426 {
			t.Errorf("status = %d, want the upstream to see an ordinary request", res.StatusCode)
		}
	}
}

func TestUpgradeAnsweredOtherwise(t *testing.T) {
	s := play(t, reply("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"))
	address, _ := gateway(t, wire.Options{}, wire.ClientOptions{WebSocket: true}, s.address)
	c := dial(t, address)
	for range 2 {
		c.send(upgradeRequest)
		if res, body := c.receive("GET"); res.StatusCode != 403 || body != "no" {
			t.Errorf("answer = %d %q", res.StatusCode, body)
		}
	}
}

func TestUpgradeToSomethingElse(t *testing.T) {
	for _, answer := range []string{
		"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n",
	} {
		s := play(t, reply(answer))
		x := exchange(t, "GET", "http://"+s.address+"/")
		x.Request.Header["Connection"], x.Request.Header["Upgrade"] = []string{"Upgrade"}, []string{"websocket"}
		if r, err := newClient(t, wire.ClientOptions{WebSocket: true}).Do(x); err == nil {
			t.Errorf("Do() = %v for %q, want an error", r.Status, answer)
		}
	}
}

// A tunnel that nobody takes ends with the exchange.
func TestDroppedUpgrade(t *testing.T) {
	ended := make(chan bool)
	s := play(t, func(c *raw) { chat(c); close(ended) })
	x := exchange(t, "GET", "http://"+s.address+"/")
	ctx, cancel := context.WithCancel(t.Context())
	for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-Websocket-Key": "x"} {
		x.Request.Header[name] = []string{value}
	}
	r, err := newClient(t, wire.ClientOptions{WebSocket: true}).Do(x.WithCtx(ctx))
	if err != nil || r.Upgrade == nil {
		t.Fatalf("Do() = %v, %v", r, err)
	}
	cancel()
	<-ended
}

// The whole way: every size and framing of body, over few connections.
func TestThroughTheGateway(t *testing.T) {
	s := play(t, func(c *raw) {
		for {
			r := c.request()
			if r == nil {
				return
			}
			b, _ := io.ReadAll(r.Body)
			w := bufio.NewWriter(c)
			answer := &http.Response{StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(b)), Request: r}
			answer.Body = io.NopCloser(strings.NewReader(string(b)))
			if answer.TransferEncoding = r.TransferEncoding; answer.TransferEncoding != nil {
				answer.ContentLength = -1
			}
			_ = answer.Write(w)
			_ = w.Flush()
		}
	})
	for _, streaming := range []bool{false, true} {
		address, _ := gateway(t, wire.Options{Streaming: streaming}, wire.ClientOptions{Streaming: streaming}, s.address)
		transport := &http.Transport{}
		for _, size := range []int{0, 1, 2000, 4096, 8192, 8193, 32768, 70000, 1 << 20} {
			for _, known := range []bool{true, false} {
				body := strings.Repeat("x", size)
				var reader io.Reader = strings.NewReader(body)
				if !known {
					reader = struct{ io.Reader }{reader}
				}
				request, _ := http.NewRequest("POST", "http://"+address+"/", reader)
				res, err := transport.RoundTrip(request)
				if err != nil {
					t.Fatal(err)
				}
				b, err := io.ReadAll(res.Body)
				if err != nil || string(b) != body {
					t.Errorf("streaming %v, known %v: %d bytes came back of %d: %v", streaming, known, len(b), size, err)
				}
			}
		}
		transport.CloseIdleConnections()
	}
}
