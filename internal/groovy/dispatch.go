package groovy

import (
	"math/big"
	"strings"
)

// coreSet holds the metas of the values which are plain Go types.
type coreSet struct {
	null, str, gstr, integer, long, short, byte, big, dec, float, double, char, boolean *meta
	list, linked, array, immut, linkedMap, hashMap, treeMap, conMap, immutMap, propsMap *meta
	linkedSet, hashSet, treeSet, rng, objRange, closure, class, entry, bytes, object    *meta
}

func (s *coreSet) fill(e *Engine) {
	get := func(n string) *meta { return e.meta(e.byName[n]) }
	s.null = get("org.codehaus.groovy.runtime.NullObject")
	s.str, s.gstr = get("java.lang.String"), get("org.codehaus.groovy.runtime.GStringImpl")
	s.integer, s.long, s.short, s.byte = get("java.lang.Integer"), get("java.lang.Long"), get("java.lang.Short"), get("java.lang.Byte")
	s.big, s.dec = get("java.math.BigInteger"), get("java.math.BigDecimal")
	s.float, s.double, s.char, s.boolean = get("java.lang.Float"), get("java.lang.Double"), get("java.lang.Character"), get("java.lang.Boolean")
	s.list, s.linked, s.array, s.immut = get("java.util.ArrayList"), get("java.util.LinkedList"), get("[Ljava.lang.Object;"), get("java.util.ImmutableCollections$ListN")
	s.linkedMap, s.hashMap, s.treeMap, s.conMap = get("java.util.LinkedHashMap"), get("java.util.HashMap"), get("java.util.TreeMap"), get("java.util.concurrent.ConcurrentHashMap")
	s.immutMap, s.propsMap = get("java.util.ImmutableCollections$MapN"), get("java.util.Properties")
	s.linkedSet, s.hashSet, s.treeSet = get("java.util.LinkedHashSet"), get("java.util.HashSet"), get("java.util.TreeSet")
	s.rng, s.objRange = get("groovy.lang.IntRange"), get("groovy.lang.ObjectRange")
	s.closure, s.class, s.entry, s.bytes, s.object = get("groovy.lang.Closure"), get("java.lang.Class"), get("java.util.Map.Entry"), get("[B"), get("java.lang.Object")
}

// metaOf finds the class of any value.
func (e *Engine) metaOf(v Value) *meta {
	s := &e.cores
	switch x := v.(type) {
	case nil:
		return s.null
	case string:
		return s.str
	case int32:
		return s.integer
	case int64:
		return s.long
	case bool:
		return s.boolean
	case *GString:
		return s.gstr
	case *Map:
		return [...]*meta{s.linkedMap, s.hashMap, s.treeMap, s.conMap, s.immutMap, s.propsMap}[x.kind]
	case *List:
		return [...]*meta{s.list, s.linked, s.array, s.immut}[x.kind]
	case *Set:
		return [...]*meta{s.linkedSet, s.hashSet, s.treeSet, s.linkedSet, s.linkedSet}[x.m.kind]
	case *Closure:
		return s.closure
	case *Object:
		return x.sc.meta
	case Host:
		return e.meta(x.GroovyClass())
	case *Class:
		return s.class
	case *Range:
		if x.isInt {
			return s.rng
		}
		return s.objRange
	case float64:
		return s.double
	case *Decimal:
		return s.dec
	case *big.Int:
		return s.big
	case Char:
		return s.char
	case []byte:
		return s.bytes
	case *Entry:
		return s.entry
	case float32:
		return s.float
	case int16:
		return s.short
	case int8:
		return s.byte
	case *Thrown:
		return e.exception(x.Class)
	case native:
		if c := e.byName[x.javaName()]; c != nil {
			return e.meta(c)
		}
	}
	return s.object
}

// exception finds an exception class by name; one only a host knows is a
// RuntimeException.
func (e *Engine) exception(name string) *meta {
	if c := e.byName[name]; c != nil {
		return e.meta(c)
	}
	return e.derive(&Class{Name: name, Extends: excJavaRuntime}, 0)
}

