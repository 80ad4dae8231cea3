package groovy

import (
	"context"
	"math"
	"math/big"
	"strings"
	"time"
)

type coercion uint8

const (
	coNone coercion = iota
	coInt
	coLong
	coShort
	coByte
	coChar
	coBool
	coFloat
	coDouble
	coBigInt
	coDecimal
	coNumber
	coString
	coObject
	coList
	coSet
	coArray
	coMap
	coClosure
	coClass // anything else
)

var coercions = map[string]coercion{
	"int": coInt, "java.lang.Integer": coInt, "long": coLong, "java.lang.Long": coLong,
	"short": coShort, "java.lang.Short": coShort, "byte": coByte, "java.lang.Byte": coByte,
	"char": coChar, "java.lang.Character": coChar, "boolean": coBool, "java.lang.Boolean": coBool,
	"float": coFloat, "java.lang.Float": coFloat, "double": coDouble, "java.lang.Double": coDouble,
	"java.math.BigInteger": coBigInt, "java.math.BigDecimal": coDecimal, "java.lang.Number": coNumber,
	"java.lang.String": coString, "java.lang.CharSequence": coString, "java.lang.Object": coObject, "void": coObject,
	"java.util.List": coList, "java.util.ArrayList": coList, "java.util.LinkedList": coList, "java.util.Collection": coList,
	"java.util.Set": coSet, "java.util.HashSet": coSet, "java.util.LinkedHashSet": coSet, "java.util.TreeSet": coSet,
	"java.util.SortedSet": coSet,
	"java.util.Map":       coMap, "java.util.HashMap": coMap, "java.util.LinkedHashMap": coMap, "java.util.TreeMap": coMap,
	"groovy.lang.Closure": coClosure,
}

var boxNames = map[string]string{
	"int": "java.lang.Integer", "long": "java.lang.Long", "short": "java.lang.Short", "byte": "java.lang.Byte", "char": "java.lang.Character",
	"boolean": "java.lang.Boolean", "float": "java.lang.Float", "double": "java.lang.Double", "void": "java.lang.Void",
}

// settle fixes what a resolved type does to values.
func (t *typeRef) settle(name string) {
	switch {
	case t.dims > 0:
		t.coerc = coArray
	default:
		t.coerc = coercions[name]
		if t.coerc == coNone && t.class != nil {
			t.coerc = coClass
		}
	}
}

// coerces tells whether a value may have to change to be of the type.
func (t *typeRef) coerces() bool { return t.coerc != coNone && t.coerc != coObject }

func (t *typeRef) display() string {
	n := t.name
	if t.class != nil {
		n = t.class.Name
	}
	return n + strings.Repeat("[]", t.dims)
}

// assign converts a value to a declared type as an assignment does.
func (th *thread) assign(v Value, t *typeRef) Value {
	if t == nil {
		return v
	}
	switch t.coerc {
	case coNone, coObject:
		return v
	case coString:
		switch x := v.(type) {
		case string, nil:
			return v
		case *StringBuilder:
			if t.class != nil && t.class.Name == "java.lang.CharSequence" {
				return x
			}
		}
		return th.str(v)
	case coInt:
		if _, ok := v.(int32); ok {
			return v
		}
	case coBool:
		if v == nil && t.name != "boolean" {
			return nil
		}
		return th.truth(v)
	}
	return th.convert(v, t, false)
}

// as is the explicit coercion "v as T"; it parses strings and adapts closures,
// maps and lists.
func (th *thread) as(v Value, t *typeRef) Value {
	if v == nil {
		if t.coerc == coBool {
			return false
		}
		if primitives[t.name] && t.dims == 0 && t.name != "void" {
			th.throw(excNull, "null cannot be a value of type %s", t.name)
		}
		return nil
	}
	if t.coerc == coBool {
		return th.truth(v)
	}
	if t.coerc == coString {
		return th.str(v)
	}
	return th.convert(v, t, true)
}

