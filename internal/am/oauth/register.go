package oauth

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// registration ties a registration access token to its client.
type registration struct {
	ClientID string `json:"c"`
}

// registrationLife is how long a client can be managed by itself; RFC 7592 has no end for it.
const registrationLife = 10 * 365 * 24 * time.Hour

func (p *Provider) registrations() store.Tickets[registration] {
	return store.Tickets[registration]{Engine: p.Engine, Kind: "registration"}
}

// registerAIAgent is the endpoint of AI agents: clients whose profile is of a type of its own (PingAM: AI agents).
const registerAIAgent = "aiagent/register"

func (q *request) forAIAgents() bool { return q.name == registerAIAgent }

// registrationURI is the address of the endpoint that has to do with such clients.
func (q *request) registrationURI() string {
	if q.forAIAgents() {
		return q.Issuer + "/" + registerAIAgent
	}
	return q.Issuer + "/register"
}

// register is POST /register (RFC 7591), and with ?client_id= GET, PUT and DELETE (RFC 7592).
func (q *request) register() error {
	if q.forAIAgents() && !q.Settings.AIAgents.Enabled {
		return &Error{Status: http.StatusForbidden, Code: "access_denied", Description: "AI agents are not enabled."}
	}
	if q.r.Method == http.MethodPost {
		return q.registerNew()
	}
	client, raw, err := q.registered()
	if err != nil {
		return err
	}
	switch q.r.Method {
	case http.MethodPut:
		return q.registerAgain(client, raw)
	case http.MethodDelete:
		return q.unregister(client, raw)
	}
	return q.tellClient(http.StatusOK, client, "", raw)
}

func (q *request) registerNew() error {
	ctx := q.r.Context()
	if !q.Settings.Registration.Open {
		if err := q.mayRegister(); err != nil {
			return err
		}
	} else if err := q.slowDown(); err != nil {
		return err
	}
	m, err := q.readMetadata(ctx)
	if err != nil {
		return err
	}
	id, secret := uuid.NewString(), ""
	if m.confidential() {
		secret = store.NewRaw()
	}
	if err := q.storeClient(ctx, m.profile(realm.DefaultClient()), id, secret, m, "CREATE"); err != nil {
		return err
	}
	raw := ""
	if q.Settings.Registration.GenerateAccessTokens {
		raw = store.NewRaw()
		until := q.Now().Add(registrationLife)
		if err := q.registrations().Save(ctx, q.Realm.Path, raw, registration{id}, until); err != nil {
			return err
		}
	}
	client, err := q.Realm.Client(ctx, id)
	if err != nil {
		return err
	}
	return q.tellClient(http.StatusCreated, client, secret, raw)
}

// mayRegister looks for the access token that a closed registration needs.
func (q *request) mayRegister() error {
	f, err := q.ownBearer(nil)
	if err != nil {
		return err
	}
	return q.needScope(f, q.Settings.Registration.Scope)
}

// registered finds the client that the registration access token manages.
func (q *request) registered() (*realm.Client, string, error) {
	ctx := q.r.Context()
	raw, err := bearerToken(q.r.Header.Get("Authorization"), nil, "")
	if err != nil {
		return nil, "", err
	}
	refusal := *ErrToken
	refusal.Challenge = `Bearer realm="` + quotable(q.Realm.Path) + `"`
	if raw != "" {
		refusal.Challenge += `, error="invalid_token"`
	}
	t, err := q.registrations().Find(ctx, q.Realm.Path, raw)
	if errors.Is(err, store.ErrNotFound) || err == nil && t.Value.ClientID != q.r.URL.Query().Get("client_id") {
		return nil, "", &refusal
	}
	if err != nil {
		return nil, "", err
	}
	client, err := q.Realm.Client(ctx, t.Value.ClientID)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && client.AIAgent != q.forAIAgents():
		return nil, "", &refusal
	case err == nil && !client.IsActive(): // an administrator said so, and it does not take that back (RFC 7592 §2)
		return nil, "", &Error{Status: http.StatusForbidden, Code: "access_denied", Description: "The client is not active."}
	}
	return client, raw, err
}

func (q *request) registerAgain(c *realm.Client, raw string) error {
	ctx := q.r.Context()
	m, err := q.readMetadata(ctx)
	if err != nil {
		return err
	}
	secret, _ := c.Secret()
	switch { // RFC 7592 §2.2
	case m.ID != "" && m.ID != c.ID:
		return refuseMetadata("client_id differs")
	case m.Secret != "" && subtle.ConstantTimeCompare([]byte(m.Secret), secret) != 1:
		return refuseMetadata("client_secret differs")
	case m.confidential() == c.IsPublic():
		return refuseMetadata("A client cannot become public or confidential later.")
	}
	if err := q.storeClient(ctx, m.profile(settled(c)), c.ID, string(secret), m, "UPDATE"); err != nil {
		return err
	}
	if c, err = q.Realm.Client(ctx, c.ID); err != nil {
		return err
	}
	return q.tellClient(http.StatusOK, c, "", raw)
}

