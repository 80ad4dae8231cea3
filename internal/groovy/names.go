package groovy

// name reads a bare name which is no local variable.
func (f *frame) name(name string) Value {
	v, ok := f.lookup(name)
	if !ok {
		f.th.noProperty(f.this, name)
	}
	return v
}

func (f *frame) lookup(name string) (Value, bool) {
	if f.clo != nil {
		return f.th.lookup(f.clo, name, 0)
	}
	return f.th.thisProp(f.this, name)
}

// maxHops bounds the closures that are owners or delegates of one another in a row.
// Scripts can tie them to a ring.
const maxHops = 300

// hop counts such a closure.
func (th *thread) hop(hops int) int {
	if hops >= maxHops {
		th.throw(excStackOverflow, "the closure has too many owners and delegates")
	}
	return hops + 1
}

// lookup resolves a name in a closure by its strategy.
func (th *thread) lookup(c *Closure, name string, hops int) (Value, bool) {
	delegate, strategy := c.deleg()
	switch name {
	case "delegate":
		return delegate, true
	case "owner":
		return c.owner, true
	case "thisObject":
		return c.this, true
	}
	owner := func() (Value, bool) {
		if o, ok := c.owner.(*Closure); ok {
			return th.lookup(o, name, th.hop(hops))
		}
		return th.thisProp(c.owner, name)
	}
	deleg := func() (Value, bool) {
		if delegate == nil || delegate == c.owner {
			return nil, false
		}
		if o, ok := delegate.(*Closure); ok {
			return th.lookup(o, name, th.hop(hops))
		}
		if o, ok := delegate.(*Object); ok {
			return th.thisProp(o, name)
		}
		return th.tryProp(delegate, name)
	}
	switch strategy {
	case delegateFirst:
		if v, ok := deleg(); ok {
			if m, isMap := delegate.(*Map); v != nil || !isMap {
				return v, true
			} else if _, has := m.Get(name); has {
				return v, true
			}
			if v, ok := owner(); ok {
				return v, true
			}
			return nil, true
		}
		return owner()
	case ownerOnly:
		return owner()
	case delegateOnly:
		return deleg()
	case toSelf:
		return th.metaProp(th.eng.cores.closure, c, name)
	}
	if v, ok := owner(); ok {
		return v, true
	}
	return deleg()
}

// thisProp reads a name in the object or class that code belongs to, then in
// the objects around it.
func (th *thread) thisProp(this Value, name string) (Value, bool) {
	switch x := this.(type) {
	case *Object:
		if fi := x.sc.fieldIdx[name]; fi != nil {
			return x.get(fi.index), true
		}
		if v, ok := th.tryProp(x, name); ok {
			return v, true
		}
		if x.outer != nil {
			return th.thisProp(x.outer, name)
		}
		if x.sc.outer != nil {
			return th.thisProp(x.sc.outer.class, name)
		}
		return nil, false
	case *Class:
		if x.script != nil {
			for sc := x.script; sc != nil; sc = sc.outer {
				if v, ok := th.staticProp(sc, name); ok {
					return v, true
				}
			}
			return nil, false
		}
	}
	return th.tryProp(this, name)
}

// setName assigns a bare name which is no local variable.
func (f *frame) setName(name string, v Value) {
	if f.clo != nil {
		if !f.th.assignName(f.clo, name, v, 0) {
			f.th.noProperty(f.this, name)
		}
		return
	}
	if !f.th.assignThis(f.this, name, v) {
		f.th.noProperty(f.this, name)
	}
}

func (th *thread) assignName(c *Closure, name string, v Value, hops int) bool {
	delegate, strategy := c.deleg()
	owner := func() bool {
		if o, ok := c.owner.(*Closure); ok {
			return th.assignName(o, name, v, th.hop(hops))
		}
		return th.assignThis(c.owner, name, v)
	}
	deleg := func() bool {
		switch d := delegate.(type) {
		case nil:
			return false
		case *Map:
			th.put(d, name, v)
			return true
		case *Closure:
			return th.assignName(d, name, v, th.hop(hops))
		case *Object:
			return th.assignThis(d, name, v)
		}
		return th.trySetProp(delegate, name, v)
	}
	switch strategy {
	case delegateFirst:
		return delegate != c.owner && deleg() || owner()
	case delegateOnly:
		return deleg()
	case ownerOnly:
		return owner()
	}
	// a script accepts any name: a delegate that has the property goes before
	if delegate != c.owner && !th.ownerHas(c, name) && deleg() {
		return true
	}
	return owner()
}

