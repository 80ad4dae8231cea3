package groovy

import (
	"context"
	"fmt"
	"sync"
)

// Object is an instance of a class defined in a script.
type Object struct {
	sc      *scriptClass
	run     *run
	mu      sync.Mutex
	fields  []Value
	outer   Value    // enclosing object of an inner or anonymous class
	caps    []*cell  // captured locals of an anonymous class
	base    Value    // a *Thrown when the class is an exception
	binding *Binding // of the script object
	proxy   *Map     // closures by name: a map coerced to an interface
	iface   *Class   // of a proxy
	ordinal int      // of an enum constant
	name    string
}

// ClassName is the full name of the object's class.
func (o *Object) ClassName() string { return o.sc.class.Name }

// Class gives the object's class.
func (o *Object) Class() *Class { return o.sc.class }

func (o *Object) get(i int) Value {
	o.mu.Lock()
	v := o.fields[i]
	o.mu.Unlock()
	return v
}

func (o *Object) set(i int, v Value) {
	o.mu.Lock()
	o.fields[i] = v
	o.mu.Unlock()
}

// hashKey uses the class's own hashCode where it has one.
func (o *Object) hashKey() any {
	if o.sc.structural {
		return objKey{o.sc, structText(o, 0)}
	}
	if len(o.sc.all["hashCode"]) == 0 {
		return o
	}
	th, err := o.run.enter(context.Background())
	if err != nil {
		return o
	}
	defer o.run.leave(th)
	return objKey{o.sc, fmt.Sprint(th.callMethod(o, "hashCode", nil))}
}

// samName is the method a functional call of the object means.
func (o *Object) samName(th *thread) string {
	if o.proxy != nil {
		if ks := o.proxy.Keys(); len(ks) == 1 {
			return ToString(ks[0])
		}
	}
	if len(o.sc.all["call"]) > 0 {
		return "call"
	}
	if sam := o.sc.meta.h.SAM; sam != "" {
		return sam
	}
	if sam := o.sc.sam(); sam != "" {
		return sam
	}
	if o.iface != nil {
		return o.iface.SAM
	}
	return ""
}

// staticState is the statics of one script class during one run.
type staticState struct {
	mu     sync.Mutex
	fields []Value
	ready  bool
}

func (s *staticState) get(i int) Value {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fields[i]
}

func (s *staticState) set(i int, v Value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fields[i] = v
}
