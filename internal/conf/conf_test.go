package conf

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func mustParse(t *testing.T, text string) *Node {
	t.Helper()
	n, err := Parse("routes/x.json", []byte(text))
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return n
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", "", `x.json:1:1: expected a value, found the end of the document`},
		{"trailing comma", `{"a": 1,}`, `x.json:1:8: there is nothing after this comma`},
		{"trailing comma in list", "[\n 1,\n]", `x.json:2:3: there is nothing after this comma`},
		{"typographic quotes", `{“a”: 1}`, `x.json:1:2: expected a key in quotes, found the typographic quote '“'; write "`},
		{"shell comment", "{\n# b\n}", `x.json:2:1: expected a key in quotes, found '#'; comments are // to the end of the line, or /* */`},
		{"unquoted key", `{a: 1}`, `x.json:1:2: expected a key in quotes, found 'a'`},
		{"missing comma", "{\"a\": 1\n \"b\": 2}", `x.json:2:2: expected ',' or '}', found '"' (is a comma missing before it?)`},
		{"no end", `{"a": {"b": 1}`, `x.json:1:1: the object that begins here has no end`},
		{"open string", `{"a": "b}`, `x.json:1:7: the string that begins here has no end`},
		{"bad escape", `"\q"`, `x.json:1:2: \q is no escape sequence; a backslash in a string is written \\`},
		{"text after", `{} x`, `x.json:1:4: expected the end of the document, found 'x'`},
		{"bad number", `[01]`, `x.json:1:2: "01" is no number`},
		{"key twice", "{\n \"a\": 1,\n \"a\": 2, \"b\": {\"c\": 1, \"c\": 2}}",
			"x.json:3:2: a: the key \"a\" is written twice; the first is in line 2\n" +
				"x.json:3:24: b.c: the key \"c\" is written twice; the first is in line 3"},
		{"column counts characters", `{"ä": tru}`, `x.json:1:7: expected a value, found 't'`},
		{"too deep", strings.Repeat("[", 300), `x.json:1:202: the document is nested deeper than 200 levels`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("x.json", []byte(tt.text))
			if err == nil || err.Error() != tt.want {
				t.Errorf("Parse(%q)\n got %v\nwant %s", tt.text, err, tt.want)
			}
		})
	}
}

func TestParseDialect(t *testing.T) {
	n := mustParse(t, "\ufeff// comment\n{'a': \"x\ny\", /* no */ \"b\": [1, 2.5, -3e2, true, null], \"c\": \"\\u00e4\\ud83d\\ude00\"}")
	want := map[string]any{"a": "x\ny", "b": []any{int64(1), 2.5, -300.0, true, nil}, "c": "ä😀"}
	if diff := cmp.Diff(want, n.Plain()); diff != "" {
		t.Error(diff)
	}
}

type inner struct {
	Scopes []string `conf:"scopes,required"`
	Mode   string   `conf:"mode,oneof=REQUEST|RESPONSE"`
}

type outer struct {
	Config  inner          `conf:"config"`
	Port    int            `conf:"port,min=1,max=65535,default=8080"`
	On      bool           `conf:"on,default=true"`
	Wait    Duration       `conf:"wait,default=10 seconds,alias=timeout"`
	URL     *URL           `conf:"url"`
	Any     any            `conf:"any"`
	Map     map[string]int `conf:"map"`
	Old     string         `conf:"old,unused=it was removed, long ago"`
	private string         //nolint:unused // the decoder passes it by
}

