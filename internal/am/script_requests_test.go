package am_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Scripts of a journey, of access tokens and of claims ask a server that wants a secret from the realm's stores.
func TestScriptsAskServers(t *testing.T) {
	j := newJourneys(t)
	var transactions []string
	asked := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		transactions = append(transactions, r.Header.Get("X-ForgeRock-TransactionId"))
		if _, password, _ := r.BasicAuth(); password != "pass wd" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"risk": "low", "of": r.URL.Query().Get("user")})
	}))
	t.Cleanup(asked.Close)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "scripted.node.risk"), []byte("pass wd\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	j.admin("PUT", "/json/realm-config/secrets/stores/FileSystemSecretStore/scripts", map[string]any{"directory": dir, "format": "PLAIN"}).want(t, 201)
	const service = "/json/realm-config/services/oauth-oidc"
	settings := func(hosts ...string) map[string]any {
		return map[string]any{
			"gatehouseConfig":      map[string]any{"allowedFetchHosts": hosts},
			"advancedOAuth2Config": map[string]any{"supportedScopes": []string{"read", "openid"}},
			"pluginsConfig": map[string]any{
				"accessTokenModificationPluginType": "SCRIPTED", "accessTokenModificationScript": "11111111-0000-4000-8000-000000000001",
				"oidcClaimsPluginType": "SCRIPTED", "oidcClaimsScript": "11111111-0000-4000-8000-000000000002",
			},
		}
	}
	host := strings.TrimPrefix(asked.URL, "http://")
	j.admin("POST", service+"?_action=create", map[string]any{}).want(t, 201)
	j.admin("PUT", "/json/realm-config/agents/OAuth2Client/app", map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": "secret", "scopes": []string{"read", "openid"}},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"password"}, "tokenEndpointAuthMethod": "client_secret_post"},
	}).want(t, 201)
	const ask = `function ask(user) {
  var password = secrets.getGenericSecret("scripted.node.risk").getAsUtf8();
  var response = httpClient.send("SERVER/?user=" + user, {
    headers: {"Authorization": "Basic ".concat(utils.base64.encode("gate:" + password))}
  }).get();
  if (!response.ok) { throw new Error("status " + response.status); }
  return response.json();
}
`
	write := func(id, language, context, source string) {
		j.script(id, language, context, strings.ReplaceAll(source, "SERVER", asked.URL))
	}
	write("11111111-0000-4000-8000-000000000001", "GROOVY", "OAUTH2_ACCESS_TOKEN_MODIFICATION", `
import org.forgerock.http.protocol.Request
def password = secrets.getGenericSecret("scripted.node.risk").getAsUtf8()
def request = new Request()
request.setUri("SERVER/?user=" + identity.getName())
request.setMethod("GET")
request.getHeaders().add("Authorization", "Basic " + ("gate:" + password).bytes.encodeBase64())
def response = httpClient.send(request).get()
if (!response.status.successful) { throw new RuntimeException("status ${response.status.code}") }
accessToken.setField("risk", response.entity.json.risk)
accessToken.setField("branch", requestProperties.requestHeaders["X-Branch"][0])
accessToken.setField("hidden", requestProperties.requestHeaders["Cookie"])`)
	j.admin("PUT", "/json/scripts/11111111-0000-4000-8000-000000000002", map[string]any{
		"name": "claims", "language": "JAVASCRIPT", "context": "OIDC_CLAIMS_NEXT_GEN", "evaluatorVersion": "2.0",
		"script": base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(ask, "SERVER", asked.URL) +
			`(function () { return {values: Object.assign({}, claims, {risk_of: ask(identity.getName()).of}), compositeScopes: {}}; }());`)),
	}).want(t, 201)
	write("11111111-0000-4000-8000-000000000003", "JAVASCRIPT", "SCRIPTED_DECISION_NODE", ask+`
try {
  nodeState.putShared("risk", ask("demo").risk);
  action.goTo("true").putSessionProperty("risk", nodeState.get("risk")).withMaxSessionTime(20).withMaxIdleTime(10);
} catch (e) {
  logger.error("no risk: " + e.message);
  action.goTo("false");
}`)
	write("11111111-0000-4000-8000-000000000004", "JAVASCRIPT", "AUTHENTICATION_TREE_DECISION_NODE", `
var fr = JavaImporter(org.forgerock.openam.auth.node.api.Action, org.forgerock.http.protocol.Request);
var password = secrets.getGenericSecret("scripted.node.risk").getAsUtf8();
var request = new fr.Request();
request.setUri("SERVER/?user=demo");
request.getHeaders().add("Authorization", "Basic " + java.util.Base64.getEncoder().encodeToString(java.lang.String("gate:" + password).getBytes()));
var response = httpClient.send(request).get();
outcome = JSON.parse(response.getEntity().getString()).risk === "low" ? "true" : "false";`)
	for name, script := range map[string]string{"Newer": "11111111-0000-4000-8000-000000000003", "Older": "11111111-0000-4000-8000-000000000004"} {
		j.tree(name,
			node{id: "name" + name, kind: "ZeroPageLoginNode", settings: map[string]any{"usernameHeader": "X-OpenAM-Username", "passwordHeader": "X-OpenAM-Password"}, to: map[string]string{"true": "data" + name, "false": failure}},
			node{id: "data" + name, kind: "DataStoreDecisionNode", to: map[string]string{"true": "ask" + name, "false": failure}},
			node{id: "ask" + name, kind: "ScriptedDecisionNode", settings: map[string]any{"script": script, "outcomes": []string{"true", "false"}}, to: map[string]string{"true": success, "false": failure}})
	}
	signIn := func(tree string) reply {
		return j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue="+tree, "{}", "X-OpenAM-Username", "demo", "X-OpenAM-Password", "Ch4ng31t")
	}
	token := func() reply {
		return j.send("POST", "/oauth2/access_token", url.Values{
			"grant_type": {"password"}, "username": {"demo"}, "password": {"Ch4ng31t"}, "scope": {"read openid"}, "client_id": {"app"}, "client_secret": {"secret"},
		}, "X-ForgeRock-TransactionId", "tx-of-the-token", "X-Branch", "north", "Cookie", "crumb=c")
	}

	// The host is internal and on no list.
	j.admin("PUT", service, settings()).want(t, 200)
	if got := token(); got.StatusCode != 500 || got.body["error_description"] != "Error running access token modification script" {
		t.Errorf("an internal address: %d %s", got.StatusCode, got.raw)
	}
	signIn("Newer").want(t, 401)
	if len(transactions) > 0 {
		t.Fatal("the server was asked")
	}

	j.admin("PUT", service, settings(host)).want(t, 200)
	issued := token().want(t, 200)
	access, _ := issued["access_token"].(string)
	if len(transactions) == 0 || transactions[0] != "tx-of-the-token" {
		t.Errorf("transactions = %v", transactions)
	}
	seen := j.send("POST", "/oauth2/introspect", url.Values{"token": {access}, "client_id": {"app"}, "client_secret": {"secret"}}).want(t, 200)
	if seen["risk"] != "low" || seen["branch"] != "north" || seen["hidden"] != nil {
		t.Errorf("introspection: %v", seen)
	}
	if info := j.send("GET", "/oauth2/userinfo", nil, "Authorization", "Bearer "+access).want(t, 200); info["risk_of"] != "demo" {
		t.Errorf("user info: %v", info)
	}
	signIn("Older").want(t, 200)
	signedIn := signIn("Newer").want(t, 200)
	sess, err := j.server.Login().Find(t.Context(), fmt.Sprint(signedIn["tokenId"]))
	if err != nil || sess.Properties["risk"] != "low" || sess.MaxLife != 20*time.Minute || sess.MaxIdle != 10*time.Minute {
		t.Errorf("session: %+v, %v", sess, err)
	}

	// Another secret, from a store that changed.
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "scripted.node.risk"), []byte("wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	j.admin("PUT", "/json/realm-config/secrets/stores/FileSystemSecretStore/scripts", map[string]any{"directory": other, "format": "PLAIN"}).want(t, 200)
	signIn("Newer").want(t, 401)
	if got := token(); got.StatusCode != 500 {
		t.Errorf("a wrong secret: %d %s", got.StatusCode, got.raw)
	}
}

