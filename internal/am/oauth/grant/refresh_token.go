package grant

import (
	"context"
	"errors"

	"gatehouse/internal/am/oauth"
	"gatehouse/internal/am/store"
)

var errRefresh = oauth.Refuse("invalid_grant", "grant is invalid")

// refreshToken renews what an earlier grant gave (RFC 6749 §6). The refresh token is used up and replaced, unless the
// settings keep it; what it was granted stays the same, also where this access token asks for less.
//
// Deviation: when a refresh token of a public client is used again after its grace period, its grant ends, because
// nobody knows who of the two users is the thief (RFC 9700 §4.14.2). PingAM only refuses. A confidential client has
// proved who it is, so there the refusal is enough, unless the settings have RFC 9700.
var refreshToken = oauth.Grant{
	Name:         "refresh_token",
	KeepsBinding: true,
	Authorize: func(ctx context.Context, p *oauth.Provider, req *oauth.TokenRequest) (*oauth.Authorization, error) {
		raw := req.Get("refresh_token")
		if raw == "" {
			return nil, oauth.Missing("refresh_token")
		}
		t, err := findRefresh(ctx, p, req, raw)
		if err != nil {
			return nil, err
		}
		a := &oauth.Authorization{
			Subject: t.Subject, SessionID: t.SessionID, GrantID: t.GrantID, AuthTime: t.AuthTime, AuthLevel: t.AuthLevel,
			ACR: t.ACR, AMR: t.AMR, Claims: t.Claims, Audience: t.Audience, Act: t.Act, Cnf: t.Cnf, Extra: t.Extra,
			RefreshScopes: t.Scopes, Details: t.Details,
			Rotates: &oauth.Rotation{
				Raw:   t.Key(raw),
				Keep:  !req.Set.IssueRefreshTokenOnRenew || !req.Set.IssueRefreshToken,
				Grace: req.Set.RefreshTokenGracePeriod,
			},
		}
		if a.User, err = p.ActiveUser(ctx, t.Subject, errRefresh); err != nil {
			return nil, err
		}
		a.Scopes, err = p.SettleScopes(ctx, req, oauth.ScopeRefresh, req.Get("scope"), t.Scopes, t.Scopes)
		if req.InheritsScopes {
			a.RefreshScopes = a.Scopes
		}
		return a, err
	},
}

func findRefresh(ctx context.Context, p *oauth.Provider, req *oauth.TokenRequest, raw string) (*oauth.Found, error) {
	t, err := p.FindAnyRealm(ctx, raw)
	used := errors.Is(err, store.ErrUsed)
	if err != nil && !used {
		if errors.Is(err, store.ErrNotFound) {
			return nil, errRefresh
		}
		return nil, err
	}
	switch {
	case t.Kind != "refresh":
		return nil, errRefresh
	case t.Realm != p.Realm.Path:
		return nil, oauth.Refuse("invalid_grant", "Grant is not valid for the requested realm")
	case t.ClientID != req.Client.ID:
		return nil, oauth.Refuse("invalid_request", "Token was issued to a different client")
	case used && (req.Client.IsPublic() || p.Settings.BestPractice()):
		if err := p.RevokeGrant(ctx, &t.Token); err != nil {
			return nil, err
		}
		return nil, errRefresh
	case used:
		return nil, errRefresh
	}
	return t, nil
}
