package oauth2

import (
	"errors"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/amservice"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/oauth2/token"
)

// cacheConfig keeps what another resolver found out.
type cacheConfig struct {
	Delegate           heap.Ref[AccessTokenResolver] `conf:"delegate,required"`
	Enabled            bool                          `conf:"enabled,default=true"`
	DefaultTimeout     conf.Duration                 `conf:"defaultTimeout,default=1 minute"`
	MaximumTimeToCache *conf.Duration                `conf:"maximumTimeToCache"`
	MaximumSize        int                           `conf:"maximumSize,min=1"`
	eventFields
}

// eventFields are those of caches that follow the events of an AM server.
type eventFields struct {
	Executor                    any                          `conf:"executor,unused=the cache needs no threads"`
	AmService                   heap.Ref[*amservice.Service] `conf:"amService"`
	OnNotificationDisconnection string                       `conf:"onNotificationDisconnection,default=CLEAR_ON_DISCONNECT,oneof=NEVER_CLEAR|CLEAR_ON_DISCONNECT|CLEAR_ON_RECONNECT"`
}

var cacheType = heap.Define("CacheAccessTokenResolver", func(c *cacheConfig, env *heap.Env) (AccessTokenResolver, error) {
	if !c.Enabled {
		return c.Delegate.Get(), nil
	}
	return newCached(env, "", c.Delegate.Get(), cacheSettings{
		"maximumTimeToCache", c.DefaultTimeout, c.MaximumTimeToCache, c.MaximumSize, c.eventFields,
	}), nil
})

type cacheSettings struct {
	maxField       string
	defaultTimeout conf.Duration
	max            *conf.Duration
	size           int
	events         eventFields
}

// cached asks its delegate once for each token, as long as the answer may be kept.
type cached struct {
	delegate AccessTokenResolver
	cache    *amservice.Cache[*AccessToken]
}

func newCached(env *heap.Env, path string, delegate AccessTokenResolver, s cacheSettings) AccessTokenResolver {
	if s.max != nil && (*s.max <= 0 || s.max.Unlimited()) {
		env.Fail(path+s.maxField, "the duration must be neither zero nor unlimited")
	}
	now := env.Now
	// An answer is kept no longer than the token lives; where the token does not say,
	// for the default time; and never longer than the configured bound.
	keep := func(t *AccessToken) time.Duration {
		ttl := s.defaultTimeout.D()
		if t.ExpiresAt != token.Never {
			ttl = time.UnixMilli(t.ExpiresAt).Sub(now())
		}
		if s.max != nil {
			ttl = min(ttl, s.max.D())
		}
		return ttl
	}
	c := &cached{delegate, amservice.NewCache(s.size, now, keep)}
	c.cache.Measure(env, "access_token")
	am, block := s.events.AmService.Get(), env.Config
	if path != "" {
		block = block.Get(strings.TrimSuffix(path, "."))
	}
	switch {
	case am != nil:
		if !am.Follows() {
			env.Warn(path+"amService", "revoked tokens stay in the cache: the notifications of the AmService are switched off")
		}
		amservice.FollowTokens(am, c.cache, s.events.OnNotificationDisconnection, isRevoked)
	case block.Get("onNotificationDisconnection") != nil:
		env.Warn(path+"onNotificationDisconnection", "the field has no effect without \"amService\"")
	}
	return c
}

// isRevoked compares the claims of a client-side token. Server-side tokens are dropped by
// what they are, without a look at each.
func isRevoked(t *AccessToken, r *amservice.RevokedTokens) bool {
	if !strings.Contains(t.Token, ".") {
		return false
	}
	jti, _ := t.Info.Text("jti")
	grant, _ := t.Info.Text("authGrantId")
	return jti != "" && slices.Contains(r.JTIs, jti) || grant != "" && slices.Contains(r.GrantIDs, grant)
}

func (c *cached) Resolve(x *chain.Exchange, text string) (*AccessToken, error) {
	t, ok := c.cache.Get(text)
	if !ok {
		var err error
		t, err = c.cache.Load(x, text, func() (*AccessToken, error) { return c.load(x, text) })
		if err != nil {
			return nil, err
		}
	}
	// A token that is bound to a certificate must not be served to somebody else.
	if t.Check != nil {
		if err := t.Check(x, t); err != nil {
			return nil, &token.Unconfirmed{Token: t, Err: err}
		}
	}
	return t, nil
}

// load asks the delegate. That the token is not good for the request which happens to ask
// is no matter of the others.
func (c *cached) load(x *chain.Exchange, text string) (*AccessToken, error) {
	t, err := c.delegate.Resolve(x, text)
	var unconfirmed *token.Unconfirmed
	if errors.As(err, &unconfirmed) {
		t, err = unconfirmed.Token, nil
	}
	if err != nil {
		return nil, err
	}
	return t.Compact(), nil
}
