package am_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am"
	"gatehouse/internal/jose"
)

// tokenScripts are a site whose realms alpha and bravo run a script of the newer dialect for each access token.
type tokenScripts struct {
	*journeys
	made int
}

func newTokenScripts(t *testing.T) *tokenScripts {
	// What a script fails with is for the log.
	j := newJourneys(t, func(o *am.Options) {
		o.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	})
	for _, name := range []string{"alpha", "bravo"} {
		j.admin("POST", "/json/global-config/realms", map[string]any{"name": name, "parentPath": "/", "active": true}).want(t, 201)
		at := "/json/realms/root/realms/" + name
		j.admin("POST", at+"/realm-config/services/oauth-oidc?_action=create", map[string]any{
			"advancedOAuth2Config": map[string]any{"supportedScopes": []string{"read"}},
		}).want(t, 201)
		j.admin("PUT", at+"/realm-config/agents/OAuth2Client/app", map[string]any{
			"coreOAuth2ClientConfig":     map[string]any{"userpassword": "secret", "scopes": []string{"read"}, "redirectionUris": []string{"https://app.example.com/cb"}},
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials", "implicit"}, "responseTypes": []string{"token"}, "isConsentImplied": true},
		}).want(t, 201)
		j.admin("PUT", at+"/users/demo", map[string]any{"userpassword": "Ch4ng31t", "mail": "demo@example.com"}).want(t, 201)
	}
	return &tokenScripts{journeys: j}
}

// plug makes the realm run the script.
func (s *tokenScripts) plug(realm, source string) {
	s.t.Helper()
	s.made++
	id := fmt.Sprintf("22222222-0000-4000-8000-%012d", s.made)
	at := "/json/realms/root/realms/" + realm
	s.admin("PUT", at+"/scripts/"+id, map[string]any{
		"name": "script " + id, "language": "JAVASCRIPT", "context": "OAUTH2_ACCESS_TOKEN_MODIFICATION_NEXT_GEN", "evaluatorVersion": "2.0",
		"script": base64.StdEncoding.EncodeToString([]byte(source)),
	}).want(s.t, 201)
	s.admin("PUT", at+"/realm-config/services/oauth-oidc", map[string]any{
		"consent":              map[string]any{"clientsCanSkipConsent": true},
		"advancedOAuth2Config": map[string]any{"supportedScopes": []string{"read"}},
		"pluginsConfig":        map[string]any{"accessTokenModificationPluginType": "SCRIPTED", "accessTokenModificationScript": id},
	}).want(s.t, 200)
}

// run gives what the body of a function returns, in a script of the realm.
func (s *tokenScripts) run(realm, body string) any {
	s.t.Helper()
	s.plug(realm, "accessToken.addExtraJsonData('got', (function () {\n"+body+"\n}()));")
	got := s.send("POST", "/oauth2/realms/root/realms/"+realm+"/access_token", url.Values{
		"grant_type": {"client_credentials"}, "scope": {"read"}, "client_id": {"app"}, "client_secret": {"secret"},
	})
	return got.want(s.t, 200)["got"]
}

func (s *tokenScripts) wants(realm, body, want string) {
	s.t.Helper()
	raw, err := json.Marshal(s.run(realm, body))
	if err != nil {
		s.t.Fatal(err)
	}
	var w any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		s.t.Fatal(err)
	}
	if expected, _ := json.Marshal(w); string(raw) != string(expected) {
		s.t.Errorf("%s\ngives %s\nwant  %s", body, raw, expected)
	}
}

// caught gives of what a call throws: code, reason, whether it is the server's fault, and whether the message has a text.
const caught = `function caught(call, text) {
  try { return ["nothing was thrown", call()]; } catch (e) {
    var j = e.javaException;
    return j && j.getCode ? [j.getCode(), j.getReason(), j.isServerError(), e.message.indexOf(text) >= 0] : e.message;
  }
}
`

