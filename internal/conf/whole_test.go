package conf

import "testing"

// An expression may stand for a whole object or list; scalars and errors are left to
// whoever reads the text.
func TestWhole(t *testing.T) {
	values := map[string]any{"${object}": map[string]any{"a": int64(1)}, "${list}": []any{"x"}, "${text}": "x", "${null}": nil}
	d := &Decoder{Errs: &Errors{}, Eval: func(n *Node) (any, bool, error) {
		v, ok := values[n.Text]
		return v, ok, nil
	}}
	for text, want := range map[string]Kind{"${object}": Object, "${list}": List, "${text}": String, "${null}": String, "plain": String} {
		n := mustParse(t, `{"f": "`+text+`"}`).Get("f")
		got := d.Whole(n)
		if got.Kind != want || got.Path() != "f" {
			t.Errorf("Whole(%s) is %s at %s, want %s", text, got.Kind, got.Path(), want)
		}
	}
}

func TestProblemsAreToldOnce(t *testing.T) {
	n := mustParse(t, `{"a": 1, "b": 2}`)
	var e Errors
	e.WarnOnce(n.Get("a"), "old")
	e.WarnOnce(n.Get("b"), "old")
	for range 2 {
		e.Add(n.Get("a"), "wrong")
	}
	e.Add(n.Get("b"), "wrong")
	if w := e.Warnings(); len(w) != 1 || w[0].Path != "a" {
		t.Errorf("warnings %v", w)
	}
	if list := e.Err().(*Error).Problems; len(list) != 2 {
		t.Errorf("problems %v", list)
	}
}
