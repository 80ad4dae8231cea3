-- each and friends --
[1, 2].each { print it }
[a: 1].each { k, v -> print k + v }
['x', 'y'].eachWithIndex { s, i -> print s + i }
[1, 2].reverseEach { print it }
3.times { print it }
1.upto(3) { print it }
3.downto(1) { print it }
1.step(7, 2) { print it }
println()
---
12a1x0y121012123321135
-- collect family --
println([1, 2, 3].collect { it * 2 })
println([a: 1, b: 2].collect { k, v -> "$k$v" })
println([1, 2].collectEntries { [it, it * it] })
println([a: 1].collectEntries { k, v -> [k.toUpperCase(), v + 1] })
println([[1, 2], [3]].collectMany { it })
println([1, [2, 3]].collectNested { it * 10 })
println([[a: 1], [b: 2]].collectEntries())
---
[2, 4, 6]
[a1, b2]
[1:1, 2:4]
[A:2]
[1, 2, 3]
[10, [20, 30]]
[a:1, b:2]
-- find family --
println([1, 2, 3].find { it > 1 })
println([1, 2, 3].findAll { it > 1 })
println([a: 1, b: 2].find { k, v -> v == 2 })
println([a: 1, b: 2].findAll { it.value > 1 })
println([1, 2, 3].findIndexOf { it == 3 })
println([1, 2, 3].findResult { it > 1 ? "r$it" : null })
println([1, 2, 3].any { it > 2 })
println([1, 2, 3].every { it > 2 })
println([1, 2, 3, 4].split { it % 2 == 0 })
---
2
[2, 3]
b=2
[b:2]
2
r2
true
false
[[2, 4], [1, 3]]
-- inject and sum --
println([1, 2, 3].inject(10) { a, b -> a + b })
println([1, 2, 3].inject { a, b -> a * b })
println([a: 1, b: 2].inject(0) { acc, k, v -> acc + v })
println([1, 2, 3].sum())
println(['a', 'b'].sum())
println([1, 2].sum { it * 2 })
println([].sum())
println([1, 2].sum(10))
println([[1], [2]].sum())
---
16
6
3
6
ab
6
null
13
[1, 2]
-- group and count --
println((1..6).groupBy { it % 3 })
println(['a', 'bb', 'c'].groupBy { it.size() })
println(['a', 'bb', 'c'].countBy { it.size() })
println([1, 1, 2].count(1))
println([1, 2, 3].count { it > 1 })
println('banana'.count('a'))
println([a: 1, b: 1, c: 2].groupBy { it.value })
---
[1:[1, 4], 2:[2, 5], 0:[3, 6]]
[1:[a, c], 2:[bb]]
[1:2, 2:1]
2
2
3
[1:[a:1, b:1], 2:[c:2]]
-- sort --
def l = [3, 1, 2]
println l.sort()
println l
println([3, 1, 2].sort(false) { -it })
println(['bb', 'a', 'ccc'].sort { it.size() })
println([3, 1].toSorted())
println([b: 1, a: 2].sort())
println([b: 2, a: 1].sort { it.value })
println(['b', 'A', 'c'].sort(String.CASE_INSENSITIVE_ORDER))
println([[n: 2], [n: 1]].sort { x, y -> x.n <=> y.n })
---
[1, 2, 3]
[1, 2, 3]
[3, 2, 1]
[a, bb, ccc]
[1, 3]
[a:2, b:1]
[a:1, b:2]
[A, b, c]
[[n:1], [n:2]]
-- min and max --
println([3, 1, 2].min() + [3, 1, 2].max())
println(['aaa', 'b'].max { it.size() })
println([[a: 1], [a: 5]].max { it.a })
println([a: 3, b: 1].min { it.value })
println([1, 2, 3].average())
---
4
aaa
[a:5]
b=1
2
-- unique and set operations --
println([1, 2, 1, 3].unique())
println([1, 2, 3].intersect([2, 3, 4]))
println(([1, 2] as Set) + [2, 3])
println([1, 2].disjoint([3]))
println([1, 2].containsAll([1]))
println([1, 2, 1].toSet())
println(([1, 2] as Set) == ([2, 1] as Set))
println([1, 2, 3].minus(2))
println(['a', 'A'].unique { it.toLowerCase() })
---
[1, 2, 3]
[2, 3]
[1, 2, 3]
true
true
[1, 2]
true
[1, 3]
[a]
-- slices --
def l = [1, 2, 3, 4, 5]
println l.take(2) + l.drop(3)
println l.takeRight(1) + l.dropRight(4)
println l.takeWhile { it < 3 }
println l.dropWhile { it < 3 }
println l.first() + l.last()
println l.head() + ' ' + l.tail() + ' ' + l.init()
println l.collate(2)
println l[1..-2]
println l[0, 2, 4]
println l.subList(1, 3)
println l.reverse()
println l.indexed()
println l.withIndex().take(1)
println l.swap(0, 4)
---
[1, 2, 4, 5]
[5, 1]
[1, 2]
[3, 4, 5]
6
1 [2, 3, 4, 5] [1, 2, 3, 4]
[[1, 2], [3, 4], [5]]
[2, 3, 4]
[1, 3, 5]
[2, 3]
[5, 4, 3, 2, 1]
[0:1, 1:2, 2:3, 3:4, 4:5]
[[1, 0]]
[5, 2, 3, 4, 1]
-- list mutation --
def l = [1, 2, 3, 2]
l.remove(0)
println l
println l.removeElement(3)
println l
l.removeAll { it == 2 }
println l
l.addAll([5, 6]); l.add(0, 4)
println l
l.retainAll([5])
println l
l.clear()
println l.isEmpty()
l.push(1); l.push(2)
println l.pop()
println l
println l.indexOf(1) + l.lastIndexOf(9)
---
[2, 3, 2]
true
[2, 2]
[]
[4, 5, 6]
[5]
true
2
[1]
-1
-- join and flatten --
println([1, 2].join('-'))
println([1, null, 'x'].join(','))
println([].join(','))
println([1, [2, [3, [4]]]].flatten())
println(['a', 'b'].join())
---
1-2
1,null,x

