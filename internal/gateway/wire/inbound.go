package wire

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/observe"
)

// connection is what is known about a client's connection, once for all its requests.
type connection struct {
	guard *guard // nil for HTTP/2
	local string
}

type connectionKey struct{}

// withConnection is the server's ConnContext.
func withConnection(ctx context.Context, c net.Conn) context.Context {
	known := &connection{local: c.LocalAddr().String()}
	switch c := c.(type) {
	case *guard:
		known.guard = c
	case *secureGuard:
		known.guard = c.guard
	}
	return context.WithValue(ctx, connectionKey{}, known)
}

// inbound is everything that an exchange begins with, in one piece of memory.
type inbound struct {
	exchange    chain.Exchange
	request     chain.Request
	uri         chain.URI
	original    chain.URI
	root        chain.RootContext
	transaction chain.TransactionContext
	audit       chain.AuditContext
	client      chain.ClientContext
	router      chain.RouterContext
	attributes  chain.AttributesContext
	body        requestBody
	context     observe.Request
	host        [1]string
}

// transactionHeader carries the id that a trusted caller gave to its transaction.
const transactionHeader = "X-Forgerock-Transactionid"

// inbound turns a request of net/http into an exchange.
func (s *Server) inbound(r *http.Request, c *connection) (*inbound, error) {
	in := &inbound{}
	req := &in.request
	req.Method, req.URI, req.Header = r.Method, &in.uri, r.Header
	req.Proto = "HTTP/1.1"
	if r.ProtoMajor == 2 {
		req.Proto = "HTTP/2"
	}
	req.Entity.Bind(r.Header)
	req.Entity.SetStorage(s.options.Storage)
	if err := s.setTarget(in, r); err != nil {
		return nil, err
	}
	if err := in.takeHeader(r); err != nil {
		return nil, err
	}
	s.setContexts(in, r, c)
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return in, nil
	}
	if limit := s.options.MaxBody; limit > 0 && r.ContentLength > limit {
		return nil, chain.ErrTooLarge
	}
	b := &in.body
	b.stream, b.request, b.in, b.limit, b.guard = r.Body, r, in, s.options.MaxBody, c.guard
	req.Entity.SetStream(&in.body, r.ContentLength)
	return in, nil
}

// setTarget builds the URI from scheme, host and the target as it was sent. The path
// is neither cleaned nor decoded: conditions of routes see what the client sent.
func (s *Server) setTarget(in *inbound, r *http.Request) error {
	u := &in.uri
	target := r.RequestURI
	if !validTarget(target) {
		return badRequest("the request target has a character that it cannot have")
	}
	if target[0] != '/' {
		_, rest, ok := strings.Cut(target, "://")
		if !ok {
			return badRequest("the request target is malformed")
		}
		target = "/"
		if i := strings.IndexAny(rest, "/?"); i >= 0 {
			target = rest[i:]
		}
	}
	u.Scheme = "http"
	if r.TLS != nil {
		u.Scheme = "https"
	}
	if err := u.SetHostPort(r.Host); err != nil {
		return badRequest("the host is malformed")
	}
	u.RawPath, u.RawQuery, u.HasQuery = strings.Cut(target, "?")
	if u.RawPath == "" {
		u.RawPath = "/"
	}
	if !s.options.PreserveQuery {
		u.RawQuery = normalQuery(u.RawQuery)
	} else if !legalQuery(u.RawQuery) {
		return badRequest("the query has a character that no URI can have")
	}
	in.original = in.uri
	return nil
}

// takeHeader makes the header that of the chain: with Host, without the fields that
// Connection names. Those end here and not where the request leaves, lest a client
// name a field that a filter adds on the way.
func (in *inbound) takeHeader(r *http.Request) error {
	if named := connectionOptions(r.Header); named != nil {
		for _, name := range named {
			r.Header.Del(name)
		}
		upgrade := hasToken(r.Header["Connection"], "upgrade")
		delete(r.Header, "Connection")
		if upgrade {
			r.Header["Connection"] = []string{"Upgrade"}
		}
	}
	// The authority of HTTP/2 becomes Host where there is HTTP/1.1 (RFC 9113 §8.3.1), and
	// conditions find it in one place.
	in.host[0] = r.Host
	r.Header["Host"] = in.host[:1:1]
	return nil
}

