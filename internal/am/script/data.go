package script

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"gatehouse/internal/groovy"
)

// Values are those of groovy, in both languages: nil, bool, numbers, string, *groovy.Map
// (ordered), *groovy.List, *groovy.Set, hosts. JavaScript adds *sequence, a Java
// collection that it made or changes, and jsFunction.

// sequence is a Java collection in JavaScript: a list, or a set when its elements are
// unique.
type sequence struct {
	list   []groovy.Value
	unique bool
}

func (s *sequence) add(v groovy.Value) bool {
	if s.unique && s.index(v) >= 0 {
		return false
	}
	s.list = append(s.list, v)
	return true
}

func (s *sequence) index(v groovy.Value) int {
	for i, x := range s.list {
		if same(x, v) {
			return i
		}
	}
	return -1
}

func (s *sequence) drop(i int) groovy.Value {
	v := s.list[i]
	s.list = append(s.list[:i:i], s.list[i+1:]...)
	return v
}

// same is Java's equals, but numbers are equal whatever their type is.
func same(a, b groovy.Value) bool {
	switch x := a.(type) {
	case nil:
		return b == nil
	case string:
		t, ok := textOf(b)
		return ok && t == x
	case bool:
		y, ok := b.(bool)
		return ok && x == y
	}
	if n, ok := number(a); ok {
		m, is := number(b)
		return is && n == m
	}
	if x, ok := a.(*jsonValue); ok {
		y, is := b.(*jsonValue)
		return is && (x == y || text(a) == text(b))
	}
	if xs, ok := items(a); ok {
		ys, is := items(b)
		if !is || len(xs) != len(ys) {
			return false
		}
		for i := range xs {
			if !same(xs[i], ys[i]) {
				return false
			}
		}
		return true
	}
	switch a.(type) {
	case *groovy.Map, *groovy.GString:
		return text(a) == text(b)
	case groovy.Host:
		return a == b
	}
	return false
}

// items gives the elements of a collection.
func items(v groovy.Value) ([]groovy.Value, bool) {
	switch x := v.(type) {
	case *sequence:
		return x.list, true
	case *groovy.List:
		return x.Items(), true
	case *groovy.Set:
		return x.Items(), true
	case *jsonValue:
		return items(x.v)
	}
	return nil, false
}

// textOf gives the text of strings, and of Groovy's interpolated ones.
func textOf(v groovy.Value) (string, bool) {
	switch x := v.(type) {
	case string:
		return x, true
	case *groovy.GString:
		return x.String(), true
	case groovy.Char:
		return string(rune(x)), true
	}
	return "", false
}

// integer gives whole numbers.
func integer(v groovy.Value) (int64, bool) {
	switch x := v.(type) {
	case int64:
		return x, true
	case int32:
		return int64(x), true
	case int16:
		return int64(x), true
	case int8:
		return int64(x), true
	case int:
		return int64(x), true
	}
	if f, ok := number(v); ok && f == math.Trunc(f) && math.Abs(f) < 1<<63 {
		return int64(f), true
	}
	return 0, false
}

func number(v groovy.Value) (float64, bool) {
	switch x := v.(type) {
	case float64:
		return x, true
	case float32:
		return float64(x), true
	case *groovy.Decimal:
		f, err := strconv.ParseFloat(x.String(), 64)
		return f, err == nil
	case *big.Int:
		f, _ := new(big.Float).SetInt(x).Float64()
		return f, true
	case int64:
		return float64(x), true
	case int32:
		return float64(x), true
	case int16:
		return float64(x), true
	case int8:
		return float64(x), true
	case int:
		return float64(x), true
	}
	return 0, false
}

// text is Java's toString.
func text(v groovy.Value) string {
	var b strings.Builder
	writeText(&b, v, 0)
	return b.String()
}

const maxNesting = 64

func writeText(b *strings.Builder, v groovy.Value, depth int) {
	if depth > maxNesting {
		b.WriteString("...")
		return
	}
	if s, ok := textOf(v); ok {
		b.WriteString(s)
		return
	}
	if j, ok := v.(*jsonValue); ok {
		raw, err := encode(j.v)
		if err == nil {
			b.Write(raw)
		}
		return
	}
	if xs, ok := items(v); ok {
		b.WriteByte('[')
		for i, x := range xs {
			if i > 0 {
				b.WriteString(", ")
			}
			writeText(b, x, depth+1)
		}
		b.WriteByte(']')
		return
	}
	switch x := v.(type) {
	case *groovy.Map:
		b.WriteByte('{')
		first := true
		for _, k := range x.Keys() {
			if !first {
				b.WriteString(", ")
			}
			first = false
			y, _ := x.Get(k)
			writeText(b, k, depth+1)
			b.WriteByte('=')
			writeText(b, y, depth+1)
		}
		b.WriteByte('}')
	case float64:
		b.WriteString(strconv.FormatFloat(x, 'f', -1, 64))
	case *groovy.Class:
		b.WriteString("class " + x.Name)
	case *groovy.Thrown:
		b.WriteString(x.Class)
		if !x.NoMsg {
			b.WriteString(": " + x.Message)
		}
	case groovy.Host:
		if c := x.GroovyClass(); c.String != nil {
			b.WriteString(c.String(x))
		} else {
			b.WriteString(c.Name)
		}
	default:
		b.WriteString(groovy.ToString(v))
	}
}

