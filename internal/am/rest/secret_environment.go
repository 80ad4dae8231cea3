package rest

import (
	"encoding/json"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// environment is the secret store that the whole server has in its environment.
func (v secretStores) environment(path string) *Resource {
	t := environmentType()
	return &Resource{
		Path: path + "/" + realm.TypeSecretEnv, Version: "2.0", Global: true, Read: v.readEnvironment, Update: v.updateEnvironment,
		Delete: func(*Call, string) (Object, error) {
			return nil, badRequest("The singleton resource cannot be deleted")
		},
		Actions: map[string]Action{
			"schema":   {Do: func(*Call) (any, error) { return t.schema(), nil }},
			"template": {Do: func(*Call) (any, error) { return t.template(), nil }},
		},
	}
}

func environmentType() *Type {
	return &Type{
		ID: realm.TypeSecretEnv, Name: "Environment and System Property Secrets Store",
		Groups: groupsOf(realm.DefaultSecretEnv(), map[string]string{"format": "Value format"}, options{"format": enum("PLAIN", "BASE64")}),
	}
}

func (v secretStores) readEnvironment(c *Call, _ string) (Object, error) {
	set, err := v.Realms.SecretEnv(c.Context())
	return Object{"_id": "", "format": set.Format, "_type": environmentType().kind()}, err
}

func (v secretStores) updateEnvironment(c *Call, id string, body Object) (Object, error) {
	set := realm.DefaultSecretEnv()
	if format, ok := body["format"].(string); ok {
		set.Format = format
	}
	if set.Format != "PLAIN" && set.Format != "BASE64" {
		return nil, unsupported("The format " + set.Format)
	}
	raw, err := json.Marshal(set)
	if err != nil {
		return nil, err
	}
	if _, err := v.docs.Put(c.Context(), "", store.KindSecretStore, store.Doc{ID: realm.TypeSecretEnv, Body: raw}); err != nil {
		return nil, err
	}
	return v.readEnvironment(c, id)
}
