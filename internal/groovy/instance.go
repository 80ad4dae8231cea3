package groovy

import "strings"

func (th *thread) newScriptObject(sc *scriptClass) *Object {
	o := &Object{sc: sc, run: th.run, binding: th.run.binding, fields: make([]Value, len(sc.fields))}
	th.initFields(o, sc)
	return o
}

// runScript executes the script's body, or the main or run method of a file
// which only defines a class.
func (th *thread) runScript(o *Object) Value {
	sc := o.sc
	if m := sc.mainClass; m != nil {
		if list := m.all["main"]; len(list) > 0 {
			return th.callScriptMust(m, "main", []Value{newArray("java.lang.String", nil)})
		}
		if len(m.all["run"]) > 0 {
			return th.callMethod(th.newObject(m, nil, nil, nil, nil), "run", nil)
		}
		return nil
	}
	return sc.body.invoke(th, nil, o, nil, nil)
}

func (th *thread) callScriptMust(sc *scriptClass, name string, args []Value) Value {
	v, ok := th.callScriptStatic(sc, name, args)
	if !ok {
		th.raise(missingStatic(th, sc.class.Name, name, args))
	}
	return v
}

// newObject creates an instance: fields, initialisers, constructor.
func (th *thread) newObject(sc *scriptClass, args []Value, named *Map, outer Value, caps []*cell) Value {
	if sc.class.Interface || sc.node.abstr {
		th.throw("java.lang.InstantiationException", "You cannot create an instance from the abstract class or interface '%s'.", sc.class.Name)
	}
	if sc.enum && sc.node.kind == "enum" {
		th.throw(excRuntime, "an enum's values cannot be created with new")
	}
	o := th.allocate(sc)
	o.caps = caps
	if sc.outer != nil && (!sc.node.static || caps != nil) {
		o.outer = outer
	} else if caps != nil {
		o.outer = outer
	}
	th.build(o, sc, args, named)
	return o
}

func (th *thread) allocate(sc *scriptClass) *Object {
	th.classReady(sc)
	th.alloc(int64(len(sc.fields))*16 + 96)
	o := &Object{sc: sc, run: th.run, fields: make([]Value, len(sc.fields))}
	for _, f := range sc.fields {
		o.fields[f.index] = zeroOf(f.typ)
	}
	if sc.script { // a script made with new has variables of its own
		o.binding = NewBinding(nil)
	}
	if sc.meta.thrown {
		o.base = &Thrown{Class: sc.class.Name, NoMsg: true, Value: o}
	}
	return o
}

// build runs the constructor that fits, or assigns named arguments.
func (th *thread) build(o *Object, sc *scriptClass, args []Value, named *Map) {
	if named != nil && len(sc.ctors) > 0 {
		if m := th.pick(sc.ctors, append([]Value{named}, args...)); m != nil {
			th.runCtor(o, m, append([]Value{named}, args...))
			return
		}
	}
	if len(sc.ctors) > 0 && (len(args) > 0 || named == nil || hasNoArgs(sc.ctors)) {
		m := th.pick(sc.ctors, args)
		if m == nil {
			th.noConstructor(sc, args)
		}
		th.runCtor(o, m, args)
	} else {
		th.defaultCtor(o, sc, args)
	}
	if named != nil {
		for _, e := range named.entries() {
			name := th.str(e.key)
			if fi := sc.fieldIdx[name]; fi != nil && (sc.immutable || fi.final) {
				o.set(fi.index, th.assign(e.val, fi.typ))
				continue
			}
			th.setProp(o, name, e.val)
		}
	}
}

func hasNoArgs(list []*method) bool {
	for _, m := range list {
		if m.fn.required == 0 {
			return true
		}
	}
	return false
}

func (th *thread) noConstructor(sc *scriptClass, args []Value) {
	th.throw(excRuntime, "Could not find matching constructor for: %s(%s)", sc.class.Name, th.typeNames(args))
}

