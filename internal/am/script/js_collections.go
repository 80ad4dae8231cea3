package script

import (
	"slices"
	"strings"

	"gatehouse/internal/groovy"
)

// The methods of Java's collections, for JavaScript; Groovy has its own.

func (s *sequence) class() *groovy.Class {
	if s.unique {
		return setClass
	}
	return listClass
}

var collectionMethods = map[string]groovy.Method{
	"size":        onSequence(func(s *sequence, _ *groovy.Call) (groovy.Value, error) { return int64(len(s.list)), nil }),
	"isEmpty":     onSequence(func(s *sequence, _ *groovy.Call) (groovy.Value, error) { return len(s.list) == 0, nil }),
	"contains":    onSequence(func(s *sequence, c *groovy.Call) (groovy.Value, error) { return s.index(c.Arg(0)) >= 0, nil }),
	"containsAll": onSequence((*sequence).containsAll),
	"add":         onSequence((*sequence).addOne),
	"addAll":      onSequence((*sequence).addAll),
	"remove":      onSequence((*sequence).remove),
	"removeAll":   onSequence(func(s *sequence, c *groovy.Call) (groovy.Value, error) { return s.keep(c, false) }),
	"retainAll":   onSequence(func(s *sequence, c *groovy.Call) (groovy.Value, error) { return s.keep(c, true) }),
	"clear":       onSequence(func(s *sequence, _ *groovy.Call) (groovy.Value, error) { s.list = nil; return nil, nil }),
	"iterator": onSequence(func(s *sequence, _ *groovy.Call) (groovy.Value, error) {
		return &iterator{list: slices.Clone(s.list)}, nil
	}),
	"forEach": onSequence((*sequence).forEach),
	"toArray": onSequence(func(s *sequence, _ *groovy.Call) (groovy.Value, error) { return &array{slices.Clone(s.list)}, nil }),
}

var setClass = &groovy.Class{Name: "java.util.HashSet", Methods: collectionMethods}

var listClass = &groovy.Class{
	Name:  "java.util.ArrayList",
	Super: &groovy.Class{Name: "java.util.AbstractList", Methods: collectionMethods},
	Methods: map[string]groovy.Method{
		"get":     onSequence((*sequence).at),
		"set":     onSequence((*sequence).setAt),
		"indexOf": onSequence(func(s *sequence, c *groovy.Call) (groovy.Value, error) { return int64(s.index(c.Arg(0))), nil }),
		"subList": onSequence((*sequence).subList),
	},
}

func onSequence(do func(*sequence, *groovy.Call) (groovy.Value, error)) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) { return do(c.This.(*sequence), c) }
}

func outside(i groovy.Value, size int) error {
	return groovy.Throw("java.lang.IndexOutOfBoundsException", "Index %s out of bounds for length %d", clip(text(i), 40), size)
}

func (s *sequence) at(c *groovy.Call) (groovy.Value, error) {
	i, ok := integer(c.Arg(0))
	if !ok || i < 0 || i >= int64(len(s.list)) {
		return nil, outside(c.Arg(0), len(s.list))
	}
	return s.list[i], nil
}

func (s *sequence) setAt(c *groovy.Call) (groovy.Value, error) {
	old, err := s.at(c)
	if err == nil {
		i, _ := integer(c.Arg(0))
		s.list[i] = c.Arg(1)
	}
	return old, err
}

func (s *sequence) subList(c *groovy.Call) (groovy.Value, error) {
	from, ok := integer(c.Arg(0))
	to, is := integer(c.Arg(1))
	if !ok || !is || from < 0 || to < from || to > int64(len(s.list)) {
		return nil, outside(c.Arg(1), len(s.list))
	}
	return &sequence{list: slices.Clone(s.list[from:to])}, nil
}

func (s *sequence) containsAll(c *groovy.Call) (groovy.Value, error) {
	xs, ok := items(c.Arg(0))
	if !ok {
		return nil, wrong(c)
	}
	for _, x := range xs {
		if s.index(x) < 0 {
			return false, nil
		}
	}
	return true, nil
}

// addOne is add(element), for lists add(index, element) too.
func (s *sequence) addOne(c *groovy.Call) (groovy.Value, error) {
	if len(c.Args) == 2 && !s.unique {
		i, ok := integer(c.Arg(0))
		if !ok || i < 0 || i > int64(len(s.list)) {
			return nil, outside(c.Arg(0), len(s.list))
		}
		s.list = slices.Insert(s.list, int(i), c.Arg(1))
		return nil, nil
	}
	return s.add(c.Arg(0)), nil
}

func (s *sequence) addAll(c *groovy.Call) (groovy.Value, error) {
	xs, ok := items(c.Arg(0))
	if !ok {
		return nil, wrong(c)
	}
	changed := false
	for _, x := range slices.Clone(xs) {
		changed = s.add(x) || changed
	}
	return changed, nil
}

// remove takes an element out; from lists a number takes the element at that index.
func (s *sequence) remove(c *groovy.Call) (groovy.Value, error) {
	if i, ok := integer(c.Arg(0)); ok && !s.unique {
		if i < 0 || i >= int64(len(s.list)) {
			return nil, outside(c.Arg(0), len(s.list))
		}
		return s.drop(int(i)), nil
	}
	i := s.index(c.Arg(0))
	if i >= 0 {
		s.drop(i)
	}
	return i >= 0, nil
}

