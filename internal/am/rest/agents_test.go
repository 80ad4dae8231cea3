package rest_test

import (
	"errors"
	"strings"
	"testing"

	"gatehouse/internal/am/store"
)

func TestClientProfile(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	r, _ := s.realms.Find("/")
	// Values bare, wrapped, and in a list where one belongs.
	admin("PUT", clients+"/web", map[string]any{
		"coreOAuth2ClientConfig": map[string]any{
			"userpassword": "first", "clientType": map[string]any{"inherited": false, "value": "confidential"}, "scopes": "write",
			"defaultScopes": map[string]any{"inherited": false, "value": []string{"write"}}, "agentgroup": nil,
		},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials"}, "customProperties": []string{""}},
		"_type":                      map[string]any{"_id": "OAuth2Client"}, "_rev": "7",
	}).want(t, 201)
	c, err := r.Client(t.Context(), "web")
	if err != nil || !c.CheckSecret("first") || c.CheckSecret("other") || c.Core.Type != "Confidential" ||
		!same(c.Core.Scopes, []string{"write"}) || !same(c.Advanced.GrantTypes, []string{"client_credentials"}) || len(c.Advanced.CustomProperties) != 0 {
		t.Fatalf("client = %+v, %v", c, err)
	}
	if strings.Contains(c.Core.Password, "first") {
		t.Error("the secret is stored in plain")
	}
	read := admin("GET", clients+"/web", nil)
	if strings.Contains(read.raw, "first") || strings.Contains(read.raw, "sealed") {
		t.Errorf("the secret is shown: %s", read.raw)
	}
	// What was read is written back: the secret stays.
	admin("PUT", clients+"/web", read.body).want(t, 200)
	if c, _ = r.Client(t.Context(), "web"); !c.CheckSecret("first") || !c.HasGrant("client_credentials") {
		t.Error("writing back what was read changed the client")
	}
	// What an update leaves out has its default again, but for the secret.
	admin("PUT", clients+"/web", "{}").want(t, 200)
	if c, _ = r.Client(t.Context(), "web"); !c.CheckSecret("first") || c.HasGrant("client_credentials") || len(c.Core.Scopes) != 0 {
		t.Error("an empty update did not give back the defaults")
	}
	admin("PUT", clients+"/web", client("second", nil)).want(t, 200)
	if c, _ = r.Client(t.Context(), "web"); !c.CheckSecret("second") || c.CheckSecret("first") {
		t.Error("the secret did not change")
	}
	admin("PATCH", clients+"/web", []any{map[string]any{"operation": "add", "field": "/coreOAuth2ClientConfig/scopes/value", "value": "a"}}).want(t, 200)
	if c, _ = r.Client(t.Context(), "web"); !same(c.Core.Scopes, []string{"a"}) || !c.CheckSecret("second") {
		t.Errorf("after the patch: scopes %v", c.Core.Scopes)
	}
}

// Algorithms that this server does not have are taken, as profiles of other servers name them, with a warning.
func TestUnusableAlgorithms(t *testing.T) {
	admin := newSite(t).admin()
	keys := func(algorithm, method string) map[string]any {
		return map[string]any{
			"coreOAuth2ClientConfig":    map[string]any{"userpassword": "secret-12"},
			"signEncOAuth2ClientConfig": map[string]any{"idTokenEncryptionAlgorithm": algorithm, "idTokenSignedResponseAlg": map[string]any{"inherited": false, "value": method}},
		}
	}
	got := admin("PUT", clients+"/old", keys("RSA1_5", "none"))
	want := []string{`199 - "not supported by this server: idTokenEncryptionAlgorithm: RSA1_5"`, `199 - "not supported by this server: idTokenSignedResponseAlg: none"`}
	if got.want(t, 201); !same(got.Header.Values("Warning"), want) {
		t.Errorf("created with %q", got.Header.Values("Warning"))
	}
	if got := admin("PUT", clients+"/old", keys("A\"128\r\nX: y", "RS256")); got.StatusCode != 200 || !same(got.Header.Values("Warning"), []string{`199 - "not supported by this server: idTokenEncryptionAlgorithm: A?128??X: y"`}) {
		t.Errorf("updated with %q", got.Header.Values("Warning"))
	}
	for _, body := range []any{keys("RSA-OAEP-256", "ES256"), "{}"} {
		if got := admin("PUT", clients+"/old", body); got.StatusCode != 200 || got.Header.Get("Warning") != "" {
			t.Errorf("%v: %q", body, got.Header.Values("Warning"))
		}
	}
	if got := admin("PUT", "/realm-config/agents/SoftwarePublisher/p", map[string]any{"softwareStatementSigningAlgorithm": "RS1"}); len(got.Header.Values("Warning")) != 1 {
		t.Errorf("a publisher: %q", got.Header.Values("Warning"))
	}
}

