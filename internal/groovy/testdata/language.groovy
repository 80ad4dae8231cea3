-- implicit return of if --
def f(x) { if (x > 1) { 'big' } else { 'small' } }
println f(2) + f(1)
---
bigsmall
-- implicit return of switch --
def f(x) {
  switch (x) {
    case 1: 'one'; break
    case 2: 'two'; break
    default: 'many'
  }
}
println f(1) + f(2) + f(3)
---
onetwomany
-- implicit return of try --
def f(s) { try { Integer.parseInt(s) } catch (NumberFormatException e) { -1 } finally { print 'f ' } }
println f('12') + f('x')
---
f f 11
-- undeclared variable is visible in methods and closures --
count = 5
def f() { count + 1 }
println f()
def c = { count * 2 }
println c()
println binding.hasVariable('count')
println binding.variables.count
println binding.hasVariable('nope')
---
6
10
true
5
false
-- def variables are hidden from methods --
def x = 1
def f() { x }
try { f() } catch (MissingPropertyException e) { println e.message }
---
No such property: x for class: script
-- typed locals coerce --
String s = "a${1}"
println s instanceof String
int n = 3.9
println n
long l = 5
println l.class.name
List<String> names = ['a']
Map<String, List<Integer>> m = [a: [1]]
println names + m.a
boolean b = 'x'
println b
---
true
3
java.lang.Long
[a, 1]
true
-- impossible cast --
try { int n = 'abc' } catch (ClassCastException e) { println e.message }
---
Cannot cast object 'abc' with class 'java.lang.String' to class 'int'
-- ternary and elvis --
println(1 > 2 ? 'a' : 'b')
println(null ?: 'dflt')
println('' ?: 'empty')
println(0 ?: 7)
def x = null
x ?= 4
println x
---
b
dflt
empty
7
4
-- safe navigation --
def a = null
println a?.b
println a?.foo()
println a?.b?.c
def m = [x: null]
println m.x?.y
println m?.x
---
null
null
null
null
null
-- null dereference --
def a = null
a.length()
---
!java.lang.NullPointerException: Cannot invoke method length() on null object
-- property of null --
def a = null
println a.foo
---
!Cannot get property 'foo' on null object
-- truth --
println([null, 0, '', [], [:], false, 0.0].collect { it ? 1 : 0 })
println([1, 'a', [0], [a: 1], true, -1, "${'x'}"].collect { it ? 1 : 0 })
---
[0, 0, 0, 0, 0, 0, 0]
[1, 1, 1, 1, 1, 1, 1]
-- while with break and continue --
int i = 0
def out = []
while (true) {
  i++
  if (i == 2) continue
  if (i > 4) break
  out << i
}
println out
---
[1, 3, 4]
-- labelled loops --
def out = []
outer:
for (a in 1..3) {
  for (b in 1..3) {
    if (b == 2) continue outer
    if (a == 3) break outer
    out << "$a$b"
  }
}
println out
---
[11, 21]
-- for loops --
for (int i = 0; i < 3; i++) print i
println()
for (x in ['a', 'b']) print x
println()
for (String s : ['c', 'd']) print s
println()
for (e in [k: 1, l: 2]) print "$e.key$e.value "
println()
for (c in 'xyz') print c + '.'
println()
for (int i = 0, j = 10; i < j; i += 3, j -= 3) print "$i-$j "
println()
---
012
ab
cd
k1 l2 
x.y.z.
0-10 3-7 
-- do while --
int i = 0
do { i++ } while (i < 5)
println i
---
5
-- switch labels --
def f(x) {
  switch (x) {
    case 1..3: return 'range'
    case [10, 20]: return 'list'
    case String: return 'string'
    case ~/a.*/: return 'never'
    case { it instanceof Number && it > 100 }: return 'closure'
    case null: return 'null'
    default: return 'default'
  }
}
println([2, 10, 'abc', 500, null, 50].collect { f(it) })
---
[range, list, string, closure, null, default]
-- switch pattern and fall through --
def f(s) {
  def r = []
  switch (s) {
    case ~/\d+/: r << 'digits'
    case 'x': r << 'x'; break
    case 'y': r << 'y'
    default: r << 'd'
  }
  r
}
println f('12') + f('x') + f('y') + f('z')
---
[digits, x, x, y, d, d]
-- arrow switch expression --
def f(x) {
  def r = switch (x) {
    case 1 -> 'one'
    case 2, 3 -> { yield 'few' }
    default -> 'many'
  }
  r
}
println f(1) + f(3) + f(9)
---
onefewmany
-- try finally order --
def log = []
def f(log) {
  try { log << 'try'; return 'r' } finally { log << 'fin' }
}
println f(log) + log
try {
  try { throw new IOException('io') } finally { println 'cleanup' }
} catch (Exception e) { println e.class.simpleName + ' ' + e.message }
---
r[try, fin]
cleanup
IOException io
-- multi catch and rethrow --
def f(t) {
  try { throw t } catch (IllegalStateException | IllegalArgumentException e) { 'multi ' + e.message } catch (RuntimeException e) { 'rt' } catch (Throwable e) { 'thr' }
}
println f(new IllegalArgumentException('a'))
println f(new RuntimeException('b'))
println f(new IOException('c'))
println f(new Error('d'))
---
multi a
rt
thr
thr
-- untyped catch --
try { throw new Exception('x') } catch (e) { println e.message }
try { null.foo() } catch (NullPointerException e) { println 'npe' }
---
x
npe
-- exception cause and toString --
def e = new RuntimeException('outer', new IOException('inner'))
println e.cause.message
println e
println new Exception().message
println new RuntimeException(new IOException('z')).message
---
inner
java.lang.RuntimeException: outer
null
java.io.IOException: z
-- try with resources --
class Res implements AutoCloseable {
  String n
  void close() { println "close $n" }
}
try (def a = new Res(n: 'a'); Res b = new Res(n: 'b')) {
  println 'body ' + a.n + b.n
}
try (Res r = new Res(n: 'c')) { throw new Exception('x') } catch (e) { println e.message }
---
body ab
close b
close a
close c
x
-- uncaught exception --
throw new IllegalStateException('boom')
---
!script.groovy:1:1: java.lang.IllegalStateException: boom
-- multiple assignment --
def (a, b, c) = [1, 2]
println "$a $b $c"
(a, b) = [b, a]
println "$a $b"
def (String s, int n) = ['x', 5]
println s + n
---
1 2 null
2 1
x5
-- assignment operators --
def x = 10
x += 5; print "$x "
x -= 3; print "$x "
x *= 2; print "$x "
x /= 4; print "$x "
x **= 2; print "$x "
x %= 7; print "$x "
def y = 1
y <<= 4; print "$y "
y |= 3; print "$y "
y &= 6; print "$y "
y ^= 1; println y
---
15 12 24 6 36 1 16 19 2 3
-- increments --
def i = 5
println i++ + ++i
println i-- - --i
def m = [n: 1]
m.n++
m['n']++
println m
def l = [1, 2]
l[0]++
println l
---
12
2
[n:3]
[2, 2]
-- string shift assignment --
def display = 'a'
display <<= 'b'
display <<= "c${1}"
println display
println display.class.simpleName
println((display as String).length())
---
abc1
StringBuffer
4
-- spread operators --
def l = [[n: 1], [n: 2]]
println l*.n
println l.n
println(['a', 'bb']*.length())
def f(a, b, c) { "$a$b$c" }
println f(*[1, 2, 3])
println([0, *[1, 2], 3])
println([a: 0, *: [b: 1, c: 2]])
println([null, 'x']*.size())
---
[1, 2]
[1, 2]
[1, 2]
123
[0, 1, 2, 3]
[a:0, b:1, c:2]
[null, 1]
-- ranges --
println((1..5).toList())
println((1..<5).size())
println((5..1).toList())
println(('a'..'e').join(''))
println(3 in 1..5)
println((1..10).step(3))
println([10, 20, 30, 40][1..2])
println('hello'[1..3])
println('hello'[-3..-1])
println([1, 2, 3][-1])
println((1..3).collect { it * it })
println(0..<0)
---
[1, 2, 3, 4, 5]
4
[5, 4, 3, 2, 1]
abcde
true
[1, 4, 7, 10]
[20, 30]
ell
llo
3
[1, 4, 9]
[]
-- lists --
def l = [1, 2, 3]
l << 4
l += 5
l.add(6)
println l
println l - [2, 3]
println l[0] + l[-1]
println l[100]
l[8] = 9
println l
println([1, 2] + [3])
println([1, [2, [3]]].flatten())
println l.class.name
---
[1, 2, 3, 4, 5, 6]
[1, 4, 5, 6]
7
null
[1, 2, 3, 4, 5, 6, null, null, 9]
[1, 2, 3]
[1, 2, 3]
java.util.ArrayList
-- maps --
def m = [a: 1, 'b c': 2, (1 + 1): 'two']
println m
println m.a + m['b c']
println m[2]
m.d = 4
m['e'] = 5
println m.size()
println m.missing
println m + [a: 9]
def k = 'dyn'
println([(k): 1, k: 2, "${k}x": 3])
println m.containsKey('a')
println([:])
m.remove('a')
println m.keySet()
println m.get('zz', 'dflt')
println m.getOrDefault('yy', 1)
---
[a:1, b c:2, 2:two]
3
two
5
null
[a:9, b c:2, 2:two, d:4, e:5]
[dyn:1, k:2, dynx:3]
true
[:]
[b c, 2, d, e]
dflt
1
-- strings --
println 'a\tb\\n\'q\''
println "x\${y}"
println '''tri
ple'''
println """a
\
b"""
println(/slash\d \/ ${1 + 1}/)
println($/dollar / $$ ${2}/$)
println 'con' + 'cat' + 1 + null
println 'abc' * 2
println 'hello' - 'l'
println "it's ${'nested "quotes"'}"
---
a	b\n'q'
x${y}
tri
ple
a
b
slash\d / 2
dollar / $ 2
concat1null
abcabc
helo
it's nested "quotes"
-- string equality --
def n = 'x'
println("$n" == 'x')
println('x' == "$n")
println("$n".equals('x'))
println('a' <=> 'b')
println('abc' == 'abc'.substring(0))
println(null == 'a')
println('a' != null)
println([a: 1] == [a: 1])
println([1, 2] == [1, 2L])
println(1 == 1.0)
println('1' == 1)
---
true
true
false
-1
true
false
true
true
true
true
false
-- identity --
def a = [1]
def b = [1]
println a === b
println a.is(a)
println a !== b
---
false
true
true
-- regex operators --
def m = 'foo=bar; x=y' =~ /(\w+)=(\w+)/
println m ? 'found' : 'none'
println m[0]
println m[0][1]
println m[1][2]
println m.count
println('abc' ==~ /[a-c]+/)
println('abcd' ==~ /[a-c]+/)
println(('x1y22' =~ /\d+/).collect { it })
if (!('abc' =~ /z/)) println 'no z'
def p = ~/a(b+)c/
println p.matcher('abbc').matches()
println p.class.simpleName
('a1b2' =~ /([a-z])(\d)/).each { all, l, d -> print "$l-$d " }
println()
---
found
[foo=bar, foo, bar]
foo
y
2
true
false
[1, 22]
no z
true
Pattern
a-1 b-2 
-- in operator --
println(2 in [1, 2])
println('a' in [a: 1])
println('x' in 'xyz'.toList())
println(5 !in [1])
println(3 in Integer)
println('b' in 'a'..'c')
---
true
true
true
true
true
true
-- instanceof --
println('a' instanceof String)
println([] instanceof List)
println([:] instanceof Map)
println(1 instanceof Integer)
println(1 instanceof Number)
println(1.0 instanceof BigDecimal)
println(null instanceof Object)
println('a' !instanceof Integer)
println("${1}" instanceof String)
println("${1}" instanceof CharSequence)
---
true
true
true
true
true
true
false
true
false
true
-- as coercions --
println('12' as Integer)
println(3.7 as int)
println([1, 2, 2] as Set)
println(([1, 2] as Set).class.simpleName)
println('abc' as List)
println((1..3) as int[])
println(['a', 'b'] as String[])
println(65 as char)
println('5' as BigDecimal)
println([a: 1] as Map)
println("g${1}" as String)
println(null as String)
println(1 as boolean)
println('3.5' as Double)
---
12
3
[1, 2]
LinkedHashSet
[a, b, c]
[1, 2, 3]
[a, b]
A
5
[a:1]
g1
null
true
3.5
-- java casts --
println((int) 3.9)
println((String) 'x')
def o = 'text'
println(((String) o).length())
println((long) 5 + 1)
println((char) 66)
try { (Integer) 'abc' } catch (ClassCastException e) { println 'cce' }
---
3
x
4
6
B
cce
-- command expressions --
println 'a', 'b' ? 'x' : 'y'
---
!No signature of method
-- command chain --
class Cmd { def out = []; def take(n) { out << n; this }; def of(x) { out << x; this } }
def take(n) { new Cmd().take(n) }
def r = take 3 of 'sugar'
println r.out
def add(Map m, x) { "$m $x" }
println add(a: 1, 'z')
println add('q', b: 2)
---
[3, sugar]
[a:1] z
[b:2] q
-- line continuation --
def r = [3, 1, 2]
  .sort()
  .collect { it * 2 }
  .join(',')
