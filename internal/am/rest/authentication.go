package rest

import (
	"encoding/json"
	"errors"
	"maps"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/store"
)

func (s *Server) authentication() []*Resource {
	trees := Attribute{Kind: Text, Enum: login.Trees()}
	read := func(c *Call) (Object, error) {
		d, err := s.docs.Get(c.Context(), c.realmPath(), store.KindService, login.ServiceAuthentication)
		if errors.Is(err, store.ErrNotFound) {
			return authenticationSettings(nil), nil
		}
		if err != nil {
			return nil, err
		}
		o, err := decodeObject(d.Body)
		return authenticationSettings(o), err
	}
	return []*Resource{
		{
			Path: "realm-config/authentication",
			Read: func(c *Call, _ string) (Object, error) { return read(c) },
			Update: func(c *Call, _ string, body Object) (Object, error) {
				o := openObject(body)
				core, _ := o["core"].(Object)
				for _, name := range []string{"orgConfig", "adminAuthModule"} {
					if _, ok := trees.value(core[name]); core[name] != nil && core[name] != "[Empty]" && !ok {
						return nil, invalid(name)
					}
				}
				raw, err := json.Marshal(o)
				if err != nil {
					return nil, err
				}
				if _, err := s.docs.Put(c.Context(), c.realmPath(), store.KindService, store.Doc{ID: login.ServiceAuthentication, Body: raw}); err != nil {
					return nil, err
				}
				return authenticationSettings(o), nil
			},
		},
		{
			Path: "realm-config/authentication/authenticationtrees/trees",
			Query: func(*Call) ([]Object, error) {
				list := []Object{}
				for _, name := range login.Trees() {
					list = append(list, treeObject(name))
				}
				return list, nil
			},
			Read: func(_ *Call, id string) (Object, error) {
				for _, name := range login.Trees() {
					if name == id {
						return treeObject(id), nil
					}
				}
				return nil, notFound()
			},
		},
	}
}

// treeObject describes a shipped journey: it is not made of nodes that could be changed.
func treeObject(name string) Object {
	return Object{
		"_id": name, "identityResource": nil, "uiConfig": Object{}, "entryNodeId": "", "nodes": Object{}, "staticNodes": Object{},
		"enabled": name != login.TreeAmster, "mustRun": false, "innerTreeOnly": false,
	}
}

// authenticationSettings prints what is stored over the defaults. Of all of it, core.orgConfig alone decides
// something here: which journey is the default.
func authenticationSettings(stored Object) Object {
	o := Object{
		"core": Object{"orgConfig": login.TreeDefault, "adminAuthModule": login.TreeDefault},
		"security": Object{
			"zeroPageLoginEnabled": false, "zeroPageLoginReferrerWhiteList": []any{}, "zeroPageLoginAllowedWithoutReferrer": true,
		},
	}
	for name, v := range stored {
		group, ok := o[name].(Object)
		given, isGroup := v.(Object)
		if !ok || !isGroup {
			o[name] = v
			continue
		}
		maps.Copy(group, given)
	}
	o["_id"] = ""
	o["_type"] = Object{"_id": "EMPTY", "name": "Core", "collection": false}
	return o
}
