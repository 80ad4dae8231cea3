package realm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// TypeServiceAccount is the type of the documents of service accounts.
const TypeServiceAccount = "ServiceAccount"

// ServiceAccount is a program that gets tokens with JWTs that it signs itself (PingOne Advanced Identity Cloud: service
// accounts). Its ID is a UUID.
type ServiceAccount struct {
	ID string `json:"-"`

	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Status      string   `json:"accountStatus"` // "active" or "inactive"
	Scopes      []string `json:"scopes"`
	JWKSet      string   `json:"jwks"`
}

// ParseServiceAccount reads the document of a service account.
func ParseServiceAccount(id string, body json.RawMessage) (*ServiceAccount, error) {
	a := &ServiceAccount{Status: "active", Scopes: []string{}}
	if err := decodeDoc(body, a); err != nil {
		return nil, fmt.Errorf("service account %q: %w", id, err)
	}
	a.ID = id
	return a, nil
}

// Doc is the document of the account as the store keeps it.
func (a *ServiceAccount) Doc() (json.RawMessage, error) {
	return json.Marshal(struct {
		Type string `json:"_type"`
		*ServiceAccount
	}{TypeServiceAccount, a})
}

// IsActive tells whether the account may do anything.
func (a *ServiceAccount) IsActive() bool { return strings.EqualFold(a.Status, "active") }

// Lacks returns the scopes that the account must not have.
func (a *ServiceAccount) Lacks(scopes []string) []string {
	return slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return slices.Contains(a.Scopes, s) })
}

// ServiceAccount returns the service account, or store.ErrNotFound.
func (r *Realm) ServiceAccount(ctx context.Context, id string) (*ServiceAccount, error) {
	d, err := r.set.agent(ctx, id, TypeServiceAccount)
	if err != nil {
		return nil, err
	}
	return ParseServiceAccount(id, d.Body)
}
