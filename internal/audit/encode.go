package audit

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Encode writes an event as a JSON object on one line: the fields of every event
// first, the others by name.
func Encode(event map[string]any) ([]byte, error) {
	names := slices.Sorted(maps.Keys(event))
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	w := NewWriter(512)
	for _, name := range names {
		text, err := marshal(event[name])
		if err != nil {
			return nil, err
		}
		w.Raw(name, text)
	}
	return w.End(), nil
}

func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(buf.Bytes(), []byte{'\n'}), err
}

// Writer appends the members of JSON objects.
type Writer struct {
	b []byte
}

// NewWriter begins an object. size is a guess of its length in bytes.
func NewWriter(size int) *Writer { return &Writer{append(make([]byte, 0, size), '{')} }

// End ends the object and returns it. The writer must not be used afterwards.
func (w *Writer) End() []byte { return append(w.b, '}') }

// Raw appends a member whose value is JSON already.
func (w *Writer) Raw(name string, value []byte) {
	w.Key(name)
	w.b = append(w.b, value...)
}

// Key begins a member.
func (w *Writer) Key(name string) {
	if last := w.b[len(w.b)-1]; last != '{' {
		w.b = append(w.b, ',')
	}
	w.b = append(appendText(w.b, name), ':')
}

// Text appends a string.
func (w *Writer) Text(name, value string) {
	w.Key(name)
	w.b = appendText(w.b, value)
}

// Bool appends a boolean.
func (w *Writer) Bool(name string, v bool) {
	w.Key(name)
	w.b = strconv.AppendBool(w.b, v)
}

// Number appends a whole number.
func (w *Writer) Number(name string, n int64) {
	w.Key(name)
	w.b = strconv.AppendInt(w.b, n, 10)
}

// Open begins an object member.
func (w *Writer) Open(name string) {
	w.Key(name)
	w.b = append(w.b, '{')
}

// Shut ends an object.
func (w *Writer) Shut() { w.b = append(w.b, '}') }

// List appends a list of strings.
func (w *Writer) List(name string, values []string) {
	w.Key(name)
	w.b = append(w.b, '[')
	for i, v := range values {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = appendText(w.b, v)
	}
	w.b = append(w.b, ']')
}

// appendText appends a JSON string. No line break survives unescaped, so nobody can
// add a line to a log.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c == 0x7f || c >= utf8.RuneSelf {
			text, err := marshal(s)
			if err != nil {
				return append(b, `""`...)
			}
			return append(b, text...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
