package script

import (
	"strings"

	"gatehouse/internal/groovy"

	"github.com/dop251/goja"
)

// headerMap are the headers of a request: a map of lists whose keys are found in any case.
type headerMap struct{ m *groovy.Map }

// GroovyClass is a map's.
func (headerMap) GroovyClass() *groovy.Class { return headerMapClass }

// find gives the values of a header, nil for one that was not sent.
func (h headerMap) find(name string) groovy.Value {
	if v, ok := h.m.Get(name); ok {
		return v
	}
	for _, k := range h.m.Keys() {
		if strings.EqualFold(text(k), name) {
			v, _ := h.m.Get(k)
			return v
		}
	}
	return nil
}

var headerMapClass = func() *groovy.Class {
	c := &groovy.Class{
		Name:    "org.forgerock.openam.scripting.javascript.MapScriptWrapper",
		Methods: map[string]groovy.Method{},
		PropertyMissing: func(this groovy.Value, name string) (groovy.Value, bool) {
			return this.(headerMap).find(name), true
		},
		Index: func(this, key groovy.Value) (groovy.Value, error) { return this.(headerMap).find(text(key)), nil },
		Iterate: func(this groovy.Value, yield func(groovy.Value) bool) {
			m := this.(headerMap).m
			for _, k := range m.Keys() {
				v, _ := m.Get(k)
				if !yield(&entry{k, v}) {
					return
				}
			}
		},
		Truth:  func(this groovy.Value) bool { return this.(headerMap).m.Len() > 0 },
		String: func(this groovy.Value) string { return text(this.(headerMap).m) },
	}
	for _, name := range []string{"size", "isEmpty", "keySet", "values", "entrySet", "forEach"} {
		of := mapClass.Methods[name]
		c.Methods[name] = func(c *groovy.Call) (groovy.Value, error) {
			inner := *c
			inner.This = c.This.(headerMap).m
			return of(&inner)
		}
	}
	c.Methods["get"] = withArgs(1, func(c *groovy.Call) (groovy.Value, error) { return c.This.(headerMap).find(text(c.Arg(0))), nil })
	c.Methods["containsKey"] = withArgs(1, func(c *groovy.Call) (groovy.Value, error) {
		return c.This.(headerMap).find(text(c.Arg(0))) != nil, nil
	})
	return c
}()

// member is a header as a property.
func (h headerMap) member(j *js, key string) goja.Value {
	v := h.find(key)
	if v == nil {
		return nil
	}
	return j.to(v)
}

// keys are what a loop finds.
func (h headerMap) keys() []string {
	var out []string
	for _, k := range h.m.Keys() {
		out = append(out, text(k))
	}
	return out
}
