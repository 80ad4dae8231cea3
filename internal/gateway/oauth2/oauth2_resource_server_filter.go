package oauth2

import (
	"errors"
	"log/slog"
	"strings"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/oauth2/token"
)

// resourceServer lets requests pass that bring a good access token (RFC 6750).
type resourceServer struct {
	AccessTokenResolver heap.Ref[AccessTokenResolver] `conf:"accessTokenResolver"`
	Cache               *filterCache                  `conf:"cache"`
	Executor            any                           `conf:"executor,unused=the cache needs no threads"`
	RequireHTTPS        bool                          `conf:"requireHttps,default=true"`
	Realm               string                        `conf:"realm"`
	Scopes              scopesField                   `conf:"scopes"`
	FailureHandler      heap.Ref[chain.Handler]       `conf:"failureHandler"`
	ResourceMetadata    *conf.URL                     `conf:"resourceMetadata"`
	oldResourceServer

	resolver AccessTokenResolver
	log      *slog.Logger
	now      func() time.Time

	// Challenges that are the same for all requests.
	noToken, badRequest, badToken, lackingScope string
}

// oldResourceServer are fields of releases up to 5.
type oldResourceServer struct {
	TokenInfoEndpoint *conf.URL               `conf:"tokenInfoEndpoint"`
	ProviderHandler   heap.Ref[chain.Handler] `conf:"providerHandler"`
	CacheExpiration   *conf.Duration          `conf:"cacheExpiration"`
}

// filterCache is the block cache of the filter.
type filterCache struct {
	Enabled        bool           `conf:"enabled"`
	DefaultTimeout conf.Duration  `conf:"defaultTimeout,default=1 minute"`
	MaxTimeout     *conf.Duration `conf:"maxTimeout"`
	MaximumSize    int            `conf:"maximumSize,min=1"`
	eventFields
}

var resourceServerType = heap.Define("OAuth2ResourceServerFilter", func(c *resourceServer, env *heap.Env) (chain.Filter, error) {
	c.log, c.now = env.Log, env.Now
	if err := chain.CheckHeader("WWW-Authenticate", c.Realm); err != nil {
		env.Fail("realm", "the realm has a control character")
	}
	if c.resolver = c.chosenResolver(env); c.resolver == nil {
		return nil, nil
	}
	c.noToken = c.challenge("", "", "")
	c.badRequest = c.challenge("", "invalid_request", invalidRequestText)
	c.badToken = c.challenge("", "invalid_token", invalidTokenText)
	c.lackingScope = c.challenge(joined(c.Scopes.list), "insufficient_scope", insufficientScopeText)
	return c, nil
}, "OAuth2RSFilter")

// challenge is one of RFC 6750 §3, with the place of the resource's metadata (RFC 9728 §5.1)
// if that is configured.
func (c *resourceServer) challenge(scope, code, description string) string {
	text := challenge(c.Realm, scope, code, description)
	if c.ResourceMetadata == nil {
		return text
	}
	separator := ", "
	if text == "Bearer" {
		separator = " "
	}
	return text + separator + `resource_metadata="` + quoted.Replace(c.ResourceMetadata.String()) + `"`
}

func (c *resourceServer) chosenResolver(env *heap.Env) AccessTokenResolver {
	r := c.AccessTokenResolver.Get()
	switch {
	case r == nil && c.TokenInfoEndpoint == nil:
		env.Fail("accessTokenResolver", "the required field \"accessTokenResolver\" is missing")
		return nil
	case r == nil:
		env.Warn("tokenInfoEndpoint", "\"tokenInfoEndpoint\" was replaced by \"accessTokenResolver\"")
		if !c.ProviderHandler.IsSet() {
			env.Fail("providerHandler", "the required field \"providerHandler\" is missing")
		}
		r = &tokenInfo{url: c.TokenInfoEndpoint.String(), handler: c.ProviderHandler.Get(), now: c.now}
	case c.TokenInfoEndpoint != nil || c.ProviderHandler.IsSet():
		for _, field := range [...]string{"tokenInfoEndpoint", "providerHandler"} {
			if env.Config.Get(field) != nil {
				env.Warn(field, "\"accessTokenResolver\" is given too and decides alone")
			}
		}
	}
	if c.Cache != nil && c.CacheExpiration != nil {
		env.Warn("cacheExpiration", "\"cache\" is given too and decides alone")
		c.CacheExpiration = nil
	}
	if b := c.Cache; b != nil && b.Enabled {
		return newCached(env, "cache.", r, cacheSettings{"maxTimeout", b.DefaultTimeout, b.MaxTimeout, b.MaximumSize, b.eventFields})
	}
	if d := c.CacheExpiration; d != nil && *d > 0 {
		env.Warn("cacheExpiration", "\"cacheExpiration\" was replaced by \"cache\"")
		return newCached(env, "", r, cacheSettings{"cacheExpiration", *d, d, 0, eventFields{}})
	}
	return r
}

