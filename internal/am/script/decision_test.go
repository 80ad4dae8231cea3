package script_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/script"
	"gatehouse/internal/am/store"
)

const (
	olderDecision = "AUTHENTICATION_TREE_DECISION_NODE"
	newerDecision = "SCRIPTED_DECISION_NODE"
)

// decide runs a decision whose script is the body of a function, and gives what that returns, through the state.
func decide(t *testing.T, o script.Options, context, body string, in *script.DecisionInput) (string, *script.Decision) {
	t.Helper()
	s := written(js, context, "nodeState.putShared('got', JSON.stringify((function () {\n"+body+"\n}()))); outcome = 'done';")
	s.ID, s.Name = "5e3b4c1a-0000-4000-8000-000000000001", "a decision"
	if in == nil {
		in = &script.DecisionInput{Realm: &realm.Realm{Path: "/alpha", Name: "alpha"}}
	}
	d, err := script.New(o).Decide(t.Context(), s, in)
	if err != nil {
		t.Fatalf("%s\n%v", body, err)
	}
	got, _ := d.Shared["got"].(string)
	return got, d
}

// What scripted decisions see on PingOne Advanced Identity Cloud.
func TestDecisionsOfTheNewerDialect(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("right horse"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, body, want string }{
		{"variables", `return [typeof require, typeof openidm, typeof httpClient, typeof utils, typeof logger, typeof idRepository, typeof nodeState,
			typeof action, typeof callbacks, typeof callbacksBuilder, typeof requestHeaders, typeof requestParameters, typeof requestCookies,
			typeof realm, typeof systemEnv, typeof scriptName, typeof secrets, typeof resumedFromSuspend, typeof JavaImporter, typeof java, typeof emailService,
			typeof samlApplication, typeof oauthApplication, typeof cookieName, typeof journey, typeof cacheManager];`,
			`["function","object","object","object","object","object","object","object","object","object","object","object","object","string","object","string",
			"object","boolean","function","object","object","object","object","string","object","object"]`},
		{"variables that are not there", `return [typeof sharedState, typeof transientState, typeof existingSession, typeof console, typeof process, typeof Buffer, typeof setTimeout];`,
			`["undefined","undefined","undefined","undefined","undefined","undefined","undefined"]`},
		{"no application", `return [samlApplication, oauthApplication, resumedFromSuspend];`, `[null,null,false]`},
		{"syntax", "const a = 1; var f = x => `${x} ${a}`; return [f(\"hi\"), [1, 2].includes(2), \"ab\".repeat(2), Array.from({length: 2}, () => 0), Object.assign({a: 1}, {b: 2})];",
			`["hi 1",true,"abab",[0,0],{"a":1,"b":2}]`},
		{"accents", `return "Nguyễn José".normalize("NFD").replace(/[\u0300-\u036f]/g, "");`, `"Nguyen Jose"`},
		{"for each", `var got = []; /* for each (x in y) */ for each (var v in ["a", "b"]) { got.push(v + " for each (x in y)".length); }
			for each (var w in {x: 1, y: 2}) got.push(w); for each (var z in Object.keys({in: 1}).concat("(")) { got.push(z); } return got;`, `["a18","b18",1,2,"in","("]`},
		{"for each over a Java list", `var list = new java.util.ArrayList(), got = []; list.add("a"); list.add("b"); for each (var v in list) { got.push(v); } return got;`, `["a","b"]`},
		{"Java's collections", `var s = new java.util.HashSet(), l = new java.util.ArrayList(), o = new java.util.LinkedHashSet(), t = new java.util.TreeSet();
			s.add("a"); s.add("a"); l.add("a"); l.add("b"); o.add("a"); t.add("b"); t.add("a");
			return [s.contains("a"), s.size(), l.get(0), l.size(), String(l), o.size(), t.size(), l.toArray().join(), s.iterator().next(), Object.keys(l), JSON.parse(JSON.stringify(l))];`,
			`[true,1,"a",2,"[a, b]",1,2,"a,b","a",["0","1"],["a","b"]]`},
		{"Java's maps", `var m = java.util.Collections.singletonMap("a", 1); return [java.util.Collections.emptyMap().size(), m.get("a"), m.size(), m.keySet().iterator().next(), m];`,
			`[0,1,1,"a",{"a":1}]`},
		{"imported classes", `var ju = JavaImporter(java.util), s = new ju.HashSet(); s.add(1); return s.size();`, `1`},
		{"boxed numbers", `return [java.lang.Integer.valueOf(1), new java.lang.Integer(7) + 1, new java.lang.Long(1), new java.lang.Short(1), new java.lang.Double(1.5), java.lang.Integer.parseInt("42")];`,
			`[1,8,1,1,1.5,42]`},
		{"JsonValue", `var fr = JavaImporter(org.forgerock.json.JsonValue), o = fr.JsonValue.object(); return typeof fr.JsonValue;`, `"function"`},
		{"headers in any case", `return [requestHeaders.get("X-Probe").get(0), requestHeaders.get("x-probe").get(1), requestHeaders["x-probe"].length, requestHeaders.get("x-probe").size(),
			requestHeaders.get("probeq"), requestHeaders.get("x-joined").size(), Object.keys(requestHeaders), requestParameters.get("probeq").get(1), requestParameters.get("x-probe")];`,
			`["zulu","alpha",2,2,null,1,["x-joined","x-probe"],"b",null]`},
		{"cookies", `return [requestCookies.get("crumb"), requestCookies.get("none"), requestCookies.containsKey("crumb"), requestCookies.size()];`, `["one",null,true,1]`},
		{"absent variables of the environment", `return [systemEnv.getProperty("esv.none"), systemEnv.getProperty("esv.none", "other")];`, `[null,"other"]`},
		{"types of the environment", `function get(v, type) { return systemEnv.getProperty("esv.none", v, type); }
			return [get("42", "string"), get("42", "String"), get("42", "number"), get("4.5", "number"), get("42", "integer"), get("TRUE", "boolean"), get("42", "boolean"),
			get("a, b", "list").get(1), get("a,b", "array").size(), get('{"a":1}', "object").a, get('{"a":1}', "map").get("a"), get("42", java.lang.Integer), get("4.5", java.lang.Double),
			get("true", java.lang.Boolean), get("42", java.lang.String)];`,
			`["42","42",42,4.5,42,true,false," b",2,1,1,42,4.5,true,"42"]`},
		{"types there are not", refusal + `function get(v, type) { return refused(function () { systemEnv.getProperty("esv.none", v, type); }); }
			return [get("42", "int"), get("x", "number"), get("42", "object"), get("x", "integer"), get("x", java.lang.Integer)];`,
			`["Unsupported return type: int","Property resolution failed","Property resolution failed","Property resolution failed","Property resolution failed"]`},
		{"the state", `var ns = nodeState; return [ns.putShared("a", "s") === ns, ns.putTransient("b", "t") === ns, ns.get("a"), ns.get("b"), ns.isDefined("a"), ns.isDefined("b"), ns.isDefined("c"),
			ns.get("c"), ns.getObject("c"), ns.mergeShared({f: "f", n: 3}) === ns, ns.get("f"), ns.get("n"), ns.remove("a") === ns, ns.get("a")];`,
			`[true,true,"s","t",true,true,false,null,null,true,"f",3,false,null]`},
		{"states over states", `nodeState.putShared("k", "shared"); nodeState.putTransient("k", "transient"); var was = nodeState.get("k"); nodeState.remove("k");
			nodeState.putShared("none", null); return [was, nodeState.isDefined("k"), nodeState.isDefined("none"), nodeState.get("none")];`, `["transient",false,true,null]`},
		{"objects of the state", `nodeState.putShared("o", {a: 1, in: {b: "x"}, list: [1, 2]}); var o = nodeState.getObject("o");
			return [nodeState.get("o"), o.in.b, o.containsKey("a"), o.size(), o.get("list").get(1)];`, `[{"a":1,"in":{"b":"x"},"list":[1,2]},"x",true,3,2]`},
		{"names of the state", `nodeState.putShared("rl1", 1); nodeState.putTransient("rl2", 1); var got = [];
			for (var it = nodeState.keys().iterator(); it.hasNext();) { var k = String(it.next()); if (k.indexOf("rl") === 0) { got.push(k); } } return [got, nodeState.keys().contains("rl1")];`,
			`[["rl1","rl2"],true]`},
		{"attributes of an object to be", `nodeState.mergeShared({objectAttributes: {mail: "a"}}); nodeState.mergeShared({objectAttributes: {sn: "b"}});
			var o = nodeState.get("objectAttributes"), was = o.put("cn", "c"); o.put("cn", "d");
			return [nodeState.get("objectAttributes").get("cn"), was, o.put("cn", "e"), Object.keys(nodeState.get("objectAttributes")), o.sn, typeof o.put, o.containsKey("mail")];`,
			`["d",null,"d",["mail","sn","cn"],"b","function",true]`},
		{"an entry goes before a method", `nodeState.mergeShared({objectAttributes: {get: "g", plain: "p"}}); var o = nodeState.get("objectAttributes"); return [o.get, o.size(), o.values().size()];`, `["g",2,2]`},
		{"the action", `return [action.withHeader("h") === action, action.withStage("s") === action, action.withDescription("d") === action, action.withErrorMessage("e") === action,
			action.withLockoutMessage("l") === action, action.putSessionProperty("a", "b") === action, action.removeSessionProperty("a") === action, action.withIdentifiedUser("u") === action,
			action.withMaxSessionTime("120") === action, action.withMaxIdleTime(1.5) === action];`, `[true,true,true,true,true,true,true,true,true,true]`},
		{"no minutes", refusal + `return refused(function () { action.withMaxSessionTime("x"); });`, `"Cannot convert x to java.lang.Integer"`},
		{"base64", refusal + `return [utils.base64.encode("héllo ✓"), utils.base64.decode("aMOpbGxvIOKckw=="), utils.base64url.encode("\u00fb\u00ff"), utils.base64url.decode("%%%bad"),
			refused(function () { utils.base64.decode("%%%bad"); }), utils.base64.encode(12), utils.base64.decodeToBytes("+/8=").length];`,
			`["aMOpbGxvIOKckw==","héllo ✓","w7vDvw",null,"Illegal base64 character 25","MTI=",2]`},
		{"bytes", `var b = utils.types.stringToBytes("hé"); return [b[0], b[1], b[2], utils.types.bytesToString(b), utils.types.bytesToString([104, 105])];`, `[104,-61,-87,"hé","hi"]`},
		{"bcrypt", `var hash = "HASH"; return [utils.crypto.checkBcrypt(hash, "right horse"), utils.crypto.checkBcrypt(hash, "wrong")];`, `[true,false]`},
		{"random numbers", `var a = [], low = false, high = false; for (var i = 0; i < 200; i++) { a.push(0); } var same = utils.crypto.getRandomValues(a) === a;
			a.forEach(function (n) { low = low || n < 0; high = high || n > 0; if (n !== (n | 0)) { same = false; } }); return [same, low, high];`, `[true,true,true]`},
		{"AES and PBKDF2", `var s = utils.crypto.subtle, key = utils.types.stringToBytes("0123456789abcdef"), hex = b => b.map(x => ("0" + (x & 255).toString(16)).slice(-2)).join("");
			return [hex(s.encrypt("AES", key, utils.types.stringToBytes("abc"))) === hex(s.encrypt({name: "AES"}, key, utils.types.stringToBytes("abc"))),
			utils.types.bytesToString(s.decrypt("AES", key, s.encrypt("AES", key, utils.types.stringToBytes("abc")))), hex(s.digest("SHA-256", utils.types.stringToBytes("abc"))).slice(0, 8),
			s.generateKey("AES").length, s.generateKey("HMAC").length, s.generateKey("ECDSA").privateKey.length, s.sign("ECDSA", s.generateKey("ECDSA").privateKey, key).length];`,
			`[true,"abc","ba7816bf",32,32,138,64]`},
		{"the logger", `return [logger.getName(), logger.isErrorEnabled(), logger.trace("x") === undefined || logger.trace("x") === null];`,
			`["scripts.AUTHENTICATION_TREE_DECISION_NODE.5e3b4c1a-0000-4000-8000-000000000001.(a decision)",true,true]`},
		{"secrets that are not there", `try { secrets.getGenericSecret("rl-probe-absent"); return "got"; } catch (e) { return String(e); }`,
			`"JavaException: org.forgerock.openam.scripting.api.secrets.ScriptedSecretsException: Secret id rl-probe-absent not accessible"`},
		{"caches that are not there", `return [cacheManager.named("x"), cacheManager.exists("x")];`, `[null,false]`},
		{"the journey", `return [journey.name(), journey.innerJourney(), journey.mustRun(), journey.identityResource()];`, `["Login",false,false,"managed/alpha_user"]`},
		{"no JWT", `return [jwtAssertion.generateJwt({}), jwtValidator.validateJwtClaims({})];`, `[null,null]`},
		{"a JWT", `var key = "0123456789abcdef0123456789abcdef0123456789ab", data = {jwtType: "SIGNED", jwsAlgorithm: "HS256", issuer: "https://example.com", subject: "probe", audience: "https://example.com",
			type: "JWT", validityMinutes: 1, signingKey: key}, jwt = jwtAssertion.generateJwt(data);
			var c = jwtValidator.validateJwtClaims({jwtType: "SIGNED", jwt: jwt, issuer: "https://example.com", subject: "probe", audience: "https://example.com", type: "JWT",
			verificationKey: utils.types.stringToBytes(key)}); return [jwt.split(".").length, Object.keys(c).sort(), c.issuer, c.audience];`,
			`[3,["audience","expirationTime","issuedAt","issuer","jwtId","subject","type"],"https://example.com",["https://example.com"]]`},
		{"somebody", `var i = idRepository.getIdentity("dora"), v = i.getAttributeValues("mail"); return [i.exists(), v.length, v.size(), v.get(0), v[0], v.toArray()[0], v.contains("dora@example.com"),
			String(i.getAttributeValues("none").size()), i.getAttributeValues("uid")[0], i.getAttributeValues("fr-idm-uuid")[0], i.getAttributeValues("inetUserStatus")[0]];`,
			`[true,1,1,"dora@example.com","dora@example.com","dora@example.com",true,"0","dora","d-1","Active"]`},
		{"nobody", refusal + `var i = idRepository.getIdentity("nobody"); return [typeof i, i.exists(), refused(function () { i.getAttributeValues("mail"); })];`,
			`["object",false,"getAttributeValues: there is no such identity"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := script.Options{Cookie: "crumb", Library: noLibrary, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
			got, _ := decide(t, o, newerDecision, strings.ReplaceAll(c.body, "HASH", string(hash)), sampleDecision())
			sameJSON(t, "got", json.RawMessage(got), c.want)
		})
	}
}

// refusal gives what a call throws, without the class.
const refusal = `function refused(call) { try { call(); return null; } catch (e) { return e.javaException.getMessage(); } }
`

func sampleDecision() *script.DecisionInput {
	return &script.DecisionInput{
		Realm:   &realm.Realm{Path: "/alpha", Name: "alpha"},
		Headers: http.Header{"X-Probe": {"zulu", "alpha"}, "X-Joined": {"a,b"}, "Authorization": {"Basic x"}},
		Params:  map[string][]string{"probeq": {"a", "b"}},
		Cookies: []*http.Cookie{{Name: "crumb", Value: "one"}},
		Journey: script.Journey{Name: "Login", Identity: "managed/alpha_user"},
		Find: func(name string) (*realm.User, error) {
			if name != "dora" {
				return nil, store.ErrNotFound
			}
			return &realm.User{ID: "d-1", Name: "dora", Attributes: map[string][]string{"mail": {"dora@example.com"}}}, nil
		},
	}
}

func TestDecisionsOfTheOlderDialect(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"variables", `return [typeof nodeState, typeof sharedState, typeof transientState, typeof callbacks, typeof callbacksBuilder, typeof action, typeof idRepository, typeof openidm,
			typeof httpClient, typeof utils, typeof requestHeaders, typeof requestParameters, typeof existingSession, typeof resumedFromSuspend, typeof secrets, typeof JavaImporter,
			typeof logger, typeof realm, typeof systemEnv, typeof scriptName];`,
			`["object","object","object","object","undefined","undefined","object","undefined","object","undefined","object","object","undefined","boolean","object","function",
			"object","string","object","string"]`},
		{"maps of Java", `var m = new java.util.HashMap(); m.put("a", 1); return [m.get("a"), m.size()];`, `[1,1]`},
		{"headers", `return [requestHeaders.get("X-Probe").get(0), requestHeaders.get("x-probe").size(), requestHeaders.get("none")];`, `["zulu",2,null]`},
		{"the state", `nodeState.putShared("a", "b"); return [nodeState.get("a").asString(), nodeState.isDefined("a"), sharedState.get("a"), nodeState.get("none"), typeof nodeState.mergeShared, typeof nodeState.remove];`,
			`["b",true,"b",null,"function","function"]`},
		{"users", `return [idRepository.getAttribute("dora", "mail").iterator().next(), idRepository.getIdentity("dora").getName(), idRepository.getIdentity("nobody")];`, `["dora@example.com","dora",null]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _ := decide(t, script.Options{}, olderDecision, c.body, sampleDecision())
			sameJSON(t, "got", json.RawMessage(got), c.want)
		})
	}
}

