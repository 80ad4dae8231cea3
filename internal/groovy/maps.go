package groovy

import (
	"fmt"
	"math/big"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"sync"
)

type mapKind uint8

const (
	mapLinked mapKind = iota
	mapHash
	mapTree
	mapConcurrent
	mapImmutable
	mapProperties
)

type mapEntry struct {
	hk   any
	key  Value
	val  Value
	live bool
}

// Map is java.util.LinkedHashMap and, by kind, HashMap, TreeMap,
// ConcurrentHashMap or an unmodifiable map. Iteration follows insertion, in a
// TreeMap the order of keys. It locks itself, so that one which two runs share
// through a host can be harmed by neither.
//
// Deviation: a GString key is the same key as the equal string; in the original
// it would be lost.
type Map struct {
	mu   sync.Mutex
	ents []mapEntry
	idx  map[any]int // nil while there are few entries
	n    int
	kind mapKind
	less func(a, b Value) bool // TreeMap
	def  *Closure              // withDefault
	loan bool                  // withDefault that does not store what it gives
	base *Map                  // withDefault: the map that has the entries
}

const smallMap = 8

// NewMap makes an empty ordered map.
func NewMap() *Map { return &Map{} }

// NewConcurrentMap makes a ConcurrentHashMap, the right kind for state that
// outlives a run.
func NewConcurrentMap() *Map { return &Map{kind: mapConcurrent} }

func (m *Map) find(hk any) int {
	if m.idx != nil {
		if i, ok := m.idx[hk]; ok {
			return i
		}
		return -1
	}
	for i := range m.ents {
		if m.ents[i].live && m.ents[i].hk == hk {
			return i
		}
	}
	return -1
}

// keyAt is the key at a place of a TreeMap.
func (m *Map) keyAt(i int) (Value, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i >= len(m.ents) {
		return nil, false
	}
	return m.ents[i].key, true
}

// place is where a key stands in a TreeMap, or would. The order may be script code, which
// must not run under the lock.
func (m *Map) place(key Value) (at int, found bool) {
	low, high := 0, m.Len()
	for low < high {
		mid := (low + high) / 2
		k, ok := m.keyAt(mid)
		if !ok {
			return mid, false
		}
		if m.less(key, k) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	if low > 0 {
		if k, ok := m.keyAt(low - 1); ok && !m.less(k, key) {
			return low - 1, true
		}
	}
	return low, false
}

// lookup is place for a key that may have no order among those of the map: it is not there then.
func (m *Map) lookup(key Value) (at int, found bool) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *Thrown, *LimitError:
			at, found = 0, false
		default:
			panic(r)
		}
	}()
	return m.place(key)
}

func (m *Map) ordered() bool { return m.kind == mapTree && m.less != nil }

// Get reads an entry; keys given as Go strings find string keys.
func (m *Map) Get(key Value) (Value, bool) {
	if m.base != nil {
		return m.base.Get(key)
	}
	if m.ordered() {
		at, found := m.lookup(key)
		m.mu.Lock()
		defer m.mu.Unlock()
		if !found || at >= len(m.ents) {
			return nil, false
		}
		return m.ents[at].val, true
	}
	hk := keyOf(key)
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := m.find(hk); i >= 0 {
		return m.ents[i].val, true
	}
	return nil, false
}

// Put stores an entry and gives the previous value.
func (m *Map) Put(key, val Value) Value {
	if g, ok := key.(*GString); ok {
		key = g.String()
	}
	if m.base != nil {
		return m.base.Put(key, val)
	}
	if m.ordered() {
		at, found := m.place(key)
		m.mu.Lock()
		defer m.mu.Unlock()
		at = min(at, len(m.ents))
		if found && at < len(m.ents) {
			old := m.ents[at].val
			m.ents[at].val = val
			return old
		}
		m.n++
		m.ents = append(m.ents, mapEntry{})
		copy(m.ents[at+1:], m.ents[at:])
		m.ents[at] = mapEntry{key: key, val: val, live: true}
		return nil
	}
	hk := keyOf(key)
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := m.find(hk); i >= 0 {
		old := m.ents[i].val
		m.ents[i].val = val
		return old
	}
	m.insert(mapEntry{hk: hk, key: key, val: val, live: true})
	return nil
}

