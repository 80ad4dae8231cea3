package script

import (
	"strings"

	"gatehouse/internal/groovy"
)

// table is an object that scripts use as a map with string keys: headers, session,
// attributes, contexts.
type table interface {
	groovy.Host
	at(key string) (groovy.Value, bool)
	// put stores a value; what null means is the table's own affair.
	put(key string, v groovy.Value) error
	remove(key string) error
	keys() []string
}

// copied are methods of maps that a table answers through a copy of itself.
var copied = strings.Fields(`each forEach eachWithIndex collect collectMany collectEntries find findAll findResult
	findResults any every inject sum count countBy groupBy sort toSorted max min join grep partition split keySet values
	entrySet iterator containsValue getOrDefault subMap take takeWhile drop dropWhile reverseEach withDefault asImmutable
	plus minus intersect toMapString spread isCase inspect equals hashCode with tap asType`)

// changing are methods of maps that may change a table; the differences that they
// leave in the copy are written back.
var changing = strings.Fields(`putIfAbsent computeIfAbsent computeIfPresent compute merge replace replaceAll removeAll
	retainAll removeIf leftShift`)

// tableClass makes the class of a table. The parts of c go before those of maps.
func tableClass(c *groovy.Class) *groovy.Class {
	c.Implements = append(c.Implements, "java.util.Map")
	m := methods{
		"get": tableGet, "getAt": tableGet, "put": tablePut, "putAt": tablePut, "putAll": tablePutAll, "remove": tableRemove,
		"containsKey": method(func(t table, c *groovy.Call) (groovy.Value, error) {
			_, ok := t.at(c.Str(0))
			return ok, nil
		}),
		"size":    method(func(t table, _ *groovy.Call) (groovy.Value, error) { return len(t.keys()), nil }),
		"isEmpty": method(func(t table, _ *groovy.Call) (groovy.Value, error) { return len(t.keys()) == 0, nil }),
		"clear": method(func(t table, _ *groovy.Call) (groovy.Value, error) {
			for _, k := range t.keys() {
				if err := t.remove(k); err != nil {
					return nil, err
				}
			}
			return nil, nil
		}),
		"toString": method(func(t table, _ *groovy.Call) (groovy.Value, error) { return tableText(t), nil }),
	}
	for _, n := range copied {
		m[n] = throughCopy
	}
	for _, n := range changing {
		m[n] = throughCopyAndBack
	}
	for n, f := range c.Methods {
		m[n] = f
	}
	c.Methods = m
	if c.Index == nil {
		c.Index = func(this, key groovy.Value) (groovy.Value, error) {
			v, _ := this.(table).at(text(key))
			return v, nil
		}
	}
	if c.SetIndex == nil {
		c.SetIndex = func(this, key, v groovy.Value) error { return this.(table).put(text(key), v) }
	}
	// The hooks serve a[b]; as methods the two would hide them.
	delete(m, "getAt")
	delete(m, "putAt")
	if c.PropertyMissing == nil {
		c.PropertyMissing = func(this groovy.Value, name string) (groovy.Value, bool) {
			v, _ := this.(table).at(name)
			return v, true
		}
	}
	if c.SetMissing == nil {
		c.SetMissing = func(this groovy.Value, name string, v groovy.Value) (bool, error) {
			return true, this.(table).put(name, v)
		}
	}
	if c.MethodMissing == nil { // a closure under the name of the method
		c.MethodMissing = func(c *groovy.Call) (groovy.Value, error) {
			if t, ok := c.This.(table); ok {
				if f, ok := t.at(c.Name); ok && f != nil {
					return c.Invoke(f, c.Args...)
				}
			}
			return nil, c.NoSuchMethod()
		}
	}
	c.Truth = func(this groovy.Value) bool { return len(this.(table).keys()) > 0 }
	if c.String == nil {
		c.String = func(this groovy.Value) string { return tableText(this.(table)) }
	}
	c.Iterate = func(this groovy.Value, yield func(groovy.Value) bool) {
		t := this.(table)
		for _, k := range t.keys() {
			v, _ := t.at(k)
			if !yield(&entry{t, k, v}) {
				return
			}
		}
	}
	return c
}

