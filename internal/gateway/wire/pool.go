package wire

import (
	"container/list"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/gateway/chain"
)

// place is a destination as URIs name it.
type place struct {
	secure bool
	host   string
	port   int
}

// destination keeps the connections to one place. A request that finds no idle
// connection opens one, or waits its turn when there are too many.
type destination struct {
	client    *Client
	place     place
	addresses []string // to connect to one of them
	proxy     *url.URL // nil: none
	// viaTransport: requests go another way, because the place speaks HTTP/2 or is
	// behind a proxy.
	viaTransport atomic.Bool

	mu      sync.Mutex
	idle    []*upstreamConn // the last one used is the last
	open    int             // idle, busy and being opened
	waiting list.List       // of chan *upstreamConn
	gone    bool            // forgotten by the client: nothing may become idle here
}

var (
	errQueueFull    = errors.New("too many requests wait for a connection")
	errQueueTime    = errors.New("no connection became free in time")
	errSpeaksHTTP2  = errors.New("the upstream speaks HTTP/2")
	errClientClosed = errors.New("the client is closed")
)

// destination returns the pool for a URI, which it makes at the first request.
func (c *Client) destination(u *chain.URI) (*destination, error) {
	p := place{host: u.Host, port: u.Port}
	switch u.Scheme {
	case "http", "ws":
	case "https", "wss":
		p.secure = true
	default:
		return nil, fmt.Errorf("the scheme %q is not supported", u.Scheme)
	}
	if p.port < 0 {
		p.port = 80
		if p.secure {
			p.port = 443
		}
	}
	c.mu.RLock()
	d := c.destinations[p]
	c.mu.RUnlock()
	if d != nil {
		return d, nil
	}
	return c.newDestination(p)
}

func (c *Client) newDestination(p place) (*destination, error) {
	if p.host == "" {
		return nil, errors.New("the URI has no host")
	}
	d := &destination{client: c, place: p}
	d.addresses = resolve(c.options.Resolve, p.host, strconv.Itoa(p.port))
	if err := d.askProxy(); err != nil {
		return nil, err
	}
	o := c.options
	d.viaTransport.Store(d.proxy != nil || o.Protocol == HTTP2 && (p.secure || o.PriorKnowledge))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errClientClosed
	}
	if other := c.destinations[p]; other != nil {
		return other, nil
	}
	c.destinations[p] = d
	c.sweepLater() // nothing may ever become idle here
	return d, nil
}

func (d *destination) askProxy() error {
	if d.client.options.Proxy == nil {
		return nil
	}
	u := &url.URL{Scheme: "http", Host: net.JoinHostPort(d.place.host, strconv.Itoa(d.place.port)), Path: "/"}
	if d.place.secure {
		u.Scheme = "https"
	}
	var err error
	d.proxy, err = d.client.options.Proxy(u)
	if d.proxy != nil && d.proxy.Scheme == "https" {
		d.client.transport.addSecureProxy(d.proxy)
	}
	return err
}

// acquire returns a connection: an idle one, a new one, or the next that becomes free.
// With probe, an idle connection is looked at before use, for requests that cannot be
// repeated when it turns out to be closed.
func (d *destination) acquire(ctx context.Context, probe bool) (*upstreamConn, error) {
	for {
		conn, turn, err := d.takeOrQueue()
		if err != nil {
			return nil, err
		}
		if turn != nil {
			if conn, err = d.await(ctx, turn); err != nil {
				return nil, err
			}
		}
		if conn == nil {
			return d.dial(ctx)
		}
		if conn.usable(probe) {
			conn.begin()
			return conn, nil
		}
		conn.discard()
	}
}

// acquireNew opens a connection after an idle one was found closed. The other idle ones
// have rested longer, and go.
func (d *destination) acquireNew(ctx context.Context) (*upstreamConn, error) {
	for {
		conn, turn, err := d.takeOrQueue()
		if err != nil {
			return nil, err
		}
		if turn != nil {
			if conn, err = d.await(ctx, turn); err != nil {
				return nil, err
			}
		}
		if conn == nil {
			return d.dial(ctx)
		}
		conn.discard()
	}
}

// takeOrQueue returns an idle connection, or nil for the right to open one, or a
// place in the queue.
func (d *destination) takeOrQueue() (*upstreamConn, *list.Element, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := len(d.idle); n > 0 {
		conn := d.idle[n-1]
		d.idle[n-1] = nil
		d.idle = d.idle[:n-1]
		return conn, nil, nil
	}
	if d.open < d.client.options.Connections {
		d.open++
		return nil, nil, nil
	}
	if d.waiting.Len() >= d.client.options.WaitQueueSize {
		return nil, nil, errQueueFull
	}
	return nil, d.waiting.PushBack(make(chan *upstreamConn, 1)), nil
}

// await waits for a connection, or for the right to open one (nil).
func (d *destination) await(ctx context.Context, turn *list.Element) (*upstreamConn, error) {
	got := turn.Value.(chan *upstreamConn)
	began := time.Now()
	defer func() {
		d.client.waits.Add(1)
		d.client.waited.Add(int64(time.Since(began)))
	}()
	var expired <-chan time.Time
	if limit := d.client.options.SoTimeout; limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		expired = timer.C
	}
	var err error
	select {
	case conn := <-got:
		return conn, nil
	case <-expired:
		err = errQueueTime
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	d.mu.Lock()
	d.waiting.Remove(turn)
	d.mu.Unlock()
	select {
	case conn := <-got: // it came at the same moment: pass it on
		if conn == nil {
			d.leave()
		} else {
			d.put(conn)
		}
	default:
	}
	return nil, err
}

