package groovy

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Value is anything a script can hold: nil, bool, int8, int16, int32, int64,
// float32, float64, [Char], *big.Int, *[Decimal], string, *[GString], []byte,
// *[List], *[Map], *[Set], *[Range], *[Closure], *[Object], *[Thrown],
// *[Class], a stand-in of [JDK], or a [Host]. Hosts may also return Go's int,
// uint types, []string, []any and map[string]any; they arrive converted.
type Value = any

// Char is Java's char: one UTF-16 unit.
type Char uint16

// Host is a Go object given to scripts. A script reaches what its class lists.
type Host interface{ GroovyClass() *Class }

// Method implements a method, static method or constructor.
type Method func(c *Call) (Value, error)

// Class describes a type to scripts. It is never changed after it was handed
// to New, so one table may serve many engines.
//
// A method getX, isX or a Get entry x all serve both the property x and the
// call getX(); likewise setX and Set. Any number of arguments reaches a Method,
// which checks them itself, most simply with the accessors of [Call].
type Class struct {
	Name       string // fully qualified
	Super      *Class
	Extends    string // superclass by name, when Super is nil: e.g. java.lang.Exception
	Interfaces []*Class
	Implements []string // interfaces by name
	Interface  bool
	SAM        string // the single abstract method of a functional interface

	New          Method // nil: cannot be created, unless it is an exception
	TakesMap     bool   // New takes a map, so that one can be assigned to a variable of the class
	Static       map[string]Method
	StaticFields map[string]func() Value
	Inner        map[string]*Class

	Methods map[string]Method
	Get     map[string]func(this Value) (Value, error)
	Set     map[string]func(this Value, v Value) error

	PropertyMissing func(this Value, name string) (Value, bool)          // map-like reads
	SetMissing      func(this Value, name string, v Value) (bool, error) // map-like writes
	MethodMissing   Method                                               // c.Name is the method
	Index           func(this, key Value) (Value, error)                 // this[key]
	SetIndex        func(this, key, v Value) error                       // this[key] = v
	Iterate         func(this Value, yield func(Value) bool)             // for, each, collect, spread …
	Truth           func(this Value) bool
	Equals          func(this, other Value) bool
	Compare         func(this, other Value) (int, bool) // ordering; false: not comparable
	HashKey         func(this Value) any                // comparable Go value equal for equal objects
	String          func(this Value) string

	script *scriptClass
}

// SimpleName is the name without its package.
func (c *Class) SimpleName() string {
	if strings.HasPrefix(c.Name, "[") {
		return arrayElem(c.Name[1:]) + "[]"
	}
	return simpleName(c.Name)
}

var elemNames = map[string]string{"I": "int", "J": "long", "C": "char", "D": "double", "F": "float", "Z": "boolean", "S": "short", "B": "byte"}

// arrayElem is the simple name of what an array has, from how Java spells its class.
func arrayElem(s string) string {
	if strings.HasPrefix(s, "[") {
		return arrayElem(s[1:]) + "[]"
	}
	if n := elemNames[s]; n != "" {
		return n
	}
	return simpleName(strings.TrimSuffix(strings.TrimPrefix(s, "L"), ";"))
}

// NewException makes an exception class with the usual constructors:
// (), (message), (message, cause), (cause).
func NewException(name, extends string) *Class { return &Class{Name: name, Extends: extends} }

// Call is one call of a Method.
type Call struct {
	Ctx   context.Context
	This  Value  // receiver; nil for static methods and constructors
	Class *Class // of a static method or constructor
	Name  string
	Args  []Value
	// Named holds named arguments. A method also finds the same map as first
	// argument, as Groovy passes it. For a constructor it is only here; if it is
	// still set after New returned, its entries are set as properties.
	Named *Map
	th    *thread
}

// Invoke calls a closure, method reference, or object of a functional interface.
// A closure with fewer parameters gets the first arguments only.
func (c *Call) Invoke(fn Value, args ...Value) (v Value, err error) {
	defer c.th.recoverErr(&err, c.th.mark())
	return c.th.call(fn, trimArgs(fn, fromHosts(args))...), nil
}

// InvokeMethod calls a method of a value by name.
func (c *Call) InvokeMethod(recv Value, name string, args ...Value) (v Value, err error) {
	defer c.th.recoverErr(&err, c.th.mark())
	return c.th.callMethod(recv, name, fromHosts(args)), nil
}