var (
	tableGet = method(func(t table, c *groovy.Call) (groovy.Value, error) {
		if c.Len() == 2 { // get(key, default) of maps in Groovy stores the default
			if v, ok := t.at(c.Str(0)); ok {
				return v, nil
			}
			return c.Arg(1), t.put(c.Str(0), c.Arg(1))
		}
		if err := c.Want(1, 1); err != nil {
			return nil, err
		}
		v, _ := t.at(c.Str(0))
		return v, nil
	})
	tablePut = method(func(t table, c *groovy.Call) (groovy.Value, error) {
		if err := c.Want(2, 2); err != nil {
			return nil, err
		}
		old, _ := t.at(c.Str(0))
		return old, t.put(c.Str(0), c.Arg(1))
	})
	tablePutAll = method(func(t table, c *groovy.Call) (groovy.Value, error) {
		switch from := c.Arg(0).(type) {
		case *groovy.Map:
			var err error
			from.Each(func(k, v groovy.Value) bool {
				err = t.put(text(k), v)
				return err == nil
			})
			return nil, err
		case table:
			for _, k := range from.keys() {
				v, _ := from.at(k)
				if err := t.put(k, v); err != nil {
					return nil, err
				}
			}
			return nil, nil
		}
		return nil, c.NoSuchMethod()
	})
	tableRemove = method(func(t table, c *groovy.Call) (groovy.Value, error) {
		if err := c.Want(1, 1); err != nil {
			return nil, err
		}
		old, _ := t.at(c.Str(0))
		return old, t.remove(c.Str(0))
	})
	throughCopy = method(func(t table, c *groovy.Call) (groovy.Value, error) {
		m := copyOf(t)
		v, err := c.InvokeMethod(m, c.Name, c.Args...)
		if v == groovy.Value(m) && c.Name != "asImmutable" {
			return t, err
		}
		return v, err
	})
	throughCopyAndBack = method(func(t table, c *groovy.Call) (groovy.Value, error) {
		m := copyOf(t)
		before := copyOf(t)
		v, err := c.InvokeMethod(m, c.Name, c.Args...)
		if err != nil {
			return nil, err
		}
		if v == groovy.Value(m) {
			v = t
		}
		return v, writeBack(t, before, m)
	})
)

func copyOf(t table) *groovy.Map {
	m := groovy.NewMap()
	for _, k := range t.keys() {
		v, _ := t.at(k)
		m.Put(k, v)
	}
	return m
}

func writeBack(t table, before, after *groovy.Map) error {
	for _, k := range before.Keys() {
		if _, still := after.Get(k); !still {
			if err := t.remove(text(k)); err != nil {
				return err
			}
		}
	}
	var err error
	after.Each(func(k, v groovy.Value) bool {
		if old, had := before.Get(k); !had || !sameValue(old, v) {
			err = t.put(text(k), v)
		}
		return err == nil
	})
	return err
}

// sameValue compares by identity; values of kinds that Go cannot compare differ.
func sameValue(a, b any) (same bool) {
	defer func() {
		if recover() != nil {
			same = false
		}
	}()
	return a == b
}

func tableText(t table) string { return groovy.ToString(copyOf(t)) }

// entry is one entry of a table in a loop.
type entry struct {
	of    table
	key   string
	value groovy.Value
}

var entryClass = &groovy.Class{
	Name: "java.util.Map.Entry",
	Get: getters{
		"key":   getter(func(e *entry) groovy.Value { return e.key }),
		"value": getter(func(e *entry) groovy.Value { return e.value }),
	},
	Set: setters{"value": setter(func(e *entry, v groovy.Value) error {
		e.value = v
		return e.of.put(e.key, v)
	})},
}

func (*entry) GroovyClass() *groovy.Class { return entryClass }

func (e *entry) String() string { return e.key + "=" + groovy.ToString(e.value) }
