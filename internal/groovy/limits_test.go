package groovy

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func runSmall(t *testing.T, src string) error {
	t.Helper()
	e := New(Env{Classes: JDK(), Limits: Limits{Steps: 300_000, Depth: 200, Bytes: 8 << 20, Wall: time.Minute, Regexp: 50 * time.Millisecond}})
	s, err := e.Compile("t.groovy", src)
	if err != nil {
		return err
	}
	_, err = s.Run(context.Background(), nil)
	return err
}

func TestLimits(t *testing.T) {
	for _, c := range []struct{ name, src, limit string }{
		{"endless while", "while (true) {}", "steps"},
		{"endless for", "for (;;) {}", "steps"},
		{"endless closure recursion", "def f; f = { f() }; f()", "depth"},
		{"endless method recursion", "def f() { f() }\nf()", "depth"},
		{"mutual recursion through each", "def f() { [1].each { f() } }\nf()", "depth"},
		{"recursive getter", "class A { def getX() { this.x } }\nnew A().x", "depth"},
		{"caught in vain", "while (true) { try { while (true) {} } catch (Throwable t) { } finally { } }", "steps"},
		{"finally cannot outlive", "try { while (true) {} } finally { while (true) {} }", "steps"},
		{"growing string", "def s = 'x'; while (true) { s += s }", "memory"},
		{"growing list", "def l = []; while (true) { l << 1; l.addAll(l) }", "memory"},
		{"growing list by plus", "def l = [1]; while (true) { l = l + l }", "memory"},
		{"huge range", "(1..1000000000).toList()", "memory"},
		{"huge repeat", "'abc' * 1000000000", "memory"},
		{"huge padding", "'a'.padLeft(2000000000)", "memory"},
		{"huge array", "new int[2000000000]", "memory"},
		{"huge byte array", "new byte[2000000000]", "memory"},
		{"huge list by index", "def l = []; l[2000000000] = 1", "memory"},
		{"huge list times", "[1, 2] * 1000000000", "memory"},
		{"huge power", "2 ** 100000000", "memory"},
		{"huge shift", "1G << 100000000", "memory"},
		{"squaring", "def x = 3G; while (true) { x = x * x }", "memory"},
		{"squaring decimals", "def x = 1.23; while (true) { x = x * x }", "memory"},
		{"string builder", "def sb = new StringBuilder('x'); while (true) { sb << sb.toString() }", "memory"},
		{"shared lists unfold", "def l = ['x' * 100]; 30.times { l = [l, l] }; l.toString()", "memory"},
		{"regexp backtracking", "('a' * 40) ==~ /(a+)+b/", "regexp"},
		{"regexp replace", "('a' * 40 + 'c').replaceAll(/(a|aa)+$/, 'x')", "regexp"},
		{"regexp backtracking far", "('ab' * 100000) ==~ /(a|b)*c/", "regexp"},
		{"combinations", "(1..20).collect { 1..20 }.combinations()", "memory"},
		{"permutations", "(1..20).permutations()", "steps"},
		{"nCopies", "Collections.nCopies(2000000000, 1)", "memory"},
		{"shared lists as key", "def l = ['x']; 30.times { l = [l, l] }; [(l): 1]", "memory"},
		{"hash of shared lists", "def l = ['x']; 60.times { l = [l, l] }; l.hashCode()", "steps"},
		{"equality of shared lists", "def a = ['x'], b = ['x']; 60.times { a = [a, a]; b = [b, b] }; a == b", "steps"},
		{"json of shared lists", "def l = ['x']; 60.times { l = [l, l] }; groovy.json.JsonOutput.toJson(l)", "steps"},
		{"flatten of shared lists", "def l = ['x']; 60.times { l = [l, l] }; l.flatten()", "memory"},
		{"inspect of shared lists", "def l = ['x']; 60.times { l = [l, l] }; l.inspect()", "memory"},
		{"flatten of shared empty lists", "def l = []; 60.times { l = [l, l] }; l.flatten()", "steps"},
		{"collectNested of shared empty lists", "def l = []; 60.times { l = [l, l] }; l.collectNested { it }", "steps"},
		{"hash of shared maps", "def m = [:]; 60.times { m = [a: m, b: m] }; m.hashCode()", "steps"},
		{"pretty print of deep JSON", "groovy.json.JsonOutput.prettyPrint('[' * 10000)", "memory"},
		{"spread lists", "def l = [1]; 60.times { l = [*l, *l] }", "memory"},
		{"collectMany", "def l = (1..9).toList(); 60.times { l = l.collectMany { l } }", "memory"},
		{"streams of streams", "def l = (1..9).toList(); 60.times { l = l.stream().flatMap { l.stream() }.toList() }", "memory"},
		{"maps", "def m = [:]; int i = 0; while (true) { m[i++] = i }", "memory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := runSmall(t, c.src)
			var lim *LimitError
			if !errors.As(err, &lim) {
				t.Fatalf("error %v is no limit", err)
			}
			if lim.Limit != c.limit && !(c.limit == "steps" && lim.Limit == "memory") && !(c.limit == "memory" && lim.Limit == "steps") {
				t.Errorf("limit %q, want %q", lim.Limit, c.limit)
			}
		})
	}
}

