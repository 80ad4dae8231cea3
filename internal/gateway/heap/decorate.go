package heap

import (
	"strings"

	"gatehouse/internal/conf"
)

// notDecorations are the fields of a declaration that are never decorations.
var notDecorations = map[string]bool{"name": true, "type": true, "config": true, "comment": true}

// decorations are the names of the default decorators, which a heap without defaults
// does not have.
var decorations = map[string]bool{"capture": true, "timer": true, "baseURI": true, "tracing": true}

// decorate applies the decorations of the declaration n and then the global ones, in
// the order of the text; the first is innermost.
func (h *Heap) decorate(v any, n *conf.Node, env *Env) (any, bool) {
	if _, is := v.(Decorator); is {
		return v, true
	}
	var list []conf.Field
	for _, f := range n.Fields {
		switch {
		case notDecorations[f.Name] || strings.HasPrefix(f.Name, "_"):
		case !h.Declared(f.Name) && decorations[f.Name]:
		case !h.Declared(f.Name):
			env.Errs.Warn(f.NameNode(n), "unknown field %q is ignored%s", f.Name,
				conf.DidYouMean(f.Name, append(h.names(), "name", "type", "config")))
		default:
			list = append(list, f)
		}
	}
	v, ok := h.Decorate(v, list, env)
	if !ok {
		return nil, false
	}
	return h.allGlobals(v, env)
}

// Decorate applies the decorations among fields, for instance those of a route, to v.
func (h *Heap) Decorate(v any, fields []conf.Field, env *Env) (any, bool) {
	all := true
	for _, f := range fields {
		if out, ok := h.apply(f, v, env); ok {
			v = out
		} else {
			all = false // the others may be wrong too
		}
	}
	return v, all
}

func (h *Heap) apply(f conf.Field, v any, env *Env) (any, bool) {
	if f.Value.Kind == conf.Null || f.Name == "" || f.Name[0] == '_' || h.declaration(f.Name) == nil {
		return v, true
	}
	obj, ok := h.named(&conf.Decoder{Errs: env.Errs}, f.NameNode(env.Decl).Named(f.Name))
	if !ok {
		return nil, false
	}
	d, is := obj.(Decorator)
	if !is {
		return v, true
	}
	out, err := d.Decorate(v, f.Value, env)
	if err != nil {
		env.Errs.AddErr(f.Value, err)
		return nil, false
	}
	return out, true
}

// allGlobals applies the ancestors' global decorations, outermost first, then this
// document's.
func (h *Heap) allGlobals(v any, env *Env) (any, bool) {
	var ok bool
	if h.parent != nil {
		if v, ok = h.parent.allGlobals(v, env); !ok {
			return nil, false
		}
	}
	return h.global(v, env)
}

// global applies this document's global decorations.
func (h *Heap) global(v any, env *Env) (any, bool) {
	if _, is := v.(Decorator); is || len(h.globals) == 0 {
		return v, true
	}
	var ok bool
	for _, f := range h.globals {
		if v, ok = h.apply(f, v, env); !ok {
			return nil, false
		}
	}
	return v, true
}

// Declared says whether the heap or a parent has an object of that name.
func (h *Heap) Declared(name string) bool { return h.declaration(name) != nil }

// DocumentEnv is the environment in which a document's own handler is decorated.
func (h *Heap) DocumentEnv(name string, n *conf.Node) *Env {
	log := h.services.Logger.With("object", name)
	return &Env{Name: name, Decl: n, Config: n, Heap: h, Errs: h.errs, Log: log, Expr: h.ExprEnv(log), Services: h.services}
}
