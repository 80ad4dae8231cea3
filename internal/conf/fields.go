package conf

import "reflect"

// FieldInfo is what a configuration struct says about one of its fields: for manuals,
// schemas and editors.
type FieldInfo struct {
	// Name is the name in documents, Go that of the struct field.
	Name, Go string
	Type     reflect.Type
	// In is the struct that declares the field, which embedding may make another one.
	In       reflect.Type
	Required bool
	OneOf    []string
	Min, Max *float64
	Default  string
	// HasDefault tells an empty default from none.
	HasDefault bool
	Aliases    []string
	// Unused says, for fields that are accepted without effect, why.
	Unused string
}

// FieldsOf lists the fields of a configuration struct in its order, those of embedded
// structs in their place. open says that the struct takes fields of other names too.
func FieldsOf(t reflect.Type) (list []FieldInfo, open bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct && f.Tag.Get("conf") == "" {
			inner, more := FieldsOf(f.Type)
			list, open = append(list, inner...), open || more
			continue
		}
		o, ok := fieldOptions(f)
		if !ok {
			continue
		}
		if o.name == "*" {
			open = true
			continue
		}
		list = append(list, FieldInfo{Name: o.name, Go: f.Name, Type: f.Type, In: t, Required: o.required, OneOf: o.oneof,
			Min: o.min, Max: o.max, Default: o.def, HasDefault: o.hasDef, Aliases: o.alias, Unused: o.unused})
	}
	return list, open
}

// KindOf describes the values that a field of the type takes: "a string", "a handler".
func KindOf(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[Duration]():
		return "a duration"
	case reflect.TypeFor[URL]():
		return "a URL"
	case reflect.TypeFor[*Node]():
		return "an object"
	}
	if t.Kind() == reflect.Slice {
		if _, own := reflect.New(t).Interface().(Describer); !own {
			return "a list of " + plural(t.Elem())
		}
	}
	return singular(t)
}
