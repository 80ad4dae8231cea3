package rest_test

import (
	"strings"
	"testing"
)

const apis = "/global-config/services/rest"

func TestAPISettings(t *testing.T) {
	s := newSite(t)
	token := s.signIn("/authenticate", "amAdmin", adminPassword)
	admin := s.as(token)
	got := admin("GET", apis, nil).want(t, 200)
	if got["csrfFilterEnabled"] != true || got["defaultVersion"] != "Latest" || got["warningHeader"] != false || at(got, "_type", "name") != "REST APIs" || got["defaults"] != nil {
		t.Errorf("shipped = %v", got)
	}
	admin("PUT", apis, map[string]any{"defaultVersion": "Newest"}).want(t, 400)
	admin("PUT", apis, map[string]any{"defaults": map[string]any{}}).want(t, 400)
	if admin("POST", apis+"?_action=schema", nil).want(t, 200)["properties"] == nil {
		t.Error("no schema")
	}

	admin("PUT", apis, map[string]any{"defaultVersion": "Oldest", "warningHeader": true}).want(t, 200)
	asked := admin("GET", "/users/demo", nil)
	asked.want(t, 200)
	if v, w := asked.Header.Get("Content-API-Version"), asked.Header.Get("Warning"); v != "resource=1.0" || !strings.HasPrefix(w, `100 CREST "No Accept-API-Version specified.`) {
		t.Errorf("version %q, warning %q", v, w)
	}
	if asked = admin("GET", "/users/demo", nil, "Accept-API-Version", "resource=4.0"); asked.Header.Get("Content-API-Version") != "resource=4.1" || asked.Header.Get("Warning") != "" {
		t.Errorf("asked for: %v", asked.Header)
	}

	versions := []string{"Accept-API-Version", "protocol=1.0,resource=1.0"}
	admin("PUT", apis, map[string]any{"defaultVersion": "None"}).want(t, 200)
	admin("GET", "/users/demo", nil).refused(t, 400, "No requested version specified and behavior set to NONE.")
	admin("GET", "/users/demo", nil, "Accept-API-Version", "protocol=1.0").want(t, 400)
	admin("GET", "/users/demo", nil, "Accept-API-Version", "resource=1.0").want(t, 200)
	admin("PUT", apis, map[string]any{"defaultProtocolVersion": "None", "descriptionsState": "DISABLED"}, versions...).want(t, 200)
	admin("GET", "/users/demo", nil, "Accept-API-Version", "resource=1.0").want(t, 400)
	admin("GET", "/users?_api", nil, versions...).want(t, 501)

	// The filter against requests that foreign pages can make.
	admin("PUT", apis, "{}", versions...).want(t, 200)
	admin("GET", "/users?_api", nil).want(t, 200)
	const act = "/sessions?_action=validate"
	cookie := []string{"Cookie", "iPlanetDirectoryPro=" + token}
	s.send("POST", act, "{}", cookie...).refused(t, 403, "Forbidden")
	s.send("POST", "/authenticate", "{}", cookie...).refused(t, 403, "Forbidden")
	s.send("POST", act, "{}", append(cookie, "X-Requested-With", "x")...).want(t, 200)
	admin("PUT", apis, map[string]any{"csrfFilterEnabled": false}).want(t, 200)
	s.send("POST", act, "{}", cookie...).want(t, 200)
	s.send("POST", "/authenticate", "{}", cookie...).want(t, 200)
	for _, what := range []string{act, "/authenticate"} {
		s.send("POST", what, nil, cookie...).want(t, 415)
		s.send("POST", what, "{}", append(cookie, "Content-Type", "text/plain")...).want(t, 415)
	}
}

func TestPagePolicies(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	for policy, status := range map[string]int{"": 200, "none": 200, "ESTIMATE": 200, "EXACT": 200, "SOME": 400} {
		admin("GET", "/users?_queryFilter=true&_totalPagedResultsPolicy="+policy, nil).want(t, status)
	}
}

// The administrators' service stands for the journey that the settings name for them.
func TestAdministratorsJourney(t *testing.T) {
	s := newSite(t)
	const start = "/authenticate?authIndexType=service&authIndexValue=adminconsoleservice"
	s.signIn(start, "amAdmin", adminPassword)
	s.admin()("PUT", "/realm-config/authentication", map[string]any{"core": map[string]any{"adminAuthModule": "Agent"}}).want(t, 200)
	s.signIn(start, "ig", userPassword)
	s.signIn("/authenticate", "demo", userPassword)
	s.send("POST", start, nil, "X-OpenAM-Username", "demo", "X-OpenAM-Password", userPassword).want(t, 401)
}

func TestSecretStoreForms(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	for kind, member := range map[string]string{"KeyStoreSecretStore": "storetype", "FileSystemSecretStore": "format"} {
		for _, at := range []string{"/realm-config/secrets/stores/", "/global-config/secrets/stores/"} {
			schema := admin("POST", at+kind+"?_action=schema", nil).want(t, 200)
			if p, _ := schema["properties"].(map[string]any); p[member] == nil {
				t.Errorf("%s%s: schema = %v", at, kind, schema)
			}
			if template := admin("POST", at+kind+"?_action=template", nil).want(t, 200); template[member] == nil || template["_id"] != nil {
				t.Errorf("%s%s: template = %v", at, kind, template)
			}
		}
	}
}

func TestSecretsOfTheEnvironment(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	const at = "/global-config/secrets/stores/EnvironmentAndSystemPropertySecretStore"
	if got := admin("GET", at, nil).want(t, 200); got["_id"] != "" || got["format"] != "BASE64" || got["_type"] == nil {
		t.Errorf("shipped = %v", got)
	}
	admin("PUT", at, map[string]any{"_id": "", "format": "PLAIN"}).want(t, 200)
	if got := admin("GET", at, nil).want(t, 200); got["format"] != "PLAIN" {
		t.Errorf("stored = %v", got)
	}
	admin("PUT", at, map[string]any{"format": "ENCRYPTED_HMAC_PLAIN"}).want(t, 501)
	admin("DELETE", at, nil).refused(t, 400, "The singleton resource cannot be deleted")
	admin("GET", at+"/mappings?_queryFilter=true", nil).want(t, 404)
	admin("GET", strings.Replace(at, "global-config", "realm-config", 1), nil).want(t, 404)
	if p, _ := admin("POST", at+"?_action=schema", nil).want(t, 200)["properties"].(map[string]any); p["format"] == nil {
		t.Error("no schema")
	}
	types := admin("POST", "/global-config/secrets/stores?_action=getAllTypes", nil).want(t, 200)["result"]
	if list, _ := types.([]any); len(list) != 3 {
		t.Errorf("types = %v", types)
	}
	if got := admin("GET", "/global-config/secrets/stores?_queryFilter=true", nil).want(t, 200); got["resultCount"] != 2.0 {
		t.Errorf("stores = %v", got)
	}
}
