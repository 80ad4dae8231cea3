// Package login authenticates users and agents and keeps their sessions: the authenticate endpoint with its
// callbacks, the sign-in pages, session tokens and cookies, and where a browser may be sent afterwards.
package login

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/login/nodes"
	"gatehouse/internal/am/login/social"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/script"
	"gatehouse/internal/am/store"
	"gatehouse/internal/observe"
)

// Types of store.Subject.
const (
	TypeUser  = "usr"
	TypeAgent = "age"
)

// DefaultCookie is the name of the session cookie, and of the header that may stand in for it.
const DefaultCookie = "iPlanetDirectoryPro"

// Times of a session whose realm says nothing else (PingAM: session service).
const (
	defaultIdle = 30 * time.Minute
	defaultLife = 120 * time.Minute
)

// Options are what a Service works with. Realms is needed.
type Options struct {
	Realms *realm.Manager
	// Cookie is the name of the session cookie; "" is DefaultCookie.
	Cookie string
	// Domains are cookie domains, ".example.com": the cookie is set for those that the request's host is in, and
	// for the host alone when there is none.
	Domains []string
	Log     *slog.Logger
	Now     func() time.Time
	// Scripts runs the scripts of journeys; nil: those that have some fail.
	Scripts interface {
		Decide(ctx context.Context, s *realm.Script, in *script.DecisionInput) (*script.Decision, error)
		Profile(ctx context.Context, s *realm.Script, rl *realm.Realm, binding string, profile map[string]any) (map[string]any, error)
	}
	// Resources answers requests of nodes on resources; nil: nodes that make some fail.
	Resources script.Resources
	// Audit is told of logins and of sessions; nil: nobody is.
	Audit func(ctx context.Context, e Event)
	// Origin is the origin of the page that a request comes from: this server's own when it says none, one that the
	// CORS service names; "" for any other. nil: all are "".
	Origin func(r *http.Request, rl *realm.Realm) string
	// Advices are what the policies of a realm want of those who ask for a resource, as in their decisions; sess is nil
	// for nobody. ok is false when no policy speaks of the resource. nil: there are no policies.
	Advices func(ctx context.Context, rl *realm.Realm, resource string, sess *store.Session) (advices map[string][]string, ok bool, err error)
	// IDToken gives the ID of the session that an ID token stands for, or store.ErrNotFound; nil: none does.
	IDToken func(ctx context.Context, raw string) (string, error)
	// Unprotected tells that the CSRF filter is switched off; nil: it never is.
	Unprotected func(ctx context.Context) bool
	// Itself tells whether the server's own address, as Place has it for the request, is one that the configuration knows,
	// and not whatever the sender says; nil: it is.
	Itself func(r *http.Request, rl *realm.Realm) bool
	// AccessToken tells of a live access token its realm and its scopes, else store.ErrNotFound; nil: there are none.
	AccessToken func(ctx context.Context, token string) (realm string, scopes []string, err error)
	// Published are the properties of a session that others may see; nil: there are none.
	Published func(ctx context.Context, sess store.Session) (map[string]string, error)
	// Place is how the sender of a request sees a realm of the server; nil: nodes know no addresses of it.
	Place func(r *http.Request, rl *realm.Realm) Place
	// ClientAddress is the address that a request to a realm came from; nil: the other end of the connection.
	ClientAddress func(r *http.Request, rl *realm.Realm) string
	// Limits counts what limits held back; nil: nobody does.
	Limits *observe.Limits
}

// Service authenticates. All methods may be called concurrently.
type Service struct {
	Options
	sessions store.Sessions
	replays  store.Replays
	docs     store.Docs
	// Trees are the journeys and the types of their nodes.
	Trees   journey.Source
	guard   *realm.Attempts
	foreign *http.CrossOriginProtection
	// searches has room for those who look through all users of a realm.
	searches chan struct{}
	// sending has room for mails that are on their way.
	sending chan struct{}
	mails   sync.WaitGroup
	// providers calls the providers that people sign in at.
	providers *social.Client
}

// New returns a service.
func New(o Options) *Service {
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	o.Cookie = cmp.Or(o.Cookie, DefaultCookie)
	if o.Now == nil {
		o.Now = time.Now
	}
	engine := o.Realms.Engine()
	return &Service{
		Options:   o,
		sessions:  store.Sessions{Engine: engine, Now: o.Now},
		replays:   store.Replays{Engine: engine},
		docs:      o.Realms.Docs(),
		Trees:     journey.Source{Docs: o.Realms.Docs(), Types: nodes.All(), Shipped: shippedTrees()},
		guard:     realm.NewAttempts(freeTries, o.Limits, o.Now),
		foreign:   http.NewCrossOriginProtection(),
		searches:  make(chan struct{}, maxSearches),
		providers: social.NewClient(o.Now),
		sending:   make(chan struct{}, o.Limits.Number("mails", maxSending)),
	}
}

// Place is what a request addresses: a realm, as its sender sees the server.
type Place struct {
	Realm *realm.Realm
	// Base is scheme://host[:port]/<context>, without a slash at the end.
	Base string
	// Context is the deployment context with its slash: "/openam".
	Context string
}

// SuccessURL is where those go who asked for nothing else (PingAM: default success URL).
func (p Place) SuccessURL() string { return p.Context + "/console" }
