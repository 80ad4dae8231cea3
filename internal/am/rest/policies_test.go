package rest_test

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

const (
	urlType   = "76656a38-5f8e-401b-83aa-4ccb74ce88d2"
	scopeType = "d60b7a71-1dc6-44a5-8e48-e4b9d92dee8b"
)

func aPolicy(name string, with map[string]any) map[string]any {
	p := map[string]any{
		"name": name, "active": true, "description": "", "applicationName": "iPlanetAMWebAgentService", "resourceTypeUuid": urlType,
		"resources": []string{"https://app.example.com:443/*"}, "actionValues": map[string]any{"GET": true, "POST": 0}, "subject": map[string]any{"type": "AuthenticatedUsers"},
	}
	for k, v := range with {
		p[k] = v
	}
	return p
}

func TestPolicies(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	made := admin("POST", "/policies?_action=create", aPolicy("P1", nil)).want(t, 201)
	for _, name := range []string{"_id", "_rev", "name", "active", "description", "resources", "applicationName", "actionValues", "subject", "resourceTypeUuid", "lastModifiedBy", "lastModifiedDate", "createdBy", "creationDate"} {
		if _, ok := made[name]; !ok {
			t.Errorf("the policy has no %s", name)
		}
	}
	if made["_id"] != "P1" || at(made, "actionValues", "POST") != false || made["createdBy"] != "id=amadmin,ou=user,ou=am-config" || made["condition"] != nil {
		t.Errorf("created = %v", made)
	}
	admin("POST", "/policies?_action=create", aPolicy("P1", nil)).refused(t, 409, "Policy already exists")
	admin("PUT", "/policies/P2", aPolicy("P2", nil)).want(t, 201)
	made["description"] = "changed"
	got := admin("PUT", "/policies/P1", made, "If-Match", made["_rev"].(string))
	if got.want(t, 200); got.body["description"] != "changed" || got.body["_rev"] == made["_rev"] || got.body["creationDate"] != made["creationDate"] {
		t.Errorf("updated = %v", got.body)
	}
	admin("PUT", "/policies/P1", made, "If-Match", made["_rev"].(string)).want(t, 412)
	list := admin("GET", `/policies?_queryFilter=applicationName+eq+"iPlanetAMWebAgentService"`, nil).want(t, 200)
	if list["resultCount"] != 2.0 || list["totalPagedResults"] != -1.0 || list["remainingPagedResults"] != 0.0 {
		t.Errorf("list = %v", list)
	}
	admin("GET", "/alpha/policies/P1", nil).refused(t, 404, "Policy P1 does not exist in realm /alpha")
	admin("DELETE", "/policies/P2", nil).want(t, 200)
	admin("GET", "/policies/P2", nil).want(t, 404)

	for name, with := range map[string]map[string]any{
		"no such set":       {"applicationName": "none"},
		"no such type":      {"resourceTypeUuid": scopeType},
		"no such action":    {"actionValues": map[string]any{"EAT": true}},
		"no resources":      {"resources": []string{}},
		"not of the type":   {"resources": []string{"read"}},
		"mixed wildcards":   {"resources": []string{"https://a:443/*/-*-"}},
		"bad actions":       {"actionValues": "GET"},
		"bad active":        {"active": "yes"},
		"scripts":           {"condition": map[string]any{"type": "Script", "scriptId": "x"}},
		"unknown subject":   {"subject": map[string]any{"type": "Aliens"}},
		"another name":      {"name": "other"},
		"name with a comma": {"name": "a,b"},
	} {
		t.Run(name, func(t *testing.T) { admin("PUT", "/policies/P3", aPolicy("P3", with)).want(t, 400) })
	}
	message := admin("PUT", "/policies/P3", aPolicy("P3", map[string]any{"condition": map[string]any{"type": "Script"}})).body["message"]
	if message != `The policy cannot be used: condition: the type "Script" is not supported by this server` {
		t.Errorf("message = %v", message)
	}
}

