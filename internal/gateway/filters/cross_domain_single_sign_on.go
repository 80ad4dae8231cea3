package filters

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/amservice"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/script"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/gateway/session"
	"gatehouse/internal/jose"
)

type crossDomainConfig struct {
	signOnFields
	// RedirectEndpoint is where the server sends tokens to, a URL or a path on the site of the
	// request; its path must belong to the route.
	RedirectEndpoint string `conf:"redirectEndpoint,required,alias=redirectionEndpoint"`
	// AuthCookie keeps the token at the browser; its name is ig-token-cookie, and its
	// sameSite LAX, where it does not say otherwise.
	AuthCookie *session.Cookie `conf:"authCookie"`
	// VerificationSecretID names the keys of tokens; without it they are the server's.
	VerificationSecretID secrets.ID `conf:"verificationSecretId"`
	// SecretsProvider finds the keys.
	SecretsProvider secrets.Provider `conf:"secretsProvider"`
	// Lifetime is how long a login may take.
	Lifetime conf.Duration `conf:"lifetime,default=5 minutes"`
	// FailureHandler answers when a login fails; without it the answer is 403.
	FailureHandler heap.Ref[chain.Handler] `conf:"failureHandler"`
}

// crossDomainSingleSignOn wants a session of the access management server whose cookie
// the gateway does not see: the server sends a token about it instead.
var crossDomainSingleSignOn = heap.Define("CrossDomainSingleSignOnFilter", func(c *crossDomainConfig, env *heap.Env) (chain.Filter, error) {
	f := &crossDomain{signOn: c.signOn(env), endpoint: c.RedirectEndpoint, lifetime: c.Lifetime.D(),
		refusal: refusalOf(c.FailureHandler, 403), now: env.Now, log: env.Log}
	at, err := url.Parse(c.RedirectEndpoint)
	switch {
	case err != nil || at.Opaque != "" || at.RawQuery != "" || at.Fragment != "" || at.User != nil,
		at.Scheme == "" && (at.Host != "" || !strings.HasPrefix(at.Path, "/")), at.Scheme != "" && at.Scheme != "https" && at.Scheme != "http", at.Scheme != "" && at.Host == "":
		env.Fail("redirectEndpoint", "expected a path such as \"/app/redirect\", or an absolute URL, found %q", c.RedirectEndpoint)
		return nil, nil
	}
	f.path, f.relative = at.EscapedPath(), at.Scheme == ""
	if c.Lifetime <= 0 || c.Lifetime.Unlimited() {
		env.Fail("lifetime", "the duration must be neither zero nor unlimited")
	}
	f.cookie = c.AuthCookie.OrDefaults(env, "authCookie", "ig-token-cookie")
	if f.cookie.SameSite == "" {
		f.cookie.SameSite = "LAX"
	}
	if c.VerificationSecretID != "" {
		c.SecretsProvider.OrEnvironment(env)
		f.keys = c.SecretsProvider.Keys(c.VerificationSecretID)
		return f, nil
	}
	f.keys, err = serverKeys(c.AmService.Get(), env)
	return f, err
})

// serverKeys are the keys that the server publishes, fetched when first needed.
func serverKeys(s *amservice.Service, env *heap.Env) (jose.Finder, error) {
	return jose.NewRemote(jose.RemoteOptions{URL: s.OAuthURL("connect/jwk_uri"), Now: env.Now, Fetch: func(ctx context.Context, url string) ([]byte, error) {
		uri, err := chain.ParseURI(url)
		if err != nil {
			return nil, err
		}
		req := chain.NewRequest()
		req.URI = uri
		resp, err := s.Handler().Handle(chain.New(ctx, req, &chain.RootContext{}))
		if err != nil {
			return nil, err
		}
		defer resp.Entity.Close()
		body, _ := resp.Entity.Open()
		if resp.Status.Code != 200 || body == nil {
			return nil, fmt.Errorf("get %s: status %d", url, resp.Status.Code)
		}
		return io.ReadAll(io.LimitReader(body, jose.MaxSetBytes+1))
	}})
}

type crossDomain struct {
	signOn
	endpoint string // URL or path
	path     string // of the endpoint
	relative bool   // the endpoint is on the site of the request
	cookie   *session.Cookie
	keys     jose.Finder
	lifetime time.Duration
	refusal  refusal
	now      func() time.Time
	log      *slog.Logger
}

