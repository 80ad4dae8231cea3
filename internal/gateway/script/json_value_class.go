package script

import (
	"math/big"

	"gatehouse/internal/groovy"
)

type jsonCall = func(*jsonValue, *groovy.Call) (groovy.Value, error)

var jsonValueClass = makeJSONValueClass()

func makeJSONValueClass() *groovy.Class {
	c := &groovy.Class{
		Name: "org.forgerock.json.JsonValue", TakesMap: true,
		New: func(c *groovy.Call) (groovy.Value, error) {
			j := wrapJSON(c.Arg(0))
			if c.Len() == 2 {
				j.path = c.Str(1)
			}
			return j, c.Want(1, 2)
		},
		Static: methods{
			"json":               func(c *groovy.Call) (groovy.Value, error) { return wrapJSON(c.Arg(0)), c.Want(1, 1) },
			"object":             jsonObject,
			"array":              jsonArray,
			"set":                jsonSet,
			"field":              jsonField,
			"fieldIfNotNull":     jsonFieldIfNotNull,
			"fieldIfNotNullOnly": jsonFieldIfNotNull,
		},
		Get: getters{
			"object":        getter(func(j *jsonValue) groovy.Value { return j.v }),
			"wrappedObject": getter(func(j *jsonValue) groovy.Value { return j.v }),
			"pointer":       getter(func(j *jsonValue) groovy.Value { return pointerTo(j.path) }),
			"null":          getter(func(j *jsonValue) groovy.Value { return j.v == nil }),
			"notNull":       getter(func(j *jsonValue) groovy.Value { return j.v != nil }),
		},
		Methods:         methods{},
		Index:           func(this, key groovy.Value) (groovy.Value, error) { return this.(*jsonValue).at(key), nil },
		SetIndex:        func(this, key, v groovy.Value) error { return this.(*jsonValue).put(key, v) },
		PropertyMissing: func(this groovy.Value, name string) (groovy.Value, bool) { return this.(*jsonValue).child(name), true },
		SetMissing: func(this groovy.Value, name string, v groovy.Value) (bool, error) {
			return true, this.(*jsonValue).put(name, v)
		},
		Iterate: func(this groovy.Value, yield func(groovy.Value) bool) {
			j := this.(*jsonValue)
			for _, k := range j.names() {
				if !yield(j.child(k)) {
					return
				}
			}
		},
		Equals: func(this, other groovy.Value) bool {
			o, ok := other.(*jsonValue)
			return ok && o.String() == this.(*jsonValue).String()
		},
		HashKey: func(this groovy.Value) any { return this.(*jsonValue).String() },
	}
	for name, f := range jsonMethods {
		c.Methods[name] = method(f)
	}
	for name, is := range jsonKinds {
		c.Methods["is"+name] = method(func(j *jsonValue, _ *groovy.Call) (groovy.Value, error) { return is(j.v), nil })
	}
	for name, convert := range jsonConversions {
		c.Methods["as"+name] = method(func(j *jsonValue, c *groovy.Call) (groovy.Value, error) {
			if j.v == nil {
				return nil, nil
			}
			return convert(j, c)
		})
	}
	return c
}

// jsonKinds are the tests isString and its like.
var jsonKinds = map[string]func(groovy.Value) bool{
	"String": isText, "Map": isMap, "List": isList, "Boolean": isBoolean, "Number": isNumber,
	"Collection": func(v groovy.Value) bool { _, many := elements(v); return many },
	"Set":        func(v groovy.Value) bool { _, is := v.(*groovy.Set); return is },
}

func isMap(v groovy.Value) bool {
	switch v.(type) {
	case *groovy.Map, table:
		return true
	}
	return false
}

func isList(v groovy.Value) bool { _, is := v.(*groovy.List); return is }

func isBoolean(v groovy.Value) bool { _, is := v.(bool); return is }

func isNumber(v groovy.Value) bool {
	switch groovy.ToGo(v).(type) {
	case int64, float64:
		return true
	}
	_, big := v.(*big.Int)
	return big
}