func TestPolicySets(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	set := admin("GET", "/applications/iPlanetAMWebAgentService", nil).want(t, 200)
	if !same(set["resourceTypeUuids"], []any{urlType}) || set["_rev"] != nil || set["editable"] != true || set["entitlementCombiner"] != "DenyOverride" {
		t.Errorf("shipped = %v", set)
	}
	for filter, want := range map[string]float64{
		`name eq "^(?!sunAMDelegationService$).*"`: 2, `name eq "^(?!oauth2Scopes$).*"`: 1, `!(name eq "oauth2.*")`: 1, `name eq "auth2"`: 0,
		`name eq "OAUTH2SCOPES"`: 1, `name eq "(a*)*b" or name co "oauth2"`: 1,
	} {
		if got := admin("GET", "/alpha/applications?_queryFilter="+url.QueryEscape(filter), nil).want(t, 200); got["resultCount"] != want {
			t.Errorf("%s = %v, want %v", filter, got["resultCount"], want)
		}
	}
	admin("GET", "/alpha/applications?_queryFilter="+url.QueryEscape(`name eq "("`), nil).want(t, 400)
	if got := admin("GET", "/alpha/resourcetypes?_queryFilter="+url.QueryEscape(`name eq "^(?!Delegation Service$).*"`), nil).want(t, 200); got["resultCount"] != 2.0 {
		t.Errorf("resource types = %v", got)
	}
	if got := admin("GET", "/alpha/applications?_queryFilter=true", nil).want(t, 200); got["resultCount"] != 2.0 {
		t.Errorf("list = %v", got)
	}
	admin("PUT", "/applications/mine", map[string]any{"name": "mine"}).refused(t, 404, "mine not found.")
	mine := map[string]any{"name": "mine", "displayName": "Mine", "resourceTypeUuids": []string{urlType}, "realm": "/", "conditions": []string{"AuthLevel"}}
	made := admin("POST", "/applications?_action=create", mine).want(t, 201)
	if made["_id"] != "mine" || made["applicationType"] != "iPlanetAMWebAgentService" || !same(made["conditions"], []any{"AuthLevel"}) {
		t.Errorf("created = %v", made)
	}
	admin("POST", "/applications?_action=create", mine).refused(t, 409, "Application already exists")
	mine["resourceTypeUuids"] = []string{"none"}
	admin("PUT", "/applications/mine", mine).want(t, 400)
	admin("PUT", "/policies/P", aPolicy("P", map[string]any{"applicationName": "mine"})).want(t, 201)
	admin("DELETE", "/applications/mine", nil).want(t, 409)
	admin("DELETE", "/policies/P", nil).want(t, 200)
	admin("DELETE", "/applications/mine", nil).want(t, 200)
	admin("GET", "/applications/mine", nil).refused(t, 404, "mine not found.")
	// A shipped set can be changed, and put back.
	set["description"] = "changed"
	admin("PUT", "/applications/iPlanetAMWebAgentService", set).want(t, 200)
	if got := admin("GET", "/applications/iPlanetAMWebAgentService", nil).want(t, 200); got["description"] != "changed" {
		t.Errorf("changed = %v", got)
	}
	admin("DELETE", "/applications/iPlanetAMWebAgentService", nil).want(t, 200)
	admin("DELETE", "/applications/iPlanetAMWebAgentService", nil).want(t, 403)
}

