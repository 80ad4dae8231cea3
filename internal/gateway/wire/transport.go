package wire

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"gatehouse/internal/gateway/chain"
)

// transport sends what the pool does not: HTTP/2, and everything through proxies. It
// adapts http.Transport.
type transport struct {
	client *Client
	http   *http.Transport

	mu       sync.Mutex
	handed   map[string]*tls.Conn // by host:port, open and agreed on HTTP/2
	proxies  map[string]bool      // host:port of those that speak TLS
	isClosed bool
}

func newTransport(c *Client) *transport {
	o := c.options
	t := &transport{client: c, handed: map[string]*tls.Conn{}, proxies: map[string]bool{}}
	var protocols http.Protocols
	protocols.SetHTTP1(!o.PriorKnowledge || o.Protocol != HTTP2)
	protocols.SetHTTP2(o.Protocol != HTTP1)
	protocols.SetUnencryptedHTTP2(o.Protocol == HTTP2 && o.PriorKnowledge)
	t.http = &http.Transport{
		DialContext:            t.dial,
		DialTLSContext:         t.dialTLS,
		TLSClientConfig:        c.tls.Clone(),
		TLSHandshakeTimeout:    o.ConnectTimeout,
		DisableCompression:     true,
		DisableKeepAlives:      o.DisableReuse,
		MaxIdleConnsPerHost:    o.Connections,
		MaxConnsPerHost:        o.Connections,
		IdleConnTimeout:        o.IdleTimeout,
		ResponseHeaderTimeout:  o.SoTimeout,
		ExpectContinueTimeout:  continueWait,
		MaxResponseHeaderBytes: int64(o.MaxResponseHeader),
		Protocols:              &protocols,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: o.SoTimeout, WriteByteTimeout: o.SoTimeout},
	}
	if o.Proxy != nil {
		t.http.Proxy = func(r *http.Request) (*url.URL, error) { return o.Proxy(r.URL) }
	}
	return t
}

// addSecureProxy remembers a proxy that is reached over TLS: with it, HTTP/1.1 is
// spoken, since CONNECT is sent as such.
func (t *transport) addSecureProxy(u *url.URL) {
	port := u.Port()
	if port == "" {
		port = "443"
	}
	t.mu.Lock()
	t.proxies[net.JoinHostPort(u.Hostname(), port)] = true
	t.mu.Unlock()
}

// handOver gives a connection that was opened for the pool but speaks HTTP/2. From
// now on its destination is served here.
func (t *transport) handOver(d *destination, c *tls.Conn) {
	d.viaTransport.Store(true)
	key := d.hostPort()
	t.mu.Lock()
	if !t.isClosed && t.handed[key] == nil {
		t.handed[key], c = c, nil
	}
	t.mu.Unlock()
	if c != nil {
		_ = c.Close()
	}
}

func (d *destination) hostPort() string {
	return net.JoinHostPort(d.place.host, strconv.Itoa(d.place.port))
}

// dial connects as the pool does, for plain connections and to proxies.
func (t *transport) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: t.client.options.ConnectTimeout}
	return dialAny(ctx, &dialer, network, resolve(t.client.options.Resolve, host, port))
}

