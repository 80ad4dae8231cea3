package oauth

import (
	"context"
	"slices"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// Policies decide on scopes (PingAM: dynamic OAuth 2.0 authorization).
type Policies interface {
	// DecideScopes says which scopes the policies of a set grant (true) and deny (false) to the subject of a session,
	// nil for nobody; what they say nothing of is not in the map.
	DecideScopes(ctx context.Context, rl *realm.Realm, set string, sess *store.Session, scopes []string) (map[string]bool, error)
}

// policyScopes asks the policies about scopes: those that are granted, and those that they say nothing of. Denied ones
// are in neither list.
func (p *Provider) policyScopes(ctx context.Context, set *realm.Effective, sess *store.Session, scopes []string) (granted, open []string, err error) {
	if p.Policies == nil {
		return nil, nil, Unsupported("server_error", "The policy engine for scope decisions")
	}
	decided, err := p.Policies.DecideScopes(ctx, p.Realm, set.ScopesPolicySet, sess, scopes)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range scopes {
		switch yes, ok := decided[s]; {
		case !ok:
			open = append(open, s)
		case yes:
			granted = append(granted, s)
		}
	}
	return granted, open, nil
}

// gate applies the policies to a request that no user takes part in: nobody could consent to what they say nothing of,
// so it is left out like what they deny. They do not speak of the password grant, nor of what was granted before.
func (p *Provider) gate(ctx context.Context, req *TokenRequest, use ScopeUse, scopes []string) ([]string, error) {
	switch {
	case !req.Set.UsePolicyEngineForScope, use == ScopeRefresh, use == ScopeAuthorize, use == ScopeBackChannel:
		return scopes, nil
	case req.Get("grant_type") == "password":
		return scopes, nil
	}
	granted, _, err := p.policyScopes(ctx, req.Set, nil, scopes)
	if err == nil && len(granted) == 0 {
		err = Refuse("invalid_scope", "The policies grant none of the scopes")
	}
	return granted, err
}

// gateUser applies the policies to what the signed-in user is asked for, and tells whether they leave nothing to ask.
func (a *authorization) gateUser() (settled bool, err error) {
	left, settled, err := a.permitted(a.set, a.scopes)
	if err != nil {
		return false, err
	}
	if a.types.idToken && !contains(left, "openid") {
		return false, errDenied
	}
	a.scopes = left
	return settled, nil
}

// permitted are the scopes that the policies do not deny to the signed-in user; settled tells that they grant all of
// those. When none is left the error is errDenied.
func (a *authorization) permitted(set *realm.Effective, scopes []string) (left []string, settled bool, err error) {
	if !set.UsePolicyEngineForScope {
		return scopes, false, nil
	}
	granted, open, err := a.policyScopes(a.r.Context(), set, &a.session, scopes)
	if err != nil {
		return nil, false, err
	}
	left = slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return !contains(granted, s) && !contains(open, s) })
	if len(left) == 0 {
		return nil, false, errDenied
	}
	return left, len(open) == 0, nil
}
