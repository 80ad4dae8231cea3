package console_test

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

const mayAct = "scripts/c735de08-f8f2-4e69-aa4a-2d8d3d438323"

func text(page string) string { return html.UnescapeString(page) }

// A script is validated with positions, tried on a sample token without being stored, and saved.
func TestScript(t *testing.T) {
	b := admin(t)
	b.api("POST", "users?_action=create", `{"username":"demo","userpassword":"Ch4ng31t"}`)
	b.has(b.open("scripts"), "OAuth2 May Act Script", "shipped")
	form := func(source string) url.Values {
		return url.Values{"name": {"OAuth2 May Act Script"}, "language": {"GROOVY"}, "source": {source}}
	}
	broken := "def a = 1\n\ndef b = = 2\n"
	page, _ := b.post(mayAct, mayAct+"/validate", form(broken), 200)
	b.has(page, `data-line="3"`, "def b = = 2", "Mistakes")
	page, _ = b.post(mayAct, mayAct, form(broken), 200)
	b.has(page, "The script was not saved")

	good := "import org.forgerock.json.JsonValue\r\nlogger.error('hello {}', scriptName)\r\ntoken.setMayAct(JsonValue.json(JsonValue.object(JsonValue.field('client_id', 'actor'))))"
	page, _ = b.post(mayAct, mayAct+"/validate", form(good), 200)
	b.has(page, "No mistakes were found.")
	trial := form(good)
	trial.Set("user", "demo")
	trial.Set("scopes", "mail write")
	trial.Set("requests", "true")
	page, _ = b.post(mayAct, mayAct+"/try", trial, 200)
	b.has(text(page), "The script ran.", `<ins>+   "may_act": {`, `<ins>+     "client_id": "actor"`, "ERROR hello", `"subname": "demo"`)
	b.has(page, `name="requests" value="true" checked`)
	if strings.Contains(b.open(mayAct), "setMayAct(JsonValue.json(JsonValue.object(JsonValue.field('client_id'") {
		t.Error("a trial stored the script")
	}
	trial.Set("source", "logger.error('on the way')\nnull.foo()")
	page, _ = b.post(mayAct, mayAct+"/try", trial, 200)
	b.has(page, "The script failed", `data-line="2"`, "on the way")
	trial.Set("user", "nobody")
	page, _ = b.post(mayAct, mayAct+"/try", trial, 200)
	b.has(page, "there is no user nobody")

	page, _ = b.post(mayAct, mayAct, form(good), 200)
	b.has(text(page), "The script was saved.", "setMayAct(JsonValue.json(JsonValue.object(JsonValue.field('client_id'")
	page, at := b.post("scripts/new", "scripts/new", url.Values{"name": {"Mine"}, "context": {"OIDC_CLAIMS"}, "language": {"JAVASCRIPT"}}, 200)
	b.has(page, "The script Mine was created.")
	mine := strings.TrimPrefix(at.Path, "/openam/console/")
	page, _ = b.post("scripts/new", "scripts/new", url.Values{"name": {"Mine"}, "context": {"OIDC_CLAIMS"}, "language": {"JAVASCRIPT"}}, 200)
	b.has(page, "already exist")
	b.post(mine, mine+"/delete", url.Values{"confirm": {"Mine"}}, 200)
	b.openAt(mine, 404)
}

// What each type of script gets and returns can be tried.
func TestTrials(t *testing.T) {
	b := admin(t)
	for context, c := range map[string][2]string{
		"OAUTH2_ACCESS_TOKEN_MODIFICATION":        {"accessToken.setField('branch', 'north')", `+   "branch": "north"`},
		"OAUTH2_EVALUATE_SCOPE":                   {"return ['mail': 'x@example.com']", `"mail": "x@example.com"`},
		"OAUTH2_AUTHORIZE_ENDPOINT_DATA_PROVIDER": {"return ['branch': 'north']", `"branch": "north"`},
		"OIDC_CLAIMS":                             {"import org.forgerock.oauth2.core.UserInfoClaims\nreturn new UserInfoClaims(['given_name': 'Ada'], [:])", `"given_name": "Ada"`},
	} {
		page, at := b.post("scripts/new", "scripts/new", url.Values{"name": {"Trial of " + context}, "context": {context}, "language": {"GROOVY"}}, 200)
		if !strings.Contains(at.Path, "scripts/") || strings.HasSuffix(at.Path, "new") {
			t.Fatalf("%s: %s", context, page)
		}
		script := strings.TrimPrefix(at.Path, "/openam/console/")
		page, _ = b.post(script, script+"/try", url.Values{"name": {"x"}, "language": {"GROOVY"}, "source": {c[0]}}, 200)
		if !strings.Contains(text(page), c[1]) {
			t.Errorf("%s: the page does not have %q:\n%s", context, c[1], regexp.MustCompile(`(?s)id="try".*?</section>`).FindString(page))
		}
	}
}

