package rest_test

import "testing"

const realms = "/global-config/realms"

func TestRealms(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	made := admin("POST", realms+"?_action=create", map[string]any{"name": "first", "active": true, "parentPath": "/", "aliases": []string{"first.example.com"}})
	if body := made.want(t, 201); body["_id"] != "L2ZpcnN0" || body["parentPath"] != "/" || !same(body["aliases"], []any{"first.example.com"}) {
		t.Errorf("created = %v", body)
	}
	if made.Header.Get("Location") != s.base+realms+"/L2ZpcnN0" {
		t.Errorf("Location = %q", made.Header.Get("Location"))
	}
	admin("PUT", realms+"/L2ZpcnN0L3NlY29uZA", map[string]any{"name": "second", "active": true, "parentPath": "/first"}).want(t, 201)
	if body := admin("GET", realms+"/L2ZpcnN0L3NlY29uZA==", nil).want(t, 200); body["name"] != "second" || body["parentPath"] != "/first" {
		t.Errorf("nested = %v", body)
	}
	admin("PUT", realms+"/L2ZpcnN0L3NlY29uZA", map[string]any{"_id": "L2ZpcnN0L3NlY29uZA", "name": "second", "active": false, "parentPath": "/first", "aliases": []string{"w"}}).want(t, 200)
	if rl, ok := s.realms.ByAlias("W"); !ok || rl.Path != "/first/second" || rl.Active {
		t.Errorf("after the update: %+v", rl)
	}
	// The root is written back with an empty parent.
	admin("PUT", realms+"/Lw", map[string]any{"_id": "Lw", "name": "/", "parentPath": "", "active": true, "aliases": []string{"am.example.com"}}).want(t, 200)

	admin("POST", realms, map[string]any{"name": "first", "parentPath": "/"}).refused(t, 409, "The realm first already exists.")
	admin("PUT", realms+"/L2ZpcnN0", "{}", "If-None-Match", "*").want(t, 412)
	admin("POST", realms, map[string]any{"name": "a b"}).refused(t, 400, "Organization name a b is invalid")
	admin("POST", realms, map[string]any{"name": "users"}).refused(t, 400, "Organization name users is invalid")
	admin("POST", realms, map[string]any{"name": "third", "parentPath": "/nowhere"}).refused(t, 404, "Realm cannot be read: /nowhere")
	admin("POST", realms, map[string]any{"name": "third", "aliases": []string{"FIRST.example.com"}}).want(t, 400)
	admin("POST", realms, map[string]any{"name": "third", "colour": "red"}).refused(t, 400, "Invalid attribute specified.")
	admin("PUT", realms+"/L2ZpcnN0", map[string]any{"name": "other"}).want(t, 400)
	admin("PUT", realms+"/L25ldw", map[string]any{"name": "other"}).want(t, 400)
	admin("GET", realms+"/L25vd2hlcmU", nil).refused(t, 404, "Realm cannot be read: /nowhere")
	admin("GET", realms+"/!", nil).want(t, 404)
	admin("DELETE", realms+"/L2ZpcnN0", nil).want(t, 409)
	admin("DELETE", realms+"/Lw", nil).want(t, 403)
	admin("PUT", realms+"/Lw", map[string]any{"active": false}).want(t, 403)
	admin("DELETE", realms+"/L2ZpcnN0L3NlY29uZA", nil).want(t, 200)
	admin("DELETE", realms+"/L2ZpcnN0", nil).want(t, 200)
	got := admin("GET", realms+"?_queryFilter=true", nil).want(t, 200)
	if got["resultCount"] != 2.0 || got["totalPagedResults"] != -1.0 || got["remainingPagedResults"] != -1.0 {
		t.Errorf("list = %v", got)
	}
}
