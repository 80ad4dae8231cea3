package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"reflect"
	"strings"

	"gatehouse/internal/conf"
)

type object = map[string]any

// schema is a JSON Schema (2020-12) of route files. Where a number or boolean stands,
// an expression or a token in a string may stand too; decorations are fields of any
// name, so unknown fields are allowed.
func (m *manual) schema() (string, error) {
	defs := object{"object": m.declaration()}
	for _, t := range m.types {
		if t.Why == "" {
			defs["config."+t.Name] = m.fields(t.Config, nil, map[reflect.Type]bool{})
		}
	}
	named := object{"allOf": []any{object{"$ref": "#/$defs/object"}}, "required": []string{"name"}}
	reference := func(doc string) object {
		return object{"description": doc, "anyOf": []any{object{"type": "string"}, object{"$ref": "#/$defs/object"}}}
	}
	text := func(doc string) object { return object{"description": doc, "type": "string"} }
	root := object{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Route of a gateway", "type": "object",
		"required": []string{"handler"},
		"properties": object{
			"_id":  text("Id of the route; without it the name of the file."),
			"name": text("Name of the route, which orders routes; without it the id."),
			"condition": object{"description": "Decides whether the route takes a request.", "anyOf": []any{
				object{"type": "string"}, object{"type": "boolean"},
				object{"type": "object", "required": []string{"expression"}, "properties": object{"expression": text(""), "label": text("")}}}},
			"handler":          reference("Answers the requests of the route."),
			"heap":             object{"description": "Objects that the route uses by name.", "type": "array", "items": named},
			"session":          reference("Session manager of the route."),
			"auditService":     reference("Audit service of the route."),
			"properties":       object{"description": "Values for tokens and expressions.", "type": "object"},
			"globalDecorators": object{"description": "Decorations of every object of the route.", "type": "object"},
		},
		"$defs": defs,
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	err := enc.Encode(root)
	return b.String(), err
}

// declaration is an object with a type, whose configuration depends on it.
func (m *manual) declaration() object {
	var names []string
	var each []any
	for _, t := range m.types {
		if t.Why != "" {
			continue
		}
		all := append([]string{t.Name}, t.Older...)
		names = append(names, all...)
		each = append(each, object{
			"if":   object{"properties": object{"type": object{"enum": all}}},
			"then": object{"properties": object{"config": object{"$ref": "#/$defs/config." + t.Name}}},
		})
	}
	return object{
		"type": "object", "required": []string{"type"},
		"properties": object{"name": object{"type": "string"}, "type": object{"type": "string", "enum": names}, "config": object{"type": "object"}},
		"allOf":      each,
	}
}

// fields is the schema of a configuration struct.
func (m *manual) fields(t reflect.Type, source *ast.StructType, above map[reflect.Type]bool) object {
	above[t] = true
	defer delete(above, t)
	properties := object{}
	var required []string
	list, _ := conf.FieldsOf(t)
	for _, f := range list {
		s := source
		if s == nil || f.In != t {
			s = m.comments.of(f.In)
		}
		text, typ := field(s, f.Go)
		p := m.value(f, f.Type, within(typ), above)
		if text != "" {
			p["description"] = text
		}
		if f.HasDefault {
			p["default"] = f.Default
		}
		if f.Unused != "" {
			p = object{"description": "Accepted without effect: " + f.Unused + ".", "deprecated": true}
		}
		properties[f.Name] = p
		for _, alias := range f.Aliases {
			properties[alias] = object{"deprecated": true, "description": "Older spelling of " + f.Name + "."}
		}
		if f.Required && len(f.Aliases) == 0 {
			required = append(required, f.Name)
		}
	}
	o := object{"type": "object", "properties": properties}
	if required != nil {
		o["required"] = required
	}
	return o
}

func (m *manual) value(f conf.FieldInfo, t reflect.Type, source *ast.StructType, above map[reflect.Type]bool) object {
	if own(t) {
		kind := conf.KindOf(t)
		if strings.HasPrefix(fmt.Sprint(t), "heap.Ref[") {
			return object{"anyOf": []any{object{"type": "string"}, object{"$ref": "#/$defs/object"}}}
		}
		return object{"$comment": kind}
	}
	// A string may hold an expression or a token wherever something else is expected.
	or := func(o object) object { return object{"anyOf": []any{o, object{"type": "string"}}} }
	switch t {
	case reflect.TypeFor[conf.Duration]():
		return object{"type": []string{"string", "integer"}, "examples": []string{"10 seconds"}}
	case reflect.TypeFor[conf.URL]():
		return object{"type": "string"}
	case reflect.TypeFor[*conf.Node]():
		return object{}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return m.value(f, t.Elem(), source, above)
	case reflect.String:
		if len(f.OneOf) > 0 {
			return or(object{"enum": f.OneOf})
		}
		return object{"type": []string{"string", "number", "boolean"}}
	case reflect.Bool:
		return or(object{"type": "boolean"})
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Float64:
		o := object{"type": "integer"}
		if t.Kind() == reflect.Float64 {
			o["type"] = "number"
		}
		if f.Min != nil {
			o["minimum"] = *f.Min
		}
		if f.Max != nil {
			o["maximum"] = *f.Max
		}
		return or(o)
	case reflect.Slice:
		items := f
		items.Min, items.Max = nil, nil
		return or(object{"type": "array", "items": m.value(items, t.Elem(), source, above)})
	case reflect.Map:
		return or(object{"type": "object", "additionalProperties": m.value(conf.FieldInfo{}, t.Elem(), source, above)})
	case reflect.Struct:
		if above[t] {
			return object{"type": "object"}
		}
		return or(m.fields(t, source, above))
	}
	return object{}
}