func (th *thread) convert(v Value, t *typeRef, as bool) Value {
	if v == nil {
		if primitives[t.name] && t.dims == 0 {
			th.throw(excCast, "Cannot cast object 'null' with class 'null' to class '%s'. Try '%s' instead", t.name, boxNames[t.name])
		}
		return nil
	}
	switch t.coerc {
	case coNone, coObject:
		return v
	case coInt, coLong, coShort, coByte, coFloat, coDouble, coBigInt, coDecimal, coNumber:
		return th.toNumber(v, t, as)
	case coChar:
		return th.toChar(v, t)
	case coList:
		return th.toList(v, t, as)
	case coSet:
		return th.toSetType(v, t)
	case coArray:
		return th.toArray(v, t, as)
	case coMap:
		return th.toMapType(v, t, as)
	case coClosure:
		if _, ok := v.(*Closure); ok {
			return v
		}
		if m, ok := v.(Host); ok && th.eng.metaOf(m).h.SAM != "" {
			return th.nativeClosure("call", -1, func(th *thread, args []Value) Value { return th.call(m, args...) })
		}
	case coClass:
		return th.toClass(v, t, as)
	}
	return th.castFail(v, t)
}

func (th *thread) castFail(v Value, t *typeRef) Value {
	th.throw(excCast, "Cannot cast object '%s' with class '%s' to class '%s'", th.safeStr(v), th.className(v), t.display())
	return nil
}

func (th *thread) toNumber(v Value, t *typeRef, as bool) Value {
	if s, ok := th.text(v); ok {
		if !as && jlen(s) != 1 {
			return th.castFail(v, t)
		}
		if !as {
			v = int32(jat(s, 0))
		} else {
			v = th.parseNumber(strings.TrimSpace(s), t.coerc)
		}
	}
	if c, ok := v.(Char); ok {
		v = int32(c)
	}
	if level(v) == 0 {
		return th.castFail(v, t)
	}
	return th.toType(v, t.coerc)
}

// toType converts between the number types, cutting as Java casts do.
func (th *thread) toType(v Value, co coercion) Value {
	switch co {
	case coInt:
		n, _ := toInt64(v)
		if f, ok := v.(float64); ok {
			n = min(max(floatToInt(f), math.MinInt32), math.MaxInt32)
		}
		return int32(n)
	case coLong:
		n, _ := toInt64(v)
		return n
	case coShort:
		n, _ := toInt64(v)
		return int16(n)
	case coByte:
		n, _ := toInt64(v)
		return int8(n)
	case coFloat:
		return float32(toFloat(v))
	case coDouble:
		return toFloat(v)
	case coBigInt:
		return toBig(v)
	case coDecimal:
		return th.toDecimal(v)
	}
	return v
}

func (th *thread) parseNumber(s string, co coercion) Value {
	bad := func() Value {
		th.throw(excNumber, "For input string: \"%s\"", clip(s))
		return nil
	}
	switch co {
	case coInt, coLong, coShort, coByte, coBigInt:
		body := strings.TrimPrefix(s, "+")
		n, ok := integerOf(body, 10)
		if !ok || strings.HasPrefix(body, "+") {
			return bad()
		}
		if co == coBigInt {
			return n
		}
		bits := map[coercion]int{coInt: 31, coLong: 63, coShort: 15, coByte: 7}[co]
		lim := new(big.Int).Lsh(big.NewInt(1), uint(bits))
		if n.Cmp(lim) >= 0 || n.Cmp(new(big.Int).Neg(lim)) < 0 {
			return bad()
		}
		return th.toType(n.Int64(), co)
	case coFloat, coDouble:
		f, ok := parseJavaDouble(s)
		if !ok {
			return bad()
		}
		return th.toType(f, co)
	}
	d, ok := parseDecimal(s)
	if !ok {
		return bad()
	}
	return d
}

func clip(s string) string {
	if len(s) > 100 {
		return s[:100] + "..."
	}
	return s
}

func (th *thread) toChar(v Value, t *typeRef) Value {
	switch x := v.(type) {
	case Char:
		return x
	case string, *GString:
		if s := th.str(x); jlen(s) == 1 {
			return jat(s, 0)
		}
	default:
		if n, ok := toInt64(v); ok {
			return Char(uint16(n))
		}
	}
	return th.castFail(v, t)
}

