-- nested generics --
Map<String, List<Map<String, Object>>> m = [a: [[b: 1]]]
Map<String, Map<String, List<String>>> n = new HashMap<String, Map<String, List<String>>>()
List<? extends Number> l = [1]
println m.a[0].b + n.size() + l[0]
def f(Map<String, List<String>> x, List<int[]> y) { x.size() }
println f([:], [])
---
2
0
-- trailing commas --
def l = [1, 2, 3,]
def m = [
  a: 1,
  b: 2,
]
println l.size() + m.size()
---
5
-- return on its own lines --
def f(x) {
  if (!x) return
  if (x == 1) return 'one'
  return [
    a: x
  ]
}
println f(0)
println f(1)
println f(2)
---
null
one
[a:2]
-- split into an array --
String[] parts = 'a,b'.split(',')
println parts.length + parts[0]
def (x, y) = 'k=v'.split('=')
println x + y
for (String p : parts) print p
println()
println parts.toList().indexOf('b')
println parts as List
println parts.collect { it * 2 }
println parts.contains('a')
println parts.join('-')
---
2a
kv
ab
1
[a, b]
[aa, bb]
true
a-b
-- negated instanceof and in --
def x = 'a'
println !(x instanceof Integer)
println x !instanceof Integer
println !(x in ['b'])
---
true
true
true
-- chained assignment --
def a, b, c
a = b = c = 5
println a + b + c
---
15
-- postfix on new lines --
def s = [1, 2, 3]
    .findAll { it > 1 }   // comment
    // another comment
    .collect {
      it * 10
    }
println s
def t = 'abc'
    ?.toUpperCase()
println t
---
[20, 30]
ABC
-- closures with comments and blank lines --
def f = { a, // first
          b ->

  // nothing

  a + b

}
println f(1, 2)
---
3
-- if else on separate lines --
def f(x) {
  if (x > 0)
    return 'pos'
  else if (x < 0)
    return 'neg'
  else
    return 'zero'
}
println f(1) + f(-1) + f(0)
---
posnegzero
-- ternary over lines --
def x = true
    ? 'a'
    : 'b'
println x
def y = x == 'a' ?
    1 :
    2
println y
---
a
1
-- boolean expressions over lines --
def a = 1, b = null
if (a
    && !b
    || a == 2) println 'yes'
def ok = a != null &&
  a > 0
