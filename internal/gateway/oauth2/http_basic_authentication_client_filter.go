package oauth2

import (
	"encoding/base64"
	"net/url"
	"strings"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
)

// httpBasicClient authenticates the gateway to a service with name and password (RFC
// 7617).
type httpBasicClient struct {
	Username             string           `conf:"username,required"`
	PasswordSecretID     secrets.ID       `conf:"passwordSecretId,required"`
	SecretsProvider      secrets.Provider `conf:"secretsProvider"`
	URLEncodeCredentials bool             `conf:"urlEncodeCredentials"`
}

var httpBasicClientType = heap.Define("HttpBasicAuthenticationClientFilter", func(c *httpBasicClient, env *heap.Env) (chain.Filter, error) {
	c.SecretsProvider.OrEnvironment(env)
	if !c.URLEncodeCredentials && strings.Contains(c.Username, ":") {
		env.Fail("username", "the name has a colon, which ends it in this scheme (RFC 7617 §2); set \"urlEncodeCredentials\" if the service decodes it")
	}
	return c, nil
})

func (c *httpBasicClient) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	password, err := c.SecretsProvider.Password(x.Ctx(), c.PasswordSecretID)
	if err != nil {
		return nil, err
	}
	name := c.Username
	if c.URLEncodeCredentials {
		name, password = url.QueryEscape(name), url.QueryEscape(password)
	}
	x.Request.Header["Authorization"] = []string{basic(name, password)}
	return next.Handle(x)
}

func basic(name, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
}