func (th *thread) toList(v Value, t *typeRef, as bool) Value {
	name := t.class.Name
	switch x := v.(type) {
	case *List:
		if x.kind == listArray || name == "java.util.LinkedList" && x.kind != listLinked {
			th.alloc(int64(x.Len()) * 16)
			return &List{items: x.Items(), kind: listKindOf(name)}
		}
		return x
	case *Range:
		if as && name == "java.util.ArrayList" {
			return NewList(x.items(th)...)
		}
		return x
	case *Set:
		if name == "java.util.Collection" {
			return x
		}
		if as {
			th.alloc(int64(x.Len()) * 16)
			return NewList(x.Items()...)
		}
	case []byte:
		return NewList(th.items(x)...)
	case *Map:
		if as {
			return NewList(th.items(x)...)
		}
	case string, *GString:
		if as {
			return NewList(chars(th.str(x))...)
		}
	case Host:
		if m := th.eng.metaOf(x); m.names[name] {
			return x
		} else if m.h.Iterate != nil && as {
			return NewList(th.items(x)...)
		}
	case *Object:
		if x.sc.meta.names[name] {
			return x
		}
	case native:
		if th.instanceOf(x, name) {
			return x
		}
		if as {
			return NewList(th.items(x)...)
		}
	}
	return th.castFail(v, t)
}

func listKindOf(name string) listKind {
	if name == "java.util.LinkedList" {
		return listLinked
	}
	return listArrayList
}

func (th *thread) toSetType(v Value, t *typeRef) Value {
	name := t.class.Name
	switch x := v.(type) {
	case *Set:
		if name != "java.util.TreeSet" && name != "java.util.SortedSet" || x.m.kind == mapTree {
			return x
		}
		return th.newSet(name, x.Items())
	case *List, *Range, []byte:
		return th.newSet(name, th.items(x))
	case string, *GString:
		return th.newSet(name, chars(th.str(x)))
	case Host:
		if m := th.eng.metaOf(x); m.names[name] {
			return x
		} else if m.h.Iterate != nil {
			return th.newSet(name, th.items(x))
		}
	case *Object:
		if x.sc.meta.names[name] {
			return x
		}
	}
	return th.castFail(v, t)
}

func (th *thread) newSet(name string, items []Value) *Set {
	s := &Set{}
	switch name {
	case "java.util.TreeSet", "java.util.SortedSet":
		s.m.kind = mapTree
		s.m.less = th.naturalLess()
	case "java.util.HashSet":
		s.m.kind = mapHash
	}
	th.alloc(int64(len(items)) * 48)
	for _, v := range items {
		s.Add(v)
	}
	return s
}

// naturalLess is the order of a TreeMap without a comparator. It holds the
// thread only for its engine; comparing may outlive the call that made it.
func (th *thread) naturalLess() func(a, b Value) bool {
	r := th.run
	return func(a, b Value) bool { return r.aside().compare(a, b) < 0 }
}

// aside makes a thread for a short piece of work outside of any call, such as
// one comparison for a TreeMap which may have outlived its maker.
func (r *run) aside() *thread {
	r.steps.Add(1)
	return &thread{run: r, eng: r.eng, ctx: context.Background(), left: 1 << 20, deadline: time.Now().Add(r.eng.env.Limits.Wall)}
}

func (th *thread) toArray(v Value, t *typeRef, as bool) Value {
	elem := &typeRef{name: t.name, dims: t.dims - 1, class: t.class}
	elem.settle(t.elemName())
	if t.dims == 1 && elem.coerc == coByte {
		return th.toBytes(v, t)
	}
	var items []Value
	switch x := v.(type) {
	case *List:
		if x.kind == listArray && x.elem == elem.display() {
			return x
		}
		items = x.Items()
	case *Set, *Range, []byte:
		items = th.items(x)
	case string, *GString:
		if elem.coerc == coChar {
			for _, c := range th.str(x) {
				items = append(items, Char(c))
			}
			return newArray("char", items)
		}
		if elem.coerc == coString && as {
			return newArray("java.lang.String", chars(th.str(x)))
		}
		return th.castFail(v, t)
	case Host:
		items = th.items(x)
	default:
		return th.castFail(v, t)
	}
	out := make([]Value, len(items))
	for i, x := range items {
		if as {
			out[i] = th.as(x, elem)
		} else {
			out[i] = th.assign(x, elem)
		}
	}
	th.alloc(int64(len(out)) * 16)
	return newArray(elem.display(), out)
}

