package rest

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// maxID bounds the length of what objects are called.
const maxID = 255

// checkID refuses names that could not be addressed.
func checkID(id string) error {
	if id == "" {
		return badRequest("The resource needs an _id")
	}
	if len(id) > maxID || id == "." || id == ".." || strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r == 0x7f || r == '/' || r == 0xfffd }) {
		return badRequest("Invalid resource ID")
	}
	return nil
}

// agents are the profiles of clients and agents of one realm; all types share one namespace of ids.
type agents struct {
	*Server
	types []*Type
}

func (s *Server) agents() []*Resource {
	a := agents{s, agentTypes()}
	return append(a.groups(), []*Resource{
		{
			Path: "realm-config/agents", Version: "2.0", Counted: true,
			Query: func(c *Call) ([]Object, error) { return a.query(c, nil) },
			Actions: map[string]Action{
				"getAllTypes":       {Do: func(*Call) (any, error) { return a.allTypes(), nil }},
				"getCreatableTypes": {Do: func(*Call) (any, error) { return a.allTypes(), nil }},
				"nextdescendents": {Do: func(c *Call) (any, error) {
					list, err := a.query(c, nil)
					return Object{"result": list}, err
				}},
			},
		},
		{
			Path: "realm-config/agents/{type}", Version: "2.0", Counted: true,
			Check: func(c *Call) error { _, err := a.typeOf(c); return err },
			Query: func(c *Call) ([]Object, error) {
				t, err := a.typeOf(c)
				if err != nil {
					return nil, err
				}
				return a.query(c, t)
			},
			Walk: func(c *Call, span store.Span, f func(string, Object) (bool, error)) error {
				t, err := a.typeOf(c)
				if err != nil {
					return err
				}
				return a.walk(c, t, span, f)
			},
			IDFields: []string{"_id"},
			Read:     a.read,
			Create:   a.create,
			Update:   a.update,
			Delete:   a.delete,
			Actions: map[string]Action{
				"schema":      {Do: func(c *Call) (any, error) { t, err := a.typeOf(c); return t.schema(), err }},
				"template":    {Do: func(c *Call) (any, error) { t, err := a.typeOf(c); return t.template(), err }},
				"getType":     {Do: func(c *Call) (any, error) { t, err := a.typeOf(c); return t.kind(), err }},
				"getAllTypes": {Do: noResult},
				"nextdescendents": {Do: func(c *Call) (any, error) {
					t, err := a.typeOf(c)
					if err != nil {
						return nil, err
					}
					list, err := a.query(c, t)
					return Object{"result": list}, err
				}},
			},
			ItemActions: map[string]Action{
				"nextdescendents": {Do: noResult},
				"getAllTypes":     {Do: noResult},
			},
		},
	}...)
}

func (a agents) allTypes() Object {
	list := []Object{}
	for _, t := range a.types {
		list = append(list, Object{"_id": t.ID, "name": t.Name, "collection": true})
	}
	return Object{"result": list}
}

func (a agents) typeOf(c *Call) (*Type, error) {
	i := slices.IndexFunc(a.types, func(t *Type) bool { return t.ID == c.Vars["type"] })
	switch {
	case c.Vars["type"] == "OAuth2Thing":
		return &Type{}, refuse(http.StatusNotImplemented, "OAuth 2.0 for Things is not enabled")
	case i < 0:
		return &Type{}, noRoute("realm-config/agents/" + c.Vars["type"])
	}
	return a.types[i], nil
}

// query lists the agents of a type, of all types when t is nil.
func (a agents) query(c *Call, t *Type) ([]Object, error) {
	return collected(func(c *Call, span store.Span, f func(string, Object) (bool, error)) error {
		return a.walk(c, t, span, f)
	})(c)
}

func (a agents) walk(c *Call, t *Type, span store.Span, f func(string, Object) (bool, error)) error {
	return a.docs.Walk(c.Context(), c.realmPath(), store.KindAgent, span, func(d store.Doc) (bool, error) {
		o, err := decodeObject(d.Body)
		if err != nil {
			return false, err
		}
		for _, of := range a.types {
			if (t == nil || t == of) && o["_type"] == of.ID {
				if o, err = a.grown(c, of, o); err != nil {
					return false, err
				}
				return f(d.ID, queryItem(of, d.ID, o))
			}
		}
		return true, nil
	})
}

