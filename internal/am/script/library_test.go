package script_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/script"
	"gatehouse/internal/am/store"
)

// libraries is an engine that has these library scripts.
func libraries(sources map[string]string) *script.Engine {
	return script.New(script.Options{Library: func(_ context.Context, _ *realm.Realm, name string) (*realm.Script, error) {
		if n, ok := strings.CutPrefix(name, "many"); ok {
			return &realm.Script{Name: name, Context: realm.ContextLibrary, Language: js, Source: `exports.next = require("many` + n + `x");`}, nil
		}
		source, ok := sources[name]
		if !ok {
			return nil, fmt.Errorf("library %s: %w", name, store.ErrNotFound)
		}
		return &realm.Script{Name: name, Context: realm.ContextLibrary, Language: js, Source: source}, nil
	}})
}

func TestLibraries(t *testing.T) {
	e := libraries(map[string]string{
		"math":    "var runs = 0;\nfunction add(i, j) { return i + j; }\nexports.add = add;\nexports.count = () => ++runs;\nexports.PI = 3;",
		"module":  `module.exports = function (text) { return require("math").add(text, "!"); };`,
		"logging": `exports.debug = function (log, text) { log.debug(text); return scriptName; };`,
		"a":       `exports.before = 1; exports.b = require("b").name; exports.after = 2;`,
		"b":       `var a = require("a"); exports.name = "b saw " + a.before + a.after;`,
		"root":    `(function () { var root = typeof global == "object" && global && global.Object === Object && global || Function("return this")(); exports.ok = root.Array === Array; }.call(this));`,
		"maps":    `exports.tier = (client) => client.get("customProperties").get("tier");`,
	})
	tok := sampleToken()
	source := `
var math = require("math"), shout = require("module");
accessToken.setField("r", [math.add(1, 2), math.count(), require("math").count(), math.PI, shout("hey"), require("logging").debug(logger, "x"),
  require("a").b, require("a").after, typeof runs, typeof exports, require("root").ok, require("maps").tier(clientProperties)]);`
	if _, err := e.ModifyAccessToken(t.Context(), written(js, modify+next, source), sampleInput(), tok); err != nil {
		t.Fatal(err)
	}
	sameJSON(t, "r", tok.Extra["r"], `[3,1,2,3,"hey!","test","b saw 1undefined",2,"undefined","undefined",true,"gold"]`)
}

func TestLibrariesThatFail(t *testing.T) {
	e := libraries(map[string]string{
		"broken": "var = 1;", "throws": "\n\nthrow new Error('no such luck');", "calls": "exports.f = function () {\n  undefinedName();\n};",
		"endless": "for (;;) { }", "huge": "/*" + strings.Repeat("x", 1<<20) + "*/", "evil": `exports.f = () => Function("return 1")();`,
	})
	for source, want := range map[string]string{
		`require("none");`:         `no library script "none"`,
		`require("broken");`:       `script "broken":1`,
		`require("throws");`:       `script "throws":3:7: Error: no such luck`,
		"\nrequire('calls').f();":  `script "calls":2:16: ReferenceError: undefinedName is not defined`,
		`require("many");`:         "more than 32 library scripts",
		`require("huge");`:         "too long",
		`require("evil").f();`:     "code cannot be made from text",
		`require({});`:             "no library script",
		`require();`:               "no library script",
		`require("endless");`:      "ran too long",
		`var x = require; x("y");`: "no library script",
	} {
		_, err := e.ModifyAccessToken(t.Context(), written(js, modify+next, source), sampleInput(), sampleToken())
		if own, ok := errors.AsType[*script.Error](err); !ok || !strings.Contains(own.Error(), want) {
			t.Errorf("%s: %v, want %q", source, err, want)
		}
	}
	if _, err := e.ModifyAccessToken(t.Context(), written(js, modify, `require("none");`), sampleInput(), sampleToken()); err == nil || !strings.Contains(err.Error(), "require is not defined") {
		t.Errorf("the older dialect: %v", err)
	}
}
