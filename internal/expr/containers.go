package expr

import (
	"maps"
	"slices"
)

// Lists and maps come as several Go types; the rest of the package sees them
// as Sequence and mapping.

type (
	anyList  []any
	textList []string
	mapList  []map[string]any
)

func (l anyList) Len() int        { return len(l) }
func (l anyList) At(i int) Value  { return l[i] }
func (l textList) Len() int       { return len(l) }
func (l textList) At(i int) Value { return l[i] }
func (l mapList) Len() int        { return len(l) }
func (l mapList) At(i int) Value  { return l[i] }

// listOf is v as a list, if it is one.
func listOf(v Value) (Sequence, bool) {
	switch v := v.(type) {
	case []any:
		return anyList(v), true
	case []string:
		return textList(v), true
	case []map[string]any:
		return mapList(v), true
	case Sequence:
		return v, true
	}
	return nil, false
}

// mapping is the view of a map.
type mapping interface {
	size() int
	keys() []string
	get(key string) (Value, bool)
}

type (
	anyMap    map[string]any
	textMap   map[string]string
	valuesMap map[string][]string
	keyedMap  struct{ Keyed }
)

// mapOf is v as a map, if it is one.
func mapOf(v Value) (mapping, bool) {
	if m, ok := plainMapOf(v); ok {
		return m, true
	}
	if k, ok := v.(Keyed); ok {
		return keyedMap{k}, true
	}
	return nil, false
}

// plainMapOf leaves out host objects, which are equal by identity.
func plainMapOf(v Value) (mapping, bool) {
	switch v := v.(type) {
	case map[string]any:
		return anyMap(v), true
	case map[string]string:
		return textMap(v), true
	case map[string][]string:
		return valuesMap(v), true
	}
	return nil, false
}

// Go maps have no order; sorted keys make texts and keyMatch repeatable.

func (m anyMap) size() int      { return len(m) }
func (m anyMap) keys() []string { return slices.Sorted(maps.Keys(m)) }
func (m anyMap) get(key string) (Value, bool) {
	v, ok := m[key]
	return v, ok
}

func (m textMap) size() int      { return len(m) }
func (m textMap) keys() []string { return slices.Sorted(maps.Keys(m)) }
func (m textMap) get(key string) (Value, bool) {
	v, ok := m[key]
	if !ok {
		return nil, false
	}
	return v, true
}

func (m valuesMap) size() int      { return len(m) }
func (m valuesMap) keys() []string { return slices.Sorted(maps.Keys(m)) }
func (m valuesMap) get(key string) (Value, bool) {
	v, ok := m[key]
	if !ok {
		return nil, false
	}
	return v, true
}

func (m keyedMap) size() int      { return len(m.Keys()) }
func (m keyedMap) keys() []string { return m.Keys() }
func (m keyedMap) get(key string) (Value, bool) {
	switch o := m.Keyed.(type) {
	case Indexer:
		return o.Index(key)
	case Object:
		return o.Get(key)
	}
	return nil, false
}
