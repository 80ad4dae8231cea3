package token

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Info is a JSON object that keeps the order of its members and cannot be changed,
// since cached tokens are read by many requests at once. Values are nil, bool, int64,
// float64, string, List or *Info.
type Info struct {
	names  []string
	values map[string]any
}

// List is a JSON array that cannot be changed.
type List []any

// maxDepth bounds the nesting of objects and lists.
const maxDepth = 64

var errShape = errors.New("not a JSON object, or a name is repeated")

// ParseInfo reads a JSON object. Repeated names are refused: two readers could take
// different ones.
func ParseInfo(b []byte) (*Info, error) {
	d := jsontext.NewDecoder(bytes.NewReader(b))
	if d.PeekKind() != '{' {
		return nil, errShape
	}
	v, err := value(d, maxDepth)
	if err != nil {
		return nil, errShape
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errShape
	}
	return v.(*Info), nil
}

func value(d *jsontext.Decoder, depth int) (any, error) {
	if depth == 0 {
		return nil, errShape
	}
	t, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch t.Kind() {
	case '{':
		return members(d, depth-1)
	case '[':
		list := List{}
		for d.PeekKind() != ']' {
			e, err := value(d, depth-1)
			if err != nil {
				return nil, err
			}
			list = append(list, e)
		}
		_, err := d.ReadToken()
		return list, err
	case '"':
		return t.String(), nil
	case '0':
		return number(t.String())
	case 't', 'f':
		return t.Bool(), nil
	}
	return nil, nil
}

func members(d *jsontext.Decoder, depth int) (any, error) {
	i := &Info{values: map[string]any{}}
	for d.PeekKind() != '}' {
		t, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		name := t.String() // the token's text is overwritten by the next read
		v, err := value(d, depth)
		if err != nil {
			return nil, err
		}
		i.names = append(i.names, name)
		i.values[name] = v
	}
	_, err := d.ReadToken()
	return i, err
}

func number(text string) (any, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err
}

// InfoOf copies a map; names are sorted. Values of other types than JSON has become
// their text.
func InfoOf(m map[string]any) *Info {
	i := &Info{values: make(map[string]any, len(m))}
	for name, v := range m {
		i.names = append(i.names, name)
		i.values[name] = frozen(v)
	}
	slices.Sort(i.names)
	return i
}

func frozen(v any) any {
	switch v := v.(type) {
	case nil, bool, int64, float64, string, List, *Info:
		return v
	case int:
		return int64(v)
	case map[string]any:
		return InfoOf(v)
	case []string:
		list := make(List, len(v))
		for i, s := range v {
			list[i] = s
		}
		return list
	case []any:
		list := make(List, len(v))
		for i, e := range v {
			list[i] = frozen(e)
		}
		return list
	}
	return fmt.Sprint(v)
}

// Get returns a member.
func (i *Info) Get(name string) (any, bool) {
	v, ok := i.values[name]
	return v, ok
}

// Text returns a member that is a text.
func (i *Info) Text(name string) (string, bool) {
	s, ok := i.values[name].(string)
	return s, ok
}

// GetText returns a member that is a text, for expressions.
func (i *Info) GetText(name string) (string, bool) { return i.Text(name) }

// Int returns a member that is a number, or a text that spells one, as a whole number.
func (i *Info) Int(name string) (int64, bool) {
	switch n := i.values[name].(type) {
	case int64:
		return n, true
	case float64:
		if n >= -1<<62 && n <= 1<<62 {
			return int64(n), true
		}
	case string:
		v, err := strconv.ParseInt(n, 10, 64)
		return v, err == nil
	}
	return 0, false
}

// Keys lists the names in the order of the text.
func (i *Info) Keys() []string { return slices.Clone(i.names) }

// Plain copies the object into a map that may be changed.
func (i *Info) Plain() map[string]any {
	m := make(map[string]any, len(i.names))
	for n, v := range i.values {
		m[n] = plain(v)
	}
	return m
}

func plain(v any) any {
	switch v := v.(type) {
	case *Info:
		return v.Plain()
	case List:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = plain(e)
		}
		return list
	}
	return v
}

// String is the object as Java prints maps: {a=b, c=[d]}.
func (i *Info) String() string {
	var b strings.Builder
	write(&b, i)
	return b.String()
}

func write(b *strings.Builder, v any) {
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case string:
		b.WriteString(v)
	case *Info:
		for n, name := range v.names {
			b.WriteString([]string{"{", ", "}[min(n, 1)])
			b.WriteString(name)
			b.WriteByte('=')
			write(b, v.values[name])
		}
		if len(v.names) == 0 {
			b.WriteByte('{')
		}
		b.WriteByte('}')
	case List:
		b.WriteString(v.String())
	default:
		fmt.Fprint(b, v)
	}
}

// MarshalJSON writes the object in its order.
func (i *Info) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for n, name := range i.names {
		if n > 0 {
			b = append(b, ',')
		}
		for _, part := range []any{name, i.values[name]} {
			text, err := json.Marshal(part)
			if err != nil {
				return nil, err
			}
			b = append(append(b, text...), ':')
		}
		b = b[:len(b)-1]
	}
	return append(b, '}'), nil
}

// Len is the number of elements.
func (l List) Len() int { return len(l) }

// At returns an element.
func (l List) At(i int) any { return l[i] }

// String is the list as Java prints it.
func (l List) String() string {
	var b strings.Builder
	b.WriteByte('[')
	for i, e := range l {
		if i > 0 {
			b.WriteString(", ")
		}
		write(&b, e)
	}
	b.WriteByte(']')
	return b.String()
}

func texts(list []string) List {
	out := make(List, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}
