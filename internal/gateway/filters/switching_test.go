package filters

import (
	"errors"
	"strings"
	"testing"

	"gatehouse/internal/gateway/chain"
)

func TestChainOfFilters(t *testing.T) {
	f := build(t, `{"type":"ChainOfFilters","config":{"filters":[
		{"type":"HeaderFilter","config":{"messageType":"REQUEST","add":{"X":["1"]}}},
		{"type":"HeaderFilter","config":{"messageType":"REQUEST","add":{"X":["2"]}}},
		{"type":"HeaderFilter","config":{"messageType":"RESPONSE","add":{"Y":["${request.headers['X'][1]}"]}}}]}}`)
	resp := pass(t, f, get(t, "http://a/"), chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		return answer(200, "Y", strings.Join(x.Request.Header["X"], ","))(x)
	}))
	want(t, "Y", strings.Join(resp.Header["Y"], ";"), "1,2;2")
	want(t, "no filters", pass(t, build(t, `{"type":"ChainOfFilters","config":{"filters":[]}}`), get(t, "http://a/"), answer(204)).Status.Code, 204)
	refused{
		`{"type":"ChainOfFilters"}`:                                        `: the required field "filters" is missing`,
		`{"type":"ChainOfFilters","config":{"filters":[null]}}`:            `config.filters[0]: expected a filter, found null`,
		`{"type":"ChainOfFilters","config":{"filters":["ClientHandler"]}}`: `config.filters[0]: expected a filter, found the handler "ClientHandler" (ClientHandler)`,
	}.test(t)
}

func TestConditions(t *testing.T) {
	tests := map[string]struct {
		condition string
		holds     bool
	}{
		"true":          {`true`, true},
		"false":         {`false`, false},
		"expression":    {`"${request.method == 'GET'}"`, true},
		"labelled":      {`{"expression":"${request.uri.path == '/'}","label":"the root"}`, true},
		"null":          {`"${attributes.absent}"`, false},
		"a text":        {`"${attributes.text}"`, false},
		"an error":      {`"${request.method.foo(1)}"`, false},
		"not a boolean": {`"${1}"`, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			run := func(declaration string) *chain.Response {
				x := get(t, "http://a/")
				chain.Find[*chain.AttributesContext](x.Context).Map()["text"] = "true"
				return pass(t, build(t, declaration), x, answer(200))
			}
			status := 403
			if test.holds {
				status = 200
			}
			want(t, "enforced", run(`{"type":"ConditionEnforcementFilter","config":{"condition":`+test.condition+`}}`).Status.Code, status)
			if !test.holds {
				status = 418
			}
			want(t, "with a handler", run(`{"type":"ConditionEnforcementFilter","config":{"condition":`+test.condition+`,
				"failureHandler":{"type":"StaticResponseHandler","config":{"status":418}}}}`).Status.Code, status)
			added := run(`{"type":"ConditionalFilter","config":{"condition":`+test.condition+`,
				"delegate":{"type":"HeaderFilter","config":{"messageType":"RESPONSE","add":{"X":["1"]}}}}}`).Header.Get("X") == "1"
			want(t, "delegate", added, test.holds)
		})
	}
	refused{
		`{"type":"ConditionEnforcementFilter"}`: `: the required field "condition" is missing`,
		`{"type":"ConditionalFilter","config":{"condition":"${a b}","delegate":"x"}}`: "config.condition: expected an operator or \"}\", found \"b\" (1:5)\n    ${a b}\n        ^\n" +
			`config.delegate: there is no object "x"`,
	}.test(t)
}

func TestSwitchFilter(t *testing.T) {
	f := build(t, `{"type":"SwitchFilter","config":{
		"onRequest":[{"condition":"${request.uri.path == '/away'}","handler":{"type":"StaticResponseHandler","config":{"status":302}}},
			{"condition":"${request.uri.path == '/away'}","handler":{"type":"StaticResponseHandler","config":{"status":303}}}],
		"onResponse":[{"condition":"${response.status.code == 302}","handler":{"type":"StaticResponseHandler","config":{"status":500}}},
			{"condition":"${response.status.code == 404}","handler":{"type":"StaticResponseHandler","config":{"status":200,"entity":"got ${request.entity}"}}}]}}`)
	x := post(t, "http://a/away", "a=1")
	want(t, "diverted request", pass(t, f, x, answer(404)).Status.Code, 302)
	read := chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		_, err := x.Request.Entity.Bytes()
		return chain.NewResponse(404), err
	})
	resp := pass(t, f, post(t, "http://a/", "a=1"), read)
	want(t, "replaced response", resp.Status.Code, 200)
	want(t, "body of the request in the case of a response", text(t, resp), "got a=1")
	want(t, "neither", pass(t, f, get(t, "http://a/"), answer(201)).Status.Code, 201)
	failed := errors.New("failed")
	if _, err := f.Filter(get(t, "http://a/"), chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) { return nil, failed })); !errors.Is(err, failed) {
		t.Errorf("a failure becomes %v", err)
	}
	always := build(t, `{"type":"SwitchFilter","config":{"onResponse":[{"handler":{"type":"StaticResponseHandler","config":{"status":204}}}]}}`)
	want(t, "case without condition", pass(t, always, get(t, "http://a/"), answer(200)).Status.Code, 204)
	refused{
		`{"type":"SwitchFilter","config":{"onRequest":[{"condition":true}]}}`: `config.onRequest[0]: the required field "handler" is missing`,
	}.test(t)
}