println ok
---
yes
true
-- methods named like keywords --
def m = [in: 1, default: 2, class: 3, new: 4]
println m.in + m.default + m['class'] + m.new
class K { def as() { 'as' } ; def in(x) { "in$x" } }
println new K().as() + new K().in(1)
---
10
asin1
-- string methods on gstrings --
def n = 5
def g = "v${n}w"
println g.toUpperCase()
println g.length() + g.indexOf('5')
println g.contains('5')
println g + g
println g[1]
println g.replace('v', 'x').class.simpleName
println g as String == 'v5w'
println "a${n}".hashCode() == 'a5'.hashCode()
---
V5W
4
true
v5wv5w
5
String
true
true
-- list equality and contains with mixed types --
println([1, 2] == [1, 2] as Set)
println([1L, 2] == [1, 2])
println([1, 'a'].contains("${'a'}".toString()))
println([[1], [2]].contains([1]))
println([1, 2] as Set == [2, 1] as Set)
println([a: [1]] == [a: [1]])
println(1 in [1L])
---
false
true
true
true
true
true
true
-- integer caching and identity of numbers --
println 127 == 127
println 1 == 1L
println 1.equals(1L)
println 1.0 == 1
println 1.0.equals(1)
println 0.5f == 0.5d
---
true
true
false
true
false
true
-- integer overflow --
int i = Integer.MAX_VALUE
i++
println i
println Integer.MAX_VALUE * 2
println Long.MAX_VALUE + 1
println Integer.MAX_VALUE * 2L
println Math.abs(-5)
println(-5 / 2)
println((-5).intdiv(2))
println(-5 % 3)
---
-2147483648
-2
-9223372036854775808
4294967294
5
-2.5
-2
-2
-- char arithmetic --
char c = 'a'
println c
println c + 1
println((char) (c + 1))
println(('a'..'c').collect { it })
println('abc'.collect { (it as char) as int })
println 'b' > 'a'
c++
println c
---
a
98
b
[a, b, c]
[97, 98, 99]
true
b
-- octal and unicode escapes --
println '\u0048\u0069'
println '\101'
println 'tab\there'
println 'sur\ud83d\ude00'.length()
println '😀'.length()
println 'é'.length()
println '日本語'.substring(1)
println '日本語'.indexOf('語')
println '日本語'.reverse()
---
Hi
A
tab	here
5
2
1
本語
2
語本日
-- dollar signs in strings --
println 'a$b'
println "a\$b"
println "cost: 5\$"
println "price $ 5"
println '${x}'
def x = 1
println "${x}$x"
println "$x.5"
---
a$b
a$b
cost: 5$
price $ 5
${x}
11
1.5
-- dollar and name --
def x = [y: 2]
println "$x.y!"
println "${x.y}."
println "${x.collect { k, v -> "$k=$v" }.join(',')}"
println "${x?.z ?: 'none'}"
println "${-> 'lazy'}"
println "${}"
---
2!
2.
y=2
none
lazy
null
-- named arguments --
def f(Map args) { args.sort() }
def g(Map args, x, y = 5) { "$args $x $y" }
println f(b: 1, a: 2)
println g(1, k: 'v')
println g(k: 'v', 1, 2)
println f('quoted key': 1, ('b' + 'c'): 2)
---
[a:2, b:1]
[k:v] 1 5
[k:v] 1 2
[bc:2, quoted key:1]
-- named arguments with spread --
def g(Map args, x) { "$args $x" }
def extra = [p: 1]
println g(q: 2, *: extra, 'z')
def list = ['only']
println g(*list, a: 1)
---
[q:2, p:1] z
[a:1] only
-- constructor with map and closure --
class Job { String name; Closure action; int retries = 1 }
def j = new Job(name: 'n', action: { "ran $it" })
println j.action('x') + j.retries
j.with { retries = 4 }
println j.retries
println j.properties.findAll { it.key != 'class' && it.key != 'action' }
---
ran x1
4
[name:n, retries:4]
-- object methods --
class A { int x = 1 }
def a = new A()
println a.hasProperty('x') != null
println a.respondsTo('nope').size()
println a.getProperty('x')
a.setProperty('x', 5)
println a.x
println a.invokeMethod('getX', null)
println a.class.name
println a.with { x + 1 }
---
true
0
1
5
5
A
6
-- static nested access --
class Outer { static class In { static String V = 'v'; static f() { 'f' } } ; enum E { P, Q } }
println Outer.In.V + Outer.In.f()
println Outer.E.P
println Outer.E.values().size()
---
vf
P
2
-- while with assignment in condition --
def it1 = [1, 2].iterator()
def v
while (it1.hasNext() && (v = it1.next()) != null) print v
println()
int n = 3
while (n --> 0) print n
println()
---
12
210
-- deep copies and plus assign on properties --
def m = [list: [], n: 0, s: 'a', set: [] as Set]
m.list += 1
m.list << 2
m.n += 5
m.s += 'b'
m.set += 'x'
m['n'] -= 2
m.count = (m.count ?: 0) + 1
println m
---
[list:[1, 2], n:3, s:ab, set:[x], count:1]
-- elvis assignment and safe index --
def m = [a: null]
m.a ?= 3
println m.a
def l = null
println l?[0]
println([1, 2]?[1])
---
3
null
2
-- safe navigation on assignment --
def x = null
x?.y = 5
println x
---
null
-- try as expression of closure --
def f = { s -> try { s.toInteger() } catch (e) { -1 } }
println f('5') + f('z')
---
4
-- finally overrides return --
def f() { try { return 1 } finally { return 2 } }
def g() { for (i in 1..3) { try { continue } finally { if (i == 3) return i } } }
println f() + g()
---
5
-- nested exceptions keep variables --
def out = []
try {
  try { throw new Exception('a') } catch (e) { out << e.message; throw new Exception('b') } finally { out << 'f' }
} catch (e) { out << e.message }
println out
---
[a, f, b]
-- stack of closures and this --
class S {
  def n = 1
  def f() { [1].collect { [2].collect { n + it + this.n } } }
  def g() { def c = { -> owner.class.simpleName }; c() }
}
println new S().f()
println new S().g()
---
[[4]]
S
-- use of super properties --
class P { def name = 'p'; def getTitle() { 'P title' } }
class C extends P { def getTitle() { 'C ' + super.title } ; def show() { name + ' ' + title } }
println new C().show()
---
p C P title
-- private fields through this and dot at --
class F { private v = 1; def getV() { 'getter' } ; def both() { [this.v, this.@v, v] } }
println new F().both()
println new F().v
println new F().@v
---
[1, 1, 1]
getter
1
-- interface with generic method and lambda --
interface Handler2<T> { T handle(String s) }
Handler2<Integer> h = { it.length() }
println h.handle('abc')
def use(Handler2 x) { x.handle('abcd') }
println use { it.size() * 2 }
println use((s) -> s + '!')
---
3
8
abcd!
-- switch returning from a method by case lists --
def kind(x) {
  switch (x) {
    case 'a':
    case 'b':
      return 'letter'
    case ~/^\d+$/:
      return 'number'
    case Integer:
    case Long:
      return 'int'
    case { it?.startsWith('z') }:
      return 'z'
  }
  'none'
}
println(['a', 'b', '12', 3, 'zz', 'q'].collect { kind(it) })
---
[letter, letter, number, number, z, none]
-- sets and order --
def s = ['b', 'a', 'b'] as LinkedHashSet
s << 'c'
s.remove('a')
println s
println s.size()
println s.contains('c')
println s.first()
println s.sort()
println s.collect { it.toUpperCase() }.class.simpleName
println s.findAll { it != 'b' }.class.simpleName
---
[b, c]
2
true
b
[b, c]
ArrayList
LinkedHashSet
-- map iteration with index and sort --
[b: 1, a: 2].eachWithIndex { k, v, i -> print "$i$k$v " }
[b: 1, a: 2].eachWithIndex { e, i -> print "$i$e " }
println()
println([b: 1, a: 2].sort { x, y -> x.key <=> y.key })
println([b: 1, a: 2].keySet().sort())
println([b: 1, a: 2].collect { it.key }.join())
---
0b1 1a2 0b=1 1a=2 
[a:2, b:1]
[a, b]
ba
-- null in collections --
println([1, null, 2].findAll())
println([null].size())
println([1, null].sum { it ?: 0 })
println([null, 1].min())
println([a: null].a?.b)
println([null].contains(null))
println([1, null, 3] - null)
---
[1, 2]
1
1
1
null
true
[1, 3]
-- number formatting with locale --
println String.format(Locale.US, '%.2f', 1.005)
println 1234.5.toString()
println 1e3.toBigInteger()
println new BigDecimal('1.10').toPlainString()
println 1.10 + ''
println 100.0.stripTrailingZeros().toPlainString()
println 12.5.toBigInteger()
---
1.01
1234.5
1000
1.10
1.10
100
12
-- closing with withCloseable --
class R implements Closeable { void close() { println 'closed' } }
println new R().withCloseable { 'used' }
try { new R().withCloseable { throw new IOException('x') } } catch (IOException e) { println e.message }
---
closed
used
closed
x
-- http style helper with closures and defaults --
def build(Map opts = [:], String url, Closure after = { it }) {
  after([url: url, method: opts.method ?: 'GET', headers: opts.headers ?: [:]])
}
println build('http://x')
println build('http://x', method: 'POST')
println build('http://x', headers: [a: 1]) { it.headers }
---
[url:http://x, method:GET, headers:[:]]
[url:http://x, method:POST, headers:[:]]
[a:1]