func (m *Map) insert(e mapEntry) {
	m.n++
	m.ents = append(m.ents, e)
	if m.idx != nil {
		m.idx[e.hk] = len(m.ents) - 1
	} else if len(m.ents) > smallMap {
		m.index()
	}
}

func (m *Map) index() {
	if len(m.ents) <= smallMap {
		m.idx = nil
		return
	}
	m.idx = make(map[any]int, len(m.ents)*2)
	for i := range m.ents {
		if m.ents[i].live {
			m.idx[m.ents[i].hk] = i
		}
	}
}

func (m *Map) compact() {
	if m.n == len(m.ents) {
		return
	}
	out := make([]mapEntry, 0, m.n)
	for _, e := range m.ents {
		if e.live {
			out = append(out, e)
		}
	}
	m.ents = out
	m.index()
}

// Remove deletes an entry and gives its value.
func (m *Map) Remove(key Value) (Value, bool) {
	if m.base != nil {
		return m.base.Remove(key)
	}
	if m.ordered() {
		at, found := m.lookup(key)
		m.mu.Lock()
		defer m.mu.Unlock()
		if !found || at >= len(m.ents) {
			return nil, false
		}
		old := m.ents[at].val
		m.ents = append(m.ents[:at], m.ents[at+1:]...)
		m.n--
		return old, true
	}
	hk := keyOf(key)
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.find(hk)
	if i < 0 {
		return nil, false
	}
	old := m.ents[i].val
	m.ents[i] = mapEntry{}
	if m.idx != nil {
		delete(m.idx, hk)
	}
	m.n--
	if len(m.ents) > 2*m.n+4 {
		m.compact()
	}
	return old, true
}

// Len is the number of entries.
func (m *Map) Len() int {
	if m.base != nil {
		return m.base.Len()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.n
}

// Clear removes all entries.
func (m *Map) Clear() {
	if m.base != nil {
		m.base.Clear()
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ents, m.idx, m.n = nil, nil, 0
}

// Keys lists the keys in order.
func (m *Map) Keys() []Value {
	if m.base != nil {
		return m.base.Keys()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]Value, 0, m.n)
	for i := range m.ents {
		if m.ents[i].live {
			out = append(out, m.ents[i].key)
		}
	}
	return out
}

// Values lists the values in order.
func (m *Map) Values() []Value {
	if m.base != nil {
		return m.base.Values()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]Value, 0, m.n)
	for i := range m.ents {
		if m.ents[i].live {
			out = append(out, m.ents[i].val)
		}
	}
	return out
}

// Each calls yield for a snapshot of the entries until it gives false.
func (m *Map) Each(yield func(k, v Value) bool) {
	for _, e := range m.entries() {
		if !yield(e.key, e.val) {
			return
		}
	}
}

