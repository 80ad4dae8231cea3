package groovy

// staticsOf gives the class's statics in this run.
func (th *thread) staticsOf(sc *scriptClass) *staticState {
	r := th.run
	r.mu.Lock()
	s := r.statics[sc]
	if s == nil {
		s = &staticState{fields: make([]Value, len(sc.statics))}
		for i, f := range sc.statics {
			s.fields[i] = zeroOf(f.typ)
		}
		if r.statics == nil {
			r.statics = map[*scriptClass]*staticState{}
		}
		r.statics[sc] = s
	}
	r.mu.Unlock()
	return s
}

// classReady runs static initialisers on first use.
func (th *thread) classReady(sc *scriptClass) {
	if len(sc.statics) == 0 && len(sc.clinit) == 0 {
		return
	}
	s := th.staticsOf(sc)
	s.mu.Lock()
	ready := s.ready
	s.ready = true
	s.mu.Unlock()
	if ready {
		return
	}
	th.makeConstants(sc, s)
	for _, f := range sc.statics {
		if f.init != nil {
			s.set(f.index, th.assign(f.init.invoke(th, nil, sc.class, nil, nil), f.typ))
		}
	}
	for _, c := range sc.clinit {
		c.invoke(th, nil, sc.class, nil, nil)
	}
}

// makeConstants creates an enum's values.
func (th *thread) makeConstants(sc *scriptClass, s *staticState) {
	for i, k := range sc.consts {
		class := sc
		if k.body != nil {
			class = k.body.class.script
			th.staticsOf(class).ready = true
		}
		o := &Object{sc: class, run: th.run, fields: make([]Value, len(class.fields)), ordinal: i, name: k.name}
		for _, f := range class.fields {
			o.fields[f.index] = zeroOf(f.typ)
		}
		args := th.items(sc.constArgs[i].invoke(th, nil, sc.class, nil, nil))
		var named *Map
		if len(args) > 0 && k.args[0].name != nil {
			named, args = args[0].(*Map), args[1:]
		}
		th.build(o, sc, args, named)
		if class != sc {
			th.initFields(o, class)
		}
		s.set(sc.staticIdx[k.name].index, o)
	}
}

func (sc *scriptClass) enumBase() *scriptClass {
	for k := sc; k != nil; k = k.super {
		if k.node.kind == "enum" {
			return k
		}
	}
	return sc
}

func (th *thread) enumValues(sc *scriptClass) []Value {
	sc = sc.enumBase()
	th.classReady(sc)
	s := th.staticsOf(sc)
	var out []Value
	for _, k := range sc.consts {
		out = append(out, s.get(sc.staticIdx[k.name].index))
	}
	return out
}

func (th *thread) enumValue(sc *scriptClass, name string) Value {
	sc = sc.enumBase()
	for _, v := range th.enumValues(sc) {
		if v.(*Object).name == name {
			return v
		}
	}
	th.throw(excIllegalArg, "No enum constant %s.%s", sc.class.Name, name)
	return nil
}

// staticProp reads a static field or property of a class or its ancestors.
func (th *thread) staticProp(sc *scriptClass, name string) (Value, bool) {
	for k := sc; k != nil; k = k.super {
		if fi := k.staticIdx[name]; fi != nil {
			th.classReady(k)
			return th.staticsOf(k).get(fi.index), true
		}
		for _, i := range k.ifaces {
			if v, ok := th.staticProp(i, name); ok {
				return v, true
			}
		}
	}
	c := capitalize(name)
	for _, get := range []string{"get" + c, "is" + c} {
		for _, m := range sc.all[get] {
			if m.static && len(m.fn.params) == 0 {
				return m.call(th, sc.class, nil), true
			}
		}
	}
	if in := nested(sc.class, name); in != nil {
		return in, true
	}
	if sc.enum && (name == "values" || name == "MIN_VALUE" || name == "MAX_VALUE") {
		vs := th.enumValues(sc)
		switch {
		case name == "values":
			return newArray(sc.class.Name, vs), true
		case len(vs) == 0:
			return nil, true
		case name == "MIN_VALUE":
			return vs[0], true
		}
		return vs[len(vs)-1], true
	}
	return nil, false
}

func (th *thread) setStatic(sc *scriptClass, name string, v Value) bool {
	for k := sc; k != nil; k = k.super {
		fi := k.staticIdx[name]
		if fi == nil {
			continue
		}
		th.classReady(k)
		if fi.final && !th.initializing(k) {
			th.throw(excReadOnly, "Cannot set readonly property: %s for class: %s", name, k.class.Name)
		}
		if fi.typ != nil {
			v = th.assign(v, fi.typ)
		}
		th.staticsOf(k).set(fi.index, v)
		return true
	}
	for _, m := range sc.all["set"+capitalize(name)] {
		if m.static && len(m.fn.params) == 1 {
			m.call(th, sc.class, []Value{v})
			return true
		}
	}
	return false
}

// initializing tells whether a static block of the class is running.
func (th *thread) initializing(sc *scriptClass) bool {
	for f := th.top; f != nil; f = f.up {
		for _, c := range sc.clinit {
			if f.fn == c {
				return true
			}
		}
	}
	return false
}

// callScriptStatic calls a static method of a script class.
func (th *thread) callScriptStatic(sc *scriptClass, name string, args []Value) (Value, bool) {
	var list []*method
	for _, m := range sc.all[name] {
		if m.static {
			list = append(list, m)
		}
	}
	if list != nil {
		if m := th.pick(list, args); m != nil {
			return m.call(th, sc.class, args), true
		}
	}
	for k := sc; k != nil; k = k.super {
		if fi := k.staticIdx[name]; fi != nil {
			th.classReady(k)
			if c, ok := th.staticsOf(k).get(fi.index).(*Closure); ok {
				return th.callClosure(c, args), true
			}
		}
	}
	if sc.enum {
		switch {
		case name == "values" && len(args) == 0:
			return newArray(sc.class.Name, th.enumValues(sc)), true
		case name == "valueOf" && len(args) == 1:
			return th.enumValue(sc, th.str(args[0])), true
		}
	}
	return nil, false
}
