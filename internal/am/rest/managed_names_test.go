package rest_test

import (
	"encoding/json"
	"testing"

	"gatehouse/internal/am/rest"
	"gatehouse/internal/am/store"
)

// Objects of earlier releases, which stored no names beside them, keep theirs.
func TestManagedNamesOfEarlierReleases(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	for _, d := range []store.Doc{{ID: "application old", Body: json.RawMessage(`{"name":"shop"}`)}, {ID: "application twin", Body: json.RawMessage(`{"name":"shop"}`)}} {
		if _, err := s.realms.Docs().Create(t.Context(), "/", rest.KindManaged, d); err != nil {
			t.Fatal(err)
		}
	}
	const apps = "/openidm/managed/application"
	admin("POST", apps+"?_action=create", map[string]any{"name": "shop"}).want(t, 409)
	admin("PUT", apps+"/old", map[string]any{"name": "shop", "description": "d"}).want(t, 200)
	admin("PUT", apps+"/twin", map[string]any{"name": "market"}).want(t, 200)
	admin("DELETE", apps+"/old", nil).want(t, 200)
	admin("POST", apps+"?_action=create", map[string]any{"name": "shop"}).want(t, 201)
	admin("DELETE", apps+"/twin", nil).want(t, 200)
	admin("POST", apps+"?_action=create", map[string]any{"name": "market"}).want(t, 201)
}
