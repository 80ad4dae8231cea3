package script

import (
	"gatehouse/internal/groovy"
)

// jsonValue is what scripts know as org.forgerock.json.JsonValue: a wrapper around
// plain data which it changes in place.
type jsonValue struct{ v groovy.Value }

// GroovyClass is JsonValue.
func (*jsonValue) GroovyClass() *groovy.Class { return jsonValueClass }

// entry is a member that JsonValue.field made, or an entry of a map.
type entry struct{ key, value groovy.Value }

// GroovyClass is Map.Entry.
func (*entry) GroovyClass() *groovy.Class { return entryClass }

var entryClass = &groovy.Class{
	Name: "java.util.Map$Entry",
	Methods: map[string]groovy.Method{
		"getKey":   func(c *groovy.Call) (groovy.Value, error) { return c.This.(*entry).key, nil },
		"getValue": func(c *groovy.Call) (groovy.Value, error) { return c.This.(*entry).value, nil },
	},
	String: func(this groovy.Value) string {
		e := this.(*entry)
		return text(e.key) + "=" + text(e.value)
	},
}

const jsonException = "org.forgerock.json.JsonValueException"

var jsonValueClass = &groovy.Class{
	Name: "org.forgerock.json.JsonValue",
	New: func(c *groovy.Call) (groovy.Value, error) {
		if len(c.Args) == 0 {
			return nil, wrong(c)
		}
		return &jsonValue{unwrapped(c.Arg(0))}, nil
	},
	Static: map[string]groovy.Method{
		"json":           func(c *groovy.Call) (groovy.Value, error) { return &jsonValue{unwrapped(c.Arg(0))}, nil },
		"object":         jsonObject,
		"field":          jsonField,
		"fieldIfNotNull": jsonFieldIfNotNull,
		"array": func(c *groovy.Call) (groovy.Value, error) {
			return groovy.NewList(unwrappedAll(spread(c.Args))...), nil
		},
		"set": func(c *groovy.Call) (groovy.Value, error) {
			return groovy.NewSet(unwrappedAll(spread(c.Args))...), nil
		},
	},
	Methods: map[string]groovy.Method{
		"put": jsonPut, "add": jsonAdd, "get": jsonGet, "remove": jsonRemove,
		"isDefined": func(c *groovy.Call) (groovy.Value, error) {
			m, ok := jsonThis(c).(*groovy.Map)
			if !ok {
				return false, nil
			}
			_, has := m.Get(text(c.Arg(0)))
			return has, nil
		},
		"contains": func(c *groovy.Call) (groovy.Value, error) {
			xs, _ := items(jsonThis(c))
			for _, x := range xs {
				if same(x, unwrapped(c.Arg(0))) {
					return true, nil
				}
			}
			return false, nil
		},
		"getObject": func(c *groovy.Call) (groovy.Value, error) { return jsonThis(c), nil },
		"getWrappedObject": func(c *groovy.Call) (groovy.Value, error) {
			return jsonThis(c), nil
		},
		"asString":  asType("a string", func(v groovy.Value) (groovy.Value, bool) { s, ok := textOf(v); return s, ok }),
		"asBoolean": asType("a boolean", func(v groovy.Value) (groovy.Value, bool) { b, ok := v.(bool); return b, ok }),
		"asInteger": asType("a number", asInteger), "asLong": asType("a number", asInteger),
		"asDouble":     asType("a number", func(v groovy.Value) (groovy.Value, bool) { f, ok := number(v); return f, ok }),
		"asNumber":     asType("a number", func(v groovy.Value) (groovy.Value, bool) { _, ok := number(v); return v, ok }),
		"asMap":        asType("a map", func(v groovy.Value) (groovy.Value, bool) { _, ok := v.(*groovy.Map); return v, ok }),
		"asList":       asType("a list", asSequence),
		"asCollection": asType("a collection", asSequence),
		"isNull":       isType(func(v groovy.Value) bool { return v == nil }),
		"isNotNull":    isType(func(v groovy.Value) bool { return v != nil }),
		"isMap":        isType(func(v groovy.Value) bool { _, ok := v.(*groovy.Map); return ok }),
		"isList":       isType(isList),
		"isSet":        isType(func(v groovy.Value) bool { _, ok := items(v); return ok && !isList(v) }),
		"isCollection": isType(func(v groovy.Value) bool { _, ok := items(v); return ok }),
		"isString":     isType(func(v groovy.Value) bool { _, ok := textOf(v); return ok }),
		"isNumber":     isType(func(v groovy.Value) bool { _, ok := number(v); return ok }),
		"isBoolean":    isType(func(v groovy.Value) bool { _, ok := v.(bool); return ok }),
		"size":         func(c *groovy.Call) (groovy.Value, error) { return int64(jsonSize(jsonThis(c))), nil },
		"keys":         jsonKeys,
		"clear":        jsonClear,
		"copy":         jsonCopy, "clone": jsonCopy,
		"defaultTo": func(c *groovy.Call) (groovy.Value, error) {
			if jsonThis(c) == nil {
				return &jsonValue{unwrapped(c.Arg(0))}, nil
			}
			return c.This, nil
		},
		"required": func(c *groovy.Call) (groovy.Value, error) {
			if jsonThis(c) == nil {
				return nil, groovy.Throw(jsonException, "Expecting a value")
			}
			return c.This, nil
		},
	},
	// In Groovy, get(String) of a class is what reads its properties.
	PropertyMissing: func(this groovy.Value, name string) (groovy.Value, bool) {
		return jsonMember(this.(*jsonValue).v, name), true
	},

	String: func(this groovy.Value) string { return text(this) },
	Truth:  func(this groovy.Value) bool { return this.(*jsonValue).v != nil },
	Equals: func(a, b groovy.Value) bool { return same(a, b) },
	Index: func(this, key groovy.Value) (groovy.Value, error) {
		return jsonMember(this.(*jsonValue).v, key), nil
	},
	SetIndex: func(this, key, v groovy.Value) error { return jsonStore(this.(*jsonValue), key, v) },
	Iterate: func(this groovy.Value, yield func(groovy.Value) bool) {
		xs, ok := items(this)
		if m, is := this.(*jsonValue).v.(*groovy.Map); is && !ok {
			xs = m.Values()
		}
		for _, x := range xs {
			if !yield(&jsonValue{x}) {
				return
			}
		}
	},
}