// Get reads a property of a value.
func (c *Call) Get(recv Value, name string) (v Value, err error) {
	defer c.th.recoverErr(&err, c.th.mark())
	return c.th.getProp(recv, name), nil
}

// Set writes a property of a value.
func (c *Call) Set(recv Value, name string, val Value) (err error) {
	defer c.th.recoverErr(&err, c.th.mark())
	c.th.setProp(recv, name, val)
	return nil
}

// Each calls yield for every element of a list, map (its entries), range, array
// or iterable host.
func (c *Call) Each(v Value, yield func(Value) bool) (err error) {
	defer c.th.recoverErr(&err, c.th.mark())
	for _, x := range c.th.items(v) {
		if !yield(x) {
			break
		}
	}
	return nil
}

// Wait runs something slow, such as a network call, off the script's clock. A run that waits once more after it has
// waited for Limits.Wait ends then.
func (c *Call) Wait(slow func()) {
	start := time.Now()
	slow()
	if c.th != nil {
		c.th.waited(time.Since(start))
	}
}

// Alloc charges n bytes to the run; hosts call it before building something large.
func (c *Call) Alloc(n int64) (err error) {
	defer c.th.recoverErr(&err, c.th.mark())
	c.th.alloc(n)
	return nil
}

// Len is the number of arguments.
func (c *Call) Len() int { return len(c.Args) }

// Arg gives an argument, nil when there are fewer.
func (c *Call) Arg(i int) Value {
	if i >= 0 && i < len(c.Args) {
		return c.Args[i]
	}
	return nil
}

// Want fails unless the number of arguments lies between low and high.
func (c *Call) Want(low, high int) error {
	if n := len(c.Args); n < low || n > high {
		return c.NoSuchMethod()
	}
	return nil
}

// NoSuchMethod is the error of a call whose arguments fit no signature.
func (c *Call) NoSuchMethod() error {
	if c.This == nil && c.Class != nil && c.Name == "<init>" {
		return &Thrown{Class: excRuntime, Message: fmt.Sprintf("Could not find matching constructor for: %s(%s)", c.Class.Name, c.th.typeNames(c.Args))}
	}
	name := "null"
	if c.Class != nil {
		name = c.Class.Name
	} else if c.th != nil {
		name = c.th.className(c.This)
	}
	return missingMethod(c.th, name, c.Name, c.Args)
}

// Str gives argument i as a string: strings and GStrings as they are, other
// values by their toString, null and missing as "".
func (c *Call) Str(i int) string {
	v := c.Arg(i)
	if v == nil {
		return ""
	}
	return c.th.str(v)
}

// Int gives a numeric argument, cut to int64. ok is false for anything else.
func (c *Call) Int(i int) (n int64, ok bool) { return toInt64(c.Arg(i)) }

// Text gives a value's toString; script classes may define it.
func (c *Call) Text(v Value) string { return c.th.str(v) }

// Truth is Groovy's truth of a value.
func (c *Call) Truth(v Value) bool { return c.th.truth(v) }

// Equal is Groovy's ==.
func (c *Call) Equal(a, b Value) bool { return c.th.equal(a, b) }

// ClassOf gives a value's class.
func (c *Call) ClassOf(v Value) *Class { return c.th.eng.metaOf(v).class }

// ClassNamed finds a class by its full name, nil if the engine has none.
func (c *Call) ClassNamed(name string) *Class { return c.th.eng.byName[name] }

// InstanceOf tells whether a value's class is, or inherits from, the named one.
func (c *Call) InstanceOf(v Value, class string) bool { return c.th.instanceOf(v, class) }

// meta is what an engine derives from a class: everything inherited is in it.
type meta struct {
	class   *Class
	super   *meta
	names   map[string]bool // of the class and all its ancestors
	methods map[string]Method
	base    map[string]Method // methods without those of java.lang.Object
	get     map[string]func(Value) (Value, error)
	set     map[string]func(Value, Value) error
	getters map[string]accessor
	setters map[string]accessor
	h       Class // hooks, the nearest ancestor's
	thrown  bool  // descends from Throwable
}

// accessor is a getX, isX or setX method serving the property x.
type accessor struct {
	name string
	f    Method
}

