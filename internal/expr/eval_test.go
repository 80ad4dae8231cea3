package expr

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// failed stands for an evaluation error in tables.
type failed struct{}

func TestEval(t *testing.T) {
	tests := []struct {
		name, src string
		want      Value
	}{
		{"text", `plain`, "plain"},
		{"empty text", ``, ""},
		{"single keeps its type", `${1}`, int64(1)},
		{"deferred form", `#{1}`, int64(1)},
		{"text around", `a${1}b`, "a1b"},
		{"two expressions", `${1}${2}`, "12"},
		{"null in mixed text is empty", `a${null}b`, "ab"},
		{"null alone", `${null}`, nil},
		{"two nulls", `${null}${null}`, ""},
		{"escaped", `\${1}`, "${1}"},
		{"escaped deferred", `\#{1}`, "#{1}"},
		{"escaped before real", `\${1}${2}`, "${1}2"},
		{"escaped other kind is no mixture", `\#{1}${2}`, "#{1}2"},
		{"two backslashes: one stays", `\\${1}`, `\${1}`},
		{"other backslashes stay", `a\b\\c`, `a\b\\c`},
		{"lone dollar", `a$b#c{d}`, `a$b#c{d}`},
		{"brace in a string", `${'}'}`, "}"},
		{"quotes", `${'a\'b'}${"c\"d"}`, `a'bc"d`},
		{"backslashes in a string", `${'\\.\d'}`, `\.\d`},
		{"white space", "${ 1\n+ 2\t}", int64(3)},
		{"decimal", `${1.5}`, 1.5},
		{"decimal without zero", `${.5}`, 0.5},
		{"exponent", `${1e3}`, 1000.0},

		{"mul before add", `${1 + 2 * 3}`, int64(7)},
		{"parentheses", `${(1 + 2) * 3}`, int64(9)},
		{"left to right", `${10 - 3 - 2}`, int64(5)},
		{"unary binds tighter", `${-2 + 5}`, int64(3)},
		{"double negation", `${- -2}`, int64(2)},
		{"relational before equality", `${1 < 2 == true}`, true},
		{"and before or", `${true or false and false}`, true},
		{"not before and", `${not false and true}`, true},
		{"equality before and", `${1 == 1 && 2 == 2}`, true},
		{"add before relational", `${1 + 1 < 3}`, true},
		{"choice is loosest", `${true || false ? 'y' : 'n'}`, "y"},
		{"choice nests to the right", `${false ? 1 : false ? 2 : 3}`, int64(3)},
		{"choice in the middle", `${true ? false ? 1 : 2 : 3}`, int64(2)},
		{"empty before and", `${empty '' && true}`, true},
		{"words", `${1 eq 1 and 1 ne 2 and 1 lt 2 and 2 gt 1 and 1 le 1 and 1 ge 1}`, true},
		{"div and mod", `${7 div 2 + 7 mod 4}`, 6.5},

		{"division is decimal", `${7 / 2}`, 3.5},
		{"division by zero", `${1 / 0}`, math.Inf(1)},
		{"modulo of integers", `${7 % 4}`, int64(3)},
		{"modulo of decimals", `${7.5 % 4}`, 3.5},
		{"modulo by zero", `${7 % 0}`, failed{}},
		{"null counts as 0", `${null + 1}`, int64(1)},
		{"nulls", `${null + null}`, int64(0)},
		{"empty text counts as 0", `${'' + 1}`, int64(1)},
		{"texts are parsed", `${'2' * '3'}`, int64(6)},
		{"decimal texts", `${'1.5' + 1}`, 2.5},
		{"text is no concatenation", `${'a' + 'b'}`, failed{}},
		{"boolean is no number", `${true + 1}`, failed{}},
		{"integers wrap around", `${9223372036854775807 + 1}`, int64(math.MinInt64)},
		{"negated text", `${-'3'}`, int64(-3)},
		{"negated null", `${-null}`, int64(0)},

		{"number and text", `${10 > '9'}`, true},
		{"texts by characters", `${'10' > '9'}`, false},
		{"integer and decimal", `${1 == 1.0}`, true},
		{"number and no number", `${1 == 'x'}`, failed{}},
		{"text and boolean", `${'true' == true}`, true},
		{"other text and boolean", `${'x' == false}`, true},
		{"null is null", `${null == null}`, true},
		{"null is nothing else", `${null == ''}`, false},
		{"null has no order", `${null < 1 || null > 1 || null <= 1}`, false},
		{"null and null", `${null <= null && null >= null && !(null < null)}`, true},
		{"object and text", `${request.uri == 'https://h:8443/p/a?q=1'}`, true},
		{"list elements", `${array('a') == array('a')}`, true},
		{"maps", `${toJson('{"a":[1]}') == toJson('{"a":[1]}')}`, true},
		{"maps differ", `${toJson('{"a":[1]}') != toJson('{"a":[2]}')}`, true},
		{"no order of lists", `${array() < array()}`, failed{}},
		{"not-a-number", `${0/0 == 0/0}`, false},

		{"and with null", `${null && true}`, false},
		{"or with null", `${null || true}`, true},
		{"not null", `${!null}`, true},
		{"not text", `${!'x'}`, true},
		{"and with a number", `${1 && true}`, failed{}},
		{"or stops early", `${true || 1}`, true},
		{"and stops early", `${false && 1}`, false},
		{"choice by text", `${'TRUE' ? 1 : 2}`, int64(1)},
		{"choice by number", `${1 ? 1 : 2}`, failed{}},
		{"untaken branch", `${true ? 1 : 'a' + 1}`, int64(1)},

		{"empty null", `${empty null}`, true},
		{"empty text op", `${empty ''}`, true},
		{"empty list", `${empty array()}`, true},
		{"empty map", `${empty toJson('{}')}`, true},
		{"empty object map", `${empty request.headers}`, false},
		{"empty number", `${empty 0}`, false},
		{"empty missing", `${empty session.user}`, true},
		{"not empty", `${not empty attributes.s}`, true},

		{"property", `${request.method}`, "GET"},
		{"property in brackets", `${request['method']}`, "GET"},
		{"double quotes", `${request["method"]}`, "GET"},
		{"chain", `${request.uri.path}`, "/p/a"},
		{"Go integer", `${request.uri.port + 1}`, int64(8444)},
		{"header", `${request.headers['X-MULTI'][1]}`, "b"},
		{"dotted header", `${request.headers.host[0]}`, "h:8443"},
		{"absent header", `${request.headers['Nope'][0]}`, nil},
		{"out of range", `${request.headers['Host'][5]}`, nil},
		{"negative index", `${request.headers['Host'][-1]}`, nil},
		{"text as index", `${request.headers['X-Multi']['1']}`, "b"},
		{"word as index", `${request.headers['X-Multi']['x']}`, failed{}},
		{"null as key", `${request[null]}`, nil},
		{"host list", `${contexts.list[1]}`, "two"},
		{"unknown root", `${nobody}`, nil},
		{"property of unknown root", `${nobody.a.b['c'][0]}`, nil},
		{"missing key", `${attributes.nope}`, nil},
		{"property of a number", `${attributes.n.x}`, nil},
		{"computed key", `${attributes[request.method == 'GET' ? 's' : 'n']}`, "text"},
		{"number as key of a map", `${toJson('{"1":"one"}')[1]}`, "one"},
		{"reserved word as a name", `${toJson('{"div":1}').div}`, int64(1)},
		{"configuration", `${urls.app}/x`, "https://app.example/x"},
		{"configuration list", `${urls.ports[1]}`, int64(443)},
		{"environment", `${env['HOME']} ${env.HOME} ${env.NOPE}`, "/home/ig /home/ig "},
		{"file property", `${openig.configDirectory}/routes`, "/home/ig/.openig/config/routes"},
		{"file url", `${fileToUrl(openig.configDirectory)}/x`, "file:/home/ig/.openig/config/x"},

		{"method", `${request.method.toLowerCase()}`, "get"},
		{"method in brackets", `${request.method['toLowerCase']()}`, "get"},
		{"chain of methods", `${'  Bearer x '.trim().substring(7)}`, "x"},
		{"method coerces", `${'a'.concat(5)}`, "a5"},
		{"method of an object", `${request.greet('x')}`, "hello x"},
		{"method of a host that fails", `${request.fail()}`, failed{}},
		{"getter", `${request.getMethod()}`, "GET"},
		{"getter of a getter", `${request.getUri().getPath()}`, "/p/a"},
		{"map has no getters", `${attributes.getS()}`, failed{}},
		{"method of null", `${attributes.nope.trim()}`, failed{}},
		{"unknown method", `${'a'.foo()}`, failed{}},
		{"unlisted Java method", `${'a'.getClass()}`, failed{}},
		{"too few arguments", `${'a'.concat()}`, failed{}},
		{"too many arguments", `${'a'.trim(1)}`, failed{}},
		{"null argument in Java", `${'a'.concat(null)}`, failed{}},
		{"out of range in Java", `${'a'.substring(2)}`, failed{}},
		{"bad pattern in a method", `${'a'.matches('[')}`, failed{}},
		{"toString of an object", `${request.uri.toString()}`, "https://h:8443/p/a?q=1"},
		{"map methods of an object", `${request.headers.size()}`, int64(2)},
		{"keys of an object", `${request.headers.keySet()}`, []string{"Host", "X-Multi"}},
		{"units", `${'a😀b'.length()} ${'a😀b'.indexOf('b')} ${'a😀b'.substring(3)} ${'ä'.length()}`, "4 3 b 1"},

		{"object as an argument", `${urlEncodeQueryParameterNameOrValue(contexts.router.originalUri)}`, "https://h:8443/p/a?q%3D1"},
		{"number as an argument", `${toLowerCase(5)}`, "5"},
		{"list as an argument", `${toUpperCase(array('a','b'))}`, "[A, B]"},
		{"bytes as text", `${toLowerCase(request.entity.bytes)}`, failed{}},
		{"key by pattern", `${request.headers[keyMatch(request.headers,'X-.*')][0]}`, "a"},
		{"bad pattern", `${find('a','[')}`, false},
		{"bad pattern, groups", `${findGroups('a','[')}`, nil},
		{"bad pattern, split", `${split('a','[')}`, failed{}},
		{"bad percent-encoding", `${urlDecode('%2')}`, failed{}},
		{"one error makes all null", `x${urlDecode('%2')}y`, failed{}},
		{"text of a list", `a ${attributes.list}`, "a [x, 2]"},
		{"text of a map", `a ${toJson('{"b":[1,null],"a":{"x":true}}')}`, "a {a={x=true}, b=[1, null]}"},
		{"text of decimals", `${1.0} ${1e10} ${0.0001} ${100.25}`, "1.0 1.0E10 1.0E-4 100.25"},
		{"text of an object", `${request.entity}!`, "body!"},
		{"text of a host list", `${contexts.list}!`, "[one, two]!"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := compileTest(t, tt.src).EvalErr(exchange())
			if _, fails := tt.want.(failed); fails {
				var e *EvalError
				if !errors.As(err, &e) {
					t.Fatalf("EvalErr(%s) = %v, %v; want an EvalError", tt.src, got, err)
				}
				if v := compileTest(t, tt.src).Eval(exchange()); v != nil {
					t.Errorf("Eval(%s) = %v, want nil", tt.src, v)
				}
				return
			}
			if err != nil {
				t.Fatalf("EvalErr(%s): %v", tt.src, err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("EvalErr(%s): want -, got +\n%s", tt.src, diff)
			}
		})
	}
}