func (th *thread) className(v Value) string {
	if l, ok := v.(*List); ok && l.kind == listArray {
		return arrayName(l.elem)
	}
	if v == nil {
		return "null"
	}
	if th.eng == nil {
		return "Object"
	}
	return th.eng.metaOf(v).class.Name
}

func arrayName(elem string) string {
	if strings.HasSuffix(elem, "[]") {
		return "[" + arrayName(strings.TrimSuffix(elem, "[]"))
	}
	switch elem {
	case "int":
		return "[I"
	case "long":
		return "[J"
	case "char":
		return "[C"
	case "double":
		return "[D"
	case "float":
		return "[F"
	case "boolean":
		return "[Z"
	case "short":
		return "[S"
	}
	return "[L" + elem + ";"
}

func (th *thread) instanceOf(v Value, class string) bool {
	if v == nil {
		return false
	}
	if c, ok := v.(*Closure); ok && c.iface != nil && th.eng.meta(c.iface).names[class] {
		return true
	}
	return th.eng.metaOf(v).names[class]
}

func (th *thread) isInstance(v Value, c *Class) bool {
	if v == nil {
		return false
	}
	if o, ok := v.(*Object); ok && c.script != nil {
		return o.sc.inherits(c.script)
	}
	name := c.Name
	if b := boxNames[name]; b != "" {
		name = b
	}
	if lazyMaps[name] {
		m, ok := v.(*Map)
		return ok && m.kind == mapLinked
	}
	return th.instanceOf(v, name)
}

// lazyMaps are the classes that maps of JsonSlurper have in Groovy. Here they are plain
// ones, which count as such.
var lazyMaps = map[string]bool{"groovy.json.internal.LazyMap": true, "org.apache.groovy.json.internal.LazyMap": true}

// callMethod calls a method by name and throws when there is none.
func (th *thread) callMethod(recv Value, name string, args []Value) Value {
	return th.callNamed(recv, name, args, false)
}

func (th *thread) callNamed(recv Value, name string, args []Value, named bool) Value {
	v, ok := th.tryCall(recv, name, args, named)
	if !ok {
		if recv == nil {
			th.throw(excNull, "Cannot invoke method %s() on null object", name)
		}
		if c, isClass := recv.(*Class); isClass {
			th.raise(missingStatic(th, c.Name, name, args))
		}
		th.raise(missingMethod(th, th.className(recv), name, args))
	}
	return v
}

func missingStatic(th *thread, class, name string, args []Value) *Thrown {
	t := missingMethod(th, class, name, args)
	t.Message = strings.Replace(t.Message, "No signature of method: ", "No signature of method: static ", 1)
	return t
}

// tryCall calls a method if there is one.
func (th *thread) tryCall(recv Value, name string, args []Value, named bool) (Value, bool) {
	switch x := recv.(type) {
	case *Object:
		return th.callObject(x, name, args)
	case *Class:
		if v, ok := th.callStatic(x, name, args, named); ok {
			return v, true
		}
	case *Closure:
		if v, ok := th.callOnClosure(x, name, args); ok {
			return v, true
		}
	}
	m := th.eng.metaOf(recv)
	if f := m.methods[name]; f != nil {
		return th.invokeMethod(f, recv, name, args, named), true
	}
	if v, ok := th.accessor(m, recv, name, args); ok {
		return v, true
	}
	if mp, ok := recv.(*Map); ok {
		if f, has := mp.Get(name); has && f != nil {
			return th.call(f, args...), true
		}
		return nil, false
	}
	if m.h.MethodMissing != nil {
		return th.invokeMethod(m.h.MethodMissing, recv, name, args, named), true
	}
	if g := m.get[name]; g != nil { // a property holding something callable
		v, err := g(recv)
		if err != nil {
			th.raise(err)
		}
		return th.call(v, args...), true
	}
	return nil, false
}

