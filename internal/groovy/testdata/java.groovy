-- types of parameters and results --
int half(x) { x / 2 }
String text(x) { "<$x>" }
BigInteger big(x) { x }
String same(String s) { s.class.simpleName }
println half(5)
println text(1).class.simpleName
println big(3).class.simpleName
println same("${1}")
def none(int x) { x }
try { none() } catch (MissingMethodException e) { println e.method }
def one(x) { x }
println one()
class Named { String name; Named(String n) { name = n } }
println new Named().name
try { nope } catch (MissingPropertyException e) { println e.property }
---
2
String
BigInteger
String
none
null
null
nope
-- the last trait wins --
trait T { def f() { 'T' } }
trait U { def f() { 'U' } }
class C implements T, U {}
println new C().f()
class Bag { Map m = [:]; def get(String n) { m[n] }; void set(String n, v) { m[n] = v } }
def b = new Bag()
b.x = 5
println b.x
---
U
5
-- final variable --
final x = 1
x = 2
---
!the variable x is final (line 1) and cannot be assigned to again
-- final counter --
def f = { final y = 1; y++ }
---
!the variable y is final
-- final parameter --
def f(final a) { a = 5 }
---
!the variable a is final
-- final parts --
final (a, b) = [1, 2]
b = 5
---
!the variable b is final
-- final without a value --
final x
x = 5
println x
final l = [1]
l << 2
println l
for (final i in [1, 2]) print i
---
5
[1, 2]
12
-- annotations without an effect --
class A { @Delegate List l = [1, 2] }
---
!the annotation @Delegate is not supported
-- maps with defaults are views --
def b = [x: 1]
def m = b.withDefault { 5 }
println m.y
println b
b.z = 3
println m
println m.getOrDefault('q', 9)
println([:].withDefault(false, false) { 7 }.with { [a, size()] })
def t = new TreeMap().withDefault { 0 }
'hello'.each { t[it]++ }
println t
try { [].withDefault { 1 } } catch (e) { println e.message }
---
5
[x:1, y:5]
[x:1, y:5, z:3]
5
[7, 0]
[e:1, h:1, l:2, o:1]
lists with defaults are not supported
-- what is removed from a view is removed from the map --
def m = [a: 1, b: 2, c: 3, d: 4, e: 5]
m.keySet().remove('a')
println m
m.values().remove(2)
println m
m.entrySet().removeIf { it.value == 3 }
println m
def it = m.entrySet().iterator()
while (it.hasNext()) if (it.next().key == 'd') it.remove()
println m
m.keySet().retainAll(['x'])
println m
m = [a: 1, b: 2, c: 3]
m.values().removeIf { it > 1 }
println m
m.values().clear()
println m
def n = [a: 2, b: 1]
println n.values().sort() + [n]
try { [a: 1].asImmutable().keySet().clear() } catch (UnsupportedOperationException e) { println 'refused' }
---
[b:2, c:3, d:4, e:5]
[c:3, d:4, e:5]
[d:4, e:5]
[e:5]
[:]
[a:1]
[:]
[1, 2, [a:2, b:1]]
refused
-- lists lose what they are asked to lose --
def l = [1, 2, 3, 1]
def i = l.iterator()
4.times { i.next() }
i.remove()
println l
l.remove((Object) 2)
println l
l.remove(0)
println l
---
[1, 2, 3]
[1, 3]
[3]
-- trees find by their order --
def t = new TreeMap(String.CASE_INSENSITIVE_ORDER)
t.Ab = 1
t.AB = 2
println t
println([t.aB, t.get('AB'), t.containsKey('ab'), t.size(), t.remove('ab'), t.size()])
def s = new TreeSet(String.CASE_INSENSITIVE_ORDER)
s << 'a' << 'A'
println s.size() + ' ' + s.contains('A')
def r = new TreeMap({ a, b -> b <=> a })
r.putAll([1: 1, 3: 3, 2: 2])
println r
println new TreeMap(a: 1).get(5)
---
[Ab:2]
[2, 2, true, 1, 2, 0]
1 true
[3:3, 2:2, 1:1]
null
-- numbers --
println 1.0.equals(1.00)
println 1.0 == 1.00
println((2 ** 31).class.simpleName + (2L ** 40).class.simpleName)
try { null as int } catch (NullPointerException e) { println 'null' }
---
false
true
BigIntegerLong
null
-- matching null --
println((null =~ /x/).find())
println null ==~ /x/
println(('hello' =~ /l/).size().class.simpleName)
---
false
false
Long
-- arrays have names --
println 'a,b'.split(',').class.simpleName
println(([1] as int[]).class.simpleName)
println new int[1][1].class.simpleName
println "${ w -> w << 'x' }"
---
String[]
int[]
int[][]
x
-- dates by pattern --
def f(p, ms = 1709210705007L) { def x = new java.text.SimpleDateFormat(p); x.timeZone = TimeZone.getTimeZone('UTC'); x.format(new Date(ms)) }
println f("H:m:s k K kk D DDD") + f(' S SS SSSS')
println f("hh 'o''clock' a ''yy''") + f(" u F W w YYYY")
println f("yyyyMMddHHmmssSSS") + f(" EEE EEEE z zzzz X XXX Z")
println new Date(0).format('H:mm z', TimeZone.getTimeZone('Europe/Berlin'))
def z = java.time.ZonedDateTime.of(2024, 7, 3, 5, 6, 7, 8_900_000, java.time.ZoneId.of('America/New_York'))
def g(p, t) { java.time.format.DateTimeFormatter.ofPattern(p).format(t) }
println g("H:m:s.SSSSSS n Q e VV z xxx O X", z)
println g("d M uuuu", java.time.LocalDate.of(2024, 2, 9))
try { g("HH", java.time.LocalDate.of(2024, 2, 9)) } catch (java.time.temporal.UnsupportedTemporalTypeException e) { println e.message }
try { g("XXX", java.time.LocalDateTime.of(2024, 2, 9, 1, 2)) } catch (java.time.temporal.UnsupportedTemporalTypeException e) { println e.message }
for (p in ["'x", 'yyyy-MM-ddTHH', 'b']) try { f(p) } catch (IllegalArgumentException e) { println e.message }
def r(p, s) { def x = new java.text.SimpleDateFormat(p); x.timeZone = TimeZone.getTimeZone('UTC'); x.parse(s).time }
println r('dd/MM/yyyy', '9/2/2024') == r('yyyy-MM-dd', '2024-2-9x')
---
12:45:5 12 0 12 60 060 7 07 0007
12 o'clock PM '24' 4 5 5 9 2024
20240229124505007 Thu Thursday UTC Coordinated Universal Time Z Z +0000
1:00 CET
5:6:7.008900 8900000 3 4 America/New_York EDT -04:00 GMT-4 -04
9 2 2024
Unsupported field: HourOfDay
Unsupported field: OffsetSeconds
Unterminated quote
Illegal pattern character 'T'
Illegal pattern character 'b'
true
-- texts before and after --
println 'a=b'.takeBefore('=') + 'ab'.takeBefore('=') + '|' + 'a=b'.takeAfter('=') + 'ab'.takeAfter('=')
'x\ny'.eachLine(1) { l, n -> print n + l }
'x\ny'.eachLine { l, n -> print n + l }
---
a|b
1x2y0x1y