func TestResourceTypes(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	if got := admin("GET", "/resourcetypes/"+scopeType, nil).want(t, 200); got["name"] != "OAuth2 Scope" || at(got, "actions", "GRANT") != true || got["uuid"] != scopeType {
		t.Errorf("shipped = %v", got)
	}
	light := map[string]any{"name": "Light", "patterns": []string{"light://*/*"}, "actions": map[string]any{"on": true}}
	made := admin("POST", "/resourcetypes?_action=create", light).want(t, 201)
	id := made["_id"].(string)
	if len(id) != 36 || made["uuid"] != id {
		t.Errorf("created = %v", made)
	}
	admin("POST", "/resourcetypes?_action=create", light).want(t, 409)
	admin("POST", "/resourcetypes?_action=create", map[string]any{"_id": id, "uuid": id, "name": "Other", "patterns": []string{"x"}, "actions": map[string]any{"on": true}}).
		refused(t, 409, "Resource Type "+id+" already exists")
	admin("PUT", "/resourcetypes/11111111-2222-3333-4444-555555555555", map[string]any{"name": "Chosen", "patterns": []string{"x"}, "actions": map[string]any{"on": true}}).want(t, 201)
	for _, wrong := range []map[string]any{{}, {"name": "x"}, {"name": "x", "patterns": []string{"x"}}, {"name": "x", "patterns": "x", "actions": map[string]any{"on": true}}, {"name": "a/b", "patterns": []string{"x"}, "actions": map[string]any{"on": true}}} {
		admin("POST", "/resourcetypes?_action=create", wrong).want(t, 400)
	}
	admin("DELETE", "/resourcetypes/"+id, nil).want(t, 200)
	admin("DELETE", "/resourcetypes/"+urlType, nil).refused(t, 409, "Unable to remove resource type "+urlType+" because it is referenced in the policy model.")
}

func TestAuthorizationKinds(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	if got := admin("GET", "/conditiontypes/IPv4", nil).want(t, 200); at(got, "config", "properties", "dnsName", "type") != "array" || got["logical"] != false {
		t.Errorf("IPv4 = %v", got)
	}
	if got := admin("GET", "/subjecttypes?_queryFilter=true", nil).want(t, 200); got["resultCount"] != 7.0 {
		t.Errorf("subjects = %v", got)
	}
	admin("GET", "/decisioncombiners/DenyOverride", nil).want(t, 200)
	admin("GET", "/applicationtypes/iPlanetAMWebAgentService", nil).want(t, 200)
	admin("GET", "/conditiontypes/Script", nil).want(t, 404)
}

// decisions is an answer that is a list.
func decisions(t *testing.T, r reply) []map[string]any {
	t.Helper()
	var list []map[string]any
	if r.StatusCode != 200 || json.Unmarshal([]byte(r.raw), &list) != nil {
		t.Fatalf("%s = %d %s", r.Request.URL, r.StatusCode, r.raw)
	}
	return list
}

