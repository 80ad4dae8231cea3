package am_test

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/jose"
)

const plugRedirect = "https://app.example.com/cb"

// plugPoint is a place where a realm's script decides, with scripts that do the same in each dialect, and what shows that
// they ran.
type plugPoint struct {
	context  string
	settings func(script string) map[string]any
	// scripts by dialect: "Groovy", "JavaScript", "newer JavaScript".
	scripts map[string]string
	// shows makes a request that runs the script, and tells whether it had its effect; refused is the answer when the
	// script fails.
	shows   func(p *plugSite) (reply, bool)
	refused string
}

// plugSite is a server with a user, and a client that may do everything.
type plugSite struct {
	*site
	session string
	issuer  *jose.Signer
	keys    string // public ones, of the issuer
}

func (p *plugSite) token(form url.Values) reply {
	form.Set("client_id", "app")
	form.Set("client_secret", "secret")
	return p.send("POST", "/oauth2/access_token", form)
}

func (p *plugSite) password(scope string) reply {
	return p.token(url.Values{"grant_type": {"password"}, "username": {"demo"}, "password": {"Ch4ng31t"}, "scope": {scope}})
}

func plugins(group string, values map[string]any) map[string]any {
	return map[string]any{group: values}
}

func ofPlugin(name string) func(string) map[string]any {
	return func(script string) map[string]any {
		return plugins("pluginsConfig", map[string]any{name + "PluginType": "SCRIPTED", name + "Script": script})
	}
}

func member(r reply, name string) any { return r.body[name] }

