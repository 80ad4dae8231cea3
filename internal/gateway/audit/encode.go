package audit

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

// encode writes an event as a JSON object on one line: the fields of every event
// first, the others by name.
func encode(event map[string]any) ([]byte, error) {
	names := slices.Sorted(maps.Keys(event))
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	w := writer{b: []byte{'{'}}
	for _, name := range names {
		text, err := marshal(event[name])
		if err != nil {
			return nil, err
		}
		w.key(name)
		w.b = append(w.b, text...)
	}
	return append(w.b, '}'), nil
}

func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(buf.Bytes(), []byte{'\n'}), err
}

// writer appends the members of JSON objects.
type writer struct {
	b []byte
}

// key begins a member.
func (w *writer) key(name string) {
	if last := w.b[len(w.b)-1]; last != '{' {
		w.b = append(w.b, ',')
	}
	w.b = append(appendText(w.b, name), ':')
}

func (w *writer) text(name, value string) {
	w.key(name)
	w.b = appendText(w.b, value)
}

func (w *writer) number(name string, n int64) {
	w.key(name)
	w.b = strconv.AppendInt(w.b, n, 10)
}

// open begins an object member.
func (w *writer) open(name string) {
	w.key(name)
	w.b = append(w.b, '{')
}

// shut ends an object.
func (w *writer) shut() { w.b = append(w.b, '}') }

func (w *writer) list(name string, values []string) {
	w.key(name)
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
