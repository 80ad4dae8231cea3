package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/am/store"
)

// Kinds of tokens.
const (
	kindAccess  = "access"
	kindRefresh = "refresh"
	kindID      = "id"
)

// issuance is a token request on its way from what was authorized to what is answered.
type issuance struct {
	*Provider
	req   *TokenRequest
	grant *Grant
	*Authorization
	now time.Time
	in  *ScriptInput // made when the first script needs it

	store  []store.NewToken // what the one write stores
	access store.Token
	answer struct {
		access, refresh, id string
		more                map[string]json.RawMessage
	}
}

// issue makes the tokens, stores them in one write, and gives the body of the answer.
func (p *Provider) issue(ctx context.Context, req *TokenRequest, g *Grant, a *Authorization) ([]byte, error) {
	i := &issuance{Provider: p, req: req, grant: g, Authorization: a, now: p.Now()}
	if a.GrantID == "" {
		a.GrantID = store.NewID()
	}
	if a.IssuedType == TypeIDToken {
		return i.idTokenOnly(ctx)
	}
	steps := []func(context.Context) error{i.issueAccess, i.issueRefresh, i.issueID, i.save, i.noteSession}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	i.audit(ctx)
	return i.body(), nil
}

// audit tells who got what, by names that are no secrets.
func (i *issuance) audit(ctx context.Context) {
	i.issued.Add(i.grant.Name)
	if i.log.Enabled(ctx, slog.LevelDebug) {
		i.log.LogAttrs(ctx, slog.LevelDebug, "tokens issued", slog.String("realm", i.Realm.Path),
			slog.String("client", i.req.Client.ID), slog.String("subject", SubClaim(i.Subject)), slog.String("grant", i.grant.Name),
			slog.String("authGrantId", i.GrantID), slog.String("auditTrackingId", i.access.AuditID))
	}
}

// token starts a token of a kind.
func (i *issuance) token(kind string, life time.Duration) store.Token {
	t := store.Token{
		Kind: kind, Realm: i.Realm.Path, Issuer: i.Issuer, ClientID: i.req.Client.ID, Subject: i.Subject,
		Scopes: i.Scopes, GrantType: i.GrantType, GrantID: i.GrantID, AuditID: i.ids.next(), IssuedAt: i.now,
		AuthTime: i.AuthTime, AuthLevel: i.AuthLevel, Nonce: i.Nonce, ACR: i.ACR, AMR: i.AMR, Audience: i.Audience,
		Act: i.Act, Cnf: i.Cnf, SessionID: i.SessionID, Claims: i.Authorization.Claims,
		Details: i.Details,
	}
	if t.GrantType == "" {
		t.GrantType = i.grant.Name
	}
	if t.AuthTime.IsZero() {
		t.AuthTime = i.now
	}
	if life >= 0 {
		t.Expires = i.now.Add(life)
	}
	return t
}

func (i *issuance) issueAccess(ctx context.Context) error {
	if err := builtInClass(i.Settings.Plugins.AccessTokenEnricherClass); err != nil {
		return err
	}
	if i.Settings.Core.MacaroonTokens {
		return Unsupported("server_error", "The macaroon format of tokens")
	}
	t := i.token(kindAccess, i.req.Set.AccessTokenLifetime)
	if t.Expires.IsZero() { // only refresh tokens may live for ever
		t.Expires = i.now
	}
	for name, value := range i.Extra {
		if t.Extra == nil {
			t.Extra = map[string]json.RawMessage{}
		}
		t.Extra[name] = value
	}
	if err := i.mayAct(ctx, i.req.Set.AccessTokenMayAct, &t); err != nil {
		return err
	}
	if err := i.modify(ctx, &t); err != nil {
		return err
	}
	guard(&t)
	var err error
	i.answer.access, err = i.show(ctx, &t)
	i.access = t
	return err
}

// show gives what the bearer of t gets, and notes t for the store where it is not all in the token itself.
func (i *issuance) show(ctx context.Context, t *store.Token) (string, error) {
	if !i.req.Set.ClientSideTokens {
		raw := store.NewRaw()
		i.store = append(i.store, store.NewToken{Raw: raw, Token: *t})
		return raw, nil
	}
	jti := store.NewID()
	if t.Kind == kindRefresh { // its use is counted in the store, under its jti
		i.store = append(i.store, store.NewToken{Raw: jti, Token: *t})
	}
	return i.sealAccess(ctx, i.req.Set, t.Kind, i.claims(t, jti))
}

func (i *issuance) mayAct(ctx context.Context, id string, t *store.Token) error {
	s, err := i.script(ctx, id)
	if s == nil || err != nil {
		return err
	}
	in, err := i.input(ctx)
	if err != nil {
		return err
	}
	return i.Scripts.MayAct(ctx, s, in, t)
}