func TestNoLimitPassed(t *testing.T) {
	for _, c := range []struct{ name, src string }{
		{"self-containing list prints", "def l = []; l << l; l.toString(); l == l"},
		{"self-containing map as key", "def m = [:]; m.m = m; def s = [m] as Set; s.size()"},
		{"pretty print of ends alone", "try { groovy.json.JsonOutput.prettyPrint(']') } catch (groovy.json.JsonException e) { 'refused' }"},
		{"mutual lists compare", "def a = [], b = []; a << b; b << a; try { a == b } catch (StackOverflowError e) { 'so' }"},
		{"recursive toString is a StackOverflowError", "class A { String toString() { \"${this}\" } }\ntry { new A().toString() } catch (StackOverflowError e) { 'so' }"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := runSmall(t, c.src); err != nil {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestRings runs what would recurse without end outside of the script's own calls, where
// Go's stack would end the process.
func TestRings(t *testing.T) {
	for _, src := range []string{
		"def c = { foo }; c.delegate = c; c.resolveStrategy = Closure.DELEGATE_FIRST; c()",
		"def c = { foo() }; c.delegate = c; c.resolveStrategy = Closure.DELEGATE_FIRST; c()",
		"def a = { foo() }, b = { 1 }; a.delegate = b; b.delegate = a; a.resolveStrategy = b.resolveStrategy = Closure.DELEGATE_ONLY; a()",
		"def a = { foo = 1 }, b = { 1 }; a.delegate = b; b.delegate = a; a.resolveStrategy = b.resolveStrategy = Closure.DELEGATE_ONLY; a()",
		"class D { def methodMissing(String n) { \"${this.foo()}\" } }; new D().foo(1, 2)",
		"class D { def invokeMethod(String n) { 1 } }; new D().foo(1)",
		"1 + []", "1 - []", "1 * []", "1 << []", "1.5 + [:]", "('a' as char) * []", "1 / []", "1 ** []", "1 % []", "true + 1", "[:] - 1", "[:] * 2", "({ it }) + 1",
		"def l = []; l << l; l.foo", "def l = []; l << l; l.foo = 1", "def l = []; l << l; l.flatten()",
		"def m = [:]; m.call = m; m()", "def m = [:]; m.call = m; m.call()",
		"def m = [:]; m.m = m; m.hashCode()", "def s = [1] as Set; s << [s]; def m = [k: s]; s << m; m.hashCode()", "class A { def asBoolean() { this } }; if (new A()) 1",
		"def l = []; l << l; l.collectNested { it }", "def l = []; l << l; groovy.json.JsonOutput.toJson(l)", "def m = [:]; m.m = m; new groovy.json.JsonBuilder(m).toString()",
		"def l = []; l << l; l.inspect()", "def l = [], k = []; l << l; k << k; l <=> k", "def l = [], k = []; l << k; k << l; l == k",
		"def e = new Exception('a'); e.initCause(e)",
		"def a = new Exception('a'), b = new Exception('b', a); a.initCause(b)",
		"def o = Optional.of(1); 1000.times { o = Optional.of(o) }; o.toString()",
		"def r = new java.util.concurrent.atomic.AtomicReference(); r.set(r); r.toString()",
		"@groovy.transform.Canonical class N { def n }; def a = new N(); a.n = a; a.hashCode(); a.toString()",
		"def f = { it }; 1000.times { f = f >> { it } }; f(1)",
		"def c = Comparator.naturalOrder(); 1000.times { c = c.reversed() }; [3, 1].sort(c)",
		"new BigInteger('9' * 1000000)", "new BigInteger(1, new byte[1000000])", "new BigDecimal('9' * 1000000)", "('9' * 1000000) as BigInteger",
		"'x'.tr('\\u0000-\\uffff' * 10000, 'a')",
	} {
		t.Run(src, func(t *testing.T) {
			err := runSmall(t, src)
			var lim *LimitError
			var th *Thrown
			if !errors.As(err, &lim) && !errors.As(err, &th) {
				t.Errorf("error %v, want an exception or a limit", err)
			}
		})
	}
}

func TestHostsSeeTheThreadAsItWas(t *testing.T) {
	deep := &Class{Name: "x.Host", Static: map[string]Method{"tries": func(c *Call) (Value, error) {
		_, err := c.Invoke(c.Arg(0)) // fails inside of calls; the host goes on
		return err != nil, nil
	}}}
	e := New(Env{Classes: []*Class{deep}, Limits: Limits{Depth: 50}})
	s, err := e.Compile("t.groovy", "def f(n) { if (n == 0) throw new Exception('x'); f(n - 1) }\nint seen = 0\n20.times { if (x.Host.tries({ -> f(10) })) seen++ }\nseen")
	if err != nil {
		t.Fatal(err)
	}
	if v, err := s.Run(context.Background(), nil); err != nil || v != int32(20) {
		t.Errorf("run = %v, %v; want 20 failures and no limit", v, err)
	}
}

func TestCausesAreTold(t *testing.T) {
	err := runSmall(t, "def f() { throw new IOException('inner') }\ntry { f() } catch (e) {\n  throw new IllegalStateException('outer', e)\n}")
	var th *Thrown
	if !errors.As(err, &th) {
		t.Fatal(err)
	}
	for _, want := range []string{"t.groovy:3:", "IllegalStateException: outer", "^", "at run(t.groovy:3)", "caused by: t.groovy:1:", "java.io.IOException: inner"} {
		if !strings.Contains(th.Detail(), want) {
			t.Errorf("detail lacks %q:\n%s", want, th.Detail())
		}
	}
}

func TestCancel(t *testing.T) {
	s, err := New(Env{}).Compile("t.groovy", "while (true) {}")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = s.Run(ctx, nil)
	var lim *LimitError
	if !errors.As(err, &lim) || !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want a cancelled limit", err)
	}
}

func TestDeepSource(t *testing.T) {
	n := 100_000
	for _, c := range []struct{ name, src string }{
		{"parentheses", strings.Repeat("(", n) + "1" + strings.Repeat(")", n)},
		{"lists", strings.Repeat("[", n) + strings.Repeat("]", n)},
		{"closures", strings.Repeat("{ -> ", n) + strings.Repeat("}", n)},
		{"nots", "x = " + strings.Repeat("!", n) + "true"},
		{"minus", "x = " + strings.Repeat("- ", n) + "1"},
		{"additions", "x = 1" + strings.Repeat(" + 1", n)},
		{"assignments", strings.Repeat("a = ", n) + "1"},
		{"ternaries", "x = " + strings.Repeat("true ? 1 : ", n) + "1"},
		{"ifs", strings.Repeat("if (x) ", n) + "y"},
		{"else ifs", strings.Repeat("if (x) {} else ", n) + "y"},
		{"blocks", strings.Repeat("{", n) + strings.Repeat("}", n)},
		{"accesses", "a" + strings.Repeat(".b", n)},
		{"calls", "a" + strings.Repeat("()", n)},
		{"gstrings", strings.Repeat(`"${`, 1000) + "1" + strings.Repeat(`}"`, 1000)},
		{"casts", "x = " + strings.Repeat("(String) ", n) + "y"},
		{"lambdas", "f = " + strings.Repeat("x -> ", n) + "1"},
		{"generics", "Map" + strings.Repeat("<Map", n) + strings.Repeat(">", n) + " x"},
		{"classes", strings.Repeat("class A { ", 5000) + strings.Repeat("}", 5000)},
		{"anonymous classes", strings.Repeat("new Object() { def x = ", 5000) + "1" + strings.Repeat("}", 5000)},
		{"powers", "x = 1" + strings.Repeat(" ** 1", n)},
		{"commands", "a" + strings.Repeat(" b", n)},
		{"switches", strings.Repeat("switch (x) { case 1: ", n) + strings.Repeat("}", n)},
		{"tries", strings.Repeat("try {", n) + strings.Repeat("} finally {}", n)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := runSmall(t, c.src); err == nil {
				t.Error("no error")
			}
		})
	}
}

// TestBreakOut tries ways out of the interpreter; all must be refused.
func TestBreakOut(t *testing.T) {
	for _, src := range []string{
		"'ls'.execute()", "['ls'].execute()", "Runtime.getRuntime().exec('ls')", "Runtime.runtime.exec('ls')",
		"new File('/etc/passwd').text", "new java.io.File('/etc/passwd')", "new FileReader('/etc/passwd')",
		"System.exit(0)", "System.getenv().each { }", "for (e in System.getenv()) { throw new Exception() }; System.getenv().keySet()", "new URL('file:///etc/passwd').text", "new URL('http://localhost').openConnection()",
		"Class.forName('java.lang.Runtime')", "''.class.forName('java.lang.Runtime')", "''.class.classLoader", "this.class.classLoader",
		"Thread.start { }", "new Thread({ }).start()", "Eval.me('new File(\"/etc/passwd\").text')", "new GroovyShell().evaluate('System.exit(0)')", "new GroovyShell(this.class.classLoader)",
		"String.metaClass.foo = { 1 }", "''.metaClass", "this.metaClass.x = 1", "new ProcessBuilder('ls').start()",
		"def c = ''.getClass(); c.getMethods()", "''.class.declaredFields", "java.nio.file.Files.readAllBytes(null)",
		"@Grab('x:y:1') import foo.Bar", "new Socket('localhost', 80)", "Math.class.getDeclaredConstructor().newInstance()",
		"this.getClass().getProtectionDomain()", "binding.class.classLoader",
	} {
		t.Run(src, func(t *testing.T) {
			err := runSmall(t, src)
			if err == nil {
				t.Fatal("no error")
			}
			var in *InternalError
			if errors.As(err, &in) {
				t.Errorf("internal error: %v\n%s", in, in.Stack)
			}
		})
	}
}

// TestSharedState runs many scripts at once over one concurrent map.
func TestSharedState(t *testing.T) {
	s, err := New(Env{Classes: JDK()}).Compile("t.groovy", `
globals.putIfAbsent('list', []); globals.putIfAbsent('map', [:]); globals.putIfAbsent('f', { it + n })
n = 1
200.times { globals.list << it; globals.map["k${it % 10}".toString()] = globals.list.size(); globals.map.remove("k3"); globals.f(it); globals.list.any { it > 5 } }
globals.list.size()
`)
	if err != nil {
		t.Fatal(err)
	}
	globals := NewConcurrentMap()
	done := make(chan error)
	for range 8 {
		go func() {
			_, err := s.Run(context.Background(), NewBinding(map[string]Value{"globals": globals}))
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	l, _ := globals.Get("list")
	if n := l.(*List).Len(); n != 1600 {
		t.Errorf("the list has %d elements, want 1600", n)
	}
}

func TestSeveralErrors(t *testing.T) {
	_, err := New(Env{}).Compile("t.groovy", "def a = \ndef b = (1 + \nimport x.Y\nprintln 'ok'\nfoo(]\n")
	if err == nil {
		t.Fatal("no error")
	}
	_, err = New(Env{}).Compile("t.groovy", "int x = = 1\nprintln 'fine'\nString s = )\n")
	if n := strings.Count(err.Error(), "t.groovy:"); n < 1 {
		t.Errorf("errors: %v", err)
	}
	_, err = New(Env{}).Compile("t.groovy", "new Foo()\nnew Bar()\n")
	if n := strings.Count(err.Error(), "unable to resolve class"); n != 2 {
		t.Errorf("%d errors, want 2: %v", n, err)
	}
}

func TestLoad(t *testing.T) {
	env := Env{Load: func(class string) (string, string, bool) {
		src, ok := map[string]string{
			"com.example.Util": "package com.example\nclass Util { static hi(x) { \"hi $x\" }\n def other() { new Helper().n } }\nclass Helper { int n = 7 }",
			"SqlClient":        "class SqlClient { def config\n def run() { config.x } }",
			"Broken":           "class Broken { def x( }",
		}[class]
		return class + ".groovy", src, ok
	}}
	for _, c := range []struct{ name, src, want, fail string }{
		{"imported", "import com.example.Util\nUtil.hi('a') + new Util().other()", "hi a7", ""},
		{"qualified", "com.example.Util.hi('b')", "hi b", ""},
		{"default package", "new SqlClient(config: [x: 5]).run()", "5", ""},
		{"static import", "import static com.example.Util.hi\nhi('c')", "hi c", ""},
		{"subclass", "class D extends com.example.Util { def own() { other() + 1 } }\nnew D().own()", "8", ""},
		{"broken file is reported with its name", "new Broken()", "", "Broken.groovy:1:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := New(env).Compile("t.groovy", c.src)
			var v Value
			if err == nil {
				v, err = s.Run(context.Background(), nil)
			}
			if c.fail != "" {
				if err == nil || !strings.Contains(err.Error(), c.fail) {
					t.Errorf("error %v, want %q", err, c.fail)
				}
				return
			}
			if err != nil || ToString(v) != c.want {
				t.Errorf("got %v, %v; want %s", ToString(v), err, c.want)
			}
		})
	}
}

func TestLenientImports(t *testing.T) {
	e := New(Env{LenientImports: true})
	s, err := e.Compile("t.groovy", "import com.acme.Unused\n1")
	if err != nil || len(s.Warnings()) != 1 {
		t.Errorf("Compile = %v, warnings %v", err, s.Warnings())
	}
	if _, err := e.Compile("t.groovy", "import com.acme.Used\nnew Used()"); err == nil {
		t.Error("a used unknown class was accepted")
	}
}

// Operators and index assignments that fit no class are exceptions. They came back to themselves
// until the stack of the process was full.
func TestNoWayBack(t *testing.T) {
	for _, src := range []string{
		"def l = [1, 2, 3]; l[0, 2] = [7, 8]; assert l == [7, 2, 8]; l[0, 1] = 5; assert l == [5, 5, 8]",
		"def c = 'a' as char; assert -c == -97",
		"try { def l = [1]; l[{ 1 }] = 2; assert false } catch (MissingMethodException e) { }",
		"try { [a: 1] + 1; assert false } catch (MissingMethodException e) { }",
		"try { [a: 1] + 'x'; assert false } catch (MissingMethodException e) { }",
		"try { [a: 1] - 1; assert false } catch (MissingMethodException e) { }",
		"try { [1] * 'x'; assert false } catch (MissingMethodException e) { }",
		"try { (1..3) << 1; assert false } catch (MissingMethodException e) { }",
		"def n = new java.util.concurrent.atomic.AtomicInteger(4); assert n + 1 == 5 && -n == -4 && n.next() == 5",
	} {
		s, err := New(Env{Classes: JDK()}).Compile("t.groovy", src)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Run(context.Background(), nil); err != nil {
			t.Errorf("%s: %v", src, err)
		}
	}
}
