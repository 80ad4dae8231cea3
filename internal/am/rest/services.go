package rest

import (
	"encoding/json"
	"errors"
	"slices"

	"gatehouse/internal/am/store"
)

// services are what a realm has of the services that can be added to it.
type services struct {
	*Server
	types []*Type
}

func (s *Server) services() []*Resource {
	v := services{s, serviceTypes()}
	return []*Resource{{
		Path:   "realm-config/services",
		Query:  v.query,
		Read:   v.read,
		Create: v.add,
		Update: v.update,
		Delete: v.delete,
		Actions: map[string]Action{
			"getAllTypes":       {Do: func(c *Call) (any, error) { return Object{"result": v.kinds(nil)}, nil }},
			"getCreatableTypes": {Do: v.creatable},
			"nextdescendents":   {Do: v.descendents},
		},
		ItemActions: map[string]Action{
			"schema":   {Do: func(c *Call) (any, error) { t, err := v.typeOf(c.ID); return t.schema(), err }},
			"template": {Do: v.template},
			"getType":  {Do: func(c *Call) (any, error) { t, err := v.typeOf(c.ID); return t.kind(), err }},
			"create": {Do: func(c *Call) (any, error) {
				o, err := v.add(c, c.ID, c.Body)
				if errors.Is(err, store.ErrConflict) {
					return nil, refuse(409, "Unable to save config: Service already exists")
				}
				return created(o), err
			}},
			"nextdescendents": {Do: func(c *Call) (any, error) {
				list, err := v.partsOf(c, c.ID, "")
				return Object{"result": list}, err
			}},
			"getAllTypes": {Do: v.partTypes},
			"clear":       {Do: v.clearCaches},
		},
	}, v.parts()}
}

func (v services) typeOf(id string) (*Type, error) {
	i := slices.IndexFunc(v.types, func(t *Type) bool { return t.ID == id })
	if i < 0 {
		return &Type{}, noRoute(id)
	}
	return v.types[i], nil
}

func (v services) kinds(without []string) []Object {
	list := []Object{}
	for _, t := range v.types {
		if !slices.Contains(without, t.ID) {
			list = append(list, t.kind())
		}
	}
	return list
}

// added lists the services that the realm has.
func (v services) added(c *Call) ([]store.Doc, error) {
	docs, err := v.docs.List(c.Context(), c.realmPath(), store.KindService)
	return slices.DeleteFunc(docs, func(d store.Doc) bool {
		_, err := v.typeOf(d.ID)
		return err != nil
	}), err
}

func (v services) creatable(c *Call) (any, error) {
	docs, err := v.added(c)
	var have []string
	for _, d := range docs {
		have = append(have, d.ID)
	}
	return Object{"result": v.kinds(have)}, err
}

func (v services) query(c *Call) ([]Object, error) {
	docs, err := v.added(c)
	list := []Object{}
	for _, d := range docs {
		t, _ := v.typeOf(d.ID)
		list = append(list, Object{"_id": t.ID, "name": t.Name})
	}
	return list, err
}

func (v services) descendents(c *Call) (any, error) {
	docs, err := v.added(c)
	if err != nil {
		return nil, err
	}
	list := []Object{}
	for _, d := range docs {
		t, _ := v.typeOf(d.ID)
		o, err := decodeObject(d.Body)
		if err != nil {
			return nil, err
		}
		list = append(list, t.terse(t.ID, o))
	}
	stores := idRepositoryService()
	stores["_id"] = serviceIDStores
	return Object{"result": append(list, stores)}, nil
}

func (v services) find(c *Call, id string) (*Type, store.Doc, Object, error) {
	t, err := v.typeOf(id)
	if err != nil {
		return t, store.Doc{}, nil, err
	}
	d, err := c.get(store.KindService, id)
	if err != nil {
		return t, d, nil, err
	}
	o, err := decodeObject(d.Body)
	return t, d, o, err
}

func (v services) read(c *Call, id string) (Object, error) {
	t, _, o, err := v.find(c, id)
	if err != nil {
		return nil, err
	}
	return t.terse("", o), nil
}

// template prints the defaults that an administrator set for the whole server over the shipped ones.
func (v services) template(c *Call) (any, error) {
	t, err := v.typeOf(c.ID)
	if err != nil {
		return nil, err
	}
	o, err := v.fill(c, t, Object{})
	if err != nil {
		return nil, err
	}
	o = t.terse("", o)
	delete(o, "_id")
	delete(o, "_type")
	return o, nil
}

// fill checks a service and gives what it leaves out the defaults of the whole server.
func (v services) fill(c *Call, t *Type, body Object) (Object, error) {
	defaults, err := v.globalDefaults(c, t)
	if err != nil {
		return nil, err
	}
	return t.normal(body, defaults)
}

func (v services) globalDefaults(c *Call, t *Type) (Object, error) {
	d, err := v.docs.Get(c.Context(), "", store.KindGlobal, t.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	o, err := decodeObject(d.Body)
	defaults, _ := o["defaults"].(Object)
	return defaults, err
}

// add gives the realm a service that it does not have.
func (v services) add(c *Call, id string, body Object) (Object, error) {
	t, err := v.typeOf(id)
	if err != nil {
		return nil, err
	}
	o, err := v.fill(c, t, body)
	if err != nil {
		return nil, err
	}
	t.sealSecrets(v.Realms, o, nil)
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	_, err = v.docs.Create(c.Context(), c.realmPath(), store.KindService, store.Doc{ID: t.ID, Body: raw})
	return t.terse("", o), err
}

func (v services) update(c *Call, id string, body Object) (Object, error) {
	t, d, old, err := v.find(c, id)
	if err != nil {
		return nil, err
	}
	o, err := v.fill(c, t, body)
	if err != nil {
		return nil, err
	}
	t.sealSecrets(v.Realms, o, old)
	if d.Body, err = json.Marshal(o); err != nil {
		return nil, err
	}
	return t.terse("", o), c.over(c.realmPath(), store.KindService, d)
}

func (v services) delete(c *Call, id string) (Object, error) {
	t, _, o, err := v.find(c, id)
	if err != nil {
		return nil, err
	}
	if err := c.remove(c.realmPath(), store.KindService, id); err != nil {
		return nil, err
	}
	return t.terse("", o), v.deleteParts(c, id)
}
