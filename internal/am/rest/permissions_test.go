package rest_test

import (
	"maps"
	"slices"
	"testing"
)

// Who may do what. The columns are nobody, a user of the root realm, an agent of it, a user of /alpha, the
// administrator, an access token of an administration client, one of /alpha, one of a user with that scope, and one of
// a user without.
func TestPermissions(t *testing.T) {
	s := newSite(t)
	callers := []struct {
		name string
		call caller
	}{
		{"nobody", s.send},
		{"user", s.user()},
		{"agent", s.as(s.signIn("/authenticate?authIndexType=service&authIndexValue=Agent", "ig", userPassword))},
		{"alpha user", s.as(s.signIn("/alpha/authenticate", "demo", userPassword))},
		{"admin", s.admin()},
		{"admin client", bearerCaller(s, "admin-client")},
		{"alpha client", bearerCaller(s, "alpha-client")},
		{"user's token", bearerCaller(s, "demo-all")},
		{"token without scope", bearerCaller(s, "demo-profile")},
	}
	const (
		adminOnly = "401 403 403 403 ok ok 403 403 401"
		everyone  = "ok ok ok ok ok ok ok ok ok"
		known     = "401 ok ok ok ok ok ok ok 401"
	)
	tests := []struct {
		method, path string
		body         any
		want         string
	}{
		{"GET", "/serverinfo/*", nil, everyone},
		{"GET", "/serverinfo/cookieDomains", nil, everyone},
		{"GET", "/serverinfo/version", nil, known},
		{"GET", "/global-config/realms?_queryFilter=true", nil, adminOnly},
		{"GET", "/global-config/realms/Lw", nil, adminOnly},
		{"POST", "/global-config/realms?_action=template", nil, adminOnly},
		{"GET", "/global-config/services/oauth-oidc", nil, adminOnly},
		{"PUT", "/global-config/services/validation", map[string]any{}, adminOnly},
		{"GET", "/realm-config/services?_queryFilter=true", nil, adminOnly},
		{"POST", "/realm-config/services?_action=getCreatableTypes", nil, adminOnly},
		{"POST", "/realm-config/services?_action=nextdescendents", nil, adminOnly},
		{"POST", "/realm-config/services/oauth-oidc?_action=template", nil, adminOnly},
		{"POST", "/realm-config/services/oauth-oidc?_action=schema", nil, adminOnly},
		{"PUT", "/realm-config/authentication", map[string]any{}, adminOnly},
		{"GET", "/realm-config/authentication", nil, adminOnly},
		{"GET", "/realm-config/agents/OAuth2Client?_queryFilter=true", nil, adminOnly},
		{"GET", "/realm-config/agents/IdentityGatewayAgent/ig", nil, adminOnly},
		{"PUT", "/realm-config/agents/OAuth2Client/c", map[string]any{}, adminOnly},
		{"GET", "/realm-config/agents/groups?_queryFilter=true", nil, adminOnly},
		{"PUT", "/realm-config/agents/groups/OAuth2Client/g", map[string]any{}, adminOnly},
		{"POST", "/realm-config/agents?_action=getAllTypes", nil, adminOnly},
		{"POST", "/realm-config/agents/OAuth2Client?_action=schema", nil, adminOnly},
		{"GET", "/scripts?_queryFilter=true", nil, adminOnly},
		{"GET", "/scripts/c735de08-f8f2-4e69-aa4a-2d8d3d438323", nil, adminOnly},
		{"POST", "/scripts?_action=validate", map[string]any{"script": "MQ==", "language": "GROOVY"}, adminOnly},
		{"GET", "/users?_queryFilter=true", nil, adminOnly},
		{"GET", "/users/demo", nil, "401 ok ok 403 ok ok 403 ok 401"},
		{"GET", "/users/amAdmin", nil, "401 403 ok 403 ok ok 403 403 401"},
		{"GET", "/alpha/users/demo", nil, "401 403 403 ok ok ok ok 403 401"},
		{"PUT", "/users/demo", map[string]any{"description": "1"}, "401 ok 403 403 ok ok 403 ok 401"},
		{"PATCH", "/users/demo", []any{}, "401 ok 403 403 ok ok 403 ok 401"},
		{"POST", "/users?_action=create", map[string]any{}, "401 403 403 403 400 400 403 403 401"},
		{"DELETE", "/users/nobody", nil, "401 403 403 403 404 404 403 403 401"},
		{"POST", "/users?_action=idFromSession", nil, "401 ok ok ok ok 401 401 401 401"},
		{"POST", "/users?_action=validateGoto", map[string]any{"goto": "/x"}, "403 ok ok ok ok 403 403 403 403"},
		{"GET", "/users/demo/oauth2/applications?_queryFilter=true", nil, "401 ok 403 403 ok ok 403 ok 401"},
		{"GET", "/users/demo/devices/2fa/oath?_queryFilter=true", nil, "401 ok 403 403 ok ok 403 ok 401"},
		{"POST", "/users/demo/services?_action=nextdescendents", nil, "401 ok 403 403 ok ok 403 ok 401"},
		{"GET", "/users/nobody/groups?_queryFilter=true", nil, "401 403 403 403 404 404 403 403 401"},
		{"GET", "/users/demo/uma/policies?_queryFilter=true", nil, "401 404 403 403 404 404 403 404 401"},
		{"GET", "/groups?_queryFilter=true", nil, adminOnly},
		{"GET", "/realm-config/secrets/stores/KeyStoreSecretStore/default-keystore/mappings?_queryFilter=true", nil, adminOnly},
		{"GET", "/global-config/secrets/stores/KeyStoreSecretStore/default-keystore/mappings/am.services.oauth2.oidc.signing.RSA", nil, adminOnly},
		{"PUT", "/realm-config/secrets/stores/KeyStoreSecretStore/default-keystore", map[string]any{"file": "other"}, "401 403 403 403 501 501 403 403 401"},
		{"GET", "/sessions?_queryFilter=true", nil, adminOnly},
		{"POST", "/sessions?_action=logoutByUser", map[string]any{"username": "x"}, adminOnly},
		{"POST", "/sessions?_action=getSessionInfo", nil, "401 ok ok ok ok ok ok ok 401"},
		{"POST", "/sessions?_action=nothing", nil, "401 403 403 403 501 501 403 403 401"},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			for i, want := range splitWords(tt.want) {
				got := callers[i].call(tt.method, tt.path, tt.body, "Accept-API-Version", "protocol=1.0")
				ok := got.StatusCode < 300 && want == "ok" || want == itoa(got.StatusCode)
				if !ok {
					t.Errorf("%s: %d %s, want %s", callers[i].name, got.StatusCode, got.raw, want)
				}
				if got.StatusCode == 401 && got.body["message"] != "Access Denied" && got.body["message"] != "Unauthorized" {
					t.Errorf("%s: message %v", callers[i].name, got.body["message"])
				}
			}
		})
	}
}

