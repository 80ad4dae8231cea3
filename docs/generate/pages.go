package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway"
	"gatehouse/internal/gateway/heap"
)

// manual makes the pages of object types.
type manual struct {
	types    []*heap.Type
	comments *comments
	written  map[string]string // title -> text of pages that are written by hand
}

func newManual(root string) (*manual, error) {
	types, err := gateway.Types()
	if err != nil {
		return nil, err
	}
	types = slices.Clone(types)
	slices.SortFunc(types, func(a, b *heap.Type) int { return cmp.Compare(a.Name, b.Name) })
	m := &manual{types: types, comments: &comments{root: root, packages: map[string]map[string]*ast.StructType{}}, written: map[string]string{}}
	pages, err := filepath.Glob(filepath.Join(root, "internal/gateway/*/*.md"))
	if err != nil {
		return nil, err
	}
	own, err := filepath.Glob(filepath.Join(root, "internal/gateway/*.md"))
	if err != nil {
		return nil, err
	}
	for _, page := range append(pages, own...) {
		text, err := os.ReadFile(page)
		if err != nil {
			return nil, err
		}
		title, body, _ := strings.Cut(strings.TrimPrefix(string(text), "# "), "\n")
		m.written[title] = strings.TrimSpace(body)
	}
	return m, nil
}

const notice = "<!-- Made by `make docs` from the source; changes here are lost. -->\n\n"

// pages returns a page for each type, and the list of all.
func (m *manual) pages() (map[string]string, error) {
	files := map[string]string{}
	var index, refused strings.Builder
	byKind := map[string][]string{}
	for _, t := range m.types {
		if t.Why != "" {
			fmt.Fprintf(&refused, "- %s: %s\n", t.Name, t.Why)
			continue
		}
		file := strings.ToLower(t.Name) + ".md"
		if files[file] != "" {
			return nil, fmt.Errorf("two types have the page %s", file)
		}
		files[file] = m.page(t)
		byKind[t.Kind] = append(byKind[t.Kind], fmt.Sprintf("- [%s](%s)\n", t.Name, file))
	}
	index.WriteString(notice + "# Reference\n\n- [Functions of expressions](functions.md)\n- [Groovy of scripts](groovy.md)\n" +
		"- [JSON Schema of route files](route.schema.json), for editors\n- [Metrics](metrics.md) and [limits](limits.md) of both halves\n")
	for _, kind := range slices.Sorted(func(yield func(string) bool) {
		for k := range byKind {
			if !yield(k) {
				return
			}
		}
	}) {
		fmt.Fprintf(&index, "\n## Type: %s\n\n%s", kind, strings.Join(byKind[kind], ""))
	}
	if refused.Len() > 0 {
		fmt.Fprintf(&index, "\n## Not supported\n\nA configuration that names one of these is refused.\n\n%s", refused.String())
	}
	files["README.md"] = index.String()
	return files, nil
}

func (m *manual) page(t *heap.Type) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s# %s\n\nType: %s.", notice, t.Name, t.Kind)
	if len(t.Older) > 0 {
		fmt.Fprintf(&b, " Older names: `%s`.", strings.Join(t.Older, "`, `"))
	}
	b.WriteString("\n")
	if body := m.written[t.Name]; body != "" {
		fmt.Fprintf(&b, "\n%s\n", body)
	}
	b.WriteString("\n## Configuration\n\n")
	if fields, _ := conf.FieldsOf(t.Config); len(fields) == 0 {
		b.WriteString("There are no fields.\n")
		return b.String()
	}
	m.table(&b, "config", t.Config, nil, map[reflect.Type]bool{})
	return b.String()
}

// structOf is the struct whose fields a value of the type has in documents, if any.
func structOf(t reflect.Type) (reflect.Type, bool) {
	for {
		if own(t) {
			return nil, false
		}
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			t = t.Elem()
		case reflect.Struct:
			if t == reflect.TypeFor[conf.URL]() || t == reflect.TypeFor[conf.Node]() {
				return nil, false
			}
			return t, true
		default:
			return nil, false
		}
	}
}

// own says whether the type reads itself.
func own(t reflect.Type) bool {
	_, is := reflect.New(t).Interface().(conf.Unmarshaler)
	return is
}

// table writes the fields of a struct, then those of the objects within.
func (m *manual) table(b *strings.Builder, path string, t reflect.Type, source *ast.StructType, above map[reflect.Type]bool) {
	type below struct {
		path   string
		t      reflect.Type
		source *ast.StructType
	}
	var later []below
	fields, _ := conf.FieldsOf(t)
	fmt.Fprintf(b, "`%s`\n\n| Field | Value | Default | |\n|---|---|---|---|\n", path)
	for _, f := range fields {
		s := source
		if s == nil || f.In != t {
			s = m.comments.of(f.In)
		}
		text, typ := field(s, f.Go)
		if f.Unused != "" {
			text = "Accepted without effect: " + f.Unused + "."
		}
		if len(f.Aliases) > 0 {
			text += " Older spelling: `" + strings.Join(f.Aliases, "`, `") + "`."
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", f.Name, cell(value(f)), cell(absent(f)), cell(text))
		if inner, ok := structOf(f.Type); ok && !above[inner] && f.Unused == "" {
			later = append(later, below{path + "." + f.Name + suffix(f.Type), inner, within(typ)})
		}
	}
	above[t] = true
	for _, l := range later {
		b.WriteString("\n")
		m.table(b, l.path, l.t, l.source, above)
	}
	delete(above, t)
}

func suffix(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Slice:
		return "[]"
	case reflect.Map:
		return ".<name>"
	}
	return ""
}

// value says what a field takes.
func value(f conf.FieldInfo) string {
	if len(f.OneOf) > 0 {
		one := "`" + strings.Join(f.OneOf, "`, `") + "`"
		if f.Type.Kind() == reflect.Slice {
			return "a list of " + one
		}
		return one
	}
	text := conf.KindOf(f.Type)
	switch {
	case f.Min != nil && f.Max != nil:
		text += " from " + figure(*f.Min) + " to " + figure(*f.Max)
	case f.Min != nil && f.Type.Kind() == reflect.Slice:
		text += ", at least " + figure(*f.Min)
	case f.Min != nil:
		text += " of at least " + figure(*f.Min)
	case f.Max != nil:
		text += " of at most " + figure(*f.Max)
	}
	return text
}

func figure(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// absent says what holds without the field.
func absent(f conf.FieldInfo) string {
	switch {
	case f.Required:
		return "required"
	case f.HasDefault && f.Default == "":
		return "empty"
	case f.HasDefault:
		return "`" + f.Default + "`"
	case f.Type.Kind() == reflect.Bool:
		return "`false`"
	}
	return ""
}

func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }
