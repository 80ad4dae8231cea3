package groovy

import (
	"strings"
	"time"
)

func (th *thread) print(s string) {
	th.alloc(int64(len(s)))
	if th.eng.env.Out != nil {
		th.eng.env.Out(th.ctx, s)
	}
}

// objectMethods are what Groovy gives every object.
func objectMethods() map[string]Method {
	m := map[string]Method{
		"toString":  func(c *Call) (Value, error) { return c.th.str(c.This), nil },
		"getClass":  func(c *Call) (Value, error) { return c.th.classValue(c.This), nil },
		"equals":    objEquals,
		"hashCode":  func(c *Call) (Value, error) { return c.th.hashCode(c.This), nil },
		"is":        func(c *Call) (Value, error) { return identical(c.This, c.Arg(0)), nil },
		"asType":    objAsType,
		"asBoolean": func(c *Call) (Value, error) { return c.th.truth(c.This), nil },
		"isCase":    func(c *Call) (Value, error) { return c.th.isCase(c.This, c.Arg(0)), nil },
		"with":      objWith,
		"tap":       objTap,
		"identity":  objWith,
		"dump":      func(c *Call) (Value, error) { return "<" + c.th.className(c.This) + "@1>", nil },
		"inspect":   func(c *Call) (Value, error) { return c.th.inspect(c.This), nil },
		"println":   objPrintln,
		"print":     func(c *Call) (Value, error) { c.th.print(c.th.str(c.Arg(0))); return nil, nil },
		"printf":    objPrintf,
		"sprintf": func(c *Call) (Value, error) {
			if len(c.Args) == 0 {
				return nil, c.NoSuchMethod()
			}
			return c.th.format(c.Str(0), formatArgs(c.Args[1:])), nil
		},
		"sleep":         objSleep,
		"withCloseable": withCloseable,
		"iterator":      func(c *Call) (Value, error) { return &iterator{items: c.th.items(c.This)}, nil },
		"getAt":         func(c *Call) (Value, error) { return c.th.getProp(c.This, c.Str(0)), nil },
		"putAt":         func(c *Call) (Value, error) { c.th.setProp(c.This, c.Str(0), c.Arg(1)); return nil, nil },
		"getProperties": func(c *Call) (Value, error) {
			if o, ok := c.This.(*Object); ok {
				m := c.th.propertyMap(o)
				m.Put("class", o.sc.class)
				return m, nil
			}
			return NewMap(), nil
		},
		"hasProperty": func(c *Call) (Value, error) {
			if _, ok := c.This.(*Map); ok {
				return nil, nil
			}
			if _, ok := c.th.tryProp(c.This, c.Str(0)); ok {
				return c.Str(0), nil
			}
			return nil, nil
		},
		"respondsTo":   objRespondsTo,
		"getProperty":  func(c *Call) (Value, error) { return c.th.getProp(c.This, c.Str(0)), nil },
		"setProperty":  func(c *Call) (Value, error) { c.th.setProp(c.This, c.Str(0), c.Arg(1)); return nil, nil },
		"invokeMethod": objInvokeMethod,
		"getMetaClass": func(c *Call) (Value, error) {
			return nil, Throw(excUnsupported, "metaClass is not available to scripts")
		},
		"wait": func(c *Call) (Value, error) {
			return nil, Throw(excUnsupported, "threads are not available to scripts")
		},
		"notify":    func(c *Call) (Value, error) { return nil, nil },
		"notifyAll": func(c *Call) (Value, error) { return nil, nil },
		"evaluate":  evaluateHere,
		"use": func(c *Call) (Value, error) {
			return nil, Throw(excUnsupported, "categories are not available to scripts")
		},
	}
	col := collectionMethods()
	for _, n := range []string{"each", "collect", "find", "findAll", "findResult", "any", "every", "inject", "grep", "eachWithIndex", "findIndexOf", "collectMany"} {
		m[n] = col[n]
	}
	return m
}

func nullMethods() map[string]Method {
	empty := func(v Value) Method { return func(*Call) (Value, error) { return v, nil } }
	return map[string]Method{
		"toString": empty("null"), "asBoolean": empty(false),
		"equals":   func(c *Call) (Value, error) { return c.Arg(0) == nil, nil },
		"is":       func(c *Call) (Value, error) { return c.Arg(0) == nil, nil },
		"iterator": func(c *Call) (Value, error) { return &iterator{}, nil },
		"asType":   empty(nil), "getClass": empty(&Class{Name: "org.codehaus.groovy.runtime.NullObject"}),
	}
}

func (th *thread) classValue(v Value) Value {
	if l, ok := v.(*List); ok && l.kind == listArray {
		return &Class{Name: arrayName(l.elem), Super: th.eng.object}
	}
	return th.eng.metaOf(v).class
}

func objEquals(c *Call) (Value, error) {
	if err := c.Want(1, 1); err != nil {
		return nil, err
	}
	switch c.This.(type) {
	case string: // String.equals knows no GString
		s, ok := c.Arg(0).(string)
		return ok && s == c.This.(string), nil
	case *Object:
		if c.th.eng.metaOf(c.This).h.Equals == nil {
			x, y := c.This.(*Object), c.Arg(0)
			if o, ok := y.(*Object); ok && x.sc.structural {
				return x.sc == o.sc && x.hashKey() == o.hashKey(), nil
			}
			return y == Value(x), nil
		}
	}
	if isNumber(c.This) && c.Arg(0) != nil && c.th.className(c.This) != c.th.className(c.Arg(0)) {
		return false, nil
	}
	if d, ok := c.This.(*Decimal); ok { // BigDecimal.equals knows scales
		o, ok := c.Arg(0).(*Decimal)
		return ok && d.scale == o.scale && d.n.Cmp(o.n) == 0, nil
	}
	return c.th.equal(c.This, c.Arg(0)), nil
}

