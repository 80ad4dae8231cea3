package rest

import (
	"reflect"
	"slices"
	"strings"

	"gatehouse/internal/am/realm"
)

// absent are what administration tools read before they export everything, and that is not here: federation, web hooks,
// node types of one's own, the modules and chains that PingAM has given up for trees, profiles of the whole server's
// agents. It can be read, is empty, and takes back what it printed; anything else is refused.
func (s *Server) absent() []*Resource {
	var list []*Resource
	for _, path := range []string{
		"realm-config/authentication/chains", "realm-config/authentication/modules", "realm-config/webhooks", "realm-config/saml2",
		"realm-config/secrets/stores/GoogleSecretManagerSecretStoreProvider/ESV/mappings", // of the cloud, which tools look for by name
		"realm-config/federation/circlesoftrust", "realm-config/federation/entityproviders/ws", "realm-config/secrets",
	} {
		list = append(list, &Resource{
			Path: path, Version: "2.0", Counted: path == "realm-config/saml2", Query: none, Read: nowhere,
			Actions: map[string]Action{"nextdescendents": {Do: noResult}, "getAllTypes": {Do: noResult}},
		})
	}
	for _, path := range []string{"global-config/authentication/modules", "global-config/agents", "global-config/sites", "node-designer/node-type"} {
		list = append(list, &Resource{
			Path: path, Global: true, Query: none, Read: nowhere,
			Actions: map[string]Action{"nextdescendents": {Do: noResult}, "getAllTypes": {Do: noResult}},
		})
	}
	list = append(list, &Resource{Path: "global-config/secrets", Global: true, Actions: map[string]Action{"nextdescendents": {Do: func(*Call) (any, error) {
		const id = "GlobalSecrets"
		return Object{"result": []any{Object{
			"_id": id, "_type": Object{"_id": id, "name": "Global Secrets Settings", "collection": false},
			"storeTypes": []string{realm.TypeKeyStore, realm.TypeSecretFiles, realm.TypeSecretEnv},
		}}}, nil
	}}}})
	for path, o := range map[string]Object{
		"global-config/authentication/chains": {
			"dynamic": Object{"authChainConfiguration": "[Empty]"}, "_type": Object{"_id": "EMPTY", "name": "Authentication Configuration", "collection": false},
		},
		"global-config/authentication/authenticationtrees": {
			"_type": Object{"_id": "EMPTY", "name": "Authentication Trees Configuration", "collection": false},
		},
		"global-config/webhooks": {"_type": Object{"_id": "webhooks", "name": "Webhook Service", "collection": false}},
	} {
		o["_id"] = ""
		read := func(*Call, string) (Object, error) { return o, nil }
		list = append(list, &Resource{Path: path, Global: true, Read: read, Update: unchanged(read)})
	}
	platform := func(*Call, string) (Object, error) {
		return Object{
			"_id": "", "cookieDomains": append([]string{}, s.Login.Domains...), "locale": "en_US",
			"_type": Object{"_id": "platform", "name": "Platform", "collection": false},
		}, nil
	}
	list = append(list, &Resource{Path: "global-config/services/platform", Global: true, Read: platform, Update: unchanged(platform)})
	slices.SortFunc(list, func(a, b *Resource) int { return strings.Compare(a.Path, b.Path) })
	return list
}

// none is the query of an empty collection, nowhere the read of its objects, noResult what its actions find.
func none(*Call) ([]Object, error) { return nil, nil }

func nowhere(*Call, string) (Object, error) { return nil, notFound() }

func noResult(*Call) (any, error) { return Object{"result": []any{}}, nil }

// unchanged is the update of what cannot be changed: it takes what read gives, so that an export can be brought back to
// where it came from, and refuses everything else.
func unchanged(read func(*Call, string) (Object, error)) func(*Call, string, Object) (Object, error) {
	return func(c *Call, id string, body Object) (Object, error) {
		have, err := read(c, id)
		if err != nil {
			return nil, err
		}
		now, err := plainObject(have)
		if err != nil {
			return nil, err
		}
		for name, v := range body {
			if !strings.HasPrefix(name, "_") && !reflect.DeepEqual(now[name], v) {
				return nil, unsupported("Setting " + name)
			}
		}
		return have, nil
	}
}
