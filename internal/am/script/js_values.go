package script

import (
	"strconv"
	"time"

	"github.com/dop251/goja"

	"gatehouse/internal/groovy"
)

// maxArray bounds the arrays that are taken over from scripts.
const maxArray = 100_000

// from gives the value behind a JavaScript one: host objects and Java collections
// themselves, arrays and plain objects as copies.
func (j *js) from(v goja.Value) groovy.Value { return j.copyOf(v, 0) }

func (j *js) copyOf(v goja.Value, depth int) groovy.Value {
	if v == nil || goja.IsUndefined(v) || goja.IsNull(v) {
		return nil
	}
	o, ok := v.(*goja.Object)
	if !ok {
		switch x := v.Export().(type) {
		case bool, int64, float64, string:
			return x
		}
		return v.String() // symbols and big integers
	}
	if c := j.known[o]; c != nil {
		return c
	}
	if name, ok := j.missing[o]; ok {
		panic(j.noClass(name))
	}
	if fn, ok := goja.AssertFunction(o); ok {
		return jsFunction{j, fn, o}
	}
	if depth > maxNesting {
		panic(j.typeError("the value is nested too deeply"))
	}
	switch o.ClassName() {
	case "Array":
		return j.copyArray(o, depth)
	case "String", "Number", "Boolean":
		return o.Export()
	case "Error":
		if t := thrownBy(o); t != nil {
			return t
		}
		return o.String()
	case "Date":
		if t, ok := o.Export().(time.Time); ok {
			return t.UTC().Format("2006-01-02T15:04:05.000Z")
		}
	}
	if h, ok := o.Export().(*jsObject); ok {
		return h.v
	}
	return j.copyObject(o, depth)
}

func (j *js) copyArray(o *goja.Object, depth int) groovy.Value {
	n := o.Get("length").ToInteger()
	if n > maxArray {
		panic(j.typeError("the array is too long"))
	}
	out := &sequence{list: make([]groovy.Value, n)}
	for i := range n {
		out.list[i] = j.copyOf(o.Get(strconv.FormatInt(i, 10)), depth+1)
	}
	return out
}

func (j *js) copyObject(o *goja.Object, depth int) groovy.Value {
	keys := o.Keys()
	if len(keys) > maxArray {
		panic(j.typeError("the object is too large"))
	}
	out := groovy.NewMap()
	for _, k := range keys {
		if v := o.Get(k); v != nil && !goja.IsUndefined(v) {
			out.Put(k, j.copyOf(v, depth+1))
		}
	}
	return out
}

// to shows a value to the script.
func (j *js) to(v groovy.Value) goja.Value {
	switch x := v.(type) {
	case nil:
		return goja.Null()
	case undefined:
		return goja.Undefined()
	case string, bool, int64, float64:
		return j.vm.ToValue(x)
	case jsFunction:
		return x.v
	case *groovy.Class:
		return j.class(x)
	case *array:
		return j.array(x.list)
	case []byte:
		return j.array(signed(x))
	case *groovy.Map, *groovy.List, *groovy.Set, *sequence:
		if j.nextGen {
			return j.plain(v, 0)
		}
		return j.wrap(v)
	case liveMap:
		return j.wrap(x.m)
	case *groovy.Thrown, groovy.Host:
		return j.wrap(v)
	}
	if s, ok := textOf(v); ok {
		return j.vm.ToValue(s)
	}
	if n, ok := integer(v); ok {
		return j.vm.ToValue(n)
	}
	if f, ok := number(v); ok {
		return j.vm.ToValue(f)
	}
	return j.vm.ToValue(text(v))
}

// plain makes arrays and plain objects, which is all that the newer dialect knows.
func (j *js) plain(v groovy.Value, depth int) goja.Value {
	if depth > maxNesting {
		panic(j.typeError("the value is nested too deeply"))
	}
	if xs, ok := items(v); ok {
		out := make([]any, len(xs))
		for i, x := range xs {
			out[i] = j.plain(x, depth+1)
		}
		list := j.vm.NewArray(out...)
		j.lend(list, &j.lists, listLoans)
		return list
	}
	m, ok := v.(*groovy.Map)
	if !ok {
		return j.to(v)
	}
	out := j.vm.NewObject()
	j.lend(out, &j.maps, mapLoans)
	for _, k := range m.Keys() {
		x, _ := m.Get(k)
		// Defined, not set: a member "__proto__" is data like any other.
		_ = out.DefineDataProperty(text(k), j.plain(x, depth+1), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE)
	}
	return out
}