// queryItem prints bare values; the group that the profile belongs to is told here only.
func queryItem(t *Type, id string, stored Object) Object {
	o := t.flat(id, stored)
	for _, g := range t.Groups {
		to, from := o, stored
		if g.Name != "" {
			to, _ = o[g.Name].(Object)
			from, _ = stored[g.Name].(Object)
		}
		if g.has(attributeGroup) {
			to[attributeGroup] = from[attributeGroup]
		}
		if t.ID == realm.TypeClient && from["userpassword"] != nil {
			to["userpassword"] = nil // where its secret is
		}
	}
	return o
}

func (a agents) read(c *Call, id string) (Object, error) {
	t, err := a.typeOf(c)
	if err != nil {
		return nil, err
	}
	_, o, err := a.find(c, t, id)
	if err != nil {
		return nil, err
	}
	if o, err = a.grown(c, t, o); err != nil {
		return nil, err
	}
	return single(t, id, o), nil
}

// single prints one profile. That of a client shows where its secret would be.
func single(t *Type, id string, stored Object) Object {
	if !t.Wrapped {
		return t.flat(id, stored)
	}
	o := t.wrapped(id, stored)
	if core, ok := o["coreOAuth2ClientConfig"].(Object); ok {
		core["userpassword"] = nil
	}
	return o
}

func (a agents) find(c *Call, t *Type, id string) (store.Doc, Object, error) {
	d, err := c.get(store.KindAgent, id)
	if err != nil {
		return d, nil, err
	}
	o, err := decodeObject(d.Body)
	if err == nil && o["_type"] != t.ID {
		err = notFound()
	}
	return d, o, err
}

func (a agents) create(c *Call, id string, body Object) (Object, error) {
	t, err := a.typeOf(c)
	if err != nil {
		return nil, err
	}
	if err := checkID(id); err != nil {
		return nil, err
	}
	return a.store(c, t, store.Doc{ID: id}, body, nil)
}

func (a agents) update(c *Call, id string, body Object) (Object, error) {
	t, err := a.typeOf(c)
	if err != nil {
		return nil, err
	}
	d, old, err := a.find(c, t, id)
	if err != nil {
		return nil, err
	}
	return a.store(c, t, d, body, old)
}

// store checks and writes a profile: over old, or a new one when old is nil.
func (a agents) store(c *Call, t *Type, d store.Doc, body, old Object) (Object, error) {
	name, group, err := a.membership(c, t, body, old)
	if err != nil {
		return nil, err
	}
	o, err := t.normal(body, nil)
	if err != nil {
		return nil, err
	}
	t.sealSecrets(a.Realms, o, old)
	was, err := a.grown(c, t, old)
	if err != nil {
		return nil, err
	}
	t.join(o, body, was, name)
	o["_type"] = t.ID
	if d.Body, err = json.Marshal(o); err != nil {
		return nil, err
	}
	if old == nil {
		_, err = a.docs.Create(c.Context(), c.realmPath(), store.KindAgent, d)
	} else {
		err = c.over(c.realmPath(), store.KindAgent, d)
	}
	if err != nil {
		return nil, err
	}
	if group != nil {
		o = realm.Inherit(o, group)
	}
	if err := a.closeInactive(c, t, d.ID, o); err != nil {
		return nil, err
	}
	return single(t, d.ID, o), nil
}

// closeInactive ends the sessions of an agent that may do nothing any more.
func (a agents) closeInactive(c *Call, t *Type, id string, o Object) error {
	if t.ID != realm.TypeGatewayAgent || unwrap(o["status"]) != "Inactive" {
		return nil
	}
	_, err := a.Login.EndAll(c.Context(), c.Realm, store.Subject{Type: login.TypeAgent, Name: id})
	return err
}

// delete removes a profile, with the tokens of a client and the sessions of an agent.
func (a agents) delete(c *Call, id string) (Object, error) {
	t, err := a.typeOf(c)
	if err != nil {
		return nil, err
	}
	_, old, err := a.find(c, t, id)
	if err != nil {
		return nil, err
	}
	if err := c.remove(c.realmPath(), store.KindAgent, id); err != nil {
		return nil, err
	}
	switch t.ID {
	case realm.TypeClient, realm.TypeAIAgent:
		err = a.tokens.RevokeClient(c.Context(), c.realmPath(), id, store.Subject{})
	case realm.TypeGatewayAgent:
		_, err = a.Login.EndAll(c.Context(), c.Realm, store.Subject{Type: login.TypeAgent, Name: id})
	}
	if err != nil {
		return nil, refuse(http.StatusInternalServerError, "").because(errors.Join(errors.New("the profile is deleted, its tokens may live on"), err))
	}
	if old, err = a.grown(c, t, old); err != nil {
		return nil, err
	}
	return single(t, id, old), nil
}
