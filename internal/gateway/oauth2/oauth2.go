// Package oauth2 has the gateway's OAuth 2.0 objects: what protects a resource with
// access tokens, what finds out what tokens stand for, and what gets tokens for
// requests to others.
package oauth2

import (
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/oauth2/token"
)

// AccessToken is a resolved access token.
type AccessToken = token.AccessToken

// AccessTokenResolver finds out what an access token stands for.
type AccessTokenResolver = token.AccessTokenResolver

// ResourceAccess computes the scopes that a request needs.
type ResourceAccess = token.ResourceAccess

// Context holds the access token of a request: contexts.oauth2.accessToken.
type Context struct {
	chain.Link
	AccessToken *AccessToken
}

// ContextName is "oauth2".
func (*Context) ContextName() string { return "oauth2" }

// Get returns a property as expressions see it.
func (c *Context) Get(name string) (any, bool) {
	if name == "accessToken" {
		return c.AccessToken, true
	}
	return chain.Common(c, name)
}

func (c *Context) String() string { return "{accessToken=" + c.AccessToken.String() + "}" }