func TestTypedReads(t *testing.T) {
	type read struct {
		Str  string
		Ok   bool
		Text string
		TOk  bool
		Bool bool
		Int  int64
		IOk  bool
	}
	tests := []struct {
		src  string
		want read
	}{
		{`text`, read{"text", true, "text", true, false, 0, false}},
		{`8080`, read{"8080", true, "8080", true, false, 8080, true}},
		{`${1}`, read{"", false, "1", true, false, 1, true}},
		{`a${1}`, read{"a1", true, "a1", true, false, 0, false}},
		{`${true}`, read{"", false, "true", true, true, 0, false}},
		{`true`, read{"true", true, "true", true, false, 0, false}},
		{`${'true'}`, read{"true", true, "true", true, false, 0, false}},
		{`${bool('true')}`, read{"", false, "true", true, true, 0, false}},
		{`${1.5}`, read{"", false, "1.5", true, false, 0, false}},
		{`${'5'}`, read{"5", true, "5", true, false, 5, true}},
		{`${null}`, read{}},
		{`${request.uri}`, read{}},
		{`x${request.uri.port}`, read{"x8443", true, "x8443", true, false, 0, false}},
		{`${request.uri.port}`, read{"", false, "8443", true, false, 8443, true}},
		{`${array('a')}`, read{}},
	}
	for _, tt := range tests {
		t.Run(tt.src, func(t *testing.T) {
			tmpl, s := compileTest(t, tt.src), exchange()
			var got read
			got.Str, got.Ok = tmpl.String(s)
			got.Text, got.TOk = tmpl.Text(s)
			got.Bool = tmpl.Bool(s)
			got.Int, got.IOk = tmpl.Int(s)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s: want -, got +\n%s", tt.src, diff)
			}
		})
	}
}

