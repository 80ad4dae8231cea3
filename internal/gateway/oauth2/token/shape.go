package token

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// shape is what objects with the same names in the same order have in common.
type shape struct {
	names  []string
	index  map[string]int
	common []string // the JSON texts of the first object's values
	scopes []string // of the common value of the member "scope"
}

// member is one of an object that is being made.
type member struct{ name, raw []byte } // JSON texts

// What stands for a value in Info.packed: the value is that of the shape; it is that of an
// earlier member, whose place follows (user names come several times); or the length of
// its own text, which follows, plus ownText.
const (
	asCommon = iota
	asOther
	ownText
)

// maxShapes bounds how many shapes are shared; there is one for each kind of answer that
// an authorization server gives. Objects of further shapes have one of their own, and so
// have those with more than maxShared bytes: a shared shape stays, with all that it has.
const (
	maxShapes = 256
	maxShared = 16 << 10
)

var (
	shapes   atomic.Pointer[map[string]*shape] // replaced, never changed
	shapesMu sync.Mutex
)

// pack makes an object of its members.
func pack(members []member) *Info {
	var room [512]byte
	key := room[:0]
	for _, m := range members {
		key = binary.AppendUvarint(key, uint64(len(m.name)))
		key = append(key, m.name...)
	}
	s := shared(key, members)
	packed := room[:0]
	for i, m := range members {
		same := slices.IndexFunc(members[:i], func(other member) bool { return bytes.Equal(other.raw, m.raw) })
		switch {
		case string(m.raw) == s.common[i]:
			packed = append(packed, asCommon)
		case same >= 0 && len(m.raw) > 2:
			packed = append(packed, asOther)
			packed = binary.AppendUvarint(packed, uint64(same))
		default:
			packed = binary.AppendUvarint(packed, uint64(len(m.raw))+ownText)
			packed = append(packed, m.raw...)
		}
	}
	return &Info{shape: s, packed: string(packed)}
}

// shared returns the shape with these names, made of the members when there is none.
func shared(key []byte, members []member) *shape {
	if all := shapes.Load(); all != nil {
		if s := (*all)[string(key)]; s != nil {
			return s
		}
	}
	s := &shape{index: make(map[string]int, len(members))}
	size := 0
	for i, m := range members {
		size += len(m.name) + len(m.raw)
		v, _ := decode(string(m.name), maxDepth)
		name, _ := v.(string)
		s.names = append(s.names, name)
		s.index[name] = i
		s.common = append(s.common, string(m.raw))
		if name == "scope" {
			v, _ := decode(s.common[i], maxDepth)
			s.scopes = scopesOf(v)
		}
	}
	if size > maxShared {
		return s
	}
	shapesMu.Lock()
	defer shapesMu.Unlock()
	next := map[string]*shape{}
	if all := shapes.Load(); all != nil {
		if other := (*all)[string(key)]; other != nil {
			return other
		}
		if len(*all) >= maxShapes {
			return s
		}
		next = maps.Clone(*all)
	}
	next[string(key)] = s
	shapes.Store(&next)
	return s
}

// scopesOf reads the claim "scope", a text of words or a list (RFC 7662 §2.2, RFC 9068
// §2.2.3; PingAM writes lists).
func scopesOf(v any) []string {
	var scopes []string
	switch s := v.(type) {
	case string:
		return strings.Fields(s)
	case List:
		for _, e := range s {
			if word, ok := e.(string); ok {
				scopes = append(scopes, word)
			}
		}
	}
	return scopes
}

// scopes are those of the object.
func (i *Info) scopes() []string {
	at, ok := i.shape.index["scope"]
	if !ok {
		return nil
	}
	if raw := i.raw(at); raw != i.shape.common[at] {
		v, _ := decode(raw, maxDepth)
		return scopesOf(v)
	}
	return i.shape.scopes
}

// uvarint reads a number of binary.AppendUvarint, which is below 1<<28 here.
func uvarint(s string) (n, size int) {
	for i := 0; ; i++ {
		n |= int(s[i]&0x7f) << (7 * i)
		if s[i] < 0x80 {
			return n, i + 1
		}
	}
}
