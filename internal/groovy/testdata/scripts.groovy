-- map standing for a request --
request = [uri: [path: '/a'], headers: [:], method: 'GET']
request.uri.path = '/oauth2-protected-resource'
request.headers['X-Test'] = ["v"]
request.headers.Cookie = null
println request
---
[uri:[path:/oauth2-protected-resource], headers:[X-Test:[v], Cookie:null], method:GET]
-- basic credentials --
username = 'demo'
password = 'pass:word'
def credentials = "${username}:${password}".getBytes().encodeBase64()
def header = "Basic ${credentials}" as String
println header
def decoded = new String(header.substring(6).decodeBase64())
def (u, p) = decoded.split(':', 2)
println u + ' ' + p
---
Basic ZGVtbzpwYXNzOndvcmQ=
demo pass:word
-- dynamic scopes --
def path = '/rs-tokeninfo/employee'
def scopes = [ 'mail' ] as Set
if (path =~ /employee$/) {
  scopes += 'employeenumber'
}
return println(scopes)
---
[mail, employeenumber]
-- globals idiom --
def globals = new java.util.concurrent.ConcurrentHashMap()
def run1 = {
  if (globals.x == null) {
    globals.x = 'set'
    'first'
  } else {
    'second'
  }
}
println run1() + run1()
---
firstsecond
-- dispatch by path --
def dispatch(path) {
  response = [:]
  switch (path) {
    case '/home':
      response.status = 200
      response.entity = 'home'
      break
    case '/login':
      response.status = 302
      break
    default:
      response.status = 404
      response.entity = "not found: ${path}"
      break
  }
  return response
}
println dispatch('/home')
println dispatch('/x')
---
[status:200, entity:home]
[status:404, entity:not found: /x]
-- violation page --
def violations = [[description: 'expired'], [description: 'bad aud']]
def errors = violations.collect { it.description }
def display = "<html><body>"
display <<= "<b>JWT failed</b>, errors: ${errors.join(', ')}"
display <<= "</body></html>"
println display as String
---
<html><body><b>JWT failed</b>, errors: expired, bad aud</body></html>
-- promise-like chain --
class Promise {
  def value
  def then(f) { new Promise(value: f(value)) }
  def thenAsync(f) { f(value) }
  Promise thenOnResult(Closure f) { f(value); this }
}
def next = [handle: { c, r -> new Promise(value: [status: 200, headers: [:]]) }]
def p = next.handle('ctx', 'req')
  .thenOnResult { response ->
    response.headers['X'] = 'y'
  }
  .then { r -> r.status += 1; r }
  .thenAsync({ r ->
    new Promise(value: r)
  })
