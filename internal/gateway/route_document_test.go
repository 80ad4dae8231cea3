package gateway

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/conf"
)

// What is written for a document that was sent is JSON and means the same.
func FuzzRouteText(f *testing.F) {
	for _, s := range []string{`{"a": [1, -2.50e3, "x\u2028\"<", null, true, {}], "_id": "x", "b": {"": 'q'}}`, `{/* c */ "a": "\ud800"}`, `{}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := conf.Parse("a", []byte(s))
		if err != nil || n.Kind != conf.Object {
			return
		}
		text := routeText(n, "x", "/r/y.json")
		if !json.Valid(text) {
			t.Fatalf("%q becomes %q, which is no JSON", s, text)
		}
		back, err := conf.Parse("b", text)
		if err != nil {
			t.Fatalf("%q becomes %q: %v", s, text, err)
		}
		want, _ := n.Plain().(map[string]any)
		want["_id"] = "x"
		if diff := cmp.Diff(any(want), back.Plain()); diff != "" {
			t.Errorf("%q becomes %q\n%s", s, text, diff)
		}
	})
}