[1, 2, 3, 4]
ab
-- transpose and combinations --
println([[1, 2], [3, 4]].transpose())
println([[1, 2], ['a']].combinations())
println([1, 2].permutations().size())
println([1, 2].subsequences().size())
---
[[1, 3], [2, 4]]
[[1, a], [2, a]]
2
3
-- map methods --
def m = [a: 1, b: 2, c: 3]
println m.subMap(['a', 'c'])
println m.keySet() + m.values()
println m.entrySet().collect { it.key + it.value }
println m.any { k, v -> v > 2 }
println m.every { it.value > 0 }
println m.count { it.value > 1 }
println([:].withDefault { it * 2 }['zz'])
println m.max { it.value }.key
println m.findResult { k, v -> v == 2 ? k : null }
m.putAll([d: 4]); m.putIfAbsent('a', 9)
println m
println m.computeIfAbsent('e') { it + '!' }
println m.merge('a', 10) { o, n -> o + n }
println m.collectEntries { k, v -> [(v): k] }
m.each { e -> e.value = 0 }
println m.a
println m.inject('') { s, e -> s + e.key }
println m.containsValue(0)
println m.isEmpty()
println m.size()
---
[a:1, c:3]
[a, b, c, 1, 2, 3]
[a1, b2, c3]
true
true
2
zzzz
c
b
[a:1, b:2, c:3, d:4]
e!
11
[11:a, 2:b, 3:c, 4:d, e!:e]
0
abcde
true
false
5
-- string basics --
def s = 'Hello World'
println s.length() + s.size()
println s.toUpperCase() + s.toLowerCase()
println s.substring(6) + s.substring(0, 5)
println s.indexOf('o') + s.lastIndexOf('o') + s.indexOf('z')
println s.contains('World')
println s.startsWith('Hell') && s.endsWith('ld')
println s.replace('l', 'L')
println s.charAt(0)
println s[0] + s[-1]
println ' x '.trim() + '|'
println s.reverse()
println 'abc'.capitalize() + 'ABC'.uncapitalize()
println s.equalsIgnoreCase('hello world')
println ''.isEmpty() && ' '.isBlank()
println 'a,b,c'.split(',').length
println 'a,b,,'.split(',').toList()
println 'a.b'.split('\\.')
println s.concat('!')
println 'abc'.compareTo('abd')
println 'x'.hashCode()
println 'abc'.matches('[a-c]+')
---
22
HELLO WORLDhello world
WorldHello
10
true
true
HeLLo WorLd
H
Hd
x|
dlroW olleH
AbcaBC
true
true
3
[a, b]
[a, b]
Hello World!
-1
120
true
-- string gdk --
println 'a b  c'.tokenize()
println 'a:b;c'.tokenize(':;')
println '5'.padLeft(3, '0') + '5'.padRight(3, '.') + '|' + 'x'.center(5) + '|'
println 'abc'.toList()
println '12'.toInteger() + '3'.toLong() + '1.5'.toBigDecimal()
println '12'.isInteger() && !'x'.isNumber() && '1.5'.isBigDecimal()
println 'line1\nline2'.readLines()
println 'a1b22'.findAll(/\d+/)
println 'a1b22'.find(/\d+/)
println 'a1b2'.replaceAll(/\d/) { "<$it>" }
println 'a1b2'.replaceAll('([a-z])', '$1$1')
println 'abcabc'.replaceFirst('b', 'X')
println 'abc'.take(2) + 'abc'.drop(2)
println 'abc'.collect { it + it }
println 'abc'.each { print it }
println 'hello'.tr('el', 'ip')
println '  a\n    b'.stripIndent()
println '|a\n  |b'.stripMargin()
println 'true'.toBoolean()
println 'ab'.eachWithIndex { c, i -> print c + i }
println 'Hello'.any { it == 'l' }
println 'a-b'.split('-').collect { it.toUpperCase() }.join('+')
println 'k=v'.split('=', 2)[1]
println 'abc'.bytes.encodeBase64().toString()
println new String('aGk='.decodeBase64())
println 'x'.repeat(3)
println 'ab' as Set
println 'abc'.contains('') 
println "a${1}b".length()
println 'aXbX'.count('X')
---
[a, b, c]
[a, b, c]
0055..|  x  |
[a, b, c]
16.5
true
[line1, line2]
[1, 22]
1
a<1>b<2>
aa1bb2
aXcabc
abc
[aa, bb, cc]
abcabc
hippo
a
  b
a
b
true
a0b1ab
true
A+B
v
YWJj
hi
xxx
[a, b]
true
3
2
-- number methods --
println 7.intdiv(2)
println(-5.abs())
println 3.7.intValue()
println 3.456.round(2)
println 3.5d.round()
println 10.0.setScale(2, BigDecimal.ROUND_HALF_UP)
---
3
-5
3
3.46
4
10.00
-- number conversions --
println 7.toString() + 5.toLong().class.simpleName
println Integer.toString(255, 16)
println Integer.toHexString(255)
println 5.max(3)
println 3.456.setScale(1, java.math.RoundingMode.HALF_UP)
println 1.0.equals(1.00)
println 1.0 == 1.00
println 10.compareTo(5)
println 65.toCharacter()
println(5 as String)
println 3.14.toInteger()
println 1.1 + 2.2
println 100.div(8)
println 2.power(3)
println 1.5 * 2
println 3 * 1.10
println 10 / 4
println 10 / 3
println 2 / 3
println 1 / 8
println 22 / 7
println 5.0 / 2
println 1e10 * 2
println 7.0 % 2
---
7Long
ff
ff
5
3.5
false
true
1
A
5
3
3.3
12.5
8
3.0
3.30
2.5
3.3333333333
0.6666666667
0.125
3.1428571429
2.5
2E+10
1.0
-- number promotion --
println((1 + 1L).class.simpleName)
println((1 + 1.0).class.simpleName)
println((1 + 1.0d).class.simpleName)
println((1 + 1G).class.simpleName)
println((1.0 + 1.0f).class.simpleName)
println((5 / 2).class.simpleName)
println((2 ** 3).class.simpleName)
println((2 ** 40).class.simpleName)
println((1.5 as Integer).class.simpleName)
println(System.currentTimeMillis().class.simpleName)
println(('a' as char) + 1)
println 5 % 3.0
println 0.1 + 0.2 == 0.3
println 0.1d + 0.2d
println 1.0f / 3
println 1e-5
println 123456789.0d
println 1.0d
println 100.0f
---
Long
BigDecimal
Double
BigInteger
Double
BigDecimal
Integer
BigInteger
Integer
Long
98
2.0
true
0.30000000000000004
0.3333333333333333
0.00001
1.23456789E8
1.0
100.0
-- immutable collections --
def l = [1, 2].asImmutable()
try { l << 3 } catch (UnsupportedOperationException e) { println 'ro list' }
try { List.of(1).add(2) } catch (UnsupportedOperationException e) { println 'ro of' }
try { Map.of('a', 1).put('b', 2) } catch (UnsupportedOperationException e) { println 'ro map' }
try { Collections.emptyList().add(1) } catch (UnsupportedOperationException e) { println 'ro empty' }
println Map.of('a', 1).a
---
ro list
ro of
ro map
ro empty
1
-- tree maps and sets --
def t = new TreeMap([c: 1, a: 2])
t.b = 3
println t
println t.firstKey() + t.lastKey()
println new TreeSet([3, 1, 2])
println([3, 1] as TreeSet)
println t.headMap('b')
def d = new TreeMap({ a, b -> b <=> a })
d.a = 1; d.b = 2
println d
---
[a:2, b:3, c:1]
ac
[1, 2, 3]
[1, 3]
[a:2]
[b:2, a:1]
-- plus on null and strings --
def n = null
println 'a' + n
println n + 'a'
println "x" + [1] + [a: 1]
println '' + 1.0 + true
---
anull
nulla
x[1][a:1]
1.0true
-- to string forms --
println([1, 'a', [b: null]])
println([:].toString() + [].toString())
println([a: [1, 2]].toString())
println("${[1, 2]} ${[a: 1]}")
println(['x', "y${1}"].inspect())
println([a: 'b'].inspect())
println null.toString()
println true.toString()
def l = [1]; l << l
println l
---
[1, a, [b:null]]
[:][]
[a:[1, 2]]
[1, 2] [a:1]
['x', 'y1']
['a':'b']
null
true
[1, (this Collection)]
-- format --
println String.format('%s %d %5.2f|%-5s|%05d', 'a', 1, 2.345, 'x', 42)
println sprintf('%x %X %c %b %%', 255, 255, 'z', true)
println String.format('%,d', 1234567)
printf('%s-%s\n', 'p', 'q')
println 'v=%s'.formatted(5)
---
a 1  2.35|x    |00042
ff FF z true %
1,234,567
p-q
v=5
-- string builder --
def sb = new StringBuilder()
sb.append('a').append(1).append(null)
sb << 'z'
println sb
println sb.length()
sb.insert(0, '>')
sb.setLength(3)
println sb.toString()
println sb.reverse()
println new StringBuilder('x').append('y').toString() + 'z'
---
a1nullz
7
>a1
1a>
xyz
-- dates in the collection --
println([new Date(0), new Date(1000)].max().time)
println new Date(0).format('yyyy-MM-dd HH:mm:ss')
println new Date(86400000) - new Date(0)
println((new Date(0) + 1).time)
println new Date(0) < new Date(1)
---
1000
1970-01-01 00:00:00
1
86400000
true
-- iterators --
def it1 = [1, 2].iterator()
while (it1.hasNext()) print it1.next()
println()
def l = [1, 2, 3]
def it2 = l.iterator()
while (it2.hasNext()) { if (it2.next() == 2) it2.remove() }
println l
println([a: 1].entrySet().iterator().next().key)
println(new HashSet([5]).iterator().next())
---
12
[1, 3]
a
5
-- ends of ranges that are left out --
def l = [1,2,3,4]
try { println("1: " + (l[0..<-1])) } catch (Throwable ex_) { println "1! " + ex_.class.simpleName }
try { println("2: " + (l[1..<-1])) } catch (Throwable ex_) { println "2! " + ex_.class.simpleName }
try { println("3: " + (l[-3..<-1])) } catch (Throwable ex_) { println "3! " + ex_.class.simpleName }
try { println("4: " + (l[3..<1])) } catch (Throwable ex_) { println "4! " + ex_.class.simpleName }
try { println("5: " + (l[-1..<0])) } catch (Throwable ex_) { println "5! " + ex_.class.simpleName }
try { println("6: " + (l[-1..0])) } catch (Throwable ex_) { println "6! " + ex_.class.simpleName }
try { println("7: " + (l[2..<2])) } catch (Throwable ex_) { println "7! " + ex_.class.simpleName }
try { println("8: " + (l[0..<0])) } catch (Throwable ex_) { println "8! " + ex_.class.simpleName }
try { println("9: " + ('abcd'[0..<-1])) } catch (Throwable ex_) { println "9! " + ex_.class.simpleName }
try { println("10: " + ('abcd'[3..<0])) } catch (Throwable ex_) { println "10! " + ex_.class.simpleName }
try { println("11: " + ('abcd'[1..<3])) } catch (Throwable ex_) { println "11! " + ex_.class.simpleName }
try { println("12: " + (l[(0..2)])) } catch (Throwable ex_) { println "12! " + ex_.class.simpleName }
l[1..<3] = [9]
try { println("13: " + (l)) } catch (Throwable ex_) { println "13! " + ex_.class.simpleName }
l[0..1] = [7,8,9]
try { println("14: " + (l)) } catch (Throwable ex_) { println "14! " + ex_.class.simpleName }
try { println("15: " + ([1,'a',2.5].sort())) } catch (Throwable ex_) { println "15! " + ex_.class.simpleName }
try { println("16: " + (['b', 1, 'a', 2].sort())) } catch (Throwable ex_) { println "16! " + ex_.class.simpleName }
try { println("17: " + ('a\tb\tcc\td'.expand())) } catch (Throwable ex_) { println "17! " + ex_.class.simpleName }
try { println("18: " + ('a\tb\tcc\td'.expand(4))) } catch (Throwable ex_) { println "18! " + ex_.class.simpleName }
try { println("19: " + ('a\tb\n\tcc'.expand(3))) } catch (Throwable ex_) { println "19! " + ex_.class.simpleName }
try { println("20: " + ('straße İ'.toUpperCase())) } catch (Throwable ex_) { println "20! " + ex_.class.simpleName }
try { println("21: " + ('İX'.toLowerCase())) } catch (Throwable ex_) { println "21! " + ex_.class.simpleName }
---
1: [1, 2, 3]
2: [2, 3]
3: [2, 3]
4: [4, 3]
5: [4, 3, 2]
6: [4, 3, 2, 1]
7: []
8: []
9: abc
10: dcb
11: bc
12: [1, 2, 3]
13: [1, 9, 4]
14: [7, 8, 9, 4]
15: [1, 2.5, a]
16: [1, 2, a, b]
17: a       b       cc      d
18: a   b   cc  d
19: a  b
   cc
20: STRASSE İ
21: i̇x
