package oauth

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/observe"
	"gatehouse/internal/ui"
)

// Options are what a Server works with. Engine, Grants and ClientAuth are needed.
type Options struct {
	Engine store.Engine
	// Realms finds other realms, for tokens that are looked at across realms, seals the secrets of clients that register
	// themselves, and has the settings of all realms. A *realm.Manager is one.
	Realms interface {
		Find(path string) (*realm.Realm, bool)
		SealSecret(plain string) string
		Global() *realm.Global
	}
	Grants     []Grant
	ClientAuth []ClientAuth
	Scripts    Scripts // nil: there are none, and settings that name one are errors
	// Fetch gets a key set or a request object by its URL; nil is a bounded HTTP client that keeps to the reach.
	Fetch    func(ctx context.Context, url string, reach Reach) ([]byte, error)
	Policies Policies // nil: settings that ask them are errors
	Login    Login    // nil: user name and password alone, no browser sign-in
	// Page is a page for users of the realm, in its look; nil: the product's own look.
	Page func(r *http.Request, base BaseURL, rl *realm.Realm) *ui.Page
	// AdministratorClient is the client with which tools sign administrators of the root realm in, unless that realm has a
	// profile of the name; "": there is none.
	AdministratorClient string
	// ClientAddress is the address that a request to a realm came from; nil: the other end of the connection.
	ClientAddress func(r *http.Request, rl *realm.Realm) string
	// Told is told of requests, for those who look for mistakes; nil: nobody is.
	Told Told
	// Limits counts what limits held back; nil: nobody does.
	Limits *observe.Limits
	Log    *slog.Logger
	Now    func() time.Time
}

// Told learns about a request which client it names, whether or not it is one, and why it was refused.
type Told interface {
	Names(ctx context.Context, clientID string)
	Refused(ctx context.Context, e *Error)
}

// Server answers the OAuth 2.0 endpoints of all realms.
type Server struct {
	Options
	log    *slog.Logger
	tokens store.Tokens
	codes  store.Codes
	once   store.Replays
	ids    auditIDs
	remote *remoteKeys
	*guesses
	trials    *realm.Attempts
	newcomers *realm.Attempts // those who register clients without a token
	sessions  store.Sessions
	followups store.Followups
	ended     chan string // sessions that have just ended
	calls     clientCalls
	missed    atomic.Bool // ended had no room for some, or some may have ended before the start
	verified  *verifiedTokens

	forAdministrators *realm.Client // nil: there is none

	issued, introspected *observe.Tally
}

// Counts are what the server did since it was made, by names: grants that tokens were issued for, and what
// introspection said.
type Counts struct{ Issued, Introspected *observe.Tally }

// Counts returns the counts, which go on counting.
func (s *Server) Counts() Counts { return Counts{s.issued, s.introspected} }

// global are the settings of the providers of all realms.
func (s *Server) global() *realm.Global {
	if s.Realms == nil {
		return realm.DefaultGlobal()
	}
	return s.Realms.Global()
}

// Trials slows down those who guess secrets of clients.
func (s *Server) Trials() *realm.Attempts { return s.trials }

func newIssued(grants []Grant) *observe.Tally {
	var names []string
	for _, g := range grants {
		names = append(names, g.Name)
	}
	return observe.NewTally(append(names, "other")...)
}

// New returns a server.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Fetch == nil {
		o.Fetch = fetch
	}
	if o.Login == nil {
		o.Login = directLogin{o.Now}
	}
	s := &Server{
		Options: o,
		log:     o.Log,
		tokens:  store.Tokens{Engine: o.Engine, Now: o.Now},
		codes:   store.Codes{Engine: o.Engine, Now: o.Now},
		once:    store.Replays{Engine: o.Engine},
		ids:     newAuditIDs(),
		remote:  newRemoteKeys(o.Fetch, o.Limits, o.Now),
		guesses: &guesses{now: o.Now, limits: o.Limits},
		trials:  realm.NewAttempts(freeTrials, o.Limits, o.Now),

		newcomers: realm.NewAttempts(o.Limits.Number("registrations", freeRegistrations), o.Limits, o.Now),
		verified:  newVerifiedTokens(o.Limits, o.Now),

		sessions:  store.Sessions{Engine: o.Engine, Now: o.Now},
		followups: store.Followups{Engine: o.Engine},
		ended:     make(chan string, o.Limits.Number("ended_sessions", maxEnded)),

		forAdministrators: newForAdministrators(o.AdministratorClient),

		issued: newIssued(o.Grants), introspected: observe.NewTally("active", "inactive"),
	}
	s.missed.Store(true)
	return s
}

// Provider is the authorization server of one realm as one request sees it.
type Provider struct {
	*Server
	Realm    *realm.Realm
	Settings *realm.Provider
	Base     BaseURL
	Issuer   string
}

// request is one call of an endpoint.
type request struct {
	*Provider
	w    http.ResponseWriter
	r    *http.Request
	name string // of the endpoint
}

// endpoint is one row of the table in endpoints.go.
type endpoint struct {
	methods []string
	serve   func(*request) error
}

// takes tells whether the endpoint has the method. Whatever answers GET answers HEAD.
func (e endpoint) takes(method string) bool {
	return slices.Contains(e.methods, method) || method == http.MethodHead && slices.Contains(e.methods, http.MethodGet)
}

// ServeHTTP answers a request for an endpoint of a realm: what follows the realm in the path, without a slash at
// the start, "access_token" or ".well-known/openid-configuration". What does not exist is a 404 of the protocol.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request, rl *realm.Realm, base BaseURL, name string) {
	if err := s.serve(w, r, rl, base, name); err != nil {
		s.writeError(w, r, err)
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, rl *realm.Realm, base BaseURL, name string) error {
	e, ok := lookupEndpoint(name)
	if !ok {
		return errNotFound
	}
	settings, ok := rl.Provider()
	if !ok {
		return Refuse("not_found", "No OpenID Connect provider for realm "+rl.Path)
	}
	if !e.takes(r.Method) {
		refusal := Refuse("method_not_allowed", "Required Method: "+strings.Join(e.methods, " or ")+" found: "+r.Method)
		refusal.Allow = strings.Join(e.methods, ", ")
		return refusal
	}
	q := &struct { // one piece of memory
		request
		Provider
	}{
		request{w: w, r: r, name: name},
		Provider{Server: s, Realm: rl, Settings: settings, Base: base, Issuer: base.Issuer(rl.Path)},
	}
	q.request.Provider = &q.Provider
	return e.serve(&q.request)
}
