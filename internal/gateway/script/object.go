package script

import (
	"fmt"

	"gatehouse/internal/groovy"
)

// objectHost is a Go object that shows properties and methods to expressions, or
// nothing but its text.
type objectHost struct{ v any }

func (*objectHost) GroovyClass() *groovy.Class { return objectClass }

func (h *objectHost) String() string {
	if v, ok := h.v.(fmt.Stringer); ok {
		return v.String()
	}
	return "an object of the gateway"
}

func (h *objectHost) get(name string) (groovy.Value, bool) {
	o, ok := h.v.(object)
	if !ok {
		return nil, false
	}
	x, ok := o.Get(name)
	return toScript(x), ok
}

var objectClass = &groovy.Class{
	Name: "org.forgerock.openig.heap.HeapObject",
	PropertyMissing: func(this groovy.Value, name string) (groovy.Value, bool) {
		return this.(*objectHost).get(name)
	},
	MethodMissing: func(c *groovy.Call) (groovy.Value, error) {
		h, err := receiver[*objectHost](c.This)
		if err != nil {
			return nil, err
		}
		if p := property(c.Name); p != "" && c.Len() == 0 {
			if v, ok := h.get(p); ok {
				return v, nil
			}
		}
		return callObject(c, h.v)
	},
	Equals: func(this, other groovy.Value) bool {
		o, ok := other.(*objectHost)
		return ok && sameValue(this.(*objectHost).v, o.v)
	},
	HashKey: func(this groovy.Value) any { return hashable(this.(*objectHost).v) },
}

// hashable is v where Go can use it as the key of a map.
func hashable(v any) (key any) {
	defer func() {
		if recover() != nil {
			key = fmt.Sprintf("%T", v)
		}
	}()
	_ = map[any]bool{v: true}
	return v
}

// callObject calls a method that an object offers to expressions.
func callObject(c *groovy.Call, o any) (groovy.Value, error) {
	if c.Name == "asJsonValue" && c.Len() == 0 {
		if v, err := jsonOf(o); err == nil {
			return &jsonValue{v: v}, nil
		}
	}
	k, ok := o.(caller)
	if !ok {
		return nil, c.NoSuchMethod()
	}
	args := make([]any, c.Len())
	for i := range args {
		args[i] = fromScript(c.Arg(i))
	}
	v, err := k.Call(c.Name, args)
	if err != nil {
		return nil, c.NoSuchMethod()
	}
	return toScript(v), nil
}

// jsonOf is the data behind asJsonValue(): the object's own answer, or for an access
// token its info.
func jsonOf(o any) (groovy.Value, error) {
	if k, ok := o.(caller); ok {
		if v, err := k.Call("asJsonValue", nil); err == nil {
			return dataOf(toScript(v)), nil
		}
	}
	if g, ok := o.(object); ok {
		for _, name := range []string{"asJsonValue", "rawInfo", "info"} {
			if v, ok := g.Get(name); ok && v != nil {
				return dataOf(toScript(v)), nil
			}
		}
	}
	return nil, fmt.Errorf("no data")
}

// dataOf makes a map of a table, as JsonValue wants it. Maps stay the same object.
func dataOf(v groovy.Value) groovy.Value {
	if t, ok := v.(table); ok {
		return copyOf(t)
	}
	return v
}

// keyedHost is a Go object that expressions use as a map, such as the claims of a
// token. Scripts cannot change it.
type keyedHost struct {
	object
	names keyed
}

func (*keyedHost) GroovyClass() *groovy.Class { return keyedClass }

var keyedClass = tableClass(&groovy.Class{
	Name: "java.util.Collections.UnmodifiableMap",
	Equals: func(this, other groovy.Value) bool {
		o, ok := other.(*keyedHost)
		return ok && sameValue(this.(*keyedHost).object, o.object)
	},
	MethodMissing: func(c *groovy.Call) (groovy.Value, error) {
		h, err := receiver[*keyedHost](c.This)
		if err != nil {
			return nil, err
		}
		if p := property(c.Name); p != "" && c.Len() == 0 {
			if v, ok := h.at(p); ok {
				return v, nil
			}
		}
		return callObject(c, h.object)
	},
})

func (h *keyedHost) at(name string) (groovy.Value, bool) {
	v, ok := h.Get(name)
	return toScript(v), ok
}

func (*keyedHost) put(string, groovy.Value) error { return readOnly("the map") }
func (*keyedHost) remove(string) error            { return readOnly("the map") }
func (h *keyedHost) keys() []string               { return h.names.Keys() }
