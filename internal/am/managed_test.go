package am_test

import (
	"fmt"
	"strings"
	"testing"
)

// What a console of the cloud writes when it makes an application, and what frodo reads.
func TestManagedObjects(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	call := func(method, path string, body any) reply {
		return admin(method, s.http.URL+path, body, "Accept-API-Version", "protocol=2.1,resource=1.0")
	}
	call("POST", "/am/json/global-config/realms", map[string]any{"name": "alpha", "parentPath": "/", "active": true}).want(t, 201)
	const apps = "/openidm/managed/alpha_application"
	made := call("POST", apps+"?_action=create", map[string]any{
		"name": "myClient", "description": "d", "authoritative": false, "templateName": "custom", "templateVersion": "1.0", "icon": "",
		"ssoEntities": map[string]any{"oidcId": "myClient"}, "mappingNames": []string{}, "owners": []any{map[string]any{"_ref": "managed/alpha_user/bob"}},
	}).want(t, 201)
	id, _ := made["_id"].(string)
	if len(id) != 36 {
		t.Errorf("_id = %v", made["_id"])
	}
	call("POST", apps+"?_action=create", map[string]any{"name": "myClient"}).want(t, 409)
	call("POST", apps+"?_action=create", map[string]any{}).want(t, 400)
	read := call("GET", apps+"/"+id+"?_fields=name,ssoEntities,owners/*", nil).want(t, 200)
	if read["name"] != "myClient" || at(read, "ssoEntities", "oidcId") != "myClient" || read["templateName"] != nil || read["_id"] != id || read["_rev"] == nil {
		t.Errorf("read %v", read)
	}
	found := call("GET", apps+`?_queryFilter=name+eq+"myClient"&_pageSize=1000`, nil).want(t, 200)
	if found["resultCount"] != 1.0 {
		t.Errorf("found %v", found)
	}
	call("PATCH", apps+"/"+id, []any{map[string]any{"operation": "replace", "field": "/description", "value": "new"}}).want(t, 200)
	call("GET", "/openidm/managed/application?_queryFilter=true", nil).want(t, 200)
	call("GET", "/openidm/managed/nowhere_application?_queryFilter=true", nil).want(t, 404)
	call("GET", "/openidm/managed/alpha_toaster?_queryFilter=true", nil).want(t, 404)
	if got := s.send("GET", s.http.URL+"/openidm/managed/nowhere_application?_queryFilter=true", nil); got.StatusCode != 401 {
		t.Errorf("a stranger learns which realms there are: %d %s", got.StatusCode, got.raw)
	}

	// Of many who take a name at once one gets it, which is free again when the object is called otherwise, or gone.
	race := func(name string, send func(i int) reply) (won string) {
		t.Helper()
		answers := make(chan reply, 12)
		for i := range cap(answers) {
			go func() { answers <- send(i) }()
		}
		count := map[int]int{}
		for range cap(answers) {
			got := <-answers
			count[got.StatusCode]++
			if got.StatusCode < 300 {
				won, _ = got.body["_id"].(string)
			}
		}
		if count[201]+count[200] != 1 || count[409] != cap(answers)-1 {
			t.Errorf("%s: %v", name, count)
		}
		return won
	}
	shop := race("create", func(int) reply { return call("POST", apps+"?_action=create", map[string]any{"name": "shop"}) })
	others := []string{}
	for i := range 12 {
		made := call("POST", apps+"?_action=create", map[string]any{"name": fmt.Sprint("other", i)}).want(t, 201)
		others = append(others, made["_id"].(string))
	}
	call("PUT", apps+"/"+shop, map[string]any{"name": "shop", "description": "the same name"}).want(t, 200)
	call("PUT", apps+"/"+others[0], map[string]any{"name": "shop"}).want(t, 409)
	call("PUT", apps+"/"+shop, map[string]any{"name": "market"}).want(t, 200)
	renamed := race("rename", func(i int) reply { return call("PUT", apps+"/"+others[i], map[string]any{"name": "shop"}) })
	call("DELETE", apps+"/"+renamed, nil).want(t, 200)
	call("POST", apps+"?_action=create", map[string]any{"name": "market"}).want(t, 409)
	call("POST", apps+"?_action=create", map[string]any{"name": "shop"}).want(t, 201)
	call("POST", "/openidm/managed/alpha_role?_action=create", map[string]any{"name": "shop"}).want(t, 201) // of another kind
	call("POST", "/openidm/managed/application?_action=create", map[string]any{"name": "shop"}).want(t, 201)
	if n := call("GET", apps+"?_queryFilter=true", nil).want(t, 200)["resultCount"]; n != 14.0 {
		t.Errorf("%v applications", n)
	}

	const users = "/openidm/managed/alpha_user"
	// What the server knows nothing of stays.
	rita := call("POST", users+"?_action=create", map[string]any{
		"userName": "rita", "sn": "R", "frIndexedString1": "x", "custom_colours": []string{"red"}, "manager": map[string]any{"_ref": "managed/alpha_user/bob"},
	}).want(t, 201)
	if rita["frIndexedString1"] != "x" || !same(rita["custom_colours"], []any{"red"}) || at(rita, "manager", "_ref") != "managed/alpha_user/bob" || rita["sn"] != "R" {
		t.Errorf("made %v", rita)
	}
	patched := call("PATCH", users+"/rita", []any{map[string]any{"operation": "replace", "field": "/custom_colours", "value": []string{"green"}},
		map[string]any{"operation": "remove", "field": "/manager"}}).want(t, 200)
	if patched["frIndexedString1"] != "x" || !same(patched["custom_colours"], []any{"green"}) || patched["manager"] != nil || patched["sn"] != "R" {
		t.Errorf("patched %v", patched)
	}
	if n := call("GET", users+`?_queryFilter=frIndexedString1+eq+"x"`, nil).want(t, 200)["resultCount"]; n != 1.0 {
		t.Errorf("found by a custom member: %v", n)
	}
	if got := call("PUT", users+"/rita", map[string]any{"userName": "rita", "sn": "R", "password": "Ch4ng31t"}).want(t, 200); got["frIndexedString1"] != nil || got["password"] != nil {
		t.Errorf("put %v", got)
	}
	call("PUT", users+"/rita", map[string]any{"userName": "rita", "much": strings.Repeat("x", 20000)}).want(t, 400)
	call("DELETE", users+"/rita", nil).want(t, 200)
	user := call("POST", users+"?_action=create", map[string]any{
		"userName": "bob", "givenName": "Bob", "sn": "B", "mail": "bob@example.com", "password": "Ch4ng31t", "accountStatus": "active",
	}).want(t, 201)
	if user["userName"] != "bob" || user["mail"] != "bob@example.com" || user["accountStatus"] != "active" || user["password"] != nil {
		t.Errorf("user %v", user)
	}
	s.login("/json/realms/root/realms/alpha/authenticate", "bob", "Ch4ng31t")
	user["accountStatus"] = "inactive"
	delete(user, "_rev")
	call("PUT", users+"/bob", user).want(t, 200)
	s.send("POST", "/json/realms/root/realms/alpha/authenticate", "{}", "X-OpenAM-Username", "bob", "X-OpenAM-Password", "Ch4ng31t").want(t, 401)
	call("DELETE", users+"/bob", nil).want(t, 200)
	call("GET", users+"/bob", nil).want(t, 404)
	call("POST", "/openidm/managed/alpha_role?_action=create", map[string]any{"name": "manager"}).want(t, 201)
	if list := call("GET", apps+"?_queryFilter=true", nil); strings.Contains(list.raw, "manager") {
		t.Errorf("roles among applications: %s", list.raw)
	}
	call("DELETE", apps+"/"+id, nil).want(t, 200)
	call("GET", apps+"/"+id, nil).want(t, 404)
}