func (s *sequence) keep(c *groovy.Call, those bool) (groovy.Value, error) {
	xs, ok := items(c.Arg(0))
	if !ok {
		return nil, wrong(c)
	}
	other, before := &sequence{list: xs}, len(s.list)
	var kept []groovy.Value
	for _, x := range s.list {
		if (other.index(x) >= 0) == those {
			kept = append(kept, x)
		}
	}
	s.list = kept
	return len(kept) != before, nil
}

func (s *sequence) forEach(c *groovy.Call) (groovy.Value, error) {
	f, ok := c.Arg(0).(callable)
	if !ok {
		return nil, wrong(c)
	}
	for i, x := range slices.Clone(s.list) {
		if _, err := f.call(x, int64(i)); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

var mapClass = &groovy.Class{
	Name: "java.util.HashMap",
	Methods: map[string]groovy.Method{
		"get": onMap(func(m *groovy.Map, c *groovy.Call) (groovy.Value, error) { v, _ := m.Get(c.Arg(0)); return v, nil }),
		"getOrDefault": onMap(func(m *groovy.Map, c *groovy.Call) (groovy.Value, error) {
			if v, ok := m.Get(c.Arg(0)); ok {
				return v, nil
			}
			return c.Arg(1), nil
		}),
		"put":         onMap(func(m *groovy.Map, c *groovy.Call) (groovy.Value, error) { return m.Put(c.Arg(0), c.Arg(1)), nil }),
		"putAll":      onMap(putAll),
		"putIfAbsent": onMap(putIfAbsent),
		"remove":      onMap(func(m *groovy.Map, c *groovy.Call) (groovy.Value, error) { v, _ := m.Remove(c.Arg(0)); return v, nil }),
		"containsKey": onMap(func(m *groovy.Map, c *groovy.Call) (groovy.Value, error) { _, ok := m.Get(c.Arg(0)); return ok, nil }),
		"containsValue": onMap(func(m *groovy.Map, c *groovy.Call) (groovy.Value, error) {
			return (&sequence{list: m.Values()}).index(c.Arg(0)) >= 0, nil
		}),
		"size":    onMap(func(m *groovy.Map, _ *groovy.Call) (groovy.Value, error) { return int64(m.Len()), nil }),
		"isEmpty": onMap(func(m *groovy.Map, _ *groovy.Call) (groovy.Value, error) { return m.Len() == 0, nil }),
		"clear":   onMap(func(m *groovy.Map, _ *groovy.Call) (groovy.Value, error) { m.Clear(); return nil, nil }),
		"keySet": onMap(func(m *groovy.Map, _ *groovy.Call) (groovy.Value, error) {
			return &sequence{list: m.Keys(), unique: true}, nil
		}),
		"values":   onMap(func(m *groovy.Map, _ *groovy.Call) (groovy.Value, error) { return &sequence{list: m.Values()}, nil }),
		"entrySet": onMap(entrySet),
		"forEach": onMap(func(m *groovy.Map, c *groovy.Call) (groovy.Value, error) {
			f, ok := c.Arg(0).(callable)
			if !ok {
				return nil, wrong(c)
			}
			for _, k := range m.Keys() {
				v, _ := m.Get(k)
				if _, err := f.call(k, v); err != nil {
					return nil, err
				}
			}
			return nil, nil
		}),
	},
}

func onMap(do func(*groovy.Map, *groovy.Call) (groovy.Value, error)) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) { return do(c.This.(*groovy.Map), c) }
}

func putAll(m *groovy.Map, c *groovy.Call) (groovy.Value, error) {
	from, ok := c.Arg(0).(*groovy.Map)
	if !ok {
		return nil, wrong(c)
	}
	for _, k := range from.Keys() {
		v, _ := from.Get(k)
		m.Put(k, v)
	}
	return nil, nil
}

func putIfAbsent(m *groovy.Map, c *groovy.Call) (groovy.Value, error) {
	if v, ok := m.Get(c.Arg(0)); ok && v != nil {
		return v, nil
	}
	m.Put(c.Arg(0), c.Arg(1))
	return nil, nil
}

func entrySet(m *groovy.Map, _ *groovy.Call) (groovy.Value, error) {
	out := &sequence{unique: true}
	for _, k := range m.Keys() {
		v, _ := m.Get(k)
		out.list = append(out.list, &entry{k, v})
	}
	return out, nil
}

// iterator walks through a collection as it was.
type iterator struct {
	list []groovy.Value
	at   int
}

// GroovyClass is Iterator.
func (*iterator) GroovyClass() *groovy.Class { return iteratorClass }

var iteratorClass = &groovy.Class{
	Name: "java.util.Iterator",
	Methods: map[string]groovy.Method{
		"hasNext": func(c *groovy.Call) (groovy.Value, error) {
			i := c.This.(*iterator)
			return i.at < len(i.list), nil
		},
		"next": func(c *groovy.Call) (groovy.Value, error) {
			i := c.This.(*iterator)
			if i.at >= len(i.list) {
				return nil, groovy.Throw("java.util.NoSuchElementException", "the iteration has no more elements")
			}
			i.at++
			return i.list[i.at-1], nil
		},
	},
}

// array is a Java array; JavaScript gets an array of its own.
type array struct{ list []groovy.Value }

// GroovyClass is Object[].
func (*array) GroovyClass() *groovy.Class { return arrayClass }

var arrayClass = &groovy.Class{Name: "[Ljava.lang.Object;", String: func(this groovy.Value) string {
	var parts []string
	for _, x := range this.(*array).list {
		parts = append(parts, text(x))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}}
