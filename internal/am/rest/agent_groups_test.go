package rest_test

import (
	"strings"
	"testing"

	"gatehouse/internal/am/realm"
)

const groups = "/realm-config/agents/groups/OAuth2Client"

func own(v any) map[string]any { return map[string]any{"inherited": false, "value": v} }

var inherited = map[string]any{"inherited": true}

// A client takes from its group what it says, at once when the group changes, and keeps it when it leaves.
func TestAgentGroup(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	r, _ := s.realms.Find("/")
	client := func() *realm.Client {
		t.Helper()
		c, err := r.Client(t.Context(), "shop")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	group := func(scopes []string, grants ...string) map[string]any {
		return map[string]any{
			"coreOAuth2ClientConfig":     map[string]any{"scopes": scopes, "accessTokenLifetime": 77},
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": grants},
			"overrideOAuth2ClientConfig": map[string]any{"statelessTokensEnabled": true},
		}
	}
	// A client cannot be in a group that is not there, or in one of other agents.
	join := func(name any) map[string]any {
		return map[string]any{
			"coreOAuth2ClientConfig": map[string]any{
				"agentgroup": name, "userpassword": "secret", "scopes": inherited, "accessTokenLifetime": own(5), "redirectionUris": own([]string{"https://shop.example.com/cb"}),
				"status": own("Active"),
			},
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": map[string]any{"inherited": true, "value": []string{"implicit"}}},
			"overrideOAuth2ClientConfig": map[string]any{"statelessTokensEnabled": inherited},
		}
	}
	admin("PUT", clients+"/shop", join("web")).refused(t, 400, "Data validation failed for the attribute, Group")
	admin("PUT", "/realm-config/agents/groups/IdentityGatewayAgent/gates", map[string]any{"igTokenIntrospection": "Realm"}).want(t, 201)
	admin("PUT", clients+"/shop", join("gates")).refused(t, 400, "Data validation failed for the attribute, Group")

	made := admin("PUT", groups+"/web", group([]string{"read", "write"}, "client_credentials")).want(t, 201)
	if made["_id"] != "web" || at(made, "_type", "_id") != "OAuth2Client" || !same(at(made, "coreOAuth2ClientConfig", "scopes"), []any{"read", "write"}) {
		t.Errorf("the group is %v", made)
	}
	admin("PUT", clients+"/shop", join("web")).want(t, 201)
	if c := client(); !same(c.Core.Scopes, []string{"read", "write"}) || c.Core.AccessTokenLifetime != 5 || !same(c.Advanced.GrantTypes, []string{"client_credentials"}) ||
		!c.CheckSecret("secret") || !c.Overrides.ClientSideTokens {
		t.Errorf("the client has %+v", c)
	}
	// One object tells which values are the group's, a list tells what holds.
	read := admin("GET", clients+"/shop", nil).want(t, 200)
	core := at(read, "coreOAuth2ClientConfig").(map[string]any)
	if core["agentgroup"] != "web" || at(core, "scopes", "inherited") != true || !same(at(core, "scopes", "value"), []any{"read", "write"}) ||
		at(core, "accessTokenLifetime", "inherited") != false || at(core, "accessTokenLifetime", "value") != 5.0 ||
		at(read, "advancedOAuth2ClientConfig", "grantTypes", "inherited") != true || at(read, "overrideOAuth2ClientConfig", "statelessTokensEnabled", "value") != true ||
		at(read, "overrideOAuth2ClientConfig", "tokenEncryptionEnabled") != false || at(read, "advancedOAuth2ClientConfig", "responseTypes", "inherited") != false {
		t.Errorf("the profile is %v", read)
	}
	item := admin("GET", clients+`?_queryFilter=_id+eq+"shop"`, nil).want(t, 200)["result"].([]any)[0]
	if at(item, "coreOAuth2ClientConfig", "agentgroup") != "web" || !same(at(item, "coreOAuth2ClientConfig", "scopes"), []any{"read", "write"}) {
		t.Errorf("the list has %v", item)
	}
	// The group changes: all its members do. Their own values stay.
	admin("PUT", groups+"/web", group([]string{"read"}, "client_credentials", "authorization_code")).want(t, 200)
	if c := client(); !same(c.Core.Scopes, []string{"read"}) || c.Core.AccessTokenLifetime != 5 || !c.HasGrant("authorization_code") {
		t.Errorf("after a change of the group: %+v", c)
	}
	// What was read is written back, what is said of one value changes that one, and what is left out stays the group's.
	admin("PUT", clients+"/shop", read).want(t, 200)
	admin("PATCH", clients+"/shop", []any{map[string]any{"operation": "replace", "field": "/coreOAuth2ClientConfig/accessTokenLifetime", "value": inherited}}).want(t, 200)
	if c := client(); !same(c.Core.Scopes, []string{"read"}) || c.Core.AccessTokenLifetime != 77 {
		t.Errorf("after writing back: %+v", c)
	}
	admin("PUT", clients+"/shop", map[string]any{"coreOAuth2ClientConfig": map[string]any{"accessTokenLifetime": 9}}).want(t, 200)
	if c := client(); !same(c.Core.Scopes, []string{"read"}) || c.Core.AccessTokenLifetime != 9 || len(c.Core.RedirectURIs) != 0 || c.Core.AgentGroup != "web" || !c.CheckSecret("secret") {
		t.Errorf("after a partial update: %+v", c)
	}
	// It leaves: the values of the group are its own.
	admin("PUT", clients+"/shop", map[string]any{"coreOAuth2ClientConfig": map[string]any{"agentgroup": "", "accessTokenLifetime": inherited}}).want(t, 200)
	admin("PUT", groups+"/web", group([]string{"other"})).want(t, 200)
	left := admin("GET", clients+"/shop", nil).want(t, 200)
	if c := client(); !same(c.Core.Scopes, []string{"read"}) || c.Core.AccessTokenLifetime != 0 || c.Core.AgentGroup != "" || at(left, "coreOAuth2ClientConfig", "scopes", "inherited") != false {
		t.Errorf("after it left: %+v", c)
	}
	// The group goes: so it is for those that are in it.
	admin("PUT", clients+"/shop", join("web")).want(t, 200)
	admin("PATCH", clients+"/shop", []any{map[string]any{"operation": "replace", "field": "/coreOAuth2ClientConfig/status", "value": inherited}}).want(t, 200)
	admin("DELETE", groups+"/web", nil).want(t, 200)
	admin("GET", groups+"/web", nil).want(t, 404)
	if c := client(); !same(c.Core.Scopes, []string{"other"}) || c.Core.AgentGroup != "" || !c.CheckSecret("secret") {
		t.Errorf("after the group went: %+v", c)
	}
	admin("PUT", clients+"/shop", admin("GET", clients+"/shop", nil).body).want(t, 200)
}

// A profile whose group is gone, or of another type, cannot be used: nobody can tell what it may do.
func TestAgentGroupGone(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	admin("PUT", groups+"/web", map[string]any{"coreOAuth2ClientConfig": map[string]any{"status": "Inactive"}}).want(t, 201)
	admin("PUT", clients+"/shop", map[string]any{"coreOAuth2ClientConfig": map[string]any{"agentgroup": "web", "status": inherited}}).want(t, 201)
	if err := s.realms.Docs().Delete(t.Context(), "/", "agentgroup", "web", 0); err != nil {
		t.Fatal(err)
	}
	r, _ := s.realms.Find("/")
	if _, err := r.Client(t.Context(), "shop"); err == nil || !strings.Contains(err.Error(), `"web"`) {
		t.Errorf("the client can be used: %v", err)
	}
	// An administrator can mend it.
	admin("GET", clients+"/shop", nil).want(t, 200)
	admin("PUT", clients+"/shop", map[string]any{"coreOAuth2ClientConfig": map[string]any{"agentgroup": nil}}).want(t, 200)
	if _, err := r.Client(t.Context(), "shop"); err != nil {
		t.Error(err)
	}
}

func TestAgentGroupResource(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	template := admin("POST", groups+"?_action=template", nil).want(t, 200)
	schema := admin("POST", groups+"?_action=schema", nil)
	if at(template, "coreOAuth2ClientConfig", "clientType") != "Confidential" || strings.Contains(schema.raw, "userpassword") || strings.Contains(schema.raw, "agentgroup") {
		t.Errorf("template %v, schema %s", template, schema.raw)
	}
	// Neither a secret nor a group of its own.
	admin("PUT", groups+"/a", map[string]any{"coreOAuth2ClientConfig": map[string]any{"userpassword": "x"}}).want(t, 400)
	admin("PUT", groups+"/a", map[string]any{"coreOAuth2ClientConfig": map[string]any{"agentgroup": "b"}}).want(t, 400)
	admin("PUT", groups+"/a", map[string]any{"coreOAuth2ClientConfig": map[string]any{"status": "Perhaps"}}).want(t, 400)
	admin("PUT", groups+"/a", template).want(t, 201)
	admin("PUT", "/realm-config/agents/groups/TrustedJwtIssuer/a", "{}").want(t, 409)
	admin("PUT", "/realm-config/agents/groups/TrustedJwtIssuer/idps", map[string]any{"consentedScopesClaim": "scp"}).want(t, 201)
	admin("PUT", "/realm-config/agents/groups/Toaster/a", "{}").want(t, 404)
	admin("GET", "/realm-config/agents/groups/TrustedJwtIssuer/a", nil).want(t, 404)
	admin("DELETE", "/realm-config/agents/groups/TrustedJwtIssuer/a", nil).want(t, 404)
	admin("GET", "/alpha"+groups+"/a", nil).want(t, 404)
	for _, list := range []reply{admin("GET", "/realm-config/agents/groups?_queryFilter=true", nil), admin("POST", "/realm-config/agents/groups?_action=nextdescendents", nil)} {
		if found := list.want(t, 200)["result"].([]any); len(found) != 2 || at(found[1], "_id") != "idps" || at(found[1], "consentedScopesClaim") != "scp" {
			t.Errorf("all groups: %s", list.raw)
		}
	}
	if got := admin("GET", groups+"?_queryFilter=true", nil).want(t, 200); got["resultCount"] != 1.0 {
		t.Errorf("groups of clients: %v", got)
	}
	// A group that somebody else changed meanwhile is not written over.
	rev := admin("GET", groups+"/a", nil).body["_rev"].(string)
	admin("PUT", groups+"/a", map[string]any{"coreOAuth2ClientConfig": map[string]any{"status": "Inactive"}}).want(t, 200)
	s.send("PUT", groups+"/a", template, "iPlanetDirectoryPro", s.signIn("/authenticate", "amAdmin", adminPassword), "If-Match", rev).want(t, 412)
	// Groups are not clients.
	admin("GET", clients+"/a", nil).want(t, 404)
}

// An agent that its group makes inactive is signed out, as one is that is told so itself.
func TestAgentGroupInactive(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	const gates, ig = "/realm-config/agents/groups/IdentityGatewayAgent/gates", "/realm-config/agents/IdentityGatewayAgent/ig"
	admin("PUT", gates, map[string]any{"status": "Active", "igTokenIntrospection": "Realm"}).want(t, 201)
	admin("PUT", ig, map[string]any{"agentgroup": "gates", "status": inherited, "igTokenIntrospection": inherited}).want(t, 200)
	r, _ := s.realms.Find("/")
	if a, err := r.Agent(t.Context(), "ig"); err != nil || a.Introspection != "Realm" || !a.CheckSecret(userPassword) {
		t.Fatalf("%+v, %v", a, err)
	}
	token := s.signIn("/authenticate?authIndexType=service&authIndexValue=Agent", "ig", userPassword)
	s.as(token)("POST", "/sessions?_action=getSessionInfo", nil).want(t, 200)
	admin("PUT", gates, map[string]any{"status": "Inactive"}).want(t, 200)
	s.as(token)("POST", "/sessions?_action=getSessionInfo", nil).want(t, 401)
	s.send("POST", "/authenticate?authIndexType=service&authIndexValue=Agent", nil, "X-OpenAM-Username", "ig", "X-OpenAM-Password", userPassword).refused(t, 401, "Login failure")
}

// Groups and members of types that are only kept are kept as they came; a member tells the values of its group.
func TestAgentGroupOpen(t *testing.T) {
	admin := newSite(t).admin()
	const group, agent = "/realm-config/agents/groups/WebAgent/sites", "/realm-config/agents/WebAgent/w"
	admin("PUT", group, map[string]any{"globalWebAgentConfig": map[string]any{"customProperties": []string{"a=b"}, "userpassword": "hidden"}}).want(t, 201)
	body := map[string]any{"globalWebAgentConfig": map[string]any{"agentgroup": "sites", "customProperties": inherited, "status": own("Active")}}
	admin("PUT", agent, body).want(t, 201)
	got := admin("GET", agent, nil)
	if at(got.body, "globalWebAgentConfig", "customProperties", "inherited") != true || !same(at(got.body, "globalWebAgentConfig", "customProperties", "value"), []any{"a=b"}) {
		t.Errorf("the agent is %s", got.raw)
	}
	if raw := admin("GET", group, nil).raw; strings.Contains(raw, "hidden") || strings.Contains(raw, "sealed") {
		t.Errorf("the group is %s", raw)
	}
	admin("DELETE", group, nil).want(t, 200)
	got = admin("GET", agent, nil)
	if at(got.body, "globalWebAgentConfig", "customProperties", "inherited") != false || !same(at(got.body, "globalWebAgentConfig", "customProperties", "value"), []any{"a=b"}) || strings.Contains(got.raw, "agentgroup") {
		t.Errorf("the agent is %s", got.raw)
	}
}

// A value beside "inherited" of a client that is in no group is its own if it can be.
func TestInheritedWithoutGroup(t *testing.T) {
	s := newSite(t)
	s.admin()("PUT", clients+"/c", map[string]any{"coreOAuth2ClientConfig": map[string]any{
		"agentgroup": "", "status": map[string]any{"inherited": true, "value": "string"}, "scopes": map[string]any{"inherited": true, "value": []string{"a"}},
	}}).want(t, 201)
	r, _ := s.realms.Find("/")
	if c, err := r.Client(t.Context(), "c"); err != nil || !c.IsActive() || !same(c.Core.Scopes, []string{"a"}) {
		t.Errorf("%+v, %v", c, err)
	}
}
