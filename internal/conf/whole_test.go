package conf

import (
	"strings"
	"testing"
	"time"
)

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

// An expression that yields null is as if the field were not there.
func TestNullExpressions(t *testing.T) {
	type config struct {
		Size  *int     `conf:"size"`
		Home  *URL     `conf:"home"`
		Wait  Duration `conf:"wait,default=10 s"`
		Count int      `conf:"count,default=7,min=1"`
		Names []string `conf:"names"`
		Links []URL    `conf:"links"`
		Must  URL      `conf:"must,required"`
	}
	load := func(text string) (config, string) {
		errs := &Errors{}
		d := &Decoder{Errs: errs, Eval: func(n *Node) (any, bool, error) { return nil, n.Text == "${null}", nil }}
		var c config
		d.Decode(mustParse(t, text), &c)
		if err := errs.Err(); err != nil {
			return c, err.Error()
		}
		return c, ""
	}
	c, problems := load(`{"size": "${null}", "home": "${null}", "wait": "${null}", "count": "${null}", "names": "${null}", "must": "http://a"}`)
	if c.Size != nil || c.Home != nil || c.Wait.D() != 10*time.Second || c.Count != 7 || c.Names != nil || problems != "" {
		t.Errorf("nulls are read as %+v, with the problems %s", c, problems)
	}
	_, problems = load(`{"links": ["http://a", "${null}"], "names": ["${null}"], "must": "${null}"}`)
	for _, want := range []string{`names[0]: expected a string, but the expression yields null`, `links[1]: expected `, `must: the expression yields null, but the field is required`} {
		if !strings.Contains(problems, want) {
			t.Errorf("the problems\n%s\nlack %q", problems, want)
		}
	}
}