// landing is the endpoint as the server knows it.
func (f *crossDomain) landing(x *chain.Exchange) string {
	if !f.relative {
		return f.endpoint
	}
	u := chain.OriginalURI(x).Clone()
	u.UserInfo, u.RawPath, u.RawQuery, u.HasQuery, u.Fragment = "", f.path, "", false, ""
	return u.String()
}

func (f *crossDomain) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	if chain.OriginalURI(x).RawPath == f.path && x.Request.Method == "POST" {
		return f.land(x)
	}
	token := f.cookie.Get(x.Request.Header)
	claims, err := f.verify(x, token)
	if f.endsSession(x) {
		resp, err := f.end(x, next, toldToken(token, claims))
		if err == nil && token != "" {
			f.cookie.Set(resp.Header, "", -1)
		}
		return resp, err
	}
	marked := f.seenMarker(x)
	if token == "" && marked {
		return chain.Fail(403, errLoginLoop), nil
	}
	if err != nil {
		f.log.DebugContext(x.Ctx(), "the user is sent to log in", "error", err)
		return f.send(x)
	}
	sso := toldToken(token, claims)
	session, err := f.service.Session(x, sso)
	switch {
	case errors.Is(err, amservice.ErrNoSession):
		return f.send(x)
	case err != nil:
		return nil, err
	}
	y := x.Push(&crossDomainContext{filter: f, endpoint: f.landing(x), token: token, claims: script.Claims(claims.Values)})
	return f.enter(y, next, &ssoToken{token: sso, session: session, login: f.login, back: f.back, start: f.start})
}

// toldToken is the session's own token, which servers put into the ID tokens of agents; else the ID token stands for it.
func toldToken(token string, claims *jose.Claims) string {
	if claims != nil {
		if of, ok := claims.Values[serverClaim].(map[string]any); ok {
			if sso, ok := of["ssotoken"].(string); ok && sso != "" {
				return sso
			}
		}
	}
	return token
}

// serverClaim is an object with what else the server tells agents: the session's token, and the name by which
// notifications call the session.
const serverClaim = "forgerock"

var (
	errNoToken     = errors.New("there is no token")
	errUnfitNonce  = errors.New("the token does not belong to this login")
	errNotIDToken  = errors.New("the token is no ID token")
	errServerError = errors.New("the server did not log the user in")
)

// verify checks a token of the server (OpenID Connect Core §3.1.3.7).
func (f *crossDomain) verify(x *chain.Exchange, token string) (*jose.Claims, error) {
	if token == "" {
		return nil, errNoToken
	}
	t, err := jose.Verify(x.Ctx(), token, jose.VerifyOptions{Keys: f.keys, Algorithms: append(jose.SignatureAlgorithms(), jose.MACAlgorithms()...), Inflate: true})
	if err != nil {
		return nil, err
	}
	claims, err := jose.ParseClaims(t.Payload)
	if err != nil {
		return nil, err
	}
	if isOtherToken(claims) {
		return nil, errNotIDToken
	}
	return claims, claims.Check(jose.Expect{Now: f.now(), Skew: time.Minute, Audiences: []string{f.service.Agent()}, Require: []string{"exp"}})
}

// crossDomainContext is contexts.cdsso.
type crossDomainContext struct {
	chain.Link
	filter   *crossDomain
	endpoint string
	token    string
	claims   script.Claims
}

// ContextName is "cdsso".
func (*crossDomainContext) ContextName() string { return "cdsso" }

// Get returns a property as expressions see it.
func (c *crossDomainContext) Get(name string) (any, bool) {
	switch name {
	case "token":
		return c.token, true
	case "claimsSet":
		return c.claims, true
	case "redirectEndpoint":
		return c.endpoint, true
	case "sessionUid":
		if of, ok := c.claims[serverClaim].(map[string]any); ok && of["suid"] != nil {
			return of["suid"], true
		}
		return c.claims["sessionuid"], true
	case "cookieInfo":
		k := c.filter.cookie
		return map[string]any{"name": k.Name, "domain": k.Domain, "path": k.Path}, true
	}
	return chain.Common(c, name)
}
