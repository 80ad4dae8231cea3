package grant

import (
	"context"

	"gatehouse/internal/am/oauth"
)

// clientCredentials gives a client a token for itself (RFC 6749 §4.4). There is no user, hence no ID token, and no
// refresh token (§4.4.3).
var clientCredentials = oauth.Grant{
	Name:      "client_credentials",
	NoRefresh: true,
	Authorize: func(ctx context.Context, p *oauth.Provider, req *oauth.TokenRequest) (*oauth.Authorization, error) {
		if req.Client.IsPublic() {
			return nil, oauth.Refuse("unauthorized_client", "Public clients can't use client credentials grant.")
		}
		scopes, err := p.RequestedScopes(ctx, req)
		if err != nil {
			return nil, err
		}
		return &oauth.Authorization{Subject: oauth.ClientSubject(req.Client.ID), Scopes: scopes}, nil
	},
}
