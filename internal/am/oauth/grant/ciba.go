package grant

import (
	"context"

	"gatehouse/internal/am/oauth"
)

// ciba gives a client what a user agreed to on a device of the user's own (OpenID CIBA §10.1, poll mode).
var ciba = oauth.Grant{
	Name: "urn:openid:params:grant-type:ciba",
	Authorize: func(ctx context.Context, p *oauth.Provider, req *oauth.TokenRequest) (*oauth.Authorization, error) {
		id := req.Get("auth_req_id")
		if id == "" {
			return nil, oauth.Missing("auth_req_id")
		}
		b, err := p.PollBackchannel(ctx, id, req.Client.ID)
		if err != nil {
			return nil, err
		}
		a, err := b.Authorize(ctx, p)
		a.ACR = b.ACR
		return a, err
	},
}
