-- properties --
class A { String name; int age = 3; def any; private secret = 's'; final f = 9 }
def a = new A(name: 'n')
println a.name + a.age + a.any
a.name = 'm'
println a.getName()
a.setAge(7)
println a.age
println a.f
try { a.f = 1 } catch (ReadOnlyPropertyException e) { println e.message }
try { a.nope } catch (MissingPropertyException e) { println e.message }
try { a.nope = 1 } catch (MissingPropertyException e) { println e.message }
---
n3null
m
7
9
Cannot set readonly property: f for class: A
No such property: nope for class: A
No such property: nope for class: A
-- explicit accessors win --
class A {
  private String v = 'x'
  String getV() { "get $v" }
  void setV(String s) { v = "set $s" }
  boolean isBig() { true }
}
def a = new A()
println a.v
a.v = 'y'
println a.v
println a.big
---
get x
get set y
true
-- constructors --
class P {
  int x, y
  P(int x, int y) { this.x = x; this.y = y }
  P(int x) { this(x, 100) }
  String toString() { "P($x, $y)" }
}
println new P(1, 2)
println new P(5)
P p = [7, 8]
println p
def q = [1, 2] as P
println q
try { new P('a', 'b', 'c') } catch (GroovyRuntimeException e) { println e.message }
---
P(1, 2)
P(5, 100)
P(7, 8)
P(1, 2)
Could not find matching constructor for: P(String, String, String)
-- inheritance --
class A {
  def log = []
  A() { log << 'A' }
  def hi() { 'A.hi' }
  def both() { hi() }
}
class B extends A {
  B() { super(); log << 'B' }
  def hi() { 'B.hi+' + super.hi() }
}
def b = new B()
println b.log
println b.both()
println b instanceof A
println b.class.superclass.simpleName
---
[A, B]
B.hi+A.hi
true
A
-- abstract classes and interfaces --
interface Shape { double area(); default String info() { "area ${area()}" } }
abstract class Base implements Shape { abstract String name() }
class Sq extends Base {
  double s
  double area() { s * s }
  String name() { 'sq' }
}
def q = new Sq(s: 2)
println q.area()
println q.info()
println q.name()
println q instanceof Shape
try { new Base() } catch (InstantiationException e) { println 'abstract' }
---
4.0
area 4.0
sq
true
abstract
-- missing interface method --
interface I { def a() }
class C implements I { }
---
!class C must implement the method a of I
-- statics --
class Counter {
  static int n = 0
  static final String NAME = 'cnt'
  static int next() { ++n }
  int id = next()
}
println new Counter().id + new Counter().id
println Counter.n
println Counter.NAME
Counter.n = 10
println Counter.next()
---
3
2
cnt
11
-- enums --
enum Color { RED, GREEN('g'), BLUE('b') { String hex() { '#00f' } }
  String code
  Color(String c = 'r') { code = c }
  String hex() { '#' + code }
}
println Color.RED
println Color.GREEN.code
println Color.BLUE.hex() + Color.RED.hex()
println Color.values()
println Color.valueOf('RED') == Color.RED
println Color.RED.ordinal() + Color.BLUE.ordinal()
println Color.RED.name()
println Color.RED <=> Color.BLUE
println('GREEN' as Color)
switch (Color.GREEN) { case Color.RED: println 'r'; break; case Color.GREEN: println 'g' }
try { Color.valueOf('X') } catch (IllegalArgumentException e) { println e.message }
println Color.values().collect { it.name().toLowerCase() }
---
RED
g
#00f#r
[RED, GREEN, BLUE]
true
2
RED
-1
GREEN
g
No enum constant Color.X
[red, green, blue]
-- operator overloading --
class V {
  int x
  V plus(V o) { new V(x: x + o.x) }
  V minus(V o) { new V(x: x - o.x) }
  V multiply(int n) { new V(x: x * n) }
  V negative() { new V(x: -x) }
  boolean equals(Object o) { o instanceof V && o.x == x }
  int hashCode() { x }
  def getAt(int i) { x + i }
  def leftShift(n) { x += n; this }
  V next() { new V(x: x + 1) }
  int compareTo(V o) { x <=> o.x }
  boolean asBoolean() { x != 0 }
  def call(a) { "called $a" }
  String toString() { "V$x" }
}
def a = new V(x: 1), b = new V(x: 2)
println a + b
println b - a
println a * 5
println(-a)
println a == new V(x: 1)
println a[10]
println a << 4
println new V(x: 0) ? 't' : 'f'
println a('z')
def c = b
c++
println c
println([(b): 'v'][new V(x: 2)])
---
V3
V1
V5
V-1
true
11
V5
f
called z
V3
v
-- missing methods and properties --
class Dyn {
  def methodMissing(String name, args) { "$name${args.toList()}" }
  def propertyMissing(String name) { "p:$name" }
}
def d = new Dyn()
println d.foo(1, 2)
println d.bar
---
foo[1, 2]
p:bar
-- exceptions of scripts --
class MyEx extends RuntimeException {
  int code
  MyEx(String m, int c) { super(m); code = c }
}
try { throw new MyEx('bad', 42) } catch (MyEx e) { println e.message + e.code }
try { throw new MyEx('bad', 42) } catch (RuntimeException e) { println e.class.simpleName }
class Simple extends Exception { Simple(String m, Throwable t) { super(m, t) } }
try { throw new Simple('s', new IOException('io')) } catch (Exception e) { println e.cause.message; println e }
---
bad42
MyEx
io
Simple: s
-- inner classes --
class Outer {
  def v = 'ov'
  class Inner { def get() { v } }
  static class Nested { String n = 'nested' }
  def make() { new Inner() }
}
println new Outer().make().get()
println new Outer.Nested().n
---
ov
nested
-- canonical --
@groovy.transform.Canonical
class P { String a; int b }
println new P('x', 1)
println new P('x', 1) == new P('x', 1)
println new P(a: 'y')
println([new P('x', 1)] as Set == [new P('x', 1)] as Set)
---
P(x, 1)
true
P(y, 0)
true
-- records --
record Pt(int x, int y) { int sum() { x + y } }
def p = new Pt(1, 2)
println p
println p.x() + p.y
println p.sum()
println p == new Pt(1, 2)
try { p.x = 5 } catch (ReadOnlyPropertyException e) { println 'ro' }
---
Pt[x=1, y=2]
3
3
true
ro
-- traits --
trait Greets { String greeting = 'hello'; String greet() { "$greeting ${name()}" } }
class W implements Greets { String name() { 'world' } }
println new W().greet()
def w = new W(); w.greeting = 'bye'
println w.greet()
---
hello world
bye world
-- class members see each other --
class C {
  private int n = 1
  def a() { b() + n }
  def b() { n = 5; n }
  def c() { [1, 2].collect { it + n } }
  static s() { 'static' }
  def d() { s() }
}
def c = new C()
println c.a()
println c.c()
println c.d()
---
10
[6, 7]
static
-- closures in fields --
class H { def handler = { x -> "h$x" }; Closure other = { 'o' } }
def h = new H()
println h.handler(1)
println h.other()
---
h1
o
-- toString and equals defaults --
class E { }
def e = new E()
println e == e
println e == new E()
println e.toString().startsWith('E@')
---
true
false
true
-- fluent builder --
class B { def parts = []; B add(s) { parts << s; return this }; String build() { parts.join('-') } }
println new B().add('a').add('b').build()
---
a-b
-- static and instance initialisers --
class I {
  static list = []
  static { list << 'static' }
  def own = []
  { own << 'inst' }
  I() { own << 'ctor' }
}
println I.list
println new I().own
---
[static]
[inst, ctor]
-- interface constants --
interface K { String A = 'a'; int N = 5 }
class UsesK implements K { def f() { A + N } }
println K.A
println new UsesK().f()
---
a
a5
-- generics are ignored --
class Box<T> { T value; Box(T v) { value = v }; T get() { value } }
Box<String> b = new Box<>('x')
println b.get()
def <T> T id(T x) { x }
println id(5)
---
x
5
-- iterator method --
class Rng implements Iterable { def iterator() { [1, 2, 3].iterator() } }
for (x in new Rng()) print x
println()
println new Rng().collect { it * 2 }
---
123
[2, 4, 6]
-- class that only defines main --
class Main { static void main(String[] args) { println 'main ran' } }
---
main ran
-- as map and class literals --
println String.name
println int.class
println String.class.simpleName
println [].class
println(String == 'x'.class)
---
java.lang.String
int
String
class java.util.ArrayList
true
-- unknown class --
def x = new Foo()
---
!script.groovy:1:13: unable to resolve class Foo
-- unknown import --
import com.acme.Missing
println 1
---
!script.groovy:1:8: unable to resolve class com.acme.Missing
-- near miss import --
import java.util.concurrent.ConcurentHashMap
println 1
---
!did you mean "java.util.concurrent.ConcurrentHashMap"?
-- imports --
import java.util.concurrent.ConcurrentHashMap as CHM
import java.util.regex.*
import static java.lang.Math.max
import static java.lang.Math.*
import static java.util.UUID.fromString as uu
println new CHM().size()
println Pattern.compile('a').pattern()
println max(1, 2)
println abs(-3)
println uu('00000000-0000-0000-0000-000000000001')
println PI > 3
println java.net.URLEncoder.encode('a b', 'UTF-8')
println new java.util.ArrayList([1])
---
0
a
2
3
00000000-0000-0000-0000-000000000001
true
a+b
[1]
-- class extends itself --
class A extends B {}
class B extends A {}
println 1
---
!extends itself
-- annotations of one's own --
@interface Checked {
  String value() default 'none'
  int level() default 2 + 1
  String[] tags() default []
  Class of() default Object
}
@interface Plain { String name() }
@Checked(value = 'x', level = 4, tags = ['a']) @Plain(name = 'n')
class Marked {
  @Checked int n = 7
  @Checked('y') def twice() { n * 2 }
}
println new Marked().twice()
---
14
