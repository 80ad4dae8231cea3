package script_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am/script"
)

func TestErrors(t *testing.T) {
	e := script.New(script.Options{})
	for _, c := range []struct {
		name, language, context, source, text string
		line                                  int
	}{
		{"thrown", js, mayAct, "\nthrow new Error('no such luck');", "no such luck", 2},
		{"inside a function", js, mayAct, "function f() {\n  g();\n}\nf();", "g is not defined", 2},
		{"plain object to the older token", js, mayAct, `token.setMayAct({client_id: "x"});`, "expected a JsonValue", 1},
		{"text to the newer token", js, mayAct + next, `token.setMayAct("x");`, "expected an object", 1},
		{"require", js, mayAct + next, `var a = require("lib");`, "no library scripts here", 1},
		{"no such class in the newer dialect", js, mayAct + next, `new java.io.File("x");`, "java.io.File is not available", 1},
		{"does not parse", js, mayAct, "var a = 1;\nvar = ;", "", 2},
		{"Java exception", js, mayAct, `throw new java.lang.IllegalStateException("bad state");`, "java.lang.IllegalStateException: bad state", 1},
		{"no such method", js, mayAct, `token.setClientId("x");`, "no member 'setClientId'", 1},
		{"cyclic data", js, mayAct, `var a = {}; a.a = a; token.setField("a", a);`, "nested too deeply", 1},
		{"a function as data", js, mayAct, `token.setField("a", function () {});`, "cannot be written as JSON", 1},
		{"bad scope", js, modify, `accessToken.setScope(["a b"]);`, "cannot be a scope", 1},
		{"bad expiry", js, modify, `accessToken.setExpiryTime("tomorrow");`, "milliseconds", 1},
		{"password", js, modify, `identity.setAttribute("userPassword", ["x"]);`, "cannot be changed by scripts", 1},
		{"no users to change", js, modify, `identity.setAttribute("nick", ["x"]);`, "does not let scripts change users", 1},
		{"requests", js, modify, `httpClient.send(new org.forgerock.http.protocol.Request().setUri("https://example.com/"));`, "no requests are sent from here", 1},
		{"toString that throws", js, mayAct, `throw {toString: function () { throw 1; }};`, "has no text", 1},
		{"Groovy thrown", groovy, mayAct, "def a = 1\nthrow new IllegalStateException('no such luck')", "no such luck", 2},
		{"Groovy map to the token", groovy, mayAct, `token.setMayAct([client_id: "x"])`, "expected a JsonValue", 1},
		{"Groovy requests", groovy, mayAct, `httpClient.send(new org.forgerock.http.protocol.Request().setUri("https://example.com/"))`, "no requests are sent from here", 1},
		{"Groovy unknown class", groovy, mayAct, "def a = 1\ndef b = new com.example.Thing()", "com.example.Thing", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			tok, want := sampleToken(), sampleToken()
			s := written(c.language, c.context, c.source)
			var err error
			if strings.HasPrefix(c.context, modify) {
				_, err = e.ModifyAccessToken(t.Context(), s, sampleInput(), tok)
			} else {
				err = e.MayAct(t.Context(), s, sampleInput(), tok)
			}
			var own *script.Error
			if !errors.As(err, &own) {
				t.Fatalf("error = %v, want an *Error", err)
			}
			if own.Line != c.line || !strings.Contains(own.Message, c.text) {
				t.Errorf("error = %v, want line %d and %q", err, c.line, c.text)
			}
			if len(tok.Extra) != 0 || tok.MayAct != nil || len(tok.Scopes) != len(want.Scopes) {
				t.Error("a script that failed changed the token")
			}
		})
	}
}

func TestFailedScriptChangesNothing(t *testing.T) {
	e := script.New(script.Options{})
	tok := sampleToken()
	s := written(js, modify, `accessToken.setField("a", 1); accessToken.setScope(["x"]); throw new Error("late");`)
	if _, err := e.ModifyAccessToken(t.Context(), s, sampleInput(), tok); err == nil {
		t.Fatal("no error")
	}
	sameJSON(t, "changes", changes(tok, nil), `{}`)
}