func (t *transport) dialTLS(ctx context.Context, _, address string) (net.Conn, error) {
	t.mu.Lock()
	c := t.handed[address]
	delete(t.handed, address)
	isProxy := t.proxies[address]
	t.mu.Unlock()
	if c != nil {
		return c, nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	protocols := []string{"h2", "http/1.1"}
	if isProxy || t.client.options.Protocol == HTTP1 {
		protocols = protocols[1:]
	}
	d := &destination{client: t.client, place: place{true, host, n}, addresses: resolve(t.client.options.Resolve, host, port)}
	return d.connect(ctx, protocols)
}

func (t *transport) close() {
	t.mu.Lock()
	t.isClosed = true
	for key, c := range t.handed {
		_ = c.Close()
		delete(t.handed, key)
	}
	t.mu.Unlock()
	t.http.CloseIdleConnections()
}

// send is Client.send by way of http.Transport.
func (t *transport) send(x *chain.Exchange, d *destination) (*chain.Response, string, error) {
	ctx, cancel := context.WithCancelCause(x.Ctx())
	request, err := outgoing(ctx, x.Request, d)
	if err != nil {
		cancel(context.Canceled)
		return nil, opPrepare, err
	}
	got, err := t.http.RoundTrip(request)
	if err != nil {
		cancel(context.Canceled)
		return nil, opResponse, err
	}
	o := t.client.options
	a := &chain.Response{
		Status: chain.Status{Code: got.StatusCode, Reason: reasonOf(got)},
		Proto:  "HTTP/1.1", Header: got.Header,
	}
	if got.ProtoMajor == 2 {
		a.Proto = "HTTP/2"
	}
	a.Entity.Bind(a.Header)
	a.Entity.SetStorage(o.Storage)
	dropHopByHop(a.Header)
	body := &transportBody{newWatchdog(got.Body, o.SoTimeout, cancel), got, a}
	if !bodyAllowed(x.Request.Method, got.StatusCode) {
		return a, "", body.Close()
	}
	a.Entity.SetStream(body, got.ContentLength)
	if o.Streaming {
		return a, "", nil
	}
	if err := a.Entity.Buffer(); err != nil {
		_ = body.Close()
		if cause := context.Cause(ctx); errors.Is(cause, errSilent) {
			err = cause
		}
		return nil, opResponse, err
	}
	return a, "", nil
}

// transportBody leaves the trailers in the response when it is at its end.
type transportBody struct {
	*watchdog
	got      *http.Response
	response *chain.Response
}

func (b *transportBody) Read(p []byte) (int, error) {
	n, err := b.watchdog.Read(p)
	if err == io.EOF && len(b.got.Trailer) > 0 {
		b.response.Trailer = b.got.Trailer
	}
	return n, err
}

func reasonOf(r *http.Response) string {
	if _, reason, ok := strings.Cut(r.Status, " "); ok {
		return reason
	}
	return http.StatusText(r.StatusCode)
}

// outgoing makes the request of net/http. The header is checked by writing it as
// HTTP/1.1 would be: one rule for both ways.
func outgoing(ctx context.Context, r *chain.Request, d *destination) (*http.Request, error) {
	if _, err := appendHead(nil, r, framed{}); err != nil {
		return nil, err
	}
	out := &http.Request{
		Method: r.Method, URL: outgoingURL(r.URI, d), Host: r.URI.HostPort(),
		Header: make(http.Header, len(r.Header)+1), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if host := r.Header["Host"]; len(host) == 1 {
		out.Host = host[0]
	}
	named := connectionOptions(r.Header)
	for name, values := range r.Header {
		if !skipped(name) && !containsFold(named, name) {
			out.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	if _, ok := out.Header["User-Agent"]; !ok {
		out.Header["User-Agent"] = []string{""} // keeps net/http from adding its own
	}
	setBody(out, r)
	return out.WithContext(ctx), nil
}

func setBody(out *http.Request, r *chain.Request) {
	if b, ok := r.Entity.InMemory(); ok {
		if len(b) > 0 {
			out.ContentLength = int64(len(b))
			out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
			out.Body, _ = out.GetBody()
		}
		return
	}
	body, length := r.Entity.Open()
	if body == nil || length == 0 {
		return
	}
	out.Body, out.ContentLength = io.NopCloser(body), length
	if !r.Entity.Buffered() && expectsContinue(r) {
		out.Header["Expect"] = []string{"100-continue"}
	}
	if len(r.Trailer) > 0 {
		out.Trailer = r.Trailer
	}
}

// outgoingURL keeps the target byte by byte, which url.URL does in Opaque: after the
// authority for a plain request to a proxy, alone else.
func outgoingURL(u *chain.URI, d *destination) *url.URL {
	scheme := "http"
	if d.place.secure {
		scheme = "https"
	}
	path := u.RawPath
	if path == "" || path[0] != '/' {
		path = "/" + path
	}
	out := &url.URL{Scheme: scheme, Host: u.HostPort(), Opaque: path, RawQuery: u.RawQuery, ForceQuery: u.HasQuery && u.RawQuery == ""}
	if d.proxy != nil && !d.place.secure || strings.HasPrefix(path, "//") {
		out.Opaque = "//" + u.HostPort() + path
	}
	return out
}