func TestScriptsManageObjects(t *testing.T) {
	s := newTokenScripts(t)
	s.wants("alpha", `
var made = openidm.create("managed/alpha_user", null, {userName: "barbara", givenName: "Barbara", sn: "Jensen", mail: "b@example.com", password: "Ch4ng31t!"});
var user = openidm.read("managed/alpha_user/" + made._id);
user.description = "new";
var updated = openidm.update("managed/alpha_user/" + made._id, null, user);
var patched = openidm.patch("managed/alpha_user/" + made._id, null, [{operation: "replace", field: "/mail", value: "n@example.com"}]);
var found = openidm.query("managed/alpha_user", {_queryFilter: 'userName eq "barbara"'}, ["mail", "_id"]);
var some = openidm.read("managed/user/" + made._id, null, ["sn"]);
openidm.delete("managed/alpha_user/" + made._id, null);
return [made.givenName, updated.description, patched.mail, found.resultCount, found.result[0].mail, some.sn, some.mail === undefined,
  openidm.read("managed/alpha_user/" + made._id), openidm.read("managed/alpha_thing/1"), openidm.query("managed/user", {_queryFilter: "true"}).resultCount];`,
		`["Barbara", "new", "n@example.com", 1, "n@example.com", "Jensen", true, null, null, 1]`)
	s.wants("alpha", `
var role = openidm.create("managed/alpha_role", "helpers", {name: "helpers", description: "a"});
var seen = openidm.read("managed/alpha_role/helpers");
openidm.update("managed/alpha_role/helpers", seen._rev, {name: "helpers", description: "b"});
var rest = openidm.query("managed/alpha_role", {_queryFilter: "true"});
return [role._id, seen.description, rest.result[0].description];`, `["helpers", "a", "b"]`)

	// What is refused is an exception with what the object's server says.
	s.wants("alpha", caught+`
return [
  caught(function () { return openidm.update("managed/alpha_user/nobody", null, {mail: "x"}); }, "Not Found"),
  caught(function () { return openidm.delete("managed/alpha_user/nobody"); }, ""),
  caught(function () { return openidm.create("managed/alpha_role", "helpers", {name: "helpers"}); }, ""),
  caught(function () { return openidm.update("managed/alpha_role/helpers", "1234", {name: "helpers"}); }, ""),
  caught(function () { return openidm.query("managed/alpha_role", {}); }, "_queryFilter"),
  caught(function () { return openidm.action("external/email", "send", {to: "x"}); }, "external/email"),
  openidm.read("config/managed")
];`, `[[404, "Not Found", false, true], [404, "Not Found", false, true], [412, "Precondition Failed", false, true], [412, "Precondition Failed", false, true],
		[400, "Bad Request", false, true], [404, "Not Found", false, true], null]`)

	// A script of a realm reaches nothing outside of it.
	s.wants("bravo", caught+`
return [
  caught(function () { return openidm.query("managed/alpha_user", {_queryFilter: "true"}); }, "/alpha"),
  caught(function () { return openidm.create("managed/alpha_user", null, {userName: "mole"}); }, "/alpha"),
  openidm.query("managed/user", {_queryFilter: "true"}).result.map(function (u) { return u.userName; })
];`, `[[403, "Forbidden", false, true], [403, "Forbidden", false, true], ["demo"]]`)
	s.admin("GET", "/json/realms/root/realms/alpha/users/mole", nil).want(t, 404)

	got := fmt.Sprint(s.run("alpha", `
for (var i = 0; ; i++) { try { openidm.read("managed/user/demo"); } catch (e) { return i + " " + e.message; } }`))
	if !strings.HasPrefix(got, "100 ") || !strings.Contains(got, "more than 100 requests") {
		t.Errorf("endless requests: %s", got)
	}
}

