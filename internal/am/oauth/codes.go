package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

// FindCode looks at an authorization code without using it. A used one is store.ErrUsed, with the code.
func (p *Provider) FindCode(ctx context.Context, raw string) (store.Code, error) {
	return p.codes.Find(ctx, p.Realm.Path, raw)
}

// RedeemCode uses an authorization code up; only one caller can.
func (p *Provider) RedeemCode(ctx context.Context, raw string) (store.Code, error) {
	return p.codes.Redeem(ctx, p.Realm.Path, raw)
}

// Once makes sure that an assertion is accepted once (RFC 7523 §3); store.ErrUsed the second time.
func (p *Provider) Once(ctx context.Context, kind, issuer, jti string, until time.Time) error {
	return p.once.Once(ctx, p.Realm.Path, kind, issuer+"\x00"+jti, until)
}

// ActiveUser finds the user behind a subject; nil for a client. What was granted to a user who is gone or inactive ends
// with them: then the error is refusal.
func (p *Provider) ActiveUser(ctx context.Context, s store.Subject, refusal *Error) (*realm.User, error) {
	if s.Type != subjectUser {
		return nil, nil
	}
	u, err := p.Realm.User(ctx, s.Name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, refusal.Because(err)
	case err != nil:
		return nil, internal("find user", err)
	case !u.IsActive():
		return nil, refusal.Because(realm.ErrInactive)
	}
	return u, nil
}

// NeedsVerifier tells whether the client must prove that it asked for its code (PingAM: codeVerifierEnforced).
func (p *Provider) NeedsVerifier(c *realm.Client) bool {
	switch p.Settings.Advanced.CodeVerifierEnforced {
	case "true":
		return true
	case "public":
		return c.IsPublic()
	case "passwordless":
		_, has := c.Secret()
		return c.IsPublic() && !has
	}
	return false
}

// OwnIDToken reads an ID token of this realm that has not expired, as the token record that it was made of. Anything
// else is store.ErrNotFound; so is one that is sealed with a client's secret, because that client could have written
// it, and one with a pairwise subject, because that names nobody here.
func (p *Provider) OwnIDToken(ctx context.Context, raw string) (*store.Token, error) {
	claims, client, err := p.openIDToken(ctx, raw, "")
	if err != nil {
		if _, refused := errors.AsType[*Error](err); refused {
			return nil, fmt.Errorf("%w: %w", store.ErrNotFound, err)
		}
		return nil, err
	}
	here, _ := claims.Values["realm"].(string)
	if here != p.Realm.Path || claims.Expires.IsZero() || !p.Now().Before(claims.Expires) ||
		client.IsPairwise() || jose.Algorithm(client.Keys.IDTokenSigningAlg).Symmetric() {
		return nil, store.ErrNotFound
	}
	return idTokenRecord(claims, client)
}

func idTokenRecord(c *jose.Claims, client *realm.Client) (*store.Token, error) {
	t := &store.Token{Kind: kindID, Issuer: c.Issuer, ClientID: client.ID, Subject: ParseSub(c.Subject), Expires: c.Expires}
	t.Realm, _ = c.Values["realm"].(string)
	t.ACR, _ = c.Values["acr"].(string)
	t.SessionID, _ = c.Values[opsClaim].(string)
	if at, ok := c.Values["auth_time"].(int64); ok {
		t.AuthTime = time.Unix(at, 0)
	}
	var err error
	if t.MayAct, err = rawClaim(c, "may_act"); err == nil {
		t.Act, err = rawClaim(c, "act")
	}
	return t, err
}

func rawClaim(c *jose.Claims, name string) (json.RawMessage, error) {
	v, ok := c.Values[name]
	if !ok {
		return nil, nil
	}
	return json.Marshal(v)
}