func plugPoints() []plugPoint {
	return []plugPoint{
		{
			context: "OAUTH2_ACCESS_TOKEN_MODIFICATION", settings: ofPlugin("accessTokenModification"), refused: "Error running access token modification script",
			scripts: map[string]string{
				"Groovy":           `accessToken.setField("mail", identity.getAttribute("mail").toArray()[0]); accessToken.addExtraData("client", clientProperties.clientId)`,
				"JavaScript":       `accessToken.setField("mail", identity.getAttribute("mail").toArray()[0]); accessToken.addExtraData("client", clientProperties.get("clientId"));`,
				"newer JavaScript": `accessToken.setField("mail", identity.getAttributeValues("mail")[0]); accessToken.addExtraData("client", clientProperties.clientId);`,
			},
			shows: func(p *plugSite) (reply, bool) {
				got := p.password("read")
				token, _ := member(got, "access_token").(string)
				seen := p.send("POST", "/oauth2/introspect", url.Values{"token": {token}, "client_id": {"app"}, "client_secret": {"secret"}})
				return got, seen.body["mail"] == "demo@example.com" && got.body["client"] == "app"
			},
		},
		{
			context: "OAUTH2_MAY_ACT", refused: "Error running may_act script",
			settings: func(script string) map[string]any {
				return plugins("coreOAuth2Config", map[string]any{"accessTokenMayActScript": script})
			},
			scripts: map[string]string{
				"Groovy": `import org.forgerock.json.JsonValue
token.setMayAct(JsonValue.json(JsonValue.object(JsonValue.field("client_id", "app"))))`,
				"JavaScript": `(function () {
					var frJava = JavaImporter(org.forgerock.json.JsonValue), mayAct = frJava.JsonValue.json(frJava.JsonValue.object());
					mayAct.put("client_id", "app"); token.setMayAct(mayAct); }());`,
				"newer JavaScript": `token.setMayAct({client_id: "app"});`,
			},
			shows: func(p *plugSite) (reply, bool) {
				got := p.password("read")
				token, _ := member(got, "access_token").(string)
				seen := p.send("POST", "/oauth2/introspect", url.Values{"token": {token}, "client_id": {"app"}, "client_secret": {"secret"}})
				return got, at(seen.body, "may_act", "client_id") == "app"
			},
		},
		{
			context: "OIDC_CLAIMS", settings: ofPlugin("oidcClaims"), refused: "Error running OIDC claims script",
			scripts: map[string]string{
				"Groovy": `import org.forgerock.oauth2.core.UserInfoClaims
new UserInfoClaims([sub: claims.sub, likes: identity.getAttribute("mail").toArray()[0]], [:])`,
				"JavaScript": `(function () {
					var frJava = JavaImporter(org.forgerock.oauth2.core.UserInfoClaims), values = new java.util.HashMap();
					values.put("likes", identity.getAttribute("mail").toArray()[0]);
					return new frJava.UserInfoClaims(values, new java.util.HashMap()); }());`,
				"newer JavaScript": `(() => ({values: {likes: identity.getAttributeValues("mail")[0]}, compositeScopes: {}}))();`,
			},
			shows: func(p *plugSite) (reply, bool) {
				token, _ := member(p.password("openid profile"), "access_token").(string)
				got := p.send("GET", "/oauth2/userinfo", nil, "Authorization", "Bearer "+token)
				return got, got.body["likes"] == "demo@example.com" && got.body["sub"] == "(usr!demo)"
			},
		},
		{
			context: "OAUTH2_EVALUATE_SCOPE", settings: ofPlugin("evaluateScope"), refused: "Error running scope evaluation script",
			scripts: map[string]string{
				"Groovy":           `[seen: identity.getAttribute("mail").toArray()[0]]`,
				"JavaScript":       `(function () { var m = new java.util.HashMap(); m.put("seen", identity.getAttribute("mail").iterator().next()); return m; }());`,
				"newer JavaScript": `({seen: identity.getAttributeValues("mail")[0]});`,
			},
			shows: func(p *plugSite) (reply, bool) {
				token, _ := member(p.password("read"), "access_token").(string)
				got := p.send("GET", "/oauth2/tokeninfo", nil, "Authorization", "Bearer "+token)
				return got, got.body["seen"] == "demo@example.com"
			},
		},
		{
			context: "OAUTH2_VALIDATE_SCOPE", settings: ofPlugin("validateScope"), refused: "Error running scope validation script",
			scripts: map[string]string{
				"Groovy": `def pick() { requestedScopes.findAll { it != "write" } }
def validateAuthorizationScope() { pick() }
def validateAccessTokenScope() { pick() }
def validateRefreshTokenScope() { pick() }
def validateBackChannelAuthorizationScope() { pick() }`,
				"JavaScript": `function pick() { var s = new java.util.HashSet(requestedScopes); s.remove("write"); return s; }
function validateAuthorizationScope() { return pick(); }
function validateAccessTokenScope() { return pick(); }
function validateRefreshTokenScope() { return pick(); }
function validateBackChannelAuthorizationScope() { return pick(); }`,
				"newer JavaScript": `const pick = () => requestedScopes.filter(s => s !== "write");
function validateAuthorizationScope() { return pick(); }
function validateAccessTokenScope() { return pick(); }
function validateRefreshTokenScope() { return pick(); }
function validateBackChannelAuthorizationScope() { return pick(); }`,
			},
			shows: func(p *plugSite) (reply, bool) {
				got := p.password("read write")
				return got, got.body["scope"] == "read"
			},
		},
		{
			context: "OAUTH2_AUTHORIZE_ENDPOINT_DATA_PROVIDER", settings: ofPlugin("authorizeEndpointDataProvider"), refused: "Error running authorize endpoint data script",
			scripts: map[string]string{
				"Groovy":           `[who: session.getProperty("UserId")]`,
				"JavaScript":       `(function () { var m = new java.util.HashMap(); m.put("who", session.getProperty("UserId")); return m; }());`,
				"newer JavaScript": `({who: session.getProperty("UserId")});`,
			},
			shows: func(p *plugSite) (reply, bool) {
				got := p.send("POST", "/oauth2/authorize", url.Values{
					"client_id": {"app"}, "response_type": {"code"}, "redirect_uri": {plugRedirect}, "scope": {"read"}, "decision": {"allow"}, "csrf": {p.session},
				}, "Cookie", "iPlanetDirectoryPro="+p.session)
				where, err := url.Parse(got.Header.Get("Location"))
				if err != nil {
					return got, false
				}
				got.body = map[string]any{"error_description": where.Query().Get("error_description")}
				return got, where.Query().Get("who") == "demo" && where.Query().Get("code") != ""
			},
		},
		{
			context: "OAUTH2_SCRIPTED_JWT_ISSUER", refused: "Error running JWT issuer script",
			settings: func(script string) map[string]any {
				return plugins("gatehouseConfig", map[string]any{"jwtIssuerScript": script})
			},
			scripts: map[string]string{
				"Groovy":           `new org.forgerock.oauth2.core.TrustedJwtIssuerConfig(issuer, "sub", null, null, 'KEYS', null, null, null)`,
				"JavaScript":       `new org.forgerock.oauth2.core.TrustedJwtIssuerConfig(issuer, "sub", null, null, 'KEYS', null, null, null);`,
				"newer JavaScript": `({issuer: issuer, resourceOwnerIdentityClaim: "sub", jwkSet: 'KEYS'});`,
			},
			shows: func(p *plugSite) (reply, bool) {
				now := p.clock.Now()
				assertion, err := p.issuer.SignClaims(map[string]any{
					"iss": "https://partner.example", "sub": "demo", "aud": p.base + "/oauth2/access_token", "exp": now.Add(time.Minute).Unix(), "jti": uuid.NewString(),
				})
				if err != nil {
					p.t.Fatal(err)
				}
				got := p.token(url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion}, "scope": {"read"}})
				return got, got.StatusCode == 200
			},
		},
		{
			context: "OAUTH2_DYNAMIC_CLIENT_REGISTRATION", refused: "Error running dynamic client registration script",
			settings: func(script string) map[string]any {
				return plugins("clientDynamicRegistrationConfig", map[string]any{"allowDynamicRegistration": true, "dynamicClientRegistrationScript": script})
			},
			scripts: map[string]string{
				"JavaScript": `if (operation.equals("CREATE") && !clientIdentity.isAIAgent()) {
					clientIdentity.setAttribute("contacts", [clientIdentity.getAttributeValues("clientName").get(0) + "@example.com"]);
					clientIdentity.setAttribute("com.forgerock.openam.oauth2provider.accessTokenLifetime", ["60"]);
					clientIdentity.store(); }`,
				"newer JavaScript": `if (operation === "CREATE" && !clientIdentity.isAIAgent()) {
					clientIdentity.setAttribute("contacts", [clientIdentity.getAttributeValues("clientName")[0] + "@example.com"]);
					clientIdentity.setAttribute("accessTokenLifetime", ["60"]);
					clientIdentity.store(); }`,
			},
			shows: func(p *plugSite) (reply, bool) {
				got := p.send("POST", "/oauth2/register", map[string]any{"client_name": "me", "grant_types": []string{"client_credentials"}, "scope": "read", "token_endpoint_auth_method": "client_secret_post"})
				id, _ := member(got, "client_id").(string)
				secret, _ := member(got, "client_secret").(string)
				token := p.send("POST", "/oauth2/access_token", url.Values{"grant_type": {"client_credentials"}, "scope": {"read"}, "client_id": {id}, "client_secret": {secret}})
				contacts, _ := member(got, "contacts").([]any)
				return got, len(contacts) == 1 && contacts[0] == "me@example.com" && token.body["expires_in"] == 59.0
			},
		},
	}
}

