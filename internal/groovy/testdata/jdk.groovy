-- json slurper --
import groovy.json.JsonSlurper
def j = new JsonSlurper().parseText('{"a": 1, "b": [1.5, "x", null, true], "c": {"d": "\\u00e9\\n"}, "big": 12345678901}')
println j
println j.a.class.simpleName + j.b[0].class.simpleName + j.big.class.simpleName
println j.c.d
println j.keySet()
println new JsonSlurper().parse('[1]'.bytes)
try { new JsonSlurper().parseText('{bad}') } catch (groovy.json.JsonException e) { println 'bad json' }
try { new JsonSlurper().parseText('') } catch (IllegalArgumentException e) { println e.message }
---
[a:1, b:[1.5, x, null, true], c:[d:é
], big:12345678901]
IntegerBigDecimalLong
é

[a, b, c, big]
[1]
bad json
Text must not be null or empty
-- json output --
import groovy.json.*
println JsonOutput.toJson([a: 1, b: [true, null, 1.5], c: "q\"${1}", d: 'é/'])
println JsonOutput.toJson('x')
println JsonOutput.toJson([])
println JsonOutput.prettyPrint('{"a":[1,2],"b":{}}')
println new JsonBuilder([k: 'v']).toString()
def b = new JsonBuilder()
b { name 'n'; list 1, 2; nested { x 5 } }
println b.toString()
class P { String a = 'x'; int n = 2 }
println JsonOutput.toJson(new P())
---
{"a":1,"b":[true,null,1.5],"c":"q\"1","d":"\u00e9/"}
"x"
[]
{
    "a": [
        1,
        2
    ],
    "b": {
        
    }
}
{"k":"v"}
{"name":"n","list":[1,2],"nested":{"x":5}}
{"a":"x","n":2}
-- base64 --
def e = Base64.getEncoder().encodeToString('hi?>'.bytes)
println e
println new String(Base64.decoder.decode(e))
println Base64.urlEncoder.withoutPadding().encodeToString('hi?>'.getBytes('UTF-8'))
println new String(Base64.getUrlDecoder().decode('aGk_Pg'), 'UTF-8')
try { Base64.decoder.decode('a b') } catch (IllegalArgumentException x) { println 'bad' }
println 'Basic ' + 'user:pw'.bytes.encodeBase64()
---
aGk/Pg==
hi?>
aGk_Pg
hi?>
bad
Basic dXNlcjpwdw==
-- url coding --
println URLEncoder.encode('a b&c=d/é', 'UTF-8')
println URLDecoder.decode('a+b%26', 'UTF-8')
println URLEncoder.encode('x y', java.nio.charset.StandardCharsets.UTF_8)
---
a+b%26c%3Dd%2F%C3%A9
a b&
x+y
-- uri --
def u = new URI('https://user@host.example:8443/p/a%20b?q=1&r=%26#f')
println u.scheme + ' ' + u.host + ' ' + u.port + ' ' + u.path + ' ' + u.rawPath
println u.query + ' ' + u.rawQuery + ' ' + u.fragment + ' ' + u.authority + ' ' + u.userInfo
println u.resolve('/x')
println u
println new URI('/rel').isAbsolute()
println new URI('/rel').port
println URI.create('http://h').host
println 'http://h/x'.toURI().path
try { new URI('http://bad uri') } catch (URISyntaxException e) { println 'syntax' }
println new URL('http://h:1/p?q').port
println new URI('http', null, 'h', 80, '/p q', 'a=b c', null)
println u == new URI(u.toString())
try { new URL('http://localhost').text } catch (SecurityException e) { println 'refused' }
---
https host.example 8443 /p/a b /p/a%20b
q=1&r=& q=1&r=%26 f user@host.example:8443 user
https://user@host.example:8443/x
https://user@host.example:8443/p/a%20b?q=1&r=%26#f
false
-1
h
/x
syntax
1
http://h:80/p%20q?a=b%20c
true
refused
-- uuid --
def u = UUID.randomUUID()
println u.toString().length()
println UUID.fromString(u.toString()) == u
println UUID.nameUUIDFromBytes('x'.bytes)
---
36
true
9dd4e461-268c-3034-b5c8-564e155c67a6
-- optional --
def o = Optional.of(5)
println o.map { it * 2 }.get()
println Optional.empty().orElse('e')
println Optional.ofNullable(null).isPresent()
println o.filter { it > 10 }.isPresent()
o.ifPresent { println "p$it" }
println o
try { Optional.empty().get() } catch (NoSuchElementException e) { println 'none' }
println Optional.empty().orElseGet { 'g' }
try { Optional.empty().orElseThrow { new IllegalStateException('ise') } } catch (IllegalStateException e) { println e.message }
---
10
e
false
false
p5
Optional[5]
none
g
ise
-- arrays and collections --
println Arrays.asList(1, 2)
println Arrays.toString([1, 2] as int[])
println Collections.max([1, 3])
def l = [3, 1, 2]
Collections.sort(l)
println l
Collections.reverse(l)
println l
println Collections.unmodifiableList(l).size()
println Collections.nCopies(2, 'x')
println Collections.singletonList(1)
println Collections.frequency([1, 1, 2], 1)
println Arrays.copyOfRange([1, 2, 3] as int[], 1, 3)
println Arrays.equals([1] as int[], [1] as int[])
---
[1, 2]
[1, 2]
3
[1, 2, 3]
[3, 2, 1]
3
[x, x]
[1]
2
[2, 3]
true
-- objects --
println Objects.equals(null, null)
println Objects.requireNonNull('x')
try { Objects.requireNonNull(null, 'must') } catch (NullPointerException e) { println e.message }
println Objects.toString(null, 'd')
println Objects.isNull(null)
---
true
x
must
d
true
-- atomics --
import java.util.concurrent.atomic.*
def a = new AtomicInteger(5)
println a.incrementAndGet() + a.getAndIncrement()
println a
println a.addAndGet(3)
def r = new AtomicReference('x')
r.set('y')
println r.get()
def l = new AtomicLong()
println l.get().class.simpleName
---
12
7
10
y
Long
-- concurrent map --
def m = new java.util.concurrent.ConcurrentHashMap()
m.a = 1
println m.putIfAbsent('a', 2)
println m.computeIfAbsent('b') { 5 }
try { m.x = null } catch (NullPointerException e) { println 'npe' }
println m
---
1
5
npe
[a:1, b:5]
-- streams --
import java.util.stream.Collectors
println([1, 2, 3].stream().filter { it > 1 }.map { it * 2 }.collect(Collectors.toList()))
println(['a', 'b'].stream().collect(Collectors.joining('-', '<', '>')))
println([1, 2, 3].stream().anyMatch { it == 2 })
println((1..3).stream().reduce(0) { a, b -> a + b })
println(['bb', 'a'].stream().sorted().findFirst().get())
println(['bb', 'a'].stream().collect(Collectors.toMap({ it }, { it.size() })))
println(['bb', 'a', 'c'].stream().collect(Collectors.groupingBy { it.size() }))
println([1, 2].stream().mapToInt { it }.sum())
println(java.util.stream.IntStream.range(0, 3).boxed().collect(Collectors.toList()))
println([1, 2, 3].stream().skip(1).limit(1).toList())
---
[4, 6]
<a-b>
true
6
a
[bb:2, a:1]
[2:[bb], 1:[a, c]]
3
[0, 1, 2]
[2]
-- instant and duration --
import java.time.*
def i = Instant.parse('2024-03-01T10:20:30Z')
println i
println i.plusSeconds(90)
println i.toEpochMilli()
println i.epochSecond
println i.isBefore(i + Duration.ofMinutes(1))
println Duration.ofMinutes(90)
println Duration.ofSeconds(61).toMillis()
println Duration.between(i, i.plusSeconds(5)).seconds
println Instant.ofEpochMilli(1500)
println Duration.parse('PT1H30M').toMinutes()
println i > Instant.EPOCH
println i == Instant.parse('2024-03-01T10:20:30Z')
println i.atZone(ZoneId.of('Europe/Berlin'))
println i.atOffset(ZoneOffset.UTC)
println Instant.ofEpochSecond(5).plus(1, java.time.temporal.ChronoUnit.DAYS)
println java.time.temporal.ChronoUnit.HOURS.between(Instant.EPOCH, Instant.ofEpochSecond(7300))
try { Instant.parse('x') } catch (java.time.format.DateTimeParseException e) { println 'dtpe' }
---
2024-03-01T10:20:30Z
2024-03-01T10:22:00Z
1709288430000
1709288430
true
PT1H30M
61000
5
1970-01-01T00:00:01.500Z
90
true
true
2024-03-01T11:20:30+01:00[Europe/Berlin]
2024-03-01T10:20:30Z
1970-01-02T00:00:05Z
2
dtpe
-- local dates --
import java.time.*
import java.time.format.DateTimeFormatter
def d = LocalDate.of(2024, 1, 31)
println d
println d.plusMonths(1)
println d.dayOfWeek
println d.isAfter(LocalDate.parse('2023-12-31'))
println LocalDateTime.of(2024, 1, 2, 3, 4)
println LocalDateTime.of(2024, 1, 2, 3, 4).format(DateTimeFormatter.ofPattern('dd.MM.yyyy HH:mm'))
println LocalDate.parse('05/02/2024', DateTimeFormatter.ofPattern('dd/MM/yyyy'))
println ZonedDateTime.parse('2024-01-01T00:00:00+02:00').toInstant()
println OffsetDateTime.parse('2024-01-01T00:00:00Z').year
println DateTimeFormatter.ISO_INSTANT.format(Instant.EPOCH)
println LocalDate.of(2024, 2, 29).lengthOfMonth()
println Period.between(LocalDate.of(2024, 1, 1), LocalDate.of(2025, 3, 4))
try { LocalDate.of(2023, 2, 30) } catch (DateTimeException e) { println 'invalid' }
---
2024-01-31
2024-02-29
WEDNESDAY
true
2024-01-02T03:04
02.01.2024 03:04
2024-02-05
2023-12-31T22:00:00Z
2024
1970-01-01T00:00:00Z
29
P1Y2M3D
invalid
-- simple date format --
import java.text.SimpleDateFormat
def f = new SimpleDateFormat("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")
f.timeZone = TimeZone.getTimeZone('UTC')
println f.format(new Date(1500))
println f.parse('1970-01-01T00:00:02.000Z').time
println Date.from(java.time.Instant.EPOCH).time
println new Date(0).toInstant()
println new Date(0)
---
1970-01-01T00:00:01.500Z
2000
0
1970-01-01T00:00:00Z
Thu Jan 01 00:00:00 UTC 1970
-- digest and mac --
import java.security.MessageDigest
import javax.crypto.Mac
import javax.crypto.spec.SecretKeySpec
println MessageDigest.getInstance('SHA-256').digest('abc'.bytes).encodeHex()
println MessageDigest.getInstance('MD5').digest('abc'.getBytes('UTF-8')).encodeHex().toString()
def mac = Mac.getInstance('HmacSHA256')
mac.init(new SecretKeySpec('key'.bytes, 'HmacSHA256'))
println mac.doFinal('msg'.bytes).encodeHex()
println 'abc'.md5()
println 'abc'.digest('SHA-1')
println MessageDigest.isEqual('a'.bytes, 'a'.bytes)
try { MessageDigest.getInstance('X') } catch (java.security.NoSuchAlgorithmException e) { println 'nsa' }
---
ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
900150983cd24fb0d6963f7d28e17f72
2d93cbc1be167bcb1637a4a23cbff01a7878f0c50ee833954ea5221bb1b8c628
900150983cd24fb0d6963f7d28e17f72
a9993e364706816aba3e25717850c26c9cd0d89d
true
nsa
-- cipher --
import javax.crypto.Cipher
import javax.crypto.spec.*
def k = new SecretKeySpec(('0' * 16).bytes, 'AES')
def c = Cipher.getInstance('AES/CBC/PKCS5Padding')
c.init(Cipher.ENCRYPT_MODE, k, new IvParameterSpec(new byte[16]))
def ct = c.doFinal('secret'.bytes)
println ct.length
c.init(Cipher.DECRYPT_MODE, k, new IvParameterSpec(new byte[16]))
println new String(c.doFinal(ct))
def g = Cipher.getInstance('AES/GCM/NoPadding')
g.init(Cipher.ENCRYPT_MODE, k, new GCMParameterSpec(128, new byte[12]))
def gt = g.doFinal('x'.bytes)
gt[0] = gt[0] ^ 1
g.init(Cipher.DECRYPT_MODE, k, new GCMParameterSpec(128, new byte[12]))
try { g.doFinal(gt) } catch (javax.crypto.AEADBadTagException e) { println 'tag' }
---
16
secret
tag
-- pattern class --
import java.util.regex.Pattern
def p = Pattern.compile('(?<y>\\d{4})-(\\d+)', Pattern.CASE_INSENSITIVE)
def m = p.matcher('on 2024-05')
println m.find()
println m.group('y') + m.group(0)
println m.start() + m.end()
println m.groupCount()
println Pattern.matches('a+', 'aaa')
println Pattern.quote('a.b')
println 'a1b2'.split(Pattern.compile('\\d') as String)
println 'xay'.replaceAll('a', java.util.regex.Matcher.quoteReplacement('$1'))
def sb = new StringBuffer()
def mm = 'a1b2' =~ /\d/
while (mm.find()) mm.appendReplacement(sb, '#')
mm.appendTail(sb)
println sb
try { ~'(' } catch (java.util.regex.PatternSyntaxException e) { println 'pse' }
---
true
20242024-05
13
2
true
\Qa.b\E
[a, b]
x$1y
a#b#
pse
-- regex translation --
println 'aaa' ==~ /a++/
println 'aaab'.replaceAll(/a*+b/, 'x')
println 'a.b*c'.split(/\Q.\E/).toList()
println 'Ab1'.replaceAll(/\p{Upper}|\p{Digit}/, '_')
println 'é1٣'.replaceAll(/\d/, '#')
println 'x\u00a0y'.split(/\s/).length
println 'a\nb' ==~ /a.b/
println 'a\nb' ==~ /(?s)a.b/
println('foobar' =~ /foo(?=bar)/ ? 'la' : '-')
println 'aXbX'.replaceAll(/(?i)x/, '-')
println '[x]'.replaceAll(/[\[\]]/, '')
println 'abab'.replaceAll(/(ab)\1/, 'z')
println 'path/to'.replaceAll('/', '\\\\')
---
true
x
[a, b*c]
_b_
é#٣
1
false
true
la
a-b-
x
z
path\to
-- system --
println System.currentTimeMillis() > 1000
println System.getenv('HOME')
println System.getProperty('user.home')
println System.lineSeparator() == '\n'
try { System.exit(1) } catch (SecurityException e) { println e.message }
System.out.println('out')
---
true
null
null
true
System.exit is not available to scripts
out
-- time unit and random --
import java.util.concurrent.TimeUnit
println TimeUnit.MINUTES.toSeconds(2)
println TimeUnit.SECONDS.toMillis(3)
def r = new Random(42)
println r.nextInt(10) < 10
println new java.security.SecureRandom().nextInt(5) < 5
def b = new byte[4]
new Random().nextBytes(b)
println b.length
---
120
3000
true
true
4
-- character --
println Character.isDigit('5' as char)
println Character.isLetter('x'.charAt(0))
println Character.toUpperCase('a' as char)
println Character.getNumericValue('7' as char)
println 'a'.charAt(0).isLetter()
println 'abc'.toCharArray().length
println 'abc'.chars().count()
---
true
true
A
7
true
3
3
-- integer and long statics --
println Integer.parseInt('12') + Integer.valueOf('3') + Long.parseLong('4')
println Integer.MAX_VALUE + 0L
println Long.MAX_VALUE
println Integer.toBinaryString(5)
println Integer.parseInt('ff', 16)
println Double.parseDouble('1.5')
println Boolean.parseBoolean('TRUE')
println Integer.compare(1, 2)
try { Integer.parseInt('x') } catch (NumberFormatException e) { println e.message }
println Math.max(1, 2) + Math.abs(-3)
println Math.round(2.5d)
println Math.floor(2.7)
println Math.pow(2, 3)
println Math.floorMod(-1, 3)
println Math.sqrt(16)
---
19
2147483647
9223372036854775807
101
255
1.5
true
-1
For input string: "x"
5
3
2.0
8.0
2
4.0
-- bytes --
byte[] b = [1, 2, -1] as byte[]
println b
println b[2]
println b.length
println new String([104, 105] as byte[], 'UTF-8')
println 'é'.getBytes('UTF-8').length + 'é'.getBytes('ISO-8859-1').length
println b.collect { it & 0xff }
println String.format('%02x', b[2])
println Arrays.equals(b, [1, 2, -1] as byte[])
println b == [1, 2, -1] as byte[]
---
[1, 2, -1]
-1
3
hi
3
[1, 2, 255]
ff
true
true
-- string joiner and tokenizer --
println new StringJoiner(',', '{', '}').add('a').add('b')
def t = new StringTokenizer('a b')
println t.nextToken() + t.countTokens()
println String.join('/', ['x', 'y'])
println String.valueOf(5) + String.valueOf(null)
---
{a,b}
a1
x/y
5null
-- gstrings reach the library as strings --
import groovy.json.JsonSlurper
def n = 2
println new JsonSlurper().parseText("""{"a": ${n}}""").a
println new URI("http://h/${n}").path
println Base64.decoder.decode("${'aGk='}").length
println new StringBuilder("a${n}").append("b${n}").toString()
println Optional.of("x${n}").get()
println URLEncoder.encode("a ${n}", 'UTF-8')
---
2
/2
2
a2b2
x2
a+2
-- http dates --
import java.text.SimpleDateFormat
import java.time.*
import java.time.format.DateTimeFormatter
def f = new SimpleDateFormat('EEE, dd MMM yyyy HH:mm:ss z', Locale.US)
f.setTimeZone(TimeZone.getTimeZone('GMT'))
println f.format(new Date(0))
println DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.ofInstant(Instant.EPOCH, ZoneId.of('UTC')))
println Instant.EPOCH.atZone(ZoneId.of('UTC'))
println Instant.EPOCH.atZone(ZoneOffset.UTC)
---
Thu, 01 Jan 1970 00:00:00 GMT
Thu, 1 Jan 1970 00:00:00 GMT
1970-01-01T00:00Z[UTC]
1970-01-01T00:00Z
-- addresses --
def a = InetAddress.getByName('192.168.0.7')
println a.hostAddress + ' ' + a.siteLocalAddress + ' ' + a.loopbackAddress + ' ' + a
println InetAddress.getByName('2001:db8::1').hostAddress
println java.net.InetAddress.getByName('[::1]').isLoopbackAddress()
println InetAddress.localHost.hostAddress + ' ' + InetAddress.getByName('localhost').hostName + ' ' + InetAddress.loopbackAddress
println InetAddress.getByAddress([10, 0, 0, 1] as byte[]).hostAddress
println InetAddress.getByName('10.0.0.1') == InetAddress.getByName('10.0.0.1')
println a instanceof Inet4Address
try { InetAddress.getByName('www.example.com') } catch (UnknownHostException e) { println 'not resolved' }
try { InetAddress.getByName('127.1.1') } catch (UnknownHostException e) { println 'no literal' }
---
192.168.0.7 true false /192.168.0.7
2001:db8:0:0:0:0:0:1
true
127.0.0.1 localhost localhost/127.0.0.1
10.0.0.1
true
true
not resolved
no literal
-- durations have an end --
import java.time.Duration
println Duration.ofMinutes(2).multipliedBy(-3)
[{ Duration.ofDays(1).multipliedBy(Long.MAX_VALUE) }, { Duration.ofDays(Long.MAX_VALUE) }, { Duration.ofDays(100000).plusDays(100000) },
 { Duration.ofNanos(Long.MIN_VALUE).negated() }, { Duration.ofSeconds(1).plus(Duration.ofNanos(Long.MAX_VALUE)) }].each {
  try { println it() } catch (ArithmeticException e) { println e.message }
}
println Duration.ofNanos(5).minus(Duration.ofNanos(7)).toNanos() + Duration.ofHours(1).plusMinutes(-60).toMillis()
---
PT-6M
long overflow
long overflow
long overflow
long overflow
long overflow
-2
-- an array of characters is text --
char[] c = 'abc'.toCharArray()
println c
println '>' + c + "${c}" + c.toString() + new String(c) + String.valueOf(c)
---
abc
>abcabcabcabcabc
-- maps of JSON by their inner class --
import org.apache.groovy.json.internal.LazyMap
def j = new groovy.json.JsonSlurper().parseText('{"a": {"b": 1}, "l": [1]}')
println((j instanceof LazyMap) + ' ' + (j.a instanceof groovy.json.internal.LazyMap) + ' ' + (j.l instanceof LazyMap) + ' ' + ('x' instanceof LazyMap))
---
true true false false