println r
def s = 'a' +
  'b'
println s
def t = true &&
  !false
println t
def u = 1 > 2
  ? 'x'
  : 'y'
println u
---
2,4,6
ab
true
y
-- comments --
#!/usr/bin/env groovy
/* block
   comment */
println 1 // line
println /* inline */ 2
/** doc */
println 3
---
1
2
3
-- shebang and comments --
// first
println 1 /* a */ + 2
---
3
-- semicolons --
def a = 1; def b = 2; println a + b;
;;
if (a) { println 'yes'; }
---
3
yes
-- number literals --
println 0x1F + 0b101 + 017 + 1_000
println 10L.class.simpleName
println 10G.class.simpleName
println 1.5.class.simpleName
println 1.5f.class.simpleName
println 1.5d.class.simpleName
println 1e3
println 3000000000.class.simpleName
println 99999999999999999999.class.simpleName
println 0xffffffff
---
1051
Long
BigInteger
BigDecimal
Float
Double
1E+3
Long
BigInteger
-1
-- bit operators --
println 6 & 3
println 6 | 3
println 6 ^ 3
println ~6
println 1 << 4
println(-16 >> 2)
println(-1 >>> 28)
println(true ^ false)
println(true & false | true)
---
2
7
5
-7
16
-4
15
true
true
-- spaceship and comparisons --
println 1 <=> 2
println 'b' <=> 'a'
println 2.5 > 2
println 3 >= 3L
println 'a' < 'b'
println([3, 1, 2].sort { a, b -> b <=> a })
println null < 1
---
-1
1
true
true
true
[3, 2, 1]
true
-- power and modulo --
println 3 ** 2
println(-2 ** 2)
println 2 ** 64
println 2.5 ** 2
println(-7 % 3)
println 7.5 % 2
---
9
-4
18446744073709551616
6.25
-1
1.5
-- operator precedence --
println 1 + 2 * 3 ** 2
println((1 + 2) * 3)
println 10 - 2 - 3
println !true || true
println 1 + 1 == 2 && 3 > 2
println 2 * 3 % 4
println 'a' + 1 + 2
println 1 + 2 + 'a'
---
19
9
5
true
true
2
a12
3a
-- method with default parameters --
def f(a, b = 2, c = a + b) { "$a $b $c" }
println f(1)
println f(1, 5)
println f(1, 5, 9)
---
1 2 3
1 5 6
1 5 9
-- varargs --
def f(String a, Object... rest) { "$a ${rest.length} $rest" }
println f('x')
println f('x', 1, 2)
def g(int[] ns) { ns.sum() }
println g(1, 2, 3)
---
x 0 []
x 2 [1, 2]
6
-- overloading --
def f(String s) { 'string' }
def f(Integer i) { 'int' }
def f(Object o) { 'object' }
def f(List l) { 'list' }
println f('a') + f(1) + f(1.5) + f([]) + f(null)
---
stringintobjectlistobject
-- recursion --
def fib(int n) { n < 2 ? n : fib(n - 1) + fib(n - 2) }
println fib(15)
---
610
-- assert --
assert 1 + 1 == 2
assert 'x'
try { assert 1 == 2 : 'not equal' } catch (AssertionError e) { println e.message }
---
not equal. Expression: (1 == 2)
-- power assert --
def x = [1, 2]
try { assert x.size() == 3 } catch (AssertionError e) { println e.message }
---
assert x.size() == 3
       | |      |
       | 2      false
       [1, 2]
