package oauth2

import (
	"net/url"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
)

// clientSecret are the fields of a client that has a secret.
type clientSecret struct {
	ClientID        string           `conf:"clientId,required"`
	ClientSecretID  secrets.ID       `conf:"clientSecretId,required"`
	SecretsProvider secrets.Provider `conf:"secretsProvider"`
}

// clientSecretBasic authenticates a client in the header of a request (RFC 6749 §2.3.1).
type clientSecretBasic struct{ clientSecret }

var clientSecretBasicType = heap.Define("ClientSecretBasicAuthenticationFilter", func(c *clientSecretBasic, env *heap.Env) (chain.Filter, error) {
	c.SecretsProvider.OrEnvironment(env)
	return c, nil
})

func (c *clientSecretBasic) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	secret, err := c.SecretsProvider.Password(x.Ctx(), c.ClientSecretID)
	if err != nil {
		return nil, err
	}
	// Both are form-encoded first: a client id may have a colon.
	x.Request.Header["Authorization"] = []string{basic(url.QueryEscape(c.ClientID), url.QueryEscape(secret))}
	return next.Handle(x)
}