println p.value
---
[status:201, headers:[X:y]]
-- claims filtering --
def claims = [sub: 'demo', aud: ['a', 'b'], exp: 1700000000, scope: 'openid profile']
def keep = ['sub', 'scope']
println claims.findAll { k, v -> k in keep }
println claims.subMap(keep)
println claims.scope.split(' ').contains('openid')
def required = claims.scope?.tokenize(' ')?.findAll { it != 'openid' } ?: []
println required
println claims.aud instanceof Collection ? claims.aud.join(',') : claims.aud
---
[sub:demo, scope:openid profile]
[sub:demo, scope:openid profile]
true
[profile]
a,b
-- jwt by hand --
import groovy.json.*
def enc = { Base64.urlEncoder.withoutPadding().encodeToString(it.getBytes('UTF-8')) }
def header = JsonOutput.toJson([alg: 'none', typ: 'JWT'])
def payload = JsonOutput.toJson([sub: 'demo', n: 5])
def jwt = enc(header) + '.' + enc(payload) + '.'
println jwt
def parts = jwt.split('\\.')
println parts.length
def body = new JsonSlurper().parseText(new String(parts[1].decodeBase64Url()))
println body.sub + body.n
def iat = (1700000000123L / 1000) as Long
println iat
println 1700000000123L / 1000
---
eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJkZW1vIiwibiI6NX0.
2
demo5
1700000000
1700000000.123
-- query parsing --
def query = 'a=1&b=x%20y&c='
def params = query.split('&').collectEntries { def kv = it.split('=', 2); [kv[0], URLDecoder.decode(kv[1], 'UTF-8')] }
println params
println params.collect { k, v -> "$k=${URLEncoder.encode(v, 'UTF-8')}" }.join('&')
---
[a:1, b:x y, c:]
a=1&b=x+y&c=
-- optional arguments by binding --
if (!binding.hasVariable('routeArgTrusted')) {
  routeArgTrusted = 'default'
}
def level = binding.hasVariable('lvl') ? lvl : 3
println routeArgTrusted + level
println this.binding.variables.keySet()
---
default3
[routeArgTrusted]
-- headers with elvis and safe navigation --
def headers = [Authorization: 'Bearer abc.def']
def token = headers['Authorization']?.replaceFirst(/(?i)^bearer\s+/, '')?.trim()
println token
def missing = headers['X-None']?.values?.getAt(0) ?: 'none'
println missing
def m = headers.Authorization =~ /^Bearer (.+)$/
if (m.matches()) println m.group(1)
if (m) println m[0][1] // matches() was at the end already
---
abc.def
none
abc.def
-- error response helper --
def fail(int status, String error, String description = null) {
  def body = [error: error]
  if (description) body.error_description = description
  [status: status, body: groovy.json.JsonOutput.toJson(body)]
}
println fail(401, 'invalid_token')
println fail(400, 'invalid_request', "it's bad")
---
[status:401, body:{"error":"invalid_token"}]
[status:400, body:{"error":"invalid_request","error_description":"it's bad"}]
-- scope validation functions --
requestedScopes = ['a', 'x'] as Set
allowedScopes = ['a', 'b'] as Set
def validate() {
  def unknown = requestedScopes - allowedScopes
  if (unknown) throw new IllegalArgumentException("Unknown/invalid scope(s): ${unknown}")
  requestedScopes.intersect(allowedScopes)
}
try { validate() } catch (IllegalArgumentException e) { println e.message }
requestedScopes = ['a'] as Set
println validate()
---
Unknown/invalid scope(s): [x]
[a]
-- claim attribute closures --
fromSet = { claim, attr ->
  if (attr != null && attr.size() == 1) { attr.iterator().next() }
  else if (attr != null && attr.size() > 1) { attr }
  else null
}
attributes = [mail: ['a@x.org'] as Set, member: ['p', 'q'] as Set]
claimAttributes = [
  email: { claim, requested = null -> [(claim): fromSet(claim, attributes['mail'])] },
  groups: { claim -> [(claim): fromSet(claim, attributes['member'])] },
  none: { claim -> [(claim): fromSet(claim, attributes['nope'])] }
]
def computed = claimAttributes.keySet().inject([:]) { acc, name -> acc << claimAttributes[name](name) }
println computed.findAll { it.value != null }
scopeClaims = [email: ['email'], profile: ['groups', 'none']]
println scopeClaims.collectMany { k, v -> v }.toSet().size()
---
[email:a@x.org, groups:[p, q]]
3
-- constants and helpers as class --
class Config {
  static final Map LEVELS = [low: 1, high: 10]
  static int level(String name) { LEVELS[name] ?: LEVELS.low }
}
println Config.level('high') + Config.level('zzz')
---
11
-- nested data building --
def body = [
  resourceType: 'Policy',
  rules: (1..2).collect { i ->
    [id: "r$i".toString(), actions: ['GET', 'POST'].collectEntries { [(it): i % 2 == 0] }]
  },
  meta: [created: null, tags: [] + 'x']
]
println groovy.json.JsonOutput.toJson(body)
---
{"resourceType":"Policy","rules":[{"id":"r1","actions":{"GET":false,"POST":false}},{"id":"r2","actions":{"GET":true,"POST":true}}],"meta":{"created":null,"tags":["x"]}}
-- gstring keys and comparisons --
def id = 7
def cache = [:]
cache["user-${id}"] = 'u'
println cache['user-7']
println cache.containsKey("user-${id}")
println("user-${id}" in cache.keySet())
switch ("user-${id}") { case 'user-7': println 'matched'; break; default: println 'no' }
println(['a', "user-$id"].contains('user-7'))
---
u
true
true
matched
true
-- exceptions translated --
def call(n) {
  try {
    if (n == 1) throw new IOException('net')
    if (n == 2) return Integer.parseInt('z')
    [1][5].foo()
  } catch (IOException e) {
    throw new IllegalStateException("wrapped: ${e.message}", e)
  } catch (NumberFormatException e) {
    'nfe'
  }
}
try { call(1) } catch (IllegalStateException e) { println e.message + ' ' + e.cause.class.name }
println call(2)
try { call(3) } catch (NullPointerException e) { println e.message }
---
wrapped: net java.io.IOException
nfe
Cannot invoke method foo() on null object
-- html template --
def user = [name: 'Dem<o>', groups: ['a', 'b']]
def esc = { s -> s.replace('<', '&lt;').replace('>', '&gt;') }
def html = """<html>
  <p class="x">Hi ${esc(user.name)}</p>
  ${user.groups.collect { "<li>$it</li>" }.join('\n  ')}
  <script>var a = {b: '\$x'};</script>
</html>""" as String
println html
---
<html>
  <p class="x">Hi Dem&lt;o&gt;</p>
  <li>a</li>
  <li>b</li>
  <script>var a = {b: '$x'};</script>
