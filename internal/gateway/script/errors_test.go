package script

import (
	"context"
	"errors"
	"strings"
	"testing"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/groovy"
)

func TestLoadErrors(t *testing.T) {
	g := newRig(t)
	g.write("bad.groovy", "def x = 1\nreturn x +\n")
	for _, c := range []struct{ name, config, want string }{
		{"no type", `{"source": "return null"}`, `the required field "type" is missing`},
		{"other language", `{"type": "text/javascript", "source": "1"}`, `config.type: expected "application/x-groovy", found "text/javascript"`},
		{"neither source nor file", `{"type": "application/x-groovy"}`, `the script is missing: write "source" or "file"`},
		{"both", `{"type": "application/x-groovy", "source": "1", "file": "a.groovy"}`, `config.file: a script is either "file" or "source", not both`},
		{"a URL", `{"type": "application/x-groovy", "file": "http://h/a.groovy"}`, `config.file: expected a path, found the URL`},
		{"out of the folder", `{"type": "application/x-groovy", "file": "../a.groovy"}`, `leads out of the folder of scripts`},
		{"no such file", `{"type": "application/x-groovy", "file": "none.groovy"}`, `config.file: the script cannot be read`},
		{"syntax in a file", `{"type": "application/x-groovy", "file": "bad.groovy"}`, `config.file: bad.groovy:3:1: `},
		{"syntax in a line", `{"type": "application/x-groovy", "source": ["def a = 1", "return ) a"]}`, `config.source[1]: line 2 of the script, column 8: `},
		{"syntax in one string", `{"type": "application/x-groovy", "source": "def a = 1\nreturn ) a"}`, `config.source: line 2 of the script, column 8: `},
		{"unknown class", `{"type": "application/x-groovy", "source": ["import com.acme.Nope", "return new Nope()"]}`, `com.acme.Nope`},
		{"unknown class by its bare name", `{"type": "application/x-groovy", "source": "return new Respons(Status.OK)"}`, `Respons`},
		{"args without an object", `{"type": "application/x-groovy", "source": "1", "args": {"x": "${heap['None']}"}}`, `there is no object "None"`},
		{"args are no object", `{"type": "application/x-groovy", "source": "1", "args": [1]}`, `config.args: expected an object`},
		{"source is a number", `{"type": "application/x-groovy", "source": [1]}`, `config.source[0]: expected a line of the script, found a number`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, errs := g.load(c.config)
			err := errs.Err()
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("load = %v, want %q in it", err, c.want)
			}
			if s != nil && err == nil {
				t.Error("a script came back")
			}
		})
	}
}

func TestImportOfAnUnusedUnknownClassWarns(t *testing.T) {
	g := newRig(t)
	s, errs := g.load(`{"type": "application/x-groovy", "source": "import com.acme.Nope\nreturn new Response(Status.OK)"}`)
	if s == nil || errs.Err() != nil {
		t.Fatalf("load: %v", errs.Err())
	}
	if w := errs.Warnings(); len(w) != 1 || !strings.Contains(w[0].Msg, "com.acme.Nope") {
		t.Errorf("warnings = %v", w)
	}
}

func TestRunErrors(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"unknown variable", "def x = 1\nreturn nope", "#script:2:8: groovy.lang.MissingPropertyException: No such property: nope"},
		{"null", "return null", "null where a Response is expected"},
		{"not a response", "return 'text'", "a string where a Response is expected"},
		{"promise of something else", "return http.send(request).then { 5 }", "where a Response is expected"},
		{"thrown", "throw new IllegalStateException('bad state')", "java.lang.IllegalStateException: bad state"},
		{"a class that scripts do not reach", "return 'x'.execute()", "processes are not available to scripts"},
		{"header injection", "request.headers['X'] = 'a\\r\\nB: c'\nreturn null", "control character"},
		{"status out of range", "return new Response(Status.valueOf(9))", "9 is no status code"},
		{"promise that nobody completes", "return org.forgerock.util.promise.PromiseImpl.create()", "nothing will ever complete"},
		{"exception in a callback", "return http.send(request).then { throw new IOException('later') }", "java.io.IOException: later"},
		{"endless loop", "while (true) { }", "the script took too many steps"},
		{"endless recursion", "def f(n) { f(n + 1) }\nf(0)", "nested too deeply"},
		{"memory", "def s = 'x'\nwhile (true) { s = s + s }", "too much memory"},
		{"endless match", "return ('a' * 40 + 'b') ==~ /(a|aa)+$/", "a regular expression took too long"},
		{"endless loop in a callback", "return http.send(request).then { while (true) { } }.thenCatchRuntimeException { new Response(Status.OK) }", "too many steps"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newRig(t)
			g.system = map[string]string{"script.maxSteps": "200000", "script.maxDepth": "100", "script.maxMemoryBytes": "1000000",
				"script.maxRegexpMillis": "20"}
			r, err := g.source(c.src).Handle(newExchange("/"))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("run = %v, %v, want an error with %q", r, err, c.want)
			}
		})
	}
}