// accessors finds the properties the methods make.
func (m *meta) accessors() {
	m.getters, m.setters = map[string]accessor{}, map[string]accessor{}
	for name, f := range m.methods {
		switch {
		case len(name) > 3 && name[:3] == "get" && name[3] < 'a':
			m.getters[propName(name[3:])] = accessor{name, f}
			m.getters[decap(name[3:])] = accessor{name, f}
		case len(name) > 3 && name[:3] == "set" && name[3] < 'a':
			m.setters[propName(name[3:])] = accessor{name, f}
			m.setters[decap(name[3:])] = accessor{name, f}
		}
	}
	for name, f := range m.methods {
		if len(name) > 2 && name[:2] == "is" && name[2] < 'a' {
			if _, has := m.getters[propName(name[2:])]; !has {
				m.getters[propName(name[2:])] = accessor{name, f}
			}
		}
	}
}

// decap lowers only the first letter: getURL serves URL and uRL.
func decap(s string) string { return strings.ToLower(s[:1]) + s[1:] }

type metas struct {
	mu sync.RWMutex
	m  map[*Class]*meta
}

func (e *Engine) meta(c *Class) *meta {
	e.metas.mu.RLock()
	m := e.metas.m[c]
	e.metas.mu.RUnlock()
	if m != nil {
		return m
	}
	m = e.derive(c, 0)
	if c.script == nil { // script classes come and go with their script, which keeps their meta
		e.metas.mu.Lock()
		e.metas.m[c] = m
		e.metas.mu.Unlock()
	}
	return m
}

func (e *Engine) derive(c *Class, depth int) *meta {
	m := &meta{class: c, names: map[string]bool{c.Name: true}, base: map[string]Method{}, methods: map[string]Method{},
		get: map[string]func(Value) (Value, error){}, set: map[string]func(Value, Value) error{}}
	m.h = *c
	if depth > 100 {
		return m
	}
	super := c.Super
	if super == nil && c.Extends != "" {
		super = e.byName[c.Extends]
	}
	if super == nil && c.Name != "java.lang.Object" {
		super = e.object
	}
	if super != nil {
		m.super = e.meta(super)
	}
	var parents []*meta
	for _, i := range c.Interfaces {
		parents = append(parents, e.meta(i))
	}
	for _, n := range c.Implements {
		if i := e.byName[n]; i != nil {
			parents = append(parents, e.meta(i))
		} else {
			m.names[n] = true
		}
	}
	if m.super != nil {
		parents = append(parents, m.super)
	}
	for i := len(parents) - 1; i >= 0; i-- {
		m.inherit(parents[i])
	}
	for k, v := range c.Methods {
		m.base[k] = v
	}
	if e.object != nil {
		for k, v := range e.object.Methods {
			m.methods[k] = v
		}
	}
	for k, v := range m.base {
		m.methods[k] = v
	}
	if c == e.object {
		m.base = nil
	}
	for k, v := range c.Get {
		m.get[k] = v
	}
	for k, v := range c.Set {
		m.set[k] = v
	}
	for _, p := range parents {
		m.inheritHooks(&p.h)
	}
	m.thrown = m.names["java.lang.Throwable"]
	m.accessors()
	return m
}

func (m *meta) inherit(p *meta) {
	for k := range p.names {
		m.names[k] = true
	}
	for k, v := range p.base {
		m.base[k] = v
	}
	for k, v := range p.get {
		m.get[k] = v
	}
	for k, v := range p.set {
		m.set[k] = v
	}
}

func (m *meta) inheritHooks(p *Class) {
	h := &m.h
	if h.PropertyMissing == nil {
		h.PropertyMissing = p.PropertyMissing
	}
	if h.SetMissing == nil {
		h.SetMissing = p.SetMissing
	}
	if h.MethodMissing == nil {
		h.MethodMissing = p.MethodMissing
	}
	if h.Index == nil {
		h.Index = p.Index
	}
	if h.SetIndex == nil {
		h.SetIndex = p.SetIndex
	}
	if h.Iterate == nil {
		h.Iterate = p.Iterate
	}
	if h.Truth == nil {
		h.Truth = p.Truth
	}
	if h.Equals == nil {
		h.Equals = p.Equals
	}
	if h.Compare == nil {
		h.Compare = p.Compare
	}
	if h.HashKey == nil {
		h.HashKey = p.HashKey
	}
	if h.String == nil {
		h.String = p.String
	}
	if h.SAM == "" {
		h.SAM = p.SAM
	}
	if h.New == nil && p.New != nil && m.super != nil && m.super.class == p {
		h.New = nil
	}
}
