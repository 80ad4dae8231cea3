package groovy

import (
	"context"
	"errors"
	"math/rand"
	"slices"
	"testing"
	"time"
)

// receivers make objects of most classes.
var receivers = []string{
	"null", "1", "2L", "1.5", "1.5d", "7G", "(byte) 1", "'a' as char", "true", "'text'", "\"g${1}\"", "[1, 2]", "[]", "[a: 1]", "[:]", "(1..3)", "('a'..'c')",
	"[1] as Set", "new TreeSet([1, 2])", "new TreeMap(a: 1)", "new LinkedList([1])", "[1, 2] as int[]", "'x'.bytes", "{ it }", "{ a, b -> a }", "~/a/", "'aa' =~ /a/",
	"new StringBuilder('x')", "new Date(0)", "java.time.Instant.EPOCH", "java.time.LocalDate.of(2024, 1, 2)", "java.time.LocalDateTime.of(2024, 1, 2, 3, 4)",
	"java.time.ZonedDateTime.of(2024, 1, 2, 3, 4, 5, 6, java.time.ZoneOffset.UTC)", "java.time.Duration.ofSeconds(5)", "java.time.Period.ofDays(1)",
	"java.time.format.DateTimeFormatter.ISO_INSTANT", "java.time.ZoneId.of('UTC')", "new java.text.SimpleDateFormat('yyyy')", "Optional.of(1)", "Optional.empty()", "[1].stream()", "[1].iterator()",
	"UUID.randomUUID()", "new URI('http://h/p?q')", "new URL('http://h/p')", "new StringReader('x')", "new StringWriter()", "new ByteArrayInputStream('x'.bytes)", "new ByteArrayOutputStream()",
	"new BufferedReader(new StringReader('x'))", "new PrintWriter(new StringWriter())", "new groovy.json.JsonSlurper()", "new groovy.json.JsonBuilder()",
	"java.security.MessageDigest.getInstance('SHA-256')", "javax.crypto.Mac.getInstance('HmacSHA256')", "javax.crypto.Cipher.getInstance('AES/GCM/NoPadding')", "new java.security.SecureRandom()",
	"java.security.Signature.getInstance('SHA256withRSA')", "new javax.crypto.spec.SecretKeySpec('k'.bytes, 'AES')", "Base64.encoder", "Base64.urlDecoder",
	"new java.util.concurrent.atomic.AtomicInteger()", "new java.util.concurrent.atomic.AtomicReference(1)", "java.util.concurrent.TimeUnit.SECONDS", "new Properties()", "new StringJoiner(',')",
	"new StringTokenizer('a b')", "Locale.ROOT", "TimeZone.getTimeZone('UTC')", "new Random(1)", "new Exception('x')", "String", "binding", "this",
	"[a: 1].entrySet()[0]", "java.nio.charset.StandardCharsets.UTF_8", "new XmlSlurper()", "new XmlSlurper().parseText('<a b=\"c\"><d/>t</a>')", "new XmlSlurper().parseText('<a b=\"c\"><d/></a>').@b",
	"new XmlParser().parseText('<a b=\"c\"><d/>t</a>')", "new XmlParser().parseText('<a><d/></a>').d", "new groovy.xml.MarkupBuilder(new StringWriter())",
	"new groovy.xml.StreamingMarkupBuilder()", "new groovy.namespace.QName('u', 'l')", "new groovy.xml.Namespace('u')", "java.math.RoundingMode.UP",
}

var oddArguments = []string{
	"null", "0", "1", "-1", "5L", "2147483647", "1.5", "2.5d", "''", "'x'", "'a,b'", "\"g${1}\"", "[]", "[1, 2]", "[[1], 2]", "[:]", "[a: 1]", "(1..2)", "{ it }", "{ a, b -> 1 }", "'x'.bytes", "true",
	"String", "~/x/", "new Object()", "'c' as char", "new Date(0)", "[1] as Set", "new StringReader('r')", "new StringWriter()", "new ByteArrayOutputStream()", "[3, 1] as Object[]",
}

// TestOddArguments calls every method with arguments that may not fit: there may be an
// exception or a limit, but never a fault of the interpreter.
func TestOddArguments(t *testing.T) {
	e := New(Env{Classes: JDK(), Limits: Limits{Steps: 3000, Depth: 50, Bytes: 256 << 10, Wall: time.Minute, Regexp: 5 * time.Millisecond}})
	value := func(src string) func() Value {
		s, err := e.Compile("v.groovy", "return "+src)
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		return func() Value {
			v, err := s.Run(context.Background(), nil)
			if err != nil {
				t.Fatalf("%s: %v", src, err)
			}
			return v
		}
	}
	var args []func() Value
	for _, a := range oddArguments {
		args = append(args, value(a))
	}
	call, err := e.Compile("c.groovy", `recv."$name"(*args)`)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewSource(1))
	try := func(src, name string, recv Value, s *Script, list []Value) {
		_, err := s.Run(context.Background(), NewBinding(map[string]Value{"recv": recv, "name": name, "args": NewList(list...)}))
		var in *InternalError
		if errors.As(err, &in) {
			t.Errorf("%s.%s with %d arguments %s: %v\n%.1500s", src, name, len(list), ToString(NewList(list...)), in, in.Stack)
		}
		var lim *LimitError
		if errors.As(err, &lim) && lim.Limit == "depth" {
			t.Errorf("%s.%s with %d arguments %s comes back to itself", src, name, len(list), ToString(NewList(list...)))
		}
	}
	lists := func() [][]Value {
		out := [][]Value{{}}
		for _, a := range args {
			out = append(out, []Value{a()})
		}
		pick := func() Value { return args[rng.Intn(len(args))]() }
		for range 10 {
			out = append(out, []Value{pick(), pick()}, []Value{pick(), pick(), pick()})
		}
		return append(out, []Value{pick(), pick(), pick(), pick()})
	}
	for _, src := range receivers {
		make := value(src)
		names := map[string]bool{}
		for n := range e.metaOf(make()).methods {
			names[n] = true
		}
		for _, n := range sorted(names) {
			if n == "sleep" || n == "wait" {
				continue
			}
			for _, l := range lists() {
				try(src, n, make(), call, l)
			}
		}
	}
	for _, name := range e.ClassNames() {
		c := e.byName[name]
		names := map[string]bool{}
		for n := range c.Static {
			names[n] = true
		}
		for _, n := range sorted(names) {
			if n == "sleep" {
				continue
			}
			for _, l := range lists() {
				try(name, n, c, call, l)
			}
		}
		if s, err := e.Compile("n.groovy", "new "+name+"(*args)"); err == nil && c.New != nil {
			for _, l := range lists() {
				try(name, "<init>", nil, s, l)
			}
		}
	}
}

func sorted(names map[string]bool) []string {
	var out []string
	for n := range names {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}
