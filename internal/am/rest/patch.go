package rest

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"gatehouse/internal/observe"
)

// maxOperations bounds those of one patch: each may look at all of a list.
const maxOperations = 1000

// patch applies a list of operations to the object as it is read and writes it back.
func (c *Call) patch(res *Resource) error {
	if err := c.allow(res, VerbPatch); err != nil {
		return err
	}
	if c.Operations == nil {
		return badRequest("The request could not be processed because the provided content is not a JSON array")
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
	if len(c.Operations) > maxOperations {
		return badRequest("The patch has more than %d operations", maxOperations).because(observe.OverLimit("patch_operations"))
	}
	for _, op := range c.Operations {
		if o, err = apply(o, op); err != nil {
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
func apply(o Object, op any) (Object, error) {
	m, _ := op.(Object)
	kind, _ := m["operation"].(string)
	if kind == "" {
		kind, _ = m["op"].(string)
	}
	field, _ := m["field"].(string)
	if field == "" {
		field, _ = m["path"].(string)
	}
	path := pointer(field)
	switch {
	case kind == "" || path[0] == "":
		return nil, badRequest("A patch operation needs 'operation' and 'field'")
	case len(path) > maxJSONDepth:
		return nil, badRequest("The field of a patch operation is too deep").because(observe.OverLimit("json_depth"))
	}
	value := m["value"]
	var edit func(have any, inList bool) (any, error)
	switch kind {
	case "replace":
		edit = func(any, bool) (any, error) { return value, nil }
	case "add":
		edit = func(have any, inList bool) (any, error) {
			if list, ok := have.([]any); ok && !inList {
				return join(list, value), nil
			}
			return value, nil
		}
	case "remove":
		edit = func(have any, _ bool) (any, error) {
			if list, ok := have.([]any); ok && value != nil {
				return without(list, value), nil
			}
			return gone{}, nil
		}
	case "increment":
		edit = func(have any, _ bool) (any, error) { return increment(have, value) }
	default:
		return nil, refuse(http.StatusNotImplemented, "Patch operation '%s' is not supported", kind)
	}
	changed, err := edited(o, path, kind == "add", edit)
	if err != nil {
		return nil, badRequest("The patch operation '%s' cannot be applied to the field '%s': %s", kind, field, err)
	}
	o, _ = changed.(Object)
	return o, nil
}

// gone is what edit puts in the place of what is removed.
type gone struct{}

var errNoPlace = errors.New("there is no such place")

// edited puts what edit makes of the value at path into its place, and returns v with it. On the way objects are made where
// there is nothing. Of lists, a number is an element and "-" the place behind the last one; what is added at a number is put
// before it.
func edited(v any, path []string, add bool, edit func(have any, inList bool) (any, error)) (any, error) {
	p, last, made := path[0], len(path) == 1, v == nil
	switch {
	case made && p == "-":
		v = []any{}
	case made:
		v = Object{}
	}
	step := func(have any, inList bool) (any, error) {
		if last {
			return edit(have, inList)
		}
		return edited(have, path[1:], add, edit)
	}
	switch at := v.(type) {
	case Object:
		next, err := step(at[p], false)
		switch {
		case err != nil:
			return nil, err
		case next == gone{} && made:
			return gone{}, nil // nor is there what it would be in
		case next == gone{}:
			delete(at, p)
		default:
			at[p] = next
		}
		return at, nil
	case []any:
		i := len(at)
		if p != "-" {
			var err error
			if i, err = strconv.Atoi(p); err != nil || i < 0 || i > len(at) || i == len(at) && !(add && last) {
				return nil, errNoPlace
			}
		}
		if last && add || i == len(at) {
			next, err := step(nil, true)
			if err != nil || (next == gone{}) {
				return nil, errors.Join(errNoPlace, err)
			}
			return slices.Insert(at, i, next), nil
		}
		next, err := step(at[i], true)
		switch {
		case err != nil:
			return nil, err
		case next == gone{}:
			return slices.Delete(at, i, i+1), nil
		}
		at[i] = next
		return at, nil
	}
	return nil, errNoPlace
}

func increment(have, by any) (any, error) {
	x, ok1 := number(have)
	y, ok2 := number(by)
	if !ok1 || !ok2 {
		return nil, errors.New("a field that is incremented must be a number")
	}
	return plain(x + y)
}

// join adds a value, or each of a list of values, that is not there yet.
func join(list []any, value any) []any {
	out, there := append([]any(nil), list...), valuesOf(list)
	for _, v := range listOf(value) {
		if k := keyOf(v); !there[k] {
			out, there[k] = append(out, v), true
		}
	}
	return out
}

func without(list []any, value any) []any {
	gone := valuesOf(listOf(value))
	out := []any{}
	for _, v := range list {
		if !gone[keyOf(v)] {
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

func valuesOf(list []any) map[any]bool {
	set := make(map[any]bool, len(list))
	for _, v := range list {
		set[keyOf(v)] = true
	}
	return set
}

// keyOf is a JSON value by which it is found in a map: itself, or the text of an object or a list.
func keyOf(v any) any {
	switch v.(type) {
	case Object, []any:
		raw, _ := json.Marshal(v) // it came as JSON
		return [1]string{string(raw)}
	}
	return v
}
