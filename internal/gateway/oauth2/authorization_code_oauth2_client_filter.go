package oauth2

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/amservice"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/oauth2/token"
)

// loginFilter signs users in at an authorization server (RFC 6749 §4.1, OIDC Core §3.1)
// and publishes what that says about them.
type loginFilter struct {
	loginFields

	log *slog.Logger
	now func() time.Time
	// streaming says that bodies pass through unbuffered; those cannot be sent again.
	streaming bool

	// mu covers reading and writing the login in a session: requests of one session may
	// share its values. It is never held during a call to another server.
	mu sync.Mutex
	// refreshed keeps what refresh tokens were exchanged for, so that requests which come
	// with the old one do not use it again.
	refreshed *amservice.Cache[*login]
	userInfo  *amservice.Cache[*token.Info]
	discovery *discovery
}

type loginFields struct {
	ClientEndpoint *expr.Template          `conf:"clientEndpoint,required"`
	FailureHandler heap.Ref[chain.Handler] `conf:"failureHandler"`
	LoginHandler   heap.Ref[chain.Handler] `conf:"loginHandler"`
	Registrations  registrations           `conf:"registrations"`

	Target            *expr.Template `conf:"target,default=${attributes.openid}"`
	DefaultLoginGoto  *expr.Template `conf:"defaultLoginGoto"`
	DefaultLogoutGoto *expr.Template `conf:"defaultLogoutGoto"`
	OAuth2SessionKey  string         `conf:"oAuth2SessionKey"`
	CacheExpiration   conf.Duration  `conf:"cacheExpiration,default=10 minutes"`
	RequireHTTPS      bool           `conf:"requireHttps,default=true"`
	RequireLogin      bool           `conf:"requireLogin,default=true"`
	RevokeOnLogout    bool           `conf:"revokeOauth2TokenOnLogout"`
	EndSession        bool           `conf:"openIdEndSessionOnLogout"`
	Prompt            string         `conf:"prompt"`
	MixUpMitigation   bool           `conf:"draftMixUpMitigation"`
	Executor          any            `conf:"executor,unused=the cache needs no threads"`

	discoveryFields
	IssuerRepository              heap.Ref[*IssuerRepository] `conf:"issuerRepository"`
	UseDeprecatedIssuerRepository bool                        `conf:"useDeprecatedIssuerRepository"`
}

// refreshLife is how long a new token stands in for the refresh token it was got with.
const refreshLife = 30 * time.Second

var loginType = heap.Define("AuthorizationCodeOAuth2ClientFilter", func(c *loginFields, env *heap.Env) (chain.Filter, error) {
	f := &loginFilter{loginFields: *c, log: env.Log, now: env.Now, streaming: env.Streaming}
	if !c.LoginHandler.IsSet() && len(c.Registrations) != 1 {
		env.Fail("loginHandler", "the field \"loginHandler\" is needed unless there is exactly one registration, found %d", len(c.Registrations))
	}
	if c.Target != nil && !c.Target.IsLValue() {
		env.Fail("target", "expected an expression that can be assigned to, found %q", c.Target.Source())
	}
	checkPrompt(env, c.Prompt)
	c.Registrations.check(env)
	f.refreshed = amservice.NewCache(0, f.now, func(*login) time.Duration { return refreshLife })
	f.userInfo = amservice.NewCache(0, f.now, func(*token.Info) time.Duration { return c.CacheExpiration.D() })
	f.discovery = newDiscovery(c, env)
	return f, nil
}, "OAuth2ClientFilter")

func checkPrompt(env *heap.Env, prompt string) {
	all := strings.Fields(prompt)
	for _, p := range all {
		if !slices.Contains([]string{"none", "login", "consent", "select_account"}, p) {
			env.Fail("prompt", "expected words out of none, login, consent, select_account, found %q", p)
		}
	}
	if len(all) > 1 && slices.Contains(all, "none") {
		env.Fail("prompt", "\"none\" cannot be combined with others (OIDC Core §3.1.2.1)")
	}
}

// registrations is a list of registrations, or a single one.
type registrations []*ClientRegistration

// UnmarshalConf reads the field.
func (l *registrations) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	nodes := []*conf.Node{n}
	if n.Kind == conf.List {
		nodes = n.List
	}
	for _, e := range nodes {
		var ref heap.Ref[*ClientRegistration]
		ref.UnmarshalConf(d, e)
		if ref.IsSet() {
			*l = append(*l, ref.Get())
		}
	}
}

