// Package amservice is the gateway's side of an access management server: where its
// endpoints are, how the gateway's agent logs in, and what it says about sessions.
package amservice

import (
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
)

// config is the configuration of an AmService.
type config struct {
	Agent              agentConfig             `conf:"agent,required"`
	SecretsProvider    secrets.Provider        `conf:"secretsProvider"`
	URL                conf.URL                `conf:"url,required"`
	Realm              string                  `conf:"realm,default=/"`
	AmHandler          heap.Ref[chain.Handler] `conf:"amHandler,default=ForgeRockClientHandler"`
	SsoTokenHeader     string                  `conf:"ssoTokenHeader"`
	Version            string                  `conf:"version,unused=the same endpoints serve all supported versions of the server"`
	SessionProperties  []string                `conf:"sessionProperties"`
	SessionCache       *sessionCacheConfig     `conf:"sessionCache"`
	SessionIdleRefresh *idleRefreshConfig      `conf:"sessionIdleRefresh"`
	Notifications      *notificationsConfig    `conf:"notifications"`
}

type agentConfig struct {
	Username         string     `conf:"username,required"`
	PasswordSecretID secrets.ID `conf:"passwordSecretId"`
	// Password is the one of releases before 7, in plain.
	Password string `conf:"password"`
	Journey  string `conf:"journey,default=Agent"` // "": the server's default
}

// Service is an AmService. Making one opens nothing; the agent logs in when its token
// is first needed, which is at the start where something depends on the server's events.
type Service struct {
	c       *config
	log     *slog.Logger
	now     func() time.Time
	name    string
	url     string // without a slash at the end
	realms  string // "/realms/root/realms/alpha"
	handler chain.Handler
	hosts   map[string]string // to find them elsewhere
	agent   agent
	info    serverInfo
	session sessions
	events  events

	noTokenEvents sync.Once
}

var amService = heap.Define("AmService", func(c *config, env *heap.Env) (*Service, error) {
	c.checkAgent(env)
	return newService(c, env), nil
})

func newService(c *config, env *heap.Env) *Service {
	if s := c.URL.Scheme; s != "http" && s != "https" {
		env.Fail("url", "expected a URL that begins with https: or http:, found %q", c.URL.String())
	}
	if c.URL.User != nil {
		env.Fail("url", "the URL has a name and password, which messages would show; the agent's are in \"agent\"")
	}
	if c.URL.RawQuery != "" || c.URL.Fragment != "" {
		env.Fail("url", "expected a URL without query and fragment, found %q", c.URL.String())
	}
	CheckRealm(env, "realm", c.Realm)
	realms, _ := realmPath(c.Realm)
	s := &Service{
		c: c, log: env.Log, now: env.Now, name: env.Name, url: strings.TrimRight(c.URL.String(), "/"),
		realms: realms, handler: c.AmHandler.Get(), hosts: env.Hosts,
	}
	s.session.prepare(s, env)
	c.Notifications.check(env)
	return s
}

// CheckRealm reports a field with what can be no realm. "" is none, or the service's own.
func CheckRealm(env *heap.Env, field, realm string) {
	if _, ok := realmPath(realm); !ok {
		env.Fail(field, "expected a realm such as \"/\" or \"/alpha\", found %q", realm)
	}
}

// realmPath turns "/alpha/beta" into the way AM's URLs name it. The path of the root
// realm is written too.
func realmPath(realm string) (string, bool) {
	path := "/realms/root"
	realm = strings.Trim(realm, "/")
	if realm == "" {
		return path, true
	}
	for part := range strings.SplitSeq(realm, "/") {
		if part == "" || part == "." || part == ".." {
			return "", false
		}
		path += "/realms/" + url.PathEscape(part)
	}
	return path, true
}

// Name is the name of the object.
func (s *Service) Name() string { return s.name }

// URL is the base URL of the server, without a slash at the end.
func (s *Service) URL() string { return s.url }

// Realm is the realm as it is configured, with a slash in front.
func (s *Service) Realm() string { return "/" + strings.Trim(s.c.Realm, "/") }

// OAuthURL is an OAuth 2.0 endpoint of the realm, for example "introspect".
func (s *Service) OAuthURL(endpoint string) string {
	return s.url + "/oauth2" + s.realms + "/" + endpoint
}

// JSONURL is a resource of the realm in the REST interface, for example
// "sessions?_action=validate". realm "" is the service's own; others passed CheckRealm.
func (s *Service) JSONURL(realm, resource string) string {
	path := s.realms
	if realm != "" {
		path, _ = realmPath(realm)
	}
	return s.url + "/json" + path + "/" + resource
}

// Agent is the name of the agent.
func (s *Service) Agent() string { return s.c.Agent.Username }

// SecretsProvider is where the agent's password is.
func (s *Service) SecretsProvider() secrets.Provider { return s.c.SecretsProvider }

// Handler is what requests to the server go through.
func (s *Service) Handler() chain.Handler { return s.handler }
