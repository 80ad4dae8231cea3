package oauth

import (
	"context"
	"errors"
	"slices"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

// findAgent lets an Identity Gateway sign its users in here from another domain (PingAM: CDSSO): with agent_provider=true
// its agent is a client whose ID tokens are posted to the addresses in its profile (igCdssoRedirectUrls). The agent may
// be of another realm, agent_realm; users sign in to the realm that is addressed.
func (a *authorization) findAgent(ctx context.Context, id string) error {
	home := a.Realm
	if name := a.form.Get("agent_realm"); name != "" && name != home.Path {
		other, ok := a.realmNamed(name)
		if !ok {
			return ErrClientAuth.Because(errors.New("agent_realm does not exist"))
		}
		home = other
	}
	agent, err := home.Agent(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && !agent.IsActive() {
		return ErrClientAuth.Because(err)
	}
	if err != nil {
		return internal("find agent", err)
	}
	a.agent, a.agentRealm, a.client = agent, home.Path, clientOfAgent(agent)
	set := a.client.Effective(a.Settings)
	set.SkipConsent, set.RemoteConsent = true, false // the gateway asks for nothing but who it is
	a.set = &set
	return nil
}

func (p *Provider) realmNamed(name string) (*realm.Realm, bool) {
	if p.Realms == nil {
		return nil, false
	}
	if name[0] != '/' {
		name = "/" + name
	}
	rl, ok := p.Realms.Find(name)
	if !ok || !rl.Active {
		return nil, false
	}
	return rl, true
}

// clientOfAgent is what a gateway may ask for: an ID token that says who the user is.
func clientOfAgent(a *realm.Agent) *realm.Client {
	c := realm.DefaultClient()
	c.ID, c.ForGateway = a.ID, true
	c.Core.RedirectURIs = a.RedirectURLs
	c.Core.Scopes = []string{"openid"}
	c.Advanced.ResponseTypes = []string{"id_token"}
	c.Advanced.GrantTypes = []string{"implicit"}
	return c
}

// checkAgent holds a gateway to the one form that its filter has: an ID token, posted, so that it is in no address.
func (a *authorization) checkAgent() error {
	if a.agent == nil {
		return nil
	}
	if a.mode != "form_post" || a.asJWT {
		return Refuse("invalid_request", "An agent's ID token is posted: response_mode must be form_post.")
	}
	if !slices.Equal(a.types.words, []string{"id_token"}) {
		return Refuse("unsupported_response_type", "Response type is not supported.")
	}
	return nil
}

// longestSSOToken bounds ID tokens that are shown in place of session tokens.
const longestSSOToken = 8 << 10

// SSOSession is the session that an ID token stands for where it is shown in place of the session's own token: one that a
// gateway got for its agent, or a client that the realm's settings list (PingAM: authorisedOpenIdConnectSSOClients). It
// gives the session's stored ID. Anything else is store.ErrNotFound.
func (s *Server) SSOSession(ctx context.Context, raw string) (string, error) {
	if len(raw) > longestSSOToken || s.Realms == nil {
		return "", store.ErrNotFound
	}
	head, err := jose.Unverified(raw)
	if err != nil {
		return "", store.ErrNotFound
	}
	claimed, err := jose.ParseClaims(head.Payload)
	if err != nil {
		return "", store.ErrNotFound
	}
	path, _ := claimed.Values["realm"].(string)
	rl, ok := s.Realms.Find(path)
	if !ok || path == "" {
		return "", store.ErrNotFound
	}
	keys, err := rl.Keys().Public(ctx)
	if err != nil {
		return "", err
	}
	tok, err := jose.Verify(ctx, raw, jose.VerifyOptions{Keys: keys, Algorithms: jose.SignatureAlgorithms()})
	if err != nil {
		return "", refusedToken(err)
	}
	claims, err := jose.ParseClaims(tok.Payload)
	if err != nil || claims.Expires.IsZero() || !s.Now().Before(claims.Expires) || claims.Values["tokenName"] != "id_token" || len(claims.Audience) != 1 {
		return "", store.ErrNotFound
	}
	if err := s.maySSO(ctx, rl, claims); err != nil {
		return "", err
	}
	id, _ := claims.Values[opsClaim].(string)
	if id == "" {
		return "", store.ErrNotFound
	}
	return id, nil
}

// maySSO tells whether the party that the ID token was issued to may use it as a session token.
func (s *Server) maySSO(ctx context.Context, rl *realm.Realm, claims *jose.Claims) error {
	party := claims.Audience[0]
	if home, ok := claims.Values[agentRealmClaim].(string); ok {
		of, there := s.Realms.Find(home)
		if !there {
			return store.ErrNotFound
		}
		agent, err := of.Agent(ctx, party)
		if err == nil && !agent.IsActive() {
			err = store.ErrNotFound
		}
		return err
	}
	if p, ok := rl.Provider(); ok && contains(p.AdvancedOIDC.SSOClients, party) {
		client, err := rl.Client(ctx, party)
		if err == nil && !client.IsActive() {
			err = store.ErrNotFound
		}
		return err
	}
	return store.ErrNotFound
}

// agentRealmClaim marks the ID tokens of gateways, with the realm of the agent.
const agentRealmClaim = "agent_realm"

// agentSessionClaim tells agents of the session (PingAM: forgerock). They show its token in their user's name.
const agentSessionClaim = "forgerock"

type agentSession struct {
	Token string `json:"ssotoken,omitempty"`
	// UID is how notifications call the session.
	UID string `json:"suid"`
}

// longestOwnToken bounds session tokens that are told: what is longer is an ID token that was shown in the place of one.
const longestOwnToken = 512

// tellAgent puts the session into the ID token of an agent.
func (a *authorization) tellAgent(id *idToken) {
	if a.agent == nil {
		return
	}
	id.agentRealm, id.told = a.agentRealm, &agentSession{UID: a.session.CtxID}
	if len(a.token) <= longestOwnToken {
		id.told.Token = a.token
	}
}