func (i *issuance) modify(ctx context.Context, t *store.Token) error {
	s, err := i.plugin(ctx, i.req.Set.AccessTokenModification)
	if s == nil || err != nil {
		return err
	}
	in, err := i.input(ctx)
	if err != nil {
		return err
	}
	i.answer.more, err = i.Scripts.ModifyAccessToken(ctx, s, in, t)
	return err
}

func (i *issuance) input(ctx context.Context) (*ScriptInput, error) {
	if i.in != nil {
		return i.in, nil
	}
	i.in = i.scriptInput(i.req, i.Authorization)
	if i.SessionID == "" {
		return i.in, nil
	}
	sess, err := i.sessions.FindByID(ctx, i.SessionID)
	if err == nil {
		i.in.Session = &sess
	}
	if errors.Is(err, store.ErrNotFound) { // it has ended
		err = nil
	}
	return i.in, err
}

// mayRefresh tells whether a refresh token goes with the access token (RFC 6749 §1.5; PingAM: Issue Refresh
// Tokens, and the grant of the client).
func (i *issuance) mayRefresh() bool {
	return !i.grant.NoRefresh && i.req.Set.IssueRefreshToken && i.req.Client.HasGrant("refresh_token") &&
		(i.Rotates == nil || !i.Rotates.Keep)
}

func (i *issuance) issueRefresh(ctx context.Context) error {
	if !i.mayRefresh() {
		return nil
	}
	t := i.token(kindRefresh, i.req.Set.RefreshTokenLifetime)
	if i.RefreshScopes != nil {
		t.Scopes = i.RefreshScopes
	}
	t.Details = i.RefreshDetails
	t.Extra = i.persistent()
	if err := i.mayAct(ctx, i.req.Set.AccessTokenMayAct, &t); err != nil {
		return err
	}
	guard(&t)
	var err error
	i.answer.refresh, err = i.show(ctx, &t)
	return err
}

// persistent are the claims that a refresh hands on to the next access token (PingAM: persistentClaims).
func (i *issuance) persistent() map[string]json.RawMessage {
	var out map[string]json.RawMessage
	for _, name := range i.Settings.Advanced.PersistentClaims {
		if v, ok := i.access.Extra[name]; ok {
			if out == nil {
				out = map[string]json.RawMessage{}
			}
			out[name] = v
		}
	}
	return out
}

func (i *issuance) issueID(ctx context.Context) error {
	if !slices.Contains(i.Scopes, "openid") || i.Subject.Type != subjectUser || i.IssuedType != "" {
		return nil
	}
	id := i.idToken()
	id.accessToken, id.code = i.answer.access, i.Code
	var err error
	i.answer.id, err = id.sign(ctx, i.input)
	return err
}

// save is the one write. Where a code or a refresh token was used by somebody else meanwhile, the grant is void.
func (i *issuance) save(ctx context.Context) error {
	var err error
	switch {
	case i.Rotates != nil && !i.Rotates.Keep:
		err = i.tokens.Rotate(ctx, i.Realm.Path, i.Rotates.Raw, i.Rotates.Grace, i.store...)
	case len(i.store) > 0:
		err = i.tokens.Issue(ctx, i.store...)
	}
	if errors.Is(err, store.ErrUsed) || errors.Is(err, store.ErrNotFound) {
		return ErrGrant.Because(err)
	}
	return err
}

func (i *issuance) body() []byte {
	o := newObject()
	o.instead = i.answer.more
	for _, name := range [...]string{"access_token", "refresh_token", "id_token", "token_type"} {
		delete(o.instead, name)
	}
	o.text("access_token", i.answer.access)
	o.some("refresh_token", i.answer.refresh)
	o.some("issued_token_type", i.IssuedType)
	o.text("scope", strings.Join(i.access.Scopes, " "))
	o.some("id_token", i.answer.id)
	o.text("token_type", tokenType(i.access.Cnf))
	o.number("expires_in", remaining(i.access.Expires.Sub(i.now)))
	o.some("nonce", i.Nonce)
	o.raw("authorization_details", i.Details)
	o.rest()
	return o.end()
}

// remaining is the seconds that are left when the client reads them: the second that has begun does not count.
func remaining(life time.Duration) int64 { return max(0, int64((life-1)/time.Second)) }

// idTokenOnly answers a token exchange that asked for an ID token (RFC 8693 §2.2.1).
func (i *issuance) idTokenOnly(ctx context.Context) ([]byte, error) {
	id := i.idToken()
	raw, err := id.sign(ctx, i.input)
	if err != nil {
		return nil, err
	}
	i.answer.id = raw
	if err := i.noteSession(ctx); err != nil {
		return nil, err
	}
	i.audit(ctx)
	o := newObject()
	o.text("access_token", raw)
	o.text("issued_token_type", TypeIDToken)
	o.text("scope", strings.Join(i.Scopes, " "))
	o.text("token_type", "N_A")
	o.number("expires_in", remaining(i.req.Set.IDTokenLifetime))
	return o.end(), nil
}
