package script

import (
	"strconv"
	"testing"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

func TestProgramsAreKeptWithinBounds(t *testing.T) {
	e := New(Options{})
	in := &Input{Realm: &realm.Realm{Path: "/"}}
	often := &realm.Script{Name: "often", Source: "1"}
	for i := range 2 * maxPrograms {
		s := &realm.Script{Name: "test", Source: "var a = " + strconv.Itoa(i)}
		for _, s := range []*realm.Script{often, s} {
			if err := e.MayAct(t.Context(), s, in, &store.Token{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := len(e.programs.kept); n > maxPrograms {
		t.Errorf("%d programs are kept, more than %d", n, maxPrograms)
	}
	if _, ok := e.programs.kept[programKey{name: "often", source: "1"}]; !ok {
		t.Error("the script that ran all the time was dropped")
	}
}

func TestGuardFor(t *testing.T) {
	for _, c := range []struct {
		source string
		want   guard
	}{
		{`token.setMayAct(JavaImporter(org.forgerock.json.JsonValue).JsonValue.json({}))`, guardNone},
		{`if (scopes.length > 1 && a.length === 2) { f(a.length); }`, guardNone},
		{`Array.isArray(a) && Object.keys(b)`, guardNone},
		{`var a = [1, "b"], c = a[0], d = b["x"];`, guardNone},
		{`"a b".split(" ").join(",")`, guardNamed},
		{`a.length = 5`, guardAll},
		{`a.length <<= 5`, guardAll},
		{`a.length++`, guardAll},
		{`++a.length`, guardAll},
		{`[a.length] = [5]`, guardAll},
		{`for (a.length of b) {}`, guardAll},
		{`x({length: 5})`, guardAll},
		{`x({"length": 5})`, guardAll},
		{`x({length})`, guardAll},
		{`new Array(5)`, guardAll},
		{`a[b]`, guardAll},
		{`a["x" + "y"]`, guardAll},
		{"a[`xy`]", guardAll},
		{`f()[b]`, guardAll},
		{`a?.[b]`, guardAll},
		{`a/**/[b]`, guardAll},
		{"a //!\n[b]", guardAll},
		{"x = {/**/[a]: 1}", guardAll},
		{`x = {[a]: 1}`, guardAll},
		{`x = {[a]() {}}`, guardAll},
		{`var {[a]: b} = c`, guardAll},
		{`f.call(a)`, guardAll},
		{`\u0065val("1")`, guardAll},
		{`2n ** 64n`, guardAll},
		{`this.a`, guardAll},
	} {
		if got := guardFor(c.source, namesIn(c.source)); got != c.want {
			t.Errorf("guardFor(%s) = %d, want %d", c.source, got, c.want)
		}
	}
}
