package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/internal/am"
	"gatehouse/internal/am/backup"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/am/store/embedded"
	"gatehouse/internal/am/store/postgres"
	"gatehouse/internal/audit"
	"gatehouse/internal/observe"
)

// amOptions say how to run the authorization server.
type amOptions struct {
	data, store   string
	listen        []string
	listenTLS     []string
	listenMetrics string
	cert, key     string
	clientCerts   bool
	// trustTransaction takes transaction ids from callers.
	trustTransaction bool
	contexts         []string
	cookieDomains    []string
	deployment       am.Deployment
	password         string
	imports          []string
	audit            string
	drain            time.Duration
	limits           map[string]int64
	log, accessLog   *slog.Logger
	// prepare is called before anybody can connect; nil: nothing is to do. Its error ends the start.
	prepare func(*am.Server) error
}

func amCommand() *cobra.Command {
	var o amOptions
	var logs logFlags
	access, deployment := false, ""
	var limits []string
	c := &cobra.Command{
		Use:   "am",
		Short: "Run the authorization server",
		Long: "Runs the OAuth 2.0 / OpenID Connect authorization server with its administration interface.\n" +
			"The administrator is amAdmin; its password comes from GATEHOUSE_ADMIN_PASSWORD at the first start, or is made\n" +
			"and printed then.",
		Example: "  gatehouse am\n" +
			"  GATEHOUSE_ADMIN_PASSWORD=… gatehouse am --data /var/lib/gatehouse --listen 0.0.0.0:8088\n" +
			"  gatehouse am --store 'postgres://gatehouse@db.example.com/gatehouse?sslmode=verify-full'\n" +
			"  gatehouse am --listen-tls 0.0.0.0:8443 --tls-cert server.pem --tls-key server-key.pem",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if o.log, err = logs.logger(c.ErrOrStderr()); err != nil {
				return err
			}
			if o.limits, err = am.ParseLimits(limits); err != nil {
				return err
			}
			if access {
				o.accessLog = o.log
			}
			if o.deployment, err = am.ParseDeployment(deployment); err != nil {
				return fmt.Errorf("--deployment: %w", err)
			}
			o.password = os.Getenv("GATEHOUSE_ADMIN_PASSWORD")
			o.prepare = func(server *am.Server) error {
				if len(o.imports) == 0 {
					return nil
				}
				err := importInto(c.Context(), c.OutOrStdout(), server.Transfer(), "/", o.imports)
				if errors.Is(err, errImport) {
					o.log.Warn("not everything was imported; see above")
					return nil
				}
				return err
			}
			s, err := startAM(o)
			if err != nil {
				return err
			}
			if p := s.am.FirstPassword; p != "" {
				fmt.Fprintf(c.OutOrStdout(), "\nThe administrator is amAdmin, the password %s\nIt is shown this once.\n\n", p)
			}
			<-c.Context().Done()
			s.drain(o.drain)
			return s.stop()
		},
	}
	f := c.Flags()
	f.StringVar(&o.data, "data", "./gatehouse-data", "the `folder` for keys and, with the embedded store, all data")
	f.StringVar(&o.store, "store", os.Getenv("GATEHOUSE_STORE"), "a store `URL` (postgres://…), also in GATEHOUSE_STORE; the default is the embedded store in the data folder")
	f.StringArrayVar(&o.imports, "import", nil, "a file or folder of configuration to bring in at the start, see gatehouse import (repeatable)")
	f.StringArrayVar(&o.listen, "listen", []string{"127.0.0.1:8088"}, "an `address` to listen on (repeatable)")
	f.StringArrayVar(&o.listenTLS, "listen-tls", nil, "an `address` to listen on with TLS (repeatable)")
	f.StringVar(&o.listenMetrics, "listen-metrics", "", "an `address` that answers /metrics for Prometheus, without credentials: monitoring systems only")
	f.StringVar(&o.cert, "tls-cert", "", "the PEM `file` with the certificate chain for --listen-tls; read again when it changes")
	f.StringVar(&o.key, "tls-key", "", "the PEM `file` with the private key for --listen-tls; read again when it changes")
	f.BoolVar(&o.clientCerts, "tls-client-certs", false, "ask clients of --listen-tls for certificates (mutual TLS); any is taken, clients' settings say which count")
	f.StringSliceVar(&o.contexts, "context", []string{"/openam", "/am"}, "deployment contexts to answer on")
	f.StringSliceVar(&o.cookieDomains, "cookie-domain", nil, "domains of the session cookie; the default is the host that was asked")
	f.StringVar(&deployment, "deployment", string(am.Classic), "the `kind` of installation that tools such as frodo take this for: classic, cloud or forgeops. The last two have a built-in client for administrators of the root realm")
	f.DurationVar(&o.drain, "drain", 0, "how long to go on answering after the signal to stop, while health/ready says 503 and connections are closed behind their answers")
	f.StringVar(&o.audit, "audit", "", "a `file` that says where audit events go, with the event handlers of the gateway's AuditService")
	f.StringArrayVar(&limits, "limit", nil, "another value for a limit, as `NAME=VALUE`; the reference has a page of limits (repeatable)")
	f.BoolVar(&access, "access-log", false, "log a line for each request")
	f.BoolVar(&o.trustTransaction, "trust-transaction-header", false, "take the transaction id of requests from X-ForgeRock-TransactionId: where only trusted callers, such as a gateway, come")
	logs.add(c)
	return c
}

// amServer is a running authorization server.
type amServer struct {
	am      *am.Server
	engine  store.Engine
	audit   *audit.Service   // nil: nothing is audited
	control *backup.Control  // nil: the store is not the embedded one
	tracing *observe.Tracing // nil: no spans are made
	front   *am.Front        // nil: it does not serve yet
	metrics *http.Server     // nil: none
	log     *slog.Logger
	// base is the URL of the first listener.
	base string
}

