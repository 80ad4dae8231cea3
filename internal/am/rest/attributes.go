package rest

import (
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"gatehouse/internal/am/realm"
)

// Kind is the JSON type of an attribute.
type Kind string

// Kinds of attributes.
const (
	Text    Kind = "string"
	Integer Kind = "integer"
	Boolean Kind = "boolean"
	List    Kind = "array"  // of strings
	Map     Kind = "object" // of strings
	Any     Kind = "any"    // kept as it is
)

// Attribute is one setting.
type Attribute struct {
	Name, Title string
	Kind        Kind
	// Default is in JSON form; nil: unset.
	Default any
	// Enum are the only values, compared without case; empty: any.
	Enum []string
	// Secret attributes are written, never read.
	Secret bool
	// Quiet attributes are not printed while they are unset.
	Quiet bool
}

// Group is what a console shows as a tab; one without a name holds attributes directly.
type Group struct {
	Name, Title string
	// Bare values are wrapped in {"inherited":…,"value":…} when they are inherited only.
	Bare       bool
	Attributes []Attribute
}

// Type is a kind of configuration object.
type Type struct {
	ID, Name string
	// TypeName is what "_type" of an object says, where it is not Name.
	TypeName   string
	Collection bool
	// Wrapped values are printed as {"inherited":…,"value":…} when one object is read: objects that may be in a group.
	Wrapped bool
	// Open types take any attribute: they are kept, and mean nothing to this server.
	Open bool
	// Lenient types keep attributes that they do not know: of newer releases, in exports.
	Lenient bool
	Groups  []Group
	// Check finds what is wrong with an object as a whole; nil: nothing is.
	Check func(Object) error
	// Parts are the types of configurations below a service. Open services have those of any type.
	Parts []*Type
}

// kind returns the "_type" of objects.
func (t *Type) kind() Object {
	name := t.TypeName
	if name == "" {
		name = t.Name
	}
	return Object{"_id": t.ID, "name": name, "collection": t.Collection}
}

// attribute options, by JSON name; see groupsOf.
type options map[string]func(*Attribute)

func enum(values ...string) func(*Attribute) { return func(a *Attribute) { a.Enum = values } }
func secret(a *Attribute)                    { a.Secret, a.Default = true, nil }
func quiet(a *Attribute)                     { a.Quiet = true }

// groupsOf makes the groups of a settings struct that holds its defaults: one for each field that is a struct, by
// the names of the json tags; a struct without such fields is one group without a name. The struct is what the
// server works with, so that a setting cannot be known here and unknown there.
func groupsOf(defaults any, titles map[string]string, more options) []Group {
	return groupsOfStruct(reflect.Indirect(reflect.ValueOf(defaults)), titles, more)
}

func groupsOfStruct(v reflect.Value, titles map[string]string, more options) []Group {
	var groups []Group
	flat := Group{}
	for i := range v.NumField() {
		if v.Type().Field(i).Anonymous { // its members stand among the others, as in encoding/json
			for _, g := range groupsOfStruct(v.Field(i), titles, more) {
				flat.Attributes = append(flat.Attributes, g.Attributes...)
			}
			continue
		}
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		if v.Field(i).Kind() == reflect.Struct {
			for _, g := range groupsOfStruct(v.Field(i), titles, more) {
				g.Name, g.Title = name, title(name, titles)
				groups = append(groups, g)
			}
			continue
		}
		flat.Attributes = append(flat.Attributes, attributeOf(name, v.Type().Field(i), v.Field(i), titles, more))
	}
	if flat.Attributes != nil {
		groups = append(groups, flat)
	}
	return groups
}