func jsonThis(c *groovy.Call) groovy.Value { return c.This.(*jsonValue).v }

// unwrapped gives the data of a JsonValue: one inside another is never seen as such.
func unwrapped(v groovy.Value) groovy.Value {
	for {
		j, ok := v.(*jsonValue)
		if !ok {
			return v
		}
		v = j.v
	}
}

func unwrappedAll(vs []groovy.Value) []groovy.Value {
	out := make([]groovy.Value, len(vs))
	for i, v := range vs {
		out[i] = unwrapped(v)
	}
	return out
}

// spread lets a single collection stand for Java's variable arguments.
func spread(args []groovy.Value) []groovy.Value {
	if len(args) == 1 {
		if xs, ok := items(args[0]); ok {
			return xs
		}
	}
	return args
}

func jsonObject(c *groovy.Call) (groovy.Value, error) {
	m := groovy.NewMap()
	if len(c.Args) == 1 {
		if _, capacity := integer(c.Arg(0)); capacity {
			return m, nil
		}
	}
	for _, a := range spread(c.Args) {
		switch e := a.(type) {
		case nil:
		case *entry:
			m.Put(text(e.key), unwrapped(e.value))
		default:
			return nil, wrong(c)
		}
	}
	return m, nil
}

func jsonField(c *groovy.Call) (groovy.Value, error) {
	if len(c.Args) != 2 {
		return nil, wrong(c)
	}
	return &entry{text(c.Arg(0)), unwrapped(c.Arg(1))}, nil
}

func jsonFieldIfNotNull(c *groovy.Call) (groovy.Value, error) {
	if unwrapped(c.Arg(1)) == nil {
		return nil, nil
	}
	return jsonField(c)
}

// jsonStore sets a member of an object, or an element of a list.
func jsonStore(j *jsonValue, key, v groovy.Value) error {
	v = unwrapped(v)
	if i, ok := integer(key); ok {
		return listStore(j.v, i, v)
	}
	m, ok := j.v.(*groovy.Map)
	if !ok {
		return groovy.Throw(jsonException, "Expecting a Map")
	}
	m.Put(text(key), v)
	return nil
}

func listStore(list groovy.Value, i int64, v groovy.Value) error {
	switch l := list.(type) {
	case *sequence:
		if i == int64(len(l.list)) {
			l.add(v)
			return nil
		}
		if i >= 0 && i < int64(len(l.list)) {
			l.list[i] = v
			return nil
		}
	case *groovy.List:
		if i == int64(l.Len()) {
			l.Add(v)
			return nil
		}
	default:
		return groovy.Throw(jsonException, "Expecting a List")
	}
	return groovy.Throw("java.lang.IndexOutOfBoundsException", "Index: %d", i)
}