// The values that the product has are taken, and no others.
func TestClientChoices(t *testing.T) {
	admin := newSite(t).admin()
	for name, values := range map[string][]string{
		"userinfoResponseFormat":           {"JSON", "SIGNED_JWT", "ENCRYPTED_JWT", "SIGNED_THEN_ENCRYPTED_JWT"},
		"tokenIntrospectionResponseFormat": {"JSON", "SIGNED_JWT", "SIGNED_THEN_ENCRYPTED_JWT"},
		"publicKeyLocation":                {"jwks_uri", "jwks", "x509"},
	} {
		put := func(value string) reply {
			return admin("PUT", clients+"/choice", map[string]any{"signEncOAuth2ClientConfig": map[string]any{name: value}})
		}
		for _, value := range values {
			if r := put(value); r.StatusCode != 200 && r.StatusCode != 201 {
				t.Errorf("%s %s: %d %s", name, value, r.StatusCode, r.raw)
			}
		}
		put("XYZ").want(t, 400)
	}
}

// All types share one namespace of ids.
func TestAgentIDs(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	admin("PUT", clients+"/ig", "{}").want(t, 409)
	admin("GET", clients+"/ig", nil).want(t, 404)
	admin("DELETE", clients+"/ig", nil).want(t, 404)
	admin("PUT", "/alpha"+clients+"/only-alpha", "{}").want(t, 201)
	admin("GET", clients+"/only-alpha", nil).want(t, 404)
	for _, id := range []string{"..", "%2e%2e", "a%00b", "a%0ab", strings.Repeat("x", 300)} {
		if got := admin("PUT", clients+"/"+id, "{}"); got.StatusCode < 400 || got.StatusCode >= 500 {
			t.Errorf("id %q: %d", id, got.StatusCode)
		}
	}
	admin("PUT", clients+"/with%20blank%40host", "{}").want(t, 201)
	if got := admin("GET", clients+"/with%20blank%40host", nil).want(t, 200); got["_id"] != "with blank@host" {
		t.Errorf("_id = %v", got["_id"])
	}
}

func TestAgentTypes(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	got := admin("POST", "/realm-config/agents?_action=getAllTypes", nil).want(t, 200)
	if list := got["result"].([]any); len(list) != 11 || at(list[3], "name") != "OAuth2 Client Agents" {
		t.Errorf("types = %v", got)
	}
	if got := admin("GET", "/realm-config/agents/groups/OAuth2Client?_queryFilter=true", nil).want(t, 200); got["resultCount"] != 0.0 {
		t.Errorf("groups = %v", got)
	}
	admin("PUT", clients+"/c", "{}").want(t, 201)
	got = admin("POST", "/realm-config/agents?_action=nextdescendents", nil).want(t, 200)
	if len(got["result"].([]any)) != 2 {
		t.Errorf("all agents = %v", got)
	}
	got = admin("GET", "/realm-config/agents?_queryFilter=true", nil).want(t, 200)
	if got["resultCount"] != 2.0 {
		t.Errorf("all agents = %v", got)
	}
	got = admin("POST", clients+"?_action=template", nil).want(t, 200)
	if at(got, "advancedOAuth2ClientConfig", "tokenEndpointAuthMethod") != "client_secret_basic" || got["_id"] != nil || got["_type"] != nil {
		t.Errorf("template = %v", got)
	}
	got = admin("POST", clients+"?_action=schema", nil).want(t, 200)
	secret := at(got, "properties", "coreOAuth2ClientConfig", "properties", "userpassword")
	if at(secret, "format") != "password" || at(secret, "title") != "Client secret" || at(secret, "type") != "string" {
		t.Errorf("schema of the secret = %v", secret)
	}
	// What the template says is what an empty profile is.
	flat := admin("GET", clients+"?_queryFilter=true", nil).want(t, 200)["result"].([]any)[0].(map[string]any)
	if !same(flat["advancedOAuth2ClientConfig"], admin("POST", clients+"?_action=template", nil).body["advancedOAuth2ClientConfig"]) {
		t.Error("template and an empty profile differ")
	}
}

