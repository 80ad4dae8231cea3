package groovy

import "strings"

func (th *thread) noProperty(v Value, name string) {
	if v == nil {
		th.throw(excNull, "Cannot get property '%s' on null object", name)
	}
	class := th.className(v)
	if c, ok := v.(*Class); ok {
		class = c.Name
	}
	th.throw(excNoProperty, "No such property: %s for class: %s", name, class)
}

// getProp reads obj.name.
func (th *thread) getProp(v Value, name string) Value {
	r, ok := th.tryProp(v, name)
	if !ok {
		th.noProperty(v, name)
	}
	return r
}

// tryProp reads a property if there is one.
func (th *thread) tryProp(v Value, name string) (Value, bool) {
	switch x := v.(type) {
	case *Map:
		return th.mapGet(x, name), true
	case *Object:
		return th.objectProp(x, name)
	case *Class:
		return th.classProp(x, name)
	case nil:
		return nil, false
	case *Closure:
		return th.closureProp(x, name)
	case dynamic:
		return x.prop(th, name)
	case *List:
		if x.kind == listArray && name == "length" {
			return int32(x.Len()), true
		}
		return th.spreadProp(x, name), true
	case *Set:
		return th.spreadProp(x, name), true
	case []byte:
		if name == "length" {
			return int32(len(x)), true
		}
	case *Range:
		switch name {
		case "from":
			if x.isInt {
				return x.wrapInt(x.lo), true
			}
			return x.from, true
		case "to":
			if x.isInt {
				return x.wrapInt(x.hi), true
			}
			return x.to, true
		case "reverse":
			return x.rev, true
		}
		return th.spreadProp(x, name), true
	}
	m := th.eng.metaOf(v)
	return th.metaProp(m, v, name)
}

func (th *thread) metaProp(m *meta, v Value, name string) (Value, bool) {
	if g := m.get[name]; g != nil {
		r, err := g(v)
		if err != nil {
			th.raise(err)
		}
		return fromHost(r), true
	}
	if name == "class" {
		return m.class, true
	}
	if a, ok := m.getters[name]; ok {
		return th.invokeMethod(a.f, v, a.name, nil, false), true
	}
	if m.h.PropertyMissing != nil {
		if r, ok := m.h.PropertyMissing(v, name); ok {
			return fromHost(r), true
		}
	}
	return nil, false
}

func (th *thread) mapGet(m *Map, key Value) Value {
	v, ok := m.Get(key)
	if !ok && m.def != nil {
		v = th.call(m.def, key)
		if !m.loan {
			th.put(m, key, v)
		}
	}
	return v
}

// put stores into a map as a script does.
func (th *thread) put(m *Map, k, v Value) Value {
	switch m.kind {
	case mapImmutable:
		th.throw(excUnsupported, "the map cannot be changed")
	case mapConcurrent, mapProperties:
		if k == nil || v == nil {
			th.throw(excNull, "a map of this class takes no null keys or values")
		}
	case mapTree:
		if k == nil {
			th.throw(excNull, "a TreeMap takes no null keys")
		}
	}
	th.alloc(64)
	if s, ok := k.(*GString); ok {
		k = s.text(th)
	}
	return m.Put(k, v)
}

func (th *thread) putAll(to, from *Map) {
	for _, e := range from.entries() {
		th.put(to, e.key, e.val)
	}
}

func (th *thread) copyMap(m *Map) *Map {
	out := &Map{kind: m.kind, less: m.less}
	if out.kind == mapImmutable || out.kind == mapConcurrent {
		out.kind = mapLinked
	}
	th.alloc(int64(m.Len()) * 64)
	m.Each(func(k, v Value) bool { out.Put(k, v); return true })
	return out
}

// spreadProp reads list.name as list*.name; "class" and "empty" are the list's own.
func (th *thread) spreadProp(v Value, name string) Value {
	m := th.eng.metaOf(v)
	switch name {
	case "class":
		return th.classValue(v)
	case "empty", "first", "last":
		if name == "empty" || m.methods["get"+capitalize(name)] != nil {
			return th.callMethod(v, map[string]string{"empty": "isEmpty", "first": "first", "last": "last"}[name], nil)
		}
	}
	if g := m.get[name]; g != nil {
		r, err := g(v)
		if err != nil {
			th.raise(err)
		}
		return r
	}
	var out []Value
	th.nest() // a list may contain itself
	for _, x := range th.items(v) {
		th.step()
		if x == nil {
			continue
		}
		out = append(out, th.getProp(x, name))
	}
	th.nested--
	return NewList(out...)
}