// put makes a connection available again.
func (d *destination) put(conn *upstreamConn) {
	d.mu.Lock()
	if front := d.waiting.Front(); front != nil {
		d.waiting.Remove(front)
		front.Value.(chan *upstreamConn) <- conn
		d.mu.Unlock()
		return
	}
	if d.gone {
		d.mu.Unlock()
		conn.discard()
		return
	}
	first := len(d.idle) == 0
	d.idle = append(d.idle, conn)
	d.mu.Unlock()
	if first {
		d.client.scheduleSweep()
	}
}

// leave gives back the right to a connection.
func (d *destination) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if front := d.waiting.Front(); front != nil {
		d.waiting.Remove(front)
		front.Value.(chan *upstreamConn) <- nil
		return
	}
	d.open--
}

// closeIdle closes the connections that were last used before t, all for a zero t.
func (d *destination) closeIdle(t time.Time) {
	d.mu.Lock()
	var old []*upstreamConn
	kept := d.idle[:0]
	for _, conn := range d.idle {
		if t.IsZero() || conn.used.Before(t) {
			old = append(old, conn)
		} else {
			kept = append(kept, conn)
		}
	}
	clear(d.idle[len(kept):])
	d.idle = kept
	d.mu.Unlock()
	for _, conn := range old {
		conn.discard()
	}
}

// scheduleSweep has idle connections closed later on. It also closes at once what
// became idle after Close.
func (c *Client) scheduleSweep() {
	c.mu.RLock()
	settled := c.sweeper != nil && !c.closed
	c.mu.RUnlock()
	if settled {
		return
	}
	c.mu.Lock()
	closed := c.closed
	if !closed {
		c.sweepLater()
	}
	c.mu.Unlock()
	if closed {
		c.Close()
	}
}

// sweepLater is called with the lock held.
func (c *Client) sweepLater() {
	if c.sweeper == nil && c.options.IdleTimeout > 0 {
		c.sweeper = time.AfterFunc(c.options.IdleTimeout, c.sweep)
	}
}

// sweep closes connections that were idle for too long, and forgets destinations that
// have none.
func (c *Client) sweep() {
	limit := time.Now().Add(-c.options.IdleTimeout)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.sweeper = nil
	again := false
	for p, d := range c.destinations {
		d.closeIdle(limit)
		d.mu.Lock()
		switch {
		case d.viaTransport.Load():
		case d.open == 0 && d.waiting.Len() == 0:
			d.gone = true
			delete(c.destinations, p)
		default:
			again = true
		}
		d.mu.Unlock()
	}
	if again {
		c.sweepLater()
	}
}

// dial opens a connection; the right to do so has been obtained and is given back
// when it fails.
func (d *destination) dial(ctx context.Context) (*upstreamConn, error) {
	protocols := []string{"http/1.1"}
	if d.client.options.Protocol == Negotiate {
		protocols = []string{"h2", "http/1.1"}
	}
	nc, err := d.connect(ctx, protocols)
	if err != nil {
		d.leave()
		return nil, err
	}
	if secure, ok := nc.(*tls.Conn); ok && secure.ConnectionState().NegotiatedProtocol == "h2" {
		d.leave()
		d.client.transport.handOver(d, secure)
		return nil, errSpeaksHTTP2
	}
	conn := newUpstreamConn(nc, d.client.options.SoTimeout)
	conn.home = d
	return conn, nil
}

// connect opens a socket and, for https, speaks TLS on it.
func (d *destination) connect(ctx context.Context, protocols []string) (net.Conn, error) {
	if limit := d.client.options.ConnectTimeout; limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, errConnectTime)
		defer cancel()
	}
	var dialer net.Dialer
	nc, err := dialAny(ctx, &dialer, "tcp", d.addresses)
	if err == nil && d.place.secure {
		nc, err = d.secure(ctx, nc, protocols)
	}
	// A dial may see that the time is over before the context says so.
	if end, bounded := ctx.Deadline(); err != nil && (errors.Is(context.Cause(ctx), errConnectTime) || bounded && ctx.Err() == nil && !time.Now().Before(end)) {
		return nil, errConnectTime
	}
	return nc, err
}

var errConnectTime = errors.New("no connection within the connect timeout")

func (d *destination) secure(ctx context.Context, nc net.Conn, protocols []string) (net.Conn, error) {
	config := TLSFor(d.client.tls, d.place.host)
	config.NextProtos = protocols
	secure := tls.Client(nc, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = nc.Close()
		return nil, err
	}
	return secure, nil
}

// TLSFor returns settings for connections to a host. Checks of the settings' own see its
// name even where it is an address, which the handshake does not mention (RFC 6066 §3).
func TLSFor(config *tls.Config, host string) *tls.Config {
	config = config.Clone()
	if config.ServerName == "" {
		config.ServerName = host
	}
	if verify := config.VerifyConnection; verify != nil {
		name := config.ServerName
		config.VerifyConnection = func(s tls.ConnectionState) error {
			if s.ServerName == "" {
				s.ServerName = name
			}
			return verify(s)
		}
	}
	return config
}
