package conf

import (
	"math"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Unmarshaler is a field type that reads itself. It reports problems to d.Errs and
// leaves itself unset then.
type Unmarshaler interface {
	UnmarshalConf(d *Decoder, n *Node)
}

// Describer names the kind of value that a field type reads, for messages and the
// manual: "a handler".
type Describer interface{ DescribeConf() string }

// Decoder fills structs from nodes.
//
// Struct fields carry `conf:"name,option,…"`. Options: required; oneof=A|B (any
// case, stored as listed); min=N and max=N for numbers and lists; default=V (V is
// decoded like a JSON string in that place); alias=x|y (older spellings, read with a
// warning); unused=WHY (accepted and, with a warning, without effect). The name "-"
// skips a field, "*" takes a []Field with all members that no other field names. An
// embedded struct's fields count as the struct's own.
//
// A field that is JSON null is absent. Text stands for numbers and booleans where it
// can be read as one.
type Decoder struct {
	Errs *Errors
	// Eval evaluates a configuration expression in a string whose field holds plain
	// data (not an Unmarshaler). nil: strings are taken as they are.
	Eval func(n *Node) (v any, changed bool, err error)
	// Values carries what Unmarshalers need, by key of their own.
	Values map[any]any
}

// Decode fills dst, a pointer, from n and reports every problem to d.Errs. It says
// whether there was none.
func (d *Decoder) Decode(n *Node, dst any) bool {
	before := d.Errs.Count()
	d.value(n, reflect.ValueOf(dst).Elem(), options{})
	return d.Errs.Count() == before
}

// Whole returns what stands for n when n is an expression over the configuration that
// yields an object or a list, and n otherwise. Unmarshalers of objects and lists begin
// with it.
func (d *Decoder) Whole(n *Node) *Node {
	if n.Kind != String || d.Eval == nil {
		return n
	}
	res, changed, err := d.Eval(n)
	if err != nil || !changed {
		return n // whoever reads the text reports the error
	}
	switch res.(type) {
	case map[string]any, []any, []string:
		if at, ok := n.At(res); ok {
			return at
		}
	}
	return n
}

type options struct {
	name     string
	required bool
	oneof    []string
	min, max *float64
	def      string
	hasDef   bool
	alias    []string
	unused   string
}

// Options of all fields of t, "*" last.
func fieldOptions(f reflect.StructField) (options, bool) {
	tag, ok := f.Tag.Lookup("conf")
	if !ok || tag == "-" {
		return options{}, false
	}
	parts := strings.Split(tag, ",")
	o := options{name: parts[0]}
	for i, p := range parts[1:] {
		key, val, _ := strings.Cut(p, "=")
		switch key {
		case "required":
			o.required = true
		case "oneof":
			o.oneof = strings.Split(val, "|")
		case "min":
			o.min = number(val)
		case "max":
			o.max = number(val)
		case "default":
			o.def, o.hasDef = val, true
		case "alias":
			o.alias = strings.Split(val, "|")
		case "unused":
			o.unused = strings.Join(parts[i+1:], ",")[len("unused="):]
			return o, true
		default:
			panic("conf: unknown option " + p + " of field " + f.Name)
		}
	}
	return o, true
}

func number(s string) *float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic("conf: " + err.Error())
	}
	return &f
}

func (d *Decoder) structure(n *Node, v reflect.Value) {
	if n.Kind != Object {
		example := ""
		if f, ok := v.Type().FieldByName("Enabled"); ok && n.Kind == Bool && strings.HasPrefix(f.Tag.Get("conf"), "enabled") {
			example = ` such as {"enabled": ` + strconv.FormatBool(n.Bool) + "}"
		}
		d.Errs.Add(n, "expected an object%s, found %s", example, n.describe())
		return
	}
	known := []string{"comment"}
	var rest reflect.Value
	d.fields(n, v, &known, &rest)
	for _, f := range n.Fields {
		if slices.Contains(known, f.Name) || strings.HasPrefix(f.Name, "_") {
			continue
		}
		if rest.IsValid() {
			rest.Set(reflect.Append(rest, reflect.ValueOf(f)))
			continue
		}
		d.Errs.Warn(f.nameNode(n), "unknown field %q is ignored%s", f.Name, DidYouMean(f.Name, known[1:]))
	}
}

func (f Field) nameNode(parent *Node) *Node {
	return &Node{src: parent.src, off: f.off, parent: parent, key: f.Name}
}

// NameNode stands for the key of a field of n, for messages about the key itself.
func (f Field) NameNode(n *Node) *Node { return f.nameNode(n) }

