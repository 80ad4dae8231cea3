package oauth

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/am/store"
)

// Scopes of a client's profile that let it look at the tokens of others.
const (
	scopeIntrospectRealm = "am-introspect-all-tokens"
	scopeIntrospectAll   = "am-introspect-all-tokens-any-realm"
)

// inactive is all that is said of a token that is not valid or none of the caller's business, so that nobody can
// tell the two apart (RFC 7662 §2.2).
var inactive = []byte(`{"active":false}`)

// founds are tokens that introspections looked at; nothing keeps them.
var founds = sync.Pool{New: func() any { return new(Found) }}

// introspect is POST /introspect (RFC 7662).
func (q *request) introspect() error {
	form, err := readForm(q.r)
	if err != nil {
		return err
	}
	caller, err := q.authenticate(q.r, form, endpointIntrospect)
	if err != nil {
		return err
	}
	raw := form.Get("token")
	if raw == "" {
		q.introspected.Add("inactive")
		writeJSON(q.w, http.StatusOK, inactive)
		return nil
	}
	f := founds.Get().(*Found)
	defer func() {
		*f = Found{}
		founds.Put(f)
	}()
	err = q.find(q.r.Context(), raw, f)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrUsed) {
		q.introspected.Add("inactive")
		writeJSON(q.w, http.StatusOK, inactive)
		return nil
	}
	if err != nil {
		return err
	}
	if !q.maySee(caller, f) {
		q.introspected.Add("inactive")
		writeJSON(q.w, http.StatusOK, inactive)
		return nil
	}
	return q.tell(caller, f)
}

// maySee tells whether the caller may know about the token.
func (p *Provider) maySee(c *Caller, f *Found) bool {
	here := f.Realm == p.Realm.Path
	if c.Agent != nil {
		return c.Agent.MayIntrospect(p.Realm.Path, f.Realm)
	}
	scopes := c.Client.AllowedScopes()
	if p.Realm.Path == "/" && contains(scopes, scopeIntrospectAll) || here && contains(scopes, scopeIntrospectRealm) {
		return true
	}
	return here && (f.ClientID == c.Client.ID || f.ClientSide && contains(f.Audience, c.Client.ID))
}

// tell answers with what is known of a token, in the form that the caller's profile sets.
func (q *request) tell(c *Caller, f *Found) error {
	o := newObject()
	defer o.free()
	if c.Client == nil {
		writeJSON(q.w, http.StatusOK, q.describe(o, f, false))
		return nil
	}
	set := c.Client.Effective(q.Settings)
	body := q.describe(o, f, set.TokenIntrospectionClaim)
	accept := headerValue(q.r, "Accept")
	nested := strings.Contains(accept, mediaIntrospectionJWT)
	flat := strings.Contains(accept, "application/jwt")
	format := c.Client.Keys.IntrospectionFormat
	if (format == "" || format == "JSON") && !nested && !flat {
		writeJSON(q.w, http.StatusOK, body)
		return nil
	}
	if !nested && !flat {
		return Refuse("invalid_request", "The client is registered to receive introspection responses as JWT.")
	}
	return q.tellSigned(c.Client, body, nested || set.TokenIntrospectionClaim)
}

// describe writes what introspection says of a token, in the order of PingAM.
func (p *Provider) describe(o *object, f *Found, withAudience bool) []byte {
	t := &f.Token
	o.instead, o.removed = t.Extra, t.Removed
	p.introspected.Add("active")
	o.flag("active", true)
	o.text("scope", sortedScope(t.Scopes))
	o.text("realm", t.Realm)
	o.text("client_id", t.ClientID)
	o.text("user_id", t.Subject.Name)
	o.text("username", t.Subject.Name)
	o.text("token_type", tokenType(t.Cnf))
	if !t.Expires.IsZero() {
		o.number("exp", t.Expires.Unix())
	}
	o.text("sub", SubClaim(t.Subject))
	if p.Settings.Advanced.SubnameInTokenClaims {
		o.text("subname", t.Subject.Name)
	}
	o.text("iss", t.Issuer)
	o.number("auth_level", int64(t.AuthLevel))
	o.text("authGrantId", t.GrantID)
	o.raw("may_act", t.MayAct)
	o.raw("act", t.Act)
	o.raw("cnf", t.Cnf)
	o.raw("authorization_details", t.Details)
	o.some("auditTrackingId", t.AuditID)
	if f.ClientSide {
		o.text("cts", clientSide)
	}
	if len(t.Audience) > 0 && !f.ClientSide || withAudience {
		o.raw("aud", audience(t))
	}
	if !t.Expires.IsZero() {
		o.number("expires_in", max(0, int64(t.Expires.Sub(p.Now())/time.Second)))
	}
	o.rest()
	return o.end()
}