func attributeOf(name string, f reflect.StructField, v reflect.Value, titles map[string]string, more options) Attribute {
	a := Attribute{Name: name, Title: title(name, titles), Default: v.Interface()}
	switch v.Kind() {
	case reflect.Bool:
		a.Kind = Boolean
	case reflect.Int:
		a.Kind = Integer
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.String {
			a.Kind, a.Default = Any, nil
			break
		}
		a.Kind = List
		list := make([]any, 0, v.Len())
		for i := range v.Len() {
			list = append(list, v.Index(i).String())
		}
		a.Default = list
	case reflect.Map:
		a.Kind = Map
		a.Default = Object{}
	case reflect.Pointer: // to a number that may be unset
		a.Kind, a.Default = Integer, nil
	default:
		a.Kind = Text
		a.Default = v.String()
	}
	if strings.Contains(f.Tag.Get("json"), "omitempty") && v.IsZero() {
		a.Default = nil
	}
	if change, ok := more[name]; ok {
		change(&a)
	}
	return a
}

// title is the label of a setting: the one of the table, else its name in words.
func title(name string, titles map[string]string) string {
	if t, ok := titles[name]; ok {
		return t
	}
	var b strings.Builder
	for i, r := range name {
		switch {
		case i == 0:
			b.WriteRune(unicode.ToUpper(r))
		case r == '_':
			b.WriteByte(' ')
		case unicode.IsUpper(r) && !unicode.IsUpper(rune(name[i-1])):
			b.WriteByte(' ')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// normal checks an object that came in and returns it with bare values, defaults for what it leaves out, and
// without "_id", "_rev" and "_type". defaults may be nil: the type's own.
func (t *Type) normal(in, defaults Object) (Object, error) {
	if t.Open {
		return openObject(in), nil
	}
	in = t.grouped(in)
	out := Object{}
	for _, g := range t.Groups {
		if g.Name == "" {
			if err := g.read(in, defaults, out, t); err != nil {
				return nil, err
			}
			continue
		}
		inner, ok := in[g.Name].(Object)
		if in[g.Name] != nil && !ok {
			return nil, invalid(g.Title)
		}
		group := Object{}
		for name, v := range inner {
			switch {
			case g.has(name) || ignored(name):
			case t.Lenient:
				group[name] = v
			default:
				return nil, unknown(g.names())
			}
		}
		base, _ := defaults[g.Name].(Object)
		if err := g.read(inner, base, group, t); err != nil {
			return nil, err
		}
		out[g.Name] = group
	}
	for name := range in {
		if t.has(name) || ignored(name) {
			continue
		}
		if !t.Lenient {
			return nil, unknown(t.names())
		}
		out[name] = in[name]
	}
	if t.Check != nil {
		if err := t.Check(out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// grouped puts attributes that stand beside the groups into the first group that has them: PingAM takes settings without
// their tabs, and scripts write them so.
func (t *Type) grouped(in Object) Object {
	out, own := in, false
	for name, v := range in {
		i := slices.IndexFunc(t.Groups, func(g Group) bool { return g.Name != "" && g.has(name) })
		if i < 0 || t.has(name) {
			continue
		}
		group, ok := out[t.Groups[i].Name].(Object)
		if out[t.Groups[i].Name] != nil && !ok {
			continue // which is told
		}
		if !own {
			out, own = maps.Clone(in), true
		}
		group = maps.Clone(group)
		if group == nil {
			group = Object{}
		}
		if _, ok := group[name]; !ok {
			group[name] = v
		}
		out[t.Groups[i].Name] = group
		delete(out, name)
	}
	return out
}

// openObject is what is kept of an object nothing is known about.
func openObject(in Object) Object {
	out := Object{}
	for name, v := range in {
		if !ignored(name) {
			out[name] = v
		}
	}
	return out
}

// ignored members are those that objects have when they are read, so that what was read may be written back.
func ignored(name string) bool {
	return name == "_id" || name == "_rev" || name == "_type" || strings.HasSuffix(name, "-encrypted")
}

func invalid(title string) *Error {
	return badRequest("Data validation failed for the attribute, %s", title)
}

func unknown(valid []string) *Error {
	return badRequest("Invalid attribute specified.").with(Object{"validAttributes": valid})
}

func (t *Type) has(name string) bool { return slices.Contains(t.names(), name) }

// names are those of the members of an object.
func (t *Type) names() []string {
	var list []string
	for _, g := range t.Groups {
		if g.Name == "" {
			list = append(list, g.names()...)
		} else {
			list = append(list, g.Name)
		}
	}
	slices.Sort(list)
	return list
}

func (g *Group) names() []string {
	var list []string
	for _, a := range g.Attributes {
		list = append(list, a.Name)
	}
	slices.Sort(list)
	return list
}

func (g *Group) has(name string) bool {
	return slices.ContainsFunc(g.Attributes, func(a Attribute) bool { return a.Name == name })
}

// read takes the group's attributes from in to out.
func (g *Group) read(in, defaults, out Object, t *Type) error {
	for _, a := range g.Attributes {
		v := unwrap(in[a.Name])
		if v == nil {
			v = a.Default
			if d, ok := defaults[a.Name]; ok {
				v = d
			}
			if v != nil {
				out[a.Name] = v
			}
			continue
		}
		v, ok := a.value(v)
		if !ok && realm.Inherits(in[a.Name]) {
			v, ok = a.Default, true // what stands beside "inherited" is no more than a note
		}
		if !ok {
			return invalid(a.Title)
		}
		if v != nil {
			out[a.Name] = v
		}
	}
	return nil
}

// unwrap returns the value of {"inherited":…,"value":…}, nil when it has none, and anything else as it is.
func unwrap(v any) any {
	if o, ok := v.(Object); ok && isWrapped(o) {
		return o["value"]
	}
	return v
}

func isWrapped(o Object) bool { _, ok := o["inherited"]; return ok }

// value turns what a client wrote into the attribute's kind; nil is unset.
func (a *Attribute) value(v any) (any, bool) {
	switch a.Kind {
	case Boolean:
		switch v := v.(type) {
		case bool:
			return v, true
		case string:
			b, err := strconv.ParseBool(strings.ToLower(v))
			return b, err == nil
		}
		return nil, false
	case Integer:
		return whole(v)
	case List:
		return a.list(v)
	case Map:
		return mapOf(v)
	case Any:
		return v, true
	}
	s, ok := scalar(v)
	if list, is := v.([]any); is { // single values of directories are lists of one
		ok = len(list) < 2
		if len(list) == 1 {
			s, ok = scalar(list[0])
		}
	}
	if s == "" {
		return nil, ok
	}
	s, fits := a.canonical(s)
	return s, ok && fits
}

// canonical spells a value of the enumeration as the enumeration does.
func (a *Attribute) canonical(s string) (string, bool) {
	for _, e := range a.Enum {
		if strings.EqualFold(e, s) {
			return e, true
		}
	}
	return s, len(a.Enum) == 0
}

func (a *Attribute) list(v any) (any, bool) {
	out := []any{}
	for _, e := range listOf(v) {
		s, ok := scalar(e)
		if !ok {
			return nil, false
		}
		if s == "" {
			continue // consoles send [""] for an empty list
		}
		if s, ok = a.canonical(s); !ok {
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}

func mapOf(v any) (any, bool) {
	o, ok := v.(Object)
	if !ok {
		list, ok := v.([]any)
		return Object{}, ok && len(list) == 0
	}
	out := Object{}
	for name, v := range o {
		s, ok := scalar(v)
		if !ok {
			return nil, false
		}
		out[name] = s
	}
	return out, true
}

// scalar is the text of a string, number or boolean.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	case nil:
		return "", true
	}
	return "", false
}

func whole(v any) (any, bool) {
	text, ok := scalar(v)
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if !ok || err != nil || n != math.Trunc(n) || math.Abs(n) > math.MaxInt32 {
		return nil, false
	}
	return int(n), true
}
