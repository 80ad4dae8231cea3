-- hello --
println "hello"
---
hello
-- arith --
def x = 1 + 2 * 3
println x
println 7 / 2
println 7.intdiv(2)
println 10 / 5
println 1 / 3
println 2 ** 10
println 2 ** -1
println 7 % 3
println 1.5 + 2
println 1.0d / 3
println 0.1 + 0.2
println 2147483647 + 1
println 2147483647L + 1
println 100000 * 100000L
---
7
3.5
3
2
0.3333333333
1024
0.5
1
3.5
0.3333333333333333
0.3
-2147483648
2147483648
10000000000
-- closures --
def c = { a, b -> a + b }
println c(1, 2)
def d = { it * 2 }
println d(4)
println([1,2,3].collect { it * 2 })
int n = 0
[1,2,3].each { n += it }
println n
def fact
fact = { k -> k <= 1 ? 1 : k * fact(k - 1) }
println fact(5)
---
3
8
[2, 4, 6]
6
120
-- gstring --
def name = 'world'
println "hello ${name} and $name ${1 + 1}"
def m = [a: [b: 5]]
println "v=$m.a.b"
println 'no $name'
println """multi
line ${name}"""
println "\$5 \"q\" \u0041"
---
hello world and world 2
v=5
no $name
multi
line world
$5 "q" A