func TestExistingSession(t *testing.T) {
	in := sampleDecision()
	in.Session = sampleSession()
	for _, context := range []string{olderDecision, newerDecision} {
		got, _ := decide(t, script.Options{}, context, `var s = existingSession; return [typeof s, s.get("UserId"), s["UserId"], s.UserId, s.get("none"), s.none === undefined, "UserId" in s, s.size() > 8,
			s.containsKey("branch"), s.AuthLevel, Object.keys(s).indexOf("branch") >= 0, s.get("sun.am.UniversalIdentifier"), s.get("Organization")];`, in)
		sameJSON(t, context, json.RawMessage(got), `["object","dora","dora","dora",null,true,true,true,true,"7",true,
			"id=dora,ou=user,o=alpha,ou=services,dc=example","o=alpha,ou=services,dc=openam,dc=forgerock,dc=org"]`)
	}
}

// What the logger makes of its arguments (SLF4J).
func TestLoggedText(t *testing.T) {
	for _, c := range []struct{ call, want string }{
		{`"a"`, `a`},
		{`"a {} b", "X"`, `a X b`},
		{`"a {} b {} c", "X", "Y"`, `a X b Y c`},
		{`"a {} b {} c", "X"`, `a X b {} c`},
		{`"a", thrown`, `a: java.lang.IllegalStateException: boom`},
		{`"a {} b", "X", thrown`, `a X b: java.lang.IllegalStateException: boom`},
		{`"a {} b", thrown`, `a {} b: java.lang.IllegalStateException: boom`},
		{`"a \\{} b", "X"`, `a {} b: X`},
		{`"a \\\\{} b", "X"`, `a \X b`},
		{`"a", new Error("boom")`, `a: Error: boom`},
	} {
		for _, context := range []string{olderDecision, newerDecision} {
			var log bytes.Buffer
			o := script.Options{Log: slog.New(slog.NewJSONHandler(&log, nil))}
			decide(t, o, context, `var thrown; try { throw new java.lang.IllegalStateException("boom"); } catch (e) { thrown = e; } logger.error(`+c.call+`);`, nil)
			var line struct{ Msg string }
			if err := json.Unmarshal(log.Bytes(), &line); err != nil || line.Msg != "script: "+c.want {
				t.Errorf("%s: error(%s) logs %q, want %q (%v)", context, c.call, line.Msg, c.want, err)
			}
		}
	}
}

func noLibrary(context.Context, *realm.Realm, string) (*realm.Script, error) {
	return nil, store.ErrNotFound
}
