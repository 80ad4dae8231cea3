package filters

import (
	"fmt"
	"strings"
	"testing"

	"gatehouse/internal/gateway/chain"
)

func TestAssignment(t *testing.T) {
	tests := map[string]struct{ target, value, show, want string }{
		"attribute":                        {"${attributes.a}", `"${request.method}"`, "${attributes.a}", "GET"},
		"keeps the type":                   {"${attributes.a}", `"${1 + 1}"`, "${attributes.a + 1}", "3"},
		"constant":                         {"${attributes.a}", `true`, "${attributes.a}", "true"},
		"map":                              {"${attributes.a}", `{"b": ["${request.method}", 1]}`, "${attributes.a.b[0]}${attributes.a.b[1]}", "GET1"},
		"attribute by way of the contexts": {"${contexts.attributes.attributes.a}", `"x"`, "${attributes.a}", "x"},
		"session":                          {"${session.a}", `"x"`, "${session.a}", "x"},
		"header":                           {"${request.headers['X']}", `"x"`, "${request.headers['X'][0]}", "x"},
		"header of a list":                 {"${request.headers['X']}", `["x", "y"]`, "${request.headers['X'][1]}", "y"},
		"first of header":                  {"${request.headers['Host'][0]}", `"b"`, "${request.headers['Host'][0]}", "b"},
		"added to a header":                {"${request.headers['Host'][1]}", `"b"`, "${request.headers['Host'][1]}", "b"},
		"first of no header":               {"${request.headers['X-New'][0]}", `"b"`, "${request.headers['X-New'][0]}", "b"},
		"header removed":                   {"${request.headers['Host']}", `null`, "${empty request.headers['Host']}", "true"},
		"path":                             {"${request.uri.path}", `"/b c"`, "${request.uri}x", "http://a/b%20cx"},
		"method":                           {"${request.method}", `"PUT"`, "${request.method}", "PUT"},
		"read-only, ignored":               {"${request.cookies}", `"x"`, "${request.method}", "GET"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := build(t, fmt.Sprintf(`{"type":"AssignmentFilter","config":{"onRequest":[{"target":%q,"value":%s}],
				"onResponse":[{"target":"${response.headers['Y']}","value":%q},{"condition":"${response.status.code == 500}","target":"${response.status}","value":201}]}}`,
				test.target, test.value, test.show+""))
			resp := pass(t, f, memorySession{}.in(get(t, "http://a/")), answer(200))
			got := resp.Header.Get("Y")
			want(t, test.show, got, test.want)
			want(t, "status", resp.Status.Code, 200)
		})
	}
	f := build(t, `{"type":"AssignmentFilter","config":{"onRequest":[{"target":"${attributes.a.b}","value":"x"}]}}`)
	if _, err := f.Filter(get(t, "http://a/"), answer(200)); err == nil || !strings.Contains(err.Error(), "cannot set anything in null") {
		t.Errorf("a map that is missing gives the error %v", err)
	}
	f = build(t, `{"type":"AssignmentFilter","config":{"onResponse":[{"target":"${response.headers['X']}","value":"a\r\nb"}]}}`)
	if _, err := f.Filter(get(t, "http://a/"), answer(200)); err == nil {
		t.Error("a header field with a line break is accepted")
	}
	refused{
		`{"type":"AssignmentFilter","config":{"onRequest":[{"value":"x"}]}}`:                      `config.onRequest[0]: the required field "target" is missing`,
		`{"type":"AssignmentFilter","config":{"onResponse":[{"target":"attributes.x"}]}}`:         `config.onResponse[0].target: expected a place to assign to, such as "${attributes.name}", found "attributes.x"`,
		`{"type":"AssignmentFilter","config":{"onRequest":[{"target":"${1 + 1}","value":true}]}}`: `config.onRequest[0].target: expected a place to assign to, such as "${attributes.name}", found "${1 + 1}"`,
	}.test(t)
}

func TestEntityExtract(t *testing.T) {
	f := build(t, `{"type":"EntityExtractFilter","config":{"messageType":"response","target":"${attributes.found}","bindings":[
		{"key":"token","pattern":"name=\"t\" value=\"([^\"]*)\"","template":"<$1>"},{"key":"whole","pattern":"n\\w+"},{"key":"none","pattern":"zzz"}]}}`)
	x := get(t, "http://a/")
	resp := pass(t, f, x, answer(200, "", `<input name="t" value="abc">`))
	m := chain.Find[*chain.AttributesContext](x.Context).Map()["found"].(map[string]any)
	want(t, "token", m["token"], any("<abc>"))
	want(t, "whole", m["whole"], any("nput"))
	want(t, "none", m["none"], nil)
	want(t, "body afterwards", text(t, resp), `<input name="t" value="abc">`)

	f = build(t, `{"type":"EntityExtractFilter","config":{"messageType":"REQUEST","charset":"UTF-8","target":"${attributes.found}","bindings":[{"key":"k","pattern":"=(.)","template":"$1\\$1"}]}}`)
	x = post(t, "http://a/", "a=ä")
	pass(t, f, x, answer(200))
	want(t, "k", chain.Find[*chain.AttributesContext](x.Context).Map()["found"].(map[string]any)["k"], any("ä$1"))
	refused{
		`{"type":"EntityExtractFilter","config":{"messageType":"both","target":"x","charset":"klingon","bindings":[{"key":"k","pattern":"("}]}}`: `config.messageType: expected one of REQUEST, RESPONSE, found "both"` + "\n" +
			`config.bindings[0].pattern: invalid regular expression: a group is not closed at position 1`,
		`{"type":"EntityExtractFilter","config":{"messageType":"REQUEST","target":"x","charset":"klingon"}}`: `config.target: expected a place to assign to, such as "${attributes.name}", found "x"` + "\n" +
			`config.charset: "klingon" is no known charset`,
	}.test(t)
}
