package grant

import (
	"cmp"
	"context"
	"errors"

	"gatehouse/internal/am/oauth"
)

// password lets a client that knows a user's name and password have a token for that user (RFC 6749 §4.3).
var password = oauth.Grant{
	Name: "password",
	Authorize: func(ctx context.Context, p *oauth.Provider, req *oauth.TokenRequest) (*oauth.Authorization, error) {
		for _, name := range [...]string{"username", "password"} {
			if req.Get(name) == "" {
				return nil, oauth.Missing(name)
			}
		}
		scopes, err := p.RequestedScopes(ctx, req)
		if err != nil {
			return nil, err
		}
		tree := p.Settings.Advanced.PasswordGrantAuthService
		if tree == "[Empty]" {
			tree = ""
		}
		tree = cmp.Or(req.Get("auth_chain"), tree)
		who, err := p.Login.Password(ctx, p.Realm, tree, req.Get("username"), req.Get("password"))
		if refused, ok := errors.AsType[*oauth.LoginError](err); ok {
			if p.Settings.Advanced.ModuleMessageInPasswordGrant && refused.Message != "" {
				return nil, oauth.Refuse("invalid_grant", refused.Message)
			}
			return nil, oauth.ErrGrant.Because(err)
		}
		if err != nil {
			return nil, err
		}
		return &oauth.Authorization{
			Subject: oauth.UserSubject(who.User.Name), User: who.User, Scopes: scopes,
			AuthTime: who.AuthTime, AuthLevel: who.AuthLevel, AMR: who.AMR,
		}, nil
	},
}
