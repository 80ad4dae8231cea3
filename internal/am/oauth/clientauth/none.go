package clientauth

import (
	"context"

	"gatehouse/internal/am/oauth"
)

// none is a public client that only says who it is (RFC 6749 §3.2.1): client_id and nothing that would prove it.
var none = oauth.ClientAuth{
	Name: "none",
	Shown: func(c *oauth.Credentials) bool {
		return isAlone(c) && c.Certificate == nil
	},
	Verify: func(ctx context.Context, p *oauth.Provider, c *oauth.Credentials) (*oauth.Caller, error) {
		// A confidential client has a secret, and none was shown: that never matches.
		return p.CheckSecret(ctx, c.Get("client_id"), "", c.Endpoint)
	},
}
