package script

import (
	"github.com/dop251/goja"

	"gatehouse/internal/groovy"
)

// Maps and lists are plain objects and arrays in the newer dialect, but the guides still call a few of Java's methods on
// them: clientProperties.get("clientId"), values.size(). They stand in prototypes, and hide nothing of the data.

// loan is such a method.
type loan struct {
	name string
	call func(j *js, this *goja.Object, arg goja.Value) goja.Value
}

func mapLoans() []loan {
	return []loan{
		{"get", func(j *js, this *goja.Object, arg goja.Value) goja.Value { return orNullJS(j.own(this, arg)) }},
		{"containsKey", func(j *js, this *goja.Object, arg goja.Value) goja.Value {
			return j.vm.ToValue(j.own(this, arg) != nil)
		}},
		{"size", func(j *js, this *goja.Object, _ goja.Value) goja.Value { return j.vm.ToValue(len(this.Keys())) }},
		{"isEmpty", func(j *js, this *goja.Object, _ goja.Value) goja.Value { return j.vm.ToValue(len(this.Keys()) == 0) }},
		{"keySet", func(j *js, this *goja.Object, _ goja.Value) goja.Value { return j.to(setOf(this.Keys())) }},
		{"values", func(j *js, this *goja.Object, _ goja.Value) goja.Value {
			m, _ := j.from(this).(*groovy.Map)
			return j.to(groovy.NewList(m.Values()...))
		}},
	}
}

func listLoans() []loan {
	return []loan{
		{"get", func(_ *js, this *goja.Object, arg goja.Value) goja.Value { return orNullJS(this.Get(arg.String())) }},
		{"size", func(_ *js, this *goja.Object, _ goja.Value) goja.Value { return this.Get("length") }},
		{"isEmpty", func(j *js, this *goja.Object, _ goja.Value) goja.Value {
			return j.vm.ToValue(this.Get("length").ToInteger() == 0)
		}},
		{"contains", func(j *js, this *goja.Object, arg goja.Value) goja.Value {
			xs, _ := items(j.from(this))
			return j.vm.ToValue((&sequence{list: xs}).index(j.from(arg)) >= 0)
		}},
		{"toArray", func(j *js, this *goja.Object, _ goja.Value) goja.Value {
			xs, _ := items(j.from(this))
			return j.array(xs)
		}},
		{"iterator", func(j *js, this *goja.Object, _ goja.Value) goja.Value {
			xs, _ := items(j.from(this))
			return j.wrap(&iterator{list: xs})
		}},
	}
}

func orNullJS(v goja.Value) goja.Value {
	if v == nil {
		return goja.Null()
	}
	return v
}

// own is a member that the object itself has, nil for those of its prototypes.
func (j *js) own(o *goja.Object, name goja.Value) goja.Value {
	v := o.Get(name.String())
	if v == nil {
		return nil
	}
	if inherited := o.Prototype().Get(name.String()); inherited != nil && inherited.SameAs(v) {
		return nil
	}
	return v
}

// lend gives an object those of the methods that the script names.
func (j *js) lend(o *goja.Object, proto **goja.Object, loans func() []loan) {
	if *proto == nil {
		*proto = o.Prototype()
		var lent *goja.Object
		for _, l := range loans() {
			if !j.names.has(l.name) {
				continue
			}
			if lent == nil {
				lent = j.vm.CreateObject(o.Prototype())
				*proto = lent
			}
			_ = lent.DefineDataProperty(l.name, j.vm.ToValue(func(call goja.FunctionCall) goja.Value {
				return l.call(j, call.This.ToObject(j.vm), call.Argument(0))
			}), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
		}
	}
	if *proto != o.Prototype() {
		_ = o.SetPrototype(*proto)
	}
}
