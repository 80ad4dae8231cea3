package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// The ForgeRock Node agent, unmodified, protects an application: it signs in, validates sessions, reads profiles, asks
// for policy decisions, looks up access tokens.
func TestNodeAgent(t *testing.T) {
	// It sends those alone to sign in who came to a host of the cookie's domains.
	o := &op{am: startAM(t, t.TempDir(), "--cookie-domain", "127.0.0.1")}
	const root, config = "/realms/root", "/realms/root/realm-config"
	o.rest("POST", config+"/services/oauth-oidc?_action=create", map[string]any{})
	o.rest("PUT", config+"/agents/IdentityGatewayAgent/node", map[string]any{"userpassword": "agent-secret"})
	o.rest("PUT", config+"/agents/OAuth2Client/service", map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": opSecret, "scopes": []string{"read"}},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials"}},
	})
	const path = "11111111-1111-4111-8111-111111111111"
	o.rest("POST", root+"/resourcetypes?_action=create", map[string]any{
		"uuid": path, "name": "Path", "patterns": []string{"/*"}, "actions": map[string]any{"GET": true, "POST": true},
	})
	o.rest("POST", root+"/applications?_action=create", map[string]any{
		"name": "Node", "resourceTypeUuids": []string{path}, "conditions": []string{}, "subjects": []string{"AuthenticatedUsers"},
		"applicationType": "iPlanetAMWebAgentService", "entitlementCombiner": "DenyOverride",
	})
	o.rest("PUT", root+"/policies/Open", map[string]any{
		"name": "Open", "active": true, "resources": []string{"/policy/open"}, "applicationName": "Node", "actionValues": map[string]any{"GET": true},
		"subject": map[string]any{"type": "AuthenticatedUsers"}, "resourceTypeUuid": path,
	})
	o.rest("POST", root+"/users?_action=create", map[string]any{"username": "erin", "userpassword": "Pass-w0rd", "mail": "erin@example.com"})

	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"read"}}
	req, err := http.NewRequest("POST", o.base+"/oauth2/access_token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("service", opSecret)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, tokens := send(t, req)
	if status != 200 {
		t.Fatalf("token: %d %v", status, tokens)
	}
	nodeTests(t, "node-agent.test.mjs", map[string]any{
		"am": o.base, "agent": "node", "agentPassword": "agent-secret", "session": o.signIn(), "accessToken": tokens["access_token"],
	})
}
