package grant

import (
	"context"
	"errors"
	"slices"
	"strings"

	"gatehouse/internal/am/oauth"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

// jwtBearer takes a JWT of a trusted issuer as the consent of the user it names (RFC 7523 §2.1).
//
// Deviation: a client may also issue the JWT itself, with its registered key, but only about itself. PingAM's ancestor
// let it name any user.
var jwtBearer = oauth.Grant{
	Name:      "urn:ietf:params:oauth:grant-type:jwt-bearer",
	NoRefresh: true,
	Authorize: func(ctx context.Context, p *oauth.Provider, req *oauth.TokenRequest) (*oauth.Authorization, error) {
		raw := req.Get("assertion")
		if oauth.ForServiceAccounts(req.Client) {
			return ofAccount(ctx, p, req, raw)
		}
		if raw == "" {
			return nil, oauth.Missing("assertion")
		}
		scopes, err := p.RequestedScopes(ctx, req)
		if err != nil {
			return nil, err
		}
		iss, _, err := oauth.AssertionIssuer(raw)
		if err != nil {
			return nil, refuseJWT("JWT is not valid", err)
		}
		if iss == req.Client.ID {
			return ofClient(ctx, p, req, scopes, raw)
		}
		issuer, err := p.TrustedIssuer(ctx, iss)
		if errors.Is(err, store.ErrNotFound) {
			return nil, refuseJWT("Unknown JWT issuer", err)
		}
		if err != nil {
			return nil, err
		}
		return ofIssuer(ctx, p, scopes, issuer, raw)
	},
}

func refuseJWT(text string, cause error) error {
	return oauth.Refuse("invalid_grant", text).Because(cause)
}

// checkJWT checks a JWT; agree may refuse what it is for before it is used up. Nil: it is not asked.
func checkJWT(ctx context.Context, p *oauth.Provider, raw string, keys jose.Finder, agree func() error) (*jose.Claims, error) {
	claims, err := p.CheckAssertion(ctx, oauth.Assertion{
		Raw: raw, Keys: keys, Algorithms: jose.SignatureAlgorithms(), Endpoint: "access_token",
	})
	if err == nil && agree != nil {
		err = agree()
	}
	if err == nil {
		err = p.UseUp(ctx, "assertion", claims)
	}
	text := "JWT is not valid"
	switch {
	case err == nil:
		return claims, nil
	case errors.Is(err, oauth.ErrAssertionExpired):
		text = "JWT has expired"
	case errors.Is(err, oauth.ErrAssertionAudience):
		text = "incorrect audience in JWT"
	case errors.Is(err, oauth.ErrAssertionSealed):
		text = "JWT signature is invalid"
	case errors.Is(err, oauth.ErrAssertion), errors.Is(err, oauth.ErrAssertionLife), errors.Is(err, store.ErrUsed):
	default:
		return nil, err
	}
	return nil, refuseJWT(text, err)
}

func ofClient(ctx context.Context, p *oauth.Provider, req *oauth.TokenRequest, scopes []string, raw string) (*oauth.Authorization, error) {
	keys, err := p.ClientKeys(req.Client)
	if err != nil {
		return nil, refuseJWT("JWT signature is invalid", err)
	}
	claims, err := checkJWT(ctx, p, raw, keys, nil)
	if err != nil {
		return nil, err
	}
	if claims.Subject != req.Client.ID {
		return nil, refuseJWT("Issuer is not authorized to grant consent for this subject", nil)
	}
	return &oauth.Authorization{Subject: oauth.ClientSubject(req.Client.ID), Scopes: scopes}, nil
}

// ofAccount takes the JWT of a service account as its authentication: it signs about itself, and gets scopes that its
// profile lists (PingOne Advanced Identity Cloud).
func ofAccount(ctx context.Context, p *oauth.Provider, req *oauth.TokenRequest, raw string) (*oauth.Authorization, error) {
	if raw == "" {
		return nil, oauth.Missing("assertion")
	}
	iss, sub, err := oauth.AssertionIssuer(raw)
	if err != nil {
		return nil, refuseJWT("JWT is not valid", err)
	}
	account, keys, err := p.ServiceAccountKeys(ctx, iss)
	if errors.Is(err, store.ErrNotFound) {
		return nil, refuseJWT("Unknown JWT issuer", err)
	}
	if err != nil {
		return nil, err
	}
	if sub != iss {
		return nil, refuseJWT("Issuer is not authorized to grant consent for this subject", nil)
	}
	scopes, err := oauth.SplitScope(req.Get("scope"))
	if err != nil {
		return nil, err
	}
	// Tools ask for all the scopes they know, and again, with the same JWT, without those that the error names.
	_, err = checkJWT(ctx, p, raw, keys, func() error {
		if len(scopes) == 0 {
			return oauth.Refuse("invalid_scope", "No scope requested and no default scope configured")
		}
		if unknown := account.Lacks(scopes); len(unknown) > 0 {
			return oauth.Refuse("invalid_scope", "Unsupported scope for service account: "+strings.Join(unknown, ","))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &oauth.Authorization{Subject: oauth.ClientSubject(account.ID), Scopes: scopes}, nil
}

func ofIssuer(
	ctx context.Context, p *oauth.Provider, scopes []string, issuer *realm.TrustedIssuer, raw string,
) (*oauth.Authorization, error) {
	keys, err := p.IssuerKeys(issuer)
	if err != nil {
		return nil, refuseJWT("JWT signature is invalid", err)
	}
	claims, err := checkJWT(ctx, p, raw, keys, nil)
	if err != nil {
		return nil, err
	}
	name, _ := claims.Values[issuer.SubjectClaim].(string)
	if len(issuer.AllowedSubjects) > 0 && !slices.Contains(issuer.AllowedSubjects, name) {
		return nil, refuseJWT("Issuer is not authorized to grant consent for this subject", nil)
	}
	unknown := oauth.Refuse("invalid_grant", "Not able to read user information.")
	if name == "" {
		return nil, unknown
	}
	user, err := p.ActiveUser(ctx, oauth.UserSubject(name), unknown)
	if err != nil {
		return nil, err
	}
	a := &oauth.Authorization{Subject: oauth.UserSubject(name), User: user, Scopes: scopes}
	if consented, ok := claims.Values[issuer.ScopesClaim]; ok {
		if a.Scopes, err = capped(scopes, consented); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// capped keeps the scopes that the issuer vouches for: a text or a list.
func capped(scopes []string, consented any) ([]string, error) {
	var may []string
	switch c := consented.(type) {
	case string:
		may = strings.Fields(c)
	case []any:
		for _, v := range c {
			if s, ok := v.(string); ok {
				may = append(may, s)
			}
		}
	}
	kept := slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return !slices.Contains(may, s) })
	if len(kept) == 0 {
		return nil, oauth.Refuse("invalid_scope", "Unknown/invalid scope(s): ["+strings.Join(scopes, ", ")+"]")
	}
	return kept, nil
}
