-- named groups count from the left --
def m = "2020-12-07" =~ /(?<y>\d+)-(\d+)-(?<d>\d+)/
println m[0]
println m[0][2]
m.reset(); m.find(); println m.group(1) + ' ' + m.group(2) + ' ' + m.group(3) + ' ' + m.group('d')
---
[2020-12-07, 2020, 12, 07]
12
2020 12 07 07
-- find after matches that failed --
def m = "aab" =~ /a/
println m.matches()
println m.find()
println m.start()
println m.find()
println m.find()
println m.find()
---
false
true
0
true
false
false
-- find with a position and a region --
def m = "aaa" =~ /a+?/
println m.lookingAt()
println m.end()
println m.find()
println m.start()
println m.find(0)
println m.start()
println "${m.find()} ${m.start()}"
m.region(1,2)
println "${m.find()} ${m.start()}" + " " + m.find()
---
true
1
true
1
true
0
true 1
true 1 false
-- patterns mean what they mean in Java --
println "a.b\rc".replaceAll(/./, 'x').replace('\r', 'R')
println ("a\n" ==~ /a$/)
println (("a\r\n" =~ /a$/).find())
println "foo[x&&y]".replaceAll(/[a-z&&[^o]]/, '_')
println "Ünïcode".replaceAll(/\w/, 'w')
println "Ünïcode".replaceAll(/\p{L}/, 'w')
println "ABC".replaceAll(/(?i)b/, '_')
println "a b".replaceAll(/(?x) a \s b # comment/, '_')
println "x1y22".replaceAll(/(\d)(\d)?/, '<$1|$2>')
println "abc".split('').toList()
println "a,b,,".split(',').toList()
println "a,b,,".split(',', -1).toList()
println ",a".split(',').toList()
println "".split(',').toList()
println "aXbXc".split(/(?=X)/).toList()
---
xxxRx
false
true
_oo[_&&_]
Üwïwwww
wwwwwww
A_C
_
x<1|>y<2|2>
[a, b, c]
[a, b]
[a, b, , ]
[, a]
[]
[a, Xb, Xc]
-- a matcher as a list --
def m = "aXbXc" =~ /X(.)/
println m.count
println m.size()
println m.collect { it[1] }
println m.hasGroup()
println m.groupCount()
m.each { a, b -> println "$a-$b" }
println m.replaceAll('_')
println m.replaceFirst('_')
def sb = new StringBuffer()
m.reset()
while (m.find()) { m.appendReplacement(sb, m.group(1).toUpperCase()) }
m.appendTail(sb)
println sb
---
2
2
[b, c]
true
1
Xb-b
Xc-c
a__
a_Xc
aBC
-- groups that took no part --
def m = "ab" =~ /(a)(x)?b/
println m[0]
println "${m.matches()} ${m.group(2)}"
println "${m.start(2)} ${m.end(2)}"
println m.toMatchResult().group(1)
---
[ab, a, null]
true null
-1 -1
a
-- matches by index --
def m = ("a1b2" =~ /[a-z](\d)/)
println m[0,1]
println m[-1]
try { println m[5] } catch (IndexOutOfBoundsException e) { println e.message }
println m[0..1]
def (all, d) = m[0]
println all + d
---
[[a1, 1], [b2, 2]]
[b2, 2]
index is out of range -2..1 (index = 5)
[[a1, 1], [b2, 2]]
a11
-- no match --
def m = "xyz" =~ /q/
println m ? 'yes' : 'no'
println m.find()
try { m.group() } catch (IllegalStateException e) { println e.message }
try { println m[0] } catch (IndexOutOfBoundsException e) { println e.message }
---
no
false
No match found
index is out of range 0..-1 (index = 0)
-- another pattern and another text --
def m = "abab" =~ /ab/
println m.matches()
println "${m.find()} ${m.start()}"
m.usePattern(~/b/)
println "${m.find()} ${m.start()}"
m.reset('bbb')
println "${m.find()} ${m.start()}"
println "${m.regionStart()} ${m.regionEnd()}"
---
false
true 0
true 3
true 0
0 3
-- find goes on after matches --
def m = "foo bar" =~ /(\w+) (\w+)/
if (m.matches()) { println m.group(1); println m[0][2] }
println m.find()
m.reset()
println m.find()
println m.find()
---
foo
bar
false
true
false
-- regular expressions on strings --
println "a1b2".findAll(/\d/)
println "a1b2".findAll(/([a-z])(\d)/) { all, l, d -> l + '=' + d }
println "a1b2".find(/\d/)
println "a1b2".find(/([a-z])(\d)/) { all, l, d -> d }
println "a1b2".replaceAll(/([a-z])(\d)/) { all, l, d -> d + l }
println "a1b2".eachMatch(/\d/) { println it }
println "Hello".matches(/H.*/)
println "a-b_c".tokenize('-_')
println((~/ab/).matcher('ab').matches())
println java.util.regex.Pattern.quote('a.b')
println java.util.regex.Matcher.quoteReplacement('a$b\\')
println java.util.regex.Pattern.compile('A', java.util.regex.Pattern.CASE_INSENSITIVE).matcher('a').matches()
println java.util.regex.Pattern.compile('a.b', java.util.regex.Pattern.LITERAL).matcher('a.b').matches()
println java.util.regex.Pattern.matches('a+', 'aaa')
println((~/,/).split('a,b').toList())
println((~/a/).isCase('a'))
println 'a'.matches(~/a/)
switch ('abc') { case ~/a.*/: println 'yes'; break; default: println 'no' }
println((~/x/).pattern() + (~/x/).flags())
println "\u0085".replaceAll(/\s/, 'S') + "\u00a0".replaceAll(/\s/, 'S')
println "tel 1234".replaceAll(/(?<n>\d+)/, '[${n}]')
println 'aaa'.replaceAll(/a*/, 'x')
println 'abc'.replaceAll(/x*/, '-')
println 'aab'.replaceAll(/(a)\1/, 'z')
println 'a]b'.replaceAll(/[]]/, 'z')
---
[1, 2]
[a=1, b=2]
1
1
1a2b
1
2
a1b2
true
[a, b, c]
true
\Qa.b\E
a\$b\\
true
true
true
[a, b]
true
true
yes
x0
 