var (
	errNotHTTPS  = errors.New("the request did not come over https")
	errNoToken   = errors.New("the request has no bearer token")
	errTwoTokens = errors.New("the request has several Authorization fields")
	errExpired   = errors.New("the access token is expired")
	errScope     = errors.New("the access token lacks a scope")
)

// Filter never changes the Authorization field: handlers may pass it on.
func (c *resourceServer) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	if c.RequireHTTPS && !secure(x) {
		return c.fail(x, failed{status: 403, cause: errNotHTTPS})
	}
	fields := x.Request.Header["Authorization"]
	if len(fields) > 1 {
		return c.fail(x, failed{400, c.badRequest, "invalid_request", invalidRequestText, nil, errTwoTokens})
	}
	text, ok := "", false
	if len(fields) == 1 {
		text, ok = bearer(fields[0])
	}
	if !ok {
		return c.fail(x, failed{401, c.noToken, "", "", nil, errNoToken})
	}
	t, err := c.resolver.Resolve(x, text)
	if err != nil {
		return c.refuse(x, err)
	}
	if t.Expired(c.now()) {
		return c.refuse(x, errExpired)
	}
	needed, err := c.Scopes.of(x)
	if err != nil {
		var own token.Answerer
		if errors.As(err, &own) {
			return own.Answer(), nil
		}
		return nil, err
	}
	if !t.HasAll(needed) {
		value := c.lackingScope
		if !c.Scopes.fixed() {
			value = c.challenge(joined(needed), "insufficient_scope", insufficientScopeText)
			if err := chain.CheckHeader("WWW-Authenticate", value); err != nil {
				return nil, err
			}
		}
		return c.fail(x, failed{403, value, "insufficient_scope", insufficientScopeText, needed, errScope})
	}
	if audit := chain.Find[*chain.AuditContext](x.Context); audit != nil {
		if id := t.TrackingID(); id != "" {
			audit.TrackingIDs = append(audit.TrackingIDs, id)
		}
	}
	return next.Handle(x.Push(&Context{AccessToken: t}))
}

// refuse answers for a token that was not resolved. The client learns nothing of the
// reason; an operator does when it is not the token's fault.
func (c *resourceServer) refuse(x *chain.Exchange, err error) (*chain.Response, error) {
	var unavailable *token.Unavailable
	if errors.As(err, &unavailable) && x.Ctx().Err() == nil {
		c.log.WarnContext(x.Ctx(), "access token cannot be resolved", "error", err)
	} else {
		c.log.DebugContext(x.Ctx(), "access token is refused", "error", err)
	}
	return c.fail(x, failed{401, c.badToken, "invalid_token", invalidTokenText, nil, err})
}

// failed is why a request does not pass.
type failed struct {
	status                       int
	challenge, code, description string
	scopes                       []string // that the request needs
	cause                        error
}

// fail answers with a challenge and no body, unless a handler makes the answer: it finds
// the reason in contexts.oauth2Failure, and the challenge is added to what it gives.
func (c *resourceServer) fail(x *chain.Exchange, f failed) (*chain.Response, error) {
	if !c.FailureHandler.IsSet() {
		if f.challenge == "" {
			return chain.Fail(f.status, f.cause), nil
		}
		return challenged(f.status, f.challenge, f.cause), nil
	}
	values := map[string]any{"status": int64(f.status), "scopes": wordList(f.scopes), "error": textOrNil(f.code), "description": textOrNil(f.description)}
	resp, err := c.FailureHandler.Get().Handle(x.Push(&chain.MapContext{Name: "oauth2Failure", Values: values}))
	if err != nil || f.challenge == "" {
		return resp, err
	}
	if resp.Header.Get("Www-Authenticate") == "" {
		resp.Header["Www-Authenticate"] = []string{f.challenge}
	}
	return resp, nil
}

// secure looks at the URI as the client sent it; a ForwardedRequestFilter corrects that
// behind a proxy which ends TLS.
func secure(x *chain.Exchange) bool {
	return chain.OriginalURI(x).Scheme == "https"
}

// bearer returns the text after the first blank when the scheme is Bearer.
func bearer(field string) (string, bool) {
	field = strings.Trim(field, " \t")
	i := strings.IndexByte(field, ' ')
	if i < 0 || !strings.EqualFold(field[:i], "Bearer") {
		return "", false
	}
	return field[i+1:], true
}
