package handlers

import (
	"fmt"
	"net/url"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/gateway/wire"
)

// clientConfig is what ClientHandler and ReverseProxyHandler share.
type clientConfig struct {
	// Connections bounds the pooled connections to one destination.
	Connections int `conf:"connections,min=1,default=64"`
	// WaitQueueSize bounds the requests that wait for a connection; the default is
	// the square of Connections.
	WaitQueueSize *int `conf:"waitQueueSize,min=0"`
	// SoTimeout bounds each wait for data; "unlimited" and "zero" mean no limit.
	SoTimeout conf.Duration `conf:"soTimeout,default=10 seconds"`
	// ConnectionTimeout bounds connecting.
	ConnectionTimeout conf.Duration `conf:"connectionTimeout,default=10 seconds"`
	// ConnectionTimeToLive ends the reuse of connections that are older.
	ConnectionTimeToLive          conf.Duration `conf:"connectionTimeToLive,default=unlimited"`
	ConnectionShutdownGracePeriod conf.Duration `conf:"connectionShutdownGracePeriod,unused=running requests always finish"`
	// ProtocolVersion chooses the protocol; the default negotiates it.
	ProtocolVersion string `conf:"protocolVersion,oneof=HTTP/1.1|HTTP/2"`
	// HTTP2PriorKnowledge speaks HTTP/2 without TLS.
	HTTP2PriorKnowledge bool `conf:"http2PriorKnowledge"`
	// ProxyOptions says which proxy to go through.
	ProxyOptions heap.Ref[*ProxyOptions] `conf:"proxyOptions,default=ProxyOptions"`
	// PropagateDisconnection may be true only, which is how it always is: a client that
	// goes away ends the request to the upstream.
	PropagateDisconnection *bool `conf:"propagateDisconnection"`
	// TemporaryStorage says where response bodies are buffered.
	TemporaryStorage heap.Ref[*TemporaryStorage] `conf:"temporaryStorage,default=TemporaryStorage"`
	// TLS says how to connect to https.
	TLS heap.Ref[secrets.ClientTlsOptions] `conf:"tls"`
	// Retries says when to try again.
	Retries *retriesConfig `conf:"retries"`
	// CircuitBreaker stops calling an upstream that fails.
	CircuitBreaker *heap.CircuitBreaker `conf:"circuitBreaker"`
	// WebSocket is for the ReverseProxyHandler.
	WebSocket *websocketConfig `conf:"websocket"`

	legacyClient
}

// legacyClient are fields of older configurations.
type legacyClient struct {
	secrets.OlderTLS
	Vertx                any          `conf:"vertx,unused=it tunes the former client"`
	Proxy                *proxyConfig `conf:"proxy"`
	SystemProxy          bool         `conf:"systemProxy"`
	DisableReuse         bool         `conf:"disableReuseConnection"`
	DisableRetries       bool         `conf:"disableRetries,unused=only a request that a stale connection lost is sent again"`
	StateTrackingEnabled bool         `conf:"stateTrackingEnabled,unused=connections carry no state"`
	NumberOfWorkers      any          `conf:"numberOfWorkers,unused=there is no pool of workers"`
	AsyncBehavior        string       `conf:"asyncBehavior,unused=streamingEnabled of admin.json decides"`
}

type websocketConfig struct {
	Enabled           bool                               `conf:"enabled"`
	ConnectionTimeout *conf.Duration                     `conf:"connectionTimeout"`
	SoTimeout         *conf.Duration                     `conf:"soTimeout"`
	TLS               heap.Ref[secrets.ClientTlsOptions] `conf:"tls"`
	ProxyOptions      heap.Ref[*ProxyOptions]            `conf:"proxyOptions"`
	MaxConnections    *int                               `conf:"maxConnections,min=1"`
	Vertx             any                                `conf:"vertx,unused=it tunes the former client"`
}

var clientHandler = heap.Define("ClientHandler", func(c *clientConfig, env *heap.Env) (chain.Handler, error) {
	if c.WebSocket != nil && c.WebSocket.Enabled {
		env.Warn("websocket", "only a ReverseProxyHandler passes WebSockets on")
		c.WebSocket = nil
	}
	return newUpstream(c, env)
})

var reverseProxy = heap.Define("ReverseProxyHandler", func(c *clientConfig, env *heap.Env) (chain.Handler, error) {
	u, err := newUpstream(c, env)
	if err != nil {
		return nil, err
	}
	return &proxyHandler{u}, nil
})

// proxyHandler turns every failure of the upstream into an empty 502.
type proxyHandler struct{ *upstream }

func (p *proxyHandler) Handle(x *chain.Exchange) (*chain.Response, error) {
	resp, err := p.upstream.Handle(x)
	if err != nil {
		return chain.Fail(502, err), nil
	}
	return resp, nil
}

// upstream sends requests on.
type upstream struct {
	clients []*wire.Client
	next    chain.Handler
}

func (u *upstream) Handle(x *chain.Exchange) (*chain.Response, error) { return u.next.Handle(x) }

// Stop closes the pooled connections.
func (u *upstream) Stop() {
	for _, c := range u.clients {
		c.Close()
	}
}

