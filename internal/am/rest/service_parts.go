package rest

import (
	"encoding/json"
	"slices"
	"strings"

	"gatehouse/internal/am/login/social"
	"gatehouse/internal/am/store"
)

// serviceParts are configurations below a service, of types of its own: the providers of SocialIdentityProviders, the
// handlers of audit, the caches of scripts. Services that are kept for exports keep them as well; the others have those
// that their type names.
type serviceParts struct{ services }

// nameOfPartType is the member that says what a part calls its type.
const nameOfPartType = "_typeName"

// ServicePartID is the ID of the document of a part, which is a service of the realm.
func ServicePartID(service, kind, id string) string { return service + "/" + kind + "/" + id }

func (v services) parts() *Resource {
	p := serviceParts{v}
	collection := func(c *Call) *Type { return p.typeOf(c, "") }
	return &Resource{
		Path: "realm-config/services/{service}/{type}", Check: p.check,
		Query: func(c *Call) ([]Object, error) { return v.partsOf(c, c.Vars["service"], c.Vars["type"]) },
		Read:  p.read, Create: p.create, Update: p.update, Delete: p.delete,
		Actions: map[string]Action{
			"schema":   {Do: func(c *Call) (any, error) { return collection(c).schema(), nil }},
			"template": {Do: func(c *Call) (any, error) { return collection(c).template(), nil }},
			"getType":  {Do: func(c *Call) (any, error) { return collection(c).kind(), nil }},
			"nextdescendents": {Do: func(c *Call) (any, error) {
				list, err := v.partsOf(c, c.Vars["service"], c.Vars["type"])
				return Object{"result": list}, err
			}},
		},
		ItemActions: map[string]Action{"clear": {Do: p.clear}},
	}
}

// check wants a service that the realm has and that may have parts.
func (p serviceParts) check(c *Call) error {
	if err := administrators(c); err != nil {
		return err // who may not ask does not learn which services there are
	}
	t, err := p.services.typeOf(c.Vars["service"])
	if err != nil || !t.Open && t.part(c.Vars["type"]) == nil {
		return noRoute("realm-config/services/" + c.Vars["service"] + "/" + c.Vars["type"])
	}
	if err := checkID(c.Vars["type"]); err != nil {
		return err
	}
	_, err = c.get(store.KindService, t.ID)
	return err
}

func (p serviceParts) typeOf(c *Call, name string) *Type {
	return p.partType(c.Vars["service"], c.Vars["type"], name)
}

// partType is the type of parts that a service has by its own type, else one that takes anything; name is what the part
// calls it.
func (v services) partType(service, kind, name string) *Type {
	if t, err := v.typeOf(service); err == nil {
		if part := t.part(kind); part != nil {
			return part
		}
	}
	return &Type{ID: kind, Name: kind, TypeName: name, Collection: true, Open: true}
}

func (t *Type) part(kind string) *Type {
	i := slices.IndexFunc(t.Parts, func(p *Type) bool { return p.ID == kind })
	if i < 0 {
		return nil
	}
	return t.Parts[i]
}

func (p serviceParts) docID(c *Call, id string) string {
	return ServicePartID(c.Vars["service"], c.Vars["type"], id)
}

// partsOf lists the parts of a service, of one type or of all.
func (v services) partsOf(c *Call, service, kind string) ([]Object, error) {
	list := []Object{}
	err := v.docs.Walk(c.Context(), c.realmPath(), store.KindService, store.Span{Prefix: service + "/"}, func(d store.Doc) (bool, error) {
		of, id, _ := strings.Cut(strings.TrimPrefix(d.ID, service+"/"), "/")
		if id == "" || kind != "" && kind != of {
			return true, nil
		}
		o, err := v.printPart(service, of, id, d)
		list = append(list, o)
		return true, err
	})
	return list, err
}

