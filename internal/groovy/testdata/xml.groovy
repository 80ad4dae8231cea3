-- slurper: steps, attributes, text --
import groovy.xml.XmlSlurper
def doc = new XmlSlurper().parseText('''<?xml version="1.0" encoding="UTF-8"?>
<orders date="2024-01-02">
  <order id="1"><item>tea</item><price>2.50</price></order>
  <order id="2"><item>milk &amp; honey</item><price>3</price></order>
</orders>''')
println doc.name() + ' ' + doc.@date
println doc.order.size()
println doc.order[1].item
println doc.order[0].@id.text() + doc.order[1].'@id'
println doc.order*.@id*.text()
println doc.order.item.text()
println doc.order.find { it.price.toBigDecimal() > 2.6 }.item
println doc.order.findAll { it.@id.toInteger() < 5 }.item.collect { it.text().length() }
println doc.order.price.sum { it.toBigDecimal() }
println doc.nothing.text().isEmpty() + ' ' + doc.nothing.size() + ' ' + (doc.nothing ? 'there' : 'absent')
println doc.order[0].item == 'tea'
println "first: ${doc.order[0].item}"
---
orders 2024-01-02
2
milk & honey
12
[1, 2]
teamilk & honey
milk & honey
[3, 12]
5.50
true 0 absent
true
first: tea
-- slurper: children, depth first, parents --
def doc = new XmlSlurper().parseText('<a><b x="1"><c>1</c></b><b x="2"><c>2</c><d/></b></a>')
println doc.children().collect { it.name() }
println doc.'**'.findAll { it.name() == 'c' }*.text()
println doc.depthFirst().collect { it.name() }
println doc.breadthFirst().collect { it.name() }
println doc.b[1].c.parent().@x
println doc.b[0].c.'..'.name()
println doc.b[1].attributes()
println doc.'*'.size() + ' ' + doc.b.'*'.size()
doc.b.eachWithIndex { b, i -> println "$i ${b.c}" }
for (b in doc.b) { println b.@x }
---
[b, b]
[1, 2]
[a, b, c, b, c, d]
[a, b, b, c, c, d]
2
b
[x:2]
2 3
0 1
1 2
1
2
-- slurper: elements with the names of methods and properties --
def doc = new XmlSlurper().parseText('<r><class>c</class><properties><property name="p">v</property></properties><size>9</size></r>')
println doc.class.text() + doc.properties.property.text() + doc.properties.property.@name + doc.size.text() + doc.size()
---
cvp91
-- slurper: namespaces --
def soap = new XmlSlurper().parseText('''<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:u="urn:user">
  <soapenv:Body><u:GetUser u:kind="k"><u:id>7</u:id></u:GetUser></soapenv:Body></soapenv:Envelope>''')
println soap.Body.GetUser.id
println soap.'soapenv:Body'.'u:GetUser'.'u:id'
println soap.Body.GetUser.@kind
println soap.Body.GetUser.name() + ' ' + soap.Body.GetUser.namespaceURI()
def bound = soap.declareNamespace(s: 'http://schemas.xmlsoap.org/soap/envelope/', x: 'urn:other')
println bound.'s:Body'.size() + ' ' + bound.'x:Body'.size()
println new XmlSlurper(false, false).parseText('<p:a xmlns:p="urn:p"><p:b>1</p:b></p:a>').'p:b'
---
7
7
k
GetUser urn:user
1 0
1
-- slurper: what is found cannot be changed --
def doc = new XmlSlurper().parseText('<a><b>1</b></a>')
doc.b = '2'
---
!java.lang.UnsupportedOperationException
-- document types are refused --
try {
  new XmlSlurper().parseText('<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>')
} catch (org.xml.sax.SAXParseException e) {
  println e.message.contains('DOCTYPE is disallowed')
}
---
true
-- entities are never expanded --
def s = new XmlSlurper()
s.setFeature('http://apache.org/xml/features/disallow-doctype-decl', false)
println s.parseText('<!DOCTYPE a><a>1</a>').text()
try {
  s.parseText('<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>')
} catch (org.xml.sax.SAXException e) {
  println 'refused'
}
try {
  s.parseText('<!DOCTYPE a [<!ENTITY x "yy"><!ENTITY z "&x;&x;">]><a>&z;</a>')
} catch (Exception e) {
  println e.class.simpleName
}
---
1
refused
SAXParseException
-- documents are not fetched --
new XmlSlurper().parse('http://example.com/a.xml')
---
!java.lang.SecurityException
-- documents that are not well-formed --
['<a>', '<a></b>', '', 'text', '<a/><b/>', '<a b=c/>', '<a>&nope;</a>'].each {
  try {
    new XmlParser().parseText(it)
    println 'read ' + it
  } catch (org.xml.sax.SAXParseException e) {
    print '.'
  }
}
---
.......
-- elements too deep --
new XmlSlurper().parseText('<a>' * 1000 + '</a>' * 1000)
---
!nested too deeply
-- parser: nodes --
import groovy.xml.XmlParser
def root = new XmlParser().parseText('<list kind="k"><e n="1">one</e><e n="2">two<f/></e></list>')
println root.name() + root.@kind + root.attribute('kind') + root.attributes()
println root.e.size() + root.e[0].text() + root.e[1].@n
println root.e*.@n
println root.e.@n
println root.e.find { it.@n == '2' }.text()
println root.e.collect { it.text() }.join(',')
println root.children().size() + ' ' + root.e[1].value().size()
println root.e[1].f[0].parent().@n
println root.nothing.size() + ' ' + (root.nothing ? 'there' : 'absent') + ' ' + root.@none
println root.'**'*.name()
for (e in root) { println e.name() }
println root.e.text()
---
listkk[kind:k]
2one2
[1, 2]
[1, 2]
two
one,two
2 2
2
0 absent null
[list, e, e, f]
e
e
onetwo
-- parser: changes --
def root = new XmlParser().parseText('<list><e n="1">one</e></list>')
root.e[0].@n = '9'
root.e[0].value = 'uno'
root.appendNode('e', [n: '10'], 'dieci')
def last = root.appendNode('g')
last.appendNode('h', 'in g')
root.e[1].replaceNode { z(n: 'z') { y('deep') } }
println groovy.xml.XmlUtil.serialize(root)
root.remove(root.g[0])
println root.children()*.name()
root.append(new Node(null, 'new', [a: 1]))
println root.'new'[0].@a
---
<?xml version="1.0" encoding="UTF-8"?><list>
  <e n="9">uno</e>
  <z n="z">
    <y>deep</y>
  </z>
  <g>
    <h>in g</h>
  </g>