// A page of people is read, not all of them; each page leads to the next.
func TestManyIdentities(t *testing.T) {
	const rows = 25 // of a page
	b := admin(t)
	for n := range rows + 3 {
		b.post("identities/new", "identities/new", url.Values{"username": {fmt.Sprintf("person-%02d", n)}, "password": {"Ch4ng31t"}}, 200)
	}
	page := b.open("identities?q=person")
	b.has(page, "person-00", fmt.Sprintf("person-%02d", rows-1))
	next := regexp.MustCompile(`href="[^"]*console/(identities[^"]*)" rel="next"`).FindStringSubmatch(page)
	if next == nil || strings.Contains(page, fmt.Sprintf("person-%02d", rows)) {
		t.Fatalf("the first page:\n%s", page)
	}
	page = b.open(html.UnescapeString(next[1]))
	b.has(page, fmt.Sprintf("person-%02d", rows), fmt.Sprintf("person-%02d", rows+2), "First page")
	if strings.Contains(page, `rel="next"`) || strings.Contains(page, "person-00") {
		t.Errorf("the last page:\n%s", page)
	}
}

// People are created, changed, signed out and deleted.
func TestIdentities(t *testing.T) {
	b := admin(t)
	page, _ := b.post("identities/new", "identities/new", url.Values{"username": {"demo"}, "password": {"short"}}, 200)
	b.has(page, "Minimum password length is 8.", `value="demo"`)
	b.post("identities/new", "identities/new", url.Values{"username": {"demo"}, "password": {"Ch4ng31t"}, "mail": {"demo@example.com"}, "cn": {"Demo User"}}, 200)
	b.has(b.open("identities?q=USER"), "demo@example.com")
	b.has(b.open("identities?q=zzz"), "Nobody has this in their name")
	b.has(b.open("search?q=uSer"), `identities/demo"`)

	u := b.stranger()
	u.signIn("demo", "Ch4ng31t")
	b.has(b.open("identities/demo"), "End all sessions", "Last used")
	page, _ = b.post("identities/demo", "identities/demo", url.Values{"mail": {"new@example.com"}, "cn": {"Demo User"}, "sn": {"User"}, "status": {"Active"}, "other": {"postalCode=123\r\nl=Bergen\r\nl=Oslo"}}, 200)
	b.has(page, "The identity demo was saved.", "new@example.com", "l=Bergen\nl=Oslo\npostalCode=123")
	page, _ = b.post("identities/demo", "identities/demo", url.Values{"mail": {"new@example.com"}, "cn": {"Demo User"}, "sn": {"User"}, "status": {"Active"}, "other": {"l=Oslo"}}, 200)
	b.has(page, "l=Oslo")
	if strings.Contains(page, "postalCode") || strings.Contains(page, "l=Bergen") {
		t.Errorf("attributes that were taken away are there:\n%s", page)
	}
	b.post("identities/demo", "identities/demo/logout", url.Values{}, 200)
	b.has(b.open("identities/demo"), "No sessions.")
	b.post("identities/demo", "identities/demo/password", url.Values{"password": {"Another-1"}}, 200)
	b.stranger().signIn("demo", "Another-1")
	page, _ = b.post("identities/demo", "identities/demo/delete", url.Values{"confirm": {"Demo"}}, 200)
	b.has(page, "Nothing was deleted")
	b.post("identities/demo", "identities/demo/delete", url.Values{"confirm": {"demo"}}, 200)
	b.openAt("identities/demo", 404)
}

