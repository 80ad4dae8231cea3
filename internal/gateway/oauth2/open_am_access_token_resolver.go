package oauth2

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/oauth2/token"
)

// openAM asks AM's token information endpoint, which predates RFC 7662.
type openAM struct {
	where
	ProviderHandler heap.Ref[chain.Handler] `conf:"providerHandler,default=ForgeRockClientHandler"`
}

var openAMType = heap.Define("OpenAmAccessTokenResolver", func(c *openAM, env *heap.Env) (AccessTokenResolver, error) {
	env.Errs.Warn(env.Decl.Get("type"), "OpenAmAccessTokenResolver was replaced by TokenIntrospectionAccessTokenResolver")
	now := env.Now
	return &tokenInfo{url: c.url(env, "tokeninfo"), handler: c.ProviderHandler.Get(), now: now}, nil
})

type tokenInfo struct {
	url     string
	handler chain.Handler
	now     func() time.Time
}

func (c *tokenInfo) Resolve(x *chain.Exchange, text string) (*AccessToken, error) {
	req, err := newRequest("GET", c.url)
	if err != nil {
		return nil, &token.Unavailable{Err: err}
	}
	query := "access_token=" + url.QueryEscape(text)
	if req.URI.RawQuery != "" {
		query = req.URI.RawQuery + "&" + query
	}
	req.URI.RawQuery, req.URI.HasQuery = query, true
	status, body, err := exchange(x, c.handler, req)
	switch {
	case err != nil:
		return nil, &token.Unavailable{Err: err}
	case status >= 500:
		return nil, &token.Unavailable{Err: fmt.Errorf("ask %s: status %d", placeOf(c.url), status)}
	case status != 200:
		return nil, fmt.Errorf("ask %s: status %d", placeOf(c.url), status)
	}
	info, err := token.ParseInfo(body)
	if err != nil {
		return nil, &token.Unavailable{Err: fmt.Errorf("ask %s: %w", placeOf(c.url), err)}
	}
	seconds, ok := info.Int("expires_in")
	if !ok || seconds < 0 || seconds > 1<<40 {
		return nil, errors.New("the answer about the token has no expires_in")
	}
	return token.New(text, info, c.now().UnixMilli()+1000*seconds), nil
}