// DescribeConf names the kind of value.
func (*registrations) DescribeConf() string { return "a list of client registrations" }

// check refuses registrations that a login link cannot tell apart.
func (l registrations) check(env *heap.Env) {
	seen := map[[2]string]bool{}
	for _, r := range l {
		if r.Issuer.Get() == nil {
			continue
		}
		key := [2]string{r.ClientID, r.Issuer.Get().Name}
		if seen[key] {
			env.Fail("registrations", "two registrations have the client id %q and the issuer %q", key[0], key[1])
		}
		seen[key] = true
	}
}

// find returns the registration with a client id, and with the issuer's name if one is
// given. Two that fit are as good as none: the wrong one could be taken.
func (l registrations) find(id, issuer string) (*ClientRegistration, bool) {
	return l.one(func(r *ClientRegistration) bool {
		return r.ClientID == id && (issuer == "" || r.Issuer.Get().Name == issuer)
	})
}

// named returns the registration object with a name.
func (l registrations) named(name string) (*ClientRegistration, bool) {
	return l.one(func(r *ClientRegistration) bool { return r.name == name })
}

func (l registrations) one(fits func(*ClientRegistration) bool) (*ClientRegistration, bool) {
	var found *ClientRegistration
	for _, r := range l {
		if fits(r) {
			if found != nil {
				return nil, false
			}
			found = r
		}
	}
	return found, found != nil
}

var errPlain = errors.New("the request did not come over https")

// Filter tells the service requests of the client endpoint from those for the resource.
func (f *loginFilter) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	p, err := newLoginPlace(x, f.ClientEndpoint)
	if err != nil {
		return nil, err
	}
	if f.RequireHTTPS && !p.secure() {
		return f.fail(x, &Error{Code: "invalid_request", Description: "The request must come over https.", Err: errPlain})
	}
	s, err := sessionOf(x)
	if err != nil {
		return nil, err
	}
	v := &visit{f: f, x: x, p: p, session: s, key: f.sessionKey(p)}
	var resp *chain.Response
	switch p.service {
	case "login":
		resp, err = v.login()
	case "callback":
		resp, err = v.callback()
	case "logout":
		resp, err = v.logout()
	default:
		resp, err = v.resource(next)
	}
	var e *Error
	if err != nil && resp == nil && errors.As(err, &e) {
		return f.fail(x, e)
	}
	return resp, err
}

func (f *loginFilter) sessionKey(p *loginPlace) string {
	if f.OAuth2SessionKey != "" {
		return sessionPrefix + f.OAuth2SessionKey
	}
	return sessionPrefix + p.endpoint
}

// fail publishes what went wrong and lets the failure handler answer. Without one the
// answer is a 500, and not a failure of the chain: the session is saved with it.
func (f *loginFilter) fail(x *chain.Exchange, e *Error) (*chain.Response, error) {
	public := &Error{Code: printableCode(e.Code), Description: printable(e.Description), Status: e.Status, Err: e.Err}
	if !f.FailureHandler.IsSet() {
		f.log.WarnContext(x.Ctx(), "login failed and there is no failure handler", "error", public)
		return chain.Fail(500, public), nil
	}
	f.log.InfoContext(x.Ctx(), "login failed", "error", public)
	return f.FailureHandler.Get().Handle(x.Push(failure(public)))
}

// printable keeps the characters of error_description (RFC 6749 §4.1.2.1) but for those
// that would be markup: failure handlers put the text into pages.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`<>"\`, r) {
			return -1
		}
		return r
	}, s)
	return strings.ToValidUTF8(s[:min(len(s), 512)], "")
}

func printableCode(s string) string {
	for i := range len(s) {
		c := s[i]
		if ('a' > c || c > 'z') && ('A' > c || c > 'Z') && ('0' > c || c > '9') && strings.IndexByte("_-.:/", c) < 0 {
			return "server_error"
		}
	}
	if s == "" || len(s) > 128 {
		return "server_error"
	}
	return s
}

// redirect is an answer that sends the browser elsewhere. Nobody may keep it: it belongs
// to one login.
func redirect(to string) (*chain.Response, error) {
	if err := chain.CheckHeader("Location", to); err != nil {
		return nil, err
	}
	r := chain.NewResponse(302)
	r.Header["Location"] = []string{to}
	r.Header["Cache-Control"] = []string{"no-store"}
	return r, nil
}