// Every plug point runs scripts of every dialect that it has, stops those that never end or want all memory, and answers
// as documented when one fails.
func TestPlugPoints(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	const service = "/json/realm-config/services/oauth-oidc"
	admin("POST", service+"?_action=create", map[string]any{}).want(t, 201)
	admin("PUT", "/json/realm-config/agents/OAuth2Client/app", map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": "secret", "scopes": []string{"read", "write", "openid", "profile"}, "redirectionUris": []string{plugRedirect}},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"password", "authorization_code", "client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"}, "tokenEndpointAuthMethod": "client_secret_post"},
	}).want(t, 201)
	admin("POST", "/json/users?_action=create", map[string]any{"username": "demo", "userpassword": "Ch4ng31t", "mail": "demo@example.com"}).want(t, 201)
	key, err := jose.Generate(jose.KindP256)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(key, jose.ES256, jose.SignerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := json.Marshal(jose.NewKeySet(key).Public())
	if err != nil {
		t.Fatal(err)
	}
	p := &plugSite{s, s.login("/json/authenticate", "demo", "Ch4ng31t"), signer, string(keys)}
	dialects := []struct{ name, language, suffix, endless, broken, hungry string }{
		{"Groovy", "GROOVY", "", "while (true) { }", "throw new RuntimeException('private')", "def a = []\nwhile (true) { a << 'x' * 100000 }"},
		{"JavaScript", "JAVASCRIPT", "", "while (true) { }", "throw 'private';", "var a = []; while (true) { a.push(new java.util.ArrayList()); }"},
		{"newer JavaScript", "JAVASCRIPT", "_NEXT_GEN", "for (;;) { }", "throw new Error('private');", "const a = []; for (let i = 0; ; i++) { a.push('x'.repeat(100000) + i); }"},
	}
	for i, point := range plugPoints() {
		for _, d := range dialects {
			source, ok := point.scripts[d.name]
			if !ok {
				continue
			}
			t.Run(point.context+", "+d.name, func(t *testing.T) {
				if got, shown := point.shows(p); shown || got.StatusCode >= 500 {
					t.Fatalf("before there is a script: %d %s", got.StatusCode, got.raw)
				}
				write := func(id, source string) string {
					version := "1.0"
					if d.suffix != "" {
						version = "2.0"
					}
					body := map[string]any{
						"name": point.context + d.name + id, "language": d.language, "context": point.context + d.suffix, "evaluatorVersion": version,
						"script": base64.StdEncoding.EncodeToString([]byte(source)),
					}
					made := admin("POST", "/json/scripts?_action=create", body).want(t, 201)
					uuid, _ := made["_id"].(string)
					return uuid
				}
				use := func(script string) {
					t.Helper()
					settings := point.settings(script)
					scopes, _ := settings["advancedOAuth2Config"].(map[string]any)
					if scopes == nil {
						scopes = map[string]any{}
					}
					scopes["supportedScopes"] = []string{"read"}
					settings["advancedOAuth2Config"] = scopes
					admin("PUT", service, settings).want(t, 200)
				}
				defer func() { admin("PUT", service, map[string]any{}).want(t, 200) }()
				use(write(" works", strings.ReplaceAll(source, "KEYS", p.keys)))
				if got, shown := point.shows(p); !shown {
					t.Errorf("the script has no effect: %d %s %v", got.StatusCode, got.raw, got.Header["Location"])
				}
				failing := map[string]string{" broken": d.broken}
				if i == 0 || d.language == "GROOVY" { // JavaScript takes long to fill its memory; the limits are the same everywhere
					failing[" hungry"] = d.hungry
				}
				if i == 0 {
					failing[" endless"] = d.endless
				}
				for name, text := range failing {
					use(write(name, text))
					got, shown := point.shows(p)
					description, _ := got.body["error_description"].(string)
					if shown || description != point.refused || strings.Contains(got.raw, "private") {
						raw, _ := json.Marshal(got.body)
						t.Errorf("%s: %d %s", name, got.StatusCode, raw)
					}
				}
			})
		}
	}
}