// defaultCtor is the constructor of a class without one.
func (th *thread) defaultCtor(o *Object, sc *scriptClass, args []Value) {
	if sc.tuple && len(args) > 0 && len(args) <= len(sc.fields) {
		th.initFields(o, sc)
		for i, a := range args {
			fi := sc.fields[i]
			o.set(fi.index, th.assign(a, fi.typ))
		}
		return
	}
	switch {
	case sc.super != nil:
		if len(args) > 0 && sc.node.name != "" {
			th.noConstructor(sc, args)
		}
		th.superCtor(o, sc.super, args)
	case o.base != nil:
		th.initThrown(o, args)
	case len(args) > 0:
		if m, ok := args[0].(*Map); ok && len(args) == 1 { // new Point([x: 1])
			th.initFields(o, sc)
			for _, e := range m.entries() {
				th.setProp(o, th.str(e.key), e.val)
			}
			return
		}
		if sc.class.Super == nil || sc.class.Super.script != nil {
			th.noConstructor(sc, args)
		}
	}
	th.initFields(o, sc)
}

func (th *thread) superCtor(o *Object, sc *scriptClass, args []Value) {
	if len(sc.ctors) == 0 {
		th.defaultCtor(o, sc, args)
		return
	}
	m := th.pick(sc.ctors, args)
	if m == nil {
		th.noConstructor(sc, args)
	}
	th.runCtor(o, m, args)
}

// initThrown gives an exception of a script class its message and cause.
func (th *thread) initThrown(o *Object, args []Value) {
	t := o.base.(*Thrown)
	v, err := newThrowable(&Call{Class: o.sc.class, Name: "<init>", Args: args, th: th})
	if err != nil {
		th.raise(err)
	}
	n := v.(*Thrown)
	t.Message, t.NoMsg, t.Cause = n.Message, n.NoMsg, n.Cause
}

// runCtor calls a constructor. Unless it starts with this(…) or super(…),
// the superclass's parameterless constructor and the fields come first.
func (th *thread) runCtor(o *Object, m *method, args []Value) {
	sc := m.class
	if !startsWithChain(m) {
		if sc.super != nil {
			th.superCtor(o, sc.super, nil)
		}
		th.initFields(o, sc)
	}
	m.fn.invoke(th, nil, o, o.caps, args)
	for i := range m.fn.params {
		if fi := m.fn.params[i].field; fi != nil && i < len(args) {
			o.set(fi.index, th.assign(args[i], fi.typ))
		}
	}
	if sc.rec && m.fn.params != nil && m.fn.name == sc.node.name && len(sc.ctors) == 1 && m.fn.params[0].field == nil {
		for i := range m.fn.params { // compact constructor
			if fi := sc.fieldIdx[m.fn.params[i].name]; fi != nil && i < len(args) {
				o.set(fi.index, th.assign(args[i], fi.typ))
			}
		}
	}
}

func startsWithChain(m *method) bool { return m.fn.chains }

// chain runs this(…) or super(…) of a constructor.
func (th *thread) chain(f *frame, sc *scriptClass, super bool, args []Value, named *Map) {
	o, ok := f.this.(*Object)
	if !ok {
		th.throw(excIllegalState, "this(…) and super(…) belong into constructors")
	}
	if !super {
		if named != nil {
			args = append([]Value{named}, args...)
		}
		m := th.pick(sc.ctors, args)
		if m == nil {
			th.noConstructor(sc, args)
		}
		th.runCtor(o, m, args)
		return
	}
	switch {
	case sc.super != nil:
		th.superCtor(o, sc.super, args)
	case o.base != nil:
		th.initThrown(o, args)
	}
	th.initFields(o, sc)
}

// initFields runs the initialisers of a class's own fields.
func (th *thread) initFields(o *Object, sc *scriptClass) {
	for _, f := range sc.fields {
		init := f.init
		if f.from != nil {
			init = f.from.init
		}
		if init == nil || f.class != sc && f.from == nil {
			continue
		}
		v := init.invoke(th, nil, o, o.caps, nil)
		o.set(f.index, th.assign(v, f.typ))
	}
	for _, i := range sc.inits {
		i.invoke(th, nil, o, o.caps, nil)
	}
}

func (th *thread) storeField(o *Object, fi *fieldInfo, v Value) Value {
	if fi.typ != nil {
		v = th.assign(v, fi.typ)
	}
	o.set(fi.index, v)
	return v
}

