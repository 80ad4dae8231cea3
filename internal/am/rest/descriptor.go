package rest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// describes tells whether the request asks for a description of the interface instead of an object.
func (c *Call) describes() bool {
	return c.Request.Method == http.MethodGet && (c.Query.Has("_api") || c.Query.Has("_crestapi"))
}

// describe answers with the description of resources: OpenAPI 2.0 for _api, a CREST API descriptor for _crestapi. Both
// are made from what the resources do. path is the part of the address below the realm.
func (c *Call) describe(title, path string, list []*Resource) error {
	if err := administrators(c); err != nil {
		return err
	}
	if err := c.described(); err != nil {
		return err
	}
	if c.Query.Has("_crestapi") {
		paths := Object{}
		for _, res := range list {
			paths["/"+res.shown()] = Object{res.newest(): res.crest()}
		}
		return c.write(http.StatusOK, Object{"id": "frapi:gatehouse:" + strings.ReplaceAll(title, "/", ":"), "version": "1.0", "description": title, "paths": paths})
	}
	paths := Object{}
	for _, res := range list {
		maps.Copy(paths, res.openAPI())
	}
	base := strings.TrimSuffix(strings.TrimSuffix(c.Request.URL.EscapedPath(), path), "/") // of the realm
	return c.write(http.StatusOK, Object{
		"swagger": "2.0", "info": Object{"title": title, "version": "1.0"}, "basePath": base,
		"consumes": []string{"application/json"}, "produces": []string{"application/json"}, "paths": paths,
	})
}

func (res *Resource) newest() string {
	if res.Version == "" {
		return "1.0"
	}
	return res.Version
}

// singleton tells whether the resource is one object, without a name.
func (res *Resource) singleton() bool { return res.Query == nil && res.Read != nil && res.Check == nil }

func names(actions map[string]Action) []string { return slices.Sorted(maps.Keys(actions)) }

// crest is the resource in a CREST API descriptor.
func (res *Resource) crest() Object {
	o := Object{"mvccSupported": !res.Unversioned}
	actions := func(m map[string]Action) []any {
		list := []any{}
		for _, name := range names(m) {
			list = append(list, Object{"name": name})
		}
		return list
	}
	object := Object{}
	if res.Read != nil {
		object["read"] = Object{}
	}
	if res.Update != nil && res.Read != nil {
		object["update"] = Object{}
		object["patch"] = Object{"operations": []string{"ADD", "REMOVE", "REPLACE", "INCREMENT"}}
	}
	if res.Delete != nil {
		object["delete"] = Object{}
	}
	if len(res.Actions) > 0 {
		o["actions"] = actions(res.Actions)
	}
	if res.singleton() {
		maps.Copy(o, object)
		return o
	}
	if res.Query != nil {
		o["queries"] = []any{Object{
			"type": "FILTER", "queryableFields": []string{"*"}, "pagingModes": []string{"COOKIE", "OFFSET"}, "countPolicies": []string{"NONE", "EXACT"},
		}}
		if res.Create != nil {
			o["create"] = Object{"mode": "ID_FROM_SERVER"}
		}
	}
	if res.Create != nil && !res.NoPutCreate {
		object["create"] = Object{"mode": "ID_FROM_CLIENT"}
	}
	if len(res.ItemActions) > 0 {
		object["actions"] = actions(res.ItemActions)
	}
	if len(object) > 0 {
		object["pathParameter"] = Object{"name": "id", "type": "string", "source": "PATH"}
		o["items"] = object
	}
	return o
}

// openAPI is the resource as paths of an OpenAPI 2.0 document.
func (res *Resource) openAPI() Object {
	var inPath []any
	for p := range strings.SplitSeq(res.shown(), "/") {
		if name, ok := strings.CutPrefix(p, "{"); ok {
			inPath = append(inPath, parameter("path", strings.TrimSuffix(name, "}")))
		}
	}
	operation := func(summary string, more ...any) Object {
		o := Object{
			"summary": summary, "tags": []string{res.shown()}, "responses": Object{"default": Object{"description": "An object, or an error with code, reason and message"}},
		}
		if list := slices.Concat(inPath, []any{parameter("query", "_fields"), parameter("query", "_prettyPrint")}, more); len(list) > 0 {
			o["parameters"] = list
		}
		return o
	}
	body := Object{"in": "body", "name": "body", "schema": Object{"type": "object"}}
	patch := Object{"in": "body", "name": "body", "schema": Object{"type": "array", "items": Object{"type": "object"}}}
	action := func(list []string) Object {
		return Object{"in": "query", "name": "_action", "type": "string", "required": true, "enum": list}
	}
	all, one := Object{}, Object{}
	object := one
	id := []any{parameter("path", "id")}
	if res.singleton() {
		object, id = all, nil
	}
	with := func(more ...any) []any { return slices.Concat(id, more) }
	if res.Read != nil {
		object["get"] = operation("Read", with()...)
	}
	if res.Update != nil && res.Read != nil {
		match := Object{"in": "header", "name": "If-Match", "type": "string"}
		object["put"] = operation("Update", with(body, match, Object{"in": "header", "name": "If-None-Match", "type": "string"})...)
		object["patch"] = operation("Patch", with(patch, match)...)
	}
	if res.Delete != nil {
		object["delete"] = operation("Delete", with(Object{"in": "header", "name": "If-Match", "type": "string"})...)
	}
	if len(res.ItemActions) > 0 && !res.singleton() {
		object["post"] = operation("Action", with(action(names(res.ItemActions)), body)...)
	}
	list := names(res.Actions)
	if res.Query != nil {
		var more []any
		for _, name := range []string{"_queryFilter", "_queryId", "_pageSize", "_pagedResultsCookie", "_pagedResultsOffset", "_sortKeys", "_totalPagedResultsPolicy"} {
			more = append(more, parameter("query", name))
		}
		all["get"] = operation("Query", more...)
		if res.Create != nil && !slices.Contains(list, "create") {
			list = append(list, "create")
		}
	}
	if len(list) > 0 {
		all["post"] = operation("Action", action(list), body)
	}
	paths := Object{}
	if len(all) > 0 {
		paths["/"+res.shown()] = all
	}
	if len(one) > 0 {
		paths["/"+res.shown()+"/{id}"] = one
	}
	return paths
}

func parameter(in, name string) Object {
	kind := "string"
	switch name {
	case "_pageSize", "_pagedResultsOffset":
		kind = "integer"
	case "_prettyPrint":
		kind = "boolean"
	}
	return Object{"in": in, "name": name, "type": kind, "required": in == "path"}
}

// shown is the path as descriptors have it.
func (r *Resource) shown() string { return strings.ReplaceAll(r.Path, ":number}", "}") }
