package wire_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/wire"
)

// patience bounds what would hang when something is broken; no test depends on it.
const patience = 20 * time.Second

// start serves h and returns the address.
func start(t *testing.T, o wire.Options, h chain.HandlerFunc) string {
	t.Helper()
	address, _ := startServer(t, o, h)
	return address
}

func startServer(t *testing.T, o wire.Options, h chain.HandlerFunc) (string, *wire.Server) {
	t.Helper()
	s := wire.NewServer(o, h)
	addr, err := s.Listen("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, s)
	return addr.String(), s
}

func serve(t *testing.T, s *wire.Server) {
	done := make(chan error, 1)
	go func() { done <- s.Serve() }()
	t.Cleanup(func() {
		_ = s.Shutdown(context.Background())
		if err := <-done; err != nil {
			t.Errorf("Serve() = %v, want nil after Shutdown", err)
		}
	})
}

// raw is a client that sends bytes as they are.
type raw struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, address string) *raw {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() { _ = c.Close() })
	return &raw{t, c, bufio.NewReader(c)}
}

func (c *raw) send(s string) {
	c.t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		c.t.Fatalf("send: %v", err)
	}
}

// receive reads one response with its body.
func (c *raw) receive(method string) (*http.Response, string) {
	c.t.Helper()
	res, err := http.ReadResponse(c.r, &http.Request{Method: method})
	if err != nil {
		c.t.Fatalf("receive: %v", err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatalf("receive body: %v", err)
	}
	return res, string(b)
}

// ended fails unless the connection ends without another byte.
func (c *raw) ended() {
	c.t.Helper()
	if b, err := io.ReadAll(c.r); len(b) > 0 || err != nil && !strings.Contains(err.Error(), "reset") {
		c.t.Fatalf("after the answer came %q, %v, want the end", b, err)
	}
}

// record keeps what it is asked and answers 200 with the body it got.
type record struct {
	mu       sync.Mutex
	requests []string
}

func (h *record) handle(x *chain.Exchange) (*chain.Response, error) {
	body, err := x.Request.Entity.Bytes()
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	h.requests = append(h.requests, x.Request.String())
	h.mu.Unlock()
	r := chain.NewResponse(200)
	r.Entity.SetBytes(body)
	return r, nil
}

func (h *record) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.requests)
}

func text(code int, body string) *chain.Response {
	r := chain.NewResponse(code)
	r.Entity.SetBytes([]byte(body))
	return r
}

// script is an upstream that plays: for each connection, in order, a function that
// reads what it wants and writes what it wants.
type script struct {
	t       *testing.T
	address string
	mu      sync.Mutex
	opened  int
}

func play(t *testing.T, parts ...func(c *raw)) *script {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &script{t: t, address: l.Addr().String()}
	var wg sync.WaitGroup
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	wg.Go(func() {
		for i := 0; ; i++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.opened++
			s.mu.Unlock()
			mu.Lock()
			open[c] = true
			mu.Unlock()
			part := parts[min(i, len(parts)-1)]
			wg.Go(func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(patience))
				part(&raw{t, c, bufio.NewReader(c)})
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return s
}

func (s *script) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opened
}

// request reads one request; nil when the connection ends.
func (c *raw) request() *http.Request {
	r, err := http.ReadRequest(c.r)
	if err != nil {
		return nil
	}
	b, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(b))
	return r
}

// reply answers every request with the same bytes.
func reply(answer string) func(c *raw) {
	return func(c *raw) {
		for c.request() != nil {
			if _, err := io.WriteString(c, answer); err != nil {
				return
			}
		}
	}
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// exchange makes an exchange for a request.
func exchange(t *testing.T, method, uri string) *chain.Exchange {
	t.Helper()
	u, err := chain.ParseURI(uri)
	if err != nil {
		t.Fatal(err)
	}
	r := chain.NewRequest()
	r.Method, r.URI = method, u
	return chain.New(t.Context(), r, &chain.RootContext{ID: "1"})
}

func newClient(t *testing.T, o wire.ClientOptions) *wire.Client {
	c := wire.NewClient(o)
	t.Cleanup(c.Close)
	return c
}

// bodyOf reads a response to its end.
func bodyOf(t *testing.T, r *chain.Response) string {
	t.Helper()
	b, err := r.Entity.Bytes()
	if err != nil {
		t.Fatalf("body: %v", err)
	}
	r.Entity.Close()
	return string(b)
}

// lines is a log that a test can read.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *lines) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