func TestLimits(t *testing.T) {
	e := script.New(script.Options{Limits: script.Limits{Wall: 150 * time.Millisecond, Bytes: 64 << 20, Depth: 100}})
	for _, c := range []struct{ name, language, source, limit string }{
		{"endless loop", js, `while (true) {}`, "time"},
		{"endless loop in a catch", js, `while (true) { try { while (true) {} } catch (e) {} finally {} }`, "time"},
		{"endless toString", js, `throw {toString: function () { while (true) {} }};`, "time"},
		{"endless supplier", js, `token.addExtraData("a", function () { while (true) {} });`, "time"},
		{"endless promises", js, `function again() { Promise.resolve().then(again); } again();`, "time"},
		{"endless callback", js, `scopes.forEach(function () { while (true) {} });`, "time"},
		{"deep recursion", js, `function f() { return f() + 1; } f();`, "depth"},
		{"deep recursion through a host", js, `function f() { scopes.forEach(f); } f();`, "depth"},
		{"growing text", js, `var s = "x"; while (true) { s += s; }`, "?"},
		{"growing array", js, `var a = []; while (true) { a.push("x" + a.size + Math.random()); }`, "*"},
		{"backtracking", js, `/(?=a)(a+)+$/.test("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");`, "time"},
		{"repeat", js, `"x".repeat(1e9);`, "?"},
		{"long array", js, `new Array(4e9).fill(0);`, "?"},
		{"hidden names", js, `[]["fi" + "ll"].call({length: 1e15}, 0);`, "?"},
		{"length that changes", js, `var n = 0; Array.prototype.indexOf.call({get length() { return n++ ? 1e15 : 0; }}, 1);`, "?"},
		{"join", js, `var s = "x".repeat(4e6), a = []; for (var i = 0; i < 1e5; i++) { a.push(s); } a.join("");`, "?"},
		{"stringify", js, `var s = "x".repeat(4e6), a = []; for (var i = 0; i < 1e5; i++) { a.push(s); } JSON.stringify(a);`, "?"},
		{"replace", js, `var s = "x".repeat(4e6); s.replace(/x/g, s);`, "?"},
		{"spread", js, `var a = []; a.length = 4e9; Math.max(...a);`, "?"},
		{"apply", js, `Math.max.apply(null, {length: 4e9});`, "?"},
		{"from", js, `Array.from({length: 4e9});`, "?"},
		{"big buffer", js, `new ArrayBuffer(8e9);`, "?"},
		{"code made at run time", js, `new Function("while (true) {}")();`, ""},
		{"eval", js, `eval("while (true) {}");`, ""},
		{"code made by a function's constructor", js, `(function () {}).constructor("while (true) {}")();`, ""},
		{"code made by a generator's constructor", js, `Object.getPrototypeOf(function* () {}).constructor("while (true) {}")();`, ""},
		{"Groovy endless loop", groovy, `while (true) {}`, "*"},
		{"Groovy deep recursion", groovy, "def f() { f() + 1 }\nf()", "*"},
		{"Groovy growing text", groovy, `def s = "x"; while (true) { s += s }`, "*"},
		{"Groovy endless supplier", groovy, `token.addExtraData("a", { -> while (true) {} })`, "*"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := e.MayAct(t.Context(), written(c.language, mayAct, c.source), sampleInput(), sampleToken())
			var own *script.Error
			if !errors.As(err, &own) {
				t.Fatalf("error = %v, want an *Error", err)
			}
			switch c.limit {
			case "?": // refused, or ended in time on a slow machine
				return
			case "*":
				if own.Limit == "" {
					t.Errorf("no limit was passed: %v", err)
				}
				return
			}
			if own.Limit != c.limit {
				t.Errorf("limit = %q (%v), want %q", own.Limit, err, c.limit)
			}
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := e.MayAct(ctx, written(js, mayAct, `while (true) {}`), sampleInput(), sampleToken())
		var own *script.Error
		if !errors.As(err, &own) || own.Limit != "cancelled" || !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v", err)
		}
	})
}

