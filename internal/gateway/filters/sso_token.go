package filters

import (
	"time"

	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/amservice"
	"gatehouse/internal/gateway/chain"
)

// ssoToken is contexts.ssoToken: the session that a login filter found.
type ssoToken struct {
	chain.Link
	token   string
	session *amservice.Session
	// login is where the user goes to log in and come back to a URI, with more parameters
	// for the login page.
	login func(x *chain.Exchange, back *chain.URI, more ...string) (string, error)
	back  func(x *chain.Exchange) *chain.URI
	// start is the response that sends the user there.
	start func(x *chain.Exchange, back *chain.URI, more ...string) (*chain.Response, error)
	x     *chain.Exchange
}

// ContextName is "ssoToken".
func (*ssoToken) ContextName() string { return "ssoToken" }

// Get returns a property as expressions see it.
func (c *ssoToken) Get(name string) (any, bool) {
	switch name {
	case "value":
		return c.token, true
	case "universalId":
		return c.session.UniversalID, true
	case "info":
		return sessionInfo(c.session), true
	case "loginEndpoint":
		u, err := c.login(c.x, c.back(c.x))
		if err != nil {
			return nil, true
		}
		return u, true
	}
	return chain.Common(c, name)
}

// sessionInfo is a session as a map.
func sessionInfo(s *amservice.Session) map[string]any {
	m := map[string]any{
		"uid": s.Username, "username": s.Username, "universalId": s.UniversalID, "realm": s.Realm, "sessionHandle": s.Handle,
		"latestAccessTime": timeText(s.LatestAccess), "maxIdleExpirationTime": timeText(s.MaxIdleExpiration),
		"maxSessionExpirationTime": timeText(s.MaxExpiration), "properties": properties(s),
	}
	for k, v := range s.Properties {
		if _, known := m[k]; !known {
			m[k] = v
		}
	}
	return m
}

func properties(s *amservice.Session) map[string]any {
	m := make(map[string]any, len(s.Properties))
	for k, v := range s.Properties {
		m[k] = v
	}
	return m
}

func timeText(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// sessionToken is what an expression yields or, without one, the session cookie; "" for
// none.
func sessionToken(x *chain.Exchange, service *amservice.Service, t *expr.Template) (string, error) {
	if t != nil {
		token, _ := t.Text(x)
		return token, nil
	}
	name, err := service.CookieName(x)
	if err != nil {
		return "", err
	}
	token, _ := chain.CookieValue(x.Request.Header, name)
	return token, nil
}
