-- parameters and it --
def a = { it + 1 }
def b = { -> 'none' }
def c = { x, y = 10 -> x + y }
def d = { String s, int n -> s * n }
println a(1) + b() + c(1) + c(1, 2) + d('ab', 2)
println a.call(5)
println({ it }.call())
---
2none113abab
6
null
-- wrong number of arguments --
def c = { a, b -> a }
try { c(1) } catch (MissingMethodException e) { println 'mme' }
def z = { -> 1 }
try { z(1) } catch (MissingMethodException e) { println 'mme2' }
---
mme
mme2
-- capture by reference --
def n = 0
def inc = { n++ }
inc(); inc()
println n
def fs = []
for (i in 1..3) { fs << { i * 10 } }
println fs.collect { it() }
def adders = (1..3).collect { x -> { y -> x + y } }
println adders[1](10)
---
2
[10, 20, 30]
12
-- return leaves the closure only --
def f() {
  [1, 2, 3].each { if (it == 2) return }
  'end'
}
println f()
println([1, 2, 3].collect { if (it == 2) return 'two'; it })
---
end
[1, two, 3]
-- lambdas --
def f = (a, b) -> a * b
def g = x -> x + 1
def h = () -> 'zero'
def i = (int x) -> { def y = x * 2; y }
println f(2, 3) + g(1) + h() + i(4)
println([1, 2].collect(x -> x * 3))
println([3, 1].sort((a, b) -> a <=> b))
---
8zero8
[3, 6]
[1, 3]
-- currying --
def f = { a, b, c -> "$a$b$c" }
println f.curry(1)(2, 3)
println f.rcurry(3)(1, 2)
println f.ncurry(1, 9)(1, 3)
println f.curry(1, 2)(3)
---
123
123
193
123
-- composition --
def plus = { it + 1 }
def twice = { it * 2 }
println((plus >> twice)(3))
println((plus << twice)(3))
println plus.andThen(twice)(1)
---
8
7
4
-- method pointers --
def up = 'abc'.&toUpperCase
println up()
def f = String::valueOf
println f(5)
println(['a', 'b'].collect(String::toUpperCase))
println([1, 2].collect(this.&dbl))
def dbl(x) { x * 2 }
def mk = ArrayList::new
println mk()
println(['1', '2'].collect(Integer::parseInt))
---
ABC
5
[A, B]
[2, 4]
[]
[1, 2]
-- delegate strategies --
class D { def name = 'delegate'; def hi() { "hi $name" } }
def c = { hi() + ' ' + name }
c.delegate = new D()
println c()
def d = { name }
name = 'script'
d.delegate = new D()
println d()
d.resolveStrategy = Closure.DELEGATE_FIRST
println d()
---
hi delegate delegate
script
delegate
-- with and tap --
class P { String a; int b }
def p = new P().with { a = 'x'; b = 2; it }
println p.a + p.b
def q = new P().tap { a = 'y'; b = 3 }
println q.a + q.b
println([1, 2].with { size() + first() })
def m = [:].with { put('a', 1); b = 2; it }
println m
---
x2
y3
3
[a:1, b:2]
-- nested delegates build a tree --
class Node2 {
  def items = []
  def item(String n) { items << n }
  def group(String n, Closure c) { def g = new Node2(); c.delegate = g; c.resolveStrategy = Closure.DELEGATE_FIRST; c(); items << [n, g.items] }
}
def n = new Node2()
n.with {
  item 'a'
  group('g') { item 'b'; item 'c' }
}
println n.items
---
[a, [g, [b, c]]]
-- list spreads over parameters --
[[1, 2], [3, 4]].each { a, b -> print a + b + ' ' }
println()
[a: 1, b: 2].each { k, v -> print "$k$v " }
println()
[a: 1].each { e -> println "$e.key=$e.value" }
---
3 7 
a1 b2 
a=1
-- recursive closure --
def f
f = { n -> n == 0 ? 0 : n + f(n - 1) }
println f(10)
def g = { n -> n <= 1 ? 1 : n * g(n - 1) }
println g(5)
---
55
120
-- memoize --
def calls = 0
def f = { calls++; it * 2 }.memoize()
println f(2) + f(2) + f(3)
println calls
---
14
2
-- owner and this --
def c = { owner.class.name + ' ' + (this == owner) }
println c()
def outer = { { -> owner instanceof Closure }() }
println outer()
---
script true
true
-- coercion to an interface --
def r = { println 'run' } as Runnable
r.run()
def f = { it + 1 } as java.util.function.Function
println f.apply(1)
java.util.function.Supplier s = { 'sup' }
println s.get()
Comparator cmp = { a, b -> b <=> a }
println([1, 3, 2].sort(cmp))
def c = [compare: { a, b -> a <=> b }] as Comparator
println c.compare(1, 2)
println r instanceof Runnable
---
run
2
sup
[3, 2, 1]
-1
true
-- anonymous inner classes --
def n = 5
def f = new java.util.function.Function<Integer, Integer>() {
  int base = 1
  Integer apply(Integer x) { x + n + base }
}
println f.apply(1)
n = 10
println f.apply(1)
def c = new Comparator<String>() {
  @Override int compare(String a, String b) { b <=> a }
}
println(['a', 'b'].sort(c))
new Runnable() { void run() { println 'ran ' + helper() } }.run()
def helper() { 'h' }
---
7
12
[b, a]
ran h
-- trailing closures --
def twice(Closure c) { c() + c() }
def times(int n, Closure c) { (1..n).collect { c(it) } }
println twice { 2 }
println times(3) { it * it }
println times(2, { "x$it" })
def opts(Map m, Closure c) { "$m ${c()}" }
println opts(a: 1) { 'body' }
---
4
[1, 4, 9]
[x1, x2]
[a:1] body
-- closures in maps --
def ops = [add: { a, b -> a + b }, neg: { -it }]
println ops.add(1, 2)
println ops.neg(5)
println ops['add'](3, 4)
println ops.add.call(5, 6)
---
3
-5
7
11
-- lazy gstring --
def x = 1
def s = "a ${-> x} b ${x}"
x = 2
println s
---
a 2 b 1
-- closure as condition in find and grep --
println([1, 2, 3].find { it > 1 })
println([1, 'a', 2.0].grep(Number))
println(['ab', 'cd'].grep(~/a./))
println((1..10).findAll { it % 2 == 0 })
---
2
[1, 2.0]
[ab]
[2, 4, 6, 8, 10]
-- closure parameters are counted --
println({ a, b, c -> }.maximumNumberOfParameters)
println({ }.maximumNumberOfParameters)
println({ -> }.maximumNumberOfParameters)
---
3
1
0
-- bare arrow closure as last statement --
def mk() {
  { -> 'made' }
}
println mk()()
---
made
-- closure stored and called through variable --
handler = { req -> "got $req" }
def call2(h, x) { h(x) }
println call2(handler, 'r')
println handler('q')
---
got r
got q
-- nested closures share variables --
def total = 0
[[1, 2], [3]].each { row -> row.each { total += it } }
println total
---
6
-- variable of the enclosing closure is not shadowed --
def x = 1
def c = { def x = 2 }
---
!the variable x is already declared in line 1
-- a closure on the next line belongs to the call --
println 'a,b'.split(',').collect
  {
    it.toUpperCase()
  }
