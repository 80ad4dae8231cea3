package script

import (
	"strings"
	"testing"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/jose"
)

func TestLibraryClasses(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"json of a text", "import org.forgerock.http.util.Json\nsay '' + Json.readJson('{\"a\":[1,{\"b\":2}]}').a[1].b", "2"},
		{"json of a reader", "import org.forgerock.http.util.Json\nsay '' + Json.readJson(new StringReader('[5]'))[0]", "5"},
		{"json written", "import org.forgerock.http.util.Json\nsay new String(Json.writeJson([k: ['v', null]]))", `{"k":["v",null]}`},
		{"json broken", "import org.forgerock.http.util.Json\ntry { Json.readJson('{') } catch (IOException e) { say 'broken' }", "broken"},
		{"base64", "import org.forgerock.util.encode.Base64\nsay Base64.encode('demo:pw'.bytes) + new String(Base64.decode('eA==')) + Base64.decode('?')", "ZGVtbzpwdw==xnull"},
		{"base64 for URLs", "import org.forgerock.util.encode.Base64url\nsay Base64url.encode([-5, -1] as byte[])", "-_8"},
		{"body from a branching stream", "import org.forgerock.http.io.ByteArrayBranchingStream\ndef r = new Response(Status.OK); r.entity = new ByteArrayBranchingStream('old'.bytes); return r", "old"},
		{"closing quietly", "import static org.forgerock.util.Closeables.closeSilently\ncloseSilently(null, request); say 'closed'", "closed"},
		{"diagnostic context", "import org.slf4j.MDC\nMDC.put('k', 'v'); MDC.remove('k'); say 'kept apart'", "kept apart"},
		{"distinguished name", "import javax.naming.ldap.*\ndef n = new LdapName('CN=a\\\\, b, OU=\"x,y\",C=GB'); def out = []; for (Rdn r : n.rdns) { out << r.type + '~' + r.value }; say out.join(' ') + ' ' + n.size() + ' ' + n.getRdn(0).value", "C~GB OU~x,y CN~a, b 3 GB"},
		{"distinguished name in hex", "import javax.naming.ldap.*\nsay new LdapName('CN=\\\\C3\\\\BC').rdns[0].value + Rdn.escapeValue('a,b')", `üa\,b`},
		{"no distinguished name", "import javax.naming.*\nimport javax.naming.ldap.LdapName\ntry { new LdapName('nothing') } catch (InvalidNameException e) { say 'invalid' }", "invalid"},
		{"header classes need no import", "def r = new Response(Status.OK); r.headers.put(ContentTypeHeader.NAME, 'text/css'); say ContentTypeHeader.valueOf(r).type", "text/css"},
		{"json values need no import", "say json(object(field('a', array(1, 2)))).get('a').asList().size() as String", "2"},
		{"an own method wins", "def field(a, b) { a + b }\nsay field('x', 'y')", "xy"},
		{"an own closure wins", "def object = { 'own ' + it }\nsay object(1)", "own 1"},
		{"a closure variable wins", "array = { 'var ' + it }\nsay array(1)", "var 1"},
		{"promises need no import", "return newResultPromise(new Response(Status.OK).setEntity('p'))", "p"},
		{"promise of work", "return newPromise { -> new Response(Status.OK).setEntity('worked') }", "worked"},
		{"promise of failed work", "return newPromise { -> throw new IOException('lost') }.then({ it }, { e -> say(e.message) })", "lost"},
		{"fields put", "def r = new Request(); r.headers.put('X-One', 'old'); r.putHeaders(request.headers.get('X-One')); say r.headers['X-One'].values.join()", "1"},
		{"transaction of another id", "import org.forgerock.services.TransactionId\nimport org.forgerock.services.context.TransactionIdContext\ndef c = new TransactionIdContext(context, new TransactionId('t-9'))\nsay c.transactionId.value + c.parent.contextName", "t-9session"},
		{"emptiness of json values", "say \"${json([]).isEmpty()} ${json([a: 1]).isEmpty()} ${json(null).isEmpty()}\"", "true false true"},
		{"purpose of passwords", "import org.forgerock.secrets.Purpose\nsay Purpose.PASSWORD.label + Purpose.PASSWORD.secretType.simpleName", "passwordGenericSecret"},
		{"list of values", "import static org.forgerock.openig.util.JsonValues.listOf\nsay '' + json([Errors: [[Code: 'a'], [Code: 'b']]]).get('Errors').as(listOf(JsonValue::asMap)).get(1).Code", "b"},
		{"list of itself", "import static org.forgerock.util.Function.identity\nimport static org.forgerock.json.JsonValueFunctions.*\nsay '' + json([1, 2]).as(listOf(identity()))*.asInteger() + json(null).as(listOf(identity()))", "[1, 2]null"},
		{"set, constant, duration", "import static org.forgerock.json.JsonValueFunctions.*\nenum E { A, B }\nsay '' + json(['x', 'x']).as(setOf(JsonValue::asString)) + json('B').as(enumConstant(E)) + json('5 s').as(duration()).value + json('http://h/p').as(uri()).host", "[x]B5000h"},
		{"list of no list", "import static org.forgerock.json.JsonValueFunctions.listOf\ntry { json('x').as(listOf(JsonValue::asString)) } catch (org.forgerock.json.JsonValueException e) { say 'none' }", "none"},
		{"purpose of a secret id", "import static org.forgerock.secrets.Purpose.purposeOf\nimport org.forgerock.secrets.Purpose\nimport org.forgerock.secrets.keys.SigningKey\nPurpose<SigningKey> p = new JsonValue('id.sign').as(purposeOf(SigningKey.class))\nsay p.label + p.secretType.simpleName", "id.signSigningKey"},
		{"a put reaches the map", "def m = [:]; json(m).put('k', 1); say '' + m", "[k:1]"},
		{"token of a transformation", "import org.forgerock.openig.openam.StsContext\ndef c = new StsContext(context, 'tok'); say c.issuedToken + c.getIssuedToken() + c.contextName + c.asContext(StsContext).issuedToken", "toktokststok"},
		{"directory exceptions", "import javax.naming.*\ntry { throw new AuthenticationException('who') } catch (NamingException e) { say e.message + (e instanceof NamingSecurityException) }", "whotrue"},
		{"directory exceptions are checked", "return newPromise { -> throw new javax.naming.AuthenticationException('who') }.thenCatch { say('caught ' + it.message) }", "caught who"},
		{"trailers", "def r = new Response(Status.OK); r.trailers['X-Sum'] = 'a'; r.trailers.add('X-Sum', 'b'); request.trailers.Y = '1'; say '' + r.trailers['x-sum'].values + request.trailers.getFirst('Y') + (r.headers['X-Sum'] == null)", "[a, b]1true"},
		{"router context", "import org.forgerock.http.routing.UriRouterContext\ndef c = UriRouterContext.uriRouterContext(context).originalUri(new URI('https://pub.example.com/p')).matchedUri('m').remainingUri('r').build()\nsay c.originalUri.host + c.matchedUri + c.remainingUri", "pub.example.commr"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newRig(t)
			x := newExchange("/")
			x.Request.Header.Set("X-One", "1")
			if _, body := respond(t, g.source(c.src+"\n"+sayMethod), x); body != c.want {
				t.Errorf("answer = %q, want %q", body, c.want)
			}
		})
	}
}