func objAsType(c *Call) (Value, error) {
	k, ok := c.Arg(0).(*Class)
	if !ok {
		return nil, c.NoSuchMethod()
	}
	t := &typeRef{name: k.Name, class: k}
	t.settle(k.Name)
	return c.th.as(c.This, t), nil
}

func objWith(c *Call) (Value, error) {
	f := c.closure(len(c.Args) - 1)
	if f == nil {
		return nil, c.NoSuchMethod()
	}
	f = f.clone()
	f.setDelegate(c.This, delegateFirst)
	v := c.th.callClosure(f, fitArgs(f, c.This))
	if len(c.Args) == 2 && c.th.truth(c.Arg(0)) {
		return c.This, nil
	}
	return v, nil
}

func objTap(c *Call) (Value, error) {
	_, err := objWith(c)
	return c.This, err
}

// closure gives a closure argument, nil for anything else.
func (c *Call) closure(i int) *Closure {
	f, _ := c.Arg(i).(*Closure)
	return f
}

// fitArgs passes as many of the arguments as the closure takes.
func fitArgs(f *Closure, args ...Value) []Value {
	if n := f.Params(); n >= 0 && n < len(args) {
		return args[:n]
	}
	return args
}

func objPrintln(c *Call) (Value, error) {
	if err := c.Want(0, 1); err != nil {
		return nil, err
	}
	s := ""
	if len(c.Args) > 0 {
		s = c.th.str(c.Arg(0))
		if l, ok := c.Arg(0).(*List); ok && l.kind == listArray && l.elem == "char" {
			s = ""
			for _, x := range l.Items() {
				s += c.th.str(x)
			}
		}
	}
	c.th.print(s + "\n")
	return nil, nil
}

func objPrintf(c *Call) (Value, error) {
	if len(c.Args) == 0 {
		return nil, c.NoSuchMethod()
	}
	c.th.print(c.th.format(c.Str(0), formatArgs(c.Args[1:])))
	return nil, nil
}

func formatArgs(args []Value) []Value {
	if len(args) == 1 {
		if l, ok := args[0].(*List); ok {
			return l.Items()
		}
	}
	return args
}

func objRespondsTo(c *Call) (Value, error) {
	name := c.Str(0)
	if o, ok := c.This.(*Object); ok && len(o.sc.all[name]) > 0 {
		return NewList(name), nil
	}
	m := c.th.eng.metaOf(c.This)
	if m.methods[name] != nil {
		return NewList(name), nil
	}
	if strings.HasPrefix(name, "get") && m.get[propName(name[3:])] != nil {
		return NewList(name), nil
	}
	return NewList(), nil
}

func objInvokeMethod(c *Call) (Value, error) {
	var args []Value
	switch x := c.Arg(1).(type) {
	case nil:
	case *List:
		args = x.Items()
	default:
		args = []Value{x}
	}
	return c.th.callMethod(c.This, c.Str(0), args), nil
}

// hashString is String.hashCode.
func hashString(s string) int32 {
	var h int32
	if isASCII(s) {
		for i := 0; i < len(s); i++ {
			h = 31*h + int32(s[i])
		}
		return h
	}
	for _, u := range utf16Of(s) {
		h = 31*h + int32(u)
	}
	return h
}

// hashCode agrees with Java for strings, numbers and lists; elsewhere only
// equality matters.
func (th *thread) hashCode(v Value) int32 {
	switch x := v.(type) {
	case nil:
		return 0
	case string:
		return hashString(x)
	case int32:
		return x
	case int64:
		return int32(x ^ int64(uint64(x)>>32))
	case bool:
		if x {
			return 1231
		}
		return 1237
	case Char:
		return int32(x)
	case *List, *Range, *Set, *Map:
		th.nest()
		defer func() { th.nested-- }()
		return th.hashItems(v)
	case *Object:
		if len(x.sc.all["hashCode"]) > 0 {
			n, _ := toInt64(th.callMethod(x, "hashCode", nil))
			return int32(n)
		}
	}
	return hashString(keyText(keyOf(v)))
}

// hashItems is the hash of a collection: of a list in order, of others in any.
func (th *thread) hashItems(v Value) int32 {
	var h int32
	switch x := v.(type) {
	case *Set:
		for _, y := range x.Items() {
			th.step()
			h += th.hashCode(y)
		}
	case *Map:
		for _, e := range x.entries() {
			th.step()
			h += th.hashCode(e.key) ^ th.hashCode(e.val)
		}
	default:
		h = 1
		for _, y := range th.items(x) {
			th.step()
			h = 31*h + th.hashCode(y)
		}
	}
	return h
}

// objSleep waits, within the run's time and context.
func objSleep(c *Call) (Value, error) {
	ms, ok := c.Int(0)
	if !ok || ms < 0 {
		return nil, Throw(excIllegalArg, "timeout value is negative")
	}
	d := min(time.Duration(ms)*time.Millisecond, time.Until(c.th.deadline)+time.Millisecond)
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-c.Ctx.Done():
	}
	c.th.check()
	return nil, nil
}

// withCloseable calls a closure with the object and then closes it.
func withCloseable(c *Call) (v Value, err error) {
	f := c.fn(0)
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(*Thrown); ok {
				_, _ = c.th.catch(func() Value { return c.th.callMethod(c.This, "close", nil) })
			}
			panic(r)
		}
	}()
	v = f(c.This)
	c.th.callMethod(c.This, "close", nil)
	return v, nil
}