func TestNilTemplate(t *testing.T) {
	for _, tmpl := range []*Template{nil, {}} {
		if v := tmpl.Eval(nil); v != nil {
			t.Errorf("Eval = %v", v)
		}
		if v, ok := tmpl.Const(); v != nil || !ok {
			t.Errorf("Const = %v, %v", v, ok)
		}
		if tmpl.IsLValue() || tmpl.Assign(nil, 1) == nil || tmpl.UsesEntity() || tmpl.Source() != "" || !tmpl.IsLiteral() {
			t.Error("a nil template has properties")
		}
		if _, ok := tmpl.PathPrefix(); ok {
			t.Error("a nil template has a path")
		}
	}
}

func TestConst(t *testing.T) {
	tests := []struct {
		src  string
		want Value
		ok   bool
	}{
		{`text`, "text", true},
		{`${1 + 1}`, int64(2), true},
		{`${urls.app}/x`, "https://app.example/x", true},
		{`${find('abc','b')}`, true, true},
		{`${system['file.separator']}`, "/", true},
		{`${'a' + 1}`, nil, true},
		{`${unknown}`, nil, false},
		{`${request.method}`, nil, false},
		{`${now.epochMillis}`, nil, false},
		{`${read('/nowhere/x')}`, nil, false},
		{`${true || session.x}`, nil, false},
	}
	for _, tt := range tests {
		if got, ok := compileTest(t, tt.src).Const(); got != tt.want || ok != tt.ok {
			t.Errorf("Const(%s) = %v, %v; want %v, %v", tt.src, got, ok, tt.want, tt.ok)
		}
	}
}

