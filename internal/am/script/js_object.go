package script

import (
	"strconv"
	"strings"

	"github.com/dop251/goja"

	"gatehouse/internal/groovy"
)

// jsObject shows a host object or a Java collection to a script: the methods of its
// class, its getters as properties, a map's entries and a list's elements as members.
type jsObject struct {
	j     *js
	v     groovy.Value
	class *groovy.Class
}

// jsMember is a host object with members that only JavaScript can have; nil: there is none of that name.
type jsMember interface {
	member(j *js, key string) goja.Value
}

// jsKeyed is a jsMember whose members can be listed.
type jsKeyed interface {
	jsMember
	keys() []string
}

func (j *js) wrap(v groovy.Value) *goja.Object {
	switch x := v.(type) {
	case *groovy.List: // a copy: scripts change lists in ways that the type has not
		v = &sequence{list: x.Items()}
	case *groovy.Set:
		v = &sequence{list: x.Items(), unique: true}
	}
	o := j.vm.NewDynamicObject(&jsObject{j, v, classOf(v)})
	if _, ok := v.(*sequence); ok {
		_ = o.SetPrototype(j.walkable())
	}
	return o
}

func classOf(v groovy.Value) *groovy.Class {
	switch x := v.(type) {
	case *groovy.Map:
		return mapClass
	case *sequence:
		return x.class()
	case *groovy.Thrown:
		if asResourceError(x) != nil {
			return resourceExceptionClass
		}
		return throwableClass
	case groovy.Host:
		return x.GroovyClass()
	}
	return nil
}

func methodOf(c *groovy.Class, name string) groovy.Method {
	for ; c != nil; c = c.Super {
		if m := c.Methods[name]; m != nil {
			return m
		}
	}
	return nil
}

func bean(prefix, name string) string { return prefix + strings.ToUpper(name[:1]) + name[1:] }

// Get reads a member: an element, a method, a map's entry, or what a getter tells.
func (o *jsObject) Get(key string) goja.Value {
	if s, ok := o.v.(*sequence); ok {
		if v := o.element(s, key); v != nil {
			return v
		}
	}
	if m, ok := o.v.(*groovy.Map); ok && o.j.nextGen { // an entry goes before a method of its name
		if v, has := m.Get(key); has {
			return o.j.to(v)
		}
	}
	if m := methodOf(o.class, key); m != nil {
		return o.j.function(key, o.class, o.v, m)
	}
	if own, ok := o.v.(jsMember); ok {
		if v := own.member(o.j, key); v != nil {
			return v
		}
	}
	if m, ok := o.v.(*groovy.Map); ok {
		if v, has := m.Get(key); has {
			return o.j.to(v)
		}
		return o.common(key)
	}
	if m := o.getter(key); m != nil {
		return o.j.to(o.j.invoke(&groovy.Call{Class: o.class, Name: key, This: o.v}, m))
	}
	return o.common(key)
}

func (o *jsObject) getter(key string) groovy.Method {
	if key == "" || key[0] < 'a' || key[0] > 'z' {
		return nil
	}
	if m := methodOf(o.class, bean("get", key)); m != nil {
		return m
	}
	return methodOf(o.class, bean("is", key))
}

// common are the methods of every Java object. There is no getClass: nothing may be
// found out through classes.
func (o *jsObject) common(key string) goja.Value {
	switch key {
	case "toString":
		return o.j.vm.ToValue(func(goja.FunctionCall) goja.Value { return o.j.vm.ToValue(text(o.v)) })
	case "equals":
		return o.j.vm.ToValue(func(call goja.FunctionCall) goja.Value {
			return o.j.vm.ToValue(same(o.v, o.j.from(call.Argument(0))))
		})
	}
	return nil
}

// element reads "0", "length", toJSON, and the functions of arrays that a collection
// lends.
func (o *jsObject) element(s *sequence, key string) goja.Value {
	if i, err := strconv.Atoi(key); err == nil {
		if i >= 0 && i < len(s.list) {
			return o.j.to(s.list[i])
		}
		return nil
	}
	switch key {
	case "length":
		return o.j.vm.ToValue(len(s.list))
	case "toJSON":
		return o.j.vm.ToValue(func(goja.FunctionCall) goja.Value { return o.j.array(s.list) })
	case "map", "filter", "some", "every", "join", "find", "findIndex", "includes", "reduce", "slice", "concat":
		return o.j.vm.Get("Array").(*goja.Object).Get("prototype").(*goja.Object).Get(key)
	}
	return nil
}

// Set changes an entry, an element, or what a setter sets.
func (o *jsObject) Set(key string, val goja.Value) bool {
	v := o.j.from(val)
	switch x := o.v.(type) {
	case *groovy.Map:
		x.Put(key, v)
		return true
	case *sequence:
		i, err := strconv.Atoi(key)
		return err == nil && !x.unique && listStore(x, int64(i), v) == nil
	}
	if key == "" {
		return false
	}
	m := methodOf(o.class, bean("set", key))
	if m == nil {
		return false
	}
	o.j.invoke(&groovy.Call{Class: o.class, Name: key, This: o.v, Args: []groovy.Value{v}}, m)
	return true
}

// Has tells whether Get would find something.
func (o *jsObject) Has(key string) bool {
	switch x := o.v.(type) {
	case *groovy.Map:
		if _, ok := x.Get(key); ok {
			return true
		}
	case *sequence:
		if i, err := strconv.Atoi(key); err == nil {
			return i >= 0 && i < len(x.list)
		}
		if key == "length" {
			return true
		}
	case jsKeyed:
		if x.member(o.j, key) != nil {
			return true
		}
	default:
		if o.getter(key) != nil {
			return true
		}
	}
	return methodOf(o.class, key) != nil
}

// Delete removes a map's entry.
func (o *jsObject) Delete(key string) bool {
	m, ok := o.v.(*groovy.Map)
	if ok {
		m.Remove(key)
	}
	return ok
}

// Keys are what a loop over the members finds: entries and indexes.
func (o *jsObject) Keys() []string {
	var out []string
	switch x := o.v.(type) {
	case *groovy.Map:
		for _, k := range x.Keys() {
			out = append(out, text(k))
		}
	case *sequence:
		for i := range x.list {
			out = append(out, strconv.Itoa(i))
		}
	case jsKeyed:
		out = x.keys()
	}
	return out
}

func (j *js) array(xs []groovy.Value) goja.Value {
	out := make([]any, len(xs))
	for i, x := range xs {
		out[i] = j.to(x)
	}
	return j.vm.NewArray(out...)
}

// walkable is the prototype of collections: it lets "for of" walk through them.
func (j *js) walkable() *goja.Object {
	if j.walk != nil {
		return j.walk
	}
	j.walk = j.vm.NewObject()
	_ = j.walk.SetSymbol(goja.SymIterator, func(call goja.FunctionCall) goja.Value {
		xs, _ := items(j.from(call.This))
		list := j.array(xs).(*goja.Object)
		values, ok := goja.AssertFunction(list.GetSymbol(goja.SymIterator))
		if !ok {
			panic(j.typeError("the collection cannot be walked through"))
		}
		v, err := values(list)
		if err != nil {
			panic(j.throwable(err))
		}
		return v
	})
	return j.walk
}
