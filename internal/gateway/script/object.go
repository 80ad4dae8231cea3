package script

import (
	"crypto/x509"
	"fmt"

	"gatehouse/internal/groovy"
)

// objectHost is a Go object that shows properties and methods to expressions, or
// nothing but its text.
type objectHost struct{ v any }

func (objectHost) GroovyClass() *groovy.Class { return objectClass }

func (h objectHost) String() string {
	switch v := h.v.(type) {
	case fmt.Stringer:
		return v.String()
	case *x509.Certificate:
		return v.Subject.String()
	}
	return "an object of the gateway"
}

func (h objectHost) get(name string) (groovy.Value, bool) {
	switch v := h.v.(type) {
	case object:
		x, ok := v.Get(name)
		return toScript(x), ok
	case *x509.Certificate:
		return certificateProperty(v, name)
	}
	return nil, false
}

var objectClass = &groovy.Class{
	Name: "org.forgerock.openig.heap.HeapObject",
	PropertyMissing: func(this groovy.Value, name string) (groovy.Value, bool) {
		return this.(objectHost).get(name)
	},
	MethodMissing: func(c *groovy.Call) (groovy.Value, error) {
		h, err := receiver[objectHost](c.This)
		if err != nil {
			return nil, err
		}
		if p := property(c.Name); p != "" && c.Len() == 0 {
			if v, ok := h.get(p); ok {
				return v, nil
			}
		}
		return callObject(c, h.v)
	},
	Equals:  func(this, other groovy.Value) bool { return sameValue(this, other) },
	HashKey: func(this groovy.Value) any { return hashable(this.(objectHost).v) },
}

// hashable is v where Go can use it as the key of a map.
func hashable(v any) (key any) {
	defer func() {
		if recover() != nil {
			key = fmt.Sprintf("%T", v)
		}
	}()
	_ = map[any]bool{v: true}
	return v
}

// callObject calls a method that an object offers to expressions.
func callObject(c *groovy.Call, o any) (groovy.Value, error) {
	if c.Name == "asJsonValue" && c.Len() == 0 {
		if v, err := jsonOf(o); err == nil {
			return &jsonValue{v: v}, nil
		}
	}
	k, ok := o.(caller)
	if !ok {
		return nil, c.NoSuchMethod()
	}
	args := make([]any, c.Len())
	for i := range args {
		args[i] = fromScript(c.Arg(i))
	}
	v, err := k.Call(c.Name, args)
	if err != nil {
		return nil, c.NoSuchMethod()
	}
	return toScript(v), nil
}

// jsonOf is the data behind asJsonValue(): the object's own answer, or for an access
// token its info.
func jsonOf(o any) (groovy.Value, error) {
	if k, ok := o.(caller); ok {
		if v, err := k.Call("asJsonValue", nil); err == nil {
			return dataOf(toScript(v)), nil
		}
	}
	if g, ok := o.(object); ok {
		for _, name := range []string{"asJsonValue", "rawInfo", "info"} {
			if v, ok := g.Get(name); ok && v != nil {
				return dataOf(toScript(v)), nil
			}
		}
	}
	return nil, fmt.Errorf("no data")
}

// dataOf makes maps of the tables within a value, deeply, as JsonValue wants them.
func dataOf(v groovy.Value) groovy.Value {
	switch v := v.(type) {
	case table:
		return dataOf(copyOf(v))
	case *groovy.Map:
		m := groovy.NewMap()
		v.Each(func(k, e groovy.Value) bool {
			m.Put(k, dataOf(e))
			return true
		})
		return m
	}
	return v
}

// certificateProperty reads a certificate as java.security.cert.X509Certificate.
func certificateProperty(x *x509.Certificate, name string) (groovy.Value, bool) {
	switch name {
	case "encoded":
		return append([]byte{}, x.Raw...), true
	case "subjectDN", "subjectX500Principal":
		return principal(x.Subject.String()), true
	case "issuerDN", "issuerX500Principal":
		return principal(x.Issuer.String()), true
	case "serialNumber":
		return x.SerialNumber, true
	case "notBefore":
		return x.NotBefore.UnixMilli(), true
	case "notAfter":
		return x.NotAfter.UnixMilli(), true
	case "signature":
		return append([]byte{}, x.Signature...), true
	case "version":
		return x.Version, true
	}
	return nil, false
}

// principal is a distinguished name.
type principal string

func (principal) GroovyClass() *groovy.Class { return principalClass }
func (p principal) String() string           { return string(p) }

var principalClass = &groovy.Class{
	Name: "javax.security.auth.x500.X500Principal",
	Get:  getters{"name": getter(func(p principal) groovy.Value { return string(p) })},
}

// keyedHost is a Go object that expressions use as a map, such as the claims of a
// token. Scripts cannot change it.
type keyedHost struct {
	object
	names keyed
}

func (keyedHost) GroovyClass() *groovy.Class { return keyedClass }

var keyedClass = tableClass(&groovy.Class{
	Name: "java.util.Collections.UnmodifiableMap",
	MethodMissing: func(c *groovy.Call) (groovy.Value, error) {
		h, err := receiver[keyedHost](c.This)
		if err != nil {
			return nil, err
		}
		if p := property(c.Name); p != "" && c.Len() == 0 {
			if v, ok := h.at(p); ok {
				return v, nil
			}
		}
		return callObject(c, h.object)
	},
})

func (h keyedHost) at(name string) (groovy.Value, bool) {
	v, ok := h.Get(name)
	return toScript(v), ok
}

func (keyedHost) put(string, groovy.Value) error { return readOnly("the map") }
func (keyedHost) remove(string) error            { return readOnly("the map") }
func (h keyedHost) keys() []string               { return h.names.Keys() }
