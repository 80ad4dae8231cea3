package rest

import (
	"slices"

	"gatehouse/internal/am/realm"
)

// defaultKeystore is the store that holds the keys of realms.
const defaultKeystore = "default-keystore"

// secretStores tell which keys there are, by the labels that they are used under. The keys are made and rotated by
// the server, so that nothing of it can be written.
func (s *Server) secretStores() []*Resource {
	keystore := func(id string) Object {
		return Object{
			"_id": id, "storetype": "SEALED", "leaseExpiryDuration": 5, "file": nil, "providerName": nil, "storePassword": nil, "keyEntryPassword": nil,
			"_type": Object{"_id": "KeyStoreSecretStore", "name": "Keystore", "collection": true},
		}
	}
	mapping := func(label string) Object {
		return Object{
			"_id": label, "secretId": label, "aliases": []string{label},
			"_type": Object{"_id": "mappings", "name": "Mappings", "collection": true},
		}
	}
	types := map[string]Action{
		"getAllTypes": {Do: func(*Call) (any, error) {
			return Object{"result": []Object{{"_id": "KeyStoreSecretStore", "name": "Keystore", "collection": true}}}, nil
		}},
		"nextdescendents": {Do: func(*Call) (any, error) { return Object{"result": []Object{keystore(defaultKeystore)}}, nil }},
	}
	var list []*Resource
	for _, at := range []struct {
		path   string
		global bool
	}{{"realm-config/secrets/stores", false}, {"global-config/secrets/stores", true}} {
		list = append(list,
			&Resource{
				Path: at.path, Version: "2.0", Global: at.global, Actions: types,
				Query: func(*Call) ([]Object, error) { return []Object{keystore(defaultKeystore)}, nil },
			},
			&Resource{
				Path: at.path + "/KeyStoreSecretStore", Version: "2.0", Global: at.global,
				Query: func(*Call) ([]Object, error) { return []Object{keystore(defaultKeystore)}, nil },
				Read: func(_ *Call, id string) (Object, error) {
					if id != defaultKeystore {
						return nil, notFound()
					}
					return keystore(id), nil
				},
			},
			&Resource{
				Path: at.path + "/KeyStoreSecretStore/" + defaultKeystore + "/mappings", Version: "2.0", Global: at.global,
				Query: func(*Call) ([]Object, error) {
					list := []Object{}
					for _, label := range realm.Labels() {
						list = append(list, mapping(label))
					}
					return list, nil
				},
				Read: func(_ *Call, id string) (Object, error) {
					if !slices.Contains(realm.Labels(), id) {
						return nil, notFound()
					}
					return mapping(id), nil
				},
			})
	}
	return list
}