tel [1234]
xx
-a-b-c-
zb
azb
-- truth after matches --
def headers = [Authorization: 'Bearer abc.def']
def m = headers.Authorization =~ /^Bearer (.+)$/
if (m.matches()) println m.group(1)
if (m) println m[0][1]
println 'end'
---
abc.def
end
-- truth and lists move a matcher --
def m = 'x=1;y=2' =~ /(\w)=(\d)/
if (m) println m.group(1)
while (m) println m.group(2)
m.reset()
println m.count
println m.find()
m.each { println m.start() }
m.each { all, k, v -> println "$k $v ${m.end()}" }
println m[1]
println m.group(1)
println m.find()
println m.reset().find()
println m.replaceAll('$2=$1')
println m
m.reset('q=7')
println m.find()
println m
try { m.group(3) } catch (e) { println e.class.name + e.message }
try { m.group('zz') } catch (e) { println e.class.name + e.message }
try { m.find(99) } catch (e) { println e.class.name + e.message }
for (x in ('a1b2' =~ /\d/)) println x
println(('a1b2' =~ /\d/).collect { it })
println(('a1b2' =~ /([a-z])(\d)/).collect { a, b, c -> "$b$c$a" })
println(('a1b2' =~ /\d/).size())
println(('a1b2' =~ /\d/) as List)
println(('a1b2' =~ /\d/)*.toString())
println(('a1b2' =~ /\d/).findAll { it > '1' })
---
x
2
2
false
0
4
x 1 3
y 2 7
[y=2, y, 2]
y
false
true
1=x;2=y
java.util.regex.Matcher[pattern=(\w)=(\d) region=0,7 lastmatch=]
true
java.util.regex.Matcher[pattern=(\w)=(\d) region=0,3 lastmatch=q=7]
java.lang.IndexOutOfBoundsExceptionNo group 3
java.lang.IllegalArgumentExceptionNo group with name <zz>
java.lang.IndexOutOfBoundsExceptionIllegal start index
1
2
[1, 2]
[a1a1, b2b2]
2
[1, 2]
[1, 2]
[2]
