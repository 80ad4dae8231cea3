package groovy

// coreClasses are the classes every engine has: those of literals, of the
// language itself, and the exceptions.
func coreClasses() []*Class {
	collection := collectionMethods()
	list := merge(collection, listMethods())
	out := []*Class{
		{Name: "java.lang.Object", Methods: objectMethods(), New: newPlainObject},
		{Name: "org.codehaus.groovy.runtime.NullObject", Methods: nullMethods()},
		{Name: "java.lang.Comparable", Interface: true, SAM: "compareTo"},
		{Name: "java.lang.CharSequence", Interface: true},
		{Name: "java.lang.Iterable", Interface: true},
		{Name: "java.lang.Runnable", Interface: true, SAM: "run"},
		{Name: "java.lang.AutoCloseable", Interface: true},
		{Name: "java.io.Closeable", Interface: true, Implements: []string{"java.lang.AutoCloseable"}},
		{Name: "java.io.Serializable", Interface: true},
		{Name: "java.lang.Cloneable", Interface: true},
		{Name: "java.lang.Enum", Methods: enumMethods(), Implements: []string{"java.lang.Comparable"}},
		{Name: "java.lang.Record"},
		{Name: "java.lang.Class", Methods: classMethods(), Static: map[string]Method{"forName": classForName}},
		{Name: "java.lang.Number", Methods: numberMethods()},
		{Name: "java.util.Collection", Interface: true, Implements: []string{"java.lang.Iterable"}},
		{Name: "java.util.List", Interface: true, Implements: []string{"java.util.Collection"}, Static: listStatics()},
		{Name: "java.util.Set", Interface: true, Implements: []string{"java.util.Collection"}, Static: setStatics()},
		{Name: "java.util.SortedSet", Interface: true, Implements: []string{"java.util.Set"}},
		{Name: "java.util.NavigableSet", Interface: true, Implements: []string{"java.util.SortedSet"}},
		{Name: "java.util.Queue", Interface: true, Implements: []string{"java.util.Collection"}},
		{Name: "java.util.Deque", Interface: true, Implements: []string{"java.util.Queue"}},
		{Name: "java.util.Map", Interface: true, Static: mapStatics(), Inner: map[string]*Class{
			"Entry": {Name: "java.util.Map.Entry", Interface: true, Methods: entryMethods()}}},
		{Name: "java.util.SortedMap", Interface: true, Implements: []string{"java.util.Map"}},
		{Name: "java.util.NavigableMap", Interface: true, Implements: []string{"java.util.SortedMap"}},
		{Name: "java.util.concurrent.ConcurrentMap", Interface: true, Implements: []string{"java.util.Map"}},
		{Name: "java.util.Comparator", Interface: true, SAM: "compare", Static: comparatorStatics()},
		{Name: "java.util.Iterator", Interface: true, Methods: iteratorMethods()},
		{Name: "java.util.ListIterator", Interface: true, Implements: []string{"java.util.Iterator"}},
		{Name: "java.util.concurrent.Callable", Interface: true, SAM: "call"},
		{Name: "groovy.lang.GroovyObject", Interface: true},
		{Name: "groovy.lang.Range", Interface: true, Implements: []string{"java.util.List"}},
		{Name: "java.util.AbstractCollection", Implements: []string{"java.util.Collection"}, Methods: collection},
		{Name: "java.util.AbstractList", Extends: "java.util.AbstractCollection", Implements: []string{"java.util.List"}, Methods: list},
		{Name: "java.util.ArrayList", Extends: "java.util.AbstractList", New: newListOf(listArrayList)},
		{Name: "java.util.LinkedList", Extends: "java.util.AbstractList", Implements: []string{"java.util.Deque"}, New: newListOf(listLinked)},
		{Name: "java.util.ArrayDeque", Extends: "java.util.LinkedList", New: newListOf(listLinked)},
		{Name: "java.util.Stack", Extends: "java.util.ArrayList", New: newListOf(listArrayList)},
		{Name: "java.util.Vector", Extends: "java.util.ArrayList", New: newListOf(listArrayList)},
		{Name: "java.util.concurrent.CopyOnWriteArrayList", Extends: "java.util.ArrayList", New: newListOf(listArrayList)},
		{Name: "java.util.ImmutableCollections$ListN", Extends: "java.util.AbstractList"},
		{Name: "[Ljava.lang.Object;", Methods: list},
		{Name: "[B", Methods: merge(list, bytesMethods())},
		{Name: "groovy.lang.IntRange", Extends: "java.util.AbstractList", Implements: []string{"groovy.lang.Range"}, Methods: rangeMethods()},
		{Name: "groovy.lang.ObjectRange", Extends: "java.util.AbstractList", Implements: []string{"groovy.lang.Range"}, Methods: rangeMethods()},
		{Name: "java.util.AbstractSet", Extends: "java.util.AbstractCollection", Implements: []string{"java.util.Set"}, Methods: setMethods()},
		{Name: "java.util.HashSet", Extends: "java.util.AbstractSet", New: newSetOf("java.util.HashSet")},
		{Name: "java.util.LinkedHashSet", Extends: "java.util.HashSet", New: newSetOf("java.util.LinkedHashSet")},
		{Name: "java.util.TreeSet", Extends: "java.util.AbstractSet", Implements: []string{"java.util.NavigableSet"}, New: newSetOf("java.util.TreeSet"), Methods: sortedMethods()},
		{Name: "java.util.AbstractMap", Implements: []string{"java.util.Map"}, Methods: mapMethods(), Inner: map[string]*Class{
			"SimpleEntry": {Name: "java.util.AbstractMap.SimpleEntry", Implements: []string{"java.util.Map.Entry"}, New: newEntry}}},
		{Name: "java.util.HashMap", Extends: "java.util.AbstractMap", New: newMapOf(mapHash)},
		{Name: "java.util.LinkedHashMap", Extends: "java.util.HashMap", New: newMapOf(mapLinked)},
		{Name: "java.util.Hashtable", Extends: "java.util.HashMap", New: newMapOf(mapConcurrent)},
		{Name: "java.util.Properties", Extends: "java.util.Hashtable", New: newProperties, Methods: propertiesMethods()},
		{Name: "java.util.WeakHashMap", Extends: "java.util.HashMap", New: newMapOf(mapHash)},
		{Name: "java.util.TreeMap", Extends: "java.util.AbstractMap", Implements: []string{"java.util.NavigableMap"}, New: newMapOf(mapTree), Methods: treeMethods()},
		{Name: "java.util.concurrent.ConcurrentHashMap", Extends: "java.util.AbstractMap", Implements: []string{"java.util.concurrent.ConcurrentMap"}, New: newMapOf(mapConcurrent)},
		{Name: "java.util.ImmutableCollections$MapN", Extends: "java.util.AbstractMap"},
		{Name: "groovy.lang.Closure", Methods: closureMethods(), Implements: []string{"java.util.concurrent.Callable", "java.lang.Runnable"}, StaticFields: closureFields()},
		{Name: "groovy.lang.Binding", Methods: bindingMethods(), PropertyMissing: bindingProp, SetMissing: bindingSet, New: newBindingObject},
		{Name: "groovy.lang.Script", Methods: parsedMethods()},
		{Name: "org.codehaus.groovy.runtime.IteratorImpl", Implements: []string{"java.util.ListIterator"}},
	}
	out = append(out, shellClasses()...)
	out = append(out, stringClasses()...)
	out = append(out, numberClasses()...)
	out = append(out, regexClasses()...)
	for _, name := range annotationNames {
		out = append(out, &Class{Name: name, Interface: true})
	}
	for name := range boxNames {
		out = append(out, &Class{Name: name})
	}
	return append(out, exceptionClasses()...)
}

