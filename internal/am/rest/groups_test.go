package rest_test

import "testing"

func TestGroups(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	made := admin("POST", "/groups?_action=create", map[string]any{"username": "Staff"}).want(t, 201)
	for name, want := range map[string]any{
		"_id": "Staff", "username": "Staff", "realm": "/", "cn": []any{"Staff"}, "members": map[string]any{"uniqueMember": []any{}},
		"universalid": []any{"id=Staff,ou=group,dc=openam,dc=forgerock,dc=org"}, "dn": []any{"cn=Staff,ou=groups,dc=openam,dc=forgerock,dc=org"},
	} {
		if !same(made[name], want) {
			t.Errorf("%s = %v, want %v", name, made[name], want)
		}
	}
	admin("POST", "/groups?_action=create", map[string]any{"username": "staff"}).refused(t, 409, "Resource already exists")
	for _, body := range []map[string]any{
		{"username": "a,b"}, {"username": "_a"}, {}, {"username": "x", "members": "demo"}, {"username": "x", "members": map[string]any{"uniqueMember": map[string]any{}}},
		{"username": "x", "uniqueMember": []string{"nobody"}},
	} {
		admin("POST", "/groups?_action=create", body).want(t, 400)
	}
	admin("POST", "/users?_action=create", map[string]any{"username": "Babs", "userpassword": "Passw0rd!"}).want(t, 201)

	// Members are named, or told by their DNs; each is one once, in the case of the user.
	got := admin("PUT", "/groups/staff", map[string]any{"members": map[string]any{"uniqueMember": []string{"demo", "BABS", "uid=babs,ou=people,dc=openam,dc=forgerock,dc=org"}}}).want(t, 200)
	if !same(at(got, "members", "uniqueMember"), []any{"demo", "Babs"}) {
		t.Errorf("members = %v", got)
	}
	got = admin("PUT", "/groups/staff", map[string]any{"description": "who works here"}).want(t, 200)
	if !same(at(got, "members", "uniqueMember"), []any{"demo", "Babs"}) || !same(got["description"], []any{"who works here"}) {
		t.Errorf("described = %v", got)
	}
	admin("PUT", "/groups/staff", map[string]any{}, "If-Match", `"stale"`).want(t, 412)
	got = admin("PATCH", "/groups/staff", []any{map[string]any{"operation": "remove", "field": "/members/uniqueMember", "value": "demo"}}).want(t, 200)
	if !same(at(got, "members", "uniqueMember"), []any{"Babs"}) {
		t.Errorf("patched = %v", got)
	}

	admin("PUT", "/groups/second", map[string]any{}).want(t, 201)
	if got := admin("GET", "/groups?_queryFilter=true", nil).want(t, 200); got["resultCount"] != 2.0 || got["remainingPagedResults"] != 0.0 {
		t.Errorf("query = %v", got)
	}
	if got := admin("GET", "/alpha/groups?_queryFilter=true", nil).want(t, 200); got["resultCount"] != 0.0 {
		t.Errorf("groups of another realm = %v", got)
	}

	// A user's groups are set as a whole, by administrators; the user sees them.
	const mine = "/users/demo/groups"
	user := s.user()
	admin("POST", mine+"?_action=updateMemberships", map[string]any{"groups": []string{"second", "STAFF"}}).want(t, 200)
	admin("POST", mine+"?_action=updateMemberships", map[string]any{"groups": []string{"unheard"}}).want(t, 400)
	admin("POST", mine+"?_action=updateMemberships", map[string]any{}).want(t, 400)
	got = user("GET", mine+"?_queryFilter=true", nil).want(t, 200)
	if list := got["result"].([]any); len(list) != 2 || at(list[0], "groupname") != "second" || at(list[1], "_id") != "Staff" {
		t.Errorf("groups of demo = %v", got)
	}
	user("POST", mine+"?_action=updateMemberships", map[string]any{"groups": []string{}}).want(t, 403)
	admin("POST", mine+"?_action=updateMemberships", map[string]any{"groups": []string{"second"}}).want(t, 200)
	if got := admin("GET", "/groups/Staff", nil).want(t, 200); !same(at(got, "members", "uniqueMember"), []any{"Babs"}) {
		t.Errorf("after the user left = %v", got)
	}

	// Who is deleted is no member, nor is a later user of the name.
	admin("DELETE", "/users/babs", nil).want(t, 200)
	if got := admin("GET", "/groups/Staff", nil).want(t, 200); !same(at(got, "members", "uniqueMember"), []any{}) {
		t.Errorf("after the user was deleted = %v", got)
	}
	if gone := admin("DELETE", "/groups/staff", nil).want(t, 200); gone["success"] != "true" {
		t.Errorf("deleted = %v", gone)
	}
	admin("GET", "/groups/staff", nil).want(t, 404)
}
