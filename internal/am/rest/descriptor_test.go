package rest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"gatehouse/internal/am/rest"
)

func TestDescriptors(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	got := admin("GET", "/users?_api", nil).want(t, 200)
	paths := got["paths"].(map[string]any)
	if got["swagger"] != "2.0" || len(paths) != 2 || at(paths["/users"], "get", "summary") != "Query" || at(paths["/users/{id}"], "put", "summary") != "Update" {
		t.Errorf("users: %v", got)
	}
	actions := toText(at(paths["/users"], "post", "parameters"))
	if !strings.Contains(actions, "idFromSession") || !strings.Contains(actions, "create") || !strings.Contains(toText(at(paths["/users/{id}"], "post", "parameters")), "changePassword") {
		t.Errorf("actions: %s", actions)
	}
	if a, b := at(admin("GET", "/alpha/users/x?_api", nil).want(t, 200), "basePath"), got["basePath"]; a != b.(string)+"/alpha" {
		t.Errorf("base paths %v, %v", a, b)
	}
	got = admin("GET", "/users/demo?_crestapi", nil).want(t, 200)
	users := at(got["paths"], "/users", "4.1")
	if at(users, "create", "mode") != "ID_FROM_SERVER" || at(users, "items", "read") == nil || at(users, "items", "pathParameter", "name") != "id" {
		t.Errorf("users: %v", got)
	}
	one := admin("GET", "/realm-config/authentication?_api", nil).want(t, 200)["paths"].(map[string]any)
	if len(one) != 1 || at(one["/realm-config/authentication"], "get", "summary") != "Read" {
		t.Errorf("a singleton: %v", one)
	}

	// The whole has every resource; below the root there are none of the server.
	whole := admin("GET", "/?_crestapi", nil).want(t, 200)["paths"].(map[string]any)
	api := admin("GET", "/?_api", nil).want(t, 200)["paths"].(map[string]any)
	below := admin("GET", "/alpha/?_api", nil).want(t, 200)["paths"].(map[string]any)
	for _, r := range rest.New(rest.Options{Realms: s.realms, Login: s.login}).Resources() {
		if whole["/"+r.Path] == nil {
			t.Errorf("%s is not described", r.Path)
		}
		if r.Query && at(api["/"+r.Path], "get", "summary") != "Query" {
			t.Errorf("%s has no query", r.Path)
		}
		if (below["/"+r.Path] != nil || below["/"+r.Path+"/{id}"] != nil) == r.Global {
			t.Errorf("%s in a realm: global %v", r.Path, r.Global)
		}
	}
	s.send("GET", "/?_api", nil).want(t, 401)
	s.user()("GET", "/users?_crestapi", nil).want(t, 403)
	admin("GET", "/unheard?_api", nil).want(t, 404)
}

func toText(v any) string {
	raw, _ := json.Marshal(v)
	return string(raw)
}