// callOwn calls a method the object's class defines or inherits from script
// classes, or a closure in one of its fields.
func (th *thread) callOwn(o *Object, name string, args []Value) (Value, bool) {
	if o.proxy != nil {
		if f, ok := o.proxy.Get(name); ok {
			return th.call(f, args...), true
		}
	}
	if list := o.sc.all[name]; list != nil {
		if m := th.pick(list, args); m != nil {
			return m.call(th, o, args), true
		}
	}
	if v, ok := th.fieldAccessor(o, name, args); ok {
		return v, true
	}
	if fi := o.sc.fieldIdx[name]; fi != nil {
		if c, ok := o.get(fi.index).(*Closure); ok {
			return th.callClosure(c, args), true
		}
	}
	if o.sc.script {
		if v, ok := o.binding.Get(name); ok && v != nil {
			return th.call(v, args...), true
		}
		if name == "getBinding" && len(args) == 0 {
			return o.binding, true
		}
	}
	return nil, false
}

// callObject is callOwn with what comes from host classes and methodMissing.
func (th *thread) callObject(o *Object, name string, args []Value) (Value, bool) {
	if v, ok := th.callOwn(o, name, args); ok {
		return v, true
	}
	m := o.sc.meta
	if f := m.methods[name]; f != nil {
		return th.invokeMethod(f, o, name, args, false), true
	}
	if v, ok := th.accessor(m, o, name, args); ok {
		return v, true
	}
	if fi := o.sc.staticIdx[name]; fi != nil {
		if c, ok := th.staticsOf(o.sc).get(fi.index).(*Closure); ok {
			return th.callClosure(c, args), true
		}
	}
	for _, missing := range []string{"methodMissing", "invokeMethod"} {
		if list := o.sc.all[missing]; list != nil {
			given := []Value{name, newArray("java.lang.Object", args)}
			if m := th.pick(list, given); m != nil { // another signature would be missing, too, and so on
				return m.call(th, o, given), true
			}
		}
	}
	return nil, false
}

// fieldAccessor serves the getters and setters Groovy generates for properties.
func (th *thread) fieldAccessor(o *Object, name string, args []Value) (Value, bool) {
	switch {
	case len(args) == 0 && len(name) > 3 && strings.HasPrefix(name, "get"),
		len(args) == 0 && len(name) > 2 && strings.HasPrefix(name, "is"):
		p := propName(strings.TrimPrefix(strings.TrimPrefix(name, "is"), "get"))
		if fi := o.sc.fieldIdx[p]; fi != nil && fi.prop {
			return o.get(fi.index), true
		}
	case len(args) == 0 && o.sc.rec:
		if fi := o.sc.fieldIdx[name]; fi != nil {
			return o.get(fi.index), true
		}
	case len(args) == 1 && len(name) > 3 && strings.HasPrefix(name, "set"):
		if fi := o.sc.fieldIdx[propName(name[3:])]; fi != nil && fi.prop && !fi.final && !o.sc.immutable {
			th.storeField(o, fi, args[0])
			return nil, true
		}
	}
	return nil, false
}

// objectProp reads a property from outside: getters go before fields.
func (th *thread) objectProp(o *Object, name string) (Value, bool) {
	if len(o.sc.all) > 0 {
		c := capitalize(name)
		for _, get := range []string{"get" + c, "is" + c} {
			if list := o.sc.all[get]; list != nil {
				if m := th.pick(list, nil); m != nil {
					return m.call(th, o, nil), true
				}
			}
		}
	}
	if fi := o.sc.fieldIdx[name]; fi != nil {
		return o.get(fi.index), true
	}
	if o.binding != nil {
		if v, ok := o.binding.Get(name); ok {
			return v, true
		}
		if name == "binding" {
			return o.binding, true
		}
	}
	if v, ok := th.staticProp(o.sc, name); ok {
		return v, true
	}
	if o.sc.enum {
		switch name {
		case "name":
			return o.name, true
		case "ordinal":
			return int32(o.ordinal), true
		}
	}
	if v, ok := th.metaProp(o.sc.meta, o, name); ok {
		return v, true
	}
	for _, miss := range []string{"propertyMissing", "getProperty", "get"} {
		for _, m := range o.sc.all[miss] {
			if len(m.fn.params) == 1 && !m.abstract {
				return m.call(th, o, []Value{name}), true
			}
		}
	}
	if o.sc.outer != nil && o.outer != nil {
		return nil, false
	}
	return nil, false
}

