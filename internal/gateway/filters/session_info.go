package filters

import (
	"errors"
	"log/slog"

	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/amservice"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type sessionInfoConfig struct {
	// AmService is the server that knows the session.
	AmService heap.Ref[*amservice.Service] `conf:"amService,required"`
	// SsoToken yields the token; the default is the server's session cookie.
	SsoToken *expr.Template `conf:"ssoToken"`
}

// sessionInfoType tells those behind it about the user's session.
var sessionInfoType = heap.Define("SessionInfoFilter", func(c *sessionInfoConfig, env *heap.Env) (chain.Filter, error) {
	return &sessionTeller{c.AmService.Get(), c.SsoToken, env.Log}, nil
})

type sessionTeller struct {
	service *amservice.Service
	token   *expr.Template // nil: the cookie
	log     *slog.Logger
}

func (f *sessionTeller) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	token, err := sessionToken(x, f.service, f.token)
	if err != nil {
		return nil, err
	}
	session, err := f.service.Session(x, token)
	switch {
	case errors.Is(err, amservice.ErrNoSession):
		f.log.DebugContext(x.Ctx(), "there is no session to tell about")
		return next.Handle(x)
	case err != nil:
		return nil, err
	}
	return next.Handle(x.Push(&amSession{session: session}))
}

// amSession is contexts.amSession.
type amSession struct {
	chain.Link
	session *amservice.Session
}

// ContextName is "amSession".
func (*amSession) ContextName() string { return "amSession" }

// Get returns a property as expressions see it.
func (c *amSession) Get(name string) (any, bool) {
	s := c.session
	switch name {
	case "username":
		return s.Username, true
	case "universalId":
		return s.UniversalID, true
	case "realm":
		return s.Realm, true
	case "sessionHandle":
		return s.Handle, true
	case "latestAccessTime":
		return timeText(s.LatestAccess), true
	case "maxIdleExpirationTime":
		return timeText(s.MaxIdleExpiration), true
	case "maxSessionExpirationTime":
		return timeText(s.MaxExpiration), true
	case "properties":
		return properties(s), true
	}
	return chain.Common(c, name)
}

// Call offers asJsonValue.
func (c *amSession) Call(method string, _ []any) (any, error) {
	if method == "asJsonValue" {
		m := sessionInfo(c.session)
		delete(m, "uid")
		return m, nil
	}
	return nil, expr.ErrNoMethod
}