def twice(c) { c(); c() }
def n = 0
twice
{
  n++
}
println n
println([1, 2, 3].inject(10)
  { a, b -> a + b })
if (n)
{
  println 'a block after a condition'
}
def later = { -> 'kept' }
println later()
---
[A, B]
2
16
a block after a condition
kept
-- a chain without a space --
def m = 'en|English,fr|French'.split(',')collectEntries { e -> e.split('\\|') as List }
println m
---
[en:English, fr:French]
-- defaults of closure parameters --
try { println("1: " + (({ a, b = a -> a + b })(2))) } catch (Throwable ex_) { println "1! " + ex_.class.simpleName }
try { println("2: " + (({ a, b = a * 2, c = b -> a + b + c })(2))) } catch (Throwable ex_) { println "2! " + ex_.class.simpleName }
try { println("3: " + (({ a, b = new Date(0) -> b.time + a })(2))) } catch (Throwable ex_) { println "3! " + ex_.class.simpleName }
try { println("4: " + (({ a, b = { it + 1 } -> b(a) })(2))) } catch (Throwable ex_) { println "4! " + ex_.class.simpleName }
try { println("5: " + (({ a, b = [1, 2], c = [k: 1] -> b + c.k })(2))) } catch (Throwable ex_) { println "5! " + ex_.class.simpleName }
try { println("6: " + (({ int a, String b = 'x' -> a + b })(2))) } catch (Throwable ex_) { println "6! " + ex_.class.simpleName }
def x = 5
try { println("7: " + (({ y = x -> y })())) } catch (Throwable ex_) { println "7! " + ex_.class.simpleName }
try { println("8: " + (({ if (x > 1) { [1].each { z -> print z } } })())) } catch (Throwable ex_) { println "8! " + ex_.class.simpleName }
try { println("9: " + (({ x = { q -> q } })()(3))) } catch (Throwable ex_) { println "9! " + ex_.class.simpleName }
---
1: 4
2: 10
3: 2
4: 3
5: [1, 2, 1]
6: 2x
7: 5
18: [1]
9: 3
