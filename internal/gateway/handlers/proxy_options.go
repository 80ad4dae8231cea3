package handlers

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
)

// ProxyOptions says which proxy outgoing connections go through.
type ProxyOptions struct {
	// Proxy returns the proxy for a URL, nil for none. It is nil when there is no proxy.
	Proxy func(*url.URL) (*url.URL, error)
}

// ProxyFor returns the proxy for a URL, nil for none.
func (o *ProxyOptions) ProxyFor(u *url.URL) (*url.URL, error) {
	if o.Proxy == nil {
		return nil, nil
	}
	return o.Proxy(u)
}

type proxyConfig struct {
	// Type is NONE, SYSTEM (HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the environment)
	// or CUSTOM.
	Type string `conf:"type,oneof=NONE|SYSTEM|CUSTOM"`
	// URI is the proxy.
	URI *conf.URL `conf:"uri"`
	// Username and PasswordSecretID authenticate to it.
	Username         string           `conf:"username"`
	PasswordSecretID secrets.ID       `conf:"passwordSecretId"`
	SecretsProvider  secrets.Provider `conf:"secretsProvider"`
}

var proxyOptions = heap.Define("ProxyOptions", func(c *proxyConfig, env *heap.Env) (*ProxyOptions, error) {
	return c.options(env)
})

var proxySchemes = []string{"http", "https", "socks5", "socks5h"}

func (c *proxyConfig) options(env *heap.Env) (*ProxyOptions, error) {
	if c.URI != nil && (c.Type == "NONE" || c.Type == "SYSTEM") {
		env.Warn("uri", "the field has no effect: only the type CUSTOM has a uri")
	}
	switch {
	case c.Type == "NONE":
		return &ProxyOptions{}, nil
	case c.Type == "SYSTEM" || c.Type == "" && c.URI == nil:
		if c.Username != "" {
			env.Fail("username", "the system's proxy cannot be given credentials here")
		}
		if systemHasProxy(env) {
			return &ProxyOptions{Proxy: systemProxy}, nil
		}
		return &ProxyOptions{}, nil
	case c.URI == nil:
		env.Fail("uri", "the required field \"uri\" is missing")
		return nil, nil
	}
	if !slices.Contains(proxySchemes, c.URI.Scheme) {
		env.Fail("uri", "expected a URL that begins with http, https or socks5, found %q", c.URI)
	}
	if c.Username != "" && c.PasswordSecretID == "" {
		env.Fail("username", "a username needs a passwordSecretId")
	}
	if c.PasswordSecretID != "" && c.Username == "" {
		env.Fail("passwordSecretId", "a password needs a username")
	}
	if c.Username != "" {
		c.SecretsProvider.OrEnvironment(env)
	}
	return &ProxyOptions{Proxy: c.find}, nil
}

// find returns the proxy with its credentials, which may change while the gateway runs.
func (c *proxyConfig) find(*url.URL) (*url.URL, error) {
	u := *c.URI.URL
	if c.Username != "" {
		password, err := c.SecretsProvider.Password(context.Background(), c.PasswordSecretID)
		if err != nil {
			return nil, err
		}
		u.User = url.UserPassword(c.Username, password)
	}
	return &u, nil
}

func systemProxy(u *url.URL) (*url.URL, error) {
	return http.ProxyFromEnvironment(&http.Request{URL: u})
}

// systemHasProxy lets the usual case, no proxy at all, cost nothing.
func systemHasProxy(env *heap.Env) bool {
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"} {
		if v, ok := env.Getenv(name); ok && v != "" {
			return true
		}
	}
	return false
}
