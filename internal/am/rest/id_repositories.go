package rest

import (
	"encoding/json"
	"errors"

	"gatehouse/internal/am/directory"
	"gatehouse/internal/am/store"
)

// idRepositories are LDAP directories with users of the realm, which are found beside the server's own users.
type idRepositories struct {
	*Server
	types []*Type
}

// serviceIDStores is the service that they are below.
const serviceIDStores = "id-repositories"

func idRepositoryService() Object {
	return Object{"_id": "", "_type": Object{"_id": serviceIDStores, "name": "sunIdentityRepositoryService", "collection": false}}
}

func (s *Server) idRepositories() []*Resource {
	v := idRepositories{Server: s}
	for _, t := range []*Type{
		{ID: "LDAPv3", Name: "Generic LDAPv3"}, {ID: "LDAPv3ForOpenDS", Name: "OpenDJ"}, {ID: "LDAPv3ForAD", Name: "Active Directory"},
		{ID: "LDAPv3ForForgeRockIAM", Name: "ForgeRock Directory Services"}, {ID: "LDAPv3ForADAM", Name: "Active Directory Application Mode (ADAM)"},
		{ID: "LDAPv3ForAMDS", Name: "Sun DS with OpenAM schema"}, {ID: "LDAPv3ForTivoli", Name: "Tivoli Directory Server"},
	} {
		t.Collection, t.Lenient = true, true
		t.Groups = groupsOf(directory.Defaults(), nil, options{
			"sun-idrepo-ldapv3-config-authpw": secret, "sun-idrepo-ldapv3-config-connection-mode": enum("LDAP", "LDAPS", "StartTLS"),
		})
		v.types = append(v.types, t)
	}
	const path = "realm-config/services/" + serviceIDStores
	read := func(*Call, string) (Object, error) { return idRepositoryService(), nil }
	return []*Resource{
		{Path: path, Settings: true, Read: read, Update: unchanged(read), Query: func(c *Call) ([]Object, error) { return v.list(c, "") }, Actions: map[string]Action{
			"getAllTypes": {Do: func(*Call) (any, error) {
				list := []Object{}
				for _, t := range v.types {
					list = append(list, t.kind())
				}
				return Object{"result": list}, nil
			}},
			"nextdescendents": {Do: func(c *Call) (any, error) { list, err := v.list(c, ""); return Object{"result": list}, err }},
		}},
		{
			Path: path + "/{type}", Check: func(c *Call) error { _, err := v.typeOf(c.Vars["type"]); return err },
			Query: func(c *Call) ([]Object, error) { return v.list(c, c.Vars["type"]) },
			Read:  v.read, Create: v.create, Update: v.update, Delete: v.delete,
			Actions: map[string]Action{
				"schema":   {Do: func(c *Call) (any, error) { t, err := v.typeOf(c.Vars["type"]); return t.schema(), err }},
				"template": {Do: func(c *Call) (any, error) { t, err := v.typeOf(c.Vars["type"]); return t.template(), err }},
			},
		},
	}
}

func (v idRepositories) typeOf(id string) (*Type, error) {
	for _, t := range v.types {
		if t.ID == id {
			return t, nil
		}
	}
	return &Type{}, noRoute("id-repositories/" + id)
}

// kindOfStore is the member that says which type a document is of.
const kindOfStore = "_kind"

func (v idRepositories) print(d store.Doc) (kind string, o Object, err error) {
	if o, err = decodeObject(d.Body); err != nil {
		return "", nil, err
	}
	kind, _ = o[kindOfStore].(string)
	t, err := v.typeOf(kind)
	delete(o, kindOfStore)
	name, _ := directory.NameOf(d.ID)
	return kind, t.terse(name, o), err
}

func (v idRepositories) list(c *Call, kind string) ([]Object, error) {
	docs, err := v.docs.List(c.Context(), c.realmPath(), store.KindService)
	list := []Object{}
	for _, d := range docs {
		if _, ok := directory.NameOf(d.ID); !ok {
			continue
		}
		of, o, err := v.print(d)
		if err != nil {
			return nil, err
		}
		if kind == "" || kind == of {
			list = append(list, o)
		}
	}
	return list, err
}

func (v idRepositories) read(c *Call, id string) (Object, error) {
	d, err := c.get(store.KindService, directory.DocID(id))
	if err != nil {
		return nil, err
	}
	kind, o, err := v.print(d)
	if err == nil && kind != c.Vars["type"] {
		err = notFound()
	}
	return o, err
}

func (v idRepositories) create(c *Call, id string, body Object) (Object, error) {
	return v.put(c, id, body, func(d store.Doc) error {
		_, err := v.docs.Create(c.Context(), c.realmPath(), store.KindService, d)
		return err
	})
}

func (v idRepositories) update(c *Call, id string, body Object) (Object, error) {
	return v.put(c, id, body, func(d store.Doc) error {
		return c.over(c.realmPath(), store.KindService, d)
	})
}

func (v idRepositories) put(c *Call, id string, body Object, write func(store.Doc) error) (Object, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	t, err := v.typeOf(c.Vars["type"])
	if err != nil {
		return nil, err
	}
	o, err := t.normal(body, nil)
	if err != nil {
		return nil, err
	}
	var stored Object
	old, err := c.get(store.KindService, directory.DocID(id))
	switch {
	case err == nil:
		if stored, err = decodeObject(old.Body); err != nil {
			return nil, err
		}
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	t.sealSecrets(v.Realms, o, stored)
	o[kindOfStore] = t.ID
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	delete(o, kindOfStore)
	return t.terse(id, o), write(store.Doc{ID: directory.DocID(id), Body: raw})
}

func (v idRepositories) delete(c *Call, id string) (Object, error) {
	o, err := v.read(c, id)
	if err != nil {
		return nil, err
	}
	return o, c.remove(c.realmPath(), store.KindService, directory.DocID(id))
}
