package rest_test

import "testing"

// Services that are kept have parts of types of their own, which come and go with them.
func TestServiceParts(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	const social = "/realm-config/services/SocialIdentityProviders"
	google := map[string]any{"clientId": "app", "clientSecret": "geheim", "nested": map[string]any{"a": 1.0}}
	admin("PUT", social+"/googleConfig/google", google).want(t, 404) // the realm does not have the service
	admin("POST", social+"?_action=create", map[string]any{"enabled": true}).want(t, 201)
	made := admin("PUT", social+"/googleConfig/google", google).want(t, 201)
	if made["_id"] != "google" || at(made, "_type", "_id") != "googleConfig" || at(made, "nested", "a") != 1.0 || made["clientSecret"] != nil {
		t.Errorf("made = %v", made)
	}
	google["_type"] = map[string]any{"_id": "googleConfig", "name": "Google", "collection": true}
	google["clientSecret"] = nil
	google["clientId"] = "other"
	if got := admin("PUT", social+"/googleConfig/google", google).want(t, 200); got["clientId"] != "other" || at(got, "_type", "name") != "Google" {
		t.Errorf("changed = %v", got)
	}
	admin("POST", social+"/appleConfig?_action=create", map[string]any{"_id": "apple"}).want(t, 201)
	admin("PUT", social+"/googleConfig/second", map[string]any{}, "If-None-Match", "*").want(t, 201)
	admin("PUT", social+"/googleConfig/second", map[string]any{}, "If-None-Match", "*").want(t, 412)
	ids := func(got map[string]any) (out []any) {
		for _, o := range got["result"].([]any) {
			out = append(out, o.(map[string]any)["_id"])
		}
		return out
	}
	for path, want := range map[string][]any{
		social + "/googleConfig?_queryFilter=true": {"google", "second"}, social + "/appleConfig?_queryFilter=true": {"apple"}, social + "/oidcConfig?_queryFilter=true": nil,
	} {
		if got := ids(admin("GET", path, nil).want(t, 200)); !same(got, want) {
			t.Errorf("%s = %v", path, got)
		}
	}
	if got := ids(admin("POST", social+"?_action=nextdescendents", nil).want(t, 200)); !same(got, []any{"apple", "google", "second"}) {
		t.Errorf("all parts = %v", got)
	}
	if got := ids(admin("POST", social+"?_action=getAllTypes", nil).want(t, 200)); !same(got, []any{"appleConfig", "googleConfig"}) {
		t.Errorf("types = %v", got)
	}
	// They are no services, and services with settings of their own have none.
	if got := ids(admin("GET", "/realm-config/services?_queryFilter=true", nil).want(t, 200)); len(got) != 1 {
		t.Errorf("services = %v", got)
	}
	admin("POST", "/realm-config/services/validation?_action=create", nil).want(t, 201)
	admin("PUT", "/realm-config/services/validation/x/y", map[string]any{}).want(t, 404)
	admin("PUT", "/realm-config/services/nothing/x/y", map[string]any{}).want(t, 404)
	s.send("GET", social+"/googleConfig/google", nil).want(t, 401)
	admin("DELETE", social+"/googleConfig/second", nil).want(t, 200)
	admin("GET", social+"/googleConfig/second", nil).want(t, 404)
	admin("DELETE", social, nil).want(t, 200)
	admin("POST", social+"?_action=create", nil).want(t, 201)
	if got := ids(admin("POST", social+"?_action=nextdescendents", nil).want(t, 200)); got != nil {
		t.Errorf("parts of a service that was removed = %v", got)
	}
}
