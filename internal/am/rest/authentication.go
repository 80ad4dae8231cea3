package rest

import (
	"encoding/json"
	"errors"
	"maps"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/store"
)

func (s *Server) authentication() []*Resource {
	read := func(c *Call) (Object, error) {
		d, err := c.get(store.KindService, login.ServiceAuthentication)
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
				for _, name := range []string{"core", "security"} {
					if _, ok := o[name].(Object); !ok && o[name] != nil {
						return nil, invalid(name)
					}
				}
				core, _ := o["core"].(Object)
				for _, name := range []string{"orgConfig", "adminAuthModule"} {
					tree, ok := scalar(core[name])
					if !ok {
						return nil, invalid(name)
					}
					if tree == "" || tree == "[Empty]" {
						continue
					}
					if _, err := s.Login.Trees.Tree(c.Context(), c.realmPath(), tree); errors.Is(err, journey.ErrNoTree) {
						return nil, invalid(name)
					} else if err != nil {
						return nil, err
					}
				}
				raw, err := json.Marshal(o)
				if err != nil {
					return nil, err
				}
				if err := c.over(c.realmPath(), store.KindService, store.Doc{ID: login.ServiceAuthentication, Body: raw}); err != nil {
					return nil, err
				}
				return authenticationSettings(o), nil
			},
		},
	}
}

// authenticationSettings prints what is stored over the defaults. Of all of it, core alone decides
// something here: which journeys are the defaults.
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
