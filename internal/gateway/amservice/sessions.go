package amservice

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// sessionCacheConfig is the block sessionCache.
type sessionCacheConfig struct {
	Enabled                     bool           `conf:"enabled"`
	Executor                    any            `conf:"executor,unused=the cache needs no threads"`
	MaximumSize                 int            `conf:"maximumSize,min=1"`
	MaximumTimeToCache          *conf.Duration `conf:"maximumTimeToCache"`
	OnNotificationDisconnection string         `conf:"onNotificationDisconnection,default=CLEAR_ON_DISCONNECT,oneof=NEVER_CLEAR|CLEAR_ON_DISCONNECT|CLEAR_ON_RECONNECT"`
}

// idleRefreshConfig is the block sessionIdleRefresh.
type idleRefreshConfig struct {
	Enabled  bool          `conf:"enabled"`
	Interval conf.Duration `conf:"interval,default=5 minutes"`
}

// Session is what the server says about a session. It is shared and never changed.
type Session struct {
	Username, UniversalID, Realm, Handle           string
	LatestAccess, MaxIdleExpiration, MaxExpiration time.Time
	// Properties are those of sessionProperties, all when that is not configured.
	Properties map[string]string
}

// ErrNoSession says that a token is not, or no longer, one of a session.
var ErrNoSession = errors.New("there is no such session")

// sessions asks for sessions and keeps the answers.
type sessions struct {
	cache     *Cache[*Session]
	refreshed *Cache[struct{}]
}

func (c *sessions) prepare(s *Service, env *heap.Env) {
	idle := s.c.SessionIdleRefresh != nil && s.c.SessionIdleRefresh.Enabled
	if idle {
		every := s.c.SessionIdleRefresh.Interval.D()
		if every <= 0 {
			env.Fail("sessionIdleRefresh.interval", "the duration must not be zero")
		}
		c.refreshed = NewCache(0, s.now, func(struct{}) time.Duration { return every })
	}
	cache := s.c.SessionCache
	if cache == nil || !cache.Enabled {
		return
	}
	if d := cache.MaximumTimeToCache; d != nil && (*d <= 0 || d.Unlimited()) {
		env.Fail("sessionCache.maximumTimeToCache", "the duration must be neither zero nor unlimited")
	}
	c.cache = NewCache(cache.MaximumSize, s.now, func(v *Session) time.Duration {
		end := v.MaxExpiration
		if idle {
			// The idle timeout moves only when the gateway asks, so it holds the value
			// no longer than that; AM's own clean-up may be early (hence the seconds).
			if early := v.MaxIdleExpiration.Add(-30 * time.Second); early.Before(end) {
				end = early
			}
		}
		ttl := end.Sub(s.now())
		if cache.MaximumTimeToCache != nil {
			ttl = min(ttl, cache.MaximumTimeToCache.D())
		}
		return ttl
	})
	c.cache.Measure(env, "session")
	followWith(s, c.cache, cache.OnNotificationDisconnection, func(e Event) {
		switch {
		case e.Topic != topicSession:
		case e.Token != "":
			c.cache.Drop(e.Token)
		case e.Session != "":
			c.cache.DropWhere(func(v *Session) bool { return v.Properties["AMCtxId"] == e.Session || v.Handle == e.Session })
		default:
			c.cache.Clear()
		}
	})
}

// Session returns the session of a token, ErrNoSession when there is none. Depending
// on the configuration it comes from a cache and keeps the session from idling out.
func (s *Service) Session(x *chain.Exchange, token string) (*Session, error) {
	if token == "" {
		return nil, ErrNoSession
	}
	action := "getSessionInfo"
	if s.session.refreshed != nil {
		if _, fresh := s.session.refreshed.Get(token); !fresh {
			action = "getSessionInfoAndResetIdleTime"
			if s.session.cache != nil {
				s.session.cache.Drop(token)
			}
		}
	}
	load := func() (*Session, error) {
		found, err := s.askSession(x, action, token)
		if err == nil && s.session.refreshed != nil {
			_, _ = s.session.refreshed.Load(x, token, func() (struct{}, error) { return struct{}{}, nil })
		}
		return found, err
	}
	if s.session.cache == nil {
		return load()
	}
	return s.session.cache.Load(x, token, load)
}

