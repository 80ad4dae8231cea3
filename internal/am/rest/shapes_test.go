package rest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Answers have the members and the JSON types that clients of PingAM know; testdata has one of each kind.
func TestShapes(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	admin("POST", "/realm-config/services/oauth-oidc?_action=create", "{}").want(t, 201)
	admin("PUT", "/realm-config/agents/OAuth2Client/web", map[string]any{"coreOAuth2ClientConfig": map[string]any{"userpassword": "x"}}).want(t, 201)
	admin("PUT", "/realm-config/agents/TrustedJwtIssuer/partner", map[string]any{"issuer": "https://partner.example.com"}).want(t, 201)
	demo := s.signIn("/authenticate", "demo", userPassword)
	// Members of newer releases, which older samples lack.
	newer := []string{
		"acceptAudienceParametersInTokenExchangeRequests", "useTokenIntrospectionClaimForJWT", "allowedResourceServerAudienceValues",
		"acceptedJwtIssuers", "introspectionPolicySets", "enableRichAuthorizationRequests", "enableApplicationContext",
		"tlsClientCertificateChainValidationEnabled", "realmAllowUnauthorisedAccessToUserCodeForm", "aiAgentsConfig", "gatehouseConfig",
	}
	policy := admin("POST", "/policies?_action=create", map[string]any{
		"name": "P1", "active": true, "description": "", "resources": []string{"https://app.example.com:443/*"}, "applicationName": "iPlanetAMWebAgentService",
		"actionValues": map[string]any{"GET": true}, "subject": map[string]any{"type": "AuthenticatedUsers"}, "resourceTypeUuid": "76656a38-5f8e-401b-83aa-4ccb74ce88d2",
		"resourceAttributes": []any{map[string]any{"type": "User", "propertyName": "mail", "propertyValues": []any{}}},
	}).want(t, 201)
	delete(policy, "resourceAttributes")
	evaluated := admin("POST", "/policies?_action=evaluate", map[string]any{
		"resources": []string{"https://app.example.com:443/index.html"}, "application": "iPlanetAMWebAgentService", "subject": map[string]any{"ssoToken": demo},
		"environment": map[string]any{"IP": []string{"192.0.2.7"}, "requestIp": []string{"192.0.2.7"}},
	})
	var decision any
	if err := json.Unmarshal([]byte(evaluated.raw), &decision); err != nil {
		t.Fatalf("evaluated: %s", evaluated.raw)
	}
	first := func(body map[string]any) any { return body["result"].([]any)[0] }
	tests := []struct {
		name, sample string
		got          any
	}{
		{"client", "client", admin("GET", "/realm-config/agents/OAuth2Client/web", nil).want(t, 200)},
		{"client, written", "client", admin("PUT", "/realm-config/agents/OAuth2Client/web", "{}").want(t, 200)},
		{"provider", "provider", admin("GET", "/realm-config/services/oauth-oidc", nil).want(t, 200)},
		{"gateway agent", "ig_single", admin("GET", "/realm-config/agents/IdentityGatewayAgent/ig", nil).want(t, 200)},
		{"gateway agent, written", "ig_single", admin("PUT", "/realm-config/agents/IdentityGatewayAgent/ig", "{}").want(t, 200)},
		{"gateway agent in a query", "ig_item", first(admin("GET", "/realm-config/agents/IdentityGatewayAgent?_queryFilter=true", nil).want(t, 200))},
		{"trusted issuer", "issuer", admin("GET", "/realm-config/agents/TrustedJwtIssuer/partner", nil).want(t, 200)},
		{"session", "session", s.as(demo)("POST", "/sessions?_action=getSessionInfo", nil).want(t, 200)},
		{"user", "user", admin("GET", "/users/demo", nil).want(t, 200)},
		{"user in a query", "user", first(admin("GET", "/users?_queryFilter="+`uid+eq+"demo"`, nil).want(t, 200))},
		{"realms", "realms", admin("GET", "/global-config/realms?_queryFilter=true", nil).want(t, 200)},
		{"script", "script", admin("GET", "/scripts/c735de08-f8f2-4e69-aa4a-2d8d3d438323", nil).want(t, 200)},
		{"client in a query", "client_item", first(admin("GET", "/realm-config/agents/OAuth2Client?_queryFilter="+`_id+eq+"web"`, nil).want(t, 200))},
		{"policy", "policy", policy},
		{"decision", "decision", decision},
		{"server information", "serverinfo", s.send("GET", "/serverinfo/*", nil).want(t, 200)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join("testdata", tt.sample+".json"))
			if err != nil {
				t.Fatal(err)
			}
			var want any
			if err := json.Unmarshal(raw, &want); err != nil {
				t.Fatal(err)
			}
			for _, problem := range differences("", want, tt.got, newer) {
				t.Error(problem)
			}
		})
	}
}

// differences tells members that are missing, of another type, or too many.
func differences(path string, want, got any, extra []string) []string {
	if fmt.Sprintf("%T", want) != fmt.Sprintf("%T", got) {
		return []string{fmt.Sprintf("%s: %v, want something like %v", path, got, want)}
	}
	if samples, ok := want.([]any); ok { // one after the other, then like the last of the sample
		var list []string
		for i, item := range got.([]any) {
			if len(samples) > 0 {
				list = append(list, differences(fmt.Sprintf("%s[%d]", path, i), samples[min(i, len(samples)-1)], item, extra)...)
			}
		}
		return list
	}
	w, ok := want.(map[string]any)
	if !ok {
		return nil
	}
	g := got.(map[string]any)
	var list []string
	for name := range w {
		if _, ok := g[name]; !ok {
			list = append(list, path+"/"+name+" is missing")
			continue
		}
		list = append(list, differences(path+"/"+name, w[name], g[name], extra)...)
	}
	for name := range g {
		if _, ok := w[name]; !ok && !slices.Contains(extra, name) {
			list = append(list, path+"/"+name+" is too much")
		}
	}
	slices.Sort(list)
	return list
}