// setObjectProp writes a property from outside.
func (th *thread) setObjectProp(o *Object, name string, v Value) {
	if !th.setOwn(o, name, v) {
		th.noProperty(o, name)
	}
}

func (th *thread) setOwn(o *Object, name string, v Value) bool {
	if list := o.sc.all["set"+capitalize(name)]; list != nil {
		if m := th.pick(list, []Value{v}); m != nil {
			m.call(th, o, []Value{v})
			return true
		}
		if len(list) == 1 && len(list[0].fn.params) == 1 {
			list[0].call(th, o, []Value{th.assign(v, list[0].fn.params[0].typ)})
			return true
		}
	}
	if fi := o.sc.fieldIdx[name]; fi != nil {
		if (fi.final || o.sc.immutable) && th.insideCtor(o) == nil {
			th.throw(excReadOnly, "Cannot set readonly property: %s for class: %s", name, o.sc.class.Name)
		}
		th.storeField(o, fi, v)
		return true
	}
	if th.setStatic(o.sc, name, v) {
		return true
	}
	if len(o.sc.all["get"+capitalize(name)]) > 0 && !o.sc.script {
		th.throw(excReadOnly, "Cannot set readonly property: %s for class: %s", name, o.sc.class.Name)
	}
	for _, m := range append(append([]*method(nil), o.sc.all["propertyMissing"]...), append(o.sc.all["setProperty"][:len(o.sc.all["setProperty"]):len(o.sc.all["setProperty"])], o.sc.all["set"]...)...) {
		if len(m.fn.params) == 2 && !m.abstract {
			m.call(th, o, []Value{name, v})
			return true
		}
	}
	if o.binding != nil {
		th.alloc(64)
		o.binding.vars.Put(name, v)
		return true
	}
	return th.trySetProp(o, name, v)
}

// insideCtor gives the frame of the object's own constructor when it is active.
func (th *thread) insideCtor(o *Object) *frame {
	for f := th.top; f != nil; f = f.up {
		if f.this == Value(o) && f.fn.name == o.sc.node.name {
			return f
		}
	}
	return nil
}

func (f *frame) superProp(sc *scriptClass, name string) Value {
	if o, ok := f.this.(*Object); ok && sc.super != nil {
		c := capitalize(name)
		for _, get := range []string{"get" + c, "is" + c} {
			if list := sc.super.all[get]; list != nil {
				if m := f.th.pick(list, nil); m != nil {
					return m.call(f.th, o, nil)
				}
			}
		}
	}
	return f.th.getProp(f.this, name)
}

func (f *frame) superCall(sc *scriptClass, name string, args []Value) Value {
	th := f.th
	var parents []*scriptClass
	if sc.super != nil {
		parents = append(parents, sc.super)
	}
	for _, p := range append(parents, sc.ifaces...) {
		if list := p.all[name]; list != nil {
			if m := th.pick(list, args); m != nil {
				return m.call(th, f.this, args)
			}
		}
	}
	o, ok := f.this.(*Object)
	if ok {
		if v, ok := th.fieldAccessor(o, name, args); ok {
			return v
		}
		if name == "toString" && len(args) == 0 && o.base == nil {
			return o.ClassName() + "@1"
		}
		if name == "equals" && len(args) == 1 {
			return f.this == args[0]
		}
	}
	if m := sc.meta.methods[name]; m != nil {
		return th.invokeMethod(m, f.this, name, args, false)
	}
	th.raise(missingMethod(th, th.thisClass(f.this), name, args))
	return nil
}

// propertyMap lists an object's properties.
func (th *thread) propertyMap(o *Object) *Map {
	m := NewMap()
	for _, f := range o.sc.fields {
		if f.prop {
			m.Put(f.name, o.get(f.index))
		}
	}
	return m
}