func TestScopeWinsOverConfiguration(t *testing.T) {
	tmpl := compileTest(t, `${urls.app}`)
	if v := tmpl.Eval(scope{"urls": map[string]any{"app": "mine"}}); v != "mine" {
		t.Errorf("got %v, want the scope's value", v)
	}
	if v := tmpl.Eval(scope{}); v != "https://app.example" {
		t.Errorf("got %v, want the configuration's value", v)
	}
}

func TestUses(t *testing.T) {
	entity := map[string]bool{
		`${request.entity.string}`: true, `#{request.entity.form['a'][0]}`: true, `${request.form['a'][0]}`: true,
		`${request['entity']}`: true, `${request[attributes.x]}`: true, `${request.getEntity()}`: true,
		`${response.entity.json.a}`: true, `a ${contexts.x} ${request.entity}`: true,
		`${request.headers['a']}`: false, `${attributes[request.method]}`: true, `entity`: false,
		`${urlEncode(request.uri.path)}`: false, `${session.platform}`: false,
		`${request.getForm()['a']}`: true,
	}
	for src, want := range entity {
		if got := compileTest(t, src).UsesEntity(); got != want {
			t.Errorf("UsesEntity(%s) = %v, want %v", src, got, want)
		}
	}
	tmpl := compileTest(t, `${response.status} ${request.method}`)
	if !tmpl.Uses("response") || !tmpl.Uses("request") || tmpl.Uses("status") || tmpl.Uses("session") {
		t.Error("Uses is wrong about the roots")
	}
}

func TestHasExpression(t *testing.T) {
	tests := map[string]bool{
		``: false, `a`: false, `$`: false, `${`: true, `#{x}`: true, `\${x}`: false, `\\${x}`: false,
		`a\#{x} ${y}`: true, `$ {x}`: false,
	}
	for src, want := range tests {
		if got := HasExpression(src); got != want {
			t.Errorf("HasExpression(%q) = %v, want %v", src, got, want)
		}
	}
}