// A text that doubles ends by its length, long before its memory counts.
func TestTextsThatDouble(t *testing.T) {
	e := script.New(script.Options{})
	for name, source := range map[string]string{
		"assigned":        `var s = "x"; while (true) { s += s; }`,
		"sum":             `var s = "x"; while (true) { s = s + s; }`,
		"template":        "var s = 'x'; while (true) { s = `${s}${s}`; }",
		"function":        `var s = "x", f = function (a, b) { return "" + a + b; }; while (true) { s = f(s, s); }`,
		"bound, replaced": `globalThis["+"] = function (v) { return v; }; var s = "x"; while (true) { s += s; }`,
		"bound, deleted":  `delete globalThis["+"]; var s = "x"; while (true) { s += s; }`,
	} {
		t.Run(name, func(t *testing.T) {
			err := e.MayAct(t.Context(), written(js, mayAct, source), sampleInput(), sampleToken())
			if err == nil || !strings.Contains(err.Error(), "too long to be joined") {
				t.Errorf("error = %v", err)
			}
		})
	}
	const sums = "var s = 'x', n = 1, o = {valueOf: function () { return 2; }}; s += n; s = s + n; n += o; token.setMayAct({client_id: `${s}${n}` + n + o + [1, 2] + null});"
	tok := sampleToken()
	if err := e.MayAct(t.Context(), written(js, mayAct+next, sums), sampleInput(), tok); err != nil {
		t.Fatal(err)
	}
	sameJSON(t, "sums", tok.MayAct, `{"client_id":"x113321,2null"}`)
}

func TestNoWayOut(t *testing.T) {
	e := script.New(script.Options{})
	for _, c := range []struct{ name, language, source string }{
		{"Runtime", js, `java.lang.Runtime.getRuntime().exec("id");`},
		{"Runtime by importer", js, `var i = JavaImporter(java.lang.Runtime); i.Runtime.getRuntime();`},
		{"Runtime by package importer", js, `with (new JavaImporter(java.lang)) { Runtime.getRuntime(); }`},
		{"forName", js, `java.lang.Class.forName("java.lang.Runtime");`},
		{"getClass", js, `token.getClass().getClassLoader();`},
		{"class", js, `token.class.forName("x");`},
		{"File", js, `new java.io.File("/etc/passwd");`},
		{"Packages", js, `new Packages.java.lang.ProcessBuilder("id").start();`},
		{"Java", js, `Java.type("java.lang.Runtime");`},
		{"constructor", js, `token.constructor.constructor("return process")().exit();`},
		{"require", js, `require("fs");`},
		{"Groovy Runtime", groovy, `Runtime.getRuntime().exec("id")`},
		{"Groovy forName", groovy, `Class.forName("java.lang.Runtime")`},
		{"Groovy execute", groovy, `"id".execute()`},
		{"Groovy File", groovy, `new File("/etc/passwd").text`},
		{"Groovy class loader", groovy, `token.getClass().getClassLoader().loadClass("x")`},
		{"Groovy evaluate", groovy, `new GroovyShell().evaluate('Runtime.getRuntime().exec("id")')`},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := e.MayAct(t.Context(), written(c.language, mayAct, c.source), sampleInput(), sampleToken())
			var own *script.Error
			if !errors.As(err, &own) || own.Limit != "" {
				t.Errorf("error = %v, want an *Error", err)
			}
		})
	}
	t.Run("what there is not is named", func(t *testing.T) {
		err := e.MayAct(t.Context(), written(js, mayAct, `java.lang.Runtime.getRuntime();`), sampleInput(), sampleToken())
		if err == nil || !strings.Contains(err.Error(), "java.lang.Runtime is not available to scripts") {
			t.Errorf("error = %v", err)
		}
	})
	t.Run("the password is no attribute", func(t *testing.T) {
		tok := sampleToken()
		s := written(js, modify, `accessToken.setField("p", [identity.getAttribute("userpassword"), identity.getAttributes().toString()]);`)
		if _, err := e.ModifyAccessToken(t.Context(), s, sampleInput(), tok); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(tok.Extra["p"]), "secret") {
			t.Errorf("field = %s", tok.Extra["p"])
		}
	})
}

func TestRunsDoNotTouchEachOther(t *testing.T) {
	e := script.New(script.Options{})
	dirty := written(js, modify, `Object.prototype.left = "x"; Array.prototype.map = null; globalThis.left = 1; String.prototype.trim = null;
		org.forgerock.json.JsonValue.left = 1; token = accessToken; accessToken.setField("n", 1);`)
	clean := written(js, modify, `accessToken.setField("r", [typeof left, typeof ({}).left, [1].map(function (x) { return x; }).length, " a ".trim(),
		typeof org.forgerock.json.JsonValue.left, accessToken.getField("n")]);`)
	for range 2 {
		if _, err := e.ModifyAccessToken(t.Context(), dirty, sampleInput(), sampleToken()); err != nil {
			t.Fatal(err)
		}
		tok := sampleToken()
		if _, err := e.ModifyAccessToken(t.Context(), clean, sampleInput(), tok); err != nil {
			t.Fatal(err)
		}
		sameJSON(t, "changes", changes(tok, nil), `{"r":["undefined","undefined",1,"a","undefined",null]}`)
	}
}

