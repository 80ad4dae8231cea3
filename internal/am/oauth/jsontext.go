package oauth

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"
)

// object appends the members of a JSON object. Token and introspection answers are written with it, because
// the reflection of encoding/json costs more there than all the rest of the answer.
type object struct {
	buf []byte
	// instead holds members that are written at the end, by members; removed are left out.
	instead map[string]json.RawMessage
	removed []string
}

// objects are those that were given back.
var objects = sync.Pool{New: func() any { return &object{buf: make([]byte, 0, 1024)} }}

func newObject() *object {
	o := objects.Get().(*object)
	*o = object{buf: append(o.buf[:0], '{')}
	return o
}

// free gives the object back, where it and what end returned are not used any more. Who does not call it loses nothing.
func (o *object) free() {
	if cap(o.buf) <= 4<<10 {
		objects.Put(o)
	}
}

// hides tells whether a script set or removed the member.
func (o *object) hides(name string) bool {
	if o.instead == nil && o.removed == nil {
		return false
	}
	_, there := o.instead[name]
	return there || slices.Contains(o.removed, name)
}

func (o *object) name(name string) {
	if len(o.buf) > 1 {
		o.buf = append(o.buf, ',')
	}
	o.buf = append(appendText(o.buf, name), ':')
}

func (o *object) text(name, value string) {
	if o.hides(name) {
		return
	}
	o.name(name)
	o.buf = appendText(o.buf, value)
}

// some writes the member unless value is empty.
func (o *object) some(name, value string) {
	if value != "" {
		o.text(name, value) // which looks whether it is hidden
	}
}

func (o *object) number(name string, value int64) {
	if o.hides(name) {
		return
	}
	o.name(name)
	o.buf = strconv.AppendInt(o.buf, value, 10)
}

func (o *object) flag(name string, value bool) {
	if o.hides(name) {
		return
	}
	o.name(name)
	o.buf = strconv.AppendBool(o.buf, value)
}

func (o *object) list(name string, values []string) {
	if o.hides(name) {
		return
	}
	o.name(name)
	o.buf = append(o.buf, '[')
	for i, v := range values {
		if i > 0 {
			o.buf = append(o.buf, ',')
		}
		o.buf = appendText(o.buf, v)
	}
	o.buf = append(o.buf, ']')
}

// raw writes a member that is JSON already, unless it is empty.
func (o *object) raw(name string, value json.RawMessage) {
	if len(value) > 0 && !o.hides(name) {
		o.name(name)
		o.buf = append(o.buf, value...)
	}
}

// rest writes the members of instead in the order of their names.
func (o *object) rest() {
	members := o.instead
	if len(members) == 0 {
		return
	}
	o.instead, o.removed = nil, nil
	for _, n := range slices.Sorted(maps.Keys(members)) {
		o.raw(n, members[n])
	}
}

func (o *object) end() []byte { return append(o.buf, '}') }

// plain tells the bytes that stand for themselves in a JSON string.
var plain = func() (table [256]bool) {
	for c := byte(0x20); c < utf8.RuneSelf; c++ {
		table[c] = c != '"' && c != '\\' && c != '<' && c != '>' && c != '&'
	}
	return table
}()

// appendText appends s as a JSON string. What has to be escaped is left to encoding/json.
func appendText(dst []byte, s string) []byte {
	for i := range len(s) {
		if !plain[s[i]] {
			quoted, _ := json.Marshal(s) // a string always is JSON
			return append(dst, quoted...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}
