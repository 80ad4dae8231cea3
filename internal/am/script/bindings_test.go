package script_test

import (
	"net/http"
	"strings"
	"testing"

	"gatehouse/internal/am/script"
)

// What the newer dialect has besides, as the guides use it.
func TestCommonBindings(t *testing.T) {
	env := map[string]string{
		"SCRIPT_MY_PORT": "25", "ESV_MAIL_HOST": "mail.example.com", "SCRIPT_LIST": "a, b", "SCRIPT_MAP": `{"k":"v"}`, "HOME": "/root", "SCRIPT_ON": "true",
	}
	for _, c := range []struct{ name, language, context, source, want string }{
		{"base64", js, modify + next, `
var bytes = utils.types.stringToBytes("exampletext"), decoded = utils.base64.decodeToBytes("w6Q=");
accessToken.setField("r", [utils.base64.encode("exampletext"), utils.base64.decode("ZXhhbXBsZXRleHQ="), utils.base64.encode(bytes), decoded,
  utils.types.bytesToString(decoded), utils.base64url.encode("http://exampletext="), utils.base64url.decode("aHR0cDovL2V4YW1wbGV0ZXh0PQ"),
  utils.base64url.encode([-5, 251]), bytes.length]);`,
			`["ZXhhbXBsZXRleHQ=","exampletext","ZXhhbXBsZXRleHQ=",[-61,-92],"ä","aHR0cDovL2V4YW1wbGV0ZXh0PQ","http://exampletext=","-_s",11]`},
		{"digests", js, modify + next, `
var hash = utils.crypto.subtle.digest("SHA-1", utils.types.stringToBytes("password"));
accessToken.setField("r", [hash.map((byte) => ("0" + (byte & 0xFF).toString(16)).slice(-2)).join(""),
  utils.crypto.subtle.digest("SHA-512", utils.types.stringToBytes("a")).length]);`,
			`["5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",64]`},
		{"random values", js, modify + next, `
var array = [0, 0, 0, 0, 0], same = utils.crypto.getRandomValues(array) === array;
accessToken.setField("r", [same, array.some(n => n !== 0), /^[0-9a-f]{8}-[0-9a-f]{4}-4/.test(utils.crypto.randomUUID())]);`, `[true,true,true]`},
		{"signatures", js, modify + next, `
var data = utils.types.stringToBytes("data"), subtle = utils.crypto.subtle, out = [];
[["HMAC"], [{name: "HMAC", hash: "SHA-512"}], ["RSA"], ["ECDSA"], [{name: "ECDSA", namedCurve: "P-384"}, {name: "ECDSA", hash: "SHA-384"}]].forEach(function (way) {
  var key = subtle.generateKey(way[0]), by = way[way.length - 1];
  var signature = subtle.sign(by, key.privateKey || key, data);
  out.push(subtle.verify(by, key.publicKey || key, data, signature), subtle.verify(by, key.publicKey || key, utils.types.stringToBytes("date"), signature));
});
accessToken.setField("r", out.concat(subtle.generateKey("AES").length, subtle.generateKey({name: "AES", length: 128}).length));`,
			`[true,false,true,false,true,false,true,false,true,false,32,16]`},
		{"derived keys", js, modify + next, `
var key = utils.crypto.subtle.deriveKey({name: "PBKDF2", hash: "SHA-1", salt: utils.types.stringToBytes("salt"), iterations: 2}, utils.types.stringToBytes("password"), 160);
accessToken.setField("r", utils.base64.encode(key));`, `"6mwBTcctb4zNHtkqzh1B8NjeiVc="`},
		{"the environment", js, modify + next, `
accessToken.setField("r", [systemEnv.getProperty("script.my.port", "587", java.lang.Integer), systemEnv.getProperty("esv.mail-host"), systemEnv.getProperty("home"),
  systemEnv.getProperty("script.none"), systemEnv.getProperty("script.none", "x"), systemEnv.getProperty("script.list", "", "java.util.List")[1],
  utils.base64.atob(utils.base64.btoa("é"))]);`,
			`[25,"mail.example.com",null,null,"x"," b","é"]`},
		{"the environment, older", js, modify, `
var map = systemEnv.getProperty("script.map", "{}", java.util.Map), list = systemEnv.getProperty("script.list", "", java.util.List);
accessToken.setField("r", [systemEnv.getProperty("script.my.port", "587", java.lang.Integer) === 25, map.get("k"), list == "[a,  b]",
  systemEnv.getProperty("script.none", "2.0", java.lang.Double), systemEnv.getProperty("script.on", "false", java.lang.Boolean)]);`,
			`[true,"v",true,2,true]`},
		{"the environment, Groovy", groovy, modify, `
Integer port = systemEnv.getProperty("script.my.port", "587", java.lang.Integer)
accessToken.setField("r", [port, systemEnv.getProperty("script.map", "{}", java.util.Map).k, systemEnv.getProperty("script.list", "", java.util.List)[0], systemEnv.getProperty("script.on", "false", Boolean)])`,
			`[25,"v","a",true]`},
		{"Java's methods of maps and lists", js, modify + next, `
var p = clientProperties.get("customProperties"), values = identity.getAttributeValues("mail");
accessToken.setField("r", [p.get("tier"), p.get("none"), p.containsKey("tier"), p.containsKey("toString"), clientProperties.get("get"), values.get(0), values.get(7), values.size(),
  values.isEmpty(), values.contains("dora@example.com"), requestProperties.get("requestParams").get("resource").get(0), JSON.stringify(p), Array.isArray(values)]);`,
			`["gold",null,true,false,null,"dora@example.com",null,1,false,true,"https://mcp.example.com","{\"tier\":\"gold\",\"limits\":{\"daily\":\"5\",\"weekly\":\"20\"}}",true]`},
		{"headers of the request", js, modify + next, `
var h = requestProperties.requestHeaders;
accessToken.setField("r", [h["X-Forwarded-For"][0], requestProperties.get("requestHeaders").get("X-Forwarded-For").get(0), h["x-forwarded-for"].get(0), h.get("X-Other"), h["X-Other"] === undefined, Object.keys(h)]);`,
			`["192.0.2.1","192.0.2.1","192.0.2.1",null,true,["X-Forwarded-For"]]`},
		{"attributes of many values", js, modify + next, `
identity.addAttribute("mail", ["a@example.com", "b@example.com"]); identity.addAttribute("mail", "c@example.com");
identity.setAttribute("nick", "d"); accessToken.setField("r", [identity.getAttributeValues("mail"), identity.getAttributeValues("nick")]);`,
			`[["dora@example.com","a@example.com","b@example.com","c@example.com"],["d"]]`},
		{"the cookie", js, modify + next, `accessToken.setField("r", cookieName);`, `"crumb"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := script.New(script.Options{Cookie: "crumb", Env: func(name string) (string, bool) { v, ok := env[name]; return v, ok }})
			tok, in := sampleToken(), sampleInput()
			in.Headers = http.Header{"X-Forwarded-For": {"192.0.2.1"}, "Authorization": {"Basic x"}, "Cookie": {"a=b"}, "X-Openam-Password": {"x"}}
			_, err := e.ModifyAccessToken(t.Context(), written(c.language, c.context, c.source), in, tok)
			for tries := 0; err != nil && strings.Contains(err.Error(), "ran too long") && tries < 20; tries++ {
				// How often a key of RSA has to be tried is chance, and a slow machine may have no time for many.
				_, err = e.ModifyAccessToken(t.Context(), written(c.language, c.context, c.source), in, tok)
			}
			if err != nil {
				t.Fatal(err)
			}
			sameJSON(t, "r", tok.Extra["r"], c.want)
		})
	}
	for source, want := range map[string]string{
		`openidm.read("managed/user/x");`:                                                            "no resources to ask for",
		`policy.evaluate({}, "x", [], {});`:                                                          "no resources to ask for",
		`cacheManager.exists("x");`:                                                                  "cacheManager is not defined",
		`jwtAssertion.generateJwt({jwtType: "X"});`:                                                  "generateJwt: jwtType: expected",
		`jwtValidator.validateJwtClaims({jwtType: "X"});`:                                            "validateJwtClaims: jwtType: expected",
		`jwtValidator.validateJwtClaims("x");`:                                                       "no such signature",
		`utils.crypto.subtle.encrypt("AES", [1], [2]);`:                                              "an AES key has 16",
		`utils.crypto.subtle.digest("MD5", [1]);`:                                                    "no hash",
		`utils.crypto.subtle.sign("DSA", [1], [2]);`:                                                 "no private key",
		`utils.base64.decode("*");`:                                                                  "Illegal base64 character 2a",
		`utils.crypto.getRandomValues("x");`:                                                         "expected an array",
		`utils.crypto.getRandomValues(new Array(5000));`:                                             "at a time",
		`systemEnv.getProperty("script.x", null);`:                                                   "must not be null",
		`systemEnv.getProperty("script.x", "y", "java.io.X");`:                                       "Unsupported return type: java.io.X",
		`utils.crypto.subtle.deriveKey({name: "PBKDF2", salt: [1], iterations: 9000000}, [1], 256);`: "iterations",
	} {
		_, err := script.New(script.Options{}).ModifyAccessToken(t.Context(), written(js, modify+next, source), sampleInput(), sampleToken())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", source, err, want)
		}
	}
}

func TestLocales(t *testing.T) {
	for _, c := range []struct{ likes, want string }{
		{"en-US", "Hello"}, {"de-AT", "Gutentag"}, {"en-GB", "Gutentag"}, {"it", "Gutentag"}, {"", "Gutentag"}, {"fr-CA", "Bonjour"},
	} {
		in := &script.DecisionInput{Languages: strings.Fields(c.likes)}
		s := written(js, "SCRIPTED_DECISION_NODE", `action.goTo(locales.getLocalizedMessage({"de": "Gutentag", "no": "Hei", "fr": "Bonjour", "en-US": "Hello"}));`)
		if d, err := script.New(script.Options{}).Decide(t.Context(), s, in); err != nil || d.Outcome != c.want {
			t.Errorf("%s: %+v %v, want %s", c.likes, d, err, c.want)
		}
	}
}
