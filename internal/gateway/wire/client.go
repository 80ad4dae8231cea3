package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/observe"
)

// Protocol says which HTTP a Client speaks.
type Protocol uint8

const (
	// Negotiate is HTTP/2 where a TLS upstream chooses it by ALPN, else HTTP/1.1.
	Negotiate Protocol = iota
	// HTTP1 is HTTP/1.1 alone.
	HTTP1
	// HTTP2 asks for HTTP/2 over TLS; without TLS it needs PriorKnowledge, else
	// HTTP/1.1 is spoken.
	HTTP2
)

// ClientOptions tell how a Client sends. Of sizes and times, zero is the default and
// a negative value means none or no limit.
type ClientOptions struct {
	// Connections bounds the connections to one destination. Default 64.
	Connections int
	// WaitQueueSize bounds the requests that wait for a connection to one
	// destination; over it they fail at once. Default Connections squared; negative:
	// nobody waits.
	WaitQueueSize int
	// SoTimeout bounds each wait for data on a connection, so also that for the
	// response, and the wait for a free connection. Default 10 s.
	SoTimeout time.Duration
	// ConnectTimeout bounds connecting, with the TLS handshake. Default 10 s.
	ConnectTimeout time.Duration
	// TTL ends the reuse of a connection that is older. Zero: never.
	TTL time.Duration
	// IdleTimeout closes connections that nobody used for that long. Default 1 min.
	IdleTimeout time.Duration
	// DisableReuse sends each request on a connection of its own.
	DisableReuse bool
	// Resolve replaces addresses: from "host:port" or "host" to "address[:port]", or to
	// several with commas between, of which one that takes the connection is used.
	Resolve map[string]string
	// TLS is the configuration for https; nil trusts the system's roots.
	TLS *tls.Config
	// Protocol chooses the version.
	Protocol Protocol
	// PriorKnowledge speaks HTTP/2 without TLS (RFC 9113 §3.3); Protocol must be HTTP2.
	PriorKnowledge bool
	// Proxy returns the proxy for a URL, nil for none. It is asked once a destination.
	Proxy func(*url.URL) (*url.URL, error)
	// Streaming returns responses while their body is still coming. Otherwise the
	// body is read completely, and an incomplete one is an error.
	Streaming bool
	// Storage says where response bodies are buffered; nil is the chain's default.
	Storage *chain.Storage
	// WebSocket passes on upgrades to the WebSocket protocol (RFC 6455 §4.1), each on a
	// connection of its own. SoTimeout holds for the handshake; what follows may be
	// silent for as long as it likes.
	WebSocket bool
	// MaxResponseHeader bounds the header of a response, in bytes. Default 65536.
	MaxResponseHeader int
}

func (o ClientOptions) withDefaults() ClientOptions {
	o.Connections = max(orDefault(o.Connections, 64), 1)
	o.WaitQueueSize = orDefault(o.WaitQueueSize, o.Connections*o.Connections)
	o.SoTimeout = orDefault(o.SoTimeout, 10*time.Second)
	o.ConnectTimeout = orDefault(o.ConnectTimeout, 10*time.Second)
	o.IdleTimeout = orDefault(o.IdleTimeout, time.Minute)
	o.MaxResponseHeader = orDefault(o.MaxResponseHeader, 64<<10)
	if o.MaxResponseHeader == 0 {
		o.MaxResponseHeader = 16 << 20
	}
	o.TTL = max(o.TTL, 0)
	return o
}

// Client sends requests to upstreams over pooled connections. It follows no redirect,
// keeps no cookie, adds no field of its own but those that frame the message.
type Client struct {
	options   ClientOptions
	tls       *tls.Config
	transport *transport

	mu           sync.RWMutex
	destinations map[place]*destination
	sweeper      *time.Timer // nil while there is nothing to sweep
	closed       bool

	waits  atomic.Uint64
	waited atomic.Int64 // nanoseconds
}

// NewClient returns a client without connections.
func NewClient(o ClientOptions) *Client {
	c := &Client{options: o.withDefaults(), destinations: map[place]*destination{}}
	c.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	if o.TLS != nil {
		c.tls = o.TLS.Clone()
	}
	if c.tls.ClientSessionCache == nil {
		c.tls.ClientSessionCache = tls.NewLRUClientSessionCache(64)
	}
	c.transport = newTransport(c)
	return c
}

// Handle is Do: a Client is a handler.
func (c *Client) Handle(x *chain.Exchange) (*chain.Response, error) { return c.Do(x) }

// Do sends the request of x to its URI and returns what came back. An error is a
// *chain.UpstreamError. The entity of the response must be closed, or the context of
// x must end, before a streamed connection is free again.
func (c *Client) Do(x *chain.Exchange) (*chain.Response, error) {
	ctx, span := observe.Call(x.Ctx(), x.Request.Method, x.Request.URI.HostPort(), x.Request.Header)
	if span.On() {
		span.URL(bareURL(x.Request.URI))
	}
	if ctx != x.Ctx() {
		x = x.WithCtx(ctx)
	}
	response, op, err := c.send(x)
	if err == nil {
		span.Called(response.Status.Code, "")
		return response, nil
	}
	span.Called(0, op)
	if cause := context.Cause(x.Ctx()); cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w (%w)", cause, err)
	}
	return nil, &chain.UpstreamError{Op: op, URL: bareURL(x.Request.URI), Err: err}
}