func (th *thread) closureProp(c *Closure, name string) (Value, bool) {
	switch name {
	case "delegate":
		d, _ := c.deleg()
		return d, true
	case "owner":
		return c.owner, true
	case "thisObject":
		return c.this, true
	case "resolveStrategy":
		_, s := c.deleg()
		return int32(s), true
	case "maximumNumberOfParameters":
		return int32(max(c.Params(), 0)), true
	case "class":
		return th.eng.cores.closure.class, true
	}
	if v, ok := th.metaProp(th.eng.cores.closure, c, name); ok {
		return v, true
	}
	return th.lookup(c, name, 0)
}

// classProp reads C.name: static fields and properties, nested classes, enum
// constants, and properties of the class object itself.
func (th *thread) classProp(c *Class, name string) (Value, bool) {
	if c.script != nil {
		if v, ok := th.staticProp(c.script, name); ok {
			return v, true
		}
	}
	for k := c; k != nil; k = th.superOf(k) {
		if f := k.StaticFields[name]; f != nil {
			return fromHost(f()), true
		}
		if in := k.Inner[name]; in != nil {
			return in, true
		}
	}
	switch name {
	case "class":
		return c, true
	case "name", "canonicalName", "typeName":
		return c.Name, true
	case "simpleName":
		return c.SimpleName(), true
	case "this":
		return nil, false
	}
	for k := c; k != nil; k = th.superOf(k) {
		for _, pre := range []string{"get", "is"} {
			if f := k.Static[pre+capitalize(name)]; f != nil {
				return th.invokeStatic(f, k, pre+capitalize(name), nil, false), true
			}
		}
	}
	return th.metaProp(th.eng.cores.class, c, name)
}

// setProp writes obj.name = val.
func (th *thread) setProp(v Value, name string, val Value) {
	switch x := v.(type) {
	case *Map:
		th.put(x, name, val)
		return
	case *Object:
		th.setObjectProp(x, name, val)
		return
	case nil:
		th.throw(excNull, "Cannot set property '%s' on null object", name)
	case *Class:
		if x.script != nil && th.setStatic(x.script, name, val) {
			return
		}
	case *Closure:
		if th.setClosureProp(x, name, val) {
			return
		}
	case dynamic:
		x.setProp(th, name, val)
		return
	case *List, *Set:
		if th.eng.metaOf(v).set[name] == nil {
			th.nest()
			for _, y := range th.items(x) {
				th.setProp(y, name, val)
			}
			th.nested--
			return
		}
	}
	if !th.trySetProp(v, name, val) {
		m := th.eng.metaOf(v)
		if _, ok := th.metaReadable(m, v, name); ok {
			th.throw(excReadOnly, "Cannot set readonly property: %s for class: %s", name, m.class.Name)
		}
		th.noProperty(v, name)
	}
}

func (th *thread) metaReadable(m *meta, _ Value, name string) (Value, bool) {
	_, getter := m.getters[name]
	return nil, m.get[name] != nil || getter || name == "class"
}

func (th *thread) trySetProp(v Value, name string, val Value) bool {
	m := th.eng.metaOf(v)
	if _, ok := v.(Host); ok {
		val = plainKey(th, val)
	}
	if s := m.set[name]; s != nil {
		if err := s(v, val); err != nil {
			th.raise(err)
		}
		return true
	}
	if a, ok := m.setters[name]; ok {
		th.invokeMethod(a.f, v, a.name, []Value{val}, false)
		return true
	}
	if m.h.SetMissing != nil {
		ok, err := m.h.SetMissing(v, name, val)
		if err != nil {
			th.raise(err)
		}
		return ok
	}
	return false
}

func (th *thread) setClosureProp(c *Closure, name string, val Value) bool {
	switch name {
	case "delegate":
		c.setDelegate(val, -1)
		return true
	case "resolveStrategy":
		n, _ := toInt64(val)
		d, _ := c.deleg()
		c.setDelegate(d, int(n))
		return true
	}
	return th.assignName(c, name, val, 0)
}

