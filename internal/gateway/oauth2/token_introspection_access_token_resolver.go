package oauth2

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/oauth2/token"
	"gatehouse/internal/observe"
)

// introspection asks the authorization server about a token (RFC 7662).
type introspection struct {
	where
	ProviderHandler heap.Ref[chain.Handler] `conf:"providerHandler,default=ForgeRockClientHandler"`

	to      string
	handler chain.Handler
}

var introspectionType = heap.Define("TokenIntrospectionAccessTokenResolver", func(c *introspection, env *heap.Env) (AccessTokenResolver, error) {
	c.to, c.handler = c.url(env, "introspect"), c.ProviderHandler.Get()
	return c, nil
})

var errInactive = errors.New("the access token is not active")

func (c *introspection) Resolve(x *chain.Exchange, text string) (*AccessToken, error) {
	ctx, span := observe.Start(x.Ctx(), "introspect")
	if ctx != x.Ctx() {
		x = x.WithCtx(ctx)
	}
	t, err := c.resolve(x, text)
	span.End(err)
	return t, err
}

func (c *introspection) resolve(x *chain.Exchange, text string) (*AccessToken, error) {
	status, body, err := postForm(x, c.handler, c.to, url.Values{"token": {text}, "token_type_hint": {"access_token"}})
	if err != nil {
		return nil, &token.Unavailable{Err: err}
	}
	if status != 200 {
		return nil, &token.Unavailable{Err: fmt.Errorf("introspect at %s: status %d", placeOf(c.to), status)}
	}
	info, err := token.ParseInfo(body)
	if err != nil {
		return nil, &token.Unavailable{Err: fmt.Errorf("introspect at %s: %w", placeOf(c.to), err)}
	}
	if active, _ := info.Get("active"); active != true {
		return nil, errInactive
	}
	if namesOther(info) {
		return nil, errNotAccessToken
	}
	return token.New(text, info, expiry(info)), nil
}

// namesOther says whether the server calls the token something else than an access token:
// endpoints know refresh tokens too, and the hint does not keep them from answering (RFC 7662
// §2.1).
func namesOther(info *token.Info) bool {
	if name, ok := info.Text("tokenName"); ok && name != "access_token" {
		return true
	}
	kind, _ := info.Text("token_type")
	switch strings.ToLower(strings.TrimPrefix(kind, "urn:ietf:params:oauth:token-type:")) {
	case "refresh_token", "refresh", "offline", "id_token", "id":
		return true
	}
	return false
}

// expiry reads exp, seconds since 1970. A token without one does not expire, as far as
// its issuer tells.
func expiry(info *token.Info) int64 {
	exp, ok := info.Int("exp")
	if !ok || exp > token.Never/1000 {
		return token.Never
	}
	return max(exp, 0) * 1000
}