func (t *typeRef) elemName() string {
	if t.class != nil {
		return t.class.Name
	}
	return t.name
}

func (th *thread) toBytes(v Value, t *typeRef) Value {
	switch x := v.(type) {
	case []byte:
		return x
	case *List, *Range, *Set:
		items := th.items(x)
		out := make([]byte, len(items))
		for i, y := range items {
			n, ok := toInt64(y)
			if !ok {
				return th.castFail(v, t)
			}
			out[i] = byte(n)
		}
		return out
	case string:
		return []byte(x)
	}
	return th.castFail(v, t)
}

func (th *thread) toMapType(v Value, t *typeRef, as bool) Value {
	switch x := v.(type) {
	case *Map:
		if t.class.Name == "java.util.TreeMap" && x.kind != mapTree {
			return th.newTreeMap(x, nil)
		}
		return x
	case Host:
		if th.eng.metaOf(x).names[t.class.Name] {
			return x
		}
	case *Object:
		if x.sc.meta.names[t.class.Name] {
			return x
		}
		if as {
			return th.propertyMap(x)
		}
	}
	return th.castFail(v, t)
}

func (th *thread) toClass(v Value, t *typeRef, as bool) Value {
	if th.isInstance(v, t.class) {
		return v
	}
	m := th.eng.meta(t.class)
	switch x := v.(type) {
	case *Closure:
		if t.class.Interface || m.h.SAM != "" || t.class.New == nil && t.class.script == nil && !m.thrown {
			c := x.clone()
			c.iface = t.class
			return c
		}
		if as && t.class.script != nil {
			break
		}
	case string, *GString:
		if sc := t.class.script; sc != nil && sc.enum {
			return th.enumValue(sc, th.str(x))
		}
		if t.class.script == nil {
			if f := t.class.StaticFields[th.str(x)]; f != nil && as {
				return f()
			}
			if s, ok := th.hostConvert(t.class, x, as); ok {
				return s
			}
		}
	case *Map:
		if t.class.Interface {
			return th.proxy(t.class, x)
		}
		if t.class.script != nil || t.class.New != nil {
			if t.class.TakesMap {
				return th.construct(t.class, []Value{x}, nil, nil)
			}
			return th.construct(t.class, nil, x, nil)
		}
	case *List:
		if t.class.script != nil || t.class.New != nil {
			return th.construct(t.class, x.Items(), nil, nil)
		}
	case *Object:
		if as && len(x.sc.all["asType"]) > 0 {
			return th.callMethod(x, "asType", []Value{t.class})
		}
	case Host:
		if f := th.eng.metaOf(x).methods["asType"]; f != nil && as && th.eng.metaOf(x).class.Methods["asType"] != nil {
			return th.callMethod(x, "asType", []Value{t.class})
		}
	case native:
		if s, ok := th.hostConvert(t.class, v, as); ok {
			return s
		}
	}
	return th.castFail(v, t)
}

// hostConvert lets "x as URI" call the class's one-argument constructor.
func (th *thread) hostConvert(c *Class, v Value, as bool) (Value, bool) {
	if !as || c.New == nil {
		return nil, false
	}
	switch c.Name {
	case "java.net.URI", "java.net.URL", "java.util.Date", "java.lang.StringBuilder", "java.lang.StringBuffer":
		return th.construct(c, []Value{v}, nil, nil), true
	}
	return nil, false
}

// proxy makes an object of an interface whose methods are a map's closures.
func (th *thread) proxy(c *Class, m *Map) Value {
	sc := &scriptClass{node: &classNode{name: c.SimpleName() + "_groovyProxy", kind: "class"}, class: &Class{Name: c.SimpleName() + "_groovyProxy", Interfaces: []*Class{c}}, all: map[string][]*method{}, eng: th.eng}
	sc.class.script = sc
	sc.meta = th.eng.derive(sc.class, 0)
	return &Object{sc: sc, run: th.run, proxy: m, iface: c}
}
