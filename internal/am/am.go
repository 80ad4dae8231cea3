// Package am is the authorization server: it lays out its addresses, finds the realm that a request is about, and
// hands it to the OAuth 2.0 endpoints, the authentication or the administration interface.
package am

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/am/account"
	"gatehouse/internal/am/console"
	"gatehouse/internal/am/directory"
	"gatehouse/internal/am/login"
	"gatehouse/internal/am/notify"
	"gatehouse/internal/am/oauth"
	"gatehouse/internal/am/oauth/clientauth"
	"gatehouse/internal/am/oauth/grant"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/rest"
	"gatehouse/internal/am/script"
	"gatehouse/internal/am/store"
	"gatehouse/internal/audit"
	"gatehouse/internal/observe"
)

// Options are what a Server works with. Engine and Key are needed.
type Options struct {
	// Engine holds all data. It is the caller's, who closes it after the server.
	Engine store.Engine
	// Key seals secrets: realm.LoadInstanceKey.
	Key [32]byte
	// AdminPassword is the administrator's at the first start; "" makes one, see Server.FirstPassword.
	AdminPassword string
	// Contexts are the deployment contexts; nil is "/openam" and "/am".
	Contexts []string
	// CookieDomains are the domains that the session cookie is set for; none: the host that was asked.
	CookieDomains []string
	// Deployment is the kind of installation; "" is Classic.
	Deployment Deployment
	// Console answers <context>/console, path being what follows; nil: package console does.
	Console func(w http.ResponseWriter, r *http.Request, place login.Place, path string)
	// Version is what serverinfo/version tells; the zero value is DefaultVersion.
	Version rest.Version
	Log     *slog.Logger
	// AccessLog gets a line for each request; nil: none is written.
	AccessLog *slog.Logger
	// Audit takes audit events, see OpenAudit; nil: none are written. It is the caller's, who starts and stops it.
	Audit *audit.Service
	Now   func() time.Time
	// Tracing makes spans; nil: none are made. It is the caller's, who closes it after the server.
	Tracing *observe.Tracing
	// TrustTransactionHeader takes the transaction id of a request from X-ForgeRock-TransactionId (PingAM:
	// org.forgerock.http.TrustTransactionHeader).
	TrustTransactionHeader bool
	// Limits are values of limits that are not the defaults, see ParseLimits.
	Limits map[string]int64
	// SweepEvery is how often expired records are removed; 0 is a minute, below 0 never.
	SweepEvery time.Duration
}

// DefaultVersion names the release whose interfaces this server has; tools look for x.y.z in it.
func DefaultVersion() rest.Version {
	return rest.Version{Version: "8.0.1", Full: "PingAM compatible Gatehouse 8.0.1", Revision: "gatehouse", Date: "2026-November-01 00:00"}
}

// Server is the authorization server, an http.Handler.
type Server struct {
	// FirstPassword is the administrator's password when this start made it up, else "". It is stored nowhere.
	FirstPassword string

	options  Options
	contexts []string
	log      *slog.Logger
	realms   *realm.Manager
	login    *login.Service
	rest     *rest.Server
	oauth    *oauth.Server
	account  *account.Pages
	settings *settings
	meter    *observe.Meter
	origins  *clientOrigins
	store    watched
	scripts  *script.Engine

	logins, sessionEvents, refused *observe.Tally
	limits                         *observe.Limits

	connections clientConnections
	recent      *recent     // audit events
	hub         *notify.Hub // of notifications; nil until it is made
	timeouts    timeouts
	// directories are the identity stores of realms.
	directories *directory.Stores

	draining atomic.Bool

	stop context.CancelFunc
	done sync.WaitGroup
}

