package rest

import (
	"encoding/json"
	"testing"
)

func TestPatchOperations(t *testing.T) {
	const before = `{"list":["a","b"],"object":{"x":1},"objects":[{"n":1},{"n":2}],"text":"t"}`
	tests := []struct{ op, want string }{ // "" is a refusal
		{`{"operation":"add","field":"/list/-","value":"c"}`, `{"list":["a","b","c"],"object":{"x":1},"objects":[{"n":1},{"n":2}],"text":"t"}`},
		{`{"operation":"add","field":"/list/-","value":"a"}`, `{"list":["a","b","a"],"object":{"x":1},"objects":[{"n":1},{"n":2}],"text":"t"}`},
		{`{"operation":"add","field":"/list/0","value":"c"}`, `{"list":["c","a","b"],"object":{"x":1},"objects":[{"n":1},{"n":2}],"text":"t"}`},
		{`{"operation":"add","field":"/list/2","value":"c"}`, `{"list":["a","b","c"],"object":{"x":1},"objects":[{"n":1},{"n":2}],"text":"t"}`},
		{`{"operation":"add","field":"/list/3","value":"c"}`, ``},
		{`{"operation":"add","field":"list","value":["b","c"]}`, `{"list":["a","b","c"],"object":{"x":1},"objects":[{"n":1},{"n":2}],"text":"t"}`},
		{`{"operation":"replace","field":"/list/1","value":"c"}`, `{"list":["a","c"],"object":{"x":1},"objects":[{"n":1},{"n":2}],"text":"t"}`},
		{`{"operation":"replace","field":"/list/2","value":"c"}`, ``},
		{`{"operation":"replace","field":"/list/x","value":"c"}`, ``},
		{`{"operation":"replace","field":"/list/-1","value":"c"}`, ``},
		{`{"operation":"remove","field":"/list/0"}`, `{"list":["b"],"object":{"x":1},"objects":[{"n":1},{"n":2}],"text":"t"}`},
		{`{"operation":"remove","field":"/list","value":"a"}`, `{"list":["b"],"object":{"x":1},"objects":[{"n":1},{"n":2}],"text":"t"}`},
		{`{"operation":"remove","field":"/list/-"}`, ``},
		{`{"operation":"remove","field":"/list/7"}`, ``},
		{`{"operation":"replace","field":"/objects/1/n","value":3}`, `{"list":["a","b"],"object":{"x":1},"objects":[{"n":1},{"n":3}],"text":"t"}`},
		{`{"operation":"replace","field":"/text/x","value":3}`, ``},
		{`{"operation":"remove","field":"/text/x"}`, ``},
		{`{"operation":"remove","field":"/nothing/there"}`, before},
		{`{"operation":"add","field":"/new/deep","value":true}`, `{"list":["a","b"],"new":{"deep":true},"object":{"x":1},"objects":[{"n":1},{"n":2}],"text":"t"}`},
		{`{"operation":"add","field":"/new/-","value":1}`, `{"list":["a","b"],"new":[1],"object":{"x":1},"objects":[{"n":1},{"n":2}],"text":"t"}`},
		{`{"operation":"increment","field":"/object/x","value":2}`, `{"list":["a","b"],"object":{"x":3},"objects":[{"n":1},{"n":2}],"text":"t"}`},
		{`{"operation":"increment","field":"/text","value":2}`, ``},
		{`{"operation":"add","field":"","value":2}`, ``},
		{`{"field":"text","value":2}`, ``},
		{`"add"`, ``},
	}
	for _, tt := range tests {
		o, err := decodeObject([]byte(before))
		if err != nil {
			t.Fatal(err)
		}
		op, err := decodeJSON([]byte(tt.op))
		if err != nil {
			t.Fatal(err)
		}
		o, err = apply(o, op)
		got, _ := json.Marshal(o)
		switch {
		case tt.want == "" && (err == nil || asError(err).Status != 400):
			t.Errorf("%s: %s, %v, want a refusal", tt.op, got, err)
		case tt.want != "" && (err != nil || string(got) != tt.want):
			t.Errorf("%s: %s, %v, want %s", tt.op, got, err, tt.want)
		}
	}
}
