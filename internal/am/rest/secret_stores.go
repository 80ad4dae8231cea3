package rest

import (
	"encoding/json"
	"path/filepath"
	"slices"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// defaultKeystore is the store that holds the keys which the server makes itself: nothing of it can be written, but its
// keys can be rotated.
const defaultKeystore = "default-keystore"

// secretStores are the places of keys. Realms may have key stores of their own, which labels are mapped to, and folders
// with the passwords of those.
type secretStores struct{ *Server }

func (s *Server) secretStores() []*Resource {
	v := secretStores{s}
	none := map[string]Action{
		"nextdescendents": {Do: noResult},
		"getAllTypes":     {Do: noResult},
	}
	var list []*Resource
	for _, at := range []struct {
		path   string
		global bool
	}{{"realm-config/secrets/stores", false}, {"global-config/secrets/stores", true}} {
		stores := &Resource{
			Path: at.path, Version: "2.0", Global: at.global,
			Query: func(c *Call) ([]Object, error) { return v.all(c, "", at.global) },
			Actions: map[string]Action{
				"getAllTypes": {Do: func(*Call) (any, error) { return Object{"result": storeTypes(at.global)}, nil }},
				"nextdescendents": {Do: func(c *Call) (any, error) {
					list, err := v.all(c, "", at.global)
					return Object{"result": list}, err
				}},
			},
		}
		if at.global {
			list = append(list, v.environment(at.path))
		}
		ofType := &Resource{
			Path: at.path + "/{type}", Version: "2.0", Global: at.global, Check: checkStoreType, ItemActions: none,
			Actions: map[string]Action{
				"schema":   {Do: func(c *Call) (any, error) { return storeSettings(c.Vars["type"]).schema(), nil }},
				"template": {Do: func(c *Call) (any, error) { return storeSettings(c.Vars["type"]).template(), nil }},
			},
			Query: func(c *Call) ([]Object, error) { return v.all(c, c.Vars["type"], at.global) },
			Read:  func(c *Call, id string) (Object, error) { return v.read(c, id, at.global) },
		}
		mappings := &Resource{
			Path: at.path + "/" + realm.TypeKeyStore + "/{store}/mappings", Version: "2.0", Global: at.global,
			Query: func(c *Call) ([]Object, error) { return v.mappings(c, at.global) },
			Read:  func(c *Call, id string) (Object, error) { return v.mapping(c, id, at.global) },
		}
		ofType.Update, mappings.Update = unchanged(ofType.Read), unchanged(mappings.Read)
		if !at.global {
			ofType.Create, ofType.Update, ofType.Delete = v.create, v.update, v.delete
			mappings.Create, mappings.Update, mappings.Delete = v.addMapping, v.remap, v.unmap
			mappings.ItemActions = map[string]Action{"rotate": {Do: v.rotate}}
		}
		list = append(list, stores, ofType, mappings)
	}
	return list
}

// storeSettings tells forms what the stores of a type are made of.
func storeSettings(id string) *Type {
	if id == realm.TypeSecretFiles {
		set := struct {
			Directory string `json:"directory"`
			Format    string `json:"format"`
			Suffix    string `json:"suffix,omitempty"`
		}{Format: "PLAIN"}
		return &Type{ID: id, Collection: true, Groups: groupsOf(set, map[string]string{"suffix": "File suffix", "format": "File format"}, options{
			"format": enum("PLAIN", "BASE64"),
		})}
	}
	set := struct {
		File          string `json:"file"`
		StoreType     string `json:"storetype"`
		StorePassword string `json:"storePassword"`
		EntryPassword string `json:"keyEntryPassword,omitempty"`
		Lease         int    `json:"leaseExpiryDuration"`
		ProviderName  string `json:"providerName,omitempty"`
	}{StoreType: "PKCS12", Lease: 5}
	return &Type{ID: id, Collection: true, Groups: groupsOf(set, map[string]string{
		"storetype": "Keystore type", "storePassword": "Store password secret label", "keyEntryPassword": "Entry password secret label",
		"leaseExpiryDuration": "Key lease expiry",
	}, options{"storetype": enum("PKCS12", "JKS", "JCEKS")})}
}

func storeTypes(global bool) []Object {
	list := []Object{storeType(realm.TypeKeyStore), storeType(realm.TypeSecretFiles)}
	if global {
		list = append(list, environmentType().kind())
	}
	return list
}

func storeType(id string) Object {
	name := "Keystore"
	if id == realm.TypeSecretFiles {
		name = "File System Secret Volumes"
	}
	return Object{"_id": id, "name": name, "collection": true}
}

func checkStoreType(c *Call) error {
	if t := c.Vars["type"]; t != realm.TypeKeyStore && t != realm.TypeSecretFiles {
		return noRoute("secrets/stores/" + t)
	}
	return nil
}

// ownKeystore shows the keys of the server's own making as a store.
func ownKeystore() Object {
	return Object{
		"_id": defaultKeystore, "storetype": "SEALED", "leaseExpiryDuration": 5, "file": nil, "providerName": nil, "storePassword": nil, "keyEntryPassword": nil,
		"_type": storeType(realm.TypeKeyStore),
	}
}

func printStore(s *realm.SecretStore) Object {
	o := Object{"_id": s.ID, "_type": storeType(s.Type)}
	if s.Type == realm.TypeSecretFiles {
		o["directory"], o["format"], o["suffix"] = s.Directory, s.Format, nilIfEmpty(s.Suffix)
		return o
	}
	o["file"], o["storetype"], o["providerName"], o["leaseExpiryDuration"] = s.File, s.StoreType, nilIfEmpty(s.ProviderName), s.Lease
	o["storePassword"], o["keyEntryPassword"] = nilIfEmpty(s.StorePassword), nilIfEmpty(s.EntryPassword)
	return o
}

func nilIfEmpty(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// all lists the stores of a type, of all types when it is "".
func (v secretStores) all(c *Call, kind string, global bool) ([]Object, error) {
	list := []Object{}
	if kind != realm.TypeSecretFiles {
		list = append(list, ownKeystore())
	}
	if global {
		if kind != "" {
			return list, nil
		}
		environment, err := v.readEnvironment(c, "")
		return append(list, environment), err
	}
	docs, err := v.docs.List(c.Context(), c.realmPath(), store.KindSecretStore)
	if err != nil {
		return nil, err
	}
	for _, d := range docs {
		s, err := realm.ParseSecretStore(d)
		if err != nil {
			return nil, err
		}
		if kind == "" || kind == s.Type {
			list = append(list, printStore(s))
		}
	}
	return list, nil
}

// find reads a store of the realm; kind "" is any.
func (v secretStores) find(c *Call, kind, id string) (*realm.SecretStore, store.Doc, error) {
	d, err := c.get(store.KindSecretStore, id)
	if err != nil {
		return nil, d, err
	}
	s, err := realm.ParseSecretStore(d)
	if err == nil && s.Type != kind {
		err = notFound()
	}
	return s, d, err
}

func (v secretStores) read(c *Call, id string, global bool) (Object, error) {
	if id == defaultKeystore && c.Vars["type"] == realm.TypeKeyStore {
		return ownKeystore(), nil
	}
	if global {
		return nil, notFound()
	}
	s, _, err := v.find(c, c.Vars["type"], id)
	if err != nil {
		return nil, err
	}
	return printStore(s), nil
}

var errOwnKeystore = unsupported("Writing to " + defaultKeystore)

func (v secretStores) create(c *Call, id string, body Object) (Object, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	if id == defaultKeystore {
		return nil, errOwnKeystore
	}
	s := &realm.SecretStore{ID: id, Type: c.Vars["type"]}
	if err := fillStore(s, body); err != nil {
		return nil, err
	}
	if err := v.write(c, s, store.Doc{ID: id}, true); err != nil {
		return nil, err
	}
	return printStore(s), nil
}

func (v secretStores) update(c *Call, id string, body Object) (Object, error) {
	if id == defaultKeystore {
		return unchanged(func(c *Call, id string) (Object, error) { return v.read(c, id, false) })(c, id, body)
	}
	return c.again(func() (Object, error) {
		s, d, err := v.find(c, c.Vars["type"], id)
		if err != nil {
			return nil, err
		}
		if err := fillStore(s, body); err != nil {
			return nil, err
		}
		return printStore(s), v.write(c, s, d, false)
	})
}

func (v secretStores) delete(c *Call, id string) (Object, error) {
	if id == defaultKeystore {
		return nil, errOwnKeystore
	}
	s, _, err := v.find(c, c.Vars["type"], id)
	if err != nil {
		return nil, err
	}
	return printStore(s), c.remove(c.realmPath(), store.KindSecretStore, id)
}

// fillStore takes the settings of a store from a body.
func fillStore(s *realm.SecretStore, body Object) error {
	for name, of := range map[string][]string{"format": {"PLAIN", "BASE64"}, "storetype": {"PKCS12", "JKS", "JCEKS"}} {
		if v, ok := body[name].(string); ok && v != "" && !slices.Contains(of, v) {
			return unsupported("The " + name + " " + v) // PingAM has more
		}
	}
	t := storeSettings(s.Type)
	o, err := t.normal(body, nil)
	if err != nil {
		return err
	}
	s.File, s.StoreType, s.ProviderName, s.StorePassword, s.EntryPassword = "", "", "", "", ""
	s.Directory, s.Format, s.Suffix, s.Lease = "", "", "", 0
	raw, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, s); err != nil {
		return err
	}
	path, name := s.File, "file"
	if s.Type == realm.TypeSecretFiles {
		path, name = s.Directory, "directory"
	} else if s.Lease < 1 || s.Lease > 1440 {
		return badRequest("leaseExpiryDuration: expected 1 to 1440 minutes")
	}
	if !filepath.IsAbs(path) {
		return badRequest("%s: an absolute path is needed", name)
	}
	return nil
}

// write stores a store that can be opened and has what it maps.
func (v secretStores) write(c *Call, s *realm.SecretStore, d store.Doc, fresh bool) error {
	if err := c.Realm.Keys().CheckStore(c.Context(), s); err != nil {
		return badRequest("Unable to save config: %s", err).because(err)
	}
	var err error
	if d.Body, err = json.Marshal(s); err != nil {
		return err
	}
	if fresh {
		_, err = v.docs.Create(c.Context(), c.realmPath(), store.KindSecretStore, d)
	} else {
		_, err = v.docs.Put(c.Context(), c.realmPath(), store.KindSecretStore, d) // over what was read: mappings are written one by one
	}
	return err
}
