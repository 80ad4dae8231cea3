package oauth

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	jsonv2 "github.com/go-json-experiment/json"

	"gatehouse/internal/am/store"
)

// clientSide marks client-side tokens in the claim "cts".
const clientSide = "OAUTH2_STATELESS_GRANT"

// tokenClaims are the claims of a client-side access or refresh token, read back.
type tokenClaims struct {
	Subject   string          `json:"sub"`
	Type      string          `json:"cts"`
	AuthLevel int             `json:"auth_level"`
	AuditID   string          `json:"auditTrackingId"`
	Subname   string          `json:"subname"`
	Issuer    string          `json:"iss"`
	Name      string          `json:"tokenName"`
	TokenType string          `json:"token_type"`
	GrantID   string          `json:"authGrantId"`
	ClientID  string          `json:"client_id"`
	Audience  json.RawMessage `json:"aud"`
	NotBefore int64           `json:"nbf"`
	GrantType string          `json:"grant_type"`
	Scope     scopeList       `json:"scope"`
	AuthTime  int64           `json:"auth_time"`
	Realm     string          `json:"realm"`
	Expires   int64           `json:"exp"`
	IssuedAt  int64           `json:"iat"`
	Lifetime  int64           `json:"expires_in"`
	ID        string          `json:"jti"`
	Nonce     string          `json:"nonce"`
	ACR       string          `json:"acr"`
	AMR       []string        `json:"amr"`
	MayAct    json.RawMessage `json:"may_act"`
	Act       json.RawMessage `json:"act"`
	Cnf       json.RawMessage `json:"cnf"`
	Claims    string          `json:"claims"`
	Details   json.RawMessage `json:"authorization_details"`
	Session   string          `json:"ops"`
	Owner     string          `json:"azp"` // the client, where client_id is left out

	Extra map[string]json.RawMessage `json:",embed"` // members that no field has
}

// claims writes the payload of t as a client-side token.
func (p *Provider) claims(t *store.Token, jti string) []byte {
	o := newObject()
	o.instead, o.removed = t.Extra, t.Removed
	refresh := t.Kind == kindRefresh
	o.text("sub", SubClaim(t.Subject))
	o.text("cts", clientSide)
	if t.GrantType != "client_credentials" {
		o.number("auth_level", int64(t.AuthLevel))
	}
	o.text("auditTrackingId", t.AuditID)
	if p.Settings.Advanced.SubnameInTokenClaims {
		o.text("subname", t.Subject.Name)
	}
	o.text("iss", t.Issuer)
	o.text("tokenName", t.Kind+"_token")
	o.text("token_type", tokenType(t.Cnf))
	o.text("authGrantId", t.GrantID)
	profile := p.Settings.Own.AccessTokenProfile && !refresh
	if p.Settings.Advanced.ClientIDInClientSideTokens || profile {
		o.text("client_id", t.ClientID)
	} else {
		o.text("azp", t.ClientID)
	}
	if profile {
		o.raw("aud", p.profileAudience(t))
	} else {
		o.raw("aud", audience(t))
	}
	o.number("nbf", t.IssuedAt.Unix())
	o.text("grant_type", t.GrantType)
	if profile {
		o.text("scope", strings.Join(t.Scopes, " "))
	} else {
		o.list("scope", t.Scopes)
	}
	if !t.AuthTime.IsZero() {
		o.number("auth_time", t.AuthTime.Unix())
	}
	o.text("realm", t.Realm)
	if !t.Expires.IsZero() {
		o.number("exp", t.Expires.Unix())
	}
	o.number("iat", t.IssuedAt.Unix())
	if !t.Expires.IsZero() {
		o.number("expires_in", int64(t.Expires.Sub(t.IssuedAt)/time.Second))
	}
	o.text("jti", jti)
	o.some("nonce", t.Nonce)
	o.some("acr", t.ACR)
	if len(t.AMR) > 0 {
		o.list("amr", t.AMR)
	}
	o.raw("may_act", t.MayAct)
	o.raw("act", t.Act)
	o.raw("cnf", t.Cnf)
	o.some("claims", t.Claims)
	o.raw("authorization_details", t.Details)
	if refresh {
		o.some("ops", t.SessionID)
	}
	o.rest()
	return o.end()
}

