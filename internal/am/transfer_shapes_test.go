package am_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/am/transfer"
)

// folder writes files and returns their folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func imported(t *testing.T, j *journeys, dir string) (*transfer.Report, string) {
	t.Helper()
	report, err := transfer.ImportPath(t.Context(), j.server.Transfer(), dir, "/")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	report.Print(&out)
	return report, strings.ReplaceAll(out.String(), dir+string(filepath.Separator), "")
}

const nodesAt = "/realm-config/authentication/authenticationtrees/nodes/"

// Folders of fr-config-manager have a folder for each realm, and texts in files of their own.
func TestImportConfigManager(t *testing.T) {
	j := newJourneys(t)
	dir := folder(t, map[string]string{
		"realms/alpha/scripts/scripts-config/11111111-2222-3333-4444-555555555555.json": `{"_id":"11111111-2222-3333-4444-555555555555","name":"Greet","language":"JAVASCRIPT",
			"context":"AUTHENTICATION_TREE_DECISION_NODE","evaluatorVersion":"1.0","script":{"file":"scripts-content/AUTHENTICATION_TREE_DECISION_NODE/Greet.js"}}`,
		"realms/alpha/scripts/scripts-content/AUTHENTICATION_TREE_DECISION_NODE/Greet.js": `outcome = "true";`,
		"realms/alpha/journeys/Greet/Greet.json":                                          `{"_id":"Greet","entryNodeId":"n1","nodes":{"n1":{"displayName":"Ask","nodeType":"PageNode","connections":{"outcome":"70e691a5-1e33-4ac3-a356-e7b6d60d92e0"}}}}`,
		"realms/alpha/journeys/Greet/nodes/Ask - n1.json": `{"_id":"n1","_type":{"_id":"PageNode","name":"Page Node","collection":true},
			"nodes":[{"_id":"n2","displayName":"Name","nodeType":"UsernameCollectorNode"}]}`,
		"realms/alpha/journeys/Greet/nodes/Ask - n1/Name - n2.json": `{"_id":"n2","_type":{"_id":"UsernameCollectorNode","name":"Username Collector","collection":true}}`,
		"realms/alpha/secret-mappings/am.services.oauth2.oidc.signing.RSA.json": `{"_id":"am.services.oauth2.oidc.signing.RSA","secretId":"am.services.oauth2.oidc.signing.RSA",
			"aliases":["esv-key"],"_type":{"_id":"mappings","name":"Mappings","collection":true}}`,
		"cors/cors-config.json": `{"corsServiceGlobal":{"_id":"","enabled":true,"_type":{"_id":"CorsService","name":"CORS Service","collection":false}},
			"corsServices":[{"_id":"spa","acceptedOrigins":["https://spa.example.com"],"enabled":true,"_type":{"_id":"configuration","name":"Cors Configuration","collection":true}}]}`,
		"email-templates/hello/hello.json":     `{"_id":"emailTemplate/hello","subject":{"en":"Hello"},"message":{"en":{"file":"hello.en.md"}},"styles":{"file":"../../../../../etc/passwd"}}`,
		"email-templates/hello/hello.en.md":    "Hello {{object.givenName}}",
		"realms/alpha/themes/Ours/Ours.json":   `{"_id":"t1","name":"Ours","primaryColor":"#123456"}`,
		"realms/alpha/themes/Ours/footer.html": "<p>",
	})
	report, text := imported(t, j, dir)
	if len(report.Failed) > 0 {
		t.Errorf("refused:\n%s", text)
	}
	for _, want := range []string{
		"realm /alpha\n", "script 11111111-2222-3333-4444-555555555555 of /alpha\n", "tree Greet of /alpha\n", "node UsernameCollectorNode n2 of /alpha\n", "CORS configuration spa\n",
		"email template hello\n", "footer.html: not a JSON file", "Ours.json: an object of no known kind (t1)",
		"am.services.oauth2.oidc.signing.RSA of /alpha does not say which secret store it is of", `hello.json: styles: the file "../../../../../etc/passwd" is not below the folder`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not have %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "Greet.js:") || strings.Contains(text, "hello.en.md:") {
		t.Errorf("files that others name are told of:\n%s", text)
	}
	script := j.admin("GET", "/json/realms/root/realms/alpha/scripts/11111111-2222-3333-4444-555555555555", nil).want(t, 200)
	if script["script"] != "b3V0Y29tZSA9ICJ0cnVlIjs=" {
		t.Errorf("script = %v", script["script"])
	}
	mail := j.admin("GET", "/json/openidm/config/emailTemplate/hello", nil).want(t, 200)
	if at(mail, "message", "en") != "Hello {{object.givenName}}" {
		t.Errorf("template = %v", mail)
	}
}