func TestCancelledRequestEndsTheScript(t *testing.T) {
	g := newRig(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := g.source("while (true) { }").Handle(newExchange("/").WithCtx(ctx))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("run = %v, want %v", err, context.Canceled)
	}
}

func TestBadLimit(t *testing.T) {
	g := newRig(t)
	g.system = map[string]string{"script.maxSteps": "many"}
	_, errs := g.load(`{"type": "application/x-groovy", "source": "1"}`)
	if err := errs.Err(); err == nil || !strings.Contains(err.Error(), `script.maxSteps: expected a positive number, found "many"`) {
		t.Errorf("load = %v", err)
	}
}

// Each limit is set by a system property, costs the request that meets it, and no other.
func TestLimitsAreSet(t *testing.T) {
	const generous = "1000000000"
	for _, c := range []struct{ property, value, source, limit string }{
		{"script.maxSteps", "1000", "while (true) {}", "steps"},
		{"script.maxDepth", "20", "def f; f = { n -> n == 0 ? 0 : f(n - 1) }; f(100)", "depth"},
		{"script.maxMemoryBytes", "100000", "def s = 'x'; while (true) { s += s }", "memory"},
		{"script.maxMillis", "50", "while (true) {}", "time"},
		{"script.maxRegexpMillis", "20", "('a' * 60) ==~ /(a+)+b/", "regexp"},
		{"script.maxWaitMillis", "1", "while (true) { http.send(request).get() }", "wait"},
	} {
		t.Run(c.property, func(t *testing.T) {
			g := newRig(t)
			g.system = map[string]string{
				"script.maxSteps": "1000000000000", "script.maxDepth": "500", "script.maxMemoryBytes": generous, "script.maxMillis": "60000", "script.maxRegexpMillis": "60000", "script.maxWaitMillis": "60000",
			}
			g.system[c.property] = c.value
			s := g.source("if (request.form.go) {\n" + c.source + "\n}\nreturn new Response(Status.OK)")
			_, err := s.Handle(newExchange("/?go=1"))
			var limit *groovy.LimitError
			if !errors.As(err, &limit) || limit.Limit != c.limit {
				t.Errorf("error = %v, want the limit of %s", err, c.limit)
			}
			if r, err := s.Handle(newExchange("/")); err != nil || r.Status.Code != 200 {
				t.Errorf("the next request: %v, %v", r, err)
			}
		})
	}
}

func TestFailuresOfTheChain(t *testing.T) {
	down := errors.New("connect http://h: refused")
	g := newRig(t)
	next := chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) { return nil, down })

	_, err := g.source("return next.handle(context, request)", "next").Filter(newExchange("/"), next)
	if !errors.Is(err, down) {
		t.Errorf("passed on = %v, want %v", err, down)
	}
	_, err = g.source("return next.handle(context, request).thenOnResult { it.entity = 'x' }.thenCatch { new Response(Status.OK) }", "next").Filter(newExchange("/"), next)
	if !errors.Is(err, down) {
		t.Errorf("thenCatch = %v, want the runtime exception %v", err, down)
	}
	r, err := g.source("return next.handle(context, request).thenCatchRuntimeException { e -> new Response(Status.BAD_GATEWAY).setEntity(e.message) }", "next").
		Filter(newExchange("/"), next)
	if err != nil || r.Status.Code != 502 || r.Entity.String() != down.Error() {
		t.Errorf("caught = %v, %v", r, err)
	}
	r, err = g.source("try { next.handle(context, request).getOrThrow() } catch (Exception e) { new Response(Status.GATEWAY_TIMEOUT) }", "next").
		Filter(newExchange("/"), next)
	if err != nil || r.Status.Code != 504 {
		t.Errorf("catch = %v, %v", r, err)
	}
}