func startAM(o amOptions) (*amServer, error) {
	began := time.Now()
	if err := os.MkdirAll(o.data, 0o700); err != nil {
		return nil, err
	}
	key, err := realm.LoadInstanceKey(o.data)
	if err != nil {
		return nil, err
	}
	engine, err := openStore(o)
	if err != nil {
		return nil, err
	}
	s := &amServer{engine: engine, log: o.log}
	if o.audit != "" {
		if s.audit, err = am.OpenAudit(o.audit, o.limits, o.log); err == nil {
			err = s.audit.Start(context.Background())
		}
		if err != nil {
			s.audit = nil
			_ = s.stop()
			return nil, err
		}
	}
	if s.tracing, err = tracingOf("gatehouse-am", o.log); err != nil {
		_ = s.stop()
		return nil, err
	}
	s.am, err = am.New(am.Options{
		Engine: engine, Key: key, AdminPassword: o.password, Contexts: o.contexts, CookieDomains: o.cookieDomains, Deployment: o.deployment,
		Log: o.log, AccessLog: o.accessLog, Audit: s.audit, Tracing: s.tracing, TrustTransactionHeader: o.trustTransaction, Limits: o.limits,
	})
	if e, ok := engine.(*embedded.Engine); ok && err == nil {
		if s.control, err = backup.Serve(o.data, e, o.log); err != nil {
			o.log.Warn("this server cannot be backed up while it runs", "error", err)
			err = nil
		}
	}
	if err == nil && o.prepare != nil {
		err = o.prepare(s.am)
	}
	if err == nil {
		err = s.serve(o)
	}
	if err != nil {
		_ = s.stop()
		return nil, err
	}
	o.log.Info("the authorization server is ready", "data", o.data, "contexts", strings.Join(o.contexts, " "),
		"took", time.Since(began).Round(time.Millisecond))
	return s, nil
}

// tracingOf starts tracing if the environment asks for it.
func tracingOf(service string, log *slog.Logger) (*observe.Tracing, error) {
	o, err := observe.TracingFromEnvironment(os.LookupEnv, service, log)
	if o == nil || err != nil {
		return nil, err
	}
	return observe.NewTracing(*o)
}

// storeBallast is what the embedded store gives back when the disk is full.
const storeBallast = 32 << 20

// openStore opens the store that --store names.
func openStore(o amOptions) (store.Engine, error) {
	switch scheme, _, _ := strings.Cut(o.store, ":"); scheme {
	case "", "embedded":
		shrinkBallast()
		return embedded.Open(embedded.Path(o.data), embedded.Options{Log: o.log, BallastBytes: storeBallast})
	case "postgres", "postgresql":
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		return postgres.Open(ctx, o.store, postgres.Options{Log: o.log})
	}
	return nil, errors.New("--store: expected embedded or a URL such as postgres://user:password@host/database")
}

// serve opens the listeners. HTTP/2 is offered over TLS.
func (s *amServer) serve(o amOptions) error {
	s.front = am.NewFront(s.am)
	open := func(addr string, config *tls.Config) error {
		at, err := s.front.Listen(addr, config)
		if err != nil {
			return explainPort(err)
		}
		o.log.Info("listening", "address", at.String(), "tls", config != nil)
		if s.base == "" && config == nil {
			s.base = "http://" + at.String()
		}
		return nil
	}
	for _, addr := range o.listen {
		if err := open(addr, nil); err != nil {
			return err
		}
	}
	if o.listenMetrics != "" {
		if err := s.serveMetrics(o.listenMetrics); err != nil {
			return err
		}
	}
	if len(o.listenTLS) == 0 {
		return nil
	}
	if o.cert == "" || o.key == "" {
		return errors.New("--listen-tls needs --tls-cert and --tls-key")
	}
	pair, err := am.OpenCertificate(o.cert, o.key, o.log)
	if err != nil {
		return err
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.Get, NextProtos: []string{"h2", "http/1.1"}}
	if o.clientCerts {
		// Self-signed certificates have no issuer to check: what a certificate proves is decided by the client's
		// authentication method and by the tokens bound to it (RFC 8705 §2).
		config.ClientAuth = tls.RequestClientCert
	}
	for _, addr := range o.listenTLS {
		if err := open(addr, config); err != nil {
			return err
		}
	}
	return nil
}

// serveMetrics opens the listener for monitoring systems.
func (s *amServer) serveMetrics(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return explainPort(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.am.Metrics())
	s.metrics = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second}
	s.log.Info("metrics", "url", "http://"+l.Addr().String()+"/metrics")
	go func() { _ = s.metrics.Serve(l) }()
	return nil
}

// drain answers for a while longer, so that load balancers and clients go elsewhere first.
func (s *amServer) drain(d time.Duration) {
	if d <= 0 {
		return
	}
	s.log.Info("draining: new requests are answered, their connections closed", "for", d)
	s.am.Drain()
	time.Sleep(d)
}

// stop lets running requests end and closes the store.
func (s *amServer) stop() error {
	var errs []error
	if s.front != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		errs = append(errs, s.front.Shutdown(ctx))
	}
	if s.metrics != nil {
		errs = append(errs, s.metrics.Close())
	}
	if s.control != nil {
		errs = append(errs, s.control.Close())
	}
	if s.am != nil {
		errs = append(errs, s.am.Close())
	}
	if s.audit != nil {
		s.audit.Stop()
	}
	last, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = s.tracing.Close(last) // a collector that cannot be reached was told of
	return errors.Join(append(errs, s.engine.Close())...)
}