func TestScriptsAskPolicies(t *testing.T) {
	s := newTokenScripts(t)
	at := "/json/realms/root/realms/alpha"
	s.admin("PUT", at+"/policies/staff", map[string]any{
		"name": "staff", "active": true, "applicationName": "iPlanetAMWebAgentService", "resources": []string{"https://app.example.com:443/staff"},
		"actionValues": map[string]any{"GET": true, "POST": false}, "subject": map[string]any{"type": "JwtClaim", "claimName": "team", "claimValue": "blue"},
	}).want(t, 201)
	s.wants("alpha", caught+`
function ask(team) {
  return policy.evaluate({claims: {sub: "x", team: team}}, "iPlanetAMWebAgentService", ["https://app.example.com:443/staff"], {"IP": ["10.0.0.1"]})[0];
}
var blue = ask("blue");
return [blue.resource, blue.actions["GET"], blue.actions["POST"], ask("red").actions["GET"] === undefined, Object.keys(blue.advices).length,
  policy.evaluateTree({claims: {sub: "x", team: "blue"}}, "iPlanetAMWebAgentService", "https://app.example.com:443/", {}).length,
  caught(function () { return policy.evaluate({}, "iPlanetAMWebAgentService", ["https://app.example.com:443/staff"], {}); }, "Invalid value subject"),
  caught(function () { return policy.evaluate({claims: {sub: "x"}}, "no such set", ["a"], {}); }, "Invalid value application")];`,
		`["https://app.example.com:443/staff", true, false, true, 0, 2, [400, "Bad Request", false, true], [400, "Bad Request", false, true]]`)
	// Policies are those of the script's realm.
	s.wants("bravo", `
return Object.keys(policy.evaluate({claims: {sub: "x", team: "blue"}}, "iPlanetAMWebAgentService", ["https://app.example.com:443/staff"], {})[0].actions).length;`, `0`)
}

