package rest_test

import (
	"strings"
	"testing"
)

// What tools read of a deployment before they export it all.
func TestServers(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	list := admin("GET", "/global-config/servers?_queryFilter=true", nil).want(t, 200)["result"].([]any)
	if url, _ := at(list[0], "url").(string); len(list) != 1 || at(list[0], "_id") != "01" || !strings.HasPrefix(url, "http://") {
		t.Errorf("servers = %v", list)
	}
	if got := admin("GET", "/global-config/servers/01", nil).want(t, 200); got["url"] != at(list[0], "url") {
		t.Errorf("server = %v", got)
	}
	admin("GET", "/global-config/servers/02", nil).want(t, 404)
	admin("GET", "/alpha/global-config/servers/01", nil).want(t, 404)
	for _, part := range strings.Fields("advanced cts directoryConfiguration general sdk security session uma") {
		admin("GET", "/global-config/servers/01/properties/"+part, nil).want(t, 200)
		admin("GET", "/global-config/servers/server-default/properties/"+part, nil).want(t, 200)
	}
	admin("GET", "/global-config/servers/01/properties/other", nil).want(t, 404)
	admin("GET", "/global-config/servers/03/properties/cts", nil).want(t, 404)
	admin("PUT", "/global-config/servers/01/properties/cts", map[string]any{"a": "b"}).want(t, 501)
	for _, path := range []string{
		"/global-config/sites", "/realm-config/authentication/chains", "/alpha/realm-config/authentication/modules", "/realm-config/saml2",
		"/alpha/realm-config/federation/circlesoftrust", "/realm-config/federation/entityproviders/ws", "/realm-config/webhooks",
		"/realm-config/agents/SoapSTSAgent", "/node-designer/node-type",
	} {
		if got := admin("GET", path+"?_queryFilter=true", nil).want(t, 200); got["resultCount"] != 0.0 {
			t.Errorf("%s = %v", path, got)
		}
	}
	own := admin("GET", "/alpha/realm-config/authentication", nil).want(t, 200)
	got := admin("GET", "/global-config/authentication", nil).want(t, 200)
	if !same(at(got, "defaults", "core"), own["core"]) || !same(at(got, "defaults", "security"), own["security"]) {
		t.Errorf("defaults = %v, those of a realm %v", got, own)
	}
	admin("PUT", "/global-config/authentication", map[string]any{"defaults": map[string]any{}}).want(t, 501)
	// What was printed is taken back, so that a whole export can be.
	for _, path := range []string{
		"/global-config/authentication", "/global-config/authentication/chains", "/global-config/authentication/authenticationtrees",
		"/global-config/webhooks", "/global-config/servers/01/properties/cts", "/global-config/services/scripting/contexts/OAUTH2_MAY_ACT",
		"/global-config/services/scripting/contexts/OAUTH2_MAY_ACT/engineConfiguration", "/alpha/realm-config/services/id-repositories",
		"/global-config/services/CorsService",
	} {
		admin("PUT", path, admin("GET", path, nil).want(t, 200)).want(t, 200)
	}
	for _, path := range []string{"/global-config/agents", "/global-config/authentication/modules", "/realm-config/secrets", "/realm-config/authentication/modules"} {
		if list := admin("POST", path+"?_action=nextdescendents", "{}").want(t, 200)["result"].([]any); len(list) != 0 {
			t.Errorf("%s = %v", path, list)
		}
	}
	admin("POST", "/global-config/secrets?_action=nextdescendents", "{}").want(t, 200)
	admin("GET", "/realm-config/agents/OAuth2Thing?_queryFilter=true", nil).want(t, 501)
	admin("GET", "/realm-config/saml2/hosted", nil).want(t, 404)
	admin("GET", "/global-config/services/scripting/contexts/OTHER/engineConfiguration", nil).want(t, 404)
}