// Agents of gateways and trusted issuers.
func TestAgents(t *testing.T) {
	b := admin(t)
	page, _ := b.post("agents/new", "agents/new", url.Values{"type": {"IdentityGatewayAgent"}, "id": {"ig_agent"}, "introspection": {"Realm"}}, 200)
	b.has(page, "An agent signs in with a password")
	page, _ = b.post("agents/new", "agents/new", url.Values{"type": {"IdentityGatewayAgent"}, "id": {"ig_agent"}, "introspection": {"Realm"}, "password": {"password"}}, 200)
	b.has(page, "The agent ig_agent was created.", `<option value="Realm" selected>`)
	agent := "agents/IdentityGatewayAgent/ig_agent"
	page, _ = b.post(agent, agent, url.Values{"igTokenIntrospection": {"Realm_Subs"}, "igCdssoRedirectUrls": {"https://ig.example.com/a\nhttps://ig.example.com/b"}}, 200)
	b.has(page, `<option value="Realm_Subs" selected>`, "https://ig.example.com/a\nhttps://ig.example.com/b")
	r, err := http.NewRequest("POST", b.base+"json/authenticate?authIndexType=service&authIndexValue=Agent", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-OpenAM-Username", "ig_agent")
	r.Header.Set("X-OpenAM-Password", "password")
	b.stranger().send(r, 200) // the password was kept
	page, _ = b.post("agents/new", "agents/new", url.Values{"type": {"TrustedJwtIssuer"}, "id": {"iss"}, "issuer": {"https://idp.example.com"}, "jwks": {"https://idp.example.com/jwks"}}, 200)
	b.has(page, "https://idp.example.com/jwks")
	b.has(b.open("agents"), "Token introspection: Realm_Subs", "https://idp.example.com")
	b.post(agent, agent+"/delete", url.Values{"confirm": {"ig_agent"}}, 200)
	b.openAt(agent, 404)
}

// Sessions and tokens are found and ended.
func TestSessionsAndTokens(t *testing.T) {
	b := admin(t)
	b.api("POST", "users?_action=create", `{"username":"demo","userpassword":"Ch4ng31t"}`)
	b.api("POST", "realm-config/services/oauth-oidc?_action=create", `{}`)
	b.api("PUT", "realm-config/agents/OAuth2Client/c", `{"coreOAuth2ClientConfig":{"userpassword":"secret","scopes":["mail"]},"advancedOAuth2ClientConfig":{"grantTypes":["password","refresh_token"]}}`)
	u := b.stranger()
	u.signIn("demo", "Ch4ng31t")
	page := b.open("sessions?q=DEMO")
	handle := regexp.MustCompile(`name="handle" value="([^"]+)"`).FindStringSubmatch(page)
	if handle == nil || strings.Contains(page, ">amAdmin</th>") {
		t.Fatalf("sessions of demo:\n%s", page)
	}
	b.post("sessions", "sessions", url.Values{"handle": {html.UnescapeString(handle[1])}}, 200)
	b.has(b.open("sessions?q=demo"), "Nobody is signed in")

	issue := func() string {
		r, err := http.NewRequest("POST", b.base+"oauth2/access_token", strings.NewReader("grant_type=password&username=demo&password=Ch4ng31t&scope=mail"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth("c", "secret")
		answer, _ := u.send(r, 200)
		return regexp.MustCompile(`"access_token":"([^"]+)"`).FindStringSubmatch(answer)[1]
	}
	token := issue()
	page, _ = b.post("tokens", "tokens/check", url.Values{"token": {token}}, 200)
	b.has(text(page), `"client_id": "c"`, `"mail"`)
	b.has(b.open("tokens?user=demo"), ">refresh<", ">access<")
	b.has(b.open("tokens?user=demo&client=other"), "No live tokens")
	b.has(b.open("identities/demo"), "Applications that hold tokens", `applications/c"`)
	// Ending the refresh token ends all that was granted with it.
	page = b.open("tokens?client=c")
	if strings.Contains(page, token) {
		t.Error("the page shows the token")
	}
	id := regexp.MustCompile(`(?s)>refresh<.*?name="id" value="([^"]+)"`).FindStringSubmatch(page)
	page, at := b.post("tokens?client=c", "tokens", url.Values{"id": {html.UnescapeString(id[1])}, "client": {"c"}}, 200)
	if at.Query().Get("client") != "c" {
		t.Errorf("after revoking the browser is at %s", at)
	}
	b.has(page, "No live tokens")
	page, _ = b.post("tokens", "tokens/check", url.Values{"token": {token}}, 200)
	b.has(page, "This is no live access token of the realm.")
	issue()
	b.post("identities/demo", "identities/demo/grants/delete", url.Values{"client": {"c"}}, 200)
	b.has(b.open("tokens?user=demo"), "No live tokens")
}

// A key is rotated: a new one signs, the old one stays published.
func TestKeys(t *testing.T) {
	b := admin(t)
	b.api("POST", "realm-config/services/oauth-oidc?_action=create", `{}`)
	jwks := func() string {
		r, err := http.NewRequest("GET", b.base+"oauth2/connect/jwk_uri", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := b.send(r, 200)
		return answer
	}
	row := regexp.MustCompile(`(?s)oidc\.signing\.ES256</code>.*?EC P-256 <code class="soft long">([^<]+)<`)
	before := row.FindStringSubmatch(b.open("keys"))[1]
	page, _ := b.post("keys", "keys/rotate", url.Values{"label": {"am.services.oauth2.oidc.signing.ES256"}}, 200)
	b.has(page, "The key of am.services.oauth2.oidc.signing.ES256 was rotated.", before, "former")
	after := row.FindStringSubmatch(page)[1]
	if after == before {
		t.Error("the active key is the old one")
	}
	b.has(jwks(), before, after)
	page, _ = b.post("keys", "keys/stores", url.Values{"kind": {"KeyStoreSecretStore"}, "name": {"own"}, "place": {"relative.p12"}, "storetype": {"PKCS12"}}, 200)
	b.has(page, "file: an absolute path is needed", `value="relative.p12"`)
	b.has(b.open("keys/stores/default-keystore"), "am.services.oauth2.oidc.signing.RSA")
	dir := t.TempDir()
	b.post("keys", "keys/stores", url.Values{"kind": {"FileSystemSecretStore"}, "name": {"passwords"}, "place": {dir}}, 200)
	b.has(b.open("keys"), "passwords", dir)
	b.post("keys", "keys/folders/passwords/delete", url.Values{"confirm": {"passwords"}}, 200)
	if strings.Contains(b.open("keys"), dir) {
		t.Error("the folder is still there")
	}
}

// A group is made, given a setting and chosen; what a client inherits is changed with the group until the client says it
// itself.
func TestAgentGroups(t *testing.T) {
	b := admin(t)
	const client, scopes, group = "applications/c", "coreOAuth2ClientConfig.scopes", "agent-groups/OAuth2Client/web"
	b.api("PUT", "realm-config/agents/OAuth2Client/c", `{"coreOAuth2ClientConfig":{"userpassword":"secret","scopes":["mail"]}}`)
	page, _ := b.post("agent-groups", "agent-groups", url.Values{"type": {"OAuth2Client"}, "id": {"web"}}, 200)
	b.has(page, "The group web was created", "Nobody is in this group")
	page, _ = b.post("agent-groups", "agent-groups", url.Values{"type": {"OAuth2Client"}, "id": {"web"}}, 200)
	b.has(page, "There is a group web already")
	b.post("agent-groups", "agent-groups", url.Values{"type": {"Toaster"}, "id": {"web"}}, 404)
	page, _ = b.post(group, group, url.Values{scopes: {"read\nwrite"}}, 200)
	b.has(page, "The settings were saved")
	page, _ = b.post(client+"/advanced", client+"/advanced", url.Values{"coreOAuth2ClientConfig.agentgroup": {"web"}}, 200)
	b.has(page, "From the group web")
	read := func() map[string]any { return b.api("GET", "realm-config/agents/OAuth2Client/c", "") }
	core := func() map[string]any { return read()["coreOAuth2ClientConfig"].(map[string]any) }
	if got := core()["scopes"].(map[string]any); got["inherited"] != false {
		t.Errorf("the scopes are %v", got)
	}
	b.post(client, client, url.Values{scopes: {"ignored"}, scopes + ".inherited": {"true"}}, 200)
	if got := core()["scopes"].(map[string]any); got["inherited"] != true || !reflect.DeepEqual(got["value"], []any{"read", "write"}) {
		t.Errorf("the scopes are %v", got)
	}
	// A page that does not show a setting leaves it to the group.
	b.post(client+"/credentials", client+"/credentials", url.Values{"secret": {"other"}}, 200)
	b.post(client, client, url.Values{"coreOAuth2ClientConfig.redirectionUris": {"https://c.example.com/"}}, 200)
	if got := core(); got["scopes"].(map[string]any)["inherited"] != true || got["agentgroup"] != "web" {
		t.Errorf("the client is %v", got)
	}
	b.has(b.open(group), "/console/applications/c", "Delete this group")
	b.post(client+"/advanced", client+"/advanced", url.Values{"coreOAuth2ClientConfig.agentgroup": {""}, scopes: {""}, scopes + ".inherited": {"true"}}, 200)
	if got := core(); got["agentgroup"] != nil || !reflect.DeepEqual(got["scopes"].(map[string]any)["value"], []any{"read", "write"}) {
		t.Errorf("the client is %v", got)
	}
	page, _ = b.post(group, group+"/delete", url.Values{"confirm": {"no"}}, 200)
	b.has(page, "Nothing was deleted")
	page, _ = b.post(group, group+"/delete", url.Values{"confirm": {"web"}}, 200)
	b.has(page, "The group web was deleted", "No groups yet")
	if strings.Contains(b.open(client), "From the group") {
		t.Error("a client without a group is offered the group's values")
	}
}