func (d *Decoder) fields(n *Node, v reflect.Value, known *[]string, rest *reflect.Value) {
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct && f.Tag.Get("conf") == "" {
			d.fields(n, v.Field(i), known, rest)
			continue
		}
		o, ok := fieldOptions(f)
		if !ok {
			continue
		}
		if o.name == "*" {
			*rest = v.Field(i)
			continue
		}
		*known = append(*known, o.name)
		*known = append(*known, o.alias...)
		d.field(n, v.Field(i), o)
	}
}

func (d *Decoder) field(n *Node, v reflect.Value, o options) {
	val := n.Get(o.name)
	for _, old := range o.alias {
		if a := n.Get(old); a != nil {
			d.Errs.Warn(a, "%q is an older spelling of %q", old, o.name)
			if val == nil {
				val = a
			}
		}
	}
	if val == nil {
		if o.required {
			d.Errs.Add(n, "the required field %q is missing", o.name)
		}
		if !o.hasDef {
			return
		}
		val = &Node{Kind: String, Text: o.def, src: n.src, off: n.off, parent: n, key: o.name}
	} else if o.unused != "" {
		d.Errs.Warn(val, "the field has no effect: %s", o.unused)
	}
	if !d.value(val, v, o) && o.hasDef {
		d.value(&Node{Kind: String, Text: o.def, src: n.src, off: n.off, parent: n, key: o.name}, v, options{})
	}
}

func (n *Node) describe() string {
	if n.Kind == String && len(n.Text) <= 40 && n.Text != "" {
		return "a string"
	}
	return n.Kind.String()
}

// value reads n. It says whether there is a value: there is none, as for JSON null, where an
// expression yields null.
func (d *Decoder) value(n *Node, v reflect.Value, o options) (given bool) {
	if v.CanAddr() {
		if u, ok := v.Addr().Interface().(Unmarshaler); ok {
			u.UnmarshalConf(d, n)
			return true
		}
	}
	if v.Type() == reflect.TypeFor[*Node]() {
		v.Set(reflect.ValueOf(n))
		return true
	}
	if v.Kind() == reflect.Pointer {
		p := reflect.New(v.Type().Elem())
		if given = d.value(n, p.Elem(), o); given {
			v.Set(p)
		}
		return given
	}
	if n.Kind == String && d.Eval != nil {
		res, changed, err := d.Eval(n)
		if err != nil {
			d.Errs.Add(n, "%s", err)
			return true
		}
		if changed {
			at, ok := n.At(res)
			if !ok {
				d.Errs.Add(n, "the expression's value cannot be used in a configuration")
				return true
			}
			if at.Kind == Null {
				if o.required {
					d.Errs.Add(n, "the expression yields null, but the field is required")
				}
				return false
			}
			n = at
		}
	}
	switch v.Type() {
	case reflect.TypeFor[Duration]():
		d.duration(n, v, o)
		return true
	case reflect.TypeFor[URL]():
		d.url(n, v)
		return true
	}
	switch v.Kind() {
	case reflect.String:
		d.str(n, v, o)
	case reflect.Bool:
		d.boolean(n, v)
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Float64:
		d.number(n, v, o)
	case reflect.Slice:
		d.slice(n, v, o)
	case reflect.Map:
		d.mapping(n, v)
	case reflect.Struct:
		d.structure(n, v)
	case reflect.Interface:
		if x := d.plain(n); x != nil {
			v.Set(reflect.ValueOf(x))
		}
	default:
		panic("conf: cannot decode into " + v.Type().String())
	}
	return true
}

// plain is n.Plain with configuration expressions evaluated at any depth.
func (d *Decoder) plain(n *Node) any {
	switch n.Kind {
	case String:
		if d.Eval != nil {
			res, changed, err := d.Eval(n)
			if err != nil {
				d.Errs.Add(n, "%s", err)
				return nil
			}
			if changed {
				return res
			}
		}
	case List:
		list := make([]any, len(n.List))
		for i, e := range n.List {
			list[i] = d.plain(e)
		}
		return list
	case Object:
		m := make(map[string]any, len(n.Fields))
		for _, f := range n.Fields {
			m[f.Name] = d.plain(f.Value)
		}
		return m
	}
	return n.Plain()
}

func (d *Decoder) str(n *Node, v reflect.Value, o options) {
	text := n.Text
	switch n.Kind {
	case String, Number:
	case Bool:
		text = strconv.FormatBool(n.Bool)
	default:
		d.Errs.Add(n, "expected a string, found %s", n.describe())
		return
	}
	if o.oneof != nil {
		for _, allowed := range o.oneof {
			if strings.EqualFold(allowed, text) {
				v.SetString(allowed)
				return
			}
		}
		d.Errs.Add(n, "expected one of %s, found %q%s", strings.Join(o.oneof, ", "), text, DidYouMean(text, o.oneof))
		return
	}
	if o.required && text == "" {
		d.Errs.Add(n, "the required field %q is empty", o.name)
	}
	v.SetString(text)
}

