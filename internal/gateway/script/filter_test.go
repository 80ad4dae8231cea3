package script

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/internal/gateway/chain"
)

func answering(code int, body string) chain.Handler {
	return chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		r := chain.NewResponse(code)
		r.Entity.SetBytes([]byte(body + x.Request.Header.Get("Authorization")))
		return r, nil
	})
}

func TestFilters(t *testing.T) {
	for _, c := range []struct {
		name, src string
		code      int
		body      string
	}{
		{"basic authentication", "def credentials = \"${username}:${password}\".getBytes().encodeBase64().toString()\n" +
			"request.headers.add('Authorization', \"Basic ${credentials}\" as String)\nrequest.uri.scheme = 'https'\nnext.handle(context, request)",
			200, "next:Basic bXl1c2VyOnNlY3JldA=="},
		{"refuses", "if (request.headers.getFirst('X') == null) { return new Response(Status.UNAUTHORIZED) }\nreturn next.handle(context, request)", 401, ""},
		{"response side", "next.handle(context, request).thenOnResult { response -> response.headers['X'] = 'y'; response.status = Status.TEAPOT }", 418, "next:"},
		{"another request", "def r = new Request()\nr.method = 'GET'\nr.uri = 'http://b/'\nr.headers['Authorization'] = 'other'\nreturn next.handle(context, r)", 200, "next:other"},
		{"a context of its own", "import org.forgerock.services.context.AttributesContext\ndef c = new AttributesContext(context)\nc.attributes.k = 'v'\n" +
			"return next.handle(c, request).then { r -> r.entity = \"${c.attributes.k}${attributes.k}\"; r }", 200, "vnull"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newRig(t)
			g.vars["username"], g.vars["password"] = "myuser", "secret"
			r, err := g.source(c.src, "next").Filter(newExchange("/"), answering(200, "next:"))
			if err != nil {
				t.Fatal(detail(err))
			}
			if got := r.Entity.String(); r.Status.Code != c.code || got != c.body {
				t.Errorf("answer = %d %q, want %d %q", r.Status.Code, got, c.code, c.body)
			}
		})
	}
}

// Content codings are undone for texts, JSON and forms alike, and for no bytes.
func TestCompressedEntities(t *testing.T) {
	for _, tt := range []struct{ kind, body, src, want string }{
		{"application/json", `{"a":[1,2]}`, "r.entity.json.a[1]", "2"},
		{"text/plain", "text", "r.entity.string", "text"},
		{"application/x-www-form-urlencoded", "a=1&b=2", "r.entity.form.getFirst('b')", "2"},
		{"text/plain", "text", "def o = new ByteArrayOutputStream(); r.entity.copyDecodedContentTo(o); o.toString()", "text"},
		{"text/plain", "text", "def o = new ByteArrayOutputStream(); r.entity.copyRawContentTo(o); o.toByteArray()[0]", "31"},
		{"text/plain", "text", "r.entity.bytes[0]", "31"},
	} {
		next := chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) {
			var zipped bytes.Buffer
			z := gzip.NewWriter(&zipped)
			_, _ = z.Write([]byte(tt.body))
			_ = z.Close()
			r := chain.NewResponse(200)
			r.Header.Set("Content-Type", tt.kind)
			r.Header.Set("Content-Encoding", "gzip")
			r.Entity.SetBytes(zipped.Bytes())
			return r, nil
		})
		src := "next.handle(context, request).then { r -> def x = {-> " + tt.src + "}.call(); def out = new Response(Status.OK); out.entity = \"${x}\"; out }"
		r, err := newRig(t).source(src, "next").Filter(newExchange("/"), next)
		if err != nil {
			t.Errorf("%s: %s", tt.src, detail(err))
		} else if got := r.Entity.String(); got != tt.want {
			t.Errorf("%s is %q, want %q", tt.src, got, tt.want)
		}
	}
}

// closing notes that a stream was closed.
type closing struct {
	io.Reader
	closed *bool
}

func (c closing) Close() error { *c.closed = true; return nil }

func TestUnusedResponsesAreClosed(t *testing.T) {
	closed := false
	next := chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) {
		r := chain.NewResponse(200)
		r.Entity.SetStream(closing{strings.NewReader("body"), &closed}, 4)
		return r, nil
	})
	g := newRig(t)
	r, err := g.source("return next.handle(context, request)", "next").Filter(newExchange("/"), next)
	if err != nil || closed {
		t.Fatalf("response that is passed on: closed = %v, %v", closed, err)
	}
	r.Entity.Close()
	closed = false
	if _, err := g.source("next.handle(context, request).then { new Response(Status.OK) }", "next").Filter(newExchange("/"), next); err != nil || !closed {
		t.Errorf("response that is dropped: closed = %v, %v", closed, err)
	}
}

func TestCallsRunBesideEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t)
		var mu sync.Mutex
		seen := 0
		g.client = chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
			chain.Find[*chain.AttributesContext](x.Context).Map()["own"] = 1
			x.Request.Header.Set("X-Own", "1")
			time.Sleep(time.Minute)
			mu.Lock()
			seen++
			mu.Unlock()
			r := chain.NewResponse(200)
			r.Entity.SetBytes([]byte(x.Request.URI.Path()))
			return r, nil
		})
		g.now = time.Now()
		s := g.source(`import org.forgerock.util.promise.Promises
			def a = http.send(context, request)
			request.uri.path = '/later'
			request.headers.Changed = 'yes'
			def b = http.send(context, request).then { it.entity.string }
			http.send(context, request)
			return Promises.when([a.then { it.entity.string }, b]).then { l -> new Response(Status.OK).setEntity(l.join(' ') + attributes.own) }`)
		start := time.Now()
		_, body := respond(t, s, newExchange("/first"))
		if took := time.Since(start); took != time.Minute || body != "/first /laternull" || seen != 3 {
			t.Errorf("answer = %q after %v and %d calls", body, took, seen)
		}
	})
}

func TestPanicOfACallIsAFailure(t *testing.T) {
	g := newRig(t)
	g.client = chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) { panic("broken filter") })
	for _, src := range []string{
		"return http.send(request)",
		"def a = http.send(request)\nhttp.send(request)\nreturn a",
	} {
		if _, err := g.source(src).Handle(newExchange("/")); err == nil || !strings.Contains(err.Error(), "broken filter") {
			t.Errorf("run = %v", err)
		}
	}
}

func TestArgs(t *testing.T) {
	g := newRig(t)
	g.vars["host"] = "h.example.com"
	g.heap["Other"] = answering(202, "other")
	g.heap["Adder"] = chain.FilterFunc(func(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
		x.Request.Header.Set("Authorization", "added")
		return next.Handle(x)
	})
	s, errs := g.load(`{"type": "application/x-groovy", "args": {
		"text": "${host}/x", "count": 3, "list": ["a", "${1 + 1}"], "map": {"k": {"n": true}},
		"handler": "${heap['Other']}", "adder": "${heap['Adder']}", "clock": "${heap['Clock']}"},
		"source": "return adder.filter(context, request, handler).thenOnResult { it.entity = it.entity.string + \"$text $count $list ${map.k.n} ${args.count} ${host} ${clock.millis()}\" }"}`)
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	if code, body := respond(t, s, newExchange("/")); code != 202 || body != "otheraddedh.example.com/x 3 [a, 2] true 3 h.example.com 1700000000000" {
		t.Errorf("answer = %d %q", code, body)
	}
}

func TestArgWithTheNameOfABindingFailsEveryRun(t *testing.T) {
	g := newRig(t)
	s, errs := g.load(`{"type": "application/x-groovy", "args": {"request": "x"}, "source": "return new Response(Status.OK)"}`)
	if err := errs.Err(); err != nil || len(errs.Warnings()) != 1 {
		t.Fatalf("load = %v, %v", err, errs.Warnings())
	}
	if _, err := s.Handle(newExchange("/")); err == nil || !strings.Contains(err.Error(), "the arg request") {
		t.Errorf("run = %v", err)
	}
}

func TestGlobalsOutliveRuns(t *testing.T) {
	g := newRig(t)
	s := g.source("globals.n = (globals.n ?: 0) + 1\nreturn new Response(Status.OK).setEntity(\"${globals.n}\")")
	other := g.source("return new Response(Status.OK).setEntity(\"${globals.n}\")")
	respond(t, s, newExchange("/"))
	if _, body := respond(t, s, newExchange("/")); body != "2" {
		t.Errorf("second run = %q, want 2", body)
	}
	if _, body := respond(t, other, newExchange("/")); body != "null" {
		t.Errorf("another object = %q, want null", body)
	}
}

func TestLogger(t *testing.T) {
	g := newRig(t)
	respond(t, g.source("logger.info('user {} has {}', 'demo', [1, 2])\nlogger.error('failed', new IOException('io'))\n"+
		"if (logger.isDebugEnabled()) { logger.debug('x {}') }\nprintln 'printed'\nreturn new Response(Status.OK)"), newExchange("/"))
	for _, want := range []string{`msg="user demo has [1, 2]"`, `object=script`, `error="`, `java.io.IOException: io`, `msg="x {}"`, "msg=printed"} {
		if !strings.Contains(g.log.String(), want) {
			t.Errorf("log lacks %q:\n%s", want, g.log.String())
		}
	}
}

func TestCallsAfterTheEndAreRefused(t *testing.T) {
	g := newRig(t)
	s := g.source("if (globals.f == null) { globals.f = { next.handle(context, request) }; return new Response(Status.OK) }\nreturn globals.f()", "next")
	if _, err := s.Filter(newExchange("/"), answering(200, "")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Filter(newExchange("/"), answering(200, "")); err == nil || !strings.Contains(err.Error(), "has ended") {
		t.Errorf("call of an earlier next = %v", err)
	}
}

func TestAttributesReachExpressions(t *testing.T) {
	g := newRig(t)
	x := newExchange("/")
	respond(t, g.source("attributes.m = [k: ['a', [n: 5]]]\nattributes.s = \"g${1}\"\nreturn new Response(Status.OK)"), x)
	m := chain.Find[*chain.AttributesContext](x.Context).Map()
	if m["s"] != "g1" {
		t.Errorf("text = %#v", m["s"])
	}
	list, _ := m["m"].(object).Get("k")
	inner := list.(sequence).At(1)
	if n, _ := inner.(object).Get("n"); list.(sequence).Len() != 2 || n != int64(5) && n != int32(5) {
		t.Errorf("number = %#v", n)
	}
}
