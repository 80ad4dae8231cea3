package e2e

import "testing"

// The console, page by page and by its main ways, in a browser.
func TestBrowserConsole(t *testing.T) {
	t.Parallel()
	a := startAM(t, t.TempDir())
	a.rest("POST", "/global-config/realms?_action=create", map[string]any{"name": "alpha", "active": true, "parentPath": "/", "aliases": []string{"am.alpha.example.com"}})
	a.rest("POST", "/global-config/realms?_action=create", map[string]any{"name": "bravo", "active": false, "parentPath": "/", "aliases": []string{}})
	const alpha = "/realms/root/realms/alpha"
	a.rest("POST", alpha+"/realm-config/services/oauth-oidc?_action=create", map[string]any{})
	a.rest("POST", alpha+"/realm-config/services/validation?_action=create", map[string]any{"validGotoDestinations": []string{"https://ig.example.com:8443/*", "https://ig.example.com:8443/*?*"}})
	for name, grant := range map[string]string{"client-service": "client_credentials", "client-application": "password", "serviceConfidentialClient": "urn:ietf:params:oauth:grant-type:token-exchange"} {
		a.rest("PUT", alpha+"/realm-config/agents/OAuth2Client/"+name, map[string]any{
			"coreOAuth2ClientConfig":     map[string]any{"userpassword": "password", "scopes": []string{"mail", "employeenumber"}},
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{grant}},
		})
	}
	a.rest("PUT", alpha+"/realm-config/agents/IdentityGatewayAgent/ig_agent", map[string]any{"userpassword": "password", "igTokenIntrospection": "Realm"})
	a.rest("PUT", alpha+"/realm-config/agents/groups/OAuth2Client/services", map[string]any{"coreOAuth2ClientConfig": map[string]any{"accessTokenLifetime": 300, "scopes": []string{"read", "write"}}})
	a.rest("PUT", alpha+"/realm-config/agents/groups/IdentityGatewayAgent/gateways", map[string]any{"igTokenIntrospection": "Realm"})
	a.rest("PUT", alpha+"/realm-config/agents/OAuth2Client/reporting", map[string]any{
		"coreOAuth2ClientConfig": map[string]any{"agentgroup": "services", "userpassword": "password", "scopes": map[string]any{"inherited": true}, "accessTokenLifetime": map[string]any{"inherited": true}},
	})
	for _, name := range []string{"demo", "bjensen", "scarter"} {
		a.rest("POST", alpha+"/users?_action=create", map[string]any{"username": name, "userpassword": "Ch4ng31t", "mail": name + "@example.com", "cn": "Person " + name, "sn": name})
	}
	browse(t, "console", map[string]any{"base": a.base, "user": "amAdmin", "password": adminPassword})
}
