package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

// Found is a token that its bearer showed and that is valid now.
type Found struct {
	store.Token
	// ClientSide tells that the token itself holds what is known of it; ID is then its jti. Else ID is empty.
	ClientSide bool
	ID         string
}

// Key is what the store knows the token by.
func (f *Found) Key(raw string) string {
	if f.ClientSide {
		return f.ID
	}
	return raw
}

// FindToken looks at a token of the realm. One that is unknown, expired, revoked, forged or another realm's is
// store.ErrNotFound; a refresh token that was used up is store.ErrUsed, and returned.
func (p *Provider) FindToken(ctx context.Context, raw string) (*Found, error) {
	f, err := p.FindAnyRealm(ctx, raw)
	if f != nil && f.Realm != p.Realm.Path {
		return nil, store.ErrNotFound
	}
	return f, err
}

// FindAnyRealm is FindToken for tokens of all realms.
func (p *Provider) FindAnyRealm(ctx context.Context, raw string) (*Found, error) {
	f := &Found{}
	err := p.find(ctx, raw, f)
	if err != nil && !errors.Is(err, store.ErrUsed) {
		return nil, err
	}
	return f, err
}

// find is FindAnyRealm that fills f.
func (p *Provider) find(ctx context.Context, raw string, f *Found) error {
	if isCompact(raw) {
		return p.findClientSide(ctx, raw, f)
	}
	return p.tokens.FindAnyRealm(ctx, raw, &f.Token)
}

// isCompact tells JWTs, whose parts are separated by dots, from opaque tokens, which have none.
func isCompact(raw string) bool { return strings.IndexByte(raw, '.') >= 0 }

// findClientSide checks a token's seal, its life and whether it was revoked.
func (p *Provider) findClientSide(ctx context.Context, raw string, f *Found) error {
	own, err := p.ownToken(ctx, raw)
	if err != nil {
		return err
	}
	t := &own.Token
	if !t.Expires.IsZero() && !p.Now().Before(t.Expires) {
		return store.ErrNotFound
	}
	if t.Kind == kindRefresh { // its record tells whether it was used or revoked
		rec, err := p.tokens.Find(ctx, t.Realm, own.id)
		*f = Found{Token: rec, ClientSide: true, ID: own.id}
		return err
	}
	for _, id := range [...]string{own.id, deniedGrant(t.GrantID)} {
		denied, err := p.tokens.Denied(ctx, t.Realm, id)
		if err != nil {
			return err
		}
		if denied {
			return store.ErrNotFound
		}
	}
	*f = Found{Token: *t, ClientSide: true, ID: own.id}
	return nil
}

// ownToken opens a client-side token of whatever realm of this server. What is none is store.ErrNotFound.
func (p *Provider) ownToken(ctx context.Context, raw string) (*ownToken, error) {
	if own := p.verified.get(raw); own != nil {
		return own, nil
	}
	payload, rl, err := p.openOwn(ctx, raw)
	if err != nil {
		return nil, err
	}
	t, jti, err := readClaims(payload)
	if err != nil || t.Realm != rl.Path {
		return nil, store.ErrNotFound
	}
	own := &ownToken{Token: t, id: jti}
	p.verified.put(raw, own)
	return own, nil
}

const deniedGrantPrefix = "grant:"

// deniedGrant is what a revoked grant is called in the deny list of client-side tokens.
func deniedGrant(grantID string) string { return deniedGrantPrefix + grantID }

// DeniedGrant reads an entry of the deny list of client-side tokens: it is about a grant, or else about one token.
func DeniedGrant(entry string) (grantID string, ok bool) {
	return strings.CutPrefix(entry, deniedGrantPrefix)
}

// openOwn opens a JWT that a realm of this server made, and tells which realm it was. What is not ours is
// store.ErrNotFound.
func (p *Provider) openOwn(ctx context.Context, raw string) ([]byte, *realm.Realm, error) {
	if strings.Count(raw, ".") == 4 {
		payload, err := p.decryptAccess(ctx, raw)
		return payload, p.Realm, err
	}
	rl := p.Realm
	if head, err := jose.Unverified(raw); err != nil {
		return nil, nil, store.ErrNotFound
	} else if other := p.realmOf(head.Payload); other != nil {
		rl = other
	}
	tok, err := verifyOwn(ctx, rl, raw)
	if err != nil {
		return nil, nil, err
	}
	return tok, rl, nil
}

// realmOf finds the realm that a payload, not verified yet, claims to be of: the keys to verify it with.
func (p *Provider) realmOf(payload []byte) *realm.Realm {
	var c struct {
		Realm string `json:"realm"`
	}
	if p.Realms == nil || json.Unmarshal(payload, &c) != nil || c.Realm == "" || c.Realm == p.Realm.Path {
		return nil
	}
	rl, ok := p.Realms.Find(c.Realm)
	if !ok {
		return nil
	}
	return rl
}

// RevokeGrant ends all tokens of a grant, client-side ones included, whatever kind is issued now.
func (p *Provider) RevokeGrant(ctx context.Context, t *store.Token) error {
	if err := p.tokens.RevokeGrant(ctx, t.Realm, t.GrantID); err != nil {
		return err
	}
	if t.GrantID == "" {
		return nil
	}
	life := seconds(p.Settings.Core.AccessTokenLifetime)
	if client, err := p.Realm.Client(ctx, t.ClientID); err == nil {
		life = max(life, client.Effective(p.Settings).AccessTokenLifetime)
	}
	return p.tokens.Deny(ctx, t.Realm, deniedGrant(t.GrantID), p.Now().Add(max(life, longestAccess)))
}

// revoke ends one token; a refresh token takes its grant along (RFC 7009 §2.1).
func (p *Provider) revoke(ctx context.Context, raw string, f *Found) error {
	switch {
	case f.Kind == kindRefresh:
		return p.RevokeGrant(ctx, &f.Token)
	case f.ClientSide:
		return p.tokens.Deny(ctx, f.Realm, f.ID, f.Expires)
	}
	err := p.tokens.Revoke(ctx, f.Realm, raw)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// BearerToken is the token that a request shows in its header or its form (RFC 6750 §2); in both it is refused.
func bearerToken(authorization string, form *Form, field string) (string, error) {
	inForm := ""
	if form != nil {
		inForm = form.Get(field)
	}
	scheme, token, ok := strings.Cut(authorization, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, schemeDPoP) {
		return inForm, nil
	}
	if inForm != "" {
		return "", Refuse("invalid_request", "Access Token cannot be provided in both query and header")
	}
	return strings.TrimLeft(token, " "), nil
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }
