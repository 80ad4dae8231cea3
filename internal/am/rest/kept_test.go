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
