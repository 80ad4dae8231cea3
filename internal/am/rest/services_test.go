package rest_test

import "testing"

const services = "/realm-config/services"

func TestServices(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	creatable := func() map[string]bool {
		ids := map[string]bool{}
		for _, o := range admin("POST", services+"?_action=getCreatableTypes&forUI=true", nil).want(t, 200)["result"].([]any) {
			ids[at(o, "_id").(string)] = true
		}
		return ids
	}
	if ids := creatable(); !ids["oauth-oidc"] || !ids["validation"] || !ids["baseurl"] {
		t.Errorf("creatable = %v", ids)
	}
	admin("GET", services+"/oauth-oidc", nil).want(t, 404)
	admin("PATCH", services+"/oauth-oidc", "[]").want(t, 404)
	admin("PUT", services+"/oauth-oidc", "{}").want(t, 201)
	admin("DELETE", services+"/oauth-oidc", nil).want(t, 200)
	admin("PUT", services+"/nothing", "{}").refused(t, 404, "Resource 'nothing' not found")
	template := admin("POST", services+"/oauth-oidc?_action=template", nil).want(t, 200)
	schema := admin("POST", services+"/oauth-oidc?_action=schema", nil).want(t, 200)
	if at(schema, "properties", "coreOAuth2Config", "properties", "accessTokenMayActScript", "title") != "OAuth2 Access Token May Act Script" {
		t.Errorf("schema = %v", at(schema, "properties", "coreOAuth2Config"))
	}
	// The console creates what the template says; so does an empty body.
	made := admin("POST", services+"/oauth-oidc?_action=create", template).want(t, 201)
	for _, group := range []string{"coreOAuth2Config", "advancedOAuth2Config", "pluginsConfig", "consent", "advancedOIDCConfig"} {
		if !same(made[group], template[group]) {
			t.Errorf("%s = %v, template %v", group, made[group], template[group])
		}
	}
	if r, _ := s.realms.Find("/"); r != nil {
		if p, ok := r.Provider(); !ok || p.Core.AccessTokenLifetime != 3600 {
			t.Error("the provider is not in force")
		}
	}
	admin("POST", services+"/oauth-oidc?_action=create", "{}").refused(t, 409, "Unable to save config: Service already exists")
	if creatable()["oauth-oidc"] {
		t.Error("it can be created twice")
	}
	list := admin("GET", services+"?_queryFilter=true", nil).want(t, 200)["result"].([]any)
	if len(list) != 1 || at(list[0], "_id") != "oauth-oidc" || at(list[0], "name") != "OAuth2 Provider" {
		t.Errorf("list = %v", list)
	}
	next := admin("POST", services+"?_action=nextdescendents", nil).want(t, 200)["result"].([]any)
	if len(next) != 2 || at(next[1], "_id") != "id-repositories" || at(next[0], "_id") != "oauth-oidc" || at(next[0], "_rev") != nil || at(next[0], "_type", "name") != "OAuth2 Provider" {
		t.Errorf("nextdescendents = %v", next)
	}
	read := admin("GET", services+"/oauth-oidc", nil).want(t, 200)
	if read["_id"] != "" || read["_rev"] == nil {
		t.Errorf("read = %v", read)
	}
	at(read, "coreOAuth2Config").(map[string]any)["accessTokenLifetime"] = 60
	admin("PUT", services+"/oauth-oidc", read).want(t, 200)
	if r, _ := s.realms.Find("/"); r != nil {
		if p, _ := r.Provider(); p.Core.AccessTokenLifetime != 60 {
			t.Errorf("lifetime = %d", p.Core.AccessTokenLifetime)
		}
	}
	got := admin("PUT", services+"/oauth-oidc", "{}").want(t, 200) // a group that is left out has its defaults
	if at(got, "coreOAuth2Config", "accessTokenLifetime") != 3600.0 {
		t.Errorf("after an empty update: %v", at(got, "coreOAuth2Config"))
	}
	admin("PUT", services+"/oauth-oidc", map[string]any{"nonsense": 1}).refused(t, 400, "Invalid attribute specified.")
	admin("PUT", services+"/oauth-oidc", map[string]any{"coreOAuth2Config": map[string]any{"codeLifetime": "soon"}}).
		refused(t, 400, "Data validation failed for the attribute, Authorization Code Lifetime (seconds)")
	admin("DELETE", services+"/oauth-oidc", nil).want(t, 200)
	if r, _ := s.realms.Find("/"); r != nil {
		if _, ok := r.Provider(); ok {
			t.Error("the provider is still there")
		}
	}
}

// The defaults of the whole server are what a service has that is added after they were set.
func TestGlobalDefaults(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	const path = "/global-config/services/oauth-oidc"
	got := admin("GET", path, nil).want(t, 200)
	if got["blacklistPollInterval"] != 60.0 || at(got, "defaults", "coreOAuth2Config", "codeLifetime") != 120.0 || at(got, "_type", "_id") != "oauth-oidc" {
		t.Errorf("shipped = %v", got)
	}
	at(got, "defaults", "coreOAuth2Config").(map[string]any)["codeLifetime"] = 10
	got["blacklistCacheSize"] = 5
	if got = admin("PUT", path, got).want(t, 200); got["blacklistCacheSize"] != 5.0 {
		t.Errorf("written = %v", got)
	}
	admin("PUT", path, map[string]any{"nonsense": 1}).refused(t, 400, "Invalid attribute specified.")
	made := admin("POST", services+"/oauth-oidc?_action=create", map[string]any{"coreOAuth2Config": map[string]any{"accessTokenLifetime": 7}}).want(t, 201)
	if at(made, "coreOAuth2Config", "codeLifetime") != 10.0 || at(made, "coreOAuth2Config", "accessTokenLifetime") != 7.0 {
		t.Errorf("created = %v", at(made, "coreOAuth2Config"))
	}
	validation := admin("GET", "/global-config/services/validation", nil).want(t, 200)
	if !same(validation["validGotoDestinations"], []any{}) || !same(at(validation, "defaults", "validGotoDestinations"), []any{}) {
		t.Errorf("validation = %v", validation)
	}
	admin("POST", path+"?_action=create", "{}").want(t, 501)
}

func TestAuthenticationSettings(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	got := admin("GET", "/realm-config/authentication", nil).want(t, 200)
	if at(got, "core", "orgConfig") != "ldapService" {
		t.Errorf("shipped = %v", got)
	}
	admin("PUT", "/realm-config/authentication", map[string]any{"core": map[string]any{"orgConfig": "nowhere"}}).want(t, 400)
	admin("PUT", "/realm-config/authentication", map[string]any{"core": map[string]any{"orgConfig": "Agent"}}).want(t, 200)
	s.signIn("/authenticate", "ig", userPassword) // the default journey is now that of agents
	s.send("POST", "/authenticate", nil, "X-OpenAM-Username", "demo", "X-OpenAM-Password", userPassword).want(t, 401)
}