// Close closes idle connections and lets no more become idle.
func (c *Client) Close() {
	c.mu.Lock()
	c.closed = true
	if c.sweeper != nil {
		c.sweeper.Stop()
		c.sweeper = nil
	}
	all := make([]*destination, 0, len(c.destinations))
	for _, d := range c.destinations {
		all = append(all, d)
	}
	c.mu.Unlock()
	for _, d := range all {
		d.closeIdle(time.Time{})
	}
	c.transport.close()
}

// Stats is what a client has to do at a moment, and how long requests waited for a
// connection so far.
type Stats struct {
	// Open counts the connections, idle ones among them, by host and port.
	Open    map[string]int
	Pending int
	Waits   uint64
	Waited  time.Duration
}

// Stats returns the present numbers. Connections that speak HTTP/2 or go through a proxy
// are not counted.
func (c *Client) Stats() Stats {
	s := Stats{Open: map[string]int{}, Waits: c.waits.Load(), Waited: time.Duration(c.waited.Load())}
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, d := range c.destinations {
		d.mu.Lock()
		s.Open[d.hostPort()] += d.open
		s.Pending += d.waiting.Len()
		d.mu.Unlock()
	}
	return s
}

// bareURL is a URI without what may be secret.
func bareURL(u *chain.URI) string {
	bare := *u
	bare.UserInfo, bare.RawQuery, bare.HasQuery, bare.Fragment = "", "", false, ""
	return bare.String()
}

// The words of UpstreamError.Op.
const (
	opPrepare  = "prepare request"
	opConnect  = "connect"
	opSource   = "read request body"
	opSend     = "write request"
	opResponse = "read response"
)

// send picks the destination and the way to it.
func (c *Client) send(x *chain.Exchange) (*chain.Response, string, error) {
	d, err := c.destination(x.Request.URI)
	if err != nil {
		return nil, opPrepare, err
	}
	if c.options.WebSocket && d.proxy == nil && wantsWebSocket(x.Request) {
		return c.sendUpgrade(x, d)
	}
	if d.viaTransport.Load() {
		return c.transport.send(x, d)
	}
	response, op, err := c.sendPooled(x, d)
	if errors.Is(err, errSpeaksHTTP2) {
		return c.transport.send(x, d)
	}
	return response, op, err
}

// sendPooled sends on a connection of the pool. When a connection that had been used
// before ends without a byte of response, a request that may be repeated is sent once
// more, on a new connection (RFC 9110 §9.2.2, RFC 9112 §9.3.1).
func (c *Client) sendPooled(x *chain.Exchange, d *destination) (*chain.Response, string, error) {
	repeatable := repeatable(x.Request)
	conn, err := d.acquire(x.Ctx(), !repeatable)
	if err != nil {
		return nil, opConnect, err
	}
	response, op, err := c.exchange(x, conn, false)
	if err == nil || !repeatable || !conn.stale || x.Ctx().Err() != nil {
		return response, op, err
	}
	if conn, err = d.acquireNew(x.Ctx()); err != nil {
		return nil, opConnect, err
	}
	return c.exchange(x, conn, false)
}

// repeatable says whether sending a request twice is harmless, and possible.
func repeatable(r *chain.Request) bool {
	switch r.Method {
	case "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PROPFIND":
		return r.Entity.Buffered()
	}
	return false
}

// exchange sends one request on conn and reads the answer. Whatever happens, conn is
// given back or closed: at once, or when the body of the response ends.
func (c *Client) exchange(x *chain.Exchange, conn *upstreamConn, upgrade bool) (*chain.Response, string, error) {
	ctx := x.Ctx()
	if ctx.Done() != nil {
		conn.stop = context.AfterFunc(ctx, conn.discard)
	}
	beside, op, err := conn.send(x.Request, upgrade)
	if beside != nil {
		conn.sender = beside
		go beside.run()
	}
	var a *answer
	if err == nil {
		op = opResponse
		if a, err = conn.receive(x.Request.Method, c.options.MaxResponseHeader, upgrade); err != nil && beside != nil {
			op, err = beside.cause(op, err)
		}
	} else if op == opSend {
		// The upstream may have answered without taking the whole body.
		a = conn.receiveEarly(x.Request.Method, c.options.MaxResponseHeader)
		if a != nil {
			err = nil
		}
	}
	if err != nil {
		conn.stale = conn.reused && !conn.answered && op != opSource && !isTimeout(err)
		conn.abandon()
		return nil, op, err
	}
	a.response.Entity.SetStorage(c.options.Storage)
	if a.response.Upgrade == nil && !c.options.Streaming {
		if err := a.response.Entity.Buffer(); err != nil {
			_ = a.body.Close()
			return nil, op, err
		}
	}
	return &a.response, "", nil
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

func wantsWebSocket(r *chain.Request) bool {
	u := r.Header["Upgrade"]
	return len(u) == 1 && strings.EqualFold(u[0], "websocket") && r.Method == "GET" && hasToken(r.Header["Connection"], "upgrade")
}
