package nodes

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/script"
	"gatehouse/internal/am/store"
)

// createObject makes a user of what was collected.
type createObject struct {
	Resource string `json:"identityResource"`
}

func (*createObject) Outcomes() []string { return []string{"CREATED", "FAILURE"} }

// Check finds what is wrong with the settings.
func (n *createObject) Check() error { _, err := managedPath(n.Resource); return err }

func (n *createObject) Process(s *journey.Step) (journey.Result, error) {
	object := s.State.Object()
	if name, _ := object["userName"].(string); name == "" {
		object["userName"] = s.State.Username()
	}
	got, err := askManaged(s, http.MethodPost, n.Resource, "", url.Values{"_action": {"create"}}, object)
	if err != nil {
		return journey.Result{}, err
	}
	if got.Status >= http.StatusBadRequest {
		return refusedObject(s, got)
	}
	var made struct {
		Name string `json:"userName"`
	}
	if err := json.Unmarshal(got.Body, &made); err != nil {
		return journey.Result{}, err
	}
	s.State.SetUsername(made.Name)
	s.State.Share("_id", made.Name)
	return journey.To("CREATED")
}

// patchObject changes what was collected of a user.
type patchObject struct {
	AsObject  bool     `json:"patchAsObject"`
	Ignored   []string `json:"ignoredFields"`
	Resource  string   `json:"identityResource"`
	Attribute string   `json:"identityAttribute"`
}

func (*patchObject) Outcomes() []string { return []string{"PATCHED", "FAILURE"} }

// Check finds what is wrong with the settings.
func (n *patchObject) Check() error { _, err := managedPath(n.Resource); return err }

func (n *patchObject) Process(s *journey.Step) (journey.Result, error) {
	u, err := identified(s, n.Attribute)
	if errors.Is(err, store.ErrNotFound) {
		return journey.To("FAILURE") // there is nobody to change
	}
	if err != nil {
		return journey.Result{}, err
	}
	operations := []map[string]any{}
	object := s.State.Object()
	for _, name := range slices.Sorted(maps.Keys(object)) {
		v := object[name]
		current := name == "password" && s.State.User == u.Name && v == s.State.Password() && slices.Contains(s.State.Methods, "pwd")
		if slices.Contains(n.Ignored, name) || isName(name) || current { // the password of the sign-in is no new one
			continue
		}
		if name == aliasMember {
			if !proved(s, u) { // whoever came from a provider would get hold of the account
				s.Log.WarnContext(s.Context(), "an account is linked to a provider for those alone who have signed in", "node", s.NodeID, "user", u.Name)
				return journey.To("FAILURE")
			}
			operations = append(operations, map[string]any{"operation": "add", "field": "/" + name, "value": v}) // beside those of other providers
			continue
		}
		operations = replaced(operations, "/"+name, v)
	}
	if len(operations) == 0 {
		return journey.To("PATCHED")
	}
	got, err := askManaged(s, http.MethodPatch, n.Resource, u.Name, nil, operations)
	if err != nil {
		return journey.Result{}, err
	}
	if got.Status >= http.StatusBadRequest {
		return refusedObject(s, got)
	}
	return journey.To("PATCHED")
}

// replaced adds the operations that put a value in its place; of an object, what it does not name stays.
func replaced(operations []map[string]any, field string, v any) []map[string]any {
	object, ok := v.(map[string]any)
	if !ok {
		return append(operations, map[string]any{"operation": "replace", "field": field, "value": v})
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		operations = replaced(operations, field+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(name), object[name])
	}
	return operations
}

// managedPath is the resource that settings name: "managed/user", "managed/alpha_user".
func managedPath(resource string) ([]string, error) {
	kind, ok := strings.CutPrefix(resource, "managed/")
	if !ok || strings.Contains(kind, "/") || kind != "user" && !strings.HasSuffix(kind, "_user") {
		return nil, fmt.Errorf("identityResource: expected managed/user, found %q", resource)
	}
	return []string{"managed", kind}, nil
}

func askManaged(s *journey.Step, method, resource, id string, q url.Values, body any) (*script.ResourceAnswer, error) {
	path, err := managedPath(resource)
	if err != nil {
		return nil, err
	}
	if id != "" {
		path = append(path, id)
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return s.Host.Resource(s.Context(), s.Realm, &script.ResourceRequest{Method: method, Managed: true, Path: path, Query: q, Body: raw})
}

// refusedObject tells operators why an object was refused; the client learns no more than the journey says.
func refusedObject(s *journey.Step, got *script.ResourceAnswer) (journey.Result, error) {
	s.Log.WarnContext(s.Context(), "an object of a journey was refused", "node", s.NodeID, "status", got.Status, "answer", string(got.Body))
	return journey.To("FAILURE")
}
