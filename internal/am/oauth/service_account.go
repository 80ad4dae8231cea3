package oauth

import (
	"context"
	"errors"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

// ServiceAccountClient is the client that service accounts name. It is built in, public, and has the JWT bearer grant alone
// (PingOne Advanced Identity Cloud); a client of that name in a profile goes first.
const ServiceAccountClient = "service-account"

const (
	grantJWTBearer      = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	serviceAccountToken = 900 // seconds
)

// forServiceAccounts is never changed.
var forServiceAccounts = func() *realm.Client {
	c := realm.DefaultClient()
	c.ID, c.Core.Type, c.Core.AccessTokenLifetime = ServiceAccountClient, "Public", serviceAccountToken
	c.Advanced.GrantTypes, c.Advanced.ResponseTypes = []string{grantJWTBearer}, []string{}
	c.Advanced.TokenEndpointAuthMethod = "none"
	return c
}()

// builtIn finds the clients that no profile describes: in the root realm, where service accounts and administrators are.
func (p *Provider) builtIn(id, endpoint string) *Caller {
	if p.Realm.Path != "/" {
		return nil
	}
	switch endpoint {
	case endpointToken, "token/revoke":
		if id == ServiceAccountClient {
			return &Caller{Client: forServiceAccounts}
		}
	case endpointAuthorize:
	default:
		return nil
	}
	if c := p.forAdministrators; c != nil && id == c.ID {
		return &Caller{Client: c}
	}
	return nil
}

// ForServiceAccounts tells whether a client is the built-in one.
func ForServiceAccounts(c *realm.Client) bool { return c == forServiceAccounts }

// ServiceAccountKeys gives the account and its keys.
func (p *Provider) ServiceAccountKeys(ctx context.Context, id string) (*realm.ServiceAccount, jose.Finder, error) {
	account, err := p.Realm.ServiceAccount(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if !account.IsActive() {
		return nil, nil, store.ErrNotFound
	}
	keys, err := publicSet(account.JWKSet)
	if err != nil {
		return nil, nil, errors.Join(store.ErrNotFound, err)
	}
	return account, keys, nil
}
