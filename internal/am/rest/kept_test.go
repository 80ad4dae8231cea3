package rest_test

import (
	"strings"
	"testing"
)

// Settings of the whole server for services that mean nothing here are kept, their secrets with them.
func TestKeptGlobalServices(t *testing.T) {
	admin := newSite(t).admin()
	const at = "/global-config/services/audit"
	body := map[string]any{
		"auditEnabled": true, "blacklistFieldFilters": []string{"/access/http"}, "storePassword": "ownsecret",
		"passwordCheckEnabled": true, "forgottenPassword": map[string]any{"enabled": true}, "forgottenPasswordUrl": "https://example.com",
		"defaults": map[string]any{"auditEnabled": false, "csvPassword": "defaultsecret"},
	}
	made := admin("PUT", at, body)
	made.want(t, 200)
	read := admin("GET", at, nil)
	o := read.want(t, 200)
	if strings.Contains(made.raw+read.raw, "secret") || strings.Contains(read.raw, "sealed") {
		t.Errorf("secrets are shown: %s", read.raw)
	}
	defaults, _ := o["defaults"].(map[string]any)
	if list, _ := o["blacklistFieldFilters"].([]any); o["auditEnabled"] != true || len(list) != 1 || defaults["auditEnabled"] != false {
		t.Errorf("read: %s", read.raw)
	}
	if o["passwordCheckEnabled"] != true || o["forgottenPassword"] == nil || o["forgottenPasswordUrl"] == nil {
		t.Errorf("settings about passwords are lost: %s", read.raw)
	}
	if again := admin("PUT", at, o).want(t, 200); again["_rev"] != o["_rev"] {
		t.Errorf("written back it is another: %v", again)
	}
	for _, name := range []string{"dashboard", "selfServiceTrees", "pingOneWorkerService"} {
		admin("PUT", "/realm-config/services/"+name, map[string]any{"enabled": true}).want(t, 201)
	}
}

// Trees of exports that lead nowhere are taken.
func TestTreesThatLeadNowhere(t *testing.T) {
	admin := newSite(t).admin()
	const trees = "/realm-config/authentication/authenticationtrees/trees/"
	admin("PUT", trees+"empty", map[string]any{"entryNodeId": "d26176be-ea6f-4f2a-81cd-3d41dd6cee4d", "nodes": map[string]any{}}).want(t, 201)
	o := admin("GET", trees+"empty", nil).want(t, 200)
	if o["entryNodeId"] != "d26176be-ea6f-4f2a-81cd-3d41dd6cee4d" {
		t.Errorf("read: %v", o)
	}
	if r := admin("POST", "/authenticate?authIndexType=service&authIndexValue=empty", nil); r.StatusCode < 400 || strings.Contains(r.raw, "tokenId") {
		t.Errorf("it signs in: %d %s", r.StatusCode, r.raw)
	}
}

// The key of a cookie is a secret, though its name does not say so.
func TestSecretsOfNodes(t *testing.T) {
	admin := newSite(t).admin()
	const at = "/realm-config/authentication/authenticationtrees/nodes/SetPersistentCookieNode/c"
	made := admin("PUT", at, map[string]any{"hmacSigningKey": "bm90IGEgc2VjcmV0", "unknownSetting": "kept"})
	made.want(t, 201)
	read := admin("GET", at, nil)
	if o := read.want(t, 200); o["unknownSetting"] != "kept" {
		t.Errorf("read: %s", read.raw)
	}
	if strings.Contains(made.raw+read.raw, "hmacSigningKey") || strings.Contains(made.raw+read.raw, "sealed") {
		t.Errorf("the key is shown: %s", read.raw)
	}
}

// Settings may stand beside the tabs that they are of.
func TestSettingsWithoutTabs(t *testing.T) {
	admin := newSite(t).admin()
	admin("POST", services+"/oauth-oidc?_action=create", map[string]any{
		"advancedOAuth2Config": map[string]any{"supportedScopes": []string{"openid"}}, "clientsCanSkipConsent": true, "accessTokenLifetime": 77, "refreshTokenLifetime": 99,
	}).want(t, 201)
	o := admin("GET", services+"/oauth-oidc", nil).want(t, 200)
	if at(o, "consent", "clientsCanSkipConsent") != true || at(o, "coreOAuth2Config", "accessTokenLifetime") != 77.0 || at(o, "coreOAuth2Config", "refreshTokenLifetime") != 99.0 ||
		!same(at(o, "advancedOAuth2Config", "supportedScopes"), []any{"openid"}) || o["clientsCanSkipConsent"] != nil {
		t.Errorf("provider = %v", o)
	}
	admin("PUT", clients+"/spa", map[string]any{
		"clientType": "Public", "redirectionUris": []string{"http://localhost:9999"}, "scopes": []string{"openid"}, "tokenEndpointAuthMethod": "client_secret_post", "isConsentImplied": true,
		"postLogoutRedirectUri": []string{"http://localhost:9999"},
	}).want(t, 201)
	client := admin("GET", clients+"/spa", nil).want(t, 200)
	if at(client, "coreOAuth2ClientConfig", "clientType", "value") != "Public" || at(client, "advancedOAuth2ClientConfig", "isConsentImplied", "value") != true {
		t.Errorf("client = %v", client)
	}
	admin("PUT", clients+"/odd", map[string]any{"clientType": "Public", "coreOAuth2ClientConfig": "x"}).want(t, 400)
	admin("PUT", clients+"/odd", map[string]any{"noSuchSetting": 1}).want(t, 400)
}

// The domains of the session cookie are the command line's: they can be read, and written back.
func TestPlatformService(t *testing.T) {
	admin := newSite(t).admin()
	const at = "/global-config/services/platform"
	o := admin("GET", at, nil).want(t, 200)
	admin("PUT", at, o).want(t, 200)
	o["cookieDomains"] = []string{"elsewhere.example.com"}
	admin("PUT", at, o).want(t, 501)
}
