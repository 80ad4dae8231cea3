package gateway

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/heap"
)

// level is a struct somewhere in the configuration of a type: around makes the whole
// configuration from the text of one that stands there.
type level struct {
	path   string
	around string // with one %s
	fields []conf.FieldInfo
	open   bool
}

// levels lists the structs of a configuration, the outermost first.
func levels(t reflect.Type, path, around string, seen []reflect.Type) []level {
	if slices.Contains(seen, t) {
		return nil
	}
	seen = append(seen[:len(seen):len(seen)], t)
	fields, open := conf.FieldsOf(t)
	list := []level{{path, around, fields, open}}
	for _, f := range fields {
		inner, at, form := f.Type, path+"."+f.Name, "%s"
	unwrap:
		for !readsItself(inner) {
			switch inner.Kind() {
			case reflect.Pointer:
				inner = inner.Elem()
			case reflect.Slice:
				inner, at, form = inner.Elem(), at+"[0]", strings.Replace("[%s]", "%s", form, 1)
			case reflect.Map:
				inner, at, form = inner.Elem(), at+".k", strings.Replace(form, "%s", `{"k": %s}`, 1)
			case reflect.Struct:
				form = fmt.Sprintf(`{%q: %s}`, f.Name, form)
				list = append(list, levels(inner, at, strings.Replace(around, "%s", form, 1), seen)...)
				break unwrap
			default:
				break unwrap
			}
		}
	}
	return list
}

func readsItself(t reflect.Type) bool {
	_, own := reflect.New(t).Interface().(conf.Unmarshaler)
	return own || t == reflect.TypeFor[conf.URL]() || t == reflect.TypeFor[*conf.Node]()
}

// declared are the problems and warnings of one object of the type.
func declared(t *testing.T, i *instance, name, config string) []conf.Problem {
	t.Helper()
	errs := &conf.Errors{}
	d := i.parse("x.json", []byte(fmt.Sprintf("{\"heap\": [\n{\"name\": \"x\", \"type\": %q, \"config\": %s}]}", name, config)), i.root(), errs)
	if d == nil {
		t.Fatalf("%s: %v", config, errs.Err())
	}
	h := heap.New(heap.Options{Name: "x", Catalog: i.catalog, Services: i.services, Bindings: d.bindings, Errs: errs,
		Declared: d.node.Get("heap"), Defaults: builtIn(defaultObjects)})
	h.BuildAll()
	list := errs.Warnings()
	if err, ok := errs.Err().(*conf.Error); ok {
		list = append(list, err.Problems...)
	}
	return list
}

// refusedAt says whether there is an error with a position at the path or below it.
func refusedAt(list []conf.Problem, path string) bool {
	return slices.ContainsFunc(list, func(p conf.Problem) bool {
		rest, ok := strings.CutPrefix(p.Path, path)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '[') && !p.Warning && p.Line == 2 && p.Col > 0
	})
}

// wrongFor says which values of the wrong kind the field has to refuse: all of them, or
// for types that read themselves at least one.
func wrongFor(t reflect.Type) (values []string, all bool) {
	for t.Kind() == reflect.Pointer && !readsItself(t) {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[*conf.Node](), t.Kind() == reflect.Interface, conf.KindOf(t) == "a value":
		return nil, true
	case readsItself(t):
		return []string{`{"?": {}}`, `[[[]]]`, `true`, `7.5`}, false
	case t.Kind() == reflect.Slice, t.Kind() == reflect.Map, t.Kind() == reflect.Struct:
		return []string{`true`, `7.5`}, true
	}
	return []string{`{"?": {}}`, `[[[]]]`}, true
}

// Every type there is, and every field of it, at any depth: a field that does not exist
// is a warning with the nearest that does; a value of the wrong kind is an error that says
// where; so is the absence of a field that must be there.
func TestEveryFieldOfEveryType(t *testing.T) {
	i, err := newInstance(Options{Dir: t.TempDir(), Getenv: func(string) (string, bool) { return "", false }})
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range i.catalog.Types() {
		if typ.Why != "" {
			list := declared(t, i, typ.Name, "{}")
			if len(list) != 1 || !strings.Contains(list[0].Msg, typ.Why) || list[0].Line != 2 {
				t.Errorf("%s is not refused: %v", typ.Name, list)
			}
			continue
		}
		t.Run(typ.Name, func(t *testing.T) {
			for _, p := range levels(typ.Config, "heap[0].config", "%s", nil) {
				unknownField(t, i, typ.Name, p)
				wrongKinds(t, i, typ.Name, p)
				missingFields(t, i, typ.Name, p)
			}
		})
	}
}

func unknownField(t *testing.T, i *instance, name string, p level) {
	t.Helper()
	if p.open {
		return
	}
	wrong, want := "nothingOfTheKind", `unknown field "nothingOfTheKind" is ignored`
	for _, f := range p.fields {
		if len(f.Name) > 3 {
			wrong = f.Name + "q"
			want = fmt.Sprintf("unknown field %q is ignored (did you mean %q?)", wrong, f.Name)
		}
	}
	list := declared(t, i, name, strings.Replace(p.around, "%s", fmt.Sprintf(`{%q: 1}`, wrong), 1))
	if !slices.ContainsFunc(list, func(w conf.Problem) bool {
		return w.Warning && w.Msg == want && w.Path == p.path+"."+wrong && w.Line == 2
	}) {
		t.Errorf("no warning %q at %s: %v", want, p.path, list)
	}
}

func wrongKinds(t *testing.T, i *instance, name string, p level) {
	t.Helper()
	byValue := map[string][]string{}
	for _, f := range p.fields {
		values, _ := wrongFor(f.Type)
		for _, v := range values {
			byValue[v] = append(byValue[v], fmt.Sprintf("%q: %s", f.Name, v))
		}
	}
	problems := map[string][]conf.Problem{}
	for _, v := range slices.Sorted(maps.Keys(byValue)) {
		problems[v] = declared(t, i, name, strings.Replace(p.around, "%s", "{"+strings.Join(byValue[v], ", ")+"}", 1))
	}
	for _, f := range p.fields {
		values, all := wrongFor(f.Type)
		n := 0
		for _, v := range values {
			if refusedAt(problems[v], p.path+"."+f.Name) {
				n++
			} else if all {
				t.Errorf("%s.%s (%s) is not refused as %s: %v", p.path, f.Name, conf.KindOf(f.Type), v, problems[v])
			}
		}
		if n == 0 && len(values) > 0 {
			t.Errorf("%s.%s (%s) takes everything", p.path, f.Name, conf.KindOf(f.Type))
		}
	}
}

func missingFields(t *testing.T, i *instance, name string, p level) {
	t.Helper()
	list := declared(t, i, name, strings.Replace(p.around, "%s", "{}", 1))
	for _, f := range p.fields {
		want := fmt.Sprintf("the required field %q is missing", f.Name)
		if f.Required && !slices.ContainsFunc(list, func(e conf.Problem) bool {
			return !e.Warning && e.Msg == want && (e.Path == p.path || p.path == "heap[0].config" && strings.HasPrefix(e.Path, "heap[0]")) && e.Line == 2
		}) {
			t.Errorf("no error %q at %s: %v", want, p.path, list)
		}
	}
}