// jsonConversions are asString and its like; null stays null.
var jsonConversions = map[string]jsonCall{
	"String": func(j *jsonValue, _ *groovy.Call) (groovy.Value, error) {
		if !isText(j.v) {
			return nil, j.fail("Expecting a java.lang.String")
		}
		return text(j.v), nil
	},
	"Integer": func(j *jsonValue, _ *groovy.Call) (groovy.Value, error) {
		n, ok := whole(j.v)
		if !ok || isText(j.v) {
			return nil, j.fail("Expecting a java.lang.Number")
		}
		return int32(n), nil
	},
	"Long": func(j *jsonValue, _ *groovy.Call) (groovy.Value, error) {
		n, ok := whole(j.v)
		if !ok || isText(j.v) {
			return nil, j.fail("Expecting a java.lang.Number")
		}
		return n, nil
	},
	"Double": func(j *jsonValue, _ *groovy.Call) (groovy.Value, error) {
		switch n := groovy.ToGo(j.v).(type) {
		case int64:
			return float64(n), nil
		case float64:
			return n, nil
		}
		return nil, j.fail("Expecting a java.lang.Number")
	},
	"Number": func(j *jsonValue, _ *groovy.Call) (groovy.Value, error) {
		if !isNumber(j.v) {
			return nil, j.fail("Expecting a java.lang.Number")
		}
		return j.v, nil
	},
	"Boolean": func(j *jsonValue, _ *groovy.Call) (groovy.Value, error) {
		if !isBoolean(j.v) {
			return nil, j.fail("Expecting a java.lang.Boolean")
		}
		return j.v, nil
	},
	"Map": func(j *jsonValue, _ *groovy.Call) (groovy.Value, error) {
		if !isMap(j.v) {
			return nil, j.fail("Expecting a java.util.Map")
		}
		return j.v, nil
	},
	"List":       asJSONList,
	"Collection": asJSONList,
	"Set": func(j *jsonValue, c *groovy.Call) (groovy.Value, error) {
		items, many := elements(j.v)
		if !many {
			return nil, j.fail("Expecting a java.util.Set")
		}
		return groovy.NewSet(items...), nil
	},
	"Pointer": func(j *jsonValue, _ *groovy.Call) (groovy.Value, error) { return pointerTo(text(j.v)), nil },
	"URI": func(j *jsonValue, c *groovy.Call) (groovy.Value, error) {
		return groovy.NewURI(text(j.v))
	},
	"URL": func(j *jsonValue, c *groovy.Call) (groovy.Value, error) {
		return construct(c, "java.net.URL", text(j.v))
	},
	"Enum": func(j *jsonValue, c *groovy.Call) (groovy.Value, error) {
		return c.InvokeMethod(c.Arg(0), "valueOf", text(j.v))
	},
}

func asJSONList(j *jsonValue, c *groovy.Call) (groovy.Value, error) {
	items, many := elements(j.v)
	if !many {
		return nil, j.fail("Expecting a java.util.List")
	}
	if c.Len() == 0 {
		if l, ok := j.v.(*groovy.List); ok {
			return l, nil
		}
		return groovy.NewList(items...), nil
	}
	class, isClass := c.Arg(0).(*groovy.Class)
	for i, x := range items {
		if !isClass { // a function for the elements
			v, err := c.Invoke(c.Arg(0), &jsonValue{v: x})
			if err != nil {
				return nil, err
			}
			items[i] = v
			continue
		}
		if x != nil && !c.InstanceOf(x, class.Name) {
			return nil, j.fail("Expecting a list of %s elements", class.Name)
		}
	}
	return groovy.NewList(items...), nil
}

var jsonMethods = map[string]jsonCall{
	"get": func(j *jsonValue, c *groovy.Call) (groovy.Value, error) { return j.at(c.Arg(0)), c.Want(1, 1) },
	"put": func(j *jsonValue, c *groovy.Call) (groovy.Value, error) {
		if err := c.Want(2, 2); err != nil {
			return nil, err
		}
		return j, j.put(c.Arg(0), c.Arg(1))
	},
	"putPermissive": func(j *jsonValue, c *groovy.Call) (groovy.Value, error) { return j, j.put(c.Arg(0), c.Arg(1)) },
	"add": func(j *jsonValue, c *groovy.Call) (groovy.Value, error) {
		if c.Len() == 2 {
			return j, j.put(c.Arg(0), c.Arg(1))
		}
		switch l := j.v.(type) {
		case *groovy.List:
			l.Add(unwrap(c.Arg(0)))
		case *groovy.Set:
			l.Add(unwrap(c.Arg(0)))
		case nil:
			return j, j.replace(groovy.NewList(unwrap(c.Arg(0))))
		default:
			return nil, j.fail("expecting a list")
		}
		return j, c.Want(1, 1)
	},
	"remove":    func(j *jsonValue, c *groovy.Call) (groovy.Value, error) { return nil, j.removeKey(c.Arg(0)) },
	"isDefined": func(j *jsonValue, c *groovy.Call) (groovy.Value, error) { return j.defined(c.Str(0)), nil },
	"contains": func(j *jsonValue, c *groovy.Call) (groovy.Value, error) {
		items, _ := elements(j.v)
		if m, ok := j.v.(*groovy.Map); ok {
			items = m.Values()
		}
		for _, x := range items {
			if c.Equal(x, c.Arg(0)) {
				return true, nil
			}
		}
		return false, nil
	},
	"keys":    func(j *jsonValue, _ *groovy.Call) (groovy.Value, error) { return groovy.NewSet(j.names()...), nil },
	"size":    func(j *jsonValue, _ *groovy.Call) (groovy.Value, error) { return len(j.names()), nil },
	"isEmpty": func(j *jsonValue, _ *groovy.Call) (groovy.Value, error) { return len(j.names()) == 0, nil },
	"required": func(j *jsonValue, _ *groovy.Call) (groovy.Value, error) {
		if j.v == nil {
			return nil, j.fail("Expecting a value")
		}
		return j, nil
	},
	"defaultTo": func(j *jsonValue, c *groovy.Call) (groovy.Value, error) {
		if j.v != nil {
			return j, nil
		}
		return &jsonValue{v: unwrap(c.Arg(0)), path: j.path}, nil
	},
	"expect": func(j *jsonValue, c *groovy.Call) (groovy.Value, error) {
		class, ok := c.Arg(0).(*groovy.Class)
		if !ok {
			return nil, c.NoSuchMethod()
		}
		if j.v != nil && !c.InstanceOf(j.v, class.Name) {
			return nil, j.fail("Expecting a %s", class.Name)
		}
		return j, nil
	},
	"as":       func(j *jsonValue, c *groovy.Call) (groovy.Value, error) { return c.Invoke(c.Arg(0), j) },
	"copy":     func(j *jsonValue, _ *groovy.Call) (groovy.Value, error) { return j.copied() },
	"clone":    func(j *jsonValue, _ *groovy.Call) (groovy.Value, error) { return j.copied() },
	"toString": func(j *jsonValue, _ *groovy.Call) (groovy.Value, error) { return j.String(), nil },
	"stream": func(j *jsonValue, c *groovy.Call) (groovy.Value, error) {
		return c.InvokeMethod(j.children(), "stream")
	},
	"getAt": func(j *jsonValue, c *groovy.Call) (groovy.Value, error) { return j.at(c.Arg(0)), nil },
	"iterator": func(j *jsonValue, c *groovy.Call) (groovy.Value, error) {
		return c.InvokeMethod(j.children(), "iterator")
	},
}

