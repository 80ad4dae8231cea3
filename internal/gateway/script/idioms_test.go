package script

import (
	"testing"

	"gatehouse/internal/gateway/chain"
)

// TestIdioms runs handler scripts that give their finding as the text of a response.
func TestIdioms(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"property of a property", `say request.uri.path`, "/a/b"},
		{"headers: first value", `say request.headers.getFirst('X-One') + request.headers['x-one'].values[0] + request.headers.'X-One'.firstValue + request.headers['X-One'][0]`, "1111"},
		{"headers: absent", `say "" + (request.headers['X-None'] == null) + request.headers['X-None']?.values + request.headers.getFirst('X-None')`, "truenullnull"},
		{"headers: put and null", `request.headers['X-One'] = null; request.headers.put('X-Two', 'b'); request.headers.Three = ['c', 'd']; say request.headers.keySet().toString() + request.headers.Three.values`, "[Three, X-Many, X-Two][c, d]"},
		{"headers: add appends", `request.headers.add('X-One', "2${1}" as String); request.headers.add('X-One', ['3', '4']); say request.headers['X-One'].values.join('+')`, "1+21+3+4"},
		{"headers: loop", `def out = []; for (h in request.headers) { out << h.key }; request.headers.each { k, v -> out << v.values }; say out.toString()`, "[X-Many, X-One, [a, b], [1]]"},
		{"headers: containsKey and remove", `def a = request.headers.containsKey('x-ONE'); request.headers.remove('X-One'); say "$a ${request.headers.containsKey('X-One')} ${request.headers.size()}"`, "true false 1"},
		{"headers: typed", `def r = new Response(Status.OK); r.headers.put(org.forgerock.http.header.ContentTypeHeader.NAME, 'text/html; charset=UTF-8'); say r.headers.get(org.forgerock.http.header.ContentTypeHeader).type`, "text/html"},
		{"headers: any over values", `say request.headers['X-Many'].values.any { it == 'b' } as String`, "true"},
		{"cookies", `request.headers.Cookie = 'a=1; b=2; a=3'; def s = request.cookies['a'][1].value + request.cookies.b[0].name; request.cookies.remove('a'); say s + request.headers.getFirst('Cookie') + (request.cookies['zz'] == null)`, "3bb=2true"},
		{"cookies: add a map", `request.cookies.add([name: 'n', value: 'v']); say request.headers.Cookie[0]`, "n=v"},
		{"query form", `say request.form.q[0] + request.queryParams.getFirst('r') + request.form['none']`, "x y2null"},
		{"form to query", `def f = new Form(); f.add('a', 'b c'); f.add('a', 'd'); f.putSingle('e', 'ü'); f.toRequestQuery(request); say request.uri.rawQuery`, "a=b+c&a=d&e=%C3%BC"},
		{"form to entity", `def f = new Form(); f.fromString('z=1&a=2'); f.toRequestEntity(request); say request.method + request.headers.getFirst('Content-Type') + request.entity.string + request.entity.form.z[0]`, "POSTapplication/x-www-form-urlencodedz=1&a=21"},
		{"entity: json both ways", `request.entity = [b: 1, a: [true, null], 'c': "g${1}"]; say request.entity.string + request.headers.getFirst('Content-Type') + request.entity.json.a[0]`, `{"b":1,"a":[true,null],"c":"g1"}application/json; charset=UTF-8true`},
		{"entity: setString and getString", `request.entity.setString('<html>'); say request.getEntity().getString() + request.entity.toString() + request.entity.isRawContentEmpty()`, "<html><html>false"},
		{"entity: async", `return request.entity.getJsonAsync().then { j -> say("" + j) }`, "null"},
		{"entity: bad json", `request.entity = '{no'; try { request.entity.json; say 'no' } catch (IOException e) { say 'caught' }`, "caught"},
		{"uri: parts", `say "${request.uri.scheme} ${request.uri.host} ${request.uri.port} ${request.uri.query} ${request.uri.pathElements} ${request.uri.fragment}"`, "http ig.example.com 8080 q=x+y&r=2 [a, b] null"},
		{"uri: change", `request.uri.path = '/x y'; request.uri.host = 'h'; request.uri.port = 81; request.uri.query = null; say request.uri.toString()`, "http://h:81/x%20y"},
		{"uri: whole", `request.uri = 'https://other/p?q'; say request.uri.toString() + request.uri.asURI().host`, "https://other/p?qother"},
		{"uri: rebase", `request.uri.rebase(org.forgerock.http.MutableUri.uri('https://b:1/z')); say request.uri.path + request.uri.authority`, "/a/bb:1"},
		{"uri: bad", `try { request.uri.host = 'a b' } catch (URISyntaxException e) { say 'caught' }`, "caught"},
		{"status", `def s = Status.valueOf(418); say "${s == Status.TEAPOT} ${s.code} ${s.clientError} ${s.isSuccessful()} ${Status.FOUND.family} ${Status.OK.reasonPhrase}"`, "true 418 true false REDIRECTION OK"},
		{"status: switch", `switch (Status.valueOf(404)) { case Status.OK: say 'ok'; break; case Status.NOT_FOUND: say 'nf'; break }`, "nf"},
		{"undeclared response", `response = new Response(Status.OK); response.entity = 'undeclared'; return response`, "undeclared"},
		{"fluent setters", `return new Response().setStatus(Status.OK).setEntity('fluent')`, "fluent"},
		{"import that is there anyway", "import org.forgerock.http.protocol.Status\nimport org.forgerock.http.protocol.*\nimport static org.forgerock.http.protocol.Response.newResponsePromise\nreturn newResponsePromise(new Response(Status.OK).setEntity('x'))", "x"},
		{"contexts", `say contexts.client.remoteAddress + contexts.root.id + (contexts.none == null) + contexts.keySet()[0]`, "192.0.2.7r1truesession"},
		{"context: as class", "import org.forgerock.services.context.ClientContext\nimport org.forgerock.services.context.AttributesContext\nsay context.asContext(ClientContext.class).remotePort + context.asContext(ClientContext).getRemoteAddress() + context.containsContext(AttributesContext)", "4711192.0.2.7true"},
		{"context: optional", `say context.get('client').map { it.contextName }.orElse('none') + context.get('zz').isPresent()`, "clientfalse"},
		{"context: parent", `say context.contextName + context.parent.contextName + context.isRootContext()`, "sessionattributesfalse"},
		{"attributes", `attributes.a = [x: [1, 2]]; attributes['b'] = 's'; attributes.a.x << 3; say attributes.a.toString() + attributes.b + (attributes.size() - 1) + context.asContext(org.forgerock.services.context.AttributesContext).attributes.b`, "[x:[1, 2, 3]]s2s"},
		{"attributes of filters can be changed", `attributes.fromFilter.k << 'c'; attributes.fromFilter.n = 1; say attributes.fromFilter.toString()`, "[k:[a, b, c], n:1]"},
		{"session", `session.user = 'demo'; session['n'] = [1]; def k = session.keySet().toString(); session.remove('n'); say session.user + k + session.n + session.containsKey('user') + (session.none ?: 'dflt')`, "demo[n, user]nulltruedflt"},
		{"session: clear", `session.a = 1; session.clear(); say session.isEmpty() as String`, "true"},
		{"binding", `say "${binding.hasVariable('request')} ${binding.hasVariable('nope')} ${binding.variables.containsKey('session')}"`, "true false true"},
		{"globals", `if (globals.x == null) { globals.x = 'v' }; globals.computeIfAbsent('n') { 5 }; globals['l'] = [1]; say globals.x + globals.get('n') + globals.l + globals.containsKey('zz')`, "v5[1]false"},
		{"globals hold nothing of a request", `try { globals.r = [a: [request]] } catch (IllegalArgumentException e) { say 'refused' }`, "refused"},
		{"json value", "import static org.forgerock.json.JsonValue.*\nimport org.forgerock.json.JsonValue\ndef j = json(object(field('a', 1), field('b', array('x', 'y')), fieldIfNotNull('n', null)))\nj.put('c', 'd')\nsay j.toString() + j.get('a').asInteger() + j.b.get(0).asString() + j.get('zz').isNull() + j.get('q').defaultTo('z').asString() + j['b'].asList().size() + j.isDefined('n')", `{"a":1,"b":["x","y"],"c":"d"}1xtruez2false`},
		{"json value: required", "try { new org.forgerock.json.JsonValue([:]).get('a').required() } catch (org.forgerock.json.JsonValueException e) { say e.message }", "/a: Expecting a value"},
		{"shift onto a string", `def errors = ['a', 'b']; def display = 'x'; display <<= "…${errors.collect{it.toUpperCase()}.join(',')}"; say display as String`, "x…A,B"},
		{"promise: get", `say http.send(request).get().entity.string`, "from /a/b"},
		{"promise: then", `return http.send(request).then { r -> r.entity = 'was ' + r.entity.string; r }`, "was from /a/b"},
		{"promise: no parameter", `return http.send(request).then({ -> new Response(Status.OK).setEntity('zero') })`, "zero"},
		{"promise: thenOnResult", `return http.send(request).thenOnResult { it.headers['X-Test'] = ["…"]; it.entity = 'seen' }`, "seen"},
		{"promise: thenAsync", "return http.send(request).thenAsync({ r ->\n  request.uri.path = '/second'\n  http.send(context, request)\n} as AsyncFunction)", "from /second"},
		{"promise: line-leading dots", "http.send(request)\n  .then(r -> r.entity.string)\n  .then(s -> new Response(Status.OK).setEntity(s + '!'))", "from /a/b!"},
		{"promise: exception in a callback", "return http.send(request).then { throw new IllegalStateException('boom') }.thenCatch { new Response(Status.OK).setEntity('checked') }.thenCatchRuntimeException { e -> new Response(Status.OK).setEntity(e.message) }", "boom"},
		{"promise: checked exception", "return Promises.newExceptionPromise(new IOException('io')).thenCatch { e -> say(e.message) }", "io"},
		{"promise: checked exception of a callback", "return http.send(request).then { throw new Exception('c') }.thenCatchRuntimeException { say('runtime') }.thenCatch { say('checked') }", "checked"},
		{"promise: when", "import org.forgerock.util.promise.Promises\ndef rs = ['/1', '/2', '/3'].collect { p -> def r = new Request(); r.uri = 'http://h' + p; http.send(r) }\nreturn Promises.when(rs).then { list -> say(list.collect { it.entity.string }.join(',')) }", "from /1,from /2,from /3"},
		{"promise: always and finally", "def seen = []\nreturn http.send(request).thenAlways { seen << 'a' }.thenFinally({ seen << 'f' }).then { say(seen.toString()) }", "[a, f]"},
		{"promise: result and exception functions", "return Promises.newExceptionPromise(new IOException('x')).then({ say('ok') }, { e -> say('bad ' + e.message) })", "bad x"},
		{"promise: unfinished", "import org.forgerock.util.promise.PromiseImpl\ndef p = PromiseImpl.create()\ndef q = p.then { say(it) }\np.handleResult('done')\nreturn q", "done"},
		{"attributes of exceptions", `try { throw new ResponseException(new Response(Status.NOT_FOUND)) } catch (ResponseException e) { say "${e.response.status.code}" }`, "404"},
		{"throttling rate", `def r = new ThrottlingRate(7, '10 seconds'); say "${r.numberOfRequests} ${r.duration.toJavaDuration()}"`, "7 PT10S"},
		{"access token info", "import org.forgerock.http.oauth2.AccessTokenInfo\nimport org.forgerock.json.JsonValue\ndef t = new AccessTokenInfo(new JsonValue([sub: 'd']), 'tok', ['a'] as Set, 5L)\nsay t.info.sub + t.token + t.scopes + t.expiresAt + t.asJsonValue().get('sub').asString()", "dtok[a]5d"},
		{"functions by class", "class F implements org.forgerock.util.Function { Object apply(Object r) { return new Response(Status.OK).setEntity('class') } }\nreturn http.send(request).then(new F())", "class"},
		{"handler by anonymous class", "import org.forgerock.http.handler.Handlers\ndef h = new Handler() { def handle(c, r) { return Response.newResponsePromise(new Response(Status.OK).setEntity('anon')) } }\ndef f = { c, r, next -> next.handle(c, r).thenOnResult { it.entity = it.entity.string + '+filter' } } as Filter\nreturn Handlers.chainOf(h, f).handle(context, request)", "anon+filter"},
		{"client over a handler", "def c = new Client({ ctx, r -> Response.newResponsePromise(new Response(Status.OK).setEntity(r.uri.path)) } as Handler)\nreturn c.send(request)", "/a/b"},
		{"json value: list of", "import static org.forgerock.util.Function.identity\nimport static org.forgerock.openig.util.JsonValues.listOf\ndef l = new org.forgerock.json.JsonValue([a: [[id: 1], [id: 2]]]).get('a').as(listOf(identity()))\nsay \"${l.size()}${l.get(1).get('id').asInteger()}${l*.class.simpleName}\"", "22[JsonValue, JsonValue]"},
		{"json value: purpose of", "import org.forgerock.secrets.keys.SigningKey\ndef p = new org.forgerock.json.JsonValue('id.sign').as(org.forgerock.secrets.Purpose.purposeOf(SigningKey))\nsay p.label", "id.sign"},
		{"uris", `say Uris.formEncodeParameterNameOrValue('a b&') + Uris.urlEncodePathElement('a b/')`, "a+b%26a%20b%2F"},
		{"class literal", `say "${request instanceof Request} ${request.headers instanceof Map} ${Status.OK.class.simpleName}"`, "true true Status"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newRig(t)
			s := g.source("import org.forgerock.util.promise.Promises\n" + c.src + "\n" + sayMethod)
			x := newExchange("/a/b?q=x+y&r=2")
			chain.Find[*chain.AttributesContext](x.Context).Map()["fromFilter"] = map[string]any{"k": []any{"a", "b"}}
			x.Request.Header.Set("X-One", "1")
			x.Request.Header["X-Many"] = []string{"a", "b"}
			if _, body := respond(t, s, x); body != c.want {
				t.Errorf("answer = %q, want %q", body, c.want)
			}
		})
	}
}

const sayMethod = `def say(x) { def r = new Response(Status.OK); r.headers['Content-Type'] = 'text/plain; charset=UTF-8'; r.entity = x as String; return r }`