// Profiles of remote consent agents are flat, those of AI agents are those of clients; what newer releases have besides
// is kept.
func TestAgentsOfNewerTypes(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	const remote, agents = "/realm-config/agents/RemoteConsentAgent", "/realm-config/agents/AIAgent"
	admin("PUT", remote+"/rcs", map[string]any{
		"userpassword": "secret", "remoteConsentRedirectUrl": map[string]any{"inherited": false, "value": "https://rcs.example.com/"}, "newer": "kept",
	}).want(t, 201)
	read := admin("GET", remote+"/rcs", nil)
	got := read.want(t, 200)
	if at(got, "remoteConsentRedirectUrl", "value") != "https://rcs.example.com/" || at(got, "requestTimeLimit", "value") != 180.0 ||
		at(got, "_type", "name") != "OAuth2 Remote Consent Service" || got["newer"] == nil || strings.Contains(read.raw, `"secret"`) {
		t.Errorf("the agent is %v", got)
	}
	found, ok := s.realms.Find("/")
	if !ok {
		t.Fatal("no root realm")
	}
	agent, err := found.RemoteConsentAgent(t.Context(), "rcs")
	if err != nil {
		t.Fatal(err)
	}
	if secret, ok := agent.Secret(); !ok || string(secret) != "secret" || agent.RedirectURL != "https://rcs.example.com/" {
		t.Errorf("the server has %q, %+v", secret, agent)
	}
	admin("PUT", remote+"/rcs", map[string]any{"publicKeyLocation": "x509"}).want(t, 400)

	admin("PUT", agents+"/bot", map[string]any{"coreOAuth2ClientConfig": map[string]any{"userpassword": "secret", "scopes": []string{"read"}}, "newer": map[string]any{"a": 1}}).want(t, 201)
	got = admin("GET", agents+"/bot", nil).want(t, 200)
	if at(got, "_type", "_id") != "AIAgent" || at(got, "coreOAuth2ClientConfig", "clientType", "value") != "Confidential" || got["newer"] == nil {
		t.Errorf("the agent is %v", got)
	}
	if _, err := found.Client(t.Context(), "bot"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("without AI agents: %v", err)
	}
	admin("PUT", "/realm-config/services/oauth-oidc", `{"aiAgentsConfig":{"aiAgentsEnabled":true}}`).want(t, 201)
	if c, err := found.Client(t.Context(), "bot"); err != nil || !c.AIAgent || !c.CheckSecret("secret") {
		t.Errorf("with AI agents: %+v, %v", c, err)
	}
}

// Types that nothing here uses are kept as they came, their secrets apart.
func TestOpenTypes(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	const path = "/realm-config/agents/WebAgent/w"
	made := admin("PUT", path, map[string]any{"globalWebAgentConfig": map[string]any{"status": "Active", "userpassword": "hidden"}, "userpassword": "hidden"})
	made.want(t, 201)
	got := admin("GET", path, nil)
	if at(got.body, "globalWebAgentConfig", "status") != "Active" || strings.Contains(got.raw+made.raw, "hidden") || strings.Contains(got.raw, "sealed") {
		t.Errorf("read = %s", got.raw)
	}
	d, err := s.realms.Docs().Get(t.Context(), "/", "agent", "w")
	if err != nil || strings.Contains(string(d.Body), "hidden") {
		t.Errorf("stored = %s, %v", d.Body, err)
	}
	admin("PUT", path, got.body).want(t, 200)
	after, err := s.realms.Docs().Get(t.Context(), "/", "agent", "w")
	if err != nil || string(after.Body) != string(d.Body) {
		t.Errorf("writing back changed %s to %s, %v", d.Body, after.Body, err)
	}
}

func TestInactiveAgent(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	token := s.signIn("/authenticate?authIndexType=service&authIndexValue=Agent", "ig", userPassword)
	other := s.signIn("/alpha/authenticate?authIndexType=service&authIndexValue=Agent", "ig", userPassword)
	admin("PUT", "/realm-config/agents/IdentityGatewayAgent/ig", map[string]any{"status": "Inactive"}).want(t, 200)
	s.as(token)("POST", "/sessions?_action=getSessionInfo", nil).want(t, 401)
	s.as(other)("POST", "/sessions?_action=getSessionInfo", nil).want(t, 200)
	s.send("POST", "/authenticate?authIndexType=service&authIndexValue=Agent", nil, "X-OpenAM-Username", "ig", "X-OpenAM-Password", userPassword).refused(t, 401, "Login failure")
}
