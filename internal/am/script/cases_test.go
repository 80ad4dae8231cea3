package script_test

import "gatehouse/internal/am/script"

func withoutUser(in *script.Input) { in.User, in.Session = nil, nil }

func inRoot(in *script.Input) { in.Realm = nil }

var mayActCases = []tokenCase{
	{name: "Groovy as in the guides", language: groovy, context: mayAct, want: `{"may_act":{"client_id":"serviceConfidentialClient"}}`, source: `
import org.forgerock.json.JsonValue
token.setMayAct(
    JsonValue.json(JsonValue.object(
        JsonValue.field("client_id", "serviceConfidentialClient"))))
`},
	{name: "Groovy under JavaScript's name", language: js, context: mayAct, want: `{"may_act":{"client_id":"serviceConfidentialClient"}}`, source: `import org.forgerock.json.JsonValue
token.setMayAct(
    JsonValue.json(JsonValue.object(
        JsonValue.field("client_id", "serviceConfidentialClient"))))`},
	{name: "Groovy with static imports", language: groovy, context: mayAct, want: `{"may_act":{"client_id":"a","sub":["(usr!x)","(usr!y)"]}}`, source: `
import static org.forgerock.json.JsonValue.*
def may = json(object(field("client_id", "a"), field("sub", array("(usr!x)", "(usr!y)"))))
token.setMayAct(may)`},
	{name: "Groovy with a map", language: groovy, context: mayAct, want: `{"may_act":{"client_id":["web-shop","b"]}}`, source: `
import org.forgerock.json.JsonValue
def clients = [clientProperties.clientId, "${'b'}"]
if (scopes.contains("mail")) { token.setMayAct(new JsonValue([client_id: clients])) }`},
	{name: "Groovy unused foreign imports", language: groovy, context: mayAct, want: `{}`, source: `
import com.example.somewhere.Unknown
import com.iplanet.sso.SSOException
try { scopes.size() } catch (SSOException e) { logger.error("no", e) }`},
	{name: "JavaScript as in the guides", language: js, context: mayAct, want: `{"may_act":{"client_id":"partner","sub":"(usr!partner)"}}`, source: `
(function () {
    var frJava = JavaImporter(
        org.forgerock.json.JsonValue
    );
    var mayAct = frJava.JsonValue.json(frJava.JsonValue.object());
    mayAct.put('client_id', 'partner');
    mayAct.put('sub', '(usr!partner)');
    token.setMayAct(mayAct);
}());`},
	{name: "JavaScript under Groovy's name", language: groovy, context: mayAct, want: `{"may_act":{"client_id":"partner"}}`, source: `
(function () {
    var frJava = JavaImporter(org.forgerock.json.JsonValue);
    var mayAct = frJava.JsonValue.json(frJava.JsonValue.object());
    mayAct.put('client_id', 'partner');
    token.setMayAct(mayAct);
}());`},
	{name: "JavaScript with fields and with", language: js, context: mayAct, want: `{"may_act":{"client_id":["a","b"],"sub":"(age!a)"}}`, source: `
var fr = new JavaImporter(org.forgerock.json, com.example.unknown.Thing);
with (fr) {
    token.setMayAct(JsonValue.json(JsonValue.object(
        JsonValue.field("client_id", JsonValue.array("a", "b")), JsonValue.field("sub", "(age!a)"))));
}`},
	{name: "JavaScript with Packages and importClass", language: js, context: mayAct, want: `{"may_act":{"client_id":"p"}}`, source: `
importClass(Packages.org.forgerock.json.JsonValue);
var v = new JsonValue(new java.util.LinkedHashMap());
v.add("client_id", "p");
if (!v.isDefined("sub") && v.get("client_id").asString() === "p" && v.get("none").isNull()) {
    token.setMayAct(v);
}`},
	{name: "JavaScript act and aud", language: js, context: mayAct, want: `{"act":{"sub":"(age!x)"},"aud":["a","b"]}`, source: `
var J = org.forgerock.json.JsonValue;
token.setAct(J.json(J.object(J.field("sub", "(age!x)"))));
token.setField("aud", ["a", "b"]);`},
	{name: "JavaScript without a user", language: js, context: mayAct, want: `{"user":false}`, change: withoutUser, source: `
token.setField("user", identity !== null || session != null);`},
	{name: "newer JavaScript", language: js, context: mayAct + next, want: `{"may_act":{"client_id":"x","sub":"(age!x)"},"act":{"sub":"y"},"back":"x"}`, source: `
token.setMayAct({client_id: "x", sub: "(age!x)"});
token.setAct({sub: "y"});
token.setField("back", token.getMayAct().client_id);`},
	{name: "newer JavaScript modern syntax", language: js, context: mayAct + next, want: `{"may_act":{"client_id":["PROFILE","MAIL"]}}`, source: `
const ids = scopes.map(s => s.toUpperCase());
if (scopes.includes("mail") && Array.isArray(scopes)) { token.setMayAct({client_id: ids}); }`},
	{name: "a declared version does not make it newer", language: js, context: mayAct, want: `{}`, source: `
if (typeof org === "undefined") { throw new Error("no Java") }`},
}

