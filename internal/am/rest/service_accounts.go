package rest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

// serviceAccounts are at <host>/openidm/managed/svcacct, as PingOne Advanced Identity Cloud has them; see
// managed for what else of that product's identity management is here.
type serviceAccounts struct{ *Server }

func (s *Server) serviceAccounts() []*Resource {
	v := serviceAccounts{s}
	return []*Resource{{
		Path: "openidm/managed/svcacct", Global: true, Identities: true, Exists: "The service account already exists.",
		Query: v.query, Read: v.read, Create: v.create, Update: v.update, Delete: v.delete,
	}}
}

func printAccount(a *realm.ServiceAccount) Object {
	return Object{
		"_id": a.ID, "name": a.Name, "description": a.Description, "accountStatus": a.Status, "scopes": a.Scopes, "jwks": a.JWKSet,
		"maxCachingTime": "15", "maxIdleTime": "15", "maxSessionTime": "15", "quotaLimit": "5",
	}
}

func (v serviceAccounts) query(c *Call) ([]Object, error) {
	docs, err := v.docs.List(c.Context(), c.realmPath(), store.KindAgent)
	if err != nil {
		return nil, err
	}
	list := []Object{}
	for _, d := range docs {
		if a, ok := accountOf(d); ok {
			list = append(list, printAccount(a))
		}
	}
	return list, nil
}

// accountOf reads a document if it is of a service account.
func accountOf(d store.Doc) (*realm.ServiceAccount, bool) {
	var kind struct {
		Type string `json:"_type"`
	}
	if json.Unmarshal(d.Body, &kind) != nil || kind.Type != realm.TypeServiceAccount {
		return nil, false
	}
	a, err := realm.ParseServiceAccount(d.ID, d.Body)
	return a, err == nil
}

func (v serviceAccounts) find(c *Call, id string) (*realm.ServiceAccount, store.Doc, error) {
	d, err := c.get(store.KindAgent, id)
	if err != nil {
		return nil, d, err
	}
	a, ok := accountOf(d)
	if !ok {
		return nil, d, notFound()
	}
	return a, d, nil
}

func (v serviceAccounts) read(c *Call, id string) (Object, error) {
	a, _, err := v.find(c, id)
	if err != nil {
		return nil, err
	}
	return printAccount(a), nil
}

func (v serviceAccounts) create(c *Call, id string, body Object) (Object, error) {
	if id == "" {
		id = uuid.NewString()
	}
	if _, err := uuid.Parse(id); err != nil {
		return nil, badRequest("_id: expected a UUID")
	}
	return v.store(c, store.Doc{ID: id}, body, true)
}

func (v serviceAccounts) update(c *Call, id string, body Object) (Object, error) {
	old, d, err := v.find(c, id)
	if err == nil {
		err = mayManage(c, old)
	}
	if err != nil {
		return nil, err
	}
	return v.store(c, d, body, false)
}

func (v serviceAccounts) store(c *Call, d store.Doc, body Object, fresh bool) (Object, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	a, err := realm.ParseServiceAccount(d.ID, raw)
	if err != nil {
		return nil, badRequest("%v", err)
	}
	c.warnOfUnknown(body, slices.Collect(maps.Keys(printAccount(a)))...)
	if err := checkAccount(a); err != nil {
		return nil, err
	}
	if err := mayManage(c, a); err != nil {
		return nil, err
	}
	if d.Body, err = a.Doc(); err != nil {
		return nil, err
	}
	if fresh {
		_, err = v.docs.Create(c.Context(), c.realmPath(), store.KindAgent, d)
	} else {
		err = c.over(c.realmPath(), store.KindAgent, d)
	}
	if err != nil {
		return nil, err
	}
	if !a.IsActive() {
		if err := v.endTokens(c, d.ID); err != nil {
			return nil, err
		}
	}
	return printAccount(a), nil
}

// mayManage keeps programs that manage identities alone to accounts that may do no more than they may, for who writes an
// account has its keys.
func mayManage(c *Call, a *realm.ServiceAccount) error {
	if c.Caller.Subject.Type != login.TypeAgent || slices.Contains(c.Caller.Scopes, adminScope) {
		return nil
	}
	for _, scope := range a.Scopes {
		if !slices.Contains(c.Caller.Scopes, scope) {
			return refuse(http.StatusForbidden, "The account has a scope that the access token has not: %s", scope)
		}
	}
	return nil
}

func checkAccount(a *realm.ServiceAccount) error {
	a.Status = strings.ToLower(a.Status)
	switch {
	case a.Name == "":
		return badRequest("name: expected a text")
	case !slices.Contains([]string{"active", "inactive"}, a.Status):
		return badRequest("accountStatus: expected active or inactive, found %q", a.Status)
	}
	set, err := jose.ParseKeySet([]byte(a.JWKSet))
	if err != nil || len(set.Public().Keys()) == 0 {
		return badRequest("jwks: expected a JWK set with a public key, as text")
	}
	return nil
}

// endTokens ends what the account got.
func (v serviceAccounts) endTokens(c *Call, id string) error {
	return v.tokens.RevokeClient(c.Context(), c.realmPath(), "service-account", store.Subject{Type: "age", Name: id})
}

func (v serviceAccounts) delete(c *Call, id string) (Object, error) {
	a, _, err := v.find(c, id)
	if err == nil {
		err = mayManage(c, a)
	}
	if err != nil {
		return nil, err
	}
	if err := c.remove(c.realmPath(), store.KindAgent, id); err != nil {
		return nil, err
	}
	if err := v.endTokens(c, id); err != nil {
		return nil, refuse(http.StatusInternalServerError, "").because(err)
	}
	return printAccount(a), nil
}
