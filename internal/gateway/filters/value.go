package filters

import (
	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
)

// value is a configuration field of any JSON: the expressions in its strings are
// evaluated per exchange and keep the type of what they yield, the rest is constant.
// The zero value is null.
type value struct {
	constant any
	text     *expr.Template
	list     []value
	fields   []valueField
	isObject bool
}

type valueField struct {
	name  string
	value value
}

// UnmarshalConf reads the value.
func (v *value) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	switch n.Kind {
	case conf.String:
		d.Decode(n, &v.text)
	case conf.List:
		v.list = make([]value, len(n.List))
		for i, e := range n.List {
			v.list[i].UnmarshalConf(d, e)
		}
	case conf.Object:
		v.isObject = true
		for _, f := range n.Fields {
			item := valueField{name: f.Name}
			item.value.UnmarshalConf(d, f.Value)
			v.fields = append(v.fields, item)
		}
	default:
		v.constant = n.Plain()
	}
}

// DescribeConf names the kind of value.
func (*value) DescribeConf() string { return "a value" }

// objectValue is a value that is an object, or an expression that yields one.
type objectValue struct{ value }

// UnmarshalConf reads the value.
func (v *objectValue) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	before := d.Errs.Count()
	if v.value.UnmarshalConf(d, n); d.Errs.Count() == before && !v.isMap() {
		d.Errs.Add(n, "expected an object, or an expression that yields one")
	}
}

// DescribeConf names the kind of value.
func (*objectValue) DescribeConf() string { return "an object or an expression" }

// eval returns the value in a scope. Lists and maps are new at each call.
func (v *value) eval(s expr.Scope) any {
	switch {
	case v.text != nil:
		return v.text.Eval(s)
	case v.isObject:
		m := make(map[string]any, len(v.fields))
		for i := range v.fields {
			m[v.fields[i].name] = v.fields[i].value.eval(s)
		}
		return m
	case v.list != nil:
		out := make([]any, len(v.list))
		for i := range v.list {
			out[i] = v.list[i].eval(s)
		}
		return out
	}
	return v.constant
}

// isMap says that the configuration gives an object, or an expression that may yield one.
func (v *value) isMap() bool { return v.isObject || v.text != nil && !v.text.IsLiteral() }