</html>
-- retry loop --
int attempts = 0
def result = null
while (result == null && attempts < 5) {
  attempts++
  try {
    if (attempts < 3) throw new RuntimeException("try $attempts")
    result = "ok after $attempts"
  } catch (RuntimeException e) {
    print e.message + '; '
    continue
  }
}
println result
---
try 1; try 2; ok after 3
-- typed closures and lambdas --
import java.util.function.*
Function<String, Integer> len = String::length
BiFunction<Integer, Integer, Integer> add = (a, b) -> a + b
Supplier<List<String>> mk = { -> ['x'] }
Predicate<String> empty = { it.isEmpty() }
println len.apply('abc') + add.apply(1, 2)
println mk.get()
println empty.test('') && empty.negate().test('a')
println len.andThen { it * 2 }.apply('ab')
---
6
[x]
true
4
-- string building of a curl command --
def headers = [Accept: 'application/json', 'X-Id': 5]
def sb = new StringBuilder('curl')
headers.each { name, value -> sb.append(" -H '").append(name).append(': ').append(value).append("'") }
sb << ' https://x'
println sb.toString()
---
curl -H 'Accept: application/json' -H 'X-Id: 5' https://x
-- method call on result of new --
println new StringBuilder('abc').reverse().toString()
println new Date(0).time + 1
println new ArrayList([3, 1]).sort()
---
cba
1
[1, 3]
-- ldap-like filter building --
def attrs = ['uid', 'mail']
def v = 'j*d'
def escd = v.collectReplacements { it == '*' ? '\\2a' : null }
println '(|' + attrs.collect { "($it=$escd)" }.join('') + ')'
---
(|(uid=j\2ad)(mail=j\2ad))
-- as array passed to varargs --
def join(String sep, String... parts) { parts.join(sep) }
println join('-', 'a', 'b')
println join('-', ['c', 'd'] as String[])
println join('+')
---
a-b
c-d

-- list of maps sorted by several keys --
def l = [[n: 'b', a: 2], [n: 'a', a: 2], [n: 'c', a: 1]]
println l.sort { x, y -> x.a <=> y.a ?: x.n <=> y.n }*.n
println l.sort(Comparator.comparing { it.n }.reversed())*.n
println l.toSorted { -it.a }*.a
---
[c, a, b]
[c, b, a]
[2, 2, 1]
