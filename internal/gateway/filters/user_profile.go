package filters

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/amservice"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// UserProfileService reads profiles of users.
type UserProfileService struct {
	service    *amservice.Service
	realm      string
	attributes []string
	cache      *amservice.Cache[map[string]any] // nil: none
}

type userProfileServiceConfig struct {
	// AmService is the server that knows the users.
	AmService heap.Ref[*amservice.Service] `conf:"amService,required"`
	// Realm is the users' realm; the default is that of the service.
	Realm string `conf:"realm"`
	// ProfileAttributes are what is read; the default is all that the agent may read.
	ProfileAttributes []string `conf:"profileAttributes"`
	// Cache keeps profiles.
	Cache *profileCache `conf:"cache"`
}

type profileCache struct {
	// Enabled switches the cache on.
	Enabled bool `conf:"enabled"`
	// Executor is accepted from existing configurations.
	Executor any `conf:"executor,unused=the cache needs no threads"`
	// MaximumSize is how many profiles are kept.
	MaximumSize int `conf:"maximumSize,min=1"`
	// MaximumTimeToCache is how long.
	MaximumTimeToCache conf.Duration `conf:"maximumTimeToCache,default=1 minute"`
}

var userProfileService = heap.Define("UserProfileService", func(c *userProfileServiceConfig, env *heap.Env) (*UserProfileService, error) {
	return newUserProfileService(c, env), nil
})

func newUserProfileService(c *userProfileServiceConfig, env *heap.Env) *UserProfileService {
	s := &UserProfileService{service: c.AmService.Get(), realm: c.Realm}
	amservice.CheckRealm(env, "realm", c.Realm)
	for _, a := range c.ProfileAttributes {
		if a != "roles" {
			s.attributes = append(s.attributes, a)
		}
	}
	// The name is part of the context, so it is always read.
	if len(s.attributes) > 0 {
		for _, a := range []string{"username", "cn"} {
			if !slices.Contains(s.attributes, a) {
				s.attributes = append(s.attributes, a)
			}
		}
	}
	if c.Cache != nil && c.Cache.Enabled {
		ttl := c.Cache.MaximumTimeToCache
		if ttl <= 0 || ttl.Unlimited() {
			env.Fail("cache.maximumTimeToCache", "the duration must be neither zero nor unlimited")
		}
		s.cache = amservice.NewCache(c.Cache.MaximumSize, env.Now, func(map[string]any) time.Duration { return ttl.D() })
		s.cache.Measure(env, "user_profile")
	}
	return s
}

// profile returns the profile of a user; nobody changes it.
func (s *UserProfileService) profile(x *chain.Exchange, user string) (map[string]any, error) {
	load := func() (map[string]any, error) {
		p, err := s.service.Profile(x, s.realm, user, s.attributes)
		delete(p, "roles")
		return p, err
	}
	if s.cache == nil {
		return load()
	}
	return s.cache.Load(x, user, load)
}

type userProfileConfig struct {
	// Username is the user.
	Username *expr.Template `conf:"username"`
	// UserProfileService reads the profile.
	UserProfileService heap.Ref[*UserProfileService] `conf:"userProfileService"`

	oldUserProfile
}

// oldUserProfile are fields of releases before 2023.2.
type oldUserProfile struct {
	AmService         heap.Ref[*amservice.Service] `conf:"amService"`
	SsoToken          *expr.Template               `conf:"ssoToken"`
	ProfileAttributes []string                     `conf:"profileAttributes"`
	Cache             *profileCache                `conf:"cache"`
}

// userProfile tells those behind it about the user.
var userProfile = heap.Define("UserProfileFilter", func(c *userProfileConfig, env *heap.Env) (chain.Filter, error) {
	f := &profileTeller{user: c.Username, service: c.UserProfileService.Get(), log: env.Log}
	switch {
	case f.service != nil:
		if c.Username == nil {
			env.Fail("username", "the required field \"username\" is missing")
		}
		if c.AmService.IsSet() {
			env.Warn("amService", "\"userProfileService\" is given too and decides alone")
		}
	case c.AmService.IsSet():
		env.Warn("amService", "\"amService\" was replaced by \"userProfileService\"")
		f.service = newUserProfileService(&userProfileServiceConfig{AmService: c.AmService, ProfileAttributes: c.ProfileAttributes, Cache: c.Cache}, env)
		f.token = c.SsoToken
	default:
		env.Fail("userProfileService", "the required field \"userProfileService\" is missing")
	}
	return f, nil
})

type profileTeller struct {
	user    *expr.Template // nil: that of the session
	token   *expr.Template // of the session; nil: the cookie
	service *UserProfileService
	log     *slog.Logger
}

func (f *profileTeller) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	user, err := f.username(x)
	if err != nil {
		return nil, err
	}
	if user == "" {
		f.log.DebugContext(x.Ctx(), "there is no user to tell about")
		return next.Handle(x)
	}
	p, err := f.service.profile(x, user)
	if errors.Is(err, amservice.ErrNoUser) {
		f.log.WarnContext(x.Ctx(), "the server does not know the user")
		return next.Handle(x)
	}
	if err != nil {
		return nil, err
	}
	return next.Handle(x.Push(&userProfileContext{profile: p}))
}

func (f *profileTeller) username(x *chain.Exchange) (string, error) {
	if f.user != nil {
		user, _ := f.user.Text(x)
		return user, nil
	}
	token, err := sessionToken(x, f.service.service, f.token)
	if err != nil {
		return "", err
	}
	session, err := f.service.service.Session(x, token)
	if errors.Is(err, amservice.ErrNoSession) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return session.Username, nil
}

// userProfileContext is contexts.userProfile.
type userProfileContext struct {
	chain.Link
	profile map[string]any
}

// ContextName is "userProfile".
func (*userProfileContext) ContextName() string { return "userProfile" }

// Get returns a property as expressions see it.
func (c *userProfileContext) Get(name string) (any, bool) {
	switch name {
	case "username":
		return firstOf(c.profile["username"]), true
	case "commonName":
		return firstOf(c.profile["cn"]), true
	case "rawInfo":
		return jsonCopy(c.profile), true
	}
	return chain.Common(c, name)
}

// Call offers asJsonValue.
func (c *userProfileContext) Call(method string, _ []any) (any, error) {
	if method == "asJsonValue" {
		return jsonCopy(c.profile), nil
	}
	return nil, expr.ErrNoMethod
}

// jsonCopy keeps expressions from changing what a cache holds.
func jsonCopy(m map[string]any) any {
	v, err := jsonOf(m, 0)
	if err != nil {
		return nil
	}
	return v
}

// firstOf is a value, or the first of a list of values.
func firstOf(v any) any {
	if list, ok := v.([]any); ok {
		if len(list) == 0 {
			return nil
		}
		return list[0]
	}
	if s, ok := v.(string); ok {
		return strings.TrimSpace(s)
	}
	return v
}