// ownerHas tells whether the owner really has the property; a script would
// create any variable and so hide the delegate's.
func (th *thread) ownerHas(c *Closure, name string) bool {
	o := c.owner
	for {
		in, ok := o.(*Closure)
		if !ok {
			break
		}
		if d, _ := in.deleg(); d != in.owner && d != nil {
			if _, has := th.tryProp(d, name); has {
				return true
			}
		}
		o = in.owner
	}
	x, ok := o.(*Object)
	if !ok {
		return false
	}
	if x.sc.script && x.sc.fieldIdx[name] == nil {
		_, has := x.binding.Get(name)
		return has
	}
	return true
}

func (th *thread) assignThis(this Value, name string, v Value) bool {
	switch x := this.(type) {
	case *Object:
		if th.setOwn(x, name, v) {
			return true
		}
		if x.outer != nil {
			return th.assignThis(x.outer, name, v)
		}
		return false
	case *Class:
		for sc := x.script; sc != nil; sc = sc.outer {
			if th.setStatic(sc, name, v) {
				return true
			}
		}
		return false
	}
	return th.trySetProp(this, name, v)
}

// callName calls a bare name: a method of the code's object, of a closure's
// delegate, or a closure in a variable.
func (f *frame) callName(name string, args []Value, named bool) Value {
	if f.clo != nil {
		if v, ok := f.th.callIn(f.clo, name, args, named, 0); ok {
			return v
		}
	} else if v, ok := f.tryThis(name, args, named); ok {
		return v
	}
	f.th.raise(missingMethod(f.th, f.th.thisClass(f.this), name, args))
	return nil
}

func (th *thread) thisClass(this Value) string {
	if c, ok := this.(*Class); ok {
		return c.Name
	}
	return th.className(this)
}

func (f *frame) callThis(name string, args []Value, named bool) Value {
	if v, ok := f.tryThis(name, args, named); ok {
		return v
	}
	f.th.raise(missingMethod(f.th, f.th.thisClass(f.this), name, args))
	return nil
}

func (f *frame) tryThis(name string, args []Value, named bool) (Value, bool) {
	return f.th.tryOn(f.this, name, args, named)
}

// tryOn calls a method of an object, or of the objects around it.
func (th *thread) tryOn(this Value, name string, args []Value, named bool) (Value, bool) {
	switch x := this.(type) {
	case *Object:
		if v, ok := th.callOwn(x, name, args); ok {
			return v, true
		}
		for o := x.outer; o != nil; {
			in, ok := o.(*Object)
			if !ok {
				if v, ok := th.tryOn(o, name, args, named); ok {
					return v, true
				}
				break
			}
			if v, ok := th.callOwn(in, name, args); ok {
				return v, true
			}
			o = in.outer
		}
		for sc := x.sc.outer; sc != nil; sc = sc.outer {
			if v, ok := th.callScriptStatic(sc, name, args); ok {
				return v, true
			}
		}
		return th.callObject(x, name, args)
	case *Class:
		if x.script == nil {
			break
		}
		for sc := x.script; sc != nil; sc = sc.outer {
			if v, ok := th.callScriptStatic(sc, name, args); ok {
				return v, true
			}
		}
		if f := th.eng.cores.object.methods[name]; f != nil {
			return th.invokeMethod(f, this, name, args, named), true
		}
	}
	return th.tryCall(this, name, args, named)
}

func (th *thread) callIn(c *Closure, name string, args []Value, named bool, hops int) (Value, bool) {
	delegate, strategy := c.deleg()
	owner := func() (Value, bool) {
		if o, ok := c.owner.(*Closure); ok {
			return th.callIn(o, name, args, named, th.hop(hops))
		}
		return th.tryOn(c.owner, name, args, named)
	}
	deleg := func() (Value, bool) {
		if delegate == nil || delegate == c.owner {
			return nil, false
		}
		if o, ok := delegate.(*Closure); ok {
			return th.callIn(o, name, args, named, th.hop(hops))
		}
		if o, ok := delegate.(*Object); ok {
			return th.tryOn(o, name, args, named)
		}
		return th.tryCall(delegate, name, args, named)
	}
	switch strategy {
	case delegateFirst:
		if v, ok := deleg(); ok {
			return v, true
		}
		return owner()
	case ownerOnly:
		return owner()
	case delegateOnly:
		return deleg()
	}
	if v, ok := owner(); ok {
		return v, true
	}
	if v, ok := deleg(); ok {
		return v, true
	}
	switch name { // methods of the closure itself
	case "call", "getDelegate", "setDelegate", "getOwner", "curry", "rcurry", "ncurry":
		return th.tryCall(c, name, args, named)
	}
	return nil, false
}
