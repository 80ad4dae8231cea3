package gateway

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/audit"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/handlers"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/gateway/wire"
	"gatehouse/internal/observe"
)

// ports is one port or a list of them.
type ports []int

func (p *ports) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	n = d.Whole(n)
	list := []*conf.Node{n}
	if n.Kind == conf.List {
		list = n.List
	}
	for _, e := range list {
		port := 0
		switch ok := d.Decode(e, &port); {
		case !ok:
		case port < 0 || port > 65535:
			d.Errs.Add(e, "expected a port from 0 to 65535, found %d", port)
		default:
			*p = append(*p, port)
		}
	}
}

type connector struct {
	// Port is a port or a list of ports; 0 takes a free one.
	Port ports `conf:"port,required"`
	// Host is the address to listen on.
	Host string `conf:"host,default=0.0.0.0"`
	// GracePeriod is how long running requests may take when the gateway stops.
	GracePeriod conf.Duration `conf:"gracePeriod,default=1 second"`
	// TLS makes the listener use TLS.
	TLS heap.Ref[secrets.ServerTlsOptions] `conf:"tls"`
	// MaxTotalHeadersSize bounds the header fields of a request, in bytes.
	MaxTotalHeadersSize int `conf:"maxTotalHeadersSize,min=1,default=8192"`
	// Vertx holds tuning of the former server.
	Vertx vertxServer `conf:"vertx"`
}

// vertxServer is what of the former server's tuning has a meaning here, and what has a
// reason to have none.
type vertxServer struct {
	// MaxInitialLineLength bounds the request line, in bytes; absent: 4096.
	MaxInitialLineLength int `conf:"maxInitialLineLength,min=1"`

	AcceptBacklog           any `conf:"acceptBacklog,unused=the operating system's limit holds"`
	IdleTimeout             any `conf:"idleTimeout,unused=idle connections are closed by the gateway's own rules"`
	IdleTimeoutUnit         any `conf:"idleTimeoutUnit,unused=idle connections are closed by the gateway's own rules"`
	CompressionSupported    any `conf:"compressionSupported,unused=responses pass as the upstream encoded them"`
	CompressionLevel        any `conf:"compressionLevel,unused=responses pass as the upstream encoded them"`
	MaxWebSocketFrameSize   any `conf:"maxWebSocketFrameSize,unused=WebSocket frames pass through without being collected"`
	MaxWebSocketMessageSize any `conf:"maxWebSocketMessageSize,unused=WebSocket frames pass through without being collected"`
	AddressResolverOptions  any `conf:"addressResolverOptions,unused=the operating system resolves names"`
	MaxHeaderSize           any `conf:"maxHeaderSize,unused=maxTotalHeadersSize of the connector decides"`
	InitialSettings         any `conf:"initialSettings,unused=maxTotalHeadersSize of the connector decides"`
	Port                    any `conf:"port,unused=port of the connector decides"`
	Host                    any `conf:"host,unused=host of the connector decides"`
	Ssl                     any `conf:"ssl,unused=tls of the connector decides"`
	UseAlpn                 any `conf:"useAlpn,unused=tls of the connector decides"`
	ClientAuth              any `conf:"clientAuth,unused=tls of the connector decides"`
}

type adminConfig struct {
	Connectors                []connector                          `conf:"connectors"`
	AdminConnector            *connector                           `conf:"adminConnector"`
	AdminMaxBodyLength        int64                                `conf:"adminMaxBodyLength,default=-1"`
	MaxBodyLength             int64                                `conf:"maxBodyLength,default=-1"`
	GatewayUnits              any                                  `conf:"gatewayUnits,unused=all processors are used"`
	Mode                      string                               `conf:"mode"`
	Prefix                    string                               `conf:"prefix,default=openig"`
	TemporaryDirectory        string                               `conf:"temporaryDirectory"`
	TemporaryStorage          heap.Ref[*handlers.TemporaryStorage] `conf:"temporaryStorage,default=TemporaryStorage"`
	PidFileMode               string                               `conf:"pidFileMode,oneof=fail|override"`
	PreserveQuery             bool                                 `conf:"preserveOriginalQueryString"`
	StreamingEnabled          bool                                 `conf:"streamingEnabled"`
	ServeDeprecatedPrometheus bool                                 `conf:"serveDeprecatedPrometheusEndpoint"`
	AuditService              heap.Ref[audit.AuditService]         `conf:"auditService,default=AuditService"`
	Vertx                     any                                  `conf:"vertx,unused=it tunes the former server"`
	OpenTelemetry             openTelemetryConfig                  `conf:"openTelemetry"`
	protectionConfig
	Rest []conf.Field `conf:"*"`
}

// admin is what admin.json says.
type admin struct {
	adminConfig
	heap        *heap.Heap
	development bool
	pid         *pidFile
	telemetry   *observe.TracingOptions // nil: no spans are made
}

func (i *instance) loadAdmin(errs *conf.Errors) *admin {
	var d *document
	path := filepath.Join(i.services.Dirs.Config, "admin.json")
	if exists(path) {
		d = i.load(path, i.root(), errs)
	} else {
		d = i.parse("(built-in admin.json)", []byte(defaultAdmin), i.root(), errs)
	}
	if d == nil {
		return nil
	}
	declared := d.node.Get("heap")
	h := heap.New(heap.Options{
		Name: "admin", Catalog: i.catalog, Services: i.services, Bindings: d.bindings, Errs: errs,
		Declared: declared, Defaults: builtIn(defaultObjects), GlobalDecorators: d.node.Get("globalDecorators"),
	})
	i.temporary(d.node.Get("temporaryDirectory"), h)
	i.scopeSecrets(d, h)
	h.BuildAll()
	a := &admin{heap: h}
	h.Decoder().Decode(d.node, &a.adminConfig)
	if len(a.Connectors) == 0 {
		h.Decoder().Decode(builtIn(defaultConnectors), &a.Connectors)
	}
	a.byName(h)
	a.sessions(h)
	a.rest(d, h, errs)
	a.mode(i, d, errs)
	a.telemetry = a.OpenTelemetry.options(i, h, d.node.Get("openTelemetry"), errs)
	a.pid = i.pidFile(a.PidFileMode)
	if errs.Err() != nil {
		return nil
	}
	return a
}

