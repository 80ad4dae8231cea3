package rest

import (
	"encoding/json"

	"gatehouse/internal/am/realm"
)

// wrapped prints a stored object as PingAM does when one is read: values in {"inherited":…,"value":…}.
func (t *Type) wrapped(id string, stored Object) Object {
	return t.print(id, stored, func(g *Group, a *Attribute, v any, inherited bool, out Object) {
		switch {
		case g.Bare && !inherited || !a.inheritable():
			out[a.Name] = v
		case v == nil:
			out[a.Name] = Object{"inherited": inherited}
		default:
			out[a.Name] = Object{"inherited": inherited, "value": v}
		}
	})
}

// flat prints a stored object with bare values, null for what is unset: items of queries, templates.
func (t *Type) flat(id string, stored Object) Object {
	return t.print(id, stored, func(_ *Group, a *Attribute, v any, _ bool, out Object) { out[a.Name] = v })
}

// terse prints bare values and leaves out what is unset: services.
func (t *Type) terse(id string, stored Object) Object {
	return t.print(id, stored, func(_ *Group, a *Attribute, v any, _ bool, out Object) {
		if v != nil {
			out[a.Name] = v
		}
	})
}

func (t *Type) print(id string, stored Object, put func(g *Group, a *Attribute, v any, inherited bool, out Object)) Object {
	out := Object{}
	if t.Open || t.Lenient {
		out = withoutSecrets(openObject(stored))
	}
	for i := range t.Groups {
		g := &t.Groups[i]
		from, to := stored, out
		if g.Name != "" {
			from, _ = stored[g.Name].(Object)
			if kept, ok := out[g.Name].(Object); ok { // with what the type does not know
				to = kept
			} else {
				to = Object{}
			}
			out[g.Name] = to
		}
		for j := range g.Attributes {
			a := &g.Attributes[j]
			v := unwrap(from[a.Name]) // imports store what they were given
			if v == nil {
				v = a.Default // what is in force
			}
			if a.Secret || v == nil && a.Quiet {
				delete(to, a.Name)
				continue
			}
			put(g, a, v, realm.Inherits(from[a.Name]), to)
		}
	}
	out["_id"] = id
	out["_type"] = t.kind()
	return out
}

// withoutSecrets leaves out what may be a password in an object nothing is known about.
func withoutSecrets(o Object) Object {
	out := Object{}
	for name, v := range o {
		switch v := v.(type) {
		case Object:
			if !isWrapped(v) {
				out[name] = withoutSecrets(v)
				continue
			}
		case string:
			if realm.IsSealed(v) {
				continue
			}
		case bool, json.Number, float64:
			out[name] = v
			continue
		}
		if secretName(name) {
			continue
		}
		out[name] = v
	}
	return out
}

// defaults is an object of which nothing was said.
func (t *Type) defaults() Object {
	o, err := t.normal(Object{}, nil)
	if err != nil {
		panic("rest: the defaults of " + t.ID + " are not valid") // a mistake in a table of this package
	}
	return o
}

// template prints what a form for a new object starts with.
func (t *Type) template() Object {
	var o Object
	if t.Collection {
		o = t.flat("", t.defaults())
	} else {
		o = t.terse("", t.defaults())
	}
	delete(o, "_id")
	delete(o, "_type")
	return o
}

// schema describes the objects as a JSON schema with the labels of the console (PingAM: schema action).
func (t *Type) schema() Object {
	properties := Object{}
	for i, g := range t.Groups {
		if g.Name == "" {
			for j, a := range g.Attributes {
				properties[a.Name] = a.schema(j)
			}
			continue
		}
		inner := Object{}
		for j, a := range g.Attributes {
			inner[a.Name] = a.schema(j)
		}
		properties[g.Name] = Object{"type": "object", "title": g.Title, "propertyOrder": i, "properties": inner}
	}
	return Object{"type": "object", "title": t.Name, "properties": properties}
}

func (a *Attribute) schema(order int) Object {
	s := Object{
		"title": a.Title, "description": "", "propertyOrder": order * 100, "required": false,
		"type": string(a.Kind), "exampleValue": "",
	}
	if a.Kind == Any {
		s["type"] = "array"
	}
	if a.Default != nil {
		s["default"] = a.Default
	}
	switch a.Kind {
	case List:
		items := Object{"type": "string"}
		if len(a.Enum) > 0 {
			items["enum"] = a.Enum
		}
		s["items"] = items
	case Map:
		s["patternProperties"] = Object{".*": Object{"type": "string"}}
	default:
		if len(a.Enum) > 0 {
			s["enum"] = a.Enum
		}
	}
	if a.Secret {
		s["format"] = "password"
	}
	return s
}
