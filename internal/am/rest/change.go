package rest

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Change is an object that was created, updated or deleted.
type Change struct {
	Realm     string
	Object    string // its address below the realm
	Operation string // "CREATE", "UPDATE", "DELETE"
	// Before and After are the object, secrets masked; nil where there is none.
	Before, After Object
	// Fields are the members that differ.
	Fields []string
	// Identity tells that it is a user, not configuration.
	Identity bool
}

// changed tells of a change. Before and after are objects as they are read: secrets that those have are masked.
func (c *Call) changed(res *Resource, operation string, before, after Object) {
	c.warnOfAlgorithms(res, after)
	if c.server.Changed == nil {
		return
	}
	id := c.ID
	if made, ok := after["_id"].(string); ok && id == "" {
		id = made
	}
	path := strings.Split(res.Path, "/")
	for i, p := range path {
		if name, ok := strings.CutPrefix(p, "{"); ok {
			path[i] = c.Vars[strings.TrimSuffix(name, "}")]
		}
	}
	if id != "" {
		path = append(path, id)
	}
	ch := Change{
		Realm: c.realmPath(), Object: strings.Join(path, "/"), Operation: operation, Before: masked(before), After: masked(after),
		Identity: path[0] == "users" || path[0] == "groups" || c.Vars[managedKind] == "user",
	}
	if before != nil && after != nil {
		// Compared as JSON: numbers and lists come in several types.
		a, errA := plainObject(before)
		b, errB := plainObject(after)
		if errA == nil && errB == nil {
			for _, name := range slices.Sorted(maps.Keys(b)) {
				if !ignored(name) && !reflect.DeepEqual(a[name], b[name]) {
					ch.Fields = append(ch.Fields, name)
				}
			}
			for _, name := range slices.Sorted(maps.Keys(a)) {
				if _, ok := b[name]; !ok && !ignored(name) {
					ch.Fields = append(ch.Fields, name)
				}
			}
		}
	}
	c.server.Changed(c.Context(), ch)
}

const mask = "********"

func masked(o Object) Object {
	if o == nil {
		return nil
	}
	out := Object{}
	for name, v := range o {
		inner, isObject := v.(Object)
		_, wrapped := inner["inherited"]
		switch {
		case secretName(name) && (wrapped && inner["value"] != nil || !isObject && v != nil):
			out[name] = mask
		case isObject:
			out[name] = masked(inner)
		default:
			out[name] = v
		}
	}
	return out
}
