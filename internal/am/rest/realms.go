package rest

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

func (s *Server) realms() []*Resource {
	res := &Resource{
		Path: "global-config/realms", Global: true, Exists: "The realm already exists.",
		Query: func(c *Call) ([]Object, error) {
			list := []Object{}
			for _, r := range s.Realms.List() {
				list = append(list, realmObject(r))
			}
			return list, nil
		},
		Read:   s.readRealm,
		Create: s.createRealm,
		Update: s.updateRealm,
		Delete: func(c *Call, id string) (Object, error) {
			o, err := s.readRealm(c, id)
			if err != nil {
				return nil, err
			}
			path, _ := realmPath(id)
			return o, c.realmError(s.Realms.Delete(c.Context(), path, c.revOf(id)), path)
		},
		Actions: map[string]Action{
			"template": {Do: func(*Call) (any, error) {
				return Object{"name": nil, "active": true, "parentPath": "/", "aliases": []any{}}, nil
			}},
			"schema": {Do: func(*Call) (any, error) { return realmType().schema(), nil }},
		},
	}
	return []*Resource{res}
}

func realmType() *Type {
	return &Type{ID: "realms", Name: "Realms", Groups: []Group{{Attributes: []Attribute{
		{Name: "name", Title: "Name", Kind: Text},
		{Name: "active", Title: "Active", Kind: Boolean, Default: true},
		{Name: "parentPath", Title: "Parent", Kind: Text},
		{Name: "aliases", Title: "Realm Aliases", Kind: List, Default: []any{}},
	}}}}
}

func realmObject(r *realm.Realm) Object {
	var parent any
	if r.Parent != "" {
		parent = r.Parent
	}
	return Object{"_id": realmID(r.Path), "parentPath": parent, "active": r.Active, "name": r.Name, "aliases": append([]string{}, r.Aliases...)}
}

// realmPath reads an "_id": the path in base64url, padded or not.
func realmPath(id string) (string, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(id, "="))
	return string(raw), err == nil && strings.HasPrefix(string(raw), "/")
}

func (s *Server) readRealm(c *Call, id string) (Object, error) {
	path, ok := realmPath(id)
	if !ok {
		return nil, refuse(http.StatusNotFound, "Realm cannot be read: %s", id)
	}
	r, ok := s.Realms.Find(path)
	if !ok {
		return nil, refuse(http.StatusNotFound, "Realm cannot be read: %s", path)
	}
	c.note("", store.KindRealm, store.Doc{ID: id, Rev: r.Rev})
	return realmObject(r), nil
}

// revOf is the revision of the realm that a write has to be over, 0 for any.
func (c *Call) revOf(id string) uint64 {
	if !c.Conditional {
		return 0
	}
	return c.seen[store.Key{Kind: store.KindRealm, ID: id}].Rev
}

// realmError turns errors of the manager of realms into refusals.
func (c *Call) realmError(err error, name string) error {
	switch {
	case err == nil || c.Conditional && errors.Is(err, store.ErrConflict):
		return err
	case errors.Is(err, realm.ErrName):
		return badRequest("Organization name %s is invalid", name).because(err)
	case errors.Is(err, realm.ErrAlias):
		return badRequest("Another realm has one of the aliases")
	case errors.Is(err, realm.ErrChildren):
		return refuse(http.StatusConflict, "The realm %s has realms below it", name)
	case errors.Is(err, realm.ErrRoot):
		return refuse(http.StatusForbidden, "The root realm cannot be removed or made inactive")
	case errors.Is(err, store.ErrConflict):
		return refuse(http.StatusConflict, "The realm %s already exists.", name)
	}
	return err
}

func (s *Server) createRealm(c *Call, id string, body Object) (Object, error) {
	in, err := realmType().normal(body, nil)
	if err != nil {
		return nil, err
	}
	name, _ := in["name"].(string)
	parent, _ := in["parentPath"].(string)
	if id != "" { // a PUT: the address says which realm it is
		path, ok := realmPath(id)
		last := strings.LastIndexByte(path, '/')
		if !ok || last < 0 || !strings.EqualFold(path, join2(parent, name)) && name != "" {
			return nil, badRequest("name and URI's resource ID do not match")
		}
		if name == "" {
			parent, name = path[:last], path[last+1:]
		}
	}
	if _, ok := s.Realms.Find(parent); !ok {
		return nil, refuse(http.StatusNotFound, "Realm cannot be read: %s", parent)
	}
	active, _ := in["active"].(bool)
	r, err := s.Realms.Create(c.Context(), realm.Spec{Name: name, Parent: parent, Active: active, Aliases: textList(in["aliases"])})
	if err != nil {
		return nil, c.realmError(err, name)
	}
	return realmObject(r), nil
}

func join2(parent, name string) string { return strings.TrimSuffix(parent, "/") + "/" + name }

func (s *Server) updateRealm(c *Call, id string, body Object) (Object, error) {
	path, _ := realmPath(id)
	in, err := realmType().normal(body, nil)
	if err != nil {
		return nil, err
	}
	name, _ := in["name"].(string)
	parent, _ := in["parentPath"].(string)
	if path != "/" && (name != "" && !strings.EqualFold(join2(parent, name), path)) {
		return nil, badRequest("A realm cannot be renamed or moved")
	}
	active, _ := in["active"].(bool)
	r, err := s.Realms.Update(c.Context(), path, active, textList(in["aliases"]), c.revOf(id))
	if err != nil {
		return nil, c.realmError(err, path)
	}
	return realmObject(r), nil
}

func textList(v any) []string {
	list, _ := v.([]any)
	out := make([]string, 0, len(list))
	for _, e := range list {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