func (v services) printPart(service, kind, id string, d store.Doc) (Object, error) {
	o, err := decodeObject(d.Body)
	if err != nil {
		return nil, err
	}
	name, _ := o[nameOfPartType].(string)
	delete(o, nameOfPartType)
	return v.partType(service, kind, name).terse(id, o), nil
}

func (p serviceParts) read(c *Call, id string) (Object, error) {
	d, err := c.get(store.KindService, p.docID(c, id))
	if err != nil {
		return nil, err
	}
	return p.printPart(c.Vars["service"], c.Vars["type"], id, d)
}

// body is what is stored of a part.
func (p serviceParts) body(c *Call, id string, in, old Object) (store.Doc, error) {
	t := p.typeOf(c, "")
	o, err := t.normal(in, nil)
	if err != nil {
		return store.Doc{}, err
	}
	t.sealSecrets(p.Realms, o, old)
	delete(o, nameOfPartType)
	if kind, ok := in["_type"].(Object); ok {
		if name, _ := kind["name"].(string); name != "" {
			o[nameOfPartType] = name
		}
	} else if old[nameOfPartType] != nil {
		o[nameOfPartType] = old[nameOfPartType]
	}
	raw, err := json.Marshal(o)
	if err == nil && c.Vars["service"] == social.Service {
		if wrong := social.Check(c.Vars["type"], id, raw); wrong != nil { // kept all the same: an import loses nothing
			p.Log.WarnContext(c.Context(), "nobody can sign in at a provider as it is set", "realm", c.realmPath(), "error", wrong)
		}
	}
	return store.Doc{ID: p.docID(c, id), Body: raw}, err
}

func (p serviceParts) create(c *Call, id string, body Object) (Object, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	d, err := p.body(c, id, body, nil)
	if err != nil {
		return nil, err
	}
	if _, err := p.docs.Create(c.Context(), c.realmPath(), store.KindService, d); err != nil {
		return nil, err
	}
	return p.printPart(c.Vars["service"], c.Vars["type"], id, d)
}

func (p serviceParts) update(c *Call, id string, body Object) (Object, error) {
	before, err := c.get(store.KindService, p.docID(c, id))
	if err != nil {
		return nil, err
	}
	old, err := decodeObject(before.Body)
	if err != nil {
		return nil, err
	}
	d, err := p.body(c, id, body, old)
	if err != nil {
		return nil, err
	}
	if err := c.over(c.realmPath(), store.KindService, d); err != nil {
		return nil, err
	}
	return p.printPart(c.Vars["service"], c.Vars["type"], id, d)
}

func (p serviceParts) delete(c *Call, id string) (Object, error) {
	d, err := c.get(store.KindService, p.docID(c, id))
	if err != nil {
		return nil, err
	}
	o, err := p.printPart(c.Vars["service"], c.Vars["type"], id, d)
	if err != nil {
		return nil, err
	}
	return o, c.remove(c.realmPath(), store.KindService, d.ID)
}

// deleteParts removes the parts of a service that goes.
func (v services) deleteParts(c *Call, service string) error {
	return v.docs.Walk(c.Context(), c.realmPath(), store.KindService, store.Span{Prefix: service + "/"}, func(d store.Doc) (bool, error) {
		return true, v.docs.Delete(c.Context(), c.realmPath(), store.KindService, d.ID, 0)
	})
}

// partTypes lists the types of parts that a service has.
func (v services) partTypes(c *Call) (any, error) {
	list, err := v.partsOf(c, c.ID, "")
	kinds, seen := []Object{}, map[string]bool{}
	if t, err := v.typeOf(c.ID); err == nil {
		for _, p := range t.Parts {
			kinds, seen[p.ID] = append(kinds, p.kind()), true
		}
	}
	for _, o := range list {
		kind, _ := o["_type"].(Object)
		if id, _ := kind["_id"].(string); !seen[id] {
			seen[id] = true
			kinds = append(kinds, kind)
		}
	}
	return Object{"result": kinds}, err
}