func TestKeySetsOfScripts(t *testing.T) {
	key, err := jose.Generate(jose.KindRSA2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := jose.Generate(jose.KindP256)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for id, k := range map[string]*jose.Key{"r1": key, "e1": ecKey} {
		b, err := k.With(id, "", jose.ForSignature).MarshalPublic()
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(b))
	}
	g := newRig(t)
	g.vars["keys"] = `{"keys":[` + strings.Join(texts, ",") + `]}`
	for _, c := range []struct{ name, src, want string }{
		{"found by id", "def k = JWKSet.parse(keys).findJwk('r1'); say k.keyId + k.use + k.keyType + k.toRSAPublicKey().algorithm + k.toRSAPublicKey().modulus.bitLength()", "r1sigRSARSA2048"},
		{"not found", "say '' + JWKSet.parse(keys).findJwk('zz')", "null"},
		{"elliptic", "say JWKSet.parse(keys).findJwk('e1').toECPublicKey().algorithm", "EC"},
		{"list", "say JWKSet.parse(keys).getJWKsAsList().collect { it.keyId }.sort().join()", "e1r1"},
		{"from parsed JSON", "say JWKSet.parse(new groovy.json.JsonSlurper().parseText(keys)).keys.size() as String", "2"},
		{"no private part", "try { JWKSet.parse(keys).findJwk('e1').toPrivateKey() } catch (FailedToLoadJWKException e) { say 'none' }", "none"},
		{"broken", "try { JWKSet.parse('{\"keys\":1}') } catch (FailedToLoadJWKException e) { say 'broken' }", "broken"},
		{"one key", "say JWK.parse('{\"kty\":\"oct\",\"k\":\"AAAA\",\"kid\":\"s\"}').toJsonValue().get('kid').asString()", "s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := "import org.forgerock.json.jose.jwk.*\nimport org.forgerock.json.jose.exceptions.FailedToLoadJWKException\n" + c.src + "\n" + sayMethod
			if _, body := respond(t, g.source(src), newExchange("/")); body != c.want {
				t.Errorf("answer = %q, want %q", body, c.want)
			}
		})
	}
}

func TestMadeContextReachesHandlers(t *testing.T) {
	g := newRig(t)
	var seen string
	next := chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		seen = chain.Find[*chain.TransactionContext](x.Context).Value
		return chain.NewResponse(200), nil
	})
	s := g.source("import org.forgerock.services.*\nimport org.forgerock.services.context.*\nreturn next.handle(new TransactionIdContext(context, new TransactionId('own')), request)", "next")
	if _, err := s.Filter(newExchange("/"), next); err != nil || seen != "own" {
		t.Errorf("transaction = %q, %v", seen, err)
	}
}

func FuzzDistinguishedNames(f *testing.F) {
	for _, s := range []string{"", "CN=a", `CN="x,y"`, `a=\`, `a=\C`, `a="`, "=", ",", `a=\,;b=\20`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := parseDN(s)
		if err != nil {
			return
		}
		again, err := parseDN(d.String())
		if err != nil || len(again.parts) != len(d.parts) {
			t.Errorf("%q became %q, which is read as %v, %v", s, d, again, err)
		}
	})
}
