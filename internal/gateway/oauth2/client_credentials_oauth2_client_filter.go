package oauth2

import (
	"fmt"
	"net/url"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
)

// tokenClient are the fields of filters that get tokens for themselves.
type tokenClient struct {
	TokenEndpoint   conf.URL                `conf:"tokenEndpoint,required"`
	Scopes          []string                `conf:"scopes"`
	EndpointHandler heap.Ref[chain.Handler] `conf:"endpointHandler,default=ForgeRockClientHandler,alias=handler"`
	SecretsProvider secrets.Provider        `conf:"secretsProvider"`
}

// clientCredentials sends requests on with a token that the gateway got as a client of
// its own (RFC 6749 §4.4).
type clientCredentials struct {
	tokenClient
	ClientID       string     `conf:"clientId"`
	ClientSecretID secrets.ID `conf:"clientSecretId"`
}

var clientCredentialsType = heap.Define("ClientCredentialsOAuth2ClientFilter", func(c *clientCredentials, env *heap.Env) (chain.Filter, error) {
	h := c.EndpointHandler.Get()
	if c.ClientSecretID != "" {
		env.Warn("clientSecretId", "\"clientSecretId\" was replaced by a ClientSecretBasicAuthenticationFilter in the chain of \"endpointHandler\"")
		if c.ClientID == "" {
			env.Fail("clientId", "the required field \"clientId\" is missing")
		}
		c.SecretsProvider.OrEnvironment(env)
		own := &clientSecretBasic{clientSecret{c.ClientID, c.ClientSecretID, c.SecretsProvider}}
		inner := h
		h = chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) { return own.Filter(x, inner) })
	}
	if c.ClientSecretID == "" && c.ClientID != "" {
		env.Warn("clientId", "the field has no effect: the filter that authenticates the client in \"endpointHandler\" names it")
	}
	if c.ClientSecretID == "" && c.SecretsProvider.IsSet() {
		env.Warn("secretsProvider", "the field has no effect: the filter that authenticates the client in \"endpointHandler\" has its own")
	}
	form := url.Values{"grant_type": {"client_credentials"}}
	c.addScopes(env, form)
	return newBearerFilter(env, func(x *chain.Exchange, _ *issued) (*issued, error) {
		return c.request(x, h, form, env.Now)
	}), nil
})

func newBearerFilter(env *heap.Env, fetch func(*chain.Exchange, *issued) (*issued, error)) *bearerFilter {
	return &bearerFilter{source: source{fetch: fetch, now: env.Now}, streaming: env.Streaming}
}

func (c *tokenClient) addScopes(env *heap.Env, form url.Values) {
	for _, s := range c.Scopes {
		if !isScope(s) {
			env.Fail("scopes", "expected a scope, which is a word without blanks and quotes, found %q", s)
		}
	}
	if len(c.Scopes) > 0 {
		form.Set("scope", joined(c.Scopes))
	}
}

func (c *tokenClient) request(x *chain.Exchange, h chain.Handler, form url.Values, now func() time.Time) (*issued, error) {
	asked := now() // the life of a token may be counted from any time after this
	info, err := requestToken(x, h, c.TokenEndpoint.String(), form)
	if err != nil {
		return nil, fmt.Errorf("get an access token from %s: %w", c.TokenEndpoint.Redacted(), err)
	}
	return newIssued(info, asked)
}
