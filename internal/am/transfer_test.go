package am_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/am/transfer"
)

// furnished is a site with something of every kind.
func furnished(t *testing.T) *journeys {
	j := newJourneys(t)
	const alpha = "/json/realms/root/realms/alpha"
	j.admin("POST", "/json/global-config/realms", map[string]any{"name": "alpha", "parentPath": "/", "active": true, "aliases": []string{"alpha.example.com"}}).want(t, 201)
	j.admin("POST", "/json/global-config/realms", map[string]any{"name": "inner", "parentPath": "/alpha", "active": true}).want(t, 201)
	j.admin("POST", "/json/global-config/realms", map[string]any{"name": "my-own", "parentPath": "/alpha", "active": true}).want(t, 201)
	j.admin("PUT", alpha+"/realms/my-own/realm-config/agents/TrustedJwtIssuer/other", map[string]any{"issuer": "https://other.example.com"}).want(t, 201)
	j.admin("POST", "/json/global-config/realms", map[string]any{"name": "café", "parentPath": "/alpha", "active": true}).want(t, 201)
	j.admin("PUT", alpha+"/realms/caf%C3%A9/realm-config/agents/TrustedJwtIssuer/third", map[string]any{"issuer": "https://third.example.com"}).want(t, 201)
	for _, object := range []string{"application", "alpha_application", "alpha%2Finner_application"} {
		j.admin("PUT", j.http.URL+"/openidm/managed/"+object+"/"+object[:5], map[string]any{
			"name": "Shop", "templateName": "custom", "ssoEntities": map[string]any{"oidcId": "shop of " + object},
		}).want(t, 201)
	}
	j.admin("PUT", alpha+"/realm-config/services/id-repositories/LDAPv3/people", map[string]any{
		"ldapsettings": map[string]any{"sun-idrepo-ldapv3-config-ldap-server": []string{"ldap.example.com:389"}, "sun-idrepo-ldapv3-config-authpw": "ldapsecret"},
	}).want(t, 201)
	j.admin("POST", alpha+"/realm-config/services/oauth-oidc?_action=create", map[string]any{
		"coreOAuth2Config": map[string]any{"accessTokenLifetime": 77, "oidcMayActScript": "11111111-2222-3333-4444-555555555555"},
	}).want(t, 201)
	j.admin("POST", alpha+"/realm-config/services/email?_action=create", map[string]any{"host": "mail.example.com", "password": "mailsecret"}).want(t, 201)
	j.admin("POST", alpha+"/realm-config/services/SocialIdentityProviders?_action=create", map[string]any{"enabled": true}).want(t, 201)
	j.admin("PUT", alpha+"/realm-config/services/SocialIdentityProviders/googleConfig/google", map[string]any{
		"clientId": "the-client", "clientSecret": "googlesecret", "scopes": []string{"openid"}, "_type": map[string]any{"_id": "googleConfig", "name": "Client configuration for Google.", "collection": true},
	}).want(t, 201)
	j.admin("POST", alpha+"/realm-config/services/audit?_action=create", map[string]any{"auditEnabled": true}).want(t, 201)
	j.admin("PUT", alpha+"/realm-config/services/audit/Own/mine", map[string]any{"commonHandler": map[string]any{"enabled": true}}).want(t, 201)
	j.admin("PUT", alpha+"/scripts/11111111-2222-3333-4444-555555555555", map[string]any{
		"name": "My May Act", "language": "GROOVY", "context": "OAUTH2_MAY_ACT", "script": "dG9rZW4=",
	}).want(t, 201)
	j.admin("PUT", alpha+"/realm-config/agents/OAuth2Client/app one", map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": "clientsecret", "scopes": []string{"a", "b|B"}, "redirectionUris": []string{"https://app.example.com/cb"}},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials"}, "name": []string{"The App"}},
	}).want(t, 201)
	j.admin("PUT", alpha+"/realm-config/agents/groups/OAuth2Client/shops", map[string]any{"coreOAuth2ClientConfig": map[string]any{"scopes": []string{"of-the-group"}}}).want(t, 201)
	j.admin("PUT", alpha+"/realm-config/agents/groups/IdentityGatewayAgent/gates", map[string]any{"igTokenIntrospection": "Realm"}).want(t, 201)
	j.admin("PUT", alpha+"/realm-config/agents/OAuth2Client/shop", map[string]any{
		"coreOAuth2ClientConfig": map[string]any{"agentgroup": "shops", "userpassword": "shopsecret", "scopes": map[string]any{"inherited": true}},
	}).want(t, 201)
	j.admin("PUT", alpha+"/realm-config/agents/IdentityGatewayAgent/ig", map[string]any{"userpassword": "agentsecret", "igTokenIntrospection": "Realm"}).want(t, 201)
	j.admin("PUT", alpha+"/realm-config/agents/TrustedJwtIssuer/idp", map[string]any{"issuer": "https://idp.example.com"}).want(t, 201)
	j.admin("PUT", "/json/global-config/secrets/stores/EnvironmentAndSystemPropertySecretStore", map[string]any{"format": "PLAIN"}).want(t, 200)
	j.admin("PUT", "/json/global-config/services/CorsService/configuration/spa", map[string]any{"enabled": true, "acceptedOrigins": []string{"https://spa.example.com"}}).want(t, 201)
	j.admin("POST", alpha+"/applications?_action=create", map[string]any{
		"name": "Shop", "resourceTypeUuids": []string{"76656a38-5f8e-401b-83aa-4ccb74ce88d2"}, "conditions": []string{}, "subjects": []string{"AuthenticatedUsers"},
		"applicationType": "iPlanetAMWebAgentService", "entitlementCombiner": "DenyOverride",
	}).want(t, 201)
	j.admin("PUT", alpha+"/policies/P1", map[string]any{
		"name": "P1", "active": true, "resources": []string{"https://shop.example.com:443/*"}, "applicationName": "Shop", "actionValues": map[string]any{"GET": true},
		"subject": map[string]any{"type": "AuthenticatedUsers"}, "resourceTypeUuid": "76656a38-5f8e-401b-83aa-4ccb74ce88d2",
	}).want(t, 201)
	dir := t.TempDir()
	j.admin("PUT", alpha+"/realm-config/secrets/stores/FileSystemSecretStore/files", map[string]any{"directory": dir, "format": "PLAIN"}).want(t, 201)
	if err := os.WriteFile(filepath.Join(dir, "storepass"), []byte("of-the-test"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := filepath.Abs("rest/testdata/own-keys.p12")
	if err != nil {
		t.Fatal(err)
	}
	j.admin("PUT", alpha+"/realm-config/secrets/stores/KeyStoreSecretStore/keys", map[string]any{"file": file, "storePassword": "storepass"}).want(t, 201)
	j.admin("POST", alpha+"/realm-config/secrets/stores/KeyStoreSecretStore/keys/mappings?_action=create", map[string]any{
		"secretId": "am.services.oauth2.stateless.signing.ES256", "aliases": []string{"signing"},
	}).want(t, 201)
	j.tree("Sign", append(signIn(map[string]string{"true": success, "false": failure}), node{"odd", "DeviceMatchNode", map[string]any{"expiration": 30, "_type": map[string]any{"_id": "DeviceMatchNode", "name": "DeviceMatchNode", "collection": true, "version": "2.0"}}, nil})...)
	j.admin("PUT", "/json/openidm/config/emailTemplate/welcome", map[string]any{"subject": map[string]any{"en": "Welcome"}, "message": map[string]any{"en": "Hello {{object.userName}}"}}).want(t, 201)
	settings := j.admin("GET", "/json/realm-config/authentication", nil).want(t, 200)
	settings["core"].(map[string]any)["orgConfig"] = "Sign"
	j.admin("PUT", "/json/realm-config/authentication", settings).want(t, 200)
	return j
}

// contents are the objects of a site, with their secrets, without what a server notes by itself.
func contents(t *testing.T, j *journeys) map[string]string {
	t.Helper()
	list, err := transfer.Export(t.Context(), j.server.Transfer(), "")
	if err == nil {
		err = transfer.Secrets(list, j.server.Secrets(t.Context()))
	}
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, e := range list {
		for _, noted := range []string{"createdBy", "creationDate", "lastModifiedBy", "lastModifiedDate"} {
			delete(e.Body, noted)
		}
		raw, err := json.MarshalIndent(e.Body, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		out[e.String()+e.Parent] = string(raw)
	}
	return out
}

func TestRoundTrip(t *testing.T) {
	from := furnished(t)
	want := contents(t, from)
	kinds := map[string]bool{}
	list, err := transfer.Export(t.Context(), from.server.Transfer(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		kinds[e.Kind] = true
	}
	for _, k := range []string{transfer.Realm, transfer.Service, transfer.ServicePart, transfer.GlobalService, transfer.CORS, transfer.Script, transfer.Tree, transfer.Node, transfer.AgentGroup, transfer.Agent,
		transfer.Authentication, transfer.IDStore, transfer.SecretStore, transfer.SecretMapping, transfer.ResourceType, transfer.PolicySet, transfer.Policy, transfer.Application} {
		if !kinds[k] {
			t.Errorf("nothing of the kind %s is exported", k)
		}
	}
	if err := transfer.Secrets(list, from.server.Secrets(t.Context())); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(want["identity store LDAPv3 people of /alpha"], "ldapsecret") {
		t.Errorf("the password of the directory is not exported: %s", want["identity store LDAPv3 people of /alpha"])
	}
	if got := want["service part googleConfig google of /alphaSocialIdentityProviders"]; !strings.Contains(got, "googlesecret") || !strings.Contains(got, "Client configuration for Google.") {
		t.Errorf("the part of a service: %s", got)
	}
	for _, format := range transfer.Formats {
		t.Run(format, func(t *testing.T) {
			dir := t.TempDir()
			if err := transfer.Write(dir, format, list, time.Unix(1e9, 0)); err != nil {
				t.Fatal(err)
			}
			to := newJourneys(t)
			report, err := transfer.ImportPath(t.Context(), to.server.Transfer(), dir, "/")
			if err != nil || report.Problems() {
				t.Fatalf("%v\nrefused: %q\nunknown: %q", err, report.Failed, report.Unknown)
			}
			if diff := cmp.Diff(want, contents(t, to)); diff != "" {
				t.Errorf("(-exported +imported)\n%s", diff)
			}
			// The secrets work where they came to.
			to.send("POST", "/oauth2/realms/root/realms/alpha/access_token", url.Values{
				"grant_type": {"client_credentials"}, "client_id": {"app one"}, "client_secret": {"clientsecret"}, "scope": {"a"},
			}).want(t, 200)
			if got := to.admin("GET", "/json/realms/root/realms/alpha/realm-config/agents/OAuth2Client/shop", nil).want(t, 200); at(got, "coreOAuth2ClientConfig", "scopes", "inherited") != true {
				t.Errorf("the client does not inherit any more: %v", got)
			}
			// A second time all of it is an update.
			again, err := transfer.ImportPath(t.Context(), to.server.Transfer(), dir, "/")
			if err != nil || again.Problems() || len(again.Created) > 0 {
				t.Errorf("again: %v, created %q, refused %q", err, again.Created, again.Failed)
			}
		})
	}
}

func TestImportLists(t *testing.T) {
	j := newJourneys(t)
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("client.json", `{"_id":"c","_type":{"_id":"OAuth2Client","name":"OAuth2 Clients","collection":true},
		"coreOAuth2ClientConfig":{"userpassword-encrypted":{"inherited":false,"value":"AAAA"},"scopes":{"inherited":false,"value":["a"]}},
		"signEncOAuth2ClientConfig":{"idTokenEncryptionAlgorithm":{"inherited":false,"value":"RSA1_5"}}}`)
	write("apps.json", `{"meta":{"exportTool":"frodo"},"application":{"d":{"_id":"d","_provider":{"_id":"","coreOAuth2Config":{}},"_type":{"_id":"OAuth2Client"},"coreOAuth2ClientConfig":{"scopes":["a"]}}},
		"script":{"33333333-2222-3333-4444-555555555555":{"_id":"33333333-2222-3333-4444-555555555555","name":"Lines","language":"JAVASCRIPT","context":"OIDC_CLAIMS","script":["var a = 1;","a;"]}},
		"saml":{"sp":{"x":1}},"theme":{"t":{"name":"x"}}}`)
	write("thing.json", `{"_id":"t","_type":{"_id":"Toaster","name":"Toasters","collection":true}}`)
	write("bad.json", `{"_id":"b","_type":{"_id":"IdentityGatewayAgent"},"igTokenIntrospection":"Perhaps"}`)
	write("amster.json", `{"metadata":{"realm":"/nowhere","entityType":"OAuth2Clients","entityId":"x","pathParams":{}},"data":{"_id":"x","_type":{"_id":"OAuth2Client"}}}`)
	write("note.txt", "no JSON")
	report, err := transfer.ImportPath(t.Context(), j.server.Transfer(), dir, "/")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(report.Created)
	if got := strings.Join(report.Created, ", "); got != "agent OAuth2Client c of /, agent OAuth2Client d of /, agent OAuth2Client x of /nowhere, realm /nowhere, script 33333333-2222-3333-4444-555555555555 of /" {
		t.Errorf("created: %s", got)
	}
	unknown, failed, notes := fmt.Sprint(report.Unknown), fmt.Sprint(report.Failed), fmt.Sprint(report.Notes)
	for _, want := range []string{"saml: sp", "theme: t", "Toaster", "note.txt"} {
		if !strings.Contains(unknown, want) {
			t.Errorf("unknown does not list %s: %s", want, unknown)
		}
	}
	if len(report.Failed) != 1 || !strings.Contains(failed, "bad.json") {
		t.Errorf("refused: %s", failed)
	}
	if !strings.Contains(notes, "agent OAuth2Client c of /: not supported by this server: idTokenEncryptionAlgorithm: RSA1_5") {
		t.Errorf("notes on algorithms: %s", notes)
	}
	if !strings.Contains(notes, "coreOAuth2ClientConfig/userpassword is encrypted") || !strings.Contains(notes, "agent OAuth2Client d of /: the export has no secret") {
		t.Errorf("notes: %s", notes)
	}
	read := j.admin("GET", "/json/scripts/33333333-2222-3333-4444-555555555555", nil).want(t, 200)
	if read["script"] != "dmFyIGEgPSAxOwphOw==" {
		t.Errorf("script = %v", read["script"])
	}
}

// Who writes an object back without its secret leaves the secret as it is.
func TestRoundTripWithoutSecrets(t *testing.T) {
	j := furnished(t)
	list, err := transfer.Export(t.Context(), j.server.Transfer(), "/alpha")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		raw, _ := json.Marshal(e.Body)
		for _, secret := range []string{"clientsecret", "agentsecret", "mailsecret", "googlesecret", "{sealed}"} {
			if strings.Contains(string(raw), secret) {
				t.Errorf("%s tells %s", e.String(), secret)
			}
		}
	}
	before := contents(t, j)
	report, err := transfer.Import(t.Context(), j.server.Transfer(), list)
	if err != nil || report.Problems() {
		t.Fatalf("%v %+v", err, report)
	}
	if diff := cmp.Diff(before, contents(t, j)); diff != "" {
		t.Errorf("(-before +after)\n%s", diff)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{
		`{"meta":{},"trees":{"a":{"tree":{"_id":"a"},"nodes":{"n":{"_type":{"_id":"PageNode"}}}}}}`, `{"result":[{"_id":"x"}]}`, `[{"_id":1}]`,
		`{"metadata":{"realm":1},"data":{}}`, `{"global":{"service":{"x":{}}},"realm":{"root":{"script":{"s":{"script":["a",1]}}}}}`, `{"tree":{},"nodes":[]}`,
		`{"metadata":{"realm":"alpha","entityId":"x"},"data":{"_id":"x","_type":{"_id":"OAuth2Client"},"a":"&{b|&{c}}","d":{"$int":"&{e|x"}}}`,
		`{"metadata":{"realm":"//","uid":"ou=x","entityType":"PageNode","entityId":"default/p","sunServiceID":"instance"},"data":{"nodes":["a:b:c",1]}}`,
		`{"corsServices":[1,{}],"corsServiceGlobal":{}}`, `{"meta":{},"idp":{"g":{"_type":{"_id":"googleConfig"}}},"script":{"s":{"script":"file://../x"}}}`,
	} {
		f.Add(s)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, s string) {
		path := filepath.Join(dir, "x.json")
		if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
		_, _ = transfer.ImportPath(t.Context(), deaf{}, path, "/") // must not panic
	})
}

// deaf is an interface that has nothing and takes nothing.
type deaf struct{}

func (deaf) Call(context.Context, string, string, string, any) (transfer.Answer, error) {
	return transfer.Answer{Status: 404, Body: []byte("{}")}, nil
}
