package oauth2

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/oauth2/token"
)

// loginInfo is the context oauth2Info: what is known about who is logged in. What the
// user info endpoint says is asked for when somebody looks.
type loginInfo struct {
	chain.Link
	visit        *visit
	registration *ClientRegistration
	x            *chain.Exchange

	mu     sync.Mutex
	login  *login
	asked  bool
	user   *token.Info
	claims *token.Info
}

// ContextName is "oauth2Info".
func (*loginInfo) ContextName() string { return "oauth2Info" }

// Get returns a property as expressions see it.
func (c *loginInfo) Get(name string) (any, bool) {
	l := c.current()
	switch name {
	case "accessToken":
		return l.token("access_token"), true
	case "scopes":
		return wordList(l.scopes), true
	case "accessTokenExpiresIn":
		return c.expiresIn(l), true
	case "idToken":
		return textOrNil(l.token("id_token")), true
	case "idTokenClaims":
		return c.idTokenClaims(l), true
	case "refreshToken":
		return textOrNil(l.token("refresh_token")), true
	case "clientRegistrationId":
		return l.registration, true
	case "clientEndpoint":
		return l.endpoint, true
	case "userInfo":
		return c.userInfo(), true
	case "accessTokenResponse":
		return token.InfoOf(l.tokens), true
	}
	return chain.Common(c, name)
}

// String names the context: its properties are secrets.
func (c *loginInfo) String() string { return "context oauth2Info" }

func (c *loginInfo) current() *login {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.login
}

func wordList(list []string) token.List {
	out := make(token.List, len(list))
	for i, w := range list {
		out[i] = w
	}
	return out
}

// textOrNil keeps "" and null apart from each other in expressions.
func textOrNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// expiresIn counts the seconds from now.
func (c *loginInfo) expiresIn(l *login) any {
	if l.expires == 0 {
		return nil
	}
	return max(l.expires-c.visit.f.now().Unix(), 0)
}

func (c *loginInfo) idTokenClaims(l *login) any {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.claims == nil {
		claims, err := claimsOf(l.token("id_token"))
		if err != nil {
			return nil
		}
		c.claims = token.InfoOf(claims.Values)
	}
	return c.claims
}

// userInfo is null when there is none or it cannot be had: an expression cannot fail.
func (c *loginInfo) userInfo() any {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.asked {
		c.asked = true
		user, err := c.askUserInfo()
		if err != nil {
			c.visit.f.log.WarnContext(c.visit.x.Ctx(), "the user info cannot be read", "error", err)
		}
		c.user = user
	}
	if c.user == nil {
		return nil
	}
	return c.user
}

// askUserInfo refreshes the access token once when the endpoint wants another one.
func (c *loginInfo) askUserInfo() (*token.Info, error) {
	if !hasOpenID(c.login.scopes) {
		return nil, nil
	}
	m, err := c.registration.Issuer.Get().metadata(c.x)
	if err != nil || m.userInfo == "" {
		return nil, err
	}
	user, err := c.loadUserInfo(m)
	if !errors.Is(err, errTokenRefused) || c.login.token("refresh_token") == "" {
		return user, err
	}
	next, err := c.visit.refresh(c.x, c.registration, c.login)
	if err != nil {
		return nil, err
	}
	c.login, c.claims = next, nil
	return c.loadUserInfo(m)
}

func (c *loginInfo) loadUserInfo(m *metadata) (*token.Info, error) {
	subject := ""
	if claims, err := claimsOf(c.login.token("id_token")); err == nil {
		subject = claims.Subject
	}
	access := c.login.token("access_token")
	// Tokens of different issuers may have the same text.
	user, err := c.visit.f.userInfo.Load(c.x, c.login.issuer+" "+access, func() (*token.Info, error) {
		return c.registration.userInfo(c.x, m, access)
	})
	if err != nil {
		return nil, err
	}
	// Another subject would mean another user's data (OIDC Core §5.3.2).
	if got, _ := user.Text("sub"); got == "" || subject != "" && got != subject {
		return nil, errOtherSubject
	}
	return user, nil
}

var errTokenRefused = errors.New("the access token is refused")

// userInfo asks who an access token belongs to (OIDC Core §5.3). The answer is JSON, or
// a JWT of the issuer, which may be encrypted.
func (r *ClientRegistration) userInfo(x *chain.Exchange, m *metadata, access string) (*token.Info, error) {
	req, err := newRequest("GET", m.userInfo)
	if err != nil {
		return nil, err
	}
	req.Header["Accept"] = []string{"application/json, application/jwt"}
	req.Header["Authorization"] = []string{"Bearer " + access}
	status, body, err := exchange(x, r.RegistrationHandler.Get(), req)
	switch {
	case err != nil:
		return nil, err
	case status == 401:
		return nil, errTokenRefused
	case status != 200:
		return nil, fmt.Errorf("get %s: status %d", place(req.URI), status)
	}
	if strings.HasPrefix(string(body), "ey") {
		text, err := r.opened(x, strings.TrimSpace(string(body)))
		if err != nil {
			return nil, err
		}
		t, err := r.verify(x, m, text)
		if err != nil {
			return nil, err
		}
		body = t.Payload
	}
	return token.ParseInfo(body)
}

// snakeInfo is the login under the names of earlier releases: attributes.openid.
type snakeInfo struct{ info *loginInfo }

// snakeNames are the names that differ from those of the token response.
var snakeNames = map[string]string{
	"scope": "scopes", "expires_in": "accessTokenExpiresIn", "id_token_claims": "idTokenClaims",
	"client_registration": "clientRegistrationId", "client_endpoint": "clientEndpoint", "user_info": "userInfo",
}

// Get returns a property, or another member of the token response.
func (s snakeInfo) Get(name string) (any, bool) {
	if camel, ok := snakeNames[name]; ok {
		v, _ := s.info.Get(camel)
		return v, v != nil
	}
	return token.InfoOf(s.info.current().tokens).Get(name)
}

// Keys lists the properties. User info is among them though nobody knows yet whether
// there is any.
func (s snakeInfo) Keys() []string {
	l := s.info.current()
	names := []string{"client_endpoint", "client_registration", "scope", "user_info"}
	if l.token("id_token") != "" {
		names = append(names, "id_token_claims")
	}
	if l.expires != 0 {
		names = append(names, "expires_in")
	}
	for _, n := range token.InfoOf(l.tokens).Keys() {
		if _, own := snakeNames[n]; !own {
			names = append(names, n)
		}
	}
	return names
}
