package groovy

import "sync"

type listKind uint8

const (
	listArrayList listKind = iota
	listLinked
	listArray     // a Java array: fixed size
	listImmutable // List.of, asImmutable
)

// List is java.util.ArrayList and, by kind, LinkedList, an unmodifiable list or
// a Java array. It locks itself: lists reach other runs through shared maps.
type List struct {
	mu    sync.Mutex
	items []Value
	kind  listKind
	elem  string // an array's element type
	of    *Map   // whose values it has, those of keys: what is removed here is removed there
	keys  []Value
}

// gone removes from the map what was element i.
func (l *List) gone(i int) {
	if l.of != nil && i < len(l.keys) {
		l.of.Remove(l.keys[i])
		l.keys = append(l.keys[:i:i], l.keys[i+1:]...)
	}
}

// NewList makes a list which owns items.
func NewList(items ...Value) *List { return &List{items: items} }

func newArray(elem string, items []Value) *List {
	return &List{items: items, kind: listArray, elem: elem}
}

// Len is the number of elements.
func (l *List) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.items)
}

// At gives an element, nil when there is none.
func (l *List) At(i int) Value {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i < 0 || i >= len(l.items) {
		return nil
	}
	return l.items[i]
}

// Items gives a copy of the elements.
func (l *List) Items() []Value {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Value(nil), l.items...)
}

// Add appends elements.
func (l *List) Add(v ...Value) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.items = append(l.items, v...)
}

// setAt stores an element and reports whether the index exists.
func (l *List) setAt(i int, v Value) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i < 0 || i >= len(l.items) {
		return false
	}
	l.items[i] = v
	return true
}

// replace swaps all elements.
func (l *List) replace(items []Value) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.items = items
}

func (l *List) fixed() bool { return l.kind == listArray || l.kind == listImmutable }

// insert puts v before index i.
func (l *List) insert(i int, v ...Value) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i < 0 || i > len(l.items) {
		return false
	}
	out := make([]Value, 0, len(l.items)+len(v))
	out = append(append(append(out, l.items[:i]...), v...), l.items[i:]...)
	l.items = out
	return true
}

// removeAt takes an element out.
func (l *List) removeAt(i int) (Value, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i < 0 || i >= len(l.items) {
		return nil, false
	}
	v := l.items[i]
	if i == 0 { // of a queue
		l.items = l.items[1:]
		return v, true
	}
	l.items = append(l.items[:i:i], l.items[i+1:]...)
	return v, true
}