func (d *Decoder) boolean(n *Node, v reflect.Value) {
	switch {
	case n.Kind == Bool:
		v.SetBool(n.Bool)
	case n.Kind == String && (strings.EqualFold(n.Text, "true") || strings.EqualFold(n.Text, "false")):
		v.SetBool(strings.EqualFold(n.Text, "true"))
	default:
		d.Errs.Add(n, "expected true or false, found %s", n.describe())
	}
}

func (d *Decoder) number(n *Node, v reflect.Value, o options) {
	if n.Kind != Number && n.Kind != String {
		d.Errs.Add(n, "expected a number, found %s", n.describe())
		return
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(n.Text), 64)
	if err != nil {
		d.Errs.Add(n, "expected a number, found %s", n.describe())
		return
	}
	if o.min != nil && f < *o.min {
		d.Errs.Add(n, "expected a number of at least %v, found %v", *o.min, n.Text)
		return
	}
	if o.max != nil && f > *o.max {
		d.Errs.Add(n, "expected a number of at most %s, found %s", strconv.FormatFloat(*o.max, 'f', -1, 64), n.Text)
		return
	}
	if v.Kind() == reflect.Float64 {
		v.SetFloat(f)
		return
	}
	if f != math.Trunc(f) || f >= 1<<63 || f < -1<<63 || v.OverflowInt(int64(f)) {
		d.Errs.Add(n, "expected a whole number, found %s", n.Text)
		return
	}
	v.SetInt(int64(f))
}

func (d *Decoder) duration(n *Node, v reflect.Value, o options) {
	text := n.Text
	if n.Kind == Number && text != "0" {
		d.Errs.Add(n, "expected a duration such as \"10 seconds\", found the bare number %s", text)
		return
	}
	if n.Kind != String && n.Kind != Number {
		d.Errs.Add(n, "expected a duration such as \"10 seconds\", found %s", n.describe())
		return
	}
	dur, err := ParseDuration(text)
	if err != nil {
		d.Errs.Add(n, "%s", err)
		return
	}
	if o.min != nil && float64(dur) < *o.min {
		d.Errs.Add(n, "the duration must not be zero")
		return
	}
	v.SetInt(int64(dur))
}

// URL is an absolute URL that was checked.
type URL struct {
	*url.URL
}

func (d *Decoder) url(n *Node, v reflect.Value) {
	if n.Kind != String {
		d.Errs.Add(n, "expected a URL, found %s", n.describe())
		return
	}
	u, err := url.Parse(strings.TrimSpace(n.Text))
	if err != nil || u.Scheme == "" || u.Host == "" && u.Scheme != "file" {
		d.Errs.Add(n, "expected an absolute URL such as \"https://host/path\", found %q", n.Text)
		return
	}
	v.Set(reflect.ValueOf(URL{u}))
}

func (d *Decoder) slice(n *Node, v reflect.Value, o options) {
	elem := v.Type().Elem()
	if n.Kind != List {
		d.Errs.Add(n, "expected a list of %s, found %s", plural(elem), n.describe())
		return
	}
	if o.min != nil && float64(len(n.List)) < *o.min {
		d.Errs.Add(n, "expected a list of %s, at least %v of them, found %d", plural(elem), *o.min, len(n.List))
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.List), len(n.List))
	for i, e := range n.List {
		if e.Kind == Null && elem.Kind() != reflect.Interface {
			d.Errs.Add(e, "expected %s, found null", singular(elem))
			continue
		}
		if !d.value(e, out.Index(i), options{oneof: o.oneof}) && elem.Kind() != reflect.Interface {
			d.Errs.Add(e, "expected %s, but the expression yields null", singular(elem))
		}
	}
	v.Set(out)
}

func (d *Decoder) mapping(n *Node, v reflect.Value) {
	t := v.Type()
	if n.Kind != Object {
		d.Errs.Add(n, "expected an object, found %s", n.describe())
		return
	}
	out := reflect.MakeMapWithSize(t, len(n.Fields))
	for _, f := range n.Fields {
		if f.Value.Kind == Null {
			continue
		}
		e := reflect.New(t.Elem()).Elem()
		if d.value(f.Value, e, options{}) {
			out.SetMapIndex(reflect.ValueOf(f.Name), e)
		}
	}
	v.Set(out)
}

func plural(t reflect.Type) string {
	s := singular(t)
	s = strings.TrimPrefix(strings.TrimPrefix(s, "a "), "an ")
	return s + "s"
}

func singular(t reflect.Type) string {
	if d, ok := reflect.New(t).Interface().(Describer); ok {
		return d.DescribeConf()
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "a boolean"
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list"
	case reflect.Interface:
		return "a value"
	case reflect.Pointer:
		return singular(t.Elem())
	}
	return "an object"
}
