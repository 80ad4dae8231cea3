package heap

import (
	"net/textproto"
	"slices"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
)

// Multimap is a configuration field that maps names, which are configuration
// expressions, to lists of runtime values: header fields, form parameters. A single
// value stands for a list of one. The order of the text is kept.
type Multimap []NamedTemplates

// NamedTemplates are the values of one name.
type NamedTemplates struct {
	Name   string
	Values []*expr.Template
}

// UnmarshalConf reads the map.
func (m *Multimap) UnmarshalConf(d *conf.Decoder, n *conf.Node) { m.read(d, n, nil) }

// DescribeConf names the kind of value.
func (*Multimap) DescribeConf() string { return "an object of names and lists of expressions" }

// read gives each name to check, unless that is nil.
func (m *Multimap) read(d *conf.Decoder, n *conf.Node, check func(key *conf.Node, name *string)) {
	n = d.Whole(n)
	if n.Kind != conf.Object {
		d.Errs.Add(n, "expected an object of names and lists of strings, found %s", n.Kind)
		return
	}
	for _, f := range n.Fields {
		var name string
		key := f.NameNode(n).Named(f.Name)
		if !d.Decode(key, &name) || f.Value.Kind == conf.Null {
			continue
		}
		if check != nil {
			check(key, &name)
		}
		item := NamedTemplates{Name: name}
		if f.Value.Kind == conf.List {
			d.Decode(f.Value, &item.Values)
		} else {
			var one *expr.Template
			d.Decode(f.Value, &one)
			item.Values = []*expr.Template{one}
		}
		*m = append(*m, item)
	}
}

// HeaderFields is a Multimap of header fields: the names are as messages have them, and
// one that no message may have is an error.
type HeaderFields struct{ Multimap }

// UnmarshalConf reads the map.
func (m *HeaderFields) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	m.read(d, n, func(key *conf.Node, name *string) {
		if chain.CheckHeader(*name, "") != nil {
			d.Errs.Add(key, "%q cannot be the name of a header field", *name)
		}
		*name = textproto.CanonicalMIMEHeaderKey(*name)
	})
}

// Has says whether a field is named, by its canonical name.
func (m HeaderFields) Has(name string) bool {
	return slices.ContainsFunc(m.Multimap, func(t NamedTemplates) bool { return t.Name == name })
}

// Eval returns the values of one name in a scope; those that are null are left out.
func (t NamedTemplates) Eval(s expr.Scope) []string {
	out := make([]string, 0, len(t.Values))
	for _, v := range t.Values {
		if text, ok := v.Text(s); ok {
			out = append(out, text)
		}
	}
	return out
}

// Text is a configuration field of one runtime text, or a list of them joined with
// line breaks.
type Text struct {
	parts []*expr.Template
}

// DescribeConf names the kind of value.
func (*Text) DescribeConf() string { return "an expression or a list of them" }

// UnmarshalConf reads the text.
func (t *Text) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	if n.Kind == conf.List {
		d.Decode(n, &t.parts)
	} else {
		var one *expr.Template
		d.Decode(n, &one)
		t.parts = []*expr.Template{one}
	}
}

// IsSet says whether the field was given.
func (t *Text) IsSet() bool { return t != nil && len(t.parts) > 0 }

// Const returns the text when it needs no request.
func (t *Text) Const() (string, bool) {
	var all string
	for i, p := range t.parts {
		v, ok := p.Const()
		if !ok {
			return "", false
		}
		if i > 0 {
			all += "\n"
		}
		if s, ok := v.(string); ok {
			all += s
		} else if v != nil {
			return "", false
		}
	}
	return all, true
}

// Eval returns the text; null is "".
func (t *Text) Eval(s expr.Scope) string {
	if len(t.parts) == 1 {
		text, _ := t.parts[0].Text(s)
		return text
	}
	var b []byte
	for i, p := range t.parts {
		if i > 0 {
			b = append(b, '\n')
		}
		text, _ := p.Text(s)
		b = append(b, text...)
	}
	return string(b)
}
