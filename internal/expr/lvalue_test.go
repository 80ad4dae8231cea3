package expr

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAssign(t *testing.T) {
	tests := []struct {
		name, place string
		value       Value
		read        string // defaults to place
		want        Value
	}{
		{"map entry", `${attributes.x}`, "v", "", "v"},
		{"map entry in brackets", `${attributes['x-y']}`, "v", "", "v"},
		{"computed key", `${attributes[request.method]}`, int64(1), `${attributes.GET}`, int64(1)},
		{"keeps the type", `${session.user}`, map[string]any{"a": int64(1)}, `${session.user.a}`, int64(1)},
		{"null", `${attributes.s}`, nil, "", nil},
		{"nested map", `${attributes.m.x}`, true, "", true},
		{"list element", `${attributes.list[0]}`, "new", "", "new"},
		{"append", `${attributes.list[2]}`, "new", `${attributes.list}!`, "[x, 2, new]!"},
		{"list by text", `${attributes.list['1']}`, "new", `${attributes.list}!`, "[x, new]!"},
		{"property", `${request.method}`, "POST", "", "POST"},
		{"property in brackets", `${request['method']}`, "POST", "", "POST"},
		{"nested property", `${request.uri.path}`, "/new", "", "/new"},
		{"host map", `${request.headers['X-New']}`, "v", `${request.headers['x-new'][0]}`, "v"},
		{"host map, first element of a new list", `${request.headers['X-New'][0]}`, "v", `${request.headers['x-new'][0]}`, "v"},
		{"host map, dotted", `${request.headers.New}`, []any{"a", "b"}, `${request.headers.New[1]}`, "b"},
		{"deferred form", `#{attributes.x}`, "v", "", "v"},
		{"read-only property is a warning", `${request.uri.scheme}`, "http", "", "https"},
		{"configuration is read-only", `${urls.app}`, "x", "", "https://app.example"},
		{"environment is read-only", `${env.HOME}`, "x", "", "/home/ig"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := exchange()
			tmpl := compileTest(t, tt.place)
			if !tmpl.IsLValue() {
				t.Fatalf("%s: not an l-value", tt.place)
			}
			if err := tmpl.Assign(s, tt.value); err != nil {
				t.Fatalf("Assign(%s): %v", tt.place, err)
			}
			read := tt.read
			if read == "" {
				read = tt.place
			}
			if diff := cmp.Diff(tt.want, compileTest(t, read).Eval(s)); diff != "" {
				t.Errorf("%s after Assign(%s): want -, got +\n%s", read, tt.place, diff)
			}
		})
	}
}

func TestAssignErrors(t *testing.T) {
	tests := []struct{ name, place, want string }{
		{"missing list on the way", `${attributes.a[0]}`, "cannot set anything in null (1:15)"},
		{"beyond the end of a missing header field", `${request.headers['X-New'][1]}`, "the index is outside of the list, which has 0 elements"},
		{"missing map on the way", `${attributes.a.b}`, "cannot set anything in null (1:16)"},
		{"unknown property", `${request.nope}`, `no property "nope" (1:11)`},
		{"beyond the end", `${attributes.list[7]}`, "the index is outside of the list, which has 2 elements (1:18)"},
		{"negative index", `${attributes.list[-1]}`, "the index is outside of the list"},
		{"null as index", `${attributes.list[null]}`, "null is not an index"},
		{"bad index", `${attributes.list['x']}`, "the string is not a number"},
		{"error on the way", `${attributes[-'x'].y}`, "the string is not a number"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := compileTest(t, tt.place).Assign(exchange(), "v")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Assign(%s): %v, want %q", tt.place, err, tt.want)
			}
		})
	}
}

func TestNoLValue(t *testing.T) {
	for _, src := range []string{
		`text`, `a${attributes.x}`, `${attributes.x}${attributes.y}`, `${1}`, `${attributes}`, `${a + b}`,
		`${trim('a')}`, `${request.uri.toString()}`, `${toJson('{}').a}`, `${true ? a.b : a.c}`,
	} {
		tmpl := compileTest(t, src)
		if tmpl.IsLValue() {
			t.Errorf("%s is an l-value", src)
		}
		if err := tmpl.Assign(exchange(), 1); err == nil {
			t.Errorf("Assign(%s): no error", src)
		}
	}
}

// Maps and lists that others hold do not change: those of a session serve several requests
// at a time.
func TestAssignCopies(t *testing.T) {
	inner := map[string]any{"x": int64(1), "list": []any{int64(1)}, "texts": map[string]string{"a": "b"}, "words": []string{"a"}}
	s := scope{"session": map[string]any{"m": inner}, "attributes": map[string]any{"same": inner}}
	for _, place := range []string{`${session.m.x}`, `${session.m['x']}`, `${session.m.list[0]}`, `${session.m.list[1]}`, `${session.m.texts.a}`, `${session.m.words[0]}`, `${attributes.same.x}`} {
		tmpl := compileTest(t, place)
		if err := tmpl.Assign(s, "new"); err != nil {
			t.Fatal(err)
		}
		if v := tmpl.Eval(s); v != "new" {
			t.Errorf("%s is %v", place, v)
		}
	}
	want := map[string]any{"x": int64(1), "list": []any{int64(1)}, "texts": map[string]string{"a": "b"}, "words": []string{"a"}}
	if diff := cmp.Diff(want, inner); diff != "" {
		t.Errorf("what others hold changed (-want +got):\n%s", diff)
	}
}

// Growing a list must not change slices that others hold.
func TestAppendCopies(t *testing.T) {
	shared := make([]any, 1, 10)
	s := scope{"attributes": map[string]any{"a": shared, "b": shared}}
	for _, place := range []string{`${attributes.a[1]}`, `${attributes.b[1]}`} {
		if err := compileTest(t, place).Assign(s, place); err != nil {
			t.Fatal(err)
		}
	}
	if v := compileTest(t, `${attributes.a[1]}`).Eval(s); v != `${attributes.a[1]}` {
		t.Errorf("the first list has %v", v)
	}
}
