package amservice

import (
	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
)

// notificationsConfig is the block notifications: how the server's events about
// sessions, policies and tokens would be followed.
//
// Deviation: events are not followed yet. The product opens a WebSocket and refuses to
// deploy a route when that fails; here caches live by time alone, and one warning says
// so where a cache depends on events.
type notificationsConfig struct {
	Enabled                   bool                               `conf:"enabled,default=true"`
	InitialConnectionAttempts int                                `conf:"initialConnectionAttempts,default=5,min=-1"`
	ReconnectDelay            conf.Duration                      `conf:"reconnectDelay,default=5 seconds"`
	RenewalDelay              conf.Duration                      `conf:"renewalDelay,default=50 minutes"`
	HeartbeatInterval         conf.Duration                      `conf:"heartbeatInterval,default=1 minute"`
	ConnectionTimeout         conf.Duration                      `conf:"connectionTimeout,default=60 seconds"`
	IdleTimeout               conf.Duration                      `conf:"idleTimeout,default=unlimited"`
	TLS                       heap.Ref[secrets.ClientTlsOptions] `conf:"tls"`
	ProxyOptions              *conf.Node                         `conf:"proxyOptions"`
	Vertx                     any                                `conf:"vertx,unused=it tunes the former client"`
	Audit                     *conf.Node                         `conf:"audit"`
}

// check looks at a block that is given; an absent one is all defaults.
func (c *notificationsConfig) check(env *heap.Env) {
	if c != nil && c.ReconnectDelay.Unlimited() {
		env.Fail("notifications.reconnectDelay", "the duration must not be unlimited")
	}
}

// DependOnEvents says that something which was built would follow events of the
// server; the first call warns that they are not followed.
func (s *Service) DependOnEvents() {
	if c := s.c.Notifications; c == nil || c.Enabled {
		s.warnOnce.Do(func() {
			s.log.Warn("revocations and logouts at the server are not followed; what is cached stays until its time is over", "url", s.url)
		})
	}
}