func TestManyAtOnce(t *testing.T) {
	e := script.New(script.Options{})
	in := sampleInput()
	done := make(chan error)
	for range 8 {
		go func() {
			for _, c := range mayActCases[:6] {
				if err := e.MayAct(context.Background(), written(c.language, c.context, c.source), in, sampleToken()); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestGuardsLetOrdinaryScriptsBe(t *testing.T) {
	e := script.New(script.Options{})
	s := written(js, modify, `
var words = "a b  c".split(/\s+/), key = "jo" + "in";
accessToken.setField("r", [words[key]("-"), words.concat(["d"]).length, "x".repeat(3), "5".padStart(3, "0"), "aXbX".replace(/X/g, "$&!"),
    "aXb".replace("X", function (m) { return m + m; }), JSON.stringify({a: [1, {b: words}]}), Math.max.apply(null, [1, 5, 2]),
    Array.from({length: 2}, function (_, i) { return i; }), [...words].reverse(), "abc".match(/b(.)/)[1],
    Array.prototype.slice.call(words, 1), [3, 1, 2].sort(), JSON.stringify(scopes), [[1], [2]].flat(), words.map(String).indexOf("c")]);`)
	tok := sampleToken()
	if _, err := e.ModifyAccessToken(t.Context(), s, sampleInput(), tok); err != nil {
		t.Fatal(err)
	}
	sameJSON(t, "changes", changes(tok, nil), `{"r":["a-b-c",4,"xxx","005","aX!bX!","aXXb","{\"a\":[1,{\"b\":[\"a\",\"b\",\"c\"]}]}",5,[0,1],
		["c","b","a"],"c",["b","c"],[1,2,3],"[\"profile\",\"mail\"]",[1,2],2]}`)
}

func TestTextsThatKeepTheCompilerBusy(t *testing.T) {
	e := script.New(script.Options{})
	for _, c := range []struct{ name, source string }{
		{"and", strings.Repeat("1&&", 5000) + "1"},
		{"and of a few", strings.Repeat("1&&", 40) + "1"},
		{"or in brackets", strings.Repeat("(0||", 40) + "0" + strings.Repeat(")", 40)},
		{"mixed", "x = " + strings.Repeat("'a' && !1 || ", 30) + "0"},
		{"ending in a variable", strings.Repeat("1&&", 40) + "x"},
		{"default value", "function f(a = " + strings.Repeat("1&&", 40) + "1) {}"},
		{"plus", strings.Repeat("1+", 20000) + "1"},
		{"arrays", strings.Repeat("[", 60000)},
		{"functions", strings.Repeat("function f(){", 5000) + strings.Repeat("}", 5000)},
		{"long", strings.Repeat("x;", 200000)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if len(e.Validate(js, "2.0", c.source)) == 0 {
				t.Error("no problem found")
			}
		})
	}
	if p := e.Validate(js, "1.0", "if (a && b || c === 1 && d === 2 && e === 3 && f === 4 && g == 5 && h == 6 && i == 7 && j == 8 && k == 9 && l == 10 && m == 11) {}"); p != nil {
		t.Errorf("an ordinary condition has problems: %v", p)
	}
}

// FuzzScript runs any text in both languages; nothing but results and errors of this
// package may come out.
func FuzzScript(f *testing.F) {
	for _, c := range slices.Concat(mayActCases, modifyCases) {
		f.Add(c.source, c.language == groovy)
	}
	e := script.New(script.Options{Limits: script.Limits{Wall: 50 * time.Millisecond, Bytes: 32 << 20}})
	f.Fuzz(func(t *testing.T, source string, inGroovy bool) {
		language := js
		if inGroovy {
			language = groovy
		}
		_, err := e.ModifyAccessToken(t.Context(), written(language, modify, source), sampleInput(), sampleToken())
		var own *script.Error
		if err != nil && !errors.As(err, &own) {
			t.Errorf("error = %T %v", err, err)
		}
	})
}
