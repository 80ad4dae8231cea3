package script

import (
	"sort"

	"gatehouse/internal/groovy"
)

// sharedValue is an object of a script within data that expressions and filters read:
// they see its properties, elements and text.
type sharedValue struct{ v groovy.Value }

// shared gives the form in which a value is stored where others find it.
func shared(v groovy.Value) any {
	switch v := v.(type) {
	case *groovy.List, *groovy.Set, *groovy.Range:
		return &sharedList{sharedValue{v}}
	case *groovy.Map, *groovy.Closure, *groovy.Object, *jsonValue, *promise, *form, *header, *cookie:
		return &sharedValue{v}
	case nil, bool, string, []byte:
		return v
	}
	return fromScript(v)
}

func (s *sharedValue) String() string { return groovy.ToString(s.v) }

// Get returns a member of a map.
func (s *sharedValue) Get(name string) (any, bool) {
	switch v := s.v.(type) {
	case *groovy.Map:
		x, ok := v.Get(name)
		return shared(x), ok
	case *jsonValue:
		return (&sharedValue{v.v}).Get(name)
	case table:
		x, ok := v.at(name)
		return shared(x), ok
	case groovy.Host:
		if get := v.GroovyClass().Get[name]; get != nil {
			x, err := get(v)
			return shared(x), err == nil
		}
	}
	return nil, false
}

// Set stores a member of a map.
func (s *sharedValue) Set(name string, v any) error {
	if m, ok := s.v.(*groovy.Map); ok {
		m.Put(name, toScript(v))
		return nil
	}
	return readOnly("the object")
}

// Keys lists the names of a map.
func (s *sharedValue) Keys() []string {
	switch v := s.v.(type) {
	case *groovy.Map:
		keys := v.Keys()
		names := make([]string, len(keys))
		for i, k := range keys {
			names[i] = text(k)
		}
		return names
	case *jsonValue:
		return (&sharedValue{v.v}).Keys()
	case table:
		return v.keys()
	}
	return nil
}

// MarshalJSON writes the data.
func (s *sharedValue) MarshalJSON() ([]byte, error) { return marshalJSON(s.v) }

// sharedList is a collection of a script.
type sharedList struct{ sharedValue }

// Len is the number of elements.
func (s *sharedList) Len() int {
	items, _ := elements(s.v)
	return len(items)
}

// At returns an element.
func (s *sharedList) At(i int) any {
	items, _ := elements(s.v)
	if i < 0 || i >= len(items) {
		return nil
	}
	return shared(items[i])
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