var modifyCases = []tokenCase{
	{name: "Groovy password replay", language: groovy, context: modify, want: `{"mail":"dora@example.com","password":"changeme"}`, source: `
import org.forgerock.http.protocol.Request
import org.forgerock.http.protocol.Response
import com.iplanet.sso.SSOException
import groovy.json.JsonSlurper

def attributes = identity.getAttributes(["mail"].toSet())
accessToken.setField("mail", attributes["mail"][0])
accessToken.setField("password", "changeme")`},
	{name: "Groovy resource parameter", language: groovy, context: modify, want: `{"audience":"https://mcp.example.com"}`, source: `
def resource = requestProperties.get("requestParams").get("resource")
if (resource) { accessToken.setField("audience", resource.get(0)) }`},
	{name: "Groovy fields, extra data, scope, expiry", language: groovy, context: modify,
		want: `{"a":1,"b":[true,2.5],"c":{"d":null},"(removed)":["subname"],"(scopes)":["mail"],"(expires)":1900000060000,"(more)":{"x":"y","late":"web-shop","j":{"k":[1]}}}`, source: `
import org.forgerock.json.JsonValue
accessToken.setFields([a: 1, b: [true, 2.5], c: [d: null]])
accessToken.removeField("subname")
accessToken.addExtraData("x", "y")
accessToken.addExtraData("late", { -> accessToken.clientId })
accessToken.addExtraJsonData("j", { -> JsonValue.json([k: [1]]) })
accessToken.setScope(["mail"] as Set)
accessToken.setExpiryTime(1900000060000L)`},
	{name: "Groovy getters", language: groovy, context: modify,
		want: `{"got":["web-shop","/alpha","dora","access_token",["profile","mail"],"password","north",7,"gold","5"]}`, source: `
accessToken.setField("got", [accessToken.clientId, accessToken.realm, accessToken.getResourceOwnerId(), accessToken.tokenName,
  accessToken.scope, accessToken.getField("grant_type"), session.getProperty("branch"), session.authLevel,
  clientProperties.customProperties.tier, clientProperties.customProperties.limits.daily])`},
	{name: "JavaScript claims by methods", language: js, context: modify, want: `{"claims":"{}","auth_level":7,"tokenName":"other","(removed)":["realm","grant_type"],"(scopes)":[],"seen":[null,null,"Bearer",null,"dora"]}`, source: `
var seen = [accessToken.getClaims(), accessToken.getPermissions(), accessToken.getTokenType(), accessToken.getConfirmationKey(), accessToken.getCustomFields().get("subname")];
accessToken.setClaims("{}"); accessToken.setAuthLevel(7); accessToken.setTokenName("other"); accessToken.removeRealm(); accessToken.removeGrantType(); accessToken.removeScopes();
accessToken.setField("seen", seen);`},
	{name: "JavaScript claims", language: js, context: modify, want: `{"mail":"dora@example.com","groups":["staff","admins"],"name":"dora","n":1.5}`, source: `
(function () {
    accessToken.setField("mail", identity.getAttribute("mail").toArray()[0]);
    accessToken.setField("groups", identity.getAttribute("memberOf"));
    accessToken.setField("name", identity.getName());
    accessToken.setField("n", 1.5);
}());`},
	{name: "JavaScript iterators and loops", language: js, context: modify, want: `{"first":"dora@example.com","all":"staff+admins","loop":["staff","admins"],"keys":["clientId","allowedGrantTypes","allowedResponseTypes","allowedScopes","redirectUris","customProperties"]}`, source: `
accessToken.setField("first", identity.getAttribute("mail").iterator().next());
var parts = [];
identity.getAttribute("memberOf").forEach(function (v) { parts.push(v); });
accessToken.setField("all", parts.join("+"));
var loop = new java.util.ArrayList();
for (var v of identity.getAttribute("memberOf")) { loop.add(v); }
accessToken.setField("loop", loop);
var keys = [];
for (var it = clientProperties.entrySet().iterator(); it.hasNext();) { keys.push(it.next().getKey()); }
accessToken.setField("keys", keys);`},
	{name: "JavaScript collections", language: js, context: modify, want: `{"set":["b","c","d"],"list":["z","b"],"map":{"k":[1,2]},"text":"[z, b] {k=[1, 2]}","size":3,"json":"{\"l\":[\"z\",\"b\"]}"}`, source: `
var set = new java.util.HashSet(java.util.Arrays.asList("a", "b", "c"));
set.add("d"); set.add("d"); set.remove("a");
var list = new java.util.ArrayList(); list.add("a"); list.add("b"); list.set(0, "z");
var map = new java.util.HashMap(); map.put("k", [1, 2]);
accessToken.setField("set", set); accessToken.setField("list", list); accessToken.setField("map", map);
accessToken.setField("text", list + " " + map);
accessToken.setField("size", java.lang.Integer.valueOf(set.size()));
accessToken.setField("json", JSON.stringify({l: list}));`},
	{name: "JavaScript Java strings", language: js, context: modify, want: `{"r":[true,true,false,true]}`, source: `
var name = identity.getName();
accessToken.setField("r", [name.equals("dora"), name.equalsIgnoreCase("DORA"), name.isEmpty(), name.contains("or")]);`},
	{name: "JavaScript extra data", language: js, context: modify, want: `{"(more)":{"region":"eu","late":"now","j":{"a":[1]},"k":{"b":2}}}`, source: `
var J = org.forgerock.json.JsonValue, word = "then";
accessToken.addExtraData("region", "eu");
accessToken.addExtraData("late", function () { return word; });
accessToken.addExtraJsonData("j", J.json(J.object(J.field("a", [1]))));
accessToken.addExtraJsonData("k", function () { return {b: 2}; });
word = "now";`},
	{name: "JavaScript properties of hosts", language: js, context: modify, want: `{"r":["web-shop","/alpha","gold","5","north",true,"https://mcp.example.com"]}`, source: `
accessToken.setField("r", [accessToken.clientId, realm, clientProperties.customProperties.tier,
    clientProperties.get("customProperties").get("limits").get("daily"), session.getProperty("branch"), identity.isActive(),
    requestProperties.get("requestParams").get("resource").get(0)]);`},
	{name: "JavaScript catches Java exceptions", language: js, context: modify, want: `{"m":"java.lang.IllegalArgumentException","own":"boom"}`, source: `
try { httpClient.send({}); } catch (e) { accessToken.setField("m", e.javaException.toString().split(":")[0]); }
try { throw new java.lang.IllegalStateException("boom"); }
catch (e) { if (e instanceof java.lang.RuntimeException) { accessToken.setField("own", e.getMessage()); } }`},
	{name: "newer JavaScript", language: js, context: modify + next,
		want: `{"mail":"dora@example.com","none":null,"id":"id=dora,ou=user,o=alpha,ou=services,dc=example","branch":"north","tier":"gold","res":"https://mcp.example.com","(scopes)":["a"],"(more)":{"x":{"y":1}}}`, source: `
accessToken.setField("mail", identity.getAttributeValues("mail")[0]);
accessToken.setField("scope" in {} ? "x" : "res", requestProperties.requestParams.resource[0]);
accessToken.setField("tier", clientProperties.customProperties.tier);
accessToken.setField("branch", session.getProperty("branch"));
accessToken.setField("id", identity.getUniversalId());
accessToken.setFields({"scope": ["a"]});
accessToken.addExtraJsonData("x", {y: 1});
accessToken.setScope(["a"]);
accessToken.setField("scope", "a");
accessToken.setFields({});
accessToken.removeField("none");
accessToken.setField("none", 1); accessToken.removeField("none"); accessToken.setField("none", 2);
accessToken.setFields({none: null});`},
	{name: "root realm universal id", language: js, context: modify, want: `{"id":"id=dora,ou=user,dc=openam,dc=forgerock,dc=org"}`,
		change: func(in *script.Input) { inRoot(in); in.Session = nil }, source: `accessToken.setField("id", identity.getUniversalId())`},
	{name: "a member named __proto__ is data", language: js, context: modify, want: `{"v":{"__proto__":{"a":1}}}`, source: `
accessToken.setField("v", JSON.parse('{"__proto__":{"a":1}}'));`},
}
