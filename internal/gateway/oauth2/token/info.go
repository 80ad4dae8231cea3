package token

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// Info is a JSON object that keeps the order of its members and cannot be changed,
// since cached tokens are read by many requests at once. Values are nil, bool, int64,
// float64, string, List or *Info.
//
// It is made for keeping many of them: names are shared by all objects that have the
// same ones, and so are values that are as in the first of these; the others stay the
// text that they were, and are read when they are asked for.
type Info struct {
	shape  *shape
	packed string // for each member a number of asCommon, asOther, ownText, and what follows it
}

// List is a JSON array that cannot be changed.
type List []any

// maxDepth bounds the nesting of objects and lists.
const maxDepth = 64

var errShape = errors.New("not a JSON object, or a name is repeated")

// ParseInfo reads a JSON object. Repeated names are refused: two readers could take
// different ones.
func ParseInfo(b []byte) (*Info, error) { return parse(b, maxDepth) }

// decoder reads from a buffer, which jsontext does without a copy.
type decoder struct {
	jsontext.Decoder
	from bytes.Buffer
}

// decoders are used again: one costs more than reading a token with it.
var decoders = sync.Pool{New: func() any { return &decoder{} }}

func parse(b []byte, depth int) (*Info, error) {
	if depth == 0 {
		return nil, errShape
	}
	d := decoders.Get().(*decoder)
	defer decoders.Put(d)
	d.from = *bytes.NewBuffer(b)
	d.Reset(&d.from) // refuses repeated names and broken UTF-8
	if d.PeekKind() != '{' {
		return nil, errShape
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, errShape
	}
	// What is read is overwritten by the next read, b is not.
	next := func() ([]byte, error) {
		v, err := d.ReadValue()
		end := int(d.InputOffset())
		return b[end-len(v) : end], err
	}
	var room [24]member
	members := room[:0]
	for d.PeekKind() != '}' {
		name, err := next()
		if err != nil {
			return nil, errShape
		}
		v, err := next()
		if err != nil || !fits(v, depth-1) {
			return nil, errShape
		}
		members = append(members, member{name, v})
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, errShape
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errShape
	}
	return pack(members), nil
}

// fits tells whether JSON is a value here: it must not have numbers that are too large,
// nor too many levels.
func fits(v []byte, depth int) bool {
	if v[0] == '"' {
		return true
	}
	for at := 0; at < len(v); at++ {
		switch c := v[at]; {
		case c == '"':
			for at++; v[at] != '"'; at++ {
				if v[at] == '\\' {
					at++
				}
			}
		case c == '{' || c == '[':
			if depth--; depth < 0 {
				return false
			}
		case c == '}' || c == ']':
			depth++
		case c == '-' || '0' <= c && c <= '9':
			start := at
			for at+1 < len(v) && strings.IndexByte("+-.0123456789Ee", v[at+1]) >= 0 {
				at++
			}
			if at-start < 18 && bytes.IndexByte(v[start:at+1], 'e') < 0 && bytes.IndexByte(v[start:at+1], 'E') < 0 {
				continue
			}
			if _, err := number(string(v[start : at+1])); err != nil {
				return false
			}
		}
	}
	return true
}

// decode reads a value that is JSON.
func decode(raw string, depth int) (any, error) {
	switch raw[0] {
	case 'n':
		return nil, nil
	case 't', 'f':
		return raw[0] == 't', nil
	case '"':
		return unquoted(raw)
	case '{':
		return parse([]byte(raw), depth)
	case '[':
		return decodeList(raw, depth)
	}
	return number(raw)
}

// unquoted reads a string. Most are as they are written, and then it is a part of raw.
func unquoted(raw string) (string, error) {
	if inner := raw[1 : len(raw)-1]; strings.IndexByte(inner, '\\') < 0 {
		return inner, nil
	}
	text, err := jsontext.AppendUnquote(nil, raw)
	return string(text), err
}

func decodeList(raw string, depth int) (List, error) {
	if depth == 0 {
		return nil, errShape
	}
	d := jsontext.NewDecoder(strings.NewReader(raw))
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	list := List{}
	for d.PeekKind() != ']' {
		v, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		e, err := decode(string(v), depth-1)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
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
	members := make([]member, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		members = append(members, member{written(name), written(m[name])})
	}
	return pack(members)
}

// written is the JSON text of a value.
func written(v any) []byte {
	switch v.(type) {
	case nil, bool, int, int64, float64, string, []string, []any, map[string]any, List, *Info:
		if b, err := json.Marshal(jsonOf(v)); err == nil {
			return b
		}
	}
	b, _ := json.Marshal(fmt.Sprint(v)) // a text can be written
	return b
}

func jsonOf(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return InfoOf(v)
	case []any:
		list := make([]json.RawMessage, len(v))
		for i, e := range v {
			list[i] = written(e)
		}
		return list
	}
	return v
}

// raw is the JSON text of the member at a place.
func (i *Info) raw(at int) string {
	rest := i.packed
	for n := 0; ; n++ {
		what, size := uvarint(rest)
		rest = rest[size:]
		text := ""
		switch what {
		case asCommon:
			text = i.shape.common[n]
		case asOther:
			other, size := uvarint(rest)
			rest = rest[size:]
			if n == at {
				return i.raw(other)
			}
		default:
			text, rest = rest[:what-ownText], rest[what-ownText:]
		}
		if n == at {
			return text
		}
	}
}

// Has tells whether there is such a member, null or not.
func (i *Info) Has(name string) bool {
	_, ok := i.shape.index[name]
	return ok
}

// Get returns a member.
func (i *Info) Get(name string) (any, bool) {
	at, ok := i.shape.index[name]
	if !ok {
		return nil, false
	}
	v, _ := decode(i.raw(at), maxDepth) // it was read before without an error
	return v, true
}

// Text returns a member that is a text.
func (i *Info) Text(name string) (string, bool) {
	at, ok := i.shape.index[name]
	if !ok {
		return "", false
	}
	raw := i.raw(at)
	if raw[0] != '"' {
		return "", false
	}
	text, err := unquoted(raw)
	return text, err == nil
}

// GetText returns a member that is a text, for expressions.
func (i *Info) GetText(name string) (string, bool) { return i.Text(name) }

// Int returns a member that is a number, or a text that spells one, as a whole number.
func (i *Info) Int(name string) (int64, bool) {
	v, _ := i.Get(name)
	switch n := v.(type) {
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
func (i *Info) Keys() []string { return slices.Clone(i.shape.names) }

// Plain copies the object into a map that may be changed.
func (i *Info) Plain() map[string]any {
	m := make(map[string]any, len(i.shape.names))
	for _, n := range i.shape.names {
		v, _ := i.Get(n)
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
		for n, name := range v.shape.names {
			b.WriteString([]string{"{", ", "}[min(n, 1)])
			b.WriteString(name)
			b.WriteByte('=')
			e, _ := v.Get(name)
			write(b, e)
		}
		if len(v.shape.names) == 0 {
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
	for n, name := range i.shape.names {
		if n > 0 {
			b = append(b, ',')
		}
		quoted, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, quoted...), ':'), i.raw(n)...)
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
