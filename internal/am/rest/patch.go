package rest

import (
	"net/http"
	"reflect"
)

// patch applies a list of operations to the object as it is read and writes it back.
func (c *Call) patch(res *Resource) error {
	if err := c.allow(res, VerbPatch); err != nil {
		return err
	}
	if res.Update == nil || res.Read == nil {
		return unsupported("Patching")
	}
	current, err := res.Read(c, c.ID)
	if err != nil {
		return err
	}
	if err := c.matches(res, current); err != nil {
		return err
	}
	c.Conditional = true // what was read is what is changed
	o, err := plainObject(current)
	if err != nil {
		return err
	}
	for _, op := range c.Operations {
		if err := apply(o, op); err != nil {
			return err
		}
	}
	if res.Patched != nil {
		o = res.Patched(o)
	}
	out, err := res.Update(c, c.ID, o)
	if err != nil {
		return c.stale(err)
	}
	c.changed(res, "UPDATE", current, out)
	return c.answer(res, http.StatusOK, out)
}

// apply does one {"operation","field","value"}. RFC 6902's names of the members are understood too.
func apply(o Object, op any) error {
	m, _ := op.(Object)
	kind, _ := m["operation"].(string)
	if kind == "" {
		kind, _ = m["op"].(string)
	}
	field, _ := m["field"].(string)
	if field == "" {
		field, _ = m["path"].(string)
	}
	if kind == "" || pointer(field)[0] == "" {
		return badRequest("A patch operation needs 'operation' and 'field'")
	}
	path := pointer(field)
	value := m["value"]
	have, _ := lookup(o, path)
	switch kind {
	case "replace":
		place(o, path, value)
	case "add":
		if list, ok := have.([]any); ok {
			value = join(list, value)
		}
		place(o, path, value)
	case "remove":
		if list, ok := have.([]any); ok && value != nil {
			place(o, path, without(list, value))
			return nil
		}
		if parent, ok := lookup(o, path[:len(path)-1]); ok {
			if parent, ok := parent.(Object); ok {
				delete(parent, path[len(path)-1])
			}
		}
	case "increment":
		return increment(o, path, have, value)
	default:
		return refuse(http.StatusNotImplemented, "Patch operation '%s' is not supported", kind)
	}
	return nil
}

func increment(o Object, path []string, have, by any) error {
	x, ok1 := number(have)
	y, ok2 := number(by)
	if !ok1 || !ok2 {
		return badRequest("A field that is incremented must be a number")
	}
	n, err := plain(x + y)
	if err == nil {
		place(o, path, n)
	}
	return err
}

// join adds a value, or each of a list of values, that is not there yet.
func join(list []any, value any) []any {
	out := append([]any(nil), list...)
	for _, v := range listOf(value) {
		if !contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

func without(list []any, value any) []any {
	gone := listOf(value)
	out := []any{}
	for _, v := range list {
		if !contains(gone, v) {
			out = append(out, v)
		}
	}
	return out
}

func listOf(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

func contains(list []any, v any) bool {
	for _, have := range list {
		if reflect.DeepEqual(have, v) {
			return true
		}
	}
	return false
}
