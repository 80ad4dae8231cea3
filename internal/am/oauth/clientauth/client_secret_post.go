package clientauth

import (
	"context"

	"gatehouse/internal/am/oauth"
)

// clientSecretPost is client_id and client_secret in the form (RFC 6749 §2.3.1).
var clientSecretPost = oauth.ClientAuth{
	Name:  "client_secret_post",
	Shown: func(c *oauth.Credentials) bool { return c.Has("client_secret") },
	Verify: func(ctx context.Context, p *oauth.Provider, c *oauth.Credentials) (*oauth.Caller, error) {
		return p.CheckSecret(ctx, c.Get("client_id"), c.Get("client_secret"), c.Endpoint)
	},
}
