package rest

import (
	"encoding/json"
	"errors"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// attributeGroup is the setting of a profile that names its group.
const attributeGroup = "agentgroup"

// agentGroups are what agents of one type have in common, of one realm; all types share one namespace of ids. A profile
// names its group, and which settings it takes from it (PingAM: realm-config/agents/groups).
type agentGroups struct{ agents }

func (a agents) groups() []*Resource {
	g := agentGroups{a}
	list := func(c *Call, t *Type) (any, error) {
		found, err := g.query(c, t)
		return Object{"result": found}, err
	}
	return []*Resource{
		{
			Path: "realm-config/agents/groups", Version: "2.0", Counted: true,
			Query: func(c *Call) ([]Object, error) { return g.query(c, nil) },
			Actions: map[string]Action{
				"getAllTypes":       {Do: func(*Call) (any, error) { return a.allTypes(), nil }},
				"getCreatableTypes": {Do: func(*Call) (any, error) { return a.allTypes(), nil }},
				"nextdescendents":   {Do: func(c *Call) (any, error) { return list(c, nil) }},
			},
		},
		{
			Path: "realm-config/agents/groups/{type}", Version: "2.0", Counted: true,
			Check: func(c *Call) error { _, err := g.typeOf(c); return err },
			Query: func(c *Call) ([]Object, error) {
				t, err := g.typeOf(c)
				if err != nil {
					return nil, err
				}
				return g.query(c, t)
			},
			Read:   g.read,
			Create: g.create,
			Update: g.update,
			Delete: g.delete,
			Actions: map[string]Action{
				"schema":      {Do: func(c *Call) (any, error) { t, err := g.typeOf(c); return t.schema(), err }},
				"template":    {Do: func(c *Call) (any, error) { t, err := g.typeOf(c); return t.template(), err }},
				"getType":     {Do: func(c *Call) (any, error) { t, err := g.typeOf(c); return t.kind(), err }},
				"getAllTypes": {Do: noResult},
				"nextdescendents": {Do: func(c *Call) (any, error) {
					t, err := g.typeOf(c)
					if err != nil {
						return nil, err
					}
					return list(c, t)
				}},
			},
			ItemActions: map[string]Action{
				"nextdescendents": {Do: noResult},
				"getAllTypes":     {Do: noResult},
			},
		},
	}
}

// typeOf is the type of the groups of the address.
func (g agentGroups) typeOf(c *Call) (*Type, error) {
	t, err := g.agents.typeOf(c)
	return t.ofGroups(), err
}

// ofGroups is the type of groups of profiles of type t: these have neither a secret nor a group themselves, and their
// values are bare.
func (t *Type) ofGroups() *Type {
	of := *t
	of.Wrapped = false
	of.Groups = make([]Group, len(t.Groups))
	for i, g := range t.Groups {
		of.Groups[i] = g
		of.Groups[i].Attributes = nil
		for _, a := range g.Attributes {
			if !a.Secret && a.Name != attributeGroup {
				of.Groups[i].Attributes = append(of.Groups[i].Attributes, a)
			}
		}
	}
	return &of
}

// inheritable tells whether a profile may take the attribute from its group.
func (a *Attribute) inheritable() bool { return !a.Secret && a.Name != attributeGroup }

// query lists the groups of a type, of all types when t is nil.
func (g agentGroups) query(c *Call, t *Type) ([]Object, error) {
	docs, err := g.docs.List(c.Context(), c.realmPath(), store.KindAgentGroup)
	if err != nil {
		return nil, err
	}
	list := []Object{}
	for _, d := range docs {
		o, err := decodeObject(d.Body)
		if err != nil {
			return nil, err
		}
		for _, of := range g.types {
			if o["_type"] == of.ID && (t == nil || t.ID == of.ID) {
				list = append(list, of.ofGroups().terse(d.ID, o))
			}
		}
	}
	return list, nil
}

func (g agentGroups) find(c *Call, t *Type, id string) (store.Doc, Object, error) {
	d, o, err := g.group(c, t, id)
	if err == nil && o == nil {
		err = notFound()
	}
	return d, o, err
}

// group reads a group of profiles of type t; the object is nil where there is none.
func (a agents) group(c *Call, t *Type, id string) (store.Doc, Object, error) {
	d, err := c.get(store.KindAgentGroup, id)
	if errors.Is(err, store.ErrNotFound) {
		return d, nil, nil
	}
	if err != nil {
		return d, nil, err
	}
	o, err := decodeObject(d.Body)
	if o["_type"] != t.ID {
		o = nil
	}
	return d, o, err
}

func (g agentGroups) read(c *Call, id string) (Object, error) {
	t, err := g.typeOf(c)
	if err != nil {
		return nil, err
	}
	_, o, err := g.find(c, t, id)
	if err != nil {
		return nil, err
	}
	return t.terse(id, o), nil
}

func (g agentGroups) create(c *Call, id string, body Object) (Object, error) {
	t, err := g.typeOf(c)
	if err != nil {
		return nil, err
	}
	if err := checkID(id); err != nil {
		return nil, err
	}
	return g.store(c, t, store.Doc{ID: id}, body, nil)
}

func (g agentGroups) update(c *Call, id string, body Object) (Object, error) {
	t, err := g.typeOf(c)
	if err != nil {
		return nil, err
	}
	d, old, err := g.find(c, t, id)
	if err != nil {
		return nil, err
	}
	return g.store(c, t, d, body, old)
}

// store checks and writes a group: over old, or a new one when old is nil. It is in force for its members at once.
func (g agentGroups) store(c *Call, t *Type, d store.Doc, body, old Object) (Object, error) {
	o, err := t.normal(body, nil)
	if err != nil {
		return nil, err
	}
	t.sealSecrets(g.Realms, o, old) // of open types
	o["_type"] = t.ID
	if d.Body, err = json.Marshal(o); err != nil {
		return nil, err
	}
	if old == nil {
		_, err = g.docs.Create(c.Context(), c.realmPath(), store.KindAgentGroup, d)
	} else {
		err = c.over(c.realmPath(), store.KindAgentGroup, d)
	}
	if err != nil {
		return nil, err
	}
	if t.ID == realm.TypeGatewayAgent && o["status"] == "Inactive" {
		err = g.eachMember(c, t, d.ID, func(id string, profile Object) error {
			return g.closeInactive(c, t, id, realm.Inherit(profile, o))
		})
	}
	return t.terse(d.ID, o), err
}

// delete removes a group. Its members keep the values that they have from it as their own.
func (g agentGroups) delete(c *Call, id string) (Object, error) {
	t, err := g.typeOf(c)
	if err != nil {
		return nil, err
	}
	_, o, err := g.find(c, t, id)
	if err != nil {
		return nil, err
	}
	err = g.eachMember(c, t, id, func(member string, _ Object) error { return g.release(c, t, member, id, o) })
	if err == nil {
		err = c.remove(c.realmPath(), store.KindAgentGroup, id)
	}
	if err != nil {
		return nil, err
	}
	return t.terse(id, o), nil
}

// eachMember calls f for the profiles that are in the group.
func (g agentGroups) eachMember(c *Call, t *Type, group string, f func(id string, profile Object) error) error {
	return g.docs.Walk(c.Context(), c.realmPath(), store.KindAgent, store.Span{}, func(d store.Doc) (bool, error) {
		o, err := decodeObject(d.Body)
		if err == nil && o["_type"] == t.ID && realm.AgentGroup(o) == group {
			err = f(d.ID, o)
		}
		return err == nil, err
	})
}

// release takes a profile out of the group, whose values become its own.
func (g agentGroups) release(c *Call, t *Type, id, name string, group Object) error {
	for {
		d, err := g.docs.Get(c.Context(), c.realmPath(), store.KindAgent, id)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		o, err := decodeObject(d.Body)
		if err != nil || o["_type"] != t.ID || realm.AgentGroup(o) != name {
			return err // it left by itself
		}
		if d.Body, err = json.Marshal(t.released(realm.Inherit(o, group))); err != nil {
			return err
		}
		if _, err = g.docs.Put(c.Context(), c.realmPath(), store.KindAgent, d); !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}

// released is a profile whose inherited values are its own, and which is in no group.
func (t *Type) released(o Object) Object {
	out := Object{}
	for name, v := range o {
		inner, isObject := v.(Object)
		switch {
		case name == attributeGroup:
			continue
		case realm.Inherits(v) && t.Open: // those are kept as they came
			v = Object{"inherited": false, "value": inner["value"]}
		case realm.Inherits(v):
			v = inner["value"]
		case isObject:
			v = t.released(inner)
		}
		if v != nil {
			out[name] = v
		}
	}
	return out
}

// membership is the group that a profile is to be in after a write, nil for none: the one that the body names, else that
// of the stored profile, which may be nil. Null and "" end it.
func (a agents) membership(c *Call, t *Type, body, old Object) (string, Object, error) {
	name := realm.AgentGroup(body)
	if name == "" && !t.saysGroup(body) {
		name = realm.AgentGroup(old)
	}
	if name == "" {
		return "", nil, nil
	}
	_, group, err := a.group(c, t, name)
	if err == nil && group == nil {
		err = invalid("Group")
	}
	return name, group, err
}

// saysGroup tells whether the body of a write says something of the profile's group. Open types say all of themselves.
func (t *Type) saysGroup(body Object) bool {
	if t.Open {
		return true
	}
	for _, g := range t.Groups {
		from := body
		if g.Name != "" {
			from, _ = body[g.Name].(Object)
		}
		if _, ok := from[attributeGroup]; ok {
			return true
		}
	}
	return false
}

// join notes in o, the profile that body was read to, that it is in the group, and which settings it takes from it: those
// that the body says, and those that it says nothing of and the stored profile took. Without a group what the stored
// profile took from its own, of which the body has no value, is the profile's own. old has the values of its group, or is
// nil.
func (t *Type) join(o, body, old Object, group string) {
	for _, g := range t.Groups {
		to, from, was := o, body, old
		if g.Name != "" {
			to, _ = o[g.Name].(Object)
			from, _ = body[g.Name].(Object)
			was, _ = old[g.Name].(Object)
		}
		if g.has(attributeGroup) {
			delete(to, attributeGroup)
			if group != "" {
				to[attributeGroup] = group
			}
		}
		for _, a := range g.Attributes {
			if !a.inheritable() {
				continue
			}
			said, isSaid := from[a.Name]
			took := realm.Inherits(was[a.Name])
			switch {
			case group != "" && (realm.Inherits(said) || took && !isSaid):
				to[a.Name] = Object{"inherited": true}
			case group == "" && took && unwrap(said) == nil && (!isSaid || realm.Inherits(said)):
				if v := unwrap(was[a.Name]); v != nil {
					to[a.Name] = v
				}
			}
		}
	}
}

// grown is a stored profile with the values of its group, for print.
func (a agents) grown(c *Call, t *Type, stored Object) (Object, error) {
	name := realm.AgentGroup(stored)
	if name == "" {
		return stored, nil
	}
	_, group, err := a.group(c, t, name)
	if err != nil {
		return nil, err
	}
	return realm.Inherit(stored, group), nil // of a group that is gone there are no values
}
