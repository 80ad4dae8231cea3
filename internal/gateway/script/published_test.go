package script

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/groovy"
	"gatehouse/internal/jose"
)

// TestPublishedIdioms has what scripts do that people have published, in words of our
// own.
func TestPublishedIdioms(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, src, want string }{
		{"claims of a context: as values", `def k = contexts.jwtValidation.claims; say(k.scopes.asMap().keySet().join('+') + k.consent.id.asString() + k.none.isNull())`, "accounts+openidAAC_1true"},
		{"claims of a context: as bean", `def k = contexts.jwtValidation.claims; say(k.subject + k.issuer + k.getClaim('sub') + k.isDefined('exp') + k.audience[0] + k.exp.asLong())`, "demomedemotrueapp1800000000"},
		{"claims of a context: one of the values", `def k = contexts.jwtValidation.claims.scopes; say "${k.contains('a')} ${k.contains('accounts')}"`, "true false"},
		{"claims of a context: text without quotes", `say contexts.jwtValidation.claims.consent.id.toString().replaceAll('"', '')`, "AAC_1"},
		{"a map where a JsonValue is declared", `JsonValue j = [a: [b: 1]]; say(j.get('a').get('b').asInteger() + j.a.b.asInteger())`, "2"},
		{"maps of a list as JsonValues", "request.entity = [list: [[v: '1', links: [:]], [v: '2', links: [:]]]]\ndef out = ''\nfor (JsonValue v : request.entity.json.list) { v.links.add('self', '/' + v.v.asString()); out += v.links.self.asString() }\nsay out", "/1/2"},
		{"a map where claims are declared", `org.forgerock.json.jose.jwt.JwtClaimsSet k = [sub: 'x']; say k.subject`, "x"},
		{"a header of any name", `import org.forgerock.http.header.GenericHeader; request.addHeaders(new GenericHeader('if-none-match', '*')); say request.headers['If-None-Match'][0]`, "*"},
		{"the first client of a chain of proxies", `request.headers.put('X-Forwarded-For', '10.0.0.1, 10.0.0.2'); say request.headers['X-Forwarded-For'].clientIpAddress`, "10.0.0.1"},
		{"no other header has a client", `try { request.headers['X-One'].getClientIpAddress() } catch (MissingMethodException e) { say 'none' }`, "none"},
		{"a JWK from a key", "import org.forgerock.json.jose.jwk.*\nRsaJWK k = RsaJWK.builder(rsaKey).algorithm(JwsAlgorithm.PS256).keyId('k1').keyUse(KeyUseConstants.SIG).build()\ndef m = new groovy.json.JsonSlurper().parseText(k.toJsonString())\nsay(m.kty + m.alg + m.kid + m.use + m.keySet().sort() + (RsaJWK.parse(k.toJsonString()) instanceof RsaJWK))", "RSAPS256k1sig[alg, e, kid, kty, n, use]true"},
		{"an EC JWK from a key", "import org.forgerock.json.jose.jwk.*\nEcJWK k = EcJWK.builder(ecKey).build()\nsay k.keyType + k.curve + k.keyId + (k instanceof JWK)", "ECP-256nulltrue"},
		{"a builder wants a key", `try { org.forgerock.json.jose.jwk.RsaJWK.builder('x') } catch (MissingMethodException e) { say 'no key' }`, "no key"},
		{"a raw path that brings a query", `request.uri.rawPath = '/funds' + '?amount=1'; say request.uri.path + ' ' + request.uri.rawQuery`, "/funds amount=1?q=x+y&r=2"},
		{"purpose of a secret by function", `say(new JsonValue('jwt.signer').as(purposeOf(SigningKey)).label)`, "jwt.signer"},
		{"characters of a secret", "mine.getActiveSecret(Purpose.purpose('pass', GenericSecret)).then { s ->\n s.revealAsUtf8(new Function<char[], String, Exception>() {\n String apply(char[] c) { return new String(c) + c.length } }) }.then { say it }", "hidden6"},
		{"critical members of a header", "import org.forgerock.json.jose.builders.JwtBuilderFactory\nimport org.forgerock.json.jose.jws.*\nnew SigningManager(new SecretsProvider(null).setDefaultStores(mine)).newSigningHandler(Purpose.purpose('jwt.signer', SigningKey)).then { h ->\n" +
			" def t = new JwtBuilderFactory().jws(h).headers().alg(JwsAlgorithm.PS256).header('http://example.org/iat', 5).crit(['http://example.org/iat']).done().claims(new JwtClaimsSet([a: 1])).build()\n" +
			" say new String(t.split('\\\\.')[0].decodeBase64Url()) }", `{"typ":"JWT","kid":"k","alg":"PS256","crit":["http://example.org/iat"],"http://example.org/iat":5}`},
		{"kinds of messages", `say((org.forgerock.openig.util.MessageType.REQUEST.name() == 'request'.toUpperCase()) + Entity.APPLICATION_JSON_CHARSET_UTF_8)`, "trueapplication/json; charset=UTF-8"},
		{"a text that finds a value", "def b = new Binding()\nb.contexts = contexts\nb.response = new Response(Status.OK).setEntity([Data: [id: 'i']])\nsay new GroovyShell(b).evaluate(\"response.entity.json.Data.id + contexts.jwtValidation.claims.subject\")", "idemo"},
		{"a text that uses the variables of the script", `found = null; evaluate("found = request.uri.path"); say found`, "/a/b"},
		{"a text has no files", `try { new GroovyShell().evaluate("new File('/etc/passwd').text") } catch (Exception e) { say 'refused' }`, "refused"},
		{"name of the machine", `say java.net.InetAddress.getLocalHost().getHostName()`, "gw-1"},
		{"a value without a text is no value of a header", `try { request.headers.put('X-Own', new Object() { String toString() { throw new IllegalStateException('no text') } }); say 'set' } catch (IllegalStateException e) { say e.message }`, "no text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newRig(t)
			g.env = map[string]string{"HOSTNAME": "gw-1"}
			g.vars["rsaKey"], g.vars["ecKey"] = &sharedValue{v: groovy.NewKey(key.Public())}, &sharedValue{v: groovy.NewKey(ec.Public())}
			sign, err := jose.NewKey(key)
			if err != nil {
				t.Fatal(err)
			}
			sign.ID = "k"
			g.vars["mine"] = fakeStore{"jwt.signer": {{StableID: "k", Key: sign}}, "pass": {{StableID: "p", Bytes: []byte("hidden")}}}
			x := newExchange("/a/b?q=x+y&r=2").Push(&chain.MapContext{Name: "jwtValidation", Values: map[string]any{"claims": Claims{
				"sub": "demo", "iss": "me", "aud": "app", "exp": 1800000000.0, "scopes": map[string]any{"openid": "o", "accounts": "a"},
				"consent": map[string]any{"id": "AAC_1"},
			}}})
			x.Request.Header.Set("X-One", "1")
			src := c.src
			imports := "import org.forgerock.secrets.*\nimport org.forgerock.secrets.keys.*\nimport org.forgerock.json.jose.jws.*\nimport org.forgerock.json.jose.jwt.*\n"
			for strings.HasPrefix(src, "import") {
				line, rest, _ := strings.Cut(src, "\n")
				if i := strings.Index(line, "; "); i >= 0 {
					line, rest = line[:i], line[i+2:]+"\n"+rest
				}
				imports, src = imports+line+"\n", rest
			}
			s := g.source(imports + "def say(v) { new Response(Status.OK).setEntity(v as String) }\n" + src)
			if _, body := respond(t, s, x); body != c.want {
				t.Errorf("answer = %q, want %q", body, c.want)
			}
		})
	}
}