func TestEvaluate(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	const page = "https://app.example.com:443/index.html"
	admin("PUT", "/policies/P1", aPolicy("P1", map[string]any{"resourceAttributes": []any{map[string]any{"type": "User", "propertyName": "mail", "propertyValues": []any{}}}})).want(t, 201)
	admin("PUT", "/policies/P2", aPolicy("P2", map[string]any{"resources": []string{"https://app.example.com:443/high/*"}, "condition": map[string]any{"type": "AuthLevel", "authLevel": 2}})).want(t, 201)
	admin("PUT", "/policies/P3", aPolicy("P3", map[string]any{"subject": map[string]any{"type": "JwtClaim", "claimName": "sub", "claimValue": "robot"}})).want(t, 201)
	token := s.signIn("/authenticate", "demo", userPassword)
	agent := s.as(s.signIn("/authenticate?authIndexType=service&authIndexValue=Agent", "ig", userPassword))
	ask := func(who caller, body map[string]any) reply { return who("POST", "/policies?_action=evaluate", body) }

	got := ask(agent, map[string]any{"resources": []string{page}, "application": "iPlanetAMWebAgentService", "subject": map[string]any{"ssoToken": token},
		"environment": map[string]any{"IP": []string{"192.0.2.7"}}})
	want := `[{"resource":"https://app.example.com:443/index.html","actions":{"GET":true,"POST":false},"attributes":{"mail":["demo@example.com"]},"advices":{},"ttl":9223372036854775807}]` + "\n"
	if got.StatusCode != 200 || got.raw != want {
		t.Errorf("evaluate = %d %s\nwant %s", got.StatusCode, got.raw, want)
	}
	if list := decisions(t, ask(s.as(token), map[string]any{"resources": []string{"https://app.example.com/high/x", "https://other/"}})); at(list[0], "advices") == nil ||
		!same(at(list[0], "advices", "AuthLevelConditionAdvice"), []any{"2"}) || list[0]["ttl"] != 0.0 || !same(list[1]["actions"], map[string]any{}) {
		t.Errorf("own = %v", list)
	}
	jwt := "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"robot"}`)) + "."
	for name, subject := range map[string]map[string]any{"jwt": {"jwt": jwt}, "claims": {"claims": map[string]any{"sub": "robot"}}} {
		if list := decisions(t, ask(agent, map[string]any{"resources": []string{page}, "subject": subject})); at(list[0], "actions", "GET") != true || len(list[0]["attributes"].(map[string]any)) != 0 {
			t.Errorf("%s: %v", name, list)
		}
	}
	other := ask(agent, map[string]any{"resources": []string{page}, "subject": map[string]any{"claims": map[string]any{"sub": "nobody"}}})
	if list := decisions(t, other); !same(list[0]["actions"], map[string]any{}) {
		t.Errorf("nobody: %v", list)
	}

	about := func(sub any) map[string]any { return map[string]any{"resources": []string{page}, "subject": sub} }
	for name, body := range map[string]map[string]any{
		"no resources":    {"subject": map[string]any{"ssoToken": token}},
		"bad resources":   {"resources": []any{1}},
		"bad application": {"resources": []string{page}, "application": "none"},
		"bad environment": {"resources": []string{page}, "environment": map[string]any{"IP": "192.0.2.7"}},
		"dead session":    about(map[string]any{"ssoToken": "dead"}),
		"no jwt":          about(map[string]any{"jwt": "a.b"}),
		"no sub":          about(map[string]any{"claims": map[string]any{"x": 1}}),
		"empty subject":   about(map[string]any{}),
		"subject a text":  about("demo"),
	} {
		t.Run(name, func(t *testing.T) { ask(agent, body).want(t, 400) })
	}
	ask(agent, about(map[string]any{"ssoToken": "dead"})).refused(t, 400, "Invalid value subject")
}

func TestEvaluateTree(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	admin("PUT", "/policies/P1", aPolicy("P1", nil)).want(t, 201)
	admin("PUT", "/policies/P2", aPolicy("P2", map[string]any{"resources": []string{"https://app.example.com:443/a/*", "https://elsewhere:443/*"}, "actionValues": map[string]any{"GET": false}})).want(t, 201)
	list := decisions(t, admin("POST", "/policies?_action=evaluateTree", map[string]any{"resource": "https://app.example.com:443/"}))
	found := map[string]any{}
	for _, d := range list {
		found[d["resource"].(string)] = at(d, "actions", "GET")
	}
	if !same(found, map[string]any{"https://app.example.com:443/": true, "https://app.example.com:443/*": true, "https://app.example.com:443/a/*": false}) {
		t.Errorf("tree = %v", found)
	}
	admin("POST", "/policies?_action=evaluateTree", map[string]any{}).want(t, 400)
}