// Library scripts of a realm are there for its other scripts, and follow their changes.
func TestLibraryScripts(t *testing.T) {
	j := newJourneys(t)
	library := func(source string) map[string]any {
		return map[string]any{"name": "outcomes", "language": "JAVASCRIPT", "context": "LIBRARY", "script": base64.StdEncoding.EncodeToString([]byte(source))}
	}
	const id = "/json/scripts/22222222-0000-4000-8000-000000000001"
	made := j.admin("PUT", id, library(`exports.pick = function () { return "true"; };`)).want(t, 201)
	if made["evaluatorVersion"] != "2.0" {
		t.Errorf("made: %v", made)
	}
	j.admin("PUT", id, library(`exports.pick = ;`)).want(t, 400)
	j.script("22222222-0000-4000-8000-000000000002", "JAVASCRIPT", "SCRIPTED_DECISION_NODE", `action.goTo(require("outcomes").pick());`)
	j.tree("Library",
		node{id: "nameLibrary", kind: "ZeroPageLoginNode", settings: map[string]any{"usernameHeader": "X-OpenAM-Username", "passwordHeader": "X-OpenAM-Password"}, to: map[string]string{"true": "dataLibrary", "false": failure}},
		node{id: "dataLibrary", kind: "DataStoreDecisionNode", to: map[string]string{"true": "pickLibrary", "false": failure}},
		node{id: "pickLibrary", kind: "ScriptedDecisionNode", settings: map[string]any{"script": "22222222-0000-4000-8000-000000000002", "outcomes": []string{"true", "false"}}, to: map[string]string{"true": success, "false": failure}})
	signIn := func() int {
		return j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Library", "{}", "X-OpenAM-Username", "demo", "X-OpenAM-Password", "Ch4ng31t").StatusCode
	}
	if got := signIn(); got != 200 {
		t.Errorf("with the library: %d", got)
	}
	j.admin("PUT", id, library(`exports.pick = function () { return "false"; };`)).want(t, 200)
	if got := signIn(); got != 401 {
		t.Errorf("with another: %d", got)
	}
	j.admin("DELETE", id, nil).want(t, 200)
	if got := signIn(); got < 400 {
		t.Errorf("without: %d", got)
	}
	// A trial has libraries, and sends no requests.
	j.admin("PUT", id, library(`exports.pick = function () { return "true"; };`)).want(t, 201)
	j.admin("PUT", "/json/realm-config/agents/OAuth2Client/app", map[string]any{"coreOAuth2ClientConfig": map[string]any{"userpassword": "secret", "scopes": []string{"read"}}}).want(t, 201)
	try := func(source string) reply {
		return j.admin("POST", "/json/scripts?_action=try", map[string]any{
			"language": "JAVASCRIPT", "context": "OAUTH2_ACCESS_TOKEN_MODIFICATION_NEXT_GEN", "evaluatorVersion": "2.0", "client": "app", "user": "demo",
			"script": base64.StdEncoding.EncodeToString([]byte(source)),
		})
	}
	if got := try(`accessToken.setField("x", require("outcomes").pick());`).want(t, 200); at(got, "after", "x") != "true" {
		t.Errorf("a trial: %v", got)
	}
	for _, source := range []string{`httpClient.send("https://example.com/").get();`, `secrets.getGenericSecret("scripted.node.x");`} {
		if got := try(source).want(t, 200); got["success"] != false || !strings.Contains(at(list(got["errors"])[0], "message").(string), "from here") {
			t.Errorf("a trial of %s: %v", source, got)
		}
	}
}