// frodo writes a folder for each realm, scripts beside their objects, and providers with their journeys.
func TestImportFrodoFolders(t *testing.T) {
	j := newJourneys(t)
	dir := folder(t, map[string]string{
		"realm/root-alpha/script/Greet.script.json": `{"meta":{"exportTool":"frodo"},"script":{"11111111-2222-3333-4444-555555555555":{"_id":"11111111-2222-3333-4444-555555555555",
			"name":"Greet","language":"JAVASCRIPT","context":"OIDC_CLAIMS","script":"file://Greet.script.js"}}}`,
		"realm/root-alpha/script/Greet.script.js": `var a = 1; a;`,
		"realm/root-alpha/journey/Social.journey.json": `{"meta":{"exportTool":"frodo"},"trees":{"Social":{"tree":{"_id":"Social","entryNodeId":"70e691a5-1e33-4ac3-a356-e7b6d60d92e0","nodes":{}},
			"nodes":{},"innerNodes":{},"scripts":{},"themes":[],"socialIdentityProviders":{"google":{"_id":"google","clientId":"c","clientSecret":"s","_type":{"_id":"googleConfig","name":"Google","collection":true}}}}}}`,
		"realm/root/idp/github.idp.json": `{"meta":{"exportTool":"frodo"},"script":{},"idp":{"github":{"_id":"github","clientId":"g","_type":{"_id":"oauth2Config","name":"OAuth","collection":true}}}}`,
	})
	report, text := imported(t, j, dir)
	if report.Problems() {
		t.Errorf("left out:\n%s", text)
	}
	for path, want := range map[string]string{"/json/realms/root/realms/alpha/realm-config/services/SocialIdentityProviders/googleConfig/google": "c", "/json/realm-config/services/SocialIdentityProviders/oauth2Config/github": "g"} {
		if got := j.admin("GET", path, nil).want(t, 200)["clientId"]; got != want {
			t.Errorf("%s: client %v", path, got)
		}
	}
	if got := j.admin("GET", "/json/realms/root/realms/alpha/scripts/11111111-2222-3333-4444-555555555555", nil).want(t, 200)["script"]; got != "dmFyIGEgPSAxOyBhOw==" {
		t.Errorf("script = %v", got)
	}
}