-- annotations are ignored --
@groovy.transform.CompileStatic
def f(@Deprecated String a) { a }
println f('ok')
@SuppressWarnings(['a', 'b'])
def x = 1
println x
---
ok
1
-- field annotation --
import groovy.transform.Field
@Field def counter = 10
@Field static final String NAME = 'n'
def inc() { counter++ ; counter }
println inc() + inc()
println NAME
---
23
n
-- static method and final --
static int twice(int x) { x * 2 }
final y = 4
println twice(y)
---
8
-- dynamic member names --
def o = [a: 1]
def n = 'a'
println o."$n"
println o.'a'
println 'abc'."${'size'}"()
o."b-c" = 3
println o.'b-c'
---
1
1
3
3
-- package line --
package com.example
println 'in package'
---
in package
-- nested ternaries --
def g(n) { n < 0 ? 'neg' : n == 0 ? 'zero' : 'pos' }
println g(-1) + g(0) + g(5)
---
negzeropos
-- synchronized --
def lock = new Object()
synchronized (lock) { println 'in' }
---
in
-- inline blocks --
def x = 1
if (x == 1) println 'one' else println 'other'
if (x == 2) println 'two'
else if (x == 1) println 'elseif'
else println 'none'
---
one
elseif
-- arrays --
int[] a = new int[3]
a[0] = 5
println a
println a.length
String[] s = ['x', 'y']
println s.length + s[1]
def b = new String[2]
println b
def c = new int[]{1, 2}
println c.sum()
def d = new int[2][3]
println d
try { a[5] = 1 } catch (ArrayIndexOutOfBoundsException e) { println 'oob' }
byte[] bytes = 'hi'.bytes
println bytes
println bytes.length
---
[5, 0, 0]
3
2y
[null, null]
3
[[0, 0, 0], [0, 0, 0]]
oob
[104, 105]
2
-- defaults before a list of arguments --
def f(Map o = [:], a, b = 'B', Object... c) { "$o $a $b $c" }
def g(a, b = 2, int... c) { "$a $b $c" }
def h(a = 1, Object... c) { "$a $c" }
def v(String a, Object... c) { "$a $c" }
try { println("1: " + (f(1))) } catch (Throwable ex_) { println "1! " + ex_.class.simpleName }
try { println("2: " + (f(x: 1, 1))) } catch (Throwable ex_) { println "2! " + ex_.class.simpleName }
try { println("3: " + (f(x: 1, 1, 2))) } catch (Throwable ex_) { println "3! " + ex_.class.simpleName }
try { println("4: " + (f(x: 1, 1, 2, 3))) } catch (Throwable ex_) { println "4! " + ex_.class.simpleName }
try { println("5: " + (g(1))) } catch (Throwable ex_) { println "5! " + ex_.class.simpleName }
try { println("6: " + (g(1, 3))) } catch (Throwable ex_) { println "6! " + ex_.class.simpleName }
try { println("7: " + (g(1, 3, 4, 5))) } catch (Throwable ex_) { println "7! " + ex_.class.simpleName }
try { println("8: " + (h())) } catch (Throwable ex_) { println "8! " + ex_.class.simpleName }
try { println("9: " + (h(5))) } catch (Throwable ex_) { println "9! " + ex_.class.simpleName }
try { println("10: " + (h(5, 6))) } catch (Throwable ex_) { println "10! " + ex_.class.simpleName }
try { println("11: " + (v('a'))) } catch (Throwable ex_) { println "11! " + ex_.class.simpleName }
try { println("12: " + (v('a', 1, 2))) } catch (Throwable ex_) { println "12! " + ex_.class.simpleName }
try { println("13: " + (v('a', null))) } catch (Throwable ex_) { println "13! " + ex_.class.simpleName }
try { println("14: " + (v('a', [1, 2] as Object[]))) } catch (Throwable ex_) { println "14! " + ex_.class.simpleName }
try { println("15: " + (v('a', [1, 2]))) } catch (Throwable ex_) { println "15! " + ex_.class.simpleName }
def k = { a, b = 2, Object... c -> "$a $b $c" }
try { println("16: " + (k(1))) } catch (Throwable ex_) { println "16! " + ex_.class.simpleName }
def e = { Object... c -> c.length }
try { println("17: " + (e())) } catch (Throwable ex_) { println "17! " + ex_.class.simpleName }
try { println("18: " + (e(1, 2))) } catch (Throwable ex_) { println "18! " + ex_.class.simpleName }
try { println("19: " + (v())) } catch (Throwable ex_) { println "19! " + ex_.class.simpleName }
---
1: [:] 1 B []
2: [x:1] 1 B []
3: [x:1] 1 2 []
4: [x:1] 1 2 [3]
5: 1 2 []
6: 1 3 []
7: 1 3 [4, 5]
8: 1 []
9: 5 []
10: 5 [6]
11: a []
12: a [1, 2]
13: a null
14: a [1, 2]
15: a [[1, 2]]
16: 1 2 []
17: 0
18: 2
19! MissingMethodException