// getIndex reads v[keys…].
func (th *thread) getIndex(v Value, keys []Value) Value {
	if len(keys) > 1 {
		switch v.(type) {
		case *List, *Map, *Range, []byte, string, *GString:
			return th.callMethod(v, "getAt", []Value{NewList(keys...)})
		}
		return th.callMethod(v, "getAt", keys)
	}
	if len(keys) == 0 {
		th.raise(missingMethod(th, th.className(v), "getAt", nil))
	}
	key := keys[0]
	switch x := v.(type) {
	case *Map:
		return th.mapGet(x, key)
	case *List:
		if n, ok := toInt64(key); ok && level(key) > 0 {
			return th.listAt(x, n)
		}
		return th.sliceAt(x.Items(), key, v)
	case *Range:
		if n, ok := toInt64(key); ok && level(key) > 0 {
			return th.listAt(NewList(x.items(th)...), n)
		}
		return th.sliceAt(x.items(th), key, v)
	case []byte:
		if n, ok := toInt64(key); ok && level(key) > 0 {
			if n < 0 {
				n += int64(len(x))
			}
			if n < 0 || n >= int64(len(x)) {
				th.throw("java.lang.ArrayIndexOutOfBoundsException", "Index %d out of bounds for length %d", n, len(x))
			}
			return int8(x[n])
		}
		return th.sliceAt(th.items(x), key, v)
	case string:
		return th.strAt(x, key)
	case *GString:
		return th.strAt(x.text(th), key)
	case nil:
		th.throw(excNull, "Cannot invoke method getAt() on null object")
	case *Set:
		if n, ok := toInt64(key); ok && level(key) > 0 {
			return th.listAt(NewList(x.Items()...), n)
		}
	case Host:
		if m := th.eng.metaOf(x); m.h.Index != nil && m.class.Methods["getAt"] == nil {
			r, err := m.h.Index(x, plainKey(th, key))
			if err != nil {
				th.raise(err)
			}
			return fromHost(r)
		}
	}
	if r, ok := th.tryCall(v, "getAt", keys, false); ok {
		return r
	}
	if s, ok := th.text(key); ok { // obj['name'] is the property
		return th.getProp(v, s)
	}
	return th.callMethod(v, "getAt", keys)
}

// plainKey spares hosts from GStrings.
func plainKey(th *thread, v Value) Value {
	if g, ok := v.(*GString); ok {
		return g.text(th)
	}
	return v
}

func (th *thread) listAt(l *List, n int64) Value {
	if size := int64(l.Len()); n < 0 {
		n += size
		if n < 0 {
			if l.kind == listArray {
				th.throw("java.lang.ArrayIndexOutOfBoundsException", "Negative array index [%d] too large for array size %d", n-size, size)
			}
			th.throw("java.lang.ArrayIndexOutOfBoundsException", "Negative array index [%d] too large for array size %d", n-size, size)
		}
	} else if n >= size {
		if l.kind == listArray {
			th.throw("java.lang.ArrayIndexOutOfBoundsException", "Index %d out of bounds for length %d", n, size)
		}
		return nil
	}
	return l.At(int(n))
}

// span resolves a range used as index to its elements' positions; to is from - 1 if
// there are none.
func (r *Range) span(size int) (from, to int, rev bool) {
	a, b, n := r.rawFrom, r.rawTo, int64(size)
	if a < 0 {
		a += n
	}
	if b < 0 {
		b += n
	}
	if rev = a > b && n > 0; rev {
		a, b = b, a
	}
	if r.exFrom && !rev || r.exTo && rev {
		a++
	}
	if r.exTo && !rev || r.exFrom && rev {
		b--
	}
	return int(a), int(max(b, a-1)), rev
}

func (th *thread) sliceAt(items []Value, key, self Value) Value {
	switch k := key.(type) {
	case *Range:
		if !k.isInt {
			break
		}
		a, b, rev := k.span(len(items))
		if b < a {
			return NewList()
		}
		if a < 0 || b >= len(items) {
			th.throw(excIndex, "toIndex = %d", b+1)
		}
		out := append([]Value(nil), items[a:b+1]...)
		if rev {
			reverse(out)
		}
		return NewList(out...)
	case *List, *Set:
		var out []Value
		src := NewList(items...)
		for _, i := range th.items(k) {
			th.alloc(16)
			th.step()
			out = append(out, th.getIndex(src, []Value{i}))
		}
		return NewList(flattenOnce(out, k)...)
	}
	if s, ok := th.text(key); ok {
		return th.getProp(self, s)
	}
	return th.fail(missingMethod(th, th.className(self), "getAt", []Value{key}))
}

// flattenOnce joins the pieces that ranges inside an index list produced.
func flattenOnce(out []Value, keys Value) []Value {
	l, ok := keys.(*List)
	if !ok {
		return out
	}
	var flat []Value
	for i, k := range l.Items() {
		if _, isRange := k.(*Range); isRange {
			flat = append(flat, out[i].(*List).Items()...)
		} else {
			flat = append(flat, out[i])
		}
	}
	return flat
}

func reverse(s []Value) {
	for i, j := 0, len(s)-1; i < j; i, j = i+1, j-1 {
		s[i], s[j] = s[j], s[i]
	}
}

