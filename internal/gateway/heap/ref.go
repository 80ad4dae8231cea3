package heap

import (
	"fmt"
	"reflect"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
)

// heapKey finds the heap among a decoder's values.
type heapKey struct{}

// From returns the heap for which d decodes.
func From(d *conf.Decoder) *Heap { return d.Values[heapKey{}].(*Heap) }

// Ref is a field that names an object or declares it in place. The object must be a T.
type Ref[T any] struct {
	// Name is the object's name or label.
	Name  string
	value T
	set   bool
}

// RefTo returns a reference to v, for configuration made in code.
func RefTo[T any](v T) Ref[T] { return Ref[T]{value: v, set: true} }

// Get returns the object, the zero T when the field is absent.
func (r Ref[T]) Get() T { return r.value }

// IsSet says whether the field was given.
func (r Ref[T]) IsSet() bool { return r.set }

// DescribeConf names the kind of object.
func (r Ref[T]) DescribeConf() string { return article(kindOf(reflect.TypeFor[T]())) }

// UnmarshalConf resolves the reference.
func (r *Ref[T]) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	h := From(d)
	v, name, ok := h.Resolve(d, n, r.DescribeConf())
	if !ok {
		d.Errs.Told()
		return
	}
	t, is := v.(T)
	if !is {
		found := h.describe(n, name, v)
		if _, filter := v.(chain.Filter); filter && reflect.TypeFor[T]() == reflect.TypeFor[chain.Handler]() {
			found += "; a Chain with the filter and a handler is one"
		}
		d.Errs.Add(n, "expected %s, found %s", r.DescribeConf(), found)
		return
	}
	r.Name, r.value, r.set = name, t, true
}

func (h *Heap) describe(n *conf.Node, name string, v any) string {
	kind := "object"
	for _, k := range h.services.Kinds {
		if k.Is(v) {
			kind = k.Name
		}
	}
	typ := h.typeName(n)
	if n.Kind == conf.String {
		return fmt.Sprintf("the %s %q%s", kind, name, typ)
	}
	return article(kind) + typ
}

func (h *Heap) typeName(n *conf.Node) string {
	if n.Kind == conf.String {
		if d := h.declaration(n.Text); d != nil {
			n = d.node
		}
	}
	if t := n.Get("type"); t != nil {
		return " (" + t.Text + ")"
	}
	return ""
}

// Resolve returns the object that n names or declares, and its name. want says what
// was expected, for messages. Problems are reported to d.Errs; an object that failed
// to build elsewhere was reported there and is just not ok here.
func (h *Heap) Resolve(d *conf.Decoder, n *conf.Node, want string) (v any, name string, ok bool) {
	if n.Kind == conf.String && d.Eval != nil {
		res, changed, err := d.Eval(n)
		if err != nil {
			d.Errs.Add(n, "%s", err)
			return nil, "", false
		}
		if changed {
			at, usable := n.At(res)
			if !usable {
				// The expression yields the object itself.
				return res, n.Text, res != nil
			}
			n = at
		}
	}
	switch n.Kind {
	case conf.String:
		v, ok = h.named(d, n)
		return v, n.Text, ok
	case conf.Object:
		env, ok := h.env(n, d.Errs)
		if !ok {
			return nil, "", false
		}
		v, ok = h.build(n, env)
		return v, env.Name, ok
	}
	d.Errs.Add(n, "expected %s (a name or an object with a type), found %s", want, n.Kind)
	return nil, "", false
}