func newUpstream(c *clientConfig, env *heap.Env) (*upstream, error) {
	if c.PropagateDisconnection != nil && !*c.PropagateDisconnection {
		env.Warn("propagateDisconnection", "false has no effect: a client that goes away always ends the request to the upstream")
	}
	o, err := c.options(env)
	if err != nil {
		return nil, err
	}
	client := wire.NewClient(o)
	u := &upstream{clients: []*wire.Client{client}, next: client}
	if c.WebSocket != nil && c.WebSocket.Enabled {
		wo, err := c.WebSocket.options(o)
		if err != nil {
			return nil, err
		}
		ws := wire.NewClient(wo)
		u.clients = append(u.clients, ws)
		u.next = &upgrader{plain: client, ws: ws}
	}
	env.Measure(u.samples)
	if c.Retries != nil && c.Retries.Enabled {
		if c.Retries.Delay.Unlimited() {
			env.Fail("retries.delay", "the duration must not be unlimited")
		}
		u.next = &retrier{*c.Retries, u.next}
	}
	if c.CircuitBreaker != nil && c.CircuitBreaker.Enabled {
		u.next = &guarded{c.CircuitBreaker.Build(env, "circuitBreaker."), u.next}
	}
	return u, nil
}

// samples are the metrics of the connections.
func (u *upstream) samples() []heap.Sample {
	var list []heap.Sample
	for _, c := range u.clients {
		s := c.Stats()
		for remote, n := range s.Open {
			list = append(list, heap.Sample{Metric: "ig_http_client_active_connections", Labels: []string{"local", "?", "remote", remote}, Value: float64(n)})
		}
		pool := []string{"pool_type", "http"}
		list = append(list, heap.Sample{Metric: "ig_pool_queue_pending", Labels: pool, Value: float64(s.Pending)},
			heap.Sample{Metric: "ig_pool_queue_time_seconds", Kind: heap.Summary, Labels: pool, Value: s.Waited.Seconds(), Count: s.Waits})
	}
	return list
}

// guarded is a handler behind a circuit breaker.
type guarded struct {
	breaker *heap.Breaker
	next    chain.Handler
}

func (g *guarded) Handle(x *chain.Exchange) (*chain.Response, error) {
	return g.breaker.Handle(x, g.next)
}

func (c *clientConfig) options(env *heap.Env) (wire.ClientOptions, error) {
	storage := c.TemporaryStorage.Get()
	o := wire.ClientOptions{
		Connections: c.Connections, SoTimeout: limit(c.SoTimeout), ConnectTimeout: limit(c.ConnectionTimeout),
		DisableReuse: c.DisableReuse, Resolve: env.Hosts, PriorKnowledge: c.HTTP2PriorKnowledge,
		Streaming: env.Streaming, Storage: &storage.Storage,
	}
	if c.WaitQueueSize != nil {
		o.WaitQueueSize = *c.WaitQueueSize
		if o.WaitQueueSize == 0 {
			o.WaitQueueSize = -1
		}
	}
	if !c.ConnectionTimeToLive.Unlimited() {
		o.TTL = c.ConnectionTimeToLive.D()
	}
	switch c.ProtocolVersion {
	case "HTTP/1.1":
		o.Protocol = wire.HTTP1
	case "HTTP/2":
		o.Protocol = wire.HTTP2
	}
	if c.HTTP2PriorKnowledge && c.ProtocolVersion != "HTTP/2" {
		o.Protocol = wire.HTTP2
	}
	var options secrets.ClientTlsOptions
	if c.TLS.IsSet() {
		options = c.TLS.Get()
	}
	var err error
	if o.TLS, err = c.OlderTLS.Config(options, env); err != nil {
		return o, fmt.Errorf("tls: %w", err)
	}
	o.Proxy, err = c.proxy(env)
	return o, err
}

// limit turns zero and unlimited into "no limit".
func limit(d conf.Duration) time.Duration {
	if d == 0 || d.Unlimited() {
		return -1
	}
	return d.D()
}

func (c *clientConfig) proxy(env *heap.Env) (func(*url.URL) (*url.URL, error), error) {
	switch {
	case c.Proxy != nil:
		env.Warn("proxy", "\"proxy\" is an older spelling of \"proxyOptions\"")
		p, err := c.Proxy.options(env)
		if err != nil {
			return nil, err
		}
		return p.Proxy, nil
	case c.SystemProxy:
		env.Warn("systemProxy", "\"systemProxy\" is an older spelling of \"proxyOptions\" of type SYSTEM")
		return systemProxy, nil
	}
	return c.ProxyOptions.Get().Proxy, nil
}

func (w *websocketConfig) options(o wire.ClientOptions) (wire.ClientOptions, error) {
	o.WebSocket = true
	if w.ConnectionTimeout != nil {
		o.ConnectTimeout = limit(*w.ConnectionTimeout)
	}
	if w.SoTimeout != nil {
		o.SoTimeout = limit(*w.SoTimeout)
	}
	if w.MaxConnections != nil {
		o.Connections = *w.MaxConnections
	}
	if w.ProxyOptions.IsSet() {
		o.Proxy = w.ProxyOptions.Get().Proxy
	}
	if w.TLS.IsSet() {
		config, err := w.TLS.Get().ClientConfig()
		if err != nil {
			return o, fmt.Errorf("websocket.tls: %w", err)
		}
		o.TLS = config
	}
	return o, nil
}

// upgrader sends WebSocket upgrades through a client of their own.
type upgrader struct{ plain, ws chain.Handler }

func (u *upgrader) Handle(x *chain.Exchange) (*chain.Response, error) {
	if len(x.Request.Header["Upgrade"]) > 0 {
		return u.ws.Handle(x)
	}
	return u.plain.Handle(x)
}
