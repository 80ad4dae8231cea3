package groovy

import (
	"slices"
	"testing"
)

func TestReference(t *testing.T) {
	e := New(Env{Classes: append(JDK(), &Class{Name: "x.Thing", Get: map[string]func(Value) (Value, error){"size": nil},
		Methods: table{"go": nil, "execute": nil}, Static: table{"of": nil}, StaticFields: map[string]func() Value{"ONE": nil}})})
	if got, want := e.Members("x.Thing"), []string{"size", "go()", "static ONE", "static of()"}; !slices.Equal(got, want) {
		t.Errorf("members = %q, want %q", got, want)
	}
	names := e.ClassNames()
	if !slices.IsSorted(names) || !slices.Contains(names, "x.Thing") || slices.Contains(names, "[B") {
		t.Errorf("names = %q", names)
	}
	if !e.IsException("java.io.IOException") || e.IsException("x.Thing") || e.IsException("none") || e.Members("none") != nil {
		t.Error("exceptions are not told from others")
	}
	if l := DefaultLimits(); l.Steps <= 0 || l.Wall <= 0 || l.Regexp <= 0 {
		t.Errorf("limits = %+v", l)
	}
}
