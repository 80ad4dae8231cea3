package rest

import (
	"maps"
	"slices"
)

// ResourceInfo is what tests know of a resource: all of them, from the list that the server works with.
type ResourceInfo struct {
	Path                         string
	Query, Read, Write           bool
	Actions, ItemActions, Opened []string // Opened are those of the actions that everybody may call
	Singleton, Global            bool
}

// Resources lists all resources.
func (s *Server) Resources() []ResourceInfo {
	var list []ResourceInfo
	for _, r := range s.all() {
		info := ResourceInfo{
			Path: r.shown(), Query: r.Query != nil, Read: r.Read != nil, Write: r.Update != nil || r.Create != nil || r.Delete != nil,
			Actions: slices.Sorted(maps.Keys(r.Actions)), ItemActions: slices.Sorted(maps.Keys(r.ItemActions)), Global: r.Global,
			Singleton: r.Query == nil && r.Read != nil,
		}
		for name, a := range r.Actions {
			if a.Open {
				info.Opened = append(info.Opened, name)
			}
		}
		for name, a := range r.ItemActions {
			if a.Open {
				info.Opened = append(info.Opened, name)
			}
		}
		list = append(list, info)
	}
	return list
}

// Opens tells whether a request "POST path?action" is an action that everybody may call.
func (r ResourceInfo) Opens(request string) bool {
	return slices.ContainsFunc(r.Opened, func(name string) bool {
		return request == "POST "+r.Path+"?"+name || request == "POST "+r.Path+"/{id}?"+name
	})
}
