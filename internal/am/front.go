package am

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// reservedDescriptors are what connections of clients leave of the process's file descriptors: for the files of the
	// store, connections to its database, to directories and to whoever scripts ask.
	reservedDescriptors = 400
	// maxConnections is how many connections are open at a time where descriptors allow more.
	maxConnections = 100_000
	// maxHeader bounds the header of a request. net/http, whose answers this package does not see over HTTP/2, has twice
	// as much.
	maxHeader  = 64 << 10
	headerTime = 30 * time.Second
	bodyTime   = time.Minute // from the begin of the request
	answerTime = 2 * time.Minute
	idleTime   = 2 * time.Minute
)

// tellEvery is how often a state that lasts is told.
const tellEvery = 10 * time.Second

// Front has the sockets of a Server: it opens addresses and hands over what comes in. Connections beyond what the
// process has file descriptors for, or beyond 100,000, wait in the system's queue until others end; so they cannot take the
// store's.
type Front struct {
	server *Server
	http   *http.Server
	header time.Duration // for a header, and a TLS handshake
	places chan struct{} // one for each connection
	// conns are on the way to net/http, which gets them after their handshake.
	conns     chan net.Conn
	listeners []net.Listener
	accepting sync.WaitGroup
	once      sync.Once
	done      chan struct{}
}

// clientConnections are what metrics tell of connections.
type clientConnections struct {
	open   atomic.Int64
	broken atomic.Uint64 // TLS handshakes
}

// NewFront returns the front of a server. It listens nowhere yet.
func NewFront(s *Server) *Front {
	places := s.limits.Number("connections", maxConnections)
	if n := descriptors(); n > 0 {
		places = min(places, max(n-reservedDescriptors, n/4, 1))
	}
	f := &Front{server: s, header: s.limits.Time("header_time", headerTime), places: make(chan struct{}, places), conns: make(chan net.Conn), done: make(chan struct{})}
	f.http = &http.Server{
		Handler: s, ReadHeaderTimeout: f.header, ReadTimeout: max(f.header, s.limits.Time("body_time", bodyTime)),
		WriteTimeout: s.limits.Time("answer_time", answerTime), IdleTimeout: s.limits.Time("idle_time", idleTime),
		MaxHeaderBytes: 2 * maxHeader, ConnState: f.state, ErrorLog: log.New(debugLog{s.log}, "", 0),
	}
	go func() { _ = f.http.Serve((*feed)(f)) }()
	return f
}

// debugLog takes the lines that net/http logs.
type debugLog struct{ *slog.Logger }

func (l debugLog) Write(line []byte) (int, error) {
	l.Debug("connection", "detail", string(line))
	return len(line), nil
}

// Listen opens an address, with TLS if there is a config, and returns the one in use. It may not be called during or after Shutdown.
func (f *Front) Listen(addr string, config *tls.Config) (net.Addr, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	f.listeners = append(f.listeners, l)
	f.accepting.Go(func() { f.accept(l, config) })
	return l.Addr(), nil
}

// Shutdown closes the listeners and lets running requests end, but no longer than ctx.
func (f *Front) Shutdown(ctx context.Context) error {
	for _, l := range f.listeners {
		_ = l.Close()
	}
	f.end()
	err := f.http.Shutdown(ctx)
	f.accepting.Wait()
	return err
}

func (f *Front) end() { f.once.Do(func() { close(f.done) }) }

// feed is the listener that net/http sees.
type feed Front

func (f *feed) Accept() (net.Conn, error) {
	select {
	case c := <-f.conns:
		return c, nil
	case <-f.done:
		return nil, net.ErrClosed
	}
}

func (f *feed) Close() error   { (*Front)(f).end(); return nil }
func (f *feed) Addr() net.Addr { return &net.TCPAddr{} }

// accept takes the connections of one listener until it is closed.
func (f *Front) accept(l net.Listener, config *tls.Config) {
	var told time.Time
	tell := func(text string, args ...any) {
		if now := time.Now(); now.Sub(told) >= tellEvery {
			told = now
			f.server.log.Error(text, append([]any{"address", l.Addr().String()}, args...)...)
		}
	}
	for pause := time.Duration(0); ; {
		select {
		case f.places <- struct{}{}:
		default:
			f.server.limits.Add("connections")
			tell("no more connections are taken until others end", "connections", cap(f.places))
			select {
			case f.places <- struct{}{}:
			case <-f.done:
				return
			}
		}
		c, err := l.Accept()
		if err == nil {
			pause = 0
			f.take(&conn{Conn: c, front: f}, config)
			continue
		}
		<-f.places
		if errors.Is(err, net.ErrClosed) {
			return
		}
		tell("a connection cannot be taken", "error", err) // out of descriptors, mostly
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		select {
		case <-time.After(pause):
		case <-f.done:
			return
		}
	}
}

func (f *Front) take(c *conn, config *tls.Config) {
	if config == nil {
		f.hand(c)
		return
	}
	f.accepting.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), f.header)
		defer cancel()
		stop := context.AfterFunc(ctx, func() { _ = c.Close() })
		secure := tls.Server(c, config)
		err := secure.HandshakeContext(ctx)
		if stop() && err == nil {
			if secure.ConnectionState().NegotiatedProtocol == "h2" {
				f.hand(secure) // net/http wants it bare
				return
			}
			f.hand(&secureConn{secure, c})
			return
		}
		f.server.connections.broken.Add(1)
		if ctx.Err() != nil {
			f.server.limits.Add("header_time")
		}
		f.server.log.Debug("connection", "detail", "TLS handshake", "client", c.RemoteAddr().String(), "error", err)
		if plain, ok := errors.AsType[tls.RecordHeaderError](err); ok && plain.Conn != nil && isHTTP(plain.RecordHeader) {
			_, _ = io.WriteString(plain.Conn, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
		}
		_ = c.Close()
	})
}

// isHTTP tells whether what came in the place of a TLS record begins a request of HTTP/1.1.
func isHTTP(record [5]byte) bool {
	switch string(record[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "OPTIO", "DELET", "PATCH":
		return true
	}
	return false
}

// hand gives a connection to net/http.
func (f *Front) hand(c net.Conn) {
	select {
	case f.conns <- c:
	case <-f.done:
		_ = c.Close()
	}
}