func bearerCaller(s *site, token string) caller {
	return func(method, path string, body any, headers ...string) reply {
		return s.send(method, path, body, append([]string{"Authorization", "Bearer " + token}, headers...)...)
	}
}

// A user cannot make himself more than he is.
func TestOwnProfile(t *testing.T) {
	s := newSite(t)
	user := s.user()
	for _, body := range []map[string]any{
		{"inetUserStatus": "Inactive"}, {"userpassword": "otherpassword"}, {"memberOf": []string{"admins"}}, {"isAdmin": "true"},
	} {
		user("PUT", "/users/demo", body).want(t, 403)
	}
	user("PATCH", "/users/demo", []any{map[string]any{"operation": "replace", "field": "/inetUserStatus", "value": []string{"Inactive"}}}).want(t, 403)
	before := user("GET", "/users/demo", nil).want(t, 200)
	user("PUT", "/users/demo", map[string]any{"uid": "amAdmin", "username": "demo", "description": "7"}).want(t, 200)
	after := user("GET", "/users/demo", nil).want(t, 200)
	delete(before, "_rev")
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if name != "modifyTimestamp" && !same(before[name], after[name]) {
			t.Errorf("%s = %v, was %v", name, after[name], before[name])
		}
	}
	if !same(after["description"], []any{"7"}) {
		t.Errorf("description = %v", after["description"])
	}
	// What was read may be written back.
	user("PUT", "/users/demo", after).want(t, 200)
}

// A session that only the cookie carries must come with a header that foreign pages cannot send.
func TestForeignPages(t *testing.T) {
	s := newSite(t)
	token := s.signIn("/authenticate", "amAdmin", adminPassword)
	cookie := "iPlanetDirectoryPro=" + token
	body := map[string]any{"telephoneNumber": "1"}
	tests := []struct {
		name    string
		method  string
		headers []string
		status  int
	}{
		{"cookie alone", "PUT", []string{"Cookie", cookie}, 403},
		{"cookie alone, reading", "GET", []string{"Cookie", cookie}, 200},
		{"with an access token", "PUT", []string{"Cookie", cookie, "Authorization", "Bearer of-whom-it-may-concern"}, 200},
		{"with X-Requested-With", "PUT", []string{"Cookie", cookie, "X-Requested-With", "XMLHttpRequest"}, 200},
		{"with Accept-API-Version", "PUT", []string{"Cookie", cookie, "Accept-API-Version", "resource=4.0"}, 200},
		{"header", "PUT", []string{"iPlanetDirectoryPro", token}, 200},
		{"access token", "PUT", []string{"Authorization", "Bearer admin-client"}, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var in any = body
			if tt.method == "GET" {
				in = nil
			}
			s.send(tt.method, "/users/demo", in, tt.headers...).want(t, tt.status)
		})
	}
}