// Configuration expressions have the environment's values, and settings without one are left out and named.
func TestImportExpressions(t *testing.T) {
	t.Setenv("APP_FQDN", "app.example.com")
	t.Setenv("LIFE_TIME", "90")
	j := newJourneys(t)
	dir := folder(t, map[string]string{
		"realms/root/OAuth2Clients/app.json": `{"metadata":{"realm":"/","amsterVersion":"&{version}","entityType":"OAuth2Clients","entityId":"app","pathParams":{}},"data":{"_id":"app","_type":{"_id":"OAuth2Client"},
			"coreOAuth2ClientConfig":{"userpassword":"&{app.client.password}","redirectionUris":["https://&{app.fqdn}/cb","https://&{other.fqdn}/cb"],"accessTokenLifetime":{"$int":"&{life.time}"},
			"clientName":["&{app.name|&{app.title|The App}}"],"scopes":{"$list":"&{app.scopes|a, b}"}}}}`,
	})
	_, text := imported(t, j, dir)
	for _, want := range []string{
		"app.json: agent OAuth2Client app of /: coreOAuth2ClientConfig/userpassword: &{app.client.password} is not in the environment (APP_CLIENT_PASSWORD), and was left out",
		"coreOAuth2ClientConfig/redirectionUris[1]: &{other.fqdn} is not in the environment (OTHER_FQDN), and was left out", "the export has no secret of it",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not have %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "version") {
		t.Errorf("what is not imported is told of:\n%s", text)
	}
	o := j.admin("GET", "/json/realm-config/agents/OAuth2Client/app", nil).want(t, 200)
	got := map[string]any{}
	for _, name := range []string{"redirectionUris", "accessTokenLifetime", "clientName", "scopes"} {
		got[name] = at(o, "coreOAuth2ClientConfig", name, "value")
	}
	want := map[string]any{"redirectionUris": []any{"https://app.example.com/cb"}, "accessTokenLifetime": 90.0, "clientName": []any{"The App"}, "scopes": []any{"a", "b"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Files of a server's file-based configuration are like those of an Amster export, under other names.
func TestImportFileBased(t *testing.T) {
	j := newJourneys(t)
	file := func(realm, kind, id, of, data string) string {
		return fmt.Sprintf(`{"metadata":{"realm":%q,"entityType":%q,"entityId":%q,"uid":"ou=x,ou=OrganizationConfig,ou=1.0","sunServiceID":%q,"pathParams":{}},"data":%s}`, realm, kind, id, of, data)
	}
	const at = "config/services/realm/root-alpha/"
	dir := folder(t, map[string]string{
		at + "pagenode/1.0/organizationconfig.json":                       file("/alpha", "PageNode", "OrganizationConfig", "", `{"_id":"OrganizationConfig","_type":{"_id":"PageNode"}}`),
		at + "pagenode/1.0/organizationconfig/default/p.json":             file("/alpha", "PageNode", "default/p", "instance", `{"_id":"default/p","nodes":["u:UsernameCollectorNode:User: Name"],"_type":{"_id":"PageNode","name":"PageNode","collection":false}}`),
		at + "usernamecollectornode/1.0/organizationconfig/u.json":        file("/alpha", "UsernameCollectorNode", "default/u", "instance", `{"_id":"default/u","_type":{"_id":"UsernameCollectorNode"}, "x":1}`),
		at + "authenticationtreesservice/1.0/organizationconfig/t.json":   file("/alpha", "authenticationTreesService", "default/Ask", "tree", `{"_id":"default/Ask","entryNodeId":"p","nodes":{"p":{"displayName":"P","nodeType":"PageNode","connections":{"outcome":"70e691a5-1e33-4ac3-a356-e7b6d60d92e0"}}}}`),
		at + "amrealmbaseurl/1.0/organizationconfig/default.json":         file("/alpha", "amRealmBaseURL", "default", "", `{"_id":"default","source":"FIXED_VALUE","fixedValue":"https://am.example.com","contextPath":"/am","_type":{"_id":"amRealmBaseURL"}}`),
		at + "scriptingservice/1.0/organizationconfig/s.json":             file("/alpha", "ScriptingService", "default/scriptConfigurations/s1", "scriptConfiguration", `{"_id":"default/scriptConfigurations/s1","name":"S","language":"JAVASCRIPT","context":"OIDC_CLAIMS","evaluatorVersion":"V1_0","script":"MTs="}`),
		at + "scriptingservice/1.0/organizationconfig/far.json":           file("/alpha", "ScriptingService", "default/scriptConfigurations/far", "scriptConfiguration", `{"name":"Far","script":{"$base64:encode":{"$inline":"Far.groovy"}}}`),
		at + "sunidentityrepositoryservice/1.0/organizationconfig/d.json": file("/alpha", "sunIdentityRepositoryService", "default/ds", "LDAPv3ForForgeRockIAM", `{"ldapsettings":{"sun-idrepo-ldapv3-config-ldap-server":["ds:1636"],"sun-idrepo-ldapv3-config-max-result":5}}`),
		at + "iotservice/1.0/organizationconfig/default.json":             file("/alpha", "IotService", "default", "", `{"createOAuthClient":true}`),
	})
	report, text := imported(t, j, dir)
	if len(report.Failed) > 0 || len(report.Created) != 7 { // with the realm
		t.Errorf("report:\n%s", text)
	}
	for _, want := range []string{"far.json: script far: its text is not in the file", "IotService default of a file-based configuration, which this server does not have"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not have %q:\n%s", want, text)
		}
	}
	page := j.admin("GET", "/json/realms/root/realms/alpha"+nodesAt+"PageNode/p", nil)
	if !strings.Contains(fmt.Sprint(page.want(t, 200)["nodes"]), "displayName:User: Name nodeType:UsernameCollectorNode") {
		t.Errorf("page: %s", page.raw)
	}
	if got := j.admin("GET", "/json/realms/root/realms/alpha/realm-config/services/baseurl", nil).want(t, 200)["fixedValue"]; got != "https://am.example.com" {
		t.Errorf("base URL = %v", got)
	}
}

// Settings that this server does not have are left out by their names, older ones stand where they stand today.
func TestImportOtherVersions(t *testing.T) {
	j := newJourneys(t)
	dir := folder(t, map[string]string{
		"provider.json": `{"_type":{"_id":"oauth-oidc","name":"OAuth2 Provider","collection":false},"_id":"",
			"coreOAuth2Config":{"accessTokenLifetime":77,"accessTokenModificationScript":"11111111-2222-3333-4444-555555555555","someNewSetting":true},
			"advancedOAuth2Config":{"keypairName":"test","grantTypes":["client_credentials"]},"newGroup":{"a":1}}`,
		"template.json": `{"_type":{"_id":"TrustedJwtIssuer"},"issuer":"https://idp.example.com"}`,
		"amAdmin.json":  `{"metadata":{"realm":null,"entityType":"IdRepositoryUser","entityId":"amAdmin","pathParams":{}},"data":{"_id":"amAdmin","cn":"x","_type":{"_id":"user","name":"User","collection":true}}}`,
	})
	report, text := imported(t, j, dir)
	if len(report.Failed) > 0 || len(report.Created) != 1 {
		t.Errorf("report:\n%s", text)
	}
	for _, want := range []string{
		"provider.json: service oauth-oidc of /: coreOAuth2Config/someNewSetting: settings that this server does not have", "advancedOAuth2Config/keypairName: settings", "newGroup: settings",
		"template.json: agent TrustedJwtIssuer of / has no _id", "amAdmin.json: IdRepositoryUser amAdmin, which this server does not have",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not have %q:\n%s", want, text)
		}
	}
	o := j.admin("GET", "/json/realm-config/services/oauth-oidc", nil).want(t, 200)
	if at(o, "coreOAuth2Config", "accessTokenLifetime") != 77.0 || at(o, "pluginsConfig", "accessTokenModificationScript") != "11111111-2222-3333-4444-555555555555" ||
		fmt.Sprint(at(o, "advancedOAuth2Config", "grantTypes")) != "[client_credentials]" {
		t.Errorf("provider = %v", o)
	}
}