func (j *jsonValue) children() *groovy.List {
	l := groovy.NewList()
	for _, k := range j.names() {
		l.Add(j.child(k))
	}
	return l
}

func (j *jsonValue) defined(key string) bool {
	if m, ok := j.v.(*groovy.Map); ok {
		_, has := m.Get(key)
		return has
	}
	for _, k := range j.names() {
		if text(k) == key {
			return true
		}
	}
	return false
}

func (j *jsonValue) copied() (groovy.Value, error) {
	v, err := new(walk).copy(j.v, 0)
	if err != nil {
		return nil, j.fail("the data cannot be copied: %s", err)
	}
	return &jsonValue{v: v}, nil
}

// copy copies maps and collections.
func (w *walk) copy(v groovy.Value, depth int) (groovy.Value, error) {
	if err := w.enter(depth); err != nil {
		return nil, err
	}
	if t, ok := v.(table); ok {
		v = copyOf(t)
	}
	if m, ok := v.(*groovy.Map); ok {
		out := groovy.NewMap()
		var err error
		m.Each(func(k, e groovy.Value) bool {
			var c groovy.Value
			c, err = w.copy(e, depth+1)
			out.Put(k, c)
			return err == nil
		})
		return out, err
	}
	items, many := elements(v)
	if !many {
		return v, nil
	}
	for i, e := range items {
		var err error
		if items[i], err = w.copy(e, depth+1); err != nil {
			return nil, err
		}
	}
	if _, ok := v.(*groovy.Set); ok {
		return groovy.NewSet(items...), nil
	}
	return groovy.NewList(items...), nil
}

// jsonPair is what field makes for object.
type jsonPair struct {
	key   string
	value groovy.Value
}

func (*jsonPair) GroovyClass() *groovy.Class { return jsonPairClass }

var jsonPairClass = &groovy.Class{
	Name: "java.util.Map.Entry",
	Get: getters{
		"key":   getter(func(p *jsonPair) groovy.Value { return p.key }),
		"value": getter(func(p *jsonPair) groovy.Value { return p.value }),
	},
}

func jsonField(c *groovy.Call) (groovy.Value, error) {
	return &jsonPair{c.Str(0), unwrap(c.Arg(1))}, c.Want(2, 2)
}

func jsonFieldIfNotNull(c *groovy.Call) (groovy.Value, error) {
	if v := unwrap(c.Arg(1)); v != nil {
		return &jsonPair{c.Str(0), v}, c.Want(2, 2)
	}
	return nil, nil
}

func jsonObject(c *groovy.Call) (groovy.Value, error) {
	m := groovy.NewMap()
	args := c.Args
	if items, many := elements(c.Arg(0)); many {
		args = items
	}
	for _, a := range args {
		switch p := a.(type) {
		case nil:
		case *jsonPair:
			m.Put(p.key, p.value)
		case int32: // object(capacity, field…)
		default:
			return nil, c.NoSuchMethod()
		}
	}
	return m, nil
}

func jsonArray(c *groovy.Call) (groovy.Value, error) {
	items := make([]groovy.Value, c.Len())
	for i, a := range c.Args {
		items[i] = unwrap(a)
	}
	return groovy.NewList(items...), nil
}

func jsonSet(c *groovy.Call) (groovy.Value, error) {
	items := make([]groovy.Value, c.Len())
	for i, a := range c.Args {
		items[i] = unwrap(a)
	}
	return groovy.NewSet(items...), nil
}