func TestScriptsMakeAndCheckJWTs(t *testing.T) {
	s := newTokenScripts(t)
	const hmac = `var of = {jwtType: KIND, jwsAlgorithm: "HS256", issuer: "issuer", subject: "subject", audience: "https://as.example.com", type: "JWT",
  validityMinutes: 10, claims: {key1: "value1", n: 7}, signingKey: "cGFzc3dvcmQ=", encryptionKey: "Syz1K5XQCZtq7FkE+GNvgZPeFyvUXJdemIW7CQjM18U="};
function check(jwt, change) {
  return jwtValidator.validateJwtClaims(Object.assign({jwtType: KIND, jwt: jwt, issuer: "issuer", subject: "subject", audience: "https://as.example.com", type: "JWT",
    signingKey: "cGFzc3dvcmQ=", encryptionKey: "Syz1K5XQCZtq7FkE+GNvgZPeFyvUXJdemIW7CQjM18U=", clockSkew: 60}, change));
}
var jwt = jwtAssertion.generateJwt(of), claims = check(jwt, {claims: {key1: "value1"}});
`
	for kind, parts := range map[string]int{"SIGNED": 3, "SIGNED_THEN_ENCRYPTED": 5, "ENCRYPTED_THEN_SIGNED": 3} {
		s.wants("alpha", strings.ReplaceAll(hmac, "KIND", `"`+kind+`"`)+`
return [jwt.split(".").length, claims.get("audience"), claims.get("subject"), claims.get("issuer"), claims.get("expirationTime") - claims.get("issuedAt"),
  claims.get("key1"), claims.n, claims.get("jwtId").length > 20, claims.get("type"),
  check(jwt, {issuer: "other"}), check(jwt, {audience: "other"}), check(jwt, {subject: "other"}), check(jwt, {claims: {key1: "value2"}}),
  check(jwt, {signingKey: "b3RoZXI="}), check(jwt + "x", {}), check("a.b.c", {})];`,
			fmt.Sprintf(`[%d, ["https://as.example.com"], "subject", "issuer", 600, "value1", 7, true, "JWT", null, null, null, null, null, null, null]`, parts))
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	key, err := jose.NewKey(private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := key.MarshalPrivate()
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.MarshalPublic()
	if err != nil {
		t.Fatal(err)
	}
	// What another program checks with the public key; a key of RSA is no secret for an HMAC.
	jwt, _ := s.run("alpha", `return jwtAssertion.generateJwt({jwtType: "SIGNED", jwsAlgorithm: "RS256", accountId: "acc", audience: ["a", "b"], privateKey: `+string(secret)+`});`).(string)
	token, err := jose.Verify(t.Context(), jwt, jose.VerifyOptions{Keys: jose.NewKeySet(key.Public()), Algorithms: []jose.Algorithm{jose.RS256}})
	if err != nil || !strings.Contains(string(token.Payload), `"iss":"acc"`) || !strings.Contains(string(token.Payload), `"sub":"acc"`) {
		t.Fatalf("%s: %v", jwt, err)
	}
	encoded := base64.StdEncoding.EncodeToString(public)
	s.wants("alpha", `
function check(key) { return jwtValidator.validateJwtClaims({jwtType: "SIGNED", jwt: "`+jwt+`", accountId: "acc", audience: "b", signingKey: key}); }
function fails(call) { try { call(); return "no error"; } catch (e) { return e.message.replace(/^.*?: /, ""); } }
return [check("`+encoded+`").issuer, check("`+encoded+`".substring(0, 40)),
  fails(function () { jwtAssertion.generateJwt({jwtType: "SIGNED", jwsAlgorithm: "none", issuer: "x", signingKey: "cGFzc3dvcmQ="}); }),
  fails(function () { jwtAssertion.generateJwt({jwtType: "SIGNED", jwsAlgorithm: "HS256", issuer: "x"}); }),
  fails(function () { jwtAssertion.generateJwt({jwtType: "SIGNED", jwsAlgorithm: "HS256", signingKey: "cGFzc3dvcmQ="}); }),
  fails(function () { jwtAssertion.generateJwt({jwtType: "SIGNED_THEN_ENCRYPTED", jwsAlgorithm: "RS256", issuer: "x", privateKey: {}}); }),
  fails(function () { jwtValidator.validateJwtClaims({jwtType: "SIGNED", jwt: "a.b.c", issuer: "x"}); })];`,
		`["acc", null, "generateJwt: jwsAlgorithm: expected HS256 or RS256", "generateJwt: signingKey is missing", "generateJwt: issuer or stableId is required",
		"generateJwt: JWTs of RS256 can only be SIGNED", "validateJwtClaims: signingKey is missing"]`)
}

func TestScriptsEncrypt(t *testing.T) {
	s := newTokenScripts(t)
	// FIPS 197, appendix C.1, with the padding of a whole block behind it.
	s.wants("alpha", `
var subtle = utils.crypto.subtle, data = utils.types.stringToBytes("data");
function bytes(hex) { var out = []; for (var i = 0; i < hex.length; i += 2) { out.push(parseInt(hex.substring(i, i + 2), 16)); } return out; }
function hex(b) { return b.map(function (x) { return ("0" + (x & 255).toString(16)).slice(-2); }).join(""); }
function fails(call) { try { call(); return "no error"; } catch (e) { return e.message.replace(/^.*?: /, ""); } }
var known = subtle.encrypt("AES", bytes("000102030405060708090a0b0c0d0e0f"), bytes("00112233445566778899aabbccddeeff"));
var aes = subtle.generateKey("AES"), rsa = subtle.generateKey("RSA"), ec = subtle.generateKey("ECDSA");
var signed = subtle.sign("ECDSA", ec.privateKey, data);
return [hex(known).substring(0, 32), known.length,
  utils.types.bytesToString(subtle.decrypt("AES", aes, subtle.encrypt("AES", aes, data))),
  subtle.encrypt("RSA", rsa.publicKey, data).length,
  utils.types.bytesToString(subtle.decrypt("RSA", rsa.privateKey, subtle.encrypt("RSA", rsa.publicKey, data))),
  signed.length, subtle.verify("ECDSA", ec.publicKey, data, signed), subtle.verify("ECDSA", ec.publicKey, utils.types.stringToBytes("other"), signed),
  fails(function () { subtle.sign({name: "ECDSA", hash: "SHA-512"}, ec.privateKey, data); }),
  fails(function () { subtle.decrypt("AES", aes, subtle.encrypt("AES", subtle.generateKey("AES"), data).concat([0])); }),
  fails(function () { subtle.encrypt("AES", data, data); }), fails(function () { subtle.encrypt("DES", data, data); })];`,
		`["69c4e0d86a7b0430d8cdb78070b4c55a", 32, "data", 256, "data", 64, true, false, "utils.crypto.subtle: a key on P-256 goes with a hash of its length",
		"decrypt: the data was not encrypted with this key", "encrypt: an AES key has 16, 24 or 32 bytes", "utils.crypto.subtle: no algorithm \"DES\" here"]`)
}

func TestScriptsSetSessionProperties(t *testing.T) {
	s := newTokenScripts(t)
	at := "/json/realms/root/realms/alpha"
	s.admin("POST", at+"/realm-config/services/amSessionPropertyWhitelist?_action=create", map[string]any{"sessionPropertyWhitelist": []string{"branch", "UserToken"}}).want(t, 201)
	token := s.login(at+"/authenticate", "demo", "Ch4ng31t")
	s.plug("alpha", `
session.setProperty("branch", "north");
accessToken.setField("seen", session.getProperty("branch"));
try { session.setProperty("UserToken", "amadmin"); } catch (e) { logger.error(e.message); }
for (var i = 0; i < 100; i++) { try { session.setProperty("p" + i, "x"); } catch (e) { break; } }
accessToken.setField("most", i);
try { session.setProperty("long", "x".repeat(5000)); accessToken.setField("long", true); } catch (e) {}
accessToken.setField("who", session.getProperty("UserToken"));`)
	q := url.Values{"response_type": {"token"}, "client_id": {"app"}, "scope": {"read"}, "redirect_uri": {"https://app.example.com/cb"}, "state": {"s"}}
	got := s.send("GET", "/oauth2/realms/root/realms/alpha/authorize?"+q.Encode(), nil, "Cookie", "iPlanetDirectoryPro="+token)
	where, err := url.Parse(got.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	fragment, _ := url.ParseQuery(where.Fragment)
	if fragment.Get("access_token") == "" {
		t.Fatalf("no token: %d %v %s", got.StatusCode, where, got.raw)
	}
	seen := s.send("POST", "/oauth2/realms/root/realms/alpha/introspect", url.Values{"token": {fragment.Get("access_token")}, "client_id": {"app"}, "client_secret": {"secret"}}).want(t, 200)
	if seen["seen"] != "north" || seen["who"] != "demo" || seen["long"] != nil || seen["most"] != float64(63) {
		t.Errorf("the script saw %v", seen)
	}
	stored := s.send("POST", at+"/sessions/?_action=getSessionProperties&tokenId="+url.QueryEscape(token), "{}", "iPlanetDirectoryPro", token, "Accept-API-Version", "resource=4.0").want(t, 200)
	if stored["branch"] != "north" || stored["UserToken"] != "demo" {
		t.Errorf("the session has %v", stored)
	}
}

// A cache is filled by its script, and says what it said until the time is over; the script of a journey sees it.
func TestScriptsCache(t *testing.T) {
	j := newJourneys(t)
	j.admin("POST", "/json/realm-config/services/amSessionPropertyWhitelist?_action=create", map[string]any{"sessionPropertyWhitelist": []string{"seen"}}).want(t, 201)
	const at = "/json/realm-config/services/cache-manager"
	j.admin("POST", at+"?_action=create", map[string]any{"enabled": true}).want(t, 201)
	j.script("44444444-0000-4000-8000-000000000001", "JAVASCRIPT", "CACHE_LOADER", `
function load(key) {
  if (key.of === "bad") { throw new Error("no value for " + key.of); }
  return {of: key.of, id: utils.crypto.randomUUID(), filling: "x".repeat(key.of === "large" ? 6000 : 10), by: "load"};
}
function reload(key, old) { old.by = "reload"; return old; }`)
	cache := func(name, policy string, status int) {
		t.Helper()
		got := j.admin("PUT", at+"/caches/"+name, map[string]any{"script": "44444444-0000-4000-8000-000000000001", "evictionPolicy": policy, "durationUnit": "Minutes", "evictionPeriod": 10})
		got.want(t, status)
	}
	cache("kept", "Never", 201)
	cache("written", "EXPIRE_AFTER_WRITE", 201)
	cache("fresh", "Refresh after write", 201)
	cache("odd", "sometimes", 400)
	j.script("44444444-0000-4000-8000-000000000002", "JAVASCRIPT", "SCRIPTED_DECISION_NODE", `
var found = cacheManager.named(requestParameters.get("cache").get(0)), act = requestParameters.get("act").get(0), key = {of: requestParameters.get("of").get(0)}, got = null;
if (found === null) { got = {exists: cacheManager.exists("other")}; }
else if (act === "invalidateAll") { found.invalidateAll(); }
else {
  try { got = found[act](key); } catch (e) { got = {failed: e.message.indexOf("no value for bad") > 0}; }
}
action.goTo("true").withIdentifiedUser("demo").putSessionProperty("seen", JSON.stringify(got));`)
	j.tree("Cached", node{id: "cached", kind: "ScriptedDecisionNode", settings: map[string]any{"script": "44444444-0000-4000-8000-000000000002", "outcomes": []string{"true"}}, to: map[string]string{"true": success}})
	ask := func(name, act, of string) map[string]any {
		t.Helper()
		token, _ := j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Cached&cache="+name+"&act="+act+"&of="+of, "{}").want(t, 200)["tokenId"].(string)
		info := j.send("POST", "/json/sessions?_action=getSessionInfo", "{}", "iPlanetDirectoryPro", token, "Accept-API-Version", "resource=4.0").want(t, 200)
		properties, _ := info["properties"].(map[string]any)
		var got map[string]any
		if err := json.Unmarshal([]byte(fmt.Sprint(properties["seen"])), &got); err != nil {
			t.Fatalf("%v: %v", info, err)
		}
		return got
	}
	first := map[string]any{}
	for _, name := range []string{"kept", "written", "fresh"} {
		got := ask(name, "get", "a")
		if first[name] = got["id"]; got["of"] != "a" || got["id"] == nil || got["by"] != "load" {
			t.Fatalf("%s: %v", name, got)
		}
		if again := ask(name, "get", "a"); again["id"] != got["id"] {
			t.Errorf("%s was loaded twice: %v", name, again)
		}
		if other := ask(name, "get", "b"); other["id"] == got["id"] || other["of"] != "b" {
			t.Errorf("%s mixes keys up: %v", name, other)
		}
	}
	if a, b := ask("kept", "get", "large"), ask("kept", "get", "large"); a["id"] == b["id"] {
		t.Error("a value of 6000 bytes was kept")
	}
	if got := ask("kept", "get", "bad"); got["failed"] != true {
		t.Errorf("a loader that fails: %v", got)
	}
	if got := ask("none", "get", "a"); got["exists"] != false {
		t.Errorf("a cache that there is not: %v", got)
	}
	j.clock.pass(11 * time.Minute)
	if got := ask("kept", "get", "a"); got["id"] != first["kept"] {
		t.Errorf("what is never over: %v", got)
	}
	if got := ask("written", "get", "a"); got["id"] == first["written"] || got["by"] != "load" {
		t.Errorf("what is over: %v", got)
	}
	if got := ask("fresh", "get", "a"); got["id"] != first["fresh"] || got["by"] != "reload" {
		t.Errorf("what is refreshed: %v", got)
	}
	if got := ask("kept", "refresh", "a"); got["id"] == first["kept"] {
		t.Errorf("refreshed: %v", got)
	}
	before := ask("kept", "get", "a")["id"]
	ask("kept", "invalidate", "b")
	if got := ask("kept", "get", "a"); got["id"] != before {
		t.Error("an entry went with another")
	}
	for what, forget := range map[string]func(){
		"invalidate":    func() { ask("kept", "invalidate", "a") },
		"invalidateAll": func() { ask("kept", "invalidateAll", "a") },
		"clear":         func() { j.admin("POST", at+"/caches/kept?_action=clear", nil).want(t, 200) },
		"clear all":     func() { j.admin("POST", at+"?_action=clear", nil).want(t, 200) },
	} {
		before := ask("kept", "get", "a")["id"]
		forget()
		if got := ask("kept", "get", "a"); got["id"] == before {
			t.Errorf("%s left the entry", what)
		}
	}
	j.send("POST", at+"/caches/kept?_action=clear", "{}", "Accept-API-Version", version).want(t, 401)
	j.admin("PUT", at, map[string]any{"enabled": false}).want(t, 200)
	if a, b := ask("kept", "get", "a"), ask("kept", "get", "a"); a["id"] == b["id"] {
		t.Error("a cache manager that is off keeps entries")
	}
}

// A global library is for the scripts of all realms, behind a realm's own; the root realm changes it.
func TestScriptsOfAllRealms(t *testing.T) {
	s := newTokenScripts(t)
	library := func(text string) map[string]any {
		return map[string]any{"name": "shared", "language": "JAVASCRIPT", "context": "LIBRARY", "evaluatorVersion": "2.0", "script": base64.StdEncoding.EncodeToString([]byte("exports.name = " + text + ";"))}
	}
	s.send("POST", "/json/scripts?_action=createGlobal", library(`"x"`), "Accept-API-Version", version).want(t, 401)
	s.admin("POST", "/json/realms/root/realms/alpha/scripts?_action=createGlobal", library(`"x"`)).want(t, 403)
	wrong := library(`"x"`)
	wrong["context"] = "OAUTH2_MAY_ACT_NEXT_GEN"
	s.admin("POST", "/json/scripts?_action=createGlobal", wrong).want(t, 400)
	id, _ := s.admin("POST", "/json/scripts?_action=createGlobal", library(`"global"`)).want(t, 201)["_id"].(string)
	s.admin("POST", "/json/scripts?_action=createGlobal", library(`"twice"`)).want(t, 409)

	s.wants("alpha", `return require("shared").name;`, `"global"`)
	s.wants("bravo", `return require("shared").name;`, `"global"`)
	found := s.admin("GET", "/json/scripts?_queryFilter="+url.QueryEscape(`context eq "LIBRARY" and global eq true`), nil).want(t, 200)
	if found["resultCount"] != float64(1) {
		t.Errorf("the root realm lists %v", found)
	}
	if found := s.admin("GET", "/json/realms/root/realms/alpha/scripts?_queryFilter="+url.QueryEscape(`context eq "LIBRARY"`), nil).want(t, 200); found["resultCount"] != float64(0) {
		t.Errorf("alpha lists %v", found)
	}
	s.admin("PUT", "/json/realms/root/realms/alpha/scripts/"+id, library(`"changed by alpha"`)).want(t, 403)
	s.admin("DELETE", "/json/realms/root/realms/alpha/scripts/"+id, nil).want(t, 403)
	s.admin("PUT", "/json/scripts/"+id, library(`"changed"`)).want(t, 200)
	s.wants("alpha", `return require("shared").name;`, `"changed"`)
	s.admin("POST", "/json/realms/root/realms/alpha/scripts?_action=create", library(`"alpha's"`)).want(t, 201)
	s.wants("alpha", `return require("shared").name;`, `"alpha's"`)
	s.wants("bravo", `return require("shared").name;`, `"changed"`)
	s.admin("DELETE", "/json/scripts/"+id, nil).want(t, 200)
	s.wants("bravo", `try { require("shared"); return "found"; } catch (e) { return "gone"; }`, `"gone"`)
}

// What scripted decisions of the newer dialect are told of their journey, and whom they find.
func TestScriptsIdentify(t *testing.T) {
	j := newJourneys(t)
	j.admin("PUT", "/json/realm-config/agents/IdentityGatewayAgent/gate", map[string]any{"userpassword": "secret"}).want(t, 201)
	j.admin("POST", "/json/realm-config/services/amSessionPropertyWhitelist?_action=create", map[string]any{"sessionPropertyWhitelist": []string{"seen"}}).want(t, 201)
	for id, source := range map[string]string{
		"33333333-0000-4000-8000-000000000001": `
action.goTo("true").withIdentifiedUser("demo").putSessionProperty("seen", [journey.name(), journey.innerJourney(), journey.mustRun(), journey.identityResource()].join());`,
		"33333333-0000-4000-8000-000000000002": `action.goTo("true").withIdentifiedAgent("gate");`,
		"33333333-0000-4000-8000-000000000003": `action.goTo("true").withIdentifiedUser("nobody");`,
		"33333333-0000-4000-8000-000000000004": `action.goTo("true").withLockoutMessage("Call 555 0100.");`,
	} {
		j.script(id, "JAVASCRIPT", "SCRIPTED_DECISION_NODE", source)
	}
	scripted := func(id, to string) node {
		return node{id: "scripted" + id, kind: "ScriptedDecisionNode", settings: map[string]any{"script": "33333333-0000-4000-8000-00000000000" + id, "outcomes": []string{"true"}}, to: map[string]string{"true": to}}
	}
	j.tree("ByUser", scripted("1", success))
	j.tree("ByAgent", scripted("2", success))
	j.tree("Nobody", scripted("3", success))
	j.tree("Locked", scripted("4", "zero"),
		node{id: "zero", kind: "ZeroPageLoginNode", settings: map[string]any{"usernameHeader": "X-OpenAM-Username", "passwordHeader": "X-OpenAM-Password"}, to: map[string]string{"true": "data", "false": failure}},
		node{id: "data", kind: "DataStoreDecisionNode", to: map[string]string{"true": success, "false": failure}})

	token, _ := j.begin("ByUser")["tokenId"].(string)
	info := j.send("POST", "/json/sessions?_action=getSessionInfo", "{}", "iPlanetDirectoryPro", token, "Accept-API-Version", "resource=4.0").want(t, 200)
	seen, _ := info["properties"].(map[string]any)
	if info["username"] != "demo" || seen["seen"] != "ByUser,false,false," {
		t.Errorf("the session is %v", info)
	}
	token, _ = j.begin("ByAgent")["tokenId"].(string)
	if info := j.send("POST", "/json/sessions?_action=getSessionInfo", "{}", "iPlanetDirectoryPro", token, "Accept-API-Version", "resource=4.0").want(t, 200); info["username"] != "gate" {
		t.Errorf("the agent's session is %v", info)
	}
	j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Nobody", "{}").want(t, 401)

	var last reply
	for range 10 {
		last = j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Locked", "{}", "X-OpenAM-Username", "demo", "X-OpenAM-Password", "wrong")
		last.want(t, 401)
		if last.body["message"] != "Login failure" {
			break
		}
	}
	if last.body["message"] != "Call 555 0100." {
		t.Errorf("locked out with %v", last.body)
	}
}