func TestDecode(t *testing.T) {
	n := mustParse(t, `{"config": {"scopes": ["a", "b"], "mode": "request"}, "port": "9090", "on": "FALSE",
		"timeout": "1 minute and 5 s", "url": "https://h/p", "any": {"x": [1]}, "map": {"k": 3}, "old": "x",
		"prot": 1, "comment": "c", "_port": 3}`)
	var o outer
	d := &Decoder{Errs: &Errors{}}
	if !d.Decode(n, &o) {
		t.Fatal(d.Errs.Err())
	}
	if o.Port != 9090 || o.On || o.Wait.D() != 65*time.Second || o.URL.Host != "h" || o.Config.Mode != "REQUEST" || o.Map["k"] != 3 {
		t.Errorf("decoded %+v", o)
	}
	var got []string
	for _, w := range d.Errs.Warnings() {
		got = append(got, w.Msg)
	}
	want := []string{`"timeout" is an older spelling of "wait"`, "the field has no effect: it was removed, long ago",
		`unknown field "prot" is ignored (did you mean "port"?)`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeErrors(t *testing.T) {
	n := mustParse(t, `{
  "config": { "scopes": "read write", "mode": "REQEST" },
  "port": 70000, "on": 3, "wait": "3 parsecs", "url": "nowhere", "map": {"k": "x"}
}`)
	d := &Decoder{Errs: &Errors{}}
	if d.Decode(n, &outer{}) {
		t.Fatal("no error")
	}
	want := strings.Join([]string{
		`routes/x.json:2:25: config.scopes: expected a list of strings, found a string`,
		`routes/x.json:2:47: config.mode: expected one of REQUEST, RESPONSE, found "REQEST" (did you mean "REQUEST"?)`,
		`routes/x.json:3:11: port: expected a number of at most 65535, found 70000`,
		`routes/x.json:3:24: on: expected true or false, found a number`,
		`routes/x.json:3:35: wait: expected a duration such as "10 seconds", found "3 parsecs" ("parsecs" is no unit of time)`,
		`routes/x.json:3:55: url: expected an absolute URL such as "https://host/path", found "nowhere"`,
		`routes/x.json:3:79: map.k: expected a number, found a string`,
	}, "\n")
	if diff := cmp.Diff(want, d.Errs.Err().Error()); diff != "" {
		t.Error(diff)
	}
}

func TestSubstitute(t *testing.T) {
	vars := map[string]string{"host": "h", "port": "8080", "list": "a, b", "b64": "aGk="}
	resolve := func(n string) (string, bool) { v, ok := vars[n]; return v, ok }
	tests := []struct {
		text string
		want any
	}{
		{`"&{host}:&{port}"`, "h:8080"},
		{`"&{no|&{host|x}}.com"`, "h.com"},
		{`"&{no|}"`, ""},
		{`"\\&{host}"`, "&{host}"},
		{`{"$int": "&{port}"}`, int64(8080)},
		{`{"$number": "2.5"}`, 2.5},
		{`{"$bool": "TRUE"}`, true},
		{`{"$string": 3}`, "3"},
		{`{"$list": "&{list}"}`, []any{"a", "b"}},
		{`{"$array": "[1, {\"a\": 2}]"}`, []any{int64(1), map[string]any{"a": int64(2)}}},
		{`{"$object": {"$base64:decode": "eyJhIjoxfQ=="}}`, map[string]any{"a": int64(1)}},
		{`{"$base64:encode": "hi"}`, "aGk="},
		{`{"$location": "x"}`, map[string]any{"$location": "x"}},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			n := mustParse(t, tt.text)
			errs := &Errors{}
			Substitute(n, resolve, errs)
			if err := errs.Err(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, n.Plain()); diff != "" {
				t.Error(diff)
			}
		})
	}
	errs := &Errors{}
	Substitute(mustParse(t, `{"a": "&{gone.too}", "b": {"$int": "x"}, "c": "&{open"}`), resolve, errs)
	want := "routes/x.json:1:7: a: the token &{gone.too} has no value: expected a property, an environment variable GONE_TOO or a default (&{gone.too|…})\n" +
		"routes/x.json:1:27: b: $int: expected a whole number, found a string\n" +
		"routes/x.json:1:47: c: the token that begins with \"&{open\" has no closing brace"
	if diff := cmp.Diff(want, errs.Err().Error()); diff != "" {
		t.Error(diff)
	}
}

func TestParseDuration(t *testing.T) {
	tests := []struct {
		text string
		want Duration
	}{
		{"10s", Duration(10 * time.Second)}, {"10 seconds", Duration(10 * time.Second)},
		{"23 hours 59 minutes and 59 seconds", Duration(24*time.Hour - time.Second)},
		{"1 day, 2 h", Duration(26 * time.Hour)}, {"Unlimited", Unlimited}, {"disabled", 0}, {"0", 0}, {"5 ms", Duration(5 * time.Millisecond)},
	}
	for _, tt := range tests {
		if got, err := ParseDuration(tt.text); err != nil || got != tt.want {
			t.Errorf("ParseDuration(%q) = %v, %v, want %v", tt.text, got, err, tt.want)
		}
	}
	for _, bad := range []string{"", "10", "s", "-1 s", "10 parsecs", "99999999999 days"} {
		if got, err := ParseDuration(bad); err == nil {
			t.Errorf("ParseDuration(%q) = %v, want an error", bad, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"a": [1, "&{x|y}", {"$int": "3"}]}`)
	f.Add("{'a': \"\\u12\"")
	f.Fuzz(func(t *testing.T, s string) {
		n, err := Parse("f", []byte(s))
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without text")
			}
			return
		}
		Substitute(n, func(string) (string, bool) { return "1", true }, &Errors{})
		n.Plain()
	})
}