// profileAudience is who the token is for (RFC 9068 §3): the resource servers that were asked for, else the realm as a
// whole, in its issuer's name.
func (p *Provider) profileAudience(t *store.Token) json.RawMessage {
	if len(t.Audience) == 0 {
		return appendText(nil, t.Issuer)
	}
	list := newObject()
	list.list("", t.Audience)
	return list.buf[len(`{"":`):]
}

// scopeList reads the claim scope as PingAM has it, a list, and as RFC 9068 §2.2.3 has it, a text.
type scopeList []string

// UnmarshalJSON reads either.
func (l *scopeList) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		*l = strings.Fields(text)
		return nil
	}
	var list []string
	err := json.Unmarshal(b, &list)
	*l = list
	return err
}

// guard takes back what a script must not change: the claims by which this server recognises its own tokens,
// expires and revokes them and says whose they are. The end of a token is changed through Token.Expires.
func guard(t *store.Token) {
	for _, name := range [...]string{
		"active", "cts", "jti", "tokenName", "authGrantId", "client_id", "realm", "exp", "iat", "nbf", "expires_in",
		"authorization_details",
	} {
		delete(t.Extra, name)
		t.Removed = slices.DeleteFunc(t.Removed, func(r string) bool { return r == name })
	}
}

// audience is the client alone as text, or a list when there are more.
func audience(t *store.Token) json.RawMessage {
	if len(t.Audience) == 0 {
		return appendText(nil, t.ClientID)
	}
	list := newObject()
	list.list("", append([]string{t.ClientID}, t.Audience...))
	return list.buf[len(`{"":`):]
}

// readClaims turns a verified payload back into the token it stands for, and gives its jti.
func readClaims(payload []byte) (store.Token, string, error) {
	var c tokenClaims
	if err := jsonv2.Unmarshal(payload, &c); err != nil {
		return store.Token{}, "", fmt.Errorf("read token: %w", err)
	}
	kind := ""
	switch c.Name {
	case kindAccess + "_token":
		kind = kindAccess
	case kindRefresh + "_token":
		kind = kindRefresh
	}
	if kind == "" || c.Type != clientSide || c.ID == "" {
		return store.Token{}, "", fmt.Errorf("read token: %w", store.ErrNotFound) // an ID token, for one
	}
	t := store.Token{
		Kind: kind, Realm: c.Realm, Issuer: c.Issuer, ClientID: c.ClientID, Subject: ParseSub(c.Subject),
		Scopes: c.Scope, GrantType: c.GrantType, GrantID: c.GrantID, AuditID: c.AuditID, IssuedAt: unix(c.IssuedAt),
		Expires: unix(c.Expires), AuthTime: unix(c.AuthTime), AuthLevel: c.AuthLevel, Nonce: c.Nonce, ACR: c.ACR,
		AMR: c.AMR, MayAct: c.MayAct, Act: c.Act, Cnf: c.Cnf, Extra: c.Extra, SessionID: c.Session, Claims: c.Claims,
		Details: c.Details,
	}
	if t.ClientID == "" {
		t.ClientID = c.Owner
	}
	c.overridden(&t)
	t.Audience = audienceOf(c.Audience)
	if len(t.Audience) == 1 && t.Audience[0] == t.Issuer {
		t.Audience = nil // what profileAudience adds
	}
	t.Audience = slices.DeleteFunc(t.Audience, func(a string) bool { return a == t.ClientID })
	return t, c.ID, nil
}

// overridden notes what a script made of the names of the subject, which t otherwise derives.
func (c *tokenClaims) overridden(t *store.Token) {
	for _, v := range [...]struct{ name, is, would string }{
		{"sub", c.Subject, SubClaim(t.Subject)}, {"subname", c.Subname, t.Subject.Name},
	} {
		if v.is != v.would && v.is != "" {
			if t.Extra == nil {
				t.Extra = map[string]json.RawMessage{}
			}
			t.Extra[v.name] = appendText(nil, v.is)
		}
	}
}

func audienceOf(raw json.RawMessage) []string {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}
	}
	var many []string
	_ = json.Unmarshal(raw, &many) // a script may have written anything: then there is no audience
	return many
}

func unix(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}
