package oauth

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// ClientAuth is one way in which a client can prove who it is. The package clientauth has them all.
type ClientAuth struct {
	// Name is the method as tokenEndpointAuthMethod has it.
	Name string
	// Shown tells whether the request shows credentials of this kind.
	Shown func(c *Credentials) bool
	// Verify gives the caller that the credentials prove, or ErrClientAuth. It must not tell an unknown client
	// from a wrong secret, neither by its error nor by the work it does.
	Verify func(ctx context.Context, p *Provider, c *Credentials) (*Caller, error)
}

// Credentials are where a request may hold them.
type Credentials struct {
	*Form
	// Authorization is the header of that name.
	Authorization string
	// Endpoint is what was called: "access_token", "introspect", …
	Endpoint string
	// Certificate is the TLS certificate of the sender, nil when there is none; CertificateVerified tells that
	// its chain was checked.
	Certificate         *x509.Certificate
	CertificateVerified bool

	request *http.Request
}

// Caller is an authenticated client, or an agent where an endpoint serves those.
type Caller struct {
	Client *realm.Client
	Agent  *realm.Agent
	// Method is how it proved that, where that is not the name of the ClientAuth.
	Method string
}

// ID is the caller's name.
func (c *Caller) ID() string {
	if c.Agent != nil {
		return c.Agent.ID
	}
	return c.Client.ID
}

const (
	endpointToken      = "access_token"
	endpointIntrospect = "introspect"
	endpointAuthorize  = "authorize"
)

var (
	errTwoMethods = Refuse("invalid_request", "Client authentication failed")
	errMethod     = Refuse("invalid_client", "Invalid authentication method for accessing this endpoint.")
)

// Why a client is refused, for administrators; it is told none of them.
var (
	ErrNoClient = errors.New("there is no such client, or it is not active")
	errSecret   = errors.New("the secret is wrong")
	errNothing  = errors.New("the request shows no credentials of a known kind")
)

// authenticateClient is authenticate for endpoints that serve clients alone.
func (p *Provider) authenticateClient(r *http.Request, form *Form, endpoint string) (*realm.Client, error) {
	c, err := p.authenticate(r, form, endpoint)
	if err != nil {
		return nil, err
	}
	if c.Client == nil {
		return nil, p.challenged(r, ErrClientAuth)
	}
	return c.Client, nil
}

// authenticate finds out who calls. Exactly one method may be used (RFC 6749 §2.3).
func (p *Provider) authenticate(r *http.Request, form *Form, endpoint string) (*Caller, error) {
	c := &Credentials{Form: form, Authorization: headerValue(r, "Authorization"), Endpoint: endpoint, request: r}
	var err error
	if c.Certificate, c.CertificateVerified, err = p.ClientCertificate(r); err != nil {
		return nil, ErrClientAuth.Because(err)
	}
	if len(r.Header["Authorization"]) > 1 {
		return nil, errTwoMethods
	}
	var used *ClientAuth
	for i := range p.ClientAuth {
		if !p.ClientAuth[i].Shown(c) {
			continue
		}
		if used != nil {
			return nil, errTwoMethods
		}
		used = &p.ClientAuth[i]
	}
	if used == nil {
		return nil, p.challenged(r, ErrClientAuth.Because(errNothing))
	}
	if p.trials.Len() > 0 {
		if wait := p.trials.Wait(p.trialKey(r, c)); wait > 0 {
			return nil, tooManyTrials(wait)
		}
	}
	caller, err := used.Verify(r.Context(), p, c)
	if p.Told != nil {
		if err != nil {
			p.Told.Names(r.Context(), claimed(r, c))
		} else {
			p.Told.Names(r.Context(), caller.ID())
		}
	}
	if err != nil {
		if e, ok := errors.AsType[*Error](err); ok && e.Code == "invalid_client" { // other errors are no trials
			p.trials.Failed(p.trialKey(r, c))
		}
		return nil, p.challenged(r, err)
	}
	if p.trials.Len() > 0 {
		p.trials.Succeeded(p.trialKey(r, c))
	}
	method := orText(caller.Method, used.Name)
	if !mayUse(method, caller, endpoint) || !p.isFAPIMethod(method, caller, endpoint) {
		why := fmt.Errorf("it used %s; its profile says %s", method, caller.Client.Advanced.TokenEndpointAuthMethod)
		return nil, p.challenged(r, errMethod.Because(why))
	}
	return caller, nil
}

// mayUse applies the method of the client's profile where PingAM does: at the token endpoint, for clients that may ask
// for an ID token. Everywhere else documented clients authenticate otherwise than their profile says. A public client
// has nothing to authenticate with, so the rule is not for it.
func mayUse(method string, c *Caller, endpoint string) bool {
	if endpoint != endpointToken || c.Client == nil || c.Client.IsPublic() {
		return true
	}
	if !slices.Contains(c.Client.AllowedScopes(), "openid") {
		return true
	}
	return c.Client.Advanced.TokenEndpointAuthMethod == method
}

// challenged makes a refused client a 401 when it had tried an Authorization header (RFC 6749 §5.2).
func (p *Provider) challenged(r *http.Request, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Code != "invalid_client" || len(r.Header["Authorization"]) == 0 {
		return err
	}
	refusal := *e
	refusal.Status = http.StatusUnauthorized
	refusal.Challenge = `Basic realm="` + quotable(p.Realm.Path) + `"`
	return &refusal
}

func quotable(s string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) }

// Principal finds who could be called id at the endpoint: an active client or, where tokens are looked at, an
// active agent. When there is none both are nil.
func (p *Provider) Principal(ctx context.Context, id, endpoint string) (*Caller, error) {
	client, err := p.Realm.Client(ctx, id)
	if err == nil {
		if client.IsActive() {
			return &Caller{Client: client}, nil
		}
		return nil, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, internal("find client", err)
	}
	if c := p.builtIn(id, endpoint); c != nil {
		return c, nil
	}
	if endpoint != endpointIntrospect {
		return nil, nil
	}
	agent, err := p.Realm.Agent(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && !agent.IsActive() {
		return nil, nil
	}
	if err != nil {
		return nil, internal("find agent", err)
	}
	return &Caller{Agent: agent}, nil
}

// nobodyID is no client's.
const nobodyID = "\x00"

// nobody is compared with when there is no such client, so that the answer comes as late as for a wrong secret.
var nobody realm.Client

// CheckSecret gives the caller whom id and secret prove. A public client has no secret to check (RFC 6749 §2.1).
func (p *Provider) CheckSecret(ctx context.Context, id, secret, endpoint string) (*Caller, error) {
	c, err := p.Principal(ctx, id, endpoint)
	if err != nil {
		return nil, err
	}
	switch {
	case c == nil:
		nobody.CheckSecret(secret)
		return nil, ErrClientAuth.Because(ErrNoClient)
	case c.Client != nil && c.Client.IsPublic():
		return c, nil
	case c.Client != nil && c.Client.CheckSecret(secret), c.Agent != nil && c.Agent.CheckSecret(secret):
		return c, nil
	}
	// Who is known is found in memory, who is not is looked for in the store: this looks there too.
	if c.Agent != nil {
		_, err = p.Realm.Agent(ctx, nobodyID)
	} else {
		_, err = p.Principal(ctx, nobodyID, endpoint)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	return nil, ErrClientAuth.Because(errSecret)
}