// New starts a server: it makes the root realm and the administrator where they are missing, follows changes that
// other nodes make, and removes what has expired, until Close.
func New(o Options) (*Server, error) {
	if o.Engine == nil {
		return nil, errors.New("start authorization server: no store")
	}
	o.Log = observe.Correlate(cmp.Or(o.Log, slog.New(slog.DiscardHandler)))
	if o.AccessLog != nil {
		o.AccessLog = observe.Correlate(o.AccessLog)
	}
	o.Version = cmp.Or(o.Version, DefaultVersion())
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Contexts == nil {
		o.Contexts = []string{"/openam", "/am"}
	}
	s := &Server{options: o, log: o.Log, meter: newMeter(o.Now), store: newWatched(o.Engine, o.Now), limits: observe.NewLimits(append(limitNames, "other"), o.Limits),
		logins: observe.NewTally("success", "failure"), sessionEvents: observe.NewTally("created", "ended"), refused: observe.NewTally(append(refusedStatuses, "")...)}
	s.recent = newRecent(o.Audit, s.limits)
	for _, c := range o.Contexts {
		s.contexts = append(s.contexts, "/"+strings.Trim(c, "/"))
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	if err := s.start(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("start authorization server: %w", err)
	}
	return s, nil
}

func (s *Server) start(ctx context.Context) error {
	o := s.options
	s.settings = newSettings(s.log)
	s.origins = &clientOrigins{log: s.log}
	engine := noticing{s.store, s.settings, s.origins, func(id string) {
		s.timeouts.ended(id)
		if s.oauth != nil { // none yet: then nobody has a session
			s.oauth.SessionEnded(id)
		}
	}, func() *notify.Hub { return s.hub }}
	var err error
	s.realms, err = realm.NewManager(ctx, realm.Options{Engine: engine, MasterKey: o.Key, Kinds: rest.Kinds(), Log: o.Log, Limits: s.limits, Now: o.Now})
	if err != nil {
		return err
	}
	s.origins.realms = s.realms
	if err := s.origins.follow(ctx, &s.done, o.Engine); err != nil {
		return err
	}
	if err := s.settings.follow(ctx, &s.done, o.Engine, s.realms.Docs()); err != nil {
		return err
	}
	if err := s.makeAdmin(ctx); err != nil {
		return err
	}
	s.directories = directory.New(s.realms.Docs(), s.realms.OpenSecret, o.Log)
	s.realms.SetIdentities(s.directories)
	scripts := newScripts(o, s.limits, s.scriptResource, s.scriptProperty, s.scriptMail)
	s.scripts = scripts.engine
	s.login = login.New(login.Options{
		Realms: s.realms, Scripts: scripts.engine, Audit: s.signedIn, Domains: o.CookieDomains, Log: o.Log, Limits: s.limits, Now: o.Now,
		Origin: s.pageOrigin, Itself: s.itself, Resources: s.scriptResource, Unprotected: func(ctx context.Context) bool { return !s.settings.api(ctx).CSRF },
		IDToken: func(ctx context.Context, raw string) (string, error) { return s.oauth.SSOSession(ctx, raw) },
		AccessToken: func(ctx context.Context, token string) (string, []string, error) {
			info, err := bearer{s.oauth, s.realms}.Bearer(ctx, token)
			return info.Realm, info.Scopes, err
		},
		Published: func(ctx context.Context, sess store.Session) (map[string]string, error) {
			return s.rest.SessionProperties(ctx, sess)
		},
		Place: s.placeOf, ClientAddress: s.clientAddress,
		Advices: func(ctx context.Context, rl *realm.Realm, resource string, sess *store.Session) (map[string][]string, bool, error) {
			return s.rest.Advices(ctx, rl, resource, sess)
		},
	})
	s.hub = newHub(s)
	s.oauth = oauth.New(oauth.Options{
		Engine: s.realms.Engine(), Realms: s.realms, Grants: grant.All(), ClientAuth: clientauth.All(),
		Scripts: scripts, Policies: scopePolicies{s}, Login: oauthLogin{s.login}, Page: s.oauthPage, Log: o.Log, Limits: s.limits, Now: o.Now,
		AdministratorClient: administratorClients[o.Deployment], ClientAddress: s.clientAddress, Told: told{},
	})
	s.rest = rest.New(rest.Options{
		Realms: s.realms, Login: s.login, Scripts: scripts, Bearer: bearer{s.oauth, s.realms}, APIs: s.settings.api,
		Notify: s.hub.Publish, Figures: s.figures, Audited: s.recent.events, Identified: s.identified, Changed: s.changed, Version: o.Version, Log: o.Log, Now: o.Now,
	})
	if s.options.Console == nil {
		s.options.Console = console.New(console.Options{API: unmetered{s}, Login: s.login, Log: o.Log, Now: o.Now}).ServeHTTP
	}
	s.account = account.New(account.Options{Login: s.login, API: http.HandlerFunc(s.serve), Log: o.Log})
	s.done.Go(func() { s.oauth.FollowSessions(ctx) })
	s.sweep(ctx)
	return s.provideForAdministrators(ctx)
}

// Realms are the realms and their settings.
func (s *Server) Realms() *realm.Manager { return s.realms }

// Rest is the administration interface.
func (s *Server) Rest() *rest.Server { return s.rest }

// Login authenticates and keeps sessions.
func (s *Server) Login() *login.Service { return s.login }

// Drain sends clients away before a stop: each answer closes its connection, and health/ready says 503, so that
// load balancers ask other nodes. Requests are still answered.
func (s *Server) Drain() { s.draining.Store(true) }

// Close stops what runs in the background and waits for it. The engine stays open.
func (s *Server) Close() error {
	s.stop()
	if s.hub != nil {
		s.hub.Close()
	}
	s.done.Wait()
	if s.login != nil {
		s.login.Close()
	}
	if s.directories != nil {
		s.directories.Close()
	}
	return nil
}

// sweep removes expired records now and then.
func (s *Server) sweep(ctx context.Context) {
	every := cmp.Or(s.options.SweepEvery, time.Minute)
	if every < 0 {
		return
	}
	s.done.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if err := s.sweepOnce(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("remove expired records", "error", err)
			}
			if err := s.lookForTimeouts(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("look for sessions that have timed out", "error", err)
			}
		}
	})
}

// sweepOnce removes what has expired, in batches so that requests get their turn.
func (s *Server) sweepOnce(ctx context.Context) error {
	const batch = 500
	for {
		n, err := s.store.Sweep(ctx, s.options.Now(), batch)
		if err != nil || n < batch {
			return err
		}
	}
}