func (s *Server) setContexts(in *inbound, r *http.Request, c *connection) {
	id := s.newID()
	in.root.ID, in.transaction.Value = id, id
	if s.options.TrustTransactionHeader {
		if given := r.Header[transactionHeader]; len(given) > 0 && validTransaction(given[0]) {
			in.transaction.Value = given[0]
		}
	}
	in.audit.Received = time.Now()
	in.client.RemoteAddr, in.client.LocalAddr, in.client.Secure = r.RemoteAddr, c.local, r.TLS != nil
	if ua := r.Header["User-Agent"]; len(ua) > 0 {
		in.client.UserAgent = ua[0]
	}
	if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
		in.client.Certificates = r.TLS.PeerCertificates
	}
	in.router.OriginalURI = &in.original
	in.context = observe.Request{Context: r.Context(), TransactionID: in.transaction.Value, Tracing: s.options.Tracing, Limits: s.options.Limits}
	in.exchange = *chain.New(&in.context, &in.request, &in.root)
	in.exchange = *in.exchange.Push(&in.transaction)
	in.exchange = *in.exchange.Push(&in.audit)
	in.exchange = *in.exchange.Push(&in.client)
	in.exchange = *in.exchange.Push(&in.router)
	in.exchange = *in.exchange.Push(&in.attributes)
}

// newID returns the random prefix of this server with a number.
func (s *Server) newID() string {
	b := make([]byte, 0, 64)
	b = append(b, s.prefix...)
	return string(strconv.AppendUint(b, s.serial.Add(1), 10))
}

// validTransaction bounds what a caller may put into logs and audit events.
func validTransaction(id string) bool {
	return id != "" && len(id) <= 256 && validValue(id)
}

// requestBody is the body of an inbound request. It ends with chain.ErrTooLarge when
// the limit is passed, and leaves the trailers in the request when it is at its end. The
// one who reads it may still do so while the answer is written.
type requestBody struct {
	stream  io.ReadCloser
	request *http.Request
	in      *inbound
	guard   *guard // nil for HTTP/2
	// patience bounds each Read where there is no guard.
	patience *overdue
	limit    int64 // 0: none
	read     int64
	state    atomic.Int32
	reading  sync.Mutex // held by a Read
	failed   atomic.Pointer[failure]
}

const (
	bodyUntouched int32 = iota
	bodyInFlight
	bodyRead
)

// failure is what ended a body other than its end.
type failure struct{ error }

func (b *requestBody) Read(p []byte) (int, error) {
	b.reading.Lock()
	defer b.reading.Unlock()
	b.state.CompareAndSwap(bodyUntouched, bodyInFlight)
	b.patience.begin()
	n, err := b.stream.Read(p)
	b.patience.end()
	b.read += int64(n)
	switch {
	case b.limit > 0 && b.read > b.limit:
		n, err = 0, chain.ErrTooLarge
		b.failed.Store(&failure{err})
	case err == io.EOF:
		if len(b.request.Trailer) > 0 {
			b.in.request.Trailer = b.request.Trailer
		}
	case err != nil:
		b.failed.Store(&failure{err})
		if b.guard != nil && isTimeout(err) {
			b.guard.abort() // who closes the body, or answers, would wait for the rest as long again
		}
	case b.read != b.request.ContentLength:
		return n, nil
	}
	b.state.Store(bodyRead)
	return n, err
}

// failure is what ended the body other than its end; nil when nothing did. net/http
// cancels the context of a request before the Read that failed returns, so whoever stops
// for that may be here first.
func (b *requestBody) failure() error {
	if b.request != nil && b.request.Context().Err() != nil {
		b.reading.Lock() // not for long: the Read has failed, or fails at once
		defer b.reading.Unlock()
	}
	if f := b.failed.Load(); f != nil {
		return f.error
	}
	return nil
}

// inFlight says whether somebody has begun to read and may go on.
func (b *requestBody) inFlight() bool { return b.state.Load() == bodyInFlight }

func (b *requestBody) Close() error { return b.stream.Close() }