func jsonPut(c *groovy.Call) (groovy.Value, error) {
	if len(c.Args) != 2 {
		return nil, wrong(c)
	}
	return c.This, jsonStore(c.This.(*jsonValue), c.Arg(0), c.Arg(1))
}

func jsonAdd(c *groovy.Call) (groovy.Value, error) {
	switch len(c.Args) {
	case 1:
		v := unwrapped(c.Arg(0))
		switch l := jsonThis(c).(type) {
		case *sequence:
			l.add(v)
		case *groovy.List:
			l.Add(v)
		case *groovy.Set:
			l.Add(v)
		default:
			return nil, groovy.Throw(jsonException, "Expecting a List or Set")
		}
		return c.This, nil
	case 2:
		if m, ok := jsonThis(c).(*groovy.Map); ok {
			if _, has := m.Get(text(c.Arg(0))); has {
				return nil, groovy.Throw(jsonException, "The member exists already")
			}
		}
		return jsonPut(c)
	}
	return nil, wrong(c)
}

// jsonMember is an object's member or a list's element, always wrapped: null when there
// is none.
func jsonMember(v, key groovy.Value) *jsonValue {
	if m, ok := v.(*groovy.Map); ok {
		x, _ := m.Get(text(key))
		return &jsonValue{x}
	}
	xs, _ := items(v)
	if i, ok := integer(key); ok && i >= 0 && i < int64(len(xs)) {
		return &jsonValue{xs[i]}
	}
	return &jsonValue{}
}

func jsonGet(c *groovy.Call) (groovy.Value, error) {
	if len(c.Args) != 1 {
		return nil, wrong(c)
	}
	return jsonMember(jsonThis(c), c.Arg(0)), nil
}

func jsonRemove(c *groovy.Call) (groovy.Value, error) {
	switch x := jsonThis(c).(type) {
	case *groovy.Map:
		x.Remove(text(c.Arg(0)))
	case *sequence:
		if i, ok := integer(c.Arg(0)); ok && i >= 0 && i < int64(len(x.list)) {
			x.drop(int(i))
		}
	case *groovy.List:
		return nil, unsupported("remove from the list itself: asList()")
	}
	return nil, nil
}

func jsonSize(v groovy.Value) int {
	if m, ok := v.(*groovy.Map); ok {
		return m.Len()
	}
	xs, _ := items(v)
	return len(xs)
}

func jsonKeys(c *groovy.Call) (groovy.Value, error) {
	if m, ok := jsonThis(c).(*groovy.Map); ok {
		return groovy.NewSet(m.Keys()...), nil
	}
	keys := groovy.NewSet()
	for i := range jsonSize(jsonThis(c)) {
		keys.Add(text(int64(i)))
	}
	return keys, nil
}

func jsonClear(c *groovy.Call) (groovy.Value, error) {
	switch x := jsonThis(c).(type) {
	case *groovy.Map:
		x.Clear()
	case *sequence:
		x.list = nil
	default:
		c.This.(*jsonValue).v = groovy.NewList()
	}
	return nil, nil
}

func jsonCopy(c *groovy.Call) (groovy.Value, error) {
	raw, err := encode(jsonThis(c))
	if err != nil {
		return nil, err
	}
	return &jsonValue{decode(raw)}, nil
}

func asInteger(v groovy.Value) (groovy.Value, bool) {
	if n, ok := integer(v); ok {
		return n, true
	}
	f, ok := number(v)
	return int64(f), ok
}

func asSequence(v groovy.Value) (groovy.Value, bool) {
	_, ok := items(v)
	return v, ok
}

func isList(v groovy.Value) bool {
	switch x := v.(type) {
	case *groovy.List:
		return true
	case *sequence:
		return !x.unique
	}
	return false
}

// asType makes an asX method: null stays null, another type is an error.
func asType(what string, convert func(groovy.Value) (groovy.Value, bool)) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		v := jsonThis(c)
		if v == nil {
			return nil, nil
		}
		out, ok := convert(v)
		if !ok {
			return nil, groovy.Throw(jsonException, "Expecting %s", what)
		}
		return out, nil
	}
}

func isType(is func(groovy.Value) bool) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) { return is(jsonThis(c)), nil }
}