func (th *thread) invokeMethod(f Method, recv Value, name string, args []Value, named bool) Value {
	th.step()
	switch recv.(type) {
	case Host, native:
		args = th.plainArgs(args)
	}
	c := &Call{Ctx: th.ctx, This: recv, Name: name, Args: args, th: th}
	if named && len(args) > 0 {
		c.Named, _ = args[0].(*Map)
	}
	if th.natives++; th.natives > 4*th.eng.env.Limits.Depth+100 { // more than scripts can nest
		th.limit("depth", nil)
	}
	v, err := f(c)
	if err != nil {
		th.raise(err)
	}
	th.natives--
	return fromHost(v)
}

// accessor serves getX(), isX() and setX(v) from the property tables.
func (th *thread) accessor(m *meta, recv Value, name string, args []Value) (Value, bool) {
	switch len(args) {
	case 0:
		p := ""
		if strings.HasPrefix(name, "get") {
			p = propName(name[3:])
		} else if strings.HasPrefix(name, "is") {
			p = propName(name[2:])
		}
		if g := m.get[p]; p != "" && g != nil {
			v, err := g(recv)
			if err != nil {
				th.raise(err)
			}
			return fromHost(v), true
		}
		if g := m.get[name]; g != nil && m.h.MethodMissing == nil { // record style: x()
			v, err := g(recv)
			if err != nil {
				th.raise(err)
			}
			if c, ok := v.(*Closure); ok {
				return th.call(c), true
			}
			return fromHost(v), true
		}
	case 1:
		if strings.HasPrefix(name, "set") {
			if s := m.set[propName(name[3:])]; s != nil {
				if err := s(recv, args[0]); err != nil {
					th.raise(err)
				}
				return nil, true
			}
		}
	}
	return nil, false
}