func (q *request) unregister(c *realm.Client, raw string) error {
	ctx := q.r.Context()
	copied := *c
	if _, err := q.scripted(ctx, &copied, "DELETE", nil); err != nil {
		return err
	}
	docs := store.Docs{Engine: q.Engine}
	if err := docs.Delete(ctx, q.Realm.Path, store.KindAgent, c.ID, 0); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := q.tokens.RevokeClient(ctx, q.Realm.Path, c.ID, store.Subject{}); err != nil {
		return err
	}
	if t, err := q.registrations().Find(ctx, q.Realm.Path, raw); err == nil {
		if err := q.registrations().Take(ctx, t); err != nil && !errors.Is(err, store.ErrUsed) {
			return err
		}
	}
	protect(q.w.Header())
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}

// settled is a profile with what of c the client cannot say itself: what administrators have set since outlasts its
// updates.
func settled(c *realm.Client) *realm.Client {
	d := realm.DefaultClient()
	core, advanced := &d.Core, &d.Advanced
	core.AgentGroup, core.SecretLabel, core.LoopbackRedirection = c.Core.AgentGroup, c.Core.SecretLabel, c.Core.LoopbackRedirection
	core.CodeLifetime, core.AccessTokenLifetime, core.RefreshTokenLifetime = c.Core.CodeLifetime, c.Core.AccessTokenLifetime, c.Core.RefreshTokenLifetime
	advanced.ConsentImplied, advanced.Tree, advanced.RefreshTokenGracePeriod = c.Advanced.ConsentImplied, c.Advanced.Tree, c.Advanced.RefreshTokenGracePeriod
	advanced.TokenExchangeAuthLevel, advanced.AllowedResourceAudiences = c.Advanced.TokenExchangeAuthLevel, c.Advanced.AllowedResourceAudiences
	advanced.AcceptedJWTIssuers, advanced.IntrospectionPolicySets = c.Advanced.AcceptedJWTIssuers, c.Advanced.IntrospectionPolicySets
	d.OIDC.IDTokenLifetime, d.OIDC.Claims = c.OIDC.IDTokenLifetime, c.OIDC.Claims
	d.Overrides = c.Overrides
	return d
}

// storeClient writes the profile of a client that registered itself.
func (q *request) storeClient(ctx context.Context, c *realm.Client, id, secret string, m *clientMetadata, operation string) error {
	c.ID, c.AIAgent = id, q.forAIAgents()
	c, err := q.scripted(ctx, c, operation, m.attested)
	if err != nil {
		return err
	}
	if secret != "" {
		if q.Realms == nil {
			return errors.New("register: no way to keep a secret")
		}
		c.Core.Password = q.Realms.SealSecret(secret)
	}
	c.SelfRegistered = true
	body, err := c.Doc()
	if err != nil {
		return internal("write profile", err)
	}
	docs := store.Docs{Engine: q.Engine}
	doc := store.Doc{ID: id, Body: body}
	if operation == "CREATE" {
		_, err = docs.Create(ctx, q.Realm.Path, store.KindAgent, doc)
	} else if doc, err = q.Realm.StayInherited(ctx, doc); err == nil {
		_, err = docs.Put(ctx, q.Realm.Path, store.KindAgent, doc)
	}
	return err
}

// scripted lets the realm's registration script look at a profile and change it.
func (q *request) scripted(ctx context.Context, c *realm.Client, operation string, statement map[string]any) (*realm.Client, error) {
	s, err := q.script(ctx, q.Settings.Registration.Script.ID())
	if s == nil || err != nil {
		return c, err
	}
	given := *c
	in := &RegistrationInput{
		ScriptInput: ScriptInput{Realm: q.Realm, Client: c, Subject: ClientSubject(c.ID), Scopes: c.AllowedScopes(), RequestURI: q.registrationURI(), Headers: q.r.Header},
		Operation:   operation, Profile: &given, Statement: statement,
	}
	changed, err := q.Scripts.Register(ctx, s, in)
	if changed == nil || err != nil {
		return c, err
	}
	return changed, nil
}

// tellClient answers with what is registered (RFC 7591 §3.2.1). The secret is told once.
func (q *request) tellClient(status int, c *realm.Client, secret, raw string) error {
	m := metadataOf(c)
	if secret != "" {
		m.Secret, m.SecretExpires = secret, new(int64)
	}
	if raw != "" {
		m.AccessToken = raw
		m.RegistrationURI = q.registrationURI() + "?client_id=" + queryEscape(c.ID)
	}
	body, err := m.encode()
	if err != nil {
		return internal("write answer", err)
	}
	writeJSON(q.w, status, body)
	return nil
}

// readMetadata reads and checks what a client says about itself.
func (q *request) readMetadata(ctx context.Context) (*clientMetadata, error) {
	if media, _, _ := strings.Cut(q.r.Header.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(media), "application/json") {
		return nil, errMedia
	}
	body, err := readBody(q.r)
	if err != nil {
		return nil, err
	}
	body, attested, err := q.withStatement(ctx, body)
	if err != nil {
		return nil, err
	}
	m, err := parseMetadata(body, q.Settings)
	if err != nil {
		return nil, err
	}
	m.attested, m.agent = attested, q.forAIAgents()
	if err := m.check(q.Settings); err != nil {
		return nil, err
	}
	return m, q.checkSector(ctx, m)
}

// mayAskFor are the scopes that a client can give itself: those that the provider offers to everybody.
func mayAskFor(p *realm.Provider) []string {
	return slices.Concat(p.SupportedScopes(), p.DefaultScopes())
}