func (s *Service) askSession(x *chain.Exchange, action, token string) (*Session, error) {
	var a struct {
		Valid                    *bool          `json:"valid"`
		Username                 string         `json:"username"`
		UniversalID              string         `json:"universalId"`
		Realm                    string         `json:"realm"`
		SessionHandle            string         `json:"sessionHandle"`
		LatestAccessTime         time.Time      `json:"latestAccessTime"`
		MaxIdleExpirationTime    time.Time      `json:"maxIdleExpirationTime"`
		MaxSessionExpirationTime time.Time      `json:"maxSessionExpirationTime"`
		Properties               map[string]any `json:"properties"`
	}
	status, err := s.askAboutToken(x, "sessions?_action="+action, "protocol=1.0,resource=4.0", token, &a)
	if err != nil {
		return nil, fmt.Errorf("ask %s for a session: %w", s.url, err)
	}
	if status == 403 {
		s.log.WarnContext(x.Ctx(), "the server does not let the agent ask for sessions: nobody counts as logged in", "agent", s.c.Agent.Username, "url", s.url)
	}
	if status == 401 || status == 403 || status == 404 || a.Valid != nil && !*a.Valid {
		return nil, ErrNoSession
	}
	if status != 200 {
		return nil, fmt.Errorf("ask %s for a session: status %d", s.url, status)
	}
	out := &Session{
		Username: a.Username, UniversalID: a.UniversalID, Realm: a.Realm, Handle: a.SessionHandle,
		LatestAccess: a.LatestAccessTime, MaxIdleExpiration: a.MaxIdleExpirationTime, MaxExpiration: a.MaxSessionExpirationTime,
		Properties: map[string]string{},
	}
	for name, v := range a.Properties {
		if text, ok := v.(string); ok && s.wants(name) {
			out.Properties[name] = text
		}
	}
	return out, nil
}

// wants keeps the id of the session too, by which notifications name it.
func (s *Service) wants(property string) bool {
	return len(s.c.SessionProperties) == 0 || property == "AMCtxId" || slices.Contains(s.c.SessionProperties, property)
}

// Validate says whether a token is one of a live session. It asks the server always
// and does not count as use of the session.
func (s *Service) Validate(x *chain.Exchange, token string) (bool, error) {
	var a struct {
		Valid bool `json:"valid"`
	}
	status, err := s.askAboutToken(x, "sessions?_action=validate&refresh=false", "protocol=1.0,resource=3.0", token, &a)
	if err != nil {
		return false, fmt.Errorf("validate session at %s: %w", s.url, err)
	}
	if status != 200 && status != 401 && status != 403 {
		return false, fmt.Errorf("validate session at %s: status %d", s.url, status)
	}
	return status == 200 && a.Valid, nil
}

// Logout ends the session of a token and forgets what is kept about it.
func (s *Service) Logout(x *chain.Exchange, token string) error {
	if s.session.cache != nil {
		s.session.cache.Drop(token)
		// A request that came meanwhile may have found the session alive and kept it.
		defer s.session.cache.Drop(token)
	}
	header, err := s.TokenHeader(x)
	if err != nil {
		return err
	}
	req, err := post(s.JSONURL("", "sessions?_action=logout"), "protocol=1.0,resource=3.1", map[string]any{})
	if err != nil {
		return err
	}
	if err := chain.CheckHeader(header, token); err != nil {
		return ErrNoSession
	}
	req.Header[header] = []string{token}
	status, err := s.send(x, req, nil)
	if err == nil && status != 200 && status != 401 {
		err = fmt.Errorf("status %d", status)
	}
	if err != nil {
		return fmt.Errorf("log out at %s: %w", s.url, err)
	}
	return nil
}

func (s *Service) askAboutToken(x *chain.Exchange, resource, version, token string, v any) (int, error) {
	req, err := post(s.JSONURL("", resource), version, map[string]any{"tokenId": token})
	if err != nil {
		return 0, err
	}
	resp, err := s.Call(x, req)
	if err != nil {
		return 0, err
	}
	return decode(resp, v)
}
