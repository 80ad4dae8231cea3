package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// tokenInfo is GET /tokeninfo (PingAM: legacy token information): the bearer asks what its own token is, whatever
// realm it is of.
func (q *request) tokenInfo() error {
	query, err := ParseForm(q.r.URL.RawQuery)
	if err != nil {
		return err
	}
	if q.Settings.BestPractice() && query.Has("access_token") {
		return Refuse("invalid_request", "An access token must not be sent in the query.")
	}
	raw, err := bearerToken(q.r.Header.Get("Authorization"), query, "access_token")
	if err != nil {
		return err
	}
	f, err := q.bearer(q.r.Context(), raw, true)
	if err != nil {
		return err
	}
	more, err := q.scopeValues(q.r.Context(), f)
	if err != nil {
		return err
	}
	o := newObject()
	o.instead, o.removed = f.Extra, f.Removed
	o.text("access_token", raw)
	o.text("grant_type", f.GrantType)
	o.list("scope", f.Scopes)
	o.text("realm", f.Realm)
	o.text("token_type", tokenType(f.Cnf))
	o.number("expires_in", max(0, int64(f.Expires.Sub(q.Now())/time.Second)))
	o.text("client_id", f.ClientID)
	if f.ClientSide {
		q.clientSideInfo(o, f)
	}
	for name, value := range more {
		if v, err := json.Marshal(value); err == nil && !standardInfo(name) {
			o.raw(name, v)
		}
	}
	o.rest()
	writeJSON(q.w, http.StatusOK, o.end())
	return nil
}

func (q *request) clientSideInfo(o *object, f *Found) {
	o.text("sub", SubClaim(f.Subject))
	o.text("cts", clientSide)
	o.number("auth_level", int64(f.AuthLevel))
	o.text("auditTrackingId", f.AuditID)
	if q.Settings.Advanced.SubnameInTokenClaims {
		o.text("subname", f.Subject.Name)
	}
	o.text("iss", f.Issuer)
	o.text("tokenName", "access_token")
	o.text("authGrantId", f.GrantID)
	o.raw("aud", audience(&f.Token))
	o.number("nbf", f.IssuedAt.Unix())
	if !f.AuthTime.IsZero() {
		o.number("auth_time", f.AuthTime.Unix())
	}
	o.number("exp", f.Expires.Unix())
	o.number("iat", f.IssuedAt.Unix())
	o.text("jti", f.ID)
	o.raw("may_act", f.MayAct)
	o.raw("act", f.Act)
	o.raw("cnf", f.Cnf)
}

// standardInfo tells the names that a scope or script must not overwrite.
func standardInfo(name string) bool {
	switch name {
	case "access_token", "grant_type", "scope", "realm", "token_type", "expires_in", "client_id", "sub", "cts", "auth_level",
		"auditTrackingId", "subname", "iss", "tokenName", "authGrantId", "aud", "nbf", "auth_time", "exp", "iat", "jti",
		"may_act", "act", "cnf":
		return true
	}
	return false
}

// bearer finds the access token that a request showed.
func (p *Provider) bearer(ctx context.Context, raw string, anyRealm bool) (*Found, error) {
	refusal := *ErrToken
	refusal.Challenge = `Bearer realm="` + quotable(p.Realm.Path) + `"`
	if raw == "" {
		return nil, &refusal
	}
	refusal.Challenge += `, error="invalid_token", error_description="` + ErrToken.Description + `"`
	find := p.FindToken
	if anyRealm {
		find = p.FindAnyRealm
	}
	f, err := find(ctx, raw)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrUsed) || err == nil && f.Kind != kindAccess {
		return nil, &refusal
	}
	return f, err
}

// ownBearer finds the access token of this realm that the request shows in its header or the form, and checks that it may be
// shown like that. form may be nil.
func (q *request) ownBearer(form *Form) (*Found, error) {
	raw, err := bearerToken(q.r.Header.Get("Authorization"), form, "access_token")
	if err != nil {
		return nil, err
	}
	f, err := q.bearer(q.r.Context(), raw, false)
	if err != nil {
		return nil, err
	}
	return f, q.checkBound(f, raw)
}

// scopeValues gives for each scope the profile attribute of that name, "" where there is none, or what the realm's
// script says instead.
func (p *Provider) scopeValues(ctx context.Context, f *Found) (map[string]any, error) {
	rl := p.Realm
	if f.Realm != rl.Path {
		if p.Realms == nil {
			return nil, nil
		}
		other, ok := p.Realms.Find(f.Realm)
		if !ok {
			return nil, nil
		}
		rl = other
	}
	user, err := userOf(ctx, rl, f.Subject)
	if err != nil {
		return nil, err
	}
	client, err := rl.Client(ctx, f.ClientID)
	if err == nil && rl == p.Realm {
		s, err := p.plugin(ctx, client.Effective(p.Settings).EvaluateScope)
		if err != nil {
			return nil, err
		}
		if s != nil {
			in := &ScriptInput{Realm: rl, Client: client, Subject: f.Subject, User: user, Scopes: f.Scopes, RequestURI: p.Issuer + "/tokeninfo"}
			return p.Scripts.EvaluateScope(ctx, s, in, &f.Token)
		}
	}
	out := make(map[string]any, len(f.Scopes))
	for _, s := range f.Scopes {
		out[s] = strings.Join(attribute(user, s), ",")
	}
	return out, nil
}

// userOf finds the user behind a subject; nil when it is a client or the user is gone.
func userOf(ctx context.Context, rl *realm.Realm, s store.Subject) (*realm.User, error) {
	if s.Type != subjectUser {
		return nil, nil
	}
	u, err := rl.User(ctx, s.Name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return u, err
}