// A scripted decision that fails ends the sign-in, and says nothing of why.
func TestScriptedDecisionsThatFail(t *testing.T) {
	j := newJourneys(t)
	for name, c := range map[string]struct{ language, context, source string }{
		"Broken": {"JAVASCRIPT", "SCRIPTED_DECISION_NODE", `throw new Error("private");`},
		"Older":  {"JAVASCRIPT", "AUTHENTICATION_TREE_DECISION_NODE", `throw "private";`},
		"Groovy": {"GROOVY", "AUTHENTICATION_TREE_DECISION_NODE", `throw new RuntimeException("private")`},
		"Hungry": {"GROOVY", "AUTHENTICATION_TREE_DECISION_NODE", "def a = []\nwhile (true) { a << 'private' * 10000 }"},
		"Slow":   {"JAVASCRIPT", "SCRIPTED_DECISION_NODE", `for (;;) { }`},
		"Silent": {"JAVASCRIPT", "SCRIPTED_DECISION_NODE", `var private = 1;`},
		"Wrong":  {"JAVASCRIPT", "SCRIPTED_DECISION_NODE", `action.goTo("private");`},
		"Absent": {"JAVASCRIPT", "SCRIPTED_DECISION_NODE", `openidm.read("managed/user/private");`},
	} {
		t.Run(name, func(t *testing.T) {
			id := "33333333-0000-4000-8000-0000" + hex.EncodeToString([]byte(name[:4]))
			j.script(id, c.language, c.context, c.source)
			j.tree(name, node{id: "ask" + name, kind: "ScriptedDecisionNode", settings: map[string]any{"script": id, "outcomes": []string{"true"}}, to: map[string]string{"true": success}})
			got := j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue="+name, "{}")
			if got.StatusCode != 500 || got.body["tokenId"] != nil || strings.Contains(got.raw, "private") {
				t.Errorf("%d %s", got.StatusCode, got.raw)
			}
		})
	}
}