func (th *thread) strAt(s string, key Value) Value {
	n := jlen(s)
	switch k := key.(type) {
	case *Range:
		if !k.isInt {
			break
		}
		a, b, rev := k.span(n)
		if b < a {
			return ""
		}
		if a < 0 || b >= n {
			th.throw(excStrIndex, "begin %d, end %d, length %d", a, b+1, n)
		}
		sub := jsub(s, a, b+1)
		if rev {
			return reverseString(sub)
		}
		return sub
	case *List:
		var b strings.Builder
		for _, i := range k.Items() {
			th.alloc(8)
			th.moved(len(s))
			th.step()
			b.WriteString(th.str(th.strAt(s, i)))
		}
		return b.String()
	}
	i, ok := toInt64(key)
	if !ok {
		if name, isText := th.text(key); isText {
			return th.getProp(s, name)
		}
		return th.fail(missingMethod(th, "java.lang.String", "getAt", []Value{key}))
	}
	if i < 0 {
		i += int64(n)
	}
	if i < 0 || i >= int64(n) {
		th.throw(excStrIndex, "index %d, length %d", i, n)
	}
	return jsub(s, int(i), int(i)+1)
}

func reverseString(s string) string {
	rs := []rune(s)
	for i, j := 0, len(rs)-1; i < j; i, j = i+1, j-1 {
		rs[i], rs[j] = rs[j], rs[i]
	}
	return string(rs)
}

// setIndex writes v[keys…] = val.
func (th *thread) setIndex(v Value, keys []Value, val Value) {
	if len(keys) > 1 {
		th.callMethod(v, "putAt", []Value{NewList(keys...), val})
		return
	}
	key := keys[0]
	switch x := v.(type) {
	case *Map:
		th.put(x, key, val)
		return
	case *List:
		if n, ok := toInt64(key); ok && level(key) > 0 {
			th.setListAt(x, n, val)
			return
		}
		if at, ok := key.(*List); ok {
			th.setListEach(x, at.Items(), val)
			return
		}
	case []byte:
		n, ok := toInt64(key)
		b, isNum := toInt64(val)
		if !ok || !isNum {
			break
		}
		if n < 0 {
			n += int64(len(x))
		}
		if n < 0 || n >= int64(len(x)) {
			th.throw("java.lang.ArrayIndexOutOfBoundsException", "Index %d out of bounds for length %d", n, len(x))
		}
		x[n] = byte(b)
		return
	case nil:
		th.throw(excNull, "Cannot invoke method putAt() on null object")
	case Host:
		if m := th.eng.metaOf(x); m.h.SetIndex != nil && m.class.Methods["putAt"] == nil {
			if err := m.h.SetIndex(x, plainKey(th, key), plainKey(th, val)); err != nil {
				th.raise(err)
			}
			return
		}
	}
	if _, ok := th.tryCall(v, "putAt", []Value{key, val}, false); ok {
		return
	}
	if s, ok := th.text(key); ok {
		th.setProp(v, s, val)
		return
	}
	th.callMethod(v, "putAt", []Value{key, val})
}

// setListEach is list[i, j] = val: a list is dealt out, anything else goes everywhere.
func (th *thread) setListEach(l *List, at []Value, val Value) {
	vals, dealt := val.(*List)
	if dealt && vals.Len() != len(at) {
		th.throw(excIllegalArg, "Trying to replace %d values with %d values", len(at), vals.Len())
	}
	for i, k := range at {
		v := val
		if dealt {
			v = vals.At(i)
		}
		th.setIndex(l, []Value{k}, v)
	}
}

func (th *thread) setListAt(l *List, n int64, val Value) {
	if l.kind == listImmutable {
		th.throw(excUnsupported, "the list cannot be changed")
	}
	size := int64(l.Len())
	if n < 0 {
		n += size
		if n < 0 {
			th.throw("java.lang.ArrayIndexOutOfBoundsException", "Negative array index [%d] too large for array size %d", n-size, size)
		}
	}
	if l.kind == listArray {
		if n >= size {
			th.throw("java.lang.ArrayIndexOutOfBoundsException", "Index %d out of bounds for length %d", n, size)
		}
		if co, ok := coercions[l.elem]; ok {
			val = th.assign(val, &typeRef{name: l.elem, coerc: co, class: th.eng.byName[l.elem]})
		}
	}
	if n >= size { // the gap is filled with null
		th.alloc(mulSize(n-size+1, 16))
		pad := make([]Value, n-size+1)
		l.Add(pad...)
	}
	l.setAt(int(n), val)
}

func (th *thread) wantMutable(l *List) {
	if l.fixed() {
		th.throw(excUnsupported, "the list cannot be changed")
	}
}