// temporary changes the folder for what does not fit into memory. Objects of the heap
// know it already.
func (i *instance) temporary(n *conf.Node, h *heap.Heap) {
	if n == nil {
		return
	}
	var dir string
	if !h.Decoder().Decode(n, &dir) || dir == "" {
		return
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(i.services.Dirs.Instance, dir)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		h.Errs().Add(n, "the folder cannot be made: %s", err)
		return
	}
	i.services.Dirs.Temp = dir
}

func (a *admin) rest(d *document, h *heap.Heap, errs *conf.Errors) {
	for _, f := range a.Rest {
		switch {
		case strings.HasPrefix(f.Name, "_") || f.Name == "comment" || adminFields[f.Name] || h.Declared(f.Name):
		default:
			errs.Warn(f.NameNode(d.node), "unknown field %q is ignored%s", f.Name,
				conf.DidYouMean(f.Name, []string{"connectors", "adminConnector", "heap", "mode", "prefix", "properties", "streamingEnabled", "temporaryStorage"}))
		}
	}
}

// adminFields are the fields of admin.json that are read elsewhere.
var adminFields = map[string]bool{"heap": true, "properties": true, "globalDecorators": true, "secrets": true}

// mode resolves the run mode: admin.json, environment, system property, production.
func (a *admin) mode(i *instance, d *document, errs *conf.Errors) {
	mode := a.Mode
	if mode == "" {
		mode, _ = i.services.Getenv("IG_RUN_MODE")
	}
	if mode == "" {
		mode, _ = i.services.System("ig.run.mode")
	}
	switch strings.ToUpper(mode) {
	case "", "PRODUCTION", "IMMUTABLE":
	case "DEVELOPMENT", "EVALUATION", "MUTABLE":
		a.development = true
	default:
		errs.Add(d.node.Get("mode"), "expected PRODUCTION or DEVELOPMENT, found %q", mode)
	}
	if a.development {
		i.mode = "development"
	}
}

// listen opens all listeners and begins to serve.
func (g *Gateway) listen() error {
	var front chain.Handler = g.root
	if g.admin.AdminConnector == nil {
		front = g.endpoints("/"+strings.Trim(g.admin.Prefix, "/"), g.root)
	}
	ownStorage := g.admin.TemporaryStorage.Get()
	storage := ownStorage
	if g.storage != nil {
		storage = g.storage
	}
	for n := range g.admin.Connectors {
		if err := g.serve(fmt.Sprintf("connectors[%d]", n), &g.admin.Connectors[n], front, g.admin.MaxBodyLength, storage); err != nil {
			return err
		}
	}
	if c := g.admin.AdminConnector; c != nil {
		notFound := chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) { return chain.NewResponse(404), nil })
		if err := g.serve("adminConnector", c, g.endpoints("", notFound), g.admin.AdminMaxBodyLength, ownStorage); err != nil {
			return err
		}
		g.ownAdmin = g.servers[len(g.servers)-1]
	}
	for _, s := range g.servers { // once all are open
		go func() {
			if err := s.Serve(); err != nil {
				g.services.Logger.Error("the listener ended", "error", err)
			}
		}()
	}
	return nil
}

func (g *Gateway) serve(place string, c *connector, h chain.Handler, maxBody int64, kept *handlers.TemporaryStorage) error {
	var config *tls.Config
	if c.TLS.IsSet() {
		var err error
		if config, err = c.TLS.Get().ServerConfig(); err != nil {
			return fmt.Errorf("admin.json: %s.tls: %w", place, err)
		}
	}
	trust, _ := g.services.System("org.forgerock.http.TrustTransactionHeader")
	storage := kept.Storage
	limits := g.services.Limits
	s := wire.NewServer(wire.Options{
		MaxHeaderBytes: c.MaxTotalHeadersSize, MaxRequestLine: c.Vertx.MaxInitialLineLength, MaxBody: max(maxBody, 0),
		MaxConnections: limits.Number("connections", 0), HeaderTimeout: limits.Time("header_time", 0), DataTimeout: limits.Time("data_time", 0), IdleTimeout: limits.Time("idle_time", 0),
		GracePeriod: c.GracePeriod.D(), Streaming: g.admin.StreamingEnabled, PreserveQuery: g.admin.PreserveQuery,
		TrustTransactionHeader: trust == "true", Storage: &storage, Limits: limits, Tracing: g.tracing, Log: g.services.Logger,
	}, h)
	g.servers = append(g.servers, s) // Stop closes what it has opened, whatever comes next
	for _, port := range c.Port {
		addr, err := s.Listen(net.JoinHostPort(c.Host, strconv.Itoa(port)), config)
		if err != nil {
			return fmt.Errorf("admin.json: %s: %w", place, err)
		}
		g.services.Logger.Info("listening", "address", addr.String(), "tls", config != nil)
		g.addrs = append(g.addrs, addr)
	}
	return nil
}

// Addrs returns the addresses that are listened on, in the order of admin.json.
func (g *Gateway) Addrs() []net.Addr { return g.addrs }

// version is the program's own, from the build.
func version() (v, revision, at string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown", "", ""
	}
	v = info.Main.Version
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value
		case "vcs.time":
			at = s.Value
		}
	}
	return v, revision, at
}