// encode writes a value as JSON, in its own order. Values nested too deeply, in
// themselves for one, and objects that are no data are refused.
func encode(v groovy.Value) (json.RawMessage, error) {
	return appendJSON(nil, v, 0)
}

const maxJSON = 1 << 20

func appendJSON(buf []byte, v groovy.Value, depth int) ([]byte, error) {
	if depth > maxNesting || len(buf) > maxJSON {
		return nil, illegal("the value is too large or nested too deeply")
	}
	if s, ok := textOf(v); ok {
		raw, err := json.Marshal(s)
		return append(buf, raw...), err
	}
	if j, ok := v.(*jsonValue); ok {
		return appendJSON(buf, j.v, depth+1)
	}
	if xs, ok := items(v); ok {
		return appendList(buf, xs, depth)
	}
	switch x := v.(type) {
	case nil:
		return append(buf, "null"...), nil
	case bool:
		return strconv.AppendBool(buf, x), nil
	case *groovy.Decimal:
		return append(buf, x.Plain()...), nil
	case *big.Int:
		return x.Append(buf, 10), nil
	case *groovy.Map:
		return appendMap(buf, x, depth)
	case headerMap:
		return appendMap(buf, x.m, depth)
	case *groovy.Range:
		return appendRange(buf, x, depth)
	}
	if n, ok := integer(v); ok {
		return strconv.AppendInt(buf, n, 10), nil
	}
	if f, ok := number(v); ok {
		raw, err := json.Marshal(f)
		if err != nil {
			return nil, illegal("the number cannot be written as JSON")
		}
		return append(buf, raw...), nil
	}
	return nil, illegal("a value of %s cannot be written as JSON", kindOf(v))
}

func appendList(buf []byte, xs []groovy.Value, depth int) ([]byte, error) {
	buf = append(buf, '[')
	for i, x := range xs {
		if i > 0 {
			buf = append(buf, ',')
		}
		var err error
		if buf, err = appendJSON(buf, x, depth+1); err != nil {
			return nil, err
		}
	}
	return append(buf, ']'), nil
}

func appendMap(buf []byte, m *groovy.Map, depth int) ([]byte, error) {
	buf = append(buf, '{')
	for i, k := range m.Keys() {
		if i > 0 {
			buf = append(buf, ',')
		}
		name, err := json.Marshal(text(k))
		if err != nil {
			return nil, err
		}
		buf = append(append(buf, name...), ':')
		v, _ := m.Get(k)
		if buf, err = appendJSON(buf, v, depth+1); err != nil {
			return nil, err
		}
	}
	return append(buf, '}'), nil
}

func appendRange(buf []byte, r *groovy.Range, depth int) ([]byte, error) {
	xs, ok := groovy.ToGo(r).([]any)
	if !ok {
		return nil, illegal("the range cannot be written as JSON")
	}
	return appendList(buf, xs, depth)
}

// plain turns a value into plain Go data.
func plain(v groovy.Value) (any, error) {
	raw, err := encode(v)
	if err != nil {
		return nil, err
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, err
	}
	return out, nil
}

// decode reads JSON into values, whole numbers as such.
func decode(raw json.RawMessage) groovy.Value {
	if len(raw) == 0 {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil
	}
	return groovy.FromGo(numbers(v))
}

func numbers(v any) any {
	switch x := v.(type) {
	case json.Number:
		if n, err := x.Int64(); err == nil {
			return n
		}
		f, _ := x.Float64()
		return f
	case []any:
		for i := range x {
			x[i] = numbers(x[i])
		}
	case map[string]any:
		for k := range x {
			x[k] = numbers(x[k])
		}
	}
	return v
}

// kindOf names a value's class for messages.
func kindOf(v groovy.Value) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case *sequence:
		if x.unique {
			return "java.util.Set"
		}
		return "java.util.List"
	case *groovy.Map:
		return "java.util.Map"
	case *groovy.List:
		return "java.util.List"
	case *groovy.Set:
		return "java.util.Set"
	case *groovy.Thrown:
		return x.Class
	case *groovy.Closure, jsFunction:
		return "a function"
	case string, *groovy.GString:
		return "java.lang.String"
	case groovy.Host:
		return x.GroovyClass().Name
	}
	if _, ok := number(v); ok {
		return "java.lang.Number"
	}
	return fmt.Sprintf("%T", v)
}

func illegal(format string, args ...any) error {
	return groovy.Throw("java.lang.IllegalArgumentException", format, args...)
}

func unsupported(format string, args ...any) error {
	return groovy.Throw("java.lang.UnsupportedOperationException", format, args...)
}

// wrong is the error of a method whose arguments fit no signature.
func wrong(c *groovy.Call) error {
	kinds := make([]string, len(c.Args))
	for i, a := range c.Args {
		kinds[i] = kindOf(a)
	}
	return illegal("%s(%s): no such signature", c.Name, strings.Join(kinds, ", "))
}

func listOf(xs []string) *groovy.List {
	out := make([]groovy.Value, len(xs))
	for i, x := range xs {
		out[i] = x
	}
	return groovy.NewList(out...)
}

func setOf(xs []string) *groovy.Set {
	out := make([]groovy.Value, len(xs))
	for i, x := range xs {
		out[i] = x
	}
	return groovy.NewSet(out...)
}

// texts reads a collection of strings.
func texts(v groovy.Value) ([]string, bool) {
	xs, ok := items(v)
	if !ok {
		return nil, false
	}
	out := make([]string, 0, len(xs))
	for _, x := range xs {
		s, ok := textOf(x)
		if !ok {
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}