// A trial sends requests only where whoever tries the script wants that, and then within the realm's limits.
func TestTrialsAskServers(t *testing.T) {
	s := newTokenScripts(t)
	asked := 0
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = w.Write([]byte("pong"))
	}))
	t.Cleanup(other.Close)
	try := func(requests any) map[string]any {
		t.Helper()
		return s.admin("POST", "/json/realms/root/realms/alpha/scripts?_action=try", map[string]any{
			"language": "JAVASCRIPT", "context": "OAUTH2_ACCESS_TOKEN_MODIFICATION_NEXT_GEN", "evaluatorVersion": "2.0", "sendRequests": requests,
			"script": base64.StdEncoding.EncodeToString([]byte(`
accessToken.setField("got", httpClient.send("` + other.URL + `").get().text());
openidm.create("managed/user", null, {userName: "of-a-trial"});`)),
		}).want(t, 200)
	}
	failure := func(o map[string]any) string { return fmt.Sprint(o["errors"]) }
	if got := failure(try(nil)); !strings.Contains(got, "no requests are sent from here") {
		t.Errorf("without the switch: %s", got)
	}
	if got := failure(try(true)); !strings.Contains(got, "internal") || asked != 0 {
		t.Errorf("an internal address: %s, asked %d times", got, asked)
	}
	s.admin("PUT", "/json/realms/root/realms/alpha/realm-config/services/oauth-oidc", map[string]any{
		"gatehouseConfig": map[string]any{"allowedFetchHosts": []string{strings.TrimPrefix(other.URL, "http://")}},
	}).want(t, 200)
	if got := failure(try(true)); asked != 1 || !strings.Contains(got, "this is a trial") && !strings.Contains(got, "This is a trial") {
		t.Errorf("with the switch: %s, asked %d times", got, asked)
	}
	if try(false); asked != 1 {
		t.Error("a trial without the switch asked a server")
	}
	s.admin("GET", "/json/realms/root/realms/alpha/users/of-a-trial", nil).want(t, 404)
}
