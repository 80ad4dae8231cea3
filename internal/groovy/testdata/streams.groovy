-- bytes in memory --
def s = new ByteArrayInputStream('héllo'.getBytes('UTF-8'))
println s.read()
def part = new byte[3]
println s.read(part) + ' ' + new String(part, 'UTF-8')
println s.available()
println s.read(part, 1, 2) + ' ' + (part[1] as char)
println s.read()
println s.read(part)
println new ByteArrayInputStream('abcd'.bytes, 1, 2).text
println new ByteArrayInputStream('xyz'.bytes).readNBytes(2).length
try { new ByteArrayInputStream('x'.bytes).read(new byte[2], 1, 2) } catch (IndexOutOfBoundsException e) { println 'bounds' }
---
104
3 él
2
2 l
-1
-1
bc
2
bounds
-- text of a stream --
def make = { new ByteArrayInputStream("one\r\ntwo\nthree".bytes) }
println make().getText('UTF-8').length()
println make().readLines()
make().eachLine { l, i -> print "$i=$l " }
println()
println make().withReader('UTF-8') { r -> r.readLine() + '|' + r.readLine() + '|' + r.read() + '|' + r.text }
println make().withCloseable { it.bytes.length }
println new ByteArrayInputStream([0xe9] as byte[]).getText('ISO-8859-1')
---
14
[one, two, three]
0=one 1=two 2=three 
one|two|116|hree
14
é
-- readers --
def r = new BufferedReader(new InputStreamReader(new ByteArrayInputStream('a\nb\n\nc'.bytes), 'UTF-8'))
def out = []
String line
while ((line = r.readLine()) != null) { out << line }
r.close()
println out
println new StringReader('x\ny').readLines()
for (l in new StringReader('p\nq')) print l
println()
println new BufferedReader(new StringReader('k\nl')).lines().map { it * 2 }.toList()
println new StringReader('𝄞').with { [read(), read(), read()] }
println new InputStreamReader(new ByteArrayInputStream([0xfc, 10, 0x61] as byte[]), 'ISO-8859-1').with { def b = new BufferedReader(it); [b.readLine(), b.readLine(), b.readLine()] }
---
[a, b, , c]
[x, y]
pq
[kk, ll]
[55348, 56606, -1]
[ü, a, null]
-- writing bytes --
def o = new ByteArrayOutputStream()
o.write(65)
o.write('BC'.bytes)
o.write('xDEy'.bytes, 1, 2)
o << 'F' << 'G'.bytes
o.withWriter('UTF-8') { it << 'ü' }
println o.toString('UTF-8') + ' ' + o.size() + ' ' + o.toByteArray().length
o.reset()
println o.size()
def copy = new ByteArrayOutputStream()
println new ByteArrayInputStream('123'.bytes).transferTo(copy)
println copy
---
ABCDEFGü 9 9
0
3
123
-- writing text --
def w = new StringWriter()
w.write('a')
w.write(98)
w.write('xcdx', 1, 2)
w << 'e' << 1
w.append('f')
def p = new PrintWriter(w)
p.print('g'); p.println('h'); p.printf('%03d', 7)
println w
println w.toString().length()
def bytes = new ByteArrayOutputStream()
def osw = new OutputStreamWriter(bytes, 'ISO-8859-1')
osw.write('é'); osw.flush(); osw.close()
println bytes.size()
new BufferedWriter(new OutputStreamWriter(bytes)).withCloseable { it.write('z'); it.newLine() }
println bytes.toByteArray()[1]
---
abcde1fgh
007
13
1
122
-- stack trace into a writer --
def w = new StringWriter()
try { throw new IllegalStateException('broken') } catch (e) { e.printStackTrace(new PrintWriter(w)) }
println w.toString().contains('IllegalStateException: broken')
---
true
-- json of a stream --
import groovy.json.JsonSlurper
println new JsonSlurper().parse(new ByteArrayInputStream('{"a":[1]}'.bytes)).a
println new JsonSlurper().parse(new StringReader('{"b":2}')).b
---
[1]
2
-- properties --
def p = new Properties()
p.load(new StringReader('# comment\n! other\na=1\nb : two words \nc d\nlong=x\\\n   y\nkey\\ with\\:signs=v\\u0041\\t|\nempty\n'))
println p.a + '|' + p.getProperty('b') + '|' + p['c'] + '|' + p.long
println p.getProperty('key with:signs') + '|' + p.getProperty('empty') + '|' + p.getProperty('none', 'd') + '|' + p.getProperty('none')
p.setProperty('n', 'm')
println p.n + p.stringPropertyNames().size() + (p instanceof Map) + p.getClass().simpleName
def q = new Properties()
new ByteArrayInputStream('k=\u00e9'.getBytes('ISO-8859-1')).withStream { q.load(it) }
println q
try { new Properties().load(new StringReader('a=\\u00')) } catch (IllegalArgumentException e) { println 'malformed' }
---
1|two words |d|xy
vA	|||d|null
m7trueProperties
[k:é]
malformed