</list>

[e, z]
1
-- parser: namespaces --
def root = new XmlParser().parseText('<s:Envelope xmlns:s="urn:s"><s:Body><m xmlns="urn:m" a="1">t</m></s:Body></s:Envelope>')
def s = new groovy.xml.Namespace('urn:s', 's')
println root.name()
println root[s.Body].size() + ' ' + root.'s:Body'.size()
println root.'s:Body'[0].children()[0].text()
println root.name().localPart + ' ' + root.name().namespaceURI + ' ' + root.name().prefix
println groovy.xml.XmlUtil.serialize(root)
---
{urn:s}Envelope
1 1
t
Envelope urn:s s
<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="urn:s">
  <s:Body>
    <m xmlns="urn:m" a="1">t</m>
  </s:Body>
</s:Envelope>

-- an element cannot be in itself --
def a = new XmlParser().parseText('<a><b/></a>')
a.b[0].append(a)
---
!an element cannot be in itself
-- markup: elements, attributes, text --
import groovy.xml.MarkupBuilder
def w = new StringWriter()
def xml = new MarkupBuilder(w)
def names = ['Ann', 'Bob <b>']
xml.people(count: names.size()) {
  names.eachWithIndex { n, i ->
    person(id: i, note: "it's & \"so\"") {
      name(n)
    }
  }
  empty()
  'x-y'('dash')
}
println w
---
<people count='2'>
  <person id='0' note='it&apos;s &amp; "so"'>
    <name>Ann</name>
  </person>
  <person id='1' note='it&apos;s &amp; "so"'>
    <name>Bob &lt;b&gt;</name>
  </person>
  <empty />
  <x-y>dash</x-y>
</people>
-- markup: mkp and settings --
def w = new StringWriter()
def xml = new groovy.xml.MarkupBuilder(w)
xml.doubleQuotes = true
xml.mkp.xmlDeclaration(version: '1.0', encoding: 'UTF-8')
xml.'soap:Envelope'('xmlns:soap': 'urn:soap') {
  'soap:Body' {
    p { mkp.yield('a<b '); mkp.yieldUnescaped('<i>c</i>') }
  }
}
println w.toString()
---
<?xml version="1.0" encoding="UTF-8"?>
<soap:Envelope xmlns:soap="urn:soap">
  <soap:Body>
    <p>a&lt;b <i>c</i></p>
  </soap:Body>
</soap:Envelope>
-- markup: names cannot break out --
new groovy.xml.MarkupBuilder(new StringWriter()).'a><script'()
---
!is not a name of XML
-- streaming markup --
import groovy.xml.StreamingMarkupBuilder
def text = new StreamingMarkupBuilder().bind {
  mkp.xmlDeclaration()
  mkp.declareNamespace(soap: 'urn:soap')
  soap.Envelope {
    soap.Body(id: 1) { user('demo'); none() }
  }
}.toString()
println text
println new XmlSlurper().parseText(text).Body.user
---
<?xml version='1.0'?><soap:Envelope xmlns:soap='urn:soap'><soap:Body id='1'><user>demo</user><none/></soap:Body></soap:Envelope>
demo
-- escaping --
println groovy.xml.XmlUtil.escapeXml('<a href="x">\'&')
println groovy.xml.XmlUtil.serialize('<a><b>1</b><c>t<d/>u</c></a>')
---
&lt;a href=&quot;x&quot;&gt;&apos;&amp;
<?xml version="1.0" encoding="UTF-8"?><a>
  <b>1</b>
  <c>t<d/>u</c>
</a>

-- white space between elements --
def p = new XmlParser()
println p.parseText('<a> <b> x </b> </a>').children().size() + '[' + p.parseText('<a> <b> x </b> </a>').b.text() + ']'
p.setKeepIgnorableWhitespace(true)
println p.parseText('<a> <b/> </a>').children().size()
println new XmlSlurper().parseText('<a>1<![CDATA[<2>]]><!-- no -->3</a>').text()
---
1[ x ]
3
1<2>3
-- input in other encodings --
def b = '<?xml version="1.0" encoding="ISO-8859-1"?><a>\u00fc</a>'.getBytes('ISO-8859-1')
println new XmlSlurper().parse(new ByteArrayInputStream(b)).text()
println new XmlParser().parse(new StringReader('<a>\u00fc</a>')).text()
---
ü
ü
-- names of methods in quotes --
def 'say hello'(x) { "hello $x" }
println 'say hello'('you')
def w = new StringWriter()
def p = 'soap'
new groovy.xml.MarkupBuilder(w)."${p}:Envelope" { "${p}:Body" { 'a-b'('c') } }
println w
---
hello you
<soap:Envelope>
  <soap:Body>
    <a-b>c</a-b>
  </soap:Body>
</soap:Envelope>