func TestNow(t *testing.T) {
	start := time.Date(2026, 5, 4, 10, 0, 0, 0, time.FixedZone("x", 3600))
	env := &Env{Now: func() time.Time { return start }}
	tests := []struct {
		src  string
		want Value
	}{
		{`${now.plusDays(1).rfc1123}`, "Tue, 05 May 2026 09:00:00 GMT"},
		{`${now.plusHours(2).minusMinutes(30).plusSeconds(5).minusMillis(5000)}`, Instant{time.Date(2026, 5, 4, 10, 30, 0, 0, time.UTC)}},
		{`${now.epochSeconds}`, start.Unix()},
		{`${now.epochMillis}`, start.UnixMilli()},
		{`${now.plusMillis(-1)}!`, "2026-05-04T08:59:59.999Z!"},
		{`${now}!`, "2026-05-04T09:00:00Z!"},
		{`${now.plusDays('1') > now}`, true},
		{`${now == now.plusMillis(0)}`, true},
		{`${now.isBefore(now.plusSeconds(1))}`, true},
		{`${now.plusDays(9999999999)}`, nil},
		{`${now.plusYears(1)}`, nil},
		{`${now.weekday}`, nil},
	}
	for _, tt := range tests {
		tmpl, err := Compile(tt.src, env)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, tmpl.Eval(nil)); diff != "" {
			t.Errorf("%s: want -, got +\n%s", tt.src, diff)
		}
	}
}

func TestWarnings(t *testing.T) {
	tests := []struct {
		src  string
		want string
	}{
		{`${find('secret','[')}`, "find: invalid regular expression"},
		{`${integer(attributes.s)}`, "integer: the text is not a 32-bit integer"},
		{`${request.nope}`, `an object has no property "nope"`},
		{`${request.headers.nope}`, ""},
		{`${attributes.s + 1}`, "${attributes.s + 1} is null: the string is not a number (1:16)"},
		{`${attributes.s.foo()}`, `no such method: a string has no method "foo" (1:16)`},
	}
	for _, tt := range tests {
		var got []string
		tmpl, err := Compile(tt.src, &Env{Warn: func(_ Scope, msg string, _ error) { got = append(got, msg) }})
		if err != nil {
			t.Fatal(err)
		}
		tmpl.Eval(exchange())
		all := strings.Join(got, "\n")
		if tt.want == "" && all != "" || !strings.Contains(all, tt.want) {
			t.Errorf("%s: warnings %q, want %q", tt.src, all, tt.want)
		}
		if strings.Contains(all, `"text"`) {
			t.Errorf("%s: a warning shows a value: %q", tt.src, all)
		}
	}
}

func TestLimits(t *testing.T) {
	s := scope{"attributes": map[string]any{"big": strings.Repeat("x", MaxText/2+1)}}
	tests := map[string]string{
		"mixed text":        `${attributes.big}${attributes.big}`,
		"concat":            `${attributes.big.concat(attributes.big)}`,
		"join":              `${join(array(attributes.big, attributes.big), ',')}`,
		"list as text":      `${toString(array(attributes.big, attributes.big))}`,
		"replace":           `${attributes.big.replace('x', 'xx')}`,
		"replaceAll":        `${attributes.big.replaceAll('x+', '$0$0')}`,
		"percent-encoding":  `${urlEncode(attributes.big.replace('x', '%'))}`,
		"repeat":            `${'ab'.repeat(2147483647)}`,
		"repeat of nothing": `${'a'.repeat(16777217)}`,
	}
	for name, src := range tests {
		t.Run(name, func(t *testing.T) {
			if v, err := compileTest(t, src).EvalErr(s); !errors.Is(err, ErrLimit) {
				t.Errorf("%s = %T, %v; want ErrLimit", src, v, err)
			}
		})
	}
}

func TestCyclicValue(t *testing.T) {
	m := map[string]any{}
	m["self"] = m
	s := scope{"attributes": m}
	if _, err := compileTest(t, `x${attributes}`).EvalErr(s); !errors.Is(err, ErrLimit) {
		t.Errorf("text of a map that contains itself: %v, want ErrLimit", err)
	}
	if v := compileTest(t, `${attributes == attributes.self}`).Eval(s); v == nil {
		t.Errorf("comparing a map that contains itself: no answer")
	}
}

func TestConcurrentUse(t *testing.T) {
	tmpl := compileTest(t, `${find(request.method, attributes.p)} ${request.method.replaceAll(attributes.p, 'x')}`)
	done := make(chan string)
	for i := range 8 {
		go func() {
			bad := ""
			for j := range 200 {
				s := exchange()
				s["attributes"] = map[string]any{"p": fmt.Sprintf("E|%d", (i*j)%40)}
				if v := tmpl.Eval(s); v != "true GxT" {
					bad = fmt.Sprint(v)
				}
			}
			done <- bad
		}()
	}
	for range 8 {
		if bad := <-done; bad != "" {
			t.Errorf("got %q", bad)
		}
	}
}