// propName makes the property of an accessor: "Uri" → "uri", "URL" → "URL".
func propName(s string) string {
	if s == "" {
		return ""
	}
	if len(s) > 1 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z' {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

func capitalize(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// callStatic calls a static method, or a method of java.lang.Class.
func (th *thread) callStatic(c *Class, name string, args []Value, named bool) (Value, bool) {
	if sc := c.script; sc != nil {
		if v, ok := th.callScriptStatic(sc, name, args); ok {
			return v, true
		}
	}
	for k := c; k != nil; k = th.superOf(k) {
		if f := k.Static[name]; f != nil {
			return th.invokeStatic(f, k, name, args, named), true
		}
		if g := k.Static["get"+capitalize(name)]; g != nil && len(args) == 0 && k.StaticFields[name] == nil && k.Inner[name] == nil {
			continue
		}
	}
	if name == "newInstance" {
		return th.construct(c, args, nil, nil), true
	}
	for k := c; k != nil; k = th.superOf(k) {
		if f := k.StaticFields[name]; f != nil {
			if v := fromHost(f()); v != nil {
				return th.call(v, args...), true
			}
		}
	}
	return nil, false
}

func (th *thread) superOf(c *Class) *Class {
	if c.Super != nil {
		return c.Super
	}
	if c.Extends != "" {
		return th.eng.byName[c.Extends]
	}
	return nil
}

func (th *thread) invokeStatic(f Method, c *Class, name string, args []Value, named bool) Value {
	th.step()
	args = th.plainArgs(args)
	call := &Call{Ctx: th.ctx, Class: c, Name: name, Args: args, th: th}
	if named && len(args) > 0 {
		call.Named, _ = args[0].(*Map)
	}
	v, err := f(call)
	if err != nil {
		th.raise(err)
	}
	return fromHost(v)
}

// construct makes an object: new C(args) with optional named arguments.
func (th *thread) construct(c *Class, args []Value, named *Map, outer Value) Value {
	th.step()
	th.alloc(64)
	if c.script != nil {
		return th.newObject(c.script, args, named, outer, nil)
	}
	m := th.eng.meta(c)
	f := c.New
	if f == nil && m.thrown {
		for k := c; k != nil && f == nil; k = th.superOf(k) {
			f = k.New
		}
		if f == nil {
			f = newThrowable
		}
	}
	if f == nil {
		if c.Interface {
			th.throw("java.lang.InstantiationException", "You cannot create an instance from the abstract interface '%s'.", c.Name)
		}
		th.raise((&Call{Class: c, Name: "<init>", Args: args, th: th}).NoSuchMethod())
	}
	call := &Call{Ctx: th.ctx, Class: c, Name: "<init>", Args: th.plainArgs(args), Named: named, th: th}
	v, err := f(call)
	if err != nil {
		th.raise(err)
	}
	v = fromHost(v)
	if call.Named != nil {
		for _, e := range call.Named.entries() {
			th.setProp(v, th.str(e.key), e.val)
		}
	}
	return v
}

// newThrowable is the constructor all exception classes share.
func newThrowable(c *Call) (Value, error) {
	t := &Thrown{Class: c.Class.Name, NoMsg: true}
	if err := c.Want(0, 4); err != nil {
		return nil, err
	}
	switch x := c.Arg(0).(type) {
	case nil:
	default:
		if cause := causeOf(x); cause != nil && len(c.Args) == 1 {
			t.Cause = cause
			t.Message, t.NoMsg = c.Str(0), false
			return t, nil
		}
		t.Message, t.NoMsg = c.Str(0), false
	}
	if cause := causeOf(c.Arg(1)); cause != nil {
		t.Cause = cause
	}
	return t, nil
}

// causeOf gives an exception value as Go error.
func causeOf(v Value) error {
	switch x := v.(type) {
	case *Thrown:
		return x
	case *Object:
		if t, ok := x.base.(*Thrown); ok {
			t.Value = x
			return t
		}
	case Host:
		if e, ok := x.(error); ok {
			return e
		}
	}
	return nil
}

// items lists what iteration over a value visits.
func (th *thread) items(v Value) []Value {
	switch x := v.(type) {
	case *List:
		return x.Items()
	case *Set:
		return x.Items()
	case *Map:
		es := x.entries()
		out := make([]Value, len(es))
		for i, e := range es {
			out[i] = e
		}
		return out
	case *Range:
		return x.items(th)
	case nil:
		return nil
	case string:
		th.alloc(int64(len(x)) * 16)
		return chars(x)
	case *GString:
		return th.items(x.text(th))
	case []byte:
		th.alloc(int64(len(x)) * 16)
		out := make([]Value, len(x))
		for i, b := range x {
			out[i] = int8(b)
		}
		return out
	case iterable:
		return x.elements(th)
	case *Object:
		return th.objectItems(x)
	case Host:
		if m := th.eng.metaOf(x); m.h.Iterate != nil {
			var out []Value
			m.h.Iterate(x, func(v Value) bool {
				th.step()
				th.alloc(16)
				out = append(out, fromHost(v))
				return true
			})
			return out
		}
	case *Class:
		if x.script != nil && x.script.enum {
			return th.enumValues(x.script)
		}
	}
	return []Value{v}
}

// iterable is a native value with elements.
type iterable interface{ elements(th *thread) []Value }

func (th *thread) objectItems(o *Object) []Value {
	if len(o.sc.all["iterator"]) == 0 {
		return []Value{o}
	}
	it := th.callMethod(o, "iterator", nil)
	if seq, ok := it.(iterable); ok {
		return seq.elements(th)
	}
	var out []Value
	for th.truth(th.callMethod(it, "hasNext", nil)) {
		th.step()
		th.alloc(16)
		out = append(out, th.callMethod(it, "next", nil))
	}
	return out
}

// plainArgs makes strings of GStrings for methods written in Go.
func (th *thread) plainArgs(args []Value) []Value {
	for i, a := range args {
		if _, ok := a.(*GString); ok {
			out := append([]Value(nil), args...)
			for j := i; j < len(out); j++ {
				out[j] = plainKey(th, out[j])
			}
			return out
		}
	}
	return args
}
