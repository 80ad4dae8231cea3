package amservice

import (
	"net/url"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
)

// notificationsConfig is the block notifications: how the server's events about sessions
// and policies are followed.
//
// Deviation: a server that has no socket for events does not keep a route from being
// deployed. Until it has one, what would depend on events is asked for each time.
type notificationsConfig struct {
	Enabled                   bool                               `conf:"enabled,default=true"`
	InitialConnectionAttempts int                                `conf:"initialConnectionAttempts,default=5,min=-1"`
	ReconnectDelay            conf.Duration                      `conf:"reconnectDelay,default=5 seconds"`
	RenewalDelay              conf.Duration                      `conf:"renewalDelay,default=50 minutes"`
	HeartbeatInterval         conf.Duration                      `conf:"heartbeatInterval,default=1 minute"`
	ConnectionTimeout         conf.Duration                      `conf:"connectionTimeout,default=60 seconds"`
	IdleTimeout               conf.Duration                      `conf:"idleTimeout,default=unlimited"`
	TLS                       heap.Ref[secrets.ClientTlsOptions] `conf:"tls"`
	ProxyOptions              heap.Ref[ProxyOptions]             `conf:"proxyOptions"`
	Vertx                     any                                `conf:"vertx,unused=it tunes the former client"`
	Audit                     *conf.Node                         `conf:"audit"`
}

// ProxyOptions is the object of that type.
type ProxyOptions interface {
	// ProxyFor returns the proxy for a URL, nil for none.
	ProxyFor(*url.URL) (*url.URL, error)
}

// check looks at a block that is given; an absent one is all defaults.
func (c *notificationsConfig) check(env *heap.Env) {
	if c == nil {
		return
	}
	if c.ReconnectDelay.Unlimited() {
		env.Fail("notifications.reconnectDelay", "the duration must not be unlimited")
	}
	if c.Audit != nil {
		env.Warn("notifications.audit", "notifications are not audited")
	}
}

// Follows tells whether events are to be followed.
func (s *Service) Follows() bool { return s.c.Notifications == nil || s.c.Notifications.Enabled }

// settings are the settings of the socket, with the defaults where there is no block.
func (s *Service) settings() notificationsConfig {
	if s.c.Notifications != nil {
		return *s.c.Notifications
	}
	return defaultNotifications
}