func TestPolicyPermissions(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	admin("PUT", "/alpha/policies/P1", aPolicy("P1", nil)).want(t, 201)
	token := s.signIn("/authenticate", "demo", userPassword)
	alphaToken := s.signIn("/alpha/authenticate", "demo", userPassword)
	agent := s.as(s.signIn("/authenticate?authIndexType=service&authIndexValue=Agent", "ig", userPassword))
	alphaAgent := s.as(s.signIn("/alpha/authenticate?authIndexType=service&authIndexValue=Agent", "ig", userPassword))
	about := func(token string) map[string]any {
		return map[string]any{"resources": []string{"https://app.example.com/"}, "subject": map[string]any{"ssoToken": token}}
	}
	tests := []struct {
		name   string
		who    caller
		method string
		path   string
		body   any
		want   int
	}{
		{"nobody reads", s.send, "GET", "/policies?_queryFilter=true", nil, 401},
		{"nobody asks", s.send, "POST", "/policies?_action=evaluate", about(token), 401},
		{"users do not read", s.as(token), "GET", "/policies?_queryFilter=true", nil, 403},
		{"users do not write", s.as(token), "PUT", "/policies/P", aPolicy("P", nil), 403},
		{"users do not write sets", s.as(token), "POST", "/applications?_action=create", map[string]any{"name": "x"}, 403},
		{"users do not write types", s.as(token), "POST", "/resourcetypes?_action=create", map[string]any{"name": "x"}, 403},
		{"agents do not write", agent, "PUT", "/policies/P", aPolicy("P", nil), 403},
		{"agents do not delete", alphaAgent, "DELETE", "/alpha/policies/P1", nil, 403},
		{"users ask about themselves", s.as(token), "POST", "/policies?_action=evaluate", about(token), 200},
		{"users do not ask about others", s.as(token), "POST", "/policies?_action=evaluate", about(alphaToken), 403},
		{"users do not ask about claims", s.as(token), "POST", "/policies?_action=evaluate", map[string]any{"resources": []string{"https://a/"}, "subject": map[string]any{"ssoToken": token, "claims": map[string]any{"sub": "x"}}}, 403},
		{"agents ask", alphaAgent, "POST", "/alpha/policies?_action=evaluate", about(alphaToken), 200},
		{"agents ask below", agent, "POST", "/alpha/policies?_action=evaluate", about(alphaToken), 200},
		{"agents do not ask above", alphaAgent, "POST", "/policies?_action=evaluate", about(alphaToken), 403},
		{"administrators ask", admin, "POST", "/alpha/policies?_action=evaluate", about(alphaToken), 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.who(tt.method, tt.path, tt.body).want(t, tt.want) })
	}
}

// What is kept of policies is what they are: changed, gone, made again, and with the attributes that the set lets out now.
func TestPoliciesAsTheyAre(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	policy := func(allowed bool) map[string]any {
		return map[string]any{
			"active": true, "applicationName": "mine", "resources": []any{"https://a.example.com:443/*"}, "actionValues": map[string]any{"GET": allowed},
			"subject": map[string]any{"type": "JwtClaim", "claimName": "sub", "claimValue": "demo"},
			"resourceAttributes": []any{
				map[string]any{"type": "Static", "propertyName": "one", "propertyValues": []any{"1"}}, map[string]any{"type": "Static", "propertyName": "two", "propertyValues": []any{"2"}},
			},
		}
	}
	set := func(names ...string) map[string]any {
		return map[string]any{"name": "mine", "resourceTypeUuids": []string{urlType}, "attributeNames": append([]string{}, names...)}
	}
	ask := func(want string) {
		t.Helper()
		got := admin("POST", "/policies?_action=evaluate", map[string]any{
			"application": "mine", "resources": []any{"https://a.example.com:443/x"}, "subject": map[string]any{"claims": map[string]any{"sub": "demo"}},
		})
		got.want(t, 200)
		if !strings.Contains(got.raw, want) {
			t.Errorf("%s, want %s", got.raw, want)
		}
	}
	admin("POST", "/applications?_action=create", set("one")).want(t, 201)
	ask(`"actions":{}`)
	for range 2 {
		admin("PUT", "/policies/P", policy(true)).want(t, 201)
		ask(`"actions":{"GET":true},"attributes":{"one":["1"]}`)
		admin("PUT", "/policies/P", policy(false)).want(t, 200)
		ask(`"actions":{"GET":false}`)
		admin("PUT", "/applications/mine", set()).want(t, 200)
		ask(`"attributes":{"one":["1"],"two":["2"]}`)
		admin("PUT", "/applications/mine", set("one")).want(t, 200)
		ask(`"attributes":{"one":["1"]}`)
		admin("DELETE", "/policies/P", nil).want(t, 200)
		ask(`"actions":{}`)
	}
}
