package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// frodo is the command line tool of that name, at an authorization server.
type frodo struct {
	t   *testing.T
	dir string // where it works
	env []string
}

func newFrodo(t *testing.T, a *am) frodo {
	t.Helper()
	f := frodoAt(t, a.base, "/")
	f.env = append(f.env, "FRODO_USERNAME=amAdmin", "FRODO_PASSWORD="+adminPassword)
	return f
}

// frodoAt is the tool without credentials.
func frodoAt(t *testing.T, base, realm string) frodo {
	t.Helper()
	node(t, nil) // looks for what is needed
	dir := t.TempDir()
	return frodo{t, dir, append(os.Environ(), "HOME="+dir, "FRODO_HOST="+base, "FRODO_REALM="+realm, "FRODO_NO_CACHE=1")}
}

// run runs a command and returns what it printed. The tool ends with 0 after some of its errors, but says so.
func (f frodo) run(args ...string) string {
	f.t.Helper()
	tool, err := filepath.Abs("node/node_modules/@rockcarver/frodo-cli/dist/launch.cjs")
	if err != nil {
		f.t.Fatal(err)
	}
	cmd := exec.CommandContext(f.t.Context(), "node", append([]string{"--no-warnings", tool}, args...)...)
	cmd.Dir, cmd.Env = f.dir, f.env
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), "Error") || strings.Contains(string(out), "Cannot ") {
		f.t.Fatalf("frodo %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// read returns an exported file without what differs from server to server.
func (f frodo) read(name string) map[string]any {
	f.t.Helper()
	raw, err := os.ReadFile(filepath.Join(f.dir, name))
	if err != nil {
		f.t.Fatal(err)
	}
	var o map[string]any
	if err := json.Unmarshal(raw, &o); err != nil {
		f.t.Fatal(err)
	}
	delete(o, "meta")
	lean(o)
	return o
}

func lean(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range []string{"_rev", "createdBy", "creationDate", "lastModifiedBy", "lastModifiedDate", "url"} {
			delete(v, name)
		}
		delete(v, "identityResource")              // of journeys that have none: the tool writes one in all deployments but classic
		delete(v, "userpassword")                  // null where there is a secret, which no export has
		if v["nodeType"] != nil && v["x"] == nil { // shipped journeys have no places, until the tool writes zeros
			v["x"], v["y"] = 0.0, 0.0
		}
		for _, inner := range v {
			lean(inner)
		}
	case []any:
		for _, inner := range v {
			lean(inner)
		}
	}
}

// within returns what is at a path in nested objects; nil: nothing.
func within(v any, path ...string) any {
	for _, name := range path {
		o, _ := v.(map[string]any)
		v = o[name]
	}
	return v
}

// furnish makes things of many kinds in the root realm and in /alpha.
func furnish(a *am) {
	a.t.Helper()
	a.rest("POST", "/global-config/realms?_action=create", map[string]any{"name": "alpha", "parentPath": "/", "active": true})
	a.rest("PUT", "/global-config/services/CorsService/configuration/spa", map[string]any{"enabled": true, "acceptedOrigins": []string{"https://spa.example.com"}})
	const node = "11111111-1111-4111-8111-111111111111"
	for _, realm := range []string{"/realms/root", "/realms/root/realms/alpha"} {
		config := realm + "/realm-config"
		a.rest("PUT", config+"/services/oauth-oidc", map[string]any{"coreOAuth2Config": map[string]any{"accessTokenLifetime": 77}})
		a.rest("POST", config+"/services/validation?_action=create", map[string]any{"validGotoDestinations": []string{"https://app.example.com/*"}})
		a.rest("PUT", config+"/agents/OAuth2Client/shop", map[string]any{
			"coreOAuth2ClientConfig": map[string]any{"userpassword": "secret", "scopes": []string{"read"}, "redirectionUris": []string{"https://app.example.com/cb"}},
		})
		a.rest("PUT", config+"/agents/groups/IdentityGatewayAgent/gateways", map[string]any{"igTokenIntrospection": "Realm"})
		a.rest("PUT", config+"/agents/IdentityGatewayAgent/grouped", map[string]any{
			"userpassword": "secret12", "agentgroup": "gateways", "igTokenIntrospection": map[string]any{"inherited": true},
		})
		a.rest("PUT", config+"/agents/IdentityGatewayAgent/gateway", map[string]any{"userpassword": "secret12"})
		a.rest("PUT", config+"/agents/TrustedJwtIssuer/partner", map[string]any{"issuer": "https://issuer.example.com"})
		script := a.rest("POST", realm+"/scripts?_action=create", map[string]any{
			"name": "Decide", "language": "JAVASCRIPT", "context": "AUTHENTICATION_TREE_DECISION_NODE", "script": encode64(`outcome = "true";`),
		})["_id"]
		trees := config + "/authentication/authenticationtrees"
		a.rest("PUT", trees+"/nodes/ScriptedDecisionNode/"+node, map[string]any{
			"script": script, "outcomes": []string{"true"}, "inputs": []string{"*"}, "outputs": []string{"*"},
		})
		a.rest("PUT", trees+"/trees/Mine", map[string]any{"entryNodeId": node, "nodes": map[string]any{node: map[string]any{
			"nodeType": "ScriptedDecisionNode", "displayName": "Decide", "connections": map[string]any{"true": "70e691a5-1e33-4ac3-a356-e7b6d60d92e0"}, "x": 1, "y": 2,
		}}})
		a.rest("POST", realm+"/policies?_action=create", map[string]any{
			"name": "Shop", "active": true, "resources": []string{"https://shop.example.com:443/*"}, "applicationName": "iPlanetAMWebAgentService",
			"actionValues": map[string]any{"GET": true}, "subject": map[string]any{"type": "AuthenticatedUsers"}, "resourceTypeUuid": "76656a38-5f8e-401b-83aa-4ccb74ce88d2",
		})
	}
}

// frodo lists, exports everything, and brings it to a fresh server, from which it exports the same.
func TestFrodo(t *testing.T) {
	from := startAM(t, t.TempDir())
	furnish(from)
	f := newFrodo(t, from)
	for command, want := range map[string]string{
		"info": "classic", "realm list": "/alpha", "oauth client list": "shop", "journey list": "Mine", "script list": "Decide", "service list": "oauth-oidc",
		"agent gateway list": "gateway", "authz policy list": "Shop", "authz set list": "oauth2Scopes", "authz type list": "OAuth2 Scope", "server list": from.base,
	} {
		if out := f.run(strings.Fields(command)...); !strings.Contains(out, want) {
			t.Errorf("frodo %s has no %s:\n%s", command, want, out)
		}
	}
	f.run("config", "export", "--all", "--read-only", "--default", "--file", "full.json")
	want := f.read("full.json")
	for _, part := range []string{"agent", "agentGroup", "application", "trustedJwtIssuer", "trees", "script", "service", "policy", "policyset", "resourcetype", "secretstore", "authentication"} {
		if by, _ := within(want, "realm", "root-alpha", part).(map[string]any); len(by) == 0 {
			t.Errorf("nothing of the kind %s is exported", part)
		}
	}

	to := startAM(t, t.TempDir())
	g := newFrodo(t, to)
	if err := os.Rename(filepath.Join(f.dir, "full.json"), filepath.Join(g.dir, "full.json")); err != nil {
		t.Fatal(err)
	}
	g.run("config", "import", "--all", "--default", "--file", "full.json")
	g.run("config", "export", "--all", "--read-only", "--default", "--file", "again.json")
	if diff := cmp.Diff(want, g.read("again.json")); diff != "" {
		t.Errorf("(-exported +imported and exported)\n%s", diff)
	}

	// One thing at a time.
	for _, command := range []string{
		"oauth client export -i shop", "oauth client import -i shop -f shop.oauth2.app.json", "journey export -i Mine", "journey import -i Mine -f Mine.journey.json",
		"journey disable -i Mine", "script export -n Decide", "script import -n Decide -f Decide.script.json", "service export -i validation",
		"service delete -i validation", "service import -r -i validation -f validation.service.json", "agent gateway export -i gateway",
		"agent gateway import -i gateway -f gateway.gateway.agent.json", "authz policy export -i Shop", "authz policy import -i Shop -f Shop.policy.authz.json",
		"saml list", "idp list",
	} {
		g.run(strings.Fields(command)...)
	}
	if got := to.rest("GET", "/realms/root/realm-config/services/validation", nil)["validGotoDestinations"]; !cmp.Equal(got, []any{"https://app.example.com/*"}) {
		t.Errorf("goto destinations = %v", got)
	}
	if got := to.rest("GET", "/realms/root/realm-config/authentication/authenticationtrees/trees/Mine", nil)["enabled"]; got != false {
		t.Errorf("enabled = %v", got)
	}

	// What it exported, gatehouse imports.
	last := startAM(t, t.TempDir(), "--import", filepath.Join(g.dir, "full.json"))
	if got := last.rest("GET", "/realms/root/realms/alpha/realm-config/services/oauth-oidc", nil); within(got, "coreOAuth2Config", "accessTokenLifetime") != 77.0 {
		t.Errorf("imported service = %v", got)
	}
}