func (m *Map) entries() []*Entry {
	if m.base != nil {
		return m.base.entries()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	block := make([]Entry, 0, m.n)
	out := make([]*Entry, 0, m.n)
	for i := range m.ents {
		if m.ents[i].live {
			block = append(block, Entry{m: m, key: m.ents[i].key, val: m.ents[i].val})
			out = append(out, &block[len(block)-1])
		}
	}
	return out
}

// Entry is a Map.Entry; setting its value changes the map.
type Entry struct {
	m        *Map
	key, val Value
}

// Set is java.util.LinkedHashSet and, by the kind of its map, HashSet or TreeSet.
type Set struct {
	m  Map
	of *Map // whose keys or entries it has: what is removed here is removed there
}

func (s *Set) remove(v Value) {
	s.m.Remove(v)
	if s.of == nil {
		return
	}
	if e, ok := v.(*Entry); ok && e.m == s.of {
		v = e.key
	}
	s.of.Remove(v)
}

func (s *Set) clear() {
	s.m.Clear()
	if s.of != nil {
		s.of.Clear()
	}
}

// NewSet makes a set.
func NewSet(items ...Value) *Set {
	s := &Set{}
	for _, v := range items {
		s.Add(v)
	}
	return s
}

// Add puts an element in and reports whether it is new.
func (s *Set) Add(v Value) bool {
	n := s.m.Len()
	if _, has := s.m.Get(v); has {
		return false
	}
	s.m.Put(v, nil)
	return s.m.Len() > n
}

// Has tells whether the set contains an equal element.
func (s *Set) Has(v Value) bool { _, ok := s.m.Get(v); return ok }

// Len is the number of elements.
func (s *Set) Len() int { return s.m.Len() }

// Items lists the elements.
func (s *Set) Items() []Value { return s.m.Keys() }

type (
	bigKey    struct{ s string }
	structKey struct{ s string }
	bytesKey  struct {
		p *byte
		n int
	}
	objKey struct {
		c *scriptClass
		h string
	}
)

// keyed values say themselves what makes them equal as map keys.
type keyed interface{ mapKey() any }

// keyOf gives a comparable Go value which is equal for equal keys.
func keyOf(v Value) any {
	switch x := v.(type) {
	case string, int32, nil, bool, int64, float64, int8, int16, float32, Char, *Closure, *Class, *Thrown:
		return v
	case *GString:
		return x.String()
	case *Object:
		return x.hashKey()
	case *big.Int:
		return bigKey{x.String()}
	case *Decimal:
		return bigKey{"d" + x.String()}
	case []byte:
		if len(x) == 0 {
			return bytesKey{}
		}
		return bytesKey{&x[0], len(x)}
	case *List:
		if x.kind == listArray {
			return x
		}
		return structKey{structText(x, 0)}
	case *Set, *Map, *Range, *Entry:
		return structKey{structText(x, 0)}
	case keyed:
		return x.mapKey()
	case Host:
		for c := x.GroovyClass(); c != nil; c = c.Super {
			if c.HashKey != nil {
				return c.HashKey(x)
			}
		}
	}
	if t := reflect.TypeOf(v); t.Comparable() {
		return v
	}
	return fmt.Sprintf("%T", v)
}

// structText spells a collection so that equal collections are spelled alike.
func structText(v Value, depth int) string {
	sp := &speller{}
	return sp.spell(v, depth)
}

// speller bounds the spelling: data whose parts are shared can unfold enormously.
type speller struct{ n int }

const maxSpelling = 8 << 20

func (sp *speller) count(s string) string {
	if sp.n += len(s) + 8; sp.n > maxSpelling {
		panic(&LimitError{Limit: "memory"})
	}
	return s
}

func (sp *speller) spell(v Value, depth int) string {
	if depth > 50 {
		return sp.count("…")
	}
	switch x := v.(type) {
	case *List:
		return sp.seq("[", x.Items(), depth)
	case *Range:
		return sp.seq("[", x.items(nil), depth)
	case *Set:
		return sp.set("{", x.Items(), depth)
	case *Entry:
		return sp.seq("e", []Value{x.key, x.val}, depth)
	case *Map:
		parts := []Value{}
		for _, e := range x.entries() {
			parts = append(parts, e)
		}
		return sp.set("m", parts, depth)
	case *Object:
		if x.sc.structural {
			return sp.seq(fmt.Sprintf("o%p", x.sc), x.sc.values(x), depth)
		}
	case optional:
		return sp.seq("optional"+strconv.FormatBool(x.ok), []Value{x.v}, depth)
	}
	return sp.count(keyText(keyOf(v)))
}

func (sp *speller) seq(open string, items []Value, depth int) string {
	parts := make([]string, len(items))
	for i, x := range items {
		parts[i] = sp.spell(x, depth+1)
	}
	return sp.joined(open, parts)
}

func (sp *speller) joined(open string, parts []string) string {
	var b strings.Builder
	b.WriteString(open)
	for _, t := range parts {
		fmt.Fprintf(&b, "%d:%s,", len(t), t)
	}
	return sp.count(b.String())
}

func (sp *speller) set(open string, items []Value, depth int) string {
	parts := make([]string, len(items))
	for i, x := range items {
		parts[i] = sp.spell(x, depth+1)
	}
	sort.Strings(parts)
	return sp.joined(open, parts)
}

// keyText spells a key; objects only by their address, never their content.
func keyText(k any) string {
	switch x := k.(type) {
	case bigKey:
		return "n:" + x.s
	case structKey:
		return "s:" + x.s
	case objKey:
		return fmt.Sprintf("o%p:%s", x.c, x.h)
	case string, bool, int8, int16, int32, int64, float32, float64, Char:
		return fmt.Sprintf("%T:%v", k, k)
	case nil:
		return "null"
	}
	if reflect.ValueOf(k).Kind() == reflect.Pointer {
		return fmt.Sprintf("%p", k)
	}
	return fmt.Sprintf("%T:%v", k, k)
}
