package wire

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/observe"
)

// Server receives requests on one or more listeners and gives them to one handler:
// HTTP/1.1, HTTP/2 over TLS, and HTTP/2 without TLS when Options.H2C asks for it.
// Call Listen for each address, then Serve, then Shutdown.
type Server struct {
	options Options
	handler chain.Handler
	http    *http.Server
	feed    *feed
	prefix  string // of ids
	refused *observe.Tally
	broken  atomic.Uint64 // handshakes
	open    atomic.Int64  // connections
	shaking atomic.Int64  // connections whose TLS handshake goes on
	serial  atomic.Uint64

	mu        sync.Mutex
	listeners []listener
	tunnels   map[chain.Conn]struct{}
	parked    map[net.Conn]struct{} // idle connections that net/http does not hold
	tidied    int                   // how many were parked when memory was given back
	stopping  bool
	accepting sync.WaitGroup
	tunnelled sync.WaitGroup
}

type listener struct {
	net.Listener
	tls *tls.Config
}

// NewServer returns a server that listens nowhere yet.
func NewServer(o Options, h chain.Handler) *Server {
	o = o.withDefaults()
	s := &Server{refused: observe.NewTally(refusals...), options: o, handler: h, feed: newFeed(), prefix: newPrefix(), tunnels: map[chain.Conn]struct{}{}, parked: map[net.Conn]struct{}{}}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(!o.DisableHTTP2)
	protocols.SetUnencryptedHTTP2(o.H2C)
	s.http = &http.Server{
		Handler:                      (*edge)(s),
		ReadHeaderTimeout:            o.HeaderTimeout,
		IdleTimeout:                  o.IdleTimeout,
		MaxHeaderBytes:               s.limits().total(),
		Protocols:                    &protocols,
		DisableGeneralOptionsHandler: true,
		ConnContext:                  withConnection,
		ConnState:                    s.counted,
		ErrorLog:                     log.New(&logWriter{o.Log}, "", 0),
		HTTP2:                        &http.HTTP2Config{WriteByteTimeout: o.DataTimeout},
	}
	return s
}

// newPrefix returns what the ids of one server's exchanges begin with: a random UUID
// (RFC 9562 §5.4).
func newPrefix() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x-", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Listen opens an address such as "0.0.0.0:8080". With config, connections use TLS;
// its NextProtos are set here. It returns the address in use, which tells the port
// when addr has port 0.
func (s *Server) Listen(addr string, config *tls.Config) (net.Addr, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	return s.Attach(l, config), nil
}

// Attach adds an open listener; the server closes it.
func (s *Server) Attach(l net.Listener, config *tls.Config) net.Addr {
	if config != nil {
		config = config.Clone()
		config.NextProtos = []string{"h2", "http/1.1"}
		if s.options.DisableHTTP2 {
			config.NextProtos = []string{"http/1.1"}
		}
	}
	s.mu.Lock()
	s.listeners = append(s.listeners, listener{l, config})
	s.mu.Unlock()
	return l.Addr()
}

// Serve answers requests until Shutdown, and then returns nil.
func (s *Server) Serve() error {
	s.mu.Lock()
	for _, l := range s.listeners {
		s.accepting.Go(func() { s.accept(l) })
	}
	s.mu.Unlock()
	err := s.http.Serve(s.feed)
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Shutdown stops accepting, lets running requests finish for the grace period but no
// longer than ctx, then closes what is left, tunnels among it.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	for _, l := range s.listeners {
		_ = l.Close()
	}
	s.stopping = true
	for c := range s.parked {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.feed.end()
	grace, cancel := context.WithTimeout(ctx, max(s.options.GracePeriod, 0))
	defer cancel()
	err := s.http.Shutdown(grace)
	if err != nil {
		err = s.http.Close()
		s.awaitHandlers()
	}
	s.mu.Lock()
	for c := range s.tunnels {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.tunnelled.Wait()
	s.accepting.Wait()
	return err
}

// cutOffTime is how long requests that were cut off may take to notice.
const cutOffTime = time.Second

// awaitHandlers waits for requests whose connections were closed: what they use, and what
// writes down how they ended, is stopped next.
func (s *Server) awaitHandlers() {
	for end := time.Now().Add(cutOffTime); s.open.Load() > 0 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
}

func (s *Server) limits() limits {
	return limits{
		line: s.options.MaxRequestLine, header: s.options.MaxHeaderBytes, head: s.options.HeaderTimeout, data: s.options.DataTimeout,
		h2c: s.options.H2C, held: s.options.Limits, lingerOnClose: time.Second / 2, stopping: s.feed.done, park: s.park,
	}
}

// logWriter takes the lines that net/http logs: broken handshakes and connections.
type logWriter struct{ log *slog.Logger }

func (w *logWriter) Write(line []byte) (int, error) {
	w.log.Debug("connection", "detail", strings.TrimRight(string(line), "\n"))
	return len(line), nil
}