// annotationNames are annotations scripts import; they mark nothing at run time
// beyond what doc.go lists.
var annotationNames = []string{
	"java.lang.Override", "java.lang.Deprecated", "java.lang.SuppressWarnings", "java.lang.FunctionalInterface", "java.lang.SafeVarargs",
	"groovy.transform.Field", "groovy.transform.CompileStatic", "groovy.transform.CompileDynamic", "groovy.transform.TypeChecked",
	"groovy.transform.Canonical", "groovy.transform.ToString", "groovy.transform.EqualsAndHashCode", "groovy.transform.Immutable",
	"groovy.transform.TupleConstructor", "groovy.transform.InheritConstructors", "groovy.transform.Synchronized", "groovy.transform.BaseScript",
	"groovy.lang.DelegatesTo", "groovy.transform.stc.ClosureParams", "groovy.transform.PackageScope", "groovy.transform.Generated",
}

func merge(maps ...map[string]Method) map[string]Method {
	out := map[string]Method{}
	for _, m := range maps {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}

// javaObject is the result of new Object(), good as a lock or a marker.
type javaObject struct{ _ byte }

func (*javaObject) javaName() string { return "java.lang.Object" }
func (*javaObject) String() string   { return "java.lang.Object@1" }

func newPlainObject(c *Call) (Value, error) { return &javaObject{}, nil }

// iterator walks over a snapshot of a collection.
type iterator struct {
	items  []Value
	i      int
	remove func(v Value)
}

func (*iterator) javaName() string  { return "org.codehaus.groovy.runtime.IteratorImpl" }
func (it *iterator) String() string { return "java.util.Iterator@1" }
func (it *iterator) elements(*thread) []Value {
	rest := it.items[it.i:]
	it.i = len(it.items)
	return rest
}

func iteratorMethods() map[string]Method {
	self := func(c *Call) *iterator {
		it, ok := c.This.(*iterator)
		if !ok {
			c.th.throw(excUnsupported, "iterator method %s", c.Name)
		}
		return it
	}
	return map[string]Method{
		"hasNext": func(c *Call) (Value, error) { it := self(c); return it.i < len(it.items), nil },
		"next": func(c *Call) (Value, error) {
			it := self(c)
			if it.i >= len(it.items) {
				return nil, Throw(excNoElement, "no more elements")
			}
			it.i++
			return it.items[it.i-1], nil
		},
		"hasPrevious": func(c *Call) (Value, error) { return self(c).i > 0, nil },
		"previous": func(c *Call) (Value, error) {
			it := self(c)
			if it.i == 0 {
				return nil, Throw(excNoElement, "no more elements")
			}
			it.i--
			return it.items[it.i], nil
		},
		"remove": func(c *Call) (Value, error) {
			it := self(c)
			if it.remove == nil || it.i == 0 {
				return nil, Throw(excUnsupported, "remove")
			}
			it.remove(it.items[it.i-1])
			return nil, nil
		},
	}
}

func (b *Binding) javaName() string { return "groovy.lang.Binding" }
func (b *Binding) String() string   { return "groovy.lang.Binding@1" }

func newBindingObject(c *Call) (Value, error) {
	b := NewBinding(nil)
	if m, ok := c.Arg(0).(*Map); ok {
		b.vars = m
	}
	return b, nil
}

func bindingProp(this Value, name string) (Value, bool) {
	return this.(*Binding).Get(name)
}

func bindingSet(this Value, name string, v Value) (bool, error) {
	this.(*Binding).vars.Put(name, v)
	return true, nil
}

func bindingMethods() map[string]Method {
	return map[string]Method{
		"hasVariable": func(c *Call) (Value, error) { _, ok := c.This.(*Binding).Get(c.Str(0)); return ok, nil },
		"getVariable": func(c *Call) (Value, error) {
			v, ok := c.This.(*Binding).Get(c.Str(0))
			if !ok {
				return nil, Throw(excNoProperty, "No such property: %s for class: groovy.lang.Binding", c.Str(0))
			}
			return v, nil
		},
		"setVariable": func(c *Call) (Value, error) {
			c.th.alloc(64)
			c.This.(*Binding).vars.Put(c.Str(0), c.Arg(1))
			return nil, nil
		},
		"removeVariable": func(c *Call) (Value, error) { v, _ := c.This.(*Binding).vars.Remove(c.Str(0)); return v, nil },
		"getVariables":   func(c *Call) (Value, error) { return c.This.(*Binding).vars, nil },
		"getProperty":    func(c *Call) (Value, error) { v, _ := c.This.(*Binding).Get(c.Str(0)); return v, nil },
		"setProperty":    func(c *Call) (Value, error) { c.This.(*Binding).vars.Put(c.Str(0), c.Arg(1)); return nil, nil },
	}
}

func classForName(c *Call) (Value, error) {
	if k := c.ClassNamed(c.Str(0)); k != nil {
		return k, nil
	}
	return nil, Throw("java.lang.ClassNotFoundException", "%s", c.Str(0))
}

func enumMethods() map[string]Method {
	self := func(c *Call) *Object {
		o, ok := c.This.(*Object)
		if !ok {
			c.th.throw(excUnsupported, "enum method %s", c.Name)
		}
		return o
	}
	shift := func(d int) Method {
		return func(c *Call) (Value, error) {
			o := self(c)
			vs := c.th.enumValues(o.sc)
			return vs[((o.ordinal+d)%len(vs)+len(vs))%len(vs)], nil
		}
	}
	return map[string]Method{
		"name":              func(c *Call) (Value, error) { return self(c).name, nil },
		"ordinal":           func(c *Call) (Value, error) { return int32(self(c).ordinal), nil },
		"toString":          func(c *Call) (Value, error) { return self(c).name, nil },
		"next":              shift(1),
		"previous":          shift(-1),
		"getDeclaringClass": func(c *Call) (Value, error) { return self(c).sc.enumBase().class, nil },
		"compareTo": func(c *Call) (Value, error) {
			o, ok := c.Arg(0).(*Object)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			return int32(self(c).ordinal - o.ordinal), nil
		},
	}
}

func classMethods() map[string]Method {
	self := func(c *Call) *Class { return c.This.(*Class) }
	return map[string]Method{
		"getName":          func(c *Call) (Value, error) { return self(c).Name, nil },
		"getSimpleName":    func(c *Call) (Value, error) { return self(c).SimpleName(), nil },
		"getCanonicalName": func(c *Call) (Value, error) { return self(c).Name, nil },
		"getTypeName":      func(c *Call) (Value, error) { return self(c).Name, nil },
		"getPackageName": func(c *Call) (Value, error) {
			n := self(c)
			if len(n.Name) <= len(n.SimpleName()) {
				return "", nil
			}
			return n.Name[:len(n.Name)-len(n.SimpleName())-1], nil
		},
		"isInstance":  func(c *Call) (Value, error) { return c.th.isInstance(c.Arg(0), self(c)), nil },
		"isInterface": func(c *Call) (Value, error) { return self(c).Interface, nil },
		"isEnum":      func(c *Call) (Value, error) { return self(c).script != nil && self(c).script.enum, nil },
		"isArray":     func(c *Call) (Value, error) { return self(c).Name[0] == '[', nil },
		"getSuperclass": func(c *Call) (Value, error) {
			m := c.th.eng.meta(self(c))
			if m.super == nil {
				return nil, nil
			}
			return m.super.class, nil
		},
		"isAssignableFrom": func(c *Call) (Value, error) {
			o, ok := c.Arg(0).(*Class)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			if o.script != nil && self(c).script != nil {
				return o.script.inherits(self(c).script), nil
			}
			return c.th.eng.meta(o).names[self(c).Name], nil
		},
		"cast": func(c *Call) (Value, error) {
			if c.Arg(0) != nil && !c.th.isInstance(c.Arg(0), self(c)) {
				return nil, Throw("java.lang.ClassCastException", "Cannot cast %s to %s", c.th.className(c.Arg(0)), self(c).Name)
			}
			return c.Arg(0), nil
		},
		"getEnumConstants": func(c *Call) (Value, error) {
			if sc := self(c).script; sc != nil && sc.enum {
				return newArray(sc.class.Name, c.th.enumValues(sc)), nil
			}
			return nil, nil
		},
		"isCase":   func(c *Call) (Value, error) { return c.th.isCase(self(c), c.Arg(0)), nil },
		"hashCode": func(c *Call) (Value, error) { return hashString(self(c).Name), nil },
	}
}
